package syntax

import (
	"flag"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// tree writes a node with all it holds: its kind, its place, and each field that is not empty.
func tree(f *File, v reflect.Value) string {
	at := func(p Pos) string {
		x := f.Position(p)
		return fmt.Sprintf("@%d:%d", x.Line, x.Column)
	}
	switch x := v.Interface().(type) {
	case nil:
		return "nil"
	case *big.Int:
		return x.String()
	case Pos:
		return at(x)
	case Kind:
		return x.String()
	case string:
		return fmt.Sprintf("%q", x)
	}
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		return tree(f, v.Elem())
	case reflect.Slice:
		var list []string
		for i := range v.Len() {
			list = append(list, tree(f, v.Index(i)))
		}
		return "[" + strings.Join(list, " ") + "]"
	case reflect.Struct:
		out := v.Type().Name()
		for i := range v.NumField() {
			field := v.Type().Field(i)
			if field.Anonymous {
				out += at(Pos(v.Field(i).Int()))
			} else if !v.Field(i).IsZero() {
				out += " " + field.Name + ":" + tree(f, v.Field(i))
			}
		}
		return "(" + out + ")"
	}
	return fmt.Sprint(v.Interface())
}

// Programs with every construct are read into the same trees: each node with its place.
func TestTrees(t *testing.T) {
	for _, name := range []string{"three", "two"} {
		text, err := os.ReadFile(filepath.Join("testdata", name+".qasm"))
		if err != nil {
			t.Fatal(err)
		}
		f := &File{Name: name + ".qasm", Text: string(text)}
		p := NewParser(f)
		var b strings.Builder
		for s := p.Next(); s != nil; s = p.Next() {
			b.WriteString(tree(f, reflect.ValueOf(s)) + "\n")
		}
		major, minor, stated := p.Version()
		fmt.Fprintf(&b, "version %d.%d, stated %v\n", major, minor, stated)
		for _, c := range p.Comments() {
			fmt.Fprintf(&b, "comment %v %q\n", f.Position(c.At), c.Text)
		}
		fmt.Fprintf(&b, "errors:\n%s\n", p.Errors())
		sameFile(t, name+".tree", b.String())
	}
}

