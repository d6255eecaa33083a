package score

import (
	"fmt"
	"math"
	"slices"

	"qgan/metrics"
)

// Better says which values of a figure are good ones.
type Better int

// The ways in which a figure is good.
const (
	Smaller Better = iota // a distance; 0 is perfect
	Larger                // a likelihood or an agreement
	Nearer                // a level of the sample's own; that of the judging half is perfect
)

// String is smaller, larger or nearer.
func (b Better) String() string { return [...]string{"smaller", "larger", "nearer"}[b] }

// need is something without which a figure does not exist.
type need int

const (
	pairs   need = 1 << iota // two cells
	repeats                  // repeats of one stimulus
	several                  // at least two repeats
	model                    // a likelihood of the judging half
	couples                  // the judging half predicted cell by cell
	law                      // the exact law of a bin's words
)

// reasons say what is missing, in the order in which it is said.
var reasons = []struct {
	need   need
	text   string
	absent func(p *pairing) bool
}{
	{pairs, "a single cell has no pairs", func(p *pairing) bool { return p.sample.neurons < 2 }},
	{repeats, "it needs repeats of one stimulus, in the recording and in the sample", func(p *pairing) bool { return !p.sample.aligned }},
	{several, "it needs at least two repeats", func(p *pairing) bool { return p.sample.repeatCount() < 2 || p.judge.repeatCount() < 2 }},
	{model, "samples alone have no likelihood", func(p *pairing) bool { return p.likelihood == nil }},
	{couples, "it is not fitted to random halves", func(p *pairing) bool { return p.gain == nil }},
	{law, "the law of the model's words is not at hand", func(p *pairing) bool { return p.laws == nil }},
}

// Figure is one row of the table of what samples are judged by. Where a distance is
// between a sample and the judging half, primed quantities are the latter's.
type Figure struct {
	Name    string // as files and tables call it
	Group   string // the name of one of [Groups]
	Unit    string // "" for a number without one
	Text    string // what it is, in a sentence or a formula
	Better  Better
	Perfect float64 // the best value; NaN: the recording's own level, or not known

	needs  need
	reach  int  // bins that a repeat needs at least
	signed bool // an unbiased distance, which may be below 0
	rare   bool // a share of the sample's bins that may be none of them
	of     func(p *pairing) float64
	level  func(v *view) float64 // in place of of, where Better is Nearer
}

// pairing is a sample and the judging half as a figure sees them.
type pairing struct {
	sample, judge *view
	// likelihood and gain are of the judging half's units, in nats, the latter the mean
	// over cells; weights says how often each unit counts.
	likelihood, gain, weights []float64
	laws                      [][]float64 // of the words of each group, exact
	binsOf                    []float64   // of each unit of the judging half
}

// perBin is the mean a bin over the judging half's units.
func (p *pairing) perBin(x []float64) float64 {
	sum, bins := 0.0, 0.0
	for u, w := range p.weights {
		sum += w * x[u]
		bins += w * p.binsOf[u]
	}
	return sum / bins
}

// missing says why a figure does not exist for a pairing; "": it may.
func (f *Figure) missing(p *pairing) string {
	for _, r := range reasons {
		if f.needs&r.need != 0 && r.absent(p) {
			return r.text
		}
	}
	if p.sample.bins < f.reach {
		return fmt.Sprintf("it needs repeats of at least %d bins", f.reach)
	}
	return ""
}

// measure is the figure's value, NaN where it has none.
func (f *Figure) measure(p *pairing) float64 {
	switch {
	case f.missing(p) != "":
		return math.NaN()
	case f.level != nil:
		return f.level(p.sample)
	}
	return f.of(p)
}

// bins is a number of bins in words.
func bins(n int) string {
	if n == 1 {
		return "1 bin"
	}
	return fmt.Sprintf("%d bins", n)
}

// logLikelihood is the figure that perfect samples are not known to have.
const logLikelihood = "log_likelihood"

