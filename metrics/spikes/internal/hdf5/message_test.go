package hdf5

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"qgan/metrics/spikes/internal/raw"
)

// lay lays numbers out as the format does: little endian, each in its own width.
func lay(values ...any) []byte {
	var b []byte
	for _, v := range values {
		switch x := v.(type) {
		case uint8:
			b = append(b, x)
		case uint16:
			b = binary.LittleEndian.AppendUint16(b, x)
		case uint32:
			b = binary.LittleEndian.AppendUint32(b, x)
		case uint64:
			b = binary.LittleEndian.AppendUint64(b, x)
		case string:
			b = append(b, x...)
		case []byte:
			b = append(b, x...)
		default:
			panic(v)
		}
	}
	return b
}

// said is a message of a file whose addresses and sizes have eight bytes.
func said(values ...any) message {
	return message{f: &File{offsets: 8, length: 8, size: 1000, b: make([]byte, 1000)}, b: lay(values...)}
}

type (
	u8  = uint8
	u16 = uint16
	u32 = uint32
	u64 = uint64
)

func failed(t *testing.T, name string, err error, want string) bool {
	t.Helper()
	if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
		t.Errorf("%s: %v, want … %s …", name, err, want)
	}
	return err != nil
}

// Sizes of axes (section IV.A.2.b).
func TestDims(t *testing.T) {
	for _, k := range []struct {
		name  string
		m     message
		want  []int
		error string
	}{
		{"version 1", said(u8(1), u8(2), u8(0), u8(0), u32(0), u64(3), u64(5)), []int{3, 5}, ""},
		{"version 2", said(u8(2), u8(2), u8(0), u8(1), u64(3), u64(5)), []int{3, 5}, ""},
		{"scalar", said(u8(2), u8(0), u8(0), u8(0)), nil, ""},
		{"null", said(u8(2), u8(0), u8(0), u8(2)), []int{0}, ""},
		{"version 3", said(u8(3), u8(0), u8(0), u8(0)), nil, "dataspace version 3"},
		{"33 axes", said(u8(2), u8(33), u8(0), u8(1)), nil, "33 axes"},
		{"cut", said(u8(2), u8(2), u8(0), u8(1), u64(3)), nil, "truncated"},
	} {
		got, err := k.m.dims()
		if !failed(t, k.name, err, k.error) && !cmp.Equal(k.want, got) {
			t.Errorf("%s: %v, want %v", k.name, got, k.want)
		}
	}
}

// Types of elements (section IV.A.2.d): what is a number, in which order.
func TestDatatypes(t *testing.T) {
	whole := func(flags u8, size u32, offset, precision u16) message {
		return said(u8(0x10), flags, u8(0), u8(0), size, offset, precision)
	}
	float := func(flags u8, size u32, parts ...u8) message {
		return said(u8(0x11), flags, u8(0), u8(0), size, u16(0), u16(8*size), parts)
	}
	for _, k := range []struct {
		name string
		m    message
		kind raw.Kind
		big  bool
	}{
		{"uint16", whole(0, 2, 0, 16), raw.Uint16, false},
		{"int16", whole(8, 2, 0, 16), raw.Int16, false},
		{"big int32", whole(9, 4, 0, 32), raw.Int32, true},
		{"uint64", whole(0, 8, 0, 64), raw.Uint64, false},
		{"12 bits of 16", whole(0, 2, 0, 12), raw.Invalid, false},
		{"shifted", whole(0, 2, 1, 16), raw.Invalid, false},
		{"three bytes", whole(0, 3, 0, 24), raw.Invalid, false},
		{"float32", float(0x20, 4, 23, 8, 0, 23), raw.Float32, false},
		{"big float64", float(0x21, 8, 52, 11, 0, 52), raw.Float64, true},
		{"VAX", float(0x60, 4, 23, 8, 0, 23), raw.Invalid, false},
		{"another exponent", float(0x20, 4, 22, 9, 0, 22), raw.Invalid, false},
		{"text", said(u8(0x13), u8(0), u8(0), u8(0), u32(4)), raw.Invalid, false},
		{"enumeration of big int16", said(u8(0x18), u8(2), u8(0), u8(0), u32(2), u8(0x10), u8(9), u8(0), u8(0), u32(2), u16(0), u16(16)), raw.Int16, true},
	} {
		got, err := k.m.datatype()
		if err != nil || got.kind != k.kind || k.kind != raw.Invalid && (got.order == binary.ByteOrder(binary.BigEndian)) != k.big {
			t.Errorf("%s: %v, %v, %v", k.name, got.kind, got.order, err)
		}
	}
	if got, err := (message{shared: true}).datatype(); err != nil || got.kind != raw.Invalid {
		t.Errorf("a type elsewhere: %v, %v", got, err)
	}
}

