package sim

import (
	"context"
	"errors"
	"maps"
	"slices"

	"qgan/backends"
	"qgan/ir"
)

// ErrNotTerminal says that an exact law was asked for of a circuit that measures or resets
// before its end.
var ErrNotTerminal = errors.New("the circuit measures or resets before its end")

// Law returns the exact distribution of a circuit's outcomes, for values of its symbols; its
// measurements have to come last. Bits that nothing is read into are 0.
func (s *Simulator) Law(ctx context.Context, c *ir.Circuit, trained, data []float64) (*backends.Law, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if c.Bits > 64 {
		return nil, backends.Refuse("circuit %q has %d bits, a law holds at most 64", c.Name, c.Bits)
	}
	gates, ok := c.Gates()
	if !ok {
		return nil, &backends.Refusal{Err: ErrNotTerminal}
	}
	p, err := s.Probabilities(gates, trained, data)
	if err != nil {
		return nil, err
	}
	read := c.Readout()
	law := map[uint64]float64{}
	for x, q := range p {
		if q == 0 {
			continue
		}
		var word uint64
		for bit, m := range read {
			if m != nil && x>>(c.Qubits-1-m.Qubit)&1 == 1 {
				word |= 1 << (c.Bits - 1 - bit)
			}
		}
		law[word] += q
	}
	out := &backends.Law{Bits: c.Bits, Words: slices.Sorted(maps.Keys(law))}
	for _, w := range out.Words {
		out.P = append(out.P, law[w])
	}
	return out, nil
}
