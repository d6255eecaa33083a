package score

import (
	"math"
	"testing"

	"qgan/internal/stream"
	"qgan/metrics"
	"qgan/metrics/spikes"
)

// Errors of a repeat's rate and of its numbers of active cells are those of means over
// repeats of equal length, and repeats that say the same have none.
func TestProfileErrors(t *testing.T) {
	recording := drawn(20, 60, 3, stream.New(6, "profiles"))
	r, err := New(recording, Splits()[0], Options{Resamples: -1})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name    string
		samples *spikes.Raster
	}{{"repeats", drawn(8, 60, 3, stream.New(7, "samples"))}, {"windows", drawn(9, 15, 3, stream.New(8, "samples"))}} {
		p, _, err := r.Profiles(c.samples)
		if err != nil {
			t.Fatal(err)
		}
		n, bins := c.samples.Repeats, c.samples.Bins
		for k := range 4 {
			of := map[string][]float64{"rate": nil, "k": nil}
			for rep := range n {
				rate, active := 0.0, 0.0
				for b := range bins {
					if k < 3 && c.samples.At(rep, b, k) {
						rate += 1 / float64(bins)
					}
					if c.samples.Active(rep, b) == k {
						active += 1 / float64(bins)
					}
				}
				of["rate"], of["k"] = append(of["rate"], rate), append(of["k"], active)
			}
			for what, x := range of {
				got := p.KErrors
				if what == "rate" {
					got = p.RateErrors
				}
				if k == len(got) {
					continue // as many rates as cells
				}
				m, v := mean(x), 0.0
				for _, y := range x {
					v += (y - m) * (y - m)
				}
				if want := math.Sqrt(v / float64(n*(n-1))); !(math.Abs(got[k]-want) < 1e-9) || want == 0 {
					t.Errorf("%s, error of %s %d: %g, want %g", c.name, what, k, got[k], want)
				}
			}
		}
	}
	p, _, err := r.Profiles(drawn(1, 60, 3, stream.New(7, "samples")))
	if err != nil || p.RateErrors != nil || p.KErrors != nil {
		t.Errorf("a single repeat has the errors %v and %v: %v", p.RateErrors, p.KErrors, err)
	}
}

// TestProfiles holds what pages draw against the statistics of metrics.
func TestProfiles(t *testing.T) {
	recording := drawn(20, 60, 3, stream.New(6, "profiles"))
	r, err := New(recording, Splits()[0], Options{Resamples: -1})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		bins    int
		aligned bool
	}{{60, true}, {15, false}} {
		samples := drawn(8, c.bins, 3, stream.New(7, "samples"))
		sample, half, err := r.Profiles(samples)
		if err != nil {
			t.Fatal(err)
		}
		for _, x := range []struct {
			name   string
			p      *Profile
			raster *spikes.Raster
		}{{"samples", sample, samples}, {"recording", half, r.Judge().Cut(c.bins)}} {
			near := func(what string, got, want float64) {
				t.Helper()
				if !(math.Abs(got-want) < 1e-9) {
					t.Errorf("%s of %s, %d bins: %v, want %v", what, x.name, c.bins, got, want)
				}
			}
			p := x.p
			cov := metrics.LagCovariance(x.raster, 4)
			for i, isi := range metrics.ISI(spikes.Windows{Raster: x.raster, T: c.bins}) {
				near("interval", p.MeanISI[i], isi.Mean)
				near("autocovariance", p.Autocov[i][4], cov[i][i])
			}
			corr, _ := metrics.CorrelationCoefficient(x.raster)
			pairs := 0
			for _, q := range p.Pairs {
				near("correlation", q.Correlation, corr[q.I][q.J])
				middle := len(q.Covariance) / 2
				near("covariance", q.Covariance[middle+4], cov[q.I][q.J])
				near("covariance", q.Covariance[middle-4], cov[q.J][q.I])
				if math.IsNaN(q.Noise) == c.aligned || math.IsNaN(q.Signal) == c.aligned {
					t.Errorf("%s of %d bins: noise %v, signal %v", x.name, c.bins, q.Noise, q.Signal)
				}
				pairs++
			}
			if pairs != 3 || (p.PSTH != nil) != c.aligned {
				t.Errorf("%d pairs, %d PSTHs", pairs, len(p.PSTH))
			}
			for k, length := range p.SilentBins {
				near("silence", p.Silent[k], metrics.PSilent(spikes.Windows{Raster: x.raster, T: length}))
			}
			total, mean := 0.0, 0.0
			for k, v := range p.ISI {
				total += v
				mean += float64(k) * v * x.raster.BinWidth
			}
			near("intervals", total, 1)
			least, most := min(p.MeanISI[0], p.MeanISI[1], p.MeanISI[2]), max(p.MeanISI[0], p.MeanISI[1], p.MeanISI[2])
			if mean < least || mean > most {
				t.Errorf("mean of all intervals %g, of cells %v", mean, p.MeanISI)
			}
			if last := len(p.FanoBins) - 1; p.FanoBins[last] > c.bins || len(p.Fano[0]) != len(p.FanoBins) {
				t.Errorf("Fano factors %v of windows of %v bins", p.Fano[0], p.FanoBins)
			}
		}
	}
	if _, _, err := r.Profiles(spikes.NewRaster(2, 60, 4, 0)); err == nil {
		t.Error("samples of other cells have a profile")
	}
}
