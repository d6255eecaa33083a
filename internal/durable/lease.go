package durable

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// Lease is a file that says who works on something, on file systems that several machines
// share and that may have no locks. Who holds it writes to it now and then; one that was
// not written to for a while is taken over. Two may come to hold a lease at once, if the
// first only was slow: what they do must bear being done twice.
type Lease struct {
	path  string
	owner []byte
}

// ErrLeased says that somebody else holds the lease.
var ErrLeased = errors.New("somebody else holds the lease")

// Take makes the lease for an owner, a name that nobody else has, or takes over one that
// has not been written to for a time. The age is taken from the clock of the file system
// alone, since those of machines differ. The folder must exist.
func Take(path, owner string, stale time.Duration) (*Lease, error) {
	l := &Lease{path, []byte(owner + "\n")}
	if err := l.create(); !errors.Is(err, fs.ErrExist) {
		return l, err
	}
	held, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, ErrLeased // it was given back just now; whoever comes next may have it
	} else if err != nil {
		return nil, fmt.Errorf("lease: %w", err)
	}
	age, err := l.age()
	if err != nil || age < stale {
		return nil, errors.Join(err, ErrLeased)
	}
	// One who moves it away wins; who finds that it moved a fresh one puts that back.
	aside := filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+"."+owner)
	if err := os.Rename(path, aside); err != nil {
		return nil, ErrLeased
	}
	defer os.Remove(aside)
	if now, err := os.ReadFile(aside); err != nil || !bytes.HasPrefix(now, firstLine(held)) {
		os.Link(aside, path)
		return nil, ErrLeased
	}
	if err := l.create(); errors.Is(err, fs.ErrExist) {
		return nil, ErrLeased
	} else if err != nil {
		return nil, err
	}
	return l, nil
}

func firstLine(b []byte) []byte {
	if i := bytes.IndexByte(b, '\n'); i >= 0 {
		return b[:i+1]
	}
	return b
}

func (l *Lease) create() error {
	f, err := os.OpenFile(l.path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return fmt.Errorf("lease: %w", err)
	}
	_, err = f.Write(l.owner)
	return errors.Join(err, f.Close())
}

// age is the time since the lease was written to.
func (l *Lease) age() (time.Duration, error) {
	now, err := os.CreateTemp(filepath.Dir(l.path), ".now-*")
	if err != nil {
		return 0, err
	}
	defer os.Remove(now.Name())
	defer now.Close()
	if _, err := now.Write([]byte{'\n'}); err != nil {
		return 0, err
	}
	ours, err := now.Stat()
	if err != nil {
		return 0, err
	}
	theirs, err := os.Stat(l.path)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, ErrLeased
	} else if err != nil {
		return 0, err
	}
	return ours.ModTime().Sub(theirs.ModTime()), nil
}

// Keep writes to the lease, so that it stays fresh. ErrLeased: it was taken over.
func (l *Lease) Keep() error {
	held, err := os.ReadFile(l.path)
	if errors.Is(err, fs.ErrNotExist) || err == nil && !bytes.HasPrefix(held, l.owner) {
		return ErrLeased
	} else if err != nil {
		return fmt.Errorf("lease: %w", err)
	}
	f, err := os.OpenFile(l.path, os.O_WRONLY, 0o666)
	if err != nil {
		return fmt.Errorf("lease: %w", err)
	}
	_, err = f.WriteAt(l.owner, 0) // the same again: what counts is the time
	return errors.Join(err, f.Close())
}

// GiveBack removes the lease where it is still held.
func (l *Lease) GiveBack() error {
	if held, err := os.ReadFile(l.path); err != nil || !bytes.HasPrefix(held, l.owner) {
		return nil
	}
	return os.Remove(l.path)
}
