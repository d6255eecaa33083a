package sim

import (
	"context"
	"fmt"

	"qgan/backends"
	"qgan/internal/parallel"
)

// carries is a circuit seen from the side with the memory to evaluate it.
type carries struct {
	sim    *Simulator
	form   *sideForm
	kern   sideKernel
	laws   *laws // draws and marginals, where they are less work so
	spaces []*sideSpace
	rows   []sideRow // of the trained rows
	blocks []block

	// What Forward keeps for Backward: of each block the derivatives of ln p by the angles
	// of all places.
	bindings backends.Bindings
	slopes   [][]float64
	grads    []kept
	forward  bool
}

// Method is "carries".
func (c *carries) Method() string { return "carries" }

// sideBlocks cuts a table into blocks of 8 lanes.
func sideBlocks(b backends.Bindings, out []block) []block {
	out = out[:0]
	for i := 0; i < b.Len(); i += sideLanes {
		k := block{first: i, lanes: min(sideLanes, b.Len()-i), width: sideLanes, shared: true}
		for l := 1; l < k.lanes; l++ {
			k.shared = k.shared && b.Lane(i+l).Trained == b.Lane(i).Trained
		}
		out = append(out, k)
	}
	return out
}

// begin checks the bindings and makes ready for them.
func (c *carries) begin(ctx context.Context, b backends.Bindings) (backends.Bindings, error) {
	if err := ctx.Err(); err != nil {
		return b, err
	}
	if err := b.Check(c.form.circuit); err != nil {
		return b, err
	}
	b = b.Filled()
	c.blocks = sideBlocks(b, c.blocks)
	c.rows = c.form.plan.rows(b.Trained, c.rows, workersOf(c.sim.Workers))
	for _, s := range c.spaces {
		s.operands.of, s.bound = nil, nil
	}
	c.forward = false
	return b, nil
}

// each runs task for every block on the workers, each with its own space, unless the
// context has ended.
func (c *carries) each(ctx context.Context, task func(i int, s *sideSpace)) error {
	workers := min(workersOf(c.sim.Workers), len(c.blocks))
	for len(c.spaces) < workers {
		c.spaces = append(c.spaces, c.form.newSpace(c.kern))
	}
	parallel.Each(len(c.blocks), workers, func(i, worker int) {
		if ctx.Err() == nil {
			task(i, c.spaces[worker])
		}
	})
	return ctx.Err()
}

// read takes the words of a block's lanes; spare lanes repeat the last.
func (s *sideSpace) read(k block, words []uint64) {
	stride := backends.WordStride(s.form.n)
	for l := range sideLanes {
		word := words[(k.first+min(l, k.lanes-1))*stride:][:stride]
		for q := range s.form.n {
			s.bits[q*sideLanes+l] = float64(backends.WordBit(word, q))
		}
	}
}

// LogProbabilities writes ln p of a word of each lane.
func (c *carries) LogProbabilities(ctx context.Context, b backends.Bindings, words []uint64, logp []float64) error {
	return c.walk(ctx, b, words, logp, nil)
}

// Forward is LogProbabilities and keeps the derivatives of each by all angles.
func (c *carries) Forward(ctx context.Context, b backends.Bindings, words []uint64, logp []float64) error {
	blocks := (b.Len() + sideLanes - 1) / sideLanes
	for len(c.slopes) < blocks {
		c.slopes, c.grads = append(c.slopes, nil), append(c.grads, kept{})
	}
	err := c.walk(ctx, b, words, logp, c.slopes)
	c.bindings, c.forward = b.Filled(), err == nil
	return err
}

