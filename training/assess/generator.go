package assess

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"qgan/backends"
	"qgan/backends/sim"
	"qgan/internal/words"
	"qgan/metrics"
	"qgan/metrics/spikes"
	"qgan/training"
	"qgan/training/runs"
)

// Generator is a trained model with the parameters that are judged.
type Generator struct {
	Config training.Config
	Model  training.CircuitModel
	Params []float64 // averaged over the training
	Step   int       // steps that made them
	Chosen Chosen
	Data   runs.DataInfo
	Run    *runs.Dir // nil: it belongs to no run directory

	state *training.State
	draws int // latent vectors or pasts of an exact law; 0: as many as it takes
}

// The parameters of a training that can be judged: the best ones, or those of its last
// step.
const (
	BestParameters = "best"
	LastParameters = "last"
)

// Chosen says which of a training's parameters are judged, and what chose them.
type Chosen struct {
	Parameters string `json:"parameters"` // best or last
	Step       int    `json:"step"`
	// Score is what the best ones were chosen by, the smallest there was, in nats; By says of
	// what. nil: it is not in nats.
	Score *float64 `json:"score_nats,omitempty"`
	By    string   `json:"by,omitempty"`
	// Repeats are those that chose: held out, or trained on. A figure of these repeats is a
	// little better than one of others would be.
	Repeats string `json:"repeats,omitempty"`
}

// String says it in words.
func (c Chosen) String() string {
	if c.Parameters == LastParameters {
		return fmt.Sprintf("the parameters are those of the last step, %d", c.Step)
	}
	text := fmt.Sprintf("the parameters are the best ones, of step %d, by the %s of the repeats %s", c.Step, c.By, c.Repeats)
	if c.Score != nil {
		text += fmt.Sprintf(" (%.5g nats)", *c.Score)
	}
	return text
}

// ErrNoCheckpoint says that a run has not been trained yet.
var ErrNoCheckpoint = errors.New("the run has no checkpoint yet")

// Open reads the newest checkpoint of a run. It fails with a *runs.Error, that of
// ErrNoCheckpoint where there is none.
func Open(run *runs.Dir) (*Generator, error) {
	state, err := run.Latest()
	if err != nil {
		return nil, err
	}
	if state == nil {
		return nil, &runs.Error{Path: run.Path, Err: ErrNoCheckpoint}
	}
	return Of(run, state)
}

// Of is the generator of a run at a state of its training.
func Of(run *runs.Dir, state *training.State) (*Generator, error) {
	g, err := New(run.Manifest.Config, state)
	if err != nil {
		return nil, &runs.Error{Path: run.Path, Err: err}
	}
	g.Run, g.Data = run, run.Manifest.Data
	return g, nil
}

// New is the generator of a configuration with the best parameters of a state, whose laws
// are exact. It fails where the state is that of another configuration.
func New(c training.Config, state *training.State) (*Generator, error) {
	m, err := training.NewModel(c, &sim.Simulator{})
	if err != nil {
		return nil, err
	}
	params, step := state.Judged()
	for _, p := range [][]float64{params, state.Average} {
		if len(p) != m.Parameters() {
			return nil, fmt.Errorf("the checkpoint holds %d parameters, the configuration has %d", len(p), m.Parameters())
		}
	}
	g := &Generator{Config: c, Model: m, Params: params, Step: step, Chosen: Chosen{Parameters: LastParameters, Step: step}, state: state}
	if b := state.Best; b.Step > 0 {
		g.Chosen = Chosen{BestParameters, b.Step, &b.Score, "divergence", "trained on"}
		if c.Memory != training.MemoryNone || c.Populates() {
			g.Chosen.By = "mean -ln p a bin"
			if after := c.Stages(); c.Populates() && len(after) > 0 && state.Step > after[0] {
				g.Chosen.Score, g.Chosen.By = nil, "statistics of samples that run freely" // no nats
			}
		}
		if b.HeldOut {
			g.Chosen.Repeats = "held out"
		}
	}
	return g, nil
}

// Asked says which laws are drawn from: those of the same configuration and parameters are
// the same.
func (g *Generator) Asked() string { return fmt.Sprintf("%+v %v", g.Config, g.Params) }

// With is the generator with other parameters of its training: [BestParameters] or
// [LastParameters]. Of a training that scored none both are the last ones.
func (g *Generator) With(parameters string) (*Generator, error) {
	switch parameters {
	case BestParameters:
		return g, nil
	case LastParameters:
		out := *g
		out.Params, out.Step = g.state.Average, g.state.Step
		out.Chosen = Chosen{Parameters: LastParameters, Step: g.state.Step}
		return &out, nil
	}
	return nil, &metrics.OptionError{Option: "parameters " + parameters, Err: fmt.Errorf("there are %s and %s", BestParameters, LastParameters)}
}

