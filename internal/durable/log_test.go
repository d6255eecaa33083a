package durable

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// records reads a log back as strings.
func records(t interface{ Fatal(...any) }, path string) (out []string, torn bool) {
	lines, torn, err := ReadLines(OS{}, path)
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range lines {
		out = append(out, string(l))
	}
	return out, torn
}

func TestLogSequence(t *testing.T) {
	dir := t.TempDir()
	x := NewFault(OS{})
	l, err := Append(x, filepath.Join(dir, "log"))
	if err != nil {
		t.Fatal(err)
	}
	l.SyncEach = true
	for _, r := range []string{"one", "two"} {
		if err := l.Append([]byte(r)); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	want := []string{
		"open-append log", "sync-dir " + filepath.Base(dir),
		"write log", "sync log", "write log", "sync log", "sync log", "close log",
	}
	if d := cmp.Diff(want, x.Ops()); d != "" {
		t.Errorf("operations (-want +got):\n%s", d)
	}
	got, torn := records(t, filepath.Join(dir, "log"))
	if d := cmp.Diff([]string{"one", "two"}, got); d != "" || torn {
		t.Errorf("torn %v, records (-want +got):\n%s", torn, d)
	}
}

func TestLogTornTail(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	if err := os.WriteFile(path, []byte("one\n\nthr"), 0o666); err != nil {
		t.Fatal(err)
	}
	got, torn := records(t, path)
	if d := cmp.Diff([]string{"one", ""}, got); d != "" || !torn {
		t.Errorf("torn %v, records (-want +got):\n%s", torn, d)
	}
	l, err := Append(OS{}, path)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(l.Append([]byte("four")), l.Close()); err != nil {
		t.Fatal(err)
	}
	if want := int64(len("one\n\nfour\n")); l.Size() != want {
		t.Errorf("size %d, want %d", l.Size(), want)
	}
	got, torn = records(t, path)
	if d := cmp.Diff([]string{"one", "", "four"}, got); d != "" || torn {
		t.Errorf("torn %v, records (-want +got):\n%s", torn, d)
	}
}

// However little is torn off, it is cut away before the next record, and what is whole stays.
func TestLogTornTails(t *testing.T) {
	dir := t.TempDir()
	for text, whole := range map[string]string{"": "", "t": "", "\n": "\n", "one\nt": "one\n", "one\ntwo\nth": "one\ntwo\n", "one\n": "one\n"} {
		path := filepath.Join(dir, "log")
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		l, err := Append(OS{}, path)
		if err != nil {
			t.Fatal(err)
		}
		if l.Size() != int64(len(whole)) {
			t.Errorf("%q: size %d, want %d", text, l.Size(), len(whole))
		}
		if err := errors.Join(l.Append([]byte("new")), l.Close()); err != nil {
			t.Fatal(err)
		}
		if got := content(t, path); got != whole+"new\n" {
			t.Errorf("%q became %q", text, got)
		}
	}
}

func TestLogRefuses(t *testing.T) {
	dir := t.TempDir()
	if _, _, err := ReadLines(OS{}, filepath.Join(dir, "gone")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a log that isn't there: error %v", err)
	}
	if _, err := Append(OS{}, dir); err == nil {
		t.Error("a folder was opened as a log")
	}
	l, err := Append(OS{}, filepath.Join(dir, "log"))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if err := l.Append([]byte("a\nb")); err == nil || !strings.Contains(err.Error(), "line feed") {
		t.Errorf("a record of two lines: error %v", err)
	}
}

// A record that doesn't fit is cut off again, so that the next one is readable.
func TestLogFullDisk(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	x := NewFault(OS{})
	l, err := Append(x, path)
	if err != nil {
		t.Fatal(err)
	}
	x.Full(10)
	if err := l.Append([]byte("123456")); err != nil {
		t.Fatal(err)
	}
	if err := l.Append([]byte("7890")); !errors.Is(err, ErrFull) {
		t.Fatalf("error %v", err)
	}
	if got := content(t, path); got != "123456\n" {
		t.Errorf("content %q", got)
	}
	x.Fail(OpTruncate, 2, errors.New("boom"))
	if err := l.Append([]byte("7890")); err == nil {
		t.Error("a full disk took a record")
	}
	before := x.Count(OpWrite)
	if err := l.Append([]byte("7")); err == nil || x.Count(OpWrite) != before {
		t.Errorf("a log in doubt took a record: error %v", err)
	}
	l.Close()
}

// However often the writer dies, every acknowledged record is read back, in order,
// and nothing that was never written is.
func TestLogCrashes(t *testing.T) {
	dir := t.TempDir()
	run := 0
	rapid.Check(t, func(t *rapid.T) {
		run++
		path := filepath.Join(dir, fmt.Sprint("log", run))
		var acked []string
		for life := range rapid.IntRange(1, 5).Draw(t, "lives") {
			x := NewFault(OS{})
			x.Crash(rapid.IntRange(1, 12).Draw(t, "crash"))
			l, err := Append(x, path)
			if err != nil {
				continue
			}
			l.SyncEach = true
			for i := range 6 {
				r := fmt.Sprintf("record %d of life %d", i, life)
				if l.Append([]byte(r)) == nil {
					acked = append(acked, r)
				}
			}
			l.Close()
		}
		if _, err := os.Stat(path); err != nil {
			return
		}
		got, _ := records(t, path)
		// A record may be on the disk without its acknowledgement; never the reverse.
		i := 0
		for _, r := range got {
			if !strings.HasPrefix(r, "record ") || !strings.Contains(r, " of life ") {
				t.Fatalf("a mixed record: %q", r)
			}
			if i < len(acked) && r == acked[i] {
				i++
			}
		}
		if i < len(acked) {
			t.Fatalf("acknowledged %q, read %q", acked, got)
		}
	})
}
