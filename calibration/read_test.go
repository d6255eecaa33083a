package calibration

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// ibmText is a small device in IBM's words: three qubits with what occurs in real
// files (a time in µs with either sign, a value that is null, T2 above 2·T1, an
// error of 1, a gate that is not operational, a gate without an error).
const ibmText = `{"backend_name": "ibm_small", "backend_version": "1.2", "last_update_date": "2026-04-15T09:15:15+02:00",
 "qubits": [
  [{"name": "T1", "unit": "us", "value": 100, "date": "2026-04-14T09:00:00+02:00"}, {"name": "T2", "unit": "µs", "value": 250.5},
   {"name": "frequency", "unit": "GHz", "value": 4.9}, {"name": "readout_error", "unit": "", "value": 0.02},
   {"name": "prob_meas1_prep0", "unit": "", "value": 0.01}, {"name": "prob_meas0_prep1", "unit": "", "value": 0.03},
   {"name": "readout_length", "unit": "ns", "value": 1560}, {"name": "strange", "unit": "furlong", "value": 1}],
  [{"name": "T1", "unit": "μs", "value": 50}, {"name": "T2", "unit": "us", "value": null},
   {"name": "readout_error", "unit": "", "value": 0.6}],
  [{"name": "operational", "unit": "", "value": 0}]],
 "gates": [
  {"gate": "sx", "qubits": [0], "parameters": [{"name": "gate_error", "unit": "", "value": 0.0002}, {"name": "gate_length", "unit": "ns", "value": 32}]},
  {"gate": "sx", "qubits": [1], "parameters": [{"name": "gate_error", "unit": "", "value": 1}]},
  {"gate": "reset", "qubits": [0], "parameters": [{"name": "gate_length", "unit": "ns", "value": 1000}]},
  {"gate": "cz", "qubits": [1, 0], "parameters": [{"name": "gate_error", "unit": "", "value": 0.004}, {"name": "operational", "unit": "", "value": 0}]}],
 "general": []}`

const ibmConf = `{"backend_name": "ibm_small", "n_qubits": 3, "basis_gates": ["cz", "sx", "rz", "x"], "dt": 4.0, "max_shots": 1000, "max_experiments": 3, "clops_v": "None",
 "timing_constraints": {"granularity": 16, "pulse_alignment": 8}}`

