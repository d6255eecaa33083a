package spikes

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	mt "qgan/metrics/spikes/internal/mattest"
	"qgan/metrics/spikes/internal/npy"
)

// train lists the bins of a neuron's spikes, a text a repeat.
func train(r *Raster, neuron int) []string {
	var out []string
	for rep := range r.Repeats {
		var s strings.Builder
		for bin := range r.Bins {
			if r.At(rep, bin, neuron) {
				s.WriteByte('1')
			} else {
				s.WriteByte('0')
			}
		}
		out = append(out, s.String())
	}
	return out
}

func TestReadTimes(t *testing.T) {
	for _, c := range []struct {
		name, text string
		opt        LoadOptions
		want       [][]string // by neuron, then repeat
		warnings   []string
	}{
		{"repeats", "unit,time,repeat\n2,0.05,1\n10,0.01,0\n2,0.000,0\n", LoadOptions{BinWidth: 0.02, RepeatBins: 3},
			[][]string{{"100", "001"}, {"100", "000"}}, nil},
		{"no repeats, bins said", "# bin_width_s=0.5\ntime;neuron\n1.2;b\n0.5;a\n", LoadOptions{},
			[][]string{{"010"}, {"001"}}, []string{"the recording's end is not said"}},
		{"cut", "neuron\ttime\n0\t1.2\n0\t0.5\n", LoadOptions{BinWidth: 0.5, RepeatBins: 2},
			[][]string{{"01", "10"}}, []string{"the recording's end is not said"}},
		{"all said", "# repeats=3 duration_s=0.06 bin_width_s=0.02 units=5,1,9\nunit,time,trial\n1,0.05,2\n", LoadOptions{},
			[][]string{{"000", "000", "000"}, {"000", "000", "001"}, {"000", "000", "000"}}, nil},
		{"repeats of their own are cut short, not up", "# repeats=2 duration_s=0.1 units=0\nunit,time,repeat\n0,0.01,0\n0,0.07,1\n0,0.03,1\n", LoadOptions{BinWidth: 0.02, RepeatBins: 2},
			[][]string{{"10", "01"}}, []string{"repeats have 5 bins of 0.02 s: 2 bins of each are taken, at the cost of 1 of 3 spikes"}},
		{"silent, all said", "# repeats=2 duration_s=0.04 units=0\nunit,time,repeat\n", LoadOptions{BinWidth: 0.02}, [][]string{{"00", "00"}}, nil},
		{"the edge belongs to the next bin", "unit,time\n0,0.06\n0,0.12\n0,0.14\n", LoadOptions{BinWidth: 0.02},
			[][]string{{"00010011"}}, []string{"the recording's end"}},
		{"outside and double", "# duration_s=0.04 units=0\nunit,time\n0,0.01\n0,0.015\n0,0.05\n", LoadOptions{BinWidth: 0.02},
			[][]string{{"10"}}, []string{"1 of 3 spikes lie outside", "1 of 3 spikes share a bin"}},
		{"gaps", "unit,time,repeat\n0,0.01,0\n0,0.01,2\n", LoadOptions{BinWidth: 0.02, RepeatBins: 1},
			[][]string{{"1", "1"}}, []string{"1 repeat is missing between the others: 1; a repeat without a spike has no row"}},
	} {
		r, err := Decode("f.csv", []byte(c.text), c.opt)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		var got [][]string
		for n := range r.Neurons {
			got = append(got, train(r, n))
		}
		if d := cmp.Diff(c.want, got); d != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, d)
		}
		if len(r.Source.Warnings) != len(c.warnings) {
			t.Errorf("%s: warnings %q, want %q", c.name, r.Source.Warnings, c.warnings)
			continue
		}
		for i, w := range c.warnings {
			if !strings.HasPrefix(r.Source.Warnings[i], w) {
				t.Errorf("%s: warning %q, want %q", c.name, r.Source.Warnings[i], w)
			}
		}
	}
}

