package compile

import (
	"math"
	"testing"

	"pgregory.net/rapid"

	"qgan/internal/stream"
	"qgan/ir"
)

// The shortest circuits of cx for sets of parities that are known from elsewhere: a
// doubly controlled z takes 6, and 8 on a line (Amy, Maslov and Mosca 2014, figure 1, and
// Cross et al. 2016); all pairs take 5.
func TestNetworks(t *testing.T) {
	t.Parallel()
	const line, triangle = 1 | 4, 7
	for name, k := range map[string]struct {
		pairs       int
		made        rows
		asked       uint8
		want, moves int
	}{
		"nothing":                         {triangle, unmoved, 1 | 2 | 8, 0, 6},
		"a cx":                            {triangle, unmoved.cx(2, 0), 0, 1, 6},
		"rzz":                             {triangle, unmoved, 1 << 2, 2, 6},
		"three of rzz":                    {triangle, unmoved, 1<<2 | 1<<4 | 1<<5, 5, 6},
		"ccz":                             {triangle, unmoved, 1<<7 - 1, 6, 6},
		"ccz but for two of a pair":       {triangle, unmoved, 1 | 1<<2 | 1<<4 | 1<<6, 4, 6},
		"ccz on a line":                   {line, unmoved, 1<<7 - 1, 8, 4},
		"a swap":                          {triangle, unmoved.cx(0, 1).cx(1, 0).cx(0, 1), 0, 3, 6},
		"a cx between the ends of a line": {line, unmoved.cx(0, 2), 0, 4, 4},
	} {
		n := newNetworks(k.pairs)
		steps, seen := n.shortest(k.made, k.asked)
		if steps != k.want || len(n.moves) != k.moves {
			t.Errorf("%s: %d cx of %d, want %d of %d", name, steps, len(n.moves), k.want, k.moves)
			continue
		}
		at, visited := unmoved, unmoved.visits()>>1
		for _, m := range n.circuit(k.made, seen) {
			at = at.cx(m[0], m[1])
			visited |= at.visits() >> 1
		}
		if at != k.made || visited&k.asked != k.asked {
			t.Errorf("%s: the circuit makes %o and visits %b", name, at, visited)
		}
	}
}

// Merging and shortening keep what a circuit of x, cx, rotations and others does, with
// symbols and without, and rotations by one parity are one.
func TestPhasesKeepUnitary(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		n := rapid.IntRange(2, 5).Draw(r, "qubits")
		c := ir.New(n, 0)
		c.TrainedSymbol("t0")
		gates := rapid.SampledFrom([]ir.Gate{ir.CX, ir.CX, ir.CX, ir.RZ, ir.RZ, ir.T, ir.TDG, ir.S, ir.SDG, ir.Z, ir.P, ir.X, ir.Y, ir.H, ir.Swap, ir.RZZ})
		for range rapid.IntRange(0, 40).Draw(r, "gates") {
			g := gates.Draw(r, "gate")
			op := &ir.Apply{Gate: g, Qubits: rapid.Permutation(upTo(n)).Draw(r, "operands")[:g.Info().Qubits]}
			for range g.Info().Params {
				a := ir.Const(rapid.Float64Range(-7, 7).Draw(r, "angle"))
				if rapid.Bool().Draw(r, "symbol") {
					a = ir.Trained(1, 0)
				}
				op.Angles = append(op.Angles, a)
			}
			c.Ops = append(c.Ops, op)
		}
		target := families[len(families)-1].target(r, n, line(n)) // has rzz
		target.everyPair = rapid.Bool().Draw(r, "free")
		merged := *c
		merged.Ops = mergePhases(c.Ops, n)
		if len(merged.Ops) > len(c.Ops) {
			r.Fatal("more operations than before")
		}
		s := &state{target: target, circuit: &ir.Circuit{Qubits: n, Ops: merged.Ops}}
		if err := shorten(s); err != nil {
			r.Fatal(err)
		}
		shortened := *c
		shortened.Ops = s.circuit.Ops
		values := []float64{0.83}
		state := randomState(stream.New(3, "state"), n)
		of := func(c ir.Circuit) []complex128 {
			out := append([]complex128(nil), state...)
			evolve(r, out, n, boundTo(r, &c, values, nil).Ops)
			return out
		}
		want := of(*c)
		if d := apart(want, of(merged)); d > tolerance {
			r.Fatalf("merged: %g apart\n%v\n%v", d, c, &merged)
		}
		if d := apart(want, of(shortened)); d > tolerance {
			r.Fatalf("shortened: %g apart\n%v\n%v", d, &merged, &shortened)
		}
	})
}

// A rotation far away is one with the first by the same parity, but not across what changes a value or a barrier.
func TestMergePhases(t *testing.T) {
	t.Parallel()
	on := func(g ir.Gate, angle float64, qubits ...int) ir.Op {
		a := &ir.Apply{Gate: g, Qubits: qubits}
		if len(g.Info().Params) > 0 {
			a.Angles = ir.Consts(angle)
		}
		return a
	}
	cx := on(ir.CX, 0, 0, 1)
	for name, k := range map[string]struct {
		ops   []ir.Op
		want  int
		angle float64
	}{
		"of a sum":          {[]ir.Op{cx, on(ir.RZ, 0.3, 1), cx, on(ir.H, 0, 2), cx, on(ir.RZ, 0.4, 1), cx}, 6, 0.7},
		"of the complement": {[]ir.Op{on(ir.RZ, 0.3, 0), on(ir.X, 0, 0), on(ir.RZ, 0.4, 0)}, 2, -0.1},
		"of both":           {[]ir.Op{on(ir.RZZ, 0.3, 0, 1), cx, on(ir.RZ, 0.5, 1)}, 2, 0.8},
		"to nothing":        {[]ir.Op{cx, on(ir.T, 0, 1), cx, cx, on(ir.TDG, 0, 1)}, 3, 0},
		"to a turn":         {[]ir.Op{on(ir.Z, 0, 0), cx, on(ir.Z, 0, 0)}, 1, 0},
		"behind a gate":     {[]ir.Op{on(ir.RZ, 0.3, 0), on(ir.H, 0, 0), on(ir.RZ, 0.4, 0)}, 3, 0.3},
		"behind a barrier":  {[]ir.Op{on(ir.RZ, 0.3, 0), &ir.Barrier{Qubits: []int{0}}, on(ir.RZ, 0.4, 0)}, 3, 0.3},
		"behind a reset":    {[]ir.Op{on(ir.RZ, 0.3, 0), &ir.Reset{Qubit: 0}, on(ir.RZ, 0.4, 0)}, 3, 0.3},
	} {
		out := mergePhases(k.ops, 3)
		angle := 0.0
		for _, op := range out {
			if _, a, ok := phase(op); ok {
				angle = a.Const
				break
			}
		}
		if len(out) != k.want || math.Abs(angle-k.angle) > 1e-15 {
			t.Errorf("%s: %d operations and an angle of %v, want %d and %v", name, len(out), angle, k.want, k.angle)
		}
	}
}
