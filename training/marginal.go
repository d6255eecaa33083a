package training

import (
	"qgan/backends"
	"qgan/ir"
)

// neuronLaw prepares the law of a circuit's measured qubits.
func neuronLaw(a ir.Ansatz, on backends.Differentiator) (backends.Differentiable, error) {
	if err := a.Check(); err != nil {
		return nil, err
	}
	d, err := on.Differentiate(a.Circuit(), backends.Probabilities)
	if err != nil || a.LatentQubits == 0 {
		return d, err
	}
	return &marginal{joint: d, outcomes: 1 << a.LatentQubits}, nil
}

// marginal sums the joint law of all qubits over the last ones, which are not
// measured: outcomes of theirs follow each other for each word.
type marginal struct {
	joint    backends.Differentiable
	outcomes int
	values   []float64 // of the joint law
}

func (m *marginal) sum(run func(backends.Bindings, []float64) error, b backends.Bindings, values []float64) error {
	m.values = sized(m.values, len(values)*m.outcomes)
	if err := run(b, m.values); err != nil {
		return err
	}
	for x := range values {
		sum := 0.0
		for _, p := range m.values[x*m.outcomes:][:m.outcomes] {
			sum += p
		}
		values[x] = sum
	}
	return nil
}

// Values writes the law of every lane.
func (m *marginal) Values(b backends.Bindings, values []float64) error {
	return m.sum(m.joint.Values, b, values)
}

// Forward writes the law of every lane and keeps what Backward needs.
func (m *marginal) Forward(b backends.Bindings, values []float64) error {
	return m.sum(m.joint.Forward, b, values)
}

// Backward hands each derivative on to all outcomes that were summed.
func (m *marginal) Backward(upstream, trained, data []float64) error {
	m.values = sized(m.values, len(upstream)*m.outcomes)
	for x, up := range upstream {
		for i := range m.outcomes {
			m.values[x*m.outcomes+i] = up
		}
	}
	return m.joint.Backward(m.values, trained, data)
}

// sized returns a slice of so many values, in the same memory where there is room.
func sized(s []float64, n int) []float64 {
	if cap(s) < n {
		return make([]float64, n)
	}
	return s[:n]
}
