package training

import (
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"qgan/backends/sim"
	"qgan/metrics"
	"qgan/metrics/spikes"
)

func testTrainer(t *testing.T, c Config) *Trainer {
	t.Helper()
	tr, err := New(c, testData(t, c.Neurons, c.Timesteps), &sim.Simulator{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return tr
}

func TestDivergenceStops(t *testing.T) {
	c := testConfig(t, 2, 1)
	tr := testTrainer(t, c)
	if _, err := tr.Step(t.Context()); err != nil {
		t.Fatal(err)
	}
	tr.State.Critic[3] = math.NaN()
	before := append([]float64(nil), tr.State.Params...)
	_, err := tr.Step(t.Context())
	if !errors.Is(err, ErrDiverged) || !strings.Contains(err.Error(), "step 2") {
		t.Errorf("got %v", err)
	}
	if !cmp.Equal(before, tr.State.Params) {
		t.Error("the parameters moved")
	}
}

func TestConfigCheck(t *testing.T) {
	for name, k := range map[string]struct {
		change func(*Config)
		want   string
	}{
		"readout":   {func(c *Config) { c.Readout = "x" }, "readout"},
		"neurons":   {func(c *Config) { c.Neurons = 15 }, "neurons"},
		"rate":      {func(c *Config) { c.GeneratorLR = math.NaN() }, "generator-lr"},
		"beta":      {func(c *Config) { c.Beta2 = 1 }, "beta2"},
		"too large": {func(c *Config) { c.Timesteps = 30 }, "expectation"},
		"prob":      {func(c *Config) { c.Readout = Prob }, "expectation"},
		"scale":     {func(c *Config) { c.LatentScale = math.Inf(1) }, "latent-scale"},
	} {
		c := testConfig(t, 2, 1)
		if err := c.Check(); err != nil {
			t.Fatal(err)
		}
		k.change(&c)
		if err := c.Check(); err == nil || !strings.Contains(err.Error(), k.want) {
			t.Errorf("%s: %v, want %q", name, err, k.want)
		}
	}
	if _, err := Preset("other", 2, 1); err == nil {
		t.Error("an unknown preset is accepted")
	}
}

// The paper's circuit has 8 parameters a neuron and timestep, with five layers 10
// (facts kept beside the simple models, metrics/yardstick_test.go); a model holds as many.
func TestParameterCounts(t *testing.T) {
	for _, k := range []struct{ n, t, text, five int }{
		{2, 1, 16, 20}, {4, 1, 32, 40}, {6, 1, 48, 60}, {8, 1, 64, 80}, {10, 1, 80, 100}, {2, 2, 32, 40}, {4, 2, 64, 80}, {2, 5, 80, 100}, {4, 5, 160, 200},
	} {
		c, err := Preset("paper", k.n, k.t)
		if err != nil {
			t.Fatal(err)
		}
		for layers, want := range map[int]int{4: k.text, 5: k.five} {
			c.Layers = layers
			m, err := NewModel(c, &sim.Simulator{})
			if err != nil {
				t.Fatal(err)
			}
			if counted := CountParameters(c); counted.Angles != want || counted.LatentScales != 0 || m.Parameters() != want {
				t.Errorf("n=%d, t=%d, %d layers: %+v, the model holds %d, want %d", k.n, k.t, layers, counted, m.Parameters(), want)
			}
		}
	}
}

// generatorOf is what a trainer without memory trains.
func generatorOf(t *Trainer) Generator { return t.Model().(patchModel).patch }

// The exact law at the recording's windows, the drawn windows and the standard
// error agree with each other.
func TestEstimateLaw(t *testing.T) {
	for _, readout := range []Readout{Born, Prob, Threshold} {
		c := testConfig(t, 2, 2)
		c.Readout, c.Init = readout, "uniform"
		if readout != Born {
			c.Expectation = Batch
		}
		tr := testTrainer(t, c)
		s := tr.Data.States
		e, err := EstimateLaw(t.Context(), c, generatorOf(tr), tr.State.Params, s, 4096, 1)
		if err != nil {
			t.Fatal(err)
		}
		r, err := Draw(t.Context(), c, generatorOf(tr), tr.State.Params, 200000, 0.02, 2)
		if err != nil {
			t.Fatal(err)
		}
		w, err := r.Windows(2)
		if err != nil {
			t.Fatal(err)
		}
		drawn, err := metrics.CountStates(w)
		if err != nil {
			t.Fatal(err)
		}
		for i, p := range e.Seen {
			q := 0.0
			if k := drawn.Find(s.Window(i)); k >= 0 {
				q = drawn.Prob(k)
			}
			if tol := 6 * math.Sqrt(p*(1-p)/4096); math.Abs(p-q) > tol+1e-4 {
				t.Errorf("%s, window %v: exact %v, drawn %v", readout, s.Window(i), p, q)
			}
		}
		if readout != Born {
			continue
		}
		// The error bar holds: estimates of other seeds scatter by about as much.
		spread := 0.0
		for seed := range uint64(20) {
			other, err := EstimateLaw(t.Context(), c, generatorOf(tr), tr.State.Params, s, 4096, 100+seed)
			if err != nil {
				t.Fatal(err)
			}
			spread += math.Pow(other.JSNats-e.JSNats, 2) / 20
		}
		if ratio := math.Sqrt(spread) / e.JSStdErr; ratio < 0.5 || ratio > 3 {
			t.Errorf("other seeds scatter by %.2g, the error bar is %.2g", math.Sqrt(spread), e.JSStdErr)
		}
	}
}

// A shorter draw is the beginning of a longer one.
func TestDrawIsAPrefix(t *testing.T) {
	c := testConfig(t, 3, 2)
	tr := testTrainer(t, c)
	draw := func(samples int) *spikes.Raster {
		r, err := Draw(t.Context(), c, generatorOf(tr), tr.State.Params, samples, 0.02, 4)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	long, short := draw(1500), draw(1100)
	for i := range 1100 {
		for b := range 2 {
			if long.Word(i, b) != short.Word(i, b) {
				t.Fatalf("sample %d differs", i)
			}
		}
	}
}

func TestLatentDistance(t *testing.T) {
	for scale, zero := range map[float64]bool{0: true, 1: false} {
		c := testConfig(t, 2, 1)
		c.LatentScale = scale
		tr := testTrainer(t, c)
		js, ok, err := LatentDistance(t.Context(), c, generatorOf(tr), tr.State.Params, 1)
		if err != nil || !ok || (js == 0) != zero {
			t.Errorf("scale %v: %v %v %v", scale, js, ok, err)
		}
	}
}
