//go:build amd64 && !purego

package sim

import "golang.org/x/sys/cpu"

//go:generate sh -c "cd asm && go run . -out ../kernel_amd64.s -stubs ../stubs_amd64.go -pkg sim"

// kernels is the table of kernels, the fastest first.
func kernels() []kernelSet {
	four, eight := vectorsAVX2(), vectorsAVX512()
	sets := []kernelSet{{"go", []kernel{wide{oneByOne{maxLanes}}}, plain{}, plainSide{}, plainDensity{}}}
	x := &cpu.X86
	if x.HasAVX2 && x.HasFMA && x.HasPOPCNT {
		sets = append([]kernelSet{{"avx2", []kernel{four}, avx2{}, sideAVX2{}, densityAVX2{}}}, sets...)
		if x.HasAVX512F && x.HasAVX512DQ && x.HasAVX512BW && x.HasAVX512VL {
			sets = append([]kernelSet{{"avx512", []kernel{eight, four}, avx2{}, sideAVX2{}, densityAVX2{}}}, sets...)
		}
	}
	return sets
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

// densityAVX2 is the kernel of density matrices, four numbers at once.
type densityAVX2 struct{ plainDensity }

func (densityAVX2) single(s *densityStep, buf []float64) {
	n := s.strides[0]
	switch {
	case n == 1:
		lastLetterAVX2(&buf[0], uint64(len(buf)/4), &s.table[0])
	case s.unital:
		turnedLetterAVX2(&buf[0], uint64(8*len(buf)), uint64(8*n), &s.table[0])
	default:
		letterAVX2(&buf[0], uint64(8*len(buf)), uint64(8*n), &s.table[0])
	}
}

func (k densityAVX2) permute(s *densityStep, buf, spare []float64) {
	if !s.permutes || min(s.strides[0], s.strides[1]) < 4 {
		k.plainDensity.permute(s, buf, spare)
		return
	}
	s.pairs(len(buf), func(base, run int) {
		exchangeAVX2(&buf[base], uint64(run), &s.from[0], &s.to[0], &s.table[0])
	})
}
