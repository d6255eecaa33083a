package ir

import (
	"fmt"
	"math/big"
	"slices"
)

// Circuit is a list of operations on flat qubits and classical bits. Registers
// are names over them; Trained and Data name the symbols that angles may hold.
type Circuit struct {
	Name   string
	Qubits int
	Bits   int // of its words
	// Hidden counts further bits, numbered from Bits on, that steer the circuit and are
	// in none of its words.
	Hidden    int
	QubitRegs []Register
	BitRegs   []Register
	Trained   []string // names of the trained symbols
	Data      []string // names of the data symbols
	Phase     Angle    // global phase, radians
	Ops       []Op
}

// Register is a name for a list of flat qubits or bits.
type Register struct {
	Name    string
	Indices []int
}

// Op is one operation: Apply, Unitary, Measure, Reset, Barrier, Delay, Assign, If,
// Switch, While or Opaque. The set is closed.
type Op interface{ isOp() }

// Apply is a gate of the table on qubits, its controls first.
type Apply struct {
	Gate   Gate
	Angles []Angle
	Qubits []int // Controls control qubits, then the gate's operands
	// Controls counts further qubits that control the gate (ctrl @, negctrl @).
	Controls int
	// Open marks the controls that act on 0: bit i for Qubits[i].
	Open uint64
}

// Unitary is an operator given by its matrix, on qubits of which the first is
// the most significant.
type Unitary struct {
	Name   string
	Matrix Matrix
	Qubits []int
}

// Measure reads a qubit in the Z basis into a bit; Bit is -1 where the outcome
// is thrown away.
type Measure struct{ Qubit, Bit int }

// Reset puts a qubit into |0>.
type Reset struct{ Qubit int }

// Barrier keeps operations on its qubits from moving across it.
type Barrier struct{ Qubits []int }

// Delay lets qubits idle. Duration counts Unit: "s", "ms", "us", "ns" or "dt".
type Delay struct {
	Duration float64
	Unit     string
	Qubits   []int
}

// unitsOfTime are the units of a Delay in seconds; that of dt, the sample time, is the
// device's.
var unitsOfTime = map[string]float64{"s": 1, "ms": 1e-3, "us": 1e-6, "ns": 1e-9, "dt": 0}

// UnitSeconds returns how many seconds a unit of a Delay lasts on a device with the
// sample time dt in seconds. It is false for a word that is no unit, and for dt where
// the sample time is not known (0).
func UnitSeconds(unit string, dt float64) (float64, bool) {
	s := unitsOfTime[unit]
	if unit == "dt" {
		s = dt
	}
	return s, s > 0
}

// Seconds returns how long a delay lasts on a device with the sample time dt in
// seconds; ok is as that of UnitSeconds.
func (d *Delay) Seconds(dt float64) (s float64, ok bool) {
	s, ok = UnitSeconds(d.Unit, dt)
	return d.Duration * s, ok
}

// Assign gives bits the values of conditions, all of which are looked at before any
// bit is set.
type Assign struct {
	Bits   []int
	Values []Cond
}

// Set gives the bits their values.
func (a *Assign) Set(bits []bool) {
	var few [4]bool
	values := few[:0]
	for _, v := range a.Values {
		values = append(values, v.Holds(bits))
	}
	for i, b := range a.Bits {
		bits[b] = values[i]
	}
}

// If runs Then where the condition holds, otherwise Else.
type If struct {
	Cond       Cond
	Then, Else []Op
}

// Switch runs the case that holds the value of the bits, otherwise Default.
type Switch struct {
	Bits    []int // least significant first, as an OpenQASM register
	Cases   []Case
	Default []Op
}

// Pick returns the body that runs for the values of all bits.
func (s *Switch) Pick(bits []bool) []Op {
	k := Number(bits, s.Bits)
	for _, c := range s.Cases {
		if slices.ContainsFunc(c.Values, func(v *big.Int) bool { return v.Cmp(k) == 0 }) {
			return c.Body
		}
	}
	return s.Default
}

// Case is one branch of a Switch.
type Case struct {
	Values []*big.Int
	Body   []Op
}

// While repeats Body as long as the condition holds.
type While struct {
	Cond Cond
	Body []Op
}

// Opaque is a block in a vendor's own words (cal, defcal, pragma), or one of the
// two ends of a box (box with its duration, endbox). It is kept and printed, and
// touches all of the named qubits.
type Opaque struct {
	Kind   string
	Text   string
	Qubits []int
}

