package qasm

import (
	"fmt"
	"strings"
	"testing"

	"qgan/ir"
)

// follow runs a circuit without its qubits: outcomes come from a script, then are 0. It returns
// the gates with their angles, the delays and, at the end, the word; n is how many outcomes there were.
func follow(c *ir.Circuit, script int) (trace string, n int) {
	var b strings.Builder
	bits := make([]bool, c.AllBits())
	steps := 0
	var run func(ops []ir.Op)
	run = func(ops []ir.Op) {
		for _, op := range ops {
			if steps++; steps > 2000 {
				return
			}
			switch op := op.(type) {
			case *ir.Apply:
				fmt.Fprint(&b, op.Gate, op.Qubits)
				for _, a := range op.Angles {
					fmt.Fprintf(&b, " %.9g%v", a.Const, a.Terms)
				}
				b.WriteByte('\n')
			case *ir.Delay:
				fmt.Fprintln(&b, "delay", op.Duration, op.Unit, op.Qubits)
			case *ir.Measure:
				fmt.Fprintln(&b, "measure", op.Qubit)
				if op.Bit >= 0 {
					bits[op.Bit] = script>>n&1 == 1
				}
				n++
			case *ir.Reset:
				fmt.Fprintln(&b, "reset", op.Qubit)
			case *ir.Assign:
				op.Set(bits)
			case *ir.If:
				if op.Cond.Holds(bits) {
					run(op.Then)
				} else {
					run(op.Else)
				}
			case *ir.Switch:
				run(op.Pick(bits))
			case *ir.While:
				for steps < 2000 && op.Cond.Holds(bits) {
					run(op.Body)
				}
			}
		}
	}
	run(c.Ops)
	for _, one := range bits[:c.Bits] {
		b.WriteByte("01"[map[bool]int{true: 1}[one]])
	}
	return b.String(), n
}

