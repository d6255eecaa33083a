package ir

import "fmt"

// MaxUnitaryQubits bounds the circuits whose unitary is written out.
const MaxUnitaryQubits = 12

// MatrixOf returns the unitary of one gate with its controls, on the order of
// its operands, for values of the symbols.
func (op *Apply) MatrixOf(trained, data []float64) Matrix {
	p := make([]float64, len(op.Angles))
	for i, a := range op.Angles {
		p[i] = a.Value(trained, data)
	}
	return op.Gate.Info().Matrix(p).ControlledBy(op.Controls, op.Open)
}

// ControlledBy returns m controlled by further qubits, which come first. Bit i
// of open marks that the i-th of them acts on 0.
func (m Matrix) ControlledBy(controls int, open uint64) Matrix {
	for i := controls - 1; i >= 0; i-- {
		m = m.Controlled()
		if open>>i&1 == 1 {
			half := m.Dim / 2
			swapped := NewMatrix(m.Dim)
			for r := range m.Dim {
				for c := range m.Dim {
					swapped.A[(r^half)*m.Dim+(c^half)] = m.At(r, c)
				}
			}
			m = swapped
		}
	}
	return m
}

// UnitaryOf returns the 2^n x 2^n matrix of a circuit without measurement,
// reset or classical control, global phase included, for values of its
// symbols. Barriers, delays and assignments to bits are the identity.
func UnitaryOf(c *Circuit, trained, data []float64) (Matrix, error) {
	if c.Qubits > MaxUnitaryQubits {
		return Matrix{}, fmt.Errorf("the unitary of %d qubits is too large to write out, at most %d", c.Qubits, MaxUnitaryQubits)
	}
	dim := 1 << c.Qubits
	out := NewMatrix(dim)
	column := make([]complex128, dim)
	for j := range dim {
		clear(column)
		column[j] = phase(c.Phase.Value(trained, data))
		for i, op := range c.Ops {
			switch op := op.(type) {
			case *Apply:
				ApplyMatrix(column, c.Qubits, op.MatrixOf(trained, data), op.Qubits)
			case *Unitary:
				ApplyMatrix(column, c.Qubits, op.Matrix, op.Qubits)
			case *Barrier, *Delay, *Assign:
			default:
				return Matrix{}, fmt.Errorf("op %d: a circuit with %s has no unitary", i, NameOf(op))
			}
		}
		for i, x := range column {
			out.A[i*dim+j] = x
		}
	}
	return out, nil
}

// Equivalent reports whether two circuits without free symbols are the same
// unitary, global phase included, to within tol in every element. It is the
// oracle of every pass test.
func Equivalent(a, b *Circuit, tol float64) (bool, error) {
	if a.Qubits != b.Qubits {
		return false, nil
	}
	for _, c := range []*Circuit{a, b} {
		if len(c.Trained)+len(c.Data) > 0 {
			return false, fmt.Errorf("circuit %q has free symbols; bind them first", c.Name)
		}
	}
	ua, err := UnitaryOf(a, nil, nil)
	if err != nil {
		return false, err
	}
	ub, err := UnitaryOf(b, nil, nil)
	if err != nil {
		return false, err
	}
	return ua.Distance(ub) <= tol, nil
}

// Inverse returns the circuit that undoes c. Measurement, reset, classical
// control and opaque blocks have no inverse.
func Inverse(c *Circuit) (*Circuit, error) {
	out := *c
	out.Ops = nil
	out.Phase = c.Phase.Neg()
	for i := len(c.Ops) - 1; i >= 0; i-- {
		switch op := c.Ops[i].(type) {
		case *Apply:
			for _, s := range op.Gate.Info().Inverse(op.Angles) {
				qubits := append([]int(nil), op.Qubits[:op.Controls]...)
				for _, q := range s.Qubits {
					qubits = append(qubits, op.Qubits[op.Controls+q])
				}
				out.Ops = append(out.Ops, &Apply{s.Gate, s.Angles, qubits, op.Controls, op.Open})
			}
		case *Unitary:
			out.Ops = append(out.Ops, &Unitary{op.Name + "_inverse", op.Matrix.Adjoint(), op.Qubits})
		case *Barrier, *Delay:
			out.Ops = append(out.Ops, op)
		default:
			return nil, fmt.Errorf("op %d: %s has no inverse", i, NameOf(op))
		}
	}
	return &out, nil
}
