// Package matfile reads MATLAB's MAT-files of level 5 and 4 and writes those of level 5:
// arrays of numbers, logicals and characters of any number of axes, full or sparse, in
// either byte order, plain or zlib-compressed, and cells and structs of them.
//
// A struct is listed as its fields, named "struct/field"; a field of an array of structs
// is a cell. Objects, complex arrays, function handles and opaque objects are listed by
// name and class, and refused by class when read. MATLAB 7.3 files are HDF5 and are
// refused by name.
//
// Nothing that a file claims is believed: a damaged one costs time and memory in
// proportion to its size and to what its compressed parts really hold.
//
// Layout as in "MAT-File Format" (MathWorks), chapters 1 (level 5) and 2 (level 4).
package matfile

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"qgan/metrics/spikes/internal/raw"
)

// Class is what MATLAB takes a variable for. The numbers in the file may be
// stored in a narrower type; that is what the reader follows.
type Class uint8

// The classes of level 5, with their numbers in the file.
const (
	Cell     Class = 1
	Struct   Class = 2
	Object   Class = 3
	Char     Class = 4
	Sparse   Class = 5
	Double   Class = 6
	Single   Class = 7
	Int8     Class = 8
	Uint8    Class = 9
	Int16    Class = 10
	Uint16   Class = 11
	Int32    Class = 12
	Uint32   Class = 13
	Int64    Class = 14
	Uint64   Class = 15
	Function Class = 16
	Opaque   Class = 17
)

var classes = [...]string{
	Cell: "cell", Struct: "struct", Object: "object", Char: "char", Sparse: "sparse",
	Double: "double", Single: "single", Int8: "int8", Uint8: "uint8", Int16: "int16", Uint16: "uint16",
	Int32: "int32", Uint32: "uint32", Int64: "int64", Uint64: "uint64",
	Function: "function handle", Opaque: "opaque object",
}

// String names the class as MATLAB does.
func (c Class) String() string {
	if int(c) < len(classes) && classes[c] != "" {
		return classes[c]
	}
	return fmt.Sprintf("class %d", uint8(c))
}

// numeric reports whether the class is one of plain numbers.
func (c Class) numeric() bool { return c >= Double && c <= Uint64 }

// Data types of elements, numbered as in the file.
const (
	miINT8       = 1
	miUINT8      = 2
	miINT16      = 3
	miUINT16     = 4
	miINT32      = 5
	miUINT32     = 6
	miSINGLE     = 7
	miDOUBLE     = 9
	miINT64      = 12
	miUINT64     = 13
	miMATRIX     = 14
	miCOMPRESSED = 15
	miUTF8       = 16
	miUTF16      = 17
	miUTF32      = 18
)

// storage maps a data type to the kind of number its elements are.
var storage = map[uint32]raw.Kind{
	miINT8: raw.Int8, miUINT8: raw.Uint8, miINT16: raw.Int16, miUINT16: raw.Uint16,
	miINT32: raw.Int32, miUINT32: raw.Uint32, miINT64: raw.Int64, miUINT64: raw.Uint64,
	miSINGLE: raw.Float32, miDOUBLE: raw.Float64,
	miUTF8: raw.Uint8, miUTF16: raw.Uint16, miUTF32: raw.Uint32,
}

// Bits of the array flags.
const (
	flagLogical = 0x02
	flagComplex = 0x08
)

const headerSize = 128

// ErrHDF5 is wrapped by the error for MATLAB 7.3 files.
var ErrHDF5 = errors.New("a MATLAB 7.3 (HDF5) file")

var hdf5Signature = []byte("\x89HDF\r\n\x1a\n")

// IsHDF5 reports whether the bytes are an HDF5 file, which a MATLAB 7.3 file
// is: the signature stands at byte 0, 512, 1024, 2048 and so on.
func IsHDF5(b []byte) bool {
	if bytes.HasPrefix(b, hdf5Signature) {
		return true
	}
	for at := 512; at > 0 && at < len(b); at *= 2 {
		if bytes.HasPrefix(b[at:], hdf5Signature) {
			return true
		}
	}
	return false
}

// Is reports whether the bytes look like a MAT-file of level 5 or 4, or like the
// beginning of one of level 5 that was cut short.
func Is(b []byte) bool {
	// The version has a zero byte, which text has not.
	if len(b) >= headerSize && (b[124] == 0 || b[125] == 0) {
		if mark := string(b[126:128]); mark == "IM" || mark == "MI" {
			return true
		}
	}
	return bytes.HasPrefix(b, []byte("MATLAB 5.0 MAT-file")) || isLevel4(b)
}

// Variable is one array of a file, as its header describes it; Read gets the
// numbers, Cells the elements of a cell.
type Variable struct {
	// Name is the variable's, followed by those of fields in structs: "s/field".
	Name    string
	Class   Class
	Logical bool
	Complex bool
	Dims    []int // nil for opaque objects, which have none
	Offset  int   // of the variable's element in the file

	element
	level4 func() (raw.Array, error) // the numbers of a file of level 4
	cells  []*Variable               // of a field of an array of structs
	err    error                     // what is wrong with what follows the header
}

// Kind describes the variable in MATLAB's words, such as "logical", "complex
// double" or "struct".
func (v *Variable) Kind() string {
	switch {
	case v.Logical && v.Class.numeric():
		return "logical"
	case v.Complex:
		return "complex " + v.Class.String()
	}
	return v.Class.String()
}

// Shape writes the size of each axis, as in "297x160x953".
func (v *Variable) Shape() string {
	s := make([]string, len(v.Dims))
	for i, d := range v.Dims {
		s[i] = fmt.Sprint(d)
	}
	return strings.Join(s, "x")
}

// Numeric reports whether the variable is an array of real numbers or logicals, full
// or sparse.
func (v *Variable) Numeric() bool {
	return (v.Class.numeric() || v.Class == Sparse) && !v.Complex
}

// refuse returns the error for a variable that is no array of numbers.
func (v *Variable) refuse() error {
	if v.Numeric() || v.Class == Char {
		return v.err
	}
	what := "a " + v.Kind()
	if v.Class == Object || v.Class == Opaque {
		what = "an " + v.Kind()
	}
	if v.Complex {
		what += " array"
	}
	if v.err != nil {
		return fmt.Errorf("variable %q is %s: %w", v.Name, what, v.err)
	}
	return fmt.Errorf("variable %q is %s, not an array of real numbers", v.Name, what)
}
