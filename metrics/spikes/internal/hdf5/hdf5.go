// Package hdf5 reads arrays from HDF5 files, which MATLAB 7.3 and NWB files are:
// superblocks 0 to 3 behind a user block, groups with symbol tables or with links in
// their headers, integers, floats and enumerations of either byte order, texts, lists of
// varying length and references to other arrays, MATLAB's sparse arrays, plain, compact
// or in chunks, deflated, shuffled and with checksums.
//
// What a file may hold beyond that is passed over and listed with its cause: dense
// groups, chunks indexed as libver="latest" writes them, other filters and types.
//
// Nothing that a file claims is believed: every address is checked against the
// file, every object, node and chunk is visited once, and no array is larger
// than deflate could have packed into the file. So a damaged file costs time and
// memory in proportion to its size.
//
// Layout as in "HDF5 File Format Specification Version 3.0" (The HDF Group),
// whose sections the comments name.
package hdf5

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"

	"qgan/metrics/spikes/internal/raw"
)

const signature = "\x89HDF\r\n\x1a\n"

// Find returns where the superblock stands: at byte 0, 512, 1024, 2048 and so on.
func Find(b []byte) (at int, ok bool) {
	for at = 0; at < len(b); at = max(512, 2*at) {
		if bytes.HasPrefix(b[at:], []byte(signature)) {
			return at, true
		}
	}
	return 0, false
}

// File is an open file.
type File struct {
	// Datasets are the arrays in the order of the file's groups.
	Datasets []*Dataset
	// Unread says of each object that was passed over what it is, by its path.
	Unread map[string]string
	// MATLAB says that the file has a MATLAB 7.3 header; its first axis is then the
	// last one here.
	MATLAB bool

	b               []byte // from the superblock on, which addresses count from
	size            int    // of the whole file
	offsets, length int    // bytes of an address and of a size
	seen            map[uint64]bool
	arrays          map[uint64]*Dataset
	heaps           map[uint64]map[uint32][]byte // objects of each global heap
	left            int                          // bytes of heaps, and references, that may still be looked at
}

// Dataset is one array, as its header describes it; Read gets the numbers.
type Dataset struct {
	Path string // from the root, without a slash in front
	Dims []int  // the last axis runs fastest; nil: a scalar
	// Class is MATLAB's name of the class, from the attribute MATLAB_class; empty
	// where there is none.
	Class string
	// Empty says that MATLAB wrote the sizes of an empty array in place of numbers.
	Empty bool

	file    *File
	typ     datatype
	layout  layout
	filters []filter
	sparse  *sparse
	problem error // why it can't be read
}

// Numeric reports why the array has no numbers that can be read; nil where it has.
func (d *Dataset) Numeric() error {
	if d.problem == nil && d.sparse == nil && d.typ.kind == raw.Invalid {
		return fmt.Errorf("array %q holds %s, not numbers", d.Path, d.typ.name)
	}
	return d.problem
}

// Kind names what the array holds.
func (d *Dataset) Kind() string {
	switch {
	case d.sparse != nil:
		return "sparse " + d.Class
	case d.Class != "":
		return d.Class
	case d.typ.kind != raw.Invalid:
		return d.typ.kind.String()
	}
	return d.typ.name
}

const maxDepth = 32 // of groups within groups

// Open reads the file's groups and the headers of its arrays. The bytes must not
// change as long as the file is in use.
func Open(b []byte) (*File, error) {
	at, ok := Find(b)
	if !ok {
		return nil, errors.New("not an HDF5 file: it has no superblock")
	}
	f := &File{
		MATLAB: at > 0 && bytes.HasPrefix(b, []byte("MATLAB 7.3")), Unread: map[string]string{},
		b: b[at:], size: len(b), seen: map[uint64]bool{}, arrays: map[uint64]*Dataset{},
		heaps: map[uint64]map[uint32][]byte{}, left: 1<<22 + 16*len(b),
	}
	root, err := f.superblock()
	if err != nil {
		return nil, fmt.Errorf("superblock at byte %d: %w", at, err)
	}
	if err := f.object("", root, 0); err != nil {
		return nil, err
	}
	return f, nil
}

