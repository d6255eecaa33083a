package qasm

import (
	"strings"
	"testing"

	"qgan/ir"
)

// What a dialect can't hold as a whole is written for qiskit.
func TestFitting(t *testing.T) {
	bell := ir.New(2, 0)
	bell.Gate(ir.H, []int{0})
	bell.Gate(ir.CX, []int{0, 1})
	bell.MeasureAll()
	open := ir.New(1, 0)
	open.Data = []string{"z"}
	open.Gate(ir.RX, []int{0}, ir.Data(1, 0))
	open.MeasureAll()
	for name, k := range map[string]struct {
		c        *ir.Circuit
		dialect  string
		want     string
		explains bool
	}{
		"bound":            {bell, "braket", "braket", false},
		"bound, ionq":      {bell, "ionq", "ionq", false},
		"open, for qiskit": {open, "qiskit", "qiskit", false},
		"open, iqm":        {open, "iqm", "qiskit", true},
	} {
		fit, why := Fitting(k.c, Options{Dialect: k.dialect})
		if fit.Dialect != k.want || (why != "") != k.explains || strings.Contains(why, "\n") {
			t.Errorf("%s: %s, %q", name, fit.Dialect, why)
		}
	}
}
