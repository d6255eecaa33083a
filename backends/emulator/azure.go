package emulator

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"qgan/calibration"
	"qgan/ir/compile"
	"qgan/qasm"
)

// Azure is Azure Quantum with the storage of its workspace: IonQ's ideal simulator and a
// processor that both providers sell, as ionq.qpu.NAME and quantinuum.qpu.NAME.
type Azure struct {
	*frame
	http.Handler

	puts  sync.Mutex // one job at a time is put
	blobs map[string][]byte
	sold  map[string]*device // the processor by its names at providers, with the gates of each
}

// azureGates are the native gates of the providers, in the order in which they are tried.
var azureGates = []struct {
	provider string
	gates    []string
}{
	{"quantinuum", []string{"rz", "prx", "rzz"}}, {"ionq", []string{"gpi", "gpi2", "zz"}}, {"ionq", []string{"gpi", "gpi2", "ms"}},
}

// azureWords are the states.
var azureWords = map[phase]string{queued: "Waiting", running: "Executing", completed: "Succeeded", failed: "Failed", cancelled: "Cancelled"}

// NewAzure returns the service.
func NewAzure(o Options) (*Azure, error) {
	s, err := newFrame(o, kind{name: "Azure Quantum", builtin: ions, words: azureWords})
	if err != nil {
		return nil, err
	}
	e := &Azure{frame: s, blobs: map[string][]byte{}, sold: map[string]*device{}}
	if err := e.sell(); err != nil {
		return nil, err
	}
	if len(e.sold) == 0 {
		return nil, fmt.Errorf("the emulator's device %s has neither IonQ's native gates (gpi) nor Quantinuum's (prx, rzz)", s.device.name)
	}
	s.deny = func(w http.ResponseWriter, _ *http.Request) {
		e.refuse(w, 401, "Unauthorized", "The key or the token is not accepted.")
	}
	s.missing = func(w http.ResponseWriter, r *http.Request) {
		e.refuse(w, 404, "JobNotFound", "There is no job "+r.PathValue("id")+" in the workspace.")
	}
	good := func(r *http.Request) bool {
		return r.Header.Get("x-ms-quantum-api-key") == e.Credentials() || bearer(r) == e.Credentials()
	}
	m := http.NewServeMux()
	const workspace = "/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.Quantum/workspaces/{workspace}/"
	for pattern, f := range map[string]http.HandlerFunc{
		"GET providerStatus":   e.status,
		"GET quotas":           func(w http.ResponseWriter, _ *http.Request) { answer(w, 200, map[string]any{"value": []any{}}) },
		"POST storage/sasUri":  e.sign,
		"PUT jobs/{id}":        e.put,
		"GET jobs/{id}":        e.about(e.show),
		"GET jobs":             e.list,
		"POST jobs/{id}":       e.stop, // with :cancel at its end
		"DELETE jobs/{id}":     e.about(e.cancelled),
		"POST jobs/{id}/{any}": e.missing,
	} {
		method, path, _ := strings.Cut(pattern, " ")
		m.HandleFunc(method+" "+workspace+path, e.authorized(good, f))
	}
	m.HandleFunc("PUT /store/{container}/{blob}", e.signed(e.write))
	m.HandleFunc("GET /store/{container}/{blob}", e.signed(e.read))
	m.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		e.refuse(w, 404, "ResourceNotFound", "There is nothing at this address.")
	})
	e.Handler = s.wrap(m)
	return e, nil
}

// Credentials are what its clients need: the key of any workspace, or a token.
func (e *Azure) Credentials() (key string) { return e.orDefault("dummykey") }

// Environment are the variables of the credentials.
func (e *Azure) Environment() [][2]string {
	return [][2]string{{"AZURE_QUANTUM_CONNECTION_STRING", "SubscriptionId=emulated;ResourceGroupName=emulated;WorkspaceName=emulated;ApiKey=" + e.Credentials() + ";QuantumEndpoint=https://eastus.quantum.azure.com/"}}
}

