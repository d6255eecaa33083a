package calibration

import (
	"fmt"
	"io"
	"time"

	"qgan/internal/words"
)

// Report is a snapshot with its figures, for people and programs.
type Report struct {
	Schema   string     `json:"schema"`
	SHA256   string     `json:"sha256"`
	Oldest   *time.Time `json:"oldest"` // of the figures' dates; nil: none is dated
	Newest   *time.Time `json:"newest"`
	Figures  []Figure   `json:"figures"`
	Snapshot *Snapshot  `json:"snapshot"`

	// Now is when ages are told for.
	Now time.Time `json:"-"`
}

// Report makes the report of a snapshot as it is now.
func (s *Snapshot) Report(now time.Time) (*Report, error) {
	hash, err := s.Hash()
	r := &Report{Schema: "qgan.calibration/v1", SHA256: hash, Figures: s.Figures(), Snapshot: s, Now: now}
	if oldest, newest := s.Dates(); !oldest.IsZero() {
		r.Oldest, r.Newest = &oldest, &newest
	}
	return r, err
}

// WriteText writes what the snapshot is of, how old it is, and the figures as a table.
func (r *Report) WriteText(w io.Writer) error {
	const minute = "2006-01-02 15:04"
	s := r.Snapshot
	fmt.Fprintf(w, "%s (%s) %s, %d qubits, snapshot %.12s\n", s.Name, s.Service, s.Version, len(s.Qubits), r.SHA256)
	if !s.Taken.IsZero() {
		fmt.Fprintf(w, "taken %s, %s ago\n", s.Taken.Format(minute+" Z07:00"), words.Age(r.Now.Sub(s.Taken)))
	}
	if r.Oldest != nil {
		fmt.Fprintf(w, "figures measured from %s to %s: the oldest %s ago\n", r.Oldest.Format(minute), r.Newest.Format(minute), words.Age(r.Now.Sub(*r.Oldest)))
	}
	fmt.Fprintln(w)
	t := words.NewTable(w)
	t.Row("figure", "known", "least", "median", "greatest")
	for _, f := range r.Figures {
		t.Row(f.Name, fmt.Sprint(f.Known), f.Text(f.Min), f.Text(f.Median), f.Text(f.Max))
	}
	return t.Flush()
}

// Oddities are what is odd in the snapshot.
func (r *Report) Oddities() []string { return r.Snapshot.Warnings }
