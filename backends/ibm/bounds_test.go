package ibm

import (
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"qgan/backends/service"
	"qgan/ir"
)

// sold is a client that takes a server's address for IBM's own, so that what costs money
// costs it.
func sold(t *testing.T, s *server) *Client {
	c := s.client(t, secret)
	c.Place = service.At(serviceName, "ibm_torino", "")
	return c
}

// The service's bounds of a job are its executions and its size; at its own address it takes
// five submissions a minute. A device that tells less than all devices told has bounds of its
// own.
func TestBounds(t *testing.T) {
	s := newServer(t)
	for conf, want := range map[string]service.Limits{
		`{"max_shots":1000,"max_experiments":1}`: {Programs: 1, MaxShots: 1000}, `{"max_shots":99999,"max_experiments":299}`: {Programs: 299, MaxShots: 99999}, `{"max_shots":100000,"max_experiments":300}`: {}, `{}`: {},
	} {
		s.on("GET /api/v1/backends/ibm_torino/configuration", 200, conf)
		if got, err := sold(t, s).Limits(t.Context()); err != nil || got.Programs != want.Programs || got.MaxShots != want.MaxShots {
			t.Errorf("%s: %+v, %v", conf, got, err)
		}
	}
	s.on("GET /api/v1/backends/ibm_torino/configuration", 200, `{}`)
	for perMinute, c := range map[int]*Client{5: sold(t, s), 0: s.client(t, secret)} {
		got, err := c.Limits(t.Context())
		got.Source = ""
		if want := (service.Limits{TotalShots: 10_000_000, Bytes: 50_000_000, GateBytes: 64, PerMinute: perMinute}); err != nil || got != want {
			t.Errorf("%+v, want %+v; %v", got, want, err)
		}
	}
}

