package hdf5

import (
	"encoding/binary"
	"fmt"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"

	mt "qgan/metrics/spikes/internal/mattest"
)

// tell writes an array with all that is in it.
func tell(d *Dataset) string {
	if d.Refers() {
		var inner []string
		all, err := d.Elements()
		if err != nil {
			return err.Error()
		}
		for _, e := range all {
			inner = append(inner, tell(e))
		}
		return fmt.Sprintf("%s %v[%s]", d.Path, d.Dims, strings.Join(inner, "; "))
	}
	if words, err := d.Texts(); err == nil {
		return fmt.Sprintf("%s %q", d.Path, words)
	}
	a, err := d.Read()
	if err != nil {
		return err.Error()
	}
	var values []float64
	for i := range a.Len() {
		values = append(values, a.At(i))
	}
	return fmt.Sprintf("%s %v %v", d.Path, d.Dims, values)
}

// referring are files of MATLAB's cells and of lists of varying length.
func referring() map[string][]byte {
	double := func(x ...float64) *mt.Item {
		it := mt.Item{Values: x, Dims: []int{1, len(x)}}.Class("double")
		return &it
	}
	text := func(s string) *mt.Item {
		it := mt.Item{Values: utf16.Encode([]rune(s)), Dims: []int{len(s), 1}}.Class("char")
		return &it
	}
	group := mt.Item{Name: "in", Items: []mt.Item{}}.Class("struct")
	cell := func(name string, refs ...*mt.Item) mt.Item {
		return mt.Item{Name: name, Values: refs, Dims: []int{1, len(refs)}}
	}
	sparse := func(name string, parts ...mt.Item) mt.Item {
		return mt.Item{Name: name, Attrs: map[string]any{"MATLAB_class": "double", "MATLAB_sparse": uint64(3)}, Items: parts}
	}
	return map[string][]byte{
		"refer.mat": mt.HDF5(true,
			cell("names", text("sig1a"), text("sig10b")).Class("cell"),
			cell("odd", &group, nil).Class("cell"),
			sparse("sparse", mt.Item{Name: "data", Values: []float64{1, 1, 3}}, mt.Item{Name: "ir", Values: []uint64{2, 0, 1}}, mt.Item{Name: "jc", Values: []uint64{0, 1, 3}}),
			cell("times", double(0.5, 1.5), double(0.25)).Class("cell"),
			mt.Item{Name: "units", Items: []mt.Item{cell("t", double(0.125), double(0.75, 1.75))}}.Class("struct"),
			sparse("zero", mt.Item{Name: "jc", Values: []uint64{0, 0, 0}})),
		"lists.h5": mt.HDF5(false,
			mt.Item{Name: "lists", Values: [][]float64{{0.5, 1.5}, {}, {0.25}}},
			mt.Item{Name: "table", Values: [][]float64{{}, {0}, {0, 1}, {0, 1, 2}}, Dims: []int{2, 2}},
			mt.Item{Name: "words", Values: []string{"sig1a", "sig10b"}}),
	}
}

func TestRefers(t *testing.T) {
	for name, want := range map[string][]string{
		"refer.mat": {
			"names [1 2][names{1} [5 1] [115 105 103 49 97]; names{2} [6 1] [115 105 103 49 48 98]]",
			`odd [1 2][array "odd{1}" is a struct; odd{2} [0] []]`,
			"sparse [2 3] [0 0 1 1 3 0]",
			"times [1 2][times{1} [1 2] [0.5 1.5]; times{2} [1 1] [0.25]]",
			"units/t [1 2][units/t{1} [1 1] [0.125]; units/t{2} [1 2] [0.75 1.75]]",
			"zero [2 3] [0 0 0 0 0 0]",
		},
		"lists.h5": {
			"lists [3][lists{1} [2] [0.5 1.5]; lists{2} [0] []; lists{3} [1] [0.25]]",
			"table [2 2][table{1} [0] []; table{2} [1] [0]; table{3} [2] [0 1]; table{4} [3] [0 1 2]]",
			`words ["sig1a" "sig10b"]`,
		},
	} {
		f, err := Open(referring()[name])
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, d := range f.Datasets {
			got = append(got, tell(d))
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s (-want +got):\n%s", name, d)
		}
	}
}

