package durable

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
)

// Log is a file of lines that grows at its end. One process writes it; others
// may read it at any time. The methods are not safe for concurrent use.
type Log struct {
	fsys FS
	path string
	f    File
	size int64
	err  error

	// SyncEach makes Append return only once its record is on the disk. Without
	// it records reach the disk when the system likes, or at Sync and Close.
	SyncEach bool
}

// Append opens the log at path for writing and makes it if it isn't there. A torn
// last line, left by a writer that was killed, is cut off first: it was never
// acknowledged, and the next record must not be glued to it.
func Append(fsys FS, path string) (*Log, error) {
	old, err := fsys.ReadFile(path)
	fresh := errors.Is(err, fs.ErrNotExist)
	if err != nil && !fresh {
		return nil, fmt.Errorf("open the log %s: %w", path, err)
	}
	whole := int64(bytes.LastIndexByte(old, '\n') + 1)
	if whole < int64(len(old)) {
		if err := fsys.Truncate(path, whole); err != nil {
			return nil, fmt.Errorf("open the log %s: cut its torn last line: %w", path, err)
		}
	}
	f, err := fsys.OpenAppend(path)
	if err != nil {
		return nil, fmt.Errorf("open the log %s: %w", path, err)
	}
	if fresh {
		if err := fsys.SyncDir(filepath.Dir(path)); err != nil {
			return nil, errors.Join(fmt.Errorf("open the log %s: sync its folder: %w", path, err), f.Close())
		}
	}
	return &Log{fsys: fsys, path: path, f: f, size: whole}, nil
}

// Append adds one record as a line; record must not hold a line feed. A record
// that could not be written whole is cut off again. When even that fails the log
// takes no further record, because it could not be read back.
func (l *Log) Append(record []byte) error {
	if l.err != nil {
		return l.err
	}
	if bytes.IndexByte(record, '\n') >= 0 {
		return fmt.Errorf("append to %s: the record holds a line feed", l.path)
	}
	line := append(append(make([]byte, 0, len(record)+1), record...), '\n')
	_, err := l.f.Write(line)
	if err == nil && l.SyncEach {
		err = l.f.Sync()
	}
	if err != nil {
		err = fmt.Errorf("append to %s: %w", l.path, err)
		if terr := l.fsys.Truncate(l.path, l.size); terr != nil {
			l.err = fmt.Errorf("the log %s is closed to writing, since a record that failed could not be cut off: %w", l.path, terr)
			err = errors.Join(err, l.err)
		}
		return err
	}
	l.size += int64(len(line))
	return nil
}

// Sync returns once every record so far is on the disk.
func (l *Log) Sync() error {
	if err := l.f.Sync(); err != nil {
		return fmt.Errorf("sync %s: %w", l.path, err)
	}
	return nil
}

// Size is the length in bytes of the records written so far: what to keep of the
// log when going back to this point.
func (l *Log) Size() int64 { return l.size }

// Close syncs and closes the log.
func (l *Log) Close() error {
	return errors.Join(l.Sync(), l.f.Close())
}

// ReadLines returns the whole lines of a log without their line feeds. A last line
// without one was torn by a crash: it is left out and torn reports it. A file
// that isn't there is an error that wraps [fs.ErrNotExist].
func ReadLines(fsys FS, path string) (lines [][]byte, torn bool, err error) {
	data, err := fsys.ReadFile(path)
	if err != nil {
		return nil, false, fmt.Errorf("read the log %s: %w", path, err)
	}
	for len(data) > 0 {
		line, rest, whole := bytes.Cut(data, []byte{'\n'})
		if !whole {
			return lines, true, nil
		}
		lines = append(lines, line)
		data = rest
	}
	return lines, false, nil
}
