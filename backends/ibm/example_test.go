package ibm_test

import (
	"fmt"

	"qgan/backends/ibm"
)

// The region of an instance decides the address of the service.
func ExampleBaseURL() {
	base, err := ibm.BaseURL("crn:v1:bluemix:public:quantum-computing:eu-de:a/0123456789abcdef:11111111-2222-3333-4444-555555555555::")
	fmt.Println(base, err)
	// Output: https://eu-de.quantum.cloud.ibm.com/api/v1 <nil>
}
