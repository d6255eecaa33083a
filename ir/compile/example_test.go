package compile_test

import (
	"fmt"

	"qgan/calibration"
	"qgan/ir"
	"qgan/ir/compile"
)

// A device of five qubits in a line is compiled for once, and the circuit bound
// to values of its symbols afterwards.
func Example() {
	s := &calibration.Snapshot{Service: "iqm", Name: "line", Basis: []string{"prx", "cz"}, Qubits: make([]calibration.Qubit, 5)}
	for q := range 4 {
		e := &calibration.Value{X: 0.01 - 0.002*float64(q)}
		s.Gates = append(s.Gates, calibration.Gate{Name: "cz", Qubits: []int{q, q + 1}, Error: e})
	}
	target, err := compile.NewTarget(s)
	if err != nil {
		fmt.Println(err)
		return
	}
	c := ir.New(2, 0)
	c.Gate(ir.RY, []int{0}, ir.Trained(1, c.TrainedSymbol("theta")))
	c.Gate(ir.CX, []int{0, 1})
	c.MeasureAll()
	r, err := compile.Compile(c, target, compile.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	b, err := r.Bind([]float64{0.5}, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(r.Layout)
	fmt.Print(b.Circuit)
	// Output:
	// [3 4]
	// circuit "": 5 qubits, 2 bits
	// prx(0.5, 0) q3
	// prx(1.5707963267948966, 0) q4
	// cz q3 q4
	// prx(1.5707963267948966, 3.141592653589793) q4
	// measure q3 -> c0
	// measure q4 -> c1
}
