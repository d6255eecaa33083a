package durable

import (
	"errors"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"sync"
)

// ErrCrash is what every operation of a [Fault] returns from its crash on.
var ErrCrash = errors.New("the process is dead")

// ErrFull is the system's error of a full disk; [Fault] hands it out too.
var ErrFull error = errFull

// Kind names a kind of operation that changes a file system and can be failed.
type Kind string

// The kinds of operations that [Fault] records and fails.
const (
	OpCreate   Kind = "create"
	OpAppend   Kind = "open-append"
	OpWrite    Kind = "write"
	OpSync     Kind = "sync"
	OpClose    Kind = "close"
	OpRename   Kind = "rename"
	OpRemove   Kind = "remove"
	OpTruncate Kind = "truncate"
	OpMkdir    Kind = "mkdir"
	OpSyncDir  Kind = "sync-dir"
	// OpAny stands for every kind in [Fault.Fail] and [Fault.Count].
	OpAny Kind = "any"
)

// Fault wraps a file system for tests. It records the operations that change it
// and fails the ones it was told to. Reading is passed through until a crash.
type Fault struct {
	fsys FS

	mu      sync.Mutex
	ops     []string
	count   map[Kind]int
	rules   []rule
	room    int64
	crashAt int
	crashed bool
}

// rule fails the k-th operation of a kind.
type rule struct {
	kind Kind
	k    int
	err  error
}

var _ FS = (*Fault)(nil)

// NewFault wraps fsys; nothing fails until one of Fail, Full or Crash is called.
func NewFault(fsys FS) *Fault { return &Fault{fsys: fsys, count: map[Kind]int{}, room: -1} }

// Fail makes the k-th operation of a kind from the beginning, counted from 1,
// return err instead of happening.
func (x *Fault) Fail(kind Kind, k int, err error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.rules = append(x.rules, rule{kind, k, err})
}

// Full leaves room for n more bytes: the write that goes beyond writes what fits
// and fails with [ErrFull], and so do all after it.
func (x *Fault) Full(n int64) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.room = n
}

// Crash makes the k-th operation of any kind, counted from 1, and all after it
// fail with [ErrCrash]; a write at that point leaves half of its bytes.
func (x *Fault) Crash(k int) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.crashAt = k
}

// Ops returns the operations so far in order, each as its kind and the base name
// of its file, where the unique part of a temporary name is "*".
func (x *Fault) Ops() []string {
	x.mu.Lock()
	defer x.mu.Unlock()
	return slices.Clone(x.ops)
}

// Count returns how many operations of a kind there were.
func (x *Fault) Count(kind Kind) int {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.count[kind]
}

// step records an operation and returns the error it must fail with.
func (x *Fault) step(kind Kind, path string) error {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.crashed {
		return ErrCrash
	}
	x.ops = append(x.ops, string(kind)+" "+plainName(path))
	x.count[kind]++
	x.count[OpAny]++
	if x.crashAt > 0 && x.count[OpAny] >= x.crashAt {
		x.crashed = true
		return ErrCrash
	}
	for _, r := range x.rules {
		if (r.kind == kind || r.kind == OpAny) && r.k == x.count[r.kind] {
			return r.err
		}
	}
	return nil
}

// dead returns ErrCrash once the process has crashed.
func (x *Fault) dead() error {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.crashed {
		return ErrCrash
	}
	return nil
}

// fits returns how many of n bytes the disk still takes.
func (x *Fault) fits(n int) int {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.room < 0 {
		return n
	}
	n = int(min(int64(n), x.room))
	x.room -= int64(n)
	return n
}

// plainName is the base name of a path without the unique part of a temporary one.
func plainName(path string) string {
	base := filepath.Base(path)
	if i := strings.Index(base, tempMark); i >= 0 {
		return base[:i+len(tempMark)] + "*"
	}
	return base
}

// CreateTemp implements [FS].
func (x *Fault) CreateTemp(dir, pattern string) (File, error) {
	if err := x.step(OpCreate, pattern); err != nil {
		return nil, err
	}
	return x.wrap(x.fsys.CreateTemp(dir, pattern))
}

// Open implements [FS].
func (x *Fault) Open(path string) (File, error) {
	if err := x.dead(); err != nil {
		return nil, err
	}
	return x.wrap(x.fsys.Open(path))
}

// OpenAppend implements [FS].
func (x *Fault) OpenAppend(path string) (File, error) {
	if err := x.step(OpAppend, path); err != nil {
		return nil, err
	}
	return x.wrap(x.fsys.OpenAppend(path))
}

// ReadFile implements [FS].
func (x *Fault) ReadFile(path string) ([]byte, error) {
	if err := x.dead(); err != nil {
		return nil, err
	}
	return x.fsys.ReadFile(path)
}

// Rename implements [FS].
func (x *Fault) Rename(from, to string) error {
	if err := x.step(OpRename, to); err != nil {
		return err
	}
	return x.fsys.Rename(from, to)
}

// Remove implements [FS].
func (x *Fault) Remove(path string) error {
	if err := x.step(OpRemove, path); err != nil {
		return err
	}
	return x.fsys.Remove(path)
}

// Truncate implements [FS].
func (x *Fault) Truncate(path string, size int64) error {
	if err := x.step(OpTruncate, path); err != nil {
		return err
	}
	return x.fsys.Truncate(path, size)
}

// MkdirAll implements [FS].
func (x *Fault) MkdirAll(path string) error {
	if err := x.step(OpMkdir, path); err != nil {
		return err
	}
	return x.fsys.MkdirAll(path)
}

// Own implements [FS].
func (x *Fault) Own(path string) error {
	if err := x.dead(); err != nil {
		return err
	}
	return x.fsys.Own(path)
}

// ReadDir implements [FS].
func (x *Fault) ReadDir(path string) ([]fs.DirEntry, error) {
	if err := x.dead(); err != nil {
		return nil, err
	}
	return x.fsys.ReadDir(path)
}

// Stat implements [FS].
func (x *Fault) Stat(path string) (fs.FileInfo, error) {
	if err := x.dead(); err != nil {
		return nil, err
	}
	return x.fsys.Stat(path)
}

// SyncDir implements [FS].
func (x *Fault) SyncDir(path string) error {
	if err := x.step(OpSyncDir, path); err != nil {
		return err
	}
	return x.fsys.SyncDir(path)
}

// wrap puts the fault in front of an opened file.
func (x *Fault) wrap(f File, err error) (File, error) {
	if err != nil {
		return nil, err
	}
	return &faultFile{File: f, x: x}, nil
}

// faultFile is a file whose writes, syncs and closes can fail.
type faultFile struct {
	File
	x *Fault
}

func (f *faultFile) Write(p []byte) (int, error) {
	lived := f.x.dead() == nil
	if err := f.x.step(OpWrite, f.Name()); err != nil {
		n := 0
		if lived && f.x.dead() != nil { // this write is where it dies
			n, _ = f.File.Write(p[:len(p)/2])
		}
		return n, err
	}
	if fit := f.x.fits(len(p)); fit < len(p) {
		n, err := f.File.Write(p[:fit])
		return n, errors.Join(err, ErrFull)
	}
	return f.File.Write(p)
}

func (f *faultFile) Sync() error {
	if err := f.x.step(OpSync, f.Name()); err != nil {
		return err
	}
	return f.File.Sync()
}

// Close closes the file in any case, since a test must not leak descriptors.
func (f *faultFile) Close() error {
	err := f.x.step(OpClose, f.Name())
	return errors.Join(err, f.File.Close())
}
