package calibration

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"
)

// figuresOf lists all that a snapshot says, a line each: its name, limits, native gates, parts
// that are out of order, and each number with its unit, error and date.
func figuresOf(s *Snapshot) []string {
	out := []string{
		fmt.Sprintf("%s %s %q, %s, set %q, dt %g", s.Service, s.Name, s.Version, s.Taken.UTC().Format(time.DateTime), s.CalibrationSet, s.SampleTime),
		fmt.Sprintf("limits %v, basis %v", s.Limits, s.Basis),
	}
	var gates, faulty []string
	for i := range s.Gates {
		gates = append(gates, s.gateName(&s.Gates[i]))
	}
	for what, f := range s.faulty() {
		if f {
			faulty = append(faulty, what)
		}
	}
	slices.Sort(faulty)
	out = append(out, "gates "+strings.Join(gates, ", "), "faulty "+strings.Join(faulty, ", "))
	s.values(func(what string, v *Value) {
		line := fmt.Sprintf("%s = %.6g", what, v.X)
		if v.StdErr != 0 {
			line += fmt.Sprintf(" ± %.3g", v.StdErr)
		}
		if !v.Date.IsZero() {
			line += v.Date.UTC().Format(" (2006-01-02 15:04)")
		}
		out = append(out, line)
	})
	return out
}

// braketWhole is a device with one figure for all of its qubits, each connected with each.
const braketWhole = `{"braketSchemaHeader": {"name": "braket.device_schema.ionq.small_device_capabilities"},
 "service": {"shotsRange": [100, 5000], "updatedAt": "2026-05-05T21:32:03+00:00"},
 "paradigm": {"qubitCount": 3, "nativeGateSet": ["GPI", "GPI2", "ZZ"], "connectivity": {"fullyConnected": true, "connectivityGraph": {}}},
 "standardized": {"T1": {"value": 100, "unit": "S"}, "T2": {"value": 1, "standardError": 0.25, "unit": "s"},
  "singleQubitFidelity": [{"fidelityType": {"name": "DIRECT_RANDOMIZED_BENCHMARKING"}, "fidelity": 0.9998, "standardError": 0.00002}],
  "readoutFidelity": [{"fidelityType": {"name": "READOUT"}, "fidelity": 0.99}],
  "singleQubitGateDuration": {"value": 130, "unit": "us"},
  "twoQubitGateFidelity": [{"fidelityType": {"name": "DIRECT_RANDOMIZED_BENCHMARKING"}, "fidelity": 0.996, "standardError": 0.0005}],
  "twoQubitGateDuration": {"value": 0.95, "unit": "ms"}, "readoutDuration": {"value": 250, "standardError": 4, "unit": "us"}},
 "provider": {"fidelity": {"1Q": {"mean": 0.5}}}}` // a mean that the device's own figure stands before

