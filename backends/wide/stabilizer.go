package wide

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"

	"qgan/backends"
	"qgan/internal/stream"
	"qgan/ir"
)

// Stabilizer runs circuits of Clifford gates, with measurements, resets and classical
// control, on any number of qubits. A gate costs O(n) bits, a measurement O(n²) bits, 64 of
// which are one operation. The zero value is ready.
type Stabilizer struct{}

// NotCliffordError is the error of a circuit with a gate that takes Pauli strings to
// something else.
type NotCliffordError struct {
	Circuit string
	Gate    string
}

// Error names the gate.
func (e *NotCliffordError) Error() string {
	return fmt.Sprintf("circuit %q: %s is no Clifford gate, which alone the stabilizer method runs", e.Circuit, e.Gate)
}

// BadInput reports that something else has to be asked for.
func (e *NotCliffordError) BadInput() bool { return true }

// Clifford reports a gate of a circuit that is no Clifford gate, nil where there is none.
func (s *Stabilizer) Clifford(c *ir.Circuit, trained, data []float64) error {
	f := &cliffords{trained: trained, data: data}
	return ir.Walk(c.Ops, func(op ir.Op) error {
		switch op.(type) {
		case *ir.Apply, *ir.Unitary:
			if f.of(op) == nil {
				return &NotCliffordError{c.Name, ir.NameOf(op)}
			}
		}
		return nil
	})
}

// Run draws shots of circuits that measure. A circuit without classical control is run once
// for all shots. The shots are a function of circuit, bindings, shots and seed only.
func (s *Stabilizer) Run(ctx context.Context, requests []backends.Request) ([]backends.Result, error) {
	return runs(ctx, requests, "stabilizer", func(r backends.Request, trained, data []float64, shots int, seed uint64) (*backends.Rows, error) {
		c := r.Circuit
		start, bits, rest, err := s.straight(ctx, c, trained, data)
		if err != nil {
			return nil, err
		}
		if len(rest) == 0 {
			return draw(bits[:c.Bits], shots, seed), nil
		}
		return each(ctx, c, rest, shots, seed, func() state { return start.one() }, func(state) {})
	})
}

// straight runs the operations that no bit decides on. Where classical control follows, it
// stops before the first measurement, and rest is what is left.
func (s *Stabilizer) straight(ctx context.Context, c *ir.Circuit, trained, data []float64) (t *symbolic, bits []affine, rest []ir.Op, err error) {
	t = &symbolic{tableau: newTableau(c.Qubits), find: &cliffords{trained: trained, data: data}, circuit: c.Name}
	bits = make([]affine, c.AllBits())
	control := controlled(c.Ops)
	for i, op := range c.Ops {
		if i&63 == 0 && ctx.Err() != nil {
			return nil, nil, nil, ctx.Err()
		}
		switch op := op.(type) {
		case *ir.Barrier, *ir.Delay:
		case *ir.Apply, *ir.Unitary:
			err = t.gate(op)
		case *ir.Measure, *ir.Reset, *ir.Assign, *ir.If, *ir.Switch, *ir.While:
			if control {
				return t, nil, c.Ops[i:], nil
			}
			switch op := op.(type) {
			case *ir.Measure:
				if out := t.measure(op.Qubit); op.Bit >= 0 {
					bits[op.Bit] = out
				}
			case *ir.Reset:
				t.flipWhere(op.Qubit, t.measure(op.Qubit))
			}
		default:
			err = fmt.Errorf("circuit %q: %s can't be run", c.Name, ir.NameOf(op))
		}
		if err != nil {
			return nil, nil, nil, err
		}
	}
	return t, bits, nil, nil
}

// symbolic is a stabilizer state whose random outcomes stay symbols.
type symbolic struct {
	*tableau
	find    *cliffords
	circuit string
	drawn   int // random bits so far
}

func (t *symbolic) gate(op ir.Op) error {
	c := t.find.of(op)
	if c == nil {
		return &NotCliffordError{t.circuit, ir.NameOf(op)}
	}
	t.apply(c, ir.ActsOn(op))
	return nil
}

func (t *symbolic) measure(q int) affine {
	return t.tableau.measure(q, func() affine {
		t.drawn++
		return affine{bits: with(nil, t.drawn-1)}
	})
}

// one returns a copy whose outcomes are drawn at once, for one shot. Gates within classical
// control are looked up by each shot on its own, so that shots can run side by side.
func (t *symbolic) one() *concrete {
	return &concrete{t.tableau.clone(), &cliffords{trained: t.find.trained, data: t.find.data, known: maps.Clone(t.find.known)}, t.circuit}
}

