package compile

import (
	"math"

	"qgan/ir"
)

// block is a stretch of gates of numbers on one pair.
type block struct {
	qubits [2]int
	ops    []*ir.Apply
	cost   int // in cx
	fresh  int // of the qubits so many, see consolidator
}

// consolidator gathers blocks.
type consolidator struct {
	rotations bool // rzz is one gate
	mirror    mirror
	most      float64 // error of what may be replaced
	lost      float64 // sum of those
	at        []int   // the wire of each qubit, behind the swaps that were taken out
	moved     bool    // there were some
	out       []ir.Op
	open      map[int]*block // by qubit
	// fresh qubits are in |0> yet but for what waits on them.
	fresh []bool
	// waiting one-qubit gates are part of whatever comes next on their qubit.
	waiting map[int][]*ir.Apply
}

// mirror says which swaps consolidation may take out of the circuit: what follows acts
// on the exchanged qubits instead.
type mirror uint8

const (
	noMirror   mirror = iota
	pureMirror        // of stretches that are nothing else, up to one-qubit gates
	freeMirror        // wherever the rest takes fewer cx
)

// mirrors are the swaps that may be taken out at this place: none within a body, whose
// qubits stay, nor where qubits have their places already. Where not all pairs are coupled
// a swap that is taken out of a stretch may cost more behind it.
func (s *state) mirrors() mirror {
	switch {
	case s.within || s.layout != nil:
		return noMirror
	case s.target.everyPair:
		return freeMirror
	}
	return pureMirror
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
	c := consolidator{rotations: s.target.rotations(), mirror: s.mirrors(), at: upToN(s.circuit.Qubits), most: s.options.Approximate,
		open: map[int]*block{}, waiting: map[int][]*ir.Apply{}, fresh: make([]bool, s.circuit.Qubits)}
	for q := range c.fresh {
		c.fresh[q] = !s.within && !s.options.Unitary
	}
	for _, op := range s.circuit.Ops {
		a, ok := op.(*ir.Apply)
		switch {
		case ok && len(a.Qubits) == 1 && constant(a.Angles):
			q := a.Qubits[0]
			if c.most > 0 {
				if u := gateOf(a); !u.diagonal() && u.size() <= c.most {
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
				c.fresh[q] = false
			}
			c.write(op)
		}
	}
	for q := range s.circuit.Qubits {
		c.close(q)
	}
	s.circuit.Ops = c.out
	s.lost += c.lost
	switch {
	case c.mirror == noMirror:
	case s.wires == nil:
		s.wires = c.at
	default:
		s.wires = pick(c.at, s.wires)
	}
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
		b = &block{qubits: [2]int{x, y}}
		for _, q := range b.qubits {
			for _, w := range c.waiting[q] {
				b.add(w)
			}
			delete(c.waiting, q)
			c.open[q] = b
			if c.fresh[q] {
				b.fresh++
				c.fresh[q] = false
			}
		}
	}
	b.add(a)
}

// add appends a gate.
func (b *block) add(a *ir.Apply) {
	b.ops = append(b.ops, a)
	if len(a.Qubits) == 2 {
		b.cost += costOf(a.Gate)
	}
}

// matrix is the product of the gates, the first operand qubits[0].
func (b *block) matrix() ir.Matrix {
	product := ir.Identity(4)
	rows := product.A
	for _, a := range b.ops {
		first := a.Qubits[0] == b.qubits[0]
		switch {
		case len(a.Qubits) == 1:
			u, apart := gateOf(a).matrix(), 1
			if first {
				apart = 2
			}
			for _, i := range [2]int{0, 3 - apart} {
				x, y := rows[4*i:4*i+4:4*i+4], rows[4*(i+apart):4*(i+apart)+4:4*(i+apart)+4]
				for k := range x {
					x[k], y[k] = u[0]*x[k]+u[1]*y[k], u[2]*x[k]+u[3]*y[k]
				}
			}
		case a.Gate == ir.CX && first:
			exchange(rows, 2, 3)
		case a.Gate == ir.CX:
			exchange(rows, 1, 3)
		case a.Gate == ir.Swap:
			exchange(rows, 1, 2)
		default: // symmetric
			product = a.MatrixOf(nil, nil).Mul(product)
			rows = product.A
		}
	}
	return product
}

