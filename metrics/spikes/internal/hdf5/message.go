package hdf5

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"

	"qgan/metrics/spikes/internal/raw"
)

// Types of header messages (section IV.A.2).
const (
	msgSpace     = 0x01
	msgLinkInfo  = 0x02
	msgType      = 0x03
	msgLink      = 0x06
	msgLayout    = 0x08
	msgFilters   = 0x0b
	msgAttribute = 0x0c
	msgContinue  = 0x10
	msgSymbols   = 0x11
)

// message is one message of an object's header.
type message struct {
	typ    int
	shared bool // the bytes say where the message is
	f      *File
	b      []byte
}

func (m message) cursor() *cursor { return &cursor{f: m.f, b: m.b} }

// block is a run of messages.
type block struct {
	from, size uint64
}

// header reads the messages of an object (sections IV.A.1.a and b).
func (f *File) header(address uint64) ([]message, error) {
	c := f.at(address)
	var blocks []block
	second, ordered := false, false
	if bytes.HasPrefix(c.b[c.at:], []byte("OHDR")) {
		second = true
		c.skip(4)
		if v := c.u8(); c.err == nil && v != 2 {
			return nil, fmt.Errorf("byte %d: header version %d is not known", c.at-1, v)
		}
		flags := c.u8()
		ordered = flags&0x04 != 0
		if flags&0x20 != 0 {
			c.skip(16)
		}
		if flags&0x10 != 0 {
			c.skip(4)
		}
		size := c.number(1 << (flags & 3))
		blocks = []block{{uint64(c.at), size}}
	} else {
		if v := c.u8(); c.err == nil && v != 1 {
			return nil, fmt.Errorf("byte %d: header version %d is not known", c.at-1, v)
		}
		c.skip(7)
		size := uint64(c.u32())
		c.skip(4)
		blocks = []block{{uint64(c.at), size}}
	}
	if c.err != nil {
		return nil, c.err
	}
	var out []message
	seen := map[uint64]bool{}
	for i := 0; i < len(blocks); i++ {
		b := blocks[i]
		c := f.at(b.from)
		if seen[b.from] || b.size > uint64(len(c.b)-c.at) {
			return nil, fmt.Errorf("a block of %d bytes of messages at byte %d does not lie in the file or comes twice", b.size, b.from)
		}
		seen[b.from] = true
		end := c.at + int(b.size)
		if second && i > 0 {
			c.expect("a block of messages", "OCHK")
			end -= 4 // checksum
		}
		least := 8
		if second {
			least = 4
			if ordered {
				least = 6
			}
		}
		for c.err == nil && end-c.at >= least {
			m := message{f: f}
			var size int
			var flags uint8
			if second {
				m.typ, size, flags = int(c.u8()), c.u16(), c.u8()
				if ordered {
					c.skip(2)
				}
			} else {
				m.typ, size, flags = c.u16(), c.u16(), c.u8()
				c.skip(3)
			}
			m.shared = flags&2 != 0
			if size > end-c.at {
				return nil, fmt.Errorf("byte %d: a message of %d bytes in a block with %d left", c.at, size, end-c.at)
			}
			m.b = c.take(size)
			if m.typ == msgContinue {
				k := m.cursor()
				next := block{k.address(), k.size()}
				if k.err != nil {
					return nil, k.err
				}
				blocks = append(blocks, next)
				continue
			}
			out = append(out, m)
		}
		if c.err != nil {
			return nil, c.err
		}
	}
	return out, nil
}

const maxAxes = 32

// dims reads the sizes of the axes (section IV.A.2.b).
func (m message) dims() ([]int, error) {
	c := m.cursor()
	version, rank := c.u8(), int(c.u8())
	switch version {
	case 1:
		c.skip(6)
	case 2:
		c.skip(1)
		if c.u8() == 2 { // no elements at all
			return []int{0}, c.err
		}
	default:
		return nil, fmt.Errorf("dataspace version %d is not known", version)
	}
	if rank > maxAxes {
		return nil, fmt.Errorf("%d axes, at most %d are possible", rank, maxAxes)
	}
	var dims []int
	for range rank {
		n := c.size()
		if n > math.MaxInt {
			return nil, fmt.Errorf("an axis of %d elements", n)
		}
		dims = append(dims, int(n))
	}
	return dims, c.err
}

// datatype is what the elements are.
type datatype struct {
	name  string
	size  int
	kind  raw.Kind // Invalid: no numbers
	order binary.ByteOrder

	text      bool      // of fixed length
	list      *datatype // of lists of varying length, what their elements are
	reference bool      // to another object
}

// typeNames are the classes of types by number.
var typeNames = [...]string{"integers", "floats", "times", "text", "bit fields", "opaque bytes", "records", "references", "enumerated values", "lists of varying length", "arrays"}

