package service

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/hashicorp/go-retryablehttp"

	"qgan/backends"
	"qgan/internal/stream"
	"qgan/internal/words"
)

// REST is what the clients of all services share: requests to one address, answers of a
// bounded size, retries of what may be asked again, and a single try for what may not.
// Redirects are not followed and links to other hosts not taken, so that credentials go
// to the address that they are for.
type REST struct {
	service string
	base    *url.URL
	options RESTOptions
	retries *retryablehttp.Client
	single  *http.Client
}

// RESTOptions are the choices of a REST. The zero value is what services expect.
type RESTOptions struct {
	// Authorize adds credentials; it may ask for a token first.
	Authorize func(*http.Request) error
	// Refused is told of a request that was answered with 401: a question is then asked
	// once more with new credentials, a submission is Denied. nil: there are no others.
	Refused func(*http.Request)
	// Problem makes an error of a service's answer that is one; nil or a nil error: the
	// beginning of its body.
	Problem func(a *Answer) error
	// Header is sent with each request.
	Header http.Header
	// Transport is what connects; nil: one pool with TLS as Go verifies it.
	Transport http.RoundTripper
	Timeout   time.Duration // without progress, of one try; 0: 60 s
	Retries   int           // of what may be asked again; 0: 5, -1: none
	WaitMin   time.Duration // before the first retry; 0: 500 ms
	WaitMax   time.Duration // 0: 30 s
	MaxBytes  int64         // of an answer to a call that tells no other; 0: 32 MiB
	Now       func() time.Time
}

// Call is a request, its path relative to the address. Once says that it may not be sent
// twice.
type Call struct {
	Method string
	Path   string // escaped
	Query  url.Values
	Body   []byte
	Type   string // of the body; "": JSON
	Once   bool
	Most   int64 // bytes of the answer; 0: as the options say
}

// Answer is what came back; of Do with a status of 200 to 299.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// StatusError is an answer of another status.
type StatusError struct {
	Service string
	Status  int
	After   time.Duration // Retry-After; 0: not told
	Err     error         // the service's message
}

// Error names the service, the status and the message.
func (e *StatusError) Error() string {
	return fmt.Sprintf("%s answered %d %s: %v", e.Service, e.Status, http.StatusText(e.Status), e.Err)
}

// Unwrap is the service's message.
func (e *StatusError) Unwrap() error { return e.Err }

// StatusOf is the status of an answer that an error tells of, 0 where it is none.
func StatusOf(err error) int {
	var s *StatusError
	if errors.As(err, &s) {
		return s.Status
	}
	return 0
}

// NewREST returns the client of an address. Plain http is for loopback only.
func NewREST(service, base string, options RESTOptions) (*REST, error) {
	u, err := CheckEndpoint(base)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", service, err)
	}
	u.Path = strings.TrimSuffix(u.Path, "/")
	if options.Transport == nil {
		t := http.DefaultTransport.(*http.Transport).Clone()
		t.MaxIdleConnsPerHost = 16
		options.Transport = t
	}
	if options.Timeout == 0 {
		options.Timeout = time.Minute
	}
	if options.WaitMin == 0 {
		options.WaitMin = 500 * time.Millisecond
	}
	if options.WaitMax == 0 {
		options.WaitMax = 30 * time.Second
	}
	if options.Now == nil {
		options.Now = time.Now
	}
	if options.MaxBytes == 0 {
		options.MaxBytes = 32 << 20
	}
	switch options.Retries {
	case 0:
		options.Retries = 5
	case -1:
		options.Retries = 0
	}
	r := &REST{service: service, base: u, options: options}
	r.options.Transport = patient{options.Transport, options.Timeout}
	r.single = &http.Client{
		Transport:     r.options.Transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	r.retries = &retryablehttp.Client{
		// Credentials are added anew for each try: a token may have run out.
		HTTPClient: &http.Client{Transport: authorizing{r}, CheckRedirect: r.single.CheckRedirect}, RetryMax: options.Retries, RetryWaitMin: options.WaitMin, RetryWaitMax: options.WaitMax,
		CheckRetry: again, Backoff: r.backoff, ErrorHandler: retryablehttp.PassthroughErrorHandler,
	}
	return r, nil
}

// CheckEndpoint parses an address: https, or http to loopback.
func CheckEndpoint(base string) (*url.URL, error) {
	u, err := url.Parse(base)
	switch {
	case err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return nil, backends.Refuse("%q is no address of a service, such as https://host/path", Shown(base))
	case u.Scheme == "https" || u.Scheme == "http" && Loopback(u):
		return u, nil
	case u.Scheme == "http":
		return nil, backends.Refuse("%s: plain http is for loopback only, since anybody on the way could read the key: use https", base)
	}
	return nil, backends.Refuse("%s: the address of a service begins with https://", base)
}

