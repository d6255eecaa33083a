package qasm

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"qgan/ir"
)

// A box stays a box: its ends stand in the circuit, with its duration and the
// qubits used in it, and the dialect qiskit writes it.
func TestBox(t *testing.T) {
	c := read(t, head3+"qubit[3] q; bit c; box[1.5us] { h q[2]; box { cx q[0], q[2]; } } box { } c = measure q[0]; if (c) { box { x q[1]; } }")
	var got []string
	ir.Walk(c.Ops, func(op ir.Op) error {
		if o, ok := op.(*ir.Opaque); ok {
			got = append(got, o.Kind+o.Text+strings.Repeat("*", len(o.Qubits)))
		}
		return nil
	})
	want := []string{"box1.5us**", "box**", "endbox**", "endbox**", "box", "endbox", "box*", "endbox*"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if diff := sameCircuit(c, read(t, text(t, c, "qiskit"))); diff != "" {
		t.Errorf("qiskit: %s", diff)
	}
	c.Ops = c.Ops[:6]
	if got := text(t, c, "generic"); !strings.Contains(got, "// 2 boxes are left out\n") || strings.Contains(got, "box ") {
		t.Errorf("generic:\n%s", got)
	}
}

// What is native on a device of Amazon Braket and stands on physical qubits is
// written into a verbatim box; the reader takes back what the writer added, and
// keeps what the program itself says.
func TestVerbatim(t *testing.T) {
	for _, k := range []struct {
		name, program string
		boxes         int
	}{
		{"IonQ Aria", "bit[2] c; gpi(0.25) $0; gpi2(0.5) $1; ms(0, 0.5, 0.25) $0, $1; c[0] = measure $0; c[1] = measure $1;", 1},
		{"IonQ Forte", "gpi(0.25) $0; rzz(0.5) $0, $1;", 1},
		{"IQM", "bit[2] c; prx(0.25, 1) $1; cz $1, $4; c[0] = measure $1; prx(0.5, 0) $4; c[1] = measure $4;", 2},
		{"Rigetti", "rx(pi/2) $0; rz(0.1) $1; cz $0, $1; rx(-pi) $0;", 1},
		{"Rigetti turns by quarters", "rx(0.1) $0; cz $0, $1;", 0},
		{"of no device", "gpi(0.25) $0; cz $0, $1;", 0},
		{"no physical qubits", "qubit[2] q; prx(0.25, 1) q[0]; cz q[0], q[1];", 0},
		{"no gate", "bit c; c = measure $0;", 0},
		{"own box", "bit c;\n#pragma braket verbatim\nbox {\nprx(0.5, 0) $0;\n}\nprx(0.5, 0) $1;\nc = measure $0;", 1},
	} {
		c := read(t, k.program)
		got := text(t, c, "braket")
		if n := strings.Count(got, "#pragma braket verbatim\nbox {\n"); n != k.boxes || n != strings.Count(got, "\n}\n") {
			t.Errorf("%s: %d boxes, want %d:\n%s", k.name, n, k.boxes, got)
		}
		if k.boxes > 0 && strings.Contains(got, "qubit[") {
			t.Errorf("%s: physical and virtual qubits are mixed:\n%s", k.name, got)
		}
		if diff := sameCircuit(c, read(t, got)); diff != "" {
			t.Errorf("%s differs:\n%s\n%s", k.name, diff, got)
		}
	}
}
