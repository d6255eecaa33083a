package qasm

import (
	"fmt"
	"math/big"
	"math/rand/v2"
	"strings"
	"testing"

	"qgan/internal/stream"
	"qgan/ir"
)

// Whole texts, which PyQIR with QIR's runner, and pyQuil, have read (referee/assembly.py).
func TestAssembly(t *testing.T) {
	t.Parallel()
	for name, program := range map[string]string{
		"bell.qir":     "qubit[3] q; bit[2] c; bit d; h q[0]; cx q[0], q[2]; rx(pi/3) q[2]; sdg q[1]; barrier q; c[0] = measure q[2]; d = measure q[2];",
		"physical.qir": "bit[2] a; x $4; cz $4, $7; a[0] = measure $7; a[1] = measure $4;",
		"blocks.quil":  "input float i; qubit[2] q; bit[2] c; bit d; rx(2*i + 1) q[0]; crz(-0.5) q[0], q[1]; c[0] = measure q[0]; delay[100ns] q; if (c == 1) { x q[1]; } else { reset q[0]; } while (!c[1] || d) { h q[1]; c[1] = measure q[1]; } barrier q; d = measure q[0];",
	} {
		golden(t, name, text(t, read(t, whole(program)), name[strings.Index(name, ".")+1:]))
	}
}

// What follows a measurement of its qubit does not run before it.
func TestGateAfterMeasurement(t *testing.T) {
	t.Parallel()
	c := read(t, head3+"qubit[2] q; bit[2] c; h q[0]; c[0] = measure q[0]; x q[1]; cx q[0], q[1]; c[1] = measure q[1];")
	for _, dialect := range []string{"qir", "ionq-json"} {
		_, err := Print(c, Options{Dialect: dialect})
		if want := "dialect " + dialect + ": op 3: gate cx after a measurement of its qubit cannot be written; measure at the end"; err == nil || err.Error() != want {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

// jump runs the classical part of a Quil program on the memory ro.
func jump(t *testing.T, program string, ro []bool) {
	t.Helper()
	lines := strings.Split(strings.TrimSpace(program), "\n")
	at := map[string]int{}
	for i, line := range lines {
		if label, ok := strings.CutPrefix(line, "LABEL "); ok {
			if _, twice := at[label]; twice {
				t.Fatalf("%s stands twice in\n%s", label, program)
			}
			at[label] = i
		}
	}
	for i, steps := 0, 0; i < len(lines); i, steps = i+1, steps+1 {
		if steps > 1000 {
			t.Fatalf("no end of\n%s", program)
		}
		word, rest, _ := strings.Cut(lines[i], " ")
		var label string
		var bit, value int
		switch word {
		case "JUMP":
			i = at[rest]
		case "JUMP-WHEN", "JUMP-UNLESS":
			if _, err := fmt.Sscanf(rest, "%s ro[%d]", &label, &bit); err != nil {
				t.Fatal(lines[i], err)
			}
			if ro[bit] == (word == "JUMP-WHEN") {
				i = at[label]
			}
		case "MOVE":
			if _, err := fmt.Sscanf(rest, "ro[%d] %d", &bit, &value); err != nil {
				t.Fatal(lines[i], err)
			}
			ro[bit] = value == 1
		case "LABEL", "DECLARE", "#":
		default:
			t.Fatal(lines[i])
		}
	}
}

// anyCond is a condition on bits 0 to 3.
func anyCond(r *rand.Rand, depth int) ir.Cond {
	if depth == 0 || r.IntN(4) == 0 {
		bits := r.Perm(4)[:1+r.IntN(4)]
		relations := []ir.Relation{ir.Equal, ir.NotEqual, ir.Less, ir.LessEqual, ir.Greater, ir.GreaterEqual}
		return ir.Compare{Bits: bits, Rel: relations[r.IntN(len(relations))], Value: big.NewInt(int64(r.IntN(18) - 1))}
	}
	list := make([]ir.Cond, r.IntN(3))
	for i := range list {
		list[i] = anyCond(r, depth-1)
	}
	switch r.IntN(3) {
	case 0:
		return ir.Not{Cond: anyCond(r, depth-1)}
	case 1:
		return ir.All(list)
	}
	return ir.Any(list)
}

// Whatever the condition, its jumps go where it says.
func TestJumps(t *testing.T) {
	t.Parallel()
	r := stream.New(1, "jumps")
	for range 300 {
		cond := anyCond(r, 3)
		c := ir.New(1, 5)
		set := func(v ir.Cond) ir.Op { return &ir.Assign{Bits: []int{4}, Values: []ir.Cond{v}} }
		yes, no := ir.Cond(ir.All{}), ir.Cond(ir.Any{})
		for name, ops := range map[string][]ir.Op{
			"assignment": {set(cond)},
			"if":         {&ir.If{Cond: cond, Then: []ir.Op{set(yes)}, Else: []ir.Op{set(no)}}},
			"else":       {set(yes), &ir.If{Cond: cond, Else: []ir.Op{set(no)}}},
			"while":      {set(no), &ir.While{Cond: ir.All{cond, ir.Not{Cond: ir.BitSet(4)}}, Body: []ir.Op{set(yes)}}},
		} {
			c.Ops = ops
			p, err := Print(c, Options{Dialect: "quil"})
			if err != nil {
				t.Fatal(err)
			}
			for word := range 16 {
				ro := []bool{word&1 > 0, word&2 > 0, word&4 > 0, word&8 > 0, word&1 == 0}
				want := cond.Holds(ro)
				if jump(t, p.Text, ro); ro[4] != want {
					t.Fatalf("%s, %v: %v for %04b, want %v\n%s", name, cond, ro[4], word, want, p.Text)
				}
			}
		}
	}
}
