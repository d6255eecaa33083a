package qasm

import (
	"math"
	"math/big"

	"qgan/ir"
	"qgan/qasm/syntax"
)

// kind is the type of a value.
type kind uint8

const (
	poison kind = iota // unknown: part of what a circuit cannot hold
	intKind
	uintKind
	floatKind
	angleKind // radians in [0, 2π)
	boolKind
	bitKind // one bit or a register
	durationKind
)

var kindNames = [...]string{"unknown value", "int", "uint", "float", "angle", "bool", "bit", "duration"}

// typ is a classical type: its kind and its width in bits (of a register of
// bits, its length; 0 where it has none).
type typ struct {
	kind   kind
	width  int
	scalar bool // a single bit
}

// value is what an expression stands for. Numbers are known, or (floats and
// angles) linear in the inputs; bools and bits are known or depend on measured
// bits.
type value struct {
	typ
	i    int64
	big  *big.Int // where it does not fit into i
	f    float64
	sym  []ir.Term // added to f
	b    bool
	cond ir.Cond // of a bool that is not known
	bits []bit
	// table: the values that a float, an angle without a width or a duration has, by the number that bits are.
	table []value
	unit  string // of a duration: "dt" or one of SI
}

// bit is one classical bit: known, a flat bit of the circuit, or a condition.
type bit struct {
	flat int // -1 for none
	cond ir.Cond
	one  bool // where known
}

func knownBit(one bool) bit { return bit{flat: -1, one: one} }
func flatBit(flat int) bit  { return bit{flat: flat} }

func (b bit) known() bool { return b.flat < 0 && b.cond == nil }

// condition is that the bit is 1.
func (b bit) condition() ir.Cond {
	switch {
	case b.cond != nil:
		return b.cond
	case b.flat >= 0:
		return ir.BitSet(b.flat)
	case b.one:
		return ir.All{}
	}
	return ir.Any{}
}

func integer(i int64) value      { return value{typ: typ{kind: intKind}, i: i} }
func number(f float64) value     { return value{typ: typ{kind: floatKind}, f: f} }
func truth(b bool) value         { return value{typ: typ{kind: boolKind}, b: b} }
func bitsValue(bits []bit) value { return value{typ: typ{kind: bitKind, width: len(bits)}, bits: bits} }
func condition(c ir.Cond) value  { return value{typ: typ{kind: boolKind}, cond: c} }
func (v value) isInt() bool      { return v.kind == intKind || v.kind == uintKind }
func (v value) isNumber() bool   { return v.kind >= intKind && v.kind <= angleKind }
func (v value) symbolic() bool   { return len(v.sym) > 0 }
func (v value) angle() ir.Angle  { return ir.Angle{Const: v.f, Terms: v.sym} }
func fromAngle(a ir.Angle) value { return value{typ: typ{kind: floatKind}, f: a.Const, sym: a.Terms} }
func (v value) bigInt() *big.Int {
	if v.big != nil {
		return v.big
	}
	if v.kind == uintKind {
		return new(big.Int).SetUint64(uint64(v.i))
	}
	return big.NewInt(v.i)
}

// known reports whether the value depends on no measurement and no input.
func (v value) known() bool {
	for _, b := range v.bits {
		if !b.known() {
			return false
		}
	}
	return v.cond == nil && !v.symbolic()
}

// float returns a number as a float64.
func (v value) float() float64 {
	switch {
	case v.big != nil:
		f, _ := new(big.Float).SetInt(v.big).Float64()
		return f
	case v.kind == intKind:
		return float64(v.i)
	case v.kind == uintKind:
		return float64(uint64(v.i))
	case v.kind == boolKind && v.b:
		return 1
	}
	return v.f
}

// wrap brings an integer into the range of its type, modulo 2^width.
func (v value) wrap() value {
	if w := v.width; w > 0 && w < 64 {
		v.i &= 1<<w - 1
		if v.kind == intKind && v.i>>(w-1) == 1 {
			v.i -= 1 << w
		}
	}
	return v
}