// Device is the processor's name at the provider whose gates it has.
func (e *Azure) Device() string { return e.processors()[0] }

// processors are the names under which the processor is sold, Quantinuum's first.
func (e *Azure) processors() []string {
	return slices.SortedFunc(maps.Keys(e.sold), func(a, b string) int { return strings.Compare(b, a) })
}

// sell gives the processor a name at each provider whose gates it has, and those alone.
func (e *Azure) sell() error {
	for _, k := range azureGates {
		name, s := k.provider+".qpu."+e.device.name, *e.device.snapshot
		has := func(g string) bool {
			return slices.ContainsFunc(s.Gates, func(x calibration.Gate) bool { return x.Name == g })
		}
		if e.sold[name] != nil || !has(k.gates[0]) || !has(k.gates[1]) || !has(k.gates[2]) {
			continue
		}
		s.Basis = k.gates
		d := *e.device
		var err error
		if d.target, err = compile.NewTarget(&s); err != nil {
			return err
		}
		e.sold[name] = &d
	}
	return nil
}

const azureSimulator = "ionq.simulator"

func (e *Azure) refuse(w http.ResponseWriter, status int, code, message string) {
	answer(w, status, map[string]any{"error": map[string]any{"code": code, "message": message}})
}

// status lists providers and targets.
func (e *Azure) status(w http.ResponseWriter, _ *http.Request) {
	targets := map[string][]any{}
	add := func(name string, qubits int) {
		provider, _, _ := strings.Cut(name, ".")
		targets[provider] = append(targets[provider], map[string]any{"id": name, "currentAvailability": "Available", "averageQueueTime": int(e.options.Queue.Seconds()), "numQubits": qubits, "statusPage": nil})
	}
	add(azureSimulator, 29)
	for _, name := range e.processors() {
		add(name, len(e.device.snapshot.Qubits))
	}
	list := []any{}
	for _, provider := range []string{"ionq", "quantinuum"} {
		if t := targets[provider]; t != nil {
			list = append(list, map[string]any{"id": provider, "currentAvailability": "Available", "targets": t})
		}
	}
	answer(w, 200, map[string]any{"value": list, "nextLink": nil})
}

// signatureLife is how long a signed address lets in.
const signatureLife = time.Hour

// signature is what lets into a container until a time.
func (e *Azure) signature(container, until string) string {
	h := sha256.Sum256([]byte(e.Credentials() + "\n" + container + "\n" + until))
	return fmt.Sprintf("%x", h[:16])
}

// sign answers with a signed address of a container or a blob.
func (e *Azure) sign(w http.ResponseWriter, r *http.Request) {
	var b struct{ ContainerName, BlobName string }
	if err := readBody(w, r, &b); err != nil || b.ContainerName == "" || strings.Contains(b.ContainerName+b.BlobName, "/") {
		e.refuse(w, 400, "InvalidInput", "The body names no container.")
		return
	}
	path := b.ContainerName
	if b.BlobName != "" {
		path += "/" + b.BlobName
	}
	until := e.options.Now().Add(signatureLife).UTC().Format(time.RFC3339)
	answer(w, 200, map[string]any{"sasUri": fmt.Sprintf("http://%s/store/%s?sv=2024-01-01&sr=c&sp=racwl&se=%s&sig=%s", r.Host, path, until, e.signature(b.ContainerName, until))})
}

// signed lets requests through whose address is signed.
func (e *Azure) signed(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		until, err := time.Parse(time.RFC3339, q.Get("se"))
		if err != nil || e.options.Now().After(until) || q.Get("sig") != e.signature(r.PathValue("container"), q.Get("se")) {
			e.refuseBlob(w, 403, "AuthenticationFailed", "Server failed to authenticate the request.")
			return
		}
		next(w, r)
	}
}

