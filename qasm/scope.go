package qasm

import (
	"fmt"
	"strings"

	"qgan/qasm/syntax"
)

type symbolKind uint8

const (
	poisonSymbol symbolKind = iota // a variable that a circuit cannot hold
	qubitSymbol
	bitSymbol
	variableSymbol
	gateSymbol
	subroutineSymbol
	externSymbol
	arraySymbol
)

var symbolNames = [...]string{"the variable", "the qubits", "the bits", "the variable", "the gate", "the subroutine", "the function", "the array"}

// symbol is what a name stands for.
type symbol struct {
	kind    symbolKind
	file    *syntax.File
	at      syntax.Pos // of its declaration
	scalar  bool       // a qubit or bit without index
	qubits  []int
	bits    []bitRef
	typ     typ
	value   value
	store   *bitVar // of a variable that depends, or depended, on outcomes
	list    []value // the values that it had since, where it is held by their numbers
	fixed   bool    // a constant or an input
	dynamic int     // blocks that depend on measured bits around its declaration
	quiet   int     // checks around its declaration
	gate    *gate
	def     *syntax.Def
	size    int  // of def: statements, calls and gates, written out
	v2      bool // the version of the text of def

	elements []*symbol // of an array, the last index running fastest
	dims     []int
}

func (s *symbol) what() string { return symbolNames[s.kind] }

func (s *symbol) bitValue() value {
	out := make([]bit, len(s.bits))
	for i, ref := range s.bits {
		out[i] = ref.v.bits[ref.i]
	}
	v := bitsValue(out)
	v.scalar = s.scalar
	return v
}

// scope maps names to symbols; inner scopes hide outer ones.
type scope struct {
	outer   *scope
	symbols map[string]*symbol
	// closed: only constants, gates and subroutines of outer scopes are seen.
	closed bool
	// layer: the scope goes on with what outer began. A gate that is defined
	// anew begins a layer, so that definitions before it keep the old one.
	layer bool
}

// own finds a name that was declared in the scope itself.
func (s *scope) own(name string) *symbol {
	for {
		if k, ok := s.symbols[name]; ok || !s.layer {
			return k
		}
		s = s.outer
	}
}

func newScope(outer *scope) *scope { return &scope{outer: outer} }

// find looks a name up, nil for none.
func (s *scope) find(name string) *symbol {
	closed := false
	for ; s != nil; s = s.outer {
		if k, ok := s.symbols[name]; ok {
			if closed && !k.global() {
				return nil
			}
			return k
		}
		closed = closed || s.closed
	}
	return nil
}

// global reports whether the bodies of gates and subroutines see the symbol.
func (s *symbol) global() bool {
	switch s.kind {
	case gateSymbol, subroutineSymbol, externSymbol, poisonSymbol:
		return true
	}
	return (s.kind == variableSymbol || s.kind == arraySymbol) && s.fixed
}

func (s *scope) set(name string, k *symbol) {
	if s.symbols == nil {
		s.symbols = map[string]*symbol{}
	}
	s.symbols[name] = k
}

// nearest returns a name that is a slip away, or nothing.
func (s *scope) nearest(name string) string {
	best := ""
	for ; s != nil; s = s.outer {
		for k := range s.symbols {
			if oneSlip(k, name) && (best == "" || k < best) {
				best = k
			}
		}
	}
	return best
}

// oneSlip reports whether two names differ by one letter, or by case.
func oneSlip(a, b string) bool {
	if strings.EqualFold(a, b) {
		return true
	}
	if len(a) > len(b) {
		a, b = b, a
	}
	if len(b) < 3 || len(b)-len(a) > 1 {
		return false
	}
	i := 0
	for i < len(a) && a[i] == b[i] {
		i++
	}
	if len(a) == len(b) {
		return a[i+1:] == b[i+1:]
	}
	return a[i:] == b[i+1:]
}

// declare gives a name to a symbol in the scope at hand.
func (r *reader) declare(name syntax.Name, s *symbol) {
	s.file, s.at, s.dynamic, s.quiet = r.file, name.Pos(), r.dynamic, r.quiet
	if old := r.scope.own(name.Text); old != nil {
		if s.kind == gateSymbol && old.kind == gateSymbol && r.v2 {
			r.newLayer() // version 2 files define what they include anew
			r.scope.set(name.Text, s)
			return
		}
		r.fail(name.Pos(), "choose another name", "'%s' is declared already, at %v", name.Text, old.file.Position(old.at))
		return
	}
	if r.scope == r.global && r.library != nil && s.kind != poisonSymbol {
		if _, ok := libraryGate(r.library.name, name.Text); ok {
			if where := r.library.file.Position(r.library.at); s.kind == gateSymbol {
				r.note("gate '%s' of %s is defined anew", name.Text, r.library.name)
			} else if r.v2 {
				r.fail(name.Pos(), "choose another name", "'%s' is declared already: it is a gate of %s, included at %v", name.Text, r.library.name, where)
				return
			} else {
				r.note("'%s' is a gate of %s and a name of %s besides", name.Text, r.library.name, strings.TrimPrefix(s.what(), "the "))
			}
		}
	}
	if s.kind == gateSymbol {
		if _, known := r.gateNamed(name.Text); known {
			r.newLayer()
		}
	}
	r.scope.set(name.Text, s)
}