func TestTimesErrors(t *testing.T) {
	for _, c := range []struct {
		name, text string
		opt        LoadOptions
		want       string
	}{
		{"a word", "unit,time\n0,soon\n", LoadOptions{}, `line 2: column 2: "soon" is not a time`},
		{"thousands", "unit,time\n0,\"1,234\"\n", LoadOptions{}, `line 2: column 2: "1,234" is not a time`},
		{"not a number", "unit,time\n0,nan\n", LoadOptions{}, "line 2: column 2"},
		{"before", "# duration_s=2\nunit,time\n0,-1\n", LoadOptions{}, "-1 s is before the beginning"},
		{"samples", "unit,sample\n0,1\n", LoadOptions{}, "line 1: the column sample holds numbers of samples (the option sampling-rate says how many samples a second has, such as 30000)"},
		{"a table by name", "unit,time,repeat\n0,1,1\n", LoadOptions{Trials: "epochs"}, `a text has no table of intervals "epochs"`},
		{"ragged", "unit,time\n0,1,2\n", LoadOptions{}, "line 2: 3 columns where the header has 2"},
		{"none", "unit,time\n", LoadOptions{}, "there is not one spike"},
		{"milliseconds", "unit,time\n0,1e12\n", LoadOptions{}, "more than a file of 17 bytes tells of"},
		{"unit not told of", "# units=1 duration_s=1\nunit,time\n0,0.5\n", LoadOptions{}, `unit "0" is not among those`},
		{"repeat not told of", "# repeats=2 duration_s=1\nunit,time,repeat\n0,0.5,2\n", LoadOptions{}, `repeat "2" is not among the 2`},
		{"many repeats", "# repeats=1000000 duration_s=1 units=0\nunit,time,repeat\n0,0.5,1\n", LoadOptions{}, "tells of 1000000 repeats, more than"},
		{"repeats without column", "# repeats=2 duration_s=1\nunit,time\n0,0.5\n", LoadOptions{}, "there is no column repeat"},
		{"longer repeats", "# repeats=2 duration_s=1\nunit,time,repeat\n0,0.5,1\n", LoadOptions{RepeatBins: 70}, "repeats of 70 bins are longer than the longest there is (50 bins)"},
		{"shorter than a bin", "# repeats=1 duration_s=0.001 units=0\nunit,time\n0,0\n", LoadOptions{BinWidth: 0.02}, "0 (0 to 0.001 s) is shorter than a bin of 0.02 s"},
		{"axes", "unit,time\n0,0.5\n", LoadOptions{Axes: "bins,neurons"}, "leave the option axes out"},
		{"variable", "unit,time\n0,0.5\n", LoadOptions{Variable: "data"}, `holds no variable "data"`},
	} {
		_, err := Decode("f.csv", []byte(c.text), c.opt)
		var in *InputError
		if !errors.As(err, &in) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want …%s…", c.name, err, c.want)
		}
	}
}

// group writes a TsGroup of one's own making.
func group(t *testing.T, columns map[string][]float64) []byte {
	t.Helper()
	var out []npy.Out
	for _, name := range []string{"t", "index", "keys", "start", "end"} {
		out = append(out, npy.Out{Name: name, Descr: "<f8", Shape: []int{len(columns[name])}, Data: float64s(columns[name])})
	}
	var b bytes.Buffer
	if err := npy.WriteZip(&b, out...); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func float64s(values []float64) []byte {
	var b bytes.Buffer
	for _, x := range values {
		u := math.Float64bits(x)
		for k := range 8 {
			b.WriteByte(byte(u >> (8 * k)))
		}
	}
	return b.Bytes()
}

func TestReadGroup(t *testing.T) {
	columns := func() map[string][]float64 {
		return map[string][]float64{
			"t": {0.01, 0.05, 0.3, 10.03, 10.05}, "index": {4, 9, 4, 9, 9}, "keys": {4, 7, 9}, "start": {0, 10}, "end": {0.06, 10.06},
		}
	}
	r := mustDecode(t, group(t, columns()), LoadOptions{BinWidth: 0.02})
	want := [][]string{{"100", "000"}, {"000", "000"}, {"001", "011"}}
	for n := range want {
		if d := cmp.Diff(want[n], train(r, n)); d != "" {
			t.Errorf("unit %d (-want +got):\n%s", n, d)
		}
	}
	if w := r.Source.Warnings; len(w) != 1 || !strings.HasPrefix(w[0], "1 of 5 spikes lie outside") {
		t.Errorf("warnings %q", w)
	}
	for _, c := range []struct {
		column string
		values []float64
		want   string
	}{
		{"index", []float64{4}, "5 times and 1 units"},
		{"index", []float64{4, 9, 4, 9, 8}, "a spike of unit 8"},
		{"keys", []float64{4, 7, 4}, "unit 4 stands twice"},
		{"end", []float64{0.06}, "2 beginnings and 1 ends"},
		{"end", []float64{0, 10}, "no repeat can be used: 0 (0 to 0 s) ends before it begins; 1 (10 to 10 s)"},
		{"end", []float64{0.06, 1e300}, "more than a file of"},
		{"t", []float64{0, 1, 2, 3, math.NaN()}, `"t": element 4 is NaN`},
	} {
		x := columns()
		x[c.column] = c.values
		_, err := Decode("f.npz", group(t, x), LoadOptions{BinWidth: 0.02})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s %v: error %v, want …%s…", c.column, c.values, err, c.want)
		}
	}
}

