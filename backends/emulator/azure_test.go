package emulator

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"qgan/backends"
	"qgan/backends/azure"
	"qgan/backends/exec"
	"qgan/backends/remote"
	"qgan/backends/service"
)

func azureClient(t *testing.T, e *Azure, url, device string) *azure.Client {
	t.Helper()
	c, err := azure.New(azure.Account{Subscription: "s", Group: "a group", Workspace: "w", Key: e.Credentials(), Source: "a test"}, device, service.Options{Endpoint: url, REST: soon})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func startAzure(t *testing.T, o Options, device string) (*Azure, *azure.Client) {
	t.Helper()
	e, err := NewAzure(o)
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewServer(e)
	t.Cleanup(s.Close)
	return e, azureClient(t, e, s.URL, device)
}

// The same requests on every target are the laws of the simulator here, by chi-square, one job
// for each circuit; without noise, as the service has no calibration data.
func TestAzureHasTheLaw(t *testing.T) {
	for _, device := range []string{"ionq.simulator", "ionq.qpu.emulated", "quantinuum.qpu.emulated"} {
		e, c := startAzure(t, Options{Ideal: true}, device)
		const shots = 10000
		r := &remote.Remote{Service: c, Ledger: openLedger(t, t.TempDir()), Patience: hasty}
		r.Limits.Unpriced = true
		x := &exec.Compiled{Runner: r, Target: targetOf(t, c)}
		res, err := x.Run(t.Context(), []backends.Request{{Circuit: fork(), Bindings: lanes, Shots: []int{shots}}})
		if err != nil {
			t.Fatalf("%s: %v", device, err)
		}
		if n := e.Counts().Accepted; n != lanes.Len() {
			t.Errorf("%s: %d jobs for %d circuits", device, n, lanes.Len())
		}
		compareLaws(t, device, res[0], shots, idealLaws(t))
	}
}

// Each kind of fault: every job is at the service once, and its result comes.
func TestAzureUnderFaults(t *testing.T) {
	for _, f := range []Fault{
		{On: "PUT /jobs/*", Kind: DropAfter}, {On: "PUT /jobs/*", Kind: DropBefore}, {On: "PUT /jobs/*", Kind: StatusAfter, Status: 500}, {On: "PUT /jobs/*", Kind: WithStatus, Status: 429},
		{On: "PUT /jobs/*", Kind: Truncate}, {On: "PUT /jobs/*", Kind: HTML}, {On: "PUT /inputData", Kind: WithStatus, Status: 503}, {On: "PUT /inputData", Kind: DropAfter},
		{On: "POST /storage/sasUri", Kind: WithStatus, Status: 500}, {On: "GET /rawOutputData", Kind: NotReady}, {On: "GET /rawOutputData", Kind: Truncate}, {On: "GET /jobs/*", Kind: StateBack},
	} {
		f.Times = 1
		t.Run(f.On+" "+f.Kind, func(t *testing.T) {
			e, c := startAzure(t, Options{Ideal: true, Faults: []Fault{f}}, "quantinuum.qpu.emulated")
			r := sender(t, c)
			p := one(t, c, 20)
			jobs, err := r.Plan(t.Context(), [][]service.Program{{p}, {p}}, "")
			if err != nil {
				t.Fatal(err)
			}
			for _, j := range jobs {
				if err := r.Finish(t.Context(), []string{j.ID}); err != nil {
					t.Fatal(err)
				}
				out, err := r.Outcomes(j.ID)
				if err != nil || len(out) != 1 || len(out[0].Counts) != 1 || out[0].Counts[0] != (backends.Count{Word: 1, N: 20}) {
					t.Errorf("%+v, %v", out, err)
				}
			}
			n := e.Counts()
			if n.Accepted != 2 || n.Faults != 1 || len(n.ByTag) != 2 {
				t.Errorf("%+v", n)
			}
		})
	}
}

// What the service says of a job that it refuses or that fails is told; a job that is cancelled
// is, one that has ended stays.
func TestAzureRefuses(t *testing.T) {
	clock := time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
	e, c := startAzure(t, Options{Ideal: true, Queue: time.Minute, Now: func() time.Time { return clock }}, "quantinuum.qpu.emulated")
	body, err := c.Body(t.Context(), []service.Program{one(t, c, 20)}, "a tag")
	if err != nil {
		t.Fatal(err)
	}
	change := func(old, now string) []byte { return bytes.Replace(body, []byte(old), []byte(now), 1) }
	for name, k := range map[string]struct {
		body []byte
		want string
	}{
		"a target":      {change(`"target":"quantinuum.qpu.emulated"`, `"target":"quantinuum.qpu.none"`), "TargetNotFound"},
		"another form":  {change("honeywell.openqasm.v1", "qir.v1"), "qir.v1"},
		"shots":         {change(`"shots":20`, `"shots":0`), "0 shots"},
		"no job at all": {[]byte("{}"), "is no job"},
	} {
		var fate *service.SubmitError
		if _, err := c.Submit(t.Context(), k.body); !errors.As(err, &fate) || fate.Fate != service.Refused || !strings.Contains(err.Error(), k.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	id, err := c.Submit(t.Context(), body)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := c.Submit(t.Context(), body); err != nil || again != id || e.Counts().Accepted != 1 {
		t.Errorf("the same body again: %s, %v, %+v", again, err, e.Counts())
	}
	if tag, err := c.Tag(t.Context(), id); err != nil || tag != "a tag" {
		t.Errorf("%q, %v", tag, err)
	}
	other, err := c.Submit(t.Context(), bytes.Replace(change("U1q", "nogate"), []byte(id), []byte("11111111-1111-4111-8111-111111111111"), 1))
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Cancel(t.Context(), id); err != nil {
		t.Error(err)
	}
	clock = clock.Add(time.Hour)
	if err := c.Cancel(t.Context(), other); err != nil { // it has ended
		t.Error(err)
	}
	for id, want := range map[string]service.RemoteState{id: service.Cancelled, other: service.Failed} {
		s, err := c.Poll(t.Context(), id)
		if err != nil || s.State != want || (want == service.Failed) != strings.Contains(s.Reason, "nogate") {
			t.Errorf("%+v, %v; want %s", s, err, want)
		}
	}
}

// A client's own program, with gates that are not native and two registers, is compiled; a
// token beside the registers is not kept.
func TestAzureTakesPrograms(t *testing.T) {
	_, c := startAzure(t, Options{Ideal: true}, "quantinuum.qpu.emulated")
	raw, err := json.Marshal(map[string]any{
		"id": "11111111-1111-4111-8111-111111111111", "content_type": "application/qasm",
		"input": "OPENQASM 2.0;\ninclude \"hqslib1.inc\";\nqreg q[3];\ncreg a[2];\ncreg b[1];\nx q[0];\nCX q[0],q[2];\nmeasure q[0] -> a[0];\nmeasure q[1] -> a[1];\nmeasure q[2] -> b[0];\n",
		"job":   map[string]any{"target": c.Device(), "inputDataFormat": "honeywell.openqasm.v1", "outputDataFormat": "honeywell.quantum-results.v1", "inputParams": map[string]int{"shots": 2}},
	})
	if err != nil {
		t.Fatal(err)
	}
	id, err := c.Submit(t.Context(), raw)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	if err := c.Fetch(t.Context(), id, 1<<20, &b); err != nil || b.String() != `{"a":["01","01"],"b":["1","1"]}` {
		t.Errorf("%s, %v", b.String(), err)
	}
}

// The processor's noise is that of its figures: of 5,000 shots of a flip some are wrong, few.
func TestAzureIsNoisy(t *testing.T) {
	_, c := startAzure(t, Options{}, "quantinuum.qpu.emulated")
	r := sender(t, c)
	jobs, err := r.Plan(t.Context(), [][]service.Program{{one(t, c, 5000)}}, "")
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Finish(t.Context(), []string{jobs[0].ID}); err != nil {
		t.Fatal(err)
	}
	out, err := r.Outcomes(jobs[0].ID)
	if err != nil || len(out) != 1 || len(out[0].Words) != 5000 {
		t.Fatalf("%+v, %v", out, err)
	}
	wrong := 0
	for _, w := range out[0].Words {
		if w != 1 {
			wrong++
		}
	}
	if wrong < 20 || wrong > 100 { // two readouts of half a percent, one gate
		t.Errorf("%d of 5000 shots are wrong", wrong)
	}
}
