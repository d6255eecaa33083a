package remote

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"qgan/backends"
	"qgan/backends/ledger"
	"qgan/backends/service"
	"qgan/ir"
)

// The limit of a command counts all calls before, not the last one alone.
func TestTheLimitCountsAllCalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newFake() // a cent a circuit
		limit := 0.055
		r := &Remote{Service: s, Ledger: openLedger(t, t.TempDir()), Limits: ledger.Limits{PerCommand: &limit}}
		var planned []int
		for _, n := range []int{3, 1, 2, 1, 1} { // 3, 4, not 6, 5, not 6 cents
			programs := make([]service.Program, n)
			for i := range programs {
				programs[i] = service.Program{Circuit: requestOf(1, 10).Circuit, Shots: 10}
			}
			if _, err := r.Plan(t.Context(), [][]service.Program{programs}, ""); err == nil {
				planned = append(planned, n)
			} else if !errors.Is(err, ledger.ErrLimit) {
				t.Error(err)
			}
		}
		if !slices.Equal(planned, []int{3, 1, 1}) || limit != 0.055 {
			t.Errorf("planned %v", planned)
		}
	})
}

// labelled is a service that has names of its own for qubits.
type labelled struct{ *fakeService }

func (labelled) Names(c *ir.Circuit) []string {
	out := make([]string, c.Qubits)
	for q := range out {
		out[q] = fmt.Sprintf("Q%d", q+7)
	}
	return out
}

// The names of qubits are kept with the job, for results to be read by.
func TestNamesAreKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &Remote{Service: labelled{newFake()}, Ledger: openLedger(t, t.TempDir())}
		c := ir.New(2, 2)
		c.Measure(1, 0)
		jobs, err := r.Plan(t.Context(), [][]service.Program{{{Circuit: c, Shots: 10}}}, "")
		if err != nil || !strings.Contains(string(jobs[0].Programs), `"Q8"`) || strings.Contains(string(jobs[0].Programs), `"Q7"`) {
			t.Errorf("%s, %v", jobs[0].Programs, err)
		}
	})
}

// While a submission waits to be taken its job is planned: who goes on sends it at once.
func TestWhoWaitsIsPlanned(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newFake()
		s.faults = inTurn(busy)
		r := &Remote{Service: s, Ledger: openLedger(t, t.TempDir())}
		jobs, err := r.Plan(t.Context(), [][]service.Program{{{Circuit: requestOf(1, 10).Circuit, Shots: 10}}}, "")
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
		defer cancel()
		if _, err := r.Send(ctx, jobs[0].ID); !errors.Is(err, context.DeadlineExceeded) {
			t.Fatal(err)
		}
		j, err := r.Ledger.Job(jobs[0].ID)
		if err != nil || j.State != ledger.Planned || j.Attempt != 2 {
			t.Errorf("%s, attempt %d, %v", j.State, j.Attempt, err)
		}
		if j, err = r.Send(t.Context(), j.ID); err != nil || j.State != ledger.Submitted || j.Attempt != 3 {
			t.Errorf("%s, attempt %d, %v", j.State, j.Attempt, err)
		}
	})
}

// Waits before a body is sent again double from the first to the longest.
func TestWaitsBeforeABodyIsSentAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &bent{fakeService: newFake()}
		var sent []time.Time
		s.submit = func([]byte) (string, error) { sent = append(sent, time.Now()); return "", errors.New("reset") }
		s.find = func(string, time.Time) ([]string, error) { return nil, service.ErrIdempotent }
		r := &Remote{Service: s, Ledger: openLedger(t, t.TempDir())}
		jobs, err := r.Plan(t.Context(), [][]service.Program{{{Circuit: requestOf(1, 10).Circuit, Shots: 10}}}, "")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := r.Send(t.Context(), jobs[0].ID); !errors.Is(err, ErrUnknown) {
			t.Error(err)
		}
		var waits []int
		for i := range len(sent) - 1 {
			waits = append(waits, int(sent[i+1].Sub(sent[i]).Seconds()))
		}
		if !slices.Equal(waits, []int{1, 2, 4, 8, 15, 15, 15, 15}) {
			t.Errorf("waits of %v seconds", waits)
		}
	})
}

