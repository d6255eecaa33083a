package calibration

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

const (
	kindIonQBackend = "IonQ backend"
	kindIonQFigures = "IonQ characterization"
)

// ionqSimulator is the backend that has no characterization: it is without errors.
const ionqSimulator = "simulator"

// ionqBackend is the answer of GET /backends/{name}.
type ionqBackend struct {
	Name   string   `json:"backend"`
	Qubits int      `json:"qubits"`
	Native []string `json:"supported_native_gates"`
}

// ionqFigures is a characterization, one of GET /backends/{name}/characterizations. Its
// figures are those of every qubit and pair. Times are in seconds.
type ionqFigures struct {
	Name         string   `json:"backend"`
	Date         string   `json:"date"`
	Qubits       int      `json:"qubits"`
	Connectivity [][2]int `json:"connectivity"`
	Fidelity     struct {
		SPAM *ionqMedian `json:"spam"`
		One  *ionqMedian `json:"1q"`
		Two  *ionqMedian `json:"2q"`
	} `json:"fidelity"`
	Timing struct {
		Readout *float64 `json:"readout"`
		T1      *float64 `json:"t1"`
		T2      *float64 `json:"t2"`
		One     *float64 `json:"1q"`
		Two     *float64 `json:"2q"`
	} `json:"timing"`
}

// ionqMedian is a fidelity over the qubits or pairs of a device.
type ionqMedian struct {
	Median float64  `json:"median"`
	StdErr *float64 `json:"stderr"`
}

// failure is the error of a gate with the fidelity.
func (f *ionqMedian) failure(date time.Time) *Value {
	if f == nil {
		return nil
	}
	v := &Value{X: 1 - f.Median, Date: date}
	if f.StdErr != nil {
		v.StdErr = *f.StdErr
	}
	return v
}

// readIonQ spreads a device's figures over its qubits and pairs. Its snapshot has no
// warnings, since what is not known of one qubit is known of none, and no sources, since
// a backend's answer holds its queue and changes with every question.
func readIonQ(parts []part, _ *odd) (*Snapshot, error) {
	var backend *ionqBackend
	var figures *ionqFigures
	for _, p := range parts {
		var into any
		switch {
		case p.format.name == kindIonQBackend && backend == nil:
			backend = new(ionqBackend)
			into = backend
		case p.format.name == kindIonQFigures && figures == nil:
			figures = new(ionqFigures)
			into = figures
		default:
			return nil, &FileError{Name: p.file, Err: fmt.Errorf("a second %s", p.format.name), Hint: "give the files of one device"}
		}
		if err := json.Unmarshal(p.raw, into); err != nil {
			return nil, locate(p.file, p.raw, err)
		}
	}
	switch {
	case backend == nil:
		backend = &ionqBackend{Name: figures.Name}
	case figures == nil && backend.Name == ionqSimulator:
		figures = &ionqFigures{Qubits: backend.Qubits}
	case figures == nil:
		return nil, &FileError{Name: parts[0].file, Err: fmt.Errorf("the answer about the backend %s holds no calibration", backend.Name), Hint: "give its characterization"}
	}
	s := &Snapshot{Service: "ionq", Name: backend.Name}
	if err := s.ionqSpread(figures, ionqEntangler(backend.Native)); err != nil {
		return nil, err
	}
	if err := s.finish(new(odd)); err != nil {
		return nil, err
	}
	s.Warnings = nil
	return s, nil
}

// ionqEntangler is the two-qubit gate of a processor: ms where it has no zz but ms.
func ionqEntangler(native []string) string {
	found := "zz"
	for _, g := range native {
		switch strings.ToLower(g) {
		case "zz":
			return "zz"
		case "ms":
			found = "ms"
		}
	}
	return found
}

// ionqSpread gives every qubit and, in both directions, every coupled pair the device's
// figures. Without a connectivity all pairs are coupled.
func (s *Snapshot) ionqSpread(x *ionqFigures, entangler string) error {
	if x.Qubits > maxQubits || len(x.Connectivity) == 0 && x.Qubits*x.Qubits > maxGates {
		return invalid("it describes %d qubits, which is more than are read", x.Qubits)
	}
	var err error
	if s.Taken, err = date(x.Date); err != nil {
		if s.Taken, err = time.Parse(time.DateOnly, x.Date[:min(len(x.Date), len(time.DateOnly))]); err != nil {
			return invalid("%q is no date", x.Date)
		}
	}
	seconds := func(t *float64) *Value {
		if t == nil {
			return nil
		}
		return &Value{X: *t, Date: s.Taken}
	}
	s.Basis = []string{"gpi", "gpi2", entangler}
	for q := range x.Qubits {
		s.Qubits = append(s.Qubits, Qubit{Label: fmt.Sprint(q), T1: seconds(x.Timing.T1), T2: seconds(x.Timing.T2),
			ReadoutError: x.Fidelity.SPAM.failure(s.Taken), ReadoutTime: seconds(x.Timing.Readout)})
		for _, g := range s.Basis[:2] {
			s.Gates = append(s.Gates, Gate{Name: g, Qubits: []int{q}, Error: x.Fidelity.One.failure(s.Taken), Duration: seconds(x.Timing.One)})
		}
	}
	pairs := x.Connectivity
	if len(pairs) == 0 {
		for i := range x.Qubits {
			for j := range i {
				pairs = append(pairs, [2]int{j, i})
			}
		}
	}
	seen := map[[2]int]bool{}
	for _, p := range pairs {
		if min(p[0], p[1]) < 0 || max(p[0], p[1]) >= x.Qubits || p[0] == p[1] {
			return invalid("it couples the qubits %v of %d", p, x.Qubits)
		}
		for _, k := range [][2]int{p, {p[1], p[0]}} {
			if !seen[k] {
				seen[k] = true
				s.Gates = append(s.Gates, Gate{Name: entangler, Qubits: []int{k[0], k[1]}, Error: x.Fidelity.Two.failure(s.Taken), Duration: seconds(x.Timing.Two)})
			}
		}
	}
	return nil
}
