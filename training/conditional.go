package training

import "runtime"

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
	config Config
	gen    *Recurrent
	net    *Critic
	pairs  *pairs
	laws   []float64
	parts  []conditionalPart
}

// conditionalParts is into how many parts a batch is cut; their sums are added in
// order, whatever the number of workers.
const conditionalParts = 16

// conditionalPart holds what one part of a batch needs.
type conditionalPart struct {
	words    *cube     // the critic on all words of the last bin, the past given
	last     *Critic   // it as a network of the last bin alone
	lastGrad []float64 // by the weights of last
	weights  []float64
	x, fake  []float64
	slope    *slope
	grad     []float64
	distance float64
	penalty  float64
	count    float64 // of spikes of the generator's last bin
}

func newConditional(c Config, g *Recurrent, net *Critic, d *Data) *conditional {
	r := &conditional{config: c, gen: g, net: net, pairs: newPairs(c, g, d), laws: make([]float64, c.Batch*g.words())}
	for range conditionalParts {
		last := NewCritic(c.Neurons, c.Hidden)
		r.parts = append(r.parts, conditionalPart{
			words: newCube(last), last: last, lastGrad: make([]float64, len(last.Params)), weights: make([]float64, g.words()),
			x: make([]float64, net.Inputs), fake: make([]float64, net.Inputs), slope: newSlope(net), grad: make([]float64, len(net.Params)),
		})
	}
	return r
}

// given makes of the critic the network of the last bin that it is for one past: its
// bias is b plus what the past adds, its other weights are the critic's.
func (p *conditionalPart) given(c *Critic, x []float64) {
	past := c.Inputs - p.last.Inputs
	copy(p.last.Params, c.Params[past*c.Hidden:])
	c.hidden(x[:past], p.last.bias(p.last.Params))
}

// hand adds the gradient of that network to the critic's.
func (p *conditionalPart) hand(c *Critic, x []float64) {
	past := c.Inputs - p.last.Inputs
	for i, g := range p.lastGrad {
		p.grad[past*c.Hidden+i] += g
	}
	bias := p.last.bias(p.lastGrad)
	for i, xi := range x[:past] {
		if xi != 0 {
			for j, g := range bias {
				c.row(p.grad, i)[j] += xi * g
			}
		}
	}
}

// window writes the critic's input of an example with some last word.
func (r *conditional) window(e example, last uint32, x []float64) {
	n, t := r.config.Neurons, r.config.Timesteps
	words := make([]uint32, t)
	words[t-1] = last
	for back := 1; back < t && e.bin-back >= e.start; back++ {
		words[t-1-back] = e.repeat[e.bin-back]
	}
	window(words, n, x)
}

// each runs f for each example of a batch, part by part.
func (r *conditional) each(batch []example, f func(p *conditionalPart, i int)) {
	parallel(len(r.parts), runtime.GOMAXPROCS(0), func(k, _ int) {
		for i := k * len(batch) / len(r.parts); i < (k+1)*len(batch)/len(r.parts); i++ {
			f(&r.parts[k], i)
		}
	})
}

// law is that of the word of example i.
func (r *conditional) law(i int) []float64 { return r.laws[i*r.gen.words():][:r.gen.words()] }

func (r *conditional) critic(params []float64, d draw, grad []float64, out *losses) error {
	batch := r.pairs.draw(d.real)
	if err := r.gen.laws(params, histories(batch), r.laws); err != nil {
		return err
	}
	places := make([]struct{ word, mix float64 }, len(batch))
	for i := range places {
		places[i].word, places[i].mix = d.fake.Float64(), d.mix.Float64()
	}
	for k := range r.parts {
		p := &r.parts[k]
		clear(p.grad)
		p.distance, p.penalty = 0, 0
	}
	c, weight := r.config, 1/float64(len(batch))
	r.each(batch, func(p *conditionalPart, i int) {
		law, real := r.law(i), batch[i].word()
		r.window(batch[i], real, p.x)
		p.given(r.net, p.x)
		p.words.evaluate()
		for x, q := range law {
			p.weights[x] = 0.5 * weight * q
			p.distance -= weight * q * p.words.values[x]
		}
		p.weights[real] -= 0.5 * weight
		p.distance += weight * p.words.values[real]
		clear(p.lastGrad)
		p.words.addGradient(p.weights, p.lastGrad)
		p.hand(r.net, p.x)
		if c.Penalty == PenaltyClip {
			return
		}
		r.window(batch[i], wordAt(law, places[i].word), p.fake)
		between(p.x, p.fake, places[i].mix, p.fake)
		p.penalty += weight * r.net.addPenalty(c.Penalty, p.fake, c.PenaltyWeight*weight, p.grad, p.slope)
	})
	out.Wasserstein, out.Penalty = 0, 0
	for _, p := range r.parts {
		for i, g := range p.grad {
			grad[i] += g
		}
		out.Wasserstein += p.distance
		out.Penalty += p.penalty
	}
	out.Critic = -0.5 * out.Wasserstein
	if c.Penalty != PenaltyClip {
		out.Critic += c.PenaltyWeight * out.Penalty
	}
	return nil
}

func (r *conditional) generator(params []float64, d draw, grad []float64, out *losses) error {
	batch := r.pairs.draw(d.real)
	if err := r.gen.forward(params, histories(batch), r.laws); err != nil {
		return err
	}
	upstream := make([]float64, len(r.laws))
	for k := range r.parts {
		r.parts[k].distance, r.parts[k].count = 0, 0
	}
	weight := 1 / float64(len(batch))
	r.each(batch, func(p *conditionalPart, i int) {
		r.window(batch[i], 0, p.x)
		p.given(r.net, p.x)
		p.words.evaluate()
		up := upstream[i*r.gen.words():][:r.gen.words()]
		p.count += weight * meanCount(r.law(i))
		for x, q := range r.law(i) {
			up[x] = -weight * p.words.values[x]
			p.distance -= weight * q * p.words.values[x]
		}
	})
	out.Generator, out.Count = 0, 0
	for _, p := range r.parts {
		out.Generator += p.distance
		out.Count += p.count * float64(r.config.Timesteps)
	}
	return r.gen.backward(upstream, grad)
}
