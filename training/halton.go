package training

import "math/rand/v2"

// halton returns points of the unit cube that lie evenly: the randomised Halton sequence of
// Owen (arXiv:1706.02808). Coordinate j of point i is the sum over k of p_k(d_k) / b^(k+1),
// with b the prime number j, d_k the digits of i to the base b, the last one first, and p_k
// permutations of the digits that rng draws, as many as a float64 tells apart.
func halton(count, width int, rng *rand.Rand) [][]float64 {
	points := make([][]float64, count)
	all := make([]float64, count*width)
	for i := range points {
		points[i] = all[i*width:][:width:width]
	}
	for j, base := range primes(width) {
		weight := 1 / float64(base)
		for span := 1; 1-weight < 1; span *= base { // of points with the same digit
			p := rng.Perm(base)
			for i, digit := 0, 0; i < count; digit = (digit + 1) % base {
				x := float64(p[digit]) * weight
				for end := i + min(span, count-i); i < end; i++ {
					all[i*width+j] += x
				}
			}
			weight /= float64(base)
		}
	}
	return points
}

// primes returns the first prime numbers.
func primes(count int) (found []int) {
	for n := 2; len(found) < count; n++ {
		prime := true
		for _, p := range found {
			prime = prime && n%p != 0
		}
		if prime {
			found = append(found, n)
		}
	}
	return found
}
