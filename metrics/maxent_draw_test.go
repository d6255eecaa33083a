package metrics

import (
	"math"
	"testing"

	"qgan/internal/stream"
)

// TestMonteCarloDraw draws from a law whose table is known.
func TestMonteCarloDraw(t *testing.T) {
	const n, draws = 5, 40000
	m := &MonteCarloMaxEnt{neurons: n, timesteps: 1, size: n, h: []float64{-1, -2, -1.5, 0.2, -3}, j: make([]float64, n*n), v: []float64{0, 0.3, -0.2, 0.5, 0, 1}}
	for i, w := range map[int]float64{0*n + 1: 1.5, 1*n + 2: -1, 3*n + 4: 0.7} {
		m.j[i], m.j[i%n*n+i/n] = w, w
	}
	want, z := make([]float64, 1<<n), 0.0
	for w := range want {
		want[w] = math.Exp(m.energy(bitsOn([]uint32{uint32(w)}, n, nil)))
		z += want[w]
	}
	got, next := make([]float64, 1<<n), 0
	m.Draw(draws, stream.New(1, "draw"), func(window int, on []int) {
		if window != next {
			t.Fatalf("window %d, want %d", window, next)
		}
		next++
		word := 0
		for _, i := range on {
			word |= 1 << (n - 1 - i)
		}
		got[word] += 1. / draws
	})
	for w := range want {
		want[w] /= z
	}
	if js, most := JS(want, got), 2*JSPluginBias(1<<n, draws); next != draws || js > most {
		t.Errorf("%d windows, divergence %g, want at most %g", next, js, most)
	}
}
