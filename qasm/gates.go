package qasm

import (
	"math/rand/v2"
	"slices"
	"strconv"

	"qgan/ir"
	"qgan/qasm/syntax"
)

// lookupGate finds what a call names: nil, with the reason told, for nothing.
func (r *reader) lookupGate(s *syntax.Call) (*gate, *symbol) {
	sym := r.scope.find(s.Name)
	if sym != nil {
		switch sym.kind {
		case gateSymbol:
			return sym.gate, nil
		case subroutineSymbol, externSymbol:
			return nil, sym
		}
	}
	g, ok := r.gateNamed(s.Name)
	if !ok {
		if sym != nil {
			r.fail(s.NameAt, "", "%s '%s' can't be applied as a gate", sym.what(), s.Name)
			return nil, nil
		}
		hint := ""
		if near := r.scope.nearest(s.Name); near != "" {
			hint = "did you mean '" + near + "'?"
		}
		r.fail(s.NameAt, hint, "gate '%s' is not defined", s.Name)
		return nil, nil
	}
	if !r.provided(s.Name) && len(r.guessed) < maxConstructs {
		r.guess(s.Name)
	}
	return g, nil
}

func (r *reader) guess(name string) {
	for _, g := range r.guessed {
		if g == name {
			return
		}
	}
	r.guessed = append(r.guessed, name)
}

// call applies a gate, or calls a subroutine in the old form.
func (r *reader) call(s *syntax.Call) {
	g, sym := r.lookupGate(s)
	if sym != nil {
		r.callFunction(s, sym)
		return
	}
	if g == nil {
		for _, x := range s.Operands { // mistakes in the operands are told all the same
			var o operand
			r.qubitsOf(x, &o)
		}
		return
	}
	if s.Duration != nil {
		r.eval(s.Duration)
		r.unsupported(s.Duration.Pos(), "a gate with a duration")
	}
	args := r.memory.params(len(s.Args))
	fine := true
	for i, x := range s.Args {
		args[i], fine = r.argument(x, fine)
	}
	if g.broken {
		return
	}
	if g.params >= 0 && len(args) != g.params {
		r.fail(s.NameAt, "", "gate '%s' takes %s, %d given", s.Name, count(g.params, "parameter"), len(args))
		return
	}
	mods, ok := r.modifiers(s.Modifiers)
	if !ok {
		return
	}
	want := g.qubits + mods.controls
	var few [4]operand
	operands := few[:0]
	for _, x := range s.Operands {
		operands = append(operands, operand{})
		if !r.qubitsOf(x, &operands[len(operands)-1]) {
			return
		}
	}
	if g.table == ir.GPhase && g.def == nil && len(operands) != want {
		want = 0
		if mods.controls > 0 || len(operands) > 0 {
			r.phaseOnQubits(s, g, args, mods, operands)
			return
		}
	}
	if len(operands) == 1 && want > 1 && len(operands[0].qubits) == want { // seen in the wild: custom q[0:1];
		r.note("the register of a gate's only operand is taken as all of its operands")
		operands = apart(operands[0])
	}
	if len(operands) != want {
		r.fail(s.NameAt, "", "gate '%s' acts on %s, %d given", s.Name, count(want, "qubit"), len(operands))
		return
	}
	n, ok := r.broadcast(operands, s.Pos())
	if !ok {
		return
	}
	if r.quiet > 0 {
		r.grow(n * (1 + g.size))
	} else if !r.fits("gate", s.Name, g.size, s.NameAt) {
		return
	}
	for i := range n {
		qubits, ok := r.qubitsAt(operands, i, s.Name)
		if !ok {
			return
		}
		if !fine || r.quiet > 0 {
			continue
		}
		r.apply(g, args, qubits, mods, s.NameAt)
		if r.exhausted {
			return
		}
	}
}

// callFunction reads a call that looks like a gate's and is another symbol's.
func (r *reader) callFunction(s *syntax.Call, sym *symbol) {
	if len(s.Modifiers) > 0 {
		r.fail(s.Pos(), "", "%s '%s' takes no modifiers", sym.what(), s.Name)
		return
	}
	r.function(&syntax.Apply{Name: s.Name, Args: slices.Concat(s.Args, s.Operands)})
}

