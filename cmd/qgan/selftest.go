package main

import (
	"context"
	"fmt"
	"math"

	"qgan/backends"
	"qgan/backends/sim"
	"qgan/internal/stream"
	"qgan/ir"
)

// kernelSelfTest runs the simulator's kernel against the plain interpreter on
// this machine: the law of a deep generator circuit for many latent vectors.
func kernelSelfTest() (kernel string, err error) {
	s := new(sim.Simulator)
	a := ir.Ansatz{Neurons: 5, Layers: 4, Closing: true, FinalChain: true, Latent: ir.LatentScale{Value: 1}}
	c := a.Circuit()
	d, err := s.Differentiate(c, backends.Probabilities)
	if err != nil {
		return s.KernelName(), err
	}
	rng := stream.New(1, "self-test")
	b := backends.Bindings{Trained: normals(rng, 2, len(c.Trained)), Data: normals(rng, 20, len(c.Data))}
	law := make([]float64, b.Len()<<5)
	if err := d.Values(context.Background(), b, law); err != nil {
		return s.KernelName(), err
	}
	for lane := range b.Len() {
		trained, data := b.Row(lane)
		state, err := sim.Interpret(c, trained, data)
		if err != nil {
			return s.KernelName(), err
		}
		for x, amp := range state {
			want := real(amp)*real(amp) + imag(amp)*imag(amp)
			if off := math.Abs(law[lane<<5+x] - want); off > 1e-12 {
				return s.KernelName(), fmt.Errorf("lane %d, state %d is off by %.2g", lane, x, off)
			}
		}
	}
	return s.KernelName(), nil
}
