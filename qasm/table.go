package qasm

import (
	"fmt"
	"math"
	"math/big"
	"reflect"
	"slices"

	"qgan/ir"
	"qgan/qasm/syntax"
)

// What is computed from few outcomes is computed for each of them: a table over bits. Its rows
// are joined to bits again where they are integers, bools or bits. A float, an angle without a
// width and a duration stay a table (value.table), and a statement that needs such a number, or
// an index, is read once for each of its values, see known.

// rows is a table: a value for each number that the bits can be.
type rows struct {
	on     []bit
	values []value
}

// measured reports whether a value depends on outcomes.
func (v value) measured() bool {
	return v.cond != nil || slices.ContainsFunc(v.bits, func(b bit) bool { return !b.known() })
}

// unknown lists the bits of a value that depend on outcomes.
func (v value) unknown() (out []bit) {
	if v.cond != nil {
		return []bit{{flat: -1, cond: v.cond}}
	}
	for _, b := range v.bits {
		if !b.known() {
			out = append(out, b)
		}
	}
	return out
}

func sameBit(a, b bit) bool {
	if a.cond == nil && b.cond == nil {
		return a == b
	}
	return reflect.DeepEqual(a, b)
}

// selectors returns the bits that values depend on: those of the circuit that they are computed
// from, or their own where these are fewer.
func selectors(args []value) []bit {
	var own, flats []bit
	add := func(to []bit, b bit) []bit {
		if slices.ContainsFunc(to, func(k bit) bool { return sameBit(k, b) }) {
			return to
		}
		return append(to, b)
	}
	for _, v := range args {
		for _, b := range v.unknown() {
			own = add(own, b)
			for _, f := range b.reads() {
				flats = add(flats, flatBit(f))
			}
		}
	}
	if len(flats) <= max(len(own), maxTable/2) {
		return flats
	}
	return own
}

// course are the bits of a table, one of the numbers that they can be.
type course struct {
	on    []bit
	n     int
	flats []bool // values of the bits of the circuit, where all of on are such
}

func courseOf(on []bit, n int) course {
	c := course{on: on, n: n}
	size := 0
	for _, b := range on {
		if b.cond != nil {
			return c
		}
		size = max(size, b.flat+1)
	}
	c.flats = make([]bool, size)
	for i, b := range on {
		c.flats[b.flat] = n>>i&1 == 1
	}
	return c
}

// bit is what a bit is then.
func (c course) bit(b bit) bool {
	if b.known() {
		return b.one
	}
	if i := slices.IndexFunc(c.on, func(k bit) bool { return sameBit(k, b) }); i >= 0 {
		return c.n>>i&1 == 1
	}
	return b.condition().Holds(c.flats)
}

// then is what a value is in a course.
func (r *reader) then(c course, v value, at syntax.Pos) value {
	if v.cond != nil {
		return truth(c.bit(bit{flat: -1, cond: v.cond}))
	}
	if v.bits == nil {
		return v
	}
	k := value{typ: typ{kind: bitKind, width: len(v.bits), scalar: v.scalar}, bits: make([]bit, len(v.bits))}
	n := 0
	for i, b := range v.bits {
		k.bits[i] = knownBit(c.bit(b))
		if k.bits[i].one && v.table != nil {
			n |= 1 << i
		}
	}
	switch {
	case v.table != nil:
		return v.table[n]
	case v.isInt():
		return r.toInteger(k, v.typ, at)
	case v.kind == angleKind:
		return r.convert(k, v.typ, at)
	}
	return k
}

// mishap is what goes wrong in some courses of a program: an index out of range, a quotient by 0.
type mishap struct {
	outer   *mishap
	hint    string
	message string // of the first one, empty for none
	hit     bool   // by the row at hand
}

// wrong reports what is a mistake, unless it depends on outcomes whether it happens.
func (r *reader) wrong(at syntax.Pos, hint, format string, args ...any) {
	if r.rows == nil {
		r.fail(at, hint, format, args...)
		return
	}
	if r.rows.message == "" {
		r.rows.message, r.rows.hint = fmt.Sprintf(format, args...), hint
	}
	r.rows.hit = true
}

// each runs f for each of the rows, and reports which of them went wrong: all of them is a
// mistake, some of them are told.
func (r *reader) each(n int, at syntax.Pos, consequence string, f func(i int)) (missing []bool, ok bool) {
	m := &mishap{outer: r.rows}
	missing = make([]bool, n)
	left := 0
	for i := range n {
		m.hit = false
		r.rows = m
		f(i)
		r.rows = m.outer
		if missing[i] = m.hit; !m.hit {
			left++
		}
	}
	switch {
	case left == 0:
		r.wrong(at, m.hint, "%s", m.message)
		return missing, false
	case left < n:
		r.note("%v: for some outcomes: %s; %s", r.file.Position(at), m.message, consequence)
	}
	return missing, true
}

