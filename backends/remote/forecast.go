package remote

import (
	"fmt"
	"time"

	"qgan/backends/ledger"
)

// Forecast is what work of so many like steps will send at most, one after the other.
type Forecast struct {
	Steps                 int
	Jobs, Circuits, Shots int // of all steps
	StepJobs, StepRounds  int // of a step after the first
	USD                   float64
	Unpriced              bool          // no price is known
	Least                 time.Duration // that the service's submissions a minute take; 0: any number is taken
	PerMinute             int           // submissions
}

// Forecast rehearses two steps, of which the first may calibrate and the second stands for
// all others.
func (r *Rehearsal) Forecast(steps int, step func() error) (*Forecast, error) {
	var parts [2]Rehearsal
	for i := range parts {
		before := *r
		if err := step(); err != nil {
			return nil, err
		}
		parts[i] = r.Since(before)
	}
	first, other, rest := parts[0], parts[1], steps-1
	f := &Forecast{
		Steps: steps, Jobs: first.Jobs + rest*other.Jobs, Circuits: first.Circuits + rest*other.Circuits, Shots: first.Shots + rest*other.Shots,
		StepJobs: other.Jobs, StepRounds: other.Rounds, USD: first.USD + float64(rest)*other.USD, Unpriced: other.Unpriced,
	}
	if r.Limits != nil && r.Limits.PerMinute > 0 {
		f.PerMinute = r.Limits.PerMinute
		f.Least = time.Duration(float64(f.Jobs) / float64(f.PerMinute) * float64(time.Minute))
	}
	return f, nil
}

// Within refuses work, by its name, that costs more than the limit of a command.
func (f *Forecast) Within(l ledger.Limits, what string) error {
	if l.PerCommand != nil && f.USD > *l.PerCommand {
		return fmt.Errorf("%w: %s would cost $%.2f, the limit of a command is $%.2f", ledger.ErrLimit, what, f.USD, *l.PerCommand)
	}
	return nil
}
