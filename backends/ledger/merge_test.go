package ledger_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"qgan/backends/ledger"
	"qgan/internal/durable"
)

// noon is the time of the first event.
var noon = time.Date(2026, 5, 12, 12, 0, 0, 0, time.UTC)

func usd(x float64) *float64 { return &x }

// open opens a ledger whose clock stands at a time that can be moved.
func open(t *testing.T, fsys durable.FS, dir string, now *time.Time) *ledger.Ledger {
	t.Helper()
	l, err := ledger.Open(fsys, dir, func() time.Time { return *now })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

// line is an event as it stands in a log.
type line struct {
	Job     string       `json:"job"`
	At      time.Time    `json:"at"`
	State   ledger.State `json:"state"`
	Attempt int          `json:"attempt,omitempty"`
	Remote  string       `json:"remote,omitempty"`
	Reason  string       `json:"reason,omitempty"`
	Cost    *float64     `json:"cost_usd,omitempty"`
	Seconds float64      `json:"seconds,omitempty"`
	Plan    *ledger.Job  `json:"plan,omitempty"`
}

// log writes lines as the log of a process.
func log(t *testing.T, dir, name string, lines ...line) {
	t.Helper()
	var text []byte
	for _, x := range lines {
		raw, err := json.Marshal(x)
		if err != nil {
			t.Fatal(err)
		}
		text = append(append(text, raw...), '\n')
	}
	if err := os.WriteFile(filepath.Join(dir, "events-"+name+".jsonl"), text, 0o644); err != nil {
		t.Fatal(err)
	}
}

// orders calls f with every order of n things.
func orders(n int, f func([]int)) {
	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	var swap func(int)
	swap = func(k int) {
		if k == n {
			f(order)
			return
		}
		for i := k; i < n; i++ {
			order[k], order[i] = order[i], order[k]
			swap(k + 1)
			order[k], order[i] = order[i], order[k]
		}
	}
	swap(0)
}

// What a job has become is the same in whatever order its processes' logs are read: the
// latest attempt holds, of one attempt the furthest state, of one state the latest word.
func TestMerge(t *testing.T) {
	at := func(s int) time.Time { return noon.Add(time.Duration(s) * time.Second) }
	const (
		planned, sending, unknown, submitted = ledger.Planned, ledger.Sending, ledger.Unknown, ledger.Submitted
		failed, cancelled, done              = ledger.Failed, ledger.Cancelled, ledger.Done
	)
	for name, k := range map[string]struct {
		events []line
		want   ledger.Job
	}{
		"planned again": {
			[]line{{At: at(1), State: sending, Attempt: 1}, {At: at(2), State: planned, Attempt: 2}},
			ledger.Job{State: planned, Attempt: 2, Updated: at(2)},
		},
		"planned again, by a clock that is behind": {
			[]line{{At: at(9), State: sending, Attempt: 1}, {At: at(2), State: planned, Attempt: 2}},
			ledger.Job{State: planned, Attempt: 2, Updated: at(2)},
		},
		"sent again, the first answer came late": {
			[]line{{At: at(1), State: sending, Attempt: 1}, {At: at(2), State: sending, Attempt: 2}, {At: at(3), State: unknown, Attempt: 1, Reason: "reset"}},
			ledger.Job{State: sending, Attempt: 2, Updated: at(2)},
		},
		"the tenth attempt is after the ninth": {
			[]line{{At: at(1), State: submitted, Attempt: 9, Remote: "r9"}, {At: at(2), State: submitted, Attempt: 10, Remote: "r10"}},
			ledger.Job{State: submitted, Attempt: 10, Remote: "r10", Updated: at(2)},
		},
		"adopted": {
			[]line{{At: at(1), State: sending, Attempt: 1}, {At: at(2), State: unknown, Attempt: 1, Reason: "reset"}, {At: at(3), State: submitted, Attempt: 1, Remote: "r"}},
			ledger.Job{State: submitted, Attempt: 1, Remote: "r", Updated: at(3)},
		},
		"an id stays with a job that is sent again": {
			[]line{{At: at(1), State: submitted, Attempt: 1, Remote: "r"}, {At: at(2), State: sending, Attempt: 2}},
			ledger.Job{State: sending, Attempt: 2, Remote: "r", Updated: at(2)},
		},
		"two found it in the same state": {
			[]line{{At: at(1), State: submitted, Attempt: 1, Remote: "r", Reason: "first"}, {At: at(2), State: submitted, Attempt: 1, Remote: "s", Reason: "second"}},
			ledger.Job{State: submitted, Attempt: 1, Remote: "s", Reason: "second", Updated: at(2)},
		},
		"done, though it was to be cancelled": {
			[]line{{At: at(1), State: done, Attempt: 1, Remote: "r", Seconds: 2}, {At: at(2), State: cancelled, Attempt: 1, Remote: "r"}},
			ledger.Job{State: done, Attempt: 1, Remote: "r", Seconds: 2, Updated: at(1)},
		},
		"cancelled, not failed": {
			[]line{{At: at(1), State: cancelled, Attempt: 1, Remote: "r"}, {At: at(2), State: failed, Attempt: 1, Remote: "r", Reason: "x"}},
			ledger.Job{State: cancelled, Attempt: 1, Remote: "r", Updated: at(1)},
		},
		"failed, not submitted": {
			[]line{{At: at(1), State: failed, Attempt: 1, Remote: "r", Reason: "x"}, {At: at(2), State: submitted, Attempt: 1, Remote: "r"}},
			ledger.Job{State: failed, Attempt: 1, Remote: "r", Reason: "x", Updated: at(1)},
		},
		"two costs": {
			[]line{{At: at(1), State: done, Attempt: 1, Remote: "r", Cost: usd(0.4)}, {At: at(2), State: done, Attempt: 1, Remote: "r", Cost: usd(0.5)}},
			ledger.Job{State: done, Attempt: 1, Remote: "r", Cost: usd(0.5), Updated: at(2)},
		},
		"a cost that is not told again": {
			[]line{{At: at(1), State: failed, Attempt: 1, Remote: "r", Cost: usd(0.4), Seconds: 3}, {At: at(2), State: done, Attempt: 1, Remote: "r", Seconds: 1}},
			ledger.Job{State: done, Attempt: 1, Remote: "r", Cost: usd(0.4), Seconds: 3, Updated: at(2)},
		},
	} {
		plan := &ledger.Job{ID: "a", Service: "ibm", Device: "heron", Shots: 7, Estimate: usd(1), Created: noon, Updated: noon, State: ledger.Planned}
		k.want.ID, k.want.Service, k.want.Device, k.want.Shots, k.want.Estimate, k.want.Created = "a", "ibm", "heron", 7, plan.Estimate, noon
		events := append([]line{{At: noon, State: planned, Plan: plan}}, k.events...)
		for i := range events {
			events[i].Job = "a"
		}
		orders(len(events), func(order []int) {
			dir := t.TempDir()
			for place, i := range order {
				log(t, dir, fmt.Sprint(place), events[i])
			}
			got, err := open(t, durable.OS{}, dir, new(time.Time)).Job("a")
			if diff := cmp.Diff(k.want, got, cmpopts.IgnoreFields(ledger.Job{}, "Charges")); err != nil || diff != "" {
				t.Errorf("%s, in the order %v: %v (-want +got)\n%s", name, order, err, diff)
			}
		})
	}
}

// Before anything is acknowledged it is on the disk: a request and its folder before the
// plan that names it, a line before the step that follows from it.
func TestOrderOnTheDisk(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "ledger")
	x := durable.NewFault(durable.OS{})
	now := noon
	file := func(name string) []string {
		temp := " ." + name + ".qgan-tmp-*"
		return []string{"create" + temp, "write" + temp, "sync" + temp, "close" + temp, "rename " + name}
	}
	opened := []string{"open-append EVENTS", "sync-dir ledger"}
	var l *ledger.Ledger
	for _, k := range []struct {
		name string
		do   func() error
		want []string
	}{
		{"open", func() (err error) {
			l, err = ledger.Open(x, dir, func() time.Time { return now })
			return err
		}, []string{"mkdir ledger", "mkdir jobs"}},
		{"plan two", func() error {
			plans := []ledger.Plan{{Job: ledger.Job{ID: "a1", Estimate: usd(0)}, Request: []byte("{}")}, {Job: ledger.Job{ID: "b2", Estimate: usd(0)}, Request: []byte("{}")}}
			_, err := l.Plan(t.Context(), plans, ledger.Limits{})
			return err
		}, slices.Concat([]string{"mkdir a1"}, file("request.json"), []string{"sync-dir a1", "mkdir b2"}, file("request.json"), []string{"sync-dir b2", "sync-dir jobs"}, opened, []string{"write EVENTS", "write EVENTS", "sync EVENTS"})},
		{"sending", func() error { return l.Record(ledger.Update{Job: "a1", State: ledger.Sending, Attempt: 1}) }, []string{"write EVENTS", "sync EVENTS"}},
		{"a result", func() error {
			return l.SaveResult("a1", func(w io.Writer) error { _, err := io.WriteString(w, "r"); return err })
		}, append(file("result.json"), "sync-dir a1")},
		{"done", func() error {
			return l.Record(ledger.Update{Job: "a1", State: ledger.Done, Attempt: 1, Remote: "r"})
		}, []string{"write EVENTS", "sync EVENTS"}},
		{"read", func() error { _, err := l.Jobs(); return err }, nil},
		{"close", func() error { return l.Close() }, []string{"sync EVENTS", "close EVENTS"}},
		{"a log of its own after that", func() error { return l.Record(ledger.Update{Job: "b2", State: ledger.Sending, Attempt: 1}) }, append(slices.Clone(opened), "write EVENTS", "sync EVENTS")},
		{"close again", func() error { return l.Close() }, []string{"sync EVENTS", "close EVENTS"}},
		{"close what is closed", func() error { return l.Close() }, nil},
	} {
		before := len(x.Ops())
		if err := k.do(); err != nil {
			t.Fatalf("%s: %v", k.name, err)
		}
		got := slices.Clone(x.Ops()[before:])
		for i := range got {
			got[i] = regexp.MustCompile(`events-\S+\.jsonl`).ReplaceAllString(got[i], "EVENTS")
		}
		if diff := cmp.Diff(k.want, got, cmp.Transformer("none", func(s []string) []string { return append([]string{}, s...) })); diff != "" {
			t.Errorf("%s: operations (-want +got)\n%s", k.name, diff)
		}
	}
}

