package compile

import (
	"math"
	"slices"
	"sync"
)

// A long path through most of a device is found neither by trying all nor by
// growing one: what is left over decides, and it shows only at the end. Here
// the device is swept vertex by vertex, and of every set of path pieces on the
// swept side only its behaviour at the frontier is kept: which frontier vertices
// are joined by a piece (Knuth, TAOCP 4A, 7.1.4, "Simpath"; the frontier
// method). For each such state the cheapest set of pieces is kept, and of the
// states a beam. A reward for each vertex of the path makes it long; the best
// stretch of n qubits is cut out of it.

// sweepStates bounds the states of a sweep.
const sweepStates = 600

// Codes of a frontier vertex: the slot of the other end of its piece (its own:
// no piece), an inner vertex of a piece, or the end of a piece whose other end
// is final.
const (
	maxSlots = 14
	inner    = 14
	anchored = 15
)

// sweepKey is a state at the frontier: four bits a slot, and above them how many
// ends of the path are final.
type sweepKey uint64

func (k sweepKey) mate(slot int) int { return int(k >> (4 * slot) & 15) }

func (k *sweepKey) set(slot, mate int) {
	*k = *k&^(15<<(4*slot)) | sweepKey(mate)<<(4*slot)
}

func (k sweepKey) ends() int { return int(k >> (4 * maxSlots)) }

func (k *sweepKey) setEnds(n int) {
	*k = *k&(1<<(4*maxSlots)-1) | sweepKey(n)<<(4*maxSlots)
}

// sweepState is a state, the cost of its best pieces, and how it came about.
type sweepState struct {
	key  sweepKey
	cost float64
	from origin
}

// origin is how a state came about: its number in the step before, twice, and one more
// where the edge of this step is part of the path.
type origin int32

func originOf(parent int, used bool) origin {
	if used {
		return origin(2*parent + 1)
	}
	return origin(2 * parent)
}

func (o origin) parent() int { return int(o >> 1) }
func (o origin) used() bool  { return o&1 == 1 }

// sweepEdge is one step: an edge and what happens to the slots.
type sweepEdge struct {
	a, b         int // vertices
	slotA, slotB int
	newA, newB   bool   // the vertex appears with this edge
	endA, endB   bool   // the vertex has no edge after this one
	active       uint16 // slots that are taken after the step
	cost         float64
}

// frontier finds a path of at least n qubits and cuts n out of it; nil where it
// finds none. It also returns the length of the longest path that it saw.
func (p *chainProblem) frontier() (best *foundChain, longest int) {
	// A vertex costs what it costs on average over the places.
	vertex := make([]float64, len(p.t.Qubits))
	typical, usable := 0.0, 0
	for q := range vertex {
		for i := range p.n {
			vertex[q] += p.node[i][q] / float64(p.n)
		}
		if !math.IsInf(vertex[q], 1) {
			typical += vertex[q]
			usable++
		}
	}
	pairs := 0.0
	for _, x := range p.pairs {
		pairs += x / float64(len(p.pairs))
	}
	if usable == 0 {
		return nil, 0
	}
	for _, c := range p.edge {
		typical += pairs * c / 2 * float64(usable) / float64(max(1, len(p.edge)/2))
	}
	typical = max(typical/float64(usable), 1e-6)
	for _, region := range p.regions() {
		f, length := p.sweepRegion(region, vertex, pairs, typical)
		longest = max(longest, length)
		if f != nil && (best == nil || f.compare(*best) < 0) {
			best = f
		}
	}
	return best, longest
}

// regions returns the connected parts of the device that hold n qubits.
func (p *chainProblem) regions() [][]int {
	var out [][]int
	seen := make([]bool, len(p.t.Qubits))
	for q := range p.t.Qubits {
		if seen[q] {
			continue
		}
		region := p.breadthFirst(q)
		for _, v := range region {
			seen[v] = true
		}
		if len(region) >= p.n {
			out = append(out, region)
		}
	}
	return out
}

// decisive is a reward, in typical costs of a vertex, that no path is shorter for than it
// could be.
const decisive = 64

// sweepRegion finds the smallest reward for which a path is long enough; it also returns
// the length of the longest path that it saw.
func (p *chainProblem) sweepRegion(region []int, vertex []float64, pairs, typical float64) (*foundChain, int) {
	steps := p.sweep(region)
	if steps == nil {
		return nil, 0
	}
	type try struct {
		found  *foundChain
		length int
	}
	tries := func(rewards ...float64) []try {
		out := make([]try, len(rewards))
		var wait sync.WaitGroup
		for i, reward := range rewards {
			wait.Go(func() {
				path := p.longest(steps, vertex, pairs, reward*typical)
				out[i] = try{p.stretch(path), len(path)}
			})
		}
		wait.Wait()
		return out
	}
	long := tries(decisive, decisive*decisive)
	length := max(long[0].length, long[1].length)
	if length < p.n {
		return nil, length
	}
	for reward := 1.0; reward < decisive; reward *= 4 {
		for _, t := range tries(reward, 2*reward) {
			if t.found != nil {
				return t.found, length
			}
		}
	}
	if long[0].found != nil {
		return long[0].found, length
	}
	return long[1].found, length
}

