package emulator

import (
	"bytes"
	"compress/zlib"
	"context"
	"encoding/base64"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"qgan/backends/ibm"
	"qgan/backends/ionq"
	"qgan/backends/iqm"
	"qgan/backends/ledger"
	"qgan/backends/remote"
	"qgan/backends/service"
	"qgan/calibration"
	"qgan/ir"
	"qgan/ir/compile"
)

// report is a public report about a service's official clients, and what has to happen
// instead.
type report struct {
	of   string // repository#number, several with commas
	must string
	test func(t *testing.T)
}

// spy keeps the requests that a server gets.
type spy struct {
	next http.Handler

	mu       sync.Mutex
	requests []*http.Request
}

func (s *spy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.requests = append(s.requests, r.Clone(context.Background()))
	s.mu.Unlock()
	s.next.ServeHTTP(w, r)
}

// count is how many requests have a method and a path with such an end.
func (s *spy) count(method, end string) (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range s.requests {
		if r.Method == method && strings.HasSuffix(r.URL.Path, end) {
			n++
		}
	}
	return n
}

func watch(t *testing.T, h http.Handler) (*spy, string) {
	t.Helper()
	s := &spy{next: h}
	web := httptest.NewServer(s)
	t.Cleanup(web.Close)
	return s, web.URL
}

// told answers questions with texts by their paths, anything else with 404.
type told map[string]string

func (a told) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	text, ok := a[r.Method+" "+r.URL.Path]
	if !ok {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	io.WriteString(w, text)
}

var soon = service.RESTOptions{WaitMin: time.Millisecond, WaitMax: 5 * time.Millisecond, Timeout: 5 * time.Second}

// one is a native program of a device: the second of two bits is one, the first zero, on
// qubits in another order.
func one(t *testing.T, c service.Service, shots int) service.Program {
	t.Helper()
	k := ir.New(2, 2)
	k.Gate(ir.X, []int{0})
	k.Measure(0, 1)
	k.Measure(1, 0)
	r, err := compile.Compile(k, targetOf(t, c), compile.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return service.Program{Circuit: r.Circuit, Shots: shots}
}

// sender sends to a service at no cost.
func sender(t *testing.T, c service.Service) *remote.Remote {
	t.Helper()
	r := &remote.Remote{Service: c, Ledger: openLedger(t, t.TempDir()), Patience: hasty}
	r.Limits.Unpriced = true
	return r
}

// ibmUnder is IBM's service under faults, without noise.
func ibmUnder(t *testing.T, faults ...Fault) (*IBM, *spy, *ibm.Client) {
	t.Helper()
	e, err := NewIBM(Options{Ideal: true, Faults: faults})
	if err != nil {
		t.Fatal(err)
	}
	s, url := watch(t, e)
	return e, s, client(t, e, url)
}

func ionqUnder(t *testing.T, faults ...Fault) (*IonQ, *spy, *ionq.Client) {
	t.Helper()
	e, err := NewIonQ(Options{Faults: faults})
	if err != nil {
		t.Fatal(err)
	}
	s, url := watch(t, e)
	c, err := ionq.New(ionq.Account{Key: e.Credentials()}, "simulator", service.Options{Endpoint: url, REST: soon})
	if err != nil {
		t.Fatal(err)
	}
	return e, s, c
}

// expect runs a job and wants all of its shots to be one word.
func expect(t *testing.T, r *remote.Remote, p service.Program, word uint64) {
	t.Helper()
	o := run(t, r, []service.Program{p})
	if len(o[0].Counts) != 1 || o[0].Counts[0].Word != word || o[0].Counts[0].N != p.Shots {
		t.Errorf("%+v, want %d of %b", o[0].Counts, p.Shots, word)
	}
}

// oncePer sends one job under faults: it runs once, and its result is kept.
func oncePer(t *testing.T, r *remote.Remote, p service.Program, counts func() Counts) {
	t.Helper()
	expect(t, r, p, 0b01)
	jobs, err := r.Ledger.Jobs()
	if err != nil {
		t.Fatal(err)
	}
	if n := counts(); n.Accepted != 1 || n.ByTag[jobs[0].ID] != 1 || n.Faults == 0 {
		t.Errorf("%+v", n)
	}
}

// outlives waits for a job past a first, too short wait: it is pending, and another process
// takes it up.
func outlives(t *testing.T, c service.Service) {
	t.Helper()
	dir := t.TempDir()
	r := &remote.Remote{Service: c, Ledger: openLedger(t, dir), Patience: hasty}
	r.Limits.Unpriced = true
	jobs, err := r.Plan(t.Context(), [][]service.Program{{one(t, c, 10)}}, "")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 150*time.Millisecond)
	defer cancel()
	if err := r.Finish(ctx, []string{jobs[0].ID}); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("%v", err)
	}
	if j, err := r.Ledger.Job(jobs[0].ID); err != nil || j.State != ledger.Submitted || j.Remote == "" {
		t.Fatalf("%+v, %v", j, err)
	}
	later := &remote.Remote{Service: c, Ledger: openLedger(t, dir), Patience: hasty}
	if err := later.Finish(t.Context(), []string{jobs[0].ID}); err != nil {
		t.Fatal(err)
	}
	if j, err := later.Ledger.Job(jobs[0].ID); err != nil || j.State != ledger.Done {
		t.Errorf("%+v, %v", j, err)
	}
}

