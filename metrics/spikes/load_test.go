package spikes

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	mt "qgan/metrics/spikes/internal/mattest"
	"qgan/metrics/spikes/internal/npy"
)

var little = mt.File{Order: binary.LittleEndian}

// pattern is an asymmetric raster: no two axes can be exchanged unseen.
func pattern(repeats, bins, neurons int) *Raster {
	r := NewRaster(repeats, bins, neurons, DefaultBinWidth)
	for rep := range repeats {
		for bin := range bins {
			for n := range neurons {
				r.Set(rep, bin, n, (rep*7+bin*bin*3+n*5+rep*bin*n)%4 == 1)
			}
		}
	}
	return r
}

// lay writes the raster's elements in the given order of axes.
func lay(r *Raster, axes string, firstFastest bool) (dims []int, out []uint8) {
	order := strings.Split(axes, ",")
	size := map[string]int{AxisRepeats: r.Repeats, AxisBins: r.Bins, AxisNeurons: r.Neurons}
	total := 1
	for _, a := range order {
		dims = append(dims, size[a])
		total *= size[a]
	}
	for i := range total {
		at, rest := map[string]int{}, i
		for k := range order {
			if !firstFastest {
				k = len(order) - 1 - k
			}
			at[order[k]] = rest % dims[k]
			rest /= dims[k]
		}
		v := uint8(0)
		if r.At(at[AxisRepeats], at[AxisBins], at[AxisNeurons]) {
			v = 1
		}
		out = append(out, v)
	}
	return dims, out
}

func int32s(v []int) []int32 {
	var out []int32
	for _, x := range v {
		out = append(out, int32(x))
	}
	return out
}

// same compares sizes and spikes.
func same(t *testing.T, what string, want, got *Raster) {
	t.Helper()
	if want.Repeats != got.Repeats || want.Bins != got.Bins || want.Neurons != got.Neurons {
		t.Errorf("%s: %s, want %s", what, got.shape(), want.shape())
		return
	}
	if d := cmp.Diff(want.words, got.words); d != "" {
		t.Errorf("%s: spikes differ", what)
	}
}

