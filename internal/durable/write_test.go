package durable

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// put writes content through WriteFile.
func put(fsys FS, path, content string) error {
	return WriteFile(fsys, path, func(w io.Writer) error {
		_, err := io.WriteString(w, content)
		return err
	})
}

// content returns what a file holds, or "" where there is none.
func content(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	return string(b)
}

// names lists a folder.
func names(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, e := range entries {
		out = append(out, e.Name())
	}
	return out
}

// The order of the steps is what the promise of WriteFile rests on.
func TestWriteFileSequence(t *testing.T) {
	dir := t.TempDir()
	x := NewFault(OS{})
	if err := put(x, filepath.Join(dir, "a.json"), "new"); err != nil {
		t.Fatal(err)
	}
	want := []string{
		"create .a.json.qgan-tmp-*",
		"write .a.json.qgan-tmp-*",
		"sync .a.json.qgan-tmp-*",
		"close .a.json.qgan-tmp-*",
		"rename a.json",
		"sync-dir " + filepath.Base(dir),
	}
	if d := cmp.Diff(want, x.Ops()); d != "" {
		t.Errorf("operations (-want +got):\n%s", d)
	}
	if got := content(t, filepath.Join(dir, "a.json")); got != "new" {
		t.Errorf("content %q", got)
	}
	if d := cmp.Diff([]string{"a.json"}, names(t, dir)); d != "" {
		t.Errorf("folder (-want +got):\n%s", d)
	}
}

// Whatever single step fails, the file is wholly old or wholly new, no temporary
// file stays, and the error names the file and the cause.
func TestWriteFileFaultAtEveryStep(t *testing.T) {
	boom := errors.New("boom")
	old, fresh := strings.Repeat("old ", 50_000), strings.Repeat("new ", 60_000)
	const steps = 9 // create, four writes of a buffer each, sync, close, rename, sync-dir
	for k := 1; k <= steps; k++ {
		for _, had := range []bool{true, false} {
			dir := t.TempDir()
			path := filepath.Join(dir, "f")
			before := ""
			if had {
				before = old
				if err := put(OS{}, path, old); err != nil {
					t.Fatal(err)
				}
			}
			x := NewFault(OS{})
			x.Fail(OpAny, k, boom)
			err := put(x, path, fresh)
			ops := x.Ops()
			if len(ops) < k {
				t.Fatalf("there are only %d steps: %v", len(ops), ops)
			}
			if !errors.Is(err, boom) || !strings.Contains(err.Error(), path) {
				t.Fatalf("step %d (%s): error %v", k, ops[k-1], err)
			}
			want := before
			if strings.HasPrefix(ops[k-1], string(OpSyncDir)) {
				want = fresh
			}
			if got := content(t, path); got != want {
				t.Errorf("step %d (%s): content of %d bytes, want %d", k, ops[k-1], len(got), len(want))
			}
			for _, n := range names(t, dir) {
				if n != "f" {
					t.Errorf("step %d (%s): %s was left behind", k, ops[k-1], n)
				}
			}
		}
	}
}

// A process that dies at any step leaves the old or the new content, and the
// leftovers of the dead are found and removed.
func TestWriteFileCrashAtEveryStep(t *testing.T) {
	for k := 1; k <= 6; k++ {
		dir := t.TempDir()
		path := filepath.Join(dir, "f")
		if err := put(OS{}, path, "old"); err != nil {
			t.Fatal(err)
		}
		x := NewFault(OS{})
		x.Crash(k)
		if err := put(x, path, "new"); !errors.Is(err, ErrCrash) {
			t.Fatalf("step %d: error %v", k, err)
		}
		want := "old"
		if k == 6 {
			want = "new"
		}
		if got := content(t, path); got != want {
			t.Errorf("step %d: content %q, want %q", k, got, want)
		}
		left := len(names(t, dir)) - 1
		n, err := RemoveLeftovers(OS{}, dir)
		if err != nil || n != left {
			t.Errorf("step %d: removed %d of %d leftovers, error %v", k, n, left, err)
		}
		if d := cmp.Diff([]string{"f"}, names(t, dir)); d != "" {
			t.Errorf("step %d: folder (-want +got):\n%s", k, d)
		}
	}
}

func TestWriteFileFullDisk(t *testing.T) {
	for _, room := range []int64{0, 1, 65536, 99_999} {
		dir := t.TempDir()
		path := filepath.Join(dir, "f")
		if err := put(OS{}, path, "old"); err != nil {
			t.Fatal(err)
		}
		x := NewFault(OS{})
		x.Full(room)
		err := put(x, path, strings.Repeat("x", 100_000))
		if !errors.Is(err, ErrFull) {
			t.Errorf("room %d: error %v", room, err)
		}
		if got := content(t, path); got != "old" {
			t.Errorf("room %d: content of %d bytes", room, len(got))
		}
		if d := cmp.Diff([]string{"f"}, names(t, dir)); d != "" {
			t.Errorf("room %d: folder (-want +got):\n%s", room, d)
		}
	}
}

func TestWriteFileCallbackError(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	stop := errors.New("stop")
	err := WriteFile(OS{}, path, func(w io.Writer) error {
		fmt.Fprint(w, "half")
		return stop
	})
	if !errors.Is(err, stop) {
		t.Errorf("error %v", err)
	}
	if n := names(t, filepath.Dir(path)); len(n) != 0 {
		t.Errorf("left behind: %v", n)
	}
}

// device is a path that leads to a device and is not the device itself: a fault in what is
// tested, run by root, must not cost the machine its own.
func device(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "device")
	if err := os.Symlink(os.DevNull, path); err != nil {
		t.Fatal(err)
	}
	return path
}

// A device can't be replaced by a file and must not be.
func TestWriteFileDevice(t *testing.T) {
	path := device(t)
	x := NewFault(OS{})
	if err := put(x, path, "x"); err != nil {
		t.Fatal(err)
	}
	if to, err := os.Readlink(path); err != nil || to != os.DevNull {
		t.Errorf("the link to a device leads to %q, %v", to, err)
	}
	// A device takes no sync, and has no name that one could lose.
	if d := cmp.Diff([]string{"open-append device", "write device", "close device"}, x.Ops()); d != "" {
		t.Errorf("operations (-want +got):\n%s", d)
	}
}

func TestWriteFileBadPlaces(t *testing.T) {
	dir := t.TempDir()
	for path, want := range map[string]string{
		dir:                                "it is a folder",
		filepath.Join(dir, "gone", "f"):    "there is no folder",
		filepath.Join(dir, "nul\x00", "f"): "create a temporary file in",
	} {
		if err := put(OS{}, path, "x"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v, want %q", path, err, want)
		}
	}
}

func ExampleWriteFile() {
	dir, err := os.MkdirTemp("", "durable")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "state.json")
	err = WriteFile(OS{}, path, func(w io.Writer) error {
		_, err := fmt.Fprintln(w, `{"step": 100}`)
		return err
	})
	if err != nil {
		panic(err)
	}
	b, _ := os.ReadFile(path)
	os.Stdout.Write(bytes.TrimSpace(b))
	// Output: {"step": 100}
}
