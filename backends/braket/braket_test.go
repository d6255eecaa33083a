package braket

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"qgan/backends/service"
	"qgan/ir"
)

// device1 is a small device: qubits 1, 2 and 4 in a row.
const device1 = `{"braketSchemaHeader":{"name":"braket.device_schema.iqm.iqm_device_capabilities","version":"1"},
 "service":{"shotsRange":[1,1000],"deviceCost":{"price":0.00145,"unit":"shot"},"updatedAt":"2026-05-05T16:45:26.355472+00:00"},
 "action":{"braket.ir.openqasm.program":{"supportsPartialVerbatimBox":true},"braket.ir.openqasm.program_set":{"maximumExecutables":4,"maximumTotalShots":2000}},
 "paradigm":{"qubitCount":3,"nativeGateSet":["cz","prx"],"connectivity":{"fullyConnected":false,"connectivityGraph":{"1":["2"],"2":["1","4"],"4":["2"]}}},
 "standardized":{"oneQubitProperties":{"1":{"oneQubitFidelity":[]},"2":{"oneQubitFidelity":[]},"4":{"oneQubitFidelity":[]}},"twoQubitProperties":{}}}`

// server answers as the service would: files by their paths.
type server struct {
	files    map[string]string
	status   int
	requests []string
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.requests = append(s.requests, r.Method+" "+r.RequestURI)
	if strings.HasPrefix(r.URL.Path, "/device/") {
		json.NewEncoder(w).Encode(map[string]any{"deviceArn": garnet, "deviceName": "Garnet", "providerName": "IQM", "deviceType": "QPU", "deviceStatus": "OFFLINE", "deviceStatusReason": map[string]any{"reason": "MAINTENANCE"}, "deviceCapabilities": device1})
		return
	}
	text, ok := s.files[r.URL.Path]
	switch {
	case s.status != 0:
		w.WriteHeader(s.status)
	case !ok:
		w.WriteHeader(404)
	}
	w.Write([]byte(text))
}

const garnet = "arn:aws:braket:eu-north-1::device/qpu/iqm/Garnet"

// keys are credentials in the environment, and nothing of the machine's own.
func keys(t *testing.T) {
	t.Helper()
	for name, value := range map[string]string{
		"AWS_ACCESS_KEY_ID": "AKIADUMMY", "AWS_SECRET_ACCESS_KEY": "dummysecret", "AWS_SESSION_TOKEN": "", "AWS_PROFILE": "", "AWS_REGION": "", "AWS_DEFAULT_REGION": "",
		"AWS_CONFIG_FILE": os.DevNull, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull, "AWS_EC2_METADATA_DISABLED": "true",
	} {
		t.Setenv(name, value)
	}
}

