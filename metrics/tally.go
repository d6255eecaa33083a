package metrics

import (
	"math/bits"

	"qgan/metrics/spikes"
)

// layout says what a tally counts: pairs of bins up to a lag, windows of some
// lengths, and the words of single bins.
type layout struct {
	neurons int
	maxLag  int
	windows []int          // lengths in bins
	words   map[uint32]int // place of each word; nil: words are not counted
}

// tally holds the sums from which every statistic in time follows. They belong
// to the bins at which a pair or a window begins, so the tallies of the parts of
// a raster add up to that of the whole, with nothing lost at the joints; a
// resampled raster is a sum of its parts' tallies.
type tally struct {
	sums   []int // all of the below, one after the other
	lags   []lagTally
	spans  []spanTally
	active []int // bins with so many active neurons
	words  []int // bins with each word of the layout
	others *int  // bins with another word
}

// lagTally counts the pairs of bins (b, b+lag) within a repeat.
type lagTally struct {
	pairs         *int
	first, second []int // spikes of each neuron in the first and in the second bins
	joint         []int // [i*neurons+j]: i fired in the first, j in the second
}

// spanTally counts the windows of one length.
type spanTally struct {
	counts []int // windows with so many spikes
	bursts []int // runs of so many bins with a spike, cut by the window's ends
	pairs  []int // by lag: pairs of spikes of a neuron within a window
}

func (l *layout) newTally() *tally {
	n := l.neurons
	size := (l.maxLag+1)*(1+2*n+n*n) + n + 1 + len(l.words) + 1
	for _, t := range l.windows {
		size += n*t + 1 + t + 1 + AutocorrelogramLags + 1
	}
	x := &tally{sums: make([]int, size)}
	rest := x.sums
	take := func(k int) []int {
		part := rest[:k:k]
		rest = rest[k:]
		return part
	}
	for range l.maxLag + 1 {
		x.lags = append(x.lags, lagTally{&take(1)[0], take(n), take(n), take(n * n)})
	}
	for _, t := range l.windows {
		x.spans = append(x.spans, spanTally{take(n*t + 1), take(t + 1), take(AutocorrelogramLags + 1)})
	}
	x.active, x.words, x.others = take(n+1), take(len(l.words)), &take(1)[0]
	return x
}

// whole tallies a raster.
func (l *layout) whole(r *spikes.Raster) *tally {
	return l.count(pack(r), part{0, r.Repeats, 0, r.Bins})
}

func (x *tally) add(y *tally) {
	for i, v := range y.sums {
		x.sums[i] += v
	}
}

// part is a range of bins: all bins of the repeats from lo to hi or, where these
// are one and the same repeat, those from bin lo to bin hi of it.
type part struct {
	repeat, repeats int // first, and one past the last
	bin, bins       int // the same of bins
}

// minRepeats is the number of repeats from which on repeats are the units of
// resampling; a raster of fewer is cut into stretches.
const minRepeats = 20

// minBins is the least length in bins of the parts of a long repeat: far more than
// a retina's correlations last.
const minBins = 250

// parts cuts a raster into at most so many units that are nearly independent of
// each other, more only where a raster has more repeats and these are fewer than
// minRepeats.
func parts(p packed, most int) []part {
	var out []part
	if p.repeats >= minRepeats {
		n := min(p.repeats, most)
		for i := range n {
			out = append(out, part{i * p.repeats / n, (i + 1) * p.repeats / n, 0, p.bins})
		}
		return out
	}
	n := max(1, min(p.bins/minBins, most/max(1, p.repeats)))
	for rep := range p.repeats {
		for i := range n {
			out = append(out, part{rep, rep + 1, i * p.bins / n, (i + 1) * p.bins / n})
		}
	}
	return out
}

// count tallies the pairs and windows of a raster that begin in a part of it.
func (l *layout) count(p packed, in part) *tally {
	x := l.newTally()
	reach := l.maxLag
	for _, t := range l.windows {
		reach = max(reach, t-1)
	}
	bins := in.bins - in.bin
	s := newStretch(p, min(bins+reach, p.bins-in.bin))
	for rep := in.repeat; rep < in.repeats; rep++ {
		s.read(rep, in.bin)
		for lag := range x.lags {
			x.lags[lag].addStretch(s, lag, bins)
		}
		for i, t := range l.windows {
			x.spans[i].addStretch(s, t, bins)
		}
		for b, active := range s.active[:bins] {
			x.active[len(active)]++
			if l.words == nil {
				continue
			}
			if i, ok := l.words[p.word(rep, in.bin+b)]; ok {
				x.words[i]++
			} else {
				*x.others++
			}
		}
	}
	return x
}

