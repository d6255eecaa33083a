package metrics

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"qgan/metrics/spikes"
)

// Every statistic is what its definition says, window by window.
func TestSpikingByDefinition(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		bins := rapid.IntRange(1, 140).Draw(t, "bins")
		steps := rapid.IntRange(1, bins).Draw(t, "timesteps")
		n := rapid.IntRange(1, 5).Draw(t, "neurons")
		p := rapid.SampledFrom([]float64{0, 0.05, 0.5}).Draw(t, "p")
		lags := rapid.IntRange(0, 80).Draw(t, "lags")
		r := randomRaster(rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1)), 3, bins, n, p)
		w, err := r.Windows(steps)
		if err != nil {
			t.Fatal(err)
		}
		i, j := rapid.IntRange(0, n-1).Draw(t, "i"), rapid.IntRange(0, n-1).Draw(t, "j")
		near := cmpopts.EquateApprox(1e-12, 1e-12)

		cch := make([]float64, 2*lags+1)
		for rep := range 3 {
			for b := range bins {
				for l := -lags; l <= lags; l++ {
					if b+l >= 0 && b+l < bins {
						cch[lags+l] += bit(r, rep, b, i) * bit(r, rep, b+l, j)
					}
				}
			}
		}
		if d := cmp.Diff(cch, CrossCorrelationHistogram(r, i, j, lags, false), near); d != "" {
			t.Fatal("histogram", d)
		}
		for k := range cch {
			if l := max(k-lags, lags-k); l < bins {
				cch[k] *= float64(bins) / float64(bins-l)
			}
		}
		if d := cmp.Diff(cch, CrossCorrelationHistogram(r, i, j, lags, true), near); d != "" {
			t.Fatal("with border correction", d)
		}

		cross, spikesIn := make([]float64, 2*lags+1), 0.0
		fano, isi := make([]float64, n), make([][]float64, n)
		counts := make([][]float64, n)
		for rep := range 3 {
			for start := 0; start+steps <= bins; start++ {
				for a := range n {
					count, last := 0.0, -1
					for b := range steps {
						if bit(r, rep, start+b, a) == 0 {
							continue
						}
						if last >= 0 {
							isi[a] = append(isi[a], float64(b-last))
						}
						last = b
						count++
						spikesIn++
						for l := -lags; l <= lags; l++ {
							for other := range n {
								if other != a && b+l >= 0 && b+l < steps {
									cross[lags+l] += bit(r, rep, start+b+l, other)
								}
							}
						}
					}
					counts[a] = append(counts[a], count)
				}
			}
		}
		for k := range cross {
			if spikesIn > 0 && n > 1 {
				cross[k] /= spikesIn * float64(n-1)
			}
		}
		if d := cmp.Diff(cross, CrossCorrelogram(w, lags), near); d != "" {
			t.Fatal("cross-correlogram", d)
		}
		for a := range n {
			if m, v := meanAndVariance(counts[a]); m > 0 {
				fano[a] = v / m
			}
		}
		got, undefined := FanoFactor(w)
		if d := cmp.Diff(fano, got, near); d != "" {
			t.Fatal("Fano factor", d)
		}
		for _, a := range undefined {
			if m, _ := meanAndVariance(counts[a]); m != 0 {
				t.Fatalf("neuron %d has spikes and no Fano factor", a)
			}
		}
		for a, x := range ISI(w) {
			m, v := meanAndVariance(isi[a])
			if x.Count != len(isi[a]) || math.Abs(x.Mean-m*r.BinWidth) > 1e-12 || x.Count > 0 && math.Abs(x.CV-math.Sqrt(v)/m) > 1e-7 {
				t.Fatalf("intervals of neuron %d: %+v, want %d of mean %g, CV %g", a, x, len(isi[a]), m*r.BinWidth, math.Sqrt(v)/m)
			}
		}
	})
}

