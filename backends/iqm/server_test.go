package iqm

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"qgan/backends/service"
	"qgan/calibration"
	"qgan/ir"
)

// reached is a client of a server that answers by path and keeps what is asked.
func reached(t *testing.T, answers map[string]string) (*Client, *[]string) {
	t.Helper()
	var asked []string
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		what := r.Method + " " + r.URL.RequestURI()
		asked = append(asked, what)
		text, ok := answers[what]
		if !ok {
			w.WriteHeader(404)
		}
		io.WriteString(w, text)
	}))
	t.Cleanup(web.Close)
	a, err := FindAccount(func(n string) string { return map[string]string{"IQM_TOKEN": "t"}[n] }, nil)
	if err != nil {
		t.Fatal(err)
	}
	c, err := New(a, "garnet", service.Options{Endpoint: web.URL, REST: service.RESTOptions{Retries: -1}})
	if err != nil {
		t.Fatal(err)
	}
	return c, &asked
}

// A job is no part of a time slot, and what a poll tells is what is kept.
func TestJob(t *testing.T) {
	answers := map[string]string{"POST /api/v1/jobs/garnet/circuit?use_timeslot=false": `{"id": "j1"}`}
	c, asked := reached(t, answers)
	if id, err := c.Submit(t.Context(), []byte("{}")); err != nil || id != "j1" {
		t.Errorf("%q, %v; asked %q", id, err, *asked)
	}
	for text, want := range map[string]service.Status{
		`{"status": "waiting", "queue_position": 3}`: {State: service.Queued, Word: "waiting", Ahead: 3},
		`{"status": "waiting", "queue_position": 0}`: {State: service.Queued, Word: "waiting", Ahead: 0},
		`{"status": "processing"}`:                   {State: service.Running, Word: "processing", Ahead: -1},
		`{"status": "completed"}`:                    {State: service.Completed, Word: "completed", Ahead: -1},
		`{"status": "cancelled"}`:                    {State: service.Cancelled, Word: "cancelled", Ahead: -1},
		`{"status": "failed", "errors": [{"message": "a", "error_code": "1"}, {"message": "b"}]}`: {State: service.Failed, Word: "failed", Ahead: -1, Reason: "a (1); b"},
	} {
		answers["GET /api/v1/jobs/j1"] = text
		got, err := c.Poll(t.Context(), "j1")
		got.Cost = nil
		if err != nil || got != want {
			t.Errorf("%s: %+v, want %+v; %v", text, got, want, err)
		}
	}
}

// Nothing is done to circuits that was not asked for: no decoupling, no heralding; circuits
// of one job have the same shots.
func TestWhatIsNotAskedFor(t *testing.T) {
	c := Reader("garnet")
	c.snapshot = &calibration.Snapshot{Qubits: []calibration.Qubit{{Label: "QB1"}}}
	p := service.Program{Circuit: ir.New(1, 1), Shots: 7}
	p.Circuit.Measure(0, 0)
	raw, err := c.Body(t.Context(), []service.Program{p}, "t")
	if err != nil {
		t.Fatal(err)
	}
	var body map[string]any
	if err := json.Unmarshal(raw, &body); err != nil {
		t.Fatal(err)
	}
	delete(body, "circuits")
	if got := fmt.Sprint(body); got != "map[active_reset_cycles:<nil> calibration_set_id:<nil> dd_mode:disabled dd_strategy:<nil> heralding_mode:none max_circuit_duration_over_t2:<nil> move_gate_frame_tracking:full move_gate_validation:strict qubit_mapping:<nil> shots:7]" {
		t.Errorf("%s", got)
	}
	other := p
	other.Shots = 8
	if _, err := c.Body(t.Context(), []service.Program{p, other}, "t"); err == nil || !strings.Contains(err.Error(), "program 1 has 8 shots") {
		t.Errorf("other shots: %v", err)
	}
	if l, err := c.Limits(t.Context()); err != nil || !l.EqualShots || l.Programs != 200 {
		t.Errorf("%+v, %v", l, err)
	}
}

