package training

import (
	"context"
	"math/rand/v2"

	"qgan/internal/stream"
	"qgan/metrics/spikes"
)

// newPopulationRound makes the round of an objective for a population.
func newPopulationRound(c Config, o Objective, g *Population, net *Critic, d *Data) (round, error) {
	if o == ObjectiveLikelihood {
		return newWordLikelihood(g, d, c.Batch), nil
	}
	return newMatching(g, d)
}

// freeRun are samples that run on from real pasts.
type freeRun struct {
	gen      *Population
	moments  *moments
	of       *scenes
	words    []uint64
	uniforms []float64
	mean     []float64 // of the statistics
	kept     *scenes   // one of each sample
}

// Of windows that run freely: how many side by side, and over how many bins, of which the
// first are left out, since a memory that feeds itself takes some to show it.
const (
	freeRuns = 1024
	freeBins = 100
	freeSkip = 40
)

// free is over how many bins samples run, and how many of them are left out.
func (s *populationSource) free() (bins, skip int) {
	bins = min(freeBins, s.raster.Bins)
	return bins, bins * freeSkip / freeBins
}

func newFreeRun(g *Population, m *moments) *freeRun {
	return &freeRun{
		gen: g, moments: m, of: g.newScenes(freeRuns), words: make([]uint64, freeRuns*g.stride),
		uniforms: make([]float64, freeRuns*g.config.Neurons), mean: make([]float64, m.size), kept: g.newScenes(freeRuns),
	}
}

// run runs on from bins of a recording, takes the mean statistics, and keeps of each sample
// the scene of one bin, all bins alike often.
func (r *freeRun) run(ctx context.Context, params []float64, s *populationSource, starts, rng *rand.Rand) error {
	g := r.gen
	bins, skip := s.free()
	places := make([]place, freeRuns)
	for i := range places {
		places[i] = place{starts.IntN(s.raster.Repeats), starts.IntN(s.raster.Bins - bins + 1)}
	}
	trails := g.trails(s, places)
	clear(r.mean)
	weight, kept := 1/float64((bins-skip)*freeRuns), 0
	for k := range bins {
		for i := range r.uniforms {
			r.uniforms[i] = rng.Float64()
		}
		eachLane(freeRuns, func(i int) { g.see(trails[i], places[i].bin+k, r.of, i) })
		if err := g.words.Draw(ctx, g.bind(params, r.of), r.uniforms, r.words); err != nil {
			return err
		}
		if k >= skip {
			for i := range trails {
				r.moments.each(r.of, i, r.words[i*g.stride:][:g.stride], func(k int, x float64) { r.mean[k] += x * weight })
			}
			for end := (k - skip + 1) * freeRuns / (bins - skip); kept < end; kept++ {
				g.see(trails[kept], places[kept].bin+k, r.kept, kept)
			}
		}
		eachLane(freeRuns, func(i int) { g.push(trails[i], r.words[i*g.stride:][:g.stride]) })
	}
	return nil
}

// matching is the stage of ObjectiveStatistics that descends
//
//	½ sum over s of weight_s (mean s of samples - mean s of the recording)²,
//
// s the statistics of moments, on samples that run freely from real pasts. The gradient goes
// through the law of each bin's word and leaves out what the word does to later bins:
//
//	sum over s of weight_s (what s is off by) · mean over pasts of d/dparams sum over words x of p(x | past) s(past, x),
//
// the inner sum by the score function on several words of each past, the mean of the others
// the baseline of each.
type matching struct {
	noCritic
	gen     *Population
	source  *populationSource
	moments *moments
	aims    *aims
	samples *freeRun
	of      *scenes // each past several times
	words   []uint64
	logp    []float64
	up      []float64
	credit  []float64
	judge   judging
}

// freeWords is how many words the gradient takes of each past.
const freeWords = 8

