package score

import (
	"math"
	"math/rand/v2"

	"qgan/metrics/spikes"
)

// smoothings are the widths σ in bins that a PSTH may be smoothed with; 0 is not at all.
var smoothings = []float64{0, 0.3, 0.4, 0.5, 0.6, 0.8, 1, 1.5, 2, 3, 5, 8}

// smoothFolds is the number of parts of the repeats that σ is chosen by.
const smoothFolds = 5

// PSTH draws each bin of each cell on its own, at the rate that the repeats of one
// stimulus have there: all that the stimulus does, and nothing else. With c(b) spikes of
// a cell in bin b of R repeats and m its mean rate,
//
//	p(b) = (sum over bins d of g(b-d) c(d) + m/2) / (R + 1/2),
//
// g a Gaussian of width σ, normalised over the bins that there are. The m/2 keeps bins
// that never had a spike from being impossible.
type PSTH struct {
	Sigma float64 // chosen smoothing in bins

	neurons, bins int
	width         float64
	chance        []float64 // [cell*bins+bin]
}

// FitPSTH takes the PSTHs of a raster's repeats, smoothed with the σ under which held out
// repeats are most likely: each fifth of the repeats (repeats k, k+5, …) under the PSTH of
// the others. It is one σ for all cells. It fails for fewer than two repeats.
func FitPSTH(r *spikes.Raster) (*PSTH, error) {
	if r.Repeats < 2 {
		return nil, noFit("a PSTH needs at least two repeats")
	}
	folds := min(smoothFolds, r.Repeats)
	parts := make([][]float64, folds) // spikes of each cell and bin
	size := make([]float64, folds)
	for f := range parts {
		parts[f] = make([]float64, r.Neurons*r.Bins)
	}
	t := newTrains(r.Neurons, r.Bins)
	all := make([]float64, r.Neurons*r.Bins)
	for rep := range r.Repeats {
		t.read(r, rep)
		size[rep%folds]++
		for i := range r.Neurons {
			t.each(i, func(b int) {
				parts[rep%folds][i*r.Bins+b]++
				all[i*r.Bins+b]++
			})
		}
	}
	m := &PSTH{neurons: r.Neurons, bins: r.Bins, width: r.BinWidth}
	best := math.Inf(-1)
	others, chance := make([]float64, len(all)), make([]float64, len(all))
	for _, sigma := range smoothings {
		held := 0.0
		for f, part := range parts {
			for k := range all {
				others[k] = all[k] - part[k]
			}
			smoothed(others, r.Bins, float64(r.Repeats)-size[f], sigma, chance)
			for k, p := range chance {
				held += part[k]*math.Log(p) + (size[f]-part[k])*math.Log1p(-p)
			}
		}
		if held > best {
			best, m.Sigma = held, sigma
		}
	}
	smoothed(all, r.Bins, float64(r.Repeats), m.Sigma, chance)
	m.chance = chance
	return m, nil
}

// smoothed fills in the chances of all cells' bins by their spikes in so many repeats.
func smoothed(spikes []float64, bins int, repeats, sigma float64, chance []float64) {
	reach := int(math.Ceil(4 * sigma))
	g := make([]float64, reach+1)
	g[0] = 1
	for d := 1; d <= reach; d++ {
		g[d] = math.Exp(-float64(d*d) / (2 * sigma * sigma))
	}
	for from := 0; from < len(spikes); from += bins {
		c := spikes[from : from+bins]
		sum := 0.5
		for _, n := range c {
			sum += n
		}
		rate := sum / (repeats*float64(bins) + 1)
		for b := range c {
			total, weight := 0.0, 0.0
			for d := max(0, b-reach); d <= min(bins-1, b+reach); d++ {
				w := g[max(b-d, d-b)]
				total += w * c[d]
				weight += w
			}
			chance[from+b] = (total/weight + rate/2) / (repeats + 0.5)
		}
	}
}

// Name is psth.
func (*PSTH) Name() string { return "psth" }

// Parameters are a chance for each cell and bin, and σ.
func (m *PSTH) Parameters() int { return len(m.chance) + 1 }

