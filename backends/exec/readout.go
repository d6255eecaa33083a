package exec

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"qgan/backends"
	"qgan/calibration"
	"qgan/ir"
	"qgan/ir/compile"
)

// readout is what a circuit measures: the bits in ascending order, the qubits that
// they are read from, and these by their physical numbers.
type readout struct {
	circuit                *ir.Circuit
	bits, qubits, physical []int
	last                   []ir.Op // the measurement of each bit
	again                  int     // a qubit that something happens to after it was measured, or -1
}

// readoutOf finds what a circuit measures. Readout errors of outcomes that steer the
// circuit can't be taken out afterwards, so classical control is refused.
func readoutOf(c *ir.Circuit) (*readout, error) {
	r := &readout{circuit: c, again: -1}
	measured := map[int]bool{} // qubits
	touch := func(qubits ...int) {
		for _, q := range qubits {
			if measured[q] {
				r.again = q
			}
		}
	}
	for _, op := range c.Ops {
		switch op := op.(type) {
		case *ir.Measure:
			touch(op.Qubit)
			if op.Bit >= 0 {
				measured[op.Qubit] = true
			}
		case *ir.Apply:
			touch(op.Qubits...)
		case *ir.Unitary:
			touch(op.Qubits...)
		case *ir.Reset:
			touch(op.Qubit)
		case *ir.Opaque:
			touch(op.Qubits...)
		case *ir.Assign, *ir.If, *ir.While, *ir.Switch:
			return nil, backends.Refuse("circuit %q depends on its own outcomes, from which readout errors can't be taken out afterwards", c.Name)
		}
	}
	probe := *c
	probe.Ops = nil
	for bit, m := range c.Readout() {
		if m != nil {
			r.bits, r.qubits, r.last = append(r.bits, bit), append(r.qubits, m.Qubit), append(r.last, m)
			probe.Ops = append(probe.Ops, m)
		}
	}
	switch {
	case len(r.bits) == 0:
		return nil, backends.Refuse("circuit %q measures nothing, so it has no shots", c.Name)
	case c.Bits > 64:
		return nil, backends.Refuse("circuit %q has %d bits, outcomes hold at most 64", c.Name, c.Bits)
	}
	onDevice, err := ir.Physical(&probe)
	if err != nil {
		return nil, err
	}
	for _, op := range onDevice.Ops {
		r.physical = append(r.physical, op.(*ir.Measure).Qubit)
	}
	return r, nil
}

// twirlable reports a readout that can't be prepared or twirled as it is: each qubit
// has to be measured once, at its end.
func (r *readout) twirlable() error {
	if r.again >= 0 {
		return backends.Refuse("something happens to qubit %d after it was measured: its readout is neither calibrated nor twirled, take the device's figures", r.again)
	}
	return nil
}

// twirled returns the circuit with the qubits of a mask flipped before they are
// measured.
func (r *readout) twirled(mask uint64, flips calibration.ReadoutCircuits) *ir.Circuit {
	c := *r.circuit
	c.Ops = nil
	for _, op := range r.circuit.Ops {
		if i := slices.Index(r.last, op); i >= 0 && mask>>(len(r.bits)-1-i)&1 == 1 {
			c.Ops = append(c.Ops, flips.Flips(r.qubits[i])...)
		}
		c.Ops = append(c.Ops, op)
	}
	return &c
}

// word puts a word of the measured bits into one of all bits.
func (r *readout) word(of uint64) (word uint64) {
	for i, bit := range r.bits {
		word |= of >> (len(r.bits) - 1 - i) & 1 << (r.circuit.Bits - 1 - bit)
	}
	return word
}

// histogram takes the measured bits out of words of all bits.
func (r *readout) histogram(counts []backends.Count) calibration.Histogram {
	h := calibration.Histogram{Bits: len(r.bits)}
	for _, c := range counts {
		var w uint64
		for _, bit := range r.bits {
			w = w<<1 | c.Word>>(r.circuit.Bits-1-bit)&1
		}
		h.Words, h.N = append(h.Words, w), append(h.N, c.N)
	}
	return h
}

// fill writes weights to an outcome, whose counts then list all words that have one.
func (r *readout) fill(o *backends.Outcome, q *calibration.Quasi) {
	seen := map[uint64]int{}
	for _, c := range o.Counts {
		seen[c.Word] = c.N
	}
	counts, weights, variances := []backends.Count{}, []float64{}, []float64{}
	for i, w := range q.Words {
		word := r.word(w)
		counts = append(counts, backends.Count{Word: word, N: seen[word]})
		weights, variances = append(weights, q.Weights[i]), append(variances, q.Variances[i])
		delete(seen, word)
	}
	for _, c := range o.Counts {
		if _, left := seen[c.Word]; left {
			counts, weights, variances = append(counts, c), append(weights, 0), append(variances, 0)
		}
	}
	o.Counts, o.Weights, o.Variances, o.Overhead = counts, weights, variances, q.Overhead
	sortOutcome(o)
}

// sortOutcome sorts counts by their words, and weights and variances with them.
func sortOutcome(o *backends.Outcome) {
	order := make([]int, len(o.Counts))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(i, j int) int { return cmp.Compare(o.Counts[i].Word, o.Counts[j].Word) })
	counts := make([]backends.Count, len(order))
	var weights, variances []float64
	for to, from := range order {
		counts[to] = o.Counts[from]
		if o.Weights != nil {
			weights = append(weights, o.Weights[from])
		}
		if o.Variances != nil {
			variances = append(variances, o.Variances[from])
		}
	}
	o.Counts, o.Weights, o.Variances = counts, weights, variances
}

// Mapped returns an outcome with its words mapped, by the map of a folded readout or
// its inverse; nil leaves it as it is. Weights stay with their words, so outcomes are
// mitigated as they were measured and mapped after. Words have to stay different.
func Mapped(o backends.Outcome, a *compile.Affine) (backends.Outcome, error) {
	if a == nil {
		return o, nil
	}
	if _, err := a.Inverse(); err != nil {
		return o, err
	}
	counts, words := make([]backends.Count, len(o.Counts)), make([]uint64, len(o.Words))
	for i, c := range o.Counts {
		counts[i] = backends.Count{Word: a.Word(c.Word), N: c.N}
	}
	for i, w := range o.Words {
		words[i] = a.Word(w)
	}
	if o.Counts = counts; o.Words != nil {
		o.Words = words
	}
	sortOutcome(&o)
	return o, nil
}

// unreadable is a refusal with the names of the qubits.
type unreadable struct {
	*calibration.NotInvertible
	text string
}

func (u *unreadable) Error() string { return u.text }
func (u *unreadable) Unwrap() error { return u.NotInvertible }

// named names the qubits of bits whose errors can't be undone.
func (r *readout) named(err error) error {
	var refused *calibration.NotInvertible
	if !errors.As(err, &refused) {
		return fmt.Errorf("circuit %q: taking out its readout errors: %w", r.circuit.Name, err)
	}
	return &unreadable{refused, refused.Describe(func(bit int) string {
		return fmt.Sprintf("qubit %d (bit %d)", r.physical[bit], r.bits[bit])
	})}
}
