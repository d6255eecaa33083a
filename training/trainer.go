package training

import (
	"context"
	"errors"
	"fmt"
	"math"

	"qgan/backends"
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
	// Running means of gradients from shots: derivatives by symbol, single-shot variances
	// by place; empty where nothing was measured.
	Derivatives, ShotVariances []float64
	Used                       Usage // of all steps
}

// Trainer takes the steps of a run.
type Trainer struct {
	Config Config
	Data   *Data
	State  *State

	model     Model // exact
	shots     *Estimator
	critic    *Critic
	course    *course // of a generator with memory; the fields below are of those without
	generator Generator
	objective objective
	// Buffers.
	laws, upstream, genGrad, criticGrad []float64
	paramsBefore, criticBefore          []float64 // of a step that may fail
	latents                             [][]float64
	streams                             struct{ latent, fake, real, mix stream.Source }
}

// New prepares a run at its beginning. on gives exact laws and gradients. With a gradient
// from shots, e says where they are measured; its settings become those of the
// configuration, and the exact laws are for figures alone.
func New(c Config, d *Data, on backends.Differentiator, e *Estimator) (*Trainer, error) {
	if err := c.Check(); err != nil {
		return nil, err
	}
	if c.Measured() != (e != nil) {
		return nil, fmt.Errorf("gradient %s: an estimator from shots is for the others, and needed by them", c.Gradient)
	}
	if d.Windows.Neurons != c.Neurons || d.Windows.T != c.Timesteps {
		return nil, fmt.Errorf("the data have %d neurons and windows of %d bins, the model %d and %d", d.Windows.Neurons, d.Windows.T, c.Neurons, c.Timesteps)
	}
	m, err := NewModel(c, on)
	if err != nil {
		return nil, err
	}
	trained := m // what is trained, on what trains it
	if e != nil {
		e.Gradient, e.Shots, e.MaxShots, e.Perturbation, e.Mitigation, e.Seed = c.Gradient, c.Shots, c.MaxShots, c.Perturbation, c.Mitigation, c.Seed
		if trained, err = NewModel(c, e); err != nil {
			return nil, err
		}
	}
	t := &Trainer{Config: c, Data: d, model: m, shots: e}
	t.start(m.Parameters())
	switch g := trained.(type) {
	case *Recurrent:
		g.Init(t.State.Params, startWidth(c.Init), d.rates(), stream.New(c.Seed, "init"))
		if t.course, err = newCourse(c, g, t.critic, d); err != nil {
			return nil, err
		}
		copy(t.State.Average, t.State.Params)
	case patchModel:
		if err := t.train(g.Patch); err != nil {
			return nil, err
		}
	}
	return t, nil
}

// NewWith prepares a run of any generator whose timesteps share a latent vector: the
// steps are those of New, with the objective and the critic of the configuration.
// Model is nil then.
func NewWith(c Config, d *Data, g Generator) (*Trainer, error) {
	if err := c.Check(); err != nil {
		return nil, err
	}
	n, steps := d.Windows.Neurons, d.Windows.T
	if c.Memory != MemoryNone || c.Neurons != n || c.Timesteps != steps || g.Neurons() != n || g.Timesteps() != steps {
		return nil, fmt.Errorf("a generator of %d neurons and %d timesteps, a configuration of %d and %d with memory %s, data of %d and %d",
			g.Neurons(), g.Timesteps(), c.Neurons, c.Timesteps, c.Memory, n, steps)
	}
	t := &Trainer{Config: c, Data: d}
	t.start(g.Parameters())
	return t, t.train(g)
}

// start makes the state of a run that begins, the generator's parameters still 0.
func (t *Trainer) start(parameters int) {
	c := t.Config
	t.critic = NewCritic(c.Neurons*c.Timesteps, c.Hidden)
	t.critic.Init(stream.New(c.Seed, "critic"))
	t.State = &State{
		Params: make([]float64, parameters), Average: make([]float64, parameters), Critic: t.critic.Params,
		GenAdam: NewAdam(parameters, c.Beta1, c.Beta2), CritAdam: NewAdam(len(t.critic.Params), c.Beta1, c.Beta2),
	}
}

// train makes g what the steps train, from parameters of its own.
func (t *Trainer) train(g Generator) error {
	c, s := t.Config, t.State
	t.generator = g
	g.Init(s.Params, stream.New(c.Seed, "init"))
	copy(s.Average, s.Params)
	if c.Expectation == Exact {
		table, err := t.Data.States.Table()
		if err != nil {
			return err
		}
		t.objective = newCubeObjective(c, t.critic, table)
	} else {
		t.objective = newBatchObjective(c, t.critic, t.Data)
	}
	t.latents = newLatents(c, c.Batch)
	t.laws = make([]float64, c.Timesteps*len(t.latents)<<c.Neurons)
	t.upstream = make([]float64, len(t.laws))
	t.genGrad, t.criticGrad = make([]float64, len(s.Params)), make([]float64, len(s.Critic))
	return nil
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
	} {
		if err := checkShape(k.what, k.got, k.want); err != nil {
			return err
		}
	}
	t.State = s
	t.critic.Params = s.Critic
	return nil
}

// Model returns the generator being trained.
func (t *Trainer) Model() Model { return t.model }

