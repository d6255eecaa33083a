package calibration_test

import (
	"fmt"

	"qgan/calibration"
	"qgan/ir"
)

// A file is recognised by what it holds; what is odd in it is named.
func ExampleRead() {
	props := `{"backend_name": "pair", "backend_version": "1.0", "last_update_date": "2026-04-15T09:15:15+02:00",
	 "qubits": [
	  [{"name": "T1", "unit": "us", "value": 100, "date": "2026-04-14T09:00:00+02:00"}, {"name": "T2", "unit": "us", "value": 250}],
	  [{"name": "T1", "unit": "us", "value": 90}, {"name": "T2", "unit": "us", "value": 80}]],
	 "gates": [{"gate": "cz", "qubits": [0, 1], "parameters": [{"name": "gate_error", "unit": "", "value": 1}, {"name": "gate_length", "unit": "ns", "value": 68}]}]}`
	s, err := calibration.Read(calibration.File{Name: "props_pair.json", Data: []byte(props)})
	if err != nil {
		fmt.Println(err)
		return
	}
	t1, t2 := s.Qubits[0].Coherence()
	fmt.Println(s.Service, s.Name, len(s.Qubits), t1, t2)
	fmt.Println(s.Find("cz", 0, 1).Duration.X)
	for _, w := range s.Warnings {
		fmt.Println(w)
	}
	// Output:
	// ibm pair 2 0.0001 0.0002
	// 6.8e-08
	// the error 1 marks cz as not available: 0-1
	// T2 exceeds 2·T1 and counts as 2·T1: 0
	// the readout error is not known: 0, 1
}

// The noise of a gate on a processor: depolarising noise so that the reported
// error is met, then relaxation of its qubits.
func ExampleNewNoiseModel() {
	s, err := calibration.Read(calibration.File{Name: "props_one.json", Data: []byte(`{"backend_name": "one", "backend_version": "1.0", "last_update_date": "2026-04-15T09:15:15+02:00",
	 "qubits": [[{"name": "T1", "unit": "us", "value": 100}, {"name": "T2", "unit": "us", "value": 250}]],
	 "gates": [{"gate": "sx", "qubits": [0], "parameters": [{"name": "gate_error", "unit": "", "value": 0.0003}, {"name": "gate_length", "unit": "ns", "value": 32}]}]}`)})
	if err != nil {
		panic(err)
	}
	m, err := calibration.NewNoiseModel(s, calibration.NoiseOptions{})
	if err != nil {
		panic(err)
	}
	sites, err := m.After(&ir.Apply{Gate: ir.SX, Qubits: []int{0}})
	if err != nil {
		panic(err)
	}
	for _, site := range sites {
		fmt.Println(site.Channel.Name, site.Qubits)
	}
	fmt.Printf("error %.6f\n", calibration.Compose(sites, []int{0}).Infidelity())
	// Output:
	// depolarizing 0.0003868 [0]
	// relaxation for 32 ns [0]
	// error 0.000300
}