// Attributes in the three versions (section IV.A.2.m).
func TestAttributes(t *testing.T) {
	text := lay(u8(0x13), u8(0), u8(0), u8(0), u32(6))
	for _, k := range []struct {
		name string
		m    message
		want string
	}{
		{"version 1, in steps of eight", said(u8(1), u8(0), u16(6), u16(8), u16(4), "class\x00\x00\x00", text, u64(0), "double", "xx"), "class=double"},
		{"version 2", said(u8(2), u8(0), u16(6), u16(8), u16(4), "class\x00", text, u32(0), "double"), "class=double"},
		{"version 3", said(u8(3), u8(0), u16(6), u16(8), u16(4), u8(0), "class\x00", text, u32(0), "single"), "class=single"},
		{"a number", said(u8(2), u8(0), u16(6), u16(8), u16(4), "empty\x00", lay(u8(0x10), u8(0), u8(0), u8(0), u32(1)), u32(0), u8(1)), "empty="},
		{"a whole number", said(u8(2), u8(0), u16(5), u16(12), u16(4), "rows\x00", lay(u8(0x10), u8(0), u8(0), u8(0), u32(2), u16(0), u16(16)), u32(0), u16(600)), "rows=600"},
		{"cut", said(u8(2), u8(0), u16(60), u16(8), u16(4), "class"), "="},
	} {
		a := k.m.attribute()
		value := a.text
		if a.number > 0 {
			value = fmt.Sprint(a.number)
		}
		if a.name+"="+value != k.want {
			t.Errorf("%s: %+v, want %s", k.name, a, k.want)
		}
	}
}

// Where the numbers lie (section IV.A.2.i), by version and class.
func TestLayouts(t *testing.T) {
	for _, k := range []struct {
		name  string
		m     message
		want  layout
		error string
	}{
		{"compact", said(u8(3), u8(0), u16(3), "abc"), layout{compact: []byte("abc")}, ""},
		{"contiguous", said(u8(3), u8(1), u64(77), u64(9)), layout{class: 1, address: 77}, ""},
		{"contiguous, version 4", said(u8(4), u8(1), u64(77), u64(9)), layout{class: 1, address: 77}, ""},
		{"chunks", said(u8(3), u8(2), u8(3), u64(77), u32(4), u32(5), u32(8)), layout{class: 2, address: 77, chunk: []int{4, 5}, bytes: 8}, ""},
		{"chunks, version 4", said(u8(4), u8(2), u8(3)), layout{}, "version 4, class 2"},
		{"version 2", said(u8(2), u8(1)), layout{}, "version 2, class 1"},
		{"class 3", said(u8(3), u8(3)), layout{}, "layout class 3"},
		{"chunks without axes", said(u8(3), u8(2), u8(1), u64(77)), layout{}, "chunks of 0 axes"},
		{"empty chunks", said(u8(3), u8(2), u8(2), u64(77), u32(0), u32(8)), layout{}, "chunks without elements"},
		{"cut", said(u8(3), u8(1), u32(77)), layout{}, "truncated"},
	} {
		got, err := k.m.layout()
		if !failed(t, k.name, err, k.error) {
			if d := cmp.Diff(k.want, got, cmp.AllowUnexported(layout{})); d != "" {
				t.Errorf("%s: %s", k.name, d)
			}
		}
	}
}

