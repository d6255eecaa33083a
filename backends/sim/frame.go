package sim

import (
	"math/bits"
	"slices"
)

// form is a function of the physical index over GF(2): parity(mask·x) xor k.
type form struct {
	mask uint64
	k    bool
}

func parity(x uint64) bool { return bits.OnesCount64(x)&1 == 1 }

// at returns the value at physical index x.
func (f form) at(x uint64) bool { return parity(f.mask&x) != f.k }

// plus returns the sum of two forms.
func (f form) plus(g form) form { return form{f.mask ^ g.mask, f.k != g.k} }

// frame tells where the logical qubits are in the physical index.
type frame struct {
	r, v []uint64 // parity mask and flip vector of each qubit
	k    []bool   // logical value is parity(r·x) xor k
}

func newFrame(n int) frame {
	f := frame{make([]uint64, n), make([]uint64, n), make([]bool, n)}
	for q := range n {
		f.r[q] = 1 << (n - 1 - q)
		f.v[q] = f.r[q]
	}
	return f
}

func (f *frame) x(q int) { f.k[q] = !f.k[q] }

func (f *frame) cx(c, t int) {
	f.r[t] ^= f.r[c]
	f.v[c] ^= f.v[t]
	f.k[t] = f.k[t] != f.k[c]
}

func (f *frame) swap(a, b int) {
	f.r[a], f.r[b] = f.r[b], f.r[a]
	f.v[a], f.v[b] = f.v[b], f.v[a]
	f.k[a], f.k[b] = f.k[b], f.k[a]
}

// value returns the logical value of qubit q at physical index x.
func (f *frame) value(q int, x uint64) bool {
	return f.form(q).at(x)
}

// outcome returns the logical state of a physical index, qubit 0 the most significant bit.
func (f *frame) outcome(x uint64) (y uint64) {
	for q := range f.k {
		y <<= 1
		if f.value(q, x) {
			y |= 1
		}
	}
	return y
}

// outcomes lists the logical states of the physical indices below 2^bits.
func (f *frame) outcomes(bits int) []uint32 {
	out := make([]uint32, 1<<bits)
	for x := range out {
		out[x] = uint32(f.outcome(uint64(x)))
	}
	return out
}

// form returns the value of qubit q as a function of the physical index.
func (f *frame) form(q int) form { return form{f.r[q], f.k[q]} }

// clone returns a copy.
func (f *frame) clone() frame {
	return frame{slices.Clone(f.r), slices.Clone(f.v), slices.Clone(f.k)}
}
