package calibration

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

const (
	kindIQMStatic       = "IQM static architecture"
	kindIQMDynamic      = "IQM dynamic architecture"
	kindIQMObservations = "IQM set of observations"
)

// iqmStatic is an element of static-quantum-architectures.
type iqmStatic struct {
	Label        string      `json:"dut_label"`
	Qubits       []string    `json:"qubits"`
	Connectivity [][2]string `json:"connectivity"`
}

// iqmDynamic is dynamic-quantum-architecture: what is calibrated now.
type iqmDynamic struct {
	Set        string   `json:"calibration_set_id"`
	Qubits     []string `json:"qubits"`
	Resonators []string `json:"computational_resonators"`
	Gates      map[string]struct {
		Implementations map[string]struct {
			Loci [][]string `json:"loci"`
		} `json:"implementations"`
		Default  string            `json:"default_implementation"`
		Override map[string]string `json:"override_default_implementation"`
	} `json:"gates"`
}

// iqmObservations is a calibration set or a set of quality metrics.
type iqmObservations struct {
	Type         string `json:"observation_set_type"`
	Set          string `json:"observation_set_id"`
	Describes    string `json:"describes_id"`
	Label        string `json:"dut_label"`
	Created      string `json:"created_timestamp"`
	Observations []struct {
		Field       string          `json:"dut_field"`
		Value       json.RawMessage `json:"value"`
		Unit        string          `json:"unit"`
		Uncertainty *float64        `json:"uncertainty"`
		Invalid     bool            `json:"invalid"`
		Modified    string          `json:"modified_timestamp"`
	} `json:"observations"`
}

func readIQM(parts []part, o *odd) (*Snapshot, error) {
	var static *iqmStatic
	var dynamic *iqmDynamic
	var sets []*iqmObservations
	for _, p := range parts {
		var to any
		switch p.format.name {
		case kindIQMStatic:
			static = new(iqmStatic)
			to = static
		case kindIQMDynamic:
			dynamic = new(iqmDynamic)
			to = dynamic
		default:
			sets = append(sets, new(iqmObservations))
			to = sets[len(sets)-1]
		}
		if err := json.Unmarshal(p.raw, to); err != nil {
			return nil, locate(p.file, p.raw, err)
		}
	}
	if dynamic == nil {
		return nil, &FileError{Name: parts[0].file, Err: fmt.Errorf("the %s does not say which gates are calibrated", parts[0].format.name),
			Hint: "give the answer of dynamic-quantum-architecture too"}
	}
	if len(dynamic.Resonators) > 0 {
		return nil, invalid("the device couples its qubits through %d resonators with the gate move, which is not compiled for", len(dynamic.Resonators))
	}
	s := &Snapshot{Service: "iqm", Name: "iqm", CalibrationSet: dynamic.Set}
	if static != nil {
		s.Name = static.Label
	}
	index := map[string]int{}
	for i, label := range dynamic.Qubits {
		if _, ok := index[label]; ok {
			return nil, invalid("the qubit %s is listed twice", label)
		}
		index[label] = i
		s.Qubits = append(s.Qubits, Qubit{Label: label})
	}
	if static != nil {
		for _, label := range static.Qubits {
			if _, ok := index[label]; !ok {
				o.add("in the static architecture but not calibrated", label)
			}
		}
	}
	figures, err := iqmFigures(s, sets, dynamic, o)
	if err != nil {
		return nil, err
	}
	for i := range s.Qubits {
		figures.qubit(&s.Qubits[i])
	}
	for name, g := range dynamic.Gates {
		seen := map[string]bool{}
		for implementation, k := range g.Implementations {
			for _, locus := range k.Loci {
				key := strings.Join(locus, ",")
				if seen[key] {
					continue
				}
				seen[key] = true
				qubits := make([]int, len(locus))
				for j, label := range locus {
					i, ok := index[label]
					if !ok {
						return nil, invalid("the gate %s names %s, which is no qubit of the device", name, label)
					}
					qubits[j] = i
				}
				chosen := g.Default
				if special, ok := g.Override[key]; ok {
					chosen = special
				}
				if c, ok := g.Implementations[chosen]; !ok || !slices.ContainsFunc(c.Loci, func(l []string) bool { return slices.Equal(l, locus) }) {
					chosen = implementation
				}
				s.Gates = append(s.Gates, figures.gate(strings.ToLower(name), chosen, locus, qubits))
			}
		}
		if name != "measure" {
			s.Basis = append(s.Basis, strings.ToLower(name))
		}
	}
	slices.Sort(s.Basis)
	return s, nil
}