// Steps of packing (section IV.A.2.l): names and values stand in steps of eight in the
// first version, and names of known filters are left out in the second.
func TestFilters(t *testing.T) {
	for _, k := range []struct {
		name string
		m    message
		want []filter
	}{
		{"version 1", said(u8(1), u8(2), u16(0), u32(0), u16(1), u16(8), u16(0), u16(1), "deflate\x00", u32(9), u32(0), u16(2), u16(3), u16(0), u16(2), "abc\x00\x00\x00\x00\x00", u32(4), u32(5)),
			[]filter{{1, []uint32{9}}, {2, []uint32{4, 5}}}},
		{"version 2", said(u8(2), u8(2), u16(2), u16(0), u16(1), u32(4), u16(3), u16(0), u16(0)), []filter{{2, []uint32{4}}, {3, nil}}},
		{"version 2, of others", said(u8(2), u8(2), u16(256), u16(3), u16(0), u16(1), "abc", u32(7), u16(255), u16(0), u16(1), u32(8)), []filter{{256, []uint32{7}}, {255, []uint32{8}}}},
	} {
		got, err := k.m.filters()
		if err != nil {
			t.Errorf("%s: %v", k.name, err)
		} else if d := cmp.Diff(k.want, got, cmp.AllowUnexported(filter{})); d != "" {
			t.Errorf("%s: %s", k.name, d)
		}
	}
	for id, known := range map[int]bool{0: false, 1: true, 2: true, 3: true, 4: false} {
		if (filter{id: id}).known() != known {
			t.Errorf("filter %d: known %v", id, !known)
		}
	}
}

// Members of groups (section IV.A.2.g) and whether their index is a heap's (IV.A.2.c).
func TestLinks(t *testing.T) {
	for _, k := range []struct {
		name string
		m    message
		want []link
	}{
		{"plain", said(u8(1), u8(0), u8(2), "ab", u64(99)), []link{{"ab", 99}}},
		{"kind, order, character set, long name", said(u8(1), u8(0x1d), u8(0), u64(5), u8(1), u16(2), "ab", u64(99)), []link{{"ab", 99}}},
		{"name of four bytes' length", said(u8(1), u8(2), u32(2), "ab", u64(99)), []link{{"ab", 99}}},
		{"soft", said(u8(1), u8(8), u8(1), u8(2), "ab", u16(1), "c"), nil},
	} {
		got, err := k.m.link()
		if err != nil {
			t.Errorf("%s: %v", k.name, err)
		} else if d := cmp.Diff(k.want, got, cmp.AllowUnexported(link{})); d != "" {
			t.Errorf("%s: %s", k.name, d)
		}
	}
	const nowhere = ^uint64(0)
	for name, k := range map[string]struct {
		m    message
		want bool
	}{
		"in the header":             {said(u8(0), u8(0), nowhere, u64(1)), false},
		"in a heap":                 {said(u8(0), u8(0), u64(5), u64(1)), true},
		"in the header, with order": {said(u8(0), u8(1), u64(7), nowhere, u64(1)), false},
		"in a heap, with order":     {said(u8(0), u8(1), nowhere, u64(5), u64(1)), true},
	} {
		if k.m.dense() != k.want {
			t.Errorf("%s: dense %v", name, !k.want)
		}
	}
	for width, undefined := range map[int]uint64{2: 0xffff, 4: 0xffffffff, 8: nowhere} {
		f := &File{offsets: width}
		if !f.undefined(undefined) || f.undefined(undefined-1) || f.undefined(undefined>>1) {
			t.Errorf("addresses of %d bytes: what is not there is %#x", width, undefined)
		}
	}
}

// A chunk's packing is undone from its last step to its first, but for those that its
// mask leaves out.
func TestUnpack(t *testing.T) {
	plain := []byte{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}
	shuffled := []byte{1, 5, 9, 2, 6, 10, 3, 7, 11, 4, 8, 12}
	deflated := func(b []byte) []byte {
		var z bytes.Buffer
		w := zlib.NewWriter(&z)
		w.Write(b)
		w.Close()
		return z.Bytes()
	}
	d := &Dataset{filters: []filter{{filterShuffle, []uint32{4}}, {filterDeflate, []uint32{6}}, {filterFletcher, nil}}}
	sum := []byte{0xa, 0xb, 0xc, 0xd}
	for _, k := range []struct {
		name  string
		b     []byte
		mask  uint32
		want  []byte
		error string
	}{
		{"all", append(deflated(shuffled), sum...), 0, plain, ""},
		{"without shuffling", append(deflated(plain), sum...), 1, plain, ""},
		{"without deflating", append(bytes.Clone(shuffled), sum...), 2, plain, ""},
		{"without a checksum", deflated(shuffled), 4, plain, ""},
		{"nothing", plain, 7, plain, ""},
		{"cut", append(deflated(shuffled)[:6], sum...), 0, nil, "does not inflate"},
		{"no room for a checksum", []byte{1, 2, 3}, 0, nil, "too short for its checksum"},
	} {
		got, err := d.unpack(bytes.Clone(k.b), k.mask, len(plain))
		if !failed(t, k.name, err, k.error) && !bytes.Equal(got, k.want) {
			t.Errorf("%s: % x, want % x", k.name, got, k.want)
		}
	}
	// Bytes that fill no element stay at the end; elements of one byte are as they are.
	if got := unshuffle([]byte{1, 3, 2, 4, 9}, 2); !bytes.Equal(got, []byte{1, 2, 3, 4, 9}) {
		t.Errorf("with a rest: %v", got)
	}
	if got := unshuffle(plain, 1); !bytes.Equal(got, plain) {
		t.Errorf("of one byte: %v", got)
	}
}

