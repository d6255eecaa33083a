package ir

import (
	"maps"
	"slices"
	"testing"
)

// What a circuit uses and measures counts within control too, and blocks in a vendor's words
// go wherever they stand, with nothing else.
func TestUsedAndStripped(t *testing.T) {
	c := New(6, 2)
	c.Gate(CX, []int{4, 1})
	c.Ops = append(c.Ops,
		&Opaque{Kind: "box", Qubits: []int{0}},
		&Barrier{Qubits: []int{0, 1}},
		&Delay{Duration: 1, Unit: "ns", Qubits: []int{2}},
		&If{Cond: BitSet(0), Then: []Op{&Opaque{Kind: "cal"}, &Reset{Qubit: 5}}, Else: []Op{&Opaque{Kind: "endbox"}}},
		&While{Cond: BitSet(0), Body: []Op{&Opaque{Kind: "pragma"}}},
		&Switch{Bits: []int{0}, Cases: []Case{{Body: []Op{&Opaque{Kind: "pragma"}}}}, Default: []Op{&Opaque{Kind: "pragma"}}},
	)
	if got := c.Used(); !slices.Equal(got, []int{1, 4, 5}) {
		t.Errorf("used are %v, want 1, 4 and 5", got)
	}
	out, kinds := c.WithoutOpaque()
	if got := slices.Sorted(maps.Keys(kinds)); !slices.Equal(got, []string{"box", "cal", "pragma"}) {
		t.Errorf("left out: %v", got)
	}
	left := 0
	Walk(out.Ops, func(op Op) error {
		if _, ok := op.(*Opaque); ok {
			t.Errorf("%+v is left", op)
		}
		left++
		return nil
	})
	if left != 7 || len(c.Ops) != 7 {
		t.Errorf("%d operations are left, want 7 of the 12; the circuit itself has %d", left, len(c.Ops))
	}
	if out.Measures() {
		t.Error("it measures before it does")
	}
	out.MeasureUsed()
	var from []int
	for _, m := range out.Readout() {
		from = append(from, m.Qubit)
	}
	if !slices.Equal(from, []int{1, 4, 5}) || !out.Measures() || c.Measures() {
		t.Errorf("bits are read from %v, want 1, 4 and 5; of the circuit itself %v", from, c.Measures())
	}
	inside := New(1, 1)
	inside.Ops = []Op{&While{Cond: BitSet(0), Body: []Op{&Measure{}}}}
	if !inside.Measures() {
		t.Error("a measurement in a loop is none")
	}
}