// Chance is the probability that a cell fires in a bin of the repeat.
func (m *PSTH) Chance(cell, bin int) float64 { return m.chance[cell*m.bins+bin] }

// Sample draws repeats; longer ones than the stimulus begin it again.
func (m *PSTH) Sample(rng *rand.Rand, repeats, bins int) *spikes.Raster {
	r := newSample(m, repeats, bins, m.neurons, m.width)
	for rep := range repeats {
		start := startOf(rng, bins, m.bins)
		for b := range bins {
			for i := range m.neurons {
				if rng.Float64() < m.Chance(i, (start+b)%m.bins) {
					r.Set(rep, b, i, true)
				}
			}
		}
	}
	return r
}

// LogLikelihoods are ln p of each repeat in nats; NaN for repeats of another length.
func (m *PSTH) LogLikelihoods(r *spikes.Raster) []float64 {
	out := make([]float64, r.Repeats)
	silent := 0.0
	for _, p := range m.chance {
		silent += math.Log1p(-p)
	}
	if r.Bins != m.bins {
		silent = math.NaN()
	}
	t := newTrains(m.neurons, min(r.Bins, m.bins))
	for rep := range out {
		out[rep] = silent
		t.read(r, rep)
		for i := range m.neurons {
			t.each(i, func(b int) {
				p := m.Chance(i, b)
				out[rep] += math.Log(p) - math.Log1p(-p)
			})
		}
	}
	return out
}

// WordLaw is the mean over the bins of the product of the cells' laws.
func (m *PSTH) WordLaw(cells []int) []float64 { return wordLaw(cells, m.bins, m.Chance) }

func wordLaw(cells []int, bins int, chance func(cell, bin int) float64) []float64 {
	law, p := make([]float64, 1<<len(cells)), make([]float64, len(cells))
	for b := range bins {
		for k, i := range cells {
			p[k] = chance(i, b)
		}
		productLaw(law, 1/float64(bins), p)
	}
	return law
}

// Shuffled gives repeats of a recording in another order for each cell: it keeps all that
// the stimulus does and each cell's own intervals, and takes away what cells have in
// common beyond the stimulus. It is the recording itself, so it has no likelihood.
type Shuffled struct{ from *spikes.Raster }

// NewShuffled shuffles the repeats of a raster when samples are drawn.
func NewShuffled(r *spikes.Raster) *Shuffled { return &Shuffled{r} }

// Name is shuffled.
func (*Shuffled) Name() string { return "shuffled" }

// Parameters are all bins of all repeats, which it holds.
func (m *Shuffled) Parameters() int { return m.from.Repeats * m.from.Bins * m.from.Neurons }

// Sample takes each cell's repeats in an order of its own, each once before one comes
// again; longer repeats begin the recording's again.
func (m *Shuffled) Sample(rng *rand.Rand, repeats, bins int) *spikes.Raster {
	from := m.from
	r := newSample(m, repeats, bins, from.Neurons, from.BinWidth)
	starts := make([]int, repeats)
	for rep := range starts {
		starts[rep] = startOf(rng, bins, from.Bins)
	}
	for i := range from.Neurons {
		var order []int
		for rep := range repeats {
			if len(order) == 0 {
				order = rng.Perm(from.Repeats)
			}
			for b := range bins {
				if from.At(order[0], (starts[rep]+b)%from.Bins, i) {
					r.Set(rep, b, i, true)
				}
			}
			order = order[1:]
		}
	}
	return r
}

// WordLaw is that of cells on their own in each bin, at the rates that the repeats have
// there.
func (m *Shuffled) WordLaw(cells []int) []float64 {
	from := m.from
	rate, t := make([]float64, from.Neurons*from.Bins), newTrains(from.Neurons, from.Bins)
	for rep := range from.Repeats {
		t.read(from, rep)
		for _, i := range cells {
			t.each(i, func(b int) { rate[i*from.Bins+b] += 1 / float64(from.Repeats) })
		}
	}
	return wordLaw(cells, from.Bins, func(i, b int) float64 { return rate[i*from.Bins+b] })
}
