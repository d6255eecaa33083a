package azure

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"qgan/backends/service"
	"qgan/ir"
)

const secret = "s3cret-key-of-a-workspace"

// places answers by method and path without the workspace's own part; {host} is its host.
type places map[string]string

func (p places) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	_, path, ok := strings.Cut(r.URL.Path, "/workspaces/w/")
	if !ok {
		path = r.URL.Path
	}
	text, ok := p[r.Method+" "+path]
	status := 200
	if !ok {
		text, status = `{"error":{"code":"NotFound","message":"nothing here"}}`, 404
	}
	w.WriteHeader(status)
	io.WriteString(w, strings.ReplaceAll(text, "{host}", r.Host))
}

var quick = service.RESTOptions{WaitMin: time.Millisecond, WaitMax: 2 * time.Millisecond, Timeout: 5 * time.Second, Retries: -1}

func client(t *testing.T, h http.Handler, device string) *Client {
	t.Helper()
	web := httptest.NewServer(h)
	t.Cleanup(web.Close)
	c, err := New(Account{Subscription: "s", Group: "g", Workspace: "w", Key: secret}, device, service.Options{Endpoint: web.URL, REST: quick})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func surroundings(env map[string]string) service.Surroundings {
	return service.Surroundings{Getenv: func(name string) string { return env[name] }, Setting: func(key string) string { return env["setting "+key] }}
}

// A workspace is found where Microsoft's client finds it, or in the settings; a key goes to
// Azure's own addresses only, and is in no text.
func TestFindAccount(t *testing.T) {
	const whole = "SubscriptionId=s;ResourceGroupName=g;WorkspaceName=w;ApiKey=" + secret + ";QuantumEndpoint=https://eastus.quantum.azure.com/"
	variables := map[string]string{"AZURE_QUANTUM_SUBSCRIPTION_ID": "s", "AZURE_QUANTUM_WORKSPACE_RG": "g", "AZURE_QUANTUM_WORKSPACE_NAME": "w", "AZURE_QUANTUM_WORKSPACE_LOCATION": "East US"}
	with := func(key, value string) map[string]string {
		m := maps.Clone(variables)
		m[key] = value
		return m
	}
	for name, k := range map[string]struct {
		env         map[string]string
		server, key string
		want        string // of the error
	}{
		"a connection string":   {map[string]string{"AZURE_QUANTUM_CONNECTION_STRING": whole}, "https://eastus.quantum.azure.com/", secret, ""},
		"variables and a key":   {with("AZURE_QUANTUM_API_KEY", secret), "https://eastus.quantum.azure.com", secret, ""},
		"variables and a login": {variables, "https://eastus.quantum.azure.com", "", ""},
		"a setting for one":     {with("setting location", "westus"), "https://eastus.quantum.azure.com", "", ""},
		"settings": {map[string]string{"setting subscription": "s", "setting resource_group": "g", "setting workspace": "w", "setting location": "westus-v2"},
			"https://westus-v2.quantum.azure.com", "", ""},
		"nothing":             {nil, "", "", "no workspace of Azure Quantum was found"},
		"a part":              {with("AZURE_QUANTUM_WORKSPACE_RG", ""), "", "", "AZURE_QUANTUM_WORKSPACE_RG is missing"},
		"a location":          {with("AZURE_QUANTUM_WORKSPACE_LOCATION", "evil.example/x"), "", "", "is no location"},
		"no key":              {map[string]string{"AZURE_QUANTUM_CONNECTION_STRING": strings.Replace(whole, "ApiKey", "Key", 1)}, "", "", "ApiKey is missing"},
		"a part of a string":  {map[string]string{"AZURE_QUANTUM_CONNECTION_STRING": strings.Replace(whole, "WorkspaceName", "Name", 1)}, "", "", "WorkspaceName is missing"},
		"another's address":   {map[string]string{"AZURE_QUANTUM_CONNECTION_STRING": strings.Replace(whole, "quantum.azure.com", "example.com", 1)}, "", "", "no address of Azure Quantum"},
		"an address in clear": {map[string]string{"AZURE_QUANTUM_CONNECTION_STRING": strings.Replace(whole, "https", "http", 1)}, "", "", "no address of Azure Quantum"},
	} {
		a, err := FindAccount(surroundings(k.env))
		if k.want != "" {
			if err == nil || !strings.Contains(err.Error(), k.want) || strings.Contains(err.Error(), secret) {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		if err != nil || a.Server != k.server || a.Key != k.key || a.Workspace != "w" || (a.Token == nil) != (k.key != "") || strings.Contains(fmt.Sprintf("%v %+v %#v", a, a, &a), secret) {
			t.Errorf("%s: %v at %s, %v", name, a, a.Server, err)
		}
	}
	found, err := credentials(t.Context(), surroundings(variables))
	if err != nil || found[0].What != "login" || found[1].Where != "w" {
		t.Errorf("%v, %v", found, err)
	}
}

// flip is a program of native gates of Quantinuum that reads qubit 3 into bit 0 and qubit 1
// into bit 2 of three.
func flip(shots int) service.Program {
	c := ir.New(4, 3)
	c.Gate(ir.PRX, []int{3}, ir.Const(0.5), ir.Const(1e-7))
	c.Gate(ir.RZ, []int{1}, ir.Const(-0.25))
	c.Gate(ir.RZZ, []int{3, 1}, ir.Const(1.5))
	c.Measure(3, 0)
	c.Measure(1, 2)
	return service.Program{Circuit: c, Shots: shots}
}

// ions is a program of native gates of IonQ.
func ions(shots int) service.Program {
	c := ir.New(2, 1)
	c.Gate(ir.GPI, []int{1}, ir.Const(0.25))
	c.Measure(1, 0)
	return service.Program{Circuit: c, Shots: shots}
}

func fateOf(err error) service.Fate { fate, _ := service.FateOf(err); return fate }

// The body of a job: the program in the words of hqslib1.inc, formats of the provider, an id
// that is the tag's.
func TestBody(t *testing.T) {
	c := Reader("quantinuum.sim.h2-1sc")
	raw, err := c.Body(t.Context(), []service.Program{flip(7)}, "tag")
	if err != nil {
		t.Fatal(err)
	}
	var b submission
	if err := json.Unmarshal(raw, &b); err != nil {
		t.Fatal(err)
	}
	const text = "OPENQASM 2.0;\ninclude \"hqslib1.inc\";\nqreg q[4];\ncreg c[3];\nU1q(0.5,0.0000001) q[3];\nrz(-0.25) q[1];\nRZZ(1.5) q[3],q[1];\nmeasure q[3] -> c[0];\nmeasure q[1] -> c[2];\n"
	if b.Input != text || b.Type != "application/qasm" || b.ID != idOf("tag") || idOf("tag") == idOf("tags") || b.Job.tag() != "tag" {
		t.Errorf("%+v", b)
	}
	if got := fmt.Sprintf("%v %v %v %v", b.Job["providerId"], b.Job["target"], b.Job["inputDataFormat"], b.Job["inputParams"]); got != "quantinuum quantinuum.sim.h2-1sc honeywell.openqasm.v1 map[shots:7]" {
		t.Error(got)
	}
	native := ions(9).Circuit
	for device, params := range map[string]string{"ionq.simulator": "map[shots:9]", "ionq.qpu.forte-1": "map[error-mitigation:map[debias:false] shots:9]"} {
		raw, err := Reader(device).Body(t.Context(), []service.Program{{Circuit: native, Shots: 9}}, "tag")
		var b submission
		if err == nil {
			err = json.Unmarshal(raw, &b)
		}
		var in struct {
			Gateset string
			Qubits  int
			Circuit []any
		}
		if err == nil {
			err = json.Unmarshal([]byte(b.Input), &in)
		}
		if err != nil || in.Gateset != "native" || in.Qubits != 2 || len(in.Circuit) != 1 || fmt.Sprint(b.Job["inputParams"]) != params {
			t.Errorf("%s: %+v, %v", device, b, err)
		}
	}
	looped := flip(7)
	looped.Circuit.Ops = append(slices.Clone(looped.Circuit.Ops), &ir.If{Cond: ir.BitSet(0)})
	for name, k := range map[string]struct {
		device   string
		programs []service.Program
		want     string
	}{
		"a gate":           {"quantinuum.qpu.h2-1", []service.Program{{Circuit: native, Shots: 9}}, "the gate gpi is none of U1q, rz and RZZ"},
		"what is measured": {"quantinuum.qpu.h2-1", []service.Program{looped}, "operation 5"},
		"two":              {"quantinuum.qpu.h2-1", []service.Program{flip(7), flip(7)}, "2 circuits"},
		"another provider": {"rigetti.sim.qvm", []service.Program{flip(7)}, "ionq's and quantinuum's"},
	} {
		var bad interface{ BadInput() bool }
		if _, err := Reader(k.device).Body(t.Context(), k.programs, "t"); err == nil || !strings.Contains(err.Error(), k.want) || !errors.As(err, &bad) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Bits of results in both providers' orders, and what is no result.
func TestDecode(t *testing.T) {
	shape := service.ShapeOf(flip(4))
	for name, k := range map[string]struct{ device, text, want string }{
		// c[2] c[1] c[0] as text; bit 0 is the first of a word here.
		"quantinuum":      {"quantinuum.sim.h2-1e", `{"c":["001","100","001","000"],"other":["1"]}`, "[{0 1} {1 1} {4 2}]"},
		"ionq":            {"ionq.qpu.forte-1", `{"duration":3,"histogram":{"8":0.5,"2":0.25,"4":0.25}}`, "[{0 1} {1 1} {4 2}]"},
		"a bit missing":   {"quantinuum.sim.h2-1e", `{"c":["01"]}`, ""},
		"no bits":         {"quantinuum.sim.h2-1e", `{"c":["0x1"]}`, ""},
		"no register":     {"quantinuum.sim.h2-1e", `{"d":["001"]}`, ""},
		"no shots":        {"quantinuum.sim.h2-1e", `{"c":[]}`, ""},
		"too many":        {"quantinuum.sim.h2-1e", `{"c":[` + strings.Repeat(`"000",`, 20) + `"000"]}`, ""},
		"no histogram":    {"ionq.simulator", `{"probabilities":{"0":1}}`, ""},
		"a half":          {"ionq.simulator", `{"histogram":{"0":0.5}}`, ""},
		"beyond":          {"ionq.simulator", `{"histogram":{"16":1}}`, ""},
		"no JSON":         {"ionq.simulator", `<html>`, ""},
		"no JSON either":  {"quantinuum.sim.h2-1e", `<html>`, ""},
		"nobody's format": {"rigetti.sim.qvm", `{}`, ""},
	} {
		out, err := Reader(k.device).Decode([]service.Shape{shape}, strings.NewReader(k.text))
		switch {
		case k.want == "" && err == nil:
			t.Errorf("%s was read as %v", name, out)
		case k.want != "" && (err != nil || fmt.Sprint(out[0].Counts) != k.want):
			t.Errorf("%s: %+v, %v", name, out, err)
		}
	}
}

// What a job costs by the tables, from gates and shots: two turns of one qubit of which one is
// about Z, one gate on two, two measurements.
func TestPrice(t *testing.T) {
	for device, k := range map[string]struct {
		usd, amount float64
		unit        string
		ok          bool
	}{
		"ionq.simulator":        {0, 0, "", true},
		"ionq.qpu.forte-1":      {2*12.4166 + 3000*(0.000220+0.000975), 0, "", true},
		"quantinuum.sim.h2-1sc": {0, 0, "", true},
		"quantinuum.sim.h2-1e":  {0, 10 + 3000*21./5000, "eHQC", false},
		"quantinuum.qpu.h2-1":   {0, 10 + 3000*21./5000, "HQC", false},
		"rigetti.sim.qvm":       {0, 0, "", false},
	} {
		p, ok := Reader(device).Price(t.Context(), []service.Program{flip(1000), flip(2000)})
		amount := service.Amount{}
		if p.Amount != nil {
			amount = *p.Amount
		}
		if ok != k.ok || math.Abs(p.USD-k.usd) > 1e-9 || math.Abs(amount.Value-k.amount) > 1e-9 || amount.Unit != k.unit {
			t.Errorf("%s: %+v %v %v", device, p, amount, ok)
		}
	}
	c := client(t, places{}, "quantinuum.qpu.h2-1")
	if p, ok := c.Price(t.Context(), []service.Program{flip(1)}); !ok || p.USD != 0 || p.Amount != nil {
		t.Errorf("on this machine: %+v", p)
	}
}

// Words, causes and costs of jobs.
func TestPoll(t *testing.T) {
	for name, k := range map[string]struct {
		text string
		want service.Status
	}{
		"waiting":   {`{"status":"Waiting"}`, service.Status{State: service.Queued, Word: "Waiting"}},
		"finishing": {`{"status":"Finishing","costEstimate":null}`, service.Status{State: service.Running, Word: "Finishing"}},
		"tomorrow":  {`{"status":"Pondering"}`, service.Status{State: service.Running, Word: "Pondering"}},
		"done": {`{"status":"Succeeded","beginExecutionTime":"2026-11-30T10:00:00Z","endExecutionTime":"2026-11-30T10:00:02.5Z","costEstimate":{"currencyCode":"USD","estimatedTotal":13.5}}`,
			service.Status{State: service.Completed, Word: "Succeeded", Cost: new(13.5), Seconds: 2.5}},
		"in credits": {`{"status":"Completed","costEstimate":{"currencyCode":"HQC","estimatedTotal":6.25}}`, service.Status{State: service.Completed, Word: "Completed", Amount: &service.Amount{Value: 6.25, Unit: "HQC"}}},
		"negative":   {`{"status":"Completed","costEstimate":{"currencyCode":"USD","estimatedTotal":-1}}`, service.Status{State: service.Completed, Word: "Completed"}},
		"failed":     {`{"status":"Failed","errorData":{"code":"InvalidInputData","message":"no such gate"}}`, service.Status{State: service.Failed, Word: "Failed", Reason: "no such gate (InvalidInputData)"}},
		"cancelling": {`{"status":"CancellationRequested"}`, service.Status{State: service.Running, Word: "CancellationRequested"}},
		"cancelled":  {`{"status":"Cancelled"}`, service.Status{State: service.Cancelled, Word: "Cancelled"}},
	} {
		c := client(t, places{"GET jobs/j": k.text}, "quantinuum.qpu.h2-1")
		c.Place = service.At(serviceName, c.Device(), "") // as at the service's own address
		got, err := c.Poll(t.Context(), "j")
		k.want.Ahead = -1
		a, _ := json.Marshal(got)
		b, _ := json.Marshal(k.want)
		if err != nil || string(a) != string(b) {
			t.Errorf("%s: %s, want %s; %v", name, a, b, err)
		}
	}
}

// The targets of all providers are listed; those that are written for have a snapshot without
// figures, all pairs coupled.
func TestDevices(t *testing.T) {
	const status = `{"value":[{"id":"ionq","targets":[{"id":"ionq.simulator","currentAvailability":"Available","averageQueueTime":3},{"id":"ionq.qpu.aria-1","currentAvailability":"Degraded","averageQueueTime":0,"numQubits":3}]},
		{"id":"quantinuum","targets":[{"id":"quantinuum.sim.h2-1sc","currentAvailability":"Available"},{"id":"quantinuum.qpu.new","currentAvailability":"Available"}]},{"id":"rigetti","targets":[{"id":"rigetti.sim.qvm"}]}]}`
	list, err := client(t, places{"GET providerStatus": status}, "").Devices(t.Context())
	want := "[ionq.simulator (29 qubits, about 3 s in the queue) ionq.qpu.aria-1 (3 qubits, about 0 s in the queue) quantinuum.sim.h2-1sc (56 qubits, its queue is not told) quantinuum.qpu.new (its queue is not told) rigetti.sim.qvm (its queue is not told)]"
	if got := fmt.Sprint(list); err != nil || got != want || list[0].Status != "Available" || list[0].Reason != "about 3 s in the queue" || list[1].Reason != "" {
		t.Errorf("%s, %+v, %v", got, list[0], err)
	}
	for device, k := range map[string]struct{ gates, want string }{
		"ionq.simulator": {"gpi gpi2 zz", ""}, "ionq.qpu.aria-1": {"gpi gpi2 ms", ""}, "quantinuum.sim.h2-1sc": {"rz prx rzz", ""},
		"quantinuum.qpu.new": {"", "said to have 0 qubits"}, "quantinuum.qpu.none": {"", "has no target"}, "rigetti.sim.qvm": {"", "not for those of \"rigetti\""},
	} {
		s, err := client(t, places{"GET providerStatus": status}, device).Snapshot(t.Context())
		if k.want != "" {
			if err == nil || !strings.Contains(err.Error(), k.want) {
				t.Errorf("%s: %v", device, err)
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		n := len(s.Qubits)
		if (len(s.Warnings) == 1) != (device != "ionq.simulator") {
			t.Errorf("%s: %q", device, s.Warnings)
		}
		if strings.Join(s.Basis, " ") != k.gates || s.Name != device || s.Service != "azure" || len(s.Gates) != 2*n+n*(n-1) || s.Find(s.Basis[2], 2, 0) == nil || s.Gates[0].Error != nil {
			t.Errorf("%s: %d qubits, %d gates, %v", device, n, len(s.Gates), s.Basis)
		}
	}
}

// A storage that is not Azure's gets nothing, and no message tells what lets into one.
func TestStorage(t *testing.T) {
	body, err := Reader("quantinuum.qpu.h2-1").Body(t.Context(), []service.Program{flip(7)}, "tag")
	if err != nil {
		t.Fatal(err)
	}
	for name, k := range map[string]struct {
		uri, want string
		sold      bool // at the service's own address
		fate      service.Fate
	}{
		"another host":    {"https://evil.example/job?sig=S3CRET", "not Azure's", true, service.Later},
		"a suffix":        {"https://x.blob.core.windows.net.evil.example/job?sig=S3CRET", "not Azure's", true, service.Later},
		"a port":          {"https://x.blob.core.windows.net:8443/job?sig=S3CRET", "not Azure's", true, service.Later},
		"in clear":        {"http://x.blob.core.windows.net/job?sig=S3CRET", "not Azure's", true, service.Later},
		"this machine":    {"http://127.0.0.1:1/job?sig=S3CRET", "not Azure's", true, service.Later},
		"none":            {"", "no address", false, service.Later},
		"a name in it":    {"https://u:p@x.blob.core.windows.net/job?sig=S3CRET", "no address", true, service.Later},
		"nothing there":   {"http://{host}/store/job?sig=S3CRET", "404", false, service.Refused},
		"nobody is there": {"http://127.0.0.1:1/job?sig=S3CRET", "refused", false, service.Later},
	} {
		c := client(t, places{"POST storage/sasUri": `{"sasUri":"` + k.uri + `"}`}, "quantinuum.qpu.h2-1")
		if k.sold {
			c.Place = service.At(serviceName, c.Device(), "")
		}
		_, err := c.Submit(t.Context(), body)
		var fate *service.SubmitError
		if !errors.As(err, &fate) || fate.Fate != k.fate || !strings.Contains(err.Error(), k.want) || strings.Contains(err.Error(), "S3CRET") {
			t.Errorf("%s: %v (%+v)", name, err, fate)
		}
	}
}

// A job that is there already, from a try whose answer was lost, is the same job; another's
// under its id is not.
func TestConflict(t *testing.T) {
	body, err := Reader("quantinuum.qpu.h2-1").Body(t.Context(), []service.Program{flip(7)}, "tag")
	if err != nil {
		t.Fatal(err)
	}
	for tag, ok := range map[string]bool{"tag": true, "another": false} {
		answers := places{"POST storage/sasUri": `{"sasUri":"http://{host}/store/job?sig=x"}`, "PUT /store/job/inputData": "", "GET jobs/" + idOf("tag"): `{"status":"Waiting","metadata":{"qgan_id":"` + tag + `"}}`}
		c := client(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodPut && strings.Contains(r.URL.Path, "/jobs/") {
				w.WriteHeader(http.StatusConflict)
				return
			}
			if r.Header.Get("x-ms-quantum-api-key") != "" && strings.HasPrefix(r.URL.Path, "/store/") {
				t.Error("the storage got the key")
			}
			answers.ServeHTTP(w, r)
		}), "quantinuum.qpu.h2-1")
		id, err := c.Submit(t.Context(), body)
		if (err == nil) != ok || ok && id != idOf("tag") {
			t.Errorf("%s: %s, %v", tag, id, err)
		}
	}
}

// A login of the CLI is found by Microsoft's library: a stand-in for az gives a token for the
// service, which is kept; where it gives none its words are told.
func TestLogin(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the stand-in is a shell script")
	}
	dir := t.TempDir()
	t.Setenv("PATH", dir+":/bin:/usr/bin")
	t.Setenv("AZURE_TOKEN_CREDENTIALS", "AzureCLICredential") // nothing else is asked
	az := func(script string) {
		if err := os.WriteFile(filepath.Join(dir, "az"), []byte("#!/bin/sh\n"+script), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	env := map[string]string{"AZURE_QUANTUM_SUBSCRIPTION_ID": "s", "AZURE_QUANTUM_WORKSPACE_RG": "g", "AZURE_QUANTUM_WORKSPACE_NAME": "w", "AZURE_QUANTUM_WORKSPACE_LOCATION": "eastus"}
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer of-the-cli" {
			t.Errorf("%q", r.Header.Get("Authorization"))
		}
		io.WriteString(w, `{"status":"Waiting"}`)
	}))
	defer web.Close()
	open := func() *Client {
		c, err := Row().Open(t.Context(), surroundings(env), "ionq.simulator", service.Options{Endpoint: web.URL, REST: quick})
		if err != nil {
			t.Fatal(err)
		}
		return c.(*Client)
	}
	az(`echo "$@" >> ` + dir + `/asked; echo '{"accessToken":"of-the-cli","expiresOn":"2099-01-01 00:00:00.000000","expires_on":4070908800}'`)
	c := open()
	for range 2 {
		if s, err := c.Poll(t.Context(), "j"); err != nil || s.State != service.Queued {
			t.Errorf("%+v, %v", s, err)
		}
	}
	asked, err := os.ReadFile(filepath.Join(dir, "asked"))
	if err != nil || !strings.Contains(string(asked), "https://quantum.microsoft.com") || strings.Contains(string(asked), secret) {
		t.Errorf("%s, %v", asked, err)
	}
	az(`echo "Please run az login" >&2; exit 1`)
	if _, err := open().Poll(t.Context(), "j"); err == nil || !strings.Contains(err.Error(), "az login") || !service.Stays(err) {
		t.Errorf("%v", err)
	}
}

// A job is found by the id that its tag makes; one that is not there may be put again.
func TestFind(t *testing.T) {
	c := client(t, places{"GET jobs/" + idOf("a"): `{"metadata":{"qgan_id":"a"}}`, "GET jobs/" + idOf("b"): `{"metadata":null}`}, "ionq.simulator")
	if found, err := c.Find(t.Context(), "a", time.Time{}); err != nil || !slices.Equal(found, []string{idOf("a")}) {
		t.Errorf("%v, %v", found, err)
	}
	if found, err := c.Find(t.Context(), "b", time.Time{}); err == nil || errors.Is(err, service.ErrIdempotent) {
		t.Errorf("another's job: %v, %v", found, err)
	}
	if _, err := c.Find(t.Context(), "c", time.Time{}); !errors.Is(err, service.ErrIdempotent) {
		t.Error(err)
	}
}

// A token that was refused is followed by another: questions are asked again, a submission is
// denied and tried again. That there is none is told.
func TestTokens(t *testing.T) {
	n := 0
	token := func(context.Context) (string, error) {
		if n++; n > 2 {
			return "", errors.New("log in")
		}
		return fmt.Sprint("token", n), nil
	}
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer token2" {
			w.WriteHeader(401)
			return
		}
		io.WriteString(w, `{"status":"Waiting"}`)
	}))
	defer web.Close()
	c, err := New(Account{Subscription: "s", Group: "g", Workspace: "w", Token: token}, "ionq.simulator", service.Options{Endpoint: web.URL, REST: quick})
	if err != nil {
		t.Fatal(err)
	}
	if s, err := c.Poll(t.Context(), "j"); err != nil || s.State != service.Queued {
		t.Errorf("%+v, %v", s, err)
	}
	n = 0
	body, err := c.Body(t.Context(), []service.Program{ions(5)}, "t")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Submit(t.Context(), body); fateOf(err) != service.Denied { // before the job, by the first token
		t.Errorf("%v", err)
	}
	n = 2
	if _, err := c.Poll(t.Context(), "j"); err == nil || !strings.Contains(err.Error(), "log in") {
		t.Errorf("%v", err)
	}
	l, err := c.Limits(t.Context())
	if err != nil || l.Programs != 1 || l.MaxShots != 10_000 {
		t.Errorf("%+v, %v", l, err)
	}
	if _, _, err := placeOf("https://x/one"); err == nil {
		t.Error("a container is a blob")
	}
}
