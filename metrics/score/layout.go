package score

import (
	"math/rand/v2"
	"slices"

	"qgan/internal/stream"
	"qgan/metrics/spikes"
)

const (
	maxLag      = 20 // bins, of covariances
	maxBurst    = 50 // bins, of a burst; longer ones count as this
	countWindow = 10 // bins of the windows whose spikes are counted
	groupCells  = 10 // of a random group
	groupCount  = 20
)

// silences and fanoBins are lengths of windows in bins.
var (
	silences = []int{1, 2, 5, 10, 20}
	fanoBins = []int{2, 5, 10, 20, 50, 100, 200, 500}
)

// section is a range of a row of counts.
type section struct{ from, to int }

// at is a section of a row.
func at[T any](row []T, s section) []T { return row[s.from:s.to:s.to] }

// layout says what is counted of a unit, which is one repeat or several neighbouring
// ones, and where it stands in the unit's row. Rows add up: that of a raster is the sum
// of its units', that of a resampled one a weighted sum.
type layout struct {
	neurons, bins int
	width         float64 // of a bin in seconds; 1 where it is not known
	aligned       bool    // repeats are of one stimulus, so a bin has a meaning of its own
	groups        [][]int
	kernels       []kernel

	size   int
	total  section // bins, repeats, squared bins of the unit
	lags   []lagSections
	active section   // bins with k active cells
	silent section   // silent windows, by length
	bursts section   // runs of bins with a spike, by length
	counts section   // windows of countWindow bins with K spikes; empty: repeats are shorter
	isi    section   // of each cell: intervals, their sum, the sum of their squares, in bins
	whole  section   // of each cell: spikes of a repeat, their squares
	fano   []section // by window length: windows, then the same of windows side by side
	psth   section   // spikes of each cell and bin; empty: not aligned
	words  []section // bins with each word of a group
	parity []section // of each kernel and parity: sum over the bins, then its square
}

// lagSections count pairs of bins within a repeat.
type lagSections struct {
	pairs         section
	first, second section // spikes of a cell in the first and in the second bins
	joint         section // [i*neurons+j]: i fired in the first, j in the second
}

// newLayout lays out repeats of so many bins. The groups of cells and the parities of
// large populations are drawn from the seed.
func newLayout(neurons, bins int, width float64, aligned bool, seed uint64) *layout {
	l := &layout{neurons: neurons, bins: bins, width: width, aligned: aligned}
	if !(width > 0) {
		l.width = 1
	}
	l.groups = groupsOf(neurons, stream.New(seed, "groups"))
	for k, sigma := range kernelWidths {
		l.kernels = append(l.kernels, newKernel(neurons, sigma, stream.New(seed, "parities", uint64(k))))
	}
	take := func(n int) section {
		l.size += n
		return section{l.size - n, l.size}
	}
	n := neurons
	l.total = take(3)
	for range min(maxLag+1, bins) {
		l.lags = append(l.lags, lagSections{take(1), take(n), take(n), take(n * n)})
	}
	l.active, l.silent, l.bursts = take(n+1), take(len(silences)), take(maxBurst+1)
	if bins >= countWindow {
		l.counts = take(n*countWindow + 1)
	}
	l.isi, l.whole = take(3*n), take(2*n)
	for _, w := range fanoBins {
		if w <= bins {
			l.fano = append(l.fano, take(1+2*n))
		}
	}
	if aligned {
		l.psth = take(n * bins)
	}
	for _, g := range l.groups {
		l.words = append(l.words, take(1<<len(g)))
	}
	for _, k := range l.kernels {
		l.parity = append(l.parity, take(2*len(k.weights)))
	}
	return l
}

// groupsOf draws groups of ten cells; there is one of all cells where there are no more.
func groupsOf(neurons int, rng *rand.Rand) [][]int {
	if neurons <= groupCells {
		all := make([]int, neurons)
		for i := range all {
			all[i] = i
		}
		return [][]int{all}
	}
	var out [][]int
	for range groupCount {
		g := rng.Perm(neurons)[:groupCells]
		slices.Sort(g)
		out = append(out, g)
	}
	return out
}

