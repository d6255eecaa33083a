package training

import (
	"math"
	"math/rand/v2"
	"testing"
)

// Running sums give the word that going through the law does, at the ends too, and never one
// that is impossible.
func TestRunningSums(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 3))
	laws := make([]float64, 2*32)
	for k := range 2 {
		total := 0.0
		for x := range 32 {
			if x%5 != 0 && x != 31 {
				laws[k*32+x] = rng.ExpFloat64()
				total += laws[k*32+x]
			}
		}
		for x := range 32 {
			laws[k*32+x] /= total
		}
	}
	sums := runningSums(laws, 32)
	if len(sums) != 2 {
		t.Fatalf("sums of %d laws", len(sums))
	}
	for k, s := range sums {
		law := laws[k*32:][:32]
		for i := range 1000 {
			u := rng.Float64()
			switch i {
			case 0:
				u = 0
			case 1:
				u = math.Nextafter(1, 0)
			case 2:
				u = 1 // beyond all sums
			}
			got, want := wordUpTo(s, u), wordAt(law, u)
			if got != want || law[got] == 0 {
				t.Fatalf("law %d, u %v: word %d, not %d", k, u, got, want)
			}
		}
	}
}