// apart returns the qubits of a register as operands of their own.
func apart(o operand) []operand {
	var out []operand
	for _, q := range o.qubits {
		out = append(out, operand{qubits: []int{q}, scalar: true, at: o.at})
	}
	return out
}

// broadcast returns how often a gate with these operands is applied: once, or for each
// qubit of its registers, which must be of one size.
func (r *reader) broadcast(operands []operand, at syntax.Pos) (n int, ok bool) {
	n = 1
	registers := false
	for i := range operands {
		o := &operands[i]
		if o.scalar {
			continue
		}
		if registers && len(o.qubits) != n {
			r.fail(o.at, "registers of a gate must be of one size", "a register of %s stands beside one of %d", count(len(o.qubits), "qubit"), n)
			return 0, false
		}
		n, registers = len(o.qubits), true
	}
	return n, !registers || r.spend(n, at)
}

// qubitsAt returns the qubits of a gate's i-th application, which must differ.
func (r *reader) qubitsAt(operands []operand, i int, gate string) ([]int, bool) {
	qubits := r.memory.qubits(len(operands))
	for k := range operands {
		o := &operands[k]
		if o.scalar {
			qubits[k] = o.qubits[0]
		} else {
			qubits[k] = o.qubits[i]
		}
		if slices.Contains(qubits[:k], qubits[k]) {
			r.wrong(o.at, "", "gate '%s' acts on a qubit twice", gate)
			return nil, false
		}
	}
	return qubits, true
}

// argument computes an angle. fine stays true while all of them are known.
func (r *reader) argument(x syntax.Expr, fine bool) (ir.Angle, bool) {
	if f, ok := x.(*syntax.Float); ok {
		return ir.Angle{Const: f.Value}, fine
	}
	v, ok := r.known(r.eval(x), x.Pos(), "an angle")
	if !ok {
		return ir.Angle{}, false
	}
	switch v.kind {
	case floatKind, angleKind:
		return v.angle(), fine
	case intKind, uintKind:
		return ir.Const(v.float()), fine
	case bitKind:
		return ir.Const(r.toInteger(v, typ{kind: uintKind, width: v.width}, x.Pos()).float()), fine
	}
	r.fail(x.Pos(), "", "an angle is wanted, this is a %s", kindNames[v.kind])
	return ir.Angle{}, false
}

// phaseOnQubits reads gphase with operands that it does not need: gphase(a) q;
// as older texts write it, and ctrl @ gphase(a) q;.
func (r *reader) phaseOnQubits(s *syntax.Call, g *gate, args []ir.Angle, mods modList, operands []operand) {
	if mods.controls == 0 {
		if !r.provided("") {
			r.note("gphase is applied once, whatever its operands")
		}
		r.apply(g, args, nil, mods, s.NameAt)
		return
	}
	r.fail(s.NameAt, "", "gate 'gphase' acts on %s, %d given", count(mods.controls, "qubit"), len(operands))
}

// apply appends a gate with its modifiers on flat qubits, controls first.
func (r *reader) apply(g *gate, args []ir.Angle, qubits []int, mods modList, at syntax.Pos) {
	if g.opaque {
		r.unsupported(at, "the gate '%s', which has no definition", g.name)
		return
	}
	if g.def == nil && len(mods.list) == 0 && g.adapt == nil && g.controls == 0 && g.table != ir.GPhase {
		op := r.memory.apply()
		op.Gate, op.Angles, op.Qubits = g.table, args, qubits
		r.emit(op)
		return
	}
	own := qubits[mods.controls:]
	ops := r.body(g, args, own, at)
	ops, ok := r.modify(ops, mods, qubits, at)
	if !ok || !r.spend(len(ops), at) {
		return
	}
	for _, op := range ops {
		if a, ok := op.(*ir.Apply); ok && a.Gate == ir.GPhase && a.Controls == 0 && r.dynamic == 0 && !r.inGate {
			if r.quiet == 0 {
				r.circuit.Phase = r.circuit.Phase.Add(a.Angles[0])
			}
			continue
		}
		r.emit(op)
	}
}

// body returns the operations of a gate without its modifiers.
func (r *reader) body(g *gate, args []ir.Angle, qubits []int, at syntax.Pos) []ir.Op {
	if g.def == nil {
		if g.adapt != nil {
			args = g.adapt(args)
		}
		op := &ir.Apply{Gate: g.table, Angles: args, Qubits: qubits, Controls: g.controls}
		return []ir.Op{op.Normal()}
	}
	if !r.spend(1+len(g.def.Body), at) {
		return nil
	}
	return r.expand(g, args, qubits)
}