// sameFile compares a text with a file of testdata, which -update writes.
func sameFile(t *testing.T, name, text string) {
	t.Helper()
	golden := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(golden, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	got, lines := strings.Split(text, "\n"), strings.Split(string(want), "\n")
	for i := range min(len(got), len(lines)) {
		if got[i] != lines[i] {
			t.Fatalf("line %d of %s:\ngot  %s\nwant %s", i+1, golden, got[i], lines[i])
		}
	}
	if len(got) != len(lines) {
		t.Fatalf("%d lines, %s has %d", len(got), golden, len(lines))
	}
}

// mistakes are programs of one mistake each, or of none that look like one.
var mistakes = []string{
	"defcalgrammar x;", "include 3;", "@a", "{ @a }", "gate g q { gate h q { } }", "{ input int a; }", "h q;;", "else x q;", "x q; }", "readonly a;", "case 1 { }",
	"OPENQASM 4.0;", "OPENQASM 2.1;", "OPENQASM 3.x;", "OPENQASM x;", "OPENQASM 2;qreg q;", "OPENQASM 2.0; gate g { }", "OPENQASM 2.0; int opaque;", "opaque a b; x q;",
	"input qubit q;", "const int a;", "const array[int, 2] a = 1;", "input int a = 3;", "output int a = 3;", "qubit q = 1;", "array[qubit, 2] a;", "array[array[int, 2], 2] a;",
	"array[int] a;", "array[int, ] a;", "array[int, 2 a;", "array[int, #dim 2] a;", "complex[bit] z;", "int[8 a;", "const qubit a;",
	"for uint i in [0] { }", "for uint 3 in c { }", "for array i in c { }", "for uint i c { }", "switch (a) { }", "switch (a) { default { } case 1 { } }", "switch (a) { case { } }",
	"switch a { case 1 { } }", "switch (a) case 1 { }", "switch (a) { case 1 { } x q; }",
	"if a { }", "if (a { }", "if (a) ;", "while (a)", "while a { }", "box[3 { }", "delay q;", "delay[3ns q;", "measure 3;", "reset ;", "h q", "ctrl @ 3;", "ctrl x q;", "pow @ x q;", "pow(2 @ x q;", "inv @ ;",
	"def f { }", "def f(int a { }", "def f(a) { }", "def f(readonly int a) { }", "def f(qubit[2] q) -> array[int, 2] { }", "extern f(int;", "extern f(int) -> ;",
	"cal x", "cal { {", "defcal 3 $0 { }", "defcal x { }", "defcal x(1 $0 { }", "let a b;", "let = b;", "gate (a) q { }", "gate g(a q { }", "gate g(1) q { }",
	"i = ;", "i = (1;", "i = f(1;", "i = a[1;", "i = {1, 2;", "i = int[8;", "i = measure;", "i = 1 + measure q;", "i = durationof(x q);", "i = durationof({ x q; };", "i = a[1:2:3:4];",
	"i = 0b12;", "i = 0o8;", "i = 08 + 1_;", "i = 0X_;", "i = 1e;", "i = 1e+;", "i = 1.5.2;", "f = 1e400;", "i = 1" + strings.Repeat("0", 10_000) + ";", "i = 1" + strings.Repeat("0", 9_999) + ";",
	"c = \"012\";", "c = \"01", "include 'a", "i = $;", "i = $3;", "i = 2 xs;", "i = 2 s;", "i = #;", "/* a\n b", "i = 0x;", "é² = 1;", "\xff", "a\tb", "a\x01b",
	"rx(" + strings.Repeat("1+", 100) + ") q;", "rx(" + strings.Repeat("é+", 20) + "²" + strings.Repeat("+é", 100) + ") q;", "x q,;", "x ,q;", "a.b = 3;", "pragma", "#pragma", "#dim", "@", "@3",
	// The next statement is found after a mistake, by its semicolon, its block, or its first word in a line of its own.
	"break;", "continue;", "if (a) { break; }", "for int i in [0:1] { if (i == 1) break; } continue;", "while (a) continue; end;", "def f() { continue; }",
	"x 3 q;\ny q, ;\nqubit 4;\n", "h q\nqubit a;\nif 3 { x q; y q; }\nz ?;\n", "gate g q { x 3; y 4; }\n} }\nx $;\n", "{ { x 3 } }\nx q 3\nreset 4;\nlet 4;", "int a = {\n};\ncreg 4;\nx\n",
}

// Each mistake is told with its place, its line and its hint.
func TestMistakes(t *testing.T) {
	var b strings.Builder
	for _, text := range mistakes {
		f := &File{Name: "a.qasm", Text: text}
		stmts, err := Parse(f)
		fmt.Fprintf(&b, "%.200q: %d statements\n  %s\n", text, len(stmts), strings.ReplaceAll(fmt.Sprint(err), "\n", "\n  "))
	}
	sameFile(t, "mistakes.golden", b.String())
	// A byte order mark is no part of the text; tabs, returns and units in any spelling are read.
	text := "\ufeffOPENQASM 3;\r\n\tqubit\tq;\r\n\tdelay[1\tus] q;// end\r\n\t@a b\r\n\tx q;\r\n  pragma p q\r\n"
	f := &File{Name: "a.qasm", Text: text}
	stmts, err := Parse(f)
	var kinds []string
	for _, s := range stmts {
		at := f.Position(s.Pos())
		kinds = append(kinds, fmt.Sprintf("%T@%d:%d", s, at.Line, at.Column))
	}
	if got, want := strings.ReplaceAll(strings.Join(kinds, " "), "*syntax.", ""), "Version@1:2 Declare@2:2 Delay@3:2 Annotation@4:2 Call@5:2 Pragma@6:3"; err != nil || got != want {
		t.Errorf("%s, %v; want %s", got, err, want)
	}
}
