package remote

import (
	"encoding/json"
	"fmt"
	"io"

	"qgan/backends"
	"qgan/backends/ledger"
	"qgan/backends/service"
)

// Answer is the result of a job that is done, for people and programs: the reading of its
// circuit, or of the first of several.
type Answer struct {
	backends.Reading
	Job      string              `json:"job"`
	Remote   string              `json:"remote_id"`
	Device   string              `json:"device"`
	Cost     *float64            `json:"cost_usd"`
	Estimate *float64            `json:"estimate_usd"`
	Seconds  float64             `json:"execution_seconds"`
	Programs []*backends.Reading `json:"programs,omitempty"` // of a job of several circuits
}

// Answer reads what the ledger keeps of a job that is done.
func (r *Remote) Answer(j ledger.Job) (*Answer, error) {
	found, err := r.Outcomes(j.ID)
	if err != nil {
		return nil, err
	}
	var shapes []service.Shape
	if err := json.Unmarshal(j.Programs, &shapes); err != nil {
		return nil, err
	}
	out := &Answer{Job: j.ID, Remote: j.Remote, Device: j.Device, Cost: j.Cost, Estimate: j.Estimate, Seconds: j.Seconds}
	for i, o := range found {
		one := backends.NewReading(o.Shots)
		one.Backend, one.Snapshot, one.Counts = j.Service+":"+j.Device, j.Snapshot, o.ByBits(shapes[i].Bits)
		if i == 0 {
			out.Reading = one
		}
		if len(found) > 1 {
			out.Programs = append(out.Programs, &one)
		}
	}
	return out, nil
}

// WriteText writes the reading, or those of all circuits under their numbers.
func (a *Answer) WriteText(w io.Writer) error {
	if a.Programs == nil {
		return a.Reading.WriteText(w)
	}
	for i, one := range a.Programs {
		fmt.Fprintf(w, "# circuit %d\n", i)
		if err := one.WriteText(w); err != nil {
			return err
		}
	}
	return nil
}
