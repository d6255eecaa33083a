package service

import (
	"cmp"
	"fmt"
	"slices"
)

// Apportion turns probabilities into counts that add up to the shots: each the
// expected number rounded down, and one more for those with the largest remainders
// (Hamilton's method), the first of equal ones. Probabilities have to add up to 1 within
// a thousandth, which is what services round to.
func Apportion(p []float64, shots int) ([]int, error) {
	sum := 0.0
	for i, x := range p {
		if !(x >= 0 && x < 2) {
			return nil, fmt.Errorf("%v is no probability (outcome %d)", x, i)
		}
		sum += x
	}
	if d := sum - 1; d < -1e-3 || d > 1e-3 {
		return nil, fmt.Errorf("the probabilities add up to %v", sum)
	}
	counts, order, left := make([]int, len(p)), make([]int, len(p)), shots
	rest := make([]float64, len(p))
	for i, x := range p {
		exact := x / sum * float64(shots)
		// A number that is whole but for rounding is whole.
		counts[i] = int(exact + 1e-9*float64(shots))
		rest[i], order[i] = exact-float64(counts[i]), i
		left -= counts[i]
	}
	slices.SortStableFunc(order, func(i, j int) int { return cmp.Compare(rest[j], rest[i]) })
	for k := 0; left > 0; k++ {
		counts[order[k%len(order)]]++
		left--
	}
	return counts, nil
}
