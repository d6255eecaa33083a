package qasm

import (
	"slices"

	"qgan/ir"
	"qgan/qasm/syntax"
)

// What depends on outcomes is known only when the program runs, and lives in flat bits of
// the circuit. A variable holds what it was given as it is, a known value or a condition over
// flat bits, and is stored in its home when it has to be: before a bit that the condition
// reads changes, around blocks that depend on outcomes and assign to it, and at the end of the
// program, where the declared registers are read.

// bitVar are the bits of a variable: a register, a number or a bool.
type bitVar struct {
	name string
	bits []bit // what they hold
	home []int // the flat bit that each is stored in, -1 where it has none yet
	// brief: they are needed until the next operation only, see stands.
	brief bool
}

// bitRef is an element of a variable.
type bitRef struct {
	v *bitVar
	i int
}

func (ref bitRef) bit() bit { return ref.v.bits[ref.i] }

// stored reports whether an element's value is in its home.
func (ref bitRef) stored() bool {
	b := ref.bit()
	return b.cond == nil && b.flat >= 0 && b.flat == ref.v.home[ref.i]
}

func newBitVar(name string, n int) *bitVar {
	v := &bitVar{name: name, bits: make([]bit, n), home: make([]int, n)}
	for i := range n {
		v.bits[i], v.home[i] = knownBit(false), -1
	}
	return v
}

func (v *bitVar) refs() []bitRef {
	out := make([]bitRef, len(v.bits))
	for i := range out {
		out[i] = bitRef{v, i}
	}
	return out
}

// reads lists the flat bits that a bit's value depends on.
func (b bit) reads() []int {
	switch {
	case b.cond != nil:
		return ir.CondBits(b.cond)
	case b.flat >= 0:
		return []int{b.flat}
	}
	return nil
}

// flat gives out a flat bit.
func (r *reader) flat(at syntax.Pos) int {
	if r.bits++; r.bits > maxBits && !r.exhausted {
		r.exhausted = true
		r.fail(at, "", "the program needs more than %d bits", maxBits)
	}
	return r.bits - 1
}

func (r *reader) homeOf(ref bitRef) int {
	if ref.v.home[ref.i] < 0 {
		ref.v.home[ref.i] = r.flat(r.here)
	}
	return ref.v.home[ref.i]
}

// hold lets an element hold a value. One that is long to compute is stored at once.
func (r *reader) hold(ref bitRef, b bit) {
	ref.v.bits[ref.i] = b
	if ref.stored() || b.known() {
		return
	}
	if r.uses == nil {
		r.uses = map[int][]bitRef{}
	}
	for _, f := range b.reads() {
		r.uses[f] = append(r.uses[f], ref)
	}
	if b.cond != nil && !small(b.cond, maxHeld) {
		r.store([]bitRef{ref})
	}
}

// readers lists the elements, none of them stored, that hold a condition over a flat bit.
func (r *reader) readers(flat int) []bitRef {
	list, ok := r.uses[flat]
	if !ok {
		return nil
	}
	list = slices.DeleteFunc(list, func(ref bitRef) bool { return ref.stored() || !slices.Contains(ref.bit().reads(), flat) })
	r.uses[flat] = list
	return list
}

// store writes elements into their homes by one assignment, and with them all whose values
// would be others behind it.
func (r *reader) store(refs []bitRef) {
	refs = slices.Clone(refs)
	op := &ir.Assign{}
	seen := map[bitRef]bool{}
	for k := 0; k < len(refs); k++ {
		ref := refs[k]
		if seen[ref] || ref.stored() {
			continue
		}
		seen[ref] = true
		b, home := ref.bit(), r.homeOf(ref)
		refs = append(refs, r.readers(home)...)
		if !b.known() || b.one {
			r.mayBeOne(home)
		}
		ref.v.bits[ref.i] = flatBit(home)
		if !b.known() || b.one || r.written[home] || r.dynamic > 0 { // all bits are 0 at the beginning
			op.Bits, op.Values = append(op.Bits, home), append(op.Values, b.condition())
		}
	}
	if len(op.Bits) > 0 {
		r.write(op.Bits...)
		r.emit(op)
	}
}

// mayBeOne says of a flat bit of a variable that it is not 0 in all courses of the program.
func (r *reader) mayBeOne(flat int) {
	if r.ones == nil {
		r.ones = map[int]bool{}
	}
	r.ones[flat] = true
}

func (r *reader) write(flats ...int) {
	if r.written == nil {
		r.written = map[int]bool{}
	}
	for _, f := range flats {
		r.written[f] = true
	}
}

// target returns the flat bit that a measurement into an element goes to.
func (r *reader) target(ref bitRef) int {
	home := r.homeOf(ref)
	r.mayBeOne(home)
	ref.v.bits[ref.i] = flatBit(home)
	r.store(r.readers(home))
	r.write(home)
	return home
}

// temporary stores a bit that is long to compute where it stands.
func (r *reader) temporary(b bit) bit {
	if b.cond == nil || r.quiet > 0 || small(b.cond, maxHeld) {
		return b
	}
	f := r.flat(r.here)
	r.write(f)
	r.emit(&ir.Assign{Bits: []int{f}, Values: []ir.Cond{b.cond}})
	return flatBit(f)
}

// stands keeps bits that were computed while what a block assigns to is stored, and returns
// them as they are behind that.
func (r *reader) stands(bits []bit, during func()) []bit {
	v := newBitVar("", len(bits))
	v.brief = true
	for i, ref := range v.refs() {
		r.hold(ref, bits[i])
	}
	during()
	out := slices.Clone(v.bits)
	for i := range v.bits {
		v.bits[i] = knownBit(false)
	}
	return out
}

// settle stores what blocks that depend on outcomes assign to, and what reads these bits. It
// returns their elements, which are stored again at the end of each block.
func (r *reader) settle(bodies ...[]syntax.Stmt) []bitRef {
	if r.quiet > 0 {
		return nil
	}
	var refs []bitRef
	seen := map[string]bool{}
	for _, name := range assigned(bodies) {
		if seen[name] {
			continue
		}
		seen[name] = true
		if s := r.scope.find(name); s != nil {
			refs = append(refs, r.elementsOf(s)...)
		}
	}
	all := slices.Clone(refs)
	for _, ref := range refs {
		for _, reader := range r.readers(r.homeOf(ref)) {
			if !reader.v.brief {
				all = append(all, reader)
			}
		}
	}
	r.store(all)
	return refs
}

// elementsOf lists the elements of a variable that can be stored.
func (r *reader) elementsOf(s *symbol) (refs []bitRef) {
	switch s.kind {
	case bitSymbol:
		return s.bits
	case variableSymbol:
		if _, ok := s.typ.storable(); ok && !s.fixed && r.current(s).kind != poison {
			return r.cells(s).refs()
		}
	case arraySymbol:
		for _, e := range s.elements {
			refs = append(refs, r.elementsOf(e)...)
		}
	}
	return refs
}

// assigned returns the names that statements assign to, measure into or hand to subroutines.
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
	args := func(x syntax.Expr) {
		if call, ok := x.(*syntax.Apply); ok {
			for _, a := range call.Args {
				name(a)
			}
		}
	}
	var walk func(list []syntax.Stmt)
	walk = func(list []syntax.Stmt) {
		for _, s := range list {
			switch s := s.(type) {
			case *syntax.Set:
				name(s.Target)
				args(s.Value)
			case *syntax.ExprStmt:
				args(s.X)
			case *syntax.Declare:
				args(s.Init)
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
