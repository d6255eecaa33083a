package sim

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"qgan/backends"
	"qgan/ir"
)

// BenchmarkVJP is one gradient of the paper's generator: 10 timesteps, 64
// latent vectors, values and vector-Jacobian product (640 circuits).
func BenchmarkVJP(b *testing.B) {
	for _, n := range []int{4, 8, 10} {
		b.Run(fmt.Sprint("n=", n), func(b *testing.B) {
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
			d, err := new(Simulator).Differentiate(a.Circuit(), backends.ExpectationZ)
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
