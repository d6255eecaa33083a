package calibration

import (
	"math"
	"slices"
	"testing"

	"qgan/ir"
)

// A row for each kind of operation on each tuple of qubits, with the error of its channels,
// and one for each qubit, or group of them, that is measured.
func TestNoiseTableOfFile(t *testing.T) {
	m, err := ReadNoiseModel(File{Name: "m.toml", Data: []byte(`
[[noise]]
gates = ["h", "cx"]
channel = "depolarizing"
probability = 0.03
[[readout]]
qubits = [2]
p1_given_0 = 0.1
p0_given_1 = 0.2
[[readout]]
qubits = [0, 1]
matrix = [[0.7, 0.1, 0.1, 0.1], [0.1, 0.7, 0.1, 0.1], [0.1, 0.1, 0.7, 0.1], [0.1, 0.1, 0.1, 0.7]]
`)})
	if err != nil {
		t.Fatal(err)
	}
	c := ir.New(3, 4)
	c.Gate(ir.H, []int{1})
	c.Gate(ir.CX, []int{1, 0})
	c.Gate(ir.H, []int{1})
	c.Gate(ir.H, []int{0})
	c.Gate(ir.X, []int{0})
	for bit, q := range []int{2, 0, 1, 2} {
		c.Measure(q, bit)
	}
	table, err := m.Table(c)
	if err != nil {
		t.Fatal(err)
	}
	want := []struct {
		operation string
		qubits    []int
		channels  int
	}{{"cx", []int{1, 0}, 1}, {"h", []int{0}, 1}, {"h", []int{1}, 1}}
	if table.Schema != "qgan.noise-table/v1" || len(table.Operations) != len(want) {
		t.Fatalf("%+v", table)
	}
	for i, w := range want {
		got := table.Operations[i]
		if got.Operation != w.operation || !slices.Equal(got.Qubits, w.qubits) || len(got.Channels) != w.channels || got.Error == nil {
			t.Errorf("row %d: %+v, want %+v", i, got, w)
			continue
		}
		sites, err := m.After(&ir.Apply{Gate: map[string]ir.Gate{"h": ir.H, "cx": ir.CX}[w.operation], Qubits: w.qubits})
		if err != nil {
			t.Fatal(err)
		}
		if total := Compose(sites, w.qubits); math.Abs(*got.Error-total.Infidelity()) > 1e-15 || *got.Error < 0.01 {
			t.Errorf("row %d: error %v, want %v", i, *got.Error, total.Infidelity())
		}
	}
	sizes := map[string]ReadoutRow{}
	for _, r := range table.Readout {
		sizes[string(rune('0'+len(r.Qubits)))] = r
	}
	if one := sizes["1"]; len(table.Readout) != 2 || !slices.Equal(one.Qubits, []int{2}) || one.Matrix[1][0] != 0.1 || one.Matrix[0][1] != 0.2 {
		t.Errorf("readout %+v", table.Readout)
	}
	if two := sizes["2"]; !slices.Equal(two.Qubits, []int{0, 1}) || len(two.Matrix) != 4 {
		t.Errorf("correlated readout %+v", two)
	}
}

func TestParseScale(t *testing.T) {
	for text, want := range map[string]*Scale{
		"gates=2":                             {2, 1, 1},
		"readout=0, relaxation=0.5":           {1, 0.5, 0},
		"gates=1e-1,relaxation=3,readout=2.5": {0.1, 3, 2.5},
		"":                                    nil, "gates": nil, "gates=x": nil, "gates=1,gates=2": nil, "noise=1": nil,
	} {
		got, err := ParseScale(text)
		if (err == nil) != (want != nil) || want != nil && *got != *want {
			t.Errorf("%q: %v, %v, want %v", text, got, err, want)
		}
	}
}
