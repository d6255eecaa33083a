package score

import (
	"math/bits"

	"qgan/metrics/spikes"
)

// trains are the bins of one repeat, cell after cell, 64 bins a word with the first as
// the least significant bit, so that coincidences are counted by machine words.
type trains struct {
	neurons, bins, words int
	bits                 []uint64
	active               []int // cells that fired in each bin
}

func newTrains(neurons, bins int) *trains {
	words := (bins + 63) / 64
	return &trains{neurons, bins, words, make([]uint64, neurons*words), make([]int, bins)}
}

// read takes one repeat of a raster with as many cells and at least as many bins.
func (t *trains) read(r *spikes.Raster, repeat int) {
	clear(t.bits)
	for b := range t.bins {
		t.active[b] = r.Active(repeat, b)
		left := t.active[b]
		for i := 0; left > 0; i++ {
			if r.At(repeat, b, i) {
				t.bits[i*t.words+b>>6] |= 1 << (b & 63)
				left--
			}
		}
	}
}

func (t *trains) of(i int) []uint64 { return t.bits[i*t.words : (i+1)*t.words] }

// each visits the bins in which a cell fired, in order.
func (t *trains) each(i int, visit func(bin int)) {
	for k, w := range t.of(i) {
		for ; w != 0; w &= w - 1 {
			visit(k<<6 + bits.TrailingZeros64(w))
		}
	}
}

// later fills other with the trains so many bins later: its bin b is t's bin b+lag.
func (t *trains) later(lag int, other []uint64) {
	skip, shift := lag>>6, lag&63
	for i := range t.neurons {
		from, to := t.of(i), other[i*t.words:(i+1)*t.words]
		for k := range to {
			var w uint64
			if k+skip < len(from) {
				w = from[k+skip] >> shift
			}
			if shift > 0 && k+skip+1 < len(from) {
				w |= from[k+skip+1] << (64 - shift)
			}
			to[k] = w
		}
	}
}

// before counts the spikes of a cell in the bins below end.
func (t *trains) before(i, end int) int {
	n := 0
	train := t.of(i)
	for k := range end >> 6 {
		n += bits.OnesCount64(train[k])
	}
	if end&63 > 0 {
		n += bits.OnesCount64(train[end>>6] & (1<<(end&63) - 1))
	}
	return n
}

func ones(train []uint64) int {
	n := 0
	for _, w := range train {
		n += bits.OnesCount64(w)
	}
	return n
}

// coincidences counts the bins that two trains share.
func coincidences(a, b []uint64) int {
	n := 0
	b = b[:len(a)]
	for k, w := range a {
		n += bits.OnesCount64(w & b[k])
	}
	return n
}
