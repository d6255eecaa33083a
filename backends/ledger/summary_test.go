package ledger

import (
	"slices"
	"testing"

	"qgan/internal/durable"
)

func TestSummary(t *testing.T) {
	l := open(t, durable.OS{}, t.TempDir())
	defer l.Close()
	jobs, err := l.Plan(t.Context(), []Plan{plan(usd(0.5)), plan(usd(0.25))}, Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.Begin(t.Context(), jobs[0].ID, Limits{}, false); err != nil {
		t.Fatal(err)
	}
	if err := l.Record(Update{Job: jobs[0].ID, State: Cancelled, Attempt: 1, Remote: "r"}); err != nil {
		t.Fatal(err)
	}
	for open, want := range map[bool]int{false: 2, true: 1} {
		s, err := l.Summary(Query{Open: open})
		if err != nil {
			t.Fatal(err)
		}
		if len(s.Jobs) != want || s.Today != 0.5 || s.Total != 0.5 || s.Planned != 0.25 {
			t.Errorf("open %v: %d jobs, $%v today, $%v in all", open, len(s.Jobs), s.Today, s.Total)
		}
	}
}

func TestFacts(t *testing.T) {
	for _, k := range []struct {
		job  Job
		cost string
	}{
		{Job{Cost: usd(1), Estimate: usd(2)}, "$1.00"},
		{Job{Estimate: usd(2)}, "~$2.00"},
		{Job{}, "not known"},
		{Job{Amount: &Amount{12.5, "credits"}, Estimate: usd(2)}, "12.5 credits"},
		{Job{Estimate: usd(2), Charges: []Charge{{Lost: true}}}, "~$2.00"},
		{Job{Cost: usd(1), Estimate: usd(2), Charges: []Charge{{Lost: true}, {}, {Lost: true}}}, "$1.00 and 2 lost of ~$2.00"},
	} {
		if got := k.job.Spent(); got != k.cost {
			t.Errorf("%q, want %q", got, k.cost)
		}
		if facts := k.job.Facts(); !slices.Contains(facts, [2]string{"cost", k.cost}) || slices.ContainsFunc(facts, func(f [2]string) bool { return f[1] == "" }) {
			t.Errorf("%q", facts)
		}
	}
}
