package training

import (
	"context"
	"fmt"
	"math"
	"math/bits"
	"math/rand/v2"
	"slices"

	"qgan/backends"
	"qgan/ir"
)

// Generator makes, for a latent vector z, a law over the 2^n words of each
// timestep; given z the timesteps are independent. The law of a window is the
// mean over z of the product of its timesteps' laws.
type Generator interface {
	Neurons() int
	Timesteps() int
	// Parameters counts the trained parameters.
	Parameters() int
	// Init writes the parameters that training starts from.
	Init(params []float64, rng *rand.Rand)
	// Laws writes p_k(x|z): timesteps x latent vectors x 2^n.
	Laws(ctx context.Context, params []float64, latents [][]float64, laws []float64) error
	// Forward is Laws, and keeps what one Backward needs.
	Forward(ctx context.Context, params []float64, latents [][]float64, laws []float64) error
	// Backward takes the derivative of a scalar with respect to every law of
	// the last Forward and adds that with respect to the parameters to grad.
	Backward(ctx context.Context, upstream, grad []float64) error
}

// Patch is SpiQGAN's generator: one sub-generator circuit a timestep, of one
// architecture and with parameters of its own; all timesteps share the latent
// vector (Hernandes & Greplova 2025, Fig. 1). Parameters of timestep k are the
// ansatz's trained symbols, at k·(angles + scales).
type Patch struct {
	ansatz    ir.Ansatz
	timesteps int
	init      Init
	law       neuronLaw
	rows      [][]float64
}

// NewPatch prepares the generator on what gives its laws; where that is a
// backends.Differentiator it can be trained.
func NewPatch(c Config, on backends.Solver) (*Patch, error) {
	a := c.Ansatz()
	d, err := newNeuronLaw(a, on)
	if err != nil {
		return nil, err
	}
	return &Patch{ansatz: a, timesteps: c.Timesteps, init: c.Init, law: d, rows: make([][]float64, c.Timesteps)}, nil
}

// Ansatz returns the circuit of a timestep.
func (g *Patch) Ansatz() ir.Ansatz { return g.ansatz }

// Neurons returns n.
func (g *Patch) Neurons() int { return g.ansatz.Neurons }

// Timesteps returns t.
func (g *Patch) Timesteps() int { return g.timesteps }

// PerTimestep counts the trained symbols of one timestep.
func (g *Patch) PerTimestep() int { return g.ansatz.Angles() + g.ansatz.Scales() }

// Parameters counts the trained symbols of all timesteps.
func (g *Patch) Parameters() int { return g.timesteps * g.PerTimestep() }

// Timestep returns the parameters of one timestep.
func (g *Patch) Timestep(params []float64, k int) []float64 {
	return params[k*g.PerTimestep():][:g.PerTimestep()]
}

// Init draws the angles and sets the latent scales to their start.
func (g *Patch) Init(params []float64, rng *rand.Rand) {
	width := startWidth(g.init)
	for k := range g.timesteps {
		p := g.Timestep(params, k)
		for i := range p {
			if i < g.ansatz.Angles() {
				p[i] = (2*rng.Float64() - 1) * width
			} else {
				p[i] = g.ansatz.Latent.Value
			}
		}
	}
}

// startWidth is the largest angle of a start.
func startWidth(init Init) float64 {
	if init == InitSmall {
		return 0.1 * math.Pi
	}
	return math.Pi
}

func (g *Patch) bindings(params []float64, latents [][]float64) backends.Bindings {
	for k := range g.rows {
		g.rows[k] = g.Timestep(params, k)
	}
	return backends.Bindings{Trained: g.rows, Data: latents}
}

// Laws writes the laws of all timesteps for all latent vectors.
func (g *Patch) Laws(ctx context.Context, params []float64, latents [][]float64, laws []float64) error {
	return g.law.values(ctx, g.bindings(params, latents), laws)
}

// Forward writes the laws and keeps the final states.
func (g *Patch) Forward(ctx context.Context, params []float64, latents [][]float64, laws []float64) error {
	return g.law.forward(ctx, g.bindings(params, latents), laws)
}

// Backward adds the gradient by the adjoint sweep.
func (g *Patch) Backward(ctx context.Context, upstream, grad []float64) error {
	return g.law.backward(ctx, upstream, grad, nil)
}

// DrawLatents draws count latent vectors of the configuration's law, a number a
// qubit. A generator that ignores its latent vector gets a single zero vector, and
// where there are no more than count vectors of bits it gets each of them once.
func DrawLatents(c Config, count int, rng *rand.Rand) [][]float64 {
	out := newLatents(c, count)
	drawLatents(c, rng, out)
	return out
}

