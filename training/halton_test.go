package training

import (
	"math"
	"slices"
	"testing"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat/distmv"
	"gonum.org/v1/gonum/stat/samplemv"

	"qgan/internal/stream"
)

// The points are those of gonum, bit for bit, and leave the stream where gonum does.
func TestHalton(t *testing.T) {
	for _, c := range []struct{ count, width int }{{1, 1}, {7, 3}, {1000, 2}, {4096, 14}, {50, 20}} {
		rng, same := stream.New(5, "halton"), stream.New(5, "halton")
		got := halton(c.count, c.width, rng)
		want := mat.NewDense(c.count, c.width, nil)
		samplemv.Halton{Kind: samplemv.Owen, Q: distmv.NewUnitUniform(c.width, nil), Src: same}.Sample(want)
		for i, point := range got {
			if !slices.Equal(point, want.RawRowView(i)) {
				t.Fatalf("%d points of %d coordinates: point %d is %v, want %v", c.count, c.width, i, point, want.RawRowView(i))
			}
		}
		if rng.Uint64() != same.Uint64() {
			t.Errorf("%d points of %d coordinates: the stream is elsewhere", c.count, c.width)
		}
	}
}

// Of b^k points one lies in each of as many equal parts of the coordinate of base b.
func TestHaltonLiesEvenly(t *testing.T) {
	const count = 2 * 2 * 2 * 3 * 3 * 5
	points := halton(count, 3, stream.New(6, "halton"))
	for j, parts := range []int{8, 9, 5} {
		seen := make([]int, parts)
		for _, x := range points {
			seen[int(math.Floor(x[j]*float64(parts)))]++
		}
		for k, n := range seen {
			if n != count/parts {
				t.Errorf("coordinate %d: %d of %d points in part %d of %d", j, n, count, k, parts)
			}
		}
	}
	if got := primes(7); !slices.Equal(got, []int{2, 3, 5, 7, 11, 13, 17}) {
		t.Errorf("primes %v", got)
	}
}

func BenchmarkHalton(b *testing.B) {
	for b.Loop() {
		halton(4096, 8, stream.New(1, "halton"))
	}
}
