package spikes

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	mt "qgan/metrics/spikes/internal/mattest"
	"qgan/metrics/spikes/internal/npy"
)

// saved is one array as numpy.save writes it.
func saved(t *testing.T, a npy.Out) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := npy.Write(&b, a.Descr, a.Shape, a.Data); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestCouples reads the folders of Phy and of IBL, by their name and by that of either file.
func TestCouples(t *testing.T) {
	samples, clusters := saved(t, integers("", 50, 150, 250)), saved(t, integers("", 9, 10, 9))
	params := "dat_path = 'x'\nsample_rate = 1000.  # Hz\nhp_filtered = True\n"
	for _, k := range []struct {
		name  string
		files map[string]string
		open  string // within the folder
		opt   LoadOptions
		warns string
		error string
	}{
		{"folder", map[string]string{"spike_times.npy": string(samples), "spike_clusters.npy": string(clusters)}, "", LoadOptions{SamplingRate: 1000}, "", ""},
		{"times", map[string]string{"spike_times.npy": string(samples), "spike_clusters.npy": string(clusters)}, "spike_times.npy", LoadOptions{SamplingRate: 1000}, "", ""},
		{"templates", map[string]string{"spike_times.npy": string(samples), "spike_templates.npy": string(clusters)}, "spike_templates.npy", LoadOptions{SamplingRate: 1000}, "", ""},
		{"rate", map[string]string{"spike_times.npy": string(samples), "spike_clusters.npy": string(clusters), "params.py": params}, "", LoadOptions{}, "1000 a second by params.py", ""},
		{"rate asked for", map[string]string{"spike_times.npy": string(samples), "spike_clusters.npy": string(clusters), "params.py": strings.Replace(params, "1000", "30000", 1)}, "", LoadOptions{SamplingRate: 1000}, "", ""},
		{"no rate", map[string]string{"spike_times.npy": string(samples), "spike_clusters.npy": string(clusters), "params.py": "sample_rate = fast"}, "", LoadOptions{}, "", "the option sampling-rate says how many samples a second has"},
		{"labels", map[string]string{"spike_times.npy": string(samples), "spike_clusters.npy": string(clusters), "cluster_KSLabel.tsv": "cluster_id\tKSLabel\n9\tmua\n10\tgood\n11\tgood\n"}, "", LoadOptions{SamplingRate: 1000}, "cluster_KSLabel.tsv (2 good, 1 mua) was not used", ""},
		{"IBL", map[string]string{"spikes.times.npy": string(saved(t, vector("", 0.05, 0.15, 0.25))), "spikes.clusters.npy": string(clusters)}, "", LoadOptions{}, "", ""},
		{"IBL with parts", map[string]string{"spikes.times.ab12.npy": string(saved(t, vector("", 0.05, 0.15, 0.25))), "spikes.clusters.cd34.npy": string(clusters)}, "spikes.times.ab12.npy", LoadOptions{}, "", ""},
		{"other lengths", map[string]string{"spike_times.npy": string(samples), "spike_clusters.npy": string(saved(t, integers("", 9, 10)))}, "", LoadOptions{SamplingRate: 1000}, "", "3 times of spikes, and 2 numbers in variable"},
		{"damaged", map[string]string{"spike_times.npy": string(samples), "spike_clusters.npy": "text"}, "", LoadOptions{SamplingRate: 1000}, "", "spike_clusters: truncated"},
		{"times alone", map[string]string{"spike_times.npy": string(samples)}, "spike_times.npy", LoadOptions{}, "", "3 rising whole numbers"},
		{"nothing", map[string]string{"a.npy": string(samples)}, "", LoadOptions{}, "", "is a folder, not a recording (name the file inside it; of a folder of Phy"},
	} {
		dir := t.TempDir()
		for name, text := range k.files {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		k.opt.BinWidth = 0.1
		path := filepath.Join(dir, k.open)
		r, err := Load(path, k.opt)
		if k.error != "" || err != nil {
			if err == nil || k.error == "" || !strings.Contains(err.Error(), k.error) || !strings.HasPrefix(err.Error(), path+": ") {
				t.Errorf("%s: error %v, want …%s…", k.name, err, k.error)
			}
			continue
		}
		if d := cmp.Diff(twoUnits, trainsOf(r)); d != "" {
			t.Errorf("%s (-want +got):\n%s", k.name, d)
		}
		if got := strings.Join(r.Source.Units, ","); got != "9,10" || r.Source.Path != path {
			t.Errorf("%s: units %q of %s", k.name, got, r.Source.Path)
		}
		if w := strings.Join(r.Source.Warnings, "\n"); !strings.Contains(w, k.warns) {
			t.Errorf("%s: warnings %q", k.name, w)
		}
	}
	// The hash is that of both files.
	dir := t.TempDir()
	for name, b := range map[string][]byte{"spike_times.npy": samples, "spike_clusters.npy": clusters} {
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	sum := sha256.Sum256(append(bytes.Clone(samples), clusters...))
	r, err := Load(dir, LoadOptions{SamplingRate: 1000})
	if err != nil || r.Source.SHA256 != hex.EncodeToString(sum[:]) {
		t.Errorf("hash %v, %v", r, err)
	}
}

func packed(t *testing.T, b []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	if _, err := z.Write(b); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// TestPacked reads what is packed with gzip as what it holds, in full.
func TestPacked(t *testing.T) {
	want := pattern(1, 9, 3)
	dims, v := lay(want, "bins,neurons", true)
	mat := mt.File{Order: binary.LittleEndian}.Build(mt.Var{Name: "data", Class: mt.ClassUint8, Dims: int32s(dims), Storage: mt.Uint8, Values: v})
	b := packed(t, mat)
	r := mustDecode(t, b, LoadOptions{})
	same(t, "packed", want, r)
	if sum := sha256.Sum256(b); r.Source.SHA256 != hex.EncodeToString(sum[:]) {
		t.Error("the hash is not that of the file")
	}
	for name, k := range map[string]struct {
		b    []byte
		want string
	}{
		"cut":     {b[:len(b)-9], "packed with gzip, and truncated"},
		"damaged": {append(bytes.Clone(b[:len(b)-8]), make([]byte, 8)...), "packed with gzip: gzip: invalid checksum"},
		"header":  {b[:6], "packed with gzip: "},
		"nothing": {packed(t, nil), "the file is empty"},
	} {
		if _, err := Decode("f", k.b, LoadOptions{}); err == nil || !strings.Contains(err.Error(), k.want) {
			t.Errorf("%s: error %v, want …%s…", name, err, k.want)
		}
	}
}

// A few bytes that unpack to more than a recording of their size has are refused before
// they fill the memory.
func TestPackedBomb(t *testing.T) {
	if _, err := unpack(packed(t, make([]byte, 1<<16)), 1<<12); err == nil || !strings.Contains(err.Error(), "become more than") {
		t.Errorf("error %v", err)
	}
}

// TestStrangers says what files are that other tools write and that are not read.
func TestStrangers(t *testing.T) {
	for want, b := range map[string]string{
		"a Python pickle":             "\x80\x04\x95\x10\x00\x00",
		"a Parquet table":             "PAR1\x15\x04\x15\x00",
		"a Blackrock NEV file":        "NEURALEV\x02\x03\x00\x00",
		"a tar archive":               strings.Repeat("\x00", 257) + "ustar\x0000",
		"packed with xz":              "\xfd7zXZ\x00\x00\x04",
		"the file's format is not kn": "\x7fELF\x00\x00",
	} {
		if _, err := Decode("f", []byte(b), LoadOptions{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want …%s…", err, want)
		}
	}
	same(t, "text", pattern(1, 1, 2), mustDecode(t, []byte("RDX2,b\n0,1\n"), LoadOptions{Neurons: 2}))
}

// TestUnreadable says of arrays without numbers what they are, and what makes a file of them
// that is read.
func TestUnreadable(t *testing.T) {
	f := mt.File{Order: binary.LittleEndian}
	matrix := mt.Var{Class: mt.ClassDouble, Dims: []int32{2, 2}, Storage: mt.Uint8, Values: []uint8{1, 0, 0, 1}}
	class := func(name string) []byte {
		return mt.HDF5(true, mt.Item{Name: "x", Values: []uint64{0, 1}, Dims: []int{1, 2}}.Class(name))
	}
	for _, k := range []struct {
		name string
		b    []byte
		want []string
	}{
		{"text", f.Build(mt.Text("x", "0110")), []string{`variable "x" is text (x (1x4, char)), not numbers`, "data = double(x == '1')"}},
		{"complex", f.Build(mt.Var{Name: "x", Class: mt.ClassDouble | mt.FlagComplex, Dims: []int32{1, 1}}), []string{"is a complex double array", "data = real(x)"}},
		{"function", f.Build(mt.Var{Name: "x", Class: mt.ClassFunction, Dims: []int32{1, 1}}), []string{"is a function handle", "data = x();"}},
		{"opaque", f.Build(mt.Var{Name: "x", Class: mt.ClassOpaque}), []string{"is an opaque object", "table2array"}},
		{"rasters", f.Build(f.Cell("x", []int32{2, 1}, matrix, matrix)), []string{`variable "x" has 2 rasters`, "data = cat(3, x{:})"}},
		{"texts", f.Build(f.Cell("x", []int32{1, 1}, mt.Text("", "a"))), []string{"is a cell", "of cells those are read"}},
		{"7.3 table", class("table"), []string{`variable "x" is of the class table`, "data = table2array(x)"}},
		{"7.3 function", class("function_handle"), []string{"of the class function_handle", "data = x();"}},
		{"LZF", hdf5File(t, "forms.h5"), []string{"the file holds "}},
		{"objects", bytes.Replace(saved(t, integers("", 1)), []byte("'<i8'"), []byte("'|O' "), 1), []string{"Python objects", `numpy.load("f", allow_pickle=True); numpy.savetxt`}},
		{"records", bytes.Replace(saved(t, integers("", 1)), []byte("'<i8'"), []byte("[('a"), 1), []string{"records with fields", `a["unit"]`}},
	} {
		_, err := Decode("f", k.b, LoadOptions{})
		for _, want := range k.want {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: error %v, want …%s…", k.name, err, want)
			}
		}
	}
	for variable, want := range map[string]string{"lzf": `LZF (filter 32000), which is not read (in Python: import h5py, hdf5plugin, numpy; numpy.save("spikes.npy", h5py.File("f")["lzf"][:]))`, "half": "holds floats, not numbers", "words": "is text"} {
		if _, err := Decode("f", hdf5File(t, "forms.h5"), LoadOptions{Variable: variable}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want …%s…", variable, err, want)
		}
	}
}
