package metrics

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"
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
