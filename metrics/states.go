package metrics

import (
	"errors"
	"fmt"
	"math"
	"math/bits"
	"math/rand/v2"
	"slices"
	"sort"

	"qgan/metrics/spikes"
)

// MaxCounted bounds the neurons of windows that are counted: a bin is one word.
const MaxCounted = 32

const (
	maxIndexBits = 62 // n·t for which a state has an index
	maxTableBits = 26 // n·t for which a full table is made (512 MB)
)

// States is an empirical law of windows: each distinct window once, with the
// number of times it was seen.
//
// A window is Timesteps words of Neurons bits, neuron 0 the most significant;
// window i is Words[i*Timesteps : (i+1)*Timesteps]. Windows are in increasing
// lexicographic order of their words, which is the order of their state
// indices. Counts are positive and add up to Total.
type States struct {
	Neurons, Timesteps int
	Words              []uint32
	Counts             []int
	Total              int
}

// CountStates counts the distinct windows, in time and memory proportional to
// the number of windows plus a sort of the distinct ones.
//
// It fails for more than 32 neurons, for a window length that the raster does
// not have, and where there is no window at all.
func CountStates(w spikes.Windows) (*States, error) {
	switch {
	case w.Raster == nil:
		return nil, errors.New("counting states: no raster")
	case w.Neurons > MaxCounted:
		return nil, fmt.Errorf("counting states: %d neurons, at most %d can be counted: select fewer", w.Neurons, MaxCounted)
	case w.T < 1 || w.T > w.Bins:
		return nil, fmt.Errorf("counting states: windows of %d bins in repeats of %d", w.T, w.Bins)
	case w.Repeats == 0:
		return nil, errors.New("counting states: the raster has no repeats")
	}
	flat := make([]uint32, w.Repeats*w.Bins)
	for r := range w.Repeats {
		for b := range w.Bins {
			flat[r*w.Bins+b] = w.Word(r, b)
		}
	}

	g := newGrouper(flat, w.T, distinctBound(w.Len(), w.Neurons*w.T))
	for r := range w.Repeats {
		g.addRepeat(r*w.Bins, (r+1)*w.Bins)
	}
	return g.states(w.Neurons), nil
}

// distinctBound is the largest number of distinct states among so many windows.
func distinctBound(windows, stateBits int) int {
	if stateBits < 30 {
		return min(windows, 1<<stateBits)
	}
	return windows
}

// grouper collects equal windows of a flat list of words in an open hash table
// keyed by a rolling hash. Equal hashes are compared word for word, so the
// result does not depend on the hash.
type grouper struct {
	flat   []uint32
	t      int
	top    uint64 // hashBase^(t-1)
	mask   uint64
	slots  []int32 // group + 1, 0: free
	first  []int   // offset in flat of the group's first window
	hashes []uint64
	counts []int
}

const hashBase = 0x9E3779B97F4A7C15 // odd, so that its powers stay invertible

func newGrouper(flat []uint32, t, distinct int) *grouper {
	size := 1 << bits.Len(uint(2*distinct))
	top := uint64(1)
	for range t - 1 {
		top *= hashBase
	}
	return &grouper{flat: flat, t: t, top: top, mask: uint64(size - 1), slots: make([]int32, size)}
}

// addRepeat adds the windows that lie in flat[from:to].
func (g *grouper) addRepeat(from, to int) {
	var h uint64
	for i := from; i < from+g.t-1; i++ {
		h = h*hashBase + uint64(g.flat[i]) + 1
	}
	for start := from; start+g.t <= to; start++ {
		h = h*hashBase + uint64(g.flat[start+g.t-1]) + 1
		g.add(start, h)
		h -= (uint64(g.flat[start]) + 1) * g.top
	}
}

func (g *grouper) add(start int, h uint64) {
	w := g.flat[start : start+g.t]
	k := h ^ h>>32
	k *= 0xD6E8FEB86659FD93
	k ^= k >> 32
	for i := k & g.mask; ; i = (i + 1) & g.mask {
		id := int(g.slots[i]) - 1
		if id < 0 {
			g.first = append(g.first, start)
			g.hashes = append(g.hashes, h)
			g.counts = append(g.counts, 1)
			g.slots[i] = int32(len(g.first))
			return
		}
		if g.hashes[id] == h && slices.Equal(g.flat[g.first[id]:g.first[id]+g.t], w) {
			g.counts[id]++
			return
		}
	}
}

