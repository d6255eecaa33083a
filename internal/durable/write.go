package durable

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
)

// tempMark stands in the name of every temporary file between the name of the
// file to come and its unique ending.
const tempMark = ".qgan-tmp-"

// WriteFile replaces the content of path by what the function writes, whole or
// not at all: it writes a temporary file in the same folder, syncs it, renames it
// over path and syncs the folder. If anything fails, the function's own error
// included, the temporary file is removed and path is what it was; only when the
// last step, the sync of the folder, fails is the new content in place without
// the promise that it survives a power cut.
//
// The folder must exist. A symbolic link at path is replaced, not followed. A
// path that leads to something other than a regular file (a pipe, a device)
// cannot be replaced and is written to directly.
func WriteFile(fsys FS, path string, write func(io.Writer) error) error {
	if info, err := fsys.Stat(path); err == nil && !info.Mode().IsRegular() {
		if info.IsDir() {
			return fmt.Errorf("write %s: it is a folder", path)
		}
		return writeThrough(fsys, path, write)
	}
	dir, base := filepath.Dir(path), filepath.Base(path)
	f, err := fsys.CreateTemp(dir, "."+base+tempMark+"*")
	if e := new(PlaceError); errors.As(err, &e) {
		return fmt.Errorf("write %s: %w", path, err)
	}
	if err != nil {
		return fmt.Errorf("write %s: create a temporary file in %s: %w", path, dir, err)
	}
	if err := fill(f, path, write, true); err != nil {
		return errors.Join(err, discard(fsys, f.Name()))
	}
	if err := fsys.Rename(f.Name(), path); err != nil {
		err = fmt.Errorf("write %s: rename the finished temporary file: %w", path, err)
		return errors.Join(err, discard(fsys, f.Name()))
	}
	if err := fsys.SyncDir(dir); err != nil {
		return fmt.Errorf("write %s: sync the folder %s: %w", path, dir, err)
	}
	return nil
}

// writeThrough writes into a pipe or a device.
func writeThrough(fsys FS, path string, write func(io.Writer) error) error {
	f, err := fsys.OpenAppend(path)
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return fill(f, path, write, false)
}

// fill writes, syncs where asked and closes f, and names the first step that failed.
func fill(f File, path string, write func(io.Writer) error, sync bool) error {
	w := bufio.NewWriterSize(f, 1<<16)
	err := write(w)
	if err == nil {
		err = w.Flush()
	}
	if err != nil {
		err = fmt.Errorf("write %s: %w", path, err)
	} else if sync {
		if serr := f.Sync(); serr != nil {
			err = fmt.Errorf("write %s: sync: %w", path, serr)
		}
	}
	if cerr := f.Close(); err == nil && cerr != nil {
		err = fmt.Errorf("write %s: close: %w", path, cerr)
	}
	return err
}

// discard removes a temporary file that will not be needed.
func discard(fsys FS, path string) error {
	if err := fsys.Remove(path); err != nil {
		return fmt.Errorf("remove the temporary file %s: %w", path, err)
	}
	return nil
}

// RemoveLeftovers takes away the temporary files that writers which were killed
// left in dir, and returns how many there were. Call it only while no other
// process writes there (under a [Lock]).
func RemoveLeftovers(fsys FS, dir string) (int, error) {
	entries, err := fsys.ReadDir(dir)
	if err != nil {
		return 0, fmt.Errorf("look for leftovers in %s: %w", dir, err)
	}
	n := 0
	for _, e := range entries {
		if e.IsDir() || !strings.HasPrefix(e.Name(), ".") || !strings.Contains(e.Name(), tempMark) {
			continue
		}
		if err := discard(fsys, filepath.Join(dir, e.Name())); err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}
