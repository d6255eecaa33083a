package main

import (
	"errors"
	"fmt"
	"strings"

	"qgan/calibration"
	"qgan/ir"
)

// noiseError gives an error of the noisy simulator its hint.
func noiseError(path string, err error) error {
	var absent *calibration.NotNative
	if errors.As(err, &absent) {
		return usagef("%s: %w", path, err).withHint("--compile does it first; `qgan compile %s --device …` writes the circuit in the device's own gates", path)
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
	return show(a, asJSON, r, a.printNoiseTable)
}

// printNoiseTable prints the channels for people.
func (a *app) printNoiseTable(r *calibration.NoiseTable) error {
	t := newTable(a.out)
	t.Row("operation", "qubits", "error", "channels")
	for _, row := range r.Operations {
		t.Row(row.Operation, fmt.Sprint(row.Qubits), text(row.Error, "%.4g"), strings.Join(row.Channels, "; "))
	}
	for _, row := range r.Readout {
		if len(row.Qubits) == 1 {
			t.Row("measure", fmt.Sprint(row.Qubits), fmt.Sprintf("%.4g", (row.Matrix[1][0]+row.Matrix[0][1])/2),
				fmt.Sprintf("P(1|0) %.4g; P(0|1) %.4g", row.Matrix[1][0], row.Matrix[0][1]))
		} else {
			t.Row("measure", fmt.Sprint(row.Qubits), "–", fmt.Sprintf("correlated, %d x %d", len(row.Matrix), len(row.Matrix)))
		}
	}
	return t.Flush()
}
