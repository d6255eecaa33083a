package compile

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"qgan/calibration"
	"qgan/ir"
)

// Target is what a circuit is compiled for: the native gates of each tuple of
// qubits with error, duration and direction, the ranges of angles, the coupling,
// and the timing of a device.
type Target struct {
	Name     string
	Service  string
	Snapshot string // hash of the calibration data; empty without
	Labels   []string
	// Qubits holds the physical qubits, also those that can't be used.
	Qubits []Site
	// Edges holds the best two-qubit gate of each coupled pair, keyed by its
	// lower and its higher qubit.
	Edges map[[2]int]Edge
	// Rotations holds the best two-qubit rotation of any angle of each pair that has
	// one that works; it may be the gate of Edges too.
	Rotations map[[2]int]Edge
	// SampleTime is the unit of delays (dt) in seconds, 0 where it is not known;
	// Granularity the multiple of it that a delay must have.
	SampleTime  float64
	Granularity int

	// Unrated says that no error of the device is known: what is estimated by them counts
	// none.
	Unrated bool

	// everyPair says that each pair has the gates of free, without figures: all are coupled,
	// and Edges and Rotations are empty.
	everyPair bool
	free      struct{ edge, rotation Edge }

	pulses     *pulses
	bounds     map[ir.Gate]calibration.Bound
	neighbours [][]int     // over edges that are not faulty, ascending
	costs      [][]float64 // of a cx with each neighbour, -ln of its fidelity
}

// Site is a physical qubit. Errors of what is not known are 0.
type Site struct {
	Usable        bool    // it has the native one-qubit gates and they work
	Error         float64 // of one pulse
	Duration      float64 // of one pulse, seconds
	ReadoutError  float64 // mean of P(1|0) and P(0|1)
	ReadoutTime   float64
	T1, T2        float64 // seconds, +Inf where nothing limits them
	ReadoutFaulty bool    // the readout tells 0 and 1 apart hardly better than a coin
}

// Edge is the native two-qubit gate of a pair.
type Edge struct {
	Gate ir.Gate
	// Qubits are the operands in the order in which the gate is native.
	Qubits   [2]int
	Error    float64
	Duration float64 // seconds
	// Faulty marks a gate that is called not available, or whose error is at
	// least a half.
	Faulty bool
}

// faultyError is the error from which on a part is left out.
const faultyError = 0.5

// nativeNames are names of gates that services use and the gate table spells
// otherwise.
var nativeNames = map[string]string{"cnot": "cx"}

// NewTarget makes a target of a snapshot, with the native gates and the ranges of
// angles that it tells. A device whose one-qubit gates or
// two-qubit gates are in no row of the tables is an error that names them.
func NewTarget(s *calibration.Snapshot) (*Target, error) {
	hash, err := s.Hash()
	if err != nil {
		return nil, err
	}
	t := &Target{Name: s.Name, Service: s.Service, Snapshot: hash, SampleTime: s.SampleTime, Granularity: s.Limits.Granularity, Edges: map[[2]int]Edge{}, Rotations: map[[2]int]Edge{}}
	t.bounds = map[ir.Gate]calibration.Bound{}
	for _, b := range s.Bounds() {
		if g, ok := ir.GateByName(b.Gate); ok {
			t.bounds[g] = b
		}
	}
	native := basis(s)
	if err := t.choosePulses(native); err != nil {
		return nil, err
	}
	for i := range s.Qubits {
		t.Labels = append(t.Labels, s.Qubits[i].Label)
		t.Qubits = append(t.Qubits, t.site(s, i))
	}
	if err := t.couple(s, native); err != nil {
		return nil, err
	}
	t.link()
	t.Unrated = !rated(s)
	return t, nil
}

