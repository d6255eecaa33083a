package ionq

import (
	"testing"

	"qgan/backends/service"
)

// A session is asked for with its limits; it counts with that of its cost, and has no known
// price without. When it has ended its jobs alone count.
func TestSession(t *testing.T) {
	for _, k := range []struct {
		device string
		asked  map[string]string
		body   string
		usd    float64
		priced bool
	}{
		{"qpu.x", map[string]string{"ionq-session": "90s"}, `{"backend":"qpu.x","settings":{"duration_limit_min":2}}`, 0, false},
		{"qpu.x", map[string]string{"ionq-session": "30m", "ionq-session-jobs": "12", "ionq-session-cost": "99.5"}, `{"backend":"qpu.x","settings":{"cost_limit":{"unit":"usd","value":99.5},"duration_limit_min":30,"job_count_limit":12}}`, 99.5, true},
		{"simulator", map[string]string{"ionq-session": "30m"}, `{"backend":"simulator","settings":{"duration_limit_min":30}}`, 0, true},
	} {
		c := Reader(k.device)
		if _, ok := c.Session(); ok {
			t.Error("one is asked for by itself")
		}
		var err error
		if c.Place, err = c.Place.Asking(k.asked); err != nil {
			t.Fatal(err)
		}
		got, ok := c.Session()
		if !ok || string(got.Body) != k.body || got.Price.USD != k.usd || got.Priced != k.priced {
			t.Errorf("%v: %s, $%v, %v", k.asked, got.Body, got.Price.USD, got.Priced)
		}
	}
	s := newServer(t)
	c := sold(t, s, "qpu.x")
	for answer, want := range map[string]service.RemoteState{`{"status":"created"}`: service.Queued, `{"status":"started"}`: service.Running, `{"status":"ended"}`: service.Completed} {
		s.on("GET /v0.4/sessions/s1", answer)
		p, err := c.Poll(t.Context(), service.SessionID("s1"))
		if err != nil || p.State != want || (p.Cost != nil) != (want == service.Completed) {
			t.Errorf("%s: %+v, %v", answer, p, err)
		}
	}
}
