package compile

import (
	"flag"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"qgan/calibration"
	"qgan/internal/stream"
	"qgan/ir"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// golden compares lines with testdata/NAME.golden.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name+".golden")
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	lines, wanted := strings.Split(got, "\n"), strings.Split(string(want), "\n")
	for i := range max(len(lines), len(wanted)) {
		switch {
		case i >= len(lines):
			t.Fatalf("%s: line %d is missing: %s", path, i+1, wanted[i])
		case i >= len(wanted):
			t.Fatalf("%s: line %d is one too many: %s", path, i+1, lines[i])
		case lines[i] != wanted[i]:
			t.Fatalf("%s, line %d:\ngot  %s\nwant %s", path, i+1, lines[i], wanted[i])
		}
	}
}

// pairsOf is a circuit of cx, "0-1", swaps, "0x1", and measurements, "0>1".
func pairsOf(qubits, bits int, text string) *ir.Circuit {
	c := ir.New(qubits, bits)
	for _, word := range strings.Fields(text) {
		var a, b int
		var kind rune
		if _, err := fmt.Sscanf(word, "%d%c%d", &a, &kind, &b); err != nil {
			panic(err)
		}
		switch kind {
		case '-':
			c.Gate(ir.CX, []int{a, b})
		case 'x':
			c.Gate(ir.Swap, []int{a, b})
		default:
			c.Measure(a, b)
		}
	}
	return c
}

// pairsText is the text of such a circuit.
func pairsText(ops []ir.Op) string {
	var words []string
	for _, op := range ops {
		switch op := op.(type) {
		case *ir.Apply:
			word := op.Gate.String()
			if len(op.Qubits) == 2 {
				word = fmt.Sprintf("%d%s%d", op.Qubits[0], map[ir.Gate]string{ir.CX: "-", ir.Swap: "x"}[op.Gate], op.Qubits[1])
			}
			words = append(words, word)
		case *ir.Measure:
			words = append(words, fmt.Sprintf("%d>%d", op.Qubit, op.Bit))
		default:
			words = append(words, fmt.Sprintf("%T", op))
		}
	}
	return strings.Join(words, " ")
}

// everyPair is cx on all pairs, ringPairs cx on neighbours in a ring, randomPairs drawn ones.
func everyPair(n int) string {
	var words []string
	for a := range n {
		for b := a + 1; b < n; b++ {
			words = append(words, fmt.Sprintf("%d-%d", a, b))
		}
	}
	return strings.Join(words, " ")
}

func ringPairs(n int) string {
	var words []string
	for q := range n {
		words = append(words, fmt.Sprintf("%d-%d", q, (q+1)%n))
	}
	return strings.Join(words, " ")
}

func randomPairs(seed uint64, n, gates int) string {
	rng := stream.New(seed, "pairs")
	var words []string
	for range gates {
		p := rng.Perm(n)
		kind := "-"
		if rng.IntN(6) == 0 {
			kind = "x"
		}
		words = append(words, fmt.Sprintf("%d%s%d", p[0], kind, p[1]))
	}
	return strings.Join(words, " ")
}

// Distances are the least numbers of steps, by adding them up over every vertex between
// (Floyd and Warshall), and endless where nothing connects.
func TestDistances(t *testing.T) {
	t.Parallel()
	for name, pairs := range map[string][][2]int{"grid": grid(3, 4), "ring": ring(12), "in two parts": append(line(5), [2]int{7, 8}, [2]int{8, 9})} {
		target := families[0].target(t, 12, pairs)
		want := make([][]int, 12)
		for a := range want {
			want[a] = make([]int, 12)
			for b := range want[a] {
				if want[a][b] = unreachable; a == b {
					want[a][b] = 0
				}
			}
		}
		for _, p := range pairs {
			want[p[0]][p[1]], want[p[1]][p[0]] = 1, 1
		}
		for k := range 12 {
			for a := range 12 {
				for b := range 12 {
					want[a][b] = min(want[a][b], want[a][k]+want[k][b])
				}
			}
		}
		r := newRouter(target, ir.New(12, 0))
		r.distances()
		for a := range 12 {
			for b := range 12 {
				if int(r.distance[a][b]) != want[a][b] {
					t.Errorf("%s: from %d to %d are %d steps, want %d", name, a, b, r.distance[a][b], want[a][b])
				}
			}
		}
	}
}

