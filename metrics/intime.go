package metrics

import (
	"fmt"
	"slices"

	"qgan/metrics/spikes"
)

// LagCovariance is the n x n matrix of covariances between a bin of neuron i and
// the bin of neuron j that comes lag bins later,
//
//	C_ij(lag) = sum over pairs (b_i(k) - mean_i)(b_j(k+lag) - mean'_j) / (M - 1),
//
// over the M pairs of bins that lie within one repeat, with the means over the
// pairs' first and second bins: numpy's cov of the pairs. It is not symmetric;
// the diagonal holds the autocovariances. Lag 0 is [Covariance]. With fewer than
// two pairs it is all 0. It panics for a negative lag.
func LagCovariance(r *spikes.Raster, lag int) [][]float64 {
	if lag < 0 {
		panic(fmt.Sprintf("metrics: covariance at lag %d", lag))
	}
	l := &layout{neurons: r.Neurons, maxLag: lag}
	flat := l.whole(r).lags[lag].covariance()
	c := make([][]float64, r.Neurons)
	for i := range c {
		c[i] = flat[i*r.Neurons : (i+1)*r.Neurons]
	}
	return c
}

// SpikeCountPDF is the law of a window's number of spikes: entry K, 0 to n·T, is
// the share of windows with K spikes of all neurons together. Entry 0 is
// [PSilent]. Of windows of one bin it is [ComplexityPDF]. It is nil where there
// is no window.
func SpikeCountPDF(w spikes.Windows) []float64 { return pdf(span(w).counts) }

// BurstLengthPDF is the law of the length of bursts: entry l, 0 to T, is the
// share of bursts that last l bins. A burst is a run of consecutive bins in each
// of which some neuron fires, with a silent bin or the window's end on either
// side: the avalanches of Beggs and Plenz (J. Neurosci. 23, 11167, 2003), whose
// length is their lifetime. The window's ends cut bursts short, so only windows
// of one length may be compared; entry T counts those of T bins or more. It is
// nil where there is no burst.
func BurstLengthPDF(w spikes.Windows) []float64 { return pdf(span(w).bursts) }

func span(w spikes.Windows) spanTally {
	l := &layout{neurons: w.Neurons, windows: []int{w.T}}
	return l.whole(w.Raster).spans[0]
}

// TimeSummary holds the statistics in time of a recording or of a generated
// raster, over windows of Timesteps bins. All numbers are finite.
type TimeSummary struct {
	Timesteps int `json:"timesteps"`
	Windows   int `json:"windows"`
	// Autocorrelogram has lags -10 to 10 bins; see [Autocorrelogram].
	Autocorrelogram []float64 `json:"autocorrelogram"`
	// LagAutocovariance and LagCovariance are the mean over the neurons of the
	// diagonal of [LagCovariance] and over the ordered pairs of neurons of what
	// is off it, for each lag from 0 to 10 that fits a repeat.
	LagAutocovariance []float64 `json:"lag_autocovariance"`
	LagCovariance     []float64 `json:"lag_covariance"`
	// PSilent is the share of silent windows of 1, 2 ... Timesteps bins.
	PSilent []float64 `json:"p_silent"`
	// SpikeCounts is [SpikeCountPDF], up to the largest number seen.
	SpikeCounts []float64 `json:"spike_counts"`
	// BurstLengths is [BurstLengthPDF].
	BurstLengths []float64 `json:"burst_lengths"`
}

// silentUpTo are the shares of silent windows of 1, 2 ... t bins: a silent run of r
// bins holds r-l+1 silent windows of l.
func (p packed) silentUpTo(t int) []float64 {
	runs := make([]int, p.bins+1) // by length
	for rep := range p.repeats {
		run := 0
		for b := range p.bins {
			if slices.ContainsFunc(p.row(rep, b), func(w uint64) bool { return w != 0 }) {
				runs[run]++
				run = 0
			} else {
				run++
			}
		}
		runs[run]++
	}
	// From the longest down: runs of at least l bins, and the windows in them.
	at := 0
	windows := make([]int, p.bins+1)
	for l, sum := p.bins, 0; l >= 1; l-- {
		at += runs[l]
		sum += at
		windows[l] = sum
	}
	share := make([]float64, max(0, t))
	for l := 1; l <= min(t, p.bins) && p.repeats > 0; l++ {
		share[l-1] = float64(windows[l]) / float64(p.repeats*(p.bins-l+1))
	}
	return share
}

// SummarizeTime computes the statistics in time; of a raster without windows they
// are 0 or absent.
func SummarizeTime(w spikes.Windows) TimeSummary {
	l := &layout{neurons: w.Neurons, maxLag: AutocorrelogramLags, windows: []int{w.T}}
	p := pack(w.Raster)
	x := l.count(p, part{0, w.Repeats, 0, w.Bins})
	s := TimeSummary{
		Timesteps: w.T, Windows: w.Len(),
		Autocorrelogram: x.spans[0].autocorrelogram(),
		BurstLengths:    pdf(x.spans[0].bursts),
		SpikeCounts:     pdf(x.spans[0].counts),
	}
	for k := len(s.SpikeCounts) - 1; k > 0 && s.SpikeCounts[k] == 0; k-- {
		s.SpikeCounts = s.SpikeCounts[:k]
	}
	s.PSilent = p.silentUpTo(w.T)
	for lag := range min(l.maxLag+1, w.Bins) {
		c := x.lags[lag].covariance()
		diagonal, rest := 0.0, 0.0
		for k, v := range c {
			if k%(w.Neurons+1) == 0 {
				diagonal += v
			} else {
				rest += v
			}
		}
		s.LagAutocovariance = append(s.LagAutocovariance, diagonal/float64(max(1, w.Neurons)))
		s.LagCovariance = append(s.LagCovariance, rest/float64(max(1, w.Neurons*(w.Neurons-1))))
	}
	return s
}