// unitLimit is the number of units that a raster is counted in at most, fewer where their
// rows together would have more than rowLimit numbers.
const (
	unitLimit = 200
	rowLimit  = 1 << 25
)

// units counts a raster, neighbouring repeats together where there are more than can be
// kept apart. Units hold whole multiples of so many repeats.
func (l *layout) units(r *spikes.Raster, multiple int) [][]float32 {
	parts := r.Repeats / multiple
	n := min(parts, unitLimit, max(2, rowLimit/l.size))
	rows := make([][]float32, n)
	c := newCounter(l)
	for u := range rows {
		rows[u] = c.count(r, u*parts/n*multiple, (u+1)*parts/n*multiple)
	}
	return rows
}

// counter counts units; it holds what is used again for every repeat.
type counter struct {
	*layout
	trains *trains
	later  []uint64
	word   []uint32
	joint  [][]int // by lag
	row    []float32
	law    []float64  // of the words of all cells, where these are few
	joined [][]uint64 // trains of all repeats, one behind the other, where they are many
	bits   int        // of a joined train
	parity []uint64
}

func newCounter(l *layout) *counter {
	t := newTrains(l.neurons, l.bins)
	c := &counter{layout: l, trains: t, later: make([]uint64, len(t.bits)), word: make([]uint32, l.bins), joined: make([][]uint64, l.neurons)}
	if l.neurons <= allParities {
		c.law = make([]float64, 1<<l.neurons)
	}
	for range l.lags {
		c.joint = append(c.joint, make([]int, l.neurons*l.neurons))
	}
	return c
}

// count returns the row of the repeats from one to another.
func (c *counter) count(r *spikes.Raster, from, to int) []float32 {
	c.row = make([]float32, c.size)
	for _, j := range c.joint {
		clear(j)
	}
	clear(c.law)
	c.bits = 0
	for rep := from; rep < to; rep++ {
		c.trains.read(r, rep)
		c.pairs()
		c.populations()
		for i := range c.neurons {
			c.cell(i)
		}
		for g, cells := range c.groups {
			c.group(cells, at(c.row, c.words[g]))
		}
		if c.law != nil {
			c.wordLaw()
		} else {
			c.join()
		}
	}
	walsh(c.law)
	for k := range c.kernels {
		c.parities(&c.kernels[k], at(c.row, c.layout.parity[k]))
	}
	for l, s := range c.lags {
		out := at(c.row, s.joint)
		for k, n := range c.joint[l] {
			out[k] = float32(n)
		}
	}
	for s := range c.layout.parity {
		x := at(c.row, c.layout.parity[s])
		half := len(x) / 2
		for k, v := range x[:half] {
			x[half+k] = v * v
		}
	}
	bins := float32((to - from) * c.bins)
	copy(at(c.row, c.total), []float32{bins, float32(to - from), bins * bins})
	return c.row
}

// pairs counts coincidences at all lags.
func (c *counter) pairs() {
	t, n := c.trains, c.neurons
	for lag, s := range c.lags {
		t.later(lag, c.later)
		at(c.row, s.pairs)[0] += float32(c.bins - lag)
		first, second, joint := at(c.row, s.first), at(c.row, s.second), c.joint[lag]
		for i := range n {
			own := t.before(i, c.bins-lag)
			first[i] += float32(own)
			second[i] += float32(ones(c.later[i*t.words : (i+1)*t.words]))
			if own == 0 {
				continue
			}
			train := t.of(i)
			for j := range n {
				joint[i*n+j] += coincidences(train, c.later[j*t.words:(j+1)*t.words])
			}
		}
	}
}