// A stretch of gates on one pair costs what consolidation makes of it: one cx a gate up to
// three, a swap of its own three, one that follows a gate one more.
func TestCostOfStretches(t *testing.T) {
	t.Parallel()
	for _, k := range []struct {
		gates string
		costs []float64 // what each adds
	}{
		{"0-1 0-1 1-0 0-1 0-1", []float64{1, 1, 1, 0, 0}},
		{"0x1 0-1", []float64{3, 0}},
		{"0-1 0x1 0-1", []float64{1, 1, 1}},
		{"0-1 0-1 0x1", []float64{1, 1, 1}},
		{"0-1 0-1 0-1 0x1", []float64{1, 1, 1, 0}},
		{"0x1 1x0", []float64{3, 3}},
		{"0-1 0x1 0x1", []float64{1, 1, 3}},
		{"0-1 1-2 0-1", []float64{1, 1, 1}},
		{"0-1 0-1 1-2 1-2 1x2 0-1", []float64{1, 1, 1, 1, 1, 1}},
		{"0-1 1-2 0x1", []float64{1, 1, 3}},
		{"0-1 2-3 1x0 3x2 2-3", []float64{1, 1, 1, 1, 1}},
		{"0-1 1-2 0-3 1x0", []float64{1, 1, 1, 3}},
	} {
		c := pairsOf(4, 0, k.gates)
		r := newRouter(families[0].target(t, 4, ring(4)), c)
		s := &routing{router: r, partner: []int{-1, -1, -1, -1}, block: make([]float64, 4), swapped: make([]bool, 4)}
		for i, op := range c.Ops {
			a := op.(*ir.Apply)
			before := s.cost
			s.spend(a.Qubits[0], a.Qubits[1], a.Gate == ir.Swap)
			if got := s.cost - before; got != k.costs[i] {
				t.Errorf("%s: gate %d adds %v, want %v", k.gates, i, got, k.costs[i])
			}
		}
	}
}

// scored is a routing before its first swap.
func scored(t *testing.T, c *ir.Circuit, target *Target, layout []int, weights heuristic) *routing {
	t.Helper()
	r := newRouter(target, c)
	r.distances()
	n := len(target.Qubits)
	s := &routing{router: r, after: r.after[forward], waiting: slices.Clone(r.waiting[forward]), rng: stream.New(1, "ties"), weights: weights, place: slices.Clone(layout), lodger: make([]int, n), decay: make([]float64, n),
		partner: make([]int, n), block: make([]float64, n), swapped: make([]bool, n), seen: make([]int, len(r.ops)), on: make([][]int, n), gains: make([][]float64, n), fresh: make([]bool, n)}
	for q := range n {
		s.lodger[q], s.partner[q], s.decay[q] = -1, -1, 1
	}
	for l, q := range layout {
		s.lodger[q] = l
	}
	for i := range c.Ops {
		if s.waiting[i] == 0 {
			s.front = append(s.front, i)
		}
	}
	return s
}

