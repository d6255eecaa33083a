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

// Folder is what Look found of a folder, for people and programs.
type Folder struct {
	Name     string `json:"name"` // what it is for
	Path     string `json:"path"`
	Exists   bool   `json:"exists"`
	Writable bool   `json:"writable"` // it, or the folder it would be made in
}

// Look looks at a folder, see Writable.
func Look(f FS, name, path string) Folder {
	exists, writable := Writable(f, path)
	return Folder{Name: name, Path: path, Exists: exists, Writable: writable}
}

// State says how it is with the folder.
func (f Folder) State() string {
	return map[[2]bool]string{
		{true, true}:   "writable",
		{true, false}:  "NOT WRITABLE",
		{false, true}:  "not there, will be made when needed",
		{false, false}: "NOT THERE and can't be made",
	}[[2]bool{f.Exists, f.Writable}]
}
