package qasm

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// xors is the sum modulo 2 of so many bits of c, the first one first.
func xors(first, n int) string {
	terms := make([]string, n)
	for i := range terms {
		terms[i] = fmt.Sprintf("c[%d]", first+i)
	}
	return "(" + strings.Join(terms, "^") + ")"
}

// spoken are programs for what else the reader says, beside those of TestPrograms: mistakes,
// what no circuit holds, and notes. Where a line has no version it is of version 3.
var spoken = []string{
	// Values.
	"int a = {1, 2};", "qubit q; bit c; c ^= measure q;", "rx($1) $0;", "qubit q; rx(-\"01\") q;", "qubit q; rx(~0.5) q;", "int a = 9223372036854775808 + 1;", "int a = 1 - 9223372036854775808;", "int a = 1 / 0; int b = 1 % 0;", "int a = 1 << -1; int b = 1 >> -2;", "int a = 1 ++ 2;", "int a = 9223372036854775807 + 1;",
	"float a = 1.0 / 0;", "float a = 1.5 & 2;", "float a = 1e308 * 10;", "duration a = 1us + 3dt;", "float a = 1us / 0us;", "duration a = 1us / 0;", "duration a = 1us + 1;", "duration a = 1us * 1us;", "duration a = 2 / 1us;", "int f = 1; int a = f(2);", "float a = sin(1, 2);", "float a = sin();",
	"qubit[2] q; bit[2] c = measure q; int a = popcount(c);", "qubit[2] q; bit[2] c = measure q; float a = sin(uint[2](c));", "float a = sqrt(-1);", "float a = sin(\"01\");", "float a = exp(1us);", "int a = sizeof();", "int a = sizeof(1, 2, 3);", "array[int, 2] b; int a = sizeof(b, 0);", "int a = popcount(1.5);", "int a = rotl(1.5, 1);", "int a = rotr(\"01\", 1.5);", "int a = nothing(1);", "duration a = durationof({ x nothing; });", "extern g(int) -> int; int a = g(nothing); int b = g(1);", "qubit q; bit c = measure q; float a = sin(c == 1);", "int a = 2; a[0, 1];",
	"qubit q; if (1us) x q;", "qubit q; bit c = measure q; float a = c;", "qubit[2] q; bit[2] c = measure q; angle[2] a = c;", "angle[4] a = \"011\";", "duration a = 1;", "input float t; int a = t;", "angle b = 1; int a = b;", "int a = 1e30; int b = -1e30;", "int a = 1us;", "input angle t; angle[4] a = t; bit[4] b = bit[4](a);", "bit[4] b = bit[4](0.5);", "bit[4] b = 0.5;", "bit b; float a = b[0];", "float b = 1; float a = b[0];", "int a = qubit(1);", "void a;", "int a = void(1);",
	// Comparisons and conditions.
	"qubit q; if (1us < 3dt) x q;", "qubit q; if (1us == 2) x q;", "qubit q; bit c = measure q; if (c < 0.5) x q;", "qubit q; angle a = 1; bit c = measure q; if (a == int[1](c)) x q;", "qubit[4] q; bit[4] c = measure q; if (int[2](c[0:1]) == uint[2](c[2:3])) x q[0];", "qubit[4] q; bit[4] c = measure q; if (c[0:1] < c[2:3]) x q[0];", "qubit[2] q; bit[2] c = measure q; if ((\"01\" << uint[2](c)) == 1) x q[0];",
	"qubit[40] q; bit[40] c = measure q; if " + xors(0, 12) + " x q[0];", "qubit[40] q; bit[40] c = measure q; if (" + xors(0, 10) + " && " + xors(10, 10) + ") x q[0];", "qubit[40] q; bit[40] c = measure q; if (" + xors(0, 10) + " || " + xors(10, 10) + ") x q[0];",
	"qubit q; bit d = measure q; bit c = 1; if (d) c = measure q;", "qubit q; bit c; bit d; c = measure q; d = c; if (d) { c = measure q; }", "qubit q; bit c; bit d = measure q; if (d) { c = 1; }", "qubit[2] q; bit[2] c = measure q; bit[2] d = measure q; switch (c ^ d) { case 0 { x q[0]; } }", "OPENQASM 2.0;\ninclude \"qelib1.inc\";\nqreg q[1]; creg c[1]; if (c) x q[0];",
	"qubit[2] q; bit[2] c = measure q; int[65] a = c; a = a * a;", "qubit[2] q; bit[2] c = measure q; int a = int[8](c) ** 2;", "qubit[2] q; bit[2] c = measure q; int[8] a = c; a = a / 3;", "qubit[2] q; bit[2] c = measure q; bit[2] a = rotl(c, uint[2](c));", "qubit q; bit c = measure q; float a = 1; if (c) a = 2;",
	"bool a; a[0] = true;", "qubit q; bit c = measure q; bit[2] a = int[2](c) << -1;", "qubit q; bit c = measure q; float a; a[0] = 1;",
	// Loops and subroutines.
	"def f(qubit a) -> float { bit c = measure a; if (c) { return 0.5; } return 1.5; } qubit q; float r = f(q);", "break;", "output float a;",
	chain("def f%[2]d(qubit a) { f%[1]d(a); f%[1]d(a); }", "def f0(qubit a) { x a; }", "qubit q; f60(q);"), chain("gate g%[2]d a { g%[1]d a; g%[1]d a; }", "gate g0 a { x a; }", "qubit q; g60 q;"),
	"qubit q; for int i in [0:5000000] x q;", "qubit q; for int i in [0:] x q;", "qubit q; for int i in [:2] x q;", "def f(int a) { } f(1, 2); f();", "def f(qubit a, qubit[2] b) { } qubit[3] q; f(q[0], q);", "def f() { end; } f();", "def f(qubit a) -> bit { bit c = measure a; if (c) { return c; } return c; } qubit q; bit r = f(q);", "def f(qubit a) { } qubit q; ctrl @ f q;", "extern g(int) -> int; qubit q; inv @ g q;",
	// Numbers by cases.
	"qubit[11] q; bit[11] c = measure q; rx(uint[11](c)) q[0];", "qubit[2] q; bit[2] c = measure q; int a = 8 / uint[2](c); x q[uint[2](c)]; cx q[0], q[c[0] + c[1]];", "qubit[2] q; bit[2] c = measure q; uint[2] k = c; int a = 8 / (k & 0);", "qubit[2] q; bit[2] c = measure q; x q[2 + uint[1](c[0])];",
	"qubit[2] q; bit[2] c = measure q; uint[8] n = 1; if (int[n[uint[2](c)]](1) == 1) x q[0];", "qubit[2] q; bit[2] c = measure q; while (int[1 + uint[1](c[0])](1) == 1) { }", "qubit[2] q; bit[2] c = measure q; box[uint[1](c[0]) * 10ns] { x q[0]; }", "qubit[2] q; bit[2] c = measure q; bit d = measure q[uint[2](c)];",
	"def f(qubit a) -> uint[1] { bit c = measure a; return c; } qubit[2] q; rx(f(q[0])) q[f(q[1])];", "qubit[9] q; bit[9] c = measure q; float a = 0; if (c[0]) { a = uint[9](c); } rx(a) q[0];", "qubit q; bit c = measure q; float a = 1; while (c) { a = a / 2; c = measure q; }",
	"qubit q; bit c = measure q; array[int[4], 2] a; array[int[4], 2] b; int k = a[c + 1];", "qubit[2] q; bit[2] c = measure q; for int i in [0:uint[2](c)] { rx(i) q[i]; }", "qubit[2] q; bit[2] c = measure q; bit[2] d = c << (-2 * c[0]);", "qubit q; bit c = measure q; float a = sqrt(0.5 - c); float b = 1.5 ** (5000 * c);",
	// Arrays, inputs and ends.
	"array[int, 2] a = {1}; array[int, 2] b = 1; array[int, 3] c = a;", "array[int, 70000] a;", "array[int, 2] a; a += 1; int b = a[0:1][0];", "array[int, 2] a; int b = a; int d = a[0:1];", "array[int, 2] a; array[int, 1] b = a[0];", "array[int, 2] a; int b = sizeof(a, 1) + a[2];", "array[int, 2, 2] a; for int i in a { }",
	"def f(mutable array[int, 2] a) { } def g(readonly array[int, 2] a) { f(a); } array[int, 2] a; g(a);", "def f(readonly array[int, #dim = 2] a) { } array[int, 2] a; f(a);", "def f(readonly array[int, 2] a) { } array[float, 2] a; f(a); f(1);", "def f(readonly array[int[8], 2] a) -> int { a[0] = 1; return a[0]; }", "input array[int, 2] a;", "output array[float, 2] a;", "int a = array[int, 2](1);", "input duration d;", "input uint[4] k; qubit q; rx(k) q;",
	"def f(qubit a) -> bit { bit c = measure a; if (c) { end; } return c; } qubit q; bit r = f(q);", "array[complex, 2] z; array[int, 2] z2 = {1, 2, 3};",
	// Gates, their arguments and modifiers.
	"int alpha = 1; qubit q; alpha q;", "qubit q; x[10ns] q;", "qubit[2] q; cx q;", "qubit[2] q; bit[2] c = measure q; rx(uint[2](c)) q[0];", "qubit q; bit c = measure q; rx(c) q;", "qubit q; rx(1us) q; ry(true) q;", "qubit q; gphase(0.5) q;", "qubit[2] q; ctrl @ gphase(0.5) q[0], q[1];", "qubit q; gate g a { reset a; } g q;", "gate h a { x a; } qubit q; h q;",
	"qubit q; ctrl(64) @ ctrl @ x q;", "qubit q; ctrl(65) @ x q;", "input float t; qubit q; pow(t) @ x q;", "qubit q; pow(1us) @ x q;", "qubit q; bit c = measure q; pow(uint[1](c)) @ x q;",
	"gate g a {\n@note\nx a; }\nqubit[2] q; inv @ g q[0]; ctrl @ g q[0], q[1]; pow(-1) @ g q[0]; pow(0.5) @ g q[1];", "gate g a, b, c, d { h a; cx a, b; cx b, c; cx c, d; }\nqubit[9] q; ctrl(5) @ pow(0.5) @ g q[0], q[1], q[2], q[3], q[4], q[5], q[6], q[7], q[8];",
	"gate g a, b, c, d, e { h a; cx a, b; cx b, c; cx c, d; cx d, e; }\nqubit[5] q; pow(0.5) @ g q[0], q[1], q[2], q[3], q[4];", "input float t; gate g(a) x, y { rx(a) x; cx x, y; }\nqubit[2] q; pow(0.5) @ g(t) q[0], q[1];", "qubit q; pow(5000) @ h q;", "qubit q; pow(-5000) @ h q;",
	// Operands.
	"bit c; x c;", "int a; x a;", "qubit[2] q; x q[0, 1];", "qubit[2] q; bit[2] c; let a = q ++ c;", "qubit[2] q; bit[2] c; let a = c ++ q;", "x $1234567; x $12345678;", "qubit[2] q; measure q -> q;", "qubit[2] q; x q + q;", "qubit[2] q; let a = q[0] + 1;",
	// Declarations, assignments and files.
	"bit[1048577] c;", "bit[1048576] c; bit d;", "complex[int] z;", "array[bit, 2] a;", "array[stretch, 2] a;", "qubit[99999999999999999999] q;", "int[99999999999999999999999999999] a;", "int[65537] a;", "qubit[2000000] q;", "input float t; const float a = t;", "qubit q; bit c = measure q; const int a = uint[1](c);", "output int a;", "\"01\"[0] = 1;", "gate g a { } g = 1;", "const int a = 1; a = 2;", "for int i in [0:1] i = 2;", "int[4] a; a[1] = 1;",
	"bit[2] c; c ~= 1;", "bit c = 1us;", "qubit q; qubit[2] r; bit c = measure r;", "{ qubit q; }", "include \"p.qasm\";", "include \"../a.inc\";", "OPENQASM 2.0;\ninclude \"qelib1.inc\";\nqreg q[1];\ncreg crz[2];", "int crz = 1;", "qubit q; pow(4096) @ pow(4096) @ h q;",
	"box[-1ns] { }", "OPENQASM 3.1; qubit[2] q; h q[0]; sx q; rzz(1) q[0], q[1]; h q[1]; x q; y q; z q; s q; t q; sdg q; tdg q; id q; swap q;", "OPENQASM 3.1; qubit[2] q; h q[0]; sx q; rzz(1) q[0], q[1]; h q[1]; x q; y q; z q; s q; t q; sdg q; tdg q; id q; swap q; cx q;", "qubit hh; x hj; x HH; x h;", "qubit alice; x alicf; x alce; x bob;",
}

