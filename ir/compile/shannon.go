package compile

import (
	"fmt"
	"math"
	"math/bits"
	"math/cmplx"

	"qgan/ir"
)

// maxUnitary is the number of qubits up to which a matrix is decomposed.
const maxUnitary = 8

// shannon writes a unitary on three qubits or more in at most
// 23/48·4^n - 3/2·2^n + 4/3 cx, 20 for three and 100 for four, up to global phase: the quantum
// Shannon decomposition (Shende, Bullock and Markov 2006) with both of its
// optimisations (ibid., appendices A.1 and A.2).
func shannon(m ir.Matrix) ([]ir.Step, error) {
	n, err := m.Qubits()
	if err != nil {
		return nil, err
	}
	if n > maxUnitary {
		return nil, fmt.Errorf("a unitary on %d qubits: at most %d are decomposed", n, maxUnitary)
	}
	s := splitter{n: n}
	if err := s.split(m); err != nil {
		return nil, err
	}
	return s.written()
}

// splitter collects gates and, between them, unitaries on the last two qubits.
type splitter struct {
	n     int
	parts []part
}

type part struct {
	step ir.Step
	leaf ir.Matrix // where it has an order
}

// split writes a matrix on the last qubits: with the cosine-sine decomposition it is two
// blocks, a rotation about y of the first qubit by an angle for each state of the
// others, and two blocks.
func (s *splitter) split(m ir.Matrix) error {
	if m.Dim == 4 {
		s.parts = append(s.parts, part{leaf: m})
		return nil
	}
	left, right, theta := cosineSine(m)
	if err := s.blocks(right); err != nil {
		return err
	}
	// The last of the cz that the rotations end with is part of the next block.
	if s.rotations(ir.RY, m.Dim, theta) {
		half := m.Dim / 4
		for i := range left[1].Dim {
			for j := half; j < 2*half; j++ {
				left[1].A[i*left[1].Dim+j] *= -1
			}
		}
	}
	return s.blocks(left)
}

// blocks writes a matrix of two blocks G0 and G1, by the first qubit: with
// G0·G1† = V·D²·V† it is V·(D ⊕ D†)·W, W = D·V†·G1.
func (s *splitter) blocks(g [2]ir.Matrix) error {
	v, values, err := g[0].Mul(g[1].Adjoint()).Eigen()
	if err != nil {
		return fmt.Errorf("decomposing %w", err)
	}
	w := v.Adjoint().Mul(g[1])
	theta := make([]float64, len(values))
	for i, x := range values {
		phi := cmplx.Phase(x) / 2
		theta[i] = -2 * phi
		d := cmplx.Exp(complex(0, phi))
		for j := range w.Dim {
			w.A[i*w.Dim+j] *= d
		}
	}
	if err := s.split(w); err != nil {
		return err
	}
	s.rotations(ir.RZ, 2*w.Dim, theta)
	return s.split(v)
}

// rotations writes a rotation of the first of the last qubits by an angle for each state of
// those behind it, along a Gray code (Möttönen et al. 2004). Without the last of the
// cz, those about y; it reports whether there were any.
func (s *splitter) rotations(g ir.Gate, dim int, theta []float64) bool {
	k := bits.Len(uint(len(theta))) - 1
	target := s.n - bits.Len(uint(dim)) + 1
	sums := make([]float64, len(theta))
	largest := 0.0
	for i := range sums {
		gray := i ^ i>>1
		for j, a := range theta {
			if bits.OnesCount(uint(j&gray))%2 == 1 {
				a = -a
			}
			sums[i] += a / float64(len(theta))
		}
		largest = max(largest, math.Abs(sums[i]))
	}
	if largest < tiny {
		return false
	}
	add := func(g ir.Gate, qubits []int, angles ...float64) {
		s.parts = append(s.parts, part{step: step(g, qubits, angles...)})
	}
	for i, a := range sums {
		if math.Abs(a) >= tiny {
			add(g, []int{target}, a)
		}
		bit := min(bits.TrailingZeros(uint(i+1)), k-1)
		last := i == len(sums)-1
		switch pair := []int{target + k - bit, target}; {
		case g == ir.RZ:
			add(ir.CX, pair)
		case !last:
			add(ir.H, []int{target})
			add(ir.CX, pair)
			add(ir.H, []int{target})
		}
	}
	return true
}

// written takes the leaves apart. But for the last, each is a diagonal gate behind one
// with two cx, which goes on to the next: between them the last two qubits are controls.
func (s *splitter) written() ([]ir.Step, error) {
	var out []ir.Step
	last := 0
	for i, p := range s.parts {
		if p.leaf.Dim > 0 {
			last = i
		}
	}
	carried := ir.Identity(4)
	places := []int{s.n - 2, s.n - 1}
	for i, p := range s.parts {
		if p.leaf.Dim == 0 {
			out = append(out, p.step)
			continue
		}
		m := p.leaf.Mul(carried)
		if i != last {
			m, carried = upToDiagonal(m)
		}
		w, err := decompose(m)
		if err != nil {
			return nil, err
		}
		if i != last && math.Abs(w.coordinates[2]) < 1e-9 {
			w.coordinates[2] = 0
		}
		for _, g := range w.steps(false) {
			out = append(out, ir.Step{Gate: g.Gate, Angles: g.Angles, Qubits: pick(places, g.Qubits)})
		}
	}
	return out, nil
}