// newLatents returns room for count latent vectors, or, where they are few enough,
// a list of all that there are.
func newLatents(c Config, count int) [][]float64 {
	width := c.Ansatz().Qubits()
	all := c.latentCount()
	if all == 0 || all > count {
		return rowsOf(make([]float64, count*width), width)
	}
	out := rowsOf(make([]float64, all*width), width)
	for z := range out {
		stateWindow(z, width, out[z]) // of the one that is ignored: zeros
	}
	return out
}

// drawLatents draws latent vectors into the room of newLatents.
func drawLatents(c Config, rng *rand.Rand, out [][]float64) {
	if all := c.latentCount(); all > 0 && all <= len(out) {
		return
	}
	for _, z := range out {
		for i := range z {
			switch c.Latent {
			case LatentUniform:
				z[i] = (2*rng.Float64() - 1) * math.Pi
			case LatentBit:
				z[i] = float64(rng.IntN(2))
			default:
				z[i] = rng.NormFloat64()
			}
		}
	}
}

// rowsOf cuts values into rows.
func rowsOf(flat []float64, width int) [][]float64 {
	out := make([][]float64, 0, len(flat)/width)
	for ; len(flat) > 0; flat = flat[width:] {
		out = append(out, flat[:width:width])
	}
	return out
}

// maxLatentBits bounds the vectors of bits that are listed.
const maxLatentBits = 16

// latentCount counts the latent vectors where they can be listed: one for a
// generator that ignores it, all vectors of bits; 0: they are drawn.
func (c Config) latentCount() int {
	a := c.Ansatz()
	switch {
	case !a.UsesLatent():
		return 1
	case c.Latent != LatentBit || a.Qubits() > maxLatentBits:
		return 0
	}
	return 1 << a.Qubits()
}

// marginals returns the probability of a spike of each neuron, neuron 0 the
// most significant bit of the law's index, in out (n values).
func marginals(law, out []float64) {
	n := len(out)
	clear(out)
	for x, p := range law {
		for rest := x; rest != 0; rest &= rest - 1 {
			out[n-1-bits.TrailingZeros(uint(rest))] += p
		}
	}
}

// drawn turns a law that the circuit gives into the law that is drawn from
// under a readout, in place: the same for born, the product of the marginals
// for prob, the one word above threshold for threshold.
func (r Readout) drawn(law []float64, n int) {
	if r == Born {
		return
	}
	m := make([]float64, n)
	marginals(law, m)
	if r == Threshold {
		word := 0
		for _, p := range m {
			word <<= 1
			if p > 0.5 {
				word |= 1
			}
		}
		clear(law)
		law[word] = 1
		return
	}
	law[0] = 1
	for q, filled := 0, 1; q < n; q, filled = q+1, 2*filled {
		for x := filled - 1; x >= 0; x-- {
			p := law[x]
			law[2*x], law[2*x+1] = p*(1-m[q]), p*m[q]
		}
	}
}

// drawWord draws one word of a law.
func drawWord(law []float64, rng *rand.Rand) uint32 { return wordAt(law, rng.Float64()) }

// wordAt is the word whose part of [0, 1) holds u.
func wordAt(law []float64, u float64) uint32 {
	last := 0
	for x, p := range law {
		if p > 0 {
			last = x
			if u < p {
				return uint32(x)
			}
			u -= p
		}
	}
	return uint32(last)
}

// runningSums returns the running sums of laws of so many words each.
func runningSums(laws []float64, words int) (sums [][]float64) {
	for ; len(laws) > 0; laws = laws[words:] {
		row, sum := make([]float64, words), 0.0
		for x, p := range laws[:words] {
			sum += p
			row[x] = sum
		}
		sums = append(sums, row)
	}
	return sums
}

// wordUpTo is wordAt by a law's running sums.
func wordUpTo(sums []float64, u float64) uint32 {
	x, _ := slices.BinarySearchFunc(sums, u, func(sum, u float64) int {
		if sum > u {
			return 1
		}
		return -1
	})
	if x == len(sums) { // rounding: the last word that there is
		x, _ = slices.BinarySearch(sums, sums[len(sums)-1])
	}
	return uint32(x)
}

func checkShape(what string, got, want int) error {
	if got != want {
		return fmt.Errorf("%s: %d values, %d needed", what, got, want)
	}
	return nil
}
