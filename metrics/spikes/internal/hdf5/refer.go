package hdf5

import (
	"bytes"
	"errors"
	"fmt"

	"qgan/metrics/spikes/internal/raw"
)

// Refers says whether the elements of the array are arrays themselves: lists of varying
// length, or references to other arrays, as MATLAB's cells are.
func (d *Dataset) Refers() bool {
	return d.problem == nil && (d.typ.reference || d.typ.list != nil && !d.typ.list.text)
}

// errLeft is the end of what a file may refer to.
var errLeft = errors.New("refers to more than the file has room for")

// Elements returns the arrays that the elements of the array are, the last axis
// fastest. A reference to nothing is an array without elements.
func (d *Dataset) Elements() ([]*Dataset, error) {
	if d.problem != nil {
		return nil, d.problem
	}
	if !d.Refers() {
		return nil, fmt.Errorf("array %q holds %s", d.Path, d.Kind())
	}
	if d.Empty {
		return nil, nil
	}
	b, err := d.bytes()
	if err != nil {
		return nil, err
	}
	out := make([]*Dataset, 0, len(b)/d.typ.size)
	for i := 0; len(b) > 0; i, b = i+1, b[d.typ.size:] {
		path := fmt.Sprintf("%s{%d}", d.Path, i+1)
		var e *Dataset
		c := &cursor{f: d.file, b: b[:d.typ.size]}
		if d.typ.reference {
			e, err = d.file.refer(path, c.address())
		} else {
			e, err = d.file.listed(path, c, *d.typ.list)
		}
		if err != nil {
			return nil, fmt.Errorf("array %q: %w", path, err)
		}
		out = append(out, e)
	}
	return out, nil
}

// refer reads the array at an address, each once.
func (f *File) refer(path string, address uint64) (*Dataset, error) {
	if f.left -= 16; f.left < 0 {
		return nil, errLeft
	}
	if address == 0 || f.undefined(address) {
		return &Dataset{Path: path, Dims: []int{0}, file: f, typ: datatype{kind: raw.Uint8, size: 1}}, nil
	}
	d := f.arrays[address]
	if d == nil {
		messages, err := f.header(address)
		if err != nil {
			return nil, err
		}
		var is bool
		if d, is = f.dataset(path, messages); !is {
			what := d.Class
			if what == "" {
				what = "group"
			}
			d.problem = fmt.Errorf("array %q is a %s", path, what)
			d.typ.name = what
		}
		f.arrays[address] = d
	}
	named := *d
	named.Path = path
	return &named, nil
}

// listed is a list of varying length: how many elements it has, and where in which
// global heap they lie (section III.E).
func (f *File) listed(path string, c *cursor, of datatype) (*Dataset, error) {
	n, heap, index := int(c.u32()), c.address(), c.u32()
	d := &Dataset{Path: path, Dims: []int{n}, file: f, typ: of}
	if n == 0 {
		return d, nil
	}
	objects, err := f.heap(heap)
	if err != nil {
		return nil, err
	}
	b, ok := objects[index]
	if !ok || of.size < 1 || n > len(b)/of.size {
		return nil, fmt.Errorf("%d elements of %d bytes in object %d of the heap at byte %d, which has %d bytes", n, of.size, index, heap, len(b))
	}
	d.layout.compact = b[:n*of.size]
	return d, nil
}

// heap reads a global heap, each once.
func (f *File) heap(address uint64) (map[uint32][]byte, error) {
	if h, ok := f.heaps[address]; ok {
		return h, nil
	}
	c := f.at(address)
	c.expect("a global heap", "GCOL")
	c.skip(4)
	size := c.size()
	if c.err != nil {
		return nil, c.err
	}
	head := uint64(c.at) - address
	if size < head || size > uint64(len(c.b))-address {
		return nil, fmt.Errorf("a heap of %d bytes at byte %d", size, address)
	}
	if f.left -= int(size); f.left < 0 {
		return nil, errLeft
	}
	end := int(address + size)
	out := map[uint32][]byte{}
	for end-c.at >= 8+f.length {
		index := uint32(c.u16())
		c.skip(6)
		n := c.size()
		if index == 0 { // the rest is free
			break
		}
		if n > uint64(end-c.at) {
			return nil, fmt.Errorf("byte %d: an object of %d bytes in a heap with %d left", c.at, n, end-c.at)
		}
		out[index] = c.take(int(n))
		c.skip(min(int(-n&7), end-c.at))
	}
	f.heaps[address] = out
	return out, c.err
}

// IsText says whether the array holds texts.
func (d *Dataset) IsText() bool {
	return d.problem == nil && (d.typ.text || d.typ.list != nil && d.typ.list.text)
}

// Texts returns the elements of an array of texts.
func (d *Dataset) Texts() ([]string, error) {
	if d.problem != nil {
		return nil, d.problem
	}
	if !d.IsText() {
		return nil, fmt.Errorf("array %q holds %s, not text", d.Path, d.Kind())
	}
	b, err := d.bytes()
	if err != nil {
		return nil, err
	}
	var out []string
	for i := 0; d.typ.size > 0 && len(b) > 0; i, b = i+1, b[d.typ.size:] {
		text := b[:d.typ.size]
		if d.typ.list != nil {
			e, err := d.file.listed(fmt.Sprintf("%s{%d}", d.Path, i+1), &cursor{f: d.file, b: text}, *d.typ.list)
			if err != nil {
				return nil, fmt.Errorf("array %q: %w", d.Path, err)
			}
			text = e.layout.compact
		}
		text, _, _ = bytes.Cut(text, []byte{0})
		out = append(out, string(bytes.TrimRight(text, " ")))
	}
	return out, nil
}

// sparse is a sparse array of MATLAB's, a group of three arrays: where each column
// begins, and row and value of each element.
type sparse struct {
	rows               int
	starts, at, values *Dataset
}

// parts finds the arrays among those of the group.
func (s *sparse) parts(path string, among []*Dataset) {
	for _, d := range among {
		switch d.Path {
		case path + "/jc":
			s.starts = d
		case path + "/ir":
			s.at = d
		case path + "/data":
			s.values = d
		}
	}
}

// check finds the array's size.
func (s *sparse) check(d *Dataset) error {
	if s.starts == nil || len(s.starts.Dims) != 1 || s.starts.Dims[0] < 1 || s.rows < 0 {
		return fmt.Errorf("a sparse array of %d rows without an index of columns", s.rows)
	}
	d.Dims = []int{s.starts.Dims[0] - 1, s.rows}
	return nil
}

func (s *sparse) read(d *Dataset) (raw.Array, error) {
	starts, err := s.starts.Read()
	if err != nil {
		return raw.Array{}, err
	}
	c := raw.Compressed{Major: d.Dims[0], Minor: d.Dims[1], Starts: starts}
	if s.at != nil && s.values != nil { // neither is there where all is 0
		if c.Indices, err = s.at.Read(); err != nil {
			return raw.Array{}, err
		}
		if c.Values, err = s.values.Read(); err != nil {
			return raw.Array{}, err
		}
	}
	return c.Full(raw.Spread(d.file.size))
}
