package sim

import (
	"context"
	"errors"
	"math"
	"slices"

	"qgan/backends"
	"qgan/internal/parallel"
	"qgan/internal/stream"
	"qgan/ir"
)

// maxWordQubits is the number of qubits up to which words are looked up in the whole law.
const maxWordQubits = 20

// lawPiece is the number of probabilities that are computed at a time.
const lawPiece = 1 << 20

// Words prepares a circuit of gates for the probabilities of words: seen from the side
// where it has few layers and chains and that is less work, otherwise by its state.
func (s *Simulator) Words(c *ir.Circuit) (backends.WordEvaluator, error) {
	kern, err := kernelNamed(s.Kernel)
	if err != nil {
		return nil, err
	}
	f, err := seenFromTheSide(c)
	var refusal *backends.Refusal
	switch {
	case err != nil && c.Qubits > maxWordQubits:
		if errors.As(err, &refusal) {
			refusal.Reason = "the law of so many qubits is too large (at most 20), and the circuit can't be seen from the side: " + refusal.Reason
		}
		return nil, err
	case err != nil && !errors.As(err, &refusal):
		return nil, err
	case err != nil || c.Qubits <= maxWordQubits && f.cost() > f.stateCost():
		return s.laws(c)
	}
	side := &carries{sim: s, form: f, kern: kern.side}
	if c.Qubits <= maxWordQubits && f.drawCost() > f.stateCost() {
		side.laws, err = s.laws(c)
	}
	return side, err
}

// wordPiece is the number of shots that are drawn at a time.
const wordPiece = 1 << 14

// drawWords draws the shots of a circuit with too many qubits for a state: gates that are
// seen from the side, measured at the end.
func (s *Simulator) drawWords(ctx context.Context, r backends.Request) ([]backends.Outcome, error) {
	c := r.Circuit
	gates, read, ok := readAtEnd(c)
	if !ok {
		return nil, backends.Refuse("circuit %q has %d qubits, of so many the simulator takes gates, then measurements", c.Name, c.Qubits)
	}
	e, err := s.Words(gates)
	if err != nil {
		return nil, err
	}
	out := make([]backends.Outcome, r.Bindings.Len())
	stride := backends.WordStride(c.Qubits)
	uniforms, words := make([]float64, wordPiece*c.Qubits), make([]uint64, wordPiece*stride)
	part := backends.Bindings{Trained: r.Bindings.Trained, Data: r.Bindings.Data}
	for lane := range out {
		rng := stream.New(r.Seed, "shots", uint64(lane))
		shots := r.ShotsOf(lane)
		var seen []uint64 // of at most 64 bits
		for left := shots; left > 0; left -= wordPiece {
			count := min(left, wordPiece)
			part.Lanes = slices.Repeat([]backends.Lane{r.Bindings.Lane(lane)}, count)
			for i := range count * c.Qubits {
				uniforms[i] = rng.Float64()
			}
			if err := e.Draw(ctx, part, uniforms[:count*c.Qubits], words[:count*stride]); err != nil {
				return nil, err
			}
			for i := range count {
				row := make([]byte, (len(read)+7)/8)
				for bit, m := range read {
					if m != nil {
						row[bit/8] |= byte(backends.WordBit(words[i*stride:], m.Qubit)) << (7 - bit%8)
					}
				}
				if len(read) > 64 {
					out[lane].Rows = append(out[lane].Rows, row...)
					continue
				}
				word := uint64(0)
				for bit := range read {
					word = word<<1 | uint64(row[bit/8]>>(7-bit%8)&1)
				}
				seen = append(seen, word)
			}
		}
		if len(read) > 64 {
			out[lane].Shots = shots
		} else {
			out[lane] = outcomeOf(seen, shots, r.KeepOrder)
		}
	}
	return out, nil
}

// laws prepares a circuit for words by its state.
func (s *Simulator) laws(c *ir.Circuit) (*laws, error) {
	d, err := s.Differentiate(c, backends.Probabilities)
	if err != nil {
		return nil, err
	}
	return &laws{sim: s, circuit: c, batch: d}, nil
}

// laws takes the words' probabilities out of whole laws.
type laws struct {
	sim     *Simulator
	circuit *ir.Circuit
	batch   backends.Differentiable
	values  []float64
	up      []float64

	bindings backends.Bindings // of the last Forward
	words    []uint64
	forward  bool
}

// Method is "state".
func (w *laws) Method() string { return "state" }

