package metrics_test

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"qgan/metrics"
	"qgan/metrics/spikes"
)

// uneven is a raster whose repeats fire more and more, so that no two parts have one law.
func uneven(repeats, bins, neurons int) *spikes.Raster {
	rng := rand.New(rand.NewPCG(7, 1))
	r := spikes.NewRaster(repeats, bins, neurons, 0.02)
	for i := range repeats {
		for b := range bins {
			for n := range neurons {
				r.Set(i, b, n, rng.Float64() < 0.05+0.1*float64(i)/float64(repeats)+0.2*float64(i%2))
			}
		}
	}
	r.Source.Path = "made"
	return r
}

func TestRecordingParts(t *testing.T) {
	t.Parallel()
	const bins = 2
	all := uneven(7, 60, 3)
	rec, err := metrics.NewRecording(all, "1:4")
	if err != nil {
		t.Fatal(err)
	}
	repeats := map[metrics.Part][]int{
		metrics.All: {0, 1, 2, 3, 4, 5, 6}, metrics.Trained: {1, 2, 3}, metrics.HeldOut: {0, 4, 5, 6},
		metrics.Odd: {0, 2, 4, 6}, metrics.Even: {1, 3, 5},
	}
	for part, chosen := range repeats {
		t.Run(part.String(), func(t *testing.T) {
			want := spikes.NewRaster(len(chosen), 60, 3, 0.02)
			for k, i := range chosen {
				for b := range 60 {
					want.SetWord(k, b, all.Word(i, b))
				}
			}
			w, err := want.Windows(bins)
			if err != nil {
				t.Fatal(err)
			}
			law, err := metrics.CountStates(w)
			if err != nil {
				t.Fatal(err)
			}
			got := make([]*metrics.States, 4)
			var wait sync.WaitGroup
			for i := range got {
				wait.Go(func() { got[i], _ = rec.Law(part, bins) })
			}
			wait.Wait()
			if d := cmp.Diff(law, got[0]); d != "" {
				t.Errorf("law (-want +got):\n%s", d)
			}
			if got[0] != got[1] || got[0] != got[2] || got[0] != got[3] {
				t.Error("the windows were counted more than once")
			}
			if other, err := rec.Law(part, 3); err != nil || other == got[0] || other.Timesteps != 3 {
				t.Errorf("windows of 3 bins: %v, %v", other, err)
			}
		})
	}
	w, _ := all.Windows(bins)
	want, err := metrics.SplitHalf(w)
	if got, err2 := rec.Floor(bins); err != nil || err2 != nil || got != want || got == 0 {
		t.Errorf("floor %v (%v), split half %v (%v)", got, err2, want, err)
	}
}

// Without a choice all repeats are trained on, and are counted once for both.
func TestRecordingUnsplit(t *testing.T) {
	t.Parallel()
	for _, repeats := range []string{"", "0:4"} {
		rec, err := metrics.NewRecording(uneven(4, 30, 2), repeats)
		if err != nil {
			t.Fatal(err)
		}
		all, err := rec.Law(metrics.All, 2)
		if err != nil {
			t.Fatal(err)
		}
		if trained, err := rec.Law(metrics.Trained, 2); err != nil || trained != all {
			t.Errorf("repeats %q: trained on has a law of its own (%v)", repeats, err)
		}
		if rec.Held != nil || rec.Raster(metrics.HeldOut) != nil {
			t.Errorf("repeats %q: something is held out", repeats)
		}
		if _, err := rec.Law(metrics.HeldOut, 2); err == nil || !strings.Contains(err.Error(), "the repeats held out: made has none") {
			t.Errorf("repeats %q: law of the repeats held out: %v", repeats, err)
		}
	}
}

