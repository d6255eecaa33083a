package qasm

import (
	"math"
	"math/big"
	"math/bits"

	"qgan/ir"
	"qgan/qasm/syntax"
)

// constants are the built-in ones; version 2 has pi only.
var constants = map[string]float64{
	"pi": math.Pi, "π": math.Pi, "tau": 2 * math.Pi, "τ": 2 * math.Pi, "euler": math.E, "ℇ": math.E,
}

// eval computes an expression.
func (r *reader) eval(x syntax.Expr) value {
	switch x := x.(type) {
	case *syntax.Int:
		if r.v2 && x.Big == nil {
			return value{typ: typ{kind: intKind}, i: x.Value, f: float64(x.Value)}
		}
		return value{typ: typ{kind: intKind}, i: x.Value, big: x.Big}
	case *syntax.Float:
		return number(x.Value)
	case *syntax.Bool:
		return truth(x.Value)
	case *syntax.Ident:
		return r.variable(x)
	case *syntax.Unary:
		return r.unary(x)
	case *syntax.Binary:
		return r.binary(x)
	case *syntax.Bits:
		n := len(x.Text)
		out := make([]bit, n)
		for i := range out {
			out[i] = knownBit(x.Text[n-1-i] == '1')
		}
		return bitsValue(out)
	case *syntax.Duration:
		return value{typ: typ{kind: durationKind}, f: x.Value, unit: x.Unit}
	case *syntax.Imag:
		return r.unsupported(x.Pos(), "a complex number")
	case *syntax.Cast:
		t, ok := r.classical(&x.Type)
		v := r.eval(x.X)
		if !ok {
			return value{}
		}
		return r.convert(v, t, x.Pos())
	case *syntax.Index:
		return r.index(x)
	case *syntax.Apply:
		return r.function(x)
	case *syntax.DurationOf:
		r.check(func() { r.block(x.Body) })
		return r.unsupported(x.Pos(), "durationof")
	case *syntax.Range, *syntax.List:
		r.fail(x.Pos(), "", "a range or list is no value here")
	case *syntax.Measure:
		r.fail(x.Pos(), "assign it to a bit first", "a measurement may not stand inside an expression")
	}
	return value{}
}

// variable reads a name.
func (r *reader) variable(x *syntax.Ident) value {
	s := r.scope.find(x.Name)
	if s == nil {
		if c, ok := constants[x.Name]; ok && (!r.v2 || x.Name == "pi") {
			return number(c)
		}
		if x.Name[0] == '$' {
			r.fail(x.Pos(), "", "the qubit %s is no value", x.Name)
			return value{}
		}
		r.undefined(x.Pos(), x.Name, "")
		return value{}
	}
	switch s.kind {
	case variableSymbol:
		return r.current(s)
	case bitSymbol:
		return s.bitValue()
	case poisonSymbol:
		return value{}
	}
	r.fail(x.Pos(), "", "%s %q is no value", s.what(), x.Name)
	return value{}
}

// undefined reports a name that nothing is known about.
func (r *reader) undefined(at syntax.Pos, name, kind string) {
	hint := ""
	if near := r.scope.nearest(name); near != "" {
		hint = "did you mean '" + near + "'?"
	}
	if kind != "" {
		kind += " "
	}
	r.fail(at, hint, "%s'%s' is not defined", kind, name)
}

func (r *reader) unary(x *syntax.Unary) value {
	return r.apply1(x, r.eval(x.X))
}

