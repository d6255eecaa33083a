package calibration

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

const (
	kindBraketDevice       = "Amazon Braket GetDevice answer"
	kindBraketCapabilities = "Amazon Braket capabilities"
)

// braketDevice is the answer of GET /device/{arn}.
type braketDevice struct {
	Name         string `json:"deviceName"`
	ARN          string `json:"deviceArn"`
	Provider     string `json:"providerName"`
	Capabilities string `json:"deviceCapabilities"`
}

// measured is a number with its error and unit.
type measured struct {
	Value  *float64 `json:"value"`
	StdErr float64  `json:"standardError"`
	Unit   string   `json:"unit"`
}

// fidelity is one entry of a list of fidelities.
type fidelity struct {
	Type struct {
		Name string `json:"name"`
	} `json:"fidelityType"`
	GateName string   `json:"gateName"`
	Fidelity *float64 `json:"fidelity"`
	StdErr   float64  `json:"standardError"`
}

// braketCapabilities is what is used of a device's capabilities: schemas
// standardized_gate_model_qpu_device_properties v1 and v2 (a table by qubit) and
// v3 (one figure for the device).
type braketCapabilities struct {
	Header struct {
		Name string `json:"name"`
	} `json:"braketSchemaHeader"`
	Service struct {
		Shots   []int  `json:"shotsRange"`
		Updated string `json:"updatedAt"`
	} `json:"service"`
	Paradigm struct {
		Header struct {
			Name string `json:"name"`
		} `json:"braketSchemaHeader"`
		Qubits       int      `json:"qubitCount"`
		Native       []string `json:"nativeGateSet"`
		Connectivity struct {
			Full  bool                `json:"fullyConnected"`
			Graph map[string][]string `json:"connectivityGraph"`
		} `json:"connectivity"`
	} `json:"paradigm"`
	Standardized *struct {
		OneQubit map[string]struct {
			T1       *measured  `json:"T1"`
			T2       *measured  `json:"T2"`
			Fidelity []fidelity `json:"oneQubitFidelity"`
		} `json:"oneQubitProperties"`
		TwoQubit map[string]struct {
			Fidelity []fidelity `json:"twoQubitGateFidelity"`
		} `json:"twoQubitProperties"`
		T1          *measured  `json:"T1"`
		T2          *measured  `json:"T2"`
		OneFidelity []fidelity `json:"singleQubitFidelity"`
		Readout     []fidelity `json:"readoutFidelity"`
		OneTime     *measured  `json:"singleQubitGateDuration"`
		TwoFidelity []fidelity `json:"twoQubitGateFidelity"`
		TwoTime     *measured  `json:"twoQubitGateDuration"`
		ReadoutTime *measured  `json:"readoutDuration"`
		Updated     string     `json:"updatedAt"`
	} `json:"standardized"`
	Provider struct {
		Fidelity map[string]struct {
			Mean *float64 `json:"mean"`
		} `json:"fidelity"`
	} `json:"provider"`
}

// value converts to SI units.
func (m *measured) value(where string) (*Value, error) {
	if m == nil || m.Value == nil {
		return nil, nil
	}
	x, err := convert(*m.Value, m.Unit, seconds)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", where, err)
	}
	sigma, err := convert(m.StdErr, m.Unit, seconds)
	return &Value{X: x, StdErr: sigma}, err
}

// named returns the value of the first name that the list has; complement turns
// a fidelity into an error.
func named(list []fidelity, complement bool, names ...string) *Value {
	for _, name := range names {
		for _, f := range list {
			if f.Fidelity != nil && (f.Type.Name == name || name == "") {
				x := *f.Fidelity
				if complement {
					x = 1 - x
				}
				return &Value{X: x, StdErr: f.StdErr}
			}
		}
	}
	return nil
}

