package emulator

import (
	"encoding/json"
	"io"
	"strings"
	"testing"
	"time"

	"qgan/backends"
	"qgan/backends/braket"
	"qgan/backends/remote"
	"qgan/backends/service"
	"qgan/calibration"
	"qgan/ir"
)

// braketUnder is Amazon Braket under faults, without noise.
func braketUnder(t *testing.T, o Options) (*Braket, *spy, *braket.Client) {
	t.Helper()
	o.Ideal = true
	e, err := NewBraket(o)
	if err != nil {
		t.Fatal(err)
	}
	s, url := watch(t, e)
	key, secret := e.Credentials()
	return e, s, braketClient(t, e, url, key, secret)
}

// decodeBraket reads a result of a task of one circuit.
func decodeBraket(s service.Shape, result string) ([]uint64, error) {
	out, err := new(braket.Client).Decode([]service.Shape{s}, strings.NewReader(`{"task":"arn:of:task","result":`+result+`}`))
	if err != nil {
		return nil, err
	}
	return out[0].Words, nil
}

// crossed reads qubit 9 into bit 0 and qubit 4 into bit 1.
var crossed = service.Shape{Bits: 2, Shots: 1, Qubits: []int{7, 3}, Names: []string{"9", "4"}}

var braketReports = []report{
	{"qiskit-braket-provider#130", "an outcome holds the bits that were measured, none of other qubits", func(t *testing.T) {
		_, _, c := braketUnder(t, Options{})
		targetOf(t, c)
		k := ir.New(8, 1)
		k.Gate(ir.PRX, []int{0}, ir.Const(3.141592653589793), ir.Const(0))
		k.Gate(ir.PRX, []int{1}, ir.Const(3.141592653589793), ir.Const(0))
		k.Measure(1, 0)
		expect(t, sender(t, c), service.Program{Circuit: k, Shots: 10}, 1)
	}},
	{"qiskit-braket-provider#190, amazon-braket-examples#533", "bits are in the program's order, not in that of the qubits", func(t *testing.T) {
		for columns, want := range map[string]uint64{`[9,4]`: 0b10, `[4,9]`: 0b01} {
			got, err := decodeBraket(crossed, `{"measurements":[[1,0]],"measuredQubits":`+columns+`}`)
			if err != nil || got[0] != want {
				t.Errorf("%s: %b, %v", columns, got, err)
			}
		}
		_, _, c := braketUnder(t, Options{})
		expect(t, sender(t, c), one(t, c, 10), 0b01)
	}},
	{"qiskit-braket-provider#374", "a program of a set is read as one alone is", func(t *testing.T) {
		_, _, c := braketUnder(t, Options{})
		p := one(t, c, 10)
		for _, n := range []int{1, 2, 11} { // alone, in a file, in files of their own
			var set []service.Program
			for range n {
				set = append(set, p)
			}
			for i, o := range run(t, sender(t, c), set) {
				if len(o.Counts) != 1 || o.Counts[0].Word != 0b01 {
					t.Errorf("%d of %d: %+v", i, n, o.Counts)
				}
			}
		}
	}},
	{"pytket-extensions#382, pytket-extensions#380", "columns of other qubits than those that were measured are an error", func(t *testing.T) {
		for _, columns := range []string{`[9,5]`, `[0,1]`, `[9]`, `[9,4,5]`} {
			row := strings.Repeat("0,", strings.Count(columns, ",")) + "0"
			if got, err := decodeBraket(crossed, `{"measurements":[[`+row+`]],"measuredQubits":`+columns+`}`); err == nil {
				t.Errorf("%s is read as %b", columns, got)
			}
		}
	}},
	{"amazon-braket-sdk-python#481", "keys of unequal width are an error that names the task; the result is kept and nothing is waited for", func(t *testing.T) {
		if _, err := decodeBraket(crossed, `{"measurementProbabilities":{"10":0.5,"011":0.5},"measuredQubits":[9,4]}`); err == nil || !strings.Contains(err.Error(), "arn:of:task") || !strings.Contains(err.Error(), `"011"`) {
			t.Errorf("%v", err)
		}
		_, _, c := braketUnder(t, Options{})
		r := sender(t, odd{c})
		jobs, err := r.Plan(t.Context(), [][]service.Program{{one(t, c, 10)}}, "")
		if err != nil {
			t.Fatal(err)
		}
		if err := r.Finish(t.Context(), []string{jobs[0].ID}); err == nil || !strings.Contains(err.Error(), "kept and can't be read") {
			t.Errorf("%v", err)
		}
		kept, err := r.Ledger.Result(jobs[0].ID)
		if err != nil {
			t.Fatal(err)
		}
		kept.Close()
	}},
	{"amazon-braket-sdk-python#452, Braket.jl#100, pyqasm#81", "a program holds no include and no gate of stdgates", func(t *testing.T) {
		_, _, c := braketUnder(t, Options{})
		source := sourceOf(t, c, one(t, c, 10))
		for _, word := range []string{"include", "stdgates", " cx ", " sx ", " u3", "//"} {
			if strings.Contains(source, word) {
				t.Errorf("%q in\n%s", word, source)
			}
		}
	}},
	{"amazon-braket-sdk-python#272", "no access to a bucket is told of with the bucket and who asked", func(t *testing.T) {
		_, _, c := braketUnder(t, Options{})
		body, err := c.Body(t.Context(), []service.Program{one(t, c, 10)}, "tag")
		if err != nil {
			t.Fatal(err)
		}
		_, err = c.Submit(t.Context(), []byte(strings.Replace(string(body), "amazon-braket-eu-north-1", "their", 1)))
		if err == nil || !strings.Contains(err.Error(), "their-"+braketAccount) || !strings.Contains(err.Error(), braketKey) || strings.Contains(err.Error(), braketSecret) {
			t.Errorf("%v", err)
		}
	}},
	{"qiskit-braket-provider#113, amazon-braket-sdk-python#1234", "a bucket is neither made nor asked about: who the account is suffices", func(t *testing.T) {
		_, s, c := braketUnder(t, Options{})
		expect(t, sender(t, c), one(t, c, 10), 0b01)
		for _, r := range s.requests {
			if service, _ := readScope(r); service.service == "s3" && r.Method != "GET" || r.Method == "PUT" || r.Method == "HEAD" {
				t.Errorf("%s %s", r.Method, r.URL.Path)
			}
		}
		if n := s.count("POST", "/"); n != 1 {
			t.Errorf("%d questions who the account is", n)
		}
	}},
	{"qiskit-braket-provider#114", "a submission goes to the device's region, and to no other", func(t *testing.T) {
		_, s, c := braketUnder(t, Options{ARN: "arn:aws:braket:us-west-1::device/qpu/rigetti/Emulated"})
		expect(t, sender(t, c), one(t, c, 10), 0b01)
		for _, r := range s.requests {
			if scope, ok := readScope(r); !ok || scope.region != "us-west-1" {
				t.Errorf("%s %s in %q", r.Method, r.URL.Path, scope.region)
			}
		}
	}},
	{"qiskit-braket-provider#125, amazon-braket-sdk-python#66", "a wait that is too short leaves the task pending, and it is taken up again", func(t *testing.T) {
		_, _, c := braketUnder(t, Options{Queue: 400 * time.Millisecond})
		outlives(t, c)
	}},
	{"amazon-braket-default-simulator-python#370", "what is done to a qubit after its measurement is refused", func(t *testing.T) {
		_, _, c := braketUnder(t, Options{})
		p := one(t, c, 10)
		k := *p.Circuit
		k.Ops = append(append([]ir.Op(nil), p.Circuit.Ops...), p.Circuit.Ops[0])
		if _, err := c.Body(t.Context(), []service.Program{{Circuit: &k, Shots: 10}}, "tag"); err == nil || !strings.Contains(err.Error(), "after it was measured") {
			t.Errorf("%v", err)
		}
	}},
	{"qBraid#1059", "on a device that couples all qubits a program uses the first ones", func(t *testing.T) {
		_, _, c := braketUnder(t, Options{Files: []calibration.File{{Name: "trap.json", Data: []byte(coupled)}}})
		targetOf(t, c)
		k := ir.New(4, 2)
		k.Gate(ir.GPI, []int{3}, ir.Const(0))
		k.Measure(3, 1)
		k.Measure(1, 0)
		p := service.Program{Circuit: k, Shots: 100}
		source := sourceOf(t, c, p)
		if !strings.Contains(source, "gpi(0.0) $1;") || !strings.Contains(source, "b[0] = measure $0;") || !strings.Contains(source, "b[1] = measure $1;") {
			t.Error(source)
		}
		expect(t, sender(t, c), p, 0b01)
	}},
}

