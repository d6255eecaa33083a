package remote

import (
	"context"
	"errors"
	"io"
	"math"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"qgan/backends"
	"qgan/backends/ledger"
	"qgan/backends/service"
	"qgan/calibration"
	"qgan/ir/compile"
)

// planOne plans a job of one program.
func planOne(t *testing.T, r *Remote) ledger.Job {
	t.Helper()
	jobs, err := r.Plan(t.Context(), [][]service.Program{{{Circuit: requestOf(1, 10).Circuit, Shots: 10}}}, "")
	if err != nil {
		t.Fatal(err)
	}
	return jobs[0]
}

// spent is what a ledger counts.
func spent(t *testing.T, l *ledger.Ledger) (charges int, usd float64) {
	t.Helper()
	jobs, err := l.Jobs()
	if err != nil {
		t.Fatal(err)
	}
	for _, j := range jobs {
		charges += len(j.Charges)
	}
	return charges, ledger.SpentSince(jobs, time.Time{})
}

// A service that takes each submission and loses each answer is sent a job four times in
// all by commands that resubmit, after waits; the ledger counts what was sent, and a limit
// ends it sooner.
func TestAlwaysLost(t *testing.T) {
	for name, k := range map[string]struct {
		blind    bool // the service has no list
		resubmit bool
		perDay   float64 // jobs that the day allows; 0: any
		posts    []int   // after each command
		is       error
	}{
		"no list":                 {true, true, 0, []int{4, 4}, ErrUnknown},
		"not listed":              {false, true, 0, []int{4, 4}, ErrUnknown},
		"not asked to":            {true, false, 0, []int{1, 1}, ErrUnknown},
		"a day's limit":           {true, true, 2, []int{2, 2}, ledger.ErrLimit},
		"a day's limit, at first": {false, true, 1, []int{1, 1}, ledger.ErrLimit},
	} {
		synctest.Test(t, func(t *testing.T) {
			s := &bent{fakeService: newFake()}
			posts := 0
			s.submit = func([]byte) (string, error) {
				posts++
				return "", &service.StatusError{Status: 503, Err: errors.New("unavailable")}
			}
			s.find = func(string, time.Time) ([]string, error) {
				return nil, map[bool]error{true: service.ErrUnlisted}[k.blind]
			}
			dir := t.TempDir()
			for i, want := range k.posts {
				r := &Remote{Service: s, Ledger: openLedger(t, dir), Resubmit: k.resubmit}
				if k.perDay > 0 {
					limit := k.perDay * 0.01
					r.Limits.PerDay = &limit
				}
				begin, before := time.Now(), posts
				_, err := r.Run(t.Context(), []backends.Request{requestOf(1, 10)})
				if !errors.Is(err, k.is) && !(i == 0 && errors.Is(err, ErrUnknown)) || posts != want {
					t.Errorf("%s, command %d: %d posts, want %d: %v", name, i, posts, want, err)
				}
				if took := time.Since(begin); k.resubmit && posts > before && took < time.Duration(posts-1)*40*time.Second {
					t.Errorf("%s, command %d: sent again after %v", name, i, took)
				}
				charges, usd := spent(t, r.Ledger)
				if charges != posts || math.Abs(usd-float64(posts)*0.01) > 1e-9 {
					t.Errorf("%s, command %d: %d posts, the ledger counts %d of $%v", name, i, posts, charges, usd)
				}
			}
		})
	}
}

