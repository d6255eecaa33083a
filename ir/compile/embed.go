package compile

import (
	"cmp"
	"maps"
	"math"
	"slices"
)

// embedSteps bounds the search for an embedding.
const embedSteps = 60_000

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
			if steps++; steps > embedSteps {
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

// ring returns the logical qubits in order where the pairs make one ring.
func (d *demand) ring() []int {
	next := d.neighbours()
	start, inside := -1, 0
	for q, list := range next {
		if len(list) == 0 {
			continue
		}
		if len(list) != 2 {
			return nil
		}
		if start < 0 {
			start = q
		}
		inside++
	}
	if start < 0 || inside < 3 {
		return nil
	}
	order := []int{start}
	for before, at := -1, start; ; {
		to := next[at][0]
		if to == before {
			to = next[at][1]
		}
		if to == start {
			break
		}
		order = append(order, to)
		before, at = at, to
	}
	if len(order) != inside {
		return nil
	}
	return order
}

// cycle is a ring of physical qubits.
type cycle struct {
	next map[int][2]int // both neighbours of each vertex
	cost float64        // of its edges
}

// ringBeam bounds how many rings of each step are kept.
const ringBeam = 48

// embedRing finds n coupled qubits in a ring. Rings are sums of faces, the
// shortest rings through an edge: a ring grows by adding a face along which it
// runs, as long as it stays a single ring (the cycle space over GF(2)).
func embedRing(t *Target, d *demand, order []int) []int {
	n := len(order)
	faces := t.faces(n)
	touching := map[[2]int][]int{}
	for i, f := range faces {
		for e := range f.edges() {
			touching[e] = append(touching[e], i)
		}
	}
	var best []int
	bestCost := math.Inf(1)
	take := func(c cycle) {
		if layout, cost := bestTurn(t, d, order, c); cost < bestCost {
			best, bestCost = layout, cost
		}
	}
	beam := faces
	seen := map[string]bool{}
	for len(beam) > 0 && best == nil {
		var grown []cycle
		for _, c := range beam {
			if len(c.next) == n {
				take(c)
				continue
			}
			tried := map[int]bool{}
			for _, e := range slices.SortedFunc(maps.Keys(c.edges()), func(a, b [2]int) int { return slices.Compare(a[:], b[:]) }) {
				for _, i := range touching[e] {
					if tried[i] {
						continue
					}
					tried[i] = true
					if sum, ok := c.add(faces[i], t); ok && len(sum.next) > len(c.next) && len(sum.next) <= n {
						if key := sum.key(); !seen[key] {
							seen[key] = true
							grown = append(grown, sum)
						}
					}
				}
			}
		}
		slices.SortStableFunc(grown, func(a, b cycle) int {
			return cmp.Compare(a.cost/float64(len(a.next)), b.cost/float64(len(b.next)))
		})
		beam = grown[:min(len(grown), ringBeam)]
	}
	return best
}

// edges lists the edges of a ring, lower vertex first.
func (c cycle) edges() map[[2]int]bool {
	out := map[[2]int]bool{}
	for v, list := range c.next {
		for _, w := range list {
			out[[2]int{min(v, w), max(v, w)}] = true
		}
	}
	return out
}

// key names a ring by its vertices.
func (c cycle) key() string {
	var b []byte
	for _, v := range slices.Sorted(maps.Keys(c.next)) {
		b = append(b, byte(v), byte(v>>8))
	}
	return string(b)
}

// add is the sum of two rings over GF(2), where that is one ring.
func (c cycle) add(f cycle, t *Target) (cycle, bool) {
	edges := c.edges()
	for e := range f.edges() {
		if edges[e] {
			delete(edges, e)
		} else {
			edges[e] = true
		}
	}
	return ringOf(edges, t)
}

// ringOf makes a ring of edges; ok is false where they are none.
func ringOf(edges map[[2]int]bool, t *Target) (cycle, bool) {
	lists := map[int][]int{}
	for e := range edges {
		lists[e[0]] = append(lists[e[0]], e[1])
		lists[e[1]] = append(lists[e[1]], e[0])
	}
	c := cycle{next: map[int][2]int{}}
	start := -1
	for v, list := range lists {
		if len(list) != 2 {
			return c, false
		}
		slices.Sort(list)
		c.next[v] = [2]int{list[0], list[1]}
		if start < 0 || v < start {
			start = v
		}
	}
	if start < 0 {
		return c, false
	}
	path := c.walk(start)
	if len(path) != len(c.next) {
		return c, false
	}
	for i, v := range path {
		c.cost += t.pairCost(v, path[(i+1)%len(path)])
	}
	return c, true
}

// walk lists the vertices of a ring in order.
func (c cycle) walk(start int) []int {
	path := []int{start}
	for before, at := -1, start; ; {
		to := c.next[at][0]
		if to == before {
			to = c.next[at][1]
		}
		if to == start || len(path) > len(c.next) {
			return path
		}
		path = append(path, to)
		before, at = at, to
	}
}

// faces returns the shortest ring through each edge, of at most n vertices.
func (t *Target) faces(n int) []cycle {
	var out []cycle
	seen := map[string]bool{}
	for a, list := range t.neighbours {
		for _, b := range list {
			if a > b {
				continue
			}
			for _, path := range t.around(a, b, n) {
				edges := map[[2]int]bool{}
				for i, v := range path {
					w := path[(i+1)%len(path)]
					edges[[2]int{min(v, w), max(v, w)}] = true
				}
				if c, ok := ringOf(edges, t); ok && !seen[c.key()] {
					seen[c.key()] = true
					out = append(out, c)
				}
			}
		}
	}
	return out
}

// around returns shortest paths from a to b that avoid the edge between them, one
// for each first step.
func (t *Target) around(a, b, n int) (paths [][]int) {
	for _, first := range t.neighbours[a] {
		if first == b {
			continue
		}
		parent := map[int]int{a: -1, first: a}
		queue := []int{first}
		for i := 0; i < len(queue); i++ {
			v := queue[i]
			if v == b {
				break
			}
			for _, w := range t.neighbours[v] {
				if _, ok := parent[w]; !ok {
					parent[w] = v
					queue = append(queue, w)
				}
			}
		}
		if _, ok := parent[b]; !ok {
			continue
		}
		var path []int
		for v := b; v >= 0; v = parent[v] {
			path = append(path, v)
		}
		if len(path) <= n {
			paths = append(paths, path)
		}
	}
	return paths
}

// bestTurn puts the logical ring on a physical one: of all turns and both
// directions the best.
func bestTurn(t *Target, d *demand, order []int, c cycle) (best []int, cost float64) {
	path := c.walk(slices.Min(slices.Collect(maps.Keys(c.next))))
	n := len(path)
	cost = math.Inf(1)
	for _, direction := range []int{1, n - 1} {
		for turn := range n {
			sum := 0.0
			for i, l := range order {
				sum += d.nodeCost(t, l, path[(turn+i*direction)%n])
				m := order[(i+1)%n]
				sum += d.pairs[[2]int{min(l, m), max(l, m)}] * t.pairCost(path[(turn+i*direction)%n], path[(turn+(i+1)*direction)%n])
			}
			if sum < cost {
				cost = sum
				best = make([]int, d.qubits)
				for i := range best {
					best[i] = -1
				}
				for i, l := range order {
					best[l] = path[(turn+i*direction)%n]
				}
			}
		}
	}
	return best, cost
}
