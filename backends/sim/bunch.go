package sim

import (
	"math/bits"
	"slices"
)

// maxBunch bounds the SU(2)s that a kernel applies at once.
const maxBunch = 3

// bunch is a run of ops that commute, each on a qubit of its own, which a kernel applies at
// once: every amplitude is read and written once for all of them.
type bunch struct {
	first, count int  // ops
	aboutX       bool // all of them are rotations about X
	*groups
	pairs []pair // of the first op, for kernels that take one at a time
}

// groups are the amplitudes that a bunch mixes: those at an offset xor any of flips, in bytes of
// a state of one width. Bit i of the number of a flip is the value of the bunch's qubit i, which
// all are 0 at the offset itself.
type groups struct {
	zeros []uint32
	flips [1 << maxBunch]uint64
}

// commutes reports whether p and q act on qubits of the same frame, each on its own.
func (p *pairing) commutes(q *pairing) bool { return !parity(p.r&q.v) && !parity(q.r&p.v) }

// bunches cuts the ops into runs of at most so many that commute, as even as they can be. Those
// of the leading product, which are not applied, have runs of their own. amplitude is its size
// in bytes, 0 where groups are not wanted.
func (p *program) bunches(most, amplitude int) (out []bunch) {
	made := map[[maxBunch]*pairing]*groups{}
	for i := 0; i < len(p.ops); {
		end := len(p.ops)
		if i < p.product {
			end = p.product
		}
		run := 1
	grow:
		for i+run < end {
			for _, op := range p.ops[i : i+run] {
				if !op.pairing.commutes(p.ops[i+run].pairing) {
					break grow
				}
			}
			run++
		}
		parts := (run + most - 1) / most
		for k := range parts {
			b := bunch{first: i + k*run/parts, pairs: p.ops[i+k*run/parts].pairing.list}
			b.count = i + (k+1)*run/parts - b.first
			b.aboutX = !slices.ContainsFunc(p.ops[b.first:][:b.count], func(f fused) bool { return len(f.factors) > 1 || f.factors[0].axis != axisX })
			if amplitude > 0 {
				var key [maxBunch]*pairing
				for j := range b.count {
					key[j] = p.ops[b.first+j].pairing
				}
				if made[key] == nil {
					made[key] = groupsOf(key[:b.count], p.n, uint64(amplitude))
				}
				b.groups = made[key]
			}
			out = append(out, b)
		}
		i += run
	}
	return out
}

// groupsOf lists the groups of n qubits.
func groupsOf(on []*pairing, n int, amplitude uint64) *groups {
	g := &groups{}
	for j := range g.flips[:1<<len(on)] {
		for i, p := range on {
			if j>>i&1 == 1 {
				g.flips[j] ^= p.v * amplitude
			}
		}
	}
next:
	for x := range uint64(1) << n {
		for _, p := range on {
			if (bits.OnesCount64(p.r&x)&1 == 1) != p.k {
				continue next
			}
		}
		g.zeros = append(g.zeros, uint32(x*amplitude))
	}
	return g
}

// sheets is the number of coefficients of a bunch for kernels that take several SU(2)s at once,
// a value a lane each. An SU(2) is, but for a phase, a phase where the qubit is 1, a rotation by
// an angle φ from 0 to π/2, and another phase where it is 1. The rotation is three shears: the
// zero less t times the one, the one plus s times the zero, the zero less t times the one, with
// t = tan φ/2, s = sin φ. First come t and s of each op, then the phases, before and after, of
// all amplitudes of a group but the first. A rotation about X needs no phases: its shears are by
// it and is.
func (b *bunch) sheets() int {
	if b.aboutX {
		return 2 * b.count
	}
	return 2*b.count + 4*(1<<b.count-1)
}