// coupled is a device whose qubits are all coupled.
const coupled = `{"braketSchemaHeader":{"name":"braket.device_schema.ionq.ionq_device_capabilities","version":"1"},"service":{"shotsRange":[100,5000],"updatedAt":"2026-05-12T09:00:00Z"},
 "action":{"braket.ir.openqasm.program":{"supportsPartialVerbatimBox":false}},
 "paradigm":{"qubitCount":4,"nativeGateSet":["GPI","GPI2","ZZ"],"connectivity":{"fullyConnected":true,"connectivityGraph":{}}},
 "standardized":{"T1":{"value":100,"unit":"s"},"T2":{"value":1,"unit":"s"},"readoutFidelity":[{"fidelityType":{"name":"READOUT"},"fidelity":0.99}],
 "twoQubitGateFidelity":[{"gateName":"ZZ","fidelity":0.99,"fidelityType":{"name":"DRB"}}],"singleQubitFidelity":[{"fidelityType":{"name":"DRB"},"fidelity":0.999}]}}`

// odd is a service whose results have a key too wide.
type odd struct{ *braket.Client }

func (odd) Decode([]service.Shape, io.Reader) ([]backends.Outcome, error) {
	_, err := decodeBraket(crossed, `{"measurementProbabilities":{"10":0.5,"011":0.5},"measuredQubits":[9,4]}`)
	return nil, err
}

