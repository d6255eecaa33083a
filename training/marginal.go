package training

import (
	"context"
	"errors"

	"qgan/backends"
	"qgan/ir"
)

// neuronLaw is the law of the measured qubits of a circuit. The last qubits are not
// measured: outcomes of theirs follow each other for each word and are summed over.
type neuronLaw struct {
	joint    backends.Evaluator
	slope    backends.Differentiable // the same; nil where there are laws alone
	outcomes int                     // of the qubits that are not measured
	space    []float64               // of the joint law
}

// newNeuronLaw prepares an ansatz.
func newNeuronLaw(a ir.Ansatz, on backends.Solver) (l neuronLaw, err error) {
	if err := a.Check(); err != nil {
		return l, err
	}
	l.outcomes = 1 << a.LatentQubits
	if d, ok := on.(backends.Differentiator); ok {
		l.slope, err = d.Differentiate(a.Circuit(), backends.Probabilities)
		l.joint = l.slope
		return l, err
	}
	l.joint, err = on.Evaluator(a.Circuit(), backends.Probabilities)
	return l, err
}

// values writes the law of every lane.
func (l *neuronLaw) values(ctx context.Context, b backends.Bindings, values []float64) error {
	return l.sum(ctx, l.joint.Values, b, values)
}

// errLawsAlone is what is told where a generator is trained that can't be.
var errLawsAlone = errors.New("the generator was prepared for its laws alone, without gradients")

// forward writes the law of every lane and keeps what backward needs.
func (l *neuronLaw) forward(ctx context.Context, b backends.Bindings, values []float64) error {
	if l.slope == nil {
		return errLawsAlone
	}
	return l.sum(ctx, l.slope.Forward, b, values)
}

func (l *neuronLaw) sum(ctx context.Context, run func(context.Context, backends.Bindings, []float64) error, b backends.Bindings, values []float64) error {
	if l.outcomes == 1 {
		return run(ctx, b, values)
	}
	l.space = sized(l.space, len(values)*l.outcomes)
	if err := run(ctx, b, l.space); err != nil {
		return err
	}
	for x := range values {
		sum := 0.0
		for _, p := range l.space[x*l.outcomes:][:l.outcomes] {
			sum += p
		}
		values[x] = sum
	}
	return nil
}

// backward hands each derivative on to all outcomes that were summed.
func (l *neuronLaw) backward(ctx context.Context, upstream, trained, data []float64) error {
	if l.slope == nil {
		return errLawsAlone
	}
	if l.outcomes == 1 {
		return l.slope.Backward(ctx, upstream, trained, data)
	}
	l.space = sized(l.space, len(upstream)*l.outcomes)
	for x, up := range upstream {
		for i := range l.outcomes {
			l.space[x*l.outcomes+i] = up
		}
	}
	return l.slope.Backward(ctx, l.space, trained, data)
}

// sized returns a slice of so many values, in the same memory where there is room.
func sized(s []float64, n int) []float64 {
	if cap(s) < n {
		return make([]float64, n)
	}
	return s[:n]
}
