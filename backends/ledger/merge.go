package ledger

import (
	"cmp"
	"maps"
	"slices"
	"time"
)

// event is a line of a log: what a job has become. A plan is the whole job.
type event struct {
	Job     string    `json:"job"`
	At      time.Time `json:"at"`
	State   State     `json:"state,omitempty"`
	Attempt int       `json:"attempt,omitempty"`
	Remote  string    `json:"remote,omitempty"`
	Reason  string    `json:"reason,omitempty"`
	Cost    *float64  `json:"cost_usd,omitempty"`
	Amount  *Amount   `json:"amount,omitempty"`
	Seconds float64   `json:"seconds,omitempty"`
	Same    bool      `json:"same,omitempty"`
	Unmade  bool      `json:"unmade,omitempty"`
	Stop    bool      `json:"stop,omitempty"` // nothing of the job is to be sent any more
	Plan    *Job      `json:"plan,omitempty"`
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
	stop    *event
	tries   map[int]try
}

// try is an attempt.
type try struct {
	at     time.Time // when it was said to be sending; zero: it was not
	same   bool      // the service takes it for the one before
	unmade bool      // nothing was created
}

// compare orders events by attempt, then by state, then by time.
func (e *event) compare(o *event) int {
	return cmp.Or(cmp.Compare(e.Attempt, o.Attempt), cmp.Compare(ranks[e.State], ranks[o.State]), e.At.Compare(o.At), cmp.Compare(e.Remote, o.Remote), cmp.Compare(e.Reason, o.Reason))
}

func (m *merged) add(e event) {
	if e.Plan != nil {
		m.plan = e.Plan
	}
	if e.Stop && (m.stop == nil || e.At.Before(m.stop.At)) {
		m.stop = &e
	}
	if e.State == "" {
		return
	}
	if !m.any || e.compare(&m.last) > 0 {
		m.last, m.any = e, true
	}
	m.attempt(&e)
	if e.Remote != "" && (m.remote.Remote == "" || e.compare(&m.remote) > 0) {
		m.remote = e
	}
	if (e.Cost != nil || e.Amount != nil) && (m.paid.Cost == nil && m.paid.Amount == nil || e.compare(&m.paid) > 0) {
		m.paid = e
	}
	m.seconds = max(m.seconds, e.Seconds)
}

// attempt keeps what an event says of its attempt, or of the one before.
func (m *merged) attempt(e *event) {
	of := e.Attempt
	unmade := e.Unmade || (e.State == Failed || e.State == Cancelled) && e.Remote == ""
	if e.State == Planned { // again, so what was sent before made nothing
		of, unmade = of-1, true
	}
	t := m.tries[of]
	t.unmade = t.unmade || unmade
	if e.State == Sending {
		t.same = t.same || e.Same
		if e.At.After(t.at) {
			t.at = e.At
		}
		if e.At.After(m.sent) {
			m.sent = e.At
		}
	}
	if m.tries == nil {
		m.tries = map[int]try{}
	}
	m.tries[of] = t
}

// job is the job as it stands.
func (m *merged) job() Job {
	j := *m.plan
	j.State, j.Attempt, j.Reason, j.Updated = m.last.State, m.last.Attempt, m.last.Reason, m.last.At
	if m.stop != nil && j.State == Planned {
		j.State, j.Reason, j.Updated = Cancelled, m.stop.Reason, m.stop.At
	}
	j.Remote, j.Cost, j.Amount, j.Seconds = m.remote.Remote, m.paid.Cost, m.paid.Amount, m.seconds
	j.Charges = m.charges(&j)
	return j
}

// charges lists what was sent and may cost. The one that the service has costs what it says.
func (m *merged) charges(j *Job) (out []Charge) {
	held := -1
	for _, k := range slices.Sorted(maps.Keys(m.tries)) {
		t := m.tries[k]
		if t.at.IsZero() || t.unmade && !(j.Remote != "" && m.remote.Attempt == k) {
			continue
		}
		if !t.same || len(out) == 0 {
			out = append(out, Charge{At: t.at, USD: j.Estimate, Lost: !(j.State == Sending && k == j.Attempt)})
		}
		if k <= m.remote.Attempt {
			held = len(out) - 1
		}
	}
	if j.Remote == "" {
		return out
	}
	if held < 0 { // found, and nobody knows when it was sent
		out = append([]Charge{{At: m.remote.At, USD: j.Estimate}}, out...)
		held = 0
	}
	out[held].Lost = false
	if j.Cost != nil {
		out[held].USD, out[held].Told = j.Cost, true
	}
	return out
}
