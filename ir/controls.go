package ir

import (
	"math"
	"math/cmplx"
	"slices"
)

// controlledForms are the gates of the table that are another gate with controls.
var controlledForms = []struct {
	base     Gate
	controls int
	gate     Gate
}{
	{X, 1, CX}, {X, 2, CCX}, {Y, 1, CY}, {Z, 1, CZ}, {Z, 2, CCZ}, {H, 1, CH}, {SX, 1, CSX},
	{GPhase, 2, CP}, {GPhase, 1, P}, {RX, 1, CRX}, {RY, 1, CRY}, {RZ, 1, CRZ}, {Swap, 1, CSwap},
}

// Bare takes the controls of a table's gate out: cx becomes x with a control. A p
// or cp without further controls stays.
func (op *Apply) Bare() *Apply {
	for _, f := range controlledForms {
		if f.gate == op.Gate && (op.Controls > 0 || f.gate != P && f.gate != CP) {
			out := *op
			out.Gate = f.base
			out.Controls += f.controls
			return &out
		}
	}
	return op
}

// Normal gives a gate with closed controls the one form that it has in the table,
// where it has one: x with a control is cx.
func (op *Apply) Normal() *Apply {
	if op.Controls == 0 || op.Open != 0 && op.Gate != GPhase {
		return op
	}
	k := op.allBare()
	for _, f := range controlledForms {
		switch {
		case f.base != k.Gate || f.controls > k.Controls:
		case k.Open>>(k.Controls-f.controls) != 0: // an open control would become an operand
		case f.controls == k.Controls, k.Gate == GPhase && f.controls == 1:
			out := *k
			out.Gate = f.gate
			out.Controls -= f.controls
			return &out
		}
	}
	return k
}

// allBare takes out the controls of a gate within a gate.
func (op *Apply) allBare() *Apply {
	k := op
	for b := k.Bare(); b != k; b = k.Bare() {
		k = b
	}
	return k
}

// Spare names qubits beside a gate's own that its decomposition may use. Each is
// in the end as it was.
type Spare struct {
	Clean    []int // in |0>
	Borrowed []int // in any state
}

// WithoutControls writes a gate with controls as gates of the table without
// controls, global phase included; symbols stay. A gate without controls is
// returned as it stands.
//
// The number of cx for x with k controls, from the rule that is taken:
//
//	a clean qubit       6k-6            pairs of controls are put together on it and on
//	                                    each other (Khattar and Gidney 2024)
//	m borrowed, m<k-2   12k-24-4m       a qubit is flipped twice by some of the controls and
//	                                    is one for the rest (Barenco et al. 1995, lemma 7.2),
//	                                    up to phases (Maslov 2016) that cancel
//	none, k<5           2^(k+1)-2       a phase on each parity (ibid., lemma 7.1)
//	none                about 22k       ladder, see there
//
// A rotation takes 6k-8 with a clean qubit and 12k-32 without (commutator). What
// encloses a gate, as V in V·U·V†, gets no controls.
func WithoutControls(op *Apply, spare Spare) []*Apply {
	e := expansion{spare: spare}
	e.gate(op)
	return e.out
}

// expansion collects gates.
type expansion struct {
	spare Spare
	out   []*Apply
}

func (e *expansion) add(g Gate, qubits []int, angles ...Angle) {
	e.out = append(e.out, &Apply{Gate: g, Qubits: slices.Clone(qubits), Angles: angles})
}

func (e *expansion) one(g Gate, q int, angles ...Angle) { e.add(g, []int{q}, angles...) }

func (e *expansion) cx(control, target int) { e.add(CX, []int{control, target}) }

// undo appends what undoes the gates from one place to another.
func (e *expansion) undo(from, to int) {
	for i := to - 1; i >= from; i-- {
		op := e.out[i]
		for _, s := range op.Gate.Info().Inverse(op.Angles) {
			e.add(s.Gate, pickQubits(op.Qubits, s.Qubits), s.Angles...)
		}
	}
}

// within writes inner between outer and what undoes it.
func (e *expansion) within(outer, inner func()) {
	from := len(e.out)
	outer()
	to := len(e.out)
	inner()
	e.undo(from, to)
}

func pickQubits(list, places []int) []int {
	out := make([]int, len(places))
	for i, p := range places {
		out[i] = list[p]
	}
	return out
}

