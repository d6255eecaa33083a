package workload_test

import (
	"context"
	"fmt"
	"log"

	"qgan/backends/sim/workload"
)

// Work of small sizes, once.
func Example() {
	for _, w := range workload.All() {
		if w.Name != "qft" {
			continue
		}
		s := w.Sizes
		s.Qubits = 3
		p, err := w.Prepare(s, workload.Options{})
		if err != nil {
			log.Fatal(err)
		}
		checksum, err := p.Run(context.Background())
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%s: %d circuit, P(000) %.4f\n", w.Short, p.Circuits, checksum)
	}
	// Output: the quantum Fourier transform, swaps included, of a product state: 1 circuit, P(000) 0.2135
}
