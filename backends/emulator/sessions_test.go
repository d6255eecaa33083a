package emulator

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"qgan/backends"
	"qgan/backends/ibm"
	"qgan/backends/ionq"
	"qgan/backends/ledger"
	"qgan/backends/remote"
	"qgan/backends/service"
	"qgan/internal/durable"
	"qgan/ir/compile"
)

type inner interface {
	service.Service
	service.Sessions
	Label() service.Label
	Options() map[string]string
}

// narrow takes a circuit in a job, and may ask for a session at a price.
type narrow struct {
	inner
	usd float64 // of a session; 0: what the service says
}

func (narrow) Limits(context.Context) (service.Limits, error) {
	return service.Limits{Programs: 1}, nil
}

func (n narrow) Session() (service.Session, bool) {
	s, ok := n.inner.Session()
	if n.usd > 0 {
		s.Price.USD = n.usd
	}
	return s, ok
}

func (n narrow) OpenSession(ctx context.Context, body []byte) (string, error) {
	return n.inner.OpenSession(ctx, body)
}

func (n narrow) InSession(body []byte, id string) []byte {
	return n.inner.InSession(body, id)
}

// bench is an emulator with sessions and a ledger.
type bench struct {
	t        *testing.T
	dir      string
	url      string
	name     string // of the service
	emulated Service
	sessions *sessions
	later    time.Duration // that both clocks are ahead
	mu       sync.Mutex
	told     []string
}

func newBench(t *testing.T, name string, faults ...Fault) *bench {
	b := &bench{t: t, name: name, dir: t.TempDir()}
	e, err := New(name, Options{Ideal: true, Faults: faults, Now: b.now})
	if err != nil {
		t.Fatal(err)
	}
	switch e := e.(type) {
	case *IBM:
		b.sessions = e.sessions
	case *IonQ:
		b.sessions = e.sessions
	}
	web := httptest.NewServer(e)
	t.Cleanup(web.Close)
	b.emulated, b.url = e, web.URL
	return b
}

func (b *bench) now() time.Time {
	b.mu.Lock()
	defer b.mu.Unlock()
	return time.Now().Add(b.later)
}

// service is a client whose jobs are asked for so.
func (b *bench) service(job map[string]string, usd float64) service.Service {
	b.t.Helper()
	o := service.Options{Endpoint: b.url, REST: soon, Job: job, Now: b.now}
	var c inner
	var err error
	switch e := b.emulated.(type) {
	case *IBM:
		key, instance := e.Credentials()
		c, err = ibm.New(ibm.Account{Key: key, KeySource: "a test", Instance: instance}, e.Device(), o)
	case *IonQ:
		c, err = ionq.New(ionq.Account{Key: e.Credentials(), Source: "a test"}, e.Device(), o)
	}
	if err != nil {
		b.t.Fatal(err)
	}
	return narrow{c, usd}
}

// command is a process that sends.
func (b *bench) command(s service.Service, limits ledger.Limits) *remote.Remote {
	b.t.Helper()
	l, err := ledger.Open(durable.OS{}, b.dir, b.now)
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() { l.Close() })
	return &remote.Remote{Service: s, Ledger: l, Limits: limits, Patience: hasty, Command: "a test", Report: func(_ ledger.Job, what string) {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.told = append(b.told, what)
	}}
}

// run has so many circuits run, each a job, none of which is that of another round.
func (b *bench) run(r *remote.Remote, round, circuits int) error {
	b.t.Helper()
	var requests []backends.Request
	for i := range circuits {
		requests = append(requests, backends.Request{Circuit: one(b.t, r.Service, 20).Circuit, Shots: []int{20}, Seed: uint64(100*round + i)})
	}
	_, err := r.Run(b.t.Context(), requests)
	return err
}

// held says how the sessions stand: of each the jobs in it and whether it is closed; and how the
// ledger has them.
func (b *bench) held() (text string) {
	b.t.Helper()
	for _, k := range b.sessions.all {
		_, closed, _ := b.sessions.standing(k)
		text += fmt.Sprintf("%s with %d jobs, closed %v; ", k.id, len(k.jobs), closed)
	}
	for _, j := range b.kept() {
		text += fmt.Sprintf("%s %s, %d charged; ", j.Remote, j.State, len(j.Charges))
	}
	return strings.TrimSuffix(text, "; ")
}

