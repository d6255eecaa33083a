package calibration

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"time"
	"unicode"
)

// Value is one calibrated number, in SI units or without dimension. A nil
// *Value is a number that is not known.
type Value struct {
	X float64 `json:"value"`
	// StdErr is one standard error; 0 where the service doesn't tell it.
	StdErr float64 `json:"std_err,omitempty"`
	// Date is when the number was measured; zero where it is not told.
	Date time.Time `json:"date,omitzero"`
}

// Or returns the number, or other where it is not known.
func (v *Value) Or(other float64) float64 {
	if v == nil {
		return other
	}
	return v.X
}

// Qubit holds the figures of one physical qubit.
type Qubit struct {
	// Label is the device's own name of the qubit ("QB3", "107").
	Label string `json:"label"`
	// T1 is the relaxation and T2 the coherence time, as measured: T2 may
	// exceed 2·T1, which Coherence cuts.
	T1           *Value `json:"t1_s,omitempty"`
	T2           *Value `json:"t2_s,omitempty"`
	Frequency    *Value `json:"frequency_hz,omitempty"`
	ReadoutError *Value `json:"readout_error,omitempty"` // mean of the two below, as the service gives it
	P1Given0     *Value `json:"readout_1_given_0,omitempty"`
	P0Given1     *Value `json:"readout_0_given_1,omitempty"`
	ReadoutTime  *Value `json:"readout_s,omitempty"`
	// Faulty marks a qubit that its service calls not operational, or of which
	// a one-qubit gate carries the error 1.
	Faulty bool `json:"faulty,omitempty"`
}

// Readout returns the symmetric readout error: the service's own figure, or the
// mean of the two conditional ones; ok is false where nothing is known.
func (q *Qubit) Readout() (e float64, ok bool) {
	switch {
	case q.ReadoutError != nil:
		return q.ReadoutError.X, true
	case q.P1Given0 != nil && q.P0Given1 != nil:
		return (q.P1Given0.X + q.P0Given1.X) / 2, true
	}
	return 0, false
}

// Confusion returns P(1|0) and P(0|1), each replaced by the symmetric error
// where it is not known.
func (q *Qubit) Confusion() (p1given0, p0given1 float64, ok bool) {
	e, ok := q.Readout()
	return q.P1Given0.Or(e), q.P0Given1.Or(e), ok || q.P1Given0 != nil && q.P0Given1 != nil
}

// Coherence returns T1 and T2 in seconds with T2 cut at 2·T1; +Inf where
// nothing limits them.
func (q *Qubit) Coherence() (t1, t2 float64) {
	t1 = q.T1.Or(math.Inf(1))
	return t1, min(q.T2.Or(math.Inf(1)), 2*t1)
}

// Gate holds the figures of one gate on one tuple of qubits.
type Gate struct {
	// Name is the device's, in lower case: a name of the gate table of package
	// ir, or what has no row there (measure, reset).
	Name   string `json:"name"`
	Qubits []int  `json:"qubits"`
	// Error is 1 minus the average gate fidelity.
	Error    *Value `json:"error,omitempty"`
	Duration *Value `json:"duration_s,omitempty"`
	// Faulty marks a gate that is not available: the error 1, or not
	// operational.
	Faulty bool `json:"faulty,omitempty"`
}

// Limits are what a device or its service allows.
type Limits struct {
	MinShots    int `json:"min_shots,omitempty"`
	MaxShots    int `json:"max_shots,omitempty"`
	MaxCircuits int `json:"max_circuits,omitempty"`
	// Granularity is the multiple of the sample time that a delay must have.
	Granularity int `json:"granularity,omitempty"`
}

// Snapshot is a device at a time.
type Snapshot struct {
	Service string    `json:"service"` // ibm, braket, iqm
	Name    string    `json:"name"`
	Version string    `json:"version,omitempty"`
	Taken   time.Time `json:"taken,omitzero"` // the service's date of the whole
	// CalibrationSet is the id of an IQM calibration set.
	CalibrationSet string  `json:"calibration_set,omitempty"`
	SampleTime     float64 `json:"sample_time_s,omitempty"` // dt; 0: not known
	// Basis lists the names of the native gates, nil where the files don't say.
	Basis  []string `json:"basis,omitempty"`
	Qubits []Qubit  `json:"qubits"`
	Gates  []Gate   `json:"gates"` // by name, then qubits
	Limits Limits   `json:"limits,omitzero"`
	// Sources are the files it was read from.
	Sources []Source `json:"sources,omitempty"`
	// Warnings name what is odd, each kind once.
	Warnings []string `json:"warnings,omitempty"`
}

