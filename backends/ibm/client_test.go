package ibm

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"qgan/backends/service"
	"qgan/ir"
)

const crn = "crn:v1:bluemix:public:quantum-computing:us-east:a/0123456789abcdef:11111111-2222-3333-4444-555555555555::"

const secret = "K3y-that-nobody-may-see"

// jwt is a token that lives from now for so long.
func jwt(now time.Time, life time.Duration, n int) string {
	part := func(v any) string {
		raw, _ := json.Marshal(v)
		return base64.RawURLEncoding.EncodeToString(raw)
	}
	return part(map[string]any{"alg": "RS256"}) + "." + part(map[string]any{"iat": now.Unix(), "exp": now.Add(life).Unix(), "n": n}) + ".c2ln"
}

// server answers as the service does, one answer a path; what is asked is kept.
type server struct {
	*httptest.Server
	mu      sync.Mutex
	answers map[string]func(w http.ResponseWriter, r *http.Request)
	asked   []string
	tokens  int
	life    time.Duration
}

func newServer(t *testing.T) *server {
	s := &server{answers: map[string]func(http.ResponseWriter, *http.Request){}, life: time.Hour}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		s.asked = append(s.asked, r.Method+" "+r.URL.Path)
		answer := s.answers[r.Method+" "+r.URL.Path]
		s.mu.Unlock()
		if r.URL.Path == "/identity/token" && answer == nil {
			s.mu.Lock()
			s.tokens++
			n := s.tokens
			s.mu.Unlock()
			if r.FormValue("apikey") != secret {
				w.WriteHeader(400)
				fmt.Fprint(w, `{"errorCode":"BXNIM0415E","errorMessage":"Provided API key could not be found."}`)
				return
			}
			fmt.Fprintf(w, `{"access_token":%q,"expires_in":1}`, jwt(time.Now(), s.life, n))
			return
		}
		if answer == nil {
			w.WriteHeader(404)
			fmt.Fprint(w, `{"errors":[{"code":1291,"message":"Not found."}],"trace":"x"}`)
			return
		}
		answer(w, r)
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *server) on(what string, status int, body string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answers[what] = func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		fmt.Fprint(w, body)
	}
}

