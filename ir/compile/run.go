package compile

import (
	"math"

	"qgan/ir"
)

// run is a product of one-qubit gates on one qubit, the constant ones multiplied
// together:
//
//	U = post_k · Rz(a_k) · … · post_1 · Rz(a_1) · pre
//
// where the angles a hold symbols. A rotation about another axis is turned to Z
// by constants. Two angles with nothing but a diagonal between them are one.
type run struct {
	pre   quaternion
	terms []runTerm
}

type runTerm struct {
	angle ir.Angle
	post  quaternion
}

// empty reports whether the run is the identity.
func (r *run) empty() bool {
	return len(r.terms) == 0 && r.pre.diagonal() && math.Abs(r.pre.z) < tiny
}

// apply multiplies a constant gate from the left: it acts last.
func (r *run) apply(q quaternion) {
	if n := len(r.terms); n > 0 {
		r.terms[n-1].post = q.mul(r.terms[n-1].post)
		return
	}
	r.pre = q.mul(r.pre)
}

// toZ are constants W with W·P·W† = Z.
var toZ = [...]quaternion{
	axisX: {w: math.Sqrt2 / 2, y: -math.Sqrt2 / 2},
	axisY: {w: math.Sqrt2 / 2, x: math.Sqrt2 / 2},
	axisZ: {w: 1},
}

// rotate multiplies a rotation about an axis, of any angle.
func (r *run) rotate(p axis, a ir.Angle) {
	if a.IsConst() {
		r.apply(rotation(p, a.Const))
		return
	}
	w := toZ[p]
	r.apply(w)
	r.phase(a)
	r.apply(w.inverse())
}

// phase multiplies Rz of an angle with symbols.
func (r *run) phase(a ir.Angle) {
	if n := len(r.terms); n > 0 {
		last := &r.terms[n-1]
		switch {
		case last.post.diagonal():
			last.angle = last.angle.Add(a)
			r.fold()
			return
		case last.post.flips(): // Rz(a)·X = X·Rz(-a)
			last.angle = last.angle.Sub(a)
			r.fold()
			return
		}
	}
	r.terms = append(r.terms, runTerm{a, unit})
}

// fold turns the last term into a constant where its symbols have cancelled.
func (r *run) fold() {
	last := r.terms[len(r.terms)-1]
	if !last.angle.IsConst() {
		return
	}
	r.terms = r.terms[:len(r.terms)-1]
	r.apply(last.post.mul(rotation(axisZ, last.angle.Const)))
}

// gate multiplies a one-qubit gate of the table.
func (r *run) gate(g ir.Gate, angles []ir.Angle) {
	switch g {
	case ir.RX:
		r.rotate(axisX, angles[0])
		return
	case ir.RY:
		r.rotate(axisY, angles[0])
		return
	case ir.RZ, ir.P:
		r.rotate(axisZ, angles[0])
		return
	}
	constant := true
	var values [4]float64
	for i, a := range angles {
		constant = constant && a.IsConst()
		values[i] = a.Const
	}
	if constant {
		r.apply(quaternionOf(g.Info().Matrix(values[:len(angles)])))
		return
	}
	for _, s := range g.Info().Decompose(angles) {
		if s.Gate != ir.GPhase {
			r.gate(s.Gate, s.Angles)
		}
	}
}

// value is the whole product for values of the symbols.
func (r *run) value(b *binding) quaternion {
	q := r.pre
	for i := range r.terms {
		t := &r.terms[i]
		q = t.post.mul(rotation(axisZ, b.value(t.angle)).mul(q))
	}
	return q
}

// numeric reports whether all symbols of the run get values.
func (r *run) numeric(b *binding) bool {
	for i := range r.terms {
		if !b.covers(r.terms[i].angle) {
			return false
		}
	}
	return true
}

// bind replaces the symbols that get values.
func (r *run) bind(b *binding) run {
	out := run{pre: r.pre}
	for i := range r.terms {
		t := &r.terms[i]
		if a := b.apply(t.angle); a.IsConst() {
			out.apply(rotation(axisZ, a.Const))
		} else {
			out.phase(a)
		}
		out.apply(t.post)
	}
	return out
}

// binding holds values for symbols; nil leaves a kind as it is.
type binding struct{ trained, data []float64 }

func (b *binding) covers(a ir.Angle) bool {
	for _, t := range a.Terms {
		if t.Trained != ir.None && b.trained == nil || t.Data != ir.None && b.data == nil {
			return false
		}
	}
	return true
}

func (b *binding) value(a ir.Angle) float64 { return a.Value(b.trained, b.data) }

// apply binds an angle as far as there are values.
func (b *binding) apply(a ir.Angle) ir.Angle {
	if a.IsConst() {
		return a
	}
	if b.trained != nil {
		a = a.BindTrained(b.trained)
	}
	if b.data != nil {
		a = a.BindData(b.data)
	}
	return a
}
