package spikes

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"qgan/metrics/spikes/internal/npy"
	"qgan/metrics/spikes/internal/raw"
)

// trainsOf lists the spikes of all neurons, by neuron and then repeat.
func trainsOf(r *Raster) [][]string {
	var out [][]string
	for n := range r.Neurons {
		out = append(out, train(r, n))
	}
	return out
}

// Times at the edges of bins and repeats, names in their order, and what is no table of
// times although a column is called like one of it.
func TestTimesAtTheEdges(t *testing.T) {
	const all = "# repeats=1 duration_s=%s units=0\nunit,time\n%s"
	for _, c := range []struct {
		name, text string
		opt        LoadOptions
		want       [][]string
		warnings   int
	}{
		{"just before the edge, by more than rounding", fmt.Sprintf(all, "0.06", "0,0.0199999\n"), LoadOptions{BinWidth: 0.02}, [][]string{{"100"}}, 0},
		{"before the edge by rounding", fmt.Sprintf(all, "0.06", "0,0.01999999999\n"), LoadOptions{BinWidth: 0.02}, [][]string{{"010"}}, 0},
		{"longer than its bins by rounding", fmt.Sprintf(all, "0.060000001", "0,0.01\n"), LoadOptions{BinWidth: 0.02}, [][]string{{"100"}}, 0},
		{"longer than its bins", fmt.Sprintf(all, "0.0601", "0,0.01\n"), LoadOptions{BinWidth: 0.02}, [][]string{{"100"}}, 0},
		{"the last bin begins with the last spike", "unit,time\n0,0.04\n", LoadOptions{BinWidth: 0.02}, [][]string{{"001"}}, 1},
		{"whole repeats", "unit,time\n0,0.04\n", LoadOptions{BinWidth: 0.02, RepeatBins: 3}, [][]string{{"001"}}, 1},
		{"names are in their natural order", "unit,time\nu10,0\nb,0.04\nu9,0.02\n7,0.06\n", LoadOptions{BinWidth: 0.02}, [][]string{{"0001"}, {"0010"}, {"0100"}, {"1000"}}, 1},
		{"numbers are in theirs", "unit,time\n10,0\n9,0.02\n", LoadOptions{BinWidth: 0.02}, [][]string{{"01"}, {"10"}}, 1},
		{"no times", "unit,n1\n0,1\n1,1\n", LoadOptions{}, [][]string{{"01"}, {"11"}}, 0},
		{"no units", "time,n1\n1,1\n0,1\n0,1\n", LoadOptions{}, [][]string{{"100"}, {"111"}}, 0},
		{"repeats that follow each other", "unit,time,repeat\n0,0,4\n0,0,5\n0,0,6\n", LoadOptions{BinWidth: 0.02, RepeatBins: 2}, [][]string{{"10", "10", "10"}}, 0},
	} {
		r, err := Decode("f.csv", []byte(c.text), c.opt)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if d := cmp.Diff(c.want, trainsOf(r)); d != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, d)
		}
		if len(r.Source.Warnings) != c.warnings {
			t.Errorf("%s: warnings %q, want %d", c.name, r.Source.Warnings, c.warnings)
		}
	}
	for text, want := range map[string]string{
		"# duration_s=1\nunit,time\n0,-0.5\n":                       "line 3: column 2: -0.5 s is before the beginning",
		"# by hand\n\nunit,time\n0,1\n0,x\n":                        `line 5: column 2: "x"`,
		"# repeats=2 duration_s=1\nunit,time,repeat\n0,0.5,-1\n":    `repeat "-1" is not among the 2`,
		"# repeats=1 duration_s=1 units=0\nunit,time\n0,0.5\n1,1\n": `unit "1" is not among`,
	} {
		if _, err := Decode("f.csv", []byte(text), LoadOptions{BinWidth: 0.02}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want … %s …", text, err, want)
		}
	}
}