// Every number of a file ends up in its place, in SI units, with its error.
func TestFiguresOfFiles(t *testing.T) {
	replaced := func(text string, pairs ...string) string {
		for i := 0; i < len(pairs); i += 2 {
			if !strings.Contains(text, pairs[i]) {
				t.Fatalf("%q is not in the text", pairs[i])
			}
		}
		return strings.NewReplacer(pairs...).Replace(text)
	}
	for _, k := range []struct {
		name  string
		texts []string
		want  []string
		odd   []string // the warnings, all of them; nil: not looked at
	}{
		{"braket, figures by qubit", []string{braketText}, []string{
			`braket rigetti "", 2026-05-05 21:32:03, set "", dt 0`,
			"limits {10 500 0 0}, basis [rx rz cz]",
			"gates cz 2-3, cz 2-10, rx 2, rx 3, rx 10", "faulty ",
			"T1 of qubit 2 = 3e-05 ± 2e-06", "T2 of qubit 2 = 1e-05", "readout error of qubit 2 = 0.05", "P(1|0) of qubit 2 = 0.04", "P(0|1) of qubit 2 = 0.06",
			"error of cz 2-10 = 0.02 ± 0.001", "error of rx 2 = 0.01",
		}, nil},
		{"braket, one figure for all", []string{braketWhole}, []string{
			`braket small "", 2026-05-05 21:32:03, set "", dt 0`,
			"limits {100 5000 0 0}, basis [gpi gpi2 zz]",
			"gates gpi 0, gpi 1, gpi 2, gpi2 0, gpi2 1, gpi2 2, zz 0-1, zz 0-2, zz 1-2", "faulty ",
			"T1 of qubit 0 = 100", "T2 of qubit 0 = 1 ± 0.25", "readout error of qubit 0 = 0.01", "readout time of qubit 0 = 0.00025 ± 4e-06",
			"T1 of qubit 1 = 100", "T2 of qubit 1 = 1 ± 0.25", "readout error of qubit 1 = 0.01", "readout time of qubit 1 = 0.00025 ± 4e-06",
			"T1 of qubit 2 = 100", "T2 of qubit 2 = 1 ± 0.25", "readout error of qubit 2 = 0.01", "readout time of qubit 2 = 0.00025 ± 4e-06",
			"error of gpi 0 = 0.0002 ± 2e-05", "duration of gpi 0 = 0.00013", "error of gpi 1 = 0.0002 ± 2e-05", "duration of gpi 1 = 0.00013", "error of gpi 2 = 0.0002 ± 2e-05", "duration of gpi 2 = 0.00013",
			"error of gpi2 0 = 0.0002 ± 2e-05", "duration of gpi2 0 = 0.00013", "error of gpi2 1 = 0.0002 ± 2e-05", "duration of gpi2 1 = 0.00013", "error of gpi2 2 = 0.0002 ± 2e-05", "duration of gpi2 2 = 0.00013",
			"error of zz 0-1 = 0.004 ± 0.0005", "duration of zz 0-1 = 0.00095", "error of zz 0-2 = 0.004 ± 0.0005", "duration of zz 0-2 = 0.00095", "error of zz 1-2 = 0.004 ± 0.0005", "duration of zz 1-2 = 0.00095",
		}, []string{}},
		// The provider's mean stands in for the figure of one-qubit gates; a null is not known; a
		// qubit may be named by another's neighbours alone, or by its figures alone.
		{"braket, other places", []string{`{"braketSchemaHeader": {"name": "braket.device_schema.other.other_device_capabilities"}, "service": {"shotsRange": [7]},
		 "paradigm": {"nativeGateSet": ["prx", "iswap", "cz"], "connectivity": {"connectivityGraph": {"b": ["a"]}}},
		 "standardized": {"oneQubitProperties": {"c": {"T1": {"value": null, "unit": "s"}, "oneQubitFidelity": [{"fidelityType": {"name": "RANDOMIZED_BENCHMARKING"}, "fidelity": null}, {"fidelityType": {"name": "RANDOMIZED_BENCHMARKING"}, "fidelity": 0.75}]}},
		  "twoQubitProperties": {"b-a": {"twoQubitGateFidelity": [{"gateName": "ISwap", "fidelity": null}, {"gateName": "ISwap", "fidelity": 0.875}, {"gateName": "CZ", "fidelity": 0.9375}]}}},
		 "provider": {"fidelity": {"1Q": {"mean": 0.5}, "2Q": {"mean": 0.1}}}}`}, []string{
			`braket other "", 0001-01-01 00:00:00, set "", dt 0`,
			"limits {0 0 0 0}, basis [prx iswap cz]",
			"gates cz a-b, iswap a-b, prx a, prx b, prx c", "faulty ",
			"error of cz a-b = 0.0625", "error of iswap a-b = 0.125", "error of prx a = 0.5", "error of prx b = 0.5", "error of prx c = 0.25",
		}, []string{"neither T1 nor T2 is known: no relaxation there: a, b, c", "the readout error is not known: a, b, c"}},
		{"braket, no figures, no graph", []string{`{"braketSchemaHeader": {"name": "x_device_capabilities"}, "service": {}, "paradigm": {"qubitCount": 11, "nativeGateSet": ["ms"], "connectivity": {"fullyConnected": false, "connectivityGraph": {"10": ["9"]}}}}`}, []string{
			`braket x "", 0001-01-01 00:00:00, set "", dt 0`, "limits {0 0 0 0}, basis [ms]", "gates ms 9-10", "faulty ",
		}, nil},
		{"ibm", []string{ibmText, ibmConf}, []string{
			`ibm ibm_small "1.2", 2026-04-15 07:15:15, set "", dt 4e-09`,
			"limits {0 1000 3 16}, basis [cz sx rz x]",
			"gates cz 1-0, reset 0, sx 0, sx 1", "faulty cz 1-0, qubit 1, qubit 2, sx 1",
			"T1 of qubit 0 = 0.0001 (2026-04-14 07:00)", "T2 of qubit 0 = 0.0002505", "frequency of qubit 0 = 4.9e+09", "readout error of qubit 0 = 0.02", "P(1|0) of qubit 0 = 0.01", "P(0|1) of qubit 0 = 0.03", "readout time of qubit 0 = 1.56e-06",
			"T1 of qubit 1 = 5e-05", "readout error of qubit 1 = 0.6",
			"error of cz 1-0 = 0.004", "duration of reset 0 = 1e-06", "error of sx 0 = 0.0002", "duration of sx 0 = 3.2e-08", "error of sx 1 = 1",
		}, []string{"a value is null: it counts as not known: T2 of qubit 1", "the error 1 marks sx as not available: 1", "T2 exceeds 2·T1 and counts as 2·T1: 0",
			"T1 or T2 is not known: 1", "the readout error is 0.5 or more: 1", "not operational: 1, 2", "neither T1 nor T2 is known: no relaxation there: 2", "the readout error is not known: 2"}},
		{"ibm, without dt, with a pulse alignment above the granularity", []string{replaced(ibmConf, `"dt": 4.0, `, "", `"pulse_alignment": 8`, `"pulse_alignment": 32`), ibmText}, []string{
			`ibm ibm_small "1.2", 2026-04-15 07:15:15, set "", dt 0`, "limits {0 1000 3 32}, basis [cz sx rz x]",
		}, nil},
		{"iqm", iqmTexts, []string{
			`iqm M1 "", 2026-11-25 07:27:34, set "cd4d", dt 0`,
			"limits {0 0 0 0}, basis [cz prx]",
			"gates cz QB2-QB1, measure QB1, measure QB2, prx QB1, prx QB2", "faulty ",
		}, nil},
	} {
		t.Run(k.name, func(t *testing.T) {
			s := read(t, k.texts...)
			got := figuresOf(s)
			if len(k.want) <= 4 {
				got = got[:len(k.want)]
			}
			if !slices.Equal(got, k.want) {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(k.want, "\n"))
			}
			if k.odd != nil && !slices.Equal(s.Warnings, k.odd) {
				t.Errorf("warnings\n%s\nwant\n%s", strings.Join(s.Warnings, "\n"), strings.Join(k.odd, "\n"))
			}
		})
	}
}

