package compile

import (
	"fmt"
	"math"
	"slices"

	"qgan/ir"
)

// Level is how much effort is made. The zero value is the most.
type Level uint8

// The levels. Every level finds a layout by the calibration data and merges
// one-qubit gates.
const (
	Full  Level = iota // cancellation and consolidation of two-qubit gates
	Light              // cancellation only
	None               // neither
)

// Decoupling is a sequence of pulses on qubits that wait.
type Decoupling string

// The sequences: two x pulses a quarter of the time from the ends, and x, y, x, y.
const (
	NoDecoupling Decoupling = ""
	DecoupleXX   Decoupling = "xx"
	DecoupleXY4  Decoupling = "xy4"
)

// Options say how a circuit is compiled. The zero value is full effort with a
// layout of the compiler's choice.
type Options struct {
	Level Level
	// Layout gives each logical qubit its physical qubit; nil: chosen.
	Layout []int
	// FoldReadout takes the last x, cx, swap and diagonal gates before the
	// measurements out of the circuit; Result.Readout then corrects outcomes.
	FoldReadout bool
	// Schedule writes delays, each operation as late as possible.
	Schedule bool
	// Decoupling fills delays with pulses; it implies Schedule.
	Decoupling Decoupling
	// Approximate is the error, see Result.Error, up to which a stretch of gates on a
	// pair may be replaced by one with fewer two-qubit gates, and a rotation left out;
	// 0 for none. It takes full effort.
	Approximate float64
	// Unitary keeps the circuit for every state at its beginning; otherwise it starts in
	// |0…0>, and what does nothing there is left out.
	Unitary bool
	// Seed chooses among the tries of routing.
	Seed uint64
	// Dump is called with the circuit after each pass.
	Dump func(pass string, c *ir.Circuit) error
	// Verify checks the circuit after each pass.
	Verify bool
}

// Stats are the figures of a compiled circuit.
type Stats struct {
	TwoQubitGates int
	TwoQubitDepth int
	OneQubitGates int // pulses; virtual z rotations don't count
	VirtualZ      int // gates rz
	Depth         int // of all gates and measurements
	Duration      float64
	// Fidelity estimates the probability that nothing goes wrong: the product of
	// the gates', the readouts' and, where durations are known, the idling
	// qubits' fidelities. It is 1 and Unrated where no error of the device is known.
	Fidelity float64
	Unrated  bool
}

// Estimate is the fidelity in words.
func (s Stats) Estimate() string {
	if s.Unrated {
		return "not known"
	}
	return fmt.Sprintf("%.3g", s.Fidelity)
}

// Result is a compiled circuit.
type Result struct {
	// Circuit acts on the physical qubits of the target. Its global phase is not
	// that of the circuit that was compiled.
	Circuit *ir.Circuit
	// Layout and Final hold the physical qubit of each logical qubit at the
	// beginning and at the end.
	Layout, Final []int
	// BitMap holds, for each classical bit, the physical qubit whose last
	// measurement is written to it, -1 for none.
	BitMap []int
	// Readout maps outcomes of the circuit to outcomes of the circuit that was
	// compiled; nil where they are the same.
	Readout *Affine
	Stats   Stats
	// Error bounds the operator norm of the difference, up to global phase, between the
	// unitary of the circuit and what it was made of: the sum over all that was replaced
	// by Options.Approximate. No probability of a set of outcomes is off by more.
	Error float64
	// Warnings name what was done against the calibration's advice.
	Warnings []string

	target  *Target
	program *program
	options Options
}

// Compile compiles a circuit for a target. Symbols stay: the result is bound as
// often as needed (Result.Bind). The steps are listed by Passes.
//
// What can't be compiled is an error that names the operation: vendor blocks,
// unitaries on more than eight qubits; so is a circuit wider than
// the device, or a chain for which the device has no connected qubits that work.
// Where the only chain runs over faulty pairs, it is taken with a warning.
func Compile(c *ir.Circuit, t *Target, options Options) (*Result, error) {
	list := passes()
	if err := checkOrder(list, constraints); err != nil {
		return nil, err
	}
	if err := ir.Verify(c); err != nil {
		return nil, fmt.Errorf("compiling circuit %q: %w", c.Name, err)
	}
	if options.Approximate > 0 && options.Level != Full {
		return nil, fmt.Errorf("compiling circuit %q: approximating takes full effort", c.Name)
	}
	work := *c
	work.Ops = slices.Clone(c.Ops)
	s := &state{target: t, options: options, circuit: &work}
	for _, p := range list {
		if options.Level > p.level || p.when != nil && !p.when(&options) {
			continue
		}
		if err := p.run(s); err != nil {
			return nil, fmt.Errorf("compiling circuit %q for %s: %w", c.Name, t.Name, err)
		}
		if options.Verify {
			if err := ir.Verify(s.circuit); err != nil {
				return nil, fmt.Errorf("after the pass %s: %w", p.name, err)
			}
		}
		if options.Dump != nil {
			if err := options.Dump(p.name, s.circuit); err != nil {
				return nil, err
			}
		}
	}
	r := &Result{Circuit: s.circuit, Layout: s.layout[:c.Qubits], Final: s.final[:c.Qubits], Readout: s.readout, Warnings: s.warnings, Error: s.lost, target: t, program: s.program, options: options}
	r.finish()
	for i, op := range r.Circuit.Ops {
		if err := t.Native(op); err != nil {
			return nil, fmt.Errorf("compiling circuit %q: op %d of the result: %w", c.Name, i, err)
		}
	}
	return r, nil
}

