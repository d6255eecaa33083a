package emulator

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"qgan/calibration"
)

// operations are the gates that Braket compiles for a device.
var operations = []string{"ccnot", "cnot", "cphaseshift", "cswap", "cy", "cz", "h", "i", "iswap", "phaseshift", "rx", "ry", "rz", "s", "si", "swap", "t", "ti", "v", "vi", "x", "xx", "y", "yy", "z", "zz"}

// capabilitiesOf writes a snapshot of a device with prx or rx and cz as its capabilities:
// schemas iqm_device_capabilities and rigetti_device_capabilities.
func capabilitiesOf(s *calibration.Snapshot) (json.RawMessage, error) {
	maker := ""
	switch {
	case s.Find("prx", 0) != nil:
		maker = "iqm"
	case s.Find("rx", 0) != nil:
		maker = "rigetti"
	default:
		return nil, fmt.Errorf("the emulator's device %s has neither prx nor rx: give the capabilities of a device of Braket", s.Name)
	}
	labels := make([]string, len(s.Qubits))
	graph, one, two := map[string][]string{}, map[string]any{}, map[string]any{}
	value := func(v *calibration.Value) any {
		if v == nil {
			return map[string]any{"value": 0, "unit": "S"}
		}
		return map[string]any{"value": v.X, "standardError": v.StdErr, "unit": "S"}
	}
	for i := range s.Qubits {
		q := &s.Qubits[i]
		labels[i] = q.Label
		graph[q.Label] = []string{}
		fidelities := []any{}
		add := func(name string, x float64) {
			fidelities = append(fidelities, map[string]any{"fidelityType": map[string]any{"name": name}, "fidelity": x})
		}
		if g := s.Find(map[string]string{"iqm": "prx", "rigetti": "rx"}[maker], i); g != nil && g.Error != nil {
			add("SIMULTANEOUS_RANDOMIZED_BENCHMARKING", 1-g.Error.X)
		}
		if x, ok := q.Readout(); ok {
			add("READOUT", 1-x)
		}
		if q.P1Given0 != nil && q.P0Given1 != nil { // errors, in spite of the field's name
			add("READOUT_ERROR_0_TO_1", q.P1Given0.X)
			add("READOUT_ERROR_1_TO_0", q.P0Given1.X)
		}
		one[q.Label] = map[string]any{"T1": value(q.T1), "T2": value(q.T2), "oneQubitFidelity": fidelities}
	}
	for i := range s.Gates {
		g := &s.Gates[i]
		if len(g.Qubits) != 2 || g.Name != "cz" {
			continue
		}
		a, b := labels[min(g.Qubits[0], g.Qubits[1])], labels[max(g.Qubits[0], g.Qubits[1])]
		if slices.Contains(graph[a], b) {
			continue
		}
		graph[a], graph[b] = append(graph[a], b), append(graph[b], a)
		if g.Error != nil {
			two[a+"-"+b] = map[string]any{"twoQubitGateFidelity": []any{map[string]any{"gateName": "CZ", "fidelity": 1 - g.Error.X, "fidelityType": map[string]any{"name": "INTERLEAVED_RANDOMIZED_BENCHMARKING"}}}}
		}
	}
	action := map[string]any{
		actionProgram: map[string]any{
			"version": []string{"1.0"}, "actionType": actionProgram, "supportedOperations": operations, "supportedModifiers": []any{}, "supportedPragmas": []string{"verbatim"},
			"forbiddenPragmas": []string{"braket_unitary_matrix"}, "maximumQubitArrays": 1, "maximumClassicalArrays": 1,
			"forbiddenArrayOperations":     []string{"concatenation", "negativeIndex", "range", "rangeWithStep", "slicing", "selection"},
			"requiresAllQubitsMeasurement": false, "supportPhysicalQubits": true, "requiresContiguousQubitIndices": false, "supportsPartialVerbatimBox": true, "supportsUnassignedMeasurements": false,
			"disabledQubitRewiringSupported": false, "supportedResultTypes": []any{},
		},
		actionSet: map[string]any{"version": []string{"1"}, "actionType": actionSet, "maximumExecutables": 100, "maximumTotalShots": 200000},
	}
	return json.Marshal(map[string]any{
		"braketSchemaHeader": schema("device_schema." + maker + "." + maker + "_device_capabilities"),
		"service": map[string]any{
			"braketSchemaHeader": schema("device_schema.device_service_properties"),
			"executionWindows":   []any{map[string]any{"executionDay": "Everyday", "windowStartHour": "00:00:00", "windowEndHour": "23:59:59"}},
			"shotsRange":         []int{1, 20000}, "deviceCost": map[string]any{"price": 0.00145, "unit": "shot"}, "deviceLocation": "loopback",
			"updatedAt": s.Taken.UTC().Format(time.RFC3339), "getTaskPollIntervalMillis": 200,
		},
		"action": action, "deviceParameters": map[string]any{},
		"paradigm": map[string]any{
			"braketSchemaHeader": schema("device_schema.gate_model_qpu_paradigm_properties"), "qubitCount": len(labels), "nativeGateSet": natives(s),
			"connectivity": map[string]any{"fullyConnected": false, "connectivityGraph": graph},
		},
		"standardized": map[string]any{"braketSchemaHeader": schema("device_schema.standardized_gate_model_qpu_device_properties"), "oneQubitProperties": one, "twoQubitProperties": two},
	})
}

