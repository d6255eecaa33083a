package assess_test

import (
	"context"
	"errors"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"qgan/internal/named"
	"qgan/metrics"
	"qgan/metrics/score"
	"qgan/metrics/spikes"
	"qgan/training"
	"qgan/training/assess"
)

// valueOf finds a figure of a score; NaN where it has none.
func valueOf(s *score.Score, name string) float64 {
	for _, v := range s.Values {
		if v.Name == name && v.Value != nil {
			return *v.Value
		}
	}
	return math.NaN()
}

// lawOfTimestep is the law of the words that a circuit is measured as, its latent vector
// without effect.
func lawOfTimestep(t *testing.T, g *assess.Generator, timestep int) []float64 {
	t.Helper()
	c, err := g.Circuit(timestep)
	if err != nil {
		t.Fatal(err)
	}
	law, err := g.WordLaw(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	var words []string
	for w := range law {
		words = append(words, w)
	}
	slices.Sort(words)
	out := make([]float64, len(words))
	for i, w := range words {
		out[i] = law[w]
	}
	return out
}

func noLatent(c *training.Config) {
	*c = c.WithMemory(training.MemoryNone)
	c.LatentScale, c.LatentTrained = 0, false
}

// Generators are judged by their exact laws, of windows of a bin and of several, and by
// samples as many as the half to fit holds; what the referee says of samples stands.
func TestScore(t *testing.T) {
	rec := uneven(t, 9, 61, 2, 5, "")
	one, three := untrained(t, rec, 1, noLatent), untrained(t, rec, 3, noLatent)
	samples := uneven(t, 4, 61, 2, 6, "").All
	var told []string
	got, err := assess.Score(t.Context(), rec, []assess.Subject{{Path: "one", Generator: one}, {Path: "three", Generator: three}, {Path: "file", Samples: samples}},
		assess.ScoreOptions{Resamples: 25, Seed: 3, Baselines: []string{"independent", "psth"}, Progress: func(text string) { told = append(told, text) }})
	if err != nil {
		t.Fatal(err)
	}
	split, err := score.ParseSplit("")
	if err != nil {
		t.Fatal(err)
	}
	referee, err := score.New(rec.All, split, score.Options{Resamples: 25, Seed: 3})
	if err != nil {
		t.Fatal(err)
	}
	judge := referee.Judge()

	// The likelihood of bins, and of windows side by side.
	law := lawOfTimestep(t, one, 0)
	sum := 0.0
	counts := make([]float64, 4)
	for r := range judge.Repeats {
		for b := range judge.Bins {
			sum += math.Log(law[judge.Word(r, b)])
			counts[judge.Word(r, b)] += 1 / float64(judge.Repeats*judge.Bins)
		}
	}
	if x := valueOf(got.Judged[0].Score, "log_likelihood"); math.Abs(x-sum/float64(judge.Repeats*judge.Bins)) > 1e-12 {
		t.Errorf("likelihood of bins %v, want %v", x, sum/float64(judge.Repeats*judge.Bins))
	}
	if x, want := valueOf(got.Judged[0].Score, "js_words_exact"), metrics.JS(law, counts); math.Abs(x-want) > 1e-9 {
		t.Errorf("exact divergence %v, want %v", x, want)
	}
	sum = 0
	for k := range 3 {
		law := lawOfTimestep(t, three, k)
		for r := range judge.Repeats {
			for b := k; b < 60; b += 3 {
				sum += math.Log(law[judge.Word(r, b)])
			}
		}
	}
	if x, want := valueOf(got.Judged[1].Score, "log_likelihood"), sum/float64(judge.Repeats*60); math.Abs(x-want) > 1e-12 {
		t.Errorf("likelihood of windows %v, want %v", x, want)
	}

	// Shapes: whole repeats of a generator whose bins are on their own, windows of the other.
	for i, want := range []struct{ repeats, bins, parameters int }{{5, 61, one.Model.Parameters()}, {5 * 20, 3, three.Model.Parameters()}, {4, 61, 0}} {
		if s := got.Judged[i]; s.Repeats != want.repeats || s.Bins != want.bins || s.Parameters != want.parameters {
			t.Errorf("%s: %d repeats of %d bins, %d parameters, want %v", s.Name, s.Repeats, s.Bins, s.Parameters, want)
		}
	}
	direct, err := referee.Score(score.Subject{Name: "file", Samples: samples})
	if err != nil {
		t.Fatal(err)
	}
	for k, v := range direct.Values {
		if a, b := v.Value, got.Judged[2].Values[k].Value; (a == nil) != (b == nil) || a != nil && *a != *b {
			t.Errorf("%s: %v, the referee says %v", v.Name, b, a)
		}
	}

	// Baselines of each length, which each is beside; the same as the referee's own.
	var beside []string
	for _, b := range got.Beside(got.Judged[1].Score) {
		beside = append(beside, b.Name)
		if b.Bins != 3 {
			t.Errorf("%s of %d bins beside windows of 3", b.Name, b.Bins)
		}
	}
	if !slices.Equal(beside, []string{"independent", "psth"}) || len(got.Baselines) != 4 {
		t.Errorf("beside windows are %v, of %d", beside, len(got.Baselines))
	}
	own, err := referee.ScoreBaseline("psth")
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range got.Beside(got.Judged[0].Score) {
		if b.Name == "psth" && valueOf(b, "log_likelihood") != valueOf(own, "log_likelihood") {
			t.Errorf("psth: %v, the referee says %v", valueOf(b, "log_likelihood"), valueOf(own, "log_likelihood"))
		}
	}
	for _, x := range got.Judged {
		if want := score.Verdict(x.Score, got.Beside(x.Score)); !slices.Equal(x.Verdict, want) {
			t.Errorf("%s: %q, want %q", x.Name, x.Verdict, want)
		}
	}
	if s := got.Split; s.Name != "odd/even" || s.Train != 5 || s.Judge != 4 || s.Bins != 61 {
		t.Errorf("split %+v", s)
	}
	if len(got.About) != len(score.Figures()) || len(told) != 5 || !slices.Contains(told, "fitting and judging the baseline independent") {
		t.Errorf("%d figures, told %q", len(got.About), told)
	}
}

// The law of a bin's words is that of all bins of a window together, also where windows are
// too many to list for the likelihood; of longer ones there is none.
func TestScoreLawOfWindows(t *testing.T) {
	rec := uneven(t, 6, 44, 2, 5, "")
	for _, timesteps := range []int{2, 7, 11} {
		g := untrained(t, rec, timesteps, noLatent)
		got, err := assess.Score(t.Context(), rec, []assess.Subject{{Path: "run", Generator: g}}, assess.ScoreOptions{Resamples: -1, Baselines: []string{}})
		if err != nil {
			t.Fatal(err)
		}
		_, judge := rec.All.Halves()
		law, seen := make([]float64, 4), make([]float64, 4)
		bins := 44 / timesteps * timesteps
		for b := range bins {
			for i, p := range lawOfTimestep(t, g, b%timesteps) {
				law[i] += p / float64(bins)
			}
			for r := range judge.Repeats {
				seen[judge.Word(r, b)] += 1 / float64(bins*judge.Repeats)
			}
		}
		switch x, want := valueOf(got.Judged[0].Score, "js_words_exact"), metrics.JS(law, seen); {
		case timesteps > 10 && !math.IsNaN(x):
			t.Errorf("windows of %d bits have a law", 2*timesteps)
		case timesteps <= 10 && !(math.Abs(x-want) < 1e-9):
			t.Errorf("windows of %d bins: %v, want %v", timesteps, x, want)
		}
		if math.IsNaN(valueOf(got.Judged[0].Score, "log_likelihood")) {
			t.Errorf("windows of %d bins have no likelihood", timesteps)
		}
	}
}

// A process is drawn as whole repeats and has the likelihood of each of them.
func TestScoreOfAProcess(t *testing.T) {
	rec := uneven(t, 6, 40, 2, 5, "")
	g := untrained(t, rec, 2, func(c *training.Config) {
		*c = c.WithMemory(training.MemoryBits)
		c.Tied, c.Past, c.Objective, c.Expectation = true, 4, training.ObjectiveLikelihood, training.Batch
	})
	got, err := assess.Score(t.Context(), rec, []assess.Subject{{Path: "run", Generator: g}}, assess.ScoreOptions{Resamples: -1, Baselines: []string{}})
	if err != nil {
		t.Fatal(err)
	}
	want, err := g.Likelihood()(t.Context(), rec.Raster(metrics.Even))
	if err != nil {
		t.Fatal(err)
	}
	x := got.Judged[0]
	if v := valueOf(x.Score, "log_likelihood"); math.Abs(v-want) > 1e-12 {
		t.Errorf("likelihood %v, of all repeats together %v", v, want)
	}
	if x.Repeats != 3 || x.Bins != 40 || !x.Aligned || len(got.Baselines) != 0 || got.Resamples != 0 {
		t.Errorf("%d repeats of %d bins, %d baselines, %d resamples", x.Repeats, x.Bins, len(got.Baselines), got.Resamples)
	}
	for _, v := range x.Values {
		if v.Interval != nil || v.Perfect != nil && v.Name != "js_words_exact" {
			t.Errorf("%s has an interval without resamples", v.Name)
		}
	}
}

// What can't be judged is refused by name; what a baseline needs that is not there is told.
func TestScoreRefuses(t *testing.T) {
	rec := uneven(t, 4, 20, 2, 5, "")
	single := uneven(t, 1, 200, 2, 5, "")
	other := uneven(t, 4, 20, 3, 5, "").All
	samples := uneven(t, 4, 20, 2, 6, "").All
	long := untrained(t, single, 3, noLatent)
	ours := long.Data
	ours.Neurons = []int{0, 3}
	long.Data = ours
	for _, c := range []struct {
		name    string
		rec     *metrics.Recording
		subject assess.Subject
		o       assess.ScoreOptions
		want    string
	}{
		{"other neurons", rec, assess.Subject{Path: "x.npz", Samples: other}, assess.ScoreOptions{}, "judging x.npz: 3 neurons, the recording has 2"},
		{"neurons of a run", rec, assess.Subject{Path: "run", Generator: long}, assess.ScoreOptions{}, "run is of the neurons 0, 3"},
		{"baseline", rec, assess.Subject{Samples: samples}, assess.ScoreOptions{Baselines: []string{"psth", "pst"}}, "baselines pst: there are [independent psth"},
		{"split", rec, assess.Subject{Samples: samples}, assess.ScoreOptions{Split: "thirds"}, `split thirds: no split is called "thirds"`},
		{"one repeat", single, assess.Subject{Samples: samples}, assess.ScoreOptions{Split: "odd-even"}, "split odd/even: splitting made by odd/even: at least two repeats are needed"},
	} {
		_, err := assess.Score(t.Context(), c.rec, []assess.Subject{c.subject}, c.o)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
	// A single repeat is split in time, where models of a stimulus are absent.
	got, err := assess.Score(t.Context(), single, []assess.Subject{{Path: "x", Samples: samples}}, assess.ScoreOptions{Resamples: -1, Baselines: []string{"shuffled", "ising"}})
	if err != nil {
		t.Fatal(err)
	}
	if got.Split.Name != "blocks of time" || len(got.Absent) != 1 || got.Absent[0].Name != "shuffled" || !strings.Contains(got.Absent[0].Reason, "repeats of one stimulus") || len(got.Baselines) != 1 {
		t.Errorf("%+v, absent %v", got.Split, got.Absent)
	}
	stopped, stop := context.WithCancel(t.Context())
	stop()
	if _, err := assess.Score(stopped, rec, []assess.Subject{{Path: "x", Samples: samples}}, assess.ScoreOptions{}); !errors.Is(err, context.Canceled) {
		t.Errorf("stopped: %v", err)
	}
}

// Baselines that are trained are judged like generators: product is the judged one's
// circuit without CNOTs, whose law is a product, the classical ones have windows as long.
func TestScoreTrainedBaselines(t *testing.T) {
	rec := uneven(t, 8, 40, 2, 5, "")
	g := untrained(t, rec, 2, noLatent)
	names := []string{score.Product, "fully-connected-small"}
	got, err := assess.Score(t.Context(), rec, []assess.Subject{{Path: "file", Samples: rec.All}, {Path: "run", Generator: g}},
		assess.ScoreOptions{Resamples: -1, Baselines: names, Iterations: 3, Seed: 4})
	if err != nil {
		t.Fatal(err)
	}
	var have []string
	for _, b := range got.Baselines {
		have = append(have, b.Name)
		if b.Bins != 2 || b.Repeats != 4*20 || math.IsNaN(valueOf(b, "log_likelihood")) || b.Parameters == 0 {
			t.Errorf("%s: %d repeats of %d bins, %d parameters", b.Name, b.Repeats, b.Bins, b.Parameters)
		}
	}
	// Whole repeats, as the file has, are not theirs.
	if !slices.Equal(have, names) || len(got.Absent) != 2 || !strings.Contains(got.Absent[0].Reason, "product: there is no such model of this recording: its windows are of 2 bins") {
		t.Errorf("baselines %v, absent %v", have, got.Absent)
	}
	if got.Baselines[0].Parameters != g.Model.Parameters() {
		t.Errorf("product has %d parameters, the circuit %d", got.Baselines[0].Parameters, g.Model.Parameters())
	}
	r, meta, err := assess.DrawBaseline(t.Context(), rec, score.Product, assess.ScoreOptions{Config: &g.Config, Iterations: 2})
	if err != nil || r.Repeats != 80 || r.Bins != 2 || meta.Model != "baseline product" {
		t.Errorf("%v, %q, %v", r, meta.Model, err)
	}
	r, _, err = assess.DrawBaseline(t.Context(), rec, "fully-connected-medium", assess.ScoreOptions{Iterations: 2})
	if err != nil || r.Repeats != 4 || r.Bins != 40 {
		t.Errorf("of single bins %v, %v", r, err)
	}
	r, meta, err = assess.DrawBaseline(t.Context(), rec, "shuffled", assess.ScoreOptions{Seed: 5})
	if err != nil || r.Repeats != 4 || r.Bins != 40 || meta.Seed != 5 {
		t.Errorf("shuffled %v, %v", r, err)
	}
	if r.Spikes() == rec.All.Spikes() {
		t.Error("shuffled of all repeats")
	}
	// A recording of more neurons than can be trained has none.
	wide := uneven(t, 4, 20, 257, 5, "")
	if _, _, err := assess.DrawBaseline(t.Context(), wide, score.Product, assess.ScoreOptions{}); !errors.Is(err, score.ErrNoFit) {
		t.Errorf("257 neurons: %v", err)
	}
}

// Samples of baselines are written where it is said; what does not fit is refused by name.
func TestWriteBaselines(t *testing.T) {
	rec := uneven(t, 4, 20, 2, 5, "")
	path := filepath.Join(t.TempDir(), "drawn.npz")
	got, err := assess.WriteBaselines(t.Context(), nil, rec, []string{"shuffled=" + path}, assess.ScoreOptions{Seed: 5})
	if err != nil {
		t.Fatal(err)
	}
	want := []assess.BaselineSamples{{Name: "shuffled", File: path, Repeats: 2, Bins: 20}}
	if !slices.Equal(got.Samples, want) || got.Data != rec.All.Source.Path || got.Schema != "qgan.baseline/v1" || len(got.Models) != 0 {
		t.Errorf("%+v", got)
	}
	drawn, _, err := assess.DrawBaseline(t.Context(), rec, "shuffled", assess.ScoreOptions{Seed: 5})
	if err != nil {
		t.Fatal(err)
	}
	kept := must(spikes.Load(path, spikes.LoadOptions{}))
	for i := range drawn.Repeats {
		for k := range drawn.Bins {
			if kept.Word(i, k) != drawn.Word(i, k) {
				t.Fatalf("repeat %d, bin %d: the file has other samples", i, k)
			}
		}
	}
	for text, want := range map[string]string{
		"shuffled":         "--samples shuffled: it is NAME=FILE",
		"=a.npz":           "--samples =a.npz: it is NAME=FILE",
		"shuffled=":        "--samples shuffled=: it is NAME=FILE",
		"other=a.npz":      "--samples other=a.npz: there are [",
		"product=a.npz":    "--samples product=a.npz: product: there is no such model of this recording",
		"shuffled=a.other": "a.other: ",
	} {
		_, err := assess.WriteBaselines(t.Context(), nil, uneven(t, 4, 20, 257, 5, ""), []string{text}, assess.ScoreOptions{})
		var bad interface{ BadInput() bool }
		if err == nil || !strings.HasPrefix(named.Text(err, func(name string) string { return "--" + name }), want) || !errors.As(err, &bad) || !bad.BadInput() {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
}

// A product's words have no more in common than chance.
func TestProductIsOne(t *testing.T) {
	g := untrained(t, uneven(t, 4, 20, 3, 5, ""), 1, func(c *training.Config) {
		noLatent(c)
		c.Product, c.Init = true, training.InitUniform
	})
	law := lawOfTimestep(t, g, 0)
	marginal := make([]float64, 3)
	for w, p := range law {
		for i := range marginal {
			marginal[i] += p * float64(w>>(2-i)&1)
		}
	}
	for w, p := range law {
		want := 1.0
		for i, m := range marginal {
			if w>>(2-i)&1 == 0 {
				m = 1 - m
			}
			want *= m
		}
		if math.Abs(p-want) > 1e-12 {
			t.Errorf("word %03b has %v, its neurons on their own %v", w, p, want)
		}
	}
}
