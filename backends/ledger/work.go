package ledger

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"slices"
	"time"

	"qgan/internal/durable"
)

// unplanned is how long what is kept of a work stands that has no job yet.
const unplanned = 15 * time.Minute

// kept is the file of a work: its calibration data, or of a choice the device.
type kept struct {
	At          time.Time       `json:"at"`
	Calibration json.RawMessage `json:"calibration,omitempty"`
	Device      string          `json:"device,omitempty"`
}

// Calibration returns the calibration data that the circuits of a work are compiled by. A
// work is named by what was asked, a hash of letters and digits. As long as one of its jobs
// counts they are those that its jobs were compiled by, so that the same question has the
// same circuits; otherwise fresh is asked for them, and they are kept.
func (l *Ledger) Calibration(ctx context.Context, work string, fresh func() ([]byte, error)) ([]byte, error) {
	k, _, err := l.keep(ctx, work, func(j Job) bool { return j.Work == work }, func() (k kept, err error) {
		k.Calibration, err = fresh()
		return k, err
	})
	return k.Calibration, err
}

// Choice returns the device that was chosen for what was asked, which names the choice like a
// work. As long as one of the jobs counts that carry its name it is the same, and old; otherwise
// fresh chooses.
func (l *Ledger) Choice(ctx context.Context, name string, fresh func() (string, error)) (device string, old bool, err error) {
	k, old, err := l.keep(ctx, name, func(j Job) bool { return j.Choice == name }, func() (k kept, err error) {
		k.Device, err = fresh()
		return k, err
	})
	return k.Device, old, err
}

// keep returns what is kept under a name, as long as one of its jobs counts or it is new, or
// else keeps what is made anew.
func (l *Ledger) keep(ctx context.Context, name string, of func(Job) bool, fresh func() (kept, error)) (k kept, old bool, err error) {
	unlock, err := l.Claim(ctx, "work-"+name, nil)
	if err != nil {
		return k, false, err
	}
	defer unlock()
	path := filepath.Join(l.dir, "works", name+".json")
	raw, err := l.fsys.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return k, false, err
	case json.Unmarshal(raw, &k) != nil:
		return k, false, fmt.Errorf("%s can't be read: it holds what jobs were made by", path)
	default:
		jobs, err := l.Jobs()
		if err != nil {
			return k, false, err
		}
		if l.now().Sub(k.At) < unplanned || slices.ContainsFunc(jobs, func(j Job) bool { return of(j) && !j.State.Ended() }) {
			return k, true, nil
		}
	}
	if k, err = fresh(); err != nil {
		return k, false, err
	}
	k.At = l.now()
	if err := l.fsys.MkdirAll(filepath.Join(l.dir, "works")); err != nil {
		return k, false, err
	}
	if raw, err = json.Marshal(k); err != nil {
		return k, false, err
	}
	return k, false, durable.WriteFile(l.fsys, path, func(w io.Writer) error { _, err := w.Write(raw); return err })
}
