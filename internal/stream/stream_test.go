package stream

import (
	"math"
	"math/rand/v2"
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

// A name's numbers stay the same from version to version: runs are repeated and resumed by
// them. They are those of the definition, computed apart from Source. A source that has served
// other names, of any length, gives the same.
func TestNumbersOfANameAreKept(t *testing.T) {
	var source Source
	for _, k := range []struct {
		seed          uint64
		label         string
		index         []uint64
		first, second uint64
	}{
		{7, "latent", []uint64{3, 1}, 0x6aab7cbdb14919b5, 0x30a0dec6eb144e97},
		{0, "", nil, 0xb90a58a47fe71307, 0xcc3c1fd4b483dcab},
		{1<<63 + 5, "real", []uint64{1 << 40}, 0x654c27e907839a53, 0x9f54290663cf6a23},
		{7, "latent", []uint64{3}, 0x1b49171703a1d501, 0x38e55e36b3e05509},
	} {
		for _, rng := range []*rand.Rand{New(k.seed, k.label, k.index...), source.Rand(k.seed, k.label, k.index...)} {
			if a, b := rng.Uint64(), rng.Uint64(); a != k.first || b != k.second {
				t.Errorf("%d %q %v begins with %#016x, %#016x, want %#016x, %#016x", k.seed, k.label, k.index, a, b, k.first, k.second)
			}
		}
	}
}
