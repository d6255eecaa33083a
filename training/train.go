package training

import (
	"context"
	"time"

	"qgan/backends"
	"qgan/metrics"
)

// Options of [Train]. On is needed, the rest may be left out.
type Options struct {
	// On gives exact laws and gradients: a *sim.Simulator.
	On backends.Differentiator
	// Measure takes gradients from shots where the configuration asks for them: a
	// *shots.Estimator.
	Measure Measurer
	// Observe is told the row of each step.
	Observe func(Row)
}

// Trained is a generator at the end of its training.
type Trained struct {
	Config Config
	Model  Model
	Params []float64 // what the generator is judged by (see [State.Judged])
	State  *State    // all of it, from which a training could go on
}

// Train trains a generator on the repeats of a recording that are trained on, and keeps
// nothing on the disk; [qgan/training/runs] does. The configuration is one for as many
// neurons as the recording has (see [Preset]); what it leaves to the recording is found
// there ([Config.For]). When ctx ends it returns the cause.
func Train(ctx context.Context, rec *metrics.Recording, c Config, o Options) (*Trained, error) {
	c = c.For(rec)
	d, err := DataOf(rec, c.Timesteps)
	if err != nil {
		return nil, err
	}
	t, err := New(c, d, o.On, o.Measure)
	if err != nil {
		return nil, err
	}
	if err := t.Train(ctx, nil, nil, o.Observe); err != nil {
		return nil, err
	}
	params, _ := t.State.Judged()
	return &Trained{Config: c, Model: t.Model(), Params: params, State: t.State}, nil
}

// Row is a line of metrics.jsonl: the figures of one step. Absent figures are
// null: the distance is computed at monitored steps, and only where the exact
// law is within reach.
type Row struct {
	Step        int      `json:"step"`
	Objective   string   `json:"objective"` // of the stage
	CriticLoss  float64  `json:"critic_loss"`
	Generator   float64  `json:"generator_loss"`
	Wasserstein float64  `json:"wasserstein"`
	Penalty     float64  `json:"penalty"`
	Count       float64  `json:"spikes_per_window"`
	JSNats      *float64 `json:"js_nats"`
	PSilent     *float64 `json:"p_silent"`
	Score       *float64 `json:"score_nats"` // see [Glance]
	// Of stages that are for samples that run freely: how far these are off, and in the first
	// such row of a stage how far those of the best parameters before it were.
	Misfit  *Misfit `json:"misfit,omitempty"`
	Before  *Misfit `json:"misfit_before,omitempty"`
	Seconds float64 `json:"seconds"` // since the process began the run
	*MeasuredRow
}

// How often a training looks at itself and is kept.
const (
	rowEvery        = 10 // steps a row that is kept
	monitorEvery    = 50 // steps between distances
	checkpointEvery = 100
	checkpointTime  = 30 * time.Second
)

// Keeper keeps a training while it runs, so that it can go on from there: what a run
// directory does.
type Keeper interface {
	// Keep is told the rows since the last call and the state after the last of them.
	Keep(rows []Row, s *State) error
}

// Train takes the steps that are left, hands the row of each to observe and, every 100
// steps or 30 seconds, at the beginning and at the end, what is to be kept to k. When ctx
// ends it finishes the step, keeps it and returns the cause; a step that waits for a
// service is broken off. k and observe may be nil; now tells the time, nil: the machine's.
func (t *Trainer) Train(ctx context.Context, k Keeper, now func() time.Time, observe func(Row)) error {
	if k == nil {
		k = nobody{}
	}
	if now == nil {
		now = time.Now
	}
	if t.State.Step == 0 {
		if err := k.Keep(nil, t.State); err != nil {
			return err
		}
		if err := t.start(ctx); err != nil {
			return err
		}
	}
	c := t.Config
	stepContext, every := context.WithoutCancel(ctx), checkpointEvery
	if c.Remote() {
		stepContext, every = ctx, 1
	}
	start := now()
	last := start
	var pending []Row
	for t.State.Step < c.Iterations {
		l, err := t.Step(stepContext)
		if err != nil {
			return err
		}
		step := t.State.Step
		row := t.row(l)
		row.Seconds = now().Sub(start).Seconds()
		finished := step == c.Iterations
		if step%monitorEvery == 0 || step == 1 || finished {
			if err := t.monitor(context.WithoutCancel(ctx), &row); err != nil {
				return err
			}
		}
		if step%rowEvery == 0 || row.PSilent != nil {
			pending = append(pending, row)
		}
		if observe != nil {
			observe(row)
		}
		stopped := ctx.Err() != nil
		if step%every == 0 || finished || stopped || now().Sub(last) >= checkpointTime {
			if err := k.Keep(pending, t.State); err != nil {
				return err
			}
			pending, last = pending[:0], now()
		}
		if stopped && !finished {
			return context.Cause(ctx)
		}
	}
	return nil
}

// nobody keeps nothing.
type nobody struct{}

func (nobody) Keep([]Row, *State) error { return nil }

// row is that of the last step.
func (t *Trainer) row(l Losses) Row {
	row := Row{
		Step: t.State.Step, Objective: string(t.stage(t.State.Step - 1).objective),
		CriticLoss: l.Critic, Generator: l.Generator, Wasserstein: l.Wasserstein, Penalty: l.Penalty, Count: l.Count,
	}
	if t.shots != nil {
		m := t.shots.Measured()
		row.MeasuredRow = &m
	}
	return row
}

// monitor looks at the averaged generator, and keeps it where it is the best so far.
func (t *Trainer) monitor(ctx context.Context, row *Row) error {
	s := t.State
	g, err := t.model.Monitor(ctx, s.Average, t.Data, t.Config.Seed)
	if err != nil {
		return err
	}
	row.JSNats, row.PSilent, row.Score = g.JS, &g.PSilent, g.Score
	at := t.stage(s.Step - 1)
	own, ok := at.round.(scorer)
	if !ok {
		s.choose(g.Score, at.first, t.Data.Held != nil)
		return t.collapse(g.PSilent)
	}
	// The best ones before the stage stay unless it makes better ones by its own measure, by
	// which its first look scores them too.
	if b := &s.Best; b.Step > 0 && b.Step <= at.first && s.Step-at.first <= monitorEvery {
		before, err := own.score(ctx, b.Params, t.Config.Seed)
		if err != nil {
			return err
		}
		b.Score, row.Before = leastGain*before.Total(), before.orNil()
	}
	now, err := own.score(ctx, s.Average, t.Config.Seed)
	if err != nil {
		return err
	}
	row.Misfit = now.orNil()
	s.choose(metrics.FiniteOrNil(now.Total()), 0, t.Data.Held != nil)
	return t.collapse(g.PSilent)
}