// Whichever step of a plan fails, nothing of it is acknowledged: the error is told and no
// job is returned.
func TestAPlanFailsWhole(t *testing.T) {
	boom := errors.New("boom")
	for k := 1; ; k++ {
		x := durable.NewFault(durable.OS{})
		now := noon
		l := open(t, x, t.TempDir(), &now)
		x.Fail(durable.OpAny, x.Count(durable.OpAny)+k, boom)
		_, err := l.Plan(t.Context(), []ledger.Plan{{Job: ledger.Job{ID: "a1", Estimate: usd(0)}, Request: []byte("{}")}}, ledger.Limits{})
		if err == nil {
			if k < 12 {
				t.Errorf("only %d steps can fail", k-1)
			}
			return
		}
		if !errors.Is(err, boom) {
			t.Errorf("step %d: %v", k, err)
		}
	}
}

// following is a file system on which something happens after a log was read.
type following struct {
	durable.FS
	after func(path string)
}

func (f following) ReadFile(path string) ([]byte, error) {
	b, err := f.FS.ReadFile(path)
	f.after(path)
	return b, err
}

// A job that is planned by one process and sent by another while a third reads their logs
// is no damage.
func TestReadWhileOthersWrite(t *testing.T) {
	dir := t.TempDir()
	plan := func(id string) line {
		return line{Job: id, At: noon, State: ledger.Planned, Plan: &ledger.Job{ID: id, Created: noon}}
	}
	log(t, dir, "1", plan("old1"))
	log(t, dir, "2", line{Job: "old1", At: noon, State: ledger.Sending, Attempt: 1})
	fsys := following{durable.OS{}, func(path string) {
		if strings.HasSuffix(path, "-1.jsonl") {
			log(t, dir, "1", plan("old1"), plan("new1"))
			log(t, dir, "2", line{Job: "old1", At: noon, State: ledger.Sending, Attempt: 1}, line{Job: "new1", At: noon, State: ledger.Sending, Attempt: 1})
		}
	}}
	now := noon
	jobs, err := open(t, fsys, dir, &now).Jobs()
	if err != nil || len(jobs) != 2 {
		t.Fatalf("%d jobs: %v", len(jobs), err)
	}
	for _, j := range jobs {
		if j.State != ledger.Sending {
			t.Errorf("%s is %s", j.ID, j.State)
		}
	}
}

