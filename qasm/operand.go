package qasm

import (
	"slices"

	"qgan/qasm/syntax"
)

// indices resolves what stands in brackets behind a register of n elements. one
// is true for a single index.
func (r *reader) indices(x syntax.Expr, n int, what string) (list []int, one, ok bool) {
	single := func(x syntax.Expr) (int, bool) {
		if lit, is := x.(*syntax.Int); is && lit.Big == nil && lit.Value >= 0 && lit.Value < int64(n) {
			return int(lit.Value), true
		}
		i, ok := r.constant(x, "an index")
		if !ok {
			return 0, false
		}
		return r.position(i, n, what, x.Pos())
	}
	switch x := x.(type) {
	case *syntax.List:
		for _, item := range x.Items {
			i, ok := single(item)
			if !ok {
				return nil, false, false
			}
			list = append(list, i)
		}
		return list, false, true
	case *syntax.Range:
		start, stop, step := int64(0), int64(n-1), int64(1)
		for _, k := range []struct {
			x   syntax.Expr
			out *int64
		}{{x.Step, &step}, {x.Start, &start}, {x.Stop, &stop}} {
			if k.x == nil {
				continue
			}
			v, ok := r.constant(k.x, "an index")
			if !ok {
				return nil, false, false
			}
			*k.out = v
		}
		if step == 0 {
			r.fail(x.Pos(), "", "a range with step 0")
			return nil, false, false
		}
		if step < 0 && x.Start == nil {
			start = int64(n - 1)
		}
		if step < 0 && x.Stop == nil {
			stop = 0
		}
		for _, k := range []*int64{&start, &stop} {
			if *k < 0 {
				*k += int64(n)
			}
		}
		if (stop-start)*step < 0 || n == 0 {
			return nil, false, true
		}
		if start < 0 || start >= int64(n) || stop < 0 || stop >= int64(n) {
			r.wrong(x.Pos(), "ranges include their last element", "the range is out of range: %s has %s", what, count(n, "element"))
			return nil, false, false
		}
		if step > int64(n) || step < -int64(n) {
			step = (stop - start) // one element
			if step == 0 {
				step = 1
			}
			return []int{int(start)}, false, true
		}
		for i := start; step > 0 && i <= stop || step < 0 && i >= stop; i += step {
			list = append(list, int(i))
		}
		return list, false, true
	}
	i, ok := single(x)
	return []int{i}, true, ok
}

// position is the place of an index in a list of n elements, negative ones counted from its end.
func (r *reader) position(i int64, n int, what string, at syntax.Pos) (int, bool) {
	if i < -int64(n) || i >= int64(n) {
		r.wrong(at, "", "index %d is out of range: %s has %s", i, what, count(n, "element"))
		return 0, false
	}
	if i < 0 {
		i += int64(n)
	}
	return int(i), true
}

// operand is what a gate, a measurement or a reset acts on.
type operand struct {
	qubits []int
	bits   []bitRef
	scalar bool
	at     syntax.Pos
	single [1]int // backs qubits of a scalar, without an allocation
}

// qubitsOf resolves an expression that names qubits into out.
func (r *reader) qubitsOf(x syntax.Expr, out *operand) bool {
	if !r.elements(x, out) {
		return false
	}
	if out.bits != nil {
		r.fail(x.Pos(), "", "qubits are wanted, these are bits")
		return false
	}
	return true
}

