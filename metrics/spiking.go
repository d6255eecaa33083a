package metrics

import (
	"fmt"
	"math"
	"math/bits"

	"qgan/metrics/spikes"
)

// CrossCorrelationHistogram counts, for each lag from -maxLag to +maxLag bins, the
// pairs of a spike of neuron i and one of neuron j so many bins later, within one
// repeat: Elephant's cross_correlation_histogram of binary trains, summed over the
// repeats. With border correction the count at lag l is multiplied by
// L/(L-|l|), L being the bins of a repeat, as a repeat holds only L-|l| pairs of bins
// at that lag; lags that no pair has are 0. The histogram of a neuron with itself
// holds at lag 0 the number of its spikes.
func CrossCorrelationHistogram(r *spikes.Raster, i, j, maxLag int, borderCorrection bool) []float64 {
	for _, n := range []int{i, j} {
		if n < 0 || n >= r.Neurons {
			panic(fmt.Sprintf("metrics: neuron %d of %d", n, r.Neurons))
		}
	}
	return correlationHistogram(trainOf(r, i), trainOf(r, j), r.Bins, maxLag, borderCorrection)
}

// correlationHistogram is that of two trains in repeats of so many bins.
func correlationHistogram(a, b []bitTrain, bins, maxLag int, borderCorrection bool) []float64 {
	out := make([]float64, 2*maxLag+1)
	for l := -maxLag; l <= maxLag; l++ {
		if l <= -bins || l >= bins {
			continue
		}
		n := 0
		for rep := range a {
			n += a[rep].coincidences(b[rep], l)
		}
		out[maxLag+l] = float64(n)
		if borderCorrection {
			out[maxLag+l] *= float64(bins) / float64(bins-max(l, -l))
		}
	}
	return out
}

// bitTrain is one neuron's bins of one repeat, 64 a word, the first the least
// significant bit.
type bitTrain []uint64

func trainOf(r *spikes.Raster, neuron int) []bitTrain {
	out := make([]bitTrain, r.Repeats)
	for rep := range out {
		out[rep] = make(bitTrain, (r.Bins+63)/64)
		for b := range r.Bins {
			if r.At(rep, b, neuron) {
				out[rep][b>>6] |= 1 << (b & 63)
			}
		}
	}
	return out
}

// coincidences counts the bins b with a spike here and one of other at b+lag.
func (t bitTrain) coincidences(other bitTrain, lag int) int {
	if lag < 0 {
		return other.coincidences(t, -lag)
	}
	n, shift, words := 0, lag&63, lag>>6
	for k := range t {
		if k+words >= len(other) {
			break
		}
		w := other[k+words] >> shift
		if shift > 0 && k+words+1 < len(other) {
			w |= other[k+words+1] << (64 - shift)
		}
		n += bits.OnesCount64(t[k] & w)
	}
	return n
}

// CrossCorrelogram is [Autocorrelogram] for pairs: for every spike the trains of
// the other neurons around it are added up over spikes, ordered pairs of neurons and
// windows, and divided by the number of spikes and by n-1, so that entry lag l is
// the mean chance that another neuron fires l bins from a spike. The windows are
// padded with silent bins as in Spike-GAN's form, which lowers lag l by about
// (T-|l|)/T; [WindowCorrected] takes that out. Lag 0 is kept. It is symmetric, since
// each pair counts both ways, and all 0 without spikes or with a single neuron.
func CrossCorrelogram(w spikes.Windows, maxLag int) []float64 {
	out := make([]float64, 2*maxLag+1)
	n, p := w.Neurons, pack(w.Raster)
	if n < 2 || w.T < 1 || w.T > w.Bins {
		return out
	}
	active := make([][]int, w.Repeats) // neurons that fired in each bin
	for rep := range active {
		active[rep] = make([]int, w.Bins)
		for b := range w.Bins {
			for _, x := range p.row(rep, b) {
				active[rep][b] += bits.OnesCount64(x)
			}
		}
	}
	spikesIn := 0
	for l := 0; l <= min(maxLag, w.T-1); l++ {
		sum := 0
		for b := 0; b+l < w.Bins; b++ {
			cover := min(b, w.Bins-w.T) - max(0, b+l-w.T+1) + 1
			if cover < 1 {
				continue
			}
			pairs := 0
			for rep := range w.Repeats {
				if active[rep][b] == 0 || active[rep][b+l] == 0 {
					continue
				}
				x, y := p.row(rep, b), p.row(rep, b+l)
				own := 0
				for k := range x {
					own += bits.OnesCount64(x[k] & y[k])
				}
				pairs += active[rep][b]*active[rep][b+l] - own
				if l == 0 {
					spikesIn += cover * active[rep][b]
				}
			}
			sum += cover * pairs
		}
		if spikesIn == 0 {
			return out
		}
		v := float64(sum) / float64(spikesIn) / float64(n-1)
		out[maxLag+l], out[maxLag-l] = v, v
	}
	return out
}