// superblock reads sizes and the address of the root group (section II).
func (f *File) superblock() (root uint64, err error) {
	c := f.at(8)
	version := c.u8()
	switch {
	case c.err != nil:
		return 0, c.err
	case version <= 1:
		c.skip(4)
		f.offsets, f.length = int(c.u8()), int(c.u8())
		c.skip(1 + 4 + 4)
		if version == 1 {
			c.skip(4)
		}
	case version <= 3:
		f.offsets, f.length = int(c.u8()), int(c.u8())
		c.skip(1)
	default:
		return 0, fmt.Errorf("version %d is not known", version)
	}
	for _, n := range []int{f.offsets, f.length} {
		if n != 2 && n != 4 && n != 8 {
			return 0, fmt.Errorf("addresses of %d bytes and sizes of %d", f.offsets, f.length)
		}
	}
	// Base, extension, end of the file; in the old form free space and driver, and
	// the name of the root group.
	c.skip(3 * f.offsets)
	if version <= 1 {
		c.skip(2 * f.offsets)
	}
	return c.address(), c.err
}

// object reads a group or a dataset.
func (f *File) object(path string, address uint64, depth int) error {
	switch {
	case f.seen[address]:
		if d := f.arrays[address]; d != nil { // a second name of the same array
			again := *d
			again.Path = path
			f.Datasets = append(f.Datasets, &again)
		}
		return nil
	case depth > maxDepth:
		return fmt.Errorf("group %q: more than %d groups within each other", path, maxDepth)
	}
	f.seen[address] = true
	messages, err := f.header(address)
	if err != nil {
		return fmt.Errorf("object %q: %w", "/"+path, err)
	}
	from := len(f.Datasets)
	for _, m := range messages {
		if m.typ == msgSymbols || m.typ == msgLink || m.typ == msgLinkInfo {
			if err := f.links(path, m, depth); err != nil {
				return fmt.Errorf("group %q: %w", "/"+path, err)
			}
		}
	}
	d, is := f.dataset(path, messages)
	switch {
	case is:
		f.Datasets, f.arrays[address] = append(f.Datasets, d), d
	case d.sparse != nil:
		d.sparse.parts(path, f.Datasets[from:])
		if d.problem = d.sparse.check(d); d.problem != nil {
			d.problem = fmt.Errorf("array %q: %w", path, d.problem)
		}
		f.Datasets, f.arrays[address] = append(f.Datasets[:from], d), d
	case d.Class != "" && len(f.Datasets) == from:
		f.Unread[path] = d.Class
	case d.problem != nil:
		f.Unread[path] = d.problem.Error()
	}
	return nil
}

// dataset reads what the messages of an object say of an array; false: it is none.
func (f *File) dataset(path string, messages []message) (*Dataset, bool) {
	d := &Dataset{Path: path, file: f}
	var space, layout bool
	var err error
	for _, m := range messages {
		switch m.typ {
		case msgSpace:
			d.Dims, err = m.dims()
			space = true
		case msgType:
			d.typ, err = m.datatype()
		case msgLayout:
			d.layout, err = m.layout()
			layout = true
		case msgFilters:
			d.filters, err = m.filters()
		case msgAttribute:
			switch a := m.attribute(); a.name {
			case "MATLAB_class":
				d.Class = a.text
			case "MATLAB_empty":
				d.Empty = true
			case "MATLAB_sparse":
				d.sparse = &sparse{rows: a.number}
			}
		}
		if err != nil {
			break
		}
	}
	is := space && layout
	switch {
	case is && err != nil:
		err = fmt.Errorf("array %q: %w", path, err)
	case is:
		err = d.check()
	}
	d.problem = err
	return d, is
}

// links follows what a message of a group says of its members.
func (f *File) links(path string, m message, depth int) error {
	if m.typ == msgLinkInfo {
		if m.dense() {
			f.Unread[path] = "group with a dense index; write it with libver=\"earliest\""
		}
		return nil
	}
	var found []link
	var err error
	if m.typ == msgLink {
		found, err = m.link()
	} else {
		found, err = m.symbols()
	}
	if err != nil {
		return err
	}
	for _, l := range found {
		name := strings.TrimPrefix(path+"/"+l.name, "/")
		if strings.HasPrefix(name, "#") { // MATLAB's own: what cells refer to
			continue
		}
		if err := f.object(name, l.address, depth+1); err != nil {
			// One member that makes no sense does not hide the others.
			f.Unread[name] = err.Error()
		}
	}
	return nil
}

