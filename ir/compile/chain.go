package compile

import (
	"cmp"
	"fmt"
	"math"
	"slices"
)

// Chain is a path of coupled qubits and the estimated fidelity of what runs on it.
type Chain struct {
	Qubits   []int
	Fidelity float64
}

// ChainWeights say what a chain has to carry: how many cx on each pair, how many
// pulses on each qubit, and how often each qubit is read.
//
//	F = Π_pairs (1-e_2q)^TwoQubit · Π_qubits (1-e_1q)^Pulses · (1-e_readout)^Readouts
//
// Idling doesn't count.
type ChainWeights struct{ TwoQubit, Pulses, Readouts float64 }

// LayerWeights are those of the generator's circuit: for each layer a cx on each
// pair and 4 pulses on each qubit, all qubits read once.
func LayerWeights(layers int) ChainWeights {
	return ChainWeights{float64(layers), 4 * float64(layers), 1}
}

// Chains returns the best k chains of n qubits in falling order of fidelity; both
// directions of a chain count. Faulty parts are left out. Up to the size at which
// that takes long every chain is tried, beyond it the search is a beam. Equal
// chains stand in the order of their qubits, so the answer is the same every
// time. Where no chain of n qubits is found the error says what there is.
func Chains(t *Target, n, k int, w ChainWeights) ([]Chain, error) {
	p, err := weighted(t, n, w)
	if err != nil {
		return nil, err
	}
	found, err := p.solve(k)
	if err != nil {
		return nil, err
	}
	out := make([]Chain, len(found))
	for i, f := range found {
		out[i] = Chain{f.path, math.Exp(-f.cost)}
	}
	return out, nil
}

// weighted is the search for a chain with the same weights everywhere.
func weighted(t *Target, n int, w ChainWeights) (*chainProblem, error) {
	if n < 1 {
		return nil, fmt.Errorf("a chain of %d qubits: at least 1 is needed", n)
	}
	d := demand{qubits: 1, pulses: []float64{w.Pulses}, readouts: []float64{w.Readouts}, idle: []float64{0}}
	p := newChainProblem(t, n)
	for i := range n {
		if i < n-1 {
			p.pairs[i] = w.TwoQubit
		}
		for q := range t.Qubits {
			p.node[i][q] = d.nodeCost(t, 0, q)
		}
	}
	return p, nil
}

// chainProblem is the search for a path of n physical qubits with the least
// -ln(fidelity). node[i][q] is the cost of qubit q at place i of the chain (+Inf:
// not usable), pairs[i] how many cx run between places i and i+1.
type chainProblem struct {
	t     *Target
	n     int
	node  [][]float64
	pairs []float64
	edge  map[[2]int]float64
}

func newChainProblem(t *Target, n int) *chainProblem {
	p := &chainProblem{t: t, n: n, node: make([][]float64, n), pairs: make([]float64, max(n-1, 0)), edge: map[[2]int]float64{}}
	for i := range p.node {
		p.node[i] = make([]float64, len(t.Qubits))
	}
	for a, list := range t.neighbours {
		for _, b := range list {
			p.edge[[2]int{a, b}] = t.pairCost(a, b)
		}
	}
	return p
}

// idling is -ln of the fidelity that a qubit loses in a time in which it has
// nothing to do: t/2·(1/T1) for relaxation and t/Tφ for dephasing, with
// 1/Tφ = 1/T2 - 1/(2·T1).
func (s *Site) idling(seconds float64) float64 {
	if seconds <= 0 {
		return 0
	}
	return seconds * (0.5/s.T1 + max(0, 1/s.T2-0.5/s.T1))
}

// foundChain is a path and its cost.
type foundChain struct {
	path []int
	cost float64
}

// less orders chains: by cost, rounded so that sums in another order don't count,
// then by qubits.
func (f foundChain) compare(o foundChain) int {
	return cmp.Or(cmp.Compare(math.Round(f.cost*1e12), math.Round(o.cost*1e12)), slices.Compare(f.path, o.path))
}