// kept are the sessions of the ledger.
func (b *bench) kept() (out []ledger.Job) {
	b.t.Helper()
	jobs, err := openLedger(b.t, b.dir).Jobs()
	if err != nil {
		b.t.Fatal(err)
	}
	for _, j := range jobs {
		if j.Session() {
			out = append(out, j)
		}
	}
	return out
}

// A command has one session for all of its jobs, if that is asked for; who may have none is
// told, and the jobs go one by one. It is closed with the command, and does not outlast its time.
func TestSessions(t *testing.T) {
	thirty := map[string]string{"ibm": "ibm-session", "ionq": "ionq-session"}
	for name, k := range map[string]struct {
		service string
		asked   map[string]string
		faults  []Fault
		want    string
		told    string
		late    time.Duration // between two rounds of jobs
	}{
		"not asked for":      {"ibm", map[string]string{}, nil, "", "", 0},
		"ibm":                {"ibm", nil, nil, "dedicated1 with 4 jobs, closed true; session:dedicated1 done, 1 charged", "the session dedicated1 is open for 30m0s at most: at most $0.00", 0},
		"ionq":               {"ionq", nil, nil, "session1 with 4 jobs, closed true; session:session1 done, 1 charged", "the session is closed: $0.00", 0},
		"the open plan":      {"ibm", nil, []Fault{{On: "POST /sessions", Kind: WithStatus, Status: 403}}, " failed, 0 charged", "no session, so the jobs go one by one: IBM Quantum answered 403", 0},
		"an answer is lost":  {"ionq", nil, []Fault{{On: "POST /sessions", Kind: DropAfter}}, "session1 with 0 jobs, closed false;  failed, 0 charged", "no session, so the jobs go one by one", 0},
		"its time is over":   {"ibm", nil, nil, "dedicated1 with 2 jobs, closed true; session:dedicated1 done, 1 charged", "the session's time is over, so the jobs go one by one", time.Hour},
		"it has enough jobs": {"ionq", map[string]string{"ionq-session": "30m", "ionq-session-jobs": "3"}, nil, "session1 with 3 jobs, closed true; session:session1 done, 1 charged", "not taken in the session, so the jobs go one by one: IonQ answered 400", 0},
		"it is not closed":   {"ibm", nil, []Fault{{On: "PATCH /sessions/*", Kind: WithStatus, Status: 403}}, "dedicated1 with 4 jobs, closed false; session:dedicated1 submitted, 1 charged", "the session is not known to be closed, and ends by itself", 0},
	} {
		t.Run(name, func(t *testing.T) {
			if k.asked == nil {
				k.asked = map[string]string{thirty[k.service]: "30m"}
			}
			b := newBench(t, k.service, k.faults...)
			r := b.command(b.service(k.asked, 0), ledger.Limits{})
			for round := range 2 {
				for range 2 { // the second time all is there
					if err := b.run(r, round, 2); err != nil {
						t.Fatal(err)
					}
				}
				b.mu.Lock()
				b.later += k.late
				b.mu.Unlock()
			}
			for range 2 {
				if err := r.Close(); err != nil {
					t.Fatal(err)
				}
			}
			if got := b.held(); got != k.want || k.told != "" && !strings.Contains(strings.Join(b.told, "\n"), k.told) {
				t.Errorf("%s\nwant %s\n%s", got, k.want, strings.Join(b.told, "\n"))
			}
		})
	}
}

// A session that a process has left which died is closed by the next command at the service,
// or by waiting for it by hand; one that another process holds is left alone.
func TestSessionsLeftOpen(t *testing.T) {
	for name, asked := range map[string]string{"ibm": "ibm-session", "ionq": "ionq-session"} {
		for _, byHand := range []bool{false, true} {
			b := newBench(t, name)
			first := b.command(b.service(map[string]string{asked: "30m"}, 0), ledger.Limits{})
			if err := b.run(first, 0, 1); err != nil {
				t.Fatal(err)
			}
			next := func(round int) {
				t.Helper()
				if err := b.run(b.command(b.service(nil, 0), ledger.Limits{}), round, 1); err != nil {
					t.Fatal(err)
				}
			}
			next(1) // beside it
			s := b.kept()[0]
			if s.State != ledger.Submitted {
				t.Errorf("%s: held by another process it is %s", name, s.State)
			}
			runtime.KeepAlive(first)                                                      // which holds the lock
			if err := os.Remove(filepath.Join(b.dir, "jobs", s.ID, "lock")); err != nil { // as the system does for who dies
				t.Fatal(err)
			}
			if byHand {
				if err := b.command(b.service(nil, 0), ledger.Limits{}).Finish(t.Context(), []string{s.ID}); err != nil {
					t.Fatal(err)
				}
			} else {
				next(2)
			}
			if got := b.kept()[0]; got.State != ledger.Done || !strings.Contains(b.held(), "with 1 jobs, closed true") {
				t.Errorf("%s, by hand %v: %s", name, byHand, b.held())
			}
		}
	}
}

