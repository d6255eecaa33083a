package iqm

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"qgan/backends/service"
	"qgan/calibration"
)

// Client is a server's client for one quantum computer. It is a service.Service.
type Client struct {
	service.Place
	rest *service.REST

	mu       sync.Mutex
	snapshot *calibration.Snapshot // that circuits are written for
}

// New returns the client of a quantum computer by its alias.
func New(a Account, device string, o service.Options) (*Client, error) {
	c := Reader(device)
	var err error
	if c.Place, err = service.PlaceOf(serviceName, device, o); err != nil {
		return nil, err
	}
	rest, now := o.REST, o.Clock()
	rest.Problem = problem
	rest.Authorize = func(r *http.Request) error {
		token, err := a.Token()
		if err != nil {
			return err
		}
		if end := expiry(token); end > 0 && now().Unix() >= end {
			return fmt.Errorf("the token of %s has expired: log in again", a.Source)
		}
		r.Header.Set("Authorization", "Bearer "+token)
		return nil
	}
	rest.Refused = a.Refused
	c.rest, err = service.NewREST("IQM", o.Address(a.Server)+"/api/v1", rest)
	return c, err
}

// problem reads the error bodies of the server, of today and of before.
func problem(a *service.Answer) error {
	var e struct {
		Message string `json:"message"`
		Code    string `json:"error_code"`
		Detail  any    `json:"detail"`
	}
	if json.Unmarshal(a.Body, &e) != nil {
		return nil
	}
	switch {
	case e.Message != "" && e.Code != "":
		return fmt.Errorf("%s (%s)", e.Message, e.Code)
	case e.Message != "":
		return errors.New(e.Message)
	case e.Detail != nil:
		return fmt.Errorf("%v", e.Detail)
	}
	return nil
}

// Reader returns a client that decodes results and can do nothing else: it takes no
// credentials.
func Reader(device string) *Client { return &Client{Place: service.At(serviceName, device, "")} }

// Submit posts a job, once.
func (c *Client) Submit(ctx context.Context, body []byte) (string, error) {
	return c.rest.Create(ctx, service.Call{Path: "jobs/" + url.PathEscape(c.Device()) + "/circuit", Query: url.Values{"use_timeslot": {cmp.Or(c.Asked("iqm-timeslot"), "false")}}, Body: body})
}

// Find can't: the server has no list of jobs.
func (c *Client) Find(context.Context, string, time.Time) ([]string, error) {
	return nil, service.ErrUnlisted
}

// states are the server's words.
var states = service.States{
	"waiting": service.Queued, "processing": service.Running, "completed": service.Completed, "failed": service.Failed, "cancelled": service.Cancelled,
}

// Poll asks where a job stands.
func (c *Client) Poll(ctx context.Context, remote string) (service.Status, error) {
	var j struct {
		Status   string `json:"status"`
		Position *int   `json:"queue_position"`
		Errors   []struct {
			Message string `json:"message"`
			Code    string `json:"error_code"`
		} `json:"errors"`
	}
	if err := c.rest.Get(ctx, "jobs/"+url.PathEscape(remote), nil, &j); err != nil {
		return service.Status{}, err
	}
	s := service.Status{State: states.Of(j.Status), Word: j.Status, Ahead: -1, Cost: c.Cost()}
	if j.Position != nil {
		s.Ahead = *j.Position
	}
	var texts []string
	for _, e := range j.Errors {
		texts = append(texts, service.WithCode(e.Message, e.Code))
	}
	s.Reason = strings.Join(texts, "; ")
	return s, nil
}

// Tag is the tag of a job's circuits, as they were sent.
func (c *Client) Tag(ctx context.Context, remote string) (string, error) {
	var b struct {
		Circuits []struct {
			Metadata map[string]any `json:"metadata"`
		} `json:"circuits"`
	}
	if err := c.rest.Get(ctx, "jobs/"+url.PathEscape(remote)+"/payload", nil, &b); err != nil || len(b.Circuits) == 0 {
		return "", err
	}
	tag, _ := b.Circuits[0].Metadata[service.TagKey].(string)
	return tag, nil
}

// Fetch copies the measurements of a job.
func (c *Client) Fetch(ctx context.Context, remote string, most int64, w io.Writer) error {
	a, err := c.rest.Do(ctx, service.Call{Method: http.MethodGet, Path: "jobs/" + url.PathEscape(remote) + "/artifacts/measurements", Most: most})
	if err != nil {
		return err
	}
	_, err = w.Write(a.Body)
	return err
}

// Cancel asks to stop a job; one that has ended stays as it is.
func (c *Client) Cancel(ctx context.Context, remote string) error {
	return c.rest.Cancel(ctx, service.Call{Method: http.MethodPost, Path: "jobs/" + url.PathEscape(remote) + "/cancel"})
}
