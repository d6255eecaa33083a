package remote

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"qgan/backends"
	"qgan/backends/ledger"
	"qgan/backends/service"
	"qgan/calibration"
	"qgan/internal/durable"
	"qgan/internal/stream"
	"qgan/ir"
)

// fakeService keeps jobs in memory. What goes wrong with a submission is drawn, or is
// the next of a list.
type fakeService struct {
	mu     sync.Mutex
	jobs   map[string]*fakeJob // by tag
	faults func() fault
	late   time.Duration // jobs are listed so long after they were accepted
	limits service.Limits
	token  bool // the service knows a body by its token
	blind  bool // and has no list
	price  float64
	next   int
	posts  int
}

type fakeJob struct {
	remote   string
	times    int // accepted
	at       time.Time
	programs int
	polls    int
	fails    bool
}

type fault int

const (
	fine fault = iota
	dropBefore
	dropAfter
	refuse400
	busy
	unavailable
	pollError
	faults
)

type fakeBody struct {
	Tag      string
	Programs int
}

func (s *fakeService) Service() string  { return "fake" }
func (s *fakeService) Device() string   { return "line" }
func (s *fakeService) Endpoint() string { return "" }
func (s *fakeService) Local() bool      { return false }
func (s *fakeService) Snapshot(context.Context) (*calibration.Snapshot, error) {
	return nil, errors.New("none")
}
func (s *fakeService) Limits(context.Context) (service.Limits, error) { return s.limits, nil }
func (s *fakeService) Price(_ context.Context, p []service.Program) (service.Price, bool) {
	return service.Price{USD: s.price * float64(len(p))}, s.price > 0
}
func (s *fakeService) Body(_ context.Context, p []service.Program, tag string) ([]byte, error) {
	return json.Marshal(fakeBody{tag, len(p)})
}

func (s *fakeService) fault() fault {
	if s.faults == nil {
		return fine
	}
	return s.faults()
}

func (s *fakeService) Submit(_ context.Context, body []byte) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.posts++
	var b fakeBody
	if err := json.Unmarshal(body, &b); err != nil {
		return "", err
	}
	accept := func() string {
		j := s.jobs[b.Tag]
		switch {
		case j == nil:
			s.next++
			j = &fakeJob{remote: fmt.Sprint("r", s.next), at: time.Now(), programs: b.Programs}
			s.jobs[b.Tag] = j
			fallthrough
		case !s.token:
			j.times++
		}
		return j.remote
	}
	switch s.fault() {
	case dropBefore:
		return "", errors.New("connection reset")
	case dropAfter:
		accept()
		return "", errors.New("connection reset")
	case unavailable:
		accept()
		return "", &service.StatusError{Status: 500, Err: errors.New("internal error")}
	case refuse400:
		return "", &service.SubmitError{Fate: service.Refused, Err: &service.StatusError{Status: 400, Err: errors.New("bad circuit")}}
	case busy:
		return "", &service.SubmitError{Fate: service.Later, After: time.Second, Err: &service.StatusError{Status: 429, Err: errors.New("slow down")}}
	}
	return accept(), nil
}

func (s *fakeService) Find(_ context.Context, tag string, _ time.Time) ([]string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.token {
		return nil, service.ErrIdempotent
	}
	if s.blind {
		return nil, service.ErrUnlisted
	}
	if s.fault() == unavailable {
		return nil, &service.StatusError{Status: 503, Err: errors.New("try again")}
	}
	if j := s.jobs[tag]; j != nil && time.Since(j.at) >= s.late {
		return []string{j.remote}, nil
	}
	return nil, nil
}

func (s *fakeService) find(remote string) *fakeJob {
	for _, j := range s.jobs {
		if j.remote == remote {
			return j
		}
	}
	return nil
}

func (s *fakeService) Poll(_ context.Context, remote string) (service.Status, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	j := s.find(remote)
	if j == nil {
		return service.Status{}, &service.StatusError{Status: 404, Err: errors.New("no such job")}
	}
	if f := s.fault(); f == pollError || f == unavailable {
		return service.Status{}, errors.New("<html>bad gateway</html>")
	}
	if j.polls++; j.polls < 3 {
		return service.Status{State: service.Queued, Word: "QUEUED"}, nil
	}
	if j.fails {
		return service.Status{State: service.Failed, Word: "FAILED", Reason: "too warm"}, nil
	}
	return service.Status{State: service.Completed, Word: "DONE", Seconds: 2}, nil
}

func (s *fakeService) Fetch(_ context.Context, remote string, _ int64, w io.Writer) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fault() == pollError {
		_, err := io.WriteString(w, `{"cut`)
		return err
	}
	return json.NewEncoder(w).Encode(s.find(remote).programs)
}

