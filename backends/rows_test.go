package backends

import (
	"bytes"
	"slices"
	"testing"

	"pgregory.net/rapid"
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
	if want := []Count{{Word: 0, N: 1}, {Word: 1, N: 1}, {Word: 3, N: 3}}; !slices.Equal(got, want) {
		t.Errorf("%v", got)
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
