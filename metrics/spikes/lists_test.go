package spikes

import (
	"encoding/binary"
	"fmt"
	"math"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"

	mt "qgan/metrics/spikes/internal/mattest"
	"qgan/metrics/spikes/internal/npy"
)

// mat73 are cells and vectors of a MATLAB 7.3 file.
func mat73Cell(name string, dims []int, lists ...[]float64) mt.Item {
	var refs []*mt.Item
	for _, x := range lists {
		it := mt.Item{Values: x, Dims: []int{1, len(x)}}.Class("double")
		refs = append(refs, &it)
	}
	return mt.Item{Name: name, Values: refs, Dims: dims}.Class("cell")
}

func mat73Texts(name string, texts ...string) mt.Item {
	var refs []*mt.Item
	for _, s := range texts {
		it := mt.Item{Values: utf16.Encode([]rune(s)), Dims: []int{len(s), 1}}.Class("char")
		refs = append(refs, &it)
	}
	return mt.Item{Name: name, Values: refs, Dims: []int{1, len(refs)}}.Class("cell")
}

func vector(name string, x ...float64) npy.Out {
	return npy.Out{Name: name, Descr: "<f8", Shape: []int{len(x)}, Data: float64s(x)}
}

func integers(name string, x ...int64) npy.Out {
	var b []byte
	for _, v := range x {
		b = binary.LittleEndian.AppendUint64(b, uint64(v))
	}
	return npy.Out{Name: name, Descr: "<i8", Shape: []int{len(x)}, Data: b}
}

// Two units, bins of 0.1 s: 0 in bins 0 and 2, 1 in bin 1.
var (
	first, other = []float64{0.05, 0.25}, []float64{0.15}
	twoUnits     = [][]string{{"101"}, {"010"}}
)

