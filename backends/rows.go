package backends

import "slices"

// Rows collects the bits of shots, whatever the order in which they come.
type Rows struct {
	bits, shots, stride int
	data                []byte
}

// NewRows has room for shots of so many bits, all zero.
func NewRows(bits, shots int) *Rows {
	stride := (bits + 7) / 8
	return &Rows{bits, shots, stride, make([]byte, shots*stride)}
}

// Set sets a bit of a shot to one.
func (r *Rows) Set(shot, bit int) { r.data[shot*r.stride+bit/8] |= 0x80 >> (bit % 8) }

// Put sets the ones of a row of n bits, bit 0 the highest of its first byte, at a bit of a
// shot and on.
func (r *Rows) Put(shot, bit int, row []byte, n int) {
	to := r.data[shot*r.stride:][:r.stride]
	at, shift := bit/8, bit%8
	for i := 0; 8*i < n; i++ {
		b := row[i]
		if left := n - 8*i; left < 8 {
			b &= 0xff << (8 - left)
		}
		to[at+i] |= b >> shift
		if low := b << (8 - shift); shift > 0 && low != 0 {
			to[at+i+1] |= low
		}
	}
}

// Outcome returns what was collected: words and their counts of up to 64 bits, otherwise
// the rows.
func (r *Rows) Outcome() Outcome {
	o := Outcome{Shots: r.shots}
	if r.bits > 64 {
		o.Rows = r.data
		return o
	}
	o.Words = make([]uint64, r.shots)
	for i := range o.Words {
		var w uint64
		for _, b := range r.data[i*r.stride:][:r.stride] {
			w = w<<8 | uint64(b)
		}
		o.Words[i] = w >> (8*r.stride - r.bits)
	}
	o.Counts = CountWords(o.Words)
	return o
}

// CountWords counts words, ascending.
func CountWords(words []uint64) (out []Count) {
	sorted := slices.Sorted(slices.Values(words))
	for i := 0; i < len(sorted); {
		j := i
		for j < len(sorted) && sorted[j] == sorted[i] {
			j++
		}
		out = append(out, Count{Word: sorted[i], N: j - i})
		i = j
	}
	return out
}