// pieces calls use with lanes whose laws fit the memory at a time.
func (w *laws) pieces(ctx context.Context, b backends.Bindings, use func(part backends.Bindings, first int, law []float64) error) error {
	if err := b.Check(w.circuit); err != nil {
		return err
	}
	w.forward = false
	b = b.Filled()
	piece := max(1, lawPiece>>w.circuit.Qubits)
	part := backends.Bindings{Trained: b.Trained, Data: b.Data}
	for first := 0; first < b.Len(); first += piece {
		if err := ctx.Err(); err != nil {
			return err
		}
		part.Lanes = part.Lanes[:0]
		for i := first; i < min(first+piece, b.Len()); i++ {
			part.Lanes = append(part.Lanes, b.Lane(i))
		}
		w.values = room(w.values, len(part.Lanes)<<w.circuit.Qubits)
		if err := use(part, first, w.values); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// index returns a word's place in a law of n qubits.
func (w *laws) index(word uint64) int { return int(word >> (64 - w.circuit.Qubits)) }

// LogProbabilities writes ln p of a word of each lane.
func (w *laws) LogProbabilities(ctx context.Context, b backends.Bindings, words []uint64, logp []float64) error {
	if err := checkWords(w.circuit.Qubits, b.Len(), words, "logarithms", logp, 1); err != nil {
		return err
	}
	return w.pieces(ctx, b, func(part backends.Bindings, first int, law []float64) error {
		if err := w.batch.Values(ctx, part, law); err != nil {
			return err
		}
		for i := range part.Lanes {
			logp[first+i] = math.Log(max(0, law[i<<w.circuit.Qubits+w.index(words[first+i])]))
		}
		return nil
	})
}

// Forward is LogProbabilities and keeps the bindings.
func (w *laws) Forward(ctx context.Context, b backends.Bindings, words []uint64, logp []float64) error {
	if err := w.LogProbabilities(ctx, b, words, logp); err != nil {
		return err
	}
	w.bindings, w.words, w.forward = b.Filled(), append(w.words[:0], words...), true
	return nil
}

// Backward adds the gradients of the last Forward, whose laws it computes again.
func (w *laws) Backward(ctx context.Context, upstream, trained, data []float64) error {
	if !w.forward {
		return ErrNoForward
	}
	inputs := len(w.circuit.Data)
	if err := checkWordGradients(w.bindings, len(upstream), len(w.circuit.Trained), inputs, trained, data); err != nil {
		return err
	}
	return w.pieces(ctx, w.bindings, func(part backends.Bindings, first int, law []float64) error {
		if err := w.batch.Forward(ctx, part, law); err != nil {
			return err
		}
		w.up = room(w.up, len(law))
		clear(w.up)
		for i := range part.Lanes {
			at := i<<w.circuit.Qubits + w.index(w.words[first+i])
			if p := law[at]; p > 0 {
				w.up[at] = upstream[first+i] / p
			}
		}
		var rows []float64
		if data != nil {
			rows = data[first*inputs:][:len(part.Lanes)*inputs]
		}
		return w.batch.Backward(ctx, w.up, trained, rows)
	})
}

// Draw writes a word of each lane.
func (w *laws) Draw(ctx context.Context, b backends.Bindings, uniforms []float64, words []uint64) error {
	n := w.circuit.Qubits
	if err := checkWords(n, b.Len(), words, "uniforms", uniforms, n); err != nil {
		return err
	}
	return w.sums(ctx, b, func(lane int, of func(bits int) []float64) {
		at := 0
		for q := range n {
			halves := of(q + 1)[2*at:][:2]
			at *= 2
			if uniforms[lane*n+q]*(halves[0]+halves[1]) < halves[1] {
				at++
			}
		}
		words[lane] = uint64(at) << (64 - n)
	})
}

// Marginals writes the probability of 1 of each qubit.
func (w *laws) Marginals(ctx context.Context, b backends.Bindings, p []float64) error {
	n := w.circuit.Qubits
	if err := checkWords(n, b.Len(), nil, "marginals", p, n); err != nil {
		return err
	}
	return w.sums(ctx, b, func(lane int, of func(bits int) []float64) {
		for q := range n {
			sum := 0.0
			for x, v := range of(q + 1) {
				sum += v * float64(x&1)
			}
			p[lane*n+q] = sum
		}
	})
}

// sums calls use with each lane's laws of the first bits of a word.
func (w *laws) sums(ctx context.Context, b backends.Bindings, use func(lane int, of func(bits int) []float64)) error {
	size := 1 << w.circuit.Qubits
	rooms := make([][]float64, workersOf(w.sim.Workers))
	return w.pieces(ctx, b, func(part backends.Bindings, first int, law []float64) error {
		if err := w.batch.Values(ctx, part, law); err != nil {
			return err
		}
		parallel.Each(len(part.Lanes), len(rooms), func(i, worker int) {
			rooms[worker] = room(rooms[worker], 2*size)
			tree := rooms[worker] // the laws of k bits begin at 2^k
			copy(tree[size:], law[i*size:][:size])
			for x := size - 1; x > 0; x-- {
				tree[x] = tree[2*x] + tree[2*x+1]
			}
			use(first+i, func(k int) []float64 { return tree[1<<k:][:1<<k] })
		})
		return nil
	})
}
