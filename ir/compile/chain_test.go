package compile

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"qgan/calibration"
	"qgan/ir"
)

// Best chains of real devices for five layers, computed by another program from
// the same snapshots: Π(1-e_2q)^5 · Π(1-e_sx)^20 · (1-e_readout).
var referenceChains = []struct {
	device   string
	n        int
	fidelity []float64
	qubits   [][]int
}{
	{"torino", 4, []float64{0.8898244169780023, 0.8835834732127876}, [][]int{{81, 80, 92, 99}, {80, 92, 99, 98}}},
	{"torino", 8, []float64{0.7209532248754587, 0.7205374847743401}, [][]int{{81, 80, 92, 99, 100, 101, 102, 103}, {80, 92, 99, 100, 101, 102, 103, 93}}},
	{"sherbrooke", 4, []float64{0.8804407073370909, 0.87472962025541}, [][]int{{122, 123, 124, 125}, {103, 104, 105, 106}}},
	{"sherbrooke", 8, []float64{0.7261529857578679, 0.7237496769245289}, [][]int{{108, 112, 126, 125, 124, 123, 122, 121}, {112, 126, 125, 124, 123, 122, 121, 120}}},
}

func TestChainsOfRealDevices(t *testing.T) {
	t.Parallel()
	for _, c := range referenceChains {
		target := realTarget(t, "ibm/props_"+c.device+".json")
		got, err := Chains(target, c.n, 4, LayerWeights(5))
		if err != nil {
			t.Fatal(err)
		}
		for i, want := range c.fidelity {
			for k := range 2 { // both directions
				if d := math.Abs(got[2*i+k].Fidelity - want); d > 1e-6 {
					t.Errorf("%s, %d qubits: chain %d has %v, want %v", c.device, c.n, 2*i+k, got[2*i+k].Fidelity, want)
				}
			}
			if !slices.Equal(got[2*i].Qubits, c.qubits[i]) {
				t.Errorf("%s, %d qubits: %v, want %v", c.device, c.n, got[2*i].Qubits, c.qubits[i])
			}
			f, err := ChainFidelity(target, got[2*i].Qubits, LayerWeights(5))
			if err != nil || math.Abs(f-want) > 1e-6 {
				t.Errorf("the fidelity of %v is %v (%v)", got[2*i].Qubits, f, err)
			}
		}
	}
}

// everyChain tries all chains without any bound.
func everyChain(p *chainProblem) []foundChain {
	var out []foundChain
	var extend func(path []int)
	extend = func(path []int) {
		if len(path) == p.n {
			if c := p.cost(path); !math.IsInf(c, 1) {
				out = append(out, foundChain{slices.Clone(path), c})
			}
			return
		}
		for _, q := range p.t.neighbours[path[len(path)-1]] {
			if !slices.Contains(path, q) {
				extend(append(path, q))
			}
		}
	}
	for q := range p.t.Qubits {
		extend([]int{q})
	}
	slices.SortFunc(out, foundChain.compare)
	return out
}

// The bounded search finds what trying everything finds; the beam and the sweep
// find chains that are real and no better.
func TestSearchesAgree(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		rows, columns := rapid.IntRange(1, 3).Draw(r, "rows"), rapid.IntRange(2, 4).Draw(r, "columns")
		pairs := grid(rows, columns)
		keep := rapid.SliceOfN(rapid.IntRange(0, 9), len(pairs), len(pairs)).Draw(r, "keep")
		var kept [][2]int
		for i, p := range pairs {
			if keep[i] > 0 {
				kept = append(kept, p)
			}
		}
		target := families[0].target(t, rows*columns, kept)
		n := rapid.IntRange(2, rows*columns).Draw(r, "length")
		p, err := weighted(target, n, LayerWeights(3))
		if err != nil {
			r.Fatal(err)
		}
		want := everyChain(p)
		got, complete := p.exhaustive(3)
		if !complete || len(got) != min(3, len(want)) {
			r.Fatalf("%d chains (complete: %v), want %d", len(got), complete, min(3, len(want)))
		}
		for i := range got {
			if got[i].compare(want[i]) != 0 {
				r.Fatalf("chain %d: %v, want %v", i, got[i], want[i])
			}
		}
		found := p.beam(1)
		if long, _ := p.frontier(); long != nil {
			found = append(found, *long)
		} else if len(want) > 0 {
			r.Fatalf("the sweep finds none of %d chains", len(want))
		}
		for _, f := range found {
			if c := p.cost(f.path); len(f.path) != n || math.Abs(c-f.cost) > 1e-9 || c < want[0].cost-1e-9 {
				r.Fatalf("%v costs %v, the best %v", f, c, want[0])
			}
		}
	})
}