func mustDecode(t *testing.T, b []byte, opt LoadOptions) *Raster {
	t.Helper()
	r, err := Decode("file", b, opt)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestAxes(t *testing.T) {
	three, flat := pattern(3, 11, 4), pattern(1, 11, 4)
	for _, c := range []struct {
		name, axes, option string
		r                  *Raster
		warnings           int
	}{
		{"bint", "repeats,neurons,bins", "", three, 0},
		{"data", "repeats,bins,neurons", "", three, 0},
		{"spikes", "repeats,bins,neurons", "", three, 0},
		{"samples", "repeats,bins,neurons", "", three, 0},
		{"x", "repeats,bins,neurons", "", three, 1},
		{"x", "neurons,repeats,bins", "neurons,repeats,bins", three, 0},
		{"bint", "bins,neurons,repeats", "time,units,trials", three, 0},
		{"data", "bins,neurons", "", flat, 0},
		{"x", "bins,neurons", "", flat, 0},
		{"x", "neurons,bins", "neurons,bins", flat, 0},
		{"x", "bins,neurons", "bins,neurons", pattern(1, 3, 70), 1},
	} {
		what := fmt.Sprintf("%s %s %q", c.name, c.axes, c.option)
		dims, v := lay(c.r, c.axes, true)
		mat := little.Build(mt.Var{Name: c.name, Class: mt.ClassDouble, Dims: int32s(dims), Storage: mt.Uint8, Values: v})
		r := mustDecode(t, mat, LoadOptions{Axes: c.option})
		same(t, "mat "+what, c.r, r)
		if r.Source.Axes != c.axes || r.Source.Variable != c.name || len(r.Source.Warnings) != c.warnings {
			t.Errorf("mat %s: source %+v", what, r.Source)
		}
		dims, v = lay(c.r, c.axes, false)
		var z bytes.Buffer
		if err := npy.WriteZip(&z, npy.Out{Name: c.name, Descr: "|b1", Shape: dims, Data: v}); err != nil {
			t.Fatal(err)
		}
		same(t, "npz "+what, c.r, mustDecode(t, z.Bytes(), LoadOptions{Axes: c.option}))
	}
}

// MATLAB drops trailing axes of size 1.
func TestTrailingAxis(t *testing.T) {
	want := pattern(3, 5, 1)
	dims, v := lay(want, "repeats,bins,neurons", true)
	b := little.Build(mt.Var{Name: "x", Class: mt.ClassUint8, Dims: int32s(dims[:2]), Storage: mt.Uint8, Values: v})
	same(t, "one neuron", want, mustDecode(t, b, LoadOptions{Axes: "repeats,bins,neurons"}))
}

func TestNumbersOfAllSorts(t *testing.T) {
	want := NewRaster(1, 3, 1, DefaultBinWidth)
	want.Set(0, 1, 0, true)
	for _, v := range []mt.Var{
		{Class: mt.ClassDouble, Storage: mt.Double, Values: []float64{0, 1, 0}},
		{Class: mt.ClassSingle, Storage: mt.Single, Values: []float32{0, 1, 0}},
		{Class: mt.ClassDouble, Storage: mt.Int16, Values: []int16{0, 1, 0}},
		{Class: mt.ClassUint8 | mt.FlagLogical, Storage: mt.Uint8, Values: []uint8{0, 1, 0}},
	} {
		v.Name, v.Dims = "x", []int32{3, 1}
		for _, f := range []mt.File{little, {Order: binary.BigEndian}, {Order: binary.BigEndian, Compress: true, Small: true}} {
			same(t, fmt.Sprintf("%+v", v), want, mustDecode(t, f.Build(v), LoadOptions{}))
		}
	}
}

func TestRepeatBins(t *testing.T) {
	flat := pattern(1, 11, 4)
	for _, axes := range []string{"bins,neurons", "neurons,bins"} {
		dims, v := lay(flat, axes, true)
		b := little.Build(mt.Var{Name: "data", Class: mt.ClassUint8, Dims: int32s(dims), Storage: mt.Uint8, Values: v})
		r := mustDecode(t, b, LoadOptions{Axes: axes, RepeatBins: 3})
		if r.Repeats != 3 || r.Bins != 3 || r.Source.RepeatBins != 3 {
			t.Fatalf("%s of %+v", r.shape(), r.Source)
		}
		for rep := range 3 {
			for bin := range 3 {
				if r.Word(rep, bin) != flat.Word(0, rep*3+bin) {
					t.Errorf("%s: repeat %d bin %d differs", axes, rep, bin)
				}
			}
		}
		want := []string{"the last 2 of 11 bins were dropped: they do not fill a repeat of 3 bins"}
		if d := cmp.Diff(want, r.Source.Warnings); d != "" {
			t.Errorf("warnings (-want +got):\n%s", d)
		}
	}
}

func TestChoice(t *testing.T) {
	v := func(name string, dims ...int32) mt.Var {
		n := int32(1)
		for _, d := range dims {
			n *= d
		}
		return mt.Var{Name: name, Class: mt.ClassUint8, Dims: dims, Storage: mt.Uint8, Values: make([]uint8, n)}
	}
	scalar, a, b := v("fs", 1, 1), v("a", 5, 2), v("b", 6, 2)
	cell := mt.Var{Name: "info", Class: mt.ClassCell, Dims: []int32{1, 1}}
	for _, c := range []struct {
		vars     []mt.Var
		option   string
		want     string
		warnings int
		error    string
	}{
		{[]mt.Var{a}, "", "a", 0, ""},
		{[]mt.Var{scalar, cell, a}, "", "a", 0, ""},
		{[]mt.Var{a, b}, "b", "b", 0, ""},
		{[]mt.Var{a, v("bint", 2, 2, 2), v("data", 7, 2)}, "", "data", 1, ""},
		{[]mt.Var{a, v("bint", 2, 2, 2)}, "", "bint", 1, ""},
		{[]mt.Var{a, b}, "", "", 0, "the file holds a (5x2, uint8) and b (6x2, uint8) (name the recording with the option var)"},
		{[]mt.Var{a, b}, "c", "", 0, `there is no variable "c" (the file holds a (5x2, uint8) and b (6x2, uint8))`},
		{[]mt.Var{cell}, "", "", 0, `variable "info": byte 184: 8 bytes are announced`},
		{[]mt.Var{cell, a}, "info", "", 0, `variable "info": byte 184: 8 bytes are announced`},
		{[]mt.Var{cell, scalar}, "", "", 0, "no variable is one"},
		{nil, "", "", 0, "holds no array"},
		{[]mt.Var{v("a", 2, 2, 2, 2)}, "", "", 0, `variable "a" has 4 axes (2x2x2x2)`},
		{[]mt.Var{v("a", 5, 0)}, "", "", 0, `variable "a" is empty (5x0)`},
	} {
		r, err := Decode("f.mat", little.Build(c.vars...), LoadOptions{Variable: c.option})
		if c.error != "" {
			if err == nil || !strings.Contains(err.Error(), c.error) {
				t.Errorf("error %v, want …%s…", err, c.error)
			}
			continue
		}
		if err != nil || r.Source.Variable != c.want || len(r.Source.Warnings) != c.warnings {
			t.Errorf("%v %+v, want variable %q and %d warnings", err, r, c.want, c.warnings)
		}
	}
}

func TestOptionErrors(t *testing.T) {
	dims, v := lay(pattern(2, 5, 3), "repeats,bins,neurons", true)
	three := little.Build(mt.Var{Name: "data", Class: mt.ClassUint8, Dims: int32s(dims), Storage: mt.Uint8, Values: v})
	flat := []byte("0,1\n1,0\n0,0\n")
	for _, c := range []struct {
		b    []byte
		opt  LoadOptions
		want string
	}{
		{three, LoadOptions{RepeatBins: 2}, "has an axis of repeats already"},
		{three, LoadOptions{Axes: "bins,neurons"}, "has 3 axes (2x5x3) and 2 are named"},
		{three, LoadOptions{Axes: "bins,bananas"}, `no axis "bananas"`},
		{flat, LoadOptions{RepeatBins: 4}, "longer than the recording (3 bins)"},
		{flat, LoadOptions{RepeatBins: -1}, "repeats of -1 bins"},
		{flat, LoadOptions{Axes: "repeats,bins,neurons"}, "has 2 axes (3x2) and 3 are named"},
		{flat, LoadOptions{Variable: "data"}, `holds no variable "data"`},
		{flat, LoadOptions{BinWidth: math.NaN()}, "bin width of NaN"},
		{flat, LoadOptions{BinWidth: -1}, "bin width of -1"},
		{nil, LoadOptions{}, "the file is empty"},
		{[]byte("\x7fELF\x00\x00"), LoadOptions{}, "format is not known"},
		{append([]byte(npy.Magic), 9), LoadOptions{}, "truncated"},
		{[]byte("PK\x03\x04rest"), LoadOptions{}, "not a complete .npz archive"},
		{append(make([]byte, 512), "\x89HDF\r\n\x1a\n"...), LoadOptions{}, "an HDF5 file (MATLAB 7.3, NWB) that can't be read: superblock at byte 512: truncated"},
	} {
		_, err := Decode("f", c.b, c.opt)
		var in *InputError
		if !errors.As(err, &in) || in.Path != "f" || !strings.HasPrefix(err.Error(), "f: ") || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: error %v, want f: …%s…", c.opt, err, c.want)
		}
	}
}

