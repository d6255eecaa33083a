package braket

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"qgan/backends"
	"qgan/backends/service"
)

// kept is what is kept of a task: the result as it came, and what it refers to, by path.
type kept struct {
	Task   string                     `json:"task"`
	Result json.RawMessage            `json:"result"`
	Parts  map[string]json.RawMessage `json:"parts,omitempty"`
}

// The name of a result's file, and the header of a program set's.
const (
	resultFile = "results.json"
	setResult  = "braket.task_result.program_set_task_result"
)

// result is a result of one program, or of a set, whose members are objects, or paths of
// such.
type result struct {
	Header header `json:"braketSchemaHeader"`
	measured
	Programs []json.RawMessage `json:"programResults"`
	Location []string          `json:"s3Location"` // bucket and prefix; nil: all is in here
}

// programResult is a program's in a set.
type programResult struct {
	Executables []json.RawMessage `json:"executableResults"`
}

// measured is what was read of one circuit.
type measured struct {
	Measurements  [][]int8           `json:"measurements"` // a row a shot
	Probabilities map[string]float64 `json:"measurementProbabilities"`
	Qubits        []int              `json:"measuredQubits"` // of the columns
	Inputs        int                `json:"inputsIndex"`
	Failure       *struct {
		Reason   string `json:"failureReason"`
		Category string `json:"category"`
	} `json:"failureMetadata"`
}

// Fetch copies the result of a task from its bucket, with all files that it refers to.
func (c *Client) Fetch(ctx context.Context, remote string, most int64, w io.Writer) error {
	t, err := c.task(ctx, remote)
	if err != nil {
		return err
	}
	var read atomic.Int64 // of all files
	object := func(key string) ([]byte, error) {
		raw, err := c.object(ctx, t.Bucket, key, max(1, most-read.Load()))
		if err == nil && read.Add(int64(len(raw))) > most {
			err = &service.TooLarge{Service: titles["s3"], Most: most}
		}
		return raw, err
	}
	raw, err := object(t.Directory + "/" + resultFile)
	if err != nil {
		return err
	}
	var r result
	if err := json.Unmarshal(raw, &r); err != nil {
		_, err = w.Write(raw) // kept as it is, and found to be none when it is read
		return err
	}
	k := kept{Task: remote, Result: raw, Parts: map[string]json.RawMessage{}}
	if r.Location != nil {
		if len(r.Location) != 2 || r.Location[0] != t.Bucket || !strings.HasPrefix(r.Location[1]+"/", t.Directory+"/") {
			return backends.Refuse("braket: the result of %s lies in %q, not where the task puts it (%s/%s): not followed", remote, r.Location, t.Bucket, t.Directory)
		}
		if err := k.follow(r, func(relative string) ([]byte, error) { return object(r.Location[1] + "/" + relative) }); err != nil {
			return err
		}
	}
	if _, err := k.measured(); err != nil {
		return err
	}
	return json.NewEncoder(w).Encode(k)
}

// reference is the path that a member of a result is, where it is one.
func reference(raw json.RawMessage) (string, bool) {
	var s string
	if json.Unmarshal(raw, &s) != nil {
		return "", false
	}
	return s, true
}

// together is how many files of a result are fetched side by side.
const together = 8

// follow fetches what a set's result refers to: the programs' files, then those of their
// executables, whose paths are relative to their program's.
func (k *kept) follow(r result, object func(relative string) ([]byte, error)) error {
	fetch := func(paths []string) error {
		errs := make([]error, len(paths))
		found := make([][]byte, len(paths))
		slots := make(chan struct{}, together)
		var wait sync.WaitGroup
		for i, p := range paths {
			if clean := path.Clean(p); clean != p || strings.HasPrefix(p, "..") || strings.HasPrefix(p, "/") {
				return fmt.Errorf("braket: the result of %s refers to %q: not followed", k.Task, p)
			}
			wait.Go(func() {
				slots <- struct{}{}
				defer func() { <-slots }()
				found[i], errs[i] = object(p)
				if errs[i] == nil && !json.Valid(found[i]) {
					errs[i] = fmt.Errorf("braket: %s of the result of %s is no JSON", p, k.Task)
				}
			})
		}
		wait.Wait()
		for i, p := range paths {
			k.Parts[p] = found[i]
		}
		return errors.Join(errs...)
	}
	var programs, executables []string
	for _, p := range r.Programs {
		if name, ok := reference(p); ok {
			programs = append(programs, name)
		}
	}
	if err := fetch(programs); err != nil {
		return err
	}
	for _, name := range programs {
		var p programResult
		if err := json.Unmarshal(k.Parts[name], &p); err != nil {
			return fmt.Errorf("braket: %s of the result of %s can't be read: %w", name, k.Task, err)
		}
		for _, x := range p.Executables {
			if own, ok := reference(x); ok {
				executables = append(executables, beside(name, own))
			}
		}
	}
	return fetch(executables)
}