// hdf5File is one of the files of the HDF5 reader's tests.
func hdf5File(tb testing.TB, name string) []byte {
	tb.Helper()
	return mt.Inflated(tb, filepath.Join("internal/hdf5/testdata", name+".gz"))
}

func TestHDF5(t *testing.T) {
	want := pattern(3, 11, 4)
	for _, c := range []struct {
		file, variable, axes string
	}{
		{"matlab.mat", "", "repeats,bins,neurons"}, // data is preferred
		{"matlab.mat", "flag", "repeats,bins,neurons"},
		{"matlab.mat", "struct/inside", "repeats,bins,neurons"},
		{"matlab.mat", "struct", "repeats,bins,neurons"},
		{"forms.h5", "group/bool", "repeats,bins,neurons"},
		{"forms.h5", "big", "repeats,bins,neurons"},
		{"latest.h5", "plain", "repeats,bins,neurons"},
	} {
		b := hdf5File(t, c.file)
		r, err := Decode("f", b, LoadOptions{Variable: c.variable})
		if err != nil {
			t.Errorf("%s %q: %v", c.file, c.variable, err)
			continue
		}
		same(t, c.file+" "+c.variable, want, r)
		if r.Source.Axes != c.axes {
			t.Errorf("%s %q: axes %s", c.file, c.variable, r.Source.Axes)
		}
	}
	for _, c := range []struct{ file, variable, want string }{
		{"matlab.mat", "cell", `array "cell" holds references, not numbers`},
		{"matlab.mat", "sparse", `array "sparse": a sparse array of 3 rows without an index of columns`},
		{"matlab.mat", "empty", `variable "empty" is empty`},
		{"matlab.mat", "absent", "there is no variable"},
		{"forms.h5", "lzf", "filter 32000"},
		{"latest.h5", "chunked", `libver="earliest"`},
	} {
		b := hdf5File(t, c.file)
		_, err := Decode("f", b, LoadOptions{Variable: c.variable})
		var in *InputError
		if !errors.As(err, &in) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s %q: error %v, want …%s…", c.file, c.variable, err, c.want)
		}
	}
}

func TestUnits(t *testing.T) {
	r := mustDecode(t, hdf5File(t, "units.nwb"), LoadOptions{})
	want := [][]string{{"10100", "01000"}, {"00000", "00000"}, {"00010", "10010"}}
	for n := range want {
		if d := cmp.Diff(want[n], train(r, n)); d != "" {
			t.Errorf("unit %d (-want +got):\n%s", n, d)
		}
	}
	if d := cmp.Diff([]string{
		"spike times were counted in bins of 0.02 s; the option bin-width says otherwise",
		"1 of 7 spikes lie outside of all repeats and were dropped",
	}, r.Source.Warnings); d != "" {
		t.Errorf("warnings (-want +got):\n%s", d)
	}
}

