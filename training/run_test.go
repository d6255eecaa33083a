package training

import (
	"bytes"
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"qgan/backends/sim"
	"qgan/internal/durable"
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

func testManifest(c Config) Manifest { return Manifest{Config: c, Parameters: CountParameters(c)} }

// trainAll trains a fresh run to its end and returns it with its last state.
func trainAll(t *testing.T, c Config) (*Run, *State) {
	t.Helper()
	r, err := CreateRun(durable.OS{}, filepath.Join(t.TempDir(), "run"), testManifest(c))
	if err != nil {
		t.Fatal(err)
	}
	tr := testTrainer(t, c)
	if err := r.Train(context.Background(), tr, time.Now, func(Row) {}); err != nil {
		t.Fatal(err)
	}
	return r, tr.State
}

var smallRuns = map[string]func(*Config){
	"exact": func(*Config) {},
	"batch": func(c *Config) { c.Expectation = Batch },
	"prob":  func(c *Config) { c.Expectation, c.Readout = Batch, Prob },
	"threshold": func(c *Config) {
		c.Expectation, c.Readout, c.Penalty, c.PenaltyWeight = Batch, Threshold, PenaltyClip, 0.05
	},
	"one":             func(c *Config) { c.Penalty, c.PenaltyWeight, c.Average = PenaltyOne, 10, 0 },
	"latent bits":     func(c *Config) { c.Latent, c.LatentQubits = "bit", 1 },
	"all latent bits": func(c *Config) { c.Latent, c.Batch = "bit", 9 },
	"tree":            func(c *Config) { *c = c.WithMemory(MemoryLeaky); c.Layers, c.Batch = 2, 5 },
	"conditional": func(c *Config) {
		*c = c.WithMemory(MemoryBits).WithObjective(ObjectiveConditional)
		c.Batch, c.Iterations = 37, 45
	},
	"staged": func(c *Config) {
		*c = c.WithMemory(MemoryLeaky).WithObjective(ObjectiveStaged)
		c.Past, c.Expectation, c.Batch, c.Iterations, c.Layers = 5, Batch, 33, 45, 2
	},
}

// An interrupted and resumed run ends with the same bits as an undisturbed one,
// whatever the objective, and so does a run on one processor.
func TestResumeIsTheSameRun(t *testing.T) {
	for name, change := range smallRuns {
		t.Run(name, func(t *testing.T) {
			c := testConfig(t, 2, 2)
			c.Iterations = 45
			change(&c)
			_, want := trainAll(t, c)

			r, err := CreateRun(durable.OS{}, filepath.Join(t.TempDir(), "run"), testManifest(c))
			if err != nil {
				t.Fatal(err)
			}
			stop := errors.New("stop")
			for _, at := range []int{7, 20, 21, 99} {
				tr := testTrainer(t, c)
				s, err := r.Latest()
				if err != nil {
					t.Fatal(err)
				}
				if s != nil {
					if err := tr.Restore(s); err != nil {
						t.Fatal(err)
					}
				}
				ctx, cancel := context.WithCancelCause(context.Background())
				err = r.Train(ctx, tr, time.Now, func(row Row) {
					if row.Step == at {
						cancel(stop)
					}
				})
				cancel(nil)
				if at == 99 && err != nil || at < 99 && err != stop {
					t.Fatalf("stopped at %d: %v", at, err)
				}
			}
			got, err := r.Latest()
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("resumed run differs:\n%s", diff)
			}
			rows, err := r.Rows()
			if err != nil {
				t.Fatal(err)
			}
			last := 0
			for _, row := range rows {
				if row.Step <= last {
					t.Errorf("step %d follows %d in the metrics", row.Step, last)
				}
				last = row.Step
			}
			if last != 45 {
				t.Errorf("the metrics end at step %d", last)
			}

			defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
			if _, one := trainAll(t, c); !cmp.Equal(want, one) {
				t.Error("one processor gives other bits")
			}
		})
	}
}

