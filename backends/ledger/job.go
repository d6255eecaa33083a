package ledger

import (
	"encoding/json"
	"fmt"
	"time"
)

// State is where a job stands.
type State string

// The states. A job is planned before anything is sent, again where it is known that an
// attempt was not, and sending while its fate is open.
// Unknown: the answer was lost, so it may or may not run; it is looked up, never sent
// again blindly. Submitted: the service has it. The others are final. Gone: the service
// does not know it any more. Abandoned: it is given up by hand. Unreadable: its result is
// kept and can't be read.
const (
	Planned    State = "planned"
	Sending    State = "sending"
	Unknown    State = "unknown"
	Submitted  State = "submitted"
	Gone       State = "gone"
	Failed     State = "failed"
	Cancelled  State = "cancelled"
	Abandoned  State = "abandoned"
	Unreadable State = "unreadable"
	Done       State = "done"
)

// ranks order the states of one attempt: of two events the higher one holds,
// whatever the order in which they are read.
var ranks = map[State]int{Planned: 0, Sending: 1, Unknown: 2, Submitted: 3, Gone: 4, Failed: 5, Cancelled: 6, Abandoned: 7, Unreadable: 8, Done: 9}

// Final says that nothing more will happen to a job by itself.
func (s State) Final() bool { return ranks[s] >= ranks[Gone] }

// Lost says that it is not known whether the service has a job.
func (s State) Lost() bool { return s == Sending || s == Unknown }

// Ended says that a job has no result and will have none: what it was for can be sent anew.
func (s State) Ended() bool { return s == Gone || s == Failed || s == Cancelled || s == Abandoned }

// Job is one job at a service.
type Job struct {
	ID       string `json:"id"`
	Service  string `json:"service"`
	Device   string `json:"device"`
	Endpoint string `json:"endpoint,omitempty"` // where it is not the service's own
	// Command is what made it, and Group what its jobs have in common, such as a file of
	// samples; Index is the job's place in it.
	Command string `json:"command,omitempty"`
	Group   string `json:"group"`
	Work    string `json:"work,omitempty"` // names what was asked, see [Ledger.Calibration]
	Index   int    `json:"index"`
	Choice  string `json:"choice,omitempty"` // names what the device was chosen for, see [Ledger.Choice]
	// Name and Tags are what people call it, and Options what the service does with it on
	// request, by the names of settings.
	Name    string            `json:"name,omitempty"`
	Tags    []string          `json:"tags,omitempty"`
	Options map[string]string `json:"options,omitempty"`

	Circuits int `json:"circuits"` // 0: it is a session
	Shots    int `json:"shots"`    // of all circuits
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
	Amount  *Amount   `json:"amount,omitempty"`   // what it says in a unit without a price
	Seconds float64   `json:"execution_seconds,omitempty"`
	// Charges are what was sent and may cost, in order.
	Charges []Charge `json:"charges,omitempty"`
}

// Session says that it is no job but a session: a processor that is held for jobs.
func (j Job) Session() bool { return j.Circuits == 0 }

// Amount is a cost in a service's own unit, such as credits.
type Amount struct {
	Value float64 `json:"value"`
	Unit  string  `json:"unit"`
}

// String is the amount with its unit.
func (a Amount) String() string { return fmt.Sprintf("%g %s", a.Value, a.Unit) }

// Charge is an attempt that may cost.
type Charge struct {
	At time.Time `json:"at"` // when it was sent
	// USD is what the service said, or else the estimate; nil where no price is known.
	USD  *float64 `json:"usd"`
	Told bool     `json:"told,omitempty"` // the service said it
	Lost bool     `json:"lost,omitempty"` // it was never found at the service
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
	Amount  *Amount
	Seconds float64
	// Same says of Sending that the service takes it for the attempt before, so that both
	// are one charge; Unmade that nothing was created by the attempt.
	Same, Unmade bool
}

func (u *Update) check() error {
	_, known := ranks[u.State]
	switch {
	case u.Job == "" || !known || u.Attempt < 1 || u.State == Planned && u.Attempt < 2:
		return fmt.Errorf("job %q can't become %q in attempt %d", u.Job, u.State, u.Attempt)
	case (u.State == Submitted || u.State == Done || u.State == Unreadable) && u.Remote == "":
		return fmt.Errorf("job %s is %s without an id of the service", u.Job, u.State)
	}
	return nil
}
