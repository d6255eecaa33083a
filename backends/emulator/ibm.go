package emulator

import (
	"bytes"
	"compress/zlib"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"slices"
	"sort"
	"strconv"
	"strings"
	"time"

	"qgan/backends"
	"qgan/ir"
	"qgan/qasm"
)

// IBM is IBM Quantum Platform with one device, and IBM Cloud IAM.
type IBM struct {
	*frame
	http.Handler
	sessions *sessions
}

// What a job may hold, by IBM's guide to job limits.
const (
	mostExecutions = 10_000_000
	mostBytes      = 50_000_000
)

// tokenLife is how long a token serves.
const tokenLife = time.Hour

// NewIBM returns the service.
func NewIBM(o Options) (*IBM, error) {
	o.Files = ibmOwn(o.Files)
	s, err := newFrame(o, kind{"IBM", heron, "", ibmWords})
	if err != nil {
		return nil, err
	}
	s.newID = s.shortID
	e := &IBM{frame: s, sessions: &sessions{frame: s}}
	s.deny = func(w http.ResponseWriter, _ *http.Request) {
		e.refuse(w, 401, 1200, "Unable to retrieve instance or the token is not valid.", "Use a valid token.")
	}
	s.missing = func(w http.ResponseWriter, r *http.Request) {
		e.refuse(w, 404, 1291, "Job not found. Job ID: "+r.PathValue("id"), "Check the job id.")
	}
	good := func(r *http.Request) bool { return e.good(bearer(r)) }
	m := http.NewServeMux()
	m.HandleFunc("POST /identity/token", e.token)
	m.HandleFunc("POST /v3/resources/search", e.instances)
	for pattern, f := range map[string]http.HandlerFunc{
		"GET /api/v1/backends":                      e.backends,
		"GET /api/v1/backends/{name}/configuration": e.configuration,
		"GET /api/v1/backends/{name}/properties":    e.properties,
		"GET /api/v1/backends/{name}/status":        e.status,
		"GET /api/v1/instances/usage":               e.usage,
		"POST /api/v1/jobs":                         e.submit,
		"POST /api/v1/sessions":                     e.openSession,
		"GET /api/v1/sessions/{session}":            e.withSession(func(w http.ResponseWriter, _ *http.Request, k *session) { e.tellSession(w, k) }),
		"PATCH /api/v1/sessions/{session}":          e.withSession(e.changeSession),
		"GET /api/v1/jobs":                          e.list,
		"GET /api/v1/jobs/{id}":                     e.about(e.show),
		"GET /api/v1/jobs/{id}/metrics":             e.about(e.metrics),
		"GET /api/v1/jobs/{id}/results":             e.about(e.results),
		"POST /api/v1/jobs/{id}/cancel":             e.about(e.stop),
	} {
		m.HandleFunc(pattern, e.authorized(good, e.instance(f)))
	}
	m.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { e.refuse(w, 404, 1291, "Not found.", "") })
	e.Handler = s.wrap(m)
	return e, nil
}

// Credentials are what its clients need: the key, and an instance.
func (e *IBM) Credentials() (key, instance string) {
	return e.orDefault("KEY"), "crn:v1:bluemix:public:quantum-computing:us-east:a/0123456789abcdef:11111111-2222-3333-4444-555555555555::"
}

// Environment are the variables of the credentials.
func (e *IBM) Environment() [][2]string {
	key, instance := e.Credentials()
	return [][2]string{{"QISKIT_IBM_TOKEN", key}, {"QISKIT_IBM_INSTANCE", instance}}
}

// Device is the device's name.
func (e *IBM) Device() string { return e.device.name }

// refuse answers with the service's error body.
func (e *IBM) refuse(w http.ResponseWriter, status, code int, message, solution string) {
	one := map[string]any{"code": code, "message": message, "more_info": "https://quantum.cloud.ibm.com/docs/errors"}
	if solution != "" {
		one["solution"] = solution
	}
	answer(w, status, map[string]any{"errors": []any{one}, "trace": "0123456789abcdef"})
}