// concrete is a stabilizer state of one shot.
type concrete struct {
	*tableau
	find    *cliffords
	circuit string
}

func (t *concrete) gate(op ir.Op) error {
	return (&symbolic{tableau: t.tableau, find: t.find, circuit: t.circuit}).gate(op)
}

func (t *concrete) measure(q int, rng *rand.Rand) (bool, error) {
	return t.tableau.measure(q, func() affine { return affine{one: rng.Uint64()&1 == 1} }).one, nil
}

func (t *concrete) not(q int) error {
	t.flipWhere(q, affine{one: true})
	return nil
}

// draw draws the words of shots, 64 at a time.
func draw(bits []affine, shots int, seed uint64) *backends.Rows {
	m := backends.NewRows(len(bits), shots)
	width := 0
	for _, b := range bits {
		width = max(width, len(b.bits)*64)
	}
	random := make([]uint64, width)
	for from := 0; from < shots; from += 64 {
		rng := stream.New(seed, "shots", uint64(from/64))
		for k := range random {
			random[k] = rng.Uint64()
		}
		for bit, b := range bits {
			w := uint64(0)
			if b.one {
				w = ^w
			}
			for k := range members(b.bits) {
				w ^= random[k]
			}
			for i := range min(64, shots-from) {
				if w>>i&1 == 1 {
					m.Set(from+i, bit)
				}
			}
		}
	}
	return m
}

// maxFree bounds the independent random bits of a law, which has a word for each of their
// values.
const maxFree = 20

// Law returns the exact law of a circuit without classical control: equally likely words.
// The circuit may measure and reset in the middle. A law of more than 2^20 words is
// backends.ErrIntractable.
func (s *Stabilizer) Law(ctx context.Context, c *ir.Circuit, trained, data []float64) (*backends.Law, error) {
	if c.Bits > 64 {
		return nil, backends.Refuse("circuit %q has %d bits, a law holds at most 64", c.Name, c.Bits)
	}
	_, exprs, rest, err := s.straight(ctx, c, trained, data)
	if err != nil {
		return nil, err
	}
	if len(rest) > 0 {
		return nil, &backends.Refusal{What: fmt.Sprintf("circuit %q", c.Name), Reason: "classical control is run shot by shot by the stabilizer method", Err: backends.ErrIntractable}
	}
	// A word is a constant plus combinations of the columns, one for each random bit.
	columns, constant := map[int]uint64{}, uint64(0)
	for bit, e := range exprs[:c.Bits] {
		place := uint64(1) << (c.Bits - 1 - bit)
		if e.one {
			constant |= place
		}
		for k := range members(e.bits) {
			columns[k] |= place
		}
	}
	basis := map[int]uint64{} // by the highest bit
	for _, k := range slices.Sorted(maps.Keys(columns)) {
		v := columns[k]
		for v != 0 {
			at := highest(v)
			if basis[at] == 0 {
				basis[at] = v
				break
			}
			v ^= basis[at]
		}
	}
	if len(basis) > maxFree {
		return nil, &backends.Refusal{What: fmt.Sprintf("circuit %q", c.Name), Reason: fmt.Sprintf("its law has 2^%d words", len(basis)), Err: backends.ErrIntractable}
	}
	law := &backends.Law{Bits: c.Bits, Words: []uint64{constant}}
	for _, at := range slices.Sorted(maps.Keys(basis)) {
		for _, w := range law.Words {
			law.Words = append(law.Words, w^basis[at])
		}
	}
	slices.Sort(law.Words)
	law.P = slices.Repeat([]float64{1 / float64(len(law.Words))}, len(law.Words))
	return law, nil
}

// Expectations returns the expectation values of Pauli strings in the final state of a
// circuit of Clifford gates without measurements: 1, -1 or 0 each.
func (s *Stabilizer) Expectations(ctx context.Context, c *ir.Circuit, strings []backends.PauliString) ([]float64, error) {
	t, _, rest, err := s.straight(ctx, c, nil, nil)
	if err != nil {
		return nil, err
	}
	if len(rest) > 0 || t.drawn > 0 {
		return nil, fmt.Errorf("circuit %q measures or resets: it has no single final state", c.Name)
	}
	out := make([]float64, len(strings))
	for i, p := range strings {
		letters := make([]byte, c.Qubits)
		for _, f := range p {
			letters[f.Qubit] = f.Letter
		}
		b, known := t.value(func(q int) (x, z bool) {
			return letters[q] == 'X' || letters[q] == 'Y', letters[q] == 'Z' || letters[q] == 'Y'
		})
		if known {
			out[i] = 1
			if b.one {
				out[i] = -1
			}
		}
	}
	return out, nil
}