// apply1 computes op v.
func (r *reader) apply1(x *syntax.Unary, v value) value {
	switch {
	case v.kind == poison:
		return v
	case v.measured() && v.isNumber() && !v.isInt():
		return r.tabulate(x.Pos(), "'"+x.Op.String()+"' of a number", []value{v}, func(a []value) value { return r.apply1(x, a[0]) })
	case x.Op == syntax.Not:
		v = r.toBool(v, x.Pos())
		if v.cond != nil {
			return condition(ir.Not{Cond: v.cond})
		}
		if v.kind == boolKind {
			v.b = !v.b
		}
		return v
	case x.Op == syntax.Tilde:
		switch {
		case v.kind == bitKind:
			out := make([]bit, len(v.bits))
			for i, b := range v.bits {
				out[i] = inverse(b)
			}
			v.bits = out
			return v
		case v.kind == boolKind: // seen in the wild
			if v.cond != nil {
				return condition(ir.Not{Cond: v.cond})
			}
			return truth(!v.b)
		case v.isInt() && v.bits != nil:
			v.bits = inverted(v.bits)
			return v
		case v.isInt() && v.big == nil:
			v.i = ^v.i
			return v.wrap()
		}
	case v.isInt() && v.bits == nil:
		if v.big != nil {
			v.big = new(big.Int).Neg(v.big)
			if v.big.IsInt64() {
				v.i, v.big = v.big.Int64(), nil
			}
			return v
		}
		if r.v2 && v.i == 0 {
			return number(math.Copysign(0, -1))
		}
		if v.kind == uintKind && v.width == 0 { // nothing to wrap around: what is negative is signed
			v = value{typ: typ{kind: intKind}, i: v.i, big: v.big}
			if v.i < 0 {
				v.big = new(big.Int).Neg(new(big.Int).SetUint64(uint64(v.i)))
				return v
			}
		}
		v.i = -v.i
		return v.wrap()
	case v.isInt():
		return r.arithmetic(syntax.Minus, integer(0), v, x.Pos())
	case v.kind == floatKind:
		if !v.symbolic() {
			v.f = -v.f
			return v
		}
		return fromAngle(v.angle().Neg())
	case v.kind == angleKind:
		if !v.symbolic() {
			v.f = roundAngle(-v.f, v.width)
			return v
		}
		return fromAngle(v.angle().Neg())
	case v.kind == durationKind:
		v.f = -v.f
		return v
	}
	r.fail(x.Pos(), "", "'%v' can't be applied to a %s", x.Op, kindNames[v.kind])
	return value{}
}

func (r *reader) binary(x *syntax.Binary) value {
	a := r.eval(x.X)
	switch x.Op {
	case syntax.AndAnd, syntax.OrOr:
		return r.logic(x, r.toBool(a, x.X.Pos()), r.toBool(r.eval(x.Y), x.Y.Pos()))
	}
	b := r.eval(x.Y)
	return r.operate(x.Op, a, b, x.OpAt)
}

func (r *reader) logic(x *syntax.Binary, a, b value) value {
	and := x.Op == syntax.AndAnd
	for _, k := range [][2]value{{a, b}, {b, a}} {
		if k[0].kind == boolKind && k[0].cond == nil { // decided, or no matter
			if k[0].b == and {
				return k[1]
			}
			return k[0]
		}
	}
	switch {
	case a.kind == poison || b.kind == poison:
		return value{}
	case and:
		return condition(r.temporary(bit{flat: -1, cond: ir.All{a.cond, b.cond}}).condition())
	}
	return condition(r.temporary(bit{flat: -1, cond: ir.Any{a.cond, b.cond}}).condition())
}

// operate computes a op b.
func (r *reader) operate(op syntax.Kind, a, b value, at syntax.Pos) value {
	if a.kind == poison || b.kind == poison {
		return value{}
	}
	if by := r.byTable(op, a, b); by != nil {
		return r.tabulate(at, "'"+op.String()+"' of a number", by, func(k []value) value {
			if len(k) == 1 {
				return r.operate(op, a, k[0], at)
			}
			return r.operate(op, k[0], k[1], at)
		})
	}
	if v, ok := r.angles(op, a, b, at); ok {
		return v
	}
	switch op {
	case syntax.EqualEqual, syntax.NotEqual, syntax.Less, syntax.LessEqual, syntax.Greater, syntax.GreaterEqual:
		return r.compare(ir.Relation(op.String()), a, b, at)
	}
	if a.kind == durationKind || b.kind == durationKind {
		return r.durations(op, a, b, at)
	}
	if a.kind == bitKind || b.kind == bitKind || a.kind == boolKind && b.kind == boolKind {
		switch op {
		case syntax.And, syntax.Or, syntax.Xor:
			return r.bitwise(op, a, b, at)
		case syntax.Shl, syntax.Shr:
			return r.shift(op, a, b, at)
		case syntax.Concat:
			if a.kind == bitKind && b.kind == bitKind {
				return bitsValue(append(append([]bit(nil), a.bits...), b.bits...))
			}
		}
	}
	for _, v := range []*value{&a, &b} {
		if v.kind == boolKind || v.kind == bitKind {
			*v = r.toInteger(*v, typ{kind: uintKind, width: v.width}, at)
		}
		if !v.isNumber() {
			r.fail(at, "", "'%v' can't be applied to a %s", op, kindNames[v.kind])
			return value{}
		}
	}
	if a.bits != nil || b.bits != nil {
		return r.arithmetic(op, a, b, at)
	}
	if a.isInt() && b.isInt() && (!r.v2 || op != syntax.Slash && op != syntax.Power) {
		return r.integers(op, a, b, at)
	}
	return r.floats(op, a, b, at)
}

