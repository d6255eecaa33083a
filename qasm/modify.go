package qasm

import (
	"math"
	"math/cmplx"
	"slices"
	"strconv"

	"qgan/ir"
	"qgan/qasm/syntax"
)

// modList are the modifiers of a call, evaluated, in the order of the text.
type modList struct {
	list     []modifier
	controls int
}

type modifier struct {
	kind  syntax.Kind
	n     int     // controls
	power float64 // of pow
}

// modifiers evaluates the modifiers of a call.
func (r *reader) modifiers(list []syntax.Modifier) (modList, bool) {
	var out modList
	for _, m := range list {
		k := modifier{kind: m.Kind, n: 1, power: 1}
		switch m.Kind {
		case syntax.KwCtrl, syntax.KwNegctrl:
			if m.Arg != nil {
				n, ok := r.constant(m.Arg, "the number of controls")
				if !ok {
					return out, false
				}
				if n < 1 || n > 64 {
					r.fail(m.Arg.Pos(), "", "%d controls; a gate has 1 to 64", n)
					return out, false
				}
				k.n = int(n)
			}
			out.controls += k.n
			if out.controls > 64 {
				r.fail(m.Pos(), "", "%d controls; a gate has at most 64", out.controls)
				return out, false
			}
		case syntax.KwPow:
			v, ok := r.known(r.eval(m.Arg), m.Arg.Pos(), "a power")
			switch {
			case !ok:
				return out, false
			case v.symbolic():
				r.unsupported(m.Arg.Pos(), "a power that is an input")
				return out, false
			case !v.isNumber() || v.bits != nil:
				r.fail(m.Arg.Pos(), "", "a power is a number, this is a %s", kindNames[v.kind])
				return out, false
			}
			k.power = v.float()
		}
		out.list = append(out.list, k)
	}
	return out, true
}

// modify applies modifiers, the last of them first, to the operations of a
// gate. The outermost modifier takes the first of the qubits as controls.
func (r *reader) modify(ops []ir.Op, mods modList, qubits []int, at syntax.Pos) ([]ir.Op, bool) {
	next := mods.controls // controls before it are not yet given out
	for i := len(mods.list) - 1; i >= 0; i-- {
		m := mods.list[i]
		switch m.kind {
		case syntax.KwInv:
			inverse, err := ir.Inverse(&ir.Circuit{Ops: ops})
			if err != nil {
				r.unsupported(at, "the inverse of a gate whose body is more than gates")
				return nil, false
			}
			ops = inverse.Ops
		case syntax.KwPow:
			var ok bool
			if ops, ok = r.pow(ops, m.power, at); !ok {
				return nil, false
			}
		default:
			next -= m.n
			out := make([]ir.Op, 0, len(ops))
			for _, op := range ops {
				switch op := op.(type) {
				case *ir.Apply:
					out = append(out, control(op, qubits[next:next+m.n], m.kind == syntax.KwNegctrl).Normal())
				case *ir.Barrier:
					out = append(out, op)
				case *ir.Unitary:
					k := len(op.Qubits) + m.n
					if k > maxDenseControlled {
						r.unsupported(at, "a fractional power of a gate that acts, with its controls, on more than %d qubits", maxDenseControlled)
						return nil, false
					}
					if !r.spend(1<<(2*k), at) {
						return nil, false
					}
					open := uint64(0)
					if m.kind == syntax.KwNegctrl {
						open = 1<<m.n - 1
					}
					out = append(out, &ir.Unitary{Name: "controlled " + op.Name, Matrix: op.Matrix.ControlledBy(m.n, open), Qubits: slices.Concat(qubits[next:next+m.n], op.Qubits)})
				default:
					r.unsupported(at, "a controlled gate whose body is more than gates")
					return nil, false
				}
			}
			ops = out
		}
		if !r.spend(len(ops), at) {
			return nil, false
		}
	}
	for i, op := range ops {
		if a, ok := op.(*ir.Apply); ok {
			ops[i] = a.Normal()
		}
	}
	return ops, true
}

// control adds controls in front.
func control(op *ir.Apply, controls []int, open bool) *ir.Apply {
	out := *op
	n := len(controls)
	out.Qubits = append(slices.Clone(controls), op.Qubits...)
	out.Controls += n
	out.Open <<= n
	if open {
		out.Open |= 1<<n - 1
	}
	return &out
}

// pow raises the operations of a gate to a power: U^k = exp(k log U) with the
// principal logarithm, whose eigenvalues lie in (-iπ, iπ].
func (r *reader) pow(ops []ir.Op, k float64, at syntax.Pos) ([]ir.Op, bool) {
	if len(ops) == 1 {
		if a, ok := ops[0].(*ir.Apply); ok {
			if out, ok := powerOf(a.Bare(), k); ok {
				return out, true
			}
		}
	}
	if k == math.Trunc(k) {
		n := math.Abs(k)
		if n > maxRepeats {
			r.fail(at, "", "a gate repeated %v times; at most %d are written out", n, maxRepeats)
			return nil, false
		}
		if k < 0 {
			inverse, err := ir.Inverse(&ir.Circuit{Ops: ops})
			if err != nil {
				r.unsupported(at, "the inverse of a gate whose body is more than gates")
				return nil, false
			}
			ops = inverse.Ops
		}
		if !r.spend(int(n)*len(ops), at) {
			return nil, false
		}
		return slices.Repeat(ops, int(n)), true
	}
	return r.fractional(ops, k, at)
}

