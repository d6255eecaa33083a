package spikes

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParse(t *testing.T) {
	neurons := func(s string) ([]int, error) { return ParseNeurons(s, 10) }
	repeats := func(s string) ([]int, error) { return ParseRepeats(s, 5) }
	for _, c := range []struct {
		what  string
		parse func(string) ([]int, error)
		spec  string
		want  []int
		error string
	}{
		{"neurons", neurons, "", []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, ""},
		{"neurons", neurons, "3", []int{0, 1, 2}, ""},
		{"neurons", neurons, " 10 ", []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, ""},
		{"neurons", neurons, "7,0,3", []int{7, 0, 3}, ""},
		{"neurons", neurons, "5,", []int{5}, ""},
		{"neurons", neurons, "2-4", []int{2, 3, 4}, ""},
		{"neurons", neurons, "9, 0 - 1", []int{9, 0, 1}, ""},
		{"neurons", neurons, "0", nil, "not a number of neurons"},
		{"neurons", neurons, "11", nil, "the recording has 10"},
		{"neurons", neurons, "x", nil, "not a number of neurons"},
		{"neurons", neurons, "-3", nil, "neither an index nor a range"},
		{"neurons", neurons, "1,,2", nil, "neither an index nor a range"},
		{"neurons", neurons, ",", nil, "neither an index nor a range"},
		{"neurons", neurons, "10,", nil, "neurons 0 to 9"},
		{"neurons", neurons, "1-1000000000000", nil, "neurons 0 to 9"},
		{"neurons", neurons, "4-2", nil, "runs backwards"},
		{"neurons", neurons, "1,0-2", nil, "neuron 1 is named twice"},
		{"repeats", repeats, "", []int{0, 1, 2, 3, 4}, ""},
		{"repeats", repeats, "odd", []int{0, 2, 4}, ""},
		{"repeats", repeats, "Even", []int{1, 3}, ""},
		{"repeats", repeats, "1:3", []int{1, 2}, ""},
		{"repeats", repeats, ":2", []int{0, 1}, ""},
		{"repeats", repeats, "3:", []int{3, 4}, ""},
		{"repeats", repeats, "2:2", nil, "no repeat"},
		{"repeats", repeats, "4:1", nil, "no repeat"},
		{"repeats", repeats, "0:6", nil, "out of range"},
		{"repeats", repeats, "-1:2", nil, "out of range"},
		{"repeats", repeats, "2", nil, "not a choice"},
		{"repeats", repeats, "a:b", nil, "not a choice"},
	} {
		got, err := c.parse(c.spec)
		if c.error == "" {
			if d := cmp.Diff(c.want, got); d != "" || err != nil {
				t.Errorf("%s %q: %v (-want +got):\n%s", c.what, c.spec, err, d)
			}
			continue
		}
		var in *InputError
		if !errors.As(err, &in) || !strings.Contains(err.Error(), c.error) || in.Hint == "" {
			t.Errorf("%s %q: %v %v, want an error …%s…", c.what, c.spec, got, err, c.error)
		}
	}
	if _, err := ParseRepeats("even", 1); err == nil {
		t.Error("the even ones of a single repeat are none")
	}
}

func TestParseRepeatsAgreesWithHalves(t *testing.T) {
	r := Builtin()
	odd, even := r.Halves()
	for spec, want := range map[string]*Raster{"odd": odd, "even": even} {
		index, err := ParseRepeats(spec, r.Repeats)
		if err != nil {
			t.Fatal(err)
		}
		got, err := r.SelectRepeats(index, spec)
		if err != nil {
			t.Fatal(err)
		}
		same(t, spec, want, got)
	}
}

func TestParseAxes(t *testing.T) {
	for _, c := range []struct {
		spec  string
		want  []string
		error string
	}{
		{"repeats,bins,neurons", []string{"repeats", "bins", "neurons"}, ""},
		{" Neurons , trials,time", []string{"neurons", "repeats", "bins"}, ""},
		{"samples,units,bin", []string{"repeats", "neurons", "bins"}, ""},
		{"neurons,bins", []string{"neurons", "bins"}, ""},
		{"", nil, `no axis ""`},
		{"bins,bins", nil, "stands twice"},
		{"repeats,bins", nil, "neurons are missing"},
		{"repeats,neurons", nil, "bins are missing"},
		{"x,y", nil, `no axis "x"`},
	} {
		got, err := ParseAxes(c.spec)
		if d := cmp.Diff(c.want, got); d != "" {
			t.Errorf("%q (-want +got):\n%s", c.spec, d)
		}
		if (err == nil) != (c.error == "") || (err != nil && !strings.Contains(err.Error(), c.error)) {
			t.Errorf("%q: error %v, want …%s…", c.spec, err, c.error)
		}
	}
}

// Cutting keeps every bin but what is left over at the end of a repeat.
func TestCut(t *testing.T) {
	for _, neurons := range []int{3, 70} {
		r := NewRaster(2, 11, neurons, 0.02)
		for rep := range r.Repeats {
			for b := range r.Bins {
				r.Set(rep, b, (5*rep+7*b)%neurons, true)
			}
		}
		c := r.Cut(4)
		if c.Repeats != 4 || c.Bins != 4 || c.Neurons != neurons || c.BinWidth != 0.02 || c.Source.RepeatBins != 4 {
			t.Fatalf("%d x %d x %d, %+v", c.Repeats, c.Bins, c.Neurons, c.Source)
		}
		for rep := range c.Repeats {
			for b := range c.Bins {
				for i := range neurons {
					if c.At(rep, b, i) != r.At(rep/2, rep%2*4+b, i) {
						t.Fatalf("repeat %d, bin %d, neuron %d differs", rep, b, i)
					}
				}
			}
		}
		if c := r.Cut(12); c.Repeats != 0 {
			t.Errorf("%d repeats longer than the raster's", c.Repeats)
		}
	}
}
