package compile

import (
	"fmt"
	"math/rand/v2"

	"qgan/ir"
)

// Twirl returns the circuit with a random Pauli on each operand before every
// two-qubit gate and the Paulis that undo them behind it, merged into the
// one-qubit gates: the same unitary up to phase, in which coherent errors of the
// two-qubit gates become stochastic ones on average (Wallman and Emerson 2016).
// A two-qubit gate that is no Clifford gate is left as it is.
func (r *Result) Twirl(rng *rand.Rand) (*ir.Circuit, error) {
	if r.program == nil {
		return nil, fmt.Errorf("twirling a bound result: twirl before binding")
	}
	paulis := []ir.Gate{ir.ID, ir.X, ir.Y, ir.Z}
	conjugates := map[string]*[16]int{}
	c := r.program.shell
	for _, op := range r.program.ops {
		switch {
		case op.run != nil:
			c.Ops = append(c.Ops, op.run.operations(op.qubits[0])...)
		case op.gate == nil:
			c.Ops = append(c.Ops, op.other)
		default:
			key := op.gate.Gate.String() + fmt.Sprint(op.gate.Angles)
			table, ok := conjugates[key]
			if !ok {
				table = conjugation(op.gate)
				conjugates[key] = table
			}
			if table == nil {
				c.Ops = append(c.Ops, op.gate)
				continue
			}
			before := rng.IntN(16)
			after := table[before]
			for i, q := range op.qubits {
				c.Gate(paulis[before>>(2*(1-i))&3], []int{q})
			}
			c.Ops = append(c.Ops, op.gate)
			for i, q := range op.qubits {
				c.Gate(paulis[after>>(2*(1-i))&3], []int{q})
			}
		}
	}
	p, err := newProgram(&c, r.target)
	if err != nil {
		return nil, err
	}
	out, err := p.emit(binding{})
	if err != nil || !r.options.Schedule && r.options.Decoupling == NoDecoupling {
		return out, err
	}
	return r.target.scheduled(out, r.options.Decoupling)
}

// conjugation finds, for each pair of Paulis P, the pair P' = G·P·G† up to sign;
// nil for a gate that is no Clifford gate or has symbols.
func conjugation(g *ir.Apply) *[16]int {
	if !constant(g.Angles) {
		return nil
	}
	m := g.MatrixOf(nil, nil)
	var pairs [16]ir.Matrix
	paulis := []ir.Matrix{ir.Identity(2), ir.X.Info().Matrix(nil), ir.Y.Info().Matrix(nil), ir.Z.Info().Matrix(nil)}
	for i := range pairs {
		pairs[i] = paulis[i>>2].Kron(paulis[i&3])
	}
	var out [16]int
	for i, p := range pairs {
		image := m.Mul(p).Mul(m.Adjoint())
		found := false
		for j, q := range pairs {
			if image.Distance(q) < tiny || image.Distance(q.Scale(-1)) < tiny {
				out[i], found = j, true
			}
		}
		if !found {
			return nil
		}
	}
	return &out
}

// operations writes a run as gates of the table.
func (r *run) operations(q int) []ir.Op {
	var out []ir.Op
	constant := func(u quaternion) {
		theta, phi, lambda := u.euler()
		out = append(out, &ir.Apply{Gate: ir.U3, Angles: ir.Consts(theta, phi, lambda), Qubits: []int{q}})
	}
	constant(r.pre)
	for _, t := range r.terms {
		out = append(out, &ir.Apply{Gate: ir.RZ, Angles: []ir.Angle{t.angle}, Qubits: []int{q}})
		constant(t.post)
	}
	return out
}
