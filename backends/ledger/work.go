package ledger

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"time"

	"qgan/internal/durable"
)

// unplanned is how long calibration data stand for a work that has no job yet.
const unplanned = 15 * time.Minute

// kept is the file of a work.
type kept struct {
	At          time.Time       `json:"at"`
	Calibration json.RawMessage `json:"calibration"`
}

// Calibration returns the calibration data that the circuits of a work are compiled by. A
// work is named by what was asked, a hash of letters and digits. As long as one of its jobs
// counts they are those that its jobs were compiled by, so that the same question has the
// same circuits; otherwise fresh is asked for them, and they are kept.
func (l *Ledger) Calibration(ctx context.Context, work string, fresh func() ([]byte, error)) ([]byte, error) {
	unlock, err := l.Claim(ctx, "work-"+work, nil)
	if err != nil {
		return nil, err
	}
	defer unlock()
	path := filepath.Join(l.dir, "works", work+".json")
	raw, err := l.fsys.ReadFile(path)
	var k kept
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return nil, err
	case json.Unmarshal(raw, &k) != nil:
		return nil, fmt.Errorf("%s can't be read: it holds the calibration data of jobs", path)
	default:
		live := l.now().Sub(k.At) < unplanned
		jobs, err := l.Jobs()
		if err != nil {
			return nil, err
		}
		for _, j := range jobs {
			live = live || j.Work == work && !j.State.Ended()
		}
		if live {
			return k.Calibration, nil
		}
	}
	data, err := fresh()
	if err != nil {
		return nil, err
	}
	if err := l.fsys.MkdirAll(filepath.Join(l.dir, "works")); err != nil {
		return nil, err
	}
	if raw, err = json.Marshal(kept{l.now(), data}); err != nil {
		return nil, err
	}
	return data, durable.WriteFile(l.fsys, path, func(w io.Writer) error { _, err := w.Write(raw); return err })
}
