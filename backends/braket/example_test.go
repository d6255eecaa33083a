package braket_test

import (
	"fmt"

	"qgan/backends/braket"
)

// A device is called by its ARN, or by the last part of one that is known.
func ExampleARN() {
	arn, err := braket.ARN("garnet")
	fmt.Println(arn, err)
	// Output: arn:aws:braket:eu-north-1::device/qpu/iqm/Garnet <nil>
}
