package ledger

import (
	"fmt"

	"qgan/internal/words"
)

// Bill is what jobs cost together.
type Bill struct {
	Jobs, Circuits, Shots int
	// USD is the sum of what services said, or of estimates where they said nothing yet, those
	// of attempts that were never found too.
	USD float64
	// Estimated says that an estimate is in the sum, Unpriced that a job has no price.
	Estimated, Unpriced bool
}

// Bill adds up jobs by their ids; it fails where one is unknown ([ErrNoJob]).
func (l *Ledger) Bill(ids ...string) (Bill, error) {
	b := Bill{Jobs: len(ids)}
	for _, id := range ids {
		j, err := l.Job(id)
		if err != nil {
			return Bill{}, err
		}
		b.Circuits, b.Shots = b.Circuits+j.Circuits, b.Shots+j.Shots
		charges := j.Charges
		if len(charges) == 0 && !j.State.Final() { // it will be sent
			charges = []Charge{{USD: j.Estimate}}
		}
		for _, c := range charges {
			switch {
			case c.USD != nil:
				b.USD, b.Estimated = b.USD+*c.USD, b.Estimated || !c.Told
			default:
				b.Unpriced = true
			}
		}
	}
	return b, nil
}

// String is the bill in a line.
func (b Bill) String() string {
	cost := fmt.Sprintf("$%.2f", b.USD)
	if b.Estimated {
		cost += " by estimate"
	}
	if b.Unpriced {
		cost += " and what has no known price"
	}
	return fmt.Sprintf("%s of %s and %s: %s", words.Count(b.Jobs, "job"), words.Count(b.Circuits, "circuit"), words.Count(b.Shots, "shot"), cost)
}
