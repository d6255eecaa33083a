package metrics

import (
	"fmt"
	"math/rand/v2"
	"slices"

	"qgan/metrics/spikes"
)

// TimeResult is how one sample or model compares with the data in time.
type TimeResult struct {
	Name       string `json:"name"`
	Parameters int    `json:"parameters,omitempty"` // of a model: what its tables hold
	// LogLikelihood is that of the data given their own past, in nats a bin, for a
	// model of which it is exact and finite; otherwise nil.
	LogLikelihood *float64     `json:"loglik_nats"`
	Figures       []TimeFigure `json:"figures"`
	// Summary has the statistics themselves, over the longest of the compared
	// windows; nil for a sample of shorter repeats, and for the floor.
	Summary *TimeSummary `json:"summary,omitempty"`
	// Lags is the number of lags, from 0, that a model is fitted to where there are more to be
	// shown; otherwise 0.
	Lags int    `json:"-"`
	Note string `json:"note,omitempty"`
}

// Measure compares a sample with the data; see [TimeComparer.Compare].
func (c *TimeComparer) Measure(name string, sample *spikes.Raster, rng *rand.Rand) (TimeResult, error) {
	r := TimeResult{Name: name}
	var err error
	if r.Figures, err = c.Compare(sample, rng); err != nil {
		return r, fmt.Errorf("%s: %w", name, err)
	}
	if t := c.longest(); t <= sample.Bins {
		s := SummarizeTime(spikes.Windows{Raster: sample, T: t})
		r.Summary = &s
	}
	return r, nil
}

// Data has the statistics of the data themselves, over the longest of the
// compared windows.
func (c *TimeComparer) Data() TimeSummary {
	return SummarizeTime(spikes.Windows{Raster: c.raster, T: c.longest()})
}

func (c *TimeComparer) longest() int { return slices.Max(c.layout.windows) }

// timeModel is one row of the table of models that are drawn as recordings.
type timeModel struct {
	name string
	// counts says whether it is fitted to counted words, of at most MaxCounted neurons.
	counts bool
	fit    func(*spikes.Raster) (processModel, error)
}

// processModel is a process that can be drawn as a recording.
type processModel interface {
	Parameters() int
	Draw(repeats, bins int, binWidth float64, rng *rand.Rand) *spikes.Raster
}

// likely is a process of which the likelihood is known too.
type likely interface {
	LogLikelihood(r *spikes.Raster) (perBin, impossible float64)
}

func chainOf(order int) func(*spikes.Raster) (processModel, error) {
	return func(r *spikes.Raster) (processModel, error) {
		c, err := FitChain(r, order)
		return c, err
	}
}

var timeModels = []timeModel{
	{"independent-in-time", true, chainOf(0)},
	{"markov", true, chainOf(1)},
	{gaussianName, false, func(r *spikes.Raster) (processModel, error) {
		g, err := FitDichotomisedGaussian(r, GaussianLags(r.Neurons, r.Bins))
		return g, err
	}},
}

// GaussianLags is the number of lags, from 0, to which a dichotomised Gaussian is fitted that
// is drawn as a recording of so many neurons and bins: to lag 10, the last one that is shown
// of samples, where 200 latent variables suffice. More make its latent covariances worse, not
// its draws better.
func GaussianLags(neurons, bins int) int {
	return max(1, min(AutocorrelogramLags+1, maxLatent/max(1, neurons), bins))
}

// TimeBaselines compares with the data what any model in time has to be held
// against: the repeats that models are fitted to, as the floor below which a
// figure says nothing (split-half), and a raster of their size and shape drawn
// from each simple model fitted to them (independent-in-time and markov, see
// [Chain], of at most [MaxCounted] neurons; dichotomised-gaussian to lag 10 at most, see
// [DichotomisedGaussian]).
//
// Where the fitted repeats are the data themselves, the models are compared with
// all of them, in sample, and the floor is that of the odd repeats compared with
// the even ones; of a single repeat there is none.
func (c *TimeComparer) TimeBaselines(fitted *spikes.Raster, rng *rand.Rand) ([]TimeResult, error) {
	floor, err := c.splitHalf(fitted, rng)
	if err != nil {
		return nil, err
	}
	results := []TimeResult{floor}
	for _, m := range timeModels {
		if m.counts && fitted.Neurons > MaxCounted {
			continue
		}
		p, err := m.fit(fitted)
		if err != nil {
			return nil, err
		}
		r, err := c.Measure(m.name, p.Draw(fitted.Repeats, fitted.Bins, fitted.BinWidth, rng), rng)
		if err != nil {
			return nil, err
		}
		r.Parameters = p.Parameters()
		if g, ok := p.(*DichotomisedGaussian); ok && g.lags <= AutocorrelogramLags && g.lags < fitted.Bins {
			r.Lags, r.Note = g.lags, fmt.Sprintf("fitted to lag %d", g.lags-1)
		}
		if l, ok := p.(likely); ok {
			perBin, impossible := l.LogLikelihood(c.raster)
			if r.LogLikelihood = FiniteOrNil(perBin); impossible > 0 {
				r.Note = fmt.Sprintf("no likelihood: %.2g of the bins were never seen like that", impossible)
			}
		}
		results = append(results, r)
	}
	return results, nil
}

func (c *TimeComparer) splitHalf(fitted *spikes.Raster, rng *rand.Rand) (TimeResult, error) {
	r := TimeResult{Name: splitHalfName}
	var err error
	switch {
	case fitted != c.raster:
		r.Figures, err = c.Compare(fitted, rng)
	case fitted.Repeats < 2:
		r.Figures, r.Note = c.figures(), oneRepeat
	default:
		odd, even := fitted.Halves()
		var half *TimeComparer
		if half, err = NewTimeComparer(even, c.layout.windows); err == nil {
			r.Figures, err = half.Compare(odd, rng)
		}
	}
	return r, err
}
