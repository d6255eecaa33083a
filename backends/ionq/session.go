package ionq

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"

	"qgan/backends/service"
)

// Session is the session that is asked for, with its limits, which the service keeps. Its
// documents charge jobs and name no price of a session, so one counts with the limit of its
// cost as long as it is open, and nothing is known without that limit.
//
// https://docs.ionq.com/api-reference/v0.4/sessions/create-session (for select customers)
func (c *Client) Session() (s service.Session, ok bool) {
	if s.Most = c.AskedTime("ionq-session"); s.Most == 0 {
		return s, false
	}
	settings := map[string]any{"duration_limit_min": (c.AskedSeconds("ionq-session") + 59) / 60}
	if n, err := strconv.Atoi(c.Asked("ionq-session-jobs")); err == nil {
		settings["job_count_limit"] = n
	}
	usd, err := strconv.ParseFloat(c.Asked("ionq-session-cost"), 64)
	if err == nil {
		settings["cost_limit"] = map[string]any{"unit": "usd", "value": usd}
	}
	s.Body, _ = json.Marshal(map[string]any{"backend": c.Device(), "settings": settings}) // texts and numbers
	free, local := c.Gratis()
	switch {
	case local:
		s.Price, s.Priced = free, true
	case c.simulated():
		s.Price, s.Priced = service.Price{Basis: "the simulator is free"}, true
	case err == nil:
		s.Price, s.Priced = service.Price{USD: usd, Basis: "the session's limit"}, true
	}
	return s, true
}

// OpenSession asks for a session, once.
func (c *Client) OpenSession(ctx context.Context, body []byte) (string, error) {
	return c.rest.Create(ctx, service.Call{Path: "sessions", Body: body})
}

// InSession is the body of a job of a session.
func (c *Client) InSession(body []byte, id string) []byte {
	return service.WithMember(body, "session_id", id)
}

// pollSession asks where a session stands.
func (c *Client) pollSession(ctx context.Context, id string) (service.Status, error) {
	var answer struct {
		Status string `json:"status"`
	}
	if err := c.rest.Get(ctx, "sessions/"+url.PathEscape(id), nil, &answer); err != nil {
		return service.Status{}, err
	}
	s := service.Status{State: service.States{"created": service.Queued, "started": service.Running, "ended": service.Completed}.Of(answer.Status), Word: answer.Status, Ahead: -1}
	if s.State == service.Completed {
		s.Cost = new(float64) // its jobs are charged
	}
	return s, nil
}

// endSession ends a session; that may be asked for again.
func (c *Client) endSession(ctx context.Context, id string) error {
	return c.rest.Cancel(ctx, service.Call{Method: http.MethodPost, Path: "sessions/" + url.PathEscape(id) + "/end"})
}
