package iqm

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"

	"qgan/backends"
	"qgan/backends/service"
	"qgan/ir"
	"qgan/qasm"
)

// circuit is a circuit of a job.
type circuit struct {
	Name         string                `json:"name"`
	Instructions []qasm.IQMInstruction `json:"instructions"`
	Metadata     map[string]string     `json:"metadata"`
}

// Body writes a job, pinned to the calibration set of the snapshot.
func (c *Client) Body(ctx context.Context, programs []service.Program, tag string) ([]byte, error) {
	s, err := c.calibrated(ctx)
	if err != nil {
		return nil, err
	}
	labels := make([]string, len(s.Qubits))
	for i := range s.Qubits {
		labels[i] = s.Qubits[i].Label
	}
	circuits := make([]circuit, len(programs))
	err = c.Write(programs, true, func(i int, p *ir.Circuit) (err error) {
		circuits[i], err = write(p, labels)
		circuits[i].Name = fmt.Sprintf("%s-%d", tag, i)
		circuits[i].Metadata = c.Metadata(tag)
		return err
	})
	if err != nil {
		return nil, err
	}
	body := map[string]any{
		"circuits": circuits, "calibration_set_id": nil, "qubit_mapping": nil, "shots": programs[0].Shots, "max_circuit_duration_over_t2": nil, "heralding_mode": cmp.Or(c.Asked("iqm-heralding"), "none"),
		"move_gate_validation": "strict", "move_gate_frame_tracking": "full", "active_reset_cycles": nil, "dd_mode": "disabled", "dd_strategy": nil,
	}
	if s.CalibrationSet != "" {
		body["calibration_set_id"] = s.CalibrationSet
	}
	return json.Marshal(body)
}

// write writes a circuit in native operations.
func write(c *ir.Circuit, labels []string) (out circuit, err error) {
	if c.Qubits > len(labels) {
		return out, backends.Refuse("it acts on qubit %d, %d are calibrated", c.Qubits-1, len(labels))
	}
	value, err := qasm.Encode(c, qasm.Options{Dialect: "iqm-json", Labels: labels})
	if err != nil {
		return out, err
	}
	out.Instructions = value.(*qasm.IQMCircuit).Instructions
	return out, nil
}