// Baselines are fitted to what is trained on and measured against what is held out; where
// nothing is, to the odd half and against the even one.
func TestRecordingBaselines(t *testing.T) {
	t.Parallel()
	all := uneven(6, 80, 2)
	opt := metrics.BaselineOptions{Models: []string{"independent", "ising", "split-half"}}
	for _, repeats := range []string{"", "0:4"} {
		rec, err := metrics.NewRecording(all, repeats)
		if err != nil {
			t.Fatal(err)
		}
		got, err := rec.Baselines(1, opt)
		if err != nil {
			t.Fatal(err)
		}
		w, _ := rec.Train.Windows(1)
		want, err := metrics.Baselines(w, opt)
		if repeats != "" {
			h, _ := rec.Held.Windows(1)
			var trained, held *metrics.States
			trained, err = metrics.CountStates(w)
			if err == nil {
				held, err = metrics.CountStates(h)
			}
			if err == nil {
				want, err = metrics.BaselinesOf(trained, trained, held, opt)
			}
		}
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("repeats %q (-want +got):\n%s", repeats, d)
		}
	}
	one, err := metrics.NewRecording(uneven(1, 80, 2), "")
	if err != nil {
		t.Fatal(err)
	}
	results, err := one.Baselines(1, opt)
	if err != nil || results[0].JS == nil || results[0].JSHeldOut != nil {
		t.Errorf("a single repeat: %+v, %v", results, err)
	}
	if _, err := one.Floor(1); err == nil {
		t.Error("a single repeat has a floor")
	}
	for _, repeats := range []string{"odd", "0:1"} {
		if _, err := metrics.NewRecording(uneven(1, 80, 2), repeats); err == nil || !strings.Contains(err.Error(), "the option repeat-bins cuts it") {
			t.Errorf("%s of a single repeat: %v", repeats, err)
		}
	}
	// That it is a single one is told once, where a file is read.
	path := filepath.Join(t.TempDir(), "one.csv")
	if err := os.WriteFile(path, []byte(strings.Repeat("0,1\n1,0\n", 20)), 0o666); err != nil {
		t.Fatal(err)
	}
	for bins, told := range map[int]bool{0: true, 10: false} {
		rec, err := metrics.ReadRecording(path, metrics.RecordingOptions{LoadOptions: spikes.LoadOptions{RepeatBins: bins}})
		if err != nil {
			t.Fatal(err)
		}
		if w := strings.Join(rec.All.Source.Warnings, "; "); strings.Count(w, "one long repeat") != map[bool]int{true: 1}[told] {
			t.Errorf("repeats of %d bins: warnings %q", bins, w)
		}
	}
}

func TestRecordingLike(t *testing.T) {
	t.Parallel()
	file := uneven(3, 40, 5)
	chosen, err := file.Select([]int{4, 1})
	if err != nil {
		t.Fatal(err)
	}
	rec, err := metrics.NewRecording(chosen, "odd")
	if err != nil {
		t.Fatal(err)
	}
	rec.Neurons = 5
	for _, c := range []struct {
		name                  string
		samples               *spikes.Raster
		repeats, bins, column int // column: that of the file which comes first
	}{
		{"the chosen neurons", uneven(9, 10, 2), 9, 10, 0},
		{"all of the recording's", uneven(9, 10, 5), 9, 10, 4},
		{"one long repeat", uneven(1, 121, 2), 3, 40, 0},
		{"one long repeat, nearer to 3 than to 2", uneven(1, 101, 2), 3, 33, 0},
		{"one repeat that is not long", uneven(1, 79, 2), 1, 79, 0},
		{"two long repeats", uneven(2, 400, 2), 2, 400, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := rec.Like(c.samples, "file")
			if err != nil {
				t.Fatal(err)
			}
			if got.Repeats != c.repeats || got.Bins != c.bins || got.Neurons != 2 {
				t.Fatalf("%d x %d x %d", got.Repeats, got.Bins, got.Neurons)
			}
			for b := range c.bins {
				if got.At(0, b, 0) != c.samples.At(0, b, c.column) {
					t.Fatalf("bin %d is of another neuron", b)
				}
			}
		})
	}
	var wrong *metrics.NeuronsError
	if _, err := rec.Like(uneven(1, 10, 3), "file"); !errors.As(err, &wrong) || wrong.Error() != "file has 3 neurons; 2 of the recording's 5 are chosen" {
		t.Errorf("another number of neurons: %v", err)
	}
}