// sourceOf is the program that a task sends.
func sourceOf(t *testing.T, c *braket.Client, p service.Program) string {
	t.Helper()
	raw, err := c.Body(t.Context(), []service.Program{p}, "tag")
	if err != nil {
		t.Fatal(err)
	}
	var body struct{ Action string }
	var action struct{ Source string }
	if err := json.Unmarshal(raw, &body); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(body.Action), &action); err != nil {
		t.Fatal(err)
	}
	return action.Source
}

// A machine whose clock is off signs by the service's: a whole job comes through, sent once. One
// whose clock is right is refused for its secret, once a question.
func TestBraketWithAWrongClock(t *testing.T) {
	for _, off := range []time.Duration{-3 * time.Hour, 0, 20 * time.Minute, 5 * 24 * time.Hour} {
		e, err := NewBraket(Options{Ideal: true})
		if err != nil {
			t.Fatal(err)
		}
		s, url := watch(t, e)
		key, secret := e.Credentials()
		awsKeys(t, key, secret)
		a, err := braket.FindAccount(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		now := func() time.Time { return time.Now().Add(off) }
		c, err := braket.New(a, e.Device(), service.Options{Endpoint: url, REST: soon, Now: now})
		if err != nil {
			t.Fatal(err)
		}
		r := &remote.Remote{Service: c, Ledger: openLedger(t, t.TempDir()), Patience: hasty}
		jobs, err := r.Plan(t.Context(), [][]service.Program{{braketProgramOf(t, c, 20)}}, "")
		if err != nil {
			t.Fatalf("off by %v: %v", off, err)
		}
		if err := r.Finish(t.Context(), []string{jobs[0].ID}); err != nil || s.count("POST", "/quantum-task") != 1 {
			t.Errorf("off by %v: sent %d times, %v", off, s.count("POST", "/quantum-task"), err)
		}
		awsKeys(t, key, "another")
		if a, err = braket.FindAccount(t.Context()); err != nil {
			t.Fatal(err)
		}
		if c, err = braket.New(a, e.Device(), service.Options{Endpoint: url, REST: soon, Now: time.Now}); err != nil {
			t.Fatal(err)
		}
		before := len(s.requests)
		if _, err := c.Snapshot(t.Context()); err == nil || !strings.Contains(err.Error(), "InvalidSignatureException: the secret is not that of the key, or the clock is off") || len(s.requests) != before+1 {
			t.Errorf("%d requests, %v", len(s.requests)-before, err)
		}
	}
}
