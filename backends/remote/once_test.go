package remote

import (
	"context"
	"io"
	"sync/atomic"
	"testing"
	"time"

	"qgan/backends"
	"qgan/backends/service"
)

// counted counts what is asked of a service.
type counted struct {
	*fakeService
	limits, decoded atomic.Int32
}

func (s *counted) Limits(ctx context.Context) (service.Limits, error) {
	s.limits.Add(1)
	return s.fakeService.Limits(ctx)
}

func (s *counted) Decode(shapes []service.Shape, r io.Reader) ([]backends.Outcome, error) {
	s.decoded.Add(1)
	return s.fakeService.Decode(shapes, r)
}

// Limits are asked for once by each Remote, whatever it runs, and a result is decoded when
// it comes and not again; one that another process kept is decoded where it is read.
func TestNothingIsAskedTwice(t *testing.T) {
	s := &counted{fakeService: newFake()}
	s.fakeService.limits = service.Limits{Programs: 1, PerMinute: 60_000}
	l := openLedger(t, t.TempDir())
	requests := []backends.Request{requestOf(3, 10)}
	run := func() {
		t.Helper()
		r := &Remote{Service: s, Ledger: l, Patience: Patience{PollMin: time.Millisecond}}
		for range 2 { // the second finds the jobs of the first
			if _, err := r.Run(t.Context(), requests); err != nil {
				t.Fatal(err)
			}
		}
	}
	run()
	if a, d := s.limits.Load(), s.decoded.Load(); a != 1 || d != 3+3 {
		t.Errorf("three jobs that are run and then read: limits asked %d times, %d decodings, want 1 and 6", a, d)
	}
	run()
	if a, d := s.limits.Load(), s.decoded.Load(); a != 2 || d != 6+3+3 {
		t.Errorf("three jobs that are there, twice: limits asked %d times in all, %d decodings, want 2 and 12", a, d)
	}
	rehearsal := &Rehearsal{Service: s, Answer: zeros{}}
	for range 3 {
		if _, err := rehearsal.Run(t.Context(), requests); err != nil {
			t.Fatal(err)
		}
	}
	if a := s.limits.Load(); a != 3 || rehearsal.Limits.Programs != 1 || rehearsal.Jobs != 9 {
		t.Errorf("three rounds of a rehearsal: limits asked %d times in all, want 3", a)
	}
}
