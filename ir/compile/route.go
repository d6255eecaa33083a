package compile

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"

	"qgan/internal/stream"
	"qgan/ir"
)

// Routing follows SABRE (Li, Ding and Xie 2019): gates run as soon as their
// qubits are adjacent; when none can, the swap is made that brings the waiting
// gates and those behind them nearest together. What a swap costs depends on
// what it can be merged with: on a pair that has just had its gate it makes the
// block one cx longer, elsewhere it is three. The layout comes from routing the
// circuit to and fro (ibid., section IV.C.2), from several beginnings, and the
// cheapest is kept.
const (
	decayStep      = 0.001
	passesToAndFro = 3
)

// heuristic are the weights of one try. No choice of them is the best for every
// circuit, so tries take turns.
type heuristic struct {
	lookAhead       int     // gates behind the waiting ones that count
	lookAheadWeight float64 // theirs against the waiting ones'
	swapWeight      float64 // of a cx that a swap costs, in units of distance
}

// heuristics is the table: found by trying on rings and Fourier transforms.
var heuristics = []heuristic{{10, 0.5, 0.12}, {20, 0.5, 0.25}, {5, 0.5, 0.12}, {10, 0.5, 0.5}, {20, 0.5, 0.12}, {20, 2, 0.05}}

// routedPairs bounds the two-qubit gates that all tries of a layout route together, once
// forth. Large circuits have fewer tries, so that time stays linear in their gates.
const routedPairs = 60_000

// tries is how many layouts are tried for a level and so many two-qubit gates.
func tries(l Level, pairs int) int {
	most := 2
	switch l {
	case Full:
		most = 30
	case Light:
		most = 6
	}
	return max(2, min(most, routedPairs/(pairs+1)))
}

// placeGraph puts a circuit whose pairs make no path on the device: where they
// fit as they are, otherwise where routing is cheapest.
func (s *state) placeGraph(d *demand) error {
	t := s.target
	order := d.ring()
	if order != nil && len(order) > 8 {
		if layout := embedRing(t, d, order); layout != nil {
			s.layout = layout
			return nil
		}
		relaxed := t.withFaulty()
		if layout := embedRing(relaxed, d, order); layout != nil && s.acceptFaulty(d, layout) {
			s.layout = layout
			return nil
		}
	} else if layout := embed(t, d); layout != nil {
		s.layout = layout
		return nil
	}
	body, _ := finalMeasurements(s.circuit)
	ways, err := newRouter(t, body).bestLayouts(d, s.options.Seed, tries(s.options.Level, d.gates()))
	if err != nil {
		return err
	}
	best := ways[0]
	if order == nil && math.Exp(-best.cost*t.typicalCost()) < hopeless {
		if layout := embed(t.withFaulty(), d); layout != nil && s.acceptFaulty(d, layout) {
			s.layout = layout
			return nil
		}
	}
	s.layout, s.candidates = best.layout, ways[:min(len(ways), candidates(s.options.Level, len(body.Ops)))]
	return nil
}

// hopeless is the fidelity of two-qubit gates below which a circuit that needs swaps
// on pairs that work is worth no more than one that needs none on a few that don't.
const hopeless = 0.01

// typicalCost is the median cost of a cx over the pairs that work.
func (t *Target) typicalCost() float64 {
	costs := slices.Concat(t.costs...)
	if len(costs) == 0 {
		return 0
	}
	slices.Sort(costs)
	return costs[len(costs)/2]
}

// route moves the circuit to physical qubits and puts swaps where a pair is not
// coupled.
func route(s *state) error {
	c := s.circuit
	if s.target.everyPair {
		return s.inPlace()
	}
	body, last := finalMeasurements(c)
	list := s.candidates
	if list == nil {
		list = []*routedLayout{{layout: s.layout}}
	}
	best, err := s.bestSettled(newRouter(s.using(), body), last, list)
	if err != nil {
		return err
	}
	*s.circuit, s.layout, s.final = *best.circuit, best.layout, best.final
	if s.wires != nil {
		s.final = pick(s.final, s.wires)
	}
	return nil
}

// inPlace moves the circuit to physical qubits of which each pair is coupled.
func (s *state) inPlace() error {
	c := s.circuit
	if s.options.Layout != nil {
		for i, op := range c.Ops {
			c.Ops[i] = relocate(op, s.layout)
		}
	}
	c.Qubits = len(s.target.Qubits)
	c.QubitRegs = ir.New(c.Qubits, 0).QubitRegs
	if s.final = s.layout; s.wires != nil {
		s.final = pick(s.layout, s.wires)
	}
	return nil
}

