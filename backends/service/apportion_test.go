package service

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// Counts add up to the shots, none is further than one from its expected number, and
// frequencies that were counts come back as they were.
func TestApportion(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		counts := rapid.SliceOfN(rapid.IntRange(0, 1000), 1, 40).Draw(t, "counts")
		shots := 0
		for _, n := range counts {
			shots += n
		}
		if shots == 0 {
			return
		}
		p := make([]float64, len(counts))
		for i, n := range counts {
			p[i] = float64(n) / float64(shots)
		}
		got, err := Apportion(p, shots)
		if err != nil || !slices.Equal(got, counts) {
			t.Fatalf("%v, %v, want %v", got, err, counts)
		}
		other := rapid.IntRange(1, 5000).Draw(t, "shots")
		got, err = Apportion(p, other)
		if err != nil {
			t.Fatal(err)
		}
		sum := 0
		for i, n := range got {
			sum += n
			if d := float64(n) - p[i]*float64(other); d < -1-1e-6 || d > 1+1e-6 {
				t.Fatalf("%d for an expected %v", n, p[i]*float64(other))
			}
		}
		if sum != other {
			t.Fatalf("%d counts for %d shots", sum, other)
		}
	})
	for _, p := range [][]float64{{0.5}, {0.6, 0.6}, {-0.1, 1.1}} {
		if _, err := Apportion(p, 10); err == nil {
			t.Errorf("%v was taken", p)
		}
	}
}

// What is left over goes to the largest remainders, of equal ones to the first.
func TestLargestRemainders(t *testing.T) {
	third := 1.0 / 3
	for _, k := range []struct {
		p     []float64
		shots int
		want  []int // nil: refused
	}{
		{[]float64{0.26, 0.26, 0.48}, 10, []int{3, 2, 5}},
		{[]float64{0.48, 0.26, 0.26}, 10, []int{5, 3, 2}},
		{[]float64{0.11, 0.19, 0.7}, 10, []int{1, 2, 7}},
		{[]float64{0.25, 0.25, 0.25, 0.25}, 6, []int{2, 2, 1, 1}},
		{[]float64{third, third, third}, 10, []int{4, 3, 3}},
		{[]float64{0.3333, 0.3333, 0.3333}, 3, []int{1, 1, 1}},
		{[]float64{0.9, 0.05, 0.05}, 1, []int{1, 0, 0}},
		{[]float64{0, 1}, 5, []int{0, 5}},
		{[]float64{1}, 0, []int{0}},
		{[]float64{0.5, 0.5009}, 2, []int{1, 1}},
		{[]float64{0.5, 0.5011}, 2, nil},
		{[]float64{0.5, 0.4989}, 2, nil},
		{[]float64{math.NaN(), 1}, 2, nil},
		{[]float64{-1e-9, 1}, 2, nil},
		{[]float64{}, 2, nil},
	} {
		if got, err := Apportion(k.p, k.shots); (err == nil) != (k.want != nil) || !slices.Equal(got, k.want) {
			t.Errorf("%v x %d: %v, want %v; %v", k.p, k.shots, got, k.want, err)
		}
	}
}