// Bounds of the search.
const (
	exhaustiveSteps  = 400_000 // extensions of paths that the full search may take
	exhaustiveLength = 20      // longest chain that the full search is tried for
	beamWidth        = 512     // paths of each length that the beam keeps
)

// searches says what a chain of n among so many usable qubits is searched with, where not
// all chains can be tried: the sweep where it takes more than a quarter of them, the beam
// where it takes no more than half.
func searches(n, usable int) (sweep, beam bool) { return n > usable/4, n <= usable/2 }

// solve returns the k best chains, at least one, or an error.
func (p *chainProblem) solve(k int) ([]foundChain, error) {
	usable := 0
	for q := range p.t.Qubits {
		if p.t.Qubits[q].Usable {
			usable++
		}
	}
	switch {
	case p.n < 1:
		return nil, fmt.Errorf("a chain of %d qubits: at least 1 is needed", p.n)
	case p.n > len(p.t.Qubits):
		return nil, fmt.Errorf("a chain of %d qubits on %s, which has %d", p.n, p.t.Name, len(p.t.Qubits))
	case p.n > 1 && len(p.edge) == 0:
		return nil, fmt.Errorf("a chain of %d qubits on %s: every two-qubit gate there is marked as faulty", p.n, p.t.Name)
	}
	var found []foundChain
	complete := false
	if p.n <= exhaustiveLength {
		found, complete = p.exhaustive(k)
	}
	if complete && len(found) > 0 {
		return found, nil
	}
	if !complete {
		longest := p.n
		sweep, beam := searches(p.n, usable)
		if sweep {
			var long *foundChain
			if long, longest = p.frontier(); long != nil {
				found = append(found, *long)
			}
		}
		// Where the longest path by far is too short, no beam makes a longer one.
		if beam || len(found) == 0 && 20*longest > 19*p.n {
			found = append(found, p.beam(k)...)
		}
	}
	if len(found) == 0 && !complete {
		found = p.winding()
	}
	slices.SortFunc(found, foundChain.compare)
	found = slices.CompactFunc(found, func(a, b foundChain) bool { return slices.Equal(a.path, b.path) })
	if len(found) > k {
		found = found[:k]
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("no chain of %d connected qubits was found on %s: %d of its %d qubits and %d of its %d pairs are usable; take fewer qubits or another device",
			p.n, p.t.Name, usable, len(p.t.Qubits), len(p.edge)/2, len(p.t.Edges))
	}
	return found, nil
}

// bounds returns, for each place, the least cost of what follows it.
func (p *chainProblem) bounds() []float64 {
	cheapest := math.Inf(1)
	for _, c := range p.edge {
		cheapest = min(cheapest, c)
	}
	rest := make([]float64, p.n)
	for i := p.n - 2; i >= 0; i-- {
		rest[i] = rest[i+1] + p.pairs[i]*cheapest + slices.Min(p.node[i+1])
	}
	return rest
}

// exhaustive tries all chains, but for those that can't be among the k best. It
// reports whether it came to its end.
func (p *chainProblem) exhaustive(k int) (best []foundChain, complete bool) {
	rest := p.bounds()
	path := make([]int, 0, p.n)
	used := make([]bool, len(p.t.Qubits))
	steps := 0
	var extend func(cost float64) bool
	extend = func(cost float64) bool {
		i := len(path)
		if i == p.n {
			f := foundChain{slices.Clone(path), cost}
			at, _ := slices.BinarySearchFunc(best, f, foundChain.compare)
			best = slices.Insert(best, at, f)
			if len(best) > k {
				best = best[:k]
			}
			return true
		}
		last := path[i-1]
		for _, q := range p.t.neighbours[last] {
			if used[q] {
				continue
			}
			c := cost + p.pairs[i-1]*p.edge[[2]int{last, q}] + p.node[i][q]
			if math.IsInf(c, 1) || len(best) == k && c+rest[i] > best[k-1].cost+1e-12 {
				continue
			}
			if steps++; steps > exhaustiveSteps {
				return false
			}
			used[q] = true
			path = append(path, q)
			ok := extend(c)
			path = path[:i]
			used[q] = false
			if !ok {
				return false
			}
		}
		return true
	}
	for q := range p.t.Qubits {
		if c := p.node[0][q]; !math.IsInf(c, 1) {
			used[q] = true
			path = append(path[:0], q)
			if !extend(c) {
				return best, false
			}
			used[q] = false
		}
	}
	return best, true
}

