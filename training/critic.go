package training

import (
	"errors"
	"fmt"
	"math"
	"math/bits"
	"math/rand/v2"

	f64 "gonum.org/v1/gonum/floats"
)

// Critic is the classical network that scores a window: inputs -> hidden ReLUs
// -> 1,
//
//	C(x) = c + sum_j v_j max(0, b_j + sum_i W_ij x_i),
//
// with 64(nt+1) + 65 weights for 64 hidden units. Its input is the window,
// timestep by timestep, neuron 0 first.
type Critic struct {
	Inputs, Hidden int
	// Params holds W (inputs x hidden, an input's row together), b, v, c.
	Params []float64
}

// NewCritic returns a critic with zero weights.
func NewCritic(inputs, hidden int) *Critic {
	return &Critic{inputs, hidden, make([]float64, criticSize(inputs, hidden))}
}

func criticSize(inputs, hidden int) int { return hidden*(inputs+2) + 1 }

// Init draws weights from U(-1/√fan-in, 1/√fan-in).
func (c *Critic) Init(rng *rand.Rand) {
	w, b, v := c.weights(c.Params), c.bias(c.Params), c.out(c.Params)
	in, hid := 1/math.Sqrt(float64(c.Inputs)), 1/math.Sqrt(float64(c.Hidden))
	for i := range w {
		w[i] = (2*rng.Float64() - 1) * in
	}
	for i := range b {
		b[i] = (2*rng.Float64() - 1) * in
	}
	for i := range v {
		v[i] = (2*rng.Float64() - 1) * hid
	}
	c.Params[len(c.Params)-1] = 0
}

func (c *Critic) weights(p []float64) []float64 { return p[:c.Inputs*c.Hidden] }
func (c *Critic) row(p []float64, i int) []float64 {
	return p[i*c.Hidden:][:c.Hidden]
}
func (c *Critic) bias(p []float64) []float64 { return p[c.Inputs*c.Hidden:][:c.Hidden] }
func (c *Critic) out(p []float64) []float64  { return p[(c.Inputs+1)*c.Hidden:][:c.Hidden] }

// hidden writes b + W x, the hidden units before the ReLU.
func (c *Critic) hidden(x, h []float64) {
	copy(h, c.bias(c.Params))
	for i, xi := range x {
		if xi == 0 {
			continue
		}
		f64.AddScaled(h, xi, c.row(c.Params, i))
	}
}

// hiddenWords is hidden for a window given as words of n neurons; skip leaves
// one timestep out (-1: none).
func (c *Critic) hiddenWords(words []uint32, n, skip int, h []float64) {
	copy(h, c.bias(c.Params))
	for k, word := range words {
		if k == skip {
			continue
		}
		for w := word; w != 0; w &= w - 1 {
			f64.Add(h, c.row(c.Params, k*n+n-1-bits.TrailingZeros32(w)))
		}
	}
}

// top returns C from the hidden units before the ReLU.
func (c *Critic) top(h []float64) float64 {
	sum := c.Params[len(c.Params)-1]
	for j, v := range c.out(c.Params) {
		sum += v * max(0, h[j])
	}
	return sum
}

// Value returns C(x).
func (c *Critic) Value(x []float64) float64 {
	h := make([]float64, c.Hidden)
	c.hidden(x, h)
	return c.top(h)
}

// addGradient adds weight times dC(x)/dparameters to grad; h is hidden of x and
// is replaced by weight·a_j·v_j, a_j being 1 for the active units.
func (c *Critic) addGradient(x, h []float64, weight float64, grad []float64) {
	gv := c.out(grad)
	grad[len(grad)-1] += weight
	for j, v := range c.out(c.Params) {
		if h[j] > 0 {
			gv[j] += weight * h[j]
			h[j] = weight * v
		} else {
			h[j] = 0
		}
	}
	f64.Add(c.bias(grad), h)
	for i, xi := range x {
		if xi != 0 {
			f64.AddScaled(c.row(grad, i), xi, h)
		}
	}
}

// InputGradient writes dC/dx: the sum over active units of v_j W_ij.
func (c *Critic) InputGradient(x, out []float64) {
	h := make([]float64, c.Hidden)
	c.hidden(x, h)
	c.inputGradient(h, out)
}