func (s *fakeService) Decode(shapes []service.Shape, r io.Reader) ([]backends.Outcome, error) {
	var n int
	if err := json.NewDecoder(r).Decode(&n); err != nil {
		return nil, err
	}
	out := make([]backends.Outcome, n)
	for i := range out {
		out[i] = backends.Outcome{Shots: shapes[i].Shots, Counts: []backends.Count{{Word: uint64(i), N: shapes[i].Shots}}}
	}
	return out, nil
}

func (s *fakeService) Cancel(context.Context, string) error { return nil }

func newFake() *fakeService { return &fakeService{jobs: map[string]*fakeJob{}, price: 0.01} }

// inTurn returns faults one after the other, then none.
func inTurn(list ...fault) func() fault {
	return func() fault {
		if len(list) == 0 {
			return fine
		}
		f := list[0]
		list = list[1:]
		return f
	}
}

func openLedger(t *testing.T, dir string) *ledger.Ledger {
	t.Helper()
	l, err := ledger.Open(durable.OS{}, dir, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

func requestOf(circuits, shots int) backends.Request {
	c := ir.New(1, 1)
	c.Data = []string{"z"}
	c.Gate(ir.RX, []int{0}, ir.Data(1, 0))
	c.MeasureAll()
	r := backends.Request{Circuit: c, Shots: []int{shots}}
	for i := range circuits {
		r.Bindings.Data = append(r.Bindings.Data, []float64{float64(i)})
	}
	return r
}

// Every way in which a submission can end, and what becomes of the job.
func TestSend(t *testing.T) {
	for name, k := range map[string]struct {
		faults []fault
		set    func(*fakeService, *Remote)
		state  ledger.State
		times  int // that the service accepted the job
		posts  int
		is     error
	}{
		"accepted":                      {state: ledger.Submitted, times: 1, posts: 1},
		"answer lost, job taken":        {faults: []fault{dropAfter}, state: ledger.Submitted, times: 1, posts: 1},
		"500 and taken":                 {faults: []fault{unavailable}, state: ledger.Submitted, times: 1, posts: 1},
		"answer lost, job not taken":    {faults: []fault{dropBefore}, state: ledger.Unknown, posts: 1, is: ErrUnknown},
		"the same, sent again":          {faults: []fault{dropBefore}, set: func(_ *fakeService, r *Remote) { r.Resubmit = true }, state: ledger.Submitted, times: 1, posts: 2},
		"listed late":                   {faults: []fault{dropAfter}, set: func(s *fakeService, r *Remote) { s.late = 110 * time.Second; r.Resubmit = true }, state: ledger.Submitted, times: 1, posts: 1},
		"look-up fails for a while":     {faults: []fault{dropAfter, unavailable, unavailable, unavailable}, state: ledger.Submitted, times: 1, posts: 1},
		"refused":                       {faults: []fault{refuse400}, state: ledger.Failed, posts: 1},
		"busy at first":                 {faults: []fault{busy, busy}, state: ledger.Submitted, times: 1, posts: 3},
		"token, answer lost":            {faults: []fault{dropAfter}, set: func(s *fakeService, _ *Remote) { s.token = true }, state: ledger.Submitted, times: 1, posts: 2},
		"token, answers lost twice":     {faults: []fault{dropAfter, dropBefore}, set: func(s *fakeService, _ *Remote) { s.token = true }, state: ledger.Submitted, times: 1, posts: 3},
		"no list, answer lost":          {faults: []fault{dropAfter}, set: func(s *fakeService, _ *Remote) { s.blind = true }, state: ledger.Unknown, times: 1, posts: 1, is: service.ErrUnlisted},
		"no list, told to send again":   {faults: []fault{dropBefore}, set: func(s *fakeService, r *Remote) { s.blind = true; r.Resubmit = true }, state: ledger.Submitted, times: 1, posts: 2},
		"busy for longer than patience": {faults: slices.Repeat([]fault{busy}, 1000), state: ledger.Failed, posts: 484},
	} {
		t.Run(name, func(t *testing.T) {
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
				j, err := r.Send(t.Context(), jobs[0].ID)
				if (err == nil) != (k.state == ledger.Submitted) || k.is != nil && !errors.Is(err, k.is) {
					t.Errorf("error %v", err)
				}
				kept, err := r.Ledger.Job(j.ID)
				if err != nil || kept.State != k.state || j.State != k.state {
					t.Errorf("the job is %s, in the ledger %s (%v), want %s", j.State, kept.State, err, k.state)
				}
				times := 0
				if x := s.jobs[j.ID]; x != nil {
					times = x.times
				}
				near := k.posts > 100 && s.posts > k.posts/2 && s.posts < 2*k.posts // waits are drawn
				if times != k.times || s.posts != k.posts && !near {
					t.Errorf("accepted %d times in %d posts, want %d in %d", times, s.posts, k.times, k.posts)
				}
			})
		})
	}
}

