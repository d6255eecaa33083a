package durable

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// each is every operation of a file system, by its kind; reads have none.
var each = []struct {
	name string
	kind Kind
	do   func(fsys FS, dir string) error
}{
	{"create", OpCreate, func(fsys FS, dir string) error {
		f, err := fsys.CreateTemp(dir, "new-*.txt")
		return errors.Join(err, closed(f))
	}},
	{"append", OpAppend, func(fsys FS, dir string) error {
		f, err := fsys.OpenAppend(filepath.Join(dir, "a"))
		return errors.Join(err, closed(f))
	}},
	{"rename", OpRename, func(fsys FS, dir string) error { return fsys.Rename(filepath.Join(dir, "a"), filepath.Join(dir, "b")) }},
	{"remove", OpRemove, func(fsys FS, dir string) error { return fsys.Remove(filepath.Join(dir, "a")) }},
	{"truncate", OpTruncate, func(fsys FS, dir string) error { return fsys.Truncate(filepath.Join(dir, "a"), 1) }},
	{"mkdir", OpMkdir, func(fsys FS, dir string) error { return fsys.MkdirAll(filepath.Join(dir, "x", "y")) }},
	{"sync-dir", OpSyncDir, func(fsys FS, dir string) error { return fsys.SyncDir(dir) }},
	{"open", "", func(fsys FS, dir string) error {
		f, err := fsys.Open(filepath.Join(dir, "a"))
		return errors.Join(err, closed(f))
	}},
	{"read", "", func(fsys FS, dir string) error { _, err := fsys.ReadFile(filepath.Join(dir, "a")); return err }},
	{"list", "", func(fsys FS, dir string) error { _, err := fsys.ReadDir(dir); return err }},
	{"stat", "", func(fsys FS, dir string) error { _, err := fsys.Stat(filepath.Join(dir, "a")); return err }},
}

func closed(f File) error {
	if f == nil {
		return nil
	}
	return f.Close()
}

// An operation fails at the number of its kind, or of any, that was asked for, and does nothing
// then; a process that is dead does nothing more and reads nothing.
func TestFaultsOfEachOperation(t *testing.T) {
	boom := errors.New("boom")
	folder := func() string {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "a"), []byte("old"), 0o666); err != nil {
			t.Fatal(err)
		}
		return dir
	}
	for _, k := range each {
		if err := k.do(OS{}, folder()); err != nil {
			t.Errorf("%s on the machine's own: %v", k.name, err)
		}
		x := NewFault(OS{})
		if err := k.do(x, folder()); err != nil {
			t.Errorf("%s without a fault: %v", k.name, err)
		}
		if k.kind != "" && x.Count(k.kind) != 1 || k.kind == "" && len(x.Ops()) > 1 || x.Count(OpAny) != len(x.Ops()) {
			t.Errorf("%s: %v", k.name, x.Ops())
		}
		dir := folder()
		x = NewFault(OS{})
		if k.kind != "" {
			x.Fail(k.kind, 1, boom)
			if err := k.do(x, dir); !errors.Is(err, boom) {
				t.Errorf("%s that fails: %v", k.name, err)
			}
			if d := cmp.Diff([]string{"a"}, names(t, dir)); d != "" || content(t, filepath.Join(dir, "a")) != "old" {
				t.Errorf("%s that failed did something: %s", k.name, d)
			}
		}
		x = NewFault(OS{})
		x.Crash(1)
		if err := x.MkdirAll(filepath.Join(dir, "z")); !errors.Is(err, ErrCrash) {
			t.Errorf("the crash: %v", err)
		}
		if err := k.do(x, dir); !errors.Is(err, ErrCrash) || len(x.Ops()) != 1 {
			t.Errorf("%s of a dead process: %v, %v", k.name, err, x.Ops())
		}
	}
	x := NewFault(OS{})
	x.Fail(OpMkdir, 2, boom)
	x.Fail(OpAny, 4, io.EOF)
	dir := folder()
	for i, want := range []error{nil, boom, nil, io.EOF, nil} {
		if err := x.MkdirAll(filepath.Join(dir, "m")); !errors.Is(err, want) || (err == nil) != (want == nil) {
			t.Errorf("mkdir %d: %v, want %v", i+1, err, want)
		}
	}
	for _, path := range []string{"gone", "nul\x00"} {
		if _, err := x.Open(filepath.Join(dir, path)); err == nil {
			t.Errorf("%q was opened", path)
		}
		if f, err := (OS{}).Open(filepath.Join(dir, path)); err == nil || f != nil {
			t.Errorf("%q was opened: %v", path, f)
		}
		if f, err := (OS{}).OpenAppend(filepath.Join(dir, path, "f")); err == nil || f != nil {
			t.Errorf("%q was opened: %v", path, f)
		}
		if err := (OS{}).SyncDir(filepath.Join(dir, path)); err == nil {
			t.Errorf("%q was synced", path)
		}
	}
	if Or(nil) != (OS{}) || Or(x) != FS(x) {
		t.Error("the file system that nil stands for")
	}
}

