package metrics

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"qgan/metrics/spikes"
)

// TimeFigure is one number that compares a sample with data, as far as time is
// concerned. The names:
//
//	rate-error                  mean |r_i - r'_i| / mean r_i over the neurons' rates
//	k-probability-distance      sum |P(k) - P'(k)| over the numbers of neurons active in a bin
//	word-js                     Jensen-Shannon divergence of the words of single bins, nats
//	covariance-error            ‖C - C'‖ / ‖C‖ over pairs of different neurons in one bin
//	lag-autocovariance-error    the same of the diagonal of LagCovariance, by lag
//	lag-covariance-error        the same of what is off the diagonal, by lag
//	p-silent                    share of silent windows of the sample (beside the data's), by window length
//	count-distance              sum |P(K) - P'(K)| over the numbers K of spikes of a window, by window length
//	autocorrelogram-distance    sum |a(l) - a'(l)| over lags -10 to 10, by window length
//	burst-length-distance       sum |P(l) - P'(l)| over the lengths of bursts, by window length
//
// r, C, P and a are the data's, the primed ones the sample's, ‖.‖ is Frobenius'
// norm.
type TimeFigure struct {
	Name string `json:"name"`
	Lag  int    `json:"lag,omitempty"`  // bins
	Bins int    `json:"bins,omitempty"` // window length
	// Value is nil where it has no meaning: a lag or a window longer than the
	// sample's repeats, lags and bursts in windows of one bin, no spikes, a single
	// neuron without pairs.
	Value *float64 `json:"value"`
	// StdErr is the standard deviation of Value over resampled samples; nil: the
	// sample has a single part and cannot be resampled.
	StdErr *float64 `json:"stderr"`
	// Data is the data's own value of p-silent.
	Data *float64 `json:"data,omitempty"`
}

// String names the figure with its lag or window length.
func (f TimeFigure) String() string {
	switch {
	case f.Lag > 0:
		return fmt.Sprintf("%s, lag %d", f.Name, f.Lag)
	case f.Bins == 1:
		return f.Name + ", windows of 1 bin"
	case f.Bins > 0:
		return fmt.Sprintf("%s, windows of %d bins", f.Name, f.Bins)
	}
	return f.Name
}

// fidelity is one row of the table of figures. of takes the tallies of data and
// sample, and the place of the lag or the window length in them; NaN says that
// the figure has no meaning.
type fidelity struct {
	name string
	by   indexed
	of   func(data, sample *tally, i int) float64
}

// indexed says what a figure is computed for.
type indexed int

const (
	once indexed = iota
	byLag
	bySpan
)

const pSilentName = "p-silent"

var fidelities = []fidelity{
	{"rate-error", once, func(d, s *tally, _ int) float64 { return d.lags[0].rateError(&s.lags[0]) }},
	{"k-probability-distance", once, func(d, s *tally, _ int) float64 { return l1(pdf(d.active), pdf(s.active)) }},
	{"word-js", once, func(d, s *tally, _ int) float64 { return d.wordJS(s) }},
	{"covariance-error", once, func(d, s *tally, _ int) float64 { return d.lags[0].covarianceError(&s.lags[0], false) }},
	{"lag-autocovariance-error", byLag, func(d, s *tally, l int) float64 { return d.lags[l].covarianceError(&s.lags[l], true) }},
	{"lag-covariance-error", byLag, func(d, s *tally, l int) float64 { return d.lags[l].covarianceError(&s.lags[l], false) }},
	{pSilentName, bySpan, func(_, s *tally, i int) float64 { return s.spans[i].silent() }},
	{"count-distance", bySpan, func(d, s *tally, i int) float64 { return l1(pdf(d.spans[i].counts), pdf(s.spans[i].counts)) }},
	{"autocorrelogram-distance", bySpan, func(d, s *tally, i int) float64 {
		if pdf(s.spans[i].counts) == nil || d.spans[i].single() {
			return math.NaN()
		}
		return l1(d.spans[i].autocorrelogram(), s.spans[i].autocorrelogram())
	}},
	{"burst-length-distance", bySpan, func(d, s *tally, i int) float64 {
		if d.spans[i].single() {
			return math.NaN()
		}
		return l1(pdf(d.spans[i].bursts), pdf(s.spans[i].bursts))
	}},
}

// TimeComparer holds data to which samples are compared.
type TimeComparer struct {
	layout *layout
	raster *spikes.Raster
	data   *tally
}

// NewTimeComparer counts the data for comparisons over windows of the given
// lengths in bins, at least one. It fails for a length that the data do not have
// and for data without neurons or bins.
func NewTimeComparer(data *spikes.Raster, windows []int) (*TimeComparer, error) {
	if len(windows) == 0 {
		return nil, errors.New("comparing in time: no window length is given")
	}
	if data.Neurons == 0 || data.Repeats*data.Bins == 0 {
		return nil, fmt.Errorf("comparing in time: the data have %d repeats of %d bins of %d neurons", data.Repeats, data.Bins, data.Neurons)
	}
	windows = slices.Compact(slices.Sorted(slices.Values(windows)))
	for _, t := range windows {
		if t < 1 || t > data.Bins {
			return nil, fmt.Errorf("comparing in time: windows of %d bins in repeats of %d", t, data.Bins)
		}
	}
	l := &layout{neurons: data.Neurons, maxLag: AutocorrelogramLags, windows: windows}
	if data.Neurons <= MaxCounted {
		l.words = map[uint32]int{}
		for rep := range data.Repeats {
			for b := range data.Bins {
				if w := data.Word(rep, b); !hasKey(l.words, w) {
					l.words[w] = len(l.words)
				}
			}
		}
	}
	return &TimeComparer{l, data, l.whole(data)}, nil
}