// iqmPair is a device of two qubits, and one set of observations of it.
func iqmPair(gates, set, observations string) []string {
	return []string{
		`{"calibration_set_id": "c1", "qubits": ["A", "B"], "gates": {` + gates + `}}`,
		`{` + set + `, "observations": [` + observations + `]}`,
	}
}

func TestFiguresOfIQM(t *testing.T) {
	ob := func(field string, value any, unit string) string {
		return fmt.Sprintf(`{"dut_field": %q, "value": %v, "unit": %q, "modified_timestamp": "2026-11-25T07:00:00+00:00"}`, field, value, unit)
	}
	texts := iqmPair(
		// The chosen implementation has no locus there, so the one that has it counts.
		`"Prx": {"implementations": {"drag": {"loci": [["A"]]}, "old": {"loci": [["B"]]}}, "default_implementation": "drag"},
		 "cz": {"implementations": {"tgss": {"loci": [["A", "B"]]}}, "default_implementation": "tgss"},
		 "measure": {"implementations": {"constant": {"loci": [["A"], ["B"]]}}, "default_implementation": "constant"}`,
		`"observation_set_type": "quality-metric-set", "observation_set_id": "m", "describes_id": "c0", "dut_label": "M9", "created_timestamp": "2026-11-24T00:00:00+00:00"`,
		strings.Join([]string{
			ob("characterization.model.A.t1_time", 40, "us"), ob("characterization.model.A.t2_time", 30, "us"),
			ob("characterization.model.A.t2_echo_time", 7, "us"), ob("characterization.other.B.t1_time", 7, "us"),
			ob("metrics.ssro.measure.constant.A.fidelity", 0.875, ""), ob("metrics.ssro.measure.constant.B.error_0_to_1", 0.25, ""), ob("metrics.ssro.measure.constant.B.error_1_to_0", 0.5, ""),
			ob("metrics.rb.prx.drag.A.fidelity:par=d1", 0.75, ""), ob("metrics.rb.prx.old.B.fidelity", 0.5, ""),
			ob("metrics.irb.cz.tgss.B__A.fidelity", 0.625, ""), ob("metrics.irb.cz.tgss.A__B.fidelity", 0.9375, ""), ob("metrics.rb.cz.tgss.A__B.fidelity", 0.1, ""),
			ob("gates.cz.tgss.B__A.duration", 40, "ns"), ob("gates.measure.constant.B.duration", 2, "us"), ob("gates.prx.drag.A.amplitude", 3, "V"),
			ob("gates.prx.drag.A.duration", `[1]`, "furlong"), ob("gates.prx.old.B.duration", "null", "furlong"),
			`{"dut_field": "gates.prx.drag.A.duration", "value": 20, "unit": "ns", "uncertainty": 2}`,
		}, ","))
	later := `{"observation_set_type": "calibration-set", "observation_set_id": "c2", "created_timestamp": "2026-11-23T00:00:00+00:00", "dut_label": "M8", "observations": []}`
	s := read(t, append(texts, later)...)
	want := []string{
		`iqm M9 "", 2026-11-24 00:00:00, set "c1", dt 0`, "limits {0 0 0 0}, basis [cz prx]",
		"gates cz A-B, measure A, measure B, prx A, prx B", "faulty ",
		"T1 of qubit A = 4e-05 (2026-11-25 07:00)", "T2 of qubit A = 3e-05 (2026-11-25 07:00)", "readout error of qubit A = 0.125 (2026-11-25 07:00)",
		"P(1|0) of qubit B = 0.25 (2026-11-25 07:00)", "P(0|1) of qubit B = 0.5 (2026-11-25 07:00)", "readout time of qubit B = 2e-06 (2026-11-25 07:00)",
		"error of cz A-B = 0.0625 (2026-11-25 07:00)", "duration of cz A-B = 4e-08 (2026-11-25 07:00)",
		"duration of measure B = 2e-06 (2026-11-25 07:00)",
		"error of prx A = 0.25 (2026-11-25 07:00)", "duration of prx A = 2e-08 ± 2e-09", "error of prx B = 0.5 (2026-11-25 07:00)",
	}
	if got := figuresOf(s); !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	odd := []string{"the metrics describe another calibration set than the architecture's: c0", "the calibration set is not the one of the architecture: c2", "neither T1 nor T2 is known: no relaxation there: B"}
	if !slices.Equal(s.Warnings, odd) {
		t.Errorf("warnings %q, want %q", s.Warnings, odd)
	}
}

