package ir

import (
	"math"
	"math/cmplx"
)

// Short forms for the rows below.
var (
	pauliX = matrixOf(0, 1, 1, 0)
	pauliY = matrixOf(0, -1i, 1i, 0)
	pauliZ = diagonal(1, -1)
)

func phase(a float64) complex128 { return cmplx.Exp(complex(0, a)) }

// exponential returns exp(-i a P/2) of an operator with P² = 1.
func exponential(a float64, p Matrix) Matrix {
	m := p.Scale(complex(0, -math.Sin(a/2)))
	for i := range m.Dim {
		m.A[i*m.Dim+i] += complex(math.Cos(a/2), 0)
	}
	return m
}

// su2 is Rz(φ)·Ry(θ)·Rz(λ), the U of OpenQASM 2.
func su2(theta, phi, lambda float64) Matrix {
	return exponential(phi, pauliZ).Mul(exponential(theta, pauliY)).Mul(exponential(lambda, pauliZ))
}

// equator is cos φ X + sin φ Y.
func equator(phi float64) Matrix {
	return matrixOf(0, phase(-phi), phase(phi), 0)
}

func fixed(m Matrix) func([]float64) Matrix { return func([]float64) Matrix { return m } }

func rotation(p Matrix) func([]float64) Matrix {
	return func(a []float64) Matrix { return exponential(a[0], p) }
}

func controlled(f func([]float64) Matrix) func([]float64) Matrix {
	return func(a []float64) Matrix { return f(a).Controlled() }
}

func sqrtX() Matrix { return matrixOf(0.5+0.5i, 0.5-0.5i, 0.5-0.5i, 0.5+0.5i) }
func hadamard() Matrix {
	h := complex(math.Sqrt2/2, 0)
	return matrixOf(h, h, h, -h)
}

// step abbreviates one step of a decomposition.
func step(g Gate, qubits []int, angles ...Angle) Step { return Step{g, qubits, angles} }

func on(q ...int) []int { return q }

func steps(s ...Step) func([]Angle) []Step { return func([]Angle) []Step { return s } }

// becomes is an inverse that is one gate without parameters, often the same.
func becomes(g Gate, n int) func([]Angle) []Step { return steps(step(g, operands(n))) }

// negated is the inverse of a gate that is the exponential of its parameters.
func negated(g Gate, n int) func([]Angle) []Step {
	return func(p []Angle) []Step {
		q := make([]Angle, len(p))
		for i := range p {
			q[i] = p[i].Neg()
		}
		return []Step{{g, operands(n), q}}
	}
}

// euler is gphase, rz(λ), ry(θ), rz(φ): the decomposition of the U family.
func euler(global Angle, theta, phi, lambda Angle) []Step {
	return []Step{step(GPhase, nil, global), step(RZ, on(0), lambda), step(RY, on(0), theta), step(RZ, on(0), phi)}
}

// turned is a rotation written as a phase gate: rz(a) and half of a globally.
func turned(a float64) func([]Angle) []Step {
	return steps(step(RZ, on(0), Const(a)), step(GPhase, nil, Const(a/2)))
}

// framed puts a step between rz(-a) and rz(a) on the qubits named.
func framed(inner Step, frames map[int]Angle) []Step {
	var before, after []Step
	for q := range len(inner.Qubits) {
		if a, ok := frames[q]; ok {
			before = append(before, step(RZ, on(q), a.Neg()))
			after = append(after, step(RZ, on(q), a))
		}
	}
	return append(append(before, inner), after...)
}

const turn = 2 * math.Pi

var (
	none   = []Shift{}
	two    = Shift{ShiftTwo, 1}
	four   = Shift{ShiftFour, 1}
	phased = Shift{ShiftPhase, 1}
)

