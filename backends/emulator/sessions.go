package emulator

import (
	"errors"
	"fmt"
	"net/http"
	"time"
)

// session is a batch or a session: jobs that run together.
type session struct {
	id, mode string
	opened   time.Time
	most     time.Duration // it ends by itself after
	jobsMost int           // that it takes; 0: any number
	ended    time.Time     // by request; zero: it was not
	jobs     []*job
}

// sessions are those of a service, under its frame's lock.
type sessions struct {
	*frame
	all []*session
}

func (s *sessions) open(mode string, most time.Duration, jobsMost int) *session {
	s.mu.Lock()
	defer s.mu.Unlock()
	k := &session{id: fmt.Sprintf("%s%d", mode, len(s.all)+1), mode: mode, opened: s.options.Now(), most: most, jobsMost: jobsMost}
	s.all = append(s.all, k)
	return k
}

// find is the session of an id; nil for none.
func (s *sessions) find(id string) *session {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, k := range s.all {
		if k.id == id {
			return k
		}
	}
	return nil
}

// end takes no more jobs into a session.
func (s *sessions) end(k *session) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if k.ended.IsZero() {
		k.ended = s.options.Now()
	}
}

// join puts a job into the session that it names, if any.
func (s *sessions) join(id string, j *job) error {
	if id == "" {
		return nil
	}
	k := s.find(id)
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case k == nil || !k.ended.IsZero() || !s.options.Now().Before(k.opened.Add(k.most)):
		return errors.New("it is not there, or takes no jobs")
	case k.jobsMost > 0 && len(k.jobs) >= k.jobsMost:
		return fmt.Errorf("it takes %d jobs", k.jobsMost)
	}
	j.created = s.options.Now()
	k.jobs = append(k.jobs, j)
	return nil
}

// standing is where a session stands: started with its first job, closed, and how long it held
// the processor.
func (s *sessions) standing(k *session) (started, closed bool, elapsed time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now, end := s.options.Now(), k.opened.Add(k.most)
	if !k.ended.IsZero() && k.ended.Before(end) {
		end = k.ended
	}
	var first time.Time
	for _, j := range k.jobs {
		begins := j.created.Add(s.options.Queue)
		if first.IsZero() || begins.Before(first) {
			first = begins
		}
		if over := begins.Add(s.options.Execution); over.After(end) { // those in it are run
			end = over
		}
	}
	closed = !now.Before(end)
	if !closed {
		end = now
	}
	if started = !first.IsZero() && !now.Before(first); started {
		elapsed = end.Sub(first)
	}
	return started, closed, elapsed
}

// openSession makes a batch or a dedicated session.
func (e *IBM) openSession(w http.ResponseWriter, r *http.Request) {
	b := struct {
		Mode    string `json:"mode"`
		Backend string `json:"backend"`
		Most    int    `json:"max_ttl"`
	}{Most: 28800}
	if err := readBody(w, r, &b); err != nil || b.Mode != "batch" && b.Mode != "dedicated" || b.Backend != e.device.name || b.Most < 1 {
		e.refuse(w, 400, 1211, fmt.Sprintf("A session of mode %q of %d s on %q is not emulated.", b.Mode, b.Most, b.Backend), "")
		return
	}
	e.tellSession(w, e.sessions.open(b.Mode, time.Duration(b.Most)*time.Second, 0))
}

func (e *IBM) tellSession(w http.ResponseWriter, k *session) {
	started, closed, elapsed := e.sessions.standing(k)
	o := map[string]any{
		"id": k.id, "mode": k.mode, "backend_name": e.device.name, "state": "open", "accepting_jobs": k.ended.IsZero() && !closed, "max_ttl": int(k.most.Seconds()), "interactive_ttl": 60,
		"started_at": k.opened.UTC().Format(time.RFC3339), "elapsed_time": nil,
	}
	if started {
		o["state"], o["elapsed_time"] = "active", elapsed.Seconds()
	}
	if closed {
		o["state"], o["elapsed_time"] = "closed", elapsed.Seconds()
	}
	answer(w, 200, o)
}

// withSession hands over the session that a request names in its path.
func (e *IBM) withSession(next func(w http.ResponseWriter, r *http.Request, k *session)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if k := e.sessions.find(r.PathValue("session")); k != nil {
			next(w, r, k)
			return
		}
		e.refuse(w, 404, 1291, "Session not found.", "")
	}
}

// changeSession ends that a session takes jobs.
func (e *IBM) changeSession(w http.ResponseWriter, r *http.Request, k *session) {
	b := struct {
		Accepts bool `json:"accepting_jobs"`
	}{true}
	if err := readBody(w, r, &b); err != nil {
		e.refuse(w, 400, 1211, "The request body is no valid JSON: "+err.Error(), "")
		return
	}
	if !b.Accepts {
		e.sessions.end(k)
	}
	w.WriteHeader(http.StatusNoContent)
}

func (e *IonQ) openSession(w http.ResponseWriter, r *http.Request) {
	var b struct {
		Backend  string `json:"backend"`
		Settings struct {
			Jobs    int `json:"job_count_limit"`
			Minutes int `json:"duration_limit_min"`
			Cost    *struct {
				Unit  string  `json:"unit"`
				Value float64 `json:"value"`
			} `json:"cost_limit"`
		} `json:"settings"`
	}
	err := readBody(w, r, &b)
	if c := b.Settings.Cost; err == nil && (b.Settings.Minutes < 1 || b.Settings.Jobs < 0 || c != nil && (c.Unit == "" || c.Value < 0)) {
		err = errors.New("a limit is none")
	}
	switch {
	case err != nil:
		e.refuse(w, 400, "The session can't be made: "+err.Error())
	case e.describe(b.Backend) == nil:
		e.refuse(w, 404, fmt.Sprintf("Backend %q not found.", b.Backend))
	default:
		e.tellSession(w, 201, e.sessions.open("session", time.Duration(b.Settings.Minutes)*time.Minute, b.Settings.Jobs), b.Backend)
	}
}

func (e *IonQ) tellSession(w http.ResponseWriter, status int, k *session, backend string) {
	started, closed, _ := e.sessions.standing(k)
	word := "created"
	if started {
		word = "started"
	}
	if closed {
		word = "ended"
	}
	answer(w, status, map[string]any{"id": k.id, "created_at": k.opened.UTC().Format(time.RFC3339), "backend": backend, "active": !closed, "status": word})
}

// aboutSession tells a session, after it has ended it where that is asked for.
func (e *IonQ) aboutSession(end bool) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		k := e.sessions.find(r.PathValue("session"))
		if k == nil {
			e.refuse(w, 404, "Session not found.")
			return
		}
		if end {
			e.sessions.end(k)
		}
		e.tellSession(w, 200, k, e.device.name)
	}
}
