package qasm

import (
	"errors"
	"maps"
	"slices"
	"testing"

	"qgan/qasm/syntax"
)

// Counted by hand: cx waits for h and ry, so the depth is 2 without the measurement.
func TestInspect(t *testing.T) {
	text := `OPENQASM 3.1;
include "stdgates.inc";
input float a;
qubit[2] q; bit[2] b;
stretch x;
h q[0]; ry(a) q[1]; cx q[0], q[1];
b = measure q;
`
	doc, err := Read("p.qasm", []byte(text), ReadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	i := doc.Inspect()
	if i.Schema != "qgan.inspect/v1" || i.Version != "3.1" || i.Qubits != 2 || i.Bits != 2 || i.TwoQubitGates != 1 || i.Depth != 3 {
		t.Errorf("%+v", i)
	}
	if !maps.Equal(i.Gates, map[string]int{"h": 1, "ry": 1, "cx": 1}) || !slices.Equal(i.Parameters, []string{"a"}) {
		t.Errorf("gates %v, parameters %v", i.Gates, i.Parameters)
	}
	if i.Runnable || len(i.Unsupported) != 1 || i.Unsupported[0].File != "p.qasm" || i.Unsupported[0].Line != 5 || i.Unsupported[0].Column != 1 {
		t.Errorf("runnable %v, unsupported %+v", i.Runnable, i.Unsupported)
	}
	if doc, err = Read("p.qasm", []byte("OPENQASM 2.0;\nqreg q[1];\n"), ReadOptions{}); err != nil {
		t.Fatal(err)
	}
	if i = doc.Inspect(); i.Version != "2.0" || !i.Runnable || i.Parameters == nil || i.Unsupported == nil || i.Notes == nil {
		t.Errorf("%+v", i)
	}
}

// The grammar knows statements, and not whether names are declared.
func TestCheckGrammar(t *testing.T) {
	for _, c := range []struct {
		text, version string
		statements    int
		faults        int
	}{
		{"OPENQASM 2.0;\nqreg q[1]; U(0,0,0) q[0];\n", "2.0", 3, 0},
		{"h nowhere;\nif (x) { h y; h z; }\n", "3.0", 2, 0},
		{"", "3.0", 0, 0},
		{"qubit[2 q;\nh q[0;\n", "3.0", 0, 2},
	} {
		g, err := CheckGrammar("p.qasm", []byte(c.text))
		var errs syntax.Errors
		if errors.As(err, &errs); len(errs) != c.faults {
			t.Errorf("%q: %v", c.text, err)
		}
		if c.faults == 0 && g != (Grammar{Schema: "qgan.inspect-syntax/v1", Version: c.version, Statements: c.statements}) {
			t.Errorf("%q: %+v", c.text, g)
		}
	}
}
