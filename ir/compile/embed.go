package compile

import (
	"cmp"
	"math"
	"slices"
)

// embedSteps bounds the search for an embedding: how many places are looked at.
const embedSteps = 200_000

// embed looks for places of all logical qubits that have pairs such that every
// pair is coupled: a subgraph monomorphism, found as by VF2 (Cordella et al.
// 2004) by matching one vertex after the other to neighbours of those that are
// matched, the best places first, and bounded by the cost of the best embedding
// so far. It returns nil where the bounded search finds none.
func embed(t *Target, d *demand) []int {
	next := d.neighbours()
	order := matchingOrder(next)
	node := make([][]float64, d.qubits)
	candidates := make([]int, len(t.Qubits))
	for q := range candidates {
		candidates[q] = q
	}
	for _, l := range order {
		node[l] = make([]float64, len(t.Qubits))
		for q := range t.Qubits {
			node[l][q] = d.nodeCost(t, l, q)
		}
	}
	layout := make([]int, d.qubits)
	for i := range layout {
		layout[i] = -1
	}
	taken := make([]bool, len(t.Qubits))
	var best []int
	bestCost, steps := math.Inf(1), 0
	var match func(i int, cost float64) bool
	match = func(i int, cost float64) bool {
		if i == len(order) {
			best, bestCost = slices.Clone(layout), cost
			return true
		}
		l := order[i]
		type choice struct {
			q    int
			cost float64
		}
		var choices []choice
		from := candidates
		for _, m := range next[l] {
			if layout[m] >= 0 {
				from = t.neighbours[layout[m]]
				break
			}
		}
		steps += len(from)
		for _, q := range from {
			if taken[q] || len(t.neighbours[q]) < len(next[l]) {
				continue
			}
			c := node[l][q]
			for _, m := range next[l] {
				if layout[m] >= 0 {
					c += d.pairs[[2]int{min(l, m), max(l, m)}] * t.pairCost(q, layout[m])
				}
			}
			if cost+c < bestCost-1e-12 {
				choices = append(choices, choice{q, c})
			}
		}
		slices.SortStableFunc(choices, func(a, b choice) int { return cmp.Compare(a.cost, b.cost) })
		for _, k := range choices {
			if steps > embedSteps {
				return false
			}
			if cost+k.cost >= bestCost-1e-12 {
				break
			}
			layout[l], taken[k.q] = k.q, true
			ok := match(i+1, cost+k.cost)
			layout[l], taken[k.q] = -1, false
			if !ok {
				return false
			}
		}
		return true
	}
	match(0, 0)
	return best
}

// matchingOrder puts each logical qubit behind as many of its neighbours as can
// be, the most connected one first.
func matchingOrder(next [][]int) []int {
	var order []int
	placed := map[int]int{} // neighbours that are placed
	done := make([]bool, len(next))
	for {
		best := -1
		for l := range next {
			if done[l] || len(next[l]) == 0 {
				continue
			}
			if best < 0 || cmp.Or(cmp.Compare(placed[l], placed[best]), cmp.Compare(len(next[l]), len(next[best]))) > 0 {
				best = l
			}
		}
		if best < 0 {
			return order
		}
		done[best] = true
		order = append(order, best)
		for _, m := range next[best] {
			placed[m]++
		}
	}
}
