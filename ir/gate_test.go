package ir

import (
	"math"
	"math/cmplx"
	"math/rand/v2"
	"testing"
)

func randomParams(rng *rand.Rand, n int) []float64 {
	p := make([]float64, n)
	for i := range p {
		p[i] = rng.Float64()*8 - 4
	}
	return p
}

// circuitOf makes a circuit of steps on n qubits.
func circuitOf(n int, list []Step) *Circuit {
	c := New(n, 0)
	for _, s := range list {
		c.Gate(s.Gate, s.Qubits, s.Angles...)
	}
	return c
}

func mustUnitary(t *testing.T, c *Circuit) Matrix {
	t.Helper()
	if err := Verify(c); err != nil {
		t.Fatal(err)
	}
	m, err := UnitaryOf(c, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// Every row of the table is held against the facts it states.
func TestGateTable(t *testing.T) {
	names := map[string]bool{}
	for _, g := range Gates() {
		info := g.Info()
		t.Run(info.Name, func(t *testing.T) {
			if info.Name == "" || names[info.Name] {
				t.Fatalf("name %q is empty or not unique", info.Name)
			}
			names[info.Name] = true
			if back, ok := GateByName(info.Name); !ok || back != g {
				t.Errorf("GateByName(%q) = %v, %v", info.Name, back, ok)
			}
			if len(info.Shifts) != len(info.Params) {
				t.Fatalf("%d shift rules for %d parameters", len(info.Shifts), len(info.Params))
			}
			rng := rand.New(rand.NewPCG(1, uint64(g)))
			for range 5 {
				p := randomParams(rng, len(info.Params))
				m := info.Matrix(p)
				if m.Dim != 1<<info.Qubits {
					t.Fatalf("matrix of order %d for %d qubits", m.Dim, info.Qubits)
				}
				if !m.IsUnitary(1e-14) {
					t.Errorf("matrix is not unitary at %v", p)
				}
				if m.IsDiagonal(1e-14) != info.Diagonal {
					t.Errorf("diagonal is %v, the table says %v", !info.Diagonal, info.Diagonal)
				}
				if linear(m) != info.Linear {
					t.Errorf("linear is %v, the table says %v", !info.Linear, info.Linear)
				}
				a := Consts(p...)
				undo := mustUnitary(t, circuitOf(info.Qubits, info.Inverse(a)))
				if d := undo.Mul(m).Distance(Identity(m.Dim)); d > 1e-13 {
					t.Errorf("the inverse leaves %.2g", d)
				}
				for _, s := range Lower(g, a) {
					switch s.Gate {
					case RX, RY, RZ, CX, GPhase:
					default:
						t.Errorf("lowering ends at %s", s.Gate)
					}
				}
				if d := mustUnitary(t, circuitOf(info.Qubits, Lower(g, a))).Distance(m); d > 1e-13 {
					t.Errorf("the decomposition is off by %.2g", d)
				}
				if info.Decompose != nil {
					if d := mustUnitary(t, circuitOf(info.Qubits, info.Decompose(a))).Distance(m); d > 1e-13 {
						t.Errorf("one level of decomposition is off by %.2g", d)
					}
				}
			}
		})
	}
}

// linear reports whether a matrix permutes basis states by x -> Ax + b.
func linear(m Matrix) bool {
	image := make([]int, m.Dim)
	for j := range m.Dim {
		image[j] = -1
		for i := range m.Dim {
			if m.At(i, j) == 1 {
				image[j] = i
			} else if m.At(i, j) != 0 {
				return false
			}
		}
		if image[j] < 0 {
			return false
		}
	}
	for x := range image {
		for y := range image {
			if image[x]^image[y]^image[0] != image[x^y] {
				return false
			}
		}
	}
	return true
}

// The shift rule of each parameter, bare and controlled, is the derivative of
// random observables in random states.
func TestShiftRules(t *testing.T) {
	for _, g := range Gates() {
		info := g.Info()
		rng := rand.New(rand.NewPCG(2, uint64(g)))
		for k := range info.Params {
			for controls := range 2 {
				n := info.Qubits + controls
				if n == 0 {
					continue
				}
				before, after := RandomUnitary(1<<n, rng), RandomUnitary(1<<n, rng)
				weights := randomParams(rng, 1<<n)
				p := randomParams(rng, len(info.Params))
				value := func(x float64) float64 {
					q := append([]float64(nil), p...)
					q[k] = x
					op := &Apply{Gate: g, Angles: Consts(q...), Qubits: operands(n), Controls: controls}
					state := make([]complex128, 1<<n)
					state[0] = 1
					ApplyMatrix(state, n, before, operands(n))
					ApplyMatrix(state, n, op.MatrixOf(nil, nil), op.Qubits)
					ApplyMatrix(state, n, after, operands(n))
					sum := 0.0
					for i, x := range state {
						sum += weights[i] * real(x*cmplx.Conj(x))
					}
					return sum
				}
				rule := info.Shifts[k]
				if controls > 0 {
					rule = rule.Controlled()
				}
				got := 0.0
				for _, s := range rule.Terms() {
					got += s.Coef * value(p[k]+s.Shift)
				}
				h := 1e-4
				want := (8*(value(p[k]+h)-value(p[k]-h)) - (value(p[k]+2*h) - value(p[k]-2*h))) / (12 * h)
				if math.Abs(got-want) > 1e-8*max(1, math.Abs(want)) {
					t.Errorf("%s, %s, %d controls: shift rule %.10g, finite difference %.10g", g, info.Params[k], controls, got, want)
				}
			}
		}
	}
}

// Matrices as the specifications print them, so that a whole convention can't
// be wrong together with its decomposition.
func TestGateConventions(t *testing.T) {
	h := complex(math.Sqrt2/2, 0)
	e := func(a float64) complex128 { return cmplx.Exp(complex(0, a)) }
	c, s := complex(math.Cos(0.35), 0), complex(math.Sin(0.35), 0)
	for _, k := range []struct {
		gate   Gate
		params []float64
		want   Matrix
	}{
		{RZ, []float64{0.7}, diagonal(e(-0.35), e(0.35))},
		{P, []float64{0.7}, diagonal(1, e(0.7))},
		{RX, []float64{0.7}, matrixOf(c, -1i*s, -1i*s, c)},
		{RY, []float64{0.7}, matrixOf(c, -s, s, c)},
		{SX, nil, matrixOf(0.5+0.5i, 0.5-0.5i, 0.5-0.5i, 0.5+0.5i)},
		{UQ, []float64{0.7, 0.3, 0.9}, matrixOf(c, -e(0.9)*s, e(0.3)*s, e(1.2)*c)},
		{U, []float64{0.7, 0.3, 0.9}, matrixOf(c, -e(0.9)*s, e(0.3)*s, e(1.2)*c).Scale(e(0.35))},
		{U3, []float64{0.7, 0.3, 0.9}, matrixOf(c, -e(0.9)*s, e(0.3)*s, e(1.2)*c).Scale(e(-0.6))},
		{GPI, []float64{0.1}, matrixOf(0, e(-turn*0.1), e(turn*0.1), 0)},
		{GPI2, []float64{0.1}, matrixOf(h, -1i*h*e(-turn*0.1), -1i*h*e(turn*0.1), h)},
		{CX, nil, matrixOf(1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0, 0, 1, 0)},
		// Qiskit prints ECR with operand 0 least significant:
		// (1/√2)[[0,1,0,i],[1,0,-i,0],[0,i,0,1],[-i,0,1,0]].
		{ECR, nil, matrixOf(0, 0, h, 1i*h, 0, 0, 1i*h, h, h, -1i*h, 0, 0, -1i*h, h, 0, 0)},
		{MS, []float64{0, 0, 0.25}, matrixOf(h, 0, 0, -1i*h, 0, h, -1i*h, 0, 0, -1i*h, h, 0, -1i*h, 0, 0, h)},
		{XXMinusYY, []float64{0.7, 0.3}, matrixOf(c, 0, 0, -1i*s*e(-0.3), 0, 1, 0, 0, 0, 0, 1, 0, -1i*s*e(0.3), 0, 0, c)},
		{XXMinusYY, []float64{0.7, math.Pi / 2}, matrixOf(c, 0, 0, -s, 0, 1, 0, 0, 0, 0, 1, 0, s, 0, 0, c)},
	} {
		if d := k.gate.Info().Matrix(k.params).Distance(k.want); d > 1e-15 {
			t.Errorf("%s%v is off by %.2g", k.gate, k.params, d)
		}
	}
}

// A matrix is unitary to within a tolerance where no element of m·m† is further from the
// unit matrix: here 1.25² - 1 = 0.5625 on the diagonal, and 0.5 off it.
func TestUnitaryTolerance(t *testing.T) {
	for _, k := range []struct {
		a         []complex128
		tolerance float64
		want      bool
	}{
		{[]complex128{1, 0, 0, 1}, 0, true},
		{[]complex128{1, 0, 0, 1.25i}, 0.5625, true}, {[]complex128{1, 0, 0, 1.25i}, 0.5624, false},
		{[]complex128{1, 0.5i, 0, 1}, 0.5, true}, {[]complex128{1, 0.5i, 0, 1}, 0.499, false},
	} {
		m := Matrix{Dim: 2, A: k.a}
		if got := m.IsUnitary(k.tolerance); got != k.want {
			t.Errorf("%v is unitary to %g: %v, want %v", k.a, k.tolerance, got, k.want)
		}
	}
}

// Random unitaries are unitary to the last bits, also where the Gaussian vectors that they are
// made from happen to be nearly parallel.
func TestRandomUnitary(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 5))
	for range 20_000 {
		if m := RandomUnitary(2, rng); !m.IsUnitary(1e-15) {
			t.Fatalf("off by %g: %v", m.Mul(m.Adjoint()).Distance(Identity(2)), m.A)
		}
	}
}
