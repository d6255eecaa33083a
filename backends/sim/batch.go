package sim

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"qgan/backends"
	"qgan/internal/parallel"
	"qgan/ir"
)

// Simulator runs circuits exactly. The zero value uses all processors and the
// fastest kernel.
type Simulator struct {
	Workers int    // at most this many goroutines; 0: GOMAXPROCS
	Kernel  string // one of Kernels, or "auto" or "" for the fastest
}

// KernelName names the kernel in use.
func (s *Simulator) KernelName() string {
	k, err := kernelNamed(s.Kernel)
	if err != nil {
		return s.Kernel
	}
	return k.name
}

// Differentiate prepares a circuit of gates, without measurement, for exact
// values and gradients.
func (s *Simulator) Differentiate(c *ir.Circuit, o backends.Observable) (backends.Differentiable, error) {
	kern, err := kernelNamed(s.Kernel)
	if err != nil {
		return nil, err
	}
	p, err := compile(c)
	if err != nil {
		return nil, fmt.Errorf("preparing a circuit for the simulator: %w", err)
	}
	b := &batch{sim: s, program: p, observable: o, kernel: kern.narrowest()}
	if p.n >= leastAlone {
		b.alone = newAlone(p, o, kern.block, workersOf(s.Workers))
	}
	if p.n <= maxListed {
		p.tabulate()
		for _, k := range kern.lanes {
			b.kernels = append(b.kernels, turner{k, p.bunches(k.most(), 16*k.lanes())})
		}
		b.kernels = append(b.kernels, turner{narrow{oneByOne{1}}, p.bunches(1, 0)})
	}
	return b, nil
}

// Evaluator is Differentiate for those who want values alone.
func (s *Simulator) Evaluator(c *ir.Circuit, o backends.Observable) (backends.Evaluator, error) {
	return s.Differentiate(c, o)
}

// batch is a program and an observable with the memory to run them.
type batch struct {
	sim        *Simulator
	program    *program
	observable backends.Observable
	kernels    []turner // the widest first, that of one lane last; empty of too many qubits
	kernel     kernel   // of those that take ops as they are: of the narrowest vectors
	alone      *alone   // for one lane at a time; nil of few qubits
	spaces     []*workspace
	trigs      trigs
	blocks     []block

	// What Forward keeps for Backward, a piece a block.
	bindings backends.Bindings
	kept     []kept
	forward  bool
	single   bool // the lanes ran one at a time
}

// leastAlone is the number of qubits from which on a single lane is less work by itself,
// with its amplitudes side by side, than as a lane of a block.
const leastAlone = 7

// oneAtATime reports whether lanes run one after the other, each on all workers.
func (b *batch) oneAtATime(lanes int) bool {
	return b.alone != nil && (lanes == 1 || b.program.n > maxListed)
}

// kept is what Forward keeps of a block, and the block's gradient.
type kept struct {
	state, bunched []float64
	own            []half
	slots          []int     // distinct trained rows of the block
	grad           []float64 // a row a slot
}

// kernelOf returns the kernel of a block.
func (b *batch) kernelOf(k block) *turner {
	return &b.kernels[slices.IndexFunc(b.kernels, func(t turner) bool { return t.lanes() == k.width })]
}

// cut cuts bindings into blocks for the kernels.
func (b *batch) cut(bind backends.Bindings) []block {
	var widths [4]int
	for i := range b.kernels {
		widths[i] = b.kernels[i].lanes()
	}
	return blocksOf(bind, widths[:len(b.kernels)], b.blocks)
}

// each runs task for every block on the workers, each with its own workspace.
func (b *batch) each(blocks []block, task func(i int, w *workspace)) {
	workers := min(workersOf(b.sim.Workers), len(blocks))
	for len(b.spaces) < workers {
		b.spaces = append(b.spaces, b.program.newWorkspace(b.kernels[0].lanes()))
	}
	parallel.Each(len(blocks), workers, func(i, worker int) { task(i, b.spaces[worker]) })
}

func (b *batch) check(ctx context.Context, bind backends.Bindings, values []float64) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := bind.Check(b.program.circuit); err != nil {
		return err
	}
	if want := bind.Len() * b.observable.Width(b.program.n); len(values) != want {
		return fmt.Errorf("room for %d values, the observable of %d lanes has %d", len(values), bind.Len(), want)
	}
	return nil
}