// Two that ask the same at the same time make one set of jobs, and both have its results;
// who dies leaves its jobs to the other.
func TestTwins(t *testing.T) {
	for name, dies := range map[string]bool{"both live": false, "the first dies": true} {
		synctest.Test(t, func(t *testing.T) {
			s := newFake()
			s.limits = service.Limits{Programs: 2}
			dir := t.TempDir()
			ctx, stop := context.WithCancel(t.Context())
			defer stop()
			var wait sync.WaitGroup
			var told sync.Map
			errs := make([]error, 2)
			for i := range errs {
				r := &Remote{Service: s, Ledger: openLedger(t, dir), Report: func(_ ledger.Job, what string) { told.Store(what, true) }}
				wait.Go(func() {
					with := t.Context()
					if i == 0 {
						with = ctx
					} else {
						time.Sleep(500 * time.Millisecond)
					}
					var res []backends.Result
					if res, errs[i] = r.Run(with, []backends.Request{requestOf(5, 10)}); errs[i] == nil && len(res[0].Outcomes) != 5 {
						errs[i] = errors.New("outcomes are missing")
					}
				})
			}
			if dies {
				time.Sleep(700 * time.Millisecond)
				stop()
			}
			wait.Wait()
			if (errs[0] == nil) == dies || errs[1] != nil || s.posts != 3 {
				t.Errorf("%s: %d posts, %v", name, s.posts, errs)
			}
			if _, ok := told.Load("another process asks the same: waiting for its results"); !ok {
				t.Errorf("%s: nobody was told that the other waits", name)
			}
		})
	}
}

// A job that waits to be taken and is cancelled by another process is not sent; one that is
// on its way is cancelled at the service; a lost one is looked up and not sent again.
func TestCancelWhoeverHoldsIt(t *testing.T) {
	slow := &service.SubmitError{Fate: service.Later, After: 20 * time.Second, Err: errors.New("too many")}
	for name, k := range map[string]struct {
		submit func() (string, error) // of the first
		found  []string
		state  ledger.State
		posts  int
		asked  bool // the service was asked to stop it
		took   time.Duration
	}{
		"told to wait":            {func() (string, error) { return "", slow }, nil, ledger.Cancelled, 1, false, 4 * time.Second},
		"on its way":              {func() (string, error) { time.Sleep(5 * time.Second); return "r1", nil }, nil, ledger.Submitted, 1, true, 6 * time.Second},
		"on its way, then later":  {func() (string, error) { time.Sleep(5 * time.Second); return "", slow }, nil, ledger.Cancelled, 1, false, 8 * time.Second},
		"lost, and found":         {func() (string, error) { return "", errors.New("reset") }, []string{"r1"}, ledger.Submitted, 1, true, time.Second},
		"lost, and never found":   {func() (string, error) { return "", errors.New("reset") }, nil, ledger.Unknown, 1, false, 3 * time.Minute},
		"lost on its way, listed": {func() (string, error) { time.Sleep(5 * time.Second); return "", errors.New("reset") }, []string{"r1"}, ledger.Submitted, 1, true, 6 * time.Second},
	} {
		synctest.Test(t, func(t *testing.T) {
			s := &stopping{bent: &bent{fakeService: newFake()}}
			posts := 0
			s.submit = func([]byte) (string, error) { posts++; return k.submit() }
			s.find = func(string, time.Time) ([]string, error) { return k.found, nil }
			s.poll = func(string) (service.Status, error) { return service.Status{State: service.Queued}, nil }
			dir := t.TempDir()
			holder, other := &Remote{Service: s, Ledger: openLedger(t, dir), Resubmit: true}, &Remote{Service: s, Ledger: openLedger(t, dir)}
			j := planOne(t, holder)
			var wait sync.WaitGroup
			begin, took := time.Now(), time.Duration(0)
			wait.Go(func() { holder.Send(t.Context(), j.ID); took = time.Since(begin) })
			time.Sleep(time.Second)
			other.Cancel(t.Context(), j.ID)
			wait.Wait()
			kept, err := other.Ledger.Job(j.ID)
			if err != nil || kept.State != k.state || posts != k.posts || (s.stopped.Load() > 0) != k.asked || took > k.took {
				t.Errorf("%s: %s after %d posts and %v, asked to stop %d times; %v", name, kept.State, posts, took, s.stopped.Load(), err)
			}
			if charges, _ := spent(t, other.Ledger); charges != map[bool]int{false: 1}[k.state == ledger.Cancelled] {
				t.Errorf("%s: %d charges", name, charges)
			}
			// Whoever goes on sends nothing either.
			holder.Send(t.Context(), j.ID)
			if posts != k.posts {
				t.Errorf("%s: sent after it was cancelled", name)
			}
		})
	}
}