// Waiting pairs share the weight 1, those behind them the weight of looking ahead, as many as
// are looked at.
func TestWeightsOfWaitingPairs(t *testing.T) {
	t.Parallel()
	c := pairsOf(6, 1, "0-3 1-4 0>0 1-3 4-5 0-5 2-4 3-5 0-1")
	target := families[0].target(t, 6, line(6))
	for _, k := range []struct {
		ahead int
		want  string
	}{
		// Behind 0-3 come the measurement and 1-3, behind 1-4 also 4-5, behind the measurement
		// 0-5, behind 1-3 both 3-5 and 0-1: what stands behind one gate is taken whole.
		{0, "0-3:0.5 1-4:0.5"},
		{1, "0-3:0.5 1-4:0.5 1-3:1.6"},
		{2, "0-3:0.5 1-4:0.5 1-3:0.8 4-5:0.8"},
		{3, "0-3:0.5 1-4:0.5 1-3:0.533 4-5:0.533 0-5:0.533"},
		{4, "0-3:0.5 1-4:0.5 1-3:0.32 4-5:0.32 0-5:0.32 3-5:0.32 0-1:0.32"},
		{9, ""},
	} {
		s := scored(t, c, target, upTo(6), heuristic{k.ahead, 1.6, 0.5})
		s.gather()
		var words []string
		total := 0.0
		for i, p := range s.pairs {
			words = append(words, fmt.Sprintf("%d-%d:%.3g", p.a, p.b, p.weight))
			if !slices.Contains(s.on[p.a], i) || !slices.Contains(s.on[p.b], i) {
				t.Errorf("%d ahead: the pair %d-%d is not on its qubits: %v", k.ahead, p.a, p.b, s.on)
			}
			total += p.weight
		}
		if got := strings.Join(words, " "); k.want != "" && got != k.want {
			t.Errorf("%d ahead: %s, want %s", k.ahead, got, k.want)
		}
		if k.ahead > 0 && math.Abs(total-2.6) > 1e-12 {
			t.Errorf("%d ahead: weights of %v together", k.ahead, total)
		}
		if k.ahead == 9 && len(s.pairs) != 8 {
			t.Errorf("all of it: %d pairs", len(s.pairs))
		}
	}
}

// The swap that is taken has the least score of all, with the distances counted anew after
// each, and what a swap changes is counted as they are.
func TestBestSwapAgainstAll(t *testing.T) {
	t.Parallel()
	for round := range 40 {
		seed := uint64(round)
		c := pairsOf(7, 0, randomPairs(seed, 7, 14))
		target := families[0].target(t, 12, grid(3, 4))
		rng := stream.New(seed, "layout")
		s := scored(t, c, target, rng.Perm(12)[:7], heuristics[round%len(heuristics)])
		for s.execute() {
		}
		if len(s.front) == 0 {
			continue
		}
		for q := range s.decay { // as if some had been swapped before
			s.decay[q] = 1 + 0.01*float64(rng.IntN(3))
		}
		s.partner[0], s.partner[1], s.block[0], s.block[1] = 1, 0, 1, 1 // a gate stands on this pair
		total := func() (sum float64) {
			for _, p := range s.pairs {
				sum += p.weight * float64(s.distance[p.a][p.b])
			}
			return sum
		}
		chosen := s.bestSwap()
		least, score := math.Inf(1), math.Inf(1)
		for _, i := range s.front {
			for _, l := range s.operands[i] {
				p := s.place[l]
				for _, q := range target.neighbours[p] {
					now := total()
					exchange := func(x int) int {
						switch x {
						case p:
							return q
						case q:
							return p
						}
						return x
					}
					moved := 0.0
					for _, w := range s.pairs {
						moved += w.weight * float64(s.distance[exchange(w.a)][exchange(w.b)])
					}
					if got := now + s.gain(p, q) + s.gain(q, p); math.Abs(got-moved) > 1e-9 {
						t.Errorf("round %d: the swap of %d and %d makes %v of %v, told %v", round, p, q, moved, now, got)
					}
					all := (moved + s.weights.swapWeight*s.adds(p, q, true)) * max(s.decay[p], s.decay[q])
					least = min(least, all)
					if [2]int{min(p, q), max(p, q)} == chosen {
						score = min(score, all)
					}
				}
			}
		}
		if score > least+1e-9 {
			t.Errorf("round %d: %v has the score %v, the best %v", round, chosen, score, least)
		}
		// The swap itself.
		x, y := s.lodger[chosen[0]], s.lodger[chosen[1]]
		before := s.decay[chosen[0]]
		s.swap(chosen)
		if s.lodger[chosen[0]] != y || s.lodger[chosen[1]] != x || x >= 0 && s.place[x] != chosen[1] || y >= 0 && s.place[y] != chosen[0] || math.Abs(s.decay[chosen[0]]-before-decayStep) > 1e-15 {
			t.Errorf("round %d: after the swap of %v: lodgers %v, places %v, decay %v", round, chosen, s.lodger, s.place, s.decay)
		}
		// What is kept of the pairs and of what moves gain is what there is now.
		pairs, gains := slices.Clone(s.pairs), make([][]float64, 12)
		for p := range gains {
			gains[p] = slices.Clone(s.gainsOf(p))
		}
		s.gather()
		clear(s.fresh)
		for p := range gains {
			if !slices.Equal(gains[p], s.gainsOf(p)) {
				t.Errorf("round %d: moves from %d gain %v after a swap, want %v", round, p, gains[p], s.gainsOf(p))
			}
		}
		if !slices.Equal(pairs, s.pairs) {
			t.Errorf("round %d: pairs %v after a swap, want %v", round, pairs, s.pairs)
		}
	}
}