func readBraket(parts []part, o *odd) (*Snapshot, error) {
	if len(parts) > 1 {
		return nil, &FileError{Name: parts[1].file, Err: fmt.Errorf("a second device"), Hint: "give the files of one device"}
	}
	raw, s := parts[0].raw, &Snapshot{Service: "braket"}
	if parts[0].format.name == kindBraketDevice {
		var d braketDevice
		if err := json.Unmarshal(raw, &d); err != nil {
			return nil, locate(parts[0].file, raw, err)
		}
		s.Name = cmp.Or(d.Name, d.ARN)
		raw = json.RawMessage(d.Capabilities)
	}
	var c braketCapabilities
	if err := json.Unmarshal(raw, &c); err != nil {
		return nil, locate(parts[0].file, raw, err)
	}
	if h := c.Paradigm.Header.Name; h != "" && !strings.Contains(h, "gate_model") {
		return nil, invalid("the device's paradigm is %s; only gate models are compiled for", h)
	}
	s.Name = cmp.Or(s.Name, strings.TrimSuffix(c.Header.Name[strings.LastIndexByte(c.Header.Name, '.')+1:], "_device_capabilities"))
	var err error
	if s.Taken, err = date(c.Service.Updated); err != nil {
		return nil, err
	}
	if len(c.Service.Shots) == 2 {
		s.Limits.MinShots, s.Limits.MaxShots = c.Service.Shots[0], c.Service.Shots[1]
	}
	for _, name := range c.Paradigm.Native {
		name = strings.ToLower(name)
		s.Basis = append(s.Basis, cmp.Or(braketNames[name], name))
	}
	index, err := s.braketQubits(&c)
	if err != nil {
		return nil, err
	}
	if err := s.braketFigures(&c, index); err != nil {
		return nil, err
	}
	return s, s.braketPairs(&c, index, o)
}

// braketNames are names of native gates that stand for those of package ir: AQT's, and
// Braket's own.
var braketNames = map[string]string{"r": "prx", "xx": "rxx"}

// braketQubits numbers the labels of the connectivity and of the figures,
// in the order of their numbers.
func (s *Snapshot) braketQubits(c *braketCapabilities) (map[string]int, error) {
	labels := map[string]bool{}
	for a, neighbours := range c.Paradigm.Connectivity.Graph {
		labels[a] = true
		for _, b := range neighbours {
			labels[b] = true
		}
	}
	if c.Standardized != nil {
		for a := range c.Standardized.OneQubit {
			labels[a] = true
		}
	}
	if len(c.Paradigm.Connectivity.Graph) == 0 && c.Paradigm.Connectivity.Full { // there may be figures of some
		for q := range min(c.Paradigm.Qubits, maxQubits) {
			labels[strconv.Itoa(q)] = true
		}
	}
	sorted := slices.SortedFunc(maps.Keys(labels), func(a, b string) int {
		x, errX := strconv.Atoi(a)
		y, errY := strconv.Atoi(b)
		if errX == nil && errY == nil {
			return cmp.Compare(x, y)
		}
		return cmp.Compare(a, b)
	})
	if len(sorted) > maxQubits {
		return nil, invalid("it describes %d qubits, at most %d are read", len(sorted), maxQubits)
	}
	index := map[string]int{}
	for i, label := range sorted {
		index[label] = i
		s.Qubits = append(s.Qubits, Qubit{Label: label})
	}
	return index, nil
}

// oneQubit are the native gates that carry the error of a one-qubit gate;
// virtual ones don't.
var oneQubit = []string{"prx", "rx", "gpi", "gpi2", "sx", "x"}