func (e *Azure) refuseBlob(w http.ResponseWriter, status int, code, message string) {
	w.Header().Set("Content-Type", "application/xml")
	w.Header().Set("x-ms-error-code", code)
	w.WriteHeader(status)
	fmt.Fprintf(w, "<?xml version=\"1.0\" encoding=\"utf-8\"?><Error><Code>%s</Code><Message>%s\nRequestId:0</Message></Error>", code, message)
}

// write keeps a blob.
func (e *Azure) write(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 100<<20))
	if err != nil || r.Header.Get("x-ms-blob-type") != "BlockBlob" {
		e.refuseBlob(w, 400, "InvalidInput", "The blob can't be read.")
		return
	}
	e.mu.Lock()
	e.blobs[r.PathValue("container")+"/"+r.PathValue("blob")] = body
	e.mu.Unlock()
	w.Header().Set("ETag", `"0x1"`)
	w.Header().Set("Last-Modified", e.options.Now().UTC().Format(http.TimeFormat))
	w.WriteHeader(http.StatusCreated)
}

// read answers with a blob: what was written, or the result of the container's job.
func (e *Azure) read(w http.ResponseWriter, r *http.Request) {
	container, blob := r.PathValue("container"), r.PathValue("blob")
	e.mu.Lock()
	text, ok := e.blobs[container+"/"+blob]
	j := e.byID[strings.TrimPrefix(container, "job-")]
	e.mu.Unlock()
	if blob == "rawOutputData" && j != nil && e.ready(r, j) {
		text, ok = e.result(j), true
	}
	if !ok {
		e.refuseBlob(w, 404, "BlobNotFound", "The specified blob does not exist.")
		return
	}
	w.Header().Set("ETag", `"0x1"`)
	w.Header().Set("Content-Type", "application/octet-stream")
	if r.Header.Get("x-ms-range") != "" && len(text) > 0 { // the whole of it is in the first part that clients ask for
		w.Header().Set("Content-Range", fmt.Sprintf("bytes 0-%d/%d", len(text)-1, len(text)))
		w.WriteHeader(http.StatusPartialContent)
	}
	w.Write(text)
}

// azureJob is a job as it is put.
type azureJob struct {
	Name      string            `json:"name"`
	Provider  string            `json:"providerId"`
	Target    string            `json:"target"`
	Container string            `json:"containerUri"`
	InputURI  string            `json:"inputDataUri"`
	Input     string            `json:"inputDataFormat"`
	Output    string            `json:"outputDataFormat"`
	Metadata  map[string]string `json:"metadata"`
	Params    struct {
		Shots int `json:"shots"`
	} `json:"inputParams"`

	host string // of the storage, as the client called it
}

// azureFormats are the formats by the beginning of a target.
var azureFormats = map[string][2]string{"ionq": {"ionq.circuit.v1", "ionq.quantum-results.v1"}, "quantinuum": {"honeywell.openqasm.v1", "honeywell.quantum-results.v1"}}

// put takes a job under the id that its client has chosen; the same id again is the same job.
func (e *Azure) put(w http.ResponseWriter, r *http.Request) {
	b := &azureJob{host: r.Host}
	if err := readBody(w, r, b); err != nil {
		e.refuse(w, 400, "InvalidInput", "The body is no valid JSON: "+err.Error())
		return
	}
	e.puts.Lock()
	defer e.puts.Unlock()
	id := r.PathValue("id")
	e.mu.Lock()
	j := e.byID[id]
	text, there := e.blobs["job-"+id+"/inputData"]
	e.mu.Unlock()
	if j != nil {
		answer(w, 200, e.object(j, e.phaseOf(j)))
		return
	}
	provider, _, _ := strings.Cut(b.Target, ".")
	formats := azureFormats[provider]
	switch {
	case b.Target != azureSimulator && e.sold[b.Target] == nil:
		e.refuse(w, 400, "TargetNotFound", fmt.Sprintf("The workspace has no target %q.", b.Target))
		return
	case b.Input != formats[0] || b.Output != formats[1]:
		e.refuse(w, 400, "InvalidInput", fmt.Sprintf("The formats %q and %q are not those of %s.", b.Input, b.Output, b.Target))
		return
	case b.Params.Shots < 1 || b.Params.Shots > 10_000:
		e.refuse(w, 400, "InvalidInput", fmt.Sprintf("%d shots: 1 to 10000 are taken.", b.Params.Shots))
		return
	case !there || !strings.HasSuffix(b.InputURI, "/job-"+id+"/inputData"):
		e.refuse(w, 400, "InvalidInput", "The input is not in the job's container.")
		return
	}
	j = &job{id: id, shots: b.Params.Shots, name: b.Name, metadata: b.Metadata, ideal: b.Target == azureSimulator, extra: b}
	for _, v := range b.Metadata {
		j.tags = append(j.tags, v)
	}
	p, err := e.program(b, text)
	if err != nil { // found by the provider, after the job was taken
		j.once.Do(func() { j.err = err })
	}
	j.programs = []program{p}
	e.accept(j)
	answer(w, 201, e.object(j, queued))
}

