package training

import "context"

// newPopulationRound makes the round of an objective for a population.
func newPopulationRound(c Config, o Objective, g *Population, net *Critic, d *Data) (round, error) {
	switch o {
	case ObjectiveStatistics:
		return newMatching(g, d)
	case ObjectiveWGAN:
		return newContest(c, g, net, d), nil
	}
	return newWordLikelihood(g, d, c.Batch), nil
}

// matching is the stage of ObjectiveStatistics that descends
//
//	½ sum over s of weight_s (mean s of samples - mean s of the recording)²,
//
// s the statistics of moments, on samples that run freely from real pasts. The gradient goes
// through the law of each bin's word and leaves out what the word does to later bins:
//
//	sum over s of weight_s (what s is off by) · mean over pasts of d/dparams sum over words x of p(x | past) s(past, x).
type matching struct {
	noCritic
	judging
	source  *populationSource
	aims    *aims
	samples *freeRun
	through *credited
	credit  []float64
}

func newMatching(g *Population, d *Data) (*matching, error) {
	m, s := newMoments(g), g.source(d.Windows.Raster)
	r := &matching{source: s, samples: newFreeRun(g, m, s, freeBins), through: newCredited(g), credit: make([]float64, m.size), judging: judging{repeats: g.judging(d)}}
	var err error
	r.aims, err = m.aims(s, r.samples.cover(s))
	return r, err
}

func (r *matching) generator(ctx context.Context, u update, grad []float64, out *Losses) error {
	m := r.samples.moments
	if err := r.samples.run(ctx, u.params, r.source, u.real, u.fake); err != nil {
		return err
	}
	mean := r.samples.mean
	out.Generator, out.Count = r.aims.misfit(mean).Total(), 0
	for _, x := range mean[:m.pairs] {
		out.Count += x * float64(m.gen.config.Timesteps)
	}
	for k, x := range mean {
		r.credit[k] = r.aims.weight[k] * (x - r.aims.mean[k])
	}
	_, err := r.through.descend(ctx, u.params, r.samples.kept, u.fake, func(lane int, word []uint64) (sum float64) {
		m.each(r.through.of, lane, word, func(k int, x float64) { sum += r.credit[k] * x })
		return sum
	}, grad)
	return err
}
