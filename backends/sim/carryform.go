package sim

import (
	"math"
	"slices"

	"qgan/backends"
	"qgan/ir"
)

// maxChains bounds the chains of a circuit that is seen from the side: 2^9 amplitudes a
// qubit.
const maxChains = 9

// sideForm is a circuit of few layers, seen from the side: chains of CX q -> q+1 over all
// qubits with one-qubit operators between them, and at the end at most one brick of
// rotations of pairs, those of (0,1), (2,3), … before those of (1,2), (3,4), …
//
// A chain writes the running parity: its output at qubit q is its output at q-1, xor the
// bit that comes in. So the amplitude of a word is a walk over the qubits with one carry
// for each chain. A pair rotation [[cos t, -sin t], [sin t, cos t]] of |00> and |11>
// leaves the bits of its pair or flips both, so that the brick adds one carry more.
//
// The brick may also come first, before one layer of rotations about Y and without chains.
type sideForm struct {
	circuit *ir.Circuit
	n       int
	chains  int
	brick   bool  // there are pair rotations
	front   bool  // they come before the turns
	real    bool  // no chain, and rotations about Y alone
	turns   []int // op of layer l on qubit q: turns[l·n+q]
	pairs   []int // op of the rotation of qubits q and q+1
	ops     [][]factor
	turned  int // ops that are turns; the rest are pairs
	plan    *sidePlan
}

// none is the number of the operator that does nothing: the one after all ops.
func (f *sideForm) none() int { return len(f.ops) }

// sideReader finds the form in a list of operations.
type sideReader struct {
	f       *sideForm
	links   []int      // CX seen on qubits q and q+1
	pending [][]factor // rotations of layer l on qubit q, at l·n+q
	pairs   []*ir.Angle
	paired  []bool // qubits that a pair rotation has seen
	odd     []bool // those of which it was one of the second half of the brick
	turned  []bool // qubits that a one-qubit gate has seen
	behind  bool   // a pair rotation came after a one-qubit gate on its qubits
	late    int    // the first operation that turned a qubit after its pair rotation
}

// seenFromTheSide returns the form of a circuit, and an error that says what is not of it.
func seenFromTheSide(c *ir.Circuit) (*sideForm, error) {
	if err := ir.Verify(c); err != nil {
		return nil, err
	}
	n := c.Qubits
	r := &sideReader{f: &sideForm{circuit: c, n: n}, links: make([]int, max(0, n-1)), pending: make([][]factor, (maxChains+1)*n),
		pairs: make([]*ir.Angle, n), paired: make([]bool, n), odd: make([]bool, n), turned: make([]bool, n)}
	for i, op := range c.Ops {
		if reason := r.op(op); reason != "" {
			return nil, notOfTheForm(c, i, reason)
		}
		if r.f.front && r.late == 0 {
			r.late = i
		}
	}
	if len(r.links) > 0 {
		if slices.Min(r.links) != slices.Max(r.links) {
			return nil, notOfTheForm(c, len(c.Ops), "a chain of cx is not whole")
		}
		r.f.chains = r.links[0]
	}
	f := r.form()
	if f.front && !f.real {
		return nil, notOfTheForm(c, r.late, "after pair rotations there are rotations about Y alone, and no cx")
	}
	return f, nil
}

func notOfTheForm(c *ir.Circuit, at int, reason string) error {
	refusal := backends.Refuse("operation %d of circuit %q: %s", at, c.Name, reason)
	refusal.Hint = "what is seen from the side is layers of one-qubit gates, at most 9 whole chains of cx from qubit q to q+1 between them, and one brick of pair rotations at the end, or at the beginning before one layer of ry"
	return refusal
}

// op takes one operation; the reason is empty where it is of the form.
func (r *sideReader) op(op ir.Op) (reason string) {
	switch op := op.(type) {
	case *ir.Barrier, *ir.Delay:
		return ""
	case *ir.Apply:
		switch {
		case op.Controls > 0:
			return "a gate with controls"
		case op.Gate == ir.CX:
			return r.link(op.Qubits)
		case len(op.Qubits) < 2:
			return r.turn(op)
		}
		angle, ok := pairRotation(op)
		if !ok {
			return op.Gate.String() + " is no rotation of |00> and |11> with real amplitudes"
		}
		return r.pair(op.Qubits, angle)
	}
	return "it is no gate of the table"
}