// Epochs need not begin at 0 nor be in order; what lies before the first and between two
// is counted as outside, and an array of a TsGroup can be asked for by its name.
func TestGroupEpochs(t *testing.T) {
	columns := map[string][]float64{
		"t": {0.5, 1.01, 1.05, 1.5, 3.01}, "index": {7, 7, 3, 3, 7}, "keys": {7, 3}, "start": {3, 1}, "end": {3.06, 1.06},
	}
	r := mustDecode(t, group(t, columns), LoadOptions{BinWidth: 0.02})
	if d := cmp.Diff([][]string{{"100", "100"}, {"001", "000"}}, trainsOf(r)); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	if d := cmp.Diff([]string{"2 of 5 spikes lie outside of all repeats and were dropped"}, r.Source.Warnings); d != "" {
		t.Error(d)
	}
	columns["start"], columns["end"] = []float64{1}, []float64{1.08} // one epoch can be cut
	r = mustDecode(t, group(t, columns), LoadOptions{BinWidth: 0.02, RepeatBins: 2})
	if d := cmp.Diff([][]string{{"10", "00"}, {"00", "10"}}, trainsOf(r)); d != "" {
		t.Errorf("cut (-want +got):\n%s", d)
	}
	if _, err := Decode("f.npz", group(t, columns), LoadOptions{Variable: "keys"}); err == nil || !strings.Contains(err.Error(), `variable "keys" has 1 axes (2)`) {
		t.Errorf("an array of a TsGroup: %v", err)
	}
}