// TestLists reads spike times that are lists, in all the forms that files have them in.
func TestLists(t *testing.T) {
	m := mt.Doubles
	f := mt.File{Order: binary.LittleEndian, Compress: true}
	names := f.Cell("names", []int32{2, 1}, mt.Text("", "sig1a"), mt.Text("", "sig1b"))
	cell := func(name string) mt.Var {
		return f.Cell(name, []int32{2, 1}, m("", first...), m("", other...))
	}
	for _, k := range []struct {
		name  string
		b     []byte
		opt   LoadOptions
		want  [][]string
		units string
		warns string
		error string
	}{
		{name: "cell", b: f.Build(cell("spikes")), want: twoUnits},
		{name: "row", b: f.Build(f.Cell("x", []int32{1, 2}, m("", first...), m("", other...))), want: twoUnits},
		{name: "beside others", b: f.Build(m("fs", 30000), names, cell("x"), mt.Text("note", "hello")), want: twoUnits, units: "sig1a,sig1b"},
		{name: "ids", b: f.Build(cell("x"), m("unit_ids", 12, 7)), want: twoUnits, units: "12,7"},
		{name: "names of another number", b: f.Build(cell("x"), m("unit_ids", 12, 7, 8)), want: twoUnits},
		{name: "names twice", b: f.Build(cell("x"), m("unit_ids", 7, 7)), want: twoUnits},
		{name: "of a struct", b: f.Build(f.Struct("Experiment", []string{"spikes"}, f.Cell("", []int32{2, 1}, m("", first...), m("", other...)))), opt: LoadOptions{Variable: "Experiment/spikes"}, want: twoUnits},
		{name: "array of structs", b: f.Build(f.Struct("units", []string{"id", "t"}, m("", 12), m("", first...), m("", 7), m("", other...))), want: twoUnits, units: "12,7"},
		{name: "cell in a cell", b: f.Build(f.Cell("x", []int32{1, 1}, cell(""))), want: twoUnits},
		{name: "units and trials", b: f.Build(f.Cell("x", []int32{2, 2}, m("", first...), m("", other...), m("", 0.15), m(""))),
			want: [][]string{{"101", "010"}, {"010", "000"}}, warns: "2 units x 2 trials"},
		{name: "cells of trials", b: f.Build(f.Cell("x", []int32{2, 1}, f.Cell("", []int32{1, 2}, m("", first...), m("", 0.15)), f.Cell("", []int32{2, 1}, m("", other...), m("")))),
			want: [][]string{{"101", "010"}, {"010", "000"}}, warns: "2 units x 2 trials"},
		{name: "a unit without a trial", b: f.Build(f.Cell("x", []int32{2, 1}, f.Cell("", []int32{1, 2}, m("", first...), m("", 0.15)), m(""))),
			want: [][]string{{"101", "010"}, {"000", "000"}}, warns: "2 units x 2 trials"},
		{name: "around an event", b: f.Build(f.Cell("x", []int32{2, 2}, m("", -0.15, 0.05), m("", -0.05), m("", -0.05), m(""))),
			want: [][]string{{"101", "010"}, {"010", "000"}}, warns: "taken to begin at -0.2 s"},
		{name: "a struct of units", b: f.Build(f.Struct("s", []string{"unit_10", "unit_9"}, m("", 0.15, 0.151), m("", first...))), opt: LoadOptions{Variable: "s"}, want: twoUnits, units: "unit_9,unit_10", warns: "2 lists of rising numbers"},

		{name: "7.3 cell", b: mt.HDF5(true, mat73Cell("x", []int{1, 2}, first, other)), want: twoUnits},
		{name: "7.3 names", b: mt.HDF5(true, mat73Cell("x", []int{1, 2}, first, other), mat73Texts("labels", "a", "b")), want: twoUnits, units: "a,b"},
		{name: "7.3 trials", b: mt.HDF5(true, mat73Cell("x", []int{2, 2}, first, other, []float64{0.15}, nil)), want: [][]string{{"101", "010"}, {"010", "000"}}, warns: "2 units x 2 trials"},
		{name: "7.3 array of structs", b: mt.HDF5(true, mt.Item{Name: "units", Items: []mt.Item{mat73Cell("t", []int{1, 2}, first, other)}}.Class("struct")), want: twoUnits},
		{name: "lists of HDF5", b: mt.HDF5(false, mt.Item{Name: "x", Values: [][]float64{first, other}}), want: twoUnits},
		{name: "ragged", b: mt.HDF5(false, mt.Item{Name: "g", Items: []mt.Item{{Name: "spike_times", Values: []float64{0.05, 0.25, 0.15}}, {Name: "spike_times_index", Values: []uint64{2, 3}}, {Name: "id", Values: []uint64{9, 4}}}}), want: twoUnits, units: "9,4"},
		{name: "a group of units", b: mt.HDF5(false, mt.Item{Name: "g", Items: []mt.Item{{Name: "b", Values: other}, {Name: "a", Values: first}}}), error: "variable \"g/a\" has 1 axes (2)"},
		{name: "a group of longer units", b: mt.HDF5(false, mt.Item{Name: "g", Items: []mt.Item{{Name: "b", Values: []float64{0.15, 0.16}}, {Name: "a", Values: first}}}), want: twoUnits, units: "a,b"},
		{name: "groups of units", b: mt.HDF5(false, mt.Item{Name: "units", Items: []mt.Item{
			{Name: "u10", Items: []mt.Item{{Name: "times", Values: []float64{0.15, 0.16}}, {Name: "quality", Values: []string{"good"}}}},
			{Name: "u9", Items: []mt.Item{{Name: "times", Values: first}}}}}), want: twoUnits, units: "u9,u10", warns: "taken as the spike times"},
		{name: "times and units of HDF5", b: mt.HDF5(false, mt.Item{Name: "spikes", Items: []mt.Item{{Name: "times", Values: []float64{0.05, 0.15, 0.25}}, {Name: "clusters", Values: []int32{3, 11, 3}}}}), want: twoUnits, units: "3,11"},

		{name: "times and units", b: archive(t, 0, vector("spike_times", 0.25, 0.05, 0.15), integers("unit_ids", 9, 9, 10)), want: twoUnits, units: "9,10"},
		{name: "samples with their rate", b: archive(t, 0, integers("spike_indexes_seg0", 50, 150, 250), integers("spike_labels_seg0", 0, 1, 0), vector("sampling_frequency", 1000)), want: twoUnits, warns: "1000 a second"},
		{name: "samples", b: archive(t, 0, integers("spike_times", 50, 150, 250), integers("spike_clusters", 0, 1, 0)), opt: LoadOptions{SamplingRate: 1000}, want: twoUnits},
		{name: "samples without a rate", b: archive(t, 0, integers("spike_times", 50, 150, 250), integers("spike_clusters", 0, 1, 0)), error: "the option sampling-rate"},
		{name: "times, units and trials", b: archive(t, 0, vector("times", 0.05, 0.15, 0.25, 0.15), integers("units", 9, 10, 9, 9), integers("trial", 1, 1, 1, 4)),
			want: [][]string{{"101", "010"}, {"010", "000"}}, units: "9,10"},
		{name: "many units and trials", b: archive(t, 0, vector("times", make([]float64, 1<<11)...), vector("units", upToFloats(1<<11)...), vector("trials", upToFloats(1<<11)...)), error: "2048 units x 2048 trials of 2048 spikes"},
		{name: "offsets", b: archive(t, 0, vector("x", 0.05, 0.25, 0.15), integers("x_offsets", 0, 2, 3)), want: twoUnits},
		{name: "beginnings", b: archive(t, 0, vector("x", 0.05, 0.25, 0.15), integers("x_index", 0, 2)), want: twoUnits},
		{name: "ends", b: archive(t, 0, vector("x", 0.05, 0.25, 0.15), integers("x_index", 2, 3)), want: twoUnits},
		{name: "the first is silent", b: archive(t, 0, vector("x", 0.05, 0.25, 0.15), integers("x_index", 0, 2, 3)), want: [][]string{{"000"}, {"101"}, {"010"}}},
		{name: "lengths", b: f.Build(m("x", 0.05, 0.25, 0.15), m("x_lengths", 2, 1)), want: twoUnits},
		{name: "lengths that are short", b: f.Build(m("x", 0.05, 0.25, 0.15), m("x_counts", 1, 1)), error: "1 numbers of variable \"x\" belong to no unit"},
		{name: "buzcode", b: f.Build(f.Struct("spikes", []string{"times", "UID", "amplitudes"}, f.Cell("", []int32{1, 2}, m("", first...), m("", other...)), m("", 3, 8), f.Cell("", []int32{1, 2}, m("", 7, 9), m("", 8)))), want: twoUnits, units: "3,8", warns: "spikes/amplitudes (1x2, cell)"},
		{name: "FieldTrip", b: f.Build(f.Struct("spike", []string{"time", "trial", "label"},
			f.Cell("", []int32{1, 2}, m("", 0.05, 0.25, 0.15), m("", 0.15)), f.Cell("", []int32{1, 2}, m("", 1, 1, 2), m("", 1)), f.Cell("", []int32{1, 2}, mt.Text("", "a"), mt.Text("", "b")))),
			want: [][]string{{"101", "010"}, {"010", "000"}}, units: "a,b", warns: "the trials of variable \"spike/trial\" are the repeats"},
		{name: "FieldTrip with half a trial", b: f.Build(f.Struct("spike", []string{"time", "trial"},
			f.Cell("", []int32{1, 1}, m("", 0.05, 0.25)), f.Cell("", []int32{1, 1}, m("", 1, 1.5)))), error: "not whole"},
		{name: "trials of other numbers of spikes", b: f.Build(f.Struct("spike", []string{"time", "trial"},
			f.Cell("", []int32{1, 2}, m("", first...), m("", other...)), f.Cell("", []int32{1, 2}, m("", 1), m("", 1)))), want: twoUnits},
		{name: "units by name", b: archive(t, 0, vector("u10", 0.15, 0.16), vector("u9", first...)), want: twoUnits, units: "u9,u10"},
		{name: "one neuron", b: archive(t, 0, integers("x", 50, 250, 260)), opt: LoadOptions{SamplingRate: 1000}, want: [][]string{{"101"}}},

		{name: "units that are none", b: archive(t, 0, vector("spike_times", 1, 2), vector("units", 0.5, 1)), error: "not whole"},
		{name: "units that are missing", b: archive(t, 0, vector("spike_times", 1, 2), vector("units", math.NaN(), 1)), error: "element 0 is NaN"},
		{name: "texts", b: f.Build(names), error: "of cells those are read"},
		{name: "three axes", b: f.Build(f.Cell("x", []int32{2, 2, 2}, m("", first...), m(""), m(""), m(""), m(""), m(""), m(""), m(""))), error: "has lists on 3 axes"},
		{name: "trials of other numbers", b: f.Build(f.Cell("x", []int32{2, 1}, f.Cell("", []int32{1, 2}, m("", first...), m("")), f.Cell("", []int32{1, 1}, m("", other...)))), error: "has 1 trials, those before have 2"},
		{name: "trains", b: f.Build(f.Cell("x", []int32{2, 1}, m("", 0, 1, 0, 1), m("", 1, 0, 0, 0))), error: "bins and not spike times"},
		{name: "a time that is none", b: f.Build(f.Cell("x", []int32{2, 1}, m("", first...), m("", math.Inf(1)))), error: "element 0 is +Inf"},
		{name: "an index beyond", b: mt.HDF5(false, mt.Item{Name: "x", Values: first}, mt.Item{Name: "x_index", Values: []uint64{1, 3}}), error: "variable \"x\": unit 1 ends at number 3, of 2"},
		{name: "an index that is short", b: mt.HDF5(false, mt.Item{Name: "x", Values: first}, mt.Item{Name: "x_index", Values: []uint64{1, 1}}), error: "1 numbers of variable \"x\" belong to no unit"},
	} {
		k.opt.BinWidth = 0.1
		r, err := Decode("f", k.b, k.opt)
		if k.error != "" || err != nil {
			if err == nil || k.error == "" || !strings.Contains(err.Error(), k.error) {
				t.Errorf("%s: error %v, want …%s…", k.name, err, k.error)
			}
			continue
		}
		if d := cmp.Diff(k.want, trainsOf(r)); d != "" {
			t.Errorf("%s (-want +got):\n%s", k.name, d)
		}
		if got := strings.Join(r.Source.Units, ","); got != k.units {
			t.Errorf("%s: units %q, want %q", k.name, got, k.units)
		}
		if w := strings.Join(r.Source.Warnings, "\n"); !strings.Contains(w, k.warns) {
			t.Errorf("%s: warnings %q, want …%s…", k.name, w, k.warns)
		}
		again, err := Decode("f", k.b, r.Source.Again(r.BinWidth))
		if err != nil {
			t.Errorf("%s: again: %v", k.name, err)
		} else {
			same(t, k.name+" again", r, again)
		}
	}
}