// whole is a program with its first lines.
func whole(text string) string {
	if strings.HasPrefix(text, "OPENQASM") {
		return text
	}
	return head3 + text
}

// chain is a program in which each of 60 definitions calls the one before.
func chain(definition, first, last string) string {
	for i := range 60 {
		first += " " + fmt.Sprintf(definition, i, i+1)
	}
	return first + " " + last
}

// Each of these programs is answered in the same words at the same place: mistakes with their
// hints, what no circuit holds, notes.
func TestMessages(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	for _, text := range spoken {
		fmt.Fprintf(&b, "%.120s\n", strings.ReplaceAll(text, "\n", " "))
		d, err := Read("p.qasm", []byte(whole(text)), ReadOptions{})
		if err != nil {
			fmt.Fprintf(&b, "  %s\n", strings.ReplaceAll(err.Error(), "\n", "\n  "))
			continue
		}
		for _, u := range d.Unsupported {
			fmt.Fprintf(&b, "  unsupported at %v: %s\n", u.At, u.Construct)
		}
		for _, n := range d.Notes {
			fmt.Fprintf(&b, "  note: %s\n", n)
		}
	}
	golden(t, "messages", b.String())
}

// elsewhere are messages that need more than a short program, and where they are tested.
var elsewhere = map[string]string{
	"more than %d files include each other":                  "TestInclude",
	"the included files have more than %d bytes together":    "none, it takes 64 MB",
	"definitions of gates call each other more than %d deep": "TestDeepGates",
	"the program needs more than %d bits":                    "none, it takes a million of them",
	"the input '%s' is given as %s, which %s":                "TestInputsGiven",
	"a %s for some outcomes, a %s for others":                "none: operations have results of one kind",
	"a fractional power: %v":                                 "none: no gate has eigenvalues that lie so close together",
}

