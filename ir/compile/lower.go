package compile

import (
	"fmt"
	"slices"

	"qgan/ir"
)

// lower replaces every gate on two qubits or more by one-qubit gates, cx and swap,
// and by rzz where the target has a rotation of that kind; symbols stay. A
// two-qubit gate of numbers for which its decomposition is not the shortest is
// decomposed by its matrix.
func lower(s *state) error {
	l := lowering{keepRZZ: s.target.rotations(), used: make([]bool, s.circuit.Qubits)}
	for q := range l.used {
		l.used[q] = s.options.Unitary
	}
	if s.lends() {
		l.used = append(l.used, false)
	}
	for i, op := range s.circuit.Ops {
		if err := l.op(op); err != nil {
			return fmt.Errorf("op %d: %w", i, err)
		}
		for _, q := range qubitsOf(op) {
			l.used[q] = true
		}
		if r, ok := op.(*ir.Reset); ok {
			l.used[r.Qubit] = false
		}
	}
	if n := s.circuit.Qubits; slices.ContainsFunc(l.out, func(op ir.Op) bool { return slices.Contains(qubitsOf(op), n) }) {
		s.circuit.Qubits++
	}
	s.circuit.Ops = l.out
	return nil
}

// lends reports whether the device has a qubit more than the circuit that it can be
// given as a clean one: where the layout is free, in the largest part that is
// connected.
func (s *state) lends() bool {
	return s.options.Layout == nil && s.target.largestPart() > s.circuit.Qubits
}

// largestPart is the number of qubits of the largest connected part of the device.
func (t *Target) largestPart() (most int) {
	if t.everyPair {
		return len(t.Qubits)
	}
	seen := make([]bool, len(t.Qubits))
	for q := range t.Qubits {
		if seen[q] {
			continue
		}
		seen[q] = true
		part := []int{q}
		for i := 0; i < len(part); i++ {
			for _, p := range t.neighbours[part[i]] {
				if !seen[p] {
					seen[p] = true
					part = append(part, p)
				}
			}
		}
		most = max(most, len(part))
	}
	return most
}

// rotations reports whether at least half of the pairs that work have a rotation of
// any angle. On the others it is written as two cx.
func (t *Target) rotations() bool {
	if t.everyPair {
		return t.free.rotation.Gate != absent
	}
	_, pairs := t.Usable()
	return len(t.Rotations) > 0 && 2*len(t.Rotations) >= pairs
}

type lowering struct {
	keepRZZ bool
	used    []bool // by qubit: something was done to it
	out     []ir.Op
}

func (l *lowering) op(op ir.Op) error {
	switch op := op.(type) {
	case *ir.Apply:
		if op.Controls == 0 {
			return l.gate(op.Gate, op.Angles, op.Qubits)
		}
		return l.controlled(op)
	case *ir.Unitary:
		return l.unitary(op.Matrix, op.Qubits, op.Name)
	case *ir.Measure, *ir.Reset, *ir.Barrier, *ir.Delay, *ir.Assign:
		l.out = append(l.out, op)
		return nil
	case *ir.If, *ir.Switch, *ir.While:
		return l.block(op)
	case *ir.Opaque:
		return fmt.Errorf("the vendor's block %q is not compiled; remove it", op.Kind)
	}
	return fmt.Errorf("%s is not compiled", ir.NameOf(op))
}

