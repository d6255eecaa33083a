package sim_test

import (
	"fmt"

	"qgan/backends"
	"qgan/backends/sim"
	"qgan/ir"
)

// Exact outcome probabilities of a Bell circuit with a trained angle, and the
// derivative of the probability of |11>.
func ExampleSimulator_Differentiate() {
	c := ir.New(2, 0)
	c.TrainedSymbol("theta")
	c.Gate(ir.RY, []int{0}, ir.Trained(1, 0))
	c.Gate(ir.CX, []int{0, 1})
	d, err := new(sim.Simulator).Differentiate(c, backends.Probabilities)
	if err != nil {
		panic(err)
	}
	law, grad := make([]float64, 4), make([]float64, 1)
	b := backends.Bindings{Trained: [][]float64{{1.0}}, Data: [][]float64{{}}}
	if err := d.Forward(b, law); err != nil {
		panic(err)
	}
	if err := d.Backward([]float64{0, 0, 0, 1}, grad, nil); err != nil {
		panic(err)
	}
	fmt.Printf("%.4f, d/dtheta %.4f\n", law, grad)
	// Output: [0.7702 0.0000 0.0000 0.2298], d/dtheta [0.4207]
}
