package sim

import (
	"math"
	"math/bits"
	"math/cmplx"
	"slices"
)

// A state of one lane is cut into groups of four amplitudes, those that differ
// in the two lowest bits of the physical index: their four real parts, then
// their four imaginary parts. So amplitude x has its real part at 2x - x mod 4.
const (
	laneBits = 2
	lanes    = 1 << laneBits
)

func offsetOf(x int) int { return 2*x - x&(lanes-1) }

// pass applies its actions to every block of the state: the cosets of a
// subspace. A block is copied into a worker's buffer, where index y counts in
// the basis of the subspace, and back; where it lies in one piece, it is
// worked on in place.
type pass struct {
	size    int      // log2 of the amplitudes of a block
	run     int      // log2 of the amplitudes of a run
	starts  []uint64 // of the runs of the block at base 0
	free    []int    // bits of the index that number the blocks
	actions []action
}

// action is a step in the coordinates of a pass, ready to be run on a block.
// base is the physical index that the block starts from.
type action interface {
	act(k blockKernel, buf []float64, base uint64)
}

// local is a form in the coordinates of a pass: parity(mask·y) xor whatever the
// block's base gives the form itself.
type local struct {
	form
	here uint64
}

// newPass returns a pass without actions over the cosets of a subspace.
func newPass(s space, qubits int) pass {
	p := pass{size: len(s.pivots)}
	for p.run < p.size && s.vectors[p.run] == 1<<p.run {
		p.run++
	}
	for i := range 1 << (p.size - p.run) {
		start := uint64(0)
		for j := p.run; j < p.size; j++ {
			if i>>(j-p.run)&1 == 1 {
				start ^= s.vectors[j]
			}
		}
		p.starts = append(p.starts, start)
	}
	for q := range qubits {
		if !slices.Contains(s.pivots, q) {
			p.free = append(p.free, q)
		}
	}
	return p
}

// blocks counts the blocks of the pass.
func (p *pass) blocks() int { return 1 << len(p.free) }

// do runs the pass on one block. buf has room for it.
func (p *pass) do(k blockKernel, state, buf []float64, block int) {
	base := p.base(block)
	in := p.take(state, buf, base)
	for _, a := range p.actions {
		a.act(k, in, base)
	}
	p.put(state, in, base)
}

// base returns the physical index that a block starts from.
func (p *pass) base(block int) (base uint64) {
	for i, q := range p.free {
		base |= uint64(block) >> i & 1 << q
	}
	return base
}

// take returns the amplitudes of a block: where they lie in one piece, or copied to buf.
func (p *pass) take(state, buf []float64, base uint64) []float64 {
	width := 2 << p.run
	if len(p.starts) == 1 {
		return state[2*base:][:width]
	}
	for i, s := range p.starts {
		copy(buf[i*width:][:width], state[2*(base^s):])
	}
	return buf[:width*len(p.starts)]
}

// put copies a block back, if take has copied it.
func (p *pass) put(state, in []float64, base uint64) {
	if len(p.starts) == 1 {
		return
	}
	width := 2 << p.run
	for i, s := range p.starts {
		copy(state[2*(base^s):][:width], in[i*width:])
	}
}

// localizer turns steps into actions. Turns are held back, as long as what
// follows commutes with them, so that they act together.
type localizer struct {
	space space
	out   []action
	turns []*turn
}

func (l *localizer) actions(steps []step) []action {
	for _, s := range steps {
		if t, ok := s.(*turn); ok {
			l.turns = append(l.turns, t)
			continue
		}
		flips, reads := s.support()
		for _, t := range l.turns {
			if !orthogonal(flips, []uint64{t.mask}) {
				l.flush()
				break
			}
		}
		switch s := s.(type) {
		case *rotation:
			l.rotation(s, reads)
		case *choice:
			l.out = append(l.out, l.choice(s))
		case *dense:
			l.out = append(l.out, l.dense(s))
		}
	}
	l.flush()
	return l.out
}