// Of equal chains the first in order is taken, whichever way they are found.
func TestTiesAreReproducible(t *testing.T) {
	s := &calibration.Snapshot{Service: "iqm", Name: "even", Basis: []string{"prx", "cz"}, Qubits: make([]calibration.Qubit, 12)}
	for _, p := range ring(12) {
		s.Gates = append(s.Gates, calibration.Gate{Name: "cz", Qubits: []int{p[0], p[1]}, Error: value(0.01)})
	}
	target, err := NewTarget(s)
	if err != nil {
		t.Fatal(err)
	}
	for range 20 {
		got, err := Chains(target, 5, 2, LayerWeights(2))
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(got[0].Qubits, []int{0, 1, 2, 3, 4}) || !slices.Equal(got[1].Qubits, []int{0, 11, 10, 9, 8}) {
			t.Fatalf("%v", got)
		}
	}
}

// cheapest splits as sorting does.
func TestCheapest(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		var s []sweepState
		for i, c := range rapid.SliceOfN(rapid.Float64Range(0, 3), 0, 60).Draw(r, "costs") {
			s = append(s, sweepState{cost: math.Round(c), key: sweepKey(i)})
		}
		n := rapid.IntRange(1, 30).Draw(r, "n")
		order := func(a, b sweepState) int { return cmp.Or(cmp.Compare(a.cost, b.cost), cmp.Compare(a.key, b.key)) }
		want := slices.Clone(s)
		slices.SortFunc(want, order)
		want = want[:min(n, len(want))]
		got := cheapest(s, n)
		slices.SortFunc(got, order)
		if !slices.Equal(got, want) {
			r.Fatalf("%v, want %v", got, want)
		}
	})
}

