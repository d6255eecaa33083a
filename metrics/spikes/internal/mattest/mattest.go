// Package mattest builds MATLAB level 5 files for tests, in all the forms that
// a reader meets and that the writer of package matfile never makes: big
// endian, compressed, small elements, numbers stored narrower than their
// class, and variables that are no arrays of numbers.
package mattest

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
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
