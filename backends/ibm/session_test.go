package ibm

import (
	"strings"
	"testing"

	"qgan/backends/service"
)

// A session costs its whole time at most; what it did cost is the time on the clock without
// that of its jobs, which are charged by themselves.
func TestSession(t *testing.T) {
	s := newServer(t)
	c := sold(t, s)
	if _, ok := c.Session(); ok {
		t.Error("one is asked for by itself")
	}
	var err error
	if c.Place, err = c.Place.Asking(map[string]string{"ibm-session": "30m"}); err != nil {
		t.Fatal(err)
	}
	got, ok := c.Session()
	if want := `{"backend":"ibm_torino","max_ttl":1800,"mode":"dedicated"}`; !ok || !got.Priced || got.Price.USD != 1800*1.6 || string(got.Body) != want {
		t.Errorf("%s, $%v, %v", got.Body, got.Price.USD, ok)
	}
	if body := string(c.InSession([]byte(`{"backend":"b"}`), "s1")); body != `{"backend":"b","session_id":"s1"}` {
		t.Errorf("the body of a job is %s", body)
	}
	jobs := `{"jobs":[{"session_id":"s1","usage":{"qpu_charge_time_seconds":20}},{"session_id":"s2","usage":{"qpu_charge_time_seconds":900}},{"session_id":"s1","usage":{"seconds":10}}]}`
	for answer, want := range map[string]struct {
		state   service.RemoteState
		usd     float64 // -1: not known
		seconds float64
	}{
		`{"state":"open","elapsed_time":null}`:         {service.Queued, -1, 0},
		`{"state":"active","elapsed_time":20}`:         {service.Running, -1, 0},
		`{"state":"pending_closed","elapsed_time":50}`: {service.Running, -1, 0},
		`{"state":"closed","elapsed_time":130}`:        {service.Completed, 160, 130},
		`{"state":"closed","elapsed_time":25}`:         {service.Completed, 0, 25},
		`{"state":"closed","elapsed_time":null}`:       {service.Completed, -1, 0},
	} {
		s.on("GET /api/v1/sessions/s1", 200, answer)
		s.on("GET /api/v1/jobs", 200, jobs)
		p, err := c.Poll(t.Context(), service.SessionID("s1"))
		usd := -1.0
		if p.Cost != nil {
			usd = *p.Cost
		}
		if err != nil || p.State != want.state || usd != want.usd || p.Seconds != want.seconds {
			t.Errorf("%s: %s, $%v, %v s, %v; want %+v", answer, p.State, usd, p.Seconds, err, want)
		}
	}
	s.on("GET /api/v1/sessions/s1", 200, `{"state":"closed","elapsed_time":130}`)
	s.on("GET /api/v1/jobs", 403, `{}`) // what its jobs took is not told: all counts with the session
	if p, err := c.Poll(t.Context(), service.SessionID("s1")); err != nil || p.Cost == nil || *p.Cost != 130*1.6 {
		t.Errorf("%+v, %v", p, err)
	}
	s.on("PATCH /api/v1/sessions/s1", 204, ``)
	if err := c.Cancel(t.Context(), service.SessionID("s1")); err != nil || !strings.Contains(strings.Join(s.asked, "\n"), "PATCH /api/v1/sessions/s1") {
		t.Errorf("%v: %s", err, s.asked)
	}
}
