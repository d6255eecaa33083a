package spikes

import (
	"bytes"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"qgan/metrics/spikes/internal/npy"
)

// An array doesn't say which of its axes are which: what gives more neurons than bins is
// never read by a guess, whatever its name.
func TestPlausibleAxes(t *testing.T) {
	for _, k := range []struct {
		name  string
		shape []int
		opt   LoadOptions
		got   string // repeats, bins and neurons
		warns string
		error string
	}{
		{"data", []int{100, 4}, LoadOptions{}, "1 100 4", "", ""},
		{"data", []int{4, 100}, LoadOptions{}, "", "", "bins,neurons would be 4 bins, 100 neurons (give the option axes: neurons,bins (4 neurons, 100 bins); or bins,neurons, if"},
		{"x", []int{4, 100}, LoadOptions{Axes: "neurons,bins"}, "1 100 4", "", ""},
		{"x", []int{4, 100}, LoadOptions{Axes: "bins,neurons"}, "1 4 100", "more neurons (100) than time bins (4) by the axes bins,neurons", ""},
		{"x", []int{100, 4}, LoadOptions{Axes: "neurons,bins"}, "1 4 100", "more neurons", ""},
		{"data", []int{6, 4, 100}, LoadOptions{}, "", "", "give the option axes: repeats,neurons,bins (6 repeats, 4 neurons, 100 bins) or neurons,repeats,bins"},
		{"bint", []int{6, 100, 4}, LoadOptions{}, "", "", "give the option axes: repeats,bins,neurons (6 repeats, 100 bins, 4 neurons)"},
		{"spikes", []int{100, 4, 6}, LoadOptions{}, "", "", "bins,neurons,repeats (100 bins, 4 neurons, 6 repeats)"},
		{"samples", []int{3, 3, 3}, LoadOptions{}, "3 3 3", "", ""},
		{"x", []int{3, 3, 3}, LoadOptions{}, "3 3 3", "the axes of variable \"x\" (3x3x3) were taken as repeats,bins,neurons", ""},
		{"data", []int{100, 6, 4}, LoadOptions{}, "100 6 4", "were taken as", ""},
		{"x", []int{6, 4, 100}, LoadOptions{Neurons: 4}, "6 100 4", "", ""},
		{"x", []int{4, 6, 100}, LoadOptions{Neurons: 4}, "6 100 4", "", ""},
		{"x", []int{6, 4, 100}, LoadOptions{Neurons: 100}, "6 4 100", "", ""},
		{"x", []int{6, 4, 100}, LoadOptions{Neurons: 5}, "", "", "give the option axes"},
		{"x", []int{4, 4, 100}, LoadOptions{Neurons: 4}, "", "", "give the option axes"},
		{"x", []int{4, 100}, LoadOptions{Neurons: 4}, "1 100 4", "", ""},
		{"x", []int{2, 8}, LoadOptions{Neurons: 8}, "1 2 8", "", ""},
	} {
		n := 1
		for _, d := range k.shape {
			n *= d
		}
		b := archive(t, 0.02, npy.Out{Name: k.name, Descr: "|u1", Shape: k.shape, Data: make([]byte, n)})
		r, err := Decode("f", b, k.opt)
		if k.error != "" || err != nil {
			if err == nil || k.error == "" || !strings.Contains(err.Error(), k.error) {
				t.Errorf("%s %v: error %v, want …%s…", k.name, k.shape, err, k.error)
			}
			continue
		}
		w := strings.Join(r.Source.Warnings, "; ")
		if got := fmt.Sprint(r.Repeats, r.Bins, r.Neurons); got != k.got || !strings.Contains(w, k.warns) || (w == "") != (k.warns == "") {
			t.Errorf("%s %v %+v: %s, want %s; warnings %q", k.name, k.shape, k.opt, got, k.got, w)
		}
	}
}

// What values other than 0 and 1 may be is said with what to do about them.
func TestRemedies(t *testing.T) {
	matrix := func(columns int, x ...float64) []byte {
		a := vector("x", x...)
		a.Shape = []int{len(x) / columns, columns}
		return archive(t, 0.02, a)
	}
	for _, k := range []struct {
		name string
		b    []byte
		want string
	}{
		{"samples in a column", matrix(1, 300, 1500, 5700), "3 rising whole numbers, as numbers of samples with spikes are, 300 to 5700 (the option sampling-rate"},
		{"times in a row", matrix(3, 0.5, 1.5, 7.25), "3 rising numbers, as spike times of one neuron are, 0.5 to 7.25"},
		{"one axis", archive(t, 0.02, integers("x", 3, 7, 9)), "rising whole numbers"},
		{"one axis of zeros and ones", archive(t, 0.02, integers("x", 0, 1, 0)), "has 1 axes (3)"},
		{"an index", matrix(3, 0, 1, 0, 1, 0, 1, 2, 0, 0, 3, 1, 1), "the first column counts the rows and is no neuron"},
		{"times and units", matrix(2, 0.5, 7, 1.5, 3, 2.5, 7), "two columns of which one rises"},
		{"units and times", matrix(2, 7, 0.5, 3, 1.5, 7, 2.5), "two columns of which one rises"},
		{"times filled up", matrix(3, 0.5, 1.5, 2.5, 0.25, 4, math.NaN()), "num2cell(x, 2)"},
		{"missing values", matrix(2, 0, 1, math.NaN(), 0, 1, 1), "missing values can't be used"},
		{"counts", matrix(3, 0, 2, 1, 1, 0, 1, 0, 0, 3), "binarised"},
		{"counts in a column", matrix(1, 0, 2, 0, 1), "binarised"},
	} {
		_, err := Decode("f", k.b, LoadOptions{})
		if err == nil || !strings.Contains(err.Error(), k.want) {
			t.Errorf("%s: error %v, want …%s…", k.name, err, k.want)
		}
	}
}

func TestOrders(t *testing.T) {
	for want, dims := range map[string][]int{
		"neurons,bins (4 neurons, 100 bins)": {4, 100},
		"bins,neurons (100 bins, 1 neuron)":  {100, 1},
		"the order of bins, neurons":         {3, 3},
	} {
		if d := cmp.Diff(want, orders(dims)); d != "" {
			t.Errorf("%v (-want +got):\n%s", dims, d)
		}
	}
}

// Spike trains that were drawn say what their axes are, in the file or beside it.
func TestAxesThatAreSaid(t *testing.T) {
	want := pattern(5, 2, 3)
	for _, form := range []Format{NPZ, MAT, NPY} {
		path := filepath.Join(t.TempDir(), "f"+form.Extension())
		var b, side bytes.Buffer
		if err := Write(&b, want, form, Meta{}); err != nil {
			t.Fatal(err)
		}
		if err := WriteSidecar(&side, want, form, Meta{}); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		r, err := Load(path, LoadOptions{})
		if form == NPY {
			if err == nil || !strings.Contains(err.Error(), "give the option axes") {
				t.Errorf("%s: error %v", form, err)
			}
		} else if err != nil || len(r.Source.Warnings) != 0 {
			t.Errorf("%s: %v, %v", form, r, err)
		}
		if err := os.WriteFile(SidecarPath(path), side.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		if r, err = Load(path, LoadOptions{}); err != nil {
			t.Errorf("%s with its description: %v", form, err)
			continue
		}
		same(t, string(form), want, r)
	}
}
