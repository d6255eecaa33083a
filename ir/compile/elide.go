package compile

import "qgan/ir"

// elide takes swaps out of the circuit: what follows acts on the exchanged qubits
// instead, and the final layout tells where each qubit went.
func elide(s *state) error {
	at := make([]int, s.circuit.Qubits) // the wire of each qubit
	for q := range at {
		at[q] = q
	}
	moved := false
	out := make([]ir.Op, 0, len(s.circuit.Ops))
	for _, op := range s.circuit.Ops {
		if a, ok := op.(*ir.Apply); ok && a.Gate == ir.Swap && a.Controls == 0 {
			x, y := a.Qubits[0], a.Qubits[1]
			at[x], at[y] = at[y], at[x]
			moved = true
			continue
		}
		if moved {
			op = relocate(op, at)
		}
		out = append(out, op)
	}
	s.circuit.Ops, s.wires = out, at
	return nil
}