func newMatching(g *Population, d *Data) (*matching, error) {
	m, lanes := newMoments(g), freeRuns*freeWords
	r := &matching{
		gen: g, source: g.source(d.Windows.Raster), moments: m, samples: newFreeRun(g, m), of: g.newScenes(lanes),
		words: make([]uint64, lanes*g.stride), logp: make([]float64, lanes), up: make([]float64, lanes), credit: make([]float64, m.size),
		judge: judging{raster: d.judge().Windows.Raster},
	}
	var err error
	_, skip := r.source.free()
	r.aims, err = m.aims(r.source, skip)
	return r, err
}

func (r *matching) generator(ctx context.Context, u update, grad []float64, out *Losses) error {
	g, m := r.gen, r.moments
	if err := r.samples.run(ctx, u.params, r.source, u.real, u.fake); err != nil {
		return err
	}
	mean := r.samples.mean
	out.Generator, out.Count = r.aims.distance(mean), 0
	for _, x := range mean[:m.pairs] {
		out.Count += x * float64(g.config.Timesteps)
	}
	for k, x := range mean {
		r.credit[k] = r.aims.weight[k] * (x - r.aims.mean[k])
	}
	r.of.repeat(r.samples.kept, freeWords)
	uniforms := make([]float64, r.of.lanes*g.config.Neurons)
	for i := range uniforms {
		uniforms[i] = u.fake.Float64()
	}
	if err := g.words.Draw(ctx, g.bind(u.params, r.of), uniforms, r.words); err != nil {
		return err
	}
	eachLane(r.of.lanes, func(i int) {
		sum := 0.0
		m.each(r.of, i, r.words[i*g.stride:][:g.stride], func(k int, x float64) { sum += r.credit[k] * x })
		r.up[i] = sum
	})
	baselined(r.up, freeWords)
	if err := g.forward(ctx, u.params, r.of, r.words, r.logp); err != nil {
		return err
	}
	return g.backward(ctx, r.up, grad)
}

// baselined makes of the values of lanes, so many in a row of each past, the derivatives by
// their ln p: each less the mean of the others in its row, over the number of lanes.
func baselined(values []float64, row int) {
	for i := 0; i < len(values); i += row {
		sum := 0.0
		for _, x := range values[i:][:row] {
			sum += x
		}
		for k := range values[i:][:row] {
			x := &values[i+k]
			*x = (float64(row)**x - sum) / float64((row-1)*len(values))
		}
	}
}

// repeat makes each of some scenes so many lanes.
func (of *scenes) repeat(from *scenes, times int) {
	traces, recent := len(from.traces)/from.lanes, len(from.recent)/from.lanes
	for i := range of.lanes {
		j := i / times
		of.bins[i], of.silent[i] = from.bins[j], from.silent[j]
		copy(of.traces[i*traces:][:traces], from.traces[j*traces:])
		copy(of.recent[i*recent:][:recent], from.recent[j*recent:])
	}
}

// judging chooses parameters by the statistics of samples that run freely.
type judging struct {
	raster *spikes.Raster
	source *populationSource
	aims   *aims
}

// score is how far the statistics of the same samples, whatever the parameters, are from
// those of the repeats that choose, in their standard errors.
func (j *judging) score(ctx context.Context, g *Population, params []float64, samples *freeRun, seed uint64) (float64, error) {
	if j.source == nil {
		var err error
		j.source = g.source(j.raster)
		_, skip := j.source.free()
		if j.aims, err = samples.moments.aims(j.source, skip); err != nil {
			return 0, err
		}
	}
	sum := make([]float64, len(samples.mean))
	for part := range uint64(judgedRuns) {
		if err := samples.run(ctx, params, j.source, stream.New(seed, "judged starts", part), stream.New(seed, "judged", part)); err != nil {
			return 0, err
		}
		for k, x := range samples.mean {
			sum[k] += x / judgedRuns
		}
	}
	return j.aims.distance(sum), nil
}

// judgedRuns is how many times as many samples judge as a step takes.
const judgedRuns = 2

func (r *matching) score(ctx context.Context, params []float64, seed uint64) (float64, error) {
	return r.judge.score(ctx, r.gen, params, r.samples, seed)
}
