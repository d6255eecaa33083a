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

	"qgan/backends"
	"qgan/backends/service"
	"qgan/calibration"
)

// Client is the service for one device. It is an service.Service.
type Client struct {
	arn      string
	region   string
	endpoint string
	account  Account
	options  service.RESTOptions
	now      func() time.Time
	rest     *service.REST

	mu     sync.Mutex
	device *device // as it was last read
	owner  string  // the number of the account, as STS tells it
}

// Options are the choices of a client.
type Options struct {
	Endpoint string // an address in place of Amazon's, for Braket, S3 and STS
	REST     service.RESTOptions
	Now      func() time.Time
}

// userAgent names us, and the version of the schemas that we read: to a client that does
// not tell it a device's answer says nothing of OpenQASM ("GetDevice", API reference).
const userAgent = "qgan BraketSchemas/1.32.1"

// New returns the client of a device, by its ARN or its name; "" is none, to list devices.
func New(a Account, name string, o Options) (*Client, error) {
	c := &Client{endpoint: strings.TrimSuffix(o.Endpoint, "/"), account: a, options: o.REST, now: o.Now}
	if c.now == nil {
		c.now = time.Now
	}
	var err error
	if name != "" {
		if c.arn, err = ARN(name); err != nil {
			return nil, err
		}
	}
	if err := a.checkBucket(); err != nil {
		return nil, err
	}
	c.region = cmp.Or(regionOf(c.arn), a.Region, defaultRegion)
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
	o.Authorize = signing(c.account.credentials, name, region, c.now)
	return service.NewREST(titles[name], cmp.Or(c.endpoint, address), o)
}

// titles are the services' names in messages.
var titles = map[string]string{"braket": "Amazon Braket", "s3": "Amazon S3", "sts": "AWS STS"}

// problems are the service's names of errors, by status ("CreateQuantumTask", API
// reference); a status says little of some.
var problems = map[int]string{
	400: "ValidationException", 402: "ServiceQuotaExceededException: a quota of the account is used up", 403: "AccessDeniedException", 404: "ResourceNotFoundException",
	409: "ConflictException", 410: "DeviceRetiredException", 424: "DeviceOfflineException: the device takes no tasks now", 429: "ThrottlingException", 500: "InternalServiceException",
}

