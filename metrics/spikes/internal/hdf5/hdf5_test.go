package hdf5

import (
	"encoding/binary"
	"fmt"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	mt "qgan/metrics/spikes/internal/mattest"
	"qgan/metrics/spikes/internal/raw"
)

// make.py says how the files were made.
func read(tb testing.TB, name string) []byte {
	tb.Helper()
	return mt.Inflated(tb, filepath.Join("testdata", name+".gz"))
}

// spikes is the array that make.py writes.
func spikes(transposed bool) []float64 {
	out := make([]float64, 3*11*4)
	for i := range 3 {
		for j := range 11 {
			for k := range 4 {
				at := (i*11+j)*4 + k
				if transposed {
					at = (k*11+j)*3 + i
				}
				if (i*7+j*j*3+k*5+i*j*k)%4 == 1 {
					out[at] = 1
				}
			}
		}
	}
	return out
}

func TestForms(t *testing.T) {
	back, front := []int{3, 11, 4}, []int{4, 11, 3}
	for _, c := range []struct {
		file, path, kind string
		dims             []int
		want             []float64
		error            string
	}{
		{"matlab.mat", "data", "double", front, spikes(true), ""},
		{"matlab.mat", "flag", "logical", front, spikes(true), ""},
		{"matlab.mat", "struct/inside", "uint8", front, spikes(true), ""},
		{"matlab.mat", "fs", "double", []int{1, 1}, []float64{50}, ""},
		{"matlab.mat", "text", "char", []int{2, 1}, []float64{104, 105}, ""},
		{"matlab.mat", "cell", "cell", []int{1, 1}, nil, "holds references"},
		{"forms.h5", "group/bool", "int8", back, spikes(false), ""},
		{"forms.h5", "big", "int32", back, spikes(false), ""},
		{"forms.h5", "single", "float32", back, spikes(false), ""},
		{"forms.h5", "signed", "int64", back, spikes(false), ""},
		{"forms.h5", "scalar", "float64", nil, []float64{0.02}, ""},
		{"forms.h5", "many/a11", "int64", nil, []float64{11}, ""},
		{"forms.h5", "lzf", "uint8", back, nil, "LZF (filter 32000)"},
		{"forms.h5", "half", "floats", back, nil, "holds floats"},
		{"forms.h5", "words", "text", []int{2}, nil, "holds text, not numbers"},
		{"forms.h5", "never", "float64", []int{2, 3}, nil, "never written"},
		{"latest.h5", "plain", "uint8", back, spikes(false), ""},
		{"latest.h5", "group/inner", "float64", back, spikes(false), ""},
		{"latest.h5", "chunked", "uint8", back, nil, `libver="earliest"`},
		{"units.nwb", "units/spike_times_index", "uint8", []int{3}, []float64{3, 3, 7}, ""},
	} {
		f, err := Open(read(t, c.file))
		if err != nil {
			t.Errorf("%s: %v", c.file, err)
			continue
		}
		var d *Dataset
		for _, x := range f.Datasets {
			if x.Path == c.path {
				d = x
			}
		}
		if d == nil {
			t.Errorf("%s: no array %q", c.file, c.path)
			continue
		}
		if d.Kind() != c.kind || !cmp.Equal(d.Dims, c.dims) {
			t.Errorf("%s %s: %s of %v, want %s of %v", c.file, c.path, d.Kind(), d.Dims, c.kind, c.dims)
		}
		a, err := d.Read()
		if c.error != "" || err != nil {
			if err == nil || c.error == "" || !strings.Contains(err.Error(), c.error) {
				t.Errorf("%s %s: error %v, want …%s…", c.file, c.path, err, c.error)
			}
			continue
		}
		got := make([]float64, a.Len())
		for i := range got {
			got[i] = a.At(i)
		}
		if d := cmp.Diff(c.want, got); d != "" {
			t.Errorf("%s %s (-want +got):\n%s", c.file, c.path, d)
		}
	}
}

func TestListed(t *testing.T) {
	for name, want := range map[string]struct {
		matlab bool
		unread map[string]string
	}{
		"matlab.mat": {true, map[string]string{}},
		"forms.h5":   {false, map[string]string{}},
		"units.nwb":  {false, map[string]string{}},
	} {
		f, err := Open(read(t, name))
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want.unread, f.Unread); d != "" || f.MATLAB != want.matlab {
			t.Errorf("%s: MATLAB %v, unread (-want +got):\n%s", name, f.MATLAB, d)
		}
	}
	f, err := Open(read(t, "matlab.mat"))
	if err != nil {
		t.Fatal(err)
	}
	empty := 0
	for _, d := range f.Datasets {
		if d.Empty {
			empty++
		}
	}
	if empty != 1 {
		t.Errorf("%d arrays are said to be empty, want 1", empty)
	}
}

// Every prefix of a file is an error or has no more arrays than the file, and
// takes no memory beyond what its size allows.
func TestTruncated(t *testing.T) {
	for _, name := range []string{"matlab.mat", "forms.h5", "latest.h5", "units.nwb"} {
		b := read(t, name)
		for n := 0; n < len(b); n += 1 + len(b)/200 {
			f, err := Open(b[:n])
			if err != nil {
				continue
			}
			for _, d := range f.Datasets {
				d.Read()
			}
		}
	}
}

// A size that a damaged file claims is not believed.
func TestHugeClaim(t *testing.T) {
	b := read(t, "forms.h5")
	var shape []byte
	for _, n := range []uint64{3, 11, 4} {
		shape = binary.LittleEndian.AppendUint64(shape, n)
	}
	huge := strings.ReplaceAll(string(b), string(shape), "\x00\x00\x00\x10\x00\x00\x00\x00"+string(shape[8:]))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f, err := Open([]byte(huge))
	if err != nil {
		t.Fatal(err)
	}
	claims := 0
	for _, d := range f.Datasets {
		if _, err := d.Read(); err != nil && strings.Contains(fmt.Sprint(err), "can hold") {
			claims++
		}
	}
	runtime.ReadMemStats(&after)
	if claims < 4 {
		t.Errorf("%d arrays were refused for their size", claims)
	}
	if got := after.TotalAlloc - before.TotalAlloc; got > 16<<20 {
		t.Errorf("%d bytes were allocated for a file of %d", got, len(b))
	}
}

func FuzzOpen(f *testing.F) {
	for _, name := range []string{"matlab.mat", "forms.h5", "latest.h5", "units.nwb"} {
		f.Add(read(f, name))
	}
	for _, b := range referring() {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		h, err := Open(b)
		if err != nil {
			return
		}
		for i := 0; i < len(h.Datasets) && i < 1000; i++ {
			d := h.Datasets[i]
			d.Texts()
			if inner, err := d.Elements(); err == nil {
				h.Datasets = append(h.Datasets, inner...)
			}
			a, err := d.Read()
			if err != nil {
				continue
			}
			n := 1
			for _, x := range d.Dims {
				n *= x
			}
			if a.Len() != n || n > max(1<<16+1032*len(b), raw.Spread(len(b))) {
				t.Fatalf("%d elements of %v from %d bytes", a.Len(), d.Dims, len(b))
			}
		}
	})
}