// braketFigures fills in T1, T2, readout and one-qubit gates.
func (s *Snapshot) braketFigures(c *braketCapabilities, index map[string]int) error {
	st := c.Standardized
	if st == nil {
		return nil
	}
	oneTime, err := st.OneTime.value("duration of a one-qubit gate")
	if err != nil {
		return err
	}
	readoutTime, err := st.ReadoutTime.value("duration of readout")
	if err != nil {
		return err
	}
	oneError := named(st.OneFidelity, true, "")
	if f := c.Provider.Fidelity["1Q"].Mean; oneError == nil && f != nil {
		oneError = &Value{X: 1 - *f}
	}
	for label, i := range index {
		q := &s.Qubits[i]
		t1, t2, e := st.T1, st.T2, oneError
		q.ReadoutError, q.ReadoutTime = named(st.Readout, true, ""), readoutTime
		if own, ok := st.OneQubit[label]; ok {
			t1, t2 = cmp.Or(own.T1, t1), cmp.Or(own.T2, t2) // some have those of the device alone
			e = cmp.Or(named(own.Fidelity, true, "SIMULTANEOUS_RANDOMIZED_BENCHMARKING", "RANDOMIZED_BENCHMARKING"), e)
			q.ReadoutError = cmp.Or(named(own.Fidelity, true, "READOUT"), q.ReadoutError)
			// These two hold errors in spite of the field's name.
			q.P1Given0 = named(own.Fidelity, false, "READOUT_ERROR_0_TO_1")
			q.P0Given1 = named(own.Fidelity, false, "READOUT_ERROR_1_TO_0")
		}
		if q.T1, err = t1.value("T1 of qubit " + label); err != nil {
			return err
		}
		if q.T2, err = t2.value("T2 of qubit " + label); err != nil {
			return err
		}
		for _, name := range oneQubit {
			if slices.Contains(s.Basis, name) {
				s.Gates = append(s.Gates, Gate{Name: name, Qubits: []int{i}, Error: e, Duration: oneTime})
			}
		}
	}
	return nil
}

// braketPairs fills in the two-qubit gates: each connected pair once, lower
// index first, with the fidelity of its native gate.
func (s *Snapshot) braketPairs(c *braketCapabilities, index map[string]int, o *odd) error {
	pairs := map[[2]int]bool{}
	pair := func(a, b string) ([2]int, error) {
		i, okA := index[a]
		j, okB := index[b]
		if !okA || !okB || i == j {
			return [2]int{}, invalid("the pair %s-%s names a qubit that is not there", a, b)
		}
		return [2]int{min(i, j), max(i, j)}, nil
	}
	for a, neighbours := range c.Paradigm.Connectivity.Graph {
		for _, b := range neighbours {
			p, err := pair(a, b)
			if err != nil {
				return err
			}
			pairs[p] = true
		}
	}
	if len(pairs) == 0 && c.Paradigm.Connectivity.Full {
		if len(s.Qubits)*len(s.Qubits) > maxGates {
			return invalid("it connects %d qubits with each other, which is more pairs than are read", len(s.Qubits))
		}
		for i := range s.Qubits {
			for j := range i {
				pairs[[2]int{j, i}] = true
			}
		}
	}
	figures := map[string]map[[2]int]*Value{}
	var whole, wholeTime *Value
	if st := c.Standardized; st != nil {
		whole = named(st.TwoFidelity, true, "")
		var err error
		if wholeTime, err = st.TwoTime.value("duration of a two-qubit gate"); err != nil {
			return err
		}
		for key, k := range st.TwoQubit {
			a, b, _ := strings.Cut(key, "-")
			p, err := pair(a, b)
			if err != nil {
				return err
			}
			for _, f := range k.Fidelity {
				name := strings.ToLower(f.GateName)
				name = cmp.Or(braketNames[name], name)
				if f.Fidelity == nil || !slices.Contains(s.Basis, name) {
					continue // an average over Clifford gates, not a gate
				}
				if figures[name] == nil {
					figures[name] = map[[2]int]*Value{}
				}
				figures[name][p] = &Value{X: 1 - *f.Fidelity, StdErr: f.StdErr}
			}
		}
	}
	for _, name := range []string{"cz", "iswap", "zz", "ms", "rxx", "xy", "ecr", "cnot"} {
		if !slices.Contains(s.Basis, name) {
			continue
		}
		for p := range pairs {
			e := whole
			if e == nil {
				e = figures[name][p]
			}
			if e == nil {
				o.add("the error of "+name+" is not known", s.Qubits[p[0]].Label+"-"+s.Qubits[p[1]].Label)
			}
			s.Gates = append(s.Gates, Gate{Name: name, Qubits: []int{p[0], p[1]}, Error: e, Duration: wholeTime})
		}
	}
	return nil
}