var ibmReports = []report{
	{"qiskit-ibm-runtime#1114", "a POST that a 500 answers is not sent again: one job, found by its tag", func(t *testing.T) {
		e, s, c := ibmUnder(t, Fault{On: "POST /jobs", Kind: StatusAfter, Status: 500, Times: 1})
		oncePer(t, sender(t, c), one(t, c, 10), e.Counts)
		if n := s.count("POST", "/jobs"); n != 1 {
			t.Errorf("%d POSTs", n)
		}
	}},
	{"qiskit-ibm-runtime#2904, documentation#5560", "bit 0 of an executor's tensor is the first bit, of samples the last: one outcome", func(t *testing.T) {
		shape := service.Shape{Bits: 10, Shots: 1, Registers: []service.Register{{Name: "c", Bits: []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}}}}
		var b bytes.Buffer
		z := zlib.NewWriter(&b)
		z.Write([]byte{1, 0}) // least significant first
		z.Close()
		for form, text := range map[string]string{
			"samples":  `{"results":[{"data":{"c":{"samples":["0x1"],"num_bits":10}}}]}`,
			"executor": `{"data":[{"results":{"c":{"data":"` + base64.StdEncoding.EncodeToString(b.Bytes()) + `","shape":[1,10],"dtype":"bool"}}}]}`,
		} {
			out, err := new(ibm.Client).Decode([]service.Shape{shape}, strings.NewReader(text))
			if err != nil || out[0].Words[0] != 1<<9 {
				t.Errorf("%s: %+v, %v", form, out, err)
			}
		}
	}},
	{"qiskit-ibm-runtime#1491", "after a refusal the service is asked for the tag: a job that is there all the same is adopted", func(t *testing.T) {
		e, _, c := ibmUnder(t, Fault{On: "POST /jobs", Kind: StatusAfter, Status: 401, Times: 1})
		oncePer(t, sender(t, c), one(t, c, 10), e.Counts)
	}},
	{"qiskit-ibm-runtime#1518", "a wait lives through any number of faults of the connection; the id is kept before", func(t *testing.T) {
		e, _, c := ibmUnder(t, Fault{On: "GET /jobs/*", Kind: DropBefore, Times: 40}, Fault{On: "GET /jobs/*", Kind: WithStatus, Status: 503, Times: 40})
		oncePer(t, sender(t, c), one(t, c, 10), e.Counts)
	}},
	{"qiskit-ibm-runtime#317", "a question that gets no answer ends", func(t *testing.T) {
		stuck := make(chan struct{})
		web := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			select {
			case <-stuck:
			case <-r.Context().Done():
			}
		}))
		t.Cleanup(func() { close(stuck); web.Close() })
		c, err := ionq.New(ionq.Account{Key: "KEY"}, "simulator", service.Options{Endpoint: web.URL, REST: service.RESTOptions{Timeout: 20 * time.Millisecond, Retries: -1}})
		if err != nil {
			t.Fatal(err)
		}
		before := time.Now()
		if _, err := c.Poll(t.Context(), "x"); err == nil || time.Since(before) > 3*time.Second {
			t.Errorf("%v after %v", err, time.Since(before))
		}
	}},
	{"qiskit-ibm-runtime#2755", "the waits between two questions grow", func(t *testing.T) {
		e, err := NewIBM(Options{Ideal: true, Queue: 700 * time.Millisecond})
		if err != nil {
			t.Fatal(err)
		}
		s, url := watch(t, e)
		c := client(t, e, url)
		r := sender(t, c)
		r.PollMin, r.PollMax = 10*time.Millisecond, time.Second
		expect(t, r, one(t, c, 10), 0b01)
		// 10 ms and half as much more each time: 700 ms are over after ten questions.
		if id := jobOf(t, r).Remote; s.count("GET", "/jobs/"+id) > 12 {
			t.Errorf("%d questions", s.count("GET", "/jobs/"+id))
		}
	}},
	{"qiskit-ibm-runtime#1979, qiskit-ibm-runtime#2183, qiskit-ibm-runtime#1969", "what is not native, or steers by outcomes, is refused before anything is sent, with its place", func(t *testing.T) {
		_, s, c := ibmUnder(t)
		for text, f := range map[string]func(*ir.Circuit){
			"op 0": func(k *ir.Circuit) { k.Gate(ir.H, []int{0}); k.Measure(0, 0) },
			"op 1": func(k *ir.Circuit) {
				k.Measure(0, 0)
				k.Ops = append(k.Ops, &ir.If{Cond: ir.Compare{Bits: []int{0}}, Then: []ir.Op{&ir.Apply{Gate: ir.X, Qubits: []int{0}}}})
			},
			"lambda": func(k *ir.Circuit) { k.Measure(0, 0); k.BitRegs = []ir.Register{{Name: "lambda", Indices: []int{0}}} },
		} {
			k := ir.New(2, 1)
			f(k)
			if _, err := sender(t, c).Plan(t.Context(), [][]service.Program{{{Circuit: k, Shots: 1}}}, ""); err == nil || !strings.Contains(err.Error(), text) {
				t.Errorf("%s: %v", text, err)
			}
		}
		if len(s.requests) != 0 {
			t.Errorf("%d requests", len(s.requests))
		}
	}},
	{"qiskit-ibm-runtime#2430, qiskit-ibm-runtime#2408", "a refused key is told of with where it and the instance come from", func(t *testing.T) {
		e, _ := start(t, Options{Faults: []Fault{{Kind: BadToken}}})
		_, url := watch(t, e)
		key, instance := e.Credentials()
		c, err := ibm.New(ibm.Account{Key: key, KeySource: "the file", Instance: instance, InstanceSource: "the environment"}, e.Device(), service.Options{Endpoint: url, REST: soon})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.Snapshot(t.Context()); err == nil || !strings.Contains(err.Error(), "API key of the file for the instance "+instance+" of the environment") || strings.Contains(err.Error(), key+" ") {
			t.Errorf("%v", err)
		}
	}},
	{"qiskit-ibm-runtime#2102, qiskit-ibm-runtime#2070, qiskit-ibm-runtime#1874", "a token that is refused is replaced, and the question asked once more", func(t *testing.T) {
		_, s, c := ibmUnder(t, Fault{On: "GET /backends/*/properties", Kind: BadToken, Times: 1})
		if _, err := c.Snapshot(t.Context()); err != nil {
			t.Error(err)
		}
		if n := s.count("POST", "/identity/token"); n != 2 {
			t.Errorf("%d tokens", n)
		}
	}},
	{"qiskit-ibm-runtime#464, documentation#3739", "a qubit without T1 and T2 is one whose figures are not known", func(t *testing.T) {
		s, err := calibration.Read(calibration.File{Name: "props.json", Data: []byte(`{"backend_name":"x","backend_version":"1","last_update_date":"2026-05-12T09:00:00Z",
			"qubits":[[{"name":"readout_error","unit":"","value":0.01,"date":"2026-05-12T09:00:00Z"}],[]],"gates":[
			{"gate":"sx","qubits":[0],"parameters":[{"name":"gate_error","unit":"","value":0.001,"date":"2026-05-12T09:00:00Z"}]},{"gate":"sx","qubits":[1],"parameters":[]},
			{"gate":"x","qubits":[0],"parameters":[]},{"gate":"x","qubits":[1],"parameters":[]},{"gate":"cz","qubits":[0,1],"parameters":[{"name":"gate_error","unit":"","value":0.01,"date":"2026-05-12T09:00:00Z"}]}],"general":[]}`)})
		if err != nil {
			t.Fatal(err)
		}
		if s.Qubits[1].T1 != nil || s.Qubits[1].T2 != nil {
			t.Errorf("%+v", s.Qubits[1])
		}
		target, err := compile.NewTarget(s)
		if err != nil || !target.Qubits[1].Usable {
			t.Errorf("%v", err)
		}
		if _, err := calibration.NewNoiseModel(s, calibration.NoiseOptions{}); err != nil {
			t.Error(err)
		}
	}},
}

