package emulator

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"slices"
	"strings"
	"time"

	"qgan/calibration"
	"qgan/ir"
)

// IQM is an IQM server with one quantum computer.
type IQM struct {
	*frame
	http.Handler
	set string // the calibration set
}

// iqmAlias is the alias of the emulated computer.
const iqmAlias = "emulated"

// NewIQM returns the server.
func NewIQM(o Options) (*IQM, error) {
	s, err := newFrame(o, kind{"IQM", star, "prx", iqmWords})
	if err != nil {
		return nil, err
	}
	e := &IQM{frame: s, set: "5d1c0b2e-8a41-4c57-9b0e-3f6a7c8d9e10"}
	s.deny = func(w http.ResponseWriter, _ *http.Request) {
		e.refuse(w, 401, "unauthorized", "The token is not valid.")
	}
	s.missing = func(w http.ResponseWriter, _ *http.Request) {
		e.refuse(w, 404, "not_found", "There is no such job.")
	}
	good := func(r *http.Request) bool { return bearer(r) == e.Credentials() }
	m := http.NewServeMux()
	for pattern, f := range map[string]http.HandlerFunc{
		"GET /api/v1/quantum-computers":                                             e.computers,
		"GET /api/v1/quantum-computers/{qc}/health":                                 e.named(e.health),
		"GET /api/v1/quantum-computers/{qc}/artifacts/static-quantum-architectures": e.named(e.static),
		"GET /api/v1/calibration-sets/{qc}/{set}/dynamic-quantum-architecture":      e.named(e.dynamic),
		"GET /api/v1/calibration-sets/{qc}/{set}":                                   e.named(e.durations),
		"GET /api/v1/calibration-sets/{qc}/{set}/metrics":                           e.named(e.metrics),
		"POST /api/v1/jobs/{qc}/circuit":                                            e.named(e.submit),
		"GET /api/v1/jobs/{id}":                                                     e.about(e.show),
		"GET /api/v1/jobs/{id}/artifacts/measurements":                              e.done(e.measurements),
		"GET /api/v1/jobs/{id}/artifacts/measurement_counts":                        e.done(e.frequencies),
		"GET /api/v1/jobs/{id}/payload":                                             e.about(func(w http.ResponseWriter, _ *http.Request, j *job) { raw(w, j.body) }),
		"POST /api/v1/jobs/{id}/cancel":                                             e.about(e.stop),
	} {
		m.HandleFunc(pattern, e.authorized(good, f))
	}
	m.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { e.refuse(w, 404, "not_found", "There is nothing here.") })
	e.Handler = s.wrap(m)
	return e, nil
}

// Credentials are what its clients need.
func (e *IQM) Credentials() (token string) { return e.orDefault("dummy-token") }

// Environment are the variables of the credentials.
func (e *IQM) Environment() [][2]string {
	return [][2]string{{"IQM_TOKEN", e.Credentials()}}
}

// Device is the computer's alias.
func (e *IQM) Device() string { return iqmAlias }

func (e *IQM) refuse(w http.ResponseWriter, status int, code, message string) {
	answer(w, status, map[string]any{"message": message, "error_code": code, "source": "emulator"})
}

func (e *IQM) named(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.PathValue("qc") != iqmAlias {
			e.refuse(w, 404, "not_found", fmt.Sprintf("There is no quantum computer %q.", r.PathValue("qc")))
			return
		}
		if set := r.PathValue("set"); set != "" && set != "default" && set != e.set {
			e.refuse(w, 404, "not_found", fmt.Sprintf("There is no calibration set %q.", set))
			return
		}
		next(w, r)
	}
}

func (e *IQM) computers(w http.ResponseWriter, _ *http.Request) {
	answer(w, 200, map[string]any{"quantum_computers": []any{map[string]any{"id": "6b1f8f0e-3c52-4f0e-8d0a-0f3f5e1b7a11", "alias": iqmAlias, "display_name": "emulated", "proxy_path": nil}}})
}

