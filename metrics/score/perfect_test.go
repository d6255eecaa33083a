package score

import (
	"math"
	"math/rand/v2"
	"testing"

	"qgan/internal/stream"
	"qgan/metrics/spikes"
)

// process is one whose law of words is known: cells on their own, in bins that are like
// the one before with a probability of their own, and at three times their chances in a
// share of the bins.
type process struct {
	name                   string
	repeats, bins, neurons int
	stay, loud             float64
}

var chances = []float64{0.05, 0.3, 0.1, 0.2, 0.02, 0.15}

func processes() []process {
	return []process{
		{"six cells on their own", 100, 20, 6, 0, 0},
		{"five cells that stay as they are", 80, 50, 5, 0.8, 0},
		{"six cells that fire together", 120, 30, 6, 0.5, 0.2},
	}
}

func (p process) draw(r *spikes.Raster, rep int, rng *rand.Rand) {
	for b := range r.Bins {
		again, factor := b > 0 && rng.Float64() < p.stay, 1.
		if p.loud > 0 && rng.Float64() < p.loud {
			factor = 3
		}
		for i := range r.Neurons {
			if again {
				r.Set(rep, b, i, r.At(rep, b-1, i))
			} else {
				r.Set(rep, b, i, rng.Float64() < factor*chances[i])
			}
		}
	}
}

func (p process) law(cells []int) []float64 {
	law, chance := make([]float64, 1<<len(cells)), make([]float64, len(cells))
	for factor, weight := range map[float64]float64{1: 1 - p.loud, 3: p.loud} {
		for k, i := range cells {
			chance[k] = factor * chances[i]
		}
		productLaw(law, weight, chance)
	}
	return law
}

// TestPerfectWords: on processes whose law is known, what the exact law and the samples of
// a perfect model are said to score is what they do score, within 15 parts of 100, and a
// law scores less than samples.
func TestPerfectWords(t *testing.T) {
	split, err := ParseSplit("")
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range processes() {
		draw := func(repeats int, label string, k int) *spikes.Raster {
			rng := stream.New(30, p.name+label, uint64(k))
			r := spikes.NewRaster(repeats, p.bins, p.neurons, 0.02)
			for rep := range repeats {
				p.draw(r, rep, rng)
			}
			return r
		}
		const trials = 24
		said, scored := map[string]float64{}, map[string]float64{}
		for k := range trials {
			r, err := New(draw(p.repeats, "", k), split, Options{Seed: uint64(k), Resamples: 40})
			if err != nil {
				t.Fatal(err)
			}
			s := judged(t, r, Subject{Name: "truth", Samples: draw(p.repeats/2, "samples", k), WordLaw: p.law})
			for _, name := range []string{jsWords, jsWordsExact} {
				said[name] += s[name].Perfect.Mean / trials
				scored[name] += *s[name].Value / trials
			}
		}
		t.Logf("%s: said %v, scored %v", p.name, said, scored)
		for name, truth := range scored {
			if math.Abs(said[name]/truth-1) > 0.15 {
				t.Errorf("%s, %s: a perfect model is said to score %.3g, it scores %.3g", p.name, name, said[name], truth)
			}
		}
		if said[jsWords] < 1.1*said[jsWordsExact] {
			t.Errorf("%s: samples are said to score %.3g, hardly more than the law's %.3g", p.name, said[jsWords], said[jsWordsExact])
		}
	}
}

// A single bin of a number of active cells that no draw of the recording's had is no
// defect, a hundredth of the bins is.
func TestPerfectUnseen(t *testing.T) {
	split, err := ParseSplit("")
	if err != nil {
		t.Fatal(err)
	}
	rng := stream.New(31, "unseen")
	x := spikes.NewRaster(40, 50, 3, 0)
	for rep := range 40 {
		for b := range 50 {
			x.Set(rep, b, rng.IntN(3), rng.Float64() < 0.3)
		}
	}
	r, err := New(x, split, Options{Resamples: 60})
	if err != nil {
		t.Fatal(err)
	}
	for bins, seen := range map[int]bool{0: false, 1: false, 10: true} {
		samples := copyOf(t, r.Train())
		for b := range bins {
			for i := range 3 {
				samples.Set(0, b, i, true)
			}
		}
		v := judged(t, r, Subject{Name: "samples", Samples: samples})["unseen"]
		if *v.Value != float64(bins)/1000 || v.Seen() != seen {
			t.Errorf("%d bins: %g, excess %g", bins, *v.Value, *v.Excess)
		}
	}
}
