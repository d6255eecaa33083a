package service_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"qgan/backends/service"
	"qgan/internal/words"
)

// answer is what a server says to one request; a status of 0 drops the connection.
type answer struct {
	status int
	body   string
	header string // "Name: value"
}

// asked is a request as a server saw it.
type asked struct {
	method, uri, body, token, kind string
	after                          time.Duration // since the first
}

// scripted plays answers one after the other, the last of them again and again, through a
// Transport, so that the clock may be a test's own.
type scripted struct {
	answers []answer
	mu      sync.Mutex
	begin   time.Time
	asked   []asked
}

func (s *scripted) RoundTrip(r *http.Request) (*http.Response, error) {
	var body []byte
	if r.Body != nil {
		body, _ = io.ReadAll(r.Body)
		r.Body.Close()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.asked == nil {
		s.begin = time.Now()
	}
	s.asked = append(s.asked, asked{r.Method, r.URL.RequestURI(), string(body), r.Header.Get("Authorization"), r.Header.Get("Content-Type"), time.Since(s.begin)})
	a := s.answers[min(len(s.asked), len(s.answers))-1]
	if a.status == 0 {
		return nil, errors.New("connection reset")
	}
	h := http.Header{}
	if name, value, ok := strings.Cut(a.header, ": "); ok {
		h.Set(name, value)
	}
	return &http.Response{StatusCode: a.status, Header: h, Body: io.NopCloser(strings.NewReader(a.body)), Request: r}, nil
}

// Which answers to a question make it be asked again, and what they come to in the end: the
// body is whole each time, and a 401 is worth one new token, to what has no body.
func TestDoAsksAgain(t *testing.T) {
	const body = "the body"
	fine := answer{200, "ok", ""}
	for name, k := range map[string]struct {
		answers []answer
		body    string
		tokens  []string // of the requests
		status  int      // of the error; 0: none
		text    string   // in the error
	}{
		"fine":                           {answers: []answer{fine}, tokens: []string{"t1"}},
		"created":                        {answers: []answer{{201, "ok", ""}}, tokens: []string{"t1"}},
		"503 once":                       {answers: []answer{{503, "", ""}, fine}, tokens: []string{"t1", "t1"}},
		"503 once, with a body":          {answers: []answer{{503, "", ""}, fine}, body: body, tokens: []string{"t1", "t1"}},
		"dropped once":                   {answers: []answer{{}, fine}, tokens: []string{"t1", "t1"}},
		"503 for ever":                   {answers: []answer{{503, "closed", ""}}, tokens: []string{"t1", "t1", "t1", "t1"}, status: 503, text: "closed"},
		"dropped for ever":               {answers: []answer{{}}, tokens: []string{"t1", "t1", "t1", "t1"}, text: "connection reset"},
		"400":                            {answers: []answer{{400, "bad", ""}}, tokens: []string{"t1"}, status: 400, text: "bad"},
		"403":                            {answers: []answer{{403, "no", ""}}, tokens: []string{"t1"}, status: 403, text: "no"},
		"404":                            {answers: []answer{{404, "", ""}}, tokens: []string{"t1"}, status: 404, text: "no message"},
		"409":                            {answers: []answer{{409, "", ""}}, tokens: []string{"t1"}, status: 409},
		"501":                            {answers: []answer{{501, "", ""}}, tokens: []string{"t1"}, status: 501},
		"a token taken back":             {answers: []answer{{401, "", ""}, fine}, tokens: []string{"t1", "t2"}},
		"a token taken back, and a body": {answers: []answer{{401, "who", ""}, fine}, body: body, tokens: []string{"t1"}, status: 401, text: "who"},
		"credentials refused":            {answers: []answer{{401, "who", ""}}, tokens: []string{"t1", "t2"}, status: 401, text: "who"},
		"taken back after a fault":       {answers: []answer{{502, "", ""}, {401, "", ""}, fine}, tokens: []string{"t1", "t1", "t2"}},
		"a redirect":                     {answers: []answer{{302, "", "Location: https://elsewhere.example/x"}}, tokens: []string{"t1"}, status: 302, text: `"https://elsewhere.example/x", which is not followed`},
		"a redirect on the host":         {answers: []answer{{307, "", "Location: /api/other"}}, tokens: []string{"t1"}, status: 307, text: "not followed"},
		"not modified":                   {answers: []answer{{304, "", ""}}, tokens: []string{"t1"}, status: 304},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, token := &scripted{answers: k.answers}, 1
				r, err := service.NewREST("svc", "https://svc.example/api/", service.RESTOptions{
					Transport: s, Retries: 3,
					Authorize: func(r *http.Request) error { r.Header.Set("Authorization", fmt.Sprint("t", token)); return nil },
					Refused: func(r *http.Request) {
						if got := r.Header.Get("Authorization"); got != fmt.Sprint("t", token) {
							t.Errorf("%q was refused", got)
						}
						token++
					},
				})
				if err != nil {
					t.Fatal(err)
				}
				call := service.Call{Method: "PUT", Path: "a%2Fb/c", Query: url.Values{"q": {"1 2"}}}
				if k.body != "" {
					call.Body, call.Type = []byte(k.body), "text/plain"
				}
				got, err := r.Do(t.Context(), call)
				if failed := k.status != 0 || k.text != ""; (err != nil) != failed || service.StatusOf(err) != k.status || failed && !strings.Contains(err.Error(), k.text) || err == nil && string(got.Body) != "ok" {
					t.Errorf("%v, %v", got, err)
				}
				var tokens []string
				for i, a := range s.asked {
					tokens = append(tokens, a.token)
					if want := (asked{"PUT", "/api/a%2Fb/c?q=1+2", k.body, a.token, call.Type, a.after}); a != want {
						t.Errorf("request %d was %+v, want %+v", i, a, want)
					}
				}
				if !slices.Equal(tokens, k.tokens) {
					t.Errorf("asked with %v, want %v", tokens, k.tokens)
				}
			})
		})
	}
}

