package matfile

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"

	"qgan/metrics/spikes/internal/raw"
)

type byteOrder = binary.ByteOrder

// Limits on the small parts of a variable's header. MATLAB itself stops at 63
// characters for a name.
const (
	maxAxes = 64
	maxName = 4096
)

// Variables lists the variables of a MAT-file in the order of the file, the fields of
// structs in their place. It inflates no more than each one's header, and structs
// whole. The bytes must not change as long as the variables are in use.
//
// Errors name the byte of the file at which it stopped making sense.
func Variables(b []byte) ([]*Variable, error) {
	if isLevel4(b) {
		return level4(b)
	}
	order, err := header(b)
	if err != nil {
		return nil, err
	}
	r := &reader{order: order, left: 1<<18 + len(b)}
	var out []*Variable
	for at := headerSize; at < len(b); {
		if len(b)-at < 8 {
			return nil, fmt.Errorf("truncated at byte %d: an element's tag needs 8 bytes and %d are left", at, len(b)-at)
		}
		typ, size := order.Uint32(b[at:]), uint64(order.Uint32(b[at+4:]))
		left := uint64(len(b) - at - 8)
		switch {
		case typ>>16 != 0: // a small element at the top level holds no variable
			at += 8
			continue
		case typ == 0 || typ > miUTF32:
			return nil, fmt.Errorf("byte %d: unknown data type %d where an element should begin", at, typ)
		case size > left:
			return nil, fmt.Errorf("truncated: the element at byte %d announces %d bytes and %d are left", at, size, left)
		}
		if (typ == miMATRIX || typ == miCOMPRESSED) && size > 0 {
			e := element{reader: r, at: uint64(at + 8), body: b[at+8 : at+8+int(size)], packed: typ == miCOMPRESSED}
			v := &Variable{Offset: at, element: e}
			s, err := v.open()
			if err == nil {
				err = v.readHeader(s)
			}
			if err != nil {
				return nil, err
			}
			// MATLAB keeps data of its own in variables without a name.
			if v.Name != "" {
				out = v.list(out, s, 0)
			}
		}
		at += 8 + int(size)
		if typ != miCOMPRESSED {
			at += int(-size & 7)
		}
	}
	return out, nil
}

// reader is what all variables of a file share.
type reader struct {
	order byteOrder
	left  int // elements of cells and structs that may still be listed
}

// element is the bytes of a variable.
type element struct {
	*reader
	at       uint64 // of the body's first byte, in the file or in what was inflated
	inflated bool   // the body is a part of what a compressed element inflates to
	body     []byte
	packed   bool // the body is still compressed
}

// header checks the 128 bytes at the start of the file.
func header(b []byte) (byteOrder, error) {
	switch {
	case len(b) == 0:
		return nil, errors.New("empty")
	case IsHDF5(b):
		return nil, fmt.Errorf("is %w, which has another layout than level 5; save with -v7", ErrHDF5)
	case len(b) < headerSize && Is(b):
		return nil, fmt.Errorf("truncated at byte %d: the header of a MAT-file has %d bytes", len(b), headerSize)
	case len(b) < headerSize:
		return nil, fmt.Errorf("not a MAT-file of level 5: %d bytes are less than its header of %d", len(b), headerSize)
	}
	var order byteOrder
	switch mark := string(b[126:128]); mark {
	case "IM":
		order = binary.LittleEndian
	case "MI":
		order = binary.BigEndian
	default:
		return nil, fmt.Errorf("not a MAT-file of level 5: byte 126 should begin the mark %q or %q and is %q", "IM", "MI", mark)
	}
	switch version := order.Uint16(b[124:]); version {
	case 0x0100:
		return order, nil
	case 0x0200:
		return nil, fmt.Errorf("is %w by its header; save with -v7", ErrHDF5)
	default:
		return nil, fmt.Errorf("byte 124: version %#04x of the MAT-file format is not level 5 (0x0100)", version)
	}
}

// source hands out the bytes of one variable's element in sequence.
type source struct {
	v    *Variable
	flat []byte    // what is left of a plain element
	z    io.Reader // or the inflated stream
	left uint64    // bytes of the matrix element not yet taken
	pos  uint64    // bytes taken since the element's body began
}

