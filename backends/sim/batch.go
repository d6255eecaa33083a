package sim

import (
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"

	"qgan/backends"
	"qgan/ir"
)

// Simulator runs circuits exactly. The zero value uses all processors.
type Simulator struct {
	Workers int // at most this many goroutines; 0: GOMAXPROCS
}

// Kernel names the kernel in use.
func (s *Simulator) Kernel() string { return "go" }

func (s *Simulator) workers(tasks int) int {
	n := s.Workers
	if n <= 0 {
		n = runtime.GOMAXPROCS(0)
	}
	return max(1, min(n, tasks))
}

// Differentiate prepares a circuit of gates, without measurement, for exact
// values and gradients.
func (s *Simulator) Differentiate(c *ir.Circuit, o backends.Observable) (backends.Differentiable, error) {
	p, err := compile(c)
	if err != nil {
		return nil, fmt.Errorf("preparing a circuit for the simulator: %w", err)
	}
	return &batch{sim: s, program: p, observable: o}, nil
}

// batch is a program and an observable with the memory to run them.
type batch struct {
	sim        *Simulator
	program    *program
	observable backends.Observable
	spaces     []*workspace

	// What Forward keeps for Backward.
	bindings backends.Bindings
	blocks   []block
	states   [][]float64
	kept     bool
	// grads holds a gradient of each block, a row a slot (distinct trained row).
	grads [][]float64
	slots [][]int
}

// each runs task for every block on the workers, each with its own workspace.
func (b *batch) each(blocks []block, task func(i int, w *workspace)) {
	n := b.sim.workers(len(blocks))
	for len(b.spaces) < n {
		b.spaces = append(b.spaces, b.program.newWorkspace())
	}
	if n == 1 {
		for i := range blocks {
			task(i, b.spaces[0])
		}
		return
	}
	var next atomic.Int64
	var wg sync.WaitGroup
	for _, w := range b.spaces[:n] {
		wg.Go(func() {
			for i := int(next.Add(1)) - 1; i < len(blocks); i = int(next.Add(1)) - 1 {
				task(i, w)
			}
		})
	}
	wg.Wait()
}

func (b *batch) check(bind backends.Bindings, values []float64) error {
	if err := bind.Check(b.program.circuit); err != nil {
		return err
	}
	if want := bind.Len() * b.observable.Width(b.program.n); len(values) != want {
		return fmt.Errorf("room for %d values, the observable of %d lanes has %d", len(values), bind.Len(), want)
	}
	return nil
}

// Values writes the observable of every lane.
func (b *batch) Values(bind backends.Bindings, values []float64) error {
	if err := b.check(bind, values); err != nil {
		return err
	}
	blocks := blocksOf(bind)
	b.each(blocks, func(i int, w *workspace) {
		b.program.bind(bind, blocks[i], w.coefs)
		b.program.forward(blocks[i], w, w.psi)
		b.program.measure(b.observable, blocks[i], w, w.psi, values)
	})
	return nil
}

// Forward writes the observable of every lane and keeps the final states.
func (b *batch) Forward(bind backends.Bindings, values []float64) error {
	if err := b.check(bind, values); err != nil {
		return err
	}
	b.bindings, b.blocks, b.kept = bind, blocksOf(bind), true
	for len(b.states) < len(b.blocks) {
		b.states = append(b.states, nil)
	}
	b.each(b.blocks, func(i int, w *workspace) {
		k := b.blocks[i]
		if size := 2 * k.width << b.program.n; len(b.states[i]) != size {
			b.states[i] = make([]float64, size)
		}
		b.program.bind(bind, k, w.coefs)
		b.program.forward(k, w, b.states[i])
		b.program.measure(b.observable, k, w, b.states[i], values)
	})
	return nil
}

// ErrNoForward says that Backward was called without its Forward.
var ErrNoForward = errors.New("Backward needs a Forward of the same bindings before it")

// Backward adds the gradients of the last Forward.
func (b *batch) Backward(upstream, trained, data []float64) error {
	if !b.kept {
		return ErrNoForward
	}
	b.kept = false
	lanes, width := b.bindings.Len(), b.observable.Width(b.program.n)
	symbols := len(b.program.circuit.Trained)
	switch {
	case len(upstream) != lanes*width:
		return fmt.Errorf("%d upstream derivatives for %d values", len(upstream), lanes*width)
	case trained != nil && len(trained) != len(b.bindings.Trained)*symbols:
		return fmt.Errorf("room for %d derivatives of %d trained rows of %d symbols", len(trained), len(b.bindings.Trained), symbols)
	case data != nil && len(data) != lanes*len(b.program.circuit.Data):
		return fmt.Errorf("room for %d derivatives of %d lanes of %d data symbols", len(data), lanes, len(b.program.circuit.Data))
	}
	b.layout(symbols, trained != nil)
	b.each(b.blocks, func(i int, w *workspace) {
		k := b.blocks[i]
		psi, lambda := b.states[i], w.lambda[:len(b.states[i])]
		b.program.bind(b.bindings, k, w.coefs)
		b.program.costate(b.observable, k, w, psi, lambda, upstream)
		slot := func(lane int) []float64 {
			if trained == nil {
				return nil
			}
			row := b.bindings.Lane(lane).Trained
			for s, r := range b.slots[i] {
				if r == row {
					return b.grads[i][s*symbols:][:symbols]
				}
			}
			return nil
		}
		b.program.backward(b.bindings, k, w, psi, lambda, slot, data)
	})
	if trained == nil {
		return nil
	}
	for i := range b.blocks { // in the order of the blocks: the same bits always
		for s, row := range b.slots[i] {
			to := trained[row*symbols:][:symbols]
			for j, g := range b.grads[i][s*symbols:][:symbols] {
				to[j] += g
			}
		}
	}
	return nil
}

// layout gives every block a gradient row for each of its trained rows.
func (b *batch) layout(symbols int, trained bool) {
	for len(b.slots) < len(b.blocks) {
		b.slots = append(b.slots, nil)
		b.grads = append(b.grads, nil)
	}
	for i, k := range b.blocks {
		rows := b.slots[i][:0]
		for l := range k.lanes {
			row := b.bindings.Lane(k.first + l).Trained
			if n := len(rows); n == 0 || rows[n-1] != row {
				rows = append(rows, row)
			}
		}
		b.slots[i] = rows
		if !trained {
			continue
		}
		if n := len(rows) * symbols; cap(b.grads[i]) < n {
			b.grads[i] = make([]float64, n)
		} else {
			b.grads[i] = b.grads[i][:n]
			clear(b.grads[i])
		}
	}
}
