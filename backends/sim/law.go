package sim

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"qgan/backends"
	"qgan/ir"
)

// Law returns the exact distribution of a circuit's outcomes, for values of its symbols.
// Where it measures or resets before its end, both outcomes are followed, each with its
// weight: 2^k states for k measurements, of which those of a weight below 1e-15 are left
// out; more than 65,536 ways are backends.ErrIntractable. Bits that nothing is read into
// are 0.
func (s *Simulator) Law(ctx context.Context, c *ir.Circuit, trained, data []float64) (*backends.Law, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if c.Bits > 64 {
		return nil, backends.Refuse("circuit %q has %d bits, a law holds at most 64", c.Name, c.Bits)
	}
	gates, ok := c.Gates()
	if !ok {
		return s.followed(ctx, c, trained, data)
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
	return lawOfWords(c.Bits, law), nil
}

// followed is the law of a circuit that measures or resets before its end.
func (s *Simulator) followed(ctx context.Context, c *ir.Circuit, trained, data []float64) (*backends.Law, error) {
	if err := ir.Verify(c); err != nil {
		return nil, err
	}
	r, err := s.register(c)
	if err != nil {
		return nil, err
	}
	e := &explorer{ctx: ctx, circuit: c, trained: trained, data: data, law: map[uint64]float64{}}
	err = e.follow(&path{register: r, fresh: true, bits: make([]bool, c.AllBits()), todo: &todo{ops: c.Ops}})
	if err != nil {
		return nil, fmt.Errorf("circuit %q: %w", c.Name, err)
	}
	return lawOfWords(c.Bits, e.law), nil
}

// lawOfWords sorts a law by its words.
func lawOfWords(bits int, law map[uint64]float64) *backends.Law {
	out := &backends.Law{Bits: bits, Words: slices.Sorted(maps.Keys(law))}
	for _, w := range out.Words {
		out.P = append(out.P, law[w])
	}
	return out
}
