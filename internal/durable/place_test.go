package durable

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A place that can't be used is told by its name, without that of a temporary file, and is the
// user's fault.
func TestPlaces(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	if err := os.WriteFile("file", nil, 0o644); err != nil {
		t.Fatal(err)
	}
	nothing := func(io.Writer) error { return nil }
	for _, c := range []struct {
		err  error
		want string
	}{
		{WriteFile(OS{}, filepath.Join("no", "such", "x"), nothing), "write " + filepath.Join("no", "such", "x") + ": there is no folder " + filepath.Join("no", "such")},
		{WriteFile(OS{}, filepath.Join("file", "x"), nothing), "write " + filepath.Join("file", "x") + ": file is a file and no folder"},
		{OS{}.MkdirAll(filepath.Join("file", "x")), "file is a file and no folder"},
		{OS{}.MkdirAll("file"), "file is a file and no folder"},
		{placed("locked", &fs.PathError{Op: "open", Path: "locked/.x" + tempMark + "1", Err: fs.ErrPermission}), "the folder locked can't be written to"},
	} {
		var bad interface{ BadInput() bool }
		if c.err == nil || c.err.Error() != c.want || !errors.As(c.err, &bad) || !bad.BadInput() {
			t.Errorf("%v, want %s", c.err, c.want)
		}
	}
	full := placed(dir, &fs.PathError{Op: "open", Path: dir + "/.x" + tempMark + "1", Err: ErrFull})
	if !errors.Is(full, ErrFull) || strings.Contains(full.Error(), tempMark) {
		t.Errorf("%v", full)
	}
	if placed(dir, nil) != nil || (OS{}).MkdirAll(filepath.Join(dir, "new", "folder")) != nil {
		t.Error("a place that is fine is refused")
	}
}
