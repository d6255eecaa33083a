package ir

import (
	"math/big"
	"slices"
	"testing"
)

// Depths that are counted by hand: what shares a qubit or a bit comes one after the other,
// a barrier holds its qubits together, and a block is as deep as its longest branch.
func TestDepth(t *testing.T) {
	gate := func(q ...int) Op { return &Apply{Gate: []Gate{ID, H, CX, CCX}[len(q)], Qubits: q} }
	one := []*big.Int{big.NewInt(1)}
	for name, k := range map[string]struct {
		ops  []Op
		want int
	}{
		"nothing":                          {nil, 0},
		"side by side":                     {[]Op{gate(0), gate(1), gate(2)}, 1},
		"one after the other":              {[]Op{gate(0), gate(0), gate(0)}, 3},
		"a chain":                          {[]Op{gate(0, 1), gate(1, 2), gate(2, 3)}, 3},
		"pairs apart":                      {[]Op{gate(0, 1), gate(2, 3)}, 1},
		"three qubits":                     {[]Op{gate(0), gate(1, 2, 3), gate(0, 3)}, 2},
		"a unitary":                        {[]Op{gate(0), &Unitary{"u", Identity(4), []int{0, 1}}, gate(1)}, 3},
		"controls":                         {[]Op{gate(0), &Apply{Gate: X, Qubits: []int{0, 1}, Controls: 1}, gate(1)}, 3},
		"no qubits":                        {[]Op{&Apply{Gate: GPhase, Angles: Consts(1)}}, 1},
		"a reset":                          {[]Op{gate(0), &Reset{0}, gate(0)}, 3},
		"measured side by side":            {[]Op{&Measure{0, 0}, &Measure{1, 1}}, 1},
		"measured into one bit":            {[]Op{&Measure{0, 0}, &Measure{1, 0}, &Measure{2, 0}}, 3},
		"measured into no bit":             {[]Op{&Measure{0, -1}, &Measure{1, -1}}, 1},
		"a barrier":                        {[]Op{gate(0), gate(0), &Barrier{[]int{0, 1}}, gate(1)}, 3},
		"a barrier beside":                 {[]Op{gate(0), gate(0), &Barrier{[]int{0, 2}}, gate(1)}, 2},
		"barriers alone":                   {[]Op{&Barrier{[]int{0, 1}}, &Barrier{[]int{0, 1}}}, 0},
		"a delay takes none":               {[]Op{gate(0), &Delay{1, "ns", []int{0, 1}}, gate(1)}, 1},
		"a condition on a measured bit":    {[]Op{&Measure{0, 0}, &If{BitSet(0), []Op{gate(1)}, nil}}, 2},
		"a condition on another bit":       {[]Op{&Measure{0, 0}, &If{BitSet(1), []Op{gate(1)}, nil}}, 1},
		"a condition's bit is taken":       {[]Op{&If{BitSet(0), []Op{gate(1)}, nil}, &Measure{0, 0}}, 2},
		"several bits of a condition":      {[]Op{&Measure{0, 0}, &Measure{1, 0}, &If{Any{BitSet(1), Not{All{BitSet(2), BitSet(0)}}}, []Op{gate(2)}, nil}}, 3},
		"the longest branch":               {[]Op{&If{BitSet(0), []Op{gate(0)}, []Op{gate(0), gate(0), gate(1)}}, gate(1)}, 3},
		"an empty block":                   {[]Op{&If{BitSet(0), nil, nil}, &Measure{0, 0}}, 2},
		"a block holds the qubits in it":   {[]Op{&If{BitSet(0), []Op{gate(0), gate(0), gate(1)}, nil}, gate(1), gate(2)}, 3},
		"a block holds the bits in it":     {[]Op{&If{BitSet(0), []Op{&Measure{0, 1}}, nil}, &Measure{2, 1}}, 2},
		"blocks inside":                    {[]Op{&If{BitSet(0), []Op{gate(0), &If{BitSet(1), []Op{gate(0), gate(0)}, nil}}, nil}}, 3},
		"a loop":                           {[]Op{&Measure{0, 0}, &While{BitSet(0), []Op{gate(0), &Measure{0, 0}}}, gate(0)}, 4},
		"a loop's bit":                     {[]Op{&Measure{0, 0}, &While{BitSet(0), []Op{gate(1), gate(1)}}}, 3},
		"a switch":                         {[]Op{&Measure{3, 1}, &Switch{[]int{0, 1}, []Case{{one, []Op{gate(0)}}, {one, []Op{gate(0), gate(0)}}}, []Op{gate(1)}}, gate(1)}, 4},
		"a default that is longest":        {[]Op{&Switch{[]int{0}, []Case{{one, []Op{gate(0)}}}, []Op{gate(1), gate(1), gate(1)}}, gate(0)}, 4},
		"what a switch reads is taken too": {[]Op{&Switch{[]int{0}, nil, []Op{gate(0)}}, &Measure{1, 0}}, 2},
	} {
		c := New(4, 3)
		c.Ops = k.ops
		if err := Verify(c); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if got := c.Depth(); got != k.want {
			t.Errorf("%s: depth %d, want %d", name, got, k.want)
		}
	}
}

// Gates are counted in blocks as well, once.
func TestCounts(t *testing.T) {
	c := New(3, 1)
	c.Gate(H, []int{0})
	c.Gate(CX, []int{0, 1})
	c.Gate(CCX, []int{0, 1, 2})
	c.Ops = append(c.Ops, &Apply{Gate: X, Qubits: []int{0, 1}, Controls: 1}, &Apply{Gate: CX, Qubits: []int{0, 1, 2}, Controls: 1}, &Unitary{"u", Identity(4), []int{0, 2}}, &Unitary{"v", Identity(2), []int{0}},
		&If{BitSet(0), []Op{&Apply{Gate: CZ, Qubits: []int{0, 1}}}, []Op{&Apply{Gate: CZ, Qubits: []int{1, 2}}}},
		&While{BitSet(0), []Op{&Apply{Gate: Swap, Qubits: []int{0, 1}}, &Measure{0, 0}}},
		&Switch{[]int{0}, []Case{{[]*big.Int{big.NewInt(1)}, []Op{&Apply{Gate: H, Qubits: []int{0}}}}}, []Op{&Apply{Gate: RZZ, Angles: Consts(1), Qubits: []int{0, 1}}}})
	if got := c.TwoQubitGates(); got != 7 {
		t.Errorf("%d two-qubit gates, want 7", got)
	}
	want := map[string]int{"h": 2, "cx": 2, "ccx": 1, "x": 1, "unitary": 2, "cz": 2, "swap": 1, "rzz": 1}
	got := c.Count()
	if len(got) != len(want) {
		t.Errorf("counted %v, want %v", got, want)
	}
	for name, n := range want {
		if got[name] != n {
			t.Errorf("%d gates %s, want %d", got[name], name, n)
		}
	}
}

// The bits of a condition are listed once, in its order.
func TestCondBits(t *testing.T) {
	for _, k := range []struct {
		cond Cond
		want []int
	}{
		{BitSet(2), []int{2}}, {Compare{[]int{3, 1}, Less, big.NewInt(2)}, []int{3, 1}}, {All{BitSet(1), BitSet(0), BitSet(1)}, []int{1, 0}}, {Any{BitSet(4), Not{All{BitSet(2), BitSet(4)}}}, []int{4, 2}}, {All{}, nil},
	} {
		if got := CondBits(k.cond); !slices.Equal(got, k.want) {
			t.Errorf("%s reads %v, want %v", condText(k.cond), got, k.want)
		}
	}
}
