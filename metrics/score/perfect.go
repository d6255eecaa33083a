package score

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"gonum.org/v1/gonum/stat/distuv"

	"qgan/internal/stream"
	"qgan/metrics"
	"qgan/metrics/spikes"
)

// The distance of one half of a recording to the other is what the samples of a perfect
// model score, and more than its law does, which has no noise of its own. What that
// scores is not measured but follows: the halves tell how many independent draws the
// recording's windows are worth, and draws from a law like the recording's what the law
// itself scores against so many.

// lawDraws is the number of draws of an expectation, all groups of cells together.
const lawDraws = 20

// proxy is a law like that which counts were drawn from, the states that were not seen
// among it (Chao, Hsieh, Chazdon, Colwell, Gotelli, Ecology 96, 1189, 2015): with f_1
// states seen once, f_2 twice, of S draws,
//
//	missing mass  (f_1/S) ((S-1) f_1 / ((S-1) f_1 + 2 f_2)),
//	states        ((S-1)/S) f_1²/(2 f_2), or ((S-1)/S) f_1 (f_1-1)/2 without f_2,
//
// which share that mass equally; p_i = c_i/S (1 - λ (1-c_i/S)^S), with λ such that all add
// up to 1, since states seen once are mostly rarer than that. There are at most so many
// states. Counts of windows that depend on each other are divided by how many of them are
// worth one draw.
func proxy(counts []float64, states, scatter float64) []float64 {
	var total, once, twice, seen float64
	counts = slices.Clone(counts)
	for k, c := range counts {
		if c > 0 {
			c = max(1, math.Round(c/scatter))
			counts[k] = c
		}
		total += c
		switch {
		case c == 1:
			once++
		case c == 2:
			twice++
		}
		if c > 0 {
			seen++
		}
	}
	unseen := (total - 1) / total * once * (once - 1) / 2
	if twice > 0 {
		unseen = (total - 1) / total * once * once / (2 * twice)
	}
	unseen = min(math.Ceil(unseen), states-seen)
	missing := 0.0
	if once > 0 && unseen > 0 {
		missing = once / total * (total - 1) * once / ((total-1)*once + 2*max(twice, 1))
	}
	lost := math.SmallestNonzeroFloat64
	for _, c := range counts {
		lost += c / total * math.Pow(1-c/total, total)
	}
	var p []float64
	for _, c := range counts {
		if c > 0 {
			p = append(p, c/total*max(0, 1-missing/lost*math.Pow(1-c/total, total)))
		}
	}
	for range int(min(unseen, maxUnseen)) {
		p = append(p, missing/min(unseen, maxUnseen))
	}
	return p
}

// maxUnseen is the number of unseen states that a proxy is given at most.
const maxUnseen = 1 << 20

// draw fills in the relative frequencies of about so many draws of a law.
func draw(p []float64, draws float64, rng *rand.Rand, out []float64) {
	total := 0.0
	for k, x := range p {
		out[k] = distuv.Poisson{Lambda: max(x*draws, math.SmallestNonzeroFloat64), Src: rng}.Rand()
		total += out[k]
	}
	for k := range out {
		out[k] /= max(total, 1)
	}
}

// expectedJS is the mean divergence of a law's draws from others of its draws; of the law
// itself, where first is 0.
func expectedJS(p []float64, first, second float64, times int, rng *rand.Rand) float64 {
	x, y := slices.Clone(p), make([]float64, len(p))
	sum := 0.0
	for range times {
		if first > 0 {
			draw(p, first, rng, x)
		}
		draw(p, second, rng, y)
		sum += metrics.JS(x, y)
	}
	return sum / float64(times)
}

// source is what a recording's windows are taken to be drawn from: laws, one a group of
// cells, and the number of windows that tell as much as one independent draw.
type source struct {
	laws    [][]float64
	scatter float64
	times   int // draws of each law
	rng     *rand.Rand
}

