package exec_test

import (
	"context"
	"fmt"
	"math"

	"qgan/backends"
	"qgan/backends/exec"
	"qgan/backends/sim"
	"qgan/calibration"
	"qgan/ir"
)

// Readout errors are calibrated on the backend that runs the circuit, and taken out of
// its outcomes.
func Example() {
	model, err := calibration.ReadNoiseModel(calibration.File{Name: "readout.json", Data: []byte(
		`{"readout": [{"qubits": [0], "p1_given_0": 0.02, "p0_given_1": 0.1}, {"qubits": [1], "p1_given_0": 0.05, "p0_given_1": 0.12}]}`)})
	if err != nil {
		fmt.Println(err)
		return
	}
	c := ir.New(2, 2)
	c.Gate(ir.H, []int{0})
	c.Gate(ir.CX, []int{0, 1})
	c.MeasureAll()
	runner := &exec.Mitigated{Runner: &sim.Noisy{Model: model}, CalibrationShots: 1_000_000}
	res, err := runner.Run(context.Background(), []backends.Request{{Circuit: c, Shots: []int{1_000_000}, Mitigation: backends.MitigateTensored}})
	if err != nil {
		fmt.Println(err)
		return
	}
	o := res[0].Outcomes[0]
	for i, k := range o.Counts {
		law := []float64{0.5, 0, 0, 0.5}[k.Word]
		off := math.Abs(o.Weights[i]-law) / math.Sqrt(o.Variances[i])
		fmt.Printf("%02b: read %.2f, mitigated %.2f, within 3 standard errors of %.1f: %v\n", k.Word, float64(k.N)/1_000_000, math.Abs(o.Weights[i]), law, off < 3)
	}
	// Output:
	// 00: read 0.47, mitigated 0.50, within 3 standard errors of 0.5: true
	// 01: read 0.07, mitigated 0.00, within 3 standard errors of 0.0: true
	// 10: read 0.06, mitigated 0.00, within 3 standard errors of 0.0: true
	// 11: read 0.40, mitigated 0.50, within 3 standard errors of 0.5: true
}
