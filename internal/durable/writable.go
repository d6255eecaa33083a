package durable

import (
	"errors"
	"io/fs"
	"path/filepath"
)

// Writable says whether a folder is there, and whether a file can be made in it or, where
// it isn't there, in the nearest folder above, by making one and taking it away.
func Writable(f FS, dir string) (exists, writable bool) {
	if dir == "" {
		return false, false
	}
	info, err := f.Stat(dir)
	exists = err == nil && info.IsDir()
	for found := exists; !found; found = err == nil && info.IsDir() {
		if err == nil || !errors.Is(err, fs.ErrNotExist) {
			return false, false // a file is in the way, or the folder can't be looked at
		}
		above := filepath.Dir(dir)
		if above == dir {
			return false, false
		}
		dir = above
		info, err = f.Stat(dir)
	}
	file, err := f.CreateTemp(dir, ".qgan-doctor-*")
	if err != nil {
		return exists, false
	}
	return exists, errors.Join(file.Close(), f.Remove(file.Name())) == nil
}
