package calibration

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
)

const (
	kindIBMProperties    = "IBM properties"
	kindIBMConfiguration = "IBM configuration"
)

// nduv is IBM's "name, date, unit, value".
type nduv struct {
	Name  string   `json:"name"`
	Date  string   `json:"date"`
	Unit  string   `json:"unit"`
	Value *float64 `json:"value"`
}

// ibmProperties is the answer of GET /backends/{name}/properties.
type ibmProperties struct {
	Name    string   `json:"backend_name"`
	Version string   `json:"backend_version"`
	Date    string   `json:"last_update_date"`
	Qubits  [][]nduv `json:"qubits"`
	Gates   []struct {
		Gate       string `json:"gate"`
		Qubits     []int  `json:"qubits"`
		Parameters []nduv `json:"parameters"`
	} `json:"gates"`
}

// ibmConfiguration is what is used of GET /backends/{name}/configuration. Times
// are in nanoseconds there.
type ibmConfiguration struct {
	Name        string   `json:"backend_name"`
	Qubits      int      `json:"n_qubits"`
	Basis       []string `json:"basis_gates"`
	DT          *float64 `json:"dt"`
	MaxShots    int      `json:"max_shots"`
	MaxCircuits int      `json:"max_experiments"`
	Timing      struct {
		Granularity int `json:"granularity"`
		Pulse       int `json:"pulse_alignment"`
	} `json:"timing_constraints"`
}

// ibmQubit and ibmGate say where a property goes.
var ibmQubit = map[string]struct {
	kind kind
	of   func(*Qubit) **Value
}{
	"T1":               {seconds, func(q *Qubit) **Value { return &q.T1 }},
	"T2":               {seconds, func(q *Qubit) **Value { return &q.T2 }},
	"frequency":        {hertz, func(q *Qubit) **Value { return &q.Frequency }},
	"readout_error":    {fraction, func(q *Qubit) **Value { return &q.ReadoutError }},
	"prob_meas1_prep0": {fraction, func(q *Qubit) **Value { return &q.P1Given0 }},
	"prob_meas0_prep1": {fraction, func(q *Qubit) **Value { return &q.P0Given1 }},
	"readout_length":   {seconds, func(q *Qubit) **Value { return &q.ReadoutTime }},
}

var ibmGate = map[string]struct {
	kind kind
	of   func(*Gate) **Value
}{
	"gate_error":  {fraction, func(g *Gate) **Value { return &g.Error }},
	"gate_length": {seconds, func(g *Gate) **Value { return &g.Duration }},
}

// value converts one property.
func (p nduv) value(k kind, where string, o *odd) (*Value, error) {
	if p.Value == nil || math.IsNaN(*p.Value) {
		o.add("a value is null: it counts as not known", p.Name+" of "+where)
		return nil, nil
	}
	x, err := convert(*p.Value, p.Unit, k)
	if err != nil {
		return nil, fmt.Errorf("%s of %s: %w", p.Name, where, err)
	}
	t, err := date(p.Date)
	if err != nil {
		return nil, fmt.Errorf("%s of %s: %w", p.Name, where, err)
	}
	return &Value{X: x, Date: t}, nil
}

// operational reads the property of that name; a part without it works.
func operational(list []nduv) bool {
	return !slices.ContainsFunc(list, func(p nduv) bool { return p.Name == "operational" && p.Value != nil && *p.Value == 0 })
}

func readIBM(parts []part, o *odd) (*Snapshot, error) {
	var props *ibmProperties
	var conf *ibmConfiguration
	for _, p := range parts {
		if p.format.name == kindIBMConfiguration && conf == nil {
			conf = new(ibmConfiguration)
			if err := json.Unmarshal(p.raw, conf); err != nil {
				return nil, locate(p.file, p.raw, err)
			}
		} else if p.format.name == kindIBMProperties && props == nil {
			props = new(ibmProperties)
			if err := json.Unmarshal(p.raw, props); err != nil {
				return nil, locate(p.file, p.raw, err)
			}
		} else {
			return nil, &FileError{Name: p.file, Err: fmt.Errorf("a second %s", p.format.name), Hint: "give the files of one device"}
		}
	}
	if props == nil {
		return nil, &FileError{Name: parts[0].file, Err: fmt.Errorf("the configuration of %s holds no calibration", conf.Name), Hint: "give its properties"}
	}
	s := &Snapshot{Service: "ibm", Name: props.Name, Version: props.Version}
	var err error
	if s.Taken, err = date(props.Date); err != nil {
		return nil, err
	}
	for i, list := range props.Qubits {
		q := Qubit{Label: fmt.Sprint(i), Faulty: !operational(list)}
		for _, p := range list {
			row, ok := ibmQubit[p.Name]
			if !ok {
				continue
			}
			if *row.of(&q), err = p.value(row.kind, "qubit "+q.Label, o); err != nil {
				return nil, err
			}
		}
		s.Qubits = append(s.Qubits, q)
	}
	for _, g := range props.Gates {
		gate := Gate{Name: strings.ToLower(g.Gate), Qubits: g.Qubits, Faulty: !operational(g.Parameters)}
		where := fmt.Sprint(gate.Name, g.Qubits)
		for _, p := range g.Parameters {
			row, ok := ibmGate[p.Name]
			if !ok {
				continue
			}
			if *row.of(&gate), err = p.value(row.kind, where, o); err != nil {
				return nil, err
			}
		}
		s.Gates = append(s.Gates, gate)
	}
	if conf != nil {
		if conf.Qubits != len(s.Qubits) {
			return nil, invalid("the configuration of %s has %d qubits, the properties of %s have %d: they are of two devices", conf.Name, conf.Qubits, props.Name, len(s.Qubits))
		}
		s.Basis = conf.Basis
		s.Limits = Limits{MaxShots: conf.MaxShots, MaxCircuits: conf.MaxCircuits, Granularity: max(conf.Timing.Granularity, conf.Timing.Pulse)}
		if conf.DT != nil {
			s.SampleTime = *conf.DT / 1e9
		}
	}
	return s, nil
}
