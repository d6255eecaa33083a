package spikes

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// counted bins trains and returns the raster, or the error, and the warnings.
func counted(tr *trains, opt LoadOptions) (*Raster, []string, error) {
	f := &file{}
	if err := f.bin(tr, opt, 1000); err != nil {
		return nil, nil, err
	}
	r, err := f.raster(f.arrays[0], nil, LoadOptions{})
	return r, f.warnings, err
}

// Bad repeats are left out by name, short ones or the ends of long ones with what each
// choice costs; bins are whole.
func TestRepeatsOfTrains(t *testing.T) {
	nan := math.NaN()
	for _, c := range []struct {
		name     string
		tr       trains // times of one unit
		opt      LoadOptions
		want     []string
		warnings []string
		failed   string
	}{
		{
			name: "one short trial of four is left out",
			tr:   trains{spans: []span{{0, 4}, {10, 14}, {20, 22}, {30, 34}}, time: []float64{0.5, 2.5, 3.5, 11.5, 20.5, 21.5, 32.5}},
			want: []string{"1011", "0100", "0010"},
			warnings: []string{"repeats have 2 to 4 bins of 1 s: 4 bins of each are taken, and the shorter ones are left out: 2 (20 to 22 s), at the cost of 2 of 7 spikes; " +
				"the option repeat-bins 2 cuts all 4 instead, at the cost of 3"},
		},
		{
			name: "of lengths that keep as many the one of more repeats",
			tr:   trains{spans: []span{{0, 4}, {10, 12}}, time: []float64{0.5, 11.5}},
			want: []string{"10", "01"},
			warnings: []string{"repeats have 2 to 4 bins of 1 s: 2 bins of each are taken, at the cost of 0 of 2 spikes; " +
				"the option repeat-bins 4 keeps 1 of 2 instead, at the cost of 1"},
		},
		{
			name:     "a piece is one repeat where nothing is asked",
			tr:       trains{pieces: true, spans: []span{{0, 3}, {10, 13}, {20, 27}}, time: []float64{0.5, 11.5, 26.5}},
			want:     []string{"100", "010", "000"},
			warnings: []string{"repeats have 3 to 7 bins of 1 s: 3 bins of each are taken, at the cost of 1 of 3 spikes; the option repeat-bins cuts each piece into as many repeats as fit"},
		},
		{
			name: "a spike before an edge by rounding is behind it",
			tr:   trains{spans: []span{{0, 2}, {2, 4}}, time: []float64{2 - 1e-12}},
			want: []string{"00", "10"},
		},
		{
			name: "one long trial of four is cut",
			tr:   trains{spans: []span{{0, 2}, {10, 12}, {20, 23}, {30, 32}}, time: []float64{0.5, 22.5, 20.5}},
			want: []string{"10", "00", "10", "00"},
			warnings: []string{"repeats have 2 to 3 bins of 1 s: 2 bins of each are taken, at the cost of 1 of 3 spikes; " +
				"the option repeat-bins 3 keeps 1 of 4 instead, at the cost of 1"},
		},
		{
			name:     "as asked",
			tr:       trains{spans: []span{{0, 2}, {10, 12}, {20, 23}}, time: []float64{0.5, 22.5, 20.5}},
			opt:      LoadOptions{RepeatBins: 3},
			want:     []string{"101"},
			warnings: []string{"repeats have 2 to 3 bins of 1 s: 3 bins of each are taken, and the shorter ones are left out: 0 (0 to 2 s), 1 (10 to 12 s), at the cost of 1 of 3 spikes"},
		},
		{
			name:     "all longer than asked",
			tr:       trains{spans: []span{{0, 2}, {10, 12}}, time: []float64{0.5, 11.5}},
			opt:      LoadOptions{RepeatBins: 1},
			want:     []string{"1", "0"},
			warnings: []string{"repeats have 2 bins of 1 s: 1 bins of each are taken, at the cost of 1 of 2 spikes"},
		},
		{
			name:     "whole bins only",
			tr:       trains{spans: []span{{0, 2.9}, {10, 12.7}}, time: []float64{0.5, 2.5, 11.5}},
			want:     []string{"10", "01"},
			warnings: []string{"repeats hold whole bins of 1 s; what is left at their ends was dropped, with 1 of 3 spikes"},
		},
		{
			name: "bad trials of a table",
			tr: trains{
				spans:   []span{{0, 2}, {1, 3}, {nan, 5}, {10, 12}, {14, nan}, {21, 20}, {30, 30.5}, {40, 42}, {50, 52}},
				invalid: []span{{41, 41.5}}, seen: []span{{0, 51}}, time: []float64{0.5, 11.5, 51},
			},
			want: []string{"10", "01"},
			warnings: []string{
				"7 of 9 repeats left out: 2 (NaN to 5 s) has no beginning; 1 (1 to 3 s) overlaps 0; 4 (14 to NaN s) has no end; 5 (21 to 20 s) ends before it begins; " +
					"6 (30 to 30.5 s) is shorter than a bin of 1 s; 7 (40 to 42 s) holds invalid times; 8 (50 to 52 s) was not observed by all units; the option trials none leaves the table of repeats out",
				"1 of 3 spikes lie outside of all repeats and were dropped",
			},
		},
		{
			name: "trials out of order keep their numbers",
			tr:   trains{spans: []span{{10, 12}, {0, 2}, {1, 3}}, time: []float64{0.5, 11.5}},
			want: []string{"10", "01"},
			warnings: []string{
				"1 of 3 repeats left out: 2 (1 to 3 s) overlaps 1; the option trials none leaves the table of repeats out",
			},
		},
		{
			name: "beyond the data",
			tr:   trains{spans: []span{{0, 2}, {2, 4}, {4, 6}}, time: []float64{0.1, 0.5, 0.7, 1.1, 1.2, 1.6, 2.3, 2.4, 3.1, 3.2, 3.7, 3.8}},
			want: []string{"11", "11"},
			warnings: []string{
				"1 of 3 repeats left out: 2 (4 to 6 s) lies beyond the last spike, at 3.8 s; the option trials none leaves the table of repeats out",
				"8 of 12 spikes share a bin with another of their unit; a bin holds 0 or 1",
			},
		},
		{
			name: "far beyond the data, and more of it than there is",
			tr:   trains{spans: []span{{0, 2}, {2, 4}, {50, 51}, {60, 80}}, time: []float64{0.1, 0.5, 0.7, 1.1, 2.3, 2.4, 3.1, 3.2, 3.7, 3.8}},
			want: []string{"11", "11"},
			warnings: []string{
				"2 of 4 repeats left out: 2 (50 to 51 s) lies beyond the last spike, at 3.8 s; 3 (60 to 80 s) lies beyond the last spike, at 3.8 s; the option trials none leaves the table of repeats out",
				"6 of 10 spikes share a bin with another of their unit; a bin holds 0 or 1",
			},
		},
		{
			name: "a last trial may be silent",
			tr:   trains{spans: []span{{0, 2}, {2, 4}, {4, 5}}, time: []float64{0.1, 0.5, 0.7, 1.1, 2.3, 2.4, 3.1, 3.2, 3.7, 3.9}},
			want: []string{"11", "11"},
			warnings: []string{
				"repeats have 1 to 2 bins of 1 s: 2 bins of each are taken, and the shorter ones are left out: 2 (4 to 5 s), at the cost of 0 of 10 spikes; the option repeat-bins 1 cuts all 3 instead, at the cost of 5",
				"6 of 10 spikes share a bin with another of their unit; a bin holds 0 or 1",
			},
		},
		{
			name: "a silent trial is told",
			tr:   trains{spans: []span{{0, 2}, {2, 4}, {4, 6}}, time: []float64{0.1, 0.5, 0.7, 1.1, 1.2, 1.6, 4.3, 4.4, 5.1, 5.2, 5.7, 5.8}},
			want: []string{"11", "00", "11"},
			warnings: []string{
				"1 repeat of 3 without any spike, from 2 to 4 s the first: units at their rates are hardly ever silent so long; was nothing recorded?",
				"8 of 12 spikes share a bin with another of their unit; a bin holds 0 or 1",
			},
		},
		{
			name: "one trial is cut into repeats",
			tr:   trains{spans: []span{{10, 15}}, time: []float64{10.5, 13.5}},
			opt:  LoadOptions{RepeatBins: 2}, want: []string{"10", "01"},
			warnings: []string{"the last 1 of 5 bins were dropped, with 0 of 2 spikes: they do not fill a repeat of 2 bins"},
		},
		{
			name: "pieces give as many as fit",
			tr:   trains{pieces: true, spans: []span{{0, 5}, {10, 11.9}, {20, 22.2}}, time: []float64{0.5, 3.5, 4.5, 10.5, 21.5}},
			opt:  LoadOptions{RepeatBins: 2}, want: []string{"10", "01", "01"},
			warnings: []string{"2 of 8 bins were dropped, with 2 of 5 spikes: the ends of 3 pieces do not fill a repeat of 2 bins"},
		},
		{
			name: "invalid times leave pieces",
			tr:   trains{invalid: []span{{2, 3}}, time: []float64{0.5, 2.5, 4.5}},
			want: []string{"10", "01"},
			warnings: []string{
				"the recording's end is not said; it was taken to last 5 s, by its last spike",
				"invalid times are no part of the recording: 1 of 5 s",
				"1 of 3 spikes lie outside of all repeats and were dropped",
			},
		},
		{
			name: "a gap as long as the option says is none, nor one within a bin",
			tr:   trains{time: []float64{0.1, 0.9, 1.4, 2.4, 3.5}},
			opt:  LoadOptions{MaxGap: 1}, want: []string{"111"},
			warnings: []string{
				"the recording's end is not said; it was taken to last 4 s, by its last spike",
				"silences of all units longer than 1 s are no part of the recording, as asked: 4 of 4 s are left, in 2 pieces",
				"repeats have 1 to 3 bins of 1 s: 3 bins of each are taken, and the shorter ones are left out: 1 (3 to 4 s), at the cost of 1 of 5 spikes; the option repeat-bins cuts each piece into as many repeats as fit",
				"1 of 5 spikes share a bin with another of their unit; a bin holds 0 or 1",
			},
		},
		{
			name: "a gap within a bin is none",
			tr:   trains{time: []float64{0.1, 0.9, 1.4, 2.1, 2.5}},
			opt:  LoadOptions{MaxGap: 0.75}, want: []string{"111"},
			warnings: []string{
				"the recording's end is not said; it was taken to last 3 s, by its last spike",
				"2 of 5 spikes share a bin with another of their unit; a bin holds 0 or 1",
			},
		},
		{
			name: "a piece ends where the recording does",
			tr:   trains{pieces: true, spans: []span{{0, 2.5}}, time: []float64{0.1, 0.3, 0.5, 0.7, 0.9, 1.1, 1.3, 1.5, 1.7, 1.9, 2.1}},
			opt:  LoadOptions{MaxGap: 0.25}, want: []string{"11"},
			warnings: []string{
				"repeats hold whole bins of 1 s; what is left at their ends was dropped, with 1 of 11 spikes",
				"8 of 11 spikes share a bin with another of their unit; a bin holds 0 or 1",
			},
		},
		{
			name: "times before 0",
			tr:   trains{time: []float64{-1.5, 0.5}},
			want: []string{"101"},
			warnings: []string{
				"times begin before 0: the recording was taken to begin at -2 s, with the first spike",
				"the recording's end is not said; it was taken to last 3 s, by its last spike",
			},
		},
		{
			name: "silence fills the last repeat",
			tr:   trains{time: []float64{0.5, 2.5, 4.5, 5.5}},
			opt:  LoadOptions{RepeatBins: 4}, want: []string{"1010", "1100"},
			warnings: []string{"the recording's end is not said; it was taken to last 8 s, by its last spike"},
		},
		{
			name: "silence that is unlikely does not",
			tr:   trains{time: []float64{0.5, 1.5, 2.5, 3.5, 4.5, 5.5, 6.5, 7.5, 8.5, 9.5, 10.5, 11.5}},
			opt:  LoadOptions{RepeatBins: 8}, want: []string{"11111111"},
			warnings: []string{
				"the recording's end is not said; it was taken to last 12 s, by its last spike",
				"the last 4 of 12 bins were dropped, with 4 of 12 spikes: they do not fill a repeat of 8 bins",
			},
		},
		{
			name: "silence that is just likely does", // 12 spikes in 12 bins and 2 more: exp(-2)
			tr:   trains{time: []float64{0.5, 1.5, 2.5, 3.5, 4.5, 5.5, 6.5, 7.5, 8.5, 9.5, 10.5, 11.5}},
			opt:  LoadOptions{RepeatBins: 7}, want: []string{"1111111", "1111100"},
			warnings: []string{"the recording's end is not said; it was taken to last 14 s, by its last spike"},
		},
		{
			name: "unless it is the only one",
			tr:   trains{time: []float64{0.5, 1.5, 2.5, 3.5, 4.5, 5.5, 6.5, 7.5, 8.5, 9.5, 10.5, 11.5}},
			opt:  LoadOptions{RepeatBins: 20}, want: []string{"11111111111100000000"},
			warnings: []string{
				"the recording's end is not said; it was taken to last 20 s, by its last spike",
				"1 silence of all units, of 8.5 s from 11.5 to 20 s, is longer than units at their rates are silent by chance: where nothing was recorded, the option max-gap 8.5 leaves them out",
			},
		},
		{
			name:     "repeats that end with the last spike of any",
			tr:       trains{repeats: 2, repeat: []int{0, 1, 1}, time: []float64{0.5, 0.5, 2.5}},
			want:     []string{"100", "101"},
			warnings: []string{"the ends of the repeats are not said; each was taken to last 3 s, by the last spike of any"},
		},
		{
			name: "repeats as long as asked, with more silence than is likely",
			tr:   trains{repeats: 2, repeat: []int{0, 0, 0, 0, 0, 0, 1, 1, 1, 1}, time: []float64{0.5, 1.5, 2.5, 0.5, 1.5, 2.5, 0.5, 1.5, 2.5, 0.5}},
			opt:  LoadOptions{RepeatBins: 4}, want: []string{"1110", "1110"},
			warnings: []string{
				"the last spike of any repeat is in bin 3 of 4; what follows is silence that the option repeat-bins asks for",
				"4 of 10 spikes share a bin with another of their unit; a bin holds 0 or 1",
			},
		},
		{
			name: "repeats of their own, one empty",
			tr:   trains{spans: []span{{0, 2}, {0, 0}, {0, 2}}, repeats: 3, repeat: []int{0, 2}, time: []float64{0.5, 1.5}},
			want: []string{"10", "01"}, warnings: []string{"1 of 3 repeats left out: 1 (0 s) ends before it begins"},
		},
		{name: "nothing in the trials", tr: trains{spans: []span{{0, 2}, {2, 4}}, time: []float64{500}}, failed: "not one of 1 spikes lies in a repeat: spikes are from 500 to 500 s, repeats from 0 to 4 s"},
		{name: "no good trial", tr: trains{spans: []span{{0, nan}, {2, 1}}, time: []float64{1}}, failed: "no repeat can be used: 0 (0 to NaN s) has no end; 1 (2 to 1 s) ends before it begins (the option trials none"},
		{name: "longer than all", tr: trains{spans: []span{{0, 2}, {2, 4}}, time: []float64{1}}, opt: LoadOptions{RepeatBins: 3}, failed: "repeats of 3 bins are longer than the longest there is (2 bins)"},
		{name: "no such table", tr: trains{time: []float64{1}}, opt: LoadOptions{Trials: "epochs"}, failed: `the file has no table of intervals "epochs"`},
		{name: "repeats that count from their beginnings", tr: trains{repeats: 2, repeat: []int{0, 1}, time: []float64{1, 2}}, opt: LoadOptions{Trials: NoTrials}, failed: "so that the repeats can't be left out"},
		{name: "gaps in trials", tr: trains{spans: []span{{0, 2}, {2, 4}}, time: []float64{1}}, opt: LoadOptions{MaxGap: 1}, failed: "the recording has repeats already, which no silence cuts"},
		{name: "all silence", tr: trains{pieces: true, spans: []span{{0, 5}, {6, 9}}}, opt: LoadOptions{MaxGap: 1}, failed: "all of the recording is silence longer than 1 s"},
	} {
		c.tr.units, c.tr.unit = []string{"0"}, make([]int, len(c.tr.time))
		c.opt.BinWidth = 1
		r, warnings, err := counted(&c.tr, c.opt)
		if c.failed != "" {
			if err == nil || !strings.Contains(err.Error(), c.failed) {
				t.Errorf("%s: error %v, want …%s…", c.name, err, c.failed)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if d := cmp.Diff(c.want, train(r, 0)); d != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, d)
		}
		if d := cmp.Diff(c.warnings, warnings); d != "" {
			t.Errorf("%s: warnings (-want +got):\n%s", c.name, d)
		}
	}
}