// word is a bin of at most 32 neurons as a number.
func (p packed) word(rep, bin int) uint32 {
	if p.stride == 0 {
		return 0
	}
	return uint32(p.row(rep, bin)[0] >> (64 - p.neurons))
}

// stretch holds what the tallies need of some bins of one repeat: those in which
// pairs and windows begin, and as many after them as these reach, as far as the
// repeat goes.
type stretch struct {
	p      packed
	active [][]int                        // neurons that fired in each bin
	pairs  [AutocorrelogramLags + 1][]int // by lag and first bin: neurons that fired in both bins
}

func newStretch(p packed, bins int) *stretch {
	s := &stretch{p: p, active: make([][]int, bins)}
	for l := range s.pairs {
		s.pairs[l] = make([]int, max(0, bins-l))
	}
	return s
}

// read reads the bins of a repeat from bin on.
func (s *stretch) read(rep, bin int) {
	for b := range s.active {
		s.active[b] = s.active[b][:0]
		row := s.p.row(rep, bin+b)
		for k, w := range row {
			for w != 0 {
				z := bits.LeadingZeros64(w)
				s.active[b] = append(s.active[b], k*64+z)
				w &^= 1 << (63 - z)
			}
		}
		for l := 0; l < len(s.pairs) && b+l < len(s.active); l++ {
			both := 0
			if len(s.active[b]) > 0 {
				for k, w := range s.p.row(rep, bin+b+l) {
					both += bits.OnesCount64(w & row[k])
				}
			}
			s.pairs[l][b] = both
		}
	}
}

// addStretch counts the pairs that begin in the first so many bins.
func (x *lagTally) addStretch(s *stretch, lag, bins int) {
	n := len(x.first)
	for b := range min(bins, len(s.active)-lag) {
		*x.pairs++
		for _, i := range s.active[b] {
			x.first[i]++
			for _, j := range s.active[b+lag] {
				x.joint[i*n+j]++
			}
		}
		for _, j := range s.active[b+lag] {
			x.second[j]++
		}
	}
}

// addStretch counts the windows of t bins that begin in the first so many bins.
func (x *spanTally) addStretch(s *stretch, t, bins int) {
	windows := min(bins, len(s.active)-t+1)
	if windows < 1 {
		return
	}
	spikes := 0
	for b := range t - 1 {
		spikes += len(s.active[b])
	}
	for start := range windows {
		spikes += len(s.active[start+t-1])
		x.counts[spikes]++
		spikes -= len(s.active[start])
		run := 0
		for b := start; b < start+t; b++ {
			if len(s.active[b]) > 0 {
				run++
			} else if run > 0 {
				x.bursts[run]++
				run = 0
			}
		}
		if run > 0 {
			x.bursts[run]++
		}
	}
	for l := range min(len(x.pairs), t) {
		within := 0 // pairs that lie within the window
		for b := range t - 1 - l {
			within += s.pairs[l][b]
		}
		for start := range windows {
			within += s.pairs[l][start+t-1-l]
			x.pairs[l] += within
			within -= s.pairs[l][start]
		}
	}
}

// covariance is the n x n covariance of the first and the second bins of the
// pairs, flat.
func (x *lagTally) covariance() []float64 {
	n := len(x.first)
	c := make([]float64, n*n)
	if *x.pairs < 2 {
		return c
	}
	m := float64(*x.pairs)
	for i := range n {
		for j := range n {
			c[i*n+j] = (float64(x.joint[i*n+j]) - float64(x.first[i])*float64(x.second[j])/m) / (m - 1)
		}
	}
	return c
}

// autocorrelogram is that of the windows.
func (x *spanTally) autocorrelogram() []float64 {
	const lags = AutocorrelogramLags
	out := make([]float64, 2*lags+1)
	if x.pairs[0] == 0 {
		return out
	}
	for l := 1; l <= lags; l++ {
		v := float64(x.pairs[l]) / float64(x.pairs[0])
		out[lags+l], out[lags-l] = v, v
	}
	return out
}

// pdf are the relative frequencies of counts; nil where nothing was counted.
func pdf(counts []int) []float64 {
	total := 0
	for _, c := range counts {
		total += c
	}
	if total == 0 {
		return nil
	}
	p := make([]float64, len(counts))
	for i, c := range counts {
		p[i] = float64(c) / float64(total)
	}
	return p
}
