package sim

import (
	"math/bits"
	"slices"
)

// space is a subspace of the physical indices over GF(2), by a basis in reduced
// echelon form: a vector holds its own pivot bit and no other's. Pivots ascend.
type space struct {
	vectors []uint64
	pivots  []int
}

// reduce returns x without its components along the basis.
func (s *space) reduce(x uint64) uint64 {
	for i, p := range s.pivots {
		if x>>p&1 == 1 {
			x ^= s.vectors[i]
		}
	}
	return x
}

// add extends the space by x, if it is not inside.
func (s *space) add(x uint64) {
	x = s.reduce(x)
	if x == 0 {
		return
	}
	p := bits.Len64(x) - 1
	for i, v := range s.vectors {
		if v>>p&1 == 1 {
			s.vectors[i] ^= x
		}
	}
	at, _ := slices.BinarySearch(s.pivots, p)
	s.pivots, s.vectors = slices.Insert(s.pivots, at, p), slices.Insert(s.vectors, at, x)
}

func (s *space) clone() space { return space{slices.Clone(s.vectors), slices.Clone(s.pivots)} }

// coordinates returns a vector of the space in its basis.
func (s *space) coordinates(x uint64) (y uint64) {
	for i, p := range s.pivots {
		y |= x >> p & 1 << i
	}
	return y
}

// restrict returns the mask that reads on coordinates what mask reads on the
// vectors of the space.
func (s *space) restrict(mask uint64) (m uint64) {
	for i, v := range s.vectors {
		if parity(mask & v) {
			m |= 1 << i
		}
	}
	return m
}

// blocker remembers steps that were put off, by the spans of what they flip and
// read, so that a later step is known to commute with all of them.
type blocker struct{ flips, reads space }

func (b *blocker) add(flips, reads []uint64) {
	for _, x := range flips {
		b.flips.add(x)
	}
	for _, x := range reads {
		b.reads.add(x)
	}
}

func (b *blocker) lets(flips, reads []uint64) bool {
	return orthogonal(flips, b.reads.vectors) && orthogonal(reads, b.flips.vectors)
}

// full says that no step but the empty one commutes with all.
func (b *blocker) full(qubits int) bool {
	return len(b.flips.vectors) == qubits && len(b.reads.vectors) == qubits
}

func orthogonal(a, b []uint64) bool {
	for _, x := range a {
		for _, y := range b {
			if parity(x & y) {
				return false
			}
		}
	}
	return true
}

// Sizes of a pass. A block of 2^blockBits amplitudes (512 KiB) stays in the
// second-level cache; it is made of runs of at least 2^runBits amplitudes
// (512 B) that lie side by side in memory.
const (
	blockBits = 15
	runBits   = 5
)

// share is what one pass takes: steps, and the subspace in whose cosets they stay.
type share struct {
	inside space
	steps  []step
}

// schedule cuts steps into parts for passes over the state, with blocks of 2^size
// amplitudes at most. A pass holds steps that move
// amplitudes only within the cosets of one subspace, which are its blocks. Going
// through the steps in order, a pass takes each one that commutes with all that
// it has put off and whose flips fit, and grows its subspace for it as long as a
// block can hold it. Diagonal steps fit everywhere.
func schedule(steps []step, qubits, size int) []share {
	size = min(size, qubits)
	var out []share
	for len(steps) > 0 {
		flips, _ := steps[0].support()
		inside := newBlock(flips, size)
		var late blocker
		var taken, rest []step
		for i, s := range steps {
			if late.full(qubits) {
				rest = append(rest, steps[i:]...)
				break
			}
			flips, reads := s.support()
			if late.lets(flips, reads) && inside.fit(flips, size) {
				taken = append(taken, s)
				continue
			}
			late.add(flips, reads)
			rest = append(rest, s)
		}
		for i := 0; len(inside.pivots) < size; i++ { // longer runs
			inside.add(1 << i)
		}
		out = append(out, share{inside, taken})
		steps = rest
	}
	return out
}

// newBlock returns a space that holds the flips of a first step and as many of
// the lowest runBits bits as there is room for, at least laneBits of them.
func newBlock(flips []uint64, size int) space {
	var s space
	for i := range laneBits {
		s.add(1 << i)
	}
	for _, f := range flips {
		s.add(f)
	}
	for i := laneBits; i < min(runBits, size) && len(s.pivots) < size; i++ {
		s.add(1 << i)
	}
	return s
}

// fit extends the space by vectors, if its dimension stays within size.
func (s *space) fit(vectors []uint64, size int) bool {
	grown := s
	for _, x := range vectors {
		if grown.reduce(x) == 0 {
			continue
		}
		if len(grown.pivots) == size {
			return false
		}
		if grown == s {
			c := s.clone()
			grown = &c
		}
		grown.add(x)
	}
	*s = *grown
	return true
}
