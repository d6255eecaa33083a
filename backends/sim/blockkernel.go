package sim

import "math/bits"

// blockKernel applies actions to a block of groups of four amplitudes: group g
// is its numbers 8g … 8g+7, four real parts and four imaginary ones.
type blockKernel interface {
	// single multiplies pairs of groups by the SU(2) of each lane.
	single(buf []float64, p pairs, c *coefs)
	// double is single with p and c, then with q and d, which commute.
	double(buf []float64, p, q pairs, c, d *coefs)
	// choose replaces each amplitude x by self·x + other·partner, by the set
	// whose number bit j is parity(masks[j]·group), all xor flip. The partner is
	// at x xor v. Groups that fail a check stay as they are.
	choose(buf []float64, v uint64, masks []uint64, flip uint64, sets []blockSet, checks []check)
	// components adds to out, for each amplitude x of psi's partner at x xor v and l of lambda,
	// Im(l* x), and of s Re(l* x) and s Im(l* y), y the amplitude of psi itself, where s is -1
	// in groups where parity(r·group) is 1: 3 sums of each lane.
	components(psi, lambda []float64, v, r uint64, out *[3 * lanes]float64)
	// times multiplies amplitude by amplitude.
	times(dst, src []float64)
	// spread writes the first half of a row times a factor to the second.
	spread(row []float64, re, im float64)
}

// pairs tells how a rotation pairs groups: g with g xor v, the first of them the
// one where parity(r·g) is 0.
type pairs struct{ v, r uint64 }

// expand puts a 0 into number j at the place of the highest bit of v. It is
// j plus its bits from there on, which is what spaced returns a mask of.
func spaced(v uint64) uint64 {
	if v == 0 {
		return 0
	}
	return ^(uint64(1)<<(bits.Len64(v)-1) - 1)
}

// plain is the pure Go block kernel.
type plain struct{}

func group(buf []float64, g uint64) *[2 * lanes]float64 {
	return (*[2 * lanes]float64)(buf[2*lanes*g:])
}

// rotate multiplies a pair of groups by the SU(2) of each lane.
func rotate(s0, s1 *[2 * lanes]float64, c *coefs) {
	for l := range lanes {
		ar, ai, br, bi := c[l], c[lanes+l], c[2*lanes+l], c[3*lanes+l]
		x0, y0, x1, y1 := s0[l], s0[lanes+l], s1[l], s1[lanes+l]
		s0[l] = ar*x0 - ai*y0 - br*x1 - bi*y1
		s0[lanes+l] = ar*y0 + ai*x0 - br*y1 + bi*x1
		s1[l] = br*x0 - bi*y0 + ar*x1 + ai*y1
		s1[lanes+l] = br*y0 + bi*x0 + ar*y1 - ai*x1
	}
}

func (plain) single(buf []float64, p pairs, c *coefs) {
	high := spaced(p.v)
	for j := range uint64(len(buf) / (4 * lanes)) {
		g := j + j&high
		if parity(g & p.r) {
			g ^= p.v
		}
		rotate(group(buf, g), group(buf, g^p.v), c)
	}
}

// crossed returns the masks by which a number counts through the groups of
// which those of p and q span the rest.
func crossed(p, q pairs) (low, high uint64) {
	a, b := spaced(p.v), spaced(q.v)
	if a == b {
		b = spaced(p.v ^ q.v)
	}
	return max(a, b), min(a, b) // the mask of the lower bit is the larger number
}

func (plain) double(buf []float64, p, q pairs, c, d *coefs) {
	low, high := crossed(p, q)
	for j := range uint64(len(buf) / (8 * lanes)) {
		g := j + j&low
		g += g & high
		if parity(g & p.r) {
			g ^= p.v
		}
		if parity(g & q.r) {
			g ^= q.v
		}
		s00, s01, s10, s11 := group(buf, g), group(buf, g^q.v), group(buf, g^p.v), group(buf, g^p.v^q.v)
		rotate(s00, s10, c)
		rotate(s01, s11, c)
		rotate(s00, s01, d)
		rotate(s10, s11, d)
	}
}

func (plain) choose(buf []float64, v uint64, masks []uint64, flip uint64, sets []blockSet, checks []check) {
	across, within := v>>laneBits, v&(lanes-1)
	high := spaced(across)
	n := uint64(len(buf) / (2 * lanes))
	if across != 0 {
		n /= 2
	}
	set := func(g uint64) *blockSet {
		number := flip
		for j, m := range masks {
			number ^= uint64(bits.OnesCount64(m&g)&1) << j
		}
		return &sets[number]
	}
groups:
	for j := range n {
		g := j + j&high
		for _, c := range checks {
			if uint64(bits.OnesCount64(c.mask&g)&1) != c.want {
				continue groups
			}
		}
		s, t := group(buf, g), group(buf, g^across)
		x, y := *s, *t
		mix(s, &x, &y, set(g), within)
		if across != 0 {
			mix(t, &y, &x, set(g^across), within)
		}
	}
}

// mix writes self·x + other·partner, the partner's lanes exchanged.
func mix(to, x, partner *[2 * lanes]float64, set *blockSet, within uint64) {
	for l := range lanes {
		p := l ^ int(within)
		ar, ai, br, bi := set[l], set[lanes+l], set[2*lanes+l], set[3*lanes+l]
		to[l] = ar*x[l] - ai*x[lanes+l] + br*partner[p] - bi*partner[lanes+p]
		to[lanes+l] = ar*x[lanes+l] + ai*x[l] + br*partner[lanes+p] + bi*partner[p]
	}
}

func (plain) components(psi, lambda []float64, v, r uint64, out *[3 * lanes]float64) {
	across, within := v>>laneBits, int(v&(lanes-1))
	for g := range uint64(len(psi) / (2 * lanes)) {
		x, l, partner := group(psi, g), group(lambda, g), group(psi, g^across)
		sign := 1.0
		if parity(g & r) {
			sign = -1
		}
		for i := range lanes {
			re, im := l[i], l[lanes+i]
			p, q := partner[i^within], partner[lanes+i^within]
			out[i] += re*q - im*p
			out[lanes+i] += sign * (re*p + im*q)
			out[2*lanes+i] += sign * (re*x[lanes+i] - im*x[i])
		}
	}
}

func (plain) times(dst, src []float64) {
	for g := range uint64(len(dst) / (2 * lanes)) {
		a, b := group(dst, g), group(src, g)
		for l := range lanes {
			re, im := a[l]*b[l]-a[lanes+l]*b[lanes+l], a[l]*b[lanes+l]+a[lanes+l]*b[l]
			a[l], a[lanes+l] = re, im
		}
	}
}

func (plain) spread(row []float64, re, im float64) {
	half := len(row) / 2
	for g := range uint64(half / (2 * lanes)) {
		a, b := group(row, g), group(row[half:], g)
		for l := range lanes {
			b[l], b[lanes+l] = re*a[l]-im*a[lanes+l], re*a[lanes+l]+im*a[l]
		}
	}
}