// WindowCorrected takes the effect of the windows' ends out of a correlogram over
// windows of t bins: lag l is multiplied by t/(t-|l|), the share of bins that have
// one l bins later in the window. Lags of t bins or more stay 0.
func WindowCorrected(correlogram []float64, t int) []float64 {
	half := len(correlogram) / 2
	out := make([]float64, len(correlogram))
	for k, v := range correlogram {
		if l := max(k-half, half-k); l < t {
			out[k] = v * float64(t) / float64(t-l)
		}
	}
	return out
}

// TimeHistogram is the PSTH: for each bin of a repeat the spikes of that bin per
// repeat and neuron, in Hz where the bin width is known and per bin elsewhere;
// Elephant's time_histogram of the trains of all repeats and neurons, output='rate'.
// A recording that repeats a stimulus shows in it what the stimulus does; a
// generator that is not told the time has a flat one.
func TimeHistogram(r *spikes.Raster) []float64 {
	out := make([]float64, r.Bins)
	if r.Repeats*r.Neurons == 0 {
		return out
	}
	width := r.BinWidth
	if !(width > 0) {
		width = 1
	}
	for b := range out {
		n := 0
		for rep := range r.Repeats {
			n += r.Active(rep, b)
		}
		out[b] = float64(n) / float64(r.Repeats*r.Neurons) / width
	}
	return out
}

// Intervals are the times between successive spikes of one neuron.
type Intervals struct {
	// PDF is their law over the bins: entry k is the share of intervals of k bins, up
	// to the longest; nil where there is none.
	PDF []float64 `json:"pdf"`
	// Mean and CV are their mean in seconds (in bins, where the bin width is not
	// known) and their standard deviation (ddof 0) divided by it; 0 where there is no
	// interval.
	Mean  float64 `json:"mean_s"`
	CV    float64 `json:"cv"`
	Count int     `json:"count"`
}

// ISI are the interspike intervals of each neuron within the windows (Elephant's
// isi, and its cv): an interval counts once for each window that holds both spikes.
// The windows' ends cut long intervals off, so that only windows of one length may
// be compared; windows as long as a repeat give the recording's own.
func ISI(w spikes.Windows) []Intervals {
	out := make([]Intervals, w.Neurons)
	if w.T < 1 || w.T > w.Bins {
		return out
	}
	for i := range out {
		counts := make([]int, w.T)
		for rep := range w.Repeats {
			last := -1
			for b := range w.Bins {
				if !w.At(rep, b, i) {
					continue
				}
				if l := b - last; last >= 0 && l < w.T {
					counts[l] += min(last, w.Bins-w.T) - max(0, b-w.T+1) + 1
				}
				last = b
			}
		}
		out[i] = intervals(counts, w.BinWidth)
	}
	return out
}

func intervals(counts []int, width float64) Intervals {
	var x Intervals
	sum, square := 0.0, 0.0
	longest := 0
	for l, c := range counts {
		x.Count += c
		sum += float64(l * c)
		square += float64(l*l) * float64(c)
		if c > 0 {
			longest = l
		}
	}
	if x.Count == 0 {
		return x
	}
	x.PDF = pdf(counts[:longest+1])
	mean := sum / float64(x.Count)
	x.CV = math.Sqrt(max(0, square/float64(x.Count)-mean*mean)) / mean
	x.Mean = mean
	if width > 0 {
		x.Mean *= width
	}
	return x
}

// FanoFactor is, for each neuron, the variance (ddof 0) of its number of spikes in a
// window divided by the mean, over all windows: Elephant's fanofactor of the windows
// as trials. It is 1 for a Poisson process and 1 - p for independent bins that fire
// with probability p. A neuron that never fires has none: it is 0 there and listed
// in undefined.
func FanoFactor(w spikes.Windows) (fano []float64, undefined []int) {
	fano, undefined = make([]float64, w.Neurons), []int{}
	for i := range fano {
		sum, square := 0.0, 0.0
		for rep := range w.Repeats {
			count := 0
			for b := range w.Bins {
				if w.At(rep, b, i) {
					count++
				}
				if b >= w.T && w.At(rep, b-w.T, i) {
					count--
				}
				if b >= w.T-1 {
					sum += float64(count)
					square += float64(count * count)
				}
			}
		}
		n := float64(w.Len())
		if sum == 0 {
			undefined = append(undefined, i)
			continue
		}
		mean := sum / n
		fano[i] = (square/n - mean*mean) / mean
	}
	return fano, undefined
}