// A pair that heuristics don't bring together goes by a shortest path.
func TestForce(t *testing.T) {
	t.Parallel()
	c := pairsOf(2, 0, "0-1")
	for _, k := range []struct{ a, b, swaps int }{{0, 11, 4}, {11, 0, 4}, {3, 8, 4}, {0, 1, 0}, {0, 2, 1}, {4, 7, 2}} {
		s := scored(t, c, families[0].target(t, 12, grid(3, 4)), []int{k.a, k.b}, heuristics[0])
		s.write = true
		s.force()
		if got := len(s.out); got != k.swaps || s.distance[s.place[0]][s.place[1]] != 1 {
			t.Errorf("%d and %d: %s, then %v", k.a, k.b, pairsText(s.out), s.place)
		}
	}
}

// The beginning of a try is a region of the nearest qubits that work, each logical qubit
// somewhere in it.
func TestBeginnings(t *testing.T) {
	t.Parallel()
	snapshot := families[0].snapshot(12, grid(3, 4))
	snapshot.Qubits[5].Faulty = true
	snapshot.Qubits[6].ReadoutError = value(0.5)
	target, err := NewTarget(snapshot)
	if err != nil {
		t.Fatal(err)
	}
	r := newRouter(target, ir.New(5, 0))
	r.distances()
	orders := map[string]bool{}
	for seed := range uint64(60) {
		rng := stream.New(seed, "layout")
		layout, err := r.beginning(&demand{qubits: 5}, rng)
		if err != nil {
			t.Fatal(err)
		}
		distinct(t, "the beginning", layout, 12)
		if slices.Contains(layout, 5) || slices.Contains(layout, 6) {
			t.Fatalf("%v: 5 is not usable, 6 can't be read", layout)
		}
		// It is the nearest of some qubit: no one that is left out is nearer than one inside.
		ball := func(from int) bool {
			far := int32(0)
			for _, q := range layout {
				far = max(far, r.distance[from][q])
			}
			for q := range 12 {
				if q != 5 && q != 6 && !slices.Contains(layout, q) && r.distance[from][q] < far {
					return false
				}
			}
			return true
		}
		if !slices.ContainsFunc(upTo(12), ball) {
			t.Errorf("%v is no region around a qubit", layout)
		}
		orders[fmt.Sprint(layout)] = true
	}
	if len(orders) < 50 {
		t.Errorf("only %d different beginnings of 60", len(orders))
	}
	if _, err := r.beginning(&demand{qubits: 11}, stream.New(1, "layout")); err == nil || !strings.Contains(err.Error(), "no 11 connected qubits of ibm cz are usable") {
		t.Error(err)
	}
}

