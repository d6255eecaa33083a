package spikes

import (
	"bytes"
	"errors"
	"strings"
	"testing"
)

// rows writes a raster as one string of digits a bin, repeats separated by |.
func rows(r *Raster) string {
	var b strings.Builder
	for rep := range r.Repeats {
		if rep > 0 {
			b.WriteString("| ")
		}
		for bin := range r.Bins {
			for n := range r.Neurons {
				if r.At(rep, bin, n) {
					b.WriteByte('1')
				} else {
					b.WriteByte('0')
				}
			}
			b.WriteByte(' ')
		}
	}
	return strings.TrimSpace(b.String())
}

func TestReadCSV(t *testing.T) {
	for _, c := range []struct {
		name, text string
		opt        LoadOptions
		want       string
	}{
		{"plain", "0,1,0\n1,0,0\n0,0,1\n", LoadOptions{}, "010 100 001"},
		{"no last newline", "0,1,0\n1,0,0\n0,0,1", LoadOptions{}, "010 100 001"},
		{"fewer bins than neurons", "0,1,0\n1,0,0", LoadOptions{Axes: "bins,neurons"}, "010 100"},
		{"as many neurons as expected", "0,1,0\n1,0,0", LoadOptions{Neurons: 3}, "010 100"},
		{"as many rows as neurons expected", "0,1,0\n1,0,0", LoadOptions{Neurons: 2}, "01 10 00"},
		{"Windows", "\xef\xbb\xbf0,1\r\n1,0\r\n", LoadOptions{}, "01 10"},
		{"blanks and comments", "# made by hand\n\n 0, 1\n  # so\n1 ,0\n", LoadOptions{}, "01 10"},
		{"header", "left,right\n0,1\n1,1\n", LoadOptions{}, "01 11"},
		{"quoted header", "\"a\",\"b\"\n0,1\n1,1\n", LoadOptions{}, "01 11"},
		{"semicolons", "0;1\n1;0\n", LoadOptions{}, "01 10"},
		{"tabs", "0\t1\n1\t0\n", LoadOptions{}, "01 10"},
		{"numpy.savetxt", "0.000000000000000000e+00 1.000000000000000000e+00\n1.0  0.0\n", LoadOptions{}, "01 10"},
		{"one neuron", "0\n1\n1\n", LoadOptions{}, "0 1 1"},
		{"neurons first", "0,1,1\n1,0,0\n", LoadOptions{Axes: "neurons,bins"}, "01 10 10"},
		{"cut", "0\n1\n1\n1\n0\n", LoadOptions{RepeatBins: 2}, "0 1 | 1 1"},
		{"samples", "sample,bin,n0,n1\n0,0,0,1\n0,1,1,1\n1,0,0,0\n1,1,1,0\n", LoadOptions{}, "01 11 | 00 10"},
		{"labels", "Trial,a\nx,1\nx,0\ny,0\ny,1\n", LoadOptions{}, "1 0 | 0 1"},
		{"bins only", "bin,a,b\n5,0,1\n6,1,0\n", LoadOptions{}, "01 10"},
		{"columns in the middle", "a,repeat,b,bin\n1,1,0,1\n0,2,1,1\n", LoadOptions{}, "10 | 01"},
	} {
		r, err := Decode("f.csv", []byte(c.text), c.opt)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if got := rows(r); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

func TestCSVErrors(t *testing.T) {
	for _, c := range []struct {
		name, text string
		opt        LoadOptions
		want       string
	}{
		{"comments only", "# nothing\n", LoadOptions{}, "not one row"},
		{"header only", "a,b\n", LoadOptions{}, "not one row"},
		{"ragged", "0,1\n0,1,1\n", LoadOptions{}, "line 2: 3 columns where the rows before have 2"},
		{"a word", "0,1\n# c\n0,x\n", LoadOptions{}, `line 3: column 2: "x" is not a number`},
		{"a word in the first row", "0,1,x\n0,1,1\n", LoadOptions{}, `line 1: column 3: "x" is not a number`},
		{"a gap", "0,1\n0,\n", LoadOptions{}, `line 2: column 2: "" is not a number`},
		{"a count", "0,1\n0,1\n3,0\n", LoadOptions{}, "line 3: column 1: element (repeat 0, bin 2, neuron 0) is 3 (spike counts"},
		{"a count in a cut", "0,1\n0,1\n3,0\n", LoadOptions{RepeatBins: 2}, "element (repeat 1, bin 0, neuron 0) is 3"},
		{"a count, neurons first", "0,1,0\n0,1,2\n", LoadOptions{Axes: "neurons,bins"}, "element (repeat 0, bin 2, neuron 1) is 2"},
		{"a count, neurons first, cut", "0,1,0\n0,1,2\n", LoadOptions{Axes: "neurons,bins", RepeatBins: 2}, "element (repeat 1, bin 0, neuron 1) is 2"},
		{"a count in a sample", "sample,n0\n4,0\n5,0.5\n", LoadOptions{}, "line 3: column 2: element (repeat 1, bin 0, neuron 0) is 0.5"},
		{"not a number", "0,nan\n", LoadOptions{}, "is NaN (missing values"},
		{"no neuron", "sample,bin\n0,0\n", LoadOptions{}, "no column of a neuron"},
		{"uneven samples", "sample,a\n0,1\n0,1\n1,1\n2,0\n", LoadOptions{}, "line 5: sample 1 has 1 bins, those before have 2"},
		{"uneven end", "sample,a\n0,1\n0,1\n1,1\n", LoadOptions{}, "sample 1 has 1 bins"},
		{"sample twice", "sample,a\n0,1\n1,1\n0,1\n", LoadOptions{}, "sample 0 begins a second time"},
		{"bins unsorted", "bin,a\n0,1\n2,1\n", LoadOptions{}, "line 3: bin 2 where bin 1 should follow"},
		{"bin no number", "bin,a\nx,1\n", LoadOptions{}, `"x" is not the number of a bin`},
		{"axes against columns", "sample,a\n0,1\n", LoadOptions{Axes: "bins,neurons"}, "say repeats,bins,neurons, not bins,neurons"},
		{"cut with samples", "sample,a\n0,1\n", LoadOptions{RepeatBins: 1}, "has an axis of repeats already"},
		{"prose", "Dear all, see below.\nRegards\n", LoadOptions{}, "line 2: 1 columns"},
	} {
		_, err := Decode("f.csv", []byte(c.text), c.opt)
		var in *InputError
		if !errors.As(err, &in) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want …%s…", c.name, err, c.want)
		}
	}
}

func TestWriteCSV(t *testing.T) {
	r := pattern(2, 2, 3)
	r.Source.Path = "/somewhere/private.mat"
	const want = "sample,bin,n7,n0,n3\n0,0,0,1,0\n0,1,0,0,1\n1,0,0,0,1\n1,1,0,0,0\n"
	var b bytes.Buffer
	if err := Write(&b, r, CSV, Meta{Neurons: []int{7, 0, 3}, Seed: 9}); err != nil {
		t.Fatal(err)
	}
	if b.String() != want {
		t.Errorf("wrote\n%s\nwant\n%s", b.String(), want)
	}
}
