package ionq_test

import (
	"fmt"

	"qgan/backends/ionq"
)

// The key is found where IonQ's own clients look for it, and never printed.
func ExampleFindAccount() {
	account, err := ionq.FindAccount(func(name string) string {
		return map[string]string{"IONQ_API_KEY": "something secret"}[name]
	})
	fmt.Println(account, err)
	// Output: IonQ account of IONQ_API_KEY <nil>
}
