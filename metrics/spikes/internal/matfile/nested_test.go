package matfile

import (
	"encoding/binary"
	"fmt"
	"math"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	mt "qgan/metrics/spikes/internal/mattest"
)

// tell writes a variable with all that is in it.
func tell(v *Variable) string {
	if v.Class == Cell {
		var inner []string
		all, err := v.Cells()
		if err != nil {
			return err.Error()
		}
		for _, c := range all {
			inner = append(inner, tell(c))
		}
		return fmt.Sprintf("%s %s[%s]", v.Name, v.Shape(), strings.Join(inner, "; "))
	}
	a, err := v.Read()
	if err != nil {
		return err.Error()
	}
	var values []float64
	for i := range a.Len() {
		values = append(values, a.At(i))
	}
	return fmt.Sprintf("%s %s %v", v.Name, v.Shape(), values)
}

func TestContainers(t *testing.T) {
	for name, f := range forms() {
		d := mt.Doubles
		vars, err := Variables(f.Build(
			f.Struct("Experiment", []string{"raster", "deep", "cell", "none"},
				mt.Var{Class: mt.ClassUint8, Dims: []int32{1, 3}, Storage: mt.Uint8, Values: []uint8{1, 0, 1}},
				f.Struct("", []string{"fs"}, d("", 50)),
				f.Cell("", []int32{1, 2}, d("", 0.5, 1.5), d("")),
				f.Struct("", nil)),
			f.Struct("units", []string{"id", "times"}, d("", 7), d("", 0.25, 0.5), d("", 9), d("", 0.75)),
			f.Cell("spikes", []int32{2, 2}, d("", 1), f.Cell("", []int32{1, 1}, d("", 2, 3)), d(""), mt.Text("", "ab")),
			f.Sparse("sparse", []int32{3, 2}, []int32{0, 1, 3}, []int32{2, 0, 1}, []float64{1, 1, 1}),
			f.Sparse("large", []int32{1, 2}, []int32{0, 1, 2}, []int32{0, 0}, []float64{300, 0.5}),
		))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		var got []string
		for _, v := range vars {
			got = append(got, tell(v))
		}
		want := []string{
			"Experiment/raster 1x3 [1 0 1]",
			"Experiment/deep/fs 1x1 [50]",
			"Experiment/cell 1x2[Experiment/cell{1} 2x1 [0.5 1.5]; Experiment/cell{2} 0x1 []]",
			`variable "Experiment/none" is a struct, not an array of real numbers`,
			"units/id 1x2[units/id(1) 1x1 [7]; units/id(2) 1x1 [9]]",
			"units/times 1x2[units/times(1) 2x1 [0.25 0.5]; units/times(2) 1x1 [0.75]]",
			"spikes 2x2[spikes{1} 1x1 [1]; spikes{2} 1x1[spikes{2}{1} 2x1 [2 3]]; spikes{3} 0x1 []; spikes{4} 1x2 [97 98]]",
			"sparse 3x2 [0 0 1 1 1 0]",
			"large 1x2 [300 0.5]",
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s (-want +got):\n%s", name, d)
		}
	}
}

// An element of a cell without anything in it, as some writers have it.
func TestEmptyElement(t *testing.T) {
	f := mt.File{Order: binary.LittleEndian}
	v, err := Variables(f.Build(mt.Var{Name: "c", Class: mt.ClassCell, Dims: []int32{1, 2}, Tail: append(f.Element(mt.Matrix, nil), f.Element(mt.Matrix, nil)...)}))
	if err != nil || len(v) != 1 {
		t.Fatal(v, err)
	}
	if got := tell(v[0]); got != "c 1x2[c{1} 0x0 []; c{2} 0x0 []]" {
		t.Error(got)
	}
}

func TestDamagedContainers(t *testing.T) {
	one := mt.Doubles("", 1)
	for name, f := range forms() {
		deep := f.Struct("", []string{"a"}, one)
		for range maxDepth + 2 {
			deep = f.Struct("s", []string{"a"}, deep)
		}
		for want, v := range map[string]mt.Var{
			"8 bytes are announced and the array has 0 left": f.Cell("c", []int32{3, 1}, one, one),
			"more than 32 structs within each other":         deep,
			"where an element of a cell or struct":           {Name: "c", Class: mt.ClassCell, Dims: []int32{1, 1}, Tail: mt.File{Order: f.Order}.Element(mt.Double, make([]byte, 8))},
			"names of fields of 0 bytes":                     {Name: "s", Class: mt.ClassStruct, Dims: []int32{1, 1}, Tail: append(f.Element(mt.Int32, f.Encode([]int32{0})), f.Element(mt.Int8, []byte("abcd"))...)},
			"names of fields of 3 bytes":                     {Name: "s", Class: mt.ClassStruct, Dims: []int32{1, 1}, Tail: append(f.Element(mt.Int32, f.Encode([]int32{3})), f.Element(mt.Int8, []byte("abcd"))...)},
			"array class 99":                                 f.Struct("s", []string{"a"}, mt.Var{Class: 99, Dims: []int32{1, 1}}),
			"a sparse array of 1x2x3":                        f.Sparse("x", []int32{1, 2, 3}, []int32{0, 0}, []int32{}, []float64{}),
			"do not make an array of columns":                f.Sparse("x", []int32{1, 2}, []int32{0, 0}, []int32{}, []float64{}),
			"2 indices and 1 values":                         f.Sparse("x", []int32{2, 1}, []int32{0, 2}, []int32{0, 1}, []float64{1}),
			"at 5 of 2":                                      f.Sparse("x", []int32{2, 1}, []int32{0, 1}, []int32{5}, []float64{1}),
			"line 0 of a sparse array ends at element -1":    f.Sparse("x", []int32{2, 2}, []int32{0, -1, 1}, []int32{0}, []float64{1}),
			"first line begins at element 1":                 f.Sparse("x", []int32{2, 1}, []int32{1, 1}, []int32{0}, []float64{1}),
			"at most":                                        f.Sparse("x", []int32{1 << 30, 1}, []int32{0, 1}, []int32{0}, []float64{1}),
		} {
			vars, err := Variables(f.Build(v, mt.Doubles("beside", 1)))
			if err != nil || vars[len(vars)-1].Name != "beside" {
				t.Errorf("%s: %s hides the variable behind it: %v", name, want, err)
				continue
			}
			if got := tell(vars[0]); !strings.Contains(got, want) {
				t.Errorf("%s: %s, want …%s…", name, got, want)
			}
		}
	}
}

