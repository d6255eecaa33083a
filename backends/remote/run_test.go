package remote

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"qgan/backends"
	"qgan/backends/ledger"
	"qgan/backends/service"
	"qgan/internal/durable"
	"qgan/ir"
)

// bent is a service some of whose answers are others.
type bent struct {
	*fakeService
	service, device, endpoint string
	submit                    func(body []byte) (string, error)
	find                      func(tag string, since time.Time) ([]string, error)
	poll                      func(remote string) (service.Status, error)
	fetch                     func(remote string, w io.Writer) error
}

func (s *bent) Service() string  { return cmp.Or(s.service, s.fakeService.Service()) }
func (s *bent) Device() string   { return cmp.Or(s.device, s.fakeService.Device()) }
func (s *bent) Endpoint() string { return s.endpoint }

func (s *bent) Submit(ctx context.Context, body []byte) (string, error) {
	if s.submit != nil {
		return s.submit(body)
	}
	return s.fakeService.Submit(ctx, body)
}

func (s *bent) Find(ctx context.Context, tag string, since time.Time) ([]string, error) {
	if s.find != nil {
		return s.find(tag, since)
	}
	return s.fakeService.Find(ctx, tag, since)
}

func (s *bent) Poll(ctx context.Context, remote string) (service.Status, error) {
	if s.poll != nil {
		return s.poll(remote)
	}
	return s.fakeService.Poll(ctx, remote)
}

func (s *bent) Fetch(ctx context.Context, remote string, most int64, w io.Writer) error {
	if s.fetch != nil {
		return s.fetch(remote, w)
	}
	return s.fakeService.Fetch(ctx, remote, most, w)
}

// Jobs are found again by service, device, address, seed, shots and circuits, each of them,
// and by nothing else.
func TestWhatMakesARunAnother(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		base := newFake()
		for _, k := range []struct {
			name   string
			change func(s *bent, r *Remote, q *backends.Request)
			again  bool // jobs are made
		}{
			{"the first", func(*bent, *Remote, *backends.Request) {}, true},
			{"the same", func(*bent, *Remote, *backends.Request) {}, false},
			{"another service", func(s *bent, _ *Remote, _ *backends.Request) { s.service = "other" }, true},
			{"another device", func(s *bent, _ *Remote, _ *backends.Request) { s.device = "ring" }, true},
			{"another address", func(s *bent, _ *Remote, _ *backends.Request) { s.endpoint = "http://127.0.0.1:1" }, true},
			{"another seed", func(_ *bent, _ *Remote, q *backends.Request) { q.Seed = 7 }, true},
			{"other shots", func(_ *bent, _ *Remote, q *backends.Request) { q.Shots = []int{11} }, true},
			{"another angle", func(_ *bent, _ *Remote, q *backends.Request) { q.Bindings.Data[1][0] += 1e-9 }, true},
			{"another order", func(_ *bent, _ *Remote, q *backends.Request) { slices.Reverse(q.Bindings.Data) }, true},
			{"a lane less", func(_ *bent, _ *Remote, q *backends.Request) { q.Bindings.Data = q.Bindings.Data[:1] }, true},
			{"another circuit", func(_ *bent, _ *Remote, q *backends.Request) {
				q.Circuit.Ops = append([]ir.Op{&ir.Reset{Qubit: 0}}, q.Circuit.Ops...)
			}, true},
			{"another command", func(_ *bent, r *Remote, _ *backends.Request) { r.Command = "train" }, false},
			{"another calibration", func(_ *bent, r *Remote, _ *backends.Request) { r.Snapshot = "cafe" }, false},
			{"in their order", func(_ *bent, _ *Remote, q *backends.Request) { q.KeepOrder = true }, false},
		} {
			s := &bent{fakeService: base}
			r := &Remote{Service: s, Ledger: openLedger(t, dir)}
			q := requestOf(2, 10)
			k.change(s, r, &q)
			before := base.posts
			if _, err := r.Run(t.Context(), []backends.Request{q}); err != nil || (base.posts > before) != k.again {
				t.Errorf("%s: %d jobs were made, %v", k.name, base.posts-before, err)
			}
		}
	})
}

