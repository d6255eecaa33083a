package qasm

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"qgan/ir"
)

// programs are small programs, most of them of one construct or of one mistake each. Where there
// is no version line they begin with that of version 3 and its library.
var programs = []string{
	// Operands: indices, ranges, sets, negative ones, aliases, registers side by side.
	"qubit[4] q; x q[-1]; x q[1:2]; x q[3:-1:2]; x q[0:2:-1]; x q[{0, 2}]; x q[:1]; x q[2:]; x q[::2];",
	"qubit[4] q; x q[3:1:0];", "qubit[4] q; x q[0:0:2];", "qubit[4] q; x q[4];", "qubit[4] q; x q[-5];", "qubit[4] q; x q[{0, 4}];", "qubit[4] q; x q[0:4];", "qubit[4] q; x q[1.5];", "qubit[4] q; x q[true];", "qubit q; x q[0]; x q[1];",
	"qubit[2] a; qubit[2] b; let c = a ++ b; cx a, b; cx a[0], b; cx c[0:1], c[2:3]; x c[2]; let d = c[{3, 0}]; x d[0];", "qubit[2] a; qubit[3] b; cx a, b;", "qubit[2] a; cx a, a;", "qubit[2] a; cx a[0], a[0];", "qubit a; let b = a; let c = 3;",
	"qubit[2] q; bit[3] c; c = measure q;", "qubit[2] q; bit[2] c; c[1] = measure q[0]; measure q[1] -> c[0]; measure q; bit d = measure q[0]; c[{1, 0}] = measure q;", "qubit q; int c = measure q;", "qubit[2] q; bit c; measure q -> c;",
	"qubit[2] q; reset q; reset q[1]; barrier q[0], q; barrier; delay[1ns] q[1]; delay[2us]; nop q;", "x $2; cx $0, $2; bit c; c = measure $2;", "qubit q; x $1; x q;",
	"qubit[4] q; x q[-4]; x q[::-1]; x q[:-1:2]; x q[2::-1]; x q[-1:-2:0]; x q[0:99:2]; x q[2:5:3]; x q[1:1:1]; x q[3:-1:]; x q[2:-2:]; x q[{1}]; x q[\"10\"]; x q[{-1, -4}];", "qubit[4] q; x q[1:4];", "qubit[4] q; x q[-5:1];", "qubit[4] q; cx q[{1}], q[2:3];", "qubit[4] q; cx q[1:1], q[2:3];", "qubit[4] q; cx q[1:1], q[2:2]; cx q[1], q[2:3];", "qubit q; bit b; b[0] = measure q;", "qubit q; let r = q; x r[0];",
	"qubit[2] q; bit[2] a; bit[2] b; let c = a ++ b; c[1] = measure q[0]; c[2] = measure q[1]; let d = b ++ a; d[3] = measure q[0];",
	// Bits: what is known, what is a copy, what nobody holds any more.
	"qubit[2] q; bit c; bit d; c = measure q[0]; d = c; c = measure q[1];", "bit[2] c = \"01\"; qubit q; x q;", "qubit q; bit[2] c = \"00\"; c[1] = measure q;", "qubit q; bit[2] c = \"10\"; c[0] = measure q;", "qubit q; bit[2] c; c[0] = measure q; c[1] = c[0];", "qubit q; bit c = measure q; bit d = 0; d = c;",
	"qubit q; bit c; bit d; c = measure q; d = c; c = 0; if (d) x q;", "qubit q; bit c; c = measure q; c = 0;", "def f(qubit a) { bit c = measure a; if (c) x a; } qubit[2] q; bit d = measure q[1]; f(q[0]); f(q[1]);", "def f(qubit a) { bit c = measure a; while (c) { x a; c = measure a; } } qubit q; bit d; f(q); d = measure q;",
	"def f(qubit[2] a) { bit[2] c = measure a; switch (c) { case 1 { x a[0]; } } } qubit[2] q; bit d; f(q); d = measure q[1];", "def f(qubit a) { bit c = measure a; } qubit q; bit d; f(q); d = measure q;", "qubit q; { bit c; c = measure q; if (c) x q; } bit d = measure q;", "bit[3] c; qubit q; c[2] = measure q; bit[2] d; d[0] = c[2];",
	// Physical qubits are in the order of their numbers, behind the declared ones.
	"x $10; x $2; cx $2, $10; z $0;", "qubit[2] q; x $3; x q[1]; qubit r; cx r, $1; bit c = measure $3;", "x $1; y $01; z $0;",
	// What the writer said in comments.
	"//qgan:phase 0.5\n//qgan:phase 0.25\nqubit q; x q;", "//qgan:phase NaN\n//qgan:phase Inf\n//qgan:phase\nqubit q; x q;", "//qgan:name v \"θ 1\"\n//qgan:name q \"left\"\n//qgan:name c \"in\"\n//qgan:name w w\ninput float v; input float w; qubit q; bit c; rx(v + w) q; c = measure q;",
	"//qgan:bits \"a\" 1 \"b c\" 2\n//qgan:qubits \"l\" 2 \"r\" 0\nqubit[2] q; bit[3] c; c[0:1] = measure q;", "//qgan:bits \"a\" 1 \"b\" 3\n//qgan:qubits \"l\" 1\nqubit[2] q; bit[3] c; c[0:1] = measure q;", "//qgan:bits a 3\n//qgan:qubits \"l\" -1 \"r\" 3\nqubit[2] q; bit[3] c; c[0:1] = measure q;",
	"//qgan:keep 1\nqubit[2] q; bit[2] c; c = measure q;", "//qgan:keep 0\nqubit[2] q; bit[1] c; bit d; c[0] = measure q[1]; d = measure q[0];", "//qgan:keep 1\nqubit[2] q; bit[2] c; c = measure q; if (c[1]) x q[0];", "//qgan:keep 1\nqubit[2] q; bit[2] c; c = measure q; if (c[0]) x q[0];", "//qgan:keep 1\nqubit[2] q; bit[2] c; c = measure q; switch (c) { case 2 { x q[0]; } }", "//qgan:keep 1\nqubit[2] q; bit[2] c; c = measure q; while (c[1]) { c[1] = measure q[1]; }", "//qgan:keep 2\nqubit[2] q; bit[2] c; c = measure q;", "//qgan:keep -1\n//qgan:keep x\nqubit[2] q; bit[2] c; c = measure q;", "//qgan:keep 1\nqubit[2] q; bit[2] c; bit d; c = measure q; d = measure q[0];",
	"//qgan:verbatim\n#pragma braket verbatim\nbox {\nx $0;\n}\n#pragma other\n#pragma braket noise\n", "//qgan:idle $10\n//qgan:idle $0\n//qgan:idle $x\n//qgan:idle 3\n//qgan:idle $\nx $2;",
	// Declarations and scopes.
	"qubit q; qubit q;", "int a = 1; { int a = 2; qubit r; }", "qubit q; { int a = 2; rx(a) q; } rx(a) q;", "const int n = 2; qubit[n] q; bit[n + 1] c; n = 3;", "int n = 2; qubit[n] q;", "qubit[0] q;", "qubit[-1] q;", "bit[2.5] c;", "bit[3] c = \"01\";", "bit[2] c = 5;", "int[0] a = 1;", "int[65] a = 1;", "uint[4] a = 2.5; float b = true; bool c = 2; bit d = 1; bit e = 2;",
	"qubit q; rx(y) q;", "qubit q; rx(q) q;", "qubit q; xx q;", "qubit q; h1 q;", "qubit q; rxx(1) q;", "qubit q; cx q;", "qubit q; rx q;", "qubit q; rx(1, 2) q;", "gate g a { } gate g a { }", "gate g a, a { }", "gate g(a) a { }", "gate g a { h b; }", "gate g a { measure a; }", "gate g a { g a; }", "gate x a { }", "def f(int a) -> int { return a + 1; } qubit q; rx(f(2)) q;", "def f(qubit a) { x a; } qubit[2] q; f(q[1]); f q[0];", "def f(qubit a) -> bit { return measure a; } qubit q; bit c = f(q); c = f(q);", "def f(int a) { f(a); } f(1);", "f(1);", "extern f(int) -> int; qubit q; rx(f(2)) q;",
	"input angle t; input float u; qubit q; rx(2 * t + u / 2 - 1) q; rz(t * u) q;", "input int n; qubit q; rx(n) q;", "output bit[2] r; bit[2] c; qubit[2] q; r = measure q; c[0] = measure q[1];", "input angle t; qubit q; rx(sin(t)) q;", "input angle t; qubit q; if (t > 1) x q;",
	// Modifiers.
	"qubit[4] q; ctrl @ x q[0], q[1]; ctrl(2) @ x q[0], q[1], q[2]; negctrl @ ctrl @ rx(0.5) q[2], q[1], q[0]; inv @ s q[0]; inv @ rx(0.5) q[0]; pow(2) @ t q[1]; ctrl @ gphase(0.25) q[3]; inv @ pow(2) @ ctrl @ s q[0], q[1];",
	"gate g(a) x, y { rx(a) x; cx x, y; rz(-a) y; } qubit[3] q; g(0.5) q[0], q[1]; inv @ g(0.5) q[0], q[1]; ctrl @ g(0.5) q[2], q[0], q[1]; pow(2) @ g(0.5) q[1], q[0];", "qubit q; ctrl @ x q, q;", "qubit[2] q; ctrl(0) @ x q[0];", "qubit[2] q; ctrl(1.5) @ x q[0], q[1];", "qubit[2] q; pow(q) @ x q[0];", "qubit[2] q; ctrl @ measure q[0];", "gphase(0.5); qubit q; U(0.1, 0.2, 0.3) q; gphase(0.25);", "qubit q; pow(1/3) @ x q; pow(1.0/3) @ rx(0.6) q; pow(0.5) @ z q;",
	"gate g a, b, c, d { h a; cx a, b; cx b, c; cx c, d; }\nqubit[8] q; ctrl(4) @ pow(0.5) @ g q[7], q[1], q[2], q[3], q[4], q[5], q[6], q[0]; negctrl(2) @ ctrl @ pow(0.5) @ g q[7], q[1], q[2], q[3], q[4], q[5], q[6];", "gate g a { x a; barrier a; z a; }\nqubit[3] q; ctrl @ g q[0], q[1]; inv @ g q[2]; negctrl @ ctrl(2) @ inv @ sx q[2], q[1], q[0], $7;",
	"qubit[4] q; ctrl @ ctrl @ gphase(0.5) q[0], q[1]; negctrl @ gphase(0.5) q[0]; negctrl @ ctrl @ gphase(0.5) q[0], q[1]; ctrl @ negctrl @ gphase(0.5) q[0], q[1]; ctrl @ p(0.5) q[0], q[1]; ctrl @ cp(0.5) q[0], q[1], q[2]; ctrl @ cx q[0], q[1], q[2]; ctrl @ ccx q[3], q[0], q[1], q[2]; negctrl @ cx q[0], q[1], q[2]; ctrl @ swap q[0], q[1], q[2]; ctrl @ sx q[0], q[1]; ctrl @ cz q[0], q[1], q[2];",
	"input float v; qubit[2] q; pow(0.5) @ rx(v + 7) q[0]; pow(0.5) @ crz(2 * v) q[0], q[1]; pow(2) @ rx(7) q[0]; pow(0.5) @ p(3) q[0]; pow(0.5) @ crx(-6) q[1], q[0]; pow(-1) @ ry(v - 1) q[1]; pow(0.5) @ z q[0]; pow(1.0/4) @ z q[0]; pow(0.3) @ sdg q[0]; pow(0.5) @ id q[1]; pow(-0.5) @ x q[1]; pow(0) @ h q[0];",
	// Control.
	"qubit[2] q; bit[2] c; c = measure q; if (c == 2) x q[0]; else y q[0]; if (c[0]) { x q[1]; } else if (!c[1]) z q[1]; if (true) h q[0]; if (false) h q[1]; else x q[1];",
	"qubit q; for int i in [0:2] rx(i) q; for int i in [4:-2:0] ry(i) q; for int i in {5, 3} rz(i) q; for bit b in \"10\" if (b) x q; for int i in [0:9] { if (i == 1) continue; if (i == 3) break; h q; }", "qubit q; for int i in [0:0:2] x q;", "qubit q; for int i in 3 x q;", "qubit q; bit c; for uint i in [0:1] { c = measure q; if (c) x q; }",
	"qubit q; int i = 0; while (i < 3) { i += 1; rx(i) q; }", "qubit q; bit c = measure q; while (c) { x q; c = measure q; }", "qubit q; while (true) x q;", "qubit q; bit c = measure q; while (c) { x q; break; }", "qubit q; break;", "qubit q; if (true) { continue; x q; } y q;", "x $0; end; y $0;", "qubit q; bit c = measure q; if (c) end; x q;",
	"qubit q; bit[2] c; c[0] = measure q; switch (c) { case 0, 1 { x q; } case 2 { y q; } default { z q; } } switch (2) { case 2 { h q; } default { s q; } }", "qubit q; bit[2] c; c[0] = measure q; switch (c) { case 1 { } case 1 { } }", "qubit q; bit c = measure q; switch (c) { case c { } }", "switch (1.5) { case 1 { } }", "qubit q; bit c = measure q; if (c + 1) x q;", "qubit q; bit[2] c; c[0] = measure q; int a = 1; if (c[0]) a = 2; rx(a) q;", "qubit q; bit c = measure q; bit d; d = c; if (d) x q; d = !c;", "return 1;",
	// Blocks in other words, and old forms.
	"qubit q; box { x q; } box[10ns] { y q; } \npragma a b\nx q;\n@note\ny q; cal { a } defcal x $0 { b }", "qubit[3] q; delay[0ns] q[0]; barrier q[1], q[1]; delay[1ns] q[2], q[2]; barrier q[2], q, q[0]; delay[0dt] q[1], q[0], q[1];", "defcal x $1 { a } defcal cz $1, $0 { b } defcal cz $0, $0, $2 { c }", "qubit[2] q; let a = q; stretch s; delay[s] q;", "box[1] { }", "delay[3] $0;", "delay[-1ns] $0;", "duration d = durationof({ x $0; });", "array[int, 2] a = {1, 2}; qubit q; rx(a[1]) q;", "include \"none.inc\";", "include \"stdgates.inc\"; qubit q; x q;", "complex z = 2im; qubit q; rx(real(z)) q;", "opaque g a; qubit q; g q;", "qreg a[2]; creg b[2]; measure a -> b; if (b == 1) x a[0];",
	"OPENQASM 2.0;\ninclude \"qelib1.inc\";\nqreg q[2]; creg c[2]; gate g(a) x, y { u3(a, 0, -a) x; CX x, y; barrier x; } g(pi/2) q[0], q[1]; opaque m(a) x; if (c == 3) g(0.5) q[1], q[0]; measure q -> c; reset q; barrier q;", "OPENQASM 2.0;\nqreg q[2]; U(0, 0, 0.5) q; CX q[0], q[1]; h q[0];", "OPENQASM 2.0;\ninclude \"qelib1.inc\";\nqreg q[2]; opaque m x; m q[0];", "OPENQASM 2.0;\ninclude \"qelib1.inc\";\nqreg q[1]; if (q == 1) x q[0];", "OPENQASM 2.0;\ninclude \"qelib1.inc\";\nqreg q[1]; creg c[1]; if (c < 1) x q[0];", "OPENQASM 2.0;\nqubit q;", "OPENQASM 2.0;\ninclude \"qelib1.inc\";\nqreg q[2]; creg c[1]; measure q -> c;",
}

