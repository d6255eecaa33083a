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
	if age, err := ageOf(path); err != nil || age < stale {
		return nil, errors.Join(err, ErrLeased)
	}
	// Who takes a stale lease over holds a second file meanwhile, so that nobody removes the
	// fresh one of another who was faster.
	over := filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+".over")
	f, err := os.OpenFile(over, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if errors.Is(err, fs.ErrExist) {
		if age, err := ageOf(over); err == nil && age >= stale {
			os.Remove(over) // its owner died; the next look takes the lease
		}
		return nil, ErrLeased
	} else if err != nil {
		return nil, fmt.Errorf("lease: %w", err)
	}
	f.Close()
	defer os.Remove(over)
	if age, err := ageOf(path); err != nil || age < stale {
		return nil, errors.Join(err, ErrLeased)
	}
	if err := os.Remove(path); err != nil {
		return nil, fmt.Errorf("lease: %w", err)
	}
	if err := l.create(); errors.Is(err, fs.ErrExist) {
		return nil, ErrLeased
	} else if err != nil {
		return nil, err
	}
	return l, nil
}

func (l *Lease) create() error {
	f, err := os.OpenFile(l.path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return fmt.Errorf("lease: %w", err)
	}
	_, err = f.Write(l.owner)
	return errors.Join(err, f.Close())
}

// ageOf is the time since a file was written to, by the clock of its file system.
// ErrLeased: it is gone, just now.
func ageOf(path string) (time.Duration, error) {
	now, err := os.CreateTemp(filepath.Dir(path), ".now-*")
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
	theirs, err := os.Stat(path)
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
