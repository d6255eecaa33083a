package compile

import (
	"qgan/ir"
)

// block is a stretch of gates of numbers on one pair.
type block struct {
	qubits [2]int
	ops    []ir.Op
	matrix ir.Matrix // first operand qubits[0]
	cost   int       // in cx
}

// consolidator gathers blocks.
type consolidator struct {
	rotations bool    // rzz is one gate
	most      float64 // error of what may be replaced
	lost      float64 // sum of those
	out       []ir.Op
	open      map[int]*block // by qubit
	// waiting one-qubit gates are part of whatever comes next on their qubit.
	waiting map[int][]*ir.Apply
}

// costOf is what a two-qubit gate costs in cx; rzz is left only where it is native.
func costOf(g ir.Gate) int {
	if g == ir.Swap {
		return 3
	}
	return 1
}

// consolidate multiplies the gates of numbers on each pair between others
// together and writes them anew where that takes fewer cx, or native rotations, for
// which they may be changed as much as the options say.
func consolidate(s *state) error {
	c := consolidator{rotations: s.target.rotations(), most: s.options.Approximate, open: map[int]*block{}, waiting: map[int][]*ir.Apply{}}
	for _, op := range s.circuit.Ops {
		a, ok := op.(*ir.Apply)
		switch {
		case ok && len(a.Qubits) == 1 && constant(a.Angles):
			q := a.Qubits[0]
			if c.most > 0 {
				if u := quaternionOf(a.MatrixOf(nil, nil)); !u.diagonal() && u.size() <= c.most {
					c.lost += u.size()
					continue
				}
			}
			if b := c.open[q]; b != nil {
				b.add(a)
			} else {
				c.waiting[q] = append(c.waiting[q], a)
			}
		case ok && len(a.Qubits) == 2 && constant(a.Angles):
			c.two(a)
		default:
			for _, q := range qubitsOf(op) {
				c.close(q)
			}
			c.out = append(c.out, op)
		}
	}
	for q := range s.circuit.Qubits {
		c.close(q)
	}
	s.circuit.Ops = c.out
	s.lost += c.lost
	return nil
}

// two adds a two-qubit gate to the open block of its pair, or opens one.
func (c *consolidator) two(a *ir.Apply) {
	x, y := a.Qubits[0], a.Qubits[1]
	b := c.open[x]
	if b == nil || b != c.open[y] {
		if b != nil {
			c.close(x)
		}
		if c.open[y] != nil {
			c.close(y)
		}
		b = &block{qubits: [2]int{x, y}, matrix: ir.Identity(4)}
		for _, q := range b.qubits {
			for _, w := range c.waiting[q] {
				b.add(w)
			}
			delete(c.waiting, q)
			c.open[q] = b
		}
	}
	b.add(a)
}

// add multiplies a gate from the left.
func (b *block) add(a *ir.Apply) {
	b.ops = append(b.ops, a)
	places := make([]int, len(a.Qubits))
	for i, q := range a.Qubits {
		if q == b.qubits[1] {
			places[i] = 1
		}
	}
	if len(places) == 2 {
		b.cost += costOf(a.Gate)
	}
	m := a.MatrixOf(nil, nil)
	// Columns of the product are m applied to columns.
	column := make([]complex128, 4)
	for j := range 4 {
		for i := range 4 {
			column[i] = b.matrix.A[4*i+j]
		}
		ir.ApplyMatrix(column, 2, m, places)
		for i := range 4 {
			b.matrix.A[4*i+j] = column[i]
		}
	}
}

// close writes the block of a qubit, or what waits on it.
func (c *consolidator) close(q int) {
	b := c.open[q]
	if b == nil {
		for _, w := range c.waiting[q] {
			c.out = append(c.out, w)
		}
		delete(c.waiting, q)
		return
	}
	delete(c.open, b.qubits[0])
	delete(c.open, b.qubits[1])
	if b.cost > 1 || c.most > 0 {
		if w, err := decompose(b.matrix); err == nil {
			lost := w.approximate(c.most, c.rotations)
			if w.cost(c.rotations) < b.cost {
				c.lost += lost
				for _, s := range w.steps(c.rotations) {
					c.out = append(c.out, &ir.Apply{Gate: s.Gate, Angles: s.Angles, Qubits: pick(b.qubits[:], s.Qubits)})
				}
				return
			}
		}
	}
	c.out = append(c.out, b.ops...)
}