func hasKey(m map[uint32]int, k uint32) bool {
	_, ok := m[k]
	return ok
}

const (
	resamples    = 100     // of the bootstrap
	maxParts     = 200     // that are resampled
	maxTallySums = 1 << 23 // sums of all parts together
)

// Compare computes the figures of a sample, always the same ones in the same
// order, so that those of several samples stand side by side.
//
// Standard errors are those of the bootstrap (Efron, Ann. Statist. 7, 1, 1979):
// the sample's repeats are drawn with replacement 100 times, the data staying as
// they are. Repeats are drawn in up to 200 groups; a sample of fewer than 20
// repeats is cut into stretches of at least 250 bins instead. They say how far
// the sample's own size moves a figure; how far that of the data does is said by
// the figures of one half of the data compared with the other.
//
// It fails for a sample of another number of neurons.
func (c *TimeComparer) Compare(sample *spikes.Raster, rng *rand.Rand) ([]TimeFigure, error) {
	if sample.Neurons != c.layout.neurons {
		return nil, fmt.Errorf("comparing in time: a sample of %d neurons and data of %d", sample.Neurons, c.layout.neurons)
	}
	p := pack(sample)
	whole := c.layout.newTally()
	var tallies []*tally
	for _, in := range parts(p, max(2, min(maxParts, maxTallySums/len(whole.sums)))) {
		x := c.layout.count(p, in)
		whole.add(x)
		tallies = append(tallies, x)
	}
	figures := c.figures()
	values := c.measure(whole)
	for i, v := range values {
		figures[i].Value = FiniteOrNil(v)
	}
	if len(tallies) < 2 {
		return figures, nil
	}
	spread := make([]running, len(values))
	for range resamples {
		x := c.layout.newTally()
		for range tallies {
			x.add(tallies[rng.IntN(len(tallies))])
		}
		for i, v := range c.measure(x) {
			spread[i].add(v)
		}
	}
	for i := range figures {
		if figures[i].Value != nil {
			figures[i].StdErr = FiniteOrNil(spread[i].deviation())
		}
	}
	return figures, nil
}

// figures are those of the table, still without values.
func (c *TimeComparer) figures() []TimeFigure {
	var out []TimeFigure
	c.each(func(f fidelity, i int) {
		x := TimeFigure{Name: f.name}
		switch f.by {
		case byLag:
			x.Lag = i
		case bySpan:
			x.Bins = c.layout.windows[i]
		}
		if f.name == pSilentName {
			x.Data = FiniteOrNil(c.data.spans[i].silent())
		}
		out = append(out, x)
	})
	return out
}

func (c *TimeComparer) measure(sample *tally) []float64 {
	var out []float64
	c.each(func(f fidelity, i int) { out = append(out, f.of(c.data, sample, i)) })
	return out
}

// each visits the figures in their order: those of the whole, lag after lag,
// window length after window length.
func (c *TimeComparer) each(visit func(f fidelity, i int)) {
	group := func(by indexed, i int) {
		for _, f := range fidelities {
			if f.by == by {
				visit(f, i)
			}
		}
	}
	group(once, 0)
	for l := 1; l <= c.layout.maxLag; l++ {
		group(byLag, l)
	}
	for i := range c.layout.windows {
		group(bySpan, i)
	}
}

// FiniteOrNil is x, or nil where it is no finite number, which JSON does not have.
func FiniteOrNil(x float64) *float64 {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return nil
	}
	return &x
}

// l1 is the sum of |p_i - q_i|, NaN where one of the two is absent.
func l1(p, q []float64) float64 {
	if p == nil || q == nil {
		return math.NaN()
	}
	var sum float64
	for i := range p {
		sum += math.Abs(p[i] - q[i])
	}
	return sum
}

// rateError is the mean absolute difference of the sample's rates, relative to
// the mean rate.
func (x *lagTally) rateError(sample *lagTally) float64 {
	var gap, rate float64
	for i := range x.first {
		r := float64(x.first[i]) / float64(*x.pairs)
		gap += math.Abs(r - float64(sample.first[i])/float64(*sample.pairs))
		rate += r
	}
	if rate == 0 {
		return math.NaN()
	}
	return gap / rate
}

// covarianceError is the relative error in Frobenius' norm of the sample's
// covariances, on the diagonal or off it.
func (x *lagTally) covarianceError(sample *lagTally, diagonal bool) float64 {
	if *x.pairs < 2 || *sample.pairs < 2 {
		return math.NaN()
	}
	a, b := x.covariance(), sample.covariance()
	var gap, size float64
	for k := range a {
		if (k%(len(x.first)+1) == 0) == diagonal {
			gap += (a[k] - b[k]) * (a[k] - b[k])
			size += a[k] * a[k]
		}
	}
	if size == 0 {
		return math.NaN()
	}
	return math.Sqrt(gap / size)
}

// single says that the windows are of one bin.
func (x *spanTally) single() bool { return len(x.bursts) == 2 }

// silent is the share of windows without a spike.
func (x *spanTally) silent() float64 {
	if p := pdf(x.counts); p != nil {
		return p[0]
	}
	return math.NaN()
}

// wordJS is the Jensen-Shannon divergence of the sample's words to those of x,
// which has no others.
func (x *tally) wordJS(sample *tally) float64 {
	if len(x.words) == 0 || *sample.lags[0].pairs == 0 {
		return math.NaN()
	}
	var js float64
	total, drawn := float64(*x.lags[0].pairs), float64(*sample.lags[0].pairs)
	for i, c := range x.words {
		js += jsTerm(float64(c)/total, float64(sample.words[i])/drawn)
	}
	return js + jsTerm(0, float64(*sample.others)/drawn)
}
