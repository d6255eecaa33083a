package compile

import (
	"os"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"qgan/ir"
)

// The table of passes holds its constraints, and a wrong order is found.
func TestOrderOfPasses(t *testing.T) {
	list := passes()
	if err := checkOrder(list, constraints); err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{}
	for _, p := range Passes() {
		if p.Reason == "" || names[p.Name] {
			t.Errorf("the pass %q has no reason, or its name twice", p.Name)
		}
		names[p.Name] = true
	}
	for _, c := range constraints {
		if c.reason == "" || !names[c.first] || !names[c.then] {
			t.Errorf("the constraint %+v has no reason or names no pass", c)
		}
	}
	slices.Reverse(list)
	err := checkOrder(list, constraints)
	if err == nil || !strings.Contains(err.Error(), constraints[0].reason) {
		t.Errorf("the reversed order: %v", err)
	}
}

// What cancels, and what doesn't.
func TestCancel(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		build func(*ir.Circuit)
		want  map[string]int
	}{
		"inverse":               {func(c *ir.Circuit) { c.Gate(ir.CX, []int{0, 1}); c.Gate(ir.CX, []int{0, 1}) }, map[string]int{}},
		"other direction":       {func(c *ir.Circuit) { c.Gate(ir.CX, []int{0, 1}); c.Gate(ir.CX, []int{1, 0}) }, map[string]int{"cx": 2}},
		"symmetric":             {func(c *ir.Circuit) { c.Gate(ir.Swap, []int{0, 1}); c.Gate(ir.Swap, []int{1, 0}) }, map[string]int{}},
		"s and its inverse":     {func(c *ir.Circuit) { c.Gate(ir.S, []int{0}); c.Gate(ir.SDG, []int{0}) }, map[string]int{}},
		"across the control":    {func(c *ir.Circuit) { c.Gate(ir.CX, []int{0, 1}); c.Gate(ir.Z, []int{0}); c.Gate(ir.CX, []int{0, 1}) }, map[string]int{"z": 1}},
		"not across the target": {func(c *ir.Circuit) { c.Gate(ir.CX, []int{0, 1}); c.Gate(ir.Z, []int{1}); c.Gate(ir.CX, []int{0, 1}) }, map[string]int{"cx": 2, "z": 1}},
		"across another cx": {func(c *ir.Circuit) {
			c.Gate(ir.CX, []int{0, 1})
			c.Gate(ir.CX, []int{0, 2})
			c.Gate(ir.CX, []int{0, 1})
		}, map[string]int{"cx": 1}},
		"angles with symbols add up": {func(c *ir.Circuit) {
			a := c.TrainedSymbol("a")
			c.Gate(ir.RZ, []int{0}, ir.Trained(1, a))
			c.Gate(ir.CX, []int{0, 1})
			c.Gate(ir.RZ, []int{0}, ir.Trained(1, a))
		}, map[string]int{"rz": 1, "cx": 1}},
		"angles with symbols cancel": {func(c *ir.Circuit) {
			a := c.TrainedSymbol("a")
			c.Gate(ir.RX, []int{0}, ir.Trained(1, a))
			c.Gate(ir.RX, []int{0}, ir.Trained(-1, a))
		}, map[string]int{}},
		"a barrier keeps them": {func(c *ir.Circuit) {
			c.Gate(ir.X, []int{0})
			c.Ops = append(c.Ops, &ir.Barrier{Qubits: []int{0}})
			c.Gate(ir.X, []int{0})
		}, map[string]int{"x": 2}},
	} {
		circuit := ir.New(3, 0)
		c.build(circuit)
		if err := cancel(&state{circuit: circuit}); err != nil {
			t.Fatal(err)
		}
		got := circuit.Count()
		if len(got) != len(c.want) {
			t.Errorf("%s: %v is left, want %v", name, got, c.want)
		}
		for gate, n := range c.want {
			if got[gate] != n {
				t.Errorf("%s: %v is left, want %v", name, got, c.want)
			}
		}
	}
}

