package qasm

import (
	"math/big"

	"qgan/ir"
	"qgan/qasm/syntax"
)

// What is computed from bits, measured ones included.

// bitwise computes and, or and xor bit by bit.
func (r *reader) bitwise(op syntax.Kind, a, b value, at syntax.Pos) value {
	bool := a.kind == boolKind && b.kind == boolKind
	n := max(len(a.bits), len(b.bits), 1)
	p, q := r.toBits(a, typ{kind: bitKind, width: n}, at), r.toBits(b, typ{kind: bitKind, width: n}, at)
	if p.kind == poison || q.kind == poison {
		return value{}
	}
	out := make([]bit, n)
	for i := range out {
		out[i] = r.temporary(combine(op, p.bits[i], q.bits[i]))
	}
	if bool {
		return r.toBool(bitsValue(out), at)
	}
	v := bitsValue(out)
	v.scalar = a.scalar && b.scalar
	return v
}

// small reports whether a condition, written out, has at most so many parts.
func small(c ir.Cond, parts int) bool {
	left := parts
	var visit func(ir.Cond)
	visit = func(c ir.Cond) {
		if left--; left < 0 {
			return
		}
		switch c := c.(type) {
		case ir.All:
			for _, x := range c {
				visit(x)
			}
		case ir.Any:
			for _, x := range c {
				visit(x)
			}
		case ir.Not:
			visit(c.Cond)
		}
	}
	visit(c)
	return left >= 0
}

func combine(op syntax.Kind, a, b bit) bit {
	if a.known() && b.known() {
		switch op {
		case syntax.And:
			return knownBit(a.one && b.one)
		case syntax.Or:
			return knownBit(a.one || b.one)
		}
		return knownBit(a.one != b.one)
	}
	if a.known() {
		a, b = b, a
	}
	if b.known() { // a is not
		switch {
		case op == syntax.And && b.one, op != syntax.And && !b.one:
			return a
		case op == syntax.Xor:
			return bit{flat: -1, cond: ir.Not{Cond: a.condition()}}
		}
		return b
	}
	p, q := a.condition(), b.condition()
	switch op {
	case syntax.And:
		return bit{flat: -1, cond: ir.All{p, q}}
	case syntax.Or:
		return bit{flat: -1, cond: ir.Any{p, q}}
	}
	return bit{flat: -1, cond: ir.Any{ir.All{p, ir.Not{Cond: q}}, ir.All{ir.Not{Cond: p}, q}}}
}

func (r *reader) shift(op syntax.Kind, a, b value, at syntax.Pos) value {
	if !b.isInt() {
		b = r.toInteger(b, typ{kind: uintKind, width: b.width}, at)
	}
	switch {
	case b.kind == poison:
		return b
	case a.kind != bitKind:
		return r.operate(op, r.toInteger(a, typ{kind: uintKind, width: a.width}, at), b, at)
	case b.i < 0:
		r.wrong(at, "", "a shift by %d", b.i)
		return value{}
	}
	out := make([]bit, len(a.bits))
	for i := range out {
		from := int64(i) - b.i
		if op == syntax.Shr {
			from = int64(i) + b.i
		}
		if out[i] = knownBit(false); from >= 0 && from < int64(len(out)) {
			out[i] = a.bits[from]
		}
	}
	a.bits = out
	return a
}

// compare computes a rel b.
func (r *reader) compare(rel ir.Relation, a, b value, at syntax.Pos) value {
	if a.kind == durationKind && b.kind == durationKind {
		p, q, ok := sameUnit(a, b)
		if !ok {
			return r.unsupported(at, "durations in dt and in seconds together")
		}
		return truth(holds(rel, compareFloats(p.f, q.f)))
	}
	if a.kind == durationKind || b.kind == durationKind {
		r.fail(at, "", "a %s can't be compared with a %s", kindNames[a.kind], kindNames[b.kind])
		return value{}
	}
	if a.symbolic() || b.symbolic() {
		return r.unsupported(at, "a condition on an input")
	}
	if a.known() && b.known() && a.bits == nil && b.bits == nil {
		if a.isInt() && b.isInt() {
			return truth(holds(rel, a.bigInt().Cmp(b.bigInt())))
		}
		return truth(holds(rel, compareFloats(a.float(), b.float())))
	}
	for _, v := range []value{a, b} {
		if v.kind == floatKind || v.kind == angleKind {
			return r.unsupported(at, "a comparison of measured bits with a %s", kindNames[v.kind])
		}
	}
	if (a.bits == nil && a.cond == nil) && (b.bits != nil || b.cond != nil) {
		return r.compare(mirrored[rel], b, a, at)
	}
	// a holds bits; signed numbers are shifted so that their order is that of
	// unsigned ones.
	if (rel == ir.Equal || rel == ir.NotEqual) && b.isInt() && b.bits == nil && a.kind == intKind && a.width > 0 {
		// The specification's own examples compare int[2](syn) with 2 and 3.
		k, size := b.bigInt(), new(big.Int).Lsh(big.NewInt(1), uint(len(a.bits)))
		if k.Sign() < 0 {
			k = new(big.Int).Add(k, size)
		}
		return r.compareBits(rel, a.bits, k)
	}
	if b.bits == nil && b.cond == nil {
		p, pOffset := unsignedBits(a)
		k := b.bigInt()
		if b.kind == boolKind {
			k = new(big.Int)
			if b.b {
				k.SetInt64(1)
			}
		}
		k = new(big.Int).Add(k, pOffset)
		return r.compareBits(rel, p, k)
	}
	for _, v := range []*value{&a, &b} {
		if v.kind == boolKind {
			v.bits = []bit{{flat: -1, cond: v.cond, one: v.b}}
		}
	}
	return r.compareMeasured(rel, a, b)
}