// finalMeasurements takes the last operation of each qubit out of a circuit where
// it is a measurement, so that no swap comes behind one.
func finalMeasurements(c *ir.Circuit) (*ir.Circuit, []ir.Op) {
	body := *c
	body.Ops = nil
	var last []ir.Op
	later := make([]bool, c.Qubits+c.AllBits()) // wires that something is on later
	for _, op := range slices.Backward(c.Ops) {
		m, ok := op.(*ir.Measure)
		final := ok && !later[m.Qubit] && (m.Bit < 0 || !later[c.Qubits+m.Bit])
		for _, w := range ir.Wires(op, c.Qubits) {
			later[w] = true
		}
		if final {
			last = append(last, op)
		} else {
			body.Ops = append(body.Ops, op)
		}
	}
	slices.Reverse(body.Ops)
	slices.Reverse(last)
	return &body, last
}

// relocate gives an operation the physical qubits.
func relocate(op ir.Op, at []int) ir.Op {
	switch op := op.(type) {
	case *ir.Apply:
		return &ir.Apply{Gate: op.Gate, Angles: op.Angles, Qubits: pick(at, op.Qubits)}
	case *ir.Measure:
		return &ir.Measure{Qubit: at[op.Qubit], Bit: op.Bit}
	case *ir.Reset:
		return &ir.Reset{Qubit: at[op.Qubit]}
	case *ir.Barrier:
		return &ir.Barrier{Qubits: pick(at, op.Qubits)}
	case *ir.Delay:
		return &ir.Delay{Duration: op.Duration, Unit: op.Unit, Qubits: pick(at, op.Qubits)}
	case *ir.If, *ir.Switch, *ir.While:
		return ir.Renumber([]ir.Op{op}, func(q int) int { return at[q] }, func(b int) int { return b })[0]
	}
	return op
}

// direction of a pass over the circuit.
type direction uint8

const (
	forward direction = iota
	backward
)

// router holds a circuit and the distances on a device.
type router struct {
	t        *Target
	qubits   int
	bits     int
	ops      []ir.Op
	operands [][]int
	pair     []bool // the operation needs neighbours
	swaps    []bool // the operation is a swap
	// after lists what waits for each operation, and waiting counts what it waits
	// for, in both directions.
	after   [2][][]int
	waiting [2][]int

	once     sync.Once
	distance [][]int32
	back     [][]int // where each qubit stands among the neighbours of each of its neighbours
}

const unreachable = math.MaxInt32 / 4

func newRouter(t *Target, c *ir.Circuit) *router {
	n := len(c.Ops)
	r := &router{t: t, qubits: c.Qubits, bits: c.AllBits(), ops: c.Ops, operands: make([][]int, n), pair: make([]bool, n), swaps: make([]bool, n)}
	for i, op := range c.Ops {
		r.operands[i] = qubitsOf(op)
		if a, ok := op.(*ir.Apply); ok && len(a.Qubits) == 2 {
			r.pair[i], r.swaps[i] = true, a.Gate == ir.Swap
		}
	}
	for _, d := range []direction{forward, backward} {
		r.after[d], r.waiting[d] = make([][]int, n), make([]int, n)
		last := make([]int, c.Qubits+c.AllBits()) // what came before on each qubit and bit
		for q := range last {
			last[q] = -1
		}
		for k := range n {
			i := k
			if d == backward {
				i = n - 1 - k
			}
			for _, q := range ir.Wires(r.ops[i], c.Qubits) {
				if last[q] >= 0 {
					r.after[d][last[q]] = append(r.after[d][last[q]], i)
					r.waiting[d][i]++
				}
				last[q] = i
			}
		}
	}
	return r
}

// distances are counted in swaps by breadth first search, when they are needed.
func (r *router) distances() {
	r.once.Do(func() {
		r.distance = hops(r.t.neighbours)
		r.back = make([][]int, len(r.t.Qubits))
		for p, list := range r.t.neighbours {
			for _, q := range list {
				r.back[p] = append(r.back[p], slices.Index(r.t.neighbours[q], p))
			}
		}
	})
}