// The statuses that pass by themselves.
func TestWhatIsAskedAgain(t *testing.T) {
	passing := []int{408, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524}
	for status := 400; status < 600; status++ {
		s := &scripted{answers: []answer{{status, "", ""}, {200, "", ""}}}
		r, err := service.NewREST("svc", "https://svc.example", service.RESTOptions{Transport: s, WaitMin: 1, WaitMax: 1})
		if err != nil {
			t.Fatal(err)
		}
		_, err = r.Do(t.Context(), service.Call{Method: "GET", Path: "x"})
		if again := slices.Contains(passing, status); (err == nil) != again || (len(s.asked) == 2) != again {
			t.Errorf("%d: %d requests, %v", status, len(s.asked), err)
		}
	}
}

// Who has no way to new credentials asks once.
func TestDoWithoutNewCredentials(t *testing.T) {
	s := &scripted{answers: []answer{{401, "", ""}, {200, "", ""}}}
	r, err := service.NewREST("svc", "https://svc.example", service.RESTOptions{Transport: s, Authorize: func(*http.Request) error { return nil }})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Do(t.Context(), service.Call{Method: "GET", Path: "x"}); service.StatusOf(err) != 401 || len(s.asked) != 1 {
		t.Errorf("%d requests, %v", len(s.asked), err)
	}
}

