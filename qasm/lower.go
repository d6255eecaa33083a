package qasm

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"qgan/ir"
)

// lowering turns a circuit into one of which every operation has a statement in
// the dialect.
type lowering struct {
	d        *dialect
	bits     []register
	body     bool // inside a gate definition: only gates with a spelling
	refusals []error
	measured map[int]bool
	read     map[int]bool // qubits that have been measured
	qubits   int          // of the circuit
	spare    int          // the first bit for outcomes that are thrown away
	kept     int          // of these, bits that keep an old value
	dropped  []string     // what is left out, beside global phase
	phases   bool         // a global phase inside a block was left out
	verbatim bool         // boxes that are run as they are written stay
	written  int          // operations that stand in several places
}

func newLowering(d *dialect, c *ir.Circuit, qubits, bits []register) *lowering {
	physical := len(qubits) > 0 && qubits[0].size == 0
	return &lowering{d: d, bits: bits, measured: map[int]bool{}, read: map[int]bool{}, qubits: c.Qubits, spare: c.AllBits(), verbatim: d.verbatim && physical}
}

// leaveOut notes what is left out.
func (l *lowering) leaveOut(what string) { l.dropped = append(l.dropped, what) }

func (l *lowering) refuse(where, hint, format string, args ...any) {
	for _, err := range l.refusals {
		if r := new(Refusal); hint != "" && errors.As(err, &r) && r.Hint == hint {
			r.More++
			return
		}
	}
	l.refusals = append(l.refusals, &Refusal{Dialect: l.d.name, Where: where, Construct: fmt.Sprintf(format, args...), Hint: hint})
}

// ops lowers a list of operations. It returns the global phase that they leave
// beside, which Apply operations of gphase and decompositions contribute to.
func (l *lowering) ops(ops []ir.Op, path string) (out []ir.Op, phase ir.Angle) {
	var open []int // see opaque
	for i, op := range ops {
		where := fmt.Sprintf("%s %d", path, i)
		switch op := op.(type) {
		case *ir.Apply:
			out = l.apply(out, &phase, op, where)
		case *ir.Unitary:
			l.refuse(where, "replace it by gates of the table", "the unitary matrix %q on %d qubits", op.Name, len(op.Qubits))
		case *ir.Measure:
			out = l.measure(out, op, where)
		case *ir.Reset:
			if l.d.middle == refuse {
				l.refuse(where, "", "reset")
			} else {
				out = append(out, op)
			}
		case *ir.Barrier:
			if l.d.barrier == keep {
				out = append(out, op)
			} else {
				l.leaveOut("barrier")
			}
		case *ir.Delay:
			switch {
			case len(op.Qubits) == 0:
			case l.d.assemble != nil && l.d.delay == keep && op.Unit == "dt":
				l.refuse(where, "give it in ns", "a delay in dt")
			case l.d.delay == keep && op.Unit == "dt" && op.Duration != math.Trunc(op.Duration):
				l.refuse(where, "give it in ns", "a delay of %g dt, which is no whole number,", op.Duration)
			case l.d.delay == keep:
				out = append(out, op)
			default:
				l.leaveOut("delay")
			}
		case *ir.Assign:
			out = l.assign(out, op, where)
		case *ir.If:
			out = l.branch(out, op, where)
		case *ir.While:
			out = l.loop(out, op, where)
		case *ir.Switch:
			out = l.choose(out, op, where)
		case *ir.Opaque:
			out = l.opaque(out, &open, ops, i)
		default:
			l.refuse(where, "", "%s", ir.NameOf(op))
		}
	}
	if len(open) > 0 {
		l.refuse(path, "", "a box without an end")
	}
	return out, phase
}

// apply appends a gate, or what it decomposes into. Every step of the
// decomposition keeps the controls, so that a global phase under a control is
// kept as well.
func (l *lowering) apply(out []ir.Op, phase *ir.Angle, op *ir.Apply, where string) []ir.Op {
	name := "gate " + op.Gate.String()
	if l.d.middle == refuse && slices.ContainsFunc(op.Qubits, func(q int) bool { return l.read[q] }) {
		l.refuse(where, "measure at the end", "%s after a measurement of its qubit", name)
		return out
	}
	if l.d.only && !l.body && (op.Controls > 0 || !slices.Contains(l.d.native, op.Gate)) {
		if op.Gate == ir.GPhase && op.Controls == 0 {
			*phase = phase.Add(op.Angles[0])
			return out
		}
		l.refuse(where, "compile the circuit for the device first (compile)", "%s, which is not native,", name)
		return out
	}
	if op.Controls > 0 && !l.d.controls {
		for _, k := range ir.WithoutControls(op, ir.Spare{Borrowed: l.beside(op)}) {
			out = l.apply(out, phase, k, where)
		}
		return out
	}
	for _, a := range op.Angles {
		if !l.angle(a, name, where) {
			return out
		}
	}
	if op.Gate == ir.GPhase && op.Controls == 0 {
		*phase = phase.Add(op.Angles[0])
		return out
	}
	if l.direct(op) {
		return append(out, op)
	}
	decompose := op.Gate.Info().Decompose
	if decompose == nil {
		l.refuse(where, "", "%s", name)
		return out
	}
	for _, s := range decompose(op.Angles) {
		qubits := append([]int(nil), op.Qubits[:op.Controls]...)
		for _, q := range s.Qubits {
			qubits = append(qubits, op.Qubits[op.Controls+q])
		}
		out = l.apply(out, phase, &ir.Apply{Gate: s.Gate, Angles: s.Angles, Qubits: qubits, Controls: op.Controls, Open: op.Open}, where)
	}
	return out
}

