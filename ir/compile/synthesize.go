package compile

import (
	"fmt"
	"math"

	"qgan/ir"
)

// program is a circuit of native two-qubit gates with runs of one-qubit gates
// between them, ready to be bound to values and written in native pulses. It is
// made once; emit runs for every binding.
type program struct {
	target *Target
	shell  ir.Circuit // what the circuit has beside its operations
	whole  bool       // see Options.Unitary
	ops    []programOp
}

// programOp is a run on a qubit, a two-qubit gate, or another operation.
type programOp struct {
	run   *run // on qubits[0]
	gate  *ir.Apply
	row   *entangler
	other ir.Op
	// bodies are those of a block, each a program.
	bodies []*program
	// qubits are the operands.
	qubits []int
}

// newProgram multiplies the one-qubit gates between other operations.
func newProgram(c *ir.Circuit, t *Target) (*program, error) {
	p := &program{target: t, shell: *c}
	p.shell.Ops, p.shell.Phase = nil, ir.Angle{}
	open := make([]*run, c.Qubits)
	opened := make([]int, c.Qubits) // where the run of a qubit stands in p.ops
	close := func(qubits []int) {
		for _, q := range qubits {
			open[q] = nil
		}
	}
	for i, op := range c.Ops {
		switch op := op.(type) {
		case *ir.Apply:
			switch len(op.Qubits) {
			case 0:
				continue
			case 1:
				q := op.Qubits[0]
				if open[q] == nil {
					open[q] = &run{pre: unit}
					opened[q] = len(p.ops)
					p.ops = append(p.ops, programOp{run: open[q], qubits: op.Qubits})
				}
				open[q].gate(op.Gate, op.Angles)
			case 2:
				row := entanglerOf(op.Gate)
				if row == nil {
					return nil, fmt.Errorf("op %d: %s is left after the translation to native gates", i, op.Gate)
				}
				p.ops = append(p.ops, programOp{gate: op, row: row, qubits: op.Qubits})
				close(op.Qubits)
			default:
				return nil, fmt.Errorf("op %d: %s is left after the translation to native gates", i, op.Gate)
			}
		case *ir.Measure:
			p.ops = append(p.ops, programOp{other: op, qubits: []int{op.Qubit}})
			close([]int{op.Qubit})
		case *ir.Reset:
			p.ops = append(p.ops, programOp{other: op, qubits: []int{op.Qubit}})
			close([]int{op.Qubit})
		case *ir.Barrier:
			p.ops = append(p.ops, programOp{other: op, qubits: op.Qubits})
			close(op.Qubits)
		case *ir.Delay:
			p.ops = append(p.ops, programOp{other: op, qubits: op.Qubits})
			close(op.Qubits)
		case *ir.Assign:
			p.ops = append(p.ops, programOp{other: op})
		case *ir.If, *ir.Switch, *ir.While:
			block := programOp{other: op, qubits: qubitsOf(op)}
			for _, body := range ir.Bodies(op) {
				inner := *c
				inner.Ops = body
				b, err := newProgram(&inner, t)
				if err != nil {
					return nil, err
				}
				block.bodies = append(block.bodies, b)
			}
			p.ops = append(p.ops, block)
			close(block.qubits)
		default:
			return nil, fmt.Errorf("op %d: %s cannot be written in native gates", i, ir.NameOf(op))
		}
	}
	return p, nil
}

// emitter writes native operations.
type emitter struct {
	target *Target
	out    []ir.Op
	wires  []wire
	// One gate of each kind and qubit serves all its occurrences.
	halves, fulls []*ir.Apply
	operands      [][]int
	gates         []ir.Apply // storage
	angles        []ir.Angle
}

// wire is the state of a qubit while operations are written.
type wire struct {
	frame ir.Angle // z rotation still to be done
	fresh bool     // the qubit is in |0>, on which z rotations do nothing
	// after multiplies from the right into the next run: gates that a two-qubit
	// gate brought in range leaves behind.
	after *run
}

