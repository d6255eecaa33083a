package training_test

import (
	"flag"
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"qgan/training"
	"qgan/training/internal/traintest"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// golden compares a text with the file of a name in testdata.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := "testdata/" + name
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got, "\n")); diff != "" {
		t.Errorf("%s (-want +got):\n%s", path, diff)
	}
}

// changes lists the settings in which a configuration differs from another.
func changes(from, to training.Config) string {
	a, b := reflect.ValueOf(from), reflect.ValueOf(to)
	var out []string
	for i := range a.NumField() {
		if x, y := a.Field(i).Interface(), b.Field(i).Interface(); x != y {
			name, _, _ := strings.Cut(a.Type().Field(i).Tag.Get("json"), ",")
			out = append(out, fmt.Sprintf("%s %v", name, y))
		}
	}
	return strings.Join(out, ", ")
}

// Every preset for a grid of sizes, with each memory, objective and way of taking
// gradients: all of its numbers, and what each choice changes. The sizes stand on both
// sides of each bound: 6, 8 neurons (depth), 12 bits (exact sums), 20 bits (exact sums over
// a recording's windows, memories that begin anew).
func TestPresets(t *testing.T) {
	var b strings.Builder
	line := func(indent int, name string, from, to training.Config) {
		state := ""
		if to.Check() != nil {
			state = " (can't be)"
		}
		fmt.Fprintf(&b, "%s%s%s: %s\n", strings.Repeat("  ", indent), name, state, changes(from, to))
	}
	for _, k := range []struct {
		preset string
		sizes  [][2]int
	}{
		{"paper", [][2]int{{1, 1}, {7, 2}}},
		{"deep", [][2]int{{1, 1}, {6, 1}, {7, 1}, {8, 1}, {9, 1}, {12, 1}, {13, 1}, {15, 1}, {20, 1}, {21, 1}, {6, 2}, {4, 5}, {7, 3}, {2, 30}, {10, 200}}},
	} {
		for _, size := range k.sizes {
			p, err := training.Preset(k.preset, size[0], size[1])
			if err != nil {
				t.Fatal(err)
			}
			line(0, fmt.Sprintf("%s %d neurons %d timesteps", k.preset, size[0], size[1]), training.Config{}, p)
			for _, g := range training.Gradients()[1:] {
				c := p.WithMemory(training.MemoryNone)
				c.Shots = 100
				line(1, string(g), c, c.WithGradient(g))
			}
			line(1, "memory none", p, p.WithMemory(training.MemoryNone))
			if size[1] == 1 {
				line(1, "wgan", p, p.WithObjective(training.ObjectiveWGAN))
			}
			for _, m := range []training.Memory{training.MemoryBits, training.MemoryLeaky} {
				if size[1] == 1 {
					continue
				}
				c := p.WithMemory(m)
				line(1, "memory "+string(m), p, c)
				for _, o := range []training.Objective{training.ObjectiveWGAN, training.ObjectiveConditional, training.ObjectiveLikelihood, training.ObjectiveStaged} {
					line(2, string(o), c, c.WithObjective(o))
				}
			}
		}
	}
	golden(t, "presets.txt", b.String())
}

// Numbers that the documents name: docs/measurements.md and the text of Hernandes & Greplova (2025).
func TestPresetNumbers(t *testing.T) {
	paper, err := training.Preset("paper", 8, 1)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := [...]float64{paper.GeneratorLR, paper.CriticLR, paper.Beta1, paper.Beta2, paper.PenaltyWeight, float64(paper.Layers), float64(paper.CriticSteps), float64(paper.Batch), float64(paper.Hidden)},
		[...]float64{0.05, 0.002, 0.9, 0.999, 10, 4, 2, 64, 64}; got != want {
		t.Errorf("paper: %v, want %v", got, want)
	}
	if _, err := training.Preset("Deep", 2, 1); err == nil {
		t.Error("an unknown preset is accepted")
	}
}

// setting is one number of a configuration: values that can be, at the bounds, and values
// beyond them.
type setting struct {
	flag    string
	set     func(*training.Config, float64)
	can, no []float64
}

