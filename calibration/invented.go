package calibration

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"

	"qgan/internal/stream"
)

// Invented is a device that nobody has built: its coupling is that of a kind of processors, and
// its figures are drawn, always the same ones, from laws whose medians are those of good
// processors of that kind in 2026. It needs no account and no file.
type Invented struct {
	Name   string
	Kind   string // what it is, in words
	Qubits int

	make func(d *draw, s *Snapshot)
}

// InventedDevices is the table of them.
func InventedDevices() []Invented {
	return []Invented{
		{"invented-heavyhex-127", "heavy hexagons, ecr", 127, func(d *draw, s *Snapshot) { d.heavyHex(s, 7, 15) }},
		{"invented-square-20", "square lattice, prx and cz", 20, func(d *draw, s *Snapshot) { d.lattice(s, 4, 5) }},
		{"invented-ion-36", "trapped ions, zz of all pairs", 36, func(d *draw, s *Snapshot) { d.ions(s, 36) }},
	}
}

// InventedDevice returns the snapshot of an invented device by its name.
func InventedDevice(name string) (*Snapshot, bool) {
	rows := InventedDevices()
	i := slices.IndexFunc(rows, func(x Invented) bool { return x.Name == name })
	if i < 0 {
		return nil, false
	}
	s := &Snapshot{Name: name, Version: "1"}
	rows[i].make(&draw{stream.New(0, name)}, s)
	if err := s.finish(new(odd)); err != nil {
		panic(fmt.Sprintf("calibration: %s: %v", name, err)) // the table is in this file
	}
	s.Warnings = []string{name + " is invented: its figures are drawn, not measured"}
	return s, true
}

// draw draws figures.
type draw struct{ rng *rand.Rand }

// around is a figure of three digits from a log-normal law of a median, whose logarithm has that
// standard deviation; at most most.
func (d *draw) around(median, spread, most float64) *Value {
	x := min(most, median*math.Exp(spread*d.rng.NormFloat64()))
	x, _ = strconv.ParseFloat(strconv.FormatFloat(x, 'e', 2, 64), 64)
	return &Value{X: x}
}

// fixed is a figure that all have.
func fixed(x float64) *Value { return &Value{X: x} }

// readout is a qubit's readout errors: a one is read as a zero more often than the reverse.
func (d *draw) readout(q *Qubit, error float64) {
	q.P1Given0, q.P0Given1 = d.around(error*2/3, 0.5, 0.4), d.around(error*4/3, 0.5, 0.4)
}

// pair adds a two-qubit gate on a pair, in both directions where it has none of its own.
func (s *Snapshot) pair(name string, a, b int, directed bool, error, duration *Value) {
	s.Gates = append(s.Gates, Gate{Name: name, Qubits: []int{a, b}, Error: error, Duration: duration})
	if !directed {
		s.Gates = append(s.Gates, Gate{Name: name, Qubits: []int{b, a}, Error: error, Duration: duration})
	}
}

// heavyHex fills in long rows of so many qubits, the first and the last one shorter by one, with
// single qubits between two rows at every fourth column, in turn from column 0 and from column 2.
func (d *draw) heavyHex(s *Snapshot, rows, columns int) {
	s.Service, s.Basis, s.SampleTime = "ibm", []string{"ecr", "id", "rz", "sx", "x"}, 5e-10
	s.Limits = Limits{MinShots: 1, MaxShots: 100000, MaxCircuits: 300, Granularity: 1}
	at := map[[2]int]int{} // the number of the qubit in a row and a column; bridges have odd rows
	qubit := func(row, column int) {
		at[[2]int{row, column}] = len(s.Qubits)
		q := Qubit{Label: fmt.Sprint(len(s.Qubits)), T1: d.around(2.6e-4, 0.35, 1), T2: d.around(1.7e-4, 0.5, 1), Frequency: d.around(4.8e9, 0.02, 1e10), ReadoutTime: fixed(1.2e-6)}
		d.readout(&q, 0.012)
		s.Qubits = append(s.Qubits, q)
	}
	for row := range rows {
		first, last := 0, columns
		switch row {
		case 0:
			last--
		case rows - 1:
			first++
		}
		for column := first; column < last; column++ {
			qubit(2*row, column)
		}
		if row < rows-1 {
			for column := row % 2 * 2; column < columns; column += 4 {
				qubit(2*row+1, column)
			}
		}
	}
	for q := range s.Qubits {
		error := d.around(2.3e-4, 0.4, 0.01)
		s.Gates = append(s.Gates, Gate{Name: "rz", Qubits: []int{q}, Error: fixed(0), Duration: fixed(0)})
		for _, name := range []string{"id", "sx", "x"} {
			s.Gates = append(s.Gates, Gate{Name: name, Qubits: []int{q}, Error: error, Duration: fixed(6e-8)})
		}
	}
	for row := range 2*rows - 1 {
		for column := range columns {
			a, here := at[[2]int{row, column}]
			for _, next := range [][2]int{{row, column + 1}, {row + 1, column}} {
				b, there := at[next]
				if bridges := row%2 == 1 && next[0] == row; here && there && !bridges {
					if d.rng.IntN(2) == 0 {
						a, b = b, a
					}
					s.pair("ecr", a, b, true, d.around(7e-3, 0.45, 0.3), fixed(5.3e-7))
					a = at[[2]int{row, column}]
				}
			}
		}
	}
}

// lattice fills in rows and columns of qubits, each coupled to its neighbours.
func (d *draw) lattice(s *Snapshot, rows, columns int) {
	s.Service, s.Basis, s.CalibrationSet = "iqm", []string{"cz", "prx"}, "00000000-0000-4000-8000-000000000020"
	s.Limits = Limits{MinShots: 1, MaxShots: 20000, MaxCircuits: 500}
	for q := range rows * columns {
		site := Qubit{Label: fmt.Sprintf("QB%d", q+1), T1: d.around(4e-5, 0.3, 1), T2: d.around(1.2e-5, 0.4, 1), ReadoutTime: fixed(1e-6)}
		d.readout(&site, 0.02)
		s.Qubits = append(s.Qubits, site)
		s.Gates = append(s.Gates, Gate{Name: "prx", Qubits: []int{q}, Error: d.around(1e-3, 0.4, 0.05), Duration: fixed(3.2e-8)})
		if q%columns > 0 {
			s.pair("cz", q-1, q, false, d.around(6e-3, 0.4, 0.3), fixed(4e-8))
		}
		if q >= columns {
			s.pair("cz", q-columns, q, false, d.around(6e-3, 0.4, 0.3), fixed(4e-8))
		}
	}
}

// ions fills in a chain of ions, of which each pair is coupled.
func (d *draw) ions(s *Snapshot, n int) {
	s.Service, s.Basis = "ionq", []string{"gpi", "gpi2", "zz"}
	for q := range n {
		s.Qubits = append(s.Qubits, Qubit{Label: fmt.Sprint(q), T1: fixed(100), T2: fixed(1), ReadoutError: d.around(4e-3, 0.3, 0.1), ReadoutTime: fixed(2.5e-4)})
		for _, name := range []string{"gpi", "gpi2"} {
			s.Gates = append(s.Gates, Gate{Name: name, Qubits: []int{q}, Error: d.around(2e-4, 0.3, 0.01), Duration: fixed(1.3e-4)})
		}
		for other := range q {
			s.pair("zz", other, q, false, d.around(4.6e-3, 0.3, 0.1), fixed(9.7e-4))
		}
	}
}