// A cell that announces 2^60 elements, and one that inflates to many empty ones, take no
// more memory than they have room for.
func TestHugeCell(t *testing.T) {
	f := mt.File{Order: binary.LittleEndian, Compress: true}
	var tail []byte
	empty := f.Element(mt.Matrix, nil)
	for range 1 << 17 {
		tail = append(tail, empty...)
	}
	b := f.Build(mt.Var{Name: "c", Class: mt.ClassCell, Dims: []int32{1 << 30, 1 << 30}, Tail: tail})
	if len(b) > 1<<13 {
		t.Fatalf("a file of %d bytes", len(b))
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	v, err := Variables(b)
	if err != nil || len(v) != 1 {
		t.Fatal(v, err)
	}
	v[0].left = 1 << 10
	if _, err := v[0].Cells(); err == nil || !strings.Contains(err.Error(), "more elements of cells") {
		t.Errorf("error %v", err)
	}
	runtime.ReadMemStats(&after)
	if got := after.TotalAlloc - before.TotalAlloc; got > 8<<20 {
		t.Errorf("%d bytes were allocated for a file of %d", got, len(b))
	}
}

func TestLevel4(t *testing.T) {
	le, be := mt.File{Order: binary.LittleEndian}, mt.File{Order: binary.BigEndian}
	join := func(parts ...[]byte) []byte {
		var all []byte
		for _, p := range parts {
			all = append(all, p...)
		}
		return all
	}
	for _, c := range []struct {
		name string
		b    []byte
		want []string // or the error
	}{
		{"doubles", join(le.Level4(0, "data", 3, 2, []float64{0, 1, 0, 1, 1, 0}), le.Level4(50, "u", 1, 2, []uint8{7, 8})),
			[]string{"data 3x2 [0 1 0 1 1 0]", "u 1x2 [7 8]"}},
		{"big", join(be.Level4(1000, "data", 1, 2, []float64{0.5, 2}), be.Level4(1030, "s", 1, 1, []int16{-3})), []string{"data 1x2 [0.5 2]", "s 1x1 [-3]"}},
		{"text", le.Level4(51, "t", 1, 2, []uint8{'o', 'k'}), []string{"t 1x2 [111 107]"}},
		{"sparse", le.Level4(2, "x", 3, 3, []float64{1, 2, 2, 1, 3, 3, 1, 1, 0}), []string{"x 2x3 [1 0 0 0 0 1]"}},
		{"empty", le.Level4(0, "x", 0, 0, []float64{}), []string{"x 0x0 []"}},
		{"cut", le.Level4(0, "x", 2, 1, []float64{1}), []string{"announces 2 x 1 numbers and 8 bytes are left"}},
		{"huge", le.Level4(0, "x", 1<<31-1, 1<<31-1, []float64{1}), []string{"bytes are left"}},
		{"more behind", join(le.Level4(0, "x", 1, 1, []float64{1}), []byte("more")), []string{"byte 30: no header"}},
		{"sparse outside", le.Level4(2, "x", 2, 3, []float64{5, 2, 1, 3, 1, 0}), []string{"outside of the matrix"}},
		{"sparse size", le.Level4(2, "x", 1, 3, []float64{math.NaN(), 1, 0}), []string{"a sparse matrix of NaN x 1"}},
		{"sparse columns", le.Level4(2, "x", 3, 2, make([]float64, 6)), []string{"a sparse matrix of 3x2"}},
	} {
		if !Is(c.b) {
			t.Errorf("%s: not known", c.name)
			continue
		}
		var got []string
		vars, err := Variables(c.b)
		if err != nil {
			got = []string{err.Error()}
		}
		for _, v := range vars {
			got = append(got, tell(v))
		}
		for i := range max(len(got), len(c.want)) {
			if i >= len(got) || i >= len(c.want) || !strings.HasSuffix(got[i], c.want[i]) && !strings.Contains(got[i], c.want[i]) {
				t.Errorf("%s: %q, want %q", c.name, got, c.want)
				break
			}
		}
	}
	complex4 := le.Level4(0, "z", 1, 1, []float64{1, 2})
	complex4[12] = 1
	v, err := Variables(complex4)
	if err != nil || len(v) != 1 || v[0].Numeric() {
		t.Fatal(v, err)
	}
	for _, b := range [][]byte{[]byte("0,1\n1,0\n0,0\n0,1\n1,0\n0,0\n"), make([]byte, 100), le.Level4(0, "a b", 1, 1, []float64{1}), le.Level4(70, "x", 1, 1, []float64{1}), le.Level4(100, "x", 1, 1, []float64{1})} {
		if Is(b) {
			t.Errorf("%q is taken for a MAT-file", b)
		}
	}
}
