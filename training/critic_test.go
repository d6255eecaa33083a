package training

import (
	"math"
	"math/rand/v2"
	"testing"
)

func randomCritic(inputs, hidden int, seed uint64) (*Critic, *rand.Rand) {
	rng := rand.New(rand.NewPCG(seed, 1))
	c := NewCritic(inputs, hidden)
	for i := range c.Params {
		c.Params[i] = rng.NormFloat64()
	}
	return c, rng
}

func randomPoint(rng *rand.Rand, n int) []float64 {
	x := make([]float64, n)
	for i := range x {
		x[i] = rng.Float64()
	}
	return x
}

// differentiate is the finite difference of f by one entry of x.
func differentiate(f func() float64, x *float64) float64 {
	const h = 1e-5
	at := *x
	value := func(y float64) float64 { *x = y; return f() }
	d := (8*(value(at+h)-value(at-h)) - (value(at+2*h) - value(at-2*h))) / (12 * h)
	*x = at
	return d
}

func TestCriticSize(t *testing.T) {
	for _, k := range []struct{ inputs, want int }{{2, 257}, {10, 769}, {300, 19329}} {
		if got := len(NewCritic(k.inputs, 64).Params); got != k.want {
			t.Errorf("%d inputs: %d weights, want %d", k.inputs, got, k.want)
		}
	}
}

func TestCriticGradients(t *testing.T) {
	c, rng := randomCritic(5, 7, 1)
	x := randomPoint(rng, 5)
	h := make([]float64, 7)
	c.hidden(x, h)
	grad := make([]float64, len(c.Params))
	c.addGradient(x, h, 1.5, grad)
	for i := range grad {
		want := 1.5 * differentiate(func() float64 { return c.Value(x) }, &c.Params[i])
		if math.Abs(grad[i]-want) > 1e-8 {
			t.Errorf("weight %d: %.10g, finite difference %.10g", i, grad[i], want)
		}
	}
	g := make([]float64, 5)
	c.InputGradient(x, g)
	for i := range g {
		want := differentiate(func() float64 { return c.Value(x) }, &x[i])
		if math.Abs(g[i]-want) > 1e-8 {
			t.Errorf("input %d: %.10g, finite difference %.10g", i, g[i], want)
		}
	}
}

// The penalty's derivative, a second derivative of the critic, is exact.
func TestPenaltyGradient(t *testing.T) {
	for _, kind := range []Penalty{PenaltyZero, PenaltyOne} {
		c, rng := randomCritic(4, 9, 2)
		x := randomPoint(rng, 4)
		grad := make([]float64, len(c.Params))
		value := c.addPenalty(kind, x, 0.7, grad, newSlope(c))
		g := make([]float64, 4)
		c.InputGradient(x, g)
		norm := math.Sqrt(g[0]*g[0] + g[1]*g[1] + g[2]*g[2] + g[3]*g[3])
		want := norm * norm
		if kind == PenaltyOne {
			want = (norm - 1) * (norm - 1)
		}
		if math.Abs(value-want) > 1e-12 {
			t.Errorf("%s: penalty %v, want %v", kind, value, want)
		}
		for i := range grad {
			fd := 0.7 * differentiate(func() float64 {
				return c.addPenalty(kind, x, 0, make([]float64, len(c.Params)), newSlope(c))
			}, &c.Params[i])
			if math.Abs(grad[i]-fd) > 1e-7 {
				t.Errorf("%s, weight %d: %.10g, finite difference %.10g", kind, i, grad[i], fd)
			}
		}
	}
}

// A table gives the critic's values and gradients of every word of a timestep.
func TestGrayCodeWords(t *testing.T) {
	for n := 1; n <= 6; n++ {
		for _, hidden := range []int{6, 8} { // 8: what the vector kernels take
			testWords(t, n, 3, hidden)
			testWords(t, n, 1, hidden)
		}
	}
}

func testWords(t *testing.T, n, steps, hidden int) {
	c, rng := randomCritic(n*steps, hidden, 4)
	count := uint32(1) << n
	words := make([]uint32, steps)
	for i := range words {
		words[i] = rng.Uint32N(count)
	}
	table, x := newWordTable(c, n), make([]float64, n*steps)
	weights, h := make([]float64, count), make([]float64, hidden)
	for k := range steps {
		values := table.fill(words, k)
		want, wantSum := make([]float64, len(c.Params)), 0.0
		moved := append([]uint32(nil), words...)
		for w := range count {
			moved[k] = w
			window(moved, n, x)
			c.hidden(x, h)
			if d := math.Abs(values[w] - c.top(h)); d > 1e-12 {
				t.Errorf("%d hidden units, timestep %d, word %b is off by %.2g", hidden, k, w, d)
			}
			weights[w] = rng.NormFloat64()
			wantSum += weights[w] * c.top(h)
			c.addGradient(x, h, weights[w], want)
		}
		got := make([]float64, len(want))
		if sum := table.addGradient(words, k, weights, got); math.Abs(sum-wantSum) > 1e-11 {
			t.Errorf("%d neurons, %d hidden units, timestep %d: sum %.12g, one by one %.12g", n, hidden, k, sum, wantSum)
		}
		for i := range want {
			if math.Abs(got[i]-want[i]) > 1e-11 {
				t.Errorf("%d neurons, %d hidden units, timestep %d, weight %d: %.12g, one by one %.12g", n, hidden, k, i, got[i], want[i])
			}
		}
	}
}

// Three steps of Adam, computed by hand from algorithm 1 of the paper.
func TestAdam(t *testing.T) {
	a := NewAdam(2, 0.9, 0.999)
	p := []float64{1, -1}
	for range 3 {
		a.Step(p, []float64{2 * p[0], 0.5}, 0.1)
	}
	// m1=0.2 v1=0.004 step 0.1; m2=0.36 v2=0.007236 step 0.09950…; and so on.
	m, v, x := 0.0, 0.0, 1.0
	for s := 1; s <= 3; s++ {
		g := 2 * x
		m, v = 0.9*m+0.1*g, 0.999*v+0.001*g*g
		x -= 0.1 * (m / (1 - math.Pow(0.9, float64(s)))) / (math.Sqrt(v/(1-math.Pow(0.999, float64(s)))) + 1e-8)
	}
	if math.Abs(p[0]-x) > 1e-15 || math.Abs(p[0]-0.7014) > 1e-3 {
		t.Errorf("got %.15g, want %.15g", p[0], x)
	}
	if math.Abs(p[1]+1.3) > 1e-7 { // a constant gradient moves by the rate
		t.Errorf("got %.15g, want -1.3", p[1])
	}
}

func TestClip(t *testing.T) {
	c, _ := randomCritic(3, 4, 5)
	c.Clip(0.01)
	for i, x := range c.Params {
		if math.Abs(x) > 0.01 {
			t.Errorf("weight %d is %v", i, x)
		}
	}
}
