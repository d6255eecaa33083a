package qasm

import (
	"math"
	"slices"
	"strings"

	"qgan/ir"
	"qgan/qasm/syntax"
)

// statements runs statements one after the other.
func (r *reader) statements(list []syntax.Stmt) flow {
	for i, s := range list {
		if s == nil || !r.spend(1, s.Pos()) {
			continue
		}
		r.here = s.Pos()
		switch f := r.statement(s); {
		case f == flowGone:
			r.check(func() { r.statements(list[i+1:]) })
			return f
		case f != flowNext:
			return f
		case r.exhausted || r.errs.Full():
			return flowEnd
		case len(r.pending) > 0 && i+1 < len(list):
			r.guard(func() { r.statements(list[i+1:]) }, list[i+1:])
			return flowNext
		}
	}
	return flowNext
}

// block runs statements in a scope of their own.
func (r *reader) block(list []syntax.Stmt) flow {
	return r.inScope(func() flow { return r.statements(list) })
}

func (r *reader) emit(op ir.Op) {
	if r.quiet == 0 {
		r.circuit.Ops = append(r.circuit.Ops, op)
	}
}

// one runs one statement.
func (r *reader) one(s syntax.Stmt) flow {
	if r.inGate {
		switch s.(type) {
		case *syntax.Call, *syntax.For, *syntax.If, *syntax.Barrier, *syntax.Nop, *syntax.Reset, *syntax.Block, *syntax.Annotation, *syntax.Pragma:
		default:
			r.fail(s.Pos(), "", "the body of a gate holds gates only")
			return flowNext
		}
	}
	switch s := s.(type) {
	case *syntax.Call:
		r.call(s)
	case *syntax.MeasureTo:
		r.measure(s.Qubits, s.Target)
	case *syntax.Version:
	case *syntax.Include:
		return r.includeFile(s)
	case *syntax.Declare:
		r.declaration(s)
	case *syntax.Alias:
		r.alias(s)
	case *syntax.Gate:
		r.define(s)
	case *syntax.Def:
		r.subroutine(s)
	case *syntax.Extern:
		r.declare(s.Name, &symbol{kind: externSymbol})
	case *syntax.Set:
		r.assign(s)
	case *syntax.Reset:
		r.reset(s)
	case *syntax.Barrier:
		r.barrier(s)
	case *syntax.Nop:
		for _, x := range s.Operands {
			var o operand
			r.qubitsOf(x, &o)
		}
	case *syntax.Delay:
		r.delay(s)
	case *syntax.Box:
		return r.box(s)
	case *syntax.Block:
		return r.block(s.Body)
	case *syntax.If:
		return r.branch(s)
	case *syntax.For:
		return r.loop(s)
	case *syntax.While:
		return r.while(s)
	case *syntax.Switch:
		return r.choose(s)
	case *syntax.Jump:
		return r.jump(s)
	case *syntax.Return:
		return r.giveBack(s)
	case *syntax.ExprStmt:
		r.eval(s.X)
	case *syntax.Pragma:
		if strings.HasPrefix(s.Text, "braket") {
			r.braket = true
		}
		r.emit(&ir.Opaque{Kind: "pragma", Text: s.Text})
	case *syntax.Annotation:
		r.emit(&ir.Opaque{Kind: "annotation", Text: s.Text})
	case *syntax.Defcalgrammar:
		r.emit(&ir.Opaque{Kind: "defcalgrammar", Text: s.Name})
	case *syntax.Cal:
		r.emit(&ir.Opaque{Kind: "cal", Text: s.Text})
	case *syntax.Defcal:
		r.defcal(s)
	}
	return flowNext
}

func (r *reader) defcal(s *syntax.Defcal) {
	op := &ir.Opaque{Kind: "defcal", Text: s.Text}
	for _, q := range s.Qubits {
		if q[0] == '$' {
			if flat, ok := r.physical(&syntax.Ident{Name: q}); ok && !slices.Contains(op.Qubits, flat) {
				op.Qubits = append(op.Qubits, flat)
			}
		}
	}
	r.emit(op)
	if _, known := r.gateNamed(s.Name); known || r.scope.find(s.Name) != nil {
		return
	}
	switch s.Name {
	case "measure", "reset", "delay":
	default: // a gate that is known by its pulses only
		r.global.set(s.Name, &symbol{kind: gateSymbol, file: r.file, at: s.Pos(),
			gate: &gate{name: s.Name, qubits: len(s.Qubits), params: -1, opaque: true}})
	}
}