// byTable returns the operands that an operation is computed for each value of, the second
// one alone or both; nil where it is not.
func (r *reader) byTable(op syntax.Kind, a, b value) []value {
	float := func(v value) bool { return v.isNumber() && !v.isInt() || v.kind == durationKind }
	shift := op == syntax.Shl || op == syntax.Shr
	angles := a.kind == angleKind && (shift && b.isInt() || b.typ == a.typ) && sameAngle[op] && a.packed() && !a.symbolic() && !b.symbolic() && a.table == nil && b.table == nil
	switch {
	case !a.measured() && !b.measured():
	case shift:
		if b.measured() {
			return []value{b}
		}
		if float(a) && !angles {
			return []value{a, b}
		}
	case (float(a) || float(b)) && !angles, op == syntax.Power:
		return []value{a, b}
	case op == syntax.Slash || op == syntax.Percent:
		k := b.bigInt()
		if b.measured() || !b.isInt() || k.Sign() <= 0 || new(big.Int).And(k, new(big.Int).Sub(k, big.NewInt(1))).Sign() != 0 || a.kind == intKind && a.width > 0 {
			return []value{a, b}
		}
	}
	return nil
}

// sameAngle are the operations on angles of a width that are those on numbers of so many bits.
var sameAngle = map[syntax.Kind]bool{syntax.Plus: true, syntax.Minus: true, syntax.And: true, syntax.Or: true, syntax.Xor: true, syntax.Shl: true, syntax.Shr: true}

// angles computes with angles of a width as with numbers of so many bits.
func (r *reader) angles(op syntax.Kind, a, b value, at syntax.Pos) (value, bool) {
	whole := op == syntax.Plus || op == syntax.Minus // what floats can do too
	if a.kind != angleKind || !a.packed() || a.symbolic() || !sameAngle[op] || whole && !a.measured() && !b.measured() || b.typ != a.typ && !(b.isInt() && (op == syntax.Shl || op == syntax.Shr)) || b.symbolic() || a.table != nil || b.table != nil {
		return value{}, false
	}
	n := typ{kind: uintKind, width: a.width}
	as := func(v value) value {
		if v.kind == angleKind {
			return r.toInteger(r.toBits(v, typ{kind: bitKind, width: v.width}, at), n, at)
		}
		return v
	}
	v := r.operate(op, as(a), as(b), at)
	if v.kind == poison {
		return v, true
	}
	return r.convert(r.toBits(v, typ{kind: bitKind, width: a.width}, at), a.typ, at), true
}

