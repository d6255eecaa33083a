package mattest

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"testing"
)

// Inflated reads a deflated file of test data.
func Inflated(tb testing.TB, path string) []byte {
	tb.Helper()
	f, err := os.Open(path)
	if err != nil {
		tb.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		tb.Fatal(err)
	}
	b, err := io.ReadAll(z)
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

// Item is a group or an array of an HDF5 file to be built.
type Item struct {
	Name  string
	Attrs map[string]any // texts, or uint64

	Items []Item // of a group

	Dims []int // nil: one axis, of the length of Values
	// Values are []float64, []uint64, []int32, []uint16 or []uint8; []string, texts of
	// varying length; [][]float64, lists of varying length; []*Item, references to
	// arrays of no group.
	Values any
}

// Class makes the item one of MATLAB's: the attribute MATLAB_class.
func (it Item) Class(name string) Item {
	it.Attrs = map[string]any{"MATLAB_class": name}
	return it
}

// HDF5 builds a file: a superblock of version 2, headers of version 2 with links and
// attributes in them, plain arrays. Behind 512 bytes with MATLAB's header, where that is
// asked for, it is a MATLAB 7.3 file.
func HDF5(matlab bool, items ...Item) []byte {
	h := &hdf5Builder{b: make([]byte, 48), at: map[*Item]uint64{}}
	root := h.item(Item{Items: items})
	copy(h.b, "\x89HDF\r\n\x1a\n\x02\x08\x08\x00")
	for i, x := range []uint64{0, undefined, uint64(len(h.b)), root} {
		le.PutUint64(h.b[12+8*i:], x)
	}
	if !matlab {
		return h.b
	}
	head := make([]byte, 512)
	copy(head, "MATLAB 7.3 MAT-file, made for a test")
	return append(head, h.b...)
}

var le = binary.LittleEndian

const undefined = ^uint64(0)

type hdf5Builder struct {
	b  []byte
	at map[*Item]uint64 // where items that are referred to lie
}

// put adds bytes at a multiple of 8 and returns where.
func (h *hdf5Builder) put(b []byte) uint64 {
	h.b = append(h.b, make([]byte, -len(h.b)&7)...)
	h.b = append(h.b, b...)
	return uint64(len(h.b) - len(b))
}

// item adds an object and returns where its header lies.
func (h *hdf5Builder) item(it Item) uint64 {
	var messages []byte
	message := func(typ byte, parts ...any) {
		body := pack(parts...)
		messages = append(append(messages, pack(typ, uint16(len(body)), byte(0))...), body...)
	}
	for _, key := range slices.Sorted(maps.Keys(it.Attrs)) {
		name := key + "\x00"
		typ, data := numbers(uint64(0)), []byte(nil)
		switch v := it.Attrs[key].(type) {
		case string:
			typ, data = pack([]byte{0x13, 0, 0, 0}, uint32(len(v))), []byte(v)
		case uint64:
			data = pack(v)
		}
		message(0x0c, byte(3), byte(0), uint16(len(name)), uint16(len(typ)), uint16(4), byte(0), []byte(name), typ, []byte{2, 0, 0, 0}, data)
	}
	if it.Values == nil {
		message(0x02, []byte{0, 0}, undefined, undefined) // a group without a dense index
		for _, inner := range it.Items {
			message(0x06, []byte{1, 0, byte(len(inner.Name))}, []byte(inner.Name), h.item(inner))
		}
		return h.put(append(pack([]byte("OHDR\x02\x02"), uint32(len(messages))), messages...))
	}
	typ, data, n := h.values(it.Values)
	dims := it.Dims
	if dims == nil {
		dims = []int{n}
	}
	space := pack([]byte{2, byte(len(dims)), 0, 1})
	for _, d := range dims {
		space = le.AppendUint64(space, uint64(d))
	}
	at := undefined
	if len(data) > 0 {
		at = h.put(data)
	}
	message(0x01, space)
	message(0x03, typ)
	message(0x08, []byte{3, 1}, at, uint64(len(data)))
	return h.put(append(pack([]byte("OHDR\x02\x02"), uint32(len(messages))), messages...))
}

// numbers is the type of a number.
func numbers(v any) []byte {
	if _, ok := v.(float64); ok {
		return pack([]byte{0x11, 0x20, 63, 0}, uint32(8), uint16(0), uint16(64), []byte{52, 11, 0, 52}, uint32(1023))
	}
	size, signed := binary.Size(v), byte(0)
	if _, ok := v.(int32); ok {
		signed = 8
	}
	return pack([]byte{0x10, signed, 0, 0}, uint32(size), uint16(0), uint16(8*size))
}

// values lays the elements of an array out: their type, their bytes and their number.
func (h *hdf5Builder) values(values any) (typ, data []byte, n int) {
	list := func(flags byte, of []byte, all [][]byte, size int) {
		typ = pack([]byte{0x19, flags, 0, 0}, uint32(16), of)
		heap := pack([]byte("GCOL\x01\x00\x00\x00"), uint64(0))
		for i, b := range all {
			if len(b) > 0 {
				heap = append(heap, pack(uint16(i+1), uint16(1), uint32(0), uint64(len(b)), b, make([]byte, -len(b)&7))...)
			}
		}
		le.PutUint64(heap[8:], uint64(len(heap)))
		at := h.put(heap)
		for i, b := range all {
			data = append(data, pack(uint32(len(b)/size), at, uint32(i+1))...)
		}
		n = len(all)
	}
	switch v := values.(type) {
	case []string:
		var all [][]byte
		for _, s := range v {
			all = append(all, []byte(s))
		}
		list(1, pack([]byte{0x13, 0, 0, 0}, uint32(1)), all, 1)
	case [][]float64:
		var all [][]byte
		for _, x := range v {
			all = append(all, pack(x))
		}
		list(0, numbers(0.0), all, 8)
	case []*Item:
		for _, it := range v {
			if it == nil {
				data = append(data, make([]byte, 8)...)
				continue
			}
			if h.at[it] == 0 {
				h.at[it] = h.item(*it)
			}
			data = le.AppendUint64(data, h.at[it])
		}
		return pack([]byte{0x17, 0, 0, 0}, uint32(8)), data, len(v)
	case []float64:
		return numbers(0.0), pack(v), len(v)
	case []uint64:
		return numbers(uint64(0)), pack(v), len(v)
	case []int32:
		return numbers(int32(0)), pack(v), len(v)
	case []uint16:
		return numbers(uint16(0)), pack(v), len(v)
	case []uint8:
		return numbers(uint8(0)), v, len(v)
	default:
		panic(fmt.Sprintf("%T", values))
	}
	return typ, data, n
}

// pack lays values out one after the other.
func pack(values ...any) []byte {
	var b bytes.Buffer
	for _, v := range values {
		if err := binary.Write(&b, le, v); err != nil {
			panic(err)
		}
	}
	return b.Bytes()
}