// What may be sent once is, whatever is answered, and its fate is told where it is known.
func TestOnceIsOnce(t *testing.T) {
	const lost = service.Lost
	for status, fate := range map[int]service.Fate{
		200: lost, // no error
		301: service.Refused, 307: service.Refused, 308: service.Refused, 400: service.Refused, 401: service.Denied, 402: service.Refused, 403: service.Refused, 404: service.Refused, 405: service.Refused,
		408: lost, 409: service.Refused, 410: service.Refused, 413: service.Refused, 422: service.Refused, 425: service.Later, 429: service.Later, 499: service.Refused, 500: lost, 501: lost, 502: lost, 503: lost, 504: lost, 520: lost,
	} {
		requests := 0
		web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			requests++
			if b, _ := io.ReadAll(r.Body); string(b) != "body" || r.Header.Get("Content-Type") != "application/json" || r.Method != "POST" || r.Header.Get("X-Key") != "k" {
				t.Errorf("%d: %s %q, %v", status, r.Method, b, r.Header)
			}
			w.Header().Set("Location", "/elsewhere")
			w.Header().Set("Retry-After", "7")
			w.WriteHeader(status)
			io.WriteString(w, "words")
		}))
		renewed := 0
		r, err := service.NewREST("svc", web.URL, service.RESTOptions{WaitMin: 1, WaitMax: 1, Header: http.Header{"X-Key": {"k"}}, Authorize: func(*http.Request) error { return nil }, Refused: func(*http.Request) { renewed++ }})
		if err != nil {
			t.Fatal(err)
		}
		_, err = r.Do(t.Context(), service.Call{Method: "POST", Path: "jobs", Body: []byte("body"), Once: true})
		var known *service.SubmitError
		if (err == nil) != (status == 200) || errors.As(err, &known) != (fate != lost) || known != nil && known.Fate != fate || requests != 1 || (renewed == 1) != (status == 401) {
			t.Errorf("%d: %d requests, %d new tokens, %v", status, requests, renewed, err)
		}
		if status == 429 && known != nil && known.After != 7*time.Second {
			t.Errorf("later: after %v", known.After)
		}
		if err != nil && (service.StatusOf(err) != status || !strings.HasPrefix(err.Error(), "svc answered "+strconv.Itoa(status))) {
			t.Errorf("%d: %v", status, err)
		}
		web.Close()
	}
}

// Without credentials nothing is sent: refused ones stay so, others may come later.
func TestWithoutCredentials(t *testing.T) {
	for name, k := range map[string]struct {
		err  error
		fate service.Fate
	}{
		"refused":   {&service.StatusError{Status: 400, Err: errors.New("x")}, service.Refused},
		"unknown":   {&service.StatusError{Status: 401, Err: errors.New("x")}, service.Refused},
		"too many":  {&service.StatusError{Status: 429, Err: errors.New("x")}, service.Later},
		"timeout":   {&service.StatusError{Status: 408, Err: errors.New("x")}, service.Later},
		"down":      {&service.StatusError{Status: 503, Err: errors.New("x")}, service.Later},
		"no answer": {errors.New("connection refused"), service.Later},
	} {
		for _, once := range []bool{true, false} {
			s := &scripted{answers: []answer{{200, "", ""}}}
			tries := 0
			r, err := service.NewREST("svc", "https://svc.example", service.RESTOptions{Transport: s, Authorize: func(*http.Request) error { tries++; return fmt.Errorf("token: %w", k.err) }})
			if err != nil {
				t.Fatal(err)
			}
			_, err = r.Do(t.Context(), service.Call{Method: "POST", Path: "x", Once: once})
			var known *service.SubmitError
			if err == nil || !errors.Is(err, k.err) || errors.As(err, &known) != once || once && known.Fate != k.fate || tries != 1 || len(s.asked) != 0 {
				t.Errorf("%s, once %v: %d tries, %d requests, %v", name, once, tries, len(s.asked), err)
			}
		}
	}
}

