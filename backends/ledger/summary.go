package ledger

import (
	"fmt"
	"time"
)

// Summary is a ledger's jobs and what they cost in US dollars, for people and programs.
type Summary struct {
	Schema string  `json:"schema"`
	Jobs   []Job   `json:"jobs"`
	Today  float64 `json:"spent_today_usd"` // by the time of sending, of the day in UTC
	Total  float64 `json:"spent_usd"`
	// Planned is the estimate of what is to be sent.
	Planned float64 `json:"planned_usd"`
}

// Summary lists the jobs, or those that have not ended, and sums up what all of them cost.
func (l *Ledger) Summary(open bool) (*Summary, error) {
	all, err := l.Jobs()
	if err != nil {
		return nil, err
	}
	s := &Summary{Schema: "qgan.jobs/v1", Jobs: []Job{}, Today: SpentSince(all, startOfDay(l.Now())), Total: SpentSince(all, time.Time{}), Planned: planned(all, time.Time{})}
	for _, j := range all {
		if !open || !j.State.Final() {
			s.Jobs = append(s.Jobs, j)
		}
	}
	return s, nil
}

// Spent is what a job cost or, with a tilde, may cost, in US dollars or in the service's
// unit; and what is counted for attempts that were never found.
func (j Job) Spent() string {
	text, lost := "not known", 0
	switch {
	case j.Amount != nil && j.Cost == nil:
		text = j.Amount.String()
	case j.Cost != nil:
		text = fmt.Sprintf("$%.2f", *j.Cost)
	case j.Estimate != nil:
		text = fmt.Sprintf("~$%.2f", *j.Estimate)
	}
	for _, c := range j.Charges {
		if c.Lost {
			lost++
		}
	}
	if more := min(lost, len(j.Charges)-1); more > 0 { // beside the one that is told
		text += fmt.Sprintf(" and %d lost", more)
		if j.Estimate != nil {
			text += fmt.Sprintf(" of ~$%.2f", *j.Estimate)
		}
	}
	return text
}

// Unsettled says that a job has ended at its service, which has not said what it cost.
func (j Job) Unsettled() bool {
	return j.State.Final() && j.State != Gone && j.Remote != "" && j.Cost == nil && j.Amount == nil
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
