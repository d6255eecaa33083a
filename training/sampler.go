package training

import (
	"math/rand/v2"
	"slices"
)

// sampler draws indices of a table by its running sum.
type sampler struct{ sums []float64 }

func (s *sampler) set(table []float64) {
	s.sums = s.sums[:0]
	sum := 0.0
	for _, p := range table {
		sum += max(p, 0) // of signed weights those above 0 are drawn from
		s.sums = append(s.sums, sum)
	}
}

func (s *sampler) draw(rng *rand.Rand) int {
	u := rng.Float64() * s.sums[len(s.sums)-1]
	i, _ := slices.BinarySearchFunc(s.sums, u, func(sum, u float64) int {
		if sum <= u {
			return -1
		}
		return 1
	})
	return min(i, len(s.sums)-1)
}
