package metrics

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"qgan/metrics/spikes"
)

// column names a figure as the tables of results do: rate, dPk, js1, cov; d1, o1
// ... at a lag; ac10, ps10, K10 ... in windows.
func (f TimeFigure) column() string {
	short := map[string]string{
		"rate-error": "rate", "k-probability-distance": "dPk", "word-js": "js1", "covariance-error": "cov",
		"lag-autocovariance-error": "d", "lag-covariance-error": "o",
		"p-silent": "ps", "count-distance": "K", "autocorrelogram-distance": "ac", "burst-length-distance": "burst",
	}[f.Name]
	if n := f.Lag + f.Bins; n > 0 {
		short += strconv.Itoa(n)
	}
	return short
}

// publishedTime are figures of first neurons of the salamander recording (see
// fixtureSource) against its even repeats, to two or three digits, computed by
// another program: the odd repeats; the word law of the odd repeats drawn
// independently and as a first-order chain, 174,080 bins each; the samples of a
// dichotomised Gaussian and of a k-pairwise model that were published with
// Spike-GAN (Molano-Mazon et al., ICLR 2018), the first of them in repeats.
const publishedTime = `
n   model                  rate    dPk     js1      cov    d1      d2      d3     d5     o1     o2     o3     o5     ac10   ps10   K10    ac30   ps30   K30
10  odd                    0.010   0.0030  4.4e-04  0.10   0.035   0.014   0.033  0.026  0.085  0.10   0.084  0.077  0.026  0.300  0.013  0.038  0.078  0.027
10  independent-in-time    0.015   0.0035  5.7e-04  0.12   1.00    1.00    1.00   1.01   0.99   0.99   1.00   0.99   1.71   0.045  0.87   2.64   0.000  1.07
10  markov                 0.017   0.0026  4.9e-04  0.13   0.040   0.65    0.84   0.97   0.13   0.51   0.76   0.95   1.08   0.140  0.48   1.93   0.004  0.78
10  dichotomised-gaussian  0.0081  0.0032  2.9e-04  0.063  0.33    0.10    0.033  0.024  0.076  0.067  0.082  0.070  0.23   0.325  0.071  0.27   0.098  0.11
10  k-pairwise             0.011   0.0060  8.9e-04  0.069  1.00    1.00    1.00   1.01   1.00   1.01   1.00   1.01   1.71   0.045  0.88   2.64   0.000  1.09
6   odd                    0.0090  0.0026  6.7e-05  0.11   0.0065  0.0083  0.021  0.019  0.065  0.13   0.11   0.073  0.019  0.388  0.011  0.030  0.106  0.018
6   independent-in-time    0.0096  0.0030  8.7e-05  0.11   1.00    1.00    1.00   1.01   1.01   1.01   1.02   0.99   1.86   0.112  0.81   2.92   0.001  1.02
6   markov                 0.012   0.0025  9.9e-05  0.11   0.017   0.67    0.86   0.97   0.077  0.56   0.82   0.95   1.21   0.227  0.47   2.18   0.014  0.72
6   dichotomised-gaussian  0.010   0.0037  5.3e-05  0.071  0.33    0.091   0.023  0.021  0.069  0.084  0.065  0.082  0.23   0.419  0.10   0.26   0.132  0.12
6   k-pairwise             0.0088  0.0041  1.4e-04  0.072  1.00    1.00    1.00   1.01   1.00   1.00   1.00   1.01   1.86   0.111  0.82   2.93   0.001  1.03
`

// publishedSamples returns the first neurons of a file beside the recording.
func publishedSamples(t *testing.T, file string, repeatBins, n int) *spikes.Raster {
	t.Helper()
	dir := os.Getenv("QGAN_SHARED")
	if dir == "" {
		t.Skip(errNoRecording)
	}
	r, err := spikes.Load(filepath.Join(dir, "data", file), spikes.LoadOptions{RepeatBins: repeatBins})
	if err != nil {
		t.Fatal(err)
	}
	return firstNeurons(t, r, n)
}

func firstNeurons(t testing.TB, r *spikes.Raster, n int) *spikes.Raster {
	t.Helper()
	first := make([]int, n)
	for i := range first {
		first[i] = i
	}
	r, err := r.Select(first)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// publishedSample is the sample of a row, and of a drawn one so many rasters drawn
// anew as are needed to tell how far its figures vary.
func publishedSample(t *testing.T, model string, n int, odd *spikes.Raster) []*spikes.Raster {
	t.Helper()
	switch model {
	case "odd":
		return []*spikes.Raster{odd}
	case "dichotomised-gaussian":
		return []*spikes.Raster{publishedSamples(t, "salamander50_dichotomised_gaussian.mat", 953, n)}
	case "k-pairwise":
		// 297 repeats of 952 bins; the rest is left out.
		return []*spikes.Raster{publishedSamples(t, "salamander50_k_pairwise.mat", 952, n)}
	}
	order := map[string]int{"independent-in-time": 0, "markov": 1}[model]
	chain, err := FitChain(odd, order)
	if err != nil {
		t.Fatal(err)
	}
	if want := map[int]int{10: 1865, 6: 412}[n]; order == 1 && chain.Parameters() != want {
		t.Errorf("%d entries of the table of transitions, want %d", chain.Parameters(), want)
	}
	var drawn []*spikes.Raster
	for i := range uint64(6) {
		drawn = append(drawn, chain.Draw(1024, 170, 0, rand.New(rand.NewPCG(5, i))))
	}
	return drawn
}

// Figures of samples that are given hold to the digits published, those of drawn
// ones within what draws differ by and the rounding.
func TestPublishedTime(t *testing.T) {
	t.Parallel()
	lines := strings.Split(strings.TrimSpace(publishedTime), "\n")
	head := strings.Fields(lines[0])
	for _, line := range lines[1:] {
		cells := strings.Fields(line)
		n, err := strconv.Atoi(cells[0])
		if err != nil {
			t.Fatal(err)
		}
		t.Run(fmt.Sprintf("n=%d %s", n, cells[1]), func(t *testing.T) {
			odd, even := recording(t, n, 1).Halves()
			c, err := NewTimeComparer(even, []int{10, 30})
			if err != nil {
				t.Fatal(err)
			}
			spread := map[string]*running{}
			for _, sample := range publishedSample(t, cells[1], n, odd) {
				figures, err := c.Compare(sample, rand.New(rand.NewPCG(1, 1)))
				if err != nil {
					t.Fatal(err)
				}
				for _, f := range figures {
					if spread[f.column()] == nil {
						spread[f.column()] = &running{}
					}
					spread[f.column()].add(*f.Value)
				}
			}
			for k, cell := range cells[2:] {
				want, err := strconv.ParseFloat(cell, 64)
				if err != nil {
					t.Fatal(err)
				}
				got := spread[head[k+2]]
				near(t, head[k+2], got.mean, want, 0, lastDigit(cell)/2*1.001+5*got.deviation())
			}
		})
	}
}

// lastDigit is what the last digit of a number as it is written stands for.
func lastDigit(s string) float64 {
	mantissa, exponent, _ := strings.Cut(s, "e")
	x, _ := strconv.Atoi(exponent)
	_, decimals, _ := strings.Cut(mantissa, ".")
	return math.Pow10(x - len(decimals))
}
