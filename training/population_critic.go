package training

import (
	"context"
	"slices"

	f64 "gonum.org/v1/gonum/floats"
)

// contest is ObjectiveWGAN of a population, on windows of samples that run freely from real
// pasts, held against the real windows of the same bins and repeats. The generator's gradient
// goes through the law of a window's last word, as that of matching does: the critic's value
// of the window is the word's credit. Every bin is the last of a window.
type contest struct {
	judging
	config  Config
	net     *Critic
	source  *populationSource
	samples *freeRun // of the step
	through *credited
	hidden  []float64 // the critic's units of each sample's window without its last word
	target  float64   // spikes of a window
}

// contestBins is in how many bins of each run windows may end.
const contestBins = 10

func newContest(c Config, g *Population, net *Critic, d *Data) *contest {
	s := g.source(d.Windows.Raster)
	return &contest{
		judging: judging{repeats: g.judging(d)}, config: c, net: net, source: s, samples: newFreeRun(g, nil, s, contestBins),
		through: newCredited(g), hidden: make([]float64, freeRuns*c.Hidden), target: d.MeanCount,
	}
}

func (r *contest) critic(ctx context.Context, u update, grad []float64, out *Losses) error {
	s := r.samples
	if u.index == 0 { // the generator is the same in all updates of a step
		if err := s.run(ctx, u.params, r.source, u.real, u.fake); err != nil {
			return err
		}
	}
	n, t := r.config.Neurons, r.config.Timesteps
	r.net.descend(r.config, min(r.config.Batch, freeRuns), func(i int, real, fake []float64) {
		clear(real)
		clear(fake)
		from, first := s.places[i], s.skip+u.real.IntN(s.bins-s.skip)-t+1
		for k := range t {
			eachSpike(r.source.raster.Row(from.rep, from.bin+first+k), func(q int) { real[k*n+q] = 1 })
			eachSpike(s.word(i, first+k), func(q int) { fake[k*n+q] = 1 })
		}
	}, u.mix, grad, out)
	return nil
}

func (r *contest) generator(ctx context.Context, u update, grad []float64, out *Losses) error {
	c, s, net := r.config, r.samples, r.net
	n, t := c.Neurons, c.Timesteps
	add := func(h []float64, k int, word []uint64) { // what a word puts into the hidden units
		eachSpike(word, func(q int) { f64.Add(h, net.row(net.Params, k*n+q)) })
	}
	out.Count = float64(t*s.spikes()) / float64(freeRuns*(s.bins-s.skip))
	loss, slope := c.countLoss(out.Count, r.target)
	eachLane(freeRuns, func(i int) {
		h := r.hidden[i*c.Hidden:][:c.Hidden]
		copy(h, net.bias(net.Params))
		for k := range t - 1 {
			add(h, k, s.word(i, s.keptAt[i]-(t-1)+k))
		}
	})
	mean, err := r.through.descend(ctx, u.params, s.kept, u.fake, func(lane int, word []uint64) float64 {
		h := slices.Clone(r.hidden[lane/freeWords*c.Hidden:][:c.Hidden])
		add(h, t-1, word)
		return slope*float64(t*ones(word)) - net.top(h)
	}, grad)
	out.Generator = mean - slope*out.Count + loss
	return err
}
