package ir

// Readout returns for each classical bit the measurement that it holds at the end, the last
// one that writes it; nil for a bit that nothing is read into. Measurements within classical
// control are not among them: whether they happen is not known beforehand.
func (c *Circuit) Readout() []*Measure {
	out := make([]*Measure, c.Bits)
	for _, op := range c.Ops {
		if m, ok := op.(*Measure); ok && m.Bit >= 0 && m.Bit < c.Bits {
			out[m.Bit] = m
		}
	}
	return out
}

// Gates returns the gates and operators of a circuit that come before its measurements: a
// circuit without bits. ok is false where something else happens to a qubit after it was
// measured, and where the circuit holds anything but gates, operators, barriers, delays and
// measurements.
func (c *Circuit) Gates() (gates *Circuit, ok bool) {
	out := *c
	out.Ops, out.Bits, out.Hidden, out.BitRegs = nil, 0, 0, nil
	measured := make([]bool, c.Qubits)
	for _, op := range c.Ops {
		switch op := op.(type) {
		case *Measure:
			measured[op.Qubit] = true
		case *Apply, *Unitary:
			for _, q := range ActsOn(op) {
				if measured[q] {
					return nil, false
				}
			}
			out.Ops = append(out.Ops, op)
		case *Barrier, *Delay:
		default:
			return nil, false
		}
	}
	return &out, true
}
