package qasm

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"qgan/ir"
)

// Public bug reports of other tools, each with what is right. The names are
// repository and number.

func TestReportReservedNames(t *testing.T) { // Qiskit/qiskit#7742, #15303, #15304
	for _, name := range []string{"measure", "gate", "float", "input", "j²", "2q", "x", "pi", "π", "U", "Ω-1", ""} {
		c := ir.New(1, 1)
		c.QubitRegs[0].Name, c.BitRegs[0].Name = name, name
		c.Measure(0, 0)
		for i := range dialects {
			d := &dialects[i]
			if d.foreign() || d.hardware {
				continue
			}
			text := text(t, c, d.name)
			back := read(t, text)
			if back.QubitRegs[0].Name != name || back.BitRegs[0].Name != name {
				t.Errorf("%q in %s came back as %q and %q:\n%s", name, d.name, back.QubitRegs[0].Name, back.BitRegs[0].Name, text)
			}
		}
	}
}

func TestReportRegisterNamedLikeAGate(t *testing.T) { // Qiskit/qiskit#10459
	c := ir.New(1, 1)
	c.BitRegs[0].Name = "crz"
	if got := text(t, c, "qasm2"); strings.Contains(got, "creg crz[") {
		t.Errorf("a register is called like a gate:\n%s", got)
	}
	_, err := Read("a", []byte(head2+"qreg q[1];\ncreg crz[1];\n"), ReadOptions{})
	if err == nil || !strings.Contains(err.Error(), "a:4:6") || !strings.Contains(err.Error(), "a:2:1") {
		t.Errorf("both places are told: %v", err)
	}
}

func TestReportAutomaticNames(t *testing.T) { // Qiskit/qiskit#6779
	c := ir.New(2, 2)
	c.QubitRegs = []ir.Register{{Name: "c", Indices: []int{1}}} // no register holds them all: q is made
	c.BitRegs[0].Name = "q"
	got := text(t, c, "generic")
	if strings.Count(got, " q;") != 1 || len(read(t, got).BitRegs) != 1 {
		t.Error(got)
	}
}

func TestReportAngles(t *testing.T) { // Qiskit/qiskit#7166, mpqp#225, qBraid PR 1320
	for _, x := range []float64{1.0 / 4096, math.Pi / 17, -math.Pi + 4e-8} {
		c := ir.New(1, 0)
		c.Gate(ir.RZ, []int{0}, ir.Const(x))
		for _, d := range []string{"generic", "qiskit", "braket", "qasm2"} {
			if got := read(t, text(t, c, d)).Ops[0].(*ir.Apply).Angles[0].Const; got != x {
				t.Errorf("%v in %s came back as %v", x, d, got)
			}
		}
	}
}

func TestReportGlobalPhase(t *testing.T) { // Qiskit/qiskit#12114
	c := ir.New(2, 0)
	c.Phase = ir.Const(0.3)
	c.Ops = []ir.Op{apply(ir.H, 0, 0, []int{0}), apply(ir.H, 0, 0, []int{1}), apply(ir.GPhase, 1, 0, []int{0}, 0.3)}
	want := unitary(t, c)
	for _, d := range []string{"generic", "qiskit", "braket", "qasm2", "ionq"} {
		got := text(t, c, d)
		if !strings.Contains(got, "gphase(0.3)") && !strings.Contains(got, "global phase 0.3 is left out") && !strings.Contains(got, "global phase 0.4") {
			t.Errorf("%s says nothing of the phase:\n%s", d, got)
		}
		if dist := unitary(t, read(t, got)).Distance(want); dist > 1e-12 {
			t.Errorf("%s: %g away, phase included:\n%s", d, dist, got)
		}
	}
}

func TestReportControlledU(t *testing.T) { // Qiskit/qiskit#2703, mpqp#206, Qiskit#15830
	cu3 := read(t, head2+"qreg q[2]; cu3(0.3,0.5,0.7) q[0],q[1];")
	want := ir.UQ.Info().Matrix([]float64{0.3, 0.5, 0.7}).Controlled()
	if d := unitary(t, cu3).Distance(want); d > 1e-12 {
		t.Fatalf("cu3 is %g away from the controlled u", d)
	}
	three := read(t, text(t, cu3, "qiskit"))
	two := read(t, text(t, three, "qasm2"))
	if d := unitary(t, two).Distance(want); d > 1e-12 {
		t.Errorf("2 -> 3 -> 2 is %g away", d)
	}
	// The U of version 2, of version 3 and Qiskit's u differ by phases that count
	// under a control.
	u := []float64{0.3, 0.5, 0.7}
	for program, g := range map[string]ir.Gate{
		head3 + "qubit[2] q; ctrl @ U(0.3, 0.5, 0.7) q[0], q[1];":                                           ir.U,
		head3 + "qubit[2] q; ctrl @ u3(0.3, 0.5, 0.7) q[0], q[1];":                                          ir.U3,
		"gate v(a, b, c) q { gphase(-a/2); U(a, b, c) q; } qubit[2] q; ctrl @ v(0.3, 0.5, 0.7) q[0], q[1];": ir.UQ,
	} {
		if d := unitary(t, read(t, program)).Distance(g.Info().Matrix(u).Controlled()); d > 1e-12 {
			t.Errorf("%s is %g away from the controlled %v", program, d, g)
		}
	}
}