// stopping counts how often it is asked to stop a job.
type stopping struct {
	*bent
	stopped atomic.Int32
}

func (s *stopping) Cancel(context.Context, string) error { s.stopped.Add(1); return nil }

// A job that was planned is held against the limits of the moment when it is sent; refused by
// them it stays planned.
func TestPlannedJobsAreHeldAgainstTheLimits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newFake()
		dir := t.TempDir()
		j := planOne(t, &Remote{Service: s, Ledger: openLedger(t, dir)})
		for limit, ok := range map[float64]bool{0: false, 0.009: false, 0.01: true} {
			r := &Remote{Service: s, Ledger: openLedger(t, dir), Limits: ledger.Limits{PerCommand: &limit}}
			if ok {
				defer func() {
					if err := r.Finish(t.Context(), []string{j.ID}); err != nil || s.posts != 1 {
						t.Errorf("within the limit: %d posts, %v", s.posts, err)
					}
				}()
				continue
			}
			err := r.Finish(t.Context(), []string{j.ID})
			if now, e := r.Ledger.Job(j.ID); !errors.Is(err, ledger.ErrLimit) || s.posts != 0 || e != nil || now.State != ledger.Planned {
				t.Errorf("$%v: %d posts, %s: %v", limit, s.posts, now.State, err)
			}
		}
	})
}

// Jobs that the account's own limit at the service would refuse in part are refused together,
// before any is sent; so is a work that is forecast.
func TestTheLimitAtTheService(t *testing.T) {
	for left, ok := range map[float64]bool{0.04: false, 0.05: true} {
		synctest.Test(t, func(t *testing.T) {
			s := newFake()
			s.limits = service.Limits{Programs: 2, Left: &left}
			r := &Remote{Service: s, Ledger: openLedger(t, t.TempDir())}
			_, err := r.Run(t.Context(), []backends.Request{requestOf(5, 10)})
			if jobs, e := r.Ledger.Jobs(); (err == nil) != ok || e != nil || !ok && (!errors.Is(err, ledger.ErrLimit) || s.posts != 0 || len(jobs) != 0) {
				t.Errorf("$%v are left: %d posts, %d jobs, %v", left, s.posts, len(jobs), err)
			}
			f, err := (&Rehearsal{Service: s, Answer: zeros{}}).Forecast(1, func() error { return nil })
			if err != nil {
				t.Fatal(err)
			}
			f.Left, f.USD = &left, 0.05
			if err := f.Within(ledger.Limits{}, "it"); (err == nil) != ok {
				t.Errorf("$%v are left of a forecast's: %v", left, err)
			}
		})
	}
}

// What a command has sent and planned counts for its limit once, whatever becomes of it.
func TestTheLimitOfACommandCountsAttempts(t *testing.T) {
	for name, k := range map[string]struct {
		faults []fault
		limit  float64
		posts  int
		ok     bool
	}{
		"two jobs":                    {nil, 0.02, 2, true},
		"and one that came later":     {[]fault{busy, busy}, 0.02, 4, true},
		"and one that was refused":    {[]fault{refuse400}, 0.02, 2, false},
		"and one that was sent again": {[]fault{dropBefore}, 0.03, 3, true},
		"one too many":                {[]fault{dropBefore}, 0.02, 2, false},
	} {
		synctest.Test(t, func(t *testing.T) {
			s := newFake()
			s.limits, s.faults = service.Limits{Programs: 1}, inTurn(k.faults...)
			r := &Remote{Service: s, Ledger: openLedger(t, t.TempDir()), Resubmit: true, Limits: ledger.Limits{PerCommand: &k.limit}}
			_, err := r.Run(t.Context(), []backends.Request{requestOf(2, 10)})
			if (err == nil) != k.ok || s.posts != k.posts {
				t.Errorf("%s: %d posts, %v", name, s.posts, err)
			}
		})
	}
}