func TestReadRecording(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "r.csv")
	var text bytes.Buffer
	if err := spikes.Write(&text, uneven(4, 30, 3), spikes.CSV, spikes.Meta{}); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, text.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	rec, err := metrics.ReadRecording(path, metrics.RecordingOptions{Neurons: "2,0", Repeats: "even"})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(rec.Train.Source.Neurons, []int{2, 0}) || rec.Neurons != 3 || rec.File != path || rec.Train.Repeats != 2 || rec.Held.Repeats != 2 || rec.Train.Source.Repeats != "even" {
		t.Errorf("%+v", rec.Train.Source)
	}
	again, err := metrics.ReadRecording(path, metrics.RecordingOptions{Neurons: "no choice", Indices: []int{1}})
	if err != nil || !slices.Equal(again.All.Source.Neurons, []int{1}) {
		t.Errorf("indices: %v", err)
	}
	for _, c := range []struct {
		options metrics.RecordingOptions
		want    string
	}{
		{metrics.RecordingOptions{Neurons: "9"}, `neurons 9: neurons "9"`},
		{metrics.RecordingOptions{Indices: []int{7}}, "neurons: neuron 7 is out of range"},
		{metrics.RecordingOptions{Repeats: "3:9"}, `train-repeats 3:9: repeats "3:9"`},
	} {
		_, err := metrics.ReadRecording(path, c.options)
		var o *metrics.OptionError
		if !errors.As(err, &o) || !o.BadInput() || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%+v: %v, want %s …", c.options, err, c.want)
		}
	}
	if _, err := rec.Law(metrics.Trained, 31); err == nil || !strings.HasPrefix(err.Error(), "timesteps: a window of 31 time bins is longer") {
		t.Errorf("windows that are too long: %v", err)
	}
}

// Of a recording only the bins take part that samples are of, where these say so and are
// shorter than its repeats.
func TestRecordingOfWindows(t *testing.T) {
	t.Parallel()
	dir, all := t.TempDir(), uneven(6, 20, 3)
	write := func(name string, r *spikes.Raster, extra map[string]any) string {
		path := filepath.Join(dir, name)
		var file, beside bytes.Buffer
		m := spikes.Meta{BinWidth: 0.02, Extra: extra}
		if err := errors.Join(spikes.Write(&file, r, spikes.NPY, m), spikes.WriteSidecar(&beside, r, spikes.NPY, m)); err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(os.WriteFile(path, file.Bytes(), 0o666), os.WriteFile(spikes.SidecarPath(path), beside.Bytes(), 0o666)); err != nil {
			t.Fatal(err)
		}
		return path
	}
	recording := write("recording.npy", all, nil)
	for _, c := range []struct {
		name       string
		bins       int
		from       any
		begin, end int
	}{
		{"in the middle", 4, 7, 7, 11},
		{"at the end", 4, 16, 16, 20},
		{"at the beginning", 4, 0, 0, 4},
		{"whole repeats", 20, 0, 0, 20},
		{"not said", 4, nil, 0, 20},
		{"beyond the end", 4, 17, 0, 20},
		{"no bin", 4, 1.5, 0, 20},
		{"no number", 4, "7", 0, 20},
		{"before the beginning", 4, -1, 0, 20},
	} {
		extra := map[string]any{}
		if c.from != nil {
			extra[spikes.FromBin] = c.from
		}
		of := write("samples.npy", uneven(5, c.bins, 3), extra)
		rec, err := metrics.ReadRecording(recording, metrics.RecordingOptions{LoadOptions: spikes.LoadOptions{BinWidth: 0.02}, Of: of, Repeats: "odd"})
		if err != nil {
			t.Fatal(err)
		}
		told := slices.ContainsFunc(rec.All.Source.Warnings, func(w string) bool { return strings.Contains(w, "of each repeat take part") })
		if rec.All.Bins != c.end-c.begin || rec.Held.Bins != rec.All.Bins || told != (rec.All.Bins < 20) {
			t.Errorf("%s: %d bins, %d held out, warnings %q", c.name, rec.All.Bins, rec.Held.Bins, rec.All.Source.Warnings)
			continue
		}
		for rep := range all.Repeats {
			for b := range rec.All.Bins {
				if rec.All.Word(rep, b) != all.Word(rep, c.begin+b) {
					t.Errorf("%s: bin %d of repeat %d is another", c.name, b, rep)
				}
			}
		}
	}
}