// One try keeps the cheapest of its passes, and the best of several is the cheapest of all.
func TestBestOfTries(t *testing.T) {
	t.Parallel()
	target := families[0].target(t, 12, grid(3, 4))
	for seed := range uint64(6) {
		c := pairsOf(8, 0, randomPairs(seed, 8, 24))
		r := newRouter(target, c)
		d := demandOf(c, target)
		ways, err := r.bestLayouts(d, seed, 12)
		if err != nil {
			t.Fatal(err)
		}
		best := ways[0]
		for i, x := range ways {
			if x.cost > dear*best.cost || i > 0 && x.cost < ways[i-1].cost {
				t.Errorf("seed %d: way %d costs %v, the first %v", seed, i, x.cost, best.cost)
			}
		}
		least, at := math.Inf(1), uint64(0)
		costs := map[float64]bool{}
		for k := range uint64(12) {
			one, err := r.try(d, seed+k)
			if err != nil {
				t.Fatal(err)
			}
			costs[one.cost] = true
			if one.cost < least {
				least, at = one.cost, seed+k
			}
			// The passes to and fro, one after the other.
			layout, err := r.beginning(d, stream.New(seed+k, "layout"))
			if err != nil {
				t.Fatal(err)
			}
			cheapest, kept := math.Inf(1), []int(nil)
			for range passesToAndFro + 1 {
				forth, err := r.pass(layout, forward, seed+k, false)
				if err != nil {
					t.Fatal(err)
				}
				if forth.cost < cheapest {
					cheapest, kept = forth.cost, layout
				}
				back, err := r.pass(forth.place, backward, seed+k, false)
				if err != nil {
					t.Fatal(err)
				}
				layout = back.place
			}
			if one.cost != cheapest || !slices.Equal(one.layout, kept) || one.seed != seed+k {
				t.Errorf("seed %d: %+v, the cheapest pass has %v from %v", seed+k, one, cheapest, kept)
			}
		}
		if best.cost != least || best.seed != at || len(costs) < 3 {
			t.Errorf("seed %d: %+v, the least is %v of %d with seed %d", seed, best, least, len(costs), at)
		}
		// What the layout was chosen for is what is written.
		p, err := r.pass(best.layout, forward, best.seed, true)
		if err != nil || p.cost != best.cost {
			t.Errorf("seed %d: routing again costs %v, told %v (%v)", seed, p.cost, best.cost, err)
		}
	}
}

// Routed from given places, the circuits of these texts are the same every time: each row of
// the weights, both directions, ties, measurements and swaps.
func TestRoutes(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	for _, k := range []struct {
		name  string
		c     *ir.Circuit
		pairs [][2]int
	}{
		{"a ring on a line", pairsOf(6, 6, ringPairs(6)+" "+ringPairs(6)+" 0>0 1>1 2>2 3>3 4>4 5>5"), line(6)},
		{"all pairs on a grid", pairsOf(6, 0, everyPair(6)), grid(2, 4)},
		{"far pairs on a line", pairsOf(8, 0, "0-7 1-6 2-5 0-4 3-7 0x7 2-6"), line(8)},
		{"measured on the way", pairsOf(5, 2, "0-4 4>0 1-3 0-2 3>0 0-4 2>1 1-4 4>1"), line(5)},
		{"random on a grid", pairsOf(9, 0, randomPairs(5, 9, 30)), grid(3, 4)},
	} {
		target := families[0].target(t, 1+slices.MaxFunc(k.pairs, func(a, b [2]int) int { return a[1] - b[1] })[1], k.pairs)
		r := newRouter(target, k.c)
		for seed := range uint64(len(heuristics) + 2) {
			for _, d := range []direction{forward, backward} {
				s, err := r.pass(upTo(k.c.Qubits), d, seed, true)
				if err != nil {
					t.Fatal(err)
				}
				if d == forward {
					fmt.Fprintf(&b, "%s, seed %d: cost %v, to %v\n  %s\n", k.name, seed, s.cost, s.place, pairsText(s.out))
				} else {
					fmt.Fprintf(&b, "  back: cost %v, to %v\n", s.cost, s.place)
				}
			}
		}
	}
	golden(t, "routes", b.String())
}

