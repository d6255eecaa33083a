package compile

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"qgan/calibration"
	"qgan/internal/stream"
	"qgan/ir"
)

// What a circuit asks of its qubits, counted by hand: cx of each pair, runs of pulses, readouts,
// and the time in which a qubit waits between its first and its last operation.
func TestDemandByHand(t *testing.T) {
	target := timed(t, families[0], func(*calibration.Snapshot) {})
	one, two := target.typicalDurations()
	if one <= 0 || two <= 0 || one == two {
		t.Fatalf("typical durations %v and %v", one, two)
	}
	c := ir.New(4, 4)
	gate := func(g ir.Gate, qubits ...int) {
		c.Gate(g, qubits, ir.Consts([]float64{0.1, 0.2, 0.3}[:len(g.Info().Params)]...)...)
	}
	gate(ir.H, 0)
	gate(ir.RX, 0) // in the same run
	gate(ir.RZ, 1) // virtual
	gate(ir.CX, 1, 0)
	gate(ir.Swap, 2, 1)
	gate(ir.H, 0)
	gate(ir.CX, 1, 0)
	gate(ir.SX, 2)
	gate(ir.SX, 2)
	gate(ir.CX, 2, 1)
	c.Measure(0, 0)
	c.Measure(2, 1)
	c.Measure(2, 2)
	d := demandOf(c, target)
	if want := "map[[0 1]:2 [1 2]:4]"; fmt.Sprint(d.pairs) != want {
		t.Errorf("pairs %v, want %s", d.pairs, want)
	}
	// Two pulses a run of one-qubit gates, and one for the second qubit of each gate on two.
	if want := []float64{4 + 2, 2, 2, 0}; !slices.Equal(d.pulses, want) {
		t.Errorf("pulses %v, want %v", d.pulses, want)
	}
	if want := []float64{1, 0, 2, 0}; !slices.Equal(d.readouts, want) {
		t.Errorf("readouts %v, want %v", d.readouts, want)
	}
	// Qubit 0: a run, a cx, a run while 1 and 2 swap (three cx), a cx that has to wait for them.
	// Qubit 1 never waits. Qubit 2: the swap, a run during the cx of 0 and 1, the last cx.
	first := 2 * one // the first cx begins
	free0, free1 := first+two+2*one, first+two+3*two
	idle0 := max(free0, free1) - free0
	end1 := max(free0, free1) + two
	idle1 := max(free0, free1) - free1
	free2 := free1 + 2*one
	idle2 := max(free2, end1) - free2
	idle1 += max(free2, end1) - end1
	for q, want := range []float64{idle0, idle1, idle2, 0} {
		if math.Abs(d.idle[q]-want) > 1e-18 {
			t.Errorf("qubit %d waits %v, want %v", q, d.idle[q], want)
		}
	}
	if idle0 == 0 || idle2 == 0 {
		t.Error("nothing waits in this circuit")
	}
}

// Pairs that make one path, or one ring, give its order; anything else gives none.
func TestShapesOfDemand(t *testing.T) {
	for _, k := range []struct {
		pairs      [][2]int
		path, ring []int
	}{
		{nil, nil, nil},
		{[][2]int{{0, 1}}, []int{0, 1}, nil},
		{[][2]int{{2, 5}, {0, 2}, {3, 5}}, []int{0, 2, 5, 3}, nil},
		{[][2]int{{0, 1}, {2, 3}}, nil, nil},
		{[][2]int{{0, 1}, {1, 2}, {1, 3}}, nil, nil},
		{[][2]int{{0, 1}, {1, 2}, {0, 2}}, nil, []int{0, 1, 2}},
		{[][2]int{{1, 4}, {3, 4}, {2, 3}, {1, 2}}, nil, []int{1, 2, 3, 4}},
		{[][2]int{{0, 1}, {1, 2}, {0, 2}, {3, 4}, {4, 5}, {3, 5}}, nil, nil},
		{[][2]int{{0, 1}, {1, 2}, {0, 2}, {3, 4}}, nil, nil},
		{[][2]int{{0, 1}, {3, 4}, {4, 5}, {3, 5}}, nil, nil},
		{[][2]int{{0, 1}, {1, 2}, {0, 2}, {2, 3}}, nil, nil},
	} {
		d := &demand{qubits: 6, pairs: map[[2]int]float64{}}
		for _, p := range k.pairs {
			d.pairs[p] = 1
		}
		if got := d.path(); !slices.Equal(got, k.path) {
			t.Errorf("%v: path %v, want %v", k.pairs, got, k.path)
		}
		if got := d.ring(); !slices.Equal(got, k.ring) {
			t.Errorf("%v: ring %v, want %v", k.pairs, got, k.ring)
		}
	}
}

