package service

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"qgan/backends"
	"qgan/calibration"
	"qgan/ir"
)

// Service is a client of what sells runs of circuits: one of its devices. Circuits are
// compiled for it, bound, on physical qubits. Its methods may be called by several
// goroutines.
type Service interface {
	// Service and Device are names: "ibm", "ibm_torino".
	Service() string
	Device() string
	// Endpoint is the address where it is not the service's own.
	Endpoint() string
	// Local says that the address is this machine's own: jobs there cost nothing.
	Local() bool
	// Snapshot reads the device's calibration data.
	Snapshot(ctx context.Context) (*calibration.Snapshot, error)
	// Limits are the service's and the device's.
	Limits(ctx context.Context) (Limits, error)
	// Price estimates the cost of programs, which the service may be asked for; ok is false
	// where no price in dollars is known.
	Price(ctx context.Context, programs []Program) (p Price, ok bool)
	// Body checks programs against the rules of service and device and writes the body of
	// a job, with the tag by which it is found again. An error names program and place.
	Body(ctx context.Context, programs []Program, tag string) ([]byte, error)
	// Submit sends a body once, never again by itself, and returns the service's id. An
	// error is a SubmitError, or the answer is lost.
	Submit(ctx context.Context, body []byte) (remote string, err error)
	// Find lists the ids of the jobs that carry a tag and were made since a time.
	// ErrIdempotent: the same body may be sent again and is one job. ErrUnlisted: it has no
	// such list.
	Find(ctx context.Context, tag string, since time.Time) ([]string, error)
	// Poll asks where a job stands.
	Poll(ctx context.Context, remote string) (Status, error)
	// Fetch writes the result of a job that is done as the service tells it, to be kept
	// before anything is made of it. A result of more than so many bytes is a TooLarge.
	Fetch(ctx context.Context, remote string, most int64, w io.Writer) error
	// Decode reads what Fetch wrote: an outcome of each program, bits in the order of its
	// circuit, whatever the order in which the service lists them.
	Decode(programs []Shape, r io.Reader) ([]backends.Outcome, error)
	// Cancel asks to stop a job; one that is done stays done.
	Cancel(ctx context.Context, remote string) error
}

// Named is a Service whose qubits have names of their own, by which its results tell them;
// Body has been called before.
type Named interface {
	// Names are the names of a circuit's qubits.
	Names(c *ir.Circuit) []string
}

// Tagged is a Service that tells the tag of a job, by which it was sent.
type Tagged interface {
	// Tag is the tag that a job carries; "" where it has none.
	Tag(ctx context.Context, remote string) (string, error)
}

// DeviceInfo is a device as a list of its service shows it.
type DeviceInfo struct {
	Name   string `json:"name"`
	Qubits int    `json:"qubits"` // 0: not told
	Status string `json:"status"` // the service's word; "": not told
	Reason string `json:"reason,omitempty"`
	Queue  *int   `json:"queue_length,omitempty"` // jobs; nil: not told
	// Wait is how long a job waits on average, in seconds; nil: not told.
	Wait *float64 `json:"queue_seconds,omitempty"`
}

// Program is a circuit of a job and its shots.
type Program struct {
	Circuit *ir.Circuit
	Shots   int
}

// Gates counts the gates of a program.
func (p Program) Gates() int {
	n := 0
	if p.Circuit != nil {
		for _, op := range p.Circuit.Ops {
			if _, ok := op.(*ir.Apply); ok {
				n++
			}
		}
	}
	return n
}

// ProgramBytes is what a program of a job takes beside its operations at most: registers,
// definitions, names.
const ProgramBytes = 2 << 10

// Bytes is the most that a program takes in a body, by what an operation takes.
func (p Program) Bytes(gateBytes int) int {
	n := ProgramBytes
	if p.Circuit != nil {
		n += len(p.Circuit.Ops) * gateBytes
	}
	return n
}

// Shape is what of a program it takes to read its outcome; it is kept in the ledger.
type Shape struct {
	Bits  int `json:"bits"`
	Shots int `json:"shots"`
	// Registers are the classical registers, each a name and the bits it holds in its own
	// order; the dialect in which the program was written names them so.
	Registers []Register `json:"registers"`
	// Qubits is the physical qubit that is read into each bit, -1 for none.
	Qubits []int `json:"qubits"`
	// Width is one more than the highest qubit that is acted on; 0: not told.
	Width int `json:"width,omitempty"`
	// Names are that qubit's name at the service, of a Named one.
	Names []string `json:"names,omitempty"`
}

// Register is a classical register of a program.
type Register struct {
	Name string `json:"name"`
	Bits []int  `json:"bits"`
}

// ShapeOf takes the shape of a program.
func ShapeOf(p Program) Shape {
	s := Shape{Bits: p.Circuit.Bits, Shots: p.Shots, Qubits: make([]int, p.Circuit.Bits)}
	for bit, m := range p.Circuit.Readout() {
		s.Qubits[bit] = -1
		if m != nil {
			s.Qubits[bit] = m.Qubit
		}
	}
	for _, op := range p.Circuit.Ops {
		for _, q := range ir.ActsOn(op) {
			s.Width = max(s.Width, q+1)
		}
	}
	s.Registers = RegistersOf(p.Circuit)
	return s
}

