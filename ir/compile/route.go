package compile

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

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
	lookAhead       = 20  // gates behind the waiting ones that count
	lookAheadWeight = 0.5 // of theirs against the waiting ones'
	decayStep       = 0.001
	swapWeight      = 0.12 // of a cx that a swap costs, in units of distance
	passesToAndFro  = 2
)

// tries is how many layouts are tried for a level.
func tries(l Level) int {
	switch l {
	case Full:
		return 16
	case Light:
		return 6
	}
	return 2
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
	r := newRouter(t, s.circuit)
	layout, err := r.bestLayout(d, s.options.Seed, tries(s.options.Level))
	if err != nil {
		return err
	}
	s.layout = layout
	return nil
}

// acceptFaulty notes which faulty pairs a layout uses, where they are few.
func (s *state) acceptFaulty(d *demand, layout []int) bool {
	var faulty []string
	for p := range d.pairs {
		a, b := layout[p[0]], layout[p[1]]
		if e, _ := s.target.Edge(a, b); e.Faulty {
			faulty = append(faulty, s.target.Labels[min(a, b)]+"-"+s.target.Labels[max(a, b)])
		}
	}
	if float64(len(faulty)) > faultyShare*float64(len(layout)) {
		return false
	}
	if len(faulty) > 0 {
		slices.Sort(faulty)
		s.warnings = append(s.warnings, fmt.Sprintf("no place for the %d qubits on working pairs was found on %s: the layout uses pairs that are marked as faulty (%v); outcomes across them can't be trusted", len(layout), s.target.Name, faulty))
	}
	return true
}

// route moves the circuit to physical qubits and puts swaps where a pair is not
// coupled.
func route(s *state) error {
	c := s.circuit
	r := newRouter(s.using(), c)
	out, final, err := r.run(s.layout, false)
	if err != nil {
		return err
	}
	s.final = final
	c.Ops = out
	c.Qubits = len(s.target.Qubits)
	c.QubitRegs = ir.New(c.Qubits, 0).QubitRegs
	return nil
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
	}
	return op
}

// router holds a circuit and the distances on a device.
type router struct {
	t        *Target
	qubits   int
	ops      []ir.Op
	operands [][]int
	distance [][]int32
}

const unreachable = math.MaxInt32 / 4

func newRouter(t *Target, c *ir.Circuit) *router {
	r := &router{t: t, qubits: c.Qubits, ops: c.Ops, operands: make([][]int, len(c.Ops))}
	for i, op := range c.Ops {
		r.operands[i] = qubitsOf(op)
	}
	return r
}

// distances are counted in swaps by breadth first search, when they are needed.
func (r *router) distances() {
	if r.distance != nil {
		return
	}
	n := len(r.t.Qubits)
	r.distance = make([][]int32, n)
	queue := make([]int, 0, n)
	for q := range n {
		row := make([]int32, n)
		for i := range row {
			row[i] = unreachable
		}
		row[q] = 0
		queue = append(queue[:0], q)
		for i := 0; i < len(queue); i++ {
			for _, w := range r.t.neighbours[queue[i]] {
				if row[w] == unreachable {
					row[w] = row[queue[i]] + 1
					queue = append(queue, w)
				}
			}
		}
		r.distance[q] = row
	}
}

// routing is the state of one pass over the circuit.
type routing struct {
	*router
	place   []int // logical -> physical, also of what lies between
	lodger  []int // physical -> logical, -1 for none
	waiting []int // how many operations each operation waits for
	after   [][]int
	front   []int
	decay   []float64
	out     []ir.Op
	// partner is the physical qubit with which the last two-qubit gate of a
	// physical qubit was, -1 for none; fresh swaps are worth nothing again.
	partner []int
	cost    float64
}

// isPair reports whether an operation needs neighbours.
func (r *router) isPair(i int) bool {
	_, gate := r.ops[i].(*ir.Apply)
	return gate && len(r.operands[i]) == 2
}

// run routes from a layout, backwards where the circuit is walked from its end;
// then the operations are not written.
func (r *router) run(layout []int, backwards bool) ([]ir.Op, []int, error) {
	s, err := r.pass(layout, backwards)
	if err != nil {
		return nil, nil, err
	}
	return s.out, s.place, nil
}

