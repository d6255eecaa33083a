package assess_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"qgan/backends"
	"qgan/backends/sim"
	"qgan/internal/stream"
	"qgan/ir"
	"qgan/metrics"
	"qgan/metrics/spikes"
	"qgan/training"
	"qgan/training/assess"
	"qgan/training/runs"
)

// What the latent vector does, or what carries time in its place, and how large it all is.
func TestWords(t *testing.T) {
	deep := func(n, steps int, change func(*training.Config)) training.Config {
		c, err := training.Preset("deep", n, steps)
		if err != nil {
			t.Fatal(err)
		}
		c.Layers, c.Hidden = 2, 6
		change(&c)
		return c
	}
	for _, k := range []struct {
		c            training.Config
		latent, size string
	}{
		// 2 neurons in 2 layers: 4 gates of 2 angles; the critic has 2·6 + 6 + 6 + 1 weights.
		{deep(2, 1, func(c *training.Config) {}), "0: the latent vector is not used", "8 angles and 0 latent scales, critic of 25 weights; latent scale 0: the latent vector is not used"},
		{deep(2, 1, func(c *training.Config) { c.LatentScale, c.Latent = 1.5, "uniform" }), "fixed at 1.5, uniform latent vector shared by the timesteps",
			"8 angles and 0 latent scales, critic of 25 weights; latent scale fixed at 1.5, uniform latent vector shared by the timesteps"},
		{deep(2, 1, func(c *training.Config) { c.LatentScale, c.LatentTrained = 0.5, true }), "trained from 0.5, normal latent vector shared by the timesteps",
			"8 angles and 4 latent scales, critic of 25 weights; latent scale trained from 0.5, normal latent vector shared by the timesteps"},
		{deep(2, 2, func(c *training.Config) { *c = c.WithMemory(training.MemoryBits); c.Layers, c.Tied = 2, false }), "no latent vector: bits memory, begun anew with each window", ""},
		{deep(2, 2, func(c *training.Config) { c.OwnBits = 1 }), "no latent vector: leaky memory with own bits of 1 bin, one circuit for all timesteps, begun anew with each window", ""},
		{deep(2, 2, func(c *training.Config) { c.OwnBits, c.Past = 3, 20 }), "no latent vector: leaky memory with own bits of 3 bins, one circuit for all timesteps, of 20 bins; samples run on", ""},
	} {
		if got := assess.Latent(k.c); got != k.latent {
			t.Errorf("latent vector %q, want %q", got, k.latent)
		}
		n := training.CountParameters(k.c)
		if k.size == "" {
			k.size = fmt.Sprintf("%d angles and %d numbers of the memory, critic of %d weights; %s", n.Angles, n.Memory, n.Critic, k.latent)
		}
		if got := assess.Size(k.c); got != k.size {
			t.Errorf("size %q, want %q", got, k.size)
		}
	}
}

// spy keeps what it is asked for and draws silence.
type spy struct {
	scripted
	shots []int
	seed  uint64
}

func (s *spy) Words(ctx context.Context, c *ir.Circuit, b backends.Bindings, shots []int, seed uint64) ([][]uint64, error) {
	s.shots, s.seed = shots, seed
	return s.scripted.Words(ctx, c, b, shots, seed)
}

// Samples come with all that says where they come from.
func TestDraw(t *testing.T) {
	rec := uneven(t, 6, 60, 2, 3, "")
	g := untrained(t, rec, 2, func(c *training.Config) { *c = c.WithMemory(training.MemoryNone); c.Seed, c.Layers = 11, 2 })
	g.Data = runs.DataInfo{Source: spikes.Source{SHA256: "feed", Neurons: []int{3, 5}}, BinWidth: 0.02}
	g.Step = 4
	r, meta, err := g.Draw(t.Context(), nil, training.Sampling{Samples: 9, Bins: 2, Seed: 8})
	if err != nil {
		t.Fatal(err)
	}
	want, err := g.Model.Draw(t.Context(), g.Params, 9, 2, 0.02, 8)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "samples", r, want)
	same(t, "description", meta, spikes.Meta{
		Seed: 8, BinWidth: 0.02, LatentScale: assess.Latent(g.Config), Neurons: []int{3, 5}, Model: "qgan deep, readout born", BitOrder: spikes.BitOrder,
		Extra: map[string]any{"data_sha256": "feed", "step": 4, "parameters": "last", "run_seed": uint64(11)},
	})

	var asked []backends.Mitigation
	on := &spy{scripted: scripted{1}}
	p := &assess.Processor{Name: "made", Snapshot: "beef", Mitigation: backends.MitigateM3, Shots: func(m backends.Mitigation) training.Sampler {
		asked = append(asked, m)
		return on
	}}
	r, meta, err = g.Draw(t.Context(), p, training.Sampling{Samples: 9, Bins: 2, PerLatent: 3, Seed: 8})
	if err != nil {
		t.Fatal(err)
	}
	same(t, "description of shots", meta.Extra, map[string]any{
		"data_sha256": "feed", "step": 4, "parameters": "last", "run_seed": uint64(11), "backend": "made", "mitigation": "m3", "snapshot_sha256": "beef", "samples_per_latent": 3,
	})
	if r.Repeats != 9 || r.BinWidth != 0.02 || len(asked) != 1 || asked[0] != backends.MitigateM3 || len(on.shots) != 2*3 || on.seed != 8 {
		t.Errorf("%d samples, bins of %v s, mitigations %v, %d circuits, seed %d", r.Repeats, r.BinWidth, asked, len(on.shots), on.seed)
	}
	for _, k := range []struct{ samples, latents, want int }{{9, 3, 3}, {10, 3, 4}, {11, 3, 4}, {2, 5, 1}} {
		if got := assess.PerLatent(k.samples, k.latents); got != k.want {
			t.Errorf("%d samples of %d latent vectors: %d each, want %d", k.samples, k.latents, got, k.want)
		}
	}
}