// A job that ended without a result is made anew in its place; all others are taken as they
// are.
func TestWhichJobsAreTakenAgain(t *testing.T) {
	for state, anew := range map[ledger.State]bool{
		ledger.Planned: false, ledger.Sending: false, ledger.Unknown: false, ledger.Submitted: false, ledger.Done: false, ledger.Failed: true, ledger.Cancelled: true, ledger.Abandoned: true, ledger.Unreadable: false, ledger.Gone: false,
	} {
		synctest.Test(t, func(t *testing.T) {
			s := newFake()
			s.limits = service.Limits{Programs: 1}
			r := &Remote{Service: s, Ledger: openLedger(t, t.TempDir())}
			requests := []backends.Request{requestOf(1, 10), requestOf(1, 20), requestOf(1, 30)} // told apart by their shots
			if _, err := r.Run(t.Context(), requests); err != nil {
				t.Fatal(err)
			}
			jobs, err := r.Ledger.Jobs()
			if err != nil || len(jobs) != 3 {
				t.Fatalf("%d jobs, %v", len(jobs), err)
			}
			if err := r.Ledger.Record(ledger.Update{Job: jobs[1].ID, State: state, Attempt: 2, Remote: jobs[1].Remote}); err != nil {
				t.Fatal(err)
			}
			// A stranger at the same place is no job of the group.
			if _, err := r.Plan(t.Context(), [][]service.Program{{{Circuit: requests[0].Circuit, Shots: 10}}}, "another"); err != nil {
				t.Fatal(err)
			}
			r.Snapshot = "later"
			res, err := r.Run(t.Context(), requests)
			if err != nil {
				t.Fatalf("%s: %v", state, err)
			}
			if s := res[0].Provenance.Snapshot + res[2].Provenance.Snapshot; s != "" {
				t.Errorf("%s: what was compiled before is said to be of %q", state, s)
			}
			if s := res[1].Provenance.Snapshot; (s == "later") != anew {
				t.Errorf("%s: the job in question is said to be of %q", state, s)
			}
			for i, q := range requests {
				same := res[i].Provenance.Jobs[0] == jobs[i].ID
				if res[i].Outcomes[0].Shots != q.Shots[0] || same == (i == 1 && anew) {
					t.Errorf("%s: place %d has %d shots, of the same job: %v", state, i, res[i].Outcomes[0].Shots, same)
				}
			}
			after, err := r.Ledger.Jobs()
			if want := map[bool]int{true: 5, false: 4}[anew]; err != nil || len(after) != want {
				t.Errorf("%s: %d jobs, want %d: %v", state, len(after), want, err)
			}
			if anew && (after[4].Index != 1 || after[4].Group != jobs[1].Group || after[4].Shots != 20) {
				t.Errorf("%s: made anew: %+v", state, after[4])
			}
		})
	}
}

// Dry, a run tells what is missing and plans nothing.
func TestDry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newFake()
		s.limits, s.price = service.Limits{Programs: 2}, 0.25
		r := &Remote{Service: s, Ledger: openLedger(t, t.TempDir()), Dry: true}
		for _, k := range []struct {
			price float64
			text  string
		}{{0.25, "2 jobs of 3 circuits and 30 shots at fake:line, at most $0.75"}, {0, "no price is known"}} {
			s.price = k.price
			if _, err := r.Run(t.Context(), []backends.Request{requestOf(3, 10)}); !errors.Is(err, ErrDry) || !strings.Contains(err.Error(), k.text) || s.posts != 0 {
				t.Errorf("%v", err)
			}
		}
		if jobs, err := r.Ledger.Jobs(); err != nil || len(jobs) != 0 {
			t.Errorf("%d jobs, %v", len(jobs), err)
		}
	})
}

