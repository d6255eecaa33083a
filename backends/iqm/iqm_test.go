package iqm

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
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

func TestFindAccount(t *testing.T) {
	for name, k := range map[string]struct {
		env         map[string]string
		file        string
		token, base string
		err         string
	}{
		"token":      {env: map[string]string{"IQM_TOKEN": "t"}, token: "t", base: Resonance},
		"server":     {env: map[string]string{"IQM_TOKEN": "t", "IQM_SERVER_URL": "https://iqm.example.org/"}, token: "t", base: "https://iqm.example.org"},
		"file":       {env: map[string]string{"IQM_TOKENS_FILE": "tokens.json"}, file: `{"access_token": "f"}`, token: "f", base: Resonance},
		"both":       {env: map[string]string{"IQM_TOKEN": "t", "IQM_TOKENS_FILE": "tokens.json"}, err: "set one of them"},
		"none":       {err: "IQM_TOKEN"},
		"no file":    {env: map[string]string{"IQM_TOKENS_FILE": "tokens.json"}, err: "not exist"},
		"no token":   {env: map[string]string{"IQM_TOKENS_FILE": "tokens.json"}, file: `{"refresh_token": "secret"}`, err: "access_token"},
		"torn token": {env: map[string]string{"IQM_TOKENS_FILE": "tokens.json"}, file: `{"access_token": "secr`, err: "access_token"},
	} {
		a, err := FindAccount(func(n string) string { return k.env[n] }, func(string) ([]byte, error) {
			if k.file == "" {
				return nil, fs.ErrNotExist
			}
			return []byte(k.file), nil
		})
		if (err != nil) != (k.err != "") || err != nil && (!strings.Contains(err.Error(), k.err) || strings.Contains(err.Error(), "secr")) {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if err == nil {
			if token, err := a.Token(); err != nil || token != k.token || a.Server != k.base {
				t.Errorf("%s: %q at %s, %v", name, token, a.Server, err)
			}
			if text := fmt.Sprintf("%v %+v %#v", a, a, a); strings.Contains(text, `"`+k.token+`"`) {
				t.Errorf("%s: the token is in %q", name, text)
			}
		}
	}
}

// A job names qubits as the device does, measures each bit under a key of its own, and is
// pinned to the calibration.
func TestBody(t *testing.T) {
	s := &calibration.Snapshot{CalibrationSet: "cd4d"}
	for _, l := range []string{"QB2", "QB4", "QB5"} {
		s.Qubits = append(s.Qubits, calibration.Qubit{Label: l})
	}
	c := &Client{Place: service.At("iqm", "garnet", ""), snapshot: s}
	circuit := ir.New(3, 3)
	circuit.Gate(ir.PRX, []int{0}, ir.Const(0.3), ir.Const(0.1))
	circuit.Gate(ir.CZ, []int{0, 2})
	circuit.Measure(2, 0)
	circuit.Measure(0, 2)
	p := service.Program{Circuit: circuit, Shots: 7}
	raw, err := c.Body(t.Context(), []service.Program{p, p}, "qgan-tag")
	if err != nil {
		t.Fatal(err)
	}
	var b struct {
		Circuits []struct {
			Name         string
			Instructions []struct {
				Name  string
				Locus []string
				Args  map[string]any
			}
			Metadata map[string]string
		}
		Set   string `json:"calibration_set_id"`
		Shots int
	}
	if err := json.Unmarshal(raw, &b); err != nil {
		t.Fatal(err)
	}
	if b.Set != "cd4d" || b.Shots != 7 || len(b.Circuits) != 2 || b.Circuits[1].Name != "qgan-tag-1" || b.Circuits[0].Metadata["qgan_id"] != "qgan-tag" {
		t.Errorf("%s", raw)
	}
	list := b.Circuits[0].Instructions
	if list[0].Name != "prx" || list[0].Args["angle"] != 0.3 || !slices.Equal(list[1].Locus, []string{"QB2", "QB5"}) {
		t.Errorf("%+v", list)
	}
	keys := map[string]string{}
	for _, i := range list[2:] {
		keys[i.Args["key"].(string)] = i.Locus[0]
	}
	if keys["c_3_0_0"] != "QB5" || keys["c_3_0_2"] != "QB2" {
		t.Errorf("keys %v", keys)
	}
	for name, k := range map[string]struct {
		f    func(*ir.Circuit)
		text string
	}{
		"not native": {func(c *ir.Circuit) { c.Gate(ir.H, []int{0}); c.Measure(0, 0) }, "h"},
		"too wide":   {func(c *ir.Circuit) { c.Qubits = 9; c.Measure(0, 0) }, "3 are calibrated"},
		"not read":   {func(c *ir.Circuit) {}, "nothing is measured"},
	} {
		bad := ir.New(3, 1)
		k.f(bad)
		if _, err := c.Body(t.Context(), []service.Program{{Circuit: bad, Shots: 1}}, "t"); err == nil || !strings.Contains(err.Error(), k.text) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Bits are read by their keys, whatever the order in which the server lists them.
func TestDecode(t *testing.T) {
	shape := service.Shape{Bits: 12, Shots: 2, Qubits: slices.Repeat([]int{-1}, 12)}
	shape.Qubits[0], shape.Qubits[10], shape.Qubits[2] = 4, 1, 3
	out, err := Reader("").Decode([]service.Shape{shape}, strings.NewReader(`[{"c_12_0_10": [[1], [0]], "c_12_0_2": [[0], [1]], "c_12_0_0": [[1], [1]]}]`))
	if err != nil || !slices.Equal(out[0].Words, []uint64{0b100000000010, 0b101000000000}) {
		t.Errorf("%012b, %v", out[0].Words, err)
	}
	for _, text := range []string{
		"", "<html>", "[]", `[{}]`, `[{"c_12_0_10": [[1]], "c_12_0_2": [[0], [1]], "c_12_0_0": [[1]]}]`, `[{"c_12_0_10": [[1]], "c_12_0_2": [[0]]}]`,
		`[{"c_12_0_10": [[2]], "c_12_0_2": [[0]], "c_12_0_0": [[1]]}]`, `[{"m": [[1]]}]`, `[{"c_12_0_12": [[1]]}]`, `[{"c_12_0_10": [], "c_12_0_2": [], "c_12_0_0": []}]`,
	} {
		if out, err := Reader("").Decode([]service.Shape{shape}, strings.NewReader(text)); err == nil {
			t.Errorf("%q was read as %v", text, out)
		}
	}
}

// A lost job can't be looked up, and an expired token is told of before it is sent.
func TestWhatCannotBe(t *testing.T) {
	c := Reader("")
	if _, err := c.Find(t.Context(), "tag", time.Time{}); !errors.Is(err, service.ErrUnlisted) {
		t.Errorf("%v", err)
	}
	if _, ok := c.Price(t.Context(), nil); ok {
		t.Error("a price is known")
	}
	token := "e30.eyJleHAiOjE3MDAwMDAwMDB9.x" // exp 1700000000
	a, err := FindAccount(func(n string) string { return map[string]string{"IQM_TOKEN": token}[n] }, nil)
	if err != nil {
		t.Fatal(err)
	}
	old, err := New(a, "garnet", service.Options{Endpoint: "http://127.0.0.1:9", Now: func() time.Time { return time.Unix(1700000001, 0) }})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := old.Snapshot(t.Context()); err == nil || !strings.Contains(err.Error(), "expired") || strings.Contains(err.Error(), token) {
		t.Errorf("%v", err)
	}
}

// Heralding and the timeslot are asked for where the user asks, in body and address.
func TestOptionsOfAJob(t *testing.T) {
	circuit := ir.New(1, 1)
	circuit.Measure(0, 0)
	for _, k := range []struct {
		asked               map[string]string
		heralding, timeslot string
	}{
		{nil, "none", "false"},
		{map[string]string{"iqm-heralding": "zeros"}, "zeros", "false"},
		{map[string]string{"iqm-timeslot": "true"}, "none", "true"},
	} {
		var query string
		web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			query = r.URL.Query().Get("use_timeslot")
			io.WriteString(w, `{"id": "1"}`)
		}))
		c, err := New(Account{Token: func() (string, error) { return "t", nil }}, "garnet", service.Options{Endpoint: web.URL, Job: k.asked})
		if err != nil {
			t.Fatal(err)
		}
		c.snapshot = &calibration.Snapshot{Service: "iqm", Qubits: []calibration.Qubit{{Label: "QB1"}}}
		body, err := c.Body(t.Context(), []service.Program{{Circuit: circuit, Shots: 7}}, "t")
		if err != nil || !strings.Contains(string(body), `"heralding_mode":"`+k.heralding+`"`) {
			t.Errorf("%v: %s, %v", k.asked, body, err)
		}
		if _, err := c.Submit(t.Context(), body); err != nil || query != k.timeslot {
			t.Errorf("%v: use_timeslot=%s, %v", k.asked, query, err)
		}
		web.Close()
	}
}
