package ledger

import (
	"errors"
	"io"
	"reflect"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"qgan/internal/durable"
	"qgan/internal/stream"
)

// clock counts up a second with each look, so that ids and times are in order.
func clock() func() time.Time {
	var mu sync.Mutex
	now := time.Date(2026, 5, 12, 10, 0, 0, 0, time.UTC)
	return func() time.Time {
		mu.Lock()
		defer mu.Unlock()
		now = now.Add(time.Second)
		return now
	}
}

func open(t testing.TB, fsys durable.FS, dir string) *Ledger {
	t.Helper()
	l, err := Open(fsys, dir, clock())
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func usd(x float64) *float64 { return &x }

func plan(estimate *float64) Plan {
	return Plan{Job: Job{Service: "ibm", Device: "ibm_torino", Circuits: 2, Shots: 200, Estimate: estimate}, Request: []byte(`{"a":1}`)}
}

// A job's life is read back by another process, request and result too.
func TestLife(t *testing.T) {
	dir := t.TempDir()
	l := open(t, durable.OS{}, dir)
	jobs, err := l.Plan(t.Context(), []Plan{plan(usd(0.5)), plan(usd(0.7))}, Limits{})
	if err != nil {
		t.Fatal(err)
	}
	id := jobs[0].ID
	for _, u := range []Update{
		{Job: id, State: Sending, Attempt: 1},
		{Job: id, State: Unknown, Attempt: 1, Reason: "connection reset"},
		{Job: id, State: Sending, Attempt: 2},
		{Job: id, State: Submitted, Attempt: 2, Remote: "abc"},
		{Job: id, State: Done, Attempt: 2, Remote: "abc", Cost: usd(0.4), Seconds: 3},
	} {
		if err := l.Record(u); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.SaveResult(id, func(w io.Writer) error { _, err := io.WriteString(w, "result"); return err }); err != nil {
		t.Fatal(err)
	}
	other := open(t, durable.OS{}, dir)
	for _, name := range []string{id, "abc", id[len(id)-6:]} {
		j, err := other.Job(name)
		if err != nil || j.ID != id || j.State != Done || j.Attempt != 2 || j.Remote != "abc" || *j.Cost != 0.4 || j.Seconds != 3 || j.Reason != "" {
			t.Errorf("%s: %+v, %v", name, j, err)
		}
	}
	if body, err := other.Request(id); err != nil || string(body) != `{"a":1}` {
		t.Errorf("request %q, %v", body, err)
	}
	f, err := other.Result(id)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if b, _ := io.ReadAll(f); string(b) != "result" {
		t.Errorf("result %q", b)
	}
	if _, err := other.Result(jobs[1].ID); !Missing(err) {
		t.Errorf("a result that is not there: %v", err)
	}
	if _, err := other.Job("nothere"); !errors.Is(err, ErrNoJob) {
		t.Errorf("a job that is not there: %v", err)
	}
	all, err := other.Jobs()
	if err != nil || len(all) != 2 || SpentSince(all, time.Time{}) != 0.4+0.5 || planned(all, time.Time{}) != 0.7 {
		t.Errorf("%d jobs, %v spent, %v", len(all), SpentSince(all, time.Time{}), err)
	}
}

// Whatever the order in which events are read, a job is the same.
func TestMergeHasNoOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		states := []State{Planned, Sending, Unknown, Submitted, Gone, Failed, Cancelled, Abandoned, Unreadable, Done}
		job := plan(nil).Job
		events := []event{{Job: "a", Plan: &job, State: Planned}}
		for i := range rapid.IntRange(0, 8).Draw(t, "events") {
			e := event{Job: "a", At: time.Unix(int64(i), 0), State: rapid.SampledFrom(states).Draw(t, "state"), Attempt: rapid.IntRange(1, 3).Draw(t, "attempt")}
			e.Same, e.Unmade, e.Stop = rapid.Bool().Draw(t, "same"), rapid.Bool().Draw(t, "unmade"), rapid.IntRange(0, 9).Draw(t, "stop") == 0
			if ranks[e.State] >= ranks[Submitted] {
				e.Remote = rapid.SampledFrom([]string{"x", "y"}).Draw(t, "remote")
			}
			events = append(events, e)
		}
		read := func(order []int) Job {
			m := &merged{}
			for _, i := range order {
				m.add(events[i])
			}
			return m.job()
		}
		order := make([]int, len(events))
		for i := range order {
			order[i] = i
		}
		want := read(order)
		if got := read(rapid.Permutation(order).Draw(t, "order")); !reflect.DeepEqual(got, want) {
			t.Fatalf("%+v, in another order %+v", want, got)
		}
	})
}

