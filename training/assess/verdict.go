package assess

import (
	"context"
	"errors"
	"fmt"
	"math"

	"qgan/metrics"
	"qgan/metrics/score"
	"qgan/metrics/spikes"
	"qgan/training"
)

// verdictResamples are those of a verdict beside other figures.
const verdictResamples = 50

// quickBaselines are those that are fitted and judged in a few hundredths of a second.
func quickBaselines(neurons int) []string {
	names := []string{"independent", "psth", "shuffled"}
	if neurons <= mostIsingCells {
		names = append(names, "ising")
	}
	return names
}

// populationBaselines stand beside a population in any case: what knows the time and the
// past as it does, and its own circuit without what entangles. They are fitted in seconds
// for ten cells, in half a minute for fifty.
var populationBaselines = []string{"glm", score.Product}

// verdictOptions are those of a judgement beside other figures: by the repeats held out,
// where there are any, and beside quick baselines where none are named, with those of
// populations where c is one's.
func verdictOptions(rec *metrics.Recording, seed uint64, baselines []string, c *training.Config) ScoreOptions {
	if baselines == nil {
		baselines = quickBaselines(rec.All.Neurons)
		if c != nil && c.Populates() {
			baselines = append(baselines, populationBaselines...)
		}
	}
	return ScoreOptions{Seed: seed, Baselines: baselines, Resamples: verdictResamples, heldOut: true, brief: true}
}

// drawn is a generator of which windows were drawn before, and whose law is known as far as
// that says.
func (j judge) drawn(ctx context.Context, name string, g *Generator, windows *spikes.Raster, law Law) (contestant, error) {
	if err := j.fits(name, g); err != nil {
		return contestant{}, err
	}
	l := fitted{config: g.Config, model: g.Model, params: g.Params, seed: j.opt.Seed, law: law.Estimate}
	out := contestant{score.Subject{Name: name}, g.Model.Parameters(), j.trainedOn(g)}
	repeats, bins := j.SampleShape(l.bins(0))
	var err error
	switch {
	case l.config.RunsOn() || l.single() && windows.Repeats < repeats*bins:
		if out.Samples, err = l.draw(ctx, repeats, bins, j.Judge().BinWidth); err != nil {
			return out, err
		}
	default:
		out.Samples = joined(windows, repeats, bins)
	}
	if !l.config.RunsOn() {
		if l.law == nil {
			return out, nil
		}
		if l.all, err = j.rec.Law(metrics.All, l.config.Timesteps); err != nil {
			return out, err
		}
	}
	if err = l.exact(ctx, j.Judge(), &out.Subject); errors.Is(err, training.ErrIntractable) {
		out.notes = append(out.notes, err.Error())
		return out, nil
	}
	return out, err
}

// measured is a generator of which windows were measured on a processor: samples without a
// law.
func (j judge) measured(name string, g *Generator, windows *spikes.Raster) (contestant, error) {
	if err := j.fits(name, g); err != nil {
		return contestant{}, err
	}
	out := contestant{score.Subject{Name: name, Samples: windows}, g.Model.Parameters(), j.trainedOn(g)}
	if l := (fitted{config: g.Config}); !l.config.RunsOn() {
		repeats, bins := j.SampleShape(l.bins(0))
		if windows.Repeats*windows.Bins < bins { // less than a repeat is judged as windows
			repeats, bins = j.SampleShape(l.config.Timesteps)
		}
		out.Samples = joined(windows, repeats, bins)
	}
	return out, nil
}

// judge begins to judge what is evaluated, by its own worker, and returns a function that
// waits for it and takes it over. Where there is no judgement, as of samples with other bins,
// Unjudged says why.
func (e *Evaluation) judge(ctx context.Context, rec *metrics.Recording, o Options, config *training.Config, of func(judge) (contestant, error)) (wait func() error) {
	so := verdictOptions(rec, o.Seed, o.Baselines, config)
	so.Config = config
	j, err := newJudge(rec, so)
	var c contestant
	if err == nil {
		c, err = of(j)
	}
	var s *Scores
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err == nil {
			s, err = j.judge(ctx, []contestant{c})
		}
	}()
	return func() error {
		switch <-done; {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil:
			e.Unjudged = err.Error()
		default:
			e.Score, e.Verdict = s, s.Judged[0].Verdict
		}
		return nil
	}
}

// saturated says that a divergence tells laws apart no more; "" of one that does.
func saturated(js *float64) string {
	if js == nil || !metrics.Saturated(*js) {
		return ""
	}
	return fmt.Sprintf("The divergence of windows is saturated: %.3f nats of at most ln 2 = %.3f, so that a worse law would score no worse.", *js, math.Ln2)
}
