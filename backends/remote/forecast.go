package remote

import (
	"fmt"
	"time"

	"qgan/backends/ledger"
	"qgan/internal/words"
)

// Forecast is what work of so many like steps will send at most, one after the other.
type Forecast struct {
	Steps                 int
	Jobs, Circuits, Shots int // of all steps
	StepJobs, StepRounds  int // of a step after the first
	USD                   float64
	Unpriced              bool          // no price is known
	Free                  bool          // the service is on this machine, where nothing is paid
	Least                 time.Duration // that the service's submissions a minute take; 0: any number is taken
	PerMinute             int           // submissions
	Left                  *float64      // that the account's limit at the service leaves; nil: none
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
		StepJobs: other.Jobs, StepRounds: other.Rounds, USD: first.USD + float64(rest)*other.USD, Unpriced: other.Unpriced, Free: r.Service.Local(),
	}
	if _, session, ok := asked(r.Service); ok {
		f.USD, f.Unpriced = f.USD+session.Price.USD, f.Unpriced || !session.Priced
	}
	if r.Limits != nil {
		f.Left = r.Limits.Left
	}
	if r.Limits != nil && r.Limits.PerMinute > 0 {
		f.PerMinute = r.Limits.PerMinute
		f.Least = time.Duration(float64(f.Jobs) / float64(f.PerMinute) * float64(time.Minute))
	}
	return f, nil
}

// Within refuses work, by its name, that costs more than the limit of a command, or than the
// account's own at the service leaves.
func (f *Forecast) Within(l ledger.Limits, what string) error {
	if l.PerCommand != nil && !(f.USD <= *l.PerCommand) {
		return fmt.Errorf("%w: %s would cost $%.2f, the limit of a command is $%.2f", ledger.ErrLimit, what, f.USD, *l.PerCommand)
	}
	return overLeft(f.Left, f.USD, what)
}

// String says in words what will be sent, how long that takes at least, and what it costs.
func (f *Forecast) String() string {
	text := fmt.Sprintf("%s left: at most %s with %d circuits and %d shots in all; a step has %s with %s of them, one after the other",
		words.Count(f.Steps, "step"), words.Count(f.Jobs, "job"), f.Circuits, f.Shots, words.Count(f.StepJobs, "job"), words.Count(f.StepRounds, "round"))
	if f.PerMinute > 0 {
		lasts := fmt.Sprintf("%.1f h", f.Least.Hours())
		if m := f.Least.Minutes(); m < 120 {
			lasts = fmt.Sprintf("%.0f min", m)
		}
		text += fmt.Sprintf("; %d submissions a minute are taken, so it lasts %s at least and the queue beside", f.PerMinute, lasts)
	}
	switch {
	case f.Free:
		return text + "; jobs on this machine cost nothing"
	case f.Unpriced:
		return text + "; no price is known"
	}
	return text + fmt.Sprintf("; at most $%.2f", f.USD)
}
