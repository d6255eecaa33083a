package sim

import (
	"context"
	"fmt"
	"math"

	"qgan/backends"
	"qgan/internal/stream"
	"qgan/ir"
)

// SelfTest runs the kernel against the plain interpreter on this machine: the law of a deep
// generator circuit for 2 x 20 bindings, whose probabilities may be off by 1e-12.
func (s *Simulator) SelfTest(ctx context.Context) error {
	c := ir.Ansatz{Neurons: 5, Layers: 4, Closing: true, FinalChain: true, Latent: ir.LatentScale{Value: 1}}.Circuit()
	d, err := s.Differentiate(c, backends.Probabilities)
	if err != nil {
		return err
	}
	return agrees(ctx, d, c)
}

// agrees compares the laws of a circuit's evaluator with those of the interpreter, for
// bindings of their own.
func agrees(ctx context.Context, d backends.Evaluator, c *ir.Circuit) error {
	const tolerance = 1e-12
	rng := stream.New(1, "self-test")
	normals := func(rows, width int) [][]float64 {
		out := make([][]float64, rows)
		for i := range out {
			for range width {
				out[i] = append(out[i], rng.NormFloat64())
			}
		}
		return out
	}
	b := backends.Bindings{Trained: normals(2, len(c.Trained)), Data: normals(20, len(c.Data))}
	law := make([]float64, b.Len()<<c.Qubits)
	if err := d.Values(ctx, b, law); err != nil {
		return err
	}
	for lane := range b.Len() {
		trained, data := b.Row(lane)
		state, err := Interpret(c, trained, data)
		if err != nil {
			return err
		}
		for x, amp := range state {
			want := real(amp)*real(amp) + imag(amp)*imag(amp)
			if off := math.Abs(law[lane<<c.Qubits+x] - want); off > tolerance {
				return fmt.Errorf("lane %d, state %d is off by %.2g", lane, x, off)
			}
		}
	}
	return nil
}
