package compile

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"qgan/ir"
)

// On a ring with one good half the circuit moves to it, its measurements with it, and what
// it costs is what the figures say.
func TestSettleMovesToGoodQubits(t *testing.T) {
	t.Parallel()
	target := families[0].target(t, 8, ring(8))
	for key, e := range target.Edges {
		e.Error = 0.02
		if key[0] >= 4 && key[0] < 7 && key[1] > 4 {
			e.Error = 0.002
		}
		target.Edges[key] = e
	}
	target.link()
	c := ir.New(8, 2)
	for range 3 {
		c.Gate(ir.CX, []int{0, 1})
		c.Gate(ir.CX, []int{1, 2})
	}
	c.Measure(0, 0)
	c.Measure(2, 1)
	to, cost := settle(target, c)
	for _, q := range to[:3] {
		if q < 4 {
			t.Errorf("qubits 0 to 2 are at %v", to[:3])
		}
	}
	all := slices.Clone(to)
	slices.Sort(all)
	if !slices.Equal(all, upToN(8)) {
		t.Errorf("%v is no permutation", to)
	}
	d := demandOf(c, target)
	want := 3*target.pairCost(to[0], to[1]) + 3*target.pairCost(to[1], to[2])
	for q := range 3 {
		want += d.nodeCost(target, q, to[q])
	}
	if math.Abs(cost-want) > 1e-12 {
		t.Errorf("it costs %v, told %v", want, cost)
	}
}

// Settling never costs more than staying, keeps every pair coupled, and a circuit whose qubits
// have no pairs goes to the best ones.
func TestSettleIsNoWorse(t *testing.T) {
	t.Parallel()
	target := families[0].target(t, 12, grid(3, 4))
	rapid.Check(t, func(t *rapid.T) {
		c := ir.New(12, 12)
		for range rapid.IntRange(0, 12).Draw(t, "gates") {
			a := rapid.IntRange(0, 11).Draw(t, "a")
			b := rapid.SampledFrom(target.neighbours[a]).Draw(t, "b")
			c.Gate(ir.CX, []int{a, b})
		}
		for range rapid.IntRange(1, 4).Draw(t, "measurements") {
			q := rapid.IntRange(0, 11).Draw(t, "q")
			c.Measure(q, q)
		}
		d := demandOf(c, target)
		stay := 0.0
		for q := range 12 {
			stay += d.nodeCost(target, q, q)
		}
		for p, n := range d.pairs {
			stay += n * target.pairCost(p[0], p[1])
		}
		to, cost := settle(target, c)
		if cost > stay+1e-9 {
			t.Fatalf("moved it costs %v, where it is %v", cost, stay)
		}
		for p := range d.pairs {
			if !slices.Contains(target.neighbours[to[p[0]]], to[p[1]]) {
				t.Fatalf("the pair %v goes to %d and %d, which are not coupled", p, to[p[0]], to[p[1]])
			}
		}
	})
}
