package qasm

import (
	"fmt"
	"io/fs"
	"math"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"qgan/ir"
)

const (
	head3 = "OPENQASM 3.0;\ninclude \"stdgates.inc\";\n"
	bell  = "gate bell a, b { h a; cx a, b; }\n"
	head2 = "OPENQASM 2.0;\ninclude \"qelib1.inc\";\n"
)

// read returns the circuit of a program.
func read(t *testing.T, text string) *ir.Circuit {
	t.Helper()
	d, err := Read("p.qasm", []byte(text), ReadOptions{})
	if err != nil {
		t.Fatalf("%s\n%v", text, err)
	}
	c, err := d.Circuit()
	if err != nil {
		t.Fatalf("%s\n%v", text, err)
	}
	return c
}

func unitary(t *testing.T, c *ir.Circuit) ir.Matrix {
	t.Helper()
	u, err := ir.UnitaryOf(c, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// Programs that are the same operator, global phase included.
func TestMeaning(t *testing.T) {
	t.Parallel()
	for _, k := range []struct{ text, want string }{
		// Division and powers by version.
		{head3 + "qubit q; rx(1/2) q;", head3 + "qubit q; rx(0.0) q;"},
		{head2 + "qreg q[1]; rx(1/2) q[0];", head3 + "qubit q; rx(0.5) q;"},
		{head2 + "qreg q[1]; rx(-2^2) q[0]; ry(2^3^2) q[0];", head3 + "qubit q; rx(-4.0) q; ry(512.0) q;"},
		{head3 + "qubit q; rx(-2**2) q; ry(7/2*1.0) q;", head3 + "qubit q; rx(-4.0) q; ry(3.0) q;"},
		// Modifiers.
		{head3 + "qubit q; pow(0.5) @ x q;", head3 + "qubit q; sx q;"},
		{head3 + "qubit q; pow(1/2) @ x q;", head3 + "qubit q;"},
		{head3 + "qubit q; pow(-2) @ s q;", head3 + "qubit q; sdg q; sdg q;"},
		{head3 + "qubit q; pow(0.5) @ h q; pow(0.5) @ h q;", head3 + "qubit q; h q;"},
		{head3 + "qubit q; pow(1/3.0) @ y q; pow(2/3.0) @ y q;", head3 + "qubit q; y q;"},
		{head3 + "qubit[2] q; pow(0.5) @ swap q[0], q[1]; pow(0.5) @ swap q[0], q[1];", head3 + "qubit[2] q; swap q[0], q[1];"},
		{"qubit[2] q; pow(0.5) @ iswap q[0], q[1]; pow(0.5) @ iswap q[0], q[1];", "qubit[2] q; iswap q[0], q[1];"},
		{"qubit[2] q; pow(0.5) @ ecr q[0], q[1]; pow(0.5) @ ecr q[0], q[1];", "qubit[2] q; ecr q[0], q[1];"},
		{head3 + "qubit q; pow(0.5) @ U(1, 2, 3) q; pow(0.5) @ U(1, 2, 3) q;", head3 + "qubit q; U(1, 2, 3) q;"},
		{head3 + "qubit[2] q; ctrl @ pow(0.5) @ x q[0], q[1];", "qubit[2] q; csx q[0], q[1];"},
		{head3 + "qubit[2] q; ctrl @ gphase(0.3) q[1];", head3 + "qubit[2] q; p(0.3) q[1];"},
		{head3 + "qubit[3] q; ctrl @ inv @ s q[2], q[0]; negctrl @ x q[0], q[1];", head3 + "qubit[3] q; cp(-pi/2) q[2], q[0]; x q[0]; cx q[0], q[1]; x q[0];"},
		{head3 + "qubit[3] q; negctrl @ ctrl @ x q[0], q[1], q[2];", head3 + "qubit[3] q; x q[0]; ccx q[0], q[1], q[2]; x q[0];"},
		{head3 + "gate g a { U(pi/2, 0, pi) a; gphase(-pi/4); } qubit[2] q; ctrl @ g q[0], q[1];", head3 + "qubit[2] q; ch q[0], q[1];"},
		{head3 + "gate g(a) p, q { h p; rx(a) q; cx p, q; } qubit[2] q; inv @ g(0.4) q[0], q[1];", head3 + "qubit[2] q; cx q[0], q[1]; rx(-0.4) q[1]; h q[0];"},
		// Fractional powers of definitions on several qubits.
		{head3 + bell + "qubit[2] q; pow(0.5) @ bell q[0], q[1]; pow(0.5) @ bell q[0], q[1];", head3 + bell + "qubit[2] q; bell q[0], q[1];"},
		{head3 + bell + "qubit[3] q; pow(0.3) @ inv @ pow(1/3.0) @ bell q[2], q[0]; pow(0.1) @ bell q[2], q[0];", head3 + "qubit[3] q;"},
		{head3 + bell + "qubit[4] q; negctrl @ ctrl @ pow(-0.5) @ bell q[3], q[1], q[2], q[0]; pow(0.5) @ ctrl @ negctrl @ bell q[1], q[3], q[2], q[0];",
			head3 + "qubit[4] q;"},
		{head3 + bell + "gate both a, b, c { pow(0.5) @ bell a, b; h c; } qubit[3] q; pow(0.25) @ both q[0], q[1], q[2]; pow(0.75) @ both q[0], q[1], q[2];",
			head3 + bell + "qubit[3] q; pow(0.5) @ bell q[0], q[1]; h q[2];"},
		{head3 + "gate g a { gphase(1.5); } qubit q; pow(0.5) @ g q; pow(0.5) @ g q;", head3 + "qubit q; gphase(1.5);"},
		{head3 + "qubit q; pow(4096) @ h q;", head3 + "qubit q;"},
		// And on one qubit, where a root stays a gate: the order of its gates, phases, controls that
		// act on 0 or differ, roots near a diagonal and off it.
		{head3 + "gate g a { h a; t a; gphase(0.3); }\nqubit q; pow(0.5) @ g q; pow(0.5) @ g q;", head3 + "qubit q; h q; t q; gphase(0.3);"},
		{head3 + "gate g c, a { ctrl @ h c, a; ctrl @ t c, a; ctrl @ gphase(0.3) c; }\nqubit[2] q; pow(0.25) @ g q[1], q[0]; pow(0.75) @ g q[1], q[0];", head3 + "qubit[2] q; ch q[1], q[0]; ctrl @ t q[1], q[0]; p(0.3) q[1];"},
		{head3 + "gate g c, a { negctrl @ h c, a; ctrl @ t c, a; }\nqubit[2] q; pow(0.25) @ g q[1], q[0]; pow(0.75) @ g q[1], q[0];", head3 + "qubit[2] q; negctrl @ h q[1], q[0]; ctrl @ t q[1], q[0];"},
		{head3 + "gate g c, a { negctrl @ h c, a; negctrl @ t c, a; }\nqubit[2] q; pow(0.25) @ g q[1], q[0]; pow(0.75) @ g q[1], q[0];", head3 + "qubit[2] q; negctrl @ h q[1], q[0]; negctrl @ t q[1], q[0];"},
		{head3 + "gate g a { rx(2e-4) a; rz(0.3) a; }\nqubit q; pow(0.5) @ g q; pow(0.5) @ g q;", head3 + "qubit q; rx(2e-4) q; rz(0.3) q;"},
		{head3 + "gate g a { rz(0.4) a; rx(2*pi/3) a; rz(-0.4) a; }\nqubit q; pow(1.5) @ g q;", head3 + "qubit q; rz(0.4) q; rx(pi) q; rz(-0.4) q;"},
		{head3 + "gate g a { rz(0.4) a; rx(2*pi/3 + 1e-4) a; rz(-0.4) a; }\nqubit q; pow(1.5) @ g q;", head3 + "qubit q; rz(0.4) q; rx(pi + 1.5e-4) q; rz(-0.4) q;"},
		{head3 + "gate g a { rz(0.4) a; s a; gphase(-1); }\nqubit q; pow(0.5) @ g q;", head3 + "qubit q; rz(0.2) q; t q; gphase(-0.5);"},
		{head3 + "qubit[2] q; pow(0.5) @ rx(7) q[0]; pow(0.25) @ crz(-7) q[1], q[0]; pow(0.5) @ cp(4) q[0], q[1];", head3 + "qubit[2] q; rx(3.5 - 2*pi) q[0]; crz(-7/4.0 + pi) q[1], q[0]; cp(2 - pi) q[0], q[1];"},
		{head3 + "gate g { gphase(3); }\nqubit[2] q; pow(0.5) @ g; ctrl @ pow(-0.5) @ g q[1];", head3 + "qubit[2] q; gphase(1.5); p(-1.5) q[1];"},
		{head3 + "gate g a, b, c, d { h a; cx a, b; cx b, c; cx c, d; }\nqubit[8] q; negctrl(2) @ ctrl(2) @ pow(0.5) @ g q[7], q[1], q[2], q[3], q[4], q[5], q[6], q[0]; negctrl @ negctrl @ ctrl @ ctrl @ pow(0.5) @ g q[7], q[1], q[2], q[3], q[4], q[5], q[6], q[0];",
			head3 + "gate g a, b, c, d { h a; cx a, b; cx b, c; cx c, d; }\nqubit[8] q; negctrl(2) @ ctrl(2) @ g q[7], q[1], q[2], q[3], q[4], q[5], q[6], q[0];"},
		// Operands.
		{head3 + "qubit[2] a; qubit[2] b; cx a, b;", head3 + "qubit[2] a; qubit[2] b; cx a[0], b[0]; cx a[1], b[1];"},
		{head3 + "qubit[2] a; qubit[2] b; cx a[0], b;", head3 + "qubit[2] a; qubit[2] b; cx a[0], b[0]; cx a[0], b[1];"},
		{head3 + "qubit[4] q; let a = q[1:3]; x a[-1]; h a[{0, 1}]; let b = a[0:2:2] ++ q[0]; z b;", head3 + "qubit[4] q; x q[3]; h q[1]; h q[2]; z q[1]; z q[3]; z q[0];"},
		{head3 + "qubit[4] q; h q[3:-2:0]; x q[:1];", head3 + "qubit[4] q; h q[3]; h q[1]; x q[0]; x q[1];"},
		// Classical values.
		{head3 + "const int n = 3; qubit[n] q; for uint i in [0:n-1] { rx(i*0.5) q[i]; }", head3 + "qubit[3] q; rx(0.0) q[0]; rx(0.5) q[1]; rx(1.0) q[2];"},
		{head3 + "qubit q; int i = 0; while (i < 3) { i += 1; if (i == 2) continue; rx(i) q; }", head3 + "qubit q; rx(1.0) q; rx(3.0) q;"},
		{head3 + "qubit q; uint[2] i = 3; i += 2; rx(i) q; bit[4] b = \"0110\"; if (b[1]) h q; if (b[0]) x q;", head3 + "qubit q; rx(1.0) q; h q;"},
		{head3 + "def f(qubit q, float a) { rx(2*a) q; } qubit[2] r; f(r[1], 0.25);", head3 + "qubit[2] r; rx(0.5) r[1];"},
		{head3 + "qubit q; angle[4] a = pi/2; rz(a) q; rz(sin(pi/2) + arccos(1.0)) q;", head3 + "qubit q; rz(pi/2) q; rz(1.0) q;"},
		{head3 + "qubit q; switch (3) { case 1, 3 { x q; } default { h q; } }", head3 + "qubit q; x q;"},
	} {
		if d := unitary(t, read(t, k.text)).Distance(unitary(t, read(t, k.want))); d > 1e-12 {
			t.Errorf("%s\nis %g away from\n%s", k.text, d, k.want)
		}
	}
}

// What depends on measured bits becomes blocks.
func TestBlocks(t *testing.T) {
	t.Parallel()
	const qc = head3 + "qubit[2] q; bit[2] c; c = measure q; "
	for _, k := range []struct{ text, want string }{
		{qc + "if (c[0]) x q[0];", "if {c0} == 1 {"},
		{qc + "if (!c[1]) x q[0]; else h q[1];", "if !{c1} == 1 {"},
		{qc + "if (c == 2) x q[0];", "if {c0 c1} == 2 {"},
		{qc + "if (c[0] ^ c[1]) x q[0];", "if (({c0} == 1 && !{c1} == 1) || (!{c0} == 1 && {c1} == 1)) {"},
		{qc + "if (int[2](c) >= 1 && c[0] == false) x q[0];", "{c0} == 0"},
		{qc + "while (c[1] == 1) { reset q[1]; c[1] = measure q[1]; }", "while {c1} == 1 {"},
		{qc + "switch (c) { case 0 { x q[0]; } default { } }", "switch c0 c1\ncase 0 {"},
		{head2 + "qreg q[1]; creg c[2]; if(c==1) x q[0]; measure q[0] -> c[0];", "if {c0 c1} == 1 {\n  x q0\n}\nmeasure q0 -> c0"},
		{head3 + "qubit q; bit c; bit d; c = measure q; d = c; c = measure q; if (d) x q;", "measure q0 -> c1\nmeasure q0 -> c0\nif {c1} == 1 {"},
		{head3 + "def f(qubit q) -> bit { h q; return measure q; } qubit q; bit c = f(q);", "h q0\nmeasure q0 -> c0"},
		{head3 + "qubit q; bit[2] f = \"11\"; while (f != 0) { f[0] = measure q; f[1] = measure q; }", "measure q0 -> c0\nmeasure q0 -> c1\nwhile {c0 c1} != 0 {"},
		{head3 + "qubit q; measure q;", "measure q0\n"},
	} {
		if got := read(t, k.text).String(); !strings.Contains(got, k.want) {
			t.Errorf("%s\ngave\n%swithout\n%s", k.text, got, k.want)
		}
	}
}

// What a valid program holds and a circuit cannot is named.
func TestUnsupported(t *testing.T) {
	t.Parallel()
	for _, k := range []struct{ text, want string }{
		{"extern f(int) -> int; int x = f(3);", "a call of the extern function f"},
		{"stretch s; delay[s];", "stretch"},
		{"complex[float[64]] z = 2 + 3im;", "a complex number"},
		{"input int[8] n; qubit q; if (n == 2) x q;", "the input 'n' of type int, which has no value"},
		{"input float a; input float b; qubit q; rx(a*b) q;", "an expression that is not linear in the inputs"},
		{"input float a; qubit q; rx(sin(a)) q;", "sin of an input"},
		{"qubit[11] q; bit[11] c = measure q; rx(uint[11](c)) q[0];", "an angle that depends on more than 10 measured bits"},
		{"qubit q; while (true) { h q; }", "a loop without an end"},
		{"duration d = durationof({ });", "durationof"},
		{"defcal mine $0 { } mine $0;", "the gate 'mine', which has no definition"},
		{"OPENQASM 2.0; opaque g a; qreg q[1]; g q[0];", "the gate 'g', which has no definition"},
	} {
		d, err := Read("p", []byte(k.text), ReadOptions{})
		if err != nil {
			t.Errorf("%s: %v", k.text, err)
			continue
		}
		if d.Runnable() || d.Unsupported[0].Construct != k.want {
			t.Errorf("%s: got %v, want %s", k.text, d.Unsupported, k.want)
		}
		if _, err := d.Circuit(); err == nil || !strings.Contains(err.Error(), k.want) {
			t.Errorf("%s: %v", k.text, err)
		}
	}
}

// Each mistake in meaning is told with its place.
func TestMistakes(t *testing.T) {
	t.Parallel()
	for _, k := range []struct{ text, want string }{
		{head3 + "qubit[2] q;\nh q[2];", "p:4:5: index 2 is out of range: 'q' has 2 elements"},
		{head3 + "qubit q; cx q, q;", "p:3:16: gate 'cx' acts on a qubit twice"},
		{head3 + "qubit q; rx q;", "p:3:10: gate 'rx' takes 1 parameter, 0 given"},
		{head3 + "qubit q; cx q;", "p:3:10: gate 'cx' acts on 2 qubits, 1 given"},
		{head3 + "qubit alice; h alise;", "hint: did you mean 'alice'?"},
		{head3 + "qubit q; qubit q;", "p:3:16: 'q' is declared already, at p:3:7"},
		{head3 + "qubit q; bogus q;", "p:3:10: gate 'bogus' is not defined"},
		{head3 + "bit c; h c;", "p:3:10: qubits are wanted, these are bits"},
		{head3 + "qubit[2] a; qubit[3] b; cx a, b;", "a register of 3 qubits stands beside one of 2"},
		{head3 + "qubit q; int x = 1/0;", "division by zero"},
		{head3 + "const int x = 1; x = 2;", "'x' is constant"},
		{head3 + "gate g q { h q; } gate g q { x q; }", "'g' is declared already, at p:3:6"},
		{head3 + "gate a q { a q; }", "gate 'a' calls itself"},
		{head3 + "gate a q { b q; } gate b q { a q; }", "gate 'b' is not defined"},
		{head3 + "def f() { return 1; } return;", "return stands outside of a subroutine"},
		{head3 + "def f(qubit q) { f(q); } qubit q; f(q);", "subroutines call each other more than 64 deep"},
		{head3 + "include \"../secret.inc\";", "the path leads out of the directory of the program"},
		{head3 + "array[bit[8], 2] x;", "an array can't hold elements of type bit"},
		{head2 + "qreg q[1];\ncreg crz[2];", "p:4:6: 'crz' is declared already: it is a gate of qelib1.inc, included at p:2:1"},
	} {
		_, err := Read("p", []byte(k.text), ReadOptions{})
		if err == nil || !strings.Contains(err.Error(), k.want) {
			t.Errorf("%s:\ngot  %v\nwant %s", k.text, err, k.want)
		}
	}
}

// Hostile programs end with an error in bounded time.
func TestHostile(t *testing.T) {
	doubling := "gate g0 q { x q; }\n"
	for i := range 60 {
		doubling += fmt.Sprintf("gate g%d q { g%d q; g%d q; }\n", i+1, i, i)
	}
	for _, k := range []struct{ name, text, want string }{
		{"zero bytes", "", "the file is empty"},
		{"blanks", " \r\n\t", "the file is empty"},
		{"binary", "\x7fELF\x02\x01\x00\xff\xfe", "stands for nothing in OpenQASM"},
		{"not UTF-8", "qubit \xff;", "the text is not UTF-8 here"},
		{"itself", head3 + "include \"p\";", "\"p\" includes itself"},
		{"qubits", "qubit[1000000000] q;", "a register of 1000000000 qubits"},
		{"bits", "bit[1000000000] c;", "a register of 1000000000 bits is too large"},
		{"300 digits", "qubit[" + strings.Repeat("9", 300) + "] q;", "too large"},
		{"100,000 digits", "int a = " + strings.Repeat("9", 100_000) + ";", "an integer of 100000 digits"},
		{"turns", "qubit q; for int i in [1:1000000000000] { x q; }", "the loop has 1000000000000 turns"},
		{"empty turns", "for int i in [1:4000000] { for int j in [1:4000000] { } }", "too many"},
		{"while", "int i = 0; while (i < 1) { i -= 1; }", "too many"},
		{"doubling", doubling + "qubit q; g60 q;", "too many"},
		{"power", "qubit q; pow(1000000000) @ x q;", "a gate repeated 1e+09 times"},
		{"barriers", "qubit[1000000] q;" + strings.Repeat("barrier q;", 1000), "too many"},
		{"broadcast", "qubit[1000000] q;" + strings.Repeat("U(1,2,3) q;", 1000), "too many"},
		{"shift", "int a = 1 << 1000000000000; int b = 2 ** 9223372036854775807;", "out of the range"},
		{"controls", "qubit q; ctrl(1000000000) @ x q;", "1000000000 controls"},
		{"long bodies", "for int i in [1:4000000] { " + strings.Repeat("int a = i; ", 1) + strings.Repeat("a += 1; ", 100) + "}", "too many"},
		{"infinite", "qubit q; rx(1e308*10) q;", "is no number"},
	} {
		began := time.Now()
		_, err := Read("p", []byte(k.text), ReadOptions{Include: []fs.FS{fstest.MapFS{"p": {Data: []byte(k.text)}}}})
		if err == nil || !strings.Contains(err.Error(), k.want) {
			t.Errorf("%s: got %.300v, want %s", k.name, err, k.want)
		}
		if d := time.Since(began); d > 10*time.Second {
			t.Errorf("%s took %v", k.name, d)
		}
	}
	for name, text := range map[string]string{
		"byte order mark": "\ufeff" + head3 + "qubit q; h q;",
		"CRLF":            strings.ReplaceAll(head3+"qubit q;\nh q;\n", "\n", "\r\n"),
		"no last newline": head2 + "qreg q[1]; // end",
		"one long line":   head3 + "qubit q; " + strings.Repeat("h q; ", 100_000),
		"declarations":    head2 + "qreg q[2]; creg c[2];",
		"large condition": head2 + "qreg q[1]; creg c[301]; if(c==" + strings.Repeat("9", 70) + ") x q[0];",
	} {
		if _, err := Read("p", []byte(text), ReadOptions{}); err != nil {
			t.Errorf("%s: %.300v", name, err)
		}
	}
}

// Files are included from the directories given, and from nowhere else.
func TestInclude(t *testing.T) {
	t.Parallel()
	dir := fstest.MapFS{
		"mine.inc":     {Data: []byte("gate mine q { h q; }")},
		"sub/deep.inc": {Data: []byte("gate deep q {\n  h p;\n}")},
		"loop.inc":     {Data: []byte("include \"loop.inc\";")},
	}
	for i := range maxIncludes + 1 { // a chain of files, the last one without another
		dir[fmt.Sprintf("%d.inc", i)] = &fstest.MapFile{Data: fmt.Appendf(nil, "include \"%d.inc\";", i+1)}
	}
	dir[fmt.Sprintf("%d.inc", maxIncludes+1)] = &fstest.MapFile{}
	opt := ReadOptions{Include: []fs.FS{fstest.MapFS{}, dir}}
	d, err := Read("p", []byte(head3+"include \"mine.inc\"; qubit q; mine q;"), opt)
	if err != nil || d.Understood().Count()["h"] != 1 {
		t.Errorf("%v", err)
	}
	if _, err := Read("p", []byte("include \"2.inc\";"), opt); err != nil {
		t.Errorf("%d files in each other: %v", maxIncludes, err)
	}
	for path, want := range map[string]string{
		"1.inc":          fmt.Sprintf("%d.inc:1:1: more than %d files include each other", maxIncludes, maxIncludes),
		"sub/deep.inc":   "sub/deep.inc:2:5: 'p' is not defined",
		"loop.inc":       "loop.inc:1:1: \"loop.inc\" includes itself",
		"none.inc":       "including \"none.inc\": file does not exist",
		"/etc/hostname":  "leads out of the directory",
		"../p":           "leads out of the directory",
		"sub/../../none": "leads out of the directory",
	} {
		if _, err := Read("p", []byte("include \""+path+"\";"), opt); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", path, err, want)
		}
	}
}

// Gates that no library was included for have the meaning of the table, and one
// note says so.
func TestGuessedGates(t *testing.T) {
	t.Parallel()
	d, err := Read("p", []byte("OPENQASM 3.0; qubit[2] q; h q[0]; rzz(0.5) q[0], q[1]; h q[1]; cnot q[0], q[1];"), ReadOptions{})
	if err != nil || len(d.Notes) != 1 || !strings.HasSuffix(d.Notes[0], ": cnot, h, rzz") {
		t.Errorf("%v, %q", err, d.Notes)
	}
	if d, err = Read("p", []byte(head3+"qubit q; h q;"), ReadOptions{}); err != nil || len(d.Notes) != 0 {
		t.Errorf("%v, %q", err, d.Notes)
	}
}

// Inputs become data symbols, linear in every angle.
func TestInputs(t *testing.T) {
	t.Parallel()
	c := read(t, head3+"input float[64] θ; input angle phi; qubit q; rx(2*θ - phi/3 + pi) q; U(θ, phi, 0) q;")
	if got := c.String(); !strings.Contains(got, "data θ phi") || !strings.Contains(got, "rx(3.141592653589793 + 2*θ - 0.3333333333333333*phi)") {
		t.Error(got)
	}
}

// Angles come back to the last bit, whatever the dialect writes them as.
func TestAnglesSurvive(t *testing.T) {
	t.Parallel()
	for _, x := range []float64{1.0 / 4096, -math.Pi + 4e-8, math.Pi / 17, 1e-10, 3e-1, -0.4 + 0.1, math.Pi / 4096, 5e-324, math.MaxFloat64, 3 * math.Pi / 4} {
		c := ir.New(1, 0)
		c.Gate(ir.P, []int{0}, ir.Const(x))
		for i := range dialects {
			if dialects[i].only || dialects[i].foreign() {
				continue
			}
			p, err := Print(c, Options{Dialect: dialects[i].name})
			if err != nil {
				t.Fatal(err)
			}
			back := read(t, p.Text)
			if a, ok := back.Ops[0].(*ir.Apply); !ok || a.Angles[0].Const != x {
				if dialects[i].name != "ionq-json" {
					t.Errorf("%v in %s came back as %v", x, dialects[i].name, back)
				}
			}
		}
	}
}
