package ledger

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

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
		{"job", j.ID}, {"name", j.Name}, {"tags", strings.Join(j.Tags, ", ")}, {"state", string(j.State)}, {"reason", j.Reason}, {"service", j.Service + ":" + j.Device}, {"address", j.Endpoint}, {"id there", j.Remote},
		{"for", j.Command}, {"circuits", fmt.Sprint(j.Circuits)}, {"shots", fmt.Sprint(j.Shots)}, {"cost", j.Spent()}, {"attempts", fmt.Sprint(j.Attempt)},
		{"made", j.Created.Format(time.RFC3339)}, {"changed", j.Updated.Format(time.RFC3339)}, {"snapshot", j.Snapshot},
		{"options", options(j.Options)},
	} {
		if k[1] != "" {
			facts = append(facts, k)
		}
	}
	return facts
}

// options are those of a job as one text.
func options(given map[string]string) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(given)) {
		parts = append(parts, name+" "+given[name])
	}
	return strings.Join(parts, ", ")
}
