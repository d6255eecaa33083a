package qasm

import (
	"math/bits"
	"slices"

	"qgan/qasm/syntax"
)

// storable reports whether what depends on outcomes can be of a type, and in how many bits.
func (t typ) storable() (bits int, ok bool) {
	switch t.kind {
	case angleKind:
		if t.packed() {
			return t.width, true
		}
		return listBits, true
	case floatKind, durationKind:
		return listBits, true
	case boolKind:
		return 1, true
	case intKind, uintKind:
		if t.width == 0 {
			return plainWidth, true
		}
		return t.width, true
	case bitKind:
		return max(t.width, 1), true
	}
	return 0, false
}

// cells returns the bits of a number or bool, which from then on holds them.
func (r *reader) cells(s *symbol) *bitVar {
	if s.store == nil {
		n, _ := s.typ.storable()
		store := newBitVar("", n)
		if bits, ok := r.coded(s, s.value, r.here); ok {
			for i, b := range bits {
				r.hold(bitRef{store, i}, b)
			}
		}
		s.store = store
	}
	return s.store
}

// byList reports whether a variable of the type holds, where it depends on outcomes, the number
// of its value in a list of those that it was given.
func (t typ) byList() bool {
	return t.kind == floatKind || t.kind == durationKind || t.kind == angleKind && !t.packed()
}

// coded returns the bits that hold a value of a variable.
func (r *reader) coded(s *symbol, v value, at syntax.Pos) ([]bit, bool) {
	n, ok := s.typ.storable()
	switch {
	case !ok || v.kind == poison:
		return nil, false
	case !s.typ.byList():
		v = r.toBits(v, typ{kind: bitKind, width: n}, at)
		return v.bits, v.kind != poison
	}
	t, ok := r.tabulated(at, "a "+kindNames[s.typ.kind], []value{v}, func(a []value) value { return a[0] })
	if !ok {
		return nil, false
	}
	numbers := make([]int, len(t.values))
	for i, v := range t.values {
		k := slices.IndexFunc(s.list, func(old value) bool { return alike(old, v) })
		if k < 0 {
			k = len(s.list)
			s.list = append(s.list, v)
		}
		numbers[i] = k
	}
	if len(s.list) > 1<<n {
		r.unsupported(at, "a variable of type %s that has, as outcomes say, more than %d values", kindNames[s.typ.kind], 1<<n)
		return nil, false
	}
	out, column := make([]bit, n), make([]bit, len(numbers))
	for j := range out {
		for i, k := range numbers {
			column[i] = knownBit(k>>j&1 == 1)
		}
		out[j] = r.chosen(t.on, column)
	}
	return out, true
}

// fromList is the value of a variable that is held by its number in a list.
func (r *reader) fromList(s *symbol) value {
	n := bits.Len(uint(max(len(s.list), 1) - 1))
	number := value{typ: typ{kind: uintKind, width: n}, bits: slices.Clone(s.store.bits[:n])}
	if n == 0 {
		if len(s.list) == 0 {
			return value{typ: s.typ}
		}
		return s.list[0]
	}
	return r.tabulate(r.here, "a "+kindNames[s.typ.kind], []value{number}, func(a []value) value {
		return s.list[min(int(a[0].i), len(s.list)-1)]
	})
}

// growth counts the values that variables which statements assign to have had, and the bits of
// them that may be 1.
func (r *reader) growth(settled []bitRef, bodies ...[]syntax.Stmt) (n int) {
	for _, ref := range settled {
		if r.ones[ref.v.home[ref.i]] {
			n++
		}
	}
	var of func(s *symbol)
	of = func(s *symbol) {
		n += len(s.list)
		for _, e := range s.elements {
			of(e)
		}
	}
	for _, name := range assigned(bodies) {
		if s := r.scope.find(name); s != nil {
			of(s)
		}
	}
	return n
}

// current is the value of a variable.
func (r *reader) current(s *symbol) value {
	switch {
	case s.store == nil:
		return s.value
	case s.typ.byList():
		return r.fromList(s)
	}
	v := bitsValue(slices.Clone(s.store.bits))
	for i, b := range v.bits {
		if b.cond == nil && b.flat >= 0 && !r.ones[b.flat] && b.flat == s.store.home[i] {
			v.bits[i] = knownBit(false)
		}
	}
	switch {
	case s.typ.kind == boolKind:
		return r.toBool(v, r.here)
	case v.known() || s.typ.kind == angleKind:
		return r.convert(v, s.typ, r.here)
	}
	v.typ = s.typ
	if v.width == 0 {
		v.width = plainWidth
	}
	return v
}

// setVariable gives a variable a value of its type.
func (r *reader) setVariable(s *symbol, v value, at syntax.Pos) {
	switch runtime := v.measured(); {
	case r.quiet > 0:
		if s.quiet == r.quiet {
			s.value = v
		}
		return
	case v.kind == poison:
		s.value, s.store = v, nil
		return
	case s.store == nil && !runtime && s.dynamic == r.dynamic:
		s.value = v
		return
	}
	refs := r.cells(s).refs() // first: what it holds now has a place in the list
	code, ok := r.coded(s, v, at)
	if !ok {
		s.value, s.store = value{}, nil
		return
	}
	for i, ref := range refs {
		r.hold(ref, code[i])
	}
}