// Credentials that are refused are taken anew once, unless the job was taken all the same.
func TestDenied(t *testing.T) {
	denied := &service.SubmitError{Fate: service.Denied, Err: &service.StatusError{Status: 401, Err: errors.New("expired")}}
	for name, k := range map[string]struct {
		times int // that it is denied
		found []string
		state ledger.State
		posts int
	}{
		"once": {1, nil, ledger.Submitted, 2}, "always": {9, nil, ledger.Failed, 2}, "and taken": {1, []string{"r7"}, ledger.Submitted, 1},
	} {
		synctest.Test(t, func(t *testing.T) {
			s := &bent{fakeService: newFake()}
			posts := 0
			s.submit = func(body []byte) (string, error) {
				if posts++; posts <= k.times {
					return "", denied
				}
				return s.fakeService.Submit(t.Context(), body)
			}
			s.find = func(string, time.Time) ([]string, error) { return k.found, nil }
			r := &Remote{Service: s, Ledger: openLedger(t, t.TempDir())}
			begin := time.Now()
			j, err := r.Send(t.Context(), planOne(t, r).ID)
			charges, _ := spent(t, r.Ledger)
			if j.State != k.state || posts != k.posts || (err == nil) != (k.state == ledger.Submitted) || time.Since(begin) > time.Second || charges != map[bool]int{true: 1}[err == nil] {
				t.Errorf("%s: %s after %d posts with %d charges, %v", name, j.State, posts, charges, err)
			}
		})
	}
}

// A job that the service does not know any more counts as spent; the same work asks once more
// and makes it anew, or takes it up where it is known again. Where that stays open nothing is
// paid.
func TestGone(t *testing.T) {
	notFound := &service.StatusError{Status: 404, Err: errors.New("Job not found")}
	for name, k := range map[string]struct {
		then  error // of the first poll of the second run
		posts int
		ok    bool
	}{"gone": {notFound, 2, true}, "known again": {nil, 1, true}, "not allowed": {&service.StatusError{Status: 403, Err: errors.New("no")}, 1, false}} {
		synctest.Test(t, func(t *testing.T) {
			s := &bent{fakeService: newFake()}
			polls, gone := 0, true
			s.poll = func(remote string) (service.Status, error) {
				if polls++; gone && remote == "r1" {
					if polls > 7 {
						gone = k.then != nil && polls < 9
						return service.Status{State: service.Running}, k.then
					}
					return service.Status{}, notFound
				}
				return s.fakeService.Poll(t.Context(), remote)
			}
			r := &Remote{Service: s, Ledger: openLedger(t, t.TempDir())}
			requests := []backends.Request{requestOf(1, 10)}
			if _, err := r.Run(t.Context(), requests); err == nil || !strings.Contains(err.Error(), "does not know it any more") {
				t.Errorf("%s: %v", name, err)
			}
			if _, usd := spent(t, r.Ledger); usd != 0.01 {
				t.Errorf("%s: $%v are counted", name, usd)
			}
			polls = 7
			_, err := r.Run(t.Context(), requests)
			if _, usd := spent(t, r.Ledger); (err == nil) != k.ok || s.posts != k.posts || usd != 0.01*float64(k.posts) {
				t.Errorf("%s: %d posts and $%v, %v", name, s.posts, usd, err)
			}
		})
	}
}

// A result that can't be read is kept, and its job not sent again: each run asks once more for
// it.
func TestUnreadable(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &bent{fakeService: newFake()}
		bad, fetches := true, 0
		s.fetch = func(remote string, w io.Writer) error {
			fetches++
			if bad {
				_, err := io.WriteString(w, `{"wide"`)
				return err
			}
			return s.fakeService.Fetch(t.Context(), remote, 1<<20, w)
		}
		dir := t.TempDir()
		run := func() error {
			_, err := (&Remote{Service: s, Ledger: openLedger(t, dir)}).Run(t.Context(), []backends.Request{requestOf(1, 10)})
			return err
		}
		l := openLedger(t, dir)
		for i, want := range []int{3, 4, 5} {
			err := run()
			jobs, e := l.Jobs()
			if e != nil || err == nil || !strings.Contains(err.Error(), l.ResultPath(jobs[0].ID)) || fetches != want || s.posts != 1 || jobs[0].State != ledger.Unreadable {
				t.Errorf("run %d: %d fetches, %d posts: %v", i, fetches, s.posts, err)
			}
		}
		bad = false
		if err := run(); err != nil || s.posts != 1 {
			t.Errorf("it can be read now: %d posts, %v", s.posts, err)
		}
		if err := run(); err != nil || s.posts != 1 || fetches != 6 {
			t.Errorf("and stays so: %d posts, %d fetches, %v", s.posts, fetches, err)
		}
	})
}

