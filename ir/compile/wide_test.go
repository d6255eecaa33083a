package compile

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"qgan/backends/sim"
	"qgan/ir"
)

// wideGates are those of random wide circuits.
var wideGates = []ir.Gate{ir.CX, ir.CZ, ir.CP, ir.RZZ, ir.RXX, ir.ISwap, ir.Swap, ir.CCX, ir.U3, ir.T, ir.RX}

// wideCircuit is a random product state of n qubits followed by random gates on
// qubits next to each other, or, further apart, on any.
func wideCircuit(rng *rand.Rand, n, gates, reach int) *ir.Circuit {
	c := ir.New(n, 0)
	angle := func() float64 { return 6 * (rng.Float64() - 0.5) }
	for q := range n {
		c.Gate(ir.U3, []int{q}, ir.Consts(angle(), angle(), angle())...)
	}
	for range gates {
		g := wideGates[rng.IntN(len(wideGates))]
		info := g.Info()
		first := rng.IntN(n - max(reach, info.Qubits) + 1)
		near := rng.Perm(max(reach, info.Qubits))[:info.Qubits]
		for i := range near {
			near[i] += first
		}
		angles := make([]float64, len(info.Params))
		for i := range angles {
			angles[i] = angle()
		}
		c.Gate(g, near, ir.Consts(angles...)...)
	}
	return c
}

// simulated is the final state of operations on n qubits.
func simulated(t *testing.T, ops []ir.Op, n int) []complex128 {
	t.Helper()
	c := ir.New(n, 0)
	c.Ops = ops
	state, err := new(sim.Simulator).State(c, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	return state.Amplitudes()
}

// Circuits of 16 qubits, and of 20 where there is time, make the same state from random product states, on
// as many qubits as they have and on more, routed and not.
func TestWideStates(t *testing.T) {
	t.Parallel()
	for seed, w := range []struct {
		family         string
		n, rows, gates int
		reach          int // how far apart the operands are at most
	}{
		{"ibm cz", 16, 4, 160, 2},
		{"ibm cz", 16, 5, 100, 16},
		{"ibm ecr", 16, 4, 100, 4},
		{"ibm fractional", 16, 5, 100, 3},
		{"ionq zz", 16, 5, 100, 3},
		{"ionq ms", 16, 4, 100, 3},
		{"iqm", 16, 5, 100, 4},
		{"rigetti iswap", 16, 4, 100, 3},
		{"ibm ecr", 20, 5, 120, 2},
		{"ibm cz", 20, 5, 100, 20},
		{"rigetti iswap", 20, 5, 100, 3},
	} {
		if testing.Short() && w.n > 16 {
			continue
		}
		for _, f := range families {
			if f.name != w.family {
				continue
			}
			t.Run(fmt.Sprintf("%s %d reach %d", w.family, w.n, w.reach), func(t *testing.T) {
				c := wideCircuit(testStream(uint64(seed)), w.n, w.gates, w.reach)
				r, err := Compile(c, f.target(t, 4*w.rows, grid(w.rows, 4)), Options{Seed: uint64(seed)})
				if err != nil {
					t.Fatal(err)
				}
				ops, m := compact(r)
				got := simulated(t, ops, m)
				// The qubits beside the circuit's are the last ones and in |0>.
				inside := make([]complex128, 1<<w.n)
				for i := range inside {
					inside[i] = got[i<<(m-w.n)]
				}
				if d := apart(simulated(t, c.Ops, w.n), inside); d > tolerance {
					t.Errorf("%g apart", d)
				}
			})
		}
	}
}

// The generator's circuit and the one closed to a ring, from a random product
// state on 20 qubits.
func TestWideGenerators(t *testing.T) {
	t.Parallel()
	for name, build := range map[string]func(int) *ir.Circuit{"chain": chainCircuit, "ring": ringCircuit} {
		t.Run(name, func(t *testing.T) {
			n, rows := 20, 5
			if testing.Short() {
				n, rows = 12, 3
			}
			generator := build(n)
			trained, data := randomValues(generator)
			c := wideCircuit(testStream(7), n, 0, n)
			for _, op := range boundTo(t, generator, trained, data).Ops {
				if _, ok := op.(*ir.Measure); !ok {
					c.Ops = append(c.Ops, op)
				}
			}
			r, err := Compile(c, families[1].target(t, n, grid(rows, 4)), Options{})
			if err != nil {
				t.Fatal(err)
			}
			ops, m := compact(r)
			if m != n {
				t.Fatalf("%d qubits are used", m)
			}
			if d := apart(simulated(t, c.Ops, n), simulated(t, ops, n)); d > tolerance {
				t.Errorf("%g apart", d)
			}
		})
	}
}
