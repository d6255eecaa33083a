package remote

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"qgan/calibration"
)

// manner is how the service runs jobs on request; "" where nothing is asked for.
func (r *Remote) manner() string {
	if s, ok := r.Service.(interface{ Manner() string }); ok {
		return s.Manner()
	}
	return ""
}

// nameOf is the name of what is asked of a device: the same for the same question, and of
// another device, service or address another.
func (r *Remote) nameOf(asked ...string) string {
	h := sha256.New()
	place := []string{r.Service.Service(), r.Service.Device(), r.Service.Endpoint()}
	if m := r.manner(); m != "" {
		place = append(place, m)
	}
	for _, text := range append(place, asked...) {
		fmt.Fprintf(h, "%d %s\n", len(text), text)
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// Calibration returns the calibration data that the circuits of a work are compiled by. The
// work is named by what is asked before it is compiled: texts that say all of it. As long as
// one of its jobs counts they are those that its jobs were compiled by, whatever was
// calibrated since, so that a command that is run again has the same circuits and finds its
// jobs; otherwise those of now. Jobs that are planned from here on are the work's. Where
// nothing is sent, or jobs are made anew, the data are those of now.
func (r *Remote) Calibration(ctx context.Context, asked ...string) (*calibration.Snapshot, error) {
	if r.Anew || r.Dry || r.Ledger == nil {
		return r.Service.Snapshot(ctx)
	}
	work := r.nameOf(asked...)
	raw, err := r.Ledger.Calibration(ctx, work, func() ([]byte, error) {
		s, err := r.Service.Snapshot(ctx)
		if err != nil {
			return nil, err
		}
		return s.Encode()
	})
	if err != nil {
		return nil, err
	}
	r.Work = work
	return calibration.Read(calibration.File{Name: "calibration data of " + r.Service.Device(), Data: raw})
}
