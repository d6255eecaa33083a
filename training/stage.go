package training

import (
	"context"
	"math/rand/v2"
)

// Losses are the figures of one step.
type Losses struct {
	Critic      float64 // L_C of the last critic update, penalty included
	Penalty     float64 // lambda-free mean penalty of that update
	Generator   float64 // L_G
	Wasserstein float64 // E_real C - E_fake C, the critic's estimate of the distance
	Count       float64 // the generator's mean number of spikes of a window
}

// draw holds the random streams of one update.
type draw struct{ latent, fake, real, mix *rand.Rand }

// update is what a round is given: the parameters as they are, the number of the update
// within its step (the critic's from 0, the generator's the last), and its streams.
type update struct {
	params []float64
	index  int
	draw
}

// round takes the losses of one update of a generator against its critic. It is all that
// training knows of an objective.
type round interface {
	// critic adds the gradient of
	//   L_C = ½ (E_fake C - E_real C) + lambda · penalty
	// (Hernandes & Greplova 2025, equation 3; the penalty is the text's Lipschitz
	// constraint) by the critic's weights to grad.
	critic(ctx context.Context, u update, grad []float64, out *Losses) error
	// generator adds the gradient of what the generator descends, L_G, by its parameters
	// to grad.
	generator(ctx context.Context, u update, grad []float64, out *Losses) error
}

// scorer is a round that chooses the best parameters by a measure of its own, since the
// likelihood doesn't see what it is for.
type scorer interface {
	// score is how far samples that run freely are from the repeats that choose.
	score(ctx context.Context, params []float64, seed uint64) (Misfit, error)
}

// noCritic is the part of a round that has no critic.
type noCritic struct{}

func (noCritic) critic(context.Context, update, []float64, *Losses) error { return nil }

// stage is a part of a training: so many steps of one round. The learning rates fall over
// each stage anew, and Adam begins anew.
type stage struct {
	objective    Objective
	round        round
	first, steps int // first step, counted from 0
	criticSteps  int
	rate         float64 // of the generator
	beta1, beta2 float64 // of its Adam
}

// stagePart is a part of a training in stages.
type stagePart struct {
	objective Objective
	share     int     // of the steps, in sixtieths
	rate      float64 // of GeneratorLR
}

// stageParts are the parts of ObjectiveStaged. The critic's stages tune finely, the one on
// windows that run freely, whose gradient is noisy, the most: at 0.05 it undoes for the
// autocorrelogram what the one before gained (docs/measurements.md).
var stageParts = []stagePart{{ObjectiveLikelihood, 48, 1}, {ObjectiveConditional, 9, 0.05}, {ObjectiveWGAN, 3, 0.015}}

// statisticsParts are the parts of ObjectiveStatistics.
var statisticsParts = []stagePart{{ObjectiveLikelihood, 40, 1}, {ObjectiveStatistics, 20, 0.15}}

// contestParts are the parts of ObjectiveStaged of a population: the paper's critic after the
// likelihood, kept where its samples' statistics are nearer.
var contestParts = []stagePart{{ObjectiveLikelihood, 40, 1}, {ObjectiveWGAN, 20, 0.03}}

const (
	allShares = 60
	// finerRate is the rate of the critic's stages after a likelihood that was summed
	// over all windows, to which a critic has little to add.
	finerRate = 1. / 500
)

// parts are those of a training in stages; nil: all steps are alike.
func (c Config) parts() []stagePart {
	switch {
	case c.Objective == ObjectiveStaged && c.Populates():
		return contestParts
	case c.Objective == ObjectiveStaged:
		return stageParts
	case c.Objective == ObjectiveStatistics:
		return statisticsParts
	}
	return nil
}

// newStages lays out a training: one stage, or those of its parts. newRound makes the round
// of an objective.
func newStages(c Config, newRound func(Objective) (round, error)) ([]stage, error) {
	var stages []stage
	parts := c.parts()
	add := func(o Objective, steps int, rate float64) error {
		r, err := newRound(o)
		if err != nil {
			return err
		}
		s := stage{objective: o, round: r, steps: steps, criticSteps: c.CriticSteps, rate: rate, beta1: c.Beta1, beta2: c.Beta2}
		if o == ObjectiveLikelihood || o == ObjectiveStatistics {
			s.criticSteps = 0
			if parts != nil {
				s.beta1, s.beta2 = likelihoodBeta1, likelihoodBeta2
			}
		}
		if n := len(stages); n > 0 {
			s.first = stages[n-1].first + stages[n-1].steps
		}
		stages = append(stages, s)
		return nil
	}
	if parts == nil {
		err := add(c.Objective, c.Iterations, c.GeneratorLR)
		return stages, err
	}
	for i, steps := range c.stagedSteps() {
		p := parts[i]
		rate := p.rate
		if i > 0 && c.Expectation == Exact {
			rate = finerRate
		}
		if steps > 0 {
			if err := add(p.objective, steps, rate*c.GeneratorLR); err != nil {
				return nil, err
			}
		}
	}
	return stages, nil
}

// stagedSteps are the steps of each of the parts; what does not divide is the last one's.
func (c Config) stagedSteps() (steps []int) {
	parts, left := c.parts(), c.Iterations
	for i, p := range parts {
		n := c.Iterations * p.share / allShares
		if i == len(parts)-1 {
			n = left
		}
		steps = append(steps, n)
		left -= n
	}
	return steps
}

// Stages are the numbers of steps after which each further stage of the training begins,
// whose steps take their own time; none where all steps are alike.
func (c Config) Stages() (after []int) {
	done := 0
	for _, steps := range c.stagedSteps() {
		if steps > 0 && done > 0 {
			after = append(after, done)
		}
		done += steps
	}
	return after
}
