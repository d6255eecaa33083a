package ionq

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"qgan/backends/service"
)

// Client is the service for one backend. It is a service.Service.
type Client struct {
	service.Place
	rest *service.REST

	mu        sync.Mutex
	estimates map[[4]int]estimate // by what was asked
}

// New returns the client of a backend, such as simulator or qpu.forte-1.
func New(a Account, device string, o service.Options) (*Client, error) {
	c := Reader(device)
	var err error
	if c.Place, err = service.PlaceOf(serviceName, device, o); err != nil {
		return nil, err
	}
	rest := o.REST
	rest.Problem = problem
	rest.Authorize = func(r *http.Request) error {
		r.Header.Set("Authorization", "apiKey "+a.Key)
		return nil
	}
	c.rest, err = service.NewREST("IonQ", o.Address("https://api.ionq.co")+"/v0.4", rest)
	return c, err
}

// problem reads the error bodies of the service, of today and of before.
func problem(a *service.Answer) error {
	var e struct {
		Error      json.RawMessage `json:"error"`
		Message    string          `json:"message"`
		Code       string          `json:"code"`
		Validation struct {
			Keys []string `json:"keys"`
		} `json:"validation"`
	}
	if json.Unmarshal(a.Body, &e) != nil {
		return nil
	}
	text := e.Message
	var inner struct{ Type, Message string }
	if text == "" && json.Unmarshal(e.Error, &inner) == nil {
		text = inner.Message
	}
	if text == "" && json.Unmarshal(e.Error, &text) != nil {
		return nil
	}
	if text == "" {
		return nil
	}
	if len(e.Validation.Keys) > 0 {
		text += " (" + strings.Join(e.Validation.Keys, ", ") + ")"
	}
	return errors.New(text)
}

// Reader returns a client that decodes results and can do nothing else: it takes no
// credentials.
func Reader(device string) *Client { return &Client{Place: service.At(serviceName, device, "")} }

// Submit posts a job, once.
func (c *Client) Submit(ctx context.Context, body []byte) (string, error) {
	return c.rest.Create(ctx, service.Call{Path: "jobs", Body: body})
}

// pages bounds how far back a list is read.
const pages = 50

// Find looks through the newest jobs for the tag in their metadata, back to the time.
func (c *Client) Find(ctx context.Context, tag string, since time.Time) ([]string, error) {
	var out []string
	next := ""
	for range pages {
		q := url.Values{"limit": {"100"}}
		if next != "" {
			q.Set("next", next)
		}
		var answer struct {
			Jobs []json.RawMessage `json:"jobs"`
			Next *string           `json:"next"`
		}
		if err := c.rest.Get(ctx, "jobs", q, &answer); err != nil {
			return nil, err
		}
		old := false
		for _, raw := range answer.Jobs {
			// Jobs of other programs have forms of their own, which say nothing of ours.
			var j struct {
				ID        string         `json:"id"`
				Metadata  map[string]any `json:"metadata"`
				Submitted any            `json:"submitted_at"`
			}
			if json.Unmarshal(raw, &j) != nil {
				continue
			}
			if j.Metadata[service.TagKey] == tag && c.rest.CheckID(j.ID) == nil {
				out = append(out, j.ID)
			}
			text, _ := j.Submitted.(string)
			at, err := time.Parse(time.RFC3339, text)
			old = old || err == nil && at.Before(since)
		}
		if old || answer.Next == nil || *answer.Next == "" {
			return out, nil
		}
		next = *answer.Next
	}
	return out, nil
}

// states are the service's words; running is that of its older interface.
var states = service.States{
	"submitted": service.Queued, "ready": service.Queued, "started": service.Running, "running": service.Running,
	"completed": service.Completed, "failed": service.Failed, "canceled": service.Cancelled, "deleted": service.Failed,
}

// job is a job as the service shows it.
type job struct {
	Status   string          `json:"status"`
	Children []string        `json:"child_job_ids"`
	Duration json.Number     `json:"execution_duration_ms"`
	Results  json.RawMessage `json:"results"`
	Failure  *struct {
		Code    string `json:"code"`
		Message string `json:"message"`
		Error   string `json:"error"`
	} `json:"failure"`
}

func (c *Client) job(ctx context.Context, remote string) (j job, err error) {
	return j, c.rest.Get(ctx, "jobs/"+url.PathEscape(remote), nil, &j)
}