// Of several jobs with one tag the first is taken and the others told; so is one that was
// taken though its submission was refused. It is looked for among those since a time that
// leaves room for clocks that differ.
func TestAdopts(t *testing.T) {
	refused := &service.SubmitError{Fate: service.Refused, Err: &service.StatusError{Status: 401, Err: errors.New("who")}}
	for name, k := range map[string]struct {
		err    error
		found  []string
		state  ledger.State
		remote string
		reason string
	}{
		"lost and one":        {errors.New("reset"), []string{"r1"}, ledger.Submitted, "r1", ""},
		"lost and several":    {errors.New("reset"), []string{"r1", "r2", "r3"}, ledger.Submitted, "r1", "3 jobs of this tag, [r1 r2 r3]"},
		"lost and none":       {errors.New("reset"), nil, ledger.Unknown, "", "after 4 look-ups"},
		"refused and one":     {refused, []string{"r1"}, ledger.Submitted, "r1", ""},
		"refused and several": {refused, []string{"r1", "r2"}, ledger.Submitted, "r1", "2 jobs of this tag"},
		"refused and none":    {refused, nil, ledger.Failed, "", "who"},
	} {
		synctest.Test(t, func(t *testing.T) {
			s := &bent{fakeService: newFake()}
			r := &Remote{Service: s, Ledger: openLedger(t, t.TempDir())}
			jobs, err := r.Plan(t.Context(), [][]service.Program{{{Circuit: requestOf(1, 10).Circuit, Shots: 10}}}, "")
			if err != nil {
				t.Fatal(err)
			}
			s.submit = func([]byte) (string, error) { return "", k.err }
			s.find = func(tag string, since time.Time) ([]string, error) {
				if ago := jobs[0].Created.Sub(since); tag != jobs[0].ID || ago < 10*time.Minute || ago > 24*time.Hour {
					t.Errorf("%s: looked for %s since %v", name, tag, since)
				}
				return k.found, nil
			}
			r.Send(t.Context(), jobs[0].ID)
			j, err := r.Ledger.Job(jobs[0].ID)
			if err != nil || j.State != k.state || j.Remote != k.remote || !strings.Contains(j.Reason, k.reason) || k.reason == "" && j.Reason != "" {
				t.Errorf("%s: %+v, %v", name, j, err)
			}
		})
	}
}

// A repetition that is refused, or never taken, leaves open what became of the first; how
// often a body is repeated is bounded, and how long is waited.
func TestRepetitions(t *testing.T) {
	token := func(s *fakeService, _ *Remote) { s.token = true }
	resubmit := func(_ *fakeService, r *Remote) { r.Resubmit = true }
	for name, k := range map[string]struct {
		faults      []fault
		set         func(*fakeService, *Remote)
		state       ledger.State
		posts       int
		least, most time.Duration
	}{
		"refused the second time":           {faults: []fault{dropAfter, refuse400}, set: token, state: ledger.Unknown, posts: 2, most: 2 * time.Second},
		"refused after looking":             {faults: []fault{dropBefore, fine, fine, fine, fine, refuse400}, set: resubmit, state: ledger.Unknown, posts: 2, least: 2 * time.Minute, most: 3 * time.Minute},
		"never answered":                    {faults: slices.Repeat([]fault{dropAfter}, 100), set: token, state: ledger.Unknown, posts: 9, least: time.Minute, most: 2 * time.Minute},
		"busy for ever the second time":     {faults: append([]fault{dropAfter}, slices.Repeat([]fault{busy}, 2000)...), set: token, state: ledger.Unknown, posts: -1, least: 9 * time.Minute, most: 11 * time.Minute},
		"not listed":                        {faults: []fault{dropBefore}, state: ledger.Unknown, posts: 1, least: 2 * time.Minute, most: 2 * time.Minute},
		"busy twice, told to wait a second": {faults: []fault{busy, busy}, state: ledger.Submitted, posts: 3, least: 2 * time.Second, most: 2500 * time.Millisecond},
	} {
		synctest.Test(t, func(t *testing.T) {
			s := newFake()
			s.faults = inTurn(k.faults...)
			r := &Remote{Service: s, Ledger: openLedger(t, t.TempDir())}
			if k.set != nil {
				k.set(s, r)
			}
			jobs, err := r.Plan(t.Context(), [][]service.Program{{{Circuit: requestOf(1, 10).Circuit, Shots: 10}}}, "")
			if err != nil {
				t.Fatal(err)
			}
			begin := time.Now()
			j, err := r.Send(t.Context(), jobs[0].ID)
			took := time.Since(begin)
			if j.State != k.state || errors.Is(err, ErrUnknown) != (k.state == ledger.Unknown) || k.posts >= 0 && s.posts != k.posts || took < k.least || took > k.most {
				t.Errorf("%s: %s after %d posts and %v: %v", name, j.State, s.posts, took, err)
			}
		})
	}
}

