package azure

import (
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
)

// Client is the service for one target. It is a service.Service.
type Client struct {
	service.Place
	rest    *service.REST
	login   bool // tokens, of which there may be another
	storage service.RESTOptions

	mu     sync.Mutex
	stores map[string]*service.REST // by their addresses
}

// version is that of the interface.
const version = "2026-01-15-preview"

// New returns the client of a target, such as quantinuum.sim.h2-1sc or ionq.simulator.
func New(a Account, device string, o service.Options) (*Client, error) {
	c := Reader(device)
	var err error
	if c.Place, err = service.PlaceOf(serviceName, device, o); err != nil {
		return nil, err
	}
	c.storage = o.REST
	c.storage.Problem = problemXML
	rest := o.REST
	rest.Problem = problem
	rest.Authorize = func(r *http.Request) error {
		if a.Key != "" {
			r.Header.Set("x-ms-quantum-api-key", a.Key)
			return nil
		}
		token, err := a.Token(r.Context())
		if err == nil {
			r.Header.Set("Authorization", "Bearer "+token)
		}
		return err
	}
	if c.login = a.Key == ""; c.login {
		rest.Refused = func(*http.Request) {} // a token that ran out is followed by another
	}
	c.rest, err = service.NewREST("Azure Quantum", o.Address(a.Server)+a.path(), rest)
	return c, err
}

// problem reads the error bodies of the service.
func problem(a *service.Answer) error {
	var e struct {
		Error failure `json:"error"`
	}
	if json.Unmarshal(a.Body, &e) != nil || e.Error.Message == "" && e.Error.Code == "" {
		return nil
	}
	return errors.New(e.Error.text())
}

// failure is an error as the service tells it.
type failure struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

func (f failure) text() string { return service.WithCode(f.Message, f.Code) }

// Reader returns a client that decodes results and can do nothing else: it takes no
// credentials.
func Reader(device string) *Client { return &Client{Place: service.At(serviceName, device, "")} }

// call sends a question or, with once, what may not be sent twice.
func (c *Client) call(ctx context.Context, method, path string, body any, once bool, out any) error {
	k := service.Call{Method: method, Path: path, Query: url.Values{"api-version": {version}}, Once: once}
	if body != nil {
		var err error
		if k.Body, err = json.Marshal(body); err != nil {
			return err
		}
	}
	a, err := c.rest.Do(ctx, k)
	if err != nil || out == nil {
		return err
	}
	return c.rest.JSON(a, out)
}

// jobPath is where a job is.
func jobPath(remote string) string { return "jobs/" + url.PathEscape(remote) }

// Submit puts the input into the job's container and then the job, once. As long as the job
// itself was not sent, nothing was made that runs or costs.
func (c *Client) Submit(ctx context.Context, body []byte) (string, error) {
	var b submission
	if err := json.Unmarshal(body, &b); err != nil || b.ID == "" || b.Job == nil {
		return "", &service.SubmitError{Fate: service.Refused, Err: fmt.Errorf("Azure Quantum: the body is no job (%w)", errors.Join(err, c.rest.CheckID(b.ID)))}
	}
	container, err := c.signed(ctx, containerOf(b.ID), "")
	if err == nil {
		err = c.upload(ctx, container, b)
	}
	if err != nil {
		return "", c.before(err)
	}
	b.Job["containerUri"], b.Job["inputDataUri"] = container.String(), container.blob(inputBlob)
	var answer struct {
		ID string `json:"id"`
	}
	switch err := c.call(ctx, http.MethodPut, jobPath(b.ID), b.Job, true, &answer); {
	case service.StatusOf(err) == http.StatusConflict: // it may be there from a try whose answer was lost
		if tag, other := c.Tag(ctx, b.ID); other != nil || tag == "" || tag != b.Job.tag() {
			return "", err
		}
	case err != nil:
		return "", err
	case answer.ID != b.ID:
		return "", fmt.Errorf("Azure Quantum: the answer is about the job %.80q, %s was sent", answer.ID, b.ID)
	}
	return b.ID, nil
}

// before is the error of what goes before a job: it was not sent.
func (c *Client) before(err error) error {
	fate := service.Later
	switch {
	case c.login && service.StatusOf(err) == http.StatusUnauthorized:
		fate = service.Denied
	case service.Stays(err):
		fate = service.Refused
	}
	return &service.SubmitError{Fate: fate, Err: err}
}