// AllToAll makes a target of n qubits of which each pair is coupled, by the names of its
// gates, as in cx, rz, rx, ry. No error and no duration of it is known.
func AllToAll(n int, gates []string) (*Target, error) {
	t := &Target{Name: "all-to-all", Unrated: true, everyPair: true}
	native := map[string]bool{}
	for _, name := range gates {
		name = cmp.Or(nativeNames[name], name)
		native[name] = true
		gate, ok := ir.GateByName(name)
		if !ok || gate.Info().Qubits > 2 {
			return nil, fmt.Errorf("compiling for %s: no gate on one or two qubits is called %q", t.Name, name)
		}
		if gate.Info().Qubits < 2 {
			continue
		}
		row := entanglerOf(gate)
		if row == nil {
			return nil, fmt.Errorf("compiling for %s: no decomposition into %s is known", t.Name, name)
		}
		if have := entanglerOf(t.free.edge.Gate); have == nil || row.uses < have.uses {
			t.free.edge.Gate = gate
		}
		if row.rotation != absent && t.free.rotation.Gate == absent {
			t.free.rotation.Gate = gate
		}
	}
	if n > 1 && t.free.edge.Gate == absent {
		return nil, fmt.Errorf("compiling for %s: %s is no basis without a gate on two qubits", t.Name, strings.Join(gates, ", "))
	}
	for q := range n {
		t.Labels = append(t.Labels, strconv.Itoa(q))
		t.Qubits = append(t.Qubits, Site{Usable: true, T1: math.Inf(1), T2: math.Inf(1)})
	}
	t.link()
	return t, t.choosePulses(native)
}

// choosePulses takes the first row of the table of one-qubit gates that fits.
func (t *Target) choosePulses(native map[string]bool) error {
	for i := range pulseSets {
		p := &pulseSets[i]
		if !slices.ContainsFunc(p.needs, func(n string) bool { return !native[n] }) && !slices.ContainsFunc(p.lacks, func(n string) bool { return native[n] }) {
			t.pulses = p
			return nil
		}
	}
	return fmt.Errorf("compiling for %s: no decomposition into its one-qubit gates (%s) is known; known are %s",
		t.Name, strings.Join(slices.Sorted(maps.Keys(native)), ", "), strings.Join(pulseSetNames(), "; "))
}

// rated says that a snapshot tells an error of anything.
func rated(s *calibration.Snapshot) bool {
	return slices.ContainsFunc(s.Gates, func(g calibration.Gate) bool { return g.Error != nil }) || slices.ContainsFunc(s.Qubits, func(q calibration.Qubit) bool {
		_, read := q.Readout()
		return read || q.T1 != nil || q.T2 != nil
	})
}

// Pulses names the set of native one-qubit gates.
func (t *Target) Pulses() string { return t.pulses.name }