// Silences of all units are told, and left out where that is asked for.
func TestGaps(t *testing.T) {
	// Twenty spikes in each second, whole seconds of silence between.
	var steady []float64
	for _, second := range []float64{0, 1, 2, 6, 7, 12} {
		for k := range 20 {
			steady = append(steady, second+float64(k)/20+0.01)
		}
	}
	late := []float64{}
	for _, x := range steady {
		late = append(late, x+100)
	}
	for _, c := range []struct {
		name     string
		time     []float64
		opt      LoadOptions
		repeats  int
		bins     int
		warnings []string
	}{
		{"told", steady, LoadOptions{}, 1, 130, []string{
			"the recording's end is not said; it was taken to last 13 s, by its last spike",
			"2 silences of all units, the longest of 4.05 s from 7.96 to 12.01 s, are longer than units at their rates are silent by chance: where nothing was recorded, the option max-gap 3 leaves them out",
		}},
		{"left out", steady, LoadOptions{MaxGap: 3}, 2, 20, []string{
			"the recording's end is not said; it was taken to last 13 s, by its last spike",
			"silences of all units longer than 3 s are no part of the recording, as asked: 6 of 13 s are left, in 3 pieces",
			"repeats have 10 to 30 bins of 0.1 s: 20 bins of each are taken, and the shorter ones are left out: 2 (12 to 13 s), at the cost of 40 of 120 spikes; the option repeat-bins cuts each piece into as many repeats as fit",
		}},
		{"left out and cut", steady, LoadOptions{MaxGap: 3, RepeatBins: 10}, 6, 10, []string{
			"the recording's end is not said; it was taken to last 13 s, by its last spike",
			"silences of all units longer than 3 s are no part of the recording, as asked: 6 of 13 s are left, in 3 pieces",
		}},
		{"late", late, LoadOptions{}, 1, 1130, []string{
			"the recording's end is not said; it was taken to last 113 s, by its last spike",
			"the first spike is at 100.01 s and the recording was taken to begin at 0: where nothing was recorded before, the option max-gap 50 leaves out silences of all units that are longer",
			"2 silences of all units, the longest of 4.05 s from 107.96 to 112.01 s, are longer than units at their rates are silent by chance: where nothing was recorded, the option max-gap 3 leaves them out",
		}},
		{"late, left out", late, LoadOptions{MaxGap: 50}, 1, 130, []string{
			"the recording's end is not said; it was taken to last 113 s, by its last spike",
			"silences of all units longer than 50 s are no part of the recording, as asked: 13 of 113 s are left, in 1 piece",
		}},
		{"no such gap", steady, LoadOptions{MaxGap: 5}, 1, 130, []string{"the recording's end is not said; it was taken to last 13 s, by its last spike"}},
	} {
		tr := &trains{units: []string{"0"}, time: c.time, unit: make([]int, len(c.time))}
		c.opt.BinWidth = 0.1
		r, warnings, err := counted(tr, c.opt)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		double := slices.IndexFunc(warnings, func(w string) bool { return strings.Contains(w, "share a bin") })
		if double >= 0 {
			warnings = slices.Delete(warnings, double, double+1)
		}
		if d := cmp.Diff(c.warnings, warnings); d != "" || r.Repeats != c.repeats || r.Bins != c.bins {
			t.Errorf("%s: %s, warnings (-want +got):\n%s", c.name, r.shape(), d)
		}
	}
}

