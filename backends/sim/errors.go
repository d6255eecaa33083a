package sim

import (
	"encoding/binary"
	"math"
	"math/rand/v2"
	"slices"
	"sort"
)

// A Pauli error is pushed on through X, CX and SWAP, which turn it into other
// Pauli errors, until each of its letters meets a fused SU(2) on its qubit. There
// it becomes part of the SU(2). What reaches the end flips outcomes (X, Y) or
// does nothing (Z). So errors cost nothing but other coefficients, and different
// errors with the same effect are found to be one.

// trace is the order of events while a program is compiled.
type trace struct {
	events []event
	sites  []site
	fences map[[2]int]bool // qubit and number of pending rotations at an error's place
}

type eventKind uint8

const (
	eventOp   eventKind = iota // a fused SU(2) on qubit a: number, length
	eventCX                    // of a and b
	eventSwap                  // of a and b
	eventSite                  // operand a of a site
)

type event struct {
	kind           eventKind
	a, b           int
	number, length int // op and its factors; site and the factors pending at the place
}

// Methods of a nil trace do nothing: that is compiling without noise.

func (t *trace) linear(k eventKind, qubits []int) {
	if t != nil {
		t.events = append(t.events, event{kind: k, a: qubits[0], b: qubits[1]})
	}
}

func (t *trace) op(q, number, length int) {
	if t == nil {
		return
	}
	t.events = append(t.events, event{kind: eventOp, a: q, number: number, length: length})
	for k := range length + 1 {
		delete(t.fences, [2]int{q, k})
	}
}

// between says that an error may happen after the pending rotations of a qubit,
// so that the next one must not be joined to the last.
func (t *trace) between(q, pending int) bool { return t != nil && t.fences[[2]int{q, pending}] }

func (t *trace) site(s site, pending [][]factor) {
	for i, q := range s.qubits {
		k := len(pending[q])
		t.fences[[2]int{q, k}] = true
		t.events = append(t.events, event{kind: eventSite, a: q, b: i, number: len(t.sites), length: k})
	}
	t.sites = append(t.sites, s)
}

// letter is a Pauli letter as its bits: 1 for X, 2 for Z, 3 for Y.
type letter uint8

var letterOf = map[byte]letter{'I': 0, 'X': 1, 'Y': 3, 'Z': 2}

// slot is a place before a factor of an op.
type slot struct{ op, factor int32 }

func (s slot) compare(t slot) int {
	if s.op != t.op {
		return int(s.op - t.op)
	}
	return int(s.factor - t.factor)
}

// absorbed is a letter at a slot.
type absorbed struct {
	slot   slot
	letter letter
}

// effect is what errors come to: letters at slots, in order, and flipped qubits
// of the outcome.
type effect struct {
	at   []absorbed
	flip uint32
}

// plus joins two effects; equal letters at one slot cancel.
func (e effect) plus(f effect) effect {
	if len(f.at) == 0 {
		return effect{e.at, e.flip ^ f.flip}
	}
	out := effect{make([]absorbed, 0, len(e.at)+len(f.at)), e.flip ^ f.flip}
	a, b := e.at, f.at
	for len(a) > 0 && len(b) > 0 {
		switch c := a[0].slot.compare(b[0].slot); {
		case c < 0:
			out.at, a = append(out.at, a[0]), a[1:]
		case c > 0:
			out.at, b = append(out.at, b[0]), b[1:]
		default:
			if l := a[0].letter ^ b[0].letter; l != 0 {
				out.at = append(out.at, absorbed{a[0].slot, l})
			}
			a, b = a[1:], b[1:]
		}
	}
	out.at = append(append(out.at, a...), b...)
	return out
}