// Waits between tries double from half of the least wait up to the most, or are what the
// service tells, never above the most; the clock of the test begins with the year 2000.
func TestWaitsBetweenTries(t *testing.T) {
	type span [2]float64 // seconds, at least and at most
	for name, k := range map[string]struct {
		header string
		want   []span
	}{
		"untold":      {"", []span{{1, 2}, {2, 4}, {4, 8}, {5, 10}, {5, 10}}},
		"told":        {"3", []span{{3, 3}, {3, 3}, {3, 3}, {3, 3}, {3, 3}}},
		"a part":      {"1.5", []span{{1.5, 1.5}, {1.5, 1.5}, {1.5, 1.5}, {1.5, 1.5}, {1.5, 1.5}}},
		"too long":    {"3600", []span{{10, 10}, {10, 10}, {10, 10}, {10, 10}, {10, 10}}},
		"a date":      {"Sat, 01 Jan 2000 00:00:06 GMT", []span{{6, 6}, {2, 4}, {4, 8}}},
		"nonsense":    {"soon", []span{{1, 2}, {2, 4}, {4, 8}}},
		"in the past": {"-5", []span{{1, 2}, {2, 4}, {4, 8}}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &scripted{answers: []answer{{503, "", "Retry-After: " + k.header}}}
				r, err := service.NewREST("svc", "https://svc.example", service.RESTOptions{Transport: s, WaitMin: 2 * time.Second, WaitMax: 10 * time.Second})
				if err != nil {
					t.Fatal(err)
				}
				r.Do(t.Context(), service.Call{Method: "GET", Path: "x"})
				if len(s.asked) != 6 { // five retries where nobody says otherwise
					t.Fatalf("%d requests", len(s.asked))
				}
				drawn := false
				for i, want := range k.want {
					drawn = drawn || want[0] < want[1] && (s.asked[i+1].after-s.asked[i].after).Seconds() < want[1]
					if wait := (s.asked[i+1].after - s.asked[i].after).Seconds(); wait < want[0] || wait > want[1] {
						t.Errorf("wait %d is %v s, want %v", i, wait, want)
					}
				}
				if !drawn && (k.header == "" || k.header == "soon") {
					t.Error("all waits are the longest")
				}
			})
		})
	}
}

// The context ends waiting.
func TestDoEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &scripted{answers: []answer{{503, "", "Retry-After: 20"}}}
		r, err := service.NewREST("svc", "https://svc.example", service.RESTOptions{Transport: s})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		begin := time.Now()
		if _, err := r.Do(ctx, service.Call{Method: "GET", Path: "x"}); !errors.Is(err, context.DeadlineExceeded) || time.Since(begin) != 5*time.Second || len(s.asked) != 1 {
			t.Errorf("%v after %v", err, time.Since(begin))
		}
	})
}

// Paths and links go to the address that the key is for.
func TestLinks(t *testing.T) {
	for _, k := range []struct {
		base, path string
		query      url.Values
		want       string // "": refused
	}{
		{"https://h.example/api/v1", "jobs", nil, "/api/v1/jobs"},
		{"https://h.example/api/v1/", "jobs/a%2Fb", nil, "/api/v1/jobs/a%2Fb"},
		{"https://h.example/a%2Fb", "jobs", nil, "/a%2Fb/jobs"},
		{"https://h.example", "jobs?x=1", nil, "/jobs?x=1"},
		{"https://h.example", "jobs?x=1", url.Values{"y": {"2"}}, "/jobs?y=2"},
		{"https://h.example/api", "/other/x", nil, "/other/x"},
		{"https://h.example/api", "https://h.example/other/x?p=2", nil, "/other/x?p=2"},
		{"https://h.example/api", "//h.example/x", nil, "/x"},
		{"https://h.example/api", "https://evil.example/x", nil, ""},
		{"https://h.example/api", "//evil.example/x", nil, ""},
		{"https://h.example/api", "http://h.example/x", nil, ""},
		{"https://h.example/api", "https://h.example:8443/x", nil, ""},
		{"https://h.example/api", "https://h.example.evil.example/x", nil, ""},
		{"https://h.example/api", "%zz", nil, ""},
	} {
		s := &scripted{answers: []answer{{200, "", ""}}}
		r, err := service.NewREST("svc", k.base, service.RESTOptions{Transport: s})
		if err != nil {
			t.Fatal(err)
		}
		for _, once := range []bool{false, true} {
			s.asked = nil
			_, err := r.Do(t.Context(), service.Call{Method: "GET", Path: k.path, Query: k.query, Once: once})
			if k.want == "" && (err == nil || len(s.asked) != 0) || k.want != "" && (err != nil || s.asked[0].uri != k.want) {
				t.Errorf("%s and %s: %v, %v", k.base, k.path, s.asked, err)
			}
		}
		r.Base().Host = "evil.example"
		if r.Base().Host != "h.example" {
			t.Error("the address was changed from outside")
		}
	}
}

