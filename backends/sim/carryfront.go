package sim

import "math"

// A brick in front of the rotations about Y acts on silence. Its first half makes
// cos|00> + sin|11> of each pair, whose qubits have one bit z then, so that the walk over the
// amplitudes of a word goes from pair to pair over two real numbers, those of z. Between two
// pairs stand the rows of the word's rotations, turned back by the rotation of the second
// half of the brick:
//
//	r_q = <x_q| RY(y_q),   R = (r_q ⊗ r_(q+1)) G,   b_(k+1)[z'] = sum over z of E_k[z] b_k[z] R[z z'].
//
// Cosines and sines lie as those of a brick at the end, with one qubit's more behind, which
// has no rotation and the bit 0.

const frontTape = 2 * sideLanes // numbers of a pair's tape: b in front of it

// frontRow is r of a qubit with cosine c and sine s in a row x of the word.
func frontRow(c, s, x float64) (zero, one float64) { return c + x*(s-c), x*(c+s) - s }

// frontParts are what a pair does: E, and the rows and the rotation behind it.
type frontParts struct {
	e0, e1             float64
	p0, p1, q0, q1     float64 // rows of the pair's second qubit and of the next
	cos, sin           float64
	r00, r01, r10, r11 float64
}

func frontAt(trig, bits []float64, l int) (p frontParts) {
	const w = sideLanes
	t, x := (*[5 * 2 * w]float64)(trig), (*[3 * w]float64)(bits)
	p.e0, p.e1, p.cos, p.sin = t[2*w+l], t[3*w+l], t[6*w+l], t[7*w+l]
	p.p0, p.p1 = frontRow(t[4*w+l], t[5*w+l], x[w+l])
	p.q0, p.q1 = frontRow(t[8*w+l], t[9*w+l], x[2*w+l])
	none, both := p.p0*p.q0, p.p1*p.q1
	p.r00, p.r01, p.r10, p.r11 = p.cos*none+p.sin*both, p.p0*p.q1, p.p1*p.q0, p.cos*both-p.sin*none
	return p
}

// walkFront computes the amplitudes of the words in bits.
func (s *sideSpace) walkFront() {
	const w = sideLanes
	s.log2, s.psi = sideNumbers{}, sideAmplitude{}
	first := amplitudeAt(s.tape, 0)
	for l, x := range s.bit(0) {
		first[l], first[w+l] = frontRow(s.trig[l], s.trig[w+l], x)
	}
	for k := range s.form.realPairs() {
		b, to := amplitudeAt(s.tape, k), amplitudeAt(s.tape, k+1)
		for l := range w {
			p := frontAt(s.trig[k*brickTrig:], s.bits[k*brickBits:], l)
			a0, a1 := b[l]*p.e0, b[w+l]*p.e1
			to[l], to[w+l] = a0*p.r00+a1*p.r10, a0*p.r01+a1*p.r11
		}
		if (k+1)%rescaled == 0 {
			s.rescale(k, to[:])
		}
	}
	copy(s.psi[:w], s.tape[s.form.realPairs()*frontTape:])
}

// backFront writes the derivatives of ln p by all angles.
func (s *sideSpace) backFront(d []float64) {
	const w = sideLanes
	clear(d)
	var lambda sideAmplitude
	for l, x := range s.psi[:w] {
		if x != 0 {
			lambda[l] = 1 / x
		}
	}
	for k := s.form.realPairs() - 1; k >= 0; k-- {
		if (k+1)%rescaled == 0 {
			for l, x := range s.scale[k] {
				lambda[l] *= x
				lambda[w+l] *= x
			}
		}
		b, out := amplitudeAt(s.tape, k), (*[5 * w]float64)(d[k*brickAngle:])
		for l := range w {
			p := frontAt(s.trig[k*brickTrig:], s.bits[k*brickBits:], l)
			a0, a1, x0, x1 := b[l]*p.e0, b[w+l]*p.e1, lambda[l], lambda[w+l]
			r00, r01, r10, r11 := x0*a0, x1*a0, x0*a1, x1*a1
			y0, y1 := x0*p.r00+x1*p.r01, x0*p.r10+x1*p.r11
			out[3*w+l] = r00*p.r11 - r11*p.r00
			none, both := p.cos*r00-p.sin*r11, p.sin*r00+p.cos*r11
			out[2*w+l] = (none*p.q0+r01*p.q1)*p.p1 - (r10*p.q0+both*p.q1)*p.p0
			out[4*w+l] = (none*p.p0+r10*p.p1)*p.q1 - (r01*p.p0+both*p.p1)*p.q0
			out[w+l] = y1*b[w+l]*p.e0 - y0*b[l]*p.e1
			lambda[l], lambda[w+l] = y0*p.e0, y1*p.e1
		}
	}
	for l, x := range s.bit(0) {
		zero, one := frontRow(s.trig[l], s.trig[w+l], x)
		d[l] = lambda[l]*one - lambda[w+l]*zero
	}
}