// Chunks that stand out of the array at its ends are cut to it, and those that were never
// written are 0.
func TestPlace(t *testing.T) {
	l := layout{chunk: []int{2, 3}, bytes: 1}
	d := &Dataset{Dims: []int{3, 4}}
	out := make([]byte, 12)
	l.place(d, out, []byte{1, 2, 3, 4, 5, 6}, []int{0, 0})
	l.place(d, out, []byte{7, 90, 91, 92, 93, 94}, []int{2, 3})
	want := []byte{1, 2, 3, 0, 4, 5, 6, 0, 0, 0, 0, 7}
	if !bytes.Equal(out, want) {
		t.Errorf("%v, want %v", out, want)
	}
}

// node is an index of chunks of an array of 3 x 4 bytes: one leaf with a chunk of 2 x 3 at
// each of these places, stored from byte 400 on.
func node(places ...[2]uint64) *File {
	b := make([]byte, 1000)
	at := lay("TREE", u8(1), u8(0), u16(len(places)), ^uint64(0), ^uint64(0))
	for i, p := range places {
		at = append(at, lay(u32(6), u32(0), p[0], p[1], u64(0), u64(400+6*i))...)
		copy(b[400+6*i:], bytes.Repeat([]byte{u8(i + 1)}, 6))
	}
	copy(b[100:], at)
	return &File{offsets: 8, length: 8, b: b, size: len(b)}
}

func TestChunks(t *testing.T) {
	for _, k := range []struct {
		name  string
		f     *File
		want  []byte
		error string
	}{
		{"all", node([2]uint64{0, 0}, [2]uint64{0, 3}, [2]uint64{2, 0}, [2]uint64{2, 3}), []byte{1, 1, 1, 2, 1, 1, 1, 2, 3, 3, 3, 4}, ""},
		{"one", node([2]uint64{2, 0}), []byte{0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 0}, ""},
		{"twice", node([2]uint64{0, 3}, [2]uint64{0, 3}), nil, "the chunk at [0 3] comes twice"},
		{"outside", node([2]uint64{4, 0}), nil, "a chunk begins at element 4 of axis 0, which has 3"},
		{"between", node([2]uint64{0, 1}), nil, "a chunk begins at element 1 of axis 1, which has 4"},
	} {
		d := &Dataset{Dims: []int{3, 4}, file: k.f, typ: datatype{kind: raw.Uint8, size: 1}}
		got, err := layout{class: 2, address: 100, chunk: []int{2, 3}, bytes: 1}.read(d, 12)
		if !failed(t, k.name, err, k.error) && !bytes.Equal(got, k.want) {
			t.Errorf("%s: %v, want %v", k.name, got, k.want)
		}
	}
	d := &Dataset{Dims: []int{3, 4}, file: node(), typ: datatype{kind: raw.Uint8, size: 1}}
	for name, k := range map[string]struct {
		l     layout
		error string
	}{
		"never written": {layout{class: 1, address: ^uint64(0)}, "never written"},
		"other axes":    {layout{class: 2, address: 100, chunk: []int{2}, bytes: 1}, "chunks of 1 axes of elements of 1 bytes in an array of 2 and 1"},
		"other bytes":   {layout{class: 2, address: 100, chunk: []int{2, 3}, bytes: 2}, "elements of 2 bytes"},
		"short compact": {layout{compact: make([]byte, 11)}, "11 bytes of 12"},
	} {
		_, err := k.l.read(d, 12)
		failed(t, name, err, k.error)
	}
}

