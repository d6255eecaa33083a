package ionq

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"qgan/backends"
	"qgan/backends/service"
	"qgan/ir"
	"qgan/ir/compile"
)

const secret = "K3y-that-nobody-may-see"

// server answers as the service does, one answer a path.
type server struct {
	*httptest.Server
	mu      sync.Mutex
	answers map[string]string
	status  map[string]int
	bodies  map[string][]byte
}

func newServer(t *testing.T) *server {
	s := &server{answers: map[string]string{}, status: map[string]int{}, bodies: map[string][]byte{}}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		what := r.Method + " " + r.URL.Path
		if page := r.URL.Query().Get("next"); page != "" {
			what += "?" + page
		}
		s.bodies[what], _ = io.ReadAll(r.Body)
		text, ok := s.answers[what]
		switch {
		case r.Header.Get("Authorization") != "apiKey "+secret:
			w.WriteHeader(401)
			fmt.Fprint(w, `{"statusCode":401,"error":"Unauthorized Error","message":"Invalid key provided."}`)
		case !ok:
			w.WriteHeader(404)
			fmt.Fprint(w, `{"statusCode":404,"error":"Not Found","message":"Resource not found."}`)
		default:
			if n := s.status[what]; n > 0 {
				w.WriteHeader(n)
			}
			fmt.Fprint(w, text)
		}
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *server) on(what, text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answers[what] = text
}

