// Package raw reads arrays that lie in a file as plain bytes: a kind of number,
// a byte order, and the bytes. The readers of MAT and NPY files share it, so
// that both decide in one place what counts as zero, as one, and as neither.
package raw

import (
	"encoding/binary"
	"errors"
	"io"
	"math"
)

// Kind is the kind of number an element is.
type Kind uint8

// The kinds of numbers that the two file formats store.
const (
	Invalid Kind = iota
	Int8
	Uint8
	Int16
	Uint16
	Int32
	Uint32
	Int64
	Uint64
	Float32
	Float64
)

var kinds = [...]struct {
	name string
	size int
	one  uint64 // the bits of the number 1
}{
	Invalid: {"invalid", 0, 0},
	Int8:    {"int8", 1, 1},
	Uint8:   {"uint8", 1, 1},
	Int16:   {"int16", 2, 1},
	Uint16:  {"uint16", 2, 1},
	Int32:   {"int32", 4, 1},
	Uint32:  {"uint32", 4, 1},
	Int64:   {"int64", 8, 1},
	Uint64:  {"uint64", 8, 1},
	Float32: {"float32", 4, uint64(0x3f800000)},
	Float64: {"float64", 8, uint64(0x3ff0000000000000)},
}

// String names the kind as Go does: int8, float64.
func (k Kind) String() string {
	if int(k) >= len(kinds) {
		k = Invalid
	}
	return kinds[k].name
}

// Size is the number of bytes of one element; 0 for Invalid.
func (k Kind) Size() int {
	if int(k) >= len(kinds) {
		return 0
	}
	return kinds[k].size
}

// Array is a run of numbers as they lie in the file, in the file's own order of
// axes.
type Array struct {
	Kind  Kind
	Order binary.ByteOrder
	Bytes []byte // Len() * Kind.Size() bytes
}

// Len counts the elements.
func (a Array) Len() int {
	if s := a.Kind.Size(); s > 0 {
		return len(a.Bytes) / s
	}
	return 0
}

func (a Array) bits(i int) uint64 {
	switch b := a.Bytes; a.Kind.Size() {
	case 1:
		return uint64(b[i])
	case 2:
		return uint64(a.Order.Uint16(b[2*i:]))
	case 4:
		return uint64(a.Order.Uint32(b[4*i:]))
	default:
		return a.Order.Uint64(b[8*i:])
	}
}

// At returns element i as a float64; 64-bit integers beyond 2^53 are rounded.
func (a Array) At(i int) float64 {
	u := a.bits(i)
	switch a.Kind {
	case Int8:
		return float64(int8(u))
	case Int16:
		return float64(int16(u))
	case Int32:
		return float64(int32(u))
	case Int64:
		return float64(int64(u))
	case Float32:
		return float64(math.Float32frombits(uint32(u)))
	case Float64:
		return math.Float64frombits(u)
	}
	return float64(u)
}

// Binary returns one byte an element: 0 for zero (and for a float's minus
// zero), 1 for one, something above 1 for any other value, NaN included. Arrays
// of single bytes are returned as they are, without a copy.
func (a Array) Binary() []byte {
	if a.Kind.Size() == 1 {
		return a.Bytes
	}
	out := make([]byte, a.Len())
	one := kinds[a.Kind].one
	minus := uint64(0) // a second spelling of zero
	switch a.Kind {
	case Float32:
		minus = 1 << 31
	case Float64:
		minus = 1 << 63
	}
	for i := range out {
		switch a.bits(i) {
		case 0, minus:
		case one:
			out[i] = 1
		default:
			out[i] = 2
		}
	}
	return out
}

// chunk is the most that ReadFull allocates ahead of what it has really read,
// while that is still less, where nothing is believed.
const chunk = 1 << 20

// Inflated is the most that so many deflated bytes can become: deflate's ratio is at
// most 1032 : 1.
func Inflated(packed int) uint64 { return 1032 * uint64(packed) }

// ReadFull reads exactly n bytes. The number comes from a file and is not believed
// beyond what the stream can hold by the size of the file: more memory grows with the
// bytes that really arrive, at most doubling, so a short stream that announces a huge
// array fails without a huge allocation. A stream that ends early gives
// io.ErrUnexpectedEOF together with what was read.
func ReadFull(r io.Reader, n, believed uint64) ([]byte, error) {
	if n > math.MaxInt {
		return nil, errors.New("announces more bytes than memory can address")
	}
	buf := make([]byte, min(n, max(chunk, believed)))
	have := 0
	for {
		m, err := io.ReadFull(r, buf[have:])
		have += m
		if err != nil {
			if errors.Is(err, io.EOF) {
				err = io.ErrUnexpectedEOF
			}
			return buf[:have], err
		}
		if uint64(have) == n {
			return buf, nil
		}
		grown := make([]byte, min(n, 2*uint64(have)))
		copy(grown, buf)
		buf = grown
	}
}

// Product multiplies the sizes of an array's axes. It reports false for a
// negative size and for a product that memory cannot address.
func Product(dims []int) (int, bool) {
	for _, d := range dims {
		if d < 0 {
			return 0, false
		}
	}
	p := 1
	for _, d := range dims {
		if d == 0 {
			return 0, true
		}
	}
	for _, d := range dims {
		if p > math.MaxInt/d {
			return 0, false
		}
		p *= d
	}
	return p, true
}
