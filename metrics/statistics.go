package metrics

import (
	"math"
	"math/bits"

	"qgan/metrics/spikes"
)

// packed is a raster as rows of words, one row for each bin of each repeat, for
// counting with machine words.
type packed struct {
	repeats, bins, neurons, stride int
	words                          []uint64
}

func pack(r *spikes.Raster) packed {
	p := packed{repeats: r.Repeats, bins: r.Bins, neurons: r.Neurons, stride: (r.Neurons + 63) / 64}
	p.words = make([]uint64, p.repeats*p.bins*p.stride)
	for rep := range r.Repeats {
		for b := range r.Bins {
			row := p.row(rep, b)
			if r.Neurons > 0 && r.Neurons <= MaxCounted {
				row[0] = uint64(r.Word(rep, b)) << (64 - r.Neurons)
				continue
			}
			for i := range r.Neurons {
				if r.At(rep, b, i) {
					row[i>>6] |= 1 << (63 - i&63)
				}
			}
		}
	}
	return p
}

func (p packed) row(rep, bin int) []uint64 {
	i := (rep*p.bins + bin) * p.stride
	return p.words[i : i+p.stride]
}

// counts returns the spikes of each neuron and, for i <= j, the bins in which
// both fired (so joint[i][i] are the spikes of i).
func (p packed) counts() (joint [][]int) {
	joint = make([][]int, p.neurons)
	for i := range joint {
		joint[i] = make([]int, p.neurons)
	}
	active := make([]int, 0, p.neurons)
	for k := 0; k < len(p.words); k += max(p.stride, 1) {
		active = active[:0]
		for w, word := range p.words[k : k+p.stride] {
			for word != 0 {
				z := bits.LeadingZeros64(word)
				active = append(active, w*64+z)
				word &^= 1 << (63 - z)
			}
		}
		for a, i := range active {
			for _, j := range active[a:] {
				joint[i][j]++
			}
		}
	}
	return joint
}

// MeanFiringRate is the firing rate of each neuron in Hz, its spikes divided by
// repeats x bins x bin width (Elephant's mean_firing_rate with t_start and
// t_stop at the ends of the recording). It is nil where the bin width is not
// known or there are no bins. As a bin holds 0 or 1, it saturates at one spike a
// bin.
func MeanFiringRate(r *spikes.Raster) []float64 {
	if r.BinWidth <= 0 || r.Repeats*r.Bins == 0 {
		return nil
	}
	joint := pack(r).counts()
	rate := make([]float64, r.Neurons)
	for i := range rate {
		rate[i] = float64(joint[i][i]) / (float64(r.Repeats*r.Bins) * r.BinWidth)
	}
	return rate
}

// Covariance is the n x n covariance matrix of the neurons' bins,
//
//	C_ij = sum over bins (b_i - mean_i)(b_j - mean_j) / (L - 1),  L = repeats x bins,
//
// as numpy's cov and Elephant's covariance(binned, binary=True) compute it over
// the repeats joined in time. Every bin of the raster counts once; windows that
// overlap would count the first and the last bins of a repeat less often. For a
// raster of generated windows (one repeat each) this is the covariance of the
// windows joined in time, as in Spike-GAN. With fewer than two bins it is all 0.
func Covariance(r *spikes.Raster) [][]float64 {
	return covariance(pack(r).counts(), r.Repeats*r.Bins)
}

func covariance(joint [][]int, bins int) [][]float64 {
	c := make([][]float64, len(joint))
	for i := range c {
		c[i] = make([]float64, len(joint))
	}
	if bins < 2 {
		return c
	}
	l := float64(bins)
	for i := range joint {
		for j := i; j < len(joint); j++ {
			v := (float64(joint[i][j]) - float64(joint[i][i])*float64(joint[j][j])/l) / (l - 1)
			c[i][j], c[j][i] = v, v
		}
	}
	return c
}