// Recording reads the recording that the generator's run was trained on, split as it was.
func (g *Generator) Recording() (*metrics.Recording, error) {
	d := g.Data
	o := metrics.RecordingOptions{Indices: d.Neurons, Repeats: d.Repeats}
	if d.File != "" {
		o.LoadOptions = d.Again(d.BinWidth)
	}
	return metrics.ReadRecording(d.File, o)
}

// Stranger says in words where a recording is not the one that the generator was trained
// on: its file has changed, or it is another one. It is empty where the hashes are equal.
func (g *Generator) Stranger(rec *metrics.Recording) string {
	source := rec.All.Source
	switch {
	case source.SHA256 == g.Data.SHA256:
		return ""
	case rec.File == g.Data.File:
		return fmt.Sprintf("the recording %s has changed since the run was begun: its sha256 is %.12s, it was %.12s", source.Path, source.SHA256, g.Data.SHA256)
	}
	return fmt.Sprintf("the recording %s is not the one that the run was trained on: its sha256 is %.12s, that of %s %.12s", source.Path, source.SHA256, g.Data.Path, g.Data.SHA256)
}

// under is the generator with circuits that run elsewhere, whose law is averaged over so
// many latent vectors or pasts.
func (g *Generator) under(on backends.Solver, draws int) (*Generator, error) {
	m, err := training.NewModel(g.Config, on)
	if err != nil {
		return nil, err
	}
	out := *g
	out.Model, out.draws = m, draws
	return &out, nil
}

// Size counts the parameters of a configuration's generator and of its critic, in words.
func Size(c training.Config) string {
	n := training.CountParameters(c)
	if c.Populates() {
		text := fmt.Sprintf("%d angles", n.Angles)
		for _, x := range []struct {
			count int
			of    string
		}{{n.Memory, "numbers of the memory"}, {n.Stimulus, "numbers of the stimulus"}, {n.Pairs, "weights of pair rotations"}} {
			if x.count > 0 {
				text += fmt.Sprintf(", %d %s", x.count, x.of)
			}
		}
		return text + "; " + Latent(c)
	}
	if c.Memory != training.MemoryNone {
		return fmt.Sprintf("%d angles and %d numbers of the memory, critic of %d weights; %s", n.Angles, n.Memory, n.Critic, Latent(c))
	}
	return fmt.Sprintf("%d angles and %d latent scales, critic of %d weights; latent scale %s", n.Angles, n.LatentScales, n.Critic, Latent(c))
}

// Latent says what the latent vector of a configuration does, or what carries time in its
// place.
func Latent(c training.Config) string {
	switch {
	case c.Populates():
		return "no latent vector: " + population(c)
	case c.Memory != training.MemoryNone:
		return "no latent vector: " + memory(c)
	case c.LatentTrained:
		return fmt.Sprintf("trained from %g, %s latent vector shared by the timesteps", c.LatentScale, c.Latent)
	case c.LatentScale == 0:
		return "0: the latent vector is not used"
	}
	return fmt.Sprintf("fixed at %g, %s latent vector shared by the timesteps", c.LatentScale, c.Latent)
}

// memory says what carries time in a generator with memory.
func memory(c training.Config) string {
	text := string(c.Memory) + " memory"
	if c.OwnBits > 0 {
		text += " with own bits of " + words.Count(c.OwnBits, "bin")
	}
	if c.Tied {
		text += ", one circuit for all timesteps"
	}
	if c.Past > 0 {
		return fmt.Sprintf("%s, of %d bins; samples run on", text, c.Past)
	}
	return text + ", begun anew with each window"
}

// population says what carries time in a population.
func population(c training.Config) string {
	var parts []string
	if c.Stimulus == training.StimulusRepeat {
		text := fmt.Sprintf("the time in a repeat of %d bins", c.StimulusBins)
		if c.StimulusRank > 0 {
			text += fmt.Sprintf(" by angles of rank %d", c.StimulusRank)
		}
		parts = append(parts, text)
	}
	if c.Memory != training.MemoryNone {
		into := map[training.MemoryIn]string{training.MemoryRX: "the encodings", training.MemoryRY: "the last RY", training.MemoryBoth: "the encodings and the last RY"}[c.MemoryIn]
		text := "leaky memory in " + into
		if c.OwnBits > 0 {
			text += " with own bits of " + words.Count(c.OwnBits, "bin")
		}
		parts = append(parts, text)
	}
	return strings.Join(parts, " and ") + "; one circuit for all bins"
}