// Shown is an address without what may be secret in it: name and password, and what is asked
// for behind the path. A text without an address is as it was.
func Shown(address string) string {
	scheme, rest, ok := strings.Cut(address, "//")
	if !ok {
		return address
	}
	scheme += "//"
	if i := strings.LastIndexByte(rest, '@'); i >= 0 {
		rest = "…" + rest[i:]
	}
	if i := strings.IndexAny(rest, "?#"); i >= 0 {
		rest = rest[:i] + "?…"
	}
	return scheme + rest
}

// Loopback says that an address is this machine's own.
func Loopback(u *url.URL) bool {
	host := u.Hostname()
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// Base is the address.
func (r *REST) Base() *url.URL { u := *r.base; return &u }

// retriable are the statuses after which a question may be asked again.
var retriable = map[int]bool{408: true, 425: true, 429: true, 500: true, 502: true, 503: true, 504: true, 520: true, 521: true, 522: true, 523: true, 524: true}

// again says whether a question is asked again.
func again(ctx context.Context, resp *http.Response, err error) (bool, error) {
	if ctx.Err() != nil {
		return false, ctx.Err()
	}
	if err != nil {
		var none *noCredentials
		return !errors.As(err, &none), nil
	}
	return retriable[resp.StatusCode], nil
}

// Jitter is a time up to the longest, so that many who wait don't come back at once. It is
// drawn by the clock, as nothing else depends on it.
func Jitter(now time.Time, longest time.Duration) time.Duration {
	return time.Duration(stream.New(uint64(now.UnixNano()), "wait").Int64N(int64(longest) + 1))
}

// backoff doubles the wait, with jitter, unless the service tells one.
func (r *REST) backoff(low, high time.Duration, attempt int, resp *http.Response) time.Duration {
	if resp != nil {
		if after := retryAfter(resp.Header, r.options.Now()); after > 0 {
			return min(after, high)
		}
	}
	wait := min(high, low<<min(attempt, 20))
	return wait/2 + Jitter(r.options.Now(), wait/2)
}

// retryAfter reads a Retry-After header: seconds, or a date by the clock of who answers,
// which its Date tells.
func retryAfter(h http.Header, now time.Time) time.Duration {
	text := h.Get("Retry-After")
	if s, err := strconv.ParseFloat(text, 64); err == nil && s > 0 && s < 1e6 {
		return time.Duration(s * float64(time.Second))
	}
	if t, err := http.ParseTime(text); err == nil {
		if theirs, err := http.ParseTime(h.Get("Date")); err == nil {
			now = theirs
		}
		return max(0, t.Sub(now))
	}
	return 0
}

// address resolves a path or a link against the base, which it may not leave.
func (r *REST) address(c *Call) (string, error) {
	u := r.Base()
	ref, err := url.Parse(c.Path)
	switch {
	case err != nil:
		return "", fmt.Errorf("%s: the link %q can't be read", r.service, Shown(c.Path))
	case ref.Host != "" && (ref.Host != u.Host || ref.Scheme != "" && ref.Scheme != u.Scheme):
		return "", backends.Refuse("%s: the link to %s://%s is not followed: it leaves %s, and the key is for that host alone", r.service, ref.Scheme, ref.Host, u.Host)
	case ref.Host != "" || strings.HasPrefix(c.Path, "/"):
		u.Path, u.RawPath = ref.Path, ref.RawPath
	default:
		u.RawPath = u.EscapedPath() + "/" + ref.EscapedPath()
		if u.Path, err = url.PathUnescape(u.RawPath); err != nil {
			return "", fmt.Errorf("%s: link %q: %w", r.service, c.Path, err)
		}
	}
	u.RawQuery = ref.RawQuery
	if len(c.Query) > 0 {
		u.RawQuery = c.Query.Encode()
	}
	return u.String(), nil
}

// Do sends a call and reads the answer. Of a call that may be sent once the error is a
// SubmitError where its fate is known.
func (r *REST) Do(ctx context.Context, c Call) (*Answer, error) {
	address, err := r.address(&c)
	if err != nil {
		return nil, err
	}
	make := func(ctx context.Context) (*http.Request, error) {
		var body io.Reader
		if c.Body != nil {
			body = bytes.NewReader(c.Body)
		}
		req, err := http.NewRequestWithContext(ctx, c.Method, address, body)
		if err != nil {
			return nil, err
		}
		for name, values := range r.options.Header {
			req.Header[name] = values
		}
		if c.Body != nil {
			req.Header.Set("Content-Type", cmp.Or(c.Type, "application/json"))
		}
		if req.Header.Get("Accept") == "" {
			req.Header.Set("Accept", "application/json")
		}
		return req, nil
	}
	most := cmp.Or(c.Most, r.options.MaxBytes)
	if c.Once {
		return r.once(ctx, most, make)
	}
	for try := 0; ; try++ {
		req, err := make(ctx)
		if err != nil {
			return nil, err
		}
		wrapped, err := retryablehttp.FromRequest(req)
		if err != nil {
			return nil, err
		}
		resp, err := r.retries.Do(wrapped)
		if err != nil {
			return nil, r.failed(err)
		}
		a, err := r.read(resp, most)
		var cut *cutShort
		if !errors.As(err, &cut) || try >= r.options.Retries {
			return a, err
		}
		select {
		case <-ctx.Done():
			return nil, r.failed(ctx.Err())
		case <-time.After(r.backoff(r.options.WaitMin, r.options.WaitMax, try, nil)):
		}
	}
}

// cutShort is an answer that broke off, which is asked for again.
type cutShort struct{ error }

func (c *cutShort) Unwrap() error { return c.error }

// authorizing adds credentials to each try.
type authorizing struct{ *REST }

func (a authorizing) RoundTrip(req *http.Request) (*http.Response, error) {
	if a.options.Authorize == nil {
		return a.options.Transport.RoundTrip(req)
	}
	first := req.Clone(req.Context())
	if err := a.options.Authorize(first); err != nil {
		return nil, &noCredentials{err}
	}
	resp, err := a.options.Transport.RoundTrip(first)
	if err != nil || resp.StatusCode != http.StatusUnauthorized || a.options.Refused == nil || req.Body != nil {
		return resp, err
	}
	resp.Body.Close()
	a.options.Refused(first)
	second := req.Clone(req.Context())
	if err := a.options.Authorize(second); err != nil {
		return nil, &noCredentials{err}
	}
	return a.options.Transport.RoundTrip(second)
}

// noCredentials says that a request has none to go with; trying again is the business
// of who fetches them.
type noCredentials struct{ error }

func (n *noCredentials) Unwrap() error { return n.error }

// Stays says of the error of a question that the same will be answered again: it is refused,
// or sent elsewhere, or its answer is too large, or there are no credentials for it. Others
// may pass: faults of the connection and of the service, answers that can't be read.
func Stays(err error) bool {
	var none *noCredentials
	var large *TooLarge
	var refused *backends.Refusal // such as a link to another host
	status := StatusOf(err)
	switch {
	case errors.As(err, &refused):
		return true
	case status != 0:
		return status < 500 && !retriable[status]
	case errors.As(err, &large):
		return true
	}
	return errors.As(err, &none) && !unreached(err)
}

// unreached says that who was asked could not be reached, or broke off.
func unreached(err error) bool {
	var network net.Error
	var cut *cutShort
	return errors.As(err, &network) || errors.As(err, &cut) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
}

// once sends a call a single time and tells its fate.
func (r *REST) once(ctx context.Context, most int64, make func(context.Context) (*http.Request, error)) (*Answer, error) {
	var sent atomic.Bool // whether a byte may have left
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn: func(httptrace.GotConnInfo) { sent.Store(true) },
	})
	req, err := make(ctx)
	if err != nil {
		return nil, &SubmitError{Fate: Refused, Err: err}
	}
	if r.options.Authorize != nil {
		if err := r.options.Authorize(req); err != nil {
			// Nothing was sent. Credentials that are refused will be refused again.
			fate := Later
			if status := StatusOf(err); ctx.Err() == nil && status >= 400 && status < 500 && !retriable[status] {
				fate = Refused
			}
			return nil, &SubmitError{Fate: fate, Err: fmt.Errorf("%s: %w", r.service, err)}
		}
	}
	req.GetBody = nil // net/http must not send it again either
	resp, err := r.single.Do(req)
	if err != nil {
		if !sent.Load() {
			return nil, &SubmitError{Fate: Later, Err: r.failed(err)}
		}
		return nil, r.failed(err)
	}
	a, err := r.read(resp, most)
	var status *StatusError
	if !errors.As(err, &status) {
		return a, err
	}
	fate := fateOf(status)
	switch {
	case fate == Lost:
		return nil, err
	case status.Status == http.StatusUnauthorized && r.options.Refused != nil:
		r.options.Refused(req)
		fate = Denied
	}
	return nil, &SubmitError{Fate: fate, After: status.After, Err: err}
}