// Each number of a configuration is bounded on both sides, and what is refused is named by
// its flag.
func TestSettingBounds(t *testing.T) {
	const below1, below1e6 = 1 - 1e-9, 1e6 - 1
	counts := []float64{1, 2, 1000}
	for _, s := range []setting{
		{"neurons", func(c *training.Config, x float64) { c.Neurons = int(x) }, []float64{1, 6}, []float64{-1, 0, 15}},
		{"neurons", func(c *training.Config, x float64) { c.Neurons, c.Expectation = int(x), training.Batch }, []float64{14}, []float64{15}},
		{"timesteps", func(c *training.Config, x float64) { c.Timesteps = int(x) }, []float64{1, 6}, []float64{0, -1}},
		{"expectation", func(c *training.Config, x float64) { c.Timesteps = int(x) }, []float64{6}, []float64{7}},
		{"layers", func(c *training.Config, x float64) { c.Layers = int(x) }, counts, []float64{0, -1}},
		{"batch", func(c *training.Config, x float64) { c.Batch = int(x) }, counts, []float64{0, -1}},
		{"hidden", func(c *training.Config, x float64) { c.Hidden = int(x) }, counts, []float64{0, -1}},
		{"iterations", func(c *training.Config, x float64) { c.Iterations = int(x) }, counts, []float64{0, -1}},
		{"critic-steps", func(c *training.Config, x float64) { c.CriticSteps = int(x) }, counts, []float64{0, -1}},
		{"generator-lr", func(c *training.Config, x float64) { c.GeneratorLR = x }, []float64{1e-12, below1e6}, []float64{0, -1, 1e6}},
		{"critic-lr", func(c *training.Config, x float64) { c.CriticLR = x }, []float64{1e-12, below1e6}, []float64{0, -1, 1e6}},
		{"penalty-weight", func(c *training.Config, x float64) { c.PenaltyWeight = x }, []float64{0, below1e6}, []float64{-1e-9, 1e6}},
		{"penalty-weight", func(c *training.Config, x float64) { c.Penalty, c.PenaltyWeight = training.PenaltyClip, x }, []float64{1e-9}, []float64{0}},
		{"k", func(c *training.Config, x float64) { c.KLoss, c.K = training.KAbs, x }, []float64{0, below1e6}, []float64{-1e-9, 1e6}},
		{"beta1", func(c *training.Config, x float64) { c.Beta1 = x }, []float64{0, below1}, []float64{-1e-9, 1}},
		{"beta2", func(c *training.Config, x float64) { c.Beta2 = x }, []float64{0, below1}, []float64{-1e-9, 1}},
		{"average", func(c *training.Config, x float64) { c.Average = x }, []float64{0, below1}, []float64{-1e-9, 1}},
		{"latent-scale", func(c *training.Config, x float64) { c.LatentScale = x }, []float64{-below1e6, 0, below1e6}, []float64{-1e6, 1e6}},
		{"latent-qubits", func(c *training.Config, x float64) { c.LatentQubits = int(x) }, []float64{0, 12}, []float64{-1, 13}},
		{"past", func(c *training.Config, x float64) { c.Past = int(x) }, []float64{0}, []float64{-1, 1}},
		{"past", func(c *training.Config, x float64) {
			*c = traintest.Leaky(*c)
			c.Expectation, c.Past = training.Batch, int(x)
		}, []float64{1, 1000}, []float64{-1, 1001}},
		{"own-bits", func(c *training.Config, x float64) { *c = traintest.Leaky(*c); c.OwnBits = int(x) }, []float64{0, 1000}, []float64{-1, 1001}},
		{"shots", func(c *training.Config, x float64) { c.Gradient, c.Shots = training.GradientShift, int(x) }, []float64{1, 1e7}, []float64{0, -1, 1e7 + 1}},
		{"shots", func(c *training.Config, x float64) {
			c.Gradient, c.Shots, c.MaxShots = training.GradientShift, 10, int(x)
		}, []float64{0, 10, 1e7}, []float64{9, 1e7 + 1}},
		{"shots", func(c *training.Config, x float64) { c.Shots = int(x) }, []float64{0}, []float64{1}},
		{"perturbation", func(c *training.Config, x float64) {
			c.Gradient, c.Shots, c.Perturbation = training.GradientSPSA, 10, x
		}, []float64{0, 3}, []float64{-1e-9, 3.0001}},
	} {
		for _, x := range s.can {
			c := traintest.Small(t, 2, 2)
			s.set(&c, x)
			if err := c.Check(); err != nil {
				t.Errorf("%s %v is refused: %v", s.flag, x, err)
			}
		}
		for _, x := range s.no {
			c := traintest.Small(t, 2, 2)
			s.set(&c, x)
			if err := c.Check(); err == nil || !strings.HasPrefix(err.Error(), s.flag+" ") {
				t.Errorf("%s %v: got the error %v", s.flag, x, err)
			}
		}
	}
}