var mirrored = map[ir.Relation]ir.Relation{
	ir.Equal: ir.Equal, ir.NotEqual: ir.NotEqual, ir.Less: ir.Greater, ir.LessEqual: ir.GreaterEqual,
	ir.Greater: ir.Less, ir.GreaterEqual: ir.LessEqual,
}

func holds(rel ir.Relation, order int) bool {
	switch rel {
	case ir.Equal:
		return order == 0
	case ir.NotEqual:
		return order != 0
	case ir.Less:
		return order < 0
	case ir.LessEqual:
		return order <= 0
	case ir.Greater:
		return order > 0
	}
	return order >= 0
}

func compareFloats(a, b float64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// unsignedBits returns the bits of a value and what was added to it so that
// they are an unsigned number: 2^(n-1) for a signed one, whose top bit is
// turned round.
func unsignedBits(v value) ([]bit, *big.Int) {
	if v.kind == boolKind {
		return []bit{{flat: -1, cond: v.cond, one: v.b}}, new(big.Int)
	}
	n := len(v.bits)
	if v.kind != intKind || v.width == 0 || n == 0 {
		return v.bits, new(big.Int)
	}
	out := append([]bit(nil), v.bits...)
	if top := out[n-1]; top.known() {
		out[n-1].one = !top.one
	} else {
		out[n-1] = bit{flat: -1, cond: ir.Not{Cond: top.condition()}}
	}
	return out, new(big.Int).Lsh(big.NewInt(1), uint(n-1))
}

// compareBits compares an unsigned number, least significant bit first, with a
// known one.
func (r *reader) compareBits(rel ir.Relation, bits []bit, k *big.Int) value {
	flats := make([]int, len(bits))
	plain := true
	seen := map[int]bool{}
	for i, b := range bits {
		flats[i] = b.flat
		plain = plain && b.flat >= 0 && b.cond == nil && !seen[b.flat]
		seen[b.flat] = true
	}
	if k.Sign() < 0 || k.BitLen() > len(bits) { // out of range: decided
		order := -1
		if k.Sign() < 0 {
			order = 1
		}
		return truth(holds(rel, order))
	}
	if plain {
		return condition(ir.Compare{Bits: flats, Rel: rel, Value: k})
	}
	switch rel {
	case ir.NotEqual:
		return negate(r.compareBits(ir.Equal, bits, k))
	case ir.LessEqual:
		return negate(r.compareBits(ir.Greater, bits, k))
	case ir.GreaterEqual:
		return negate(r.compareBits(ir.Less, bits, k))
	}
	// From the least significant bit up: x < k where the top bits differ so, or
	// are equal and the rest is less.
	out := knownBit(rel == ir.Equal)
	for i, b := range bits {
		one := knownBit(k.Bit(i) == 1)
		out = combine(syntax.And, inverse(combine(syntax.Xor, b, one)), out)
		switch {
		case rel == ir.Less && one.one:
			out = combine(syntax.Or, inverse(b), out)
		case rel == ir.Greater && !one.one:
			out = combine(syntax.Or, b, out)
		}
		out = r.temporary(out)
	}
	if out.known() {
		return truth(out.one)
	}
	return condition(out.condition())
}

func negate(v value) value {
	if v.cond != nil {
		return condition(ir.Not{Cond: v.cond})
	}
	return truth(!v.b)
}
