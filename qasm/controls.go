package qasm

import (
	"math"
	"slices"

	"qgan/ir"
)

// withoutControls writes a gate with controls as gates of the table without,
// phase included, in a circuit of n qubits. One control at a time is taken off
// as in Barenco et al. 1995, lemmas 7.3 and 7.5; a qubit that is not part of the
// gate, in any state, makes that cheaper.
func withoutControls(op *ir.Apply, n int) []*ir.Apply {
	if op.Open != 0 {
		var flips []*ir.Apply
		for i := range op.Controls {
			if op.Open>>i&1 == 1 {
				flips = append(flips, &ir.Apply{Gate: ir.X, Qubits: []int{op.Qubits[i]}})
			}
		}
		closed := *op
		closed.Open = 0
		return slices.Concat(flips, withoutControls(&closed, n), flips)
	}
	op = normal(op)
	if op.Controls == 0 {
		return []*ir.Apply{op}
	}
	op = bare(op)
	e := expansion{n: n}
	controls, own := op.Qubits[:op.Controls], op.Qubits[op.Controls:]
	switch op.Gate {
	case ir.X:
		e.flip(controls, own[0])
	case ir.CX:
		e.flip(append(slices.Clone(controls), own[0]), own[1])
	case ir.P:
		e.phase(op.Angles[0], controls, own[0])
	case ir.GPhase:
		last := len(controls) - 1
		e.phase(op.Angles[0], controls[:last], controls[last])
	case ir.RZ, ir.RY:
		half := op.Angles[0].Scale(0.5)
		e.add(op.Gate, own, half)
		e.flip(controls, own[0])
		e.add(op.Gate, own, half.Neg())
		e.flip(controls, own[0])
	case ir.RX:
		turned := *op
		turned.Gate = ir.RZ
		e.add(ir.H, own)
		e.out = append(e.out, withoutControls(&turned, n)...)
		e.add(ir.H, own)
	default:
		for _, s := range op.Gate.Info().Decompose(op.Angles) {
			qubits := slices.Clone(controls)
			for _, q := range s.Qubits {
				qubits = append(qubits, own[q])
			}
			e.out = append(e.out, withoutControls(&ir.Apply{Gate: s.Gate, Angles: s.Angles, Qubits: qubits, Controls: op.Controls}, n)...)
		}
	}
	return e.out
}

// expansion collects gates on n qubits.
type expansion struct {
	n   int
	out []*ir.Apply
}

func (e *expansion) add(g ir.Gate, qubits []int, angles ...ir.Angle) {
	e.out = append(e.out, &ir.Apply{Gate: g, Qubits: slices.Clone(qubits), Angles: angles})
}

// flip is x on a target under controls.
func (e *expansion) flip(controls []int, target int) {
	switch len(controls) {
	case 0:
		e.add(ir.X, []int{target})
		return
	case 1:
		e.add(ir.CX, []int{controls[0], target})
		return
	case 2:
		e.add(ir.CCX, []int{controls[0], controls[1], target})
		return
	}
	for free := range e.n {
		if free == target || slices.Contains(controls, free) {
			continue
		}
		k := (len(controls) + 1) / 2
		rest := append(slices.Clone(controls[k:]), free)
		for range 2 {
			e.flip(controls[:k], free)
			e.flip(rest, target)
		}
		return
	}
	e.add(ir.H, []int{target})
	e.phase(ir.Const(math.Pi), controls, target)
	e.add(ir.H, []int{target})
}

// phase is p on a target under controls.
func (e *expansion) phase(a ir.Angle, controls []int, target int) {
	switch len(controls) {
	case 0:
		e.add(ir.P, []int{target}, a)
		return
	case 1:
		e.add(ir.CP, []int{controls[0], target}, a)
		return
	}
	last := len(controls) - 1
	c, rest := controls[last], controls[:last]
	half := a.Scale(0.5)
	e.add(ir.CP, []int{c, target}, half)
	e.flip(rest, c)
	e.add(ir.CP, []int{c, target}, half.Neg())
	e.flip(rest, c)
	e.phase(half, rest, target)
}
