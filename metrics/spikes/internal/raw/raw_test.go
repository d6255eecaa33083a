package raw

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func encode(t *testing.T, order binary.ByteOrder, v any) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := binary.Write(&b, order, v); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestEveryKind(t *testing.T) {
	nan := math.NaN()
	for _, c := range []struct {
		kind   Kind
		values any
		want   []float64
		binary []byte
	}{
		{Int8, []int8{0, 1, -1}, []float64{0, 1, -1}, []byte{0, 1, 255}},
		{Uint8, []uint8{0, 1, 200}, []float64{0, 1, 200}, []byte{0, 1, 200}},
		{Int16, []int16{0, 1, -300}, []float64{0, 1, -300}, []byte{0, 1, 2}},
		{Uint16, []uint16{0, 1, 256}, []float64{0, 1, 256}, []byte{0, 1, 2}},
		{Int32, []int32{0, 1, -1 << 30}, []float64{0, 1, -1 << 30}, []byte{0, 1, 2}},
		{Uint32, []uint32{0, 1, 1 << 24}, []float64{0, 1, 1 << 24}, []byte{0, 1, 2}},
		{Int64, []int64{0, 1, -1}, []float64{0, 1, -1}, []byte{0, 1, 2}},
		{Uint64, []uint64{0, 1, 1 << 56}, []float64{0, 1, 1 << 56}, []byte{0, 1, 2}},
		{Float32, []float32{0, 1, 0.5, float32(math.Copysign(0, -1))}, []float64{0, 1, 0.5, 0}, []byte{0, 1, 2, 0}},
		{Float64, []float64{0, 1, nan, math.Copysign(0, -1), 2}, []float64{0, 1, nan, 0, 2}, []byte{0, 1, 2, 0, 2}},
	} {
		for _, order := range []binary.ByteOrder{binary.LittleEndian, binary.BigEndian} {
			a := Array{c.kind, order, encode(t, order, c.values)}
			if a.Len() != len(c.want) {
				t.Fatalf("%v %v: %d elements, want %d", c.kind, order, a.Len(), len(c.want))
			}
			for i, want := range c.want {
				if got := a.At(i); got != want && !(math.IsNaN(got) && math.IsNaN(want)) {
					t.Errorf("%v %v element %d: %v, want %v", c.kind, order, i, got, want)
				}
			}
			if d := cmp.Diff(c.binary, a.Binary()); d != "" {
				t.Errorf("%v %v binary (-want +got):\n%s", c.kind, order, d)
			}
		}
	}
	if s := Kind(99).String(); s != "invalid" || Kind(99).Size() != 0 {
		t.Errorf("an unknown kind is %q of %d bytes", s, Kind(99).Size())
	}
}

// zeros never ends and counts what was asked of it at once.
type zeros struct{ largest int }

func (z *zeros) Read(p []byte) (int, error) {
	z.largest = max(z.largest, len(p))
	return len(p), nil
}

func TestReadFull(t *testing.T) {
	for _, n := range []uint64{0, 1, chunk - 1, chunk, chunk + 1, 5*chunk + 3} {
		b, err := ReadFull(&zeros{}, n, 0)
		if err != nil || uint64(len(b)) != n {
			t.Errorf("%d bytes: got %d, %v", n, len(b), err)
		}
	}
	b, err := ReadFull(bytes.NewReader([]byte("abc")), 1<<40, 0)
	if !errors.Is(err, io.ErrUnexpectedEOF) || string(b) != "abc" {
		t.Errorf("short stream: %q, %v", b, err)
	}
	if cap(b) > chunk {
		t.Errorf("a stream of 3 bytes made %d bytes be allocated", cap(b))
	}
	if _, err := ReadFull(&zeros{}, math.MaxUint64, 0); err == nil {
		t.Error("2^64-1 bytes were not refused")
	}
}

func TestProduct(t *testing.T) {
	for _, c := range []struct {
		dims []int
		want int
		ok   bool
	}{
		{nil, 1, true},
		{[]int{2, 3, 4}, 24, true},
		{[]int{math.MaxInt, 0, 7}, 0, true},
		{[]int{2, -1}, 0, false},
		{[]int{0, -1}, 0, false},
		{[]int{math.MaxInt, 2}, 0, false},
	} {
		if got, ok := Product(c.dims); got != c.want || ok != c.ok {
			t.Errorf("%v: %d %v, want %d %v", c.dims, got, ok, c.want, c.ok)
		}
	}
}