func TestReportRedefinition(t *testing.T) { // Qiskit/qiskit#13339
	const body = "gate h a { x a; }\ngate mine a { z a; }\n"
	for _, text := range []string{head2 + body + "qreg q[1]; h q[0]; mine q[0]; s q[0];", head3 + body + "qubit[1] q; h q[0]; mine q[0]; s q[0];"} {
		want := read(t, head3+"qubit q; x q; z q; s q;")
		if d := unitary(t, read(t, text)).Distance(unitary(t, want)); d > 1e-12 {
			t.Errorf("each call has its own definition: %g away\n%s", d, text)
		}
	}
	// What was defined before keeps the meaning of its time.
	c := read(t, head2+"gate a p { h p; }\ngate h p { x p; }\nqreg q[1]; a q[0];")
	if c.Count()["h"] != 1 {
		t.Errorf("a definition sees the gates of its own time: %v", c)
	}
}

func TestReportIntegerPower(t *testing.T) { // Qiskit/qiskit#12167, openqasm#528, braket-default-simulator#242
	if c := read(t, head3+"qubit q; pow(1/2) @ x q;"); len(c.Ops) != 0 {
		t.Errorf("1/2 is 0 in version 3: %v", c)
	}
	if c := read(t, head2+"qreg q[1]; rz(1/2) q[0];"); c.Ops[0].(*ir.Apply).Angles[0].Const != 0.5 {
		t.Errorf("1/2 is 0.5 in version 2: %v", c)
	}
	integers := regexp.MustCompile(`\b[0-9]+/[0-9]+\b`)
	for _, d := range Dialects() {
		if p, err := Print(paper(t, 3), Options{Dialect: d}); err == nil && integers.MatchString(p.Text) {
			t.Errorf("%s writes a quotient of integers", d)
		}
	}
}

func TestReportBroadcast(t *testing.T) { // qBraid/pyqasm#384
	c := read(t, head3+"qubit[3] q; qubit[3] r; cx q, r; cx q[0], r;")
	var got []int
	for _, op := range c.Ops {
		got = append(got, op.(*ir.Apply).Qubits...)
	}
	want := []int{0, 3, 1, 4, 2, 5, 0, 3, 0, 4, 0, 5}
	if len(got) != len(want) {
		t.Fatalf("%v", got)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Fatalf("got %v, want %v", got, want)
		}
	}
}

func TestReportOrderOfRegisters(t *testing.T) { // Quantinuum/tket#1652
	const program = head2 + "qreg cin[1];\nqreg b[2];\nqreg a[2];\n"
	got := text(t, read(t, program), "qasm2")
	if !strings.HasPrefix(got, program) {
		t.Errorf("registers are sorted:\n%s", got)
	}
}

func TestReportNumbers(t *testing.T) { // BQSKit/bqskit#315, staq#24, qpp#81, #82
	c := read(t, head2+"qreg q[1]; rx(1e-10) q[0]; rx(3e-1) q[0]; rx(-0.4+0.1) q[0]; rx(+0.1-0.4) q[0];")
	a, b := 0.1, 0.4 // variables: constants would add up exactly
	for i, want := range []float64{1e-10, 0.3, -b + a, a - b} {
		if got := c.Ops[i].(*ir.Apply).Angles[0].Const; got != want {
			t.Errorf("angle %d is %v, want %v", i, got, want)
		}
	}
}

func TestReportNoGates(t *testing.T) { // quartz PR 214
	c := read(t, head2+"qreg q[3];\ncreg c[3];\n")
	if c.Qubits != 3 || c.Bits != 3 || len(c.Ops) != 0 {
		t.Errorf("%v", c)
	}
	var bad interface{ BadInput() bool }
	if _, err := Read("a", nil, ReadOptions{}); !errors.As(err, &bad) {
		t.Errorf("zero bytes: %v", err)
	}
}