// Headers of both versions, with and without the order of creation, times, and a further
// block of messages (sections IV.A.1.a and b).
func TestHeaders(t *testing.T) {
	file := func(at map[int][]byte) *File {
		f := &File{offsets: 8, length: 8, b: make([]byte, 400), size: 400}
		for k, b := range at {
			copy(f.b[k:], b)
		}
		return f
	}
	first := func(body []byte) []byte { return lay(u8(1), u8(0), u16(2), u32(1), u32(len(body)), u32(0), body) }
	old := func(typ u16, body []byte) []byte { return lay(typ, u16(len(body)), u8(0), u8(0), u16(0), body) }
	second := func(flags u8, more []byte, body []byte) []byte {
		return lay("OHDR", u8(2), flags, more, u8(len(body)), body)
	}
	for _, k := range []struct {
		name string
		f    *File
		want string // type and bytes of each message
	}{
		{"version 1", file(map[int][]byte{8: first(append(old(1, []byte("ab")), old(3, []byte("c"))...))}), "1 ab, 3 c"},
		{"version 1, two blocks", file(map[int][]byte{8: first(append(old(1, []byte("ab")), old(msgContinue, lay(u64(200), u64(9)))...)), 200: old(3, []byte("c"))}), "1 ab, 3 c"},
		{"version 2", file(map[int][]byte{8: second(0, nil, append(lay(u8(1), u16(2), u8(0), "ab"), lay(u8(3), u16(1), u8(0), "c")...))}), "1 ab, 3 c"},
		{"version 2, ordered, with a rest of five", file(map[int][]byte{8: second(4, nil, append(lay(u8(1), u16(2), u8(0), u16(7), "ab"), lay(u8(3), u16(1), u8(0), u8(9))...))}), "1 ab"},
		{"version 2, with times and bounds", file(map[int][]byte{8: second(0x30, make([]byte, 20), lay(u8(1), u16(2), u8(0), "ab"))}), "1 ab"},
		{"version 2, two blocks", file(map[int][]byte{8: second(0, nil, lay(u8(msgContinue), u16(16), u8(0), u64(200), u64(13))), 200: lay("OCHK", u8(3), u16(1), u8(2), "c", u32(0))}), "3 c shared"},
	} {
		messages, err := k.f.header(8)
		if err != nil {
			t.Errorf("%s: %v", k.name, err)
			continue
		}
		var got []string
		for _, m := range messages {
			text := string(rune('0'+m.typ)) + " " + string(m.b)
			if m.shared {
				text += " shared"
			}
			got = append(got, text)
		}
		if s := strings.Join(got, ", "); s != k.want {
			t.Errorf("%s: %s, want %s", k.name, s, k.want)
		}
	}
}

// Superblocks of all versions, behind user blocks of all sizes (section II).
func TestSuperblocks(t *testing.T) {
	old := func(version u8, more []byte) []byte {
		return lay(signature, version, u32(0), u8(8), u8(8), u8(0), u16(4), u16(16), u32(0), more, u64(0), ^uint64(0), u64(1), ^uint64(0), u64(0), u64(123))
	}
	for version, b := range map[int][]byte{
		0: old(0, nil), 1: old(1, lay(u32(0))),
		2: lay(signature, u8(2), u8(4), u8(4), u8(0), u32(0), ^uint32(0), u32(1), u32(123)),
		3: lay(signature, u8(3), u8(8), u8(8), u8(0), u64(0), ^uint64(0), u64(1), u64(123)),
	} {
		f := &File{b: append(b, make([]byte, 200)...)}
		if root, err := f.superblock(); err != nil || root != 123 {
			t.Errorf("version %d: root at %d, %v", version, root, err)
		}
	}
	for _, b := range [][]byte{lay(signature, u8(4), u64(0)), lay(signature, u8(2), u8(3), u8(8), make([]byte, 64)), lay(signature, u8(2), u8(8), u8(16), make([]byte, 64))} {
		f := &File{b: b}
		if root, err := f.superblock(); err == nil {
			t.Errorf("% x: root at %d", b[8:12], root)
		}
	}
	for at, found := range map[int]bool{0: true, 512: true, 1024: true, 2048: true, 256: false, 1536: false} {
		b := append(make([]byte, at), signature...)
		if got, ok := Find(b); ok != found || found && got != at {
			t.Errorf("a superblock at byte %d: %d, %v", at, got, ok)
		}
	}
}