// ringsOf lists all rings of a length on a device, each from its lowest qubit, both ways.
func ringsOf(t *Target, n int) (out [][]int) {
	var extend func(path []int)
	extend = func(path []int) {
		last := path[len(path)-1]
		for _, q := range t.neighbours[last] {
			if q == path[0] && len(path) == n {
				out = append(out, slices.Clone(path))
			}
			if q > path[0] && len(path) < n && !slices.Contains(path, q) {
				extend(append(path, q))
			}
		}
	}
	for q := range t.Qubits {
		extend([]int{q})
	}
	return out
}

// On a small grid the ring that is found costs what the best of all turns of all rings does.
func TestRingsAgainstAllOfThem(t *testing.T) {
	rng := stream.New(11, "rings")
	for round := range 12 {
		snapshot := families[0].snapshot(12, grid(3, 4))
		for i := range snapshot.Gates {
			if len(snapshot.Gates[i].Qubits) == 2 {
				snapshot.Gates[i].Error = value(0.001 + 0.02*rng.Float64())
			} else {
				snapshot.Gates[i].Error = value(0.0001)
			}
		}
		target, err := NewTarget(snapshot)
		if err != nil {
			t.Fatal(err)
		}
		n := []int{4, 6, 8, 10}[round%4]
		d := &demand{qubits: n + 1, pairs: map[[2]int]float64{}, pulses: make([]float64, n+1), readouts: make([]float64, n+1), idle: make([]float64, n+1)}
		order := rng.Perm(n)
		for i, q := range order {
			next := order[(i+1)%n]
			d.pairs[[2]int{min(q, next), max(q, next)}] = 1 // all pairs alike: the best ring is the cheapest
		}
		costOf := func(layout []int) float64 {
			sum := 0.0
			for i, q := range order {
				next := order[(i+1)%n]
				sum += target.pairCost(layout[q], layout[next]) * d.pairs[[2]int{min(q, next), max(q, next)}]
			}
			return sum
		}
		best := math.Inf(1)
		for _, path := range ringsOf(target, n) {
			layout := make([]int, n)
			for i, q := range order {
				layout[q] = path[i]
			}
			best = min(best, costOf(layout))
		}
		got := embedRing(target, d, order)
		if got == nil || got[n] != -1 {
			t.Fatalf("round %d: layout %v", round, got)
		}
		if cost := costOf(got); math.Abs(cost-best) > 1e-12 {
			t.Errorf("round %d, %d qubits: cost %v, the best ring has %v", round, n, cost, best)
		}
		// With demands of their own the turn is the best of all of that ring.
		for i, q := range order { // in a fixed order: the numbers are drawn
			next := order[(i+1)%n]
			d.pairs[[2]int{min(q, next), max(q, next)}] = 1 + float64(rng.IntN(5))
			d.pulses[q], d.readouts[q] = float64(rng.IntN(4)), float64(rng.IntN(2))
		}
		for q := range target.Qubits {
			target.Qubits[q].Error, target.Qubits[q].ReadoutError = 0.05*rng.Float64(), 0.1*rng.Float64()
		}
		nodesOf := func(layout []int) (sum float64) {
			for q := range n {
				sum += d.nodeCost(target, q, layout[q])
			}
			return sum
		}
		path := make([]int, n)
		for i, q := range order {
			path[i] = got[q]
		}
		turned, cost := bestTurn(target, d, order, path)
		least := math.Inf(1)
		for turn := range n {
			for _, way := range []int{1, n - 1} {
				layout := make([]int, n)
				for i, q := range order {
					layout[q] = path[(turn+i*way)%n]
				}
				least = min(least, costOf(layout)+nodesOf(layout))
			}
		}
		if got := costOf(turned) + nodesOf(turned); math.Abs(got-least) > 1e-12 || math.Abs(cost-least) > 1e-12 {
			t.Errorf("round %d: the turn costs %v, told %v, the best %v", round, got, cost, least)
		}
	}
	target := families[0].target(t, 12, grid(3, 4))
	for _, n := range []int{3, 5, 7, 13} { // a grid has rings of even length alone
		if got := embedRing(target, &demand{qubits: n, pairs: map[[2]int]float64{}, pulses: make([]float64, n), readouts: make([]float64, n), idle: make([]float64, n)}, upTo(n)); got != nil {
			t.Errorf("a ring of %d on a grid: %v", n, got)
		}
	}
}

