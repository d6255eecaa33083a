package durable

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A name that is taken is left alone and another one tried, a hundred times.
func TestTakenNames(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "a1z"), []byte("theirs"), 0o666); err != nil {
		t.Fatal(err)
	}
	given := []string{"1", "1", "2"}
	f, err := createTemp(dir, "a*z", func() string {
		name := given[0]
		given = given[1:]
		return name
	})
	if err != nil || filepath.Base(f.Name()) != "a2z" || len(given) != 0 {
		t.Fatalf("%v, %v, left %v", f, err, given)
	}
	f.Close()
	tried := 0
	_, err = createTemp(dir, "a*z", func() string { tried++; return "1" })
	if want := "create a temporary file in " + dir + ": a hundred names were all taken"; err == nil || err.Error() != want || tried != 100 {
		t.Errorf("%v after %d names, want %q", err, tried, want)
	}
	if got := content(t, filepath.Join(dir, "a1z")); got != "theirs" {
		t.Errorf("the file that was there holds %q", got)
	}
}

// What is made has the permissions that the process gives to what it makes.
func TestPermissions(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	file, err := os.OpenFile(at("file"), os.O_CREATE|os.O_WRONLY, 0o666)
	if err != nil {
		t.Fatal(err)
	}
	file.Close()
	if err := os.Mkdir(at("folder"), 0o777); err != nil {
		t.Fatal(err)
	}
	mode := func(name string) fs.FileMode {
		info, err := os.Stat(at(name))
		if err != nil {
			t.Fatal(err)
		}
		return info.Mode()
	}
	if err := put(OS{}, at("written"), "x"); err != nil {
		t.Fatal(err)
	}
	l, err := Append(OS{}, at("log"))
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	lease, err := Take(at("lease"), "a", 1)
	if err != nil {
		t.Fatal(err)
	}
	defer lease.GiveBack()
	unlock, err := Lock(at("lock"))
	if err != nil {
		t.Fatal(err)
	}
	defer unlock()
	if err := (OS{}).MkdirAll(at("made/below")); err != nil {
		t.Fatal(err)
	}
	for name, like := range map[string]string{"written": "file", "log": "file", "lease": "file", "lock": "file", "made": "folder", "made/below": "folder"} {
		if got, want := mode(name), mode(like); got != want {
			t.Errorf("%s has the mode %v, want %v", name, got, want)
		}
	}
}

// A link is what it leads to when it is looked at, and is replaced, not followed, when a file is
// written over it.
func TestLinks(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	if err := os.Mkdir(at("folder"), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := put(OS{}, at("old"), "old"); err != nil {
		t.Fatal(err)
	}
	for name, to := range map[string]string{"to-folder": "folder", "to-file": "old", "to-nothing": "gone"} {
		if err := os.Symlink(to, at(name)); err != nil {
			t.Fatal(err)
		}
	}
	if exists, writable := Writable(OS{}, at("to-folder")); !exists || !writable {
		t.Errorf("a link to a folder: exists %v, writable %v", exists, writable)
	}
	if err := put(OS{}, at("to-folder"), "new"); err == nil || !strings.HasSuffix(err.Error(), "it is a folder") {
		t.Errorf("a link to a folder was written to: %v", err)
	}
	for _, name := range []string{"to-file", "to-nothing"} {
		if err := put(OS{}, at(name), "new"); err != nil {
			t.Fatal(err)
		}
		if info, err := os.Lstat(at(name)); err != nil || !info.Mode().IsRegular() || content(t, at(name)) != "new" {
			t.Errorf("%s is %v with %q, %v", name, info.Mode(), content(t, at(name)), err)
		}
	}
	if content(t, at("old")) != "old" {
		t.Error("the file behind the link was written to")
	}
}

// The system is asked to sync a folder, and what it says is told.
func TestSyncIsAsked(t *testing.T) {
	d, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if want, got := d.Sync(), (OS{}).SyncDir(os.DevNull); (want == nil) != (got == nil) {
		t.Errorf("%v, where the system says %v", got, want)
	}
}

// A fault passes on what the file below it says, also of its sync and its end.
func TestFaultsPassOn(t *testing.T) {
	f, err := NewFault(OS{}).OpenAppend(filepath.Join(t.TempDir(), "f"))
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	_, write := f.Write([]byte("x"))
	for what, err := range map[string]error{"write": write, "sync": f.Sync(), "close": f.Close()} {
		if !errors.Is(err, fs.ErrClosed) {
			t.Errorf("%s of a closed file: %v", what, err)
		}
	}
}

// A lock that is refused leaves nothing open, and no lock changes what its file holds.
func TestRefusedLocks(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	if err := os.WriteFile(path, []byte("theirs"), 0o666); err != nil {
		t.Fatal(err)
	}
	unlock, err := Lock(path)
	if err != nil {
		t.Fatal(err)
	}
	defer unlock()
	open := func() int {
		entries, _ := os.ReadDir("/dev/fd") // none where the system has no such folder
		return len(entries)
	}
	before := open()
	for range 20 {
		if _, err := Lock(path); err == nil || err.Error() != "lock "+path+": locked by another process" {
			t.Fatal(err)
		}
	}
	if after := open(); after >= before+20 {
		t.Errorf("%d files are open, %d before", after, before)
	}
	if got := content(t, path); got != "theirs" {
		t.Errorf("the file of the lock holds %q", got)
	}
}
