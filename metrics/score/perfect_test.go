package score

import (
	"math"
	"math/rand/v2"
	"testing"

	"qgan/internal/stream"
	"qgan/metrics"
	"qgan/metrics/spikes"
)

// process is one whose law of windows is known.
type process struct {
	name                   string
	repeats, bins, neurons int
	timesteps, trials      int
	draw                   func(r *spikes.Raster, repeat int, rng *rand.Rand)
	chance                 func(words []uint32) float64
}

func processes() []process {
	rates := []float64{0.05, 0.3, 0.1, 0.2, 0.02, 0.15}
	product := func(word uint32, n int, scale float64) float64 {
		p := 1.0
		for i := range n {
			q := min(1, scale*rates[i])
			if word>>(n-1-i)&1 == 0 {
				q = 1 - q
			}
			p *= q
		}
		return p
	}
	fire := func(r *spikes.Raster, rep, b int, scale float64, rng *rand.Rand) {
		for i := range r.Neurons {
			r.Set(rep, b, i, rng.Float64() < scale*rates[i])
		}
	}
	return []process{
		{"six cells on their own", 100, 20, 6, 1, 10, func(r *spikes.Raster, rep int, rng *rand.Rand) {
			for b := range r.Bins {
				fire(r, rep, b, 1, rng)
			}
		}, func(w []uint32) float64 { return product(w[0], 6, 1) }},
		// Windows of 20 bits, most of which are seen once or never.
		{"four cells with a common gain for five bins", 4000, 5, 4, 5, 2, func(r *spikes.Raster, rep int, rng *rand.Rand) {
			scale := []float64{0.3, 2.5}[rng.IntN(2)]
			for b := range r.Bins {
				fire(r, rep, b, scale, rng)
			}
		}, func(w []uint32) float64 {
			p := 0.0
			for _, scale := range []float64{0.3, 2.5} {
				q := 0.5
				for _, word := range w {
					q *= product(word, 4, scale)
				}
				p += q
			}
			return p
		}},
		// Bins that are mostly those before them: far fewer independent ones than bins.
		{"five cells that stay as they are", 80, 50, 5, 1, 20, func(r *spikes.Raster, rep int, rng *rand.Rand) {
			for b := range r.Bins {
				if b > 0 && rng.Float64() < 0.8 {
					for i := range r.Neurons {
						r.Set(rep, b, i, r.At(rep, b-1, i))
					}
					continue
				}
				fire(r, rep, b, 1, rng)
			}
		}, func(w []uint32) float64 { return product(w[0], 5, 1) }},
	}
}

// TestPerfectJS: on processes whose law is known, what a perfect model is said to score
// is what the law itself scores, within 15 parts of 100, where the halves are far above.
func TestPerfectJS(t *testing.T) {
	split, err := ParseSplit("")
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range processes() {
		said, halves, truth := 0.0, 0.0, 0.0
		process := func(repeats int, label string, k int) *spikes.Raster {
			rng := stream.New(30, p.name+label, uint64(k))
			x := spikes.NewRaster(repeats, p.bins, p.neurons, 0)
			for rep := range repeats {
				p.draw(x, rep, rng)
			}
			return x
		}
		for k := range p.trials {
			r, err := New(process(p.repeats, "", k), split, Options{Seed: uint64(k)})
			if err != nil {
				t.Fatal(err)
			}
			a, b, err := r.PerfectJS(p.timesteps, 0)
			if err != nil {
				t.Fatal(err)
			}
			said, halves = said+a/float64(p.trials), halves+b/float64(p.trials)
		}
		for k := range 4 * p.trials {
			law, err := metrics.CountStates(spikes.Windows{Raster: process(p.repeats/2, "truth", k), T: p.timesteps})
			if err != nil {
				t.Fatal(err)
			}
			q := []float64{}
			for i := range law.Len() {
				q = append(q, p.chance(law.Window(i)))
			}
			truth += law.JSSeen(q) / float64(4*p.trials)
		}
		t.Logf("%s: halves %.3g, said %.3g, truth %.3g", p.name, halves, said, truth)
		if math.Abs(said/truth-1) > 0.15 {
			t.Errorf("%s: a perfect model is said to score %.3g, it scores %.3g", p.name, said, truth)
		}
		if halves < 1.1*truth {
			t.Errorf("%s: halves score %.3g, hardly more than the law's %.3g", p.name, halves, truth)
		}
	}
}

// TestPerfectSamples: with as many independent windows as a half has, a perfect model
// scores what halves of independent windows do, and with many what its law does.
func TestPerfectSamples(t *testing.T) {
	split, err := ParseSplit("")
	if err != nil {
		t.Fatal(err)
	}
	p := processes()[0]
	x := spikes.NewRaster(p.repeats, p.bins, p.neurons, 0)
	for rep := range p.repeats {
		p.draw(x, rep, stream.New(1, "samples", uint64(rep)))
	}
	r, err := New(x, split, Options{})
	if err != nil {
		t.Fatal(err)
	}
	law, halves, err := r.PerfectJS(1, 0)
	if err != nil {
		t.Fatal(err)
	}
	for samples, want := range map[int]float64{p.repeats * p.bins / 2: halves, 1 << 20: law} {
		got, _, err := r.PerfectJS(1, samples)
		if err != nil || math.Abs(got/want-1) > 0.15 {
			t.Errorf("%d samples: %.3g, want about %.3g, %v", samples, got, want, err)
		}
	}
	if _, _, err := r.PerfectJS(21, 0); err == nil {
		t.Error("windows that are longer than repeats were counted")
	}
}