// beside lists the qubits that are not part of a gate.
func (l *lowering) beside(op *ir.Apply) (rest []int) {
	for q := range l.qubits {
		if !slices.Contains(op.Qubits, q) {
			rest = append(rest, q)
		}
	}
	return rest
}

func (l *lowering) direct(op *ir.Apply) bool {
	if l.body && l.d.spelling(op.Gate) == "" {
		return false
	}
	return l.d.direct(op.Gate, op.Controls)
}

// angle reports whether the dialect has a text for an angle.
func (l *lowering) angle(a ir.Angle, name, where string) bool {
	finite := !math.IsInf(a.Const, 0) && !math.IsNaN(a.Const)
	for _, t := range a.Terms {
		finite = finite && !math.IsInf(t.Coef, 0) && !math.IsNaN(t.Coef)
		switch {
		case l.body:
		case !l.d.inputs:
			l.refuse(where, "bind all symbols first", "%s with a free symbol", name)
			return false
		case t.Trained != ir.None && t.Data != ir.None: // linear expressions are what readers share
			l.refuse(where, "bind the trained symbols first", "%s with the product of a trained and a data symbol", name)
			return false
		}
	}
	if !finite {
		l.refuse(where, "", "%s with an angle that is out of range", name)
	}
	return finite
}

func (l *lowering) measure(out []ir.Op, op *ir.Measure, where string) []ir.Op {
	l.read[op.Qubit] = true
	switch {
	case op.Bit < 0: // readers want a bit: it gets one that the reader of a comment forgets
		l.spare++
		return append(out, &ir.Measure{Qubit: op.Qubit, Bit: l.spare - 1})
	case l.measured[op.Bit] && !l.d.rewrite:
		l.refuse(where, "measure into another bit", "a second measurement into bit %d", op.Bit)
		return out
	}
	l.measured[op.Bit] = true
	return append(out, op)
}

// block lowers the body of an if or while. Its global phase is written last.
func (l *lowering) block(ops []ir.Op, path string) []ir.Op {
	out, phase := l.ops(ops, path)
	if phase.IsZero() {
		return out
	}
	if !l.d.gphase {
		l.phases = true
		return out
	}
	return append(out, &ir.Apply{Gate: ir.GPhase, Angles: []ir.Angle{phase}})
}

// assign lowers an assignment to those of single bits, one after the other, in an order in which
// none is computed from one that is set already. Where there is none, a further bit keeps an old
// value.
func (l *lowering) assign(out []ir.Op, op *ir.Assign, where string) []ir.Op {
	if !l.d.assigns {
		l.refuse(where, "use the dialect spec", "an assignment to bits")
		return out
	}
	left := &ir.Assign{Bits: slices.Clone(op.Bits), Values: slices.Clone(op.Values)}
	for len(left.Bits) > 0 {
		next := slices.IndexFunc(left.Bits, func(b int) bool {
			return !slices.ContainsFunc(left.Values, func(v ir.Cond) bool { return slices.Contains(ir.CondBits(v), b) })
		})
		if next < 0 { // but for itself, perhaps
			next = slices.IndexFunc(left.Bits, func(b int) bool {
				for i, v := range left.Values {
					if left.Bits[i] != b && slices.Contains(ir.CondBits(v), b) {
						return false
					}
				}
				return true
			})
		}
		if next < 0 {
			next = 0
			out = append(out, &ir.Assign{Bits: []int{l.spare}, Values: []ir.Cond{ir.BitSet(left.Bits[0])}})
			values := ir.Renumber([]ir.Op{&ir.Assign{Values: left.Values[1:]}}, func(q int) int { return q }, func(b int) int {
				if b == left.Bits[0] {
					return l.spare
				}
				return b
			})[0].(*ir.Assign).Values
			left.Values = append(left.Values[:1:1], values...)
			l.spare++
			l.kept++
		}
		out = append(out, &ir.Assign{Bits: []int{left.Bits[next]}, Values: []ir.Cond{left.Values[next]}})
		left.Bits, left.Values = slices.Delete(left.Bits, next, next+1), slices.Delete(left.Values, next, next+1)
	}
	return out
}

