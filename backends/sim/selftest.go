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
// generator circuit for 2 x 20 bindings, and the same taken word by word from the side,
// with chains and with a brick of pair rotations. Probabilities may be off by 1e-12.
func (s *Simulator) SelfTest(ctx context.Context) error {
	c := ir.Ansatz{Neurons: 5, Layers: 4, Closing: true, FinalChain: true, Latent: ir.LatentScale{Value: 1}}.Circuit()
	d, err := s.Differentiate(c, backends.Probabilities)
	if err != nil {
		return err
	}
	if err := agrees(ctx, d, c); err != nil {
		return err
	}
	for _, a := range []ir.Ansatz{
		{Neurons: 6, Layers: 3, Latent: ir.LatentScale{Value: 1}},
		{Neurons: 5, Layers: 1, Drive: true, Pairs: true},
	} {
		c := a.Circuit()
		e, err := s.Words(c)
		if err != nil {
			return err
		}
		if err := agrees(ctx, wordByWord{e, c.Qubits}, c); err != nil {
			return fmt.Errorf("words by %s: %w", e.Method(), err)
		}
	}
	return nil
}

// wordByWord computes laws from the probabilities of all words.
type wordByWord struct {
	words  backends.WordEvaluator
	qubits int
}

func (w wordByWord) Values(ctx context.Context, b backends.Bindings, values []float64) error {
	all := backends.Bindings{Trained: b.Trained, Data: b.Data}
	words := make([]uint64, len(values))
	for i := range words {
		words[i] = uint64(i) << (64 - w.qubits)
		all.Lanes = append(all.Lanes, b.Lane(i>>w.qubits))
	}
	if err := w.words.LogProbabilities(ctx, all, words, values); err != nil {
		return err
	}
	for i, l := range values {
		values[i] = math.Exp(l)
	}
	return nil
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
