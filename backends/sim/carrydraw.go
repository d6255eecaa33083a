package sim

import (
	"context"
	"math"

	"qgan/backends"
)

// Words are drawn from the first qubit to the last with environments from the right: R_q
// is the matrix over the states in front of qubit q with which v† R_q v is the sum of the
// probabilities of all ways to go on. Behind the last qubit all its elements are 1. An
// operator of a qubit's bit is unitary, so its bit sums out: R_q = K† [R_(q+1), where the
// last carry of row and column agree] K with the map K of the qubit's carries. With a brick
// there is an environment in front of each pair. The rotation between two pairs is unitary
// too: of what is behind it the sum over y remains, of what is in front the y of row and
// column agree.
//
// Marginals are the products of environments with the states from the left, as matrices
// likewise; these are kept transposed, since a map A of the states then turns both by the
// same two steps: A on every row, the adjoint, and A on every row again.

// sideEnvironments are those of a block. Where all of them take too much memory each so
// many are kept, and those between are made again, a stretch at a time.
type sideEnvironments struct {
	s       *sideSpace
	dim     int         // states in front of a qubit
	step    int         // qubits from an environment to the next: 2 with a brick
	stretch int         // qubits from one that is kept to the next
	kept    [][]float64 // in front of qubit q: kept[q/stretch]
	end     []float64   // behind the last qubit
	between [][]float64 // of qubit from + i·step, i from 1
	from    int
	left    []float64 // the transposed matrix of states from the left
	behind  []float64
	x, y    []float64
	p       sideNumbers
}

// environmentMemory is the number of float64 from which on not all environments are kept.
const environmentMemory = 1 << 23

func (s *sideSpace) newEnvironments() *sideEnvironments {
	numbers, step := 2*sideLanes*s.size*s.size, 1
	if s.form.brick {
		numbers, step = 4*numbers, 2
	}
	count := s.form.n / step
	if count*numbers > environmentMemory {
		step *= int(math.Ceil(math.Sqrt(float64(count))))
	}
	return s.environmentsOf(step)
}

// environmentsOf makes room to keep one environment each so many qubits.
func (s *sideSpace) environmentsOf(stretch int) *sideEnvironments {
	e := &sideEnvironments{s: s, dim: s.size, step: 1, stretch: stretch}
	if s.form.brick {
		e.dim, e.step = 2*e.dim, 2
	}
	for q := 0; q < s.form.n; q += e.stretch {
		e.kept = append(e.kept, e.matrix())
	}
	for range e.stretch/e.step - 1 {
		e.between = append(e.between, e.matrix())
	}
	e.end, e.left, e.behind, e.x, e.y = e.matrix(), e.matrix(), e.matrix(), e.matrix(), e.matrix()
	return e
}

// right returns the environment in front of a qubit.
func (e *sideEnvironments) right(q int) []float64 {
	if q >= e.s.form.n {
		return e.end
	}
	from := q / e.stretch * e.stretch
	if q == from {
		return e.kept[q/e.stretch]
	}
	if from != e.from {
		e.from = from
		for i := len(e.between); i > 0; i-- {
			if at := from + i*e.step; at < e.s.form.n {
				behind := e.right(from + e.stretch)
				if i < len(e.between) && at+e.step < e.s.form.n {
					behind = e.between[i]
				}
				e.front(e.between[i-1], behind, at)
			}
		}
	}
	return e.between[(q-from)/e.step-1]
}

func (e *sideEnvironments) matrix() []float64 { return make([]float64, 2*sideLanes*e.dim*e.dim) }

// element is that of a row and column of a matrix.
func (e *sideEnvironments) element(m []float64, i, j int) *sideAmplitude {
	return amplitudeAt(m, i*e.dim+j)
}

// adjoint writes the conjugate transpose of rows x columns numbers.
func adjointOf(to, m []float64, rows, columns int) {
	const w = sideLanes
	for i := range rows {
		for j := range columns {
			a, b := amplitudeAt(m, i*columns+j), amplitudeAt(to, j*rows+i)
			*(*sideNumbers)(b[:]) = *(*sideNumbers)(a[:])
			for l := w; l < 2*w; l++ {
				b[l] = -a[l]
			}
		}
	}
}

// turned writes A on both sides of m, A being what rows does to every row.
func (e *sideEnvironments) turned(to, m []float64, rows func(to, m []float64)) {
	rows(e.x, m)
	adjointOf(e.y, e.x, e.dim, e.dim)
	rows(to, e.y)
}

// mapped writes the maps of a qubit's carries on both sides of m, which is spoilt.
func (e *sideEnvironments) mapped(to, m []float64, q, direction int) {
	e.s.mapsOf(m, q, direction)
	adjointOf(to, m, e.dim, e.dim)
	e.s.mapsOf(to, q, direction)
}