// archive is a .npz of arrays of bytes and of a bin width; 0: none.
func archive(t *testing.T, width float64, arrays ...npy.Out) []byte {
	t.Helper()
	if width != 0 {
		arrays = append(arrays, npy.Out{Name: "bin_width_s", Descr: "<f8", Data: float64s([]float64{width})})
	}
	var b bytes.Buffer
	if err := npy.WriteZip(&b, arrays...); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// Who says how wide bins are: the caller, the file, the sidecar beside it, the fallback,
// and else it is 20 ms. What is no width is none.
func TestWhoSaysTheBinWidth(t *testing.T) {
	data := npy.Out{Name: "data", Descr: "|u1", Shape: []int{1, 3, 2}, Data: []byte{1, 0, 0, 0, 1, 1}}
	for _, k := range []struct {
		name    string
		file    float64
		sidecar string
		opt     LoadOptions
		want    float64
	}{
		{"nobody", 0, "", LoadOptions{}, 0.02},
		{"the fallback", 0, "", LoadOptions{Fallback: 0.03}, 0.03},
		{"the sidecar", 0, `{"schema":"qgan.spikes/v1","bin_width_s":0.04}`, LoadOptions{Fallback: 0.03}, 0.04},
		{"the file", 0.05, `{"schema":"qgan.spikes/v1","bin_width_s":0.04}`, LoadOptions{Fallback: 0.03}, 0.05},
		{"the caller", 0.05, `{"schema":"qgan.spikes/v1","bin_width_s":0.04}`, LoadOptions{Fallback: 0.03, BinWidth: 0.06}, 0.06},
		{"a sidecar of others", 0, `{"schema":"else/v1","bin_width_s":0.04}`, LoadOptions{Fallback: 0.03}, 0.03},
		{"a sidecar without", 0, `{"schema":"qgan.spikes/v1","bin_width_s":-1}`, LoadOptions{}, 0.02},
		{"an infinite one", math.Inf(1), "", LoadOptions{}, 0.02},
		{"a negative one", -0.05, "", LoadOptions{Fallback: 0.03}, 0.03},
	} {
		path := filepath.Join(t.TempDir(), "f.npz")
		if err := os.WriteFile(path, archive(t, k.file, data), 0o666); err != nil {
			t.Fatal(err)
		}
		if k.sidecar != "" {
			if err := os.WriteFile(path+".json", []byte(k.sidecar), 0o666); err != nil {
				t.Fatal(err)
			}
		}
		r, err := Load(path, k.opt)
		if err != nil || r.BinWidth != k.want {
			t.Errorf("%s: %v, want %v (%v)", k.name, r, k.want, err)
		}
		if asked := k.opt.BinWidth != 0; err == nil && asked != (len(r.Source.Warnings) == 1) {
			t.Errorf("%s: warnings %q", k.name, r.Source.Warnings)
		}
	}
	for _, opt := range []LoadOptions{{Fallback: -1}, {BinWidth: math.NaN()}, {BinWidth: math.Inf(1)}, {Fallback: math.Inf(1)}} {
		if _, err := Decode("f", archive(t, 0, data), opt); err == nil || !strings.Contains(err.Error(), "a bin width of ") {
			t.Errorf("%+v: %v", opt, err)
		}
	}
}

// Of several arrays the one of a known name is taken, in the order of these names.
func TestPreferredArrays(t *testing.T) {
	out := func(name string, shape ...int) npy.Out {
		n := 1
		for _, d := range shape {
			n *= d
		}
		return npy.Out{Name: name, Descr: "|u1", Shape: shape, Data: make([]byte, n)}
	}
	for _, k := range []struct {
		arrays   []npy.Out
		taken    string
		bins     int
		warnings []string
	}{
		{[]npy.Out{out("samples", 2, 4, 3), out("bint", 2, 3, 4), out("data", 2, 5, 4)}, "data", 5, []string{`variable "data" was taken; the file also holds samples (2x4x3, |u1) and bint (2x3x4, |u1)`}},
		{[]npy.Out{out("samples", 2, 4, 3), out("bint", 2, 3, 4)}, "bint", 4, []string{`variable "bint" was taken; the file also holds samples (2x4x3, |u1)`}},
		{[]npy.Out{out("neurons", 1, 4), out("spikes", 2, 4, 3)}, "spikes", 4, nil},
		{[]npy.Out{out("a", 1, 1), out("b", 3, 2)}, "b", 3, nil}, // a number is no recording
		{[]npy.Out{out("a", 1, 1), out("data", 1, 1)}, "data", 1, nil},
	} {
		r, err := Decode("f.npz", archive(t, 0.02, k.arrays...), LoadOptions{})
		if err != nil {
			t.Errorf("%s: %v", k.taken, err)
			continue
		}
		if r.Source.Variable != k.taken || r.Bins != k.bins || !slices.Equal(r.Source.Warnings, k.warnings) {
			t.Errorf("%s of %d bins, warnings %q; want %s, %q", r.Source.Variable, r.Bins, r.Source.Warnings, k.taken, k.warnings)
		}
	}
}

// Flat recordings are cut into repeats, with a warning for what is left over; numbers of
// neurons and bins that look exchanged have one.
func TestCutsAndWarnings(t *testing.T) {
	flat := func(bins, neurons int) []byte {
		var text strings.Builder
		for b := range bins {
			row := make([]string, neurons)
			for n := range row {
				row[n] = fmt.Sprint((b + n) % 2)
			}
			text.WriteString(strings.Join(row, ",") + "\n")
		}
		return []byte(text.String())
	}
	for _, k := range []struct {
		bins, neurons, cut int
		repeats, each      int
		warning            string // its beginning; "": none
	}{
		{6, 2, 3, 2, 3, ""},
		{6, 2, 6, 1, 6, ""},
		{7, 2, 3, 2, 3, "the last 1 of 7 bins were dropped: they do not fill a repeat of 3 bins"},
		{3, 3, 0, 1, 3, ""},
	} {
		r, err := Decode("f.csv", flat(k.bins, k.neurons), LoadOptions{RepeatBins: k.cut})
		if err != nil {
			t.Errorf("%+v: %v", k, err)
			continue
		}
		w := strings.Join(r.Source.Warnings, "; ")
		if r.Repeats != k.repeats || r.Bins != k.each || r.Source.RepeatBins != k.cut || !strings.HasPrefix(w, k.warning) || (w == "") != (k.warning == "") {
			t.Errorf("%+v: %s, cut %d, warnings %q", k, r.shape(), r.Source.RepeatBins, w)
		}
	}
	if _, err := Decode("f.csv", flat(3, 2), LoadOptions{RepeatBins: 4}); err == nil || !strings.Contains(err.Error(), "repeats of 4 bins are longer than the recording (3 bins)") {
		t.Errorf("repeats longer than all: %v", err)
	}

	r := pattern(2, 11, 3)
	r.Source.Path = "made"
	cut := r.Cut(4)
	if cut.Repeats != 4 || cut.Bins != 4 || cut.Source.RepeatBins != 4 || cut.Source.Path != "made" {
		t.Errorf("%s, %+v", cut.shape(), cut.Source)
	}
	for rep := range cut.Repeats {
		for b := range cut.Bins {
			if got, want := cut.Word(rep, b), r.Word(rep/2, rep%2*4+b); got != want {
				t.Errorf("repeat %d, bin %d: %b, want %b", rep, b, got, want)
			}
		}
	}
}

// Values that are neither 0 nor 1 are found wherever they stand, in any order of axes and
// for any number of bins, and the first of them is named.
func TestOtherValuesAnywhere(t *testing.T) {
	for _, axes := range []string{"repeats,bins,neurons", "repeats,neurons,bins", "bins,neurons,repeats"} {
		for _, bins := range []int{3, 8, 17} {
			size := map[string]int{AxisRepeats: 2, AxisBins: bins, AxisNeurons: 3}
			order := strings.Split(axes, ",")
			dims := []int{size[order[0]], size[order[1]], size[order[2]]}
			step := map[string]int{order[0]: dims[1] * dims[2], order[1]: dims[2], order[2]: 1}
			for bin := range bins - 1 {
				data := make([]byte, 2*bins*3)
				data[1*step[AxisRepeats]+bin*step[AxisBins]+2*step[AxisNeurons]] = 3
				data[len(data)-1] = 2 // the last element in any order
				var b bytes.Buffer
				if err := npy.Write(&b, "|u1", dims, data); err != nil {
					t.Fatal(err)
				}
				_, err := Decode("f.npy", b.Bytes(), LoadOptions{Axes: axes})
				want := fmt.Sprintf("element (repeat 1, bin %d, neuron 2) is 3; 2 of %d elements are neither 0 nor 1 (spike counts", bin, len(data))
				if err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("%s, %d bins: %v, want … %s …", axes, bins, err, want)
				}
			}
		}
	}
	for value, hint := range map[float64]string{2: "spike counts must be binarised first", 0.5: "only 0 and 1 are spikes", -1: "only 0 and 1 are spikes", math.NaN(): "missing values can't be used"} {
		var b bytes.Buffer
		if err := npy.Write(&b, "<f8", []int{2, 1}, float64s([]float64{math.Copysign(0, -1), value})); err != nil {
			t.Fatal(err)
		}
		if _, err := Decode("f.npy", b.Bytes(), LoadOptions{}); err == nil || !strings.Contains(err.Error(), hint) || !strings.Contains(err.Error(), "element (repeat 0, bin 1, neuron 0)") {
			t.Errorf("%v: %v", value, err)
		}
	}
}