// jobOf is the only job of a ledger.
func jobOf(t *testing.T, r *remote.Remote) ledger.Job {
	t.Helper()
	jobs, err := r.Ledger.Jobs()
	if err != nil || len(jobs) != 1 {
		t.Fatalf("%d jobs, %v", len(jobs), err)
	}
	return jobs[0]
}

var ionqReports = []report{
	{"Cirq#7710, qiskit-ionq#235", "429 is waited out as long as the service says, on all paths", func(t *testing.T) {
		e, _, c := ionqUnder(t, Fault{On: "POST /jobs", Kind: WithStatus, Status: 429, RetryAfter: 0.15, Times: 1}, Fault{On: "GET /jobs/*", Kind: WithStatus, Status: 429, RetryAfter: 0.001, Times: 2})
		p := one(t, c, 10)
		before := time.Now()
		oncePer(t, sender(t, c), p, e.Counts)
		if d := time.Since(before); d < 150*time.Millisecond {
			t.Errorf("after %v", d)
		}
	}},
	{"PennyLane-IonQ#169", "a POST that may have been taken is not sent again: found by its metadata", func(t *testing.T) {
		for _, f := range []Fault{{Kind: StatusAfter, Status: 503}, {Kind: DropAfter}} {
			f.On, f.Times = "POST /jobs", 1
			e, s, c := ionqUnder(t, f)
			oncePer(t, sender(t, c), one(t, c, 10), e.Counts)
			if n := s.count("POST", "/jobs"); n != 1 {
				t.Errorf("%s: %d POSTs", f.Kind, n)
			}
		}
	}},
	{"qiskit-ionq#242", "the id that is kept is the service's, by which the job is found later", func(t *testing.T) {
		e, _, c := ionqUnder(t)
		r := sender(t, c)
		expect(t, r, one(t, c, 10), 0b01)
		j := jobOf(t, r)
		if e.byID[j.Remote] == nil {
			t.Errorf("the service knows no job %q", j.Remote)
		}
		if again, err := r.Ledger.Job(j.Remote); err != nil || again.ID != j.ID {
			t.Errorf("%+v, %v", again, err)
		}
	}},
	{"qiskit-ionq#229", "words of before and of tomorrow are states: running, and not ended", func(t *testing.T) {
		for word, want := range map[string]service.RemoteState{"running": service.Running, "started": service.Running, "ready": service.Queued, "pondering": service.Running, "canceled": service.Cancelled} {
			_, url := watch(t, told{"GET /v0.4/jobs/1": `{"id":"1","status":"` + word + `"}`})
			c, err := ionq.New(ionq.Account{Key: "KEY"}, "simulator", service.Options{Endpoint: url, REST: soon})
			if err != nil {
				t.Fatal(err)
			}
			if s, err := c.Poll(t.Context(), "1"); err != nil || s.State != want {
				t.Errorf("%s: %+v, %v", word, s, err)
			}
		}
	}},
	{"qiskit-ionq#107", "bits are those that were measured, in the program's order, by our own record", func(t *testing.T) {
		_, _, c := ionqUnder(t)
		k := ir.New(3, 2)
		k.Gate(ir.GPI, []int{2}, ir.Const(0))
		k.Measure(2, 1)
		k.Measure(0, 0)
		expect(t, sender(t, c), service.Program{Circuit: k, Shots: 10}, 0b01)
	}},
	{"qiskit-ionq#154", "circuits of a job are matched by their ids, whatever the order of the answer", func(t *testing.T) {
		shape := service.Shape{Bits: 1, Shots: 4, Qubits: []int{0}}
		_, _, c := ionqUnder(t)
		out, err := c.Decode([]service.Shape{shape, shape}, strings.NewReader(`{"children":["b","a"],"probabilities":{"a":{"0":1},"b":{"1":1}}}`))
		if err != nil || out[0].Counts[0].Word != 1 || out[1].Counts[0].Word != 0 {
			t.Errorf("%+v, %v", out, err)
		}
	}},
	{"cuda-quantum#2758, cuda-quantum#3535, Cirq#5141", "qubit 0 is the lowest bit of a key and bit 0 the first of ours", func(t *testing.T) {
		_, _, c := ionqUnder(t)
		shape := service.Shape{Bits: 3, Shots: 4, Qubits: []int{0, 1, 2}}
		out, err := c.Decode([]service.Shape{shape}, strings.NewReader(`{"probabilities":{"1":1}}`))
		if err != nil || out[0].Counts[0].Word != 0b100 {
			t.Errorf("%+v, %v", out, err)
		}
	}},
	{"qBraid#1121, qBraid#1327", "one version of the interface is spoken, and named in each request", func(t *testing.T) {
		_, s, c := ionqUnder(t)
		expect(t, sender(t, c), one(t, c, 10), 0b01)
		for _, r := range s.requests {
			if !strings.HasPrefix(r.URL.Path, "/v0.4/") {
				t.Error(r.URL.Path)
			}
		}
		body, err := c.Body(t.Context(), []service.Program{one(t, c, 10)}, "tag")
		if err != nil || !bytes.Contains(body, []byte(`"backend":"simulator"`)) || !bytes.Contains(body, []byte(`"type":"ionq.circuit.v1"`)) || bytes.Contains(body, []byte(`"target":"simulator"`)) {
			t.Errorf("%s, %v", body, err)
		}
	}},
	{"qiskit-ionq#51, qiskit-ionq#25", "a job that failed or was cancelled is told of with its reason; its result is not asked for", func(t *testing.T) {
		for word, want := range map[string]ledger.State{"failed": ledger.Failed, "canceled": ledger.Cancelled} {
			s, url := watch(t, told{"GET /v0.4/jobs/1": `{"id":"1","status":"` + word + `","failure":{"code":"SimulationTimeout","message":"too long"}}`, "POST /v0.4/jobs": `{"id":"1"}`})
			c, err := ionq.New(ionq.Account{Key: "KEY"}, "simulator", service.Options{Endpoint: url, REST: soon})
			if err != nil {
				t.Fatal(err)
			}
			k := ir.New(1, 1)
			k.Gate(ir.GPI, []int{0}, ir.Const(0))
			k.Measure(0, 0)
			r := sender(t, c)
			jobs, err := r.Plan(t.Context(), [][]service.Program{{{Circuit: k, Shots: 1}}}, "")
			if err != nil {
				t.Fatal(err)
			}
			if err := r.Finish(t.Context(), []string{jobs[0].ID}); err == nil || !strings.Contains(err.Error(), "too long (SimulationTimeout)") {
				t.Errorf("%s: %v", word, err)
			}
			if j := jobOf(t, r); j.State != want || s.count("GET", "/probabilities") != 0 {
				t.Errorf("%s: %+v", word, j)
			}
		}
	}},
}