func (g *grouper) states(neurons int) *States {
	order := make([]int32, len(g.first))
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortFunc(order, func(a, b int32) int {
		return slices.Compare(g.flat[g.first[a]:g.first[a]+g.t], g.flat[g.first[b]:g.first[b]+g.t])
	})
	s := &States{
		Neurons: neurons, Timesteps: g.t,
		Words:  make([]uint32, 0, len(order)*g.t),
		Counts: make([]int, 0, len(order)),
	}
	for _, id := range order {
		s.Words = append(s.Words, g.flat[g.first[id]:g.first[id]+g.t]...)
		s.Counts = append(s.Counts, g.counts[id])
		s.Total += g.counts[id]
	}
	return s
}

// NewStates returns the law with the given windows (timesteps words each, one
// after the other) and counts, in any order; repeated windows are added up and
// windows counted 0 times are left out.
//
// It fails where lengths disagree, a word has more than neurons bits, a count
// is negative, or nothing was counted.
func NewStates(neurons, timesteps int, words []uint32, counts []int) (*States, error) {
	if neurons < 0 || neurons > MaxCounted {
		return nil, fmt.Errorf("states of %d neurons: 0 to %d are possible", neurons, MaxCounted)
	}
	if timesteps < 1 || len(words) != len(counts)*timesteps {
		return nil, fmt.Errorf("states of %d timesteps: %d words for %d counts", timesteps, len(words), len(counts))
	}
	for i, w := range words {
		if uint64(w)>>neurons != 0 {
			return nil, fmt.Errorf("state %d: word %#x has more than %d bits", i/timesteps, w, neurons)
		}
	}
	order := make([]int, 0, len(counts))
	for i, c := range counts {
		if c < 0 {
			return nil, fmt.Errorf("state %d: count %d is negative", i, c)
		}
		if c > 0 {
			order = append(order, i)
		}
	}
	if len(order) == 0 {
		return nil, errors.New("states: nothing was counted")
	}
	at := func(i int) []uint32 { return words[i*timesteps : (i+1)*timesteps] }
	slices.SortFunc(order, func(a, b int) int { return slices.Compare(at(a), at(b)) })

	s := &States{Neurons: neurons, Timesteps: timesteps}
	for k, i := range order {
		if k == 0 || !slices.Equal(at(order[k-1]), at(i)) {
			s.Words = append(s.Words, at(i)...)
			s.Counts = append(s.Counts, 0)
		}
		s.Counts[len(s.Counts)-1] += counts[i]
		s.Total += counts[i]
	}
	return s, nil
}

// MergeStates returns the law of the windows of a and b together.
func MergeStates(a, b *States) (*States, error) {
	if err := sameShape(a, b); err != nil {
		return nil, fmt.Errorf("merging states: %w", err)
	}
	return NewStates(a.Neurons, a.Timesteps, slices.Concat(a.Words, b.Words), slices.Concat(a.Counts, b.Counts))
}

func sameShape(a, b *States) error {
	if a.Neurons != b.Neurons || a.Timesteps != b.Timesteps {
		return fmt.Errorf("windows of %d neurons x %d timesteps and of %d x %d", a.Neurons, a.Timesteps, b.Neurons, b.Timesteps)
	}
	return nil
}

// Len is the number of distinct windows seen.
func (s *States) Len() int { return len(s.Counts) }

// Bits is n·t, the number of bits of a window.
func (s *States) Bits() int { return s.Neurons * s.Timesteps }

// Window returns the words of window i; the slice is the law's own.
func (s *States) Window(i int) []uint32 {
	return s.Words[i*s.Timesteps : (i+1)*s.Timesteps : (i+1)*s.Timesteps]
}

// Prob is the relative frequency of window i, Counts[i]/Total.
func (s *States) Prob(i int) float64 { return float64(s.Counts[i]) / float64(s.Total) }

