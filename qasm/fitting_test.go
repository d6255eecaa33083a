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
	apart := ir.New(2, 0) // barriers are no loss, delays are
	apart.Gate(ir.H, []int{0})
	apart.Ops = append(apart.Ops, &ir.Barrier{Qubits: []int{0, 1}})
	apart.MeasureAll()
	late := ir.New(1, 0)
	late.Gate(ir.H, []int{0})
	late.Ops = append(late.Ops, &ir.Barrier{Qubits: []int{0}}, &ir.Delay{Duration: 1, Unit: "us", Qubits: []int{0}})
	late.MeasureAll()
	if _, why := Fitting(late, Options{Dialect: "braket"}); why != "in braket 1 delay is left out" {
		t.Errorf("a delay: %q", why)
	}
	for name, k := range map[string]struct {
		c        *ir.Circuit
		dialect  string
		want     string
		explains bool
	}{
		"bound":            {bell, "braket", "braket", false},
		"bound, ionq":      {bell, "ionq", "ionq", false},
		"open, for qiskit": {open, "qiskit", "qiskit", false},
		"barrier":          {apart, "braket", "braket", false},
		"delay":            {late, "braket", "qiskit", true},
		"open, iqm":        {open, "iqm", "qiskit", true},
	} {
		fit, why := Fitting(k.c, Options{Dialect: k.dialect})
		if fit.Dialect != k.want || (why != "") != k.explains || strings.Contains(why, "\n") {
			t.Errorf("%s: %s, %q", name, fit.Dialect, why)
		}
	}
}