// What is wrong in a file is told with the part it is in.
func TestFaultsOfFigures(t *testing.T) {
	braket := func(standardized string) string {
		return `{"braketSchemaHeader": {"name": "x_device_capabilities"}, "service": {}, "paradigm": {"nativeGateSet": ["rx", "cz"], "connectivity": {"connectivityGraph": {"0": ["1"]}}}, "standardized": {` + standardized + `}}`
	}
	iqm := func(gates, observations string) []string {
		return iqmPair(gates, `"observation_set_type": "calibration-set"`, observations)
	}
	ibm := func(old, new string) []string {
		if !strings.Contains(ibmText, old) {
			t.Fatalf("%q is not in the text", old)
		}
		return []string{strings.Replace(ibmText, old, new, 1)}
	}
	for _, k := range []struct {
		texts []string
		want  string
	}{
		{[]string{braketText, braketText}, "file1: a second device; give the files of one device"},
		{[]string{strings.Replace(braketText, "2026-05-05T21:32:03+00:00", "today", 1)}, `"today" is no date`},
		{[]string{strings.Replace(braketText, `"shotsRange": [10, 500]`, `"shotsRange": "many"`, 1)}, "service.shotsRange holds a string"},
		{[]string{`{"deviceCapabilities": 3}`}, "deviceCapabilities holds a number"},
		{[]string{`{"deviceName": "a", "deviceCapabilities": "{"}`}, "the file ends in the middle"},
		{[]string{braket(`"singleQubitGateDuration": {"value": 1, "unit": "Hz"}`)}, `duration of a one-qubit gate: the unit "Hz" where a time is measured`},
		{[]string{braket(`"readoutDuration": {"value": 1, "unit": "ells"}`)}, `duration of readout: unknown unit "ells"`},
		{[]string{braket(`"twoQubitGateDuration": {"value": 1, "unit": ""}`)}, `duration of a two-qubit gate: the unit "" where a time is measured`},
		{[]string{braket(`"oneQubitProperties": {"1": {"T1": {"value": 1, "unit": "ells"}}}`)}, `T1 of qubit 1: unknown unit "ells"`},
		{[]string{braket(`"oneQubitProperties": {"1": {"T2": {"value": 1, "unit": "ells"}}}`)}, `T2 of qubit 1: unknown unit "ells"`},
		{[]string{braket(`"twoQubitProperties": {"0-2": {}}`)}, "the pair 0-2 names a qubit that is not there"},
		{[]string{strings.Replace(braketText, `"3": ["2"]`, `"3": ["3"]`, 1)}, "the pair 3-3 names a qubit"},
		{[]string{strings.Replace(braketWhole, `"qubitCount": 3`, `"qubitCount": 800`, 1)}, "it connects 800 qubits with each other, which is more pairs than are read"},
		{ibm(`"value": 50}`, `"value": 50, "date": "then"}`), `T1 of qubit 1: "then" is no date`},
		{ibm(`"unit": "ns", "value": 1560`, `"unit": "Hz", "value": 1560`), `readout_length of qubit 0: the unit "Hz" where a time is measured`},
		{[]string{ibmConf, ibmConf}, "file1: a second IBM configuration; give the files of one device"},
		{[]string{strings.Replace(ibmConf, `"dt": 4.0`, `"dt": "4"`, 1), ibmText}, "file0: dt holds a string"},
		{iqm(`"cz": {"implementations": {"t": {"loci": [["A", "C"]]}}}`, ""), "the gate cz names C, which is no qubit of the device"},
		{iqm("", `{"dut_field": "gates.prx.drag.A.duration", "value": 1, "unit": "ells"}`), `gates.prx.drag.A.duration: unknown unit "ells"`},
		{iqm("", `{"dut_field": "gates.prx.drag.A.duration", "value": 1, "unit": "s", "modified_timestamp": "then"}`), `gates.prx.drag.A.duration: "then" is no date`},
		{[]string{iqmTexts[1], `{"observation_set_type": "", "observations": [], "created_timestamp": "then"}`}, `"then" is no date`},
		{[]string{strings.Replace(iqmTexts[1], `"qubits": ["QB1", "QB2"]`, `"qubits": ["QB1", "QB1"]`, 1)}, "the qubit QB1 is listed twice"},
		{[]string{strings.Replace(iqmTexts[1], `"qubits": ["QB1", "QB2"]`, `"qubits": "all"`, 1)}, "qubits holds a string"},
		{iqmTexts[:1], "the IQM static architecture does not say which gates are calibrated"},
		{ibm(`"unit": "ns", "value": 32`, `"unit": "s", "value": 1`), "the duration of sx 0 is 1 s"},
		{ibm(`"prob_meas1_prep0", "unit": "", "value": 0.01`, `"prob_meas1_prep0", "unit": "", "value": -0.01`), "a readout error of qubit 0 is -0.01, which is no probability"},
		{ibm(`"prob_meas0_prep1", "unit": "", "value": 0.03`, `"prob_meas0_prep1", "unit": "", "value": 1.03`), "a readout error of qubit 0 is 1.03, which is no probability"},
		{ibm(`"qubits": [1, 0]`, `"qubits": [1, 3]`), "cz on qubit 3, there are 3 qubits"},
		{ibm(`"unit": "us", "value": 100`, `"unit": "s", "value": 1e6`), "a time of qubit 0 is 1e+06 s"},
		{[]string{"{\"backend_name\": \"x\",\n \"n_qubits\": oops}"}, "file0:2:14: not JSON"},
		{[]string{ibmText, braketText}, "file1: Amazon Braket capabilities cannot be put together with the IBM properties in file0; give the files of one device"},
		{[]string{`{"schema": "qgan.snapshot/v1", "sha256": "00"}`}, "ends"},
		{[]string{`{"schema": "qgan.snapshot/v1", "sha256": 3}`}, "sha256 holds a number"},
	} {
		_, err := Read(filesOf(k.texts)...)
		var file *FileError
		if !errors.As(err, &file) || !strings.Contains(err.Error(), k.want) {
			t.Errorf("%v, want %q", err, k.want)
		}
	}
	large := File{Name: "large", Data: make([]byte, maxFileBytes+1)}
	if _, err := Read(large); err == nil || err.Error() != "large: 67108865 bytes, at most 67108864 are read" {
		t.Error(err)
	}
	if _, err := ReadNoiseModel(large); err == nil || err.Error() != "large: 67108865 bytes, at most 67108864 are read" {
		t.Error(err)
	}
	if _, err := Read(); err == nil || !strings.HasPrefix(err.Error(), "snapshot: no file was given; what is read: IBM properties") {
		t.Error(err)
	}
}

