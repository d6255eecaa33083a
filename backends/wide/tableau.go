package wide

import (
	"math/bits"
	"slices"
)

// affine is a bit that is a constant plus a sum of random bits, by their numbers.
type affine struct {
	one  bool
	bits []uint64 // a set of random bits
}

// tableau is a stabilizer state of n qubits: n destabilizers and n stabilizers, where
// destabilizer i anticommutes with stabilizer i and commutes with all others. A column
// holds a bit of each string, the destabilizers in its first half and the stabilizers in
// the second. The letters of string i on qubit q are X^x[q] Z^z[q], Y for both, and its sign
// is that of the constant column and of the columns of the random bits.
type tableau struct {
	half   int // words of half a column
	x, z   [][]uint64
	sign   []uint64
	random [][]uint64
	// scratch of products
	ones, twos, rows, flip []uint64
}

// newTableau returns |0…0>: destabilizers X, stabilizers Z.
func newTableau(n int) *tableau {
	half := (n + 63) / 64
	t := &tableau{half: half, sign: make([]uint64, 2*half)}
	all := make([]uint64, 4*half*n)
	for q := range n {
		x, z := all[:2*half:2*half], all[2*half:4*half:4*half]
		all = all[4*half:]
		x[q/64] = 1 << (q % 64)
		z[half+q/64] = 1 << (q % 64)
		t.x, t.z = append(t.x, x), append(t.z, z)
	}
	t.scratch()
	return t
}

func (t *tableau) scratch() {
	t.ones, t.twos = make([]uint64, 2*t.half), make([]uint64, 2*t.half)
	t.rows, t.flip = make([]uint64, 2*t.half), make([]uint64, 2*t.half)
}

// clone returns a copy.
func (t *tableau) clone() *tableau {
	c := &tableau{half: t.half, sign: slices.Clone(t.sign)}
	for q := range t.x {
		c.x, c.z = append(c.x, slices.Clone(t.x[q])), append(c.z, slices.Clone(t.z[q]))
	}
	for _, r := range t.random {
		c.random = append(c.random, slices.Clone(r))
	}
	c.scratch()
	return c
}

// apply puts a gate on qubits.
func (t *tableau) apply(c *clifford, qubits []int) {
	var in [2 * maxCliffordQubits][]uint64
	for j, q := range qubits {
		in[j], in[c.k+j] = t.x[q], t.z[q]
	}
	var old, fresh [2 * maxCliffordQubits]uint64
	for w := range t.sign {
		for g := range 2 * c.k {
			old[g], fresh[g] = in[g][w], 0
		}
		for _, term := range c.terms {
			product := ^uint64(0)
			for s := term; s != 0; s &= s - 1 {
				product &= old[bits.TrailingZeros16(s)]
			}
			t.sign[w] ^= product
		}
		for g, image := range c.image {
			for s := image.x; s != 0; s &= s - 1 {
				fresh[bits.TrailingZeros16(s)] ^= old[g]
			}
			for s := image.z; s != 0; s &= s - 1 {
				fresh[c.k+bits.TrailingZeros16(s)] ^= old[g]
			}
		}
		for g := range 2 * c.k {
			in[g][w] = fresh[g]
		}
	}
}

// measure measures a qubit. An outcome that is not certain is what draw returns.
func (t *tableau) measure(q int, draw func() affine) affine {
	at := -1 // the place of a stabilizer that anticommutes with Z
	for w := t.half; w < 2*t.half && at < 0; w++ {
		if b := t.x[q][w]; b != 0 {
			at = w*64 + bits.TrailingZeros64(b)
		}
	}
	if at < 0 {
		out, _ := t.value(func(i int) (x, z bool) { return false, i == q })
		return out
	}
	// Every other string that anticommutes is multiplied by that one.
	copy(t.rows, t.x[q])
	t.rows[at/64] &^= 1 << (at % 64)
	t.multiply(at)
	// Its destabilizer becomes the string itself, the stabilizer becomes Z.
	out := draw()
	from, to := at, at-64*t.half
	move := func(column []uint64) {
		put(column, to, get(column, from))
		put(column, from, false)
	}
	for i := range t.x {
		move(t.x[i])
		move(t.z[i])
	}
	move(t.sign)
	for _, r := range t.random {
		move(r)
	}
	put(t.z[q], from, true)
	t.add(out, func(column []uint64) { put(column, from, true) })
	return out
}

// add calls flip with the column of the constant, where the bit has one, and of each of
// its random bits.
func (t *tableau) add(a affine, flip func(column []uint64)) {
	if a.one {
		flip(t.sign)
	}
	for k := range members(a.bits) {
		for len(t.random) <= k {
			t.random = append(t.random, make([]uint64, 2*t.half))
		}
		flip(t.random[k])
	}
}