// elements resolves an expression that names qubits or bits.
func (r *reader) elements(x syntax.Expr, out *operand) bool {
	out.at = x.Pos()
	switch x := x.(type) {
	case *syntax.Ident:
		if x.Name != "" && x.Name[0] == '$' {
			q, ok := r.physical(x)
			out.single[0] = q
			out.qubits, out.scalar = out.single[:], true
			return ok
		}
		s := r.scope.find(x.Name)
		switch {
		case s == nil:
			r.undefined(x.Pos(), x.Name, "")
			return false
		case s.kind == qubitSymbol:
			out.qubits, out.scalar = s.qubits, s.scalar
			return true
		case s.kind == bitSymbol:
			out.bits, out.scalar = s.bits, s.scalar
			return true
		case s.kind == poisonSymbol:
			return false
		}
		r.fail(x.Pos(), "", "%s '%s' is neither qubits nor bits", s.what(), x.Name)
	case *syntax.Index:
		if id, ok := x.X.(*syntax.Ident); ok && len(x.Indices) == 1 { // most of them
			if lit, ok := x.Indices[0].(*syntax.Int); ok && lit.Big == nil {
				if s := r.scope.find(id.Name); s != nil && s.kind == qubitSymbol && !s.scalar && lit.Value >= 0 && lit.Value < int64(len(s.qubits)) {
					out.single[0] = s.qubits[lit.Value]
					out.qubits, out.scalar = out.single[:], true
					return true
				}
			}
		}
		var base operand
		if !r.elements(x.X, &base) {
			return false
		}
		if len(x.Indices) != 1 {
			r.fail(x.Pos(), "", "a register has one index")
			return false
		}
		n := len(base.qubits) + len(base.bits)
		name := "it"
		if id, ok := x.X.(*syntax.Ident); ok {
			name = "'" + id.Name + "'"
		}
		if base.scalar {
			r.fail(x.Pos(), "leave the index out", "%s is no register", name)
			return false
		}
		list, one, ok := r.indices(x.Indices[0], n, name)
		if !ok || !r.spend(len(list), x.Pos()) {
			return false
		}
		out.scalar = one
		if base.bits != nil {
			out.bits = pick(base.bits, list)
		} else {
			out.qubits = pick(base.qubits, list)
		}
		return true
	case *syntax.Binary:
		if x.Op != syntax.Concat {
			r.fail(x.Pos(), "", "an expression is no qubit")
			return false
		}
		var a, b operand
		if !r.elements(x.X, &a) || !r.elements(x.Y, &b) || !r.spend(len(a.qubits)+len(b.qubits)+len(a.bits)+len(b.bits), x.Pos()) {
			return false
		}
		if (a.bits == nil) != (b.bits == nil) {
			r.fail(x.OpAt, "", "qubits and bits can't be joined")
			return false
		}
		out.qubits, out.bits = slices.Concat(a.qubits, b.qubits), slices.Concat(a.bits, b.bits)
		return true
	default:
		r.fail(x.Pos(), "", "an expression is no qubit")
	}
	return false
}

func pick[T any](from []T, list []int) []T {
	out := make([]T, len(list))
	for i, k := range list {
		out[i] = from[k]
	}
	return out
}

// physical returns the flat qubit of $n.
func (r *reader) physical(x *syntax.Ident) (int, bool) {
	if q, ok := r.hardware[x.Name]; ok {
		return q, true
	}
	if len(x.Name) > 8 {
		r.fail(x.Pos(), "", "hardware qubit %s is out of range", shorten(x.Name))
		return 0, false
	}
	if r.hardware == nil {
		r.hardware = map[string]int{}
	}
	q := r.circuit.Qubits
	r.circuit.Qubits++
	r.hardware[x.Name] = q
	return q, true
}

// index computes x[…] of a value.
func (r *reader) index(x *syntax.Index) value {
	if a, indices := r.arrayNamed(x); a != nil {
		return r.element(a, indices, 0, x.Pos())
	}
	return r.bitsOf(r.eval(x.X), x.Indices, x.Pos())
}

// bitsOf computes elements of a register, or bits of a number.
func (r *reader) bitsOf(v value, indices []syntax.Expr, pos syntax.Pos) value {
	if v.kind == poison {
		return v
	}
	if len(indices) != 1 {
		r.fail(pos, "", "a %s has one index", kindNames[v.kind])
		return value{}
	}
	width := v.width
	if v.isInt() || v.kind == angleKind {
		if width == 0 {
			width = 64
		}
		if v.bits != nil {
			width = len(v.bits)
		}
		v = r.toBits(v, typ{kind: bitKind, width: width}, pos)
	}
	if v.kind != bitKind || v.scalar {
		if v.kind != poison {
			r.fail(pos, "", "a %s has no elements", kindNames[v.kind])
		}
		return value{}
	}
	return r.chosenBy(indices[0], func(at syntax.Expr) value {
		list, one, ok := r.indices(at, len(v.bits), "it")
		if !ok || !r.spend(len(list), pos) {
			return value{}
		}
		out := bitsValue(pick(v.bits, list))
		out.scalar = one
		return out
	})
}

// chosenBy reads an element at an index, for each value of one that depends on outcomes.
func (r *reader) chosenBy(index syntax.Expr, read func(index syntax.Expr) value) value {
	switch index.(type) {
	case *syntax.Range, *syntax.List, *syntax.Int:
		return read(index)
	}
	v := r.eval(index)
	at := func(v value) value {
		i, ok := r.constantOf(v, v.kind != poison, index, "an index")
		if !ok {
			return value{}
		}
		return read(syntax.IntAt(index.Pos(), i))
	}
	if !v.measured() {
		return at(v)
	}
	return r.tabulate(index.Pos(), "an index", []value{v}, func(a []value) value { return at(a[0]) })
}
