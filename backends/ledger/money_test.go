package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"qgan/backends/ledger"
	"qgan/internal/durable"
)

// one plans a job of two dollars.
func one(t *testing.T, l *ledger.Ledger, id string) {
	t.Helper()
	if _, err := l.Plan(t.Context(), []ledger.Plan{{Job: ledger.Job{ID: id, Service: "s", Device: "d", Command: "c", Estimate: usd(2)}, Request: []byte("{}")}}, ledger.Limits{}); err != nil {
		t.Fatal(err)
	}
}

// What a job may cost follows from what became of each of its attempts: nothing where it is
// known that nothing was created, the service's word for the one that it has, the estimate
// for each that was never found. Old logs, whose attempts begin with "sending" too, are read
// the same.
func TestCharges(t *testing.T) {
	type event = ledger.Update
	const (
		sending, unknown, submitted, planned = ledger.Sending, ledger.Unknown, ledger.Submitted, ledger.Planned
		failed, cancelled, done              = ledger.Failed, ledger.Cancelled, ledger.Done
	)
	for name, k := range map[string]struct {
		events []event
		want   string // of each charge its cost; ~ by estimate, ? never found
	}{
		"planned":                   {nil, ""},
		"on its way":                {[]event{{State: sending, Attempt: 1}}, "~2"},
		"refused":                   {[]event{{State: sending, Attempt: 1}, {State: failed, Attempt: 1, Reason: "400"}}, ""},
		"not taken now":             {[]event{{State: sending, Attempt: 1}, {State: planned, Attempt: 2}, {State: sending, Attempt: 3}}, "~2"},
		"lost":                      {[]event{{State: sending, Attempt: 1}, {State: unknown, Attempt: 1}}, "~2?"},
		"found":                     {[]event{{State: sending, Attempt: 1}, {State: unknown, Attempt: 1}, {State: submitted, Attempt: 1, Remote: "r"}}, "~2"},
		"lost twice":                {[]event{{State: sending, Attempt: 1}, {State: unknown, Attempt: 1}, {State: sending, Attempt: 2}, {State: unknown, Attempt: 2}}, "~2? ~2?"},
		"lost, then there":          {[]event{{State: sending, Attempt: 1}, {State: unknown, Attempt: 1}, {State: sending, Attempt: 2}, {State: submitted, Attempt: 2, Remote: "r"}, {State: done, Attempt: 2, Remote: "r", Cost: usd(0.5)}}, "~2? 0.5"},
		"lost, the next refused":    {[]event{{State: sending, Attempt: 1}, {State: unknown, Attempt: 1}, {State: sending, Attempt: 2}, {State: unknown, Attempt: 2, Unmade: true}}, "~2?"},
		"the same body again":       {[]event{{State: sending, Attempt: 1}, {State: unknown, Attempt: 1}, {State: sending, Attempt: 2, Same: true}, {State: unknown, Attempt: 2}}, "~2?"},
		"the same body, then there": {[]event{{State: sending, Attempt: 1}, {State: unknown, Attempt: 1}, {State: sending, Attempt: 2, Same: true}, {State: submitted, Attempt: 2, Remote: "r"}}, "~2"},
		"failed, and it was told":   {[]event{{State: sending, Attempt: 1}, {State: submitted, Attempt: 1, Remote: "r"}, {State: failed, Attempt: 1, Remote: "r", Cost: usd(0.25)}}, "0.25"},
		"failed, and it was not":    {[]event{{State: sending, Attempt: 1}, {State: submitted, Attempt: 1, Remote: "r"}, {State: failed, Attempt: 1, Remote: "r"}}, "~2"},
		"cancelled there, free":     {[]event{{State: sending, Attempt: 1}, {State: submitted, Attempt: 1, Remote: "r"}, {State: cancelled, Attempt: 1, Remote: "r", Cost: usd(0)}}, "0"},
		"abandoned, never found":    {[]event{{State: sending, Attempt: 1}, {State: unknown, Attempt: 1}, {State: ledger.Abandoned, Attempt: 1}}, "~2?"},
		"gone":                      {[]event{{State: sending, Attempt: 1}, {State: submitted, Attempt: 1, Remote: "r"}, {State: ledger.Gone, Attempt: 1, Remote: "r"}}, "~2"},
		"given by hand":             {[]event{{State: submitted, Attempt: 1, Remote: "r"}}, "~2"},
		"lost, then given by hand":  {[]event{{State: sending, Attempt: 1}, {State: unknown, Attempt: 1}, {State: submitted, Attempt: 2, Remote: "r"}}, "~2"},
		"taken though refused":      {[]event{{State: sending, Attempt: 1}, {State: failed, Attempt: 1, Reason: "401"}, {State: submitted, Attempt: 1, Remote: "r"}}, "~2"},
	} {
		now := noon
		l := open(t, durable.OS{}, t.TempDir(), &now)
		one(t, l, "a")
		for i, e := range k.events {
			now = noon.Add(time.Duration(i) * time.Minute)
			e.Job = "a"
			if err := l.Record(e); err != nil {
				t.Fatal(err)
			}
		}
		j, err := l.Job("a")
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		sum := 0.0
		for _, c := range j.Charges {
			text := fmt.Sprint(*c.USD)
			if !c.Told {
				text = "~" + text
			}
			if c.Lost {
				text += "?"
			}
			got, sum = append(got, text), sum+*c.USD
		}
		if strings.Join(got, " ") != k.want {
			t.Errorf("%s: %v, want %s", name, got, k.want)
		}
		if all := ledger.SpentSince([]ledger.Job{j}, time.Time{}); all != sum {
			t.Errorf("%s: $%v are counted, %v charged", name, all, sum)
		}
	}
}

