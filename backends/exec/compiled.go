package exec

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"qgan/backends"
	"qgan/internal/stream"
	"qgan/ir"
	"qgan/ir/compile"
)

// Compiled is a Runner that compiles circuits for a device before it hands them on.
// A circuit is compiled once, with its symbols, and bound for each lane; outcomes come
// back as those of the circuit that was asked for, whatever its readout was folded to.
// Circuits are known by their identity and must not change. Without a Target circuits
// are handed on as they are.
type Compiled struct {
	Runner  backends.Runner
	Target  *compile.Target
	Options compile.Options

	mu    sync.Mutex
	known map[*ir.Circuit]*compile.Result
}

// Result returns a circuit as it is compiled for the device, its symbols open; nil
// without a Target.
func (x *Compiled) Result(c *ir.Circuit) (*compile.Result, error) {
	if x.Target == nil {
		return nil, nil
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	if r := x.known[c]; r != nil {
		return r, nil
	}
	r, err := compile.Compile(c, x.Target, x.Options)
	if err != nil {
		return nil, &backends.Refusal{Err: err}
	}
	if x.known == nil {
		x.known = map[*ir.Circuit]*compile.Result{}
	}
	x.known[c] = r
	return r, nil
}

// Bind returns the circuit that runs for values of the symbols, and the map of its
// outcomes to those of the circuit that was asked for (nil: they are the same).
func (x *Compiled) Bind(c *ir.Circuit, trained, data []float64) (*ir.Circuit, *compile.Affine, error) {
	r, err := x.Result(c)
	switch {
	case err != nil:
		return nil, nil, err
	case r == nil:
		bound, err := c.Bind(trained, data)
		return bound, nil, err
	}
	bound, err := r.Bind(trained, data)
	if err != nil {
		return nil, nil, err
	}
	return bound.Circuit, r.Readout, nil
}

// Run compiles, binds and runs the requests, a request a lane, in one call of the Runner.
func (x *Compiled) Run(ctx context.Context, requests []backends.Request) ([]backends.Result, error) {
	if x.Target == nil {
		return x.Runner.Run(ctx, requests)
	}
	var flat []backends.Request
	for i, r := range requests {
		if err := r.Check(); err != nil {
			return nil, fmt.Errorf("request %d: %w", i, err)
		}
		for lane := range r.Bindings.Len() {
			trained, data := r.Bindings.Row(lane)
			c, _, err := x.Bind(r.Circuit, trained, data)
			if err != nil {
				return nil, fmt.Errorf("request %d: %w", i, err)
			}
			one := r
			one.Circuit, one.Bindings, one.Shots = c, backends.Bindings{}, []int{r.ShotsOf(lane)}
			one.Seed = stream.New(r.Seed, "lane", uint64(lane)).Uint64()
			flat = append(flat, one)
		}
	}
	results, err := x.Runner.Run(ctx, flat)
	if err != nil {
		return nil, err
	}
	out := make([]backends.Result, len(requests))
	for i, r := range requests {
		compiled, err := x.Result(r.Circuit)
		if err != nil {
			return nil, err
		}
		for lane := range r.Bindings.Len() {
			res := results[0]
			results = results[1:]
			o, err := Mapped(res.Outcomes[0], compiled.Readout)
			if err != nil {
				return nil, fmt.Errorf("request %d: %w", i, err)
			}
			if lane == 0 {
				out[i] = res
				out[i].Outcomes = nil
			} else {
				out[i].Provenance.Jobs = append(out[i].Provenance.Jobs, without(res.Provenance.Jobs, out[i].Provenance.Jobs)...)
			}
			out[i].Outcomes = append(out[i].Outcomes, o)
		}
	}
	return out, nil
}

// without returns the jobs that are not in others.
func without(jobs, others []string) (out []string) {
	for _, j := range jobs {
		if !slices.Contains(others, j) {
			out = append(out, j)
		}
	}
	return out
}
