package metrics

import (
	"math"
	"math/rand/v2"
)

// JSPluginBias is the expected Jensen-Shannon divergence in nats, to leading
// order, between a law over so many states and the relative frequencies of so
// many independent draws from it:
//
//	E[JS] ≈ (seen - 1) / (8 S).
//
// For close laws JS ≈ ⅛ sum (p̂-p)²/p, and E[(p̂-p)²] = p(1-p)/S. It is the
// counterpart for JS of the Miller-Madow term (K-1)/(2S) of the entropy (Miller,
// in Information Theory in Psychology, 1955). States with fewer than about one
// expected draw contribute less, so it is an upper estimate for small S;
// [NullFloor] has no such limit. A JS below it does not tell a model from the
// law itself. JSPluginBias is 0 for fewer than one sample or two states.
func JSPluginBias(seen, samples int) float64 {
	if seen < 2 || samples < 1 {
		return 0
	}
	return float64(seen-1) / (8 * float64(samples))
}

// NullFloor is the mean and the standard deviation (ddof 1) over repeats of the
// Jensen-Shannon divergence in nats between the law and so many independent
// draws from it: what a perfect generator would score from a sample of that
// size. The deviation is that of one score; the mean's own standard error is
// sd/√repeats. Both are 0 for fewer than one sample or repeat.
func NullFloor(s *States, samples int, rng *rand.Rand, repeats int) (mean, sd float64) {
	if samples < 1 || repeats < 1 {
		return 0, 0
	}
	q := make([]float64, s.Len())
	var js running
	for range repeats {
		for i, c := range s.draw(samples, rng) {
			q[i] = float64(c) / float64(samples)
		}
		js.add(s.JSSeen(q))
	}
	return js.mean, js.deviation()
}

// running holds the mean of numbers and the sum of their squared deviations from
// it, by Welford's update.
type running struct {
	n        int
	mean, m2 float64
}

func (r *running) add(x float64) {
	r.n++
	d := x - r.mean
	r.mean += d / float64(r.n)
	r.m2 += d * (x - r.mean)
}

// deviation is the standard deviation (ddof 1), 0 of fewer than two numbers.
func (r *running) deviation() float64 {
	if r.n < 2 {
		return 0
	}
	return math.Sqrt(r.m2 / float64(r.n-1))
}
