package ledger

import (
	"errors"
	"testing"
)

// A bill holds what the service said before what was estimated, and tells of jobs
// without a price.
func TestBill(t *testing.T) {
	l, err := Open(nil, t.TempDir(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	price, cost := 0.5, 0.25
	var plans []Plan
	for _, estimate := range []*float64{&price, &price, nil} {
		plans = append(plans, Plan{Job: Job{Service: "ibm", Circuits: 2, Shots: 10, Estimate: estimate}, Request: []byte("{}")})
	}
	jobs, err := l.Plan(t.Context(), plans, Limits{Unpriced: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Record(Update{Job: jobs[0].ID, State: Done, Attempt: 1, Remote: "x", Cost: &cost}); err != nil {
		t.Fatal(err)
	}
	for _, k := range []struct {
		of   []Job
		want string
	}{
		{nil, "0 jobs of 0 circuits and 0 shots: $0.00"},
		{jobs[:1], "1 job of 2 circuits and 10 shots: $0.25"},
		{jobs[:2], "2 jobs of 4 circuits and 20 shots: $0.75 by estimate"},
		{jobs, "3 jobs of 6 circuits and 30 shots: $0.75 by estimate and what has no known price"},
		{jobs[2:], "1 job of 2 circuits and 10 shots: $0.00 and what has no known price"},
	} {
		var ids []string
		for _, j := range k.of {
			ids = append(ids, j.ID)
		}
		if b, err := l.Bill(ids...); err != nil || b.String() != k.want {
			t.Errorf("%s, %v; want %s", b, err, k.want)
		}
	}
	if _, err := l.Bill("nothing"); !errors.Is(err, ErrNoJob) {
		t.Errorf("an unknown job: %v", err)
	}
}
