package sim

import "fmt"

// A block's state holds 2^n amplitudes of width lanes each: amplitude x of lane
// l is the pair state[2·w·x + l], state[2·w·x + w + l] of real and imaginary
// part. The SU(2) of each lane, U = [[a, -b*], [b, a*]], is laid out as w real
// parts of a, w imaginary parts, then b's. The components Im<λ|P|ψ> of each
// lane are w values for each of P = X, Y, Z.

// maxLanes bounds the width of a block.
const maxLanes = 16

// kernel applies programs to blocks of its width.
type kernel interface {
	rowKernel
	lanes() int
	// most is the number of SU(2)s that a bunch may have.
	most() int
	// apply multiplies every pair by the SU(2).
	apply(state []float64, pairs []pair, c []float64)
	// size is the number of coefficients of a bunch, coefs appends them.
	size(b *bunch) int
	coefs(b *bunch, plain, c []float64) []float64
	// turn applies a bunch, but for a phase of each lane.
	turn(state []float64, b *bunch, c []float64)
	// unturn adds Im<λ|P|ψ> of each of the bunch's qubits to out, then undoes turn on both.
	unturn(psi, lambda []float64, b *bunch, c, out []float64)
	// overlap adds Im<λ|P|ψ> to out and leaves both as they are.
	overlap(psi, lambda []float64, b *bunch, out []float64)
}

// kernelSet is a row of the table of kernels: those for blocks of many lanes, the widest first,
// one for blocks of a single state, one for circuits seen from the side, one for density matrices.
type kernelSet struct {
	name  string
	lanes []kernel
	block blockKernel
	side  sideKernel

	density densityKernel
}

// narrowest is the kernel of lanes for those who apply ops one by one: with many lanes a state
// fits the cache less often, and wider registers alone gain nothing.
func (k kernelSet) narrowest() kernel { return k.lanes[len(k.lanes)-1] }

// Kernels lists the kernels that this machine can run, the fastest first.
func Kernels() []string {
	var names []string
	for _, k := range kernels() {
		names = append(names, k.name)
	}
	return names
}

// kernelNamed returns the kernels of that name; "" and "auto" stand for the
// fastest.
func kernelNamed(name string) (kernelSet, error) {
	for _, k := range kernels() {
		if name == k.name || name == "" || name == "auto" {
			return k, nil
		}
	}
	switch name {
	case "avx2":
		return kernelSet{}, fmt.Errorf("kernel avx2: this processor or this build has no AVX2 with FMA")
	case "avx512":
		return kernelSet{}, fmt.Errorf("kernel avx512: this processor or this build has no AVX-512 (F, DQ, BW, VL)")
	}
	return kernelSet{}, fmt.Errorf("kernel %q: it can be auto, go, avx2 or avx512", name)
}

// oneByOne is what kernels have in common that take one SU(2) at a time.
type oneByOne struct{ plainRows }

func (oneByOne) most() int { return 1 }

func (wide) size(*bunch) int { return 4 * maxLanes }

func (narrow) size(*bunch) int { return 4 }

func (oneByOne) coefs(_ *bunch, plain, c []float64) []float64 { return append(c, plain...) }

// wide is the pure Go kernel of 16 lanes. The loops over lanes have constant
// bounds and array operands, so the compiler drops the bounds checks.
type wide struct{ oneByOne }

type (
	wideAmplitude = [2 * maxLanes]float64
	wideCoef      = [4 * maxLanes]float64
	wideOut       = [3 * maxLanes]float64
)

func at(state []float64, x uint32) *wideAmplitude {
	return (*wideAmplitude)(state[int(x)*2*maxLanes:])
}

func (wide) lanes() int { return maxLanes }

func (wide) apply(state []float64, pairs []pair, coef []float64) {
	const w = maxLanes
	c := (*wideCoef)(coef)
	for _, p := range pairs {
		s0, s1 := at(state, p.zero), at(state, p.one)
		for l := range w {
			ar, ai, br, bi := c[l], c[w+l], c[2*w+l], c[3*w+l]
			x0, y0, x1, y1 := s0[l], s0[w+l], s1[l], s1[w+l]
			s0[l] = ar*x0 - ai*y0 - br*x1 - bi*y1
			s0[w+l] = ar*y0 + ai*x0 - br*y1 + bi*x1
			s1[l] = br*x0 - bi*y0 + ar*x1 + ai*y1
			s1[w+l] = br*y0 + bi*x0 + ar*y1 - ai*x1
		}
	}
}

