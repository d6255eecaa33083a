package study

import (
	"context"
	"math"
	"math/bits"

	"qgan/internal/stream"
	"qgan/metrics"
	"qgan/metrics/spikes"
)

// MetricError returns the work of kind metric-error: how far the figures of so many drawn
// windows are from those of their own law, the recording's, which every figure compares
// with: the true distance is 0. load reads the recording, with the neurons that the task
// names. Settings: timesteps, windows, repeats and seed, and those of load. Figures, means
// over the repeats, with _sd their standard deviation:
//
//	js         plug-in Jensen-Shannon divergence, nats
//	corrected  the same with its bias to leading order taken off
//	null       what two draws of the same law score (metrics.NullFloor)
//	tv         total variation
//	entropy, entropy_mm    plug-in and Miller-Madow entropy less the law's, nats
//	rate       mean of |rate - true rate| over the neurons, over the mean rate
//	covariance Frobenius norm of the difference of pairs within a bin, over the law's
//	k          sum of the differences of the probabilities of k active neurons in a bin
//	enough     share of the repeats with at least 4 draws for each window seen
func MetricError(load func(t Task) (*spikes.Raster, error)) Work {
	return func(ctx context.Context, t Task, _ string) (Row, error) {
		steps, err := t.Int("timesteps", 1)
		if err != nil {
			return nil, err
		}
		windows, err := t.Int("windows", 2)
		if err != nil {
			return nil, err
		}
		repeats, err := t.Int("repeats", 2)
		if err != nil {
			return nil, err
		}
		seed, err := t.Number("seed")
		if err != nil {
			return nil, err
		}
		r, err := load(t)
		if err != nil {
			return nil, err
		}
		w, err := r.Windows(steps)
		if err != nil {
			return nil, err
		}
		law, err := metrics.CountStates(w)
		if err != nil {
			return nil, err
		}
		truth, sums := binFigures(law), map[string]*moments{}
		add := func(name string, x float64) {
			if sums[name] == nil {
				sums[name] = &moments{}
			}
			sums[name].add(x)
		}
		for i := range repeats {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			rng := stream.New(uint64(seed), "metric error", uint64(i))
			drawn := law.Sample(windows, rng)
			e, err := metrics.EstimateJS(law, drawn, rng, 2)
			if err != nil {
				return nil, err
			}
			add("js", e.JSNats)
			add("corrected", e.Corrected)
			add("null", e.NullFloor)
			add("tv", e.TV)
			add("entropy", e.EntropyNats-law.Entropy())
			add("entropy_mm", e.EntropyMillerMadowNats-law.Entropy())
			enough := 0.0
			if len(e.Warnings) == 0 {
				enough = 1
			}
			add("enough", enough)
			rate, covariance, k := binFigures(drawn).from(truth)
			add("rate", rate)
			add("covariance", covariance)
			add("k", k)
		}
		row := Row{}
		for name, m := range sums {
			row.Set(name, m.mean)
			row.Set(name+"_sd", math.Sqrt(m.variance()))
		}
		return row, nil
	}
}

// figuresOfBins are rates, covariances of pairs and k-probabilities of a law's bins.
type figuresOfBins struct {
	rates, covariance, k []float64
}

func binFigures(s *metrics.States) figuresOfBins {
	n := s.Neurons
	f := figuresOfBins{make([]float64, n), make([]float64, n*n), make([]float64, n+1)}
	each := 1 / float64(s.Timesteps)
	for i := range s.Len() {
		p := s.Prob(i) * each
		for _, w := range s.Window(i) {
			f.k[bits.OnesCount32(w)] += p
			for a := range n {
				if w>>(n-1-a)&1 == 0 {
					continue
				}
				f.rates[a] += p
				for b := range n {
					if w>>(n-1-b)&1 == 1 {
						f.covariance[a*n+b] += p
					}
				}
			}
		}
	}
	for a := range n {
		for b := range n {
			f.covariance[a*n+b] -= f.rates[a] * f.rates[b]
		}
	}
	return f
}

// from returns the errors against a law's figures; NaN where they have no size to compare
// with.
func (f figuresOfBins) from(t figuresOfBins) (rate, covariance, k float64) {
	n, all := len(f.rates), 0.0
	for a, x := range f.rates {
		rate += math.Abs(x - t.rates[a])
		all += t.rates[a]
	}
	rate /= all
	square, size := 0.0, 0.0
	for a := range n {
		for b := range n {
			if a != b {
				d := f.covariance[a*n+b] - t.covariance[a*n+b]
				square += d * d
				size += t.covariance[a*n+b] * t.covariance[a*n+b]
			}
		}
	}
	for i, x := range f.k {
		k += math.Abs(x - t.k[i])
	}
	return rate, math.Sqrt(square / size), k
}