// fateOf tells what an answer says of a submission. Nothing is made by what is refused,
// which a conflict is too ("Usage exceeds instance limit", IBM's POST /jobs). Of faults of
// the server it is not known, but for one that says why it takes nothing: a processor is
// being calibrated.
func fateOf(e *StatusError) Fate {
	switch s := e.Status; {
	case s == http.StatusTooManyRequests, s == http.StatusTooEarly, s == http.StatusServiceUnavailable && strings.Contains(strings.ToLower(e.Err.Error()), "calibrat"):
		return Later
	case s >= 300 && s < 500 && s != http.StatusRequestTimeout:
		return Refused
	}
	return Lost
}

// failed names the service in an error of the connection.
func (r *REST) failed(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		err = u.Err // without the address, whose query may be long
	}
	return fmt.Errorf("%s at %s: %w", r.service, r.base.Host, err)
}

// maxProblem is how much is read of an answer that is an error.
const maxProblem = 256 << 10

// read takes an answer whole, within its bound. Of an error its beginning does.
func (r *REST) read(resp *http.Response, most int64) (*Answer, error) {
	defer resp.Body.Close()
	fine := resp.StatusCode >= 200 && resp.StatusCode < 300
	if !fine {
		most = min(most, maxProblem)
	}
	body, err := unpack(r.service, resp, most)
	var large *TooLarge
	switch {
	case !fine:
	case errors.As(err, &large):
		return nil, err
	case err != nil:
		return nil, &cutShort{fmt.Errorf("%s: the answer broke off after %d bytes: %w", r.service, len(body), err)}
	default:
		return &Answer{resp.StatusCode, resp.Header, body}, nil
	}
	e := &StatusError{Service: r.service, Status: resp.StatusCode, After: retryAfter(resp.Header, r.options.Now())}
	if r.options.Problem != nil {
		e.Err = r.options.Problem(&Answer{resp.StatusCode, resp.Header, body})
	}
	if resp.StatusCode < 400 {
		e.Err = fmt.Errorf("a redirect to %q, which is not followed", Shown(resp.Header.Get(movedTo)))
	}
	switch {
	case e.Err == nil:
		e.Err = errors.New(beginning(body))
	case words.Plain(e.Err.Error()) != e.Err.Error():
		e.Err = errors.New(words.Plain(e.Err.Error()))
	}
	return nil, e
}

