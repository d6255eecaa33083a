package compile

import (
	"math"
	"slices"

	"qgan/ir"
)

// A stretch of cx and rotations about Z on at most three qubits is a linear map over GF(2)
// and angles for parities of the qubits' values (Amy, Maslov and Mosca 2014, section 3). There
// are 168 maps and 128 sets of parities that were there on the way, so a breadth first search
// over all circuits of cx tells the shortest for each map and each set that is asked for.

// windowQubits is how many qubits a stretch may have.
const windowQubits = 3

// linear map on three bits: row q, three bits from 3q on, is the parity that qubit q holds,
// bit i of it for the value that qubit i had.
type rows uint16

const unmoved rows = 1 | 2<<3 | 4<<6

func (r rows) at(q int) uint { return uint(r >> (3 * q) & 7) }

// cx adds row c to row t.
func (r rows) cx(c, t int) rows { return r ^ rows(r.at(c))<<(3*t) }

// visits is the set of parities of a map: bit p for parity p.
func (r rows) visits() uint8 { return 1<<r.at(0) | 1<<r.at(1) | 1<<r.at(2) }

// networks holds the shortest circuits of cx on some pairs of three qubits.
type networks struct {
	moves [][2]int
	// steps and last are the number of cx to a map with a set of parities visited, plus 1, and the
	// last of them; 0 for what can't be reached.
	steps, last [1 << 9][1 << 7]uint8
}

// windowPairs are the pairs of three qubits; a set of them is a mask.
var windowPairs = [...][2]int{{0, 1}, {0, 2}, {1, 2}}

// newNetworks searches the circuits on a set of pairs.
func newNetworks(pairs int) *networks {
	n := &networks{}
	for i, p := range windowPairs {
		if pairs>>i&1 == 1 {
			n.moves = append(n.moves, p, [2]int{p[1], p[0]})
		}
	}
	type place struct {
		made rows
		seen uint8
	}
	queue := []place{{unmoved, unmoved.visits() >> 1}}
	n.steps[unmoved][queue[0].seen] = 1
	for k := 0; k < len(queue); k++ {
		at := queue[k]
		for i, m := range n.moves {
			to := place{made: at.made.cx(m[0], m[1])}
			to.seen = at.seen | to.made.visits()>>1
			if n.steps[to.made][to.seen] == 0 {
				n.steps[to.made][to.seen], n.last[to.made][to.seen] = n.steps[at.made][at.seen]+1, uint8(i)
				queue = append(queue, to)
			}
		}
	}
	return n
}

// shortest is the least number of cx that make a map and visit the parities asked for, and
// the set that they visit. Set p-1 stands for parity p.
func (n *networks) shortest(to rows, asked uint8) (steps int, seen uint8) {
	steps = math.MaxInt
	for set, s := range n.steps[to] {
		if s > 0 && uint8(set)&asked == asked && int(s)-1 < steps {
			steps, seen = int(s)-1, uint8(set)
		}
	}
	return steps, seen
}

// circuit lists the cx of the shortest circuit to a map that visits a set.
func (n *networks) circuit(to rows, seen uint8) [][2]int {
	var out [][2]int
	for s := n.steps[to][seen]; s > 1; s-- {
		m := n.moves[n.last[to][seen]]
		out = append(out, m)
		made := uint8(1) << (to.at(m[1]) - 1)
		if to = to.cx(m[0], m[1]); n.steps[to][seen] != s-1 {
			seen &^= made
		}
	}
	slices.Reverse(out)
	return out
}

// window is a stretch of x, cx, swap and rotations about Z on at most three qubits.
type window struct {
	qubits []int
	ops    []ir.Op
	cost   int // in cx
}

// windower gathers windows.
type windower struct {
	free  bool // all pairs are coupled
	known [1 << len(windowPairs)]*networks
	open  []*window // by qubit
	out   []ir.Op
}

// shorten writes each stretch of cx and rotations about Z on three qubits with as few cx as
// there can be, on the pairs that had some where not all are coupled.
func shorten(s *state) error {
	w := windower{free: s.target.everyPair, open: make([]*window, s.circuit.Qubits), out: make([]ir.Op, 0, len(s.circuit.Ops))}
	for _, op := range s.circuit.Ops {
		a, _, ok := phase(op)
		if !ok {
			a, _ = op.(*ir.Apply)
			ok = a != nil && a.Controls == 0 && (a.Gate == ir.CX || a.Gate == ir.X)
		}
		if ok {
			w.add(a)
			continue
		}
		for _, q := range qubitsOf(op) {
			w.close(w.open[q])
		}
		w.out = append(w.out, op)
	}
	for _, at := range w.open {
		w.close(at)
	}
	s.circuit.Ops = w.out
	return nil
}