var iqmReports = []report{
	{"qiskit-on-iqm#108", "a wait that is too short leaves the job pending, and it is taken up again", func(t *testing.T) {
		_, c := startIQM(t, Options{Ideal: true, Queue: 400 * time.Millisecond})
		outlives(t, c)
	}},
	{"qiskit-on-iqm#124", "a job names the calibration set that its circuits were compiled for", func(t *testing.T) {
		e, c := startIQM(t, Options{Ideal: true})
		p := one(t, c, 10)
		body, err := c.Body(t.Context(), []service.Program{p}, "tag")
		if err != nil || !bytes.Contains(body, []byte(`"calibration_set_id":"`+e.set+`"`)) {
			t.Errorf("%s, %v", body, err)
		}
		e.set = "another, of today" // what is not there any more is refused, not run
		if _, err := c.Submit(t.Context(), body); service.StatusOf(err) != 404 {
			t.Errorf("%v", err)
		}
	}},
	{"cuda-quantum#4621, cuda-quantum#4818", "bits are read by their keys, not by the order in which the server lists them", func(t *testing.T) {
		shape := service.Shape{Bits: 6, Shots: 1, Qubits: []int{5, 4, 3, 2, 1, 0}}
		out, err := new(iqm.Client).Decode([]service.Shape{shape}, strings.NewReader(`[{"c_6_0_5":[[0]],"c_6_0_1":[[1]],"c_6_0_0":[[1]],"c_6_0_3":[[0]],"c_6_0_2":[[0]],"c_6_0_4":[[1]]}]`))
		if err != nil || out[0].Words[0] != 0b110010 {
			t.Errorf("%+v, %v", out, err)
		}
	}},
}

