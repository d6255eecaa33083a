package compile

import (
	"fmt"
	"math"
	"math/cmplx"
	"slices"

	"gonum.org/v1/gonum/mat"

	"qgan/ir"
)

// weyl is the Cartan decomposition of a two-qubit unitary, up to global phase:
//
//	U = (after0 ⊗ after1) · exp(i(a·X⊗X + b·Y⊗Y + c·Z⊗Z)) · (before0 ⊗ before1)
//
// with |a| >= |b| >= |c|, all within [-π/4, π/4]. See Kraus and Cirac 2001, and
// Zhang, Vala, Sastry and Whaley 2003.
type weyl struct {
	coordinates   [3]float64
	before, after [2]quaternion
}

// Bell basis in which local unitaries are real (Hill and Wootters 1997).
var bell = ir.Matrix{Dim: 4, A: []complex128{
	half, 0, 0, half * 1i,
	0, half * 1i, half, 0,
	0, half * 1i, -half, 0,
	half, 0, 0, -half * 1i,
}}

const half = math.Sqrt2 / 2

// pauliPairs holds X⊗X, Y⊗Y and Z⊗Z on the Bell basis, where they are diagonal.
var pauliPairs = [3][4]float64{{1, 1, -1, -1}, {-1, 1, -1, 1}, {1, -1, -1, 1}}

// decompose finds the Cartan decomposition.
func decompose(u ir.Matrix) (weyl, error) {
	m := bell.Adjoint().Mul(u).Mul(bell)
	// M = O1·D·O2 with O1, O2 real: M^T·M = O2^T·D²·O2.
	gram := transpose(m).Mul(m)
	p, err := realEigenvectors(gram)
	if err != nil {
		return weyl{}, err
	}
	var theta [4]float64
	d := transpose(p).Mul(gram).Mul(p)
	for i := range theta {
		theta[i] = cmplx.Phase(d.At(i, i)) / 2
	}
	o1 := m.Mul(p).Mul(phases(theta, -1))
	if real(determinant(o1)) < 0 {
		theta[0] += math.Pi
		o1 = m.Mul(p).Mul(phases(theta, -1))
	}
	var w weyl
	for k, signs := range pauliPairs {
		for i, s := range signs {
			w.coordinates[k] += s * theta[i] / 4
		}
	}
	w.after = factors(bell.Mul(o1).Mul(bell.Adjoint()))
	w.before = factors(bell.Mul(transpose(p)).Mul(bell.Adjoint()))
	w.reduce()
	return w, nil
}

// reduce brings the coordinates into range and order by local gates.
func (w *weyl) reduce() {
	paulis := [3]quaternion{{x: 1}, {y: 1}, {z: 1}}
	for k := range w.coordinates {
		// exp(iπ/2 P⊗P) = i P⊗P.
		turns := math.Round(w.coordinates[k] / quarter)
		w.coordinates[k] -= turns * quarter
		if int64(turns)%2 != 0 {
			for i := range w.before {
				w.before[i] = paulis[k].mul(w.before[i])
			}
		}
	}
	// A quarter turn of both qubits about the third axis exchanges two coordinates.
	for _, swap := range [][3]int{{0, 1, 2}, {1, 2, 0}, {0, 1, 2}} {
		i, j := swap[0], swap[1]
		if math.Abs(w.coordinates[i]) >= math.Abs(w.coordinates[j]) {
			continue
		}
		w.coordinates[i], w.coordinates[j] = w.coordinates[j], w.coordinates[i]
		r := rotation(axis(swap[2]), quarter)
		for q := range w.before {
			w.before[q] = r.mul(w.before[q])
			w.after[q] = w.after[q].mul(r.inverse())
		}
	}
}

// schmidt finds A and B in SU(2) and s_0 >= s_1 >= 0 with M = e^{iφ}·A·diag(s)·B^T, for a state of
// two qubits with the amplitude M_ij of |i>|j>. The columns of A are the eigenvectors of M·M†.
func schmidt(m ir.Matrix) (a quaternion, s [2]float64, b quaternion) {
	gram := m.Mul(m.Adjoint())
	// gram = (tr + x·X + y·Y + z·Z)/2; the first column of A has the Bloch vector (x, y, z).
	x, y, z := 2*real(gram.At(0, 1)), -2*imag(gram.At(0, 1)), real(gram.At(0, 0)-gram.At(1, 1))
	theta, phi := math.Atan2(math.Hypot(x, y), z), math.Atan2(y, x)
	a = rotation(axisZ, phi).mul(rotation(axisY, theta))
	// Row k of A†·M is s_k times the column k of B, up to a phase.
	undo := a.inverse().matrix()
	rows := ir.Matrix{Dim: 2, A: undo[:]}.Mul(m)
	for k := range s {
		s[k] = math.Hypot(cmplx.Abs(rows.At(k, 0)), cmplx.Abs(rows.At(k, 1)))
	}
	u, v := rows.At(0, 0)/complex(s[0], 0), rows.At(0, 1)/complex(s[0], 0)
	b = quaternionOf(ir.Matrix{Dim: 2, A: []complex128{u, -cmplx.Conj(v), v, cmplx.Conj(u)}})
	if s[1] >= tiny {
		// The second row is s_1·e^{iδ}·(-v*, u*): a rotation about Z of A takes the phase.
		overlap := rows.At(1, 0)*cmplx.Conj(-cmplx.Conj(v)) + rows.At(1, 1)*u
		a = a.mul(rotation(axisZ, cmplx.Phase(overlap)))
	}
	return a, s, b
}