// emit writes the program in native gates for values of the symbols; nil leaves
// a kind of symbols as it is.
//
// A run becomes at most two pulses where all its symbols have values: with the
// Euler angles U = Rz(φ)·Ry(θ)·Rz(λ), none for θ = 0, one for θ = π/2 and θ = π
// (where the device has a gate for half a turn), otherwise
// Rz(φ+π)·√X·Rz(θ+π)·√X·Rz(λ) (McKay et al. 2017, eq. 6), or one turn by θ where
// the device has it. Z rotations pass through pulses and gates as a frame of
// the qubit (ibid., eq. 3) and are dropped on |0> and before a measurement.
func (p *program) emit(b binding) (*ir.Circuit, error) {
	c := p.shell
	if b.trained != nil && len(b.trained) != len(c.Trained) {
		return nil, fmt.Errorf("binding %d trained values to a circuit of %d trained symbols", len(b.trained), len(c.Trained))
	}
	if b.data != nil && len(b.data) != len(c.Data) {
		return nil, fmt.Errorf("binding %d data values to a circuit of %d data symbols", len(b.data), len(c.Data))
	}
	n := c.Qubits
	e := &emitter{target: p.target, out: make([]ir.Op, 0, 4*len(p.ops)), wires: make([]wire, n),
		halves: make([]*ir.Apply, n), fulls: make([]*ir.Apply, n), operands: make([][]int, n)}
	index := make([]int, n)
	for q := range n {
		index[q] = q
		e.operands[q] = index[q : q+1 : q+1]
		e.wires[q].fresh = !p.whole
	}
	e.write(p, &b)
	c.Ops = e.out
	if b.trained != nil {
		c.Trained = nil
	}
	if b.data != nil {
		c.Data = nil
	}
	return &c, nil
}

// write writes a program, with nothing left to be done at its end.
func (e *emitter) write(p *program, b *binding) {
	for i := range p.ops {
		op := &p.ops[i]
		switch {
		case op.run != nil:
			e.writeRun(op, b)
		case op.gate != nil:
			e.writeGate(op, b)
		case op.bodies != nil:
			e.writeBlock(op, b)
		default:
			e.writeOther(op)
		}
	}
	for q := range e.wires {
		e.settle(q)
		e.flush(q)
	}
}

// writeBlock writes a block: what waits on its qubits comes before it, and each body ends with
// nothing that waits.
func (e *emitter) writeBlock(op *programOp, b *binding) {
	for _, q := range op.qubits {
		e.settle(q)
		e.flush(q)
		e.wires[q].fresh = false
	}
	out, wires := e.out, e.wires
	bodies := make([][]ir.Op, len(op.bodies))
	for k, body := range op.bodies {
		e.out, e.wires = nil, make([]wire, len(wires))
		e.write(body, b)
		bodies[k] = e.out
	}
	e.out, e.wires = append(out, ir.WithBodies(op.other, bodies)), wires
}

func (e *emitter) writeRun(op *programOp, b *binding) {
	q := op.qubits[0]
	w := &e.wires[q]
	r := op.run
	if w.after != nil {
		joined := run{pre: r.pre.mul(w.after.pre), terms: r.terms}
		r, w.after = &joined, nil
	}
	if r.numeric(b) {
		e.numeric(q, r.value(b))
		return
	}
	bound := r.bind(b)
	e.numeric(q, bound.pre)
	for _, t := range bound.terms {
		e.z(q, t.angle)
		e.numeric(q, t.post)
	}
}

// z turns the frame of a qubit.
func (e *emitter) z(q int, a ir.Angle) {
	w := &e.wires[q]
	if !w.fresh {
		w.frame = w.frame.Add(a)
	}
}

// numeric writes a gate without symbols.
func (e *emitter) numeric(q int, u quaternion) {
	if u.diagonal() {
		e.z(q, ir.Const(2*math.Atan2(u.z, u.w)))
		return
	}
	theta, phi, lambda := u.euler()
	p := e.target.pulses
	switch {
	case p.full.there() && math.Abs(theta-math.Pi) < tiny:
		e.pulse(q, p.full, &e.fulls[q]) // Ry(π) = Rz(π)·X, and Rz(λ) passes as Rz(-λ)
		e.z(q, ir.Const(phi-lambda+math.Pi))
	case math.Abs(theta-quarter) < tiny:
		e.z(q, ir.Const(lambda-quarter))
		e.pulse(q, p.half, &e.halves[q])
		e.z(q, ir.Const(phi+quarter))
	case p.turn.there():
		e.z(q, ir.Const(lambda-quarter))
		e.turn(q, ir.Const(theta))
		e.z(q, ir.Const(phi+quarter))
	default:
		e.z(q, ir.Const(lambda))
		e.pulse(q, p.half, &e.halves[q])
		e.z(q, ir.Const(theta+math.Pi))
		e.pulse(q, p.half, &e.halves[q])
		e.z(q, ir.Const(phi+math.Pi))
	}
}

