package metrics

import (
	"encoding/json"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"qgan/metrics/spikes"
)

func TestBaselineNames(t *testing.T) {
	t.Parallel()
	want := []string{"silent", "uniform", "independent", "independent-in-time", "markov", "ising", "k-pairwise", "dichotomised-gaussian", "split-half"}
	if d := cmp.Diff(want, BaselineNames()); d != "" {
		t.Error(d)
	}
}

func TestBaselinesAbsentFigures(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(12, 1))
	wide, err := randomRaster(rng, 6, 30, 8, 0.1).Windows(3) // 24 bits
	if err != nil {
		t.Fatal(err)
	}
	results, err := Baselines(wide, BaselineOptions{Rand: rng, effort: mcEffort{5, 20, 50}})
	if err != nil {
		t.Fatal(err)
	}
	if len(results) != len(BaselineNames()) {
		t.Fatalf("%d results", len(results))
	}
	for _, r := range results {
		drawn := r.Samples > 0 || r.StdErr != nil
		if r.JS == nil || r.JSHeldOut == nil || drawn != (r.Note != "") || (r.StdErr != nil) != (r.Name == "ising" || r.Name == "k-pairwise") {
			t.Errorf("24 bits: %+v", r)
		}
	}
	if results, err = Baselines(wide, BaselineOptions{}); err != nil {
		t.Fatal(err)
	}
	for _, r := range results {
		want, absent := map[string]int{"ising": 300, "k-pairwise": 322, gaussianName: (&DichotomisedGaussian{neurons: 8, lags: 3}).Parameters()}[r.Name]
		if absent != (r.JS == nil) || absent != (r.JSHeldOut == nil) || absent && r.Parameters != want {
			t.Errorf("24 bits without draws: %+v", r)
		}
		if absent && r.Name != gaussianName && !strings.Contains(r.Note, "24 > 20") {
			t.Errorf("note %q", r.Note)
		}
	}

	single, err := randomRaster(rng, 1, 100, 3, 0.2).Windows(1)
	if err != nil {
		t.Fatal(err)
	}
	results, err = Baselines(single, BaselineOptions{Rand: rng})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range results {
		if r.JSHeldOut != nil || !strings.Contains(r.Note, "single repeat") || (r.JS == nil) != (r.Name == "split-half") {
			t.Errorf("single repeat: %+v", r)
		}
		if told := strings.Contains(r.Remark(), "single repeat"); told != (r.Name == "split-half") || strings.HasSuffix(r.Remark(), "; ") {
			t.Errorf("%s remarks %q of %q", r.Name, r.Remark(), r.Note)
		}
	}
	b, err := json.Marshal(results)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(b), `"name":"split-half","parameters":0,"js_nats":null,"js_heldout_nats":null,"loglik_heldout_nats":null,"note":"a single repeat has no halves"`) {
		t.Errorf("JSON %s", b)
	}
	if _, err := SplitHalf(single); err == nil {
		t.Error("a split half of one repeat")
	}
}

func TestBaselinesOptions(t *testing.T) {
	t.Parallel()
	all, odd, even := loadFixture(t, 4, 1)
	results, err := BaselinesOf(all, odd, even, BaselineOptions{Models: []string{"split-half", "ising"}, NoHeldOut: true})
	if err != nil {
		t.Fatal(err)
	}
	if len(results) != 2 || results[0].Name != "ising" || results[1].Name != "split-half" || results[0].JSHeldOut != nil || results[0].JS == nil {
		t.Errorf("%+v", results)
	}
	if _, err := BaselinesOf(all, odd, even, BaselineOptions{Models: []string{"isnig"}}); err == nil {
		t.Error("no error for a misspelt model")
	}
	other, _, _ := loadFixture(t, 2, 2)
	if _, err := BaselinesOf(all, odd, other, BaselineOptions{}); err == nil {
		t.Error("no error for halves of another shape")
	}
}

func TestSplitHalfWindows(t *testing.T) {
	t.Parallel()
	w, err := randomRaster(rand.New(rand.NewPCG(13, 1)), 7, 40, 3, 0.2).Windows(2)
	if err != nil {
		t.Fatal(err)
	}
	js, err := SplitHalf(w)
	if err != nil {
		t.Fatal(err)
	}
	results, err := Baselines(w, BaselineOptions{Models: []string{"split-half"}})
	if err != nil {
		t.Fatal(err)
	}
	if *results[0].JS != js || *results[0].JSHeldOut != js || js <= 0 {
		t.Errorf("split half %g, in the table %+v", js, results[0])
	}
}

// The built-in recording tells the models apart, as a real one does.
func TestBuiltinBaselines(t *testing.T) {
	t.Parallel()
	r, err := spikes.Builtin().Select([]int{0, 1, 2, 3, 4, 5, 6, 7})
	if err != nil {
		t.Fatal(err)
	}
	w, err := r.Windows(1)
	if err != nil {
		t.Fatal(err)
	}
	results, err := Baselines(w, BaselineOptions{Models: []string{"independent", "ising"}})
	if err != nil {
		t.Fatal(err)
	}
	independent, ising := *results[0].JS, *results[1].JS
	t.Logf("JS of the independent model %.3g nats, of the Ising model %.3g", independent, ising)
	near(t, "independent", independent, 0.0033, 0.01, 0)
	near(t, "ising", ising, 0.00042, 0.01, 0)
}
