package azure_test

import (
	"fmt"

	"qgan/backends/azure"
	"qgan/backends/service"
)

// A workspace is found where Microsoft's client finds it; its key is not shown.
func ExampleFindAccount() {
	env := map[string]string{"AZURE_QUANTUM_CONNECTION_STRING": "SubscriptionId=s;ResourceGroupName=g;WorkspaceName=neurons;ApiKey=secret;QuantumEndpoint=https://eastus.quantum.azure.com/"}
	account, err := azure.FindAccount(service.Surroundings{Getenv: func(name string) string { return env[name] }})
	fmt.Println(account, err)
	// Output: workspace neurons of Azure Quantum, AZURE_QUANTUM_CONNECTION_STRING <nil>
}