// What polling a job comes to, with what the service says of its cost and time.
func TestWait(t *testing.T) {
	cost := 0.75
	status := func(code int) error { return &service.StatusError{Status: code, Err: errors.New("words")} }
	ended := func(s service.RemoteState, reason string) func(int) (service.Status, error) {
		return func(int) (service.Status, error) {
			return service.Status{State: s, Reason: reason, Cost: &cost, Seconds: 3}, nil
		}
	}
	done := ended(service.Completed, "")
	after := func(n int, err error) func(int) (service.Status, error) { // errors first
		return func(k int) (service.Status, error) {
			if k <= n {
				return service.Status{}, err
			}
			return done(k)
		}
	}
	for name, k := range map[string]struct {
		poll   func(k int) (service.Status, error)
		fetch  func(k int, w io.Writer) error
		state  ledger.State
		reason string // of the job, or in the error of one that goes on
		result string
		polls  int
	}{
		"done":                {poll: done, state: ledger.Done, result: "1\n", polls: 1},
		"failed":              {poll: ended(service.Failed, "too warm"), state: ledger.Failed, reason: "too warm", polls: 1},
		"cancelled":           {poll: ended(service.Cancelled, "by hand"), state: ledger.Cancelled, reason: "by hand", polls: 1},
		"not listed at first": {poll: after(5, status(404)), state: ledger.Done, result: "1\n", polls: 6},
		"gone":                {poll: after(9, status(404)), state: ledger.Gone, reason: "404", polls: 6},
		"gone for good":       {poll: after(9, status(410)), state: ledger.Gone, reason: "410", polls: 6},
		"refused":             {poll: after(9, status(401)), state: ledger.Submitted, reason: "401", polls: 6},
		"forbidden":           {poll: after(9, status(403)), state: ledger.Submitted, reason: "403", polls: 6},
		"down for long":       {poll: after(50, status(503)), state: ledger.Done, result: "1\n", polls: 51},
		"down for ever":       {poll: after(9999, status(503)), state: ledger.Submitted, reason: "no useful answer for 1h0m0s about job", polls: -1},
		"a page for ever":     {poll: after(9999, errors.New("an answer that can't be read: <html>")), state: ledger.Submitted, reason: "<html>", polls: -1},
		"a redirect":          {poll: after(9999, status(302)), state: ledger.Submitted, reason: "302", polls: 6},
		"no connection":       {poll: after(50, errors.New("reset")), state: ledger.Done, result: "1\n", polls: 51},
		"refused now and then": {poll: func(k int) (service.Status, error) {
			switch {
			case k == 12:
				return done(k)
			case k%4 == 0:
				return service.Status{State: service.Running}, nil
			}
			return service.Status{}, status(401)
		}, state: ledger.Done, result: "1\n", polls: 12},
		"the result comes late":    {poll: done, fetch: func(k int, w io.Writer) error { return map[bool]error{true: status(404)}[k <= 15] }, state: ledger.Done, result: "1\n", polls: 16},
		"the result never comes":   {poll: done, fetch: func(int, io.Writer) error { return status(404) }, state: ledger.Submitted, reason: "the result of job", polls: 16},
		"the result is cut once":   {poll: done, fetch: func(k int, w io.Writer) error { return cut(w, k == 1) }, state: ledger.Done, result: "1\n", polls: 2},
		"the result is cut off":    {poll: done, fetch: func(_ int, w io.Writer) error { return cut(w, true) }, state: ledger.Unreadable, reason: "and can't be read", result: `{"cut`, polls: 3},
		"the result says it fails": {poll: done, fetch: func(int, io.Writer) error { return fmt.Errorf("x: %w", &service.JobFailed{Reason: "out of tune"}) }, state: ledger.Failed, reason: "out of tune", polls: 1},
		"the result is too large":  {poll: done, fetch: func(int, io.Writer) error { return fmt.Errorf("x: %w", &service.TooLarge{Service: "fake", Most: 7}) }, state: ledger.Submitted, reason: "an answer of more than 7 bytes is not read", polls: 4},
		"the result is redirected": {poll: done, fetch: func(int, io.Writer) error { return status(301) }, state: ledger.Submitted, reason: "the result of job", polls: 16},
		"the store stays down":     {poll: done, fetch: func(int, io.Writer) error { return status(503) }, state: ledger.Submitted, reason: "no useful answer for 1h0m0s about the result of job", polls: -1},
		"the result changes":       {poll: done, fetch: func(k int, w io.Writer) error { fmt.Fprintf(w, `{"cut%d`, k); return nil }, state: ledger.Unreadable, reason: "and can't be read", result: `{"cut16`, polls: 16},
		"the store is down":        {poll: done, fetch: func(k int, w io.Writer) error { return map[bool]error{true: status(503)}[k <= 40] }, state: ledger.Done, result: "1\n", polls: 41},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				polls, fetches := 0, 0
				s := &bent{fakeService: newFake()}
				s.poll = func(string) (service.Status, error) { polls++; return k.poll(polls) }
				s.fetch = func(remote string, w io.Writer) error {
					if fetches++; k.fetch != nil {
						var b strings.Builder
						if err := k.fetch(fetches, &b); err != nil || b.Len() > 0 {
							io.WriteString(w, b.String())
							return err
						}
					}
					return s.fakeService.Fetch(t.Context(), remote, 1<<20, w)
				}
				dir := t.TempDir()
				r := &Remote{Service: s, Ledger: openLedger(t, dir)}
				jobs, err := r.Plan(t.Context(), [][]service.Program{{{Circuit: requestOf(1, 10).Circuit, Shots: 10}}}, "")
				if err != nil {
					t.Fatal(err)
				}
				id := jobs[0].ID
				if _, err := r.Wait(t.Context(), id); err == nil || polls != 0 {
					t.Errorf("waited for what was not sent: %v", err)
				}
				if _, err := r.Send(t.Context(), id); err != nil {
					t.Fatal(err)
				}
				j, err := r.Wait(t.Context(), id)
				if (err == nil) != k.state.Final() || err != nil && !strings.Contains(err.Error(), k.reason) || j.State != k.state || k.polls >= 0 && polls != k.polls || k.polls < 0 && (polls < 200 || polls > 300) {
					t.Errorf("%s after %d polls, want %s after %d: %v", j.State, polls, k.state, k.polls, err)
				}
				kept, err := openLedger(t, dir).Job(id)
				if err != nil || kept.State != k.state || kept.Remote != "r1" || kept.State.Final() && kept.State != ledger.Gone && (kept.Seconds != 3 || kept.Cost == nil || *kept.Cost != cost || !strings.Contains(kept.Reason, k.reason)) {
					t.Errorf("kept is %+v, %v", kept, err)
				}
				got := ""
				if f, err := r.Ledger.Result(id); err == nil {
					b, _ := io.ReadAll(f)
					f.Close()
					got = string(b)
				}
				if got != k.result {
					t.Errorf("kept is the result %q, want %q", got, k.result)
				}
				// Who waits for what has ended asks nobody.
				if before := polls; kept.State.Final() {
					if again, err := r.Wait(t.Context(), id); err != nil || again.State != k.state || polls != before {
						t.Errorf("waited again: %s, %v", again.State, err)
					}
				}
				if _, err := r.Outcomes(id); (err == nil) != (k.state == ledger.Done) {
					t.Errorf("outcomes: %v", err)
				}
			})
		})
	}
}