// Without trials the recording is what all its units were observed in.
func TestObserved(t *testing.T) {
	r := mustDecode(t, hdf5File(t, "observed.nwb"), LoadOptions{Fallback: 0.02})
	for n, want := range [][]string{{"10", "00"}, {"01", "00"}} {
		if d := cmp.Diff(want, train(r, n)); d != "" {
			t.Errorf("unit %d (-want +got):\n%s", n, d)
		}
	}
	if d := cmp.Diff([]string{
		"units were observed at different times: 0.08 s of 0.1 s are used, in which all of them were",
		"1 of 3 spikes lie outside of all repeats and were dropped",
	}, r.Source.Warnings); d != "" || r.BinWidth != 0.02 {
		t.Errorf("bins of %v s, warnings (-want +got):\n%s", r.BinWidth, d)
	}
	if r = mustDecode(t, hdf5File(t, "observed.nwb"), LoadOptions{Fallback: 0.02, BinWidth: 0.01}); r.Bins != 4 || r.Repeats != 2 {
		t.Errorf("%d repeats of %d bins of 10 ms", r.Repeats, r.Bins)
	}
	if _, err := Decode("f.nwb", hdf5File(t, "observed.nwb"), LoadOptions{BinWidth: 0.05}); err == nil || !strings.Contains(err.Error(), "is shorter than a bin of 0.05 s (the option bin-width takes narrower bins)") {
		t.Errorf("bins wider than the pieces: %v", err)
	}
}

func FuzzTrains(f *testing.F) {
	for _, name := range []string{"matlab.mat", "latest.h5", "units.nwb"} {
		b := hdf5File(f, name)
		f.Add(b)
	}
	r := pattern(3, 5, 4)
	for _, form := range formats {
		var b bytes.Buffer
		if err := Write(&b, r, form, Meta{}); err != nil {
			f.Fatal(err)
		}
		f.Add(b.Bytes())
	}
	f.Add([]byte("unit,time\n3,0.01\n4,1e3\n"))
	m := mt.File{Order: binary.LittleEndian}
	f.Add(m.Build(m.Cell("x", []int32{2, 2}, mt.Doubles("", 0.05, 0.25), mt.Doubles("", 0.15), mt.Doubles("", -0.1), mt.Doubles(""))))
	f.Add(m.Build(m.Struct("u", []string{"id", "t"}, mt.Doubles("", 3), mt.Doubles("", 0.5, 1), mt.Doubles("", 4), mt.Doubles("", 0.75))))
	f.Add(m.Build(m.Sparse("x", []int32{3, 2}, []int32{0, 1, 2}, []int32{0, 2}, []float64{1, 1})))
	f.Add(mt.HDF5(true, mat73Cell("x", []int{1, 2}, []float64{0.05, 0.25}, []float64{0.15}), mat73Texts("names", "a", "b")))
	f.Add(mt.HDF5(false, mt.Item{Name: "x", Values: []float64{0.5, 1, 2}}, mt.Item{Name: "x_index", Values: []uint64{2, 3}}))
	f.Add(mt.HDF5(false, mt.Item{Name: "x", Values: [][]float64{{0.5, 1}, {}, {2}}}))
	for _, arrays := range [][]npy.Out{
		{vector("times", 0.05, 0.15), integers("units", 3, 4)},
		{vector("t", 0.05, 0.35), vector("start", 0), vector("end", 0.5)},
		{vector("a", 0.05, 0.35), vector("b", 1, 2)},
		{{Name: "format", Descr: "|S3", Data: []byte("csr")}, integers("shape", 3, 2), vector("data", 1, 1), integers("indptr", 0, 1, 1, 2), integers("indices", 1, 0)},
	} {
		var b bytes.Buffer
		if err := npy.WriteZip(&b, arrays...); err != nil {
			f.Fatal(err)
		}
		f.Add(b.Bytes())
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := Decode("f", b, LoadOptions{})
		if err != nil {
			var in *InputError
			if !errors.As(err, &in) {
				t.Fatalf("%v is not the input's fault", err)
			}
			return
		}
		if n := float64(r.Repeats) * float64(r.Bins) * float64(r.Neurons); n < 1 || n > most(max(len(b), unpackedLen(b))) {
			t.Fatalf("%s from %d bytes", r.shape(), len(b))
		}
	})
}

// unpackedLen is how many bytes a file packed with gzip has.
func unpackedLen(b []byte) int {
	whole, err := unpack(b, unpacked(len(b)))
	if err != nil {
		return 0
	}
	return len(whole)
}
