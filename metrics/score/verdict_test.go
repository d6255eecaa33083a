package score

import (
	"math"
	"slices"
	"strings"
	"testing"

	"qgan/metrics"
)

// scoreOf has values of a few figures; a value of excess is its place behind the value.
func scoreOf(name string, values map[string][2]float64) *Score {
	s := &Score{Name: name}
	for _, f := range Figures() {
		v := Value{Name: f.Name, Missing: "left out"}
		if x, ok := values[f.Name]; ok {
			v.Value, v.Excess, v.Missing = &x[0], metrics.FiniteOrNil(x[1]), ""
			if f.level != nil {
				v.Recording = metrics.FiniteOrNil(0.5)
			}
		}
		s.Values = append(s.Values, v)
	}
	s.Groups = groupValues(s.Values)
	return s
}

func TestVerdict(t *testing.T) {
	none := math.NaN()
	good := map[string][2]float64{"rate_error": {0.1, 0.2}, "log_likelihood": {-0.5, none}, "p_silent_1": {0.52, 2.4}, "psth_r2_median": {0.9, -1}, "js_words": {0.01, 0}}
	bad := map[string][2]float64{"rate_error": {0.2, 3}, "log_likelihood": {-0.6, none}, "p_silent_1": {0.4, 50}, "psth_r2_median": {0.1, 7}, "js_words": {0.65, 9}}
	for _, c := range []struct {
		name      string
		of        map[string][2]float64
		baselines []*Score
		want      []string
	}{
		{"good, no baseline", good, nil, []string{"None of 4 figures is worse", "ln p = -0.5000 nats."}},
		{"good against bad", good, []*Score{scoreOf("worse", bad), scoreOf("same", good)},
			[]string{"None of 4 figures", "No baseline wins: the best of them, same, is better in 0 of 5 groups of figures and worse in 0; in 5 neither is.\n", "ln p = -0.5000 nats, by the best baseline, same, -0.5000."}},
		{"bad against good", bad, []*Score{scoreOf("better", good), scoreOf("one", map[string][2]float64{"rate_error": {0.3, 1}})},
			[]string{"4 of 4 figures, in 4 groups, are worse than a perfect model's samples score: p_silent_1 (excess 50), js_words (excess 9), psth_r2_median (excess 7), rate_error (excess 3).",
				"The baseline better wins: it is better in 5 of 5 groups of figures (likelihood, rates, silences and bursts, stimulus, words) and worse in 0.\n", "by the best baseline, better, -0.5000", "js_words is saturated: 0.650 of at most ln 2 = 0.693"}},
		{"no better than its product", bad, []*Score{scoreOf(Product, bad)}, []string{"Entanglement adds nothing that is seen: js_words is 0.65 with and 0.65 without it (product)."}},
		{"better than its product", good, []*Score{scoreOf(Product, bad)}, []string{"Entanglement counts: js_words is 0.01 with and 0.65 without it (product)."}},
		{"as many groups are won as lost", bad, []*Score{scoreOf("half", map[string][2]float64{"rate_error": {0.05, 1.5}, "js_words": {0.6, 20}})},
			[]string{"No baseline wins: the best of them, half, is better in 1 of 2 groups of figures (rates) and worse in 1 (words).\n"}},
		{"what is lost counts too", bad, []*Score{
			scoreOf("many", map[string][2]float64{"rate_error": {0.05, 1.5}, "p_silent_1": {0.5, 2}, "js_words": {0.6, 20}, "psth_r2_median": {0, 30}}),
			scoreOf("few", map[string][2]float64{"rate_error": {0.05, 1.5}}),
		}, []string{"The baseline few wins: it is better in 1 of 1 group of figures (rates) and worse in 0.\n"}},
		{"nothing known", map[string][2]float64{"rate_error": {1, none}}, nil, []string{"is not known here"}},
		{"one is seen", map[string][2]float64{"rate_error": {1, 2.6}}, nil, []string{"1 of 1 figures, in 1 group, is worse than a perfect model's samples score: rate_error (excess 2.6)."}},
	} {
		got := strings.Join(Verdict(scoreOf("subject", c.of), c.baselines), "\n")
		for _, want := range c.want {
			if !strings.Contains(got, want) {
				t.Errorf("%s:\n%s\nwithout %q", c.name, got, want)
			}
		}
		if strings.Contains(got, "saturated") != (c.of[jsWords][0] > 0.6) {
			t.Errorf("%s: %s", c.name, got)
		}
	}
}

// Of levels the nearest to the recording's is best, of likelihoods the largest, of
// distances the smallest; a score without a value is none.
func TestBest(t *testing.T) {
	a := scoreOf("a", map[string][2]float64{"p_silent_1": {0.48, 0}, "rate_error": {0.1, 0}, "log_likelihood": {-2, 0}})
	b := scoreOf("b", map[string][2]float64{"p_silent_1": {0.55, 0}, "rate_error": {0.2, 0}, "log_likelihood": {-1, 0}, "psth_r2_median": {0.3, 0}})
	for k, f := range Figures() {
		want, ok := map[string]string{"p_silent_1": "a", "rate_error": "a", "log_likelihood": "b", "psth_r2_median": "b"}[f.Name]
		best := Best(k, []*Score{b, a})
		if ok != (best != nil) || ok && best.Name != want {
			t.Errorf("%s: %v, want %s", f.Name, best, want)
		}
	}
}

// A distance below 0 is as bad as one as far above it.
func TestBestIsNearestToPerfect(t *testing.T) {
	const name = "kl_population_count"
	k := slices.IndexFunc(Figures(), func(f Figure) bool { return f.Name == name })
	of := func(name string, x float64) *Score {
		s := &Score{Name: name, Values: make([]Value, len(Figures()))}
		s.Values[k].Value = &x
		return s
	}
	scores := []*Score{of("far below", -0.09), of("above", 0.02), of("below", -0.01), of("far above", 0.3)}
	if best := Best(k, scores); best.Name != "below" {
		t.Errorf("the best of -0.09, 0.02, -0.01 and 0.3 is the one %s", best.Name)
	}
	if wins, losses := scores[0].wins(scores[1], "population counts"); wins != 0 || losses != 1 {
		t.Errorf("-0.09 is better than 0.02 at %d figures and worse at %d", wins, losses)
	}
}

// Entanglement counts where words without it are farther off than the interval's upper end.
func TestEntangled(t *testing.T) {
	for _, k := range []struct {
		interval []float64
		without  float64
		counts   bool
	}{{nil, 0.01, false}, {nil, 0.011, true}, {[]float64{0.005, 0.02}, 0.015, false}, {[]float64{0.005, 0.02}, 0.02, false}, {[]float64{0.005, 0.02}, 0.021, true}} {
		s := scoreOf("subject", map[string][2]float64{jsWords: {0.01, 0}})
		for i := range s.Values {
			if s.Values[i].Name == jsWords {
				s.Values[i].Interval = k.interval
			}
		}
		text := s.entangledText(scoreOf(Product, map[string][2]float64{jsWords: {k.without, 0}}))
		if strings.Contains(text, "Entanglement counts") != k.counts || strings.Contains(text, "adds nothing") == k.counts {
			t.Errorf("0.01 in %v, %g without: %s", k.interval, k.without, text)
		}
	}
}
