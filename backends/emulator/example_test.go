package emulator_test

import (
	"context"
	"fmt"
	"net/http/httptest"

	"qgan/backends/emulator"
	"qgan/backends/ibm"
	"qgan/backends/service"
)

// A client of the service sees the emulator's device.
func Example() {
	e, err := emulator.NewIBM(emulator.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	s := httptest.NewServer(e)
	defer s.Close()
	key, instance := e.Credentials()
	c, err := ibm.New(ibm.Account{Key: key, Instance: instance}, e.Device(), service.Options{Endpoint: s.URL})
	if err != nil {
		fmt.Println(err)
		return
	}
	devices, err := c.Devices(context.Background())
	fmt.Println(devices[0].Name, devices[0].Qubits, err)
	// Output: emulated_heron 7 <nil>
}