func TestOtherValues(t *testing.T) {
	f64 := func(v ...float64) []byte {
		return little.Build(mt.Var{Name: "data", Class: mt.ClassDouble, Dims: []int32{3, 2}, Storage: mt.Double, Values: v})
	}
	for _, c := range []struct {
		b    []byte
		opt  LoadOptions
		want string
	}{
		// Column-major: neuron 0 first. The first offender is the one of the earliest bin.
		{f64(0, 3, 1, 0, 2, 0), LoadOptions{}, `f: variable "data": element (repeat 0, bin 1, neuron 0) is 3; 2 of 6 elements are neither 0 nor 1 (spike counts must be binarised first`},
		{f64(0, 0, 3, 0, 2, 0), LoadOptions{RepeatBins: 1}, "element (repeat 1, bin 0, neuron 1) is 2"},
		{f64(math.NaN(), 0, 0, 0, 0, 0), LoadOptions{}, "(repeat 0, bin 0, neuron 0) is NaN; 1 of 6 elements are neither 0 nor 1 (missing values"},
		{f64(0, 0.5, 0, 0, 0, 0), LoadOptions{}, "is 0.5"},
		{little.Build(mt.Var{Name: "x", Class: mt.ClassInt8, Dims: []int32{2, 1}, Storage: mt.Int8, Values: []int8{0, -1}}), LoadOptions{}, "bin 1, neuron 0) is -1"},
		{little.Build(mt.Var{Name: "x", Class: mt.ClassChar, Dims: []int32{2, 1}, Storage: mt.Uint16, Values: []uint16{'0', '1'}}), LoadOptions{Variable: "x"}, `variable "x" is text`},
	} {
		_, err := Decode("f", c.b, c.opt)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("error %v, want …%s…", err, c.want)
		}
	}
}

