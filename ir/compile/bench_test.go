package compile

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"testing"

	"qgan/internal/stream"
	"qgan/ir"
)

// chainCircuit is the generator's circuit of n qubits with five layers and five
// chains, measured.
func chainCircuit(n int) *ir.Circuit {
	c := ir.Ansatz{Neurons: n, Layers: 5, FinalChain: true, Latent: ir.LatentScale{Value: 1}}.Circuit()
	c.MeasureAll()
	return c
}

// ringCircuit is the same with a cx from the last qubit to the first in each layer.
func ringCircuit(n int) *ir.Circuit {
	c := chainCircuit(n)
	var ops []ir.Op
	for _, op := range c.Ops {
		ops = append(ops, op)
		if a, ok := op.(*ir.Apply); ok && a.Gate == ir.CX && a.Qubits[1] == n-1 {
			ops = append(ops, &ir.Apply{Gate: ir.CX, Qubits: []int{n - 1, 0}})
		}
	}
	c.Ops = ops
	return c
}

// qftCircuit is the quantum Fourier transform with its swaps, measured.
func qftCircuit(n int) *ir.Circuit {
	c := ir.New(n, 0)
	for q := n - 1; q >= 0; q-- {
		c.Gate(ir.H, []int{q})
		for p := q - 1; p >= 0; p-- {
			c.Gate(ir.CP, []int{q, p}, ir.Const(math.Pi/float64(int(1)<<(q-p))))
		}
	}
	for q := range n / 2 {
		c.Gate(ir.Swap, []int{q, n - 1 - q})
	}
	c.MeasureAll()
	return c
}

// randomValues for the symbols of a circuit.
func randomValues(c *ir.Circuit) (trained, data []float64) {
	rng := stream.New(5, "values")
	for range c.Trained {
		trained = append(trained, 6*rng.Float64()-3)
	}
	for range c.Data {
		data = append(data, rng.NormFloat64())
	}
	return trained, data
}

// workloads are the circuits on which compilers are compared.
var workloads = []struct {
	name    string
	circuit *ir.Circuit
}{
	{"chain10", chainCircuit(10)}, {"chain100", chainCircuit(100)}, {"ring10", ringCircuit(10)}, {"ring100", ringCircuit(100)},
	{"qft10", qftCircuit(10)}, {"qft20", qftCircuit(20)},
}

// BenchmarkCompile compiles the workloads for real devices and reports their
// two-qubit gates, two-qubit depth and pulses.
func BenchmarkCompile(b *testing.B) {
	for _, device := range []string{"torino", "sherbrooke", "fez"} {
		t := realTarget(b, "ibm/props_"+device+".json")
		for _, w := range workloads {
			b.Run(fmt.Sprintf("%s/%s", device, w.name), func(b *testing.B) {
				var r *Result
				var err error
				trained, data := randomValues(w.circuit)
				c := boundTo(b, w.circuit, trained, data)
				for b.Loop() {
					if r, err = Compile(c, t, Options{}); err != nil {
						b.Skip(err)
					}
				}
				b.ReportMetric(float64(r.Stats.TwoQubitGates), "two-qubit")
				b.ReportMetric(float64(r.Stats.TwoQubitDepth), "depth")
				b.ReportMetric(float64(r.Stats.OneQubitGates), "pulses")
			})
		}
	}
}

// BenchmarkBind binds a compiled chain of 100 qubits.
func BenchmarkBind(b *testing.B) {
	t := realTarget(b, "ibm/props_fez.json")
	c := chainCircuit(100)
	r, err := Compile(c, t, Options{})
	if err != nil {
		b.Fatal(err)
	}
	trained, data := randomValues(c)
	for b.Loop() {
		if _, err := r.Bind(trained, data); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkUCC compiles the circuits of ucc-bench for a target on which every pair is coupled.
func BenchmarkUCC(b *testing.B) {
	files, err := filepath.Glob(filepath.Join(os.Getenv("QGAN_SHARED"), "corpus/ucc-bench/*_N*.qasm"))
	if err != nil || len(files) == 0 {
		b.Skip("QGAN_SHARED is not set")
	}
	for _, path := range append(files, os.Getenv("QGAN_QV")) {
		if path == "" {
			continue
		}
		b.Run(filepath.Base(path), func(b *testing.B) {
			c := circuitIn(b, path)
			t, err := AllToAll(c.Qubits, []string{"cx", "rz", "rx", "ry"})
			if err != nil {
				b.Fatal(err)
			}
			var r *Result
			for b.Loop() {
				if r, err = Compile(c, t, Options{Unitary: true}); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(r.Stats.TwoQubitGates), "two-qubit")
		})
	}
}