// table holds the facts of every gate; parser, printer, simulator, compiler and
// documentation read it, and the tests range over it.
//
// Sources: OpenQASM 3.1 specification, standard library stdgates.inc; Qiskit
// for sxdg, u, csx, iswap, ecr and the two-qubit rotations; IonQ's and IQM's
// descriptions of their native gates for gpi, gpi2, ms, zz and prx.
var table = [gateCount]Info{
	GPhase: {Name: "gphase", Params: []string{"gamma"}, Diagonal: true,
		Matrix:   func(p []float64) Matrix { return diagonal(phase(p[0])) },
		Shifts:   []Shift{{ShiftNone, 1}},
		Inverse:  negated(GPhase, 0),
		Spelling: Spelling{StdGates: "gphase", Braket: "gphase"}},
	ID: {Name: "id", Qubits: 1, Diagonal: true, Linear: true, Matrix: fixed(Identity(2)), Shifts: none,
		Inverse: becomes(ID, 1), Decompose: steps(),
		Spelling: Spelling{StdGates: "id", QELib1: "id", Qiskit: "id", Braket: "i"}},
	X: {Name: "x", Qubits: 1, Linear: true, Matrix: fixed(pauliX), Shifts: none, Inverse: becomes(X, 1),
		Decompose: steps(step(RX, on(0), Const(math.Pi)), step(GPhase, nil, Const(math.Pi/2))),
		Spelling:  Spelling{StdGates: "x", QELib1: "x", Qiskit: "x", Braket: "x"}},
	Y: {Name: "y", Qubits: 1, Matrix: fixed(pauliY), Shifts: none, Inverse: becomes(Y, 1),
		Decompose: steps(step(RY, on(0), Const(math.Pi)), step(GPhase, nil, Const(math.Pi/2))),
		Spelling:  Spelling{StdGates: "y", QELib1: "y", Qiskit: "y", Braket: "y"}},
	Z: {Name: "z", Qubits: 1, Diagonal: true, Matrix: fixed(pauliZ), Shifts: none, Inverse: becomes(Z, 1),
		Decompose: turned(math.Pi),
		Spelling:  Spelling{StdGates: "z", QELib1: "z", Qiskit: "z", Braket: "z"}},
	H: {Name: "h", Qubits: 1, Matrix: fixed(hadamard()), Shifts: none, Inverse: becomes(H, 1),
		Decompose: steps(step(RZ, on(0), Const(math.Pi)), step(RY, on(0), Const(math.Pi/2)), step(GPhase, nil, Const(math.Pi/2))),
		Spelling:  Spelling{StdGates: "h", QELib1: "h", Qiskit: "h", Braket: "h"}},
	S: {Name: "s", Qubits: 1, Diagonal: true, Matrix: fixed(diagonal(1, 1i)), Shifts: none, Inverse: becomes(SDG, 1),
		Decompose: turned(math.Pi / 2),
		Spelling:  Spelling{StdGates: "s", QELib1: "s", Qiskit: "s", Braket: "s"}},
	SDG: {Name: "sdg", Qubits: 1, Diagonal: true, Matrix: fixed(diagonal(1, -1i)), Shifts: none, Inverse: becomes(S, 1),
		Decompose: turned(-math.Pi / 2),
		Spelling:  Spelling{StdGates: "sdg", QELib1: "sdg", Qiskit: "sdg", Braket: "si"}},
	T: {Name: "t", Qubits: 1, Diagonal: true, Matrix: fixed(diagonal(1, phase(math.Pi/4))), Shifts: none, Inverse: becomes(TDG, 1),
		Decompose: turned(math.Pi / 4),
		Spelling:  Spelling{StdGates: "t", QELib1: "t", Qiskit: "t", Braket: "t"}},
	TDG: {Name: "tdg", Qubits: 1, Diagonal: true, Matrix: fixed(diagonal(1, phase(-math.Pi/4))), Shifts: none, Inverse: becomes(T, 1),
		Decompose: turned(-math.Pi / 4),
		Spelling:  Spelling{StdGates: "tdg", QELib1: "tdg", Qiskit: "tdg", Braket: "ti"}},
	SX: {Name: "sx", Qubits: 1, Matrix: fixed(sqrtX()), Shifts: none, Inverse: becomes(SXDG, 1),
		Decompose: steps(step(RX, on(0), Const(math.Pi/2)), step(GPhase, nil, Const(math.Pi/4))),
		Spelling:  Spelling{StdGates: "sx", Qiskit: "sx", Braket: "v"}},
	SXDG: {Name: "sxdg", Qubits: 1, Matrix: fixed(sqrtX().Adjoint()), Shifts: none, Inverse: becomes(SX, 1),
		Decompose: steps(step(RX, on(0), Const(-math.Pi/2)), step(GPhase, nil, Const(-math.Pi/4))),
		Spelling:  Spelling{Qiskit: "sxdg", Braket: "vi"}},
	P: {Name: "p", Qubits: 1, Params: []string{"lambda"}, Diagonal: true,
		Matrix: func(p []float64) Matrix { return diagonal(1, phase(p[0])) },
		Shifts: []Shift{phased}, Inverse: negated(P, 1),
		Decompose: func(p []Angle) []Step {
			return []Step{step(RZ, on(0), p[0]), step(GPhase, nil, p[0].Scale(0.5))}
		},
		Spelling: Spelling{StdGates: "p", QELib1: "u1", Qiskit: "p", Braket: "phaseshift"}},
	RX: {Name: "rx", Qubits: 1, Params: []string{"theta"}, Matrix: rotation(pauliX), Shifts: []Shift{two}, Inverse: negated(RX, 1),
		Spelling: Spelling{StdGates: "rx", QELib1: "rx", Qiskit: "rx", Braket: "rx"}},
	RY: {Name: "ry", Qubits: 1, Params: []string{"theta"}, Matrix: rotation(pauliY), Shifts: []Shift{two}, Inverse: negated(RY, 1),
		Spelling: Spelling{StdGates: "ry", QELib1: "ry", Qiskit: "ry", Braket: "ry"}},
	RZ: {Name: "rz", Qubits: 1, Params: []string{"phi"}, Diagonal: true, Matrix: rotation(pauliZ), Shifts: []Shift{two}, Inverse: negated(RZ, 1),
		Spelling: Spelling{StdGates: "rz", QELib1: "rz", Qiskit: "rz", Braket: "rz"}},
	// The U of OpenQASM 3: e^(iθ/2) times Qiskit's.
	U: {Name: "U", Qubits: 1, Params: []string{"theta", "phi", "lambda"},
		Matrix: func(p []float64) Matrix {
			return su2(p[0], p[1], p[2]).Scale(phase((p[0] + p[1] + p[2]) / 2))
		},
		Shifts:  []Shift{two, phased, phased},
		Inverse: func(p []Angle) []Step { return []Step{step(U, on(0), p[0].Neg(), p[2].Neg(), p[1].Neg())} },
		Decompose: func(p []Angle) []Step {
			return euler(p[0].Add(p[1]).Add(p[2]).Scale(0.5), p[0], p[1], p[2])
		},
		Spelling: Spelling{StdGates: "U"}},
	// Qiskit's UGate: cos(θ/2) is real and positive in the first element.
	UQ: {Name: "u", Qubits: 1, Params: []string{"theta", "phi", "lambda"},
		Matrix: func(p []float64) Matrix {
			return su2(p[0], p[1], p[2]).Scale(phase((p[1] + p[2]) / 2))
		},
		Shifts:  []Shift{two, phased, phased},
		Inverse: func(p []Angle) []Step { return []Step{step(UQ, on(0), p[0].Neg(), p[2].Neg(), p[1].Neg())} },
		Decompose: func(p []Angle) []Step {
			return euler(p[1].Add(p[2]).Scale(0.5), p[0], p[1], p[2])
		},
		Spelling: Spelling{Qiskit: "u", Braket: "U"}},
	U2: {Name: "u2", Qubits: 1, Params: []string{"phi", "lambda"},
		Matrix:  func(p []float64) Matrix { return su2(math.Pi/2, p[0], p[1]) },
		Shifts:  []Shift{two, two},
		Inverse: func(p []Angle) []Step { return []Step{step(U3, on(0), Const(-math.Pi/2), p[1].Neg(), p[0].Neg())} },
		Decompose: func(p []Angle) []Step {
			return euler(Const(0), Const(math.Pi/2), p[0], p[1])
		},
		Spelling: Spelling{StdGates: "u2", QELib1: "u2", Qiskit: "u2"}},
	U3: {Name: "u3", Qubits: 1, Params: []string{"theta", "phi", "lambda"},
		Matrix:    func(p []float64) Matrix { return su2(p[0], p[1], p[2]) },
		Shifts:    []Shift{two, two, two},
		Inverse:   func(p []Angle) []Step { return []Step{step(U3, on(0), p[0].Neg(), p[2].Neg(), p[1].Neg())} },
		Decompose: func(p []Angle) []Step { return euler(Const(0), p[0], p[1], p[2]) },
		Spelling:  Spelling{StdGates: "u3", QELib1: "u3", Qiskit: "u3"}},
	// IQM's phased rotation: exp(-i θ/2 (cos φ X + sin φ Y)).
	PRX: {Name: "prx", Qubits: 1, Params: []string{"theta", "phi"},
		Matrix:  func(p []float64) Matrix { return exponential(p[0], equator(p[1])) },
		Shifts:  []Shift{two, {ShiftFour, 2}},
		Inverse: func(p []Angle) []Step { return []Step{step(PRX, on(0), p[0].Neg(), p[1])} },
		Decompose: func(p []Angle) []Step {
			return framed(step(RX, on(0), p[0]), map[int]Angle{0: p[1]})
		},
		Spelling: Spelling{Braket: "prx"}},
	GPI: {Name: "gpi", Qubits: 1, Params: []string{"phi"}, Turns: true,
		Matrix:  func(p []float64) Matrix { return equator(turn * p[0]) },
		Shifts:  []Shift{{ShiftTwo, 2 * turn}},
		Inverse: func(p []Angle) []Step { return []Step{step(GPI, on(0), p[0])} },
		Decompose: func(p []Angle) []Step {
			return framed(step(X, on(0)), map[int]Angle{0: p[0].Scale(turn)})
		},
		Spelling: Spelling{Braket: "gpi"}},
	GPI2: {Name: "gpi2", Qubits: 1, Params: []string{"phi"}, Turns: true,
		Matrix:  func(p []float64) Matrix { return exponential(math.Pi/2, equator(turn*p[0])) },
		Shifts:  []Shift{{ShiftFour, 2 * turn}},
		Inverse: func(p []Angle) []Step { return []Step{step(GPI2, on(0), p[0].Plus(0.5))} },
		Decompose: func(p []Angle) []Step {
			return framed(step(RX, on(0), Const(math.Pi/2)), map[int]Angle{0: p[0].Scale(turn)})
		},
		Spelling: Spelling{Braket: "gpi2"}},
	CX: {Name: "cx", Qubits: 2, Linear: true, Matrix: fixed(pauliX.Controlled()), Shifts: none, Inverse: becomes(CX, 2),
		Spelling: Spelling{StdGates: "cx", QELib1: "cx", Qiskit: "cx", Braket: "cnot"}},
	CY: {Name: "cy", Qubits: 2, Matrix: fixed(pauliY.Controlled()), Shifts: none, Inverse: becomes(CY, 2),
		Decompose: steps(step(SDG, on(1)), step(CX, on(0, 1)), step(S, on(1))),
		Spelling:  Spelling{StdGates: "cy", QELib1: "cy", Qiskit: "cy", Braket: "cy"}},
	CZ: {Name: "cz", Qubits: 2, Diagonal: true, Matrix: fixed(pauliZ.Controlled()), Shifts: none, Inverse: becomes(CZ, 2),
		Decompose: steps(step(H, on(1)), step(CX, on(0, 1)), step(H, on(1))),
		Spelling:  Spelling{StdGates: "cz", QELib1: "cz", Qiskit: "cz", Braket: "cz"}},
	CH: {Name: "ch", Qubits: 2, Matrix: fixed(hadamard().Controlled()), Shifts: none, Inverse: becomes(CH, 2),
		Decompose: steps(step(RY, on(1), Const(-math.Pi/4)), step(CZ, on(0, 1)), step(RY, on(1), Const(math.Pi/4))),
		Spelling:  Spelling{StdGates: "ch", QELib1: "ch", Qiskit: "ch"}},
	CSX: {Name: "csx", Qubits: 2, Matrix: fixed(sqrtX().Controlled()), Shifts: none,
		Inverse:   steps(step(H, on(1)), step(CP, on(0, 1), Const(-math.Pi/2)), step(H, on(1))),
		Decompose: steps(step(H, on(1)), step(CP, on(0, 1), Const(math.Pi/2)), step(H, on(1))),
		Spelling:  Spelling{Qiskit: "csx", Braket: "cv"}},
	CP: {Name: "cp", Qubits: 2, Params: []string{"lambda"}, Diagonal: true,
		Matrix: func(p []float64) Matrix { return diagonal(1, 1, 1, phase(p[0])) },
		Shifts: []Shift{phased}, Inverse: negated(CP, 2),
		Decompose: func(p []Angle) []Step {
			half := p[0].Scale(0.5)
			return []Step{step(P, on(0), half), step(CX, on(0, 1)), step(P, on(1), half.Neg()), step(CX, on(0, 1)), step(P, on(1), half)}
		},
		Spelling: Spelling{StdGates: "cp", QELib1: "cu1", Qiskit: "cp", Braket: "cphaseshift"}},
	CRX: {Name: "crx", Qubits: 2, Params: []string{"theta"}, Matrix: controlled(rotation(pauliX)), Shifts: []Shift{four}, Inverse: negated(CRX, 2),
		Decompose: func(p []Angle) []Step {
			return []Step{step(H, on(1)), step(CRZ, on(0, 1), p[0]), step(H, on(1))}
		},
		Spelling: Spelling{StdGates: "crx", Qiskit: "crx"}},
	CRY: {Name: "cry", Qubits: 2, Params: []string{"theta"}, Matrix: controlled(rotation(pauliY)), Shifts: []Shift{four}, Inverse: negated(CRY, 2),
		Decompose: func(p []Angle) []Step {
			half := p[0].Scale(0.5)
			return []Step{step(RY, on(1), half), step(CX, on(0, 1)), step(RY, on(1), half.Neg()), step(CX, on(0, 1))}
		},
		Spelling: Spelling{StdGates: "cry", Qiskit: "cry"}},
	CRZ: {Name: "crz", Qubits: 2, Params: []string{"theta"}, Diagonal: true, Matrix: controlled(rotation(pauliZ)), Shifts: []Shift{four}, Inverse: negated(CRZ, 2),
		Decompose: func(p []Angle) []Step {
			half := p[0].Scale(0.5)
			return []Step{step(RZ, on(1), half), step(CX, on(0, 1)), step(RZ, on(1), half.Neg()), step(CX, on(0, 1))}
		},
		Spelling: Spelling{StdGates: "crz", QELib1: "crz", Qiskit: "crz"}},
	CU: {Name: "cu", Qubits: 2, Params: []string{"theta", "phi", "lambda", "gamma"},
		Matrix: func(p []float64) Matrix {
			return su2(p[0], p[1], p[2]).Scale(phase(p[3] + (p[1]+p[2])/2)).Controlled()
		},
		Shifts: []Shift{four, phased, phased, phased},
		Inverse: func(p []Angle) []Step {
			return []Step{step(CU, on(0, 1), p[0].Neg(), p[2].Neg(), p[1].Neg(), p[3].Neg())}
		},
		Decompose: func(p []Angle) []Step {
			sum, diff := p[2].Add(p[1]).Scale(0.5), p[2].Sub(p[1]).Scale(0.5)
			return []Step{
				step(P, on(0), p[3].Add(sum)), step(P, on(1), diff), step(CX, on(0, 1)),
				step(UQ, on(1), p[0].Scale(-0.5), Const(0), sum.Neg()), step(CX, on(0, 1)),
				step(UQ, on(1), p[0].Scale(0.5), p[1], Const(0)),
			}
		},
		Spelling: Spelling{StdGates: "cu", Qiskit: "cu"}},
	Swap: {Name: "swap", Qubits: 2, Linear: true, Matrix: fixed(matrixOf(1, 0, 0, 0, 0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 1)), Shifts: none, Inverse: becomes(Swap, 2),
		Decompose: steps(step(CX, on(0, 1)), step(CX, on(1, 0)), step(CX, on(0, 1))),
		Spelling:  Spelling{StdGates: "swap", Qiskit: "swap", Braket: "swap"}},
	ISwap: {Name: "iswap", Qubits: 2, Matrix: fixed(matrixOf(1, 0, 0, 0, 0, 0, 1i, 0, 0, 1i, 0, 0, 0, 0, 0, 1)), Shifts: none,
		Inverse:   steps(step(H, on(1)), step(CX, on(1, 0)), step(CX, on(0, 1)), step(H, on(0)), step(SDG, on(1)), step(SDG, on(0))),
		Decompose: steps(step(S, on(0)), step(S, on(1)), step(H, on(0)), step(CX, on(0, 1)), step(CX, on(1, 0)), step(H, on(1))),
		Spelling:  Spelling{Qiskit: "iswap", Braket: "iswap"}},
	// Qiskit's echoed cross-resonance gate: (I·X - X·Y)/√2, written for (target, control).
	ECR: {Name: "ecr", Qubits: 2, Matrix: fixed(ecrMatrix()), Shifts: none, Inverse: becomes(ECR, 2),
		Decompose: steps(step(RZX, on(0, 1), Const(math.Pi/4)), step(X, on(0)), step(RZX, on(0, 1), Const(-math.Pi/4))),
		Spelling:  Spelling{Qiskit: "ecr", Braket: "ecr"}},
	RXX: {Name: "rxx", Qubits: 2, Params: []string{"theta"}, Matrix: rotation(pauliX.Kron(pauliX)), Shifts: []Shift{two}, Inverse: negated(RXX, 2),
		Decompose: func(p []Angle) []Step {
			return []Step{step(H, on(0)), step(H, on(1)), step(RZZ, on(0, 1), p[0]), step(H, on(0)), step(H, on(1))}
		},
		Spelling: Spelling{Qiskit: "rxx", Braket: "xx"}},
	RYY: {Name: "ryy", Qubits: 2, Params: []string{"theta"}, Matrix: rotation(pauliY.Kron(pauliY)), Shifts: []Shift{two}, Inverse: negated(RYY, 2),
		Decompose: func(p []Angle) []Step {
			q := Const(math.Pi / 2)
			return []Step{step(RX, on(0), q), step(RX, on(1), q), step(RZZ, on(0, 1), p[0]), step(RX, on(0), q.Neg()), step(RX, on(1), q.Neg())}
		},
		Spelling: Spelling{Qiskit: "ryy", Braket: "yy"}},
	RZZ: {Name: "rzz", Qubits: 2, Params: []string{"theta"}, Diagonal: true, Matrix: rotation(pauliZ.Kron(pauliZ)), Shifts: []Shift{two}, Inverse: negated(RZZ, 2),
		Decompose: func(p []Angle) []Step {
			return []Step{step(CX, on(0, 1)), step(RZ, on(1), p[0]), step(CX, on(0, 1))}
		},
		Spelling: Spelling{Qiskit: "rzz", Braket: "zz"}},
	RZX: {Name: "rzx", Qubits: 2, Params: []string{"theta"}, Matrix: rotation(pauliZ.Kron(pauliX)), Shifts: []Shift{two}, Inverse: negated(RZX, 2),
		Decompose: func(p []Angle) []Step {
			return []Step{step(H, on(1)), step(RZZ, on(0, 1), p[0]), step(H, on(1))}
		},
		Spelling: Spelling{Qiskit: "rzx"}},
	// Qiskit's XXMinusYYGate: it turns |00> and |11> into each other, and with beta = π/2 by
	// real numbers: |00> to cos θ/2 |00> + sin θ/2 |11>. XX and YY commute, and CX between
	// rx(∓π/2) turns them into a rotation of each qubit.
	XXMinusYY: {Name: "xx_minus_yy", Qubits: 2, Params: []string{"theta", "beta"},
		Matrix: func(p []float64) Matrix {
			m := Identity(4)
			c, s := complex(math.Cos(p[0]/2), 0), complex(0, -math.Sin(p[0]/2))
			m.A[0], m.A[3], m.A[12], m.A[15] = c, s*phase(-p[1]), s*phase(p[1]), c
			return m
		},
		Shifts:  []Shift{four, {ShiftFour, 2}},
		Inverse: func(p []Angle) []Step { return []Step{step(XXMinusYY, on(0, 1), p[0].Neg(), p[1])} },
		Decompose: func(p []Angle) []Step {
			q, half := Const(math.Pi/2), p[0].Scale(0.5)
			return []Step{
				step(RZ, on(0), p[1].Neg()), step(RX, on(0), q.Neg()), step(RX, on(1), q.Neg()), step(CX, on(0, 1)),
				step(RX, on(0), half), step(RZ, on(1), half.Neg()),
				step(CX, on(0, 1)), step(RX, on(0), q), step(RX, on(1), q), step(RZ, on(0), p[1]),
			}
		}},
	// IonQ's partial Mølmer-Sørensen gate: exp(-i π θ E(φ0) x E(φ1)), E = cos X + sin Y.
	MS: {Name: "ms", Qubits: 2, Params: []string{"phi0", "phi1", "theta"}, Turns: true,
		Matrix: func(p []float64) Matrix {
			return exponential(turn*p[2], equator(turn*p[0]).Kron(equator(turn*p[1])))
		},
		Shifts:  []Shift{{ShiftFour, 2 * turn}, {ShiftFour, 2 * turn}, {ShiftTwo, turn}},
		Inverse: func(p []Angle) []Step { return []Step{step(MS, on(0, 1), p[0], p[1], p[2].Neg())} },
		Decompose: func(p []Angle) []Step {
			return framed(step(RXX, on(0, 1), p[2].Scale(turn)), map[int]Angle{0: p[0].Scale(turn), 1: p[1].Scale(turn)})
		},
		Spelling: Spelling{Braket: "ms"}},
	ZZ: {Name: "zz", Qubits: 2, Params: []string{"theta"}, Turns: true, Diagonal: true,
		Matrix: func(p []float64) Matrix { return exponential(turn*p[0], pauliZ.Kron(pauliZ)) },
		Shifts: []Shift{{ShiftTwo, turn}}, Inverse: negated(ZZ, 2),
		Decompose: func(p []Angle) []Step { return []Step{step(RZZ, on(0, 1), p[0].Scale(turn))} }},
	CCX: {Name: "ccx", Qubits: 3, Matrix: fixed(pauliX.Controlled().Controlled()), Shifts: none, Inverse: becomes(CCX, 3),
		Decompose: steps(step(H, on(2)), step(CCZ, on(0, 1, 2)), step(H, on(2))),
		Spelling:  Spelling{StdGates: "ccx", QELib1: "ccx", Qiskit: "ccx", Braket: "ccnot"}},
	CCZ: {Name: "ccz", Qubits: 3, Diagonal: true, Matrix: fixed(pauliZ.Controlled().Controlled()), Shifts: none, Inverse: becomes(CCZ, 3),
		// abc = (a+b+c - a⊕b - b⊕c - a⊕c + a⊕b⊕c)/4: one t or tdg on each parity.
		Decompose: steps(
			step(T, on(0)), step(T, on(1)), step(T, on(2)),
			step(CX, on(1, 2)), step(TDG, on(2)), step(CX, on(0, 2)), step(T, on(2)),
			step(CX, on(1, 2)), step(TDG, on(2)), step(CX, on(0, 2)),
			step(CX, on(0, 1)), step(TDG, on(1)), step(CX, on(0, 1)))},
	CSwap: {Name: "cswap", Qubits: 3, Matrix: fixed(matrixOf(1, 0, 0, 0, 0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 1).Controlled()), Shifts: none, Inverse: becomes(CSwap, 3),
		Decompose: steps(step(CX, on(2, 1)), step(CCX, on(0, 1, 2)), step(CX, on(2, 1))),
		Spelling:  Spelling{StdGates: "cswap", Qiskit: "cswap", Braket: "cswap"}},
}

func ecrMatrix() Matrix {
	h := complex(math.Sqrt2/2, 0)
	i := complex(0, math.Sqrt2/2)
	return matrixOf(
		0, 0, h, i,
		0, 0, i, h,
		h, -i, 0, 0,
		-i, h, 0, 0)
}
