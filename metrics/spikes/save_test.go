package spikes

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"qgan/metrics/spikes/internal/matfile"
	"qgan/metrics/spikes/internal/npy"
)

var formats = []Format{NPZ, NPY, CSV, MAT, Times, Pynapple}

func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := NewRaster(
			rapid.IntRange(1, 5).Draw(t, "repeats"),
			rapid.IntRange(1, 6).Draw(t, "bins"),
			rapid.SampledFrom([]int{1, 2, 3, 8, 63, 64, 65, 130}).Draw(t, "neurons"),
			rapid.SampledFrom([]float64{0.001, 0.02, 1.0 / 3}).Draw(t, "bin width"))
		spikes := rapid.SliceOfN(rapid.Bool(), r.Repeats*r.Bins*r.Neurons, r.Repeats*r.Bins*r.Neurons).Draw(t, "spikes")
		for i, fired := range spikes {
			r.Set(i/r.Neurons/r.Bins, i/r.Neurons%r.Bins, i%r.Neurons, fired)
		}
		for _, f := range formats {
			var b bytes.Buffer
			if err := Write(&b, r, f, Meta{Seed: 1}); err != nil {
				t.Fatalf("%s: %v", f, err)
			}
			opt := LoadOptions{}
			if f == Pynapple {
				opt.BinWidth = r.BinWidth
			}
			if f == NPY { // which doesn't say what its axes are
				opt.Neurons = r.Neurons
			}
			got, err := Decode("f", b.Bytes(), opt)
			if err != nil {
				t.Fatalf("%s: %v", f, err)
			}
			if got.Repeats != r.Repeats || got.Bins != r.Bins || got.Neurons != r.Neurons || cmp.Diff(r.words, got.words) != "" {
				t.Fatalf("%s: %s came back as another %s", f, r.shape(), got.shape())
			}
			want := r.BinWidth
			if f == NPY || f == CSV {
				want = DefaultBinWidth // they have no room for it
			}
			if got.BinWidth != want {
				t.Fatalf("%s: bins of %v s came back as %v", f, r.BinWidth, got.BinWidth)
			}
			if f != NPY && f != CSV {
				if len(got.Source.Warnings) != 0 {
					t.Fatalf("%s: warnings %v", f, got.Source.Warnings)
				}
			}
		}
	})
}

func TestSameBytes(t *testing.T) {
	r := Builtin()
	m := Meta{Seed: 3, Model: "born", Extra: map[string]any{"z": 1, "a": []int{2}, "m": "x"}}
	for _, f := range formats {
		var a, b bytes.Buffer
		if err := Write(&a, r, f, m); err != nil {
			t.Fatal(err)
		}
		if err := Write(&b, r, f, m); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(a.Bytes(), b.Bytes()) {
			t.Errorf("%s: the same raster gives other bytes", f)
		}
		same(t, string(f), r, mustDecode(t, a.Bytes(), LoadOptions{}))
	}
}

func TestSidecar(t *testing.T) {
	r := pattern(2, 3, 2)
	m := Meta{Seed: 7, BinWidth: 0.005, LatentScale: "trained", Neurons: []int{4, 1}}
	for _, f := range formats {
		path := filepath.Join(t.TempDir(), "trains"+f.Extension())
		var b, side bytes.Buffer
		if err := errors.Join(Write(&b, r, f, m), WriteSidecar(&side, r, f, m)); err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(os.WriteFile(path, b.Bytes(), 0o600), os.WriteFile(SidecarPath(path), side.Bytes(), 0o600)); err != nil {
			t.Fatal(err)
		}
		got, err := Load(path, LoadOptions{})
		if err != nil {
			t.Fatal(err)
		}
		same(t, string(f), r, got)
		if got.BinWidth != 0.005 || f != NPY && len(got.Source.Warnings) != 0 {
			t.Errorf("%s: bins of %v s, warnings %v", f, got.BinWidth, got.Source.Warnings)
		}
		var told struct {
			Schema, Format string
			Shape          []int
			Seed           uint64
			Units          map[string]string
			BitOrder       string `json:"bit_order"`
			LatentScale    string `json:"latent_scale"`
		}
		if err := json.Unmarshal(side.Bytes(), &told); err != nil {
			t.Fatal(err)
		}
		if told.Schema != "qgan.spikes/v1" || told.Format != string(f) || !cmp.Equal(told.Shape, []int{2, 3, 2}) || told.Seed != 7 ||
			told.Units["bin_width_s"] != "seconds" || told.BitOrder != BitOrder || told.LatentScale != "trained" {
			t.Errorf("%s: the sidecar says %+v", f, told)
		}
	}
	if err := Write(io.Discard, NewRaster(1, 1, 1, 0), Times, Meta{}); err == nil {
		t.Error("spike times were written without a bin width")
	}
}

func TestWriteTimes(t *testing.T) {
	const want = "# repeats=2 duration_s=0.04 bin_width_s=0.02 units=7,0,3\nunit,time,repeat\n0,0.01,0\n3,0.03,0\n3,0.01,1\n7,0.03,1\n"
	r := NewRaster(2, 2, 3, 0.02)
	for _, s := range [][3]int{{0, 0, 1}, {0, 1, 2}, {1, 0, 2}, {1, 1, 0}} {
		r.Set(s[0], s[1], s[2], true)
	}
	var b bytes.Buffer
	if err := Write(&b, r, Times, Meta{Neurons: []int{7, 0, 3}}); err != nil {
		t.Fatal(err)
	}
	if b.String() != want {
		t.Errorf("wrote\n%s\nwant\n%s", b.String(), want)
	}
}