// Words are taken from lists, and nothing else is.
func TestSettingWords(t *testing.T) {
	for _, s := range []struct {
		flag string
		set  func(*training.Config, string)
		can  []string
	}{
		{"init", func(c *training.Config, w string) { c.Init = training.Init(w) }, []string{"small", "uniform"}},
		{"latent", func(c *training.Config, w string) { c.Latent = training.Latent(w) }, []string{"normal", "uniform", "bit"}},
		{"memory", func(c *training.Config, w string) { *c = c.WithMemory(training.Memory(w)) }, []string{"none", "bits", "leaky"}},
		{"objective", func(c *training.Config, w string) { *c = traintest.Leaky(*c); c.Objective = training.Objective(w) }, []string{"wgan", "conditional", "likelihood", "staged"}},
		{"readout", func(c *training.Config, w string) { c.Expectation, c.Readout = training.Batch, training.Readout(w) }, []string{"born", "prob", "threshold"}},
		{"expectation", func(c *training.Config, w string) { c.Expectation = training.Expectation(w) }, []string{"exact", "batch"}},
		{"penalty", func(c *training.Config, w string) { c.Penalty = training.Penalty(w) }, []string{"zero", "one", "clip"}},
		{"k-loss", func(c *training.Config, w string) { c.KLoss = training.KLoss(w) }, []string{"off", "abs", "square", "printed"}},
		{"schedule", func(c *training.Config, w string) { c.Schedule = training.Schedule(w) }, []string{"constant", "cosine"}},
		{"gradient", func(c *training.Config, w string) {
			if c.Gradient = training.Gradient(w); w != "adjoint" {
				c.Shots = 1
			}
		}, []string{"adjoint", "parameter-shift", "spsa", "guided-spsa"}},
	} {
		for _, w := range append(s.can, "", "x", strings.ToUpper(s.can[0])) {
			c := traintest.Small(t, 2, 2)
			s.set(&c, w)
			err := c.Check()
			if known := w != "" && w != "x" && w == strings.ToLower(w); known && err != nil {
				t.Errorf("%s %q is refused: %v", s.flag, w, err)
			} else if !known && (err == nil || !strings.HasPrefix(err.Error(), s.flag+" ")) {
				t.Errorf("%s %q: got the error %v", s.flag, w, err)
			}
		}
	}
}

