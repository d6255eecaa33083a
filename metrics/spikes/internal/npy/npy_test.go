package npy

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// build makes a file with a header of our choice.
func build(version byte, dict string, data ...byte) []byte {
	b := append([]byte(Magic), version, 0)
	if version == 1 {
		b = binary.LittleEndian.AppendUint16(b, uint16(len(dict)))
	} else {
		b = binary.LittleEndian.AppendUint32(b, uint32(len(dict)))
	}
	return append(append(b, dict...), data...)
}

func dict(descr, fortran, shape string) string {
	return fmt.Sprintf("{'descr': '%s', 'fortran_order': %s, 'shape': %s, }      \n", descr, fortran, shape)
}

func TestRead(t *testing.T) {
	for _, c := range []struct {
		name    string
		b       []byte
		shape   []int
		fortran bool
		want    []float64
	}{
		{"bytes", build(1, dict("|u1", "False", "(2, 3)"), 1, 0, 1, 0, 0, 9), []int{2, 3}, false, []float64{1, 0, 1, 0, 0, 9}},
		{"bool, version 2, Fortran", build(2, dict("|b1", "True", "(2, 1)"), 1, 0), []int{2, 1}, true, []float64{1, 0}},
		{"int16 big, version 3", build(3, dict(">i2", "False", "(2,)"), 255, 254, 1, 0), []int{2}, false, []float64{-2, 256}},
		{"int16 little", build(1, dict("<i2", "False", "(2,)"), 255, 254, 1, 0), []int{2}, false, []float64{-257, 1}},
		{"float32", build(1, dict("<f4", "False", "(1,)"), 0, 0, 128, 63), []int{1}, false, []float64{1}},
		{"float64 big", build(1, dict(">f8", "False", "()"), 0x3f, 0xe0, 0, 0, 0, 0, 0, 0), []int{}, false, []float64{0.5}},
		{"Python 2", build(1, `{"shape": (2L, 1L), "fortran_order": False, "descr": "|i1"}`, 255, 1), []int{2, 1}, false, []float64{-1, 1}},
		{"empty", build(1, dict("<u8", "False", "(3, 0)")), []int{3, 0}, false, nil},
		{"native order", build(1, dict("=u2", "False", "(1,)"), 1, 0), []int{1}, false, []float64{1}},
		{"more behind", build(1, dict("|u1", "False", "(1,)"), 1, 2, 3), []int{1}, false, []float64{1}},
	} {
		a, err := Parse(c.b)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		var got []float64
		for i := range a.Len() {
			got = append(got, a.At(i))
		}
		if d := cmp.Diff(c.shape, a.Shape); d != "" || a.Fortran != c.fortran {
			t.Errorf("%s: Fortran %v, shape (-want +got):\n%s", c.name, a.Fortran, d)
		}
		if d := cmp.Diff(c.want, got); d != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, d)
		}
	}
}

func TestErrors(t *testing.T) {
	ok := dict("|u1", "False", "(2, 3)")
	for _, c := range []struct {
		name string
		b    []byte
		want string
	}{
		{"empty", nil, "truncated at byte 0"},
		{"other", []byte("PK something else"), "not a .npy array"},
		{"version", build(9, ok), "byte 6: version 9.0"},
		{"short", build(1, ok, 1, 2), "needs 6 bytes after the header and 2 are left"},
		{"long header", append([]byte(Magic), 2, 0, 255, 255, 255, 255), "byte 8: a header of 4294967295 bytes"},
		{"half a header", build(1, ok)[:30], "truncated at byte 30"},
		{"complex", build(1, dict("<c8", "False", "(1,)")), "complex numbers"},
		{"objects", build(1, dict("|O", "False", "(1,)")), "Python objects"},
		{"half floats", build(1, dict("<f2", "False", "(1,)")), "floats of a width"},
		{"text", build(1, dict("<U3", "False", "(1,)")), "holds text"},
		{"strange type", build(1, dict("<q9", "False", "(1,)")), `type "<q9"`},
		{"no type", build(1, dict("", "False", "(1,)")), `type ""`},
		{"records", build(1, "{'descr': [('a', '<i4')], 'fortran_order': False, 'shape': (1,)}"), "records with fields"},
		{"no dictionary", build(1, "[]"), `byte 10: "{" is expected`},
		{"missing key", build(1, "{'descr': '|u1', 'shape': (1,)}"), `lacks "fortran_order"`},
		{"unknown key", build(1, "{'x': 1}"), `unknown key "x"`},
		{"key twice", build(1, "{'descr': '|u1', 'descr': '|u1'}"), "stands twice"},
		{"open string", build(1, "{'descr"), "does not end"},
		{"escape", build(1, `{'a\'b': 1}`), "an escape"},
		{"no truth", build(1, dict("|u1", "Perhaps", "(1,)")), "True or False"},
		{"negative", build(1, dict("|u1", "False", "(-1,)")), "axis 0"},
		{"huge axis", build(1, dict("|u1", "False", "(99999999999999999999,)")), "axis 0"},
		{"overflow", build(1, dict("<u8", "False", "(4611686018427387904, 4611686018427387904)")), "more than memory can address"},
		{"many axes", build(1, dict("|u1", "False", "("+strings.Repeat("1, ", 70)+")")), "more than 64 axes"},
		{"open tuple", build(1, "{'shape': (1, 2"), `")" is expected`},
	} {
		_, err := Parse(c.b)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want …%s…", c.name, err, c.want)
		}
	}
}