// inputGradient is InputGradient from the hidden units, which it replaces by
// a_j v_j, a_j being 1 for the active ones.
func (c *Critic) inputGradient(h, out []float64) {
	for j, v := range c.out(c.Params) {
		if h[j] > 0 {
			h[j] = v
		} else {
			h[j] = 0
		}
	}
	for i := range out {
		out[i] = f64.Dot(h, c.row(c.Params, i))
	}
}

// slope is scratch for the penalty.
type slope struct{ active, h, g, sum []float64 }

func newSlope(c *Critic) *slope {
	return &slope{make([]float64, c.Hidden), make([]float64, c.Hidden), make([]float64, c.Inputs), make([]float64, c.Hidden)}
}

// addPenalty adds weight times the derivative of the slope penalty at x to grad
// and returns the penalty: |g|² for PenaltyZero, (|g|-1)² for PenaltyOne, with
// g = ∇_x C. The second derivative is exact: where no unit changes its state,
// g = sum_j a_j v_j W_j, so with u = d penalty / dg
//
//	d/dW_ij = u_i a_j v_j,   d/dv_j = a_j sum_i u_i W_ij,   d/db = d/dc = 0.
func (c *Critic) addPenalty(kind Penalty, x []float64, weight float64, grad []float64, s *slope) float64 {
	c.hidden(x, s.h)
	for j, h := range s.h {
		s.active[j] = 0
		if h > 0 {
			s.active[j] = 1
		}
	}
	c.inputGradient(s.h, s.g) // leaves a_j v_j in s.h
	norm2 := f64.Dot(s.g, s.g)
	penalty, scale := norm2, 2*weight // u = 2g
	if kind == PenaltyOne {
		norm := math.Sqrt(norm2)
		penalty = (norm - 1) * (norm - 1)
		if norm == 0 {
			return penalty // the kink: no direction to turn to
		}
		scale = 2 * weight * (norm - 1) / norm
	}
	clear(s.sum)
	for i, g := range s.g {
		f64.AddScaled(c.row(grad, i), scale*g, s.h)
		f64.AddScaled(s.sum, scale*g, c.row(c.Params, i))
	}
	gv := c.out(grad)
	for j, a := range s.active {
		gv[j] += a * s.sum[j]
	}
	return penalty
}

// descend adds the gradient of L_C over so many pairs of a real and a generated window, which
// write writes, to grad.
func (c *Critic) descend(cfg Config, pairs int, write func(i int, real, fake []float64), mix *rand.Rand, grad []float64, out *Losses) {
	weight := 1 / float64(pairs)
	h := make([]float64, c.Hidden)
	real, fake, slope := make([]float64, c.Inputs), make([]float64, c.Inputs), newSlope(c)
	add := func(x []float64, sign float64) float64 {
		c.hidden(x, h)
		value := weight * c.top(h)
		c.addGradient(x, h, 0.5*sign*weight, grad)
		return value
	}
	out.Wasserstein, out.Penalty = 0, 0
	for i := range pairs {
		write(i, real, fake)
		out.Wasserstein += add(real, -1) - add(fake, 1)
		if cfg.Penalty != PenaltyClip {
			mixed(real, fake, fake, mix)
			out.Penalty += weight * c.addPenalty(cfg.Penalty, fake, cfg.PenaltyWeight*weight, grad, slope)
		}
	}
	out.Critic = -0.5 * out.Wasserstein
	if cfg.Penalty != PenaltyClip {
		out.Critic += cfg.PenaltyWeight * out.Penalty
	}
}

// Clip keeps every weight within ±bound.
func (c *Critic) Clip(bound float64) {
	for i, x := range c.Params {
		c.Params[i] = max(-bound, min(bound, x))
	}
}

// window writes the input vector of a window of words.
func window(words []uint32, n int, x []float64) {
	for k, w := range words {
		for q := range n {
			x[k*n+q] = float64(w >> (n - 1 - q) & 1)
		}
	}
}

// stateWindow writes the input vector of a state index.
func stateWindow(state, bits int, x []float64) {
	for i := range bits {
		x[i] = float64(state >> (bits - 1 - i) & 1)
	}
}

// errNotFinite is the error of finite.
var errNotFinite = errors.New("no finite number")

// finite returns an error that names the first value that is not a number.
func finite(what string, values []float64) error {
	for i, x := range values {
		if math.IsNaN(x) || math.IsInf(x, 0) {
			return fmt.Errorf("%s %d is %v: %w", what, i, x, errNotFinite)
		}
	}
	return nil
}
