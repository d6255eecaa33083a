package compile

import (
	"cmp"
	"math"
	"math/bits"
	"math/rand/v2"
	"slices"

	"qgan/internal/stream"
)

// Rings of coupled qubits are sums of faces, the shortest rings through an edge: a
// ring grows by a face along which it runs as long as it stays a single ring (the
// cycle space of a graph over GF(2)). Here a ring is the set of its edges.

// edgeSet is a set of edges by their number.
type edgeSet []uint64

func (s edgeSet) has(i int) bool { return s[i/64]>>(i%64)&1 == 1 }
func (s edgeSet) flip(i int)     { s[i/64] ^= 1 << (i % 64) }

// count is the size of the set.
func (s edgeSet) count() int {
	n := 0
	for _, w := range s {
		n += bits.OnesCount64(w)
	}
	return n
}

// common is the size of the intersection.
func (s edgeSet) common(o edgeSet) int {
	n := 0
	for i, w := range s {
		n += bits.OnesCount64(w & o[i])
	}
	return n
}

// foundRing is a ring and the cost of one cx on each of its edges.
type foundRing struct {
	edges edgeSet
	size  int
	cost  float64
	rank  float64
}

// ringSearch holds the edges of a device.
type ringSearch struct {
	t     *Target
	edges [][2]int
	cost  []float64
	// incident lists the edges of each vertex and the vertices behind them.
	incident [][][2]int
}

// Bounds of the search.
const (
	ringBeam  = 96 // rings of each step that are kept
	ringTries = 5
	ringTurn  = 4 // rings of the right size whose turns are compared
)

// embedRing finds coupled qubits in a ring for a ring of logical qubits, and the
// turn and direction that suit them best; nil where it finds none.
//
// The search is a beam of the cheapest rings of each step, which may lose its way;
// then it begins anew with the costs a little disturbed.
func embedRing(t *Target, d *demand, order []int) []int {
	s := newRingSearch(t)
	faces := s.faces(len(order))
	for try := range uint64(ringTries) {
		if found := s.grow(faces, len(order), stream.New(try, "ring"), 0.2*float64(try)); len(found) > 0 {
			return s.turn(d, order, found)
		}
	}
	return nil
}

// grow returns rings of n edges, none where it finds none.
func (s *ringSearch) grow(faces []foundRing, n int, rng *rand.Rand, disturbance float64) (found []foundRing) {
	seen := map[string]bool{}
	for beam := faces; len(beam) > 0 && len(found) == 0; {
		var grown []foundRing
		for _, c := range beam {
			if c.size == n {
				found = append(found, c)
				continue
			}
			for _, f := range faces {
				shared := c.edges.common(f.edges)
				if size := c.size + f.size - 2*shared; shared == 0 || size <= c.size || size > n {
					continue
				}
				if sum, ok := s.add(c, f); ok {
					sum.rank = sum.cost / float64(sum.size) * (1 + disturbance*rng.Float64())
					if key := sum.key(); !seen[key] {
						seen[key] = true
						grown = append(grown, sum)
					}
				}
			}
		}
		slices.SortStableFunc(grown, func(a, b foundRing) int {
			return cmp.Compare(a.rank, b.rank)
		})
		beam = grown[:min(len(grown), ringBeam)]
	}
	return found
}

// turn chooses among rings, turns and directions.
func (s *ringSearch) turn(d *demand, order []int, found []foundRing) []int {
	slices.SortStableFunc(found, func(a, b foundRing) int { return cmp.Compare(a.cost, b.cost) })
	var best []int
	cost := math.Inf(1)
	for _, c := range found[:min(len(found), ringTurn)] {
		if layout, x := bestTurn(s.t, d, order, s.walk(c.edges)); x < cost {
			best, cost = layout, x
		}
	}
	return best
}

func newRingSearch(t *Target) *ringSearch {
	s := &ringSearch{t: t, edges: edgesThatWork(t), incident: make([][][2]int, len(t.Qubits))}
	for i, e := range s.edges {
		s.cost = append(s.cost, t.pairCost(e[0], e[1]))
		s.incident[e[0]] = append(s.incident[e[0]], [2]int{i, e[1]})
		s.incident[e[1]] = append(s.incident[e[1]], [2]int{i, e[0]})
	}
	return s
}