// expand runs the body of a definition.
func (r *reader) expand(g *gate, args []ir.Angle, qubits []int) []ir.Op {
	if r.nested++; r.nested > maxNested {
		r.nested--
		r.fail(g.def.Pos(), "", "definitions of gates call each other more than %d deep", maxNested)
		return nil
	}
	defer func() { r.nested-- }()
	scope, file, inGate, v2 := r.scope, r.file, r.inGate, r.v2
	r.scope = newScope(g.scope)
	r.scope.closed = true
	r.file, r.inGate, r.v2 = g.file, true, g.v2
	for i, p := range g.def.Params {
		v := value{}
		if i < len(args) {
			v = fromAngle(args[i])
		}
		r.declare(p, &symbol{kind: variableSymbol, typ: typ{kind: floatKind}, value: v, fixed: true})
	}
	for i, q := range g.def.Qubits {
		r.declare(q, &symbol{kind: qubitSymbol, qubits: qubits[i : i+1], scalar: true})
	}
	ops := r.collect(func() { r.block(g.def.Body) })
	r.scope, r.file, r.inGate, r.v2 = scope, file, inGate, v2
	return ops
}

// define declares a gate. A definition that is a gate of the table, phase
// included, is recognised as that.
func (r *reader) define(s *syntax.Gate) {
	g := &gate{name: s.Name.Text, params: len(s.Params), qubits: len(s.Qubits), def: s, scope: r.scope, file: r.file, v2: r.v2, opaque: s.Opaque}
	if s.Opaque {
		g.def = nil
		if known, ok := r.gateNamed(g.name); ok && known.params == g.params && known.qubits == g.qubits {
			g = known
		}
		r.declare(s.Name, &symbol{kind: gateSymbol, gate: g})
		return
	}
	flat := make([]int, len(s.Qubits))
	for i := range flat {
		flat[i] = i
	}
	before := len(r.errs)
	calls := r.selfCall(s)
	r.quiet++
	var unknown []string
	g.size = r.sizeOf(func() {
		unknown = r.guessedIn(func() { r.expand(&gate{def: s, scope: r.scope, file: r.file, v2: r.v2}, nil, flat) })
	})
	r.quiet--
	if calls != nil && len(r.errs) > before {
		r.errs = r.errs[:before]
		r.fail(calls.NameAt, "", "gate '%s' calls itself", s.Name.Text)
	}
	g.broken = len(r.errs) > before || r.errs.Full()
	if !g.broken && g.size <= maxWork {
		r.recognise(g, flat)
		r.guessed = append(r.guessed, unknown...)
	}
	r.declare(s.Name, &symbol{kind: gateSymbol, gate: g})
}

// guessedIn runs f and returns the names that it added to the guessed ones.
func (r *reader) guessedIn(f func()) []string {
	before := len(r.guessed)
	f()
	out := append([]string(nil), r.guessed[before:]...)
	r.guessed = r.guessed[:before]
	return out
}

// selfCall returns the call of a gate in its own body where no other gate of
// that name is known, nil for none.
func (r *reader) selfCall(s *syntax.Gate) *syntax.Call {
	if _, ok := r.gateNamed(s.Name.Text); ok || r.scope.find(s.Name.Text) != nil {
		return nil
	}
	for _, x := range s.Body {
		if c, ok := x.(*syntax.Call); ok && c.Name == s.Name.Text {
			return c
		}
	}
	return nil
}

