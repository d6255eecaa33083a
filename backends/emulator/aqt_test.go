package emulator

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"qgan/calibration"
	"qgan/ir/compile"
)

// aqt is a device as AQT's tells of itself: all of its qubits coupled and no graph of that,
// figures of the whole device but for some one-qubit gates, and native gates by AQT's own
// names or by Braket's (schema aqt_device_capabilities).
func aqt(native string) []calibration.File {
	const fidelity = `[{"fidelityType": {"name": "RANDOMIZED_BENCHMARKING"}, "fidelity": %v, "standardError": 0.0003, "unit": "fraction"}]`
	f := func(x float64) string { return fmt.Sprintf(fidelity, x) }
	text := `{"braketSchemaHeader": {"name": "braket.device_schema.aqt.aqt_device_capabilities", "version": "1"},
 "service": {"braketSchemaHeader": {"name": "braket.device_schema.device_service_properties", "version": "1"}, "shotsRange": [1, 2000], "deviceCost": {"price": 0.0235, "unit": "shot"}, "updatedAt": "2026-11-01T12:00:00Z"},
 "action": {"braket.ir.openqasm.program": {"version": ["1.0"], "actionType": "braket.ir.openqasm.program", "supportedOperations": ["cnot", "cz", "h", "rx", "ry", "rz", "x", "xx", "prx"],
  "supportedPragmas": ["verbatim"], "requiresAllQubitsMeasurement": false, "supportPhysicalQubits": true, "supportsPartialVerbatimBox": true}},
 "paradigm": {"braketSchemaHeader": {"name": "braket.device_schema.gate_model_qpu_paradigm_properties", "version": "1"}, "connectivity": {"connectivityGraph": {}, "fullyConnected": true}, "nativeGateSet": [` + native + `], "qubitCount": 12},
 "provider": {"braketSchemaHeader": {"name": "braket.device_schema.aqt.aqt_provider_properties", "version": "1"}, "properties": {"mean_two_qubit_gate_fidelity": {"uncertainty": 0.0019, "value": 98.9}}},
 "standardized": {"braketSchemaHeader": {"name": "braket.device_schema.standardized_gate_model_qpu_device_properties", "version": "3"},
  "oneQubitProperties": {"0": {"oneQubitFidelity": ` + f(0.9995) + `}, "1": {"oneQubitFidelity": ` + f(0.9990) + `}},
  "T1": {"value": 1.2, "standardError": 0.1, "unit": "s"}, "T2": {"value": 170.0, "standardError": 1.5, "unit": "s"},
  "ReadoutFidelity": ` + f(0.9950) + `, "ReadoutDuration": {"value": 0.0015, "unit": "s"}, "SingleQubitGateDuration": {"value": 20, "unit": "us"},
  "TwoQubitGateFidelity": ` + f(0.989) + `, "TwoQubitGateDuration": {"value": 660, "unit": "us"}}}`
	return []calibration.File{{Name: "aqt.json", Data: []byte(text)}}
}

// AQT's device: its figures are those of the whole device, no pair is faulty, and what runs on
// it has the law.
func TestBraketAQT(t *testing.T) {
	for _, native := range []string{`"r", "rxx", "rz"`, `"prx", "xx", "rz"`} {
		s, err := calibration.Read(aqt(native)...)
		if err != nil {
			t.Fatal(err)
		}
		if len(s.Qubits) != 12 || slices.ContainsFunc(s.Warnings, func(w string) bool { return strings.Contains(w, "not known") }) {
			t.Errorf("%d qubits, %q", len(s.Qubits), s.Warnings)
		}
		for i, want := range []float64{0.0005, 0.001} {
			if g := s.Find("prx", i); g == nil || g.Error == nil || g.Error.X < want*0.999 || g.Error.X > want*1.001 {
				t.Errorf("prx of qubit %d: %+v", i, g)
			}
		}
		q := &s.Qubits[0]
		if q.T1 == nil || q.T1.X != 1.2 || q.T2 == nil || q.ReadoutError == nil || q.ReadoutTime == nil {
			t.Errorf("qubit 0 has figures of its own alone: %+v", q)
		}
		if g := s.Find("rxx", 3, 11); g == nil || g.Error == nil || g.Duration == nil || g.Duration.X != 660e-6 {
			t.Errorf("%+v", g)
		}
		target, err := compile.NewTarget(s)
		if err != nil {
			t.Fatal(err)
		}
		if qubits, pairs := target.Usable(); qubits != 12 || pairs != 66 || target.Pulses() != "rz, prx" || !slices.Equal(target.Entanglers(), []string{"rxx"}) {
			t.Errorf("%d qubits and %d pairs are usable, pulses %s, %v", qubits, pairs, target.Pulses(), target.Entanglers())
		}
	}
	checkBraketLaw(t, Options{Ideal: true, Files: aqt(`"prx", "xx", "rz"`), ARN: "arn:aws:braket:eu-north-1::device/qpu/aqt/Ibex-Q1"}, 2000, 6)
}
