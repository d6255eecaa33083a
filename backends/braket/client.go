package braket

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"qgan/backends"
	"qgan/backends/service"
	"qgan/internal/words"
)

// Client is the service for one device, by its ARN. It is a service.Service.
type Client struct {
	service.Place
	region  string
	account Account
	options service.RESTOptions
	clock   *clock
	rest    *service.REST

	mu     sync.Mutex
	device *device // as it was last read
	owner  string  // the number of the account, as STS tells it
}

// userAgent names us, and the version of the schemas that we read: to a client that does
// not tell it a device's answer says nothing of OpenQASM ("GetDevice", API reference).
const userAgent = "qgan BraketSchemas/1.32.1"

// New returns the client of a device, by its ARN or its name; "" is none, to list devices.
// An endpoint stands for Braket, S3 and STS.
func New(a Account, name string, o service.Options) (*Client, error) {
	arn := ""
	var err error
	if name != "" {
		if arn, err = ARN(name); err != nil {
			return nil, err
		}
	}
	if err := a.checkBucket(); err != nil {
		return nil, err
	}
	c := Reader(arn)
	o.Endpoint = o.Address("")
	if c.Place, err = service.PlaceOf(serviceName, arn, o); err != nil {
		return nil, err
	}
	c.account, c.options, c.clock = a, o.REST, &clock{now: o.Clock()}
	c.region = cmp.Or(regionOf(arn), a.Region, defaultRegion)
	if !isRegion(c.region) {
		return nil, backends.Refuse("%q is no region of AWS, such as %s", c.region, defaultRegion)
	}
	if c.options.Transport == nil {
		t := http.DefaultTransport.(*http.Transport).Clone()
		t.MaxIdleConnsPerHost = 16
		c.options.Transport = t // one pool for the three services
	}
	c.options.Header = http.Header{"User-Agent": {userAgent}}
	c.rest, err = c.service("braket", c.region)
	return c, err
}

// service returns the client of a service of AWS in a region.
func (c *Client) service(name, region string) (*service.REST, error) {
	return c.at(name, region, fmt.Sprintf("https://%s.%s.amazonaws.com", name, region))
}

func (c *Client) at(name, region, address string) (*service.REST, error) {
	o := c.options
	o.Problem = problem
	if name != "braket" {
		o.Problem = problemXML
	}
	o.Authorize = signing(c.account.credentials, name, region, c.clock.time)
	o.Transport = corrected{o.Transport, o.Authorize, c.clock}
	return service.NewREST(titles[name], cmp.Or(c.Endpoint(), address), o)
}

// titles are the services' names in messages.
var titles = map[string]string{"braket": "Amazon Braket", "s3": "Amazon S3", "sts": "AWS STS"}

// problems are the service's names of errors by status, where an answer doesn't tell one
// ("CreateQuantumTask", API reference).
var problems = map[int]string{
	400: "ValidationException", 402: "ServiceQuotaExceededException", 403: "AccessDeniedException", 404: "ResourceNotFoundException",
	409: "ConflictException", 410: "DeviceRetiredException", 424: "DeviceOfflineException", 429: "ThrottlingException", 500: "InternalServiceException",
}

// remarks say what a name means.
var remarks = map[string]string{
	"ServiceQuotaExceededException": "a quota of the account is used up", "DeviceOfflineException": "the device takes no tasks now",
	"InvalidSignatureException": "the secret is not that of the key, or the clock is off", "ExpiredTokenException": "the session has ended: log in again", "UnrecognizedClientException": "the access key is not known",
}

// kindOf is the name of an error: the header's, or the body's, both with parts around it, or
// that of the status.
func kindOf(a *service.Answer, told string) string {
	name := cmp.Or(a.Header.Get("X-Amzn-Errortype"), told)
	name, _, _ = strings.Cut(name, ":")
	return cmp.Or(name[strings.LastIndexByte(name, '#')+1:], problems[a.Status])
}

