package qasm

import (
	"slices"

	"qgan/qasm/syntax"
)

// An array is a list of variables, the last index running fastest; a part of one shares them.

// maxElements bounds the elements of an array.
const maxElements = 1 << 16

// arrayOf makes an array of a type, with all elements 0. It reports false, and has said why, where there is
// none, and where the type says its number of indices only.
func (r *reader) arrayOf(t *syntax.Type) (*symbol, bool) {
	if t.Element.Kind == syntax.KwBit || t.Element.Kind == syntax.KwStretch {
		r.fail(t.Element.Pos(), "", "an array can't hold elements of type %v", t.Element.Kind)
		return nil, false
	}
	of, ok := r.classical(t.Element)
	s := &symbol{kind: arraySymbol, typ: of, fixed: t.Access == syntax.KwReadonly}
	n := 1
	for _, d := range t.Dims {
		k, known := r.constant(d, "the size of an array")
		switch {
		case !known:
			ok = false
		case k < 0 || k > maxElements || n*int(k) > maxElements:
			r.fail(d.Pos(), "", "a size of %d: an array has at most %d elements", k, maxElements)
			return nil, false
		default:
			n *= int(k)
			s.dims = append(s.dims, int(k))
		}
	}
	if !ok || t.Rank != nil || !r.spend(n, t.Pos()) {
		return nil, false
	}
	s.elements = make([]*symbol, n)
	for i := range s.elements {
		s.elements[i] = &symbol{kind: variableSymbol, typ: of, value: value{typ: of}, dynamic: r.dynamic, quiet: r.quiet}
	}
	return s, true
}

// declareArray declares an array.
func (r *reader) declareArray(s *syntax.Declare) {
	if s.Mode == syntax.KwInput {
		r.unsupported(s.Pos(), "an input of type array")
		r.declare(s.Name, &symbol{kind: poisonSymbol})
		return
	}
	a, ok := r.arrayOf(&s.Type)
	if !ok {
		if s.Init != nil {
			r.initial(s.Init)
		}
		r.declare(s.Name, &symbol{kind: poisonSymbol})
		return
	}
	if s.Init != nil {
		r.assignArray(a, s.Init)
	}
	r.declare(s.Name, a)
	if s.Mode == syntax.KwOutput && r.quiet == 0 {
		if _, ok := a.typ.storable(); !ok || a.typ.byList() {
			r.unsupported(s.Pos(), "an output of type array of %s", kindNames[a.typ.kind])
			return
		}
		r.outputs = append(r.outputs, result{s.Name.Text, func() (refs []bitRef) {
			for _, e := range a.elements {
				refs = append(refs, r.cells(e).refs()...)
			}
			return refs
		}})
	}
}

// arrayNamed returns the array that an expression names, perhaps with indices behind it; nil where it names none.
func (r *reader) arrayNamed(x syntax.Expr) (a *symbol, indices []syntax.Expr) {
	for {
		switch k := x.(type) {
		case *syntax.Index:
			indices = slices.Concat(k.Indices, indices)
			x = k.X
			continue
		case *syntax.Ident:
			if s := r.scope.find(k.Name); s != nil && s.kind == arraySymbol {
				return s, indices
			}
		}
		return nil, nil
	}
}

// part returns what an index of one of its dimensions names in an array: an element, or an array
// with fewer of them, and the dimension that the next index is for.
func (r *reader) part(a *symbol, index syntax.Expr, dim int) (part *symbol, next int, ok bool) {
	if dim >= len(a.dims) {
		r.fail(index.Pos(), "", "the array has %s", count(dim, "dimension"))
		return nil, 0, false
	}
	list, one, ok := r.indices(index, a.dims[dim], "the array")
	if !ok || !r.spend(len(list), index.Pos()) {
		return nil, 0, false
	}
	size, outer := 1, 1
	for i, d := range a.dims {
		switch {
		case i < dim:
			outer *= d
		case i > dim:
			size *= d
		}
	}
	out := &symbol{kind: arraySymbol, typ: a.typ, fixed: a.fixed, dynamic: a.dynamic, dims: slices.Clone(a.dims)}
	for o := range outer {
		for _, k := range list {
			first := (o*a.dims[dim] + k) * size
			out.elements = append(out.elements, a.elements[first:first+size]...)
		}
	}
	if !one {
		out.dims[dim] = len(list)
		return out, dim + 1, true
	}
	if out.dims = slices.Delete(out.dims, dim, dim+1); len(out.dims) == 0 {
		return out.elements[0], 0, true
	}
	return out, dim, true
}

// parts follows indices as far as they lead in an array, and returns those that are left, for the bits of an
// element.
func (r *reader) parts(a *symbol, indices []syntax.Expr) (*symbol, []syntax.Expr, bool) {
	for dim := 0; a.kind == arraySymbol && len(indices) > 0; indices = indices[1:] {
		var ok bool
		if a, dim, ok = r.part(a, indices[0], dim); !ok {
			return nil, nil, false
		}
	}
	return a, indices, true
}