// Processor is where circuits are measured shot by shot.
type Processor struct {
	Name       string // of the device or the noise model
	Snapshot   string // SHA-256 of its calibration data; empty: there are none
	Mitigation backends.Mitigation
	// Shots draws words with this mitigation of readout errors.
	Shots func(backends.Mitigation) training.Sampler
}

// Draw draws samples and says where they come from, for the description of a file: from
// the exact laws, or on a processor, where on is not nil, by shots. It fails as the
// processor does; what is said of the samples is right all the same.
func (g *Generator) Draw(ctx context.Context, on *Processor, s training.Sampling) (*spikes.Raster, spikes.Meta, error) {
	s.BinWidth = g.Data.BinWidth
	meta := spikes.Meta{
		Seed: s.Seed, BinWidth: s.BinWidth, LatentScale: Latent(g.Config), Neurons: g.Data.Neurons, Names: g.Data.Units,
		Model:    "qgan " + g.Config.Preset + ", readout " + string(g.Config.Readout),
		BitOrder: spikes.BitOrder,
		Extra:    map[string]any{"data_sha256": g.Data.SHA256, "step": g.Step, "parameters": g.Chosen.Parameters, "run_seed": g.Config.Seed},
	}
	if g.Config.Stimulus == training.StimulusRepeat {
		meta.Extra[spikes.FromBin] = s.From
	}
	if p, ok := g.Model.(*training.Population); ok && on == nil {
		r, err := p.DrawFrom(ctx, g.Params, s)
		return r, meta, err
	}
	if on == nil {
		r, err := g.Model.Draw(ctx, g.Params, s.Samples, s.Bins, s.BinWidth, s.Seed)
		return r, meta, err
	}
	meta.Extra["backend"], meta.Extra["mitigation"] = on.Name, string(on.Mitigation)
	meta.Extra["snapshot_sha256"], meta.Extra["samples_per_latent"] = on.Snapshot, s.PerLatent
	r, err := g.Model.DrawShots(ctx, g.Params, on.Shots(on.Mitigation), s)
	return r, meta, err
}

// sampleBins is how much longer than a window the samples are that statistics of a
// generator which runs on are taken of.
const sampleBins = 200

// Sample draws about so many windows for statistics: independent ones, or all windows of
// recordings where the generator runs on.
func (g *Generator) Sample(ctx context.Context, on *Processor, s training.Sampling) (*spikes.Raster, error) {
	s.Bins = g.Config.Timesteps
	if g.Config.RunsOn() {
		more := sampleBins
		if g.Config.Stimulus == training.StimulusRepeat { // whole repeats
			more = g.Config.StimulusBins - g.Config.Timesteps
		}
		s.Bins += more
		s.Samples = (s.Samples + more) / (more + 1)
	}
	r, _, err := g.Draw(ctx, on, s)
	return r, err
}

// Rounds is how many times circuits are run one after the other for samples: a generator with
// memory must know a bin before it draws the next, and what it draws before the samples begin.
func (g *Generator) Rounds(s training.Sampling) int {
	switch {
	case g.Config.Stimulus == training.StimulusRepeat:
		return min(training.BurnIn, s.From) + s.Bins
	case g.Config.Populates():
		return g.Config.Warm() + s.Bins
	case g.Config.Memory == training.MemoryNone:
		return 1
	case g.Config.Past > 0:
		return g.Config.Warm() + s.Bins
	}
	return s.Bins
}

// PerLatent is how many samples share a latent vector where there are so many of them.
func PerLatent(samples, latents int) int { return (samples + latents - 1) / latents }

// Effective is how many independent samples tell as much about the spike count as these,
// of which so many share a latent vector, and how their counts correlate; see
// [metrics.EffectiveSamples].
func Effective(r *spikes.Raster, perLatent int) (size, correlation float64) {
	latents := PerLatent(r.Repeats, perLatent)
	groups := make([][]float64, latents)
	for i := range r.Repeats {
		n := 0.0
		for k := range r.Bins {
			n += float64(r.Active(i, k))
		}
		groups[i%latents] = append(groups[i%latents], n)
	}
	return metrics.EffectiveSamples(groups)
}

// Likelihood is the mean logarithm, in nats, of the probability of each bin of a recording
// given those before.
type Likelihood func(context.Context, *spikes.Raster) (float64, error)

// likely is a model that knows the likelihood of a bin given those before.
type likely interface {
	LogLikelihood(ctx context.Context, params []float64, r *spikes.Raster) (float64, error)
}

// Likelihood is that of a generator with memory whose samples can run on; nil of any
// other.
func (g *Generator) Likelihood() Likelihood {
	m, ok := g.Model.(likely)
	if !ok || !g.Config.Tied {
		return nil
	}
	return func(ctx context.Context, r *spikes.Raster) (float64, error) {
		return m.LogLikelihood(ctx, g.Params, r)
	}
}
