package emulator

import (
	"testing"

	"qgan/ir"
)

// Without noise circuits of more qubits than a state vector holds are run too; with noise they
// fail, and say why.
func TestManyQubits(t *testing.T) {
	c := ir.New(40, 2)
	c.Gate(ir.SX, []int{0})
	for q := range 39 {
		c.Gate(ir.RZ, []int{q}, ir.Const(0.3))
		c.Gate(ir.CZ, []int{q, q + 1})
	}
	c.Gate(ir.X, []int{39})
	c.Measure(0, 0)
	c.Measure(39, 1)
	for _, ideal := range []bool{true, false} {
		e, _ := start(t, Options{Ideal: ideal})
		out, err := e.run(&job{programs: []program{{c, 400}}})
		if !ideal {
			if err == nil {
				t.Error("40 qubits with noise were run")
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		counts := out[0].ByBits(2)
		if counts["01"]+counts["11"] != 400 || counts["01"] < 140 || counts["11"] < 140 || len(out[0].Words) != 400 {
			t.Errorf("%v, %d words", counts, len(out[0].Words))
		}
	}
}
