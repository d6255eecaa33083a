package sim

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"qgan/backends"
	"qgan/ir"
)

// BenchmarkVJP is one gradient of the paper's generator: 10 timesteps, 64
// latent vectors, values and vector-Jacobian product (640 circuits).
func BenchmarkVJP(b *testing.B) {
	for _, k := range Kernels() {
		for _, n := range []int{4, 8, 10} {
			b.Run(fmt.Sprint("kernel=", k, ",n=", n), func(b *testing.B) {
				a := ir.Ansatz{Neurons: n, Layers: 4, Closing: true, FinalChain: true, Latent: ir.LatentScale{Value: 1}}
				rng := rand.New(rand.NewPCG(1, 1))
				draw := func(rows, width int) [][]float64 {
					out := make([][]float64, rows)
					for i := range out {
						out[i] = make([]float64, width)
						for j := range out[i] {
							out[i][j] = rng.NormFloat64()
						}
					}
					return out
				}
				bind := backends.Bindings{Trained: draw(10, 8*n), Data: draw(64, n)}
				d, err := (&Simulator{Kernel: k}).Differentiate(a.Circuit(), backends.ExpectationZ)
				if err != nil {
					b.Fatal(err)
				}
				values, up, grad := make([]float64, 640*n), draw(1, 640*n)[0], make([]float64, 10*8*n)
				for b.Loop() {
					if err := d.Forward(b.Context(), bind, values); err != nil {
						b.Fatal(err)
					}
					if err := d.Backward(b.Context(), up, grad, nil); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

// BenchmarkWords is ln p of a word of each lane and its gradient by trained and data: 1,024
// lanes, each with data of its own. The state of 10 qubits stands beside.
func BenchmarkWords(b *testing.B) {
	const lanes = 1024
	for _, k := range []struct {
		name    string
		circuit *ir.Circuit
	}{
		{"deep,n=50,L=5", ir.Ansatz{Neurons: 50, Layers: 5, Memory: true}.Circuit()},
		{"brick,n=50", bricked(50, nil)},
		{"deep,brick,n=50,L=4", ir.Ansatz{Neurons: 50, Layers: 4, Memory: true, Drive: true, Pairs: true}.Circuit()},
		{"deep,n=10,L=5", ir.Ansatz{Neurons: 10, Layers: 5, Memory: true}.Circuit()},
		{"state,n=10,L=5", ir.Ansatz{Neurons: 10, Layers: 5, Memory: true}.Circuit()},
	} {
		for _, kernel := range Kernels() {
			b.Run(k.name+",kernel="+kernel, func(b *testing.B) {
				c := k.circuit
				rng := rand.New(rand.NewPCG(2, 2))
				bind := sideBindings(c, rng, 1, lanes)
				words, upstream := drawnWords(rng, c.Qubits, lanes)
				var e backends.WordEvaluator = fromTheSide(b, c, kernel)
				if k.name[0] == 's' {
					whole, err := (&Simulator{Kernel: kernel}).laws(c)
					if err != nil {
						b.Fatal(err)
					}
					e = whole
				}
				logp, trained, data := make([]float64, lanes), make([]float64, len(c.Trained)), make([]float64, lanes*len(c.Data))
				for b.Loop() {
					if err := errors.Join(e.Forward(b.Context(), bind, words, logp), e.Backward(b.Context(), upstream, trained, data)); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/lanes, "µs/word")
			})
		}
	}
}

// BenchmarkDraw draws a word of each of 256 lanes with data of their own.
func BenchmarkDraw(b *testing.B) {
	const lanes = 256
	for _, k := range []struct {
		name    string
		circuit *ir.Circuit
	}{
		{"deep,n=50,L=4", ir.Ansatz{Neurons: 50, Layers: 4, Memory: true}.Circuit()},
		{"deep,n=50,L=5", ir.Ansatz{Neurons: 50, Layers: 5, Memory: true}.Circuit()},
		{"brick,n=50", bricked(50, nil)},
	} {
		b.Run(k.name, func(b *testing.B) {
			rng := rand.New(rand.NewPCG(3, 3))
			bind := sideBindings(k.circuit, rng, 1, lanes)
			uniforms, words := make([]float64, lanes*50), make([]uint64, lanes)
			for i := range uniforms {
				uniforms[i] = rng.Float64()
			}
			e := fromTheSide(b, k.circuit, "")
			for b.Loop() {
				if err := e.Draw(b.Context(), bind, uniforms, words); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/lanes, "µs/word")
		})
	}
}
