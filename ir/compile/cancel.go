package compile

import (
	"math"
	"slices"

	"qgan/ir"
)

// Cancellation is derived from the matrices of the gate table. An operand of a
// gate has an axis P where the gate commutes with P on it; gates that share
// qubits commute where on each of them they share an axis. Two gates on the same
// qubits combine where their product is the identity, or where they are
// rotations whose angles add up.

// gateFacts are what cancellation knows of a gate.
type gateFacts struct {
	// axes[i] has the bits of the Paulis with which operand i commutes.
	axes []uint8
	// symmetric: operands can be exchanged. additive: U(a)·U(b) = U(a+b).
	symmetric, additive bool
}

// knownFacts holds the facts of each gate that was asked for.
type knownFacts [math.MaxUint8 + 1]*gateFacts

// generic values stand for symbols: what commutes for them does for all.
var genericAngles = []float64{0.7390851332, 1.2020569032, 0.5671432904, 1.6449340668}

// factsOf derives the facts of a gate on one or two qubits.
func factsOf(g ir.Gate) *gateFacts {
	info := g.Info()
	m := info.Matrix(genericAngles[:len(info.Params)])
	f := &gateFacts{axes: make([]uint8, info.Qubits)}
	for i := range f.axes {
		for p, pauli := range []ir.Gate{ir.X, ir.Y, ir.Z} {
			op := pauli.Info().Matrix(nil)
			if info.Qubits == 2 {
				if i == 0 {
					op = op.Kron(ir.Identity(2))
				} else {
					op = ir.Identity(2).Kron(op)
				}
			}
			if op.Mul(m).Distance(m.Mul(op)) < tiny {
				f.axes[i] |= 1 << p
			}
		}
	}
	if info.Qubits == 2 {
		swap := ir.Swap.Info().Matrix(nil)
		f.symmetric = swap.Mul(m).Mul(swap).Distance(m) < tiny
	}
	if len(info.Params) == 1 {
		a, b := genericAngles[0], genericAngles[1]
		sum := info.Matrix([]float64{a + b})
		f.additive = info.Matrix([]float64{a}).Mul(info.Matrix([]float64{b})).Distance(sum) < tiny
	}
	return f
}

// lookBack bounds how many gates on its qubits a gate is compared with.
const lookBack = 40

// rounds bounds how often a circuit is gone through: what is left out brings others
// together.
const rounds = 8

// canceller removes gates.
type canceller struct {
	facts *knownFacts
	ops   []ir.Op
	dead  []bool
	// history lists, for each qubit, the places of the operations on it.
	history [][]int
}

// cancel removes gates that undo each other, and adds up the angles of rotations,
// across gates with which they commute.
func cancel(s *state) error {
	facts := &knownFacts{}
	for range rounds {
		before := len(s.circuit.Ops)
		c := canceller{facts: facts, ops: make([]ir.Op, 0, before), dead: make([]bool, 0, before), history: make([][]int, s.circuit.Qubits)}
		for _, op := range s.circuit.Ops {
			c.add(op)
		}
		out := c.ops[:0]
		for i, op := range c.ops {
			if !c.dead[i] {
				out = append(out, op)
			}
		}
		if s.circuit.Ops = mergePhases(out, s.circuit.Qubits); len(s.circuit.Ops) == before {
			break
		}
	}
	return nil
}

func (c *canceller) of(g ir.Gate) *gateFacts {
	if c.facts[g] == nil {
		c.facts[g] = factsOf(g)
	}
	return c.facts[g]
}

// add appends an operation, or lets it disappear in an earlier one.
func (c *canceller) add(op ir.Op) {
	if a, ok := op.(*ir.Apply); ok && len(a.Qubits) > 0 && a.Controls == 0 {
		if c.combine(a) {
			return
		}
	}
	at := len(c.ops)
	c.ops = append(c.ops, op)
	c.dead = append(c.dead, false)
	for _, q := range qubitsOf(op) {
		c.history[q] = append(c.history[q], at)
	}
}

// combine looks for an earlier gate that undoes a or takes its angle.
func (c *canceller) combine(a *ir.Apply) bool {
	place := make([]int, len(a.Qubits))
	for i, q := range a.Qubits {
		place[i] = len(c.history[q]) - 1
	}
	for range lookBack {
		// The latest operation on one of the qubits.
		at := -1
		for i, q := range a.Qubits {
			for place[i] >= 0 && c.dead[c.history[q][place[i]]] {
				place[i]--
			}
			if place[i] >= 0 {
				at = max(at, c.history[q][place[i]])
			}
		}
		if at < 0 {
			return false
		}
		b, ok := c.ops[at].(*ir.Apply)
		if !ok || b.Controls > 0 {
			return false
		}
		if merged, gone, ok := c.merge(b, a); ok {
			if gone {
				c.dead[at] = true
			} else {
				c.ops[at] = merged
			}
			return true
		}
		if !c.commute(a, b) {
			return false
		}
		for i, q := range a.Qubits {
			if place[i] >= 0 && c.history[q][place[i]] == at {
				place[i]--
			}
		}
	}
	return false
}

// merge makes one gate of two on the same qubits; gone tells that nothing is left.
func (c *canceller) merge(first, second *ir.Apply) (merged *ir.Apply, gone, ok bool) {
	f := c.of(first.Gate)
	same := slices.Equal(first.Qubits, second.Qubits)
	exchanged := len(first.Qubits) == 2 && len(second.Qubits) == 2 && first.Qubits[0] == second.Qubits[1] && first.Qubits[1] == second.Qubits[0]
	if !same && !(exchanged && f.symmetric) {
		return nil, false, false
	}
	if first.Gate == second.Gate && f.additive {
		sum := first.Angles[0].Add(second.Angles[0])
		return &ir.Apply{Gate: first.Gate, Angles: []ir.Angle{sum}, Qubits: first.Qubits}, sum.IsZero(), true
	}
	if len(first.Angles)+len(second.Angles) > 0 {
		return nil, false, false
	}
	product := second.Gate.Info().Matrix(nil).Mul(first.Gate.Info().Matrix(nil))
	corner := product.At(0, 0)
	if product.Distance(ir.Identity(product.Dim).Scale(corner)) < tiny {
		return nil, true, true
	}
	return nil, false, false
}

// commute reports whether two gates commute because they share an axis on each
// qubit that they share.
func (c *canceller) commute(a, b *ir.Apply) bool {
	fa, fb := c.of(a.Gate), c.of(b.Gate)
	for i, q := range a.Qubits {
		for j, r := range b.Qubits {
			if q == r && fa.axes[i]&fb.axes[j] == 0 {
				return false
			}
		}
	}
	return true
}

// qubitsOf lists the qubits that an operation names, those within blocks included.
func qubitsOf(op ir.Op) []int { return ir.QubitsOf(op) }