// cut writes half of a result.
func cut(w io.Writer, now bool) error {
	if now {
		io.WriteString(w, `{"cut`)
	}
	return nil
}

// Polls come a second after the first, then ever more slowly, a quarter of a minute apart.
func TestPollsSlowDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var at []time.Time
		s := &bent{fakeService: newFake()}
		s.poll = func(string) (service.Status, error) {
			if at = append(at, time.Now()); len(at) < 20 {
				return service.Status{State: service.Queued}, nil
			}
			return service.Status{State: service.Completed}, nil
		}
		r := &Remote{Service: s, Ledger: openLedger(t, t.TempDir())}
		if _, err := r.Run(t.Context(), []backends.Request{requestOf(1, 10)}); err != nil {
			t.Fatal(err)
		}
		for i, want := 1, time.Second; i < len(at); i, want = i+1, min(want*3/2, 15*time.Second) {
			if wait := at[i].Sub(at[i-1]); wait < want || wait > want*5/4 {
				t.Errorf("poll %d after %v, want %v and up to a quarter more", i, wait, want)
			}
		}
	})
}

// A result that was kept before its process died is not fetched again, and nothing that
// can't be written down is called done.
func TestResultsAreKeptFirst(t *testing.T) {
	boom := errors.New("boom")
	synctest.Test(t, func(t *testing.T) {
		s := &bent{fakeService: newFake()}
		fetches := 0
		s.fetch = func(remote string, w io.Writer) error {
			fetches++
			return s.fakeService.Fetch(t.Context(), remote, 1<<20, w)
		}
		x := durable.NewFault(durable.OS{})
		dir := t.TempDir()
		l, err := ledger.Open(x, dir, time.Now)
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		r := &Remote{Service: s, Ledger: l}
		jobs, err := r.Plan(t.Context(), [][]service.Program{{{Circuit: requestOf(1, 10).Circuit, Shots: 10}}}, "")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := r.Send(t.Context(), jobs[0].ID); err != nil {
			t.Fatal(err)
		}
		state := func(want ledger.State) {
			t.Helper()
			if j, err := openLedger(t, dir).Job(jobs[0].ID); err != nil || j.State != want {
				t.Errorf("it is %s, want %s: %v", j.State, want, err)
			}
		}
		x.Fail(durable.OpRename, x.Count(durable.OpRename)+1, boom) // of the result
		if _, err := r.Wait(t.Context(), jobs[0].ID); !errors.Is(err, boom) || fetches != 1 {
			t.Errorf("%d fetches, %v", fetches, err)
		}
		state(ledger.Submitted)
		x.Fail(durable.OpWrite, x.Count(durable.OpWrite)+2, boom) // of the event; the result's is before it
		if _, err := r.Wait(t.Context(), jobs[0].ID); !errors.Is(err, boom) || fetches != 2 {
			t.Errorf("%d fetches, %v", fetches, err)
		}
		state(ledger.Submitted)
		if _, err := r.Wait(t.Context(), jobs[0].ID); err != nil || fetches != 2 {
			t.Errorf("%d fetches, %v", fetches, err)
		}
		state(ledger.Done)
	})
}