// A file of references or packed lists holds no more spikes than it has room for.
func TestManyLists(t *testing.T) {
	times := make([]float64, 1<<12)
	for i := range times {
		times[i] = float64(i)
	}
	long := mt.Item{Values: times, Dims: []int{1, len(times)}}.Class("double")
	refs := make([]*mt.Item, 1<<9)
	for i := range refs {
		refs[i] = &long
	}
	b := mt.HDF5(true, mt.Item{Name: "x", Values: refs, Dims: []int{1, len(refs)}}.Class("cell"))
	_, err := Decode("f", b, LoadOptions{})
	if err == nil || !strings.Contains(err.Error(), "more spikes than a file of") {
		t.Errorf("error %v", err)
	}
}

// TestSeries reads a Ts of pynapple, and a Tsd without its values.
func TestSeries(t *testing.T) {
	times, start, end := vector("t", 0.05, 0.25, 0.35), vector("start", 0), vector("end", 0.5)
	for _, k := range []struct {
		name   string
		arrays []npy.Out
		want   string
		warns  int
		error  string
	}{
		{"Ts", []npy.Out{times, start, end}, "10110", 0, ""},
		{"Tsd", []npy.Out{times, start, end, vector("d", 7, 8, 9)}, "10110", 1, ""},
		{"a signal", []npy.Out{vector("t", 0.1, 0.2, 0.3), start, end, vector("d", 7, 8, 9)}, "", 0, "at equal steps are a signal"},
		{"a group without keys", []npy.Out{times, start, end, integers("index", 3, 3, 8)}, "10100", 0, ""},
		{"no end", []npy.Out{times, start, vector("end")}, "", 0, "pynapple Ts"},
	} {
		r, err := Decode("f", archive(t, 0, k.arrays...), LoadOptions{BinWidth: 0.1})
		if k.error != "" || err != nil {
			if err == nil || k.error == "" || !strings.Contains(err.Error(), k.error) {
				t.Errorf("%s: error %v, want …%s…", k.name, err, k.error)
			}
			continue
		}
		if got := train(r, 0); !cmp.Equal(got, []string{k.want}) || len(r.Source.Warnings) != k.warns {
			t.Errorf("%s: %q, want %q; warnings %q", k.name, got, k.want, r.Source.Warnings)
		}
	}
}