// beside is the path of an executable's result from that of its program's.
func beside(program, executable string) string {
	return strings.TrimSuffix(program, "/"+resultFile) + "/" + executable
}

// object reads a file of a bucket.
func (c *Client) object(ctx context.Context, bucket, key string, most int64) ([]byte, error) {
	if !isBucket(bucket) || !isKey(key) {
		return nil, fmt.Errorf("braket: the service says that the result lies in %.80q at %.200q: these are no names of a bucket and of a file in it, and nothing is asked for there", bucket, key)
	}
	segments := strings.Split(key, "/")
	for i := range segments {
		segments[i] = url.PathEscape(segments[i])
	}
	p := "/" + strings.Join(segments, "/")
	address := "https://" + bucket + ".s3." + c.region + ".amazonaws.com"
	if c.Endpoint() != "" || strings.Contains(bucket, ".") { // a certificate covers one level
		address, p = "https://s3."+c.region+".amazonaws.com", "/"+bucket+p
	}
	rest, err := c.at("s3", c.region, address)
	if err != nil {
		return nil, err
	}
	a, err := rest.Do(ctx, service.Call{Method: http.MethodGet, Path: p, Most: most})
	switch service.StatusOf(err) {
	case http.StatusForbidden, http.StatusNotFound:
		return nil, fmt.Errorf("s3://%s/%s (as %s, key %s): %w; either it is not there yet, which S3 says so to who may not list the bucket, or reading it (s3:GetObject) is not allowed", bucket, key, c.account, c.account.Key, err)
	}
	if err != nil {
		return nil, err
	}
	return a.Body, nil
}

// resolve decodes a member of a result, or the part that it refers to.
func (k *kept) resolve(raw json.RawMessage, at func(string) string, out any) error {
	if name, ok := reference(raw); ok {
		if raw, ok = k.Parts[at(name)]; !ok {
			return fmt.Errorf("%s is missing", at(name))
		}
	}
	return json.Unmarshal(raw, out)
}

// measured lists what was read, in the order of the programs and of their inputs. One that
// failed says so; where all failed that is an error of the task.
func (k *kept) measured() ([]measured, error) {
	fail := func(where string, err error) error {
		return fmt.Errorf("braket: the result of %s: %s%w", k.Task, where, err)
	}
	var r result
	if err := json.Unmarshal(k.Result, &r); err != nil {
		return nil, fail("", err)
	}
	if r.Header.Name != setResult {
		return []measured{r.measured}, nil
	}
	var out []measured
	for i, raw := range r.Programs {
		name, _ := reference(raw)
		var p programResult
		if err := k.resolve(raw, func(s string) string { return s }, &p); err != nil {
			return nil, fail(fmt.Sprintf("program %d: ", i), err)
		}
		list := make([]*measured, len(p.Executables))
		for j, x := range p.Executables {
			var m measured
			if err := k.resolve(x, func(s string) string { return beside(name, s) }, &m); err != nil {
				return nil, fail(fmt.Sprintf("program %d, executable %d: ", i, j), err)
			}
			if m.Inputs < 0 || m.Inputs >= len(list) || list[m.Inputs] != nil {
				return nil, fail(fmt.Sprintf("program %d: ", i), fmt.Errorf("the inputs %d of %d", m.Inputs, len(list)))
			}
			if m.Failure != nil {
				m.Failure.Reason = fmt.Sprintf("program %d, inputs %d: %s (%s)", i, m.Inputs, m.Failure.Reason, m.Failure.Category)
			}
			list[m.Inputs] = &m
		}
		for _, m := range list {
			out = append(out, *m)
		}
	}
	if len(out) > 0 && !slices.ContainsFunc(out, func(m measured) bool { return m.Failure == nil }) {
		return nil, &service.JobFailed{Reason: out[0].Failure.Reason + "; the task is " + k.Task}
	}
	return out, nil
}