func (s *server) client(t *testing.T, key string) *Client {
	t.Helper()
	c, err := New(Account{Key: key, Instance: crn}, "ibm_torino", service.Options{Endpoint: s.URL, REST: service.RESTOptions{WaitMin: time.Millisecond, WaitMax: 2 * time.Millisecond, Retries: 2}})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// The life of a job: what is asked and sent, and what its answers come to.
func TestJob(t *testing.T) {
	s := newServer(t)
	var body []byte
	var header http.Header
	s.answers["POST /api/v1/jobs"] = func(w http.ResponseWriter, r *http.Request) {
		body, _ = io.ReadAll(r.Body)
		header = r.Header
		fmt.Fprint(w, `{"id":"cz8abc","backend":"ibm_torino"}`)
	}
	c := s.client(t, secret)
	circuit := ir.New(2, 3)
	circuit.BitRegs = []ir.Register{{Name: "alpha", Indices: []int{0}}, {Name: "beta", Indices: []int{1, 2}}}
	circuit.Gate(ir.SX, []int{0})
	circuit.Gate(ir.CZ, []int{0, 1})
	circuit.Measure(0, 2)
	circuit.Measure(1, 0)
	sent, err := c.Body(t.Context(), []service.Program{{Circuit: circuit, Shots: 100}, {Circuit: circuit, Shots: 50}}, "qgan-tag")
	if err != nil {
		t.Fatal(err)
	}
	id, err := c.Submit(t.Context(), sent)
	if err != nil || id != "cz8abc" {
		t.Fatalf("%q, %v", id, err)
	}
	for name, want := range map[string]string{"Ibm-Api-Version": APIVersion, "Service-Crn": crn, "Content-Type": "application/json"} {
		if got := header.Get(name); got != want {
			t.Errorf("header %s is %q", name, got)
		}
	}
	if !strings.HasPrefix(header.Get("Authorization"), "Bearer ey") {
		t.Error("no token was sent")
	}
	var j struct {
		Program string `json:"program_id"`
		Backend string
		Tags    []string
		Params  struct {
			Version int
			Support bool `json:"support_qiskit"`
			PUBs    [][]any
		}
	}
	if err := json.Unmarshal(body, &j); err != nil || j.Program != "sampler" || j.Backend != "ibm_torino" || j.Tags[0] != "qgan-tag" || j.Params.Version != 2 || j.Params.Support {
		t.Errorf("%s: %v", body, err)
	}
	if p := j.Params.PUBs; len(p) != 2 || p[0][1] != nil || p[1][2] != 50.0 || !strings.Contains(p[0][0].(string), "bit[2] beta;") || !strings.Contains(p[0][0].(string), "beta[1] = measure $0;") {
		t.Errorf("PUBs %v", p)
	}
	for _, k := range []struct {
		answer string
		want   service.RemoteState
		reason string
	}{
		{`{"status":"Queued","state":{"status":"Queued"}}`, service.Queued, ""},
		{`{"state":{"status":"running"}}`, service.Running, ""},
		{`{"state":{"status":"Completed"},"usage":{"seconds":3}}`, service.Completed, ""},
		{`{"state":{"status":"Failed","reason":"not ISA","reason_code":3211}}`, service.Failed, "not ISA (code 3211)"},
		{`{"state":{"status":"Cancelled","reason":"over time","reasonCode":1305}}`, service.Failed, "over time (code 1305)"},
		{`{"status":"Cancelled - Ran too long","state":{"status":"Cancelled"}}`, service.Failed, ""},
		{`{"state":{"status":"Cancelled"}}`, service.Cancelled, ""},
		{`{"state":{"status":"Dreaming"}}`, service.Running, ""},
	} {
		s.on("GET /api/v1/jobs/cz8abc", 200, k.answer)
		got, err := c.Poll(t.Context(), "cz8abc")
		if err != nil || got.State != k.want || got.Reason != k.reason {
			t.Errorf("%s: %+v, %v", k.answer, got, err)
		}
	}
	s.on("GET /api/v1/jobs", 200, `{"jobs":[{"id":"other","tags":["qgan-other"]},{"id":"cz8abc","tags":["mine","qgan-tag"]}],"count":2}`)
	if found, err := c.Find(t.Context(), "qgan-tag", time.Now()); err != nil || fmt.Sprint(found) != "[cz8abc]" {
		t.Errorf("found %v, %v", found, err)
	}
	s.on("GET /api/v1/jobs/cz8abc/results", 204, "")
	if err := c.Fetch(t.Context(), "cz8abc", 1<<20, io.Discard); err == nil {
		t.Error("a result that is not there was fetched")
	}
	s.on("GET /api/v1/jobs/cz8abc/results", 200, plain2)
	var b strings.Builder
	if err := c.Fetch(t.Context(), "cz8abc", 1<<20, &b); err != nil || b.String() != plain2 {
		t.Errorf("%v", err)
	}
	s.on("POST /api/v1/jobs/cz8abc/cancel", 409, `{"errors":[{"code":1212,"message":"Job is final."}]}`)
	if err := c.Cancel(t.Context(), "cz8abc"); err != nil {
		t.Errorf("cancelling a final job: %v", err)
	}
}

// Which answers to a submission leave its fate open, and none is sent twice.
func TestSubmitFates(t *testing.T) {
	for name, k := range map[string]struct {
		status int
		body   string
		fate   service.Fate
		known  bool
		text   string
	}{
		"not ISA":       {400, `{"errors":[{"code":1211,"message":"The circuit is not ISA.","solution":"Transpile it."}]}`, service.Refused, true, "The circuit is not ISA. (code 1211); Transpile it."},
		"older body":    {403, `{"error":{"code":1200,"message":"Not authorised."}}`, service.Refused, true, "Not authorised. (code 1200)"},
		"too many":      {429, `{"errors":[{"message":"Slow down."}]}`, service.Later, true, "Slow down."},
		"inner error":   {500, `<html>oops</html>`, service.Lost, false, "<html>oops</html>"},
		"gateway":       {504, ``, service.Lost, false, "504"},
		"no JSON":       {200, `<html>login</html>`, service.Lost, false, "can't be read"},
		"no id":         {200, `{}`, service.Lost, false, "no id"},
		"redirect":      {307, ``, service.Refused, true, "redirect"},
		"cut off early": {200, `{"id":"x`, service.Lost, false, "can't be read"},
	} {
		s := newServer(t)
		posts := 0
		s.answers["POST /api/v1/jobs"] = func(w http.ResponseWriter, _ *http.Request) {
			posts++
			w.Header().Set("Location", "https://elsewhere.example/")
			w.WriteHeader(k.status)
			fmt.Fprint(w, k.body)
		}
		_, err := s.client(t, secret).Submit(t.Context(), []byte("{}"))
		var fate *service.SubmitError
		if errors.As(err, &fate) != k.known || k.known && fate.Fate != k.fate || posts != 1 || err == nil || !strings.Contains(err.Error(), k.text) {
			t.Errorf("%s: %d posts, %v", name, posts, err)
		}
	}
}

// A connection that is dropped leaves the fate open; one that never was does not.
func TestSubmitConnections(t *testing.T) {
	s := newServer(t)
	s.answers["POST /api/v1/jobs"] = func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := w.(http.Hijacker).Hijack()
		if err == nil {
			conn.Close()
		}
	}
	c := s.client(t, secret)
	var fate *service.SubmitError
	if _, err := c.Submit(t.Context(), []byte("{}")); err == nil || errors.As(err, &fate) {
		t.Errorf("a dropped connection: %v", err)
	}
	s.Close()
	if _, err := c.Submit(t.Context(), []byte("{}")); !errors.As(err, &fate) || fate.Fate != service.Later {
		t.Errorf("no connection: %v", err)
	}
}