func TestFiles(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a.mat") // the content counts, not the name
	if err := os.WriteFile(path, []byte("0,1\n1,1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	r, err := Load(path, LoadOptions{BinWidth: 0.01})
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Source.SHA256) != 64 || r.Source.Path != path || r.BinWidth != 0.01 || r.Source.Axes != "bins,neurons" || r.Spikes() != 3 {
		t.Errorf("%+v, bins of %v s", r.Source, r.BinWidth)
	}
	for path, want := range map[string]string{
		"":                           "no file is named",
		dir:                          "is a folder",
		filepath.Join(dir, "absent"): "cannot be read: no such file or directory (check the path",
	} {
		_, err := Load(path, LoadOptions{})
		var in *InputError
		if !errors.As(err, &in) || in.Path != path || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v, want …%s…", path, err, want)
		}
	}
	if _, err := Load(filepath.Join(dir, "absent"), LoadOptions{}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%v is not os.ErrNotExist", err)
	}
	r, err = Load(BuiltinName, LoadOptions{})
	if err != nil || r.Source.Path != BuiltinName {
		t.Errorf("built-in: %v", err)
	}
	if _, err := Load(BuiltinName, LoadOptions{RepeatBins: 5}); err == nil {
		t.Error("the built-in recording was cut")
	}
}

// What is wrong with a file that the user names is said in a sentence, with the
// path in front, and is the user's to mend.
func TestFaultyFiles(t *testing.T) {
	dir := t.TempDir()
	dims, v := lay(pattern(2, 50, 3), "repeats,bins,neurons", true)
	good := little.Build(mt.Var{Name: "data", Class: mt.ClassDouble, Dims: int32s(dims), Storage: mt.Uint8, Values: v})
	flat := little.Build(mt.Var{Name: "data", Class: mt.ClassUint8, Dims: []int32{3, 2}, Storage: mt.Uint8, Values: []uint8{0, 1, 0, 1, 0, 0}})
	counts := little.Build(mt.Var{Name: "data", Class: mt.ClassUint8, Dims: []int32{3, 2}, Storage: mt.Uint8, Values: []uint8{0, 1, 0, 1, 7, 0}})
	structure := little.Build(mt.Var{Name: "data", Class: mt.ClassStruct, Dims: []int32{1, 1}})
	cell := little.Build(mt.Var{Name: "data", Class: mt.ClassCell, Dims: []int32{1, 1}})
	for name, c := range map[string]struct {
		b    []byte
		opt  LoadOptions
		want string
	}{
		"empty.mat":     {nil, LoadOptions{}, "the file is empty (files that can be read: MATLAB (.mat), NWB"},
		"header.mat":    {good[:60], LoadOptions{}, "truncated at byte 60: the header of a MAT-file has 128 bytes (save the file again with -v7"},
		"cut.mat":       {good[:len(good)-40], LoadOptions{}, "truncated: the element at byte 128 announces 368 bytes and 328 are left (save the file again with -v7"},
		"nothing.mat":   {good[:128], LoadOptions{}, "the file holds no array (files that can be read"},
		"noise.mat":     {[]byte{1, 2, 0, 4, 5}, LoadOptions{}, "the file's format is not known (files that can be read"},
		"prose.mat":     {[]byte("no recording at all\n"), LoadOptions{}, "there is not one row of numbers (text must hold a 0 or a 1 for each neuron"},
		"struct.mat":    {structure, LoadOptions{}, `variable "data" is a struct: length of the names of fields: byte 184: 8 bytes are announced and the array has 0 left (a recording is an array of zeros and ones`},
		"cell.mat":      {cell, LoadOptions{}, `variable "data": byte 184: 8 bytes are announced and the array has 0 left (lists of spike times are one for each unit`},
		"other.mat":     {flat, LoadOptions{Variable: "bint"}, `there is no variable "bint" (the file holds data (3x2, uint8))`},
		"counts.mat":    {counts, LoadOptions{}, `variable "data": element (repeat 0, bin 1, neuron 1) is 7; 1 of 6 elements are neither 0 nor 1 (spike counts must be binarised first`},
		"short.mat":     {flat, LoadOptions{RepeatBins: 953}, "repeats of 953 bins are longer than the recording (3 bins) (give the bins of one repeat"},
		"repeats.mat":   {good, LoadOptions{RepeatBins: 10}, `variable "data" has an axis of repeats already (2 repeats of 50 bins) (leave the option repeat-bins out)`},
		"word.csv":      {[]byte("0,1\n1,x\n"), LoadOptions{}, `line 2: column 2: "x" is not a number`},
		"ragged.csv":    {[]byte("0,1\n1\n"), LoadOptions{}, "line 2: 1 columns where the rows before have 2"},
		"short.csv":     {[]byte("0,1\n1,0\n"), LoadOptions{RepeatBins: 3}, "repeats of 3 bins are longer than the recording (2 bins)"},
		"truncated.npy": {append([]byte(npy.Magic), 1, 0), LoadOptions{}, "truncated"},
	} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, c.b, 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := Load(path, c.opt)
		if err == nil || !strings.HasPrefix(err.Error(), path+": "+c.want) {
			t.Errorf("%s: error %v, want …%s…", name, err, c.want)
		}
		var bad interface{ BadInput() bool }
		if !errors.As(err, &bad) || !bad.BadInput() {
			t.Errorf("%s: %v is not bad input", name, err)
		}
	}
}