// problem reads the error bodies of Braket.
func problem(a *service.Answer) error {
	var e struct {
		Type     string `json:"__type"`
		Message  string `json:"message"`
		Message2 string `json:"Message"`
		Programs []struct {
			Program int      `json:"programIndex"`
			Inputs  *int     `json:"inputsIndex"`
			Errors  []string `json:"errors"`
		} `json:"programSetValidationFailures"`
	}
	if json.Unmarshal(a.Body, &e) != nil {
		return nil
	}
	text := cmp.Or(e.Message, e.Message2)
	if text == "" && len(e.Programs) == 0 {
		return nil
	}
	for i, p := range e.Programs {
		if i == 3 {
			text += fmt.Sprintf("; and %d more", len(e.Programs)-i)
			break
		}
		where := fmt.Sprintf("program %d", p.Program)
		if p.Inputs != nil {
			where += fmt.Sprintf(", inputs %d", *p.Inputs)
		}
		text += "; " + where + ": " + strings.Join(p.Errors, "; ")
	}
	name := kindOf(a, e.Type)
	for _, before := range []string{remarks[name], name} {
		if before != "" {
			text = before + ": " + strings.TrimPrefix(text, "; ")
		}
	}
	return errors.New(strings.TrimPrefix(text, "; "))
}

// problemXML reads those of S3 and STS.
func problemXML(a *service.Answer) error {
	var e struct {
		Code    string `xml:"Code"`
		Message string `xml:"Message"`
		Error   struct {
			Code    string `xml:"Code"`
			Message string `xml:"Message"`
		} `xml:"Error"`
	}
	if xml.Unmarshal(a.Body, &e) != nil || e.Code == "" && e.Error.Code == "" {
		return nil
	}
	return fmt.Errorf("%s: %s", cmp.Or(e.Code, e.Error.Code), cmp.Or(e.Message, e.Error.Message))
}

// Reader returns a client that decodes results and can do nothing else: it takes no
// credentials.
func Reader(device string) *Client { return &Client{Place: service.At(serviceName, device, "")} }

// escape writes an ARN as one segment of a path, as the official clients do.
func escape(arn string) string { return strings.ReplaceAll(url.PathEscape(arn), ":", "%3A") }

// ask sends a question that may be asked again.
func ask(ctx context.Context, rest *service.REST, method, path string, body, out any) error {
	raw, err := json.Marshal(body)
	if err != nil {
		return err
	}
	a, err := rest.Do(ctx, service.Call{Method: method, Path: path, Body: raw})
	if err != nil {
		return err
	}
	return rest.JSON(a, out)
}

// Submit posts a task, once.
func (c *Client) Submit(ctx context.Context, body []byte) (string, error) {
	a, err := c.rest.Do(ctx, service.Call{Method: http.MethodPost, Path: "quantum-task", Body: body, Once: true})
	if err != nil {
		return "", c.renew(c.explain(err, body))
	}
	var answer struct {
		ARN string `json:"quantumTaskArn"`
	}
	if err := c.rest.JSON(a, &answer); err != nil {
		return "", err
	}
	if err := c.rest.CheckID(answer.ARN); err != nil {
		return "", err
	}
	return answer.ARN, nil
}

// renew forgets credentials that have run out, so that the next request has others where
// there are any: a role's, single sign-on's.
func (c *Client) renew(err error) error {
	var known *service.SubmitError
	cache, ok := c.account.credentials.(*aws.CredentialsCache)
	if !ok || !errors.As(err, &known) || known.Fate != service.Refused || !strings.Contains(err.Error(), "ExpiredToken") {
		return err
	}
	cache.Invalidate()
	return &service.SubmitError{Fate: service.Denied, Err: known.Err}
}