func meanAndVariance(x []float64) (mean, variance float64) {
	for _, v := range x {
		mean += v / float64(len(x))
	}
	for _, v := range x {
		variance += (v - mean) * (v - mean) / float64(len(x))
	}
	return mean, variance
}

func TestTimeHistogram(t *testing.T) {
	t.Parallel()
	r := spikes.NewRaster(2, 3, 2, 0.5)
	r.Set(0, 0, 0, true)
	r.Set(1, 0, 0, true)
	r.Set(1, 2, 1, true)
	if d := cmp.Diff([]float64{1, 0, 0.5}, TimeHistogram(r)); d != "" {
		t.Error(d)
	}
	r.BinWidth = 0
	if d := cmp.Diff([]float64{0.5, 0, 0.25}, TimeHistogram(r)); d != "" {
		t.Error(d)
	}
}

// Taking the windows' ends out makes windows of any length agree, where nothing
// depends on the time: of independent bins each lag has the rate of the other bin.
func TestWindowCorrected(t *testing.T) {
	t.Parallel()
	r := randomRaster(rand.New(rand.NewPCG(2, 1)), 200, 500, 3, 0.2)
	for _, steps := range []int{5, 30, 500} {
		w, err := r.Windows(steps)
		if err != nil {
			t.Fatal(err)
		}
		for name, c := range map[string][]float64{"auto": Autocorrelogram(w, 10), "cross": CrossCorrelogram(w, 10)} {
			for k, v := range WindowCorrected(c, steps) {
				want := 0.2
				if l := max(k-10, 10-k); l >= steps || l == 0 && name == "auto" {
					want = 0
				}
				if math.Abs(v-want) > 0.004 {
					t.Errorf("%s of %d bins, lag %d: %g, want %g", name, steps, k-10, v, want)
				}
			}
		}
	}
}

// Silence, one bin and one neuron are defined, and can be written.
func TestSpikingUndefined(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ repeats, bins, neurons, t int }{{2, 1, 1, 1}, {1, 5, 2, 5}, {3, 4, 2, 2}} {
		r := spikes.NewRaster(c.repeats, c.bins, c.neurons, 0.02)
		s := SummarizeSpiking(spikes.Windows{Raster: r, T: c.t})
		if _, err := json.Marshal(s); err != nil {
			t.Error(err)
		}
		for _, name := range []string{"correlation_coefficient", "fano_factor", "isi"} {
			if len(s.Undefined[name]) != c.neurons {
				t.Errorf("%v: %s is undefined for %v", c, name, s.Undefined[name])
			}
		}
	}
}

// Chances and coefficients of a spike l bins after
// one, over whole repeats.
func TestYardstickSpikeAfterSpike(t *testing.T) {
	t.Parallel()
	for n, want := range map[int][2][]float64{
		2: {{1, 0.0357, 0.0726, 0.0989, 0.0945, 0.0802, 0.0754, 0.0698, 0.0556, 0.0530, 0.0530},
			{1, 0.0130, 0.0511, 0.0784, 0.0738, 0.0590, 0.0542, 0.0482, 0.0336, 0.0310, 0.0308}},
		10: {{1, 0.1922, 0.1928, 0.1791, 0.1543, 0.1358, 0.1206, 0.1065, 0.0949, 0.0866, 0.0797},
			{1, 0.1666, 0.1675, 0.1528, 0.1267, 0.1072, 0.0912, 0.0764, 0.0642, 0.0554, 0.0481}},
	} {
		p, rho := SpikeAfterSpike(recording(t, n, 1).Raster, 10)
		for l := range 11 {
			near(t, fmt.Sprintf("n=%d P(spike %d bins later)", n, l), p[l], want[0][l], 0, 5.1e-5)
			near(t, fmt.Sprintf("n=%d Pearson %d bins later", n, l), rho[l], want[1][l], 0, 5.1e-5)
		}
	}
}

