package backends_test

import (
	"fmt"

	"qgan/backends"
)

// A table of bindings: two trained rows with each of three data rows.
func ExampleBindings() {
	b := backends.Bindings{
		Trained: [][]float64{{0.1}, {0.2}},
		Data:    [][]float64{{1}, {2}, {3}},
	}
	fmt.Println(b.Len(), b.Lane(4))
	// Output: 6 {1 1}
}