// Text that happens to have a MAT-file's mark at its place is still text.
func TestTextWithMark(t *testing.T) {
	head := "# " + strings.Repeat("x", 124) + "IM\n"
	same(t, "text", pattern(1, 1, 2), mustDecode(t, []byte(head+"0,1\n"), LoadOptions{Neurons: 2}))
}

func TestTruncatedFiles(t *testing.T) {
	r := pattern(2, 5, 3)
	dims, v := lay(r, "repeats,bins,neurons", true)
	variable := mt.Var{Name: "data", Class: mt.ClassDouble, Dims: int32s(dims), Storage: mt.Uint8, Values: v}
	files := map[string][]byte{
		"plain":      little.Build(variable),
		"big":        mt.File{Order: binary.BigEndian, Small: true}.Build(variable),
		"compressed": mt.File{Order: binary.LittleEndian, Compress: true}.Build(variable),
	}
	for _, f := range []Format{NPZ, NPY} {
		var b bytes.Buffer
		if err := Write(&b, r, f, Meta{}); err != nil {
			t.Fatal(err)
		}
		files[string(f)] = b.Bytes()
	}
	for name, b := range files {
		for n := range len(b) {
			got, err := Decode("f", b[:n], LoadOptions{})
			var in *InputError
			if !errors.As(err, &in) {
				t.Fatalf("%s: the first %d of %d bytes give %v and error %v", name, n, len(b), got, err)
			}
		}
		same(t, name, r, mustDecode(t, b, LoadOptions{}))
	}
}

func FuzzDecode(f *testing.F) {
	r := pattern(2, 3, 2)
	for _, format := range []Format{NPZ, NPY, CSV, MAT} {
		var b bytes.Buffer
		if err := Write(&b, r, format, Meta{}); err != nil {
			f.Fatal(err)
		}
		f.Add(b.Bytes(), "", 0)
	}
	f.Add([]byte("# x\na b\n0 1\n1 0\n"), "neurons,bins", 1)
	f.Add([]byte("trial,bin,x\n0,0,1\n0,1,1\n1,0,0\n1,1,0\n"), "", 0)
	f.Fuzz(func(t *testing.T, b []byte, axes string, repeatBins int) {
		r, err := Decode("f", b, LoadOptions{Axes: axes, RepeatBins: repeatBins})
		var in *InputError
		if err != nil && !errors.As(err, &in) {
			t.Fatalf("%T %v", err, err)
		}
		if err == nil && (r.Repeats < 1 || r.Bins < 1 || r.Neurons < 1) {
			t.Fatalf("an empty raster: %s", r.shape())
		}
	})
}

// Options in messages can be spelled as flags; what a path is called stays.
func TestSpelled(t *testing.T) {
	flag := func(name string) string { return "--" + name }
	for text, want := range map[string]string{
		"the option trials none leaves it out; the option max-gap 0.5 too": "--trials none leaves it out; --max-gap 0.5 too",
		"give the option axes as neurons,bins":                             "give --axes as neurons,bins",
		"the options are none":                                             "the options are none",
	} {
		if got := Spelled(text, flag); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	e := &InputError{"the option a.csv", errors.New("it has axes"), "leave the option axes out"}
	if got := e.Named(flag); got != "the option a.csv: it has axes (leave --axes out)" {
		t.Error(got)
	}
}