// Where circuits are put, and what is done to them there: the same every time, for chains,
// rings, trees, what must be routed, and devices with faults.
func TestLayouts(t *testing.T) {
	t.Parallel()
	faulty := func(pairs ...[2]int) func(*calibration.Snapshot) {
		return func(s *calibration.Snapshot) {
			for i := range s.Gates {
				if g := &s.Gates[i]; len(g.Qubits) == 2 && slices.Contains(pairs, [2]int(g.Qubits)) {
					g.Faulty = true
				}
			}
		}
	}
	var b strings.Builder
	for _, k := range []struct {
		name   string
		c      *ir.Circuit
		qubits int
		pairs  [][2]int
		change func(*calibration.Snapshot)
	}{
		{"a chain", pairsOf(5, 5, "0-1 1-2 2-3 2-3 3-4 4>0 3>1"), 12, grid(3, 4), nil},
		{"a chain with numbers in any order", pairsOf(5, 5, "3-1 1-4 4-0 4-0 0-2 2>0 2>1 1>3"), 12, grid(3, 4), nil},
		{"a chain of unlike pairs", pairsOf(4, 0, "0-1 0-1 1-2 0-1 0-1 2-3 0-1"), 6, line(6), nil},
		{"a chain of unlike pairs, turned round", pairsOf(4, 0, "0-1 1-2 2-3 2-3 2-3 2-3"), 6, line(6), nil},
		{"a chain that has no path", pairsOf(5, 0, "0-1 1-2 2-3 3-4"), 5, [][2]int{{0, 1}, {0, 2}, {0, 3}, {3, 4}}, nil},
		{"a chain across a fault", pairsOf(12, 0, "0-1 1-2 2-3 3-4 4-5 5-6 6-7 7-8 8-9 9-10 10-11"), 12, line(12), faulty([2]int{4, 5})},
		{"a chain across too many faults", pairsOf(6, 0, "0-1 1-2 2-3 3-4 4-5"), 8, append(line(8), [2]int{1, 3}, [2]int{3, 5}), faulty([2]int{2, 3}, [2]int{4, 5})},
		{"a ring", pairsOf(10, 10, ringPairs(10)+" 3>0 4>1"), 12, grid(3, 4), nil},
		{"a ring of many turns", pairsOf(20, 3, ringPairs(20)+" "+everyPair(2)+" 6-7 6-7 13-14 6>0 7>1 13>2"), 30, grid(5, 6), nil},
		{"a ring across a fault", pairsOf(10, 0, ringPairs(10)), 10, ring(10), faulty([2]int{2, 3})},
		{"a ring of nine where one fits", pairsOf(9, 0, ringPairs(9)), 12, append(grid(3, 4), [2]int{0, 5}), nil},
		{"a ring that does not fit", pairsOf(9, 0, ringPairs(9)), 12, grid(3, 4), nil},
		{"a small ring", pairsOf(6, 0, ringPairs(6)), 12, grid(3, 4), nil},
		{"a tree", pairsOf(6, 6, "0-1 0-2 0-3 3-4 3-5 0>0 5>1"), 12, grid(3, 4), nil},
		{"a star of unlike pairs", pairsOf(4, 0, "0-1 0-2 0-2 0-2 0-2 0-3"), 12, grid(3, 4), nil},
		{"all pairs", pairsOf(5, 5, everyPair(5)+" 0>0 1>1 2>2 3>3 4>4"), 12, grid(3, 4), nil},
		{"random pairs", pairsOf(8, 0, randomPairs(3, 8, 20)), 12, grid(3, 4), nil},
		{"random pairs around a fault", pairsOf(8, 0, randomPairs(4, 8, 20)), 12, grid(3, 4), faulty([2]int{1, 2}, [2]int{5, 9})},
		{"no pairs", pairsOf(4, 4, "0>0 1>1 2>3"), 6, line(6), func(s *calibration.Snapshot) { s.Qubits[0].ReadoutError, s.Qubits[1].Faulty = value(0.3), true }},
		{"a pair and lone qubits", pairsOf(5, 2, "1-3 0>0 4>1"), 6, line(6), func(s *calibration.Snapshot) { s.Qubits[4].ReadoutError = value(0.6) }},
		{"a lone qubit where all are poor", func() *ir.Circuit { c := pairsOf(2, 0, "0-1"); c.Qubits = 3; c.Gate(ir.H, []int{2}); return c }(), 4, line(4), func(s *calibration.Snapshot) {
			for i := range s.Gates {
				if g := &s.Gates[i]; len(g.Qubits) == 1 {
					g.Error = value(0.49 - 0.01*float64(g.Qubits[0]))
				}
			}
		}},
		{"more lone qubits than places", pairsOf(4, 4, "0>0 1>1 2>2 3>3"), 4, line(4), func(s *calibration.Snapshot) { s.Qubits[2].Faulty = true }},
		{"two pairs", pairsOf(4, 0, "0-2 1-3 1-3"), 6, line(6), nil},
	} {
		snapshot := families[0].snapshot(k.qubits, k.pairs)
		if k.change != nil {
			k.change(snapshot)
		}
		target, err := NewTarget(snapshot)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&b, "%s\n", k.name)
		for _, level := range []Level{Full, Light, None} {
			for _, seed := range []uint64{0, 7} {
				c := *k.c
				s := &state{target: target, circuit: &c, options: Options{Level: level, Seed: seed}}
				err := place(s)
				layout := slices.Clone(s.layout)
				if err == nil {
					err = route(s)
				}
				if err != nil {
					fmt.Fprintf(&b, "  level %d, seed %d: %v\n", level, seed, err)
					continue
				}
				fmt.Fprintf(&b, "  level %d, seed %d: %v to %v\n", level, seed, layout, s.final)
				if level == Full && seed == 0 {
					fmt.Fprintf(&b, "    %s\n", pairsText(c.Ops))
					for _, w := range s.warnings {
						fmt.Fprintf(&b, "    %s\n", w)
					}
				}
			}
		}
	}
	golden(t, "layouts", b.String())
}