// Probs are the relative frequencies of all windows seen.
func (s *States) Probs() []float64 {
	p := make([]float64, s.Len())
	for i := range p {
		p[i] = s.Prob(i)
	}
	return p
}

// Index is the place of window i in a table of all 2^(nt) states, the first
// timestep most significant. It has a meaning for n·t of at most 62 ([States.Bits])
// and panics beyond.
func (s *States) Index(i int) uint64 {
	if s.Bits() > maxIndexBits {
		panic(fmt.Sprintf("metrics: index of a state of %d bits", s.Bits()))
	}
	return stateIndex(s.Window(i), s.Neurons)
}

func stateIndex(words []uint32, neurons int) uint64 {
	var x uint64
	for _, w := range words {
		x = x<<neurons | uint64(w)
	}
	return x
}

// Table returns the law as a table of all 2^(nt) probabilities, in the order of
// [States.Index]. It fails for n·t above 26.
func (s *States) Table() ([]float64, error) {
	if s.Bits() > maxTableBits {
		return nil, fmt.Errorf("a table of 2^%d states: at most 2^%d are possible; the distances over seen states need no table", s.Bits(), maxTableBits)
	}
	p := make([]float64, 1<<s.Bits())
	for i := range s.Counts {
		p[s.Index(i)] = s.Prob(i)
	}
	return p, nil
}

// Find returns the number of the window with these words, -1 if it was not
// seen. It takes a binary search.
func (s *States) Find(words []uint32) int {
	i, ok := sort.Find(s.Len(), func(i int) int { return slices.Compare(words, s.Window(i)) })
	if !ok {
		return -1
	}
	return i
}

// Among returns what is known of the windows of a larger law, a number each, at those of
// this one; 0 for a window that the larger law lacks.
func (s *States) Among(all *States, of []float64) []float64 {
	out := make([]float64, s.Len())
	for i := range out {
		if k := all.Find(s.Window(i)); k >= 0 {
			out[i] = of[k]
		}
	}
	return out
}

// PSilent is the probability of the window without a spike.
func (s *States) PSilent() float64 {
	// The silent window is the smallest, so it is first if it was seen.
	if s.Len() == 0 {
		return 0
	}
	for _, w := range s.Window(0) {
		if w != 0 {
			return 0
		}
	}
	return s.Prob(0)
}

// Entropy is -sum p ln p of the empirical law in nats: the plug-in estimate,
// without correction for states that were not seen.
func (s *States) Entropy() float64 {
	var h float64
	for i := range s.Counts {
		p := s.Prob(i)
		h -= p * math.Log(p)
	}
	return h
}

// Step returns the law of one timestep of the windows, itself a law of windows
// of one bin.
func (s *States) Step(k int) *States {
	count := make(map[uint32]int)
	for i, c := range s.Counts {
		count[s.Window(i)[k]] += c
	}
	out := &States{Neurons: s.Neurons, Timesteps: 1, Total: s.Total}
	for w := range count {
		out.Words = append(out.Words, w)
	}
	slices.Sort(out.Words)
	for _, w := range out.Words {
		out.Counts = append(out.Counts, count[w])
	}
	return out
}

// Sample returns the law of so many independent draws from s, each window with
// probability exactly Counts[i]/Total.
func (s *States) Sample(samples int, rng *rand.Rand) *States {
	out := &States{Neurons: s.Neurons, Timesteps: s.Timesteps, Total: samples}
	for i, c := range s.draw(samples, rng) {
		if c > 0 {
			out.Words = append(out.Words, s.Window(i)...)
			out.Counts = append(out.Counts, c)
		}
	}
	return out
}

// draw returns the counts of so many independent draws, aligned with s.Counts.
func (s *States) draw(samples int, rng *rand.Rand) []int {
	end := make([]int, s.Len()) // end[i] = Counts[0] + ... + Counts[i]
	var sum int
	for i, c := range s.Counts {
		sum += c
		end[i] = sum
	}
	drawn := make([]int, s.Len())
	for range samples {
		drawn[sort.SearchInts(end, rng.IntN(s.Total)+1)]++
	}
	return drawn
}
