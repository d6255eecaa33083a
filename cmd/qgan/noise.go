package main

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/spf13/pflag"

	"qgan/calibration"
	"qgan/ir"
)

// noiseFlags say which noise model a verb runs with.
type noiseFlags struct{ device, model, scale, readout string }

// add declares the flags.
func (n *noiseFlags) add(f *pflag.FlagSet) {
	f.StringVar(&n.device, "device", "", "noisy: the processor, a calibration snapshot `FILE` or the name of one that was fetched")
	f.StringVar(&n.model, "noise-model", "", "noisy: a noise model `FILE`, TOML or JSON, instead of a device")
	f.StringVar(&n.scale, "device-noise", "", "noisy: factors of the device's errors, `gates=X,relaxation=X,readout=X`")
	f.StringVar(&n.readout, "readout-error", string(calibration.AsymmetricReadout), "noisy: readout errors of the device: asymmetric, symmetric or none")
}

// unused reports a flag that means nothing without noise. A device may be set for
// all verbs and is passed over.
func (n *noiseFlags) unused(changed func(string) bool) error {
	for _, name := range []string{"noise-model", "device-noise", "readout-error"} {
		if changed(name) {
			return usagef("--%s needs --backend noisy", name)
		}
	}
	return nil
}

// noise makes the noise model that the flags ask for.
func (a *app) noise(n noiseFlags, changed func(string) bool) (*calibration.NoiseModel, error) {
	switch {
	case n.device == "" && n.model == "":
		return nil, usagef("--backend noisy needs --device or --noise-model")
	case n.device != "" && n.model != "":
		return nil, usagef("--device and --noise-model: give one of them")
	case n.model != "":
		for _, name := range []string{"device-noise", "readout-error"} {
			if changed(name) {
				return nil, usagef("--%s changes a device's figures: a noise model file holds its own", name)
			}
		}
		data, err := a.fs.ReadFile(n.model)
		if errors.Is(err, fs.ErrNotExist) {
			return nil, usagef("noise model %s: there is no such file", n.model)
		} else if err != nil {
			return nil, usagef("noise model %s: %w", n.model, err)
		}
		return calibration.ReadNoiseModel(calibration.File{Name: n.model, Data: data})
	}
	s, err := a.snapshot(n.device)
	if err != nil {
		return nil, err
	}
	o := calibration.NoiseOptions{Readout: calibration.ReadoutKind(n.readout)}
	if n.scale != "" {
		if o.Scale, err = calibration.ParseScale(n.scale); err != nil {
			return nil, usagef("--device-noise %s: %w", n.scale, err)
		}
	}
	m, err := calibration.NewNoiseModel(s, o)
	if err != nil {
		return nil, usagef("%w", err)
	}
	return m, nil
}

// noisyCircuit takes out what has no meaning for the simulator, puts the circuit
// on its physical qubits, and measures those that are used where nothing is.
func (a *app) noisyCircuit(path string, c *ir.Circuit) (*ir.Circuit, error) {
	c, measured := a.withoutVendor(path, c)
	c, err := ir.Physical(c)
	if err != nil {
		return nil, usagef("%s: %w", path, err)
	}
	if measured {
		return c, nil
	}
	a.note("%s: nothing is measured, so all qubits that are used are, at the end", path)
	out := *c
	out.MeasureUsed()
	return &out, nil
}

// noiseError gives an error of the noisy simulator its hint.
func noiseError(path string, err error) error {
	var absent *calibration.NotNative
	if errors.As(err, &absent) {
		return usagef("%s: %w", path, err).withHint("`qgan compile %s --device …` writes the circuit in the device's own gates", path)
	}
	return err
}

// noiseTable prints the channels that follow a circuit's operations, and the
// readout errors of the measured qubits.
func (a *app) noiseTable(m *calibration.NoiseModel, c *ir.Circuit, asJSON bool) error {
	r, err := m.Table(c)
	if err != nil {
		return err
	}
	if asJSON {
		return a.printJSON(r)
	}
	t := newTable(a.out)
	t.row("operation", "qubits", "error", "channels")
	for _, row := range r.Operations {
		t.row(row.Operation, fmt.Sprint(row.Qubits), text(row.Error, "%.4g"), strings.Join(row.Channels, "; "))
	}
	for _, row := range r.Readout {
		if len(row.Qubits) == 1 {
			t.row("measure", fmt.Sprint(row.Qubits), fmt.Sprintf("%.4g", (row.Matrix[1][0]+row.Matrix[0][1])/2),
				fmt.Sprintf("P(1|0) %.4g; P(0|1) %.4g", row.Matrix[1][0], row.Matrix[0][1]))
		} else {
			t.row("measure", fmt.Sprint(row.Qubits), "–", fmt.Sprintf("correlated, %d x %d", len(row.Matrix), len(row.Matrix)))
		}
	}
	return t.flush()
}
