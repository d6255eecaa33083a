package ledger

import (
	"fmt"
	"time"
)

// Summary is a ledger's jobs and what they cost in US dollars, for people and programs.
type Summary struct {
	Schema string  `json:"schema"`
	Jobs   []Job   `json:"jobs"`
	Today  float64 `json:"spent_today_usd"` // of the day in UTC
	Total  float64 `json:"spent_usd"`
}

// Summary lists the jobs, or those that have not ended, and sums up what all of them cost.
func (l *Ledger) Summary(open bool) (*Summary, error) {
	all, err := l.Jobs()
	if err != nil {
		return nil, err
	}
	s := &Summary{Schema: "qgan.jobs/v1", Jobs: []Job{}, Today: SpentSince(all, l.Now().UTC().Truncate(24*time.Hour)), Total: SpentSince(all, time.Time{})}
	for _, j := range all {
		if !open || !j.State.Final() {
			s.Jobs = append(s.Jobs, j)
		}
	}
	return s, nil
}

// Spent is what a job cost or, with a tilde, may cost, in US dollars.
func (j Job) Spent() string {
	switch {
	case j.Cost != nil:
		return fmt.Sprintf("$%.2f", *j.Cost)
	case j.Estimate != nil:
		return fmt.Sprintf("~$%.2f", *j.Estimate)
	}
	return "not known"
}

// Facts are what is known of a job, each a name and a text, for people.
func (j Job) Facts() (facts [][2]string) {
	for _, k := range [][2]string{
		{"job", j.ID}, {"state", string(j.State)}, {"reason", j.Reason}, {"service", j.Service + ":" + j.Device}, {"address", j.Endpoint}, {"id there", j.Remote},
		{"for", j.Command}, {"circuits", fmt.Sprint(j.Circuits)}, {"shots", fmt.Sprint(j.Shots)}, {"cost", j.Spent()}, {"attempts", fmt.Sprint(j.Attempt)},
		{"made", j.Created.Format(time.RFC3339)}, {"changed", j.Updated.Format(time.RFC3339)}, {"snapshot", j.Snapshot},
	} {
		if k[1] != "" {
			facts = append(facts, k)
		}
	}
	return facts
}