// element reads an element of an array, for each value of indices that depend on outcomes.
func (r *reader) element(a *symbol, indices []syntax.Expr, dim int, at syntax.Pos) value {
	switch {
	case a.kind != arraySymbol && len(indices) == 0:
		return r.current(a)
	case a.kind != arraySymbol:
		return r.bitsOf(r.current(a), indices, at)
	case len(indices) == 0:
		r.fail(at, "", "an array is no value here")
		return value{}
	}
	return r.chosenBy(indices[0], func(index syntax.Expr) value {
		p, next, ok := r.part(a, index, dim)
		if !ok {
			return value{}
		}
		return r.element(p, indices[1:], next, at)
	})
}

// assignPart runs an assignment to an array or a part of it.
func (r *reader) assignPart(a *symbol, indices []syntax.Expr, s *syntax.Set) {
	if a.fixed {
		r.fail(s.Pos(), "", "the array is constant here")
		return
	}
	to, rest, ok := r.parts(a, indices)
	switch {
	case !ok:
		r.initial(s.Value)
	case to.kind == arraySymbol && s.Op != syntax.Assign:
		r.fail(s.Pos(), "", "'%v' can't be applied to an array", s.Op)
	case to.kind == arraySymbol:
		r.assignArray(to, s.Value)
	default:
		r.assignVariable(to, rest, s)
	}
}

// assignArray gives an array the values of a list or of another array.
func (r *reader) assignArray(to *symbol, x syntax.Expr) {
	if list, ok := x.(*syntax.List); ok && to.kind == arraySymbol {
		if len(list.Items) != to.dims[0] {
			r.fail(x.Pos(), "", "%s given where the array has %d", count(len(list.Items), "element"), to.dims[0])
			return
		}
		for i, item := range list.Items {
			if p, _, ok := r.part(to, syntax.IntAt(item.Pos(), int64(i)), 0); ok {
				r.assignArray(p, item)
			}
		}
		return
	}
	if to.kind != arraySymbol {
		r.setVariable(to, r.convert(r.given(x), to.typ, x.Pos()), x.Pos())
		return
	}
	from, ok := r.arrayValue(x, to.dims)
	if !ok {
		return
	}
	values := make([]value, len(from.elements))
	for i, e := range from.elements {
		values[i] = r.current(e)
	}
	for i, v := range values {
		r.setVariable(to.elements[i], r.convert(v, to.typ, x.Pos()), x.Pos())
	}
}

// arrayValue returns the array, of these sizes, that an expression names.
func (r *reader) arrayValue(x syntax.Expr, dims []int) (*symbol, bool) {
	a, indices := r.arrayNamed(x)
	if a == nil {
		if v := r.eval(x); v.kind != poison {
			r.fail(x.Pos(), "", "an array is wanted, this is a %s", kindNames[v.kind])
		}
		return nil, false
	}
	p, _, ok := r.parts(a, indices)
	switch {
	case !ok:
		return nil, false
	case p.kind != arraySymbol:
		r.fail(x.Pos(), "", "an array is wanted, this is a %s", kindNames[p.typ.kind])
		return nil, false
	case dims != nil && !slices.Equal(p.dims, dims):
		r.fail(x.Pos(), "", "an array of the sizes %v is given where %v are wanted", p.dims, dims)
		return nil, false
	}
	return p, true
}

// arrayArgument binds an array to a parameter of a subroutine, which shares its elements.
func (r *reader) arrayArgument(p syntax.Param, x syntax.Expr) *symbol {
	var dims []int
	if p.Type.Rank == nil {
		like, ok := r.arrayOf(&p.Type)
		if !ok {
			return &symbol{kind: poisonSymbol}
		}
		dims = like.dims
	}
	a, ok := r.arrayValue(x, dims)
	if !ok {
		return nil
	}
	if p.Type.Rank != nil {
		n, ok := r.constant(p.Type.Rank, "the number of indices")
		if ok && int(n) != len(a.dims) {
			r.fail(x.Pos(), "", "an array with %s is given where %d are wanted", count(len(a.dims), "index"), n)
			ok = false
		}
		if !ok {
			return nil
		}
	}
	of, ok := r.classical(p.Type.Element)
	readonly := p.Type.Access == syntax.KwReadonly
	switch {
	case !ok:
		return nil
	case of != a.typ:
		r.fail(x.Pos(), "", "the elements of the array are of another type than those of the parameter '%s'", p.Name.Text)
		return nil
	case a.fixed && !readonly:
		r.fail(x.Pos(), "", "a constant array is given where the parameter '%s' can be changed", p.Name.Text)
		return nil
	}
	return &symbol{kind: arraySymbol, typ: a.typ, elements: a.elements, dims: a.dims, fixed: readonly}
}

// sizeof is the size of an array in one of its dimensions, the first where none is given.
func (r *reader) sizeof(x *syntax.Apply) value {
	if len(x.Args) == 0 || len(x.Args) > 2 {
		r.fail(x.Pos(), "", "sizeof takes 1 or 2 arguments, %d are given", len(x.Args))
		return value{}
	}
	a, ok := r.arrayValue(x.Args[0], nil)
	if !ok {
		return value{}
	}
	k := int64(0)
	if len(x.Args) == 2 {
		if k, ok = r.constant(x.Args[1], "the number of a dimension"); !ok {
			return value{}
		}
	}
	if k < 0 || k >= int64(len(a.dims)) {
		r.fail(x.Pos(), "", "dimension %d: the array has %d", k, len(a.dims))
		return value{}
	}
	return value{typ: typ{kind: uintKind}, i: int64(a.dims[k])}
}