// A disk takes what there is room for and nothing more, however little; who dies while writing
// leaves half; a failed write of a process that lives leaves nothing.
func TestWritesThatAreCut(t *testing.T) {
	boom := errors.New("boom")
	for _, k := range []struct {
		name    string
		prepare func(x *Fault)
		n       [3]int // of "12345", "ab", "c"
		err     [3]error
		want    string
	}{
		{"room", func(x *Fault) { x.Full(8) }, [3]int{5, 2, 1}, [3]error{}, "12345abc"},
		{"to the last", func(x *Fault) { x.Full(7) }, [3]int{5, 2, 0}, [3]error{nil, nil, ErrFull}, "12345ab"},
		{"within the second", func(x *Fault) { x.Full(6) }, [3]int{5, 1, 0}, [3]error{nil, ErrFull, ErrFull}, "12345a"},
		{"within the first", func(x *Fault) { x.Full(3) }, [3]int{3, 0, 0}, [3]error{ErrFull, ErrFull, ErrFull}, "123"},
		{"none", func(x *Fault) { x.Full(0) }, [3]int{0, 0, 0}, [3]error{ErrFull, ErrFull, ErrFull}, ""},
		{"a failure", func(x *Fault) { x.Fail(OpWrite, 2, boom) }, [3]int{5, 0, 1}, [3]error{nil, boom, nil}, "12345c"},
		{"the end in the first", func(x *Fault) { x.Crash(2) }, [3]int{2, 0, 0}, [3]error{ErrCrash, ErrCrash, ErrCrash}, "12"},
		{"the end in the second", func(x *Fault) { x.Crash(3) }, [3]int{5, 1, 0}, [3]error{nil, ErrCrash, ErrCrash}, "12345a"},
		{"the end before", func(x *Fault) { x.Crash(1) }, [3]int{}, [3]error{}, "-"},
	} {
		path := filepath.Join(t.TempDir(), "f")
		x := NewFault(OS{})
		k.prepare(x)
		f, err := x.OpenAppend(path)
		if k.want == "-" {
			if !errors.Is(err, ErrCrash) {
				t.Errorf("%s: %v", k.name, err)
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		for i, text := range []string{"12345", "ab", "c"} {
			if n, err := f.Write([]byte(text)); n != k.n[i] || !errors.Is(err, k.err[i]) || (err == nil) != (k.err[i] == nil) {
				t.Errorf("%s: %q: %d, %v; want %d, %v", k.name, text, n, err, k.n[i], k.err[i])
			}
		}
		f.Close()
		if got := content(t, path); got != k.want {
			t.Errorf("%s: content %q, want %q", k.name, got, k.want)
		}
	}
}

// A new file has a name of its own, with what stands before and after the star; a file that is
// opened at its end keeps what it has.
func TestNamesOfNewFiles(t *testing.T) {
	dir := t.TempDir()
	seen := map[string]bool{}
	for pattern, ends := range map[string][2]string{".f*.txt": {".f", ".txt"}, "a*b*c": {"a*b", "c"}, "plain": {"plain", ""}} {
		for range 3 {
			f, err := OS{}.CreateTemp(dir, pattern)
			if err != nil {
				t.Fatal(err)
			}
			base := filepath.Base(f.Name())
			middle := strings.TrimSuffix(strings.TrimPrefix(base, ends[0]), ends[1])
			if seen[base] || base != ends[0]+middle+ends[1] || len(middle) != 12 || strings.Contains(middle, "*") {
				t.Errorf("%q of %q", base, pattern)
			}
			seen[base] = true
			if _, err := f.Write([]byte("x")); err != nil {
				t.Error(err)
			}
			f.Close()
		}
	}
	path := filepath.Join(dir, "log")
	for range 2 {
		f, err := OS{}.OpenAppend(path)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write([]byte("ab")); err != nil {
			t.Error(err)
		}
		f.Close()
	}
	if got := content(t, path); got != "abab" {
		t.Errorf("content %q", got)
	}
	x := NewFault(OS{})
	for _, name := range []string{".f" + tempMark + "0123", tempMark + "9", "f"} {
		x.MkdirAll(filepath.Join(dir, "sub", name))
	}
	if d := cmp.Diff([]string{"mkdir .f" + tempMark + "*", "mkdir " + tempMark + "*", "mkdir f"}, x.Ops()); d != "" {
		t.Error(d)
	}
}

// Leftovers are hidden files with the mark; what looks like them is left.
func TestLeftovers(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"." + "a" + tempMark + "1", ".b" + tempMark + "2", "c" + tempMark + "3", ".hidden", "plain"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(dir, ".d"+tempMark+"4"), 0o777); err != nil {
		t.Fatal(err)
	}
	x := NewFault(OS{})
	x.Fail(OpRemove, 2, errors.New("boom"))
	if n, err := RemoveLeftovers(x, dir); n != 1 || err == nil || err.Error() != "remove the temporary file "+filepath.Join(dir, ".b"+tempMark+"2")+": boom" {
		t.Errorf("%d, %v", n, err)
	}
	if n, err := RemoveLeftovers(OS{}, dir); n != 1 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
	if d := cmp.Diff([]string{".d" + tempMark + "4", ".hidden", "c" + tempMark + "3", "plain"}, names(t, dir)); d != "" {
		t.Error(d)
	}
	for _, name := range []string{".a" + tempMark + "1", ".a" + tempMark + "2", ".b" + tempMark + "1"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if n, err := RemoveLeftovers(OS{}, dir); n != 3 || err != nil {
		t.Errorf("%d of 3, %v", n, err)
	}
	if n, err := RemoveLeftovers(OS{}, filepath.Join(dir, "gone")); n != 0 || !errors.Is(err, fs.ErrNotExist) || !strings.HasPrefix(err.Error(), "look for leftovers in "+filepath.Join(dir, "gone")+": ") {
		t.Errorf("%d, %v", n, err)
	}
}

// Errors of writing name the file, the step and, where it matters, the folder; what a failed
// write could not clear away is told too.
func TestErrorsOfWriting(t *testing.T) {
	boom := errors.New("boom")
	dir := t.TempDir()
	path := filepath.Join(dir, "f")
	for kind, want := range map[Kind]string{
		OpCreate: "write PATH: create a temporary file in DIR: boom", OpWrite: "write PATH: boom", OpSync: "write PATH: sync: boom", OpClose: "write PATH: close: boom",
		OpRename: "write PATH: rename the finished temporary file: boom", OpSyncDir: "write PATH: sync the folder DIR: boom",
	} {
		x := NewFault(OS{})
		x.Fail(kind, 1, boom)
		if err := put(x, path, "new"); err == nil || err.Error() != strings.NewReplacer("PATH", path, "DIR", dir).Replace(want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
	x := NewFault(OS{})
	x.Fail(OpRename, 1, boom)
	x.Fail(OpRemove, 1, io.ErrShortWrite)
	if err := put(x, path, "new"); !errors.Is(err, boom) || !errors.Is(err, io.ErrShortWrite) || !strings.Contains(err.Error(), "remove the temporary file "+filepath.Join(dir, ".f"+tempMark)) {
		t.Error(err)
	}
	// What is no file is written through, and opened only so.
	x = NewFault(OS{})
	x.Fail(OpAppend, 1, boom)
	null := device(t)
	if err := put(x, null, "x"); err == nil || err.Error() != "write "+null+": boom" {
		t.Error(err)
	}
}

// A log fails at each step of its opening with its name and the step, and is synced only where
// that is asked for.
func TestErrorsOfALog(t *testing.T) {
	boom := errors.New("boom")
	dir := t.TempDir()
	torn := filepath.Join(dir, "torn")
	for kind, want := range map[Kind]string{OpTruncate: ": cut its torn last line: boom", OpAppend: ": boom"} {
		if err := os.WriteFile(torn, []byte("one\ntw"), 0o666); err != nil {
			t.Fatal(err)
		}
		x := NewFault(OS{})
		x.Fail(kind, 1, boom)
		if l, err := Append(x, torn); l != nil || err == nil || err.Error() != "open the log "+torn+want {
			t.Errorf("%v, want %q", err, want)
		}
	}
	path := filepath.Join(dir, "log")
	x := NewFault(OS{})
	x.Fail(OpSyncDir, 1, boom)
	if l, err := Append(x, path); l != nil || err == nil || err.Error() != "open the log "+path+": sync its folder: boom" || x.Count(OpClose) != 1 {
		t.Errorf("%v, %v", err, x.Ops())
	}
	x = NewFault(OS{})
	l, err := Append(x, path)
	if err != nil {
		t.Fatal(err)
	}
	x.Fail(OpWrite, 2, boom)
	x.Fail(OpSync, 2, boom)
	if err := l.Append([]byte("one")); err != nil || x.Count(OpSync) != 0 || x.Count(OpSyncDir) != 0 {
		t.Errorf("%v, %v", err, x.Ops())
	}
	if err := l.Append([]byte("two")); err == nil || err.Error() != "append to "+path+": boom" || l.Size() != 4 {
		t.Errorf("%v, size %d", err, l.Size())
	}
	if err := l.Sync(); err != nil {
		t.Error(err)
	}
	if err := l.Sync(); err == nil || err.Error() != "sync "+path+": boom" {
		t.Error(err)
	}
	x.Fail(OpWrite, 3, boom)
	x.Fail(OpTruncate, 2, io.ErrShortWrite)
	closed := "the log " + path + " is closed to writing, since a record that failed could not be cut off: short write"
	if err := l.Append([]byte("three")); !errors.Is(err, boom) || !errors.Is(err, io.ErrShortWrite) || !strings.HasSuffix(err.Error(), closed) || l.Size() != 4 {
		t.Error(err)
	}
	if err := l.Append([]byte("four")); err == nil || err.Error() != closed {
		t.Error(err)
	}
	x.Fail(OpSync, 3, boom)
	x.Fail(OpClose, 1, io.ErrClosedPipe)
	if err := l.Close(); !errors.Is(err, boom) || !errors.Is(err, io.ErrClosedPipe) {
		t.Error(err)
	}
	if got := content(t, path); got != "one\n" {
		t.Errorf("content %q", got)
	}
}

// A lease that is lost in any way is told as such; one that is exactly as old as allowed is
// stale.
func TestLeaseIsLost(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "lease")
	l, err := Take(path, "a", time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	if got := content(t, path); got != "a\n" {
		t.Errorf("content %q", got)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := l.Keep(); !errors.Is(err, ErrLeased) {
		t.Errorf("a lease that is gone was kept: %v", err)
	}
	if err := l.GiveBack(); err != nil {
		t.Errorf("a lease that is gone was given back: %v", err)
	}
	if _, err := ageOf(path); !errors.Is(err, ErrLeased) {
		t.Errorf("the age of a lease that is gone: %v", err)
	}
	for _, name := range names(t, dir) {
		t.Errorf("%s was left behind", name)
	}
	for _, k := range []struct {
		age   time.Duration
		stale bool
	}{{30 * time.Minute, false}, {59 * time.Minute, false}, {61 * time.Minute, true}, {-time.Hour, false}} {
		if err := os.WriteFile(path, []byte("b\n"), 0o666); err != nil {
			t.Fatal(err)
		}
		at := time.Now().Add(-k.age)
		if err := os.Chtimes(path, at, at); err != nil {
			t.Fatal(err)
		}
		if age, err := ageOf(path); err != nil || (age-k.age).Abs() > time.Minute {
			t.Errorf("age %v, want %v (%v)", age, k.age, err)
		}
		if l, err := Take(path, "c", time.Hour); (err == nil) != k.stale || err != nil && !errors.Is(err, ErrLeased) || (l != nil) != k.stale {
			t.Errorf("after %v: %v, %v", k.age, l, err)
		}
	}
	gone := filepath.Join(dir, "gone", "lease")
	if l, err := Take(gone, "a", time.Hour); !errors.Is(err, fs.ErrNotExist) || errors.Is(err, ErrLeased) {
		t.Errorf("in a folder that is not there: %v, %v", l, err)
	}
	if err := (&Lease{path: dir, owner: []byte("a\n")}).Keep(); err == nil || errors.Is(err, ErrLeased) || !strings.HasPrefix(err.Error(), "lease: ") {
		t.Errorf("a folder was kept: %v", err)
	}
}

// A record that failed is an error also where each record is synced, whatever the sync says.
func TestARecordThatFailedIsNotSynced(t *testing.T) {
	x := NewFault(OS{})
	path := filepath.Join(t.TempDir(), "log")
	if lines, torn, err := ReadLines(x, path); lines != nil || torn || !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%v, %v, %v", lines, torn, err)
	}
	l, err := Append(x, path)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	l.SyncEach = true
	boom := errors.New("boom")
	x.Fail(OpWrite, 1, boom)
	x.Fail(OpSync, 1, io.ErrShortWrite)
	if err := l.Append([]byte("one")); !errors.Is(err, boom) || x.Count(OpSync) != 0 {
		t.Errorf("%v, %v", err, x.Ops())
	}
	if err := l.Append([]byte("two")); !errors.Is(err, io.ErrShortWrite) || l.Size() != 0 {
		t.Errorf("%v, size %d", err, l.Size())
	}
	if err := l.Append([]byte("three")); err != nil || content(t, path) != "three\n" {
		t.Errorf("%v, %q", err, content(t, path))
	}
}
