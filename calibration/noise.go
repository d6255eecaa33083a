package calibration

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"qgan/ir"
)

// NoiseModel tells the channels that follow each operation of a circuit on
// physical qubits, and the confusion of its readout. It belongs to the circuit
// as it is written: nothing is added for time that no delay tells of.
type NoiseModel struct {
	Name string
	// Snapshot is the hash of the calibration data; empty for a model of a file.
	Snapshot string

	rules   rules
	confuse func(qubit int) (p1given0, p0given1 float64, err error)
	groups  []ConfusionGroup // of several physical qubits
	odd     func(qubits []int) []string
}

// rules is where a model's channels come from.
type rules interface {
	// after returns the channels that follow an operation; name is a gate's,
	// "unitary", "reset" or "delay", seconds the time of a delay.
	after(name string, qubits []int, seconds float64) ([]Site, error)
	// sampleTime is the unit dt in seconds, 0 where it is not known.
	sampleTime() float64
}

// Site is a channel at work on qubits.
type Site struct {
	Channel *Channel
	Qubits  []int
}

// ReadoutKind says which readout errors of a snapshot count.
type ReadoutKind string

// The kinds: both conditional errors of each qubit (the default), their mean for
// both, as Qiskit Aer has it, or none.
const (
	AsymmetricReadout ReadoutKind = "asymmetric"
	SymmetricReadout  ReadoutKind = "symmetric"
	NoReadout         ReadoutKind = "none"
)

// Scale multiplies a snapshot's figures: the errors of gates, the rates 1/T1 and
// 1/T2, and the readout errors.
type Scale struct{ Gates, Relaxation, Readout float64 }

// ParseScale reads factors such as gates=2,readout=0; those that are not named are 1.
func ParseScale(text string) (*Scale, error) {
	s := &Scale{1, 1, 1}
	fields := map[string]*float64{"gates": &s.Gates, "relaxation": &s.Relaxation, "readout": &s.Readout}
	for _, part := range strings.Split(text, ",") {
		name, number, _ := strings.Cut(strings.TrimSpace(part), "=")
		x, err := strconv.ParseFloat(number, 64)
		to := fields[name]
		if to == nil || err != nil {
			return nil, errors.New("it is a list of gates=X, relaxation=X and readout=X, each once")
		}
		*to = x
		delete(fields, name)
	}
	return s, nil
}

// NoiseOptions change what a snapshot's noise model holds. The zero value takes
// the figures as they are, with asymmetric readout, at temperature 0.
type NoiseOptions struct {
	Readout ReadoutKind
	Scale   *Scale // nil: 1 of each
	// Temperature in kelvin gives each qubit its excited population in
	// equilibrium, where its frequency is known.
	Temperature float64
}

// deviceRules are those of a snapshot.
type deviceRules struct {
	snapshot *Snapshot
	native   map[string]bool // by the gate table's names
	scale    Scale
	kelvin   float64
}

// NewNoiseModel makes the noise model of a snapshot.
//
// A gate of duration t and error e on k qubits, d = 2^k, is followed by
// depolarising noise on all of them and then by thermal relaxation for t on
// each. T2 counts as at most 2·T1; a time that is not known limits nothing.
// With F the average gate fidelity of the relaxation alone, the depolarising
// part is lambda = d (e - (1-F))/(d F - 1), so that 1 minus the average gate
// fidelity of the whole is e; it is 0 where relaxation alone exceeds e, and e
// counts as at most d/(d+1), lambda as at most d²/(d²-1). A reset and a delay
// are followed by relaxation alone, a measurement by the confusion of its bit.
// This is the convention of Qiskit Aer's device models.
func NewNoiseModel(s *Snapshot, o NoiseOptions) (*NoiseModel, error) {
	hash, err := s.Hash()
	if err != nil {
		return nil, err
	}
	scale := Scale{1, 1, 1}
	if o.Scale != nil {
		scale = *o.Scale
	}
	for _, f := range []struct {
		name string
		x    float64
	}{{"gates", scale.Gates}, {"relaxation", scale.Relaxation}, {"readout", scale.Readout}} {
		if !(f.x >= 0) || math.IsInf(f.x, 0) {
			return nil, invalid("the factor %v of %s is not 0 or more", f.x, f.name)
		}
	}
	if !(o.Temperature >= 0) || math.IsInf(o.Temperature, 0) {
		return nil, invalid("the temperature %v K is not 0 or more", o.Temperature)
	}
	d := &deviceRules{snapshot: s, native: map[string]bool{}, scale: scale, kelvin: o.Temperature}
	for i := range s.Gates {
		d.native[tableName(s.Gates[i].Name)] = true
	}
	for _, name := range s.Basis {
		d.native[tableName(name)] = true
	}
	m := &NoiseModel{Name: s.Name, Snapshot: hash, rules: d, odd: d.oddities}
	switch o.Readout {
	case NoReadout:
	case SymmetricReadout, AsymmetricReadout, "":
		m.confuse = func(q int) (p1, p0 float64, err error) { return d.readout(q, o.Readout == SymmetricReadout) }
	default:
		return nil, invalid("readout errors %q: they can be %s, %s or %s", o.Readout, AsymmetricReadout, SymmetricReadout, NoReadout)
	}
	return m, nil
}