// pulse writes a pulse of a fixed angle.
func (e *emitter) pulse(q int, p pulse, kept **ir.Apply) {
	w := &e.wires[q]
	if e.target.pulses.framed {
		w.fresh = false
		e.framed(q, p.gate, p.angle, w.frame)
		return
	}
	e.flush(q)
	w.fresh = false
	if *kept == nil {
		*kept = &ir.Apply{Gate: p.gate, Qubits: e.operands[q]}
		if p.angle != 0 {
			(*kept).Angles = ir.Consts(p.angle, 0)[:len(p.gate.Info().Params)]
		}
	}
	e.out = append(e.out, *kept)
}

// turn writes a turn about X of any angle.
func (e *emitter) turn(q int, a ir.Angle) {
	w := &e.wires[q]
	p := e.target.pulses
	if p.framed {
		w.fresh = false
		e.apply(p.turn.gate, e.operands[q], a, e.phaseOf(p.turn.gate, w.frame))
		return
	}
	e.flush(q)
	w.fresh = false
	if len(p.turn.gate.Info().Params) == 2 { // its axis
		e.apply(p.turn.gate, e.operands[q], a, ir.Angle{})
		return
	}
	e.apply(p.turn.gate, e.operands[q], a)
}

// framed writes a pulse about the axis that the frame names.
func (e *emitter) framed(q int, g ir.Gate, angle float64, frame ir.Angle) {
	phase := e.phaseOf(g, frame)
	if len(g.Info().Params) == 2 {
		e.apply(g, e.operands[q], ir.Const(angle), phase)
		return
	}
	e.apply(g, e.operands[q], phase)
}

// phaseOf is the phase of a pulse in a frame, in the units of its gate.
func (e *emitter) phaseOf(g ir.Gate, frame ir.Angle) ir.Angle {
	return inUnits(g, frame.Neg())
}

// inUnits brings an angle in radians into the units of a gate and, where it is a
// number, within half a turn.
func inUnits(g ir.Gate, a ir.Angle) ir.Angle {
	if a.IsConst() {
		a.Const = wrap(a.Const) + 0 // no negative zero
	}
	if g.Info().Turns {
		return a.Scale(1 / (2 * math.Pi))
	}
	return a
}

// flush writes the frame of a qubit as a gate.
func (e *emitter) flush(q int) {
	w := &e.wires[q]
	a := w.frame
	w.frame = ir.Angle{}
	if w.fresh {
		return
	}
	a.Const = wrap(a.Const)
	if a.IsConst() && math.Abs(a.Const) < tiny {
		return
	}
	if !e.target.pulses.framed {
		e.apply(ir.RZ, e.operands[q], a)
		return
	}
	// Two half turns about axes that lie a/2 apart.
	full := e.target.pulses.full
	e.framed(q, full.gate, full.angle, ir.Angle{})
	e.framed(q, full.gate, full.angle, a.Scale(-0.5))
}

// apply appends a gate out of storage that grows in large steps.
func (e *emitter) apply(g ir.Gate, qubits []int, angles ...ir.Angle) {
	if len(e.gates) == cap(e.gates) {
		e.gates = make([]ir.Apply, 0, 512)
	}
	if cap(e.angles)-len(e.angles) < len(angles) {
		e.angles = make([]ir.Angle, 0, 512)
	}
	from := len(e.angles)
	e.angles = append(e.angles, angles...)
	e.gates = append(e.gates, ir.Apply{Gate: g, Angles: e.angles[from:len(e.angles):len(e.angles)], Qubits: qubits})
	e.out = append(e.out, &e.gates[len(e.gates)-1])
}

