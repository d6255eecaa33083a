package exec

import (
	"math"
	"testing"

	"qgan/backends"
	"qgan/backends/sim"
	"qgan/calibration"
	"qgan/ir"
	"qgan/ir/compile"
	"qgan/qasm"
)

// sharesOf is a law's share of each word.
func sharesOf(bits int, words []uint64, p []float64, readout *compile.Affine) []float64 {
	out := make([]float64, 1<<bits)
	for i, w := range words {
		if readout != nil {
			w = readout.Word(w)
		}
		out[w] += p[i]
	}
	return out
}

// variation is the total variation between two laws.
func variation(a, b []float64) (d float64) {
	for i := range a {
		d += math.Abs(a[i]-b[i]) / 2
	}
	return d
}

// silent is a noise model of no errors.
func silent(t *testing.T) *calibration.NoiseModel {
	t.Helper()
	m, err := calibration.ReadNoiseModel(calibration.File{Name: "none.toml"})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// exactly is the law of a circuit under a noise model; without one delays are left out.
func exactly(t *testing.T, c *ir.Circuit, m *calibration.NoiseModel, readout *compile.Affine) []float64 {
	t.Helper()
	if m == nil {
		m = silent(t)
		own := *c
		own.Ops = nil
		for _, op := range c.Ops {
			if _, waits := op.(*ir.Delay); !waits {
				own.Ops = append(own.Ops, op)
			}
		}
		c = &own
	}
	law, err := (&sim.Noisy{Model: m}).Law(t.Context(), c, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	return sharesOf(c.Bits, law.Words, law.P, readout)
}

// Circuits that feed outcomes back, compiled for a device: without noise their law is that of
// the circuit as written; with the device's noise it is off by something, and by no more than
// the estimated probability that something goes wrong; shots follow the noisy law.
func TestDynamicOnDevice(t *testing.T) {
	s, ok := calibration.InventedDevice("invented-heavyhex-127")
	if !ok {
		t.Fatal("no such device")
	}
	p, err := Device(s.Name, s, Correction{})
	if err != nil {
		t.Fatal(err)
	}
	const head = "OPENQASM 3.0; include \"stdgates.inc\"; "
	for _, k := range []struct{ name, text string }{
		{"teleportation", head + `qubit[3] q; bit[2] m; bit out; ry(0.7) q[0]; rz(0.3) q[0]; h q[1]; cx q[1], q[2]; cx q[0], q[1]; h q[0];
			m[0] = measure q[0]; m[1] = measure q[1]; if (m[1]) x q[2]; if (m[0]) z q[2]; rz(-0.3) q[2]; ry(-0.5) q[2]; out = measure q[2];`},
		{"repetition code", head + `qubit[5] q; bit[2] s; bit[3] out; x q[0]; cx q[0], q[1]; cx q[0], q[2]; rx(0.8) q[1];
			cx q[0], q[3]; cx q[1], q[3]; cx q[1], q[4]; cx q[2], q[4]; s[0] = measure q[3]; s[1] = measure q[4];
			switch (s) { case 1 { x q[0]; } case 3 { x q[1]; } case 2 { x q[2]; } default { } } out = measure q[0:2];`},
		{"iterative phase estimation", head + `qubit[2] q; bit[3] c; x q[1];
			for int k in [0:2] { reset q[0]; h q[0]; for int turn in [1:2**(2-k)] { cp(2*pi*0.3) q[0], q[1]; }
			if (k > 0) { if (c[0]) p(-pi/2**k) q[0]; } if (k > 1) { if (c[1]) p(-pi/2) q[0]; } h q[0]; c[k] = measure q[0]; }`},
	} {
		t.Run(k.name, func(t *testing.T) {
			d, err := qasm.Read(k.name, []byte(k.text), qasm.ReadOptions{})
			if err != nil {
				t.Fatal(err)
			}
			c, err := d.Circuit()
			if err != nil {
				t.Fatal(err)
			}
			runner := p.Simulator()
			r, err := runner.Result(c)
			if err != nil {
				t.Fatal(err)
			}
			want := exactly(t, c, nil, nil)
			if d := variation(exactly(t, r.Circuit, nil, r.Readout), want); d > 1e-9 {
				t.Errorf("compiled, without noise: off by %.2g", d)
			}
			noisy := exactly(t, r.Circuit, p.Model, r.Readout)
			wrong := 1 - r.Stats.Fidelity
			off := variation(noisy, want)
			t.Logf("off by %.4f, 1 - fidelity %.4f", off, wrong)
			if off > wrong || off < wrong/10 {
				t.Errorf("with noise: off by %.4f, and 1 - fidelity is %.4f", off, wrong)
			}
			const shots = 4000
			res, err := runner.Run(t.Context(), []backends.Request{{Circuit: c, Shots: []int{shots}, Seed: 5}})
			if err != nil {
				t.Fatal(err)
			}
			o := res[0].Outcomes[0]
			seen := make([]float64, len(want))
			for _, n := range o.Counts {
				seen[n.Word] += float64(n.N) / shots
			}
			// The mean of the variation is below half the sum of the deviations.
			bound := 0.0
			for _, x := range noisy {
				bound += math.Sqrt(x * (1 - x) / shots)
			}
			if d := variation(seen, noisy); d > bound {
				t.Errorf("%d shots: off by %.4f from the noisy law, expected less than %.4f", shots, d, bound)
			}
		})
	}
}