// What the last gates do to outcomes is taken into the map of the bits: by hand, gate by gate.
func TestFoldingByHand(t *testing.T) {
	apply := func(g ir.Gate, q ...int) ir.Op {
		return &ir.Apply{Gate: g, Qubits: q, Angles: ir.Consts([]float64{0.1, 0.2, 0.3}[:len(g.Info().Params)]...)}
	}
	measures := []ir.Op{&ir.Measure{Qubit: 0, Bit: 2}, &ir.Measure{Qubit: 1, Bit: 0}, &ir.Measure{Qubit: 2, Bit: 1}} // qubits 0, 1, 2 are bits 2, 0, 1
	for name, k := range map[string]struct {
		gates   []ir.Op
		after   []ir.Op // behind the measurements
		left    int     // operations before the measurements
		sources string  // "-": nothing is folded
		flip    string
	}{
		"nothing":                      {[]ir.Op{apply(ir.H, 0)}, nil, 1, "-", ""},
		"x":                            {[]ir.Op{apply(ir.X, 0)}, nil, 0, "[[0] [1] [2]]", "[false false true]"},
		"x twice":                      {[]ir.Op{apply(ir.X, 1), apply(ir.X, 1)}, nil, 0, "[[0] [1] [2]]", "[false false false]"},
		"diagonal":                     {[]ir.Op{apply(ir.RZ, 1), apply(ir.CZ, 0, 2), apply(ir.RZZ, 1, 2)}, nil, 0, "[[0] [1] [2]]", "[false false false]"},
		"cx":                           {[]ir.Op{apply(ir.CX, 0, 1)}, nil, 0, "[[0 2] [1] [2]]", "[false false false]"},
		"x before the control":         {[]ir.Op{apply(ir.X, 0), apply(ir.CX, 0, 1)}, nil, 0, "[[0 2] [1] [2]]", "[true false true]"},
		"x behind the control":         {[]ir.Op{apply(ir.CX, 0, 1), apply(ir.X, 0)}, nil, 0, "[[0 2] [1] [2]]", "[false false true]"},
		"x before both":                {[]ir.Op{apply(ir.X, 0), apply(ir.X, 1), apply(ir.CX, 0, 1)}, nil, 0, "[[0 2] [1] [2]]", "[false false true]"},
		"a chain":                      {[]ir.Op{apply(ir.CX, 0, 1), apply(ir.CX, 1, 2)}, nil, 0, "[[0 2] [0 1 2] [2]]", "[false false false]"},
		"twice the same":               {[]ir.Op{apply(ir.CX, 0, 1), apply(ir.CX, 0, 1)}, nil, 0, "[[0] [1] [2]]", "[false false false]"},
		"swap":                         {[]ir.Op{apply(ir.X, 0), apply(ir.Swap, 0, 1)}, nil, 0, "[[2] [1] [0]]", "[true false false]"},
		"what an h closes":             {[]ir.Op{apply(ir.X, 0), apply(ir.X, 1), apply(ir.H, 0), apply(ir.X, 2)}, nil, 2, "[[0] [1] [2]]", "[true true false]"},
		"a gate closes all its qubits": {[]ir.Op{apply(ir.X, 1), apply(ir.RXX, 0, 1), apply(ir.X, 2)}, nil, 2, "[[0] [1] [2]]", "[false true false]"},
		"cx onto what is closed":       {[]ir.Op{apply(ir.CX, 2, 0), apply(ir.X, 2), apply(ir.H, 0)}, nil, 2, "[[0] [1] [2]]", "[false true false]"},
		"diagonal before an h":         {[]ir.Op{apply(ir.RZ, 1), apply(ir.H, 1)}, nil, 2, "-", ""},
		"a diagonal half closed":       {[]ir.Op{apply(ir.CZ, 0, 1), apply(ir.X, 1), apply(ir.H, 0)}, nil, 2, "[[0] [1] [2]]", "[true false false]"},
		"a barrier":                    {[]ir.Op{apply(ir.X, 0), &ir.Barrier{Qubits: []int{0, 1}}}, nil, 1, "[[0] [1] [2]]", "[false false true]"},
		"a delay":                      {[]ir.Op{apply(ir.X, 0), apply(ir.X, 1), &ir.Delay{Duration: 1, Unit: "ns", Qubits: []int{0}}}, nil, 2, "[[0] [1] [2]]", "[true false false]"},
		"a reset":                      {[]ir.Op{apply(ir.X, 0), apply(ir.X, 1), &ir.Reset{Qubit: 1}}, nil, 2, "[[0] [1] [2]]", "[false false true]"},
		"a unitary":                    {[]ir.Op{apply(ir.X, 0), apply(ir.X, 1), &ir.Unitary{Matrix: ir.Identity(2), Qubits: []int{1}}}, nil, 2, "[[0] [1] [2]]", "[false false true]"},
		"a condition":                  {[]ir.Op{apply(ir.X, 0), &ir.If{Cond: ir.BitSet(0), Then: []ir.Op{apply(ir.X, 2)}}}, nil, 2, "-", ""},
		"controls":                     {[]ir.Op{&ir.Apply{Gate: ir.X, Qubits: []int{0, 1}, Controls: 1}}, nil, 1, "-", ""},
		"ccx":                          {[]ir.Op{apply(ir.CCX, 0, 1, 2)}, nil, 1, "-", ""},
		"not measured":                 {[]ir.Op{apply(ir.X, 3), apply(ir.CX, 0, 3), apply(ir.RZ, 3)}, nil, 3, "-", ""},
		"measured again":               {[]ir.Op{apply(ir.X, 0), apply(ir.X, 1)}, []ir.Op{&ir.Measure{Qubit: 0, Bit: 3}}, 1, "[[0] [1] [2] [3]]", "[true false false false]"},
		"written again":                {[]ir.Op{apply(ir.X, 0), apply(ir.X, 1)}, []ir.Op{&ir.Measure{Qubit: 3, Bit: 2}}, 1, "[[0] [1] [2]]", "[true false false]"},
		"measured into no bit":         {[]ir.Op{apply(ir.X, 0), apply(ir.X, 3)}, []ir.Op{&ir.Measure{Qubit: 3, Bit: -1}}, 1, "[[0] [1] [2]]", "[false false true]"},
	} {
		c := ir.New(4, 3)
		if name == "measured again" {
			c = ir.New(4, 4)
		}
		c.Ops = slices.Concat(k.gates, measures, k.after)
		s := &state{circuit: c}
		if err := foldReadout(s); err != nil {
			t.Fatal(err)
		}
		if left := len(c.Ops) - len(measures) - len(k.after); left != k.left {
			t.Errorf("%s: %d operations are left, want %d", name, left, k.left)
		}
		if k.sources == "-" {
			if s.readout != nil {
				t.Errorf("%s: %+v", name, s.readout)
			}
			continue
		}
		if s.readout == nil || fmt.Sprint(s.readout.Sources) != k.sources || fmt.Sprint(s.readout.Flip) != k.flip {
			t.Errorf("%s: %+v, want %s, %s", name, s.readout, k.sources, k.flip)
		}
	}
}

