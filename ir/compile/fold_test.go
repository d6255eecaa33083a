package compile

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// The inverse of a map leads back, and Word is Apply.
func TestAffineInverse(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 8).Draw(t, "n")
		a := &Affine{Sources: make([][]int, n), Flip: rapid.SliceOfN(rapid.Bool(), n, n).Draw(t, "flip")}
		for i := range a.Sources {
			a.Sources[i] = []int{i}
		}
		for range rapid.IntRange(0, 20).Draw(t, "gates") {
			from, to := rapid.IntRange(0, n-1).Draw(t, "from"), rapid.IntRange(0, n-1).Draw(t, "to")
			if from != to {
				a.Sources[to] = symmetricDifference(a.Sources[to], a.Sources[from])
			}
		}
		inverse, err := a.Inverse()
		if err != nil {
			t.Fatal(err)
		}
		for w := range uint64(1) << n {
			bits := make([]bool, n)
			for i := range bits {
				bits[i] = w>>(n-1-i)&1 == 1
			}
			mapped, err := a.Apply(bits)
			if err != nil {
				t.Fatal(err)
			}
			number := uint64(0)
			for _, b := range mapped {
				number *= 2
				if b {
					number++
				}
			}
			if got := a.Word(w); got != number {
				t.Fatalf("%b becomes %b as a number, %b bit by bit", w, got, number)
			}
			if back := inverse.Word(a.Word(w)); back != w {
				t.Fatalf("%b comes back as %b", w, back)
			}
		}
	})
	if _, err := (&Affine{Sources: [][]int{{0}, {0}}, Flip: make([]bool, 2)}).Inverse(); err == nil {
		t.Error("a map that copies a bit has no inverse")
	}
	if a, err := (&Affine{Sources: [][]int{{1}, {0}}, Flip: []bool{true, false}}).Inverse(); err != nil || !slices.Equal(a.Flip, []bool{false, true}) {
		t.Error(a, err)
	}
	// Outcomes of another length are refused.
	for _, n := range []int{0, 1, 3} {
		if _, err := (&Affine{Sources: [][]int{{1}, {0}}, Flip: make([]bool, 2)}).Apply(make([]bool, n)); err == nil || err.Error() != fmt.Sprintf("correcting an outcome of %d bits by a map of 2", n) {
			t.Errorf("%d bits: %v", n, err)
		}
	}
}
