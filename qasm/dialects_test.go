package qasm

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"qgan/ir"
)

// subjects are circuits of one subject each, as programs.
var subjects = []string{
	"qubit[2] q; bit[2] c; h q[0]; cx q[0], q[1]; c = measure q;",
	"qubit[2] a; qubit b; bit[2] one; bit two; swap a[1], b; one[1] = measure a[0]; two = measure b;",
	"qubit[2] q; rxx(0.5) q[0], q[1]; rzz(-0.25) q[1], q[0]; iswap q[0], q[1]; ecr q[1], q[0]; sxdg q[0]; csx q[0], q[1]; cp(pi/4) q[0], q[1];",
	"qubit[3] q; ccx q[2], q[0], q[1]; ccz q[0], q[1], q[2]; cswap q[1], q[0], q[2]; U(0.5, 1, 1.5) q[0]; u2(0.5, 1) q[1]; cu(0.5, 1, 1.5, 2) q[0], q[1];",
	"qubit[5] q; ctrl(3) @ x q[4], q[0], q[2], q[1]; negctrl @ x q[0], q[1]; ctrl @ negctrl @ p(0.5) q[0], q[1], q[2]; ctrl(3) @ rz(0.5) q[0], q[1], q[2], q[3]; ctrl(2) @ gphase(0.5) q[3], q[4];",
	"qubit[4] q; ctrl(3) @ x q[3], q[0], q[2], q[1]; ctrl(2) @ ry(1) q[0], q[1], q[2]; ctrl(2) @ rx(1) q[0], q[1], q[2]; ctrl @ h q[0], q[1];",
	"qubit[2] q; gphase(0.5); h q; ctrl @ gphase(0.25) q[1];",
	"input float v; input float gate_; qubit q; rx(v) q; rz(0.5 - 2 * gate_) q; p(v / 2) q;",
	"qubit[2] q; bit[2] c; c[0] = measure q[0]; h q[1]; c[1] = measure q[1]; c[0] = measure q[1];", "qubit[2] q; bit c; measure q[0]; c = measure q[1]; reset q[0];", "qubit[2] q; measure q;",
	"qubit[2] q; barrier q[0]; barrier; delay[100ns] q[1]; delay[8dt] q; delay[1.5us] q[0]; x q[0];", "qubit q; delay[1.5dt] q;",
	"qubit q; bit[2] c; if (c == 2) x q;", "qubit q; bit[2] c; if (c[1]) x q; else { y q; h q; }", "qubit q; bit[2] c; if (c != 2) { x q; barrier q; gphase(0.5); }", "qubit q; bit[2] c; if (c[0] ^ c[1]) x q;", "qubit q; bit[2] c; bit d; if (c == 1 && d) { if (c[0]) x q; }", "qubit q; bit[2] c; bit d; if (d) { if (c == 1) x q; }", "qubit q; bit[9] c; if (c < 5) x q;",
	"qubit q; bit[2] c; if (c[0]) { c[1] = measure q; x q; }", "qubit q; bit[2] c; while (c[0]) { x q; c[0] = measure q; }", "qubit q; bit[2] c; while (c != 3) { c[0] = measure q; }", "qubit q; bit[3] c; while (c < 6) { c[0] = measure q; }", "qubit q; bit[2] c; switch (c) { case 1, 2 { x q; } case 3 { y q; } }", "qubit q; bit[2] c; switch (c) { case 0 { } default { x q; } }",
	"gpi(0.25) $0; gpi2(0.5) $1; ms(0, 0.5, 0.25) $0, $1; bit[2] c; c[1] = measure $0;", "qubit[2] q; gpi2(0.125) q[0]; zz(0.25) q[0], q[1]; bit c; c = measure q[1];", "qubit[3] q; prx(0.5, 1) q[2]; cz q[2], q[0]; bit[2] c; c[1] = measure q[2]; reset q[0]; barrier q[0], q[1]; delay[20ns] q[1];", "prx(0.5, 1) $2; cz $2, $0; bit c; c = measure $2;", "rz(0.5) $0; sx $0; x $1; ecr $0, $1; rzz(0.5) $1, $0; cx $0, $1; id $0;", "rx(pi/2) $0; rz(0.1) $1; cz $0, $1; bit c; c = measure $1; rx(-pi) $0;",
	"qubit q; box { x q; } box[10ns] { y q; }", "\n#pragma braket verbatim\nbox {\nprx(0.5, 0) $0;\n}\n#pragma other\nx $1;", "qubit q; cal { a } x q;\n@note\ny q;", "qubit[2] q; gate g a, b { h a; cx a, b; } pow(0.5) @ g q[0], q[1];", "qubit[0 + 1] measure_; bit[1] X; X[0] = measure measure_[0];",
}