// What is computed from outcomes is what it says, in all courses of the program: each of these
// does the same as a program with conditions on bits and known numbers alone.
func TestByCases(t *testing.T) {
	t.Parallel()
	const (
		two   = head3 + "qubit[3] q; bit[2] c; c[0] = measure q[0]; c[1] = measure q[1];\n"
		three = head3 + "qubit[3] q; bit[3] c; c = measure q;\n"
	)
	for _, k := range []struct{ text, want string }{
		// Angles, powers, delays.
		{two + "rx(0.5 * uint[2](c)) q[2];", two + "if (c == 0) rx(0) q[2]; if (c == 1) rx(0.5) q[2]; if (c == 2) rx(1) q[2]; if (c == 3) rx(1.5) q[2];"},
		{two + "rx(-int[2](c[1])) q[2];", two + "if (c[1]) { rx(-1) q[2]; } else { rx(0) q[2]; }"},
		{two + "float a = 0.25; if (c[0]) { a = 1; } if (c[1]) { a += 0.5; } rz(a) q[0]; rx(2 * a) q[1];",
			two + "if (c == 0) { rz(0.25) q[0]; } if (c == 1) { rz(1) q[0]; } if (c == 2) { rz(0.75) q[0]; } if (c == 3) { rz(1.5) q[0]; } if (c == 0) { rx(0.5) q[1]; } if (c == 1) { rx(2) q[1]; } if (c == 2) { rx(1.5) q[1]; } if (c == 3) { rx(3) q[1]; }"},
		{two + "float a = 0.25; if (c[0]) a = 1; c[0] = measure q[0]; rz(a) q[0];", two + "bit d = c[0]; c[0] = measure q[0]; if (d) rz(1) q[0]; else rz(0.25) q[0];"},
		{two + "angle[4] a = 0; a[0] = c[0]; a[3] = c[1]; p(a) q[0];", two + "if (c == 0) p(0) q[0]; if (c == 1) p(pi/8) q[0]; if (c == 2) p(pi) q[0]; if (c == 3) p(pi/8 + pi) q[0];"},
		{head3 + "qubit q; angle[3] a; for int i in [0:1] { p(a) q; measure q -> a[0]; a <<= 1; } p(a) q; p(-a) q;",
			head3 + "qubit q; bit e; bit d; p(0) q; e = measure q; if (e) p(pi/2) q; else p(0) q; d = measure q; if (!e && !d) p(0) q; if (e && !d) p(pi) q; if (!e && d) p(pi/2) q; if (e && d) p(3*pi/2) q; if (!e && !d) p(0) q; if (e && !d) p(pi) q; if (!e && d) p(3*pi/2) q; if (e && d) p(pi/2) q;"},
		{"input float t; qubit q; bit c = measure q; rx(t * c) q; float s = t; if (c) s = 2 * t + 1; ry(s) q;", "input float t; qubit q; bit c = measure q; if (c) rx(t) q; else rx(0) q; if (c) ry(2*t + 1) q; else ry(t) q;"},
		{two + "pow(1 + uint[2](c[0])) @ rx(0.5) q[0];", two + "if (c[0]) rx(1) q[0]; else rx(0.5) q[0];"},
		{two + "delay[uint[2](c) * 10ns] q[0];", two + "switch (c) { case 0 { delay[0ns] q[0]; } case 1 { delay[10ns] q[0]; } case 2 { delay[20ns] q[0]; } case 3 { delay[30ns] q[0]; } }"},
		{two + "rx(sin(0.5 * uint[2](c))) q[0];", two + "switch (c) { case 0 { rx(0) q[0]; } case 1 { rx(sin(0.5)) q[0]; } case 2 { rx(sin(1)) q[0]; } case 3 { rx(sin(1.5)) q[0]; } }"},
		{"def f(qubit a) -> float { bit c = measure a; if (c) { return 0.5; } return 1.5; }\nqubit q; float r = f(q); rx(r) q;", "qubit q; bit[1] c; bit d; def g(qubit a) -> bit { return measure a; } bit e = g(q); if (e) rx(0.5) q; else rx(1.5) q; c[0] = 0; d = 0;"},
		// Indices.
		{two + "x q[uint[2](c)];", two + "if (c == 0) x q[0]; if (c == 1) x q[1]; if (c == 2) x q[2];"},
		{two + "reset q[uint[2](c[0]) + uint[2](c[1])]; c[c[1]] = measure q[2];", two + "if (c == 0) reset q[0]; if (c == 1 || c == 2) reset q[1]; if (c == 3) reset q[2]; if (c[1]) c[1] = measure q[2]; else c[0] = measure q[2];"},
		{two + "bit d = c[c[0]]; if (d) x q[2];", two + "bit d = c[0] & c[1]; if (d) x q[2];"},
		{two + "for int i in [0:uint[2](c)] { if (i == 1) { x q[0]; } rx(i) q[1]; }", two + "rx(0) q[1]; if (c != 0) { x q[0]; rx(1) q[1]; } if (c == 2 || c == 3) rx(2) q[1]; if (c == 3) rx(3) q[1];"},
		{two + "for int i in [1:3] { if (i == uint[2](c)) { break; } rx(i) q[uint[1](c[0])]; }",
			two + "if (c == 0) { rx(1) q[0]; rx(2) q[0]; rx(3) q[0]; } if (c == 2) { rx(1) q[0]; } if (c == 3) { rx(1) q[1]; rx(2) q[1]; }"},
		// Quotients, powers, shifts.
		{three + "uint[3] n = uint[3](c) / 3; if (n == 2) x q[0];", three + "uint[3] n; if (c == 6 || c == 7) { x q[0]; }"},
		{three + "int[4] n = c; n = (n - 4) % 3; rx(n) q[0];", three + "switch (c) { case 0, 3 { rx(-1) q[0]; } case 1, 4, 7 { rx(0) q[0]; } case 2 { rx(-2) q[0]; } case 5 { rx(1) q[0]; } case 6 { rx(2) q[0]; } }"},
		{three + "rx(2 ** uint[9](c)) q[0]; ry(uint[8](1) << uint[3](c)) q[0];", three + "switch (c) { case 0 { rx(1) q[0]; } case 1 { rx(2) q[0]; } case 2 { rx(4) q[0]; } case 3 { rx(8) q[0]; } case 4 { rx(16) q[0]; } case 5 { rx(32) q[0]; } case 6 { rx(64) q[0]; } case 7 { rx(128) q[0]; } }" +
			"switch (c) { case 0 { ry(1) q[0]; } case 1 { ry(2) q[0]; } case 2 { ry(4) q[0]; } case 3 { ry(8) q[0]; } case 4 { ry(16) q[0]; } case 5 { ry(32) q[0]; } case 6 { ry(64) q[0]; } case 7 { ry(128) q[0]; } }"},
		{three + "c = rotl(c, uint[1](c[0]));", three + "if (c[0]) { c = rotl(c, 1); }"},
		{three + "c = c >> uint[2](c[0:1]);", three + "switch (c[0:1]) { case 1 { c = c >> 1; } case 2 { c = c >> 2; } case 3 { c = \"000\"; } }"},
		{three + "if (0.5 * uint[3](c) > 2.2) x q[0]; bool b = 1.5 < uint[3](c) / 2.0; if (b) x q[1];", three + "if (c == 5 || c == 6 || c == 7) x q[0]; if (c[2]) x q[1];"},
		{two + "int a = 8 / uint[6](c); rx(a) q[0];", two + "switch (c) { case 0 { rx(0) q[0]; } case 1 { rx(8) q[0]; } case 2 { rx(4) q[0]; } case 3 { rx(2) q[0]; } }"},
		// Counters without a width, and loops over outcomes.
		{two + "int a = 1; if (c[0]) a = 2; rx(a) q[0];", two + "if (c[0]) rx(2) q[0]; else rx(1) q[0];"},
		{head3 + "qubit q; bit c = measure q; uint[2] n = 0; float a = 1; while (c && n < 3) { n += 1; rx(a) q; if (n == 2) { a = 0.25; } else { a = 0.5; } c = measure q; }",
			head3 + "qubit q; bit c = measure q; if (c) { rx(1) q; c = measure q; if (c) { rx(0.5) q; c = measure q; if (c) { rx(0.25) q; c = measure q; } } }"},
		// Arrays.
		{three + "array[int[8], 2, 2] a = {{1, 2}, {3, 4}}; a[1, 0] = a[0][1] * 5; rx(a[1][0]) q[0]; rx(sizeof(a[0:1, 0:0], 1) + sizeof(a) + sizeof(a, 1) - 1) q[0]; array[int[8], 2] v = a[0:1][1]; a[:, 0] = v; rx(a[0, 0]) q[0]; for int i in a[0] { rx(i) q[0]; }", three + "rx(10) q[0]; rx(4) q[0]; rx(2) q[0]; rx(2) q[0]; rx(2) q[0];"},
		{three + "array[uint[4], 3] a = {5, 6, 7}; array[uint[4], 3] b = a; b[0:1] = a[1:2]; b[-1] ^= 15; rx(b[0]) q[0]; rx(b[1]) q[0]; rx(b[2]) q[0]; a[2][1] = 0; rx(a[2]) q[0]; let d = a[1:2]; d[0] = 1; rx(a[1]) q[0]; if (a[1][0] == 1) x q[0];",
			three + "rx(6) q[0]; rx(7) q[0]; rx(8) q[0]; rx(5) q[0]; rx(1) q[0]; x q[0];"},
		{"def put(mutable array[float, 3] a, int k, float v) { a[k] = v; }\ndef sum(readonly array[float, #dim = 1] a) -> float { float s = 0; for int i in [0:sizeof(a) - 1] { s += a[i]; } return s; }\n" + "qubit[2] q; array[float, 3] a; put(a, 1, 0.5); put(a, 2, 0.25); rx(sum(a)) q[0];", "qubit[2] q; rx(0.75) q[0];"},
		{three + "array[float, 4] a = {0.1, 0.2, 0.3, 0.4}; rx(a[uint[2](c[0:1])]) q[0];", three + "switch (c[0:1]) { case 0 { rx(0.1) q[0]; } case 1 { rx(0.2) q[0]; } case 2 { rx(0.3) q[0]; } case 3 { rx(0.4) q[0]; } }"},
		{three + "array[bool, 3] a; for int i in [0:2] { a[i] = c[i]; } if (a[0] && !a[2]) x q[0]; a[uint[1](c[1])] = true; if (a[0]) x q[1];", three + "if (c[0] && !c[2]) x q[0]; if (c[0] || !c[1]) x q[1];"},
		{three + "array[int[4], 2] a = {1, 2}; if (c[0]) { a[1] = 7; } a[uint[1](c[1])] += 1; rx(a[1]) q[0]; rx(a[0]) q[0];",
			three + "if (c[0]) { if (c[1]) { rx(-8) q[0]; rx(1) q[0]; } else { rx(7) q[0]; rx(2) q[0]; } } else { if (c[1]) { rx(3) q[0]; rx(1) q[0]; } else { rx(2) q[0]; rx(2) q[0]; } }"},
		{"output array[uint[2], 2] a; array[uint[2], 2] b = {1, 2}; a = b;", "output bit[4] a; a = \"1001\";"},
		// The end of the program.
		{two + "if (c[0]) { end; } x q[0]; if (c[1]) x q[1];", two + "if (!c[0]) { x q[0]; if (c[1]) x q[1]; }"},
		{two + "for int i in [0:2] { if (c == i) { x q[0]; end; } y q[i]; } x q[1];", two + "if (c == 0) x q[0]; if (c == 1) { y q[0]; x q[0]; } if (c == 2) { y q[0]; y q[1]; x q[0]; } if (c == 3) { y q[0]; y q[1]; y q[2]; x q[1]; }"},
		{two + "while (c[0]) { c[0] = measure q[0]; if (c[1]) { end; } x q[0]; } z q[2];", two + "if (c[0] && c[1]) { c[0] = measure q[0]; } else { while (c[0]) { c[0] = measure q[0]; x q[0]; } z q[2]; }"},
		{"def f(qubit a) { bit c = measure a; if (c) { end; } x a; }\nqubit[2] q; f(q[0]); y q[0]; f(q[1]); z q[1];", "qubit[2] q; def g(qubit a) -> bit { return measure a; } bool b = g(q[0]); if (!b) { x q[0]; y q[0]; bool d = g(q[1]); if (!d) { x q[1]; z q[1]; } }"},
		{"def f(qubit a) { x a; end; }\nqubit[2] q; f(q[0]); y q[0];", "qubit[2] q; x q[0];"},
	} {
		t.Run(k.text[strings.LastIndex(k.text, "\n")+1:], func(t *testing.T) {
			got, want := read(t, k.text), read(t, k.want)
			most := 1
			for script := 0; script < 1<<min(most, 6); script++ {
				a, n := follow(got, script)
				b, m := follow(want, script)
				most = max(most, n, m)
				if bits := min(got.Bits, want.Bits); got.Bits != want.Bits { // of one's own, behind the others
					a, b = a[:len(a)-got.Bits+bits], b[:len(b)-want.Bits+bits]
				}
				if a != b {
					t.Fatalf("%s\nwith the outcomes %b does\n%s\nwhere\n%s\ndoes\n%s\n%v", k.text, script, a, k.want, b, got)
				}
			}
		})
	}
}

