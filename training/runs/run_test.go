package runs

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
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
	"qgan/metrics/spikes"
	"qgan/training"
)

// testConfig is a small model that trains quickly.
func testConfig(t *testing.T, n, steps int) training.Config {
	t.Helper()
	c, err := training.Preset("deep", n, steps)
	if err != nil {
		t.Fatal(err)
	}
	c = c.WithMemory(training.MemoryNone)
	c.Layers, c.Hidden, c.Batch = 2, 6, 5
	if steps == 1 {
		c.LatentScale, c.LatentTrained = 0, false
	}
	return c
}

func testTrainer(t *testing.T, c training.Config) *training.Trainer {
	t.Helper()
	indices := make([]int, c.Neurons)
	for i := range indices {
		indices[i] = i
	}
	r, err := spikes.Builtin().Select(indices)
	if err != nil {
		t.Fatal(err)
	}
	d, err := training.NewData(r, c.Timesteps)
	if err != nil {
		t.Fatal(err)
	}
	tr, err := training.New(c, d, &sim.Simulator{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return tr
}

func testManifest(c training.Config) Manifest {
	return Manifest{Config: c, Parameters: training.CountParameters(c)}
}

// trainAll trains a fresh run to its end and returns it with its last state.
func trainAll(t *testing.T, c training.Config) (*Dir, *training.State) {
	t.Helper()
	r, err := Create(durable.OS{}, filepath.Join(t.TempDir(), "run"), testManifest(c))
	if err != nil {
		t.Fatal(err)
	}
	tr := testTrainer(t, c)
	if err := r.Train(context.Background(), tr, nil, nil); err != nil {
		t.Fatal(err)
	}
	return r, tr.State
}

var smallRuns = map[string]func(*training.Config){
	"exact": func(*training.Config) {},
	"batch": func(c *training.Config) { c.Expectation = training.Batch },
	"prob":  func(c *training.Config) { c.Expectation, c.Readout = training.Batch, training.Prob },
	"threshold": func(c *training.Config) {
		c.Expectation, c.Readout, c.Penalty, c.PenaltyWeight = training.Batch, training.Threshold, training.PenaltyClip, 0.05
	},
	"one":             func(c *training.Config) { c.Penalty, c.PenaltyWeight, c.Average = training.PenaltyOne, 10, 0 },
	"latent bits":     func(c *training.Config) { c.Latent, c.LatentQubits = "bit", 1 },
	"all latent bits": func(c *training.Config) { c.Latent, c.Batch = "bit", 9 },
	"tree":            func(c *training.Config) { *c = c.WithMemory(training.MemoryLeaky); c.Layers, c.Batch = 2, 5 },
	"conditional": func(c *training.Config) {
		*c = c.WithMemory(training.MemoryBits).WithObjective(training.ObjectiveConditional)
		c.Batch, c.Iterations = 37, 45
	},
	"staged": func(c *training.Config) {
		*c = c.WithMemory(training.MemoryLeaky).WithObjective(training.ObjectiveStaged)
		c.Past, c.Expectation, c.Batch, c.Iterations, c.Layers = 5, training.Batch, 33, 45, 2
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

			r, err := Create(durable.OS{}, filepath.Join(t.TempDir(), "run"), testManifest(c))
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
				err = r.Train(ctx, tr, time.Now, func(row training.Row) {
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

func testState(seed uint64) *training.State {
	rng := rand.New(rand.NewPCG(seed, 0))
	draw := func(n int) []float64 {
		x := make([]float64, n)
		for i := range x {
			x[i] = rng.NormFloat64()
		}
		return x
	}
	return &training.State{
		Step: 7, Collapsed: 2, Params: draw(3), Average: draw(3), Critic: draw(4),
		GenAdam:  &training.Adam{Beta1: 0, Beta2: 0.9, Steps: 7, M: draw(3), V: draw(3)},
		CritAdam: &training.Adam{Beta1: 0, Beta2: 0.9, Steps: 14, M: draw(4), V: draw(4)},
		Best:     training.Best{Step: 5, Score: 0.1 + 0.2, HeldOut: true, Params: draw(3)},
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

// Checkpoints that were written before gradients came from shots have seven arrays, those
// before the best parameters were kept nine; eight are those of nobody.
func TestOlderCheckpoint(t *testing.T) {
	c := testConfig(t, 2, 1)
	for name, want := range map[string]string{"qgan checkpoint 9\n": `it is "qgan checkpoint 9", this program reads "qgan checkpoint 1"`, "numbers": "it is no checkpoint"} {
		if _, err := ReadState([]byte(name), c); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q: %v", name, err)
		}
	}
	old := testState(1)
	old.Best = training.Best{}
	var b bytes.Buffer
	if err := WriteState(&b, old); err != nil {
		t.Fatal(err)
	}
	if !bytes.HasPrefix(b.Bytes(), []byte("qgan checkpoint 1\n{\"step\":7,")) {
		t.Errorf("it begins with %q", b.Bytes()[:40])
	}
	const best = `,{"name":"best","len":0}`
	for left, good := range map[string]bool{
		best: true,
		`,{"name":"derivatives","len":0},{"name":"shot_variances","len":0}` + best: true,
		`,{"name":"shot_variances","len":0}` + best:                                false,
	} {
		older := bytes.Replace(b.Bytes()[:b.Len()-sha256.Size], []byte(left), nil, 1)
		sum := sha256.Sum256(older)
		got, err := ReadState(append(older, sum[:]...), c)
		if good != (err == nil) {
			t.Errorf("without %s: %v", left, err)
		}
		if diff := cmp.Diff(old, got); good && diff != "" {
			t.Errorf("without %s: %s", left, diff)
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
	c, _ := training.Preset("deep", 2, 1)
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := ReadState(data, c)
		if (s == nil) == (err == nil) {
			t.Errorf("state %v, error %v", s, err)
		}
	})
}

// Runs that were written when there was one own bit say so in other words.
func TestOlderOwnBit(t *testing.T) {
	c := testConfig(t, 2, 3).WithMemory(training.MemoryLeaky)
	c.OwnBits = 1
	r, err := Create(durable.OS{}, filepath.Join(t.TempDir(), "run"), testManifest(c))
	if err != nil {
		t.Fatal(err)
	}
	manifest := filepath.Join(r.Path, manifestFile)
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
	got, err := Open(durable.OS{}, r.Path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(c, got.Manifest.Config); diff != "" {
		t.Errorf("the configuration is another (-want +got):\n%s", diff)
	}
}

func TestErrors(t *testing.T) {
	c := testConfig(t, 2, 1)
	c.Iterations = 120
	r, _ := trainAll(t, c)
	manifest := filepath.Join(r.Path, manifestFile)
	newest := filepath.Join(r.Path, checkpointsDir, checkpointName(120))
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
		var bad *Error
		if !errors.As(err, &bad) || !bad.BadInput() || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want a Error with %q", err, want)
		}
	}
	_, err = Create(durable.OS{}, r.Path, testManifest(c))
	wants(err, "go on with it")
	_, err = Open(durable.OS{}, filepath.Join(r.Path, "nothing"))
	wants(err, "no such run")
	_, err = Open(durable.OS{}, filepath.Join(r.Path, checkpointsDir))
	wants(err, "no run directory")
	write(manifest, bytes.Replace(raw, []byte("qgan.run/v1"), []byte("qgan.run/v9"), 1))
	_, err = Open(durable.OS{}, r.Path)
	wants(err, "another version")
	write(manifest, raw[:len(raw)/2])
	_, err = Open(durable.OS{}, r.Path)
	wants(err, "damaged")
	write(manifest, bytes.Replace(raw, []byte(`"layers": 2`), []byte(`"layers": -2`), 1))
	_, err = Open(durable.OS{}, r.Path)
	wants(err, "layers")
	write(manifest, raw)
	if r, err = Open(durable.OS{}, r.Path); err != nil {
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
		r, err := Create(durable.OS{}, dir, testManifest(c))
		if err != nil {
			t.Fatal(err)
		}
		fault := durable.NewFault(durable.OS{})
		fault.Crash(k)
		r.fs = fault
		err = r.Train(context.Background(), testTrainer(t, c), nil, nil)
		if err == nil {
			if k < 5 {
				t.Fatalf("only %d operations", k)
			}
			break
		}
		if r, err = Open(durable.OS{}, dir); err != nil {
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
		if err := r.Train(context.Background(), tr, nil, nil); err != nil {
			t.Fatalf("operation %d: %v", k, err)
		}
		if diff := cmp.Diff(want, tr.State); diff != "" {
			t.Fatalf("operation %d:\n%s", k, diff)
		}
	}
}

// A generator that is always silent is stopped with the step and the cause.
func TestCollapseStops(t *testing.T) {
	c := testConfig(t, 2, 1)
	c.Iterations, c.GeneratorLR = 3000, 1e-12
	r, err := Create(durable.OS{}, filepath.Join(t.TempDir(), "run"), testManifest(c))
	if err != nil {
		t.Fatal(err)
	}
	tr := testTrainer(t, c)
	clear(tr.State.Params)
	clear(tr.State.Average)
	err = r.Train(context.Background(), tr, nil, nil)
	if !errors.Is(err, training.ErrCollapsed) || !strings.Contains(err.Error(), "step 450") {
		t.Errorf("got %v", err)
	}
	if s, err := r.Latest(); err != nil || s.Step != 400 {
		t.Errorf("last checkpoint %v, %v", s, err)
	}
}
