package calibration

import (
	"fmt"
	"math"
	"math/bits"
)

// Untwirl takes the readout errors out of the histogram of a twirled readout, given
// that of the state |0…0> read in the same way.
//
// Readout is twirled by a random X on each qubit before it is measured and a flip of
// its bit after (van den Berg, Minev and Temme, Phys. Rev. A 105, 032620, 2022). On
// average over them the confusion, correlated or not, becomes a convolution: with q the
// law of |0…0>, f(x) = Σ_d q(d) p(x xor d). A Walsh-Hadamard transform, f̂(S) = Σ_x
// (-1)^(S·x) f(x), makes a product of it, so
//
//	w(x) = 2^-n Σ_S (-1)^(S·x) f̂(S)/q̂(S).
//
// The variances are those of the counts of both histograms, to first order in those of
// q. A q̂(S) that is 0, negative or can't be told from 0 (less than 3 standard errors) is
// refused with a *NotInvertible that names the bits of the smallest such S.
func Untwirl(read, zeros Histogram) (*Quasi, error) {
	f, shots, err := read.law()
	if err != nil {
		return nil, err
	}
	q, zeroShots, err := zeros.law()
	if err != nil {
		return nil, fmt.Errorf("of |0…0>: %w", err)
	}
	if read.Bits != zeros.Bits {
		return nil, invalid("words of %d bits with the calibration of %d", read.Bits, zeros.Bits)
	}
	weights, kernel, slope, err := deconvolve(f, q, read.Bits, 3/math.Sqrt(float64(zeroShots)))
	if err != nil {
		return nil, err
	}
	gamma := 0.0
	for _, x := range kernel {
		gamma += math.Abs(x)
	}
	variances := convolveSquares(kernel, f)
	multinomial(variances, weights, shots)
	calibrated := convolveSquares(slope, q)
	multinomial(calibrated, weights, zeroShots)
	for i, v := range calibrated {
		variances[i] += v
	}
	return quasiOf(read.Bits, weights, variances, gamma*gamma), nil
}

// deconvolve solves f(x) = Σ_d q(d) w(x xor d) for the weights w. It returns too the
// kernel with w = kernel * f, and the slope with dw = -slope * dq. A transform of q
// below least is refused.
func deconvolve(f, q []float64, n int, least float64) (weights, kernel, slope []float64, err error) {
	over := append([]float64(nil), q...)
	walshHadamard(over)
	if err := untwirlable(over, n, least); err != nil {
		return nil, nil, nil, err
	}
	weights = append([]float64(nil), f...)
	walshHadamard(weights)
	kernel, slope = make([]float64, len(f)), make([]float64, len(f))
	for s, x := range over {
		kernel[s] = 1 / x
		weights[s] /= x
		slope[s] = weights[s] / x
	}
	for _, v := range [][]float64{weights, kernel, slope} {
		transformBack(v)
	}
	return weights, kernel, slope, nil
}

// convolveSquares returns Σ_j a(i xor j)² p(j).
func convolveSquares(a, p []float64) []float64 {
	out, over := make([]float64, len(a)), append([]float64(nil), p...)
	for i, x := range a {
		out[i] = x * x
	}
	walshHadamard(out)
	walshHadamard(over)
	for i, x := range over {
		out[i] *= x
	}
	transformBack(out)
	return out
}

// transformBack undoes walshHadamard.
func transformBack(v []float64) {
	walshHadamard(v)
	for i := range v {
		v[i] /= float64(len(v))
	}
}

// untwirlable refuses a transform that is too small to divide by.
func untwirlable(q []float64, n int, least float64) error {
	least = max(least, leastDeterminant)
	worst := 0
	for s, x := range q {
		if x < least && (worst == 0 || bits.OnesCount(uint(s)) < bits.OnesCount(uint(worst))) {
			worst = s
		}
	}
	if worst == 0 {
		return nil
	}
	e := &NotInvertible{Why: fmt.Sprintf("the mean of the product of their signs is %.3g where 0…0 was prepared, at least %.3g is needed", q[worst], least)}
	if q[worst] < -least {
		e.Why += "; it is negative: outcomes are inverted"
	}
	for b := range n {
		if worst>>(n-1-b)&1 == 1 {
			e.Bits = append(e.Bits, b)
		}
	}
	return e
}

// walshHadamard transforms in place: v[S] = Σ_x (-1)^(S·x) v[x]. Its square is the
// length of v times the identity.
func walshHadamard(v []float64) {
	for half := 1; half < len(v); half *= 2 {
		for i := 0; i < len(v); i += 2 * half {
			for j := i; j < i+half; j++ {
				v[j], v[j+half] = v[j]+v[j+half], v[j]-v[j+half]
			}
		}
	}
}
