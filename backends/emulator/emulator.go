// Package emulator is the services of cloud processors on loopback: what their clients
// see of them, run on the noisy simulator. A run can be rehearsed on it at no cost, and
// clients are tested against it.
//
// Each service is an http.Handler that checks credentials, takes jobs, lets them wait
// and run, and answers with the service's own forms, states and error bodies. The shots
// of a circuit are a function of seed, circuit, shots and the circuit's place in its job,
// not of when it arrives. A plan of faults makes it fail as services do.
package emulator

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"qgan/backends"
	"qgan/backends/sim"
	"qgan/backends/wide"
	"qgan/calibration"
	"qgan/internal/named"
	"qgan/internal/stream"
	"qgan/ir"
	"qgan/ir/compile"
)

// Options say what is emulated.
type Options struct {
	// Files are the calibration files of the device; nil: a built-in one.
	Files []calibration.File
	// Ideal leaves the device's noise out.
	Ideal bool
	Key   string // the credentials that are taken; "": the service's well-known dummy
	ARN   string // of Braket's device; "": the files' or the built-in one's
	Seed  uint64
	// Queue and Execution are how long a job waits and runs.
	Queue, Execution time.Duration
	Faults           []Fault
	Now              func() time.Time
}

// Service is an emulated service.
type Service interface {
	http.Handler
	Device() string // the name of its processor
	// Environment are variables with the credentials that it takes, each a name and a value, as
	// the service's clients read them.
	Environment() [][2]string
}

// constructors is the table of services by their names.
var constructors = map[string]func(Options) (Service, error){
	"ibm":    func(o Options) (Service, error) { return NewIBM(o) },
	"ionq":   func(o Options) (Service, error) { return NewIonQ(o) },
	"braket": func(o Options) (Service, error) { return NewBraket(o) },
	"iqm":    func(o Options) (Service, error) { return NewIQM(o) },
	"azure":  func(o Options) (Service, error) { return NewAzure(o) },
}

// New returns the service of that name.
func New(service string, o Options) (Service, error) {
	make := constructors[service]
	switch {
	case make == nil:
		return nil, fmt.Errorf("service %q is not emulated", service)
	case o.ARN != "" && service != "braket":
		return nil, named.Inputf("{arn} is for braket")
	}
	return make(o)
}

// Stage serves a service's emulator on loopback until the context ends, for work that sends
// nothing: its address, and the environment in which a client finds its account.
func Stage(ctx context.Context, service string, o Options) (s Service, address string, getenv func(string) string, err error) {
	if s, err = New(service, o); err != nil {
		return nil, "", nil, err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, "", nil, err
	}
	go Serve(ctx, l, s)
	account := map[string]string{}
	for _, v := range s.Environment() {
		account[v[0]] = v[1]
	}
	return s, "http://" + l.Addr().String(), func(name string) string { return account[name] }, nil
}

// Serve answers on a listener until the context ends, and lets the requests that are being
// answered end for two seconds more.
func Serve(ctx context.Context, l net.Listener, h http.Handler) error {
	server := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(l) }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
	defer cancel()
	if err := server.Shutdown(grace); err != nil {
		server.Close()
	}
	if err := <-ended; !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// CountsPath is where an emulator tells its Counts to anybody, beside its service.
const CountsPath = "/-/counts"

// Counts tell what an emulator was asked, for tests and for people.
type Counts struct {
	Requests int            `json:"requests"`
	Accepted int            `json:"accepted"` // jobs that were taken
	ByTag    map[string]int `json:"by_tag"`   // jobs of each tag
	Faults   int            `json:"faults"`   // that were played
}

// device is what circuits run on.
type device struct {
	name     string
	files    map[string][]byte // as they are served
	snapshot *calibration.Snapshot
	target   *compile.Target
	model    *calibration.NoiseModel
}

