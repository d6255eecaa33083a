package sim

import (
	"context"
	"fmt"
	"math/rand/v2"

	"qgan/backends"
	"qgan/internal/stream"
)

// Sample draws shots outcomes of a law and adds them to counts, indexed as the
// law. The law need not be normalised.
//
// Of a small law the outcomes are found one by one, from a table that says where to
// begin (Chen & Asau 1974); otherwise the running sum of the law is merged with sorted
// uniform numbers, made as running sums of exponential spacings (Devroye 1986, ch. V,
// theorem 3.1), at the cost of one pass over both.
func Sample(law []float64, shots int, rng *rand.Rand, counts []int) {
	switch {
	case shots == 0:
	case guides(law, shots):
		new(guided).sample(law, shots, rng, counts)
	default:
		merge(law, shots, rng, counts)
	}
}

// merge is Sample for laws of any size.
func merge(law []float64, shots int, rng *rand.Rand, counts []int) {
	sum := 0.0
	for _, p := range law {
		sum += p
	}
	spacings, total := spacings(shots, rng)
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

// spacings returns the arrivals of a Poisson process, which, divided by the
// arrival after the last, are sorted uniform numbers.
func spacings(shots int, rng *rand.Rand) (arrivals []float64, next float64) {
	arrivals = make([]float64, shots)
	for i := range arrivals {
		next += rng.ExpFloat64()
		arrivals[i] = next
	}
	return arrivals, next + rng.ExpFloat64()
}

// Run draws shots of circuits that measure. Gates run once for all shots that
// share their past: at a measurement in the middle the shots part, and the law
// of measurements at the end is computed once and sampled. Circuits of more qubits than a
// state holds are drawn word by word, where they are seen from the side. The shots are a
// function of circuit, bindings, shots and seed only.
func (s *Simulator) Run(ctx context.Context, requests []backends.Request) ([]backends.Result, error) {
	out := make([]backends.Result, len(requests))
	for i, r := range requests {
		res, err := s.run(ctx, r)
		switch {
		case err != nil && len(requests) > 1:
			return nil, fmt.Errorf("request %d: %w", i, err)
		case err != nil:
			return nil, err
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
	case c.Bits > 64 && c.Qubits <= MaxQubits:
		return res, fmt.Errorf("circuit %q has %d bits, outcomes hold at most 64", c.Name, c.Bits)
	}
	if err := r.Check(); err != nil {
		return res, err
	}
	if !c.Reads() {
		return res, fmt.Errorf("circuit %q measures nothing, so it has no shots", c.Name)
	}
	if c.Qubits > MaxQubits {
		out, err := s.drawWords(ctx, r)
		res.Outcomes = out
		return res, err
	}
	if out, ok, err := s.sampleLanes(ctx, r); ok || err != nil {
		res.Outcomes = out
		return res, err
	}
	res.Outcomes = make([]backends.Outcome, lanes)
	for lane := range lanes {
		trained, data := r.Bindings.Row(lane)
		rng := stream.New(r.Seed, "shots", uint64(lane))
		words, err := s.shots(ctx, c, trained, data, r.ShotsOf(lane), rng)
		if err != nil {
			return res, err
		}
		rng.Shuffle(len(words), func(i, j int) { words[i], words[j] = words[j], words[i] })
		res.Outcomes[lane] = outcomeOf(words, r.ShotsOf(lane), r.KeepOrder)
	}
	return res, nil
}

func outcomeOf(words []uint64, shots int, keep bool) backends.Outcome {
	o := backends.Outcome{Shots: shots, Counts: backends.CountWords(words)}
	if keep {
		o.Words = words
	}
	return o
}
