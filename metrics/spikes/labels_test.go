package spikes

import (
	"archive/zip"
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"

	"qgan/metrics/spikes/internal/matfile"
)

// What neurons are called is written in every format and read again: by the file alone,
// which has room for names or for indices or for neither, and with the description beside
// it, which has room for all.
func TestLabels(t *testing.T) {
	r := pattern(2, 3, 3)
	for i := range 3 {
		r.Set(1, 2, i, true) // nobody is silent
	}
	indices := []int{6, 2, 5}
	digits := []string{"6", "2", "5"}
	titles := []string{"n6", "n2", "n5"}
	inexpressible := map[Format][]string{CSV: titles, Times: digits, Pynapple: digits}
	for _, k := range []struct {
		what  string
		names []string
		alone map[Format][]string // labels by the file alone; others: 0 1 2
	}{
		{"no names", nil, inexpressible},
		{"words", []string{"unit_10", "unit_8", "β"}, map[Format][]string{CSV: {"unit_10", "unit_8", "β"}, Times: {"unit_10", "unit_8", "β"}, Pynapple: digits}},
		{"numbers", []string{"20", "3", "7"}, map[Format][]string{CSV: {"20", "3", "7"}, Times: {"20", "3", "7"}, Pynapple: {"20", "3", "7"}}},
		{"two of one number", []string{"3", "03", "7"}, map[Format][]string{CSV: {"3", "03", "7"}, Times: {"3", "03", "7"}, Pynapple: digits}},
		{"numbers as they stand", []string{"0", "1", "2"}, nil},
		{"titles of other indices", []string{"n3", "n9", "n1"}, map[Format][]string{CSV: {"n3", "n9", "n1"}, Times: {"n3", "n9", "n1"}, Pynapple: digits}},
		{"a comma", []string{"a,b", "c", "d"}, inexpressible},
		{"a blank", []string{"a b", "c", "d"}, inexpressible},
		{"not a whole number", []string{"1.5", "NaN", "d"}, inexpressible},
		{"a word of tables", []string{"Unit", "time", "d"}, inexpressible},
	} {
		for _, f := range formats {
			m := Meta{Neurons: indices, Names: k.names}
			path := filepath.Join(t.TempDir(), "trains"+f.Extension())
			var b, side bytes.Buffer
			if err := errors.Join(Write(&b, r, f, m), WriteSidecar(&side, r, f, m)); err != nil {
				t.Fatal(err)
			}
			load := func(file string, text []byte) *Raster {
				t.Helper()
				if err := os.WriteFile(file, text, 0o600); err != nil {
					t.Fatal(err)
				}
				got, err := Load(path, LoadOptions{BinWidth: 0.02})
				if err != nil {
					t.Fatalf("%s, %s: %v\n%s", k.what, f, err, b.String())
				}
				return got
			}
			got := load(path, b.Bytes())
			want := k.alone[f]
			inside := f == NPZ || f == MAT
			switch {
			case inside && k.names != nil:
				want = k.names
			case want == nil:
				want = []string{"0", "1", "2"}
			}
			drawn := inside || f == Times || f == CSV && cmp.Equal(want, titles)
			if d := cmp.Diff(want, got.Labels()); d != "" || drawn && !cmp.Equal(got.Source.Drawn, indices) {
				t.Errorf("%s, %s alone: drawn %v, labels (-want +got):\n%s", k.what, f, got.Source.Drawn, d)
			}
			same(t, k.what, r, got)
			if got = load(SidecarPath(path), side.Bytes()); !cmp.Equal(got.Source.Drawn, indices) || k.names != nil && !cmp.Equal(got.Labels(), k.names) {
				t.Errorf("%s, %s with a description: drawn %v, labels %v", k.what, f, got.Source.Drawn, got.Labels())
			}
			chosen, err := got.Select([]int{2, 0})
			if err != nil || !cmp.Equal(chosen.Source.Drawn, []int{5, 6}) || !cmp.Equal(chosen.Labels(), []string{got.Labels()[2], got.Labels()[0]}) && k.names != nil {
				t.Errorf("%s, %s: of two neurons: %v, %v, %v", k.what, f, chosen.Source.Drawn, chosen.Labels(), err)
			}
		}
	}
	if err := Write(new(bytes.Buffer), r, NPZ, Meta{Names: []string{"a"}}); err == nil || !strings.Contains(err.Error(), "1 names of neurons") {
		t.Error(err)
	}
}

