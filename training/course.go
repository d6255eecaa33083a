package training

import (
	"math/rand/v2"

	"qgan/internal/stream"
)

// round makes the losses of one update of a generator with memory.
type round interface {
	// critic adds the gradient of L_C (see objective) to grad.
	critic(params []float64, d draw, grad []float64, out *losses) error
	// generator adds the gradient of what the generator descends to grad.
	generator(params []float64, d draw, grad []float64, out *losses) error
}

// stage is a part of a course: so many steps of one round.
type stage struct {
	objective    Objective
	round        round
	first, steps int // first step, counted from 0
	criticSteps  int
	rate         float64 // of the generator
	beta1, beta2 float64 // of its Adam
}

// course takes the steps of a generator with memory, stage after stage. The
// learning rates fall over each stage anew, and Adam begins anew.
type course struct {
	config            Config
	net               *Critic
	stages            []stage
	genGrad, critGrad []float64
}

// stageParts are the parts of ObjectiveStaged, in sixtieths of its steps. The
// critic's stages tune finely, the one on windows that run freely, whose gradient is
// noisy, the most: at 0.05 it undoes for the autocorrelogram what the one before gained
// (docs/recipe.md).
var stageParts = [...]struct {
	objective Objective
	share     int
	rate      float64 // of GeneratorLR
}{{ObjectiveLikelihood, 48, 1}, {ObjectiveConditional, 9, 0.05}, {ObjectiveWGAN, 3, 0.015}}

const (
	allShares = 60
	// finerRate is the rate of the critic's stages after a likelihood that was summed
	// over all windows, to which a critic has little to add.
	finerRate = 1. / 500
)

func newCourse(c Config, g *Recurrent, net *Critic, d *Data) (*course, error) {
	k := &course{config: c, net: net, genGrad: make([]float64, g.Parameters()), critGrad: make([]float64, len(net.Params))}
	add := func(o Objective, steps int, rate float64) error {
		r, err := newRound(c, o, g, net, d)
		if err != nil {
			return err
		}
		s := stage{objective: o, round: r, steps: steps, criticSteps: c.CriticSteps, rate: rate, beta1: c.Beta1, beta2: c.Beta2}
		if o == ObjectiveLikelihood {
			s.criticSteps = 0
			if c.Objective == ObjectiveStaged {
				s.beta1, s.beta2 = likelihoodBeta1, likelihoodBeta2
			}
		}
		if n := len(k.stages); n > 0 {
			s.first = k.stages[n-1].first + k.stages[n-1].steps
		}
		k.stages = append(k.stages, s)
		return nil
	}
	if c.Objective != ObjectiveStaged {
		return k, add(c.Objective, c.Iterations, c.GeneratorLR)
	}
	left := c.Iterations
	for i, p := range stageParts {
		steps, rate := c.Iterations*p.share/allShares, p.rate
		if i > 0 && c.Expectation == Exact {
			rate = finerRate
		}
		if i == len(stageParts)-1 {
			steps = left
		}
		left -= steps
		if steps > 0 {
			if err := add(p.objective, steps, rate*c.GeneratorLR); err != nil {
				return nil, err
			}
		}
	}
	return k, nil
}

func newRound(c Config, o Objective, g *Recurrent, net *Critic, d *Data) (round, error) {
	whole := c.Expectation == Exact
	switch {
	case o == ObjectiveLikelihood && whole:
		return newSeenLikelihood(g, d), nil
	case o == ObjectiveLikelihood:
		return &drawnLikelihood{gen: g, pairs: newPairs(c, g, d)}, nil
	case o == ObjectiveConditional:
		return newConditional(c, g, net, d), nil
	case whole && c.Neurons*c.Timesteps <= MaxExactBits:
		return newTree(c, g, net, d)
	}
	return newRunning(c, g, net, d), nil
}

// at returns the stage of a step.
func (k *course) at(step int) *stage {
	for i := len(k.stages) - 1; i > 0; i-- {
		if step >= k.stages[i].first {
			return &k.stages[i]
		}
	}
	return &k.stages[0]
}

