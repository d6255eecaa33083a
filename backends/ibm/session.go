package ibm

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"

	"qgan/backends/service"
)

// Session is the session that is asked for. It is paid by the clock, from the beginning of
// its first job until it ends, so it may cost its whole time; who opens none on the plan is
// told by the service (Open Plan: "cannot submit session jobs").
//
// https://quantum.cloud.ibm.com/docs/api/qiskit-runtime-rest/tags/sessions
func (c *Client) Session() (s service.Session, ok bool) {
	if s.Most = c.AskedTime("ibm-session"); s.Most == 0 {
		return s, false
	}
	s.Body, _ = json.Marshal(map[string]any{"mode": "dedicated", "backend": c.Device(), "max_ttl": c.AskedSeconds("ibm-session")}) // texts and a number
	if s.Price, s.Priced = c.Gratis(); !s.Priced {
		var p price
		p, s.Priced = priceAt(inSeconds, c.now())
		s.Price = service.Price{USD: s.Most.Seconds() * p.usd, Basis: fmt.Sprintf("%s, %v of the clock", p.basis, s.Most), Source: p.source}
	}
	return s, true
}

// OpenSession asks for a session, once.
func (c *Client) OpenSession(ctx context.Context, body []byte) (string, error) {
	return c.rest.Create(ctx, service.Call{Path: "sessions", Body: body})
}

// InSession is the body of a job of a session.
func (c *Client) InSession(body []byte, id string) []byte { return c.InBatch(body, id) }

// sessionStates are the service's words; those that are pending have jobs in them.
var sessionStates = service.States{
	"open": service.Queued, "active": service.Running, "inactive": service.Running, "pending_inactive": service.Running, "pending_closed": service.Running, "closed": service.Completed,
}

// pollSession asks where a session stands. What it cost is the time on the clock without that
// of its jobs, which are charged by themselves.
func (c *Client) pollSession(ctx context.Context, id string) (service.Status, error) {
	var answer struct {
		State   string      `json:"state"`
		Elapsed json.Number `json:"elapsed_time"`
	}
	if err := c.rest.Get(ctx, "sessions/"+url.PathEscape(id), nil, &answer); err != nil {
		return service.Status{}, err
	}
	s := service.Status{State: sessionStates.Of(answer.State), Word: answer.State, Ahead: -1, Cost: c.Cost()}
	elapsed, err := answer.Elapsed.Float64()
	if s.State != service.Completed || err != nil || elapsed < 0 {
		return s, nil
	}
	s.Seconds = elapsed
	if s.Cost == nil {
		if p, ok := priceAt(inSeconds, c.now()); ok {
			usd := max(0, elapsed-c.inJobs(ctx, id)) * p.usd
			s.Cost = &usd
		}
	}
	return s, nil
}

// inJobs is the time that the jobs of a session are charged for; 0 where that is not told,
// so that what is not known counts with the session.
func (c *Client) inJobs(ctx context.Context, id string) (seconds float64) {
	const limit = 200
	for offset := 0; ; offset += limit {
		var answer struct {
			Jobs []struct {
				Session string `json:"session_id"`
				Usage   usage  `json:"usage"`
			} `json:"jobs"`
		}
		q := url.Values{"session_id": {id}, "limit": {fmt.Sprint(limit)}, "offset": {fmt.Sprint(offset)}, "exclude_params": {"true"}}
		if c.rest.Get(ctx, "jobs", q, &answer) != nil {
			return seconds
		}
		for _, j := range answer.Jobs {
			if x, ok := j.Usage.seconds(); ok && j.Session == id { // whatever the service filters
				seconds += x
			}
		}
		if len(answer.Jobs) < limit {
			return seconds
		}
	}
}