// A command that is run again compiles by the calibration data of its jobs, though the
// processor was calibrated since, and takes them up; another question has data of now.
func TestCalibrationMoves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		base := newFake()
		n := 0
		submit := func(shots int, anew bool) (ledger.Job, error) {
			n++
			time.Sleep(time.Second)
			moved := strings.Replace(one, `"value": 100}`, `"value": `+strings.Repeat("9", n)+`}`, 1)
			snapshot, err := calibration.Read(calibration.File{Name: "line", Data: []byte(moved)})
			if err != nil {
				t.Fatal(err)
			}
			r := &Remote{Service: measured{base, snapshot}, Ledger: openLedger(t, dir), Anew: anew}
			o, err := r.Prepare(t.Context(), requestOf(1, 10).Circuit, shots, compile.Options{})
			if err != nil {
				t.Fatal(err)
			}
			return o.Send(t.Context())
		}
		var got []ledger.Job
		for _, k := range []struct {
			shots int
			anew  bool
		}{{10, false}, {10, false}, {20, false}, {10, true}, {10, false}} {
			j, err := submit(k.shots, k.anew)
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, j)
		}
		same := func(i, k int) bool { return got[i].ID == got[k].ID && got[i].Snapshot == got[k].Snapshot }
		if base.posts != 3 || !same(0, 1) || got[2].Snapshot == got[0].Snapshot || got[3].Snapshot == got[0].Snapshot || !same(3, 4) {
			t.Errorf("%d posts of %v", base.posts, got)
		}
	})
}

// tagged tells tags.
type tagged struct {
	*bent
	tag string
}

func (s tagged) Tag(context.Context, string) (string, error) { return s.tag, nil }