// beamState is a path that the beam keeps; its qubits are a set of the step's.
type beamState struct {
	cost         float64
	last, parent int32 // its last qubit, and what it was in the step before
}

func (s beamState) compare(o beamState) int {
	return cmp.Or(cmp.Compare(s.cost, o.cost), cmp.Compare(s.parent, o.parent), cmp.Compare(s.last, o.last))
}

// beam grows paths from all qubits at once and keeps the best of each length.
func (p *chainProblem) beam(k int) []foundChain {
	words := (len(p.t.Qubits) + 63) / 64
	steps := make([][]beamState, p.n)
	for q := range p.t.Qubits {
		if c := p.node[0][q]; !math.IsInf(c, 1) {
			steps[0] = append(steps[0], beamState{c, int32(q), -1})
		}
	}
	used, before := make([]uint64, max(beamWidth, len(steps[0]))*words), make([]uint64, max(beamWidth, len(steps[0]))*words)
	for j, s := range steps[0] {
		used[j*words+int(s.last)/64] = 1 << (s.last % 64)
	}
	next := []beamState(nil)
	for i := 1; i < p.n; i++ {
		next = next[:0]
		for j, s := range steps[i-1] {
			last, set := int(s.last), used[j*words:][:words]
			for _, q := range p.t.neighbours[last] {
				if set[q/64]>>(q%64)&1 == 1 {
					continue
				}
				c := s.cost + p.pairs[i-1]*p.edge[[2]int{last, q}] + p.node[i][q]
				if !math.IsInf(c, 1) {
					next = append(next, beamState{c, int32(q), int32(j)})
				}
			}
		}
		if len(next) == 0 {
			return nil
		}
		slices.SortFunc(next, beamState.compare)
		steps[i] = slices.Clone(next[:min(len(next), beamWidth)])
		used, before = before, used
		for j, s := range steps[i] {
			copy(used[j*words:][:words], before[int(s.parent)*words:])
			used[j*words+int(s.last)/64] |= 1 << (s.last % 64)
		}
	}
	var out []foundChain
	for j := range min(k, len(steps[p.n-1])) {
		path := make([]int, p.n)
		at := j
		for i := p.n - 1; i >= 0; i-- {
			s := steps[i][at]
			path[i], at = int(s.last), int(s.parent)
		}
		out = append(out, foundChain{path, steps[p.n-1][j].cost})
	}
	return out
}

// cost is the cost of a path, +Inf where it can't carry the chain.
func (p *chainProblem) cost(path []int) float64 {
	sum := 0.0
	for i, q := range path {
		sum += p.node[i][q]
		if i > 0 {
			c, ok := p.edge[[2]int{path[i-1], q}]
			if !ok {
				return math.Inf(1)
			}
			sum += p.pairs[i-1] * c
		}
	}
	return sum
}

// ChainFidelity estimates the fidelity of a given chain; 0 where a part of it can't
// be used.
func ChainFidelity(t *Target, chain []int, w ChainWeights) (float64, error) {
	p, err := weighted(t, len(chain), w)
	if err != nil {
		return 0, err
	}
	for _, q := range chain {
		if q < 0 || q >= len(t.Qubits) {
			return 0, fmt.Errorf("a chain over qubit %d of %s, which has %d", q, t.Name, len(t.Qubits))
		}
	}
	return math.Exp(-p.cost(chain)), nil
}