// Halves of the recording, ten neurons; P(k) of the first 4, 6 and 8; covariances
// and coefficients of pairs.
func TestYardstickHalves(t *testing.T) {
	t.Parallel()
	w := recording(t, 10, 1)
	odd, even := w.Halves()
	rate, cov := 0.0, 0.0
	a, b := MeanFiringRate(odd), MeanFiringRate(even)
	ca, cb := Covariance(odd), Covariance(even)
	for i := range a {
		rate = max(rate, math.Abs(a[i]-b[i]))
		for j := range i {
			cov = max(cov, math.Abs(ca[i][j]-cb[i][j]))
		}
	}
	near(t, "largest difference of a rate", rate, 0.0345, 0, 5.1e-5)
	near(t, "largest difference of a covariance", cov, 3.49e-4, 0, 5.1e-7)
	near(t, "sum |dP(k)|", l1(ComplexityPDF(odd), ComplexityPDF(even)), 2.99e-3, 0, 5.1e-6)

	for n, want := range map[int][]float64{
		2: {0.955430, 0.044234, 0.000336}, 4: {0.932049, 0.064786, 0.003077, 8.5e-05, 4e-06},
		6: {0.802569, 0.172424, 0.023265, 0.001696, 4.6e-05}, 8: {0.770736, 0.195996, 0.030102, 0.002904, 0.000261},
	} {
		pdf := ComplexityPDF(recording(t, n, 1).Raster)
		for k, p := range want {
			near(t, fmt.Sprintf("n=%d P(k=%d)", n, k), pdf[k], p, 0, 5.1e-7)
		}
	}

	for n, want := range map[int][4]float64{2: {5.234e-05, 5.234e-05, 5.234e-05, 0.0032}, 10: {6.922e-04, -1.244e-03, 4.751e-03, 0.0248}} {
		r := recording(t, n, 1).Raster
		c := Covariance(r)
		corr, _ := CorrelationCoefficient(r)
		var mean, rho running
		lo, hi := math.Inf(1), math.Inf(-1)
		for i := range n {
			for j := range i {
				mean.add(c[i][j])
				rho.add(corr[i][j])
				lo, hi = min(lo, c[i][j]), max(hi, c[i][j])
			}
		}
		near(t, "mean covariance", mean.mean, want[0], 0, 5.1e-8)
		near(t, "least covariance", lo, want[1], 0, 5.1e-7)
		near(t, "largest covariance", hi, want[2], 0, 5.1e-7)
		near(t, "mean Pearson", rho.mean, want[3], 0, 5.1e-5)
	}
}

// The published samples of two models of this recording. The figures are means of
// absolute differences, to the digits given, of repeats joined to one.
func TestSpikeGANErrors(t *testing.T) {
	t.Parallel()
	data := recording(t, 50, 1).Raster
	odd, even := data.Halves()
	for _, c := range []struct {
		file                        string
		a, b                        *spikes.Raster
		rate, cov, k, lag, acf      float64
		rateR, covR, lagR           float64
		js                          []float64 // first 2, 4, 6, 8, 10 neurons
		rateD, covD, kD, lagD, acfD float64   // half of the last digit
	}{
		{"salamander50_dichotomised_gaussian.mat", joined(data), nil, 2.3e-4, 5.8e-5, 7.8e-3, 1.4e-4, 0.18, 0.99996, 0.9995, 0.978,
			[]float64{3.7e-7, 6.2e-6, 3.5e-5, 7.8e-5, 2.2e-4}, 5e-6, 5e-7, 5e-5, 5e-6, 5e-3},
		{"salamander50_k_pairwise.mat", joined(data), nil, 2.4e-4, 6.1e-5, 4.6e-3, 1.7e-3, 2.97, 0.99995, 0.9994, -0.09,
			[]float64{8.7e-7, 1.5e-5, 1.4e-4, 4.5e-4, 7.9e-4}, 5e-6, 5e-7, 5e-5, 5e-5, 5e-3},
		{"halves", joined(odd), joined(even), 3.7e-4, 1.1e-4, 6.7e-3, 1.1e-4, 0.020, 0, 0, 0,
			[]float64{3.3e-6, 1.6e-5, 6.7e-5, 1.5e-4, 4.4e-4}, 5e-6, 5e-6, 5e-5, 5e-6, 1e-3},
	} {
		sample := c.b
		if sample == nil {
			var err error
			if sample, err = spikes.Load(filepath.Join(os.Getenv("QGAN_SHARED"), "data", c.file), spikes.LoadOptions{}); err != nil {
				t.Fatal(err)
			}
		}
		e, err := CompareSpikeGAN(c.a, sample, min(c.a.Bins, sample.Bins))
		if err != nil {
			t.Fatal(err)
		}
		what := c.file + ": "
		near(t, what+"rate", e.Rate, c.rate, 0, c.rateD)
		near(t, what+"covariance", e.Covariance, c.cov, 0, c.covD)
		near(t, what+"k", e.KProbability, c.k, 0, c.kD)
		near(t, what+"lag covariance", e.LagCovariance, c.lag, 0, c.lagD)
		near(t, what+"autocorrelogram", e.Autocorrelogram, c.acf, 0, c.acfD)
		if c.rateR != 0 {
			near(t, what+"r of rates", *e.RateR, c.rateR, 0, 5e-6)
			near(t, what+"r of covariances", *e.CovarianceR, c.covR, 0, 5e-5)
			near(t, what+"r of lag covariances", *e.LagCovarianceR, c.lagR, 0, 5e-3)
		}
		for i, want := range c.js {
			n := 2 * (i + 1)
			near(t, fmt.Sprintf("%sJS of the first %d", what, n), firstJS(t, c.a, sample, n), want, 0, half(want))
		}
	}
}

