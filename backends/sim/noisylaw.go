package sim

import (
	"context"
	"fmt"
	"maps"
	"math"
	"slices"

	"qgan/backends"
	"qgan/calibration"
	"qgan/ir"
)

// Bounds of an exact law.
const (
	// leastWeight is the weight below which a part of the density matrix is left
	// out: less than rounding makes of it.
	leastWeight = 1e-15
	// maxLawBits bounds the bits that are read together at the end.
	maxLawBits = 24
)

// lawExplorer follows the parts of a density matrix through the measurements of
// a circuit.
type lawExplorer struct {
	*noisyCircuit
	ctx           context.Context
	trained, data []float64
	gates         map[ir.Gate][]float64 // transfer matrices without parameters
	law           map[uint64]float64
	waiting       int // copies of the matrix that wait
}

// law returns the exact distribution of a circuit's words.
func (p *noisyCircuit) law(ctx context.Context, kernel string, workers int, trained, data []float64) (*backends.Law, error) {
	if n := p.circuit.Qubits; n > MaxDensityQubits {
		return nil, fmt.Errorf("circuit %q uses %d qubits, a density matrix holds at most %d: draw shots by trajectories", p.circuit.Name, n, MaxDensityQubits)
	}
	k, err := kernelNamed(kernel)
	if err != nil {
		return nil, err
	}
	e := &lawExplorer{noisyCircuit: p, ctx: ctx, trained: trained, data: data, gates: map[ir.Gate][]float64{}, law: map[uint64]float64{}}
	start := &part{density: newDensity(p.circuit.Qubits, k.density, workers), bits: make([]bool, p.circuit.AllBits()), todo: &todo{ops: p.circuit.Ops}}
	if err := e.follow(start); err != nil {
		return nil, fmt.Errorf("circuit %q: %w", p.circuit.Name, err)
	}
	out := &backends.Law{Bits: p.circuit.Bits, Words: slices.Sorted(maps.Keys(e.law))}
	for _, w := range out.Words {
		out.P = append(out.P, e.law[w])
	}
	if err := clean(out.P); err != nil {
		return nil, fmt.Errorf("circuit %q: %w", p.circuit.Name, err)
	}
	return out, nil
}

// part is a part of the density matrix: what has led to the same bits.
type part struct {
	density *density
	bits    []bool
	todo    *todo
	steps   int
}

func (e *lawExplorer) follow(p *part) error {
	for {
		if p.todo == nil || p.todo.measuresOnly(e.sites) {
			return e.end(p)
		}
		if len(p.todo.ops) == 0 {
			p.todo = p.todo.next
			continue
		}
		if err := e.ctx.Err(); err != nil {
			return err
		}
		op := p.todo.ops[0]
		p.todo.ops = p.todo.ops[1:]
		if p.steps++; p.steps > maxSteps {
			return fmt.Errorf("%d operations ran without an end", maxSteps)
		}
		switch op := op.(type) {
		case *ir.Apply:
			e.gate(p.density, op)
		case *ir.Unitary:
			p.density.gate(op.Matrix, op.Qubits, 0, 0)
		case *ir.Reset:
			p.density.reset(op.Qubit)
		case *ir.Measure:
			alive, err := e.measure(p, op)
			if err != nil || !alive {
				return err
			}
		case *ir.Assign:
			op.Set(p.bits)
		case *ir.If:
			if op.Cond.Holds(p.bits) {
				p.todo = &todo{ops: op.Then, next: p.todo}
			} else {
				p.todo = &todo{ops: op.Else, next: p.todo}
			}
		case *ir.Switch:
			p.todo = &todo{ops: op.Pick(p.bits), next: p.todo}
		case *ir.While:
			if op.Cond.Holds(p.bits) {
				p.todo = &todo{ops: op.Body, next: &todo{ops: []ir.Op{op}, next: p.todo}}
			}
		}
		for _, s := range e.sites[op] {
			p.density.transfer(s.transfer, s.qubits)
		}
	}
}

// gate applies a gate of the table.
func (e *lawExplorer) gate(d *density, op *ir.Apply) {
	info := op.Gate.Info()
	if info.Qubits == 0 && op.Controls == 0 {
		return
	}
	if len(op.Angles) > 0 || op.Controls > 0 || info.Qubits > 2 {
		p := make([]float64, len(op.Angles))
		for i, a := range op.Angles {
			p[i] = a.Value(e.trained, e.data)
		}
		d.gate(info.Matrix(p), op.Qubits, op.Controls, op.Open)
		return
	}
	m, ok := e.gates[op.Gate]
	if !ok {
		m = calibration.Transfer(info.Matrix(nil))
		e.gates[op.Gate] = m
	}
	d.transfer(m, op.Qubits)
}

// measure parts a matrix by the recorded outcome, and says whether anything is
// left of it. An outcome that nobody records only takes the coherence away.
func (e *lawExplorer) measure(p *part, m *ir.Measure) (alive bool, err error) {
	if m.Bit < 0 {
		p.density.one(m.Qubit, &[16]float64{0: 1, 15: 1})
		return true, nil
	}
	p1, p0, err := e.flips(m.Qubit)
	if err != nil {
		return false, err
	}
	if bytes := 8 * int64(len(p.density.r)) * int64(e.waiting+1); bytes > maxPathBytes {
		return false, fmt.Errorf("it parts at %d measurements: the matrices that wait need more than %d GiB; draw shots instead", e.waiting+1, maxPathBytes>>30)
	}
	other := *p
	other.density, other.bits, other.todo = p.density.clone(), slices.Clone(p.bits), p.todo.clone()
	other.density.read(m.Qubit, 1-p1, p0)
	other.bits[m.Bit] = false
	if other.density.trace() > leastWeight {
		e.waiting++
		if err := e.follow(&other); err != nil {
			return false, err
		}
		e.waiting--
	}
	p.density.read(m.Qubit, p1, 1-p0)
	p.bits[m.Bit] = true
	return p.density.trace() > leastWeight, nil
}

// end adds the law of the bits that are measured last.
func (e *lawExplorer) end(p *part) error {
	r, err := e.readoutOf(p.todo)
	if err != nil {
		return err
	}
	k := len(r.bits)
	if k > maxLawBits {
		return fmt.Errorf("%d bits are read, an exact law holds at most %d", k, maxLawBits)
	}
	small := make([]float64, 1<<k)
	n := e.circuit.Qubits
	for y, x := range p.density.law() {
		word := 0
		for _, q := range r.qubits {
			word = word<<1 | y>>(n-1-q)&1
		}
		small[word] += x
	}
	for word, x := range r.confusion.Apply(small) {
		if math.Abs(x) > 0 {
			e.law[r.word(p.bits[:e.circuit.Bits], uint64(word))] += x
		}
	}
	return nil
}
