package sim

import (
	"math"

	"qgan/ir"
)

// The walk of a product of rotations about Y is over one real number, with a brick over
// two, which are y of the qubit in front of which it stands. Cosines and sines of half the
// angles lie in rows of 16: with a brick those of qubit q at 2q and of the rotation of the
// pair q, q+1 at 2q+1, otherwise those of qubit q at q. A brick goes on to an even number
// of qubits, with one more behind: these have no rotation and the bit 0, so that the last
// pair and a last qubit alone are no special cases.

// realPlan returns the plan of a real form, a row of angles after the other, each of which
// is a place.
func (f *sideForm) realPlan(turns [][]factor, pairs []*ir.Angle) *sidePlan {
	p := &sidePlan{}
	add := func(a ir.Angle) {
		p.lane(a)
		p.places = append(p.places, a)
	}
	turn := func(q int) (a ir.Angle) {
		if q < len(turns) && len(turns[q]) > 0 {
			a = turns[q][0].angle
		}
		return a
	}
	if !f.brick {
		for q := range f.n {
			add(turn(q))
		}
		return p
	}
	for q := range 2 * f.realPairs() {
		add(turn(q))
		if q < len(pairs) && pairs[q] != nil {
			add(*pairs[q])
		} else {
			add(ir.Angle{})
		}
	}
	if f.front {
		add(ir.Angle{})
	}
	return p
}

// realPairs counts the pairs of the brick's first half, a last qubit alone included.
func (f *sideForm) realPairs() int { return (f.n + 1) / 2 }

const (
	brickTrig  = 4 * 2 * sideLanes // numbers of a pair's rows of cosines and sines
	brickTape  = 4 * sideLanes     // of its tape: y of the first qubit, y of the second
	brickAngle = 4 * sideLanes     // of its derivatives
	brickBits  = 2 * sideLanes     // of its bits
)

// walkReal computes the amplitudes of the words in bits.
func (s *sideSpace) walkReal() {
	if s.form.front {
		s.walkFront()
		return
	}
	s.log2, s.psi = sideNumbers{}, sideAmplitude{}
	psi := (*sideNumbers)(s.psi[:])
	if !s.form.brick {
		for l := range psi {
			psi[l] = 1
		}
		for q := range s.form.n {
			cs, x := amplitudeAt(s.trig, q), s.bit(q)
			for l := range psi {
				psi[l] *= cs[l] + x[l]*(cs[sideLanes+l]-cs[l])
			}
			if (q+1)%rescaled == 0 {
				s.rescale(q, psi[:])
			}
		}
		return
	}
	first := (*sideAmplitude)(s.tape)
	for l, x := range s.bit(0) {
		first[l], first[sideLanes+l] = 1-x, x
	}
	pairs := s.form.realPairs()
	for at := 0; at < pairs; at += rescaled / 2 {
		end := min(at+rescaled/2, pairs)
		s.kern.brick(s.trig[at*brickTrig:], s.bits[at*brickBits:], s.tape[at*brickTape:], end-at)
		s.rescale(at, s.tape[end*brickTape:][:2*sideLanes])
	}
	copy(psi[:], s.tape[pairs*brickTape:])
}

// backReal writes the derivatives of ln p by all angles.
func (s *sideSpace) backReal(d []float64) {
	if s.form.front {
		s.backFront(d)
		return
	}
	var inverse sideNumbers
	for l, x := range s.psi[:sideLanes] {
		if x != 0 {
			inverse[l] = 1 / x
		}
	}
	if !s.form.brick {
		for q := range s.form.n {
			cs, x, to := amplitudeAt(s.trig, q), s.bit(q), (*sideNumbers)(d[q*sideLanes:])
			for l := range to {
				c, s := cs[l], cs[sideLanes+l]
				switch {
				case inverse[l] == 0:
					to[l] = 0
				case x[l] == 0:
					to[l] = -s / c
				default:
					to[l] = c / s
				}
			}
		}
		return
	}
	var lambda sideAmplitude
	copy(lambda[:], inverse[:])
	pairs := s.form.realPairs()
	for at := (pairs - 1) / (rescaled / 2) * (rescaled / 2); at >= 0; at -= rescaled / 2 {
		for l, k := range s.scale[at] {
			lambda[l] *= k
			lambda[sideLanes+l] *= k
		}
		count := min(pairs-at, rescaled/2)
		s.kern.unbrick(s.trig[at*brickTrig:], s.bits[at*brickBits:], s.tape[at*brickTape:], &lambda, d[at*brickAngle:], count)
	}
}