// A run's generator has the averaged parameters, and its recording is read as it was.
func TestOfARun(t *testing.T) {
	path := filepath.Join(t.TempDir(), "made.csv") // bins x neurons, without repeats and a bin width
	made := uneven(t, 1, 120, 4, 5, "").All
	var text strings.Builder
	for bin := range made.Bins {
		fmt.Fprintln(&text, strings.Join(strings.Split(fmt.Sprintf("%04b", made.Word(0, bin)), ""), ","))
	}
	if err := os.WriteFile(path, []byte(text.String()), 0o666); err != nil {
		t.Fatal(err)
	}
	rec, err := metrics.ReadRecording(path, metrics.RecordingOptions{LoadOptions: spikes.LoadOptions{RepeatBins: 20, BinWidth: 0.005}, Neurons: "1,3", Repeats: "1:3"})
	if err != nil {
		t.Fatal(err)
	}
	g := untrained(t, rec, 1, func(c *training.Config) { c.Average = 0.5 })
	r := rec.Train
	run, err := runs.Create(nil, filepath.Join(t.TempDir(), "run"), runs.Manifest{Config: g.Config, Data: runs.DataInfo{Source: r.Source, File: rec.File, BinWidth: r.BinWidth}})
	if err != nil {
		t.Fatal(err)
	}
	_, err = assess.Open(run)
	if bad := (*runs.Error)(nil); !errors.As(err, &bad) || !errors.Is(err, assess.ErrNoCheckpoint) || bad.Path != run.Path {
		t.Errorf("without a checkpoint: %v", err)
	}
	state := must(training.New(g.Config, must(training.DataOf(rec, 1)), &sim.Simulator{}, nil)).State
	state.Step = 7
	for i := range state.Average {
		state.Average[i] = state.Params[i] + 1
	}
	if err := run.Checkpoint(state); err != nil {
		t.Fatal(err)
	}
	got, err := assess.Open(run)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got.Params, state.Average) || got.Step != 7 || got.Run != run || got.Data.RepeatBins != 20 {
		t.Errorf("step %d, parameters %v", got.Step, got.Params)
	}
	back, err := got.Recording()
	if err != nil {
		t.Fatal(err)
	}
	same(t, "trained on", back.Train, rec.Train)
	same(t, "held out", back.Held, rec.Held)
	same(t, "file", back.File, rec.File)

	for _, n := range []int{len(state.Average) - 1, len(state.Average) + 1} {
		short, best := *state, *state
		short.Average = make([]float64, n)
		best.Best = training.Best{Step: 3, Params: make([]float64, n)}
		for _, s := range []*training.State{&short, &best} {
			if _, err := assess.Of(run, s); err == nil {
				t.Errorf("%d parameters of %d were taken", n, len(state.Average))
			}
		}
	}
}

