package emulator

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"qgan/backends"
	"qgan/backends/sim"
	"qgan/calibration"
	"qgan/ir"
)

// IonQ is IonQ's Quantum Cloud with its ideal simulator and one processor.
type IonQ struct {
	*frame
	http.Handler
	sessions *sessions
}

// maxSimulated bounds the qubits that a circuit of the simulator acts on.
const maxSimulated = 20

// NewIonQ returns the service.
func NewIonQ(o Options) (*IonQ, error) {
	s, err := newFrame(o, kind{"IonQ", trap, "gpi", ionqWords})
	if err != nil {
		return nil, err
	}
	e := &IonQ{frame: s, sessions: &sessions{frame: s}}
	s.deny = func(w http.ResponseWriter, _ *http.Request) {
		e.refuse(w, 401, "Invalid key provided. See https://docs.ionq.com for details.")
	}
	s.missing = func(w http.ResponseWriter, _ *http.Request) { e.refuse(w, 404, "Job not found.") }
	good := func(r *http.Request) bool {
		key, ok := strings.CutPrefix(r.Header.Get("Authorization"), "apiKey ")
		return ok && key == e.Credentials()
	}
	m := http.NewServeMux()
	m.HandleFunc("GET /v0.4/backends", e.backends)
	m.HandleFunc("GET /v0.4/backends/{name}", e.backend)
	m.HandleFunc("GET /v0.4/backends/{name}/characterizations", e.characterizations)
	for pattern, f := range map[string]http.HandlerFunc{
		"GET /v0.4/whoami":                          e.whoami,
		"POST /v0.4/jobs":                           e.submit,
		"GET /v0.4/jobs":                            e.list,
		"GET /v0.4/jobs/{id}":                       e.about(e.show),
		"GET /v0.4/jobs/{id}/results/probabilities": e.about(e.probabilities),
		"GET /v0.4/jobs/{id}/results/probabilities/aggregated": e.about(e.probabilities),
		"GET /v0.4/jobs/{id}/cost":                             e.about(e.cost),
		"PUT /v0.4/jobs/{id}/status/cancel":                    e.about(e.stop),
		"POST /v0.4/sessions":                                  e.openSession,
		"GET /v0.4/sessions/{session}":                         e.aboutSession(false),
		"POST /v0.4/sessions/{session}/end":                    e.aboutSession(true),
	} {
		m.HandleFunc(pattern, e.authorized(good, f))
	}
	m.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { e.refuse(w, 404, "Resource not found.") })
	e.Handler = s.wrap(m)
	return e, nil
}

// Credentials are what its clients need.
func (e *IonQ) Credentials() (key string) { return e.orDefault("KEY") }

// Environment are the variables of the credentials.
func (e *IonQ) Environment() [][2]string {
	return [][2]string{{"IONQ_API_KEY", e.Credentials()}}
}

// Device is the processor's name; the simulator's is simulator.
func (e *IonQ) Device() string { return e.device.name }

func (e *IonQ) refuse(w http.ResponseWriter, status int, message string) {
	answer(w, status, map[string]any{"statusCode": status, "error": http.StatusText(status), "message": message})
}

func (e *IonQ) whoami(w http.ResponseWriter, _ *http.Request) {
	answer(w, 200, map[string]any{"key_id": "emulator", "key_name": "emulator", "project_id": nil})
}

// describe is a backend as the service shows it; nil for a name that is none.
func (e *IonQ) describe(name string) map[string]any {
	o := map[string]any{"backend": name, "status": "available", "degraded": false, "average_queue_time": 0, "last_updated": e.options.Now().UTC().Format(time.RFC3339)}
	switch name {
	case "simulator":
		o["qubits"] = 29
	case e.device.name, "qpu.qpu": // the second is what a client asks for before it knows a name
		o["qubits"] = len(e.device.snapshot.Qubits)
		o["characterization_id"], o["supported_native_gates"] = "emulated", e.native()
	default:
		return nil
	}
	return o
}

// native are the processor's gates.
func (e *IonQ) native() []string {
	out := []string{"gpi", "gpi2"}
	for _, g := range []string{"ms", "zz"} {
		if slices.ContainsFunc(e.device.snapshot.Gates, func(x calibration.Gate) bool { return x.Name == g }) {
			out = append(out, g)
		}
	}
	return out
}

func (e *IonQ) backends(w http.ResponseWriter, _ *http.Request) {
	answer(w, 200, []any{e.describe("simulator"), e.describe(e.device.name)})
}

