package emulator

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"qgan/calibration"
)

// heron is the built-in device: seven qubits in a row with the figures of a good
// processor of 2026.
func heron() []calibration.File {
	at := time.Date(2026, 5, 12, 9, 0, 0, 0, time.UTC)
	v := func(x float64) *calibration.Value { return &calibration.Value{X: x, Date: at} }
	s := &calibration.Snapshot{
		Service: "ibm", Name: "emulated_heron", Version: "1.0.0", Taken: at, Basis: []string{"cz", "id", "rz", "sx", "x"}, SampleTime: 4e-9,
		Limits: calibration.Limits{MaxShots: 100000, MaxCircuits: 300, Granularity: 1},
	}
	for q := range 7 {
		f := float64(q)
		s.Qubits = append(s.Qubits, calibration.Qubit{
			Label: fmt.Sprint(q), T1: v((180 + 10*f) * 1e-6), T2: v((120 + 8*f) * 1e-6), ReadoutError: v(0.008 + 0.001*f),
			P0Given1: v(0.011 + 0.001*f), P1Given0: v(0.005 + 0.001*f), ReadoutTime: v(1400e-9),
		})
		for _, name := range []string{"id", "sx", "x"} {
			s.Gates = append(s.Gates, calibration.Gate{Name: name, Qubits: []int{q}, Error: v(2.5e-4), Duration: v(32e-9)})
		}
		s.Gates = append(s.Gates, calibration.Gate{Name: "rz", Qubits: []int{q}, Error: v(0), Duration: v(0)})
		if q > 0 {
			for _, pair := range [][]int{{q - 1, q}, {q, q - 1}} {
				s.Gates = append(s.Gates, calibration.Gate{Name: "cz", Qubits: pair, Error: v(0.003 + 0.0002*f), Duration: v(68e-9)})
			}
		}
	}
	return ibmFiles(s, "seven qubits on loopback")
}

// ibmOwn are the files of a device of IBM's as its service answers them: those that are given,
// or made of the program's own snapshot.
func ibmOwn(files []calibration.File) []calibration.File {
	if len(files) != 1 {
		return files
	}
	s, err := calibration.Read(files...)
	var own struct{ Schema string }
	if err != nil || s.Service != "ibm" || json.Unmarshal(files[0].Data, &own) != nil || own.Schema == "" {
		return files
	}
	return ibmFiles(s, s.Name+" on loopback")
}

// ibmFiles write a snapshot as IBM's properties and configuration.
func ibmFiles(s *calibration.Snapshot, description string) []calibration.File {
	type m = map[string]any
	at := s.Taken
	if at.IsZero() {
		at = time.Date(2026, 5, 12, 9, 0, 0, 0, time.UTC)
	}
	date := at.Format("2006-01-02T15:04:05-07:00")
	var qubits, gates []any
	measured := []int{}
	for i := range s.Qubits {
		q := &s.Qubits[i]
		measured = append(measured, i)
		row := []any{}
		for _, f := range []struct {
			name, unit string
			scale      float64
			value      *calibration.Value
		}{
			{"T1", "us", 1e6, q.T1}, {"T2", "us", 1e6, q.T2}, {"frequency", "GHz", 1e-9, q.Frequency}, {"readout_error", "", 1, q.ReadoutError},
			{"prob_meas0_prep1", "", 1, q.P0Given1}, {"prob_meas1_prep0", "", 1, q.P1Given0}, {"readout_length", "ns", 1e9, q.ReadoutTime},
		} {
			if f.value != nil {
				row = append(row, m{"date": date, "name": f.name, "unit": f.unit, "value": scaled(f.value.X, f.scale)})
			}
		}
		qubits = append(qubits, row)
	}
	coupling := map[string][][]int{}
	pairs := [][]int{}
	for _, g := range s.Gates {
		name := g.Name + strings.Trim(strings.ReplaceAll(fmt.Sprint(g.Qubits), " ", "_"), "[]")
		row := []any{}
		if g.Error != nil {
			row = append(row, m{"date": date, "name": "gate_error", "unit": "", "value": g.Error.X})
		}
		if g.Duration != nil {
			row = append(row, m{"date": date, "name": "gate_length", "unit": "ns", "value": scaled(g.Duration.X, 1e9)})
		}
		gates = append(gates, m{"gate": g.Name, "qubits": g.Qubits, "parameters": row, "name": name})
		coupling[g.Name] = append(coupling[g.Name], g.Qubits)
		if len(g.Qubits) == 2 {
			pairs = append(pairs, g.Qubits)
		}
	}
	var definitions []any
	native := s.Native()
	onPairs := func(g string) int { // those come last
		if known := coupling[g]; len(known) > 0 {
			return len(known[0])
		}
		return 0
	}
	slices.SortStableFunc(native, func(a, b string) int { return cmp.Compare(onPairs(a), onPairs(b)) })
	for _, g := range native {
		parameters := []string{}
		if g == "rz" {
			parameters = []string{"theta"}
		}
		definitions = append(definitions, m{"name": g, "parameters": parameters, "qasm_def": "gate " + g + " q { }", "coupling_map": coupling[g]})
	}
	encode := func(v any) []byte {
		raw, _ := json.Marshal(v) // maps, lists, texts and numbers
		return raw
	}
	return []calibration.File{
		{Name: "props_" + s.Name + ".json", Data: encode(m{"backend_name": s.Name, "backend_version": "1.0.0", "last_update_date": date, "qubits": qubits, "gates": gates, "general": []any{}})},
		{Name: "conf_" + s.Name + ".json", Data: encode(m{
			"backend_name": s.Name, "backend_version": "1.0.0", "n_qubits": len(s.Qubits), "basis_gates": s.Native(), "gates": definitions, "coupling_map": pairs,
			"local": false, "simulator": false, "conditional": false, "open_pulse": false, "memory": true, "max_shots": s.Limits.MaxShots, "max_experiments": s.Limits.MaxCircuits, "dt": scaled(s.SampleTime, 1e9), "dtm": scaled(s.SampleTime, 1e9),
			"timing_constraints": m{"granularity": s.Limits.Granularity}, "processor_type": m{"family": "Heron", "revision": "2"}, "supported_instructions": append(s.Native(), "measure", "reset", "delay"),
			"default_rep_delay": 250, "rep_delay_range": []float64{0, 500}, "sample_name": "family: Heron, revision: 2", "online_date": "2026-01-01T00:00:00+00:00",
			"clops_h": 200000, "quantum_volume": nil, "supported_features": []string{"qasm3"}, "parametric_pulses": []string{}, "multi_meas_enabled": true, "dynamic_reprate_enabled": true,
			"meas_map": [][]int{measured}, "credits_required": false, "n_registers": 1, "description": description, "url": "None", "allow_object_storage": true, "input_allowed": []string{"job", "runtime", "qasm3"},
		})},
	}
}

// scaled is a figure in another unit, of at most twelve digits where the unit is another.
func scaled(x, factor float64) float64 {
	if factor == 1 {
		return x
	}
	y, _ := strconv.ParseFloat(strconv.FormatFloat(x*factor, 'g', 12, 64), 64)
	return y
}