// Each program is read into the same circuit, or refused in the same words.
func TestPrograms(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	for _, text := range programs {
		whole := text
		if !strings.HasPrefix(text, "OPENQASM") {
			whole = head3 + text
		}
		fmt.Fprintf(&b, "%s\n", text)
		d, err := Read("p.qasm", []byte(whole), ReadOptions{})
		if err == nil {
			c, e := d.Circuit()
			if err = e; e == nil {
				for _, r := range c.QubitRegs {
					fmt.Fprintf(&b, "  qubits %s %v", r.Name, r.Indices)
				}
				for _, r := range c.BitRegs {
					fmt.Fprintf(&b, "  bits %s %v", r.Name, r.Indices)
				}
				fmt.Fprintf(&b, "\n  %s\n", strings.ReplaceAll(strings.TrimSpace(c.String()), "\n", "\n  "))
			}
		}
		if err != nil {
			fmt.Fprintf(&b, "  %s\n", strings.ReplaceAll(err.Error(), "\n", "\n  "))
		}
	}
	golden := filepath.Join("testdata", "programs.golden")
	if *update {
		if err := os.WriteFile(golden, []byte(b.String()), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	got, lines := strings.Split(b.String(), "\n"), strings.Split(string(want), "\n")
	for i := range min(len(got), len(lines)) {
		if got[i] != lines[i] {
			t.Fatalf("line %d of %s:\ngot  %s\nwant %s", i+1, golden, got[i], lines[i])
		}
	}
	if len(got) != len(lines) {
		t.Fatalf("%d lines, %s has %d", len(got), golden, len(lines))
	}
}

// A controlled gate has one form: that of the table with as many closed controls as there
// are next to the gate, and the other controls, of which bit i of open says that i is open.
func TestControlledForms(t *testing.T) {
	t.Parallel()
	for call, want := range map[string]ir.Apply{
		"ctrl @ x q[0], q[1]":                                {Gate: ir.CX},
		"negctrl @ x q[0], q[1]":                             {Gate: ir.X, Controls: 1, Open: 1},
		"ctrl @ ctrl @ x q[0], q[1], q[2]":                   {Gate: ir.CCX},
		"ctrl @ negctrl @ x q[0], q[1], q[2]":                {Gate: ir.X, Controls: 2, Open: 2},
		"negctrl @ ctrl @ x q[0], q[1], q[2]":                {Gate: ir.CX, Controls: 1, Open: 1},
		"ctrl @ gphase(0.5) q[0]":                            {Gate: ir.P},
		"negctrl @ gphase(0.5) q[0]":                         {Gate: ir.GPhase, Controls: 1, Open: 1},
		"ctrl @ ctrl @ gphase(0.5) q[0], q[1]":               {Gate: ir.CP},
		"negctrl @ ctrl @ gphase(0.5) q[0], q[1]":            {Gate: ir.P, Controls: 1, Open: 1},
		"pow(0.5) @ negctrl @ ctrl @ gphase(0.5) q[0], q[1]": {Gate: ir.P, Controls: 1, Open: 1},
		"ctrl @ negctrl @ gphase(0.5) q[0], q[1]":            {Gate: ir.GPhase, Controls: 2, Open: 2},
		"ctrl(2) @ negctrl @ gphase(1) q[0], q[1], q[2]":     {Gate: ir.GPhase, Controls: 3, Open: 4},
	} {
		c := read(t, head3+"qubit[3] q; "+call+";")
		got, ok := c.Ops[0].(*ir.Apply)
		if !ok || len(c.Ops) != 1 || got.Gate != want.Gate || got.Controls != want.Controls || got.Open != want.Open || !slices.IsSorted(got.Qubits) {
			t.Errorf("%s is %+v, want %+v", call, c.Ops[0], want)
		}
	}
}

// Every declared bit has a place of its own, in the order of the declarations, whatever it was
// given.
func TestPlacesOfBits(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"c = measure q;":                            "[{c [0 1]} {d [2 3]}]",
		"d = measure q; c = d;":                     "[{c [0 1]} {d [2 3]}]",
		"c = measure q; d = c; c = \"00\";":         "[{c [0 1]} {d [2 3]}]",
		"c = measure q; d = c; c[1] = 0;":           "[{c [0 1]} {d [2 3]}]",
		"d[0] = measure q[1]; c[1] = measure q[0];": "[{c [0 1]} {d [2 3]}]",
	} {
		c := read(t, head3+"qubit[2] q; bit[2] c; bit[2] d; "+text)
		if got := fmt.Sprint(c.BitRegs); got != want {
			t.Errorf("%s has the registers %s of %d bits, want %s", text, got, c.Bits, want)
		}
	}
}

// A chain of definitions is as deep as its limit, and no deeper; whether a gate that calls
// itself is called or not, it is refused.
func TestDeepGates(t *testing.T) {
	t.Parallel()
	deep := func(n int) string {
		var b strings.Builder
		b.WriteString("gate g0 a { x a; } ")
		for i := range n {
			fmt.Fprintf(&b, "gate g%d a { g%d a; } ", i+1, i)
		}
		fmt.Fprintf(&b, "qubit q; g%d q;", n)
		return b.String()
	}
	for text, want := range map[string]string{
		deep(maxNested - 1): "",
		deep(maxNested):     "definitions of gates call each other more than 512 deep",
		"OPENQASM 2.0; qreg q[1]; gate g a { g a; } g q[0];":                           "gate 'g' calls itself",
		"OPENQASM 2.0; qreg q[1]; gate g a { g a; }":                                   "gate 'g' calls itself",
		"gate g a { for int i in [0:1] { g a; } } qubit q; g q;":                       "gate 'g' is not defined",
		"def f(qubit q) { f(q); } qubit q; f(q);":                                      "subroutines call each other more than 64 deep",
		"def f(qubit q) { f(q); f(q); } qubit q; f(q);":                                "subroutines call each other more than 64 deep",
		"def f(qubit q, int n) { if (n > 0) { f(q, n - 1); x q; } } qubit q; f(q, 3);": "",
	} {
		_, err := Read("p", []byte(text), ReadOptions{})
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%.60s: %v, want %q", text, err, want)
		}
	}
}
