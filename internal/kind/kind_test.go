package kind

import (
	"os"
	"path/filepath"
	"testing"
)

func TestOf(t *testing.T) {
	dir := t.TempDir()
	for name, c := range map[string]struct{ text, want string }{
		"mat":                 {"MATLAB 5.0 MAT-file, Platform", "a MATLAB file"},
		"npy":                 {"\x93NUMPY\x01", "a NumPy array"},
		"npz":                 {"PK\x03\x04", "a ZIP or NumPy archive"},
		"hdf5":                {"\x89HDF\r\n\x1a\n....", "an HDF5 file"},
		"png":                 {"\x89PNG\r\n", "a PNG picture"},
		"json":                {" \n{\"a\": 1}", "a JSON file"},
		"page":                {"<!DOCTYPE html>", "an HTML page"},
		"qasm":                {"// one\n/* two\n*/ OPENQASM 3.0;\n", "an OpenQASM program"},
		"old":                 {"include \"qelib1.inc\";", "an OpenQASM program"},
		"bare":                {"qubit[2] q;\n", "an OpenQASM program"},
		"text":                {"0 1 0\n1 1 0\n", ""},
		"times":               {"unit,time\n1,0.5\n", ""},
		"empty":               {"", ""},
		"run/manifest.json":   {"{}", "a JSON file"},
		"phy/spike_times.npy": {"\x93NUMPY", "a NumPy array"},
		"plain/x":             {"x", ""},
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(c.text), 0o666); err != nil {
			t.Fatal(err)
		}
		if got := Of(path); got.Name != c.want || (got.Name == "") != (got.Sort == Unknown) {
			t.Errorf("%s: %+v, want %q", name, got, c.want)
		}
	}
	for name, want := range map[string]Sort{"run": Run, "phy": Recording, "plain": Folder, "nothing": Absent} {
		if got := Of(filepath.Join(dir, name)); got.Sort != want {
			t.Errorf("%s: %+v, want %s", name, got, want)
		}
	}
}
