package matfile

import (
	"encoding/binary"
	"fmt"
	"io"
	"math"

	"qgan/metrics/spikes/internal/raw"
)

// Out is one variable to be written: its numbers lie in Bytes, little endian,
// the first axis running fastest.
type Out struct {
	Name  string
	Class Class // Double, Uint8 or Char
	Dims  []int // two axes or more
	Bytes []byte
}

// stored is how the writer stores each class it knows.
var stored = map[Class]struct {
	typ  uint32
	kind raw.Kind
}{
	Double: {miDOUBLE, raw.Float64},
	Uint8:  {miUINT8, raw.Uint8},
	Char:   {miUINT16, raw.Uint16},
}

// Write writes a MAT-file of level 5: little endian, uncompressed, without a
// date, so that equal variables give equal bytes.
func Write(w io.Writer, vars ...Out) error {
	var head [headerSize]byte
	for i := range 116 {
		head[i] = ' '
	}
	copy(head[:], "MATLAB 5.0 MAT-file, written by qgan")
	binary.LittleEndian.PutUint16(head[124:], 0x0100)
	copy(head[126:], "IM")
	if _, err := w.Write(head[:]); err != nil {
		return err
	}
	for _, v := range vars {
		if err := v.write(w); err != nil {
			return fmt.Errorf("variable %q: %w", v.Name, err)
		}
	}
	return nil
}

func (v Out) write(w io.Writer) error {
	s, ok := stored[v.Class]
	if !ok {
		return fmt.Errorf("class %v is not written", v.Class)
	}
	if n, ok := raw.Product(v.Dims); !ok || len(v.Dims) < 2 || n*s.kind.Size() != len(v.Bytes) {
		return fmt.Errorf("%d bytes do not make a %v array of %v", len(v.Bytes), v.Class, v.Dims)
	}
	for _, d := range v.Dims {
		if d > math.MaxInt32 {
			return fmt.Errorf("an axis of %d elements is longer than a MAT-file of level 5 can say", d)
		}
	}
	le := binary.LittleEndian
	var b []byte // everything before the numbers
	element := func(typ uint32, body []byte) {
		b = le.AppendUint32(b, typ)
		b = le.AppendUint32(b, uint32(len(body)))
		b = append(b, body...)
		b = append(b, make([]byte, -len(body)&7)...)
	}
	element(miUINT32, le.AppendUint32(le.AppendUint32(nil, uint32(v.Class)), 0))
	var dims []byte
	for _, d := range v.Dims {
		dims = le.AppendUint32(dims, uint32(d))
	}
	element(miINT32, dims)
	element(miINT8, []byte(v.Name))
	b = le.AppendUint32(b, s.typ)
	b = le.AppendUint32(b, uint32(len(v.Bytes)))
	pad := -len(v.Bytes) & 7
	total := uint64(len(b)) + uint64(len(v.Bytes)) + uint64(pad)
	if total > math.MaxUint32 {
		return fmt.Errorf("%d bytes are more than a MAT-file of level 5 can hold in a variable", total)
	}
	tag := le.AppendUint32(le.AppendUint32(nil, miMATRIX), uint32(total))
	for _, part := range [][]byte{tag, b, v.Bytes, make([]byte, pad)} {
		if _, err := w.Write(part); err != nil {
			return err
		}
	}
	return nil
}
