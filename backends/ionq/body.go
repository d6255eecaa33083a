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

// tagKey is the key of a job's metadata that holds our id.
const tagKey = "qgan_id"

// circuit is a circuit of a job.
type circuit struct {
	Name    string          `json:"name,omitempty"`
	Gates   []qasm.IonQGate `json:"circuit"`
	Qubits  int             `json:"qubits"`
	Gateset string          `json:"gateset"`
}

// Body writes a job of one or several native circuits.
func (c *Client) Body(_ context.Context, programs []service.Program, tag string) ([]byte, error) {
	body := map[string]any{"backend": c.device, "name": tag, "shots": programs[0].Shots, "metadata": map[string]string{tagKey: tag}}
	var circuits []circuit
	qubits := 0
	for i, p := range programs {
		if p.Shots != programs[0].Shots {
			return nil, backends.Refuse("program %d has %d shots, the first %d: those of a job are the same", i, p.Shots, programs[0].Shots)
		}
		k, err := encode(p.Circuit)
		if err != nil {
			return nil, fmt.Errorf("program %d of the job for %s: %w", i, c.device, err)
		}
		k.Name = fmt.Sprintf("%d", i)
		circuits = append(circuits, k)
		qubits = max(qubits, k.Qubits)
	}
	if len(circuits) == 1 {
		body["type"] = "ionq.circuit.v1"
		body["input"] = map[string]any{"gateset": circuits[0].Gateset, "qubits": qubits, "circuit": circuits[0].Gates}
	} else {
		body["type"] = "ionq.multi-circuit.v1"
		body["input"] = map[string]any{"gateset": circuits[0].Gateset, "qubits": qubits, "circuits": circuits}
	}
	raw, err := json.Marshal(body)
	if err == nil && len(raw) > maxBytes {
		err = backends.Refuse("the job for %s has %d MB, at most %d are taken: send fewer circuits at once", c.device, len(raw)>>20, maxBytes>>20)
	}
	return raw, err
}

// encode writes the gates of a circuit. All of its qubits are measured at the end,
// whatever bits they are read into.
func encode(c *ir.Circuit) (k circuit, err error) {
	if len(c.Trained)+len(c.Data) > 0 {
		return k, backends.Refuse("its angles hold symbols: bind them")
	}
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
	if len(read) == 0 {
		return k, backends.Refuse("nothing is measured")
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

// Price: the simulator costs nothing. Processors are sold by contract; the service's own
// estimate for an account is not asked for here, so no price is known.
func (c *Client) Price([]service.Program) (service.Price, bool) {
	switch {
	case c.endpoint != "":
		return service.Price{Basis: "not IonQ's address: free"}, true
	case c.simulated():
		return service.Price{Basis: "the simulator is free"}, true
	}
	return service.Price{}, false
}
