package training

import (
	"context"
	"math/rand/v2"
)

// running is ObjectiveWGAN on windows that the generator runs freely from where real
// ones begin. The critic sees one from each beginning beside the real one. The
// generator's gradient is the score function's: several windows from each beginning,
// the critic's mean value of the others the baseline of each.
type running struct {
	config Config
	gen    *Recurrent
	net    *Critic
	pairs  *pairs
}

// rollouts is the number of windows from each beginning in the generator's updates.
const rollouts = 4

func newRunning(c Config, g *Recurrent, net *Critic, d *Data) *running {
	return &running{c, g, net, newPairs(g, d, c.Batch)}
}

// run makes so many windows from each beginning.
func (r *running) run(ctx context.Context, params []float64, before [][]uint32, each int, rng *rand.Rand) ([][]uint32, error) {
	out := make([][]uint32, 0, each*len(before))
	for _, b := range before {
		for range each {
			out = append(out, append(make([]uint32, 0, len(b)+r.config.Timesteps), b...))
		}
	}
	uniforms := make([]float64, len(out))
	for range r.config.Timesteps {
		for i := range uniforms {
			uniforms[i] = rng.Float64()
		}
		if err := r.gen.next(ctx, params, out, uniforms); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (r *running) critic(ctx context.Context, u update, grad []float64, out *Losses) error {
	c, net := r.config, r.net
	before, windows := r.pairs.starts(c.Batch, u.real)
	fakes, err := r.run(ctx, u.params, before, 1, u.fake)
	if err != nil {
		return err
	}
	net.descend(c, len(fakes), func(i int, real, fake []float64) {
		w := fakes[i]
		window(w[len(w)-c.Timesteps:], c.Neurons, fake)
		window(windows[i], c.Neurons, real)
	}, u.mix, grad, out)
	return nil
}

func (r *running) generator(ctx context.Context, u update, grad []float64, out *Losses) error {
	c, t := r.config, r.config.Timesteps
	before, _ := r.pairs.starts(max(1, c.Batch/rollouts), u.real)
	fakes, err := r.run(ctx, u.params, before, rollouts, u.fake)
	if err != nil {
		return err
	}
	values, sums, x := make([]float64, len(fakes)), make([]float64, len(before)), make([]float64, r.net.Inputs)
	out.Generator, out.Count = 0, 0
	weight := 1 / float64(len(fakes))
	for i, w := range fakes {
		w = w[len(w)-t:]
		window(w, c.Neurons, x)
		values[i] = r.net.Value(x)
		sums[i/rollouts] += values[i]
		out.Generator -= weight * values[i]
		for _, word := range w {
			out.Count += weight * float64(popcount(word))
		}
	}
	advantage := values // over the mean of the others
	for i := range values {
		advantage[i] = (rollouts*values[i] - sums[i/rollouts]) / (rollouts - 1)
	}
	of := make([]history, len(fakes))
	laws, upstream := make([]float64, len(of)*r.gen.words()), make([]float64, len(of)*r.gen.words())
	for k := range t {
		for i, w := range fakes {
			of[i] = history{r.gen.seen(w[:len(w)-t+k]), r.gen.circuit(len(w) - t + k)}
		}
		if err := r.gen.forward(ctx, u.params, of, laws); err != nil {
			return err
		}
		clear(upstream)
		for i, w := range fakes {
			at := i*r.gen.words() + int(w[len(w)-t+k])
			upstream[at] = -weight * advantage[i] / max(laws[at], leastProbability)
		}
		if err := r.gen.backward(ctx, upstream, grad); err != nil {
			return err
		}
	}
	return nil
}