// Values writes the observable of every lane.
func (b *batch) Values(ctx context.Context, bind backends.Bindings, values []float64) error {
	if err := b.check(ctx, bind, values); err != nil {
		return err
	}
	bind = bind.Filled()
	p := b.program
	b.forward = false
	if b.oneAtATime(bind.Len()) {
		return b.alone.values(ctx, bind, values)
	}
	b.blocks = b.cut(bind)
	p.plan.prepare(bind, &b.trigs)
	b.each(b.blocks, func(i int, w *workspace) {
		k := b.blocks[i]
		t := b.kernelOf(k)
		w.psi = room(w.psi, 2*k.width<<p.n)
		p.plan.bind(bind, k, &b.trigs, w.coefs, w.own)
		w.bunched = t.bind(p, w.coefs, w.bunched[:0])
		t.forward(p, k, w, w.bunched, w.psi)
		p.measure(t, b.observable, k, w, w.psi, values)
	})
	return nil
}

// Forward writes the observable of every lane and keeps the final states.
func (b *batch) Forward(ctx context.Context, bind backends.Bindings, values []float64) error {
	if err := b.check(ctx, bind, values); err != nil {
		return err
	}
	bind = bind.Filled()
	p := b.program
	b.bindings, b.single = bind, b.oneAtATime(bind.Len())
	if b.single {
		err := b.alone.values(ctx, bind, values)
		b.forward = err == nil
		return err
	}
	b.blocks, b.forward = b.cut(bind), true
	p.plan.prepare(bind, &b.trigs)
	for len(b.kept) < len(b.blocks) {
		b.kept = append(b.kept, kept{})
	}
	b.each(b.blocks, func(i int, w *workspace) {
		k, keep := b.blocks[i], &b.kept[i]
		t := b.kernelOf(k)
		keep.state, keep.own = room(keep.state, 2*k.width<<p.n), room(keep.own, len(w.own))
		p.plan.bind(bind, k, &b.trigs, w.coefs, keep.own)
		keep.bunched = t.bind(p, w.coefs, keep.bunched[:0])
		t.forward(p, k, w, keep.bunched, keep.state)
		p.measure(t, b.observable, k, w, keep.state, values)
	})
	return nil
}

// ErrNoForward says that Backward was called without its Forward.
var ErrNoForward = errors.New("Backward needs a Forward of the same bindings before it")

// Backward adds the gradients of the last Forward.
func (b *batch) Backward(ctx context.Context, upstream, trained, data []float64) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if !b.forward {
		return ErrNoForward
	}
	b.forward = false
	p := b.program
	lanes, width := b.bindings.Len(), b.observable.Width(p.n)
	symbols := len(p.circuit.Trained)
	switch {
	case len(upstream) != lanes*width:
		return fmt.Errorf("%d upstream derivatives for %d values", len(upstream), lanes*width)
	case trained != nil && len(trained) != len(b.bindings.Trained)*symbols:
		return fmt.Errorf("room for %d derivatives of %d trained rows of %d symbols", len(trained), len(b.bindings.Trained), symbols)
	case data != nil && len(data) != lanes*len(p.circuit.Data):
		return fmt.Errorf("room for %d derivatives of %d lanes of %d data symbols", len(data), lanes, len(p.circuit.Data))
	}
	if b.single {
		return b.alone.backward(ctx, upstream, trained, data)
	}
	b.each(b.blocks, func(i int, w *workspace) {
		k, keep := b.blocks[i], &b.kept[i]
		t := b.kernelOf(k)
		w.lambda = room(w.lambda, len(keep.state))
		p.costate(t, b.observable, k, w, keep.state, w.lambda, upstream)
		if trained != nil {
			keep.layout(b.bindings, k, symbols)
		}
		t.backward(p, &sweep{
			bindings: b.bindings, block: k, trigs: &b.trigs, data: data,
			slot: func(lane int) []float64 {
				if trained == nil {
					return nil
				}
				return keep.row(b.bindings.Lane(lane).Trained, symbols)
			},
		}, w, keep, w.lambda)
	})
	if trained == nil {
		return nil
	}
	for i := range b.blocks { // in the order of the blocks: the same bits always
		keep := &b.kept[i]
		for s, row := range keep.slots {
			to := trained[row*symbols:][:symbols]
			for j, g := range keep.grad[s*symbols:][:symbols] {
				to[j] += g
			}
		}
	}
	return nil
}

// layout gives the block a gradient row, cleared, for each of its trained rows.
func (k *kept) layout(b backends.Bindings, at block, symbols int) {
	k.slots = k.slots[:0]
	for l := range at.lanes {
		row := b.Lane(at.first + l).Trained
		if !slices.Contains(k.slots, row) {
			k.slots = append(k.slots, row)
		}
	}
	k.grad = room(k.grad, len(k.slots)*symbols)
	clear(k.grad)
}

// row returns the gradient row of a trained row.
func (k *kept) row(trained, symbols int) []float64 {
	return k.grad[slices.Index(k.slots, trained)*symbols:][:symbols]
}
