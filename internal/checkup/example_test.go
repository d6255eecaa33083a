package checkup_test

import (
	"fmt"

	"qgan/internal/checkup"
	"qgan/internal/durable"
)

// A program without a kernel and with a folder that it can write to is well.
func Example() {
	r := checkup.Examine(checkup.Patient{FS: durable.OS{}, Config: ".", Cache: ".", State: "."})
	fmt.Println(r.OK, r.Kernel.SelfTest, r.Folders[2].State())
	// Output: true none writable
}
