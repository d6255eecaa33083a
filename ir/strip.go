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
func (c *Circuit) Measures() (measured bool) {
	Walk(c.Ops, func(op Op) error {
		_, ok := op.(*Measure)
		measured = measured || ok
		return nil
	})
	return measured
}

// MeasureUsed replaces a circuit's bits by one for each qubit that is used, in order, and
// measures these at the end.
func (c *Circuit) MeasureUsed() {
	used := c.Used()
	c.Bits, c.BitRegs = 0, nil
	c.Ops = append([]Op(nil), c.Ops...)
	for _, q := range used {
		c.Measure(q, c.Bits)
		c.Bits++
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
		switch k := op.(type) {
		case *Opaque:
			kinds[strings.TrimPrefix(k.Kind, "end")] = true
			continue
		case *If:
			op = &If{Cond: k.Cond, Then: withoutOpaque(k.Then, kinds), Else: withoutOpaque(k.Else, kinds)}
		case *While:
			op = &While{Cond: k.Cond, Body: withoutOpaque(k.Body, kinds)}
		case *Switch:
			choice := &Switch{Bits: k.Bits, Default: withoutOpaque(k.Default, kinds)}
			for _, c := range k.Cases {
				choice.Cases = append(choice.Cases, Case{Values: c.Values, Body: withoutOpaque(c.Body, kinds)})
			}
			op = choice
		}
		out = append(out, op)
	}
	return out
}
