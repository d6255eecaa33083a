package qasm

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"qgan/ir"
)

// powers that are tried: roots, integers, and what is neither.
var powers = []float64{0.5, -0.5, 1. / 3, 0.25, 1.5, -2.5, 0, 1, -1, 2, -3}

// anglesOf returns parameters of a gate: within and beyond the range in which scaling them
// is the principal power, and at both ends of it.
func anglesOf(info *ir.Info) [][]float64 {
	if len(info.Params) == 0 {
		return [][]float64{nil}
	}
	half := math.Pi
	if info.Turns {
		half = 0.5
	}
	var rows [][]float64
	for _, x := range []float64{0.3, -0.2, 1, -1, 1.4, 2, -2, 2.6} {
		row := make([]float64, len(info.Params))
		for i := range row {
			row[i] = x * half * (1 - 0.2*float64(len(row)-1-i))
		}
		rows = append(rows, row)
	}
	return rows
}

// powerOf multiplies for whole numbers and takes the principal power for others.
func powerOfMatrix(t *testing.T, m ir.Matrix, k float64) ir.Matrix {
	t.Helper()
	if k != math.Trunc(k) {
		p, err := m.Power(k)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	p := ir.Identity(m.Dim)
	for range int(math.Abs(k)) {
		p = p.Mul(m)
	}
	if k < 0 {
		return p.Adjoint()
	}
	return p
}

// The power of every gate of the table, bare and with a control that acts on 1 or on 0
// inside or outside of it, is the power of its matrix.
func TestPowerOfEveryGate(t *testing.T) {
	t.Parallel()
	for _, g := range ir.Gates() {
		info := g.Info()
		for _, p := range anglesOf(info) {
			call := info.Name
			if len(p) > 0 {
				call += "(" + strings.Trim(strings.ReplaceAll(fmt.Sprint(p), " ", ", "), "[]") + ")"
			}
			for _, k := range powers {
				matrix := powerOfMatrix(t, info.Matrix(p), k)
				for i, control := range []string{"", "ctrl @ ", "negctrl @ "} {
					n := info.Qubits + min(1, i)
					if n == 0 {
						continue
					}
					// The operands are not in order.
					var operands []int
					for q := range n {
						operands = append(operands, n-1-q)
					}
					names := strings.Trim(strings.ReplaceAll(fmt.Sprint(operands), " ", "], q["), "[]")
					want := ir.New(n, 0)
					want.Ops = []ir.Op{&ir.Unitary{Name: call, Matrix: matrix.ControlledBy(min(1, i), uint64(i/2)), Qubits: operands}}
					texts := []string{fmt.Sprintf("%spow(%v) @ %s", control, k, call), fmt.Sprintf("pow(%v) @ %s%s", k, control, call)}
					for _, text := range slices.Compact(texts) {
						got := read(t, fmt.Sprintf("%squbit[%d] q; %s q[%s];", head3, n, text, names))
						if d := unitary(t, got).Distance(unitary(t, want)); d > 1e-9 {
							t.Errorf("%s is %.2g away from the power of the matrix", text, d)
						}
					}
				}
			}
		}
	}
}