// recognise replaces a definition by the gate of the table that has its name,
// where they are the same operator for some values of the parameters.
func (r *reader) recognise(g *gate, flat []int) {
	same, ok := ir.GateByName(g.name)
	if !ok {
		if k, found := known3[g.name]; found && k.def == nil && k.controls == 0 && k.adapt == nil {
			same, ok = k.table, true
		}
	}
	if !ok || len(same.Info().Params) != g.params || same.Info().Qubits != g.qubits || g.qubits > 3 || same == ir.GPhase {
		return
	}
	rng := rand.New(rand.NewPCG(1, 2))
	for range 3 {
		args, values := make([]ir.Angle, g.params), make([]float64, g.params)
		for i := range args {
			values[i] = rng.Float64()*6 - 3
			args[i] = ir.Const(values[i])
		}
		c := &ir.Circuit{Qubits: g.qubits}
		quiet, phase := r.quiet, r.circuit.Phase
		r.quiet = 0
		unsupported := len(r.doc.Unsupported)
		c.Ops = r.expand(g, args, flat)
		r.quiet, r.circuit.Phase = quiet, phase
		if len(r.doc.Unsupported) > unsupported {
			r.doc.Unsupported = r.doc.Unsupported[:unsupported]
			return
		}
		u, err := ir.UnitaryOf(c, nil, nil)
		if err != nil || u.Distance(same.Info().Matrix(values)) > 1e-12 {
			return
		}
	}
	g.def, g.table = nil, same
}

// subroutine declares a subroutine and looks its body through.
func (r *reader) subroutine(s *syntax.Def) {
	sym := &symbol{kind: subroutineSymbol, def: s, v2: r.v2}
	r.declare(s.Name, sym)
	if s.Result != nil {
		r.check(func() { r.classical(s.Result) })
	}
	r.check(func() {
		sym.size = r.sizeOf(func() {
			r.within(&frame{typ: sym.typ}, func() {
				r.guessedIn(func() {
					scope := r.scope
					r.scope = newScope(r.global)
					r.scope.closed = true
					for _, p := range s.Params {
						r.declare(p.Name, r.formal(p))
					}
					r.block(s.Body)
					r.scope = scope
				})
			})
		})
	})
}

// within runs the body of a subroutine.
func (r *reader) within(f *frame, run func()) {
	f.outer, f.dynamic, f.returned = r.frame, r.dynamic, -1
	loops, pending := r.loops, r.pending
	r.frame, r.loops, r.pending = f, nil, nil
	r.calls++
	run()
	r.calls--
	ended := slices.Contains(r.pending, r.ended)
	if r.frame, r.loops, r.pending = f.outer, loops, pending; ended {
		r.leave(r.ended)
	}
}

// formal returns a stand-in for a parameter of a subroutine.
func (r *reader) formal(p syntax.Param) *symbol {
	switch p.Type.Kind {
	case syntax.KwQubit, syntax.KwQreg:
		n, ok := r.size(p.Type.Size, "qubit", maxQubits)
		if !ok {
			return &symbol{kind: poisonSymbol}
		}
		flat := make([]int, n)
		for i := range flat {
			flat[i] = maxQubits + r.standIns
			r.standIns++
		}
		return &symbol{kind: qubitSymbol, qubits: flat, scalar: p.Type.Size == nil}
	}
	if p.Type.Kind == syntax.KwArray {
		a, ok := r.arrayOf(&p.Type)
		if !ok {
			return &symbol{kind: poisonSymbol}
		}
		return a
	}
	t, ok := r.classical(&p.Type)
	switch {
	case !ok:
		return &symbol{kind: poisonSymbol}
	case t.kind == bitKind:
		return r.newBits(p.Name.Text, t.width, t.scalar)
	}
	return &symbol{kind: variableSymbol, typ: t, dynamic: r.dynamic}
}

// externArguments looks the arguments of an extern function through.
func (r *reader) externArguments(args []syntax.Expr) {
	for _, x := range args {
		if id, ok := x.(*syntax.Ident); ok {
			if s := r.scope.find(id.Name); s != nil && s.kind != gateSymbol {
				continue
			}
		}
		r.eval(x)
	}
}

