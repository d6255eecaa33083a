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
	ends  []uint64 // where the part of [0, 2^64) of each outcome ends
	high  []uint32 // their upper halves, and beyond the last three more that nothing exceeds
	guide []uint16 // the first outcome of each part of equal size
}

// sample adds shots outcomes to counts. A draw compares 32 random bits with the ends; only
// where they are as an end's are the other 32 drawn, so that two draws take one random
// number and the law has its full precision. Steps that are taken half of the time are
// written so that they compile to conditional moves.
func (g *guided) sample(law []float64, shots int, rng *rand.Rand, counts []int) {
	last := g.prepare(law)
	ends, high, guide := g.ends, g.high, g.guide
	shift := 33 - bits.Len(uint(len(guide)))
	for k := 0; k < shots; k += 2 {
		word := rng.Uint64()
		for two := range min(2, shots-k) {
			h := uint32(word >> (32 * (1 - two)))
			x := int(guide[h>>shift])
			if h > high[x] {
				x++
			}
			if h > high[x] {
				x++
			}
			for h > high[x] {
				x++
			}
			if h == high[x] && x < last {
				at := uint64(h)<<32 | rng.Uint64()>>32
				for x < last && at >= ends[x] {
					x++
				}
			}
			counts[min(x, last)]++
		}
	}
}

// prepare makes the table and returns the last outcome that has a probability.
func (g *guided) prepare(law []float64) (last int) {
	n := len(law)
	parts := 2 << bits.Len(uint(n-1)) // two a outcome at least
	if len(g.ends) != n || len(g.guide) != parts {
		g.ends, g.high, g.guide = make([]uint64, n), make([]uint32, n+3), make([]uint16, parts)
		for i := range 3 {
			g.high[n+i] = math.MaxUint32
		}
	}
	var sums [4]float64 // side by side, since an addition waits for the one before
	for x, p := range law {
		if p > 0 {
			sums[x&3] += p
			last = x
		}
	}
	scale, running := 0x1p64/(sums[0]+sums[1]+sums[2]+sums[3]), 0.0
	ends, high, guide := g.ends, g.high[:n], g.guide
	shift := 65 - bits.Len(uint(parts))
	next := 0
	for x, p := range law {
		running += max(p, 0) * scale
		end := uint64(math.MaxUint64)
		if x < last && running < 0x1p64 {
			end = uint64(running)
		}
		ends[x], high[x] = end, uint32(end>>32)
		// All parts that begin before the end and have no outcome yet begin here.
		for stop := int(end >> shift); next <= stop && next < parts; next++ {
			guide[next] = uint16(x)
		}
	}
	return last
}
