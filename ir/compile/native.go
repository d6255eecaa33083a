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
		n.rotate(row, edge, a)
	default:
		return fmt.Errorf("%s is left after lowering", a.Gate)
	}
	return nil
}

// rotate writes rzz as the pair's rotation or as cx around rz, whichever errs less:
// two of them, or one for a quarter turn.
func (n *nativeWriter) rotate(row *entangler, edge Edge, a *ir.Apply) {
	x, y, angle := a.Qubits[0], a.Qubits[1], a.Angles[0]
	rotation, ok := n.target.rotation(x, y)
	uses, quarters := 2, angle.Const/quarter
	clifford := angle.IsConst() && math.Abs(quarters-math.Round(quarters)) < tiny
	if clifford {
		uses = int(math.Abs(math.Remainder(math.Round(quarters), 2)))
	}
	switch {
	case ok && rotation.loss(1) <= edge.loss(uses*row.uses):
		row = entanglerOf(rotation.Gate)
		if row.perTurn {
			angle = angle.Scale(1 / (2 * math.Pi))
		}
		n.out = append(n.out, &ir.Apply{Gate: row.rotation, Angles: []ir.Angle{angle}, Qubits: rotation.Qubits[:]})
	case uses < 2:
		// exp(-i·π/4·k Z⊗Z) is k times z on both for even k, and one step further a cz
		// between rotations about z.
		if uses == 1 {
			n.one(ir.H, y)
			n.cx(row, edge, x, y)
			n.one(ir.H, y)
			angle = angle.Plus(-quarter)
			n.one(ir.RZ, x, ir.Const(quarter))
			n.one(ir.RZ, y, ir.Const(quarter))
		}
		if int64(math.Round(angle.Const/math.Pi))%2 != 0 {
			n.one(ir.Z, x)
			n.one(ir.Z, y)
		}
	default:
		n.cx(row, edge, x, y)
		n.one(ir.RZ, y, angle)
		n.cx(row, edge, x, y)
	}
}

// loss is -ln of the fidelity of so many of the gate, and a little more the more
// they are.
func (e Edge) loss(times int) float64 {
	return float64(times) * (1e-9 - math.Log1p(-min(e.Error, desperate)))
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