func (r *reader) jump(s *syntax.Jump) flow {
	switch {
	case s.Kind != syntax.KwEnd && r.loops == nil && r.quiet == 0:
		r.fail(s.Pos(), "", "%v stands outside of a loop", s.Kind)
		return flowNext
	case r.once():
		return flowNext // the statements behind it are looked at all the same
	case s.Kind == syntax.KwEnd && (r.dynamic > 0 || r.calls > 0):
		r.raise(&r.ended, s.Pos())
		return flowGone
	case s.Kind == syntax.KwEnd:
		return flowEnd
	case r.loops.dynamic < r.dynamic:
		flag := &r.loops.next
		if s.Kind == syntax.KwBreak {
			flag = &r.loops.broken
		}
		r.raise(flag, s.Pos())
		return flowGone
	case s.Kind == syntax.KwBreak:
		return flowBreak
	}
	return flowContinue
}

// raise sets the bit that leaves out what follows.
func (r *reader) raise(flag *int, at syntax.Pos) {
	if *flag < 0 {
		*flag = r.flat(at)
	}
	r.set(true, *flag)
	r.leave(*flag)
}

// declaration declares a register, a variable, an input or an output.
func (r *reader) declaration(s *syntax.Declare) {
	if s.Type.Kind == syntax.KwQubit {
		r.declareQubits(s)
		return
	}
	if s.Type.Kind == syntax.KwArray {
		r.declareArray(s)
		return
	}
	t, ok := r.classical(&s.Type)
	if !ok {
		if s.Init != nil {
			r.initial(s.Init)
		}
		r.declare(s.Name, &symbol{kind: poisonSymbol})
		return
	}
	switch {
	case s.Mode == syntax.KwInput:
		r.input(s, t)
		return
	case t.kind == bitKind && s.Mode != syntax.KwConst:
		r.declareBits(s, t)
		return
	}
	v := value{typ: t}
	if s.Init != nil {
		v = r.convert(r.given(s.Init), t, s.Init.Pos())
		if s.Mode == syntax.KwConst && v.kind != poison && !v.known() {
			r.fail(s.Init.Pos(), "", "the value of the constant '%s' is not constant", s.Name.Text)
		}
	}
	sym := &symbol{kind: variableSymbol, typ: t, value: value{typ: t}, fixed: s.Mode == syntax.KwConst}
	r.declare(s.Name, sym)
	if !sym.fixed && v.measured() {
		r.setVariable(sym, v, s.Pos())
	} else {
		sym.value = v
	}
	if s.Mode == syntax.KwOutput && r.quiet == 0 {
		if _, ok := t.storable(); !ok || t.byList() {
			r.unsupported(s.Pos(), "an output of type %s", kindNames[t.kind])
			return
		}
		r.outputs = append(r.outputs, result{s.Name.Text, func() []bitRef { return r.cells(sym).refs() }})
	}
}

// given computes what a variable is given: an expression, or the outcomes of a measurement.
func (r *reader) given(x syntax.Expr) value {
	m, ok := x.(*syntax.Measure)
	if !ok {
		return r.eval(x)
	}
	var o operand
	if !r.qubitsOf(m.Qubits, &o) {
		return value{}
	}
	k := r.newBits("", len(o.qubits), o.scalar)
	r.measureInto(&o, k.bits, o.scalar, x.Pos())
	return k.bitValue()
}

// initial looks at the initial value of what a circuit cannot hold.
func (r *reader) initial(x syntax.Expr) {
	switch x := x.(type) {
	case *syntax.List:
		for _, item := range x.Items {
			r.initial(item)
		}
	case *syntax.Measure:
	default:
		r.eval(x)
	}
}

// size resolves the size of a register.
func (r *reader) size(x syntax.Expr, what string, most int) (int, bool) {
	if x == nil {
		return 1, true
	}
	n, ok := r.constant(x, "the size of a register")
	if !ok {
		return 0, false
	}
	if n < 1 || n > int64(most) {
		hint := ""
		if n > 0 {
			hint = "at most " + count(most, what) + " are held"
		}
		r.fail(x.Pos(), hint, "a register of %d %ss", n, what)
		return 0, false
	}
	return int(n), true
}