// Tag is the tag in a job's metadata.
func (c *Client) Tag(ctx context.Context, remote string) (string, error) {
	var j struct {
		Metadata map[string]any `json:"metadata"`
	}
	err := c.rest.Get(ctx, "jobs/"+url.PathEscape(remote), nil, &j)
	tag, _ := j.Metadata[service.TagKey].(string)
	return tag, err
}

// Poll asks where a job or a session stands.
func (c *Client) Poll(ctx context.Context, remote string) (service.Status, error) {
	if id, ok := service.SessionOf(remote); ok {
		return c.pollSession(ctx, id)
	}
	j, err := c.job(ctx, remote)
	if err != nil {
		return service.Status{}, err
	}
	s := service.Status{State: states.Of(j.Status), Word: j.Status, Ahead: -1, Cost: c.Cost()}
	if ms, err := j.Duration.Float64(); err == nil {
		s.Seconds = ms / 1000
	}
	if f := j.Failure; f != nil {
		s.Reason = f.Message
		if s.Reason == "" {
			s.Reason = f.Error
		}
		s.Reason = service.WithCode(s.Reason, f.Code)
	}
	switch {
	case c.simulated():
		s.Cost = new(float64)
	case s.Cost == nil && (s.State == service.Completed || s.State == service.Failed || s.State == service.Cancelled):
		s.Cost, s.Amount = c.cost(ctx, remote)
	}
	return s, nil
}

// cost asks what a job cost: in dollars, or in the unit of the account's contract; nil
// where the service doesn't say.
func (c *Client) cost(ctx context.Context, remote string) (*float64, *service.Amount) {
	var answer struct {
		Cost *struct {
			Value float64 `json:"value"`
			Unit  string  `json:"unit"`
		} `json:"cost"`
	}
	switch err := c.rest.Get(ctx, "jobs/"+url.PathEscape(remote)+"/cost", nil, &answer); {
	case err != nil || answer.Cost == nil || answer.Cost.Value < 0:
		return nil, nil
	case dollars(answer.Cost.Unit):
		return &answer.Cost.Value, nil
	}
	return nil, &service.Amount{Value: answer.Cost.Value, Unit: cmp.Or(answer.Cost.Unit, "credits")}
}

// dollars says that a unit is the US dollar.
func dollars(unit string) bool { return strings.EqualFold(unit, "usd") }

// result is what is kept of a job: the probabilities as they came, and of several
// circuits the order of their ids.
type result struct {
	Children      []string        `json:"children,omitempty"`
	Probabilities json.RawMessage `json:"probabilities"`
}

// maxLaw is the most bytes that are read of the simulator's exact probabilities: those of 22
// qubits.
const maxLaw = 256 << 20

// Fetch copies the probabilities of a job.
func (c *Client) Fetch(ctx context.Context, remote string, most int64, w io.Writer) error {
	j, err := c.job(ctx, remote)
	if err != nil {
		return err
	}
	path := "jobs/" + url.PathEscape(remote) + "/results/probabilities"
	if len(j.Children) > 0 {
		path += "/aggregated"
	}
	if c.simulated() { // its laws have as many outcomes as there are, whatever the shots
		most = max(most, maxLaw)
	}
	a, err := c.rest.Do(ctx, service.Call{Method: http.MethodGet, Path: path, Most: most})
	if err != nil {
		return err
	}
	if !json.Valid(bytes.TrimSpace(a.Body)) { // kept as it is, and found to be none when it is read
		_, err = w.Write(a.Body)
		return err
	}
	return json.NewEncoder(w).Encode(result{j.Children, a.Body})
}

// Cancel asks to stop a job. A job that is done is left alone: the service would call it
// cancelled.
func (c *Client) Cancel(ctx context.Context, remote string) error {
	if id, ok := service.SessionOf(remote); ok {
		return c.endSession(ctx, id)
	}
	s, err := c.Poll(ctx, remote)
	if err != nil {
		return err
	}
	if s.State == service.Completed || s.State == service.Failed || s.State == service.Cancelled {
		return nil
	}
	_, err = c.rest.Do(ctx, service.Call{Method: http.MethodPut, Path: "jobs/" + url.PathEscape(remote) + "/status/cancel"})
	return err
}