// frames say which gate with a simple rule a gate is, and between what.
var frames = map[Gate]struct {
	before []Step
	base   Gate
	angle  float64
}{
	Y:    {[]Step{step(SDG, on(0))}, X, 0},
	Z:    {[]Step{step(H, on(0))}, X, 0},
	H:    {[]Step{step(RY, on(0), Const(math.Pi/4))}, X, 0},
	S:    {nil, P, math.Pi / 2},
	SDG:  {nil, P, -math.Pi / 2},
	T:    {nil, P, math.Pi / 4},
	TDG:  {nil, P, -math.Pi / 4},
	SX:   {[]Step{step(H, on(0))}, P, math.Pi / 2},
	SXDG: {[]Step{step(H, on(0))}, P, -math.Pi / 2},
	RX:   {[]Step{step(H, on(0))}, RZ, 0},
	RY:   {[]Step{step(SDG, on(0)), step(H, on(0))}, RZ, 0},
}

// gate writes any gate.
func (e *expansion) gate(op *Apply) {
	if op.Controls == 0 {
		e.out = append(e.out, op)
		return
	}
	if op.Open != 0 {
		closed := *op
		closed.Open = 0
		e.within(func() {
			for i := range op.Controls {
				if op.Open>>i&1 == 1 {
					e.one(X, op.Qubits[i])
				}
			}
		}, func() { e.gate(&closed) })
		return
	}
	if n := op.Normal(); n.Controls == 0 {
		e.out = append(e.out, n)
		return
	}
	op = op.allBare()
	controls, own := op.Qubits[:op.Controls:op.Controls], op.Qubits[op.Controls:]
	frame, framed := frames[op.Gate]
	switch {
	case op.Gate == ID:
	case op.Gate == GPhase:
		e.phase(op.Angles[0], controls)
	case op.Gate == X:
		e.flip(controls, own[0])
	case op.Gate == RZ:
		e.turn(op.Angles[0], controls, own[0])
	case framed:
		inner := Apply{Gate: frame.base, Angles: op.Angles, Qubits: op.Qubits, Controls: op.Controls}
		if frame.base == P {
			inner.Angles = Consts(frame.angle)
		}
		e.within(func() { e.steps(frame.before, own) }, func() { e.gate(&inner) })
	case len(own) == 1 && constants(op.Angles):
		e.matrix(op.Gate.Info().Matrix(values(op.Angles)), controls, own[0])
	case op.Gate == CU && constants(op.Angles):
		m := op.Gate.Info().Matrix(values(op.Angles))
		e.matrix(matrixOf(m.At(2, 2), m.At(2, 3), m.At(3, 2), m.At(3, 3)), append(controls, own[0]), own[1])
	default:
		e.composed(op.Gate.Info().Decompose(op.Angles), controls, own)
	}
}

func constants(angles []Angle) bool {
	return !slices.ContainsFunc(angles, func(a Angle) bool { return !a.IsConst() })
}

func values(angles []Angle) []float64 {
	out := make([]float64, len(angles))
	for i, a := range angles {
		out[i] = a.Const
	}
	return out
}

// steps appends gates of a decomposition.
func (e *expansion) steps(list []Step, own []int) {
	for _, s := range list {
		e.add(s.Gate, pickQubits(own, s.Qubits), s.Angles...)
	}
}

// composed writes a decomposition under controls. Its first steps that its last
// ones undo need none. Where several are left, the controls are put together once
// for all of them.
func (e *expansion) composed(list []Step, controls, own []int) {
	var outer []Step
	outer, list = conjugation(list)
	e.within(func() { e.steps(outer, own) }, func() {
		each := func(controls []int) {
			for _, s := range list {
				e.gate(&Apply{Gate: s.Gate, Angles: s.Angles, Controls: len(controls), Qubits: append(slices.Clone(controls), pickQubits(own, s.Qubits)...)})
			}
		}
		if len(list) > 1 && len(controls) > 2 && len(e.spare.Clean) > 0 {
			spare := e.spare
			e.together(controls, spare.Clean[0], func(p, q int) {
				others := slices.DeleteFunc(slices.Clone(controls), func(c int) bool { return c == q })
				e.spare = Spare{Clean: spare.Clean[1:], Borrowed: slices.Concat(spare.Borrowed, others)}
				each([]int{p, q})
			})
			e.spare = spare
			return
		}
		each(controls)
	})
}