// tabulated computes f of values that depend on outcomes for each of these.
func (r *reader) tabulated(at syntax.Pos, what string, args []value, f func(args []value) value) (rows, bool) {
	on := selectors(args)
	if len(on) > maxTable {
		r.unsupported(at, "%s that depends on more than %d measured bits", what, maxTable)
		return rows{}, false
	}
	if r.quiet > 0 || !r.spend(rowWork<<len(on), at) {
		return rows{}, false
	}
	t := rows{on, make([]value, 1<<len(on))}
	missing, ok := r.each(len(t.values), at, "it is taken as 0", func(i int) {
		c := courseOf(on, i)
		known := make([]value, len(args))
		for k, a := range args {
			known[k] = r.then(c, a, at)
		}
		t.values[i] = f(known)
	})
	if !ok {
		return rows{}, false
	}
	like := t.values[slices.Index(missing, false)]
	for i := range t.values {
		if missing[i] {
			t.values[i] = value{typ: like.typ, unit: like.unit}
			if like.kind == bitKind {
				t.values[i].bits = resize(nil, len(like.bits))
			}
		}
		if t.values[i].kind == poison {
			return rows{}, false
		}
	}
	return t.compact(), true
}

// plain is a number without bits and inputs, as a key.
type plain struct {
	typ
	i    int64
	f    uint64
	b    bool
	unit string
}

func (v value) plain() (plain, bool) {
	return plain{v.typ, v.i, math.Float64bits(v.f), v.b, v.unit}, v.big == nil && v.sym == nil && v.cond == nil && v.bits == nil && v.table == nil
}

// alike reports whether two values are the same.
func alike(a, b value) bool {
	p, ok := a.plain()
	q, ok2 := b.plain()
	if ok && ok2 {
		return p == q
	}
	return ok == ok2 && reflect.DeepEqual(a, b)
}

// compact leaves out bits that do not matter.
func (t rows) compact() rows {
	for i := len(t.on) - 1; i >= 0; i-- {
		matters := false
		for n, v := range t.values {
			matters = matters || n>>i&1 == 1 && !alike(v, t.values[n^1<<i])
		}
		if matters {
			continue
		}
		var kept []value
		for n, v := range t.values {
			if n>>i&1 == 0 {
				kept = append(kept, v)
			}
		}
		t = rows{slices.Delete(slices.Clone(t.on), i, i+1), kept}
	}
	return t
}

// tabulate computes f of values that depend on outcomes. What is told of it where it depends on
// too many is called what.
func (r *reader) tabulate(at syntax.Pos, what string, args []value, f func(args []value) value) value {
	t, ok := r.tabulated(at, what, args, f)
	if !ok {
		return value{}
	}
	return r.joined(t, at)
}

// joined is the value that the bits of a table choose.
func (r *reader) joined(t rows, at syntax.Pos) value {
	if len(t.on) == 0 {
		return t.values[0]
	}
	out := value{typ: t.values[0].typ}
	for _, v := range t.values[1:] {
		switch {
		case out.isInt() && v.isInt():
			out.typ = common(out.typ, v.typ)
		case v.kind != out.kind && v.isNumber() && out.isNumber():
			out.typ = typ{kind: floatKind}
		case v.kind != out.kind || v.kind == bitKind && len(v.bits) != len(t.values[0].bits):
			r.fail(at, "", "a %s for some outcomes, a %s for others", kindNames[out.kind], kindNames[v.kind])
			return value{}
		}
	}
	leaves := make([][]bit, len(t.values))
	width := 1
	switch {
	case out.kind == boolKind:
		for i, v := range t.values {
			leaves[i] = []bit{{flat: -1, cond: v.cond, one: v.b}}
		}
	case out.kind == bitKind:
		width = len(t.values[0].bits)
		for i, v := range t.values {
			leaves[i] = v.bits
		}
	case out.isInt():
		width = out.width
		for _, v := range t.values {
			if out.width == 0 && v.bits == nil && v.bigInt().Sign() >= 0 {
				width = max(width, v.bigInt().BitLen(), 1)
			} else if out.width == 0 {
				width = max(width, plainWidth)
			}
		}
		if out.width == 0 && width >= plainWidth {
			out.width = width
		}
		for i, v := range t.values {
			leaves[i] = v.wide(width)
		}
	case out.kind == angleKind && out.packed() && !slices.ContainsFunc(t.values, value.symbolic):
		width = out.width
		for i, v := range t.values {
			leaves[i] = r.toBits(v, typ{kind: bitKind, width: width}, at).bits
		}
	default:
		return r.listed(t, out.typ, at)
	}
	out.bits = make([]bit, width)
	column := make([]bit, len(leaves))
	for j := range out.bits {
		for i := range leaves {
			column[i] = leaves[i][j]
		}
		out.bits[j] = r.chosen(t.on, column)
	}
	switch {
	case out.kind == boolKind:
		return r.toBool(bitsValue(out.bits), at)
	case out.isInt():
		return out.settled(r, at)
	}
	return out
}

// listed is a number that stays a table.
func (r *reader) listed(t rows, of typ, at syntax.Pos) value {
	if slices.ContainsFunc(t.values, value.measured) {
		return r.tabulate(at, "a "+kindNames[of.kind], append([]value{bitsValue(t.on)}, t.values...), func(a []value) value {
			n := 0
			for i, b := range a[0].bits {
				if b.one {
					n |= 1 << i
				}
			}
			return a[1+n]
		})
	}
	for i, v := range t.values {
		if v.kind != of.kind {
			t.values[i] = r.convert(v, of, at)
		}
	}
	return value{typ: of, bits: t.on, table: t.values}
}

