package qasm

import (
	"math/big"
	"slices"

	"qgan/ir"
)

// conjunction is a condition in the form that readers accept: comparisons with
// == of one bit or of a whole register, all of which hold, or not all.
type conjunction struct {
	atoms   []ir.Compare
	negated bool
}

// not negates; the negation of a comparison of one bit is one again.
func (c conjunction) not() conjunction {
	if len(c.atoms) == 1 && len(c.atoms[0].Bits) == 1 && !c.negated {
		a := c.atoms[0]
		return conjunction{atoms: []ir.Compare{bitIs(a.Bits[0], a.Value.Sign() == 0)}}
	}
	c.negated = !c.negated
	return c
}

func bitIs(bit int, set bool) ir.Compare {
	v := new(big.Int)
	if set {
		v.SetInt64(1)
	}
	return ir.Compare{Bits: []int{bit}, Rel: ir.Equal, Value: v}
}

// condition brings a condition into that form, or reports that it has none.
func (l *lowering) condition(cond ir.Cond) (conjunction, bool) {
	switch c := cond.(type) {
	case ir.Compare:
		return l.compare(c)
	case ir.Not:
		inner, ok := l.condition(c.Cond)
		return inner.not(), ok
	case ir.All:
		var out conjunction
		for _, x := range c {
			inner, ok := l.condition(x)
			switch {
			case !ok:
				return inner, false
			case inner.negated && len(inner.atoms) == 0: // false
				return inner, true
			case inner.negated && len(c) > 1:
				return inner, false
			case inner.negated:
				return inner, true
			}
			out.atoms = append(out.atoms, inner.atoms...)
		}
		return out, true
	case ir.Any: // not all of them are not so
		all := make(ir.All, len(c))
		for i, x := range c {
			all[i] = ir.Not{Cond: x}
		}
		inner, ok := l.condition(all)
		return inner.not(), ok
	}
	return conjunction{}, false
}

// maxAlternatives bounds the comparisons that a loop is written with.
const maxAlternatives = 4

// alternatives brings a condition into the form of comparisons of one bit or of
// a whole register, one of which holds, or reports that it has no short one.
func (l *lowering) alternatives(cond ir.Cond) ([]ir.Compare, bool) {
	var out []ir.Compare
	c, ok := l.condition(cond)
	switch {
	case ok && !c.negated && len(c.atoms) <= 1:
		return c.atoms, len(c.atoms) == 1
	case ok && c.negated: // one of the bits is different
		for _, a := range c.atoms {
			for i, b := range a.Bits {
				out = append(out, bitIs(b, a.Value.Bit(i) == 0))
			}
		}
		return out, len(out) <= maxAlternatives
	}
	r, ok := l.registerOf(ir.CondBits(cond))
	if !ok {
		return nil, false
	}
	values, ok := r.values()
	bits := make([]bool, r.first+r.size)
	for _, v := range values {
		if r.set(bits, v); cond.Holds(bits) {
			out = append(out, ir.Compare{Bits: r.indices(), Rel: ir.Equal, Value: v})
		}
	}
	return out, ok && len(out) <= maxAlternatives
}

func (l *lowering) compare(c ir.Compare) (conjunction, bool) {
	always, never := conjunction{}, conjunction{negated: true}
	switch n := len(c.Bits); {
	case n == 0:
		if c.Holds(nil) {
			return always, true
		}
		return never, true
	case n == 1: // any relation, by its two values
		bit := ir.Compare{Bits: []int{0}, Rel: c.Rel, Value: c.Value}
		zero, one := bit.Holds([]bool{false}), bit.Holds([]bool{true})
		switch {
		case zero && one:
			return always, true
		case !zero && !one:
			return never, true
		}
		return conjunction{atoms: []ir.Compare{bitIs(c.Bits[0], one)}}, true
	case c.Rel == ir.NotEqual:
		c.Rel = ir.Equal
		inner, ok := l.compare(c)
		return inner.not(), ok
	case c.Rel != ir.Equal:
		return conjunction{}, false
	case c.Value.Sign() < 0 || c.Value.BitLen() > n:
		return never, true
	}
	if slices.ContainsFunc(l.bits, func(r register) bool { return r.is(c.Bits) }) {
		return conjunction{atoms: []ir.Compare{c}}, true
	}
	var out conjunction
	for i, b := range c.Bits {
		out.atoms = append(out.atoms, bitIs(b, c.Value.Bit(i) == 1))
	}
	return out, true
}