// A generator has the best parameters of its training, and on request the last ones; it
// says which, and what chose them.
func TestParameters(t *testing.T) {
	rec := uneven(t, 6, 60, 2, 3, "odd")
	for _, k := range []struct {
		timesteps int
		best      training.Best
		which     string
		want      assess.Chosen
		words     string
	}{
		{1, training.Best{}, assess.BestParameters, assess.Chosen{Parameters: "last", Step: 9}, "the parameters are those of the last step, 9"},
		{1, training.Best{Step: 5, Score: 0.25}, assess.BestParameters, assess.Chosen{Parameters: "best", Step: 5, Score: new(0.25), By: "divergence", Repeats: "trained on"},
			"the parameters are the best ones, of step 5, by the divergence of the repeats trained on (0.25 nats)"},
		{2, training.Best{Step: 5, Score: 0.75, HeldOut: true}, assess.BestParameters, assess.Chosen{Parameters: "best", Step: 5, Score: new(0.75), By: "mean -ln p a bin", Repeats: "held out"},
			"the parameters are the best ones, of step 5, by the mean -ln p a bin of the repeats held out (0.75 nats)"},
		{2, training.Best{Step: 5, Score: 0.75, HeldOut: true}, assess.LastParameters, assess.Chosen{Parameters: "last", Step: 9}, "the parameters are those of the last step, 9"},
	} {
		state := must(training.New(untrained(t, rec, k.timesteps, nil).Config, must(training.DataOf(rec, k.timesteps)), &sim.Simulator{}, nil)).State
		state.Step, state.Best = 9, k.best
		want := state.Average
		if k.best.Step > 0 {
			state.Best.Params = make([]float64, len(state.Average))
			if k.which == assess.BestParameters {
				want = state.Best.Params
			}
		}
		g := must(must(assess.New(untrained(t, rec, k.timesteps, nil).Config, state)).With(k.which))
		same(t, "chosen", g.Chosen, k.want)
		if g.Chosen.String() != k.words || g.Step != k.want.Step || !slices.Equal(g.Params, want) {
			t.Errorf("%s: step %d, parameters %v, want %s and %v", g.Chosen, g.Step, g.Params, k.words, want)
		}
	}
	if _, err := untrained(t, rec, 1, nil).With("first"); err == nil || err.Error() != "parameters first: there are best and last" {
		t.Errorf("other parameters: %v", err)
	}
}

// Baselines are fitted to the repeats trained on alone, and trained for as many steps as
// are asked for: on all of these repeats and, for what is held out, on their odd ones.
func TestMeasureBaselines(t *testing.T) {
	rec := uneven(t, 7, 60, 2, 3, "1:6")
	rec.All.Source.SHA256, rec.Train.Source.SHA256 = "all", "trained"
	var told, begun []string
	o := assess.BaselineOptions{
		Seed: 3, Classical: true, Iterations: 5, Training: func(name string, hidden int) { told = append(told, name) },
		Begin: func(name string, k, n int) { begun = append(begun, fmt.Sprintf("%d/%d %s", k, n, name)) },
	}
	b, err := assess.MeasureBaselines(t.Context(), rec, 2, o)
	if err != nil {
		t.Fatal(err)
	}
	alone := must(metrics.NewRecording(rec.Train, ""))
	s := must(alone.Law(metrics.All, 2))
	same(t, "head", []any{b.Schema, b.Data, b.DataSHA256, b.Neurons, b.Timesteps, b.Windows, b.Seen, b.PSilent},
		[]any{"qgan.baseline/v1", "made", "trained", rec.Train.Source.Neurons, 2, 5 * 59, s.Len(), s.PSilent()})
	want := must(alone.Baselines(2, metrics.BaselineOptions{Rand: stream.New(3, "baseline")}))
	c := must(training.ClassicalConfig(2, 2, 3))
	c.Iterations = 5
	for _, size := range training.ClassicalSizes {
		hidden := training.ClassicalHidden(2, 2, size.Factor)
		r := must(training.ClassicalResult(t.Context(), c, hidden, rec.Train, nil))
		held := must(training.ClassicalResult(t.Context(), c, hidden, alone.Raster(metrics.Odd), alone.Raster(metrics.Even)))
		r.Name, r.JSHeldOut, r.LogLikelihoodHeldOut = size.Name, held.JS, held.LogLikelihoodHeldOut
		want = append(want, r)
	}
	same(t, "models", b.Models, want)
	for i, m := range want {
		same(t, "begun", begun[i], fmt.Sprintf("%d/%d %s", i+1, len(want), m.Name))
	}
	same(t, "told", told, []string{"fully-connected-small", "fully-connected-medium", "fully-connected-large"})

	// Of a single repeat nothing is held out.
	o.Iterations = 1
	one, err := assess.MeasureBaselines(t.Context(), uneven(t, 1, 60, 2, 3, ""), 1, o)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range one.Models[len(one.Models)-3:] {
		if m.JS == nil || m.JSHeldOut != nil || m.LogLikelihoodHeldOut != nil {
			t.Errorf("%s of one repeat: %+v", m.Name, m)
		}
	}
}