func (l *localizer) flush() {
	if len(l.turns) > 0 {
		l.out = append(l.out, newPhases(l, l.turns))
	}
	l.turns = nil
}

func (l *localizer) local(f form) local { return local{f, l.space.restrict(f.mask)} }

func (l *localizer) locals(forms []form) []local {
	out := make([]local, len(forms))
	for i, f := range forms {
		out[i] = l.local(f)
	}
	return out
}

// rotation makes a single or, with the rotation before it, a double.
func (l *localizer) rotation(s *rotation, reads []uint64) {
	v, role := l.space.coordinates(s.v), l.local(s.role)
	if v&(lanes-1) != 0 { // pairs lie within groups
		c := &choice{v: s.v, role: s.role, blocks: [][2][2]complex128{s.u.matrix()}}
		l.out = append(l.out, l.choice(c))
		return
	}
	a := newSingle(v, role, s.u)
	if n := len(l.out); n > 0 {
		if b, ok := l.out[n-1].(*single); ok && !parity(role.here&b.v) && !parity(b.role.here&v) && b.v != v {
			l.out[n-1] = newDouble(b, a)
			return
		}
	}
	l.out = append(l.out, a)
}

func (u su2) matrix() [2][2]complex128 {
	a, b := complex(u.ar, u.ai), complex(u.br, u.bi)
	return [2][2]complex128{{a, -cmplx.Conj(b)}, {b, cmplx.Conj(a)}}
}

// coefs holds the SU(2) of each lane, as kernels take it.
type coefs [4 * lanes]float64

// single is a rotation whose pairs are whole groups.
type single struct {
	v    uint64
	role local
	c    [2]coefs // for a block whose base gives the role 0, 1
}

// flipped is X·U·X: the SU(2) with the roles of its pair exchanged.
func (u su2) flipped() su2 { return su2{u.ar, -u.ai, -u.br, u.bi} }

func newSingle(v uint64, role local, u su2) *single {
	s := &single{v: v, role: role}
	for base := range 2 {
		for l := range lanes {
			w := u
			if parity(role.here&uint64(l)) != (base == 1) {
				w = u.flipped()
			}
			for i, x := range []float64{w.ar, w.ai, w.br, w.bi} {
				s.c[base][i*lanes+l] = x
			}
		}
	}
	return s
}

func (s *single) coefs(base uint64) *coefs {
	if s.role.at(base) {
		return &s.c[1]
	}
	return &s.c[0]
}

func (s *single) pairs() pairs { return pairs{s.v >> laneBits, s.role.here >> laneBits} }

func (s *single) act(k blockKernel, buf []float64, base uint64) {
	k.single(buf, s.pairs(), s.coefs(base))
}

// double is two commuting rotations, applied to four groups at a time.
type double struct{ first, second *single }

func newDouble(a, b *single) *double { return &double{a, b} }

func (d *double) act(k blockKernel, buf []float64, base uint64) {
	k.double(buf, d.first.pairs(), d.second.pairs(), d.first.coefs(base), d.second.coefs(base))
}

// chosen is a choice in the coordinates of a pass. Bit 0 of the number of a set
// is the role.
type chosen struct {
	v     uint64
	index []local // the role first
	where []local // conditions that are the same in all lanes of a group
	sets  []blockSet
	masks []uint64
}

// blockSet holds, for the amplitudes of a group, the factor of the amplitude
// itself and that of its partner: real and imaginary parts.
type blockSet [4 * lanes]float64

// check is a condition on a group: parity(mask·group) is want.
type check struct{ mask, want uint64 }