// Times that don't look like seconds are told, and so are repeats whose times are the
// recording's own.
func TestDoubtedUnits(t *testing.T) {
	var times []float64
	for k := range 40 {
		times = append(times, 0.25*float64(k)+0.0625)
	}
	scaled := func(by float64) []float64 {
		out := slices.Clone(times)
		for i := range out {
			out[i] *= by
		}
		return out
	}
	var fast []float64 // 50 spikes/s, 2 ms apart at least
	for k := range 400 {
		fast = append(fast, 20*float64(k)+float64(k*k%17)+0.25)
	}
	var slow []float64
	for k := range 10 {
		slow = append(slow, 20000*float64(k)+0.25)
	}
	const looks = "look like milliseconds"
	for _, c := range []struct {
		name string
		tr   trains
		rate float64
		want string // in one warning; "": in none
	}{
		{"seconds", trains{time: times}, 0, ""},
		{"milliseconds", trains{time: scaled(1001)}, 0, "a unit has 0.0041 spikes/s in the mean: the times look like milliseconds; the option sampling-rate 1000 reads them so"},
		{"milliseconds, read so", trains{time: scaled(1000)}, 1000, ""},
		{"milliseconds of fast units", trains{time: scaled(100.1)}, 0, ""},
		{"milliseconds of many spikes of fast units", trains{time: fast}, 0, "the times look like milliseconds"},
		{"milliseconds of two such units at once", trains{units: []string{"a", "b"}, time: slices.Concat(fast, fast), unit: append(make([]int, 400), slices.Repeat([]int{1}, 400)...)}, 0, "the times look like milliseconds"},
		{"whole milliseconds", trains{time: scaled(16000)}, 0, "they look like milliseconds (the option sampling-rate 1000) or numbers of samples"},
		{"whole numbers", trains{time: scaled(16)}, 0, "all times are whole numbers"},
		{"another rate", trains{time: scaled(1000)}, 3, "is the sampling rate 3 Hz?"},
		{"seconds of slow units, 20 s apart", trains{time: scaled(80.3)}, 0, ""},
		{"samples that are not whole", trains{time: slow}, 0, "a unit has 5.56e-05 spikes/s in the mean: the times look like numbers of samples"},
		{"too fast", trains{time: scaled(1e-4)}, 0, "are the times in seconds?"},
		{"a late beginning is no slow rate", trains{time: []float64{4000.1, 4000.3, 4000.7, 4001.2, 4001.8, 4002.1, 4002.6, 4002.9, 4003.1, 4003.3}}, 0, ""},
		{"a table says its length", trains{time: scaled(1001), complete: true, spans: []span{{0, 11000}}}, 0, ""},
		{"repeats that go on", trains{time: times, repeats: 2, repeat: append(make([]int, 20), slices.Repeat([]int{1}, 20)...)}, 0, "they look like the recording's own"},
		{"repeats that go on but for one spike", trains{time: append(slices.Clone(times[:39]), times[18]+0.01), repeats: 2, repeat: append(make([]int, 20), slices.Repeat([]int{1}, 20)...)}, 0, ""},
		{"repeats from their beginning", trains{time: append(times[:20:20], times[:20]...), repeats: 2, repeat: append(make([]int, 20), slices.Repeat([]int{1}, 20)...)}, 0, ""},
	} {
		if c.tr.units == nil {
			c.tr.units, c.tr.unit = []string{"0"}, make([]int, len(c.tr.time))
		}
		_, warnings, err := counted(&c.tr, LoadOptions{BinWidth: 0.02, SamplingRate: c.rate})
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		all := strings.Join(warnings, "\n")
		if c.want == "" && (strings.Contains(all, looks) || strings.Contains(all, "?") || strings.Contains(all, "whole numbers") || strings.Contains(all, "their repeat")) || !strings.Contains(all, c.want) {
			t.Errorf("%s: warnings %s\nwant %q", c.name, all, c.want)
		}
	}
}