// Look-ups that fail are no answers: ten times as many are made before it is given up.
func TestLookUpsThatFail(t *testing.T) {
	for failing, want := range map[int]ledger.State{39: ledger.Submitted, 1000: ledger.Unknown} {
		synctest.Test(t, func(t *testing.T) {
			s := &bent{fakeService: newFake()}
			looks := 0
			s.submit = func([]byte) (string, error) { return "", errors.New("reset") }
			s.find = func(string, time.Time) ([]string, error) {
				if looks++; looks <= failing {
					return nil, errors.New("down")
				}
				return []string{"r1"}, nil
			}
			r := &Remote{Service: s, Ledger: openLedger(t, t.TempDir())}
			jobs, err := r.Plan(t.Context(), [][]service.Program{{{Circuit: requestOf(1, 10).Circuit, Shots: 10}}}, "")
			if err != nil {
				t.Fatal(err)
			}
			j, err := r.Send(t.Context(), jobs[0].ID)
			if j.State != want || looks > 41 || (err == nil) != (want == ledger.Submitted) {
				t.Errorf("%d failures: %s after %d looks, %v", failing, j.State, looks, err)
			}
		})
	}
}

// Words of shots in order are handed on to those only who ask for them.
func TestWhoKeepsTheOrder(t *testing.T) {
	words := []uint64{1, 0, 1}
	r := &Remote{Service: newFake(), Ledger: openLedger(t, t.TempDir())}
	jobs, err := r.Plan(t.Context(), [][]service.Program{{{Circuit: requestOf(1, 3).Circuit, Shots: 3}, {Circuit: requestOf(1, 3).Circuit, Shots: 3}}}, "")
	if err != nil {
		t.Fatal(err)
	}
	id := jobs[0].ID
	if err := r.Ledger.Record(ledger.Update{Job: id, State: ledger.Done, Attempt: 1, Remote: "r"}); err != nil {
		t.Fatal(err)
	}
	o := backends.Outcome{Shots: 3, Words: words, Counts: backends.CountWords(words)}
	r.keep(id, []backends.Outcome{o, o})
	in := requestOf(1, 3)
	in.KeepOrder = true
	found, err := r.collect([]string{id})
	if err != nil {
		t.Fatal(err)
	}
	res := r.results([]backends.Request{in, requestOf(1, 3)}, found)
	if !slices.Equal(res[0].Outcomes[0].Words, words) || res[1].Outcomes[0].Words != nil {
		t.Errorf("%+v", res)
	}
}