// round brings an angle into [0, 2π) and, where the type has a width n, to a
// multiple of 2π/2^n ("Angles" in the specification).
func roundAngle(x float64, width int) float64 {
	const turn = 2 * math.Pi
	if x < 0 || x >= turn {
		x = math.Mod(x, turn)
		if x < 0 {
			x += turn
		}
	}
	if width > 0 && width < 53 {
		steps := math.Ldexp(1, width)
		x = math.Mod(math.RoundToEven(x/turn*steps), steps) / steps * turn
	}
	return x
}

// toBool converts to bool.
func (r *reader) toBool(v value, at syntax.Pos) value {
	switch v.kind {
	case poison, boolKind:
		return v
	case bitKind:
		any := ir.Any{}
		for _, b := range v.bits {
			switch {
			case b.known() && b.one:
				return truth(true)
			case !b.known():
				any = append(any, b.condition())
			}
		}
		switch len(any) {
		case 0:
			return truth(false)
		case 1:
			return condition(any[0])
		}
		return condition(any)
	case intKind, uintKind:
		if v.bits != nil { // of measured bits
			return r.toBool(bitsValue(v.bits), at)
		}
		return truth(v.i != 0 || v.big != nil)
	case floatKind, angleKind:
		if v.measured() {
			return r.tabulate(at, "a condition", []value{v}, func(a []value) value { return r.toBool(a[0], at) })
		}
		if v.symbolic() {
			return r.unsupported(at, "a condition on an input")
		}
		return truth(v.f != 0)
	}
	r.fail(at, "", "a %s is no condition", kindNames[v.kind])
	return value{}
}

// convert converts a value to a type, by an assignment or a cast.
func (r *reader) convert(v value, t typ, at syntax.Pos) value {
	if v.kind == poison || t.kind == poison {
		return value{typ: typ{kind: poison}}
	}
	if v.measured() {
		switch packed := v.table == nil && t.width == v.width; {
		case packed && v.kind == bitKind && t.packed(), packed && v.kind == angleKind && t == v.typ:
			v.typ = t
			return v
		case packed && v.kind == angleKind && t.kind == bitKind:
			return r.toBits(v, t, at)
		case v.kind == angleKind, v.kind == floatKind, v.kind == durationKind, t.kind == angleKind, t.kind == floatKind:
			return r.tabulate(at, "a "+kindNames[t.kind], []value{v}, func(a []value) value { return r.convert(a[0], t, at) })
		}
	}
	switch t.kind {
	case boolKind:
		return r.toBool(v, at)
	case intKind, uintKind:
		return r.toInteger(v, t, at)
	case floatKind:
		switch {
		case v.isNumber() && v.bits == nil, v.kind == boolKind && v.cond == nil:
			out := number(v.float())
			out.sym, out.width = v.sym, t.width
			if t.width == 32 {
				out.f = float64(float32(out.f))
			}
			return out
		case v.kind == bitKind && v.known():
			return number(r.toInteger(v, typ{kind: uintKind, width: v.width}, at).float())
		}
	case angleKind:
		switch {
		case v.symbolic():
			v.typ = t
			return v
		case v.kind == bitKind && v.known() && v.width == t.width && t.width < 63:
			n := r.toInteger(v, typ{kind: uintKind, width: v.width}, at)
			return value{typ: t, f: float64(n.i) / math.Ldexp(1, t.width) * 2 * math.Pi}
		case v.isNumber() && v.bits == nil:
			return value{typ: t, f: roundAngle(v.float(), t.width)}
		case v.kind == bitKind && v.known():
			return r.unsupported(at, "an angle made of another number of bits than its own")
		}
	case bitKind:
		return r.toBits(v, t, at)
	case durationKind:
		if v.kind == durationKind {
			return v
		}
	}
	r.fail(at, "", "a %s can't become a %s", kindNames[v.kind], kindNames[t.kind])
	return value{}
}

