package training

import (
	"context"
	"math"
)

// shared is what the rounds of a generator have in common whose timesteps share a latent
// vector: they look at its laws, timesteps x latent vectors x 2^n, and not at how its
// parameters make them.
type shared struct {
	config  Config
	gen     Generator
	target  float64 // the recording's mean number of spikes of a window
	latents [][]float64
	// fixed says that the laws don't change until the generator moves: there is no latent
	// vector and they are exact. Measured ones are measured anew, so that the critic doesn't
	// learn the same chance twice.
	fixed          bool
	laws, upstream []float64
}

func newShared(c Config, g Generator, d *Data, measured bool) shared {
	s := shared{config: c, gen: g, target: d.MeanCount, latents: newLatents(c, c.Batch), fixed: !c.Ansatz().UsesLatent() && !measured}
	s.laws = make([]float64, c.Timesteps*len(s.latents)<<c.Neurons)
	s.upstream = make([]float64, len(s.laws))
	return s
}

// look brings the laws up to date with an update, kept for a Backward where they are the
// generator's.
func (s *shared) look(ctx context.Context, u update, backward bool) error {
	if u.index > 0 && s.fixed {
		return nil
	}
	drawLatents(s.config, u.latent, s.latents)
	if backward || s.fixed {
		return s.gen.Forward(ctx, u.params, s.latents, s.laws)
	}
	return s.gen.Laws(ctx, u.params, s.latents, s.laws)
}

// descend adds the gradient of L_G = K term - mean, given the critic's mean value of what
// is generated, or what else is to grow, and, in upstream, the derivative of -mean by the
// laws.
func (s *shared) descend(ctx context.Context, mean float64, grad []float64, out *Losses) error {
	count, loss := countTerm(s.config, s.laws, len(s.latents), s.target, s.upstream)
	out.Count, out.Generator = count, -mean+loss
	return s.gen.Backward(ctx, s.upstream, grad)
}

// whole is ObjectiveWGAN summed over all windows.
type whole struct {
	shared
	cube *cubeObjective
}

func (r *whole) critic(ctx context.Context, u update, grad []float64, out *Losses) error {
	if err := r.look(ctx, u, false); err != nil {
		return err
	}
	r.cube.critic(r.laws, len(r.latents), u.draw, grad, out)
	return nil
}

func (r *whole) generator(ctx context.Context, u update, grad []float64, out *Losses) error {
	if err := r.look(ctx, u, true); err != nil {
		return err
	}
	clear(r.upstream)
	return r.descend(ctx, r.cube.generator(r.laws, len(r.latents), r.upstream), grad, out)
}

// drawn is ObjectiveWGAN on windows that are drawn.
type drawn struct {
	shared
	batch *batchObjective
}

func (r *drawn) critic(ctx context.Context, u update, grad []float64, out *Losses) error {
	if err := r.look(ctx, u, false); err != nil {
		return err
	}
	r.batch.critic(r.laws, len(r.latents), u.draw, grad, out)
	return nil
}

func (r *drawn) generator(ctx context.Context, u update, grad []float64, out *Losses) error {
	if err := r.look(ctx, u, true); err != nil {
		return err
	}
	clear(r.upstream)
	return r.descend(ctx, r.batch.generator(r.laws, len(r.latents), u.fake, r.upstream), grad, out)
}

// likelihoodOfOneBin is ObjectiveLikelihood of windows of one bin: minus the mean logarithm
// of the law of the generator, which has no latent vector, over the recording's words.
type likelihoodOfOneBin struct {
	noCritic
	shared
	words []target // of the recording: the upstream derivative of all others stays 0
}

func (r *likelihoodOfOneBin) generator(ctx context.Context, u update, grad []float64, out *Losses) error {
	if err := r.look(ctx, u, true); err != nil {
		return err
	}
	mean := 0.0
	for _, t := range r.words {
		q := max(r.laws[t.word], leastProbability)
		mean += t.weight * math.Log(q)
		r.upstream[t.word] = -t.weight / q
	}
	return r.descend(ctx, mean, grad, out)
}

// newSharedRound makes the round of an objective for a generator whose timesteps share a
// latent vector.
func newSharedRound(c Config, o Objective, g Generator, net *Critic, d *Data, measured bool) (round, error) {
	s := newShared(c, g, d, measured)
	if c.Expectation != Exact {
		return &drawn{s, newBatchObjective(c, net, d)}, nil
	}
	if o == ObjectiveLikelihood {
		return &likelihoodOfOneBin{shared: s, words: following(d.States, 0, d.States.Len(), 0)}, nil
	}
	table, err := d.States.Table()
	if err != nil {
		return nil, err
	}
	return &whole{s, newCubeObjective(c, net, table)}, nil
}