// open begins to read the variable's matrix element.
func (v *Variable) open() (*source, error) {
	s := &source{v: v}
	if !v.packed {
		s.flat, s.left = v.body, uint64(len(v.body))
		return s, nil
	}
	z, err := zlib.NewReader(bytes.NewReader(v.body))
	if err != nil {
		return nil, fmt.Errorf("the compressed element at byte %d does not inflate: %w", v.Offset, short(err))
	}
	s.z, s.left = z, 8
	tag, err := s.take(8)
	if err != nil {
		return nil, err
	}
	s.pos = 0
	typ, size := v.order.Uint32(tag), v.order.Uint32(tag[4:])
	if typ != miMATRIX {
		return nil, fmt.Errorf("the compressed element at byte %d holds data type %d and no array", v.Offset, typ)
	}
	s.left = uint64(size)
	return s, nil
}

// where names the place that the next byte comes from.
func (s *source) where() string {
	if s.z != nil || s.v.inflated {
		return fmt.Sprintf("byte %d of what the compressed element at byte %d inflates to", s.byte(), s.v.Offset)
	}
	return fmt.Sprintf("byte %d", s.byte())
}

// byte is the place that the next byte comes from, in the file or in what was inflated.
func (s *source) byte() uint64 {
	if s.z != nil {
		return s.pos
	}
	return s.v.at + s.pos
}

// take returns the next n bytes.
func (s *source) take(n uint64) ([]byte, error) {
	if n > s.left {
		return nil, fmt.Errorf("%s: %d bytes are announced and the array has %d left", s.where(), n, s.left)
	}
	var b []byte
	if s.z == nil {
		b, s.flat = s.flat[:n], s.flat[n:]
	} else {
		var err error
		if b, err = raw.ReadFull(s.z, n, raw.Inflated(len(s.v.body))); err != nil {
			s.pos += uint64(len(b))
			return nil, fmt.Errorf("%s: the stream breaks off: %w", s.where(), short(err))
		}
	}
	s.left -= n
	s.pos += n
	return b, nil
}

// finish checks the checksum of a compressed element that was read to its end.
func (s *source) finish() error {
	if s.z == nil {
		return nil
	}
	if _, err := io.CopyN(io.Discard, s.z, int64(s.left)); err != nil {
		return fmt.Errorf("%s: the stream breaks off: %w", s.where(), short(err))
	}
	var one [1]byte
	if _, err := io.ReadFull(s.z, one[:]); err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("the compressed element at byte %d: %w", s.v.Offset, short(err))
	}
	return nil
}

// short turns an end of the stream into words of its own.
func short(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errors.New("truncated")
	}
	return err
}

// tag reads the tag of the next sub-element. A small element carries its bytes
// in its tag; they come back in small.
func (s *source) tag() (typ uint32, size uint64, small []byte, err error) {
	b, err := s.take(8)
	if err != nil {
		return 0, 0, nil, err
	}
	typ = s.v.order.Uint32(b)
	if n := typ >> 16; n != 0 {
		if n > 4 {
			return 0, 0, nil, fmt.Errorf("%s: a small element of %d bytes, at most 4 are possible", s.before(8), n)
		}
		return typ & 0xffff, uint64(n), b[4 : 4+n], nil
	}
	return typ, uint64(s.v.order.Uint32(b[4:])), nil, nil
}

// before is where, n bytes earlier.
func (s *source) before(n uint64) string {
	t := *s
	t.pos -= n
	return t.where()
}

// body reads the bytes that follow a tag, and the padding up to a multiple of
// eight; some writers leave the padding of the last sub-element out.
func (s *source) body(size uint64, small []byte) ([]byte, error) {
	if small != nil {
		return small, nil
	}
	b, err := s.take(size)
	if err != nil {
		return nil, err
	}
	if pad := -size & 7; pad <= s.left {
		_, err = s.take(pad)
	}
	return b, err
}

// part reads one small sub-element of the variable's header.
func (s *source) part(what string, limit uint64, types ...uint32) ([]byte, uint32, error) {
	typ, size, small, err := s.tag()
	if err != nil {
		return nil, 0, fmt.Errorf("%s: %w", what, err)
	}
	if size > limit {
		return nil, 0, fmt.Errorf("%s: %s: %d bytes, at most %d are expected", what, s.before(8), size, limit)
	}
	known := false
	for _, t := range types {
		known = known || t == typ
	}
	if !known {
		return nil, 0, fmt.Errorf("%s: %s: unexpected data type %d", what, s.before(8), typ)
	}
	b, err := s.body(size, small)
	if err != nil {
		return nil, 0, fmt.Errorf("%s: %w", what, err)
	}
	return b, typ, nil
}