// effects returns, for each site and each branch of its mixture, what it comes
// to: one sweep back from the end.
func (t *trace) effects(n int) [][]effect {
	type both struct{ x, z effect } // of X and of Z on a qubit
	now := make([]both, n)
	after := make([]both, n) // behind the op that comes next on the qubit
	next := make([]event, n)
	for q := range now {
		now[q].x.flip = 1 << (n - 1 - q)
	}
	operands := make([][]both, len(t.sites))
	for i, s := range t.sites {
		operands[i] = make([]both, len(s.qubits))
	}
	single := func(op, factor int) both {
		s := slot{int32(op), int32(factor)}
		return both{effect{at: []absorbed{{s, 1}}}, effect{at: []absorbed{{s, 2}}}}
	}
	for _, e := range slices.Backward(t.events) {
		switch e.kind {
		case eventOp:
			after[e.a], next[e.a] = now[e.a], e
			now[e.a] = single(e.number, 0)
		case eventCX:
			now[e.a].x = now[e.a].x.plus(now[e.b].x)
			now[e.b].z = now[e.b].z.plus(now[e.a].z)
			next[e.a], next[e.b] = event{}, event{}
		case eventSwap:
			now[e.a], now[e.b] = now[e.b], now[e.a]
			next[e.a], next[e.b] = event{}, event{}
		case eventSite:
			at := now[e.a]
			switch {
			case e.length == 0:
			case e.length == next[e.a].length:
				at = after[e.a]
			default:
				at = single(next[e.a].number, e.length)
			}
			operands[e.number][e.b] = at
		}
	}
	out := make([][]effect, len(t.sites))
	for i, s := range t.sites {
		for _, b := range s.Mixture {
			var sum effect
			for j := range b.Steps {
				l := letterOf[b.Steps[j]]
				if l&1 != 0 {
					sum = sum.plus(operands[i][j].x)
				}
				if l&2 != 0 {
					sum = sum.plus(operands[i][j].z)
				}
			}
			out[i] = append(out[i], sum)
		}
	}
	return out
}

// pattern is what some of the shots have in common: letters at slots.
type pattern struct {
	at    []absorbed
	shots []patternShot
}

// patternShot is one shot: its number, what flips its outcome, and the uniform
// number that picks the outcome.
type patternShot struct {
	number int
	flip   uint32
	u      float64
}

// errorSampler draws the errors of shots.
type errorSampler struct {
	sites   []site
	effects [][]effect
	rare    []int     // sites in order
	hazard  []float64 // running sums of -ln(1-p) over rare
	often   []int     // sites whose p is above a half
}

func newErrorSampler(t *trace, n int) *errorSampler {
	s := &errorSampler{sites: t.sites, effects: t.effects(n)}
	sum := 0.0
	for i := range s.sites {
		switch p := s.probability(i); {
		case p == 0:
		case p > 0.5:
			s.often = append(s.often, i)
		default:
			sum -= math.Log1p(-p)
			s.rare, s.hazard = append(s.rare, i), append(s.hazard, sum)
		}
	}
	return s
}

// probability is that of an error at a site.
func (s *errorSampler) probability(i int) float64 {
	p := 0.0
	for j, b := range s.sites[i].Mixture {
		if j != s.sites[i].identity {
			p += b.P
		}
	}
	return p
}

// branch draws which error it is, given that there is one.
func (s *errorSampler) branch(i int, rng *rand.Rand) effect {
	u, last := rng.Float64()*s.probability(i), 0
	for j, b := range s.sites[i].Mixture {
		if j == s.sites[i].identity || b.P == 0 {
			continue
		}
		last = j
		if u -= b.P; u < 0 {
			break
		}
	}
	return s.effects[i][last]
}

// draw returns the patterns of shots, the one without letters first, the others
// by the op at which they begin. The errors of a shot come one after the other
// with exponential waits in the running sum of -ln(1-p).
func (s *errorSampler) draw(shots int, rng *rand.Rand) []pattern {
	out := []pattern{{}}
	known := map[string]int{"": 0}
	var key []byte
	for number := range shots {
		var sum effect
		for _, i := range s.often {
			if rng.Float64() < s.probability(i) {
				sum = sum.plus(s.branch(i, rng))
			}
		}
		for at := 0.0; len(s.hazard) > 0; {
			at += rng.ExpFloat64()
			k := sort.SearchFloat64s(s.hazard, at)
			if k == len(s.hazard) {
				break
			}
			sum = sum.plus(s.branch(s.rare[k], rng))
			at = s.hazard[k]
		}
		key = key[:0]
		for _, a := range sum.at {
			key = binary.LittleEndian.AppendUint32(key, uint32(a.slot.op))
			key = binary.LittleEndian.AppendUint32(key, uint32(a.slot.factor)<<2|uint32(a.letter))
		}
		k, ok := known[string(key)]
		if !ok {
			k = len(out)
			known[string(key)] = k
			out = append(out, pattern{at: sum.at})
		}
		out[k].shots = append(out[k].shots, patternShot{number, sum.flip, rng.Float64()})
	}
	slices.SortStableFunc(out[1:], func(a, b pattern) int { return a.at[0].slot.compare(b.at[0].slot) })
	return out
}