// What can be done by hand depends on where a job stands.
func TestByHand(t *testing.T) {
	states := []ledger.State{ledger.Planned, ledger.Sending, ledger.Unknown, ledger.Submitted, ledger.Gone, ledger.Failed, ledger.Cancelled, ledger.Abandoned, ledger.Unreadable, ledger.Done}
	for what, k := range map[string]struct {
		do   func(t *testing.T, r *Remote, id string) (ledger.Job, error)
		want map[ledger.State]ledger.State // where it is not refused
	}{
		"abandon": {func(t *testing.T, r *Remote, id string) (ledger.Job, error) { return r.Abandon(t.Context(), id) }, map[ledger.State]ledger.State{
			ledger.Planned: ledger.Cancelled, ledger.Sending: ledger.Abandoned, ledger.Unknown: ledger.Abandoned, ledger.Submitted: ledger.Abandoned, ledger.Unreadable: ledger.Abandoned,
		}},
		"adopt": {func(t *testing.T, r *Remote, id string) (ledger.Job, error) {
			r.Service = tagged{r.Service.(*bent), id}
			return r.Adopt(t.Context(), "r9", "")
		}, map[ledger.State]ledger.State{
			ledger.Planned: ledger.Submitted, ledger.Sending: ledger.Submitted, ledger.Unknown: ledger.Submitted, ledger.Gone: ledger.Submitted, ledger.Failed: ledger.Submitted,
			ledger.Cancelled: ledger.Submitted, ledger.Abandoned: ledger.Submitted,
		}},
		"adopt as": {func(t *testing.T, r *Remote, id string) (ledger.Job, error) { return r.Adopt(t.Context(), "r9", id) }, map[ledger.State]ledger.State{
			ledger.Planned: ledger.Submitted, ledger.Sending: ledger.Submitted, ledger.Unknown: ledger.Submitted, ledger.Gone: ledger.Submitted, ledger.Failed: ledger.Submitted,
			ledger.Cancelled: ledger.Submitted, ledger.Abandoned: ledger.Submitted,
		}},
		"cancel": {func(t *testing.T, r *Remote, id string) (ledger.Job, error) { return r.Cancel(t.Context(), id) }, map[ledger.State]ledger.State{
			ledger.Planned: ledger.Cancelled, ledger.Submitted: ledger.Submitted, ledger.Unreadable: ledger.Unreadable,
		}},
	} {
		for _, state := range states {
			s := &bent{fakeService: newFake(), poll: func(string) (service.Status, error) { return service.Status{State: service.Running}, nil }}
			r := &Remote{Service: s, Ledger: openLedger(t, t.TempDir())}
			id := planOne(t, r).ID
			u := ledger.Update{Job: id, State: state, Attempt: 1}
			if !slices.Contains([]ledger.State{ledger.Sending, ledger.Unknown}, state) {
				u.Remote = "r1"
			}
			if state != ledger.Planned {
				for _, u := range []ledger.Update{{Job: id, State: ledger.Sending, Attempt: 1}, u} {
					if err := r.Ledger.Record(u); err != nil {
						t.Fatal(err)
					}
				}
			}
			j, err := k.do(t, r, id)
			kept, e := r.Ledger.Job(id)
			want, ok := k.want[state]
			if e != nil || (err == nil) != ok || ok && (j.State != want || kept.State != want) || !ok && kept.State != state {
				t.Errorf("%s what is %s: %s, in the ledger %s; %v", what, state, j.State, kept.State, err)
			}
			if charges := len(kept.Charges); charges != 1 && !(state == ledger.Planned && kept.State == ledger.Cancelled) {
				t.Errorf("%s what is %s: %d charges", what, state, charges)
			}
			if strings.HasPrefix(what, "adopt") && ok && kept.Remote != "r9" {
				t.Errorf("%s what is %s: it is %s", what, state, kept.Remote)
			}
		}
	}
	r := &Remote{Service: tagged{&bent{fakeService: newFake()}, ""}, Ledger: openLedger(t, t.TempDir())}
	if _, err := r.Adopt(t.Context(), "r9", ""); err == nil || !strings.Contains(err.Error(), "carries no tag of ours") {
		t.Error(err)
	}
	r.Service = tagged{&bent{fakeService: newFake()}, "qgan-1"}
	if _, err := r.Adopt(t.Context(), "r9", ""); !errors.Is(err, ledger.ErrNoJob) {
		t.Error(err)
	}
}

// What a job cost is asked for again where the service had not reckoned it when it was done;
// what is known is not asked for.
func TestSettle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cost := 0.007
		told, polls := false, 0
		s := &bent{fakeService: newFake()}
		s.poll = func(string) (service.Status, error) {
			polls++
			out := service.Status{State: service.Completed, Seconds: 2}
			if told {
				out.Cost = &cost
			}
			return out, nil
		}
		r := &Remote{Service: s, Ledger: openLedger(t, t.TempDir())}
		if _, err := r.Run(t.Context(), []backends.Request{requestOf(1, 10)}); err != nil {
			t.Fatal(err)
		}
		jobs, err := r.Ledger.Jobs()
		if err != nil {
			t.Fatal(err)
		}
		for i, want := range []struct {
			usd   float64
			polls int
		}{{0.01, 2}, {0.007, 3}, {0.007, 3}} {
			told = i > 0
			j, err := r.Settle(t.Context(), jobs[0].ID)
			if _, usd := spent(t, r.Ledger); err != nil || usd != want.usd || polls != want.polls || j.State != ledger.Done || j.Unsettled() != (i == 0) {
				t.Errorf("%d: %s of $%v after %d polls, %v", i, j.State, usd, polls, err)
			}
		}
		if _, err := r.Outcomes(jobs[0].ID); err != nil {
			t.Error(err)
		}
	})
}
