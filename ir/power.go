package ir

import (
	"fmt"
	"math"
	"math/cmplx"
)

// Power returns the principal power of a unitary matrix: with the eigenvalues
// e^(iφ), φ in (-π, π], and the eigenvectors V it is V diag(e^(ikφ)) V†. An
// eigenvalue closer to -1 than 1e-9 counts as -1. A matrix that is not unitary
// is an error.
func (m Matrix) Power(k float64) (Matrix, error) {
	v, values, err := m.Eigen()
	if err != nil {
		return Matrix{}, fmt.Errorf("the power of %w", err)
	}
	powers := make([]complex128, m.Dim)
	for i, x := range values {
		angle := cmplx.Phase(x)
		if angle < 1e-9-math.Pi {
			angle = math.Pi
		}
		powers[i] = phase(k * angle)
	}
	return v.Mul(diagonal(powers...)).Mul(v.Adjoint()), nil
}

// Eigen returns the eigenvectors of a unitary matrix, as the columns of a unitary one,
// and its eigenvalues. A matrix that is not unitary is an error.
//
// The Hermitian part of e^(-iα) m has the eigenvectors of m, unless two
// eigenvalues have phases that add up to 2α: then another α is taken.
func (m Matrix) Eigen() (vectors Matrix, values []complex128, err error) {
	if !m.IsUnitary(1e-9) {
		return Matrix{}, nil, fmt.Errorf("a matrix of order %d that is not unitary", m.Dim)
	}
	best := math.Inf(1)
	for attempt := range 16 {
		turned := m.Scale(phase(-0.5 - math.Phi*float64(attempt)))
		h := turned.Adjoint()
		for i, x := range turned.A {
			h.A[i] = (h.A[i] + x) / 2
		}
		basis := h.Eigenvectors()
		d := basis.Adjoint().Mul(m).Mul(basis)
		if off := d.offDiagonal(); off < best {
			vectors, best = basis, off
			values = values[:0]
			for i := range m.Dim {
				values = append(values, d.At(i, i))
			}
		}
		if best < 1e-12 {
			break
		}
	}
	if best > 1e-9 {
		return Matrix{}, nil, fmt.Errorf("a matrix of order %d whose eigenvalues lie too close together", m.Dim)
	}
	return vectors, values, nil
}

// offDiagonal returns the largest absolute value outside of the diagonal.
func (m Matrix) offDiagonal() float64 {
	largest := 0.0
	for i := range m.Dim {
		for j := range m.Dim {
			if i != j {
				largest = max(largest, cmplx.Abs(m.At(i, j)))
			}
		}
	}
	return largest
}

// Eigenvectors returns the eigenvectors of a Hermitian matrix as columns, by
// Jacobi's rotations (Golub and Van Loan, Matrix Computations, 8.5).
func (m Matrix) Eigenvectors() Matrix {
	n := m.Dim
	h := Matrix{n, append([]complex128(nil), m.A...)}
	v := Identity(n)
	for range 30 { // it converges quadratically, in less than ten
		if h.offDiagonal() < 1e-15 {
			break
		}
		for p := range n {
			for q := p + 1; q < n; q++ {
				r := cmplx.Abs(h.At(p, q))
				if r < 1e-300 {
					continue
				}
				turn := cmplx.Conj(h.At(p, q)) / complex(r, 0)
				tau := (real(h.At(q, q)) - real(h.At(p, p))) / (2 * r)
				t := 1 / (math.Abs(tau) + math.Hypot(1, tau))
				if tau < 0 {
					t = -t
				}
				c := 1 / math.Hypot(1, t)
				s := t * c
				for _, a := range []Matrix{h, v} { // columns: p -> c p - s q, q -> s p + c q, q turned to make h(p,q) real
					for i := range n {
						x, y := a.A[i*n+p], a.A[i*n+q]*turn
						a.A[i*n+p], a.A[i*n+q] = complex(c, 0)*x-complex(s, 0)*y, complex(s, 0)*x+complex(c, 0)*y
					}
				}
				for j := range n {
					x, y := h.A[p*n+j], h.A[q*n+j]*cmplx.Conj(turn)
					h.A[p*n+j], h.A[q*n+j] = complex(c, 0)*x-complex(s, 0)*y, complex(s, 0)*x+complex(c, 0)*y
				}
			}
		}
	}
	return v
}
