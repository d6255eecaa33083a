package ionq

import (
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
	Name    string          `json:"name,omitempty"`
	Gates   []qasm.IonQGate `json:"circuit"`
	Qubits  int             `json:"qubits"`
	Gateset string          `json:"gateset"`
}

// debiasShots is the least that debiasing takes.
const debiasShots = 500

// Body writes a job of one or several native circuits.
func (c *Client) Body(_ context.Context, programs []service.Program, tag string) ([]byte, error) {
	body := map[string]any{"backend": c.Device(), "name": c.Title(tag), "shots": programs[0].Shots, "metadata": c.Metadata(tag)}
	var circuits []circuit
	qubits := 0
	err := c.Write(programs, true, func(i int, p *ir.Circuit) error {
		k, err := encode(p)
		k.Name = fmt.Sprint(i)
		circuits = append(circuits, k)
		qubits = max(qubits, k.Qubits)
		return err
	})
	if err != nil {
		return nil, err
	}
	if text := c.Asked("ionq-debias"); text != "" {
		if text == "true" && programs[0].Shots < debiasShots {
			return nil, backends.Refuse("%d shots: debiasing takes %d at least", programs[0].Shots, debiasShots)
		}
		body["settings"] = map[string]any{"error_mitigation": map[string]bool{"debiasing": text == "true"}}
	}
	if len(circuits) == 1 {
		body["type"] = "ionq.circuit.v1"
		body["input"] = map[string]any{"gateset": circuits[0].Gateset, "qubits": qubits, "circuit": circuits[0].Gates}
	} else {
		body["type"] = "ionq.multi-circuit.v1"
		body["input"] = map[string]any{"gateset": circuits[0].Gateset, "qubits": qubits, "circuits": circuits}
	}
	raw, err := json.Marshal(body)
	if err != nil {
		return nil, err
	}
	return raw, c.Fits(raw, maxBytes)
}

// encode writes the gates of a circuit. All of its qubits are measured at the end,
// whatever bits they are read into.
func encode(c *ir.Circuit) (k circuit, err error) {
	read := map[int]bool{}
	used := -1
	for i, op := range c.Ops {
		for _, q := range ir.ActsOn(op) {
			used = max(used, q)
			if m, ok := op.(*ir.Measure); ok && m.Bit >= 0 {
				read[q] = true
			} else if read[q] {
				return k, backends.Refuse("operation %d acts on qubit %d after it was measured: the service measures at the end", i, q)
			}
		}
	}
	own := *c
	own.Qubits = used + 1
	own.QubitRegs = nil
	value, err := qasm.Encode(&own, qasm.Options{Dialect: "ionq-json"})
	if err != nil {
		return k, err
	}
	in := value.(*qasm.IonQJob).Input
	return circuit{Gates: in.Circuit, Qubits: in.Qubits, Gateset: in.Gateset}, nil
}