func TestLimits(t *testing.T) {
	for name, k := range map[string]struct {
		plans  []Plan
		limits Limits
		before float64 // planned today by another process
		ok     bool
	}{
		"no limit":               {[]Plan{plan(usd(100))}, Limits{}, 0, true},
		"command":                {[]Plan{plan(usd(1)), plan(usd(1.5))}, Limits{PerCommand: usd(2.5)}, 0, true},
		"above a command's":      {[]Plan{plan(usd(1)), plan(usd(1.6))}, Limits{PerCommand: usd(2.5)}, 0, false},
		"day":                    {[]Plan{plan(usd(1))}, Limits{PerDay: usd(5)}, 4, true},
		"above a day's":          {[]Plan{plan(usd(1.01))}, Limits{PerDay: usd(5)}, 4, false},
		"no price":               {[]Plan{plan(nil)}, Limits{}, 0, false},
		"no price, but allowed":  {[]Plan{plan(nil)}, Limits{Unpriced: true, PerDay: usd(1)}, 0, true},
		"nothing may be spent":   {[]Plan{plan(usd(0.01))}, Limits{PerCommand: usd(0)}, 0, false},
		"free where nothing may": {[]Plan{plan(usd(0))}, Limits{PerCommand: usd(0)}, 0, true},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			if k.before > 0 {
				if _, err := open(t, durable.OS{}, dir).Plan(t.Context(), []Plan{plan(usd(k.before))}, Limits{}); err != nil {
					t.Fatal(err)
				}
			}
			l := open(t, durable.OS{}, dir)
			jobs, err := l.Plan(t.Context(), k.plans, k.limits)
			if (err == nil) != k.ok || err != nil && !errors.Is(err, ErrLimit) {
				t.Fatalf("error %v", err)
			}
			all, err := l.Jobs()
			want := len(jobs)
			if k.before > 0 {
				want++
			}
			if err != nil || len(all) != want {
				t.Errorf("%d jobs in the ledger, want %d: %v", len(all), want, err)
			}
		})
	}
}

// The day begins at midnight, UTC.
func TestStartOfDay(t *testing.T) {
	day := time.Date(2026, 5, 12, 0, 0, 0, 0, time.UTC)
	if d := startOfDay(time.Date(2026, 5, 12, 1, 0, 0, 0, time.FixedZone("", 2*3600))); d != day.AddDate(0, 0, -1) {
		t.Errorf("the day begins at %v", d)
	}
}

// Processes that plan at the same time never go over a limit together.
func TestPlannersShareTheLimit(t *testing.T) {
	dir := t.TempDir()
	var wait sync.WaitGroup
	for range 8 {
		l := open(t, durable.OS{}, dir)
		wait.Go(func() {
			for range 5 {
				if _, err := l.Plan(t.Context(), []Plan{plan(usd(1))}, Limits{PerDay: usd(7)}); err != nil && !errors.Is(err, ErrLimit) {
					t.Error(err)
				}
			}
		})
	}
	wait.Wait()
	jobs, err := open(t, durable.OS{}, dir).Jobs()
	if err != nil || len(jobs) != 7 {
		t.Errorf("%d jobs for a limit of 7: %v", len(jobs), err)
	}
}

// A job is sent by one process at a time.
func TestLock(t *testing.T) {
	dir := t.TempDir()
	a := open(t, durable.OS{}, dir)
	jobs, err := a.Plan(t.Context(), []Plan{plan(usd(1))}, Limits{})
	if err != nil {
		t.Fatal(err)
	}
	unlock, err := a.Lock(jobs[0].ID)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := open(t, durable.OS{}, dir).Lock(jobs[0].ID); !errors.Is(err, ErrBusy) {
		t.Errorf("a second lock: %v", err)
	}
	if err := unlock(); err != nil {
		t.Fatal(err)
	}
	if _, err := open(t, durable.OS{}, dir).Lock(jobs[0].ID); err != nil {
		t.Errorf("after it was given back: %v", err)
	}
}

