package compile

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"testing"

	"qgan/internal/stream"
	"qgan/ir"
)

// randomGates is a circuit of so many gates, half of them cx on any pair.
func randomGates(rng *rand.Rand, qubits, gates int) *ir.Circuit {
	c := ir.New(qubits, 0)
	for k := range gates {
		a := rng.IntN(qubits)
		if k%2 == 0 {
			c.Gate([]ir.Gate{ir.RX, ir.RZ}[rng.IntN(2)], []int{a}, ir.Const(6*rng.Float64()-3))
			continue
		}
		b := (a + 1 + rng.IntN(qubits-1)) % qubits
		c.Gate(ir.CX, []int{a, b})
	}
	return c
}

// BenchmarkScale compiles what is large: chains of 1,000 qubits, and random circuits of
// 12,500 to 100,000 gates, of which twice as many should take twice the time and memory.
func BenchmarkScale(b *testing.B) {
	run := func(name string, c *ir.Circuit, t *Target) {
		b.Run(name, func(b *testing.B) {
			var r *Result
			var err error
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			n := 0
			for b.Loop() {
				n++
				if r, err = Compile(c, t, Options{}); err != nil {
					b.Fatal(err)
				}
			}
			runtime.ReadMemStats(&after)
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(n*len(c.Ops)), "ns/gate")
			b.ReportMetric(float64(after.TotalAlloc-before.TotalAlloc)/float64(n*len(c.Ops)), "B/gate")
			b.ReportMetric(float64(r.Stats.TwoQubitGates), "two-qubit")
		})
	}
	free := func(n int) *Target {
		t, err := AllToAll(n, []string{"cx", "rz", "rx", "ry"})
		if err != nil {
			b.Fatal(err)
		}
		return t
	}
	device := families[0]
	chain := boundChain(b, 1000)
	run("chain/all", chain, free(1000))
	run("chain/line", chain, device.target(b, 1000, line(1000)))
	run("chain/square", chain, device.target(b, 1024, grid(32, 32)))
	for _, gates := range []int{12_500, 25_000, 50_000, 100_000} {
		c := randomGates(stream.New(1, "scale"), 1000, gates)
		run(fmt.Sprint("random/all/", gates), c, free(1000))
	}
	for _, gates := range []int{12_500, 25_000, 50_000, 100_000} {
		c := randomGates(stream.New(1, "scale"), 100, gates)
		run(fmt.Sprint("random/square/", gates), c, device.target(b, 100, grid(10, 10)))
	}
}

func boundChain(b *testing.B, n int) *ir.Circuit {
	c := chainCircuit(n)
	trained, data := randomValues(c)
	return boundTo(b, c, trained, data)
}
