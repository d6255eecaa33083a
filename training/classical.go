package training

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"

	"qgan/internal/stream"
	"qgan/metrics"
	"qgan/metrics/spikes"
)

// FullyConnected is the classical generator that the paper compares with (Hernandes &
// Greplova 2025, Note S2): a latent vector of n numbers, one hidden layer of ReLUs and
// a sigmoid for each neuron and timestep, the probability of its spike. Given z all
// spikes are independent, so its law is, like the circuits', a mixture over the latent
// vector of products over timesteps.
//
// Parameters are W1 (inputs x hidden, an input's row together), b1, W2 (hidden x
// outputs), b2.
type FullyConnected struct {
	neurons, timesteps, hidden int

	params            []float64 // of the last Forward, with its latent vectors
	latents           [][]float64
	active, chance    []float64 // latent vectors x hidden, x outputs
	above, slope, low []float64
}

// NewFullyConnected prepares a generator with so many hidden units.
func NewFullyConnected(neurons, timesteps, hidden int) *FullyConnected {
	return &FullyConnected{neurons: neurons, timesteps: timesteps, hidden: hidden}
}

// Neurons returns n.
func (g *FullyConnected) Neurons() int { return g.neurons }

// Timesteps returns t.
func (g *FullyConnected) Timesteps() int { return g.timesteps }

// Parameters counts weights and biases.
func (g *FullyConnected) Parameters() int {
	return (g.neurons+1)*g.hidden + (g.hidden+1)*g.outputs()
}

func (g *FullyConnected) outputs() int { return g.neurons * g.timesteps }

// weights cuts the parameters, or their gradient, into their four parts.
func (g *FullyConnected) weights(p []float64) (w1, b1, w2, b2 []float64) {
	i, j, k := g.neurons*g.hidden, (g.neurons+1)*g.hidden, (g.neurons+1)*g.hidden+g.hidden*g.outputs()
	return p[:i], p[i:j], p[j:k], p[k:]
}

// startLogit makes the generator begin as silent as small angles make a circuit.
const startLogit = -2

// Init draws the weights as He et al. (2015) do, uniformly within ±√(6/inputs).
func (g *FullyConnected) Init(params []float64, rng *rand.Rand) {
	w1, b1, w2, b2 := g.weights(params)
	for _, k := range []struct {
		w      []float64
		inputs int
	}{{w1, g.neurons}, {w2, g.hidden}} {
		width := math.Sqrt(6 / float64(k.inputs))
		for i := range k.w {
			k.w[i] = (2*rng.Float64() - 1) * width
		}
	}
	clear(b1)
	for i := range b2 {
		b2[i] = startLogit
	}
}

// Laws writes the laws of all timesteps for all latent vectors.
func (g *FullyConnected) Laws(ctx context.Context, params []float64, latents [][]float64, laws []float64) error {
	return g.Forward(ctx, params, latents, laws)
}

// Forward writes the laws and keeps the activations.
func (g *FullyConnected) Forward(_ context.Context, params []float64, latents [][]float64, laws []float64) error {
	words, out := 1<<g.neurons, g.outputs()
	if err := checkShape("laws", len(laws), g.timesteps*len(latents)*words); err != nil {
		return err
	}
	w1, b1, w2, b2 := g.weights(params)
	g.params, g.latents = params, latents
	g.active, g.chance = resized(g.active, len(latents)*g.hidden), resized(g.chance, len(latents)*out)
	for j, z := range latents {
		h, p := g.active[j*g.hidden:][:g.hidden], g.chance[j*out:][:out]
		copy(h, b1)
		for i, x := range z {
			for k, w := range w1[i*g.hidden:][:g.hidden] {
				h[k] += x * w
			}
		}
		copy(p, b2)
		for k, x := range h {
			if x <= 0 {
				h[k] = 0
				continue
			}
			for o, w := range w2[k*out:][:out] {
				p[o] += x * w
			}
		}
		for o, x := range p {
			p[o] = 1 / (1 + math.Exp(-x))
		}
		for k := range g.timesteps {
			productLaw(p[k*g.neurons:][:g.neurons], lawOf(laws, len(latents), words, k, j))
		}
	}
	return nil
}

// productLaw writes the law of independent bits, the first most significant.
func productLaw(p, law []float64) {
	law[0] = 1
	for q, filled := 0, 1; q < len(p); q, filled = q+1, 2*filled {
		for x := filled - 1; x >= 0; x-- {
			v := law[x]
			law[2*x], law[2*x+1] = v*(1-p[q]), v*p[q]
		}
	}
}