// routing is the state of one pass over the circuit.
type routing struct {
	*router
	after   [][]int
	waiting []int
	rng     *rand.Rand // breaks ties
	weights heuristic
	write   bool
	seed    uint64
	out     []ir.Op
	made    [][2]int // swaps
	err     error    // of a block

	place  []int // logical -> physical
	lodger []int // physical -> logical, -1 for none
	front  []int // operations that wait for nothing but their places
	decay  []float64
	// partner is the physical qubit with which the last two-qubit gate of a
	// physical qubit was, -1 for none, and block what that stretch of gates costs.
	// swapped tells that the last of them was a swap.
	partner []int
	block   []float64
	swapped []bool
	cost    float64 // in cx, as consolidation will count

	seen  []int // marks of ahead
	stamp int
	queue []int
	pairs []waitingPair
	on    [][]int // physical -> pairs
	// gains holds what moving to each neighbour gains, for the qubits where that is fresh.
	gains    [][]float64
	fresh    []bool
	gathered bool // pairs are those of now
}

// waitingPair is a pair of physical qubits that should come together.
type waitingPair struct {
	a, b   int
	weight float64
}

// pass routes from a layout; the seed chooses weights and breaks ties. The operations are written on request.
func (r *router) pass(layout []int, d direction, seed uint64, write bool) (*routing, error) {
	n := len(r.t.Qubits)
	s := &routing{router: r, after: r.after[d], waiting: slices.Clone(r.waiting[d]), rng: stream.New(seed, "route", uint64(d)), weights: heuristics[seed%uint64(len(heuristics))], write: write, seed: seed,
		place: slices.Clone(layout), lodger: make([]int, n), decay: make([]float64, n), partner: make([]int, n), block: make([]float64, n), swapped: make([]bool, n),
		seen: make([]int, len(r.ops)), on: make([][]int, n), gains: make([][]float64, n), fresh: make([]bool, n)}
	for q := range n {
		s.lodger[q], s.partner[q], s.decay[q] = -1, -1, 1
	}
	for l, q := range layout {
		s.lodger[q] = l
	}
	for k := range r.ops {
		i := k
		if d == backward {
			i = len(r.ops) - 1 - k
		}
		if s.waiting[i] == 0 {
			s.front = append(s.front, i)
		}
	}
	stuck := 0
	for len(s.front) > 0 {
		ran := s.execute()
		if s.err != nil {
			return nil, s.err
		}
		if ran {
			stuck, s.gathered = 0, false
			for q := range s.decay {
				s.decay[q] = 1
			}
			continue
		}
		r.distances()
		for _, i := range s.front {
			a, b := s.place[r.operands[i][0]], s.place[r.operands[i][1]]
			if r.distance[a][b] >= unreachable {
				return nil, fmt.Errorf("the physical qubits %s and %s are not connected by working pairs of %s; choose another layout", r.t.Labels[a], r.t.Labels[b], r.t.Name)
			}
		}
		if stuck++; stuck > n/4+20 {
			s.force()
			continue
		}
		s.swap(s.bestSwap())
	}
	return s, nil
}

// execute runs what can run and reports whether anything did.
func (s *routing) execute() bool {
	ran := false
	for k := 0; k < len(s.front); k++ {
		i := s.front[k]
		if s.pair[i] {
			a, b := s.place[s.operands[i][0]], s.place[s.operands[i][1]]
			if !slices.Contains(s.t.neighbours[a], b) {
				continue
			}
			s.spend(a, b, s.swaps[i])
		}
		ran = true
		switch {
		case ir.Bodies(s.ops[i]) != nil:
			if routed := s.inner(s.ops[i]); s.write {
				s.out = append(s.out, routed)
			}
			for _, l := range s.operands[i] { // what was open on its qubits is not
				s.partner[s.place[l]] = -1
			}
		case s.write:
			s.out = append(s.out, relocate(s.ops[i], s.place))
		}
		s.front = slices.Delete(s.front, k, k+1)
		k--
		for _, j := range s.after[i] {
			if s.waiting[j]--; s.waiting[j] == 0 {
				s.front = append(s.front, j)
			}
		}
	}
	return ran
}

// adds is what a gate adds to the cost of the stretch of gates on its pair: a
// stretch is never more than three cx.
func (s *routing) adds(a, b int, swap bool) float64 {
	have := 0.0
	if s.partner[a] == b && s.partner[b] == a {
		have = s.block[a]
	}
	if swap && (have == 0 || s.swapped[a]) {
		return 3 // alone, or undoing the one before
	}
	return min(3, have+1) - have
}

