package training

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"

	"qgan/backends"
	"qgan/ir"
)

// Recurrent is the generator with memory: a law of the next word given the words
// before it,
//
//	p(window | past) = prod_k p(x_k | past, x_0 … x_(k-1)),
//
// each factor the law of one circuit whose encoding angles are computed from those
// words. On a processor the next timestep's circuit is bound with angles computed
// from the bits just measured.
//
// With a past that reaches beyond the window, one circuit serves all timesteps
// and the samples run on as one recording. Where the memory begins anew with each
// window, the first timestep, which has no past, has a circuit of its own without
// memory; the later ones share one where they are tied, or have one each.
//
// Parameters are, circuit by circuit, the ansatz's angles and then the memory's.
type Recurrent struct {
	ansatz    ir.Ansatz
	memory    []*memoryMap // one a circuit; nil: it has none
	timesteps int
	past      int // bins before a window that are seen in it
	batch     int // examples of an update
	law       neuronLaw

	// The lanes of the last run: histories that the memory sees as one are one lane.
	merged merged
	params []float64
	of     []history
	rows   [][]float64
	inputs [][]float64
	lanes  []backends.Lane
	traces []float64 // lanes x traces
	angles []float64 // lanes x angles
	grads  struct{ trained, data []float64 }
}

// history is what decides the law of a word: the words before it, the last one
// just before, and which circuit makes it.
type history struct {
	past    []uint32
	circuit int
}

// NewRecurrent prepares the generator on a simulator.
func NewRecurrent(c Config, on backends.Solver) (*Recurrent, error) {
	g := newRecurrent(c)
	var err error
	g.law, err = newNeuronLaw(g.ansatz, on)
	return g, err
}

// newRecurrent lays the generator out, without what runs its circuits.
func newRecurrent(c Config) *Recurrent {
	a := c.Ansatz()
	g := &Recurrent{ansatz: a, timesteps: c.Timesteps, past: c.Past, batch: c.Batch}
	circuits, depth := 1, c.Past
	if c.Past == 0 {
		g.memory = append(g.memory, nil)
		circuits, depth = min(2, c.Timesteps), c.Timesteps-1
		if !c.Tied {
			circuits = c.Timesteps
		}
	}
	if c.Memory == MemoryBits {
		depth = 1
	}
	for len(g.memory) < circuits {
		g.memory = append(g.memory, &memoryMap{kind: c.Memory, own: min(c.OwnBits, depth), encodings: a.Encodings(), qubits: a.Qubits(), neurons: a.Neurons, depth: depth})
	}
	g.rows = make([][]float64, circuits)
	return g
}

// circuit is the one that makes timestep k of a window.
func (g *Recurrent) circuit(k int) int { return min(k, len(g.memory)-1) }

// seen cuts a past to what the memory sees of it.
func (g *Recurrent) seen(past []uint32) []uint32 {
	m := g.memory[len(g.memory)-1]
	if m == nil {
		return nil
	}
	return past[max(0, len(past)-m.depth):]
}

// Parameters counts the trained numbers.
func (g *Recurrent) Parameters() int {
	n := g.counts()
	return n.Angles + n.Memory
}

func (g *Recurrent) counts() Counts {
	n := Counts{Angles: len(g.memory) * g.ansatz.Angles()}
	for _, m := range g.memory {
		if m != nil {
			n.Memory += m.parameters()
		}
	}
	return n
}

// split returns the angles and the memory's part of one circuit's parameters.
func (g *Recurrent) split(params []float64, circuit int) (angles, memory []float64) {
	from := 0
	for _, m := range g.memory[:circuit] {
		from += g.ansatz.Angles()
		if m != nil {
			from += m.parameters()
		}
	}
	angles = params[from:][:g.ansatz.Angles()]
	if m := g.memory[circuit]; m != nil {
		memory = params[from+len(angles):][:m.parameters()]
	}
	return angles, memory
}

// Init draws the start: angles from U(-width, width), but the last RY of a neuron
// is 2 arcsin √rate, which alone makes it fire at its rate.
func (g *Recurrent) Init(params []float64, width float64, rates []float64, rng *rand.Rand) {
	q := g.ansatz.Qubits()
	for c, m := range g.memory {
		angles, memory := g.split(params, c)
		for i := range angles {
			angles[i] = (2*rng.Float64() - 1) * width
		}
		for j, rate := range rates {
			angles[2*((g.ansatz.Layers-1)*q+j)] = 2 * math.Asin(math.Sqrt(rate))
		}
		if m != nil {
			m.init(memory, rng)
		}
	}
}