// Wherever the machine stops, the ledger can be read, and what was acknowledged is in it.
func TestCrashes(t *testing.T) {
	for k := 1; ; k++ {
		dir := t.TempDir()
		x := durable.NewFault(durable.OS{})
		x.Crash(k)
		planned, sending, submitted := 0, false, false
		l, err := Open(x, dir, clock())
		if err == nil {
			var jobs []Job
			if jobs, err = l.Plan(t.Context(), []Plan{plan(usd(1)), plan(usd(1))}, Limits{}); err == nil {
				planned = len(jobs)
				if err = l.Record(Update{Job: jobs[0].ID, State: Sending, Attempt: 1}); err == nil {
					sending = true
					if err = l.Record(Update{Job: jobs[0].ID, State: Submitted, Attempt: 1, Remote: "r"}); err == nil {
						submitted = true
					}
				}
			}
		}
		after := open(t, durable.OS{}, dir)
		jobs, e := after.Jobs()
		if e != nil {
			t.Fatalf("crash %d: %v", k, e)
		}
		states := map[State]int{}
		for _, j := range jobs {
			states[j.State]++
			if body, err := after.Request(j.ID); err != nil || len(body) == 0 {
				t.Errorf("crash %d: a job without its request: %v", k, err)
			}
		}
		switch {
		case submitted && states[Submitted] != 1, sending && states[Submitted]+states[Sending] != 1, len(jobs) < planned:
			t.Errorf("crash %d: %v after planned %d, sending %v, submitted %v", k, states, planned, sending, submitted)
		}
		if err == nil {
			if k < 10 {
				t.Errorf("only %d operations", k)
			}
			return
		}
	}
}

func TestUpdatesAreChecked(t *testing.T) {
	l := open(t, durable.OS{}, t.TempDir())
	for _, u := range []Update{
		{State: Sending, Attempt: 1},
		{Job: "a", State: Planned, Attempt: 1},
		{Job: "a", State: "lost", Attempt: 1},
		{Job: "a", State: Sending},
		{Job: "a", State: Submitted, Attempt: 1},
	} {
		if err := l.Record(u); err == nil {
			t.Errorf("%+v was recorded", u)
		}
	}
}

// Ids sort by time and differ.
func TestNewID(t *testing.T) {
	rng := stream.New(1, "times")
	seen := map[string]bool{}
	for range 1000 {
		a := time.Unix(rng.Int64N(4e9), 0)
		id, later := NewID(a), NewID(a.Add(time.Second))
		if id >= later || seen[id] || len(id) > 64 {
			t.Fatalf("%s, a second later %s", id, later)
		}
		seen[id] = true
	}
}

// Jobs are listed in the order in which they were planned, however many in a second.
func TestJobsAreInTheirOrder(t *testing.T) {
	now := time.Date(2026, 5, 12, 9, 0, 0, 0, time.UTC)
	l, err := Open(durable.OS{}, t.TempDir(), func() time.Time { return now })
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	var want []string
	for range 5 {
		var plans []Plan
		for i := range 4 {
			price := 0.0
			plans = append(plans, Plan{Job: Job{ID: NewID(now), Service: "ibm", Index: i, Estimate: &price}, Request: []byte("{}")})
			want = append(want, plans[i].Job.ID)
		}
		if _, err := l.Plan(t.Context(), plans, Limits{}); err != nil {
			t.Fatal(err)
		}
		now = now.Add(time.Millisecond)
	}
	jobs, err := l.Jobs()
	if err != nil {
		t.Fatal(err)
	}
	for i, j := range jobs {
		if j.ID != want[i] {
			t.Fatalf("job %d is %s, planned was %s", i, j.ID, want[i])
		}
	}
}

// Submissions a minute are counted over all processes, service by service.
func TestTurn(t *testing.T) {
	now := time.Date(2026, 5, 12, 9, 0, 0, 0, time.UTC)
	dir := t.TempDir()
	var processes []*Ledger
	for range 2 {
		l, err := Open(durable.OS{}, dir, func() time.Time { return now })
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		processes = append(processes, l)
	}
	send := func(i int, service, endpoint string, want time.Duration) {
		t.Helper()
		l := processes[i%2]
		price := 0.0
		jobs, err := l.Plan(t.Context(), []Plan{{Job: Job{Service: service, Endpoint: endpoint, Estimate: &price}, Request: []byte("{}")}}, Limits{})
		if err != nil {
			t.Fatal(err)
		}
		wait, unlock, err := l.Turn(t.Context(), service, endpoint, 3)
		if err != nil || wait != want {
			t.Fatalf("submission %d waits %v, want %v; %v", i, wait, want, err)
		}
		if wait > 0 {
			return
		}
		if err := l.Record(Update{Job: jobs[0].ID, State: Sending, Attempt: 1}); err != nil {
			t.Fatal(err)
		}
		if err := unlock(); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 3 {
		send(i, "ibm", "", 0)
		now = now.Add(10 * time.Second)
	}
	send(3, "ibm", "", 30*time.Second) // the first was 30 seconds ago
	send(4, "ibm", "", 30*time.Second)
	send(5, "ionq", "", 0)
	send(6, "ibm", "http://127.0.0.1:1", 0)
	now = now.Add(30 * time.Second)
	send(7, "ibm", "", 0)
	send(8, "ibm", "", 10*time.Second)
}