// TestScipy reads the three forms of sparse arrays that scipy keeps.
func TestScipy(t *testing.T) {
	text := func(format string) npy.Out {
		return npy.Out{Name: "format", Descr: fmt.Sprintf("|S%d", len(format)), Data: []byte(format)}
	}
	shape, data := integers("shape", 3, 2), vector("data", 1, 1, 1)
	for _, k := range []struct {
		name   string
		arrays []npy.Out
		want   string
		error  string
	}{
		{"csr", []npy.Out{text("csr"), shape, data, integers("indptr", 0, 1, 1, 3), integers("indices", 1, 0, 1)}, "01 00 11", ""},
		{"csc", []npy.Out{text("csc"), shape, data, integers("indptr", 0, 1, 3), integers("indices", 2, 0, 2)}, "01 00 11", ""},
		{"coo", []npy.Out{text("coo"), shape, data, integers("row", 0, 2, 2), integers("col", 1, 0, 1)}, "01 00 11", ""},
		{"counts", []npy.Out{text("coo"), shape, data, integers("row", 0, 2, 2), integers("col", 1, 1, 1)}, "", "is 2; 1 of 6 elements"},
		{"dia", []npy.Out{text("dia"), shape, data, integers("offsets", 0)}, "", `the format "dia" is not read`},
		{"no index", []npy.Out{text("csr"), shape, data}, "", `no numbers called "indptr"`},
		{"outside", []npy.Out{text("coo"), shape, data, integers("row", 0, 3, 2), integers("col", 1, 0, 1)}, "", "element 1 lies outside of 3 x 2"},
		{"negative", []npy.Out{text("coo"), shape, data, integers("row", 0, -1, 2), integers("col", 1, 0, 1)}, "", "element 1 lies outside"},
		{"other lengths", []npy.Out{text("coo"), shape, data, integers("row", 0, 1), integers("col", 1, 0, 1)}, "", "2 rows and 3 columns"},
		{"huge", []npy.Out{text("coo"), integers("shape", 1<<30, 1<<30), data, integers("row", 0, 1, 2), integers("col", 1, 0, 1)}, "", "at most"},
		{"shape", []npy.Out{text("coo"), integers("shape", 3), data, integers("row", 0), integers("col", 0)}, "", "of shape [3]"},
	} {
		r, err := Decode("f", archive(t, 0, k.arrays...), LoadOptions{})
		if k.error != "" || err != nil {
			if err == nil || k.error == "" || !strings.Contains(err.Error(), k.error) {
				t.Errorf("%s: error %v, want …%s…", k.name, err, k.error)
			}
			continue
		}
		if got := rows(r); got != k.want || r.Source.Variable != "" {
			t.Errorf("%s: %s, want %s", k.name, got, k.want)
		}
	}
}

// upToFloats are the numbers from 0 to n-1.
func upToFloats(n int) []float64 {
	out := make([]float64, n)
	for i := range out {
		out[i] = float64(i)
	}
	return out
}
