package assess_test

import (
	"bytes"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"testing"

	"qgan/backends/sim"
	"qgan/internal/stream"
	"qgan/metrics"
	"qgan/metrics/report"
	"qgan/metrics/score"
	"qgan/metrics/spikes"
	"qgan/training"
	"qgan/training/assess"
)

// crowd is a recording of many cells, of which every other fires more often in the second
// half of a repeat.
func crowd(t *testing.T, neurons int) *metrics.Recording {
	t.Helper()
	r, rng := spikes.NewRaster(24, 30, neurons, 0.02), stream.New(1, "crowd")
	for rep := range r.Repeats {
		for b := range r.Bins {
			for q := range neurons {
				p := 0.05
				if q%2 == 0 && b >= 15 {
					p = 0.4
				}
				r.Set(rep, b, q, rng.Float64() < p)
			}
		}
	}
	rec, err := metrics.NewRecording(r, "odd")
	if err != nil {
		t.Fatal(err)
	}
	return rec
}

// populationOf trains a population a little.
func populationOf(t *testing.T, rec *metrics.Recording, settings map[string]string) *assess.Generator {
	t.Helper()
	given := map[string]string{"stimulus": "repeat", "iterations": "20", "batch": "64"}
	for name, text := range settings {
		given[name] = text
	}
	c, err := training.Resolve("deep", rec.Train.Neurons, 1, given)
	if err != nil {
		t.Fatal(err)
	}
	trained, err := training.Train(t.Context(), rec, c, training.Options{On: &sim.Simulator{Workers: 1}})
	if err != nil {
		t.Fatal(err)
	}
	g, err := assess.New(trained.Config, trained.State)
	if err != nil {
		t.Fatal(err)
	}
	g.Data.Neurons = rec.All.Source.Neurons
	return g
}

// More cells than words can be counted of are judged by all that needs no law of windows.
func TestManyCells(t *testing.T) {
	rec := crowd(t, 40)
	g := populationOf(t, rec, nil)
	e, err := g.Evaluate(t.Context(), "many", rec, assess.Options{Windows: 600, Baselines: []string{"psth"}})
	if err != nil {
		t.Fatal(err)
	}
	held := must(g.Likelihood()(t.Context(), rec.Held))
	if e.Method != "none" || e.JS != nil || !strings.Contains(e.Note, "40 neurons are too many to be counted") || *e.LogLikelihoodHeldOut != held || e.Drawn != 600 {
		t.Errorf("method %s, JS %v, note %q, %v for %g, %d windows", e.Method, e.JS, e.Note, *e.LogLikelihoodHeldOut, held, e.Drawn)
	}
	if math.Abs(e.PSilent-e.Recording.PSilent) > 0.05 || len(e.RatesHz) != 40 {
		t.Errorf("silence %g and %g, %d rates", e.PSilent, e.Recording.PSilent, len(e.RatesHz))
	}
	if s := e.Standing; s.By != "loglik" || s.Repeats != "held out" || *s.Own != held || len(s.Models) != 1 || !*s.Models[0].Beaten {
		t.Errorf("standing %+v", s)
	}
	// Independent cells: their own rates on the repeats held out.
	want := 0.0
	for q := range 40 {
		p, own := rate(rec.Train, q), rate(rec.Held, q)
		want += own*math.Log(p) + (1-own)*math.Log(1-p)
	}
	if got := e.Standing.Models[0].Value; math.Abs(got-want) > 1e-9 {
		t.Errorf("independent cells have %g, want %g", got, want)
	}
	var text bytes.Buffer
	if err := e.WriteText(&text); err != nil {
		t.Fatal(err)
	}
	if s := text.String(); strings.Contains(s, "JS held out") || !strings.Contains(s, "too many to be counted") || !strings.Contains(s, "numbers of the stimulus") {
		t.Errorf("the text:\n%s", s)
	}
}

func rate(r *spikes.Raster, q int) float64 {
	n := 0
	for rep := range r.Repeats {
		for b := range r.Bins {
			if r.At(rep, b, q) {
				n++
			}
		}
	}
	return float64(n) / float64(r.Repeats*r.Bins)
}

