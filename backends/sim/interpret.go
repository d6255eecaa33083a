package sim

import (
	"fmt"
	"math"
	"math/cmplx"
	"math/rand/v2"

	"qgan/ir"
)

// MaxQubits bounds the simulator: 2^26 amplitudes are 1 GiB.
const MaxQubits = 26

// maxSteps bounds the operations of one shot, so that a while loop over bits
// that never change ends with an error.
const maxSteps = 1 << 22

// Interpret applies a circuit without measurement, reset or classical control
// to |0…0>, gate by gate, and returns the 2^n amplitudes, global phase
// included. It is slow and plain: the oracle of the program's tests.
func Interpret(c *ir.Circuit, trained, data []float64) ([]complex128, error) {
	m := machine{c: c, trained: trained, data: data}
	if err := m.start(); err != nil {
		return nil, err
	}
	if err := m.run(c.Ops); err != nil {
		return nil, err
	}
	return m.state, nil
}

// InterpretShot runs any circuit once, gate by gate, drawing the outcomes of its
// measurements, and returns the classical bits of its word: the oracle of Run's tests.
func InterpretShot(c *ir.Circuit, trained, data []float64, rng *rand.Rand) ([]bool, error) {
	m := machine{c: c, trained: trained, data: data, rng: rng}
	if err := m.start(); err != nil {
		return nil, err
	}
	if err := m.run(c.Ops); err != nil {
		return nil, err
	}
	return m.bits[:c.Bits], nil
}

// machine runs one circuit once. Without an rng it refuses what is random.
type machine struct {
	c             *ir.Circuit
	trained, data []float64
	rng           *rand.Rand
	state         []complex128
	bits          []bool
	steps         int
}

func (m *machine) start() error {
	if m.c.Qubits > MaxQubits {
		return fmt.Errorf("circuit %q has %d qubits, the simulator holds at most %d", m.c.Name, m.c.Qubits, MaxQubits)
	}
	if m.state == nil {
		m.state = make([]complex128, 1<<m.c.Qubits)
		m.bits = make([]bool, m.c.AllBits())
	}
	clear(m.state)
	clear(m.bits)
	m.state[0] = cmplx.Exp(complex(0, m.c.Phase.Value(m.trained, m.data)))
	m.steps = 0
	return nil
}

func (m *machine) run(ops []ir.Op) error {
	for _, op := range ops {
		if m.steps++; m.steps > maxSteps {
			return fmt.Errorf("circuit %q ran %d operations without an end", m.c.Name, maxSteps)
		}
		if err := m.step(op); err != nil {
			return err
		}
	}
	return nil
}

func (m *machine) step(op ir.Op) error {
	switch op := op.(type) {
	case *ir.Apply:
		ir.ApplyMatrix(m.state, m.c.Qubits, op.MatrixOf(m.trained, m.data), op.Qubits)
		return nil
	case *ir.Unitary:
		ir.ApplyMatrix(m.state, m.c.Qubits, op.Matrix, op.Qubits)
		return nil
	case *ir.Barrier, *ir.Delay:
		return nil
	}
	if m.rng == nil {
		return fmt.Errorf("circuit %q holds %s, so it has no single final state", m.c.Name, ir.NameOf(op))
	}
	switch op := op.(type) {
	case *ir.Measure:
		one := m.project(op.Qubit)
		if op.Bit >= 0 {
			m.bits[op.Bit] = one
		}
	case *ir.Assign:
		op.Set(m.bits)
	case *ir.Reset:
		if m.project(op.Qubit) {
			ir.ApplyMatrix(m.state, m.c.Qubits, ir.X.Info().Matrix(nil), []int{op.Qubit})
		}
	case *ir.If:
		if op.Cond.Holds(m.bits) {
			return m.run(op.Then)
		}
		return m.run(op.Else)
	case *ir.Switch:
		return m.run(op.Pick(m.bits))
	case *ir.While:
		for op.Cond.Holds(m.bits) {
			if err := m.run(op.Body); err != nil {
				return err
			}
			if m.steps++; m.steps > maxSteps {
				return fmt.Errorf("circuit %q: a while loop ran %d operations without an end", m.c.Name, maxSteps)
			}
		}
	default:
		return fmt.Errorf("circuit %q: the simulator cannot run %s", m.c.Name, ir.NameOf(op))
	}
	return nil
}

// project measures a qubit: it draws the outcome, projects and normalises.
func (m *machine) project(qubit int) bool {
	mask := 1 << (m.c.Qubits - 1 - qubit)
	p1, p0 := 0.0, 0.0
	for i, x := range m.state {
		w := real(x)*real(x) + imag(x)*imag(x)
		if i&mask != 0 {
			p1 += w
		} else {
			p0 += w
		}
	}
	one := m.rng.Float64()*(p0+p1) < p1
	keep, norm := 0, p0
	if one {
		keep, norm = mask, p1
	}
	scale := complex(1/math.Sqrt(norm), 0)
	for i := range m.state {
		if i&mask == keep {
			m.state[i] *= scale
		} else {
			m.state[i] = 0
		}
	}
	return one
}