// Each spelling of a unit is worth what it says; where another kind of number is measured it
// is refused.
func TestUnits(t *testing.T) {
	for name, want := range map[string]struct {
		x    float64
		kind kind
	}{
		"s": {3, seconds}, "S": {3, seconds}, "ms": {3e-3, seconds}, "us": {3e-6, seconds}, "\u00b5s": {3e-6, seconds}, "\u03bcs": {3e-6, seconds}, "ns": {3e-9, seconds}, "ps": {3e-12, seconds},
		"Hz": {3, hertz}, "kHz": {3e3, hertz}, "MHz": {3e6, hertz}, "GHz": {3e9, hertz}, "": {3, fraction}, "fraction": {3, fraction},
	} {
		for _, k := range []kind{seconds, hertz, fraction} {
			got, err := convert(3, name, k)
			if (err == nil) != (k == want.kind) || err == nil && got != want.x || err != nil && got != 0 {
				t.Errorf("3 %q as a %v is %v, %v", name, k, got, err)
			}
		}
	}
	if got, err := convert(3, "min", seconds); err == nil || got != 0 {
		t.Error(got, err)
	}
}

// The dates of a snapshot are those of its oldest and its newest number; numbers without a
// date don't count.
func TestDates(t *testing.T) {
	day := func(d int) time.Time { return time.Date(2026, 4, d, 0, 0, 0, 0, time.UTC) }
	s := &Snapshot{
		Qubits: []Qubit{{T1: &Value{Date: day(5)}, T2: &Value{}}, {T1: &Value{Date: day(9)}}},
		Gates:  []Gate{{Error: &Value{Date: day(3)}, Qubits: []int{0}}, {Duration: &Value{Date: day(4)}, Qubits: []int{1}}},
	}
	if oldest, newest := s.Dates(); !oldest.Equal(day(3)) || !newest.Equal(day(9)) {
		t.Errorf("%v to %v", oldest, newest)
	}
	if oldest, newest := new(Snapshot).Dates(); !oldest.IsZero() || !newest.IsZero() {
		t.Errorf("without a number: %v to %v", oldest, newest)
	}
	for _, text := range []string{"2026-04-15T09:15:15.25+02:00", "2026-04-15T07:15:15.25Z", "2026-04-15T09:15:15.25+0200", "2026-04-15T07:15:15.25", "2026-04-15 09:15:15.25+02:00"} {
		if got, err := date(text); err != nil || !got.Equal(time.Date(2026, 4, 15, 7, 15, 15, 250e6, time.UTC)) {
			t.Errorf("%s is %v, %v", text, got, err)
		}
	}
}