// Long chains, which are grown or swept for, are real, cost what they are said to, and are the
// same every time.
func TestLongChains(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	for _, k := range []struct {
		name   string
		qubits int
		pairs  [][2]int
		n, k   int
	}{
		{"short, all tried", 30, grid(5, 6), 6, 4},
		{"grown", 84, grid(7, 12), 21, 3},
		{"grown and swept", 48, grid(6, 8), 24, 2},
		{"swept", 48, grid(6, 8), 25, 2},
		{"nearly all", 30, grid(5, 6), 29, 2},
		{"all", 30, grid(5, 6), 30, 1},
		{"of a ring", 40, ring(40), 30, 2},
		{"all of a ring", 24, ring(24), 24, 3},
		{"in the larger of two parts", 60, append(grid(4, 6), shifted(24, grid(6, 6))...), 34, 1},
		{"too long for a part", 60, append(grid(4, 6), shifted(24, grid(6, 6))...), 37, 1},
	} {
		snapshot := families[0].snapshot(k.qubits, k.pairs)
		rng := stream.New(3, "errors")
		for i := range snapshot.Gates {
			snapshot.Gates[i].Error = value(0.001 + 0.01*rng.Float64())
		}
		target, err := NewTarget(snapshot)
		if err != nil {
			t.Fatal(err)
		}
		w := LayerWeights(2)
		chains, err := Chains(target, k.n, k.k, w)
		fmt.Fprintf(&b, "%s: %d of %d\n", k.name, k.n, k.qubits)
		if err != nil {
			fmt.Fprintf(&b, "  %v\n", err)
			continue
		}
		p, err := weighted(target, k.n, w)
		if err != nil {
			t.Fatal(err)
		}
		if len(chains) > k.k {
			t.Errorf("%s: %d chains, %d were asked for", k.name, len(chains), k.k)
		}
		for i, c := range chains {
			distinct(t, k.name, c.Qubits, k.qubits)
			if cost := p.cost(c.Qubits); len(c.Qubits) != k.n || math.Abs(math.Exp(-cost)-c.Fidelity) > 1e-9 || i > 0 && c.Fidelity > chains[i-1].Fidelity+1e-12 {
				t.Errorf("%s: chain %d of %d qubits has %v, told %v", k.name, i, len(c.Qubits), math.Exp(-cost), c.Fidelity)
			}
			fmt.Fprintf(&b, "  %.9f %v\n", c.Fidelity, c.Qubits)
		}
	}
	golden(t, "chains", b.String())
}