// Choices at the ends of what there is.
func TestChoicesAtTheEnds(t *testing.T) {
	r := pattern(3, 4, 5)
	for _, bad := range [][]int{{5}, {-1}, {0, 0}} {
		if _, err := r.Select(bad); err == nil {
			t.Errorf("neurons %v of 5 were taken", bad)
		}
	}
	for _, bad := range [][]int{{3}, {-1}} {
		if _, err := r.SelectRepeats(bad, ""); err == nil {
			t.Errorf("repeats %v of 3 were taken", bad)
		}
	}
	if got, err := r.Select([]int{4, 0}); err != nil || !slices.Equal(train(got, 0), train(r, 4)) || !slices.Equal(got.Source.Neurons, []int{4, 0}) {
		t.Errorf("neurons 4 and 0: %v", err)
	}
	w, err := r.Windows(3)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range [][2]int{{0, 0}, {0, 1}, {1, 0}, {1, 1}, {2, 0}, {2, 1}} {
		if rep, bin := w.Locate(i); rep != want[0] || bin != want[1] || w.Len() != 6 {
			t.Errorf("window %d of %d is bin %d of repeat %d, want %v", i, w.Len(), bin, rep, want)
		}
	}
	for _, t1 := range []int{0, 5} {
		if _, err := r.Windows(t1); err == nil {
			t.Errorf("windows of %d of 4 bins", t1)
		}
	}
	for spec, want := range map[string][]int{"5": {0, 1, 2, 3, 4}, "4,": {4}, "0-4": {0, 1, 2, 3, 4}, "3-3,1": {3, 1}, "6": nil, "5,": nil, "0-5": nil, "0": nil, "2-1": nil} {
		if got, err := ParseNeurons(spec, 5); !slices.Equal(got, want) || (err == nil) != (want != nil) {
			t.Errorf("neurons %q of 5: %v, %v", spec, got, err)
		}
	}
	for spec, want := range map[string][]int{"0:3": {0, 1, 2}, "2:": {2}, ":1": {0}, "odd": {0, 2}, "EVEN": {1}, "0:4": nil, "-1:2": nil, "2:2": nil, "1": nil} {
		if got, err := ParseRepeats(spec, 3); !slices.Equal(got, want) || (err == nil) != (want != nil) {
			t.Errorf("repeats %q of 3: %v, %v", spec, got, err)
		}
	}
	if got, err := ParseAxes("Time, cells,TRIALS"); err != nil || !slices.Equal(got, []string{AxisBins, AxisNeurons, AxisRepeats}) {
		t.Errorf("axes %v, %v", got, err)
	}
}

