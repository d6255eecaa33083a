package training

import (
	"context"
	"math"

	"qgan/metrics"
)

// descend adds the gradient of
//
//	-sum over histories i and words x of weight_i(x) ln p(x | i)
//
// to grad and writes its value, and the generator's mean number of spikes of a
// window. target calls its argument for each word that counts of a history.
func (g *Recurrent) descend(ctx context.Context, params []float64, of []history, target func(i int, add func(word uint32, weight float64)), grad []float64, out *Losses) error {
	laws := make([]float64, len(of)*g.words())
	if err := g.forward(ctx, params, of, laws); err != nil {
		return err
	}
	upstream := make([]float64, len(laws))
	out.Generator, out.Count = 0, 0
	for i := range of {
		all := 0.0
		target(i, func(word uint32, weight float64) {
			at := i*g.words() + int(word)
			p := max(laws[at], leastProbability)
			all += weight
			out.Generator -= weight * math.Log(p)
			upstream[at] -= weight / p
		})
		out.Count += all * meanCount(laws[i*g.words():][:g.words()]) * float64(g.timesteps)
	}
	return g.backward(ctx, upstream, grad)
}

// leastProbability bounds the gradient of a word that the generator all but
// excludes.
const leastProbability = 1e-12

// drawnLikelihood is ObjectiveLikelihood on words drawn from the recording.
type drawnLikelihood struct {
	noCritic
	gen   *Recurrent
	pairs *pairs
}

func (r *drawnLikelihood) generator(ctx context.Context, u update, grad []float64, out *Losses) error {
	batch := r.pairs.draw(u.real)
	return r.gen.descend(ctx, u.params, histories(batch), func(i int, add func(uint32, float64)) {
		add(batch[i].word(), 1/float64(len(batch)))
	}, grad, out)
}

// seenLikelihood is ObjectiveLikelihood summed over all windows of the recording:
// each distinct beginning of a window is one circuit.
type seenLikelihood struct {
	noCritic
	gen     *Recurrent
	of      []history
	targets [][]target
}

// target is a word that follows a history, and in what share of all bins.
type target struct {
	word   uint32
	weight float64
}

func newSeenLikelihood(g *Recurrent, d *Data) *seenLikelihood {
	r := &seenLikelihood{gen: g}
	s := d.States
	for k := range s.Timesteps {
		first := append(starts(s, k), s.Len())
		for j, i := range first[:len(first)-1] {
			r.of = append(r.of, history{s.Window(i)[:k], g.circuit(k)})
			r.targets = append(r.targets, following(s, i, first[j+1], k))
		}
	}
	return r
}

// following lists the words at timestep k of the windows from … to-1, which begin
// alike and are in order.
func following(s *metrics.States, from, to, k int) []target {
	var out []target
	for i := from; i < to; i++ {
		w := s.Window(i)[k]
		if n := len(out); n == 0 || out[n-1].word != w {
			out = append(out, target{word: w})
		}
		out[len(out)-1].weight += s.Prob(i) / float64(s.Timesteps)
	}
	return out
}

func (r *seenLikelihood) generator(ctx context.Context, u update, grad []float64, out *Losses) error {
	return r.gen.descend(ctx, u.params, r.of, func(i int, add func(uint32, float64)) {
		for _, t := range r.targets[i] {
			add(t.word, t.weight)
		}
	}, grad, out)
}