// spend counts a two-qubit gate.
func (s *routing) spend(a, b int, swap bool) {
	add := s.adds(a, b, swap)
	if s.partner[a] != b || s.partner[b] != a {
		s.block[a] = 0
	}
	s.cost += add
	s.block[a] += add
	s.block[b] = s.block[a]
	s.partner[a], s.partner[b] = b, a
	s.swapped[a], s.swapped[b] = swap, swap
}

// gather lists the pairs that wait and those behind them, with their weights.
func (s *routing) gather() {
	for _, p := range s.pairs {
		s.on[p.a], s.on[p.b] = s.on[p.a][:0], s.on[p.b][:0]
	}
	s.pairs = s.pairs[:0]
	add := func(i int) {
		s.pairs = append(s.pairs, waitingPair{s.place[s.operands[i][0]], s.place[s.operands[i][1]], 0})
	}
	s.stamp++
	s.queue = append(s.queue[:0], s.front...)
	for _, i := range s.front {
		add(i)
	}
	waiting := len(s.pairs)
	for k := 0; k < len(s.queue) && len(s.pairs) < waiting+s.weights.lookAhead; k++ {
		for _, j := range s.after[s.queue[k]] {
			if s.seen[j] == s.stamp {
				continue
			}
			s.seen[j] = s.stamp
			s.queue = append(s.queue, j)
			if s.pair[j] {
				add(j)
			}
		}
	}
	for k := range s.pairs {
		p := &s.pairs[k]
		if k < waiting {
			p.weight = 1 / float64(waiting)
		} else {
			p.weight = s.weights.lookAheadWeight / float64(len(s.pairs)-waiting)
		}
		s.on[p.a] = append(s.on[p.a], k)
		s.on[p.b] = append(s.on[p.b], k)
	}
}

// bestSwap weighs the swaps on the qubits of the waiting gates and takes one of the
// best.
func (s *routing) bestSwap() [2]int {
	if !s.gathered {
		s.gather()
		s.gathered = true
		clear(s.fresh)
	}
	total := 0.0
	for _, p := range s.pairs {
		total += p.weight * float64(s.distance[p.a][p.b])
	}
	var best [2]int
	bestScore, equal := math.Inf(1), 0
	for _, i := range s.front {
		for _, l := range s.operands[i] {
			p := s.place[l]
			for k, q := range s.t.neighbours[p] {
				score := total + s.gainsOf(p)[k] + s.gainsOf(q)[s.back[p][k]] + s.weights.swapWeight*s.adds(p, q, true)
				score *= max(s.decay[p], s.decay[q])
				switch {
				case score < bestScore-1e-9:
					best, bestScore, equal = [2]int{min(p, q), max(p, q)}, score, 1
				case score < bestScore+1e-9:
					if equal++; s.rng.IntN(equal) == 0 {
						best = [2]int{min(p, q), max(p, q)}
					}
				}
			}
		}
	}
	return best
}

// gainsOf is the gain of a move from a qubit to each of its neighbours.
func (s *routing) gainsOf(p int) []float64 {
	if s.fresh[p] {
		return s.gains[p]
	}
	s.gains[p], s.fresh[p] = s.gains[p][:0], true
	for _, q := range s.t.neighbours[p] {
		s.gains[p] = append(s.gains[p], s.gain(p, q))
	}
	return s.gains[p]
}

// gain is what moving from one qubit to a neighbour changes for the pairs there,
// but for a pair of these two.
func (s *routing) gain(from, to int) float64 {
	sum := 0.0
	for _, k := range s.on[from] {
		p := &s.pairs[k]
		far := p.a + p.b - from
		if far != to {
			sum += p.weight * float64(s.distance[to][far]-s.distance[from][far])
		}
	}
	return sum
}

// swap makes a swap.
func (s *routing) swap(e [2]int) {
	a, b := e[0], e[1]
	s.made = append(s.made, e)
	s.spend(a, b, true)
	if s.write {
		s.out = append(s.out, &ir.Apply{Gate: ir.Swap, Qubits: []int{a, b}})
	}
	s.decay[a] += decayStep
	s.decay[b] += decayStep
	s.movePairs(a, b)
	la, lb := s.lodger[a], s.lodger[b]
	s.lodger[a], s.lodger[b] = lb, la
	if la >= 0 {
		s.place[la] = b
	}
	if lb >= 0 {
		s.place[lb] = a
	}
}