func (r *reader) toInteger(v value, t typ, at syntax.Pos) value {
	out := value{typ: t}
	switch v.kind {
	case intKind, uintKind:
		out.i, out.big, out.bits = v.i, v.big, v.bits
		if v.big != nil && t.width > 0 && t.width <= 64 {
			out.i, out.big = low(v.big), nil
		}
		if v.bits != nil && t.width > 0 {
			out.bits = v.extended(t.width)
		}
	case floatKind, angleKind:
		switch {
		case v.symbolic():
			return r.unsupported(at, "an integer computed from an input")
		case v.kind == angleKind:
			r.fail(at, "", "an angle can't become a %s", kindNames[t.kind])
			return value{}
		case !(math.Abs(v.f) < 1<<62):
			r.fail(at, "", "%v is out of the range of integers", v.f)
			return value{}
		}
		out.i = int64(v.f)
	case boolKind:
		if v.cond != nil {
			out.bits = resize([]bit{{flat: -1, cond: v.cond}}, max(t.width, 1))
			return out
		}
		if v.b {
			out.i = 1
		}
	case bitKind:
		if !v.known() {
			out.bits = v.bits
			if t.width > 0 {
				out.bits = resize(v.bits, t.width)
			}
			return out
		}
		n := new(big.Int)
		for i, b := range v.bits {
			if b.one {
				n.SetBit(n, i, 1)
			}
		}
		switch {
		case t.width > 0 && t.width <= 64:
			out.i = low(n)
		case n.IsInt64(), t.kind == uintKind && n.IsUint64():
			out.i = int64(n.Uint64())
		default:
			out.big = n
		}
	default:
		r.fail(at, "", "a %s can't become a %s", kindNames[v.kind], kindNames[t.kind])
		return value{}
	}
	return out.wrap()
}

// low is a number modulo 2^64, as the bits of a signed one.
func low(n *big.Int) int64 {
	return int64(new(big.Int).And(n, new(big.Int).SetUint64(math.MaxUint64)).Uint64())
}

// resize cuts bits off at the top, or adds zeros there.
func resize(bits []bit, n int) []bit {
	out := make([]bit, n)
	for i := range out {
		if out[i] = knownBit(false); i < len(bits) {
			out[i] = bits[i]
		}
	}
	return out
}

// extended cuts bits of an integer off at the top, or adds there zeros and, of a signed one of
// a width, its top bit.
func (v value) extended(n int) []bit {
	out := resize(v.bits, n)
	if v.kind == intKind && v.width > 0 {
		for i := len(v.bits); i < n; i++ {
			out[i] = out[i-1]
		}
	}
	return out
}

func (r *reader) toBits(v value, t typ, at syntax.Pos) value {
	n := max(t.width, 1)
	out := value{typ: typ{kind: bitKind, width: n, scalar: t.scalar}}
	switch v.kind {
	case bitKind:
		if len(v.bits) != n {
			r.fail(at, "", "%d bits are given where %d are wanted", len(v.bits), n)
			return value{}
		}
		out.bits = v.bits
	case intKind, uintKind:
		out.bits = make([]bit, n)
		k := v.bigInt()
		for i := range out.bits {
			if v.bits != nil {
				out.bits = v.extended(n)
				break
			}
			out.bits[i] = knownBit(k.Bit(i) == 1) // of a negative number those of its complement
		}
	case boolKind:
		out.bits = resize([]bit{{flat: -1, cond: v.cond, one: v.b}}, n)
	case angleKind:
		switch {
		case v.measured() && v.table == nil && len(v.bits) == n:
			out.bits = v.bits
			return out
		case v.measured():
			return r.tabulate(at, "bits of an angle", []value{v}, func(a []value) value { return r.toBits(a[0], t, at) })
		case v.symbolic():
			return r.unsupported(at, "bits of an input")
		}
		w := v.width
		if w == 0 || w > 52 {
			w = n
		}
		known := min(w, 64) // bits below these are 0
		k := uint64(math.Round(v.f / (2 * math.Pi) * math.Ldexp(1, known)))
		out.bits = make([]bit, n)
		for i := range out.bits {
			at := i - (w - known)
			out.bits[i] = knownBit(at >= 0 && at < 64 && k>>at&1 == 1)
		}
	default:
		r.fail(at, "", "a %s can't become bits", kindNames[v.kind])
		return value{}
	}
	return out
}