// Money counts at the time at which it was sent, and a job is held against the limits of
// that moment, whenever it was planned.
func TestLimitsHoldWhenItIsSent(t *testing.T) {
	now := time.Date(2026, 5, 12, 23, 59, 0, 0, time.UTC)
	l := open(t, durable.OS{}, t.TempDir(), &now)
	day := ledger.Limits{PerDay: usd(5)}
	for _, id := range []string{"a", "b", "c"} {
		one(t, l, id)
	}
	begin := func(id string, limits ledger.Limits, same bool) error {
		_, err := l.Begin(t.Context(), id, limits, same)
		return err
	}
	if err := begin("a", day, false); err != nil {
		t.Fatal(err)
	}
	now = now.Add(2 * time.Minute) // the next day
	for what, k := range map[string]struct {
		limits ledger.Limits
		ok     bool
	}{
		"none":            {ledger.Limits{}, true},
		"nothing":         {ledger.Limits{PerCommand: usd(0)}, false},
		"NaN":             {ledger.Limits{PerCommand: usd(math.NaN())}, false},
		"negative":        {ledger.Limits{PerDay: usd(-5)}, false},
		"used up":         {ledger.Limits{PerCommand: usd(3), Before: 1.5}, false},
		"the day's":       {ledger.Limits{PerDay: usd(1.99)}, false},
		"enough, exactly": {ledger.Limits{PerDay: usd(2), PerCommand: usd(2)}, true},
	} {
		j, err := l.Job("b")
		if err != nil || j.State != ledger.Planned {
			t.Fatal(j.State, err)
		}
		err = begin("b", k.limits, false)
		if (err == nil) != k.ok || err != nil && !errors.Is(err, ledger.ErrLimit) {
			t.Errorf("%s: %v", what, err)
		}
		if err == nil { // it was not taken
			if j, err = l.Job("b"); err == nil {
				err = l.Record(ledger.Update{Job: "b", State: ledger.Planned, Attempt: j.Attempt + 1})
			}
		}
		if err != nil && k.ok {
			t.Fatal(err)
		}
	}
	// What was sent before midnight is yesterday's. Today's is $2 and $2, then the third is too much.
	if err := begin("b", day, false); err != nil {
		t.Fatal(err)
	}
	if err := begin("b", day, false); err != nil { // a try more is a charge more
		t.Fatal(err)
	}
	if err := begin("c", day, false); !errors.Is(err, ledger.ErrLimit) || !strings.Contains(err.Error(), "$4.00 were spent today") {
		t.Errorf("%v", err)
	}
	if err := begin("b", day, true); err != nil {
		t.Errorf("the same body again costs nothing: %v", err)
	}
	s, err := l.Summary(ledger.Query{})
	if err != nil || s.Today != 4 || s.Total != 6 || s.Planned != 2 {
		t.Errorf("%+v, %v", s, err)
	}
}