// sign is the signature of a token, by the key.
func (e *IBM) sign(text string) string {
	h := hmac.New(sha256.New, []byte(e.orDefault("KEY")))
	io.WriteString(h, text)
	return base64.RawURLEncoding.EncodeToString(h.Sum(nil))
}

// token exchanges the key.
func (e *IBM) token(w http.ResponseWriter, r *http.Request) {
	if r.FormValue("grant_type") != "urn:ibm:params:oauth:grant-type:apikey" || r.FormValue("apikey") != e.orDefault("KEY") {
		answer(w, 400, map[string]any{"errorCode": "BXNIM0415E", "errorMessage": "Provided API key could not be found.", "context": map[string]any{"requestId": "0"}})
		return
	}
	now := e.options.Now()
	part := func(v any) string {
		raw, _ := json.Marshal(v)
		return base64.RawURLEncoding.EncodeToString(raw)
	}
	text := part(map[string]any{"alg": "HS256", "kid": "emulator"}) + "." + part(map[string]any{"iam_id": "emulator", "iat": now.Unix(), "exp": now.Add(tokenLife).Unix()})
	answer(w, 200, map[string]any{
		"access_token": text + "." + e.sign(text), "refresh_token": "not_supported", "token_type": "Bearer",
		"expires_in": int(tokenLife.Seconds()), "expiration": now.Add(tokenLife).Unix(), "scope": "ibm openid",
	})
}

// good says that a token is ours and has not expired.
func (e *IBM) good(token string) bool {
	parts := strings.Split(token, ".")
	if len(parts) != 3 || !hmac.Equal([]byte(e.sign(parts[0]+"."+parts[1])), []byte(parts[2])) {
		return false
	}
	var claims struct {
		Expires int64 `json:"exp"`
	}
	raw, err := base64.RawURLEncoding.DecodeString(parts[1])
	return err == nil && json.Unmarshal(raw, &claims) == nil && e.options.Now().Unix() < claims.Expires
}

// instances is IBM Cloud's list of an account's resources: one instance, and one that can't
// be used.
func (e *IBM) instances(w http.ResponseWriter, r *http.Request) {
	if !e.good(bearer(r)) {
		e.refuse(w, 401, 1200, "The token is not valid.", "")
		return
	}
	_, crn := e.Credentials()
	answer(w, 200, map[string]any{"items": []any{
		map[string]any{"crn": strings.Replace(crn, "11111111", "99999999", 1), "name": "removed", "doc": map[string]any{}},
		map[string]any{"crn": crn, "name": "emulated", "doc": map[string]any{"extensions": map[string]any{}}},
	}, "search_cursor": nil})
}

// instance lets requests through that name one.
func (e *IBM) instance(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Service-CRN") == "" {
			e.refuse(w, 401, 1200, "The header Service-CRN is missing.", "Name the instance.")
			return
		}
		next(w, r)
	}
}

// file is the served file whose name begins so.
func (e *IBM) file(prefix string) []byte {
	for name, data := range e.device.files {
		if strings.HasPrefix(name[strings.LastIndexByte(name, '/')+1:], prefix) {
			return data
		}
	}
	return nil
}

func (e *IBM) named(w http.ResponseWriter, r *http.Request) bool {
	if r.PathValue("name") == e.device.name {
		return true
	}
	e.refuse(w, 404, 1229, "Backend not found.", "")
	return false
}

func (e *IBM) backends(w http.ResponseWriter, _ *http.Request) {
	answer(w, 200, map[string]any{"devices": []any{map[string]any{
		"name": e.device.name, "status": map[string]any{"name": "online", "reason": ""}, "is_simulator": false, "qubits": len(e.device.snapshot.Qubits),
		"clops": map[string]any{"type": "hardware", "value": 200000}, "processor_type": map[string]any{"family": "Emulator", "revision": "1"}, "queue_length": e.waiting(),
	}}})
}