// CorrelationCoefficient is the n x n matrix of Pearson coefficients
// C_ij/√(C_ii C_jj) of the neurons' bins (Elephant's correlation_coefficient).
// A neuron that never fired, or fired in every bin, has none: its row and column
// are 0, the diagonal too, and it is listed in undefined.
func CorrelationCoefficient(r *spikes.Raster) (corr [][]float64, undefined []int) {
	return correlation(pack(r).counts(), r.Repeats*r.Bins)
}

func correlation(joint [][]int, bins int) (corr [][]float64, undefined []int) {
	corr = covariance(joint, bins)
	undefined = []int{}
	sd := make([]float64, len(joint))
	for i := range joint {
		if n := joint[i][i]; bins >= 2 && n > 0 && n < bins {
			sd[i] = math.Sqrt(corr[i][i])
		} else {
			undefined = append(undefined, i)
		}
	}
	for i := range corr {
		for j := range corr {
			switch {
			case sd[i] == 0 || sd[j] == 0:
				corr[i][j] = 0
			case i == j:
				corr[i][j] = 1
			default:
				corr[i][j] /= sd[i] * sd[j]
			}
		}
	}
	return corr, undefined
}

// ComplexityPDF is the k-probability: entry k, 0 to n, is the share of bins in
// which exactly k neurons fired (Elephant's Complexity(...).pdf with one bin and
// binary counts; Spike-GAN's k-statistics). It is per bin, not per window, and
// all 0 without bins.
func ComplexityPDF(r *spikes.Raster) []float64 { return pack(r).complexity() }

func (p packed) complexity() []float64 {
	pdf := make([]float64, p.neurons+1)
	total := p.repeats * p.bins
	if total == 0 {
		return pdf
	}
	count := make([]int, p.neurons+1)
	for rep := range p.repeats {
		for b := range p.bins {
			k := 0
			for _, w := range p.row(rep, b) {
				k += bits.OnesCount64(w)
			}
			count[k]++
		}
	}
	for k := range pdf {
		pdf[k] = float64(count[k]) / float64(total)
	}
	return pdf
}

// Autocorrelogram is that of Spike-GAN (Molano-Mazon et al., ICLR 2018,
// arXiv:1803.00338): each window is padded with maxLag silent bins at both ends;
// for every spike of every neuron the train around it, lags -maxLag to +maxLag,
// is added up over spikes, neurons and windows; the sum is divided by its centre
// (the number of spikes) and the centre is then set to 0. The result has
// 2·maxLag+1 entries, lag 0 in the middle, and is symmetric. It is all 0 where
// there is no spike.
//
// The padding makes lag l smaller by about (T-l)/T, so only windows of one
// length may be compared with each other.
//
// Without the centre it is, summed over neurons and windows and divided by the
// number of spikes, Elephant's cross_correlation_histogram of a neuron with itself
// (binary counts, no border correction).
//
// All overlapping windows count, as they do in the law that a model is trained
// on; [AutocorrelogramStride] takes fewer. Windows as long as a repeat give the
// autocorrelogram of whole repeats.
func Autocorrelogram(w spikes.Windows, maxLag int) []float64 {
	return pack(w.Raster).autocorrelogram(w.T, 1, maxLag)
}

// AutocorrelogramStride is [Autocorrelogram] of the windows that start at bins
// 0, stride, 2·stride ... of each repeat. With the stride equal to the window
// length no bin is counted twice; for a recording locked to a stimulus the
// result then depends on where the cuts fall. It panics for a stride below 1.
func AutocorrelogramStride(w spikes.Windows, stride, maxLag int) []float64 {
	if stride < 1 {
		panic("metrics: autocorrelogram of windows with stride below 1")
	}
	return pack(w.Raster).autocorrelogram(w.T, stride, maxLag)
}