// Every message of the reader is in a golden file: whoever changes or loses one sees it.
func TestEveryMessageIsTold(t *testing.T) {
	t.Parallel()
	var told strings.Builder
	for _, name := range []string{"messages", "programs"} {
		text, err := os.ReadFile(filepath.Join("testdata", name+".golden"))
		if err != nil {
			t.Fatal(err)
		}
		told.Write(text)
	}
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	verb := regexp.MustCompile(`%[sdvqTtg]`)
	found := 0
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			f, ok := call.Fun.(*ast.SelectorExpr)
			format, known := map[string]int{"fail": 2, "wrong": 2, "unsupported": 1, "note": 0}[selected(f, ok)]
			if !known || len(call.Args) <= format {
				return true
			}
			literal, ok := call.Args[format].(*ast.BasicLit)
			if !ok {
				return true
			}
			text, err := strconv.Unquote(literal.Value)
			if err != nil {
				t.Fatal(err)
			}
			found++
			if _, ok := elsewhere[text]; ok {
				return true
			}
			pattern := verb.ReplaceAllString(regexp.QuoteMeta(text), ".+")
			if ok, _ := regexp.MatchString(pattern, told.String()); !ok {
				t.Errorf("%s: no program is told %q", name, text)
			}
			return true
		})
	}
	if found < 150 {
		t.Errorf("only %d messages were found", found)
	}
}

// selected is the name of a method of the reader that a call selects, or nothing.
func selected(f *ast.SelectorExpr, ok bool) string {
	if !ok {
		return ""
	}
	if x, ok := f.X.(*ast.Ident); !ok || x.Name != "r" {
		return ""
	}
	return f.Sel.Name
}
