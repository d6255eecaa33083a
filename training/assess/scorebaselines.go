package assess

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"

	"qgan/backends/sim"
	"qgan/internal/parallel"
	"qgan/internal/stream"
	"qgan/metrics"
	"qgan/metrics/score"
	"qgan/metrics/spikes"
	"qgan/training"
)

// trainedBaselines are those that are trained like a generator, for minutes, and so only
// where they are asked for. of is the configuration of the generator that is judged.
var trainedBaselines = []struct {
	name  string
	train func(ctx context.Context, of training.Config, rec *metrics.Recording) (training.Config, *training.Trained, error)
}{
	{score.Product, trainProduct},
	{training.ClassicalSizes[0].Name, trainClassical(0)},
	{training.ClassicalSizes[1].Name, trainClassical(1)},
	{training.ClassicalSizes[2].Name, trainClassical(2)},
}

// ScoreBaselines are the names of all baselines of a judgement: those of
// [score.Baselines], and those that have to be trained.
func ScoreBaselines() []string {
	names := score.Baselines()
	for _, b := range trainedBaselines {
		names = append(names, b.name)
	}
	return names
}

// trainProduct trains a generator's own circuit without its CNOTs, exactly.
func trainProduct(ctx context.Context, c training.Config, rec *metrics.Recording) (training.Config, *training.Trained, error) {
	c.Product = true
	t, err := training.Train(ctx, rec, c, training.Options{On: &sim.Simulator{}})
	return c, t, err
}

// trainClassical trains a fully connected generator of one of the sizes, on windows as
// long as the generator's.
func trainClassical(size int) func(context.Context, training.Config, *metrics.Recording) (training.Config, *training.Trained, error) {
	return func(ctx context.Context, of training.Config, rec *metrics.Recording) (training.Config, *training.Trained, error) {
		n, t := of.Neurons, of.Timesteps
		c, err := training.ClassicalConfig(n, t, of.Seed)
		if err != nil {
			return c, nil, err
		}
		c.Iterations = of.Iterations
		d, err := training.DataOf(rec, t)
		if err != nil {
			return c, nil, err
		}
		trainer, err := training.NewWith(c, d, training.NewFullyConnected(n, t, training.ClassicalHidden(n, t, training.ClassicalSizes[size].Factor)))
		if err != nil {
			return c, nil, err
		}
		if err := trainer.Train(ctx, nil, nil, nil); err != nil {
			return c, nil, err
		}
		params, _ := trainer.State.Judged()
		return c, &training.Trained{Config: c, Model: trainer.Model(), Params: params, State: trainer.State}, nil
	}
}

// config is that of the generator that trained baselines go by, exact, with the options'
// seed and steps.
func (j judge) config() (training.Config, error) {
	c := j.opt.Config
	if c == nil {
		preset, err := training.Preset("deep", j.rec.All.Neurons, 1)
		if err != nil {
			return preset, err
		}
		c = &preset
	}
	out := c.WithGradient(training.GradientAdjoint)
	out.Backend, out.Shots, out.MaxShots, out.Perturbation, out.Mitigation = "ideal", 0, 0, 0, ""
	out.Seed = j.opt.Seed
	if j.opt.Iterations > 0 {
		out.Iterations = j.opt.Iterations
	}
	return out, out.Check()
}

// baseline is one that was fitted to the half for that: a model of package score, or a
// trained generator.
type baseline struct {
	name  string
	model score.Model
	law   *fitted
}

// fit fits a baseline. It fails with [score.ErrNoFit] where there is none for the
// recording.
func (j judge) fit(ctx context.Context, name string) (baseline, error) {
	for _, b := range trainedBaselines {
		if b.name != name {
			continue
		}
		c, err := j.config()
		if err != nil {
			return baseline{}, fmt.Errorf("%s: %w: %w", name, score.ErrNoFit, err)
		}
		rec, err := metrics.NewRecording(j.Train(), "")
		if err != nil {
			return baseline{}, err
		}
		c, t, err := b.train(ctx, c, rec)
		if err != nil {
			return baseline{}, fmt.Errorf("training the baseline %s: %w", name, err)
		}
		return baseline{name: name, law: &fitted{config: c, model: t.Model, params: t.Params, seed: j.opt.Seed}}, nil
	}
	m, err := j.Fit(name)
	return baseline{name: name, model: m}, err
}

// rng draws a baseline's samples.
func (j judge) rng(name string) *rand.Rand { return stream.New(j.opt.Seed, "score/baseline/"+name) }