// Find asks for the job whose id is made of the tag. One that is not there may be put again:
// the same body is the same job.
func (c *Client) Find(ctx context.Context, tag string, _ time.Time) ([]string, error) {
	id := idOf(tag)
	found, err := c.Tag(ctx, id)
	switch {
	case service.StatusOf(err) == http.StatusNotFound:
		return nil, service.ErrIdempotent
	case err != nil:
		return nil, err
	case found != tag:
		return nil, fmt.Errorf("Azure Quantum: the job %s is another's", id)
	}
	return []string{id}, nil
}

// states are the service's words.
var states = service.States{
	"queued": service.Queued, "waiting": service.Queued, "executing": service.Running, "finishing": service.Running, "cancellationrequested": service.Running, "cancelling": service.Running,
	"succeeded": service.Completed, "completed": service.Completed, "failed": service.Failed, "cancelled": service.Cancelled,
}

// job is a job as the service shows it.
type job struct {
	Status   string         `json:"status"`
	Metadata map[string]any `json:"metadata"`
	Output   string         `json:"outputDataUri"`
	Error    *failure       `json:"errorData"`
	Began    string         `json:"beginExecutionTime"`
	Ended    string         `json:"endExecutionTime"`
	Cost     *struct {
		Currency string       `json:"currencyCode"`
		Total    *json.Number `json:"estimatedTotal"`
	} `json:"costEstimate"`
}

func (c *Client) job(ctx context.Context, remote string) (j job, err error) {
	return j, c.call(ctx, http.MethodGet, jobPath(remote), nil, false, &j)
}

// Tag is the tag in a job's metadata.
func (c *Client) Tag(ctx context.Context, remote string) (string, error) {
	j, err := c.job(ctx, remote)
	tag, _ := j.Metadata[service.TagKey].(string)
	return tag, err
}

// Poll asks where a job stands. A cost is told in dollars, or in the provider's unit.
func (c *Client) Poll(ctx context.Context, remote string) (service.Status, error) {
	j, err := c.job(ctx, remote)
	if err != nil {
		return service.Status{}, err
	}
	s := service.Status{State: states.Of(j.Status), Word: j.Status, Ahead: -1, Cost: c.Cost()}
	if j.Error != nil {
		s.Reason = j.Error.text()
	}
	began, err1 := time.Parse(time.RFC3339, j.Began)
	ended, err2 := time.Parse(time.RFC3339, j.Ended)
	if err1 == nil && err2 == nil && ended.After(began) {
		s.Seconds = ended.Sub(began).Seconds()
	}
	if j.Cost == nil || j.Cost.Total == nil || s.Cost != nil {
		return s, nil
	}
	switch total, err := j.Cost.Total.Float64(); {
	case err != nil || !(total >= 0):
	case strings.EqualFold(j.Cost.Currency, "usd"):
		s.Cost = &total
	case j.Cost.Currency != "":
		s.Amount = &service.Amount{Value: total, Unit: j.Cost.Currency}
	}
	return s, nil
}

// Fetch copies the result of a job out of its container. Quantinuum's holds a token beside
// the bits, which is left out.
func (c *Client) Fetch(ctx context.Context, remote string, most int64, w io.Writer) error {
	j, err := c.job(ctx, remote)
	if err != nil {
		return err
	}
	container, blob := containerOf(remote), outputBlob
	if j.Output != "" {
		if container, blob, err = placeOf(j.Output); err != nil {
			return err
		}
	}
	from, err := c.signed(ctx, container, blob)
	if err != nil {
		return err
	}
	raw, err := c.download(ctx, from, most)
	if err != nil {
		return err
	}
	var members map[string]json.RawMessage
	if json.Unmarshal(raw, &members) == nil && members[tokenKey] != nil {
		delete(members, tokenKey)
		if raw, err = json.Marshal(members); err != nil {
			return err
		}
	}
	_, err = w.Write(raw)
	return err
}

// tokenKey is the member of Quantinuum's results that is no register.
const tokenKey = "access_token"

// Cancel asks to stop a job; one that has ended stays as it is.
func (c *Client) Cancel(ctx context.Context, remote string) error {
	return c.rest.Cancel(ctx, service.Call{Method: http.MethodPost, Path: jobPath(remote) + ":cancel", Query: url.Values{"api-version": {version}}})
}