func TestCheckpointsKept(t *testing.T) {
	c := testConfig(t, 2, 1)
	c.Iterations = 450
	r, _ := trainAll(t, c)
	names, err := r.checkpoints()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"step-00000300.ckpt", "step-00000400.ckpt", "step-00000450.ckpt"}, names); diff != "" {
		t.Error(diff)
	}
}

func testState(seed uint64) *State {
	rng := rand.New(rand.NewPCG(seed, 0))
	draw := func(n int) []float64 {
		x := make([]float64, n)
		for i := range x {
			x[i] = rng.NormFloat64()
		}
		return x
	}
	return &State{
		Step: 7, Collapsed: 2, Params: draw(3), Average: draw(3), Critic: draw(4),
		GenAdam:  &Adam{Beta1: 0, Beta2: 0.9, Steps: 7, M: draw(3), V: draw(3)},
		CritAdam: &Adam{Beta1: 0, Beta2: 0.9, Steps: 14, M: draw(4), V: draw(4)},
	}
}

// A checkpoint cut at any byte, or with any byte changed, is refused.
func TestDamagedCheckpoint(t *testing.T) {
	c := testConfig(t, 2, 1)
	var b bytes.Buffer
	if err := WriteState(&b, testState(1)); err != nil {
		t.Fatal(err)
	}
	whole, err := ReadState(b.Bytes(), c)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(testState(1), whole); diff != "" {
		t.Fatalf("it does not come back as it was:\n%s", diff)
	}
	for i := range b.Len() {
		if _, err := ReadState(b.Bytes()[:i], c); err == nil {
			t.Errorf("cut after %d of %d bytes, it is accepted", i, b.Len())
		}
		broken := bytes.Clone(b.Bytes())
		broken[i] ^= 0x10
		if _, err := ReadState(broken, c); err == nil {
			t.Errorf("with byte %d changed, it is accepted", i)
		}
	}
}

func FuzzReadState(f *testing.F) {
	var b bytes.Buffer
	if err := WriteState(&b, testState(1)); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	f.Add([]byte(checkpointMagic))
	c, _ := Preset("deep", 2, 1)
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := ReadState(data, c)
		if (s == nil) == (err == nil) {
			t.Errorf("state %v, error %v", s, err)
		}
	})
}

// Runs that were written when there was one own bit say so in other words.
func TestOlderOwnBit(t *testing.T) {
	c := testConfig(t, 2, 3).WithMemory(MemoryLeaky)
	c.OwnBits = 1
	r, err := CreateRun(durable.OS{}, filepath.Join(t.TempDir(), "run"), testManifest(c))
	if err != nil {
		t.Fatal(err)
	}
	manifest := filepath.Join(r.Dir, manifestFile)
	raw, err := os.ReadFile(manifest)
	if err != nil {
		t.Fatal(err)
	}
	older := bytes.Replace(raw, []byte(`"own_bits": 1`), []byte(`"own_bit": true`), 1)
	if bytes.Equal(older, raw) {
		t.Fatal("the manifest does not say own_bits")
	}
	if err := os.WriteFile(manifest, older, 0o666); err != nil {
		t.Fatal(err)
	}
	got, err := OpenRun(durable.OS{}, r.Dir)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(c, got.Manifest.Config); diff != "" {
		t.Errorf("the configuration is another (-want +got):\n%s", diff)
	}
}