// update makes the critic's updates of a step and then the generator's.
func (k *course) update(s *State, out *losses) error {
	c, at := k.config, k.at(s.Step)
	if s.Step == at.first {
		s.GenAdam = NewAdam(len(s.Params), at.beta1, at.beta2)
		s.CritAdam = NewAdam(len(s.Critic), c.Beta1, c.Beta2)
	}
	s.GenAdam.Beta1, s.GenAdam.Beta2 = at.beta1, at.beta2
	rate := c.schedule(s.Step-at.first, at.steps)
	for update := range uint64(at.criticSteps) {
		clear(k.critGrad)
		if err := at.round.critic(s.Params, c.streams(s.Step, update), k.critGrad, out); err != nil {
			return err
		}
		if err := finite("the gradient of critic weight", k.critGrad); err != nil {
			return err
		}
		s.CritAdam.Step(s.Critic, k.critGrad, rate*c.CriticLR)
		if c.Penalty == PenaltyClip {
			k.net.Clip(c.PenaltyWeight)
		}
	}
	clear(k.genGrad)
	if err := at.round.generator(s.Params, c.streams(s.Step, uint64(at.criticSteps)), k.genGrad, out); err != nil {
		return err
	}
	if err := finite("the gradient of generator parameter", k.genGrad); err != nil {
		return err
	}
	s.GenAdam.Step(s.Params, k.genGrad, rate*at.rate)
	return nil
}

// streams are the random streams of an update.
func (c Config) streams(step int, update uint64) draw {
	name := func(label string) *rand.Rand { return stream.New(c.Seed, label, uint64(step), update) }
	return draw{fake: name("fake"), real: name("real"), mix: name("mix")}
}

// pairs draws words of a recording with their histories.
type pairs struct {
	gen     *Recurrent
	repeats [][]uint32
	windows int // of a repeat
	count   int // drawn at a time
	first   int // the first bin drawn from where samples run on
}

func newPairs(c Config, g *Recurrent, d *Data) *pairs {
	w := d.Windows
	p := &pairs{gen: g, windows: w.Bins - w.T + 1, count: c.Batch}
	for rep := range w.Repeats {
		row := make([]uint32, w.Bins)
		for b := range row {
			row[b] = w.Word(rep, b)
		}
		p.repeats = append(p.repeats, row)
	}
	p.first = min(g.past, p.windows-1) // whole pasts where repeats are long enough
	return p
}

// example is a word of the recording, or the place of one.
type example struct {
	history
	repeat []uint32
	bin    int // of the word
	start  int // the first bin that is seen
}

func (e example) word() uint32 { return e.repeat[e.bin] }

// draw returns one batch: any bin of a recording that samples run on as, or any bin
// of any window.
func (p *pairs) draw(rng *rand.Rand) []example {
	out := make([]example, p.count)
	for i := range out {
		e := example{repeat: p.repeats[rng.IntN(len(p.repeats))]}
		k := 0
		if p.gen.past > 0 {
			e.bin = p.first + rng.IntN(len(e.repeat)-p.first)
			e.start = max(0, e.bin-p.gen.past)
		} else {
			k = rng.IntN(p.gen.timesteps)
			e.start = rng.IntN(p.windows)
			e.bin = e.start + k
		}
		e.history = history{e.repeat[e.start:e.bin], p.gen.circuit(k)}
		out[i] = e
	}
	return out
}

// histories are those of a batch.
func histories(batch []example) []history {
	out := make([]history, len(batch))
	for i, e := range batch {
		out[i] = e.history
	}
	return out
}

// starts draws windows of the recording and, where samples run on, what came before.
func (p *pairs) starts(count int, rng *rand.Rand) (before, windows [][]uint32) {
	for range count {
		rep := p.repeats[rng.IntN(len(p.repeats))]
		b := p.first + rng.IntN(p.windows-p.first)
		before = append(before, rep[max(0, b-p.gen.past):b])
		windows = append(windows, rep[b:][:p.gen.timesteps])
	}
	return before, windows
}