// A run is the outcomes of its lanes in order, in as few jobs as the limits allow; asked
// for again it sends nothing.
func TestRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newFake()
		s.limits = service.Limits{Programs: 3, TotalShots: 1000, PerMinute: 5}
		dir := t.TempDir()
		r := &Remote{Service: s, Ledger: openLedger(t, dir)}
		requests := []backends.Request{requestOf(5, 100), requestOf(2, 400)}
		begin := time.Now()
		res, err := r.Run(t.Context(), requests)
		if err != nil {
			t.Fatal(err)
		}
		if len(res) != 2 || len(res[0].Outcomes) != 5 || len(res[1].Outcomes) != 2 || res[1].Outcomes[1].Shots != 400 {
			t.Fatalf("%+v", res)
		}
		if s.posts != 3 || !slices.Equal(s.sizes(), []int{1, 3, 3}) || len(res[0].Provenance.Jobs) != 2 || res[0].Provenance.Backend != "fake:line" {
			t.Errorf("%d posts of %v programs, jobs %v", s.posts, s.sizes(), res[0].Provenance.Jobs)
		}
		if d := time.Since(begin); d > time.Minute {
			t.Errorf("it took %v", d)
		}
		again := &Remote{Service: s, Ledger: openLedger(t, dir)}
		if _, err := again.Run(t.Context(), requests); err != nil || s.posts != 3 {
			t.Errorf("%d posts: %v", s.posts, err)
		}
		requests[0].Seed = 1
		if _, err := r.Run(t.Context(), requests); err != nil || s.posts != 6 {
			t.Errorf("another seed: %d posts: %v", s.posts, err)
		}
		if time.Since(begin) < time.Minute {
			t.Error("six jobs went out in a minute that takes five")
		}
	})
}

func (s *fakeService) sizes() (sizes []int) {
	for _, j := range s.jobs {
		sizes = append(sizes, j.programs)
	}
	slices.Sort(sizes)
	return sizes
}

// Over the limit nothing is sent, and nothing stays behind in the ledger.
func TestRunOverTheLimit(t *testing.T) {
	s := newFake()
	limit := 0.03
	r := &Remote{Service: s, Ledger: openLedger(t, t.TempDir()), Limits: ledger.Limits{PerCommand: &limit}}
	if _, err := r.Run(t.Context(), []backends.Request{requestOf(4, 10)}); !errors.Is(err, ledger.ErrLimit) || s.posts != 0 {
		t.Errorf("%d posts: %v", s.posts, err)
	}
	if jobs, err := r.Ledger.Jobs(); err != nil || len(jobs) != 0 {
		t.Errorf("%d jobs: %v", len(jobs), err)
	}
}

// A job that fails at the service is told with its reason, and made anew the next time.
func TestRunFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newFake()
		r := &Remote{Service: s, Ledger: openLedger(t, t.TempDir())}
		r.Report = func(j ledger.Job, _ string) {
			if j.State == ledger.Submitted {
				s.mu.Lock()
				s.jobs[j.ID].fails = s.posts == 1
				s.mu.Unlock()
			}
		}
		_, err := r.Run(t.Context(), []backends.Request{requestOf(1, 10)})
		if err == nil || !strings.Contains(err.Error(), "too warm") {
			t.Errorf("error %v", err)
		}
		if _, err := r.Run(t.Context(), []backends.Request{requestOf(1, 10)}); err != nil || s.posts != 2 {
			t.Errorf("%d posts: %v", s.posts, err)
		}
	})
}