// Samples of a text follow each other, each with as many bins, numbered from any number on.
func TestSamplesOfATextAtTheEnds(t *testing.T) {
	for text, want := range map[string]string{
		"sample,bin,a\n0,1,1\n0,2,0\n1,1,0\n1,2,1\n": "",
		"sample,bin,a\n0,1,1\n0,2,0\n1,1,0\n":        "sample 1 has 1 bins, those before have 2",
		"sample,a\n0,1\n1,1\n1,0\n":                  "sample 1 has 2 bins, those before have 1",
		"sample,a\n0,1\n1,1\n0,0\n":                  "line 4: sample 0 begins a second time",
		"sample,bin,a\n0,1,1\n0,3,0\n":               "line 3: bin 3 where bin 2 should follow",
		"sample,bin,a\n0,1,1\n1,2,0\n":               "line 3: bin 2 where bin 1 should follow",
		"sample,a,b\n0,1,1\n1,1,7\n":                 "line 3: column 3: element (repeat 1, bin 0, neuron 1) is 7",
		"1,0\n0,3\n":                                 "line 2: column 2: element (repeat 0, bin 1, neuron 1) is 3",
	} {
		r, err := Decode("f.csv", []byte(text), LoadOptions{})
		if want == "" {
			if err != nil || !slices.Equal(train(r, 0), []string{"10", "01"}) {
				t.Errorf("%q: %v", text, err)
			}
			continue
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want … %s …", text, err, want)
		}
	}
	for axes, want := range map[string]string{"": "element (repeat 2, bin 1, neuron 1)", "neurons,bins": "element (repeat 0, bin 1, neuron 5)"} {
		_, err := Decode("f.csv", []byte("1,0\n0,0\n0,0\n0,0\n0,0\n0,5\n"), LoadOptions{RepeatBins: 2, Axes: axes})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("axes %q: %v, want %s", axes, err, want)
		}
	}
}