// The jobs of programs hold all of them in their order, each within the limits, and no two
// neighbours that would be one.
func TestSplitIsWholeAndGreedy(t *testing.T) {
	fits := func(job []service.Program, l service.Limits) bool {
		total := 0
		for _, p := range job {
			total += p.Shots
			if l.EqualShots && p.Shots != job[0].Shots {
				return false
			}
		}
		return (l.Programs == 0 || len(job) <= l.Programs) && (l.TotalShots == 0 || total <= l.TotalShots)
	}
	rapid.Check(t, func(t *rapid.T) {
		var programs []service.Program
		for _, n := range rapid.SliceOfN(rapid.IntRange(1, 4), 1, 30).Draw(t, "shots") {
			programs = append(programs, service.Program{Circuit: new(ir.Circuit), Shots: n})
		}
		l := service.Limits{Programs: rapid.IntRange(0, 5).Draw(t, "programs"), TotalShots: rapid.SampledFrom([]int{0, 4, 7, 12}).Draw(t, "total"), EqualShots: rapid.Bool().Draw(t, "equal"), MaxShots: 4}
		jobs, err := Split(programs, l)
		if err != nil || !slices.Equal(slices.Concat(jobs...), programs) {
			t.Fatalf("%v, %v", jobs, err)
		}
		for i, job := range jobs {
			if !fits(job, l) || i > 0 && fits(append(slices.Clone(jobs[i-1]), job[0]), l) {
				t.Fatalf("job %d of %v", i, jobs)
			}
		}
	})
	for _, k := range []struct {
		shots  int
		limits service.Limits
		text   string
	}{
		{11, service.Limits{MaxShots: 10}, "program 1 asks for 11 shots, at most 10 are taken"},
		{11, service.Limits{TotalShots: 10}, "at most 10 are taken"},
		{11, service.Limits{MaxShots: 100, TotalShots: 10}, "at most 10 are taken"},
		{11, service.Limits{MaxShots: 10, TotalShots: 100}, "at most 10 are taken"},
		{4, service.Limits{MinShots: 5}, "at least 5 are taken"},
		{0, service.Limits{}, "at least 1 are taken"},
	} {
		if _, err := Split([]service.Program{{Shots: 10}, {Shots: k.shots}}, k.limits); err == nil || !strings.Contains(err.Error(), k.text) {
			t.Errorf("%d of %+v: %v", k.shots, k.limits, err)
		}
	}
}