func (e *IonQ) backend(w http.ResponseWriter, r *http.Request) {
	if o := e.describe(r.PathValue("name")); o != nil {
		answer(w, 200, o)
		return
	}
	e.refuse(w, 404, "Backend not found.")
}

// characterizations tells the figures of the processor: medians over its qubits and pairs.
func (e *IonQ) characterizations(w http.ResponseWriter, r *http.Request) {
	if r.PathValue("name") != e.device.name {
		answer(w, 200, map[string]any{"characterizations": []any{}, "pages": 1})
		return
	}
	s := e.device.snapshot
	median := func(values []float64) any {
		if len(values) == 0 {
			return nil
		}
		slices.Sort(values)
		return values[len(values)/2]
	}
	var spam, t1, t2, readout, one, two, oneTime, twoTime []float64
	pairs := [][2]int{}
	for i := range s.Qubits {
		q := &s.Qubits[i]
		if x, ok := q.Readout(); ok {
			spam = append(spam, 1-x)
		}
		for v, to := range map[*calibration.Value]*[]float64{q.T1: &t1, q.T2: &t2, q.ReadoutTime: &readout} {
			if v != nil {
				*to = append(*to, v.X)
			}
		}
	}
	for i := range s.Gates {
		g := &s.Gates[i]
		errors, times := &one, &oneTime
		if len(g.Qubits) == 2 {
			errors, times = &two, &twoTime
			if g.Qubits[0] < g.Qubits[1] {
				pairs = append(pairs, [2]int{g.Qubits[0], g.Qubits[1]})
			}
		}
		if g.Error != nil {
			*errors = append(*errors, 1-g.Error.X)
		}
		if g.Duration != nil {
			*times = append(*times, g.Duration.X)
		}
	}
	fidelity := func(values []float64) any {
		if m := median(values); m != nil {
			return map[string]any{"median": m, "stderr": nil}
		}
		return nil
	}
	answer(w, 200, map[string]any{"pages": 1, "characterizations": []any{map[string]any{
		"id": "emulated", "backend": e.device.name, "date": s.Taken.UTC().Format(time.RFC3339), "qubits": len(s.Qubits), "connectivity": pairs,
		"fidelity": map[string]any{"spam": fidelity(spam), "1q": fidelity(one), "2q": fidelity(two)},
		"timing":   map[string]any{"readout": median(readout), "reset": nil, "t1": median(t1), "t2": median(t2), "1q": median(oneTime), "2q": median(twoTime)},
	}}})
}

// ionqGate is a gate of a circuit, in either gate set.
type ionqGate struct {
	Gate     string    `json:"gate"`
	Target   *int      `json:"target"`
	Targets  []int     `json:"targets"`
	Control  *int      `json:"control"`
	Controls []int     `json:"controls"`
	Rotation *float64  `json:"rotation"`
	Phase    *float64  `json:"phase"`
	Phases   []float64 `json:"phases"`
	Angle    *float64  `json:"angle"`
}

// qis are the gates of the service's abstract set, angles in radians.
var qis = map[string]ir.Gate{
	"x": ir.X, "y": ir.Y, "z": ir.Z, "h": ir.H, "s": ir.S, "si": ir.SDG, "t": ir.T, "ti": ir.TDG, "v": ir.SX, "vi": ir.SXDG, "not": ir.X, "cnot": ir.X,
	"rx": ir.RX, "ry": ir.RY, "rz": ir.RZ, "swap": ir.Swap, "xx": ir.RXX, "yy": ir.RYY, "zz": ir.RZZ,
}

// unsupported is a gate that the service doesn't know.
type unsupported struct{ text string }

func (u *unsupported) Error() string { return u.text }