// Under faults of every kind, with the sending process dying again and again, every job
// runs exactly once and its result is kept.
func TestEveryJobRunsOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rng := stream.New(11, "faults")
		s := newFake()
		var once sync.Mutex
		s.faults = func() fault {
			once.Lock()
			defer once.Unlock()
			if rng.Float64() > 0.2 {
				return fine
			}
			if f := fault(rng.IntN(int(faults))); f != refuse400 {
				return f
			}
			return fine
		}
		s.late = 50 * time.Second
		s.limits = service.Limits{Programs: 1}
		dir := t.TempDir()
		jobs := 120
		if testing.Short() {
			jobs = 40
		}
		requests := []backends.Request{requestOf(jobs, 10)}
		for deaths := 0; ; deaths++ {
			r := &Remote{Service: s, Ledger: openLedger(t, dir), Resubmit: true}
			ctx, cancel := context.WithTimeout(t.Context(), time.Duration(1+rng.IntN(600))*time.Second)
			if deaths > 20 {
				ctx, cancel = context.WithCancel(t.Context())
			}
			_, err := r.Run(ctx, requests)
			cancel()
			if err == nil {
				break
			}
			if deaths > 21 {
				t.Fatal(err)
			}
		}
		if len(s.jobs) != jobs {
			t.Errorf("%d jobs at the service", len(s.jobs))
		}
		for tag, j := range s.jobs {
			if j.times != 1 {
				t.Errorf("job %s was accepted %d times", tag, j.times)
			}
		}
		kept, err := openLedger(t, dir).Jobs()
		if err != nil || len(kept) != jobs {
			t.Fatalf("%d jobs in the ledger: %v", len(kept), err)
		}
		for _, j := range kept {
			if j.State != ledger.Done {
				t.Errorf("job %s is %s", j.ID, j.State)
			}
		}
		if files, _ := filepath.Glob(filepath.Join(dir, "events-*")); len(files) < 2 {
			t.Error("no process died")
		}
	})
}

func TestSplit(t *testing.T) {
	programs := func(shots ...int) (out []service.Program) {
		c := ir.New(1, 1) // of three gates and a measurement
		for range 3 {
			c.Gate(ir.RX, []int{0}, ir.Const(1))
		}
		c.Measure(0, 0)
		for _, n := range shots {
			out = append(out, service.Program{Circuit: c, Shots: n})
		}
		return out
	}
	for name, k := range map[string]struct {
		shots  []int
		limits service.Limits
		want   []int // programs of each job; nil: refused
	}{
		"no limit":       {[]int{1, 2, 3}, service.Limits{}, []int{3}},
		"programs":       {[]int{1, 1, 1, 1, 1}, service.Limits{Programs: 2}, []int{2, 2, 1}},
		"total shots":    {[]int{50, 60, 40, 100}, service.Limits{TotalShots: 100}, []int{1, 2, 1}},
		"equal shots":    {[]int{5, 5, 6, 5}, service.Limits{EqualShots: true}, []int{2, 1, 1}},
		"too many":       {[]int{5, 11}, service.Limits{MaxShots: 10}, nil},
		"too few":        {[]int{5}, service.Limits{MinShots: 10}, nil},
		"none":           {[]int{0}, service.Limits{}, nil},
		"above a total":  {[]int{500}, service.Limits{TotalShots: 100}, nil},
		"gates":          {[]int{1, 1, 1, 1, 1}, service.Limits{Gates: 7}, []int{2, 2, 1}},
		"just the gates": {[]int{1, 1, 1}, service.Limits{Gates: 9}, []int{3}},
		"too many gates": {[]int{1}, service.Limits{Gates: 2}, nil},
		"bytes":          {[]int{1, 1, 1}, service.Limits{Bytes: 2 * (2048 + 4*100), GateBytes: 100}, []int{2, 1}},
		"a byte less":    {[]int{1, 1}, service.Limits{Bytes: 2*(2048+4*100) - 1, GateBytes: 100}, []int{1, 1}},
		"one too large":  {[]int{1, 1}, service.Limits{Bytes: 1, GateBytes: 100}, []int{1, 1}},
	} {
		parts, err := Split(programs(k.shots...), k.limits)
		var sizes []int
		for _, p := range parts {
			sizes = append(sizes, len(p))
		}
		if (err != nil) != (k.want == nil) || err == nil && !slices.Equal(sizes, k.want) {
			t.Errorf("%s: %v, %v, want %v", name, sizes, err, k.want)
		}
	}
}

// The submissions of all processes together keep to the service's number a minute.
func TestSubmissionsAMinuteOfAllProcesses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newFake()
		s.limits = service.Limits{PerMinute: 2}
		dir := t.TempDir()
		begin := time.Now()
		var at []time.Duration
		for i := range 5 {
			r := &Remote{Service: s, Ledger: openLedger(t, dir)} // a process each
			jobs, err := r.Plan(t.Context(), [][]service.Program{{{Circuit: requestOf(1, 10+i).Circuit, Shots: 10}}}, "")
			if err != nil {
				t.Fatal(err)
			}
			if _, err := r.Send(t.Context(), jobs[0].ID); err != nil {
				t.Fatal(err)
			}
			at = append(at, time.Since(begin))
		}
		for i, want := range []time.Duration{0, 0, time.Minute, time.Minute, 2 * time.Minute} {
			if d := at[i] - want; d < 0 || d > time.Second {
				t.Errorf("job %d was sent after %v, want %v", i, at[i], want)
			}
		}
	})
}