// By which names a job is found.
func TestNamesOfAJob(t *testing.T) {
	now := noon
	l := open(t, durable.OS{}, t.TempDir(), &now)
	var plans []ledger.Plan
	for _, id := range []string{"qgan-1-aaaa", "qgan-2-abcd", "qgan-2-xbcd", "qgan"} {
		plans = append(plans, ledger.Plan{Job: ledger.Job{ID: id, Estimate: usd(0)}, Request: []byte("{}")})
	}
	if _, err := l.Plan(t.Context(), plans, ledger.Limits{}); err != nil {
		t.Fatal(err)
	}
	if err := l.Record(ledger.Update{Job: "qgan-1-aaaa", State: ledger.Submitted, Attempt: 1, Remote: "r7"}); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"qgan-1-aaaa": "qgan-1-aaaa", "qgan-1": "qgan-1-aaaa", "aaaa": "qgan-1-aaaa", "r7": "qgan-1-aaaa", "-abcd": "qgan-2-abcd", "qgan": "qgan",
		"aaa": "", "": "", "r": "", "gan-1": "", "qgan-3": "", "qgan-2": "2 jobs", "bcd": "", "qgan-": "3 jobs",
	} {
		j, err := l.Job(name)
		switch {
		case want == "" && !errors.Is(err, ledger.ErrNoJob):
			t.Errorf("%q: %s, %v", name, j.ID, err)
		case strings.HasSuffix(want, " jobs") && (err == nil || errors.Is(err, ledger.ErrNoJob) || !strings.Contains(err.Error(), want)):
			t.Errorf("%q: %s, %v", name, j.ID, err)
		case strings.HasPrefix(want, "qgan") && (err != nil || j.ID != want):
			t.Errorf("%q: %s, %v", name, j.ID, err)
		}
	}
}