// integers computes with two integers, modulo 2^width where they have one.
func (r *reader) integers(op syntax.Kind, a, b value, at syntax.Pos) value {
	out := a
	out.typ = common(a.typ, b.typ)
	if a.big != nil || b.big != nil {
		r.fail(at, "", "an integer is out of the range of 64 bits")
		return value{}
	}
	overflow := false
	switch op {
	case syntax.Plus:
		out.i = a.i + b.i
		overflow = (out.i > a.i) != (b.i > 0)
	case syntax.Minus:
		out.i = a.i - b.i
		overflow = (out.i < a.i) != (b.i > 0)
	case syntax.Star:
		hi, lo := bits.Mul64(magnitude(a.i), magnitude(b.i))
		overflow = hi != 0 || lo > math.MaxInt64
		out.i = a.i * b.i
	case syntax.Slash, syntax.Percent:
		switch wide := out.kind == uintKind && out.width == 64; { // from 2^63 on i is negative
		case b.i == 0:
			r.wrong(at, "", "division by zero")
			return value{}
		case op == syntax.Slash && wide:
			out.i = int64(uint64(a.i) / uint64(b.i))
		case op == syntax.Slash:
			out.i = a.i / b.i
		case wide:
			out.i = int64(uint64(a.i) % uint64(b.i))
		default:
			out.i = a.i % b.i
		}
	case syntax.Power:
		x, n := big.NewInt(a.i), b.bigInt()
		if n.Sign() < 0 {
			return r.floats(op, a, b, at)
		}
		out.i = int64(new(big.Int).Exp(x, n, new(big.Int).Lsh(big.NewInt(1), 64)).Uint64())
		overflow = magnitude(a.i) > 1 && (n.BitLen() > 7 || !new(big.Int).Exp(x, n, nil).IsInt64())
	case syntax.And:
		out.i = a.i & b.i
	case syntax.Or:
		out.i = a.i | b.i
	case syntax.Xor:
		out.i = a.i ^ b.i
	case syntax.Shl, syntax.Shr:
		if b.i < 0 {
			r.wrong(at, "", "a shift by %d", b.i)
			return value{}
		}
		out.typ = a.typ
		switch {
		case op == syntax.Shl:
			out.i = a.i << b.i
		case a.kind == uintKind && a.width == 64:
			out.i = int64(uint64(a.i) >> b.i)
		default:
			out.i = a.i >> b.i
		}
	default:
		r.fail(at, "", "'%v' can't be applied to integers", op)
		return value{}
	}
	if overflow && out.width == 0 {
		r.fail(at, "", "an integer is out of the range of 64 bits")
		return value{}
	}
	return out.wrap()
}

func magnitude(i int64) uint64 {
	if i < 0 {
		return -uint64(i)
	}
	return uint64(i)
}

// floats computes with two numbers, of which one may be linear in inputs.
func (r *reader) floats(op syntax.Kind, a, b value, at syntax.Pos) value {
	x, y := a.float(), b.float()
	var f float64
	if a.symbolic() || b.symbolic() {
		p, q := ir.Angle{Const: x, Terms: a.sym}, ir.Angle{Const: y, Terms: b.sym}
		switch {
		case op == syntax.Plus:
			return fromAngle(p.Add(q))
		case op == syntax.Minus:
			return fromAngle(p.Sub(q))
		case op == syntax.Star && !a.symbolic():
			return fromAngle(q.Scale(x))
		case op == syntax.Star && !b.symbolic():
			return fromAngle(p.Scale(y))
		case op == syntax.Slash && !b.symbolic():
			if y == 0 {
				break
			}
			return fromAngle(quotient(p, y))
		default:
			return r.unsupported(at, "an expression that is not linear in the inputs")
		}
	}
	switch op {
	case syntax.Plus:
		f = x + y
	case syntax.Minus:
		f = x - y
	case syntax.Star:
		f = x * y
	case syntax.Slash:
		if y == 0 {
			r.wrong(at, "", "division by zero")
			return value{}
		}
		f = x / y
	case syntax.Percent:
		f = math.Mod(x, y)
	case syntax.Power:
		f = math.Pow(x, y)
	default:
		r.fail(at, "", "'%v' can't be applied to a float", op)
		return value{}
	}
	if math.IsNaN(f) || math.IsInf(f, 0) {
		r.wrong(at, "", "the value of '%v' is no number", op)
		return value{}
	}
	if a.kind == angleKind && (b.kind == angleKind || b.isInt()) || b.kind == angleKind && a.isInt() {
		if op == syntax.Slash && a.kind == angleKind && b.kind == angleKind {
			return integer(int64(f))
		}
		width := max(a.width, b.width)
		if a.isInt() {
			width = b.width
		} else if b.isInt() {
			width = a.width
		}
		return value{typ: typ{kind: angleKind, width: width}, f: roundAngle(f, width)}
	}
	return number(f)
}