// inline runs a subroutine in place of its call and returns its result.
func (r *reader) inline(sym *symbol, args []syntax.Expr, at syntax.Pos) value {
	s := sym.def
	if len(args) != len(s.Params) {
		r.fail(at, "", "the subroutine '%s' takes %s, %d given", s.Name.Text, count(len(s.Params), "argument"), len(args))
		return value{}
	}
	if r.calls >= maxCalls {
		if r.quiet == 0 {
			r.fail(at, "", "subroutines call each other more than %d deep", maxCalls)
		}
		return value{}
	}
	if r.quiet > 0 {
		r.grow(1 + sym.size)
	} else if !r.fits("the subroutine", s.Name.Text, sym.size, at) {
		return value{}
	}
	if !r.spend(1+len(s.Body), at) {
		return value{}
	}
	inner := newScope(r.global)
	inner.closed = true
	for i, p := range s.Params {
		k := r.actual(p, args[i])
		if k == nil {
			return value{}
		}
		k.file, k.at, k.dynamic, k.quiet = sym.file, p.Name.Pos(), r.dynamic, r.quiet
		inner.set(p.Name.Text, k)
	}
	if r.quiet > 0 { // the body was looked through when it was declared
		return value{}
	}
	own := &frame{}
	if s.Result != nil {
		t, ok := r.classical(s.Result)
		if !ok {
			return value{}
		}
		own.typ = t
	}
	scope, file, v2 := r.scope, r.file, r.v2
	r.scope, r.file, r.v2 = inner, sym.file, sym.v2
	from, ended := len(r.circuit.Ops), slices.Contains(r.pending, r.ended)
	r.within(own, func() {
		r.result = value{}
		r.block(s.Body)
		r.clear(from, own.returned)
	})
	if s.Result != nil && slices.Contains(r.pending, r.ended) && !ended {
		r.unsupported(at, "end inside a subroutine with a result")
	}
	result := r.result
	r.scope, r.file, r.v2 = scope, file, v2
	if own.result != nil {
		result = r.current(own.result)
	}
	if s.Result == nil {
		return value{}
	}
	return r.convert(result, own.typ, at)
}

// actual binds an argument to a parameter of a subroutine.
func (r *reader) actual(p syntax.Param, x syntax.Expr) *symbol {
	switch p.Type.Kind {
	case syntax.KwQubit, syntax.KwQreg:
		var o operand
		if !r.qubitsOf(x, &o) {
			return nil
		}
		n, ok := r.size(p.Type.Size, "qubit", maxQubits)
		if ok && n != len(o.qubits) {
			r.fail(x.Pos(), "", "%s given where %d are wanted", count(len(o.qubits), "qubit"), n)
			return nil
		}
		return &symbol{kind: qubitSymbol, qubits: append([]int(nil), o.qubits...), scalar: p.Type.Size == nil}
	}
	if p.Type.Kind == syntax.KwArray {
		return r.arrayArgument(p, x)
	}
	t, ok := r.classical(&p.Type)
	v := r.eval(x)
	if !ok {
		return &symbol{kind: poisonSymbol}
	}
	v = r.convert(v, t, x.Pos())
	if t.kind == bitKind {
		if v.kind == poison {
			return &symbol{kind: poisonSymbol}
		}
		k := r.newBits(p.Name.Text, t.width, t.scalar)
		r.setBits(k.bits, v)
		return k
	}
	k := &symbol{kind: variableSymbol, typ: t, value: value{typ: t}, dynamic: r.dynamic, quiet: r.quiet}
	r.setVariable(k, v, x.Pos())
	return k
}

// giveBack returns from a subroutine.
func (r *reader) giveBack(s *syntax.Return) flow {
	if r.calls == 0 {
		r.fail(s.Pos(), "", "return stands outside of a subroutine")
		return flowNext
	}
	v := value{}
	if s.Value != nil {
		v = r.given(s.Value)
	}
	if r.quiet > 0 {
		return flowNext
	}
	if r.frame.dynamic == r.dynamic {
		r.result = v
		return flowReturn
	}
	f := r.frame
	if f.typ.kind != poison && v.kind != poison {
		r.returns(f, r.convert(v, f.typ, s.Pos()), s.Pos())
	}
	r.raise(&f.returned, s.Pos())
	return flowGone
}

// returns stores the result of a subroutine that returns in a block that depends on outcomes.
func (r *reader) returns(f *frame, v value, at syntax.Pos) {
	if f.result == nil {
		f.result = &symbol{kind: variableSymbol, typ: f.typ, value: value{typ: f.typ}, dynamic: f.dynamic}
		if f.typ.kind == bitKind {
			f.result.value = bitsValue(resize(nil, f.typ.width))
		}
	}
	if r.setVariable(f.result, v, at); f.result.store != nil {
		r.store(f.result.store.refs())
	}
}

// count writes a number with its noun.
func count(n int, noun string) string {
	switch n {
	case 0:
		return "no " + noun + "s"
	case 1:
		return "1 " + noun
	}
	return strconv.Itoa(n) + " " + noun + "s"
}
