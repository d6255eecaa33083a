package compile

import (
	"testing"

	"qgan/internal/stream"
	"qgan/ir"
)

// A state of two qubits is its Schmidt form, also where the coefficients are equal or one is 0.
func TestSchmidt(t *testing.T) {
	t.Parallel()
	rng := stream.New(7, "schmidt")
	states := map[string][]complex128{"product": {1, 0, 0, 0}, "other product": {0.5, 0.5i, -0.5, -0.5i}, "bell": {half, 0, 0, half}, "singlet": {0, half, -half, 0}, "second": {0, 0, 0, 1}}
	for range 20 {
		states["random"] = randomState(rng, 2)
		for name, state := range states {
			a, s, b := schmidt(ir.Matrix{Dim: 2, A: state})
			x, y := a.matrix(), b.matrix()
			got := make([]complex128, 4)
			for i := range got {
				for k := range s {
					got[i] += complex(s[k], 0) * x[2*(i>>1)+k] * y[2*(i&1)+k]
				}
			}
			if d := apart(state, got); d > 1e-12 || s[0] < s[1] {
				t.Errorf("%s: %g apart, coefficients %v", name, d, s)
			}
		}
	}
}

// What two qubits in |0> go through before others is a state, which takes one cx; a body of a
// block, a reset qubit and a circuit for every state at its beginning know of no zeros.
func TestPrepared(t *testing.T) {
	t.Parallel()
	any4 := func(c *ir.Circuit, qubits ...int) {
		for k := range 3 {
			for i, q := range qubits {
				c.Gate(ir.U3, []int{q}, ir.Consts(0.3+float64(k), 1.1*float64(i)-0.4, 0.9)...)
			}
			c.Gate(ir.CX, qubits)
		}
	}
	for name, k := range map[string]struct {
		make func(c *ir.Circuit)
		want [2]int // from |0…0>, and for every state
	}{
		"a state":              {func(c *ir.Circuit) { any4(c, 0, 1) }, [2]int{1, 3}},
		"two states":           {func(c *ir.Circuit) { any4(c, 0, 1); any4(c, 2, 3) }, [2]int{2, 6}},
		"a state and a gate":   {func(c *ir.Circuit) { any4(c, 0, 1); any4(c, 1, 2) }, [2]int{4, 6}},
		"nothing to control":   {func(c *ir.Circuit) { c.Gate(ir.CX, []int{0, 1}) }, [2]int{0, 1}},
		"a product":            {func(c *ir.Circuit) { c.Gate(ir.H, []int{1}); c.Gate(ir.CX, []int{0, 1}); c.Gate(ir.CX, []int{1, 2}) }, [2]int{1, 2}},
		"behind a symbol":      {func(c *ir.Circuit) { c.Gate(ir.RX, []int{0}, ir.Trained(1, c.TrainedSymbol("a"))); any4(c, 0, 1) }, [2]int{3, 3}},
		"behind a measurement": {func(c *ir.Circuit) { c.Measure(0, 0); any4(c, 0, 1) }, [2]int{3, 3}},
	} {
		for i, unitary := range []bool{false, true} {
			c := ir.New(4, 1)
			k.make(c)
			target, err := AllToAll(4, []string{"cx", "rz", "sx"})
			if err != nil {
				t.Fatal(err)
			}
			r, err := Compile(c, target, Options{Unitary: unitary, Verify: true})
			if err != nil {
				t.Fatal(err)
			}
			if r.Stats.TwoQubitGates != k.want[i] {
				t.Errorf("%s, every state %v: %d two-qubit gates, want %d", name, unitary, r.Stats.TwoQubitGates, k.want[i])
			}
			if len(c.Trained) > 0 || name == "behind a measurement" {
				continue
			}
			if d := apart(idealState(t, c), stateOf(t, r, 4)); d > tolerance {
				t.Errorf("%s: %g apart", name, d)
			}
		}
	}
}

// A state that is nearly a product is made one where that may err so much, and it is told.
func TestPreparedNearly(t *testing.T) {
	t.Parallel()
	c := ir.New(2, 0)
	c.Gate(ir.H, []int{0})
	c.Gate(ir.H, []int{1})
	c.Gate(ir.RZZ, []int{0, 1}, ir.Const(0.02))
	for _, k := range []struct {
		most float64
		want int
	}{{0, 1}, {0.0099, 1}, {0.0101, 0}} {
		r, err := Compile(c, families[0].target(t, 2, line(2)), Options{Approximate: k.most})
		if err != nil {
			t.Fatal(err)
		}
		if d := apart(idealState(t, c), stateOf(t, r, 2)); r.Stats.TwoQubitGates != k.want || d > r.Error+tolerance || (r.Error > 0) != (k.want == 0) {
			t.Errorf("up to %v: %d two-qubit gates, want %d; %g apart, %g are told", k.most, r.Stats.TwoQubitGates, k.want, d, r.Error)
		}
	}
}