// What a logical qubit costs on a physical one is what its pulses, readouts and waiting lose
// there, and endless on one that can't be used or, where it is read, can't be read.
func TestNodeCostByHand(t *testing.T) {
	target := families[0].target(t, 3, line(3))
	target.Qubits[1].Error, target.Qubits[1].ReadoutError = 0.25, 0.5
	target.Qubits[2].ReadoutFaulty = true
	d := &demand{qubits: 2, pulses: []float64{2, 3}, readouts: []float64{1, 0}, idle: []float64{0, 1e-5}}
	for _, k := range []struct {
		logical, q int
		want       float64
	}{
		{0, 1, -2*math.Log(0.75) - math.Log(0.5)},
		{1, 1, -3*math.Log(0.75) + target.Qubits[1].idling(1e-5)},
		{0, 2, math.Inf(1)},
		{1, 2, -3*math.Log1p(-target.Qubits[2].Error) + target.Qubits[2].idling(1e-5)},
	} {
		if got := d.nodeCost(target, k.logical, k.q); !(math.Abs(got-k.want) < 1e-15 || got == k.want) {
			t.Errorf("logical %d on %d costs %v, want %v", k.logical, k.q, got, k.want)
		}
	}
	target.Qubits[1].Usable = false
	if got := d.nodeCost(target, 1, 1); !math.IsInf(got, 1) {
		t.Errorf("on a qubit that is not usable: %v", got)
	}
	// Typical durations are medians, of what is usable and works.
	for q, x := range []float64{5, 1, 3} {
		target.Qubits[q].Usable, target.Qubits[q].Duration = q != 1, x
	}
	target.Edges = map[[2]int]Edge{{0, 1}: {Duration: 9}, {0, 2}: {Duration: 2}, {1, 2}: {Duration: 4}, {1, 3}: {Duration: 1, Faulty: true}}
	if one, two := target.typicalDurations(); one != 5 || two != 4 {
		t.Errorf("typical durations %v and %v", one, two)
	}
	if one, two := new(Target).typicalDurations(); one != 0 || two != 0 {
		t.Errorf("of nothing: %v and %v", one, two)
	}
}

