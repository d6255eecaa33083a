package durable

import (
	"errors"
	"fmt"
	"os"
	"sync"
)

// ErrLocked says that another holder has the lock.
var ErrLocked = errors.New("locked by another process")

// Lock takes the advisory exclusive lock on the file at path, which it makes if
// need be, and returns what gives it back. It never waits: a lock that is held
// elsewhere, in this process or another, is [ErrLocked]. The system frees the
// lock when the process ends, however it ends. The file stays, since removing it
// would let two processes lock two files of the same name.
func Lock(path string) (unlock func() error, err error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o666)
	if err != nil {
		return nil, fmt.Errorf("lock %s: %w", path, err)
	}
	if err := lockFile(f); err != nil {
		return nil, errors.Join(fmt.Errorf("lock %s: %w", path, err), f.Close())
	}
	return sync.OnceValue(func() error {
		// Closing the only descriptor gives the lock back.
		if err := f.Close(); err != nil {
			return fmt.Errorf("unlock %s: %w", path, err)
		}
		return nil
	}), nil
}