// lawOf is the law of the outcomes of a circuit that is measured at its end, all
// its bits, corrected where the readout was folded.
func lawOf(t rapid.TB, ops []ir.Op, qubits, bits int, readout *Affine) []float64 {
	state := make([]complex128, 1<<qubits)
	state[0] = 1
	evolve(t, state, qubits, ops)
	from := make([]int, bits)
	for i := range from {
		from[i] = -1
	}
	for _, op := range ops {
		if m, ok := op.(*ir.Measure); ok {
			from[m.Bit] = m.Qubit
		}
	}
	law := make([]float64, 1<<bits)
	outcome := make([]bool, bits)
	for x, a := range state {
		for i, q := range from {
			outcome[i] = q >= 0 && x>>(qubits-1-q)&1 == 1
		}
		word := outcome
		if readout != nil {
			var err error
			if word, err = readout.Apply(outcome); err != nil {
				t.Fatal(err)
			}
		}
		index := 0
		for _, b := range word {
			index *= 2
			if b {
				index++
			}
		}
		law[index] += abs2(a)
	}
	return law
}

// Measured circuits keep their law, with the readout folded, scheduled, decoupled
// and twirled, and outcomes stand in the circuit's own order of bits.
func TestCompileKeepsLaw(t *testing.T) {
	t.Parallel()
	for _, f := range families {
		target := f.target(t, 5, line(5))
		t.Run(f.name, rapid.MakeCheck(func(r *rapid.T) {
			c := drawCircuit(r, 3, 8)
			order := rapid.Permutation(upTo(c.Qubits)).Draw(r, "bits")
			for range rapid.IntRange(0, 4).Draw(r, "tail") { // something to fold
				q := rapid.Permutation(upTo(c.Qubits)).Draw(r, "qubits")
				switch g := rapid.SampledFrom([]ir.Gate{ir.X, ir.CX, ir.Swap, ir.CZ, ir.T}).Draw(r, "last"); {
				case g.Info().Qubits <= c.Qubits:
					c.Gate(g, q[:g.Info().Qubits])
				}
			}
			c.Bits = c.Qubits
			c.BitRegs = []ir.Register{{Name: "c", Indices: upTo(c.Bits)}}
			for q, b := range order {
				c.Measure(q, b)
			}
			options := Options{
				FoldReadout: rapid.Bool().Draw(r, "fold"), Verify: true,
				Decoupling: rapid.SampledFrom([]Decoupling{NoDecoupling, DecoupleXX, DecoupleXY4}).Draw(r, "decoupling"),
				Schedule:   rapid.Bool().Draw(r, "schedule"),
			}
			plain := boundTo(r, c, trainedValues, dataValues)
			want := lawOf(r, plain.Ops, c.Qubits, c.Bits, nil)
			compiled, err := Compile(c, target, options)
			if err != nil {
				r.Fatal(err)
			}
			result, err := compiled.Bind(trainedValues, dataValues)
			if err != nil {
				r.Fatal(err)
			}
			before, err := Compile(plain, target, options)
			if err != nil {
				r.Fatal(err)
			}
			twirled := *before
			if twirled.Circuit, err = before.Twirl(testStream(rapid.Uint64().Draw(r, "seed"))); err != nil {
				r.Fatal(err)
			}
			for way, x := range map[string]*Result{"bound": result, "compiled after binding": before, "twirled": &twirled} {
				ops, n := compact(x)
				got := lawOf(r, ops, n, c.Bits, x.Readout)
				for i := range want {
					if d := got[i] - want[i]; d > tolerance || d < -tolerance {
						r.Fatalf("%s: P(%b) is %g, want %g\n%v\n%v", way, i, got[i], want[i], c, x.Circuit)
					}
				}
				for _, op := range x.Circuit.Ops {
					if err := target.Native(op); err != nil {
						r.Fatalf("%s: %v", way, err)
					}
				}
			}
		}))
	}
}

// The circuit is written down after each pass that runs.
func TestDump(t *testing.T) {
	var names []string
	dir := t.TempDir()
	_, err := Compile(chainCircuit(3), families[0].target(t, 4, line(4)), Options{Dump: func(pass string, c *ir.Circuit) error {
		names = append(names, pass)
		return os.WriteFile(dir+"/"+pass, []byte(c.String()), 0o666)
	}})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"lower", "elide", "cancel", "shorten", "consolidate", "layout", "route", "cancel-routed", "consolidate-routed", "native", "synthesize"}
	if !slices.Equal(names, want) {
		t.Errorf("passes %v, want %v", names, want)
	}
}
