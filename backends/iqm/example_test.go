package iqm_test

import (
	"fmt"

	"qgan/backends/iqm"
)

// The token is found where IQM's own client looks for it, and never printed.
func ExampleFindAccount() {
	account, err := iqm.FindAccount(func(name string) string {
		return map[string]string{"IQM_TOKEN": "something secret", "IQM_SERVER_URL": "https://iqm.example.org"}[name]
	}, nil)
	fmt.Println(account, "at", account.Server, err)
	// Output: IQM account of IQM_TOKEN at https://iqm.example.org <nil>
}
