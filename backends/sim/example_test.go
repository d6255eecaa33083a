package sim_test

import (
	"context"
	"fmt"

	"qgan/backends"
	"qgan/backends/sim"
	"qgan/calibration"
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
	if err := d.Forward(context.Background(), b, law); err != nil {
		panic(err)
	}
	if err := d.Backward(context.Background(), []float64{0, 0, 0, 1}, grad, nil); err != nil {
		panic(err)
	}
	fmt.Printf("%.4f, d/dtheta %.4f\n", law, grad)
	// Output: [0.7702 0.0000 0.0000 0.2298], d/dtheta [0.4207]
}

// A Bell pair whose gates are noisy and whose bits are misread.
func ExampleNoisy() {
	model, err := calibration.ReadNoiseModel(calibration.File{Name: "noise.toml", Data: []byte(`
[[noise]]
gates = ["cx"]
channel = "depolarizing"
probability = 0.04
[[readout]]
p1_given_0 = 0.01
p0_given_1 = 0.03
`)})
	if err != nil {
		panic(err)
	}
	c := ir.New(2, 2)
	c.Gate(ir.H, []int{0})
	c.Gate(ir.CX, []int{0, 1})
	c.MeasureAll()
	law, err := (&sim.Noisy{Model: model}).Law(context.Background(), c, nil, nil)
	if err != nil {
		panic(err)
	}
	for i, word := range law.Words {
		fmt.Printf("%02b %.4f\n", word, law.P[i])
	}
	// Output:
	// 00 0.4813
	// 01 0.0287
	// 10 0.0287
	// 11 0.4613
}
