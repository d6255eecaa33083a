package matfile

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	mt "qgan/metrics/spikes/internal/mattest"
)

// forms are all ways in which the same variables can lie in a file.
func forms() map[string]mt.File {
	out := map[string]mt.File{}
	for _, order := range []mt.Order{binary.LittleEndian, binary.BigEndian} {
		for _, compress := range []bool{false, true} {
			for _, small := range []bool{false, true} {
				out[fmt.Sprintf("%v compress=%v small=%v", order, compress, small)] = mt.File{Order: order, Compress: compress, Small: small}
			}
		}
	}
	return out
}

func TestReadNumbers(t *testing.T) {
	vars := []struct {
		mt.Var
		kind string
		want []float64
	}{
		{mt.Var{Name: "data", Class: mt.ClassDouble, Dims: []int32{3, 2}, Storage: mt.Uint8, Values: []uint8{0, 1, 0, 1, 1, 200}}, "double", []float64{0, 1, 0, 1, 1, 200}},
		{mt.Var{Name: "tiny", Class: mt.ClassUint8, Dims: []int32{1, 3}, Storage: mt.Uint8, Values: []uint8{1, 0, 1}}, "uint8", []float64{1, 0, 1}},
		{mt.Var{Name: "d", Class: mt.ClassDouble, Dims: []int32{2, 1}, Storage: mt.Double, Values: []float64{0.5, -3}}, "double", []float64{0.5, -3}},
		{mt.Var{Name: "s", Class: mt.ClassSingle, Dims: []int32{1, 1}, Storage: mt.Single, Values: []float32{0.25}}, "single", []float64{0.25}},
		{mt.Var{Name: "narrow", Class: mt.ClassDouble, Dims: []int32{1, 2}, Storage: mt.Int16, Values: []int16{-2, 300}}, "double", []float64{-2, 300}},
		{mt.Var{Name: "u16", Class: 11, Dims: []int32{1, 2}, Storage: mt.Uint16, Values: []uint16{1, 65535}}, "uint16", []float64{1, 65535}},
		{mt.Var{Name: "i8", Class: mt.ClassInt8, Dims: []int32{1, 2}, Storage: mt.Int8, Values: []int8{-1, 1}}, "int8", []float64{-1, 1}},
		{mt.Var{Name: "i32", Class: 12, Dims: []int32{2, 1, 2}, Storage: mt.Int32, Values: []int32{1, -1, 2, -2}}, "int32", []float64{1, -1, 2, -2}},
		{mt.Var{Name: "u32", Class: 13, Dims: []int32{1, 1}, Storage: mt.Uint32, Values: []uint32{1 << 31}}, "uint32", []float64{1 << 31}},
		{mt.Var{Name: "i64", Class: 14, Dims: []int32{1, 1}, Storage: mt.Int64, Values: []int64{-7}}, "int64", []float64{-7}},
		{mt.Var{Name: "u64", Class: 15, Dims: []int32{1, 1}, Storage: mt.Uint64, Values: []uint64{1 << 40}}, "uint64", []float64{1 << 40}},
		{mt.Var{Name: "flag", Class: mt.ClassUint8 | mt.FlagLogical, Dims: []int32{1, 2, 2}, Storage: mt.Uint8, Values: []uint8{1, 0, 0, 1}}, "logical", []float64{1, 0, 0, 1}},
		{mt.Var{Name: "text", Class: mt.ClassChar, Dims: []int32{1, 2}, Storage: mt.Uint16, Values: []uint16{'o', 'k'}}, "char", []float64{'o', 'k'}},
		{mt.Var{Name: "none", Class: mt.ClassDouble, Dims: []int32{0, 5}, Storage: mt.Double, Values: []float64{}}, "double", nil},
	}
	for name, f := range forms() {
		var build []mt.Var
		for _, v := range vars {
			build = append(build, v.Var)
		}
		got, err := Variables(f.Build(build...))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if len(got) != len(vars) {
			t.Errorf("%s: %d variables, want %d", name, len(got), len(vars))
			continue
		}
		for i, v := range got {
			want := vars[i]
			if v.Name != want.Name || v.Kind() != want.kind || len(v.Dims) != len(want.Dims) {
				t.Errorf("%s: variable %q %s %v, want %q %s %v", name, v.Name, v.Kind(), v.Dims, want.Name, want.kind, want.Dims)
				continue
			}
			a, err := v.Read()
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			var values []float64
			for k := range a.Len() {
				values = append(values, a.At(k))
			}
			if d := cmp.Diff(want.want, values); d != "" {
				t.Errorf("%s: %q (-want +got):\n%s", name, v.Name, d)
			}
		}
	}
}

