package assess_test

import (
	"cmp"
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"qgan/backends"
	"qgan/backends/sim"
	"qgan/ir"
	"qgan/metrics"
	"qgan/metrics/spikes"
	"qgan/training"
	"qgan/training/assess"
)

// uneven is a recording whose repeats fire more and more, so that no two parts have one
// law.
func uneven(t *testing.T, repeats, bins, neurons int, seed uint64, choice string) *metrics.Recording {
	t.Helper()
	rng := rand.New(rand.NewPCG(seed, 1))
	r := spikes.NewRaster(repeats, bins, neurons, 0.02)
	for i := range repeats {
		for b := range bins {
			for n := range neurons {
				r.Set(i, b, n, rng.Float64() < 0.05+0.1*float64(i)/float64(repeats)+0.2*float64(i%2))
			}
		}
	}
	r.Source.Path = "made"
	rec, err := metrics.NewRecording(r, choice)
	if err != nil {
		t.Fatal(err)
	}
	return rec
}

// untrained is a generator with the parameters that a training begins with.
func untrained(t *testing.T, rec *metrics.Recording, timesteps int, change func(*training.Config)) *assess.Generator {
	t.Helper()
	c, err := training.Preset("deep", rec.Train.Neurons, timesteps)
	if err != nil {
		t.Fatal(err)
	}
	if timesteps == 1 {
		c = c.WithObjective(training.ObjectiveWGAN) // which may have a latent vector
	}
	c.Layers = 2
	if change != nil {
		change(&c)
	}
	d, err := training.DataOf(rec, timesteps)
	if err != nil {
		t.Fatal(err)
	}
	trainer, err := training.New(c, d, &sim.Simulator{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	g, err := assess.New(c, trainer.State)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// A law's distances are those of its parts, each from a circuit's probabilities alone.
func TestLawOfParts(t *testing.T) {
	rec := uneven(t, 7, 60, 2, 3, "1:5")
	g := untrained(t, rec, 1, nil)
	law, err := g.Law(t.Context(), rec, 1)
	if err != nil {
		t.Fatal(err)
	}
	c, err := g.Model.Circuit(g.Params, 0)
	if err != nil {
		t.Fatal(err)
	}
	p, err := (&sim.Simulator{}).Probabilities(c, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	for part, got := range map[metrics.Part]*float64{metrics.Trained: law.JS, metrics.HeldOut: law.HeldOut, metrics.Odd: law.Odd, metrics.Even: law.Even} {
		s, err := rec.Law(part, 1)
		if err != nil {
			t.Fatal(err)
		}
		q := make([]float64, s.Len())
		for i := range q {
			q[i] = p[s.Window(i)[0]]
		}
		if got == nil || math.Abs(*got-s.JSSeen(q)) > 1e-12 {
			t.Errorf("%s: %v, want %v", part, got, s.JSSeen(q))
		}
	}
	if floor, err := rec.Floor(1); err != nil || *law.Floor != floor || math.Abs(law.PSilent-p[0]) > 1e-12 {
		t.Errorf("floor %v (%v), P(silent) %v; want %v and %v", *law.Floor, err, law.PSilent, floor, p[0])
	}
}

func TestEvaluateChoices(t *testing.T) {
	rec := uneven(t, 6, 60, 2, 3, "")
	long := uneven(t, 4, 90, 1, 3, "")
	near := untrained(t, rec, 2, nil)
	far := untrained(t, long, 65, func(c *training.Config) { // more timesteps than an exact law has circuits for
		*c = c.WithMemory(training.MemoryNone)
		c.LatentScale, c.Expectation = 1, training.Batch
	})
	for _, k := range []struct {
		name    string
		g       *assess.Generator
		law     assess.Choice
		windows int
		method  string
		refused string
	}{
		{"by windows", near, assess.ByWindows, 300, "plugin", ""},
		{"by windows, of which nothing is said", near, assess.ByWindows, 0, "exact", ""},
		{"within reach", near, assess.WithinReach, 300, "exact", ""},
		{"drawn", near, assess.Drawn, 300, "plugin", ""},
		{"exact", near, assess.Exact, 300, "exact", ""},
		{"out of reach", far, assess.WithinReach, 300, "plugin", ""},
		{"exact, out of reach", far, assess.Exact, 300, "", "exact: the exact law is out of reach"},
	} {
		t.Run(k.name, func(t *testing.T) {
			on := rec
			if k.g == far {
				on = long
			}
			e, err := k.g.Evaluate(t.Context(), k.name, on, assess.Options{Windows: k.windows, Seed: 2, Law: k.law})
			if k.refused != "" {
				var out *assess.OutOfReach
				if !errors.As(err, &out) || !strings.HasPrefix(err.Error(), k.refused) {
					t.Fatalf("error %v, want %s …", err, k.refused)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if e.Method != k.method || (e.Method == "plugin") != (e.Null != nil) || (e.States[0].Law != nil) != (k.method == "exact") {
				t.Errorf("method %s, null %v, law of the first window %v", e.Method, e.Null, e.States[0].Law)
			}
			if want := cmp.Or(k.windows, assess.UsualWindows); e.Drawn != want {
				t.Errorf("%d windows are drawn, want %d", e.Drawn, want)
			}
			if e.Method == "plugin" && *e.JS != e.Estimate.JSNats {
				t.Errorf("JS %v is not that of the drawn windows, %v", *e.JS, e.Estimate.JSNats)
			}
		})
	}
	if _, err := assess.EvaluateSamples(t.Context(), assess.Sample{Raster: rec.All}, rec, 1, assess.Options{Law: assess.Exact}); err == nil {
		t.Error("samples have an exact law")
	}
}

// scripted draws words of which a share, that of its mitigation, is silent.
type scripted struct{ silent float64 }

func (s scripted) Words(_ context.Context, c *ir.Circuit, b backends.Bindings, shots []int, seed uint64) ([][]uint64, error) {
	out := make([][]uint64, len(shots))
	for lane, n := range shots {
		out[lane] = make([]uint64, n)
		for i := range out[lane] {
			if float64(i) >= s.silent*float64(n) {
				out[lane][i] = 1
			}
		}
	}
	return out, nil
}

// Laws under noise stand in a row each: without noise, with all of it, without readout
// errors, as read and as mitigated.
func TestUnderNoise(t *testing.T) {
	rec := uneven(t, 6, 60, 2, 3, "")
	g := untrained(t, rec, 1, nil)
	for _, k := range []struct {
		with    backends.Mitigation
		windows int
		names   []string
		drawn   float64 // share of silent windows among what is drawn in the end
	}{
		{backends.MitigateNone, 0, []string{"ideal", "noisy", "noisy-without-readout-errors", "read"}, 0.5},
		{backends.MitigateM3, 400, []string{"ideal", "noisy", "noisy-without-readout-errors", "read", "mitigated"}, 0.75},
	} {
		n := &assess.Noise{
			Processor: assess.Processor{Name: "made", Mitigation: k.with, Shots: func(m backends.Mitigation) training.Sampler {
				return scripted{map[backends.Mitigation]float64{backends.MitigateNone: 0.5, backends.MitigateM3: 0.75}[m]}
			}},
			Laws: &sim.Simulator{}, WithoutReadout: &sim.Simulator{}, PerLatent: 100,
		}
		e, err := g.Evaluate(t.Context(), "made", rec, assess.Options{Windows: k.windows, Seed: 2, Noise: n})
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, l := range e.Noise.Laws {
			names = append(names, l.Name)
		}
		if !slices.Equal(names, k.names) {
			t.Errorf("mitigation %s: laws %v, want %v", k.with, names, k.names)
		}
		if read := e.Noise.Laws[3]; *read.PSilent != 0.5 {
			t.Errorf("mitigation %s: P(silent) of what was read is %v, want 0.5", k.with, *read.PSilent)
		}
		last := e.Noise.Laws[len(e.Noise.Laws)-1]
		if *last.PSilent != k.drawn || e.Spiking.Drawn.ISI == nil || e.Drawn != cmp.Or(k.windows, assess.NoisyWindows) {
			t.Errorf("mitigation %s: P(silent) of what was drawn last is %v, want %v", k.with, *last.PSilent, k.drawn)
		}
		// What is mitigated has no exact law, and the plug-in law is of what was drawn last.
		if want := map[bool]string{true: "exact", false: "plugin"}[k.with == backends.MitigateNone]; e.Method != want {
			t.Errorf("mitigation %s: method %s, want %s", k.with, e.Method, want)
		}
	}
}

func TestRoundsAndEffective(t *testing.T) {
	rec := uneven(t, 6, 60, 2, 3, "")
	for _, k := range []struct {
		name   string
		change func(*training.Config)
		want   int
	}{
		{"no memory", func(c *training.Config) { *c = c.WithMemory(training.MemoryNone) }, 1},
		{"memory", func(c *training.Config) { *c = c.WithMemory(training.MemoryBits) }, 7},
		{"a past", func(c *training.Config) {
			*c = c.WithMemory(training.MemoryBits)
			c.Tied, c.Past, c.Expectation = true, 4, training.Batch
		}, training.BurnIn + 7},
	} {
		if got := untrained(t, rec, 2, k.change).Rounds(training.Sampling{Bins: 7}); got != k.want {
			t.Errorf("%s: %d rounds, want %d", k.name, got, k.want)
		}
	}
	// Two latent vectors of three samples each, which lie in turns: all spikes or none.
	r := spikes.NewRaster(6, 4, 1, 0.02)
	for i := 0; i < 6; i += 2 {
		for b := range 4 {
			r.Set(i, b, 0, true)
		}
	}
	if size, correlation := assess.Effective(r, 3); math.Abs(size-2) > 1e-12 || math.Abs(correlation-1) > 1e-12 {
		t.Errorf("effective size %v, correlation %v; want 2 and 1", size, correlation)
	}
}

// A page has the generators and samples in their order, each with its own figures.
func TestInput(t *testing.T) {
	rec := uneven(t, 6, 60, 2, 3, "odd")
	g := untrained(t, rec, 1, func(c *training.Config) { c.Seed = 5 })
	other := uneven(t, 4, 40, 2, 9, "").All
	s := &assess.Subjects{
		Recording: rec, Timesteps: 1, Seed: 1, Brief: true,
		Subjects: []assess.Subject{{Path: "a/file.npz", Samples: other}},
		Beside:   []assess.Sample{{Name: "b/beside.npz", Raster: rec.All}},
	}
	if err := s.AddGenerator(t.Context(), "run", g); err != nil {
		t.Fatal(err)
	}
	in, err := s.Input(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	w, _ := other.Windows(1)
	law, err := metrics.CountStates(w)
	if err != nil {
		t.Fatal(err)
	}
	data, _ := rec.Law(metrics.Trained, 1)
	js, _ := metrics.JSStates(data, law)
	file, model := in.Models[0], in.Models[1]
	if file.Name != "file.npz" || file.JSNats != js || file.Samples != other || len(in.Curves) != 2 {
		t.Errorf("%s with JS %v, want %v", file.Name, file.JSNats, js)
	}
	if want, _ := g.Law(t.Context(), rec, 5); model.Name != "deep, seed 5, standard loss" || model.JSNats != *want.JS || model.Null != 0 {
		t.Errorf("%s with JS %v, want %v", model.Name, model.JSNats, *want.JS)
	}
	last := in.References[len(in.References)-1]
	if last.Name != filepath.Base("b/beside.npz") || !in.HeldOut || in.Floor == nil {
		t.Errorf("last beside: %s", last.Name)
	}
	if !slices.ContainsFunc(in.Lines, func(l string) bool { return strings.HasSuffix(l, "those of the repeats held out") }) {
		t.Errorf("lines %q", in.Lines)
	}
}
