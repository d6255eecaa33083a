package remote_test

import (
	"fmt"

	"qgan/backends/remote"
	"qgan/backends/service"
)

// Programs become as few jobs as the service's limits allow, in their order.
func ExampleSplit() {
	programs := []service.Program{{Shots: 400}, {Shots: 400}, {Shots: 400}, {Shots: 100}}
	jobs, err := remote.Split(programs, service.Limits{Programs: 3, TotalShots: 1000})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, job := range jobs {
		fmt.Println(len(job), "programs")
	}
	// Output:
	// 2 programs
	// 2 programs
}