// conjugation splits steps into outer, inner and what undoes outer.
func conjugation(list []Step) (outer, inner []Step) {
	inner = slices.Clone(list)
	for len(inner) > 2 {
		at := 0
		for j := len(inner) - 1; j > 0; j-- {
			if undoes(inner[0], inner[j]) {
				at = j
				break
			}
			if slices.ContainsFunc(inner[j].Qubits, func(q int) bool { return slices.Contains(inner[0].Qubits, q) }) {
				break
			}
		}
		if at == 0 {
			break
		}
		outer = append(outer, inner[0])
		inner = append(inner[1:at:at], inner[at+1:]...)
	}
	return outer, inner
}

// undoes reports whether a step is the inverse of another.
func undoes(a, b Step) bool {
	inverse := a.Gate.Info().Inverse(a.Angles)
	return len(inverse) == 1 && inverse[0].Gate == b.Gate && slices.Equal(pickQubits(a.Qubits, inverse[0].Qubits), b.Qubits) &&
		slices.EqualFunc(inverse[0].Angles, b.Angles, func(x, y Angle) bool { return x.Sub(y).IsZero() })
}

// matrix writes a one-qubit gate of numbers, U = V·diag(e^{ia}, e^{ib})·V†.
func (e *expansion) matrix(u Matrix, controls []int, target int) {
	half := cmplx.Phase(u.At(0, 0)*u.At(1, 1)-u.At(0, 1)*u.At(1, 0)) / 2
	// e^{-i·half}·U = cos(θ/2) - i·sin(θ/2)·(x, y, z)·(X, Y, Z).
	s := u.Scale(phase(-half))
	x, y, z := -imag(s.At(0, 1)+s.At(1, 0))/2, real(s.At(1, 0)-s.At(0, 1))/2, imag(s.At(1, 1)-s.At(0, 0))/2
	sine := math.Hypot(math.Hypot(x, y), z)
	angle := 2 * math.Atan2(sine, real(s.At(0, 0)+s.At(1, 1))/2)
	polar, azimuth := math.Atan2(math.Hypot(x, y), z), math.Atan2(y, x)
	if math.Hypot(x, y) < 1e-14 && z > 0 {
		polar, azimuth = 0, 0
	}
	all := append(slices.Clone(controls), target)
	e.within(func() {
		if polar != 0 {
			e.one(RZ, target, Const(-azimuth))
			e.one(RY, target, Const(-polar))
		}
	}, func() {
		switch near := func(a float64) bool { return math.Abs(math.Remainder(a, turn)) < 1e-13 }; {
		case near(half-angle/2) && near(half+angle/2):
		case near(half - angle/2):
			e.phase(Const(half+angle/2), all)
		case near(half + angle/2):
			e.within(func() { e.one(X, target) }, func() { e.phase(Const(half-angle/2), all) })
		default:
			e.turn(Const(angle), controls, target)
			if !near(half) {
				e.phase(Const(half), controls)
			}
		}
	})
}

// together makes two qubits of at least three controls: both are 1 where all of
// the controls are, and inner works on them. Each pair that is put together on a
// clean qubit leaves two: where it is not all ones the result is lost already, so
// that its qubits may hold anything, and otherwise they are known.
func (e *expansion) together(controls []int, clean int, inner func(p, q int)) {
	from := len(e.out)
	e.toffoli(controls[0], controls[1], clean)
	e.one(X, controls[0])
	e.one(X, controls[1])
	q := e.product(controls[2:], controls[0], controls[1])
	to := len(e.out)
	inner(clean, q)
	e.undo(from, to)
}

// product returns a qubit that holds the product of some, given two clean ones.
func (e *expansion) product(list []int, a, b int) int {
	switch len(list) {
	case 1:
		return list[0]
	case 2:
		e.toffoli(list[0], list[1], a)
		return a
	}
	e.toffoli(list[0], list[1], a)
	e.one(X, list[0])
	e.one(X, list[1])
	e.toffoli(a, e.product(list[2:], list[0], list[1]), b)
	return b
}

// flip is x on a target under controls.
func (e *expansion) flip(controls []int, target int) {
	k := len(controls)
	switch {
	case k == 0:
		e.one(X, target)
	case k == 1:
		e.cx(controls[0], target)
	case k == 2:
		e.add(CCX, []int{controls[0], controls[1], target})
	case len(e.spare.Clean) > 0:
		e.together(controls, e.spare.Clean[0], func(p, q int) { e.flip([]int{p, q}, target) })
	case len(e.spare.Borrowed) > 0 && k > 3:
		e.borrowing(controls, e.spare.Borrowed[:min(len(e.spare.Borrowed), k-3)], target)
	default:
		e.within(func() { e.one(H, target) }, func() { e.phase(Const(math.Pi), append(slices.Clone(controls), target)) })
	}
}