// problem reads the error bodies of Braket.
func problem(status int, body []byte) error {
	var e struct {
		Message  string `json:"message"`
		Message2 string `json:"Message"`
		Programs []struct {
			Program int      `json:"programIndex"`
			Inputs  *int     `json:"inputsIndex"`
			Errors  []string `json:"errors"`
		} `json:"programSetValidationFailures"`
	}
	if json.Unmarshal(body, &e) != nil {
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
	if name := problems[status]; name != "" {
		text = name + ": " + text
	}
	return errors.New(strings.TrimPrefix(text, "; "))
}

// problemXML reads those of S3 and STS.
func problemXML(_ int, body []byte) error {
	var e struct {
		Code    string `xml:"Code"`
		Message string `xml:"Message"`
		Error   struct {
			Code    string `xml:"Code"`
			Message string `xml:"Message"`
		} `xml:"Error"`
	}
	if xml.Unmarshal(body, &e) != nil || e.Code == "" && e.Error.Code == "" {
		return nil
	}
	return fmt.Errorf("%s: %s", cmp.Or(e.Code, e.Error.Code), cmp.Or(e.Message, e.Error.Message))
}

// Reader returns a client that decodes results and can do nothing else: it takes no
// credentials.
func Reader(device string) *Client { return &Client{arn: device} }

// Service is "braket".
func (c *Client) Service() string { return "braket" }

// Device is the device's ARN.
func (c *Client) Device() string { return c.arn }

// Endpoint is the address where it is not Amazon's.
func (c *Client) Endpoint() string { return c.endpoint }

// escape writes an ARN as one segment of a path, as the official clients do.
func escape(arn string) string { return strings.ReplaceAll(url.PathEscape(arn), ":", "%3A") }

// Devices lists the devices of the account's region; without one those of all regions, but
// for regions that the account may not ask.
func (c *Client) Devices(ctx context.Context) ([]service.DeviceInfo, error) {
	where := []string{c.account.Region}
	if c.account.Region == "" {
		where = regions
	}
	out := []service.DeviceInfo{}
	var refusal error
	seen := map[string]bool{}
	for _, region := range where {
		rest, err := c.service("braket", cmp.Or(region, defaultRegion))
		if err != nil {
			return nil, err
		}
		found, err := search(ctx, rest)
		switch {
		case service.StatusOf(err) == http.StatusForbidden && len(where) > 1:
			refusal = err
			continue
		case err != nil:
			return nil, err
		}
		for _, d := range found {
			if !seen[d.Name] { // simulators are in all of them
				seen[d.Name] = true
				out = append(out, d)
			}
		}
	}
	if len(out) == 0 && refusal != nil {
		return nil, refusal
	}
	return out, nil
}

// pages bounds how long a list is read.
const pages = 50

func search(ctx context.Context, rest *service.REST) (out []service.DeviceInfo, err error) {
	next := ""
	for range pages {
		q := map[string]any{"filters": []any{}, "maxResults": 100}
		if next != "" {
			q["nextToken"] = next
		}
		var answer struct {
			Devices []struct {
				ARN      string `json:"deviceArn"`
				Type     string `json:"deviceType"`
				Status   string `json:"deviceStatus"`
				Provider string `json:"providerName"`
			} `json:"devices"`
			Next *string `json:"nextToken"`
		}
		if err := ask(ctx, rest, http.MethodPost, "devices", q, &answer); err != nil {
			return nil, err
		}
		for _, d := range answer.Devices {
			if d.Status != "RETIRED" {
				out = append(out, service.DeviceInfo{Name: d.ARN, Status: strings.ToLower(d.Status)})
			}
		}
		if answer.Next == nil || *answer.Next == "" {
			break
		}
		next = *answer.Next
	}
	return out, nil
}

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

// device is what a device tells of itself.
type device struct {
	Type         string `json:"deviceType"`
	Status       string `json:"deviceStatus"`
	Capabilities string `json:"deviceCapabilities"`
	Reason       *struct {
		Reason string `json:"reason"`
	} `json:"deviceStatusReason"`

	capabilities capabilities
	snapshot     *calibration.Snapshot
}

// capabilities are what of them a submission is held against.
type capabilities struct {
	Service struct {
		Shots []int `json:"shotsRange"`
		Cost  struct {
			Price float64 `json:"price"`
			Unit  string  `json:"unit"`
		} `json:"deviceCost"`
	} `json:"service"`
	Action map[string]struct {
		PartialBox *bool `json:"supportsPartialVerbatimBox"`
		AllQubits  bool  `json:"requiresAllQubitsMeasurement"`
		Circuits   int   `json:"maximumExecutables"`
		TotalShots int   `json:"maximumTotalShots"`
	} `json:"action"`
	Paradigm struct {
		Connectivity struct {
			Full bool `json:"fullyConnected"`
		} `json:"connectivity"`
	} `json:"paradigm"`
}

// The names of what devices run.
const (
	actionProgram = "braket.ir.openqasm.program"
	actionSet     = "braket.ir.openqasm.program_set"
)

// Snapshot reads the device's calibration data.
func (c *Client) Snapshot(ctx context.Context) (*calibration.Snapshot, error) {
	a, err := c.rest.Do(ctx, service.Call{Method: http.MethodGet, Path: "device/" + escape(c.arn)})
	if err != nil {
		if service.StatusOf(err) == http.StatusNotFound {
			err = fmt.Errorf("device %s: %w", c.arn, err)
		}
		return nil, err
	}
	d := &device{}
	if err := c.rest.JSON(a, d); err != nil {
		return nil, err
	}
	if d.Type == "SIMULATOR" {
		return nil, backends.Refuse("device %s: %v", c.arn, errSimulator)
	}
	if err := json.Unmarshal([]byte(d.Capabilities), &d.capabilities); err != nil {
		return nil, fmt.Errorf("braket: the capabilities of %s can't be read: %w", c.arn, err)
	}
	if d.snapshot, err = calibration.Read(calibration.File{Name: "capabilities of " + c.arn, Data: a.Body}); err != nil {
		return nil, err
	}
	c.mu.Lock()
	c.device = d
	c.mu.Unlock()
	return d.snapshot, nil
}

// known is the device as it was last read.
func (c *Client) known(ctx context.Context) (*device, error) {
	c.mu.Lock()
	d := c.device
	c.mu.Unlock()
	if d != nil {
		return d, nil
	}
	if _, err := c.Snapshot(ctx); err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.device, nil
}

// Limits are the device's.
func (c *Client) Limits(ctx context.Context) (service.Limits, error) {
	d, err := c.known(ctx)
	if err != nil {
		return service.Limits{}, err
	}
	l := service.Limits{Programs: 1, EqualShots: true, PerMinute: tasksPerMinute, Source: limitsSource}
	if c.endpoint != "" {
		l.PerMinute = 0 // a quota of Amazon's; who answers elsewhere says so with 429
	}
	if set, ok := d.capabilities.Action[actionSet]; ok {
		l.Programs, l.TotalShots = max(1, set.Circuits), set.TotalShots
	}
	if r := d.capabilities.Service.Shots; len(r) == 2 {
		l.MinShots, l.MaxShots = r[0], r[1]
	}
	if d.Status != "ONLINE" {
		l.Maintenance = strings.ToLower(d.Status)
		if d.Reason != nil {
			l.Maintenance += " (" + d.Reason.Reason + ")"
		}
	}
	return l, nil
}

// Submit posts a task, once.
func (c *Client) Submit(ctx context.Context, body []byte) (string, error) {
	a, err := c.rest.Do(ctx, service.Call{Method: http.MethodPost, Path: "quantum-task", Body: body, Once: true})
	if err != nil {
		return "", c.explain(err, body)
	}
	var answer struct {
		ARN string `json:"quantumTaskArn"`
	}
	if err := c.rest.JSON(a, &answer); err != nil {
		return "", err
	}
	if answer.ARN == "" {
		return "", errors.New("braket: the answer holds no ARN")
	}
	return answer.ARN, nil
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

// tagKey is the key of a task's tag that holds our id.
const tagKey = "qgan_id"

// Find looks for the tag among the device's tasks. What is not there is sent again: the
// service knows a body by its client token, and the list lags behind.
func (c *Client) Find(ctx context.Context, tag string, _ time.Time) ([]string, error) {
	var out []string
	next := ""
	for range pages {
		q := map[string]any{"filters": []any{map[string]any{"name": "deviceArn", "operator": "EQUAL", "values": []string{c.arn}}}, "maxResults": 100}
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
			if t.Tags[tagKey] == tag {
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
var states = map[string]service.RemoteState{
	"CREATED": service.Queued, "QUEUED": service.Queued, "RUNNING": service.Running, "CANCELLING": service.Running,
	"COMPLETED": service.Completed, "FAILED": service.Failed, "CANCELLED": service.Cancelled,
}

// task is a task as the service shows it.
type task struct {
	Status    string `json:"status"`
	Failure   string `json:"failureReason"`
	Bucket    string `json:"outputS3Bucket"`
	Directory string `json:"outputS3Directory"`
	Queue     *struct {
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
	state, known := states[strings.ToUpper(t.Status)]
	if !known {
		state = service.Running // a word of tomorrow
	}
	s := service.Status{State: state, Word: t.Status, Reason: t.Failure, Ahead: -1}
	if t.Queue != nil {
		// "None", ">2000" or a number.
		if n, err := strconv.Atoi(strings.TrimPrefix(t.Queue.Position, ">")); err == nil {
			s.Ahead = n
		}
	}
	if c.endpoint != "" {
		s.Cost = new(float64)
	}
	return s, nil
}

// Cancel asks to stop a task; one that has ended stays as it is.
func (c *Client) Cancel(ctx context.Context, remote string) error {
	raw, err := json.Marshal(map[string]string{"clientToken": "cancel-" + nameOf(remote)})
	if err != nil {
		return err
	}
	_, err = c.rest.Do(ctx, service.Call{Method: http.MethodPut, Path: "quantum-task/" + escape(remote) + "/cancel", Body: raw})
	if service.StatusOf(err) == http.StatusConflict {
		return nil
	}
	return err
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
	if err := xml.NewDecoder(bytes.NewReader(a.Body)).Decode(&answer); err != nil || answer.Account == "" {
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

// checkBucket holds bucket and prefix against the rules of S3 and of the service.
func (a Account) checkBucket() error {
	if b := a.Bucket; b != "" && (len(b) < 3 || len(b) > 63 || strings.Trim(b, "abcdefghijklmnopqrstuvwxyz0123456789-.") != "" || strings.Trim(b, "-.") != b) {
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