// Settings that can't stand together are refused by the flag to change; their neighbours
// that can are taken.
func TestSettingsTogether(t *testing.T) {
	runsOn := func(c *training.Config) { *c = traintest.Leaky(*c); c.Past, c.Expectation = 5, training.Batch }
	measured := func(c *training.Config) { c.Gradient, c.Shots = training.GradientShift, 10 }
	oneBin := func(c *training.Config) {
		c.Timesteps, c.LatentScale, c.LatentTrained = 1, 0, false
		*c = c.WithObjective(training.ObjectiveLikelihood)
	}
	for _, k := range []struct {
		name   string
		change func(*training.Config)
		flag   string // "": taken
	}{
		{"objective without memory", func(c *training.Config) { c.Objective = training.ObjectiveConditional }, "objective"},
		{"tied without memory", func(c *training.Config) { c.Tied = true }, "tied"},
		{"untied with memory", func(c *training.Config) { *c = traintest.Leaky(*c); c.Tied = false }, ""},
		{"memory of one bin", func(c *training.Config) { *c = traintest.Leaky(*c); c.Timesteps = 1 }, "memory"},
		{"memory of one bin that runs on", func(c *training.Config) { runsOn(c); c.Timesteps = 1 }, ""},
		{"own bits of bits", func(c *training.Config) { *c = c.WithMemory(training.MemoryBits); c.OwnBits = 1 }, "own-bits"},
		{"runs on untied", func(c *training.Config) { runsOn(c); c.Tied = false }, "past"},
		{"memory and a latent vector", func(c *training.Config) { *c = traintest.Leaky(*c); c.LatentScale = 1 }, "memory"},
		{"memory and a trained latent scale", func(c *training.Config) { *c = traintest.Leaky(*c); c.LatentTrained = true }, "memory"},
		{"memory and spike probabilities", func(c *training.Config) {
			*c = traintest.Leaky(*c)
			c.Expectation, c.Readout = training.Batch, training.Prob
		}, "memory"},
		{"memory and a count term", func(c *training.Config) { *c = traintest.Leaky(*c); c.KLoss = training.KSquare }, "memory"},
		{"runs on, exact", func(c *training.Config) { runsOn(c); c.Expectation = training.Exact }, "expectation"},
		{"exact spike probabilities", func(c *training.Config) { c.Readout = training.Prob }, "expectation"},
		{"exact likelihood of 20 bits", func(c *training.Config) {
			*c = traintest.Leaky(*c)
			c.Timesteps, c.Objective = 10, training.ObjectiveLikelihood
		}, ""},
		{"exact stages of 20 bits", func(c *training.Config) {
			*c = traintest.Leaky(*c)
			c.Timesteps, c.Objective = 10, training.ObjectiveStaged
		}, ""},
		{"exact stages of 22 bits", func(c *training.Config) {
			*c = traintest.Leaky(*c)
			c.Timesteps, c.Objective = 11, training.ObjectiveStaged
		}, "expectation"},
		{"exact wgan of 20 bits", func(c *training.Config) { *c = traintest.Leaky(*c); c.Timesteps = 10 }, "expectation"},
		{"adjoint on noise", func(c *training.Config) { c.Backend = "noisy" }, "gradient"},
		{"measured on noise", func(c *training.Config) { measured(c); c.Backend = "noisy" }, ""},
		{"mitigated adjoint", func(c *training.Config) { c.Mitigation = "full" }, "mitigate"},
		{"mitigated shots", func(c *training.Config) { measured(c); c.Mitigation = "full" }, ""},
		{"allocated spsa", func(c *training.Config) { measured(c); c.Gradient, c.MaxShots = training.GradientSPSA, 20 }, "shots"},
		{"perturbed shift", func(c *training.Config) { measured(c); c.Perturbation = 0.1 }, "perturbation"},
		{"guided, perturbed", func(c *training.Config) { measured(c); c.Gradient, c.Perturbation = training.GradientGuided, 0.1 }, ""},
		{"spsa of a memory", func(c *training.Config) { *c = traintest.Leaky(*c); c.Gradient, c.Shots = training.GradientSPSA, 10 }, "gradient"},
		{"measured absolute count", func(c *training.Config) { measured(c); c.KLoss = training.KAbs }, "k-loss"},
		{"measured square count", func(c *training.Config) { measured(c); c.KLoss = training.KSquare }, ""},
		{"measured likelihood", func(c *training.Config) {
			*c = traintest.Leaky(*c)
			c.Objective = training.ObjectiveLikelihood
			measured(c)
		}, "objective"},
		{"measured stages", func(c *training.Config) {
			*c = traintest.Leaky(*c)
			c.Objective = training.ObjectiveStaged
			measured(c)
		}, "objective"},
		{"likelihood of one bin", oneBin, ""},
		{"likelihood of two bins without memory", func(c *training.Config) { oneBin(c); c.Timesteps = 2 }, "objective"},
		{"likelihood of one bin, of a latent vector", func(c *training.Config) { oneBin(c); c.LatentScale = 1 }, "latent-scale"},
		{"likelihood of one bin, of a trained scale", func(c *training.Config) { oneBin(c); c.LatentTrained = true }, "latent-scale"},
		{"likelihood of one bin, drawn", func(c *training.Config) { oneBin(c); c.Expectation = training.Batch }, "expectation"},
		{"likelihood of one bin, measured", func(c *training.Config) { oneBin(c); measured(c) }, "objective"},
		{"stages of one bin", func(c *training.Config) { oneBin(c); c.Objective = training.ObjectiveStaged }, "objective"},
		{"measured conditional", func(c *training.Config) { runsOn(c); c.Objective = training.ObjectiveConditional; measured(c) }, ""},
		{"measured wgan that runs on", func(c *training.Config) { runsOn(c); measured(c) }, "objective"},
		{"measured tree", func(c *training.Config) { *c = traintest.Leaky(*c); measured(c) }, ""},
	} {
		c := traintest.Small(t, 2, 2)
		k.change(&c)
		err := c.Check()
		if k.flag == "" && err != nil || k.flag != "" && (err == nil || !strings.HasPrefix(err.Error(), k.flag+" ")) {
			t.Errorf("%s: got the error %v, want one of %q", k.name, err, k.flag)
		}
	}
}