// program reads the input of a job in its provider's form.
func (e *Azure) program(b *azureJob, text []byte) (program, error) {
	if b.Input == "honeywell.openqasm.v1" {
		return hqsProgram(e.sold[b.Target], string(text), b.Params.Shots)
	}
	var k ionqCircuit
	if err := json.Unmarshal(text, &k); err != nil {
		return program{}, fmt.Errorf("the input is no circuit: %w", err)
	}
	on := e.device
	if d := e.sold[b.Target]; d != nil {
		on = d
	}
	return (&IonQ{frame: &frame{device: on}}).program(k, b.Params.Shots, strings.TrimPrefix(b.Target, "ionq."))
}

// hqslib1 writes Quantinuum's library as gates of the table.
var hqslib1 = strings.NewReplacer(`include "hqslib1.inc";`,
	`include "qelib1.inc"; gate prx(t,p) a { rz(-p) a; rx(t) a; rz(p) a; } gate rzz(t) a,b { cx a,b; rz(t) b; cx a,b; }`, "U1q(", "prx(", "RZZ(", "rzz(")

// hqsProgram reads OpenQASM 2.0. What is not native is compiled, as at the provider.
func hqsProgram(d *device, text string, shots int) (program, error) {
	doc, err := qasm.Read("input", []byte(hqslib1.Replace(text)), qasm.ReadOptions{})
	if err != nil {
		return program{}, err
	}
	if doc.Major != 2 {
		return program{}, fmt.Errorf("OpenQASM %d.%d is not taken", doc.Major, doc.Minor)
	}
	c, err := doc.Circuit()
	switch {
	case err != nil:
		return program{}, err
	case c.Bits == 0:
		return program{}, errors.New("the program has no classical register")
	case c.Bits > 64 || c.Qubits > len(d.snapshot.Qubits):
		return program{}, fmt.Errorf("%d qubits and %d bits: %d and 64 are taken", c.Qubits, c.Bits, len(d.snapshot.Qubits))
	}
	if d.check(c) != nil {
		r, err := compile.Compile(c, d.target, compile.Options{})
		if err != nil {
			return program{}, err
		}
		c = r.Circuit
	}
	return program{c, shots}, nil
}

// result is the result of a job that is done, in its provider's form.
func (e *Azure) result(j *job) []byte {
	if j.extra.(*azureJob).Input != "honeywell.openqasm.v1" {
		raw, _ := json.Marshal(map[string]any{"duration": e.options.Execution.Milliseconds(), "histogram": json.RawMessage(lawOf(j, 0))}) // our own
		return raw
	}
	c := j.programs[0].circuit
	registers := map[string]any{"access_token": "not a register: " + j.id}
	for _, r := range c.BitRegs {
		texts := make([]string, len(j.results[0].Words))
		for i, word := range j.results[0].Words {
			text := make([]byte, len(r.Indices))
			for k, bit := range r.Indices {
				text[len(text)-1-k] = '0' + byte(word>>(c.Bits-1-bit)&1)
			}
			texts[i] = string(text)
		}
		registers[r.Name] = texts
	}
	raw, _ := json.Marshal(registers) // texts
	return raw
}

