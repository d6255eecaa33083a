package sim

import (
	"context"
	"math/rand/v2"
	"slices"

	"qgan/backends"
	"qgan/internal/parallel"
	"qgan/internal/stream"
	"qgan/ir"
)

// From so many lanes on the laws of a circuit of few qubits are computed side by side
// before they are sampled, in pieces of so many numbers.
const (
	laneShots      = 4
	laneShotQubits = 12
	lanePiece      = 1 << 20
)

// readAtEnd splits a circuit into its gates and the measurement of each bit. ok is false
// where it does anything but gates and then measurements, of each qubit and into each bit
// once.
func readAtEnd(c *ir.Circuit) (gates *ir.Circuit, read []*ir.Measure, ok bool) {
	if gates, ok = c.Gates(); !ok {
		return nil, nil, false
	}
	measured, any := make([]bool, c.Qubits), false
	read = c.Readout()
	for _, op := range c.Ops {
		switch op := op.(type) {
		case *ir.Measure:
			if op.Bit < 0 || measured[op.Qubit] || read[op.Bit] != op {
				return nil, nil, false
			}
			measured[op.Qubit], any = true, true
		case *ir.Apply, *ir.Unitary:
			if any {
				return nil, nil, false
			}
		}
	}
	return gates, read, any
}

// outcomesOfStates lists the words that a circuit can read, ascending, and which of them
// each basis state gives.
func outcomesOfStates(qubits int, read []*ir.Measure) (words []uint64, of []int) {
	all := make([]uint64, 1<<qubits)
	for x := range all {
		for bit, m := range read {
			if m != nil && x>>(qubits-1-m.Qubit)&1 == 1 {
				all[x] |= 1 << (len(read) - 1 - bit)
			}
		}
	}
	words = slices.Compact(slices.Sorted(slices.Values(all)))
	of = make([]int, len(all))
	for x, w := range all {
		of[x], _ = slices.BinarySearch(words, w)
	}
	return words, of
}

// sampleLanes draws the shots of many lanes of a small circuit; ok is false where it is
// none of this kind.
func (s *Simulator) sampleLanes(ctx context.Context, r backends.Request) (out []backends.Outcome, ok bool, err error) {
	if r.Bindings.Len() < laneShots {
		return nil, false, nil
	}
	out = make([]backends.Outcome, r.Bindings.Len())
	ok, err = s.Tally(ctx, r, func(lane int, words []uint64, counts []int) {
		o := backends.Outcome{Shots: r.ShotsOf(lane)}
		for x, n := range counts {
			if n > 0 {
				o.Counts = append(o.Counts, backends.Count{Word: words[x], N: n})
			}
		}
		if r.KeepOrder {
			o.Words = make([]uint64, 0, o.Shots)
			for _, k := range o.Counts {
				for range k.N {
					o.Words = append(o.Words, k.Word)
				}
			}
			stream.New(r.Seed, "order of shots", uint64(lane)).Shuffle(len(o.Words), func(i, j int) { o.Words[i], o.Words[j] = o.Words[j], o.Words[i] })
		}
		out[lane] = o
	})
	return out, ok, err
}

// Tally draws the shots of every lane as Run does and calls use with the words that can be
// read, ascending, and how often each was, from several goroutines; the slices are only
// valid there. ok is false where the circuit has more than 12 qubits, or anything but gates
// and then measurements: Run takes those.
//
// Neighbouring lanes that are the two circuits of a parameter-shift rule, as
// ir.Occurrences makes them, are computed together.
func (s *Simulator) Tally(ctx context.Context, r backends.Request, use func(lane int, words []uint64, counts []int)) (ok bool, err error) {
	c, lanes := r.Circuit, r.Bindings.Len()
	if c.Qubits > laneShotQubits {
		return false, nil
	}
	if err := r.Check(); err != nil {
		return false, err
	}
	gates, read, ok := readAtEnd(c)
	if !ok {
		return false, nil
	}
	prepared, err := s.Differentiate(gates, backends.Probabilities)
	if err != nil {
		return false, err
	}
	b := prepared.(*batch)
	width := 1 << c.Qubits
	words, of := outcomesOfStates(c.Qubits, read)
	desks := make([]desk, workersOf(s.Workers))
	for i := range desks {
		desks[i] = desk{law: make([]float64, len(words)), counts: make([]int, len(words))}
	}
	draw := func(worker, lane int, law []float64) {
		d := &desks[worker]
		if !d.identity(of) {
			clear(d.law)
			for x, p := range law {
				d.law[of[x]] += p
			}
			law = d.law
		}
		clear(d.counts)
		d.sample(law, r.ShotsOf(lane), d.source.Rand(r.Seed, "shots", uint64(lane)))
		use(lane, words, d.counts)
	}
	if bases, pairs := shiftPairs(gates, r.Bindings); pairs != nil {
		b.shiftedLaws(bases, pairs, func(worker, pair int, plus, minus []float64) {
			draw(worker, 2*pair, plus)
			draw(worker, 2*pair+1, minus)
		})
		return true, ctx.Err()
	}
	piece := max(1, lanePiece/width)
	laws := make([]float64, min(piece, lanes)*width)
	part := backends.Bindings{Trained: r.Bindings.Trained, Data: r.Bindings.Data}
	for first := 0; first < lanes; first += piece {
		if err := ctx.Err(); err != nil {
			return true, err
		}
		count := min(piece, lanes-first)
		part.Lanes = part.Lanes[:0]
		for i := range count {
			part.Lanes = append(part.Lanes, r.Bindings.Lane(first+i))
		}
		if err := b.Values(ctx, part, laws[:count*width]); err != nil {
			return true, err
		}
		parallel.Each(count, len(desks), func(i, worker int) { draw(worker, first+i, laws[i*width:][:width]) })
	}
	return true, nil
}

// desk is what a worker draws shots with.
type desk struct {
	law    []float64 // of the words
	counts []int
	source stream.Source
	guided guided
	same   int8 // whether words are states: 0 not known, 1 yes, -1 no
}

// identity reports whether each state gives a word of its own, in the same order.
func (d *desk) identity(of []int) bool {
	if d.same == 0 {
		d.same = 1
		for x, k := range of {
			if x != k {
				d.same = -1
			}
		}
	}
	return d.same > 0
}

// sample is Sample in the desk's memory.
func (d *desk) sample(law []float64, shots int, rng *rand.Rand) {
	if shots > 0 && guides(law, shots) {
		d.guided.sample(law, shots, rng, d.counts)
		return
	}
	Sample(law, shots, rng, d.counts)
}
