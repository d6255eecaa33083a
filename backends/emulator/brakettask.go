package emulator

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"regexp"
	"strconv"
	"strings"

	"qgan/ir"
	"qgan/ir/compile"
	"qgan/qasm"
)

// The actions that are taken.
const (
	actionProgram = "braket.ir.openqasm.program"
	actionSet     = "braket.ir.openqasm.program_set"
)

// braketTask is what Braket keeps of a task.
type braketTask struct {
	bucket, prefix, parameters, action string
	programs                           []braketProgram
	columns                            []column // of each circuit of the job
}

// directory is where the results of a task are.
func (t *braketTask) directory(j *job) string {
	return t.prefix + "/" + j.id[strings.LastIndexByte(j.id, '/')+1:]
}

// braketProgram is a program of a task, and how many circuits it makes.
type braketProgram struct {
	Header struct {
		Name    string `json:"name"`
		Version string `json:"version"`
	} `json:"braketSchemaHeader"`
	Source string                     `json:"source"`
	Inputs map[string]json.RawMessage `json:"inputs"`

	raw      json.RawMessage
	circuits int
}

// column are the columns of a circuit's measurements: their bits and the qubits that they
// are named by, in the order of the bits.
type column struct{ bits, qubits []int }

func (e *Braket) create(w http.ResponseWriter, r *http.Request) {
	var b struct {
		Token      string            `json:"clientToken"`
		Device     string            `json:"deviceArn"`
		Shots      int               `json:"shots"`
		Bucket     string            `json:"outputS3Bucket"`
		Prefix     string            `json:"outputS3KeyPrefix"`
		Action     string            `json:"action"`
		Parameters string            `json:"deviceParameters"`
		Tags       map[string]string `json:"tags"`
	}
	invalid := func(format string, args ...any) {
		e.refuse(w, 400, "ValidationException", fmt.Sprintf(format, args...))
	}
	if err := readBody(w, r, &b); err != nil {
		invalid("The request body can't be read: %v", err)
		return
	}
	shots := e.actions.Service.Shots
	switch {
	case b.Token == "" || len(b.Token) > 64:
		invalid("clientToken: 1 to 64 characters")
		return
	case b.Device != e.arn || r.Header.Get(elsewhere) != "":
		invalid("The device %s does not exist in this region.", b.Device)
		return
	case len(b.Bucket) < 3 || b.Prefix == "" || strings.Contains(b.Prefix, "./"):
		invalid("outputS3Bucket and outputS3KeyPrefix are required")
		return
	case !usable(b.Bucket):
		invalid("Caller doesn't have access to %s or it doesn't exist. Use a bucket that the caller can access.", b.Bucket)
		return
	}
	t := &braketTask{bucket: b.Bucket, prefix: b.Prefix, parameters: b.Parameters}
	j := &job{ideal: e.simulates(), shots: b.Shots, metadata: b.Tags, extra: t, tags: []string{b.Token}}
	failures, err := e.read(t, j, b.Action, shots)
	if err != nil {
		w.Header().Set("X-Amzn-Errortype", "ValidationException")
		body := map[string]any{"message": err.Error(), "reason": "ProgramSetValidationFailed"}
		if failures == nil {
			delete(body, "reason")
		} else {
			body["programSetValidationFailures"] = failures
		}
		answer(w, 400, body)
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if known := e.tokens[b.Token]; known != nil { // the same token is the same task
		j = known
	} else {
		e.tokens[b.Token] = e.accept(j)
	}
	answer(w, 201, map[string]any{"quantumTaskArn": j.id})
}

// failure is an element of a refusal of a program set.
type failure struct {
	Program int      `json:"programIndex"`
	Inputs  *int     `json:"inputsIndex,omitempty"`
	Errors  []string `json:"errors"`
}

// read reads the action of a task into the circuits of its job.
func (e *Braket) read(t *braketTask, j *job, action string, shots []int) ([]failure, error) {
	var a struct {
		braketProgram
		Programs []json.RawMessage `json:"programs"`
	}
	if err := json.Unmarshal([]byte(action), &a); err != nil {
		return nil, fmt.Errorf("the action is no JSON: %v", err)
	}
	t.action = a.Header.Name
	bounds, ok := e.actions.Action[t.action]
	if !ok {
		return nil, fmt.Errorf("the device doesn't support the action %q", t.action)
	}
	list := a.Programs
	if t.action == actionProgram {
		list = []json.RawMessage{json.RawMessage(action)}
	}
	if len(list) == 0 {
		return nil, errors.New("the program set holds no programs")
	}
	var inputs []map[string]float64
	for i, raw := range list {
		p := braketProgram{raw: raw}
		if err := json.Unmarshal(raw, &p); err != nil {
			return nil, fmt.Errorf("program %d can't be read: %v", i, err)
		}
		tables, err := p.tables(t.action == actionSet)
		if err != nil {
			return []failure{{Program: i, Errors: []string{err.Error()}}}, fmt.Errorf("program %d: %v", i, err)
		}
		p.circuits = len(tables)
		t.programs, inputs = append(t.programs, p), append(inputs, tables...)
	}
	n := len(inputs)
	if bounds.Executables > 0 && n > bounds.Executables {
		return nil, fmt.Errorf("%d executables: at most %d are taken", n, bounds.Executables)
	}
	if j.shots%n != 0 {
		return nil, fmt.Errorf("%d shots can't be divided among %d executables", j.shots, n)
	}
	if bounds.TotalShots > 0 && j.shots > bounds.TotalShots {
		return nil, fmt.Errorf("%d shots: at most %d are taken in all", j.shots, bounds.TotalShots)
	}
	each := j.shots / n
	if len(shots) == 2 && (each < shots[0] || each > shots[1]) {
		return nil, fmt.Errorf("%d shots: %d to %d are taken", each, shots[0], shots[1])
	}
	k := 0
	for i, p := range t.programs {
		for at := range p.circuits {
			c, columns, err := e.circuit(p.Source, inputs[k])
			if err != nil && t.action == actionSet {
				return []failure{{Program: i, Inputs: &at, Errors: []string{err.Error()}}}, errors.New("validation of the program set failed")
			}
			if err != nil {
				return nil, err
			}
			j.programs, t.columns = append(j.programs, program{c, each}), append(t.columns, columns)
			k++
		}
	}
	return nil, nil
}

// tables are the inputs of each circuit of a program: numbers, in a set lists of them.
func (p *braketProgram) tables(set bool) ([]map[string]float64, error) {
	out := []map[string]float64{{}}
	first := true
	for name, raw := range p.Inputs {
		var values []float64
		if !set {
			values = make([]float64, 1)
			if err := json.Unmarshal(raw, &values[0]); err != nil {
				return nil, fmt.Errorf("the input %s is no number", name)
			}
		} else if err := json.Unmarshal(raw, &values); err != nil || len(values) == 0 {
			return nil, fmt.Errorf("the input %s is no list of numbers", name)
		}
		if first {
			out, first = make([]map[string]float64, len(values)), false
			for i := range out {
				out[i] = map[string]float64{}
			}
		}
		if len(values) != len(out) {
			return nil, errors.New("the lists of inputs differ in length")
		}
		for i, v := range values {
			out[i][name] = v
		}
	}
	return out, nil
}

// rules are what the service refuses that our reader takes ("Supported OpenQASM features",
// "Troubleshooting OpenQASM").
var rules = []struct {
	pattern *regexp.Regexp
	most    int
	says    string
}{
	{regexp.MustCompile(`(?m)^\s*include\b`), 0, "include is not supported"},
	{regexp.MustCompile(`\b(ctrl|negctrl|inv|pow)\b\s*(\(|@)`), 0, "gate modifiers are not supported by the device"},
	{regexp.MustCompile(`(?m)^\s*(gate|def|cal|defcal|extern)\b`), 0, "definitions are not supported by the device"},
	{regexp.MustCompile(`(?m)^\s*(if|for|while|switch)\b`), 0, "control flow is not supported by the device"},
	{regexp.MustCompile(`(?m)(^|;)\s*qubit\b`), 1, "more than one qubit register"},
	{regexp.MustCompile(`(?m)(^|;)\s*bit\b`), 1, "more than one bit register"},
	{regexp.MustCompile(`#pragma\s+braket\s+(result|noise|unitary)`), 0, "result types, noise and unitaries are not supported here"},
}

var (
	comments = regexp.MustCompile(`(?s)//[^\n]*|/\*.*?\*/`)
	version  = regexp.MustCompile(`^\s*OPENQASM\s+3(\.\d+)?\s*;`)
	onDevice = regexp.MustCompile(`\$\d`)
	declared = regexp.MustCompile(`(?m)(^|;)\s*qubit\b`)
	boxed    = regexp.MustCompile(`#pragma\s+braket\s+verbatim`)
)

// circuit reads a program: a verbatim one as it stands, any other is compiled for the
// device, as the service does.
func (e *Braket) circuit(source string, inputs map[string]float64) (*ir.Circuit, column, error) {
	var k column
	text := comments.ReplaceAllString(source, "")
	if !version.MatchString(text) {
		return nil, k, errors.New("the program doesn't begin with OPENQASM 3")
	}
	for _, rule := range rules {
		if len(rule.pattern.FindAllString(text, -1)) > rule.most {
			return nil, k, errors.New(rule.says + ".")
		}
	}
	physical, verbatim := onDevice.MatchString(text), boxed.MatchString(text)
	switch {
	case physical && declared.MatchString(text):
		return nil, k, errors.New("physical and virtual qubits are mixed")
	case (physical || verbatim) && e.simulates():
		return nil, k, errors.New("a simulator takes neither physical qubits nor verbatim boxes")
	case verbatim && !physical:
		return nil, k, errors.New("a verbatim box needs physical qubits")
	}
	at := version.FindStringIndex(text)[1]
	doc, err := qasm.Read("program", []byte(text[:at]+" //qgan:dialect braket\n"+text[at:]), qasm.ReadOptions{})
	if err != nil {
		return nil, k, err
	}
	c, err := doc.Circuit()
	if err != nil {
		return nil, k, err
	}
	values := make([]float64, len(c.Data))
	for i, name := range c.Data {
		v, ok := inputs[name]
		if !ok {
			return nil, k, fmt.Errorf("the input %s has no value", name)
		}
		values[i] = v
	}
	if c, err = c.Bind(nil, values); err != nil {
		return nil, k, err
	}
	names := make([]int, c.Qubits) // in the result
	for q := range names {
		names[q] = q
	}
	if physical {
		if c, names, err = e.place(c); err != nil {
			return nil, k, err
		}
	}
	if c, err = unboxed(c, verbatim); err != nil {
		return nil, k, err
	}
	from := make([]int, c.Bits)
	for i := range from {
		from[i] = -1
	}
	for _, op := range c.Ops {
		if m, ok := op.(*ir.Measure); ok && m.Bit >= 0 {
			from[m.Bit] = m.Qubit
		}
	}
	for bit, q := range from {
		if q >= 0 {
			k.bits, k.qubits = append(k.bits, bit), append(k.qubits, names[q])
		}
	}
	if len(k.bits) == 0 {
		return nil, k, errors.New("nothing is measured")
	}
	if !verbatim {
		c.QubitRegs = nil
		r, err := compile.Compile(c, e.device.target, compile.Options{})
		if err != nil {
			return nil, k, err
		}
		c = r.Circuit
	}
	e.own(c)
	return c, k, e.device.check(c)
}

// own turns Braket's zz into that of IonQ's devices, the same gate in turns.
func (e *Braket) own(c *ir.Circuit) {
	for i, op := range c.Ops {
		if a, ok := op.(*ir.Apply); ok && a.Gate == ir.RZZ && len(a.Qubits) == 2 {
			if pair, ok := e.device.target.Edge(a.Qubits[0], a.Qubits[1]); ok && pair.Gate == ir.ZZ {
				c.Ops[i] = &ir.Apply{Gate: ir.ZZ, Angles: []ir.Angle{a.Angles[0].Scale(1 / (2 * math.Pi))}, Qubits: a.Qubits}
			}
		}
	}
}

// place puts a circuit on the device's qubits by its labels; names are the labels of all.
func (e *Braket) place(c *ir.Circuit) (*ir.Circuit, []int, error) {
	label := map[string]int{}
	names := make([]int, len(e.device.snapshot.Qubits))
	for i := range names {
		l := e.device.snapshot.Qubits[i].Label
		label[l] = i
		n, err := strconv.Atoi(l)
		if err != nil {
			return nil, nil, fmt.Errorf("the emulated device calls a qubit %q, which is no number", l)
		}
		names[i] = n
	}
	to := make([]int, c.Qubits)
	for _, r := range c.QubitRegs {
		q, ok := label[strings.TrimPrefix(r.Name, "$")]
		if !ok || len(r.Indices) != 1 {
			return nil, nil, fmt.Errorf("the device has no qubit %s", r.Name)
		}
		to[r.Indices[0]] = q
	}
	out := *c
	out.Qubits, out.QubitRegs = len(names), nil
	out.Ops = ir.Renumber(c.Ops, func(q int) int { return to[q] }, func(b int) int { return b })
	return &out, names, nil
}

// unboxed takes the boxes off. A verbatim program has all of its gates in them.
func unboxed(c *ir.Circuit, verbatim bool) (*ir.Circuit, error) {
	out := *c
	out.Ops = nil
	inside := false
	for i, op := range c.Ops {
		if o, ok := op.(*ir.Opaque); ok {
			switch o.Kind {
			case "box":
				if p, ok := c.Ops[max(0, i-1)].(*ir.Opaque); !ok || p.Kind != "pragma" || p.Text != "braket verbatim" {
					return nil, errors.New("a box needs the pragma braket verbatim")
				}
				inside = true
			case "endbox":
				inside = false
			case "pragma":
			default:
				return nil, fmt.Errorf("%s is not supported", o.Kind)
			}
			continue
		}
		if _, gate := op.(*ir.Apply); gate && verbatim && !inside {
			return nil, errors.New("the emulator takes gates inside of verbatim boxes or outside, not both")
		}
		out.Ops = append(out.Ops, op)
	}
	return &out, nil
}

// maxInline is how many circuits' results of a set are in one file; those of more are files
// of their own, as the schema allows.
const maxInline = 10

// resultFiles are the files of a task's result by their paths in its directory.
func (e *Braket) resultFiles(j *job) map[string][]byte {
	t := j.extra.(*braketTask)
	files := map[string][]byte{}
	put := func(path string, v any) {
		files[path], _ = json.Marshal(v) // maps, slices and numbers
	}
	if t.action == actionProgram {
		r := e.measured(j, 0)
		r["braketSchemaHeader"], r["resultTypes"] = schema("task_result.gate_model_task_result"), []any{}
		r["taskMetadata"] = map[string]any{"braketSchemaHeader": schema("task_result.task_metadata"), "id": j.id, "shots": j.shots, "deviceId": e.arn, "createdAt": stampOf(j.created), "status": "COMPLETED"}
		more := map[string]any{"action": t.programs[0].raw}
		if e.simulates() {
			more["simulatorMetadata"] = map[string]any{"braketSchemaHeader": schema("task_result.simulator_metadata"), "executionDuration": e.options.Execution.Milliseconds()}
		}
		r["additionalMetadata"] = more
		put("results.json", r)
		return files
	}
	var programs, executed []any
	inline := len(j.programs) <= maxInline
	k := 0
	for i, p := range t.programs {
		var list, done []any
		for at := range p.circuits {
			r := e.measured(j, k)
			r["braketSchemaHeader"], r["inputsIndex"] = schema("task_result.program_set_executable_result"), at
			done = append(done, map[string]any{})
			if inline {
				list = append(list, r)
			} else {
				name := fmt.Sprintf("executables/%d.json", at)
				put(fmt.Sprintf("programs/%d/%s", i, name), r)
				list = append(list, name)
			}
			k++
		}
		r := map[string]any{"braketSchemaHeader": schema("task_result.program_result"), "executableResults": list, "source": p.raw, "additionalMetadata": map[string]any{}}
		executed = append(executed, map[string]any{"executables": done})
		if inline {
			programs = append(programs, r)
			continue
		}
		put(fmt.Sprintf("programs/%d/program.json", i), p.raw)
		r["source"] = "program.json"
		put(fmt.Sprintf("programs/%d/results.json", i), r)
		programs = append(programs, fmt.Sprintf("programs/%d/results.json", i))
	}
	metadata := map[string]any{"braketSchemaHeader": schema("task_result.program_set_task_metadata"), "id": j.id, "deviceId": e.arn, "requestedShots": j.shots, "successfulShots": j.shots,
		"programMetadata": executed, "createdAt": stampOf(j.created), "status": "COMPLETED", "totalFailedExecutables": 0}
	r := map[string]any{"braketSchemaHeader": schema("task_result.program_set_task_result"), "programResults": programs, "taskMetadata": metadata, "s3Location": nil}
	if !inline {
		put("metadata.json", metadata)
		r["taskMetadata"], r["s3Location"] = "metadata.json", []string{t.bucket, t.directory(j)}
	}
	put("results.json", r)
	return files
}

func schema(name string) map[string]string {
	return map[string]string{"name": "braket." + name, "version": "1"}
}

// measured is what was read of the k-th circuit of a job: a row a shot, of IonQ's devices
// probabilities.
func (e *Braket) measured(j *job, k int) map[string]any {
	o, c := j.results[k], j.extra.(*braketTask).columns[k]
	bits := j.programs[k].circuit.Bits
	r := map[string]any{"measuredQubits": c.qubits, "measurements": nil, "measurementProbabilities": nil}
	read := func(word uint64) []int {
		row := make([]int, len(c.bits))
		for i, b := range c.bits {
			row[i] = int(word >> (bits - 1 - b) & 1)
		}
		return row
	}
	if e.device.snapshot.Find("gpi", 0) != nil {
		p := map[string]float64{}
		for _, n := range o.Counts {
			p[strings.Trim(strings.ReplaceAll(fmt.Sprint(read(n.Word)), " ", ""), "[]")] += float64(n.N) / float64(o.Shots)
		}
		for key, x := range p {
			p[key] = math.Round(x*1e9) / 1e9
		}
		r["measurementProbabilities"] = p
		return r
	}
	rows := make([][]int, len(o.Words))
	for i, w := range o.Words {
		rows[i] = read(w)
	}
	r["measurements"] = rows
	return r
}
