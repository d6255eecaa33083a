package sim

import (
	"fmt"
	"math/bits"

	"qgan/ir"
)

// axis of a rotation exp(-i θ P/2).
type axis uint8

const (
	axisX axis = iota
	axisY
	axisZ
)

// factor is one rotation inside a fused SU(2).
type factor struct {
	axis  axis
	angle ir.Angle
}

// pair holds the physical indices of the logical values 0 and 1 of a qubit.
type pair struct{ zero, one uint32 }

// maxListed bounds the qubits of programs that run lanes side by side, for which pairs are
// listed.
const maxListed = 14

// pairing is how a gate pairs amplitudes: the masks of its qubit in the frame,
// and the list of pairs where there are at most maxListed qubits.
type pairing struct {
	r, v uint64
	k    bool
	list []pair
}

// fused is one SU(2) on one logical qubit: its rotations, first applied first,
// and the pairs of amplitudes that it mixes.
type fused struct {
	factors []factor
	pairing *pairing
	qubit   int
}

// pairs lists the pairs of n qubits.
func (p *pairing) pairs(n int) []pair {
	list := make([]pair, 1<<(n-1))
	pivot := bits.Len64(p.v) - 1
	low := uint64(1)<<pivot - 1
	for i := range list {
		j := uint64(i)
		x := j&^low<<1 | j&low
		if bits.OnesCount64(p.r&x)&1 == 1 != p.k {
			list[i] = pair{uint32(x ^ p.v), uint32(x)}
		} else {
			list[i] = pair{uint32(x), uint32(x ^ p.v)}
		}
	}
	return list
}

// program is a unitary circuit, ready to be run for many bindings.
type program struct {
	circuit *ir.Circuit
	n       int
	ops     []fused
	// product counts the leading ops that act on distinct qubits in the
	// identity frame: they make a product state of |0…0>.
	product int
	frame   frame    // at the end
	outcome []uint32 // logical state of each physical index, where it is tabulated
	phase   ir.Angle
	plan    *plan
}

// NotUnitaryError says that a circuit has no program because it measures, resets
// or branches, or holds an operator that the table does not decompose.
type NotUnitaryError struct {
	Circuit string
	Op      ir.Op
}

// Error names the circuit and the operation.
func (e *NotUnitaryError) Error() string {
	return fmt.Sprintf("circuit %q holds %s: it has no program of rotations", e.Circuit, ir.NameOf(e.Op))
}

// compile makes the program of a circuit. Measurements at the very end are the
// caller's to strip.
func compile(c *ir.Circuit) (*program, error) {
	if c.Qubits > MaxQubits {
		return nil, fmt.Errorf("circuit %q has %d qubits, the simulator holds at most %d", c.Name, c.Qubits, MaxQubits)
	}
	if err := ir.Verify(c); err != nil {
		return nil, err
	}
	return compileTraced(c, nil, nil)
}

// compileTraced is compile that, where there is a trace, also notes where the
// channels of sites are.
func compileTraced(c *ir.Circuit, t *trace, sites map[ir.Op][]site) (*program, error) {
	p := &program{circuit: c, n: c.Qubits, phase: c.Phase, frame: newFrame(c.Qubits)}
	b := builder{program: p, pending: make([][]factor, c.Qubits), seen: map[pairKey]*pairing{}, trace: t}
	for _, op := range c.Ops {
		switch op := op.(type) {
		case *ir.Apply:
			if op.Controls > 0 {
				return nil, &NotUnitaryError{c.Name, op}
			}
			b.gate(op.Gate, op.Qubits, op.Angles)
		case *ir.Barrier, *ir.Delay:
		default:
			return nil, &NotUnitaryError{c.Name, op}
		}
		for _, s := range sites[op] {
			t.site(s, b.pending)
		}
	}
	for q := range c.Qubits {
		b.flush(q)
	}
	p.plan = newPlan(p.ops)
	return p, nil
}

// tabulate lists the outcome of each physical index.
func (p *program) tabulate() { p.outcome = p.frame.outcomes(p.n) }

type pairKey struct {
	r, v uint64
	k    bool
}

type builder struct {
	*program
	pending [][]factor
	seen    map[pairKey]*pairing
	started uint64 // qubits that have an op
	mixed   bool   // the leading product of ops has ended
	trace   *trace // what Pauli errors are pushed through; nil without noise
}

func (b *builder) gate(g ir.Gate, qubits []int, angles []ir.Angle) {
	switch g {
	case ir.X:
		b.flush(qubits[0])
		b.frame.x(qubits[0])
	case ir.CX:
		b.flush(qubits[0])
		b.flush(qubits[1])
		b.frame.cx(qubits[0], qubits[1])
		b.trace.linear(eventCX, qubits)
	case ir.Swap:
		if b.trace != nil {
			b.flush(qubits[0])
			b.flush(qubits[1])
			b.trace.linear(eventSwap, qubits)
		}
		b.pending[qubits[0]], b.pending[qubits[1]] = b.pending[qubits[1]], b.pending[qubits[0]]
		b.frame.swap(qubits[0], qubits[1])
	case ir.RX:
		b.rotate(qubits[0], axisX, angles[0])
	case ir.RY:
		b.rotate(qubits[0], axisY, angles[0])
	case ir.RZ:
		b.rotate(qubits[0], axisZ, angles[0])
	case ir.GPhase:
		b.phase = b.phase.Add(angles[0])
	default:
		for _, s := range g.Info().Decompose(angles) {
			inner := make([]int, len(s.Qubits))
			for i, q := range s.Qubits {
				inner[i] = qubits[q]
			}
			b.gate(s.Gate, inner, s.Angles)
		}
	}
}

func (b *builder) rotate(q int, a axis, angle ir.Angle) {
	list := b.pending[q]
	if k := len(list); k > 0 && list[k-1].axis == a && !b.trace.between(q, k) {
		list[k-1].angle = list[k-1].angle.Add(angle)
		return
	}
	b.pending[q] = append(list, factor{a, angle})
}

// flush emits the pending rotations of a qubit in the present frame.
func (b *builder) flush(q int) {
	if len(b.pending[q]) == 0 {
		return
	}
	key := pairKey{b.frame.r[q], b.frame.v[q], b.frame.k[q]}
	if b.seen[key] == nil {
		p := &pairing{r: key.r, v: key.v, k: key.k}
		if b.n <= maxListed {
			p.list = p.pairs(b.n)
		}
		b.seen[key] = p
	}
	bit := uint64(1) << (b.n - 1 - q)
	identity := key == pairKey{bit, bit, false}
	if !b.mixed && identity && b.started&bit == 0 {
		b.product++
		b.started |= bit
	} else {
		b.mixed = true
	}
	b.trace.op(q, len(b.ops), len(b.pending[q]))
	b.ops = append(b.ops, fused{b.pending[q], b.seen[key], q})
	b.pending[q] = nil
}
