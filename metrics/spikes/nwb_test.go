package spikes

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Which table gives the repeats, and what is no part of the recording.
func TestTablesOfIntervals(t *testing.T) {
	const (
		epochs  = nwbTables + "epochs"
		invalid = nwbTables + nwbInvalid
	)
	columns := func() map[string][]float64 {
		return map[string][]float64{
			nwbTimes: {0.5, 3.5, 6.5, 1.5, 7.5}, nwbIndex: {3, 5}, "units/id": {7, 12},
			epochs + nwbStarts: {0, 6}, epochs + nwbStops: {2, 8},
		}
	}
	const (
		end  = "the recording's end is not said; it was taken to last 8 s, by its last spike"
		told = "the file has no table of trials, but one of epochs: the option trials epochs makes its rows the repeats"
		one  = "1 of 5 spikes lie outside of all repeats and were dropped"
	)
	add := func(more map[string][]float64) map[string][]float64 {
		c := columns()
		for name, values := range more {
			if c[name] = values; values == nil {
				delete(c, name)
			}
		}
		return c
	}
	for _, k := range []struct {
		name     string
		columns  map[string][]float64
		opt      LoadOptions
		want     []string // the first unit's
		units    []string
		warnings []string
		failed   string
	}{
		{"epochs are told", columns(), LoadOptions{}, []string{"10010010"}, []string{"7", "12"}, []string{told, end}, ""},
		{"epochs are asked for", columns(), LoadOptions{Trials: "epochs"}, []string{"10", "10"}, []string{"7", "12"}, []string{one}, ""},
		{"no table is asked for", columns(), LoadOptions{Trials: NoTrials}, []string{"10010010"}, []string{"7", "12"}, []string{end}, ""},
		{"another table is asked for", columns(), LoadOptions{Trials: "stimuli"}, nil, nil, nil, `there is no table of intervals "stimuli" (the file has tables of epochs)`},
		{"there is none", add(map[string][]float64{epochs + nwbStarts: nil}), LoadOptions{Trials: "epochs"}, nil, nil, nil, "the file has no table of intervals"},
		{"trials come first", add(map[string][]float64{trialStarts: {3}, trialStops: {5}}), LoadOptions{}, []string{"10"}, []string{"7", "12"}, []string{"4 of 5 spikes lie outside of all repeats and were dropped"}, ""},
		{"trials are passed over", add(map[string][]float64{trialStarts: {3}, trialStops: {5}}), LoadOptions{Trials: NoTrials}, []string{"10010010"}, []string{"7", "12"}, []string{end}, ""},
		{"ids from 0 are no names", add(map[string][]float64{"units/id": {0, 1}}), LoadOptions{Trials: NoTrials}, []string{"10010010"}, nil, []string{end}, ""},
		{"ids that stand twice are none", add(map[string][]float64{"units/id": {3, 3}}), LoadOptions{Trials: NoTrials}, []string{"10010010"}, nil, []string{end}, ""},
		{"ids of a sorter", add(map[string][]float64{"units/cluster_id": {212, 40}}), LoadOptions{Trials: NoTrials}, []string{"10010010"}, []string{"212", "40"}, []string{end}, ""},
		{"invalid times", add(map[string][]float64{invalid + nwbStarts: {2}, invalid + nwbStops: {6}}), LoadOptions{Trials: NoTrials}, []string{"10", "10"}, []string{"7", "12"},
			[]string{end, "invalid times are no part of the recording: 4 of 8 s", one}, ""},
		{"invalid times in a trial", add(map[string][]float64{invalid + nwbStarts: {7}, invalid + nwbStops: {7.5}}), LoadOptions{Trials: "epochs"}, []string{"10"}, []string{"7", "12"},
			[]string{"1 of 2 repeats left out: 1 (6 to 8 s) holds invalid times; the option trials none leaves the table of repeats out", "3 of 5 spikes lie outside of all repeats and were dropped"}, ""},
		{"observed", add(map[string][]float64{nwbSeen: {0, 2, 6, 8, 0, 2, 6, 8}, nwbSeenIndex: {2, 4}, epochs + nwbStarts: nil}), LoadOptions{}, []string{"10", "10"}, []string{"7", "12"}, []string{one}, ""},
		{"observed, one unit for less long", add(map[string][]float64{nwbSeen: {0, 8, 5, 8, 0, 3}, nwbSeenIndex: {1, 3}, epochs + nwbStarts: nil}), LoadOptions{RepeatBins: 3}, []string{"100", "010"}, []string{"7", "12"},
			[]string{"units were observed at different times: 6 s of 8 s are used, in which all of them were", one}, ""},
		{"a unit without a word", add(map[string][]float64{nwbSeen: {0, 2, 6, 8}, nwbSeenIndex: {0, 2}, epochs + nwbStarts: nil}), LoadOptions{}, []string{"10", "10"}, []string{"7", "12"}, []string{one}, ""},
		{"two units with a word, one without", add(map[string][]float64{nwbTimes: {0.5, 3.5, 6.5, 1.5, 7.5}, nwbIndex: {3, 4, 5}, "units/id": {1, 2, 3}, nwbSeen: {0, 2, 6, 8, 0, 2, 6, 8}, nwbSeenIndex: {2, 2, 4}, epochs + nwbStarts: nil}),
			LoadOptions{}, []string{"10", "10"}, []string{"1", "2", "3"}, []string{one}, ""},
		{"invalid times are no table of trials", add(map[string][]float64{invalid + nwbStarts: {2}, invalid + nwbStops: {3}, epochs + nwbStarts: nil}), LoadOptions{RepeatBins: 2}, []string{"10", "10", "01"}, []string{"7", "12"},
			[]string{end, "invalid times are no part of the recording: 1 of 8 s", "1 of 7 bins were dropped, with 1 of 5 spikes: the ends of 2 pieces do not fill a repeat of 2 bins"}, ""},
		{"never at once", add(map[string][]float64{nwbSeen: {0, 4, 4, 8}, nwbSeenIndex: {1, 2}}), LoadOptions{Trials: NoTrials}, []string{"10010010"}, []string{"7", "12"},
			[]string{"the units were never observed all at once: the intervals of observation are not used, and where a unit was not observed it counts as silent", end}, ""},
		{"observed without an index, a row a unit", add(map[string][]float64{nwbSeen: {0, 8, 0, 8}}), LoadOptions{Trials: NoTrials}, []string{"10010010"}, []string{"7", "12"}, nil, ""},
		{"an index of observations beyond", add(map[string][]float64{nwbSeen: {0, 8}, nwbSeenIndex: {1, 5}}), LoadOptions{}, nil, nil, nil, "table of units: unit 1 ends at interval 5, of 1"},
		{"half an interval", add(map[string][]float64{nwbSeen: {0, 8, 9}}), LoadOptions{}, nil, nil, nil, "which are no pairs"},
		{"ends are missing", add(map[string][]float64{epochs + nwbStops: {3}}), LoadOptions{Trials: "epochs"}, nil, nil, nil, "table of epochs: 2 beginnings and 1 ends"},
		{"milliseconds", add(map[string][]float64{nwbTimes: {500, 3500, 6500, 1500, 7500}, epochs + nwbStarts: {0, 6000}, epochs + nwbStops: {2000, 8000}}), LoadOptions{SamplingRate: 1000, Trials: "epochs"},
			[]string{"10", "10"}, []string{"7", "12"}, []string{one}, ""},
		{"milliseconds, observed", add(map[string][]float64{nwbTimes: {500, 3500, 6500, 1500, 7500}, nwbSeen: {0, 4000, 0, 4000}, epochs + nwbStarts: {0, 6000}, epochs + nwbStops: {2000, 8000}}), LoadOptions{SamplingRate: 1000, Trials: "epochs"},
			[]string{"10"}, []string{"7", "12"}, []string{"1 of 2 repeats left out: 1 (6 to 8 s) was not observed by all units; the option trials none leaves the table of repeats out", "3 of 5 spikes lie outside of all repeats and were dropped"}, ""},
	} {
		f := made(k.columns)
		k.opt.BinWidth = 1
		err := f.openUnits(1000, k.opt)
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
			continue
		}
		if d := cmp.Diff(k.want, train(r, 0)) + cmp.Diff(k.units, f.names) + cmp.Diff(k.warnings, f.warnings); d != "" {
			t.Errorf("%s (-want +got):\n%s", k.name, d)
		}
	}
}

