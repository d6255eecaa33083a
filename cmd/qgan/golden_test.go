package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/sys/cpu"
)

var update = flag.Bool("update", false, "rewrite the hashes of testdata/golden")

// Runs of every kind end with the same numbers as when their hashes were written: each
// script of testdata/golden trains, draws, measures and writes, and keeps hashes of what
// came out in a file NAME.golden beside it, a line `run artefact hash` for each artefact
// and each field of a JSON object. A change that should change no result changes no line.
//
// The last bits of a sum depend on the order of its terms and on fused multiplication, so
// the hashes hold for one kernel on one architecture.
func TestGolden(t *testing.T) {
	if runtime.GOOS+"/"+runtime.GOARCH != "linux/amd64" || !cpu.X86.HasAVX2 || !cpu.X86.HasFMA || !cpu.X86.HasPOPCNT {
		t.Skip("golden hashes hold on linux/amd64 with the AVX2 kernel")
	}
	testscript.Run(t, testscript.Params{
		Dir:                 filepath.Join("testdata", "golden"),
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": exits, "service": startService, "keep": keep,
		},
		Setup: func(e *testscript.Env) error {
			g := &golden{}
			e.Setenv("GODEBUG", "cpu.avx512f=off") // the kernel is AVX2's, whatever the processor has
			e.Values[goldenKey{}] = g
			e.Defer(func() {
				tb := e.T().(testing.TB)
				if !tb.Failed() {
					g.check(tb, filepath.Join("testdata", "golden", filepath.Base(tb.Name())+".golden"))
				}
			})
			return ownFolders(e)
		},
	})
}

// goldenKey is the key of a script's golden among its values.
type goldenKey struct{}

// golden is what a script has kept: lines `run artefact hash`.
type golden struct{ lines []string }

// check compares the lines with those of the file, or writes them.
func (g *golden) check(t testing.TB, path string) {
	if *update {
		if err := os.WriteFile(path, []byte(strings.Join(g.lines, "\n")+"\n"), 0o666); err != nil {
			t.Fatal(err)
		}
		return
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	want := strings.Split(strings.TrimSpace(string(data)), "\n")
	if slices.Equal(want, g.lines) {
		return
	}
	for _, line := range want {
		if !slices.Contains(g.lines, line) {
			t.Errorf("%s: no longer %s", path, line)
		}
	}
	for _, line := range g.lines {
		if !slices.Contains(want, line) {
			t.Errorf("%s: now %s", path, line)
		}
	}
	if !t.Failed() {
		t.Errorf("%s: the same lines in another order", path)
	}
}

// varies names the fields of JSON objects that differ from run to run, or from machine
// to machine, with the reason. They are left out of the hashes wherever they stand.
var varies = map[string]string{
	"seconds":      "time that was needed",
	"command_line": "begins with the path of the program",
	"started":      "date",
	"program":      "version, compiler and processor",
	"job":          "a name in the ledger, of date and chance",
}

// keep is the command `keep RUN FILE…`: it keeps the hash of each file under the run's
// name. FILE can be stdout, stderr or a pattern; of a run's directory its last checkpoint,
// its measurements and its settings are kept.
func keep(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: keep RUN FILE...")
	}
	g := ts.Value(goldenKey{}).(*golden)
	work := []byte(ts.Getenv("WORK")) // the manifest has absolute paths
	for _, pattern := range args[1:] {
		if pattern == "stdout" || pattern == "stderr" {
			ts.Check(g.add(args[0], pattern, []byte(ts.ReadFile(pattern))))
			continue
		}
		paths, err := filepath.Glob(ts.MkAbs(pattern))
		ts.Check(err)
		if len(paths) == 0 {
			ts.Fatalf("there is no %s", pattern)
		}
		for _, path := range paths {
			for _, file := range runFiles(path) {
				data, err := os.ReadFile(file)
				ts.Check(err)
				name, err := filepath.Rel(string(work), file)
				ts.Check(err)
				ts.Check(g.add(args[0], name, bytes.ReplaceAll(data, work, []byte("WORK"))))
			}
		}
	}
}

// runFiles returns the files to keep of a run's directory, of anything else itself.
func runFiles(path string) []string {
	checkpoints, _ := filepath.Glob(filepath.Join(path, "checkpoints", "*.ckpt"))
	if len(checkpoints) == 0 {
		return []string{path}
	}
	files := []string{checkpoints[len(checkpoints)-1]}
	for _, name := range []string{"metrics.jsonl", "result.json", "manifest.json"} {
		files = append(files, filepath.Join(path, name))
	}
	return files
}

// add keeps the hash of an artefact: of JSON objects, one or one a line, that of each of
// their fields, of other files that of their bytes.
func (g *golden) add(run, artefact string, data []byte) error {
	object := filepath.Ext(artefact) == ".json" || filepath.Ext(artefact) == ".jsonl" || bytes.HasPrefix(data, []byte("{"))
	if !object {
		g.line(run, artefact, data)
		return nil
	}
	fields := map[string][]any{}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	for rows := 0; dec.More(); rows++ {
		var row map[string]any
		if err := dec.Decode(&row); err != nil {
			return fmt.Errorf("%s: %w", artefact, err)
		}
		settle(row)
		for name, value := range row {
			fields[name] = append(fields[name], rows, value)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		value, err := json.Marshal(fields[name])
		if err != nil {
			return err
		}
		g.line(run, artefact+":"+name, value)
	}
	return nil
}

// line adds a line with the first 16 digits of the SHA-256 of the bytes.
func (g *golden) line(run, artefact string, data []byte) {
	g.lines = append(g.lines, fmt.Sprintf("%s %s %.8x", run, artefact, sha256.Sum256(data)))
}

// settle takes the fields out of a JSON value that vary.
func settle(value any) {
	switch v := value.(type) {
	case map[string]any:
		for name, field := range v {
			if _, ok := varies[name]; ok {
				delete(v, name)
			}
			settle(field)
		}
	case []any:
		for _, x := range v {
			settle(x)
		}
	}
}

// runInterrupted is the program whose context ends when it tells the first step of a
// training.
func runInterrupted() {
	ctx, cancel := context.WithCancel(context.Background())
	os.Exit(run(ctx, os.Args[1:], os.Stdin, os.Stdout, &tripwire{os.Stderr, cancel}, os.Getenv))
}

// tripwire is a stream that calls a function when a step is told.
type tripwire struct {
	io.Writer
	call func()
}

func (w *tripwire) Write(p []byte) (int, error) {
	if bytes.Contains(p, []byte("step 1/")) {
		w.call()
	}
	return w.Writer.Write(p)
}