func (c *carries) walk(ctx context.Context, b backends.Bindings, words []uint64, logp []float64, slopes [][]float64) error {
	b, err := c.begin(ctx, b)
	if err != nil {
		return err
	}
	if err := checkWords(c.form.n, b.Len(), words, "logarithms", logp, 1); err != nil {
		return err
	}
	return c.each(ctx, func(i int, s *sideSpace) {
		k := c.blocks[i]
		r := sideRowsOf(b, k, c.rows)
		s.read(k, words)
		s.bind(&r)
		s.walk()
		for l := range k.lanes {
			logp[k.first+l] = s.logProbability(l)
		}
		if slopes != nil {
			slopes[i] = room(slopes[i], sideLanes*len(c.form.plan.places))
			s.back(slopes[i])
		}
	})
}

// checkWords compares the lengths of words and of numbers with those of lanes.
func checkWords(n, lanes int, words []uint64, what string, numbers []float64, width int) error {
	if want := lanes * backends.WordStride(n); words != nil && len(words) != want {
		return fmt.Errorf("%d numbers of words, those of %d lanes of %d qubits are %d", len(words), lanes, n, want)
	}
	if len(numbers) != lanes*width {
		return fmt.Errorf("%d %s for %d lanes, there should be %d", len(numbers), what, lanes, lanes*width)
	}
	return nil
}

// Backward adds the gradients of the last Forward.
func (c *carries) Backward(ctx context.Context, upstream, trained, data []float64) error {
	if !c.forward {
		return ErrNoForward
	}
	symbols := len(c.form.circuit.Trained)
	if err := checkWordGradients(c.bindings, len(upstream), symbols, len(c.form.circuit.Data), trained, data); err != nil {
		return err
	}
	c.forward = false
	err := c.each(ctx, func(i int, s *sideSpace) {
		k, grad := c.blocks[i], &c.grads[i]
		r := sideRowsOf(c.bindings, k, c.rows)
		var slot func(l int) []float64
		if trained != nil {
			grad.layout(c.bindings, k, symbols)
			slot = func(l int) []float64 { return grad.row(c.bindings.Lane(k.first+l).Trained, symbols) }
		}
		var up sideNumbers
		copy(up[:], upstream[k.first:][:k.lanes])
		c.form.plan.collect(k, &r, c.slopes[i], &up, slot, data)
	})
	if err != nil || trained == nil {
		return err
	}
	addSlots(c.grads[:len(c.blocks)], symbols, trained)
	return nil
}

// checkWordGradients compares the lengths of what Backward is given with the last Forward's.
func checkWordGradients(b backends.Bindings, upstream, symbols, inputs int, trained, data []float64) error {
	switch lanes := b.Len(); {
	case upstream != lanes:
		return fmt.Errorf("%d upstream derivatives for %d lanes", upstream, lanes)
	case trained != nil && len(trained) != len(b.Trained)*symbols:
		return fmt.Errorf("room for %d derivatives of %d trained rows of %d symbols", len(trained), len(b.Trained), symbols)
	case data != nil && len(data) != lanes*inputs:
		return fmt.Errorf("room for %d derivatives of %d lanes of %d data symbols", len(data), lanes, inputs)
	}
	return nil
}

// addSlots adds the gradient rows of blocks, in their order: the same bits always.
func addSlots(blocks []kept, symbols int, trained []float64) {
	for i := range blocks {
		for s, row := range blocks[i].slots {
			to := trained[row*symbols:][:symbols]
			for j, g := range blocks[i].grad[s*symbols:][:symbols] {
				to[j] += g
			}
		}
	}
}

// cost counts about what a word takes in steps of two amplitudes, and drawCost what one
// that is drawn takes; stateCost is that of the whole state.
func (f *sideForm) cost() int {
	steps := max(1, f.chains<<f.chains/2)
	if f.brick {
		steps *= 3
	}
	return f.n * steps
}

func (f *sideForm) drawCost() int {
	if f.real {
		return f.n
	}
	steps := f.cost() << (f.chains + 1)
	if f.brick {
		steps *= 2
	}
	return steps
}

func (f *sideForm) stateCost() int { return len(f.ops) << f.n / 2 }