func read(t *testing.T, files ...string) *Snapshot {
	t.Helper()
	s, err := Read(filesOf(files)...)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func filesOf(texts []string) []File {
	files := make([]File, len(texts))
	for i, text := range texts {
		files[i] = File{Name: fmt.Sprintf("file%d", i), Data: []byte(text)}
	}
	return files
}

func hasWarning(s *Snapshot, part string) bool {
	n := 0
	for _, w := range s.Warnings {
		if strings.Contains(w, part) {
			n++
		}
	}
	return n == 1
}

func TestReadIBM(t *testing.T) {
	s := read(t, ibmText, ibmConf)
	q := &s.Qubits[0]
	if q.T1.X != 1e-4 || math.Abs(q.T2.X-2.505e-4) > 1e-18 || q.Frequency.X != 4.9e9 || q.ReadoutTime.X != 1.56e-6 {
		t.Errorf("qubit 0: %v %v %v %v", q.T1, q.T2, q.Frequency, q.ReadoutTime)
	}
	if t1, t2 := q.Coherence(); t1 != 1e-4 || t2 != 2e-4 {
		t.Errorf("coherence %v %v", t1, t2)
	}
	if p1, p0, ok := q.Confusion(); p1 != 0.01 || p0 != 0.03 || !ok {
		t.Errorf("confusion %v %v %v", p1, p0, ok)
	}
	if p1, p0, ok := s.Qubits[1].Confusion(); p1 != 0.6 || p0 != 0.6 || !ok {
		t.Errorf("confusion of a qubit with one error only: %v %v %v", p1, p0, ok)
	}
	if _, ok := s.Qubits[2].Readout(); ok {
		t.Error("qubit 2 has a readout error")
	}
	if s.Qubits[1].T1.X != 5e-5 || s.Qubits[1].T2 != nil || s.Qubits[2].T1 != nil {
		t.Error("null and missing values are not nil")
	}
	if want := time.Date(2026, 4, 14, 7, 0, 0, 0, time.UTC); !q.T1.Date.Equal(want) || !q.T2.Date.IsZero() {
		t.Errorf("dates %v %v", q.T1.Date, q.T2.Date)
	}
	if s.SampleTime != 4e-9 || s.Limits.MaxShots != 1000 || s.Limits.Granularity != 16 || len(s.Basis) != 4 {
		t.Errorf("configuration: %v %v %v", s.SampleTime, s.Limits, s.Basis)
	}
	if g := s.Find("sx", 0); g == nil || g.Duration.X != 3.2e-8 || g.Faulty {
		t.Errorf("sx on 0: %+v", g)
	}
	if g := s.Find("cz", 1, 0); g == nil || !g.Faulty || g.Error.X != 0.004 {
		t.Errorf("cz on 1-0: %+v", g)
	}
	if s.Find("cz", 0, 1) != nil {
		t.Error("cz on 0-1 is there")
	}
	if g := s.Find("reset", 0); g == nil || g.Error != nil {
		t.Errorf("reset: %+v", g)
	}
	if !s.Qubits[1].Faulty || !s.Qubits[2].Faulty || s.Qubits[0].Faulty {
		t.Error("faulty qubits")
	}
	for _, part := range []string{"null", "T2 exceeds 2·T1 and counts as 2·T1: 0", "readout error is 0.5 or more: 1", "marks sx as not available: 1", "not operational: 1, 2", "neither T1 nor T2 is known: no relaxation there: 2", "T1 or T2 is not known: 1"} {
		if !hasWarning(s, part) {
			t.Errorf("no warning, or more than one, with %q in %q", part, s.Warnings)
		}
	}
	if len(s.Sources) != 2 || s.Sources[0].Kind != kindIBMProperties || len(s.Sources[0].SHA256) != 64 {
		t.Errorf("sources %v", s.Sources)
	}
}

const braketText = `{"braketSchemaHeader": {"name": "braket.device_schema.rigetti.rigetti_device_capabilities", "version": "1"},
 "service": {"shotsRange": [10, 500], "updatedAt": "2026-05-05T21:32:03+00:00"},
 "paradigm": {"braketSchemaHeader": {"name": "braket.device_schema.gate_model_qpu_paradigm_properties"}, "qubitCount": 3, "nativeGateSet": ["rx", "RZ", "cz"],
  "connectivity": {"fullyConnected": false, "connectivityGraph": {"10": ["2"], "2": ["10", "3"], "3": ["2"]}}},
 "standardized": {
  "oneQubitProperties": {
   "2": {"T1": {"value": 30, "standardError": 2, "unit": "us"}, "T2": {"value": 1e-5, "unit": "S"}, "oneQubitFidelity": [
     {"fidelityType": {"name": "RANDOMIZED_BENCHMARKING"}, "fidelity": 0.999}, {"fidelityType": {"name": "SIMULTANEOUS_RANDOMIZED_BENCHMARKING"}, "fidelity": 0.99},
     {"fidelityType": {"name": "READOUT"}, "fidelity": 0.95}, {"fidelityType": {"name": "READOUT_ERROR_0_TO_1"}, "fidelity": 0.04}, {"fidelityType": {"name": "READOUT_ERROR_1_TO_0"}, "fidelity": 0.06}]}},
  "twoQubitProperties": {"2-10": {"twoQubitGateFidelity": [{"gateName": "Two_Qubit_Clifford", "fidelity": 0.9}, {"gateName": "CZ", "fidelity": 0.98, "standardError": 0.001}]}}}}`

func TestReadBraket(t *testing.T) {
	device, err := json.Marshal(map[string]any{"deviceName": "Small-1", "deviceArn": "arn:aws:braket:::device/small", "deviceCapabilities": braketText})
	if err != nil {
		t.Fatal(err)
	}
	quoted, err := json.Marshal(braketText)
	if err != nil {
		t.Fatal(err)
	}
	for form, text := range map[string]string{"capabilities": braketText, "GetDevice": string(device), "encoded twice": string(quoted)} {
		s := read(t, text)
		if len(s.Qubits) != 3 || s.Qubits[0].Label != "2" || s.Qubits[2].Label != "10" {
			t.Fatalf("%s: qubits %v", form, s.Qubits)
		}
		q := &s.Qubits[0]
		if math.Abs(q.T1.X-3e-5) > 1e-18 || math.Abs(q.T1.StdErr-2e-6) > 1e-18 || q.T2.X != 1e-5 || math.Abs(q.ReadoutError.X-0.05) > 1e-12 || q.P1Given0.X != 0.04 || q.P0Given1.X != 0.06 {
			t.Errorf("%s: qubit 2 is %+v", form, q)
		}
		if g := s.Find("rx", 0); g == nil || math.Abs(g.Error.X-0.01) > 1e-12 {
			t.Errorf("%s: rx has %+v, want the simultaneous figure", form, g)
		}
		if g := s.Find("cz", 0, 2); g == nil || math.Abs(g.Error.X-0.02) > 1e-12 || g.Error.StdErr != 0.001 {
			t.Errorf("%s: cz 2-10 has %+v", form, g)
		}
		if g := s.Find("cz", 0, 1); g == nil || g.Error != nil || !hasWarning(s, "the error of cz is not known: 2-3") {
			t.Errorf("%s: cz 2-3 has %+v, %q", form, g, s.Warnings)
		}
		if s.Limits.MinShots != 10 || s.Limits.MaxShots != 500 {
			t.Errorf("%s: limits %v", form, s.Limits)
		}
	}
	if s := read(t, string(device)); s.Name != "Small-1" {
		t.Errorf("name %q", s.Name)
	}
}

const ionqBackendText = `{"backend": "qpu.forte-1", "status": "available", "qubits": 3, "average_queue_time": 90, "supported_native_gates": ["GPI", "GPI2", "MS"]}`

const ionqText = `{"backend": "qpu.forte-1", "date": "2026-05-12", "qubits": 3, "connectivity": [[0,1],[2,1]],
"fidelity": {"spam": {"median": 0.99}, "1q": {"median": 0.9998}, "2q": {"median": 0.99, "stderr": 0.001}}, "timing": {"readout": 0.00015, "t1": 100, "t2": 1, "2q": 0.00095}}`

// IonQ's figures are those of every qubit and pair; the backend's answer tells which
// two-qubit gate it has, and the simulator is without errors.
func TestIonQ(t *testing.T) {
	alone, both := read(t, ionqText), read(t, ionqBackendText, ionqText)
	simulator := read(t, strings.NewReplacer("qpu.forte-1", "simulator", "MS", "ms", `"GPI2", `, `"GPI2", "zz", `).Replace(ionqBackendText))
	for _, c := range []struct {
		s         *Snapshot
		gate      string
		pairs     int
		error, t1 float64
	}{{alone, "zz", 4, 0.01, 100}, {both, "ms", 4, 0.01, 100}, {simulator, "zz", 6, -1, -1}} {
		pairs := 0
		for _, g := range c.s.Gates {
			if len(g.Qubits) == 2 {
				pairs++
			}
		}
		g := c.s.Find(c.gate, 1, 0)
		if len(c.s.Qubits) != 3 || pairs != c.pairs || g == nil || math.Abs(g.Error.Or(-1)-c.error) > 1e-12 || c.s.Qubits[2].T1.Or(-1) != c.t1 {
			t.Errorf("%s: %d qubits, %d pairs, %s on 1-0 is %+v, T1 %v", c.s.Name, len(c.s.Qubits), pairs, c.gate, g, c.s.Qubits[2].T1)
		}
		if c.s.Warnings != nil || c.s.Sources != nil {
			t.Errorf("%s: %q, %v: a backend's answer holds its queue", c.s.Name, c.s.Warnings, c.s.Sources)
		}
		if b := c.s.Bounds(); len(b) != 1 || b[0].Gate != "zz" || b[0].Max != 0.25 {
			t.Errorf("%s: ranges %v", c.s.Name, b)
		}
	}
	if both.Name != "qpu.forte-1" || both.Taken.Format(time.DateOnly) != "2026-05-12" || both.Find("ms", 2, 1).Error.StdErr != 0.001 {
		t.Errorf("%s at %v", both.Name, both.Taken)
	}
}

// Where a service's files have no list of native gates, those with figures are native:
// IBM's fractional gates have to be asked for, and its rz is done in software.
func TestNativeGates(t *testing.T) {
	gates := []Gate{{Name: "cz", Qubits: []int{0, 1}}, {Name: "rx", Qubits: []int{0}}, {Name: "rzz", Qubits: []int{0, 1}}, {Name: "sx", Qubits: []int{0}}, {Name: "sx", Qubits: []int{1}}}
	for _, c := range []struct {
		s    Snapshot
		want []string
	}{
		{Snapshot{Service: "ibm", Gates: gates}, []string{"cz", "rz", "sx"}},
		{Snapshot{Service: "ibm", Gates: gates, Basis: []string{"sx", "rx"}}, []string{"rx", "sx"}},
		{Snapshot{Service: "iqm", Gates: gates}, []string{"cz", "rx", "rzz", "sx"}},
	} {
		if got := slices.Sorted(slices.Values(c.s.Native())); !slices.Equal(got, c.want) {
			t.Errorf("%s with the basis %v: %v, want %v", c.s.Service, c.s.Basis, got, c.want)
		}
	}
	// The ranges of angles, and that what is returned is the caller's own.
	quarter := []string{"zz [0, 0.25]"}
	for service, want := range map[string][]string{"ibm": {"rzz [0, 1.5707963267948966]"}, "ionq": quarter, "braket": quarter, "iqm": nil} {
		s := Snapshot{Service: service, Basis: []string{"sx", "rz"}}
		for range 2 {
			var got []string
			bounds := s.Bounds()
			for i, b := range bounds {
				got = append(got, fmt.Sprintf("%s [%g, %g]", b.Gate, b.Min, b.Max))
				bounds[i] = Bound{}
			}
			if !slices.Equal(got, want) {
				t.Errorf("%s takes %v, want %v", service, got, want)
			}
			names := s.Native()
			if !slices.Equal(names, []string{"sx", "rz"}) {
				t.Errorf("%s has the gates %v", service, names)
			}
			clear(names)
		}
	}
}

var iqmTexts = []string{
	`[{"dut_label": "M1", "qubits": ["QB1", "QB2", "QB3"], "computational_resonators": [], "connectivity": [["QB1", "QB2"]]}]`,
	`{"calibration_set_id": "cd4d", "qubits": ["QB1", "QB2"], "computational_resonators": [], "gates": {
	 "prx": {"implementations": {"drag": {"loci": [["QB1"], ["QB2"]]}, "old": {"loci": [["QB1"]]}}, "default_implementation": "drag", "override_default_implementation": {"QB1": "old"}},
	 "cz": {"implementations": {"tgss": {"loci": [["QB2", "QB1"]]}}, "default_implementation": "tgss", "override_default_implementation": {}},
	 "measure": {"implementations": {"constant": {"loci": [["QB1"], ["QB2"]]}}, "default_implementation": "constant"}}}`,
	`{"observation_set_type": "calibration-set", "observation_set_id": "cd4d", "created_timestamp": "2026-11-25T07:27:34+00:00", "observations": [
	 {"dut_field": "gates.prx.old.QB1.duration", "value": 4e-08, "unit": "s"}, {"dut_field": "gates.prx.drag.QB1.duration", "value": 2e-08, "unit": "s"},
	 {"dut_field": "gates.cz.tgss.QB1__QB2.duration", "value": 1e-07, "unit": "s"}, {"dut_field": "gates.measure.constant.QB1.duration", "value": 1e-06, "unit": "s"},
	 {"dut_field": "gates.prx.old.QB1.waveform", "value": [1, 2], "unit": ""}, {"dut_field": "QB1.flux.voltage", "value": 1, "unit": "V"}]}`,
	`{"observation_set_type": "quality-metric-set", "describes_id": "cd4d", "observations": [
	 {"dut_field": "characterization.model.QB1.t1_time", "value": 4e-05, "unit": "s", "uncertainty": 1e-06, "modified_timestamp": "2026-11-24T07:27:34.5+00:00"},
	 {"dut_field": "characterization.model.QB2.t1_time", "value": 9, "unit": "s", "invalid": true},
	 {"dut_field": "metrics.rb.prx.old.QB1.fidelity:par=d2", "value": 0.999, "unit": ""},
	 {"dut_field": "metrics.irb.cz.tgss.QB2__QB1.fidelity", "value": 0.99, "unit": ""},
	 {"dut_field": "metrics.ssro.measure.constant.QB1.fidelity", "value": 0.97, "unit": ""},
	 {"dut_field": "metrics.ssro.measure.constant.QB1.error_0_to_1", "value": 0.02, "unit": ""},
	 {"dut_field": "metrics.ssro.measure.constant.QB1.error_1_to_0", "value": 0.04, "unit": ""}]}`,
}

func TestReadIQM(t *testing.T) {
	for form, texts := range map[string][]string{"files": iqmTexts, "one file": {strings.Join(iqmTexts, "\n")}} {
		s := read(t, texts...)
		if s.Name != "M1" || s.CalibrationSet != "cd4d" || len(s.Qubits) != 2 || s.Qubits[1].Label != "QB2" {
			t.Fatalf("%s: %+v", form, s)
		}
		q := &s.Qubits[0]
		if q.T1.X != 4e-5 || q.T1.StdErr != 1e-6 || q.T1.Date.IsZero() || math.Abs(q.ReadoutError.X-0.03) > 1e-12 || q.P1Given0.X != 0.02 || q.P0Given1.X != 0.04 || q.ReadoutTime.X != 1e-6 {
			t.Errorf("%s: QB1 is %+v", form, q)
		}
		if s.Qubits[1].T1 != nil || !hasWarning(s, "marked invalid") || !hasWarning(s, "in the static architecture but not calibrated: QB3") {
			t.Errorf("%s: warnings %q", form, s.Warnings)
		}
		if g := s.Find("prx", 0); g == nil || g.Duration.X != 4e-8 || math.Abs(g.Error.X-0.001) > 1e-12 {
			t.Errorf("%s: prx on QB1 has %+v, want the overriding implementation", form, g)
		}
		if g := s.Find("cz", 1, 0); g == nil || g.Duration.X != 1e-7 || math.Abs(g.Error.X-0.01) > 1e-12 {
			t.Errorf("%s: cz has %+v, observed in either order", form, g)
		}
	}
}

// Whatever is wrong is an error that names the file and says what is wrong.
func TestReadErrors(t *testing.T) {
	change := func(old, new string) string {
		if !strings.Contains(ibmText, old) {
			t.Fatalf("%q is not in the text", old)
		}
		return strings.Replace(ibmText, old, new, 1)
	}
	for name, c := range map[string]struct {
		files []string
		want  string
	}{
		"empty":               {[]string{" \n"}, "the file is empty"},
		"not JSON":            {[]string{"hello"}, "file0:1:1: not JSON"},
		"cut in half":         {[]string{ibmText[:len(ibmText)/2]}, "the file ends in the middle; it was cut off"},
		"NaN":                 {[]string{change("0.0002", "NaN")}, "NaN and Infinity are no numbers"},
		"a list of numbers":   {[]string{"[1, 2]"}, "no object that describes a device"},
		"another object":      {[]string{`{"a": 1}`}, "in a form that is known"},
		"configuration alone": {[]string{ibmConf}, "holds no calibration; give its properties"},
		"two devices":         {[]string{ibmText, strings.Replace(ibmConf, `"n_qubits": 3`, `"n_qubits": 4`, 1)}, "they are of two devices"},
		"twice":               {[]string{ibmText, ibmText}, "a second IBM properties"},
		"two services":        {[]string{ibmText, braketText}, "cannot be put together with the IBM properties"},
		"unknown unit":        {[]string{change(`"unit": "ns", "value": 32`, `"unit": "fortnight", "value": 32`)}, `gate_length of sx[0]: unknown unit "fortnight"`},
		"unit of another":     {[]string{change(`"unit": "GHz"`, `"unit": "ns"`)}, `the unit "ns" where a frequency is measured`},
		"error above 1":       {[]string{change("0.0002", "1.5")}, "no probability"},
		"negative time":       {[]string{change(`"value": 100`, `"value": -100`)}, "a time of qubit 0"},
		"qubit out of range":  {[]string{change(`"qubits": [1, 0]`, `"qubits": [1, 7]`)}, "cz on qubit 7, there are 3 qubits"},
		"qubit twice":         {[]string{change(`"qubits": [1, 0]`, `"qubits": [1, 1]`)}, "names qubit 1 twice"},
		"gate twice":          {[]string{change(`"qubits": [1], "parameters"`, `"qubits": [0], "parameters"`)}, "sx 0 is listed twice"},
		"a word for a number": {[]string{change("0.0002", `"low"`)}, "holds a string"},
		"no date":             {[]string{change("2026-04-15T09:15:15+02:00", "yesterday")}, `"yesterday" is no date`},
		"no qubit":            {[]string{`{"backend_name": "x", "last_update_date": "", "qubits": [], "gates": []}`}, "describes no qubit"},
		"other paradigm":      {[]string{strings.Replace(braketText, "gate_model_qpu_paradigm_properties", "ahs", 1)}, "only gate models"},
		"IonQ, no qubit":      {[]string{`{"connectivity": [], "fidelity": {}, "timing": {}}`}, "describes no qubit"},
		"IonQ, no figures":    {[]string{ionqBackendText}, "the backend qpu.forte-1 holds no calibration; give its characterization"},
		"IonQ, twice":         {[]string{ionqText, ionqText}, "a second IonQ characterization"},
		"IonQ, no such qubit": {[]string{strings.Replace(ionqText, "[0,1]", "[0,4]", 1)}, "it couples the qubits [0 4] of 3"},
		"metrics alone":       {iqmTexts[3:], "give the answer of dynamic-quantum-architecture too"},
		"resonators":          {[]string{strings.Replace(iqmTexts[1], `"computational_resonators": []`, `"computational_resonators": ["CR1"]`, 1)}, "resonators"},
		"own, other version":  {[]string{`{"schema": "qgan.snapshot/v9"}`}, `the version "v9" is not read`},
		"own, another kind":   {[]string{`{"schema": "qgan.run/v1"}`}, "another kind"},
	} {
		_, err := Read(filesOf(c.files)...)
		var file *FileError
		if err == nil || !errors.As(err, &file) || !file.BadInput() || !strings.HasPrefix(err.Error(), "file") || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
	if _, err := Read(); err == nil {
		t.Error("no file is no error")
	}
}

// What is written is read back the same, and a change of it is found.
func TestOwnFile(t *testing.T) {
	for _, texts := range [][]string{{ibmText, ibmConf}, {braketText}, iqmTexts} {
		s := read(t, texts...)
		data, err := s.Encode()
		if err != nil {
			t.Fatal(err)
		}
		back := read(t, string(data))
		a, err := s.Hash()
		if err != nil {
			t.Fatal(err)
		}
		if b, err := back.Hash(); err != nil || a != b {
			t.Errorf("hash %s, read back %s (%v)", a, b, err)
		}
		changed := strings.Replace(string(data), `"name"`, `"nome"`, 1)
		if _, err := Read(File{Name: "own", Data: []byte(changed)}); err == nil || !strings.Contains(err.Error(), "changed after it was written") {
			t.Errorf("changed: %v", err)
		}
	}
}

func TestDiff(t *testing.T) {
	old := read(t, ibmText)
	now := read(t, ibmText)
	if changes, err := Diff(old, now, Thresholds{}); err != nil || len(changes) > 0 {
		t.Fatalf("no change: %v, %v", changes, err)
	}
	now.Qubits[0].T1 = &Value{X: 0.9e-4, StdErr: 1e-6}
	old.Qubits[0].T1 = &Value{X: 1e-4, StdErr: 1e-6}
	now.Qubits[0].ReadoutError = &Value{X: 0.025} // by less than a factor
	now.Qubits[1].T2 = &Value{X: 1e-5}            // became known
	now.Find("sx", 0).Error = &Value{X: 0.0005}   // by a factor of 2.5
	now.Find("cz", 1, 0).Faulty = false
	changes, err := Diff(old, now, Thresholds{})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, c := range changes {
		got = append(got, c.What)
	}
	want := []string{"cz 1-0", "T2 of qubit 1", "error of sx 0", "T1 of qubit 0"}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Fatalf("%v, want %v", got, want)
	}
	if c := changes[3]; math.Abs(c.StdErrs-1e-5/math.Hypot(1e-6, 1e-6)) > 1e-6 || math.Abs(c.Ratio-0.9) > 1e-12 {
		t.Errorf("T1: %+v", c)
	}
	if !changes[0].Repaired || math.Abs(changes[2].Ratio-2.5) > 1e-12 {
		t.Errorf("%+v", changes)
	}
	now.Name = "another"
	if _, err := Diff(old, now, Thresholds{}); err == nil {
		t.Error("two devices are compared")
	}
}

// A number has moved by more than three standard errors of the difference, or by more than
// half, up or down; the caller's thresholds take the place of these.
func TestThresholds(t *testing.T) {
	for _, k := range []struct {
		limit    Thresholds
		old, now Value
		moved    bool
	}{
		// The error of a difference of 3 and 4 is 5.
		{Thresholds{}, Value{X: 100, StdErr: 3}, Value{X: 114, StdErr: 4}, false},
		{Thresholds{}, Value{X: 100, StdErr: 3}, Value{X: 116, StdErr: 4}, true},
		{Thresholds{}, Value{X: 116, StdErr: 4}, Value{X: 100, StdErr: 3}, true},
		{Thresholds{StdErrs: 2}, Value{X: 100, StdErr: 3}, Value{X: 111, StdErr: 4}, true},
		{Thresholds{StdErrs: 4}, Value{X: 100, StdErr: 3}, Value{X: 116, StdErr: 4}, false},
		{Thresholds{}, Value{X: 100}, Value{X: 149}, false},
		{Thresholds{}, Value{X: 100}, Value{X: 151}, true},
		{Thresholds{}, Value{X: 149}, Value{X: 100}, false},
		{Thresholds{}, Value{X: 151}, Value{X: 100}, true},
		{Thresholds{Ratio: 2}, Value{X: 100}, Value{X: 199}, false},
		{Thresholds{Ratio: 1.2}, Value{X: 100}, Value{X: 121}, true},
	} {
		old, now := read(t, ibmText), read(t, ibmText)
		old.Qubits[0].T1, now.Qubits[0].T1 = &k.old, &k.now
		changes, err := Diff(old, now, k.limit)
		if err != nil || (len(changes) == 1) != k.moved {
			t.Errorf("%+v: from %+v to %+v: %v, %v", k.limit, k.old, k.now, changes, err)
		}
	}
}

// Real snapshots are read, with the oddities that are known of them.
func TestRealSnapshots(t *testing.T) {
	shared := os.Getenv("QGAN_SHARED")
	if shared == "" {
		t.Skip("QGAN_SHARED is not set")
	}
	for file, want := range map[string]struct {
		qubits int
		odd    []string
	}{
		"ibm/props_torino.json":             {133, []string{"T2 exceeds 2·T1 and counts as 2·T1: 23, 44, 61, 65, 86", "outcomes are inverted: 86"}},
		"ibm/props_kingston.json":           {156, []string{"neither T1 nor T2 is known: no relaxation there: 146"}},
		"ibm/props_nighthawk.json":          {120, []string{"not operational: 85"}},
		"ibm/props_manila.json":             {5, nil},
		"ibm/props_cairo.json":              {27, []string{"marks ecr as not available: 20-19"}},
		"ibm/props_sherbrooke.json":         {127, nil},
		"ibm/props_fez.json":                {156, nil},
		"ibm/props_marrakesh.json":          {156, nil},
		"ibm/props_boston.json":             {156, nil},
		"braket/ionq_forte_enterprise.json": {36, nil},
		"braket/iqm_garnet.json":            {20, nil},
		"braket/rigetti.json":               {107, nil},
	} {
		data, err := os.ReadFile(filepath.Join(shared, "devices", filepath.FromSlash(file)))
		if err != nil {
			t.Fatal(err)
		}
		s, err := Read(File{Name: file, Data: data})
		if err != nil {
			t.Error(err)
			continue
		}
		if len(s.Qubits) != want.qubits {
			t.Errorf("%s: %d qubits, want %d", file, len(s.Qubits), want.qubits)
		}
		for _, part := range want.odd {
			if !hasWarning(s, part) {
				t.Errorf("%s: no warning with %q", file, part)
			}
		}
	}
}

// No input panics; what is read can be written and read back.
func FuzzRead(f *testing.F) {
	for _, text := range append([]string{ibmText, ibmConf, braketText, ibmText + ibmConf}, iqmTexts...) {
		f.Add([]byte(text))
	}
	f.Add([]byte(strings.Join(iqmTexts, " ")))
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := Read(File{Name: "input", Data: data})
		if err != nil {
			return
		}
		out, err := s.Encode()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Read(File{Name: "own", Data: out}); err != nil {
			t.Fatal(err)
		}
	})
}
