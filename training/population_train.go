package training

import (
	"context"
	"math"

	"qgan/metrics"
	"qgan/metrics/spikes"
)

// wordLikelihood is ObjectiveLikelihood of a population, on words drawn from the recording.
type wordLikelihood struct {
	noCritic
	gen    *Population
	source *populationSource
	of     *scenes
	words  []uint64
	logp   []float64
	up     []float64
	counts []float64
}

func newWordLikelihood(g *Population, d *Data, batch int) *wordLikelihood {
	r := &wordLikelihood{
		gen: g, source: g.source(d.Windows.Raster), of: g.newScenes(batch), words: make([]uint64, batch*g.stride),
		logp: make([]float64, batch), up: make([]float64, batch), counts: make([]float64, countLanes*g.config.Neurons),
	}
	for i := range r.up {
		r.up[i] = -1 / float64(batch)
	}
	return r
}

// countLanes are the scenes that the mean number of spikes is taken of, leastLog the smallest
// logarithm that counts in the loss: that of a word that the generator excludes is infinite.
const (
	countLanes = 64
	leastLog   = -1000
)

func (r *wordLikelihood) generator(ctx context.Context, u update, grad []float64, out *Losses) error {
	g := r.gen
	r.source.see(r.source.draw(r.of.lanes, u.real), r.of, r.words)
	if err := g.forward(ctx, u.params, r.of, r.words, r.logp); err != nil {
		return err
	}
	out.Generator = 0
	for _, x := range r.logp {
		out.Generator -= max(x, leastLog) / float64(len(r.logp))
	}
	if err := g.backward(ctx, r.up, grad); err != nil {
		return err
	}
	few := r.of.first(countLanes)
	counts := r.counts[:few.lanes*g.config.Neurons]
	if err := g.words.Marginals(ctx, g.bind(u.params, few), counts); err != nil {
		return err
	}
	out.Count = 0
	for _, p := range counts {
		out.Count += p * float64(g.config.Timesteps) / float64(few.lanes)
	}
	return nil
}

// sideBySide is how many lanes are run at a time where there are many.
const sideBySide = 4096

// at calls use for the scenes of places and the words in them, some at a time.
func (s *populationSource) at(places []place, use func(first int, of *scenes, words []uint64) error) error {
	of := s.gen.newScenes(min(sideBySide, len(places)))
	words := make([]uint64, of.lanes*s.gen.stride)
	for first := 0; first < len(places); first += sideBySide {
		part := places[first:min(first+sideBySide, len(places))]
		of.lanes = len(part)
		s.see(part, of, words)
		if err := use(first, of, words[:len(part)*s.gen.stride]); err != nil {
			return err
		}
	}
	return nil
}

// LogLikelihood is the mean natural logarithm of the probability of each bin of a
// recording given the bins of its repeat before it, in nats a bin. It is exact.
func (g *Population) LogLikelihood(ctx context.Context, params []float64, r *spikes.Raster) (float64, error) {
	if err := checkShape("neurons of a recording", r.Neurons, g.config.Neurons); err != nil {
		return 0, err
	}
	if err := g.checkBins(0, r.Bins); err != nil {
		return 0, err
	}
	places := make([]place, 0, r.Repeats*r.Bins)
	for rep := range r.Repeats {
		for b := range r.Bins {
			places = append(places, place{rep, b})
		}
	}
	return g.meanLog(ctx, params, g.source(r), places)
}

// meanLog is the mean ln p of the words at places, in nats a bin.
func (g *Population) meanLog(ctx context.Context, params []float64, s *populationSource, places []place) (float64, error) {
	sum, logp := 0.0, make([]float64, min(sideBySide, len(places)))
	err := s.at(places, func(_ int, of *scenes, words []uint64) error {
		if err := g.logProbabilities(ctx, params, of, words, logp[:of.lanes]); err != nil {
			return err
		}
		for _, x := range logp[:of.lanes] {
			sum += x
		}
		return nil
	})
	return sum / float64(len(places)), err
}

// monitorPlaces are the bins that a population is looked at in while training.
const monitorPlaces = 1 << 13

// Monitor takes the likelihood of bins that lie evenly over the repeats that choose the best
// parameters, and the probability of silence from real pasts on.
func (g *Population) Monitor(ctx context.Context, params []float64, d *Data, _ uint64) (Glance, error) {
	s := g.judging(d)
	mean, err := g.meanLog(ctx, params, s, s.spread(monitorPlaces, 1))
	if err != nil {
		return Glance{}, err
	}
	silent, err := g.silent(ctx, params, s, d.Windows.T)
	return Glance{PSilent: silent, Score: metrics.FiniteOrNil(-mean)}, err
}

// judging is the recording that chooses the best parameters, prepared once.
func (g *Population) judging(d *Data) *populationSource {
	r := d.judge().Windows.Raster
	if g.judge.of != r {
		g.judge.of, g.judge.source = r, g.source(r)
	}
	return g.judge.source
}

// silent is the probability of a silent window of t bins after real pasts.
func (g *Population) silent(ctx context.Context, params []float64, s *populationSource, t int) (float64, error) {
	places := s.spread(monitorRuns*4, t)
	trails := g.trails(s, places)
	of, row := g.newScenes(len(places)), make([]uint64, g.stride)
	words, logp, sums := make([]uint64, len(places)*g.stride), make([]float64, len(places)), make([]float64, len(places))
	for k := range t {
		for i, x := range trails {
			g.see(x, places[i].bin+k, of, i)
			g.push(x, row)
		}
		if err := g.logProbabilities(ctx, params, of, words, logp); err != nil {
			return 0, err
		}
		for i, x := range logp {
			sums[i] += x
		}
	}
	mean := 0.0
	for _, x := range sums {
		mean += math.Exp(x) / float64(len(sums))
	}
	return mean, nil
}

// trails are what the memory keeps before the bins at places.
func (g *Population) trails(s *populationSource, places []place) []*trail {
	of, words := g.newScenes(len(places)), make([]uint64, len(places)*g.stride)
	s.see(places, of, words)
	out := make([]*trail, len(places))
	for i := range out {
		t := g.newTrail()
		copy(t.traces, of.traces[i*g.traceCount:])
		copy(t.recent, of.recent[i*len(t.recent):])
		t.silent = of.silent[i]
		out[i] = t
	}
	return out
}