// shifted are pairs with their numbers raised.
func shifted(by int, pairs [][2]int) (out [][2]int) {
	for _, p := range pairs {
		out = append(out, [2]int{p[0] + by, p[1] + by})
	}
	return out
}

// What a chain carries is multiplied as its formula says, and what it can't run on is 0.
func TestChainFidelityByHand(t *testing.T) {
	t.Parallel()
	target := families[0].target(t, 4, line(4))
	for q := range target.Qubits {
		target.Qubits[q].Error, target.Qubits[q].ReadoutError = 0.01*float64(q+1), 0.1*float64(q+1)
	}
	for q := range 3 {
		e := target.Edges[[2]int{q, q + 1}]
		e.Error = 0.05 * float64(q+1)
		target.Edges[[2]int{q, q + 1}] = e
	}
	target.link()
	if w := LayerWeights(3); w != (ChainWeights{TwoQubit: 3, Pulses: 12, Readouts: 1}) {
		t.Errorf("weights of three layers: %+v", w)
	}
	w := ChainWeights{TwoQubit: 2, Pulses: 3, Readouts: 5}
	node := func(q int) float64 {
		return math.Pow(1-0.01*float64(q+1), 3) * math.Pow(1-0.1*float64(q+1), 5)
	}
	for _, k := range []struct {
		chain []int
		want  float64
	}{
		{[]int{2}, node(2)},
		{[]int{0, 1}, node(0) * node(1) * math.Pow(0.95, 2)},
		{[]int{3, 2, 1}, node(3) * node(2) * node(1) * math.Pow(0.85, 2) * math.Pow(0.9, 2)},
		{[]int{0, 2}, 0},
	} {
		if got, err := ChainFidelity(target, k.chain, w); err != nil || math.Abs(got-k.want) > 1e-12 {
			t.Errorf("%v: %v (%v), want %v", k.chain, got, err, k.want)
		}
		if k.want == 0 {
			continue
		}
		chains, err := Chains(target, len(k.chain), 20, w)
		if err != nil || !slices.ContainsFunc(chains, func(c Chain) bool { return slices.Equal(c.Qubits, k.chain) && math.Abs(c.Fidelity-k.want) < 1e-12 }) {
			t.Errorf("%v is not among the chains with its fidelity (%v)", k.chain, err)
		}
	}
	for _, chain := range [][]int{{0, 4}, {-1}} {
		if _, err := ChainFidelity(target, chain, w); err == nil || !strings.Contains(err.Error(), "which has 4") {
			t.Errorf("%v: %v", chain, err)
		}
	}
	for n, want := range map[int]string{0: "a chain of 0 qubits: at least 1 is needed", 5: "a chain of 5 qubits on ibm cz, which has 4"} {
		if _, err := Chains(target, n, 1, w); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%d qubits: %v", n, err)
		}
	}
}