// add puts a gate on a circuit.
func (g *ionqGate) add(c *ir.Circuit, native bool) error {
	targets, controls := g.Targets, g.Controls
	if g.Target != nil {
		targets = append([]int{*g.Target}, targets...)
	}
	if g.Control != nil {
		controls = append([]int{*g.Control}, controls...)
	}
	qubits := slices.Concat(controls, targets)
	for i, q := range qubits {
		if q < 0 || q >= c.Qubits || slices.Contains(qubits[:i], q) {
			return fmt.Errorf("gate %s acts on the qubits %v of %d", g.Gate, qubits, c.Qubits)
		}
	}
	op := &ir.Apply{Qubits: qubits}
	angles := func(values ...*float64) error {
		for _, v := range values {
			if v == nil {
				return fmt.Errorf("gate %s lacks an angle", g.Gate)
			}
			op.Angles = append(op.Angles, ir.Const(*v))
		}
		return nil
	}
	var err error
	quarter := 0.25
	switch name := strings.ToLower(g.Gate); {
	case native && (name == "gpi" || name == "gpi2"):
		op.Gate = map[string]ir.Gate{"gpi": ir.GPI, "gpi2": ir.GPI2}[name]
		err = angles(g.Phase)
	case native && name == "ms":
		if len(g.Phases) != 2 {
			return errors.New("gate ms takes two phases")
		}
		angle := g.Angle
		if angle == nil {
			angle = &quarter
		}
		op.Gate = ir.MS
		err = angles(&g.Phases[0], &g.Phases[1], angle)
	case native && name == "zz":
		angle := g.Angle
		if angle == nil {
			angle = g.Phase // as one of the clients has it
		}
		op.Gate = ir.ZZ
		err = angles(angle)
	case native && name == "nop":
		return nil
	case !native && name == "z" && g.Rotation != nil:
		op.Gate, op.Controls = ir.P, len(controls)
		err = angles(g.Rotation)
	case !native:
		gate, ok := qis[name]
		if !ok {
			return &unsupported{fmt.Sprintf("gate %q is not supported", g.Gate)}
		}
		op.Gate, op.Controls = gate, len(controls)
		if len(gate.Info().Params) > 0 {
			err = angles(g.Rotation)
		}
	default:
		return &unsupported{fmt.Sprintf("native gate %q is not supported", g.Gate)}
	}
	if err != nil {
		return err
	}
	if want := op.Gate.Info().Qubits; len(targets) == 1 && want == 1 || len(qubits) == want+op.Controls {
		c.Ops = append(c.Ops, op)
		return nil
	}
	if op.Gate.Info().Qubits == 1 && op.Controls == 0 { // a gate on each target
		for _, q := range targets {
			c.Ops = append(c.Ops, &ir.Apply{Gate: op.Gate, Angles: op.Angles, Qubits: []int{q}})
		}
		return nil
	}
	return fmt.Errorf("gate %s acts on %d qubits", g.Gate, len(qubits))
}

// ionqCircuit is the input of a circuit.
type ionqCircuit struct {
	Gateset string     `json:"gateset"`
	Qubits  int        `json:"qubits"`
	Gates   []ionqGate `json:"circuit"`
}

type ionqSubmission struct {
	Type     string            `json:"type"`
	Backend  string            `json:"backend"`
	Name     string            `json:"name"`
	Shots    json.RawMessage   `json:"shots"`
	Metadata map[string]string `json:"metadata"`
	Session  string            `json:"session_id"`
	Noise    *struct {
		Model string `json:"model"`
	} `json:"noise"`
	Input struct {
		ionqCircuit
		Circuits []ionqCircuit `json:"circuits"`
	} `json:"input"`
}

func (e *IonQ) submit(w http.ResponseWriter, r *http.Request) {
	var b ionqSubmission
	if err := readBody(w, r, &b); err != nil {
		e.refuse(w, 400, "The request body is no valid JSON: "+err.Error())
		return
	}
	shots := 100
	if text := strings.Trim(string(b.Shots), `"`); text != "" && text != "null" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > 1_000_000 {
			e.refuse(w, 400, `"shots" must be a number from 1 to 1000000`)
			return
		}
		shots = n
	}
	circuits := b.Input.Circuits
	switch {
	case b.Type == "ionq.circuit.v1":
		circuits = []ionqCircuit{b.Input.ionqCircuit}
	case b.Type != "ionq.multi-circuit.v1":
		e.refuse(w, 400, fmt.Sprintf("type %q is not emulated", b.Type))
		return
	case len(circuits) == 0 || len(circuits) > 5000:
		e.refuse(w, 400, fmt.Sprintf("%d circuits: 1 to 5000 are taken", len(circuits)))
		return
	}
	gates := 0
	for _, k := range circuits {
		gates += len(k.Gates)
	}
	o := e.describe(b.Backend)
	switch {
	case gates > 150_000:
		e.refuse(w, 400, fmt.Sprintf("%d gates: at most 150000 are taken", gates))
		return
	case o == nil || b.Backend == "qpu.qpu":
		e.refuse(w, 404, fmt.Sprintf("Backend %q not found.", b.Backend))
		return
	case b.Noise != nil && b.Noise.Model != "" && b.Noise.Model != "ideal":
		e.refuse(w, 400, fmt.Sprintf("the noise model %q is not emulated", b.Noise.Model))
		return
	}
	j := &job{shots: shots, name: b.Name, metadata: b.Metadata, ideal: b.Backend == "simulator"}
	for _, v := range b.Metadata {
		j.tags = append(j.tags, v)
	}
	j.body, _ = json.Marshal(map[string]any{"type": b.Type, "backend": b.Backend}) // two texts
	for i, k := range circuits {
		if k.Qubits == 0 {
			k.Qubits = b.Input.Qubits
		}
		if k.Gateset == "" {
			k.Gateset = b.Input.Gateset
		}
		p, err := e.program(k, shots, b.Backend)
		if err != nil { // found by the service's preflight, after it took the job
			j.once.Do(func() { j.err = fmt.Errorf("circuit %d: %w", i, err) })
			break
		}
		j.programs = append(j.programs, p)
	}
	if err := e.sessions.join(b.Session, j); err != nil {
		e.refuse(w, 400, fmt.Sprintf("session %q: %v", b.Session, err))
		return
	}
	j.session = b.Session
	e.accept(j)
	answer(w, 201, map[string]any{"id": j.id, "status": "submitted", "session_id": orNull(j.session)})
}