func likelihoods() []Figure {
	return []Figure{
		{
			Name: logLikelihood, Unit: "nats/bin", Better: Larger, Perfect: math.NaN(), needs: model,
			Text: "ln p of a bin of all cells of the judging half under the model, mean over the bins",
			of:   func(p *pairing) float64 { return p.perBin(p.likelihood) },
		},
	}
}

func rates() []Figure {
	return []Figure{{
		Name: "rate_error", Better: Smaller, Text: "sum |r - r'| / sum r' over the cells' rates",
		of: func(p *pairing) float64 { return relative(p.sample.rates(), p.judge.rates()) },
	}}
}

func populations() []Figure {
	return []Figure{
		{
			Name: "kl_population_count", Unit: "nats", Better: Smaller,
			Text: "sum p ln(p/p') over the shares of bins with K active cells; K that the judging half never has are left out and counted in unseen",
			of:   func(p *pairing) float64 { kl, _ := p.kl(); return kl },
		},
		{
			Name: "unseen", Better: Smaller, rare: true, Text: "share of the sample's bins with a number of active cells that the judging half never has",
			of: func(p *pairing) float64 { _, unseen := p.kl(); return unseen },
		},
		{
			Name: "k_probability_distance", Better: Smaller, Text: "sum |p - p'| over the shares of bins with K active cells",
			of: func(p *pairing) float64 { return apart(p.sample.law(p.sample.active), p.judge.law(p.judge.active)) },
		},
		{
			Name: "count_distance_10", Better: Smaller, reach: countWindow, Text: "sum |p - p'| over the shares of windows of 10 bins with K spikes",
			of: func(p *pairing) float64 { return apart(p.sample.law(p.sample.counts), p.judge.law(p.judge.counts)) },
		},
	}
}

// runs are bins in a row.
func runs() []Figure {
	out := []Figure{{
		Name: "burst_length_distance", Better: Smaller, Text: "sum |p - p'| over the shares of bursts (runs of bins with a spike) of so many bins, those of 50 and more together",
		of: func(p *pairing) float64 { return apart(p.sample.law(p.sample.bursts), p.judge.law(p.judge.bursts)) },
	}}
	for k, length := range silences {
		out = append(out, Figure{
			Name: fmt.Sprintf("p_silent_%d", length), Better: Nearer, Perfect: math.NaN(), reach: length,
			Text:  "share of windows of " + bins(length) + " in which no cell fires",
			level: func(v *view) float64 { return v.silentShare(k) },
		})
	}
	return out
}

func pairFigures() []Figure {
	correlations := func(p *pairing) []float64 {
		return gaps(pairsOf(p.sample.correlations(), p.sample.neurons), pairsOf(p.judge.correlations(), p.judge.neurons))
	}
	return []Figure{
		{
			Name: "rmse_correlation", Better: Smaller, needs: pairs, Text: "root mean square over pairs of the difference of Pearson correlations of single bins",
			of: func(p *pairing) float64 { return rms(correlations(p)) },
		},
		{
			Name: "max_correlation_error", Better: Smaller, needs: pairs, Text: "largest difference of a pair's Pearson correlation of single bins",
			of: func(p *pairing) float64 {
				most := math.NaN()
				for _, d := range correlations(p) {
					if d = math.Abs(d); !math.IsNaN(d) && !(d <= most) {
						most = d
					}
				}
				return most
			},
		},
		covarianceFigure(0),
	}
}

// lagFigures are the errors of covariances of pairs, or of cells with themselves, lag
// after lag.
func lagFigures(own bool) []Figure {
	var out []Figure
	for lag := 1; lag <= maxLag; lag++ {
		f := covarianceFigure(lag)
		if own {
			f = Figure{
				Name: fmt.Sprintf("autocovariance_error_lag_%d", lag), Better: Smaller, reach: lag + 1,
				Text: "‖C - C'‖ / ‖C'‖ over the cells' covariances with themselves " + bins(lag) + " later",
				of:   func(p *pairing) float64 { return p.covarianceError(lag, true) },
			}
		}
		out = append(out, f)
	}
	return out
}

