package qasm

import (
	"math"
	"math/big"
	"reflect"
	"slices"

	"qgan/ir"
	"qgan/qasm/syntax"
)

// flow is how a statement ends.
type flow uint8

const (
	flowNext flow = iota
	flowBreak
	flowContinue
	flowReturn
	flowGone // by a jump that depends on outcomes: what follows in the block never runs
	flowEnd
)

// collect runs f and returns the operations it writes.
func (r *reader) collect(f func()) []ir.Op {
	outer := r.circuit.Ops
	r.circuit.Ops = nil
	f()
	ops := r.circuit.Ops
	r.circuit.Ops = outer
	return ops
}

// loops is a loop that the statement at hand is in, and the one around it. A break or continue
// in a block of the loop that depends on outcomes sets a bit, and what comes behind it runs
// where the bit is not set.
type loops struct {
	outer        *loops
	dynamic      int
	broken, next int // the bits, -1 where there is none yet
}

// frame is the subroutine that the statement at hand is in.
type frame struct {
	outer    *frame
	dynamic  int
	returned int // the bit that is set where it returned, -1 for none
	typ      typ
	result   *symbol // stored, where it returned in a block that depends on outcomes
}

// depending runs a block that depends on measured bits, of which settle has given the elements
// that it assigns to.
func (r *reader) depending(settled []bitRef, run func()) []ir.Op {
	before := r.pending
	r.pending = nil
	ops := r.collect(func() {
		r.dynamic++
		run()
		if r.quiet == 0 {
			r.store(settled)
		}
		r.dynamic--
	})
	for _, f := range before {
		r.leave(f)
	}
	return ops
}

// leave says that a bit is set where the statements that follow are left out.
func (r *reader) leave(flag int) {
	if !slices.Contains(r.pending, flag) {
		r.pending = append(r.pending, flag)
	}
}

// arrive says that what a bit left out ends here.
func (r *reader) arrive(flag int) {
	r.pending = slices.DeleteFunc(slices.Clone(r.pending), func(f int) bool { return f == flag })
}

// jumps is the condition that nothing has left the statements at hand.
func none(flags []int) ir.Cond {
	all := ir.All{}
	for _, f := range flags {
		all = append(all, ir.Not{Cond: ir.BitSet(f)})
	}
	if len(all) == 1 {
		return all[0]
	}
	return all
}

// guard runs statements where no jump has left them out.
func (r *reader) guard(run func(), bodies ...[]syntax.Stmt) {
	if len(r.pending) == 0 {
		run()
		return
	}
	cond := none(r.pending)
	settled := r.settle(bodies...)
	ops := r.depending(settled, run)
	r.emit(&ir.If{Cond: cond, Then: ops})
}

// set emits the assignment of a known value to flat bits.
func (r *reader) set(one bool, flats ...int) {
	op := &ir.Assign{}
	for _, f := range flats {
		if f >= 0 {
			op.Bits, op.Values = append(op.Bits, f), append(op.Values, knownBit(one).condition())
		}
	}
	if len(op.Bits) > 0 {
		r.write(op.Bits...)
		r.emit(op)
	}
}

// clear puts the assignment of 0 to flags, where they may have been set before, in front of
// the operations from a place on.
func (r *reader) clear(from int, flags ...int) {
	flags = slices.DeleteFunc(flags, func(f int) bool { return f < 0 })
	if r.dynamic == 0 || len(flags) == 0 || r.quiet > 0 {
		return
	}
	ops := r.circuit.Ops
	r.circuit.Ops = slices.Clone(ops[:from])
	r.set(false, flags...)
	r.circuit.Ops = append(r.circuit.Ops, ops[from:]...)
}

func (r *reader) branch(s *syntax.If) flow {
	c := r.eval(s.Cond)
	if r.v2 && c.kind == bitKind {
		r.fail(s.Cond.Pos(), "as in if(c==1)", "a condition of version 2 compares a register with a number")
		return flowNext
	}
	c = r.toBool(c, s.Cond.Pos())
	switch {
	case c.kind == poison || r.quiet > 0:
		r.depending(nil, func() { r.block(s.Then) })
		r.depending(nil, func() { r.block(s.Else) })
		return flowNext
	case c.cond == nil && c.b:
		r.check(func() { r.block(s.Else) })
		return r.block(s.Then)
	case c.cond == nil:
		r.check(func() { r.block(s.Then) })
		return r.block(s.Else)
	}
	op := &ir.If{}
	var settled []bitRef
	held := r.stands([]bit{{flat: -1, cond: c.cond}}, func() { settled = r.settle(s.Then, s.Else) })
	op.Cond = held[0].condition()
	op.Then = r.depending(settled, func() { r.block(s.Then) })
	left := r.pending
	r.pending = nil
	op.Else = r.depending(settled, func() { r.block(s.Else) })
	for _, f := range left {
		r.leave(f)
	}
	r.emit(op)
	return flowNext
}

