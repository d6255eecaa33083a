package runs

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"qgan/internal/durable"
)

// A run is made in a directory that is not there or empty, and nowhere else.
func TestCreate(t *testing.T) {
	m := testManifest(testConfig(t, 2, 1))
	m.CommandLine = []string{"qgan", "train", "--data", "<a & b>"}
	parent := t.TempDir()
	write := func(path, text string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	other := filepath.Join(parent, "other")
	if err := os.Mkdir(other, 0o777); err != nil {
		t.Fatal(err)
	}
	if _, err := Create(nil, other, m); err != nil {
		t.Errorf("an empty directory: %v", err)
	}
	strange := t.TempDir()
	write(filepath.Join(strange, "notes.txt"), "mine")
	file := filepath.Join(parent, "file")
	write(file, "mine")
	for dir, want := range map[string]string{
		other:   other + ": there is a run already (go on with it, or name another directory)",
		strange: strange + ": the directory is not empty and no run (name another directory)",
		file:    file + ": ",
	} {
		var bad *Error
		if _, err := Create(nil, dir, m); !errors.As(err, &bad) || !strings.HasPrefix(err.Error(), want) || bad.Hint == "" {
			t.Errorf("%s: %v, want %s", dir, err, want)
		}
	}
	raw, err := os.ReadFile(filepath.Join(other, "manifest.json"))
	if err != nil || !bytes.Contains(raw, []byte(`"schema": "qgan.run/v1"`)) || !bytes.Contains(raw, []byte(`"<a & b>"`)) {
		t.Errorf("%v, manifest %s", err, raw)
	}
	if text := (&Error{Path: "a", Err: fs.ErrExist}).Error(); text != "a: file already exists" {
		t.Error(text)
	}
}

// Manifests that don't say memory and objective are of runs that had none and wgan.
func TestOlderManifest(t *testing.T) {
	c := testConfig(t, 2, 1)
	r, err := Create(nil, filepath.Join(t.TempDir(), "run"), testManifest(c))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(r.Path, "manifest.json")
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	older := raw
	for _, line := range []string{"    \"memory\": \"none\",\n", "    \"objective\": \"wgan\",\n"} {
		if !bytes.Contains(older, []byte(line)) {
			t.Fatalf("the manifest has no line %s", line)
		}
		older = bytes.Replace(older, []byte(line), nil, 1)
	}
	if err := os.WriteFile(path, older, 0o666); err != nil {
		t.Fatal(err)
	}
	got, err := Open(nil, r.Path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(c, got.Manifest.Config); diff != "" {
		t.Error(diff)
	}
}

// Whoever locks a run clears away what killed writers left, and nothing else; who unlocks
// it may lock it again, and one who trains without a lock takes it.
func TestLock(t *testing.T) {
	c := testConfig(t, 2, 1)
	c.Iterations = 2
	r, err := Create(nil, filepath.Join(t.TempDir(), "run"), testManifest(c))
	if err != nil {
		t.Fatal(err)
	}
	var left []string
	for _, dir := range []string{r.Path, filepath.Join(r.Path, checkpointsDir)} {
		f, err := durable.OS{}.CreateTemp(dir, ".x"+".qgan-tmp-"+"*")
		if err != nil {
			t.Fatal(err)
		}
		left = append(left, f.Name())
		f.Close()
	}
	mine := filepath.Join(r.Path, ".mine")
	if err := os.WriteFile(mine, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		unlock, err := r.Lock()
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range left {
			if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("%s is there still: %v", path, err)
			}
		}
		if _, err := os.Stat(mine); err != nil {
			t.Error(err)
		}
		other, err := Open(nil, r.Path)
		if err != nil {
			t.Fatal(err)
		}
		if err := other.Train(t.Context(), testTrainer(t, c), nil, nil); err == nil || !strings.Contains(err.Error(), "another process is training this run") {
			t.Errorf("a run that is locked is trained: %v", err)
		}
		if err := r.Train(t.Context(), testTrainer(t, c), nil, nil); err != nil {
			t.Errorf("by who locked it: %v", err)
		}
		if err := unlock(); err != nil {
			t.Fatal(err)
		}
		if err := other.Train(t.Context(), testTrainer(t, c), nil, nil); err != nil {
			t.Errorf("a run that was unlocked: %v", err)
		}
	}
}

// Resume brings a trainer to the newest checkpoint, and refuses that of another generator.
func TestResume(t *testing.T) {
	c := testConfig(t, 2, 1)
	c.Iterations = 3
	r, want := trainAll(t, c)
	tr := testTrainer(t, c)
	if err := r.Resume(tr); err != nil || tr.State.Step != 3 || !cmp.Equal(tr.State, want) {
		t.Errorf("step %d, %v", tr.State.Step, err)
	}
	c.Layers++
	var bad *Error
	if err := r.Resume(testTrainer(t, c)); !errors.As(err, &bad) || bad.Path != r.Path {
		t.Errorf("another generator: %v", err)
	}
	empty, err := Create(nil, filepath.Join(t.TempDir(), "run"), testManifest(c))
	if err != nil {
		t.Fatal(err)
	}
	tr = testTrainer(t, c)
	if err := empty.Resume(tr); err != nil || tr.State.Step != 0 {
		t.Errorf("without a checkpoint: step %d, %v", tr.State.Step, err)
	}
	// What is no checkpoint is none, and does not count among the three that stay.
	dir := filepath.Join(r.Path, checkpointsDir)
	for _, name := range []string{"zzz.ckpt", "step-1.txt"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("mine"), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if s, err := r.Latest(); err != nil || s.Step != 3 {
		t.Errorf("the newest is %v, %v", s, err)
	}
	if err := r.WriteResult(map[string]any{"x": 1}); err != nil {
		t.Fatal(err)
	}
	if raw, err := os.ReadFile(filepath.Join(r.Path, "result.json")); err != nil || string(raw) != "{\n  \"x\": 1\n}\n" {
		t.Errorf("result %q, %v", raw, err)
	}
	// A line of the metrics that is damaged is named.
	if err := os.WriteFile(filepath.Join(r.Path, "metrics.jsonl"), []byte("{\"step\":1}\n{\"step\":\"x\"}\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Rows(); err == nil || !strings.Contains(err.Error(), "metrics.jsonl: line 2: ") {
		t.Errorf("a damaged line: %v", err)
	}
}

// The hint of the only checkpoint, where it is damaged, is another than where there are more.
func TestDamagedOnlyCheckpoint(t *testing.T) {
	c := testConfig(t, 2, 1)
	r, err := Create(nil, filepath.Join(t.TempDir(), "run"), testManifest(c))
	if err != nil {
		t.Fatal(err)
	}
	damage := func(step int) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(r.Path, checkpointsDir, checkpointName(step)), []byte("qgan checkpoint 1\n"), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	damage(100)
	if _, err := r.Latest(); err == nil || !strings.Contains(err.Error(), "it is the only one") || !strings.Contains(err.Error(), "step-00000100.ckpt: the checkpoint can't be used: it is cut short after 18 bytes") {
		t.Errorf("the only one: %v", err)
	}
	for _, step := range []int{200, 1000} {
		damage(step)
	}
	if _, err := r.Latest(); err == nil || !strings.Contains(err.Error(), "goes on from step-00000200.ckpt") {
		t.Errorf("the third: %v", err)
	}
}

// Rows are on the disk before the checkpoint that covers them, and what can't be made sure
// of is an error.
func TestRowsBeforeCheckpoints(t *testing.T) {
	c := testConfig(t, 2, 1)
	c.Iterations = 2
	train := func(change func(*durable.Fault)) (*durable.Fault, error) {
		fault := durable.NewFault(durable.OS{})
		r, err := Create(fault, filepath.Join(t.TempDir(), "run"), testManifest(c))
		if err != nil {
			t.Fatal(err)
		}
		change(fault)
		return fault, r.Train(t.Context(), testTrainer(t, c), nil, nil)
	}
	whole, err := train(func(*durable.Fault) {})
	if err != nil {
		t.Fatal(err)
	}
	ops := whole.Ops()
	at := func(part ...string) int {
		return slices.IndexFunc(ops, func(op string) bool {
			return !slices.ContainsFunc(part, func(p string) bool { return !strings.Contains(op, p) })
		})
	}
	written, synced, checkpoint := at("write", metricsFile), at("sync", metricsFile), at("create", checkpointName(2))
	if written < 0 || synced < written || checkpoint < synced {
		t.Errorf("written %d, synced %d, checkpoint %d: %q", written, synced, checkpoint, ops)
	}
	// The row's sync, the log's own at its end, and the last file that is closed.
	syncs := 0
	for _, op := range ops[:synced+1] {
		if strings.HasPrefix(op, "sync ") {
			syncs++
		}
	}
	full := errors.New("the disk is gone")
	for _, k := range []struct {
		kind durable.Kind
		nth  int
	}{{durable.OpSync, syncs}, {durable.OpSync, whole.Count(durable.OpSync)}, {durable.OpClose, whole.Count(durable.OpClose)}} {
		if _, err := train(func(f *durable.Fault) { f.Fail(k.kind, k.nth, full) }); !errors.Is(err, full) {
			t.Errorf("%s %d of %q fails: %v", k.kind, k.nth, ops, err)
		}
	}
}

// A manifest that can't be read is the user's to look after.
func TestManifestIsAFolder(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, manifestFile), 0o777); err != nil {
		t.Fatal(err)
	}
	var bad *Error
	if _, err := Open(nil, dir); !errors.As(err, &bad) || bad.Path != dir {
		t.Errorf("a manifest that is a folder: %v", err)
	}
}