// A rehearsal of nothing is nothing.
func TestRehearsalOfNothing(t *testing.T) {
	r := &Rehearsal{Service: newFake(), Answer: zeros{}}
	if out, err := r.Run(t.Context(), nil); err != nil || len(out) != 0 || r.Jobs != 0 {
		t.Errorf("%v, %v", out, err)
	}
}

// mannered is a service that runs jobs in a manner that is asked for.
type mannered struct {
	*fakeService
	manner string
}

func (m mannered) Manner() string { return m.manner }

// Jobs that a service runs in another manner are other jobs.
func TestAnotherMannerIsAnotherRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, l := newFake(), openLedger(t, t.TempDir())
		for _, k := range []struct {
			manner string
			posts  int
		}{{"", 1}, {"dd", 2}, {"", 2}, {"dd", 2}, {"twirl", 3}} {
			r := &Remote{Service: mannered{s, k.manner}, Ledger: l}
			if _, err := r.Run(t.Context(), []backends.Request{requestOf(2, 10)}); err != nil || s.posts != k.posts {
				t.Errorf("%q: sent %d times, want %d; %v", k.manner, s.posts, k.posts, err)
			}
		}
		if a, b := (&Remote{Service: mannered{s, ""}}).nameOf("x"), (&Remote{Service: mannered{s, "dd"}}).nameOf("x"); a == b || a != (&Remote{Service: s}).nameOf("x") {
			t.Error("works have the same name in another manner, or another in the same")
		}
	})
}