// waiting counts the jobs that have not ended.
func (e *IBM) waiting() (n int) {
	now := e.options.Now()
	for _, j := range e.all() {
		if now.Before(j.created.Add(e.options.Queue + e.options.Execution)) {
			n++
		}
	}
	return n
}

func (e *IBM) configuration(w http.ResponseWriter, r *http.Request) {
	if e.named(w, r) {
		e.document(w, e.file("conf_"), "configuration")
	}
}

func (e *IBM) properties(w http.ResponseWriter, r *http.Request) {
	if e.named(w, r) {
		e.document(w, e.file("props_"), "properties")
	}
}

func (e *IBM) document(w http.ResponseWriter, data []byte, what string) {
	if data == nil {
		e.refuse(w, 404, 1291, "The emulated device has no "+what+": give its file beside the other.", "")
		return
	}
	raw(w, data)
}

func (e *IBM) status(w http.ResponseWriter, r *http.Request) {
	if e.named(w, r) {
		answer(w, 200, map[string]any{"state": true, "status": "active", "message": "available", "length_queue": e.waiting(), "backend_version": e.device.snapshot.Version})
	}
}

func (e *IBM) usage(w http.ResponseWriter, _ *http.Request) {
	_, instance := e.Credentials()
	answer(w, 200, map[string]any{"instance_id": instance, "plan_id": "emulator", "usage_consumed_seconds": 0})
}

// submission is the body of POST /jobs as far as it counts.
type submission struct {
	Program string   `json:"program_id"`
	Backend string   `json:"backend"`
	Tags    []string `json:"tags"`
	Session string   `json:"session_id"`
	Params  struct {
		PUBs          []json.RawMessage `json:"pubs"`
		Version       int               `json:"version"`
		SupportQiskit *bool             `json:"support_qiskit"`
		Shots         int               `json:"shots"`
		Options       struct {
			DefaultShots int `json:"default_shots"`
		} `json:"options"`
		Schema  string         `json:"schema_version"`
		Quantum quantumProgram `json:"quantum_program"`
	} `json:"params"`
}

func (e *IBM) submit(w http.ResponseWriter, r *http.Request) {
	var raw json.RawMessage
	var b submission
	err := readBody(w, r, &raw)
	if err == nil {
		err = json.Unmarshal(raw, &b)
	}
	switch {
	case err != nil:
		e.refuse(w, 400, 1211, "The request body is no valid JSON: "+err.Error(), "")
		return
	case b.Backend != e.device.name:
		e.refuse(w, 404, 1229, fmt.Sprintf("Backend %q not found.", b.Backend), "")
		return
	case b.Program == "executor":
		if err := b.asPUBs(); err != nil {
			e.refuse(w, 400, 1211, "The quantum program can't be read: "+err.Error(), "")
			return
		}
	case b.Program != "sampler" || b.Params.Version != 2:
		e.refuse(w, 404, 1207, fmt.Sprintf("Program %q of version %d is not emulated.", b.Program, b.Params.Version), "Use sampler, version 2.")
		return
	}
	switch {
	case len(b.Params.PUBs) == 0:
		e.refuse(w, 400, 1211, "The job has no PUBs.", "")
		return
	case len(raw) > mostBytes:
		e.refuse(w, 413, 1211, fmt.Sprintf("The job has %d bytes, the limit is %d.", len(raw), mostBytes), "")
		return
	}
	j := &job{tags: b.Tags, body: raw}
	executions := 0
	for i, pub := range b.Params.PUBs {
		p, err := e.pub(pub, &b)
		if err != nil {
			e.refuse(w, 400, 3211, fmt.Sprintf("PUB %d: %v", i, err), "Send circuits of the device's own instructions.")
			return
		}
		executions += p.shots
		j.programs = append(j.programs, p)
	}
	if executions > mostExecutions {
		e.refuse(w, 400, 1211, fmt.Sprintf("The job has %d executions, the limit is %d.", executions, mostExecutions), "")
		return
	}
	if err := e.sessions.join(b.Session, j); err != nil {
		e.refuse(w, 400, 1217, fmt.Sprintf("Session %q: %v.", b.Session, err), "")
		return
	}
	j.session = b.Session
	e.accept(j)
	answer(w, 200, map[string]any{"id": j.id, "backend": e.device.name})
}

