package sim

// Lanes is the number of bindings that a block runs side by side. Blocks of
// one lane are used where there are few bindings.
const Lanes = 16

// A block's state holds 2^n amplitudes of width lanes each: amplitude x of lane
// l is the pair state[2·w·x + l], state[2·w·x + w + l] of real and imaginary
// part.

// coef is one SU(2) of each lane, U = [[a, -b*], [b, a*]].
type coef struct{ ar, ai, br, bi [Lanes]float64 }

// kernel applies programs to blocks of a given width.
type kernel interface {
	// apply multiplies every pair by the SU(2).
	apply(state []float64, pairs []pair, c *coef)
	// undo writes Im<λ|P|ψ>, P = X, Y, Z, to out, then applies U† to both.
	undo(psi, lambda []float64, pairs []pair, c *coef, out *[3][Lanes]float64)
	// overlap adds Im<λ|P|ψ> to out and leaves both as they are.
	overlap(psi, lambda []float64, pairs []pair, out *[3][Lanes]float64)
}

// wide is the pure Go kernel of Lanes lanes. The loops over lanes have constant
// bounds and array operands, so the compiler drops the bounds checks.
type wide struct{}

type amplitude = [2 * Lanes]float64

func at(state []float64, x uint32) *amplitude {
	return (*amplitude)(state[int(x)*2*Lanes:])
}

func (wide) apply(state []float64, pairs []pair, c *coef) {
	for _, p := range pairs {
		s0, s1 := at(state, p.zero), at(state, p.one)
		for l := range Lanes {
			ar, ai, br, bi := c.ar[l], c.ai[l], c.br[l], c.bi[l]
			x0, y0, x1, y1 := s0[l], s0[Lanes+l], s1[l], s1[Lanes+l]
			s0[l] = ar*x0 - ai*y0 - br*x1 - bi*y1
			s0[Lanes+l] = ar*y0 + ai*x0 - br*y1 + bi*x1
			s1[l] = br*x0 - bi*y0 + ar*x1 + ai*y1
			s1[Lanes+l] = br*y0 + bi*x0 + ar*y1 - ai*x1
		}
	}
}

func (k wide) undo(psi, lambda []float64, pairs []pair, c *coef, out *[3][Lanes]float64) {
	k.overlap(psi, lambda, pairs, out)
	// U† = [[a*, b*], [-b, a]].
	var d coef
	for l := range Lanes {
		d.ar[l], d.ai[l], d.br[l], d.bi[l] = c.ar[l], -c.ai[l], -c.br[l], -c.bi[l]
	}
	k.apply(psi, pairs, &d)
	k.apply(lambda, pairs, &d)
}

func (wide) overlap(psi, lambda []float64, pairs []pair, out *[3][Lanes]float64) {
	for _, p := range pairs {
		s0, s1 := at(psi, p.zero), at(psi, p.one)
		l0, l1 := at(lambda, p.zero), at(lambda, p.one)
		for l := range Lanes {
			x0, y0, x1, y1 := s0[l], s0[Lanes+l], s1[l], s1[Lanes+l]
			u0, v0, u1, v1 := l0[l], l0[Lanes+l], l1[l], l1[Lanes+l]
			out[0][l] += u0*y1 - v0*x1 + u1*y0 - v1*x0
			out[1][l] += u1*x0 + v1*y0 - u0*x1 - v0*y1
			out[2][l] += u0*y0 - v0*x0 - u1*y1 + v1*x1
		}
	}
}

// narrow is the kernel of one lane.
type narrow struct{}

func (narrow) apply(state []float64, pairs []pair, c *coef) {
	ar, ai, br, bi := c.ar[0], c.ai[0], c.br[0], c.bi[0]
	for _, p := range pairs {
		s0, s1 := (*[2]float64)(state[int(p.zero)*2:]), (*[2]float64)(state[int(p.one)*2:])
		x0, y0, x1, y1 := s0[0], s0[1], s1[0], s1[1]
		s0[0] = ar*x0 - ai*y0 - br*x1 - bi*y1
		s0[1] = ar*y0 + ai*x0 - br*y1 + bi*x1
		s1[0] = br*x0 - bi*y0 + ar*x1 + ai*y1
		s1[1] = br*y0 + bi*x0 + ar*y1 - ai*x1
	}
}

func (k narrow) undo(psi, lambda []float64, pairs []pair, c *coef, out *[3][Lanes]float64) {
	k.overlap(psi, lambda, pairs, out)
	var d coef
	d.ar[0], d.ai[0], d.br[0], d.bi[0] = c.ar[0], -c.ai[0], -c.br[0], -c.bi[0]
	k.apply(psi, pairs, &d)
	k.apply(lambda, pairs, &d)
}

func (narrow) overlap(psi, lambda []float64, pairs []pair, out *[3][Lanes]float64) {
	x, y, z := out[0][0], out[1][0], out[2][0]
	for _, p := range pairs {
		s0, s1 := (*[2]float64)(psi[int(p.zero)*2:]), (*[2]float64)(psi[int(p.one)*2:])
		l0, l1 := (*[2]float64)(lambda[int(p.zero)*2:]), (*[2]float64)(lambda[int(p.one)*2:])
		x0, y0, x1, y1 := s0[0], s0[1], s1[0], s1[1]
		u0, v0, u1, v1 := l0[0], l0[1], l1[0], l1[1]
		x += u0*y1 - v0*x1 + u1*y0 - v1*x0
		y += u1*x0 + v1*y0 - u0*x1 - v0*y1
		z += u0*y0 - v0*x0 - u1*y1 + v1*x1
	}
	out[0][0], out[1][0], out[2][0] = x, y, z
}