func (s *server) client(t *testing.T, device string) *Client {
	t.Helper()
	c, err := New(Account{Key: secret}, device, service.Options{Endpoint: s.URL, REST: service.RESTOptions{WaitMin: time.Millisecond, WaitMax: time.Millisecond, Retries: 1}})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

const forte = `{"characterizations":[{"id":"c1","backend":"qpu.forte-1","date":"2026-05-12T09:00:00Z","qubits":4,"connectivity":[[0,1],[2,1],[3,0],[2,3],[0,2],[1,3]],
"fidelity":{"spam":{"median":0.994,"stderr":null},"1q":{"median":0.9998},"2q":{"median":0.993,"stderr":0.001}},"timing":{"readout":0.00015,"reset":0.00005,"t1":100,"t2":1,"1q":0.00013,"2q":0.00095}}],"pages":1}`

func program(f func(c *ir.Circuit)) service.Program {
	c := ir.New(4, 3)
	f(c)
	return service.Program{Circuit: c, Shots: 100}
}

// The figures of a characterisation are those of each qubit and pair, and a circuit can be
// compiled for it.
func TestSnapshot(t *testing.T) {
	s := newServer(t)
	s.on("GET /v0.4/backends/qpu.forte-1", `{"backend":"qpu.forte-1","status":"available","qubits":4,"supported_native_gates":["GPI","GPI2","ZZ"]}`)
	s.on("GET /v0.4/backends/qpu.forte-1/characterizations", forte)
	x, err := s.client(t, "qpu.forte-1").Snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(x.Qubits) != 4 || x.Qubits[2].T1.X != 100 || x.Qubits[0].T2.X != 1 || x.Taken.IsZero() {
		t.Errorf("%+v", x.Qubits)
	}
	if e, ok := x.Qubits[1].Readout(); !ok || e < 0.0059 || e > 0.0061 {
		t.Errorf("readout error %v", e)
	}
	if g := x.Find("zz", 3, 2); g == nil || g.Error.X < 0.0069 || g.Error.X > 0.0071 || g.Error.StdErr != 0.001 || g.Duration.X != 0.00095 {
		t.Errorf("zz %+v", g)
	}
	target, err := compile.NewTarget(x)
	if err != nil {
		t.Fatal(err)
	}
	c := ir.New(3, 3)
	c.Gate(ir.RY, []int{0}, ir.Const(0.4))
	c.Gate(ir.CX, []int{0, 1})
	c.Gate(ir.CX, []int{1, 2})
	c.MeasureAll()
	r, err := compile.Compile(c, target, compile.Options{})
	if err != nil || r.Stats.TwoQubitGates != 2 {
		t.Errorf("%+v, %v", r, err)
	}
	s.on("GET /v0.4/backends/simulator", `{"backend":"simulator","status":"available","qubits":29}`)
	x, err = s.client(t, "simulator").Snapshot(t.Context())
	if err != nil || len(x.Qubits) != 29 || x.Find("zz", 28, 3) == nil {
		t.Errorf("the simulator: %v", err)
	}
}

// A job of one circuit and of several, as they are sent.
func TestBody(t *testing.T) {
	c := Reader("qpu.forte-1")
	p := program(func(c *ir.Circuit) {
		c.Gate(ir.GPI2, []int{0}, ir.Const(0.5))
		c.Gate(ir.ZZ, []int{0, 1}, ir.Const(0.25))
		c.Measure(0, 2)
		c.Measure(1, 0)
	})
	for n, kind := range map[int]string{1: "ionq.circuit.v1", 3: "ionq.multi-circuit.v1"} {
		var programs []service.Program
		for range n {
			programs = append(programs, p)
		}
		raw, err := c.Body(t.Context(), programs, "qgan-tag")
		if err != nil {
			t.Fatal(err)
		}
		var b struct {
			Type, Backend, Name string
			Shots               int
			Metadata            map[string]string
			Input               struct {
				Gateset  string
				Qubits   int
				Circuit  []map[string]any
				Circuits []struct {
					Name    string
					Circuit []map[string]any
				}
			}
		}
		if err := json.Unmarshal(raw, &b); err != nil {
			t.Fatal(err)
		}
		gates := b.Input.Circuit
		if n > 1 {
			gates = b.Input.Circuits[2].Circuit
		}
		if b.Type != kind || b.Backend != "qpu.forte-1" || b.Shots != 100 || b.Metadata["qgan_id"] != "qgan-tag" || b.Input.Gateset != "native" || b.Input.Qubits != 2 {
			t.Errorf("%s", raw)
		}
		if len(gates) != 2 || gates[0]["gate"] != "gpi2" || gates[1]["gate"] != "zz" || gates[1]["angle"] != 0.25 {
			t.Errorf("gates %v", gates)
		}
	}
}

func TestBodyRefuses(t *testing.T) {
	good := program(func(c *ir.Circuit) { c.Measure(0, 0) })
	for name, k := range map[string]struct {
		p    service.Program
		text string
	}{
		"measured in the middle": {program(func(c *ir.Circuit) { c.Measure(0, 0); c.Gate(ir.GPI, []int{0}, ir.Const(0)) }), "operation 1 acts on qubit 0"},
		"nothing is read":        {program(func(c *ir.Circuit) { c.Gate(ir.GPI, []int{0}, ir.Const(0)) }), "nothing is measured"},
		"other shots":            {service.Program{Circuit: good.Circuit, Shots: 7}, "7 shots"},
		"symbols":                {program(func(c *ir.Circuit) { c.Data = []string{"z"}; c.Gate(ir.GPI, []int{0}, ir.Data(1, 0)); c.Measure(0, 0) }), "symbols"},
		"reset":                  {program(func(c *ir.Circuit) { c.Ops = append(c.Ops, &ir.Reset{Qubit: 1}); c.Measure(0, 0) }), "reset"},
	} {
		_, err := Reader("simulator").Body(t.Context(), []service.Program{good, k.p}, "t")
		if err == nil || !strings.Contains(err.Error(), k.text) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// The life of a job: what its answers come to, its circuits matched by id whatever the
// order of the object.
func TestJob(t *testing.T) {
	s := newServer(t)
	c := s.client(t, "qpu.forte-1")
	s.on("POST /v0.4/jobs", `{"id":"j1","status":"submitted"}`)
	if id, err := c.Submit(t.Context(), []byte("{}")); err != nil || id != "j1" {
		t.Fatalf("%q, %v", id, err)
	}
	for _, k := range []struct {
		answer, reason string
		want           service.RemoteState
	}{
		{`{"status":"submitted"}`, "", service.Queued},
		{`{"status":"ready"}`, "", service.Queued},
		{`{"status":"running"}`, "", service.Running},
		{`{"status":"dreaming"}`, "", service.Running},
		{`{"status":"canceled"}`, "", service.Cancelled},
		{`{"status":"failed","failure":{"code":"UnsupportedGate","message":"no gate h"}}`, "no gate h (UnsupportedGate)", service.Failed},
		{`{"status":"failed","failure":{"error":"old words"}}`, "old words", service.Failed},
		{`{"status":"completed","child_job_ids":["b","a"],"execution_duration_ms":250}`, "", service.Completed},
	} {
		s.on("GET /v0.4/jobs/j1", k.answer)
		if got, err := c.Poll(t.Context(), "j1"); err != nil || got.State != k.want || got.Reason != k.reason {
			t.Errorf("%s: %+v, %v", k.answer, got, err)
		}
	}
	s.on("GET /v0.4/jobs/j1/results/probabilities/aggregated", `{"a":{"0":1},"b":{"1":0.75,"2":0.25}}`)
	var raw strings.Builder
	if err := c.Fetch(t.Context(), "j1", 1<<20, &raw); err != nil {
		t.Fatal(err)
	}
	// Qubit 0 is read into bit 2, qubit 1 into bit 0.
	shape := service.Shape{Bits: 3, Shots: 100, Qubits: []int{1, -1, 0}}
	out, err := c.Decode([]service.Shape{shape, shape}, strings.NewReader(raw.String()))
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(out[0].Counts, out[1].Counts); got != fmt.Sprint([]backends.Count{{Word: 1, N: 75}, {Word: 4, N: 25}}, []backends.Count{{Word: 0, N: 100}}) {
		t.Errorf("%s", got)
	}
	if err := c.Cancel(t.Context(), "j1"); err != nil { // completed: it stays so
		t.Error(err)
	}
	if _, asked := s.bodies["PUT /v0.4/jobs/j1/status/cancel"]; asked {
		t.Error("a completed job was cancelled")
	}
}

// The simulator's probabilities are exact: counts are drawn, and the same each time.
func TestSimulatorIsDrawnFrom(t *testing.T) {
	c := Reader("simulator")
	shape := service.Shape{Bits: 1, Shots: 10000, Qubits: []int{0}}
	ones := func(p float64) int {
		out, err := c.Decode([]service.Shape{shape}, strings.NewReader(fmt.Sprintf(`{"probabilities":{"0":%v,"1":%v}}`, 1-p, p)))
		if err != nil {
			t.Fatal(err)
		}
		if out[0].Counts[0].N+out[0].Counts[1].N != 10000 {
			t.Errorf("%v", out[0].Counts)
		}
		return out[0].Counts[1].N
	}
	a := ones(0.3)
	if a == 3000 || a < 2800 || a > 3200 || a != ones(0.3) || a-3000 == ones(0.4)-4000 {
		t.Errorf("%d of 10000 at 0.3", a)
	}
}

// Two circuits of one law are drawn apart, and outcomes that differ only in qubits that
// nobody reads are one.
func TestDecodeSums(t *testing.T) {
	shape := service.Shape{Bits: 2, Shots: 10000, Qubits: []int{-1, 1}}
	text := `{"children":["b","a"],"probabilities":{"a":{"0":0.25,"1":0.25,"2":0.2,"3":0.3},"b":{"0":0.25,"1":0.25,"2":0.2,"3":0.3}}}`
	out, err := Reader("qpu.x").Decode([]service.Shape{shape, shape}, strings.NewReader(text))
	if want := fmt.Sprint([]backends.Count{{Word: 0, N: 5000}, {Word: 1, N: 5000}}); err != nil || fmt.Sprint(out[0].Counts) != want || fmt.Sprint(out[1].Counts) != want {
		t.Errorf("%v, %v", out, err)
	}
	out, err = Reader("simulator").Decode([]service.Shape{shape, shape}, strings.NewReader(text))
	if err != nil || fmt.Sprint(out[0].Counts) == fmt.Sprint(out[1].Counts) {
		t.Errorf("%v, %v", out, err)
	}
}

// A job is found by its metadata, on any page that is not too old.
func TestFind(t *testing.T) {
	s := newServer(t)
	c := s.client(t, "simulator")
	s.on("GET /v0.4/jobs", `{"jobs":[{"id":"x","metadata":{"qgan_id":"other"},"submitted_at":"2026-05-12T09:00:00Z"}],"next":"p2"}`)
	s.on("GET /v0.4/jobs?p2", `{"jobs":[{"id":"y","metadata":{"qgan_id":"mine"},"submitted_at":"2026-05-12T08:00:00Z"},{"id":"z","metadata":null,"submitted_at":"2026-05-11T08:00:00Z"}],"next":"p3"}`)
	found, err := c.Find(t.Context(), "mine", time.Date(2026, 5, 12, 0, 0, 0, 0, time.UTC))
	if err != nil || fmt.Sprint(found) != "[y]" {
		t.Errorf("%v, %v", found, err)
	}
	if _, asked := s.bodies["GET /v0.4/jobs?p3"]; asked {
		t.Error("older pages were read")
	}
}

// The words of an error body, and what is no result.
func TestErrors(t *testing.T) {
	s := newServer(t)
	s.on("POST /v0.4/jobs", `{"statusCode":400,"error":"Bad Request Error","message":"\"shots\" must be a number","validation":{"source":"body","keys":["shots"]}}`)
	s.status["POST /v0.4/jobs"] = 400
	var fate *service.SubmitError
	if _, err := s.client(t, "simulator").Submit(t.Context(), nil); !errors.As(err, &fate) || fate.Fate != service.Refused || !strings.Contains(err.Error(), `"shots" must be a number (shots)`) {
		t.Errorf("%v", err)
	}
	wrong, err := New(Account{Key: secret + "-wrong"}, "simulator", service.Options{Endpoint: s.URL})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := wrong.Snapshot(t.Context()); service.StatusOf(err) != 401 || strings.Contains(err.Error(), secret) {
		t.Errorf("a wrong key: %v", err)
	}
	a := Account{Key: secret, Source: "IONQ_API_KEY"}
	if text := fmt.Sprintf("%v %+v %#v", a, a, a); strings.Contains(text, secret) {
		t.Errorf("the key is in %q", text)
	}
	shape := service.Shape{Bits: 1, Shots: 10, Qubits: []int{0}}
	for _, text := range []string{
		"", "<html>", `{"probabilities":[]}`, `{"probabilities":{"x":1}}`, `{"probabilities":{"0":0.5}}`, `{"probabilities":{"-1":1}}`, `{"children":["a"],"probabilities":{"b":{"0":1}}}`,
		`{"children":["a","b"],"probabilities":{"a":{"0":1},"b":{"0":1}}}`,
	} {
		if out, err := Reader("qpu.x").Decode([]service.Shape{shape}, strings.NewReader(text)); err == nil {
			t.Errorf("%q was read as %v", text, out)
		}
	}
	if _, err := FindAccount(func(string) string { return "" }); !errors.Is(err, ErrNoAccount) {
		t.Errorf("%v", err)
	}
	if a, err := FindAccount(func(n string) string { return map[string]string{"IONQ_API_TOKEN": "t"}[n] }); err != nil || a.Key != "t" {
		t.Errorf("%v", err)
	}
	if _, ok := Reader("qpu.forte-1").Price(t.Context(), nil); ok {
		t.Error("a price is known")
	}
}