// chosen is the bit of a column that the bits of a table choose.
func (r *reader) chosen(on, column []bit) bit {
	same := true
	for _, b := range column[1:] {
		same = same && sameBit(b, column[0])
	}
	if same {
		return column[0]
	}
	top := len(on) - 1
	zero, one := r.chosen(on[:top], column[:len(column)/2]), r.chosen(on[:top], column[len(column)/2:])
	if sameBit(zero, one) {
		return zero
	}
	yes := combine(syntax.And, on[top], one)
	no := combine(syntax.And, inverse(on[top]), zero)
	return r.temporary(combine(syntax.Or, yes, no))
}

// packed reports whether an angle is a number of its own width, as a register is.
func (t typ) packed() bool { return t.kind == angleKind && t.width > 0 && t.width <= 52 }

// reading is the statement that is read.
type reading struct {
	answers []value // what it is read for: the values that it asks for, in this order
	next    int
	first   int // the operations before it
	asked   *rows
	what    string
	at      syntax.Pos
}

// known returns the value of a number that a statement needs. Where it depends on outcomes the
// statement is read again for each of its values. It reports false where it is not known, and
// the statement then does nothing.
func (r *reader) known(v value, at syntax.Pos, what string) (value, bool) {
	if v.kind == poison {
		return v, false
	}
	if !v.measured() {
		return v, true
	}
	k := &r.reading
	switch {
	case r.quiet > 0:
		return value{}, false
	case k.next < len(k.answers):
		k.next++
		return k.answers[k.next-1], true
	case k.asked != nil:
		return value{}, false
	case slices.ContainsFunc(r.circuit.Ops[min(k.first, len(r.circuit.Ops)):], func(op ir.Op) bool { _, ok := op.(*ir.Assign); return !ok }):
		r.unsupported(at, "%s that depends on bits measured in the same statement", what)
		return value{}, false
	}
	if t, ok := r.tabulated(at, what, []value{v}, func(a []value) value { return a[0] }); ok {
		k.asked, k.what, k.at = &t, what, at
	}
	return value{}, false
}

// statement reads a statement, for each value of what it asks for where that depends on outcomes.
func (r *reader) statement(s syntax.Stmt) flow { return r.readFor(s, nil) }

func (r *reader) readFor(s syntax.Stmt, answers []value) flow {
	outer := r.reading
	r.reading = reading{answers: answers, first: len(r.circuit.Ops)}
	f := r.one(s)
	k := r.reading
	r.reading = outer
	if k.asked == nil {
		return f
	}
	switch s.(type) {
	case *syntax.Declare, *syntax.Alias, *syntax.While, *syntax.Return, *syntax.Box:
		r.unsupported(k.at, "%s that depends on measured bits, here", k.what)
		return flowNext
	}
	return r.byCases(s, k)
}

// byCases reads a statement for each value of what it asked for.
func (r *reader) byCases(s syntax.Stmt, k reading) flow {
	var values []value
	op := &ir.Switch{}
	for n, v := range k.asked.values {
		i := slices.IndexFunc(values, func(x value) bool { return alike(x, v) })
		if i < 0 {
			i = len(values)
			values = append(values, v)
			op.Cases = append(op.Cases, ir.Case{})
		}
		op.Cases[i].Values = append(op.Cases[i].Values, big.NewInt(int64(n)))
	}
	body := []syntax.Stmt{s}
	var settled []bitRef
	bits := r.stands(k.asked.on, func() { settled = r.settle(body) })
	r.over(op, bits, k.at)
	var left []int
	missing, ok := r.each(len(values), k.at, "the statement does nothing", func(i int) {
		op.Cases[i].Body = r.depending(settled, func() { r.readFor(s, append(slices.Clone(k.answers), values[i])) })
		for _, f := range r.pending {
			if !slices.Contains(left, f) {
				left = append(left, f)
			}
		}
		r.pending = nil
	})
	if !ok {
		return flowNext
	}
	r.pending = left
	for i := len(op.Cases) - 1; i >= 0; i-- {
		if missing[i] || len(op.Cases[i].Body) == 0 {
			op.Cases = slices.Delete(op.Cases, i, i+1)
		}
	}
	if len(op.Cases) == 0 {
		return flowNext
	}
	r.emit(narrow(op))
	return flowNext
}

// narrow writes a switch over one bit as an if.
func narrow(op *ir.Switch) ir.Op {
	if len(op.Bits) != 1 {
		return op
	}
	bits := make([]bool, op.Bits[0]+1)
	out := &ir.If{Cond: ir.BitSet(op.Bits[0]), Else: op.Pick(bits)}
	bits[op.Bits[0]] = true
	if out.Then = op.Pick(bits); len(out.Then) == 0 {
		out.Cond, out.Then, out.Else = ir.Not{Cond: out.Cond}, out.Else, nil
	}
	return out
}
