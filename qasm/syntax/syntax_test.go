package syntax

import (
	"fmt"
	"strings"
	"testing"
)

// parse returns the statements of a text and its errors.
func parse(text string) ([]Stmt, error) { return Parse(&File{Name: "a.qasm", Text: text}) }

// Each mistake is told with its place, the line, and what was expected.
func TestErrors(t *testing.T) {
	for _, k := range []struct{ text, want string }{
		{"OPENQASM 2.0\nqreg q[1];", "a.qasm:1:13: expected ';' after the version, found 'qreg'\n  OPENQASM 2.0\n              ^"},
		{"qubit q;\nh q\n", "a.qasm:2:4: expected ';' after the operands of h, found the end of the file\n  h q\n     ^"},
		{"rx(+0.1) q;", "a.qasm:1:4: expected an expression, found '+'\n  rx(+0.1) q;\n     ^\n  hint: there is no unary plus in OpenQASM 3: leave it out"},
		{"qubit int;", "a.qasm:1:7: expected a name after the type, found 'int'\n  qubit int;\n        ^\n  hint: 'int' is a reserved word, choose another name"},
		{"bit θ²;", "a.qasm:1:6: the character '²' stands for nothing in OpenQASM\n  bit θ²;\n       ^\n  hint: identifiers are letters, digits and _"},
		{"int a = 3__4;", "a.qasm:1:9: '3__4' is no number\n  int a = 3__4;\n          ^"},
		{"/* a", "a.qasm:1:1: the comment that begins here has no end\n  /* a\n  ^\n  hint: close it with */"},
		{"gate g q { h q;", "a.qasm:1:10: the block that begins here has no '}'\n  gate g q { h q;\n           ^"},
		{"for i in [0:2] { }", "a.qasm:1:5: expected the type of the loop's variable after for, found identifier 'i'\n  for i in [0:2] { }\n      ^\n  hint: as in for uint i in [0:3] { … }"},
		{"h q;\nOPENQASM 3.0;", "a.qasm:2:1: the version line must come first\n  OPENQASM 3.0;\n  ^"},
		{"int a = pow(2, 3);", "a.qasm:1:9: expected an expression, found 'pow'\n  int a = pow(2, 3);\n          ^"},
	} {
		_, err := parse(k.text)
		if err == nil || err.Error() != k.want {
			t.Errorf("%q:\ngot  %v\nwant %s", k.text, err, k.want)
		}
	}
}

// After a mistake the next statement is read: several are told at once, at most
// MaxErrors.
func TestRecovery(t *testing.T) {
	stmts, err := parse("qubit 1;\nqubit a;\nh a\ncx a b;\nif (1) { x a; y $; }\nz a;\n")
	errs, _ := err.(Errors)
	var lines []int
	for _, e := range errs {
		lines = append(lines, e.At.Line)
	}
	if fmt.Sprint(lines) != "[1 3 4 5]" {
		t.Errorf("errors in lines %v: %v", lines, err)
	}
	if len(stmts) != 2 {
		t.Errorf("%d statements without a mistake, want 2", len(stmts))
	}
	_, err = parse(strings.Repeat("qubit 1;\n", 50))
	if errs, _ := err.(Errors); len(errs) != MaxErrors {
		t.Errorf("%d errors, want %d", len(errs), MaxErrors)
	}
}

