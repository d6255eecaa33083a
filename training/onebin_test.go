package training

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"qgan/backends/sim"
	"qgan/metrics"
	"qgan/metrics/spikes"
)

// One bin of more neurons than a table of laws is kept for elsewhere: the loss is minus the mean
// logarithm of the law over the recording's words, and steps lower it; samples are drawn.
func TestOneLargeBin(t *testing.T) {
	const n = 15
	rng := rand.New(rand.NewPCG(4, 4))
	r := spikes.NewRaster(3, 40, n, 0.02)
	for i := range 3 {
		for b := range 40 {
			for q := range n {
				r.Set(i, b, q, rng.IntN(4) == 0)
			}
		}
	}
	c, err := Preset("deep", n, 1)
	if err != nil {
		t.Fatal(err)
	}
	c.Layers, c.Average, c.Iterations = 2, 0, 8
	d, err := NewData(r, 1)
	if err != nil {
		t.Fatal(err)
	}
	tr, err := New(c, d, &sim.Simulator{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	want := func() (loss float64) {
		laws := make([]float64, 1<<n)
		if err := tr.model.(patchModel).patch.Laws(t.Context(), tr.State.Params, newLatents(c, 1), laws); err != nil {
			t.Fatal(err)
		}
		for i := range d.States.Len() {
			loss -= d.States.Prob(i) * math.Log(max(laws[d.States.Index(i)], leastProbability))
		}
		return loss
	}
	last := math.Inf(1)
	for i := range c.Iterations {
		before := want()
		l, err := tr.Step(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if math.Abs(l.Generator-before) > 1e-12*before {
			t.Errorf("step %d: loss %v, the law's is %v", i, l.Generator, before)
		}
		if l.Generator >= last {
			t.Errorf("step %d: loss %v after %v", i, l.Generator, last)
		}
		last = l.Generator
	}
	drawn, err := Draw(t.Context(), c, tr.model.(patchModel).patch, tr.State.Params, 50, 0.02, 1)
	if err != nil || drawn.Repeats != 50 || drawn.Neurons != n || drawn.Spikes() == 0 {
		t.Errorf("%v: %d repeats of %d neurons, %d spikes", err, drawn.Repeats, drawn.Neurons, drawn.Spikes())
	}
}

// The chain of one bin's circuit goes from cell to cell that fire together; the qubits stay
// the recording's neurons, and another objective has the recording's chain again.
func TestChainOfOneBin(t *testing.T) {
	const n = 9
	rng := rand.New(rand.NewPCG(5, 5))
	order := []int{3, 7, 0, 5, 1, 8, 2, 6, 4}
	r := spikes.NewRaster(4, 200, n, 0.02)
	for i := range 4 {
		for b := range 200 {
			fired := false
			for _, q := range order { // each does mostly what the one before does
				if rng.IntN(8) == 0 {
					fired = rng.IntN(2) == 0
				}
				r.Set(i, b, q, fired)
			}
		}
	}
	rec, err := metrics.NewRecording(r, "")
	if err != nil {
		t.Fatal(err)
	}
	c, err := Preset("deep", n, 1)
	if err != nil {
		t.Fatal(err)
	}
	c = c.For(rec)
	chain := c.Ansatz().Chain
	if len(chain) == n && chain[0] == order[n-1] {
		slices.Reverse(chain)
	}
	if !slices.Equal(chain, order) || c.Check() != nil {
		t.Errorf("chain %v (%v), the cells follow each other as %v", chain, c.Check(), order)
	}
	c.LatentQubits = 2
	if got := c.Ansatz().Chain; len(got) != n+2 || !slices.Equal(got[n:], []int{n, n + 1}) || c.Ansatz().Check() != nil {
		t.Errorf("chain %v with two qubits that are not measured", got)
	}
	for name, other := range map[string]Config{"wgan": c.WithObjective(ObjectiveWGAN), "memory": c.WithMemory(MemoryLeaky)} {
		if other.ChainOrder != ChainFile {
			t.Errorf("%s: chain order %q", name, other.ChainOrder)
		}
	}
}