func TestRefusedClasses(t *testing.T) {
	f := mt.File{Order: binary.LittleEndian}
	numbers := f.Element(mt.Double, f.Encode([]float64{1}))
	cell := f.Variable(mt.Var{Class: mt.ClassDouble, Dims: []int32{1, 1}, Tail: numbers})
	fields := f.Element(mt.Int8, []byte("class"))
	for _, c := range []struct {
		v    mt.Var
		want string
	}{
		{mt.Var{Name: "x", Class: mt.ClassCell, Dims: []int32{1, 1}, Tail: cell}, `variable "x" is a cell, `},
		{f.Struct("x", nil), `variable "x" is a struct, `},
		{mt.Var{Name: "x", Class: mt.ClassStruct, Dims: []int32{1, 1}}, `variable "x" is a struct: length of the names of fields: byte `},
		{mt.Var{Name: "x", Class: mt.ClassObject, Dims: []int32{1, 1}, Tail: fields}, `variable "x" is an object, `},
		{mt.Var{Name: "x", Class: mt.ClassFunction, Dims: []int32{1, 1}, Tail: cell}, `variable "x" is a function handle, `},
		{mt.Var{Name: "x", Class: mt.ClassOpaque, Tail: f.Element(mt.Int8, []byte("MCOS"))}, `variable "x" is an opaque object, `},
		{mt.Var{Name: "x", Class: mt.ClassDouble | mt.FlagComplex, Dims: []int32{1, 1}, Tail: append(numbers, numbers...)}, `variable "x" is a complex double array, `},
	} {
		for name, f := range forms() {
			if f.Order != binary.LittleEndian { // the tails above are little endian
				continue
			}
			vars, err := Variables(f.Build(c.v))
			if err != nil || len(vars) != 1 || vars[0].Name != "x" || vars[0].Numeric() {
				t.Errorf("%s: %s: not listed: %v %v", name, c.want, vars, err)
				continue
			}
			if _, err := vars[0].Read(); err == nil || !strings.HasPrefix(err.Error(), c.want) {
				t.Errorf("%s: error %v, want %s…", name, err, c.want)
			}
		}
	}
}

func TestHeaderErrors(t *testing.T) {
	le := mt.File{Order: binary.LittleEndian}
	v73 := append(bytes.Repeat([]byte{' '}, 512), hdf5Signature...)
	copy(v73, "MATLAB 7.3 MAT-file")
	late := append(make([]byte, 2048), hdf5Signature...)
	version := le.Header()
	version[125] = 2
	odd := le.Header()
	odd[125] = 7
	for _, c := range []struct {
		name string
		b    []byte
		want string
	}{
		{"empty", nil, "empty"},
		{"HDF5 at 0", hdf5Signature, "MATLAB 7.3 (HDF5)"},
		{"HDF5 at 512", v73, "save with -v7"},
		{"HDF5 at 2048", late, "save with -v7"},
		{"version 2", version, "MATLAB 7.3 (HDF5)"},
		{"version 7", odd, "byte 124: version 0x0700"},
		{"short", le.Header()[:40], "truncated at byte 40"},
		{"other text", []byte("hello"), "not a MAT-file"},
		{"no mark", bytes.Repeat([]byte{7}, 200), "byte 126"},
		{"half a tag", append(le.Header(), 14, 0, 0), "truncated at byte 128"},
		{"unknown type", append(le.Header(), 99, 0, 0, 0, 0, 0, 0, 0), "byte 128: unknown data type 99"},
		{"long element", append(le.Header(), 14, 0, 0, 0, 255, 255, 255, 255), "announces 4294967295 bytes and 0 are left"},
		{"not zlib", append(le.Header(), le.Element(mt.Compressed, []byte("rubbish!"))...), "element at byte 128 does not inflate"},
		{"compressed numbers", append(le.Header(), le.Deflate(le.Element(mt.Double, make([]byte, 8)))...), "holds data type 9 and no array"},
		{"class 99", le.Build(mt.Var{Name: "x", Class: 99, Dims: []int32{1, 1}}), "byte 136: array class 99"},
		{"one axis", le.Build(mt.Var{Name: "x", Class: 6, Dims: []int32{5}}), "two axes or more"},
		{"negative axis", le.Build(mt.Var{Name: "x", Class: 6, Dims: []int32{5, -1}}), "byte 152: axis 2 has -1 elements"},
		{"overflow", le.Build(mt.Var{Name: "x", Class: 6, Dims: []int32{1 << 30, 1 << 30, 1 << 30}}), "more than memory can address"},
		{"long name", le.Build(mt.Var{Name: strings.Repeat("n", 5000), Class: 6, Dims: []int32{1, 1}}), "5000 bytes"},
	} {
		_, err := Variables(c.b)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want …%s…", c.name, err, c.want)
		}
		if strings.Contains(c.want, "7.3") && !errors.Is(err, ErrHDF5) {
			t.Errorf("%s: %v is not ErrHDF5", c.name, err)
		}
	}
}

