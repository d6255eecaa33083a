package emulator

import (
	"errors"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"qgan/backends"
	"qgan/backends/exec"
	"qgan/backends/ionq"
	"qgan/backends/remote"
	"qgan/backends/service"
	"qgan/ir"
	"qgan/ir/compile"
)

func startIonQ(t *testing.T, o Options, device string) (*IonQ, *ionq.Client) {
	t.Helper()
	e, err := NewIonQ(o)
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewServer(e)
	t.Cleanup(s.Close)
	c, err := ionq.New(ionq.Account{Key: e.Credentials()}, device, service.Options{
		Endpoint: s.URL, REST: service.RESTOptions{WaitMin: time.Millisecond, WaitMax: 5 * time.Millisecond, Timeout: 5 * time.Second},
	})
	if err != nil {
		t.Fatal(err)
	}
	return e, c
}

// The same requests on the simulator here and on the service's are the same laws, by
// chi-square; on its processor that of its calibration data.
func TestIonQHasTheLaw(t *testing.T) {
	circuit := fork()
	for _, device := range []string{"simulator", "qpu.emulated"} {
		e, c := startIonQ(t, Options{}, device)
		snapshot, err := c.Snapshot(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		target, err := compile.NewTarget(snapshot)
		if err != nil {
			t.Fatal(err)
		}
		const shots = 10000
		r := &remote.Remote{Service: c, Ledger: openLedger(t, t.TempDir()), Patience: hasty}
		r.Limits.Unpriced = true
		x := &exec.Compiled{Runner: r, Target: target}
		res, err := x.Run(t.Context(), []backends.Request{{Circuit: circuit, Bindings: lanes, Shots: []int{shots}}})
		if err != nil {
			t.Fatal(err)
		}
		if n := e.Counts().Accepted; n != 1 {
			t.Errorf("%d jobs", n)
		}
		laws := idealLaws(t)
		if device != "simulator" {
			laws = noisyLaws(t, c, x)
		}
		compareLaws(t, device, res[0], shots, laws)
	}
}

// Each kind of fault: every job is at the service once and its result comes.
func TestIonQUnderFaults(t *testing.T) {
	e, c := startIonQ(t, Options{Seed: 2, Faults: []Fault{
		{On: "POST /jobs", Kind: DropAfter, Times: 2}, {On: "POST /jobs", Kind: DropBefore, Skip: 3, Times: 1}, {On: "POST /jobs", Kind: StatusAfter, Status: 503, Skip: 5, Times: 1},
		{On: "GET /jobs", Kind: LateListing, Seconds: 0.05}, {On: "GET /jobs/*", Kind: HTML, Times: 2}, {On: "GET /jobs/*", Kind: StateBack, Times: 2},
		{On: "GET /jobs/*/results/probabilities", Kind: NotReady, Times: 2}, {On: "GET /jobs/*/results/probabilities", Kind: Truncate, Skip: 3, Times: 1},
	}}, "simulator")
	r := &remote.Remote{Service: c, Ledger: openLedger(t, t.TempDir()), Patience: hasty, Resubmit: true}
	circuit := ir.New(29, 1)
	circuit.Gate(ir.GPI, []int{28}, ir.Const(0))
	circuit.Measure(28, 0)
	var jobs [][]service.Program
	for i := range 8 {
		jobs = append(jobs, []service.Program{{Circuit: circuit, Shots: 10 + i}})
	}
	planned, err := r.Plan(t.Context(), jobs, "")
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, j := range planned {
		ids = append(ids, j.ID)
	}
	if err := r.Finish(t.Context(), ids); err != nil {
		t.Fatal(err)
	}
	counts := e.Counts()
	for i, id := range ids {
		o, err := r.Outcomes(id)
		if n := counts.ByTag[id]; n != 1 || err != nil || len(o[0].Counts) != 1 || o[0].Counts[0] != (backends.Count{Word: 1, N: 10 + i}) {
			t.Errorf("job %s is %d times at the service: %v, %v", id, n, o, err)
		}
	}
	if counts.Faults < 8 {
		t.Errorf("%d faults were played", counts.Faults)
	}
}

// What the service refuses, at once or after it took the job.
func TestIonQRefuses(t *testing.T) {
	_, c := startIonQ(t, Options{}, "qpu.emulated")
	for name, k := range map[string]struct{ body, text string }{
		"no JSON":       {"{", "JSON"},
		"another type":  {`{"type":"ionq.qasm3.v1","backend":"simulator","input":{}}`, "ionq.qasm3.v1"},
		"no backend":    {`{"type":"ionq.circuit.v1","backend":"qpu.none","input":{"qubits":1,"circuit":[]}}`, "qpu.none"},
		"shots":         {`{"type":"ionq.circuit.v1","backend":"simulator","shots":"many","input":{"qubits":1,"circuit":[]}}`, "shots"},
		"a noise model": {`{"type":"ionq.circuit.v1","backend":"simulator","noise":{"model":"aria-1"},"input":{"qubits":1,"circuit":[]}}`, "aria-1"},
		"no circuits":   {`{"type":"ionq.multi-circuit.v1","backend":"simulator","input":{"qubits":1,"circuits":[]}}`, "0 circuits"},
		"many gates":    {`{"type":"ionq.circuit.v1","backend":"simulator","input":{"qubits":1,"circuit":[` + strings.Repeat(`{"gate":"x","target":0},`, 150_000) + `{"gate":"x","target":0}]}}`, "150001 gates"},
	} {
		_, err := c.Submit(t.Context(), []byte(k.body))
		var fate *service.SubmitError
		if !errors.As(err, &fate) || fate.Fate != service.Refused || !strings.Contains(err.Error(), k.text) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, k := range map[string]struct{ circuit, text string }{
		"unknown gate":     {`{"gate":"what","target":0}`, "what"},
		"abstract gate":    {`{"gate":"h","target":0}`, "h"},
		"no such qubit":    {`{"gate":"gpi","target":11,"phase":0}`, "11"},
		"no phase":         {`{"gate":"gpi2","target":0}`, "angle"},
		"the same qubit":   {`{"gate":"zz","targets":[1,1],"angle":0.25}`, "[1 1]"},
		"too few operands": {`{"gate":"zz","targets":[1],"angle":0.25}`, "zz"},
	} {
		id, err := c.Submit(t.Context(), []byte(`{"type":"ionq.circuit.v1","backend":"qpu.emulated","input":{"gateset":"native","qubits":11,"circuit":[`+k.circuit+`]}}`))
		if err != nil {
			t.Fatal(err)
		}
		if s, err := c.Poll(t.Context(), id); err != nil || s.State != service.Failed || !strings.Contains(s.Reason, k.text) {
			t.Errorf("%s: %+v, %v", name, s, err)
		}
	}
}
