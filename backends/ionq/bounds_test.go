package ionq

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"qgan/backends/service"
	"qgan/ir"
)

// sold is a client that takes a server's address for IonQ's own.
func sold(t *testing.T, s *server, device string) *Client {
	c := s.client(t, device)
	c.Place = service.At(serviceName, device, "")
	return c
}

// A processor takes fewer shots than the simulator; those of a job are the same.
func TestLimits(t *testing.T) {
	for device, shots := range map[string]int{"simulator": 1_000_000, "qpu.forte-1": 10_000} {
		l, err := Reader(device).Limits(t.Context())
		l.Source = ""
		if want := (service.Limits{Programs: 5000, MaxShots: shots, Bytes: 10 << 20, GateBytes: 128, Gates: 150_000, EqualShots: true}); err != nil || fmt.Sprint(l) != fmt.Sprint(want) {
			t.Errorf("%s: %+v, want %+v; %v", device, l, want, err)
		}
	}
}

// What a job cost is asked for when it is done, and believed in US dollars.
func TestWhatAJobCost(t *testing.T) {
	for name, k := range map[string]struct {
		device, job, cost string
		want              float64 // -1: not known
		asked             bool
		seconds           float64
	}{
		"done":           {"qpu.x", `{"status": "completed", "execution_duration_ms": 250}`, `{"cost": {"value": 1.5, "unit": "USD"}}`, 1.5, true, 0.25},
		"in other units": {"qpu.x", `{"status": "completed"}`, `{"cost": {"value": 1.5, "unit": "credits"}}`, -1.5, true, 0},
		"failed":         {"qpu.x", `{"status": "failed"}`, `{"cost": {"value": 0.5, "unit": "usd"}}`, 0.5, true, 0},
		"not told":       {"qpu.x", `{"status": "completed"}`, `{}`, -1, true, 0},
		"running":        {"qpu.x", `{"status": "started"}`, `{"cost": {"value": 1.5, "unit": "usd"}}`, -1, false, 0},
		"the simulator":  {"simulator", `{"status": "completed", "execution_duration_ms": 2000}`, `{"cost": {"value": 1.5, "unit": "usd"}}`, 0, false, 2},
	} {
		s := newServer(t)
		s.on("GET /v0.4/jobs/j", k.job)
		s.on("GET /v0.4/jobs/j/cost", k.cost)
		p, err := sold(t, s, k.device).Poll(t.Context(), "j")
		if err != nil {
			t.Fatal(err)
		}
		cost := -1.0
		if p.Amount != nil && p.Amount.Unit == "credits" {
			cost = -p.Amount.Value
		}
		if p.Cost != nil {
			cost = *p.Cost
		}
		if _, asked := s.bodies["GET /v0.4/jobs/j/cost"]; cost != k.want || asked != k.asked || p.Seconds != k.seconds {
			t.Errorf("%s: $%v, asked %v, %v s; want $%v, %v, %v s", name, cost, asked, p.Seconds, k.want, k.asked, k.seconds)
		}
	}
}

// Circuits of a job are named by their places; its qubits are those of the widest.
func TestCircuitsOfAJob(t *testing.T) {
	on := func(qubits ...int) service.Program {
		return program(func(c *ir.Circuit) {
			for bit, q := range qubits {
				c.Gate(ir.GPI, []int{q}, ir.Const(0))
				c.Measure(q, bit)
			}
		})
	}
	raw, err := Reader("qpu.x").Body(t.Context(), []service.Program{on(0, 1, 2), on(0), on(1)}, "t")
	if err != nil {
		t.Fatal(err)
	}
	var b struct {
		Input struct {
			Qubits   int
			Circuits []struct {
				Name   string
				Qubits int
			}
		}
	}
	if err := json.Unmarshal(raw, &b); err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(b.Input); got != "{3 [{0 3} {1 1} {2 2}]}" {
		t.Errorf("%s", got)
	}
}

// Circuits have ids of their own, be it one.
func TestFetchOfOneChild(t *testing.T) {
	s := newServer(t)
	s.on("GET /v0.4/jobs/j", `{"status": "completed", "child_job_ids": ["a"]}`)
	s.on("GET /v0.4/jobs/j/results/probabilities", `{"0": 1}`)
	s.on("GET /v0.4/jobs/j/results/probabilities/aggregated", `{"a": {"1": 1}}`)
	var b strings.Builder
	c := s.client(t, "qpu.x")
	if err := c.Fetch(t.Context(), "j", 1<<20, &b); err != nil {
		t.Fatal(err)
	}
	out, err := c.Decode([]service.Shape{{Bits: 1, Shots: 7, Qubits: []int{0}}}, strings.NewReader(b.String()))
	if err != nil || fmt.Sprint(out[0].Counts) != "[{1 7}]" {
		t.Errorf("%v, %v", out, err)
	}
}