func TestReportConditionBeforeMeasurement(t *testing.T) { // Cirq#7623
	c := read(t, head2+"qreg q[1];\ncreg c[1];\nh q[0];\nif(c==1) x q[0];\nmeasure q[0] -> c[0];\n")
	if _, ok := c.Ops[1].(*ir.If); !ok {
		t.Fatalf("the condition stands before the measurement: %v", c)
	}
	got := text(t, c, "qiskit")
	if strings.Index(got, "if (") > strings.Index(got, "measure") {
		t.Errorf("the condition has moved:\n%s", got)
	}
}

func TestReportBarrier(t *testing.T) { // Qiskit#1709, #2102
	c := read(t, head2+"qreg q[2];\ncreg c[2];\nmeasure q[0] -> c[0];\nbarrier q;\nh q[1];\nbarrier q[0],q[1];\nmeasure q[1] -> c[1];\n")
	got := text(t, c, "qasm2")
	order := []string{"measure q[0]", "barrier", "h q[1]", "barrier", "measure q[1]"}
	rest := got
	for _, k := range order {
		_, after, ok := strings.Cut(rest, k)
		if !ok {
			t.Fatalf("no %q in its place:\n%s", k, got)
		}
		rest = after
	}
}

func TestReportCancellation(t *testing.T) { // Qiskit#16594, #16377, #13547
	for program, want := range map[string]string{
		"sxdg q[0]; sxdg q[0];":                        "x q[0];", // not the identity
		strings.Repeat("p(pi/4) q[0];", 8):             "",        // and not -1
		"cx q[0], q[1]; ry(1e-6) q[1]; cx q[0], q[1];": "cry(-2e-6) q[0], q[1]; ry(1e-6) q[1];",
	} {
		a := unitary(t, read(t, head3+"qubit[2] q; "+program))
		b := unitary(t, read(t, head3+"qubit[2] q; "+want))
		if d := a.Distance(b); d > 1e-12 {
			t.Errorf("%s is %g away from %s", program, d, want)
		}
	}
}

func TestReportUnboundParameter(t *testing.T) { // Qiskit#5646, qBraid PR 1301
	c := ir.New(1, 1)
	c.Gate(ir.RX, []int{0}, ir.Data(1, c.DataSymbol("theta")))
	for _, d := range []string{"qasm2", "ionq", "ionq-json"} {
		_, err := Print(c, Options{Dialect: d})
		var r *Refusal
		if !errors.As(err, &r) || r.Hint != "bind all symbols first" {
			t.Errorf("%s: %v", d, err)
		}
	}
	// Gates behind a measurement stay behind it.
	late := read(t, head3+"qubit[2] q; bit[2] c; c[0] = measure q[0]; h q[1]; c[1] = measure q[1];")
	for _, d := range []string{"generic", "qiskit", "braket", "qasm2"} {
		if got := text(t, late, d); strings.Index(got, "h q[1]") < strings.Index(got, "measure q[0]") {
			t.Errorf("%s changes the order:\n%s", d, got)
		}
	}
}

// FuzzRoundTrip: whatever is read and can be written is read back as the same
// circuit.
// countsInTurns reports whether a gate of the circuit counts in turns.
func countsInTurns(c *ir.Circuit) bool {
	found := false
	ir.Walk(c.Ops, func(op ir.Op) error {
		a, ok := op.(*ir.Apply)
		found = found || ok && a.Gate.Info().Turns
		return nil
	})
	return found
}