// movePairs moves the pairs that wait with a swap; what they gain elsewhere has changed.
func (s *routing) movePairs(a, b int) {
	if !s.gathered {
		return
	}
	for _, q := range [2]int{a, b} {
		s.fresh[q] = false
		for _, k := range s.on[q] {
			s.fresh[s.pairs[k].a], s.fresh[s.pairs[k].b] = false, false
		}
	}
	to := func(q int) int {
		switch q {
		case a:
			return b
		case b:
			return a
		}
		return q
	}
	for _, k := range s.on[a] {
		s.pairs[k].a, s.pairs[k].b = to(s.pairs[k].a), to(s.pairs[k].b)
	}
	for _, k := range s.on[b] {
		if p := &s.pairs[k]; !slices.Contains(s.on[a], k) {
			p.a, p.b = to(p.a), to(p.b)
		}
	}
	s.on[a], s.on[b] = s.on[b], s.on[a]
}

// force brings the first waiting pair together by a shortest path.
func (s *routing) force() {
	i := s.front[0]
	a, b := s.place[s.operands[i][0]], s.place[s.operands[i][1]]
	for s.distance[a][b] > 1 {
		for _, q := range s.t.neighbours[a] {
			if s.distance[q][b] < s.distance[a][b] {
				s.swap([2]int{a, q})
				a = q
				break
			}
		}
	}
}

// routedLayout is a beginning, the seed with which it is routed and the cost.
type routedLayout struct {
	layout []int
	seed   uint64
	cost   float64
}

// bestLayouts routes to and fro from several beginnings, side by side, and returns the
// beginnings of the cheapest pass of each that is not much dearer than the cheapest, the
// cheapest first; of equal ones the first.
func (r *router) bestLayouts(d *demand, seed uint64, tries int) ([]*routedLayout, error) {
	r.distances()
	results, errs := make([]*routedLayout, tries), make([]error, tries)
	work := make(chan int)
	var group sync.WaitGroup
	for range min(tries, runtime.GOMAXPROCS(0)) {
		group.Go(func() {
			for k := range work {
				results[k], errs[k] = r.try(d, seed+uint64(k))
			}
		})
	}
	for k := range tries {
		work <- k
	}
	close(work)
	group.Wait()
	var ways []*routedLayout
	for _, x := range results {
		if x != nil {
			ways = append(ways, x)
		}
	}
	if len(ways) == 0 {
		return nil, errs[0]
	}
	slices.SortStableFunc(ways, func(a, b *routedLayout) int { return cmp.Compare(a.cost, b.cost) })
	return slices.DeleteFunc(ways, func(x *routedLayout) bool { return x.cost > dear*ways[0].cost }), nil
}

// try routes from one random beginning to and fro.
func (r *router) try(d *demand, seed uint64) (*routedLayout, error) {
	layout, err := r.beginning(d, stream.New(seed, "layout"))
	if err != nil {
		return nil, err
	}
	var best *routedLayout
	for k := range passesToAndFro + 1 {
		forth, err := r.pass(layout, forward, seed, false)
		if err != nil {
			return nil, err
		}
		if best == nil || forth.cost < best.cost {
			best = &routedLayout{layout, seed, forth.cost}
		}
		if k == passesToAndFro {
			break
		}
		back, err := r.pass(forth.place, backward, seed, false)
		if err != nil {
			return nil, err
		}
		layout = back.place
	}
	return best, nil
}

// beginning puts the logical qubits in random order on a connected region that is
// grown from a random qubit, nearest first.
func (r *router) beginning(d *demand, rng *rand.Rand) ([]int, error) {
	for _, from := range rng.Perm(len(r.t.Qubits)) {
		if !r.t.Qubits[from].Usable {
			continue
		}
		var region []int
		for q, dist := range r.distance[from] {
			if dist < unreachable && r.t.Qubits[q].Usable && !r.t.Qubits[q].ReadoutFaulty {
				region = append(region, q)
			}
		}
		if len(region) < d.qubits {
			continue
		}
		slices.SortStableFunc(region, func(a, b int) int { return int(r.distance[from][a] - r.distance[from][b]) })
		layout := make([]int, d.qubits)
		for l, k := range rng.Perm(d.qubits) {
			layout[l] = region[k]
		}
		return layout, nil
	}
	return nil, fmt.Errorf("no %d connected qubits of %s are usable", d.qubits, r.t.Name)
}
