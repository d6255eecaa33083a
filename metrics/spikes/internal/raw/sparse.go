package raw

import (
	"encoding/binary"
	"fmt"
	"math"
)

// Spread is the largest number of elements that a sparse array of a file, or times that
// are counted into bins, become, for so many bytes: zeros are made of nothing.
func Spread(size int) int { return 1<<24 + 4096*size }

// Compressed is a sparse matrix by its major axis: of line j, from Starts[j] to
// Starts[j+1], the Indices on the minor axis and the Values.
type Compressed struct {
	Major, Minor            int
	Starts, Indices, Values Array
}

// Full makes the matrix full, the minor axis fastest. It refuses more than limit
// elements.
func (c Compressed) Full(limit int) (Array, error) {
	if c.Major < 0 || c.Starts.Len() != c.Major+1 {
		return Array{}, fmt.Errorf("a sparse array of %d lines with %d beginnings", c.Major, c.Starts.Len())
	}
	n, ok := c.Starts.Whole(c.Major)
	if !ok || n > c.Indices.Len() || n > c.Values.Len() {
		return Array{}, fmt.Errorf("a sparse array of %v elements has %d indices and %d values", c.Starts.At(c.Major), c.Indices.Len(), c.Values.Len())
	}
	places := make([]int, n)
	from, ok := c.Starts.Whole(0)
	if !ok || from != 0 {
		return Array{}, fmt.Errorf("a sparse array whose first line begins at element %v", c.Starts.At(0))
	}
	for j := range c.Major {
		to, ok := c.Starts.Whole(j + 1)
		if !ok || to < from || to > n {
			return Array{}, fmt.Errorf("line %d of a sparse array ends at element %v of %d", j, c.Starts.At(j+1), n)
		}
		for k := from; k < to; k++ {
			i, ok := c.Indices.Whole(k)
			if !ok || i >= c.Minor {
				return Array{}, fmt.Errorf("an element of a sparse array at %v of %d", c.Indices.At(k), c.Minor)
			}
			places[k] = j*c.Minor + i // within bounds: Scatter checks the product first
		}
		from = to
	}
	return Scatter([]int{c.Major, c.Minor}, places, c.Values, limit)
}

// Scatter makes a full array of zeros of that shape and adds value k at place k. It
// refuses more than limit elements. Where all are whole numbers up to 255 the elements
// are bytes, as spikes are, and floats otherwise.
func Scatter(shape, places []int, values Array, limit int) (Array, error) {
	n, ok := Product(shape)
	if !ok || n > limit {
		return Array{}, fmt.Errorf("a sparse array of %v elements, at most %d are made full", shape, limit)
	}
	if len(places) > values.Len() {
		return Array{}, fmt.Errorf("a sparse array of %d elements and %d values", len(places), values.Len())
	}
	for _, at := range places {
		if at < 0 || at >= n {
			return Array{}, fmt.Errorf("element %d of a sparse array of %d", at, n)
		}
	}
	small := make([]byte, n)
	for k, at := range places {
		v := values.At(k) + float64(small[at])
		if !(v >= 0 && v <= math.MaxUint8) || v != math.Trunc(v) {
			return scatterFloats(n, places, values), nil
		}
		small[at] = byte(v)
	}
	return Array{Kind: Uint8, Bytes: small}, nil
}

func scatterFloats(n int, places []int, values Array) Array {
	le := binary.LittleEndian
	b := make([]byte, 8*n)
	for k, at := range places {
		sum := values.At(k) + math.Float64frombits(le.Uint64(b[8*at:]))
		le.PutUint64(b[8*at:], math.Float64bits(sum))
	}
	return Array{Kind: Float64, Order: le, Bytes: b}
}

// Whole returns element i where it is a whole number from 0 that an int can hold.
func (a Array) Whole(i int) (int, bool) {
	x := a.At(i)
	if !(x >= 0 && x < 1<<53) || x != math.Trunc(x) || x > math.MaxInt {
		return 0, false
	}
	return int(x), true
}