// Backward adds the gradient by back-propagation; the parameters of the last Forward
// must not have changed.
func (g *FullyConnected) Backward(_ context.Context, upstream, grad []float64) error {
	words, out := 1<<g.neurons, g.outputs()
	_, _, w2, _ := g.weights(g.params)
	w1g, b1g, w2g, b2g := g.weights(grad)
	g.slope, g.low = resized(g.slope, out), resized(g.low, g.hidden)
	for j, z := range g.latents {
		h, p := g.active[j*g.hidden:][:g.hidden], g.chance[j*out:][:out]
		for k := range g.timesteps {
			g.bySpike(p[k*g.neurons:][:g.neurons], lawOf(upstream, len(g.latents), words, k, j), g.slope[k*g.neurons:][:g.neurons])
		}
		for o, x := range p {
			g.slope[o] *= x * (1 - x) // by the sigmoid's input
			b2g[o] += g.slope[o]
		}
		for k, x := range h {
			g.low[k] = 0
			if x == 0 {
				continue
			}
			for o, s := range g.slope {
				w2g[k*out+o] += x * s
				g.low[k] += w2[k*out+o] * s
			}
			b1g[k] += g.low[k]
		}
		for i, x := range z {
			for k, s := range g.low {
				w1g[i*g.hidden+k] += x * s
			}
		}
	}
	return nil
}

// bySpike turns the derivative by a product law into that by the probabilities of the
// spikes: the last bit is summed away first, each derivative being the mean over the
// bits before of the difference that the bit makes.
func (g *FullyConnected) bySpike(p, upstream, slope []float64) {
	n := len(p)
	g.above = resized(g.above, 2<<n)
	prefix, a := g.above[:1<<n], g.above[1<<n:]
	copy(a, upstream)
	for q := n - 1; q >= 0; q-- {
		productLaw(p[:q], prefix[:1<<q])
		slope[q] = 0
		for x := range 1 << q {
			slope[q] += prefix[x] * (a[2*x+1] - a[2*x])
			a[x] = (1-p[q])*a[2*x] + p[q]*a[2*x+1]
		}
	}
}

// resized returns room for n numbers.
func resized(x []float64, n int) []float64 {
	if cap(x) < n {
		return make([]float64, n)
	}
	return x[:n]
}

// ClassicalSizes are the sizes of fully connected generators that stand beside the
// circuits, by the number of their parameters against the paper's 8nt angles. The
// paper's own sizes are in its supplement.
var ClassicalSizes = [...]struct {
	Name   string
	Factor int
}{{"fully-connected-small", 1}, {"fully-connected-medium", 4}, {"fully-connected-large", 16}}

// ClassicalHidden is the number of hidden units with which the parameters come nearest
// to factor·8nt.
func ClassicalHidden(neurons, timesteps, factor int) int {
	out := neurons * timesteps
	return max(1, int(math.Round(float64(8*factor*out-out)/float64(neurons+1+out))))
}

// ClassicalConfig are the settings that a fully connected generator is trained with:
// those of the preset deep without memory, and a latent vector of fixed scale.
func ClassicalConfig(neurons, timesteps int, seed uint64) (Config, error) {
	c, err := Preset("deep", neurons, timesteps)
	c = c.WithMemory(MemoryNone)
	c.LatentScale, c.LatentTrained, c.Seed = 1, false, seed
	return c, err
}

// ClassicalResult trains a fully connected generator on the repeats of one raster and
// measures its law against those of another, nil for itself. Where the law at the
// windows costs too much it is drawn.
func ClassicalResult(ctx context.Context, c Config, hidden int, on, against *spikes.Raster) (metrics.BaselineResult, error) {
	g := NewFullyConnected(c.Neurons, c.Timesteps, hidden)
	r := metrics.BaselineResult{Parameters: g.Parameters()}
	d, err := NewData(on, c.Timesteps)
	if err != nil {
		return r, err
	}
	t, err := NewWith(c, d, g)
	if err != nil {
		return r, err
	}
	for range c.Iterations {
		if err := ctx.Err(); err != nil {
			return r, err
		}
		if _, err := t.Step(ctx); err != nil {
			return r, err
		}
	}
	s := d.States
	if against != nil {
		w, err := against.Windows(c.Timesteps)
		if err != nil {
			return r, err
		}
		if s, err = metrics.CountStates(w); err != nil {
			return r, err
		}
	}
	r.Note = fmt.Sprintf("%d hidden units, %d steps", hidden, c.Iterations)
	for _, latents := range []int{1 << 14, 1 << 10} {
		e, err := EstimateLaw(ctx, c, g, t.State.Average, s, latents, c.Seed)
		if errors.Is(err, ErrIntractable) {
			continue
		}
		if err != nil {
			return r, err
		}
		l := s.LogLikelihoodSeen(e.Seen)
		r.JS, r.LogLikelihoodHeldOut = &e.JSNats, &l
		return r, nil
	}
	raster, err := Draw(ctx, c, g, t.State.Average, classicalDraws, 0, c.Seed)
	if err != nil {
		return r, err
	}
	drawn, err := metrics.CountStates(spikes.Windows{Raster: raster, T: c.Timesteps})
	if err != nil {
		return r, err
	}
	js, err := metrics.JSStates(s, drawn)
	if err != nil {
		return r, err
	}
	null, _ := metrics.NullFloor(s, classicalDraws, stream.New(c.Seed, "null"), 1)
	r.JS, r.Samples, r.Null = &js, classicalDraws, &null
	return r, nil
}

// classicalDraws is the number of windows drawn for a law that costs too much.
const classicalDraws = 1 << 18
