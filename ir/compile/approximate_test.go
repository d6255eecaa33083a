package compile

import (
	"math"
	"strings"
	"testing"

	"qgan/ir"
)

// What is left out of a Fourier transform of 8 qubits, and no more than is told: the
// state and each probability are as near as the error says.
func TestApproximate(t *testing.T) {
	t.Parallel()
	c := ir.New(8, 0)
	for q := range 8 {
		c.Gate(ir.U3, []int{q}, ir.Consts(0.3+0.7*float64(q), 1.1*float64(q)-0.4, 0.9)...)
	}
	c.Ops = append(c.Ops, qftCircuit(8).Ops...)
	c.Ops = c.Ops[:len(c.Ops)-8] // without measurements
	want := idealState(t, c)
	last, exact := math.MaxInt, 0
	for _, k := range []struct {
		family int
		most   float64
	}{{0, 0}, {0, 0.01}, {0, 0.03}, {0, 0.1}, {3, 0}, {3, 0.01}, {3, 0.1}} {
		r, err := Compile(c, families[k.family].target(t, 8, complete(8)), Options{Approximate: k.most, Verify: true})
		if err != nil {
			t.Fatal(err)
		}
		n := r.Stats.TwoQubitGates
		if k.most == 0 {
			last, exact = math.MaxInt, n
		}
		if n > last || k.most > 0.02 && n >= exact {
			t.Errorf("%s: with an error of %v each %d two-qubit gates, %d with less", families[k.family].name, k.most, n, last)
		}
		last = n
		if d := apart(want, stateOf(t, r, 8)); d > r.Error+tolerance {
			t.Errorf("%s: %v apart, an error of %v is told", families[k.family].name, d, r.Error)
		}
		if saved := exact - n; r.Error > float64(saved)*k.most || (r.Error > 0) != (saved > 0) {
			t.Errorf("%s: an error of %v for %d gates saved at %v each", families[k.family].name, r.Error, saved, k.most)
		}
	}
}

// The error of a block is that of its unitary, and a small turn of one qubit is left out.
func TestApproximateBlocks(t *testing.T) {
	t.Parallel()
	target := families[0].target(t, 2, line(2))
	for name, k := range map[string]struct {
		gates []ir.Step
		most  float64
		want  int
		lost  float64
	}{
		"a small rotation":      {[]ir.Step{step(ir.RZZ, both, 0.02)}, 0.0101, 0, 2 * math.Sin(0.005)},
		"not that small":        {[]ir.Step{step(ir.RZZ, both, 0.02)}, 0.0099, 2, 0},
		"nearly a quarter turn": {[]ir.Step{step(ir.RZZ, both, math.Pi/2+0.02)}, 0.0101, 1, 2 * math.Sin(0.005)},
		"nearly half a turn":    {[]ir.Step{step(ir.RZZ, both, math.Pi-0.02)}, 0.0101, 0, 2 * math.Sin(0.005)},
		"the third of three":    {[]ir.Step{step(ir.RXX, both, 0.5), step(ir.RYY, both, 0.3), step(ir.RZZ, both, 0.02)}, 0.0101, 2, 2 * math.Sin(0.005)},
		"all three":             {[]ir.Step{step(ir.RXX, both, 0.02), step(ir.RYY, both, 0.01), step(ir.RZZ, both, -0.01)}, 0.0101, 0, 2*math.Sin(0.005) + 4*math.Sin(0.0025)},
		"one qubit":             {[]ir.Step{step(ir.RX, control, 0.02), step(ir.CX, both)}, 0.0101, 1, 2 * math.Sin(0.005)},
		"about z":               {[]ir.Step{step(ir.RZ, control, 0.02), step(ir.CX, both)}, 0.0101, 1, 0},
	} {
		c := ir.New(2, 0)
		for _, s := range k.gates {
			c.Gate(s.Gate, s.Qubits, s.Angles...)
		}
		r, err := Compile(c, target, Options{Approximate: k.most, Unitary: true, Layout: upTo(2)})
		if err != nil {
			t.Fatal(err)
		}
		if r.Stats.TwoQubitGates != k.want || math.Abs(r.Error-k.lost) > 1e-9 {
			t.Errorf("%s: %d two-qubit gates with an error of %v, want %d with %v", name, r.Stats.TwoQubitGates, r.Error, k.want, k.lost)
		}
	}
	_, err := Compile(ir.New(1, 0), target, Options{Approximate: 0.1, Level: Light})
	if err == nil || !strings.Contains(err.Error(), "takes full effort") {
		t.Errorf("without consolidation: %v", err)
	}
}
