package emulator

import (
	"errors"
	"math"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"qgan/backends"
	"qgan/backends/exec"
	"qgan/backends/iqm"
	"qgan/backends/ledger"
	"qgan/backends/remote"
	"qgan/backends/service"
	"qgan/ir/compile"
)

func startIQM(t *testing.T, o Options) (*IQM, *iqm.Client) {
	t.Helper()
	e, err := NewIQM(o)
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewServer(e)
	t.Cleanup(s.Close)
	a, err := iqm.FindAccount(func(n string) string { return map[string]string{"IQM_TOKEN": e.Credentials()}[n] }, nil)
	if err != nil {
		t.Fatal(err)
	}
	c, err := iqm.New(a, e.Device(), service.Options{Endpoint: s.URL, REST: service.RESTOptions{WaitMin: time.Millisecond, WaitMax: 5 * time.Millisecond, Timeout: 5 * time.Second}})
	if err != nil {
		t.Fatal(err)
	}
	return e, c
}

// The same requests on the simulator and on the server are the same laws, by chi-square;
// with noise that of the calibration data.
func TestIQMHasTheLaw(t *testing.T) {
	circuit := fork()
	for _, ideal := range []bool{true, false} {
		e, c := startIQM(t, Options{Ideal: ideal})
		snapshot, err := c.Snapshot(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if q := snapshot.Qubits[1]; q.Label != "QB2" || math.Abs(q.T1.X-4.2e-5) > 1e-12 || math.Abs(q.P0Given1.X-0.021) > 1e-12 {
			t.Errorf("%+v", q)
		}
		target, err := compile.NewTarget(snapshot)
		if err != nil {
			t.Fatal(err)
		}
		const shots = 10000
		r := &remote.Remote{Service: c, Ledger: openLedger(t, t.TempDir()), Patience: hasty}
		x := &exec.Compiled{Runner: r, Target: target, Options: compile.Options{FoldReadout: true}}
		res, err := x.Run(t.Context(), []backends.Request{{Circuit: circuit, Bindings: lanes, Shots: []int{shots}}})
		if err != nil {
			t.Fatal(err)
		}
		if n := e.Counts().Accepted; n != 1 {
			t.Errorf("%d jobs", n)
		}
		laws := idealLaws(t)
		if !ideal {
			laws = noisyLaws(t, c, x)
		}
		compareLaws(t, "iqm", res[0], shots, laws)
	}
}

// A lost answer leaves a job unknown, since it can't be looked up; other faults pass.
func TestIQMUnderFaults(t *testing.T) {
	program := func(c *iqm.Client) []service.Program {
		snapshot, err := c.Snapshot(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		target, err := compile.NewTarget(snapshot)
		if err != nil {
			t.Fatal(err)
		}
		bound, err := fork().Bind(lanes.Trained[0], lanes.Data[0])
		if err != nil {
			t.Fatal(err)
		}
		r, err := compile.Compile(bound, target, compile.Options{})
		if err != nil {
			t.Fatal(err)
		}
		return []service.Program{{Circuit: r.Circuit, Shots: 20}}
	}
	e, c := startIQM(t, Options{Faults: []Fault{
		{On: "POST /jobs/*/circuit", Kind: WithStatus, Status: 429, RetryAfter: 0.01, Times: 1}, {On: "GET /jobs/*", Kind: HTML, Times: 2}, {On: "GET /jobs/*", Kind: StateBack, Times: 1},
		{On: "GET /jobs/*/artifacts/measurements", Kind: NotReady, Times: 2}, {On: "GET /jobs/*/artifacts/measurements", Kind: Truncate, Skip: 1, Times: 1},
	}})
	r := &remote.Remote{Service: c, Ledger: openLedger(t, t.TempDir()), Patience: hasty}
	r.Limits.Unpriced = true
	jobs, err := r.Plan(t.Context(), [][]service.Program{program(c)}, "")
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Finish(t.Context(), []string{jobs[0].ID}); err != nil {
		t.Fatal(err)
	}
	if o, err := r.Outcomes(jobs[0].ID); err != nil || o[0].Shots != 20 || e.Counts().ByTag[jobs[0].ID] != 1 {
		t.Errorf("%v, %v", o, err)
	}
	e, c = startIQM(t, Options{Faults: []Fault{{On: "POST /jobs/*/circuit", Kind: DropAfter}}})
	r = &remote.Remote{Service: c, Ledger: openLedger(t, t.TempDir()), Patience: hasty}
	if jobs, err = r.Plan(t.Context(), [][]service.Program{program(c)}, ""); err != nil {
		t.Fatal(err)
	}
	if err := r.Finish(t.Context(), []string{jobs[0].ID}); !errors.Is(err, remote.ErrUnknown) || e.Counts().Accepted != 1 {
		t.Errorf("%v, %d at the server", err, e.Counts().Accepted)
	}
	if j, err := r.Ledger.Job(jobs[0].ID); err != nil || j.State != ledger.Unknown {
		t.Errorf("%+v, %v", j, err)
	}
}

func TestIQMRefuses(t *testing.T) {
	_, c := startIQM(t, Options{})
	for name, k := range map[string]struct{ body, text string }{
		"no JSON":      {"{", "read"},
		"no circuits":  {`{"circuits":[],"shots":1}`, "no circuits"},
		"no shots":     {`{"circuits":[{"name":"a","instructions":[]}],"shots":0}`, "0 shots"},
		"no name":      {`{"circuits":[{"name":"","instructions":[]}],"shots":1}`, "no name"},
		"another set":  {`{"circuits":[{"name":"a","instructions":[]}],"shots":1,"calibration_set_id":"old"}`, "old"},
		"no qubit":     {`{"circuits":[{"name":"a","instructions":[{"name":"measure","locus":["QB9"],"args":{"key":"m"}}]}],"shots":1}`, "QB9"},
		"not coupled":  {`{"circuits":[{"name":"a","instructions":[{"name":"cz","locus":["QB1","QB2"],"args":{}},{"name":"measure","locus":["QB1"],"args":{"key":"m"}}]}],"shots":1}`, "cz"},
		"unknown":      {`{"circuits":[{"name":"a","instructions":[{"name":"h","locus":["QB1"],"args":{}}]}],"shots":1}`, "h"},
		"nothing read": {`{"circuits":[{"name":"a","instructions":[]}],"shots":1}`, "nothing is measured"},
		"the same key": {`{"circuits":[{"name":"a","instructions":[{"name":"measure","locus":["QB1"],"args":{"key":"m"}},{"name":"measure","locus":["QB2"],"args":{"key":"m"}}]}],"shots":1}`, "twice"},
	} {
		_, err := c.Submit(t.Context(), []byte(k.body))
		var fate *service.SubmitError
		if !errors.As(err, &fate) || fate.Fate != service.Refused || !strings.Contains(err.Error(), k.text) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
