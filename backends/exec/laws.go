package exec

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync/atomic"

	"qgan/backends"
	"qgan/backends/sim"
	"qgan/internal/parallel"
	"qgan/ir"
)

// maxLawWork bounds the numbers of the density matrices of exact laws, a matter of
// minutes.
const maxLawWork = 4e10

// Laws is a Solver of circuits with noise, by density matrix: each is measured whole and
// compiled as Compiled does, and its law is told by the bits of the circuit that was asked
// for. What costs more than minutes in all is backends.ErrIntractable. Probabilities alone
// are known of a law with readout errors.
type Laws struct {
	Noisy    *sim.Noisy
	Compiled *Compiled // its Runner is not asked

	work atomic.Int64 // that was done
}

// Evaluator prepares the law of all qubits of a circuit of gates.
func (l *Laws) Evaluator(c *ir.Circuit, o backends.Observable) (backends.Evaluator, error) {
	if o != backends.Probabilities {
		return nil, errors.New("noisy laws are probabilities only")
	}
	if c.Qubits > sim.MaxDensityQubits {
		return nil, fmt.Errorf("circuit %q: %w: it has %d qubits, a density matrix holds at most %d", c.Name, backends.ErrIntractable, c.Qubits, sim.MaxDensityQubits)
	}
	own := *c
	own.Ops = append([]ir.Op(nil), c.Ops...)
	own.MeasureAll()
	return &law{l, &own}, nil
}

// law is a circuit, measured, whose laws are asked for.
type law struct {
	*Laws
	circuit *ir.Circuit
}

// Values writes the law of each lane. Lanes run side by side; one that is alone has all
// processors to itself.
func (l *law) Values(ctx context.Context, b backends.Bindings, values []float64) error {
	width := backends.Probabilities.Width(l.circuit.Qubits)
	cost := int64(len(l.circuit.Ops)) << (2 * l.circuit.Qubits)
	if l.work.Add(cost*int64(b.Len())) > maxLawWork {
		return fmt.Errorf("%w: density matrices of %d qubits for so many circuits", backends.ErrIntractable, l.circuit.Qubits)
	}
	solver := *l.Noisy
	solver.Workers = 1
	if b.Len() == 1 {
		solver.Workers = 0
	}
	workers := runtime.GOMAXPROCS(0)
	errs := make([]error, workers)
	parallel.Each(b.Len(), workers, func(lane, w int) {
		if errs[w] == nil {
			trained, data := b.Row(lane)
			errs[w] = l.lane(ctx, &solver, trained, data, values[lane*width:][:width])
		}
	})
	return errors.Join(errs...)
}

// lane writes the law for values of the symbols.
func (l *law) lane(ctx context.Context, solver *sim.Noisy, trained, data, values []float64) error {
	c, readout, err := l.Compiled.Bind(l.circuit, trained, data)
	if err != nil {
		return err
	}
	read, err := solver.Law(ctx, c, nil, nil)
	if err != nil {
		return err
	}
	clear(values)
	for i, w := range read.Words {
		if readout != nil {
			w = readout.Word(w)
		}
		values[w] += read.P[i]
	}
	return nil
}