func TestNumbersThatDoNotFit(t *testing.T) {
	for name, f := range forms() {
		for want, v := range map[string]mt.Var{
			"do not make an array of 2x2":  {Name: "x", Class: 9, Dims: []int32{2, 2}, Storage: mt.Uint8, Values: make([]uint8, 5)},
			"data type 14 holds no number": {Name: "x", Class: 9, Dims: []int32{2, 4}, Storage: mt.Matrix, Values: make([]uint8, 8)},
			"8 bytes are announced":        {Name: "x", Class: 9, Dims: []int32{1, 1}},
		} {
			vars, err := Variables(f.Build(v))
			if err == nil {
				_, err = vars[0].Read()
			}
			if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "byte ") {
				t.Errorf("%s: error %v, want …%s…", name, err, want)
			}
		}
	}
}

func TestDamagedStream(t *testing.T) {
	f := mt.File{Order: binary.LittleEndian, Compress: true}
	b := f.Build(mt.Var{Name: "x", Class: 9, Dims: []int32{40, 40}, Storage: mt.Uint8, Values: make([]uint8, 1600)})
	b[len(b)-1] ^= 1 // the checksum
	vars, err := Variables(b)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := vars[0].Read(); err == nil || !strings.Contains(err.Error(), "checksum") {
		t.Errorf("a wrong checksum gives %v", err)
	}
}

// A file of a few hundred bytes that announces 2^40 elements must not make the
// reader allocate them.
func TestNoHugeAllocation(t *testing.T) {
	f := mt.File{Order: binary.LittleEndian}
	body := f.Element(mt.Uint32, f.Encode([]uint32{9, 0}))
	body = append(body, f.Element(mt.Int32, f.Encode([]int32{1 << 16, 1<<16 - 1}))...)
	body = append(body, f.Element(mt.Int8, []byte("x"))...)
	body = append(body, f.Encode([]uint32{mt.Uint8, 0xffff0000})...)
	b := append(f.Header(), f.Deflate(append(f.Encode([]uint32{mt.Matrix, 0xffffffff}), body...))...)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	vars, err := Variables(b)
	if err != nil {
		t.Fatal(err)
	}
	if _, err = vars[0].Read(); err == nil || !strings.Contains(err.Error(), "truncated") {
		t.Errorf("error %v, want …truncated", err)
	}
	runtime.ReadMemStats(&after)
	if got := after.TotalAlloc - before.TotalAlloc; got > 8<<20 {
		t.Errorf("%d bytes were allocated for a file of %d", got, len(b))
	}
}

func TestTruncated(t *testing.T) {
	for name, f := range forms() {
		b := f.Build(mt.Var{Name: "data", Class: 6, Dims: []int32{5, 3}, Storage: mt.Uint8, Values: make([]uint8, 15)})
		for n := range len(b) {
			vars, err := Variables(b[:n])
			if err == nil && n != headerSize {
				t.Errorf("%s: the first %d of %d bytes give %d variables and no error", name, n, len(b), len(vars))
			}
		}
	}
}

