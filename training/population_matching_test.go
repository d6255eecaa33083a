package training

import (
	"context"
	"math"
	"slices"
	"testing"

	"qgan/backends/sim"
	"qgan/internal/stream"
	"qgan/metrics"
	"qgan/metrics/spikes"
)

// The statistics of a recording are those of their definition, and the weights the
// reciprocals of the variances of their means, shared out over the parts.
func TestMomentsOfARecording(t *testing.T) {
	r := movie(5, 9, 4)
	g, _ := populationOf(t, "memory in ry", r)
	m := newMoments(g)
	cover := make([]float64, r.Bins)
	for b := range cover {
		cover[b] = 1 / float64(r.Bins)
	}
	aims, err := m.aims(g.source(r), cover)
	if err != nil {
		t.Fatal(err)
	}
	n, own := r.Neurons, g.config.OwnBits
	if want := n + 3 + n*g.traceCount + n*own + n + 1 + len(silentRuns); m.size != want {
		t.Fatalf("%d statistics, want %d", m.size, want)
	}
	x := func(rep, b, q int) float64 {
		if b < 0 || !r.At(rep, b, q) {
			return 0
		}
		return 1
	}
	trace := func(rep, b, j int, decay float64) float64 {
		sum := 0.0
		for back := 1; back <= b; back++ {
			sum += math.Pow(decay, float64(back-1)) * x(rep, b-back, j)
		}
		return sum
	}
	fired := func(rep, b int) (k float64) {
		for q := range n {
			k += x(rep, b, q)
		}
		return k
	}
	mean := func(f func(rep, b int) float64) (sum float64) {
		for rep := range r.Repeats {
			for b := range r.Bins {
				sum += f(rep, b) / float64(r.Repeats*r.Bins)
			}
		}
		return sum
	}
	one := func(is bool) float64 {
		if is {
			return 1
		}
		return 0
	}
	for name, k := range map[string]struct {
		at   int
		want float64
	}{
		"rate":            {1, mean(func(rep, b int) float64 { return x(rep, b, 1) })},
		"pair":            {m.pairs + 2*1/2 + 0, mean(func(rep, b int) float64 { return x(rep, b, 2) * x(rep, b, 0) })},
		"trace":           {m.traces + 2*g.traceCount + n + 1, mean(func(rep, b int) float64 { return x(rep, b, 2) * trace(rep, b, 1, g.decays[1]) })},
		"own":             {m.own + 1*n + 0, mean(func(rep, b int) float64 { return x(rep, b, 0) * x(rep, b-2, 0) })},
		"count":           {m.counts + 2, mean(func(rep, b int) float64 { return one(fired(rep, b) == 2) })},
		"silence goes on": {m.quiet, mean(func(rep, b int) float64 { return one(b > 0 && fired(rep, b) == 0 && fired(rep, b-1) == 0) })},
	} {
		if math.Abs(aims.mean[k.at]-k.want) > 1e-12 {
			t.Errorf("%s: mean %g, want %g", name, aims.mean[k.at], k.want)
		}
	}
	var rates []float64
	for rep := range r.Repeats {
		sum := 0.0
		for b := range r.Bins {
			sum += x(rep, b, 1) / float64(r.Bins)
		}
		rates = append(rates, sum)
	}
	variance, all := 0.0, sumOf(rates)/float64(len(rates))
	for _, x := range rates {
		variance += (x - all) * (x - all) / float64(len(rates)*(len(rates)-1))
	}
	least := (all + 1./45) / 45
	if want := 1 / (max(variance, least) * float64(n)); math.Abs(aims.weight[1]-want) > 1e-9*want {
		t.Errorf("weight of a rate: %g, want %g", aims.weight[1], want)
	}
}

// On the average over its draws the gradient is what a value of each word makes, summed over
// all words, whatever the number of words of a past.
func TestBaselinedIsUnbiased(t *testing.T) {
	p, value, slope := []float64{0.2, 0.5, 0.3}, []float64{3, -1, 2}, []float64{0.7, -0.4, 0.2} // dp/dθ = p·slope
	want, got := 0.0, 0.0
	for x := range p {
		want += p[x] * slope[x] * value[x]
	}
	for a := range p { // all draws of two words of two pasts
		for b := range p {
			up := []float64{value[a], value[b]}
			baselined(up, 2)
			got += p[a] * p[b] * (up[0]*slope[a] + up[1]*slope[b])
		}
	}
	mean := 0.0
	for x := range p {
		mean += p[x] * slope[x]
	}
	// slope has a mean here, as no score function has; its part cancels with the baseline.
	for x := range p {
		want -= mean * p[x] * value[x]
	}
	if math.Abs(got-want) > 1e-12 {
		t.Errorf("gradient %g, want %g", got, want)
	}
}

