// Package npy reads and writes NumPy's array files: .npy (versions 1, 2 and 3;
// booleans, integers and floats of both byte orders; C and Fortran order) and
// .npz, which is a zip archive of them.
//
// Layout as in NumPy's "NEP 1: A simple file format for NumPy arrays" and the
// documentation of numpy.lib.format.
package npy

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"qgan/metrics/spikes/internal/raw"
)

// Magic begins every .npy file.
const Magic = "\x93NUMPY"

// maxHeader bounds the header's text; NumPy itself refuses more than 10,000
// characters unless told to trust the file.
const maxHeader = 1 << 20

// Header describes an array.
type Header struct {
	Descr   string // NumPy's name of the type, such as "|u1" or "<f8"
	Fortran bool   // the first axis runs fastest; otherwise the last
	Shape   []int
}

// Array is an array with its numbers, in the order that the header gives.
type Array struct {
	Header
	raw.Array
}

// types are NumPy's type codes that hold real numbers.
var types = map[string]raw.Kind{
	"b1": raw.Uint8,
	"i1": raw.Int8, "u1": raw.Uint8, "i2": raw.Int16, "u2": raw.Uint16,
	"i4": raw.Int32, "u4": raw.Uint32, "i8": raw.Int64, "u8": raw.Uint64,
	"f4": raw.Float32, "f8": raw.Float64,
}

// refused says in words what the other type codes are.
var refused = map[byte]string{
	'c': "complex numbers", 'O': "Python objects", 'S': "byte strings", 'U': "text",
	'V': "records", 'M': "dates", 'm': "time differences", 'f': "floats of a width other than 4 or 8 bytes",
}

// kind returns the kind of number and the byte order that Descr names.
func (h Header) kind() (raw.Kind, binary.ByteOrder, error) {
	d := h.Descr
	var order binary.ByteOrder = binary.LittleEndian
	if d != "" && strings.IndexByte("<>|=", d[0]) >= 0 {
		if d[0] == '>' {
			order = binary.BigEndian
		}
		d = d[1:]
	}
	if k, ok := types[d]; ok {
		return k, order, nil
	}
	if d != "" {
		if what := refused[d[0]]; what != "" {
			return raw.Invalid, nil, fmt.Errorf("the array holds %s (type %q), not real numbers", what, h.Descr)
		}
	}
	return raw.Invalid, nil, fmt.Errorf("the array's type %q is not one of booleans, integers and floats", h.Descr)
}

// TypeError reports why the array's type can't be read; nil where it can.
func (h Header) TypeError() error {
	_, _, err := h.kind()
	return err
}

// IsText says whether the array holds text, as bytes or as characters.
func (h Header) IsText() bool { _, _, ok := h.text(); return ok }

// text is the number of characters of a text, and the bytes of one.
func (h Header) text() (length, width int, ok bool) {
	d := strings.TrimLeft(h.Descr, "<>|=")
	if d == "" || d[0] != 'S' && d[0] != 'U' {
		return 0, 0, false
	}
	n, err := strconv.Atoi(d[1:])
	width = 1
	if d[0] == 'U' {
		width = 4
	}
	return n, width, err == nil && n >= 0 && n <= maxHeader
}

// readTexts reads an array of texts.
func readTexts(r io.Reader, holds uint64) ([]string, error) {
	h, err := ReadHeader(r)
	if err != nil {
		return nil, err
	}
	length, width, ok := h.text()
	n, fits := raw.Product(h.Shape)
	if !ok || !fits || uint64(n) > 1<<40 {
		return nil, fmt.Errorf("an array of %s of type %q is no array of texts", ShapeString(h.Shape), h.Descr)
	}
	if length == 0 {
		n = 0
	}
	b, err := raw.ReadFull(r, uint64(n)*uint64(length*width), holds)
	if err != nil {
		return nil, fmt.Errorf("truncated: an array of texts of %s: %w", ShapeString(h.Shape), err)
	}
	var order binary.ByteOrder = binary.LittleEndian
	if strings.HasPrefix(h.Descr, ">") {
		order = binary.BigEndian
	}
	var out []string
	for ; len(b) > 0; b = b[length*width:] {
		var text strings.Builder
		for i := range length {
			c := rune(b[i*width])
			if width == 4 {
				c = rune(order.Uint32(b[4*i:]))
			}
			if c == 0 {
				break
			}
			text.WriteRune(c)
		}
		out = append(out, text.String())
	}
	return out, nil
}

