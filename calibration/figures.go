package calibration

import (
	"fmt"
	"slices"
)

// Figure is the spread of one kind of number over a device.
type Figure struct {
	Name   string  `json:"name"` // as in "T1", "cz error"
	Unit   string  `json:"unit"` // s, Hz, or "" of a probability
	Known  int     `json:"known"`
	Min    float64 `json:"min"`
	Median float64 `json:"median"` // of an even number the upper one
	Max    float64 `json:"max"`
}

// Figures gathers the known numbers of a snapshot by what they are of: those of qubits,
// then those of gates that are available, in the order in which they first occur.
func (s *Snapshot) Figures() []Figure {
	rows := []Figure{}
	values := map[string][]float64{}
	add := func(name, unit string, v *Value) {
		if v == nil {
			return
		}
		if values[name] == nil {
			rows = append(rows, Figure{Name: name, Unit: unit})
		}
		values[name] = append(values[name], v.X)
	}
	for i := range s.Qubits {
		q := &s.Qubits[i]
		add("T1", "s", q.T1)
		add("T2", "s", q.T2)
		add("readout error", "", q.ReadoutError)
		add("P(1|0)", "", q.P1Given0)
		add("P(0|1)", "", q.P0Given1)
		add("readout time", "s", q.ReadoutTime)
		add("frequency", "Hz", q.Frequency)
	}
	for i := range s.Gates {
		if g := &s.Gates[i]; !g.Faulty {
			add(g.Name+" error", "", g.Error)
			add(g.Name+" duration", "s", g.Duration)
		}
	}
	for i := range rows {
		f, x := &rows[i], values[rows[i].Name]
		slices.Sort(x)
		f.Known, f.Min, f.Median, f.Max = len(x), x[0], x[len(x)/2], x[len(x)-1]
	}
	return rows
}

// Text writes a number of the figure with its unit: times in s, µs or ns, frequencies in GHz.
func (f Figure) Text(x float64) string {
	switch {
	case f.Unit == "s" && x > 0 && x < 1e-6:
		return fmt.Sprintf("%.4g ns", x*1e9)
	case f.Unit == "s" && x < 1e-3:
		return fmt.Sprintf("%.4g µs", x*1e6)
	case f.Unit == "Hz":
		return fmt.Sprintf("%.6g GHz", x/1e9)
	case f.Unit == "":
		return fmt.Sprintf("%.3g", x)
	}
	return fmt.Sprintf("%.4g %s", x, f.Unit)
}