// Lists and references that lead nowhere, and more of them than a file has room for.
func TestNowhere(t *testing.T) {
	heap := func(size u64, objects ...any) []byte {
		return append(lay("GCOL", u32(1), size), lay(objects...)...)
	}
	whole := heap(56, u16(7), u16(1), u32(0), u64(16), u64(3), u64(5), u16(0), u16(0), u32(0), u64(0))
	of := datatype{size: 8}
	for _, k := range []struct {
		name  string
		b     []byte
		n     u32
		index u32
		left  int
		error string
	}{
		{"two numbers", whole, 2, 7, 100, ""},
		{"one of them", whole, 1, 7, 100, ""},
		{"nothing", nil, 0, 7, 0, ""},
		{"three numbers", whole, 3, 7, 100, "3 elements of 8 bytes in object 7 of the heap at byte 0, which has 16 bytes"},
		{"another object", whole, 1, 8, 100, "object 8"},
		{"no heap", []byte("OHDR and more than sixteen bytes"), 1, 7, 100, `should begin with "GCOL"`},
		{"a heap beyond the file", heap(80), 1, 7, 100, "a heap of 80 bytes"},
		{"an object beyond the heap", heap(40, u16(7), u16(1), u32(0), u64(99), u64(0)), 1, 7, 100, "an object of 99 bytes"},
		{"too much", whole, 1, 7, 55, "more than the file has room for"},
	} {
		f := &File{offsets: 8, length: 8, b: k.b, size: len(k.b), heaps: map[uint64]map[uint32][]byte{}, left: k.left}
		c := &cursor{f: f, b: lay(k.n, u64(0), k.index)}
		d, err := f.listed("x", c, of)
		if !failed(t, k.name, err, k.error) && len(d.layout.compact) != 8*int(k.n) {
			t.Errorf("%s: %d bytes", k.name, len(d.layout.compact))
		}
	}
	f := &File{offsets: 8, length: 8, left: 20}
	for i, want := range []string{"", "more than the file has room for"} {
		if _, err := f.refer("x", 0); failed(t, fmt.Sprint("reference ", i), err, want) != (want != "") {
			t.Error("no error")
		}
	}
}

// Types that refer (section IV.A.2.d): lists, texts, references to objects and to regions.
func TestReferringTypes(t *testing.T) {
	double := lay(u8(0x11), u8(0x20), u8(63), u8(0), u32(8), u16(0), u16(64), u8(52), u8(11), u8(0), u8(52), u32(1023))
	char := lay(u8(0x13), u8(0), u8(0), u8(0), u32(1))
	for name, k := range map[string]struct {
		m    message
		want string
	}{
		"list":     {said(u8(0x19), u8(0), u8(0), u8(0), u32(16), double), "list of float64"},
		"text":     {said(u8(0x19), u8(1), u8(1), u8(0), u32(16), char), "list of text"},
		"strange":  {said(u8(0x19), u8(0), u8(0), u8(0), u32(12), double), "nothing"},
		"object":   {said(u8(0x17), u8(0), u8(0), u8(0), u32(8)), "reference"},
		"region":   {said(u8(0x17), u8(1), u8(0), u8(0), u32(12)), "nothing"},
		"fixed":    {said(u8(0x13), u8(0), u8(0), u8(0), u32(5)), "text"},
		"bad list": {said(u8(0x19), u8(0), u8(0), u8(0), u32(16), u8(0x10)), "truncated"},
	} {
		d, err := k.m.datatype()
		got := "nothing"
		switch {
		case err != nil:
			got = err.Error()
		case d.list != nil && d.list.text:
			got = "list of text"
		case d.list != nil:
			got = "list of " + d.list.kind.String()
		case d.reference:
			got = "reference"
		case d.text:
			got = "text"
		}
		if !strings.Contains(got, k.want) {
			t.Errorf("%s: %s, want %s", name, got, k.want)
		}
	}
	if d, err := (message{f: &File{offsets: 8}, b: lay(u8(0x18), u8(1), u8(0), u8(0), u32(4), u8(0x10), u8(0), u8(0), u8(0), u32(2), u16(0), u16(16))}).datatype(); err != nil || d.order != binary.LittleEndian || d.kind != 0 {
		t.Errorf("an enumeration of another width than its numbers: %+v, %v", d, err)
	}
}

// Texts of fixed length are filled with zeros or blanks.
func TestFixedTexts(t *testing.T) {
	f := &File{size: 100}
	d := &Dataset{Path: "x", Dims: []int{2}, file: f, typ: datatype{size: 3, text: true}, layout: layout{compact: []byte("ab\x00c  ")}}
	got, err := d.Texts()
	if want := []string{"ab", "c"}; err != nil || !cmp.Equal(want, got) {
		t.Errorf("%q, %v, want %q", got, err, want)
	}
}
