package wide_test

import (
	"context"
	"fmt"

	"qgan/backends"
	"qgan/backends/wide"
	"qgan/ir"
)

// A hundred qubits that are all 0 or all 1: their words, and an expectation value.
func ExampleStabilizer() {
	const n = 100
	c := ir.New(n, 0)
	c.Gate(ir.H, []int{0})
	for q := range n - 1 {
		c.Gate(ir.CX, []int{q, q + 1})
	}
	sum, _ := backends.ParsePauliSum("Z0 Z99")
	e, _ := new(wide.Stabilizer).Expectations(context.Background(), c, []backends.PauliString{sum[0].String})
	c.MeasureAll()
	results, _ := new(wide.Stabilizer).Run(context.Background(), []backends.Request{{Circuit: c, Shots: []int{1000}, Seed: 1}})
	fmt.Println(e[0], len(results[0].Outcomes[0].ByBits(n)), "words")
	// Output: 1 2 words
}

// Qubits that are hardly entangled, in bonds of two states.
func ExampleMPS() {
	const n = 60
	c := ir.New(n, 0)
	for q := range n {
		c.Gate(ir.RY, []int{q}, ir.Const(0.5))
	}
	for q := range n - 1 {
		c.Gate(ir.CX, []int{q, q + 1})
	}
	c.MeasureAll()
	results, truncation, _ := new(wide.MPS).RunTold(context.Background(), []backends.Request{{Circuit: c, Shots: []int{10}, Seed: 1}})
	fmt.Println(results[0].Outcomes[0].Shots, "shots, bonds of", truncation.Bond)
	// Output: 10 shots, bonds of 2
}
