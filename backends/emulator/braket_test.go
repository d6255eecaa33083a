package emulator

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"math"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"qgan/backends"
	"qgan/backends/braket"
	"qgan/backends/exec"
	"qgan/backends/ledger"
	"qgan/backends/remote"
	"qgan/backends/service"
	"qgan/calibration"
	"qgan/ir"
	"qgan/ir/compile"
)

// awsKeys are credentials in the environment, and nothing of the machine's own.
func awsKeys(t *testing.T, key, secret string) {
	t.Helper()
	for name, value := range map[string]string{
		"AWS_ACCESS_KEY_ID": key, "AWS_SECRET_ACCESS_KEY": secret, "AWS_SESSION_TOKEN": "", "AWS_PROFILE": "", "AWS_REGION": "", "AWS_DEFAULT_REGION": "",
		"AWS_CONFIG_FILE": os.DevNull, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull, "AWS_EC2_METADATA_DISABLED": "true",
	} {
		t.Setenv(name, value)
	}
}

func braketClient(t *testing.T, e *Braket, url string, key, secret string) *braket.Client {
	t.Helper()
	awsKeys(t, key, secret)
	a, err := braket.FindAccount(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	c, err := braket.New(a, e.Device(), service.Options{Endpoint: url, REST: service.RESTOptions{WaitMin: time.Millisecond, WaitMax: 5 * time.Millisecond, Timeout: 5 * time.Second}})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func startBraket(t *testing.T, o Options) (*Braket, *braket.Client) {
	t.Helper()
	e, err := NewBraket(o)
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewServer(e)
	t.Cleanup(s.Close)
	key, secret := e.Credentials()
	return e, braketClient(t, e, s.URL, key, secret)
}

// targetOf compiles for the device of a service.
func targetOf(t *testing.T, c service.Service) *compile.Target {
	t.Helper()
	snapshot, err := c.Snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	target, err := compile.NewTarget(snapshot)
	if err != nil {
		t.Fatal(err)
	}
	return target
}

// checkBraketLaw runs the fork's lanes as one program set, or a task each.
func checkBraketLaw(t *testing.T, o Options, shots, jobs int) {
	t.Helper()
	e, c := startBraket(t, o)
	r := &remote.Remote{Service: c, Ledger: openLedger(t, t.TempDir()), Patience: hasty}
	x := &exec.Compiled{Runner: r, Target: targetOf(t, c), Options: compile.Options{FoldReadout: true}}
	res, err := x.Run(t.Context(), []backends.Request{{Circuit: fork(), Bindings: lanes, Shots: []int{shots}}})
	if err != nil {
		t.Fatal(err)
	}
	if n := e.Counts().Accepted; n != jobs {
		t.Errorf("%d tasks, want %d", n, jobs)
	}
	laws := idealLaws(t)
	if !o.Ideal {
		laws = noisyLaws(t, c, x)
	}
	compareLaws(t, "braket", res[0], shots, laws)
}

// The same requests on the simulator and on the service are the same laws, by chi-square;
// with noise that of the calibration data.
func TestBraketHasTheLaw(t *testing.T) {
	for _, ideal := range []bool{true, false} {
		checkBraketLaw(t, Options{Ideal: ideal}, 10000, 1)
	}
}

// Simulators run circuits on a register, without boxes, without errors, and tell their time.
func TestBraketSimulators(t *testing.T) {
	arn := "arn:aws:braket:::device/quantum-simulator/amazon/sv1"
	checkBraketLaw(t, Options{ARN: arn, Ideal: true}, 5000, 6)
	e, c := startBraket(t, Options{ARN: arn})
	if l, err := c.Limits(t.Context()); err != nil || l.MinShots != 1 || l.MaxShots != 100_000 || l.Programs != 1 || l.Left != nil {
		t.Errorf("%+v, %v", l, err)
	}
	devices, err := c.Devices(t.Context())
	if err != nil || len(devices) != 1 || devices[0].Name != arn {
		t.Errorf("%+v, %v", devices, err)
	}
	if _, _, err := e.circuit("OPENQASM 3.0;\nbit[1] b;\nx $1;\nb[0] = measure $1;\n", nil); err == nil || !strings.Contains(err.Error(), "a simulator takes neither physical qubits") {
		t.Errorf("%v", err)
	}
}

// The devices' own capabilities: qubits named from 1, with holes, and all coupled; native
// gates of three kinds; with program sets and without.
func TestBraketDevices(t *testing.T) {
	shared := os.Getenv("QGAN_SHARED")
	if shared == "" {
		t.Skip("QGAN_SHARED is not set")
	}
	for _, k := range []struct {
		file, arn string
		jobs      int
	}{
		{"iqm_garnet.json", "arn:aws:braket:eu-north-1::device/qpu/iqm/Garnet", 1},
		{"rigetti.json", "arn:aws:braket:us-west-1::device/qpu/rigetti/Cepheus-1-108Q", 1},
		{"ionq_forte_enterprise.json", "arn:aws:braket:us-east-1::device/qpu/ionq/Forte-Enterprise-1", 6},
	} {
		t.Run(k.file, func(t *testing.T) {
			raw, err := os.ReadFile(filepath.Join(shared, "devices", "braket", k.file))
			if err != nil {
				t.Fatal(err)
			}
			checkBraketLaw(t, Options{Ideal: true, ARN: k.arn, Files: []calibration.File{{Name: k.file, Data: raw}}}, 5000, k.jobs)
		})
	}
}

// braketProgramOf is a program of a few shots.
func braketProgramOf(t *testing.T, c service.Service, shots int) service.Program {
	t.Helper()
	bound, err := fork().Bind(lanes.Trained[0], lanes.Data[0])
	if err != nil {
		t.Fatal(err)
	}
	r, err := compile.Compile(bound, targetOf(t, c), compile.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return service.Program{Circuit: r.Circuit, Shots: shots}
}

// A task whose answer is lost is sent again with its token and is one task; other faults
// pass.
func TestBraketUnderFaults(t *testing.T) {
	for name, faults := range map[string][]Fault{
		"answer lost":     {{On: "POST /quantum-task", Kind: DropAfter, Times: 2}},
		"500 after":       {{On: "POST /quantum-task", Kind: StatusAfter, Status: 500, Times: 2}},
		"lost, not found": {{On: "POST /quantum-task", Kind: DropAfter, Times: 1}, {On: "POST /quantum-tasks", Kind: LateListing, Seconds: 60}},
		"not sent":        {{On: "POST /quantum-task", Kind: DropBefore, Times: 2}},
		"slowed down":     {{On: "POST /quantum-task", Kind: WithStatus, Status: 429, RetryAfter: 0.01, Times: 1}},
		"a page":          {{On: "POST /quantum-task", Kind: HTML, Times: 1}, {On: "GET /*:quantum-task/*", Kind: HTML, Times: 2}},
		"states go back":  {{On: "GET /*:quantum-task/*", Kind: StateBack, Times: 1}},
		"result later":    {{On: "GET /results.json", Kind: NotReady, Times: 3}, {On: "GET /results.json", Kind: Truncate, Skip: 3, Times: 1}},
		"token taken":     {{On: "GET /*:quantum-task/*", Kind: BadToken, Times: 2}},
		"quota of a list": {{On: "POST /quantum-task", Kind: DropAfter, Times: 1}, {On: "POST /quantum-tasks", Kind: WithStatus, Status: 403}},
	} {
		t.Run(name, func(t *testing.T) {
			e, c := startBraket(t, Options{Faults: faults})
			r := &remote.Remote{Service: c, Ledger: openLedger(t, t.TempDir()), Patience: hasty}
			jobs, err := r.Plan(t.Context(), [][]service.Program{{braketProgramOf(t, c, 20)}}, "")
			if err != nil {
				t.Fatal(err)
			}
			if err := r.Finish(t.Context(), []string{jobs[0].ID}); err != nil {
				t.Fatal(err)
			}
			o, err := r.Outcomes(jobs[0].ID)
			if n := e.Counts(); err != nil || o[0].Shots != 20 || n.Accepted != 1 || n.ByTag[jobs[0].ID] != 1 {
				t.Errorf("%v, %v, %+v", o, err, n)
			}
		})
	}
	t.Run("never an answer", func(t *testing.T) {
		_, c := startBraket(t, Options{Faults: []Fault{{On: "POST /quantum-task", Kind: WithStatus, Status: 503}}})
		r := &remote.Remote{Service: c, Ledger: openLedger(t, t.TempDir()), Patience: hasty}
		jobs, err := r.Plan(t.Context(), [][]service.Program{{braketProgramOf(t, c, 20)}}, "")
		if err != nil {
			t.Fatal(err)
		}
		if err := r.Finish(t.Context(), []string{jobs[0].ID}); !errors.Is(err, remote.ErrUnknown) {
			t.Errorf("%v", err)
		}
		if j, err := r.Ledger.Job(jobs[0].ID); err != nil || j.State != ledger.Unknown || j.Attempt < 3 || j.Attempt > 12 {
			t.Errorf("%+v, %v", j, err)
		}
	})
	t.Run("the result is denied", func(t *testing.T) {
		_, c := startBraket(t, Options{Faults: []Fault{{On: "GET /results.json", Kind: NotReady}}})
		r := &remote.Remote{Service: c, Ledger: openLedger(t, t.TempDir()), Patience: hasty}
		jobs, err := r.Plan(t.Context(), [][]service.Program{{braketProgramOf(t, c, 20)}}, "")
		if err != nil {
			t.Fatal(err)
		}
		err = r.Finish(t.Context(), []string{jobs[0].ID})
		if err == nil || !strings.Contains(err.Error(), "s3:GetObject") || !strings.Contains(err.Error(), "AccessDenied") || !strings.Contains(err.Error(), "results.json") {
			t.Errorf("%v", err)
		}
	})
}

// Many tasks under a fifth of faults, the sender dying again and again: each is at the
// service exactly once, by its token, whatever lists say.
func TestBraketEveryJobOnce(t *testing.T) {
	var faults []Fault
	for _, k := range []Fault{
		{On: "POST /quantum-task", Kind: DropBefore}, {On: "POST /quantum-task", Kind: DropAfter}, {On: "POST /quantum-task", Kind: StatusAfter, Status: 500},
		{On: "POST /quantum-task", Kind: WithStatus, Status: 429, RetryAfter: 0.002}, {On: "POST /quantum-task", Kind: Truncate}, {On: "POST /quantum-task", Kind: HTML},
		{On: "GET /*:quantum-task/*", Kind: WithStatus, Status: 503}, {On: "GET /*:quantum-task/*", Kind: StateBack}, {On: "GET /results.json", Kind: Truncate}, {On: "GET /results.json", Kind: NotReady},
	} {
		k.Probability = 0.04
		faults = append(faults, k)
	}
	faults = append(faults, Fault{On: "POST /quantum-tasks", Kind: LateListing, Seconds: 0.5})
	e, c := startBraket(t, Options{Faults: faults, Seed: 5})
	k := ir.New(8, 1)
	k.Data = []string{"z"}
	k.Gate(ir.PRX, []int{2}, ir.Data(1, 0), ir.Const(0))
	k.Measure(2, 0)
	everyJobOnce(t, 90, k, e.Counts, func() service.Service { return c })
}

func TestBraketCancels(t *testing.T) {
	e, c := startBraket(t, Options{Queue: time.Hour})
	body, err := c.Body(t.Context(), []service.Program{braketProgramOf(t, c, 20)}, "cancel-me")
	if err != nil {
		t.Fatal(err)
	}
	arn, err := c.Submit(t.Context(), body)
	if err != nil {
		t.Fatal(err)
	}
	if s, err := c.Poll(t.Context(), arn); err != nil || s.State != service.Queued || s.Ahead != 1 {
		t.Errorf("%+v, %v", s, err)
	}
	if found, err := c.Find(t.Context(), "cancel-me", time.Time{}); err != nil || len(found) != 1 || found[0] != arn {
		t.Errorf("%v, %v", found, err)
	}
	if _, err := c.Find(t.Context(), "another", time.Time{}); !errors.Is(err, service.ErrIdempotent) {
		t.Errorf("%v", err)
	}
	for range 2 { // of one that has ended it changes nothing
		if err := c.Cancel(t.Context(), arn); err != nil {
			t.Error(err)
		}
	}
	if s, err := c.Poll(t.Context(), arn); err != nil || s.State != service.Cancelled {
		t.Errorf("%+v, %v", s, err)
	}
	if again, err := c.Submit(t.Context(), body); err != nil || again != arn || e.Counts().Accepted != 1 {
		t.Errorf("%s, %v", again, err)
	}
}

// What the service refuses, and with what words: our client sees what to do about it.
func TestBraketRefuses(t *testing.T) {
	e, err := NewBraket(Options{})
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewServer(e)
	t.Cleanup(s.Close)
	key, secret := e.Credentials()
	c := braketClient(t, e, s.URL, key, secret)
	action := func(source string) string {
		return `{"braketSchemaHeader":{"name":"braket.ir.openqasm.program","version":"1"},"source":"` + strings.ReplaceAll(source, `"`, `\"`) + `","inputs":{}}`
	}
	const good = `OPENQASM 3.0; bit[1] b; qubit[1] q; h q[0]; b[0] = measure q[0];`
	for name, k := range map[string]struct{ action, bucket, text string }{
		"no JSON":            {"{", "amazon-braket-x", "no JSON"},
		"another action":     {`{"braketSchemaHeader":{"name":"braket.ir.ahs.program"}}`, "amazon-braket-x", "doesn't support"},
		"an empty set":       {`{"braketSchemaHeader":{"name":"braket.ir.openqasm.program_set"},"programs":[]}`, "amazon-braket-x", "no programs"},
		"a foreign bucket":   {action(good), "mine", "AmazonBraketFullAccess"},
		"version 2":          {action(`OPENQASM 2.0; qubit[1] q; bit[1] b; b[0] = measure q[0];`), "amazon-braket-x", "OPENQASM 3"},
		"an include":         {action("OPENQASM 3.0;\\ninclude \"stdgates.inc\";\\n"), "amazon-braket-x", "include"},
		"two registers":      {action(`OPENQASM 3.0; bit[1] b; qubit[1] q; qubit[1] r; b[0] = measure q[0];`), "amazon-braket-x", "more than one qubit register"},
		"mixed":              {action(`OPENQASM 3.0; bit[1] b; qubit[1] q; h $1; b[0] = measure q[0];`), "amazon-braket-x", "mixed"},
		"a modifier":         {action(`OPENQASM 3.0; bit[1] b; qubit[2] q; ctrl @ x q[0], q[1]; b[0] = measure q[0];`), "amazon-braket-x", "modifiers"},
		"an input":           {action(`OPENQASM 3.0; input float a; bit[1] b; qubit[1] q; rx(a) q[0]; b[0] = measure q[0];`), "amazon-braket-x", "input a"},
		"a qubit":            {action(`OPENQASM 3.0; bit[1] b; h $5; b[0] = measure $5;`), "amazon-braket-x", "$5"},
		"a box":              {action("OPENQASM 3.0;\\nbit[1] b;\\n#pragma braket verbatim\\nbox {\\nh $1;\\n}\\nb[0] = measure $1;"), "amazon-braket-x", "not native"},
		"a box of q":         {action("OPENQASM 3.0;\\nbit[1] b;\\nqubit[1] q;\\n#pragma braket verbatim\\nbox {\\nprx(1, 0) q[0];\\n}\\nb[0] = measure q[0];"), "amazon-braket-x", "physical"},
		"a box without":      {action("OPENQASM 3.0;\\nbit[1] b;\\nbox {\\nprx(1, 0) $1;\\n}\\nb[0] = measure $1;"), "amazon-braket-x", "verbatim"},
		"nothing read":       {action(`OPENQASM 3.0; qubit[1] q; h q[0];`), "amazon-braket-x", "nothing is measured"},
		"a result type":      {action("OPENQASM 3.0;\\nqubit[1] q;\\nh q[0];\\n#pragma braket result probability all"), "amazon-braket-x", "result types"},
		"unequal lists":      {`{"braketSchemaHeader":{"name":"braket.ir.openqasm.program_set"},"programs":[{"source":"","inputs":{"a":[1],"b":[1,2]}}]}`, "amazon-braket-x", "differ in length"},
		"a member of a set":  {`{"braketSchemaHeader":{"name":"braket.ir.openqasm.program_set"},"programs":[{"source":"OPENQASM 3.0;","inputs":{"a":[1]}}]}`, "amazon-braket-x", "program 0, inputs 0"},
		"shots of a set":     {`{"braketSchemaHeader":{"name":"braket.ir.openqasm.program_set"},"programs":[{"source":"OPENQASM 3.0;","inputs":{"a":[1,2,3]}}]}`, "amazon-braket-x", "divided"},
		"a gate of nobody's": {action(`OPENQASM 3.0; bit[1] b; qubit[1] q; nosuchgate q[0]; b[0] = measure q[0];`), "amazon-braket-x", "nosuchgate"},
	} {
		body := `{"clientToken":"` + name + `","deviceArn":"` + e.Device() + `","shots":10,"outputS3Bucket":"` + k.bucket + `","outputS3KeyPrefix":"p","action":` + quoted(k.action) + `}`
		_, err := c.Submit(t.Context(), []byte(body))
		var fate *service.SubmitError
		if !errors.As(err, &fate) || fate.Fate != service.Refused || !strings.Contains(err.Error(), k.text) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for what, wrong := range map[string][2]string{"secret": {key, "another"}, "key": {"AKIAOTHER", secret}} {
		c := braketClient(t, e, s.URL, wrong[0], wrong[1])
		if _, err := c.Snapshot(t.Context()); service.StatusOf(err) != 403 || strings.Contains(err.Error(), wrong[1]) {
			t.Errorf("a wrong %s: %v", what, err)
		}
	}
	if n := e.Counts().Accepted; n != 0 {
		t.Errorf("%d tasks were taken", n)
	}
}

func quoted(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}

// Of another region the service knows nothing; without one all are asked.
func TestBraketRegions(t *testing.T) {
	e, err := NewBraket(Options{})
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewServer(e)
	t.Cleanup(s.Close)
	key, secret := e.Credentials()
	awsKeys(t, key, secret)
	for region, want := range map[string]int{"": 1, "eu-north-1": 1, "us-east-1": 0} {
		t.Setenv("AWS_REGION", region)
		a, err := braket.FindAccount(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		c, err := braket.New(a, "", service.Options{Endpoint: s.URL})
		if err != nil {
			t.Fatal(err)
		}
		if found, err := c.Devices(t.Context()); err != nil || len(found) != want {
			t.Errorf("region %q: %v, %v", region, found, err)
		}
	}
}

// The shots are a function of seed, circuit and request: the same body tells the same,
// whatever came before, in a set of any size.
func TestBraketShotsAreReproducible(t *testing.T) {
	var first []backends.Outcome
	for _, before := range []int{0, 2} {
		_, c := startBraket(t, Options{Seed: 5})
		r := &remote.Remote{Service: c, Ledger: openLedger(t, t.TempDir()), Patience: hasty}
		for range before {
			run(t, r, []service.Program{braketProgramOf(t, c, 33)})
		}
		var set []service.Program
		for range 12 { // with files of their own
			set = append(set, braketProgramOf(t, c, 50))
		}
		o := run(t, r, set)
		if first == nil {
			first = o
		}
		for i := range o {
			if len(o[i].Words) != 50 || !equalWords(o[i].Words, first[i].Words) {
				t.Errorf("circuit %d after %d tasks: %v, before %v", i, before, o[i].Words, first[i].Words)
			}
		}
	}
}

func equalWords(a, b []uint64) bool {
	return len(a) == len(b) && bytes.Equal(words(a), words(b))
}

func words(list []uint64) (out []byte) {
	for _, w := range list {
		out = append(out, byte(w))
	}
	return out
}

// run sends a job and returns its outcomes.
func run(t *testing.T, r *remote.Remote, programs []service.Program) []backends.Outcome {
	t.Helper()
	jobs, err := r.Plan(t.Context(), [][]service.Program{programs}, "")
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
	return o
}

// The signature of the test suite's get-vanilla ("Signature Version 4 test suite", AWS).
func TestSignatureOfTheTestSuite(t *testing.T) {
	r := httptest.NewRequest("GET", "http://example.amazonaws.com/", nil)
	r.Header.Set("X-Amz-Date", "20150830T123600Z")
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=host;x-amz-date, Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31")
	s, ok := readScope(r)
	at := time.Date(2015, 8, 30, 12, 40, 0, 0, time.UTC)
	if !ok || s.verify(r, "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", at) != "" {
		t.Errorf("%+v: %s", s, s.verify(r, "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", at))
	}
	for what, problem := range map[string]string{
		"another secret": s.verify(r, "another", at),
		"an hour later":  s.verify(r, "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", at.Add(time.Hour)),
	} {
		if problem == "" {
			t.Errorf("%s is taken", what)
		}
	}
}

// Circuits of a task on a compiled device act on the qubits that the labels name: a qubit
// of the second row, which has a name two above its number.
func TestBraketLabels(t *testing.T) {
	_, c := startBraket(t, Options{Ideal: true})
	targetOf(t, c)
	circuit := ir.New(8, 2)
	circuit.Gate(ir.PRX, []int{6}, ir.Const(math.Pi), ir.Const(0))
	circuit.Measure(6, 1)
	circuit.Measure(2, 0)
	p := service.Program{Circuit: circuit, Shots: 10}
	body, err := c.Body(t.Context(), []service.Program{p}, "tag")
	if err != nil || !strings.Contains(string(body), `b[1] = measure $8`) || !strings.Contains(string(body), `b[0] = measure $3`) || !strings.Contains(string(body), `braket verbatim`) {
		t.Fatalf("%s, %v", body, err)
	}
	r := &remote.Remote{Service: c, Ledger: openLedger(t, t.TempDir()), Patience: hasty}
	if o := run(t, r, []service.Program{p}); len(o[0].Counts) != 1 || o[0].Counts[0].Word != 1 || o[0].Counts[0].N != 10 {
		t.Errorf("%+v", o)
	}
}

// The signatures that the official client made, against a server of somebody else's, are
// those that are computed here.
func TestSignaturesOfTheOfficialClient(t *testing.T) {
	shared := os.Getenv("QGAN_SHARED")
	if shared == "" {
		t.Skip("QGAN_SHARED is not set")
	}
	raw, err := os.ReadFile(filepath.Join(shared, "fixtures", "braket.trace.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]int{}
	for line := range strings.Lines(string(raw)) {
		var x struct {
			Dir, Method, Path, Body string
			Headers                 map[string]string
		}
		if err := json.Unmarshal([]byte(line), &x); err != nil {
			t.Fatal(err)
		}
		if x.Dir != "request" {
			continue
		}
		r := httptest.NewRequest(x.Method, "http://"+x.Headers["Host"]+x.Path, strings.NewReader(x.Body))
		r.RequestURI = x.Path
		for name, value := range x.Headers {
			r.Header.Set(name, value)
		}
		s, ok := readScope(r)
		at, err := time.Parse("20060102T150405Z", r.Header.Get("X-Amz-Date"))
		if !ok || err != nil {
			t.Errorf("%s %s: %+v, %v", x.Method, x.Path, s, err)
			continue
		}
		if problem := s.verify(r, braketSecret, at); problem != "" {
			t.Errorf("%s %s: %s", x.Method, x.Path, problem)
		}
		if s.verify(r, "another", at) == "" {
			t.Errorf("%s %s: another secret is taken", x.Method, x.Path)
		}
		seen[s.service]++
	}
	if seen["braket"] < 30 || seen["s3"] < 3 || seen["sts"] < 1 {
		t.Errorf("%v", seen)
	}
}

// Results that were recorded are read: columns as measuredQubits says.
func TestResultsOfTheTrace(t *testing.T) {
	shared := os.Getenv("QGAN_SHARED")
	if shared == "" {
		t.Skip("QGAN_SHARED is not set")
	}
	raw, err := os.ReadFile(filepath.Join(shared, "fixtures", "braket.trace.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	read := 0
	for line := range strings.Lines(string(raw)) {
		var x struct{ Dir, Body string }
		if err := json.Unmarshal([]byte(line), &x); err != nil {
			t.Fatal(err)
		}
		var result struct {
			Measurements [][]int
			Qubits       []int `json:"measuredQubits"`
		}
		if x.Dir != "response" || !strings.Contains(x.Body, "measuredQubits") || json.Unmarshal([]byte(x.Body), &result) != nil {
			continue
		}
		shape := service.Shape{Bits: len(result.Qubits), Shots: len(result.Measurements), Qubits: slices.Sorted(slices.Values(result.Qubits))}
		words, err := decodeBraket(shape, x.Body)
		if err != nil || len(words) != shape.Shots {
			t.Errorf("%v, %d words", err, len(words))
			continue
		}
		for shot, row := range result.Measurements {
			for bit, q := range shape.Qubits {
				if want := row[slices.Index(result.Qubits, q)]; int(words[shot]>>(shape.Bits-1-bit)&1) != want {
					t.Fatalf("shot %d, qubit %d", shot, q)
				}
			}
		}
		read++
	}
	t.Logf("%d results", read)
	if read == 0 {
		t.Error("no result was read")
	}
}

// spoiled is a service whose results tell of a circuit that failed.
type spoiled struct{ *braket.Client }

func (spoiled) Fetch(context.Context, string, int64, io.Writer) error {
	return &service.JobFailed{Reason: "program 0, inputs 1: out of tune (DEVICE)"}
}

// A task whose result holds a failure is one that failed, with its reason, at once.
func TestBraketFailsLate(t *testing.T) {
	_, c := startBraket(t, Options{Ideal: true})
	r := &remote.Remote{Service: spoiled{c}, Ledger: openLedger(t, t.TempDir()), Patience: hasty}
	jobs, err := r.Plan(t.Context(), [][]service.Program{{braketProgramOf(t, c, 20)}}, "")
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Finish(t.Context(), []string{jobs[0].ID}); err == nil || !strings.Contains(err.Error(), "out of tune") {
		t.Errorf("%v", err)
	}
	if j, err := r.Ledger.Job(jobs[0].ID); err != nil || j.State != ledger.Failed || !strings.Contains(j.Reason, "inputs 1") {
		t.Errorf("%+v, %v", j, err)
	}
}
