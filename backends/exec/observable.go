package exec

import (
	"context"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"

	"qgan/backends"
	"qgan/backends/sim"
	"qgan/backends/wide"
	"qgan/internal/named"
	"qgan/internal/words"
	"qgan/ir"
)

// Expectation is the expectation value of an observable in the state that a circuit ends
// in, before its measurements.
type Expectation struct {
	Schema     string               `json:"schema"`
	Value      float64              `json:"value"`
	StdErr     *float64             `json:"std_err"` // of shots; 0 of an exact value, null where one shot tells none
	Shots      int                  `json:"shots"`   // of each group of terms; 0: exact
	Groups     int                  `json:"groups"`  // of terms that are measured together; 0: none is
	Backend    string               `json:"backend,omitempty"`
	Method     string               `json:"method,omitempty"`
	Mitigation string               `json:"mitigation,omitempty"`
	Snapshot   string               `json:"snapshot,omitempty"`
	Truncation *backends.Truncation `json:"truncation,omitempty"`
	Terms      []TermValue          `json:"terms"`
}

// TermValue is the expectation value of one Pauli string.
type TermValue struct {
	Coefficient float64  `json:"coefficient"`
	Paulis      string   `json:"paulis"`
	Value       float64  `json:"value"`
	StdErr      *float64 `json:"std_err"`
}

// Expectation returns the expectation value of an observable on the qubits of a circuit, in
// the order of their declaration. Measurements at the circuit's end are left out; others
// stay, and the value is the mean over their outcomes. By shots, Pauli strings that agree on
// the letter of each qubit that they share are measured together, each group with so many
// shots: an x basis by h, a y basis by sdg and h. The error of the sum is that of the
// shots' sums, for the terms of a group depend on each other; where readout errors are
// taken out it is the bound that the overhead gives. ready prepares a circuit that is
// measured, for instance by compiling it; nil leaves it.
func (m Measurement) Expectation(ctx context.Context, c *ir.Circuit, sum backends.PauliSum, ready func(*ir.Circuit) (*ir.Circuit, error)) (*Expectation, error) {
	if n := sum.Qubits(); n > c.Qubits {
		return nil, named.Inputf("{expect}: it names qubit %d, the circuit has %d, counted from 0", n-1, c.Qubits)
	}
	out := &Expectation{Schema: "qgan.expectation/v1", Shots: m.Shots}
	for _, t := range sum {
		out.Terms = append(out.Terms, TermValue{Coefficient: t.Coefficient, Paulis: t.String.String()})
	}
	direct, err := m.direct(ctx, c, sum, out)
	if direct || err != nil {
		return out, err
	}
	variance := 0.0
	known := true
	exact := 0.0
	for i, t := range sum {
		if len(t.String) == 0 {
			out.Value += t.Coefficient
			out.Terms[i].Value, out.Terms[i].StdErr = 1, &exact
		}
	}
	for _, group := range grouped(sum) {
		out.Groups++
		one := m
		one.Seed = m.Seed + uint64(out.Groups-1)
		v, err := one.group(ctx, c, sum, group, ready, out)
		if err != nil {
			return nil, err
		}
		variance += v
		known = known && !math.IsNaN(v)
	}
	if known {
		e := math.Sqrt(variance)
		out.StdErr = &e
	}
	return out, nil
}

// direct fills in exact values where a method has them without a law.
func (m Measurement) direct(ctx context.Context, c *ir.Circuit, sum backends.PauliSum, out *Expectation) (done bool, err error) {
	gates, ok := c.Gates()
	if m.Shots > 0 || m.Model != nil || !ok {
		return false, nil
	}
	asked := m
	asked.Shots = 1 // the method by the size of the circuit alone
	method, err := asked.chosen(gates)
	if err != nil {
		return false, err
	}
	if method == MethodState && c.Qubits > sim.MaxQubits {
		method = MethodMPS
	}
	strings := make([]backends.PauliString, len(sum))
	for i, t := range sum {
		strings[i] = t.String
	}
	var values []float64
	switch method {
	case MethodStabilizer:
		values, err = new(wide.Stabilizer).Expectations(ctx, gates, strings)
	case MethodMPS:
		out.Truncation = new(backends.Truncation)
		values, *out.Truncation, err = (&wide.MPS{MaxBond: m.MaxBond}).Expectations(ctx, gates, strings)
	default:
		return false, nil
	}
	if err != nil {
		return false, err
	}
	out.Method = string(method)
	zero := 0.0
	for i, v := range values {
		out.Value += sum[i].Coefficient * v
		out.Terms[i].Value, out.Terms[i].StdErr = v, &zero
	}
	out.StdErr = &zero
	return true, nil
}

// grouped puts terms together that agree on the letter of each qubit that they share, each
// into the first group that it fits; it lists their places. The identity is in none.
func grouped(sum backends.PauliSum) (groups [][]int) {
	var letters []map[int]byte
next:
	for i, t := range sum {
		if len(t.String) == 0 {
			continue
		}
		for g, has := range letters {
			if fits(has, t.String) {
				groups[g] = append(groups[g], i)
				take(has, t.String)
				continue next
			}
		}
		has := map[int]byte{}
		take(has, t.String)
		letters, groups = append(letters, has), append(groups, []int{i})
	}
	return groups
}