// explain adds who asked and for which bucket to a refusal that may be about them: "no
// access to the bucket" is what the service says to the wrong account as well.
func (c *Client) explain(err error, body []byte) error {
	status := service.StatusOf(err)
	var known *service.SubmitError
	if !errors.As(err, &known) || status != 403 && (status != 400 || !strings.Contains(strings.ToLower(err.Error()), "bucket")) {
		return err
	}
	var b struct {
		Bucket string `json:"outputS3Bucket"`
	}
	json.Unmarshal(body, &b) // our own
	return &service.SubmitError{Fate: known.Fate, After: known.After, Err: fmt.Errorf("%w; asked as %s with the key %s for the bucket %s in %s: it has to exist and be this account's, and the policy AmazonBraketFullAccess covers buckets named amazon-braket-… only",
		known.Err, c.account, c.account.Key, b.Bucket, c.region)}
}

// Find looks for the tag among the device's tasks. What is not there is sent again: the
// service knows a body by its client token, and the list lags behind.
func (c *Client) Find(ctx context.Context, tag string, _ time.Time) ([]string, error) {
	var out []string
	next := ""
	for range pages {
		q := map[string]any{"filters": []any{map[string]any{"name": "deviceArn", "operator": "EQUAL", "values": []string{c.Device()}}}, "maxResults": 100}
		if next != "" {
			q["nextToken"] = next
		}
		var answer struct {
			Tasks []struct {
				ARN  string            `json:"quantumTaskArn"`
				Tags map[string]string `json:"tags"`
			} `json:"quantumTasks"`
			Next *string `json:"nextToken"`
		}
		err := ask(ctx, c.rest, http.MethodPost, "quantum-tasks", q, &answer)
		switch {
		case service.StatusOf(err) == http.StatusForbidden: // a policy may not allow the list
			return nil, service.ErrIdempotent
		case err != nil:
			return nil, err
		}
		for _, t := range answer.Tasks {
			if t.Tags[service.TagKey] == tag && c.rest.CheckID(t.ARN) == nil {
				out = append(out, t.ARN)
			}
		}
		if answer.Next == nil || *answer.Next == "" {
			break
		}
		next = *answer.Next
	}
	if len(out) == 0 {
		return nil, service.ErrIdempotent
	}
	return out, nil
}

// states are the service's words. A task that is being cancelled may still complete.
var states = service.States{
	"created": service.Queued, "queued": service.Queued, "running": service.Running, "cancelling": service.Running,
	"completed": service.Completed, "failed": service.Failed, "cancelled": service.Cancelled,
}

// task is a task as the service shows it.
type task struct {
	Status    string            `json:"status"`
	Failure   string            `json:"failureReason"`
	Bucket    string            `json:"outputS3Bucket"`
	Directory string            `json:"outputS3Directory"`
	Tags      map[string]string `json:"tags"`
	Done      int               `json:"numSuccessfulShots"`
	Action    struct {
		Type string `json:"actionType"`
	} `json:"actionMetadata"`
	Queue *struct {
		Position string `json:"position"`
	} `json:"queueInfo"`
}

func (c *Client) task(ctx context.Context, remote string) (t task, err error) {
	return t, c.rest.Get(ctx, "quantum-task/"+escape(remote), url.Values{"additionalAttributeNames": {"QueueInfo"}}, &t)
}

// Poll asks where a task stands.
func (c *Client) Poll(ctx context.Context, remote string) (service.Status, error) {
	t, err := c.task(ctx, remote)
	if err != nil {
		return service.Status{}, err
	}
	s := service.Status{State: states.Of(t.Status), Word: t.Status, Reason: t.Failure, Ahead: -1, Cost: c.Cost()}
	if s.State == service.Failed && t.Action.Type == actionSet && t.Done > 0 {
		s.State = service.Completed // some of its circuits have results, and are paid for
	}
	if s.Cost == nil && s.State == service.Completed {
		s.Cost, s.Seconds = c.ran(ctx, t)
	}
	if s.Cost == nil && (s.State == service.Failed || s.State == service.Cancelled) {
		s.Cost = new(float64) // as Amazon's own tracker of costs counts them
	}
	if t.Queue != nil {
		// "None", ">2000" or a number.
		if n, err := strconv.Atoi(strings.TrimPrefix(t.Queue.Position, ">")); err == nil {
			s.Ahead = n
		}
	}
	return s, nil
}

