package spikes

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// cases returns the path of a file of the kinds that people have. They are not part of the
// project; QGAN_SHARED names a folder that has them under cases/recordings/.
func cases(tb testing.TB, name string) string {
	tb.Helper()
	dir := os.Getenv("QGAN_SHARED")
	if dir == "" {
		tb.Skip("QGAN_SHARED is not set")
	}
	return filepath.Join(dir, "cases", "recordings", name)
}

// Files of spike times and texts of every kind hold the same recording, and say what they
// don't know.
func TestCases(t *testing.T) {
	truth, err := Load(cases(t, "truth.npy"), LoadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	cut := LoadOptions{RepeatBins: truth.Bins}
	with := func(change func(*LoadOptions)) LoadOptions {
		o := cut
		change(&o)
		return o
	}
	repeats := func(keep ...int) *Raster {
		r, err := truth.SelectRepeats(keep, "")
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	one, err := truth.Select([]int{0})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		file  string
		opt   LoadOptions
		want  *Raster
		told  []string // parts of the warnings
		units string
	}{
		{"c_pandas_index.csv", cut, truth, []string{"an index of rows is no neuron"}, "n1 n2 n3 n4"},
		{"c_utf16.txt", cut, truth, nil, "n1 n2 n3 n4"},
		{"t_ok.csv", LoadOptions{}, truth, []string{"each was taken to last 2 s"}, ""},
		{"t_euro.csv", LoadOptions{}, truth, []string{"each was taken to last 2 s"}, ""},
		{"t_extra_col.csv", cut, truth, []string{"1 column is not used: amplitude", "it was taken to last 12 s"}, ""},
		{"t_pandas.csv", cut, truth, []string{"it was taken to last 12 s"}, ""},
		{"t_ms.csv", with(func(o *LoadOptions) { o.SamplingRate = 1000 }), truth, nil, ""},
		{"t_ms.csv", LoadOptions{}, nil, []string{"the option sampling-rate 1000"}, ""},
		{"t_offset.csv", LoadOptions{}, nil, []string{"the first spike is at 3600.01 s", "the option max-gap 1800 leaves out"}, ""},
		{"t_offset.csv", with(func(o *LoadOptions) { o.MaxGap = 1800 }), nil, []string{"11.9 of 3611.9 s are left, in 1 piece"}, ""},
		{"t_gap.csv", cut, repeats(0, 1, 2, 4, 5), []string{"1 repeat is missing between the others: 3"}, ""},
		{"w_plain.nwb", cut, truth, []string{"it was taken to last 12 s"}, ""},
		{"w_epochs.nwb", LoadOptions{}, nil, []string{"the option trials epochs makes its rows the repeats", "silences of all units, the longest of 0.74 s"}, ""},
		{"w_epochs.nwb", LoadOptions{Trials: "epochs"}, truth, nil, ""},
		{"w_obsgaps.nwb", LoadOptions{}, truth, nil, ""},
		{"w_nanstop.nwb", LoadOptions{}, repeats(0, 1, 2, 3, 4), []string{"1 of 6 repeats left out: 5 (10 to NaN s) has no end"}, ""},
		{"w_nanstop.nwb", with(func(o *LoadOptions) { o.Trials = NoTrials }), truth, nil, ""},
		{"w_overlap.nwb", cut, repeats(0, 2, 4), []string{"3 of 6 repeats left out: 1 (2 to 4.3 s) overlaps 0"}, ""},
		{"w_overlap.nwb", with(func(o *LoadOptions) { o.Trials = NoTrials }), truth, nil, ""},
		{"w_unequal.nwb", LoadOptions{}, nil, []string{"90 bins of each are taken, at the cost of 14 of 229 spikes; the option repeat-bins 100 keeps 5 of 6 instead, at the cost of 20"}, ""},
		{"w_unequal.nwb", cut, repeats(0, 1, 3, 4, 5), []string{"the shorter ones are left out: 2 (5 to 6.8 s), at the cost of 20 of 229 spikes"}, ""},
		{"p_group.npz", LoadOptions{}, truth, nil, "3 7 8 20"},
		{"p_ts.npz", cut, one, nil, ""},
	} {
		r, err := Load(cases(t, c.file), c.opt)
		if err != nil {
			t.Errorf("%s: %v", c.file, err)
			continue
		}
		if c.want != nil {
			same(t, c.file, c.want, r)
		}
		all := strings.Join(r.Source.Warnings, "\n")
		for _, told := range c.told {
			if !strings.Contains(all, told) {
				t.Errorf("%s: warnings\n%s\nwant %q", c.file, all, told)
			}
		}
		if got := strings.Join(r.Source.Units, " "); got != c.units {
			t.Errorf("%s: units %s, want %s", c.file, got, c.units)
		}
	}
}
