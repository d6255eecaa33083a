package service

import (
	"bytes"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"qgan/backends"
)

// Bits that are set come back in words of up to 64 bits and in rows of more.
func TestRows(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		bits, shots := rapid.IntRange(1, 130).Draw(t, "bits"), rapid.IntRange(1, 20).Draw(t, "shots")
		r := NewRows(bits, shots)
		want := make([]bool, bits*shots)
		for i := range want {
			if want[i] = rapid.Bool().Draw(t, "one"); want[i] {
				r.Set(i/bits, i%bits)
			}
		}
		o := r.Outcome()
		for i, one := range want {
			shot, bit := i/bits, i%bits
			got := false
			if bits <= 64 {
				got = o.Words[shot]>>(bits-1-bit)&1 == 1
			} else {
				got = o.Rows[shot*((bits+7)/8)+bit/8]>>(7-bit%8)&1 == 1
			}
			if got != one {
				t.Fatalf("shot %d, bit %d of %d", shot, bit, bits)
			}
		}
		n := 0
		for _, c := range o.Counts {
			n += c.N
		}
		if bits <= 64 && n != shots || bits > 64 && (o.Counts != nil || o.Words != nil) || o.Shots != shots {
			t.Fatalf("%d counted of %d shots", n, shots)
		}
	})
}

func TestCountWords(t *testing.T) {
	got := CountWords([]uint64{3, 1, 3, 0, 3})
	if want := []backends.Count{{Word: 0, N: 1}, {Word: 1, N: 1}, {Word: 3, N: 3}}; !slices.Equal(got, want) {
		t.Errorf("%v", got)
	}
}

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

// A row that is put is the bits that are set one by one, wherever it begins.
func TestPutIsSet(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 40).Draw(t, "bits")
		at := rapid.IntRange(0, 40).Draw(t, "at")
		after := rapid.IntRange(0, 10).Draw(t, "after")
		row := rapid.SliceOfN(rapid.Byte(), (n+7)/8, (n+7)/8).Draw(t, "row")
		a, b := NewRows(at+n+after, 2), NewRows(at+n+after, 2)
		a.Put(1, at, row, n)
		for i := range n {
			if row[i/8]&(0x80>>(i%8)) != 0 {
				b.Set(1, at+i)
			}
		}
		if !bytes.Equal(a.data, b.data) {
			t.Fatalf("%08b, want %08b", a.data, b.data)
		}
	})
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