// populations counts what the cells do together: how many fire in a bin, silences,
// bursts, spikes in a window.
func (c *counter) populations() {
	active, silent, bursts, counts := at(c.row, c.active), at(c.row, c.silent), at(c.row, c.bursts), at(c.row, c.counts)
	run, quiet, sum := 0, 0, 0
	for b, k := range c.trains.active {
		active[k]++
		if k > 0 {
			run++
			quiet = 0
		} else {
			if run > 0 {
				bursts[min(run, maxBurst)]++
			}
			run = 0
			quiet++
		}
		for i, length := range silences {
			if quiet >= length {
				silent[i]++
			}
		}
		sum += k
		if b >= countWindow {
			sum -= c.trains.active[b-countWindow]
		}
		if b >= countWindow-1 {
			counts[sum]++
		}
	}
	if run > 0 {
		bursts[min(run, maxBurst)]++
	}
}

// cell counts the intervals of a cell and its spikes in windows.
func (c *counter) cell(i int) {
	isi, whole := at(c.row, c.isi)[3*i:], at(c.row, c.whole)[2*i:]
	last, spikes := -1, 0
	psth := at(c.row, c.psth)
	c.trains.each(i, func(b int) {
		if last >= 0 {
			d := float32(b - last)
			isi[0]++
			isi[1] += d
			isi[2] += d * d
		}
		last = b
		spikes++
		if c.aligned {
			psth[i*c.bins+b]++
		}
	})
	whole[0] += float32(spikes)
	whole[1] += float32(spikes * spikes)
	for k, s := range c.fano {
		w, x := fanoBins[k], at(c.row, s)
		windows := c.bins / w
		if i == 0 {
			x[0] += float32(windows)
		}
		x = x[1+2*i:]
		before := 0
		for end := w; end <= windows*w; end += w {
			now := c.trains.before(i, end)
			n := float32(now - before)
			before = now
			x[0] += n
			x[1] += n * n
		}
	}
}

// group counts the words of some cells, the first the most significant bit.
func (c *counter) group(cells []int, row []float32) {
	clear(c.word)
	for k, i := range cells {
		bit := uint32(1) << (len(cells) - 1 - k)
		c.trains.each(i, func(b int) { c.word[b] |= bit })
	}
	for _, w := range c.word {
		row[w]++
	}
}

// wordLaw counts the words of all cells.
func (c *counter) wordLaw() {
	clear(c.word)
	for i := range c.neurons {
		c.trains.each(i, func(b int) { c.word[b] |= 1 << i })
	}
	for _, w := range c.word {
		c.law[w]++
	}
}

// join puts the trains behind those of the repeats before, so that short windows fill
// their words.
func (c *counter) join() {
	skip, shift := c.bits>>6, c.bits&63
	c.bits += c.bins
	words := (c.bits + 63) >> 6
	for i := range c.joined {
		to := slices.Grow(c.joined[i], max(0, words-len(c.joined[i])))[:words]
		clear(to[skip+min(shift, 1):])
		for k, w := range c.trains.of(i) {
			to[skip+k] |= w << shift
			if shift > 0 && skip+k+1 < words {
				to[skip+k+1] |= w >> (64 - shift)
			}
		}
		c.joined[i] = to
	}
}

// parities adds up the parities of a kernel over the unit's bins: +1 where an even number
// of the parity's cells fired, -1 elsewhere.
func (c *counter) parities(k *kernel, row []float32) {
	if k.cells == nil { // all parities of few cells are the transform of the law of words
		for s, v := range c.law {
			row[s] = float32(v)
		}
		return
	}
	words := (c.bits + 63) >> 6
	c.parity = slices.Grow(c.parity[:0], words)[:words]
	for s, cells := range k.cells {
		clear(c.parity)
		for _, i := range cells {
			for w, x := range c.joined[i][:words] {
				c.parity[w] ^= x
			}
		}
		row[s] = float32(c.bits - 2*ones(c.parity))
	}
}