func TestNoHugeAllocation(t *testing.T) {
	var before, after runtime.MemStats
	b := build(1, dict("<f8", "False", "(1000000000000, 2)"), 1, 2, 3)
	runtime.ReadMemStats(&before)
	if _, err := Parse(b); err == nil {
		t.Error("no error")
	}
	runtime.ReadMemStats(&after)
	if got := after.TotalAlloc - before.TotalAlloc; got > 8<<20 {
		t.Errorf("%d bytes were allocated for a file of %d", got, len(b))
	}
}

// The bytes that numpy.save writes for numpy.array([[1, 0, 1]], dtype=uint8).
func TestWriteAsNumPyDoes(t *testing.T) {
	want := "\x93NUMPY\x01\x00\x76\x00{'descr': '|u1', 'fortran_order': False, 'shape': (1, 3), }" +
		strings.Repeat(" ", 58) + "\n" + "\x01\x00\x01"
	var b bytes.Buffer
	if err := Write(&b, "|u1", []int{1, 3}, []byte{1, 0, 1}); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, b.String()); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	for shape, want := range map[string]string{"scalar": "'shape': (), }", "4": "'shape': (4,), }"} {
		b.Reset()
		dims, data := []int{}, make([]byte, 1)
		if shape == "4" {
			dims, data = []int{4}, make([]byte, 4)
		}
		if err := Write(&b, "|u1", dims, data); err != nil || !strings.Contains(b.String(), want) {
			t.Errorf("%s: %q, %v", shape, b.String(), err)
		}
	}
	if err := Write(&b, "|u1", []int{2}, make([]byte, 3)); err == nil {
		t.Error("3 bytes were written as 2 elements")
	}
	if err := Write(&b, "|O", []int{0}, nil); err == nil {
		t.Error("objects were written")
	}
}

func TestZip(t *testing.T) {
	out := []Out{
		{"spikes", "|u1", []int{2, 3}, []byte{1, 0, 1, 0, 0, 1}},
		{"width", "<f8", nil, make([]byte, 8)},
	}
	var a, b bytes.Buffer
	if err := WriteZip(&a, out...); err != nil {
		t.Fatal(err)
	}
	if err := WriteZip(&b, out...); err != nil || !bytes.Equal(a.Bytes(), b.Bytes()) {
		t.Errorf("the same arrays give other bytes (%v)", err)
	}
	if !IsZip(a.Bytes()) {
		t.Error("not known as an archive")
	}
	m, err := Members(a.Bytes())
	if err != nil || len(m) != 2 || m[0].Name != "spikes" || m[1].Name != "width" || len(m[1].Shape) != 0 {
		t.Fatalf("members %v, %v", m, err)
	}
	x, err := m[0].Read()
	if err != nil || !bytes.Equal(x.Bytes, out[0].Data) {
		t.Errorf("%v, %v", x, err)
	}
	for n := range a.Len() {
		if _, err := Members(a.Bytes()[:n]); err == nil {
			t.Errorf("the first %d of %d bytes are taken for an archive", n, a.Len())
		}
	}
}

// stored makes an archive whose members are stored, not deflated, as
// numpy.savez does.
func stored(t testing.TB, name string, data []byte, crc uint32) []byte {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	z.Create("readme.txt")
	w, err := z.CreateRaw(&zip.FileHeader{
		Name: name, Method: zip.Store, CRC32: crc,
		CompressedSize64: uint64(len(data)), UncompressedSize64: uint64(len(data)),
	})
	if err != nil {
		t.Fatal(err)
	}
	w.Write(data)
	z.Close()
	return b.Bytes()
}

