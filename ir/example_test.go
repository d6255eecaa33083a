package ir_test

import (
	"fmt"

	"qgan/ir"
)

// The circuit of one timestep, for two neurons and one layer.
func ExampleAnsatz_Circuit() {
	a := ir.Ansatz{Neurons: 2, Layers: 1, Closing: true, FinalChain: true, Latent: ir.LatentScale{Value: 1}}
	fmt.Print(a.Circuit())
	// Output:
	// circuit "sub_generator": 2 qubits, 0 bits
	// trained ry_0_0 rz_0_0 ry_0_1 rz_0_1
	// data z_0 z_1
	// rx(z_0) q0
	// ry(ry_0_0) q0
	// rz(rz_0_0) q0
	// rx(z_1) q1
	// ry(ry_0_1) q1
	// rz(rz_0_1) q1
	// cx q0 q1
	// rx(z_0) q0
	// rx(z_1) q1
	// cx q0 q1
}
