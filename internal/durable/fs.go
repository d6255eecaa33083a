package durable

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

// File is an open file of an [FS].
type File interface {
	io.Reader
	io.Writer
	io.Closer
	// Sync returns once what was written is on the disk.
	Sync() error
	// Name is the path the file was opened or created under.
	Name() string
}

// FS is the part of a file system that the program writes its state through.
// [OS] is the real one; [Fault] breaks another one on purpose.
type FS interface {
	// CreateTemp makes a new file in dir, opened for writing, whose name is the
	// pattern with its last "*" replaced by something unique.
	CreateTemp(dir, pattern string) (File, error)
	// Open opens a file for reading.
	Open(path string) (File, error)
	// OpenAppend opens a file for writing at its end and makes it if need be.
	OpenAppend(path string) (File, error)
	// ReadFile returns the content of a file.
	ReadFile(path string) ([]byte, error)
	// Rename gives a file another name and replaces what had that name.
	Rename(from, to string) error
	// Remove takes one file or one empty folder away.
	Remove(path string) error
	// Truncate cuts a file to a size.
	Truncate(path string, size int64) error
	// MkdirAll makes a folder and those above it.
	MkdirAll(path string) error
	// Own makes a file or a folder its owner's alone.
	Own(path string) error
	// ReadDir lists a folder in order of name.
	ReadDir(path string) ([]fs.DirEntry, error)
	// Stat describes what a path leads to.
	Stat(path string) (fs.FileInfo, error)
	// SyncDir returns once the names in a folder are on the disk.
	SyncDir(path string) error
}

// OS is the file system of the machine.
type OS struct{}

// Or returns a file system, the machine's own for nil.
func Or(f FS) FS {
	if f == nil {
		return OS{}
	}
	return f
}

var _ FS = OS{}

// CreateTemp implements [FS]. Unlike [os.CreateTemp] it leaves the permissions
// to the process's umask, because the file is about to take another one's place.
func (OS) CreateTemp(dir, pattern string) (File, error) {
	f, err := createTemp(dir, pattern, func() string {
		var b [6]byte
		rand.Read(b[:]) // never fails (crypto/rand)
		return hex.EncodeToString(b[:])
	})
	return f, placed(dir, err)
}

// createTemp makes a file whose name holds the first unique text that nobody has.
func createTemp(dir, pattern string, unique func() string) (File, error) {
	before, after := pattern, ""
	if i := strings.LastIndexByte(pattern, '*'); i >= 0 {
		before, after = pattern[:i], pattern[i+1:]
	}
	for range 100 {
		name := filepath.Join(dir, before+unique()+after)
		f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
		if errors.Is(err, fs.ErrExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		return f, nil
	}
	return nil, fmt.Errorf("create a temporary file in %s: a hundred names were all taken", dir)
}

// Open implements [FS].
func (OS) Open(path string) (File, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	return f, nil
}

// OpenAppend implements [FS].
func (OS) OpenAppend(path string) (File, error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o666)
	if err != nil {
		return nil, err
	}
	return f, nil
}

// ReadFile implements [FS].
func (OS) ReadFile(path string) ([]byte, error) { return os.ReadFile(path) }

// Rename implements [FS].
func (OS) Rename(from, to string) error { return os.Rename(from, to) }

// Remove implements [FS].
func (OS) Remove(path string) error { return os.Remove(path) }

// Truncate implements [FS].
func (OS) Truncate(path string, size int64) error { return os.Truncate(path, size) }

// MkdirAll implements [FS].
func (OS) MkdirAll(path string) error { return placed(path, os.MkdirAll(path, 0o777)) }

// Own implements [FS]. On Windows a folder of the user's is the user's by itself.
func (OS) Own(path string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm()&0o077 == 0 {
		return err
	}
	return os.Chmod(path, info.Mode().Perm()&^0o077)
}

// ReadDir implements [FS].
func (OS) ReadDir(path string) ([]fs.DirEntry, error) { return os.ReadDir(path) }

// Stat implements [FS].
func (OS) Stat(path string) (fs.FileInfo, error) { return os.Stat(path) }

// SyncDir implements [FS]. Windows keeps no handle on a folder that could be
// flushed and orders a rename itself, so there it does nothing.
func (OS) SyncDir(path string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	err = d.Sync()
	return errors.Join(err, d.Close())
}