// What can't be written says why.
func TestWriteAtTheEnds(t *testing.T) {
	r := pattern(2, 3, 2)
	for _, neurons := range [][]int{{1}, {1, 2, 3}} {
		if err := Write(&bytes.Buffer{}, r, CSV, Meta{Neurons: neurons}); err == nil {
			t.Errorf("indices %v of 2 neurons were taken", neurons)
		}
	}
	r.BinWidth = 0
	for _, f := range []Format{Times, Pynapple} {
		if err := Write(&bytes.Buffer{}, r, f, Meta{}); err == nil || !strings.Contains(err.Error(), "the width of a bin is not known") {
			t.Errorf("%s without a bin width: %v", f, err)
		}
	}
	var b bytes.Buffer
	if err := Write(&b, r, Times, Meta{Neurons: []int{4, 7}, BinWidth: 0.5}); err != nil {
		t.Fatal(err)
	}
	if first, _, _ := strings.Cut(b.String(), "\n"); first != "# repeats=2 duration_s=1.5 bin_width_s=0.5 units=4,7" {
		t.Errorf("it begins %q", first)
	}
	b.Reset()
	if err := Write(&b, r, CSV, Meta{Neurons: []int{4, 7}}); err != nil || !strings.HasPrefix(b.String(), "sample,bin,n4,n7\n") {
		t.Errorf("it begins %.20q, %v", b.String(), err)
	}
	b.Reset()
	if err := WriteSidecar(&b, r, Times, Meta{BinWidth: 0.5}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"shape": [
    2,
    3,
    2
  ]`, `"bin_width_s": "seconds"`, `"format": "spike-times"`, `"bin_width_s": 0.5`} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %s in\n%s", want, b.String())
		}
	}
}

// made is a file of arrays of numbers along one axis, as an NWB file has them.
func made(columns map[string][]float64) *file {
	f := &file{}
	for name, values := range columns {
		f.arrays = append(f.arrays, &array{name: name, kind: "float64", dims: []int{len(values)}, numeric: true, read: func() (raw.Array, error) {
			return raw.Array{Kind: raw.Float64, Order: binary.LittleEndian, Bytes: float64s(values)}, nil
		}})
	}
	return f
}

// Where NWB keeps the ends of trials.
const (
	trialStarts = nwbTables + nwbTrials + nwbStarts
	trialStops  = nwbTables + nwbTrials + nwbStops
)

// A table of units with and without trials, and tables that make no sense.
func TestTablesOfUnits(t *testing.T) {
	columns := func() map[string][]float64 {
		return map[string][]float64{nwbTimes: {10.01, 10.05, 12.03, 10.03}, nwbIndex: {3, 3, 4}}
	}
	for _, k := range []struct {
		name   string
		change func(map[string][]float64)
		cut    int
		want   [][]string // by neuron
		failed string
	}{
		{"one trial", func(c map[string][]float64) { c[trialStarts], c[trialStops] = []float64{10}, []float64{10.08} }, 0, [][]string{{"1010"}, {"0000"}, {"0100"}}, ""},
		{"one trial, cut", func(c map[string][]float64) { c[trialStarts], c[trialStops] = []float64{10}, []float64{10.08} }, 2, [][]string{{"10", "10"}, {"00", "00"}, {"01", "00"}}, ""},
		{"two trials", func(c map[string][]float64) {
			c[trialStarts], c[trialStops] = []float64{12, 10}, []float64{12.06, 10.06}
		}, 0, [][]string{{"101", "010"}, {"000", "000"}, {"010", "000"}}, ""},
		{"two trials, cut", func(c map[string][]float64) {
			c[trialStarts], c[trialStops] = []float64{12, 10}, []float64{12.06, 10.06}
		}, 2, [][]string{{"10", "01"}, {"00", "00"}, {"01", "00"}}, ""},
		{"observed", func(c map[string][]float64) { c[nwbSeen] = []float64{10.02, 10.06, 10, 10.04} }, 0, [][]string{{"101"}, {"000"}, {"010"}}, ""},
		{"trials before what was observed", func(c map[string][]float64) {
			c[nwbSeen], c[trialStarts], c[trialStops] = []float64{0, 99}, []float64{10}, []float64{10.04}
		}, 0, [][]string{{"10"}, {"00"}, {"01"}}, ""},
		{"trials without ends", func(c map[string][]float64) { c[trialStarts] = []float64{10} }, 0, nil, `table of trials: there is no column "stop_time"`},
		{"spikes of no unit", func(c map[string][]float64) { c[nwbIndex] = []float64{3, 3} }, 0, nil, "table of units: 1 spikes of no unit"},
		{"an index that falls", func(c map[string][]float64) { c[nwbIndex] = []float64{3, 2, 4} }, 0, nil, "unit 1 ends at spike 2, of 4"},
		{"an index beyond", func(c map[string][]float64) { c[nwbIndex] = []float64{3, 5} }, 0, nil, "unit 1 ends at spike 5, of 4"},
		{"half a spike", func(c map[string][]float64) { c[nwbIndex] = []float64{2.5, 4} }, 0, nil, "unit 0 ends at spike 2.5, of 4"},
		{"no index", func(c map[string][]float64) { delete(c, nwbIndex) }, 0, nil, "there is no array"},
	} {
		c := columns()
		k.change(c)
		f := made(c)
		opt := LoadOptions{BinWidth: 0.02, RepeatBins: k.cut}
		err := f.openUnits(1000, opt)
		var r *Raster
		if err == nil {
			r, err = f.raster(f.arrays[0], nil, LoadOptions{})
		}
		if k.failed != "" {
			if err == nil || !strings.Contains(err.Error(), k.failed) {
				t.Errorf("%s: %v, want … %s …", k.name, err, k.failed)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", k.name, err)
		} else if d := cmp.Diff(k.want, trainsOf(r)); d != "" {
			t.Errorf("%s (-want +got):\n%s", k.name, d)
		}
	}
}

// A TsGroup's samples are epochs a second apart, spikes in the middle of their bins, under
// the indices of their neurons.
func TestWriteGroup(t *testing.T) {
	r := NewRaster(2, 3, 2, 0.5)
	r.Set(0, 2, 1, true)
	r.Set(1, 0, 0, true)
	var b bytes.Buffer
	if err := Write(&b, r, Pynapple, Meta{Neurons: []int{4, 7}}); err != nil {
		t.Fatal(err)
	}
	members, err := npy.Members(b.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	got := map[string][]float64{}
	for i := range members {
		if members[i].Name == "type" {
			continue
		}
		a, err := members[i].Read()
		if err != nil {
			t.Fatal(err)
		}
		for k := range a.Len() {
			got[members[i].Name] = append(got[members[i].Name], a.At(k))
		}
	}
	want := map[string][]float64{"t": {1.25, 2.75}, "index": {7, 4}, "keys": {4, 7}, "start": {0, 2.5}, "end": {1.5, 4}}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}
