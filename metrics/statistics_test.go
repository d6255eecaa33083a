package metrics

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"qgan/metrics/spikes"
)

func bit(r *spikes.Raster, rep, bin, neuron int) float64 {
	if r.At(rep, bin, neuron) {
		return 1
	}
	return 0
}

// covarianceByDefinition subtracts means and multiplies.
func covarianceByDefinition(r *spikes.Raster) [][]float64 {
	l := float64(r.Repeats * r.Bins)
	mean := make([]float64, r.Neurons)
	c := make([][]float64, r.Neurons)
	each := func(f func(rep, bin int)) {
		for rep := range r.Repeats {
			for b := range r.Bins {
				f(rep, b)
			}
		}
	}
	each(func(rep, b int) {
		for i := range mean {
			mean[i] += bit(r, rep, b, i) / l
		}
	})
	for i := range c {
		c[i] = make([]float64, r.Neurons)
		for j := range c[i] {
			each(func(rep, b int) {
				c[i][j] += (bit(r, rep, b, i) - mean[i]) * (bit(r, rep, b, j) - mean[j]) / (l - 1)
			})
		}
	}
	return c
}

func TestCovariance(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(3, 1))
	for _, n := range []int{1, 5, 32, 33, 70} {
		r := randomRaster(rng, 3, 17, n, 0.2)
		if d := cmp.Diff(covarianceByDefinition(r), Covariance(r), cmpopts.EquateApprox(0, 1e-14)); d != "" {
			t.Errorf("%d neurons: %s", n, d)
		}
	}
	if d := cmp.Diff([][]float64{{0}}, Covariance(spikes.NewRaster(1, 1, 1, 0))); d != "" {
		t.Error(d)
	}
}

func TestCorrelationUndefined(t *testing.T) {
	t.Parallel()
	// Neuron 0 never fires, neuron 2 always, 1 and 3 together.
	r := spikes.NewRaster(2, 5, 4, 0.02)
	for rep := range 2 {
		for b := range 5 {
			r.Set(rep, b, 2, true)
			r.Set(rep, b, 1, b == 2)
			r.Set(rep, b, 3, b == 2)
		}
	}
	corr, undefined := CorrelationCoefficient(r)
	want := [][]float64{{0, 0, 0, 0}, {0, 1, 0, 1}, {0, 0, 0, 0}, {0, 1, 0, 1}}
	if d := cmp.Diff(want, corr, cmpopts.EquateApprox(0, 1e-15)); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]int{0, 2}, undefined); d != "" {
		t.Error(d)
	}
}

func TestRatesAndComplexity(t *testing.T) {
	t.Parallel()
	r := spikes.NewRaster(2, 4, 3, 0.5)
	r.Set(0, 0, 0, true)
	r.Set(0, 0, 1, true)
	r.Set(1, 3, 1, true)
	if d := cmp.Diff([]float64{0.25, 0.5, 0}, MeanFiringRate(r)); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]float64{6. / 8, 1. / 8, 1. / 8, 0}, ComplexityPDF(r)); d != "" {
		t.Error(d)
	}
	r.BinWidth = 0
	if MeanFiringRate(r) != nil {
		t.Error("rates in Hz without a bin width")
	}
}

// autocorrelogramByDefinition pads every window and adds up, spike by spike.
func autocorrelogramByDefinition(w spikes.Windows, stride, maxLag int) []float64 {
	out := make([]float64, 2*maxLag+1)
	for rep := range w.Repeats {
		for start := 0; start+w.T <= w.Bins; start += stride {
			for i := range w.Neurons {
				train := make([]float64, w.T+2*maxLag)
				for b := range w.T {
					train[maxLag+b] = bit(w.Raster, rep, start+b, i)
				}
				for b, v := range train {
					if v == 1 {
						for l := range out {
							out[l] += train[b-maxLag+l]
						}
					}
				}
			}
		}
	}
	centre := out[maxLag]
	if centre == 0 {
		return out
	}
	for l := range out {
		out[l] /= centre
	}
	out[maxLag] = 0
	return out
}

func TestAutocorrelogram(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		bins := rapid.IntRange(1, 25).Draw(t, "bins")
		steps := rapid.IntRange(1, bins).Draw(t, "timesteps")
		n := rapid.SampledFrom([]int{1, 3, 40, 65}).Draw(t, "neurons")
		stride := rapid.IntRange(1, 8).Draw(t, "stride")
		p := rapid.SampledFrom([]float64{0, 0.05, 0.5}).Draw(t, "p")
		lags := rapid.IntRange(0, 12).Draw(t, "lags")
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		w, err := randomRaster(rng, 2, bins, n, p).Windows(steps)
		if err != nil {
			t.Fatal(err)
		}
		tolerance := cmpopts.EquateApprox(0, 1e-13)
		if d := cmp.Diff(autocorrelogramByDefinition(w, stride, lags), AutocorrelogramStride(w, stride, lags), tolerance); d != "" {
			t.Fatal(d)
		}
		if d := cmp.Diff(autocorrelogramByDefinition(w, 1, lags), Autocorrelogram(w, lags), tolerance); d != "" {
			t.Fatal(d)
		}
	})
}

// A generated sample is one window a repeat: statistics are those of the windows
// joined in time, and a silent one gives finite numbers.
func TestSummarizeGenerated(t *testing.T) {
	t.Parallel()
	for _, p := range []float64{0, 0.1, 1} {
		w, err := randomRaster(rand.New(rand.NewPCG(8, 1)), 200, 5, 4, p).Windows(5)
		if err != nil {
			t.Fatal(err)
		}
		s := Summarize(w)
		if s.Windows != 200 || s.Bins != 1000 || len(s.Autocorrelogram) != 21 || len(s.KProbability) != 5 {
			t.Errorf("summary %+v", s)
		}
		if d := cmp.Diff(covarianceByDefinition(w.Raster), s.Covariance, cmpopts.EquateApprox(0, 1e-13)); d != "" {
			t.Error(d)
		}
		if d := cmp.Diff(MeanFiringRate(w.Raster), s.RatesHz, cmpopts.EquateApprox(1e-12, 0)); d != "" {
			t.Error(d)
		}
		if undefined := p == 0 || p == 1; undefined != (len(s.Undefined) == 4) {
			t.Errorf("p = %g: undefined %v", p, s.Undefined)
		}
		if (p == 0) != (s.PSilent == 1) {
			t.Errorf("p = %g: P(silent) %g", p, s.PSilent)
		}
		if _, err := json.Marshal(s); err != nil {
			t.Error(err)
		}
		for _, v := range s.Autocorrelogram {
			if math.IsNaN(v) {
				t.Error("autocorrelogram is not a number")
			}
		}
	}
}

func BenchmarkSummarize(b *testing.B) {
	w, err := randomRaster(rand.New(rand.NewPCG(1, 1)), 297, 953, 10, 0.034).Windows(30)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		Summarize(w)
	}
}