// Each dialect writes each of these circuits in the same words, or refuses it in the same
// words; what is the same in several stands once.
func TestDialectsByText(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	for _, program := range subjects {
		fmt.Fprintf(&b, "==== %s\n", strings.ReplaceAll(strings.TrimSpace(program), "\n", " / "))
		c := read(t, whole(program))
		c.Name = "small"
		var texts []string
		names := map[string][]string{}
		for _, name := range Dialects() {
			text := ""
			p, err := Print(c, Options{Dialect: name})
			switch {
			case err != nil:
				lines := strings.Split(strings.ReplaceAll(err.Error(), "dialect "+name+": ", ""), "\n")
				text = strings.Join(lines[:min(len(lines), 2)], "\n") + "\n"
			case name == "qir": // what all modules share is in another test
				_, text, _ = strings.Cut(p.Text, "\nbody:\n")
				text, _, _ = strings.Cut(text, "  ret i64 0\n")
			case name == "quil":
				text = p.Text
			default:
				_, text, _ = strings.Cut(p.Text, "\n") // the version is in other tests
				text = strings.TrimPrefix(text, "include \"stdgates.inc\";\n")
				text = strings.TrimPrefix(text, "include \"qelib1.inc\";\n")
				text = strings.NewReplacer("\n   ", " ", "\n  }", " }", "\n  ]", " ]").Replace(text)
			}
			if !slices.Contains(texts, text) {
				texts = append(texts, text)
			}
			names[text] = append(names[text], name)
		}
		for _, text := range texts {
			fmt.Fprintf(&b, "-- %s\n%s", strings.Join(names[text], ", "), text)
		}
	}
	golden(t, "dialects", b.String())
}

