package compile

import (
	"fmt"
	"math"

	"qgan/ir"
)

// lower replaces every gate on two qubits or more by one-qubit gates, cx and swap,
// and by rzz where the target has a rotation of that kind; symbols stay. A
// two-qubit gate of numbers for which its decomposition is not the shortest is
// decomposed by its matrix.
func lower(s *state) error {
	l := lowering{keepRZZ: s.target.rotations()}
	for i, op := range s.circuit.Ops {
		if err := l.op(op); err != nil {
			return fmt.Errorf("op %d: %w", i, err)
		}
	}
	s.circuit.Ops = l.out
	return nil
}

// rotations reports whether the two-qubit gates of all pairs are rotations of any
// angle.
func (t *Target) rotations() bool {
	for _, e := range t.Edges {
		if entanglerOf(e.Gate).rotation == absent {
			return false
		}
	}
	return len(t.Edges) > 0
}

type lowering struct {
	keepRZZ bool
	out     []ir.Op
}

// maxControls bounds the controls of a gate: its decomposition grows as 3^k.
const maxControls = 8

func (l *lowering) op(op ir.Op) error {
	switch op := op.(type) {
	case *ir.Apply:
		if op.Controls > maxControls {
			return fmt.Errorf("%s with %d controls: at most %d are compiled; write it with fewer", op.Gate, op.Controls, maxControls)
		}
		if op.Controls == 0 {
			return l.gate(op.Gate, op.Angles, op.Qubits)
		}
		return l.controlled(op)
	case *ir.Unitary:
		return l.unitary(op.Matrix, op.Qubits, op.Name)
	case *ir.Measure, *ir.Reset, *ir.Barrier, *ir.Delay:
		l.out = append(l.out, op)
		return nil
	case *ir.If, *ir.Switch, *ir.While:
		return fmt.Errorf("%T: classical control is not compiled; compile the parts before and after it", op)
	case *ir.Opaque:
		return fmt.Errorf("the vendor's block %q is not compiled; remove it", op.Kind)
	}
	return fmt.Errorf("%T is not compiled", op)
}

func (l *lowering) unitary(m ir.Matrix, qubits []int, name string) error {
	switch len(qubits) {
	case 0:
		return nil
	case 1:
		theta, phi, lambda := quaternionOf(m).euler()
		return l.gate(ir.U3, ir.Consts(theta, phi, lambda), qubits)
	case 2:
		w, err := decompose(m)
		if err != nil {
			return err
		}
		l.steps(w.steps(), qubits)
		return nil
	}
	return fmt.Errorf("the unitary %q on %d qubits is not synthesised; give it as gates", name, len(qubits))
}

// steps appends one-qubit gates and cx.
func (l *lowering) steps(steps []ir.Step, qubits []int) {
	for _, s := range steps {
		l.out = append(l.out, &ir.Apply{Gate: s.Gate, Angles: s.Angles, Qubits: pick(qubits, s.Qubits)})
	}
}

// pick returns the elements at the given places.
func pick(list, places []int) []int {
	out := make([]int, len(places))
	for i, p := range places {
		out[i] = list[p]
	}
	return out
}

func (l *lowering) gate(g ir.Gate, angles []ir.Angle, qubits []int) error {
	info := g.Info()
	switch {
	case g == ir.GPhase || g == ir.ID:
		return nil
	case info.Qubits == 1 || g == ir.CX || g == ir.Swap || g == ir.RZZ && l.keepRZZ:
		l.out = append(l.out, &ir.Apply{Gate: g, Angles: angles, Qubits: qubits})
		return nil
	case info.Qubits == 2 && constant(angles) && !l.keepRZZ:
		var values [4]float64
		for i, a := range angles {
			values[i] = a.Const
		}
		w, err := decompose(info.Matrix(values[:len(angles)]))
		if err == nil && w.count() < countCX(g, angles) {
			l.steps(w.steps(), qubits)
			return nil
		}
	}
	list := info.Decompose(angles)
	if l.keepRZZ && g == ir.XXMinusYY {
		list = rotationsOf(angles)
	}
	for _, s := range list {
		if err := l.gate(s.Gate, s.Angles, pick(qubits, s.Qubits)); err != nil {
			return err
		}
	}
	return nil
}