// pub reads [circuit], [circuit, parameters] or [circuit, parameters, shots].
func (e *IBM) pub(raw json.RawMessage, b *submission) (p program, err error) {
	var parts []json.RawMessage
	var text string
	if json.Unmarshal(raw, &parts) != nil || len(parts) < 1 || len(parts) > 3 {
		return p, errors.New("it is no list of a circuit, its parameters and shots")
	}
	if json.Unmarshal(parts[0], &text) != nil {
		return p, errors.New("the circuit is no OpenQASM 3 text; QPY is not emulated")
	}
	p.shots = 4096
	for _, n := range []int{b.Params.Options.DefaultShots, b.Params.Shots} {
		if n > 0 {
			p.shots = n
		}
	}
	if len(parts) == 3 && string(parts[2]) != "null" {
		if json.Unmarshal(parts[2], &p.shots) != nil {
			return p, fmt.Errorf("shots %s are no number", parts[2])
		}
	}
	if p.shots < 1 || p.shots > mostExecutions {
		return p, fmt.Errorf("%d shots: 1 to %d are taken", p.shots, mostExecutions)
	}
	doc, err := qasm.Read("circuit", []byte(text), qasm.ReadOptions{})
	if err != nil {
		return p, err
	}
	if doc.Major != 3 {
		return p, fmt.Errorf("OpenQASM %d.%d is not taken", doc.Major, doc.Minor)
	}
	c, err := doc.Circuit()
	if err != nil {
		return p, err
	}
	values := []float64{}
	if len(parts) > 1 {
		if values, err = parameters(parts[1], c.Data); err != nil {
			return p, err
		}
	}
	if len(values) != len(c.Data) {
		return p, fmt.Errorf("%d parameters for the circuit's %d: %s", len(values), len(c.Data), strings.Join(c.Data, ", "))
	}
	if c, err = c.Bind(nil, values); err != nil {
		return p, err
	}
	if p.circuit, err = ir.Physical(c); err != nil {
		return p, err
	}
	if len(p.circuit.BitRegs) == 0 {
		return p, errors.New("the circuit has no classical register")
	}
	return p, e.device.check(p.circuit)
}

// parameters reads values in the order of the names as text, or by name, and returns
// them in the circuit's order.
func parameters(raw json.RawMessage, names []string) ([]float64, error) {
	out := make([]float64, len(names))
	var byName map[string]float64
	if json.Unmarshal(raw, &byName) == nil && byName != nil && !strings.Contains(string(raw), "__type__") {
		for i, n := range names {
			v, ok := byName[n]
			if !ok {
				return nil, fmt.Errorf("parameter %s has no value", n)
			}
			out[i] = v
		}
		if len(byName) != len(names) {
			return nil, fmt.Errorf("%d parameters for the circuit's %d", len(byName), len(names))
		}
		return out, nil
	}
	var values []float64
	if json.Unmarshal(raw, &values) != nil {
		var err error
		if values, err = floatArray(raw); err != nil {
			return nil, err
		}
	}
	if len(values) != len(names) {
		return values, nil
	}
	order := make([]int, len(names))
	for i := range order {
		order[i] = i
	}
	sort.Slice(order, func(a, b int) bool { return names[order[a]] < names[order[b]] })
	for k, i := range order {
		out[i] = values[k]
	}
	return out, nil
}

