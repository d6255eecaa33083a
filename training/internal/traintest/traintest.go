// Package traintest makes small configurations, recordings, data and trainers for the tests of the
// rooms around training.
package traintest

import (
	"math"
	"testing"

	"qgan/backends/sim"
	"qgan/metrics/spikes"
	"qgan/training"
)

// Small is a little generator whose timesteps share a latent vector with trained scales.
func Small(t *testing.T, n, steps int) training.Config {
	t.Helper()
	c, err := training.Preset("deep", n, steps)
	if err != nil {
		t.Fatal(err)
	}
	c = c.WithMemory(training.MemoryNone)
	c.Layers, c.Hidden, c.Batch = 2, 3, 5
	return c
}

// Leaky is the same with a leaky memory.
func Leaky(c training.Config) training.Config {
	c = c.WithMemory(training.MemoryLeaky)
	c.Layers, c.Batch = 2, 5
	return c
}

// Recording is one of these words, a row a repeat.
func Recording(t *testing.T, n, timesteps int, rows ...[]uint32) *training.Data {
	t.Helper()
	r := spikes.NewRaster(len(rows), len(rows[0]), n, 0.02)
	for i, row := range rows {
		for b, w := range row {
			r.SetWord(i, b, w)
		}
	}
	d, err := training.NewData(r, timesteps)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// Builtin is the built-in recording's first neurons.
func Builtin(t testing.TB, n, timesteps int) *training.Data {
	t.Helper()
	r, err := spikes.Builtin().Select([]int{0, 1, 2, 3}[:n])
	if err != nil {
		t.Fatal(err)
	}
	d, err := training.NewData(r, timesteps)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// Trainer prepares a run with exact gradients.
func Trainer(t *testing.T, c training.Config, d *training.Data) *training.Trainer {
	t.Helper()
	tr, err := training.New(c, d, &sim.Simulator{Workers: 1}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return tr
}

// Step takes one.
func Step(t *testing.T, tr *training.Trainer) training.Losses {
	t.Helper()
	l, err := tr.Step(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// Near reports whether two numbers agree to so many parts of the larger, or of 1.
func Near(a, b, part float64) bool {
	return math.Abs(a-b) <= part*max(1, math.Abs(a), math.Abs(b))
}

// Score is the critic of some weights, C(x) = c + sum_j v_j max(0, b_j + sum_i W_ij x_i),
// and gradient its derivative by x.
func Score(weights, x []float64, hidden int) (value float64, gradient []float64) {
	w, b, v := weights, weights[len(x)*hidden:], weights[(len(x)+1)*hidden:]
	value, gradient = weights[len(weights)-1], make([]float64, len(x))
	for j := range hidden {
		h := b[j]
		for i := range x {
			h += w[i*hidden+j] * x[i]
		}
		if h > 0 {
			value += v[j] * h
			for i := range x {
				gradient[i] += v[j] * w[i*hidden+j]
			}
		}
	}
	return value, gradient
}