// program builds a circuit that measures all of its qubits, bit i qubit i.
func (e *IonQ) program(k ionqCircuit, shots int, backend string) (program, error) {
	most := len(e.device.snapshot.Qubits)
	if backend == "simulator" {
		most = 29
	}
	if k.Qubits < 1 || k.Qubits > most {
		return program{}, fmt.Errorf("%d qubits: 1 to %d are taken", k.Qubits, most)
	}
	native := k.Gateset == "native"
	c := ir.New(k.Qubits, 0)
	for i := range k.Gates {
		if err := k.Gates[i].add(c, native); err != nil {
			return program{}, fmt.Errorf("gate %d: %w", i, err)
		}
	}
	if backend != "simulator" {
		if !native {
			return program{}, errors.New("the emulated processor takes native gates only")
		}
		if err := e.device.check(c); err != nil {
			return program{}, err
		}
	}
	used := map[int]bool{}
	for _, op := range c.Ops {
		for _, q := range ir.ActsOn(op) {
			used[q] = true
		}
	}
	if backend == "simulator" && len(used) > maxSimulated {
		return program{}, fmt.Errorf("the emulator simulates %d qubits at most", maxSimulated)
	}
	if backend != "simulator" {
		c.MeasureAll()
		return program{c, shots}, nil
	}
	// Qubits that nothing acts on are 0 and need no room in the simulation.
	c.Bits = c.Qubits
	for q := range c.Qubits {
		if used[q] {
			c.Measure(q, q)
		}
	}
	if len(used) == 0 {
		c.Measure(0, 0)
	}
	return program{c, shots}, nil
}

func orNull(text string) any {
	if text == "" {
		return nil
	}
	return text
}

// ionqWords are the states.
var ionqWords = map[phase]string{queued: "ready", running: "started", completed: "completed", failed: "failed", cancelled: "canceled"}

// child is the id of a circuit of a job of several.
func (j *job) child(i int) string { return fmt.Sprintf("%s%08x", j.id[:28], i) }

func (e *IonQ) object(j *job, p phase) map[string]any {
	var b struct{ Type, Backend string }
	json.Unmarshal(j.body, &b) // our own
	stamp := func(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }
	o := map[string]any{
		"id": j.id, "status": e.words[p], "type": b.Type, "backend": b.Backend, "dry_run": false, "submitter_id": "emulator", "project_id": nil, "parent_job_id": nil,
		"child_job_ids": nil, "session_id": orNull(j.session), "metadata": j.metadata, "name": j.name, "submitted_at": stamp(j.created), "started_at": nil, "completed_at": nil,
		"predicted_wait_time_ms": e.options.Queue.Milliseconds(), "predicted_execution_duration_ms": e.options.Execution.Milliseconds(), "execution_duration_ms": nil,
		"failure": nil, "output": map[string]any{}, "settings": map[string]any{}, "results": nil, "shots": j.shots,
		"stats": map[string]any{"circuits": len(j.programs), "qubits": 0},
	}
	if len(j.programs) > 0 {
		o["stats"] = map[string]any{"circuits": len(j.programs), "qubits": j.programs[0].circuit.Qubits}
	}
	path := "/v0.4/jobs/" + j.id + "/results/probabilities"
	if b.Type == "ionq.multi-circuit.v1" {
		children := make([]string, len(j.programs))
		for i := range children {
			children[i] = j.child(i)
		}
		o["child_job_ids"] = children
		path += "/aggregated"
	}
	switch p {
	case completed:
		o["started_at"], o["completed_at"] = stamp(j.created.Add(e.options.Queue)), stamp(j.created.Add(e.options.Queue+e.options.Execution))
		o["execution_duration_ms"] = e.options.Execution.Milliseconds()
		o["results"] = map[string]any{"probabilities": map[string]any{"url": path}}
	case failed:
		code := "SimulationError"
		var u *unsupported
		if errors.As(j.err, &u) {
			code = "UnsupportedGate"
		}
		o["failure"] = map[string]any{"code": code, "message": j.err.Error()}
	}
	return o
}