// add puts a gate into the window of its qubits, which is joined of those that are open
// where they have room.
func (w *windower) add(a *ir.Apply) {
	joined := &window{}
	for _, q := range a.Qubits {
		if at := w.open[q]; at != nil && at != joined && len(joined.qubits)+len(at.qubits)+w.missing(a, joined, at) > windowQubits {
			w.close(at)
		}
		switch at := w.open[q]; {
		case at == joined:
		case at == nil:
			joined.qubits = append(joined.qubits, q)
		case len(joined.qubits) == 0:
			joined = at
		default:
			joined.qubits = append(joined.qubits, at.qubits...)
			joined.ops = append(joined.ops, at.ops...)
			joined.cost += at.cost
		}
		for _, q := range joined.qubits {
			w.open[q] = joined
		}
	}
	joined.ops = append(joined.ops, a)
	joined.cost += len(a.Qubits) - 1 // rzz is there where it is one gate
}

// missing counts the qubits of a gate that are in neither of two windows.
func (w *windower) missing(a *ir.Apply, x, y *window) (n int) {
	for _, q := range a.Qubits {
		if !slices.Contains(x.qubits, q) && !slices.Contains(y.qubits, q) {
			n++
		}
	}
	return n
}

// close writes a window.
func (w *windower) close(at *window) {
	if at == nil {
		return
	}
	for _, q := range at.qubits {
		w.open[q] = nil
	}
	if at.cost < 2 || !w.rewrite(at) {
		w.out = append(w.out, at.ops...)
	}
}

// rewrite writes a window anew where that takes fewer cx.
func (w *windower) rewrite(at *window) bool {
	free := w.free && len(at.qubits) == windowQubits
	made, flips, pairs := unmoved, uint(0), 0 // bit q of flips for x on qubit q
	var angles [1 << windowQubits]ir.Angle
	for _, op := range at.ops {
		a, angle, rotates := phase(op)
		if !rotates {
			a = op.(*ir.Apply)
		}
		x, y := slices.Index(at.qubits, a.Qubits[0]), -1
		if len(a.Qubits) == 2 {
			y = slices.Index(at.qubits, a.Qubits[1])
			pairs |= 1 << (x + y - 1)
		}
		switch {
		case a.Gate == ir.X:
			flips ^= 1 << x
		case a.Gate == ir.CX:
			made = made.cx(x, y)
			flips ^= flips >> x & 1 << y
		default:
			p, flip := made.at(x), flips>>x&1
			if y >= 0 {
				p, flip = p^made.at(y), flip^flips>>y&1
			}
			if flip == 1 {
				angle = angle.Neg()
			}
			angles[p] = angles[p].Add(angle)
		}
	}
	if free {
		pairs = 1<<len(windowPairs) - 1
	}
	if w.known[pairs] == nil {
		w.known[pairs] = newNetworks(pairs)
	}
	asked := uint8(0)
	for p := 1; p < len(angles); p++ {
		if a := &angles[p]; !a.IsConst() || math.Abs(wrap(a.Const)) > tiny {
			asked |= 1 << (p - 1)
		}
	}
	steps, seen := w.known[pairs].shortest(made, asked)
	if steps >= at.cost {
		return false
	}
	now := unmoved
	turn := func(q int) {
		if p := now.at(q); asked>>(p-1)&1 == 1 {
			asked &^= 1 << (p - 1)
			w.out = append(w.out, &ir.Apply{Gate: ir.RZ, Angles: []ir.Angle{angles[p]}, Qubits: at.qubits[q : q+1 : q+1]})
		}
	}
	for q := range at.qubits {
		turn(q)
	}
	for _, m := range w.known[pairs].circuit(made, seen) {
		now = now.cx(m[0], m[1])
		w.out = append(w.out, &ir.Apply{Gate: ir.CX, Qubits: pick(at.qubits, m[:])})
		turn(m[1])
	}
	for q := range at.qubits {
		if flips>>q&1 == 1 {
			w.out = append(w.out, &ir.Apply{Gate: ir.X, Qubits: at.qubits[q : q+1 : q+1]})
		}
	}
	return true
}
