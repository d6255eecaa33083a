package wide

import (
	"math"
	"math/bits"
	"math/cmplx"

	"qgan/ir"
)

// pauli is i^phase · X^x Z^z on a few qubits, bit j of x and z for qubit j: Y is i·X·Z.
type pauli struct {
	x, z  uint16
	phase int // of i, modulo 4
}

// times returns p·q: moving a Z past an X on the same qubit costs a sign.
func (p pauli) times(q pauli) pauli {
	return pauli{p.x ^ q.x, p.z ^ q.z, (p.phase + q.phase + 2*bits.OnesCount16(p.z&q.x)) & 3}
}

// hermitian returns the string whose letters are X, Y, Z with the sign +.
func hermitian(x, z uint16) pauli { return pauli{x, z, bits.OnesCount16(x&z) & 3} }

// clifford is what a gate on k qubits makes of the Pauli strings on them, U P U†: the bits
// of the images of the generators and the sign of the image of every string, as a polynomial
// over GF(2). Input bit j is X of qubit j, input bit k+j is Z of qubit j.
type clifford struct {
	k     int
	image []pauli  // of the 2k generators
	terms []uint16 // the sign's monomials: sets of input bits whose product is added
}

// maxCliffordQubits bounds the gates whose matrix is looked at.
const maxCliffordQubits = 4

// cliffordOf returns what a unitary makes of Pauli strings; ok is false where it doesn't
// take all of them to Pauli strings.
func cliffordOf(u ir.Matrix, k int) (c *clifford, ok bool) {
	c = &clifford{k: k, image: make([]pauli, 2*k)}
	adjoint := u.Adjoint()
	for g := range 2 * k {
		if c.image[g], ok = pauliOf(u.Mul(matrixOf(generator(g, k), k)).Mul(adjoint), k); !ok {
			return nil, false
		}
	}
	// The sign of every string, then its Möbius transform.
	signs := make([]bool, 1<<(2*k))
	for s := range signs {
		x, z := uint16(s&(1<<k-1)), uint16(s>>k)
		p := pauli{phase: hermitian(x, z).phase}
		for g := range 2 * k {
			if s>>g&1 == 1 {
				p = p.times(c.image[g])
			}
		}
		signs[s] = (p.phase-hermitian(p.x, p.z).phase)&3 == 2
	}
	for g := range 2 * k {
		for s := range signs {
			if s>>g&1 == 1 {
				signs[s] = signs[s] != signs[s^1<<g]
			}
		}
	}
	for s, one := range signs {
		if one {
			c.terms = append(c.terms, uint16(s))
		}
	}
	return c, true
}

// generator returns X of qubit g, or Z of qubit g-k.
func generator(g, k int) pauli {
	if g < k {
		return pauli{x: 1 << g}
	}
	return pauli{z: 1 << (g - k)}
}

// matrixOf returns a string's matrix, qubit 0 the most significant.
func matrixOf(p pauli, k int) ir.Matrix {
	m := ir.NewMatrix(1 << k)
	flip, sign := reversed(p.x, k), reversed(p.z, k)
	for col := range m.Dim {
		v := turn(p.phase)
		if bits.OnesCount(uint(col)&uint(sign))&1 == 1 {
			v = -v
		}
		m.A[(col^flip)*m.Dim+col] = v
	}
	return m
}

// pauliOf reads a Pauli string off its matrix, ok false for any other matrix.
func pauliOf(m ir.Matrix, k int) (p pauli, ok bool) {
	const tolerance = 1e-9
	flip := 0
	for row := range m.Dim {
		if cmplx.Abs(m.At(row, 0)) > 0.5 {
			flip = row
		}
	}
	first := m.At(flip, 0)
	sign := 0
	for j := range k {
		col := 1 << j
		if real(m.At(col^flip, col)*cmplx.Conj(first)) < 0 {
			sign |= col
		}
	}
	p = pauli{x: uint16(reversed(uint16(flip), k)), z: uint16(reversed(uint16(sign), k))}
	for phase := range 4 {
		if cmplx.Abs(turn(phase)-first) < tolerance {
			p.phase = phase
			return p, matrixOf(p, k).Distance(m) < tolerance
		}
	}
	return p, false
}

// reversed turns a mask whose bit 0 is qubit 0 into one whose most significant bit is, or
// back.
func reversed(mask uint16, k int) int { return int(bits.Reverse16(mask) >> (16 - k)) }

// turn returns i^phase.
func turn(phase int) complex128 {
	return [4]complex128{1, 1i, -1, -1i}[phase&3]
}

// gateKey names a gate whose angles have values.
type gateKey struct {
	gate     ir.Gate
	controls int
	open     uint64
	angles   [4]float64
}

// cliffords finds the Clifford of each gate, once.
type cliffords struct {
	trained, data []float64
	known         map[gateKey]*clifford // nil: it is none
}

// of returns the Clifford that a gate or an operator is, nil where it is none.
func (f *cliffords) of(op ir.Op) *clifford {
	switch op := op.(type) {
	case *ir.Unitary:
		c, _ := small(op.Matrix, len(op.Qubits))
		return c
	case *ir.Apply:
		key := gateKey{op.Gate, op.Controls, op.Open, [4]float64{}}
		if len(op.Angles) > len(key.angles) || len(op.Qubits) > maxCliffordQubits {
			return nil
		}
		for i, a := range op.Angles {
			key.angles[i] = a.Value(f.trained, f.data)
			if math.IsNaN(key.angles[i]) { // never equal to itself
				return nil
			}
		}
		c, known := f.known[key]
		if !known {
			c, _ = small(op.MatrixOf(f.trained, f.data), len(op.Qubits))
			if f.known == nil {
				f.known = map[gateKey]*clifford{}
			}
			f.known[key] = c
		}
		return c
	}
	return nil
}

// small is cliffordOf for few qubits. A phase alone changes no string.
func small(m ir.Matrix, k int) (*clifford, bool) {
	if k > maxCliffordQubits {
		return nil, false
	}
	return cliffordOf(m, k)
}
