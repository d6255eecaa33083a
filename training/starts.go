package training

import (
	"context"
	"math"
	"slices"

	"qgan/internal/stream"
)

// startSteps are the steps after which starts are told apart, and maxStarts bounds them.
const (
	startSteps = 200
	maxStarts  = 100
)

// start chooses the first parameters among as many as the configuration asks for: those
// from which the loss is the least after the first steps of the training, which are not
// counted. The first of them are those of a training with one start. When ctx ends it
// returns the cause, and the training is at its beginning.
func (t *Trainer) start(ctx context.Context) error {
	if t.Config.Starts <= 1 {
		return nil
	}
	begin := t.State
	defer func() { t.State = begin }()
	best, least := begin.Params, math.Inf(1)
	for i := range uint64(t.Config.Starts) {
		s := *begin
		t.State = &s
		s.Params = slices.Clone(begin.Params)
		if i > 0 {
			t.init(stream.New(t.Config.Seed, "init", i))
		}
		first := slices.Clone(s.Params)
		s.Average = slices.Clone(first)
		loss := math.Inf(1)
		for range min(startSteps, t.Config.Iterations) {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			l, err := t.Step(ctx)
			if err != nil {
				return err
			}
			loss = l.Generator
		}
		if loss < least {
			best, least = first, loss
		}
	}
	copy(begin.Params, best)
	copy(begin.Average, best)
	return nil
}
