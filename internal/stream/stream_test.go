package stream

import (
	"math"
	"testing"
)

func TestSameNameSameNumbers(t *testing.T) {
	a, b := New(7, "latent", 3), New(7, "latent", 3)
	for i := range 100 {
		if x, y := a.Uint64(), b.Uint64(); x != y {
			t.Fatalf("draw %d: %x and %x", i, x, y)
		}
	}
}

func TestNamesAreApart(t *testing.T) {
	first := map[uint64]string{}
	for seed := range uint64(4) {
		for _, label := range []string{"latent", "latent2", "real", ""} {
			for i := range uint64(50) {
				for _, index := range [][]uint64{{i}, {i, 0}, {0, i + 1}} {
					x := New(seed, label, index...).Uint64()
					name := label + string(rune('0'+len(index)))
					if old, seen := first[x]; seen {
						t.Fatalf("seed %d %s %v starts like %s", seed, label, index, old)
					}
					first[x] = name
				}
			}
		}
	}
}

// Neighbouring indices must not be correlated: the mean product of their
// normal draws has standard error 1/sqrt(N).
func TestNeighboursUncorrelated(t *testing.T) {
	const n = 20000
	sum := 0.0
	for i := range uint64(n) {
		sum += New(1, "z", i).NormFloat64() * New(1, "z", i+1).NormFloat64()
	}
	if c := sum / n; math.Abs(c) > 4/math.Sqrt(n) {
		t.Errorf("correlation of neighbours %.4f, want below %.4f", c, 4/math.Sqrt(n))
	}
}