// What can't be lowered is told with its place, down into blocks.
func TestPlacesOfRefusals(t *testing.T) {
	t.Parallel()
	x := &ir.Apply{Gate: ir.X, Qubits: []int{0}}
	unitary := &ir.Unitary{Name: "u", Matrix: ir.Identity(2), Qubits: []int{0}}
	reset := &ir.Reset{Qubit: 0}
	box := &ir.Opaque{Kind: boxKind, Qubits: []int{0}}
	for _, k := range []struct {
		dialect string
		op      ir.Op
		want    string
	}{
		{"qiskit", &ir.If{Cond: ir.BitSet(0), Then: []ir.Op{x, unitary}}, `op 1 then 1: the unitary matrix "u" on 1 qubits cannot be written; replace it by gates of the table`},
		{"qiskit", &ir.If{Cond: ir.BitSet(0), Else: []ir.Op{unitary}}, `op 1 else 0: the unitary`},
		{"qiskit", &ir.While{Cond: ir.BitSet(0), Body: []ir.Op{unitary}}, `op 1 body 0: the unitary`},
		{"qiskit", box, `op: a box without an end cannot be written`},
		{"qasm2", &ir.If{Cond: ir.BitSet(0), Then: []ir.Op{x, unitary}}, `op 1 then 1: the unitary`},
		{"qasm2", &ir.While{Cond: ir.BitSet(0), Body: []ir.Op{x}}, `op 1: while cannot be written; use the dialect qiskit, or write the repetitions out`},
		{"generic", &ir.Switch{Bits: []int{0}}, `op 1: switch cannot be written; use the dialect qiskit`},
		{"ionq-json", reset, `op 1: reset cannot be written`},
		{"qir", reset, `op 1: reset cannot be written`},
		{"qir", unitary, `op 1: the unitary`},
		{"qir", &ir.If{Cond: ir.BitSet(0), Then: []ir.Op{x}}, `op 1: if cannot be written; use the dialect qiskit`},
		{"qir", &ir.Apply{Gate: ir.RX, Qubits: []int{0}, Angles: []ir.Angle{ir.Data(1, 0)}}, `op 1: gate rx with a free symbol cannot be written; bind all symbols first`},
		{"quil", &ir.Delay{Duration: 3, Unit: "dt", Qubits: []int{0}}, `op 1: a delay in dt cannot be written; give it in ns`},
		{"quil", &ir.If{Cond: ir.BitSet(0), Then: []ir.Op{x, unitary}}, `op 1 then 1: the unitary`},
		{"iqm-json", &ir.Delay{Duration: 3, Unit: "dt", Qubits: []int{0}}, `circuit: a delay in dt cannot be written; give it in ns`},
		{"ibm", &ir.Apply{Gate: ir.X, Qubits: []int{0, 1}, Controls: 1}, `op 1: gate x, which is not native, cannot be written; compile the circuit for the device first (compile)`},
		{"qiskit", &ir.Apply{Gate: ir.RX, Qubits: []int{0}, Angles: []ir.Angle{ir.Product(1, 0, 0)}}, `op 1: gate rx with the product of a trained and a data symbol cannot be written; bind the trained symbols first`},
		{"ionq", &ir.Apply{Gate: ir.RX, Qubits: []int{0}, Angles: []ir.Angle{ir.Data(1, 0)}}, `op 1: gate rx with a free symbol cannot be written; bind all symbols first`},
	} {
		c := ir.New(2, 2)
		c.TrainedSymbol("a")
		c.DataSymbol("x")
		c.Ops = []ir.Op{&ir.Barrier{Qubits: []int{0}}, k.op}
		_, err := Print(c, Options{Dialect: k.dialect})
		if want := "dialect " + k.dialect + ": " + k.want; err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
		p, err := Print(c, Options{Dialect: k.dialect, Tolerant: true})
		if first, _, _ := strings.Cut(k.want, ";"); k.dialect != "iqm-json" && (err != nil || !slices.ContainsFunc(p.Notes, func(n string) bool { return strings.HasPrefix(n, "left out: dialect "+k.dialect+": "+first) })) {
			t.Errorf("%s, tolerant: %v, notes %q", k.want, err, p.Notes)
		}
	}
}

// The JSON of services says of each bit where it stands in its register, or which qubit is
// measured into it.
func TestEncodedBits(t *testing.T) {
	t.Parallel()
	regs := []register{{name: "a", first: 0, size: 1}, {name: "d", first: 1, size: 3}, {name: "e", first: 6, size: 2}}
	for bit, want := range []string{"a_1_0_0", "d_3_1_0", "d_3_1_1", "d_3_1_2", "bit_4", "bit_5", "e_2_2_0", "e_2_2_1", "bit_8"} {
		if got := measureKey(regs, bit); got != want {
			t.Errorf("bit %d has the key %s, want %s", bit, got, want)
		}
	}
	c := read(t, head3+"qubit[3] q; bit[1] a; bit[3] d; a[0] = measure q[2]; d[0] = measure q[0]; d[2] = measure q[1];")
	for dialect, want := range map[string][]string{"iqm-json": {`"c_4_0_0"`, `"c_4_0_1"`, `"c_4_0_3"`}, "ionq-json": {`"[2,0,-1,1]"`}} {
		got := text(t, c, dialect)
		for _, w := range want {
			if !strings.Contains(got, w) {
				t.Errorf("%s: no %s in\n%s", dialect, w, got)
			}
		}
	}
}
