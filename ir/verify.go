package ir

import (
	"errors"
	"fmt"
	"math"
)

// Verify reports what is wrong with a circuit: operands out of range or given
// twice, a wrong number of operands or angles, symbols that the circuit does
// not have, angles that are no numbers, matrices that are not unitary,
// registers that name what is not there. Each finding names its operation.
// A pass may rely on all of this, and a verifier runs between passes.
func Verify(c *Circuit) error {
	v := verifier{c: c}
	v.registers("qubit", c.QubitRegs, c.Qubits)
	v.registers("bit", c.BitRegs, c.Bits)
	v.angle(named("global phase"), c.Phase)
	v.ops(c.Ops, "op")
	return errors.Join(v.errs...)
}

type verifier struct {
	c    *Circuit
	errs []error
}

// site is what a finding is about: a name, or operation number op of a list.
// It becomes text only where there is a finding.
type site struct {
	path string
	op   int // -1: path is all
	gate string
}

func named(name string) site { return site{name, -1, ""} }

func (s site) String() string {
	switch {
	case s.op < 0:
		return s.path
	case s.gate != "":
		return fmt.Sprintf("%s %d (%s)", s.path, s.op, s.gate)
	}
	return fmt.Sprintf("%s %d", s.path, s.op)
}

func (v *verifier) fail(where site, format string, args ...any) {
	v.errs = append(v.errs, fmt.Errorf("%v: %s", where, fmt.Sprintf(format, args...)))
}

func (v *verifier) registers(kind string, regs []Register, n int) {
	names := map[string]bool{}
	for _, r := range regs {
		where := named(fmt.Sprintf("%s register %q", kind, r.Name))
		if names[r.Name] {
			v.fail(where, "declared twice")
		}
		names[r.Name] = true
		v.indices(where, kind, r.Indices, n)
	}
}

// manyOperands is the number of operands from which a table finds those that
// are given twice.
const manyOperands = 16

func (v *verifier) indices(where site, kind string, indices []int, n int) {
	var seen map[int]bool
	if len(indices) > manyOperands {
		seen = make(map[int]bool, len(indices))
	}
	for i, q := range indices {
		v.index(where, kind, q, n)
		if seen != nil {
			if seen[q] {
				v.fail(where, "%s %d is used twice", kind, q)
			}
			seen[q] = true
			continue
		}
		for _, p := range indices[:i] {
			if p == q {
				v.fail(where, "%s %d is used twice", kind, q)
			}
		}
	}
}

func (v *verifier) index(where site, kind string, i, n int) {
	if i < 0 || i >= n {
		v.fail(where, "%s %d is out of range, there are %d", kind, i, n)
	}
}

func (v *verifier) angle(where site, a Angle) {
	if math.IsNaN(a.Const) || math.IsInf(a.Const, 0) {
		v.fail(where, "angle %v is not a number", a.Const)
	}
	for i, t := range a.Terms {
		switch {
		case math.IsNaN(t.Coef) || math.IsInf(t.Coef, 0):
			v.fail(where, "coefficient %v is not a number", t.Coef)
		case t.Trained == None && t.Data == None:
			v.fail(where, "term %d of the angle has no symbol", i)
		case t.Trained != None && (t.Trained < 0 || int(t.Trained) >= len(v.c.Trained)):
			v.fail(where, "trained symbol %d is out of range, there are %d", t.Trained, len(v.c.Trained))
		case t.Data != None && (t.Data < 0 || int(t.Data) >= len(v.c.Data)):
			v.fail(where, "data symbol %d is out of range, there are %d", t.Data, len(v.c.Data))
		}
	}
}

func (v *verifier) cond(where site, c Cond) {
	switch c := c.(type) {
	case Compare:
		v.indices(where, "bit", c.Bits, v.c.AllBits())
		if c.Value == nil {
			v.fail(where, "comparison without a value")
		}
	case All:
		for _, x := range c {
			v.cond(where, x)
		}
	case Any:
		for _, x := range c {
			v.cond(where, x)
		}
	case Not:
		v.cond(where, c.Cond)
	default:
		v.fail(where, "no condition")
	}
}

func (v *verifier) ops(ops []Op, path string) {
	for i, op := range ops {
		v.op(op, site{path, i, ""})
	}
}

func (v *verifier) op(op Op, where site) {
	switch op := op.(type) {
	case *Apply:
		if !op.Gate.Valid() {
			v.fail(where, "unknown gate %d", op.Gate)
			return
		}
		where.gate = op.Gate.String()
		info := op.Gate.Info()
		if op.Controls < 0 || op.Controls > 64 {
			v.fail(where, "%d controls, at most 64 are held", op.Controls)
		}
		if want := info.Qubits + op.Controls; len(op.Qubits) != want {
			v.fail(where, "%d qubits given, %d needed", len(op.Qubits), want)
		}
		if len(op.Angles) != len(info.Params) {
			v.fail(where, "%d angles given, %d needed", len(op.Angles), len(info.Params))
		}
		if op.Controls < 64 && op.Open>>max(op.Controls, 0) != 0 {
			v.fail(where, "open controls %b of %d controls", op.Open, op.Controls)
		}
		v.indices(where, "qubit", op.Qubits, v.c.Qubits)
		for _, a := range op.Angles {
			v.angle(where, a)
		}
	case *Unitary:
		v.indices(where, "qubit", op.Qubits, v.c.Qubits)
		if k, err := op.Matrix.Qubits(); err != nil {
			v.fail(where, "%v", err)
		} else if k != len(op.Qubits) {
			v.fail(where, "a matrix of %d qubits on %d", k, len(op.Qubits))
		} else if !op.Matrix.IsUnitary(1e-9) {
			v.fail(where, "the matrix is not unitary")
		}
	case *Measure:
		v.index(where, "qubit", op.Qubit, v.c.Qubits)
		if op.Bit != -1 {
			v.index(where, "bit", op.Bit, v.c.AllBits())
		}
	case *Reset:
		v.index(where, "qubit", op.Qubit, v.c.Qubits)
	case *Barrier:
		v.indices(where, "qubit", op.Qubits, v.c.Qubits)
	case *Delay:
		v.indices(where, "qubit", op.Qubits, v.c.Qubits)
		if !(op.Duration >= 0) || math.IsInf(op.Duration, 0) {
			v.fail(where, "a delay of %v", op.Duration)
		}
		if _, ok := unitsOfTime[op.Unit]; !ok {
			v.fail(where, "unit of time %q", op.Unit)
		}
	case *Assign:
		v.indices(where, "bit", op.Bits, v.c.AllBits())
		if len(op.Values) != len(op.Bits) {
			v.fail(where, "%d values for %d bits", len(op.Values), len(op.Bits))
		}
		for _, x := range op.Values {
			v.cond(where, x)
		}
	case *If:
		v.cond(where, op.Cond)
		v.ops(op.Then, where.String()+" then")
		v.ops(op.Else, where.String()+" else")
	case *Switch:
		v.indices(where, "bit", op.Bits, v.c.AllBits())
		for k, c := range op.Cases {
			v.ops(c.Body, fmt.Sprintf("%s case %d", where, k))
		}
		v.ops(op.Default, where.String()+" default")
	case *While:
		v.cond(where, op.Cond)
		v.ops(op.Body, where.String()+" body")
	case *Opaque:
		v.indices(where, "qubit", op.Qubits, v.c.Qubits)
	default:
		v.fail(where, "unknown operation %T", op)
	}
}
