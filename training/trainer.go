package training

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"

	"qgan/backends"
	"qgan/internal/named"
	"qgan/internal/stream"
)

// State is all of a run that changes: a checkpoint holds it whole.
type State struct {
	Step      int       // steps taken
	Params    []float64 // the generator's parameters
	Average   []float64 // their exponential average; what is evaluated
	Critic    []float64 // the critic's weights
	GenAdam   *Adam
	CritAdam  *Adam
	Collapsed int // monitored steps in a row that looked collapsed
	Best      Best
	Moments
	Used Usage // of all steps
}

// Trainer takes the steps of a run.
type Trainer struct {
	Config Config
	Data   *Data
	State  *State

	model  Model            // exact
	init   func(*rand.Rand) // writes the first parameters
	shots  Measurer
	critic *Critic
	stages []stage
	// Of a population: factors of its parameters' learning rates, and the decay of a step.
	factors []float64
	shrink  func(params []float64, rate float64)
	// Buffers.
	genGrad, criticGrad        []float64
	paramsBefore, criticBefore []float64 // of a step that may fail
	streams                    struct{ latent, fake, real, mix stream.Source }
}

// New prepares a run at its beginning. on gives exact laws and gradients. With a gradient
// from shots m measures them, and the exact laws are for figures alone; without it is nil.
func New(c Config, d *Data, on backends.Differentiator, m Measurer) (*Trainer, error) {
	if err := c.Check(); err != nil {
		return nil, err
	}
	if c.Measured() != (m != nil) {
		return nil, fmt.Errorf("gradient %s: an estimator from shots is for the others, and needed by them", c.Gradient)
	}
	model, err := NewModel(c, on)
	if err != nil {
		return nil, err
	}
	trained := model // what is trained, on what trains it
	if m != nil {
		if trained, err = NewModel(c, m); err != nil {
			return nil, err
		}
	}
	t, err := begin(c, d, model)
	if err != nil {
		return nil, err
	}
	t.shots = m
	switch g := trained.(type) {
	case *Population:
		g.Init(t.State.Params, startWidth(c.Init), d.Windows.Raster, stream.New(c.Seed, "init"))
		t.factors, t.shrink = g.rates(), g.shrink
		return t, t.lay(func(o Objective) (round, error) { return newPopulationRound(c, o, g, t.critic, d) })
	case *Recurrent:
		g.Init(t.State.Params, startWidth(c.Init), d.rates(), stream.New(c.Seed, "init"))
		return t, t.lay(func(o Objective) (round, error) { return newMemoryRound(c, o, g, t.critic, d) })
	case patchModel:
		return t, t.share(g.patch, m != nil)
	}
	return nil, fmt.Errorf("a generator of type %T can't be trained", trained)
}

// NewWith prepares a run of any generator whose timesteps share a latent vector: the
// steps are those of New, with the objective and the critic of the configuration.
func NewWith(c Config, d *Data, g Generator) (*Trainer, error) {
	if err := c.Check(); err != nil {
		return nil, err
	}
	if c.Memory != MemoryNone || c.Measured() || g.Neurons() != c.Neurons || g.Timesteps() != c.Timesteps {
		return nil, fmt.Errorf("a generator of %d neurons and %d timesteps, a configuration of %d and %d with memory %s and gradient %s",
			g.Neurons(), g.Timesteps(), c.Neurons, c.Timesteps, c.Memory, c.Gradient)
	}
	t, err := begin(c, d, mixtureModel{g, c})
	if err != nil {
		return nil, err
	}
	return t, t.share(g, false)
}

// begin makes a trainer whose generator's parameters are still 0.
func begin(c Config, d *Data, m Model) (*Trainer, error) {
	if d.Windows.Neurons != c.Neurons || d.Windows.T != c.Timesteps {
		return nil, fmt.Errorf("the data have %d neurons and windows of %d bins, the model %d and %d", d.Windows.Neurons, d.Windows.T, c.Neurons, c.Timesteps)
	}
	t := &Trainer{Config: c, Data: d, model: m, critic: NewCritic(c.Neurons*c.Timesteps, c.Hidden)}
	t.critic.Init(stream.New(c.Seed, "critic"))
	n, weights := m.Parameters(), len(t.critic.Params)
	t.State = &State{
		Params: make([]float64, n), Average: make([]float64, n), Critic: t.critic.Params,
		GenAdam: NewAdam(n, c.Beta1, c.Beta2), CritAdam: NewAdam(weights, c.Beta1, c.Beta2),
	}
	t.genGrad, t.criticGrad = make([]float64, n), make([]float64, weights)
	return t, nil
}

// share trains a generator whose timesteps share a latent vector.
func (t *Trainer) share(g Generator, measured bool) error {
	t.init = func(rng *rand.Rand) { g.Init(t.State.Params, rng) }
	t.init(stream.New(t.Config.Seed, "init"))
	return t.lay(func(o Objective) (round, error) { return newSharedRound(t.Config, o, g, t.critic, t.Data, measured) })
}

// lay lays out the stages of the training, whose generator has its parameters.
func (t *Trainer) lay(newRound func(Objective) (round, error)) (err error) {
	copy(t.State.Average, t.State.Params)
	t.stages, err = newStages(t.Config, newRound)
	return err
}