// A job that has no time yet is no old one: those behind it are looked through.
func TestFindPastJobsWithoutTime(t *testing.T) {
	s := newServer(t)
	s.on("GET /v0.4/jobs", `{"jobs": [{"id": "x", "metadata": {}}], "next": "p2"}`)
	s.on("GET /v0.4/jobs?p2", `{"jobs": [{"id": "y", "metadata": {"qgan_id": "mine"}}], "next": ""}`)
	found, err := s.client(t, "qpu.x").Find(t.Context(), "mine", time.Date(2026, 5, 12, 0, 0, 0, 0, time.UTC))
	if err != nil || !slices.Equal(found, []string{"y"}) {
		t.Errorf("%v, %v", found, err)
	}
}

// The newest characterisation, the first of the list, is the one that counts.
func TestTheNewestCharacterisation(t *testing.T) {
	s := newServer(t)
	s.on("GET /v0.4/backends/qpu.forte-1", `{"backend":"qpu.forte-1","status":"available","qubits":4,"supported_native_gates":["GPI","GPI2","ZZ"]}`)
	begin, end := strings.Index(forte, "[")+1, strings.LastIndex(forte, "]")
	newest := forte[begin:end]
	s.on("GET /v0.4/backends/qpu.forte-1/characterizations", forte[:end]+","+strings.Replace(newest, `"t1":100`, `"t1":7`, 1)+forte[end:])
	x, err := s.client(t, "qpu.forte-1").Snapshot(t.Context())
	if err != nil || x.Qubits[0].T1.X != 100 {
		t.Errorf("%v", err)
	}
}

// Shots of the simulator are drawn by the result: another one of the same law is drawn anew.
func TestDrawnByTheResult(t *testing.T) {
	counts := map[string]bool{}
	for _, text := range []string{`{"0":0.5,"1":0.5}`, `{"0":0.50,"1":0.5}`, `{"0":0.5,"1":0.50}`} {
		out, err := Reader("simulator").Decode([]service.Shape{{Bits: 1, Shots: 100_000, Qubits: []int{0}}}, strings.NewReader(`{"probabilities":`+text+`}`))
		if err != nil {
			t.Fatal(err)
		}
		counts[fmt.Sprint(out[0].Counts)] = true
	}
	if len(counts) != 3 {
		t.Errorf("three results, drawn as %v", counts)
	}
}

// Of two keys that of IonQ's own variable counts.
func TestWhichKey(t *testing.T) {
	a, err := FindAccount(func(name string) string { return map[string]string{"IONQ_API_KEY": "k", "IONQ_API_TOKEN": "t"}[name] })
	if err != nil || a.Key != "k" || a.Source != "IONQ_API_KEY" {
		t.Errorf("the key of %s, %v", a.Source, err)
	}
}

// An outcome has no more bits than the circuit has qubits, read or not.
func TestBitsBeyondTheCircuit(t *testing.T) {
	c := ir.New(3, 1)
	c.Gate(ir.GPI, []int{2}, ir.Const(0))
	c.Measure(1, 0)
	shape := service.ShapeOf(service.Program{Circuit: c, Shots: 4})
	if shape.Width != 3 {
		t.Errorf("it acts on %d qubits", shape.Width)
	}
	old := shape
	old.Width = 0 // of a ledger before
	for text, k := range map[string]struct {
		shape service.Shape
		want  string
	}{
		`{"6": 1}`: {shape, ""},
		`{"8": 1}`: {shape, "the outcome 8 has 4 bits, the circuit has 3 qubits"},
		`{"6": 0.5, "18446744073709551616": 0.5}`: {shape, "has 65 bits"},
		`{"10": 1}`: {old, ""},
	} {
		out, err := Reader("qpu.x").Decode([]service.Shape{k.shape}, strings.NewReader(`{"probabilities": `+text+`}`))
		if (err == nil) != (k.want == "") || err != nil && !strings.Contains(err.Error(), k.want) || err == nil && (len(out[0].Counts) != 1 || out[0].Counts[0].Word != 1) {
			t.Errorf("%s: %+v, %v", text, out, err)
		}
	}
}

