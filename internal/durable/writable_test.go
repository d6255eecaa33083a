package durable

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A disk that is full, or a folder that can't be written, is not writable.
func TestWritable(t *testing.T) {
	dir := t.TempDir()
	x := NewFault(OS{})
	if exists, writable := Writable(x, filepath.Join(dir, "a", "b")); exists || !writable {
		t.Errorf("a folder to be made: exists %v, writable %v", exists, writable)
	}
	if exists, writable := Writable(x, dir); !exists || !writable {
		t.Errorf("a folder that is there: exists %v, writable %v", exists, writable)
	}
	x.Fail(OpCreate, 3, ErrFull)
	if exists, writable := Writable(x, dir); !exists || writable {
		t.Errorf("a folder that can't be written: exists %v, writable %v", exists, writable)
	}
	if exists, writable := Writable(x, ""); exists || writable {
		t.Errorf("no folder: exists %v, writable %v", exists, writable)
	}
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if exists, writable := Writable(x, filepath.Join(file, "below")); exists || writable {
		t.Errorf("a file in the way: exists %v, writable %v", exists, writable)
	}
	if exists, writable := Writable(x, file); exists || writable {
		t.Errorf("a file in the folder's place: exists %v, writable %v", exists, writable)
	}
	for _, name := range []string{"nul\x00", strings.Repeat("x", 300)} {
		if exists, writable := Writable(x, filepath.Join(dir, name, "below")); exists || writable {
			t.Errorf("a name that can't be: exists %v, writable %v", exists, writable)
		}
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 1 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestLook(t *testing.T) {
	dir := t.TempDir()
	for path, want := range map[string]string{dir: "writable", filepath.Join(dir, "a"): "not there, will be made when needed", "": "NOT THERE and can't be made"} {
		if got := Look(OS{}, "it", path); got.State() != want || got.Path != path || got.Name != "it" {
			t.Errorf("%q: %+v is %s", path, got, got.State())
		}
	}
	if got := (Folder{Exists: true}).State(); got != "NOT WRITABLE" {
		t.Error(got)
	}
}