// exchange exchanges two rows of a matrix of dimension 4.
func exchange(rows []complex128, i, j int) {
	for k := range 4 {
		rows[4*i+k], rows[4*j+k] = rows[4*j+k], rows[4*i+k]
	}
}

// close writes the block of a qubit, or what waits on it.
func (c *consolidator) close(q int) {
	b := c.open[q]
	if b == nil {
		for _, w := range c.waiting[q] {
			c.write(w)
		}
		delete(c.waiting, q)
		return
	}
	delete(c.open, b.qubits[0])
	delete(c.open, b.qubits[1])
	if b.cost > 1 || b.fresh == 2 || c.most > 0 {
		m := b.matrix()
		if b.fresh == 2 && c.prepare(b, m) {
			return
		}
		if w, err := decompose(m); err == nil && c.replace(b, w) {
			return
		}
	}
	for _, op := range b.ops {
		c.write(op)
	}
}

// prepare writes a block on two qubits in |0> as what makes the same state, which takes one
// cx at most: with the Schmidt decomposition Σ s_k |a_k>|b_k> of the state, (A⊗B)·cx·(R⊗1) for
// R|0> = s_0|0> + s_1|1>.
func (c *consolidator) prepare(b *block, m ir.Matrix) bool {
	state := ir.Matrix{Dim: 2, A: []complex128{m.At(0, 0), m.At(1, 0), m.At(2, 0), m.At(3, 0)}}
	a, s, second := schmidt(state)
	one := func(q int, u quaternion) {
		for _, g := range (&weyl{}).local(u, q) {
			c.write(&ir.Apply{Gate: g.Gate, Angles: g.Angles, Qubits: b.qubits[q : q+1 : q+1]})
		}
	}
	turn := math.Atan2(s[1], s[0])
	switch lost := 2 * math.Sin(turn/2); { // from |a_0>|b_0>
	case s[1] < tiny:
	case lost <= c.most:
		c.lost += lost
	case b.cost < 2:
		return false
	default:
		one(0, rotation(axisY, 2*turn))
		c.write(&ir.Apply{Gate: ir.CX, Qubits: b.qubits[:]})
	}
	one(0, a)
	one(1, second)
	return true
}

// replace writes a block by its decomposition, or by that of what a swap leaves of it,
// where that takes fewer two-qubit gates.
func (c *consolidator) replace(b *block, w weyl) bool {
	mirrored := w.mirrored()
	lost := w.approximate(c.most, c.rotations)
	most := min(b.cost, w.cost(c.rotations)) // that the mirrored one must stay below
	exchange := false
	if c.mirror != noMirror {
		lostOf := mirrored.approximate(c.most, c.rotations)
		if n := mirrored.cost(c.rotations); n < most && (n == 0 || c.mirror == freeMirror) {
			w, lost, exchange = mirrored, lostOf, true
		}
	}
	if w.cost(c.rotations) >= b.cost {
		return false
	}
	c.lost += lost
	for _, s := range w.steps(c.rotations) {
		c.write(&ir.Apply{Gate: s.Gate, Angles: s.Angles, Qubits: pick(b.qubits[:], s.Qubits)})
	}
	if x, y := b.qubits[0], b.qubits[1]; exchange {
		c.at[x], c.at[y] = c.at[y], c.at[x]
		c.moved = true
	}
	return true
}

// write appends an operation on the wires of its qubits.
func (c *consolidator) write(op ir.Op) {
	if c.moved {
		op = relocate(op, c.at)
	}
	c.out = append(c.out, op)
}
