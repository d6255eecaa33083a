package qasm

import (
	"math"
	"math/big"
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

// depending runs the blocks of an if, switch or while on measured bits.
func (r *reader) depending(body []syntax.Stmt) []ir.Op {
	return r.collect(func() {
		r.dynamic++
		if f := r.block(body); f == flowReturn {
			r.result = value{}
		}
		r.dynamic--
	})
}

// settle makes every bit that the blocks measure one of the circuit's, since
// what it holds behind them is not known.
func (r *reader) settle(at syntax.Pos, bodies ...[]syntax.Stmt) {
	for _, name := range assigned(bodies) {
		s := r.scope.find(name)
		if s == nil || s.kind != bitSymbol || r.quiet > 0 {
			continue
		}
		for _, ref := range s.bits {
			b := ref.v.bits[ref.i]
			switch {
			case !b.known() && !r.shared[b.flat]:
			case !b.known() || b.one:
				r.unsupported(at, "a bit that is set before a block and measured in it, where the block depends on measured bits")
			default:
				if ref.v.home[ref.i] < 0 {
					ref.v.home[ref.i] = r.bits
					r.bits++
				}
				ref.v.bits[ref.i] = flatBit(ref.v.home[ref.i])
			}
		}
	}
}

// assigned returns the names that statements assign to or measure into.
func assigned(bodies [][]syntax.Stmt) []string {
	var out []string
	var name func(x syntax.Expr)
	name = func(x syntax.Expr) {
		switch x := x.(type) {
		case *syntax.Ident:
			out = append(out, x.Name)
		case *syntax.Index:
			name(x.X)
		}
	}
	var walk func(list []syntax.Stmt)
	walk = func(list []syntax.Stmt) {
		for _, s := range list {
			switch s := s.(type) {
			case *syntax.Set:
				name(s.Target)
			case *syntax.MeasureTo:
				if s.Target != nil {
					name(s.Target)
				}
			case *syntax.If:
				walk(s.Then)
				walk(s.Else)
			case *syntax.For:
				walk(s.Body)
			case *syntax.While:
				walk(s.Body)
			case *syntax.Box:
				walk(s.Body)
			case *syntax.Block:
				walk(s.Body)
			case *syntax.Switch:
				for _, k := range s.Cases {
					walk(k.Body)
				}
				walk(s.Default)
			}
		}
	}
	for _, b := range bodies {
		walk(b)
	}
	return out
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
		r.depending(s.Then)
		r.depending(s.Else)
		return flowNext
	case c.cond == nil && c.b:
		return r.block(s.Then)
	case c.cond == nil:
		r.check(func() { r.block(s.Else) })
		return r.block(s.Else)
	}
	r.settle(s.Pos(), s.Then, s.Else)
	c = r.toBool(r.eval(s.Cond), s.Cond.Pos())
	op := &ir.If{Cond: c.cond}
	op.Then = r.depending(s.Then)
	op.Else = r.depending(s.Else)
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
		r.turn(s, t, v)
		return flowNext
	}
	if over.n > maxWork {
		r.fail(s.Pos(), "", "the loop has %d turns, at most %d are written out", over.n, maxWork)
		return flowNext
	}
	for i := range over.n {
		if !r.spend(turnWork, s.Pos()) {
			return flowEnd
		}
		switch f := r.turn(s, t, r.convert(over.at(i), t, s.Over.Pos())); {
		case f == flowBreak:
			return flowNext
		case f == flowReturn, f == flowEnd:
			return f
		case r.errs.Full() || r.exhausted:
			return flowEnd
		case r.once(): // something that a circuit cannot hold
			return flowNext
		}
	}
	return flowNext
}

func (r *reader) turn(s *syntax.For, t typ, v value) flow {
	return r.inScope(func() flow {
		if t.kind == bitKind {
			sym := r.newBits(s.Name.Text, t.width, t.scalar)
			if v.kind == bitKind {
				copy(sym.bits[0].v.bits, v.bits)
			}
			r.declare(s.Name, sym)
		} else {
			r.declare(s.Name, &symbol{kind: variableSymbol, typ: t, value: v})
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
	for {
		c := r.toBool(r.eval(s.Cond), s.Cond.Pos())
		switch {
		case c.kind == poison || r.once():
			r.depending(s.Body)
			return flowNext
		case c.cond == nil && !c.b:
			r.check(func() { r.block(s.Body) })
			return flowNext
		case c.cond != nil:
			r.settle(s.Pos(), s.Body)
			c = r.toBool(r.eval(s.Cond), s.Cond.Pos())
			op := &ir.While{Cond: c.cond}
			op.Body = r.depending(s.Body)
			r.emit(op)
			return flowNext
		}
		if literal(s.Cond) {
			r.unsupported(s.Pos(), "a loop without an end")
			r.depending(s.Body)
			return flowNext
		}
		if !r.spend(turnWork, s.Pos()) {
			return flowEnd
		}
		switch f := r.block(s.Body); f {
		case flowBreak:
			return flowNext
		case flowReturn, flowEnd:
			return f
		}
	}
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
	for _, b := range v.bits {
		if b.flat < 0 {
			r.unsupported(s.Pos(), "switch over bits that are not a register's")
			break
		}
		op.Bits = append(op.Bits, b.flat)
	}
	r.settle(s.Pos(), bodies...)
	for i := range op.Cases {
		op.Cases[i].Body = r.depending(s.Cases[i].Body)
	}
	op.Default = r.depending(s.Default)
	r.emit(op)
	return flowNext
}