// Parameters of a run by the formulas of the documents: 2·layers·qubits angles a circuit, a
// scale for each encoding and qubit, of a memory n·encodings decays, encodings·qubits·n
// weights and an own bit's weight for each of n·encodings, and a critic of
// hidden·(n·t + 2) + 1.
func TestCountsOfMemories(t *testing.T) {
	for name, k := range map[string]struct {
		change func(*training.Config)
		want   training.Counts
	}{
		"latent vector":          {func(c *training.Config) {}, training.Counts{Angles: 3 * 2 * 2 * 2, LatentScales: 3 * 2 * 2, Critic: 3*8 + 1}},
		"closing, latent qubit":  {func(c *training.Config) { c.Closing, c.LatentQubits = true, 1 }, training.Counts{Angles: 3 * 2 * 2 * 3, LatentScales: 3 * 3 * 3, Critic: 25}},
		"bits, tied":             {func(c *training.Config) { *c = c.WithMemory(training.MemoryBits); c.Layers = 2 }, training.Counts{Angles: 2 * 8, Memory: 4, Critic: 25}},
		"leaky, tied":            {func(c *training.Config) { *c = traintest.Leaky(*c) }, training.Counts{Angles: 2 * 8, Memory: 4 + 8, Critic: 25}},
		"leaky, untied":          {func(c *training.Config) { *c = traintest.Leaky(*c); c.Tied = false }, training.Counts{Angles: 3 * 8, Memory: 2 * 12, Critic: 25}},
		"leaky, runs on":         {func(c *training.Config) { *c = traintest.Leaky(*c); c.Past, c.Expectation = 4, training.Batch }, training.Counts{Angles: 8, Memory: 12, Critic: 25}},
		"own bits":               {func(c *training.Config) { *c = traintest.Leaky(*c); c.OwnBits = 2 }, training.Counts{Angles: 16, Memory: 12 + 2*4, Critic: 25}},
		"own bits beyond a past": {func(c *training.Config) { *c = traintest.Leaky(*c); c.OwnBits = 7 }, training.Counts{Angles: 16, Memory: 12 + 2*4, Critic: 25}},
		"leaky, closing":         {func(c *training.Config) { *c = traintest.Leaky(*c); c.Closing, c.OwnBits = true, 1 }, training.Counts{Angles: 16, Memory: 6 + 12 + 6, Critic: 25}},
	} {
		c := traintest.Small(t, 2, 3)
		k.change(&c)
		if err := c.Check(); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if diff := cmp.Diff(k.want, training.CountParameters(c)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// Circuits that nobody could train are refused, with what they would take.
func TestTooManyAngles(t *testing.T) {
	for _, c := range []struct {
		neurons, timesteps int
		layers, want       string // "": they are taken
	}{
		{8, 1, "3125", ""},
		{8, 1, "3126", "5e+04 angles would take about 0.12 GB of memory and 0.064 s a step; at most 50000 are trained, here layers 3125"},
		{8, 1, "1000000", "1.6e+07 angles would take about 38 GB of memory and 20 s a step"},
		{8, 1, "9223372036854775807", "1.5e+20 angles"},
		{50, 1, "1000000", "1e+08 angles would take about 2.4e+02 GB of memory; at most"},
	} {
		_, err := training.Resolve("deep", c.neurons, c.timesteps, map[string]string{"layers": c.layers})
		if (err == nil) != (c.want == "") || err != nil && !strings.HasPrefix(err.Error(), "layers "+c.layers+": "+c.want) {
			t.Errorf("%d neurons, %s layers: %v, want %q", c.neurons, c.layers, err, c.want)
		}
	}
}