// A gate takes no more bytes in a body than is reckoned for it.
func TestBytesOfAGate(t *testing.T) {
	l, err := Reader("qpu.x").Limits(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	long := ir.Const(-1.2345678901234567e-5)
	p := program(func(c *ir.Circuit) {
		for range 50 {
			c.Gate(ir.MS, []int{30, 35}, long, long, long)
			c.Gate(ir.GPI2, []int{35}, long)
		}
		c.Measure(35, 0)
	})
	job := []service.Program{p, p, p}
	body, err := Reader("qpu.x").Body(t.Context(), job, "qgan-20261130120000-0123456789abcdef")
	if reckoned := 3 * p.Bytes(l.GateBytes); err != nil || len(body) > reckoned || len(body) < reckoned/5 {
		t.Errorf("%d bytes, %d were reckoned; %v", len(body), reckoned, err)
	}
	if p.Gates() != 100 {
		t.Errorf("%d gates", p.Gates())
	}
}

// A job is found among those of other programs, whatever these are; a time that is no text
// ends no list.
func TestNeighbours(t *testing.T) {
	s := newServer(t)
	s.on("GET /v0.4/jobs", `{"jobs": [{"id": "x", "metadata": {"shots": 1024}, "submitted_at": 1700000000}, {"id": 7, "metadata": "none"}, "odd", {"id": "y", "metadata": null, "submitted_at": "yesterday"},
		{"id": "j1", "metadata": {"qgan_id": "t", "n": 1}, "submitted_at": "2026-05-12T10:00:00Z"}]}`)
	found, err := s.client(t, "qpu.x").Find(t.Context(), "t", time.Date(2026, 5, 12, 0, 0, 0, 0, time.UTC))
	if err != nil || !slices.Equal(found, []string{"j1"}) {
		t.Errorf("%v, %v", found, err)
	}
	s.on("GET /v0.4/jobs/j1", `{"metadata": {"qgan_id": "t", "n": 1}}`)
	s.on("GET /v0.4/jobs/j2", `{"metadata": {"shots": 1024}}`)
	for id, want := range map[string]string{"j1": "t", "j2": ""} {
		if tag, err := s.client(t, "qpu.x").Tag(t.Context(), id); err != nil || tag != want {
			t.Errorf("%s: %q, %v", id, tag, err)
		}
	}
}

// Probabilities that are no JSON are kept as they are, and can't be read.
func TestProbabilitiesThatAreNoJSON(t *testing.T) {
	s := newServer(t)
	s.on("GET /v0.4/jobs/j", `{"status": "completed"}`)
	s.on("GET /v0.4/jobs/j/results/probabilities", `{"0":NaN,"1":0.5}`)
	var b strings.Builder
	c := s.client(t, "qpu.x")
	if err := c.Fetch(t.Context(), "j", 1<<20, &b); err != nil || b.String() != `{"0":NaN,"1":0.5}` {
		t.Errorf("%q, %v", b.String(), err)
	}
	if _, err := c.Decode([]service.Shape{{Bits: 1, Shots: 7, Qubits: []int{0}}}, strings.NewReader(b.String())); err == nil {
		t.Error("it can be read")
	}
}

// The price of a job is the account's own estimate for its largest circuit, once for each of
// them; in credits it is told and no price in dollars. It is asked for once.
func TestEstimate(t *testing.T) {
	circuit := func(two int, shots int) service.Program {
		p := program(func(c *ir.Circuit) {
			c.Gate(ir.GPI, []int{0}, ir.Const(0))
			for range two {
				c.Gate(ir.ZZ, []int{0, 1}, ir.Const(0.25))
			}
			c.Measure(0, 0)
		})
		p.Shots = shots
		return p
	}
	for name, k := range map[string]struct {
		answer string
		usd    float64
		amount string
		ok     bool
	}{
		"dollars":     {`{"estimated_total_cost": 1.25, "estimated_unit": "usd"}`, 2.5, "", true},
		"credits":     {`{"estimated_total_cost": 4, "estimated_unit": "credits"}`, 0, "{8 credits}", false},
		"no unit":     {`{"estimated_total_cost": 4}`, 0, "", false},
		"negative":    {`{"estimated_total_cost": -4, "estimated_unit": "usd"}`, 0, "", false},
		"not offered": {``, 0, "", false},
	} {
		s := newServer(t)
		if k.answer != "" {
			s.on("GET /v0.4/jobs/estimate", k.answer)
		}
		c := s.client(t, "qpu.x")
		c.Place = service.At(serviceName, "qpu.x", "") // as at the service's own address
		for range 2 {
			p, ok := c.Price(t.Context(), []service.Program{circuit(1, 10), circuit(3, 20)})
			amount := ""
			if p.Amount != nil {
				amount = fmt.Sprint(*p.Amount)
			}
			if p.USD != k.usd || amount != k.amount || ok != k.ok {
				t.Errorf("%s: %+v %s, %v", name, p, amount, ok)
			}
		}
	}
}

// Debiasing is asked for in words, and takes its shots.
func TestDebiasing(t *testing.T) {
	p := program(func(c *ir.Circuit) { c.Gate(ir.GPI, []int{0}, ir.Const(0)); c.Measure(0, 0) })
	for _, k := range []struct {
		asked string
		shots int
		want  string // in the body, or in the error
	}{
		{"", 100, `"metadata"`}, {"false", 100, `"settings":{"error_mitigation":{"debiasing":false}}`}, {"true", 500, `"settings":{"error_mitigation":{"debiasing":true}}`},
		{"true", 499, "499 shots: debiasing takes 500 at least"},
	} {
		c := Reader("qpu.x")
		if k.asked != "" {
			var err error
			if c.Place, err = service.At(serviceName, "qpu.x", "").Asking(map[string]string{"ionq-debias": k.asked}); err != nil {
				t.Fatal(err)
			}
		}
		p.Shots = k.shots
		body, err := c.Body(t.Context(), []service.Program{p}, "t")
		text := string(body)
		if err != nil {
			text = err.Error()
		}
		if !strings.Contains(text, k.want) || k.asked == "" && strings.Contains(text, "settings") {
			t.Errorf("%+v: %s", k, text)
		}
	}
}