// A planned job that is waited for by hand opens no session: that is its command's.
func TestSessionsOfPlannedJobs(t *testing.T) {
	b := newBench(t, "ibm")
	s := b.service(map[string]string{"ibm-session": "30m", "ibm-batch": "false"}, 0)
	r := b.command(s, ledger.Limits{})
	jobs, err := r.Plan(t.Context(), [][]service.Program{{one(t, s, 20)}}, "")
	if err != nil {
		t.Fatal(err)
	}
	err = remote.Await(t.Context(), r.Ledger, []string{jobs[0].ID}, func(_ context.Context, j ledger.Job) (*remote.Remote, error) {
		if len(j.Options) != 1 {
			t.Errorf("its options are %v", j.Options)
		}
		return b.command(b.service(j.Options, 0), ledger.Limits{}), nil
	})
	if got := b.held(); err != nil || got != "" {
		t.Errorf("%s, %v", got, err)
	}
}

// What a session may cost at most is held against the limits before it is opened, beside its
// jobs; one without a known price is refused as jobs are.
func TestSessionsAreMoney(t *testing.T) {
	limit := 10.0
	for usd, fits := range map[float64]bool{9.5: true, 10.5: false} {
		b := newBench(t, "ibm")
		r := b.command(b.service(map[string]string{"ibm-session": "30m"}, usd), ledger.Limits{PerCommand: &limit})
		o, err := r.Prepare(b.t.Context(), one(t, r.Service, 20).Circuit, 20, compile.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if s, ok := o.Session(); !ok || s.Price.USD != usd {
			t.Errorf("an offer of $%v: %+v, %v", usd, s, ok)
		}
		err = b.run(r, 0, 2)
		if fits != (err == nil) || !fits && !errors.Is(err, ledger.ErrLimit) || len(b.sessions.all) != map[bool]int{true: 1}[fits] {
			t.Errorf("$%v of $%v: %v, %d sessions", usd, limit, err, len(b.sessions.all))
		}
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// Requests about sessions that are none are refused as the services do.
func TestSessionsRefuse(t *testing.T) {
	for _, k := range []struct{ service, method, path, body, want string }{
		{"ibm", "POST", "/api/v1/sessions", `{"mode":"forever","backend":"emulated_heron"}`, "400"},
		{"ibm", "PATCH", "/api/v1/sessions/none", `{}`, "404"},
		{"ionq", "POST", "/v0.4/sessions", `{"backend":"qpu.emulated","settings":{"duration_limit_min":0}}`, "400"},
		{"ionq", "POST", "/v0.4/sessions", `{"backend":"qpu.none","settings":{"duration_limit_min":5}}`, "404"},
		{"ionq", "POST", "/v0.4/sessions/none/end", ``, "404"},
	} {
		b := newBench(t, k.service)
		req, err := http.NewRequest(k.method, b.url+k.path, strings.NewReader(k.body))
		if err != nil {
			t.Fatal(err)
		}
		switch e := b.emulated.(type) {
		case *IBM:
			key, instance := e.Credentials()
			req.Header.Set("Service-CRN", instance)
			token, err := http.PostForm(b.url+"/identity/token", map[string][]string{"grant_type": {"urn:ibm:params:oauth:grant-type:apikey"}, "apikey": {key}})
			if err != nil {
				t.Fatal(err)
			}
			var a struct {
				Token string `json:"access_token"`
			}
			decode(t, token, &a)
			req.Header.Set("Authorization", "Bearer "+a.Token)
		case *IonQ:
			req.Header.Set("Authorization", "apiKey "+e.Credentials())
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if !strings.HasPrefix(resp.Status, k.want) {
			t.Errorf("%+v: %s", k, resp.Status)
		}
	}
}

func decode(t *testing.T, resp *http.Response, out any) {
	t.Helper()
	defer resp.Body.Close()
	if err := json.NewDecoder(resp.Body).Decode(out); err != nil {
		t.Fatal(err)
	}
}