func TestCheckEndpoint(t *testing.T) {
	for base, ok := range map[string]bool{
		"https://h.example": true, "https://h.example/a/b/": true, "http://127.0.0.1:80": true, "http://[::1]:80/x": true, "http://localhost": true, "http://127.9.9.9": true, "https://127.0.0.1": true,
		"http://h.example": false, "http://localhost.evil.example": false, "http://127.0.0.1.evil.example": false, "http://0.0.0.0": false, "http://10.0.0.1": false, "http://[::2]": false,
		"ftp://h.example": false, "h.example": false, "": false, "https://": false, "https://user@h.example": false, "https://u:p@h.example": false, "https://h.example?x=1": false, "https://h.example#x": false, "https://h e": false,
	} {
		if _, err := service.CheckEndpoint(base); (err == nil) != ok {
			t.Errorf("%q: %v", base, err)
		}
		if _, err := service.NewREST("svc", base, service.RESTOptions{}); (err == nil) != ok || err != nil && !strings.HasPrefix(err.Error(), "svc: ") {
			t.Errorf("%q: %v", base, err)
		}
	}
}

// What may be secret in an address is in no message about it.
func TestAddressesWithPasswords(t *testing.T) {
	for address, want := range map[string]string{
		"https://user:SECRET@h.example/x":      "https://…@h.example/x",
		"https://user:SEC?RET@h.example":       "https://…@h.example",
		"https://user:S@ECRET@h.example":       "https://…@h.example",
		"https://user:%zzSECRET@h.example":     "https://…@h.example",
		"https://h.example/x?apikey=SECRET":    "https://h.example/x?…",
		"https://h.example/x#SECRET":           "https://h.example/x?…",
		"ibm=https://user:SECRET@h.example":    "ibm=https://…@h.example",
		"http://user:SECRET@127.0.0.1":         "http://…@127.0.0.1",
		"//user:SECRET@h.example":              "//…@h.example",
		"mailto without an address: a@example": "mailto without an address: a@example",
	} {
		if got := service.Shown(address); got != want {
			t.Errorf("%s is shown as %s", address, got)
		}
		if _, err := service.NewREST("svc", address, service.RESTOptions{}); err == nil || strings.Contains(err.Error(), "SECRET") || strings.Contains(err.Error(), "RET@") {
			t.Errorf("%s: %v", address, err)
		}
	}
	s := &scripted{answers: []answer{{302, "", "Location: https://user:SECRET@h.example/x?token=SECRET"}}}
	r, err := service.NewREST("svc", "https://svc.example", service.RESTOptions{Transport: s})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Do(t.Context(), service.Call{Method: "GET", Path: "x"}); err == nil || strings.Contains(err.Error(), "SECRET") {
		t.Errorf("a redirect: %v", err)
	}
}

