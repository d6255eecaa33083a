package compile

import (
	"testing"

	"qgan/ir"
)

// complete couples every pair of n qubits.
func complete(n int) (pairs [][2]int) {
	for a := range n {
		for b := range a {
			pairs = append(pairs, [2]int{b, a})
		}
	}
	return pairs
}

// spread is h on each of n qubits, then an operation, and h again.
func spread(n int, op ir.Op) *ir.Circuit {
	c := ir.New(n, 0)
	hadamards := func() {
		for q := range n {
			c.Gate(ir.H, []int{q})
		}
	}
	hadamards()
	c.Ops = append(c.Ops, op)
	hadamards()
	return c
}

// Two-qubit gates of x with so many controls where all pairs are coupled: on a device
// with no other qubit, with one that the circuit uses, and with one that it doesn't.
// Qiskit 2.6.2 (level 3, basis cz, rz, sx, x, no other qubit) takes 14, 36, 80, 120, 224
// and 360 for 3 to 6, 8 and 10.
func TestControlledX(t *testing.T) {
	t.Parallel()
	for k, want := range map[int][3]int{3: {14, 14, 12}, 4: {30, 20, 18}, 5: {58, 32, 24}, 6: {80, 44, 30}, 8: {124, 68, 42}, 10: {180, 92, 54}} {
		gate := &ir.Apply{Gate: ir.X, Controls: k, Qubits: upTo(k + 1)}
		alone, other := spread(k+1, gate), spread(k+2, gate)
		for i, way := range []struct {
			circuit *ir.Circuit
			device  int
		}{{alone, k + 1}, {other, k + 2}, {alone, k + 2}} {
			r, err := Compile(way.circuit, families[0].target(t, way.device, complete(way.device)), Options{Unitary: true, Verify: true})
			if err != nil {
				t.Fatal(err)
			}
			if r.Stats.TwoQubitGates != want[i] {
				t.Errorf("%d controls, %d qubits of %d: %d two-qubit gates, want %d", k, way.circuit.Qubits, way.device, r.Stats.TwoQubitGates, want[i])
			}
			if n := way.circuit.Qubits; len(r.Layout) != n || len(r.Final) != n {
				t.Errorf("%d controls: the layouts name %d and %d qubits of %d", k, len(r.Layout), len(r.Final), n)
			}
			if d := apart(idealState(t, way.circuit), stateOf(t, r, way.circuit.Qubits)); d > tolerance {
				t.Errorf("%d controls, %d qubits of %d: %g apart", k, way.circuit.Qubits, way.device, d)
			}
		}
	}
}

// A clean qubit is one that nothing was done to yet, or that was reset; it is left so.
// A layout that is asked for has no others.
func TestCleanQubits(t *testing.T) {
	t.Parallel()
	gate := &ir.Apply{Gate: ir.X, Controls: 5, Qubits: upTo(6)}
	line7 := families[0].target(t, 7, complete(7))
	for name, k := range map[string]struct {
		before, after []ir.Op
		layout        []int
		want          int
	}{
		"used later":  {nil, []ir.Op{&ir.Apply{Gate: ir.H, Qubits: []int{6}}}, nil, 24},
		"reset":       {[]ir.Op{&ir.Apply{Gate: ir.H, Qubits: []int{6}}, &ir.Reset{Qubit: 6}}, nil, nil, 24},
		"used before": {[]ir.Op{&ir.Apply{Gate: ir.H, Qubits: []int{6}}}, nil, nil, 32},
		"measured":    {[]ir.Op{&ir.Measure{Qubit: 6, Bit: -1}}, nil, nil, 32},
		"a layout":    {nil, nil, upTo(7), 24},
	} {
		c := spread(6, gate)
		c.Qubits, c.QubitRegs = 7, nil
		c.Ops = append(append(k.before, c.Ops...), k.after...)
		r, err := Compile(c, line7, Options{Layout: k.layout, Verify: true})
		if err != nil {
			t.Fatal(err)
		}
		if r.Stats.TwoQubitGates != k.want {
			t.Errorf("%s: %d two-qubit gates, want %d", name, r.Stats.TwoQubitGates, k.want)
		}
	}
	r, err := Compile(spread(6, gate), line7, Options{Unitary: true, Layout: upTo(6)})
	if err != nil {
		t.Fatal(err)
	}
	if r.Stats.TwoQubitGates != 58 {
		t.Errorf("with a layout of its own qubits: %d two-qubit gates, want 58", r.Stats.TwoQubitGates)
	}
}

// A part of the device that is not connected to the circuit's lends nothing.
func TestLargestPart(t *testing.T) {
	t.Parallel()
	for want, pairs := range map[int][][2]int{5: line(5), 3: {{0, 1}, {1, 2}, {3, 4}}, 1: nil} {
		target := families[0].target(t, 5, pairs)
		if got := target.largestPart(); got != want {
			t.Errorf("%v: a part of %d qubits, want %d", pairs, got, want)
		}
	}
}