// quotient divides by a number: x/y, not x·(1/y), which rounds twice.
func quotient(a ir.Angle, y float64) ir.Angle {
	out := ir.Angle{Const: a.Const / y, Terms: append([]ir.Term(nil), a.Terms...)}
	for i := range out.Terms {
		out.Terms[i].Coef /= y
	}
	return out
}

// sameUnit brings two durations to one unit.
func sameUnit(a, b value) (value, value, bool) {
	if a.unit == b.unit {
		return a, b, true
	}
	x, known := ir.UnitSeconds(a.unit, 0)
	y, other := ir.UnitSeconds(b.unit, 0)
	if !known || !other {
		return a, b, false
	}
	if x > y {
		a.f, a.unit = a.f*math.Round(x/y), b.unit
	} else {
		b.f, b.unit = b.f*math.Round(y/x), a.unit
	}
	return a, b, true
}

func (r *reader) durations(op syntax.Kind, a, b value, at syntax.Pos) value {
	switch {
	case a.kind == durationKind && b.kind == durationKind && (op == syntax.Plus || op == syntax.Minus || op == syntax.Slash):
		p, q, ok := sameUnit(a, b)
		switch {
		case !ok:
			return r.unsupported(at, "durations in dt and in seconds together")
		case op == syntax.Plus:
			p.f += q.f
		case op == syntax.Minus:
			p.f -= q.f
		case q.f == 0:
			r.wrong(at, "", "division by zero")
			return value{}
		default:
			return number(p.f / q.f)
		}
		return p
	case op == syntax.Star && a.isNumber() && a.bits == nil && !a.symbolic():
		b.f *= a.float()
		return b
	case (op == syntax.Star || op == syntax.Slash) && b.isNumber() && b.bits == nil && !b.symbolic():
		if op == syntax.Star {
			a.f *= b.float()
			return a
		}
		if b.float() == 0 {
			r.wrong(at, "", "division by zero")
			return value{}
		}
		a.f /= b.float()
		return a
	}
	r.fail(at, "", "'%v' can't be applied to a %s and a %s", op, kindNames[a.kind], kindNames[b.kind])
	return value{}
}

// function calls a built-in function or a subroutine.
func (r *reader) function(x *syntax.Apply) value {
	if s := r.scope.find(x.Name); s != nil {
		switch s.kind {
		case subroutineSymbol:
			return r.inline(s, x.Args, x.Pos())
		case externSymbol:
			r.externArguments(x.Args)
			return r.unsupported(x.Pos(), "a call of the extern function %s", x.Name)
		case poisonSymbol:
			return value{}
		}
		r.fail(x.Pos(), "", "%s %q can't be called as a function", s.what(), x.Name)
		return value{}
	}
	f, ok := functions[x.Name]
	if !ok || r.v2 && !f.v2 {
		r.undefined(x.Pos(), x.Name, "the function")
		return value{}
	}
	if x.Name == "sizeof" {
		return r.sizeof(x)
	}
	args := make([]value, len(x.Args))
	for i, a := range x.Args {
		args[i] = r.eval(a)
	}
	if len(args) != f.args {
		r.fail(x.Pos(), "", "%s takes %d arguments, %d are given", x.Name, f.args, len(args))
		return value{}
	}
	return r.builtin(f, x, args)
}

// builtin calls a function of the language.
func (r *reader) builtin(f builtin, x *syntax.Apply, args []value) value {
	for _, a := range args {
		switch {
		case a.kind == poison:
			return value{}
		case a.measured() && !f.measured:
			return r.tabulate(x.Pos(), x.Name, args, func(known []value) value { return r.builtin(f, x, known) })
		case a.symbolic():
			return r.unsupported(x.Pos(), "%s of an input", x.Name)
		}
	}
	if f.apply != nil {
		return f.apply(r, args, x.Pos())
	}
	p := make([]float64, len(args))
	for i, a := range args {
		if !a.isNumber() && a.kind != boolKind {
			r.fail(x.Pos(), "", "%s of a %s", x.Name, kindNames[a.kind])
			return value{}
		}
		p[i] = a.float()
	}
	y := f.real(p)
	if math.IsNaN(y) || math.IsInf(y, 0) {
		r.wrong(x.Pos(), "", "%s has no value here", x.Name)
		return value{}
	}
	return number(y)
}