func (s *ringSearch) empty() edgeSet { return make(edgeSet, (len(s.edges)+63)/64) }

// key names a ring.
func (r foundRing) key() string {
	var b []byte
	for _, w := range r.edges {
		for i := range 8 {
			b = append(b, byte(w>>(8*i)))
		}
	}
	return string(b)
}

// add is the sum of two rings, where that is one ring.
func (s *ringSearch) add(a, b foundRing) (foundRing, bool) {
	sum := slices.Clone(a.edges)
	for i, w := range b.edges {
		sum[i] ^= w
	}
	return s.ring(sum)
}

// ring checks that edges make one ring.
func (s *ringSearch) ring(edges edgeSet) (foundRing, bool) {
	r := foundRing{edges: edges, size: edges.count()}
	if len(s.walk(edges)) != r.size {
		return r, false
	}
	for i := range s.edges {
		if edges.has(i) {
			r.cost += s.cost[i]
		}
	}
	return r, true
}

// walk goes along edges from the lowest one until it is back, and lists the
// vertices; nil where a vertex on its way has not two edges.
func (s *ringSearch) walk(edges edgeSet) []int {
	first := slices.IndexFunc(edges, func(w uint64) bool { return w != 0 })
	if first < 0 {
		return nil
	}
	edge := 64*first + bits.TrailingZeros64(edges[first])
	start, at := s.edges[edge][0], s.edges[edge][1]
	path := []int{start}
	for at != start {
		path = append(path, at)
		next, to, degree := -1, -1, 0
		for _, x := range s.incident[at] {
			if !edges.has(x[0]) {
				continue
			}
			degree++
			if x[0] != edge {
				next, to = x[0], x[1]
			}
		}
		if degree != 2 {
			return nil
		}
		edge, at = next, to
	}
	return path
}

// faces returns shortest rings through each edge, of at most n vertices.
func (s *ringSearch) faces(n int) []foundRing {
	var out []foundRing
	seen := map[string]bool{}
	for i, e := range s.edges {
		for _, first := range s.incident[e[0]] {
			if first[0] == i {
				continue
			}
			edges, ok := s.around(e, i, first)
			if !ok {
				continue
			}
			if r, ok := s.ring(edges); ok && r.size <= n && !seen[r.key()] {
				seen[r.key()] = true
				out = append(out, r)
			}
		}
	}
	return out
}

// around closes an edge (a, b) by a shortest path from a to b that begins with the
// given edge.
func (s *ringSearch) around(e [2]int, closing int, first [2]int) (edgeSet, bool) {
	a, b := e[0], e[1]
	by := make([]int, len(s.t.Qubits)) // the edge by which a vertex was reached, plus 1
	by[a], by[first[1]] = -1, first[0]+1
	queue := []int{first[1]}
	for i := 0; i < len(queue) && by[b] == 0; i++ {
		for _, x := range s.incident[queue[i]] {
			if by[x[1]] == 0 {
				by[x[1]] = x[0] + 1
				queue = append(queue, x[1])
			}
		}
	}
	if by[b] == 0 {
		return nil, false
	}
	edges := s.empty()
	edges.flip(closing)
	for v := b; v != a; {
		edge := by[v] - 1
		edges.flip(edge)
		v = s.edges[edge][0] + s.edges[edge][1] - v
	}
	return edges, true
}

// bestTurn puts the logical ring on a physical one: of all turns and both
// directions the best.
func bestTurn(t *Target, d *demand, order []int, path []int) (best []int, cost float64) {
	n := len(path)
	node := make([][]float64, n) // logical qubit, place on the ring
	pairs := make([]float64, n)
	edge := make([]float64, n)
	for i, l := range order {
		node[i] = make([]float64, n)
		for j, q := range path {
			node[i][j] = d.nodeCost(t, l, q)
		}
		m := order[(i+1)%n]
		pairs[i] = d.pairs[[2]int{min(l, m), max(l, m)}]
		edge[i] = t.pairCost(path[i], path[(i+1)%n])
	}
	cost = math.Inf(1)
	for _, direction := range []int{1, n - 1} {
		for turn := range n {
			sum := 0.0
			for i := range order {
				j := (turn + i*direction) % n
				sum += node[i][j]
				if direction == 1 {
					sum += pairs[i] * edge[j]
				} else {
					sum += pairs[i] * edge[(j+n-1)%n]
				}
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
