package ibm

import (
	"bytes"
	"cmp"
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
)

// Client is the service for one device. It is a service.Service.
type Client struct {
	service.Place
	rest   *service.REST
	tokens *tokens
	now    func() time.Time
	// session is one that a cluster's scheduler opened, for jobs that name none.
	session string
}

// New returns the client of a device. An endpoint stands for IAM's address too.
func New(a Account, device string, o service.Options) (*Client, error) {
	c := Reader(device)
	var err error
	if c.Place, err = service.PlaceOf(serviceName, device, o); err != nil {
		return nil, err
	}
	c.now = o.Clock()
	o.REST = a.through(o.REST)
	base, iam := a.URL, a.IAM
	if o.Endpoint != "" {
		base, iam = o.Address("")+"/api/v1", cmp.Or(a.beside, o.Endpoint)
	}
	c.session = a.session
	if c.tokens, err = newTokens(iam, a.Key, o.REST, o.Clock()); err != nil {
		return nil, err
	}
	rest := o.REST
	rest.Problem = func(answer *service.Answer) error {
		err := problem(answer)
		if err != nil && (answer.Status == http.StatusUnauthorized || answer.Status == http.StatusForbidden) {
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
func problem(a *service.Answer) error {
	type one struct {
		Code     any    `json:"code"`
		Message  string `json:"message"`
		Solution string `json:"solution"`
	}
	var e struct {
		Errors []one `json:"errors"`
		Error  *one  `json:"error"`
	}
	if json.Unmarshal(a.Body, &e) != nil {
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
func Reader(device string) *Client {
	return &Client{Place: service.At(serviceName, device, ""), now: time.Now}
}

// states are the service's words.
var states = service.States{
	"queued": service.Queued, "running": service.Running, "completed": service.Completed, "cancelled": service.Cancelled, "failed": service.Failed,
	"cancelled - ran too long": service.Failed,
}

// ranTooLong is the code of a job that was cancelled by its time limit.
const ranTooLong = "1305"

// Poll asks where a job or a session stands.
func (c *Client) Poll(ctx context.Context, remote string) (service.Status, error) {
	if id, ok := service.SessionOf(remote); ok {
		return c.pollSession(ctx, id)
	}
	var j struct {
		Status string `json:"status"`
		State  struct {
			Status  string `json:"status"`
			Reason  string `json:"reason"`
			Code    any    `json:"reason_code"`
			CodeToo any    `json:"reasonCode"`
			Advice  string `json:"reason_solution"`
		} `json:"state"`
		Usage usage `json:"usage"`
	}
	if err := c.rest.Get(ctx, "jobs/"+url.PathEscape(remote), url.Values{"exclude_params": {"true"}}, &j); err != nil {
		return service.Status{}, err
	}
	word := j.State.Status
	if word == "" {
		word = j.Status
	}
	state := states.Of(word)
	code := ""
	for _, x := range []any{j.State.Code, j.State.CodeToo} {
		if x != nil {
			code = fmt.Sprint(x)
		}
	}
	if code == ranTooLong || strings.Contains(strings.ToLower(j.Status), "ran too long") {
		state = service.Failed
	}
	s := service.Status{State: state, Word: word, Reason: j.State.Reason, Ahead: -1, Cost: c.Cost()}
	if !j.Usage.told() && (state == service.Completed || state == service.Failed || state == service.Cancelled) && !c.Local() {
		j.Usage = c.metrics(ctx, remote) // failed and cancelled jobs may be charged too
	}
	s.Seconds, _ = j.Usage.seconds()
	if s.Reason != "" && code != "" {
		s.Reason += " (code " + code + ")"
	}
	if j.State.Advice != "" {
		s.Reason += "; " + j.State.Advice
	}
	if s.Cost == nil {
		s.Cost, s.Amount = j.Usage.cost(c.now())
	}
	if !c.Local() && state == service.Completed && s.Cost != nil && *s.Cost == 0 {
		s.Cost = nil // what has run costs something: it is not reckoned yet
	}
	return s, nil
}

// Tag is the tag of ours that a job carries.
func (c *Client) Tag(ctx context.Context, remote string) (string, error) {
	var j struct {
		Tags []string `json:"tags"`
	}
	if err := c.rest.Get(ctx, "jobs/"+url.PathEscape(remote), url.Values{"exclude_params": {"true"}}, &j); err != nil {
		return "", err
	}
	for _, t := range j.Tags {
		if strings.HasPrefix(t, "qgan-") {
			return t, nil
		}
	}
	return "", nil
}

// Submit posts a job, once.
func (c *Client) Submit(ctx context.Context, body []byte) (string, error) {
	if c.session != "" && !bytes.Contains(body, []byte(`,"session_id":`)) {
		body = c.InBatch(body, c.session)
	}
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
			if t == tag && c.rest.CheckID(j.ID) == nil {
				out = append(out, j.ID)
				break
			}
		}
	}
	return out, nil
}

// Fetch copies the result of a job. 204 says that there is none yet.
func (c *Client) Fetch(ctx context.Context, remote string, most int64, w io.Writer) error {
	a, err := c.rest.Do(ctx, service.Call{Method: http.MethodGet, Path: "jobs/" + url.PathEscape(remote) + "/results", Most: most})
	if err != nil {
		return err
	}
	if a.Status == http.StatusNoContent || len(bytes.TrimSpace(a.Body)) == 0 {
		return errors.New("IBM Quantum: the job is completed and its result is not there yet")
	}
	_, err = w.Write(a.Body)
	return err
}

// Cancel asks to stop a job; one that is final already stays as it is. A session
// takes no more jobs.
func (c *Client) Cancel(ctx context.Context, remote string) error {
	if id, ok := service.SessionOf(remote); ok {
		return c.CloseBatch(ctx, id)
	}
	return c.rest.Cancel(ctx, service.Call{Method: http.MethodPost, Path: "jobs/" + url.PathEscape(remote) + "/cancel"})
}
