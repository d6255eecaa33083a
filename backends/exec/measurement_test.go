package exec

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"qgan/backends"
	"qgan/calibration"
	"qgan/ir"
)

// flipped has so many qubits, of which the first is flipped and all are measured.
func flipped(qubits int) *ir.Circuit {
	c := ir.New(qubits, 0)
	for q := range qubits {
		c.Gate(ir.RX, []int{q}, ir.Const(0))
	}
	c.Gate(ir.X, []int{0})
	c.MeasureAll()
	return c
}

func TestMeasurement(t *testing.T) {
	model, err := calibration.ReadNoiseModel(calibration.File{Name: "readout.json", Data: []byte(`{"name": "readout", "readout": [{"qubits": [0], "p1_given_0": 0, "p0_given_1": 0.25}]}`)})
	if err != nil {
		t.Fatal(err)
	}
	tensored := Correction{Method: backends.MitigateTensored}
	middle := ir.New(1, 1)
	middle.Measure(0, 0)
	middle.Gate(ir.X, []int{0})
	wide := ir.New(1, 70)
	for name, k := range map[string]struct {
		m       Measurement
		c       *ir.Circuit
		counts  map[string]int
		law     map[string]float64
		method  string
		quasi   []string // the words with weights
		refused string
		hint    string
	}{
		"shots":            {m: Measurement{Shots: 50}, c: flipped(2), counts: map[string]int{"10": 50}},
		"law":              {c: flipped(2), law: map[string]float64{"10": 1}},
		"noisy law":        {m: Measurement{Model: model}, c: flipped(1), law: map[string]float64{"0": 0.25, "1": 0.75}, method: "density"},
		"corrected":        {m: Measurement{Model: model, Shots: 4000, Seed: 3, Correction: tensored}, c: flipped(1), method: "density", quasi: []string{"0", "1"}},
		"law in parts":     {c: middle, law: map[string]float64{"0": 1}},
		"wide":             {m: Measurement{Shots: 3}, c: flipped(27), counts: map[string]int{"1" + strings.Repeat("0", 26): 3}, method: "stabilizer"},
		"wide law":         {c: flipped(27), law: map[string]float64{"1" + strings.Repeat("0", 26): 1}, method: "stabilizer"},
		"wide and noisy":   {m: Measurement{Name: "it", Model: model}, c: flipped(13), refused: "it uses 13 qubits, exact holds", hint: "use shots, which follows trajectories"},
		"many bits, noisy": {m: Measurement{Model: model, Shots: 1}, c: wide, refused: "the circuit has 70 bits"},
	} {
		r, err := k.m.Of(t.Context(), k.c)
		if k.refused != "" {
			var told interface {
				Hint(func(string) string) string
			}
			switch {
			case err == nil || !strings.Contains(err.Error(), k.refused):
				t.Errorf("%s: error %v, want %q", name, err, k.refused)
			case !errors.As(err, &told) || told.Hint(func(s string) string { return s }) != k.hint:
				t.Errorf("%s: another hint than %q", name, k.hint)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if r.Method != k.method || r.Shots != k.m.Shots {
			t.Errorf("%s: method %q, %d shots", name, r.Method, r.Shots)
		}
		if k.quasi == nil {
			if d := cmp.Diff(k.counts, r.Counts) + cmp.Diff(k.law, r.Probabilities); d != "" {
				t.Errorf("%s (-want +got):\n%s", name, d)
			}
			continue
		}
		if got := r.Counts["0"]; got < 900 || got > 1100 {
			t.Errorf("%s: a quarter of 4000 shots is misread, not %d", name, got)
		}
		if w := r.Quasi["1"]; r.Corrected == nil || len(r.Quasi) != len(k.quasi) || w < 0.95 || w > 1.05 || r.Nearest["1"] > 1 || r.Mitigation != "tensored" {
			t.Errorf("%s: %+v", name, r.Corrected)
		}
	}
}

func TestSimulable(t *testing.T) {
	unmeasured := ir.New(3, 0)
	unmeasured.Gate(ir.X, []int{1})
	for name, k := range map[string]struct {
		c            *ir.Circuit
		physical     bool
		qubits, bits int
		notes        []string
	}{
		"measured":     {c: flipped(2), qubits: 2, bits: 2},
		"physical":     {c: flipped(2), physical: true, qubits: 2, bits: 2},
		"not measured": {c: unmeasured, qubits: 3, bits: 3, notes: []string{"nothing is measured, so all qubits are, at the end"}},
		"neither":      {c: unmeasured, physical: true, qubits: 3, bits: 1, notes: []string{"nothing is measured, so all qubits that are used are, at the end"}},
	} {
		got, notes, err := Simulable(k.c, k.physical)
		if err != nil || got.Qubits != k.qubits || got.Bits != k.bits || !slices.Equal(notes, k.notes) {
			t.Errorf("%s: %d qubits, %d bits, %q, %v", name, got.Qubits, got.Bits, notes, err)
		}
	}
	if c, _, err := Simulable(ir.New(0, 0), false); err == nil {
		t.Errorf("a program without qubits and bits is run as %v", c)
	}
	computes := ir.New(0, 1)
	computes.Ops = []ir.Op{&ir.Assign{Bits: []int{0}, Values: []ir.Cond{ir.All{}}}}
	if c, _, err := Simulable(computes, false); err != nil || c.Bits != 1 {
		t.Errorf("a program that computes a bit without qubits: %v, %v", c, err)
	}
	if len(unmeasured.Ops) != 1 {
		t.Error("the program's own circuit was changed")
	}
}
