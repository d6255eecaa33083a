package score

import (
	"math/rand/v2"
	"sort"

	"qgan/metrics"
	"qgan/metrics/spikes"
)

// words is a law of the words of one bin with a table, each bin drawn on its own.
type words struct {
	*metrics.MaxEnt
	neurons int
	width   float64
	ends    []float64 // sums of probabilities
}

// fitWords fits the Ising law of a bin's words or, with counts, the k-pairwise one: with a
// table of all words where there are few cells, by Monte Carlo for more.
func fitWords(t training, counts bool) (Model, error) {
	if t.Neurons > metrics.MonteCarloBits {
		return nil, noFit("%d cells, at most %d take part in a fit", t.Neurons, metrics.MonteCarloBits)
	}
	if t.Neurons > metrics.MaxEntBits {
		return fitManyWords(t, counts)
	}
	s, err := metrics.CountStates(spikes.Windows{Raster: t.Raster, T: 1})
	if err != nil {
		return nil, err
	}
	fit := metrics.FitIsing
	if counts {
		fit = metrics.FitKPairwise
	}
	law, err := fit(s)
	if err != nil {
		return nil, err
	}
	m := words{MaxEnt: law, neurons: t.Neurons, width: t.BinWidth}
	sum := 0.0
	for _, p := range law.Table() {
		sum += p
		m.ends = append(m.ends, sum)
	}
	return m, nil
}

// Sample draws repeats, each bin on its own.
func (m words) Sample(rng *rand.Rand, repeats, bins int) *spikes.Raster {
	r := newSample(m, repeats, bins, m.neurons, m.width)
	last := m.ends[len(m.ends)-1]
	for rep := range repeats {
		for b := range bins {
			u := rng.Float64() * last
			r.SetWord(rep, b, uint32(sort.Search(len(m.ends)-1, func(k int) bool { return m.ends[k] > u })))
		}
	}
	return r
}

// LogLikelihoods are ln p of each repeat in nats, -Inf where a word can't be.
func (m words) LogLikelihoods(r *spikes.Raster) []float64 {
	return wordLikelihoods(m, folding{m.neurons, 1, m.neurons}, r)
}

// WordLaw is the law of the words, summed over the other cells.
func (m words) WordLaw(cells []int) []float64 {
	out := make([]float64, 1<<len(cells))
	for w, p := range m.Table() {
		k := 0
		for _, i := range cells {
			k = k<<1 | w>>(m.neurons-1-i)&1
		}
		out[k] += p
	}
	return out
}

// folding writes a bin of many cells as several words of fewer, since laws of windows
// don't care whether their bits are of one bin. Bits behind the last cell are 0.
type folding struct{ neurons, words, bits int }

func fold(neurons int) folding {
	n := (neurons + wordCells - 1) / wordCells
	return folding{neurons, n, (neurons + n - 1) / n}
}

// word fills in the words of a bin, given the cells that fired.
func (f folding) word(fired []int32, words []uint32) {
	clear(words)
	for _, i := range fired {
		words[int(i)/f.bits] |= 1 << (f.bits - 1 - int(i)%f.bits)
	}
}

// wordLikelihoods adds ln p of the words of each repeat's bins.
func wordLikelihoods(m metrics.Model, f folding, r *spikes.Raster) []float64 {
	out := make([]float64, r.Repeats)
	t, lists, words := newTrains(r.Neurons, r.Bins), make([][]int32, r.Bins), make([]uint32, f.words)
	for rep := range out {
		t.read(r, rep)
		activeIn(t, lists)
		for _, fired := range lists {
			f.word(fired, words)
			out[rep] += m.LogProb(words)
		}
	}
	return out
}

// manyWords is a law of the words of one bin that is drawn by Markov chains.
type manyWords struct {
	*metrics.MonteCarloMaxEnt
	folding
	width float64
}

func fitManyWords(t training, counts bool) (Model, error) {
	f := fold(t.Neurons)
	distinct, times := distinct(t.Raster)
	all, counted := make([]uint32, f.words*distinct.rows()), make([]int, distinct.rows())
	for row := range counted {
		f.word(distinct.column[distinct.start[row]:distinct.start[row+1]], all[row*f.words:(row+1)*f.words])
		counted[row] = int(times[row])
	}
	s, err := metrics.NewStates(f.bits, f.words, all, counted)
	if err != nil {
		return nil, err
	}
	m, err := metrics.FitMonteCarlo(s, counts, t.rng)
	if err != nil {
		return nil, noFit("%v", err)
	}
	return manyWords{m, f, t.BinWidth}, nil
}

// Parameters are those of the cells that there are.
func (m manyWords) Parameters() int {
	p := m.neurons * (m.neurons + 1) / 2
	if m.Name() == "k-pairwise" {
		p += m.neurons - 2
	}
	return p
}

// Sample draws repeats, each bin on its own.
func (m manyWords) Sample(rng *rand.Rand, repeats, bins int) *spikes.Raster {
	r := newSample(m, repeats, bins, m.neurons, m.width)
	m.Draw(repeats*bins, rng, func(window int, on []int) {
		for _, i := range on {
			if i < m.neurons {
				r.Set(window/bins, window%bins, i, true)
			}
		}
	})
	return r
}

// LogLikelihoods are ln p of each repeat in nats, as far as the law's normalisation is
// known.
func (m manyWords) LogLikelihoods(r *spikes.Raster) []float64 {
	return wordLikelihoods(m, m.folding, r)
}
