//go:build amd64 && !purego

package sim

import (
	"math"
	"slices"
)

// vectors is a kernel of one vector register's lanes. Its functions for bunches are listed by the
// number of ops, those that turn apart for rotations about X.
type vectors struct {
	width    int
	turns    map[bool][]turnFunc
	unturns  map[bool][]unturnFunc
	overlaps []overlapFunc
	shears   []shearFunc

	shearX     func(plain, c *float64, count uint64, one, sign float64)
	growRows   func(psi *float64, filled uint64, c *float64)
	normsRows  func(law, psi *float64, outcome *uint32, n uint64)
	weighRows  func(lambda, psi, table *float64, outcome *uint32, n uint64)
	foldRows   func(law *float64, n uint64, z *float64)
	unfoldRows func(table *float64, n uint64, by *float64)
}

type (
	turnFunc    func(state *float64, zeros *uint32, n int, flips *uint64, c *float64)
	unturnFunc  func(psi, lambda *float64, zeros *uint32, n int, flips *uint64, c, out *float64)
	overlapFunc func(psi, lambda *float64, zeros *uint32, n int, flips *uint64, out *float64)
	shearFunc   func(plain, c *float64, one, tiny float64)
)

// vectorsAVX2 is the kernel of 4 lanes.
func vectorsAVX2() vectors {
	return vectors{
		width:    4,
		turns:    map[bool][]turnFunc{false: {turn1AVX2, turn2AVX2}, true: {turnX1AVX2, turnX2AVX2}},
		unturns:  map[bool][]unturnFunc{false: {unturn1AVX2, unturn2AVX2}, true: {unturnX1AVX2, unturnX2AVX2}},
		overlaps: []overlapFunc{overlap1AVX2, overlap2AVX2},
		shears:   []shearFunc{shear1AVX2, shear2AVX2},
		shearX:   shearXAVX2, growRows: growAVX2, normsRows: normsAVX2, weighRows: weighAVX2, foldRows: foldAVX2, unfoldRows: unfoldAVX2,
	}
}

// vectorsAVX512 is the kernel of 8 lanes.
func vectorsAVX512() vectors {
	return vectors{
		width:    8,
		turns:    map[bool][]turnFunc{false: {turn1AVX512, turn2AVX512, turn3AVX512}, true: {turnX1AVX512, turnX2AVX512, turnX3AVX512}},
		unturns:  map[bool][]unturnFunc{false: {unturn1AVX512, unturn2AVX512, unturn3AVX512}, true: {unturnX1AVX512, unturnX2AVX512, unturnX3AVX512}},
		overlaps: []overlapFunc{overlap1AVX512, overlap2AVX512, overlap3AVX512},
		shears:   []shearFunc{shear1AVX512, shear2AVX512, shear3AVX512},
		shearX:   shearXAVX512, growRows: growAVX512, normsRows: normsAVX512, weighRows: weighAVX512, foldRows: foldAVX512, unfoldRows: unfoldAVX512,
	}
}

func (v vectors) lanes() int { return v.width }

func (v vectors) most() int { return len(v.overlaps) }

func (v vectors) coefs(b *bunch, plain, c []float64) []float64 {
	n, more := len(c), v.size(b)
	c = slices.Grow(c, more)[:n+more]
	if b.aboutX {
		v.shearX(&plain[0], &c[n], uint64(b.count), 1, math.Copysign(0, -1))
		return c
	}
	// Where a or b of an SU(2) vanishes, two phases would be the quotients of zeros: so little
	// added to both changes no other number.
	const tiny = 1.7e-140
	v.shears[b.count-1](&plain[0], &c[n], 1, tiny)
	return c
}

func (v vectors) size(b *bunch) int { return v.width * b.sheets() }

func (v vectors) turn(state []float64, b *bunch, c []float64) {
	v.turns[b.aboutX][b.count-1](&state[0], &b.zeros[0], len(b.zeros), &b.flips[0], &c[0])
}

func (v vectors) unturn(psi, lambda []float64, b *bunch, c, out []float64) {
	v.unturns[b.aboutX][b.count-1](&psi[0], &lambda[0], &b.zeros[0], len(b.zeros), &b.flips[0], &c[0], &out[0])
}

func (v vectors) overlap(psi, lambda []float64, b *bunch, out []float64) {
	v.overlaps[b.count-1](&psi[0], &lambda[0], &b.zeros[0], len(b.zeros), &b.flips[0], &out[0])
}

func (vectors) apply(state []float64, pairs []pair, c []float64) {
	if len(pairs) > 0 {
		applyAVX2(&state[0], &pairs[0].zero, len(pairs), &c[0])
	}
}

func (v vectors) grow(psi []float64, filled int, c []float64) {
	v.growRows(&psi[0], uint64(filled), &c[0])
}

func (v vectors) norms(law, psi []float64, outcome []uint32) {
	v.normsRows(&law[0], &psi[0], &outcome[0], uint64(len(outcome)))
}

func (v vectors) weigh(lambda, psi, table []float64, outcome []uint32) {
	v.weighRows(&lambda[0], &psi[0], &table[0], &outcome[0], uint64(len(outcome)))
}

func (v vectors) fold(law []float64, n int, z []float64) { v.foldRows(&law[0], uint64(n), &z[0]) }

func (v vectors) unfold(table []float64, n int, g []float64) {
	v.unfoldRows(&table[0], uint64(n), &g[0])
}