// The stage brings the statistics of samples that run freely nearer to the recording's.
func TestStatisticsAreMatched(t *testing.T) {
	r, rng := spikes.NewRaster(40, 12, 3, 0.02), stream.New(5, "statistics")
	for rep := range r.Repeats {
		for b := range r.Bins {
			both := rng.Float64() < 0.3
			r.Set(rep, b, 0, both)
			r.Set(rep, b, 2, both != (rng.Float64() < 0.1))
			r.Set(rep, b, 1, rng.Float64() < 0.1 || b > 0 && r.At(rep, b-1, 0))
		}
	}
	g, params := populationOf(t, "pairs without a movie", r)
	d, err := NewData(r, 1)
	if err != nil {
		t.Fatal(err)
	}
	round, err := newMatching(g, d)
	if err != nil {
		t.Fatal(err)
	}
	var first, last Losses
	adam, grad := NewAdam(len(params), likelihoodBeta1, likelihoodBeta2), make([]float64, len(params))
	const steps = 20
	for step := range steps {
		clear(grad)
		if err := round.generator(t.Context(), streamsOf(params, 6, step, 0), grad, &last); err != nil {
			t.Fatal(err)
		}
		if step == 0 {
			first = last
		}
		adam.StepEach(params, grad, 0.05*(1-float64(step)/steps), g.rates())
	}
	if first.Generator < 3 || last.Generator > first.Generator/2 {
		t.Errorf("off by %.3g standard errors at first, by %.3g after %d steps", first.Generator, last.Generator, steps)
	}
	if want := d.MeanCount; math.Abs(last.Count-want) > 0.15*want {
		t.Errorf("%.3g spikes a bin, the recording has %.3g", last.Count, want)
	}
}

// scoredRound is a round that scores as it is told.
type scoredRound struct {
	round
	of func(params []float64) float64
}

func (r scoredRound) score(_ context.Context, params []float64, _ uint64) (Misfit, error) {
	x := r.of(params)
	return Misfit{x, x, x, x, x, x}, nil
}

// A stage with a measure of its own takes the place of what was best before it only where it
// is better by that measure.
func TestStageIsKeptWhereItHelps(t *testing.T) {
	r := movie(4, 8, 7)
	for _, k := range []struct {
		name   string
		score  float64 // of the stage's parameters
		before bool    // whether those before it are kept
	}{{"it helps", 0.5, false}, {"no more than chance may", 0.96, true}, {"it doesn't", 1.5, true}} {
		t.Run(k.name, func(t *testing.T) {
			rec, err := metrics.NewRecording(r, "odd")
			if err != nil {
				t.Fatal(err)
			}
			c, err := Resolve("deep", r.Neurons, 1, map[string]string{"memory-in": "ry", "iterations": "100", "average": "0"})
			if err != nil {
				t.Fatal(err)
			}
			c = c.For(rec)
			d, err := DataOf(rec, 1)
			if err != nil {
				t.Fatal(err)
			}
			trainer, err := New(c, d, &sim.Simulator{Workers: 1}, nil)
			if err != nil {
				t.Fatal(err)
			}
			likelihood := trainer.stages[0]
			likelihood.steps = 50
			own := likelihood
			own.first = 50
			own.round = scoredRound{likelihood.round, func(params []float64) float64 {
				if slices.Equal(params, trainer.State.Average) {
					return k.score
				}
				return 1 // of those before the stage
			}}
			trainer.stages = []stage{likelihood, own}
			if err := trainer.Train(t.Context(), nil, nil, nil); err != nil {
				t.Fatal(err)
			}
			if _, step := trainer.State.Judged(); (step <= 50) != k.before {
				t.Errorf("the parameters of step %d were kept", step)
			}
		})
	}
}