// Names that are texts come first; they must tell units apart.
func TestNamesOfUnits(t *testing.T) {
	for _, k := range []struct {
		names, want []string
	}{
		{[]string{"ca1_3", "ca1_12"}, []string{"ca1_3", "ca1_12"}},
		{[]string{"good", "good"}, []string{"7", "12"}},
		{[]string{"alone"}, []string{"7", "12"}},
	} {
		f := made(map[string][]float64{nwbTimes: {0.5, 3.5, 6.5}, nwbIndex: {2, 3}, "units/id": {7, 12}})
		f.arrays = append(f.arrays, &array{name: "units/unit_name", kind: "text", dims: []int{len(k.names)}, texts: func() ([]string, error) { return k.names, nil }})
		if err := f.openUnits(1000, LoadOptions{BinWidth: 1}); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(k.want, f.names); d != "" {
			t.Errorf("%q (-want +got):\n%s", k.names, d)
		}
	}
}

func TestSpans(t *testing.T) {
	type spans = []span
	for _, k := range []struct {
		name      string
		got, want spans
	}{
		{"joined", joined(spans{{5, 6}, {0, 1}, {1, 2}, {5.5, 5.7}, {3, 3}, {9, 8}}), spans{{0, 2}, {5, 6}}},
		{"common", common(spans{{0, 4}, {6, 9}}, spans{{1, 2}, {3, 7}, {9, 10}}), spans{{1, 2}, {3, 4}, {6, 7}}},
		{"without", without(spans{{0, 4}, {6, 9}, {10, 11}}, spans{{-1, 1}, {2, 3}, {8, 12}}), spans{{1, 2}, {3, 4}, {6, 8}}},
		{"without what is elsewhere", without(spans{{0, 4}}, spans{{4, 5}, {7, 8}}), spans{{0, 4}}},
		{"nothing in common", common(spans{{0, 4}}, spans{{4, 5}}), nil},
	} {
		if d := cmp.Diff(k.want, k.got, cmp.AllowUnexported(span{})); d != "" {
			t.Errorf("%s (-want +got):\n%s", k.name, d)
		}
	}
	if d := duration(spans{{0, 2}, {3, 6.5}}); d != 5.5 {
		t.Errorf("%v s", d)
	}
}
