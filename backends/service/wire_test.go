package service_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"qgan/backends"
	"qgan/backends/service"
)

// trickle is a Transport whose answers come in pieces, a wait before each.
type trickle struct {
	wait   time.Duration
	pieces int
}

func (k trickle) RoundTrip(r *http.Request) (*http.Response, error) {
	from, to := io.Pipe()
	go func() {
		for range k.pieces {
			select {
			case <-time.After(k.wait):
			case <-r.Context().Done():
				to.CloseWithError(context.Cause(r.Context()))
				return
			}
			to.Write([]byte("12345"))
		}
		to.Close()
	}()
	return &http.Response{StatusCode: 200, Header: http.Header{}, Body: from, Request: r}, nil
}

// An answer may take any time as long as it goes on; one that stands still ends.
func TestSlowAnswers(t *testing.T) {
	for name, k := range map[string]struct {
		trickle
		after time.Duration
		want  string // in the error
	}{
		"70 seconds":        {trickle{time.Second, 70}, 70 * time.Second, ""},
		"an hour":           {trickle{50 * time.Second, 72}, time.Hour, ""},
		"stands still":      {trickle{61 * time.Second, 3}, time.Minute, "broke off after 0 bytes: nothing came or went for 1m0s"},
		"ends without more": {trickle{time.Second, 0}, 0, ""},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r, err := service.NewREST("svc", "https://svc.example", service.RESTOptions{Transport: k.trickle, Retries: -1})
				if err != nil {
					t.Fatal(err)
				}
				begin := time.Now()
				a, err := r.Do(t.Context(), service.Call{Method: "GET", Path: "x"})
				if took := time.Since(begin); took != k.after || (err == nil) != (k.want == "") || err != nil && !strings.Contains(err.Error(), k.want) {
					t.Errorf("%v after %v", err, took)
				}
				if err == nil && len(a.Body) != 5*k.pieces {
					t.Errorf("%d bytes", len(a.Body))
				}
			})
		})
	}
}

// packed is what gzip makes of a text, so many times.
func packed(t *testing.T, text string, members int) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := io.WriteString(z, text); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return bytes.Repeat(b.Bytes(), members)
}

// What is read of an answer is bounded on the wire and unpacked; an error is told in any case.
func TestAnswersAreBounded(t *testing.T) {
	const most = 10_000
	for name, k := range map[string]struct {
		status int
		coding string
		body   []byte
		want   string // in the error; "": the body is read
	}{
		"as it is":           {200, "", bytes.Repeat([]byte("a"), most), ""},
		"a byte more":        {200, "", bytes.Repeat([]byte("a"), most+1), "svc: an answer of more than 10000 bytes is not read"},
		"packed":             {200, "gzip", packed(t, strings.Repeat("a", most), 1), ""},
		"packed, a byte":     {200, "gzip", packed(t, strings.Repeat("a", most+1), 1), "more than 10000 bytes"},
		"a bomb":             {200, "gzip", packed(t, strings.Repeat(" ", 1<<20), 64), "more than 10000 bytes"},
		"nothing, for ever":  {200, "gzip", packed(t, "", 5000), "more than 10000 bytes"},
		"packed, and broken": {200, "gzip", packed(t, strings.Repeat("a", most), 1)[:20], "broke off after"},
		"packed otherwise":   {200, "br", []byte("x"), `packed as "br"`},
		"an error":           {400, "gzip", packed(t, "no such gate", 1), "answered 400 Bad Request: no such gate"},
		"a large error":      {400, "gzip", packed(t, "no such gate "+strings.Repeat(" ", 1<<20), 9), "answered 400 Bad Request: no such gate"},
		"a broken error":     {400, "gzip", packed(t, "no such gate", 1)[:5], "answered 400 Bad Request: no message"},
	} {
		web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if got := r.Header.Get("Accept-Encoding"); got != "gzip" {
				t.Errorf("it takes %q", got)
			}
			if k.coding != "" {
				w.Header().Set("Content-Encoding", k.coding)
			}
			w.WriteHeader(k.status)
			w.Write(k.body)
		}))
		r, err := service.NewREST("svc", web.URL, service.RESTOptions{Retries: -1})
		if err != nil {
			t.Fatal(err)
		}
		a, err := r.Do(t.Context(), service.Call{Method: "GET", Path: "x", Most: most})
		var large *service.TooLarge
		switch {
		case (err == nil) != (k.want == "") || err != nil && !strings.Contains(err.Error(), k.want):
			t.Errorf("%s: %v", name, err)
		case err == nil && string(a.Body) != strings.Repeat("a", most):
			t.Errorf("%s: %d bytes", name, len(a.Body))
		case errors.As(err, &large) != strings.Contains(k.want, "more than"):
			t.Errorf("%s: %T", name, err)
		}
		web.Close()
	}
}

// What a result may have grows with the job, and holds the forms of all services.
func TestRoom(t *testing.T) {
	small := service.Room([]service.Shape{{Bits: 2, Shots: 1000}}, 1000)
	if small < 1<<20 || small > 2<<20 {
		t.Errorf("a small job: %d bytes", small)
	}
	job := []service.Shape{{Bits: 20, Shots: 100_000}, {Bits: 20, Shots: 100_000}}
	longest := 2 * 100_000 * (len("[],") + 20*len("      [\n        0\n      ],\n")) // a list of a bit in lines of its own
	if got := service.Room(job, 0); got < int64(longest) || got > 3*int64(longest) {
		t.Errorf("%d bytes, a result may have %d", got, longest)
	}
}

func TestOtherShots(t *testing.T) {
	shapes := []service.Shape{{Shots: 10}, {Shots: 20}, {Shots: 30}}
	for want, shots := range map[string][3]int{
		"": {10, 20, 30},
		"circuit 1 has 19 shots, 20 were asked for":             {10, 19, 30},
		"circuit 0 has 11 shots, 10 were asked for; and 2 more": {11, 21, 29},
	} {
		var found []backends.Outcome
		for _, n := range shots {
			found = append(found, backends.Outcome{Shots: n})
		}
		if got := service.OtherShots(shapes, found); got != want {
			t.Errorf("%v: %q, want %q", shots, got, want)
		}
	}
}
