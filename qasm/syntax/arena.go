package syntax

// arena hands out the nodes that large programs are made of, in slabs, and
// takes those of the last statement back (Parser.Recycle).
type arena struct {
	calls    slab[Call]
	measures slab[MeasureTo]
	idents   slab[Ident]
	ints     slab[Int]
	floats   slab[Float]
	binaries slab[Binary]
	indices  slab[Index]
	exprs    stack
}

// begin marks the beginning of a statement.
func (a *arena) begin() {
	a.calls.first, a.measures.first, a.idents.first, a.ints.first = a.calls.used, a.measures.used, a.idents.used, a.ints.used
	a.floats.first, a.binaries.first, a.indices.first = a.floats.used, a.binaries.used, a.indices.used
	a.exprs.done.first = a.exprs.done.used
}

// recycle goes back to the mark.
func (a *arena) recycle() {
	a.calls.used, a.measures.used, a.idents.used, a.ints.used = a.calls.first, a.measures.first, a.idents.first, a.ints.first
	a.floats.used, a.binaries.used, a.indices.used = a.floats.first, a.binaries.first, a.indices.first
	a.exprs.done.used = a.exprs.done.first
}

// slabSize is the number of values that are allocated together.
const slabSize = 64

// slab hands out values of one type.
type slab[T any] struct {
	values []T
	used   int
	first  int // of this slab that belong to the current statement
}

// take returns n values side by side.
func (s *slab[T]) take(n int) []T {
	if s.used+n > len(s.values) {
		s.values, s.used, s.first = make([]T, max(slabSize, n)), 0, 0
	}
	s.used += n
	return s.values[s.used-n : s.used : s.used]
}

func (s *slab[T]) get() *T { return &s.take(1)[0] }

// stack collects lists of expressions that are nested in each other, and keeps
// the finished ones side by side.
type stack struct {
	open []Expr // lists that are being read
	done slab[Expr]
}

func (s *stack) mark() int   { return len(s.open) }
func (s *stack) push(x Expr) { s.open = append(s.open, x) }

// since ends the list that began at a mark.
func (s *stack) since(mark int) []Expr {
	if len(s.open) == mark {
		return nil
	}
	out := s.done.take(len(s.open) - mark)
	copy(out, s.open[mark:])
	s.open = s.open[:mark]
	return out
}