// writeGate writes a two-qubit gate. Frames pass it where the table says so and
// are written before it otherwise.
func (e *emitter) writeGate(op *programOp, b *binding) {
	gate := op.gate
	var undo [2]quaternion
	gate, undo = e.bring(op, b)
	var moved [2]ir.Angle
	for i, q := range op.qubits {
		w := &e.wires[q]
		if w.after != nil {
			pending := w.after.pre
			w.after = nil
			e.numeric(q, pending)
		}
		f := op.row.z[i]
		if !f.passes {
			e.flush(q)
			continue
		}
		if f.phase >= 0 && !(w.frame.IsConst() && w.frame.Const == 0) {
			shifted := *gate
			shifted.Angles = append([]ir.Angle(nil), gate.Angles...)
			shifted.Angles[f.phase] = wrapTurns(shifted.Angles[f.phase].Sub(w.frame.Scale(1 / (2 * math.Pi))))
			gate = &shifted
		}
		a := w.frame
		w.frame = ir.Angle{}
		if f.sign != 1 {
			a = a.Scale(f.sign)
		}
		moved[f.to] = moved[f.to].Add(a)
	}
	for i, q := range op.qubits {
		w := &e.wires[q]
		w.frame = w.frame.Add(moved[i])
		w.fresh = false
	}
	e.out = append(e.out, gate)
	for i, q := range op.qubits {
		if undo[i] != unit && undo[i] != (quaternion{}) {
			e.wires[q].after = &run{pre: undo[i]}
		}
	}
}

// wrapTurns brings a number of turns within half a turn.
func wrapTurns(a ir.Angle) ir.Angle {
	if a.IsConst() {
		a.Const = math.Remainder(a.Const, 1) + 0
	}
	return a
}

// bring binds the angle of a two-qubit rotation and reduces it to the range of
// the device: with a in the gate's units and h a half turn,
//
//	R(a + 4h) = R(a), R(a + h) = R(a)·(Z⊗Z), R(-a) = (X⊗1)·R(a)·(X⊗1).
//
// What acts before is written at once, what acts behind is returned.
func (e *emitter) bring(op *programOp, b *binding) (*ir.Apply, [2]quaternion) {
	gate := op.gate
	symbolic := false
	for _, a := range gate.Angles {
		symbolic = symbolic || !a.IsConst()
	}
	if symbolic {
		bound := *gate
		bound.Angles = make([]ir.Angle, len(gate.Angles))
		for i, a := range gate.Angles {
			bound.Angles[i] = b.apply(a)
		}
		gate = &bound
	}
	if op.row.rotation == absent || !gate.Angles[0].IsConst() {
		return gate, [2]quaternion{}
	}
	limit, limited := e.target.bounds[gate.Gate]
	x := gate.Angles[0].Const
	if !limited || x >= limit.Min && x <= limit.Max {
		return gate, [2]quaternion{}
	}
	h := math.Pi
	if op.row.perTurn {
		h = 0.5
	}
	undo := [2]quaternion{unit, unit}
	k := math.Round(x / h)
	x -= k * h
	if int64(k)%2 != 0 {
		undo = [2]quaternion{{z: 1}, {z: 1}}
	}
	if x < 0 {
		x = -x
		e.numericBefore(op.qubits[0], quaternion{x: 1})
		undo[0] = undo[0].mul(quaternion{x: 1})
	}
	reduced := *gate
	reduced.Angles = append([]ir.Angle{ir.Const(x)}, gate.Angles[1:]...)
	return &reduced, undo
}

// numericBefore writes a gate, together with what still waits on the qubit.
func (e *emitter) numericBefore(q int, u quaternion) {
	w := &e.wires[q]
	if w.after != nil {
		u = u.mul(w.after.pre)
		w.after = nil
	}
	e.numeric(q, u)
}

func (e *emitter) writeOther(op *programOp) {
	switch op.other.(type) {
	case *ir.Measure:
		q := op.qubits[0]
		e.settle(q)
		e.wires[q].frame = ir.Angle{} // z rotations before a measurement do nothing, nor do they after it
	case *ir.Reset:
		q := op.qubits[0]
		e.wires[q] = wire{fresh: true}
	default:
		for _, q := range op.qubits {
			e.settle(q)
		}
	}
	e.out = append(e.out, op.other)
}

// settle writes what a two-qubit gate left behind on a qubit.
func (e *emitter) settle(q int) {
	if w := &e.wires[q]; w.after != nil {
		u := w.after.pre
		w.after = nil
		e.numeric(q, u)
	}
}