func (l *localizer) choice(s *choice) action {
	c := &chosen{v: l.space.coordinates(s.v), index: []local{l.local(s.role)}}
	c.index = append(c.index, l.locals(s.index)...)
	conditions := 0
	for _, w := range l.locals(s.where) {
		if w.here&(lanes-1) == 0 {
			c.where = append(c.where, w)
		} else { // differs from lane to lane: the sets know it
			c.index = append(c.index, w)
			conditions++
		}
	}
	inner := len(c.index) - conditions
	for number := range 1 << len(c.index) {
		var set blockSet
		for lane := range lanes {
			at := number
			for j, f := range c.index {
				if parity(f.here & uint64(lane)) {
					at ^= 1 << j
				}
			}
			self, other := complex128(1), complex128(0)
			if at>>inner == 1<<conditions-1 {
				block, role := s.blocks[at&(1<<inner-1)>>1], at&1
				self, other = block[role][role], block[role][1-role]
				if s.v == 0 {
					other = 0
				}
			}
			for i, x := range []float64{real(self), imag(self), real(other), imag(other)} {
				set[i*lanes+lane] = x
			}
		}
		c.sets = append(c.sets, set)
	}
	for _, f := range c.index {
		c.masks = append(c.masks, f.here>>laneBits)
	}
	return c
}

func (c *chosen) act(k blockKernel, buf []float64, base uint64) {
	// Scratch of the call, for a pass runs on many workers.
	var room [8]check
	checks := room[:0]
	for _, w := range c.where {
		want := uint64(1)
		if w.at(base) {
			want = 0
		}
		if w.here == 0 {
			if want == 1 {
				return
			}
			continue
		}
		checks = append(checks, check{w.here >> laneBits, want})
	}
	flip := uint64(0) // bits of the number that the base turns
	for j, f := range c.index {
		if f.at(base) {
			flip |= 1 << j
		}
	}
	k.choose(buf, c.v, c.masks, flip, c.sets, checks)
}

// denseAction is a dense step in the coordinates of a pass.
type denseAction struct {
	step   *dense
	space  space // spanned by the flips, in the coordinates of the pass
	flips  []uint64
	value  []local
	where  []local
	matrix []complex128
}

func (l *localizer) dense(s *dense) action {
	d := &denseAction{step: s, value: l.locals(s.value), where: l.locals(s.where), matrix: s.matrix.A}
	for _, f := range s.flips {
		y := l.space.coordinates(f)
		d.flips = append(d.flips, y)
		d.space.add(y)
	}
	return d
}

func (d *denseAction) act(_ blockKernel, buf []float64, base uint64) {
	k := len(d.flips)
	dim := 1 << k
	in := make([]complex128, dim)
	at := make([]int, dim)
	pivots := uint64(0)
	for _, p := range d.space.pivots {
		pivots |= 1 << p
	}
	for y := range uint64(len(buf) / 2) {
		if y&pivots != 0 || slices.ContainsFunc(d.where, func(w local) bool { return parity(w.here&y) == w.at(base) }) {
			continue
		}
		origin := y // where all qubits are 0
		for j, v := range d.value {
			if parity(v.here&y) != v.at(base) {
				origin ^= d.flips[j]
			}
		}
		for i := range dim {
			x := origin
			for j := range k {
				if i>>(k-1-j)&1 == 1 {
					x ^= d.flips[j]
				}
			}
			at[i] = offsetOf(int(x))
			in[i] = complex(buf[at[i]], buf[at[i]+lanes])
		}
		for i := range dim {
			sum := complex128(0)
			for j, m := range d.matrix[i*dim:][:dim] {
				sum += m * in[j]
			}
			buf[at[i]], buf[at[i]+lanes] = real(sum), imag(sum)
		}
	}
}

// rowBits is log2 of the amplitudes whose phases are made at a time.
const rowBits = 8

// phases is a product of turns. Amplitudes come in rows, whose low coordinates
// count through them. A turn that reads no low coordinate is a factor of the
// row; those that read a single one, together, are a factor for each of its two
// values, and phases of the row are made by doubling; the others are tables.
type phases struct {
	bits   int          // log2 of the amplitudes of a row
	simple [][]turnedBy // for each low coordinate, then for the row as a whole
	fixed  []tableTurn  // tables that are the same for all rows of a block
	varied []tableTurn
}

