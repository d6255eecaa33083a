package emulator

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/BurntSushi/toml"

	"qgan/internal/stream"
)

// Fault is a row of a plan: what goes wrong with which requests.
type Fault struct {
	// On names requests by method and path, as in "POST /jobs" or "GET /jobs/*/results";
	// the path is the end of theirs. "": all.
	On string `toml:"on"`
	// Kind is one of the names below.
	Kind string `toml:"kind"`
	// Skip lets so many requests pass first; Times plays it so often (0: always).
	Skip  int `toml:"skip"`
	Times int `toml:"times"`
	// Probability plays it for a part of the requests; 0: for all.
	Probability float64 `toml:"probability"`
	Status      int     `toml:"status"`      // of status
	RetryAfter  float64 `toml:"retry_after"` // seconds, of status
	Seconds     float64 `toml:"seconds"`     // of slow and late-listing
}

// The kinds of faults.
const (
	DropBefore  = "drop-before"  // the connection ends before the request is looked at
	DropAfter   = "drop-after"   // the request is carried out, its answer lost
	WithStatus  = "status"       // refused with a status
	StatusAfter = "status-after" // carried out and answered with a status all the same
	Slow        = "slow"         // the answer comes byte by byte, over so many seconds
	Truncate    = "truncate"     // half of the answer
	HTML        = "html"         // a proxy's page with status 200
	LateListing = "late-listing" // jobs are in lists so many seconds after they were taken
	StateBack   = "state-back"   // a job that has ended is said to be queued
	NotReady    = "not-ready"    // a completed job has no result yet
	BadToken    = "bad-token"    // a good token is refused
)

// Kinds lists the kinds of faults.
func Kinds() []string {
	return []string{DropBefore, DropAfter, WithStatus, StatusAfter, Slow, Truncate, HTML, LateListing, StateBack, NotReady, BadToken}
}

// handled are the kinds that a service looks up itself; the others wrap its answers.
var handled = []string{LateListing, StateBack, NotReady, BadToken}

// ReadFaults reads a plan: a TOML file of [[fault]] tables.
func ReadFaults(name string, text []byte) ([]Fault, error) {
	var file struct {
		Fault []Fault `toml:"fault"`
	}
	meta, err := toml.Decode(string(text), &file)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if left := meta.Undecoded(); len(left) > 0 {
		return nil, fmt.Errorf("%s: unknown key %s", name, left[0])
	}
	if _, err := newFaultPlan(file.Fault, 0); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return file.Fault, nil
}

// faultPlan plays faults.
type faultPlan struct {
	mu     sync.Mutex
	rows   []Fault
	seen   []int
	played []int
	rng    *rand.Rand
}

func newFaultPlan(rows []Fault, seed uint64) (*faultPlan, error) {
	for i, f := range rows {
		switch {
		case !slices.Contains(Kinds(), f.Kind):
			return nil, fmt.Errorf("fault %d: kind %q: it can be %s", i, f.Kind, strings.Join(Kinds(), ", "))
		case f.Skip < 0 || f.Times < 0 || f.Probability < 0 || f.Probability > 1 || f.Seconds < 0 || f.RetryAfter < 0:
			return nil, fmt.Errorf("fault %d (%s): numbers are 0 or above, a probability at most 1", i, f.Kind)
		case (f.Kind == WithStatus || f.Kind == StatusAfter) && (f.Status < 400 || f.Status > 599):
			return nil, fmt.Errorf("fault %d (%s): status %d: it can be 400 to 599", i, f.Kind, f.Status)
		}
		if _, err := path.Match(f.On, ""); err != nil {
			return nil, fmt.Errorf("fault %d: on %q: %w", i, f.On, err)
		}
	}
	return &faultPlan{rows: rows, seen: make([]int, len(rows)), played: make([]int, len(rows)), rng: stream.New(seed, "faults")}, nil
}

// matches says whether a fault is about a request.
func (f *Fault) matches(r *http.Request) bool {
	if f.On == "" {
		return true
	}
	method, pattern, ok := strings.Cut(f.On, " ")
	if !ok || method != r.Method {
		return false
	}
	segments := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	n := len(strings.Split(strings.Trim(pattern, "/"), "/"))
	if n > len(segments) {
		return false
	}
	hit, _ := path.Match(strings.Trim(pattern, "/"), strings.Join(segments[len(segments)-n:], "/"))
	return hit
}

// next returns the fault of some kinds that a request meets.
func (p *faultPlan) next(r *http.Request, kinds ...string) (Fault, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i := range p.rows {
		f := &p.rows[i]
		if !slices.Contains(kinds, f.Kind) || !f.matches(r) {
			continue
		}
		p.seen[i]++
		if p.seen[i] <= f.Skip || f.Times > 0 && p.played[i] >= f.Times {
			continue
		}
		if f.Probability > 0 && p.rng.Float64() >= f.Probability {
			continue
		}
		p.played[i]++
		return *f, true
	}
	return Fault{}, false
}

func (p *faultPlan) count() (n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, x := range p.played {
		n += x
	}
	return n
}

// wrap puts the faults in front of a service.
func (s *frame) wrap(next http.Handler) http.Handler {
	kinds := slices.DeleteFunc(Kinds(), func(k string) bool { return slices.Contains(handled, k) })
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet && r.URL.Path == CountsPath {
			answer(w, http.StatusOK, s.Counts())
			return
		}
		s.mu.Lock()
		s.counts.Requests++
		s.mu.Unlock()
		f, ok := s.faults.next(r, kinds...)
		if !ok {
			next.ServeHTTP(w, r)
			return
		}
		refuse := func() {
			if f.RetryAfter > 0 {
				w.Header().Set("Retry-After", strconv.FormatFloat(f.RetryAfter, 'f', -1, 64))
			}
			answer(w, f.Status, map[string]any{"errors": []any{map[string]any{"code": f.Status, "message": http.StatusText(f.Status)}}})
		}
		switch f.Kind {
		case DropBefore:
			drop(w)
			return
		case WithStatus:
			refuse()
			return
		case HTML:
			w.Header().Set("Content-Type", "text/html")
			io.WriteString(w, "<html><body><h1>Please wait</h1></body></html>")
			return
		}
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 100<<20))
		if err != nil {
			drop(w)
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		rec := httptest.NewRecorder()
		next.ServeHTTP(rec, r)
		switch f.Kind {
		case DropAfter:
			drop(w)
		case StatusAfter:
			refuse()
		case Truncate, Slow:
			for k, v := range rec.Header() {
				w.Header()[k] = v
			}
			out := rec.Body.Bytes()
			w.Header().Set("Content-Length", strconv.Itoa(len(out)))
			w.WriteHeader(rec.Code)
			if f.Kind == Truncate {
				w.Write(out[:len(out)/2])
				return
			}
			slowly(w, out, time.Duration(f.Seconds*float64(time.Second)))
		}
	})
}

// drop ends a connection without an answer.
func drop(w http.ResponseWriter) {
	if h, ok := w.(http.Hijacker); ok {
		if conn, _, err := h.Hijack(); err == nil {
			conn.Close()
			return
		}
	}
	panic(http.ErrAbortHandler) // HTTP/2
}

// slowly writes a body in twenty pieces.
func slowly(w http.ResponseWriter, body []byte, over time.Duration) {
	const pieces = 20
	for i := range pieces {
		if _, err := w.Write(body[i*len(body)/pieces : (i+1)*len(body)/pieces]); err != nil {
			return
		}
		if f, ok := w.(http.Flusher); ok {
			f.Flush()
		}
		time.Sleep(over / pieces)
	}
}