func (*Apply) isOp()   {}
func (*Unitary) isOp() {}
func (*Measure) isOp() {}
func (*Reset) isOp()   {}
func (*Barrier) isOp() {}
func (*Delay) isOp()   {}
func (*Assign) isOp()  {}
func (*If) isOp()      {}
func (*Switch) isOp()  {}
func (*While) isOp()   {}
func (*Opaque) isOp()  {}

// Cond is a condition over classical bits: Compare, All, Any or Not.
type Cond interface {
	isCond()
	// Holds evaluates the condition for the values of all bits.
	Holds(bits []bool) bool
}

// Relation compares two numbers.
type Relation string

// The relations of Compare.
const (
	Equal        Relation = "=="
	NotEqual     Relation = "!="
	Less         Relation = "<"
	LessEqual    Relation = "<="
	Greater      Relation = ">"
	GreaterEqual Relation = ">="
)

// Compare compares bits, read as an unsigned number with the least significant
// bit first (as an OpenQASM register), with a value of any size.
type Compare struct {
	Bits  []int
	Rel   Relation
	Value *big.Int
}

// All holds where every condition holds.
type All []Cond

// Any holds where one of the conditions holds.
type Any []Cond

// Not holds where the condition does not.
type Not struct{ Cond Cond }

func (Compare) isCond() {}
func (All) isCond()     {}
func (Any) isCond()     {}
func (Not) isCond()     {}

// Number reads bits as an unsigned number, the first the least significant.
func Number(bits []bool, indices []int) *big.Int {
	n := new(big.Int)
	for i, b := range indices {
		if bits[b] {
			n.SetBit(n, i, 1)
		}
	}
	return n
}

// Holds evaluates the comparison.
func (c Compare) Holds(bits []bool) bool {
	k := Number(bits, c.Bits).Cmp(c.Value)
	switch c.Rel {
	case Equal:
		return k == 0
	case NotEqual:
		return k != 0
	case Less:
		return k < 0
	case LessEqual:
		return k <= 0
	case Greater:
		return k > 0
	}
	return k >= 0
}

// Holds evaluates the conjunction.
func (c All) Holds(bits []bool) bool {
	return !slices.ContainsFunc(c, func(x Cond) bool { return !x.Holds(bits) })
}

// Holds evaluates the disjunction.
func (c Any) Holds(bits []bool) bool {
	return slices.ContainsFunc(c, func(x Cond) bool { return x.Holds(bits) })
}

// Holds evaluates the negation.
func (c Not) Holds(bits []bool) bool { return !c.Cond.Holds(bits) }

// BitSet is the condition that one bit is 1.
func BitSet(bit int) Cond { return Compare{[]int{bit}, Equal, big.NewInt(1)} }

// New returns a circuit with one register of qubits, q, and one of bits, c,
// where there are any.
func New(qubits, bits int) *Circuit {
	c := &Circuit{Qubits: qubits, Bits: bits}
	if qubits > 0 {
		c.QubitRegs = []Register{{"q", operands(qubits)}}
	}
	if bits > 0 {
		c.BitRegs = []Register{{"c", operands(bits)}}
	}
	return c
}

// Gate appends a gate of the table.
func (c *Circuit) Gate(g Gate, qubits []int, angles ...Angle) {
	c.Ops = append(c.Ops, &Apply{Gate: g, Angles: angles, Qubits: qubits})
}

// Measure appends a measurement of one qubit into a bit.
func (c *Circuit) Measure(qubit, bit int) {
	c.Ops = append(c.Ops, &Measure{qubit, bit})
}

// MeasureAll measures qubit i into bit i for all qubits; it adds bits where the
// circuit has fewer than qubits.
func (c *Circuit) MeasureAll() { c.MeasureFirst(c.Qubits) }

// MeasureFirst is MeasureAll for the first n qubits alone.
func (c *Circuit) MeasureFirst(n int) {
	bits := make([]int, n)
	for q := range bits {
		bits[q] = q
	}
	c.MeasureInto(bits)
}

// MeasureInto measures the first qubits, each into the bit that the list has for it, which
// are all bits up to their number.
func (c *Circuit) MeasureInto(bits []int) {
	if n := len(bits); c.Bits < n {
		indices := make([]int, 0, n-c.Bits)
		for i := c.Bits; i < n; i++ {
			indices = append(indices, i)
		}
		c.Bits = n
		name := "c"
		for slices.ContainsFunc(c.BitRegs, func(r Register) bool { return r.Name == name }) {
			name += "_"
		}
		c.BitRegs = append(c.BitRegs, Register{name, indices})
	}
	for q, bit := range bits {
		c.Measure(q, bit)
	}
}

