package emulator

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"qgan/backends"
	"qgan/backends/exec"
	"qgan/backends/ibm"
	"qgan/backends/ledger"
	"qgan/backends/remote"
	"qgan/backends/service"
	"qgan/backends/sim"
	"qgan/calibration"
	"qgan/internal/durable"
	"qgan/internal/stream"
	"qgan/ir"
	"qgan/ir/compile"
)

// start runs an emulator and returns it and its address.
func start(t *testing.T, o Options) (*IBM, string) {
	t.Helper()
	e, err := NewIBM(o)
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewServer(e)
	t.Cleanup(s.Close)
	return e, s.URL
}

// hasty waits for nothing long.
var hasty = remote.Patience{Looks: 4, LookEvery: 30 * time.Millisecond, PollMin: time.Millisecond, PollMax: 5 * time.Millisecond, Later: 10 * time.Second}

func client(t *testing.T, e *IBM, url string) *ibm.Client {
	t.Helper()
	key, instance := e.Credentials()
	c, err := ibm.New(ibm.Account{Key: key, Instance: instance}, e.Device(), service.Options{
		Endpoint: url, REST: service.RESTOptions{WaitMin: time.Millisecond, WaitMax: 5 * time.Millisecond, Timeout: 5 * time.Second},
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func openLedger(t *testing.T, dir string) *ledger.Ledger {
	t.Helper()
	l, err := ledger.Open(durable.OS{}, dir, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

// fork is a circuit whose outcome tells its bits apart: bit 0 from qubit 2, mostly one.
func fork() *ir.Circuit {
	c := ir.New(3, 3)
	c.Trained, c.Data = []string{"a"}, []string{"z"}
	c.Gate(ir.RY, []int{2}, ir.Const(2.5))
	c.Gate(ir.RX, []int{0}, ir.Data(1, 0))
	c.Gate(ir.CX, []int{2, 1})
	c.Gate(ir.RY, []int{1}, ir.Trained(1, 0))
	for bit, q := range []int{2, 0, 1} {
		c.Measure(q, bit)
	}
	return c
}

var lanes = backends.Bindings{Trained: [][]float64{{0.3}, {1.2}}, Data: [][]float64{{0.4}, {1.4}, {0.1}}}

// The same requests on the simulator and on the service are the same laws: chi-square of
// 20,000 shots of each lane against the ideal law, for a service without noise, by either of its programs.
func TestIBMHasTheLaw(t *testing.T) {
	for _, program := range []string{"sampler", "executor"} {
		t.Run(program, func(t *testing.T) { checkIBMLaw(t, program) })
	}
}

func checkIBMLaw(t *testing.T, program string) {
	e, url := start(t, Options{Ideal: true})
	key, instance := e.Credentials()
	c, err := ibm.New(ibm.Account{Key: key, Instance: instance}, e.Device(), service.Options{Endpoint: url, REST: soon, Job: map[string]string{"ibm-program": program}})
	if err != nil {
		t.Fatal(err)
	}
	snapshot, err := c.Snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	target, err := compile.NewTarget(snapshot)
	if err != nil {
		t.Fatal(err)
	}
	const shots = 20000
	r := &remote.Remote{Service: c, Ledger: openLedger(t, t.TempDir()), Patience: hasty}
	x := &exec.Compiled{Runner: r, Target: target, Options: compile.Options{FoldReadout: true, Schedule: true}}
	circuit := fork()
	res, err := x.Run(t.Context(), []backends.Request{{Circuit: circuit, Bindings: lanes, Shots: []int{shots}}})
	if err != nil {
		t.Fatal(err)
	}
	if n := e.Counts().Accepted; n != 1 || len(res[0].Provenance.Jobs) != 1 || res[0].Provenance.Backend != "ibm:emulated_heron" {
		t.Errorf("%d jobs, %+v", n, res[0].Provenance)
	}
	if id := e.all()[0].programID(); id != program {
		t.Errorf("it is a job of %s", id)
	}
	compareLaws(t, "ibm", res[0], shots, idealLaws(t))
}

// A token whose answer is cut short is asked for again: the key is not spent by that.
func TestIBMTokenCutShort(t *testing.T) {
	e, url := start(t, Options{Faults: []Fault{{On: "POST /identity/token", Kind: Truncate, Times: 1}}})
	if devices, err := client(t, e, url).Devices(t.Context()); err != nil || len(devices) != 1 || e.Counts().Faults != 1 {
		t.Errorf("%v, %v, %d faults", devices, err, e.Counts().Faults)
	}
}

// idealLaws are the laws of fork's lanes by their words.
func idealLaws(t *testing.T) (out [][]float64) {
	t.Helper()
	circuit := fork()
	circuit.Ops = circuit.Ops[:len(circuit.Ops)-3] // the measurements
	for lane := range lanes.Len() {
		l := lanes.Lane(lane)
		law, err := new(sim.Simulator).Probabilities(circuit, lanes.Trained[l.Trained], lanes.Data[l.Data])
		if err != nil {
			t.Fatal(err)
		}
		p := make([]float64, 8) // by the bits: qubits 2, 0, 1
		for x, q := range law {
			p[x&1<<2|x>>2&1<<1|x>>1&1] += q
		}
		out = append(out, p)
	}
	return out
}

// noisyLaws are the laws of fork's lanes, as they are compiled, on a processor with the
// noise of the calibration data that its service tells.
func noisyLaws(t *testing.T, c service.Service, x *exec.Compiled) (out [][]float64) {
	t.Helper()
	snapshot, err := c.Snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	model, err := calibration.NewNoiseModel(snapshot, calibration.NoiseOptions{})
	if err != nil {
		t.Fatal(err)
	}
	circuit := fork()
	for lane := range lanes.Len() {
		l := lanes.Lane(lane)
		compiled, readout, err := x.Bind(circuit, lanes.Trained[l.Trained], lanes.Data[l.Data])
		if err != nil {
			t.Fatal(err)
		}
		law, err := (&sim.Noisy{Model: model}).Law(t.Context(), compiled, nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		p := make([]float64, 8)
		for i, w := range law.Words {
			if readout != nil {
				w = readout.Word(w)
			}
			p[w] += law.P[i]
		}
		out = append(out, p)
	}
	return out
}

// compareLaws holds the outcomes of fork's lanes against laws by chi-square of seven
// degrees of freedom, which is above 24.3 once in a thousand.
func compareLaws(t *testing.T, name string, res backends.Result, shots int, laws [][]float64) {
	t.Helper()
	if len(res.Outcomes) != len(laws) {
		t.Fatalf("%s: %d outcomes of %d lanes", name, len(res.Outcomes), len(laws))
	}
	for lane, o := range res.Outcomes {
		seen := make([]float64, 8)
		for _, k := range o.Counts {
			seen[k.Word] = float64(k.N)
		}
		n, chi := float64(shots), 0.0
		for i, q := range laws[lane] {
			d := seen[i] - n*q
			chi += d * d / (n * q)
		}
		if !(chi <= 24.3) || o.Shots != shots {
			t.Errorf("%s, lane %d: chi-square %.1f of %d shots", name, lane, chi, o.Shots)
		}
	}
}

// With noise the outcomes are those of the noisy simulator for the same circuit, and do
// not depend on what else was asked before.
func TestIBMIsAFunctionOfItsRequest(t *testing.T) {
	program := func() service.Program {
		c := ir.New(7, 2)
		c.Gate(ir.SX, []int{0})
		c.Gate(ir.CZ, []int{0, 1})
		c.Measure(0, 0)
		c.Measure(1, 1)
		return service.Program{Circuit: c, Shots: 500}
	}
	var words [][]uint64
	for before := range 2 {
		e, url := start(t, Options{Seed: 9})
		c := client(t, e, url)
		l := openLedger(t, t.TempDir())
		r := &remote.Remote{Service: c, Ledger: l, Patience: hasty}
		for i := range before + 1 {
			p := program()
			p.Shots -= 100 * (before - i) // others come first
			jobs, err := r.Plan(t.Context(), [][]service.Program{{p}}, "")
			if err != nil {
				t.Fatal(err)
			}
			if err := r.Finish(t.Context(), []string{jobs[0].ID}); err != nil {
				t.Fatal(err)
			}
			o, err := r.Outcomes(jobs[0].ID)
			if err != nil {
				t.Fatal(err)
			}
			if i == before {
				words = append(words, o[0].Words)
			}
		}
	}
	if !slices.Equal(words[0], words[1]) {
		t.Error("the shots depend on what was asked before")
	}
	ones := 0
	for _, w := range words[0] {
		ones += int(w >> 1 & 1)
	}
	if ones < 200 || ones > 300 {
		t.Errorf("%d of 500 shots are one", ones)
	}
}

// What the service refuses: the status, and a message that says why.
func TestIBMRefuses(t *testing.T) {
	e, url := start(t, Options{})
	c := client(t, e, url)
	body := func(pub string) []byte {
		return fmt.Appendf(nil, `{"program_id":"sampler","backend":"emulated_heron","params":{"pubs":[%s],"version":2}}`, pub)
	}
	const head = `OPENQASM 3.0;\ninclude \"stdgates.inc\";\nbit[1] c;\n`
	for name, k := range map[string]struct {
		body []byte
		text string
	}{
		"no JSON":         {[]byte("{"), "JSON"},
		"another device":  {[]byte(`{"program_id":"sampler","backend":"ibm_torino","params":{"pubs":[[""]],"version":2}}`), "ibm_torino"},
		"another program": {[]byte(`{"program_id":"estimator","backend":"emulated_heron","params":{"pubs":[[""]],"version":2}}`), "estimator"},
		"no PUB":          {body(""), "no PUBs"},
		"no program":      {body(`["what"]`), "PUB 0"},
		"not native":      {body(`["` + head + `h $0;\nc[0] = measure $0;\n"]`), "h"},
		"not coupled":     {body(`["` + head + `cz $0, $5;\nc[0] = measure $0;\n"]`), "instruction 0"},
		"no such qubit":   {body(`["` + head + `x $99;\nc[0] = measure $99;\n"]`), "99"},
		"a parameter few": {body(`["OPENQASM 3.0;\ninclude \"stdgates.inc\";\ninput float[64] a;\nbit[1] c;\nrz(a) $0;\nc[0] = measure $0;\n", []]`), "0 parameters for the circuit's 1: a"},
		"too many shots":  {body(`["` + head + `c[0] = measure $0;\n", null, 20000000]`), "20000000 shots"},
		"OpenQASM 2":      {body(`["OPENQASM 2.0;\nqreg q[1];\ncreg c[1];\nmeasure q[0] -> c[0];\n"]`), "2.0"},
	} {
		_, err := c.Submit(t.Context(), k.body)
		var fate *service.SubmitError
		if !errors.As(err, &fate) || fate.Fate != service.Refused || !strings.Contains(err.Error(), k.text) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if n := e.Counts().Accepted; n != 0 {
		t.Errorf("%d of them were accepted", n)
	}
	if _, err := c.Poll(t.Context(), "nosuchjob"); service.StatusOf(err) != http.StatusNotFound {
		t.Errorf("an unknown job: %v", err)
	}
	wrong, err := ibm.New(ibm.Account{Key: "wrong", Instance: "crn:v1:bluemix:public:quantum-computing:us-east:a/1:2::"}, e.Device(), service.Options{Endpoint: url})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := wrong.Devices(t.Context()); err == nil || !strings.Contains(err.Error(), "BXNIM0415E") {
		t.Errorf("a wrong key: %v", err)
	}
}

// A job waits, runs and can be stopped before its end, not after.
func TestIBMStates(t *testing.T) {
	now := time.Date(2026, 5, 12, 9, 0, 0, 0, time.UTC)
	e, url := start(t, Options{Queue: 10 * time.Second, Execution: 5 * time.Second, Now: func() time.Time { return now }})
	c := client(t, e, url)
	submit := func() string {
		t.Helper()
		id, err := c.Submit(t.Context(), []byte(`{"program_id":"sampler","backend":"emulated_heron","params":{"pubs":[["OPENQASM 3.0;\nbit[1] c;\nc[0] = measure $0;\n"]],"version":2}}`))
		if err != nil {
			t.Fatal(err)
		}
		return id
	}
	poll := func(id string, want service.RemoteState) {
		t.Helper()
		if s, err := c.Poll(t.Context(), id); err != nil || s.State != want {
			t.Errorf("%+v, %v, want %s", s, err, want)
		}
	}
	one, two := submit(), submit()
	poll(one, service.Queued)
	now = now.Add(11 * time.Second)
	poll(one, service.Running)
	if err := c.Fetch(t.Context(), one, 1<<20, new(strings.Builder)); err == nil {
		t.Error("a running job has a result")
	}
	if err := c.Cancel(t.Context(), two); err != nil {
		t.Fatal(err)
	}
	now = now.Add(10 * time.Second)
	poll(one, service.Completed)
	poll(two, service.Cancelled)
	if err := c.Cancel(t.Context(), one); err != nil {
		t.Fatal(err)
	}
	poll(one, service.Completed)
}

// Each kind of fault, where it hurts most: every job is at the service once and its
// result comes.
func TestIBMUnderEachFault(t *testing.T) {
	for _, k := range []Fault{
		{On: "POST /jobs", Kind: DropBefore, Times: 2},
		{On: "POST /jobs", Kind: DropAfter, Times: 2},
		{On: "POST /jobs", Kind: WithStatus, Status: 429, RetryAfter: 0.01, Times: 2},
		{On: "POST /jobs", Kind: WithStatus, Status: 503, Times: 1},
		{On: "POST /jobs", Kind: StatusAfter, Status: 500, Times: 2},
		{On: "POST /jobs", Kind: Truncate, Times: 2},
		{On: "POST /jobs", Kind: HTML, Times: 1},
		{On: "POST /jobs", Kind: Slow, Seconds: 0.05},
		{On: "POST /identity/token", Kind: WithStatus, Status: 503, Times: 2},
		{On: "GET /jobs", Kind: LateListing, Seconds: 0.05},
		{On: "GET /jobs/*", Kind: WithStatus, Status: 500, Times: 9},
		{On: "GET /jobs/*", Kind: BadToken, Times: 2},
		{On: "GET /jobs/*", Kind: StateBack, Times: 2},
		{On: "GET /jobs/*", Kind: HTML, Times: 2},
		{On: "GET /jobs/*/results", Kind: NotReady, Times: 3},
		{On: "GET /jobs/*/results", Kind: Truncate, Times: 3},
		{On: "GET /jobs/*/results", Kind: DropAfter, Times: 3},
		{On: "GET /jobs/*/results", Kind: HTML, Times: 2},
	} {
		t.Run(k.Kind+" "+strings.ReplaceAll(k.On, "/", "-"), func(t *testing.T) {
			faults := []Fault{k}
			if k.Kind == LateListing {
				faults = append(faults, Fault{On: "POST /jobs", Kind: DropAfter, Times: 1})
			}
			e, url := start(t, Options{Faults: faults})
			r := &remote.Remote{Service: client(t, e, url), Ledger: openLedger(t, t.TempDir()), Patience: hasty, Resubmit: true}
			c := ir.New(7, 1)
			c.Gate(ir.X, []int{3})
			c.Measure(3, 0)
			jobs, err := r.Plan(t.Context(), [][]service.Program{{{Circuit: c, Shots: 50}}, {{Circuit: c, Shots: 60}}}, "")
			if err != nil {
				t.Fatal(err)
			}
			if err := r.Finish(t.Context(), []string{jobs[0].ID, jobs[1].ID}); err != nil {
				t.Fatal(err)
			}
			counts := e.Counts()
			for _, j := range jobs {
				if n := counts.ByTag[j.ID]; n != 1 {
					t.Errorf("job %s is %d times at the service", j.ID, n)
				}
				if o, err := r.Outcomes(j.ID); err != nil || o[0].Shots < 50 {
					t.Errorf("%v, %v", o, err)
				}
			}
			if counts.Faults == 0 {
				t.Error("no fault was played")
			}
		})
	}
}

// Many jobs under a fifth of faults of all kinds, the sender dying again and again: each
// is at the service exactly once and its result in the ledger.
func TestIBMEveryJobOnce(t *testing.T) {
	var faults []Fault
	for _, k := range []Fault{
		{On: "POST /jobs", Kind: DropBefore}, {On: "POST /jobs", Kind: DropAfter}, {On: "POST /jobs", Kind: StatusAfter, Status: 500},
		{On: "POST /jobs", Kind: WithStatus, Status: 429, RetryAfter: 0.002}, {On: "POST /jobs", Kind: Truncate}, {On: "POST /jobs", Kind: HTML},
		{On: "GET /jobs/*", Kind: WithStatus, Status: 503}, {On: "GET /jobs/*", Kind: StateBack}, {On: "GET /jobs/*/results", Kind: Truncate}, {On: "GET /jobs/*/results", Kind: NotReady},
	} {
		k.Probability = 0.04
		faults = append(faults, k)
	}
	faults = append(faults, Fault{On: "GET /jobs", Kind: LateListing, Seconds: 0.06})
	e, url := start(t, Options{Faults: faults, Seed: 5})
	c := ir.New(7, 1)
	c.Data = []string{"z"}
	c.Gate(ir.RZ, []int{2}, ir.Data(1, 0))
	c.Gate(ir.SX, []int{2})
	c.Measure(2, 0)
	everyJobOnce(t, 120, c, e.Counts, func() service.Service { return client(t, e, url) })
}

// everyJobOnce sends jobs of a circuit of one data symbol, the sender dying fifteen times.
func everyJobOnce(t *testing.T, jobs int, c *ir.Circuit, counts func() Counts, connect func() service.Service) {
	t.Helper()
	if testing.Short() {
		jobs /= 3
	}
	dir := t.TempDir()
	request := backends.Request{Circuit: c, Shots: []int{20}}
	for i := range jobs {
		request.Bindings.Data = append(request.Bindings.Data, []float64{float64(i+1) / 100})
	}
	rng := stream.New(3, "deaths")
	for deaths := 0; ; deaths++ {
		r := &remote.Remote{Service: oneByOne{connect()}, Ledger: openLedger(t, dir), Patience: hasty, Resubmit: true, PerMinute: new(int)}
		ctx, cancel := context.WithTimeout(t.Context(), time.Duration(20+rng.IntN(300))*time.Millisecond)
		if deaths >= 15 {
			cancel()
			ctx, cancel = context.WithCancel(t.Context())
		}
		_, err := r.Run(ctx, []backends.Request{request})
		cancel()
		if err == nil {
			break
		}
		if deaths >= 15 {
			t.Fatal(err)
		}
	}
	n := counts()
	if len(n.ByTag) != jobs || n.Faults < jobs/10 {
		t.Errorf("%d jobs at the service, %d faults", len(n.ByTag), n.Faults)
	}
	for tag, times := range n.ByTag {
		if times != 1 {
			t.Errorf("job %s is %d times at the service", tag, times)
		}
	}
	kept, err := openLedger(t, dir).Jobs()
	if err != nil || len(kept) != jobs {
		t.Fatalf("%d jobs in the ledger: %v", len(kept), err)
	}
	for _, j := range kept {
		if j.State != ledger.Done {
			t.Errorf("job %s is %s: %s", j.ID, j.State, j.Reason)
		}
	}
}

// oneByOne sends each circuit as a job of its own.
type oneByOne struct{ remoteService }

type remoteService = service.Service

func (o oneByOne) Names(c *ir.Circuit) []string {
	if named, ok := o.remoteService.(service.Named); ok {
		return named.Names(c)
	}
	return nil
}

func (o oneByOne) Limits(context.Context) (service.Limits, error) {
	return service.Limits{Programs: 1}, nil
}

func TestReadFaults(t *testing.T) {
	good := "[[fault]]\non = \"POST /jobs\"\nkind = \"drop-after\"\nprobability = 0.2\n"
	if f, err := ReadFaults("plan.toml", []byte(good)); err != nil || len(f) != 1 || f[0].Probability != 0.2 {
		t.Errorf("%+v, %v", f, err)
	}
	for _, text := range []string{
		"[[fault]]\nkind = \"explode\"\n", "[[fault]]\nkind = \"status\"\n", "[[fault]]\nkind = \"slow\"\nwhen = 3\n", "[[fault]]\nkind = \"html\"\nprobability = 2\n", "what",
		"[[fault]]\non = \"GET /jobs/[\"\nkind = \"html\"\n",
	} {
		if _, err := ReadFaults("plan.toml", []byte(text)); err == nil || !strings.Contains(err.Error(), "plan.toml") {
			t.Errorf("%q: %v", text, err)
		}
	}
}
