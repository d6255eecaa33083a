package metrics_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"qgan/metrics"
	"qgan/metrics/spikes"
)

// dashed spells an option as the program does.
func dashed(name string) string { return "--" + name }

// Samples are matched with the recording by their own neurons: by names, where both have
// them, or by the indices in the recording that they were drawn with; only what says
// nothing of its neurons is taken in its order.
func TestLikeByNeurons(t *testing.T) {
	t.Parallel()
	whole := uneven(4, 30, 5)
	for _, k := range []struct {
		what   string
		names  []string // of the recording's five neurons
		chosen []int
		units  []string // of the samples
		drawn  []int
		n      int    // neurons of the samples
		want   []int  // columns of the samples
		wrong  string // the error
		hint   string
	}{
		{"in their order", nil, []int{4, 1}, nil, nil, 2, []int{0, 1}, "", ""},
		{"all of the recording's", nil, []int{4, 1}, nil, nil, 5, []int{4, 1}, "", ""},
		{"indices in another order", nil, []int{0, 1, 2}, nil, []int{2, 0, 1}, 3, []int{1, 2, 0}, "", ""},
		{"more than are chosen", nil, []int{4, 1}, nil, []int{1, 2, 3, 4}, 4, []int{3, 0}, "", ""},
		{"as many, but others", nil, []int{0, 1, 2}, nil, []int{0, 1, 4}, 3, nil,
			"file is of the neurons 0, 1, 4; of the recording 0, 1, 2 are chosen", "choose the same with --neurons"},
		{"numbers of units are indices", nil, []int{4, 1}, []string{"1", "4"}, nil, 2, []int{1, 0}, "", ""},
		{"numbers of other units", nil, []int{4, 1}, []string{"3", "4"}, nil, 2, nil,
			"file is of the neurons 3, 4; of the recording 4, 1 are chosen", "choose the same with --neurons"},
		{"names that the recording does not know", nil, []int{4, 1}, []string{"a", "b"}, nil, 2, []int{0, 1}, "", ""},
		{"names in another order", []string{"a", "b", "c", "d", "e"}, []int{4, 1}, []string{"b", "e"}, nil, 2, []int{1, 0}, "", ""},
		{"names before indices", []string{"a", "b", "c", "d", "e"}, []int{4, 1}, []string{"b", "e"}, []int{0, 1}, 2, []int{1, 0}, "", ""},
		{"names that are numbers", []string{"3", "7", "8", "20", "1"}, []int{4, 1}, []string{"7", "1"}, nil, 2, []int{1, 0}, "", ""},
		{"other names", []string{"a", "b", "c", "d", "e"}, []int{4, 1}, []string{"b", "d"}, []int{1, 4}, 2, nil,
			"file is of the neurons b, d; of the recording e, b are chosen", "choose the same with --neurons"},
		{"other names than all there are", []string{"a", "b", "c", "d", "e"}, []int{0, 1, 2, 3, 4}, []string{"a", "b", "c", "d", "x"}, nil, 5, nil,
			"file is of the neurons a, b, c, d, x; the recording has a, b, c, d, e", "a file that says nothing of its neurons, such as .npy, is taken in their order"},
		{"indices of a recording with names", []string{"a", "b", "c", "d", "e"}, []int{4, 1}, nil, []int{1, 4}, 2, []int{1, 0}, "", ""},
		{"titles that are indices", []string{"a", "b", "c", "d", "e"}, []int{4, 1}, []string{"n1", "n4"}, []int{1, 4}, 2, []int{1, 0}, "", ""},
		{"titles that are names", []string{"n9", "n4", "n5", "n6", "n1"}, []int{4, 1}, []string{"n4", "n1"}, []int{4, 1}, 2, []int{1, 0}, "", ""},
		{"titles that are names, the first not among them", []string{"n1", "n2", "n3", "n4", "n5"}, []int{2, 1}, []string{"n2", "n3"}, []int{2, 3}, 2, []int{1, 0}, "", ""},
		{"another number", nil, []int{4, 1}, nil, nil, 3, nil, "file has 3 neurons; 2 of the recording's 5 are chosen", "choose as many with --neurons"},
	} {
		t.Run(k.what, func(t *testing.T) {
			file := *whole
			file.Source.Units = k.names
			chosen, err := file.Select(k.chosen)
			if err != nil {
				t.Fatal(err)
			}
			rec, err := metrics.NewRecording(chosen, "")
			if err != nil {
				t.Fatal(err)
			}
			rec.Neurons = 5
			samples := uneven(7, 10, k.n)
			samples.Source.Units, samples.Source.Drawn = k.units, k.drawn
			got, err := rec.Like(samples, "file")
			if k.wrong != "" {
				var wrong *metrics.NeuronsError
				if !errors.As(err, &wrong) || err.Error() != k.wrong || wrong.Hint(dashed) != k.hint || !wrong.BadInput() {
					t.Fatalf("%v, want %s (%s)", err, k.wrong, k.hint)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			for i, column := range k.want {
				for rep := range 7 {
					for b := range 10 {
						if got.At(rep, b, i) != samples.At(rep, b, column) {
							t.Fatalf("neuron %d is not column %d", i, column)
						}
					}
				}
			}
		})
	}
}

// Bins of another width are no samples of the recording's; those of a file that doesn't say
// are, and spike times are counted in its bins.
func TestLikeByBins(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write := func(name string, f spikes.Format, width float64) string {
		t.Helper()
		var b bytes.Buffer
		if err := spikes.Write(&b, uneven(3, 20, 2), f, spikes.Meta{BinWidth: width}); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	fine := uneven(6, 40, 2)
	fine.BinWidth = 0.02
	rec, err := metrics.NewRecording(fine, "")
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range []struct {
		path  string
		bins  int // of what is read; 0: refused
		wrong string
	}{
		{write("a.npz", spikes.NPZ, 0.02), 20, ""},
		{write("b.npz", spikes.NPZ, 0.01), 0, "b.npz has bins of 0.01 s, the recording's are 0.02 s"},
		{write("c.npz", spikes.NPZ, 0.02000000001), 20, ""},
		{write("d.mat", spikes.MAT, 0.04), 0, "d.mat has bins of 0.04 s, the recording's are 0.02 s"},
		{write("e.npy", spikes.NPY, 0.01), 20, ""}, // it doesn't say
		{write("f.csv", spikes.Times, 0.02), 20, ""},
		{write("g.csv", spikes.Times, 0.01), 10, ""},
		{write("h.npz", spikes.Pynapple, 0.01), 10, ""},
	} {
		got, err := rec.Samples(k.path)
		var wide *metrics.WidthError
		switch {
		case k.bins == 0:
			if !errors.As(err, &wide) || !strings.HasSuffix(err.Error(), k.wrong) || !wide.BadInput() || !strings.Contains(wide.Hint(dashed), fmt.Sprintf("--bin-width %g says", wide.Have)) {
				t.Errorf("%s: %v, want %s", k.path, err, k.wrong)
			}
		case err != nil:
			t.Error(err)
		case got.Bins != k.bins || got.BinWidth != rec.All.BinWidth && filepath.Base(k.path) != "c.npz":
			t.Errorf("%s: %d bins of %g s, want %d", k.path, got.Bins, got.BinWidth, k.bins)
		}
	}
	if _, err := rec.Samples(filepath.Join(dir, "none.npz")); err == nil {
		t.Error("a file that is not there was read")
	}
}

// The axes of a bare array are those that give the chosen neurons or all of the recording's,
// the usual ones first.
func TestLikeByAxes(t *testing.T) {
	t.Parallel()
	chosen, err := uneven(4, 30, 5).Select([]int{4, 1})
	if err != nil {
		t.Fatal(err)
	}
	rec, err := metrics.NewRecording(chosen, "")
	if err != nil {
		t.Fatal(err)
	}
	rec.Neurons = 5
	for _, k := range []struct {
		shape                  string
		repeats, bins, neurons int // 0: refused
	}{
		{"(3, 20, 2)", 3, 20, 2},
		{"(3, 2, 20)", 3, 20, 2}, // the usual axes would be 20 neurons
		{"(2, 12, 5)", 2, 12, 2}, // all, though two of something are there
		{"(5, 12, 2)", 5, 12, 2},
		{"(3, 5, 8)", 3, 8, 2}, // all, on another axis
		{"(10, 4, 3)", 0, 0, 0},
		{"(60, 2)", 2, 30, 2}, // flat, and cut
		{"(2, 60)", 2, 30, 2},
	} {
		path := filepath.Join(t.TempDir(), "a.npy")
		if err := os.WriteFile(path, zeros(k.shape), 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := rec.Samples(path)
		switch {
		case k.bins == 0:
			if err == nil {
				t.Errorf("%s is read as %d x %d x %d", k.shape, got.Repeats, got.Bins, got.Neurons)
			}
		case err != nil:
			t.Errorf("%s: %v", k.shape, err)
		case got.Repeats != k.repeats || got.Bins != k.bins || got.Neurons != k.neurons || len(got.Source.Warnings) > 0:
			t.Errorf("%s is read as %d x %d x %d, %q", k.shape, got.Repeats, got.Bins, got.Neurons, got.Source.Warnings)
		}
	}
}

// zeros is a .npy file of zeros with 120 elements.
func zeros(shape string) []byte {
	head := fmt.Sprintf("{'descr': '|u1', 'fortran_order': False, 'shape': %s, }", shape)
	return fmt.Appendf(nil, "\x93NUMPY\x01\x00%c\x00%-117s\n%s", 118, head, make([]byte, 120))
}

// More neurons than can be counted are the choice's fault.
func TestTooManyNeurons(t *testing.T) {
	t.Parallel()
	rec, err := metrics.NewRecording(uneven(2, 5, 33), "")
	if err != nil {
		t.Fatal(err)
	}
	var o *metrics.OptionError
	if _, err := rec.Law(metrics.Trained, 1); !errors.As(err, &o) || err.Error() != "neurons: counting states: 33 neurons, at most 32 can be counted: select fewer" {
		t.Error(err)
	}
}

// Where nothing says which neurons, they are those of a file of samples, or the first ones,
// as many as there are.
func TestChoiceOfNeurons(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write := func(name string, f spikes.Format, neurons []int, names []string) string {
		t.Helper()
		var b bytes.Buffer
		if err := spikes.Write(&b, uneven(3, 20, len(neurons)), f, spikes.Meta{BinWidth: 0.02, Neurons: neurons, Names: names}); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	shaped := func(shape string) string {
		path := filepath.Join(t.TempDir(), "shaped.npy")
		if err := os.WriteFile(path, zeros(shape), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	five := []int{0, 1, 2, 3, 4}
	plain := write("plain.npy", spikes.NPY, five, nil)
	named := write("named.csv", spikes.CSV, five, []string{"a", "b", "c", "d", "e"})
	for _, k := range []struct {
		what    string
		data    string
		options metrics.RecordingOptions
		want    []int
		wrong   string
	}{
		{"all", plain, metrics.RecordingOptions{}, five, ""},
		{"some", plain, metrics.RecordingOptions{AtMost: 3}, []int{0, 1, 2}, ""},
		{"more than there are", plain, metrics.RecordingOptions{AtMost: 8}, five, ""},
		{"more than there are, asked for", plain, metrics.RecordingOptions{AtMost: 4, Neurons: "8"}, nil, `neurons 8: neurons "8": the recording has 5`},
		{"a place that a recording with names has not", named, metrics.RecordingOptions{Neurons: "7,"}, nil, "by their names they are, in this order, a, b, c, d, e"},
		{"those of a file", plain, metrics.RecordingOptions{Of: write("a.npz", spikes.NPZ, []int{3, 1}, nil), AtMost: 4}, []int{3, 1}, ""},
		{"those of a file by name", named, metrics.RecordingOptions{Of: write("b.csv", spikes.Times, []int{0, 1}, []string{"e", "b"})}, []int{4, 1}, ""},
		{"those of a file by titles that are names", write("titles.csv", spikes.CSV, five, []string{"n1", "n2", "n3", "n4", "n5"}),
			metrics.RecordingOptions{Of: write("g.csv", spikes.CSV, []int{2, 1}, []string{"n3", "n2"})}, []int{2, 1}, ""},
		{"those of a file that says none", named, metrics.RecordingOptions{Of: write("c.npy", spikes.NPY, []int{3, 1}, nil)}, []int{0, 1}, ""},
		{"those of a file, but others are asked for", plain, metrics.RecordingOptions{Of: "nowhere", Neurons: "2"}, []int{0, 1}, ""},
		{"those of a file that has others", plain, metrics.RecordingOptions{Of: write("d.npz", spikes.NPZ, []int{3, 9}, nil)}, nil, "d.npz is of the neurons 3, 9; the recording has 0, 1, 2, 3, 4"},
		{"those of a file that has other names", named, metrics.RecordingOptions{Of: write("e.csv", spikes.CSV, []int{0, 1}, []string{"e", "x"})}, nil, "e.csv is of the neurons e, x; the recording has a, b, c, d, e"},
		{"those of a file that has more", plain, metrics.RecordingOptions{Of: write("f.npy", spikes.NPY, []int{0, 1, 2, 3, 4, 5}, nil)}, nil, "f.npy has 6 neurons; 5 of the recording's 5 are chosen"},
		{"those of an array that alone does not say its axes", plain, metrics.RecordingOptions{Of: shaped("(2, 5, 12)")}, five, ""},
		{"those of a flat one", plain, metrics.RecordingOptions{Of: shaped("(5, 24)")}, five, ""},
		{"those of an array of no axis of neurons", plain, metrics.RecordingOptions{Of: shaped("(3, 4, 10)")}, nil, "does not say which of its axes (3x4x10) are which"},
		{"those of no file", plain, metrics.RecordingOptions{Of: "nowhere"}, nil, "nowhere: cannot be read"},
	} {
		rec, err := metrics.ReadRecording(k.data, k.options)
		switch {
		case k.wrong != "":
			if err == nil || !strings.Contains(err.Error(), k.wrong) {
				t.Errorf("%s: %v, want %s", k.what, err, k.wrong)
			}
		case err != nil:
			t.Errorf("%s: %v", k.what, err)
		case !slices.Equal(rec.All.Source.Neurons, k.want):
			t.Errorf("%s: %v, want %v", k.what, rec.All.Source.Neurons, k.want)
		}
	}
}

// Flat samples are cut to repeats as long as the recording's where a hundredth or less is
// lost behind the last one, and else to as many as come nearest.
func TestLikeCuts(t *testing.T) {
	t.Parallel()
	rec, err := metrics.NewRecording(uneven(3, 50, 2), "")
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range []struct{ bins, repeats, of int }{
		{99, 1, 99}, {100, 2, 50}, {101, 2, 50}, {102, 2, 51}, {130, 3, 43}, {5050, 101, 50}, {5045, 100, 50}, {2045, 41, 49},
	} {
		got, err := rec.Like(spikes.NewRaster(1, k.bins, 2, 0), "flat")
		if err != nil || got.Repeats != k.repeats || got.Bins != k.of {
			t.Errorf("%d bins: %d repeats of %d, want %d of %d, %v", k.bins, got.Repeats, got.Bins, k.repeats, k.of, err)
		}
	}
}
