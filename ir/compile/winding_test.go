package compile

import (
	"testing"

	"qgan/ir"
)

// A chain through most of a lattice that is too wide to be swept is wound through it, around
// what is faulty, and needs no swap.
func TestWinding(t *testing.T) {
	t.Parallel()
	for name, k := range map[string]struct {
		side, chain int
		faulty      []int
	}{
		"all but a few": {30, 880, nil},
		"with holes":    {30, 830, []int{31, 333, 457, 458, 620, 871}},
		"a corner cut":  {20, 300, []int{0, 1, 2, 20, 21, 40}},
	} {
		target := families[0].target(t, k.side*k.side, grid(k.side, k.side))
		for _, q := range k.faulty {
			target.Qubits[q].Usable = false
			for _, p := range target.neighbours[q] {
				key := [2]int{min(p, q), max(p, q)}
				e := target.Edges[key]
				e.Faulty = true
				target.Edges[key] = e
			}
		}
		target.link()
		c := ir.New(k.chain, 0)
		for q := range k.chain - 1 {
			c.Gate(ir.CX, []int{q, q + 1})
		}
		r, err := Compile(c, target, Options{Unitary: true, Verify: true})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		distinct(t, name, r.Layout, len(target.Qubits))
		if r.Stats.TwoQubitGates != k.chain-1 || len(r.Warnings) > 0 {
			t.Errorf("%s: %d two-qubit gates, want %d; %v", name, r.Stats.TwoQubitGates, k.chain-1, r.Warnings)
		}
	}
}

// Small circuits have all the tries of their level, large ones as many as keep the time linear.
func TestTries(t *testing.T) {
	t.Parallel()
	for _, k := range []struct {
		level Level
		pairs int
		want  int
	}{{Full, 10, 30}, {Full, 1_900, 30}, {Full, 6_000, 9}, {Full, 50_000, 2}, {Light, 6_000, 6}, {None, 10, 2}, {None, 1_000_000, 2}} {
		if got := tries(k.level, k.pairs); got != k.want {
			t.Errorf("level %d, %d pairs: %d tries, want %d", k.level, k.pairs, got, k.want)
		}
	}
}
