package score

import (
	"math"
	"slices"
	"strings"
	"testing"
)

// Every figure is of one group, and no group of so many figures that a count of them would
// be about it alone.
func TestGroups(t *testing.T) {
	figures := map[string]int{}
	for _, f := range Figures() {
		figures[f.Group]++
	}
	if len(figures) != len(Groups()) {
		t.Errorf("figures are of %d groups, there are %d", len(figures), len(Groups()))
	}
	for _, g := range Groups() {
		if figures[g.Name] == 0 || g.Text == "" {
			t.Errorf("group %s: %d figures, %q", g.Name, figures[g.Name], g.Text)
		}
	}
}

// lagsOf has the same value and excess at all lags.
func lagsOf(name string, value, excess float64) map[string][2]float64 {
	out := map[string][2]float64{}
	for _, f := range Figures() {
		if strings.HasPrefix(f.Name, name) {
			out[f.Name] = [2]float64{value, excess}
		}
	}
	return out
}

func with(parts ...map[string][2]float64) map[string][2]float64 {
	out := map[string][2]float64{}
	for _, p := range parts {
		for name, v := range p {
			out[name] = v
		}
	}
	return out
}

// A group has one vote, however many figures it has, and none where both are as good as
// perfect samples.
func TestAgainst(t *testing.T) {
	one := func(name string, value, excess float64) map[string][2]float64 {
		return map[string][2]float64{name: {value, excess}}
	}
	own := with(lagsOf("autocovariance_error_lag_", 0.2, 3), one("rate_error", 0.1, 0.9), one("noise_correlation_r", 0.5, 1.2), one("psth_r2_median", 0.9, 0.5))
	for _, c := range []struct {
		name                string
		baseline            map[string][2]float64
		better, worse, even []string
	}{
		{"itself", own, nil, nil, []string{"rates", "autocovariances", "stimulus", "noise correlations"}},
		{"lags alone", with(lagsOf("autocovariance_error_lag_", 0.1, 2), one("rate_error", 0.3, 4), one("noise_correlation_r", 0, 20)),
			[]string{"autocovariances"}, []string{"rates", "noise correlations"}, nil},
		{"both are perfect", with(one("rate_error", 0.01, -3), one("psth_r2_median", 0.8, 0.99)), nil, nil, []string{"rates", "stimulus"}},
		{"one is not", with(one("rate_error", 0.2, 1.1), one("psth_r2_median", 0.8, 1.1)), nil, []string{"rates", "stimulus"}, nil},
		{"one is as good as the worst perfect one", with(one("noise_correlation_r", 0.6, 1), one("rate_error", 0.1, 1)), []string{"noise correlations"}, nil, []string{"rates"}},
		{"nothing known of perfect samples", with(one("rate_error", 0.05, math.NaN()), lagsOf("autocovariance_error_lag_", 0.3, math.NaN())), []string{"rates"}, []string{"autocovariances"}, nil},
		{"nothing in common", one("js_words", 0.1, 0), nil, nil, nil},
	} {
		x := scoreOf("own", own).Against(scoreOf(c.name, c.baseline))
		if x.Baseline != c.name || !slices.Equal(x.Better, c.better) || !slices.Equal(x.Worse, c.worse) || !slices.Equal(x.Even, c.even) {
			t.Errorf("%s: %+v", c.name, x)
		}
	}
	if x := scoreOf("own", own).Against(scoreOf("shuffled", own)); x.Lacks != Lacks("shuffled") {
		t.Errorf("shuffled lacks %q", x.Lacks)
	}
}

func TestGroupValues(t *testing.T) {
	s := scoreOf("", with(lagsOf("covariance_error_lag_", 0.1, 3), map[string][2]float64{
		"covariance_error_lag_20": {1, 500}, "rmse_correlation": {0.1, 2.6}, "max_correlation_error": {0.1, -1}, "log_likelihood": {-3, math.NaN()},
	}))
	three := 3.
	middle := 2.6
	for k, want := range []GroupValue{{"likelihood", 1, 0, nil}, {"pair covariances", 3, 2, &middle}, {"lagged covariances", 20, 20, &three}} {
		got := s.Groups[k]
		if got.Name != want.Name || got.Figures != want.Figures || got.Seen != want.Seen || (got.Excess == nil) != (want.Excess == nil) || got.Excess != nil && *got.Excess != *want.Excess {
			t.Errorf("%+v, want %+v", got, want)
		}
	}
}

// A table has each group's median of each score, of the likelihood its value.
func TestGroupRow(t *testing.T) {
	scores := []*Score{
		scoreOf("a", map[string][2]float64{"rate_error": {0.1, 3.14}, "log_likelihood": {-3.14159, math.NaN()}}),
		scoreOf("b", map[string][2]float64{"noise_correlation_r": {0.1, -2}, "rate_error": {0.1, math.NaN()}}),
	}
	for group, want := range map[string][]string{
		likelihoodGroup: {"-3.142", "–"}, "rates": {"3.1", "–"}, "noise correlations": {"–", "-2.0"}, "words": {"–", "–"},
	} {
		if got := GroupRow(group, scores); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", group, got, want)
		}
	}
}

// Every baseline says what it can't have, and a verdict does where it is the best.
func TestLacks(t *testing.T) {
	for _, name := range append(Baselines(), Product) {
		if Lacks(name) == "" {
			t.Errorf("%s: nothing is said of what it lacks", name)
		}
	}
	if Lacks("fully-connected-small") != "" {
		t.Error("a classical generator lacks nothing by construction")
	}
	good := map[string][2]float64{"rate_error": {0.1, 0.2}}
	text := strings.Join(Verdict(scoreOf("own", map[string][2]float64{"rate_error": {0.2, 3}}), []*Score{scoreOf("shuffled", good)}), " ")
	if !strings.Contains(text, "The baseline shuffled wins: it is better in 1 of 1 group of figures (rates) and worse in 0. By construction it has no noise correlations.") {
		t.Error(text)
	}
}
