package training_test

import (
	"math"
	"testing"

	"qgan/backends/sim"
	"qgan/metrics/spikes"
	"qgan/training"
)

// What the tests from outside the package share.

// small is a little generator whose timesteps share a latent vector with trained scales.
func small(t *testing.T, n, steps int) training.Config {
	t.Helper()
	c, err := training.Preset("deep", n, steps)
	if err != nil {
		t.Fatal(err)
	}
	c = c.WithMemory(training.MemoryNone)
	c.Layers, c.Hidden, c.Batch = 2, 3, 5
	return c
}

// leaky is the same with a leaky memory.
func leaky(c training.Config) training.Config {
	c = c.WithMemory(training.MemoryLeaky)
	c.Layers, c.Batch = 2, 5
	return c
}

// recording is one of these words, a row a repeat.
func recording(t *testing.T, n, timesteps int, rows ...[]uint32) *training.Data {
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

// builtin is the built-in recording's first neurons.
func builtin(t *testing.T, n, timesteps int) *training.Data {
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

// trainer prepares a run with exact gradients.
func trainer(t *testing.T, c training.Config, d *training.Data) *training.Trainer {
	t.Helper()
	tr, err := training.New(c, d, &sim.Simulator{Workers: 1}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return tr
}

// figures are the losses of a step.
type figures struct{ critic, penalty, generator, wasserstein, count float64 }

// step takes one.
func step(t *testing.T, tr *training.Trainer) figures {
	t.Helper()
	l, err := tr.Step(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return figures{l.Critic, l.Penalty, l.Generator, l.Wasserstein, l.Count}
}

// near reports whether two numbers agree to so many parts of the larger, or of 1.
func near(a, b, part float64) bool {
	return math.Abs(a-b) <= part*max(1, math.Abs(a), math.Abs(b))
}