// The length of repeats keeps the most bins, as trying all lengths does, and each spike is
// in one bin, told to be dropped, or one of several in its bin.
func TestLengthsKeepTheMost(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		tr := &trains{units: []string{"a", "b"}, pieces: rapid.Bool().Draw(t, "pieces")}
		at := 0.0
		for range rapid.IntRange(2, 8).Draw(t, "spans") {
			at += float64(rapid.IntRange(0, 20).Draw(t, "gap")) / 8
			to := at + float64(rapid.IntRange(0, 60).Draw(t, "length"))/8
			tr.spans = append(tr.spans, span{at, to})
			at = to
		}
		for range rapid.IntRange(1, 30).Draw(t, "spikes") {
			tr.time = append(tr.time, float64(rapid.IntRange(-8, 8*int(at)+8).Draw(t, "time"))/8)
			tr.unit = append(tr.unit, rapid.IntRange(0, 1).Draw(t, "unit"))
		}
		tr.time, tr.unit = append(tr.time, at), append(tr.unit, 0) // no span lies beyond
		opt := LoadOptions{BinWidth: 1, RepeatBins: rapid.IntRange(0, 3).Draw(t, "repeat bins")}
		var whole []int
		longest := 0
		for _, s := range tr.spans {
			whole = append(whole, int(s.to-s.from))
			longest = max(longest, whole[len(whole)-1])
		}
		f := &file{}
		err := f.bin(tr, opt, 1000)
		if longest == 0 || opt.RepeatBins > longest {
			if err == nil {
				t.Fatalf("spans of %v bins pass", whole)
			}
			return
		}
		if err != nil {
			if strings.Contains(err.Error(), "not one of") {
				return
			}
			t.Fatal(err)
		}
		r, err := f.raster(f.arrays[0], nil, LoadOptions{})
		if err != nil {
			t.Fatal(err)
		}
		best := 0
		for n := 1; n <= longest; n++ {
			kept := 0
			for _, w := range whole {
				switch {
				case opt.RepeatBins > 0 && n != opt.RepeatBins:
				case opt.RepeatBins > 0 && tr.pieces:
					kept += w / n * n
				case w >= n:
					kept += n
				}
			}
			best = max(best, kept)
		}
		if r.Repeats*r.Bins != best {
			t.Fatalf("%s of %v bins, %d can be kept: %v", r.shape(), whole, best, f.warnings)
		}
		dropped, double := 0, 0
		for _, w := range f.warnings {
			var n, all int
			switch {
			case strings.Contains(w, "outside"):
				fmt.Sscanf(w, "%d of", &n)
				dropped += n
			case strings.Contains(w, "share"):
				fmt.Sscanf(w, "%d of", &double)
			case strings.Contains(w, "at the cost of "):
				fmt.Sscanf(w[strings.Index(w, "at the cost of "):], "at the cost of %d of %d", &n, &all)
				dropped += n
			case strings.Contains(w, "with "):
				fmt.Sscanf(w[strings.Index(w, "with "):], "with %d of", &n)
				dropped += n
			}
		}
		if r.Spikes()+dropped+double != len(tr.time) {
			t.Fatalf("%d spikes of %d, %d dropped, %d double: %q", r.Spikes(), len(tr.time), dropped, double, f.warnings)
		}
	})
}

func TestNaturalOrder(t *testing.T) {
	ordered := []string{"-1", "0", "0.5", "2", "10", "1e3", "", "Unit", "a", "ch2-unit3", "ch2-unit12", "ch10-unit1", "nan", "unit_8", "unit_08", "unit_10", "unit_11", "unit_99999999999999999999999"}
	all := map[string]bool{}
	for _, name := range ordered {
		all[name] = true
	}
	if d := cmp.Diff(ordered, newLabels(all).names); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	name := rapid.StringMatching(`[a-z_]{0,2}[0-9]{0,3}[.-]?[0-9a-z]{0,2}`)
	rapid.Check(t, func(t *rapid.T) {
		a, b, c := name.Draw(t, "a"), name.Draw(t, "b"), name.Draw(t, "c")
		if naturally(a, b) != -naturally(b, a) || (naturally(a, b) == 0) != (a == b) {
			t.Fatalf("%q and %q: %d and %d", a, b, naturally(a, b), naturally(b, a))
		}
		if naturally(a, b) < 0 && naturally(b, c) < 0 && naturally(a, c) >= 0 {
			t.Fatalf("%q < %q < %q is no order", a, b, c)
		}
	})
}
