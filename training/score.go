package training

import (
	"context"
	"math"
	"slices"

	"qgan/metrics"
)

// Glance is what a training sees of its generator at a monitored step.
type Glance struct {
	// JS is the divergence in nats to the law of the repeats trained on; nil: out of reach.
	JS      *float64
	PSilent float64 // the probability of a silent window
	// Score is how far the generator is from the repeats that choose the best parameters,
	// the smaller the better: of a generator with memory the mean -ln of the probability of
	// a bin given those before, in nats; of others the divergence to the law of these
	// repeats. nil: out of reach, or no finite number.
	Score *float64
}

// Best holds the averaged parameters that scored best at a monitored step, and their score
// (see [Glance]).
type Best struct {
	Step    int // 0: there are none yet
	Score   float64
	HeldOut bool // whether repeats chose that were not trained on
	Params  []float64
}

// choose keeps the averaged parameters where they score better than all since a step. Each
// stage of a training chooses anew: what the last one is for, the score doesn't see.
func (s *State) choose(score *float64, since int, heldOut bool) {
	if s.Best.Step <= since {
		s.Best = Best{}
	}
	if score != nil && (s.Best.Step == 0 || *score < s.Best.Score) {
		s.Best = Best{s.Step, *score, heldOut, slices.Clone(s.Average)}
	}
}

// Judged returns the parameters that a generator is judged by, the best ones, and the
// number of steps that made them: the averaged ones of the last step where none were
// scored.
func (s *State) Judged() (params []float64, step int) {
	if s.Best.Step > 0 {
		return s.Best.Params, s.Best.Step
	}
	return s.Average, s.Step
}

// glanceAt is what is seen of the law of the windows of all repeats.
func glanceAt(e *LawEstimate, d *Data, score func(judge *metrics.States, q []float64) float64) Glance {
	judge := d.judge().States
	js := d.States.JSSeen(d.States.Among(d.all, e.Seen))
	return Glance{&js, e.PSilent, metrics.FiniteOrNil(score(judge, judge.Among(d.all, e.Seen)))}
}

// scoreBatches is how many batches the bins of a score are where it is not summed over all
// windows: with a look every 50 steps a few per cent of the training's time.
const scoreBatches = 6

// surprise is the mean -ln of the probability that the generator gives to bins that lie
// evenly over a recording, in nats a bin.
func (g *Recurrent) surprise(ctx context.Context, params []float64, d *Data) (float64, error) {
	sum, batch := 0.0, newPairs(g, d, scoreBatches*g.batch).spread()
	laws := make([]float64, min(len(batch), g.side())*g.words())
	for part := range slices.Chunk(batch, g.side()) {
		if err := g.laws(ctx, params, histories(part), laws[:len(part)*g.words()]); err != nil {
			return 0, err
		}
		for i, e := range part {
			sum -= math.Log(laws[i*g.words()+int(e.word())])
		}
	}
	return sum / float64(len(batch)), nil
}