// No text of a service moves a terminal: errors, texts and names of answers, ids.
func TestTextsOfAServiceArePlain(t *testing.T) {
	const evil = `no \u001b[31mred\u001b]0;title\u0007\u001b[2K\rqgan: all is well\u009b`
	text := strings.ReplaceAll(evil, `\\`, `\`)
	raw := "no \x1b[31mred\x1b[2K\rqgan: all is well\u202e"
	problem := func(a *service.Answer) error {
		var e struct{ M string }
		if json.Unmarshal(a.Body, &e) != nil {
			return nil
		}
		return errors.New(e.M)
	}
	for name, k := range map[string]answer{
		"their words":   {400, `{"M": "` + text + `"}`, ""},
		"a page":        {400, raw, ""},
		"a wrong page":  {200, raw, ""},
		"a redirection": {302, "", "Location: https://h.example/\x1b[31m"},
	} {
		r, err := service.NewREST("svc", "https://svc.example", service.RESTOptions{Transport: &scripted{answers: []answer{k}}, Problem: problem})
		if err != nil {
			t.Fatal(err)
		}
		if err := r.Get(t.Context(), "x", nil, new(struct{})); err == nil || words.Plain(err.Error()) != err.Error() {
			t.Errorf("%s: %q", name, err)
		}
	}
	r, err := service.NewREST("svc", "https://svc.example", service.RESTOptions{Transport: &scripted{answers: []answer{{200, `{"id": "` + text + `", "n": {"` + text + `": [1.5]}}`, ""}}}})
	if err != nil {
		t.Fatal(err)
	}
	var out struct {
		ID string
		N  map[string][]json.Number
	}
	if err := r.Get(t.Context(), "x", nil, &out); err != nil || out.ID != `no \x1b[31mred\x1b]0;title\x07\x1b[2K qgan: all is well\x9b` || out.N[out.ID][0] != "1.5" {
		t.Errorf("%q, %v", out, err)
	}
	if id, err := r.Create(t.Context(), service.Call{Path: "jobs"}); id != "" || err == nil || !strings.Contains(err.Error(), "is no id") {
		t.Errorf("%q, %v", id, err)
	}
	for id, ok := range map[string]bool{"a": true, "arn:aws:braket:eu-north-1:1:quantum-task/1-2": true, "": false, ".": false, "..": false, "a b": false, "é": false, strings.Repeat("a", 257): false} {
		if err := r.CheckID(id); (err == nil) != ok {
			t.Errorf("%q: %v", id, err)
		}
	}
}

// An answer is read whole or not at all, and one that is no JSON is shown by its beginning.
func TestAnswers(t *testing.T) {
	problem := func(a *service.Answer) error {
		if strings.HasPrefix(string(a.Body), "{") {
			return fmt.Errorf("problem %d", a.Status)
		}
		return nil
	}
	for name, k := range map[string]struct {
		status int
		body   string
		want   string // the number n; "!" and a part of the error otherwise
	}{
		"a number":         {200, `{"n":12345678901234567890}`, "12345678901234567890"},
		"the most":         {200, `{"n":1` + strings.Repeat(" ", 93) + `}`, "1"},
		"a byte more":      {200, `{"n":1` + strings.Repeat(" ", 94) + `}`, "!more than 100 bytes"},
		"a page":           {200, "<html>\n  log\tin </html>", "!: <html> log in </html>"},
		"cut off":          {200, `{"n":1`, "!can't be read"},
		"nothing":          {204, "", "!no message"},
		"their own words":  {418, `{"x":1}`, "!problem 418"},
		"others' words":    {418, `teapot`, "!418 I'm a teapot: teapot"},
		"no valid letters": {418, "a\xff", "!: a?"},
	} {
		s := &scripted{answers: []answer{{k.status, k.body, ""}}}
		r, err := service.NewREST("svc", "https://svc.example", service.RESTOptions{Transport: s, MaxBytes: 100, Problem: problem})
		if err != nil {
			t.Fatal(err)
		}
		var out struct{ N any }
		err = r.Get(t.Context(), "x", nil, &out)
		if text, bad := strings.CutPrefix(k.want, "!"); bad && (err == nil || !strings.Contains(err.Error(), text) || !strings.HasPrefix(err.Error(), "svc")) || !bad && (err != nil || fmt.Sprint(out.N) != k.want) {
			t.Errorf("%s: %v, %v", name, out.N, err)
		}
	}
	s := &scripted{answers: []answer{{400, strings.Repeat("ä", 101), ""}}}
	r, err := service.NewREST("svc", "https://svc.example", service.RESTOptions{Transport: s})
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Get(t.Context(), "x", nil, nil); err == nil || !strings.HasSuffix(err.Error(), ": "+strings.Repeat("ä", 100)+" …") {
		t.Errorf("a long message: %v", err)
	}
}

// What was made has an id, or its fate is not known.
func TestCreate(t *testing.T) {
	for body, want := range map[string]string{`{"id":"a"}`: "a", `{}`: "", `{"id":""}`: "", `{"id":`: "", `<html>`: "", ``: ""} {
		s := &scripted{answers: []answer{{200, body, ""}}}
		r, err := service.NewREST("svc", "https://svc.example", service.RESTOptions{Transport: s})
		if err != nil {
			t.Fatal(err)
		}
		id, err := r.Create(t.Context(), service.Call{Path: "jobs", Body: []byte("{}")})
		var known *service.SubmitError
		if id != want || (err == nil) != (want != "") || errors.As(err, &known) || len(s.asked) != 1 || s.asked[0].method != "POST" {
			t.Errorf("%q: %q, %v", body, id, err)
		}
	}
}

// Where an answer is lost the fate of what was sent is open; where there was no connection
// nothing was sent. Nothing is sent twice.
func TestConnectionsThatBreak(t *testing.T) {
	var requests atomic.Int32
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		io.Copy(io.Discard, r.Body) // who has read it hears of a connection that ends
		switch r.URL.Path {
		case "/cut":
			w.Header().Set("Content-Length", "100")
			io.WriteString(w, `{"id":"a"}`)
		case "/dropped":
			panic(http.ErrAbortHandler)
		case "/slow":
			<-r.Context().Done()
		default:
			w.WriteHeader(503)
		}
	}))
	r, err := service.NewREST("svc", web.URL, service.RESTOptions{WaitMin: 1, WaitMax: 1, Timeout: 200 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	for path, text := range map[string]string{"cut": "broke off after 10 bytes", "dropped": "EOF", "slow": "nothing came or went for 200ms", "503": "503"} {
		requests.Store(0)
		var known *service.SubmitError
		if id, err := r.Create(t.Context(), service.Call{Path: path, Body: []byte("{}")}); err == nil || errors.As(err, &known) || !strings.Contains(err.Error(), text) || requests.Load() != 1 {
			t.Errorf("%s: %d requests, %q, %v", path, requests.Load(), id, err)
		}
	}
	web.Close()
	if r, err = service.NewREST("svc", web.URL, service.RESTOptions{}); err != nil { // without a connection of before
		t.Fatal(err)
	}
	var known *service.SubmitError
	if _, err := r.Create(t.Context(), service.Call{Path: "x"}); !errors.As(err, &known) || known.Fate != service.Later {
		t.Errorf("no connection: %v", err)
	}
}

// An answer of 503 that says why nothing was made comes to Later, in whatever form it is
// said; any other leaves a submission lost.
func TestFaultsThatMadeNothing(t *testing.T) {
	for body, fate := range map[string]service.Fate{
		`{"message":"being calibrated","error_code":"calibrating"}`: service.Later,
		`{"error":"Calibration in progress"}`:                       service.Later,
		`{"message":"unavailable"}`:                                 service.Lost,
		``:                                                          service.Lost,
	} {
		s := &scripted{answers: []answer{{503, body, "Retry-After: 9"}}}
		r, err := service.NewREST("svc", "https://svc.example", service.RESTOptions{Transport: s})
		if err != nil {
			t.Fatal(err)
		}
		_, err = r.Create(t.Context(), service.Call{Path: "jobs", Body: []byte("{}")})
		got, after := service.FateOf(err)
		if want := map[service.Fate]time.Duration{service.Later: 9 * time.Second}[fate]; got != fate || after != want {
			t.Errorf("%s: fate %d after %v, want %d", body, got, after, fate)
		}
	}
}

// A date of Retry-After is read by the clock of who tells it: one that goes an hour ahead
// doesn't make a wait of an hour.
func TestRetryAfterByTheirClock(t *testing.T) {
	for name, k := range map[string]struct {
		skew time.Duration
		date bool
		want time.Duration
	}{
		"the same clock": {0, true, 20 * time.Second}, "ahead": {time.Hour, true, 20 * time.Second}, "behind": {-time.Hour, true, 20 * time.Second},
		"no date, ahead": {time.Hour, false, time.Hour + 20*time.Second},
	} {
		ours := time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
		theirs := ours.Add(k.skew)
		web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", theirs.Add(20*time.Second).Format(http.TimeFormat))
			w.Header()["Date"] = nil
			if k.date {
				w.Header().Set("Date", theirs.Format(http.TimeFormat))
			}
			w.WriteHeader(429)
		}))
		r, err := service.NewREST("svc", web.URL, service.RESTOptions{Now: func() time.Time { return ours }})
		if err != nil {
			t.Fatal(err)
		}
		_, err = r.Create(t.Context(), service.Call{Path: "jobs", Body: []byte("{}")})
		if fate, after := service.FateOf(err); fate != service.Later || after != k.want {
			t.Errorf("%s: %v, want %v", name, after, k.want)
		}
		web.Close()
	}
}

// A question whose answer breaks off is asked again; a token of IBM's IAM is one.
func TestAnswersThatBreakOffAreAskedAgain(t *testing.T) {
	for cuts, ok := range map[int]bool{0: true, 1: true, 3: true, 4: false} {
		requests := 0
		web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if body, _ := io.ReadAll(r.Body); string(body) != "key" {
				t.Errorf("body %q", body)
			}
			if requests++; requests <= cuts {
				w.Header().Set("Content-Length", "100")
			}
			io.WriteString(w, `{"n":1}`)
		}))
		r, err := service.NewREST("svc", web.URL, service.RESTOptions{Retries: 3, WaitMin: 1, WaitMax: 1})
		if err != nil {
			t.Fatal(err)
		}
		a, err := r.Do(t.Context(), service.Call{Method: "POST", Path: "identity/token", Body: []byte("key")})
		if (err == nil) != ok || ok && string(a.Body) != `{"n":1}` || requests != min(cuts, 3)+1 {
			t.Errorf("%d cuts: %d requests, %v", cuts, requests, err)
		}
		web.Close()
	}
}

// Which errors of a question stay what they are, so that asking on is of no use.
func TestStays(t *testing.T) {
	for name, k := range map[string]struct {
		answer answer
		auth   error
		stays  bool
	}{
		"401": {answer{401, "", ""}, nil, true}, "403": {answer{403, "", ""}, nil, true}, "404": {answer{404, "", ""}, nil, true}, "a redirect": {answer{302, "", "Location: /x"}, nil, true},
		"429": {answer{429, "", ""}, nil, false}, "503": {answer{503, "", ""}, nil, false}, "501": {answer{501, "", ""}, nil, false}, "no connection": {answer{}, nil, false}, "a page": {answer{200, "<html>", ""}, nil, false},
		"too large":          {answer{200, strings.Repeat(" ", 101), ""}, nil, true},
		"an expired token":   {answer{200, "{}", ""}, errors.New("the token of IQM_TOKEN has expired: log in again"), true},
		"no way to a token":  {answer{200, "{}", ""}, fmt.Errorf("token: %w", io.ErrUnexpectedEOF), false},
		"a token refused":    {answer{200, "{}", ""}, &service.StatusError{Status: 400, Err: errors.New("key")}, true},
		"tokens are not now": {answer{200, "{}", ""}, &service.StatusError{Status: 503, Err: errors.New("down")}, false},
	} {
		s := &scripted{answers: []answer{k.answer}}
		r, err := service.NewREST("svc", "https://svc.example", service.RESTOptions{Transport: s, WaitMin: 1, WaitMax: 1, MaxBytes: 100, Authorize: func(*http.Request) error { return k.auth }})
		if err != nil {
			t.Fatal(err)
		}
		if err := r.Get(t.Context(), "x", nil, new(any)); err == nil || service.Stays(err) != k.stays {
			t.Errorf("%s: stays %v: %v", name, !k.stays, err)
		}
	}
}
