package wide

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"qgan/backends"
	"qgan/internal/parallel"
	"qgan/internal/stream"
	"qgan/ir"
)

// maxSteps bounds the operations of one shot, so that a while loop over bits that never
// change ends with an error.
const maxSteps = 1 << 22

// state is what a shot acts on.
type state interface {
	// gate applies a gate or an operator.
	gate(op ir.Op) error
	// measure measures a qubit.
	measure(q int, rng *rand.Rand) (bool, error)
	// not puts an X on a qubit.
	not(q int) error
}

// shot is one run of a circuit through its measurements and its classical control.
type shot struct {
	ctx   context.Context
	state state
	bits  []bool
	rng   *rand.Rand
	steps int
}

// run runs operations.
func (s *shot) run(ops []ir.Op) error {
	for _, op := range ops {
		if s.steps++; s.steps > maxSteps {
			return fmt.Errorf("a shot ran %d operations without an end", maxSteps)
		}
		if s.steps&255 == 1 && s.ctx.Err() != nil {
			return s.ctx.Err()
		}
		if err := s.step(op); err != nil {
			return err
		}
	}
	return nil
}

func (s *shot) step(op ir.Op) error {
	switch op := op.(type) {
	case *ir.Apply, *ir.Unitary:
		return s.state.gate(op)
	case *ir.Barrier, *ir.Delay:
		return nil
	case *ir.Measure:
		one, err := s.state.measure(op.Qubit, s.rng)
		if op.Bit >= 0 {
			s.bits[op.Bit] = one
		}
		return err
	case *ir.Reset:
		one, err := s.state.measure(op.Qubit, s.rng)
		if err == nil && one {
			err = s.state.not(op.Qubit)
		}
		return err
	case *ir.Assign:
		op.Set(s.bits)
		return nil
	case *ir.If:
		if op.Cond.Holds(s.bits) {
			return s.run(op.Then)
		}
		return s.run(op.Else)
	case *ir.Switch:
		return s.run(op.Pick(s.bits))
	case *ir.While:
		for op.Cond.Holds(s.bits) {
			if err := s.run(op.Body); err != nil {
				return err
			}
			if s.steps++; s.steps > maxSteps {
				return fmt.Errorf("a while loop ran %d operations without an end", maxSteps)
			}
		}
		return nil
	}
	return fmt.Errorf("%s can't be run", ir.NameOf(op))
}

// controlled says that operations depend on classical bits.
func controlled(ops []ir.Op) bool {
	return slices.ContainsFunc(ops, func(op ir.Op) bool {
		switch op.(type) {
		case *ir.Assign, *ir.If, *ir.Switch, *ir.While:
			return true
		}
		return false
	})
}

// runs is what Run of both simulators has in common.
func runs(ctx context.Context, requests []backends.Request, name string, lane func(r backends.Request, trained, data []float64, shots int, seed uint64) (*backends.Rows, error)) ([]backends.Result, error) {
	out := make([]backends.Result, len(requests))
	for i, r := range requests {
		c := r.Circuit
		if err := r.Check(); err != nil {
			return nil, fmt.Errorf("request %d: %w", i, err)
		}
		switch {
		case r.Mitigation != "" && r.Mitigation != backends.MitigateNone:
			return nil, backends.Refuse("mitigation %q: the %s method has no readout error to undo", r.Mitigation, name)
		case !c.Measures():
			return nil, backends.Refuse("circuit %q measures nothing, so it has no shots", c.Name)
		}
		out[i] = backends.Result{Bits: c.Bits, Provenance: backends.Provenance{Backend: "ideal", Kernel: name}}
		for l := range r.Bindings.Len() {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			trained, data := r.Bindings.Row(l)
			shots := r.ShotsOf(l)
			m, err := lane(r, trained, data, shots, stream.New(r.Seed, name, uint64(l)).Uint64())
			if err != nil {
				return nil, err
			}
			o := m.Outcome()
			if !r.KeepOrder {
				o.Words = nil
			}
			out[i].Outcomes = append(out[i].Outcomes, o)
		}
	}
	return out, nil
}

// each runs shots that are followed one by one, on the workers, each on a fresh state, and
// calls done with the state after each, one at a time. The first error ends it.
func each(ctx context.Context, c *ir.Circuit, ops []ir.Op, shots int, seed uint64, fresh func() state, done func(state)) (*backends.Rows, error) {
	m := backends.NewRows(c.Bits, shots)
	var mu sync.Mutex
	var failed atomic.Pointer[error]
	parallel.Each(shots, runtime.GOMAXPROCS(0), func(i, _ int) {
		if failed.Load() != nil {
			return
		}
		s := shot{ctx: ctx, state: fresh(), bits: make([]bool, c.AllBits()), rng: stream.New(seed, "shot", uint64(i))}
		if err := s.run(ops); err != nil {
			failed.CompareAndSwap(nil, &err)
			return
		}
		for bit, one := range s.bits[:c.Bits] {
			if one {
				m.Set(i, bit)
			}
		}
		mu.Lock()
		defer mu.Unlock()
		done(s.state)
	})
	if err := failed.Load(); err != nil {
		return nil, fmt.Errorf("circuit %q: %w", c.Name, *err)
	}
	return m, ctx.Err()
}