// What can't be done says so, and what there is.
func TestFaults(t *testing.T) {
	good := families[0]
	broken := func(change func(*calibration.Snapshot)) *Target {
		s := good.snapshot(6, line(6))
		change(s)
		target, err := NewTarget(s)
		if err != nil {
			t.Fatal(err)
		}
		return target
	}
	faulty := func(which func(i int) bool) func(*calibration.Snapshot) {
		return func(s *calibration.Snapshot) {
			k := 0
			for i := range s.Gates {
				if g := &s.Gates[i]; len(g.Qubits) == 2 {
					g.Faulty = which(k)
					k++
				}
			}
		}
	}
	for name, c := range map[string]struct {
		target *Target
		n      int
		want   string
	}{
		"wider":             {good.target(t, 6, line(6)), 7, "has 7 qubits, ibm cz has 6"},
		"no pair works":     {broken(faulty(func(int) bool { return true })), 3, "every two-qubit gate of ibm cz is marked as faulty"},
		"no chain":          {broken(faulty(func(i int) bool { return i%2 == 1 })), 4, "no chain of 4 connected qubits"},
		"no chain of pairs": {good.target(t, 6, [][2]int{{0, 1}, {2, 3}, {4, 5}}), 3, "no chain of 3 connected qubits"},
		"error not known":   {broken(func(s *calibration.Snapshot) { s.Gates[len(s.Gates)-1].Error, s.Gates[1].Error = nil, nil }), 6, "no chain of 6"},
		"no qubit": {broken(func(s *calibration.Snapshot) {
			for q := range s.Qubits {
				s.Qubits[q].Faulty = true
			}
		}), 1, "no usable qubit"},
	} {
		_, err := Compile(chainCircuit(c.n), c.target, Options{})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
	for name, c := range map[string]struct {
		one, two []string
		want     string
	}{
		"one-qubit gates": {[]string{"u1", "u7"}, []string{"cz"}, "no decomposition into its one-qubit gates (cz, u1, u7) is known"},
		"two-qubit gates": {[]string{"rz", "sx", "x"}, []string{"xy"}, "no decomposition into its two-qubit gates (xy) is known"},
	} {
		f := testFamily{"strange", "braket", c.one, c.two, false}
		if _, err := NewTarget(f.snapshot(3, line(3))); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

// A chain that only faulty pairs make long enough is taken with a warning where
// they are few.
func TestFaultyPairsAsLastResort(t *testing.T) {
	s := families[0].snapshot(20, line(20))
	for i := range s.Gates {
		if g := &s.Gates[i]; slices.Equal(g.Qubits, []int{9, 10}) {
			g.Faulty = true
		}
	}
	target, err := NewTarget(s)
	if err != nil {
		t.Fatal(err)
	}
	r, err := Compile(chainCircuit(20), target, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Warnings) != 1 || !strings.Contains(r.Warnings[0], "9-10") {
		t.Errorf("warnings %q", r.Warnings)
	}
	if r, err = Compile(chainCircuit(10), target, Options{}); err != nil || len(r.Warnings) > 0 {
		t.Errorf("ten qubits fit beside the fault: %v, %v", err, r.Warnings)
	}
}

// A chain for which there is no path is routed where its qubits are connected
// otherwise.
func TestChainWithoutAPath(t *testing.T) {
	star := [][2]int{{0, 1}, {0, 2}, {0, 3}, {3, 4}}
	c := chainCircuit(5)
	trained, data := randomValues(c)
	c = boundTo(t, c, trained, data)
	r, err := Compile(c, families[0].target(t, 5, star), Options{})
	if err != nil {
		t.Fatal(err)
	}
	ops, n := compact(r)
	want := lawOf(t, c.Ops, 5, 5, nil)
	for i, p := range lawOf(t, ops, n, 5, nil) {
		if math.Abs(p-want[i]) > tolerance {
			t.Fatalf("P(%05b) is %g, want %g", i, p, want[i])
		}
	}
	if r.Stats.TwoQubitGates <= 20 {
		t.Errorf("%d two-qubit gates, a swap is missing", r.Stats.TwoQubitGates)
	}
}

// All qubits are measured to their own bits wherever they lie.
func TestBitMap(t *testing.T) {
	c := ir.New(3, 3)
	c.Gate(ir.X, []int{0})
	c.Gate(ir.CX, []int{0, 1})
	c.Gate(ir.CX, []int{1, 2})
	for q, b := range []int{2, 0, 1} {
		c.Measure(q, b)
	}
	r, err := Compile(c, families[0].target(t, 6, line(6)), Options{Layout: []int{4, 3, 2}})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(r.BitMap, []int{3, 2, 4}) || !slices.Equal(r.Final, []int{4, 3, 2}) {
		t.Errorf("bit map %v, final %v", r.BitMap, r.Final)
	}
}

// On a grid of 81 qubits all is dear but a snake through it: the beam and the sweep find the
// cheap path of 24 qubits there, which the full search is not tried for, and no qubit twice.
func TestPlantedChain(t *testing.T) {
	t.Parallel()
	const side, n = 9, 24
	target := families[0].target(t, side*side, grid(side, side))
	var snake []int
	for row := range 4 {
		for k := range side {
			column := k
			if row%2 == 1 {
				column = side - 1 - k
			}
			snake = append(snake, side*(row+3)+column)
		}
	}
	p := newChainProblem(target, n)
	for i := range p.pairs {
		p.pairs[i] = 2
	}
	for e := range p.edge {
		p.edge[e] = 1
	}
	for i := 1; i < len(snake); i++ {
		a, b := snake[i-1], snake[i]
		p.edge[[2]int{a, b}] = 0.01
		if i == 12 {
			p.edge[[2]int{a, b}] = 0.001 // to and fro would be the cheapest
		}
		p.edge[[2]int{b, a}] = p.edge[[2]int{a, b}]
	}
	const want = 2 * (22*0.01 + 0.001)
	sweep, _ := p.frontier()
	for what, found := range map[string][]foundChain{"beam": p.beam(3), "sweep": {*sweep}} {
		for k, f := range found {
			seen := map[int]bool{}
			for _, q := range f.path {
				seen[q] = true
			}
			if len(f.path) != n || len(seen) != n || math.Abs(f.cost-want) > 1e-9 || math.Abs(p.cost(f.path)-f.cost) > 1e-9 {
				t.Errorf("%s: chain %d costs %v, want %v: %v", what, k, f.cost, want, f.path)
			}
		}
	}
	best, err := p.solve(3)
	if err != nil || len(best) != 3 || math.Abs(best[2].cost-want) > 1e-9 {
		t.Errorf("%v, %v; want 3 chains", best, err)
	}
}

// The sweep weighs pairs with how often they are used, and takes the better of the parts that
// a device falls into.
func TestSweepByHand(t *testing.T) {
	t.Parallel()
	two := [][2]int{{0, 1}, {1, 2}, {3, 4}, {4, 5}}
	square := ring(4)
	for name, k := range map[string]struct {
		pairs [][2]int
		node  []float64
		edge  []float64 // of the pairs
		uses  float64
		want  []int
	}{
		"the first part":  {two, []float64{1, 1, 1, 2, 2, 2}, []float64{0.1, 0.1, 0.1, 0.1}, 1, []int{0, 1, 2}},
		"the second part": {two, []float64{2, 2, 2, 1, 1, 1}, []float64{0.1, 0.1, 0.1, 0.1}, 1, []int{3, 4, 5}},
		// 0-1-2 costs 0.2 a use and 0.6, 3-0-1 costs 0.6 a use and 0.15.
		"pairs used once":  {square, []float64{0.05, 0.05, 0.5, 0.05}, []float64{0.1, 0.1, 0.5, 0.5}, 1, []int{1, 0, 3}},
		"pairs used often": {square, []float64{0.05, 0.05, 0.5, 0.05}, []float64{0.1, 0.1, 0.5, 0.5}, 5, []int{0, 1, 2}},
	} {
		p := newChainProblem(families[0].target(t, len(k.node), k.pairs), 3)
		for i := range p.node {
			copy(p.node[i], k.node)
		}
		for i, pair := range k.pairs {
			a, b := pair[0], pair[1]
			p.edge[[2]int{a, b}], p.edge[[2]int{b, a}] = k.edge[i], k.edge[i]
		}
		p.pairs[0], p.pairs[1] = k.uses, k.uses
		best, longest := p.frontier()
		path := slices.Clone(best.path)
		if path[0] > path[2] != (k.want[0] > k.want[2]) {
			slices.Reverse(path)
		}
		if whole := map[int]int{6: 3, 4: 4}[len(k.node)]; !slices.Equal(path, k.want) || longest != whole {
			t.Errorf("%s: %v of %d, want %v", name, best, longest, k.want)
		}
	}
}

// Short chains are grown by the beam, long ones swept, and those between found by both.
func TestSearches(t *testing.T) {
	for _, k := range []struct {
		n, usable   int
		sweep, beam bool
	}{
		{25, 100, false, true}, {26, 100, true, true}, {50, 100, true, true}, {51, 100, true, false}, {100, 100, true, false},
		{25, 103, false, true}, {51, 103, true, true}, {52, 103, true, false}, {1, 1, true, false}, {21, 84, false, true},
	} {
		if sweep, beam := searches(k.n, k.usable); sweep != k.sweep || beam != k.beam {
			t.Errorf("%d of %d qubits: sweep %v, beam %v; want %v, %v", k.n, k.usable, sweep, beam, k.sweep, k.beam)
		}
	}
}

// A pair is part of a swept path where a qubit's reward is more than what the pair costs as
// often as it is used.
func TestSweepWeighsPairsByUse(t *testing.T) {
	target := families[0].target(t, 4, line(4))
	for _, k := range []struct {
		uses float64
		want []int
	}{{0, upTo(4)}, {1, upTo(4)}, {1.6, upTo(4)}, {1.7, []int{1, 2}}, {3, []int{1, 2}}} {
		p := newChainProblem(target, 2)
		for i, cost := range []float64{0.6, 0.1, 0.6} { // 0.6·1.6 < 1 < 0.6·1.7
			p.edge[[2]int{i, i + 1}], p.edge[[2]int{i + 1, i}] = cost, cost
		}
		got := p.longest(p.sweep(upTo(4)), make([]float64, 4), k.uses, 1)
		if slices.Sort(got); !slices.Equal(got, k.want) {
			t.Errorf("pairs used %v times: %v, want %v", k.uses, got, k.want)
		}
	}
}