// borrowing is flip with borrowed qubits: the first of them is a control together
// with the first of the controls, before and after it is flipped by the rest,
// which the others help with.
func (e *expansion) borrowing(controls, borrowed []int, target int) {
	first, d := controls[0], borrowed[0]
	// Of ccz the phases on parities with d; the others cancel.
	half := func() {
		for i, on := range []int{first, target, first, target} {
			e.one([]Gate{T, TDG}[i%2], d)
			e.cx(on, d)
		}
	}
	var from, to int
	e.within(func() { e.one(H, target); half() }, func() {
		from = len(e.out)
		e.toggle(controls[1:], borrowed)
		to = len(e.out)
	})
	e.undo(from, to)
}

// toggle flips borrowed[0] by the product of controls, up to a phase; it flips the
// other borrowed qubits too.
func (e *expansion) toggle(controls, borrowed []int) {
	if len(borrowed) == 1 {
		e.relative(controls, borrowed[0])
		return
	}
	// Of the toffoli from borrowed[1] the last part cancels.
	e.within(func() {
		e.slanted(controls[0], borrowed[0])
		e.signed([]int{borrowed[1]}, borrowed[0])
	}, func() { e.toggle(controls[1:], borrowed[1:]) })
}

// toffoli is ccx up to a phase, with 3 cx (Margolus; Maslov 2016).
func (e *expansion) toffoli(a, b, target int) { e.relative([]int{a, b}, target) }

// relative is flip up to a phase on each basis state, with 6k-12 cx for k > 2: a
// reflection of the target under one control before and after a half turn about
// z under the others.
func (e *expansion) relative(controls []int, target int) {
	last := len(controls) - 1
	if last == 0 {
		e.cx(controls[0], target)
		return
	}
	c := controls[last]
	e.slanted(c, target)
	if rest := controls[:last]; last < 3 {
		e.signed(rest, target)
	} else { // where c is 0 it may hold anything: what lies within is diagonal
		e.one(X, c)
		e.together(rest, c, func(p, q int) { e.signed([]int{p, q}, target) })
		e.one(X, c)
	}
	e.slanted(c, target)
}

// slanted is a reflection at an axis between y and z under a control; it undoes
// itself.
func (e *expansion) slanted(control, target int) {
	e.one(H, target)
	e.one(T, target)
	e.cx(control, target)
	e.one(TDG, target)
	e.one(H, target)
}

// signed is z on a target under one or two controls, up to a phase of the controls.
func (e *expansion) signed(controls []int, target int) {
	if len(controls) == 1 {
		e.one(H, target)
		e.cx(controls[0], target)
		e.one(H, target)
		return
	}
	e.turn(Const(math.Pi), controls, target)
}

// turn is rz on a target under controls. Without a clean qubit it is a commutator
// of flips under the last two controls and of flips under the others, which may
// have a phase of the controls; where the last two are not both 1 the others may
// do what they like, so one of the two serves them as a clean qubit.
func (e *expansion) turn(a Angle, controls []int, target int) {
	k := len(controls)
	switch {
	case k == 0:
		e.one(RZ, target, a)
		return
	case k == 1:
		e.add(CRZ, []int{controls[0], target}, a)
		return
	case k > 2 && len(e.spare.Clean) > 0:
		e.together(controls, e.spare.Clean[0], func(p, q int) { e.turn(a, []int{p, q}, target) })
		return
	}
	most := max(k-2, 1)
	quarter := a.Scale(0.25)
	begin := len(e.out)
	e.phased(controls[:most], controls[k-1], target)
	middle := len(e.out)
	e.one(RZ, target, quarter.Neg())
	other := len(e.out)
	e.phased(controls[most:], 0, target)
	end := len(e.out)
	e.one(RZ, target, quarter)
	e.undo(begin, middle)
	e.one(RZ, target, quarter.Neg())
	e.undo(other, end)
	e.one(RZ, target, quarter)
}

// phased is flip up to a phase of the controls, with 6k-8 cx for k > 1. For more
// than two controls it needs a qubit that is 1.
func (e *expansion) phased(controls []int, known, target int) {
	switch len(controls) {
	case 1:
		e.cx(controls[0], target)
	case 2:
		e.within(func() { e.one(H, target) }, func() { e.turn(Const(math.Pi), controls, target) })
	default:
		e.within(func() { e.one(X, known) }, func() {
			e.together(controls, known, func(p, q int) { e.phased([]int{p, q}, 0, target) })
		})
	}
}

