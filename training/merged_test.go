package training

import (
	"math"
	"testing"
)

// Histories that the memory sees as one are one lane: the laws and the gradient of all
// together are those of each on its own.
func TestEqualHistoriesAreOneLane(t *testing.T) {
	for shape := range memoryRuns {
		t.Run(shape, func(t *testing.T) {
			c := memoryConfig(t, shape, 2, 3)
			g, params := testRecurrent(t, c)
			var of []history
			for k, past := range [][]uint32{nil, {0}, {2}, {0, 0}, {0, 2}, {2, 0}, {0}, {3, 1}, {0, 2}, {0, 0}} {
				circuit := g.circuit(len(past))
				if g.past > 0 {
					past = append([]uint32{3, 0, uint32(k % 2)}, past...)
				}
				of = append(of, history{past, circuit})
			}
			words := g.words()
			laws, one := make([]float64, len(of)*words), make([]float64, words)
			up, grad, want := make([]float64, len(laws)), make([]float64, len(params)), make([]float64, len(params))
			for i := range up {
				up[i] = math.Sin(float64(i + 1))
			}
			if err := g.forward(t.Context(), params, of, laws); err != nil {
				t.Fatal(err)
			}
			if lanes := len(g.lanes); lanes >= len(of) || lanes < 2 {
				t.Errorf("%d histories are %d lanes", len(of), lanes)
			}
			if err := g.backward(t.Context(), up, grad); err != nil {
				t.Fatal(err)
			}
			for i, h := range of {
				if err := g.forward(t.Context(), params, []history{h}, one); err != nil {
					t.Fatal(err)
				}
				for x, p := range one {
					if math.Abs(laws[i*words+x]-p) > 1e-14 {
						t.Errorf("history %d: word %d has probability %g among others, %g alone", i, x, laws[i*words+x], p)
					}
				}
				if err := g.backward(t.Context(), up[i*words:][:words], want); err != nil {
					t.Fatal(err)
				}
			}
			for i, x := range want {
				if math.Abs(grad[i]-x) > 1e-12*(1+math.Abs(x)) {
					t.Errorf("derivative by parameter %d: %g, alone %g", i, grad[i], x)
				}
			}
		})
	}
}