// most is the largest number of bytes that deflate, whose ratio is at most
// 1032 : 1, could have packed into the file.
func (f *File) most() int { return 1<<16 + 1032*f.size }

// check refuses what can't be read before it is asked for.
func (d *Dataset) check() error {
	n, ok := raw.Product(d.Dims)
	if ok && n > d.file.most()/max(1, d.typ.size) {
		ok = false
	}
	if !ok {
		return fmt.Errorf("array %q: %v elements are more than a file of %d bytes can hold", d.Path, d.Dims, d.file.size)
	}
	for _, x := range d.filters {
		if !x.known() {
			return fmt.Errorf("array %q is packed with %s, which is not read", d.Path, x)
		}
	}
	return nil
}

// Read returns the numbers, the last axis fastest. Plain arrays are not copied; sparse
// ones are made full.
func (d *Dataset) Read() (raw.Array, error) {
	if err := d.Numeric(); err != nil {
		return raw.Array{}, err
	}
	if d.sparse != nil {
		a, err := d.sparse.read(d)
		if err != nil {
			err = fmt.Errorf("array %q: %w", d.Path, err)
		}
		return a, err
	}
	b, err := d.bytes()
	return raw.Array{Kind: d.typ.kind, Order: d.typ.order, Bytes: b}, err
}

// bytes returns the elements as they are stored.
func (d *Dataset) bytes() ([]byte, error) {
	if d.problem != nil {
		return nil, d.problem
	}
	n, _ := raw.Product(d.Dims)
	b, err := d.layout.read(d, n*d.typ.size)
	if err != nil {
		return nil, fmt.Errorf("array %q: %w", d.Path, err)
	}
	return b, nil
}

// cursor reads numbers from a part of the file; after the first that is not
// there all are 0 and err says where.
type cursor struct {
	f   *File
	b   []byte
	at  int
	err error
}

// at begins to read at an address.
func (f *File) at(address uint64) *cursor {
	c := &cursor{f: f, b: f.b}
	if address > uint64(len(f.b)) {
		c.err = fmt.Errorf("address %d lies behind the end of the file", address)
		return c
	}
	c.at = int(address)
	return c
}

func (c *cursor) take(n int) []byte {
	if c.err == nil && (n < 0 || n > len(c.b)-c.at) {
		c.err = fmt.Errorf("truncated: %d bytes are needed at byte %d and %d are left", n, c.at, len(c.b)-c.at)
	}
	if c.err != nil {
		return make([]byte, min(max(n, 0), 8))
	}
	c.at += n
	return c.b[c.at-n : c.at]
}

func (c *cursor) skip(n int) { c.take(n) }

func (c *cursor) u8() uint8 { return c.take(1)[0] }

func (c *cursor) u16() int { return int(binary.LittleEndian.Uint16(c.take(2))) }

func (c *cursor) u32() uint32 { return binary.LittleEndian.Uint32(c.take(4)) }

// number reads an unsigned number of so many bytes.
func (c *cursor) number(size int) uint64 {
	var x uint64
	for i, v := range c.take(size) {
		x |= uint64(v) << (8 * i)
	}
	return x
}

func (c *cursor) address() uint64 { return c.number(c.f.offsets) }

func (c *cursor) size() uint64 { return c.number(c.f.length) }

// expect reads a structure's signature.
func (c *cursor) expect(what, mark string) {
	if at, got := c.at, string(c.take(len(mark))); c.err == nil && got != mark {
		c.err = fmt.Errorf("byte %d: %s should begin with %q", at, what, mark)
	}
}

// undefined is the address of what is not there.
func (f *File) undefined(address uint64) bool {
	return address == 1<<(8*f.offsets-1)|(1<<(8*f.offsets-1)-1)
}