// turns is the range or set of a loop.
type turns struct {
	start, step, n int64
	list           []value
}

func (t turns) at(i int64) value {
	if t.list != nil {
		return t.list[i]
	}
	return integer(t.start + i*t.step)
}

func (r *reader) loop(s *syntax.For) flow {
	t, ok := r.classical(&s.Type)
	over, known := r.turns(s.Over)
	if !ok || !known || r.once() {
		v := value{typ: t}
		if !known || r.quiet > 0 {
			v = value{}
		} else if over.n > 0 {
			v = r.convert(over.at(0), t, s.Over.Pos())
		}
		r.check(func() { r.turn(s, t, v) })
		return flowNext
	}
	if over.n > maxWork {
		r.fail(s.Pos(), "", "the loop has %d turns, at most %d are written out", over.n, maxWork)
		return flowNext
	}
	from := len(r.circuit.Ops)
	l := &loops{outer: r.loops, dynamic: r.dynamic, broken: -1, next: -1}
	r.loops = l
	defer func() { r.loops = l.outer }()
	for i := range over.n {
		if !r.spend(turnWork, s.Pos()) {
			return flowEnd
		}
		f, guarded := flowNext, len(r.pending) > 0
		r.guard(func() {
			begin := len(r.circuit.Ops)
			l.next = -1
			f = r.turn(s, t, r.convert(over.at(i), t, s.Over.Pos()))
			r.arrive(l.next)
			r.clear(begin, l.next)
		}, s.Body)
		switch {
		case guarded: // what left the turn is told by its bit
		case f == flowBreak:
			r.arrive(l.broken)
			r.clear(from, l.broken)
			return flowNext
		case f == flowReturn, f == flowEnd, f == flowGone:
			return f
		case r.errs.Full() || r.exhausted:
			return flowEnd
		case r.once(): // something that a circuit cannot hold
			return flowNext
		}
	}
	r.arrive(l.broken)
	r.clear(from, l.broken)
	return flowNext
}

func (r *reader) turn(s *syntax.For, t typ, v value) flow {
	return r.inScope(func() flow {
		if t.kind == bitKind {
			sym := r.newBits(s.Name.Text, t.width, t.scalar)
			if v.kind == bitKind {
				for i, ref := range sym.bits {
					r.hold(ref, v.bits[i])
				}
			}
			r.declare(s.Name, sym)
		} else {
			sym := &symbol{kind: variableSymbol, typ: t, value: v}
			r.declare(s.Name, sym)
			if v.bits != nil || v.cond != nil {
				r.setVariable(sym, v, s.Pos())
			}
		}
		return r.block(s.Body)
	})
}

func (r *reader) turns(x syntax.Expr) (turns, bool) {
	switch x := x.(type) {
	case *syntax.Range:
		t := turns{step: 1}
		if x.Start == nil || x.Stop == nil {
			r.fail(x.Pos(), "", "the range of a loop needs both ends")
			return t, false
		}
		if x.Step != nil {
			step, ok := r.constant(x.Step, "the step of a loop")
			if !ok {
				return t, false
			}
			t.step = step
		}
		start, ok := r.constant(x.Start, "the bound of a loop")
		stop, ok2 := r.constant(x.Stop, "the bound of a loop")
		if !ok || !ok2 {
			return t, false
		}
		if t.step == 0 {
			r.fail(x.Pos(), "", "a range with step 0")
			return t, false
		}
		t.start = start
		n := new(big.Int).Sub(big.NewInt(stop), big.NewInt(start))
		n.Quo(n, big.NewInt(t.step))
		if (stop >= start) == (t.step > 0) || stop == start {
			n.Add(n, big.NewInt(1))
			t.n = math.MaxInt64
			if n.IsInt64() {
				t.n = n.Int64()
			}
		}
		return t, true
	case *syntax.List:
		t := turns{list: []value{}}
		for _, item := range x.Items {
			v := r.eval(item)
			if v.kind == poison {
				return t, false
			}
			t.list = append(t.list, v)
		}
		t.n = int64(len(t.list))
		return t, true
	}
	if a, _ := r.arrayNamed(x); a != nil {
		p, ok := r.arrayValue(x, nil)
		if !ok || len(p.dims) != 1 {
			if ok {
				r.fail(x.Pos(), "", "a loop goes over an array with one index, this has %d", len(p.dims))
			}
			return turns{}, false
		}
		t := turns{list: []value{}, n: int64(len(p.elements))}
		for _, e := range p.elements {
			t.list = append(t.list, r.current(e))
		}
		return t, true
	}
	v := r.eval(x)
	switch {
	case v.kind == poison:
		return turns{}, false
	case v.kind == bitKind && !v.scalar:
		t := turns{list: []value{}, n: int64(len(v.bits))}
		for _, b := range v.bits {
			t.list = append(t.list, value{typ: typ{kind: bitKind, width: 1, scalar: true}, bits: []bit{b}})
		}
		return t, true
	}
	r.fail(x.Pos(), "", "a loop goes over a range, a set or a register, this is a %s", kindNames[v.kind])
	return turns{}, false
}