func covarianceFigure(lag int) Figure {
	return Figure{
		Name: fmt.Sprintf("covariance_error_lag_%d", lag), Better: Smaller, needs: pairs, reach: lag + 1,
		Text: "‖C - C'‖ / ‖C'‖ over ordered pairs of different cells, the second " + bins(lag) + " later",
		of:   func(p *pairing) float64 { return p.covarianceError(lag, false) },
	}
}

func intervals() []Figure {
	isi := func(p *pairing, of func(mean, deviation float64) float64) float64 {
		d := make([]float64, p.sample.neurons)
		for i := range d {
			d[i] = of(p.sample.interval(i)) - of(p.judge.interval(i))
		}
		return rms(d)
	}
	return []Figure{
		{
			Name: "rmse_mean_isi_s", Unit: "s", Better: Smaller, Text: "root mean square over cells of the difference of mean inter-spike intervals within repeats",
			of: func(p *pairing) float64 { return isi(p, func(m, _ float64) float64 { return m }) },
		},
		{
			Name: "rmse_std_isi_s", Unit: "s", Better: Smaller, Text: "the same of their standard deviations (ddof 0)",
			of: func(p *pairing) float64 { return isi(p, func(_, d float64) float64 { return d }) },
		},
		{
			Name: "rmse_cv_isi", Better: Smaller, Text: "the same of their coefficients of variation, standard deviation / mean",
			of: func(p *pairing) float64 { return isi(p, func(m, d float64) float64 { return d / m }) },
		},
		{
			Name: "fano_relative_error", Better: Smaller, needs: several,
			Text: "sum |F - F'| / sum F' over cells, F the variance (ddof 1) over repeats of the spikes of a whole repeat / their mean",
			of: func(p *pairing) float64 {
				s, j := p.sample, p.judge
				return relative(s.fanoFactors(s.repeatCount(), at(s.sum, s.whole)), j.fanoFactors(j.repeatCount(), at(j.sum, j.whole)))
			},
		},
		{
			Name: "fano_window_error", Better: Smaller, needs: several, reach: fanoBins[0],
			Text: "the same over the spikes in windows side by side, of all repeats together, over cells and windows of 2, 5, 10, 20, 50, 100, 200 and 500 bins as far as repeats go",
			of: func(p *pairing) float64 {
				var a, b []float64
				for k := range p.sample.fano {
					x, y := at(p.sample.sum, p.sample.fano[k]), at(p.judge.sum, p.judge.fano[k])
					a, b = append(a, p.sample.fanoFactors(x[0], x[1:])...), append(b, p.judge.fanoFactors(y[0], y[1:])...)
				}
				return relative(a, b)
			},
		},
	}
}

func stimuli() []Figure {
	signal := func(v *view) []float64 { return pairsOf(v.signal(), v.neurons) }
	return []Figure{
		{
			Name: "psth_r2_median", Better: Larger, Perfect: 1, needs: repeats,
			Text: "median over cells of 1 - sum (m - m')² / sum (m' - mean m')², m the PSTH",
			of:   (*pairing).psthR2,
		},
		{
			Name: "signal_correlation_r", Better: Larger, Perfect: 1, needs: pairs | repeats,
			Text: "Pearson's r over pairs between signal correlations, those of the PSTHs",
			of:   func(p *pairing) float64 { return pearson(signal(p.sample), signal(p.judge)) },
		},
		{
			Name: "signal_correlation_rmse", Better: Smaller, needs: pairs | repeats,
			Text: "root mean square over pairs of the difference of signal correlations",
			of:   func(p *pairing) float64 { return rms(gaps(signal(p.sample), signal(p.judge))) },
		},
	}
}

func noises() []Figure {
	noise := func(v *view) []float64 { return pairsOf(v.noise(), v.neurons) }
	return []Figure{
		{
			Name: "noise_correlation_r", Better: Larger, Perfect: 1, needs: pairs | repeats | several,
			Text: "Pearson's r over pairs between noise correlations: those of bins less the PSTH of the same repeats",
			of:   func(p *pairing) float64 { return pearson(noise(p.sample), noise(p.judge)) },
		},
		{
			Name: "noise_correlation_rms", Better: Nearer, Perfect: math.NaN(), needs: pairs | repeats | several,
			Text:  "root mean square over pairs of noise correlations",
			level: func(v *view) float64 { return rms(noise(v)) },
		},
	}
}