// Names are arrays of their own too, for readers that know no JSON: letters of NumPy, rows of
// letters in MATLAB.
func TestNamesAreArrays(t *testing.T) {
	r := pattern(1, 4, 2)
	m := Meta{Names: []string{"a", "β𝛽c"}}
	var z, b bytes.Buffer
	if err := errors.Join(Write(&z, r, NPZ, m), Write(&b, r, MAT, m)); err != nil {
		t.Fatal(err)
	}
	archive, err := zip.NewReader(bytes.NewReader(z.Bytes()), int64(z.Len()))
	if err != nil {
		t.Fatal(err)
	}
	raw, err := fs.ReadFile(archive, "units.npy")
	if err != nil {
		t.Fatal(err)
	}
	head, letters := string(raw[:len(raw)-24]), raw[len(raw)-24:]
	want := []byte("a\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\xb2\x03\x00\x00\xfd\xd6\x01\x00c\x00\x00\x00")
	if !strings.Contains(head, "'<U3'") || !strings.Contains(head, "(2,)") || !bytes.Equal(letters, want) {
		t.Errorf("%q of %q", letters, head)
	}
	vars, err := matfile.Variables(b.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	at := slices.IndexFunc(vars, func(v *matfile.Variable) bool { return v.Name == "units" })
	x, err := vars[at].Read()
	if err != nil || !cmp.Equal(vars[at].Dims, []int{2, 4}) || vars[at].Class != matfile.Char {
		t.Fatal(vars[at], err)
	}
	var rows [2][]uint16
	for i := range 8 {
		rows[i%2] = append(rows[i%2], uint16(x.At(i)))
	}
	if got := []string{string(utf16.Decode(rows[0])), string(utf16.Decode(rows[1]))}; !cmp.Equal(got, []string{"a   ", "β𝛽c"}) {
		t.Errorf("%q", got)
	}
}

// What is no description of the file is passed over.
func TestDescriptions(t *testing.T) {
	r := pattern(1, 4, 2)
	var b bytes.Buffer
	if err := Write(&b, r, NPY, Meta{}); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "trains.npy")
	for text, want := range map[string][]string{
		`{"schema":"qgan.spikes/v1","neurons":[3,1],"neuron_names":["a","b"],"bin_width_s":0.01}`: {"a", "b"},
		`{"schema":"qgan.spikes/v1","neurons":[3,1],"neuron_names":["a","a"],"bin_width_s":0.01}`: {"0", "1"},
		`{"schema":"qgan.spikes/v1","neurons":[3,1],"neuron_names":["a"],"bin_width_s":0.01}`:     {"0", "1"},
		`{"schema":"qgan.spikes/v1","neurons":[3],"neuron_names":["a","b"],"bin_width_s":0.01}`:   {"0", "1"},
		`{"schema":"other/v1","neurons":[3,1],"neuron_names":["a","b"],"bin_width_s":0.01}`:       {"0", "1"},
		`{"schema":"qgan.spikes/v1","neurons":[3,1],"neuron_names":["a","b"]`:                     {"0", "1"},
	} {
		if err := errors.Join(os.WriteFile(path, b.Bytes(), 0o600), os.WriteFile(SidecarPath(path), []byte(text), 0o600)); err != nil {
			t.Fatal(err)
		}
		got, err := Load(path, LoadOptions{})
		if err != nil {
			t.Fatal(err)
		}
		width := DefaultBinWidth
		if strings.HasPrefix(text, `{"schema":"qgan`) && strings.HasSuffix(text, "}") {
			width = 0.01
		}
		if !cmp.Equal(got.Labels(), want) || got.BinWidth != width {
			t.Errorf("%s: labels %v, bins of %g s", text, got.Labels(), got.BinWidth)
		}
	}
}