func TestRunErrors(t *testing.T) {
	c := testConfig(t, 2, 1)
	c.Iterations = 120
	r, _ := trainAll(t, c)
	manifest := filepath.Join(r.Dir, manifestFile)
	newest := filepath.Join(r.Dir, checkpointsDir, checkpointName(120))
	raw, err := os.ReadFile(manifest)
	if err != nil {
		t.Fatal(err)
	}
	write := func(path string, data []byte) {
		t.Helper()
		if err := os.WriteFile(path, data, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	wants := func(err error, want string) {
		t.Helper()
		var bad *RunError
		if !errors.As(err, &bad) || !bad.BadInput() || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want a RunError with %q", err, want)
		}
	}
	_, err = CreateRun(durable.OS{}, r.Dir, testManifest(c))
	wants(err, "--resume")
	_, err = OpenRun(durable.OS{}, filepath.Join(r.Dir, "nothing"))
	wants(err, "no such run")
	_, err = OpenRun(durable.OS{}, filepath.Join(r.Dir, checkpointsDir))
	wants(err, "no run directory")
	write(manifest, bytes.Replace(raw, []byte("qgan.run/v1"), []byte("qgan.run/v9"), 1))
	_, err = OpenRun(durable.OS{}, r.Dir)
	wants(err, "another version")
	write(manifest, raw[:len(raw)/2])
	_, err = OpenRun(durable.OS{}, r.Dir)
	wants(err, "damaged")
	write(manifest, bytes.Replace(raw, []byte(`"layers": 2`), []byte(`"layers": -2`), 1))
	_, err = OpenRun(durable.OS{}, r.Dir)
	wants(err, "layers")
	write(manifest, raw)
	if r, err = OpenRun(durable.OS{}, r.Dir); err != nil {
		t.Fatal(err)
	}
	state, err := os.ReadFile(newest)
	if err != nil {
		t.Fatal(err)
	}
	write(newest, state[:len(state)/2])
	_, err = r.Latest()
	wants(err, "cut short or damaged")
	wants(err, checkpointName(100))

	unlock, err := r.Lock()
	if err != nil {
		t.Fatal(err)
	}
	_, err = r.Lock()
	wants(err, "another process")
	if err := unlock(); err != nil {
		t.Fatal(err)
	}
}

// Whatever the operation of the file system that fails, the run is left so that
// it resumes to the same end.
func TestFullDisk(t *testing.T) {
	c := testConfig(t, 2, 1)
	c.Iterations = 30
	_, want := trainAll(t, c)
	for k := 1; ; k++ {
		dir := filepath.Join(t.TempDir(), "run")
		r, err := CreateRun(durable.OS{}, dir, testManifest(c))
		if err != nil {
			t.Fatal(err)
		}
		fault := durable.NewFault(durable.OS{})
		fault.Crash(k)
		r.fs = fault
		err = r.Train(context.Background(), testTrainer(t, c), time.Now, func(Row) {})
		if err == nil {
			if k < 5 {
				t.Fatalf("only %d operations", k)
			}
			break
		}
		if r, err = OpenRun(durable.OS{}, dir); err != nil {
			t.Fatalf("operation %d: %v", k, err)
		}
		s, err := r.Latest()
		if err != nil {
			t.Fatalf("operation %d: %v", k, err)
		}
		tr := testTrainer(t, c)
		if s != nil {
			if err := tr.Restore(s); err != nil {
				t.Fatal(err)
			}
		}
		if err := r.Train(context.Background(), tr, time.Now, func(Row) {}); err != nil {
			t.Fatalf("operation %d: %v", k, err)
		}
		if diff := cmp.Diff(want, tr.State); diff != "" {
			t.Fatalf("operation %d:\n%s", k, diff)
		}
	}
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

// A generator that is always silent is stopped with the step and the cause.
func TestCollapseStops(t *testing.T) {
	c := testConfig(t, 2, 1)
	c.Iterations, c.GeneratorLR = 3000, 1e-12
	r, err := CreateRun(durable.OS{}, filepath.Join(t.TempDir(), "run"), testManifest(c))
	if err != nil {
		t.Fatal(err)
	}
	tr := testTrainer(t, c)
	clear(tr.State.Params)
	clear(tr.State.Average)
	err = r.Train(context.Background(), tr, time.Now, func(Row) {})
	if !errors.Is(err, ErrCollapsed) || !strings.Contains(err.Error(), "step 450") {
		t.Errorf("got %v", err)
	}
	if s, err := r.Latest(); err != nil || s.Step != 400 {
		t.Errorf("last checkpoint %v, %v", s, err)
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
