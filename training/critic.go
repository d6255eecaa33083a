package training

import (
	"fmt"
	"math"
	"math/bits"
	"math/rand/v2"
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
		for j, w := range c.row(c.Params, i) {
			h[j] += w * xi
		}
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
			for j, x := range c.row(c.Params, k*n+n-1-bits.TrailingZeros32(w)) {
				h[j] += x
			}
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

// addGradient adds weight times dC(x)/dparameters to grad; h is hidden of x.
func (c *Critic) addGradient(x, h []float64, weight float64, grad []float64) {
	v, gb, gv := c.out(c.Params), c.bias(grad), c.out(grad)
	grad[len(grad)-1] += weight
	for j := range h {
		if h[j] > 0 {
			gv[j] += weight * h[j]
			gb[j] += weight * v[j]
		}
	}
	for i, xi := range x {
		if xi == 0 {
			continue
		}
		row := c.row(grad, i)
		for j := range row {
			if h[j] > 0 {
				row[j] += weight * xi * v[j]
			}
		}
	}
}

// InputGradient writes dC/dx: the sum over active units of v_j W_ij.
func (c *Critic) InputGradient(x, out []float64) {
	h := make([]float64, c.Hidden)
	c.hidden(x, h)
	c.inputGradient(h, out)
}

func (c *Critic) inputGradient(h, out []float64) {
	v := c.out(c.Params)
	active := make([]float64, c.Hidden)
	for j := range h {
		if h[j] > 0 {
			active[j] = v[j]
		}
	}
	for i := range out {
		sum := 0.0
		for j, w := range c.row(c.Params, i) {
			sum += active[j] * w
		}
		out[i] = sum
	}
}

// addPenalty adds weight times the derivative of the slope penalty at x to grad
// and returns the penalty: |g|² for PenaltyZero, (|g|-1)² for PenaltyOne, with
// g = ∇_x C. The second derivative is exact: where no unit changes its state,
// g = sum_j a_j v_j W_j, so with u = d penalty / dg
//
//	d/dW_ij = u_i a_j v_j,   d/dv_j = a_j sum_i u_i W_ij,   d/db = d/dc = 0.
func (c *Critic) addPenalty(kind Penalty, x []float64, weight float64, grad []float64) float64 {
	h, g := make([]float64, c.Hidden), make([]float64, c.Inputs)
	c.hidden(x, h)
	c.inputGradient(h, g)
	norm2 := 0.0
	for _, y := range g {
		norm2 += y * y
	}
	penalty, scale := norm2, 2*weight // u = 2g
	if kind == PenaltyOne {
		norm := math.Sqrt(norm2)
		penalty = (norm - 1) * (norm - 1)
		if norm == 0 {
			return penalty // the kink: no direction to turn to
		}
		scale = 2 * weight * (norm - 1) / norm
	}
	v, gv := c.out(c.Params), c.out(grad)
	for i := range g {
		u := scale * g[i]
		row, to := c.row(c.Params, i), c.row(grad, i)
		for j := range row {
			if h[j] > 0 {
				to[j] += u * v[j]
				gv[j] += u * row[j]
			}
		}
	}
	return penalty
}

// Clip keeps every weight within ±bound.
func (c *Critic) Clip(bound float64) {
	for i, x := range c.Params {
		c.Params[i] = max(-bound, min(bound, x))
	}
}

// cube is the critic on all 2^(nt) windows: the hidden units before the ReLU
// of each state, by doubling from the last input on, and C of each.
type cube struct {
	critic *Critic
	h      []float64 // states x hidden
	values []float64 // C of each state
	fold   []float64
}

func newCube(c *Critic) *cube {
	states := 1 << c.Inputs
	return &cube{critic: c, h: make([]float64, states*c.Hidden), values: make([]float64, states), fold: make([]float64, states*c.Hidden)}
}

// evaluate fills h and values for the critic's present weights.
func (k *cube) evaluate() {
	c := k.critic
	copy(k.h, c.bias(c.Params))
	for i, filled := c.Inputs-1, 1; i >= 0; i, filled = i-1, 2*filled {
		row := c.row(c.Params, i)
		for x := range filled {
			from, to := k.h[x*c.Hidden:][:c.Hidden], k.h[(x+filled)*c.Hidden:][:c.Hidden]
			for j, w := range row {
				to[j] = from[j] + w
			}
		}
	}
	for x := range k.values {
		k.values[x] = c.top(k.h[x*c.Hidden:][:c.Hidden])
	}
}

// addGradient adds the sum over states of weights[x]·dC(x)/dparameters to grad.
// Rows of W are sums over half-cubes, folded one input at a time.
func (k *cube) addGradient(weights, grad []float64) {
	c := k.critic
	v, gb, gv := c.out(c.Params), c.bias(grad), c.out(grad)
	for x, w := range weights {
		grad[len(grad)-1] += w
		h, f := k.h[x*c.Hidden:][:c.Hidden], k.fold[x*c.Hidden:][:c.Hidden]
		for j := range h {
			if h[j] > 0 {
				gv[j] += w * h[j]
				f[j] = w * v[j]
			} else {
				f[j] = 0
			}
		}
	}
	states := len(weights)
	for i := c.Inputs - 1; i >= 0; i-- { // the last input is the lowest bit
		states /= 2
		row := c.row(grad, i)
		for x := range states {
			even, odd := k.fold[2*x*c.Hidden:][:c.Hidden], k.fold[(2*x+1)*c.Hidden:][:c.Hidden]
			sum := k.fold[x*c.Hidden:][:c.Hidden]
			for j := range sum {
				a, b := even[j], odd[j]
				row[j] += b
				sum[j] = a + b
			}
		}
	}
	for j := range gb {
		gb[j] += k.fold[j]
	}
}

// words writes C for all 2^n words of the inputs first … first+n-1, the hidden
// units of the other inputs given in h, which it spoils. Words follow the
// reflected Gray code, so one row of W is added or taken away a word, and
//
//	sum_j v_j max(0, h_j) = ½ sum_j v_j h_j + ½ sum_j v_j |h_j|,
//
// whose first sum changes by a number known for each row.
func (c *Critic) words(h []float64, first, n int, values []float64) {
	v := c.out(c.Params)
	slopes := make([]float64, n) // ½ sum_j v_j W_ij of each input, the last one first
	for bit := range slopes {
		slopes[bit] = 0.5 * dot(v, c.row(c.Params, first+n-1-bit))
	}
	linear := c.Params[len(c.Params)-1] + 0.5*dot(v, h)
	values[0] = linear + 0.5*dotAbs(v, h)
	gray := 0
	for i := 1; i < len(values); i++ {
		bit := bits.TrailingZeros(uint(i))
		gray ^= 1 << bit
		sign := 1.0
		if gray>>bit&1 == 0 {
			sign = -1
		}
		linear += sign * slopes[bit]
		values[gray] = linear + 0.5*moveAbs(h, c.row(c.Params, first+n-1-bit), v, sign)
	}
}

func dot(a, b []float64) float64 {
	sum := 0.0
	for i, x := range a {
		sum += x * b[i]
	}
	return sum
}

// dotAbs is sum_j v_j |h_j|.
func dotAbs(v, h []float64) float64 {
	sum := 0.0
	for j, x := range h {
		sum += v[j] * math.Abs(x)
	}
	return sum
}

// moveAbs adds sign·row to h and returns sum_j v_j |h_j|, in four sums so that
// additions need not wait for each other.
func moveAbs(h, row, v []float64, sign float64) float64 {
	row, v = row[:len(h)], v[:len(h)]
	var s0, s1, s2, s3 float64
	j := 0
	for ; j+4 <= len(h); j += 4 {
		hh, rr, vv := (*[4]float64)(h[j:]), (*[4]float64)(row[j:]), (*[4]float64)(v[j:])
		a, b, c, d := hh[0]+sign*rr[0], hh[1]+sign*rr[1], hh[2]+sign*rr[2], hh[3]+sign*rr[3]
		hh[0], hh[1], hh[2], hh[3] = a, b, c, d
		s0 += vv[0] * math.Abs(a)
		s1 += vv[1] * math.Abs(b)
		s2 += vv[2] * math.Abs(c)
		s3 += vv[3] * math.Abs(d)
	}
	for ; j < len(h); j++ {
		h[j] += sign * row[j]
		s0 += v[j] * math.Abs(h[j])
	}
	return (s0 + s1) + (s2 + s3)
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

// finite returns an error that names the first value that is not a number.
func finite(what string, values []float64) error {
	for i, x := range values {
		if math.IsNaN(x) || math.IsInf(x, 0) {
			return fmt.Errorf("%s %d is %v", what, i, x)
		}
	}
	return nil
}
