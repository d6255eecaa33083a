package compile

import (
	"fmt"

	"qgan/ir"
)

// Affine is a map of outcomes over GF(2): bit i of the result is the sum modulo
// 2 of the bits in Sources[i] of what was measured, and of Flip[i].
type Affine struct {
	Sources [][]int `json:"sources"`
	Flip    []bool  `json:"flip"`
}

// Apply maps an outcome, one value a bit.
func (a *Affine) Apply(measured []bool) ([]bool, error) {
	if len(measured) != len(a.Flip) {
		return nil, fmt.Errorf("correcting an outcome of %d bits by a map of %d", len(measured), len(a.Flip))
	}
	out := make([]bool, len(measured))
	for i, list := range a.Sources {
		v := a.Flip[i]
		for _, j := range list {
			v = v != measured[j]
		}
		out[i] = v
	}
	return out, nil
}

// Word is Apply for an outcome of at most 64 bits as a number, bit 0 the most
// significant.
func (a *Affine) Word(measured uint64) (word uint64) {
	last := len(a.Flip) - 1
	for i, list := range a.Sources {
		var bit uint64
		if a.Flip[i] {
			bit = 1
		}
		for _, j := range list {
			bit ^= measured >> (last - j) & 1
		}
		word = word<<1 | bit
	}
	return word
}

// Inverse returns the map that leads back, or an error where outcomes are put
// together. That of a folded readout always has one.
func (a *Affine) Inverse() (*Affine, error) {
	n := len(a.Flip)
	left, right := make([][]bool, n), make([][]bool, n) // left is reduced to the identity
	for i, list := range a.Sources {
		left[i], right[i] = make([]bool, n), make([]bool, n)
		right[i][i] = true
		for _, j := range list {
			left[i][j] = !left[i][j]
		}
	}
	add := func(to, from []bool) {
		for j, b := range from {
			to[j] = to[j] != b
		}
	}
	for k := range n {
		pivot := k
		for pivot < n && !left[pivot][k] {
			pivot++
		}
		if pivot == n {
			return nil, fmt.Errorf("the map of outcomes puts different ones together, so it has no inverse")
		}
		left[k], left[pivot] = left[pivot], left[k]
		right[k], right[pivot] = right[pivot], right[k]
		for i := range n {
			if i != k && left[i][k] {
				add(left[i], left[k])
				add(right[i], right[k])
			}
		}
	}
	inverse := &Affine{Sources: make([][]int, n), Flip: make([]bool, n)}
	for i, row := range right {
		for j, b := range row {
			if b {
				inverse.Sources[i] = append(inverse.Sources[i], j)
				inverse.Flip[i] = inverse.Flip[i] != a.Flip[j]
			}
		}
	}
	return inverse, nil
}

// foldReadout takes the last gates before the final measurements out of the
// circuit. A gate that permutes basis states by an affine map (x, cx, swap) can be
// done to the outcome where all its qubits are measured; a diagonal gate does
// nothing to it. The circuit is walked from its end; a qubit is closed by the
// first operation that can't be taken out.
func foldReadout(s *state) error {
	c := s.circuit
	bit := map[int]int{} // qubit -> bit of its final measurement
	written := map[int]bool{}
	closed := make([]bool, c.Qubits)
	keep := make([]bool, len(c.Ops))
	// value[i] is the content of bit i in the end as a sum of what is measured.
	a := &Affine{Sources: make([][]int, c.Bits), Flip: make([]bool, c.Bits)}
	for i := range a.Sources {
		a.Sources[i] = []int{i}
	}
	var folded []*ir.Apply
	changed := false
	for i := len(c.Ops) - 1; i >= 0; i-- {
		keep[i] = true
		switch op := c.Ops[i].(type) {
		case *ir.Measure:
			_, twice := bit[op.Qubit]
			if closed[op.Qubit] || twice || op.Bit < 0 || op.Bit >= c.Bits || written[op.Bit] {
				closed[op.Qubit] = true
			} else {
				bit[op.Qubit] = op.Bit
			}
			if op.Bit >= 0 {
				written[op.Bit] = true
			}
		case *ir.Barrier:
		case *ir.Apply:
			info := op.Gate.Info()
			open, measured := op.Controls == 0, true
			for _, q := range op.Qubits {
				_, m := bit[q]
				open = open && !closed[q]
				measured = measured && m
			}
			switch {
			case open && info.Diagonal && measured && len(op.Qubits) > 0:
				keep[i], changed = false, true
				continue
			case open && measured && info.Linear && linear(op.Gate):
				keep[i], changed = false, true
				folded = append(folded, op)
				continue
			}
			for _, q := range op.Qubits {
				closed[q] = true
			}
		default:
			closeAll(op, closed)
		}
	}
	if !changed {
		return nil
	}
	// The gates that came first act first on the outcome.
	for i := len(folded) - 1; i >= 0; i-- {
		q := folded[i].Qubits
		switch folded[i].Gate {
		case ir.X:
			b := bit[q[0]]
			a.Flip[b] = !a.Flip[b]
		case ir.CX:
			from, to := bit[q[0]], bit[q[1]]
			a.Sources[to] = symmetricDifference(a.Sources[to], a.Sources[from])
			a.Flip[to] = a.Flip[to] != a.Flip[from]
		case ir.Swap:
			x, y := bit[q[0]], bit[q[1]]
			a.Sources[x], a.Sources[y] = a.Sources[y], a.Sources[x]
			a.Flip[x], a.Flip[y] = a.Flip[y], a.Flip[x]
		}
	}
	ops := c.Ops[:0:0]
	for i, op := range c.Ops {
		if keep[i] {
			ops = append(ops, op)
		}
	}
	c.Ops, s.readout = ops, a
	return nil
}

// linear reports whether foldReadout knows the map of a gate.
func linear(g ir.Gate) bool { return g == ir.X || g == ir.CX || g == ir.Swap }

// closeAll closes every qubit that an operation may touch.
func closeAll(op ir.Op, closed []bool) {
	switch op := op.(type) {
	case *ir.Unitary:
		for _, q := range op.Qubits {
			closed[q] = true
		}
	case *ir.Reset:
		closed[op.Qubit] = true
	case *ir.Delay:
		for _, q := range op.Qubits {
			closed[q] = true
		}
	default: // classical control reads bits
		for q := range closed {
			closed[q] = true
		}
	}
}

// symmetricDifference of two ascending lists.
func symmetricDifference(a, b []int) []int {
	var out []int
	for i, j := 0, 0; i < len(a) || j < len(b); {
		switch {
		case j == len(b) || i < len(a) && a[i] < b[j]:
			out = append(out, a[i])
			i++
		case i == len(a) || b[j] < a[i]:
			out = append(out, b[j])
			j++
		default:
			i++
			j++
		}
	}
	return out
}
