package compile

import (
	"math"
	"os"
	"testing"

	"qgan/ir"
	"qgan/qasm"
)

// Programs that feed outcomes back have the same law compiled as written, on lines where they
// need swaps and on devices of every family.
func TestFeedback(t *testing.T) {
	const head = "OPENQASM 3.0; include \"stdgates.inc\"; "
	for name, text := range map[string]string{
		"teleportation": head + `qubit[3] q; bit[2] m; bit out; ry(0.7) q[0]; rz(0.3) q[0]; h q[1]; cx q[1], q[2]; cx q[0], q[1]; h q[0];
			m[0] = measure q[0]; m[1] = measure q[1]; if (m[1]) x q[2]; if (m[0]) z q[2]; rz(-0.3) q[2]; ry(-0.5) q[2]; out = measure q[2];`,
		"repetition code": head + `qubit[5] q; bit[2] s; bit[3] out; x q[0]; cx q[0], q[1]; cx q[0], q[2]; rx(0.4) q[1];
			for int round in [0:1] { cx q[0], q[3]; cx q[1], q[3]; cx q[1], q[4]; cx q[2], q[4]; s[0] = measure q[3]; s[1] = measure q[4];
			switch (s) { case 1 { x q[0]; } case 3 { x q[1]; } case 2 { x q[2]; } default { } } reset q[3]; reset q[4]; } out = measure q[0:2];`,
		"iterative phase estimation": head + `qubit[2] q; bit[3] c; x q[1];
			for int k in [0:2] { reset q[0]; h q[0]; for int turn in [1:2**(2-k)] { cp(2*pi*0.3) q[0], q[1]; }
			if (k > 0) { if (c[0]) p(-pi/2**k) q[0]; } if (k > 1) { if (c[1]) p(-pi/2) q[0]; } h q[0]; c[k] = measure q[0]; }`,
		"until": head + `qubit[3] q; output bit[2] seen; bit c; uint[2] n = 0;
			c = 1; while (c == 1) { h q[0]; cx q[0], q[2]; c = measure q[2]; n += 1; if (n == 3) break; cx q[1], q[2]; } seen = n;`,
		"one bit twice": head + `qubit[2] q; bit[1] c; x q[0]; c[0] = measure q[0]; c[0] = measure q[1]; h q[1];`,
	} {
		c := circuitFrom(t, name, []byte(text))
		want := wordLaw(t, c, nil)
		for _, f := range families {
			for _, level := range []Level{Full, None} {
				r, err := Compile(c, f.target(t, 5, line(5)), Options{Level: level, Schedule: true, Verify: true})
				if err != nil {
					t.Fatalf("%s: %v", name, err)
				}
				got := wordLaw(t, r.Circuit, r.Readout)
				for w := range want {
					if math.Abs(got[w]-want[w]) > 1e-9 {
						t.Errorf("%s: P(%b) is %g, want %g", name, w, got[w], want[w])
					}
				}
			}
		}
		if name == "one bit twice" && want[0] < 1-1e-12 {
			t.Errorf("%s: P(0) is %g", name, want[0])
		}
	}
}

// circuitFrom reads a program that is a circuit as a whole.
func circuitFrom(t testing.TB, name string, text []byte) *ir.Circuit {
	t.Helper()
	d, err := qasm.Read(name, text, qasm.ReadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	c, err := d.Circuit()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// circuitIn reads the circuit of a file.
func circuitIn(t testing.TB, path string) *ir.Circuit {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return circuitFrom(t, path, text)
}