// turnedBy is a turn whose sign depends on the row and the base.
type turnedBy struct {
	role   local
	factor complex128 // exp(-i angle/2)
}

// tableTurn is a turn that reads several low coordinates.
type tableTurn struct {
	turnedBy
	table [2][]float64 // its phases over a row, for both signs
}

func newPhases(l *localizer, turns []*turn) *phases {
	p := &phases{bits: min(rowBits, len(l.space.pivots))}
	p.simple = make([][]turnedBy, p.bits+1)
	for _, t := range turns {
		f := turnedBy{l.local(form{mask: t.mask}), cmplx.Exp(complex(0, -t.angle/2))}
		low := f.role.here & (1<<p.bits - 1)
		switch {
		case low == 0:
			p.simple[p.bits] = append(p.simple[p.bits], f)
		case low&(low-1) == 0:
			j := bits.TrailingZeros64(low)
			p.simple[j] = append(p.simple[j], f)
		case f.role.here == low:
			p.fixed = append(p.fixed, tableTurn{f, tablesOf(low, f.factor, p.bits)})
		default:
			p.varied = append(p.varied, tableTurn{f, tablesOf(low, f.factor, p.bits)})
		}
	}
	return p
}

// tablesOf writes factor^±1 by parity(low·y) over a row, and its conjugate.
func tablesOf(low uint64, factor complex128, bits int) (t [2][]float64) {
	for s := range t {
		t[s] = make([]float64, 2<<bits)
		for y := range 1 << bits {
			im := imag(factor)
			if parity(low&uint64(y)) != (s == 1) {
				im = -im
			}
			at := offsetOf(y)
			t[s][at], t[s][at+lanes] = real(factor), im
		}
	}
	return t
}

// of returns the factor's sign bit in a row.
func (t *turnedBy) of(row, base uint64) bool { return parity(t.role.here&row) != t.role.at(base) }

func (p *phases) act(k blockKernel, buf []float64, base uint64) {
	width := 2 << p.bits
	row := make([]float64, width)
	var table []float64
	for i := range p.fixed {
		f := &p.fixed[i]
		t := f.table[0]
		if f.of(0, base) {
			t = f.table[1]
		}
		if table == nil {
			table = slices.Clone(t)
		} else {
			k.times(table, t)
		}
	}
	var factors [rowBits + 1]complex128
	for at := 0; at < len(buf); at += width {
		y := uint64(at / 2)
		for j := range p.simple {
			u := complex128(1)
			for i := range p.simple[j] {
				t := &p.simple[j][i]
				if t.of(y, base) {
					u *= cmplx.Conj(t.factor)
				} else {
					u *= t.factor
				}
			}
			factors[j] = u
		}
		p.row(k, row, &factors)
		if table != nil {
			k.times(row, table)
		}
		for i := range p.varied {
			f := &p.varied[i]
			if f.of(y, base) {
				k.times(row, f.table[1])
			} else {
				k.times(row, f.table[0])
			}
		}
		k.times(buf[at:][:width], row)
	}
}

// row writes the product of the factors of the coordinates: factor[j] where
// coordinate j is 0, its conjugate where it is 1.
func (p *phases) row(k blockKernel, row []float64, factors *[rowBits + 1]complex128) {
	first := factors[p.bits]
	for j := range p.bits {
		first *= factors[j]
	}
	var group [lanes]complex128
	for l := range group {
		group[l] = first
		for j := range laneBits {
			if l>>j&1 == 1 {
				group[l] *= square(cmplx.Conj(factors[j]))
			}
		}
		row[l], row[lanes+l] = real(group[l]), imag(group[l])
	}
	for j := laneBits; j < p.bits; j++ {
		half := 2 << j
		u := square(cmplx.Conj(factors[j]))
		if math.Abs(imag(u)) == 0 && real(u) == 1 {
			copy(row[half:2*half], row[:half])
			continue
		}
		k.spread(row[:2*half], real(u), imag(u))
	}
}

func square(x complex128) complex128 { return x * x }