func (k wide) turn(state []float64, b *bunch, c []float64) { k.apply(state, b.pairs, c) }

func (k wide) unturn(psi, lambda []float64, b *bunch, c, out []float64) {
	k.overlap(psi, lambda, b, out)
	d := adjoint((*wideCoef)(c))
	k.apply(psi, b.pairs, d[:])
	k.apply(lambda, b.pairs, d[:])
}

// adjoint is U† = [[a*, b*], [-b, a]].
func adjoint(c *wideCoef) (d wideCoef) {
	for l := range maxLanes {
		d[l] = c[l]
		for k := 1; k < 4; k++ {
			d[k*maxLanes+l] = -c[k*maxLanes+l]
		}
	}
	return d
}

func (wide) overlap(psi, lambda []float64, b *bunch, sums []float64) {
	const w = maxLanes
	out := (*wideOut)(sums)
	for _, p := range b.pairs {
		s0, s1 := at(psi, p.zero), at(psi, p.one)
		l0, l1 := at(lambda, p.zero), at(lambda, p.one)
		for l := range w {
			x0, y0, x1, y1 := s0[l], s0[w+l], s1[l], s1[w+l]
			u0, v0, u1, v1 := l0[l], l0[w+l], l1[l], l1[w+l]
			out[l] += u0*y1 - v0*x1 + u1*y0 - v1*x0
			out[w+l] += u1*x0 + v1*y0 - u0*x1 - v0*y1
			out[2*w+l] += u0*y0 - v0*x0 - u1*y1 + v1*x1
		}
	}
}

// narrow is the kernel of one lane.
type narrow struct{ oneByOne }

func (narrow) lanes() int { return 1 }

func (narrow) apply(state []float64, pairs []pair, c []float64) {
	ar, ai, br, bi := c[0], c[1], c[2], c[3]
	for _, p := range pairs {
		s0, s1 := (*[2]float64)(state[int(p.zero)*2:]), (*[2]float64)(state[int(p.one)*2:])
		x0, y0, x1, y1 := s0[0], s0[1], s1[0], s1[1]
		s0[0] = ar*x0 - ai*y0 - br*x1 - bi*y1
		s0[1] = ar*y0 + ai*x0 - br*y1 + bi*x1
		s1[0] = br*x0 - bi*y0 + ar*x1 + ai*y1
		s1[1] = br*y0 + bi*x0 + ar*y1 - ai*x1
	}
}

func (k narrow) turn(state []float64, b *bunch, c []float64) { k.apply(state, b.pairs, c) }

func (k narrow) unturn(psi, lambda []float64, b *bunch, c, out []float64) {
	k.overlap(psi, lambda, b, out)
	d := [4]float64{c[0], -c[1], -c[2], -c[3]}
	k.apply(psi, b.pairs, d[:])
	k.apply(lambda, b.pairs, d[:])
}

func (narrow) overlap(psi, lambda []float64, b *bunch, out []float64) {
	x, y, z := 0.0, 0.0, 0.0
	for _, p := range b.pairs {
		s0, s1 := (*[2]float64)(psi[int(p.zero)*2:]), (*[2]float64)(psi[int(p.one)*2:])
		l0, l1 := (*[2]float64)(lambda[int(p.zero)*2:]), (*[2]float64)(lambda[int(p.one)*2:])
		x0, y0, x1, y1 := s0[0], s0[1], s1[0], s1[1]
		u0, v0, u1, v1 := l0[0], l0[1], l1[0], l1[1]
		x += u0*y1 - v0*x1 + u1*y0 - v1*x0
		y += u1*x0 + v1*y0 - u0*x1 - v0*y1
		z += u0*y0 - v0*x0 - u1*y1 + v1*x1
	}
	out[0] += x
	out[1] += y
	out[2] += z
}