// scaled are the gates whose power scales their angle, by the place of the
// angle, and the largest angle up to which that is the principal power.
var scaled = map[ir.Gate]struct {
	param int
	limit float64
}{
	ir.GPhase: {0, math.Pi}, ir.P: {0, math.Pi}, ir.CP: {0, math.Pi},
	ir.RX: {0, 2 * math.Pi}, ir.RY: {0, 2 * math.Pi}, ir.RZ: {0, 2 * math.Pi}, ir.PRX: {0, 2 * math.Pi},
	ir.RXX: {0, 2 * math.Pi}, ir.RYY: {0, 2 * math.Pi}, ir.RZZ: {0, 2 * math.Pi}, ir.RZX: {0, 2 * math.Pi}, ir.XXMinusYY: {0, 2 * math.Pi},
	ir.MS: {2, 1}, ir.ZZ: {0, 1},
}

// quarter turns of the diagonal gates of the table.
var diagonalTurns = map[ir.Gate]float64{ir.Z: 1, ir.S: 0.5, ir.SDG: -0.5, ir.T: 0.25, ir.TDG: -0.25}

// powerOf returns the power of a gate of the table with its controls, false
// where it has to be found otherwise.
func powerOf(op *ir.Apply, k float64) ([]ir.Op, bool) {
	own := op.Qubits[op.Controls:]
	with := func(g ir.Gate, qubits []int, angles ...float64) ir.Op {
		a := *op
		a.Gate, a.Angles = g, ir.Consts(angles...)
		a.Qubits = append(slices.Clone(op.Qubits[:op.Controls]), qubits...)
		return &a
	}
	plain := func(g ir.Gate, qubits []int, angles ...float64) ir.Op {
		return &ir.Apply{Gate: g, Qubits: qubits, Angles: ir.Consts(angles...)}
	}
	integer := k == math.Trunc(k)
	if s, ok := scaled[op.Gate]; ok {
		a := op.Angles[s.param]
		if integer || !a.IsConst() || math.Abs(a.Const) < s.limit {
			out := *op
			out.Angles = slices.Clone(op.Angles)
			out.Angles[s.param] = a.Scale(k)
			return []ir.Op{&out}, true
		}
	}
	if integer {
		return nil, false
	}
	if turns, ok := diagonalTurns[op.Gate]; ok {
		for g, t := range diagonalTurns {
			if t == turns*k {
				return []ir.Op{with(g, own)}, true
			}
		}
		return []ir.Op{with(ir.P, own, turns*k*math.Pi)}, true
	}
	switch op.Gate {
	case ir.ID:
		return []ir.Op{op}, true
	case ir.X, ir.SX, ir.SXDG:
		k *= map[ir.Gate]float64{ir.X: 1, ir.SX: 0.5, ir.SXDG: -0.5}[op.Gate]
		switch k {
		case 0.5:
			return []ir.Op{with(ir.SX, own)}, true
		case -0.5:
			return []ir.Op{with(ir.SXDG, own)}, true
		}
		return []ir.Op{with(ir.RX, own, k*math.Pi), with(ir.GPhase, nil, k*math.Pi/2)}, true
	case ir.Y:
		return []ir.Op{with(ir.RY, own, k*math.Pi), with(ir.GPhase, nil, k*math.Pi/2)}, true
	case ir.H: // RY(π/4) Z RY(-π/4)
		return []ir.Op{plain(ir.RY, own, -math.Pi/4), with(ir.P, own, k*math.Pi), plain(ir.RY, own, math.Pi/4)}, true
	case ir.Swap: // CX(0,1) · CX(1,0)^k · CX(0,1)
		inner := control(with(ir.X, own[:1]).(*ir.Apply), own[1:], false)
		inner.Qubits = append(append(slices.Clone(op.Qubits[:op.Controls]), own[1]), own[0])
		inner.Open = op.Open
		middle, _ := powerOf(inner, k)
		return slices.Concat([]ir.Op{plain(ir.CX, own)}, middle, []ir.Op{plain(ir.CX, own)}), true
	case ir.ISwap: // exp(iπ/4 (XX + YY))
		return []ir.Op{with(ir.RXX, own, -k*math.Pi/2), with(ir.RYY, own, -k*math.Pi/2)}, true
	case ir.ECR: // RZX(-π/4) X RZX(π/4)
		middle, _ := powerOf(with(ir.X, own[:1]).(*ir.Apply), k)
		return slices.Concat([]ir.Op{plain(ir.RZX, own, math.Pi/4)}, middle, []ir.Op{plain(ir.RZX, own, -math.Pi/4)}), true
	}
	return nil, false
}

// maxDense bounds the qubits of a matrix that a power is written as, and
// maxDenseControlled those with its controls.
const maxDense, maxDenseControlled = 4, 8

