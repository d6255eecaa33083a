package qasm

import (
	"math/big"

	"qgan/ir"
	"qgan/qasm/syntax"
)

// Numbers that depend on outcomes are computed bit by bit, modulo 2^width, as in a processor.

// common is the type of the result of two integers: the wider one; a literal takes the type of
// the other, and unsigned wins.
func common(a, b typ) typ {
	out := a
	switch {
	case a.width == 0 && b.width > 0, b.width > a.width && a.width > 0:
		out = b
	case a.kind != b.kind && a.width == b.width && a.width > 0:
		out.kind = uintKind
	}
	return out
}

// wide returns the bits of an integer, n of them.
func (v value) wide(n int) []bit {
	if v.bits != nil {
		return v.extended(n)
	}
	out := make([]bit, n)
	k := v.bigInt()
	for i := range out {
		out[i] = knownBit(k.Bit(i) == 1)
	}
	return out
}

// arithmetic computes with two integers, one of which at least depends on outcomes.
func (r *reader) arithmetic(op syntax.Kind, a, b value, at syntax.Pos) value {
	t := common(a.typ, b.typ)
	if op == syntax.Shl || op == syntax.Shr {
		t = a.typ
	}
	if t.width == 0 {
		t.width = max(plainWidth, len(a.bits), len(b.bits))
	}
	x, y := a.wide(t.width), b.wide(t.width)
	out := value{typ: t}
	switch op {
	case syntax.Plus:
		out.bits = r.sum(x, y, knownBit(false))
	case syntax.Minus:
		out.bits = r.sum(x, inverted(y), knownBit(true))
	case syntax.Star:
		if t.width > maxProduct {
			return r.unsupported(at, "a product of measured numbers of more than %d bits", maxProduct)
		}
		out.bits = r.product(x, y)
	case syntax.And, syntax.Or, syntax.Xor:
		out.bits = make([]bit, t.width)
		for i := range out.bits {
			out.bits[i] = r.temporary(combine(op, x[i], y[i]))
		}
	case syntax.Shl, syntax.Shr:
		k := b.bigInt()
		if k.Sign() < 0 {
			r.wrong(at, "", "a shift by %v", k)
			return value{}
		}
		by := t.width
		if k.IsInt64() && k.Int64() < int64(by) {
			by = int(k.Int64())
		}
		fill := knownBit(false)
		if op == syntax.Shr && a.kind == intKind {
			fill = x[t.width-1]
		}
		out.bits = make([]bit, t.width)
		for i := range out.bits {
			switch {
			case op == syntax.Shl && i >= by:
				out.bits[i] = x[i-by]
			case op == syntax.Shr && i+by < t.width:
				out.bits[i] = x[i+by]
			case op == syntax.Shr:
				out.bits[i] = fill
			}
			if op == syntax.Shl && i < by {
				out.bits[i] = knownBit(false)
			}
		}
	case syntax.Slash, syntax.Percent:
		return r.byPowerOfTwo(op, a, b, out, at)
	default:
		r.fail(at, "", "'%v' can't be applied to integers", op)
		return value{}
	}
	return out.settled(r, at)
}

// settled turns a number whose bits are all known into a known one.
func (v value) settled(r *reader, at syntax.Pos) value {
	if k := bitsValue(v.bits); k.known() {
		return r.toInteger(k, v.typ, at)
	}
	return v
}

// byPowerOfTwo divides a number that is not negative by a known power of two.
func (r *reader) byPowerOfTwo(op syntax.Kind, a, b, out value, at syntax.Pos) value {
	n := b.bigInt().BitLen() - 1
	x := a.wide(out.width)
	out.bits = make([]bit, out.width)
	for i := range out.bits {
		out.bits[i] = knownBit(false)
		switch {
		case op == syntax.Slash && i+n < out.width:
			out.bits[i] = x[i+n]
		case op == syntax.Percent && i < n:
			out.bits[i] = x[i]
		}
	}
	return out.settled(r, at)
}

func inverse(b bit) bit { return combine(syntax.Xor, b, knownBit(true)) }

func inverted(bits []bit) []bit {
	out := make([]bit, len(bits))
	for i, b := range bits {
		out[i] = inverse(b)
	}
	return out
}

// sum adds numbers of one width and a carry.
func (r *reader) sum(x, y []bit, carry bit) []bit {
	out := make([]bit, len(x))
	for i := range out {
		one := r.temporary(combine(syntax.Xor, x[i], y[i]))
		both := combine(syntax.And, x[i], y[i])
		out[i] = r.temporary(combine(syntax.Xor, one, carry))
		carry = r.temporary(combine(syntax.Or, both, combine(syntax.And, one, carry)))
	}
	return out
}

// product multiplies numbers of one width.
func (r *reader) product(x, y []bit) []bit {
	out := make([]bit, len(x))
	for i := range out {
		out[i] = knownBit(false)
	}
	for i := range y {
		if y[i].known() && !y[i].one {
			continue
		}
		part := make([]bit, len(x))
		for j := range part {
			part[j] = knownBit(false)
			if j >= i {
				part[j] = combine(syntax.And, x[j-i], y[i])
			}
		}
		out = r.sum(out, part, knownBit(false))
	}
	return out
}

// less says whether one number is less than another, both with the sign in their last bit.
func (r *reader) less(x, y []bit) bit {
	out := knownBit(false)
	for i := range x {
		a, b := x[i], y[i]
		if i == len(x)-1 {
			a, b = b, a
		}
		same := inverse(combine(syntax.Xor, a, b))
		out = r.temporary(combine(syntax.Or, combine(syntax.And, inverse(a), b), combine(syntax.And, r.temporary(same), out)))
	}
	return out
}

// equal says whether two numbers of one width are equal.
func (r *reader) equal(x, y []bit) bit {
	out := knownBit(true)
	for i := range x {
		out = r.temporary(combine(syntax.And, out, inverse(combine(syntax.Xor, x[i], y[i]))))
	}
	return out
}

// compareMeasured compares two numbers, neither of which is known, by their values.
func (r *reader) compareMeasured(rel ir.Relation, a, b value) value {
	n := max(len(a.bits), len(b.bits)) + 1 // one more for a sign
	x, y := a.extended(n), b.extended(n)
	var out bit
	switch rel {
	case ir.Equal:
		out = r.equal(x, y)
	case ir.NotEqual:
		out = inverse(r.equal(x, y))
	case ir.Less:
		out = r.less(x, y)
	case ir.GreaterEqual:
		out = inverse(r.less(x, y))
	case ir.Greater:
		out = r.less(y, x)
	default:
		out = inverse(r.less(y, x))
	}
	return r.toBool(bitsValue([]bit{out}), r.here)
}

// counted adds up bits.
func (r *reader) counted(bits []bit) []bit {
	n := big.NewInt(int64(len(bits))).BitLen()
	out := make([]bit, n)
	for i := range out {
		out[i] = knownBit(false)
	}
	for _, b := range bits {
		one := make([]bit, n)
		for i := range one {
			one[i] = knownBit(false)
		}
		one[0] = b
		out = r.sum(out, one, knownBit(false))
	}
	return out
}