// Tag is the tag that a task carries.
func (c *Client) Tag(ctx context.Context, remote string) (string, error) {
	t, err := c.task(ctx, remote)
	return t.Tags[service.TagKey], err
}

// Cancel asks to stop a task; one that has ended stays as it is.
func (c *Client) Cancel(ctx context.Context, remote string) error {
	raw, err := json.Marshal(map[string]string{"clientToken": "cancel-" + nameOf(remote)})
	if err != nil {
		return err
	}
	return c.rest.Cancel(ctx, service.Call{Method: http.MethodPut, Path: "quantum-task/" + escape(remote) + "/cancel", Body: raw})
}

// identity is the number of the account that the credentials are of.
func (c *Client) identity(ctx context.Context) (string, error) {
	c.mu.Lock()
	owner := c.owner
	c.mu.Unlock()
	if owner != "" {
		return owner, nil
	}
	rest, err := c.service("sts", c.region)
	if err != nil {
		return "", err
	}
	a, err := rest.Do(ctx, service.Call{Method: http.MethodPost, Path: "/", Body: []byte("Action=GetCallerIdentity&Version=2011-06-15"), Type: "application/x-www-form-urlencoded; charset=utf-8"})
	if err != nil {
		return "", err
	}
	var answer struct {
		Account string `xml:"GetCallerIdentityResult>Account"`
	}
	if err := xml.NewDecoder(bytes.NewReader(a.Body)).Decode(&answer); err != nil || len(answer.Account) != 12 || strings.Trim(answer.Account, "0123456789") != "" {
		return "", errors.New("AWS STS: the answer names no account")
	}
	c.mu.Lock()
	c.owner = answer.Account
	c.mu.Unlock()
	return answer.Account, nil
}

// bucket is where results are put: the configured one, or the account's own of the region,
// which the official client makes.
func (c *Client) bucket(ctx context.Context) (string, error) {
	if c.account.Bucket != "" {
		return c.account.Bucket, nil
	}
	owner, err := c.identity(ctx)
	if err != nil {
		return "", fmt.Errorf("the account's own bucket (a configuration can name another, braket.bucket): %w", err)
	}
	return "amazon-braket-" + c.region + "-" + owner, nil
}

// isBucket says that a text can be the name of a bucket, which becomes a part of a host.
func isBucket(b string) bool {
	return len(b) >= 3 && len(b) <= 63 && strings.Trim(b, "abcdefghijklmnopqrstuvwxyz0123456789-.") == "" && strings.Trim(b, "-.") == b && !strings.Contains(b, "..")
}

// isKey says that a text can be a path in a bucket.
func isKey(key string) bool {
	for _, segment := range strings.Split(key, "/") {
		if segment == "" || segment == "." || segment == ".." || words.Plain(segment) != segment {
			return false
		}
	}
	return len(key) <= 1024
}

// isRegion says that a text can be the name of a region, which becomes a part of a host.
func isRegion(r string) bool {
	return r != "" && len(r) <= 32 && strings.Trim(r, "abcdefghijklmnopqrstuvwxyz0123456789-") == "" && strings.Trim(r, "-") == r
}

// checkBucket holds bucket and prefix against the rules of S3 and of the service.
func (a Account) checkBucket() error {
	if b := a.Bucket; b != "" && !isBucket(b) {
		return backends.Refuse("braket.bucket %q is no name of a bucket: 3 to 63 small letters, digits, - and .", b)
	}
	p := a.Prefix
	for _, r := range p {
		if r > 126 || r < 32 || strings.ContainsRune("{}[]<>\\|^~`%#\"", r) {
			return backends.Refuse("braket.prefix %q holds %q, which the service doesn't take", p, r)
		}
	}
	if strings.Contains(p, "./") || len(p) > 1000 || strings.HasPrefix(p, "/") || strings.HasSuffix(p, "/") {
		return backends.Refuse("braket.prefix %q: a path as in results/qgan, without ./ and ../", p)
	}
	return nil
}
