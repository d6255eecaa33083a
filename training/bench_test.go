package training

import (
	"testing"

	"qgan/backends/sim"
	"qgan/internal/stream"
)

// BenchmarkStep is one whole training step of the paper's model at 10 neurons
// and 30 timesteps, batch 64, two critic updates; BenchmarkGenerator is its
// generator part alone: latent vectors, laws and their vector-Jacobian product.
func BenchmarkStep(b *testing.B) {
	tr := benchTrainer(b)
	for b.Loop() {
		if _, err := tr.Step(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkGenerator(b *testing.B) {
	tr := benchTrainer(b)
	c, r := tr.Config, &tr.stages[0].round.(*drawn).shared
	step := uint64(0)
	for b.Loop() {
		step++
		z := DrawLatents(c, c.Batch, stream.New(c.Seed, "latent", step))
		if err := r.gen.Forward(b.Context(), tr.State.Params, z, r.laws); err != nil {
			b.Fatal(err)
		}
		if err := r.gen.Backward(b.Context(), r.upstream, tr.genGrad); err != nil {
			b.Fatal(err)
		}
	}
}

func benchTrainer(b *testing.B) *Trainer {
	c, err := Preset("paper", 10, 30)
	if err != nil {
		b.Fatal(err)
	}
	tr, err := New(c, testData(b, 10, 30), &sim.Simulator{}, nil)
	if err != nil {
		b.Fatal(err)
	}
	return tr
}