// tableName is a service's name of a gate as the gate table spells it.
func tableName(name string) string {
	if name = strings.ToLower(name); name == "cnot" {
		return "cx"
	}
	return name
}

// NotNative says that a circuit holds an operation that the device doesn't have.
type NotNative struct {
	Device, Gate string
	Qubits       []int
	// Why is what is known of it; empty where the device has no such gate there.
	Why string
}

// Error names the gate, its qubits and the device, and says why where that is known.
func (e *NotNative) Error() string {
	where := fmt.Sprintf("%s on %s", e.Gate, qubitsText(e.Qubits))
	if e.Why != "" {
		return where + ": " + e.Why
	}
	return where + " is not native on " + e.Device
}

// BadInput reports that another circuit has to be given.
func (e *NotNative) BadInput() bool { return true }

func qubitsText(qubits []int) string {
	if len(qubits) == 1 {
		return fmt.Sprintf("qubit %d", qubits[0])
	}
	return "qubits " + strings.Trim(strings.Join(strings.Fields(fmt.Sprint(qubits)), ", "), "[]")
}

// After returns the channels that follow an operation on physical qubits, in
// order. Barriers, measurements and blocks have none of their own.
func (m *NoiseModel) After(op ir.Op) ([]Site, error) {
	switch op := op.(type) {
	case *ir.Apply:
		if len(op.Qubits) == 0 {
			return nil, nil // a global phase
		}
		return m.rules.after(gateName(op), op.Qubits, 0)
	case *ir.Unitary:
		return m.rules.after("unitary", op.Qubits, 0)
	case *ir.Reset:
		return m.rules.after("reset", []int{op.Qubit}, 0)
	case *ir.Delay:
		t, err := m.seconds(op)
		if err != nil {
			return nil, err
		}
		var out []Site
		for _, q := range op.Qubits {
			sites, err := m.rules.after("delay", []int{q}, t)
			if err != nil {
				return nil, err
			}
			out = append(out, sites...)
		}
		return out, nil
	}
	return nil, nil
}

// Key names what After depends on: two operations of one key are followed by
// the same channels. It is empty for operations without channels.
func (m *NoiseModel) Key(op ir.Op) string {
	switch op := op.(type) {
	case *ir.Apply:
		return fmt.Sprint(gateName(op), op.Qubits)
	case *ir.Unitary:
		return fmt.Sprint("unitary", op.Qubits)
	case *ir.Reset:
		return fmt.Sprint("reset", op.Qubit)
	case *ir.Delay:
		return fmt.Sprint("delay", op.Qubits, op.Duration, op.Unit)
	}
	return ""
}

// gateName is a gate's name with a c for each control that is not in its own.
func gateName(op *ir.Apply) string {
	return strings.Repeat("c", op.Controls) + op.Gate.String()
}

// seconds returns how long a delay lasts.
func (m *NoiseModel) seconds(d *ir.Delay) (float64, error) {
	s, ok := d.Seconds(m.rules.sampleTime())
	if !ok && d.Duration != 0 {
		return 0, invalid("a delay of %v%s: %s tells no sample time; write delays in s, ms, us or ns, or give the device's configuration too", d.Duration, d.Unit, m.Name)
	}
	return s, nil
}