func (e *IonQ) show(w http.ResponseWriter, r *http.Request, j *job) {
	answer(w, 200, e.object(j, e.shown(r, j)))
}

func (e *IonQ) list(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	limit, okLimit := number(q, "limit", 25)
	from, okNext := number(q, "next", 0)
	for name, ok := range map[string]bool{"limit": okLimit, "next": okNext} {
		if !ok {
			e.refuse(w, 400, fmt.Sprintf("%q is no %s", q.Get(name), name))
			return
		}
	}
	jobs := e.listed(r, true)
	if status := q.Get("status"); status != "" {
		jobs = slices.DeleteFunc(jobs, func(j *job) bool { return e.words[e.phaseOf(j)] != status })
	}
	jobs, next := page(jobs, from, limit)
	out := make([]any, len(jobs))
	for i, j := range jobs {
		out[i] = e.object(j, e.phaseOf(j))
	}
	answer(w, 200, map[string]any{"jobs": out, "next": next})
}

func (e *IonQ) stop(w http.ResponseWriter, _ *http.Request, j *job) {
	e.cancel(j) // the service answers so whatever the job is
	answer(w, 200, map[string]any{"id": j.id, "status": "canceled"})
}

func (e *IonQ) cost(w http.ResponseWriter, _ *http.Request, _ *job) {
	zero := map[string]any{"value": 0, "unit": "usd"}
	answer(w, 200, map[string]any{"dry_run": false, "estimated_cost": zero, "cost": zero})
}

// probabilities writes the law of a job, circuits in their order.
func (e *IonQ) probabilities(w http.ResponseWriter, r *http.Request, j *job) {
	if !e.ready(r, j) {
		e.refuse(w, 404, "The job has no results yet.")
		return
	}
	w.Header().Set("Content-Type", "application/json")
	if !strings.HasSuffix(r.URL.Path, "/aggregated") {
		w.Write(lawOf(j, 0))
		return
	}
	// An object in the order of the circuits, as clients read it in the order of its text.
	var text strings.Builder
	for i := range j.programs {
		separator := ","
		if i == 0 {
			separator = "{"
		}
		fmt.Fprintf(&text, "%s%q:%s", separator, j.child(i), lawOf(j, i))
	}
	text.WriteString("}")
	fmt.Fprint(w, text.String())
}

// lawOf is the frequencies of a circuit's outcomes, of the simulator their exact
// probabilities: qubit i is bit i of the key.
func lawOf(j *job, i int) []byte {
	law := map[string]float64{}
	if j.ideal {
		if exact, err := new(sim.Simulator).Law(context.Background(), ir.DropIdle(j.programs[i].circuit), nil, nil); err == nil { // it ran before
			for k, word := range exact.Words {
				if exact.P[k] >= 1e-14 { // beyond what rounding leaves
					law[keyOf(backends.Count{Word: word}, j.programs[i].circuit)] = exact.P[k]
				}
			}
		}
		raw, _ := json.Marshal(law) // texts and numbers
		return raw
	}
	o := &j.results[i]
	for _, k := range o.Counts {
		law[keyOf(k, j.programs[i].circuit)] += float64(k.N) / float64(o.Shots)
	}
	raw, _ := json.Marshal(law) // texts and numbers
	return raw
}

// keyOf is the number of an outcome.
func keyOf(k backends.Count, c *ir.Circuit) string {
	key := new(big.Int)
	for q := range c.Bits {
		if k.Word>>(c.Bits-1-q)&1 == 1 {
			key.SetBit(key, q, 1)
		}
	}
	return key.String()
}

// trap is the built-in processor: eleven ions with the figures of a good machine of 2026.
func trap() []calibration.File {
	return []calibration.File{{Name: "characterisation of qpu.emulated", Data: []byte(`{"backend":"qpu.emulated","qubits":11,"date":"2026-05-12T09:00:00Z",
"fidelity":{"spam":{"median":0.995},"1q":{"median":0.9998},"2q":{"median":0.994}},"timing":{"readout":0.00015,"t1":100,"t2":1,"1q":0.00013,"2q":0.00097}}`)}}
}
