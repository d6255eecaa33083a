package sim

import (
	"math"
	"math/bits"
	"math/rand/v2"
)

// maxGuided is the size of the largest law that a guide table is made for: with it the
// table and the running sums stay in the first-level cache.
const maxGuided = 1 << 12

// guides reports whether a guide table is worth its making.
func guides(law []float64, shots int) bool { return len(law) <= maxGuided && shots >= len(law)/4 }

// guided draws from a law by a guide table. Its memory may be used for another law.
type guided struct {
	ends  []int64  // where the part of [0, 2^63) of each outcome ends
	high  []uint32 // their upper 31 bits, and behind the last three more that nothing exceeds
	guide []uint16 // the first outcome whose end is in that part of [0, 2^63), or behind it
}

// sample adds shots outcomes to counts. A draw compares 31 random bits with the ends; only
// where they are as an end's are 32 more drawn, so that two draws take one random number.
// Steps that are taken half of the time are
// written without branches.
func (g *guided) sample(law []float64, shots int, rng *rand.Rand, counts []int) {
	last := g.prepare(law)
	ends, high, guide := g.ends, g.high, g.guide
	shift := 32 - bits.Len(uint(len(guide)))
	var word uint64
	for k := range shots {
		if k&1 == 0 {
			word = rng.Uint64()
		} else {
			word <<= 31
		}
		h := uint32(word >> 33)
		x := int(guide[h>>shift])
		x += int((uint64(high[x]) - uint64(h)) >> 63) // 1 where the end is below
		x += int((uint64(high[x]) - uint64(h)) >> 63)
		for h > high[x] {
			x++
		}
		if h == high[x] && x < last {
			at := int64(h)<<32 | int64(rng.Uint64()>>32)
			for x < last && at >= ends[x] {
				x++
			}
		}
		counts[min(x, last)]++
	}
}

// prepare makes the table and returns the last outcome that has a probability.
func (g *guided) prepare(law []float64) (last int) {
	n := len(law)
	parts := 2 << bits.Len(uint(n-1)) // two an outcome at least
	if len(g.ends) != n || len(g.guide) != parts {
		g.ends, g.high, g.guide = make([]int64, n), make([]uint32, n+3), make([]uint16, parts)
	}
	var sums [4]float64 // side by side, since an addition waits for the one before
	for x, p := range law {
		if p > 0 {
			sums[x&3] += p
			last = x
		}
	}
	// A little less than 2^63, which rounding then doesn't reach; the last outcome has what is
	// missing.
	scale, running := 0x1p63*(1-1e-12)/(sums[0]+sums[1]+sums[2]+sums[3]), 0.0
	ends, high, guide := g.ends, g.high[:n], g.guide
	shift := 64 - bits.Len(uint(parts))
	clear(guide)
	for x, p := range law {
		if p > 0 {
			running += p * scale
		}
		end := int64(running)
		ends[x], high[x] = end, uint32(end>>32)
		guide[end>>shift&int64(parts-1)]++
	}
	for x := last; x < n+3; x++ {
		g.high[x] = math.MaxUint32
	}
	// The number of ends in earlier parts is the first outcome with an end that is not.
	before := uint16(0)
	for i, k := range guide {
		guide[i] = before
		before += k
	}
	return last
}