// stretch cuts the best n qubits out of a path, nil where none can carry the chain.
func (p *chainProblem) stretch(path []int) *foundChain {
	var best *foundChain
	for range 2 {
		for i := 0; i+p.n <= len(path); i++ {
			f := foundChain{slices.Clone(path[i : i+p.n]), 0}
			f.cost = p.cost(f.path)
			if !math.IsInf(f.cost, 1) && (best == nil || f.compare(*best) < 0) {
				best = &f
			}
		}
		slices.Reverse(path)
	}
	return best
}

// sweep orders the edges of a region so that few vertices are at the frontier: by
// breadth first search from a vertex at the rim. Nil where the frontier is too wide.
func (p *chainProblem) sweep(region []int) []sweepEdge {
	var best []sweepEdge
	width := maxSlots + 1
	tried := map[int]bool{}
	for _, from := range region {
		for range 3 { // the farthest vertex from the farthest …
			order := p.breadthFirst(from)
			from = order[len(order)-1]
			if tried[from] {
				break
			}
			tried[from] = true
			if steps, w := p.slots(p.breadthFirst(from)); w < width {
				best, width = steps, w
			}
		}
		if len(tried) > 12 {
			break
		}
	}
	return best
}

// breadthFirst visits the vertices that are connected with one.
func (p *chainProblem) breadthFirst(from int) []int {
	order := make([]int, 1, len(p.t.Qubits))
	order[0] = from
	seen := make([]bool, len(p.t.Qubits))
	seen[from] = true
	for i := 0; i < len(order); i++ {
		for _, q := range p.t.neighbours[order[i]] {
			if !seen[q] {
				seen[q] = true
				order = append(order, q)
			}
		}
	}
	return order
}

// slots gives the vertices of the frontier slots; the second result is how many
// are needed at once.
func (p *chainProblem) slots(order []int) ([]sweepEdge, int) {
	place, last, slot := make([]int, len(p.t.Qubits)), make([]int, len(p.t.Qubits)), make([]int, len(p.t.Qubits))
	for i, v := range order {
		place[v], slot[v] = i, -1
	}
	steps := make([]sweepEdge, 0, 2*len(order))
	for i, v := range order {
		for _, q := range p.t.neighbours[v] {
			if place[q] < i {
				steps = append(steps, sweepEdge{a: q, b: v, cost: p.edge[[2]int{q, v}]})
			}
		}
	}
	for i, e := range steps {
		last[e.a], last[e.b] = i, i
	}
	free, width := []int(nil), 0
	take := func(v int) (int, bool) {
		if s := slot[v]; s >= 0 {
			return s, false
		}
		if len(free) == 0 {
			free = append(free, width)
			width++
		}
		s := free[len(free)-1]
		free = free[:len(free)-1]
		slot[v] = s
		return s, true
	}
	var active uint16
	for i := range steps {
		e := &steps[i]
		e.slotA, e.newA = take(e.a)
		e.slotB, e.newB = take(e.b)
		e.endA, e.endB = last[e.a] == i, last[e.b] == i
		active |= 1<<e.slotA | 1<<e.slotB
		if e.endA {
			free = append(free, e.slotA)
			active &^= 1 << e.slotA
		}
		if e.endB {
			free = append(free, e.slotB)
			active &^= 1 << e.slotB
		}
		e.active = active
	}
	return steps, width
}

// longest sweeps once and returns the path with the least cost less rewards.
func (p *chainProblem) longest(steps []sweepEdge, vertex []float64, pairs, reward float64) []int {
	history := make([][]origin, len(steps))
	current, next := make([]sweepState, 1, 2*sweepStates), make([]sweepState, 0, 2*sweepStates)
	index := newSweepIndex(2 * sweepStates)
	best, bestStep := sweepState{cost: math.Inf(1)}, -1
	for i := range steps {
		e := &steps[i]
		index.clear()
		next = next[:0]
		finish := func(s sweepState) {
			if s.cost < best.cost && onePiece(s.key, e.active) {
				best, bestStep = s, i
			}
		}
		put := func(s sweepState) {
			whole, ok := false, true
			if e.endA || e.endB {
				whole, ok = s.key.leave(e)
			}
			switch {
			case !ok:
			case whole:
				finish(s)
			default:
				at := index.find(s.key, len(next))
				if at == len(next) {
					next = append(next, s)
				} else if s.cost < next[at].cost {
					next[at] = s
				}
			}
		}
		for j, s := range current {
			key := s.key
			if e.newA {
				key.set(e.slotA, e.slotA)
			}
			if e.newB {
				key.set(e.slotB, e.slotB)
			}
			put(sweepState{key, s.cost, originOf(j, false)})
			cost := s.cost + pairs*e.cost
			if key.mate(e.slotA) == e.slotA {
				cost += vertex[e.a] - reward
			}
			if key.mate(e.slotB) == e.slotB {
				cost += vertex[e.b] - reward
			}
			whole, ok := key.join(e.slotA, e.slotB)
			switch joined := (sweepState{key, cost, originOf(j, true)}); {
			case !ok || math.IsInf(cost, 1):
			case whole:
				finish(joined)
			default:
				put(joined)
			}
		}
		kept := cheapest(next, sweepStates)
		history[i] = make([]origin, len(kept))
		for j, s := range kept {
			history[i][j] = s.from
		}
		current, next = kept, current
	}
	if bestStep < 0 {
		return nil
	}
	return trace(steps, history, bestStep, best.from)
}

