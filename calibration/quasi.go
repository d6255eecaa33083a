package calibration

import (
	"cmp"
	"math"
	"slices"
)

// Histogram is how often words of so many bits were read, bit 0 the most
// significant.
type Histogram struct {
	Bits  int
	Words []uint64
	N     []int
}

// Quasi is a signed quasi-probability distribution: the estimate of a law from
// which readout errors were taken out. It adds up to 1 and is without bias where
// the confusion is right, so expectations are taken with the weights as they are;
// NearestLaw makes a law of them, which is biased.
type Quasi struct {
	Bits    int
	Words   []uint64 // ascending
	Weights []float64
	// Variances holds the variance of each weight, from the finite number of
	// shots and of shots of a calibration.
	Variances []float64
	// Bound says that the variances are upper bounds.
	Bound bool
	// Overhead is gamma², with gamma the one-norm (largest absolute column sum) of
	// the map from frequencies to weights. The standard error of an expectation of
	// a function within ±1 is at most sqrt(Overhead/shots).
	Overhead float64
}

// maxDenseBits bounds the words of a distribution that is held as a whole.
const maxDenseBits = 24

// frequencies sorts a histogram's words, puts equal ones together and divides by
// the shots.
func (h Histogram) frequencies() (words []uint64, f []float64, shots int, err error) {
	if len(h.Words) != len(h.N) {
		return nil, nil, 0, invalid("%d words with %d numbers of how often they were read", len(h.Words), len(h.N))
	}
	if h.Bits < 1 || h.Bits > 64 {
		return nil, nil, 0, invalid("words of %d bits, it can be 1 to 64", h.Bits)
	}
	order := make([]int, len(h.Words))
	for i, w := range h.Words {
		order[i] = i
		if h.Bits < 64 && w>>h.Bits != 0 {
			return nil, nil, 0, invalid("the word %b has more than %d bits", w, h.Bits)
		}
		if h.N[i] < 0 {
			return nil, nil, 0, invalid("the word %0*b was read %d times", h.Bits, w, h.N[i])
		}
		shots += h.N[i]
	}
	if shots == 0 {
		return nil, nil, 0, invalid("there are no shots")
	}
	slices.SortFunc(order, func(i, j int) int { return cmp.Compare(h.Words[i], h.Words[j]) })
	for _, i := range order {
		if h.N[i] == 0 {
			continue
		}
		if k := len(words); k == 0 || words[k-1] != h.Words[i] {
			words, f = append(words, h.Words[i]), append(f, 0)
		}
		f[len(f)-1] += float64(h.N[i]) / float64(shots)
	}
	return words, f, shots, nil
}

// law returns a histogram as a vector by state index.
func (h Histogram) law() (law []float64, shots int, err error) {
	words, f, shots, err := h.frequencies()
	if err != nil {
		return nil, 0, err
	}
	if h.Bits > maxDenseBits {
		return nil, 0, invalid("%d bits: a distribution over all words is held for at most %d, m3 keeps to the words that were read", h.Bits, maxDenseBits)
	}
	law = make([]float64, 1<<h.Bits)
	for i, w := range words {
		law[w] = f[i]
	}
	return law, shots, nil
}

// quasiOf keeps the words that carry a weight or a variance.
func quasiOf(bits int, weights, variances []float64, overhead float64) *Quasi {
	q := &Quasi{Bits: bits, Overhead: overhead}
	for x, w := range weights {
		v := max(variances[x], 0)
		if w == 0 && v == 0 {
			continue
		}
		q.Words, q.Weights, q.Variances = append(q.Words, uint64(x)), append(q.Weights, w), append(q.Variances, v)
	}
	return q
}

// multinomial turns second, the sums over j of B[i][j]² f[j], into the variances
// of the weights w = B f of N shots, (second - w²)/N.
func multinomial(second, weights []float64, shots int) {
	for i, w := range weights {
		second[i] = max(second[i]-w*w, 0) / float64(shots)
	}
}

// NearestLaw returns the probability distribution with the least Euclidean
// distance to weights that add up to 1, and that distance (Smolin, Gambetta and
// Smith 2012): a common amount is taken from the weights and what falls below 0 is
// set to 0. Words that are not listed count as weight 0 and stay there.
func NearestLaw(weights []float64) (law []float64, distance float64) {
	sorted := slices.Clone(weights)
	slices.Sort(sorted)
	slices.Reverse(sorted)
	sum, shift := 0.0, 0.0
	for i, w := range sorted {
		sum += w
		if s := (sum - 1) / float64(i+1); w > s {
			shift = s
		}
	}
	law = make([]float64, len(weights))
	for i, w := range weights {
		law[i] = max(w-shift, 0)
		distance += (law[i] - w) * (law[i] - w)
	}
	return law, math.Sqrt(distance)
}
