package ledger

import (
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"qgan/internal/durable"
)

// readings counts how often each file is read.
type readings struct {
	durable.OS
	of map[string]int
}

func (r readings) ReadFile(path string) ([]byte, error) {
	r.of[filepath.Base(path)]++
	return r.OS.ReadFile(path)
}

// A log is read again where it has grown, and only then; each event counts once. Files of
// other names are no logs.
func TestLogsAreReadOnce(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		f, err := os.OpenFile(filepath.Join(dir, name), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
		if err == nil {
			_, err = f.WriteString(text)
		}
		if err = errors.Join(err, f.Close()); err != nil {
			t.Fatal(err)
		}
	}
	write("events-a.jsonl", `{"job":"a","state":"planned","at":"2026-05-12T10:00:00Z","plan":{"id":"a","service":"s"}}`+"\n")
	write("events-b.jsonl", `{"job":"a","state":"sending","attempt":1,"at":"2026-05-12T10:00:01Z"}`+"\n")
	write("events-c.json", "no log\n")
	write("notes.jsonl", "no log\n")
	r := readings{of: map[string]int{}}
	l := open(t, r, dir)
	for i, want := range []State{Sending, Sending, Submitted, Submitted} {
		if i == 2 {
			write("events-b.jsonl", `{"job":"a","state":"submitted","attempt":1,"remote":"r","at":"2026-05-12T10:00:02Z"}`+"\n")
		}
		jobs, err := l.Jobs()
		if err != nil || len(jobs) != 1 || jobs[0].State != want {
			t.Fatalf("look %d: %v, %v", i, jobs, err)
		}
	}
	if r.of["events-a.jsonl"] != 1 || r.of["events-b.jsonl"] != 2 || len(r.of) != 2 {
		t.Errorf("read %v", r.of)
	}
	write("events-b.jsonl", "{}\n")
	if _, err := l.Plan(t.Context(), nil, Limits{}); !errors.Is(err, ErrDamaged) || !strings.HasSuffix(err.Error(), filepath.Join(dir, "events-b.jsonl")+":3 is no event of a ledger: it names no job") {
		t.Error(err)
	}
	if j, err := l.Job("a"); err != nil || j.State != Submitted {
		t.Errorf("a garbled line hides a job: %v", err)
	}
}

// late shows what was planned only after the first look at the folder.
type late struct {
	durable.OS
	show *func()
}

func (l late) ReadFile(path string) ([]byte, error) {
	data, err := l.OS.ReadFile(path)
	if show := *l.show; show != nil {
		*l.show = nil
		show()
	}
	return data, err
}

// A job whose plan comes on the disk while the logs are read is found by a second look.
func TestAPlanThatComesLate(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("events-b.jsonl", `{"job":"a","state":"sending","attempt":1}`)
	show := func() { write("events-a.jsonl", `{"job":"a","state":"planned","plan":{"id":"a","service":"s"}}`) }
	l := open(t, late{show: &show}, dir)
	if jobs, err := l.Jobs(); err != nil || len(jobs) != 1 || jobs[0].State != Sending || jobs[0].Service != "s" {
		t.Errorf("%v, %v", jobs, err)
	}
	if err := os.Remove(filepath.Join(dir, "events-a.jsonl")); err != nil {
		t.Fatal(err)
	}
	if _, err := open(t, durable.OS{}, dir).Plan(t.Context(), nil, Limits{}); !errors.Is(err, ErrDamaged) || !strings.HasSuffix(err.Error(), dir+" knows what happened to job a and not what it is: a file of events is missing") {
		t.Error(err)
	}
}

// The texts of limits and of updates that are none.
func TestTextsOfRefusals(t *testing.T) {
	priced := plan(usd(1.25)).Job
	for _, k := range []struct {
		limits Limits
		jobs   []Job
		today  float64
		want   string
	}{
		{Limits{}, []Job{plan(nil).Job}, 0, "over the spending limit: no price is known for ibm_torino at ibm"},
		{Limits{PerCommand: usd(1)}, []Job{priced}, 0, "over the spending limit: a job would cost $1.25, the limit of a command is $1.00"},
		{Limits{PerCommand: usd(2)}, []Job{priced, priced}, 0, "over the spending limit: 2 jobs would cost $2.50, the limit of a command is $2.00"},
		{Limits{PerDay: usd(4)}, []Job{priced, priced}, 3, "over the spending limit: 2 jobs would cost $2.50, $3.00 were spent today, the limit of a day is $4.00"},
		{Limits{PerCommand: usd(2), Before: 1}, []Job{priced}, 0, "over the spending limit: a job would cost $1.25, the limit of a command is $2.00 (after jobs of $1.00 of the same command)"},
		{Limits{PerCommand: usd(0.3), Before: 0.1 + 0.1}, []Job{{Estimate: usd(0.1)}}, 0, ""}, // rounding is not money
		{Limits{PerCommand: usd(math.NaN())}, []Job{priced}, 0, "over the spending limit: NaN is no limit: it takes US dollars, 0 or above"},
		{Limits{PerDay: usd(-5)}, nil, 0, "over the spending limit: -5 is no limit: it takes US dollars, 0 or above"},
		{Limits{PerDay: usd(4), PerCommand: usd(2.5)}, []Job{priced, priced}, 1.5, ""},
	} {
		if err := k.limits.allow(k.jobs, k.today); (err == nil) != (k.want == "") || err != nil && err.Error() != k.want {
			t.Errorf("%v, want %q", err, k.want)
		}
	}
	for _, k := range []struct {
		u    Update
		want string
	}{
		{Update{Job: "a", State: Sending}, `job "a" can't become "sending" in attempt 0`},
		{Update{Job: "a", State: Planned, Attempt: 1}, `job "a" can't become "planned" in attempt 1`},
		{Update{Job: "a", State: Planned, Attempt: 2}, ""},
		{Update{Job: "a", State: Done, Attempt: 1}, "job a is done without an id of the service"},
		{Update{Job: "a", State: Submitted, Attempt: 1}, "job a is submitted without an id of the service"},
		{Update{Job: "a", State: Failed, Attempt: 1}, ""},
	} {
		if err := k.u.check(); (err == nil) != (k.want == "") || err != nil && err.Error() != k.want {
			t.Errorf("%v, want %q", err, k.want)
		}
	}
	id := NewID(time.Date(2026, 5, 12, 23, 59, 58, 0, time.FixedZone("", 3600)))
	if !strings.HasPrefix(id, "qgan-20260512225958-") || len(id) != len("qgan-20260512225958-")+16 || strings.ToLower(id) != id {
		t.Errorf("id %s", id)
	}
}

