package sim

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"

	"qgan/backends"
	"qgan/internal/stream"
	"qgan/ir"
)

// Sample draws shots outcomes of a law and adds them to counts, indexed as the
// law. It merges the running sum of the law with sorted uniform numbers, made
// as running sums of exponential spacings (Devroye 1986, ch. V, theorem 3.1),
// so it costs one pass over both. The law need not be normalised.
func Sample(law []float64, shots int, rng *rand.Rand, counts []int) {
	if shots == 0 {
		return
	}
	sum := 0.0
	for _, p := range law {
		sum += p
	}
	spacings := make([]float64, shots)
	total := 0.0
	for i := range spacings {
		total += rng.ExpFloat64()
		spacings[i] = total
	}
	total += rng.ExpFloat64()
	scale := sum / total
	x, running := 0, law[0]
	for _, s := range spacings {
		u := s * scale
		for u >= running && x < len(law)-1 {
			x++
			running += law[x]
		}
		for law[x] == 0 && x > 0 { // rounding at the end of the law
			x--
		}
		counts[x]++
	}
}

// Run draws shots of circuits that measure. Where all measurements come last,
// the law is computed once and sampled; otherwise every shot runs on its own.
// The shots are a function of circuit, bindings, shots and seed only.
func (s *Simulator) Run(ctx context.Context, requests []backends.Request) ([]backends.Result, error) {
	out := make([]backends.Result, len(requests))
	for i, r := range requests {
		res, err := s.run(ctx, r)
		if err != nil {
			return nil, fmt.Errorf("request %d: %w", i, err)
		}
		out[i] = res
	}
	return out, nil
}

func (s *Simulator) run(ctx context.Context, r backends.Request) (backends.Result, error) {
	c := r.Circuit
	res := backends.Result{Bits: c.Bits, Provenance: backends.Provenance{Backend: "ideal", Kernel: s.KernelName()}}
	lanes := r.Bindings.Len()
	switch {
	case r.Mitigation != "" && r.Mitigation != backends.MitigateNone:
		return res, fmt.Errorf("mitigation %q: the ideal simulator has no readout error to undo", r.Mitigation)
	case len(r.Shots) != 1 && len(r.Shots) != lanes:
		return res, fmt.Errorf("%d numbers of shots for %d lanes: give one, or one a lane", len(r.Shots), lanes)
	case c.Bits > 64:
		return res, fmt.Errorf("circuit %q has %d bits, outcomes hold at most 64", c.Name, c.Bits)
	}
	if err := errors.Join(ir.Verify(c), r.Bindings.Check(c)); err != nil {
		return res, err
	}
	gates, from, terminal := splitMeasurements(c)
	measured := 0
	ir.Walk(c.Ops, func(op ir.Op) error {
		if _, ok := op.(*ir.Measure); ok {
			measured++
		}
		return nil
	})
	if measured == 0 {
		return res, fmt.Errorf("circuit %q measures nothing, so it has no shots", c.Name)
	}
	res.Outcomes = make([]backends.Outcome, lanes)
	for lane := range lanes {
		if err := ctx.Err(); err != nil {
			return res, err
		}
		at := r.Bindings.Lane(lane)
		trained, data := r.Bindings.Trained[at.Trained], r.Bindings.Data[at.Data]
		rng := stream.New(r.Seed, "shots", uint64(lane))
		shots := r.ShotsOf(lane)
		var words []uint64
		var err error
		if terminal {
			words, err = s.sampleLaw(gates, from, trained, data, shots, rng)
		} else {
			words, err = shotByShot(ctx, c, trained, data, shots, rng)
		}
		if err != nil {
			return res, err
		}
		res.Outcomes[lane] = outcomeOf(words, shots, r.KeepOrder)
	}
	return res, nil
}

func outcomeOf(words []uint64, shots int, keep bool) backends.Outcome {
	o := backends.Outcome{Shots: shots}
	if keep {
		o.Words = slices.Clone(words)
	}
	slices.Sort(words)
	for _, w := range words {
		if k := len(o.Counts); k > 0 && o.Counts[k-1].Word == w {
			o.Counts[k-1].N++
		} else {
			o.Counts = append(o.Counts, backends.Count{Word: w, N: 1})
		}
	}
	return o
}

// splitMeasurements returns the circuit's gates alone and, for each bit, the
// qubit measured into it (-1: none), where all measurements come last.
func splitMeasurements(c *ir.Circuit) (gates *ir.Circuit, from []int, terminal bool) {
	k := *c
	k.Ops = nil
	from = make([]int, c.Bits)
	for i := range from {
		from[i] = -1
	}
	measured := make([]bool, c.Qubits)
	touches := func(qubits []int) bool {
		return slices.ContainsFunc(qubits, func(q int) bool { return measured[q] })
	}
	for _, op := range c.Ops {
		switch op := op.(type) {
		case *ir.Apply:
			if touches(op.Qubits) {
				return nil, nil, false
			}
		case *ir.Unitary:
			if touches(op.Qubits) {
				return nil, nil, false
			}
		case *ir.Barrier, *ir.Delay:
			continue
		case *ir.Measure:
			measured[op.Qubit] = true
			if op.Bit >= 0 {
				from[op.Bit] = op.Qubit
			}
			continue
		default:
			return nil, nil, false
		}
		k.Ops = append(k.Ops, op)
	}
	return &k, from, true
}

// Law returns the outcome probabilities of measuring all qubits of a circuit of
// gates, by its program or, where it has none, by the interpreter.
func (s *Simulator) Law(c *ir.Circuit, trained, data []float64) ([]float64, error) {
	law := make([]float64, 1<<c.Qubits)
	var not *ErrNotUnitary
	d, err := s.Differentiate(c, backends.Probabilities)
	switch {
	case err == nil:
		return law, d.Values(backends.Bindings{Trained: [][]float64{trained}, Data: [][]float64{data}}, law)
	case !errors.As(err, &not):
		return nil, err
	}
	state, err := Interpret(c, trained, data)
	if err != nil {
		return nil, err
	}
	for i, x := range state {
		law[i] = real(x)*real(x) + imag(x)*imag(x)
	}
	return law, nil
}

func (s *Simulator) sampleLaw(gates *ir.Circuit, from []int, trained, data []float64, shots int, rng *rand.Rand) ([]uint64, error) {
	law, err := s.Law(gates, trained, data)
	if err != nil {
		return nil, err
	}
	counts := make([]int, len(law))
	Sample(law, shots, rng, counts)
	words := make([]uint64, 0, shots)
	for state, n := range counts {
		if n == 0 {
			continue
		}
		var w uint64
		for bit, q := range from {
			if q >= 0 && state>>(gates.Qubits-1-q)&1 == 1 {
				w |= 1 << (len(from) - 1 - bit)
			}
		}
		for range n {
			words = append(words, w)
		}
	}
	rng.Shuffle(len(words), func(i, j int) { words[i], words[j] = words[j], words[i] })
	return words, nil
}

func shotByShot(ctx context.Context, c *ir.Circuit, trained, data []float64, shots int, rng *rand.Rand) ([]uint64, error) {
	m := machine{c: c, trained: trained, data: data, rng: rng}
	words := make([]uint64, shots)
	for i := range words {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if err := m.start(); err != nil {
			return nil, err
		}
		if err := m.run(c.Ops); err != nil {
			return nil, err
		}
		for bit, one := range m.bits {
			if one {
				words[i] |= 1 << (len(m.bits) - 1 - bit)
			}
		}
	}
	return words, nil
}