// What is odd about a qubit is named, on either side of each bound.
func TestOddities(t *testing.T) {
	v := func(x float64) *Value { return &Value{X: x} }
	full := func(change func(q *Qubit)) Qubit {
		q := Qubit{Label: "q", T1: v(1), T2: v(2), ReadoutError: v(0.1), P1Given0: v(0.05), P0Given1: v(0.15)}
		change(&q)
		return q
	}
	for _, k := range []struct {
		name   string
		change func(q *Qubit)
		want   []string
	}{
		{"nothing", func(*Qubit) {}, nil},
		{"T2", func(q *Qubit) { q.T2.X = 2.001 }, []string{"T2 exceeds 2·T1 and counts as 2·T1"}},
		{"no T1", func(q *Qubit) { q.T1 = nil }, []string{"T1 or T2 is not known"}},
		{"no T2", func(q *Qubit) { q.T2 = nil }, []string{"T1 or T2 is not known"}},
		{"no time", func(q *Qubit) { q.T1, q.T2 = nil, nil }, []string{"neither T1 nor T2 is known: no relaxation there"}},
		{"no readout error of its own", func(q *Qubit) { q.ReadoutError = nil }, nil},
		{"one conditional error alone", func(q *Qubit) { q.ReadoutError, q.P0Given1 = nil, nil }, []string{"the readout error is not known"}},
		{"the other alone", func(q *Qubit) { q.ReadoutError, q.P1Given0 = nil, nil }, []string{"the readout error is not known"}},
		{"half", func(q *Qubit) { q.ReadoutError, q.P1Given0, q.P0Given1 = nil, v(0.25), v(0.75) }, []string{"the readout error is 0.5 or more"}},
		{"inverted", func(q *Qubit) { q.ReadoutError, q.P1Given0, q.P0Given1 = nil, v(0.25), v(0.875) }, []string{"the readout error is 0.5 or more", "P(1|0) + P(0|1) exceeds 1: outcomes are inverted"}},
		{"another mean", func(q *Qubit) { q.ReadoutError.X = 0.1 + 2e-6 }, []string{"the readout error is not the mean of P(1|0) and P(0|1): they were measured at different times"}},
		{"another mean, below", func(q *Qubit) { q.ReadoutError.X = 0.1 - 2e-6 }, []string{"the readout error is not the mean of P(1|0) and P(0|1): they were measured at different times"}},
		{"the mean but for rounding", func(q *Qubit) { q.ReadoutError.X = 0.1 + 5e-7 }, nil},
		{"faulty", func(q *Qubit) { q.Faulty = true }, []string{"not operational"}},
	} {
		s := &Snapshot{Qubits: []Qubit{full(k.change)}}
		if err := s.finish(new(odd)); err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, w := range s.Warnings {
			got = append(got, strings.TrimSuffix(w, ": q"))
		}
		if !slices.Equal(got, k.want) {
			t.Errorf("%s: %q, want %q", k.name, got, k.want)
		}
	}
	q := Qubit{P1Given0: v(0.25), P0Given1: v(0.75)}
	if e, ok := q.Readout(); e != 0.5 || !ok {
		t.Errorf("the mean of 1/4 and 3/4 is %v, %v", e, ok)
	}
	if p1, p0, ok := q.Confusion(); p1 != 0.25 || p0 != 0.75 || !ok {
		t.Errorf("confusion %v, %v, %v", p1, p0, ok)
	}
	if p1, p0, ok := (&Qubit{ReadoutError: v(0.5), P1Given0: v(0.25)}).Confusion(); p1 != 0.25 || p0 != 0.5 || !ok {
		t.Errorf("confusion %v, %v, %v", p1, p0, ok)
	}
	if e, ok := new(Qubit).Readout(); e != 0 || ok {
		t.Errorf("of nothing: %v, %v", e, ok)
	}
	if t1, t2 := new(Qubit).Coherence(); !math.IsInf(t1, 1) || !math.IsInf(t2, 1) {
		t.Errorf("of nothing: %v, %v", t1, t2)
	}
	// A warning lists the first 24 places.
	for _, n := range []int{24, 25} {
		var o odd
		o.add("kind", "")
		for i := range n {
			o.add("kind", fmt.Sprint(i))
		}
		w := o.warnings()
		if len(w) != 1 || strings.Count(w[0], ",") != n-1 || strings.HasSuffix(w[0], ", 22, 23, …") != (n > 24) {
			t.Errorf("%d places: %q", n, w)
		}
	}
	var o odd
	if o.add("without a place", ""); !slices.Equal(o.warnings(), []string{"without a place"}) {
		t.Errorf("%q", o.warnings())
	}
	for _, gate := range []string{"sx", "x", "prx", "rz", "cz"} {
		qubits := []int{0}
		if gate == "cz" {
			qubits = []int{0, 1}
		}
		s := &Snapshot{Qubits: make([]Qubit, 2), Gates: []Gate{{Name: gate, Qubits: qubits, Error: v(1)}}}
		if err := s.finish(new(odd)); err != nil || !s.Gates[0].Faulty || s.Qubits[0].Faulty != (gate != "rz" && gate != "cz") || s.Qubits[1].Faulty {
			t.Errorf("%s of error 1: qubits faulty %v, %v, %v", gate, s.Qubits[0].Faulty, s.Qubits[1].Faulty, err)
		}
	}
}

