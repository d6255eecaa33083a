package compile

import (
	"fmt"
	"math"

	"qgan/ir"
)

// toNative writes cx, swap and rzz on physical qubits in the gate of the pair and
// in its direction; one-qubit gates stay. The reverse of a cx that has a
// direction is the cx between h on both qubits.
func toNative(s *state) error {
	var n nativeWriter
	n.target = s.using()
	for i, op := range s.circuit.Ops {
		a, ok := op.(*ir.Apply)
		if !ok || len(a.Qubits) != 2 {
			n.out = append(n.out, op)
			continue
		}
		if err := n.gate(a); err != nil {
			return fmt.Errorf("op %d: %w", i, err)
		}
	}
	s.circuit.Ops = n.out
	return nil
}

type nativeWriter struct {
	target *Target
	out    []ir.Op
}

func (n *nativeWriter) gate(a *ir.Apply) error {
	x, y := a.Qubits[0], a.Qubits[1]
	edge, ok := n.target.Edge(x, y)
	if !ok {
		return fmt.Errorf("%s on the physical qubits %d and %d, which are not coupled", a.Gate, x, y)
	}
	row := entanglerOf(edge.Gate)
	switch a.Gate {
	case ir.CX:
		n.cx(row, edge, x, y)
	case ir.Swap:
		n.swap(row, edge, x, y)
	case ir.RZZ:
		if row.rotation == absent {
			n.cx(row, edge, x, y)
			n.one(ir.RZ, y, a.Angles...)
			n.cx(row, edge, x, y)
			return nil
		}
		angle := a.Angles[0]
		if row.perTurn {
			angle = angle.Scale(1 / (2 * math.Pi))
		}
		n.out = append(n.out, &ir.Apply{Gate: row.rotation, Angles: []ir.Angle{angle}, Qubits: edge.Qubits[:]})
	default:
		return fmt.Errorf("%s is left after lowering", a.Gate)
	}
	return nil
}

func (n *nativeWriter) one(g ir.Gate, q int, angles ...ir.Angle) {
	n.out = append(n.out, &ir.Apply{Gate: g, Angles: angles, Qubits: []int{q}})
}

func (n *nativeWriter) cx(row *entangler, edge Edge, control, target int) {
	qubits := []int{control, target}
	reverse := !row.symmetric && edge.Qubits != [2]int{control, target}
	if reverse {
		qubits = []int{target, control}
		n.one(ir.H, control)
		n.one(ir.H, target)
	}
	for _, s := range row.cx {
		on := pick(qubits, s.Qubits)
		if len(on) == 2 && row.symmetric {
			on = edge.Qubits[:] // one direction, whichever is asked for
		}
		n.out = append(n.out, &ir.Apply{Gate: s.Gate, Angles: s.Angles, Qubits: on})
	}
	if reverse {
		n.one(ir.H, control)
		n.one(ir.H, target)
	}
}

// swap writes three cx, or one iswap and one cx where the pair has an iswap:
// swap = (S†⊗S†)·iswap·cz.
func (n *nativeWriter) swap(row *entangler, edge Edge, x, y int) {
	if row.gate == ir.ISwap {
		n.one(ir.H, y)
		n.cx(row, edge, x, y)
		n.one(ir.H, y)
		n.out = append(n.out, &ir.Apply{Gate: ir.ISwap, Qubits: edge.Qubits[:]})
		n.one(ir.SDG, x)
		n.one(ir.SDG, y)
		return
	}
	// The native direction comes first and last.
	x, y = edge.Qubits[0], edge.Qubits[1]
	n.cx(row, edge, x, y)
	n.cx(row, edge, y, x)
	n.cx(row, edge, x, y)
}
