package machine_test

import (
	"fmt"

	"qgan/internal/machine"
)

// The largest state vector, and pair of them, for 16 GiB.
func Example() {
	fmt.Println(machine.LargestQubits(16<<30, 1), machine.LargestQubits(16<<30, 2))
	// Output: 29 28
}
