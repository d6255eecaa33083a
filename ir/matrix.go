package ir

import (
	"fmt"
	"math"
	"math/cmplx"
	"math/rand/v2"
)

// Matrix is a square complex matrix, row by row. Dim is its order, 2^k for an
// operator on k qubits.
type Matrix struct {
	Dim int
	A   []complex128
}

// NewMatrix returns the zero matrix of that order.
func NewMatrix(dim int) Matrix { return Matrix{dim, make([]complex128, dim*dim)} }

// Identity returns the unit matrix of that order.
func Identity(dim int) Matrix {
	m := NewMatrix(dim)
	for i := range dim {
		m.A[i*dim+i] = 1
	}
	return m
}

func matrixOf(a ...complex128) Matrix {
	dim := int(math.Round(math.Sqrt(float64(len(a)))))
	return Matrix{dim, a}
}

func diagonal(d ...complex128) Matrix {
	m := NewMatrix(len(d))
	for i, x := range d {
		m.A[i*len(d)+i] = x
	}
	return m
}

// At returns the element in row i and column j.
func (m Matrix) At(i, j int) complex128 { return m.A[i*m.Dim+j] }

// Mul returns the product m·b.
func (m Matrix) Mul(b Matrix) Matrix {
	out := NewMatrix(m.Dim)
	for i := range m.Dim {
		for k := range m.Dim {
			x := m.At(i, k)
			if x == 0 {
				continue
			}
			for j := range m.Dim {
				out.A[i*m.Dim+j] += x * b.At(k, j)
			}
		}
	}
	return out
}

// Adjoint returns the conjugate transpose.
func (m Matrix) Adjoint() Matrix {
	out := NewMatrix(m.Dim)
	for i := range m.Dim {
		for j := range m.Dim {
			out.A[j*m.Dim+i] = cmplx.Conj(m.At(i, j))
		}
	}
	return out
}

// Scale returns k·m.
func (m Matrix) Scale(k complex128) Matrix {
	out := NewMatrix(m.Dim)
	for i, x := range m.A {
		out.A[i] = k * x
	}
	return out
}

// Kron returns the tensor product; m holds the more significant qubits.
func (m Matrix) Kron(b Matrix) Matrix {
	out := NewMatrix(m.Dim * b.Dim)
	for i := range m.Dim {
		for j := range m.Dim {
			for k := range b.Dim {
				for l := range b.Dim {
					out.A[(i*b.Dim+k)*out.Dim+j*b.Dim+l] = m.At(i, j) * b.At(k, l)
				}
			}
		}
	}
	return out
}

// Controlled returns |0><0| x 1 + |1><1| x m: m controlled by one more qubit,
// which comes first.
func (m Matrix) Controlled() Matrix {
	out := NewMatrix(2 * m.Dim)
	for i := range m.Dim {
		out.A[i*out.Dim+i] = 1
		for j := range m.Dim {
			out.A[(m.Dim+i)*out.Dim+m.Dim+j] = m.At(i, j)
		}
	}
	return out
}

// Distance returns the largest absolute difference of two elements.
func (m Matrix) Distance(b Matrix) float64 {
	if m.Dim != b.Dim {
		return math.Inf(1)
	}
	d := 0.0
	for i, x := range m.A {
		d = max(d, cmplx.Abs(x-b.A[i]))
	}
	return d
}

// IsUnitary reports whether m·m† is the unit matrix to within tol.
func (m Matrix) IsUnitary(tol float64) bool {
	return m.Mul(m.Adjoint()).Distance(Identity(m.Dim)) <= tol
}

// IsDiagonal reports whether every off-diagonal element is below tol.
func (m Matrix) IsDiagonal(tol float64) bool {
	for i := range m.Dim {
		for j := range m.Dim {
			if i != j && cmplx.Abs(m.At(i, j)) > tol {
				return false
			}
		}
	}
	return true
}

// Qubits returns k for a matrix of order 2^k, or an error.
func (m Matrix) Qubits() (int, error) {
	for k := range 31 {
		if m.Dim == 1<<k && len(m.A) == m.Dim*m.Dim {
			return k, nil
		}
	}
	return 0, fmt.Errorf("a matrix of %d elements and order %d is no operator on qubits", len(m.A), m.Dim)
}

// ApplyMatrix multiplies a state of n qubits (2^n amplitudes, qubit 0 the most
// significant) by a matrix on the given qubits, first operand most significant.
func ApplyMatrix(state []complex128, n int, m Matrix, qubits []int) {
	k := len(qubits)
	mask := 0
	for _, q := range qubits {
		mask |= 1 << (n - 1 - q)
	}
	offset := make([]int, 1<<k)
	for i := range offset {
		for j, q := range qubits {
			if i>>(k-1-j)&1 == 1 {
				offset[i] |= 1 << (n - 1 - q)
			}
		}
	}
	in := make([]complex128, 1<<k)
	for base := range state {
		if base&mask != 0 {
			continue
		}
		for i, o := range offset {
			in[i] = state[base|o]
		}
		for i, o := range offset {
			var sum complex128
			for j, x := range in {
				sum += m.A[i*m.Dim+j] * x
			}
			state[base|o] = sum
		}
	}
}

// RandomUnitary draws a unitary from the Haar measure (Gram-Schmidt on a
// complex Gaussian matrix; Mezzadri 2007).
func RandomUnitary(dim int, rng *rand.Rand) Matrix {
	rows := make([][]complex128, dim)
	for i := range rows {
		rows[i] = make([]complex128, dim)
		for j := range rows[i] {
			rows[i][j] = complex(rng.NormFloat64(), rng.NormFloat64())
		}
		for range 2 { // twice is enough for full orthogonality
			for _, r := range rows[:i] {
				var dot complex128
				for j, x := range r {
					dot += cmplx.Conj(x) * rows[i][j]
				}
				for j, x := range r {
					rows[i][j] -= dot * x
				}
			}
		}
		norm := 0.0
		for _, x := range rows[i] {
			norm += real(x)*real(x) + imag(x)*imag(x)
		}
		for j := range rows[i] {
			rows[i][j] /= complex(math.Sqrt(norm), 0)
		}
	}
	m := NewMatrix(dim)
	for i, r := range rows {
		copy(m.A[i*dim:], r)
	}
	return m
}