// Entanglers names the native two-qubit gates that pairs have, in alphabetical order.
func (t *Target) Entanglers() []string {
	names := []string{}
	free := map[[2]int]Edge{}
	for i, e := range []Edge{t.free.edge, t.free.rotation} {
		if e.Gate != absent {
			free[[2]int{i}] = e
		}
	}
	for _, edges := range []map[[2]int]Edge{free, t.Edges, t.Rotations} {
		for _, e := range edges {
			if name := e.Gate.String(); !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	slices.Sort(names)
	return names
}

// Usable counts the qubits that work and the pairs whose gate does.
func (t *Target) Usable() (qubits, pairs int) {
	for i := range t.Qubits {
		if t.Qubits[i].Usable {
			qubits++
		}
	}
	for _, e := range t.Edges {
		if !e.Faulty {
			pairs++
		}
	}
	if t.everyPair {
		pairs = qubits * (qubits - 1) / 2
	}
	return qubits, pairs
}

func pulseSetNames() []string {
	names := make([]string, len(pulseSets))
	for i := range pulseSets {
		names[i] = pulseSets[i].name
	}
	return names
}

// basis returns the names of the native gates.
func basis(s *calibration.Snapshot) map[string]bool {
	out := map[string]bool{}
	for _, n := range s.Native() {
		out[cmp.Or(nativeNames[n], n)] = true
	}
	return out
}

// site gathers the figures of one qubit: the worst of its pulses.
func (t *Target) site(s *calibration.Snapshot, i int) Site {
	q := &s.Qubits[i]
	out := Site{Usable: !q.Faulty, ReadoutTime: q.ReadoutTime.Or(0)}
	out.T1, out.T2 = q.Coherence()
	out.ReadoutError, _ = q.Readout()
	out.ReadoutFaulty = out.ReadoutError >= faultyError || q.P1Given0.Or(0)+q.P0Given1.Or(0) >= 1
	for _, p := range []pulse{t.pulses.half, t.pulses.turn} {
		if !p.there() {
			continue
		}
		g := s.Find(p.gate.String(), i)
		if g == nil {
			out.Usable = out.Usable && len(s.Basis) > 0 && !hasGate(s, p.gate.String())
			continue
		}
		out.Usable = out.Usable && !g.Faulty && g.Error.Or(0) < faultyError
		out.Error = max(out.Error, g.Error.Or(0))
		out.Duration = max(out.Duration, g.Duration.Or(0))
	}
	return out
}

// hasGate reports whether a snapshot lists a gate on any qubit.
func hasGate(s *calibration.Snapshot, name string) bool {
	return slices.ContainsFunc(s.Gates, func(g calibration.Gate) bool { return g.Name == name })
}

// couple finds the best native gate of each pair: one that works before one that
// doesn't, then the one with the smaller error of a cx.
func (t *Target) couple(s *calibration.Snapshot, native map[string]bool) error {
	var known, unknown []string
	errorsKnown := false
	for i := range s.Gates {
		errorsKnown = errorsKnown || len(s.Gates[i].Qubits) == 2 && s.Gates[i].Error != nil
	}
	for i := range s.Gates {
		g := &s.Gates[i]
		name := cmp.Or(nativeNames[g.Name], g.Name)
		if len(g.Qubits) != 2 || !native[name] {
			continue
		}
		gate, ok := ir.GateByName(name)
		row := entanglerOf(gate)
		if !ok || row == nil {
			if !slices.Contains(unknown, name) {
				unknown = append(unknown, name)
			}
			continue
		}
		known = append(known, name)
		a, b := g.Qubits[0], g.Qubits[1]
		e := Edge{Gate: gate, Qubits: [2]int{a, b}, Error: g.Error.Or(0), Duration: g.Duration.Or(0)}
		e.Faulty = g.Faulty || e.Error >= faultyError || errorsKnown && g.Error == nil || !t.Qubits[a].Usable || !t.Qubits[b].Usable
		key := [2]int{min(a, b), max(a, b)}
		if have, ok := t.Edges[key]; !ok || e.better(have) {
			t.Edges[key] = e
		}
		if have, ok := t.Rotations[key]; row.rotation != absent && !e.Faulty && (!ok || e.better(have)) {
			t.Rotations[key] = e
		}
	}
	if len(known) == 0 && len(unknown) > 0 {
		return fmt.Errorf("compiling for %s: no decomposition into its two-qubit gates (%s) is known", s.Name, strings.Join(unknown, ", "))
	}
	return nil
}

// better orders the gates of one pair.
func (e Edge) better(o Edge) bool {
	if e.Faulty != o.Faulty {
		return o.Faulty
	}
	x, y := float64(entanglerOf(e.Gate).uses)*e.Error, float64(entanglerOf(o.Gate).uses)*o.Error
	return cmp.Or(cmp.Compare(x, y), slices.Compare(e.Qubits[:], o.Qubits[:])) < 0
}

// link makes the lists of neighbours and their costs.
func (t *Target) link() {
	t.neighbours = make([][]int, len(t.Qubits))
	for key, e := range t.Edges {
		if !e.Faulty {
			t.neighbours[key[0]] = append(t.neighbours[key[0]], key[1])
			t.neighbours[key[1]] = append(t.neighbours[key[1]], key[0])
		}
	}
	t.costs = make([][]float64, len(t.Qubits))
	for q, list := range t.neighbours {
		slices.Sort(list)
		for _, other := range list {
			e, _ := t.Edge(q, other)
			t.costs[q] = append(t.costs[q], -float64(entanglerOf(e.Gate).uses)*math.Log1p(-e.Error))
		}
	}
}

// Edge returns the best gate of a pair in either order.
func (t *Target) Edge(a, b int) (Edge, bool) {
	if t.everyPair {
		return t.free.edge.on(a, b)
	}
	e, ok := t.Edges[[2]int{min(a, b), max(a, b)}]
	return e, ok
}

// on is a gate that every pair has in either direction, on a pair.
func (e Edge) on(a, b int) (Edge, bool) {
	e.Qubits = [2]int{a, b}
	return e, e.Gate != absent
}

// EdgeOf returns the edge of a gate that stands on its pair; where the pair doesn't
// have that gate, the best it has.
func (t *Target) EdgeOf(a *ir.Apply) (Edge, bool) {
	e, ok := t.Edge(a.Qubits[0], a.Qubits[1])
	if r, has := t.rotation(a.Qubits[0], a.Qubits[1]); has && e.Gate != a.Gate && r.Gate == a.Gate {
		return r, true
	}
	return e, ok
}

// rotation returns the rotation of any angle that a pair has, in either order.
func (t *Target) rotation(a, b int) (Edge, bool) {
	if t.everyPair {
		return t.free.rotation.on(a, b)
	}
	e, ok := t.Rotations[[2]int{min(a, b), max(a, b)}]
	return e, ok
}

// Timed reports whether the durations of all two-qubit gates that work are known, so
// that circuits can be scheduled.
func (t *Target) Timed() bool {
	if t.everyPair {
		return false
	}
	for _, e := range t.Edges {
		if !e.Faulty && e.Duration == 0 {
			return false
		}
	}
	return true
}

// pairCost is -ln of the fidelity of one cx on a pair; +Inf where there is none
// that works.
func (t *Target) pairCost(a, b int) float64 {
	i, ok := slices.BinarySearch(t.neighbours[a], b)
	if !ok {
		return math.Inf(1)
	}
	return t.costs[a][i]
}

// withFaulty returns a target in which faulty two-qubit gates between usable
// qubits may be used, each at the cost of an error near 1.
func (t *Target) withFaulty() *Target {
	out := *t
	out.Edges = maps.Clone(t.Edges)
	for key, e := range out.Edges {
		if e.Faulty && t.Qubits[key[0]].Usable && t.Qubits[key[1]].Usable {
			e.Faulty = false
			e.Error = max(e.Error, desperate)
			e.Error = min(e.Error, desperate)
			out.Edges[key] = e
		}
	}
	out.link()
	return &out
}

// desperate is the error with which a faulty gate is counted where nothing else
// is left.
const desperate = 0.99

// Native reports whether an operation can run on the device as it stands: a
// native gate on a tuple of qubits that has it, with its angles in range, or
// what is no gate. The error says what is wrong with it and what to do.
func (t *Target) Native(op ir.Op) error {
	a, ok := op.(*ir.Apply)
	if !ok {
		switch op := op.(type) {
		case *ir.Measure, *ir.Reset, *ir.Barrier, *ir.Delay, *ir.Assign:
			return nil
		case *ir.If, *ir.Switch, *ir.While:
			for _, body := range ir.Bodies(op) {
				for _, inner := range body {
					if err := t.Native(inner); err != nil {
						return err
					}
				}
			}
			return nil
		default:
			return fmt.Errorf("%s does not run on %s", ir.NameOf(op), t.Name)
		}
	}
	refuse := func(why string) error {
		labels := make([]string, len(a.Qubits))
		for i, q := range a.Qubits {
			labels[i] = fmt.Sprint(q)
			if q >= 0 && q < len(t.Labels) {
				labels[i] = t.Labels[q]
			}
		}
		return fmt.Errorf("%s on qubit %s is not native on %s: %s; compile the circuit first", a.Gate, strings.Join(labels, "-"), t.Name, why)
	}
	for _, q := range a.Qubits {
		if q < 0 || q >= len(t.Qubits) {
			return refuse(fmt.Sprintf("there are %d qubits", len(t.Qubits)))
		}
	}
	switch {
	case a.Controls > 0:
		return refuse("it has controls")
	case len(a.Qubits) == 1:
		return t.nativePulse(a, refuse)
	case len(a.Qubits) == 2:
		e, ok := t.EdgeOf(a)
		switch {
		case !ok:
			return refuse("the qubits are not coupled")
		case e.Gate != a.Gate:
			return refuse("this pair has " + e.Gate.String())
		case !entanglerOf(e.Gate).symmetric && [2]int(a.Qubits) != e.Qubits:
			return refuse("the pair has the gate in the other direction")
		}
		return t.inRange(a, refuse)
	}
	return refuse("no native gate has so many qubits")
}

func (t *Target) nativePulse(a *ir.Apply, refuse func(string) error) error {
	if a.Gate == ir.RZ && !t.pulses.framed {
		return nil
	}
	for _, p := range []pulse{t.pulses.half, t.pulses.full} {
		if a.Gate != p.gate || !p.there() {
			continue
		}
		// The angle of a pulse that turns by a fixed angle is its first one.
		if p.angle == 0 || a.Angles[0].IsConst() && math.Abs(math.Abs(a.Angles[0].Const)-p.angle) < tiny {
			return nil
		}
	}
	if t.pulses.turn.there() && a.Gate == t.pulses.turn.gate {
		return nil
	}
	return refuse("the native set is " + t.pulses.name)
}

// inRange checks the angle of a two-qubit rotation.
func (t *Target) inRange(a *ir.Apply, refuse func(string) error) error {
	b, limited := t.bounds[a.Gate]
	if !limited || !a.Angles[0].IsConst() {
		return nil
	}
	if x := a.Angles[0].Const; x < b.Min-tiny || x > b.Max+tiny {
		return refuse(fmt.Sprintf("its angle is %g, and %s", x, b.Why))
	}
	return nil
}