func (r *reader) declareQubits(s *syntax.Declare) {
	n, ok := r.size(s.Type.Size, "qubit", maxQubits-r.circuit.Qubits)
	if !ok {
		r.declare(s.Name, &symbol{kind: poisonSymbol})
		return
	}
	if r.scope != r.global {
		r.fail(s.Pos(), "declare them at the top level", "qubits are declared inside a block")
	}
	flat := make([]int, n)
	for i := range flat {
		flat[i] = r.circuit.Qubits + i
	}
	r.circuit.Qubits += n
	r.circuit.QubitRegs = append(r.circuit.QubitRegs, ir.Register{Name: s.Name.Text, Indices: flat})
	r.declare(s.Name, &symbol{kind: qubitSymbol, qubits: flat, scalar: s.Type.Size == nil})
}

func (r *reader) newBits(name string, n int, scalar bool) *symbol {
	return &symbol{kind: bitSymbol, typ: typ{kind: bitKind, width: n, scalar: scalar}, scalar: scalar, bits: newBitVar(name, n).refs()}
}

func (r *reader) declareBits(s *syntax.Declare, t typ) {
	if !r.spend(t.width/8, s.Pos()) {
		return
	}
	sym := r.newBits(s.Name.Text, t.width, t.scalar)
	if r.scope == r.global && r.quiet == 0 {
		if r.bits+t.width > maxBits {
			r.fail(s.Pos(), "", "more than %d bits are declared", maxBits)
			return
		}
		v := sym.bits[0].v
		for i := range v.home {
			v.home[i] = r.bits + i
			v.bits[i] = flatBit(v.home[i])
		}
		r.bits += t.width
		to := &r.declared
		if s.Mode == syntax.KwOutput {
			to = &r.outputs
		}
		*to = append(*to, result{s.Name.Text, v.refs})
	}
	if s.Init != nil {
		r.assignBits(sym.bits, t.scalar, s.Init)
	}
	r.declare(s.Name, sym)
}

func (r *reader) alias(s *syntax.Alias) {
	var o operand
	if id, ok := s.Value.(*syntax.Ident); ok && id.Name != "" && id.Name[0] != '$' {
		if old := r.scope.find(id.Name); old != nil && old.kind == poisonSymbol {
			r.declare(s.Name, &symbol{kind: poisonSymbol})
			return
		}
	}
	if a, indices := r.arrayNamed(s.Value); a != nil {
		p, ok := r.arrayValue(s.Value, nil)
		if !ok {
			p = &symbol{kind: poisonSymbol}
		} else if len(indices) == 0 {
			p = &symbol{kind: arraySymbol, typ: p.typ, elements: p.elements, dims: p.dims, fixed: p.fixed}
		}
		r.declare(s.Name, p)
		return
	}
	if !r.elements(s.Value, &o) {
		r.declare(s.Name, &symbol{kind: poisonSymbol})
		return
	}
	if old := r.scope.own(s.Name.Text); old != nil && old.kind == qubitSymbol && r.scope != r.global {
		delete(r.scope.symbols, s.Name.Text)
	}
	sym := &symbol{kind: qubitSymbol, qubits: slices.Clone(o.qubits), scalar: o.scalar}
	if o.bits != nil {
		sym = &symbol{kind: bitSymbol, bits: o.bits, scalar: o.scalar, typ: typ{kind: bitKind, width: len(o.bits), scalar: o.scalar}}
	}
	r.declare(s.Name, sym)
}

// rootOf is an expression without the indices behind it.
func rootOf(x syntax.Expr) syntax.Expr {
	for {
		i, ok := x.(*syntax.Index)
		if !ok {
			return x
		}
		x = i.X
	}
}

