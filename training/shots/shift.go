package shots

import (
	"context"
	"fmt"
	"iter"
	"slices"

	"qgan/backends"
	"qgan/ir"
)

// ShiftRule is the parameter-shift rule of one circuit, evaluated with exact laws: what
// an Estimator measures, without its error.
type ShiftRule struct {
	circuit *ir.Circuit
	places  []ir.Occurrence
	shifted []int // the places that are
	laws    backends.Evaluator
}

// NewShiftRule prepares a circuit without measurements. Where symbols are named only their
// places are shifted, and the derivatives by the others stay 0.
func NewShiftRule(c *ir.Circuit, on backends.Solver, symbols ...int) (*ShiftRule, error) {
	open, places, err := ir.Occurrences(c)
	if err != nil {
		return nil, err
	}
	laws, err := on.Evaluator(open, backends.Probabilities)
	if err != nil {
		return nil, err
	}
	s := &ShiftRule{circuit: c, places: places, laws: laws}
	for k, p := range places {
		if len(symbols) == 0 || slices.ContainsFunc(p.Angle.Terms, func(t ir.Term) bool { return slices.Contains(symbols, int(t.Trained)) }) {
			s.shifted = append(s.shifted, k)
		}
	}
	return s, nil
}

// Circuits counts the shifted circuits of one binding.
func (s *ShiftRule) Circuits() int {
	n := 0
	for _, k := range s.shifted {
		n += len(s.places[k].Terms())
	}
	return n
}

// Derivative is the derivative of an expectation by one symbol, and the variance that it
// has when every shifted circuit is given a single shot; with N shots each it is that
// divided by N:
//
//	variance = sum over places and terms of (dangle/dsymbol · Coef)² Var(f).
type Derivative struct{ Value, Variance float64 }

// factors are the derivatives of an angle by its trained symbols. A symbol may stand in
// several terms, which lie side by side: they move together.
func factors(a ir.Angle, data []float64) iter.Seq2[int, float64] {
	return func(yield func(int, float64) bool) {
		for i := 0; i < len(a.Terms); {
			symbol, sum := a.Terms[i].Trained, 0.0
			for ; i < len(a.Terms) && a.Terms[i].Trained == symbol; i++ {
				by := a.Terms[i].Coef
				if k := a.Terms[i].Data; k != ir.None {
					by *= data[k]
				}
				sum += by
			}
			if symbol != ir.None && !yield(int(symbol), sum) {
				return
			}
		}
	}
}

// Derivatives returns the derivatives of the expectation of each f, a function of the
// basis state (2^n values), by each trained symbol: functions x symbols.
func (s *ShiftRule) Derivatives(ctx context.Context, trained, data []float64, fs ...[]float64) ([][]Derivative, error) {
	width := 1 << s.circuit.Qubits
	for _, f := range fs {
		if len(f) != width {
			return nil, fmt.Errorf("a function has %d values, %d needed", len(f), width)
		}
	}
	base := make([]float64, len(s.places))
	for k, p := range s.places {
		base[k] = p.Angle.Value(trained, data)
	}
	var rows [][]float64
	for _, k := range s.shifted {
		for _, t := range s.places[k].Terms() {
			row := slices.Clone(base)
			row[k] += t.Shift
			rows = append(rows, row)
		}
	}
	out := make([][]Derivative, len(fs))
	for i := range out {
		out[i] = make([]Derivative, len(s.circuit.Trained))
	}
	if len(rows) == 0 {
		return out, nil
	}
	laws := make([]float64, len(rows)*width)
	if err := s.laws.Values(ctx, backends.Bindings{Trained: rows}, laws); err != nil {
		return nil, fmt.Errorf("circuit %q: %w", s.circuit.Name, err)
	}
	for _, k := range s.shifted {
		p := s.places[k]
		for _, t := range p.Terms() {
			law := laws[:width]
			laws = laws[width:]
			for i, f := range fs {
				mean, square := 0.0, 0.0
				for x, q := range law {
					mean += q * f[x]
				}
				for x, q := range law {
					square += q * (f[x] - mean) * (f[x] - mean)
				}
				for symbol, by := range factors(p.Angle, data) {
					by *= t.Coef
					out[i][symbol].Value += by * mean
					out[i][symbol].Variance += by * by * square
				}
			}
		}
	}
	return out, nil
}