// Inputs that are given are constants; what does not fit is told at its place, and what is
// missing with what to do.
func TestInputsGiven(t *testing.T) {
	t.Parallel()
	given := func(pairs ...string) map[string]string {
		out := map[string]string{}
		for _, p := range pairs {
			name, text, _ := strings.Cut(p, "=")
			out[name] = text
		}
		return out
	}
	for _, k := range []struct {
		text   string
		inputs map[string]string
		want   string // the same program, or the error
		given  int
	}{
		{"input int[4] k; qubit q; rx(k) q;", given("k=-8"), "qubit q; rx(-8) q;", 1},
		{"input uint[4] k; qubit[4] q; for int i in [0:k] { x q[i]; }", given("k=0b10"), "qubit[4] q; x q[0]; x q[1]; x q[2];", 1},
		{"input uint[64] k; qubit q; if (k == 18446744073709551615) { x q; }", given("k=18446744073709551615"), "qubit q; x q;", 1},
		{"input bool b; input bit[3] w; input bit s; qubit q; if (b && w == 6 && !w[0] && s == 1) { x q; }", given("b=true", "w=110", "s=1"), "qubit q; x q;", 3},
		{"input float t; input angle u; qubit q; rx(sin(t) * u) q; ry(7 * u) q;", given("t=0.5", "u=1"), "qubit q; rx(sin(0.5)) q; ry(7.0) q;", 2},
		{"input float t; input int k; qubit q; rx(k * t) q;", given("k=3"), "input float t; qubit q; rx(3 * t) q;", 1},
		{"input int[4] k; qubit q; rx(k) q;", given("k=8"), "p:1:1: the input 'k' is given as 8, which is out of the range of its type", 0},
		{"input uint k; qubit q; rx(k) q;", given("k=-1"), "p:1:1: the input 'k' is given as -1, which is out of the range of its type", 0},
		{"input int k;", given("k=1.5"), "p:1:1: the input 'k' is given as 1.5, which is no integer", 0},
		{"input bool k;", given("k=yes"), "p:1:1: the input 'k' is given as yes, which is neither true nor false", 0},
		{"input bit[3] k;", given("k=11"), "p:1:1: the input 'k' is given as 11, which is no word of 3 bits, element 0 last", 0},
		{"input float t; qubit q; rx(t) q;", given("t=NaN"), "input float t; qubit q; rx(t) q;", 0},
		{"input duration k;", given("k=1ns"), "p:1:1: the input 'k' is given as 1ns, which can't be given: it is a duration", 0},
		{"input uint[4] k; input bool b; qubit q;", nil, "p:1:1: the input 'k' of type uint, which has no value\np:1:18: the input 'b' of type bool, which has no value", 0},
	} {
		d, err := Read("p", []byte(k.text), ReadOptions{Inputs: k.inputs})
		var c *ir.Circuit
		if err == nil {
			c, err = d.Circuit()
		}
		if strings.HasPrefix(k.want, "p:") {
			if err == nil || !strings.HasPrefix(err.Error(), k.want) {
				t.Errorf("%s: %v, want %s", k.text, err, k.want)
			}
			if e, ok := err.(*NotRunnable); ok && e.Hint(func(s string) string { return "--" + s }) != "give one with --param k=VALUE" {
				t.Errorf("%s: the hint %q", k.text, e.Hint(func(s string) string { return s }))
			}
			continue
		}
		if err != nil || len(d.Given) != k.given {
			t.Errorf("%s: %v, given %v", k.text, err, d.Given)
			continue
		}
		a, _ := follow(c, 0)
		if b, _ := follow(read(t, k.want), 0); a != b {
			t.Errorf("%s: %s\nwant %s", k.text, a, b)
		}
	}
}