func opened(t *testing.T, s *server) *Client {
	t.Helper()
	keys(t)
	web := httptest.NewServer(s)
	t.Cleanup(web.Close)
	a, err := FindAccount(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	a.Bucket = "amazon-braket-test"
	c, err := New(a, "garnet", service.Options{Endpoint: web.URL, REST: service.RESTOptions{Retries: -1}})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// turn is a native circuit on two of three qubits, read out crosswise.
func turn(angle float64) *ir.Circuit {
	c := ir.New(3, 2)
	c.Gate(ir.PRX, []int{1}, ir.Const(angle), ir.Const(0.5))
	c.Gate(ir.CZ, []int{1, 2})
	c.Measure(2, 0)
	c.Measure(1, 1)
	return c
}

// A program runs in a verbatim box on the qubits of the device, by its own labels.
func TestBodyOfOneProgram(t *testing.T) {
	c := opened(t, &server{})
	raw, err := c.Body(t.Context(), []service.Program{{Circuit: turn(1.25), Shots: 100}}, "qgan-1")
	if err != nil {
		t.Fatal(err)
	}
	var body struct {
		Action                                                             string
		ClientToken, DeviceArn, OutputS3Bucket, OutputS3KeyPrefix, Created string
		Shots                                                              int
		Tags                                                               map[string]string
	}
	if err := json.Unmarshal(raw, &body); err != nil {
		t.Fatal(err)
	}
	if body.ClientToken != "qgan-1" || body.DeviceArn != garnet || body.Shots != 100 || body.OutputS3Bucket != "amazon-braket-test" || body.OutputS3KeyPrefix != "qgan" || body.Tags["qgan_id"] != "qgan-1" {
		t.Errorf("%s", raw)
	}
	want := `{"braketSchemaHeader":{"name":"braket.ir.openqasm.program","version":"1"},"source":"OPENQASM 3.0;\nbit[2] b;\n#pragma braket verbatim\nbox {\n  prx(1.25, 0.5) $2;\n  cz $2, $4;\n}\nb[0] = measure $4;\nb[1] = measure $2;\n","inputs":{}}`
	if diff := cmp.Diff(want, body.Action); diff != "" {
		t.Error(diff)
	}
	if names := c.Names(turn(1)); !slices.Equal(names, []string{"", "2", "4"}) {
		t.Errorf("%q", names)
	}
}

// Circuits that differ in angles only are one program with a table of inputs; the shots
// are those of all.
func TestBodyOfASet(t *testing.T) {
	c := opened(t, &server{})
	other := ir.New(3, 1)
	other.Measure(0, 0)
	var programs []service.Program
	for _, k := range []*ir.Circuit{turn(1), turn(2), other, turn(2)} {
		programs = append(programs, service.Program{Circuit: k, Shots: 50})
	}
	raw, err := c.Body(t.Context(), programs, "qgan-2")
	if err != nil {
		t.Fatal(err)
	}
	var body struct {
		Action string
		Shots  int
	}
	var action struct {
		Header   header `json:"braketSchemaHeader"`
		Programs []program
	}
	if err := json.Unmarshal(raw, &body); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(body.Action), &action); err != nil {
		t.Fatal(err)
	}
	if body.Shots != 200 || action.Header.Name != actionSet || len(action.Programs) != 3 {
		t.Fatalf("%s", raw)
	}
	if p := action.Programs[0]; !slices.Equal(p.Inputs["a0"], []float64{1, 2}) || len(p.Inputs) != 1 || !strings.Contains(p.Source, "input float a0;\n") || !strings.Contains(p.Source, "prx(a0, 0.5) $2;") {
		t.Errorf("%+v", p)
	}
	if p := action.Programs[1]; p.Inputs != nil || strings.Contains(p.Source, "box") || !strings.Contains(p.Source, "b[0] = measure $1;") {
		t.Errorf("%+v", p)
	}
	if programs[0].Circuit.Ops[0].(*ir.Apply).Angles[0].Const != 1 {
		t.Error("the circuit was changed")
	}
	// The same circuit several times has no inputs to tell its runs by.
	raw, err = c.Body(t.Context(), []service.Program{{Circuit: turn(1), Shots: 5}, {Circuit: turn(1), Shots: 5}}, "qgan-3")
	if err != nil || strings.Count(string(raw), "measure $4") != 2 {
		t.Errorf("%s, %v", raw, err)
	}
}

// An angle that decides whether a gate is native is no input.
func TestRigettisTurnsStayWritten(t *testing.T) {
	make := func(x, z float64) *ir.Circuit {
		c := ir.New(1, 1)
		c.Gate(ir.RX, []int{0}, ir.Const(x))
		c.Gate(ir.RZ, []int{0}, ir.Const(z))
		c.Measure(0, 0)
		return c
	}
	a, b, z := make(math.Pi/2, 1), make(-math.Pi/2, 1), make(math.Pi/2, 2)
	if alike(a, b) || !alike(a, z) {
		t.Error("rx of another angle, rz of another angle")
	}
}

func TestBodyRefuses(t *testing.T) {
	c := opened(t, &server{})
	change := func(f func(c *ir.Circuit)) []service.Program {
		k := turn(1)
		f(k)
		return []service.Program{{Circuit: k, Shots: 10}}
	}
	many := func(n, shots int) (out []service.Program) {
		for range n {
			out = append(out, service.Program{Circuit: turn(1), Shots: shots})
		}
		return out
	}
	for name, k := range map[string]struct {
		programs []service.Program
		text     string
	}{
		"nothing read":      {change(func(c *ir.Circuit) { c.Ops = c.Ops[:2] }), "nothing is measured"},
		"after its measure": {change(func(c *ir.Circuit) { c.Gate(ir.PRX, []int{1}, ir.Const(1), ir.Const(0)) }), "operation 4 acts on qubit 1"},
		"a bit twice":       {change(func(c *ir.Circuit) { c.Measure(0, 0) }), "bit 0 a second time"},
		"a reset":           {change(func(c *ir.Circuit) { c.Ops = append([]ir.Op{&ir.Reset{Qubit: 0}}, c.Ops...) }), "reset does not run"},
		"not native":        {change(func(c *ir.Circuit) { c.Ops[0] = &ir.Apply{Gate: ir.H, Qubits: []int{1}} }), "compile it first"},
		"a fourth qubit":    {change(func(c *ir.Circuit) { c.Qubits = 4 }), "the device has 3"},
		"five":              {many(5, 10), "at most 4"},
		"shots":             {many(4, 600), "at most 2000"},
		"unequal shots":     {append(many(1, 10), many(1, 11)...), "program 1 has 11 shots"},
	} {
		_, err := c.Body(t.Context(), k.programs, "tag")
		if err == nil || !strings.Contains(err.Error(), k.text) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestLimitsAreTheDevices(t *testing.T) {
	c := opened(t, &server{})
	l, err := c.Limits(t.Context())
	want := service.Limits{Programs: 4, MinShots: 1, MaxShots: 1000, TotalShots: 2000, EqualShots: true, Source: limitsSource, Maintenance: "offline (MAINTENANCE)"}
	if diff := cmp.Diff(want, l); err != nil || diff != "" {
		t.Errorf("%v, %s", err, diff)
	}
	c.Place = service.At("braket", c.Device(), "") // as of Amazon's own address
	if l, err := c.Limits(t.Context()); err != nil || l.PerMinute != 1200 {
		t.Errorf("%d a minute, %v", l.PerMinute, err)
	}
}

// The examples of the price page: 1,000 shots in one task.
func TestPrices(t *testing.T) {
	keys(t)
	a, err := FindAccount(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]float64{"Garnet": 1.75, "emerald": 1.9, "Cepheus-1-108Q": 0.725, "Forte-1": 80.30, "Forte-Enterprise-1": 80.30, "Ankaa-3": 1.2, "sv1": 0.00375, "arn:aws:braket:us-east-1::device/qpu/new/One": -1} {
		c, err := New(a, name, service.Options{})
		if err != nil {
			t.Fatal(err)
		}
		p, ok := c.Price(t.Context(), []service.Program{{Circuit: ir.New(1, 1), Shots: 400}, {Circuit: ir.New(1, 1), Shots: 600}})
		if ok != (want >= 0) || ok && math.Abs(p.USD-want) > 1e-9 {
			t.Errorf("%s: %+v, %v", name, p, ok)
		}
		if ok && (p.Source == "" || !strings.Contains(p.Basis, priceDate) && name != "sv1") {
			t.Errorf("%s: %+v", name, p)
		}
		if ok == false && p.USD != 0 {
			t.Errorf("%s: %+v", name, p)
		}
	}
	// What a device tells counts where it is more.
	c, err := New(a, "Garnet", service.Options{})
	if err != nil {
		t.Fatal(err)
	}
	c.device = &device{}
	c.device.capabilities.Service.Cost.Price, c.device.capabilities.Service.Cost.Unit = 0.002, "shot"
	if p, ok := c.Price(t.Context(), []service.Program{{Shots: 1000}}); !ok || math.Abs(p.USD-2.3) > 1e-9 {
		t.Errorf("%+v", p)
	}
}

func TestNamesOfDevices(t *testing.T) {
	for name, want := range map[string]string{
		"garnet": garnet, garnet: garnet, "SV1": "arn:aws:braket:::device/quantum-simulator/amazon/sv1",
		"nowhere": "!known are Ibex-Q1, Forte-1", "arn:aws:s3:::bucket": "!names no device", "arn:aws:braket:eu-north-1:123:quantum-task/x": "!names no device",
	} {
		got, err := ARN(name)
		if text, bad := strings.CutPrefix(want, "!"); bad && (err == nil || !strings.Contains(err.Error(), text)) || !bad && (err != nil || got != want) {
			t.Errorf("%s: %s, %v", name, got, err)
		}
	}
	for text, want := range map[string]string{garnet: "eu-north-1", "arn:aws:braket:::device/quantum-simulator/amazon/sv1": "", "x": ""} {
		if got := regionOf(text); got != want {
			t.Errorf("%s is in %q", text, got)
		}
	}
}

func TestBucketsAndPrefixes(t *testing.T) {
	keys(t)
	a, err := FindAccount(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range []struct {
		bucket, prefix string
		ok             bool
	}{
		{"amazon-braket-me", "results/qgan", true}, {"my.bucket", "", true}, {"My-Bucket", "", false}, {"ab", "", false}, {"-ab-", "", false}, {strings.Repeat("a", 64), "", false},
		{"", "a/../b", false}, {"", "ü", false}, {"", "a#b", false}, {"", "/a", false}, {"", "a/", false}, {"", strings.Repeat("a", 1001), false},
	} {
		a.Bucket, a.Prefix = k.bucket, k.prefix
		if _, err := New(a, "garnet", service.Options{}); (err == nil) != k.ok {
			t.Errorf("%q, %q: %v", k.bucket, k.prefix, err)
		}
	}
}

// shape is that of turn: bit 0 is qubit 4's, bit 1 qubit 2's.
var shape = service.Shape{Bits: 2, Shots: 4, Qubits: []int{2, 1}, Names: []string{"4", "2"}}

func wrap(result string, parts map[string]string) string {
	k := kept{Task: "arn:of:task", Result: json.RawMessage(result), Parts: map[string]json.RawMessage{}}
	for name, p := range parts {
		k.Parts[name] = json.RawMessage(p)
	}
	raw, err := json.Marshal(k)
	if err != nil {
		panic(err)
	}
	return string(raw)
}

// What is read belongs to the qubits that the result names, in whatever order they are.
func TestDecodeOneProgram(t *testing.T) {
	c := Reader("")
	for name, k := range map[string]struct {
		result string
		counts map[uint64]int
		text   string
	}{
		"in order":           {`{"measurements":[[1,0],[1,0],[0,1],[1,1]],"measuredQubits":[4,2]}`, map[uint64]int{2: 2, 1: 1, 3: 1}, ""},
		"the other way":      {`{"measurements":[[1,0],[1,0],[0,1],[1,1]],"measuredQubits":[2,4]}`, map[uint64]int{1: 2, 2: 1, 3: 1}, ""},
		"probabilities":      {`{"measurements":null,"measurementProbabilities":{"10":0.75,"01":0.25},"measuredQubits":[2,4]}`, map[uint64]int{1: 3, 2: 1}, ""},
		"rounded":            {`{"measurementProbabilities":{"10":0.3333,"01":0.3333,"00":0.3333},"measuredQubits":[4,2]}`, map[uint64]int{0: 2, 1: 1, 2: 1}, ""},
		"unequal keys":       {`{"measurementProbabilities":{"10":0.75,"011":0.25},"measuredQubits":[2,4]}`, nil, `arn:of:task, program 0: the outcome "011" of 2 qubits`},
		"another qubit":      {`{"measurements":[[1,0]],"measuredQubits":[2,3]}`, nil, "qubit 4, which was measured into bit 0, is not among"},
		"too many qubits":    {`{"measurements":[[1,0,1]],"measuredQubits":[2,4,1]}`, nil, "3 qubits"},
		"a qubit twice":      {`{"measurements":[[1,0]],"measuredQubits":[2,2]}`, nil, "qubit 2 twice"},
		"a short row":        {`{"measurements":[[1,0],[1]],"measuredQubits":[2,4]}`, nil, "shot 1 has 1 columns"},
		"no bit":             {`{"measurements":[[1,2]],"measuredQubits":[2,4]}`, nil, "shot 0 reads 2"},
		"nothing":            {`{"measuredQubits":[2,4]}`, nil, "neither"},
		"no probabilities":   {`{"measurementProbabilities":{"10":0.5},"measuredQubits":[2,4]}`, nil, "add up"},
		"a negative one":     {`{"measurementProbabilities":{"10":-0.5,"11":1.5},"measuredQubits":[2,4]}`, nil, "no probability"},
		"not of this form":   {`[]`, nil, "arn:of:task"},
		"measured elsewhere": {`{"measurements":[[1]],"measuredQubits":[4]}`, nil, "bit 1"},
	} {
		out, err := c.Decode([]service.Shape{shape}, strings.NewReader(wrap(k.result, nil)))
		if k.text != "" {
			if err == nil || !strings.Contains(err.Error(), k.text) {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		got := map[uint64]int{}
		for _, n := range out[0].Counts {
			got[n.Word] = n.N
		}
		if diff := cmp.Diff(k.counts, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		if ordered := strings.Contains(k.result, `"measurements":[`); ordered != (out[0].Words != nil) {
			t.Errorf("%s: shots in order: %v", name, out[0].Words)
		}
	}
	if _, err := c.Decode([]service.Shape{shape}, strings.NewReader("<html>")); err == nil {
		t.Error("a page is no result")
	}
}

// A set's executables are matched by program and by the index of their inputs, in the file
// or in files of their own.
func TestDecodeASet(t *testing.T) {
	c := Reader("")
	executable := func(inputs, bit int) string {
		return `{"inputsIndex":` + string(rune('0'+inputs)) + `,"measurements":[[` + string(rune('0'+bit)) + `]],"measuredQubits":[7]}`
	}
	one := service.Shape{Bits: 1, Shots: 1, Qubits: []int{6}, Names: []string{"7"}}
	const head = `{"braketSchemaHeader":{"name":"braket.task_result.program_set_task_result","version":"1"},"programResults":`
	inline := wrap(head+`[{"executableResults":[`+executable(1, 0)+`,`+executable(0, 1)+`]},{"executableResults":[`+executable(0, 1)+`]}],"taskMetadata":{},"s3Location":null}`, nil)
	apart := wrap(head+`["programs/0/results.json","programs/1/results.json"],"s3Location":["b","p"]}`, map[string]string{
		"programs/0/results.json": `{"executableResults":["x/1.json","x/0.json"]}`, "programs/1/results.json": `{"executableResults":["x/0.json"]}`,
		"programs/0/x/1.json": executable(1, 0), "programs/0/x/0.json": executable(0, 1), "programs/1/x/0.json": executable(0, 1),
	})
	for name, text := range map[string]string{"inline": inline, "apart": apart} {
		out, err := c.Decode([]service.Shape{one, one, one}, strings.NewReader(text))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for i, want := range []uint64{1, 0, 1} {
			if out[i].Counts[0].Word != want {
				t.Errorf("%s: circuit %d reads %d", name, i, out[i].Counts[0].Word)
			}
		}
		if _, err := c.Decode([]service.Shape{one}, strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), "3 circuits, 1 were sent") {
			t.Errorf("%s: %v", name, err)
		}
	}
	// One of two failed: the other's outcome is there, and the reason in the place of its.
	const half = `[{"executableResults":[{"inputsIndex":1,"failureMetadata":{"failureReason":"out of tune","category":"DEVICE"}},`
	out, err := c.Decode([]service.Shape{one, one}, strings.NewReader(wrap(head+half+executable(0, 1)+`]}]}`, nil)))
	if err != nil || out[0].Shots == 0 || out[0].Failure != "" || out[1].Shots != 0 || out[1].Failure != "program 0, inputs 1: out of tune (DEVICE)" {
		t.Errorf("%+v, %v", out, err)
	}
	for name, k := range map[string][2]string{
		"a failure":   {`[{"executableResults":[{"inputsIndex":0,"failureMetadata":{"failureReason":"out of tune","retryable":true,"category":"DEVICE"}}]}]}`, "inputs 0: out of tune (DEVICE)"},
		"missing":     {`["programs/0/results.json"]}`, "programs/0/results.json is missing"},
		"twice":       {`[{"executableResults":[` + executable(0, 1) + `,` + executable(0, 1) + `]}]}`, "the inputs 0 of 2"},
		"no such one": {`[{"executableResults":[` + executable(5, 1) + `]}]}`, "the inputs 5 of 1"},
	} {
		_, err := c.Decode([]service.Shape{one}, strings.NewReader(wrap(head+k[0], nil)))
		var failed *service.JobFailed
		if err == nil || !strings.Contains(err.Error(), k[1]) || errors.As(err, &failed) != (name == "a failure") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Files of a result are read where the task puts them, nowhere else.
func TestFetchStaysInItsFolder(t *testing.T) {
	const task = `{"status":"COMPLETED","outputS3Bucket":"amazon-braket-test","outputS3Directory":"qgan/1"}`
	const head = `{"braketSchemaHeader":{"name":"braket.task_result.program_set_task_result","version":"1"},`
	for name, k := range map[string][2]string{
		"another bucket":  {head + `"programResults":["p/results.json"],"s3Location":["amazon-braket-other","qgan/1"]}`, "not followed"},
		"another folder":  {head + `"programResults":["p/results.json"],"s3Location":["amazon-braket-test","qgan/2"]}`, "not followed"},
		"a way up":        {head + `"programResults":["../2/results.json"],"s3Location":["amazon-braket-test","qgan/1"]}`, "not followed"},
		"a missing file":  {head + `"programResults":["p/results.json"],"s3Location":["amazon-braket-test","qgan/1"]}`, "s3://amazon-braket-test/qgan/1/p/results.json"},
		"no JSON":         {`<html>`, ""}, // kept as it is
		"of one, as sent": {`{"measurements":[[1]],"measuredQubits":[1]}`, ""},
	} {
		s := &server{files: map[string]string{"/quantum-task/arn:x/1": task, "/amazon-braket-test/qgan/1/results.json": k[0]}}
		c := opened(t, s)
		var b bytes.Buffer
		err := c.Fetch(t.Context(), "arn:x/1", 1<<20, &b)
		if k[1] == "" && err != nil || k[1] != "" && (err == nil || !strings.Contains(err.Error(), k[1])) {
			t.Errorf("%s: %v", name, err)
		}
		for _, r := range s.requests {
			if strings.Contains(r, "/2/") || strings.Contains(r, "other") {
				t.Errorf("%s: %s was asked for", name, r)
			}
		}
	}
}

// A refusal that may be about the bucket or the account names both, and no secret.
func TestRefusalsNameTheAccount(t *testing.T) {
	for status, text := range map[int]string{
		400: "ValidationException", 402: "ServiceQuotaExceededException", 403: "AccessDeniedException", 409: "ConflictException", 410: "DeviceRetiredException", 424: "DeviceOfflineException",
	} {
		s := &server{files: map[string]string{"/quantum-task": `{"message":"no access to the bucket"}`}, status: status}
		c := opened(t, s)
		_, err := c.Submit(t.Context(), []byte(`{"outputS3Bucket":"amazon-braket-test"}`))
		var fate *service.SubmitError
		if !errors.As(err, &fate) || fate.Fate != service.Refused || !strings.Contains(err.Error(), text) || strings.Contains(err.Error(), "dummysecret") {
			t.Errorf("%d: %v", status, err)
		}
		if named := strings.Contains(err.Error(), "AKIADUMMY") && strings.Contains(err.Error(), "amazon-braket-test"); named != (status == 400 || status == 403) {
			t.Errorf("%d: %v", status, err)
		}
		if len(s.requests) != 1 {
			t.Errorf("%d: sent %d times", status, len(s.requests))
		}
	}
	for _, status := range []int{500, 503} {
		c := opened(t, &server{files: map[string]string{"/quantum-task": `{}`}, status: status})
		var fate *service.SubmitError
		if _, err := c.Submit(t.Context(), []byte(`{}`)); err == nil || errors.As(err, &fate) {
			t.Errorf("%d: %v: the answer is lost", status, err)
		}
	}
}

// Errors have the name that the service gives them, which a status doesn't tell.
func TestNamesOfErrors(t *testing.T) {
	for _, k := range []struct {
		status             int
		header, body, want string
	}{
		{403, "InvalidSignatureException", `{"message":"x"}`, "InvalidSignatureException: the secret is not that of the key, or the clock is off: x"},
		{403, "UnrecognizedClientException:http://internal.amazon.com/coral/", `{"message":"x"}`, "UnrecognizedClientException: the access key is not known: x"},
		{400, "", `{"__type":"com.amazonaws.braket#ExpiredTokenException","message":"x"}`, "ExpiredTokenException: the session has ended: log in again: x"},
		{400, "ValidationException", `{"Message":"x"}`, "ValidationException: x"},
		{402, "", `{"message":"x"}`, "ServiceQuotaExceededException: a quota of the account is used up: x"},
		{418, "", `{"message":"x"}`, "x"},
	} {
		err := problem(&service.Answer{Status: k.status, Header: http.Header{"X-Amzn-Errortype": {k.header}}, Body: []byte(k.body)})
		if err == nil || err.Error() != k.want {
			t.Errorf("%+v: %v", k, err)
		}
	}
}

// The queue's position is text: a number, more than one, or None.
func TestPoll(t *testing.T) {
	for text, want := range map[string]service.Status{
		`{"status":"QUEUED","queueInfo":{"position":"7"}}`:     {State: service.Queued, Word: "QUEUED", Ahead: 7},
		`{"status":"QUEUED","queueInfo":{"position":">2000"}}`: {State: service.Queued, Word: "QUEUED", Ahead: 2000},
		`{"status":"CREATED","queueInfo":{"position":"None"}}`: {State: service.Queued, Word: "CREATED", Ahead: -1},
		`{"status":"CANCELLING"}`:                              {State: service.Running, Word: "CANCELLING", Ahead: -1},
		`{"status":"COMPLETED"}`:                               {State: service.Completed, Word: "COMPLETED", Ahead: -1},
		`{"status":"FAILED","failureReason":"out of tune"}`:    {State: service.Failed, Word: "FAILED", Reason: "out of tune", Ahead: -1},
		`{"status":"FAILED","numSuccessfulShots":20,"actionMetadata":{"actionType":"braket.ir.openqasm.program_set"}}`: {State: service.Completed, Word: "FAILED", Ahead: -1},
		`{"status":"FAILED","numSuccessfulShots":0,"actionMetadata":{"actionType":"braket.ir.openqasm.program_set"}}`:  {State: service.Failed, Word: "FAILED", Ahead: -1},
		`{"status":"FAILED","numSuccessfulShots":20,"actionMetadata":{"actionType":"braket.ir.openqasm.program"}}`:     {State: service.Failed, Word: "FAILED", Ahead: -1},
		`{"status":"TELEPORTING","queueInfo":{"position":"None"}}`:                                                     {State: service.Running, Word: "TELEPORTING", Ahead: -1},
	} {
		c := opened(t, &server{files: map[string]string{"/quantum-task/arn:x/1": text}})
		got, err := c.Poll(t.Context(), "arn:x/1")
		got.Cost = nil
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%s: %v, %s", text, err, diff)
		}
	}
}

// ARNs are one segment of a path, as the official clients write them.
func TestEscape(t *testing.T) {
	if got := escape(garnet); got != "arn%3Aaws%3Abraket%3Aeu-north-1%3A%3Adevice%2Fqpu%2Fiqm%2FGarnet" {
		t.Error(got)
	}
	s := &server{}
	c := opened(t, s)
	if _, err := c.Snapshot(t.Context()); err != nil {
		t.Fatal(err)
	}
	if s.requests[0] != "GET /device/"+escape(garnet) {
		t.Error(s.requests)
	}
}

func TestAccountsAreFound(t *testing.T) {
	keys(t)
	dir := t.TempDir()
	write := func(name, text string) string {
		path := dir + "/" + name
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	a, err := FindAccount(t.Context())
	if err != nil || a.Source != "the environment" || a.Key != "AKIADUMMY" || a.Region != "" {
		t.Errorf("%+v, %v", a, err)
	}
	t.Setenv("AWS_ACCESS_KEY_ID", "")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "")
	if _, err := FindAccount(t.Context()); !errors.Is(err, ErrNoAccount) {
		t.Errorf("%v", err)
	}
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", write("credentials", "[default]\naws_access_key_id = AKIAFILE\naws_secret_access_key = secretoffile\n[lab]\naws_access_key_id = AKIALAB\naws_secret_access_key = secretoflab\n"))
	t.Setenv("AWS_CONFIG_FILE", write("config", "[profile lab]\nregion = us-west-1\n"))
	if a, err = FindAccount(t.Context()); err != nil || a.Key != "AKIAFILE" || !strings.Contains(a.Source, "credentials") || strings.Contains(a.Source, "secret") {
		t.Errorf("%+v, %v", a, err)
	}
	t.Setenv("AWS_PROFILE", "lab")
	if a, err = FindAccount(t.Context()); err != nil || a.Key != "AKIALAB" || a.Region != "us-west-1" {
		t.Errorf("%+v, %v", a, err)
	}
	if text := a.String() + a.GoString(); strings.Contains(text, "secretoflab") || strings.Contains(text, "AKIALAB") {
		t.Error(text)
	}
	t.Setenv("AWS_PROFILE", "nobody")
	if _, err := FindAccount(t.Context()); err == nil || !strings.Contains(err.Error(), "nobody") {
		t.Errorf("%v", err)
	}
}

// Whatever a bucket holds, reading it ends with outcomes or an error.
func FuzzDecode(f *testing.F) {
	f.Add(wrap(`{"measurements":[[1,0]],"measuredQubits":[2,4]}`, nil))
	f.Add(wrap(`{"measurementProbabilities":{"10":0.75,"01":0.25},"measuredQubits":[2,4]}`, nil))
	f.Add(wrap(`{"braketSchemaHeader":{"name":"braket.task_result.program_set_task_result"},"programResults":["p/results.json"]}`, map[string]string{"p/results.json": `{"executableResults":[{"inputsIndex":0,"measurements":[[1,0]],"measuredQubits":[4,2]}]}`}))
	f.Fuzz(func(t *testing.T, text string) {
		out, err := new(Client).Decode([]service.Shape{shape}, strings.NewReader(text))
		if err != nil {
			return
		}
		total := 0
		for _, n := range out[0].Counts {
			if n.Word > 3 || n.N < 1 {
				t.Errorf("%+v", out)
			}
			total += n.N
		}
		if total != out[0].Shots {
			t.Errorf("%d of %d shots", total, out[0].Shots)
		}
	})
}