func (l *lowering) branch(out []ir.Op, op *ir.If, where string) []ir.Op {
	if l.d.conditional {
		return l.conditional(out, op, ir.CondBits(op.Cond), "if", where)
	}
	if !l.d.blocks {
		l.refuse(where, "use the dialect qiskit", "if")
		return out
	}
	cond, ok := l.condition(op.Cond)
	if l.d.assigns && (!ok || cond.negated || len(cond.atoms) != 1) {
		then, other := l.block(op.Then, where+" then"), l.block(op.Else, where+" else")
		return append(out, &ir.If{Cond: op.Cond, Then: then, Else: other})
	}
	if !ok {
		return l.tree(out, op, where)
	}
	then, other := l.block(op.Then, where+" then"), l.block(op.Else, where+" else")
	if cond.negated {
		then, other = other, then
	}
	if !l.repeat(other, len(cond.atoms)-1, where) {
		return out
	}
	// Comparisons are nested; what runs where one fails stands at each of them.
	for i := len(cond.atoms) - 1; i >= 0; i-- {
		then = []ir.Op{&ir.If{Cond: cond.atoms[i], Then: then, Else: other}}
	}
	return append(out, then...)
}

func (l *lowering) loop(out []ir.Op, op *ir.While, where string) []ir.Op {
	if !l.d.blocks {
		l.refuse(where, "use the dialect qiskit, or write the repetitions out", "while")
		return out
	}
	any, ok := l.alternatives(op.Cond)
	if l.d.assigns && (!ok || len(any) != 1) {
		return append(out, &ir.While{Cond: op.Cond, Body: l.block(op.Body, where+" body")})
	}
	if !ok {
		l.refuse(where, "compare one bit, or a whole register with ==", "while with this condition")
		return out
	}
	body := l.block(op.Body, where+" body")
	if !l.repeat(body, 1<<len(any)-2, where) {
		return out
	}
	// while (a or b) B is while (a) B and then while (b) { B, while (a) B }.
	var loops []ir.Op
	for _, a := range any {
		loops = append(loops, &ir.While{Cond: a, Body: slices.Concat(body, loops)})
	}
	return append(out, loops...)
}

// repeat reports whether there is room for so many further copies of operations.
func (l *lowering) repeat(ops []ir.Op, copies int, where string) bool {
	if copies <= 0 {
		return true
	}
	n := 1
	ir.Walk(ops, func(ir.Op) error {
		n++
		return nil
	})
	if l.written += n * copies; l.written > maxWork {
		l.refuse(where, "simplify its condition", "a block that becomes more than %d operations", maxWork)
		return false
	}
	return true
}

// choose lowers a switch to comparisons, one after the other.
func (l *lowering) choose(out []ir.Op, op *ir.Switch, where string) []ir.Op {
	if l.d.conditional {
		return l.conditional(out, op, op.Bits, "switch", where)
	}
	if !l.d.blocks {
		l.refuse(where, "use the dialect qiskit", "switch")
		return out
	}
	rest := op.Default
	for i := len(op.Cases) - 1; i >= 0; i-- {
		any := make(ir.Any, len(op.Cases[i].Values))
		for k, v := range op.Cases[i].Values {
			any[k] = ir.Compare{Bits: op.Bits, Rel: ir.Equal, Value: v}
		}
		var cond ir.Cond = any
		if len(any) == 1 {
			cond = any[0]
		}
		rest = []ir.Op{&ir.If{Cond: cond, Then: op.Cases[i].Body, Else: rest}}
	}
	lowered, phase := l.ops(rest, where)
	if !phase.IsZero() {
		l.phases = true
	}
	return append(out, lowered...)
}

// maxTreeBits bounds the conditions that are written as trees of comparisons.
const maxTreeBits = 8

// tree lowers an if with any condition to comparisons of one bit in each other.
func (l *lowering) tree(out []ir.Op, op *ir.If, where string) []ir.Op {
	read := ir.CondBits(op.Cond)
	if len(read) > maxTreeBits {
		l.refuse(where, "compare fewer bits, or a whole register with ==", "if with this condition")
		return out
	}
	then, other := l.block(op.Then, where+" then"), l.block(op.Else, where+" else")
	if !l.repeat(slices.Concat(then, other), 1<<len(read), where) {
		return out
	}
	values := make([]bool, slices.Max(append([]int{0}, read...))+1)
	// decide returns the operations for the bits from k on, and 1 or 0 where the
	// condition does not depend on them, -1 where it does.
	var decide func(k int) ([]ir.Op, int)
	decide = func(k int) ([]ir.Op, int) {
		if k == len(read) {
			if op.Cond.Holds(values) {
				return then, 1
			}
			return other, 0
		}
		values[read[k]] = true
		one, a := decide(k + 1)
		values[read[k]] = false
		zero, b := decide(k + 1)
		if a == b && a >= 0 {
			return one, a
		}
		return []ir.Op{&ir.If{Cond: bitIs(read[k], true), Then: one, Else: zero}}, -1
	}
	ops, _ := decide(0)
	return append(out, ops...)
}
