package iqm

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"qgan/backends"
	"qgan/backends/service"
	"qgan/calibration"
	"qgan/ir"
	"qgan/qasm"
)

// Client is a server's client for one quantum computer. It is an service.Service.
type Client struct {
	device   string
	endpoint string
	rest     *service.REST

	mu       sync.Mutex
	snapshot *calibration.Snapshot // that circuits are written for
}

// Options are the choices of a client.
type Options struct {
	Endpoint string // an address in place of the account's server
	REST     service.RESTOptions
	Now      func() time.Time
}

// New returns the client of a quantum computer by its alias.
func New(a Account, device string, o Options) (*Client, error) {
	c := &Client{device: device, endpoint: o.Endpoint}
	base := a.Server
	if o.Endpoint != "" {
		base = o.Endpoint
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	rest := o.REST
	rest.Problem = problem
	rest.Authorize = func(r *http.Request) error {
		token, err := a.token()
		if err != nil {
			return err
		}
		if end := expiry(token); end > 0 && o.Now().Unix() >= end {
			return fmt.Errorf("the token of %s has expired: log in again", a.Source)
		}
		r.Header.Set("Authorization", "Bearer "+token)
		return nil
	}
	var err error
	c.rest, err = service.NewREST("IQM", strings.TrimSuffix(base, "/")+"/api/v1", rest)
	return c, err
}

// problem reads the error bodies of the server, of today and of before.
func problem(_ int, body []byte) error {
	var e struct {
		Message string `json:"message"`
		Code    string `json:"error_code"`
		Detail  any    `json:"detail"`
	}
	if json.Unmarshal(body, &e) != nil {
		return nil
	}
	switch {
	case e.Message != "" && e.Code != "":
		return fmt.Errorf("%s (%s)", e.Message, e.Code)
	case e.Message != "":
		return errors.New(e.Message)
	case e.Detail != nil:
		return fmt.Errorf("%v", e.Detail)
	}
	return nil
}

// Reader returns a client that decodes results and can do nothing else: it takes no
// credentials.
func Reader(device string) *Client { return &Client{device: device} }

// Service is "iqm".
func (c *Client) Service() string { return "iqm" }

// Device is the alias of the quantum computer.
func (c *Client) Device() string { return c.device }

// Endpoint is the address where it is not the account's server.
func (c *Client) Endpoint() string { return c.endpoint }

// Devices lists the quantum computers of the server.
func (c *Client) Devices(ctx context.Context) ([]service.DeviceInfo, error) {
	var answer struct {
		Computers []struct {
			Alias string `json:"alias"`
		} `json:"quantum_computers"`
	}
	if err := c.rest.Get(ctx, "quantum-computers", nil, &answer); err != nil {
		return nil, err
	}
	out := make([]service.DeviceInfo, len(answer.Computers))
	for i, q := range answer.Computers {
		out[i] = service.DeviceInfo{Name: q.Alias}
	}
	return out, nil
}

// documents are the answers that hold a device's calibration, with names for errors.
var documents = []struct{ name, path string }{
	{"static architecture", "quantum-computers/%s/artifacts/static-quantum-architectures"},
	{"dynamic architecture", "calibration-sets/%s/default/dynamic-quantum-architecture"},
	{"calibration set", "calibration-sets/%s/default"},
	{"quality metrics", "calibration-sets/%s/default/metrics"},
}

// Snapshot reads what is calibrated now. Circuits are written for the last one that was
// read, and pinned to its calibration set.
func (c *Client) Snapshot(ctx context.Context) (*calibration.Snapshot, error) {
	var files []calibration.File
	for _, d := range documents {
		a, err := c.rest.Do(ctx, service.Call{Method: http.MethodGet, Path: fmt.Sprintf(d.path, url.PathEscape(c.device))})
		if err != nil {
			if service.StatusOf(err) == http.StatusNotFound {
				err = fmt.Errorf("device %s: %w", c.device, err)
			}
			return nil, err
		}
		files = append(files, calibration.File{Name: d.name + " of " + c.device, Data: a.Body})
	}
	s, err := calibration.Read(files...)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	c.snapshot = s
	c.mu.Unlock()
	return s, nil
}

// calibrated is the snapshot that circuits are written for.
func (c *Client) calibrated(ctx context.Context) (*calibration.Snapshot, error) {
	c.mu.Lock()
	s := c.snapshot
	c.mu.Unlock()
	if s != nil {
		return s, nil
	}
	return c.Snapshot(ctx)
}

// maxCircuits is how many circuits are sent in a job; the server tells no bound.
const maxCircuits = 200

// Limits are ours: the server tells none.
func (c *Client) Limits(context.Context) (service.Limits, error) {
	return service.Limits{Programs: maxCircuits, EqualShots: true, Source: "no bounds are published"}, nil
}

// Price: a second on the processor is sold from $0.30, but a job doesn't tell its
// seconds, so no price is known.
func (c *Client) Price([]service.Program) (service.Price, bool) {
	return service.Price{Basis: "not the account's server: free"}, c.endpoint != ""
}

// circuit is a circuit of a job.
type circuit struct {
	Name         string                `json:"name"`
	Instructions []qasm.IQMInstruction `json:"instructions"`
	Metadata     map[string]string     `json:"metadata"`
}

// Body writes a job, pinned to the calibration set of the snapshot.
func (c *Client) Body(ctx context.Context, programs []service.Program, tag string) ([]byte, error) {
	s, err := c.calibrated(ctx)
	if err != nil {
		return nil, err
	}
	labels := make([]string, len(s.Qubits))
	for i := range s.Qubits {
		labels[i] = s.Qubits[i].Label
	}
	circuits := make([]circuit, len(programs))
	for i, p := range programs {
		if p.Shots != programs[0].Shots {
			return nil, backends.Refuse("program %d has %d shots, the first %d: those of a job are the same", i, p.Shots, programs[0].Shots)
		}
		if circuits[i], err = write(p.Circuit, labels); err != nil {
			return nil, fmt.Errorf("program %d of the job for %s: %w", i, c.device, err)
		}
		circuits[i].Name = fmt.Sprintf("%s-%d", tag, i)
		circuits[i].Metadata = map[string]string{"qgan_id": tag}
	}
	body := map[string]any{
		"circuits": circuits, "calibration_set_id": nil, "qubit_mapping": nil, "shots": programs[0].Shots, "max_circuit_duration_over_t2": nil, "heralding_mode": "none",
		"move_gate_validation": "strict", "move_gate_frame_tracking": "full", "active_reset_cycles": nil, "dd_mode": "disabled", "dd_strategy": nil,
	}
	if s.CalibrationSet != "" {
		body["calibration_set_id"] = s.CalibrationSet
	}
	return json.Marshal(body)
}

// write writes a circuit in native operations.
func write(c *ir.Circuit, labels []string) (out circuit, err error) {
	if len(c.Trained)+len(c.Data) > 0 {
		return out, backends.Refuse("its angles hold symbols: bind them")
	}
	if c.Qubits > len(labels) {
		return out, backends.Refuse("it acts on qubit %d, %d are calibrated", c.Qubits-1, len(labels))
	}
	value, err := qasm.Encode(c, qasm.Options{Dialect: "iqm-json", Labels: labels})
	if err != nil {
		return out, err
	}
	out.Instructions = value.(*qasm.IQMCircuit).Instructions
	for _, i := range out.Instructions {
		if i.Name == "measure" {
			return out, nil
		}
	}
	return out, backends.Refuse("nothing is measured")
}

// Submit posts a job, once.
func (c *Client) Submit(ctx context.Context, body []byte) (string, error) {
	return c.rest.Create(ctx, service.Call{Path: "jobs/" + url.PathEscape(c.device) + "/circuit", Query: url.Values{"use_timeslot": {"false"}}, Body: body})
}

// Find can't: the server has no list of jobs.
func (c *Client) Find(context.Context, string, time.Time) ([]string, error) {
	return nil, service.ErrUnlisted
}

// states are the server's words.
var states = map[string]service.RemoteState{
	"waiting": service.Queued, "processing": service.Running, "completed": service.Completed, "failed": service.Failed, "cancelled": service.Cancelled,
}

// Poll asks where a job stands.
func (c *Client) Poll(ctx context.Context, remote string) (service.Status, error) {
	var j struct {
		Status   string `json:"status"`
		Position *int   `json:"queue_position"`
		Errors   []struct {
			Message string `json:"message"`
			Code    string `json:"error_code"`
		} `json:"errors"`
	}
	if err := c.rest.Get(ctx, "jobs/"+url.PathEscape(remote), nil, &j); err != nil {
		return service.Status{}, err
	}
	state, known := states[strings.ToLower(j.Status)]
	if !known {
		state = service.Running // a word of tomorrow
	}
	s := service.Status{State: state, Word: j.Status, Ahead: -1}
	if j.Position != nil {
		s.Ahead = *j.Position
	}
	var texts []string
	for _, e := range j.Errors {
		text := e.Message
		if e.Code != "" {
			text += " (" + e.Code + ")"
		}
		texts = append(texts, text)
	}
	s.Reason = strings.Join(texts, "; ")
	if c.endpoint != "" {
		s.Cost = new(float64)
	}
	return s, nil
}

// Fetch copies the measurements of a job.
func (c *Client) Fetch(ctx context.Context, remote string, w io.Writer) error {
	a, err := c.rest.Do(ctx, service.Call{Method: http.MethodGet, Path: "jobs/" + url.PathEscape(remote) + "/artifacts/measurements"})
	if err != nil {
		return err
	}
	_, err = w.Write(a.Body)
	return err
}

// Decode reads measurements: for each circuit the shots of each key, whose last number is
// the bit.
func (c *Client) Decode(shapes []service.Shape, r io.Reader) ([]backends.Outcome, error) {
	var found []map[string][][]int
	if err := json.NewDecoder(r).Decode(&found); err != nil {
		return nil, fmt.Errorf("IQM: the measurements can't be read: %w", err)
	}
	if len(found) != len(shapes) {
		return nil, fmt.Errorf("IQM: the result holds %d circuits, %d were sent", len(found), len(shapes))
	}
	out := make([]backends.Outcome, len(shapes))
	for i, s := range shapes {
		var err error
		if out[i], err = outcome(s, found[i]); err != nil {
			return nil, fmt.Errorf("IQM: result of program %d: %w", i, err)
		}
	}
	return out, nil
}

func outcome(s service.Shape, keys map[string][][]int) (backends.Outcome, error) {
	shots := -1
	var rows *service.Rows
	seen := map[int]bool{}
	for key, values := range keys {
		bit, err := strconv.Atoi(key[strings.LastIndexByte(key, '_')+1:])
		if err != nil || bit < 0 || bit >= s.Bits || seen[bit] {
			return backends.Outcome{}, fmt.Errorf("the key %q is no bit of %d", key, s.Bits)
		}
		seen[bit] = true
		if shots < 0 {
			shots = len(values)
			rows = service.NewRows(s.Bits, shots)
		}
		if len(values) != shots {
			return backends.Outcome{}, fmt.Errorf("the key %q has %d shots, another %d", key, len(values), shots)
		}
		for shot, v := range values {
			if len(v) != 1 || v[0]&^1 != 0 {
				return backends.Outcome{}, fmt.Errorf("shot %d of the key %q is %v", shot, key, v)
			}
			if v[0] == 1 {
				rows.Set(shot, bit)
			}
		}
	}
	for bit, q := range s.Qubits {
		if q >= 0 && !seen[bit] {
			return backends.Outcome{}, fmt.Errorf("bit %d is missing", bit)
		}
	}
	if shots < 1 {
		return backends.Outcome{}, errors.New("it holds no shots")
	}
	return rows.Outcome(), nil
}

// Cancel asks to stop a job; one that has ended stays as it is.
func (c *Client) Cancel(ctx context.Context, remote string) error {
	_, err := c.rest.Do(ctx, service.Call{Method: http.MethodPost, Path: "jobs/" + url.PathEscape(remote) + "/cancel"})
	if service.StatusOf(err) == http.StatusConflict {
		return nil
	}
	return err
}