// Source is a file that a snapshot was read from.
type Source struct {
	Kind   string `json:"kind"` // as in "IBM properties"
	SHA256 string `json:"sha256"`
}

// Find returns a gate on a tuple of qubits, in that order, or nil.
func (s *Snapshot) Find(name string, qubits ...int) *Gate {
	i, ok := slices.BinarySearchFunc(s.Gates, Gate{Name: name, Qubits: qubits}, compareGates)
	if !ok {
		return nil
	}
	return &s.Gates[i]
}

// Dates returns the oldest and the newest date of a number in the snapshot,
// zero where no number has one.
func (s *Snapshot) Dates() (oldest, newest time.Time) {
	s.values(func(_ string, v *Value) {
		if v.Date.IsZero() {
			return
		}
		if oldest.IsZero() || v.Date.Before(oldest) {
			oldest = v.Date
		}
		if v.Date.After(newest) {
			newest = v.Date
		}
	})
	return oldest, newest
}

// values calls f for every number that is known, with a name for it such as
// "T1 of qubit 3" or "error of cz 3-4".
func (s *Snapshot) values(f func(what string, v *Value)) {
	for i := range s.Qubits {
		for _, k := range qubitFigures {
			if v := *k.of(&s.Qubits[i]); v != nil {
				f(k.name+" of qubit "+s.Qubits[i].Label, v)
			}
		}
	}
	for i := range s.Gates {
		g := &s.Gates[i]
		for _, k := range gateFigures {
			if v := *k.of(g); v != nil {
				f(k.name+" of "+s.gateName(g), v)
			}
		}
	}
}

// gateName is a gate with the labels of its qubits, "cz 3-4".
func (s *Snapshot) gateName(g *Gate) string {
	labels := make([]string, len(g.Qubits))
	for i, q := range g.Qubits {
		labels[i] = s.Qubits[q].Label
	}
	return g.Name + " " + strings.Join(labels, "-")
}

// figure is one number of a qubit or a gate: how it is called, where it stands,
// and whether it is an error, of which more is worse.
type figure[T any] struct {
	name string
	of   func(*T) **Value
}

var qubitFigures = []figure[Qubit]{
	{"T1", func(q *Qubit) **Value { return &q.T1 }},
	{"T2", func(q *Qubit) **Value { return &q.T2 }},
	{"frequency", func(q *Qubit) **Value { return &q.Frequency }},
	{"readout error", func(q *Qubit) **Value { return &q.ReadoutError }},
	{"P(1|0)", func(q *Qubit) **Value { return &q.P1Given0 }},
	{"P(0|1)", func(q *Qubit) **Value { return &q.P0Given1 }},
	{"readout time", func(q *Qubit) **Value { return &q.ReadoutTime }},
}

var gateFigures = []figure[Gate]{
	{"error", func(g *Gate) **Value { return &g.Error }},
	{"duration", func(g *Gate) **Value { return &g.Duration }},
}

func compareGates(a, b Gate) int {
	return cmp.Or(cmp.Compare(a.Name, b.Name), slices.Compare(a.Qubits, b.Qubits))
}

// odd gathers the oddities of a snapshot, each kind once with its places.
type odd struct {
	kinds  []string
	places map[string][]string
}

// add notes a place where an oddity was found.
func (o *odd) add(kind, place string) {
	if o.places == nil {
		o.places = map[string][]string{}
	}
	if _, ok := o.places[kind]; !ok {
		o.kinds, o.places[kind] = append(o.kinds, kind), nil
	}
	if place != "" {
		o.places[kind] = append(o.places[kind], place)
	}
}

// shownPlaces bounds how many places a warning lists.
const shownPlaces = 24

// warnings returns a sentence for each kind.
func (o *odd) warnings() []string {
	var out []string
	for _, kind := range o.kinds {
		places := o.places[kind]
		more := ""
		if len(places) > shownPlaces {
			places, more = places[:shownPlaces], ", …"
		}
		if len(places) > 0 {
			kind += ": " + strings.Join(places, ", ") + more
		}
		out = append(out, kind)
	}
	return out
}

// Bounds of what a file may describe.
const (
	maxQubits = 10_000
	maxGates  = 500_000
)