// Decode reads what Fetch kept.
func (c *Client) Decode(shapes []service.Shape, r io.Reader) ([]backends.Outcome, error) {
	raw, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	var k kept
	if err := json.NewDecoder(bytes.NewReader(raw)).Decode(&k); err != nil {
		return nil, fmt.Errorf("braket: the result can't be read: %w", err)
	}
	list, err := k.measured()
	if err != nil {
		return nil, err
	}
	return service.Outcomes("braket: the result of "+k.Task, shapes, len(list), func(i int, s service.Shape) (backends.Outcome, error) { return list[i].outcome(s) })
}

// columns finds the column of each bit by the qubit that is read into it, -1 for none: the
// service orders columns as it likes. The qubits have to be those that were measured.
func (m *measured) columns(s service.Shape) ([]int, error) {
	at := map[string]int{}
	for j, q := range m.Qubits {
		if _, twice := at[strconv.Itoa(q)]; twice {
			return nil, fmt.Errorf("it names qubit %d twice", q)
		}
		at[strconv.Itoa(q)] = j
	}
	out := make([]int, s.Bits)
	sent := 0
	for bit := range out {
		if out[bit] = -1; s.Qubits[bit] < 0 {
			continue
		}
		name := strconv.Itoa(s.Qubits[bit])
		if s.Names != nil {
			name = s.Names[bit]
		}
		j, ok := at[name]
		if !ok {
			return nil, fmt.Errorf("qubit %s, which was measured into bit %d, is not among those it names (%v)", name, bit, m.Qubits)
		}
		out[bit] = j
		sent++
	}
	if sent != len(m.Qubits) {
		return nil, fmt.Errorf("it names %d qubits (%v), %d were measured", len(m.Qubits), m.Qubits, sent)
	}
	return out, nil
}

// outcome puts columns in the order of the circuit's bits. Where there are probabilities
// only they become counts by largest remainders.
func (m *measured) outcome(s service.Shape) (backends.Outcome, error) {
	if m.Failure != nil {
		return backends.Outcome{Failure: m.Failure.Reason}, nil
	}
	columns, err := m.columns(s)
	if err != nil {
		return backends.Outcome{}, err
	}
	if len(m.Measurements) > 0 {
		rows := backends.NewRows(s.Bits, len(m.Measurements))
		for shot, values := range m.Measurements {
			if len(values) != len(m.Qubits) {
				return backends.Outcome{}, fmt.Errorf("shot %d has %d columns, it names %d qubits", shot, len(values), len(m.Qubits))
			}
			for bit, j := range columns {
				switch {
				case j < 0 || values[j] == 0:
				case values[j] == 1:
					rows.Set(shot, bit)
				default:
					return backends.Outcome{}, fmt.Errorf("shot %d reads %d", shot, values[j])
				}
			}
		}
		return rows.Outcome(), nil
	}
	if len(m.Probabilities) == 0 {
		return backends.Outcome{}, errors.New("it holds neither measurements nor probabilities")
	}
	keys := slices.Sorted(maps.Keys(m.Probabilities))
	p := make([]float64, len(keys))
	for i, key := range keys {
		if len(key) != len(m.Qubits) || strings.Trim(key, "01") != "" {
			return backends.Outcome{}, fmt.Errorf("the outcome %q of %d qubits", key, len(m.Qubits))
		}
		p[i] = m.Probabilities[key]
	}
	counts, err := service.Apportion(p, s.Shots)
	if err != nil {
		return backends.Outcome{}, err
	}
	rows := backends.NewRows(s.Bits, s.Shots)
	shot := 0
	for i, n := range counts {
		for range n {
			for bit, j := range columns {
				if j >= 0 && keys[i][j] == '1' {
					rows.Set(shot, bit)
				}
			}
			shot++
		}
	}
	o := rows.Outcome()
	o.Words = nil // the order of the shots is not told
	return o, nil
}