// Layouts that can't be taken, and those that are with a warning, say why.
func TestTextsOfLayouts(t *testing.T) {
	snapshot := families[0].snapshot(30, line(30))
	for i := range snapshot.Gates {
		if g := &snapshot.Gates[i]; slices.Equal(g.Qubits, []int{20, 21}) || slices.Equal(g.Qubits, []int{9, 10}) {
			g.Faulty = true
		}
	}
	snapshot.Qubits[4].Faulty = true
	target, err := NewTarget(snapshot)
	if err != nil {
		t.Fatal(err)
	}
	two := ir.New(2, 0)
	two.Gate(ir.CX, []int{0, 1})
	for _, k := range []struct {
		layout []int
		want   string
	}{
		{[]int{0}, "the layout names 1 physical qubits for a circuit of 2"},
		{[]int{0, 30}, "the layout names the physical qubit 30, ibm cz has 30"},
		{[]int{-1, 0}, "the layout names the physical qubit -1, ibm cz has 30"},
		{[]int{1, 1}, "the layout names the physical qubit 1 twice"},
		{[]int{3, 4}, "the layout names the physical qubit 4, which is not usable on ibm cz"},
		{[]int{1, 2}, ""},
	} {
		_, err := Compile(two, target, Options{Layout: k.layout})
		if (err == nil) != (k.want == "") || err != nil && !strings.Contains(err.Error(), k.want) {
			t.Errorf("%v: %v, want %q", k.layout, err, k.want)
		}
	}
	if _, err := Compile(ir.New(31, 0), target, Options{}); err == nil || !strings.Contains(err.Error(), "the circuit has 31 qubits, ibm cz has 30") {
		t.Error(err)
	}
	// Two faulty pairs in a chain of 20 are a tenth of its qubits: taken, in order of their
	// labels. In one of 19 they are more.
	d := &demand{pairs: map[[2]int]float64{}}
	for q := range 15 {
		d.pairs[[2]int{q, q + 1}] = 1
	}
	layout := func(n int) []int { return upTo(30)[8 : 8+n] } // physical qubits 8 to 7+n: 9-10 and 20-21 are pairs 1 and 12
	for n, taken := range map[int]bool{20: true, 19: false} {
		s := &state{target: target}
		if got := s.acceptFaulty(d, layout(n)); got != taken || s.faulty != taken {
			t.Errorf("%d qubits: taken %v", n, got)
		}
		want := []string(nil)
		if taken {
			want = []string{"no place for the 20 qubits on working pairs was found on ibm cz: the layout uses pairs that are marked as faulty (20-21, 9-10); outcomes across them can't be trusted"}
		}
		if !slices.Equal(s.warnings, want) {
			t.Errorf("%d qubits: %q", n, s.warnings)
		}
	}
	s := &state{target: target}
	if !s.acceptFaulty(&demand{pairs: map[[2]int]float64{{0, 1}: 1}}, []int{1, 2}) || s.faulty || s.warnings != nil || s.using() != target {
		t.Errorf("a layout on working pairs: %+v", s)
	}
}
