package metrics

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"sort"

	"qgan/metrics/spikes"
)

// Chain is the process of words that has the data's exact law of one bin and,
// for order 1, of two neighbouring bins, and no other structure in time. Unlike
// [IndependentInTime] and [Markov], which are laws of windows, it goes on as
// long as one likes: what a recording without memory, or with a memory of one
// bin, would look like in all statistics in time.
type Chain struct {
	neurons int
	order   int
	words   law                   // of one bin
	next    map[uint32]law        // order 1: of the bin after a word
	lnNext  map[[2]uint32]float64 // ln of the probability of a word after another
	lnWord  map[uint32]float64
}

// law is a law of words to draw from.
type law struct {
	words []uint32
	ends  []int // cumulative counts
}

func newLaw(count map[uint32]int) law {
	var l law
	for w := range count {
		l.words = append(l.words, w)
	}
	slices.Sort(l.words)
	sum := 0
	for _, w := range l.words {
		sum += count[w]
		l.ends = append(l.ends, sum)
	}
	return l
}

func (l law) total() int { return l.ends[len(l.ends)-1] }

func (l law) draw(rng *rand.Rand) uint32 {
	return l.words[sort.SearchInts(l.ends, rng.IntN(l.total())+1)]
}

// FitChain counts the words of the bins and, for order 1, the pairs of
// neighbouring bins of each repeat: the maximum-likelihood fit. It fails for
// other orders than 0 and 1, more than 32 neurons, and a raster without bins.
func FitChain(r *spikes.Raster, order int) (*Chain, error) {
	switch {
	case order != 0 && order != 1:
		return nil, fmt.Errorf("fitting a chain of order %d: it can be 0 or 1", order)
	case r.Neurons > MaxCounted:
		return nil, fmt.Errorf("fitting a chain: %d neurons, at most %d can be counted: select fewer", r.Neurons, MaxCounted)
	case r.Repeats*r.Bins == 0:
		return nil, errors.New("fitting a chain: the raster has no bins")
	}
	words, pairs := map[uint32]int{}, map[uint32]map[uint32]int{}
	for rep := range r.Repeats {
		for b := range r.Bins {
			w := r.Word(rep, b)
			words[w]++
			if b == 0 || order == 0 {
				continue
			}
			before := r.Word(rep, b-1)
			if pairs[before] == nil {
				pairs[before] = map[uint32]int{}
			}
			pairs[before][w]++
		}
	}
	c := &Chain{neurons: r.Neurons, order: order, words: newLaw(words), next: map[uint32]law{}}
	c.lnWord, c.lnNext = map[uint32]float64{}, map[[2]uint32]float64{}
	for w, k := range words {
		c.lnWord[w] = math.Log(float64(k) / float64(c.words.total()))
	}
	for before, counts := range pairs {
		c.next[before] = newLaw(counts)
		for w, k := range counts {
			c.lnNext[[2]uint32{before, w}] = math.Log(float64(k) / float64(c.next[before].total()))
		}
	}
	return c, nil
}

// Name is independent-in-time for order 0 and markov for order 1.
func (c *Chain) Name() string {
	if c.order == 0 {
		return "independent-in-time"
	}
	return "markov"
}

// Parameters counts what the data filled in of the tables: the words seen or,
// for order 1, the pairs of words.
func (c *Chain) Parameters() int {
	if c.order == 0 {
		return len(c.lnWord)
	}
	return len(c.lnNext)
}

// Draw draws a raster of so many repeats. Each begins with the law of one bin; a
// word that the data show at the ends of repeats only is followed by that law
// too.
func (c *Chain) Draw(repeats, bins int, binWidth float64, rng *rand.Rand) *spikes.Raster {
	r := spikes.NewRaster(repeats, bins, c.neurons, binWidth)
	r.Source.Path = c.Name()
	for rep := range repeats {
		from := c.words
		for b := range bins {
			w := from.draw(rng)
			r.SetWord(rep, b, w)
			if next, ok := c.next[w]; ok {
				from = next
			} else {
				from = c.words
			}
		}
	}
	return r
}

// LogLikelihood is the mean logarithm of the probability of a raster's bins given
// the bins before them in the repeat, in nats a bin, the first bin of a repeat by
// the law of one bin. impossible is the share of bins to which the chain gives no
// probability because it never met their word, or that word after the one before;
// where it is not 0 the logarithm is -Inf.
func (c *Chain) LogLikelihood(r *spikes.Raster) (perBin, impossible float64) {
	sum, lost := 0.0, 0
	for rep := range r.Repeats {
		for b := range r.Bins {
			w := r.Word(rep, b)
			l, ok := c.lnWord[w]
			if b > 0 {
				before := r.Word(rep, b-1)
				if _, met := c.next[before]; met {
					l, ok = c.lnNext[[2]uint32{before, w}]
				}
			}
			if !ok {
				lost++
			}
			sum += l
		}
	}
	bins := float64(r.Repeats * r.Bins)
	if lost > 0 {
		return math.Inf(-1), float64(lost) / bins
	}
	return sum / bins, 0
}