// What a command leaves behind are the jobs that it had in hand: none that others planned, at
// another place or the same, and none that has ended. One that is stopped sends nothing more.
func TestLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		fake := newFake()
		r := &Remote{Service: fake, Ledger: openLedger(t, dir)}
		programs := []service.Program{{Circuit: requestOf(1, 3).Circuit, Shots: 3}}
		jobs, err := r.Plan(t.Context(), [][]service.Program{programs, programs, programs, programs, programs}, "")
		if err != nil {
			t.Fatal(err)
		}
		var ids []string
		for _, j := range jobs {
			ids = append(ids, j.ID)
		}
		if left, err := r.Left(); err != nil || left.String() != "" {
			t.Errorf("before anything is done %q is left; %v", left, err)
		}
		if _, err := r.Send(t.Context(), ids[0]); err != nil {
			t.Fatal(err)
		}
		fake.faults = func() fault { return dropBefore }
		for _, u := range []ledger.Update{{Job: ids[1], State: ledger.Unknown, Attempt: 1}, {Job: ids[2], State: ledger.Failed, Attempt: 1}} {
			if err := r.Ledger.Record(u); err != nil {
				t.Fatal(err)
			}
		}
		posts := fake.posts
		stopped, stop := context.WithCancel(t.Context())
		stop()
		if err := r.Finish(stopped, ids[:4]); !errors.Is(err, context.Canceled) {
			t.Errorf("stopped with %v", err)
		}
		if j, err := r.Ledger.Job(ids[3]); err != nil || j.State != ledger.Planned || fake.posts != posts {
			t.Errorf("after it was stopped %d jobs were sent, and the last is %s; %v", fake.posts-posts, j.State, err)
		}
		left, err := r.Left()
		if err != nil {
			t.Fatal(err)
		}
		want := "goes on at the service: " + ids[0] + " (fake:r1); not sent yet: " + ids[3] + "; not known whether the service has it: " + ids[1]
		if want += "\nthe same command takes that up, and so does `qgan jobs wait " + jobs[0].Short() + " " + jobs[3].Short() + " " + jobs[1].Short() + "`"; left.String() != want {
			t.Errorf("%s\nwant %s", left, want)
		}
		if left, err := (&Remote{Service: newFake(), Ledger: openLedger(t, dir)}).Left(); err != nil || left.String() != "" {
			t.Errorf("another command leaves %q; %v", left, err)
		}
	})
}

// A job that is refused does not keep the others from being sent and waited for.
func TestOneOfSeveralIsRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newFake()
		s.limits, s.faults = service.Limits{Programs: 1}, inTurn(refuse400)
		r := &Remote{Service: s, Ledger: openLedger(t, t.TempDir())}
		if _, err := r.Run(t.Context(), []backends.Request{requestOf(3, 10)}); err == nil {
			t.Error("a job that was refused has an outcome")
		}
		jobs, err := r.Ledger.Jobs()
		if err != nil {
			t.Fatal(err)
		}
		var states []ledger.State
		for _, j := range jobs {
			states = append(states, j.State)
		}
		if !slices.Equal(states, []ledger.State{ledger.Failed, ledger.Done, ledger.Done}) {
			t.Errorf("jobs %v", states)
		}
	})
}

// uneven is a service whose bodies grow with the programs and that has no price for jobs of
// one.
type uneven struct{ *fakeService }

func (s uneven) Price(_ context.Context, p []service.Program) (service.Price, bool) {
	return service.Price{USD: float64(len(p))}, len(p) > 1
}

func (s uneven) Body(_ context.Context, p []service.Program, _ string) ([]byte, error) {
	return make([]byte, 100*len(p)), nil
}

// A rehearsal keeps the largest body, and that a price was missing.
func TestWhatARehearsalKeeps(t *testing.T) {
	r := &Rehearsal{Service: uneven{newFake()}, Answer: zeros{}}
	for _, k := range []struct {
		circuits, bytes int
		unpriced        bool
	}{{2, 200, false}, {3, 300, false}, {1, 300, true}, {2, 300, true}} {
		if _, err := r.Run(t.Context(), []backends.Request{requestOf(k.circuits, 10)}); err != nil || r.Bytes != k.bytes || r.Unpriced != k.unpriced {
			t.Errorf("after %d circuits: %d bytes, unpriced %v, %v", k.circuits, r.Bytes, r.Unpriced, err)
		}
	}
}

// What costs just as much as may be spent is within the limit.
func TestJustWithin(t *testing.T) {
	for limit, ok := range map[float64]bool{1.25: true, 1.24: false, 0: false} {
		if err := (&Forecast{USD: 1.25}).Within(ledger.Limits{PerCommand: &limit}, "it"); (err == nil) != ok {
			t.Errorf("$1.25 of $%v: %v", limit, err)
		}
	}
	zero := 0.0
	if err := new(Forecast).Within(ledger.Limits{PerCommand: &zero}, "it"); err != nil {
		t.Errorf("nothing of nothing: %v", err)
	}
}