// After a cancellation nothing is sent, whatever was read before and whoever holds the job.
func TestStopEndsAJob(t *testing.T) {
	now := noon
	dir := t.TempDir()
	mine, theirs := open(t, durable.OS{}, dir, &now), open(t, durable.OS{}, dir, &now)
	for id, k := range map[string]struct {
		events []ledger.Update
		state  ledger.State // after it was stopped
		next   ledger.Update
		then   ledger.State
	}{
		"new1":     {nil, ledger.Cancelled, ledger.Update{}, ledger.Cancelled},
		"waiting1": {[]ledger.Update{{State: ledger.Sending, Attempt: 1}, {State: ledger.Planned, Attempt: 2}}, ledger.Cancelled, ledger.Update{}, ledger.Cancelled},
		// A holder whose answer comes later: it was not taken, or it was.
		"flying1": {[]ledger.Update{{State: ledger.Sending, Attempt: 1}}, ledger.Sending, ledger.Update{State: ledger.Planned, Attempt: 2}, ledger.Cancelled},
		"flying2": {[]ledger.Update{{State: ledger.Sending, Attempt: 1}}, ledger.Sending, ledger.Update{State: ledger.Submitted, Attempt: 1, Remote: "r"}, ledger.Submitted},
		"lost1":   {[]ledger.Update{{State: ledger.Sending, Attempt: 1}, {State: ledger.Unknown, Attempt: 1}}, ledger.Unknown, ledger.Update{}, ledger.Unknown},
	} {
		one(t, mine, id)
		for _, e := range k.events {
			e.Job = id
			if err := mine.Record(e); err != nil {
				t.Fatal(err)
			}
		}
		j, err := theirs.Stop(t.Context(), id, "by hand")
		if err != nil || j.State != k.state {
			t.Errorf("%s is %s, %v", id, j.State, err)
		}
		if k.next.State != "" {
			k.next.Job = id
			if err := mine.Record(k.next); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := mine.Begin(t.Context(), id, ledger.Limits{}, false); !errors.Is(err, ledger.ErrStopped) {
			t.Errorf("%s was sent again: %v", id, err)
		}
		if j, err = mine.Job(id); err != nil || j.State != k.then || k.then == ledger.Cancelled && (j.Reason != "by hand" || len(j.Charges) != 0) {
			t.Errorf("%s is %s (%s) with %d charges, %v", id, j.State, j.Reason, len(j.Charges), err)
		}
	}
}

// A line that is no event hides no other; nothing is sent until it is set aside, and what it
// may have said is taken at its worst.
func TestDamage(t *testing.T) {
	const id, other = "qgan-20260512120000-aaaaaaaaaaaaaaaa", "qgan-20260512120000-bbbbbbbbbbbbbbbb"
	for name, k := range map[string]struct {
		text    string
		lines   int
		orphans []string
		unknown []string // after the repair
	}{
		"a torn tail":        {`{"job":"` + id + `","state":"done","att`, 0, nil, nil},
		"no event":           {"no event\n", 1, nil, []string{id, other}},
		"one of two":         {"\x00\x00\x00\n{\"job\":\"" + other + "\",\"state\":\"sending\",\"attempt\":1}\n", 1, nil, []string{id}},
		"of a job":           {`{"job":"` + id + `","state":"sub` + "\n", 1, nil, []string{id}},
		"a job without plan": {`{"job":"stranger","state":"submitted","attempt":1,"remote":"r"}` + "\n", 0, []string{"stranger"}, nil},
	} {
		now := noon
		dir := t.TempDir()
		l := open(t, durable.OS{}, dir, &now)
		one(t, l, id)
		one(t, l, other)
		if err := os.WriteFile(filepath.Join(dir, "events-x.jsonl"), []byte(k.text), 0o644); err != nil {
			t.Fatal(err)
		}
		jobs, err := l.Jobs()
		if err != nil || len(jobs) != 2 {
			t.Errorf("%s: %d jobs, %v", name, len(jobs), err)
		}
		d, err := l.Damage()
		if err != nil || len(d.Lines) != k.lines || !slices.Equal(d.Orphans, k.orphans) {
			t.Errorf("%s: %+v, %v", name, d, err)
		}
		damaged := k.lines+len(k.orphans) > 0
		_, err = l.Begin(t.Context(), other, ledger.Limits{}, false)
		if name == "one of two" && err == nil || errors.Is(err, ledger.ErrDamaged) != damaged || damaged && k.lines > 0 && !strings.Contains(err.Error(), "events-x.jsonl:1 is no event") {
			t.Errorf("%s: %v", name, err)
		}
		r, err := l.Repair(t.Context())
		if err != nil || !slices.Equal(r.Unknown, k.unknown) || len(r.Lines) != k.lines {
			t.Errorf("%s: repaired %+v, %v", name, r, err)
		}
		// Any process sees it whole, and what was lost is counted.
		for _, l := range []*ledger.Ledger{l, open(t, durable.OS{}, dir, &now)} {
			d, err := l.Damage()
			if err != nil || len(d.Lines)+len(d.Orphans) > 0 {
				t.Errorf("%s: after the repair %+v, %v", name, d, err)
			}
			for _, id := range k.unknown {
				if j, err := l.Job(id); err != nil || j.State != ledger.Unknown || len(j.Charges) != 1 {
					t.Errorf("%s: %s is %s, %v", name, id, j.State, err)
				}
			}
			if _, err := l.Plan(t.Context(), nil, ledger.Limits{}); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		if r, err := l.Repair(t.Context()); err != nil || len(r.Unknown)+len(r.Lines) != 0 {
			t.Errorf("%s: repaired twice: %+v, %v", name, r, err)
		}
	}
}

// Costs add up to what is spent, by whatever keys they are told apart.
func TestCosts(t *testing.T) {
	now := time.Date(2026, 5, 12, 23, 50, 0, 0, time.UTC)
	l := open(t, durable.OS{}, t.TempDir(), &now)
	var plans []ledger.Plan
	for i, id := range []string{"a", "b", "c", "d"} {
		j := ledger.Job{ID: id, Service: "ibm", Device: "heron", Command: "generate", Estimate: usd(2)}
		if i > 1 {
			j = ledger.Job{ID: id, Service: "ionq", Device: "forte", Command: "train", Estimate: []*float64{usd(3), nil}[i-2]}
		}
		plans = append(plans, ledger.Plan{Job: j, Request: []byte("{}")})
	}
	if _, err := l.Plan(t.Context(), plans, ledger.Limits{Unpriced: true}); err != nil {
		t.Fatal(err)
	}
	for _, u := range []ledger.Update{
		{Job: "a", State: ledger.Sending, Attempt: 1}, {Job: "a", State: ledger.Unknown, Attempt: 1}, {Job: "a", State: ledger.Sending, Attempt: 2},
		{Job: "a", State: ledger.Done, Attempt: 2, Remote: "r", Cost: usd(0.5)},
		{Job: "c", State: ledger.Sending, Attempt: 1}, {Job: "d", State: ledger.Sending, Attempt: 1},
		{Job: "d", State: ledger.Done, Attempt: 1, Remote: "s", Amount: &ledger.Amount{Value: 12, Unit: "credits"}},
	} {
		if err := l.Record(u); err != nil {
			t.Fatal(err)
		}
		now = now.Add(4 * time.Minute) // c and d are sent on the next day
	}
	type row = ledger.CostRow
	all := row{Sent: 4, Lost: 1, Estimate: 7, Real: 0.5, Open: 5, Unpriced: 1, Amounts: map[string]float64{"credits": 12}}
	for _, k := range []struct {
		by   []string
		want []row
	}{
		{nil, []row{{Of: map[string]string{}, Sent: 4, Lost: 1, Estimate: 7, Real: 0.5, Open: 5, Unpriced: 1, Amounts: map[string]float64{"credits": 12}}}},
		{[]string{"day"}, []row{
			{Of: map[string]string{"day": "2026-05-12"}, Sent: 2, Lost: 1, Estimate: 4, Real: 0.5, Open: 2},
			{Of: map[string]string{"day": "2026-05-13"}, Sent: 2, Estimate: 3, Open: 3, Unpriced: 1, Amounts: map[string]float64{"credits": 12}},
		}},
		{[]string{"service", "command"}, []row{
			{Of: map[string]string{"service": "ibm", "command": "generate"}, Sent: 2, Lost: 1, Estimate: 4, Real: 0.5, Open: 2},
			{Of: map[string]string{"service": "ionq", "command": "train"}, Sent: 2, Estimate: 3, Open: 3, Unpriced: 1, Amounts: map[string]float64{"credits": 12}},
		}},
	} {
		c, err := l.Costs(k.by...)
		if err != nil || cmp.Diff(k.want, c.Rows) != "" || cmp.Diff(all, c.Total) != "" {
			t.Errorf("by %v: %v\n%s%s", k.by, err, cmp.Diff(k.want, c.Rows), cmp.Diff(all, c.Total))
		}
		if jobs, err := l.Jobs(); err != nil || ledger.SpentSince(jobs, time.Time{}) != c.Total.Real+c.Total.Open {
			t.Errorf("by %v the costs are not what was spent", k.by)
		}
	}
	if _, err := l.Costs("moon"); err == nil || !strings.Contains(err.Error(), "day, service, device, command") {
		t.Error(err)
	}
	if s := all.Said(); s != "$0.50, 12 credits" {
		t.Errorf("%s", s)
	}
}

// Calibration data stand as long as a job of their work counts, or for a while before there
// is one.
func TestCalibrationOfAWork(t *testing.T) {
	now := noon
	dir := t.TempDir()
	l := open(t, durable.OS{}, dir, &now)
	asked := 0
	ask := func(work string) string {
		t.Helper()
		raw, err := l.Calibration(t.Context(), work, func() ([]byte, error) { asked++; return fmt.Appendf(nil, `{"n":%d}`, asked), nil })
		if err != nil {
			t.Fatal(err)
		}
		return string(raw)
	}
	expect := func(what, work, want string) {
		t.Helper()
		if got := ask(work); got != want {
			t.Errorf("%s: %s, want %s", what, got, want)
		}
	}
	expect("first", "w1", `{"n":1}`)
	expect("another work", "w2", `{"n":2}`)
	now = now.Add(14 * time.Minute)
	expect("a twin, before a job is planned", "w1", `{"n":1}`)
	now = now.Add(2 * time.Minute)
	expect("too old, and no job", "w1", `{"n":3}`)
	if _, err := l.Plan(t.Context(), []ledger.Plan{{Job: ledger.Job{ID: "a", Work: "w1", Estimate: usd(0)}, Request: []byte("{}")}}, ledger.Limits{}); err != nil {
		t.Fatal(err)
	}
	now = now.AddDate(0, 1, 0)
	expect("a job that counts", "w1", `{"n":3}`)
	if err := l.Record(ledger.Update{Job: "a", State: ledger.Failed, Attempt: 1}); err != nil {
		t.Fatal(err)
	}
	expect("none that counts", "w1", `{"n":4}`)
	boom := errors.New("boom")
	if _, err := l.Calibration(t.Context(), "w9", func() ([]byte, error) { return nil, boom }); !errors.Is(err, boom) {
		t.Error(err)
	}
}

// Two jobs that a service calls the same are told apart by their own ids.
func TestJobsOfOneName(t *testing.T) {
	now := noon
	l := open(t, durable.OS{}, t.TempDir(), &now)
	for _, id := range []string{"qgan-1-aaaa", "qgan-2-bbbb"} {
		one(t, l, id)
		if err := l.Record(ledger.Update{Job: id, State: ledger.Submitted, Attempt: 1, Remote: "r7"}); err != nil {
			t.Fatal(err)
		}
	}
	for range 20 { // whatever the order of a map
		if j, err := l.Job("r7"); err == nil || !strings.Contains(err.Error(), "2 jobs of the ledger are called so: qgan-1-aaaa, qgan-2-bbbb") {
			t.Fatalf("%s, %v", j.ID, err)
		}
	}
}

// A group is held by one at a time; who waits is told once, and ends with its context.
func TestClaim(t *testing.T) {
	now := noon
	dir := t.TempDir()
	a, b := open(t, durable.OS{}, dir, &now), open(t, durable.OS{}, dir, &now)
	release, err := a.Claim(t.Context(), "g1", func() { t.Error("the first waits") })
	if err != nil {
		t.Fatal(err)
	}
	told := 0
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
	defer cancel()
	if _, err := b.Claim(ctx, "g1", func() { told++ }); !errors.Is(err, context.DeadlineExceeded) || told != 1 {
		t.Errorf("told %d times, %v", told, err)
	}
	if other, err := b.Claim(t.Context(), "g2", nil); err != nil {
		t.Error(err)
	} else if err := other(); err != nil {
		t.Error(err)
	}
	if err := release(); err != nil {
		t.Fatal(err)
	}
	if release, err = b.Claim(t.Context(), "g1", nil); err != nil {
		t.Fatal(err)
	}
	release()
}
