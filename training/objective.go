package training

import (
	"math"
	"math/bits"
	"math/rand/v2"
	"runtime"

	"qgan/internal/parallel"
)

func popcount(w uint32) int { return bits.OnesCount32(w) }

// mixed writes a point where the critic's slope is held: on the segment between
// a real and a generated window, at a uniformly drawn place (Gulrajani et al.
// 2017).
func mixed(real, fake, out []float64, rng *rand.Rand) {
	between(real, fake, rng.Float64(), out)
}

// between writes the point e of the way from fake to real; out may be either.
func between(real, fake []float64, e float64, out []float64) {
	for i := range out {
		out[i] = e*real[i] + (1-e)*fake[i]
	}
}

// cubeObjective takes the expectations over all 2^(nt) windows on both sides.
type cubeObjective struct {
	cfg     Config
	net     *Critic
	cube    *wordTable // all windows, as words of one timestep
	table   []float64  // the recording's law
	real    sampler
	fake    sampler
	law     []float64
	weights []float64
	scratch []float64
	spaces  []*contraction // one a worker
	slope   *slope
	points  [3][]float64 // a real window, a generated one, one between
}

func newCubeObjective(c Config, critic *Critic, table []float64) *cubeObjective {
	n := len(table)
	o := &cubeObjective{cfg: c, net: critic, cube: newWordTable(critic, critic.Inputs), table: table, law: make([]float64, n), weights: make([]float64, n), scratch: make([]float64, n)}
	o.real.set(table)
	o.slope = newSlope(critic)
	for i := range o.points {
		o.points[i] = make([]float64, critic.Inputs)
	}
	for range runtime.GOMAXPROCS(0) {
		o.spaces = append(o.spaces, newContraction(n, c.Timesteps))
	}
	return o
}

func (o *cubeObjective) mixture(laws []float64, latents int) {
	clear(o.law)
	mixture(laws, latents, 1<<o.cfg.Neurons, o.cfg.Timesteps, o.law, o.scratch)
}

// critic adds the gradient of L_C by the critic's weights to grad, given the generator's
// laws (timesteps x latent vectors x 2^n).
func (o *cubeObjective) critic(laws []float64, latents int, d draw, grad []float64, out *Losses) {
	o.mixture(laws, latents)
	o.descend(d, grad, out)
}

// aWindow stands for the one word that all bits of a window are.
var aWindow = []uint32{0}

// values are the critic's of all windows.
func (o *cubeObjective) values() []float64 { return o.cube.fill(aWindow, 0) }

// descend adds the gradient of L_C for the generator's law, o.law.
func (o *cubeObjective) descend(d draw, grad []float64, out *Losses) {
	for x, p := range o.law {
		o.weights[x] = 0.5 * (p - o.table[x])
	}
	out.Critic = o.cube.addGradient(aWindow, 0, o.weights, grad)
	out.Wasserstein = -2 * out.Critic
	if o.cfg.Penalty == PenaltyClip {
		return
	}
	o.fake.set(o.law)
	c, m := o.net, o.cfg.Batch
	x, y, at := o.points[0], o.points[1], o.points[2]
	sum := 0.0
	for range m {
		stateWindow(o.real.draw(d.real), c.Inputs, x)
		stateWindow(o.fake.draw(d.fake), c.Inputs, y)
		mixed(x, y, at, d.mix)
		sum += c.addPenalty(o.cfg.Penalty, at, o.cfg.PenaltyWeight/float64(m), grad, o.slope)
	}
	out.Penalty = sum / float64(m)
	out.Critic += o.cfg.PenaltyWeight * out.Penalty
}