// The public reports about the services' clients: each has its right behaviour here.
func TestReports(t *testing.T) {
	for service, list := range map[string][]report{"ibm": ibmReports, "ionq": ionqReports, "braket": braketReports, "iqm": iqmReports, "azure": azureReports} {
		for _, r := range list {
			t.Run(service+"/"+r.of, func(t *testing.T) {
				r.test(t)
				if t.Failed() {
					t.Log("what must happen: " + r.must)
				}
			})
		}
	}
}

// Every report that the facts about the services name is in a table.
func TestReportsAreComplete(t *testing.T) {
	shared := os.Getenv("QGAN_SHARED")
	if shared == "" {
		t.Skip("QGAN_SHARED is not set")
	}
	for service, list := range map[string][]report{"ibm": ibmReports, "ionq": ionqReports, "braket": braketReports, "iqm": iqmReports, "azure": azureReports} {
		raw, err := os.ReadFile(filepath.Join(shared, "facts", "providers", service+".md"))
		if err != nil {
			t.Fatal(err)
		}
		sections := regexp.MustCompile(`(?mi)^## \d+\. .*reports.*$`).FindIndex(raw)
		if sections == nil {
			t.Fatalf("%s names no reports", service)
		}
		var known []string
		for _, r := range list {
			known = append(known, regexp.MustCompile(`#\d+`).FindAllString(r.of, -1)...)
		}
		numbers := regexp.MustCompile(`#\d+`).FindAllString(string(raw[sections[1]:]), -1)
		if len(numbers) < 3 {
			t.Errorf("%s: %d reports", service, len(numbers))
		}
		for _, n := range numbers {
			if !slices.Contains(known, n) {
				t.Errorf("%s: %s is in no table", service, n)
			}
		}
	}
}