// tied is the probability that a qubit is 1 between the brick and the rotations: it belongs
// to a pair of the first half and, of which left and right are the probabilities of 1, to
// one of the second, whose rotation has that sine.
func tied(own, other, sin float64) float64 {
	square := sin * sin
	return own*(1-other) + own*other*(1-square) + (1-own)*(1-other)*square
}

// frontMarginals writes the probability of 1 of each qubit. Between the brick and the
// rotations all qubits are diagonal on their own.
func (s *sideSpace) frontMarginals(out []sideNumbers) {
	const w = sideLanes
	n := s.form.n
	for l := range w {
		pair := func(q int) float64 { // of a qubit after the first half
			if q < 0 || q >= n {
				return 0
			}
			sin := amplitudeAt(s.trig, q/2*4+1)[w+l]
			return sin * sin
		}
		for q := range n {
			link, other := q, q+1 // of the second half
			if q%2 == 0 {
				link, other = q-1, q-1
			}
			p, sin := pair(q), 0.0
			if link > 0 && other < n {
				sin = amplitudeAt(s.trig, link/2*4+3)[w+l]
			}
			p = tied(p, pair(other), sin)
			cs := amplitudeAt(s.trig, q*2)
			c, s := cs[l]*cs[l], cs[w+l]*cs[w+l]
			out[q][l] = s + (c-s)*p
		}
	}
}

// drawFront decides on the qubits of a lane from the first to the last. m are the amplitudes,
// by the bit z of the pair's first half and by the qubit's own bit in front of its rotation,
// of the bits decided so far.
func (s *sideSpace) drawFront(u []sideNumbers, l int) {
	const w = sideLanes
	n := s.form.n
	m := [2][2]float64{{1, 0}, {0, 1}}
	for q := 0; q < n; q += 2 {
		p := frontAt(s.trig[q/2*brickTrig:], s.bits[q/2*brickBits:], l)
		cs := amplitudeAt(s.trig, 2*q)
		var a [2][2]float64
		var odds [2]float64
		for x := range a {
			zero, one := frontRow(cs[l], cs[w+l], float64(x))
			a[x] = [2]float64{(zero*m[0][0] + one*m[0][1]) * p.e0, (zero*m[1][0] + one*m[1][1]) * p.e1}
			odds[x] = a[x][0]*a[x][0] + a[x][1]*a[x][1]
		}
		x := decided(u[q][l], odds[0]+odds[1], odds[1])
		s.bit(q)[l] = x
		if q+1 == n {
			return
		}
		b := a[int(x)]
		norm := 1 / math.Hypot(b[0], b[1])
		b[0], b[1] = b[0]*norm, b[1]*norm
		cs = amplitudeAt(s.trig, 2*(q+1))
		e := amplitudeAt(s.trig, min(2*(q+2)+1, len(s.trig)/(2*w)-1)) // of the next pair
		if q+2 == n {
			e = &sideAmplitude{}
			e[l] = 1
		}
		var next [2][2][2]float64
		for y := range next {
			zero, one := frontRow(cs[l], cs[w+l], float64(y))
			// By z' of the next pair and its first qubit's bit behind the brick.
			next[y] = [2][2]float64{{zero*p.cos*b[0] + one*b[1], one * p.sin * b[0]}, {-zero * p.sin * b[1], zero*b[0] + one*p.cos*b[1]}}
			odds[y] = 0
			for z, row := range next[y] {
				weight := e[z*w+l] * e[z*w+l]
				odds[y] += weight * (row[0]*row[0] + row[1]*row[1])
			}
		}
		y := decided(u[q+1][l], odds[0]+odds[1], odds[1])
		s.bit(q + 1)[l] = y
		m = next[int(y)]
	}
}
