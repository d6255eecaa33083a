package metrics

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
)

// By Monte Carlo the divergences of the recording are those of the exact fits, within
// a few times the error that is said and what the fit leaves.
func TestMonteCarloIsExact(t *testing.T) {
	t.Parallel()
	for _, k := range []struct {
		n, t             int
		ising, kPairwise float64
	}{{6, 1, 0.000154727, 9.88407e-05}, {2, 5, 0.000544369, 0.000242284}} {
		for name, want := range map[string]float64{"ising": k.ising, "k-pairwise": k.kPairwise} {
			t.Run(fmt.Sprintf("%s, n=%d, t=%d", name, k.n, k.t), func(t *testing.T) {
				t.Parallel()
				all, _, _ := loadFixture(t, k.n, k.t)
				m, err := FitMonteCarlo(all, name == "k-pairwise", rand.New(rand.NewPCG(1, 1)))
				if err != nil {
					t.Fatal(err)
				}
				js, stderr := m.jsSeen(all)
				near(t, "JS", js, want, 0.05, 4*stderr)
				if m.Name() != name || m.Parameters() != maxEntParameters(name, k.n*k.t) || !(m.Residual < 0.003) {
					t.Errorf("%s of %d parameters, moments off by %g", m.Name(), m.Parameters(), m.Residual)
				}
				total := 0.0
				for x := range 1 << (k.n * k.t) {
					words := make([]uint32, k.t)
					for i := range words {
						words[i] = uint32(x>>(k.n*(k.t-1-i))) & (1<<k.n - 1)
					}
					total += math.Exp(m.LogProb(words))
				}
				near(t, "the law's sum", total, 1, 0.005, 0)
			})
		}
	}
}

// A bit is drawn as the exponential says, wherever it is left out.
func TestFires(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(6, 1))
	for range 100000 {
		f := 12 * rng.NormFloat64()
		p := 1 / (1 + math.Exp(-f))
		for _, u := range []float64{rng.Float64(), p * (1 - 1e-12), min(1, p*(1+1e-12))} {
			if math.Abs(u-p) > 1e-14*p && fires(u, f) != (u < p) {
				t.Fatalf("field %g, %g: %v", f, u, fires(u, f))
			}
		}
	}
}

func TestMonteCarloBaseline(t *testing.T) {
	t.Parallel()
	r := randomRaster(rand.New(rand.NewPCG(4, 1)), 4, 400, 4, 0.05)
	w, err := r.Windows(6)
	if err != nil {
		t.Fatal(err)
	}
	results, err := Baselines(w, BaselineOptions{Models: []string{"ising"}, Rand: rand.New(rand.NewPCG(5, 1)), effort: mcEffort{20, 100, 400}})
	if err != nil {
		t.Fatal(err)
	}
	x := results[0]
	if x.JS == nil || x.JSHeldOut == nil || x.StdErr == nil || x.Parameters != 300 || !strings.HasPrefix(x.Note, "by Monte Carlo") {
		t.Fatalf("%+v", x)
	}
	// The data's own law is nearer to the model fitted to it than to one of its halves.
	if !(*x.JS > 0 && *x.JS < *x.JSHeldOut && *x.JSHeldOut < math.Ln2) {
		t.Errorf("JS %g, held out %g", *x.JS, *x.JSHeldOut)
	}
	none, err := Baselines(w, BaselineOptions{Models: []string{"k-pairwise"}})
	if err != nil || none[0].JS != nil || !strings.Contains(none[0].Note, "there are none") {
		t.Errorf("%+v, %v", none, err)
	}
	if _, err := FitMonteCarlo(&States{Neurons: 20, Timesteps: 10, Words: make([]uint32, 10), Counts: []int{1}, Total: 1}, false, nil); err == nil {
		t.Error("200 bits were fitted")
	}
}