// eachRow applies f to rows of e.dim states.
func (e *sideEnvironments) eachRow(to, m []float64, f func(to, row []float64)) {
	length := 2 * sideLanes * e.dim
	for at := 0; at < len(m); at += length {
		f(to[at:][:length], m[at:][:length])
	}
}

// prepare computes the environments of a block that are kept.
func (e *sideEnvironments) prepare() {
	s, n := e.s, e.s.form.n
	e.from = -1
	clear(e.end)
	for i := range e.dim {
		for j := range e.dim {
			if i/s.size == j/s.size {
				for l := range sideLanes {
					e.element(e.end, i, j)[l] = 1
				}
			}
		}
	}
	for i := len(e.kept) - 1; i >= 0; i-- {
		if e.stretch == e.step {
			e.front(e.kept[i], e.right(i*e.step+e.step), i*e.step)
			continue
		}
		from, behind := i*e.stretch, e.right((i+1)*e.stretch)
		for q := (min(from+e.stretch, n) - 1) / e.step * e.step; q > from; q -= e.step {
			e.front(e.between[(q-from)/e.step-1], behind, q)
			behind = e.between[(q-from)/e.step-1]
		}
		e.front(e.kept[i], behind, from)
	}
}

// front writes the environment in front of a qubit, or a pair, from that behind it.
func (e *sideEnvironments) front(to, behind []float64, q int) {
	n := e.s.form.n
	switch {
	case !e.s.form.brick:
		e.agree(e.behind, behind)
		e.mapped(to, e.behind, q, -1)
	case q+1 == n: // alone: y of the end is summed over in the map itself
		e.frontLast(to, q)
	default:
		if q+2 < n {
			e.sumOut(e.behind, behind)
			behind = e.behind
		}
		e.turned(to, behind, func(to, m []float64) {
			e.eachRow(to, m, func(to, row []float64) { e.pairBack(to, row, q) })
		})
	}
}

// mapsOf applies the maps of a qubit's carries in place, with direction -1 transposed: the
// last comes first.
func (s *sideSpace) mapsOf(v []float64, q, direction int) {
	for l := range s.form.chains {
		if direction < 0 {
			l = s.form.chains - 1 - l
		}
		s.kern.carry(v, v, l, s.op(s.turn(l, q)))
	}
}

// pairThrough takes states in front of a pair to behind it.
func (e *sideEnvironments) pairThrough(to, v []float64, q int) {
	s := e.s
	both := s.co[0][:2*len(v)]
	copy(s.co[1], v)
	v = s.co[1][:len(v)]
	s.mapsOf(v, q, 1)
	s.expand(q, v, both)
	s.mapsOf(both, q+1, 1)
	s.contract(q+1, both, to)
}

// pairBack is the transposed map.
func (e *sideEnvironments) pairBack(to, row []float64, q int) {
	s := e.s
	both := s.co[0][:2*len(row)]
	s.transposed(pairTerms, q+1, s.form.pairs[q], row, both)
	s.mapsOf(both, q+1, -1)
	s.transposed(expandTerms, q, s.form.none(), both, to)
	s.mapsOf(to, q, -1)
}

// frontLast writes the environment in front of a last qubit that has no partner: of the
// single row of ones behind it.
func (e *sideEnvironments) frontLast(to []float64, q int) {
	s := e.s
	ones := s.co[0][:2*sideLanes*s.size]
	for i := range ones {
		ones[i] = 0
		if i/sideLanes%2 == 0 {
			ones[i] = 1
		}
	}
	row := s.co[1][:2*sideLanes*e.dim]
	s.transposed(closeTerms, q, s.form.none(), ones, row)
	s.mapsOf(row, q, -1)
	for i := range e.dim {
		a := *amplitudeAt(row, i)
		for l := range sideLanes {
			a[sideLanes+l] = -a[sideLanes+l]
		}
		for j := range e.dim {
			*e.element(to, i, j) = product(&a, amplitudeAt(row, j))
		}
	}
}

// agree writes the elements of m whose rows' and columns' last carries are the same, and 0
// for the others.
func (e *sideEnvironments) agree(to, m []float64) {
	half := len(m) / 2
	if e.s.form.chains == 0 {
		copy(to, m)
		return
	}
	length := 2 * sideLanes * e.dim
	for at := 0; at < len(m); at += length {
		keep := 0
		if at >= half {
			keep = length / 2
		}
		clear(to[at:][:length])
		copy(to[at+keep:][:length/2], m[at+keep:])
	}
}