func (r *router) pass(layout []int, backwards bool) (*routing, error) {
	n := len(r.t.Qubits)
	s := &routing{router: r, place: slices.Clone(layout), lodger: make([]int, n), waiting: make([]int, len(r.ops)), after: make([][]int, len(r.ops)),
		decay: make([]float64, n), partner: make([]int, n)}
	for q := range n {
		s.lodger[q], s.partner[q], s.decay[q] = -1, -1, 1
	}
	for l, q := range layout {
		s.lodger[q] = l
	}
	last := make([]int, r.qubits)
	for q := range last {
		last[q] = -1
	}
	for k := range r.ops {
		i := k
		if backwards {
			i = len(r.ops) - 1 - k
		}
		for _, q := range r.operands[i] {
			if last[q] >= 0 {
				s.after[last[q]] = append(s.after[last[q]], i)
				s.waiting[i]++
			}
			last[q] = i
		}
		if s.waiting[i] == 0 {
			s.front = append(s.front, i)
		}
	}
	stuck := 0
	for len(s.front) > 0 {
		if s.execute() {
			stuck = 0
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
		if stuck++; stuck > 4*n+10 {
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
		if s.isPair(i) {
			a, b := s.place[s.operands[i][0]], s.place[s.operands[i][1]]
			if e, ok := s.t.Edge(a, b); !ok || e.Faulty {
				continue
			}
			if s.partner[a] != b || s.partner[b] != a {
				s.partner[a], s.partner[b] = b, a
			}
			s.cost += 2
		}
		ran = true
		s.out = append(s.out, relocate(s.ops[i], s.place))
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

// ahead lists the pairs behind the waiting ones.
func (s *routing) ahead() []int {
	var out []int
	queue := slices.Clone(s.front)
	seen := map[int]bool{}
	for k := 0; k < len(queue) && len(out) < lookAhead; k++ {
		for _, j := range s.after[queue[k]] {
			if seen[j] {
				continue
			}
			seen[j] = true
			queue = append(queue, j)
			if s.isPair(j) {
				out = append(out, j)
			}
		}
	}
	return out
}

// swapCost is how many cx a swap adds.
func (s *routing) swapCost(a, b int) float64 {
	if s.partner[a] == b && s.partner[b] == a {
		return 1
	}
	return 3
}

// bestSwap weighs the swaps on the qubits of the waiting gates; equal ones in the
// order of their qubits.
func (s *routing) bestSwap() [2]int {
	ahead := s.ahead()
	var best [2]int
	bestScore := math.Inf(1)
	tried := map[[2]int]bool{}
	for _, i := range s.front {
		for _, l := range s.operands[i] {
			p := s.place[l]
			for _, q := range s.t.neighbours[p] {
				e := [2]int{min(p, q), max(p, q)}
				if tried[e] {
					continue
				}
				tried[e] = true
				score := s.score(e, s.front)/float64(len(s.front)) + swapWeight*s.swapCost(e[0], e[1])
				if len(ahead) > 0 {
					score += lookAheadWeight * s.score(e, ahead) / float64(len(ahead))
				}
				score *= max(s.decay[e[0]], s.decay[e[1]])
				if score < bestScore-1e-12 || score < bestScore+1e-12 && slices.Compare(e[:], best[:]) < 0 {
					best, bestScore = e, min(score, bestScore)
				}
			}
		}
	}
	return best
}

// score sums the distances of pairs after a swap.
func (s *routing) score(e [2]int, pairs []int) float64 {
	sum := int32(0)
	at := func(l int) int {
		switch p := s.place[l]; p {
		case e[0]:
			return e[1]
		case e[1]:
			return e[0]
		default:
			return p
		}
	}
	for _, i := range pairs {
		sum += s.distance[at(s.operands[i][0])][at(s.operands[i][1])]
	}
	return float64(sum)
}

// swap writes a swap.
func (s *routing) swap(e [2]int) {
	a, b := e[0], e[1]
	s.cost += s.swapCost(a, b)
	s.out = append(s.out, &ir.Apply{Gate: ir.Swap, Qubits: []int{a, b}})
	s.partner[a], s.partner[b] = b, a
	s.decay[a] += decayStep
	s.decay[b] += decayStep
	la, lb := s.lodger[a], s.lodger[b]
	s.lodger[a], s.lodger[b] = lb, la
	if la >= 0 {
		s.place[la] = b
	}
	if lb >= 0 {
		s.place[lb] = a
	}
}

// force brings the first waiting pair together by a shortest path.
func (s *routing) force() {
	i := s.front[0]
	a, b := s.place[s.operands[i][0]], s.place[s.operands[i][1]]
	for s.distance[a][b] > 1 {
		for _, q := range s.t.neighbours[a] {
			if s.distance[q][b] < s.distance[a][b] {
				s.swap([2]int{min(a, q), max(a, q)})
				a = q
				break
			}
		}
	}
}

// bestLayout routes to and fro from several beginnings and returns the beginning
// of the cheapest pass.
func (r *router) bestLayout(d *demand, seed uint64, tries int) ([]int, error) {
	r.distances()
	active := d.active()
	var best []int
	bestCost := math.Inf(1)
	var failure error
	for k := range tries {
		rng := stream.New(seed, "layout", uint64(k))
		layout, err := r.beginning(d, active, rng)
		if err != nil {
			failure = err
			continue
		}
		for range passesToAndFro {
			forth, err := r.pass(layout, false)
			if err != nil {
				failure = err
				break
			}
			if forth.cost < bestCost {
				best, bestCost = slices.Clone(layout), forth.cost
			}
			back, err := r.pass(forth.place, true)
			if err != nil {
				failure = err
				break
			}
			layout = back.place
		}
		if forth, err := r.pass(layout, false); err == nil && forth.cost < bestCost {
			best, bestCost = slices.Clone(layout), forth.cost
		}
	}
	if best == nil {
		return nil, failure
	}
	return best, nil
}

// active lists the logical qubits that have pairs, then the others.
func (d *demand) active() []int {
	var with, without []int
	for q, list := range d.neighbours() {
		if len(list) > 0 {
			with = append(with, q)
		} else {
			without = append(without, q)
		}
	}
	return append(with, without...)
}

// beginning puts the logical qubits in random order on a connected region that is
// grown from a random qubit, nearest and best first.
func (r *router) beginning(d *demand, active []int, rng *rand.Rand) ([]int, error) {
	var regions [][]int
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
		regions = append(regions, region[:d.qubits])
		break
	}
	if len(regions) == 0 {
		return nil, fmt.Errorf("no %d connected qubits of %s are usable", d.qubits, r.t.Name)
	}
	layout := make([]int, d.qubits)
	for i, k := range rng.Perm(d.qubits) {
		layout[active[i]] = regions[0][k]
	}
	return layout, nil
}
