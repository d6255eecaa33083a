package qasm

import "qgan/ir"

// memory hands out what large circuits are made of in slabs, which a circuit
// keeps as a whole.
type memory struct {
	applies  []ir.Apply
	measures []ir.Measure
	ints     []int
	angles   []ir.Angle
}

const slab = 256

func (m *memory) apply() *ir.Apply {
	if len(m.applies) == 0 {
		m.applies = make([]ir.Apply, slab)
	}
	a := &m.applies[0]
	m.applies = m.applies[1:]
	return a
}

func (m *memory) measure(qubit, bit int) *ir.Measure {
	if len(m.measures) == 0 {
		m.measures = make([]ir.Measure, slab)
	}
	a := &m.measures[0]
	m.measures = m.measures[1:]
	a.Qubit, a.Bit = qubit, bit
	return a
}

func (m *memory) qubits(n int) []int {
	if len(m.ints) < n {
		m.ints = make([]int, max(2*slab, n))
	}
	out := m.ints[:n:n]
	m.ints = m.ints[n:]
	return out
}

func (m *memory) params(n int) []ir.Angle {
	if n == 0 {
		return nil
	}
	if len(m.angles) < n {
		m.angles = make([]ir.Angle, max(slab, n))
	}
	out := m.angles[:n:n]
	m.angles = m.angles[n:]
	return out
}
