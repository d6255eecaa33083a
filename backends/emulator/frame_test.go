package emulator

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"
)

// Pages that follow each other hold a list once.
func TestPage(t *testing.T) {
	list := []int{0, 1, 2, 3, 4}
	for _, k := range []struct {
		from, most int
		want       string
	}{
		{0, 2, "[0 1] 2"}, {2, 2, "[2 3] 4"}, {4, 2, "[4] <nil>"}, {0, 5, "[0 1 2 3 4] <nil>"},
		{7, 2, "[] <nil>"}, {-3, 1, "[0] 1"}, {1, 0, "[1] 2"},
	} {
		part, next := page(list, k.from, k.most)
		if got := fmt.Sprintf("%v %v", part, next); got != k.want {
			t.Errorf("%d from %d: %s, want %s", k.most, k.from, got, k.want)
		}
	}
	q := url.Values{"limit": {"7"}, "odd": {"x"}, "negative": {"-1"}}
	for name, want := range map[string]string{"limit": "7 true", "missing": "25 true", "odd": "0 false", "negative": "-1 false"} {
		n, ok := number(q, name, 25)
		if got := fmt.Sprint(n, ok); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}

// A service answers until its context ends, and then frees its address.
func TestServe(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s, err := New("iqm", Options{})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- Serve(ctx, l, s) }()
	r, err := http.Get("http://" + l.Addr().String() + CountsPath)
	if err != nil || r.StatusCode != http.StatusOK {
		t.Fatalf("%v, %v", r, err)
	}
	r.Body.Close()
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	again, err := net.Listen("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	again.Close()
}

// A list that lags behind leaves the newest jobs out until their time has come.
func TestListed(t *testing.T) {
	now := time.Unix(1000, 0)
	s, err := newFrame(Options{Now: func() time.Time { return now }, Faults: []Fault{{On: "GET /late", Kind: LateListing, Seconds: 10}}}, kind{name: "IQM", builtin: star})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"a", "b", "c"} {
		s.accept(&job{name: name})
		now = now.Add(6 * time.Second)
	}
	for _, k := range []struct {
		path   string
		newest bool
		want   string
	}{{"/prompt", false, "abc"}, {"/prompt", true, "cba"}, {"/late", false, "ab"}, {"/late", true, "ba"}} {
		got := ""
		for _, j := range s.listed(httptest.NewRequest("GET", k.path, nil), k.newest) {
			got += j.name
		}
		if got != k.want {
			t.Errorf("%s, the newest first %v: %s, want %s", k.path, k.newest, got, k.want)
		}
	}
}