// bind computes the angles of every history.
func (g *Recurrent) bind(params []float64, of []history) backends.Bindings {
	inputs, traces := g.ansatz.Inputs(), g.ansatz.Encodings()*g.ansatz.Neurons
	g.params, g.of = params, of
	g.angles, g.traces = sized(g.angles, len(of)*inputs), sized(g.traces, len(of)*traces)
	for c, m := range g.memory {
		angles, memory := g.split(params, c)
		g.rows[c] = angles
		if m != nil {
			m.prepare(memory)
		}
	}
	g.inputs, g.lanes = g.inputs[:0], g.lanes[:0]
	for i, x := range of {
		angles := g.angles[i*inputs:][:inputs]
		if m := g.memory[x.circuit]; m != nil {
			_, memory := g.split(params, x.circuit)
			m.forward(memory, x.past, g.traces[i*traces:][:traces], angles)
		} else {
			clear(angles)
		}
		g.inputs = append(g.inputs, angles)
		g.lanes = append(g.lanes, backends.Lane{Trained: x.circuit, Data: i})
	}
	return backends.Bindings{Trained: g.rows, Data: g.inputs, Lanes: g.lanes}
}

// words is the number of words of a timestep.
func (g *Recurrent) words() int { return 1 << g.ansatz.Neurons }

// laws writes the law of the next word in every history: histories x 2^n.
func (g *Recurrent) laws(ctx context.Context, params []float64, of []history, laws []float64) error {
	return g.spread(params, of, laws, func(b backends.Bindings, laws []float64) error { return g.law.values(ctx, b, laws) })
}

// forward is laws, and keeps what one backward needs.
func (g *Recurrent) forward(ctx context.Context, params []float64, of []history, laws []float64) error {
	return g.spread(params, of, laws, func(b backends.Bindings, laws []float64) error { return g.law.forward(ctx, b, laws) })
}

// backward takes the derivative of a scalar by every law of the last forward and
// adds that by the parameters to grad.
func (g *Recurrent) backward(ctx context.Context, upstream, grad []float64) error {
	width, inputs, traces := g.ansatz.Angles(), g.ansatz.Inputs(), g.ansatz.Encodings()*g.ansatz.Neurons
	g.grads.trained, g.grads.data = sized(g.grads.trained, len(g.rows)*width), sized(g.grads.data, len(g.angles))
	clear(g.grads.trained)
	clear(g.grads.data)
	if err := g.law.backward(ctx, g.merged.sum(upstream, g.words()), g.grads.trained, g.grads.data); err != nil {
		return err
	}
	for c := range g.rows {
		angles, _ := g.split(grad, c)
		for i, x := range g.grads.trained[c*width:][:width] {
			angles[i] += x
		}
	}
	for i, x := range g.of {
		if m := g.memory[x.circuit]; m != nil {
			_, memory := g.split(g.params, x.circuit)
			_, to := g.split(grad, x.circuit)
			m.backward(memory, x.past, g.traces[i*traces:][:traces], g.angles[i*inputs:][:inputs], g.grads.data[i*inputs:][:inputs], to)
		}
	}
	return nil
}

// Circuit returns the circuit of a timestep, its trained angles bound and its encoding
// angles open; Angles gives these.
func (g *Recurrent) Circuit(params []float64, timestep int) (*ir.Circuit, error) {
	angles, _ := g.split(params, g.circuit(timestep))
	return g.ansatz.Circuit().Bind(angles, nil)
}

// Angles returns the encoding angles of a timestep after the words of a past, the
// last one just before it.
func (g *Recurrent) Angles(params []float64, timestep int, past []uint32) ([]float64, error) {
	for _, w := range past {
		if int64(w) >= int64(g.words()) {
			return nil, fmt.Errorf("word %d of a past: %d neurons have %d words", w, g.ansatz.Neurons, g.words())
		}
	}
	g.bind(params, []history{{g.seen(past), g.circuit(timestep)}})
	return append([]float64(nil), g.angles...), nil
}
