package exec

import (
	"context"
	"math"
	"math/rand/v2"

	"qgan/backends"
	"qgan/calibration"
	"qgan/internal/stream"
	"qgan/ir"
)

// Sampler draws words with a Runner. Where readout errors are taken out, the words of a
// lane are drawn anew from the law nearest to its weights, as many as there were shots:
// each occurs its expected number of times but for one.
type Sampler struct {
	Runner     backends.Runner
	Mitigation backends.Mitigation
	// Of all words so far: the remote jobs, the circuits that differ in a call, and the shots.
	Jobs            []string
	Circuits, Shots int
}

// Words returns the outcomes of every lane in random order.
func (s *Sampler) Words(ctx context.Context, c *ir.Circuit, b backends.Bindings, shots []int, seed uint64) ([][]uint64, error) {
	results, err := s.Runner.Run(ctx, []backends.Request{{Circuit: c, Bindings: b, Shots: shots, Seed: seed, Mitigation: s.Mitigation}})
	if err != nil {
		return nil, err
	}
	s.Jobs = append(s.Jobs, results[0].Provenance.Jobs...)
	s.Circuits += len(results[0].Outcomes)
	for _, n := range shots {
		s.Shots += n
	}
	out := make([][]uint64, len(results[0].Outcomes))
	for lane, o := range results[0].Outcomes {
		out[lane] = wordsOf(o, stream.New(seed, "order of shots", uint64(lane)))
	}
	return out, nil
}

// wordsOf returns as many words as an outcome has shots.
func wordsOf(o backends.Outcome, rng *rand.Rand) []uint64 {
	words := make([]uint64, 0, o.Shots)
	if o.Weights == nil {
		for _, c := range o.Counts {
			for range c.N {
				words = append(words, c.Word)
			}
		}
	} else {
		law, _ := calibration.NearestLaw(o.Weights)
		// Systematic sampling: one uniform number, then steps of 1/shots.
		u, sum := rng.Float64(), 0.0
		for i, c := range o.Counts {
			sum += law[i]
			for float64(len(words))+u < sum*float64(o.Shots) {
				words = append(words, c.Word)
			}
		}
		for len(words) < o.Shots { // rounding of the sum
			words = append(words, o.Counts[mostLikely(law)].Word)
		}
	}
	rng.Shuffle(len(words), func(i, j int) { words[i], words[j] = words[j], words[i] })
	return words
}

func mostLikely(law []float64) (at int) {
	best := math.Inf(-1)
	for i, p := range law {
		if p > best {
			at, best = i, p
		}
	}
	return at
}