// generator adds the derivative of -E_fake C by the laws to upstream and returns E_fake C.
func (o *cubeObjective) generator(laws []float64, latents int, upstream []float64) float64 {
	o.mixture(laws, latents)
	values, mean := o.values(), 0.0
	for x, p := range o.law {
		mean += p * values[x]
	}
	words, scale := 1<<o.cfg.Neurons, -1/float64(latents)
	parallel.Each(latents, len(o.spaces), func(z, worker int) {
		o.spaces[worker].contract(values, laws, latents, words, z, scale, upstream)
	})
	return mean
}

// batchObjective averages over drawn windows. Under the born readout the
// generator's side averages each timestep over its 2^n words, the others given.
type batchObjective struct {
	cfg  Config
	net  *Critic
	data *Data

	// Scratch, so that a step allocates nothing.
	slope    *slope
	points   [3][]float64 // a generated window, a real one, one between
	hidden   []float64
	gradient []float64 // by the input
	words    []uint32  // of one window
	windows  []uint32  // of the batch
	means    []float64 // a latent vector and timestep
	tables   []*wordTable
}

func newBatchObjective(c Config, critic *Critic, data *Data) *batchObjective {
	o := &batchObjective{
		cfg: c, net: critic, data: data, slope: newSlope(critic),
		hidden: make([]float64, critic.Hidden), gradient: make([]float64, critic.Inputs),
		words: make([]uint32, c.Timesteps), windows: make([]uint32, c.Batch*c.Timesteps), means: make([]float64, c.Batch*c.Timesteps),
	}
	for i := range o.points {
		o.points[i] = make([]float64, critic.Inputs)
	}
	for range runtime.GOMAXPROCS(0) {
		o.tables = append(o.tables, newWordTable(critic, c.Neurons))
	}
	return o
}

// draw draws the words of batch window m from the laws of its latent vector.
func (o *batchObjective) draw(laws []float64, latents, m int, rng *rand.Rand, out []uint32) {
	for k := range out {
		out[k] = drawWord(lawOf(laws, latents, 1<<o.cfg.Neurons, k, m%latents), rng)
	}
}

// outputs writes the circuit's spike probabilities for latent vector z.
func (o *batchObjective) outputs(laws []float64, latents, z int, out []float64) {
	n := o.cfg.Neurons
	for k := range o.cfg.Timesteps {
		marginals(lawOf(laws, latents, 1<<n, k, z), out[k*n:][:n])
	}
}

// fakes calls f with the critic's input of every generated window of a batch.
func (o *batchObjective) fakes(laws []float64, latents int, rng *rand.Rand, f func(m int, x []float64)) {
	x, words := o.points[0], o.words
	for m := range o.cfg.Batch {
		if o.cfg.Readout == Born {
			o.draw(laws, latents, m, rng, words)
			window(words, o.cfg.Neurons, x)
		} else {
			o.outputs(laws, latents, m%latents, x)
		}
		f(m, x)
	}
}

// critic is that of cubeObjective over as many drawn windows as a batch has.
func (o *batchObjective) critic(laws []float64, latents int, d draw, grad []float64, out *Losses) {
	c, m := o.net, o.cfg.Batch
	w := 0.5 / float64(m)
	h, real, at, words := o.hidden, o.points[1], o.points[2], o.words
	distance, penalty := 0.0, 0.0
	o.fakes(laws, latents, d.fake, func(_ int, fake []float64) {
		c.hidden(fake, h)
		distance -= c.top(h) / float64(m)
		c.addGradient(fake, h, w, grad)
		o.data.words(d.real.IntN(o.data.Windows.Len()), words)
		window(words, o.cfg.Neurons, real)
		c.hidden(real, h)
		distance += c.top(h) / float64(m)
		c.addGradient(real, h, -w, grad)
		if o.cfg.Penalty != PenaltyClip {
			mixed(real, fake, at, d.mix)
			penalty += c.addPenalty(o.cfg.Penalty, at, o.cfg.PenaltyWeight/float64(m), grad, o.slope)
		}
	})
	out.Wasserstein = distance
	out.Penalty = penalty / float64(m)
	out.Critic = -0.5*distance + o.cfg.PenaltyWeight*out.Penalty
	if o.cfg.Penalty == PenaltyClip {
		out.Critic = -0.5 * distance
	}
}