// objectiveAt is what a step, counted from 0, trains on.
func (t *Trainer) objectiveAt(step int) Objective {
	if t.course == nil {
		return t.Config.Objective
	}
	return t.course.at(step).objective
}

// ErrDiverged says that a step gave values that are no numbers.
var ErrDiverged = errors.New("training diverged")

// ErrCollapsed says that the generator stopped varying.
var ErrCollapsed = errors.New("the generator collapsed")

// Step is one generator update with its critic updates before it. Where it
// returns an error the parameters are what they were; the optimisers may have
// moved, so the run goes on from a checkpoint.
func (t *Trainer) Step() (losses, error) { return t.step(context.Background()) }

// step is Step; the context ends what is measured.
func (t *Trainer) step(ctx context.Context) (losses, error) {
	c, s := t.Config, t.State
	if t.shots != nil {
		t.shots.begin(ctx, s)
	}
	step := uint64(s.Step)
	rate := c.schedule(s.Step, c.Iterations)
	var out losses
	t.paramsBefore = append(t.paramsBefore[:0], s.Params...)
	t.criticBefore = append(t.criticBefore[:0], s.Critic...)
	fail := func(err error) (losses, error) {
		copy(s.Params, t.paramsBefore)
		copy(s.Critic, t.criticBefore)
		return out, fmt.Errorf("%w at step %d: %w", ErrDiverged, s.Step+1, err)
	}
	broken := func(err error) (losses, error) {
		copy(s.Params, t.paramsBefore)
		copy(s.Critic, t.criticBefore)
		return out, err
	}
	updates := uint64(c.CriticSteps + 1)
	if t.course != nil {
		if err := t.course.update(s, &out); errors.Is(err, errNotFinite) {
			return fail(err)
		} else if err != nil {
			return broken(err)
		}
		updates = 0
	}
	// Without a latent vector exact laws don't change until the generator moves. Measured
	// ones are measured anew, so that the critic doesn't learn the same chance twice.
	fixed := !c.Ansatz().UsesLatent() && t.shots == nil
	latents := t.latents
	for update := range updates {
		generator := update == uint64(c.CriticSteps)
		d := draw{
			fake: t.streams.fake.Rand(c.Seed, "fake", step, update),
			real: t.streams.real.Rand(c.Seed, "real", step, update),
			mix:  t.streams.mix.Rand(c.Seed, "mix", step, update),
		}
		if update == 0 || !fixed {
			drawLatents(c, t.streams.latent.Rand(c.Seed, "latent", step, update), latents)
			laws := t.generator.Laws
			if generator || fixed {
				laws = t.generator.Forward
			}
			if err := laws(s.Params, latents, t.laws); err != nil {
				return broken(err)
			}
		}
		if !generator {
			clear(t.criticGrad)
			if err := t.objective.critic(t.laws, len(latents), d, t.criticGrad, &out); err != nil {
				return broken(err)
			}
			if err := finite("the gradient of critic weight", t.criticGrad); err != nil {
				return fail(err)
			}
			s.CritAdam.Step(s.Critic, t.criticGrad, rate*c.CriticLR)
			if c.Penalty == PenaltyClip {
				t.critic.Clip(c.PenaltyWeight)
			}
			continue
		}
		clear(t.upstream)
		clear(t.genGrad)
		mean, err := t.objective.generator(t.laws, len(latents), d, t.upstream)
		if err != nil {
			return broken(err)
		}
		count, kLoss := countTerm(c, t.laws, len(latents), t.Data.MeanCount, t.upstream)
		out.Count, out.Generator = count, -mean+kLoss
		if err := t.generator.Backward(t.upstream, t.genGrad); err != nil {
			return broken(err)
		}
		if err := finite("the gradient of generator parameter", t.genGrad); err != nil {
			return fail(err)
		}
		s.GenAdam.Step(s.Params, t.genGrad, rate*c.GeneratorLR)
	}
	if err := errors.Join(finite("critic weight", s.Critic), finite("generator parameter", s.Params),
		finite("loss", []float64{out.Critic, out.Generator})); err != nil {
		return fail(err)
	}
	if c.Average > 0 {
		for i, x := range s.Params {
			s.Average[i] = c.Average*s.Average[i] + (1-c.Average)*x
		}
	} else {
		copy(s.Average, s.Params)
	}
	if t.shots != nil {
		s.Used.Circuits += t.shots.used.Circuits
		s.Used.Shots += t.shots.used.Shots
	}
	s.Step++
	return out, nil
}

// collapse watches the generator's law at monitored steps: it has collapsed
// where one window takes all but a hundredth of what varies in the recording,
// for collapseAfter monitored steps in a row.
func (t *Trainer) collapse(pSilent float64) error {
	active := 1 - t.Data.States.PSilent()
	if active > 0 && 1-pSilent < 0.01*active || math.IsNaN(pSilent) {
		t.State.Collapsed++
	} else {
		t.State.Collapsed = 0
	}
	if t.State.Collapsed >= collapseAfter {
		return fmt.Errorf("%w by step %d: P(silent window) has been %.6f, the recording's is %.6f; try a smaller --generator-lr, or another --seed",
			ErrCollapsed, t.State.Step, pSilent, 1-active)
	}
	return nil
}

const collapseAfter = 10