func (e *IQM) health(w http.ResponseWriter, _ *http.Request) {
	answer(w, 200, map[string]any{"healthy": true})
}

func (e *IQM) labels() []string {
	out := make([]string, len(e.device.snapshot.Qubits))
	for i := range out {
		out[i] = e.device.snapshot.Qubits[i].Label
	}
	return out
}

// pairs are the coupled qubits, each pair once.
func (e *IQM) pairs() (out [][2]int) {
	for i := range e.device.snapshot.Gates {
		g := &e.device.snapshot.Gates[i]
		if g.Name == "cz" && len(g.Qubits) == 2 {
			p := [2]int{min(g.Qubits[0], g.Qubits[1]), max(g.Qubits[0], g.Qubits[1])}
			if !slices.Contains(out, p) {
				out = append(out, p)
			}
		}
	}
	return out
}

func (e *IQM) static(w http.ResponseWriter, _ *http.Request) {
	labels, connectivity := e.labels(), [][]string{}
	for _, p := range e.pairs() {
		connectivity = append(connectivity, []string{labels[p[0]], labels[p[1]]})
	}
	answer(w, 200, []any{map[string]any{"dut_label": e.device.name, "qubits": labels, "computational_resonators": []string{}, "connectivity": connectivity}})
}

func (e *IQM) dynamic(w http.ResponseWriter, _ *http.Request) {
	labels := e.labels()
	single, double := [][]string{}, [][]string{}
	for _, l := range labels {
		single = append(single, []string{l})
	}
	for _, p := range e.pairs() {
		double = append(double, []string{labels[p[0]], labels[p[1]]})
	}
	gate := func(implementation string, loci [][]string) any {
		return map[string]any{"implementations": map[string]any{implementation: map[string]any{"loci": loci}}, "default_implementation": implementation, "override_default_implementation": map[string]any{}}
	}
	answer(w, 200, map[string]any{"calibration_set_id": e.set, "qubits": labels, "computational_resonators": []string{},
		"gates": map[string]any{"prx": gate("drag", single), "cz": gate("tgss", double), "measure": gate("constant", single)}})
}

// observations writes a set of figures.
func (e *IQM) observations(w http.ResponseWriter, kind, id string, describes any, figures map[string]float64, unit func(name string) string) {
	stamp := e.device.snapshot.Taken.UTC().Format(time.RFC3339)
	list := []any{}
	for i, name := range sortedNames(figures) {
		list = append(list, map[string]any{"dut_field": name, "value": figures[name], "unit": unit(name), "uncertainty": nil, "invalid": false, "observation_id": i + 1,
			"created_timestamp": stamp, "modified_timestamp": stamp, "dut_label": e.device.name, "source": map[string]any{"type": "configuration_source"}, "tags": []string{}, "observation_set_ids": []int{}})
	}
	answer(w, 200, map[string]any{"observation_set_type": kind, "describes_id": describes, "invalid": false, "dut_label": e.device.name, "observation_set_id": id,
		"created_timestamp": stamp, "end_timestamp": stamp, "observations": list})
}

func sortedNames(m map[string]float64) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

// put adds a figure that is known.
func put(to map[string]float64, name string, v *calibration.Value, f func(float64) float64) {
	if v != nil {
		to[name] = f(v.X)
	}
}

func same(x float64) float64  { return x }
func minus(x float64) float64 { return 1 - x }

func (e *IQM) durations(w http.ResponseWriter, _ *http.Request) {
	figures, labels := map[string]float64{}, e.labels()
	for i := range e.device.snapshot.Gates {
		g := &e.device.snapshot.Gates[i]
		switch g.Name {
		case "prx":
			put(figures, "gates.prx.drag."+labels[g.Qubits[0]]+".duration", g.Duration, same)
		case "cz":
			put(figures, "gates.cz.tgss."+labels[min(g.Qubits[0], g.Qubits[1])]+"__"+labels[max(g.Qubits[0], g.Qubits[1])]+".duration", g.Duration, same)
		}
	}
	for i := range e.device.snapshot.Qubits {
		put(figures, "gates.measure.constant."+labels[i]+".duration", e.device.snapshot.Qubits[i].ReadoutTime, same)
	}
	e.observations(w, "calibration-set", e.set, nil, figures, func(string) string { return "s" })
}

