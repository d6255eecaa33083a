package calibration

import (
	"testing"
	"time"
)

// A report says from when to when the figures were measured, and nothing where none is dated.
func TestReportDates(t *testing.T) {
	early, late := time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC), time.Date(2026, 4, 3, 0, 0, 0, 0, time.UTC)
	s := &Snapshot{Name: "line", Qubits: []Qubit{{T1: &Value{X: 1e-4, Date: late}}, {T1: &Value{X: 2e-4, Date: early}}}}
	r, err := s.Report(late)
	if err != nil || r.Oldest == nil || !r.Oldest.Equal(early) || r.Newest == nil || !r.Newest.Equal(late) {
		t.Errorf("from %v to %v (%v), want %v to %v", r.Oldest, r.Newest, err, early, late)
	}
	s.Qubits[0].T1.Date, s.Qubits[1].T1.Date = time.Time{}, time.Time{}
	if r, err = s.Report(late); err != nil || r.Oldest != nil || r.Newest != nil {
		t.Errorf("of no dates: from %v to %v (%v)", r.Oldest, r.Newest, err)
	}
}
