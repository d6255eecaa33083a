package score

import (
	"math/rand/v2"
	"testing"

	"qgan/internal/stream"
	"qgan/metrics"
	"qgan/metrics/spikes"
)

// copyOf is a raster that may be changed.
func copyOf(t *testing.T, r *spikes.Raster) *spikes.Raster {
	t.Helper()
	all := make([]int, r.Repeats)
	for i := range all {
		all[i] = i
	}
	out, err := r.SelectRepeats(all, "")
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// move takes a spike from one bin to another that has none.
func move(r *spikes.Raster, rep, from, to, cell int) bool {
	if to < 0 || to >= r.Bins || !r.At(rep, from, cell) || r.At(rep, to, cell) {
		return false
	}
	r.Set(rep, from, cell, false)
	r.Set(rep, to, cell, true)
	return true
}

// defects are planted in the recording's own repeats; seen are the figures that must see
// them.
var defects = []struct {
	name  string
	seen  []string
	plant func(r *spikes.Raster, rng *rand.Rand)
}{
	{"rates off by 5 %", []string{"rate_error"}, func(r *spikes.Raster, rng *rand.Rand) {
		each(r, func(rep, b, i int) {
			if rng.Float64() < 0.05 {
				r.Set(rep, b, i, false)
			}
		})
	}},
	{"one pair uncorrelated", []string{"max_correlation_error"}, func(r *spikes.Raster, rng *rand.Rand) {
		i, j := strongest(r)
		n := spikesOf(r)
		chance := float64(n[i]) / float64(r.Repeats*r.Bins) // that a spike of j meets one of i
		each(r, func(rep, b, cell int) {
			if cell != j || !r.At(rep, b, i) || rng.Float64() < chance {
				return
			}
			for range 20 { // near by, so that it follows the stimulus as before
				if to := b + rng.IntN(9) - 4; to >= 0 && to < r.Bins && !r.At(rep, to, i) && move(r, rep, b, to, j) {
					return
				}
			}
		})
	}},
	{"refractoriness removed", []string{"autocovariance_error_lag_1"}, func(r *spikes.Raster, rng *rand.Rand) {
		// Some spikes come right behind the one before, where few are.
		last := map[[2]int]int{}
		each(r, func(rep, b, i int) {
			if at, ok := last[[2]int{rep, i}]; ok && b-at > 1 && rng.Float64() < 0.1 && move(r, rep, b, at+1, i) {
				b = at + 1
			}
			last[[2]int{rep, i}] = b
		})
	}},
	{"silences cut", []string{"p_silent_10", "p_silent_20"}, func(r *spikes.Raster, rng *rand.Rand) {
		for rep := range r.Repeats {
			quiet := 0
			for b := range r.Bins {
				if r.Active(rep, b) > 0 {
					// The spike that ends a long silence comes in its middle.
					if quiet >= 10 {
						for i := range r.Neurons {
							if move(r, rep, b, b-quiet/2, i) {
								break
							}
						}
					}
					quiet = 0
				} else {
					quiet++
				}
			}
		}
	}},
	{"time reversed", []string{"covariance_error_lag_1", "psth_r2_median"}, func(r *spikes.Raster, _ *rand.Rand) {
		for rep := range r.Repeats {
			for b := range r.Bins / 2 {
				for i := range r.Neurons {
					x, y := r.At(rep, b, i), r.At(rep, r.Bins-1-b, i)
					r.Set(rep, b, i, y)
					r.Set(rep, r.Bins-1-b, i, x)
				}
			}
		}
	}},
	{"two neurons swapped", []string{"rate_error", "covariance_error_lag_0"}, func(r *spikes.Raster, _ *rand.Rand) {
		for rep := range r.Repeats {
			for b := range r.Bins {
				x, y := r.At(rep, b, 2), r.At(rep, b, 5)
				r.Set(rep, b, 2, y)
				r.Set(rep, b, 5, x)
			}
		}
	}},
	{"jitter of one bin", []string{"psth_r2_median", "autocovariance_error_lag_1"}, func(r *spikes.Raster, rng *rand.Rand) {
		done := map[[3]int]bool{}
		each(r, func(rep, b, i int) {
			if to := b + rng.IntN(3) - 1; !done[[3]int{rep, b, i}] && move(r, rep, b, to, i) {
				done[[3]int{rep, to, i}] = true
			}
		})
	}},
	{"half the repeats shuffled", []string{"noise_correlation_r", "noise_correlation_rms"}, func(r *spikes.Raster, rng *rand.Rand) {
		half := r.Repeats / 2
		for i := range r.Neurons {
			order := rng.Perm(half)
			rows := make([][]bool, half)
			for rep := range half {
				for b := range r.Bins {
					rows[rep] = append(rows[rep], r.At(rep, b, i))
				}
			}
			for rep := range half {
				for b, x := range rows[order[rep]] {
					r.Set(rep, b, i, x)
				}
			}
		}
	}},
}

// each visits the spikes of a raster as they are when their bin is reached.
func each(r *spikes.Raster, visit func(rep, bin, cell int)) {
	for rep := range r.Repeats {
		for b := range r.Bins {
			for i := range r.Neurons {
				if r.At(rep, b, i) {
					visit(rep, b, i)
				}
			}
		}
	}
}

// strongest is the pair of the largest correlation.
func strongest(r *spikes.Raster) (a, b int) {
	c, best := viewOf(r).correlations(), 0.0
	for i := range r.Neurons {
		for j := range i {
			if x := c[i*r.Neurons+j]; x > best {
				a, b, best = i, j, x
			}
		}
	}
	return a, b
}

// clearly is the excess that figures must have of what they should see: twice that from
// which on a value is no chance.
const clearly = 2 * seen

// TestDefects: each defect in the training half is clearly seen by each of the figures that
// should see it, and of 20 random halves of the recording no figure says that they are not
// its own.
func TestDefects(t *testing.T) {
	r, err := New(shared(t, "recording", 50), Splits()[0], Options{Resamples: 100})
	if err != nil {
		t.Fatal(err)
	}
	b, figures := r.bench(shape{r.Judge().Bins, true}), Figures()
	perfect := r.perfect(b, len(b.train), figures)
	excess := func(values func(k int) float64) map[string]float64 {
		out := map[string]float64{}
		for k, f := range figures {
			if v := values(k); perfect[k] != nil && metrics.FiniteOrNil(v) != nil {
				out[f.Name] = perfect[k].excess(v, &f)
			}
		}
		return out
	}
	few := &Referee{opt: Options{Resamples: 20, Workers: 2}}
	clean := few.draws(b, figures, "clean", b.dealt(len(b.train)))
	most, worst := 0.0, ""
	for draw := range 20 {
		for name, x := range excess(func(k int) float64 { return clean[k][draw] }) {
			if x > most {
				most, worst = x, name
			}
			if x > seen {
				t.Errorf("a random half of the recording: %s has an excess of %.2g", name, x)
			}
		}
	}
	t.Logf("random halves have an excess of %.2g at most, in %s", most, worst)
	for _, d := range defects {
		x := copyOf(t, r.Train())
		d.plant(x, stream.New(40, d.name))
		p := b.pair(b.units(x, 1), nil, nil)
		got := excess(func(k int) float64 { return figures[k].measure(p) })
		beyond := 0
		for _, x := range got {
			if x > seen {
				beyond++
			}
		}
		for _, name := range d.seen {
			t.Logf("%s: %s has an excess of %.1f; %d of %d figures are seen", d.name, name, got[name], beyond, len(got))
			if !(got[name] > clearly) {
				t.Errorf("%s: %s has an excess of %.2g, want more than %g", d.name, name, got[name], clearly)
			}
		}
	}
}