// observed holds observations by their field, without what follows a colon.
type observed map[string]*Value

// iqmFigures gathers the observations in which numbers with units stand.
func iqmFigures(s *Snapshot, sets []*iqmObservations, dynamic *iqmDynamic, o *odd) (observed, error) {
	out := observed{}
	for _, set := range sets {
		if of := set.Set; set.Type == "calibration-set" && of != "" && of != dynamic.Set {
			o.add("the calibration set is not the one of the architecture", of)
		}
		if set.Describes != "" && set.Describes != dynamic.Set {
			o.add("the metrics describe another calibration set than the architecture's", set.Describes)
		}
		t, err := date(set.Created)
		if err != nil {
			return nil, err
		}
		if t.After(s.Taken) {
			s.Taken = t
		}
		if set.Label != "" && s.Name == "iqm" {
			s.Name = set.Label
		}
		for _, ob := range set.Observations {
			var x float64
			if json.Unmarshal(ob.Value, &x) != nil || string(ob.Value) == "null" {
				continue // a waveform or a word
			}
			field, _, _ := strings.Cut(ob.Field, ":")
			if ob.Invalid {
				o.add("an observation is marked invalid and counts as not known", field)
				continue
			}
			k, used := iqmKind(field)
			if !used {
				continue
			}
			if x, err = convert(x, ob.Unit, k); err != nil {
				return nil, fmt.Errorf("%s: %w", field, err)
			}
			v := &Value{X: x}
			if ob.Uncertainty != nil {
				if v.StdErr, err = convert(*ob.Uncertainty, ob.Unit, k); err != nil {
					return nil, fmt.Errorf("%s: %w", field, err)
				}
			}
			if v.Date, err = date(ob.Modified); err != nil {
				return nil, fmt.Errorf("%s: %w", field, err)
			}
			out[field] = v
		}
	}
	return out, nil
}

// iqmKind tells what a field measures and whether it is used.
func iqmKind(field string) (kind, bool) {
	switch {
	case strings.HasPrefix(field, "characterization.model.") && (strings.HasSuffix(field, ".t1_time") || strings.HasSuffix(field, ".t2_time")),
		strings.HasPrefix(field, "gates.") && strings.HasSuffix(field, ".duration"):
		return seconds, true
	case strings.HasPrefix(field, "metrics."):
		for _, end := range []string{".fidelity", ".error_0_to_1", ".error_1_to_0"} {
			if strings.HasSuffix(field, end) {
				return fraction, true
			}
		}
	}
	return 0, false
}

// qubit fills in T1 and T2.
func (ob observed) qubit(q *Qubit) {
	q.T1 = ob["characterization.model."+q.Label+".t1_time"]
	q.T2 = ob["characterization.model."+q.Label+".t2_time"]
	for field, v := range ob {
		rest, ok := strings.CutPrefix(field, "metrics.ssro.measure.")
		if !ok {
			continue
		}
		_, rest, _ = strings.Cut(rest, ".") // the implementation
		switch rest {
		case q.Label + ".fidelity":
			q.ReadoutError = complement(v)
		case q.Label + ".error_0_to_1":
			q.P1Given0 = v
		case q.Label + ".error_1_to_0":
			q.P0Given1 = v
		}
	}
	for field, v := range ob {
		if strings.HasPrefix(field, "gates.measure.") && strings.HasSuffix(field, "."+q.Label+".duration") {
			q.ReadoutTime = v
		}
	}
}

func complement(v *Value) *Value {
	if v == nil {
		return nil
	}
	return &Value{X: 1 - v.X, StdErr: v.StdErr, Date: v.Date}
}

// gate fills in error and duration of a gate in one of its implementations. A
// pair may be observed in either order.
func (ob observed) gate(name, implementation string, locus []string, qubits []int) Gate {
	g := Gate{Name: name, Qubits: qubits}
	method := "rb"
	if len(locus) == 2 {
		method = "irb"
	}
	reversed := slices.Clone(locus)
	slices.Reverse(reversed)
	for _, l := range [][]string{reversed, locus} {
		place := name + "." + implementation + "." + strings.Join(l, "__")
		if v := ob["metrics."+method+"."+place+".fidelity"]; v != nil {
			g.Error = complement(v)
		}
		if v := ob["gates."+place+".duration"]; v != nil {
			g.Duration = v
		}
	}
	return g
}