func (e *IQM) metrics(w http.ResponseWriter, _ *http.Request) {
	figures, labels := map[string]float64{}, e.labels()
	for i := range e.device.snapshot.Qubits {
		q := &e.device.snapshot.Qubits[i]
		put(figures, "characterization.model."+q.Label+".t1_time", q.T1, same)
		put(figures, "characterization.model."+q.Label+".t2_time", q.T2, same)
		put(figures, "metrics.ssro.measure.constant."+q.Label+".error_0_to_1", q.P1Given0, same)
		put(figures, "metrics.ssro.measure.constant."+q.Label+".error_1_to_0", q.P0Given1, same)
		if x, ok := q.Readout(); ok {
			figures["metrics.ssro.measure.constant."+q.Label+".fidelity"] = 1 - x
		}
	}
	for i := range e.device.snapshot.Gates {
		g := &e.device.snapshot.Gates[i]
		switch g.Name {
		case "prx":
			put(figures, "metrics.rb.prx.drag."+labels[g.Qubits[0]]+".fidelity:par=d2", g.Error, minus)
		case "cz":
			put(figures, "metrics.irb.cz.tgss."+labels[min(g.Qubits[0], g.Qubits[1])]+"__"+labels[max(g.Qubits[0], g.Qubits[1])]+".fidelity:par=d2", g.Error, minus)
		}
	}
	e.observations(w, "quality-metric-set", "7c2b5b1e-40ad-4a3e-8b57-1d4a7f0e9c22", e.set, figures, func(name string) string {
		if strings.HasSuffix(name, "_time") {
			return "s"
		}
		return ""
	})
}

type iqmInstruction struct {
	Name  string   `json:"name"`
	Locus []string `json:"locus"`
	Args  struct {
		Angle *float64 `json:"angle"`
		Phase *float64 `json:"phase"`
		Key   string   `json:"key"`
	} `json:"args"`
}

type iqmSubmission struct {
	Circuits []struct {
		Name         string           `json:"name"`
		Instructions []iqmInstruction `json:"instructions"`
		Metadata     map[string]any   `json:"metadata"`
	} `json:"circuits"`
	Set     *string `json:"calibration_set_id"`
	Mapping []struct {
		Logical  string `json:"logical_name"`
		Physical string `json:"physical_name"`
	} `json:"qubit_mapping"`
	Shots int `json:"shots"`
}

// iqmKeys are the measurements of a circuit: each key and its bits, in their order.
type iqmKeys struct {
	names []string
	bits  map[string][]int
}