// phase writes e^{ia} on the state in which all of the qubits are 1.
func (e *expansion) phase(a Angle, qubits []int) {
	n := len(qubits)
	last := max(n-1, 0)
	switch pi := a.IsConst() && math.Abs(math.Abs(math.Remainder(a.Const, turn))-math.Pi) < 1e-13; {
	case n == 0:
		e.add(GPhase, nil, a)
	case n == 1:
		e.one(P, qubits[0], a)
	case n == 2:
		e.add(CP, qubits, a)
	case n == 3 && pi:
		e.add(CCZ, qubits)
	case n > 3 && len(e.spare.Clean) > 0:
		e.together(qubits[:last], e.spare.Clean[0], func(p, q int) { e.phase(a, []int{p, q, qubits[last]}) })
	case n > 4 && pi && len(e.spare.Borrowed) > 0:
		e.within(func() { e.one(H, qubits[last]) }, func() { e.flip(qubits[:last], qubits[last]) })
	case n < 6:
		e.parities(a, qubits)
	default:
		e.ladder(a, qubits[:last], qubits[last])
	}
}

// parities writes a phase with 2^n-2 cx: the product of n bits is the sum over
// all parities of some of them, with the sign of their number, over 2^(n-1). Each
// qubit goes through those parities of which it is the last member.
func (e *expansion) parities(a Angle, qubits []int) {
	part := a.Scale(1 / float64(int(1)<<(len(qubits)-1)))
	for i, q := range qubits {
		members := 0 // a Gray code
		e.one(P, q, part)
		for s := 1; s <= 1<<i && i > 0; s++ {
			bit := 0
			for s>>bit&1 == 0 && bit < i-1 {
				bit++
			}
			members ^= 1 << bit
			e.cx(qubits[bit], q)
			if members != 0 {
				sign := 1.0
				for m := members; m != 0; m &= m - 1 {
					sign = -sign
				}
				e.one(P, q, part.Scale(sign))
			}
		}
	}
}

// ladder writes a phase on all of the qubits x_1 … x_k and t without another
// qubit. With p_i the product of the first i bits and x_i' = x_i xor p_(i-1),
//
//	2·x_i·p_(i-1) = p_(i-1) + x_i - x_i',
//
// so the phase is half of it on x_i, minus half of it on x_i', and half of it on
// p_(i-1), all times t, and so on down (Barenco et al. 1995, lemma 7.5). All x_i'
// are made at once. Where t is 0 nothing happens between making and unmaking
// them: it serves as the clean qubit.
func (e *expansion) ladder(a Angle, x []int, t int) {
	parts := func(sign float64) {
		part := a.Scale(sign)
		for i := len(x) - 1; i >= 3; i-- {
			part = part.Scale(0.5)
			e.add(CP, []int{x[i], t}, part)
		}
	}
	parts(1)
	e.within(func() {
		e.one(X, t)
		e.rungs(x, 0, nil, []int{t})
		e.one(X, t)
	}, func() { parts(-1) })
	e.parities(a.Scale(math.Ldexp(1, 3-len(x))), append(slices.Clone(x[:3]), t))
}

// rungs flips each x_i from the fourth on by the product of those before it, up
// to phases, beginning with that of the number from. The flags are 1 where all
// before that one are; where they are, the cells are clean. Products of the next
// bits are made in the cells, one bit more than there are cells. Where the last
// of these is 1 all bits in it are known, so they are the next cells.
func (e *expansion) rungs(x []int, from int, flags, cells []int) {
	n := min(len(cells)+1, len(x)-from)
	more := from+n < len(x)
	products := []int{x[from]}
	marks := []int{len(e.out)}
	for j := 1; j < n && (more || j < n-1); j++ {
		e.toffoli(products[j-1], x[from+j], cells[j-1])
		products = append(products, cells[j-1])
		marks = append(marks, len(e.out))
	}
	if more {
		top := products[n-1]
		known := slices.Concat(x[from:from+n], products[1:max(n-1, 1)])
		if n == 1 {
			known = nil
		}
		turnRound := func() {
			for _, q := range known {
				e.one(X, q)
			}
		}
		turnRound()
		e.rungs(x, from+n, append(slices.Clone(flags), top), known)
		turnRound()
	}
	for j := n - 1; j >= 0; j-- {
		if j > 0 && j < len(products) {
			e.undo(marks[j-1], marks[j])
		}
		controls := slices.Clone(flags)
		if j > 0 {
			controls = append(controls, products[j-1])
		}
		if from+j >= 3 {
			e.relative(controls, x[from+j])
		}
	}
}
