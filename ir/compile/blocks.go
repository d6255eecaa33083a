package compile

import (
	"fmt"

	"qgan/ir"
)

// Blocks that depend on outcomes are one operation to what is around them, on all the wires of
// what they hold: nothing moves in or out. Their bodies are compiled as circuits of their own.
// Routed, each ends with every qubit where it began, so that whatever runs the same qubits are
// at the same places behind it.

// everywhere is a pass over the bodies of blocks, and then over the circuit.
func everywhere(pass func(*state) error) func(*state) error {
	var run func(*state) error
	run = func(s *state) error {
		for i, op := range s.circuit.Ops {
			bodies := ir.Bodies(op)
			for k, body := range bodies {
				c, inner := *s.circuit, *s
				c.Ops = append([]ir.Op(nil), body...)
				inner.circuit, inner.lost, inner.within = &c, 0, true
				if err := run(&inner); err != nil {
					return fmt.Errorf("in the block of op %d: %w", i, err)
				}
				bodies[k] = c.Ops
				s.lost += inner.lost
			}
			if bodies != nil {
				s.circuit.Ops[i] = ir.WithBodies(op, bodies)
			}
		}
		return pass(s)
	}
	return run
}

// flattened lists the operations of a circuit with those of its blocks, each once, where the
// blocks stand.
func flattened(ops []ir.Op) []ir.Op {
	var out []ir.Op
	ir.Walk(ops, func(op ir.Op) error {
		if ir.Bodies(op) == nil {
			out = append(out, op)
		}
		return nil
	})
	return out
}

// inner routes the bodies of a block from where the qubits are, and back to there.
func (s *routing) inner(op ir.Op) ir.Op {
	bodies := ir.Bodies(op)
	for k, body := range bodies {
		inner, err := newRouter(s.t, &ir.Circuit{Qubits: s.qubits, Bits: s.bits, Ops: body}).pass(s.place, forward, s.seed, true)
		if err != nil {
			s.err = err
			return op
		}
		s.cost += inner.cost
		out := inner.out
		for i := len(inner.made) - 1; i >= 0; i-- {
			out = append(out, &ir.Apply{Gate: ir.Swap, Qubits: inner.made[i][:]})
			s.cost += 3
		}
		bodies[k] = out
	}
	return ir.WithBodies(op, bodies)
}

// inside counts the operations that a block holds, those of blocks in it too.
func inside(op ir.Op) (n int) {
	ir.Walk([]ir.Op{op}, func(ir.Op) error {
		n++
		return nil
	})
	return n - 1
}