func TestMetaIsKept(t *testing.T) {
	r := pattern(2, 3, 2)
	m := Meta{Seed: 1<<64 - 1, LatentScale: "trained", Model: "born", Neurons: []int{4, 1}, Extra: map[string]any{"shots": 100}}
	const want = `{"schema":"qgan.spikes/v1","axes":["samples","bins","neurons"],"seed":18446744073709551615,"bin_width_s":0.02,` +
		`"latent_scale":"trained","model":"born","neurons":[4,1],"bit_order":"neuron 0 of timestep 0 first, most significant","extra":{"shots":100}}`
	var z bytes.Buffer
	if err := Write(&z, r, NPZ, m); err != nil {
		t.Fatal(err)
	}
	members, err := npy.Members(z.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for i := range members {
		names = append(names, members[i].Name)
		a, err := members[i].Read()
		if err != nil {
			t.Fatal(err)
		}
		switch members[i].Name {
		case "meta":
			if d := cmp.Diff(want, string(a.Bytes)); d != "" || !json.Valid(a.Bytes) {
				t.Errorf("meta (-want +got):\n%s", d)
			}
		case "neurons":
			if a.At(0) != 4 || a.At(1) != 1 {
				t.Errorf("neurons %v %v", a.At(0), a.At(1))
			}
		}
	}
	if d := cmp.Diff([]string{"spikes", "bin_width_s", "neurons", "meta"}, names); d != "" {
		t.Errorf("members (-want +got):\n%s", d)
	}
	var b bytes.Buffer
	if err := Write(&b, r, MAT, m); err != nil {
		t.Fatal(err)
	}
	vars, err := matfile.Variables(b.Bytes())
	if err != nil || len(vars) != 4 {
		t.Fatal(vars, err)
	}
	text, err := vars[3].Read()
	if err != nil {
		t.Fatal(err)
	}
	var s strings.Builder
	for i := range text.Len() {
		s.WriteRune(rune(text.At(i)))
	}
	if d := cmp.Diff(want, s.String()); d != "" {
		t.Errorf("meta in the MAT-file (-want +got):\n%s", d)
	}
}

func TestBinWidthOfTheCaller(t *testing.T) {
	r := pattern(1, 3, 2)
	var b bytes.Buffer
	if err := Write(&b, r, NPZ, Meta{BinWidth: 0.01}); err != nil {
		t.Fatal(err)
	}
	got := mustDecode(t, b.Bytes(), LoadOptions{BinWidth: 0.005})
	if got.BinWidth != 0.005 || len(got.Source.Warnings) != 1 {
		t.Errorf("bins of %v s, warnings %v", got.BinWidth, got.Source.Warnings)
	}
}

func TestWriteErrors(t *testing.T) {
	r := pattern(1, 2, 2)
	for want, f := range map[string]func() error{
		"2 neurons: 1 indices":     func() error { return Write(&bytes.Buffer{}, r, CSV, Meta{Neurons: []int{1}}) },
		`no format "xls"`:          func() error { return Write(&bytes.Buffer{}, r, "xls", Meta{}) },
		"describing their":         func() error { return Write(&bytes.Buffer{}, r, NPZ, Meta{Extra: map[string]any{"x": math.NaN()}}) },
		"as npz: the disk is full": func() error { return Write(full{}, r, NPZ, Meta{}) },
		"as npy: the disk is full": func() error { return Write(full{}, r, NPY, Meta{}) },
		"as csv: the disk is full": func() error { return Write(full{}, r, CSV, Meta{}) },
		"as mat: the disk is full": func() error { return Write(full{}, r, MAT, Meta{}) },
	} {
		if err := f(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want …%s…", err, want)
		}
	}
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("the disk is full") }

func TestFormatOf(t *testing.T) {
	for path, want := range map[string]Format{"a.npz": NPZ, "b/c.NPY": NPY, "x.csv": CSV, "x.y.mat": MAT, "-": CSV} {
		if got, err := FormatOf(path); got != want || err != nil {
			t.Errorf("%s: %q %v, want %q", path, got, err, want)
		}
	}
	for _, path := range []string{"a", "a.txt", ""} {
		var in *InputError
		if _, err := FormatOf(path); !errors.As(err, &in) {
			t.Errorf("%q: %v", path, err)
		}
	}
}

func TestFormatFor(t *testing.T) {
	for _, k := range []struct {
		what, path string
		want       Format
		refused    string
	}{
		{"windows", "a.npy", NPY, ""},
		{"windows", "-", CSV, ""},
		{"windows", "a.txt", "", `a.txt: the extension ".txt" names no format to write (use .npz, .npy, .csv or .mat)`},
		{"spike-times", "a.CSV", Times, ""},
		{"spike-times", "-", Times, ""},
		{"spike-times", "a.npz", "", "format spike-times out a.npz: the file needs the extension .csv"},
		{"pynapple", "a.npz", Pynapple, ""},
		{"pynapple", "-", "", "format pynapple out -: the file needs the extension .npz"},
		{"npz", "a.npz", "", "format npz: it can be windows, spike-times or pynapple"},
	} {
		got, err := FormatFor(k.what, k.path)
		text := ""
		if err != nil {
			text = err.Error()
		}
		if got != k.want || text != k.refused {
			t.Errorf("%s, %s: %q, %q", k.what, k.path, got, text)
		}
	}
}