// beginning is the first words of a body that is no error of the service's own form.
func beginning(body []byte) string {
	text := strings.Join(strings.Fields(string(body)), " ")
	if text == "" {
		return "no message"
	}
	if len(text) > 200 {
		text = strings.ToValidUTF8(text[:200], "") + " …"
	}
	return words.Plain(strings.ToValidUTF8(text, "?"))
}

// JSON decodes an answer. Its texts are plain: nothing in them moves a terminal. What is no
// JSON, such as a proxy's page, is an error that shows its beginning.
func (r *REST) JSON(a *Answer, out any) error {
	d := json.NewDecoder(bytes.NewReader(words.PlainJSON(a.Body)))
	d.UseNumber()
	if err := d.Decode(out); err != nil {
		return fmt.Errorf("%s: an answer that can't be read (%w): %s", r.service, err, beginning(a.Body))
	}
	return nil
}

// Create posts what makes something at the service, once, and returns its id, which is
// the member "id" of the answer.
func (r *REST) Create(ctx context.Context, c Call) (id string, err error) {
	c.Method, c.Once = http.MethodPost, true
	a, err := r.Do(ctx, c)
	if err != nil {
		return "", err
	}
	var answer struct {
		ID string `json:"id"`
	}
	if err := r.JSON(a, &answer); err != nil {
		return "", err
	}
	if err := r.CheckID(answer.ID); err != nil {
		return "", err
	}
	return answer.ID, nil
}

// CheckID refuses an id of a service that can't be one: it becomes a part of paths that
// signed requests go to.
func (r *REST) CheckID(id string) error {
	odd := func(c rune) bool { return c <= ' ' || c > '~' }
	switch {
	case id == "":
		return fmt.Errorf("%s: the answer holds no id", r.service)
	case len(id) > 256 || id == "." || id == ".." || strings.ContainsFunc(id, odd):
		return fmt.Errorf("%s: the answer holds %.80q, which is no id", r.service, id)
	}
	return nil
}

// Get asks for an object.
func (r *REST) Get(ctx context.Context, path string, query url.Values, out any) error {
	a, err := r.Do(ctx, Call{Method: http.MethodGet, Path: path, Query: query})
	if err != nil {
		return err
	}
	return r.JSON(a, out)
}