// flipWhere puts an X on a qubit where the bit is 1.
func (t *tableau) flipWhere(q int, a affine) {
	t.add(a, func(column []uint64) {
		for w, b := range t.z[q] {
			column[w] ^= b
		}
	})
}

// multiply multiplies the strings of rows by the string at a place; the phases of
// stabilizers are added up, i's in ones and their squares in twos.
func (t *tableau) multiply(at int) {
	clear(t.ones)
	clear(t.twos)
	for q := range t.x {
		px, pz := get(t.x[q], at), get(t.z[q], at)
		if !px && !pz {
			continue
		}
		x, z := t.x[q], t.z[q]
		for w, rows := range t.rows {
			if rows == 0 {
				continue
			}
			// Where the letters anticommute their product has the phase i or -i.
			var anti, minus uint64
			switch {
			case px && pz:
				anti, minus = x[w]^z[w], z[w]&^x[w]
			case px:
				anti, minus = z[w], x[w]&z[w]
			default:
				anti, minus = x[w], x[w]&^z[w]
			}
			anti &= rows
			t.twos[w] ^= (t.ones[w] ^ minus) & anti
			t.ones[w] ^= anti
			if px {
				x[w] ^= rows
			}
			if pz {
				z[w] ^= rows
			}
		}
	}
	sign := get(t.sign, at)
	for w, rows := range t.rows {
		t.sign[w] ^= t.twos[w] & rows
		if sign {
			t.sign[w] ^= rows
		}
	}
	for _, r := range t.random {
		if get(r, at) {
			for w, rows := range t.rows {
				r[w] ^= rows
			}
		}
	}
}

// value returns the bit b of the expectation value (-1)^b of a Pauli string; known is
// false where it is 0, because a stabilizer anticommutes with it.
func (t *tableau) value(letter func(q int) (x, z bool)) (b affine, known bool) {
	rows := t.flip // the strings that anticommute with it
	clear(rows)
	phase := 0 // of i
	for q := range t.x {
		x, z := letter(q)
		if x {
			xor(rows, t.z[q])
		}
		if z {
			xor(rows, t.x[q])
		}
		if x && z {
			phase--
		}
	}
	for _, w := range rows[t.half:] {
		if w != 0 {
			return affine{}, false
		}
	}
	// It is the product of the stabilizers whose destabilizers anticommute with it. Of
	// i^(x·z) X^x Z^z, one after the other, each X passes the Zs before it.
	chosen := rows[:t.half]
	swaps := uint64(0)
	for q := range t.x {
		before := uint64(0) // all ones where the Zs so far are odd
		for w, c := range chosen {
			x, z := t.x[q][t.half+w]&c, t.z[q][t.half+w]&c
			phase += bits.OnesCount64(x & z)
			parity := prefix(z)
			swaps ^= x & (parity<<1 ^ before)
			before ^= -(parity >> 63)
		}
	}
	phase += 2 * bits.OnesCount64(swaps)
	odd := func(column []uint64) bool {
		all := uint64(0)
		for w, c := range chosen {
			all ^= column[t.half+w] & c
		}
		return bits.OnesCount64(all)&1 == 1
	}
	b.one = (phase&3 == 2) != odd(t.sign)
	for k, r := range t.random {
		if odd(r) {
			b.bits = with(b.bits, k)
		}
	}
	return b, true
}

// prefix returns the parity of each bit and those below it.
func prefix(w uint64) uint64 {
	for s := 1; s < 64; s *= 2 {
		w ^= w << s
	}
	return w
}

func get(set []uint64, i int) bool { return set[i/64]>>(i%64)&1 == 1 }

func put(set []uint64, i int, one bool) {
	set[i/64] &^= 1 << (i % 64)
	if one {
		set[i/64] |= 1 << (i % 64)
	}
}

// with returns a set with one more member.
func with(set []uint64, i int) []uint64 {
	for len(set) <= i/64 {
		set = append(set, 0)
	}
	set[i/64] |= 1 << (i % 64)
	return set
}

func xor(to, from []uint64) {
	for w, b := range from {
		to[w] ^= b
	}
}

// members ranges over a set.
func members(set []uint64) func(yield func(int) bool) {
	return func(yield func(int) bool) {
		for w, b := range set {
			for ; b != 0; b &= b - 1 {
				if !yield(w*64 + bits.TrailingZeros64(b)) {
					return
				}
			}
		}
	}
}

// highest returns the place of a number's highest bit.
func highest(v uint64) int { return 63 - bits.LeadingZeros64(v) }
