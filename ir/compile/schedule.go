package compile

import (
	"fmt"
	"math"

	"qgan/ir"
)

// clock counts time in ticks: the sample time of the device times its
// granularity, or nanoseconds where it is not known.
type clock struct {
	tick float64 // seconds
	unit string
	per  float64 // units of a delay in a tick
}

func (t *Target) clock() clock {
	if t.SampleTime > 0 {
		g := float64(max(1, t.Granularity))
		return clock{t.SampleTime * g, "dt", g}
	}
	return clock{1e-9, "ns", 1}
}

// ticks rounds a time up.
func (k clock) ticks(seconds float64) int64 { return int64(math.Ceil(seconds/k.tick - 1e-6)) }

func (k clock) delay(ticks int64, q int) *ir.Delay {
	return &ir.Delay{Duration: float64(ticks) * k.per, Unit: k.unit, Qubits: []int{q}}
}

// durationOf is how long an operation takes.
func (t *Target) durationOf(op ir.Op) (float64, error) {
	switch op := op.(type) {
	case *ir.Apply:
		if len(op.Qubits) == 2 {
			e, _ := t.EdgeOf(op)
			return e.Duration, nil
		}
		if op.Gate == ir.RZ && !t.pulses.framed {
			return 0, nil
		}
		return t.Qubits[op.Qubits[0]].Duration, nil
	case *ir.Measure:
		return t.Qubits[op.Qubit].ReadoutTime, nil
	case *ir.If, *ir.Switch, *ir.While: // once through the longest of its bodies
		longest := 0.0
		for _, body := range ir.Bodies(op) {
			free := map[int]float64{}
			for _, inner := range body {
				s, err := t.durationOf(inner)
				if err != nil {
					return 0, err
				}
				start := 0.0
				for _, q := range qubitsOf(inner) {
					start = max(start, free[q])
				}
				for _, q := range qubitsOf(inner) {
					free[q] = start + s
				}
				longest = max(longest, start+s)
			}
		}
		return longest, nil
	case *ir.Delay:
		s, ok := op.Seconds(t.SampleTime)
		if !ok {
			return 0, fmt.Errorf("a delay in dt, and the sample time of %s is not known; give it in ns, or the device's configuration", t.Name)
		}
		return s, nil
	}
	return 0, nil
}

// scheduled writes each operation as late as it can run without making the whole
// longer, with delays between. Before its first operation a qubit is in |0> and
// needs none. Waits that are long enough are filled with a decoupling sequence; a delay of
// the program is part of the wait that it stands in, but for one at either end of a qubit.
func (t *Target) scheduled(c *ir.Circuit, d Decoupling) (*ir.Circuit, error) {
	k := t.clock()
	ticks, start := make([]int64, len(c.Ops)), make([]int64, len(c.Ops))
	for i, op := range c.Ops {
		s, err := t.durationOf(op)
		if err != nil {
			return nil, fmt.Errorf("op %d: %w", i, err)
		}
		ticks[i] = k.ticks(s)
		if a, ok := op.(*ir.Apply); ok && len(a.Qubits) == 2 && s == 0 {
			return nil, fmt.Errorf("op %d: the duration of %s on %s-%s of %s is not known, so nothing can be scheduled", i, a.Gate, t.Labels[a.Qubits[0]], t.Labels[a.Qubits[1]], t.Name)
		}
	}
	// From the end: times count backwards from it.
	free := make([]int64, c.Qubits+c.AllBits())
	for i := len(c.Ops) - 1; i >= 0; i-- {
		end := int64(0)
		for _, q := range ir.Wires(c.Ops[i], c.Qubits) {
			end = max(end, free[q])
		}
		start[i] = end + ticks[i]
		for _, q := range ir.Wires(c.Ops[i], c.Qubits) {
			free[q] = start[i]
		}
	}
	out := *c
	out.Ops = make([]ir.Op, 0, 2*len(c.Ops))
	at := make([]int64, c.Qubits) // what the qubit is free from, backwards; -1: not begun
	for q := range at {
		at[q] = -1
	}
	waits := make([]int64, c.Qubits) // until when a delay of the program lasts that is not written yet; 0: none is
	for i, op := range c.Ops {
		if w, ok := op.(*ir.Delay); ok && d != NoDecoupling {
			for _, q := range w.Qubits {
				end := start[i] - ticks[i]
				if at[q] >= 0 {
					waits[q] = end + 1
					continue
				}
				out.Ops = append(out.Ops, k.delay(ticks[i], q))
				at[q] = end
			}
			continue
		}
		for _, q := range qubitsOf(op) {
			waits[q] = 0
			if gap := at[q] - start[i]; at[q] >= 0 && gap > 0 {
				out.Ops = t.fill(out.Ops, k, gap, q, d)
			}
			at[q] = start[i] - ticks[i]
		}
		out.Ops = append(out.Ops, op)
	}
	for q, end := range waits {
		if gap := at[q] - (end - 1); end > 0 && gap > 0 {
			out.Ops = append(out.Ops, k.delay(gap, q))
		}
	}
	return &out, nil
}

// fill writes a delay, or a decoupling sequence of the same length: pulses that
// are the identity together, with half as long a pause before the first and
// behind the last as between two (Carr and Purcell 1954; Maudsley 1986 for xy4).
func (t *Target) fill(ops []ir.Op, k clock, gap int64, q int, d Decoupling) []ir.Op {
	axes := map[Decoupling][]float64{DecoupleXX: {0, 0}, DecoupleXY4: {0, quarter, 0, quarter}}[d]
	n := int64(len(axes))
	length := k.ticks(t.Qubits[q].Duration)
	if !t.pulses.full.there() {
		length *= 2
	}
	pause := gap - n*length
	// Shorter gaps would be more pulse than pause.
	if n == 0 || length == 0 || pause < n*length || pause < 2*n {
		return append(ops, k.delay(gap, q))
	}
	before := int64(0)
	for i, axis := range axes {
		// The pauses end at these times, so that rounding never adds up.
		end := pause * (2*int64(i) + 1) / (2 * n)
		ops = append(ops, k.delay(end-before, q))
		before = end
		ops = t.halfTurn(ops, q, axis)
	}
	return append(ops, k.delay(pause-before, q))
}

// halfTurn writes a half turn about the axis at an angle in the X-Y plane.
func (t *Target) halfTurn(ops []ir.Op, q int, axis float64) []ir.Op {
	e := &emitter{target: t, wires: make([]wire, q+1), operands: make([][]int, q+1), out: ops}
	e.operands[q] = []int{q}
	e.z(q, ir.Const(-axis))
	if t.pulses.full.there() {
		e.pulse(q, t.pulses.full, new(*ir.Apply))
	} else {
		e.pulse(q, t.pulses.half, new(*ir.Apply))
		e.pulse(q, t.pulses.half, new(*ir.Apply))
	}
	if !t.pulses.framed {
		e.z(q, ir.Const(axis))
		e.flush(q)
	}
	return e.out
}