// block lowers the bodies of a block. Whichever runs, its qubits are used behind it, and within
// it none is known to be clean.
func (l *lowering) block(op ir.Op) error {
	for _, q := range qubitsOf(op) {
		l.used[q] = true
	}
	bodies := ir.Bodies(op)
	out := l.out
	for k, body := range bodies {
		l.out = nil
		for _, inner := range body {
			if err := l.op(inner); err != nil {
				return err
			}
			for _, q := range qubitsOf(inner) {
				l.used[q] = true
			}
		}
		bodies[k] = l.out
	}
	l.out = append(out, ir.WithBodies(op, bodies))
	return nil
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
		l.steps(w.steps(l.keepRZZ), qubits)
		return nil
	}
	list, err := shannon(m)
	if err != nil {
		return fmt.Errorf("the unitary %q: %w", name, err)
	}
	l.steps(list, qubits)
	return nil
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
	case info.Qubits == 2 && constant(angles) && !(l.keepRZZ && rotating[g] != nil):
		var values [4]float64
		for i, a := range angles {
			values[i] = a.Const
		}
		w, err := decompose(info.Matrix(values[:len(angles)]))
		if err == nil && w.cost(l.keepRZZ) < countCX(g, angles) {
			l.steps(w.steps(l.keepRZZ), qubits)
			return nil
		}
	}
	list := info.Decompose(angles)
	if l.keepRZZ && rotating[g] != nil {
		list = rotating[g](angles)
	}
	for _, s := range list {
		if err := l.gate(s.Gate, s.Angles, pick(qubits, s.Qubits)); err != nil {
			return err
		}
	}
	return nil
}

// rotating are decompositions into rotations, with fewer of them than the table's
// have cx. Those of xx_minus_yy are by half its angle: the table's two cx would be by a
// quarter turn each, which on a device err more than small ones.
var rotating = map[ir.Gate]func([]ir.Angle) []ir.Step{
	ir.CP: func(p []ir.Angle) []ir.Step {
		half := p[0].Scale(0.5)
		return []ir.Step{turned(ir.P, 0, half), turned(ir.P, 1, half), pair(ir.RZZ, half.Neg())}
	},
	ir.CRZ: func(p []ir.Angle) []ir.Step {
		half := p[0].Scale(0.5)
		return []ir.Step{turned(ir.RZ, 1, half), pair(ir.RZZ, half.Neg())}
	},
	ir.CRY: func(p []ir.Angle) []ir.Step {
		half := p[0].Scale(0.5)
		return []ir.Step{turned(ir.RY, 1, half), step(ir.RX, other, quarter), pair(ir.RZZ, half.Neg()), step(ir.RX, other, -quarter)}
	},
	ir.RXX: ir.RXX.Info().Decompose, ir.RYY: ir.RYY.Info().Decompose, ir.RZX: ir.RZX.Info().Decompose,
	ir.MS: ir.MS.Info().Decompose, ir.ZZ: ir.ZZ.Info().Decompose, ir.CRX: ir.CRX.Info().Decompose, ir.CSX: ir.CSX.Info().Decompose,
	ir.XXMinusYY: func(p []ir.Angle) []ir.Step {
		half := p[0].Scale(0.5)
		return []ir.Step{turned(ir.RZ, 0, p[1].Neg()), pair(ir.RXX, half), pair(ir.RYY, half.Neg()), turned(ir.RZ, 0, p[1])}
	},
}

func turned(g ir.Gate, q int, a ir.Angle) ir.Step {
	return ir.Step{Gate: g, Qubits: []int{q}, Angles: []ir.Angle{a}}
}

func pair(g ir.Gate, a ir.Angle) ir.Step {
	return ir.Step{Gate: g, Qubits: both, Angles: []ir.Angle{a}}
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

// controlled lowers a gate with controls, with the help of qubits that are not its
// own: clean ones, or else borrowed ones.
func (l *lowering) controlled(op *ir.Apply) error {
	for _, g := range ir.WithoutControls(op, l.spare(op)) {
		if err := l.gate(g.Gate, g.Angles, g.Qubits); err != nil {
			return err
		}
	}
	return nil
}

// spare lists the qubits beside those of a gate: the ones that nothing was done to
// yet, or that were reset, are clean.
func (l *lowering) spare(op *ir.Apply) (s ir.Spare) {
	for q, used := range l.used {
		switch {
		case slices.Contains(op.Qubits, q):
		case used:
			s.Borrowed = append(s.Borrowed, q)
		default:
			s.Clean = append(s.Clean, q)
		}
	}
	return s
}