// sumOut writes the sum over y for y that agree, for both of them.
func (e *sideEnvironments) sumOut(to, m []float64) {
	d := e.s.size
	clear(to)
	for i := range d {
		for j := range d {
			sum := *e.element(m, i, j)
			for k, x := range e.element(m, d+i, d+j) {
				sum[k] += x
			}
			*e.element(to, i, j), *e.element(to, d+i, d+j) = sum, sum
		}
	}
}

// weight writes v† R v of each lane.
func (e *sideEnvironments) weight(r, v []float64) (p sideNumbers) {
	e.s.kern.weight(r, v, &e.p)
	return e.p
}

// Draw writes a word of each lane.
func (c *carries) Draw(ctx context.Context, b backends.Bindings, uniforms []float64, words []uint64) error {
	if c.laws != nil {
		return c.laws.Draw(ctx, b, uniforms, words)
	}
	n := c.form.n
	b, err := c.begin(ctx, b)
	if err != nil {
		return err
	}
	if err := checkWords(n, b.Len(), words, "uniforms", uniforms, n); err != nil {
		return err
	}
	return c.each(ctx, func(i int, s *sideSpace) {
		k := c.blocks[i]
		u := make([]sideNumbers, n)
		for q := range u {
			for l := range sideLanes {
				u[q][l] = uniforms[(k.first+min(l, k.lanes-1))*n+q]
			}
		}
		c.ready(s, b, k)
		switch {
		case c.form.real:
			s.drawReal(u)
		case c.form.brick:
			s.env.drawPairs(u)
		default:
			s.env.draw(u)
		}
		stride := backends.WordStride(n)
		for l := range k.lanes {
			word := words[(k.first+l)*stride:][:stride]
			clear(word)
			for q := range n {
				word[q/64] |= uint64(s.bit(q)[l]) << (63 - q%64)
			}
		}
	})
}

// ready binds a block and prepares its environments, unless all its lanes are one and the
// same, which the space is ready for from the block before.
func (c *carries) ready(s *sideSpace, b backends.Bindings, k block) {
	lane, one := b.Lane(k.first), true
	for l := range k.lanes {
		one = one && b.Lane(k.first+l) == lane
	}
	if one && s.bound != nil && *s.bound == lane {
		return
	}
	s.bound = nil
	r := sideRowsOf(b, k, c.rows)
	s.bind(&r)
	if !c.form.real {
		if s.env == nil {
			s.env = s.newEnvironments()
		}
		s.env.prepare()
	}
	if one {
		s.bound = &lane
	}
}

// decide sets a qubit's bits: 1 where u is below the share of p[1].
func (s *sideSpace) decide(q int, u *sideNumbers, p *[2]sideNumbers) {
	for l := range sideLanes {
		s.bit(q)[l] = 0
		if u[l]*(p[0][l]+p[1][l]) < p[1][l] {
			s.bit(q)[l] = 1
		}
	}
}

// draw decides on qubits from the first to the last.
func (e *sideEnvironments) draw(u []sideNumbers) {
	s, f := e.s, e.s.form
	v, out := s.at(0, 0, 1), s.at(0, f.chains+1, 1)
	clear(v)
	for l := range sideLanes {
		v[l] = 1
	}
	for q := range f.n {
		s.mapsOf(v, q, 1)
		var p [2]sideNumbers
		for x := range p {
			s.fix(q, float64(x))
			s.emit(q, v, out)
			p[x] = e.weight(e.right(q+1), out)
		}
		s.decide(q, &u[q], &p)
		s.emit(q, v, out)
		s.rescale(q, out)
		v, out = out, v
	}
}

// fix sets the bits of a qubit.
func (s *sideSpace) fix(q int, x float64) {
	for l := range sideLanes {
		s.bit(q)[l] = x
	}
}

// drawPairs is draw with a brick.
func (e *sideEnvironments) drawPairs(u []sideNumbers) {
	s, f := e.s, e.s.form
	v, r := s.at(0, 0, 2), s.at(0, f.chains+1, 2)
	clear(v)
	var p [2]sideNumbers
	for x := range p {
		p[x] = sideNumbers(e.element(e.right(0), x*s.size, x*s.size)[:sideLanes])
	}
	s.decide(0, &u[0], &p)
	zero, one := amplitudeAt(v, 0), amplitudeAt(v, s.size)
	for l, x := range s.bit(0) {
		zero[l], one[l] = 1-x, x
	}
	for q := 0; q+1 < f.n; q += 2 {
		e.pairThrough(r, v, q)
		var p, next [2]sideNumbers
		var both [2][2]sideNumbers
		for x := range p {
			s.fix(q+1, float64(x))
			both[x] = e.ways(q+1, r, v)
			for l := range sideLanes {
				p[x][l] = both[x][0][l] + both[x][1][l]
			}
		}
		s.decide(q+1, &u[q+1], &p)
		if q+2 == f.n {
			return
		}
		for x := range next {
			for l, k := range s.bit(q + 1) {
				next[x][l] = both[int(k)][x][l]
			}
		}
		s.decide(q+2, &u[q+2], &next)
		s.link(q+1, r, v)
		s.rescale(q, v)
	}
}