// rotationsOf writes xx_minus_yy as two rotations of half its angle: the table's two cx
// would be rotations by a quarter turn each, which on a device err more than small ones.
func rotationsOf(angles []ir.Angle) []ir.Step {
	half := angles[0].Scale(0.5)
	return []ir.Step{
		{Gate: ir.RZ, Qubits: []int{0}, Angles: []ir.Angle{angles[1].Neg()}},
		{Gate: ir.RXX, Qubits: []int{0, 1}, Angles: []ir.Angle{half}},
		{Gate: ir.RYY, Qubits: []int{0, 1}, Angles: []ir.Angle{half.Neg()}},
		{Gate: ir.RZ, Qubits: []int{0}, Angles: []ir.Angle{angles[1]}},
	}
}

func constant(angles []ir.Angle) bool {
	for _, a := range angles {
		if !a.IsConst() {
			return false
		}
	}
	return true
}

// countCX is the number of cx in the table's decomposition of a gate.
func countCX(g ir.Gate, angles []ir.Angle) int {
	n := 0
	for _, s := range ir.Lower(g, angles) {
		if s.Gate == ir.CX {
			n++
		}
	}
	return n
}

// controlled lowers a gate with controls: those that act on 0 are turned round by
// x, the gate is taken apart into primitives, and each gets all the controls.
func (l *lowering) controlled(op *ir.Apply) error {
	controls, operands := op.Qubits[:op.Controls], op.Qubits[op.Controls:]
	flip := func() {
		for i, q := range controls {
			if op.Open>>i&1 == 1 {
				l.out = append(l.out, &ir.Apply{Gate: ir.X, Qubits: []int{q}})
			}
		}
	}
	flip()
	for _, s := range ir.Lower(op.Gate, op.Angles) {
		qubits := pick(operands, s.Qubits)
		switch s.Gate {
		case ir.GPhase:
			l.phase(s.Angles[0], controls)
		case ir.CX:
			l.not(append(append([]int(nil), controls...), qubits[0]), qubits[1])
		case ir.RX:
			l.one(ir.H, qubits[0])
			l.turn(ir.RZ, s.Angles[0], controls, qubits[0])
			l.one(ir.H, qubits[0])
		default:
			l.turn(s.Gate, s.Angles[0], controls, qubits[0])
		}
	}
	flip()
	return nil
}

func (l *lowering) one(g ir.Gate, q int, angles ...ir.Angle) {
	l.out = append(l.out, &ir.Apply{Gate: g, Angles: angles, Qubits: []int{q}})
}

// turn writes a controlled rotation about Y or Z: half of it, x, minus half of it, x.
func (l *lowering) turn(g ir.Gate, a ir.Angle, controls []int, target int) {
	l.one(g, target, a.Scale(0.5))
	l.not(controls, target)
	l.one(g, target, a.Scale(-0.5))
	l.not(controls, target)
}

// not writes x on the target, controlled by all of the controls.
func (l *lowering) not(controls []int, target int) {
	switch len(controls) {
	case 0:
		l.one(ir.X, target)
	case 1:
		l.out = append(l.out, &ir.Apply{Gate: ir.CX, Qubits: []int{controls[0], target}})
	default:
		l.one(ir.H, target)
		l.phase(ir.Const(math.Pi), append(append([]int(nil), controls...), target))
		l.one(ir.H, target)
	}
}

// phase writes e^{ia} on the state in which all of the qubits are 1 (Barenco et
// al. 1995, lemma 7.5).
func (l *lowering) phase(a ir.Angle, qubits []int) {
	n := len(qubits)
	switch n {
	case 0:
		return
	case 1:
		l.one(ir.P, qubits[0], a)
		return
	case 2:
		l.out = append(l.out, &ir.Apply{Gate: ir.CX, Qubits: []int{qubits[0], qubits[1]}})
		l.one(ir.P, qubits[1], a.Scale(-0.5))
		l.out = append(l.out, &ir.Apply{Gate: ir.CX, Qubits: []int{qubits[0], qubits[1]}})
		l.one(ir.P, qubits[0], a.Scale(0.5))
		l.one(ir.P, qubits[1], a.Scale(0.5))
		return
	}
	// With x the product of the first qubits and y, z the last two,
	// xyz = (yz - (x xor y)z + xz)/2.
	rest, y, z := qubits[:n-2], qubits[n-2], qubits[n-1]
	h := a.Scale(0.5)
	l.phase(h, []int{y, z})
	l.not(rest, y)
	l.phase(h.Neg(), []int{y, z})
	l.not(rest, y)
	l.phase(h, append(append([]int(nil), rest...), z))
}
