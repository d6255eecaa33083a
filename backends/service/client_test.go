package service

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"qgan/backends"
	"qgan/ir"
)

// What is said of a job without asking depends on the address alone.
func TestPlace(t *testing.T) {
	own, other := At("ibm", "torino", ""), At("ibm", "torino", "http://127.0.0.1:1")
	if own.Service() != "ibm" || own.Device() != "torino" || own.Endpoint() != "" || other.Endpoint() != "http://127.0.0.1:1" {
		t.Errorf("%+v, %+v", own, other)
	}
	if c := own.Cost(); c != nil {
		t.Errorf("at the service's own address a job costs %v", *c)
	}
	if c := other.Cost(); c == nil || *c != 0 {
		t.Errorf("on this machine a job costs %v", c)
	}
	if p, free := other.Gratis(); !free || p.USD != 0 || p.Basis != "on this machine: free" {
		t.Errorf("%+v, %v", p, free)
	}
	// A way to the service over another host, or its own address spelled out, is not free.
	for _, endpoint := range []string{"", "https://proxy.example/ibm", "https://quantum.cloud.ibm.com", "https://10.0.0.1", "https://localhost.example", "https://127.0.0.1.example"} {
		p := At("ibm", "torino", endpoint)
		if _, free := p.Gratis(); free || p.Local() || p.Cost() != nil {
			t.Errorf("jobs at %q cost nothing", endpoint)
		}
	}
	for _, endpoint := range []string{"http://localhost:8080/x", "https://127.0.0.1", "http://[::1]:80", "http://127.9.9.9"} {
		if !At("ibm", "torino", endpoint).Local() {
			t.Errorf("%s is not this machine", endpoint)
		}
	}
	o := Options{Endpoint: "http://127.0.0.1:1/"}
	if a, b := o.Address("https://ibm.example/"), (Options{}).Address("https://ibm.example/"); a != "http://127.0.0.1:1" || b != "https://ibm.example" {
		t.Errorf("%s, %s", a, b)
	}
	then := time.Unix(7, 0)
	if got := (Options{Now: func() time.Time { return then }}).Clock()(); !got.Equal(then) || (Options{}).Clock() == nil {
		t.Errorf("the clock says %v", got)
	}
}

// Refusals of programs name the program and the device.
func TestWrite(t *testing.T) {
	good := ir.New(1, 1)
	good.Measure(0, 0)
	symbols := ir.New(1, 1)
	symbols.Trained = []string{"a"}
	symbols.Measure(0, 0)
	away := ir.New(1, 1)
	away.Measure(0, -1)
	odd := errors.New("odd")
	for name, k := range map[string]struct {
		second Program
		equal  bool
		err    error // of writing it
		want   string
	}{
		"fine":          {Program{good, 5}, true, nil, ""},
		"other shots":   {Program{good, 6}, true, nil, "program 1 has 6 shots, the first 5: those of a job are the same"},
		"shots of each": {Program{good, 6}, false, nil, ""},
		"symbols":       {Program{symbols, 5}, true, nil, "program 1 of the job for torino: its angles hold symbols: bind them"},
		"nothing read":  {Program{ir.New(1, 1), 5}, true, nil, "program 1 of the job for torino: nothing is measured"},
		"thrown away":   {Program{away, 5}, true, nil, "program 1 of the job for torino: nothing is measured"},
		"can't be held": {Program{ir.New(1, 1), 5}, true, odd, "program 1 of the job for torino: odd"},
	} {
		var written []int
		err := At("ibm", "torino", "").Write([]Program{{good, 5}, k.second}, k.equal, func(i int, c *ir.Circuit) error {
			written = append(written, i)
			if i == 1 {
				return k.err
			}
			return nil
		})
		text := ""
		if err != nil {
			text = err.Error()
		}
		if text != k.want || len(written) == 0 || written[0] != 0 {
			t.Errorf("%s: %v (written %v), want %q", name, err, written, k.want)
		}
	}
	if err := SameShots([]Program{{good, 5}, {good, 5}, {good, 4}}, "task"); err == nil || err.Error() != "program 2 has 4 shots, the first 5: those of a task are the same" {
		t.Errorf("%v", err)
	}
	place := At("ionq", "qpu", "")
	var refusal *backends.Refusal
	if err := place.Fits(make([]byte, 2<<20), 2<<20); err != nil {
		t.Errorf("a body of the largest size: %v", err)
	}
	if err := place.Fits(make([]byte, 2<<20+1), 2<<20); !errors.As(err, &refusal) || !strings.Contains(err.Error(), "at most 2 are taken") {
		t.Errorf("a body above it: %v", err)
	}
}

// A word in any case is its state, and one that nobody knows yet is a job that runs.
func TestStates(t *testing.T) {
	s := States{"queued": Queued, "completed": Completed}
	for word, want := range map[string]RemoteState{"QUEUED": Queued, "Completed": Completed, "settling": Running, "": Running} {
		if got := s.Of(word); got != want {
			t.Errorf("%q is %s, want %s", word, got, want)
		}
	}
	if a, b, c := WithCode("broken", ""), WithCode("broken", "7"), WithCode("", "7"); a != "broken" || b != "broken (7)" || c != "(7)" {
		t.Errorf("%q, %q, %q", a, b, c)
	}
}

func TestOutcomes(t *testing.T) {
	shapes := []Shape{{Shots: 3}, {Shots: 4}}
	out, err := Outcomes("IQM: the result", shapes, 2, func(i int, s Shape) (backends.Outcome, error) { return backends.Outcome{Shots: 10*i + s.Shots}, nil })
	if err != nil || len(out) != 2 || out[0].Shots != 3 || out[1].Shots != 14 {
		t.Errorf("%+v, %v", out, err)
	}
	fail := func(i int, _ Shape) (backends.Outcome, error) {
		if i == 1 {
			return backends.Outcome{}, errors.New("odd")
		}
		return backends.Outcome{}, nil
	}
	for found, want := range map[int]string{1: "IQM: the result holds 1 circuits, 2 were sent", 2: "IQM: the result, program 1: odd"} {
		if _, err := Outcomes("IQM: the result", shapes, found, fail); err == nil || err.Error() != want {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

// A device that is not there is named, and a conflict with a job that has ended is none.
func TestDescribeAndCancel(t *testing.T) {
	status := 0
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(status) }))
	defer s.Close()
	rest, err := NewREST("X", s.URL, RESTOptions{Retries: -1})
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range []struct {
		status        int
		names, cancel bool // the error names the device; cancelling is an error
	}{{200, false, false}, {404, true, true}, {409, false, false}, {403, false, true}} {
		status = k.status
		_, err := rest.Describe(t.Context(), "garnet", "devices/garnet")
		if named := err != nil && strings.HasPrefix(err.Error(), "device garnet: "); named != k.names || (err == nil) != (k.status == 200) {
			t.Errorf("%d: %v", k.status, err)
		}
		if err := rest.Cancel(t.Context(), Call{Method: http.MethodPost, Path: "jobs/1/cancel"}); (err != nil) != k.cancel {
			t.Errorf("cancelling, %d: %v", k.status, err)
		}
	}
}