// Confusion returns the readout error of bits that were measured from the given
// physical qubits, bit i from qubits[i]. Where the error of several qubits is
// correlated, each of them has to be among them once, or none.
func (m *NoiseModel) Confusion(qubits []int) (Confusion, error) {
	c := Confusion{Bits: len(qubits)}
	grouped := map[int]bool{}
	for _, g := range m.groups {
		var bits []int
		for _, q := range g.Bits {
			at := -1
			for bit, p := range qubits {
				if p == q && at >= 0 {
					return c, invalid("qubit %d is measured twice, and its readout error is one with those of %s", q, qubitsText(g.Bits))
				} else if p == q {
					at = bit
				}
			}
			if at >= 0 {
				bits = append(bits, at)
				grouped[q] = true
			}
		}
		if len(bits) > 0 && len(bits) < len(g.Bits) {
			return c, invalid("the readout errors of %s are one matrix: measure all of them or none", qubitsText(g.Bits))
		}
		if len(bits) > 0 {
			c.Groups = append(c.Groups, ConfusionGroup{bits, g.A})
		}
	}
	if m.confuse != nil {
		for bit, q := range qubits {
			if grouped[q] {
				continue
			}
			p1, p0, err := m.confuse(q)
			if err != nil {
				return c, err
			}
			if p1 != 0 || p0 != 0 {
				c.Groups = append(c.Groups, ConfusionGroup{[]int{bit}, [][]float64{{1 - p1, p0}, {p1, 1 - p0}}})
			}
		}
	}
	return c, c.Check()
}

// WithoutReadout returns the model with an error-free readout: what mitigation with
// endlessly many shots would leave.
func (m *NoiseModel) WithoutReadout() *NoiseModel {
	out := *m
	out.groups = nil
	out.confuse = func(int) (float64, float64, error) { return 0, 0, nil }
	return &out
}

// Correlated returns the physical qubits whose readout errors are one matrix
// with those of others.
func (m *NoiseModel) Correlated() map[int]bool {
	out := map[int]bool{}
	for _, g := range m.groups {
		for _, q := range g.Bits {
			out[q] = true
		}
	}
	return out
}

// Oddities names what is odd in the figures of these physical qubits, each kind
// once with all the qubits.
func (m *NoiseModel) Oddities(qubits []int) []string {
	if m.odd == nil {
		return nil
	}
	return m.odd(qubits)
}

func (d *deviceRules) sampleTime() float64 { return d.snapshot.SampleTime }

func (d *deviceRules) check(name string, qubits []int) error {
	for _, q := range qubits {
		if q < 0 || q >= len(d.snapshot.Qubits) {
			return &NotNative{d.snapshot.Name, name, qubits, fmt.Sprintf("%s has the qubits 0 to %d", d.snapshot.Name, len(d.snapshot.Qubits)-1)}
		}
	}
	return nil
}

// find returns the figures of a gate, also where it is listed on the same
// qubits in another order that makes no difference.
func (d *deviceRules) find(name string, qubits []int) *Gate {
	s := d.snapshot
	orders := [][]int{qubits}
	if len(qubits) == 2 && symmetric(name) {
		orders = append(orders, []int{qubits[1], qubits[0]})
	}
	for _, order := range orders {
		for _, spelling := range []string{name, "cnot"} {
			if tableName(spelling) != name {
				continue
			}
			if g := s.Find(spelling, order...); g != nil {
				return g
			}
		}
	}
	return nil
}

// symmetric says that a two-qubit gate of the table stays the same when its
// qubits are exchanged.
func symmetric(name string) bool {
	g, ok := ir.GateByName(name)
	if !ok || g.Info().Qubits != 2 {
		return false
	}
	swap := ir.Swap.Info().Matrix(nil)
	params := make([]float64, len(g.Info().Params))
	for i := range params {
		params[i] = 0.1 + 0.2*float64(i) // any values: the shape decides
	}
	m := g.Info().Matrix(params)
	return swap.Mul(m).Mul(swap).Distance(m) < 1e-12
}

func (d *deviceRules) after(name string, qubits []int, seconds float64) ([]Site, error) {
	if err := d.check(name, qubits); err != nil {
		return nil, err
	}
	gate := &Gate{Name: name, Qubits: qubits}
	unitary := true
	switch name {
	case "delay":
		gate.Duration, unitary = &Value{X: seconds}, false
	case "reset":
		unitary = false
		if g := d.find(name, qubits); g != nil {
			gate = g
		}
	default:
		g := d.find(name, qubits)
		switch {
		case g != nil:
			gate = g
		case len(qubits) != 1 || !d.native[name] || d.listed(name):
			return nil, &NotNative{d.snapshot.Name, name, qubits, ""}
		}
	}
	if gate.Faulty {
		why := "the calibration data mark it as not available"
		if gate.Error != nil && gate.Error.X == 1 {
			why += " (error 1)"
		}
		return nil, &NotNative{d.snapshot.Name, name, qubits, why}
	}
	return d.sites(gate, qubits, unitary)
}

