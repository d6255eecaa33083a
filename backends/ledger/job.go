package ledger

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// State is where a job stands.
type State string

// The states. A job is planned before anything is sent, again where it is known that an
// attempt was not, and sending while its fate is open.
// Unknown: the answer was lost, so it may or may not run; it is looked up, never sent
// again blindly. Submitted: the service has it. The others are final.
const (
	Planned   State = "planned"
	Sending   State = "sending"
	Unknown   State = "unknown"
	Submitted State = "submitted"
	Done      State = "done"
	Failed    State = "failed"
	Cancelled State = "cancelled"
)

// ranks order the states of one attempt: of two events the higher one holds,
// whatever the order in which they are read.
var ranks = map[State]int{Planned: 0, Sending: 1, Unknown: 2, Submitted: 3, Failed: 4, Cancelled: 5, Done: 6}

// Final says that nothing more will happen to a job.
func (s State) Final() bool { return ranks[s] >= ranks[Failed] }

// Lost says that it is not known whether the service has a job.
func (s State) Lost() bool { return s == Sending || s == Unknown }

// Job is one job at a service.
type Job struct {
	ID       string `json:"id"`
	Service  string `json:"service"`
	Device   string `json:"device"`
	Endpoint string `json:"endpoint,omitempty"` // where it is not the service's own
	// Command is what made it, and Group what its jobs have in common, such as a file of
	// samples; Index is the job's place in it.
	Command string `json:"command,omitempty"`
	Group   string `json:"group,omitempty"`
	Index   int    `json:"index,omitempty"`

	Circuits int `json:"circuits"`
	Shots    int `json:"shots"` // of all circuits
	// Programs say how outcomes become those of the circuits that were asked for: layout,
	// bit map, folded readout. They are the executor's.
	Programs json.RawMessage `json:"programs,omitempty"`
	Snapshot string          `json:"snapshot_sha256,omitempty"`
	// Estimate is what it should cost at most, in US dollars; nil where no price is known.
	Estimate *float64 `json:"estimate_usd"`

	Created time.Time `json:"created"`
	Updated time.Time `json:"updated"`
	State   State     `json:"state"`
	Attempt int       `json:"attempt,omitempty"`
	Remote  string    `json:"remote_id,omitempty"`
	Reason  string    `json:"reason,omitempty"`
	Cost    *float64  `json:"cost_usd,omitempty"` // what the service says
	Seconds float64   `json:"execution_seconds,omitempty"`
}

// Plan is a job and the body that it will send.
type Plan struct {
	Job     Job
	Request []byte
}

// Update says what a job has become.
type Update struct {
	Job     string
	State   State
	Attempt int // counted from 1; the attempt that the update is about
	Remote  string
	Reason  string
	Cost    *float64
	Seconds float64
}

func (u *Update) check() error {
	_, known := ranks[u.State]
	switch {
	case u.Job == "" || !known || u.Attempt < 1 || u.State == Planned && u.Attempt < 2:
		return fmt.Errorf("job %q can't become %q in attempt %d", u.Job, u.State, u.Attempt)
	case (u.State == Submitted || u.State == Done) && u.Remote == "":
		return fmt.Errorf("job %s is %s without an id of the service", u.Job, u.State)
	}
	return nil
}

// merged is what the events of a job say together.
type merged struct {
	plan *Job
	last event
	any  bool
	sent time.Time // when it was last said to be sending
	// remote is kept when a later event doesn't repeat it.
	remote  event
	paid    event // so is what it cost
	seconds float64
}

// compare orders events by attempt, then by state, then by time.
func (e *event) compare(o *event) int {
	return cmp.Or(cmp.Compare(e.Attempt, o.Attempt), cmp.Compare(ranks[e.State], ranks[o.State]), e.At.Compare(o.At), cmp.Compare(e.Remote, o.Remote), cmp.Compare(e.Reason, o.Reason))
}

func (m *merged) add(e event) {
	if e.Plan != nil {
		m.plan = e.Plan
	}
	if !m.any || e.compare(&m.last) > 0 {
		m.last, m.any = e, true
	}
	if e.State == Sending && e.At.After(m.sent) {
		m.sent = e.At
	}
	if e.Remote != "" && (m.remote.Remote == "" || e.compare(&m.remote) > 0) {
		m.remote = e
	}
	if e.Cost != nil && (m.paid.Cost == nil || e.compare(&m.paid) > 0) {
		m.paid = e
	}
	m.seconds = max(m.seconds, e.Seconds)
}

func (m *merged) job() Job {
	j := *m.plan
	j.State, j.Attempt, j.Reason, j.Updated = m.last.State, m.last.Attempt, m.last.Reason, m.last.At
	j.Remote, j.Cost, j.Seconds = m.remote.Remote, m.paid.Cost, m.seconds
	return j
}

// ErrLimit says that jobs would cost more than a limit allows. Nothing is sent.
var ErrLimit = errors.New("over the spending limit")

// Limits bound money in US dollars; nil: no bound.
type Limits struct {
	PerCommand, PerDay *float64
	// Unpriced lets jobs be sent whose price is not known.
	Unpriced bool
}

func (l Limits) allow(plans []Plan, today float64) error {
	sum := 0.0
	for _, p := range plans {
		if p.Job.Estimate == nil {
			if !l.Unpriced {
				return fmt.Errorf("%w: no price is known for %s at %s", ErrLimit, p.Job.Device, p.Job.Service)
			}
			continue
		}
		sum += *p.Job.Estimate
	}
	if l.PerCommand != nil && sum > *l.PerCommand {
		return fmt.Errorf("%w: %s would cost $%.2f, the limit of a command is $%.2f", ErrLimit, count(len(plans)), sum, *l.PerCommand)
	}
	if l.PerDay != nil && today+sum > *l.PerDay {
		return fmt.Errorf("%w: %s would cost $%.2f, $%.2f were spent today, the limit of a day is $%.2f", ErrLimit, count(len(plans)), sum, today, *l.PerDay)
	}
	return nil
}

func count(jobs int) string {
	if jobs == 1 {
		return "a job"
	}
	return fmt.Sprintf("%d jobs", jobs)
}

// SpentSince is what jobs made since a time cost: what the service said, or else the
// estimate of every job that may have been sent. A failed or cancelled job costs what the
// service said, or nothing.
func SpentSince(jobs []Job, since time.Time) float64 {
	sum := 0.0
	for _, j := range jobs {
		switch {
		case j.Created.Before(since):
		case j.Cost != nil:
			sum += *j.Cost
		case j.State == Failed || j.State == Cancelled || j.Estimate == nil:
		default:
			sum += *j.Estimate
		}
	}
	return sum
}

// startOfDay is the last midnight, UTC.
func startOfDay(t time.Time) time.Time { return t.UTC().Truncate(24 * time.Hour) }
