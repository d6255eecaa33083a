package ir

import "strings"

// Used lists the qubits that a gate, an operator, a measurement or a reset acts on (see
// ActsOn), ascending.
func (c *Circuit) Used() (used []int) {
	seen := make([]bool, c.Qubits)
	Walk(c.Ops, func(op Op) error {
		for _, q := range ActsOn(op) {
			seen[q] = true
		}
		return nil
	})
	for q, s := range seen {
		if s {
			used = append(used, q)
		}
	}
	return used
}

// Measures says whether anything is measured, within classical control too.
func (c *Circuit) Measures() bool {
	return c.holds(func(op Op) bool { _, ok := op.(*Measure); return ok })
}

// Reads says whether the circuit has words of its own: something is measured, or a bit is
// given a value otherwise.
func (c *Circuit) Reads() bool {
	return c.Measures() || c.holds(func(op Op) bool { _, ok := op.(*Assign); return ok })
}

// holds says whether an operation, within classical control too, is of a kind.
func (c *Circuit) holds(is func(Op) bool) (found bool) {
	Walk(c.Ops, func(op Op) error {
		found = found || is(op)
		return nil
	})
	return found
}

// hideBits turns a circuit's bits into hidden ones behind n new bits.
func (c *Circuit) hideBits(n int) {
	c.Ops = Renumber(c.Ops, func(q int) int { return q }, func(b int) int { return b + n })
	c.Bits, c.Hidden, c.BitRegs = n, c.AllBits(), nil
}

// MeasureUsed hides a circuit's bits, gives it one for each qubit that is used, in order, and
// measures these at the end.
func (c *Circuit) MeasureUsed() { c.MeasureAtEnd(c.Used()) }

// MeasureEach is MeasureUsed for all qubits.
func (c *Circuit) MeasureEach() { c.MeasureAtEnd(operands(c.Qubits)) }

// MeasureAtEnd hides a circuit's bits, gives it one for each of the qubits, in order, and
// measures these at the end.
func (c *Circuit) MeasureAtEnd(qubits []int) {
	c.hideBits(len(qubits))
	for bit, q := range qubits {
		c.Measure(q, bit)
	}
}

// WithoutOpaque returns a circuit without blocks in a vendor's words and the ends of boxes,
// and the kinds of those that were left out.
func (c *Circuit) WithoutOpaque() (*Circuit, map[string]bool) {
	kinds := map[string]bool{}
	out := *c
	out.Ops = withoutOpaque(c.Ops, kinds)
	return &out, kinds
}

func withoutOpaque(ops []Op, kinds map[string]bool) []Op {
	out := make([]Op, 0, len(ops))
	for _, op := range ops {
		if k, ok := op.(*Opaque); ok {
			kinds[strings.TrimPrefix(k.Kind, "end")] = true
			continue
		}
		bodies := Bodies(op)
		for i, body := range bodies {
			bodies[i] = withoutOpaque(body, kinds)
		}
		out = append(out, WithBodies(op, bodies))
	}
	return out
}