// Each step of recording, planning and waiting hands its failure on, and a ledger that failed
// gives back what it holds.
func TestFailuresAreHandedOn(t *testing.T) {
	boom := errors.New("boom")
	dir := t.TempDir()
	first := open(t, durable.OS{}, dir)
	jobs, err := first.Plan(t.Context(), []Plan{plan(usd(1))}, Limits{})
	if err != nil {
		t.Fatal(err)
	}
	send := Update{Job: jobs[0].ID, State: Sending, Attempt: 1}
	for _, kind := range []durable.Kind{durable.OpAppend, durable.OpWrite, durable.OpSync, durable.OpSyncDir} {
		x := durable.NewFault(durable.OS{})
		x.Fail(kind, 1, boom)
		if err := open(t, x, dir).Record(send); !errors.Is(err, boom) {
			t.Errorf("%s: %v", kind, err)
		}
	}
	x := durable.NewFault(durable.OS{})
	x.Fail(durable.OpMkdir, 1, boom)
	if l, err := Open(x, dir, nil); l != nil || err == nil || err.Error() != "open the ledger: boom" {
		t.Error(err)
	}
	x.Fail(durable.OpClose, 1, boom)
	l := open(t, x, dir)
	if l.Dir() != dir {
		t.Errorf("folder %s", l.Dir())
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	if err := l.Record(send); err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); !errors.Is(err, boom) {
		t.Error(err)
	}
	if err := l.Close(); err != nil {
		t.Errorf("closed twice: %v", err)
	}
	// A wait ends with its context, whatever is waited for, and says so.
	for _, k := range []struct {
		lock, want string
		do         func(ctx context.Context) error
	}{
		{"pace.lock", "lock the pace of submissions: context canceled", func(ctx context.Context) error { _, _, err := first.Turn(ctx, "ibm", "", 3); return err }},
		{"spending.lock", "lock the spending total: context canceled", func(ctx context.Context) error {
			_, err := first.Plan(ctx, []Plan{plan(usd(1))}, Limits{})
			return err
		}},
	} {
		unlock, err := durable.Lock(filepath.Join(dir, k.lock))
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := k.do(ctx); err == nil || err.Error() != k.want {
			t.Errorf("%v, want %q", err, k.want)
		}
		if err := unlock(); err != nil {
			t.Fatal(err)
		}
	}
	// A turn in a ledger that can't be read is an error, and the pace is not kept locked.
	if err := os.Mkdir(filepath.Join(dir, "events-x.jsonl"), 0o755); err != nil {
		t.Fatal(err)
	}
	wait, unlock, err := first.Turn(t.Context(), "ibm", "", 3)
	if err == nil || unlock != nil || wait != 0 || !strings.Contains(err.Error(), "read the log") {
		t.Errorf("%v, %v", wait, err)
	}
	if err := os.Remove(filepath.Join(dir, "events-x.jsonl")); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "events-x.jsonl"), []byte("none\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	again, err := durable.Lock(filepath.Join(dir, "pace.lock"))
	if err != nil {
		t.Fatalf("the pace is still locked: %v", err)
	}
	again()
	if _, err := first.Plan(t.Context(), []Plan{plan(usd(1))}, Limits{}); err == nil || !strings.Contains(err.Error(), "is no event of a ledger") {
		t.Error(err)
	}
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	for what, err := range map[string]error{
		"a lock":  second(first.Lock(jobs[0].ID)),
		"jobs":    second(first.Jobs()),
		"a turn":  third(first.Turn(t.Context(), "ibm", "", 3)),
		"a plan":  second(first.Plan(t.Context(), nil, Limits{})),
		"request": second(first.Request(jobs[0].ID)),
	} {
		if !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s of a folder that is gone: %v", what, err)
		}
	}
}

func second[A any](_ A, err error) error        { return err }
func third[A, B any](_ A, _ B, err error) error { return err }

// Jobs of one plan and one index are listed by their ids.
func TestJobsOfOneTime(t *testing.T) {
	now := time.Date(2026, 5, 12, 9, 0, 0, 0, time.UTC)
	l, err := Open(durable.OS{}, t.TempDir(), func() time.Time { return now })
	if err != nil {
		t.Fatal(err)
	}
	var plans []Plan
	for _, id := range []string{"d", "b", "e", "a", "c"} {
		plans = append(plans, Plan{Job: Job{ID: id, Estimate: usd(0)}})
	}
	if _, err := l.Plan(t.Context(), plans, Limits{}); err != nil {
		t.Fatal(err)
	}
	jobs, err := l.Jobs()
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, j := range jobs {
		got = append(got, j.ID)
	}
	if !slices.Equal(got, []string{"a", "b", "c", "d", "e"}) {
		t.Errorf("%v", got)
	}
}
