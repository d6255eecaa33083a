package qasm

import (
	"fmt"
	"math/big"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"qgan/ir"
)

// executed returns the gates that run from these values of the bits on. Outcomes
// come from coin, nil where they change nothing.
func executed(ops []ir.Op, bits []bool, coin *rand.Rand) []string {
	var out []string
	for _, op := range ops {
		switch op := op.(type) {
		case *ir.Apply:
			out = append(out, fmt.Sprint(op.Gate, op.Qubits))
		case *ir.Measure:
			if coin != nil {
				bits[op.Bit] = coin.IntN(2) == 1
			}
		case *ir.Assign:
			op.Set(bits)
		case *ir.While:
			for op.Cond.Holds(bits) {
				out = append(out, executed(op.Body, bits, coin)...)
			}
		case *ir.If:
			if op.Cond.Holds(bits) {
				out = append(out, executed(op.Then, bits, coin)...)
			} else {
				out = append(out, executed(op.Else, bits, coin)...)
			}
		case *ir.Switch:
			out = append(out, executed(op.Pick(bits), bits, coin)...)
		}
	}
	return out
}

// OpenQASM 2 says a condition on one register by the register's values, one
// operation at a time; what runs for each value is the same.
func TestConditional(t *testing.T) {
	t.Parallel()
	const head = "qubit[3] q; bit[3] c; bit[2] d; c = measure q; d[0] = measure q[0]; "
	for _, k := range []struct {
		program string
		ifs     int // -1 for a refusal
		want    string
	}{
		{"if (c == 5) { x q[0]; y q[1]; }", 2, "if(c == 5) x q[0];"},
		{"if (c[1]) x q[0];", 4, "if(c == 6) x q[0];"},
		{"if (d != 0) { x q[0]; } else { y q[1]; }", 4, "if(d == 0) y q[1];"},
		{"if (c < 3) { x q[0]; } else { if (c[2]) y q[1]; }", 7, "if(c == 4) y q[1];"},
		{"switch (d) { case 1, 2 { x q[0]; } case 3 { barrier q; z q[0]; } }", 3, "// 1 barrier is left out"},
		{"switch (d) { case 1 { x q[0]; } default { y q[0]; } }", 4, "if(d == 3) y q[0];"},
		{"if (c[0] && !c[0]) x q[0];", 0, ""},
		{"if (d == 2) { x q[0]; reset q[1]; d[0] = measure q[0]; }", 3, "if(d == 2) measure q[0] -> d[0];"},
		{"if (d == 2) { c[0] = measure q[0]; x q[0]; }", 2, "if(d == 2) measure q[0] -> c[0];"},
		{"if (d == 2) { d[0] = measure q[0]; x q[0]; }", -1, "op 4: if that changes the register it reads"},
		{"if (d == 2) { d[0] = measure q[0]; if (d == 1) x q[0]; }", -1, "op 4: if that holds a loop or another condition"},
		{"if (d == 2) { if (c == 1) x q[0]; }", -1, "op 4: if that holds a loop or another condition"},
		{"if (d[0] && c[0]) x q[0];", -1, "op 4: if with this condition"},
		{"while (d[0]) { d[0] = measure q[0]; }", -1, "op 4: while cannot"},
	} {
		c := read(t, head3+head+k.program)
		p, err := Print(c, Options{Dialect: "qasm2"})
		if k.ifs < 0 {
			if err == nil || !strings.HasPrefix(err.Error(), "dialect qasm2: "+k.want) {
				t.Errorf("%s: got %v, want %s", k.program, err, k.want)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", k.program, err)
			continue
		}
		if n := strings.Count(p.Text, "\nif("); n != k.ifs || !strings.Contains(p.Text, k.want) {
			t.Errorf("%s: %d conditions, want %d and %q:\n%s", k.program, n, k.ifs, k.want, p.Text)
		}
		d, _ := lookup("qasm2")
		low, back := written(c, d), read(t, p.Text)
		if diff := sameCircuit(low, back); diff != "" {
			t.Errorf("%s differs:\n%s", k.program, diff)
		}
		bits := make([]bool, c.Bits)
		for v := range 1 << c.Bits {
			for i := range bits {
				bits[i] = v>>i&1 == 1
			}
			if want, got := executed(c.Ops, bits, nil), executed(back.Ops, bits, nil); !slices.Equal(want, got) {
				t.Errorf("%s with %v: %v runs, want %v", k.program, bits, got, want)
			}
		}
	}
}

// Whichever bit of the register of a condition is measured before more of what stands
// behind it, OpenQASM 2 can't say it, and any other register may be measured into.
func TestConditionalWrites(t *testing.T) {
	t.Parallel()
	const head = "qubit[3] q; bit[2] b; bit[3] c; bit[2] d; b = measure q[0:1]; c = measure q; d = measure q[1:2]; "
	for _, register := range []string{"b", "c", "d"} {
		for other, bits := range map[string]int{"b": 2, "c": 3, "d": 2} {
			for bit := range bits {
				for _, k := range []struct {
					program string
					last    bool // the measurement is the last of the operations
				}{
					{"if (%s == 1) { %s = measure q[0]; x q[0]; }", false},
					{"if (%s == 1) { x q[0]; %s = measure q[0]; }", true},
					{"switch (%s) { case 1 { %s = measure q[0]; x q[0]; } }", false},
				} {
					program := fmt.Sprintf(k.program, register, fmt.Sprintf("%s[%d]", other, bit))
					_, err := Print(read(t, head3+head+program), Options{Dialect: "qasm2"})
					refused := err != nil && strings.Contains(err.Error(), "that changes the register it reads")
					if want := register == other && !k.last; refused != want || !want && err != nil {
						t.Errorf("%s: %v, want it refused: %v", program, err, want)
					}
				}
			}
		}
	}
}

// A loop on a condition that Qiskit does not know is written as loops on the
// comparisons one of which holds.
func TestLoops(t *testing.T) {
	t.Parallel()
	const head = "qubit[3] q; bit[2] c; bit[3] d; c = measure q[0:1]; d = measure q; "
	for cond, loops := range map[string]int{
		"c[0]": 1, "c != 0": 2, "int[2](c) != 0": 2, "c != 2": 2, "d != 5": 3, "d == 5": 1, "c[0] || d[1]": 2, "!(c[0] && d == 1)": 4, "c[0] && c[1]": 1,
		"d > 4": 3, "d[0] && d[2]": 2, "c < 2": 2, "c < 0": 0,
	} {
		c := read(t, head3+head+"while ("+cond+") { x q[0]; c = measure q[1:2]; if (c[0]) { y q[1]; } d = measure q; }")
		got := text(t, c, "qiskit")
		back := read(t, got)
		if n := strings.Count(got, "while ("); n != 1<<loops-1 {
			t.Errorf("%s: %d loops, want %d:\n%s", cond, n, 1<<loops-1, got)
		}
		for seed := range uint64(50) {
			bits := make([]bool, c.Bits)
			want := executed(c.Ops, bits, rand.New(rand.NewPCG(seed, 1)))
			clear(bits)
			if got := executed(back.Ops, bits, rand.New(rand.NewPCG(seed, 1))); !slices.Equal(want, got) {
				t.Fatalf("%s: %v runs, want %v", cond, got, want)
			}
		}
	}
}

// Conditions that are written out in each other are bounded.
func TestNestedLoops(t *testing.T) {
	t.Parallel()
	c := ir.New(1, 4)
	ops := []ir.Op{apply(ir.X, 0, 0, []int{0})}
	for range 20 {
		ops = []ir.Op{&ir.While{Cond: ir.Compare{Bits: []int{0, 1, 2, 3}, Rel: ir.NotEqual, Value: big.NewInt(0)}, Body: ops}}
	}
	c.Ops = ops
	if _, err := Print(c, Options{Dialect: "qiskit"}); err == nil || !strings.Contains(err.Error(), "operations cannot be written") || !strings.HasSuffix(err.Error(), "; simplify its condition") {
		t.Errorf("got %v", err)
	}
}

// What stands behind a condition that is known without a measurement is written without one,
// and what it excludes not at all.
func TestConditionalKnown(t *testing.T) {
	t.Parallel()
	compare := func(rel ir.Relation, value int64, bits ...int) ir.Cond {
		return ir.Compare{Bits: bits, Rel: rel, Value: big.NewInt(value)}
	}
	for name, k := range map[string]struct {
		cond  ir.Cond
		holds bool
	}{
		"no part of all": {ir.All{}, true}, "no part of any": {ir.Any{}, false}, "not all": {ir.Not{Cond: ir.All{}}, false}, "not any": {ir.Not{Cond: ir.Any{}}, true},
		"a bit is below 2": {compare(ir.Less, 2, 1), true}, "a bit is below 0": {compare(ir.Less, 0, 1), false}, "a register is 4": {compare(ir.Equal, 4, 0, 1), false}, "a register is not 4": {compare(ir.NotEqual, 4, 0, 1), true},
		"no bits are 0": {compare(ir.Equal, 0), true}, "no bits are 1": {compare(ir.Equal, 1), false}, "one part never": {ir.All{ir.BitSet(0), ir.Any{}}, false}, "one part always": {ir.Any{ir.BitSet(0), ir.All{}}, true},
	} {
		c := ir.New(2, 2)
		c.Ops = []ir.Op{&ir.If{Cond: k.cond, Then: []ir.Op{apply(ir.X, 0, 0, []int{0})}, Else: []ir.Op{apply(ir.Y, 0, 0, []int{1})}}}
		for _, dialect := range []string{"qasm2", "qasm2-legacy", "qiskit"} {
			got := text(t, c, dialect)
			if strings.Contains(got, "if") || strings.Contains(got, "\nx ") != k.holds || strings.Contains(got, "\ny ") == k.holds {
				t.Errorf("%s, which holds: %v, in %s:\n%s", name, k.holds, dialect, got)
			}
		}
	}
}

// A wide register is compared with any one number.
func TestConditionalWide(t *testing.T) {
	t.Parallel()
	const program = head2 + "qreg q[1]; creg c[80]; if(c==604462909807314587353088) x q[0];"
	c := read(t, program)
	if got := text(t, c, "qasm2"); !strings.Contains(got, "\nif(c == 604462909807314587353088) x q[0];\n") {
		t.Errorf("got\n%s", got)
	}
}

// The gates of the other texts of qelib1.inc are used by the legacy dialect
// alone, and the matrix is the same up to global phase in both.
func TestLegacyGates(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(5, 6))
	for _, g := range []ir.Gate{ir.SX, ir.SXDG, ir.Swap, ir.CSwap, ir.CRX, ir.CRY, ir.CSX, ir.CU, ir.RXX, ir.RZZ} {
		info := g.Info()
		c := ir.New(info.Qubits, 0)
		angles := make([]ir.Angle, len(info.Params))
		for i := range angles {
			angles[i] = ir.Const(rng.Float64())
		}
		c.Gate(g, []int{0, 1, 2}[:info.Qubits], angles...)
		call := "\n" + info.Name
		if got := text(t, c, "qasm2-legacy"); !strings.Contains(got, call+"(") && !strings.Contains(got, call+" ") {
			t.Errorf("%s is not used:\n%s", g, got)
		}
		if got := text(t, c, "qasm2"); strings.Contains(got, call+"(") || strings.Contains(got, call+" ") {
			t.Errorf("%s is none of the paper's gates:\n%s", g, got)
		}
		for _, d := range []string{"qasm2", "qasm2-legacy"} {
			if dist := unitary(t, read(t, text(t, c, d))).Distance(unitary(t, c)); dist > 1e-12 {
				t.Errorf("%s in %s is %g away", g, d, dist)
			}
		}
	}
}