// newSource finds the scatter for which draws of a proxy have the divergence that halves
// of the recording were seen to have, with the proxy made of counts divided by it.
// counts are those of both halves together, one list a group.
func newSource(counts [][]float64, states, halves, first, second float64, rng *rand.Rand) *source {
	s := &source{scatter: 1, times: max(1, lawDraws/len(counts)), rng: rng}
	for range 8 {
		s.laws = s.laws[:0]
		for _, c := range counts {
			s.laws = append(s.laws, proxy(c, states, s.scatter))
		}
		x := s.js(first, second)
		if !(x > 0 && halves > 0) {
			break
		}
		s.scatter = min(max(s.scatter*halves/x, 0.02), 1000) // nearly proportional
	}
	return s
}

// js is the mean divergence between relative frequencies of so many of the recording's
// windows; of the law itself, where first is 0.
func (s *source) js(first, second float64) float64 {
	return s.jsOf(first/s.scatter, second/s.scatter)
}

func (s *source) jsOf(first, second float64) float64 {
	sum := 0.0
	for _, p := range s.laws {
		sum += expectedJS(p, first, second, s.times, s.rng) / float64(len(s.laws))
	}
	return sum
}

// perfectLaw fills in what the exact law of a perfect model scores, by what random halves
// of the recording do.
func (b *bench) perfectLaw(perfect []*Range, figures []Figure, rng *rand.Rand) {
	samples := slices.IndexFunc(figures, func(f Figure) bool { return f.Name == jsWords })
	exact := slices.IndexFunc(figures, func(f Figure) bool { return f.Name == jsWordsExact })
	if perfect[samples] == nil {
		return
	}
	ones := func(n int) []float64 { return slices.Repeat([]float64{1}, n) }
	train := b.sumOf(b.train, ones(len(b.train)))
	judge := b.sumOf(b.judge, ones(len(b.judge)))
	x := perfect[samples]
	var counts [][]float64
	for _, s := range b.words {
		c := slices.Clone(at(train.sum, s))
		for k, n := range at(judge.sum, s) {
			c[k] += n
		}
		counts = append(counts, c)
	}
	s := newSource(counts, float64(len(counts[0])), x.Mean, train.binCount(), judge.binCount(), rng)
	if x.Mean > 0 {
		share := s.js(0, judge.binCount()) / x.Mean
		perfect[exact] = &Range{x.Mean * share, x.Low * share, x.High * share}
	}
}

// PerfectJS is the divergence in nats that is expected between the windows of t bins of
// the judging half and a perfect model: its exact law where samples is 0, otherwise so
// many independent windows drawn from it. Halves is what random halves of the recording
// score against each other, which is no floor for a law. It fails where the windows can't
// be counted.
func (r *Referee) PerfectJS(t, samples int) (perfect, halves float64, err error) {
	count := func(x *spikes.Raster) (*metrics.States, error) {
		return metrics.CountStates(spikes.Windows{Raster: x, T: t})
	}
	all, err := count(r.whole)
	if err != nil {
		return 0, 0, fmt.Errorf("what a perfect model scores: %w", err)
	}
	var first, second float64
	for k := range lawDraws {
		order := stream.New(r.opt.Seed, "score/windows", uint64(k)).Perm(r.whole.Repeats)
		var laws [2]*metrics.States
		for side, repeats := range [][]int{order[:r.train.Repeats], order[r.train.Repeats:]} {
			half, err := r.whole.SelectRepeats(repeats, "")
			if err != nil {
				return 0, 0, err
			}
			if laws[side], err = count(half); err != nil {
				return 0, 0, err
			}
		}
		js, err := metrics.JSStates(laws[0], laws[1])
		if err != nil {
			return 0, 0, err
		}
		halves += js / lawDraws
		first, second = float64(laws[0].Total), float64(laws[1].Total)
	}
	counts := make([]float64, all.Len())
	for i, c := range all.Counts {
		counts[i] = float64(c)
	}
	rng := stream.New(r.opt.Seed, "score/perfect")
	s := newSource([][]float64{counts}, math.Exp2(float64(all.Bits())), halves, first, second, rng)
	return s.jsOf(float64(samples), second/s.scatter), halves, nil
}