func (e *IQM) submit(w http.ResponseWriter, r *http.Request) {
	var b iqmSubmission
	var body json.RawMessage
	err := readBody(w, r, &body)
	if err == nil {
		err = json.Unmarshal(body, &b)
	}
	if err != nil {
		e.refuse(w, 422, "validation", "The request body can't be read: "+err.Error())
		return
	}
	switch {
	case len(b.Circuits) == 0:
		e.refuse(w, 422, "validation", "The job has no circuits.")
		return
	case b.Shots < 1:
		e.refuse(w, 422, "validation", fmt.Sprintf("%d shots: at least 1 is needed.", b.Shots))
		return
	case b.Set != nil && *b.Set != e.set:
		e.refuse(w, 404, "not_found", fmt.Sprintf("There is no calibration set %q.", *b.Set))
		return
	}
	physical := map[string]int{}
	for i, l := range e.labels() {
		physical[l] = i
	}
	if b.Mapping != nil {
		mapped := map[string]int{}
		for _, m := range b.Mapping {
			q, ok := physical[m.Physical]
			if !ok {
				e.refuse(w, 400, "invalid", fmt.Sprintf("There is no qubit %s.", m.Physical))
				return
			}
			mapped[m.Logical] = q
		}
		physical = mapped
	}
	j := &job{shots: b.Shots, body: body}
	keys := make([]iqmKeys, len(b.Circuits))
	for i, k := range b.Circuits {
		if k.Name == "" {
			e.refuse(w, 422, "validation", fmt.Sprintf("Circuit %d has no name.", i))
			return
		}
		if tag, ok := k.Metadata["qgan_id"].(string); ok && i == 0 {
			j.tags = append(j.tags, tag)
		}
		c, found, err := e.circuit(k.Instructions, physical)
		if err != nil {
			e.refuse(w, 400, "invalid_circuit", fmt.Sprintf("Circuit %d: %v.", i, err))
			return
		}
		keys[i] = found
		j.programs = append(j.programs, program{c, b.Shots})
	}
	j.extra = keys
	e.accept(j)
	answer(w, 201, e.object(j, queued))
}

// circuit builds a circuit; bits are counted as they are measured.
func (e *IQM) circuit(list []iqmInstruction, physical map[string]int) (*ir.Circuit, iqmKeys, error) {
	c := ir.New(len(e.device.snapshot.Qubits), 0)
	keys := iqmKeys{bits: map[string][]int{}}
	for i, op := range list {
		qubits := make([]int, len(op.Locus))
		for k, name := range op.Locus {
			q, ok := physical[name]
			if !ok {
				return nil, keys, fmt.Errorf("instruction %d (%s): there is no qubit %s", i, op.Name, name)
			}
			qubits[k] = q
		}
		switch {
		case op.Name == "prx" && len(qubits) == 1 && op.Args.Angle != nil && op.Args.Phase != nil:
			c.Gate(ir.PRX, qubits, ir.Const(math.Mod(*op.Args.Angle, 4*math.Pi)), ir.Const(math.Mod(*op.Args.Phase, 2*math.Pi)))
		case op.Name == "cz" && len(qubits) == 2 && qubits[0] != qubits[1]:
			c.Gate(ir.CZ, qubits)
		case op.Name == "barrier", op.Name == "delay":
		case op.Name == "measure" && len(qubits) > 0 && op.Args.Key != "":
			if _, twice := keys.bits[op.Args.Key]; twice {
				return nil, keys, fmt.Errorf("instruction %d: the key %q is measured twice", i, op.Args.Key)
			}
			keys.names = append(keys.names, op.Args.Key)
			for _, q := range qubits {
				keys.bits[op.Args.Key] = append(keys.bits[op.Args.Key], c.Bits)
				bit := c.Bits
				c.Bits++
				c.Measure(q, bit)
			}
		default:
			return nil, keys, fmt.Errorf("instruction %d: %s on %v is not supported", i, op.Name, op.Locus)
		}
	}
	if len(keys.names) == 0 {
		return nil, keys, errors.New("nothing is measured")
	}
	return c, keys, e.device.check(c)
}

// iqmWords are the states.
var iqmWords = map[phase]string{queued: "waiting", running: "processing", completed: "completed", failed: "failed", cancelled: "cancelled"}

