package compile

import (
	"cmp"
	"math"
	"slices"
)

// A device that is too wide to be swept, as a lattice of a thousand qubits, has so many long
// paths that a simple rule finds one: go to the neighbour with the fewest ways on (Warnsdorff
// 1823), which follows the rim inwards. What is left over is taken in by detours.

// windings bounds the qubits from which a path is wound.
const windings = 64

// winding winds paths of n qubits and returns the cheapest, none where all are too short.
func (p *chainProblem) winding() []foundChain {
	var starts []int
	for q := range p.t.Qubits {
		if p.takes(q) {
			starts = append(starts, q)
		}
	}
	slices.SortStableFunc(starts, func(a, b int) int { return cmp.Compare(len(p.t.neighbours[a]), len(p.t.neighbours[b])) })
	best := foundChain{cost: math.Inf(1)}
	for _, start := range starts[:min(len(starts), windings)] {
		used := make([]bool, len(p.t.Qubits))
		path := p.wind(start, used)
		slices.Reverse(path)
		path = p.detours(p.wound(path, used), used)
		for from := 0; from+p.n <= len(path); from++ {
			f := foundChain{path: path[from : from+p.n]}
			if f.cost = p.cost(f.path); f.cost < best.cost {
				best = f
			}
		}
	}
	if best.path == nil {
		return nil
	}
	return []foundChain{best}
}

// takes says that a qubit can be in the path.
func (p *chainProblem) takes(q int) bool { return !math.IsInf(p.node[0][q], 1) }

// wind goes on from a qubit as long as there is a way.
func (p *chainProblem) wind(start int, used []bool) []int {
	used[start] = true
	return p.wound([]int{start}, used)
}

// wound goes on from the end of a path.
func (p *chainProblem) wound(path []int, used []bool) []int {
	free := func(q int) bool { return !used[q] && p.takes(q) }
	for {
		best, fewest, least := -1, math.MaxInt, math.Inf(1)
		last := path[len(path)-1]
		for _, q := range p.t.neighbours[last] {
			if !free(q) {
				continue
			}
			ways := 0
			for _, r := range p.t.neighbours[q] {
				if free(r) {
					ways++
				}
			}
			if cost := p.edge[[2]int{last, q}]; ways < fewest || ways == fewest && cost < least {
				best, fewest, least = q, ways, cost
			}
		}
		if best < 0 {
			return path
		}
		used[best] = true
		path = append(path, best)
	}
}

// detours puts pairs of qubits that are left between neighbours of the path that they are
// coupled to.
func (p *chainProblem) detours(path []int, used []bool) []int {
	for changed := true; changed && len(path) < p.n; {
		changed = false
		var out []int
		for i, u := range path {
			out = append(out, u)
			if i+1 < len(path) {
				if a, b, ok := p.around(u, path[i+1], used); ok {
					used[a], used[b], changed = true, true, true
					out = append(out, a, b)
				}
			}
		}
		path = out
	}
	return path
}

// around finds two coupled qubits that are left, the first coupled to u and the second to v.
func (p *chainProblem) around(u, v int, used []bool) (a, b int, ok bool) {
	for _, a := range p.t.neighbours[u] {
		if used[a] || !p.takes(a) {
			continue
		}
		for _, b := range p.t.neighbours[v] {
			if !used[b] && b != a && p.takes(b) && slices.Contains(p.t.neighbours[a], b) {
				return a, b, true
			}
		}
	}
	return 0, 0, false
}
