package remote

import (
	"context"
	"errors"
	"math"
	"testing"
	"testing/synctest"

	"qgan/backends"
	"qgan/backends/ledger"
	"qgan/backends/service"
)

// zeros answers that every shot read zeros.
type zeros struct{}

func (zeros) Run(_ context.Context, requests []backends.Request) ([]backends.Result, error) {
	out := make([]backends.Result, len(requests))
	for i, q := range requests {
		for lane := range q.Bindings.Len() {
			n := q.ShotsOf(lane)
			out[i].Outcomes = append(out[i].Outcomes, backends.Outcome{Shots: n, Counts: []backends.Count{{N: n}}})
		}
	}
	return out, nil
}

// A rehearsal counts and prices what a run then sends, and sends nothing.
func TestRehearsal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newFake()
		s.limits = service.Limits{Programs: 3, TotalShots: 1000}
		requests := []backends.Request{requestOf(5, 100), requestOf(2, 400)}
		r := &Rehearsal{Service: s, Answer: zeros{}}
		for range 2 {
			if _, err := r.Run(t.Context(), requests); err != nil {
				t.Fatal(err)
			}
		}
		if s.posts != 0 {
			t.Errorf("%d jobs were sent", s.posts)
		}
		once := r.Since(Rehearsal{Rounds: r.Rounds / 2, Jobs: r.Jobs / 2, Circuits: r.Circuits / 2, Shots: r.Shots / 2, USD: r.USD / 2})
		real := &Remote{Service: s, Ledger: openLedger(t, t.TempDir())}
		if _, err := real.Run(t.Context(), requests); err != nil {
			t.Fatal(err)
		}
		jobs, err := real.Ledger.Jobs()
		if err != nil {
			t.Fatal(err)
		}
		circuits, shots, usd := 0, 0, 0.0
		for _, j := range jobs {
			circuits, shots, usd = circuits+j.Circuits, shots+j.Shots, usd+*j.Estimate
		}
		if once.Rounds != 1 || once.Jobs != len(jobs) || once.Circuits != circuits || once.Shots != shots || math.Abs(once.USD-usd) > 1e-12 || r.Unpriced {
			t.Errorf("rehearsed %+v, sent %d jobs of %d circuits and %d shots for $%v", once, len(jobs), circuits, shots, usd)
		}
	})
}

// The limit of a command counts all that it sends, one call after the other.
func TestTheLimitOfACommand(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newFake()
		limit := 0.05
		r := &Remote{Service: s, Ledger: openLedger(t, t.TempDir()), Limits: ledger.Limits{PerCommand: &limit}}
		request := requestOf(3, 10)
		if _, err := r.Run(t.Context(), []backends.Request{request}); err != nil {
			t.Fatal(err)
		}
		sent := s.posts
		if _, err := r.Run(t.Context(), []backends.Request{request}); err != nil || s.posts != sent {
			t.Errorf("what the ledger has is paid for: %v", err)
		}
		request.Seed = 1
		if _, err := r.Run(t.Context(), []backends.Request{request}); !errors.Is(err, ledger.ErrLimit) || s.posts != sent {
			t.Errorf("%d more posts: %v", s.posts-sent, err)
		}
	})
}
