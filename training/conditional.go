package training

import (
	"context"
	"runtime"

	"qgan/internal/parallel"
)

// conditional is ObjectiveConditional: the critic sees t bins of which the last is
// the recording's own or the generator's, the ones before the recording's, silent
// where the memory does not reach. The generator's side is summed over its 2^n
// words, so
//
//	L_C = ½ mean over histories of [ sum_x p(x | past) C(past, x) - C(past, real x) ] + penalty
//
// has no noise beside that of the histories, and the generator's gradient is exact
// given the critic.
type conditional struct {
	config   Config
	gen      *Recurrent
	net      *Critic
	pairs    *pairs
	laws     []float64
	upstream []float64 // by the laws
	parts    []conditionalPart
}

// conditionalParts is into how many parts a batch is cut; their sums are added in
// order, whatever the number of workers.
const conditionalParts = 16

// conditionalPart holds what one part of a batch needs.
type conditionalPart struct {
	table   *wordTable
	window  []uint32
	weights []float64
	x, fake []float64
	slope   *slope
	grad    []float64
	losses  float64 // sum of weight x value
	penalty float64
	count   float64 // of spikes of the generator's last bin
}

func newConditional(c Config, g *Recurrent, net *Critic, d *Data) *conditional {
	r := &conditional{config: c, gen: g, net: net, pairs: newPairs(g, d, c.Batch), laws: make([]float64, c.Batch*g.words()), upstream: make([]float64, c.Batch*g.words())}
	for range conditionalParts {
		r.parts = append(r.parts, conditionalPart{
			table: newWordTable(net, c.Neurons), window: make([]uint32, c.Timesteps), weights: make([]float64, g.words()),
			x: make([]float64, net.Inputs), fake: make([]float64, net.Inputs), slope: newSlope(net), grad: make([]float64, len(net.Params)),
		})
	}
	return r
}

// look fills the part's window for an example: the words before it, and some last one.
func (p *conditionalPart) look(e example, last uint32) {
	t := len(p.window)
	clear(p.window)
	p.window[t-1] = last
	for back := 1; back < t && e.bin-back >= e.start; back++ {
		p.window[t-1-back] = e.repeat[e.bin-back]
	}
}

// each runs f for each example of a batch, part by part.
func (r *conditional) each(batch []example, f func(p *conditionalPart, i int)) {
	parallel.Each(len(r.parts), runtime.GOMAXPROCS(0), func(k, _ int) {
		for i := k * len(batch) / len(r.parts); i < (k+1)*len(batch)/len(r.parts); i++ {
			f(&r.parts[k], i)
		}
	})
}

// law is that of the word of example i.
func (r *conditional) law(i int) []float64 { return r.laws[i*r.gen.words():][:r.gen.words()] }

func (r *conditional) critic(ctx context.Context, u update, grad []float64, out *Losses) error {
	batch := r.pairs.draw(u.real)
	if err := r.gen.laws(ctx, u.params, histories(batch), r.laws); err != nil {
		return err
	}
	places := make([]struct{ word, mix float64 }, len(batch))
	for i := range places {
		places[i].word, places[i].mix = u.fake.Float64(), u.mix.Float64()
	}
	for k := range r.parts {
		p := &r.parts[k]
		clear(p.grad)
		p.losses, p.penalty = 0, 0
	}
	c, weight, last := r.config, 1/float64(len(batch)), r.config.Timesteps-1
	r.each(batch, func(p *conditionalPart, i int) {
		law, real := r.law(i), batch[i].word()
		for x, q := range law {
			p.weights[x] = 0.5 * weight * q
		}
		p.weights[real] -= 0.5 * weight
		p.look(batch[i], real)
		p.losses += p.table.addGradient(p.window, last, p.weights, p.grad)
		if c.Penalty == PenaltyClip {
			return
		}
		window(p.window, c.Neurons, p.x)
		p.window[last] = wordAt(law, places[i].word)
		window(p.window, c.Neurons, p.fake)
		between(p.x, p.fake, places[i].mix, p.fake)
		p.penalty += weight * r.net.addPenalty(c.Penalty, p.fake, c.PenaltyWeight*weight, p.grad, p.slope)
	})
	out.Critic, out.Penalty = 0, 0
	for _, p := range r.parts {
		for i, g := range p.grad {
			grad[i] += g
		}
		out.Critic += p.losses
		out.Penalty += p.penalty
	}
	out.Wasserstein = -2 * out.Critic
	if c.Penalty != PenaltyClip {
		out.Critic += c.PenaltyWeight * out.Penalty
	}
	return nil
}

func (r *conditional) generator(ctx context.Context, u update, grad []float64, out *Losses) error {
	batch := r.pairs.draw(u.real)
	if err := r.gen.forward(ctx, u.params, histories(batch), r.laws); err != nil {
		return err
	}
	for k := range r.parts {
		r.parts[k].losses, r.parts[k].count = 0, 0
	}
	weight := 1 / float64(len(batch))
	r.each(batch, func(p *conditionalPart, i int) {
		p.look(batch[i], 0)
		values := p.table.fill(p.window, r.config.Timesteps-1)
		law, up := r.law(i), r.upstream[i*r.gen.words():][:r.gen.words()]
		p.count += weight * meanCount(law)
		for x, q := range law {
			up[x] = -weight * values[x]
			p.losses += q * up[x]
		}
	})
	out.Generator, out.Count = 0, 0
	for _, p := range r.parts {
		out.Generator += p.losses
		out.Count += p.count * float64(r.config.Timesteps)
	}
	return r.gen.backward(ctx, r.upstream, grad)
}
