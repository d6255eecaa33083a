package calibration

import (
	"encoding/json"
	"slices"
	"testing"
)

func TestFigures(t *testing.T) {
	v := func(x float64) *Value { return &Value{X: x} }
	s := &Snapshot{
		Qubits: []Qubit{{T1: v(3e-4), P1Given0: v(0.02)}, {T1: v(1e-4)}, {T1: v(2e-4), Frequency: v(5e9)}, {T1: v(4e-4)}},
		Gates: []Gate{
			{Name: "cz", Error: v(0.01), Duration: v(68e-9)}, {Name: "cz", Error: v(1), Faulty: true}, {Name: "cz", Error: v(0.03)}, {Name: "sx"},
		},
	}
	want := []Figure{
		{"T1", "s", 4, 1e-4, 3e-4, 4e-4}, {"P(1|0)", "", 1, 0.02, 0.02, 0.02}, {"frequency", "Hz", 1, 5e9, 5e9, 5e9},
		{"cz error", "", 2, 0.01, 0.03, 0.03}, {"cz duration", "s", 1, 68e-9, 68e-9, 68e-9},
	}
	if got := s.Figures(); !slices.Equal(got, want) {
		t.Errorf("%v\nwant %v", got, want)
	}
	if got := new(Snapshot).Figures(); got == nil || len(got) != 0 {
		t.Errorf("of nothing: %v", got)
	}
}

func TestFigureText(t *testing.T) {
	for _, c := range []struct {
		unit string
		x    float64
		want string
	}{
		{"s", 68e-9, "68 ns"}, {"s", 0, "0 µs"}, {"s", 1.234567e-4, "123.5 µs"}, {"s", 0.25, "0.25 s"},
		{"Hz", 4.987654321e9, "4.98765 GHz"}, {"", 0.0123456, "0.0123"},
	} {
		if got := (Figure{Unit: c.unit}).Text(c.x); got != c.want {
			t.Errorf("%v %s: %s, want %s", c.x, c.unit, got, c.want)
		}
	}
}

// A number that isn't known, and a ratio that can't be told, are null.
func TestChangeRow(t *testing.T) {
	v := func(x float64) *Value { return &Value{X: x} }
	for _, c := range []struct {
		change Change
		want   string
	}{
		{Change{What: "a", Old: v(2), New: v(3), Ratio: 1.5, StdErrs: 4}, `{"what":"a","old":2,"new":3,"ratio":1.5,"standard_errors":4,"event":""}`},
		{Change{What: "b", New: v(0)}, `{"what":"b","old":null,"new":0,"ratio":null,"standard_errors":null,"event":""}`},
		{Change{What: "e", Old: v(2), New: v(4), Ratio: 2}, `{"what":"e","old":2,"new":4,"ratio":2,"standard_errors":null,"event":""}`},
		{Change{What: "f", Old: v(-2), New: v(4), StdErrs: 3}, `{"what":"f","old":-2,"new":4,"ratio":null,"standard_errors":3,"event":""}`},
		{Change{What: "c", Faulty: true}, `{"what":"c","old":null,"new":null,"ratio":null,"standard_errors":null,"event":"faulty"}`},
		{Change{What: "d", Repaired: true}, `{"what":"d","old":null,"new":null,"ratio":null,"standard_errors":null,"event":"repaired"}`},
	} {
		got, err := json.Marshal(c.change.Row())
		if err != nil || string(got) != c.want {
			t.Errorf("%s, %v, want %s", got, err, c.want)
		}
	}
}