// finish sorts and checks what a reader has gathered, marks what is faulty and
// names what is odd.
func (s *Snapshot) finish(o *odd) error {
	switch {
	case len(s.Qubits) == 0:
		return invalid("it describes no qubit")
	case len(s.Qubits) > maxQubits:
		return invalid("it describes %d qubits, at most %d are read", len(s.Qubits), maxQubits)
	case len(s.Gates) > maxGates:
		return invalid("it describes %d gates, at most %d are read", len(s.Gates), maxGates)
	}
	slices.SortStableFunc(s.Gates, compareGates)
	for i := range s.Gates {
		g := &s.Gates[i]
		for j, q := range g.Qubits {
			if q < 0 || q >= len(s.Qubits) {
				return invalid("%s on qubit %d, there are %d qubits", g.Name, q, len(s.Qubits))
			}
			if slices.Contains(g.Qubits[:j], q) {
				return invalid("%s names qubit %d twice", g.Name, q)
			}
		}
		if i > 0 && compareGates(s.Gates[i-1], *g) == 0 {
			return invalid("%s is listed twice", s.gateName(g))
		}
		if g.Error == nil {
			continue
		}
		if !(g.Error.X >= 0 && g.Error.X <= 1) {
			return invalid("the error of %s is %v, which is no probability", s.gateName(g), g.Error.X)
		}
		if g.Error.X == 1 {
			g.Faulty = true
			o.add("the error 1 marks "+g.Name+" as not available", strings.TrimPrefix(s.gateName(g), g.Name+" "))
			if len(g.Qubits) == 1 && (g.Name == "sx" || g.Name == "x" || g.Name == "prx") {
				s.Qubits[g.Qubits[0]].Faulty = true
			}
		}
	}
	for i := range s.Qubits {
		if err := s.checkQubit(&s.Qubits[i], o); err != nil {
			return err
		}
	}
	for i := range s.Gates {
		if d := s.Gates[i].Duration; d != nil && !(d.X >= 0 && d.X < 1) {
			return invalid("the duration of %s is %v s", s.gateName(&s.Gates[i]), d.X)
		}
	}
	s.Warnings = o.warnings()
	return nil
}

// checkNames refuses names with control characters: they stand in messages, tables and
// circuits.
func (s *Snapshot) checkNames() error {
	names := append([]string{s.Name, s.Version, s.CalibrationSet}, s.Basis...)
	for i := range s.Qubits {
		names = append(names, s.Qubits[i].Label)
	}
	for i := range s.Gates {
		names = append(names, s.Gates[i].Name)
	}
	for _, name := range names {
		if strings.ContainsFunc(name, func(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) }) {
			return invalid("the name %q holds control characters", name)
		}
	}
	return nil
}

func (s *Snapshot) checkQubit(q *Qubit, o *odd) error {
	for _, p := range []*Value{q.ReadoutError, q.P1Given0, q.P0Given1} {
		if p != nil && !(p.X >= 0 && p.X <= 1) {
			return invalid("a readout error of qubit %s is %v, which is no probability", q.Label, p.X)
		}
	}
	for _, t := range []*Value{q.T1, q.T2, q.ReadoutTime} {
		if t != nil && !(t.X >= 0 && t.X < 1e6) {
			return invalid("a time of qubit %s is %v s", q.Label, t.X)
		}
	}
	switch {
	case q.T1 == nil && q.T2 == nil:
		o.add("neither T1 nor T2 is known: no relaxation there", q.Label)
	case q.T1 == nil || q.T2 == nil:
		o.add("T1 or T2 is not known", q.Label)
	case q.T2.X > 2*q.T1.X:
		o.add("T2 exceeds 2·T1 and counts as 2·T1", q.Label)
	}
	if e, ok := q.Readout(); !ok {
		o.add("the readout error is not known", q.Label)
	} else if e >= 0.5 {
		o.add("the readout error is 0.5 or more", q.Label)
	}
	if q.P1Given0 != nil && q.P0Given1 != nil {
		if q.P1Given0.X+q.P0Given1.X > 1 {
			o.add("P(1|0) + P(0|1) exceeds 1: outcomes are inverted", q.Label)
		}
		if mean := (q.P1Given0.X + q.P0Given1.X) / 2; q.ReadoutError != nil && math.Abs(mean-q.ReadoutError.X) > 1e-6 {
			o.add("the readout error is not the mean of P(1|0) and P(0|1): they were measured at different times", q.Label)
		}
	}
	if q.Faulty {
		o.add("not operational", q.Label)
	}
	return nil
}
