package compile

import (
	"math"
	"testing"

	"qgan/internal/stream"
	"qgan/ir"
)

// shannonOf holds a decomposition against its matrix and returns the number of cx.
func shannonOf(t *testing.T, name string, m ir.Matrix) int {
	t.Helper()
	n, _ := m.Qubits()
	list, err := shannon(m)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	c := ir.New(n, 0)
	for _, s := range list {
		c.Gate(s.Gate, s.Qubits, s.Angles...)
	}
	u, err := ir.UnitaryOf(c, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	if d := upToPhase(u, m); d > tolerance {
		t.Errorf("%s: %g apart", name, d)
	}
	return c.Count()["cx"]
}

// The numbers of cx of random unitaries are those of Shende, Bullock and Markov 2006,
// table 1; Qiskit 2.6.2 (qs_decomposition, block-ZXZ) takes 19, 95 and 423.
func TestShannon(t *testing.T) {
	t.Parallel()
	rng := stream.New(7, "unitaries")
	for n, want := range map[int]int{3: 20, 4: 100, 5: 444} {
		for range 6 - n {
			if got := shannonOf(t, "random", ir.RandomUnitary(1<<n, rng)); got != want {
				t.Errorf("%d qubits: %d cx, want %d", n, got, want)
			}
		}
	}
}

// Matrices with equal singular values, and some that are nearly so.
func TestShannonSpecial(t *testing.T) {
	t.Parallel()
	rng := stream.New(8, "unitaries")
	near := func(m ir.Matrix, e float64) ir.Matrix {
		k, err := ir.RandomUnitary(m.Dim, rng).Power(e)
		if err != nil {
			t.Fatal(err)
		}
		return m.Mul(k)
	}
	ccx := ir.CCX.Info().Matrix(nil)
	swap := ir.CSwap.Info().Matrix(nil)
	u := ir.RandomUnitary(4, rng)
	hadamards := ir.H.Info().Matrix(nil).Kron(ir.H.Info().Matrix(nil)).Kron(ir.H.Info().Matrix(nil))
	for name, m := range map[string]ir.Matrix{
		"identity": ir.Identity(8), "ccx": ccx, "cswap": swap, "hadamards": hadamards, "controlled": u.Controlled(),
		"x and more": ir.X.Info().Matrix(nil).Kron(u), "less and more": u.Kron(ir.RandomUnitary(2, rng)),
		"minus one": ir.Identity(8).Scale(-1), "i": ir.Identity(8).Scale(1i),
	} {
		shannonOf(t, name, m)
		for _, e := range []float64{1e-15, 1e-12, 1e-9, 1e-8, 1e-7, 1e-4} {
			shannonOf(t, name, near(m, e))
		}
	}
	if got := shannonOf(t, "identity", ir.Identity(8)); got != 0 {
		t.Errorf("the identity takes %d cx", got)
	}
}

// A unitary of a circuit is compiled, and one that is too large or is none refused.
func TestUnitaryCompiled(t *testing.T) {
	t.Parallel()
	rng := stream.New(9, "unitaries")
	c := ir.New(4, 0)
	for q := range 4 {
		c.Gate(ir.U3, []int{q}, ir.Consts(0.3+0.5*float64(q), 1.1, 0.4)...)
	}
	c.Ops = append(c.Ops, &ir.Unitary{Name: "u", Matrix: ir.RandomUnitary(8, rng), Qubits: []int{3, 0, 2}})
	for _, i := range []int{0, 3} {
		r, err := Compile(c, families[i].target(t, 4, complete(4)), Options{Verify: true})
		if err != nil {
			t.Fatal(err)
		}
		if r.Stats.TwoQubitGates > 20 {
			t.Errorf("%s: %d two-qubit gates", families[i].name, r.Stats.TwoQubitGates)
		}
		if d := apart(idealState(t, c), stateOf(t, r, 4)); d > tolerance || math.IsNaN(d) {
			t.Errorf("%s: %g apart", families[i].name, d)
		}
	}
	if _, err := shannon(ir.Identity(1 << (maxUnitary + 1))); err == nil {
		t.Error("a unitary of any size is taken")
	}
}
