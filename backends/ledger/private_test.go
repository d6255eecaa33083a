//go:build unix

package ledger

import (
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// A ledger can be read by its owner alone, one of before too: it holds programs and money.
func TestALedgerIsItsOwners(t *testing.T) {
	defer syscall.Umask(syscall.Umask(0))
	dir := filepath.Join(t.TempDir(), "state", "ledger")
	if err := os.MkdirAll(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	l, err := Open(nil, dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	jobs, err := l.Plan(t.Context(), []Plan{{Job: Job{Service: "s", Device: "d"}, Request: []byte("{}")}}, Limits{Unpriced: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := l.SaveResult(jobs[0].ID, func(w io.Writer) error { _, err := w.Write([]byte("{}")); return err }); err != nil {
		t.Fatal(err)
	}
	seen := 0
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err == nil && info.Size() > 0 { // locks are empty
			seen++
			if info.Mode().Perm()&0o077 != 0 {
				t.Errorf("%s: %v", path, info.Mode())
			}
		}
		return err
	})
	if err != nil || seen < 6 {
		t.Errorf("%d files and folders, %v", seen, err)
	}
}