func (r *reader) newLayer() {
	if r.scope == r.global {
		r.scope = &scope{outer: r.global, layer: true}
		r.global = r.scope
	}
}

// inScope runs f in a scope of its own.
func (r *reader) inScope(f func() flow) flow {
	outer := r.scope
	r.scope = newScope(outer)
	out := f()
	r.scope = outer
	return out
}

// check runs f for its mistakes only: nothing is written, and constructs that a
// circuit cannot hold are not noted.
func (r *reader) check(f func()) {
	r.quiet++
	ops := r.circuit.Ops
	f()
	r.circuit.Ops = ops
	r.quiet--
}

// classical resolves a classical type. It reports false, and has said why,
// where a circuit knows no values of the type.
func (r *reader) classical(t *syntax.Type) (typ, bool) {
	width := 0
	if t.Size != nil {
		w, ok := r.constant(t.Size, "the width of a type")
		if !ok {
			return typ{}, false
		}
		if w < 1 || w > maxWidth && t.Kind != syntax.KwBit && t.Kind != syntax.KwCreg {
			r.fail(t.Size.Pos(), "", "a width of %d bits", w)
			return typ{}, false
		}
		if w > maxBits {
			r.fail(t.Size.Pos(), "", "a register of %d bits is too large, at most %d are held", w, maxBits)
			return typ{}, false
		}
		width = int(w)
	}
	switch t.Kind {
	case syntax.KwInt:
		return typ{kind: intKind, width: width}, true
	case syntax.KwUint:
		return typ{kind: uintKind, width: width}, true
	case syntax.KwFloat:
		return typ{kind: floatKind, width: width}, true
	case syntax.KwAngle:
		return typ{kind: angleKind, width: width}, true
	case syntax.KwBool:
		return typ{kind: boolKind}, true
	case syntax.KwBit, syntax.KwCreg:
		return typ{kind: bitKind, width: max(width, 1), scalar: t.Size == nil}, true
	case syntax.KwDuration:
		return typ{kind: durationKind}, true
	case syntax.KwStretch:
		r.unsupported(t.Pos(), "stretch")
	case syntax.KwComplex:
		if t.Element != nil && t.Element.Kind != syntax.KwFloat {
			r.fail(t.Element.Pos(), "", "the components of a complex number are floats")
		}
		r.unsupported(t.Pos(), "a complex number")
	case syntax.KwArray:
		if _, ok := r.arrayOf(t); ok {
			r.unsupported(t.Pos(), "an array, here")
		}
	case syntax.KwVoid:
		r.fail(t.Pos(), "", "nothing is of type void")
	default:
		r.fail(t.Pos(), "", "%v is no classical type", t.Kind)
	}
	return typ{}, false
}

// constant computes an integer that has to be known. It reports false where it
// is not, and has said why.
func (r *reader) constant(x syntax.Expr, what string) (int64, bool) {
	v, ok := r.known(r.eval(x), x.Pos(), what)
	return r.constantOf(v, ok, x, what)
}

// constantOf is a value as an integer that has to be known.
func (r *reader) constantOf(v value, known bool, x syntax.Expr, what string) (int64, bool) {
	switch {
	case !known:
	case v.isInt() && v.bits == nil && v.big == nil:
		return v.i, true
	case v.isInt() && v.big != nil:
		r.fail(x.Pos(), "", "%s is %s: too large", what, shorten(v.big.String()))
	case v.kind == boolKind && v.cond == nil:
		return int64(v.float()), true
	case v.kind == floatKind && !v.symbolic() && v.f == float64(int64(v.f)) && r.v2:
		return int64(v.f), true
	case v.kind == bitKind && v.known():
		return r.toInteger(v, typ{kind: uintKind, width: v.width}, x.Pos()).i, true
	default:
		r.fail(x.Pos(), "", "%s must be an integer, this is a %s", what, kindNames[v.kind])
	}
	return 0, false
}

func shorten(s string) string {
	if len(s) > 24 {
		return fmt.Sprintf("%s… (%d digits)", s[:12], len(s))
	}
	return s
}
