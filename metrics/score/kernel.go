package score

import (
	"math"
	"math/bits"
	"math/rand/v2"
)

// kernelWidths are the σ of the kernels.
var kernelWidths = []float64{0.6, 1.3}

const (
	allParities = 12   // cells up to which all 2^n parities are taken
	parityDraws = 1024 // parities that are drawn for more
)

// kernel is exp(-d/2σ²) of two words with the Hamming distance d, as a mean over
// parities: with e = exp(-1/2σ²) a cell's factor is 1 where the two words agree and e
// where they don't, (1+e)/2 + (1-e)/2 s t of the cell's signs ±1, so
//
//	exp(-d/2σ²) = sum over sets S of q^|S| (1-q)^(n-|S|) χ_S(x) χ_S(y),  q = (1-e)/2,
//
// with χ_S(x) = +1 where an even number of the cells of S fired in x and -1 elsewhere.
// Up to 12 cells all sets are taken, which is exact; for more they are drawn from their
// law, the same ones for every sample that is judged.
type kernel struct {
	sigma   float64
	weights []float64
	cells   [][]int32 // of each drawn parity; nil: all, set S at place S
}

func newKernel(neurons int, sigma float64, rng *rand.Rand) kernel {
	k := kernel{sigma: sigma}
	q := (1 - math.Exp(-1/(2*sigma*sigma))) / 2
	if neurons <= allParities {
		for s := range 1 << neurons {
			size := bits.OnesCount(uint(s))
			k.weights = append(k.weights, math.Pow(q, float64(size))*math.Pow(1-q, float64(neurons-size)))
		}
		return k
	}
	for range parityDraws {
		var set []int32
		for i := range neurons {
			if rng.Float64() < q {
				set = append(set, int32(i))
			}
		}
		k.weights = append(k.weights, 1./parityDraws)
		k.cells = append(k.cells, set)
	}
	return k
}

// walsh replaces a, of length 2^b, by sum over x of a(x) (-1)^popcount(x & S).
func walsh(a []float64) {
	for h := 1; h < len(a); h *= 2 {
		for i := 0; i < len(a); i += 2 * h {
			for j := i; j < i+h; j++ {
				a[j], a[j+h] = a[j]+a[j+h], a[j]-a[j+h]
			}
		}
	}
}

// mmd is the squared maximum mean discrepancy of the words of single bins (Gretton et
// al., J. Mach. Learn. Res. 13, 723, 2012, lemma 6),
//
//	MMD² = mean k(x,x') + mean k(y,y') - 2 mean k(x,y),
//
// x and x' bins of different units of the sample, y and y' of the judging half. Leaving
// out pairs within a unit, and not only those of a bin with itself, makes the estimate
// unbiased although the bins of a repeat depend on each other; it may be below 0.
func mmd(s, j *view, k int) float64 {
	x, y := at(s.sum, s.parity[k]), at(j.sum, j.parity[k])
	sets := len(x) / 2
	if s.pairBins() == 0 || j.pairBins() == 0 {
		return math.NaN()
	}
	total := 0.0
	for i, w := range s.kernels[k].weights {
		own := (x[i]*x[i] - x[sets+i]) / s.pairBins()
		others := (y[i]*y[i] - y[sets+i]) / j.pairBins()
		total += w * (own + others - 2*x[i]/s.binCount()*y[i]/j.binCount())
	}
	return total
}
