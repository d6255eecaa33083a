package compile

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"qgan/ir"
)

// demand is what a circuit asks of its logical qubits.
type demand struct {
	qubits   int
	pairs    map[[2]int]float64 // cx on each pair, lower qubit first
	pulses   []float64          // about how many pulses on each qubit
	readouts []float64
	idle     []float64 // seconds of waiting between the first and the last operation
}

// gates is the number of cx on all pairs.
func (d *demand) gates() int {
	sum := 0.0
	for _, n := range d.pairs {
		sum += n
	}
	return int(sum)
}

// demandOf counts. Durations are those of a typical part of the device.
func demandOf(c *ir.Circuit, t *Target) *demand {
	d := &demand{qubits: c.Qubits, pairs: map[[2]int]float64{}, pulses: make([]float64, c.Qubits), readouts: make([]float64, c.Qubits), idle: make([]float64, c.Qubits)}
	one, two := t.typicalDurations()
	free, busy, first := make([]float64, c.Qubits), make([]float64, c.Qubits), make([]float64, c.Qubits)
	begun, turned := make([]bool, c.Qubits), make([]bool, c.Qubits)
	spend := func(q int, start, seconds float64) {
		if !begun[q] {
			first[q], begun[q] = start, true
		}
		free[q], busy[q] = start+seconds, busy[q]+seconds
	}
	for _, op := range flattened(c.Ops) {
		switch op := op.(type) {
		case *ir.Apply:
			switch len(op.Qubits) {
			case 1: // one-qubit gates between two others are two pulses
				if q := op.Qubits[0]; !turned[q] && !op.Gate.Info().Diagonal {
					turned[q] = true
					d.pulses[q] += 2
					spend(q, free[q], 2*one)
				}
			case 2:
				a, b := op.Qubits[0], op.Qubits[1]
				times := 1.0
				if op.Gate == ir.Swap {
					times = 3
				}
				d.pairs[[2]int{min(a, b), max(a, b)}] += times
				start := max(free[a], free[b])
				spend(a, start, times*two)
				spend(b, start, times*two)
				turned[a], turned[b] = false, false
				// The frames of a cx cost the target half a run on its way.
				d.pulses[b]++
			}
		case *ir.Measure:
			d.readouts[op.Qubit]++
			spend(op.Qubit, free[op.Qubit], 0)
		}
	}
	for q := range d.idle {
		d.idle[q] = max(0, free[q]-first[q]-busy[q])
	}
	return d
}

// typicalDurations returns the median duration of a pulse and of a two-qubit gate.
func (t *Target) typicalDurations() (one, two float64) {
	var ones, twos []float64
	for i := range t.Qubits {
		if t.Qubits[i].Usable {
			ones = append(ones, t.Qubits[i].Duration)
		}
	}
	for _, e := range t.Edges {
		if !e.Faulty {
			twos = append(twos, e.Duration)
		}
	}
	median := func(x []float64) float64 {
		if len(x) == 0 {
			return 0
		}
		slices.Sort(x)
		return x[len(x)/2]
	}
	return median(ones), median(twos)
}

// nodeCost is -ln of the fidelity of what a logical qubit asks, on a physical one.
func (d *demand) nodeCost(t *Target, logical, q int) float64 {
	s := &t.Qubits[q]
	if !s.Usable || d.readouts[logical] > 0 && s.ReadoutFaulty {
		return math.Inf(1)
	}
	return -d.pulses[logical]*math.Log1p(-s.Error) - d.readouts[logical]*math.Log1p(-s.ReadoutError) + s.idling(d.idle[logical])
}

// neighbours returns the logical qubits that share a gate with each.
func (d *demand) neighbours() [][]int {
	out := make([][]int, d.qubits)
	for _, p := range slices.SortedFunc(maps.Keys(d.pairs), func(a, b [2]int) int { return slices.Compare(a[:], b[:]) }) {
		out[p[0]] = append(out[p[0]], p[1])
		out[p[1]] = append(out[p[1]], p[0])
	}
	return out
}

// path returns the logical qubits in order where the pairs make one path, and nil
// where they don't. Qubits without a pair are not in it.
func (d *demand) path() []int {
	next := d.neighbours()
	start, inside := -1, 0
	for q, list := range next {
		switch len(list) {
		case 0:
			continue
		case 1:
			if start < 0 {
				start = q
			}
		case 2:
		default:
			return nil
		}
		inside++
	}
	if start < 0 {
		return nil
	}
	path := follow(start, func(q int) []int { return next[q] })
	if len(path) != inside {
		return nil
	}
	return path
}

// using is the target with the faulty pairs that the layout had to take.
func (s *state) using() *Target {
	if s.faulty {
		return s.target.withFaulty()
	}
	return s.target
}