// readHeader reads array flags, sizes and name.
func (v *Variable) readHeader(s *source) error {
	b, _, err := s.part("array flags", 8, miUINT32, miINT32)
	if err != nil {
		return err
	}
	if len(b) < 4 {
		return fmt.Errorf("array flags: %s: %d bytes, 8 are expected", s.before(8), len(b))
	}
	flags := v.order.Uint32(b)
	v.Class = Class(flags & 0xff)
	v.Logical, v.Complex = flags>>8&flagLogical != 0, flags>>8&flagComplex != 0
	if v.Class < Cell || v.Class > Opaque {
		return fmt.Errorf("array flags: %s: array class %d does not exist", s.before(16), v.Class)
	}
	if v.Class != Opaque {
		at := s.where()
		b, _, err := s.part("sizes of the axes", 4*maxAxes, miINT32, miUINT32)
		if err != nil {
			return err
		}
		if len(b)%4 != 0 || len(b) < 8 {
			return fmt.Errorf("sizes of the axes: %s: %d bytes, expected 4 for each of two axes or more", at, len(b))
		}
		v.Dims = make([]int, len(b)/4)
		for i := range v.Dims {
			d := v.order.Uint32(b[4*i:])
			if d > math.MaxInt32 {
				return fmt.Errorf("sizes of the axes: %s: axis %d has %d elements", at, i+1, int32(d))
			}
			v.Dims[i] = int(d)
		}
		if _, ok := raw.Product(v.Dims); !ok {
			return fmt.Errorf("sizes of the axes: %s: %s elements are more than memory can address", at, v.Shape())
		}
	}
	name, _, err := s.part("name of the variable", maxName, miINT8, miUINT8, miUTF8)
	if err != nil {
		return err
	}
	v.Name = string(bytes.TrimRight(name, "\x00"))
	return nil
}

// again opens a variable behind its header, which was read before.
func (v *Variable) again() (*source, error) {
	s, err := v.open()
	if err != nil {
		return nil, err
	}
	head := Variable{element: v.element}
	return s, head.readHeader(s)
}

// Read returns the numbers of the variable in MATLAB's order: the first axis
// runs fastest. Their kind is the one they are stored in, which may differ from
// the class; a sparse array is made full. A plain element is not copied.
func (v *Variable) Read() (raw.Array, error) {
	if err := v.refuse(); err != nil {
		return raw.Array{}, err
	}
	read := v.numbers
	if v.level4 != nil {
		read = v.level4
	}
	a, err := read()
	if err != nil {
		return raw.Array{}, fmt.Errorf("variable %q: %w", v.Name, err)
	}
	return a, nil
}

func (v *Variable) numbers() (raw.Array, error) {
	if v.reader == nil { // an empty element of a cell
		return raw.Array{Kind: raw.Uint8}, nil
	}
	s, err := v.again()
	if err != nil {
		return raw.Array{}, err
	}
	var a raw.Array
	if v.Class == Sparse {
		a, err = v.sparse(s)
	} else {
		n, ok := raw.Product(v.Dims)
		if !ok {
			n = -1
		}
		a, err = s.numbers(n, v.Shape())
	}
	if err != nil {
		return raw.Array{}, err
	}
	return a, s.finish()
}

// numbers reads the next sub-element, which holds n numbers (-1: any number of them)
// that make up what is said.
func (s *source) numbers(n int, what string) (raw.Array, error) {
	at := s.where()
	typ, size, small, err := s.tag()
	if err != nil {
		return raw.Array{}, err
	}
	kind := storage[typ]
	if kind == raw.Invalid {
		return raw.Array{}, fmt.Errorf("%s: data type %d holds no numbers", at, typ)
	}
	if n >= 0 && (uint64(n) > math.MaxUint64/8 || uint64(n)*uint64(kind.Size()) != size) {
		return raw.Array{}, fmt.Errorf("%s: %d bytes of %s do not make an array of %s", at, size, kind, what)
	}
	b, err := s.body(size, small)
	if err != nil {
		return raw.Array{}, err
	}
	return raw.Array{Kind: kind, Order: s.v.order, Bytes: b}, nil
}

// sparse makes a sparse array full. It is stored by columns: the row of each element,
// where each column begins, and the values.
func (v *Variable) sparse(s *source) (raw.Array, error) {
	if len(v.Dims) != 2 {
		return raw.Array{}, fmt.Errorf("a sparse array of %s", v.Shape())
	}
	rows, err := s.numbers(-1, "rows")
	if err != nil {
		return raw.Array{}, err
	}
	starts, err := s.numbers(v.Dims[1]+1, "columns")
	if err != nil {
		return raw.Array{}, err
	}
	values, err := s.numbers(-1, "values")
	if err != nil {
		return raw.Array{}, err
	}
	size := len(v.body)
	return raw.Compressed{Major: v.Dims[1], Minor: v.Dims[0], Starts: starts, Indices: rows, Values: values}.Full(raw.Spread(size))
}