// brickParts are what a pair of the brick does: the operators of its qubits, the rotation
// of both and that of the second qubit with the next, which is [to][from].
type brickParts struct {
	a0, a1, b0, b1, cos, sin float64
	cosLink, sinLink         float64 // of the second qubit with the next
	m00, m01, m10, m11       float64
	f00, f01, f10, f11       float64 // amplitudes of the pair's bits
}

func brickAt(trig, bits []float64, l int) (p brickParts) {
	const w = sideLanes
	t, x := (*[brickTrig]float64)(trig), (*[3 * w]float64)(bits)
	p.a0, p.a1, p.cos, p.sin, p.b0, p.b1 = t[l], t[w+l], t[2*w+l], t[3*w+l], t[4*w+l], t[5*w+l]
	both, none := p.a1*p.b1, p.a0*p.b0
	p.f00, p.f01, p.f10, p.f11 = p.cos*none-p.sin*both, p.a0*p.b1, p.a1*p.b0, p.sin*none+p.cos*both
	c, s, y, z := t[6*w+l], t[7*w+l], x[w+l], x[2*w+l]
	p.cosLink, p.sinLink = c, s
	both, none = y*z, (1-y)*(1-z)
	p.m00, p.m01, p.m10, p.m11 = none*c+both*s, y-both, z-both, both*c-none*s
	return p
}

func (plainSide) brick(trig, bits, tape []float64, pairs int) {
	const w = sideLanes
	for i := range pairs {
		v := (*[3 * 2 * w]float64)(tape[i*brickTape:])
		for l := range w {
			p := brickAt(trig[i*brickTrig:], bits[i*brickBits:], l)
			y0 := v[l]*p.f00 + v[w+l]*p.f10
			y1 := v[l]*p.f01 + v[w+l]*p.f11
			v[2*w+l], v[3*w+l] = y0, y1
			v[4*w+l], v[5*w+l] = p.m00*y0+p.m01*y1, p.m10*y0+p.m11*y1
		}
	}
}

func (plainSide) unbrick(trig, bits, tape []float64, lambda *sideAmplitude, d []float64, pairs int) {
	const w = sideLanes
	for i := pairs - 1; i >= 0; i-- {
		v, out := (*[2 * 2 * w]float64)(tape[i*brickTape:]), (*[brickAngle]float64)(d[i*brickAngle:])
		for l := range w {
			p := brickAt(trig[i*brickTrig:], bits[i*brickBits:], l)
			x0, x1 := lambda[l], lambda[w+l]
			out[3*w+l] = x0*p.m11*v[2*w+l] - x1*p.m00*v[3*w+l]
			y0, y1 := x0*p.m00+x1*p.m10, x0*p.m01+x1*p.m11
			f00, f10, f01, f11 := y0*v[l], y0*v[w+l], y1*v[l], y1*v[w+l]
			lambda[l], lambda[w+l] = y0*p.f00+y1*p.f01, y0*p.f10+y1*p.f11
			out[w+l] = f11*p.f00 - f00*p.f11
			none, both := p.cos*f00+p.sin*f11, p.cos*f11-p.sin*f00
			out[l] = (both*p.b1+f10*p.b0)*p.a0 - (none*p.b0+f01*p.b1)*p.a1
			out[2*w+l] = (both*p.a1+f01*p.a0)*p.b0 - (none*p.a0+f10*p.a1)*p.b1
		}
	}
}

// rescale brings the largest of each lane's numbers to between 1/2 and 1; i is where the
// factor is kept.
func (s *sideSpace) rescale(i int, v []float64) {
	const w = sideLanes
	factor := &s.scale[i]
	for l := range w {
		most := 0.0
		for at := l; at < len(v); at += w {
			most = max(most, math.Abs(v[at]))
		}
		_, e := math.Frexp(most)
		factor[l] = math.Ldexp(1, -e)
		s.log2[l] += float64(e)
		for at := l; at < len(v); at += w {
			v[at] *= factor[l]
		}
	}
}

// An environment of the real walk is local: what is behind a pair sums to 1, whatever the
// pair's second y is. So R in front of a pair is F F' with the amplitudes F of its bits, the
// matrix of states behind it summed over all that is in front F' F.

// pairSide holds the elements 00, 01 and 11 of such a matrix.
type pairSide struct{ p00, p01, p11 float64 }

// front is what is behind a pair as seen in front of it, behind the opposite.
func (p *brickParts) front() pairSide {
	return pairSide{p.f00*p.f00 + p.f01*p.f01, p.f00*p.f10 + p.f01*p.f11, p.f10*p.f10 + p.f11*p.f11}
}

