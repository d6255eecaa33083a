package metrics

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"qgan/metrics/spikes"
)

// Entropy and divergence of draws from a known law, averaged over many samples: the
// corrections take most of the bias away.
func TestCorrections(t *testing.T) {
	t.Parallel()
	data, _, _ := loadFixture(t, 4, 1)
	other, _, _ := loadFixture(t, 4, 1)
	other.Counts = append([]int(nil), other.Counts...)
	other.Counts[0] -= 40000 // another law of the same windows
	other.Total -= 40000
	truth, err := JSStates(data, other)
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(5, 1))
	const draws, samples = 400, 4000
	var plain, corrected, entropy, mm running
	inside := 0
	for range draws {
		e, err := EstimateJS(data, other.Sample(samples, rng), rng, 40)
		if err != nil {
			t.Fatal(err)
		}
		plain.add(e.JSNats)
		corrected.add(e.Corrected)
		entropy.add(e.EntropyNats)
		mm.add(e.EntropyMillerMadowNats)
		if e.Interval[0] <= truth && truth <= e.Interval[1] {
			inside++
		}
	}
	if gap, left := math.Abs(plain.mean-truth), math.Abs(corrected.mean-truth); left > gap/2 {
		t.Errorf("JS %g: plug-in %g, corrected %g", truth, plain.mean, corrected.mean)
	}
	if gap, left := math.Abs(entropy.mean-other.Entropy()), math.Abs(mm.mean-other.Entropy()); left > gap/2 {
		t.Errorf("entropy %g: plug-in %g, corrected %g", other.Entropy(), entropy.mean, mm.mean)
	}
	if share := float64(inside) / draws; share < 0.85 {
		t.Errorf("the interval holds the divergence in %.0f %% of the samples", 100*share)
	}
}

// On processes of known law the interval of so many draws holds the divergence of the law
// that they are of: where every window is seen often, and where most are never drawn, near
// to the recording and far from it.
func TestIntervalCovers(t *testing.T) {
	t.Parallel()
	for _, p := range []process{
		{n: 4, t: 1, stayQuiet: 0.98, stayLoud: 0.8, quietRate: 0.05, loudRate: 0.4, repeats: 60, bins: 200},
		{n: 4, t: 5, stayQuiet: 0.5, stayLoud: 0.5, quietRate: 0.05, loudRate: 0.05, repeats: 60, bins: 200},
		{n: 4, t: 5, stayQuiet: 0.9, stayLoud: 0.8, quietRate: 0.05, loudRate: 0.5, repeats: 60, bins: 100},
	} {
		count := func(r *spikes.Raster) *States {
			w, err := r.Windows(p.t)
			if err != nil {
				t.Fatal(err)
			}
			s, err := CountStates(w)
			if err != nil {
				t.Fatal(err)
			}
			return s
		}
		rng := rand.New(rand.NewPCG(1, 2))
		data := count(p.draw(rng))
		for _, louder := range []float64{1, 1.5} {
			model := p
			model.quietRate, model.loudRate = louder*p.quietRate, louder*p.loudRate
			model.repeats, model.bins = 50000, p.t
			law := count(model.draw(rng))
			truth, err := JSStates(data, law)
			if err != nil {
				t.Fatal(err)
			}
			for _, draws := range []int{100, 500, 5000} {
				const trials = 20
				inside, width := 0, 0.0
				for range trials {
					e, err := EstimateJS(data, law.Sample(draws, rng), rng, 40)
					if err != nil {
						t.Fatal(err)
					}
					if e.Interval[0] <= truth && truth <= e.Interval[1] {
						inside++
					}
					width += (e.Interval[1] - e.Interval[0]) / truth / trials
				}
				t.Logf("%d cells, %d bins, rates times %g, %d draws: %d of %d intervals hold %.3g, width %.2g", p.n, p.t, louder, draws, inside, trials, truth, width)
				if inside < trials*80/100 { // of 95 %, by 20 trials
					t.Errorf("%d cells, %d bins, rates times %g, %d draws: %d of %d intervals hold %.3g", p.n, p.t, louder, draws, inside, trials, truth)
				}
			}
		}
	}
}

// For the law itself the bias is the one of JSPluginBias.
func TestJSBias(t *testing.T) {
	t.Parallel()
	data, _, _ := loadFixture(t, 4, 1)
	got, err := jsBias(data, data)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "bias", got, JSPluginBias(data.Len(), data.Total), 1e-12, 0)
}

func TestTooFewDraws(t *testing.T) {
	t.Parallel()
	words, counts := make([]uint32, 16), make([]int, 16)
	for i := range words {
		words[i], counts[i] = uint32(i), 1
	}
	data, err := NewStates(4, 1, words, counts)
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(6, 1))
	few, err := EstimateJS(data, data.Sample(30, rng), rng, 10)
	if err != nil {
		t.Fatal(err)
	}
	if len(few.Warnings) != 1 || !strings.Contains(few.Warnings[0], "30 draws for ") {
		t.Errorf("warnings %q", few.Warnings)
	}
	many, err := EstimateJS(data, data.Sample(500, rng), rng, 10)
	if err != nil || len(many.Warnings) != 0 {
		t.Errorf("warnings %q, %v", many.Warnings, err)
	}
	if _, err := EstimateJS(data, &States{Neurons: 2, Timesteps: 1, Words: []uint32{0}, Counts: []int{1}, Total: 1}, rng, 10); err == nil {
		t.Error("laws of other windows were compared")
	}
}

// Four draws of each state that was seen are enough, one less is not.
func TestEnoughDraws(t *testing.T) {
	count := func(words ...uint32) *States {
		r := spikes.NewRaster(1, len(words), 1, 0.02)
		for b, w := range words {
			r.SetWord(0, b, w)
		}
		s, err := CountStates(spikes.Windows{Raster: r, T: 1})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	data := count(0, 0, 1)
	for draws, enough := range map[int]bool{7: false, 8: true, 9: true} {
		words := make([]uint32, draws)
		words[0] = 1
		e, err := EstimateJS(data, count(words...), rand.New(rand.NewPCG(1, 2)), 2)
		if err != nil || (len(e.Warnings) == 0) != enough || e.Seen != 2 || e.Samples != draws {
			t.Errorf("%d draws of 2 states: warnings %q, %v", draws, e.Warnings, err)
		}
	}
}

// A word that the data show at the end of repeats alone is followed by the law of one bin.
func TestChainAfterAnEnd(t *testing.T) {
	r := spikes.NewRaster(1, 2, 1, 0.02)
	r.SetWord(0, 1, 1)
	c, err := FitChain(r, 1)
	if err != nil {
		t.Fatal(err)
	}
	drawn := c.Draw(1, 300, 0.02, rand.New(rand.NewPCG(1, 2)))
	silent := 0
	for b := range drawn.Bins {
		if drawn.Word(0, b) == 0 {
			silent++
			if b+1 < drawn.Bins && drawn.Word(0, b+1) != 1 {
				t.Errorf("bin %d is silent and the next one too", b)
			}
		}
	}
	if silent < 70 || silent > 130 { // a third: 0 is followed by 1, and 1 by either
		t.Errorf("%d of 300 bins are silent", silent)
	}
}
