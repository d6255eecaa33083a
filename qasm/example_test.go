package qasm_test

import (
	"fmt"
	"os"

	"qgan/ir"
	"qgan/qasm"
)

// A circuit with its latent vector as inputs.
func ExampleWrite() {
	a := ir.Ansatz{Neurons: 2, Layers: 1, Latent: ir.LatentScale{Value: 2}, FinalChain: true}
	c, err := a.Circuit().Bind([]float64{0.5, -0.25, 1, 0.75}, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	c.MeasureAll()
	if err := qasm.Write(os.Stdout, c, qasm.Options{}); err != nil {
		fmt.Println(err)
	}
	// Output:
	// OPENQASM 3.0;
	// include "stdgates.inc";
	// input float[64] z_0;
	// input float[64] z_1;
	// qubit[2] q;
	// bit[2] c;
	// rx(2.0*z_0) q[0];
	// ry(0.5) q[0];
	// rz(-0.25) q[0];
	// rx(2.0*z_1) q[1];
	// ry(1.0) q[1];
	// rz(0.75) q[1];
	// cx q[0], q[1];
	// c[0] = measure q[0];
	// c[1] = measure q[1];
}

// A gate that a dialect's reader does not know is defined; the angles are
// multiples of pi where that is the same number.
func ExamplePrint() {
	c := ir.New(2, 0)
	c.Gate(ir.RZZ, []int{0, 1}, ir.Const(0.75*3.141592653589793))
	p, err := qasm.Print(c, qasm.Options{Dialect: "qiskit"})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Print(p.Text)
	// Output:
	// OPENQASM 3.0;
	// include "stdgates.inc";
	// gate rzz(p0) a, b {
	//   cx a, b;
	//   rz(p0) b;
	//   cx a, b;
	// }
	// qubit[2] q;
	// rzz(3*pi/4) q[0], q[1];
}
