package service_test

import (
	"fmt"

	"qgan/backends/service"
	"qgan/ir"
)

// What of a program has to be kept to read its result: which qubit goes into which bit of
// which register.
func ExampleShapeOf() {
	c := ir.New(3, 2)
	c.Gate(ir.X, []int{2})
	c.Measure(2, 0)
	c.Measure(0, 1)
	s := service.ShapeOf(service.Program{Circuit: c, Shots: 100})
	fmt.Println(s.Bits, s.Shots, s.Qubits, s.Registers)
	// Output: 2 100 [2 0] [{c [0 1]}]
}