func newDevice(files []calibration.File) (*device, error) {
	s, err := calibration.Read(files...)
	if err != nil {
		return nil, err
	}
	d := &device{name: s.Name, snapshot: s, files: map[string][]byte{}}
	for _, f := range files {
		d.files[f.Name] = f.Data
	}
	if d.target, err = compile.NewTarget(s); err != nil {
		return nil, err
	}
	d.model, err = calibration.NewNoiseModel(s, calibration.NoiseOptions{})
	return d, err
}

// job is one that was taken.
type job struct {
	id       string
	tags     []string
	created  time.Time
	body     json.RawMessage
	programs []program
	canceled time.Time
	shots    int
	name     string
	metadata map[string]string
	ideal    bool // run without noise
	extra    any  // what a service keeps of its own
	session  string

	once    sync.Once
	results []backends.Outcome
	err     error
}

// program is a circuit of a job, bound, on physical qubits.
type program struct {
	circuit *ir.Circuit
	shots   int
}

// phase is where a job stands.
type phase int

const (
	queued phase = iota
	running
	completed
	failed
	cancelled
)

// phaseOf follows from the clock; the circuits run when somebody first looks after
// their time.
func (s *frame) phaseOf(j *job) phase {
	now := s.options.Now()
	s.mu.Lock()
	stopped := j.canceled
	s.mu.Unlock()
	started := j.created.Add(s.options.Queue)
	ended := started.Add(s.options.Execution)
	switch {
	case !stopped.IsZero() && stopped.Before(ended):
		return cancelled
	case now.Before(started):
		return queued
	case now.Before(ended):
		return running
	}
	j.once.Do(func() { j.results, j.err = s.run(j) })
	if j.err != nil {
		return failed
	}
	return completed
}

// cancel stops a job that has not ended; it says whether it could.
func (s *frame) cancel(j *job) bool {
	if p := s.phaseOf(j); p != queued && p != running {
		return p == cancelled
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	j.canceled = s.options.Now()
	return true
}

// run runs the circuits of a job.
func (s *frame) run(j *job) ([]backends.Outcome, error) {
	var runner backends.Runner = &sim.Noisy{Model: s.device.model}
	ideal := s.options.Ideal || j.ideal
	out := make([]backends.Outcome, len(j.programs))
	for i, p := range j.programs {
		c := p.circuit
		if ideal {
			c = ir.DropIdle(c)
			runner = &sim.Simulator{}
			if c.Qubits > sim.MaxQubits {
				runner = &wide.MPS{}
			}
		}
		h := sha256.New()
		fmt.Fprintln(h, i, p.circuit.String())
		seed := stream.New(s.options.Seed^binary.LittleEndian.Uint64(h.Sum(nil)), "shots").Uint64()
		res, err := runner.Run(context.Background(), []backends.Request{{
			Circuit: c, Shots: []int{p.shots}, Seed: seed, KeepOrder: true,
		}})
		if err != nil {
			return nil, fmt.Errorf("circuit %d: %w", i, err)
		}
		out[i] = res[0].Outcomes[0]
	}
	return out, nil
}

// check reports what the device can't run: the place of an operation that is not native.
func (d *device) check(c *ir.Circuit) error {
	if c.Qubits > len(d.target.Qubits) {
		return fmt.Errorf("the circuit acts on qubit %d, the device has %d", c.Qubits-1, len(d.target.Qubits))
	}
	if c.Bits > 64 {
		return errors.New("the emulator reads at most 64 bits")
	}
	for i, op := range c.Ops {
		if err := d.target.Native(op); err != nil {
			return fmt.Errorf("instruction %d: %w", i, err)
		}
	}
	return nil
}

// answer writes a JSON object.
func answer(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(v) // a client that has gone is no error of ours
}

// readBody decodes a request of at most 100 MB.
func readBody(w http.ResponseWriter, r *http.Request, out any) error {
	return json.NewDecoder(http.MaxBytesReader(w, r.Body, 100<<20)).Decode(out)
}

// bearer is the token of a request.
func bearer(r *http.Request) string {
	token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	return token
}

// orDefault is the credentials that are taken.
func (s *frame) orDefault(key string) string { return cmp.Or(s.options.Key, key) }
