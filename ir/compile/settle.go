package compile

import (
	"math"
	"runtime"
	"slices"
	"sync"

	"qgan/ir"
)

// Routing counts gates. Which of the ways that need about as few loses least is told by the
// device's figures: each is written, and moved to the qubits where its gates, readouts and
// waiting cost least, its swaps with it, once later passes have tidied it up. The best is
// kept.

// candidates is how many routed circuits are looked at for a level; each is one of the
// tries.
func candidates(l Level, ops int) int {
	most := 1
	switch l {
	case Full:
		most = 10
	case Light:
		most = 4
	}
	return max(1, min(most, 40_000/(ops+1)))
}

// dear bounds the candidates: the cx that one may need for each of the cheapest's.
const dear = 1.12

// settled is a routed circuit on the physical qubits, with their use at its beginning and
// end, and what it costs: -ln of its fidelity.
type settled struct {
	circuit       *ir.Circuit
	layout, final []int
	cost          float64
}

// bestSettled routes each candidate, settles it and returns the cheapest, the first of
// equal ones.
func (s *state) bestSettled(r *router, last []ir.Op, list []*routedLayout) (*settled, error) {
	results, errs := make([]*settled, len(list)), make([]error, len(list))
	work := make(chan int)
	var group sync.WaitGroup
	for range min(len(list), runtime.GOMAXPROCS(0)) {
		group.Go(func() {
			for k := range work {
				results[k], errs[k] = s.routed(r, last, list[k])
			}
		})
	}
	for k := range list {
		work <- k
	}
	close(work)
	group.Wait()
	var best *settled
	for k, x := range results {
		if errs[k] != nil {
			return nil, errs[k]
		}
		if best == nil || x.cost < best.cost {
			best = x
		}
	}
	return best, nil
}

// routed writes one candidate and, where the layout is the compiler's choice, moves it.
func (s *state) routed(r *router, last []ir.Op, from *routedLayout) (*settled, error) {
	p, err := r.pass(from.layout, forward, from.seed, true)
	if err != nil {
		return nil, err
	}
	for _, m := range last {
		p.out = append(p.out, relocate(m, p.place))
	}
	c := *s.circuit
	c.Ops, c.Qubits = p.out, len(s.target.Qubits)
	c.QubitRegs = ir.New(c.Qubits, 0).QubitRegs
	out := &settled{circuit: &c, layout: from.layout, final: p.place}
	if s.options.Layout != nil || s.options.Level == None || s.candidates == nil {
		return out, nil
	}
	tidied := c
	tidied.Ops = slices.Clone(c.Ops)
	tidy := &state{target: s.target, options: s.options, circuit: &tidied, layout: from.layout}
	for _, pass := range []struct {
		level Level
		run   func(*state) error
	}{{Light, cancel}, {Full, consolidate}} {
		if s.options.Level <= pass.level {
			if err := pass.run(tidy); err != nil {
				return nil, err
			}
		}
	}
	to, cost := settle(s.using(), tidy.circuit)
	for i, op := range c.Ops {
		c.Ops[i] = relocate(op, to)
	}
	return &settled{circuit: &c, layout: pick(to, out.layout), final: pick(to, out.final), cost: cost}, nil
}

// settle finds where a circuit on the physical qubits of a device, whose pairs are coupled,
// loses least, and returns the new place of each physical qubit and -ln of the fidelity
// there. The search is bounded; it is never worse than where the circuit is.
func settle(t *Target, c *ir.Circuit) (to []int, cost float64) {
	d := demandOf(c, t)
	e := newEmbedding(t, d)
	stay := upToN(len(t.Qubits))
	at := e.costAt(stay)
	stayCost := at
	for q := range stay {
		if len(e.next[q]) == 0 && d.acts(q) {
			stayCost += d.nodeCost(t, q, q)
		}
	}
	found := stay
	if len(e.order) > 0 && e.fits() {
		e.best, e.bound = stay, at
		e.search()
		found = e.best
	}
	if to, cost = d.settleOthers(t, e, found); cost > stayCost {
		return stay, stayCost
	}
	return to, cost
}

// acts says that something is done to a qubit that costs.
func (d *demand) acts(q int) bool { return d.pulses[q] > 0 || d.readouts[q] > 0 }

// costAt is what the qubits with pairs cost at places.
func (e *embedding) costAt(layout []int) (cost float64) {
	for _, l := range e.order {
		cost += e.node[l][layout[l]]
		for k, m := range e.next[l] {
			if l < m {
				cost += e.times[l][k] * e.t.pairCost(layout[l], layout[m])
			}
		}
	}
	return cost
}

// settleOthers gives the qubits without pairs the best places left, those that are used
// first, and returns a permutation and the whole cost.
func (d *demand) settleOthers(t *Target, e *embedding, found []int) (to []int, cost float64) {
	to = make([]int, len(t.Qubits))
	taken := make([]bool, len(t.Qubits))
	for q := range to {
		to[q] = -1
	}
	for _, l := range e.order {
		to[l], taken[found[l]] = found[l], true
	}
	cost = e.costAt(to)
	for q := range to {
		if to[q] >= 0 || !d.acts(q) {
			continue
		}
		best, least := -1, math.Inf(1)
		for p := range to {
			if c := d.nodeCost(t, q, p); !taken[p] && (best < 0 || c < least) {
				best, least = p, c
			}
		}
		to[q], taken[best] = best, true
		cost += least
	}
	// Unused ones stay where they can, and fill what is left.
	var left []int
	for q := range to {
		switch {
		case to[q] >= 0:
		case !taken[q]:
			to[q], taken[q] = q, true
		default:
			left = append(left, q)
		}
	}
	p := 0
	for _, q := range left {
		for taken[p] {
			p++
		}
		to[q], taken[p] = p, true
	}
	return to, cost
}