// TrainedSymbol adds a trained symbol and returns its index.
func (c *Circuit) TrainedSymbol(name string) int {
	c.Trained = append(c.Trained, name)
	return len(c.Trained) - 1
}

// DataSymbol adds a data symbol and returns its index.
func (c *Circuit) DataSymbol(name string) int {
	c.Data = append(c.Data, name)
	return len(c.Data) - 1
}

// Walk calls f for every operation, blocks before what they hold. It stops at
// the first error and returns it.
func Walk(ops []Op, f func(Op) error) error {
	for _, op := range ops {
		if err := f(op); err != nil {
			return err
		}
		for _, body := range Bodies(op) {
			if err := Walk(body, f); err != nil {
				return err
			}
		}
	}
	return nil
}

// Bodies returns the blocks of an if (then and else), a switch (its cases in their order and
// the default) or a while; nil of anything else.
func Bodies(op Op) [][]Op {
	switch op := op.(type) {
	case *If:
		return [][]Op{op.Then, op.Else}
	case *Switch:
		var out [][]Op
		for _, k := range op.Cases {
			out = append(out, k.Body)
		}
		return append(out, op.Default)
	case *While:
		return [][]Op{op.Body}
	}
	return nil
}

// WithBodies returns a copy of an if, a switch or a while with other blocks, in the order of
// Bodies.
func WithBodies(op Op, bodies [][]Op) Op {
	switch op := op.(type) {
	case *If:
		return &If{op.Cond, bodies[0], bodies[1]}
	case *Switch:
		k := &Switch{Bits: op.Bits, Default: bodies[len(op.Cases)]}
		for i, c := range op.Cases {
			k.Cases = append(k.Cases, Case{c.Values, bodies[i]})
		}
		return k
	case *While:
		return &While{op.Cond, bodies[0]}
	}
	return op
}

// AllBits counts the bits of a circuit, the hidden ones included.
func (c *Circuit) AllBits() int { return c.Bits + c.Hidden }

// mapAngles returns a copy of ops with every angle replaced.
func mapAngles(ops []Op, f func(Angle) Angle) []Op {
	if ops == nil {
		return nil
	}
	out := make([]Op, len(ops))
	for i, op := range ops {
		switch op := op.(type) {
		case *Apply:
			k := *op
			k.Angles = make([]Angle, len(op.Angles))
			for j, a := range op.Angles {
				k.Angles[j] = f(a)
			}
			out[i] = &k
		default:
			bodies := Bodies(op)
			for j, body := range bodies {
				bodies[j] = mapAngles(body, f)
			}
			out[i] = WithBodies(op, bodies)
		}
	}
	return out
}

// Bind returns the circuit with values for its trained symbols, its data
// symbols, or both; nil leaves a kind unbound. A wrong number of values is an
// error.
func (c *Circuit) Bind(trained, data []float64) (*Circuit, error) {
	if trained != nil && len(trained) != len(c.Trained) {
		return nil, fmt.Errorf("binding %d trained values to a circuit of %d trained symbols", len(trained), len(c.Trained))
	}
	if data != nil && len(data) != len(c.Data) {
		return nil, fmt.Errorf("binding %d data values to a circuit of %d data symbols", len(data), len(c.Data))
	}
	out := *c
	bind := func(a Angle) Angle {
		if trained != nil {
			a = a.BindTrained(trained)
		}
		if data != nil {
			a = a.BindData(data)
		}
		return a
	}
	out.Ops, out.Phase = mapAngles(c.Ops, bind), bind(c.Phase)
	if trained != nil {
		out.Trained = nil
	}
	if data != nil {
		out.Data = nil
	}
	return &out, nil
}

// Count returns how many gates of each name the circuit holds, blocks included
// once.
func (c *Circuit) Count() map[string]int {
	n := map[string]int{}
	Walk(c.Ops, func(op Op) error {
		switch op := op.(type) {
		case *Apply:
			n[op.Gate.String()]++
		case *Unitary:
			n["unitary"]++
		}
		return nil
	})
	return n
}

// ActsOn returns the qubits whose state a gate, a unitary, a measurement or a reset
// changes, controls included; barriers, delays, blocks and vendor's text have none.
func ActsOn(op Op) []int {
	switch op := op.(type) {
	case *Apply:
		return op.Qubits
	case *Unitary:
		return op.Qubits
	case *Measure:
		return []int{op.Qubit}
	case *Reset:
		return []int{op.Qubit}
	}
	return nil
}