// jsWords and jsWordsExact are divergences of samples and of a law.
const (
	jsWords      = "js_words"
	jsWordsExact = "js_words_exact"
)

func wordFigures() []Figure {
	out := []Figure{{
		Name: "predictability_gain", Unit: "nats/bin", Better: Larger, Perfect: math.NaN(), needs: pairs | couples,
		Text: "what the rest of a bin tells of a cell: ln p of the judging half under a logistic regression fitted to the sample, less that under the sample's rates; mean over bins and cells, of which at most 64 are predicted",
		of:   func(p *pairing) float64 { return p.perBin(p.gain) },
	}, {
		Name: jsWords, Unit: "nats", Better: Smaller,
		Text: "Jensen-Shannon divergence of the words of a bin of ten cells (of all, where there are no more), mean over 20 random groups",
		of: func(p *pairing) float64 {
			sum := 0.0
			for _, s := range p.sample.words {
				sum += metrics.JS(p.sample.law(s), p.judge.law(s))
			}
			return sum / float64(len(p.sample.words))
		},
	}, {
		Name: jsWordsExact, Unit: "nats", Better: Smaller, needs: law,
		Text: "the same of the model's exact law, without the noise of samples",
		of: func(p *pairing) float64 {
			sum := 0.0
			for g, s := range p.judge.words {
				sum += metrics.JS(p.laws[g], p.judge.law(s))
			}
			return sum / float64(len(p.judge.words))
		},
	}}
	for k, sigma := range kernelWidths {
		out = append(out, Figure{
			Name: fmt.Sprintf("mmd2_sigma_%g", sigma), Better: Smaller, needs: several, signed: true,
			Text: fmt.Sprintf("squared maximum mean discrepancy of the words of a bin, kernel exp(-Hamming distance / (2·%g²)), unbiased", sigma),
			of:   func(p *pairing) float64 { return mmd(p.sample, p.judge, k) },
		})
	}
	return out
}

func (v *view) rates() []float64 {
	r := make([]float64, v.neurons)
	for i := range r {
		r[i] = v.rate(i)
	}
	return r
}

// kl is the divergence of the sample's law of the number of active cells from the
// judging half's over the numbers that both have, and the sample's share of the others.
func (p *pairing) kl() (kl, unseen float64) {
	x, y := p.sample.law(p.sample.active), p.judge.law(p.judge.active)
	for k, v := range x {
		switch {
		case v == 0:
		case y[k] == 0:
			unseen += v
		default:
			kl += v * math.Log(v/y[k])
		}
	}
	return kl, unseen
}

// covarianceError is the relative error of the covariances at a lag in Frobenius' norm.
func (p *pairing) covarianceError(lag int, diagonal bool) float64 {
	gap, size := 0.0, 0.0
	n := p.sample.neurons
	for i := range n {
		for j := range n {
			if (i == j) == diagonal {
				c := p.judge.covariance(lag, i, j)
				d := p.sample.covariance(lag, i, j) - c
				gap += d * d
				size += c * c
			}
		}
	}
	if size == 0 {
		return math.NaN()
	}
	return math.Sqrt(gap / size)
}

func (p *pairing) psthR2() float64 {
	var all []float64
	for i := range p.sample.neurons {
		m, own := p.judge.mean(i), p.sample.mean(i)
		mean := 0.0
		for _, x := range m {
			mean += x / float64(len(m))
		}
		gap, size := 0.0, 0.0
		for b, x := range m {
			gap += (own[b] - x) * (own[b] - x)
			size += (x - mean) * (x - mean)
		}
		if size > 0 {
			all = append(all, 1-gap/size)
		}
	}
	if len(all) == 0 {
		return math.NaN()
	}
	slices.Sort(all)
	return metrics.Quantile(all, 0.5)
}