func (e *IQM) object(j *job, p phase) map[string]any {
	stamp := func(t time.Time) string { return t.UTC().Format(time.RFC3339) }
	timeline := []any{map[string]any{"source": "iqm-server", "status": "created", "timestamp": stamp(j.created)}}
	o := map[string]any{
		"id": j.id, "type": "circuit", "status": e.words[p], "execution": map[string]any{"progress": map[string]any{"shots": map[string]any{"value": 0, "max_value": j.shots}}},
		"compilation": nil, "messages": []any{}, "errors": []any{}, "queue_position": nil, "artifacts": []any{},
	}
	if p == queued {
		o["queue_position"] = 0
	} else {
		o["compilation"] = map[string]any{"calibration_set_id": e.set}
		timeline = append(timeline, map[string]any{"source": "iqm-server", "status": e.words[p], "timestamp": stamp(e.options.Now())})
	}
	switch p {
	case completed:
		o["artifacts"] = []any{map[string]any{"type": "measurements"}, map[string]any{"type": "measurement_counts"}}
	case failed:
		o["errors"] = []any{map[string]any{"message": j.err.Error(), "error_code": "execution", "source": "emulator"}}
	}
	o["timeline"] = timeline
	return o
}

func (e *IQM) show(w http.ResponseWriter, r *http.Request, j *job) {
	answer(w, 200, e.object(j, e.shown(r, j)))
}

func (e *IQM) stop(w http.ResponseWriter, _ *http.Request, j *job) {
	e.cancel(j)
	answer(w, 200, e.object(j, e.phaseOf(j)))
}

// done hands over a job that has results.
func (e *IQM) done(next func(w http.ResponseWriter, j *job)) http.HandlerFunc {
	return e.about(func(w http.ResponseWriter, r *http.Request, j *job) {
		if !e.ready(r, j) {
			e.refuse(w, 404, "not_found", "The job has no results yet.")
			return
		}
		next(w, j)
	})
}

func (e *IQM) measurements(w http.ResponseWriter, j *job) {
	out := make([]map[string][][]int, len(j.programs))
	for i, k := range j.extra.([]iqmKeys) {
		out[i] = map[string][][]int{}
		bits := j.programs[i].circuit.Bits
		for key, list := range k.bits {
			rows := make([][]int, len(j.results[i].Words))
			for shot, word := range j.results[i].Words {
				for _, b := range list {
					rows[shot] = append(rows[shot], int(word>>(bits-1-b)&1))
				}
			}
			out[i][key] = rows
		}
	}
	answer(w, 200, out)
}

func (e *IQM) frequencies(w http.ResponseWriter, j *job) {
	out := make([]any, len(j.programs))
	for i, k := range j.extra.([]iqmKeys) {
		counts := map[string]int{}
		bits := j.programs[i].circuit.Bits
		for _, c := range j.results[i].Counts {
			counts[fmt.Sprintf("%0*b", bits, c.Word)] += c.N
		}
		out[i] = map[string]any{"measurement_keys": k.names, "counts": counts}
	}
	answer(w, 200, out)
}

// star is the built-in computer: five qubits around one, with the figures of a good
// processor of 2026.
func star() []calibration.File {
	at := time.Date(2026, 5, 12, 9, 0, 0, 0, time.UTC)
	v := func(x float64) *calibration.Value { return &calibration.Value{X: x, Date: at} }
	s := &calibration.Snapshot{Service: "iqm", Name: "star", CalibrationSet: "5d1c0b2e-8a41-4c57-9b0e-3f6a7c8d9e10", Basis: []string{"prx", "cz"}, Taken: at}
	for q := range 5 {
		f := float64(q)
		s.Qubits = append(s.Qubits, calibration.Qubit{
			Label: fmt.Sprintf("QB%d", q+1), T1: v(4e-5 + 2e-6*f), T2: v(2e-5 + 1e-6*f), P1Given0: v(0.01 + 0.001*f), P0Given1: v(0.02 + 0.001*f), ReadoutTime: v(1.5e-6),
		})
		s.Gates = append(s.Gates, calibration.Gate{Name: "prx", Qubits: []int{q}, Error: v(1e-3), Duration: v(2e-8)})
		if q != 2 {
			for _, p := range [][]int{{2, q}, {q, 2}} {
				s.Gates = append(s.Gates, calibration.Gate{Name: "cz", Qubits: p, Error: v(6e-3), Duration: v(4e-8)})
			}
		}
	}
	return built(s)
}