// OtherShots says which circuits of a job failed, or have other shots than were asked for;
// "" where none has.
func OtherShots(shapes []Shape, found []backends.Outcome) string {
	text, others := "", 0
	for i, s := range shapes {
		switch {
		case found[i].Shots == s.Shots:
		case text == "" && found[i].Failure != "":
			text = fmt.Sprintf("circuit %d failed: %s", i, found[i].Failure)
		case text == "":
			text = fmt.Sprintf("circuit %d has %d shots, %d were asked for", i, found[i].Shots, s.Shots)
		default:
			others++
		}
	}
	if others > 0 {
		text += fmt.Sprintf("; and %d more", others)
	}
	return text
}

// Name keeps the names of the qubits that are read.
func (s *Shape) Name(qubits []string) {
	if qubits == nil {
		return
	}
	s.Names = make([]string, s.Bits)
	for bit, q := range s.Qubits {
		if q >= 0 {
			s.Names[bit] = qubits[q]
		}
	}
}

// RegistersOf are a circuit's classical registers; one without has all bits in c.
func RegistersOf(c *ir.Circuit) (out []Register) {
	for _, r := range c.BitRegs {
		out = append(out, Register{r.Name, r.Indices})
	}
	if len(out) == 0 && c.Bits > 0 {
		all := Register{Name: "c", Bits: make([]int, c.Bits)}
		for i := range all.Bits {
			all.Bits[i] = i
		}
		out = append(out, all)
	}
	return out
}

// Limits are what a service and a device take in one job; 0: not told.
type Limits struct {
	Programs   int // in a job
	MinShots   int
	MaxShots   int // of a program
	TotalShots int // of all programs of a job
	Bytes      int // of a body
	GateBytes  int // that an operation takes in a body at most
	Gates      int // of all programs of a job
	EqualShots bool
	PerMinute  int // submissions
	// Left is what a spending limit of the account's at the service leaves now, in US dollars;
	// nil: there is none, or it is not told.
	Left        *float64
	Source      string
	Maintenance string // why it takes no jobs now
}

// Price is an estimate in US dollars, and where it comes from.
type Price struct {
	USD    float64
	Amount *Amount // in a unit that has no price in dollars here
	Basis  string  // "$0.30 a task + $0.00145 a shot, 2026-05-12"
	Source string
}

// Status is where a job stands at its service.
type Status struct {
	State   RemoteState
	Word    string // the service's own word
	Reason  string // why it failed
	Ahead   int    // jobs ahead in the queue, -1: not told
	Cost    *float64
	Amount  *Amount // what it cost in a unit of the service's own, such as credits
	Seconds float64 // of execution
}

// Amount is a cost in a unit that has no price in dollars here.
type Amount struct {
	Value float64
	Unit  string
}

// RemoteState is what all services' states come to.
type RemoteState string

// The states of a job at a service.
const (
	Queued    RemoteState = "queued"
	Running   RemoteState = "running"
	Completed RemoteState = "completed"
	Failed    RemoteState = "failed"
	Cancelled RemoteState = "cancelled"
)

// Fate is what is known of a job whose submission ended with an error.
type Fate uint8

const (
	// Lost: it may have been accepted. Any error that is no SubmitError counts so.
	Lost Fate = iota
	// Refused: it was not accepted and never will be as it is.
	Refused
	// Later: it was not accepted, and may be sent again after a while.
	Later
	// Denied: its credentials were not accepted, and others will be taken for another try.
	Denied
)

// SubmitError is the error of a submission whose fate is known.
type SubmitError struct {
	Fate  Fate
	After time.Duration // that it may be sent again; 0: not told
	Err   error
}

// Error is the message of the cause, which says the fate in words.
func (e *SubmitError) Error() string { return e.Err.Error() }

// Unwrap is the cause.
func (e *SubmitError) Unwrap() error { return e.Err }

// FateOf is the fate that an error of Submit tells.
func FateOf(err error) (fate Fate, after time.Duration) {
	var known *SubmitError
	if errors.As(err, &known) {
		return known.Fate, known.After
	}
	return Lost, 0
}

// ErrIdempotent is what Find returns where sending the same body again is safe.
var ErrIdempotent = errors.New("the service knows the body by its token")

// ErrUnlisted is what Find returns where the service can't be asked for its jobs: one whose
// answer was lost stays unknown.
var ErrUnlisted = errors.New("the service has no list of jobs to look it up in")

// JobFailed is the error of Fetch where a result says that its job failed after all: it is
// final.
type JobFailed struct{ Reason string }

// Error is the reason alone: who asks knows the job.
func (e *JobFailed) Error() string { return e.Reason }

// RemoteError is a failure of a service or of a job there.
type RemoteError struct {
	Service string
	Err     error
}

// Error is the service and the cause.
func (e *RemoteError) Error() string { return fmt.Sprintf("%s: %v", e.Service, e.Err) }

// Unwrap is the cause.
func (e *RemoteError) Unwrap() error { return e.Err }

// Broken is the error of a question to a service: a *RemoteError, but for what is the
// user's fault. Calibration data that can't be read are the service's.
func Broken(s Service, err error) error {
	var bad interface{ BadInput() bool }
	var file *calibration.FileError
	if errors.As(err, &bad) && bad.BadInput() && !errors.As(err, &file) {
		return err
	}
	return &RemoteError{s.Service(), err}
}
