package hdf5

import (
	"bytes"
	"compress/zlib"
	"errors"
	"fmt"
	"io"

	"qgan/metrics/spikes/internal/raw"
)

// layout says where the numbers lie (section IV.A.2.i).
type layout struct {
	class   uint8 // 0 compact, 1 contiguous, 2 chunked
	compact []byte
	address uint64
	chunk   []int // sizes of a chunk
	bytes   int   // of an element
}

func (m message) layout() (layout, error) {
	c := m.cursor()
	version := c.u8()
	l := layout{class: c.u8()}
	switch {
	case c.err != nil:
		return l, c.err
	case version != 3 && (version != 4 || l.class > 1):
		return l, fmt.Errorf("its layout (version %d, class %d) is not read; write it with libver=\"earliest\"", version, l.class)
	}
	switch l.class {
	case 0:
		l.compact = c.take(c.u16())
	case 1:
		l.address = c.address()
	case 2:
		rank := int(c.u8()) - 1
		l.address = c.address()
		if rank < 1 || rank > maxAxes {
			return l, fmt.Errorf("chunks of %d axes", rank)
		}
		for range rank {
			n := c.u32()
			if n == 0 {
				return l, errors.New("chunks without elements")
			}
			l.chunk = append(l.chunk, int(n))
		}
		l.bytes = int(c.u32())
	default:
		return l, fmt.Errorf("layout class %d is not read", l.class)
	}
	return l, c.err
}

// read returns the bytes of the array.
func (l layout) read(d *Dataset, size int) ([]byte, error) {
	f := d.file
	switch {
	case size == 0:
		return nil, nil
	case l.class == 0:
		if len(l.compact) < size {
			return nil, fmt.Errorf("%d bytes of %d", len(l.compact), size)
		}
		return l.compact[:size], nil
	case l.class == 1 && f.undefined(l.address), l.class == 2 && f.undefined(l.address):
		return nil, errors.New("its numbers were never written")
	case l.class == 1:
		c := f.at(l.address)
		b := c.take(size)
		return b, c.err
	}
	return l.chunks(d, size)
}

// chunks puts the chunks together (section III.A.1, nodes of type 1). Chunks that
// were never written are 0.
func (l layout) chunks(d *Dataset, size int) ([]byte, error) {
	rank := len(d.Dims)
	if rank != len(l.chunk) || l.bytes != d.typ.size {
		return nil, fmt.Errorf("chunks of %d axes of elements of %d bytes in an array of %d and %d", len(l.chunk), l.bytes, rank, d.typ.size)
	}
	padded := make([]int, rank)
	for i, n := range d.Dims {
		padded[i] = (n + l.chunk[i] - 1) / l.chunk[i] * l.chunk[i]
	}
	whole, ok := raw.Product(padded)
	if !ok || whole > 2*d.file.most()/l.bytes {
		return nil, fmt.Errorf("chunks of %v are more than a file of %d bytes can hold", l.chunk, d.file.size)
	}
	per, _ := raw.Product(l.chunk)
	per *= l.bytes
	out := make([]byte, size)
	seen := map[int]bool{}
	err := d.file.tree(l.address, 1, 8+8*(rank+1), func(k *cursor, child uint64) error {
		stored, mask := k.u32(), k.u32()
		first := make([]int, rank)
		at := 0
		for i := range first {
			x := k.number(8)
			if x >= uint64(d.Dims[i]) || x%uint64(l.chunk[i]) != 0 {
				return fmt.Errorf("a chunk begins at element %d of axis %d, which has %d", x, i, d.Dims[i])
			}
			first[i] = int(x)
			at = at*d.Dims[i] + first[i]
		}
		if seen[at] {
			return fmt.Errorf("the chunk at %v comes twice", first)
		}
		seen[at] = true
		c := d.file.at(child)
		b := c.take(int(stored))
		if c.err != nil {
			return c.err
		}
		b, err := d.unpack(b, mask, per)
		if err != nil {
			return fmt.Errorf("the chunk at %v: %w", first, err)
		}
		if len(b) != per {
			return fmt.Errorf("the chunk at %v has %d bytes, %d are announced", first, len(b), per)
		}
		l.place(d, out, b, first)
		return nil
	})
	return out, err
}

// place copies the part of a chunk that lies in the array.
func (l layout) place(d *Dataset, out, chunk []byte, first []int) {
	rank := len(first)
	last := rank - 1
	run := min(l.chunk[last], d.Dims[last]-first[last]) * l.bytes
	index := make([]int, rank) // within the chunk, of all axes but the last
	for {
		from, to := 0, 0
		for i := range rank {
			from = from*l.chunk[i] + index[i]
			to = to*d.Dims[i] + first[i] + index[i]
		}
		copy(out[to*l.bytes:][:run], chunk[from*l.bytes:])
		i := last - 1
		for ; i >= 0; i-- {
			if index[i]++; index[i] < min(l.chunk[i], d.Dims[i]-first[i]) {
				break
			}
			index[i] = 0
		}
		if i < 0 {
			return
		}
	}
}

// unpack undoes the filters of a chunk, the last first; bits of the mask say which
// were left out.
func (d *Dataset) unpack(b []byte, mask uint32, size int) ([]byte, error) {
	for i := len(d.filters) - 1; i >= 0; i-- {
		if i < 32 && mask>>i&1 == 1 {
			continue
		}
		x := d.filters[i]
		switch x.id {
		case filterFletcher:
			if len(b) < 4 {
				return nil, errors.New("too short for its checksum")
			}
			b = b[:len(b)-4]
		case filterShuffle:
			if len(x.values) > 0 {
				b = unshuffle(b, int(x.values[0]))
			}
		case filterDeflate:
			z, err := zlib.NewReader(bytes.NewReader(b))
			if err != nil {
				return nil, fmt.Errorf("does not inflate: %w", err)
			}
			// A checksum of four bytes may follow within.
			if b, err = raw.ReadFull(z, uint64(size), raw.Inflated(len(b))); err != nil {
				return nil, fmt.Errorf("does not inflate to %d bytes: %w", size, err)
			}
			rest, err := io.ReadAll(io.LimitReader(z, 5))
			if err != nil {
				return nil, fmt.Errorf("does not inflate: %w", err)
			}
			b = append(b, rest...)
		}
	}
	return b, nil
}

// unshuffle puts the bytes of each element together again.
func unshuffle(b []byte, size int) []byte {
	if size < 2 || size > len(b) {
		return b
	}
	n := len(b) / size
	out := make([]byte, len(b))
	for i := range n {
		for k := range size {
			out[i*size+k] = b[k*n+i]
		}
	}
	copy(out[n*size:], b[n*size:])
	return out
}
