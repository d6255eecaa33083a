package ibm

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"qgan/backends/service"
	"qgan/calibration"
)

// Client is the service for one device. It is an service.Service.
type Client struct {
	device   string
	endpoint string
	rest     *service.REST
	tokens   *tokens
}

// Options are the choices of a client.
type Options struct {
	// Endpoint is an address in place of the service's own, and of IAM's.
	Endpoint string
	REST     service.RESTOptions
	Now      func() time.Time
}

// New returns the client of a device.
func New(a Account, device string, o Options) (*Client, error) {
	c := &Client{device: device, endpoint: o.Endpoint}
	base, iam := a.URL, a.IAM
	if o.Endpoint != "" {
		base, iam = strings.TrimSuffix(o.Endpoint, "/")+"/api/v1", o.Endpoint
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	var err error
	if c.tokens, err = newTokens(iam, a.Key, o.REST, o.Now); err != nil {
		return nil, err
	}
	rest := o.REST
	rest.Problem = func(status int, body []byte) error {
		err := problem(status, body)
		if err != nil && (status == http.StatusUnauthorized || status == http.StatusForbidden) {
			err = fmt.Errorf("%w; asked with the API key of %s for the instance %s of %s", err, a.KeySource, a.Instance, a.InstanceSource)
		}
		return err
	}
	rest.Refused = func(req *http.Request) {
		c.tokens.drop(strings.TrimPrefix(req.Header.Get("Authorization"), "Bearer "))
	}
	rest.Header = http.Header{"Ibm-Api-Version": {APIVersion}, "Service-Crn": {a.Instance}, "X-Qx-Client-Application": {"qgan"}}
	rest.Authorize = func(req *http.Request) error {
		token, err := c.tokens.get(req.Context())
		if err != nil {
			return err
		}
		req.Header.Set("Authorization", "Bearer "+token)
		return nil
	}
	if c.rest, err = service.NewREST("IBM Quantum", base, rest); err != nil {
		return nil, err
	}
	return c, nil
}

// problem reads the error bodies of the service: errors[] of today, error of before.
func problem(_ int, body []byte) error {
	type one struct {
		Code     any    `json:"code"`
		Message  string `json:"message"`
		Solution string `json:"solution"`
	}
	var e struct {
		Errors []one `json:"errors"`
		Error  *one  `json:"error"`
	}
	if json.Unmarshal(body, &e) != nil {
		return nil
	}
	if e.Error != nil {
		e.Errors = append(e.Errors, *e.Error)
	}
	var texts []string
	for _, x := range e.Errors {
		text := x.Message
		if x.Code != nil {
			text += fmt.Sprintf(" (code %v)", x.Code)
		}
		if x.Solution != "" {
			text += "; " + x.Solution
		}
		texts = append(texts, text)
	}
	if len(texts) == 0 {
		return nil
	}
	return errors.New(strings.Join(texts, "; "))
}

// Reader returns a client that decodes results and can do nothing else: it takes no
// credentials.
func Reader(device string) *Client { return &Client{device: device} }

// Service is "ibm".
func (c *Client) Service() string { return "ibm" }

// Device is the backend's name.
func (c *Client) Device() string { return c.device }

// Endpoint is the address where it is not IBM's.
func (c *Client) Endpoint() string { return c.endpoint }

// Devices lists the devices of the instance.
func (c *Client) Devices(ctx context.Context) ([]service.DeviceInfo, error) {
	var answer struct {
		Devices []struct {
			Name   string `json:"name"`
			Qubits int    `json:"qubits"`
			Status struct {
				Name   string `json:"name"`
				Reason string `json:"reason"`
			} `json:"status"`
			Queue int `json:"queue_length"`
		} `json:"devices"`
	}
	if err := c.rest.Get(ctx, "backends", nil, &answer); err != nil {
		return nil, err
	}
	out := make([]service.DeviceInfo, len(answer.Devices))
	for i, d := range answer.Devices {
		queue := max(0, d.Queue) // negative ones have been seen
		out[i] = service.DeviceInfo{Name: d.Name, Qubits: d.Qubits, Status: d.Status.Name, Reason: d.Status.Reason, Queue: &queue}
	}
	return out, nil
}

// document asks for a text of the device as the service tells it.
func (c *Client) document(ctx context.Context, what string) ([]byte, error) {
	a, err := c.rest.Do(ctx, service.Call{Method: http.MethodGet, Path: "backends/" + url.PathEscape(c.device) + "/" + what})
	if err != nil {
		if service.StatusOf(err) == http.StatusNotFound {
			err = fmt.Errorf("device %s: %w", c.device, err)
		}
		return nil, err
	}
	return a.Body, nil
}

// Documents are the files of the device's calibration, as they can be kept.
func (c *Client) Documents(ctx context.Context) ([]calibration.File, error) {
	properties, err := c.document(ctx, "properties")
	if err != nil {
		return nil, err
	}
	configuration, err := c.document(ctx, "configuration")
	if err != nil {
		return nil, err
	}
	return []calibration.File{{Name: "props_" + c.device + ".json", Data: properties}, {Name: "conf_" + c.device + ".json", Data: configuration}}, nil
}

// Snapshot reads the device's calibration data.
func (c *Client) Snapshot(ctx context.Context) (*calibration.Snapshot, error) {
	files, err := c.Documents(ctx)
	if err != nil {
		return nil, err
	}
	return calibration.Read(files...)
}

// The service's own bounds: executions a job and submissions a minute by its OpenAPI
// description, the size by a report of what its gateway cuts off.
const (
	maxPrograms   = 300
	maxShots      = 100_000
	maxExecutions = 5_000_000
	maxBytes      = 80 << 20
	perMinute     = 5
)

// Limits are the device's where its configuration tells them, within the service's.
func (c *Client) Limits(ctx context.Context) (service.Limits, error) {
	l := service.Limits{
		Programs: maxPrograms, MaxShots: maxShots, TotalShots: maxExecutions, Bytes: maxBytes, PerMinute: perMinute,
		Source: "IBM Quantum REST API " + APIVersion,
	}
	if c.endpoint != "" {
		l.PerMinute = 0 // a bound of IBM's gateway; who answers elsewhere says so with 429
	}
	raw, err := c.document(ctx, "configuration")
	if err != nil {
		return l, err
	}
	var conf struct {
		Shots       int `json:"max_shots"`
		Experiments int `json:"max_experiments"`
	}
	if err := json.Unmarshal(raw, &conf); err != nil {
		return l, fmt.Errorf("IBM Quantum: the configuration of %s can't be read: %w", c.device, err)
	}
	if conf.Shots > 0 {
		l.MaxShots = min(l.MaxShots, conf.Shots)
	}
	if conf.Experiments > 0 {
		l.Programs = min(l.Programs, conf.Experiments)
	}
	return l, nil
}

// states are the service's words, in lower case.
var states = map[string]service.RemoteState{
	"queued": service.Queued, "running": service.Running, "completed": service.Completed, "cancelled": service.Cancelled, "failed": service.Failed,
	"cancelled - ran too long": service.Failed,
}

// ranTooLong is the code of a job that was cancelled by its time limit.
const ranTooLong = "1305"

// Poll asks where a job stands.
func (c *Client) Poll(ctx context.Context, remote string) (service.Status, error) {
	var j struct {
		Status string `json:"status"`
		State  struct {
			Status  string `json:"status"`
			Reason  string `json:"reason"`
			Code    any    `json:"reason_code"`
			CodeToo any    `json:"reasonCode"`
			Advice  string `json:"reason_solution"`
		} `json:"state"`
		Usage struct {
			Seconds json.Number `json:"seconds"`
		} `json:"usage"`
	}
	if err := c.rest.Get(ctx, "jobs/"+url.PathEscape(remote), url.Values{"exclude_params": {"true"}}, &j); err != nil {
		return service.Status{}, err
	}
	word := j.State.Status
	if word == "" {
		word = j.Status
	}
	state, known := states[strings.ToLower(word)]
	if !known {
		state = service.Running // a word of tomorrow
	}
	code := ""
	for _, x := range []any{j.State.Code, j.State.CodeToo} {
		if x != nil {
			code = fmt.Sprint(x)
		}
	}
	if code == ranTooLong || strings.Contains(strings.ToLower(j.Status), "ran too long") {
		state = service.Failed
	}
	s := service.Status{State: state, Word: word, Reason: j.State.Reason, Ahead: -1}
	s.Seconds, _ = j.Usage.Seconds.Float64()
	if s.Reason != "" && code != "" {
		s.Reason += " (code " + code + ")"
	}
	if j.State.Advice != "" {
		s.Reason += "; " + j.State.Advice
	}
	if s.Seconds > 0 && c.endpoint == "" {
		usd := s.Seconds * usdPerSecond
		s.Cost = &usd
	} else if c.endpoint != "" {
		s.Cost = new(float64)
	}
	return s, nil
}

// Submit posts a job, once.
func (c *Client) Submit(ctx context.Context, body []byte) (string, error) {
	return c.rest.Create(ctx, service.Call{Path: "jobs", Body: body})
}

// Find lists the jobs of a tag.
func (c *Client) Find(ctx context.Context, tag string, since time.Time) ([]string, error) {
	var answer struct {
		Jobs []struct {
			ID   string   `json:"id"`
			Tags []string `json:"tags"`
		} `json:"jobs"`
	}
	q := url.Values{"tags": {tag}, "limit": {"50"}, "exclude_params": {"true"}, "created_after": {since.UTC().Format(time.RFC3339)}, "sort": {"ASC"}}
	if err := c.rest.Get(ctx, "jobs", q, &answer); err != nil {
		return nil, err
	}
	var out []string
	for _, j := range answer.Jobs {
		for _, t := range j.Tags { // whatever the service filters
			if t == tag {
				out = append(out, j.ID)
				break
			}
		}
	}
	return out, nil
}

// Fetch copies the result of a job. 204 says that there is none yet.
func (c *Client) Fetch(ctx context.Context, remote string, w io.Writer) error {
	a, err := c.rest.Do(ctx, service.Call{Method: http.MethodGet, Path: "jobs/" + url.PathEscape(remote) + "/results"})
	if err != nil {
		return err
	}
	if a.Status == http.StatusNoContent || len(bytes.TrimSpace(a.Body)) == 0 {
		return errors.New("IBM Quantum: the job is completed and its result is not there yet")
	}
	_, err = w.Write(a.Body)
	return err
}

// Cancel asks to stop a job; one that is final already stays as it is.
func (c *Client) Cancel(ctx context.Context, remote string) error {
	_, err := c.rest.Do(ctx, service.Call{Method: http.MethodPost, Path: "jobs/" + url.PathEscape(remote) + "/cancel"})
	if service.StatusOf(err) == http.StatusConflict {
		return nil
	}
	return err
}