// half of the second digit.
func half(x float64) float64 { return 0.51 * math.Pow10(int(math.Floor(math.Log10(x)))-1) }

func firstJS(t *testing.T, a, b *spikes.Raster, n int) float64 {
	t.Helper()
	var s [2]*States
	for i, r := range []*spikes.Raster{a, b} {
		neurons := make([]int, n)
		for k := range neurons {
			neurons[k] = k
		}
		r, err := r.Select(neurons)
		if err == nil {
			s[i], err = CountStates(spikes.Windows{Raster: r, T: 1})
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	js, err := JSStates(s[0], s[1])
	if err != nil {
		t.Fatal(err)
	}
	return js
}

func TestCompareSpikeGANErrors(t *testing.T) {
	t.Parallel()
	a, b := spikes.NewRaster(2, 3, 2, 0.02), spikes.NewRaster(2, 3, 3, 0.02)
	if _, err := CompareSpikeGAN(a, b, 1); err == nil {
		t.Error("other neurons were compared")
	}
	if _, err := CompareSpikeGAN(a, a, 4); err == nil {
		t.Error("windows longer than the repeats were compared")
	}
	e, err := CompareSpikeGAN(a, a, 3)
	if err != nil || e.RateR != nil || e.Rate != 0 || e.Autocorrelogram != 0 {
		t.Errorf("silence against silence: %+v, %v", e, err)
	}
}

// The law of intervals ends with the longest there is, and their mean is in seconds where the
// width of a bin is known.
func TestIntervals(t *testing.T) {
	t.Parallel()
	for _, k := range []struct {
		counts []int
		width  float64
		want   Intervals
	}{
		{[]int{0, 2, 0, 4, 0, 0}, 0.5, Intervals{PDF: []float64{0, 2. / 6, 0, 4. / 6}, Mean: 14. / 6 * 0.5, CV: math.Sqrt(38./6-196./36) / (14. / 6), Count: 6}},
		{[]int{0, 0, 3}, 0, Intervals{PDF: []float64{0, 0, 1}, Mean: 2, Count: 3}},
		{[]int{0, 0, 0}, 0.02, Intervals{}},
	} {
		if d := cmp.Diff(k.want, intervals(k.counts, k.width), cmpopts.EquateApprox(0, 1e-12)); d != "" {
			t.Errorf("%v: %s", k.counts, d)
		}
	}
}