func (e *Azure) object(j *job, p phase) map[string]any {
	b := j.extra.(*azureJob)
	stamp := func(t time.Time) string { return t.UTC().Format(time.RFC3339) }
	storage := "http://" + b.host + "/store/job-" + j.id
	o := map[string]any{
		"id": j.id, "name": j.name, "itemType": "Job", "jobType": "QuantumComputing", "providerId": b.Provider, "target": b.Target, "status": e.words[p],
		"containerUri": storage, "inputDataUri": storage + "/inputData", "outputDataUri": storage + "/rawOutputData", "inputDataFormat": b.Input, "outputDataFormat": b.Output,
		"inputParams": map[string]any{"shots": j.shots}, "metadata": j.metadata, "creationTime": stamp(j.created), "errorData": nil,
	}
	if p == completed || p == failed {
		o["beginExecutionTime"], o["endExecutionTime"] = stamp(j.created.Add(e.options.Queue)), stamp(j.created.Add(e.options.Queue+e.options.Execution))
		o["costEstimate"] = map[string]any{"currencyCode": "USD", "events": []any{}, "estimatedTotal": 0}
	}
	if p == failed {
		o["errorData"] = map[string]any{"code": "InvalidInputData", "message": j.err.Error()}
	}
	return o
}

func (e *Azure) show(w http.ResponseWriter, r *http.Request, j *job) {
	answer(w, 200, e.object(j, e.shown(r, j)))
}

func (e *Azure) list(w http.ResponseWriter, r *http.Request) {
	out := []any{}
	for _, j := range e.listed(r, true) {
		out = append(out, e.object(j, e.phaseOf(j)))
	}
	answer(w, 200, map[string]any{"value": out, "nextLink": nil})
}

// stop ends a job whose id stands before :cancel.
func (e *Azure) stop(w http.ResponseWriter, r *http.Request) {
	id, ok := strings.CutSuffix(r.PathValue("id"), ":cancel")
	if !ok {
		e.missing(w, r)
		return
	}
	r.SetPathValue("id", id)
	e.about(e.cancelled)(w, r)
}

func (e *Azure) cancelled(w http.ResponseWriter, _ *http.Request, j *job) {
	if !e.cancel(j) {
		e.refuse(w, 409, "Conflict", "The job has ended.")
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// ions are the built-in processor: eleven ions with the figures of a good machine of 2026, with
// the native gates of both providers.
func ions() []calibration.File {
	at := time.Date(2026, 5, 12, 9, 0, 0, 0, time.UTC)
	v := func(x float64) *calibration.Value { return &calibration.Value{X: x, Date: at} }
	s := &calibration.Snapshot{Service: "azure", Name: "emulated", Basis: []string{"rz", "prx", "rzz", "gpi", "gpi2", "zz"}, Taken: at}
	for q := range 11 {
		s.Qubits = append(s.Qubits, calibration.Qubit{Label: fmt.Sprint(q), T1: v(100), T2: v(1), ReadoutError: v(0.005), ReadoutTime: v(1.5e-4)})
		s.Gates = append(s.Gates, calibration.Gate{Name: "rz", Qubits: []int{q}, Error: v(0), Duration: v(0)})
		for _, g := range []string{"prx", "gpi", "gpi2"} {
			s.Gates = append(s.Gates, calibration.Gate{Name: g, Qubits: []int{q}, Error: v(2e-4), Duration: v(1.3e-4)})
		}
		for other := range 11 {
			if other != q {
				for _, g := range []string{"rzz", "zz"} {
					s.Gates = append(s.Gates, calibration.Gate{Name: g, Qubits: []int{q, other}, Error: v(6e-3), Duration: v(9.7e-4)})
				}
			}
		}
	}
	return built(s)
}
