package training

import (
	"context"
	"errors"
	"math"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"qgan/internal/stream"
)

// Of several starts the one is trained whose loss is the least after the first steps; the
// training then is as if it had begun there. When it is stopped it is at its beginning.
func TestStarts(t *testing.T) {
	seen := map[int]bool{}
	for seed := range uint64(4) {
		c := testConfig(t, 3, 1).WithObjective(ObjectiveLikelihood)
		c.Seed, c.Starts, c.Iterations = seed, 3, 20
		best, least := 0, math.Inf(1)
		var first, last []float64
		for i := range c.Starts {
			one := c
			one.Starts = 1
			tr := testTrainer(t, one)
			if i > 0 {
				tr.init(stream.New(seed, "init", uint64(i)))
			}
			begin := slices.Clone(tr.State.Params)
			copy(tr.State.Average, begin)
			var l Losses
			for range c.Iterations {
				var err error
				if l, err = tr.Step(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			if l.Generator < least {
				best, least, first, last = i, l.Generator, begin, tr.State.Average
			}
		}
		seen[best] = true

		tr := testTrainer(t, c)
		begin := slices.Clone(tr.State.Params)
		stopped, stop := context.WithCancelCause(t.Context())
		cause := errors.New("enough")
		stop(cause)
		if err := tr.start(stopped); err != cause || tr.State.Step != 0 || !slices.Equal(tr.State.Params, begin) {
			t.Errorf("seed %d, stopped: %v at step %d", seed, err, tr.State.Step)
		}
		if err := tr.start(t.Context()); err != nil {
			t.Fatal(err)
		}
		if s := tr.State; s.Step != 0 || !slices.Equal(s.Params, first) || !slices.Equal(s.Average, first) {
			t.Errorf("seed %d: the start chosen is not that of number %d", seed, best)
		}
		whole := testTrainer(t, c)
		if err := whole.Train(t.Context(), nil, nil, nil); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(last, whole.State.Average); d != "" || whole.State.Step != c.Iterations {
			t.Errorf("seed %d, trained for %d steps: %s", seed, whole.State.Step, d)
		}
	}
	if len(seen) < 2 || !seen[0] {
		t.Errorf("the starts %v were chosen: seeds that tell them apart are needed", seen)
	}
}
