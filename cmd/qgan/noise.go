package main

import (
	"errors"
	"fmt"
	"strings"

	"qgan/calibration"
	"qgan/ir"
)

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