// The limit of a day begins anew at midnight, UTC, and counts what the service said.
func TestTheLimitOfADay(t *testing.T) {
	now := time.Date(2026, 5, 12, 23, 0, 0, 0, time.UTC)
	l := open(t, durable.OS{}, t.TempDir(), &now)
	limits := ledger.Limits{PerDay: usd(3)}
	for i, k := range []struct {
		at   time.Time
		usd  float64
		cost *float64 // what the service says of it then
		ok   bool
	}{
		{now, 2, nil, true},
		{now.Add(59 * time.Minute), 2, nil, false},
		{now.Add(59 * time.Minute), 1, usd(0.25), true},
		{now.Add(59 * time.Minute), 0.75, nil, true},
		{now.Add(59 * time.Minute), 0.01, nil, false},
		{now.Add(time.Hour), 3, nil, true},
		{now.Add(time.Hour).In(time.FixedZone("", -5*3600)), 0.01, nil, false},
		{now.Add(25 * time.Hour), 3.5, nil, false},
	} {
		now = k.at
		jobs, err := l.Plan(t.Context(), []ledger.Plan{{Job: ledger.Job{Service: "s", Estimate: &k.usd}, Request: []byte("{}")}}, limits)
		if (err == nil) != k.ok || err != nil && !errors.Is(err, ledger.ErrLimit) {
			t.Fatalf("plan %d: %v", i, err)
		}
		if k.cost != nil {
			if err := l.Record(ledger.Update{Job: jobs[0].ID, State: ledger.Done, Attempt: 1, Remote: "r", Cost: k.cost}); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// A plan and its states come back as they were given, by another process.
func TestAPlanIsReadBack(t *testing.T) {
	now := noon
	dir := t.TempDir()
	given := ledger.Job{
		ID: "qgan-1", Service: "ibm", Device: "heron", Endpoint: "http://127.0.0.1:1", Command: "sample", Group: "g", Index: 3, Circuits: 2, Shots: 100,
		Programs: json.RawMessage(`[{"bits":1}]`), Snapshot: "ab", Estimate: usd(0.5), State: ledger.Done, Attempt: 7,
	}
	out, err := open(t, durable.OS{}, dir, &now).Plan(t.Context(), []ledger.Plan{{Job: given, Request: []byte("body")}}, ledger.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	want := given
	want.State, want.Attempt, want.Created, want.Updated = ledger.Planned, 0, noon, noon
	now = now.Add(time.Hour)
	l := open(t, durable.OS{}, dir, &now)
	got, err := l.Jobs()
	if diff := cmp.Diff([]ledger.Job{want}, got); err != nil || diff != "" {
		t.Errorf("%v (-want +got)\n%s", err, diff)
	}
	if diff := cmp.Diff([]ledger.Job{want}, out); diff != "" {
		t.Errorf("returned (-want +got)\n%s", diff)
	}
	if err := l.Record(ledger.Update{Job: "qgan-1", State: ledger.Done, Attempt: 1, Remote: "r", Reason: "late", Cost: usd(0.25), Seconds: 4}); err != nil {
		t.Fatal(err)
	}
	want.State, want.Attempt, want.Remote, want.Reason, want.Cost, want.Seconds, want.Updated = ledger.Done, 1, "r", "late", usd(0.25), 4, now
	want.Charges = []ledger.Charge{{At: now, USD: usd(0.25), Told: true}}
	if got, err := l.Job("r"); err != nil || cmp.Diff(want, got) != "" {
		t.Errorf("%v (-want +got)\n%s", err, cmp.Diff(want, got))
	}
	if _, err := l.Request("qgan-2"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a request that is not there: %v", err)
	}
}

func TestFinal(t *testing.T) {
	for state, want := range map[ledger.State]bool{
		ledger.Planned: false, ledger.Sending: false, ledger.Unknown: false, ledger.Submitted: false, ledger.Done: true, ledger.Failed: true, ledger.Cancelled: true, ledger.Gone: true, ledger.Abandoned: true, ledger.Unreadable: true,
	} {
		if state.Final() != want {
			t.Errorf("%s: %v", state, !want)
		}
	}
}

// The wait for a turn is until so many of the last minute's submissions are older that there
// is room, in whatever order their logs are read; a job counts by its latest attempt.
func TestWaitForATurn(t *testing.T) {
	sent := []line{ // seconds ago: 50, 40, 30, 20
		{Job: "a", At: noon.Add(-50 * time.Second), Attempt: 1}, {Job: "b", At: noon.Add(-40 * time.Second), Attempt: 1}, {Job: "c", At: noon.Add(-30 * time.Second), Attempt: 1},
		{Job: "d", At: noon.Add(-70 * time.Second), Attempt: 1}, {Job: "d", At: noon.Add(-20 * time.Second), Attempt: 2},
	}
	plans := []line{
		{At: noon.Add(-70 * time.Second), State: ledger.Sending, Attempt: 1, Plan: &ledger.Job{ID: "old", Service: "s"}}, {At: noon, Plan: &ledger.Job{ID: "unsent", Service: "s"}},
		{At: noon, State: ledger.Sending, Attempt: 1, Plan: &ledger.Job{ID: "elsewhere", Service: "s", Endpoint: "http://x"}}, {At: noon, State: ledger.Sending, Attempt: 1, Plan: &ledger.Job{ID: "another's", Service: "z"}},
	}
	for _, id := range []string{"a", "b", "c", "d"} {
		plans = append(plans, line{At: noon.Add(-80 * time.Second), Plan: &ledger.Job{ID: id, Service: "s", Device: "of " + id}})
	}
	for i := range plans {
		plans[i].Job = plans[i].Plan.ID
	}
	orders(len(sent), func(order []int) {
		dir := t.TempDir()
		log(t, dir, "plans", plans...)
		for place, i := range order {
			sent[i].State = ledger.Sending
			log(t, dir, fmt.Sprint("sent", place), sent[i])
		}
		now := noon
		l := open(t, durable.OS{}, dir, &now)
		for perMinute, want := range map[int]time.Duration{1: 40 * time.Second, 2: 30 * time.Second, 3: 20 * time.Second, 4: 10 * time.Second, 5: 0} {
			wait, unlock, err := l.Turn(t.Context(), "s", "", perMinute)
			if err != nil || wait != want || (unlock != nil) != (want == 0) {
				t.Fatalf("%d a minute, in the order %v: wait %v, want %v; %v", perMinute, order, wait, want, err)
			}
			if unlock != nil {
				if err := unlock(); err != nil {
					t.Fatal(err)
				}
			}
		}
	})
}