// ieee says where a float's parts lie: exponent at and wide, mantissa at and wide.
var ieee = map[int][4]uint8{4: {23, 8, 0, 23}, 8: {52, 11, 0, 52}}

// datatype reads a type (section IV.A.2.d).
func (m message) datatype() (datatype, error) {
	if m.shared {
		return datatype{name: "values of a type that is stored elsewhere"}, nil
	}
	c := m.cursor()
	class := c.u8() & 0x0f
	flags := c.take(3)
	t := datatype{name: "values of an unknown type", size: int(c.u32()), order: binary.LittleEndian}
	if int(class) < len(typeNames) {
		t.name = typeNames[class]
	}
	if c.err != nil {
		return t, c.err
	}
	if flags[0]&1 != 0 && class < 2 {
		t.order = binary.BigEndian
	}
	switch class {
	case 0:
		offset, precision := c.u16(), c.u16()
		if c.err == nil && offset == 0 && precision == 8*t.size {
			kinds := map[int][2]raw.Kind{1: {raw.Uint8, raw.Int8}, 2: {raw.Uint16, raw.Int16}, 4: {raw.Uint32, raw.Int32}, 8: {raw.Uint64, raw.Int64}}
			t.kind = kinds[t.size][flags[0]>>3&1]
		}
	case 1:
		offset, precision := c.u16(), c.u16()
		if c.err == nil && offset == 0 && precision == 8*t.size && flags[0]&0x40 == 0 && bytes.Equal(c.take(4), parts(t.size)) {
			t.kind = map[int]raw.Kind{4: raw.Float32, 8: raw.Float64}[t.size]
		}
	case 8: // numpy's booleans are an enumeration of bytes
		base, err := message{f: m.f, b: m.b[c.at:]}.datatype()
		if err != nil {
			return t, err
		}
		if base.size == t.size {
			t.kind, t.order = base.kind, base.order
		}
	case 3:
		t.text = true
	case 7:
		t.reference = flags[0]&0x0f == 0 && t.size == m.f.offsets
	case 9:
		base, err := message{f: m.f, b: m.b[c.at:]}.datatype()
		if err != nil {
			return t, err
		}
		if flags[0]&0x0f == 1 {
			base = datatype{name: "text", size: 1, text: true}
			t.name = "text"
		}
		if t.size == 4+m.f.offsets+4 {
			t.list = &base
		}
	}
	return t, c.err
}

func parts(size int) []byte {
	p, ok := ieee[size]
	if !ok {
		return nil
	}
	return p[:]
}

// attribute is a named value: a text of fixed length, or a number.
type attribute struct {
	name, text string
	number     int // -1 where it is none that an int can hold
}

// attribute reads an attribute (section IV.A.2.m).
func (m message) attribute() attribute {
	c := m.cursor()
	version := c.u8()
	c.skip(1)
	sizes := [3]int{c.u16(), c.u16(), c.u16()}
	if version == 3 {
		c.skip(1)
	}
	var part [3][]byte
	for i, n := range sizes {
		part[i] = c.take(n)
		if version == 1 {
			c.skip(-n & 7)
		}
	}
	if c.err != nil {
		return attribute{}
	}
	a := attribute{name: string(bytes.TrimRight(part[0], "\x00")), number: -1}
	t, err := message{f: m.f, b: part[1]}.datatype()
	if err != nil {
		return a
	}
	value := c.take(min(t.size, len(c.b)-c.at))
	switch {
	case t.text:
		a.text = string(bytes.TrimRight(value, "\x00"))
	case t.kind != raw.Invalid && len(value) == t.kind.Size():
		if n, ok := (raw.Array{Kind: t.kind, Order: t.order, Bytes: value}).Whole(0); ok {
			a.number = n
		}
	}
	return a
}

// filter is one step of packing.
type filter struct {
	id     int
	values []uint32
}

// Filters that are undone.
const (
	filterDeflate  = 1
	filterShuffle  = 2
	filterFletcher = 3
)

func (x filter) known() bool { return x.id >= filterDeflate && x.id <= filterFletcher }

// String names a filter that is not undone, by The HDF Group's list of registered ones.
func (x filter) String() string {
	name := map[int]string{
		4: "szip", 5: "n-bit", 6: "scale-offset", 307: "bzip2", 32000: "LZF", 32001: "Blosc", 32004: "LZ4",
		32008: "bitshuffle", 32013: "ZFP", 32015: "Zstandard", 32017: "SZ", 32026: "Blosc2",
	}[x.id]
	if name == "" {
		return fmt.Sprintf("filter %d", x.id)
	}
	return fmt.Sprintf("%s (filter %d)", name, x.id)
}