// Bind returns the result with values for its trained symbols, its data symbols,
// or both; nil leaves a kind as it is. One-qubit gates whose symbols all have
// values are fused, and angles of two-qubit gates are brought into the range of
// the device. The two-qubit gates and the layout stay.
func (r *Result) Bind(trained, data []float64) (*Result, error) {
	c, err := r.program.emit(binding{trained, data})
	if err != nil {
		return nil, err
	}
	out := *r
	out.Circuit = c
	if r.options.Schedule || r.options.Decoupling != NoDecoupling {
		if out.Circuit, err = r.target.scheduled(c, r.options.Decoupling); err != nil {
			return nil, err
		}
	}
	out.program = nil
	if trained == nil && len(r.Circuit.Trained) > 0 || data == nil && len(r.Circuit.Data) > 0 {
		if out.program, err = newProgram(c, r.target); err != nil {
			return nil, err
		}
		out.program.whole = r.options.Unitary
	}
	out.Stats = r.target.measure(out.Circuit)
	return &out, nil
}

func (r *Result) finish() {
	r.Stats = r.target.measure(r.Circuit)
	r.BitMap = make([]int, r.Circuit.Bits)
	for i := range r.BitMap {
		r.BitMap[i] = -1
	}
	for _, op := range r.Circuit.Ops {
		if m, ok := op.(*ir.Measure); ok && m.Bit >= 0 && m.Bit < r.Circuit.Bits {
			r.BitMap[m.Bit] = m.Qubit
		}
	}
}

// synthesize writes one-qubit gates in native pulses.
func synthesize(s *state) (err error) {
	if s.program, err = newProgram(s.circuit, s.target); err != nil {
		return err
	}
	s.program.whole = s.options.Unitary
	s.circuit, err = s.program.emit(binding{})
	return err
}

// schedule writes delays.
func schedule(s *state) (err error) {
	s.circuit, err = s.target.scheduled(s.circuit, s.options.Decoupling)
	return err
}

// measure counts gates and estimates duration and fidelity.
func (t *Target) measure(c *ir.Circuit) Stats {
	var s Stats
	depth, pairs := make([]int, c.Qubits), make([]int, c.Qubits)
	wires := c.Qubits + c.AllBits()
	free, busy := make([]float64, wires), make([]float64, wires)
	first := make([]float64, wires)
	touched := make([]bool, wires)
	within := 0 // operations of a block that are still to come, whose time is the block's
	loss := 0.0
	level := func(d []int, qubits []int, add int) int {
		top := 0
		for _, q := range qubits {
			top = max(top, d[q])
		}
		for _, q := range qubits {
			d[q] = top + add
		}
		return top + add
	}
	known := true
	spend := func(qubits []int, seconds float64) {
		if within > 0 {
			return
		}
		start := 0.0
		for _, q := range qubits {
			start = max(start, free[q])
		}
		for _, q := range qubits {
			if !touched[q] {
				first[q], touched[q] = start, true
			}
			free[q] = start + seconds
			busy[q] += seconds
		}
		s.Duration = max(s.Duration, start+seconds)
	}
	ir.Walk(c.Ops, func(op ir.Op) error {
		if within > 0 {
			within--
		}
		switch op := op.(type) {
		case *ir.Apply:
			s.Depth = max(s.Depth, level(depth, op.Qubits, 1))
			switch {
			case len(op.Qubits) == 2:
				s.TwoQubitGates++
				s.TwoQubitDepth = max(s.TwoQubitDepth, level(pairs, op.Qubits, 1))
				e, _ := t.EdgeOf(op)
				loss -= math.Log1p(-min(e.Error, 1))
				known = known && e.Duration > 0
				spend(op.Qubits, e.Duration)
			case op.Gate == ir.RZ && !t.pulses.framed:
				s.VirtualZ++
			default:
				site := &t.Qubits[op.Qubits[0]]
				s.OneQubitGates++
				loss -= math.Log1p(-min(site.Error, 1))
				known = known && site.Duration > 0
				spend(op.Qubits, site.Duration)
			}
		case *ir.Measure:
			s.Depth = max(s.Depth, level(depth, []int{op.Qubit}, 1))
			site := &t.Qubits[op.Qubit]
			loss -= math.Log1p(-min(site.ReadoutError, 1))
			spend(ir.Wires(op, c.Qubits), site.ReadoutTime)
		case *ir.Assign: // takes no time, and stands between what it reads and writes
			spend(ir.Wires(op, c.Qubits), 0)
		case *ir.If, *ir.Switch, *ir.While:
			if seconds, err := t.durationOf(op); err == nil && within == 0 {
				spend(ir.Wires(op, c.Qubits), seconds)
				within = inside(op) + 1
			}
		case *ir.Delay:
			if seconds, ok := op.Seconds(t.SampleTime); ok && within == 0 {
				for _, q := range op.Qubits {
					free[q] += seconds
					s.Duration = max(s.Duration, free[q])
				}
			}
		case *ir.Barrier:
			level(depth, op.Qubits, 0)
			level(pairs, op.Qubits, 0)
			if within > 0 {
				return nil
			}
			top := 0.0
			for _, q := range op.Qubits {
				top = max(top, free[q])
			}
			for _, q := range op.Qubits {
				free[q] = top
			}
		}
		return nil
	})
	if known {
		for q := range c.Qubits {
			if touched[q] {
				loss += t.Qubits[q].idling(free[q] - first[q] - busy[q])
			}
		}
	} else {
		s.Duration = 0
	}
	s.Fidelity, s.Unrated = math.Exp(-loss), t.Unrated
	return s
}