func (r *reader) while(s *syntax.While) flow {
	from := len(r.circuit.Ops)
	l := &loops{outer: r.loops, dynamic: r.dynamic, broken: -1, next: -1}
	r.loops = l
	f := r.repeat(s, l)
	r.loops = l.outer
	r.arrive(l.broken)
	r.clear(from, l.broken)
	return f
}

// repeat runs a while loop as long as its condition is known, and the rest as a loop of the
// circuit.
func (r *reader) repeat(s *syntax.While, l *loops) flow {
	for {
		before := len(r.circuit.Ops)
		c := r.toBool(r.eval(s.Cond), s.Cond.Pos())
		endless := c.cond == nil && c.b && literal(s.Cond)
		switch {
		case c.kind == poison || r.once():
			r.check(func() { r.block(s.Body) })
			return flowNext
		case c.cond == nil && !c.b:
			r.check(func() { r.block(s.Body) })
			return flowNext
		case c.cond != nil || endless:
			return r.repeatMeasured(s, l, c, len(r.circuit.Ops) > before)
		}
		if !r.spend(turnWork, s.Pos()) {
			return flowEnd
		}
		begin := len(r.circuit.Ops)
		l.next = -1
		f := r.block(s.Body)
		r.arrive(l.next)
		r.clear(begin, l.next)
		switch f {
		case flowBreak:
			return flowNext
		case flowReturn, flowEnd, flowGone:
			return f
		}
		if len(r.pending) > 0 {
			r.guard(func() { f = r.repeat(s, l) }, s.Body)
			return flowNext
		}
	}
}

// repeatMeasured writes a loop whose condition depends on outcomes, or never ends but by a
// jump. A condition that is computed in steps is kept in a bit.
func (r *reader) repeatMeasured(s *syntax.While, l *loops, c value, steps bool) flow {
	endless := c.cond == nil
	if endless {
		c = condition(ir.All{})
	}
	var settled []bitRef
	held := r.stands([]bit{{flat: -1, cond: c.cond}}, func() { settled = r.settle(s.Body) })
	first := held[0].condition()
	op := &ir.While{Cond: first}
	flag := -1
	var again ir.Cond
	l.next = -1
	l.dynamic = r.dynamic
	body := func() {
		r.block(s.Body)
		r.store(settled)
		r.arrive(l.next)
		r.clear(0, l.next)
		if endless {
			return
		}
		before := len(r.circuit.Ops)
		again = r.toBool(r.eval(s.Cond), s.Cond.Pos()).cond
		if again == nil {
			again = ir.All{}
			if k := r.toBool(r.eval(s.Cond), s.Cond.Pos()); !k.b {
				again = ir.Any{}
			}
		}
		if steps || len(r.circuit.Ops) > before || !reflect.DeepEqual(again, first) {
			flag = r.flat(s.Pos())
			r.write(flag)
			r.emit(&ir.Assign{Bits: []int{flag}, Values: []ir.Cond{again}})
		}
	}
	// A turn that gives variables values which they had not before is read again with these.
	turns := 0
	for seen := -1; r.growth(settled, s.Body) != seen && (seen < 0 || !r.once() && !r.errs.Full()); {
		if seen = r.growth(settled, s.Body); !r.spend(turnWork, s.Pos()) {
			break
		}
		if turns++; turns > maxGrowth {
			r.unsupported(s.Pos(), "a loop over outcomes in which a number has more and more values")
			break
		}
		op.Body = r.depending(settled, body)
	}
	if endless && len(r.pending) == 0 && r.quiet == 0 {
		r.unsupported(s.Pos(), "a loop without an end")
	}
	if flag >= 0 {
		r.write(flag)
		r.emit(&ir.Assign{Bits: []int{flag}, Values: []ir.Cond{first}})
		op.Cond = ir.BitSet(flag)
	}
	if len(r.pending) > 0 {
		if endless {
			op.Cond = none(r.pending)
		} else {
			op.Cond = ir.All{none(r.pending), op.Cond}
		}
	}
	r.emit(op)
	return flowNext
}

