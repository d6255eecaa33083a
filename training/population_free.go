package training

import (
	"context"
	"math/bits"
	"math/rand/v2"

	"qgan/internal/stream"
)

// freeRun are samples that run on from real pasts.
type freeRun struct {
	gen      *Population
	moments  *moments // nil: no statistics are taken
	bins     int      // that they run over, of which the first skip are left out
	skip     int
	places   []place // where they begin
	of       *scenes
	words    []uint64 // bins x samples x stride
	uniforms []float64
	mean     []float64 // of the statistics
	kept     *scenes   // one of each sample, in bin keptAt of its run
	keptAt   []int
}

// Of samples that run freely: how many side by side, over how many bins statistics are taken,
// and how many are left out before them, since a memory that feeds itself takes some to show it.
const (
	freeRuns = 1024
	freeBins = 60
	freeSkip = 40
)

// free is over how many bins samples run, and how many of them are left out, where so many
// are to count: as many as a window has before its last bin, at least.
func (s *populationSource) free(counted int) (bins, skip int) {
	t := s.gen.config.Timesteps
	bins = min(max(freeSkip, t-1)+counted, s.raster.Bins)
	return bins, max(bins*freeSkip/(freeSkip+counted), t-1)
}

func newFreeRun(g *Population, m *moments, s *populationSource, counted int) *freeRun {
	r := &freeRun{
		gen: g, moments: m, places: make([]place, freeRuns), of: g.newScenes(freeRuns),
		uniforms: make([]float64, freeRuns*g.config.Neurons), kept: g.newScenes(freeRuns), keptAt: make([]int, freeRuns),
	}
	if m != nil {
		r.mean = make([]float64, m.size)
	}
	r.bins, r.skip = s.free(counted)
	r.words = make([]uint64, r.bins*freeRuns*g.stride)
	return r
}

// word is what a sample has in a bin of its run.
func (r *freeRun) word(sample, bin int) []uint64 {
	return r.words[(bin*freeRuns+sample)*r.gen.stride:][:r.gen.stride]
}

// begin draws places for samples to begin at, which lie evenly over the bins of a repeat, so
// that what the stimulus does is in all runs alike.
func (r *freeRun) begin(s *populationSource, rng *rand.Rand) {
	each := float64(s.raster.Bins-r.bins+1) / freeRuns
	for i, k := range rng.Perm(freeRuns) {
		r.places[i] = place{rng.IntN(s.raster.Repeats), int((float64(k) + rng.Float64()) * each)}
	}
}

// cover is how often the bins of a repeat are in the runs, in parts of all.
func (r *freeRun) cover(s *populationSource) []float64 {
	out := make([]float64, s.raster.Bins)
	starts := len(out) - r.bins + 1
	for from := range starts {
		for k := r.skip; k < r.bins; k++ {
			out[from+k] += 1 / float64(starts*(r.bins-r.skip))
		}
	}
	return out
}

// spikes counts those of the bins that are not left out.
func (r *freeRun) spikes() int { return ones(r.words[r.skip*freeRuns*r.gen.stride:]) }

// ones counts the spikes of words.
func ones(words []uint64) (count int) {
	for _, w := range words {
		count += bits.OnesCount64(w)
	}
	return count
}

// run runs on from bins of a recording, takes the mean statistics, and keeps of each sample
// the scene of one bin, all bins alike often.
func (r *freeRun) run(ctx context.Context, params []float64, s *populationSource, starts, rng *rand.Rand) error {
	g := r.gen
	r.begin(s, starts)
	trails := g.trails(s, r.places)
	clear(r.mean)
	counted := r.bins - r.skip
	weight, kept := 1/float64(counted*freeRuns), 0
	for k := range r.bins {
		for i := range r.uniforms {
			r.uniforms[i] = rng.Float64()
		}
		eachLane(freeRuns, func(i int) { g.see(trails[i], r.places[i].bin+k, r.of, i) })
		if err := g.words.Draw(ctx, g.bind(params, r.of), r.uniforms, r.words[k*freeRuns*g.stride:][:freeRuns*g.stride]); err != nil {
			return err
		}
		if k >= r.skip {
			for i := 0; r.moments != nil && i < freeRuns; i++ {
				r.moments.each(r.of, i, r.word(i, k), func(k int, x float64) { r.mean[k] += x * weight })
			}
			for end := (k - r.skip + 1) * freeRuns / counted; kept < end; kept++ {
				g.see(trails[kept], r.places[kept].bin+k, r.kept, kept)
				r.keptAt[kept] = k
			}
		}
		eachLane(freeRuns, func(i int) { g.push(trails[i], r.word(i, k)) })
	}
	return nil
}

// credited is a gradient through the words of scenes.
type credited struct {
	gen   *Population
	of    *scenes // each past several times
	words []uint64
	logp  []float64
	up    []float64
}

// freeWords is how many words the gradient takes of each past.
const freeWords = 8

func newCredited(g *Population) *credited {
	lanes := freeRuns * freeWords
	return &credited{gen: g, of: g.newScenes(lanes), words: make([]uint64, lanes*g.stride), logp: make([]float64, lanes), up: make([]float64, lanes)}
}

// descend adds the derivative of
//
//	mean over pasts of sum over words x of p(x | past) value(past, x)
//
// to grad, the pasts as they are, and returns its value: by the score function on several
// words of each past, the mean of the others the baseline of each. value is told a lane of r.of.
func (r *credited) descend(ctx context.Context, params []float64, pasts *scenes, rng *rand.Rand, value func(lane int, word []uint64) float64, grad []float64) (float64, error) {
	g := r.gen
	r.of.repeat(pasts, freeWords)
	uniforms := make([]float64, r.of.lanes*g.config.Neurons)
	for i := range uniforms {
		uniforms[i] = rng.Float64()
	}
	if err := g.words.Draw(ctx, g.bind(params, r.of), uniforms, r.words); err != nil {
		return 0, err
	}
	eachLane(r.of.lanes, func(i int) { r.up[i] = value(i, r.words[i*g.stride:][:g.stride]) })
	mean := 0.0
	for _, x := range r.up {
		mean += x / float64(len(r.up))
	}
	baselined(r.up, freeWords)
	if err := g.forward(ctx, params, r.of, r.words, r.logp); err != nil {
		return 0, err
	}
	return mean, g.backward(ctx, r.up, grad)
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
	repeats *populationSource // that choose
	runs    *freeRun
	aim     *aims
}

// judgedRuns is how many times as many samples judge as a step takes.
const judgedRuns = 2

// score is how far the statistics of the same samples, whatever the parameters, are from
// those of the repeats that choose.
func (j *judging) score(ctx context.Context, params []float64, seed uint64) (Misfit, error) {
	if j.runs == nil {
		m := newMoments(j.repeats.gen)
		j.runs = newFreeRun(m.gen, m, j.repeats, freeBins)
		var err error
		if j.aim, err = m.aims(j.repeats, j.runs.cover(j.repeats)); err != nil {
			return Misfit{}, err
		}
	}
	sum := make([]float64, len(j.runs.mean))
	for part := range uint64(judgedRuns) {
		if err := j.runs.run(ctx, params, j.repeats, stream.New(seed, "judged starts", part), stream.New(seed, "judged", part)); err != nil {
			return Misfit{}, err
		}
		for k, x := range j.runs.mean {
			sum[k] += x / judgedRuns
		}
	}
	return j.aim.misfit(sum), nil
}