// floatArray reads a tagged array of float64 of one axis.
func floatArray(raw json.RawMessage) ([]float64, error) {
	var t struct {
		Type  string `json:"__type__"`
		Value string `json:"__value__"`
	}
	bad := errors.New("the parameters are no list, no object and no array")
	if json.Unmarshal(raw, &t) != nil || t.Type != "ndarray" {
		return nil, bad
	}
	z, err := zlib.NewReader(base64.NewDecoder(base64.StdEncoding, strings.NewReader(t.Value)))
	if err != nil {
		return nil, bad
	}
	data, err := io.ReadAll(io.LimitReader(z, 1<<20))
	if err != nil || len(data) < 10 || !bytes.Contains(data, []byte("<f8")) {
		return nil, bad
	}
	data = data[min(len(data), 10+int(binary.LittleEndian.Uint16(data[8:]))):]
	out := make([]float64, len(data)/8)
	for i := range out {
		out[i] = math.Float64frombits(binary.LittleEndian.Uint64(data[8*i:]))
	}
	return out, nil
}

// ibmWords are the states.
var ibmWords = map[phase]string{queued: "Queued", running: "Running", completed: "Completed", failed: "Failed", cancelled: "Cancelled"}

// object is a job as the service shows it.
func (e *IBM) object(j *job, p phase) map[string]any {
	state := map[string]any{"status": e.words[p]}
	if p == failed {
		state["reason"], state["reason_code"] = j.err.Error(), 1517
	}
	o := map[string]any{
		"id": j.id, "backend": e.device.name, "state": state, "status": e.words[p], "program": map[string]any{"id": j.programID()},
		"created": j.created.UTC().Format("2006-01-02T15:04:05.000Z"), "cost": 300, "tags": orEmpty(j.tags), "user_id": "emulator", "runtime": "emulator",
	}
	if j.session != "" {
		o["session_id"] = j.session
	}
	if p == completed {
		o["usage"] = e.used()
	}
	return o
}

// used is what a job used, in the form of March 2026.
func (e *IBM) used() map[string]any {
	return map[string]any{"qpu_charge_time_seconds": e.options.Execution.Seconds(), "status": "complete"}
}

// metrics are the figures of a job that has run.
func (e *IBM) metrics(w http.ResponseWriter, _ *http.Request, j *job) {
	o := map[string]any{"timestamps": map[string]any{"created": j.created.UTC().Format(time.RFC3339)}, "qiskit_version": nil}
	if e.phaseOf(j) == completed {
		o["usage"] = e.used()
	}
	answer(w, 200, o)
}

func orEmpty(s []string) []string {
	if s == nil {
		return []string{}
	}
	return s
}

func (e *IBM) show(w http.ResponseWriter, r *http.Request, j *job) {
	o := e.object(j, e.shown(r, j))
	if r.URL.Query().Get("exclude_params") != "true" {
		var b struct {
			Params json.RawMessage `json:"params"`
		}
		json.Unmarshal(j.body, &b) // it was read before
		o["params"] = b.Params
	}
	answer(w, 200, o)
}

func (e *IBM) list(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	limit, okLimit := number(q, "limit", 200)
	offset, okOffset := number(q, "offset", 0)
	for name, ok := range map[string]bool{"limit": okLimit, "offset": okOffset} {
		if !ok {
			e.refuse(w, 400, 1221, fmt.Sprintf("%s %q is no number.", name, q.Get(name)), "")
			return
		}
	}
	out := []any{}
	count := 0
	for _, j := range e.listed(r, !strings.EqualFold(q.Get("sort"), "ASC")) {
		hit := true
		for _, t := range q["tags"] {
			hit = hit && slices.Contains(j.tags, t)
		}
		if id := q.Get("session_id"); id != "" {
			hit = hit && j.session == id
		}
		p := e.phaseOf(j)
		if pending := q.Get("pending"); pending != "" {
			hit = hit && (pending == "true") == (p == queued || p == running)
		}
		if after, err := time.Parse(time.RFC3339, q.Get("created_after")); err == nil {
			hit = hit && !j.created.Before(after)
		}
		if !hit {
			continue
		}
		if count++; count > offset && len(out) < limit {
			out = append(out, e.object(j, p))
		}
	}
	answer(w, 200, map[string]any{"jobs": out, "count": count, "limit": limit, "offset": offset})
}

