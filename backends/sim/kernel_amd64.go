//go:build amd64 && !purego

package sim

import (
	"slices"

	"golang.org/x/sys/cpu"
)

//go:generate sh -c "cd asm && go run . -out ../kernel_amd64.s -stubs ../stubs_amd64.go -pkg sim"

// kernels is the table of kernels, the fastest first.
func kernels() []kernelSet {
	four := vectors{4, []vectorFuncs{
		{turn1AVX2, unturn1AVX2, overlap1AVX2, shear1AVX2}, {turn2AVX2, unturn2AVX2, overlap2AVX2, shear2AVX2},
	}, rowFuncs{growAVX2, normsAVX2, weighAVX2, foldAVX2, unfoldAVX2}}
	eight := vectors{8, []vectorFuncs{
		{turn1AVX512, unturn1AVX512, overlap1AVX512, shear1AVX512}, {turn2AVX512, unturn2AVX512, overlap2AVX512, shear2AVX512},
		{turn3AVX512, unturn3AVX512, overlap3AVX512, shear3AVX512},
	}, rowFuncs{growAVX512, normsAVX512, weighAVX512, foldAVX512, unfoldAVX512}}
	sets := []kernelSet{{"go", []kernel{wide{oneByOne{maxLanes}}}, plain{}, plainSide{}}}
	x := &cpu.X86
	if x.HasAVX2 && x.HasFMA && x.HasPOPCNT {
		sets = append([]kernelSet{{"avx2", []kernel{four}, avx2{}, sideAVX2{}}}, sets...)
		if x.HasAVX512F && x.HasAVX512DQ && x.HasAVX512BW && x.HasAVX512VL {
			sets = append([]kernelSet{{"avx512", []kernel{eight, four}, avx2{}, sideAVX2{}}}, sets...)
		}
	}
	return sets
}

// vectors is a kernel of one vector register's lanes: its functions for bunches of one op, of
// two, and so on.
type vectors struct {
	width int
	funcs []vectorFuncs
	rows  rowFuncs
}

type vectorFuncs struct {
	turn    func(state *float64, zeros *uint32, n int, flips *uint64, c *float64)
	unturn  func(psi, lambda *float64, zeros *uint32, n int, flips *uint64, c, out *float64)
	overlap func(psi, lambda *float64, zeros *uint32, n int, flips *uint64, out *float64)
	shear   func(plain, c *float64, one, tiny float64)
}

type rowFuncs struct {
	grow   func(psi *float64, filled uint64, c *float64)
	norms  func(law, psi *float64, outcome *uint32, n uint64)
	weigh  func(lambda, psi, table *float64, outcome *uint32, n uint64)
	fold   func(law *float64, n uint64, z *float64)
	unfold func(table *float64, n uint64, g *float64)
}

func (v vectors) lanes() int { return v.width }

func (v vectors) most() int { return len(v.funcs) }

func (v vectors) coefs(b *bunch, plain, c []float64) []float64 {
	n, more := len(c), v.sheets(b.count)
	c = slices.Grow(c, more)[:n+more]
	// Where a or b of an SU(2) vanishes, two phases would be the quotients of zeros: so little
	// added to both changes no other number.
	const tiny = 1.7e-140
	v.funcs[b.count-1].shear(&plain[0], &c[n], 1, tiny)
	return c
}

func (v vectors) sheets(count int) int { return v.width * sheets(count) }

func (v vectors) turn(state []float64, b *bunch, c []float64) {
	v.funcs[b.count-1].turn(&state[0], &b.zeros[0], len(b.zeros), &b.flips[0], &c[0])
}

func (v vectors) unturn(psi, lambda []float64, b *bunch, c, out []float64) {
	v.funcs[b.count-1].unturn(&psi[0], &lambda[0], &b.zeros[0], len(b.zeros), &b.flips[0], &c[0], &out[0])
}

func (v vectors) overlap(psi, lambda []float64, b *bunch, out []float64) {
	v.funcs[b.count-1].overlap(&psi[0], &lambda[0], &b.zeros[0], len(b.zeros), &b.flips[0], &out[0])
}

func (vectors) apply(state []float64, pairs []pair, c []float64) {
	if len(pairs) > 0 {
		applyAVX2(&state[0], &pairs[0].zero, len(pairs), &c[0])
	}
}

func (v vectors) grow(psi []float64, filled int, c []float64) {
	v.rows.grow(&psi[0], uint64(filled), &c[0])
}

func (v vectors) norms(law, psi []float64, outcome []uint32) {
	v.rows.norms(&law[0], &psi[0], &outcome[0], uint64(len(outcome)))
}

func (v vectors) weigh(lambda, psi, table []float64, outcome []uint32) {
	v.rows.weigh(&lambda[0], &psi[0], &table[0], &outcome[0], uint64(len(outcome)))
}

func (v vectors) fold(law []float64, n int, z []float64) { v.rows.fold(&law[0], uint64(n), &z[0]) }

func (v vectors) unfold(table []float64, n int, g []float64) {
	v.rows.unfold(&table[0], uint64(n), &g[0])
}

// avx2 is the kernel of blocks of a single state.
type avx2 struct{}

func (avx2) single(buf []float64, p pairs, c *coefs) {
	singleAVX2(&buf[0], uint64(len(buf))/(4*lanes), spaced(p.v), p.v, p.r, &c[0])
}

func (avx2) double(buf []float64, p, q pairs, c, d *coefs) {
	low, high := crossed(p, q)
	doubleAVX2(&buf[0], uint64(len(buf))/(8*lanes), low, high, p.v, p.r, q.v, q.r, &c[0], &d[0])
}

// exchanges[w] lists, as pairs of 32-bit halves, the lanes l xor w.
var exchanges = [lanes][2 * lanes]int32{
	{0, 1, 2, 3, 4, 5, 6, 7}, {2, 3, 0, 1, 6, 7, 4, 5}, {4, 5, 6, 7, 0, 1, 2, 3}, {6, 7, 4, 5, 2, 3, 0, 1},
}

func (avx2) choose(buf []float64, v uint64, masks []uint64, flip uint64, sets []blockSet, checks []check) {
	across, within := v>>laneBits, v&(lanes-1)
	n := uint64(len(buf)) / (2 * lanes)
	if across != 0 {
		n /= 2
	}
	var conditions *uint64
	if len(checks) > 0 {
		conditions = &checks[0].mask
	}
	chooseAVX2(&buf[0], n, spaced(across), across, &exchanges[within][0], &masks[0], uint64(len(masks)), flip, &sets[0][0], conditions, uint64(len(checks)))
}

// signs are the bits that turn the signs of four numbers, or don't.
var signs = [2][lanes]uint64{1: {1 << 63, 1 << 63, 1 << 63, 1 << 63}}

func (avx2) components(psi, lambda []float64, v, r uint64, out *[3 * lanes]float64) {
	componentsOfBlockAVX2(&psi[0], &lambda[0], uint64(len(psi))/(2*lanes), v>>laneBits, r, &exchanges[v&(lanes-1)][0], &signs[0][0], &out[0])
}

func (avx2) times(dst, src []float64) { timesAVX2(&dst[0], &src[0], uint64(len(dst))/(2*lanes)) }

func (avx2) spread(row []float64, re, im float64) {
	spreadAVX2(&row[0], uint64(len(row))/(4*lanes), re, im)
}