// upToDiagonal returns m = diagonal·rest where rest takes two cx: it does where the trace of
// γ(U) = U·Y⊗Y·U^T·Y⊗Y is real (Shende, Bullock and Markov 2004), and with
// E = exp(iβ Z⊗Z) it is γ(E·U) ~ E²·γ(U).
func upToDiagonal(m ir.Matrix) (rest, diagonal ir.Matrix) {
	u := m.Scale(cmplx.Exp(complex(0, -cmplx.Phase(determinant(m))/4)))
	yy := ir.Y.Info().Matrix(nil).Kron(ir.Y.Info().Matrix(nil))
	gamma := u.Mul(yy).Mul(transpose(u)).Mul(yy)
	var plain, signed complex128
	for i, sign := range []complex128{1, -1, -1, 1} {
		plain += gamma.At(i, i)
		signed += sign * gamma.At(i, i)
	}
	beta := math.Atan2(-imag(plain), real(signed)) / 2
	e := ir.RZZ.Info().Matrix([]float64{-2 * beta})
	return e.Mul(u), e.Adjoint()
}

// cosineSine decomposes a unitary into (L0 ⊕ L1)·[C -S; S C]·(R0 ⊕ R1), with C and S the
// cosine and sine of half of the angles.
func cosineSine(m ir.Matrix) (left, right [2]ir.Matrix, theta []float64) {
	n := m.Dim / 2
	block := func(r, c int) ir.Matrix {
		out := ir.NewMatrix(n)
		for i := range n {
			copy(out.A[i*n:(i+1)*n], m.A[(r*n+i)*m.Dim+c*n:])
		}
		return out
	}
	a, b, c, d := block(0, 0), block(0, 1), block(1, 0), block(1, 1)
	v := a.Adjoint().Mul(a).Eigenvectors()
	// Where cosines or sines are small, they are told apart by their own products.
	cosines, sines := lengths(a.Mul(v)), lengths(c.Mul(v))
	v = refined(c, v, sines)
	v = refined(a, v, cosines)
	av, cv := a.Mul(v), c.Mul(v)
	cosines, sines = lengths(av), lengths(cv)
	left = [2]ir.Matrix{orthonormal(av, cosines), orthonormal(cv, sines)}
	theta = make([]float64, n)
	r1 := ir.NewMatrix(n)
	l0b, l1d := left[0].Adjoint().Mul(b), left[1].Adjoint().Mul(d)
	for i := range n {
		half := math.Atan2(sines[i], cosines[i])
		theta[i] = 2 * half
		for j := range n {
			r1.A[i*n+j] = complex(math.Cos(half), 0)*l1d.At(i, j) - complex(math.Sin(half), 0)*l0b.At(i, j)
		}
	}
	return left, [2]ir.Matrix{v.Adjoint(), r1}, theta
}

// lengths are those of the columns.
func lengths(m ir.Matrix) []float64 {
	out := make([]float64, m.Dim)
	for j := range out {
		for i := range m.Dim {
			out[j] = math.Hypot(out[j], cmplx.Abs(m.At(i, j)))
		}
	}
	return out
}

// refined turns those columns of v that m makes shorter than a half among themselves, so that
// what it makes of them is orthogonal.
func refined(m, v ir.Matrix, length []float64) ir.Matrix {
	var small []int
	longest := 0.0
	for j, x := range length {
		if x < 0.5 {
			small = append(small, j)
			longest = max(longest, x)
		}
	}
	if len(small) < 2 || longest < 1e-14 {
		return v
	}
	mv := m.Mul(v)
	gram := ir.NewMatrix(len(small))
	for a, i := range small {
		for b, j := range small {
			for r := range m.Dim {
				gram.A[a*gram.Dim+b] += cmplx.Conj(mv.At(r, i)) * mv.At(r, j) / complex(longest*longest, 0)
			}
		}
	}
	w := gram.Eigenvectors()
	out := ir.Matrix{Dim: v.Dim, A: append([]complex128(nil), v.A...)}
	for b, j := range small {
		for r := range v.Dim {
			var sum complex128
			for a, i := range small {
				sum += v.At(r, i) * w.At(a, b)
			}
			out.A[r*v.Dim+j] = sum
		}
	}
	return out
}

// orthonormal returns a unitary matrix whose columns have the directions of those of m, the
// longest first; for those of no length any that are left.
func orthonormal(m ir.Matrix, length []float64) ir.Matrix {
	n := m.Dim
	out := ir.NewMatrix(n)
	var done []int
	for len(done) < n {
		next := -1
		for j := range n {
			placed := false
			for _, k := range done {
				placed = placed || k == j
			}
			if !placed && (next < 0 || length[j] > length[next]) {
				next = j
			}
		}
		column := make([]complex128, n)
		for i := range n {
			column[i] = m.At(i, next)
		}
		for try := 0; ; try++ { // after the column itself, the unit vectors
			size := 0.0
			for range 2 {
				for _, k := range done {
					var dot complex128
					for i, x := range column {
						dot += cmplx.Conj(out.At(i, k)) * x
					}
					for i := range column {
						column[i] -= dot * out.At(i, k)
					}
				}
			}
			for _, x := range column {
				size = math.Hypot(size, cmplx.Abs(x))
			}
			if try == 0 && size > 1e-13 || try > 0 && size > 0.5/math.Sqrt(float64(n)) {
				for i, x := range column {
					out.A[i*n+next] = x / complex(size, 0)
				}
				break
			}
			clear(column)
			column[try%n] = 1
		}
		done = append(done, next)
	}
	return out
}