// link takes a CX of a chain.
func (r *sideReader) link(qubits []int) string {
	q := qubits[0]
	if qubits[1] != q+1 {
		return "cx from a qubit to another than the next one"
	}
	k := r.links[q]
	switch {
	case k == maxChains:
		return "more than 9 chains of cx"
	case q > 0 && r.links[q-1] != k+1, q+1 < len(r.links) && r.links[q+1] != k:
		return "cx out of the order of a chain"
	case r.paired[q] || r.paired[q+1]:
		return "cx after a pair rotation"
	}
	r.links[q]++
	return ""
}

// turn takes a one-qubit gate, or a global phase.
func (r *sideReader) turn(op *ir.Apply) string {
	if len(op.Qubits) == 0 {
		return ""
	}
	q := op.Qubits[0]
	layer := 0
	if r.paired[q] {
		if r.behind {
			return "one-qubit gates before and after pair rotations"
		}
		r.f.front = true
	}
	r.turned[q] = true
	switch {
	case q > 0 && q < len(r.links) && r.links[q-1] != r.links[q]:
		return "a one-qubit gate within a chain of cx"
	case q > 0:
		layer = r.links[q-1]
	case len(r.links) > 0:
		layer = r.links[0]
	}
	at := &r.pending[layer*r.f.n+q]
	for _, s := range ir.Lower(op.Gate, op.Angles) {
		if a, ok := axisOf[s.Gate]; ok {
			*at = joined(*at, factor{a, s.Angles[0]})
		}
	}
	return ""
}

// pair takes a rotation of a pair of neighbours.
func (r *sideReader) pair(qubits []int, angle ir.Angle) string {
	q := min(qubits[0], qubits[1])
	odd := q%2 == 1
	switch {
	case max(qubits[0], qubits[1]) != q+1:
		return "a rotation of a pair that are no neighbours"
	case r.pairs[q] != nil:
		return "a second rotation of a pair"
	case r.f.front && (r.turned[q] || r.turned[q+1]):
		return "one-qubit gates before and after pair rotations"
	case !odd && (r.odd[q] || r.odd[q+1]):
		return "a pair rotation of the first half of a brick after one of the second"
	}
	r.pairs[q] = &angle
	r.behind = r.behind || r.turned[q] || r.turned[q+1]
	for _, k := range []int{q, q + 1} {
		r.paired[k], r.odd[k] = true, r.odd[k] || odd
	}
	return ""
}

// form lists the operators: one for each layer and qubit that has any, and the pairs.
func (r *sideReader) form() *sideForm {
	f := r.f
	f.real = f.chains == 0
	f.turns, f.pairs = make([]int, (f.chains+1)*f.n), make([]int, f.n)
	for i := range f.turns {
		list := r.pending[i]
		f.turns[i] = f.add(list)
		f.real = f.real && !slices.ContainsFunc(list, func(k factor) bool { return k.axis != axisY })
	}
	f.turned = len(f.ops)
	for q, angle := range r.pairs {
		var list []factor
		if angle != nil {
			list = []factor{{axisY, *angle}}
		}
		f.pairs[q] = f.add(list)
	}
	f.brick = len(f.ops) > f.turned
	for _, list := range [][]int{f.turns, f.pairs} {
		for i, op := range list {
			if op < 0 {
				list[i] = f.none()
			}
		}
	}
	if f.real {
		f.plan = f.realPlan(r.pending, r.pairs)
	} else {
		f.plan = newSidePlan(f.ops)
	}
	return f
}

// add appends an operator and returns its number, -1 for one without rotations.
func (f *sideForm) add(list []factor) int {
	if len(list) == 0 {
		return -1
	}
	f.ops = append(f.ops, list)
	return len(f.ops) - 1
}

// axisOf is what rotations turn about.
var axisOf = map[ir.Gate]axis{ir.RX: axisX, ir.RY: axisY, ir.RZ: axisZ}

// joined appends a rotation, to the last one where that has the same axis.
func joined(list []factor, k factor) []factor {
	if n := len(list); n > 0 && list[n-1].axis == k.axis {
		list[n-1].angle = list[n-1].angle.Add(k.angle)
		return list
	}
	return append(list, k)
}

// pairRotation returns the angle 2t of a gate that is |00> -> cos t |00> + sin t |11>,
// |11> -> cos t |11> - sin t |00> and leaves |01> and |10>; of one that turns the other way
// round the negative angle.
func pairRotation(op *ir.Apply) (ir.Angle, bool) {
	if op.Gate != ir.XXMinusYY || !op.Angles[1].IsConst() {
		return ir.Angle{}, false
	}
	sin, cos := math.Sincos(op.Angles[1].Const)
	return op.Angles[0].Scale(math.Copysign(1, sin)), math.Abs(cos) < 1e-15
}