func fits(has map[int]byte, s backends.PauliString) bool {
	for _, f := range s {
		if l, ok := has[f.Qubit]; ok && l != f.Letter {
			return false
		}
	}
	return true
}

func take(has map[int]byte, s backends.PauliString) {
	for _, f := range s {
		has[f.Qubit] = f.Letter
	}
}

// group measures terms together, fills in their values and returns the variance of their
// sum, NaN where it is not known.
func (m Measurement) group(ctx context.Context, c *ir.Circuit, sum backends.PauliSum, group []int, ready func(*ir.Circuit) (*ir.Circuit, error), out *Expectation) (float64, error) {
	has := map[int]byte{}
	for _, i := range group {
		take(has, sum[i].String)
	}
	turned, bit := inBasis(c, has)
	var err error
	if ready != nil {
		if turned, err = ready(turned); err != nil {
			return 0, err
		}
	}
	turned, _, err = Simulable(turned, m.Model != nil)
	if err != nil {
		return 0, err
	}
	r, err := m.Of(ctx, turned)
	if err != nil {
		return 0, err
	}
	out.Backend, out.Method, out.Snapshot = r.Backend, r.Method, r.Snapshot
	if r.Truncation != nil && (out.Truncation == nil || r.Truncation.Error >= out.Truncation.Error) {
		out.Truncation = r.Truncation
	}
	law, overhead := shares(r)
	if r.Corrected != nil {
		out.Mitigation = r.Mitigation
	}
	// Of one shot: the parity of each term, and the sum of the group.
	var mean, square, norm float64
	for _, word := range slices.Sorted(maps.Keys(law)) {
		p, all := law[word], 0.0
		for _, i := range group {
			sign := 1.0
			for _, f := range sum[i].String {
				if word[bit[f.Qubit]] == '1' {
					sign = -sign
				}
			}
			out.Terms[i].Value += sign * p
			all += sum[i].Coefficient * sign
		}
		mean += p * all
		square += p * all * all
	}
	out.Value += mean
	for _, i := range group {
		v := m.variance(1-out.Terms[i].Value*out.Terms[i].Value, 1, overhead)
		norm += math.Abs(sum[i].Coefficient)
		if !math.IsNaN(v) {
			e := math.Sqrt(v)
			out.Terms[i].StdErr = &e
		}
	}
	return m.variance(square-mean*mean, norm, overhead), nil
}

// variance is that of the mean over the shots of something of a variance in one shot, and
// of values of at most a norm. An overhead above 0 says that readout errors were taken out.
func (m Measurement) variance(one, norm, overhead float64) float64 {
	switch {
	case m.Shots == 0:
		return 0
	case overhead > 0:
		return overhead * norm * norm / float64(m.Shots)
	case m.Shots == 1:
		return math.NaN()
	}
	return max(one, 0) / float64(m.Shots-1)
}

// shares is a reading as weights of words that add up to 1, with the overhead of readout
// mitigation, 0 without.
func shares(r *backends.Reading) (law map[string]float64, overhead float64) {
	switch {
	case r.Corrected != nil:
		return r.Quasi, r.Overhead
	case r.Shots == 0:
		return r.Probabilities, 0
	}
	law = map[string]float64{}
	for w, n := range r.Counts {
		law[w] = float64(n) / float64(r.Shots)
	}
	return law, 0
}

// inBasis returns the circuit with qubits turned into the basis of their letters and
// measured, and the bit of each. Where only gates come before its measurements these are
// left out.
func inBasis(c *ir.Circuit, letters map[int]byte) (turned *ir.Circuit, bit map[int]int) {
	own := *c
	if gates, ok := c.Gates(); ok {
		own = *gates
	}
	own.Ops = slices.Clone(own.Ops)
	bit = map[int]int{}
	qubits := slices.Sorted(maps.Keys(letters))
	for i, q := range qubits {
		switch bit[q] = i; letters[q] {
		case 'Y':
			own.Gate(ir.SDG, []int{q})
			own.Gate(ir.H, []int{q})
		case 'X':
			own.Gate(ir.H, []int{q})
		}
	}
	own.MeasureAtEnd(qubits)
	return &own, bit
}

// WriteText writes the terms and their sum for people.
func (e *Expectation) WriteText(w io.Writer) error {
	t := words.NewTable(w)
	for _, x := range e.Terms {
		t.Row(fmt.Sprintf("%g", x.Coefficient), x.Paulis, withError(x.Value, x.StdErr, e.Shots))
	}
	t.Row("sum", "", withError(e.Value, e.StdErr, e.Shots))
	return t.Flush()
}

// withError writes a value with its standard error.
func withError(v float64, e *float64, shots int) string {
	switch {
	case shots == 0:
		return fmt.Sprintf("%.10g", v)
	case e == nil:
		return fmt.Sprintf("%.5f", v)
	}
	return fmt.Sprintf("%.5f ± %.5f", v, *e)
}
