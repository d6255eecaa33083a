package ir

import (
	"math/big"
	"slices"
	"testing"
)

// Each kind of operation that acts on a qubit keeps it, alone and in a block; what only
// waits on one does not.
func TestDropIdle(t *testing.T) {
	for name, k := range map[string]struct {
		op   Op
		used []int
	}{
		"gate":               {&Apply{Gate: X, Qubits: []int{2}}, []int{2}},
		"control":            {&Apply{Gate: X, Qubits: []int{3, 1}, Controls: 1}, []int{1, 3}},
		"unitary":            {&Unitary{"u", Identity(4), []int{1, 4}}, []int{1, 4}},
		"measurement":        {&Measure{3, 0}, []int{3}},
		"thrown away":        {&Measure{3, -1}, []int{3}},
		"reset":              {&Reset{2}, []int{2}},
		"barrier":            {&Barrier{[]int{1, 2}}, nil},
		"delay":              {&Delay{1, "ns", []int{2}}, nil},
		"opaque":             {&Opaque{"cal", "", []int{2}}, nil},
		"reset in then":      {&If{Cond: BitSet(0), Then: []Op{&Reset{1}}}, []int{1}},
		"reset in else":      {&If{Cond: BitSet(0), Else: []Op{&Reset{4}}}, []int{4}},
		"reset in a loop":    {&While{BitSet(0), []Op{&Reset{2}}}, []int{2}},
		"measured in a case": {&Switch{Bits: []int{0}, Cases: []Case{{[]*big.Int{big.NewInt(1)}, []Op{&Measure{2, 0}}}}}, []int{2}},
		"gate in a default":  {&Switch{Bits: []int{0}, Default: []Op{&Apply{Gate: X, Qubits: []int{3}}}}, []int{3}},
	} {
		c := New(5, 1)
		c.QubitRegs = []Register{{"a", []int{0, 1, 2}}, {"b", []int{4, 3}}}
		// Qubit 0 is in use, and barriers and delays name all.
		c.Ops = []Op{&Barrier{[]int{0, 1, 2, 3, 4}}, &Apply{Gate: H, Qubits: []int{0}}, k.op, &Delay{5, "ns", []int{4, 3, 2, 1, 0}}}
		out := DropIdle(c)
		if err := Verify(out); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		used := append([]int{0}, k.used...)
		if out.Qubits != len(used) {
			t.Errorf("%s: %d qubits are left, want those of %v", name, out.Qubits, used)
			continue
		}
		to := func(q int) int { return slices.Index(used, q) }
		all := make([]int, 0, 5)
		for _, q := range []int{4, 3, 2, 1, 0} {
			if to(q) >= 0 {
				all = append(all, to(q))
			}
		}
		if got := out.Ops[3].(*Delay).Qubits; !slices.Equal(got, all) {
			t.Errorf("%s: the delay is on %v, want %v", name, got, all)
		}
		if got := out.Ops[0].(*Barrier).Qubits; len(got) != len(used) {
			t.Errorf("%s: the barrier is on %v", name, got)
		}
		if b := slices.IndexFunc(out.QubitRegs, func(r Register) bool { return r.Name == "b" }); b >= 0 != (to(3) >= 0 || to(4) >= 0) {
			t.Errorf("%s: registers %v", name, out.QubitRegs)
		}
		var acts []int
		Walk(out.Ops[2:3], func(op Op) error {
			acts = append(acts, ActsOn(op)...)
			return nil
		})
		slices.Sort(acts)
		want := make([]int, 0, len(k.used))
		for _, q := range k.used {
			want = append(want, to(q))
		}
		if !slices.Equal(acts, want) && len(acts)+len(want) > 0 {
			t.Errorf("%s: it acts on %v, want %v", name, acts, want)
		}
		if len(c.Ops[0].(*Barrier).Qubits) != 5 || c.Qubits != 5 {
			t.Errorf("%s: the circuit itself was changed", name)
		}
	}
	whole := New(1, 0)
	whole.Ops = []Op{&Reset{0}}
	if DropIdle(whole) != whole {
		t.Error("a circuit without idle qubits is another")
	}
}

// Renumbered, qubits and bits are others everywhere, and the circuit itself stays.
func TestRenumber(t *testing.T) {
	one := []*big.Int{big.NewInt(1)}
	ops := []Op{
		&Apply{Gate: RX, Angles: Consts(0.5), Qubits: []int{0, 1}, Controls: 1, Open: 1}, &Unitary{"u", Identity(2), []int{1}}, &Measure{0, 1}, &Measure{1, -1}, &Reset{0},
		&Barrier{[]int{0, 1}}, &Delay{2, "us", []int{1}}, &Opaque{"cal", "x", []int{0}},
		&If{All{BitSet(0), Any{Not{BitSet(1)}, Compare{[]int{1, 0}, Less, big.NewInt(2)}}}, []Op{&Reset{0}}, []Op{&Reset{1}}},
		&While{BitSet(1), []Op{&Measure{1, 0}}}, &Switch{[]int{0, 1}, []Case{{one, []Op{&Reset{0}}}}, []Op{&Measure{0, 0}}},
	}
	c := &Circuit{Qubits: 9, Bits: 9, Ops: ops}
	before := c.String()
	out := &Circuit{Qubits: 9, Bits: 9, Ops: Renumber(ops, func(q int) int { return q + 5 }, func(b int) int { return b + 3 })}
	want := &Circuit{Qubits: 9, Bits: 9, Ops: []Op{
		&Apply{Gate: RX, Angles: Consts(0.5), Qubits: []int{5, 6}, Controls: 1, Open: 1}, &Unitary{"u", Identity(2), []int{6}}, &Measure{5, 4}, &Measure{6, -1}, &Reset{5},
		&Barrier{[]int{5, 6}}, &Delay{2, "us", []int{6}}, &Opaque{"cal", "x", []int{5}},
		&If{All{BitSet(3), Any{Not{BitSet(4)}, Compare{[]int{4, 3}, Less, big.NewInt(2)}}}, []Op{&Reset{5}}, []Op{&Reset{6}}},
		&While{BitSet(4), []Op{&Measure{6, 3}}}, &Switch{[]int{3, 4}, []Case{{one, []Op{&Reset{5}}}}, []Op{&Measure{5, 3}}},
	}}
	if out.String() != want.String() || c.String() != before {
		t.Errorf("renumbered:\n%s\nwant\n%s\nbefore:\n%s", out, want, c)
	}
}

func TestPhysical(t *testing.T) {
	c := New(2, 0)
	if p, err := Physical(c); err != nil || p != c {
		t.Errorf("a circuit without physical names is another: %v", err)
	}
	c.QubitRegs = []Register{{"$2", []int{0}}, {"$7", []int{1}}}
	c.Gate(CX, []int{1, 0})
	p, err := Physical(c)
	if err != nil || p.Qubits != 8 {
		t.Fatalf("%v, %v", p, err)
	}
	if q := p.Ops[0].(*Apply).Qubits; q[0] != 7 || q[1] != 2 {
		t.Errorf("cx on %v", q)
	}
	c.QubitRegs = []Register{{"q", []int{0}}, {"$0", []int{1}}}
	if _, err := Physical(c); err == nil {
		t.Error("two qubits are one")
	}
}
