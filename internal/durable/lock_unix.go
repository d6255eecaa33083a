//go:build unix

package durable

import (
	"os"

	"golang.org/x/sys/unix"
)

// lockFile takes the lock on an open file or returns ErrLocked.
func lockFile(f *os.File) error {
	for {
		err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		switch err {
		case unix.EINTR:
			continue
		case unix.EWOULDBLOCK:
			return ErrLocked
		default:
			return err
		}
	}
}