// listed says that the snapshot has figures of a gate on some qubits.
func (d *deviceRules) listed(name string) bool {
	return slices.ContainsFunc(d.snapshot.Gates, func(g Gate) bool { return tableName(g.Name) == name })
}

// sites makes the channels of a gate, a reset or a delay.
func (d *deviceRules) sites(g *Gate, qubits []int, unitary bool) ([]Site, error) {
	k := len(qubits)
	dim := math.Pow(2, float64(k))
	t := g.Duration.Or(0) * d.scale.Relaxation // the rates scale as the time does
	process := 1.0                             // fidelity of the relaxation: the product of (1 + 2·e2 + e1)/4
	lost := 0.0                                // 1 - process, without cancellation
	var relaxed []Site
	for _, q := range qubits {
		t1, t2 := d.snapshot.Qubits[q].Coherence()
		if t == 0 || math.IsInf(t1, 1) && math.IsInf(t2, 1) {
			continue
		}
		here := -(2*math.Expm1(-t/t2) + math.Expm1(-t/t1)) / 4
		lost += process * here
		process *= 1 - here
		relaxed = append(relaxed, Site{Relaxation(t, t1, t2, d.excited(q)), []int{q}})
	}
	if !unitary || g.Error == nil {
		return relaxed, nil
	}
	e := g.Error.X * d.scale.Gates
	if e > 1 {
		return nil, invalid("the error %.3g of %s on %s, scaled by %g, exceeds 1: scale the gates less", g.Error.X, g.Name, qubitsText(qubits), d.scale.Gates)
	}
	infidelity := dim * lost / (dim + 1)
	if e <= infidelity {
		return relaxed, nil
	}
	e = min(e, dim/(dim+1))
	lambda := dim * (e - infidelity) / (dim*(1-infidelity) - 1)
	if !(lambda >= 0) { // relaxation alone leaves no fidelity beyond the mixed state's
		lambda = 0
	}
	lambda = min(lambda, dim*dim/(dim*dim-1))
	if lambda == 0 {
		return relaxed, nil
	}
	return append([]Site{{Depolarizing(k, lambda), slices.Clone(qubits)}}, relaxed...), nil
}

// excited is the probability of |1> in equilibrium, 1/(1 + exp(h f/(k T))), with
// h/k = 47.99243e-12 K/Hz.
func (d *deviceRules) excited(q int) float64 {
	f := d.snapshot.Qubits[q].Frequency
	if d.kelvin == 0 || f == nil {
		return 0
	}
	return 1 / (1 + math.Exp(47.99243e-12*f.X/d.kelvin))
}

// readout returns P(1|0) and P(0|1) of a qubit, scaled.
func (d *deviceRules) readout(q int, symmetric bool) (p1, p0 float64, err error) {
	if err := d.check("measure", []int{q}); err != nil {
		return 0, 0, err
	}
	qubit := &d.snapshot.Qubits[q]
	p1, p0, ok := qubit.Confusion()
	if !ok {
		return 0, 0, nil // named among the oddities
	}
	if symmetric {
		e, _ := qubit.Readout()
		p1, p0 = e, e
	}
	p1, p0 = p1*d.scale.Readout, p0*d.scale.Readout
	if p1 > 1 || p0 > 1 {
		return 0, 0, invalid("the readout errors of qubit %d, scaled by %g, exceed 1: scale the readout less", q, d.scale.Readout)
	}
	return p1, p0, nil
}

// oddities names what is odd in the qubits of a circuit.
func (d *deviceRules) oddities(qubits []int) []string {
	var o odd
	for _, q := range qubits {
		if q >= 0 && q < len(d.snapshot.Qubits) {
			d.snapshot.checkQubit(&d.snapshot.Qubits[q], &o) // it was found valid when it was read
		}
	}
	return o.warnings()
}

func sorted[T any](m map[string]T) []string { return slices.Sorted(maps.Keys(m)) }