// place finds the physical qubit of each logical one.
func place(s *state) error {
	c, t := s.circuit, s.target
	if c.Qubits > len(t.Qubits) {
		return fmt.Errorf("the circuit has %d qubits, %s has %d", c.Qubits, t.Name, len(t.Qubits))
	}
	if t.everyPair && s.options.Layout == nil {
		s.layout = upToN(c.Qubits)
		return nil
	}
	d := demandOf(c, t)
	if s.options.Layout != nil {
		return s.given(d)
	}
	if len(d.pairs) > 0 && len(t.Edges) > 0 && len(edgesThatWork(t)) == 0 {
		return fmt.Errorf("every two-qubit gate of %s is marked as faulty", t.Name)
	}
	s.layout = make([]int, c.Qubits)
	for q := range s.layout {
		s.layout[q] = -1
	}
	var err error
	switch path := d.path(); {
	case len(d.pairs) == 0:
	case path != nil:
		err = s.placeChain(d, path)
	default:
		err = s.placeGraph(d)
	}
	if err != nil {
		return err
	}
	return s.placeLone(d)
}

func edgesThatWork(t *Target) [][2]int {
	var out [][2]int
	for key, e := range t.Edges {
		if !e.Faulty {
			out = append(out, key)
		}
	}
	slices.SortFunc(out, func(a, b [2]int) int { return slices.Compare(a[:], b[:]) })
	return out
}

// given takes the layout of the options.
func (s *state) given(d *demand) error {
	if len(s.options.Layout) != d.qubits {
		return fmt.Errorf("the layout names %d physical qubits for a circuit of %d", len(s.options.Layout), d.qubits)
	}
	for i, q := range s.options.Layout {
		switch {
		case q < 0 || q >= len(s.target.Qubits):
			return fmt.Errorf("the layout names the physical qubit %d, %s has %d", q, s.target.Name, len(s.target.Qubits))
		case slices.Contains(s.options.Layout[:i], q):
			return fmt.Errorf("the layout names the physical qubit %d twice", q)
		case !s.target.Qubits[q].Usable:
			return fmt.Errorf("the layout names the physical qubit %s, which is not usable on %s", s.target.Labels[q], s.target.Name)
		}
	}
	s.layout = slices.Clone(s.options.Layout)
	return nil
}

// chainProblemOf is the search for the path that carries a chain of logical
// qubits.
func chainProblemOf(t *Target, d *demand, path []int) *chainProblem {
	p := newChainProblem(t, len(path))
	for i, logical := range path {
		for q := range t.Qubits {
			p.node[i][q] = d.nodeCost(t, logical, q)
		}
		if i > 0 {
			a, b := path[i-1], logical
			p.pairs[i-1] = d.pairs[[2]int{min(a, b), max(a, b)}]
		}
	}
	return p
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
	if s.faulty = len(faulty) > 0; s.faulty {
		slices.Sort(faulty)
		s.warnings = append(s.warnings, fmt.Sprintf("no place for the %d qubits on working pairs was found on %s: the layout uses pairs that are marked as faulty (%s); outcomes across them can't be trusted",
			len(layout), s.target.Name, strings.Join(faulty, ", ")))
	}
	return true
}

// faultyShare bounds how many pairs of a layout may be faulty, for each qubit of the
// circuit, where working ones are not enough.
const faultyShare = 0.1

// placeChain puts a chain on the best path of the device.
func (s *state) placeChain(d *demand, path []int) error {
	found, err := chainProblemOf(s.target, d, path).solve(1)
	if err != nil {
		relaxed, rerr := chainProblemOf(s.target.withFaulty(), d, path).solve(1)
		if rerr != nil {
			return s.placeOff(d, err)
		}
		for i, logical := range path {
			s.layout[logical] = relaxed[0].path[i]
		}
		if s.acceptFaulty(d, s.layout) {
			return nil
		}
		return s.placeOff(d, err)
	}
	for i, logical := range path {
		s.layout[logical] = found[0].path[i]
	}
	return nil
}

// placeOff routes a chain for which there is no path, where as many qubits are
// connected otherwise; elsewhere the error stands.
func (s *state) placeOff(d *demand, err error) error {
	if s.placeGraph(d) != nil {
		return err
	}
	return nil
}

// placeLone gives the qubits without a two-qubit gate the best ones left.
func (s *state) placeLone(d *demand) error {
	taken := make([]bool, len(s.target.Qubits))
	for _, q := range s.layout {
		if q >= 0 {
			taken[q] = true
		}
	}
	for logical, have := range s.layout {
		if have >= 0 {
			continue
		}
		best, cost := -1, math.Inf(1)
		for q := range s.target.Qubits {
			if c := d.nodeCost(s.target, logical, q); !taken[q] && c < cost {
				best, cost = q, c
			}
		}
		if best < 0 {
			return fmt.Errorf("no usable qubit of %s is left for qubit %d of the circuit", s.target.Name, logical)
		}
		s.layout[logical], taken[best] = best, true
	}
	return nil
}