func TestStoredMembers(t *testing.T) {
	data := build(1, dict("|u1", "False", "(2,)"), 1, 0)
	m, err := Members(stored(t, "a.npy", data, crc32.ChecksumIEEE(data)))
	if err != nil || len(m) != 1 {
		t.Fatal(m, err)
	}
	if a, err := m[0].Read(); err != nil || a.Len() != 2 {
		t.Errorf("%v, %v", a, err)
	}
	m, err = Members(stored(t, "a.npy", data, 1))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := m[0].Read(); err == nil || !strings.Contains(err.Error(), "checksum") {
		t.Errorf("a wrong checksum gives %v", err)
	}
	long := append(data, 5)
	m, err = Members(stored(t, "a.npy", long, crc32.ChecksumIEEE(long)))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := m[0].Read(); err == nil || !strings.Contains(err.Error(), "bytes follow") {
		t.Errorf("a long member gives %v", err)
	}
	if _, err := Members(stored(t, "bad.npy", []byte("x"), 0)); err == nil || !strings.Contains(err.Error(), `array "bad"`) {
		t.Errorf("a member that is no array gives %v", err)
	}
}

// Texts of bytes and of characters of both orders end with their first zero.
func TestTexts(t *testing.T) {
	wide := func(text string) []byte {
		var b []byte
		for _, c := range text {
			b = append(b, 0, 0, byte(c>>8), byte(c))
		}
		return b
	}
	for _, c := range []struct {
		name, header string
		data         []byte
		want         []string
		error        string
	}{
		{"bytes", dict("|S3", "False", "(2,)"), []byte("ab\x00xyz"), []string{"ab", "xyz"}, ""},
		{"a single one", dict("|S3", "False", "()"), []byte("csr"), []string{"csr"}, ""},
		{"characters", dict("<U2", "False", "(2,)"), []byte("a\x00\x00\x00\xb5\x03\x00\x00b\x00\x00\x00\x00\x00\x00\x00"), []string{"aε", "b"}, ""},
		{"big endian", dict(">U2", "False", "(1,)"), wide("aε"), []string{"aε"}, ""},
		{"nothing in them", dict("<U0", "False", "(5,)"), nil, nil, ""},
		{"cut", dict("|S3", "False", "(2,)"), []byte("abcx"), nil, "truncated: an array of texts of 2"},
		{"numbers", dict("|u1", "False", "(2,)"), []byte("ab"), nil, "is no array of texts"},
		{"huge", dict("|S3", "False", "(99999999999999,)"), nil, nil, "is no array of texts"},
		{"a strange length", dict("|Sx", "False", "(2,)"), nil, nil, "is no array of texts"},
	} {
		file := build(1, c.header, c.data...)
		m, err := Members(stored(t, "a.npy", file, crc32.ChecksumIEEE(file)))
		if err != nil || len(m) != 1 {
			t.Fatal(m, err)
		}
		got, err := m[0].Texts()
		if c.error != "" || err != nil {
			if err == nil || c.error == "" || !strings.Contains(err.Error(), c.error) {
				t.Errorf("%s: error %v, want …%s…", c.name, err, c.error)
			}
			continue
		}
		if d := cmp.Diff(c.want, got); d != "" || !m[0].IsText() {
			t.Errorf("%s (-want +got):\n%s", c.name, d)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add(build(1, dict("|u1", "False", "(2, 3)"), 1, 0, 1, 0, 0, 9))
	f.Add(build(2, dict(">f8", "True", "(1, 1, 1)"), 1, 0, 1, 0, 0, 9, 1, 1))
	f.Add(build(3, "{'descr': [('a', '<i4')]}"))
	var z bytes.Buffer
	if err := WriteZip(&z, Out{"a", "|u1", []int{2}, []byte{1, 0}}, Out{"b", "<f8", nil, make([]byte, 8)}); err != nil {
		f.Fatal(err)
	}
	f.Add(z.Bytes())
	f.Fuzz(func(t *testing.T, b []byte) {
		check := func(a *Array, err error) {
			if err != nil {
				return
			}
			n := 1
			for _, d := range a.Shape {
				n *= d
			}
			if a.Len() != n {
				t.Fatalf("%d elements of %v", a.Len(), a.Shape)
			}
			a.Binary()
		}
		check(Parse(b))
		m, err := Members(b)
		if err != nil {
			return
		}
		for i := range m {
			check(m[i].Read())
			if words, err := m[i].Texts(); err == nil && len(words) > 0 && !m[i].IsText() {
				t.Fatalf("%d texts of %s", len(words), m[i].Descr)
			}
		}
	})
}