// fractional raises operations to a power by their eigenvalues: on one qubit
// with common controls to a gate, on several to a unitary matrix.
func (r *reader) fractional(ops []ir.Op, k float64, at syntax.Pos) ([]ir.Op, bool) {
	place := map[int]int{}
	var qubits []int
	for _, op := range ops {
		var touched []int
		switch op := op.(type) {
		case *ir.Apply:
			if slices.ContainsFunc(op.Angles, func(x ir.Angle) bool { return !x.IsConst() }) {
				r.unsupported(at, "a fractional power of a gate that depends on inputs")
				return nil, false
			}
			touched = op.Qubits
		case *ir.Unitary:
			touched = op.Qubits
		case *ir.Barrier:
			touched = op.Qubits
		default:
			r.unsupported(at, "the power of a gate whose body is more than gates")
			return nil, false
		}
		for _, q := range touched {
			if _, ok := place[q]; !ok {
				place[q] = len(qubits)
				qubits = append(qubits, q)
			}
		}
	}
	if out, ok := powerOfOne(ops, k); ok {
		return out, true
	}
	if len(qubits) > maxDense {
		r.unsupported(at, "a fractional power of a gate of more than %d qubits", maxDense)
		return nil, false
	}
	if dim := 1 << len(qubits); !r.spend(dim*dim*dim+dim*len(ops), at) {
		return nil, false
	}
	c := &ir.Circuit{Qubits: len(qubits), Ops: ir.Renumber(ops, func(q int) int { return place[q] }, func(b int) int { return b })}
	m, err := ir.UnitaryOf(c, nil, nil)
	if err == nil {
		m, err = m.Power(k)
	}
	switch {
	case err != nil:
		r.unsupported(at, "a fractional power: %v", err)
		return nil, false
	case len(qubits) == 0:
		return []ir.Op{&ir.Apply{Gate: ir.GPhase, Angles: ir.Consts(cmplx.Phase(m.A[0]))}}, true
	}
	return []ir.Op{&ir.Unitary{Name: "power " + strconv.FormatFloat(k, 'g', -1, 64), Matrix: m, Qubits: qubits}}, true
}

// powerOfOne raises operations on one qubit and common controls to a power, false
// where they are not of that kind.
func powerOfOne(ops []ir.Op, k float64) ([]ir.Op, bool) {
	qubit := -1
	m := ir.Identity(2)
	var like *ir.Apply
	for _, op := range ops {
		a, ok := op.(*ir.Apply)
		if !ok {
			return nil, false
		}
		if a.Gate == ir.GPhase {
			a = &ir.Apply{Gate: a.Gate, Angles: a.Angles, Qubits: append(slices.Clone(a.Qubits), max(qubit, 0)), Controls: a.Controls, Open: a.Open}
		} else {
			a = a.Bare()
		}
		target := a.Qubits[len(a.Qubits)-1]
		if a.Gate != ir.GPhase {
			if len(a.Qubits)-a.Controls != 1 || qubit >= 0 && qubit != target {
				return nil, false
			}
			qubit = target
		}
		if like == nil {
			like = a
		}
		if a.Controls != like.Controls || a.Open != like.Open || !slices.Equal(a.Qubits[:a.Controls], like.Qubits[:like.Controls]) {
			return nil, false
		}
		one := ir.Apply{Gate: a.Gate, Angles: a.Angles}
		u := one.MatrixOf(nil, nil)
		if u.Dim == 1 {
			m = m.Scale(u.A[0])
		} else {
			m = u.Mul(m)
		}
	}
	if like == nil {
		return ops, true
	}
	if qubit < 0 {
		return nil, false
	}
	root, err := m.Power(k)
	if err != nil {
		return nil, false
	}
	theta, phi, lambda, phase := euler(root)
	controls := like.Qubits[:like.Controls]
	return []ir.Op{
		&ir.Apply{Gate: ir.UQ, Angles: ir.Consts(theta, phi, lambda), Qubits: append(slices.Clone(controls), qubit), Controls: like.Controls, Open: like.Open},
		&ir.Apply{Gate: ir.GPhase, Angles: ir.Consts(phase), Qubits: slices.Clone(controls), Controls: like.Controls, Open: like.Open},
	}, true
}

// euler returns the angles of m = e^(i·phase) u(theta, phi, lambda).
func euler(m ir.Matrix) (theta, phi, lambda, phase float64) {
	theta = 2 * math.Atan2(cmplx.Abs(m.A[2]), cmplx.Abs(m.A[0]))
	switch {
	case cmplx.Abs(m.A[0]) < 1e-12:
		phase = cmplx.Phase(m.A[2])
		lambda = cmplx.Phase(-m.A[1]) - phase
	case cmplx.Abs(m.A[2]) < 1e-12:
		phase = cmplx.Phase(m.A[0])
		lambda = cmplx.Phase(m.A[3]) - phase
	default:
		phase = cmplx.Phase(m.A[0])
		phi = cmplx.Phase(m.A[2]) - phase
		lambda = cmplx.Phase(-m.A[1]) - phase
	}
	return theta, phi, lambda, phase
}