// builtin is a function of the language.
type builtin struct {
	args     int
	v2       bool
	real     func(x []float64) float64
	apply    func(r *reader, args []value, at syntax.Pos) value
	measured bool // it takes what depends on outcomes
}

func real1(v2 bool, f func(float64) float64) builtin {
	return builtin{args: 1, v2: v2, real: func(x []float64) float64 { return f(x[0]) }}
}

// functions are those of the language ("Built-in constants and functions");
// pow is a keyword and has no place among them.
var functions = map[string]builtin{
	"sin": real1(true, math.Sin), "cos": real1(true, math.Cos), "tan": real1(true, math.Tan),
	"exp": real1(true, math.Exp), "ln": real1(true, math.Log), "sqrt": real1(true, math.Sqrt),
	"log": real1(false, math.Log), "arcsin": real1(false, math.Asin), "arccos": real1(false, math.Acos),
	"arctan": real1(false, math.Atan), "asin": real1(true, math.Asin), "acos": real1(true, math.Acos), "atan": real1(true, math.Atan),
	"ceiling":  real1(false, math.Ceil),
	"floor":    real1(false, math.Floor),
	"real":     real1(false, func(x float64) float64 { return x }),
	"imag":     real1(false, func(float64) float64 { return 0 }),
	"sizeof":   {args: 1},
	"mod":      {args: 2, apply: func(r *reader, a []value, at syntax.Pos) value { return r.operate(syntax.Percent, a[0], a[1], at) }, measured: true},
	"popcount": {args: 1, apply: popcount, measured: true},
	"rotl":     {args: 2, apply: func(r *reader, a []value, at syntax.Pos) value { return r.rotate(a[0], a[1], 1, at) }, measured: true},
	"rotr":     {args: 2, apply: func(r *reader, a []value, at syntax.Pos) value { return r.rotate(a[0], a[1], -1, at) }, measured: true},
}

func popcount(r *reader, args []value, at syntax.Pos) value {
	v := args[0]
	n := 0
	switch {
	case !v.known() && v.bits != nil:
		out := value{typ: typ{kind: uintKind}, bits: r.counted(v.bits)}
		out.width = len(out.bits)
		return out
	case v.kind == bitKind:
		for _, b := range v.bits {
			if b.one {
				n++
			}
		}
	case v.isInt() && v.big == nil:
		k := uint64(v.i)
		if v.width > 0 && v.width < 64 {
			k &= 1<<v.width - 1
		}
		n = bits.OnesCount64(k)
	default:
		r.fail(at, "", "popcount of a %s", kindNames[v.kind])
	}
	return value{typ: typ{kind: uintKind}, i: int64(n)}
}

func (r *reader) rotate(v, by value, sign int64, at syntax.Pos) value {
	if v.isInt() && v.width > 0 && v.width <= 64 {
		t := v.typ
		v = r.toBits(v, typ{kind: bitKind, width: v.width}, at)
		return r.toInteger(r.rotate(v, by, sign, at), t, at)
	}
	if by.measured() {
		return r.tabulate(at, "a rotation", []value{by}, func(a []value) value { return r.rotate(v, a[0], sign, at) })
	}
	if v.kind != bitKind || !by.isInt() || len(v.bits) == 0 {
		r.fail(at, "", "a rotation of a %s by a %s", kindNames[v.kind], kindNames[by.kind])
		return value{}
	}
	n := int64(len(v.bits))
	out := make([]bit, n)
	for i, b := range v.bits {
		out[((int64(i)+sign*(by.i%n))%n+n)%n] = b
	}
	v.bits = out
	return v
}
