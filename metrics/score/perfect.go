package score

import (
	"math"
	"math/rand/v2"
	"slices"

	"qgan/internal/parallel"
	"qgan/metrics"
)

// The distance of one half of a recording to the other is what the samples of a perfect
// model score, and more than its law does, which has no noise of its own.

// perfect returns what samples of so many units score that are the recording's own: the
// units of both halves are dealt anew, as many to the sample as it has and there are, as
// many to the judging half as it has.
func (r *Referee) perfect(b *bench, units int, figures []Figure) []*Range {
	units = min(units, len(b.train))
	r.mu.Lock()
	defer r.mu.Unlock()
	if p := b.perfect[units]; p != nil {
		return p
	}
	out := make([]*Range, len(figures))
	if len(b.train) > 1 && len(b.judge) > 1 {
		values := r.draws(b, figures, "halves", b.dealt(units))
		for k, v := range values {
			if v = sorted(v); len(v) > 0 {
				out[k] = &Range{mean(v), metrics.Quantile(v, 0.025), metrics.Quantile(v, 0.975)}
				if figures[k].rare {
					out[k].High = max(out[k].High, out[k].Mean+rareBins/(float64(units)*b.unitBins()))
				}
			}
		}
	}
	b.perfectLaw(out, figures, float64(units)/float64(len(b.train)), r.opt.Workers)
	b.perfect[units] = out
	return out
}

// rareBins are bins of which, with 97.5 %, there is one at least: so many in a sample may be
// of a kind that no draw had. It is -ln 0.025.
const rareBins = 3.69

// unitBins are the bins of a unit of the training half, the mean.
func (b *bench) unitBins() float64 {
	sum := 0.0
	for _, row := range b.train {
		sum += float64(row[b.total.from]) / float64(len(b.train))
	}
	return sum
}

// dealt deals the units of both halves anew, so many to a sample and as many as it has to the
// judging half.
func (b *bench) dealt(units int) draw {
	train := len(b.train)
	return func(rng *rand.Rand) (sample, judge []weighted, rest pairing) {
		order := rng.Perm(train + len(b.judge))
		part := func(units []int) []weighted {
			w := make([]float64, len(order))
			for _, u := range units {
				w[u] = 1
			}
			return []weighted{{b.train, w[:train]}, {b.judge, w[train:]}}
		}
		return part(order[:units]), part(order[train:]), pairing{}
	}
}

// perfectLaw fills in what the exact law of a perfect model scores: what random halves of
// the recording do, of which the sample is so large a part of the training half, times the
// share that [metrics.Abundances] of the words expect of the distance of a law, of that of
// as many draws.
func (b *bench) perfectLaw(perfect []*Range, figures []Figure, part float64, workers int) {
	of := func(name string) int { return slices.IndexFunc(figures, func(f Figure) bool { return f.Name == name }) }
	halves := perfect[of(jsWords)]
	if halves == nil {
		return
	}
	ones := func(n int) []float64 { return slices.Repeat([]float64{1}, n) }
	train := b.sumOf(b.train, ones(len(b.train)))
	judge := b.sumOf(b.judge, ones(len(b.judge)))
	drawn, exact := make([]float64, len(b.words)), make([]float64, len(b.words))
	parallel.Each(len(b.words), workers, func(g, _ int) {
		x, y := at(train.sum, b.words[g]), at(judge.sum, b.words[g])
		counts := make([]int, len(x))
		for k := range counts {
			counts[k] = int(math.Round(x[k] + y[k]))
		}
		a := metrics.FitAbundances(counts)
		drawn[g] = a.ExpectedJS(part*train.binCount(), judge.binCount())
		exact[g] = a.ExpectedJS(math.Inf(1), judge.binCount())
	})
	if share := mean(exact) / mean(drawn); metrics.FiniteOrNil(share) != nil {
		perfect[of(jsWordsExact)] = &Range{halves.Mean * share, halves.Low * share, halves.High * share}
	}
}
