package compile

import (
	"cmp"
	"math"
	"slices"
)

// Bounds of the search for an embedding: how many places are looked at from each
// place of the first qubit, and afterwards for a better one.
const (
	embedTry   = 4_000
	embedSteps = 200_000
)

// embed looks for places of all logical qubits that have pairs such that every
// pair is coupled: a subgraph monomorphism, found as by VF2 (Cordella et al.
// 2004) by matching one vertex after the other to neighbours of those that are
// matched, the best places first. A place is not taken where the neighbours that
// are free are too few for those still to come, its own or those of another, or
// where a matched qubit is further away than it is in the circuit. Each place of
// the first qubit has its turn before the rest of the effort goes into a cheaper
// embedding. It returns nil where the bounded search finds none.
func embed(t *Target, d *demand) []int {
	e := newEmbedding(t, d)
	if !e.fits() {
		return nil
	}
	e.bound = math.Inf(1)
	e.search()
	return e.best
}

// search looks for an embedding that costs less than the bound.
func (e *embedding) search() {
	complete := true
	for _, root := range e.choices(0) {
		e.steps = embedTry
		e.put(0, root.q)
		complete = e.match(1, root.cost) && complete
		e.take(0, root.q)
	}
	if e.best != nil && !complete {
		e.steps = embedSteps
		e.match(0, 0)
	}
}

// embedding is the state of the search.
type embedding struct {
	t     *Target
	next  [][]int     // logical neighbours
	times [][]float64 // cx on the pair with each of them
	order []int
	node  [][]float64
	apart [][]int32 // logical distances
	away  [][]int32 // physical ones

	layout []int // logical -> physical, -1 for none
	lodger []int // physical -> logical, -1 for none
	free   []int // neighbours of a physical qubit that hold nothing
	wanted []int // neighbours of a logical qubit without a place
	steps  int   // left
	best   []int
	bound  float64 // the cost of best
}

func newEmbedding(t *Target, d *demand) *embedding {
	e := &embedding{t: t, next: d.neighbours(), layout: make([]int, d.qubits), lodger: make([]int, len(t.Qubits)),
		free: make([]int, len(t.Qubits)), wanted: make([]int, d.qubits), node: make([][]float64, d.qubits)}
	e.order = matchingOrder(e.next)
	e.times = make([][]float64, d.qubits)
	for l, list := range e.next {
		for _, m := range list {
			e.times[l] = append(e.times[l], d.pairs[[2]int{min(l, m), max(l, m)}])
		}
	}
	for l := range e.layout {
		e.layout[l], e.wanted[l] = -1, len(e.next[l])
	}
	for q := range e.lodger {
		e.lodger[q], e.free[q] = -1, len(t.neighbours[q])
	}
	for _, l := range e.order {
		e.node[l] = make([]float64, len(t.Qubits))
		for q := range t.Qubits {
			e.node[l][q] = d.nodeCost(t, l, q)
		}
	}
	return e
}

// fits reports whether the device has as many qubits of each number of neighbours,
// or more, as the circuit needs; distances are then known.
func (e *embedding) fits() bool {
	degrees := func(lists [][]int) []int {
		var out []int
		for _, list := range lists {
			if len(list) > 0 {
				out = append(out, len(list))
			}
		}
		slices.SortFunc(out, func(a, b int) int { return b - a })
		return out
	}
	need, have := degrees(e.next), degrees(e.t.neighbours)
	if len(need) > len(have) {
		return false
	}
	for i := range need {
		if need[i] > have[i] {
			return false
		}
	}
	e.apart, e.away = hops(e.next), hops(e.t.neighbours)
	return true
}

// hops returns the distances between all vertices of a graph by breadth first
// search.
func hops(neighbours [][]int) [][]int32 {
	n := len(neighbours)
	out := make([][]int32, n)
	queue := make([]int, 0, n)
	for q := range n {
		row := make([]int32, n)
		for i := range row {
			row[i] = unreachable
		}
		row[q] = 0
		queue = append(queue[:0], q)
		for i := 0; i < len(queue); i++ {
			for _, w := range neighbours[queue[i]] {
				if row[w] == unreachable {
					row[w] = row[queue[i]] + 1
					queue = append(queue, w)
				}
			}
		}
		out[q] = row
	}
	return out
}

// choice is a place and what it costs.
type choice struct {
	q    int
	cost float64
}

// choices lists the places of the qubit number i of the order, the cheapest first.
func (e *embedding) choices(i int) []choice {
	l := e.order[i]
	var from []int
	for _, m := range e.next[l] {
		if p := e.layout[m]; p >= 0 && (from == nil || len(e.t.neighbours[p]) < len(from)) {
			from = e.t.neighbours[p]
		}
	}
	if from == nil {
		from = upToN(len(e.t.Qubits))
	}
	e.steps -= len(from)
	var out []choice
	for _, q := range from {
		if c, ok := e.costOf(l, q); ok {
			out = append(out, choice{q, c})
		}
	}
	slices.SortStableFunc(out, func(a, b choice) int { return cmp.Compare(a.cost, b.cost) })
	return out
}

func upToN(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}

// costOf returns what a logical qubit costs at a place, and false where it can't be.
func (e *embedding) costOf(l, q int) (float64, bool) {
	if e.lodger[q] >= 0 || e.free[q] < e.wanted[l] {
		return 0, false
	}
	for _, p := range e.t.neighbours[q] {
		if m := e.lodger[p]; m >= 0 {
			wanted := e.wanted[m]
			if e.apart[l][m] == 1 {
				wanted--
			}
			if e.free[p]-1 < wanted {
				return 0, false
			}
		}
	}
	c := e.node[l][q]
	for k, m := range e.next[l] {
		if p := e.layout[m]; p >= 0 {
			c += e.times[l][k] * e.t.pairCost(q, p)
		}
	}
	if math.IsInf(c, 1) {
		return 0, false
	}
	for m, p := range e.layout {
		if p >= 0 && e.away[q][p] > e.apart[l][m] {
			return 0, false
		}
	}
	return c, true
}

// put gives the qubit number i of the order a place, take takes it back.
func (e *embedding) put(i, q int) { e.move(i, q, 1) }

func (e *embedding) take(i, q int) { e.move(i, q, -1) }

func (e *embedding) move(i, q, n int) {
	l := e.order[i]
	e.layout[l], e.lodger[q] = -1, -1
	if n > 0 {
		e.layout[l], e.lodger[q] = q, l
	}
	for _, p := range e.t.neighbours[q] {
		e.free[p] -= n
	}
	for _, m := range e.next[l] {
		e.wanted[m] -= n
	}
}

// match finds places from the qubit number i of the order on; it is false where
// the steps are used up.
func (e *embedding) match(i int, cost float64) bool {
	if i == len(e.order) {
		e.best, e.bound = slices.Clone(e.layout), cost
		return true
	}
	for _, k := range e.choices(i) {
		if e.steps <= 0 {
			return false
		}
		if cost+k.cost >= e.bound-1e-12 {
			break
		}
		e.put(i, k.q)
		ok := e.match(i+1, cost+k.cost)
		e.take(i, k.q)
		if !ok {
			return false
		}
	}
	return true
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