// Operators bind as the specification says; version 2 writes powers with ^.
func TestPrecedence(t *testing.T) {
	for text, want := range map[string]string{
		"-2**2":           "(-(2 ** 2))",
		"2**3**2":         "(2 ** (3 ** 2))",
		"2**-1":           "(2 ** (-1))",
		"1+2*3-4":         "((1 + (2 * 3)) - 4)",
		"a<<1+2":          "(a << (1 + 2))",
		"a==b&c":          "((a == b) & c)",
		"a&b^c|d":         "(((a & b) ^ c) | d)",
		"a||b&&c":         "(a || (b && c))",
		"!a&&b":           "((!a) && b)",
		"a<b==c":          "((a < b) == c)",
		"~a+b":            "((~a) + b)",
		"-a*b":            "((-a) * b)",
		"a*b**c*d":        "((a * (b ** c)) * d)",
		"1-2-3":           "((1 - 2) - 3)",
		"v2 -2^2":         "(-(2 ** 2))",
		"v2 2^3^2":        "(2 ** (3 ** 2))",
		"v2 +0.1-0.4":     "(0.1 - 0.4)",
		"v2 2*3^2":        "(2 * (3 ** 2))",
		"a ++ b[0:2]":     "(a ++ b[0:2])",
		"a[-1]":           "a[(-1)]",
		"f(a, 2)[1]":      "f(a, 2)[1]",
		"int[8](a) + 1":   "(int(a) + 1)",
		"1_000 + 0x_f":    "",
		"0xFa_1F + 0b1_0": "(64031 + 2)",
		"0XfF - 0B1_1":    "(255 - 3)",
		"0O17 * 0o2_1":    "(15 * 17)",
		"100ns + 2 ms":    "(100ns + 2ms)",
		"a ? b":           "",
		"1 +":             "",
		"340282366920938463463374607431768211456": "340282366920938463463374607431768211456",
	} {
		v2, isV2 := strings.CutPrefix(text, "v2 ")
		program := "x = " + text + ";"
		if isV2 {
			program = "OPENQASM 2.0; x = " + v2 + ";"
		}
		stmts, err := parse(program)
		if want == "" {
			if err == nil {
				t.Errorf("%s was accepted", text)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if got := show(stmts[len(stmts)-1].(*Set).Value); got != want {
			t.Errorf("%s: got %s, want %s", text, got, want)
		}
	}
}

// show writes an expression with all its parentheses.
func show(x Expr) string {
	list := func(xs []Expr) string {
		out := make([]string, len(xs))
		for i, x := range xs {
			out[i] = show(x)
		}
		return strings.Join(out, ", ")
	}
	switch x := x.(type) {
	case *Ident:
		return x.Name
	case *Int:
		if x.Big != nil {
			return x.Big.String()
		}
		return fmt.Sprint(x.Value)
	case *Float:
		return fmt.Sprint(x.Value)
	case *Duration:
		return fmt.Sprint(x.Value) + x.Unit
	case *Unary:
		return "(" + x.Op.String() + show(x.X) + ")"
	case *Binary:
		return "(" + show(x.X) + " " + x.Op.String() + " " + show(x.Y) + ")"
	case *Index:
		return show(x.X) + "[" + list(x.Indices) + "]"
	case *Range:
		return show(x.Start) + ":" + show(x.Stop)
	case *Apply:
		return x.Name + "(" + list(x.Args) + ")"
	case *Cast:
		return x.Type.Kind.String() + "(" + show(x.X) + ")"
	}
	return fmt.Sprintf("%T", x)
}

// Words that only version 3 reserves are names in version 2.
func TestVersion2Names(t *testing.T) {
	for _, text := range []string{
		"qreg input[2]; creg output[2]; measure input[0] -> output[1];",
		"gate box a, b { cx a, b; } qreg q[2]; box q[0], q[1];",
		"gate g(angle) bit { rx(angle/2) bit; }",
		"int[32] x = 5;",
	} {
		if _, err := parse("OPENQASM 2.0;\ninclude \"qelib1.inc\";\n" + text); err != nil {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// A word with arguments begins a gate where operands follow it, a global phase also without
// any, and otherwise an expression.
func TestCallOrExpression(t *testing.T) {
	for text, want := range map[string]string{
		"gphase(0.5);":     "*syntax.Call",
		"gphase(0.5) q;":   "*syntax.Call",
		"gphase(0.5) $0;":  "*syntax.Call",
		"gphase(0.5) + 1;": "*syntax.ExprStmt",
		"gphase(0.5)[1];":  "*syntax.Call",
		"f(0.5);":          "*syntax.ExprStmt",
		"f(0.5) q;":        "*syntax.Call",
		"f(0.5) * 2;":      "*syntax.ExprStmt",
	} {
		stmts, err := parse(text)
		if len(stmts) != 1 {
			t.Errorf("%s: %d statements, %v", text, len(stmts), err)
			continue
		}
		if got := fmt.Sprintf("%T", stmts[0]); got != want {
			t.Errorf("%s: a %s (%v), want a %s", text, got, err, want)
		}
	}
}

// Nesting without bounds is refused before it exhausts the stack; what is deep
// but sane is read.
func TestDepth(t *testing.T) {
	deep := func(n int) string { return "a = " + strings.Repeat("(", n) + "1" + strings.Repeat(")", n) + ";" }
	if _, err := parse(deep(10_000)); err != nil {
		t.Errorf("10,000 parentheses: %.200v", err)
	}
	// What stands side by side is no nesting.
	for name, text := range map[string]string{
		"sums":       "a = {" + strings.Repeat("1+1,", MaxDepth+1) + "1};",
		"signs":      "a = {" + strings.Repeat("-1,", MaxDepth+1) + "1};",
		"lists":      "a = {" + strings.Repeat("{1},", MaxDepth+1) + "1};",
		"calls":      "a = {" + strings.Repeat("f(1),", MaxDepth+1) + "1};",
		"indices":    "a = {" + strings.Repeat("b[1],", MaxDepth+1) + "1};",
		"brackets":   "a = {" + strings.Repeat("(1),", MaxDepth+1) + "1};",
		"statements": "{" + strings.Repeat("a = 1+1;", MaxDepth+1) + "}",
		"blocks":     "{" + strings.Repeat("{}", MaxDepth+1) + "}",
	} {
		if _, err := parse(text); err != nil {
			t.Errorf("%s side by side: %.200v", name, err)
		}
	}
	for name, text := range map[string]string{
		"parentheses": deep(1_000_000),
		"operators":   "a = 1" + strings.Repeat("+1", 1_000_000) + ";",
		"powers":      "a = 1" + strings.Repeat("**1", 1_000_000) + ";",
		"signs":       "a = " + strings.Repeat("-", 1_000_000) + "1;",
		"blocks":      strings.Repeat("{", 1_000_000),
		"else":        strings.Repeat("if (a) {} else ", 300_000) + "h q;",
		"indices":     "a = b" + strings.Repeat("[c", 1_000_000) + ";",
		"lists":       "a = " + strings.Repeat("{", 1_000_000) + ";",
		"calls":       "a = " + strings.Repeat("f(", 1_000_000) + ";",
	} {
		if _, err := parse(text); err == nil || !strings.Contains(err.Error(), "nested more than") {
			t.Errorf("%s: %.200v", name, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, text := range []string{
		"", "\ufeffOPENQASM 3.0;\nqubit[2] q;\r\n", "OPENQASM 2.0; qreg q[1]; if(c==1) x q[0];", "gate g(a) q { rx(a) q; }",
		"for uint i in [0:2] { x q[i]; }", "switch (i) { case 1, 2 { } default { } }", "cal { {} }", "defcal x $0 -> bit { }",
		"#pragma a\n@b c\nx q;", "let a = b[{1,2}] ++ c[0:-1:2];", "box[100ns] { delay[2 dt] q; }", "def f(qubit q, int[3] a) -> bit { return measure q; }",
		"a = -2**2 + 3im * 0x1F;", "ctrl(2) @ negctrl @ inv @ pow(0.5) @ x a, b, c, d;", "\"0101\"", "x @y", "a[{", "3..4", "$", "/*", "//",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		file := &File{Name: "f", Text: text}
		p := NewParser(file)
		for s := p.Next(); s != nil; s = p.Next() {
			if int(s.Pos()) > len(text) {
				t.Fatalf("%T begins at %d of %d", s, s.Pos(), len(text))
			}
			p.Recycle()
		}
		if errs := p.Errors(); len(errs) > MaxErrors {
			t.Fatalf("%d errors", len(errs))
		}
		for _, e := range p.Errors() {
			if e.At.Line < 1 || e.At.Column < 1 || e.Error() == "" {
				t.Fatalf("no place: %+v", e)
			}
		}
	})
}