// A program takes no more bytes in a body than is reckoned for it, whatever its gates and
// angles.
func TestBytesOfAGate(t *testing.T) {
	l, err := Reader("").Limits(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	c := ir.New(127, 127)
	long := ir.Const(1.2345678901234567e-5)
	for range 50 {
		c.Gate(ir.RZZ, []int{125, 126}, long)
		c.Gate(ir.RZ, []int{126}, ir.Const(-1.2345678901234567e-300))
		c.Gate(ir.RX, []int{126}, ir.Const(-2.2345678901234567))
		c.Gate(ir.ECR, []int{125, 126})
		c.Gate(ir.CZ, []int{125, 126})
		c.Gate(ir.SX, []int{126})
	}
	for q := range 127 {
		c.Measure(q, q)
	}
	p := service.Program{Circuit: c, Shots: 1000}
	job := []service.Program{p, p, p}
	body, err := Reader("ibm_torino").Body(t.Context(), job, "qgan-20261130120000-0123456789abcdef")
	if reckoned := 3 * p.Bytes(l.GateBytes); err != nil || len(body) > reckoned || len(body) < reckoned/5 {
		t.Errorf("%d bytes, %d were reckoned; %v", len(body), reckoned, err)
	}
}

// A second costs $1.60; who tells no seconds tells no cost. The word of the state counts
// before that of the job.
func TestWhatAJobCost(t *testing.T) {
	s := newServer(t)
	for text, want := range map[string]string{
		`{"state":{"status":"Completed"},"usage":{"seconds":3}}`:    "completed 3 s $4.80",
		`{"state":{"status":"Completed"},"usage":{"seconds":0.5}}`:  "completed 0.5 s $0.80",
		`{"state":{"status":"Completed"}}`:                          "completed 0 s",
		`{"status":"Completed","state":{"status":"Running"}}`:       "running 0 s",
		`{"status":"Running","state":{"status":"Completed"}}`:       "completed 0 s",
		`{"status":"Failed"}`:                                       "failed 0 s",
		`{"state":{"status":"Cancelled"},"usage":{"seconds":1000}}`: "cancelled 1000 s $1600.00",
		// Since March 2026 the time is in another field, and units are announced.
		`{"state":{"status":"Completed"},"usage":{"qpu_charge_time_seconds":11,"status":"complete"}}`:     "completed 11 s $17.60",
		`{"state":{"status":"Completed"},"usage":{"qpu_charge_time_seconds":11,"status":"pending"}}`:      "completed 11 s",
		`{"state":{"status":"Completed"},"usage":{"qpu_charge_time_seconds":0,"status":"complete"}}`:      "completed 0 s",
		`{"state":{"status":"Cancelled"},"usage":{"qpu_charge_time_seconds":0,"status":"complete"}}`:      "cancelled 0 s $0.00",
		`{"state":{"status":"Failed"},"usage":{"qpu_charge_time_seconds":2.5,"seconds":9}}`:               "failed 2.5 s $4.00",
		`{"state":{"status":"Completed"},"usage":{"value":42,"status":"complete"}}`:                       "completed 0 s 42 resource units",
		`{"state":{"status":"Completed"},"usage":{"value":42,"qpu_charge_time_seconds":3,"status":"ok"}}`: "completed 3 s 42 resource units",
		`{"state":{"status":"Completed"},"usage":{"value":"much","qpu_charge_time_seconds":-3}}`:          "no answer",
		`{"state":{"status":"Running"},"usage":{"qpu_charge_time_seconds":1}}`:                            "running 1 s $1.60",
	} {
		s.on("GET /api/v1/jobs/j", 200, text)
		p, err := sold(t, s).Poll(t.Context(), "j")
		got := fmt.Sprintf("%v %v s", p.State, p.Seconds)
		if p.Cost != nil {
			got += fmt.Sprintf(" $%.2f", *p.Cost)
		}
		if p.Amount != nil {
			got += fmt.Sprintf(" %v %s", p.Amount.Value, p.Amount.Unit)
		}
		if want == "no answer" && err != nil {
			continue
		}
		if err != nil || got != want {
			t.Errorf("%s: %s, want %s; %v", text, got, want, err)
		}
	}
}

// A lost job is asked for by its tag, from a time on, the oldest first.
func TestWhatIsLookedFor(t *testing.T) {
	s := newServer(t)
	var asked url.Values
	s.answers["GET /api/v1/jobs"] = func(w http.ResponseWriter, r *http.Request) {
		asked = r.URL.Query()
		fmt.Fprint(w, `{"jobs": [{"id": "2", "tags": ["t"]}, {"id": "1", "tags": ["t", "t"]}, {"id": "0", "tags": []}]}`)
	}
	found, err := s.client(t, secret).Find(t.Context(), "t", time.Date(2026, 3, 1, 1, 30, 0, 0, time.FixedZone("", 2*3600)))
	if err != nil || !slices.Equal(found, []string{"2", "1"}) {
		t.Errorf("%v, %v", found, err)
	}
	if want := "created_after=2026-02-28T23%3A30%3A00Z&exclude_params=true&limit=50&sort=ASC&tags=t"; asked.Encode() != want {
		t.Errorf("asked %s, want %s", asked.Encode(), want)
	}
}

// An empty answer is no result, whatever its status.
func TestNoResultYet(t *testing.T) {
	s := newServer(t)
	s.on("GET /api/v1/jobs/j/results", 200, " \n")
	var b strings.Builder
	if err := s.client(t, secret).Fetch(t.Context(), "j", 1<<20, &b); err == nil || b.Len() > 0 {
		t.Errorf("%q, %v", b.String(), err)
	}
}

// A token that is refused is replaced once; one that took its place stays.
func TestRefusedTokens(t *testing.T) {
	s := newServer(t)
	var sent []string
	s.answers["GET /api/v1/backends"] = func(w http.ResponseWriter, r *http.Request) {
		if sent = append(sent, r.Header.Get("Authorization")); len(sent) == 1 {
			w.WriteHeader(401)
			return
		}
		io.WriteString(w, `{"devices": []}`)
	}
	c := s.client(t, secret)
	for range 2 {
		if _, err := c.Devices(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if s.tokens != 2 || len(sent) != 3 || sent[0] == sent[1] || sent[1] != sent[2] {
		t.Errorf("%d tokens, sent %v", s.tokens, sent)
	}
	c.tokens.drop(strings.TrimPrefix(sent[0], "Bearer "))
	if _, err := c.Devices(t.Context()); err != nil || s.tokens != 2 || sent[3] != sent[2] {
		t.Errorf("%d tokens after an old one was refused, %v", s.tokens, err)
	}
}

// The clock of a token's issuer says how long it lives, not when that begins.
func TestTokensOfAnotherClock(t *testing.T) {
	now := time.Now()
	for _, off := range []time.Duration{-2 * time.Hour, 0, 2 * time.Hour} {
		s := newServer(t)
		s.answers["POST /identity/token"] = func(w http.ResponseWriter, _ *http.Request) {
			s.tokens++
			fmt.Fprintf(w, `{"access_token": %q}`, jwt(now.Add(off), time.Hour, s.tokens))
		}
		clock := now
		k, err := newTokens(s.URL, secret, service.RESTOptions{}, func() time.Time { return clock })
		if err != nil {
			t.Fatal(err)
		}
		for _, at := range []struct {
			after  time.Duration
			tokens int
		}{{0, 1}, {47 * time.Minute, 1}, {49 * time.Minute, 2}} {
			clock = now.Add(at.after)
			if _, err := k.get(t.Context()); err != nil || s.tokens != at.tokens {
				t.Errorf("a clock that is off by %v, after %v: %d tokens, want %d; %v", off, at.after, s.tokens, at.tokens, err)
			}
		}
	}
}

// Which account of Qiskit's file is taken, and when its instance goes with the environment's
// key.
func TestWhichAccount(t *testing.T) {
	of := func(region string) string { return strings.Replace(crn, "us-east", region, 1) }
	file := fmt.Sprintf(`{"default-ibm-cloud": {"token": "c", "instance": %q}, "default-ibm-quantum-platform": {"token": "p", "instance": %q}}`, of("eu-de"), of("us-south"))
	for name, k := range map[string]struct {
		env           map[string]string
		key, instance string
		keyAt, ofFile bool // whose source is the file
	}{
		"both defaults":    {nil, "p", of("us-south"), true, true},
		"the same key":     {map[string]string{"QISKIT_IBM_TOKEN": "p"}, "p", of("us-south"), false, true},
		"another key":      {map[string]string{"QISKIT_IBM_TOKEN": "x"}, "x", "", false, false},
		"another instance": {map[string]string{"QISKIT_IBM_INSTANCE": of("jp-tok")}, "p", of("jp-tok"), true, false},
	} {
		a, err := FindAccount(func(n string) string { return k.env[n] }, func(string) ([]byte, error) { return []byte(file), nil })
		if a.Key != k.key || a.Instance != k.instance || (err == nil) != (k.instance != "") || strings.Contains(a.KeySource, "qiskit-ibm.json") != k.keyAt || strings.Contains(a.InstanceSource, "qiskit-ibm.json") != k.ofFile {
			t.Errorf("%s: key of %s, instance %s of %s, %v", name, a.KeySource, a.Instance, a.InstanceSource, err)
		}
	}
	if _, err := FindAccount(func(string) string { return "" }, func(string) ([]byte, error) { return nil, fs.ErrPermission }); err == nil || err == ErrNoAccount {
		t.Errorf("a file that can't be read: %v", err)
	}
}

// A register whose name is a word of OpenQASM comes back under another name, so it is
// refused before it is paid for.
func TestRegistersKeepTheirNames(t *testing.T) {
	c := ir.New(1, 1)
	c.BitRegs = []ir.Register{{Name: "gate", Indices: []int{0}}}
	c.Measure(0, 0)
	if body, err := Reader("ibm_torino").Body(t.Context(), []service.Program{{Circuit: c, Shots: 1}}, "t"); err == nil || !strings.Contains(err.Error(), "gate[0]") || !strings.Contains(err.Error(), "rename the register") {
		t.Errorf("%s, %v", body, err)
	}
}

// packed packs an array in NumPy's format as the service does, its header filled up to so
// many bytes.
func packed(t *testing.T, shape string, header int, data ...byte) string {
	h := "{'descr': '|u1', 'fortran_order': False, 'shape': " + shape + ", }"
	h += strings.Repeat(" ", max(0, header-len(h)-1)) + "\n"
	return pack(t, append([]byte("\x93NUMPY\x01\x00"+string([]byte{byte(len(h)), byte(len(h) >> 8)})+h), data...))
}

// Rows of bytes hold the bits of a register and no more, however long the header is.
func TestRowsOfBytes(t *testing.T) {
	for name, k := range map[string]struct {
		header int
		data   []byte
		want   []uint64 // nil: refused
	}{
		"ten bits":        {118, []byte{0b10, 1, 0b01, 0b10000000}, []uint64{0b1000000001, 0b0000000110}},
		"a long header":   {700, []byte{0b10, 1, 0b01, 0b10000000}, []uint64{0b1000000001, 0b0000000110}},
		"eleven bits":     {118, []byte{0, 1, 0b100, 0}, nil},
		"sixteen bits":    {118, []byte{0x80, 1, 0, 0}, nil},
		"a byte too few":  {118, []byte{0, 1, 0}, nil},
		"a byte too many": {118, []byte{0, 1, 0, 1, 0}, nil},
		"nothing":         {118, nil, nil},
	} {
		text := fmt.Sprintf(`{"__type__": "PrimitiveResult", "__value__": {"pub_results": [{"__value__": {"data": {"__value__": {"fields": {
"c": {"__type__": "BitArray", "__value__": {"array": {"__type__": "ndarray", "__value__": %q}, "num_bits": 10}}}}}}}]}}`, packed(t, "(2, 2)", k.header, k.data...))
		shape := service.Shape{Bits: 10, Registers: []service.Register{{Name: "c", Bits: []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}}}}
		out, err := Reader("").Decode([]service.Shape{shape}, strings.NewReader(text))
		if (err == nil) != (k.want != nil) || err == nil && !slices.Equal(out[0].Words, k.want) {
			t.Errorf("%s: %+v, want %010b; %v", name, out, k.want, err)
		}
	}
}

// Arrays are unpacked to what a job can hold and no more, those of registers that nobody
// asked for not at all.
func TestArraysAreBounded(t *testing.T) {
	zeros := make([]byte, 8<<20)
	shape := service.Shape{Bits: 10, Shots: 100, Registers: []service.Register{{Name: "c", Bits: []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}}}}
	good := packed(t, "(1, 2)", 118, 1, 0)
	field := func(name, array string) string {
		return fmt.Sprintf(`%q: {"__type__": "BitArray", "__value__": {"array": {"__type__": "ndarray", "__value__": %q}, "num_bits": 10}}`, name, array)
	}
	primitive := func(fields ...string) string {
		return `{"__type__": "PrimitiveResult", "__value__": {"pub_results": [{"__value__": {"data": {"__value__": {"fields": {` + strings.Join(fields, ",") + `}}}}}]}}`
	}
	tensor := func(name, data string) string {
		return fmt.Sprintf(`%q: {"data": %q, "shape": [1, 10], "dtype": "bool"}`, name, data)
	}
	executor := func(tensors ...string) string { return `{"data": [{"results": {` + strings.Join(tensors, ",") + `}}]}` }
	for name, k := range map[string]struct{ text, want string }{
		"fine":                 {primitive(field("c", good)), ""},
		"a bomb":               {primitive(field("c", pack(t, zeros))), "more than 66336 bytes"},
		"a bomb beside":        {primitive(field("c", good), field("d", pack(t, zeros))), ""},
		"bits":                 {executor(tensor("c", pack(t, []byte{1, 0}))), ""},
		"a bomb of bits":       {executor(tensor("c", pack(t, zeros))), "more than 66336 bytes"},
		"a bomb of flips":      {executor(tensor("c", pack(t, []byte{1, 0})), tensor("measurement_flips.c", pack(t, zeros))), "more than 66336 bytes"},
		"a bomb of bits aside": {executor(tensor("c", pack(t, []byte{1, 0})), tensor("d", pack(t, zeros))), ""},
	} {
		out, err := Reader("").Decode([]service.Shape{shape}, strings.NewReader(k.text))
		if (err == nil) != (k.want == "") || err != nil && !strings.Contains(err.Error(), k.want) || err == nil && out[0].Shots != 1 {
			t.Errorf("%s: %+v, %v", name, out, err)
		}
	}
}

// What a job used is asked for where the job itself doesn't tell, of failed ones too; a
// price is that of its day.
func TestMetricsOfAJob(t *testing.T) {
	s := newServer(t)
	s.on("GET /api/v1/jobs/j/metrics", 200, `{"usage":{"qpu_charge_time_seconds":2,"status":"complete"}}`)
	for text, want := range map[string]float64{
		`{"state":{"status":"Failed"}}`: 3.2, `{"state":{"status":"Completed"},"usage":{"status":"complete"}}`: 3.2, `{"state":{"status":"Failed"},"usage":{"seconds":1}}`: 1.6, `{"state":{"status":"Queued"}}`: -1,
	} {
		s.on("GET /api/v1/jobs/j", 200, text)
		p, err := sold(t, s).Poll(t.Context(), "j")
		got := -1.0
		if p.Cost != nil {
			got = *p.Cost
		}
		if err != nil || got != want {
			t.Errorf("%s: $%v, want $%v; %v", text, got, want, err)
		}
	}
	for day, known := range map[string]bool{"2024-12-31": false, "2025-01-01": true, "2026-11-30": true} {
		at, err := time.Parse(time.DateOnly, day)
		if err != nil {
			t.Fatal(err)
		}
		if _, ok := priceAt(inSeconds, at); ok != known {
			t.Errorf("a price of %s: %v", day, ok)
		}
	}
	s.on("GET /api/v1/jobs/t", 200, `{"tags":["mine","qgan-20260512120000-aaaaaaaaaaaaaaaa"]}`)
	s.on("GET /api/v1/jobs/u", 200, `{"tags":["mine"]}`)
	for id, want := range map[string]string{"t": "qgan-20260512120000-aaaaaaaaaaaaaaaa", "u": ""} {
		if tag, err := s.client(t, secret).Tag(t.Context(), id); err != nil || tag != want {
			t.Errorf("%s: %q, %v", id, tag, err)
		}
	}
}

// What is asked of the service stands in the body and in the price, and nothing where
// nothing is asked.
func TestOptionsOfAJob(t *testing.T) {
	c := ir.New(1, 1)
	c.Measure(0, 0)
	job := []service.Program{{Circuit: c, Shots: 100_000}}
	for _, k := range []struct {
		asked map[string]string
		body  string // a part of it
		usd   float64
	}{
		{nil, `"version":2,"support_qiskit":false},"tags":["t"]}`, 1.6 * 38},
		{map[string]string{"ibm-dd": "XY4"}, `"options":{"dynamical_decoupling":{"enable":true,"sequence_type":"XY4"}}},"tags":["t"]}`, 1.6 * 38},
		{map[string]string{"ibm-twirl": "measure", "max-execution-time": "20s"}, `"options":{"twirling":{"enable_gates":false,"enable_measure":true}}},"tags":["t"],"cost":20}`, 1.6 * 20},
		{map[string]string{"max-execution-time": "1h"}, `"tags":["t"],"cost":3600}`, 1.6 * 38},
	} {
		client := Reader("d")
		var err error
		if client.Place, err = service.At(serviceName, "d", "").Asking(k.asked); err != nil {
			t.Fatal(err)
		}
		body, err := client.Body(t.Context(), job, "t")
		if p, _ := client.Price(t.Context(), job); err != nil || !strings.HasSuffix(string(body), k.body) || p.USD < k.usd*0.999 || p.USD > k.usd*1.001 {
			t.Errorf("%v: %s, $%v, %v", k.asked, body, p.USD, err)
		}
	}
	if _, err := New(Account{}, "d", service.Options{Job: map[string]string{"ibm-dd": "XYZ"}}); err == nil {
		t.Error("a sequence of nobody's was taken")
	}
}
