// Package mattest builds MATLAB level 5 files for tests, in all the forms that
// a reader meets and that the writer of package matfile never makes: big
// endian, compressed, small elements, numbers stored narrower than their
// class, and variables that are no arrays of numbers.
package mattest

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"unicode/utf16"
)

// Data types and classes, numbered as in the file.
const (
	Int8, Uint8, Int16, Uint16, Int32, Uint32 = 1, 2, 3, 4, 5, 6
	Single, Double, Int64, Uint64, Matrix     = 7, 9, 12, 13, 14
	Compressed                                = 15
	ClassCell, ClassStruct, ClassObject       = 1, 2, 3
	ClassChar, ClassSparse, ClassDouble       = 4, 5, 6
	ClassSingle, ClassInt8, ClassUint8        = 7, 8, 9
	ClassFunction, ClassOpaque                = 16, 17
	FlagLogical, FlagComplex                  = 0x200, 0x800
)

// Order is a byte order that can append.
type Order interface {
	binary.ByteOrder
	binary.AppendByteOrder
}

// Var describes a variable to be built.
type Var struct {
	Name    string
	Class   uint32 // with flags
	Dims    []int32
	Storage uint32
	Values  any    // what binary.Write takes, such as []uint8 or []float64
	Tail    []byte // written after the numbers, as it is
}

// File builds files of one byte order.
type File struct {
	Order    Order
	Compress bool
	Small    bool // elements of at most 4 bytes in the small form
}

// Header returns the first 128 bytes of a file.
func (f File) Header() []byte {
	b := bytes.Repeat([]byte(" "), 116)
	copy(b, "MATLAB 5.0 MAT-file, made for a test")
	b = append(b, make([]byte, 8)...)
	b = f.Order.AppendUint16(b, 0x0100)
	return f.Order.AppendUint16(b, 0x4d49) // "MI" in the file's order
}

// Element returns a tagged element with its padding.
func (f File) Element(typ uint32, body []byte) []byte {
	if n := len(body); f.Small && n > 0 && n <= 4 {
		b := f.Order.AppendUint32(nil, uint32(n)<<16|typ)
		b = append(b, body...)
		return append(b, make([]byte, 4-n)...)
	}
	b := f.Order.AppendUint32(nil, typ)
	b = f.Order.AppendUint32(b, uint32(len(body)))
	b = append(b, body...)
	if typ == Compressed {
		return b
	}
	return append(b, make([]byte, -len(body)&7)...)
}

// Encode lays values out in the file's byte order.
func (f File) Encode(values any) []byte {
	var b bytes.Buffer
	if err := binary.Write(&b, f.Order, values); err != nil {
		panic(err)
	}
	return b.Bytes()
}

// Variable returns a variable's element.
func (f File) Variable(v Var) []byte {
	plain := f
	plain.Small = false
	body := plain.Element(Uint32, f.Encode([]uint32{v.Class, 0}))
	if v.Dims != nil {
		body = append(body, f.Element(Int32, f.Encode(v.Dims))...)
	}
	body = append(body, f.Element(Int8, []byte(v.Name))...)
	if v.Values != nil {
		body = append(body, f.Element(v.Storage, f.Encode(v.Values))...)
	}
	body = append(body, v.Tail...)
	e := plain.Element(Matrix, body)
	if f.Compress {
		return f.Deflate(e)
	}
	return e
}

// inner builds variables as elements of a cell or struct.
func (f File) inner(vars []Var) []byte {
	f.Compress = false
	var b []byte
	for _, v := range vars {
		b = append(b, f.Variable(v)...)
	}
	return b
}

// Cell describes a cell, the first axis of its elements fastest.
func (f File) Cell(name string, dims []int32, elements ...Var) Var {
	return Var{Name: name, Class: ClassCell, Dims: dims, Tail: f.inner(elements)}
}

// Struct describes a struct of one element, or of as many as there are values for.
func (f File) Struct(name string, fields []string, values ...Var) Var {
	n := 1
	if len(fields) > 0 {
		n = len(values) / len(fields)
	}
	const length = 32
	names := make([]byte, length*len(fields))
	for i, field := range fields {
		copy(names[length*i:], field)
	}
	tail := append(f.Element(Int32, f.Encode([]int32{length})), f.Element(Int8, names)...)
	return Var{Name: name, Class: ClassStruct, Dims: []int32{1, int32(n)}, Tail: append(tail, f.inner(values)...)}
}

// Sparse describes a sparse array by its columns: their beginnings, rows and values.
func (f File) Sparse(name string, dims, starts, rows []int32, values []float64) Var {
	tail := append(f.Element(Int32, f.Encode(rows)), f.Element(Int32, f.Encode(starts))...)
	return Var{Name: name, Class: ClassSparse, Dims: dims, Tail: append(tail, f.Element(Double, f.Encode(values))...)}
}

// Doubles describes a column of numbers.
func Doubles(name string, values ...float64) Var {
	if values == nil {
		values = []float64{}
	}
	return Var{Name: name, Class: ClassDouble, Dims: []int32{int32(len(values)), 1}, Storage: Double, Values: values}
}

// Text describes a row of characters.
func Text(name, text string) Var {
	units := utf16.Encode([]rune(text))
	return Var{Name: name, Class: ClassChar, Dims: []int32{1, int32(len(units))}, Storage: Uint16, Values: units}
}

// Level4 returns a matrix of a MAT-file of level 4: of that type (its decimal digits M0PT)
// and size, the numbers as binary.Write takes them.
func (f File) Level4(typ uint32, name string, rows, columns uint32, values any) []byte {
	b := f.Encode([]uint32{typ, rows, columns, 0, uint32(len(name) + 1)})
	b = append(append(b, name...), 0)
	return append(b, f.Encode(values)...)
}

// Deflate wraps an element in a compressed one.
func (f File) Deflate(element []byte) []byte {
	var z bytes.Buffer
	w := zlib.NewWriter(&z)
	w.Write(element)
	w.Close()
	return f.Element(Compressed, z.Bytes())
}

// Build returns a file of variables.
func (f File) Build(vars ...Var) []byte {
	b := f.Header()
	for _, v := range vars {
		b = append(b, f.Variable(v)...)
	}
	return b
}