func TestWrite(t *testing.T) {
	var b bytes.Buffer
	err := Write(&b,
		Out{"data", Uint8, []int{2, 3}, []byte{1, 0, 0, 1, 1, 0}},
		Out{"x", Double, []int{1, 1}, binary.LittleEndian.AppendUint64(nil, 0x3ff8000000000000)},
		Out{"c", Char, []int{1, 1}, []byte{'a', 0}})
	if err != nil {
		t.Fatal(err)
	}
	vars, err := Variables(b.Bytes())
	if err != nil || len(vars) != 3 {
		t.Fatal(len(vars), err)
	}
	for i, want := range []float64{1, 1.5, 'a'} {
		a, err := vars[i].Read()
		if err != nil || a.At(0) != want {
			t.Errorf("variable %q: %v %v, want %v", vars[i].Name, a, err, want)
		}
	}
	long := int64(1) << 40
	for _, v := range []Out{
		{"bad", Uint8, []int{2, 2}, []byte{1}},
		{"bad", Uint8, []int{1}, []byte{1}},
		{"bad", Struct, []int{1, 1}, nil},
		{"bad", Uint8, []int{0, int(long)}, nil},
	} {
		if slices.Contains(v.Dims, 0) && math.MaxInt == math.MaxInt32 {
			continue // no axis is too long
		}
		if err := Write(&b, v); err == nil {
			t.Errorf("%v was written", v)
		}
	}
}

func FuzzRead(f *testing.F) {
	for _, file := range forms() {
		f.Add(file.Build(
			mt.Var{Name: "data", Class: 6, Dims: []int32{5, 3}, Storage: mt.Uint8, Values: make([]uint8, 15)},
			mt.Var{Name: "c", Class: mt.ClassCell, Dims: []int32{1, 1}},
			mt.Var{Name: "o", Class: mt.ClassOpaque},
			file.Struct("s", []string{"a", "b"}, mt.Doubles("", 1), file.Cell("", []int32{1, 2}, mt.Doubles("", 0.5), mt.Doubles(""))),
			file.Struct("u", []string{"t"}, mt.Doubles("", 1), mt.Doubles("", 2)),
			file.Sparse("p", []int32{3, 2}, []int32{0, 1, 3}, []int32{2, 0, 1}, []float64{1, 1, 1}),
			mt.Var{Name: "x", Class: 7, Dims: []int32{1, 2, 1}, Storage: mt.Single, Values: []float32{1, 2}},
		))
	}
	f.Add(append(make([]byte, 512), hdf5Signature...))
	f.Add(mt.File{Order: binary.LittleEndian}.Level4(2, "x", 3, 3, []float64{1, 2, 2, 1, 3, 3, 1, 1, 0}))
	f.Fuzz(func(t *testing.T, b []byte) {
		vars, err := Variables(b)
		if err != nil {
			return
		}
		for i := 0; i < len(vars) && i < 1000; i++ {
			v := vars[i]
			_, _ = v.Kind(), v.Shape()
			if cells, err := v.Cells(); err == nil {
				vars = append(vars, cells...)
			}
			a, err := v.Read()
			if err != nil {
				continue
			}
			n := 1
			for _, d := range v.Dims {
				n *= d
			}
			if a.Len() != n {
				t.Fatalf("%d elements of %s", a.Len(), v.Shape())
			}
			for i := range min(n, 100) {
				a.At(i)
			}
			a.Binary()
		}
	})
}

// What is no variable is passed over with its padding, and so are MATLAB's own variables,
// which have no name.
func TestPassedOver(t *testing.T) {
	for name, f := range forms() {
		plain := f
		plain.Small = false
		file := f.Header()
		for _, part := range [][]byte{
			plain.Element(mt.Int8, []byte("abc")),
			f.Variable(mt.Var{Name: "first", Class: mt.ClassUint8, Dims: []int32{1, 3}, Storage: mt.Uint8, Values: []uint8{1, 0, 1}}),
			f.Variable(mt.Var{Class: mt.ClassUint8, Dims: []int32{1, 1}, Storage: mt.Uint8, Values: []uint8{1}}),
			plain.Element(mt.Double, make([]byte, 16)),
			f.Variable(mt.Var{Name: "a name of nine\x00\x00", Class: mt.ClassUint8, Dims: []int32{1, 2}, Storage: mt.Uint8, Values: []uint8{0, 1}}),
		} {
			file = append(file, part...)
		}
		vars, err := Variables(file)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		var got []string
		for _, v := range vars {
			a, err := v.Read()
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			got = append(got, fmt.Sprint(v.Name, " ", a.Len()))
		}
		if d := cmp.Diff([]string{"first 3", "a name of nine 2"}, got); d != "" {
			t.Errorf("%s (-want +got):\n%s", name, d)
		}
	}
}