// assign runs an assignment.
func (r *reader) assign(s *syntax.Set) {
	id, ok := rootOf(s.Target).(*syntax.Ident)
	if !ok {
		r.fail(s.Pos(), "", "nothing can be assigned to this expression")
		return
	}
	sym := r.scope.find(id.Name)
	switch {
	case sym == nil:
		r.undefined(id.Pos(), id.Name, "")
		return
	case sym.kind == poisonSymbol:
		r.initial(s.Value)
		if i, ok := s.Target.(*syntax.Index); ok {
			for _, x := range i.Indices {
				if _, plain := x.(*syntax.Range); !plain {
					r.initial(x)
				}
			}
		}
		return
	case sym.kind == arraySymbol:
		_, indices := r.arrayNamed(s.Target)
		r.assignPart(sym, indices, s)
		return
	case sym.kind == bitSymbol:
		var o operand
		if !r.elements(s.Target, &o) {
			return
		}
		r.assignElements(o, s)
		return
	case sym.kind != variableSymbol:
		r.fail(id.Pos(), "", "nothing can be assigned to %s '%s'", sym.what(), id.Name)
		return
	case sym.fixed:
		r.fail(id.Pos(), "", "'%s' is constant", id.Name)
		return
	}
	var indices []syntax.Expr
	if i, ok := s.Target.(*syntax.Index); ok {
		if indices = i.Indices; i.X != syntax.Expr(id) {
			r.fail(s.Pos(), "", "a %s has no such elements", kindNames[sym.typ.kind])
			return
		}
	}
	r.assignVariable(sym, indices, s)
}

// assignVariable runs an assignment to a variable, or to bits of it that indices name.
func (r *reader) assignVariable(sym *symbol, indices []syntax.Expr, s *syntax.Set) {
	v := r.given(s.Value)
	if len(indices) > 0 {
		r.assignBitsOf(sym, indices, v, s)
		return
	}
	if s.Op != syntax.Assign {
		v = r.operate(operatorOf[s.Op], r.current(sym), v, s.Pos())
	}
	r.setVariable(sym, r.convert(v, sym.typ, s.Value.Pos()), s.Pos())
}

// assignBitsOf assigns to bits of a number, as in n[2] = 1.
func (r *reader) assignBitsOf(sym *symbol, indices []syntax.Expr, v value, s *syntax.Set) {
	n, ok := sym.typ.storable()
	switch {
	case !ok || sym.typ.kind == boolKind || sym.typ.byList() || len(indices) != 1:
		r.fail(s.Pos(), "", "a %s has no such elements", kindNames[sym.typ.kind])
		return
	case r.current(sym).kind == poison:
		return
	}
	list, one, ok := r.indices(indices[0], n, "it")
	if !ok || v.kind == poison || r.quiet > 0 {
		return
	}
	o := operand{bits: pick(r.cells(sym).refs(), list), scalar: one}
	if s.Op == syntax.Assign {
		r.setBits(o.bits, r.convert(v, typ{kind: bitKind, width: len(o.bits), scalar: one}, s.Pos()))
		return
	}
	r.compound(o, v, s)
}

// operatorOf is what a compound assignment applies.
var operatorOf = map[syntax.Kind]syntax.Kind{
	syntax.AddAssign: syntax.Plus, syntax.SubAssign: syntax.Minus, syntax.MulAssign: syntax.Star, syntax.DivAssign: syntax.Slash,
	syntax.AndAssign: syntax.And, syntax.OrAssign: syntax.Or, syntax.XorAssign: syntax.Xor, syntax.ShlAssign: syntax.Shl,
	syntax.ShrAssign: syntax.Shr, syntax.ModAssign: syntax.Percent, syntax.PowAssign: syntax.Power,
}

func (r *reader) assignElements(o operand, s *syntax.Set) {
	if s.Op == syntax.Assign {
		r.assignBits(o.bits, o.scalar, s.Value)
		return
	}
	r.compound(o, r.eval(s.Value), s)
}

// compound runs a compound assignment to bits.
func (r *reader) compound(o operand, v value, s *syntax.Set) {
	old := (&symbol{bits: o.bits, scalar: o.scalar}).bitValue()
	op, ok := operatorOf[s.Op]
	if !ok {
		r.fail(s.Pos(), "", "'%v' can't be applied to bits", s.Op)
		return
	}
	r.setBits(o.bits, r.convert(r.operate(op, old, v, s.Pos()), typ{kind: bitKind, width: len(o.bits), scalar: o.scalar}, s.Pos()))
}

