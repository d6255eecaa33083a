package compile

import (
	"math"
	"slices"

	"qgan/ir"
)

// A sum over paths has a variable for each qubit at its beginning and behind each gate that
// is no permutation of basis states. Between them x, cx and swap keep the value of a qubit a
// sum of variables over GF(2), its parity, and a rotation about Z is a phase that depends on
// the parity alone. So rotations by the same parity are one, wherever they stand (Amy, Maslov
// and Mosca 2014, section 4; Nam, Ross, Su, Childs and Maslov 2018, section 4.4).

// parity is a sum of variables, each a random word of 128 bits, and its complement. That
// two sums of m ever met are alike by chance has a probability of m²/2^129.
type parity struct {
	sum  [2]uint64
	flip bool
}

func (p parity) add(o parity) parity {
	return parity{[2]uint64{p.sum[0] ^ o.sum[0], p.sum[1] ^ o.sum[1]}, p.flip != o.flip}
}

// paths follows the parities of qubits.
type paths struct {
	at    []parity
	words uint64 // drawn
}

func newPaths(qubits int) *paths {
	p := &paths{at: make([]parity, qubits)}
	for q := range p.at {
		p.renew(q)
	}
	return p
}

// renew gives a qubit a variable of its own.
func (p *paths) renew(q int) { p.at[q] = parity{sum: [2]uint64{p.word(), p.word()}} }

// word is the next of a fixed sequence of random words (SplitMix64, Steele, Lea and Flood
// 2014).
func (p *paths) word() uint64 {
	p.words++
	x := p.words * 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// phase is the angle of the rotation about Z, or Z⊗Z, that a gate is up to global phase.
func phase(op ir.Op) (a *ir.Apply, angle ir.Angle, ok bool) {
	if a, ok = op.(*ir.Apply); !ok || a.Controls > 0 {
		return nil, angle, false
	}
	switch a.Gate {
	case ir.RZ, ir.P, ir.RZZ:
		return a, a.Angles[0], true
	case ir.Z:
		return a, ir.Const(math.Pi), true
	case ir.S:
		return a, ir.Const(quarter), true
	case ir.SDG:
		return a, ir.Const(-quarter), true
	case ir.T:
		return a, ir.Const(quarter / 2), true
	case ir.TDG:
		return a, ir.Const(-quarter / 2), true
	}
	return nil, angle, false
}

// of is the parity that a rotation turns.
func (p *paths) of(a *ir.Apply) parity {
	sum := p.at[a.Qubits[0]]
	for _, q := range a.Qubits[1:] {
		sum = sum.add(p.at[q])
	}
	return sum
}

// pass follows an operation that is no phase.
func (p *paths) pass(op ir.Op) {
	if a, ok := op.(*ir.Apply); ok && a.Controls == 0 {
		switch a.Gate {
		case ir.GPhase, ir.ID:
			return
		case ir.X, ir.Y:
			p.at[a.Qubits[0]].flip = !p.at[a.Qubits[0]].flip
			return
		case ir.CX:
			p.at[a.Qubits[1]] = p.at[a.Qubits[1]].add(p.at[a.Qubits[0]])
			return
		case ir.Swap:
			x, y := a.Qubits[0], a.Qubits[1]
			p.at[x], p.at[y] = p.at[y], p.at[x]
			return
		}
	}
	for _, q := range qubitsOf(op) {
		p.renew(q)
	}
}

// rotatedFirst is the first rotation by a parity or its complement.
type rotatedFirst struct {
	at   int
	flip bool
}

// mergePhases adds the angles of rotations by the same parity to the first of them.
func mergePhases(ops []ir.Op, qubits int) []ir.Op {
	p := newPaths(qubits)
	first := map[[2]uint64]rotatedFirst{}
	out := make([]ir.Op, 0, len(ops))
	for _, op := range ops {
		a, angle, ok := phase(op)
		if !ok {
			p.pass(op)
			out = append(out, op)
			continue
		}
		by := p.of(a)
		have, met := first[by.sum]
		if !met {
			first[by.sum] = rotatedFirst{len(out), by.flip}
			out = append(out, op)
			continue
		}
		if by.flip != have.flip {
			angle = angle.Neg()
		}
		before, sum, _ := phase(out[have.at])
		sum = sum.Add(angle)
		if sum.IsConst() && math.Abs(wrap(sum.Const)) < tiny {
			out[have.at] = nil
			delete(first, by.sum)
			continue
		}
		gate := ir.RZ
		if len(before.Qubits) == 2 {
			gate = ir.RZZ
		}
		out[have.at] = &ir.Apply{Gate: gate, Angles: []ir.Angle{sum}, Qubits: before.Qubits}
	}
	return slices.DeleteFunc(out, func(op ir.Op) bool { return op == nil })
}