// mirrored is the decomposition of the unitary and a swap behind it:
// swap = exp(iπ/4(X⊗X + Y⊗Y + Z⊗Z)), which commutes with the middle part.
func (w weyl) mirrored() weyl {
	for k := range w.coordinates {
		w.coordinates[k] += math.Pi / 4
	}
	w.after[0], w.after[1] = w.after[1], w.after[0]
	w.reduce()
	return w
}

// count returns how many cx the unitary needs (Shende, Bullock and Markov 2004).
func (w *weyl) count() int {
	a, b, c := math.Abs(w.coordinates[0]), math.Abs(w.coordinates[1]), math.Abs(w.coordinates[2])
	switch {
	case a < tiny:
		return 0
	case b < tiny && math.Abs(a-math.Pi/4) < tiny:
		return 1
	case c < tiny:
		return 2
	}
	return 3
}

// approximate replaces the coordinates by others that take fewer two-qubit gates,
// the fewest that err by at most so much, and returns the error.
func (w *weyl) approximate(most float64, rotations bool) float64 {
	if most <= 0 {
		return 0
	}
	best, lost := w.cost(rotations), 0.0
	a, b := w.coordinates[0], w.coordinates[1]
	exact := w.coordinates
	for _, to := range [][3]float64{{a, b, 0}, {a, 0, 0}, {math.Copysign(math.Pi/4, a), 0, 0}, {}} {
		near := weyl{coordinates: to}
		if e := distance(exact, to); e <= most && near.cost(rotations) < best {
			best, lost = near.cost(rotations), e
			w.coordinates = to
		}
	}
	return lost
}

// distance is the operator norm of the difference of two unitaries that differ in their
// coordinates alone, up to global phase: on the Bell states they differ by phases, and
// the norm is the chord of half of what these spread over.
func distance(x, y [3]float64) float64 {
	low, high := math.Inf(1), math.Inf(-1)
	for i := range pauliPairs[0] {
		sum := 0.0
		for k := range pauliPairs {
			sum += pauliPairs[k][i] * (x[k] - y[k])
		}
		low, high = min(low, sum), max(high, sum)
	}
	return 2 * math.Sin(min((high-low)/4, quarter))
}

// cost is how many two-qubit gates steps writes.
func (w *weyl) cost(rotations bool) int {
	if n := w.count(); n != 2 || !rotations || math.Abs(w.coordinates[1]) >= tiny {
		return n
	}
	return 1
}

// steps writes the unitary on operands 0 and 1 with as few cx as there can be, or with
// one rotation where they are counted and one does:
// for two, exp(i(aXX + cZZ)) = cx·(exp(iaX) ⊗ exp(icZ))·cx; for three the circuit
// of Vatan and Williams 2004, figure 6.
func (w *weyl) steps(rotations bool) []ir.Step {
	a, b, c := w.coordinates[0], w.coordinates[1], w.coordinates[2]
	cx, xc := step(ir.CX, both), step(ir.CX, []int{1, 0})
	out := append(w.local(w.before[0], 0), w.local(w.before[1], 1)...)
	switch n := w.cost(rotations); {
	case n == 0:
	case n < w.count(): // XX is turned to ZZ
		out = append(out, step(ir.H, control), step(ir.H, other), step(ir.RZZ, both, -2*a), step(ir.H, control), step(ir.H, other))
	case n == 1:
		// exp(iπ/4 XX) = (H⊗1)·exp(iπ/4 ZX)·(H⊗1); a negative angle is XX more.
		out = append(out, step(ir.H, control), cx, step(ir.RZ, control, -quarter), step(ir.RX, other, -quarter), step(ir.H, control))
		if a < 0 {
			out = append(out, step(ir.X, control), step(ir.X, other))
		}
	case n == 2: // YY is turned to ZZ
		out = append(out, step(ir.RX, control, quarter), step(ir.RX, other, quarter), cx,
			step(ir.RX, control, -2*a), step(ir.RZ, other, -2*b), cx,
			step(ir.RX, control, -quarter), step(ir.RX, other, -quarter))
	default:
		out = append(out, step(ir.RZ, other, -quarter), xc,
			step(ir.RZ, control, quarter-2*c), step(ir.RY, other, 2*a-quarter), cx,
			step(ir.RY, other, quarter-2*b), xc, step(ir.RZ, control, quarter))
	}
	return append(append(out, w.local(w.after[0], 0)...), w.local(w.after[1], 1)...)
}