// simulatorOf writes the capabilities of a simulator with as many qubits as a device: schema
// gate_model_simulator_device_capabilities.
func simulatorOf(s *calibration.Snapshot) (json.RawMessage, error) {
	return json.Marshal(map[string]any{
		"braketSchemaHeader": schema("device_schema.simulators.gate_model_simulator_device_capabilities"),
		"service": map[string]any{
			"braketSchemaHeader": schema("device_schema.device_service_properties"),
			"executionWindows":   []any{map[string]any{"executionDay": "Everyday", "windowStartHour": "00:00:00", "windowEndHour": "23:59:59"}},
			"shotsRange":         []int{0, 100000}, "deviceCost": map[string]any{"price": 0.075, "unit": "minute"}, "deviceLocation": "loopback",
		},
		"action": map[string]any{actionProgram: map[string]any{
			"version": []string{"1.0"}, "actionType": actionProgram, "supportedOperations": operations, "supportedModifiers": []any{}, "supportedPragmas": []any{}, "supportedResultTypes": []any{},
		}},
		"deviceParameters": map[string]any{},
		"paradigm":         map[string]any{"braketSchemaHeader": schema("device_schema.simulators.gate_model_simulator_paradigm_properties"), "qubitCount": len(s.Qubits)},
	})
}

// natives are the native gates of a snapshot.
func natives(s *calibration.Snapshot) []string {
	if s.Basis != nil {
		return s.Basis
	}
	var out []string
	for i := range s.Gates {
		if !slices.Contains(out, s.Gates[i].Name) {
			out = append(out, s.Gates[i].Name)
		}
	}
	return out
}

// ladder is the built-in device: eight qubits in two rows of four, named from 1 and without
// a 5, with the figures of a good processor of 2026.
//
//	1 - 2 - 3 - 4
//	|   |   |   |
//	6 - 7 - 8 - 9
func ladder() *calibration.Snapshot {
	at := time.Date(2026, 5, 12, 9, 0, 0, 0, time.UTC)
	v := func(x float64) *calibration.Value { return &calibration.Value{X: x, Date: at} }
	s := &calibration.Snapshot{Service: "braket", Name: "Emulated", Basis: []string{"cz", "prx"}, Taken: at}
	couple := func(a, b int) {
		s.Gates = append(s.Gates, calibration.Gate{Name: "cz", Qubits: []int{a, b}, Error: v(5e-3 + 2e-4*float64(a))})
	}
	for q, label := range strings.Fields("1 2 3 4 6 7 8 9") {
		f := float64(q)
		s.Qubits = append(s.Qubits, calibration.Qubit{Label: label, T1: v(4e-5 + 1e-6*f), T2: v(2e-5 + 1e-6*f), P1Given0: v(0.01 + 0.001*f), P0Given1: v(0.02 + 0.001*f)})
		s.Gates = append(s.Gates, calibration.Gate{Name: "prx", Qubits: []int{q}, Error: v(1e-3)})
		if q%4 < 3 {
			couple(q, q+1)
		}
		if q < 4 {
			couple(q, q+4)
		}
	}
	return s
}
