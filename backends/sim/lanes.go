package sim

import (
	"context"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"qgan/backends"
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

// readAtEnd splits a circuit into its gates and what its measurements read. ok is false
// where it does anything but gates and then measurements, of each qubit and into each bit
// once.
func readAtEnd(c *ir.Circuit) (gates *ir.Circuit, bitOf []int, ok bool) {
	bitOf = make([]int, c.Qubits)
	for q := range bitOf {
		bitOf[q] = -1
	}
	var ops []ir.Op
	read := false
	taken := map[int]bool{}
	for _, op := range c.Ops {
		switch op := op.(type) {
		case *ir.Apply, *ir.Unitary:
			if read {
				return nil, nil, false
			}
			ops = append(ops, op)
		case *ir.Measure:
			if op.Bit < 0 || bitOf[op.Qubit] >= 0 || taken[op.Bit] {
				return nil, nil, false
			}
			bitOf[op.Qubit], taken[op.Bit], read = op.Bit, true, true
		case *ir.Barrier, *ir.Delay:
		default:
			return nil, nil, false
		}
	}
	own := *c
	own.Ops, own.Bits, own.BitRegs = ops, 0, nil
	return &own, bitOf, read
}

// outcomesOfStates lists the words that a circuit can read, ascending, and which of them
// each basis state gives.
func outcomesOfStates(qubits, bits int, bitOf []int) (words []uint64, of []int) {
	all := make([]uint64, 1<<qubits)
	for x := range all {
		for q, b := range bitOf {
			if b >= 0 && x>>(qubits-1-q)&1 == 1 {
				all[x] |= 1 << (bits - 1 - b)
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
	c, lanes := r.Circuit, r.Bindings.Len()
	if lanes < laneShots || c.Qubits > laneShotQubits {
		return nil, false, nil
	}
	gates, bitOf, ok := readAtEnd(c)
	if !ok {
		return nil, false, nil
	}
	d, err := s.Differentiate(gates, backends.Probabilities)
	if err != nil {
		return nil, false, err
	}
	width := 1 << c.Qubits
	words, of := outcomesOfStates(c.Qubits, c.Bits, bitOf)
	out = make([]backends.Outcome, lanes)
	piece := max(1, lanePiece/width)
	laws := make([]float64, min(piece, lanes)*width)
	b := backends.Bindings{Trained: r.Bindings.Trained, Data: r.Bindings.Data}
	for first := 0; first < lanes; first += piece {
		if err := ctx.Err(); err != nil {
			return nil, true, err
		}
		count := min(piece, lanes-first)
		b.Lanes = b.Lanes[:0]
		for i := range count {
			b.Lanes = append(b.Lanes, r.Bindings.Lane(first+i))
		}
		if err := d.Values(b, laws[:count*width]); err != nil {
			return nil, true, err
		}
		s.each(count, func() func(int) {
			law, counts := make([]float64, len(words)), make([]int, len(words))
			return func(i int) {
				clear(law)
				clear(counts)
				for x, p := range laws[i*width:][:width] {
					law[of[x]] += p
				}
				lane := first + i
				shots, rng := r.ShotsOf(lane), stream.New(r.Seed, "shots", uint64(lane))
				Sample(law, shots, rng, counts)
				o := backends.Outcome{Shots: shots}
				for x, n := range counts {
					if n > 0 {
						o.Counts = append(o.Counts, backends.Count{Word: words[x], N: n})
					}
				}
				if r.KeepOrder {
					o.Words = make([]uint64, 0, shots)
					for _, k := range o.Counts {
						for range k.N {
							o.Words = append(o.Words, k.Word)
						}
					}
					rng.Shuffle(shots, func(i, j int) { o.Words[i], o.Words[j] = o.Words[j], o.Words[i] })
				}
				out[lane] = o
			}
		})
	}
	return out, true, nil
}

// each runs a task for each number below n, on as many workers as the simulator has. A
// worker makes its own task, with its own memory.
func (s *Simulator) each(n int, worker func() func(int)) {
	workers := s.Workers
	if workers == 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	var next atomic.Int64
	var wait sync.WaitGroup
	for range min(workers, n) {
		wait.Go(func() {
			task := worker()
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				task(i)
			}
		})
	}
	wait.Wait()
}
