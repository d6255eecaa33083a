package matfile

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"

	"qgan/metrics/spikes/internal/raw"
)

// head4 is the header of a matrix of level 4: five numbers of four bytes, the first of
// them the digits M (machine), 0, P (type of number) and T (full, text, sparse).
type head4 struct {
	order         byteOrder
	kind          raw.Kind
	class         Class
	rows, columns int
	complex       bool
	name          int // bytes, with the zero at its end
}

const headSize4 = 20

// types4 are the types of numbers by their digit, with the class that MATLAB gives them.
var types4 = [...]struct {
	kind  raw.Kind
	class Class
}{
	{raw.Float64, Double}, {raw.Float32, Single}, {raw.Int32, Int32}, {raw.Int16, Int16}, {raw.Uint16, Uint16}, {raw.Uint8, Uint8},
}

// header4 reads a header; false: there is none.
func header4(b []byte) (head4, bool) {
	if len(b) < headSize4 {
		return head4{}, false
	}
	for machine, order := range []byteOrder{binary.LittleEndian, binary.BigEndian} {
		typ, rows, columns, imaginary, name := order.Uint32(b), order.Uint32(b[4:]), order.Uint32(b[8:]), order.Uint32(b[12:]), order.Uint32(b[16:])
		p, t := typ/10%10, typ%10
		if typ/100 != uint32(10*machine) || int(p) >= len(types4) || t > 2 || imaginary > 1 || name < 2 || name > 64 {
			continue
		}
		if rows > 1<<31-1 || columns > 1<<31-1 {
			continue
		}
		class := [...]Class{types4[p].class, Char, Sparse}[t]
		return head4{order, types4[p].kind, class, int(rows), int(columns), imaginary == 1, int(name)}, true
	}
	return head4{}, false
}

// isLevel4 says whether a file begins with a matrix of level 4 that has a name.
func isLevel4(b []byte) bool {
	h, ok := header4(b)
	if !ok || len(b) < headSize4+h.name {
		return false
	}
	name := b[headSize4 : headSize4+h.name]
	for _, c := range name[:h.name-1] {
		if c != '_' && (c < '0' || c > '9') && (c|0x20 < 'a' || c|0x20 > 'z') {
			return false
		}
	}
	return name[h.name-1] == 0
}

// level4 lists the matrices of a file of level 4.
func level4(b []byte) ([]*Variable, error) {
	var out []*Variable
	for at := 0; at < len(b); {
		h, ok := header4(b[at:])
		if !ok {
			return nil, fmt.Errorf("byte %d: no header of a matrix of level 4", at)
		}
		v := &Variable{Class: h.class, Complex: h.complex, Dims: []int{h.rows, h.columns}, Offset: at}
		n, ok := raw.Product(v.Dims)
		left := len(b) - at - headSize4 - h.name
		parts := 1
		if h.complex {
			parts = 2
		}
		if size := h.kind.Size() * parts; !ok || left < 0 || n > left/size {
			return nil, fmt.Errorf("truncated: the matrix at byte %d announces %d x %d numbers and %d bytes are left", at, h.rows, h.columns, max(left, 0))
		}
		at += headSize4
		name, _, _ := bytes.Cut(b[at:at+h.name], []byte{0})
		v.Name = string(name)
		at += h.name
		a := raw.Array{Kind: h.kind, Order: h.order, Bytes: b[at : at+n*h.kind.Size()]}
		at += n * h.kind.Size() * parts
		v.level4 = func() (raw.Array, error) { return a, nil }
		if h.class == Sparse {
			if err := v.sparse4(a, len(b)); err != nil {
				return nil, fmt.Errorf("variable %q: %w", v.Name, err)
			}
		}
		out = append(out, v)
	}
	return out, nil
}

// sparse4 makes a sparse matrix of a table of row, column and value, counted from 1,
// whose last row holds its size.
func (v *Variable) sparse4(a raw.Array, size int) error {
	n := v.Dims[0] - 1
	if v.Complex {
		return nil
	}
	if n < 0 || v.Dims[1] != 3 {
		return fmt.Errorf("a sparse matrix of %s", v.Shape())
	}
	at := func(i, column int) float64 { return a.At(column*(n+1) + i) }
	rows, columns := at(n, 0), at(n, 1)
	if !(rows >= 0 && columns >= 0 && rows <= 1<<31-1 && columns <= 1<<31-1) || rows != float64(int(rows)) || columns != float64(int(columns)) {
		return fmt.Errorf("a sparse matrix of %v x %v", rows, columns)
	}
	v.Dims = []int{int(rows), int(columns)}
	v.level4 = func() (raw.Array, error) {
		places := make([]int, n)
		for i := range n {
			r, c := at(i, 0)-1, at(i, 1)-1
			if !(r >= 0 && r < rows && c >= 0 && c < columns) {
				return raw.Array{}, errors.New("an element lies outside of the matrix")
			}
			places[i] = int(c)*int(rows) + int(r)
		}
		width := a.Kind.Size()
		return raw.Scatter(v.Dims, places, raw.Array{Kind: a.Kind, Order: a.Order, Bytes: a.Bytes[2*(n+1)*width:]}, raw.Spread(size))
	}
	return nil
}