// cheapest moves the n states of the least cost to the front and returns them
// (Hoare's quickselect); equal costs are ordered by state.
func cheapest(s []sweepState, n int) []sweepState {
	if len(s) <= n {
		return s
	}
	less := func(a, b *sweepState) bool { return a.cost < b.cost || a.cost == b.cost && a.key < b.key }
	for low, high := 0, len(s)-1; low < high; {
		pivot := s[(low+high)/2]
		i, j := low, high
		for i <= j {
			for less(&s[i], &pivot) {
				i++
			}
			for less(&pivot, &s[j]) {
				j--
			}
			if i <= j {
				s[i], s[j] = s[j], s[i]
				i++
				j--
			}
		}
		switch {
		case n-1 <= j:
			high = j
		case n-1 >= i:
			low = i
		default:
			return s[:n]
		}
	}
	return s[:n]
}

// sweepIndex finds the place of a state: a table with open addressing that is
// emptied by counting up a generation.
type sweepIndex struct {
	keys       []sweepKey
	places     []int32
	generation []uint32
	now        uint32
}

func newSweepIndex(states int) *sweepIndex {
	size := 1
	for size < 2*states {
		size *= 2
	}
	return &sweepIndex{make([]sweepKey, size), make([]int32, size), make([]uint32, size), 0}
}

func (x *sweepIndex) clear() { x.now++ }

// find returns the place of a state; one that is not there gets the place next.
func (x *sweepIndex) find(k sweepKey, next int) int {
	mask := uint64(len(x.keys) - 1)
	for h := uint64(k) * 0x9e3779b97f4a7c15 >> 32; ; h++ {
		i := h & mask
		if x.generation[i] != x.now {
			x.keys[i], x.places[i], x.generation[i] = k, int32(next), x.now
			return next
		}
		if x.keys[i] == k {
			return int(x.places[i])
		}
	}
}

// join adds an edge between two frontier vertices. It is not ok where one of them
// is inner already or the edge would close a ring; whole where it joins the two
// final ends.
func (k *sweepKey) join(a, b int) (whole, ok bool) {
	ma, mb := k.mate(a), k.mate(b)
	if ma == inner || mb == inner || ma == b {
		return false, false
	}
	if ma != a {
		k.set(a, inner)
	}
	if mb != b {
		k.set(b, inner)
	}
	switch {
	case ma == anchored && mb == anchored:
		return true, true
	case ma == anchored:
		k.set(mb, anchored)
	case mb == anchored:
		k.set(ma, anchored)
	default:
		k.set(ma, mb)
		k.set(mb, ma)
	}
	return false, true
}

// leave takes the vertices that have no further edge from the frontier; the end
// of a piece becomes final. It is not ok with more than two final ends; whole
// where both ends of one piece are final.
func (k *sweepKey) leave(e *sweepEdge) (whole, ok bool) {
	for _, v := range [2]struct {
		slot   int
		leaves bool
	}{{e.slotA, e.endA}, {e.slotB, e.endB}} {
		if !v.leaves {
			continue
		}
		m := k.mate(v.slot)
		k.set(v.slot, 0)
		switch {
		case m == inner || m == v.slot:
		case k.ends() == 2:
			return false, false
		case m == anchored:
			k.setEnds(2)
			whole = true
		default:
			k.setEnds(k.ends() + 1)
			k.set(m, anchored)
		}
	}
	return whole, true
}

// onePiece reports whether the slots hold inner and bare vertices only.
func onePiece(key sweepKey, active uint16) bool {
	for slot := range maxSlots {
		if m := key.mate(slot); active>>slot&1 == 1 && m != inner && m != slot {
			return false
		}
	}
	return true
}

// trace collects the edges of the path and puts them in order.
func trace(steps []sweepEdge, history [][]origin, at int, last origin) []int {
	joined := map[int][]int{}
	add := func(e sweepEdge) {
		joined[e.a] = append(joined[e.a], e.b)
		joined[e.b] = append(joined[e.b], e.a)
	}
	for i, s := at, last; ; i-- {
		if s.used() {
			add(steps[i])
		}
		if i == 0 {
			break
		}
		s = history[i-1][s.parent()]
	}
	start := -1
	for v, list := range joined {
		if len(list) == 1 && (start < 0 || v < start) {
			start = v
		}
	}
	if start < 0 {
		return nil
	}
	return follow(start, func(v int) []int { return joined[v] })
}

// follow walks along a path from one of its ends.
func follow(start int, neighbours func(int) []int) []int {
	path := []int{start}
	for before, at := -1, start; ; {
		to := -1
		for _, v := range neighbours(at) {
			if v != before {
				to = v
			}
		}
		if to < 0 {
			return path
		}
		path = append(path, to)
		before, at = at, to
	}
}