func (p *brickParts) behind() pairSide {
	return pairSide{p.f00*p.f00 + p.f10*p.f10, p.f00*p.f01 + p.f10*p.f11, p.f01*p.f01 + p.f11*p.f11}
}

// linked returns the matrix of the pair's second qubit and the next, [to][from], where the
// word has the bits y and z.
func (p *brickParts) linked(y, z float64) (m [2][2]float64) {
	none, both := (1-y)*(1-z), y*z
	m[0][0], m[1][1] = none*p.cosLink+both*p.sinLink, both*p.cosLink-none*p.sinLink
	m[1][0], m[0][1] = z-both, y-both
	return m
}

// pairParts returns what pair i does in lane l.
func (s *sideSpace) pairParts(i, l int) brickParts {
	return brickAt(s.trig[i*brickTrig:], s.bits[i*brickBits:], l)
}

// drawReal decides on qubits from the first to the last.
func (s *sideSpace) drawReal(u []sideNumbers) {
	n := s.form.n
	for l := range sideLanes {
		switch {
		case s.form.front:
			s.drawFront(u, l)
			continue
		case s.form.brick:
			s.drawBrick(u, l)
			continue
		}
		for q := range n {
			sin := amplitudeAt(s.trig, q)[sideLanes+l]
			s.bit(q)[l] = decided(u[q][l], 1, sin*sin)
		}
	}
}

// decided is 1 where u is below the share of one in all, and 0 otherwise.
func decided(u, all, one float64) float64 {
	if u*all < one {
		return 1
	}
	return 0
}

func (s *sideSpace) drawBrick(u []sideNumbers, l int) {
	n := s.form.n
	p := s.pairParts(0, l)
	r := p.front()
	x := decided(u[0][l], r.p00+r.p11, r.p11)
	s.bit(0)[l] = x
	v := [2]float64{1 - x, x}
	for q := 1; q < n; q += 2 {
		w := [2]float64{v[0]*p.f00 + v[1]*p.f10, v[0]*p.f01 + v[1]*p.f11}
		if q+1 == n {
			s.bit(q)[l] = decided(u[q][l], w[0]*w[0]+w[1]*w[1], w[1]*w[1])
			return
		}
		next := s.pairParts((q+1)/2, l)
		r := next.front()
		var ways [2][2]float64
		var to [2][2][2]float64
		for y := range ways {
			for z := range ways[y] {
				m := p.linked(float64(y), float64(z))
				v := [2]float64{m[0][0]*w[0] + m[0][1]*w[1], m[1][0]*w[0] + m[1][1]*w[1]}
				ways[y][z], to[y][z] = r.p00*v[0]*v[0]+2*r.p01*v[0]*v[1]+r.p11*v[1]*v[1], v
			}
		}
		one := ways[1][0] + ways[1][1]
		y := decided(u[q][l], ways[0][0]+ways[0][1]+one, one)
		way := ways[int(y)]
		z := decided(u[q+1][l], way[0]+way[1], way[1])
		s.bit(q)[l], s.bit(q + 1)[l] = y, z
		norm := 1 / math.Sqrt(way[int(z)])
		v, p = to[int(y)][int(z)], next
		v[0], v[1] = v[0]*norm, v[1]*norm
	}
}

// realMarginals writes the probability of 1 of each qubit.
func (s *sideSpace) realMarginals(out []sideNumbers) {
	if s.form.front {
		s.frontMarginals(out)
		return
	}
	n := s.form.n
	for l := range sideLanes {
		if !s.form.brick {
			for q := range n {
				sin := amplitudeAt(s.trig, q)[sideLanes+l]
				out[q][l] = sin * sin
			}
			continue
		}
		p := s.pairParts(0, l)
		out[0][l] = p.front().p11
		for q := 1; q < n; q += 2 {
			left := p.behind()
			if q+1 == n {
				out[q][l] = left.p11
				continue
			}
			next := s.pairParts((q+1)/2, l)
			r := next.front()
			// All ways but those in which the word has no spike of the two.
			for _, x := range [][2]float64{{1, 1}, {1, 0}, {0, 1}} {
				m := p.linked(x[0], x[1])
				way := 0.0
				for i, row := range [][2]float64{{r.p00, r.p01}, {r.p01, r.p11}} {
					for j, weight := range row {
						way += weight * (m[i][0]*(m[j][0]*left.p00+m[j][1]*left.p01) + m[i][1]*(m[j][0]*left.p01+m[j][1]*left.p11))
					}
				}
				out[q][l] += x[0] * way
				out[q+1][l] += x[1] * way
			}
			p = next
		}
	}
}
