package ledger

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"qgan/internal/words"
)

// Query says which jobs are asked for. The zero value is all of them.
type Query struct {
	Open          bool // that have not ended
	Service, Name string
	States        []State  // any of them
	Tags          []string // all of them
	Since         time.Time
	Limit         int // the newest; 0: any number
}

// has says whether a job is asked for, but for the limit.
func (q Query) has(j Job) bool {
	switch {
	case q.Open && j.State.Final(), q.Service != "" && j.Service != q.Service, q.Name != "" && j.Name != q.Name, j.Created.Before(q.Since),
		len(q.States) > 0 && !slices.Contains(q.States, j.State):
		return false
	}
	return !slices.ContainsFunc(q.Tags, func(tag string) bool { return !slices.Contains(j.Tags, tag) })
}

// check refuses states that there are not, and limits that are none.
func (q Query) check() error {
	for _, s := range q.States {
		if _, ok := ranks[s]; !ok {
			return fmt.Errorf("the state %q: it can be %s", s, strings.Join(States(), ", "))
		}
	}
	if q.Limit < 0 {
		return fmt.Errorf("a limit of %d jobs: at least 1 is needed", q.Limit)
	}
	return nil
}

// States lists the states of jobs, in the order of a job's life.
func States() (names []string) {
	for s := range ranks {
		names = append(names, string(s))
	}
	slices.SortFunc(names, func(a, b string) int { return cmp.Compare(ranks[State(a)], ranks[State(b)]) })
	return names
}

// Since reads a time before now: a date or time (2026-11-30, RFC 3339; UTC where it tells no
// zone) or how long ago, as in 36h or 7d.
func Since(text string, now time.Time) (time.Time, error) {
	for _, layout := range []string{time.DateOnly, "2006-01-02T15:04", time.RFC3339} {
		if t, err := time.Parse(layout, text); err == nil {
			return t, nil
		}
	}
	if days, ok := strings.CutSuffix(text, "d"); ok {
		if n, err := strconv.ParseUint(days, 10, 16); err == nil {
			return now.AddDate(0, 0, -int(n)), nil
		}
	}
	if d, err := time.ParseDuration(text); err == nil && d >= 0 {
		return now.Add(-d), nil
	}
	return time.Time{}, fmt.Errorf("%q is no time: it is a date such as 2026-11-30, or how long ago, such as 36h or 7d", text)
}

// Summary is a ledger's jobs and what they cost in US dollars, for people and programs.
type Summary struct {
	Schema string  `json:"schema"`
	Jobs   []Job   `json:"jobs"`
	Today  float64 `json:"spent_today_usd"` // by the time of sending, of the day in UTC
	Total  float64 `json:"spent_usd"`
	// Planned is the estimate of what is to be sent.
	Planned float64 `json:"planned_usd"`

	at time.Time
}

// Summary lists the jobs that are asked for in the order of their submission, and sums up what
// all jobs of the ledger cost.
func (l *Ledger) Summary(q Query) (*Summary, error) {
	if err := q.check(); err != nil {
		return nil, err
	}
	all, err := l.Jobs()
	if err != nil {
		return nil, err
	}
	s := &Summary{
		Schema: "qgan.jobs/v1", Jobs: []Job{}, Today: SpentSince(all, startOfDay(l.Now())), Total: SpentSince(all, time.Time{}), Planned: planned(all, time.Time{}), at: l.Now(),
	}
	for _, j := range all {
		if q.has(j) {
			s.Jobs = append(s.Jobs, j)
		}
	}
	if q.Limit > 0 && len(s.Jobs) > q.Limit {
		s.Jobs = s.Jobs[len(s.Jobs)-q.Limit:]
	}
	return s, nil
}

// columns is the width of a line that every terminal shows.
const columns = 80

// WriteText prints a job a line, of 80 columns at most, for people.
func (s *Summary) WriteText(w io.Writer) error {
	t := words.NewTable(w)
	t.Width = columns
	t.Row("job", "made (UTC)", "age", "state", "device", "cost", "for")
	for _, j := range s.Jobs {
		made := j.Created.UTC()
		date := made.Format("01-02 15:04")
		if made.Year() != s.at.UTC().Year() {
			date = made.Format("2006-01-02")
		}
		t.Row(j.Short(), date, words.Brief(s.at.Sub(j.Created)), string(j.State), j.where(), j.sum(), cmp.Or(j.Name, j.Command))
	}
	return t.Flush()
}

// Remarks say what all jobs of the ledger cost.
func (s *Summary) Remarks() []string {
	return []string{fmt.Sprintf("$%.2f today (UTC), $%.2f in all", s.Today, s.Total)}
}

// short is how many letters of a job's id lists show.
const short = 8

// Short is the end of a job's id, by which Ledger.Job finds it.
func (j Job) Short() string { return j.ID[max(0, len(j.ID)-short):] }

// where is the job's device as a list shows it: of a path its last part, of a long name its
// end, which tells more.
func (j Job) where() string {
	const most = 22
	name := []rune(j.Device[strings.LastIndexByte(j.Device, '/')+1:])
	if room := most - len(j.Service) - 1; len(name) > room {
		name = append([]rune("…"), name[len(name)-max(0, room-1):]...)
	}
	return j.Service + ":" + string(name)
}

// sum is what a job costs with all its attempts, as a list shows it: in dollars, with a tilde
// where a part of it is an estimate, or in a unit of the service.
func (j Job) sum() string {
	if j.Amount != nil && j.Cost == nil {
		return words.Cut(j.Amount.String(), 10)
	}
	charges := j.Charges
	if len(charges) == 0 {
		charges = []Charge{{USD: j.Estimate}}
	}
	usd, told := 0.0, true
	for _, c := range charges {
		if c.USD == nil {
			return words.None
		}
		usd, told = usd+*c.USD, told && c.Told
	}
	if told {
		return fmt.Sprintf("$%.2f", usd)
	}
	return fmt.Sprintf("~$%.2f", usd)
}