// ReadHeader reads a file's header and stops before the first number.
func ReadHeader(r io.Reader) (Header, error) {
	var pre [8]byte
	if n, err := io.ReadFull(r, pre[:]); err != nil {
		return Header{}, fmt.Errorf("truncated at byte %d: the header is incomplete", n)
	}
	if string(pre[:6]) != Magic {
		return Header{}, errors.New("byte 0: not a .npy array: it does not begin with \\x93NUMPY")
	}
	width := 2
	switch pre[6] {
	case 1:
	case 2, 3:
		width = 4
	default:
		return Header{}, fmt.Errorf("byte 6: version %d.%d of the .npy format is not known", pre[6], pre[7])
	}
	var l [4]byte
	if n, err := io.ReadFull(r, l[:width]); err != nil {
		return Header{}, fmt.Errorf("truncated at byte %d: the header is incomplete", 8+n)
	}
	size := binary.LittleEndian.Uint32(l[:])
	if size > maxHeader {
		return Header{}, fmt.Errorf("byte 8: a header of %d bytes, at most %d are expected", size, maxHeader)
	}
	text, err := raw.ReadFull(r, uint64(size), 0)
	if err != nil {
		return Header{}, fmt.Errorf("truncated at byte %d: the header is incomplete", 8+width+len(text))
	}
	h, at, err := parseHeader(string(text))
	if err != nil {
		return Header{}, fmt.Errorf("byte %d: %w", 8+width+at, err)
	}
	return h, nil
}

// Read reads an array from a stream that can hold so many bytes, or 0 where that is
// not known. What follows it is left alone, as NumPy does.
func Read(r io.Reader, holds uint64) (*Array, error) {
	h, err := ReadHeader(r)
	if err != nil {
		return nil, err
	}
	kind, order, err := h.kind()
	if err != nil {
		return nil, err
	}
	n, ok := raw.Product(h.Shape)
	size := uint64(n) * uint64(kind.Size())
	if !ok || uint64(n) > 1<<60 {
		return nil, fmt.Errorf("an array of %s is more than memory can address", ShapeString(h.Shape))
	}
	b, err := raw.ReadFull(r, size, holds)
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, fmt.Errorf("truncated: an array of %s needs %d bytes after the header and %d are left", ShapeString(h.Shape), size, len(b))
	}
	if err != nil {
		return nil, err
	}
	return &Array{h, raw.Array{Kind: kind, Order: order, Bytes: b}}, nil
}

// Parse reads an array from the bytes of a file.
func Parse(b []byte) (*Array, error) { return Read(bytes.NewReader(b), uint64(len(b))) }

// ShapeString writes the size of each axis, as in "297x160x953".
func ShapeString(shape []int) string {
	s := make([]string, len(shape))
	for i, d := range shape {
		s[i] = fmt.Sprint(d)
	}
	if len(s) == 0 {
		return "scalar"
	}
	return strings.Join(s, "x")
}

// Write writes an array in C order, version 1 of the format; data lies in the
// order and type that descr names ("|u1", "<i8", "<f8", or "<U7" for texts of seven
// characters of four bytes, "|S7" of one).
func Write(w io.Writer, descr string, shape []int, data []byte) error {
	h := Header{Descr: descr}
	kind, _, err := h.kind()
	size := kind.Size()
	if length, width, ok := h.text(); ok {
		size, err = length*width, nil
	}
	if err != nil {
		return err
	}
	if n, ok := raw.Product(shape); !ok || n*size != len(data) {
		return fmt.Errorf("%d bytes do not make an array of %s of type %s", len(data), ShapeString(shape), descr)
	}
	var tuple strings.Builder
	for _, d := range shape {
		fmt.Fprintf(&tuple, "%d, ", d)
	}
	inner := strings.TrimSuffix(tuple.String(), " ")
	if len(shape) > 1 {
		inner = strings.TrimSuffix(inner, ",")
	}
	text := fmt.Sprintf("{'descr': '%s', 'fortran_order': False, 'shape': (%s), }", descr, inner)
	// The numbers begin at a multiple of 64 bytes; the last byte before them is
	// a newline.
	pad := -(len(Magic) + 4 + len(text) + 1) & 63
	text += strings.Repeat(" ", pad) + "\n"
	head := append([]byte(Magic), 1, 0)
	head = binary.LittleEndian.AppendUint16(head, uint16(len(text)))
	if _, err := w.Write(append(head, text...)); err != nil {
		return err
	}
	_, err = w.Write(data)
	return err
}