// Bounds of what a file describes: the largest is taken, one more is refused.
func TestBoundsOfSnapshots(t *testing.T) {
	gates := func(n int) []Gate {
		out := make([]Gate, n)
		for i := range out {
			out[i] = Gate{Name: "g", Qubits: []int{i % 1000, 1000 + i/1000}}
		}
		return out
	}
	for _, k := range []struct {
		s    Snapshot
		want string
	}{
		{Snapshot{Qubits: make([]Qubit, maxQubits)}, ""},
		{Snapshot{Qubits: make([]Qubit, maxQubits+1)}, "it describes 10001 qubits, at most 10000 are read"},
		{Snapshot{Qubits: make([]Qubit, 2000), Gates: gates(maxGates + 1)}, "it describes 500001 gates, at most 500000 are read"},
	} {
		if err := k.s.finish(new(odd)); (err == nil) != (k.want == "") || err != nil && err.Error() != k.want {
			t.Errorf("%v, want %q", err, k.want)
		}
	}
}

// A change says what it was and is, by how much, and is listed by its size.
func TestChanges(t *testing.T) {
	v := func(x, sigma float64) *Value { return &Value{X: x, StdErr: sigma} }
	pair := func(a, b Qubit, ga, gb Gate) (old, now *Snapshot) {
		a.Label, b.Label = "q", "q"
		ga.Name, gb.Name, ga.Qubits, gb.Qubits = "sx", "sx", []int{0}, []int{0}
		return &Snapshot{Qubits: []Qubit{a}, Gates: []Gate{ga}}, &Snapshot{Qubits: []Qubit{b}, Gates: []Gate{gb}}
	}
	old, now := pair(
		Qubit{T1: v(8, 0), T2: v(5, 3), ReadoutError: v(0, 0), P1Given0: v(0.5, 0), P0Given1: v(0.25, 0), Faulty: true, Frequency: v(5, 1)},
		Qubit{T1: v(2, 0), T2: v(30, 4), ReadoutError: v(0.5, 0), P0Given1: v(0.5, 0), ReadoutTime: v(1, 0), Frequency: v(5, 2)},
		Gate{Error: v(0.125, 1), Duration: v(1, 0)}, Gate{Error: v(0.25, 0), Duration: v(1.25, 0), Faulty: true})
	got, err := Diff(old, now, Thresholds{})
	if err != nil {
		t.Fatal(err)
	}
	text := func(v *Value) string {
		if v == nil {
			return "-"
		}
		return fmt.Sprint(v.X)
	}
	var lines []string
	for _, c := range got {
		lines = append(lines, fmt.Sprintf("%s: %s to %s, ratio %g, %g errors, faulty %v, repaired %v", c.What, text(c.Old), text(c.New), c.Ratio, c.StdErrs, c.Faulty, c.Repaired))
	}
	want := []string{
		"qubit q: - to -, ratio 0, 0 errors, faulty false, repaired true",
		"sx q: - to -, ratio 0, 0 errors, faulty true, repaired false",
		"P(1|0) of qubit q: 0.5 to -, ratio 0, 0 errors, faulty false, repaired false",
		"readout error of qubit q: 0 to 0.5, ratio 0, 0 errors, faulty false, repaired false",
		"readout time of qubit q: - to 1, ratio 0, 0 errors, faulty false, repaired false",
		"T2 of qubit q: 5 to 30, ratio 6, 5 errors, faulty false, repaired false",
		"T1 of qubit q: 8 to 2, ratio 0.25, 0 errors, faulty false, repaired false",
		"P(0|1) of qubit q: 0.25 to 0.5, ratio 2, 0 errors, faulty false, repaired false",
		"error of sx q: 0.125 to 0.25, ratio 2, 0 errors, faulty false, repaired false",
	}
	if !slices.Equal(lines, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(lines, "\n"), strings.Join(want, "\n"))
	}
	old.Name, old.Service, now.Name, now.Service = "a", "ibm", "b", "iqm"
	if _, err := Diff(old, now, Thresholds{}); err == nil || err.Error() != "comparing a of ibm with b of iqm: these are two devices" {
		t.Error(err)
	}
}
