package qgan_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// A module of somebody else's, testdata/outside, does with the library what the program
// does: it needs nothing internal, and no module that ours doesn't.
func TestOutsideModule(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles the module once more, as another's: not in short mode")
	}
	const dir = "testdata/outside"
	tmp := t.TempDir() // the go command completes go.mod and go.sum there
	for from, to := range map[string]string{filepath.Join(dir, "go.mod"): "go.mod", "go.sum": "go.sum"} {
		data, err := os.ReadFile(from)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(tmp, to), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command("go", "run", "-mod=mod", "-modfile="+filepath.Join(tmp, "go.mod"), ".")
	cmd.Dir = dir
	cmd.Env = append(cmd.Environ(), "GOPROXY=off", "GOWORK=off")
	out, err := cmd.Output()
	if err != nil {
		if e, ok := err.(*exec.ExitError); ok {
			t.Fatalf("%v\n%s", err, e.Stderr)
		}
		t.Fatal(err)
	}
	const want = `recording: 50 repeats to train on, 50 held out
trained: 30 parameters
assessed: nearer than independent cells: true
drawn: 50 samples of 3 neurons
exported: 3 qubits
compiled: 8 gates on two qubits
under noise: 8 words
sent: 1000 shots came back
run: from step 0 to 50
run: from step 50 to 80
study: 1 layers, 6 parameters
study: 2 layers, 12 parameters
study: 3 layers, 18 parameters
`
	if string(out) != want {
		t.Errorf("the program of %s says\n%s\nwant\n%s", dir, out, want)
	}
}
