//go:build unix

package durable

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// What is made on a private file system is its owner's alone, whatever the umask, and so is
// what was there before.
func TestPrivate(t *testing.T) {
	defer syscall.Umask(syscall.Umask(0))
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	for _, name := range []string{"before", "above"} {
		if err := os.Mkdir(at(name), 0o777); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(at("log"), nil, 0o666); err != nil {
		t.Fatal(err)
	}
	fsys := Private(nil)
	for _, name := range []string{"before", "above/new/er"} {
		if err := fsys.MkdirAll(at(name)); err != nil {
			t.Fatal(err)
		}
	}
	if err := WriteFile(fsys, at("file"), func(w io.Writer) error { _, err := io.WriteString(w, "x"); return err }); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"log", "newlog"} {
		l, err := Append(fsys, at(name))
		if err != nil {
			t.Fatal(err)
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
	}
	for name, want := range map[string]os.FileMode{"before": 0o700, "above": 0o777, "above/new/er": 0o700, "file": 0o600, "log": 0o600, "newlog": 0o600} {
		if info, err := os.Stat(at(name)); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: %v, want %v; %v", name, info.Mode().Perm(), want, err)
		}
	}
	x := NewFault(OS{})
	x.Fail(OpCreate, 1, ErrCrash)
	broken := Private(x)
	if _, err := broken.CreateTemp(dir, "x*"); !errors.Is(err, ErrCrash) {
		t.Errorf("%v", err)
	}
	if err := broken.Own(at("gone")); err == nil {
		t.Error("what is not there was made its owner's")
	}
}