// assignBits assigns an expression or a measurement to bits.
func (r *reader) assignBits(to []bitRef, scalar bool, x syntax.Expr) {
	if m, ok := x.(*syntax.Measure); ok {
		var o operand
		if r.qubitsOf(m.Qubits, &o) {
			r.measureInto(&o, to, scalar, x.Pos())
		}
		return
	}
	v := r.eval(x)
	t := typ{kind: bitKind, width: len(to), scalar: scalar}
	if v.kind != poison && v.kind != bitKind && v.kind != boolKind && !v.isInt() && v.kind != angleKind {
		r.fail(x.Pos(), "", "a %s can't become a bit", kindNames[v.kind])
		return
	}
	r.setBits(to, r.convert(v, t, x.Pos()))
}

// setBits gives bits the values of others.
func (r *reader) setBits(to []bitRef, v value) {
	if v.kind == poison || r.quiet > 0 {
		return
	}
	for i, ref := range to {
		r.hold(ref, v.bits[i])
	}
}

// measure runs a measurement.
func (r *reader) measure(qubits, target syntax.Expr) {
	var q, c operand
	if !r.qubitsOf(qubits, &q) {
		return
	}
	if target == nil {
		r.measureInto(&q, nil, q.scalar, q.at)
		return
	}
	if id, ok := rootOf(target).(*syntax.Ident); ok {
		if s := r.scope.find(id.Name); s != nil && (s.kind == arraySymbol || s.kind == variableSymbol) {
			r.assign(syntax.SetAt(target, &syntax.Measure{Qubits: qubits}))
			return
		}
	}
	if !r.elements(target, &c) {
		return
	}
	if c.bits == nil {
		r.fail(target.Pos(), "", "a measurement goes into bits, these are qubits")
		return
	}
	r.measureInto(&q, c.bits, c.scalar, q.at)
}

func (r *reader) measureInto(q *operand, to []bitRef, scalar bool, at syntax.Pos) {
	if to != nil && len(to) != len(q.qubits) {
		r.fail(at, "", "%s measured into %s", count(len(q.qubits), "qubit"), count(len(to), "bit"))
		return
	}
	if !q.scalar && !r.spend(len(q.qubits), at) {
		return
	}
	for i, qubit := range q.qubits {
		if to == nil {
			r.emit(r.memory.measure(qubit, -1))
			continue
		}
		if r.quiet > 0 {
			continue
		}
		flat := r.target(to[i])
		if r.exhausted {
			return
		}
		r.emit(r.memory.measure(qubit, flat))
	}
}

func (r *reader) reset(s *syntax.Reset) {
	var o operand
	if !r.qubitsOf(s.Qubits, &o) || !o.scalar && !r.spend(len(o.qubits), s.Pos()) {
		return
	}
	if r.inGate {
		r.unsupported(s.Pos(), "reset in the body of a gate")
		return
	}
	for _, q := range o.qubits {
		r.emit(&ir.Reset{Qubit: q})
	}
}

// group collects the qubits of several operands, all of them where there is
// none.
func (r *reader) group(operands []syntax.Expr, at syntax.Pos) ([]int, bool) {
	var out []int
	for _, x := range operands {
		var o operand
		if !r.qubitsOf(x, &o) {
			return nil, false
		}
		out = append(out, o.qubits...)
	}
	if len(operands) == 0 && !r.inGate {
		for q := range r.circuit.Qubits {
			out = append(out, q)
		}
	}
	if len(out) > len(operands) && !r.spend(len(out), at) {
		return nil, false
	}
	if len(out) > 1 {
		seen := make(map[int]bool, len(out))
		kept := out[:0]
		for _, q := range out {
			if !seen[q] {
				seen[q] = true
				kept = append(kept, q)
			}
		}
		out = kept
	}
	return out, true
}

func (r *reader) barrier(s *syntax.Barrier) {
	if q, ok := r.group(s.Operands, s.Pos()); ok {
		r.emit(&ir.Barrier{Qubits: q})
	}
}

func (r *reader) delay(s *syntax.Delay) {
	v, known := r.known(r.eval(s.Duration), s.Duration.Pos(), "a duration")
	q, ok := r.group(s.Operands, s.Pos())
	switch {
	case !ok || !known:
	case v.kind != durationKind:
		r.fail(s.Duration.Pos(), "as in delay[100ns]", "a delay takes a duration, this is a %s", kindNames[v.kind])
	case v.f < 0 || math.IsInf(v.f, 0):
		r.fail(s.Duration.Pos(), "", "a delay of %v %s", v.f, v.unit)
	default:
		r.emit(&ir.Delay{Duration: v.f, Unit: v.unit, Qubits: q})
	}
}