func (p packed) autocorrelogram(t, stride, maxLag int) []float64 {
	out := make([]float64, 2*maxLag+1)
	if t < 1 || t > p.bins {
		return out
	}
	// Two spikes at bins b and b+l are met once in each window that holds both,
	// so windows need not be visited: cover counts them.
	last := p.bins - t
	cover := func(b, l int) int {
		lo, hi := max(0, b+l-t+1), min(b, last)
		if lo > hi {
			return 0
		}
		return hi/stride - (lo+stride-1)/stride + 1
	}
	sums := make([]int, maxLag+1)
	for l := 0; l <= min(maxLag, t-1); l++ {
		for b := 0; b+l < p.bins; b++ {
			c := cover(b, l)
			if c == 0 {
				continue
			}
			pairs := 0
			for rep := range p.repeats {
				x, y := p.row(rep, b), p.row(rep, b+l)
				for k := range x {
					pairs += bits.OnesCount64(x[k] & y[k])
				}
			}
			sums[l] += c * pairs
		}
	}
	if sums[0] == 0 {
		return out
	}
	for l := 1; l <= maxLag; l++ {
		v := float64(sums[l]) / float64(sums[0])
		out[maxLag+l], out[maxLag-l] = v, v
	}
	return out
}

// PSilent is the share of windows without a spike.
func PSilent(w spikes.Windows) float64 { return pack(w.Raster).silent(w.T) }

func (p packed) silent(t int) float64 {
	windows := p.repeats * (p.bins - t + 1)
	if t < 1 || windows <= 0 {
		return 0
	}
	silent := 0
	for rep := range p.repeats {
		run := 0 // silent bins up to here
		for b := range p.bins {
			run++
			for _, w := range p.row(rep, b) {
				if w != 0 {
					run = 0
				}
			}
			if run >= t {
				silent++
			}
		}
	}
	return float64(silent) / float64(windows)
}

// AutocorrelogramLags is the largest lag, in bins, of a [Summary]'s
// autocorrelogram: Spike-GAN's.
const AutocorrelogramLags = 10

// Summary holds the statistics of a recording or of generated windows (one
// repeat each, as long as the window). All numbers are finite.
type Summary struct {
	Neurons         int         `json:"neurons"`
	Timesteps       int         `json:"timesteps"`
	Bins            int         `json:"bins"`    // bins over all repeats
	Windows         int         `json:"windows"` // windows over all repeats
	BinWidth        float64     `json:"bin_width_s,omitempty"`
	RatesHz         []float64   `json:"rates_hz"`        // nil: bin width not known
	MeanPerBin      []float64   `json:"mean_per_bin"`    // spikes a bin of each neuron
	Covariance      [][]float64 `json:"covariance"`      // over all bins, ddof 1
	Correlation     [][]float64 `json:"correlation"`     // 0 for undefined neurons
	KProbability    []float64   `json:"k_probability"`   // share of bins with k active neurons
	Autocorrelogram []float64   `json:"autocorrelogram"` // over windows, lags -10 to 10 bins
	PSilent         float64     `json:"p_silent"`        // share of windows without a spike
	Undefined       []int       `json:"undefined"`       // neurons without variance
}

// Summarize computes all statistics: rates, covariance, correlation and
// k-probability over the raster's bins, the autocorrelogram and the probability
// of silence over its windows.
func Summarize(w spikes.Windows) Summary {
	p := pack(w.Raster)
	joint := p.counts()
	bins := w.Repeats * w.Bins
	s := Summary{
		Neurons: w.Neurons, Timesteps: w.T, Bins: bins, Windows: w.Len(), BinWidth: w.BinWidth,
		MeanPerBin:      make([]float64, w.Neurons),
		Covariance:      covariance(joint, bins),
		KProbability:    p.complexity(),
		Autocorrelogram: p.autocorrelogram(w.T, 1, AutocorrelogramLags),
		PSilent:         p.silent(w.T),
	}
	s.Correlation, s.Undefined = correlation(joint, bins)
	if bins > 0 {
		for i := range s.MeanPerBin {
			s.MeanPerBin[i] = float64(joint[i][i]) / float64(bins)
		}
		if w.BinWidth > 0 {
			s.RatesHz = make([]float64, w.Neurons)
			for i, m := range s.MeanPerBin {
				s.RatesHz[i] = m / w.BinWidth
			}
		}
	}
	return s
}