// score judges a baseline in repeats or windows of so many bins, and returns the samples
// where they are drawn for that.
func (j judge) score(ctx context.Context, b baseline, bins int) (*score.Score, *spikes.Raster, error) {
	if b.law == nil {
		x, err := j.ScoreModel(b.model, bins, j.rng(b.name))
		if err != nil || !j.opt.Page {
			return x, nil, err
		}
		repeats, bins := j.SampleShape(bins)
		return x, b.model.Sample(j.rng(b.name), repeats, bins), nil // the same once more
	}
	s, notes, err := b.law.subject(ctx, b.name, j.Referee, bins)
	if err != nil {
		return nil, nil, err
	}
	out, err := j.Score(s)
	if err == nil {
		out.Parameters, out.Notes = b.law.model.Parameters(), append(out.Notes, notes...)
	}
	return out, s.Samples, err
}

// sample draws as many repeats of a baseline as the half to fit has, or windows of one
// that can't go on.
func (j judge) sample(ctx context.Context, b baseline) (*spikes.Raster, error) {
	if b.law == nil {
		repeats, bins := j.SampleShape(0)
		return b.model.Sample(j.rng(b.name), repeats, bins), nil
	}
	repeats, bins := j.SampleShape(b.law.bins(0))
	return b.law.draw(ctx, repeats, bins, j.Judge().BinWidth)
}

// sideBySide is the number of baselines that are fitted and judged at once: while one is
// fitted, which mostly takes a single processor, another is counted.
const sideBySide = 2

// baselines fits each baseline and judges it in repeats or windows of each length.
func (j judge) baselines(ctx context.Context, out *Scores, bins []int) error {
	names := j.opt.Baselines
	if names == nil {
		names = score.Baselines()
	}
	type result struct {
		score   *score.Score
		samples *spikes.Raster
		err     error
	}
	results := make([][]result, len(names))
	var progress sync.Mutex
	parallel.Each(len(names), sideBySide, func(i, _ int) {
		name := names[i]
		if err := ctx.Err(); err != nil {
			results[i] = []result{{err: err}}
			return
		}
		progress.Lock()
		j.opt.Progress("fitting and judging the baseline " + name)
		progress.Unlock()
		b, err := j.fit(ctx, name)
		if err != nil {
			results[i] = []result{{err: err}}
			return
		}
		for _, n := range bins {
			x, samples, err := j.score(ctx, b, n)
			results[i] = append(results[i], result{x, samples, err})
		}
	})
	for i, name := range names {
		for _, r := range results[i] {
			if err := out.unless(name, r.err); err != nil {
				return err
			}
			if r.err == nil {
				out.Baselines = append(out.Baselines, r.score)
				if err := j.keep(out, r.score, r.samples, false); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// unless notes that there is no such baseline, where the error says so, and returns any
// other error.
func (s *Scores) unless(name string, err error) error {
	if errors.Is(err, score.ErrNoFit) {
		s.Absent = append(s.Absent, AbsentBaseline{name, err.Error()})
		return nil
	}
	return err
}

// DrawBaseline fits a baseline of [ScoreBaselines] to the half of a recording's repeats
// that the options say and draws as many repeats of it as that half has; windows, of one
// that can't go on. It fails with [score.ErrNoFit] where there is none for the recording.
func DrawBaseline(ctx context.Context, rec *metrics.Recording, name string, o ScoreOptions) (*spikes.Raster, spikes.Meta, error) {
	o.Baselines = []string{name}
	j, err := newJudge(rec, o)
	if err != nil {
		return nil, spikes.Meta{}, err
	}
	b, err := j.fit(ctx, name)
	if err != nil {
		return nil, spikes.Meta{}, err
	}
	r, err := j.sample(ctx, b)
	source := rec.All.Source
	return r, spikes.Meta{
		Seed: o.Seed, BinWidth: rec.All.BinWidth, Neurons: source.Neurons, Names: source.Units, Model: "baseline " + name, BitOrder: spikes.BitOrder,
		Extra: map[string]any{"data_sha256": source.SHA256, "split": j.split.Name},
	}, err
}

// known refuses names that no baseline has.
func (o ScoreOptions) known() error {
	for _, name := range o.Baselines {
		if !slices.Contains(ScoreBaselines(), name) {
			return &metrics.OptionError{Option: "baselines " + name, Err: fmt.Errorf("there are %v", ScoreBaselines())}
		}
	}
	return nil
}
