package ir

import (
	"slices"
	"testing"
)

// Which qubit each bit is read from, and the gates before: a bit that is overwritten holds
// the last measurement, and gates after a measurement only count on its own qubit.
func TestReadout(t *testing.T) {
	type op = func(c *Circuit)
	x := func(q int) op { return func(c *Circuit) { c.Gate(X, []int{q}) } }
	read := func(q, b int) op { return func(c *Circuit) { c.Measure(q, b) } }
	add := func(o Op) op { return func(c *Circuit) { c.Ops = append(c.Ops, o) } }
	for name, k := range map[string]struct {
		ops   []op
		from  []int
		gates int // -1: not all measurements come last
	}{
		"nothing":                {from: []int{-1, -1, -1}},
		"crossed":                {[]op{x(0), x(1), read(0, 2), read(2, 0)}, []int{2, -1, 0}, 2},
		"a bit overwritten":      {[]op{read(0, 1), read(2, 1)}, []int{-1, 2, -1}, 0},
		"read twice":             {[]op{x(1), read(1, 0), read(1, 2)}, []int{1, -1, 1}, 1},
		"into no bit":            {[]op{read(1, -1)}, []int{-1, -1, -1}, 0},
		"gates on other qubits":  {[]op{x(0), read(0, 0), x(1), read(1, 1)}, []int{0, 1, -1}, 2},
		"a gate after":           {[]op{read(0, 0), x(0)}, []int{0, -1, -1}, -1},
		"a gate after no bit":    {[]op{read(0, -1), x(0)}, []int{-1, -1, -1}, -1},
		"barriers, delays":       {[]op{read(0, 0), add(&Barrier{Qubits: []int{0, 1}}), x(1)}, []int{0, -1, -1}, 1},
		"a reset":                {[]op{add(&Reset{Qubit: 1}), read(0, 0)}, []int{0, -1, -1}, -1},
		"read where it may not":  {[]op{add(&If{Then: []Op{&Measure{Qubit: 0, Bit: 0}}})}, []int{-1, -1, -1}, -1},
		"an operator of its own": {[]op{add(&Unitary{Matrix: Identity(2), Qubits: []int{1}}), read(1, 1)}, []int{-1, 1, -1}, 1},
	} {
		c := New(3, 3)
		for _, f := range k.ops {
			f(c)
		}
		var from []int
		for _, m := range c.Readout() {
			if m == nil {
				from = append(from, -1)
			} else {
				from = append(from, m.Qubit)
			}
		}
		if !slices.Equal(from, k.from) {
			t.Errorf("%s: bits are read from %v, want %v", name, from, k.from)
		}
		gates, ok := c.Gates()
		switch {
		case ok != (k.gates >= 0):
			t.Errorf("%s: measurements last: %v", name, ok)
		case ok && (len(gates.Ops) != k.gates || gates.Bits != 0):
			t.Errorf("%s: %d operations and %d bits, want %d and 0", name, len(gates.Ops), gates.Bits, k.gates)
		}
	}
}