// ways returns the weights of both bits of the qubit after q, given that of q, which ends a
// pair; behind the last qubit the one way. v is spoilt.
func (e *sideEnvironments) ways(q int, r, v []float64) (p [2]sideNumbers) {
	s := e.s
	if q+1 == s.form.n {
		clear(v)
		s.pick(r, v[:len(v)/2])
		p[0] = e.weight(e.right(q+1), v)
		return p
	}
	for x := range p {
		s.fix(q+1, float64(x))
		s.link(q, r, v)
		p[x] = e.weight(e.right(q+1), v)
	}
	return p
}

// Marginals writes the probability of 1 of each qubit.
func (c *carries) Marginals(ctx context.Context, b backends.Bindings, p []float64) error {
	if c.laws != nil {
		return c.laws.Marginals(ctx, b, p)
	}
	n := c.form.n
	b, err := c.begin(ctx, b)
	if err != nil {
		return err
	}
	if err := checkWords(n, b.Len(), nil, "marginals", p, n); err != nil {
		return err
	}
	return c.each(ctx, func(i int, s *sideSpace) {
		k := c.blocks[i]
		c.ready(s, b, k)
		out := make([]sideNumbers, n)
		switch {
		case c.form.real:
			s.realMarginals(out)
		case c.form.brick:
			s.env.pairMarginals(out)
		default:
			s.env.marginals(out)
		}
		for l := range k.lanes {
			for q := range n {
				p[(k.first+l)*n+q] = min(1, max(0, out[q][l]))
			}
		}
	})
}

// start sets the left matrix to that of the states in front of the first qubit.
func (e *sideEnvironments) start() {
	clear(e.left)
	for i := 0; i < e.dim; i += e.s.size {
		for l := range sideLanes {
			e.element(e.left, i, i)[l] = 1
		}
	}
}

func (e *sideEnvironments) marginals(p []sideNumbers) {
	const w = sideLanes
	s, f := e.s, e.s.form
	e.start()
	for q := range f.n {
		right := e.right(q + 1)
		e.mapped(e.x, e.left, q, 1)
		s.fix(q, 1)
		s.kern.choose(s.op(s.turn(f.chains, q)), s.bit(q), &s.e)
		one := s.e
		for i := range e.dim {
			a := one[s.carried(i)]
			for l := range w {
				a[w+l] = -a[w+l]
			}
			for j := range e.dim {
				var both, x sideAmplitude
				addProduct(&both, &a, &one[s.carried(j)])
				addProduct(&x, &both, e.element(e.x, i, j))
				addReal(&p[q], &x, e.element(right, i, j))
			}
		}
		e.agree(e.left, e.x)
	}
}

// pairMarginals is marginals with a brick.
func (e *sideEnvironments) pairMarginals(p []sideNumbers) {
	s, f := e.s, e.s.form
	e.start()
	p[0] = sideNumbers(e.element(e.right(0), s.size, s.size)[:sideLanes])
	for q := 0; q+1 < f.n; q += 2 {
		e.turned(e.left, e.left, func(to, m []float64) {
			e.eachRow(to, m, func(to, row []float64) { e.pairThrough(to, row, q) })
		})
		if q+2 == f.n {
			for i := s.size; i < e.dim; i++ {
				for j := s.size; j < e.dim; j++ {
					for l := range sideLanes {
						p[q+1][l] += e.element(e.left, i, j)[l]
					}
				}
			}
			return
		}
		right := e.right(q + 2)
		for x := range 4 {
			s.fix(q+1, float64(x/2))
			s.fix(q+2, float64(x%2))
			m, _ := s.linked(q + 1)
			e.turned(e.x, e.left, func(to, left []float64) {
				e.eachRow(to, left, func(to, row []float64) { s.linkBy(&m, row, to) })
			})
			for i := range e.dim * e.dim {
				var d sideNumbers
				addReal(&d, amplitudeAt(e.x, i), amplitudeAt(right, i))
				for l := range d {
					p[q+1][l] += float64(x/2) * d[l]
					p[q+2][l] += float64(x%2) * d[l]
				}
			}
		}
		e.x, e.left = e.left, e.x
		e.sumOut(e.left, e.x)
	}
}