// filters reads the steps of packing, in the order of writing (section IV.A.2.l).
func (m message) filters() ([]filter, error) {
	c := m.cursor()
	version, n := c.u8(), c.u8()
	if version == 1 {
		c.skip(6)
	} else if version != 2 {
		return nil, fmt.Errorf("filter pipeline version %d is not known", version)
	}
	var out []filter
	for range n {
		x := filter{id: c.u16()}
		name := 0
		if version == 1 || x.id >= 256 {
			name = c.u16()
		}
		c.skip(2)
		values := c.u16()
		if version == 1 {
			name += -name & 7
		}
		c.skip(name)
		for range values {
			x.values = append(x.values, c.u32())
			if c.err != nil {
				return nil, c.err
			}
		}
		if version == 1 && values%2 == 1 {
			c.skip(4)
		}
		out = append(out, x)
	}
	return out, c.err
}

// link is a member of a group.
type link struct {
	name    string
	address uint64
}

// link reads a member from a message (section IV.A.2.g); links of other kinds
// than hard ones are passed over.
func (m message) link() ([]link, error) {
	c := m.cursor()
	c.skip(1)
	flags := c.u8()
	kind := uint8(0)
	if flags&0x08 != 0 {
		kind = c.u8()
	}
	if flags&0x04 != 0 {
		c.skip(8)
	}
	if flags&0x10 != 0 {
		c.skip(1)
	}
	n := c.number(1 << (flags & 3))
	if n > uint64(len(c.b)) {
		return nil, fmt.Errorf("a name of %d bytes", n)
	}
	l := link{name: string(c.take(int(n)))}
	if kind != 0 || c.err != nil {
		return nil, c.err
	}
	l.address = c.address()
	return []link{l}, c.err
}

// dense says whether a group keeps its links in a heap (section IV.A.2.c).
func (m message) dense() bool {
	c := m.cursor()
	c.skip(1)
	if c.u8()&1 != 0 {
		c.skip(8)
	}
	heap := c.address()
	return c.err == nil && !m.f.undefined(heap)
}

// symbols reads the members of a group with a symbol table: a B-tree of nodes,
// whose names are in a heap (sections III.A.1, III.B to D).
func (m message) symbols() ([]link, error) {
	c := m.cursor()
	tree, heapAt := c.address(), c.address()
	if c.err != nil {
		return nil, c.err
	}
	h := m.f.at(heapAt)
	h.expect("the heap of names", "HEAP")
	h.skip(4)
	size := h.size()
	h.skip(m.f.length)
	names := m.f.at(h.address())
	if h.err == nil {
		h.err = names.err
	}
	if h.err != nil {
		return nil, h.err
	}
	heap := names.b[names.at:]
	heap = heap[:min(size, uint64(len(heap)))]
	var out []link
	err := m.f.tree(tree, 0, m.f.length, func(_ *cursor, child uint64) error {
		c := m.f.at(child)
		c.expect("a node of symbols", "SNOD")
		c.skip(2)
		for range c.u16() {
			name, address := c.address(), c.address()
			kind := c.u32()
			c.skip(4 + 16)
			if c.err != nil {
				return c.err
			}
			if kind == 2 { // a soft link
				continue
			}
			if name >= uint64(len(heap)) {
				return fmt.Errorf("a name at byte %d of a heap of %d", name, len(heap))
			}
			text, _, ok := bytes.Cut(heap[name:], []byte{0})
			if !ok {
				return fmt.Errorf("the name at byte %d of the heap does not end", name)
			}
			out = append(out, link{string(text), address})
		}
		return c.err
	})
	return out, err
}

// tree visits the leaves of a B-tree of version 1 (section III.A.1): the key
// before each child, and the child.
func (f *File) tree(root uint64, typ uint8, key int, visit func(key *cursor, child uint64) error) error {
	type node struct {
		address uint64
		level   int // one more than is allowed
	}
	todo := []node{{root, 1 << 8}}
	seen := map[uint64]bool{}
	for len(todo) > 0 {
		n := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if seen[n.address] {
			return fmt.Errorf("the node of an index at byte %d comes twice", n.address)
		}
		seen[n.address] = true
		c := f.at(n.address)
		c.expect("the node of an index", "TREE")
		t, level, entries := c.u8(), int(c.u8()), c.u16()
		c.skip(2 * f.offsets)
		if c.err == nil && (t != typ || level >= n.level) {
			return fmt.Errorf("byte %d: a node of type %d and level %d where type %d below level %d is expected", n.address, t, level, typ, n.level)
		}
		for range entries {
			k := &cursor{f: f, b: c.take(key)}
			child := c.address()
			if c.err != nil {
				return c.err
			}
			if level > 0 {
				todo = append(todo, node{child, level})
			} else if err := visit(k, child); err != nil {
				return err
			}
		}
		if c.err != nil {
			return c.err
		}
	}
	return nil
}