// local writes a one-qubit gate.
func (w *weyl) local(q quaternion, on int) []ir.Step {
	theta, phi, lambda := q.euler()
	if q.diagonal() {
		theta, phi, lambda = 0, 2*math.Atan2(q.z, q.w), 0
	}
	if theta == 0 && math.Abs(wrap(phi)) < tiny {
		return nil
	}
	return []ir.Step{step(ir.U3, []int{on}, theta, phi, lambda)}
}

// realEigenvectors diagonalises a symmetric unitary: its real and imaginary part
// commute, so the eigenvectors of a generic combination serve both. The columns
// have determinant 1.
func realEigenvectors(m ir.Matrix) (ir.Matrix, error) {
	for _, mix := range []float64{0.6180339887, 0.2360679775, 1.4142135624, -0.7320508076, 2.6457513111, 0.0333333333} {
		sym := mat.NewSymDense(4, nil)
		for i := range 4 {
			for j := i; j < 4; j++ {
				z := (m.At(i, j) + m.At(j, i)) / 2
				sym.SetSym(i, j, real(z)+mix*imag(z))
			}
		}
		var eig mat.EigenSym
		if !eig.Factorize(sym, true) {
			continue
		}
		var v mat.Dense
		eig.VectorsTo(&v)
		p := ir.NewMatrix(4)
		for i := range 4 {
			for j := range 4 {
				p.A[4*i+j] = complex(v.At(i, j), 0)
			}
		}
		if real(determinant(p)) < 0 {
			for i := range 4 {
				p.A[4*i] = -p.A[4*i]
			}
		}
		if transpose(p).Mul(m).Mul(p).IsDiagonal(1e-12) {
			return p, nil
		}
	}
	return ir.Matrix{}, fmt.Errorf("decomposing a two-qubit unitary: no eigenvectors were found; it may not be unitary")
}

// factors splits A⊗B, up to phase.
func factors(m ir.Matrix) [2]quaternion {
	// The largest block is A's largest element times B.
	block, largest := 0, 0.0
	for k := range 4 {
		norm := 0.0
		for i := range 4 {
			norm += abs2(m.At(2*(k>>1)+i>>1, 2*(k&1)+i&1))
		}
		if norm > largest {
			block, largest = k, norm
		}
	}
	b := ir.NewMatrix(2)
	for i := range 4 {
		b.A[i] = m.At(2*(block>>1)+i>>1, 2*(block&1)+i&1) / complex(math.Sqrt(largest/2), 0)
	}
	a := ir.NewMatrix(2)
	for k := range 4 {
		var trace complex128 // of B†·block
		for i := range 4 {
			trace += cmplx.Conj(b.A[i]) * m.At(2*(k>>1)+i>>1, 2*(k&1)+i&1)
		}
		a.A[k] = trace / 2
	}
	return [2]quaternion{quaternionOf(a), quaternionOf(b)}
}

func transpose(m ir.Matrix) ir.Matrix {
	out := ir.NewMatrix(m.Dim)
	for i := range m.Dim {
		for j := range m.Dim {
			out.A[j*m.Dim+i] = m.At(i, j)
		}
	}
	return out
}

func phases(theta [4]float64, sign float64) ir.Matrix {
	out := ir.NewMatrix(4)
	for i, t := range theta {
		out.A[5*i] = cmplx.Exp(complex(0, sign*t))
	}
	return out
}

// determinant of a small matrix by elimination.
func determinant(m ir.Matrix) complex128 {
	a := slices.Clone(m.A)
	n, det := m.Dim, complex128(1)
	for k := range n {
		pivot := k
		for i := k + 1; i < n; i++ {
			if abs2(a[i*n+k]) > abs2(a[pivot*n+k]) {
				pivot = i
			}
		}
		if pivot != k {
			det = -det
			for j := range n {
				a[k*n+j], a[pivot*n+j] = a[pivot*n+j], a[k*n+j]
			}
		}
		if a[k*n+k] == 0 {
			return 0
		}
		det *= a[k*n+k]
		for i := k + 1; i < n; i++ {
			f := a[i*n+k] / a[k*n+k]
			for j := k; j < n; j++ {
				a[i*n+j] -= f * a[k*n+j]
			}
		}
	}
	return det
}
