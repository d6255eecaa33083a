package main

import (
	"context"
	"math"
	"math/bits"

	"qgan/backends"
	"qgan/backends/sim"
	"qgan/calibration"
	"qgan/internal/stream"
	"qgan/ir"
)

// benchNoise is the noise of `bench noisy`.
const benchNoise = `
[[noise]]
gates = ["rx", "ry", "rz"]
channel = "depolarizing"
probability = 1e-3
[[noise]]
gates = ["cx"]
channel = "depolarizing"
probability = 1e-2
[[readout]]
p1_given_0 = 0.02
p0_given_1 = 0.02
`

// benchNoisy draws the shots of the paper's generator with noise and returns the
// mean number of spikes of a shot.
func benchNoisy(f benchFlags) (func() (float64, error), int, int, error) {
	model, err := calibration.ReadNoiseModel(calibration.File{Name: "bench noisy", Data: []byte(benchNoise)})
	if err != nil {
		return nil, 0, 0, err
	}
	if f.method == string(sim.DensityMethod) && f.neurons > sim.MaxDensityQubits {
		return nil, 0, 0, usagef("--neurons %d: a density matrix holds at most %d qubits", f.neurons, sim.MaxDensityQubits)
	}
	a := ir.Ansatz{Neurons: f.neurons, Layers: 4, Closing: true, FinalChain: true, Latent: ir.LatentScale{Value: 1}}
	c := a.Circuit()
	c.MeasureAll()
	rng := stream.New(7, "bench")
	uniform := func(n int) []float64 {
		out := make([]float64, n)
		for i := range out {
			out[i] = math.Pi * (2*rng.Float64() - 1)
		}
		return out
	}
	b := backends.Bindings{Data: [][]float64{uniform(f.neurons)}, Trained: [][]float64{uniform(8 * f.neurons)}}
	s := &sim.Noisy{Model: model, Method: sim.Method(f.method), Kernel: f.kernel}
	seed := uint64(0)
	run := func() (float64, error) {
		seed++
		res, err := s.Run(context.Background(), []backends.Request{{Circuit: c, Bindings: b, Shots: []int{f.shots}, Seed: seed}})
		if err != nil {
			return 0, err
		}
		spikes := 0
		for _, k := range res[0].Outcomes[0].Counts {
			spikes += k.N * bits.OnesCount64(k.Word)
		}
		return float64(spikes) / float64(f.shots), nil
	}
	return run, 1, f.shots, nil
}
