package durable

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// PlaceError says why nothing can be made at a place that a user may have named: a folder is
// not there, is a file, or can't be written to. Its text names the place alone, never a
// temporary file.
type PlaceError struct {
	text string
	err  error
}

// Error says what is wrong with the place.
func (e *PlaceError) Error() string { return e.text }

// Unwrap returns the system's error.
func (e *PlaceError) Unwrap() error { return e.err }

// BadInput reports that the fault is in what the user gave.
func (e *PlaceError) BadInput() bool { return true }

// placed gives the error of making something in a folder, or a folder, its form. Other errors
// than those of places stay, without the name of what was to be made.
func placed(dir string, err error) error {
	if err == nil {
		return nil
	}
	if at, ok := fileAbove(dir); ok {
		return &PlaceError{at + " is a file and no folder", err}
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return &PlaceError{"there is no folder " + dir, err}
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		return &PlaceError{"the folder " + dir + " can't be written to", err}
	}
	if e := new(fs.PathError); errors.As(err, &e) {
		return e.Err
	}
	return err
}

// fileAbove finds the part of a path that is no folder.
func fileAbove(path string) (string, bool) {
	for at := filepath.Clean(path); ; {
		if info, err := os.Stat(at); err == nil {
			return at, !info.IsDir()
		}
		above := filepath.Dir(at)
		if above == at {
			return "", false
		}
		at = above
	}
}