func (e *IBM) stop(w http.ResponseWriter, _ *http.Request, j *job) {
	if !e.cancel(j) {
		e.refuse(w, 409, 1295, "The job is already in a final state.", "")
		return
	}
	w.WriteHeader(204)
}

func (e *IBM) results(w http.ResponseWriter, r *http.Request, j *job) {
	ready := e.ready(r, j)
	switch {
	case e.phaseOf(j) == failed:
		w.Header().Set("Content-Type", "text/plain")
		io.WriteString(w, "Traceback (most recent call last):\n"+j.err.Error()+"\n")
	case !ready:
		w.WriteHeader(204)
	default:
		var b submission
		json.Unmarshal(j.body, &b) // it was read before
		if b.Program == "executor" {
			answer(w, 200, executorResult(j))
			return
		}
		if b.Params.SupportQiskit != nil && !*b.Params.SupportQiskit || b.Params.SupportQiskit == nil {
			answer(w, 200, plainResult(j))
			return
		}
		answer(w, 200, qiskitResult(j))
	}
}

// registerValues are the values of a register: bit 0 the least significant.
func registerValues(o *backends.Outcome, bits int, r ir.Register) []uint64 {
	out := make([]uint64, len(o.Words))
	for shot, w := range o.Words {
		for k, bit := range r.Indices {
			out[shot] |= w >> (bits - 1 - bit) & 1 << k
		}
	}
	return out
}

func plainResult(j *job) any {
	results := make([]any, len(j.programs))
	for i, p := range j.programs {
		data := map[string]any{}
		for _, r := range p.circuit.BitRegs {
			samples := make([]string, 0, p.shots)
			for _, v := range registerValues(&j.results[i], p.circuit.Bits, r) {
				samples = append(samples, "0x"+strconv.FormatUint(v, 16))
			}
			data[r.Name] = map[string]any{"samples": samples, "num_bits": len(r.Indices)}
		}
		results[i] = map[string]any{"data": data, "metadata": map[string]any{"circuit_metadata": map[string]any{}}}
	}
	return map[string]any{"results": results, "metadata": map[string]any{"version": 2}}
}

// typed is a tagged value.
func typed(kind string, value any) any { return map[string]any{"__type__": kind, "__value__": value} }

func qiskitResult(j *job) any {
	pubs := make([]any, len(j.programs))
	for i, p := range j.programs {
		names, fields := []string{}, map[string]any{}
		for _, r := range p.circuit.BitRegs {
			row := (len(r.Indices) + 7) / 8
			data := make([]byte, 0, row*p.shots)
			for _, v := range registerValues(&j.results[i], p.circuit.Bits, r) {
				for b := row - 1; b >= 0; b-- {
					data = append(data, byte(v>>(8*b)))
				}
			}
			names = append(names, r.Name)
			fields[r.Name] = typed("BitArray", map[string]any{"array": typed("ndarray", packBytes(data, p.shots, row)), "num_bits": len(r.Indices)})
		}
		bin := typed("DataBin", map[string]any{"field_names": names, "field_types": []any{}, "shape": []int{}, "fields": fields})
		pubs[i] = typed("SamplerPubResult", map[string]any{"data": bin, "metadata": map[string]any{"circuit_metadata": map[string]any{}}})
	}
	return typed("PrimitiveResult", map[string]any{"pub_results": pubs, "metadata": map[string]any{"version": 2}})
}

// packBytes is base64 of zlib of an .npy file of bytes.
func packBytes(data []byte, rows, columns int) string {
	header := fmt.Sprintf("%-117s\n", fmt.Sprintf("{'descr': '|u1', 'fortran_order': False, 'shape': (%d, %d), }", rows, columns))
	var b bytes.Buffer
	z := zlib.NewWriter(&b)
	z.Write([]byte("\x93NUMPY\x01\x00\x76\x00")) // a buffer takes all
	z.Write([]byte(header))
	z.Write(data)
	z.Close()
	return base64.StdEncoding.EncodeToString(b.Bytes())
}