// A bin's circuit is asked for by its place in the repeat and the words before it, of any
// number of bits; its bits are the recording's cells.
func TestPopulationCircuit(t *testing.T) {
	rec := crowd(t, 3)
	g := populationOf(t, rec, map[string]string{"chain": "2,0,1"})
	for where, rare := range map[int]bool{3: true, 25: false} {
		c, err := g.Trained(nil, assess.Which{Timestep: where, Past: "000,100,010"})
		if err != nil {
			t.Fatal(err)
		}
		law, err := g.WordLaw(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		fires := map[int]float64{}
		for word, p := range law {
			for q, bit := range word {
				if bit == '1' {
					fires[q] += p
				}
			}
		}
		for q := range 3 {
			if often := fires[q] > 0.2; often != (!rare && q%2 == 0) {
				t.Errorf("bin %d: cell %d fires with probability %.2f", where, q, fires[q])
			}
		}
	}
	for want, w := range map[string]assess.Which{
		"timestep 30: the run has timesteps 0 to 29": {Timestep: 30},
		`past 01: "01" is no word of 3 bits`:         {Past: "01"},
		"latent-vector seed:1: ":                     {Latent: "seed:1"},
	} {
		if _, err := g.Trained(nil, w); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
	seven, late := training.Sampling{Bins: 7}, training.Sampling{Bins: 7, From: 12}
	if g.Rounds(seven) != 7 || g.Rounds(late) != 19 || populationOf(t, rec, map[string]string{"stimulus": "none", "memory-in": "ry"}).Rounds(seven) != 107 {
		t.Error("the rounds of circuits")
	}
}

// A generator that knows the time in a repeat is judged by whole repeats, and its own circuit
// without pair rotations stands beside.
func TestScorePopulation(t *testing.T) {
	rec := crowd(t, 3)
	g := populationOf(t, rec, map[string]string{"entangler": "pair"})
	subjects := []assess.Subject{{Path: "run", Generator: g}}
	s, err := assess.Score(t.Context(), rec, subjects, assess.ScoreOptions{Baselines: []string{"product"}, Resamples: -1})
	if err != nil {
		t.Fatal(err)
	}
	own, product := s.Judged[0], s.Baselines[0]
	if own.Bins != 30 || own.Parameters != g.Model.Parameters() || product.Parameters != own.Parameters-2 {
		t.Errorf("%d bins, %d parameters, the product %d", own.Bins, own.Parameters, product.Parameters)
	}
	if !slices.Equal(own.Notes, []string{assess.Simulated}) {
		t.Errorf("notes %q", own.Notes)
	}
	want := must(g.Likelihood()(t.Context(), rec.Held))
	if got := own.Values[0]; s.About[0].Name != "log_likelihood" || math.Abs(*got.Value-want) > 1e-9 {
		t.Errorf("%s is %v, want %g", s.About[0].Name, got.Value, want)
	}
	_, err = assess.Score(t.Context(), rec, subjects, assess.ScoreOptions{Baselines: []string{}, Split: "blocks-of-time"})
	if err == nil || !strings.Contains(err.Error(), "it knows the time in repeats of 30 bins, those that judge have ") {
		t.Errorf("halves of a repeat: %v", err)
	}
}

// A report about more cells than words can be counted of shows whole repeats, of the
// generator and of a file as long, and has the simple models beside that it must have.
func TestReportOfManyCells(t *testing.T) {
	rec := crowd(t, 34)
	g := populationOf(t, rec, nil)
	file := must(g.Model.Draw(t.Context(), g.Params, 9, 30, 0.02, 5))
	s := &assess.Subjects{Recording: rec, Timesteps: 1, Subjects: []assess.Subject{{Path: "file", Samples: file}}}
	if err := s.AddGenerator(t.Context(), "run", g); err != nil {
		t.Fatal(err)
	}
	in, err := s.Input(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if in.States != nil || in.Baselines != nil || in.Floor != nil || in.Title != "Spike trains of 34 neurons, whole repeats of 30 bins" {
		t.Errorf("states %v, baselines %v, floor %v, title %q", in.States, in.Baselines, in.Floor, in.Title)
	}
	for _, m := range in.Models {
		if !m.Whole || m.JSValid || !strings.Contains(m.JSReason, "34 neurons are too many") || m.Samples.Bins != 30 {
			t.Errorf("%s: whole %t, JS valid %t (%s), %d bins", m.Name, m.Whole, m.JSValid, m.JSReason, m.Samples.Bins)
		}
	}
	if name := in.Models[1].Name; name != "deep, seed 0, pair rotations" {
		t.Errorf("the population is called %s", name)
	}
	names := map[string]int{}
	for _, b := range in.Scores.Baselines {
		names[b.Score.Name] = b.Score.Parameters
	}
	for _, name := range []string{"psth", "glm", "product"} {
		if names[name] == 0 {
			t.Errorf("the baseline %s has %d numbers", name, names[name])
		}
	}
	if !slices.Contains(in.Lines, assess.Simulated) {
		t.Errorf("no line says that the circuits are simulated easily: %q", in.Lines)
	}
	var drawn []string
	if _, err := report.Write("", in, func(path string, _ func(io.Writer) error) error {
		drawn = append(drawn, path)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"rasters", "psth", "psth_cells", "pairs", "time", "statistics"} {
		if !slices.Contains(drawn, name+".svg") {
			t.Errorf("there is no figure %s: %v", name, drawn)
		}
	}
}

// For people each simple model stands beside a population in a line, with its numbers.
func TestPopulationText(t *testing.T) {
	rec := crowd(t, 3)
	g := populationOf(t, rec, nil)
	e, err := g.Evaluate(t.Context(), "few", rec, assess.Options{Windows: 600})
	if err != nil {
		t.Fatal(err)
	}
	var text bytes.Buffer
	if err := e.WriteText(&text); err != nil {
		t.Fatal(err)
	}
	lines := map[string][]string{}
	_, table, _ := strings.Cut(text.String(), "on the repeats that judge")
	for line := range strings.Lines(table) {
		if f := strings.Fields(line); len(f) > 2 && lines[f[0]] == nil {
			lines[f[0]] = f
		}
	}
	for name, x := range map[string]*score.Score{"few": e.Score.Judged[0].Score, "psth": e.Score.Baselines[1], "product": e.Score.Baselines[len(e.Score.Baselines)-1]} {
		want := []string{name, fmt.Sprint(x.Parameters), fmt.Sprintf("%.4f", *x.Values[0].Value)}
		if x.Name != name || len(lines[name]) < 3 || !slices.Equal(lines[name][:3], want) {
			t.Errorf("%q, want %q", lines[name], want)
		}
	}
	if e.Simulated != assess.Simulated || !strings.Contains(text.String(), assess.Simulated) || strings.Contains(text.String(), "JS of two latents") {
		t.Errorf("the text:\n%s", text.String())
	}
}