// SpikeAfterSpike is, for lags 0 to maxLag, the mean over the neurons of the
// probability that a neuron fires so many bins after a spike of its own, P(both)/P(spike)
// with P(spike) over all bins, and the mean Pearson coefficient of its bins with those
// so many bins later; both over the pairs of bins within one repeat. Neurons without
// spikes or without variance are left out.
func SpikeAfterSpike(r *spikes.Raster, maxLag int) (probability, pearson []float64) {
	trains := make([][]bitTrain, r.Neurons)
	for i := range trains {
		trains[i] = trainOf(r, i)
	}
	for l := 0; l <= min(maxLag, r.Bins-1); l++ {
		var p, rho running
		m := float64(r.Repeats * (r.Bins - l))
		for _, train := range trains {
			joint, first, second, all := 0, 0, 0, 0
			for _, t := range train {
				all += t.coincidences(t, 0)
				joint += t.coincidences(t, l)
				for b := range r.Bins - l {
					first += int(t[b>>6] >> (b & 63) & 1)
					second += int(t[(b+l)>>6] >> ((b + l) & 63) & 1)
				}
			}
			if all > 0 {
				p.add(float64(joint) / m / (float64(all) / float64(r.Repeats*r.Bins)))
			}
			a, b := float64(first)/m, float64(second)/m
			if v := a * (1 - a) * b * (1 - b); v > 0 {
				rho.add((float64(joint)/m - a*b) / math.Sqrt(v))
			}
		}
		probability, pearson = append(probability, p.mean), append(pearson, rho.mean)
	}
	return probability, pearson
}

// SpikingSummary holds the statistics of single neurons and of pairs in time, named
// after Elephant's. All numbers are finite; a neuron that has none is 0 and listed in
// Undefined.
type SpikingSummary struct {
	Correlation [][]float64 `json:"correlation_coefficient"`
	// The correlograms over windows, lags -10 to 10: those of Spike-GAN, and without
	// the effect of the windows' ends.
	AutocorrelogramCorrected  []float64 `json:"autocorrelogram_corrected"`
	CrossCorrelogram          []float64 `json:"cross_correlogram"`
	CrossCorrelogramCorrected []float64 `json:"cross_correlogram_corrected"`
	// CCH are the histograms of pairs of neurons i < j over whole repeats, with border
	// correction, lags -10 to 10; of at most CCHNeurons neurons.
	CCH []Pair `json:"cross_correlation_histogram,omitempty"`
	// Lag1 is LagCovariance of one bin; nil for repeats of one.
	Lag1       [][]float64      `json:"lag1_covariance"`
	ISI        []Intervals      `json:"isi"`
	FanoFactor []float64        `json:"fano_factor"`
	PSTH       []float64        `json:"time_histogram_hz"`
	Undefined  map[string][]int `json:"undefined"` // by statistic
}

// Pair is the cross-correlation histogram of two neurons.
type Pair struct {
	I     int       `json:"i"`
	J     int       `json:"j"`
	Count []float64 `json:"count"`
}

// CCHNeurons is the number of neurons up to which a [SpikingSummary] has the
// histograms of all pairs.
const CCHNeurons = 16

// SummarizeSpiking computes the statistics of neurons and pairs.
func SummarizeSpiking(w spikes.Windows) SpikingSummary {
	const lags = AutocorrelogramLags
	s := SpikingSummary{
		AutocorrelogramCorrected: WindowCorrected(Autocorrelogram(w, lags), w.T),
		CrossCorrelogram:         CrossCorrelogram(w, lags),
		ISI:                      ISI(w), PSTH: TimeHistogram(w.Raster),
		Undefined: map[string][]int{},
	}
	s.CrossCorrelogramCorrected = WindowCorrected(s.CrossCorrelogram, w.T)
	note := func(name string, which []int) {
		if len(which) > 0 {
			s.Undefined[name] = which
		}
	}
	var which []int
	s.Correlation, which = CorrelationCoefficient(w.Raster)
	note("correlation_coefficient", which)
	s.FanoFactor, which = FanoFactor(w)
	note("fano_factor", which)
	which = nil
	for i, x := range s.ISI {
		if x.Count == 0 {
			which = append(which, i)
		}
	}
	note("isi", which)
	if w.Bins > 1 {
		s.Lag1 = LagCovariance(w.Raster, 1)
	}
	if w.Neurons <= CCHNeurons {
		trains := make([][]bitTrain, w.Neurons)
		for i := range trains {
			trains[i] = trainOf(w.Raster, i)
		}
		for i := range w.Neurons {
			for j := i + 1; j < w.Neurons; j++ {
				s.CCH = append(s.CCH, Pair{i, j, correlationHistogram(trains[i], trains[j], w.Bins, lags, true)})
			}
		}
	}
	return s
}
