package ir

import (
	"fmt"
	"math"
)

// Gate names a row of the gate table.
type Gate uint8

// The gates, in the order of the table. Names are OpenQASM's and Qiskit's.
const (
	GPhase Gate = iota
	ID
	X
	Y
	Z
	H
	S
	SDG
	T
	TDG
	SX
	SXDG
	P
	RX
	RY
	RZ
	U
	UQ
	U2
	U3
	PRX
	GPI
	GPI2
	CX
	CY
	CZ
	CH
	CSX
	CP
	CRX
	CRY
	CRZ
	CU
	Swap
	ISwap
	ECR
	RXX
	RYY
	RZZ
	RZX
	XXMinusYY
	MS
	ZZ
	CCX
	CCZ
	CSwap
	gateCount
)

// ShiftKind tells how the expectation value of any observable depends on one
// parameter of a gate, and so which parameter-shift rule is exact.
type ShiftKind uint8

const (
	// ShiftNone: the parameter changes only the global phase.
	ShiftNone ShiftKind = iota
	// ShiftPhase: the generator has the eigenvalues 0 and 1 (a phase); two
	// terms, also when the gate is controlled.
	ShiftPhase
	// ShiftTwo: eigenvalues ±1/2; two terms.
	ShiftTwo
	// ShiftFour: eigenvalues 0 and ±1/2 (a controlled rotation); four terms.
	ShiftFour
)

// Shift is the rule of one parameter: with a = Scale·parameter,
// dE/dparameter = Scale · sum_k Coef_k E(a + Shift_k).
type Shift struct {
	Kind  ShiftKind
	Scale float64
}

// ShiftTerm is one evaluation of a parameter-shift rule: the derivative is the
// sum of Coef x E(parameter + Shift).
type ShiftTerm struct{ Coef, Shift float64 }

// Terms returns the rule's evaluations in units of the parameter itself.
//
// Two terms (Mitarai et al. 2018; Schuld et al. 2019): [E(a+π/2) - E(a-π/2)]/2.
// Four terms (Anselmetti et al. 2021, eq. 8; Wierichs et al. 2022) for
// frequencies 1/2 and 1: c₊[E(a+π/2) - E(a-π/2)] - c₋[E(a+3π/2) - E(a-3π/2)],
// c± = (√2 ± 1)/(4√2).
func (s Shift) Terms() []ShiftTerm {
	k := s.Scale
	two := func(coef, shift float64) []ShiftTerm {
		return []ShiftTerm{{k * coef, shift / k}, {-k * coef, -shift / k}}
	}
	switch s.Kind {
	case ShiftPhase, ShiftTwo:
		return two(0.5, math.Pi/2)
	case ShiftFour:
		plus := (math.Sqrt2 + 1) / (4 * math.Sqrt2)
		minus := (math.Sqrt2 - 1) / (4 * math.Sqrt2)
		return append(two(plus, math.Pi/2), two(-minus, 3*math.Pi/2)...)
	}
	return nil
}

// Controlled returns the rule of the same parameter when the gate is
// controlled by further qubits.
func (s Shift) Controlled() Shift {
	switch s.Kind {
	case ShiftNone:
		s.Kind = ShiftPhase
	case ShiftTwo:
		s.Kind = ShiftFour
	}
	return s
}

// Step is one gate of a decomposition, on operands counted within the gate.
type Step struct {
	Gate   Gate
	Qubits []int
	Angles []Angle
}

// Spelling holds a gate's name where it differs between languages; empty where
// the language has no such gate.
type Spelling struct {
	StdGates string // stdgates.inc of OpenQASM 3 or its language
	QELib1   string // qelib1.inc of OpenQASM 2 (the set of the paper)
	Qiskit   string // without a definition, in Qiskit's legacy OpenQASM 2 set
	Braket   string // Amazon Braket's OpenQASM 3
}

// Info is one row of the gate table.
type Info struct {
	Name   string // lower case, Qiskit's; unique
	Qubits int
	Params []string // names of the parameters; radians unless Turns
	Turns  bool     // parameters count full turns (IonQ)

	// Matrix returns the unitary for values of the parameters, first operand
	// most significant, global phase as OpenQASM 3 defines it.
	Matrix func(p []float64) Matrix
	// Diagonal: the matrix is diagonal for all parameters.
	Diagonal bool
	// Linear: the gate permutes basis states by an affine map over GF(2).
	Linear bool
	// Shifts holds the parameter-shift rule of each parameter.
	Shifts []Shift
	// Inverse returns gates that undo it, phase included.
	Inverse func(p []Angle) []Step
	// Decompose returns simpler gates that equal it, phase included; nil for
	// the primitive gates rx, ry, rz, cx, gphase.
	Decompose func(p []Angle) []Step

	Spelling Spelling
}

// Info returns the gate's row. It panics for a value that is no gate.
func (g Gate) Info() *Info { return &table[g] }

// Valid reports whether g is a row of the table.
func (g Gate) Valid() bool { return g < gateCount }

// String returns the gate's name.
func (g Gate) String() string {
	if !g.Valid() {
		return fmt.Sprintf("gate(%d)", uint8(g))
	}
	return table[g].Name
}

// Gates returns all gates in the order of the table.
func Gates() []Gate {
	out := make([]Gate, gateCount)
	for i := range out {
		out[i] = Gate(i)
	}
	return out
}

// GateByName finds a gate by its name in the table.
func GateByName(name string) (Gate, bool) {
	for i := range table {
		if table[i].Name == name {
			return Gate(i), true
		}
	}
	return 0, false
}

// Lower expands a gate into the primitive gates rx, ry, rz, cx and gphase,
// global phase included.
func Lower(g Gate, angles []Angle) []Step {
	info := g.Info()
	if info.Decompose == nil {
		return []Step{{g, operands(info.Qubits), angles}}
	}
	var out []Step
	for _, s := range info.Decompose(angles) {
		for _, inner := range Lower(s.Gate, s.Angles) {
			qubits := make([]int, len(inner.Qubits))
			for i, q := range inner.Qubits {
				qubits[i] = s.Qubits[q]
			}
			out = append(out, Step{inner.Gate, qubits, inner.Angles})
		}
	}
	return out
}

func operands(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}