func FuzzRoundTrip(f *testing.F) {
	for _, text := range []string{
		head3 + "qubit[2] q; bit[2] c; h q[0]; cx q[0], q[1]; c = measure q;",
		head2 + "qreg q[3]; creg c[3]; u3(0.1,0.2,0.3) q[0]; ccx q[0],q[1],q[2]; if(c==3) x q[0]; measure q -> c;",
		"input float t; qubit q; rx(2*t+1) q; measure q;", head3 + "qubit[5] a; ctrl(3) @ negctrl @ rx(0.5) a[0], a[1], a[2], a[3], a[4];",
		"qubit q; bit c; c = measure q; switch (c) { case 1 { x q; } default { reset q; } }", "$3", "x $3; h $1; cx $1, $3;",
		head3 + "gate g(a) p, q { cp(a) p, q; rz(-a/2) q; } qubit[2] q; pow(-2) @ g(pi/7) q[0], q[1]; barrier q;",
		"qubit q; delay[100ns] q; @a b\nh q;\npragma c\n", "for uint i in {1, 2} { } while (false) { }", "bit c;\n#pragma braket verbatim\nbox {\nprx(0.5, 0) $0;\n}\nc = measure $1;",
		"prx(0.5, 0) $0; cz $0, $2; delay[1us] $3;", "qubit[2] q; bit[2] c; box[10ns] { h q; } while (c != 0) { c = measure q; } if (c[0]) { x q[0]; } else { switch (c) { case 2 { y q[0]; } } }",
		head3 + "gate g a, b { h a; cx a, b; } qubit[3] q; ctrl @ pow(0.5) @ g q[0], q[1], q[2];", "def f(qubit q) -> bit { return measure q; } qubit q; bit b = f(q);",
		"qubit[3] q; bit[2] c; c[0] = measure q[0]; float a = 0.5; if (c[0]) { a = 2 * a; } rx(a * uint[2](c)) q[uint[1](c[0])]; c[c[0]] = measure q[1];",
		"qubit q; bit c = measure q; array[int[4], 2, 2] a = {{1, 2}, {3, 4}}; a[c, 0] = a[0][1] / 3; let b = a[:, 1]; b[0] <<= uint[1](c); rx(a[1, c]) q; if (a[0, 0] > 1) end; x q;",
		"def f(mutable array[float, #dim = 1] a) { for int i in [0:sizeof(a) - 1] { a[i] = -a[i]; } } qubit q; bit c; array[float, 2] a = {1, 0.5}; while (c) { f(a); c = measure q; } ry(a[1]) q; angle[3] b; b[0] = c; b <<= 1; p(b) q;",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 2000 {
			return
		}
		watch := time.AfterFunc(20*time.Second, func() { panic(fmt.Sprintf("not done in 20 s: %q", text)) })
		defer watch.Stop()
		d, err := Read("f", []byte(text), ReadOptions{Include: []fs.FS{}})
		if err != nil || !d.Runnable() {
			return
		}
		c, err := d.Circuit()
		if err != nil || len(c.Ops) > 2000 || c.Qubits > 200 || c.Bits > 2000 {
			return
		}
		for _, name := range []string{"generic", "qiskit", "braket", "qasm2"} {
			row, _ := lookup(name)
			if row.radians && countsInTurns(c) { // 2π times an angle is rounded
				continue
			}
			p, err := Print(c, Options{Dialect: row.name})
			if err != nil {
				continue
			}
			again, err := Read("g", []byte(p.Text), ReadOptions{})
			if err != nil {
				t.Fatalf("%s: %v\n%s", row.name, err, p.Text)
			}
			back, err := again.Circuit()
			if err != nil {
				t.Fatalf("%s: %v\n%s", row.name, err, p.Text)
			}
			if diff := sameCircuit(written(c, row), back); diff != "" && !strings.Contains(text, "qgan:") {
				t.Fatalf("%s differs:\n%s\n%s", row.name, diff, p.Text)
			}
		}
	})
}

// A bit that is 1 before a block on measured bits, and measured in it, is set before the block,
// wherever in the block that stands.
func TestMeasuredInABlock(t *testing.T) {
	t.Parallel()
	const measured = "b = measure q[0];"
	for _, block := range []string{
		"%s", "{ %s }", "if (c[1]) { %s }", "if (c[1]) { } else { %s }", "for int i in [0:1] { %s }", "while (c[1]) { %s }", "box { %s }",
		"switch (c) { case 0 { %s } }", "switch (c) { case 0 { } case 1 { %s } }", "switch (c) { case 0 { } default { %s } }", "x q[0]; { if (c[1]) { { %s } } }", "if (true) { %s }", "if (false) { } else { %s }", "switch (1) { case 1 { %s } }", "switch (1) { case 0 { } default { %s } }",
	} {
		for _, outer := range []string{"if (c[0]) { %s }", "if (c[0]) { } else { %s }", "while (c[0]) { %s }", "switch (c) { case 2 { %s } }", "switch (c) { case 2 { } default { %s } }"} {
			text := "qubit[2] q; bit[2] c = measure q; bit b = 1; " + fmt.Sprintf(outer, fmt.Sprintf(block, measured))
			d, err := Read("p", []byte(head3+text), ReadOptions{})
			if err != nil {
				t.Errorf("%s: %v", text, err)
				continue
			}
			c, err := d.Circuit()
			if err != nil {
				t.Errorf("%s: %v", text, err)
				continue
			}
			set := slices.IndexFunc(c.Ops, func(op ir.Op) bool { a, ok := op.(*ir.Assign); return ok && slices.Equal(a.Bits, []int{2}) })
			measured := false
			ir.Walk(c.Ops[max(set, 0):], func(op ir.Op) error {
				m, ok := op.(*ir.Measure)
				measured = measured || ok && m.Bit == 2
				return nil
			})
			if set < 0 || !measured || c.Bits != 3 {
				t.Errorf("%s: b is not bit 2, set before the block and measured in it:\n%v", text, c)
			}
		}
	}
}