// Tokens are refreshed at four fifths of their own life, once for all who ask.
func TestTokens(t *testing.T) {
	s := newServer(t)
	s.on("GET /api/v1/backends", 200, `{"devices":[{"name":"ibm_torino","qubits":133,"status":{"name":"online"},"queue_length":-1,"processor_type":{"family":"Heron"}}]}`)
	now := time.Now()
	c, err := New(Account{Key: secret, Instance: crn}, "ibm_torino", service.Options{Endpoint: s.URL, Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	ask := func() {
		t.Helper()
		d, err := c.Devices(t.Context())
		if err != nil || len(d) != 1 || d[0].Name != "ibm_torino" || d[0].Qubits != 133 || d[0].Status != "online" || *d[0].Queue != 0 {
			t.Errorf("%v, %v", d, err)
		}
	}
	var wait sync.WaitGroup
	for range 20 {
		wait.Go(ask)
	}
	wait.Wait()
	for _, k := range []struct {
		later  time.Duration
		tokens int
	}{{47 * time.Minute, 1}, {2 * time.Minute, 2}, {47 * time.Minute, 2}, {2 * time.Minute, 3}} {
		now = now.Add(k.later)
		ask()
		if s.tokens != k.tokens {
			t.Errorf("after %v more: %d tokens, want %d", k.later, s.tokens, k.tokens)
		}
	}
	// Where no new one is to be had, the old one serves to its end.
	s.on("POST /identity/token", 500, "")
	c.tokens.rest, _ = service.NewREST("IAM", s.URL, service.RESTOptions{Retries: -1})
	now = now.Add(50 * time.Minute)
	ask()
	now = now.Add(10 * time.Minute)
	if _, err := c.Devices(t.Context()); err == nil {
		t.Error("a token past its end was used")
	}
}

// The key is in no error and in no text of an account.
func TestNothingTellsTheKey(t *testing.T) {
	s := newServer(t)
	bad := s.client(t, secret+"-wrong")
	var texts []string
	note := func(err error) {
		t.Helper()
		if err == nil {
			t.Error("no error")
			return
		}
		texts = append(texts, err.Error(), fmt.Sprintf("%+v %#v", err, err))
	}
	_, err := bad.Devices(t.Context())
	note(err)
	if !strings.Contains(err.Error(), "BXNIM0415E") {
		t.Errorf("IAM's message is lost: %v", err)
	}
	_, err = bad.Submit(t.Context(), []byte("{}"))
	note(err)
	_, err = s.client(t, secret).Devices(t.Context())
	note(err)
	s.Close()
	_, err = bad.Devices(t.Context())
	note(err)
	_, err = FindAccount(func(string) string { return "" }, func(string) ([]byte, error) { return []byte(`{"a": {"token": "` + secret + `"`), nil })
	note(err)
	a := Account{Key: secret, KeySource: "QISKIT_IBM_TOKEN"}
	texts = append(texts, fmt.Sprintf("%v %+v %#v %s", a, a, a, a))
	for _, text := range texts {
		if strings.Contains(text, secret) {
			t.Errorf("the key is in %q", text)
		}
	}
}

func TestFindAccount(t *testing.T) {
	file := `{"old": {"channel": "ibm_quantum", "token": "o"}, "work": {"channel": "ibm_cloud", "token": "w", "instance": "` + strings.Replace(crn, "us-east", "eu-de", 1) + `"},
"default-ibm-quantum-platform": {"channel": "ibm_quantum_platform", "token": "d", "instance": "` + crn + `"}}`
	for name, k := range map[string]struct {
		env       map[string]string
		file      string
		key, base string
		err       string
	}{
		"environment":       {env: map[string]string{"QISKIT_IBM_TOKEN": "e", "QISKIT_IBM_INSTANCE": crn}, key: "e", base: "https://quantum.cloud.ibm.com/api/v1"},
		"default account":   {file: file, key: "d", base: "https://quantum.cloud.ibm.com/api/v1"},
		"named account":     {env: map[string]string{"QISKIT_IBM_ACCOUNT": "work"}, file: file, key: "w", base: "https://eu-de.quantum.cloud.ibm.com/api/v1"},
		"marked account":    {file: strings.Replace(file, `"token": "w"`, `"token": "w", "is_default_account": true`, 1), key: "w", base: "https://eu-de.quantum.cloud.ibm.com/api/v1"},
		"no account":        {err: "QISKIT_IBM_TOKEN"},
		"no such account":   {env: map[string]string{"QISKIT_IBM_ACCOUNT": "home"}, file: file, err: `no account "home"`},
		"no instance":       {env: map[string]string{"QISKIT_IBM_TOKEN": "e"}, err: "QISKIT_IBM_INSTANCE"},
		"another's CRN":     {env: map[string]string{"QISKIT_IBM_TOKEN": "e"}, file: file, err: "has no instance"},
		"no CRN":            {env: map[string]string{"QISKIT_IBM_TOKEN": "e", "QISKIT_IBM_INSTANCE": "ibm-q/open/main"}, err: "no CRN"},
		"region of a host":  {env: map[string]string{"QISKIT_IBM_TOKEN": "e", "QISKIT_IBM_INSTANCE": strings.Replace(crn, "us-east", "evil.example/", 1)}, err: "no CRN"},
		"only legacy":       {file: `{"old": {"channel": "ibm_quantum", "token": "o"}}`, err: "QISKIT_IBM_TOKEN"},
		"several, none the": {file: `{"a": {"token": "1"}, "b": {"token": "2"}}`, err: "a, b"},
	} {
		a, err := FindAccount(func(n string) string { return k.env[n] }, func(string) ([]byte, error) {
			if k.file == "" {
				return nil, fs.ErrNotExist
			}
			return []byte(k.file), nil
		})
		if (err != nil) != (k.err != "") || err != nil && !strings.Contains(err.Error(), k.err) || err == nil && (a.Key != k.key || a.URL != k.base) {
			t.Errorf("%s: key of %s, %s, %v", name, a.KeySource, a.URL, err)
		}
	}
}

// What the service fails on is refused before it is sent, with the place.
func TestBodyRefuses(t *testing.T) {
	measured := func(f func(*ir.Circuit)) *ir.Circuit {
		c := ir.New(2, 1)
		f(c)
		c.Measure(0, 0)
		return c
	}
	for name, k := range map[string]struct {
		circuit *ir.Circuit
		text    string
	}{
		"not native":     {measured(func(c *ir.Circuit) { c.Gate(ir.H, []int{0}) }), "h"},
		"word of Python": {measured(func(c *ir.Circuit) { c.BitRegs = []ir.Register{{Name: "lambda", Indices: []int{0}}} }), "lambda"},
		"no identifier":  {measured(func(c *ir.Circuit) { c.BitRegs = []ir.Register{{Name: "θ", Indices: []int{0}}} }), "θ"},
		"rzz below 0":    {measured(func(c *ir.Circuit) { c.Gate(ir.RZZ, []int{0, 1}, ir.Const(-0.1)) }), "operation 0: rzz(-0.1)"},
		"rzz above π/2":  {measured(func(c *ir.Circuit) { c.Gate(ir.RZZ, []int{0, 1}, ir.Const(2)) }), "operation 0: rzz(2)"},
		"rzz in a branch": {measured(func(c *ir.Circuit) {
			c.Ops = append(c.Ops, &ir.If{Cond: ir.BitSet(0), Then: []ir.Op{&ir.Apply{Gate: ir.RZZ, Qubits: []int{0, 1}, Angles: []ir.Angle{ir.Const(2)}}}})
		}), "operation 0: rzz(2)"},
		"nothing is read": {ir.New(2, 1), "nothing is measured"},
		"no bits":         {ir.New(2, 0), "no classical bits"},
		"open symbols":    {measured(func(c *ir.Circuit) { c.Trained = []string{"a"}; c.Gate(ir.RZ, []int{0}, ir.Trained(1, 0)) }), "symbols"},
	} {
		_, err := Reader("ibm_torino").Body(t.Context(), []service.Program{{Circuit: measured(func(*ir.Circuit) {}), Shots: 1}, {Circuit: k.circuit, Shots: 1}}, "t")
		if err == nil || !strings.Contains(err.Error(), k.text) || !strings.Contains(err.Error(), "program 1") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestPrice(t *testing.T) {
	p, ok := Reader("").Price(t.Context(), []service.Program{{Shots: 10000}})
	if want := (3 + 3.5) * 1.6; !ok || p.USD < want*0.999 || p.USD > want*1.001 {
		t.Errorf("%+v, want $%v", p, want)
	}
	if p, ok := (&Client{Place: service.At("", "", "http://127.0.0.1:1")}).Price(t.Context(), []service.Program{{Shots: 10000}}); !ok || p.USD != 0 {
		t.Errorf("on loopback: %+v", p)
	}
}