// generator is that of cubeObjective over drawn windows.
func (o *batchObjective) generator(laws []float64, latents int, rng *rand.Rand, upstream []float64) float64 {
	if o.cfg.Readout == Born {
		return o.bornGenerator(laws, latents, rng, upstream)
	}
	n, c := o.cfg.Neurons, o.net
	words := 1 << n
	h, g := o.hidden, o.gradient
	mean, w := 0.0, 1/float64(o.cfg.Batch)
	o.fakes(laws, latents, rng, func(m int, x []float64) {
		c.hidden(x, h)
		mean += w * c.top(h)
		c.inputGradient(h, g)
		for k := range o.cfg.Timesteps {
			addLinear(lawOf(upstream, latents, words, k, m%latents), g[k*n:][:n], -w)
		}
	})
	return mean
}

// addLinear adds scale · sum_q g_q x_q to a table over words x.
func addLinear(table, g []float64, scale float64) {
	n := len(g)
	for x := range table {
		sum := 0.0
		for rest := x; rest != 0; rest &= rest - 1 {
			sum += g[n-1-bits.TrailingZeros(uint(rest))]
		}
		table[x] += scale * sum
	}
}

// bornGenerator draws a window for each member of the batch and, for each of
// its timesteps, writes the critic's value of all 2^n words of that timestep,
// the others as drawn: an unbiased estimate of the derivative of E_fake C with
// the least noise that one window allows.
func (o *batchObjective) bornGenerator(laws []float64, latents int, rng *rand.Rand, upstream []float64) float64 {
	n, t, m := o.cfg.Neurons, o.cfg.Timesteps, o.cfg.Batch
	words := 1 << n
	windows, means := o.windows, o.means[:latents*t]
	clear(means)
	for i := range m {
		o.draw(laws, latents, i, rng, windows[i*t:][:t])
	}
	parallel.Each(latents*t, len(o.tables), func(i, worker int) {
		z, k := i/t, i%t
		up, law := lawOf(upstream, latents, words, k, z), lawOf(laws, latents, words, k, z)
		for j := z; j < m; j += latents {
			for x, v := range o.tables[worker].fill(windows[j*t:][:t], k) {
				up[x] -= v / float64(m)
				means[i] += law[x] * v / float64(m)
			}
		}
	})
	sum := 0.0
	for _, x := range means {
		sum += x
	}
	return sum / float64(t)
}

// countTerm returns the generator's mean number of spikes of a window and adds the
// derivative of the K term (equation 4) with respect to the laws to upstream.
func countTerm(c Config, laws []float64, latents int, target float64, upstream []float64) (count, loss float64) {
	words := 1 << c.Neurons
	for i := 0; i < len(laws); i += words {
		for x, p := range laws[i:][:words] {
			count += p * float64(bits.OnesCount(uint(x)))
		}
	}
	count /= float64(latents)
	loss, slope := c.countLoss(count, target)
	if slope != 0 {
		slope /= float64(latents)
		for i := 0; i < len(upstream); i += words {
			for x := range words {
				upstream[i+x] += slope * float64(bits.OnesCount(uint(x)))
			}
		}
	}
	return count, loss
}

// countLoss is the K term of the mean number of spikes of a window, and its derivative.
func (c Config) countLoss(count, target float64) (loss, slope float64) {
	switch off := count - target; c.KLoss {
	case KAbs:
		return c.K * math.Abs(off), c.K * sign(off)
	case KSquare:
		return c.K * off * off, 2 * c.K * off
	case KPrinted:
		return -c.K * off, -c.K
	}
	return 0, 0
}

func sign(x float64) float64 {
	switch {
	case x > 0:
		return 1
	case x < 0:
		return -1
	}
	return 0
}