// Restore continues from a state; its sizes must fit the configuration.
func (t *Trainer) Restore(s *State) error {
	for _, k := range []struct {
		what      string
		got, want int
	}{
		{"parameters", len(s.Params), len(t.State.Params)},
		{"averaged parameters", len(s.Average), len(t.State.Params)},
		{"critic weights", len(s.Critic), len(t.State.Critic)},
		{"generator moments", len(s.GenAdam.M) + len(s.GenAdam.V), 2 * len(t.State.Params)},
		{"critic moments", len(s.CritAdam.M) + len(s.CritAdam.V), 2 * len(t.State.Critic)},
		{"best parameters", len(s.Best.Params), min(s.Best.Step, 1) * len(t.State.Params)},
	} {
		if err := checkShape(k.what, k.got, k.want); err != nil {
			return err
		}
	}
	t.State = s
	t.critic.Params = s.Critic
	return nil
}

// Model returns the generator being trained, with exact laws.
func (t *Trainer) Model() Model { return t.model }

// stage returns that of a step, counted from 0. It is told from the step alone, so a
// resumed run needs nothing else.
func (t *Trainer) stage(step int) *stage {
	for i := len(t.stages) - 1; i > 0; i-- {
		if step >= t.stages[i].first {
			return &t.stages[i]
		}
	}
	return &t.stages[0]
}

// ErrDiverged says that a step gave values that are no numbers.
var ErrDiverged = errors.New("training diverged")

// ErrCollapsed says that the generator stopped varying.
var ErrCollapsed = errors.New("the generator collapsed")

// Step is one generator update with its critic updates before it. Where it returns an
// error the parameters are what they were; the optimisers may have moved, so the run goes
// on from a checkpoint. The context ends what is measured.
func (t *Trainer) Step(ctx context.Context) (Losses, error) {
	s, at := t.State, t.stage(t.State.Step)
	if t.shots != nil {
		t.shots.Begin(s.Step, &s.Moments)
	}
	t.paramsBefore = append(t.paramsBefore[:0], s.Params...)
	t.criticBefore = append(t.criticBefore[:0], s.Critic...)
	var out Losses
	err := t.updates(ctx, at, &out)
	if err == nil {
		err = errors.Join(finite("critic weight", s.Critic), finite("generator parameter", s.Params),
			finite("loss", []float64{out.Critic, out.Generator}))
	}
	if err != nil {
		copy(s.Params, t.paramsBefore)
		copy(s.Critic, t.criticBefore)
		if errors.Is(err, errNotFinite) {
			err = fmt.Errorf("%w at step %d: %w", ErrDiverged, s.Step+1, err)
		}
		return out, err
	}
	if keep := t.Config.Average; keep > 0 {
		for i, x := range s.Params {
			s.Average[i] = keep*s.Average[i] + (1-keep)*x
		}
	} else {
		copy(s.Average, s.Params)
	}
	if t.shots != nil {
		m := t.shots.Measured()
		s.Used.Circuits, s.Used.Shots = s.Used.Circuits+m.Circuits, s.Used.Shots+m.Shots
	}
	s.Step++
	return out, nil
}

// updates makes the critic's updates of a step and then the generator's.
func (t *Trainer) updates(ctx context.Context, at *stage, out *Losses) error {
	c, s := t.Config, t.State
	if s.Step == at.first {
		s.GenAdam = NewAdam(len(s.Params), at.beta1, at.beta2)
		s.CritAdam = NewAdam(len(s.Critic), c.Beta1, c.Beta2)
	}
	s.GenAdam.Beta1, s.GenAdam.Beta2 = at.beta1, at.beta2
	rate := c.schedule(s.Step-at.first, at.steps)
	for i := range at.criticSteps {
		clear(t.criticGrad)
		if err := at.round.critic(ctx, t.update(i), t.criticGrad, out); err != nil {
			return err
		}
		if err := finite("the gradient of critic weight", t.criticGrad); err != nil {
			return err
		}
		s.CritAdam.Step(s.Critic, t.criticGrad, rate*c.CriticLR)
		if c.Penalty == PenaltyClip {
			t.critic.Clip(c.PenaltyWeight)
		}
	}
	clear(t.genGrad)
	if err := at.round.generator(ctx, t.update(at.criticSteps), t.genGrad, out); err != nil {
		return err
	}
	if err := finite("the gradient of generator parameter", t.genGrad); err != nil {
		return err
	}
	s.GenAdam.StepEach(s.Params, t.genGrad, rate*at.rate, t.factors)
	if t.shrink != nil {
		t.shrink(s.Params, rate*at.rate)
	}
	return nil
}

// update is the one of that number within the step. It ends the streams of the one before.
func (t *Trainer) update(i int) update {
	seed, step, index := t.Config.Seed, uint64(t.State.Step), uint64(i)
	return update{params: t.State.Params, index: i, draw: draw{
		latent: t.streams.latent.Rand(seed, "latent", step, index),
		fake:   t.streams.fake.Rand(seed, "fake", step, index),
		real:   t.streams.real.Rand(seed, "real", step, index),
		mix:    t.streams.mix.Rand(seed, "mix", step, index),
	}}
}

// collapse watches the generator's law at monitored steps: it has collapsed
// where one window takes all but a hundredth of what varies in the recording,
// for collapseAfter monitored steps in a row.
func (t *Trainer) collapse(pSilent float64) error {
	active := 1 - t.Data.pSilent()
	if active > 0 && 1-pSilent < 0.01*active || math.IsNaN(pSilent) {
		t.State.Collapsed++
	} else {
		t.State.Collapsed = 0
	}
	if t.State.Collapsed >= collapseAfter {
		return named.Errorf("%w by step %d: P(silent window) has been %.6f, the recording's is %.6f; try a smaller {generator-lr}, or another {seed}",
			ErrCollapsed, t.State.Step, pSilent, 1-active)
	}
	return nil
}

const collapseAfter = 10
