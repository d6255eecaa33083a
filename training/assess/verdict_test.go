package assess_test

import (
	"math"
	"slices"
	"strings"
	"testing"

	"qgan/internal/stream"
	"qgan/metrics"
	"qgan/metrics/score"
	"qgan/metrics/spikes"
	"qgan/training/assess"
)

// bursting are repeats in which a cell fires in every bin of a stretch that moves from repeat
// to repeat, and with chance p elsewhere.
func bursting(repeats, bins int, p float64, seed uint64) *spikes.Raster {
	r, rng := spikes.NewRaster(repeats, bins, 2, 0.02), stream.New(seed, "bursting")
	for i := range repeats {
		from := rng.IntN(bins / 2)
		for b := range bins {
			r.Set(i, b, 0, b >= from && b < from+5 || rng.Float64() < p)
			r.Set(i, b, 1, rng.Float64() < 2*p)
		}
	}
	return r
}

// What is evaluated is judged as score judges it: by the repeats held out where there are
// any, else by a half of all, which the score tells; beside the models that are asked for.
func TestVerdict(t *testing.T) {
	all := bursting(24, 60, 0.05, 1)
	whole, other := bursting(12, 60, 0.05, 2), bursting(12, 60, 0.05, 3)
	other.BinWidth = 0.01
	for name, k := range map[string]struct {
		repeats   string
		drawn     *spikes.Raster
		baselines []string
		split     string
		fit       int
		names     string
		unjudged  string
	}{
		"held out":        {"0:18", whole, nil, "held out", 18, "independent psth shuffled ising", ""},
		"a half of all":   {"", whole, []string{}, "odd/even", 12, "", ""},
		"asked for":       {"odd", whole, []string{"markov"}, "held out", 12, "markov", ""},
		"windows":         {"odd", whole.Cut(1), []string{"independent"}, "held out", 12, "independent", ""},
		"other bins":      {"odd", other, nil, "", 0, "", "bins of 0.01 s"},
		"a single repeat": {"0:1", whole, []string{}, "held out", 1, "", ""},
	} {
		rec := must(metrics.NewRecording(all, k.repeats))
		e, err := assess.EvaluateSamples(t.Context(), assess.Sample{Name: "trains", Raster: k.drawn}, rec, 1, assess.Options{Seed: 4, Baselines: k.baselines})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if k.unjudged != "" {
			if e.Score != nil || e.Verdict != nil || !strings.Contains(e.Unjudged, k.unjudged) {
				t.Errorf("%s: judged, or not since %q", name, e.Unjudged)
			}
			continue
		}
		var names []string
		for _, b := range e.Score.Baselines {
			names = append(names, b.Name)
		}
		if s := e.Score.Split; s.Name != k.split || s.Train != k.fit || strings.Join(names, " ") != k.names || e.Unjudged != "" {
			t.Errorf("%s: split %+v beside %v; %s", name, s, names, e.Unjudged)
		}
		// The referee's own figures of the same halves.
		split := must(score.ParseSplit(""))
		if rec.Held != nil {
			split = score.Given("given", "", rec.Train, rec.Held)
		}
		referee := must(score.New(rec.All, split, score.Options{Resamples: 50, Seed: 4}))
		want := must(referee.Score(score.Subject{Name: "trains", Samples: k.drawn}))
		same(t, name, e.Score.Judged[0].Values, want.Values)
		same(t, name+", verdict", e.Verdict, score.Verdict(want, e.Score.Baselines))
	}
	rec := must(metrics.NewRecording(all, ""))
	if _, err := assess.EvaluateSamples(t.Context(), assess.Sample{Raster: whole}, rec, 1, assess.Options{Baselines: []string{"nobody"}}); err == nil {
		t.Error("a baseline that there is not is taken")
	}
}

// A divergence near the largest there is is called saturated.
func TestSaturated(t *testing.T) {
	rec := must(metrics.NewRecording(bursting(8, 40, 0.01, 1), ""))
	full := spikes.NewRaster(8, 40, 2, 0.02)
	for i := range 8 * 40 {
		full.SetWord(i/40, i%40, 3)
	}
	for name, k := range map[string]struct {
		drawn *spikes.Raster
		want  bool
	}{"never silent": {full, true}, "alike": {bursting(8, 40, 0.01, 2), false}} {
		e, err := assess.EvaluateSamples(t.Context(), assess.Sample{Name: "x", Raster: k.drawn}, rec, 5, assess.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if got := slices.ContainsFunc(e.Verdict, func(s string) bool { return strings.Contains(s, "The divergence of windows is saturated") }); got != k.want {
			t.Errorf("%s: JS %v: %q", name, *e.JS, e.Verdict)
		}
	}
}

// Whole repeats by hand: two intervals of cell 0, one of cell 1, none of cell 2.
func TestWholeRepeats(t *testing.T) {
	r := spikes.NewRaster(2, 12, 3, 0.5)
	for _, at := range [][3]int{{0, 1, 0}, {0, 3, 0}, {0, 9, 0}, {1, 2, 0}, {1, 0, 1}, {1, 11, 1}} {
		r.Set(at[0], at[1], at[2], true)
	}
	rec := must(metrics.NewRecording(r, ""))
	long := spikes.NewRaster(3, 30, 3, 0.5) // is cut to repeats, three spikes in the first of two a repeat
	for i := range 3 {
		for b := range 3 {
			long.Set(i, b, 0, true)
		}
	}
	for name, drawn := range map[string]*spikes.Raster{"long": long, "windows": long.Cut(4)} {
		e, err := assess.EvaluateSamples(t.Context(), assess.Sample{Name: name, Raster: drawn}, rec, 4, assess.Options{})
		if err != nil {
			t.Fatal(err)
		}
		w := e.Whole
		same(t, name+": the recording's", w.Recording, assess.Trials{Repeats: 2, Cells: []assess.Cell{
			{Intervals: 2, MeanISI: new(2.), CV: new(0.5), Fano: new(0.5)}, // 1 s and 3 s; 3 and 1 spikes
			{Intervals: 1, MeanISI: new(5.5), CV: new(0.), Fano: new(1.)},
			{},
		}})
		if name == "windows" {
			if w.Drawn != nil {
				t.Errorf("windows of 4 bins have whole repeats: %+v", w.Drawn)
			}
			continue
		}
		// Six repeats of 12 bins, of which every other one has three spikes.
		if c := w.Drawn.Cells[0]; w.Drawn.Repeats != 6 || c.Intervals != 6 || *c.MeanISI != 0.5 || *c.CV != 0 || math.Abs(*c.Fano-1.5) > 1e-12 {
			t.Errorf("%+v of %d repeats", c, w.Drawn.Repeats)
		}
		if c := w.Drawn.Cells[2]; c.Intervals != 0 || c.MeanISI != nil || c.CV != nil || c.Fano != nil {
			t.Errorf("a silent cell has %+v", c)
		}
	}
}