// literal reports whether a condition holds no name.
func literal(x syntax.Expr) bool {
	switch x := x.(type) {
	case *syntax.Bool, *syntax.Int, *syntax.Float:
		return true
	case *syntax.Unary:
		return literal(x.X)
	case *syntax.Binary:
		return literal(x.X) && literal(x.Y)
	}
	return false
}

// withBit takes a bit that is known out of the values of cases, and those that it rules out.
func withBit(cases []ir.Case, at int, one bool) []ir.Case {
	out := make([]ir.Case, len(cases))
	for i, k := range cases {
		for _, v := range k.Values {
			if v.Sign() < 0 || v.Bit(at) == 1 != one {
				continue
			}
			high := new(big.Int).Lsh(new(big.Int).Rsh(v, uint(at)+1), uint(at))
			low := new(big.Int).And(v, new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), uint(at)), big.NewInt(1)))
			out[i].Values = append(out[i].Values, high.Or(high, low))
		}
	}
	return out
}

func (r *reader) choose(s *syntax.Switch) flow {
	v := r.eval(s.Value)
	if v.kind == bitKind || v.kind == boolKind {
		v = r.toInteger(v, typ{kind: uintKind, width: v.width}, s.Value.Pos())
	}
	if v.kind != poison && !v.isInt() {
		r.fail(s.Value.Pos(), "", "switch takes an integer, this is a %s", kindNames[v.kind])
		v = value{}
	}
	op := &ir.Switch{}
	bodies := [][]syntax.Stmt{s.Default}
	seen := map[string]bool{}
	for _, k := range s.Cases {
		var values []*big.Int
		for _, x := range k.Values {
			n := r.eval(x)
			switch {
			case n.kind == poison:
				continue
			case !n.isInt() || n.bits != nil:
				r.fail(x.Pos(), "", "a case is a constant integer, this is a %s", kindNames[n.kind])
				continue
			}
			b := n.bigInt()
			if seen[b.String()] {
				r.fail(x.Pos(), "", "case %v is given twice", b)
			}
			seen[b.String()] = true
			if v.bits != nil && b.Sign() < 0 && v.kind == intKind {
				b = new(big.Int).Add(b, new(big.Int).Lsh(big.NewInt(1), uint(len(v.bits))))
			}
			values = append(values, b)
		}
		op.Cases = append(op.Cases, ir.Case{Values: values})
		bodies = append(bodies, k.Body)
	}
	if v.kind != poison && v.bits == nil && r.quiet == 0 {
		for i, k := range op.Cases {
			if slices.ContainsFunc(k.Values, func(n *big.Int) bool { return n.Cmp(v.bigInt()) == 0 }) {
				return r.block(s.Cases[i].Body)
			}
		}
		return r.block(s.Default)
	}
	if v.kind == poison || r.quiet > 0 {
		for _, body := range bodies {
			r.check(func() { r.block(body) })
		}
		return flowNext
	}
	var settled []bitRef
	bits := r.stands(v.bits, func() { settled = r.settle(bodies...) })
	r.over(op, bits, s.Pos())
	var left []int
	run := func(body []syntax.Stmt) []ir.Op {
		ops := r.depending(settled, func() { r.block(body) })
		for _, f := range r.pending {
			if !slices.Contains(left, f) {
				left = append(left, f)
			}
		}
		r.pending = nil
		return ops
	}
	for i := range op.Cases {
		op.Cases[i].Body = run(s.Cases[i].Body)
	}
	op.Default = run(s.Default)
	r.pending = left
	r.emit(op)
	return flowNext
}

// over gives a switch its bits, which differ, and its cases the values that they can have.
func (r *reader) over(op *ir.Switch, bits []bit, at syntax.Pos) {
	flats := map[int]bool{}
	for i := len(bits) - 1; i >= 0; i-- {
		if bits[i].known() {
			op.Cases = withBit(op.Cases, i, bits[i].one)
		}
	}
	for _, b := range bits { // a switch is over a register
		if b.known() {
			continue
		}
		flat := b.flat
		if flat < 0 || b.cond != nil || flats[flat] {
			flat = r.flat(at)
			r.write(flat)
			r.emit(&ir.Assign{Bits: []int{flat}, Values: []ir.Cond{b.condition()}})
		}
		flats[flat] = true
		op.Bits = append(op.Bits, flat)
	}
}