// A file of tokens is read for each request, since another program keeps it fresh; a token
// is good until the second in which it expires.
func TestTokensAreReadAnew(t *testing.T) {
	token := "e30.eyJleHAiOjE3MDAwMDAwMDB9.x" // exp 1700000000
	file := `{"access_token": "first"}`
	now := int64(0)
	var sent []string
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		sent = append(sent, strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "))
		io.WriteString(w, `{"quantum_computers": [{"alias": "garnet"}]}`)
	}))
	defer web.Close()
	a, err := FindAccount(func(n string) string { return map[string]string{"IQM_TOKENS_FILE": "tokens.json"}[n] }, func(string) ([]byte, error) { return []byte(file), nil })
	if err != nil {
		t.Fatal(err)
	}
	c, err := New(a, "", service.Options{Endpoint: web.URL, Now: func() time.Time { return time.Unix(now, 0) }, REST: service.RESTOptions{Retries: -1}})
	if err != nil {
		t.Fatal(err)
	}
	var refused []int64
	for _, k := range []struct {
		token string
		now   int64
	}{{"first", 0}, {"second", 0}, {token, 1699999999}, {token, 1700000000}, {token, 1700000001}} {
		file, now = `{"access_token": "`+k.token+`"}`, k.now
		if _, err := c.Devices(t.Context()); err != nil {
			refused = append(refused, now)
		}
	}
	if !slices.Equal(sent, []string{"first", "second", token}) || !slices.Equal(refused, []int64{1700000000, 1700000001}) {
		t.Errorf("sent %q, refused at %v", sent, refused)
	}
}

// Every bit that was measured has a value of 0 or 1 for every shot, the first as well.
func TestDecodeIsWhole(t *testing.T) {
	shape := service.Shape{Bits: 2, Qubits: []int{0, 1}}
	for text, ok := range map[string]bool{
		`[{"c_2_0_0": [[1]], "c_2_0_1": [[0]]}]`:           true,
		`[{"c_2_0_1": [[0]]}]`:                             false, // bit 0, of qubit 0
		`[{"c_2_0_0": [[0]]}]`:                             false,
		`[{"c_2_0_0": [[-1]], "c_2_0_1": [[0]]}]`:          false,
		`[{"c_2_0_0": [[0, 1]], "c_2_0_1": [[0]]}]`:        false,
		`[{"c_2_0_0": [[0], [1]], "c_2_0_1": [[0]]}]`:      false,
		`[{"c_2_0_0": [[0]], "c_2_0_1": [[0], [0], [0]]}]`: false,
		`[{"c_2_0_0": [[0]], "a_0": [[0]]}]`:               false,
	} {
		for range 8 { // keys come in any order
			if out, err := Reader("").Decode([]service.Shape{shape}, strings.NewReader(text)); (err == nil) != ok {
				t.Fatalf("%s: %v, %v", text, out, err)
			}
		}
	}
}

// Circuits are pinned to the calibration that was read last; it is read once where nobody
// asks for another.
func TestTheLastCalibration(t *testing.T) {
	set := func(id string) map[string]string {
		return map[string]string{
			"GET /api/v1/quantum-computers/garnet/artifacts/static-quantum-architectures": `[{"dut_label": "M1", "qubits": ["QB1"], "computational_resonators": [], "connectivity": []}]`,
			"GET /api/v1/calibration-sets/garnet/default/dynamic-quantum-architecture": `{"calibration_set_id": "` + id + `", "qubits": ["QB1"], "computational_resonators": [], "gates": {
				"prx": {"implementations": {"drag": {"loci": [["QB1"]]}}, "default_implementation": "drag", "override_default_implementation": {}},
				"measure": {"implementations": {"constant": {"loci": [["QB1"]]}}, "default_implementation": "constant"}}}`,
			"GET /api/v1/calibration-sets/garnet/default":         `{"observation_set_type": "calibration-set", "observation_set_id": "` + id + `", "created_timestamp": "2026-11-25T07:27:34+00:00", "observations": []}`,
			"GET /api/v1/calibration-sets/garnet/default/metrics": `{"observation_set_type": "quality-metric-set", "observation_set_id": "m", "describes_id": "` + id + `", "created_timestamp": "2026-11-25T07:27:34+00:00", "observations": []}`,
		}
	}
	answers := set("c1")
	c, asked := reached(t, answers)
	circuit := ir.New(1, 1)
	circuit.Measure(0, 0)
	pinned := func() string {
		t.Helper()
		raw, err := c.Body(t.Context(), []service.Program{{Circuit: circuit, Shots: 1}}, "t")
		if err != nil {
			t.Fatal(err)
		}
		var b struct {
			Set string `json:"calibration_set_id"`
		}
		if err := json.Unmarshal(raw, &b); err != nil {
			t.Fatal(err)
		}
		return b.Set
	}
	for range 2 {
		if got := pinned(); got != "c1" || len(*asked) != 4 {
			t.Errorf("pinned to %s after %d questions", got, len(*asked))
		}
	}
	for what, text := range set("c2") {
		answers[what] = text
	}
	if got := pinned(); got != "c1" {
		t.Errorf("pinned to %s, which nobody has read", got)
	}
	if s, err := c.Snapshot(t.Context()); err != nil || s.CalibrationSet != "c2" {
		t.Fatalf("%+v, %v", s, err)
	}
	if got := pinned(); got != "c2" || len(*asked) != 8 {
		t.Errorf("pinned to %s after %d questions", got, len(*asked))
	}
}
