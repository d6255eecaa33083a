package sim

import (
	"qgan/backends"
	"qgan/ir"
)

// block is a task: up to width lanes of a table of bindings, run side by side.
type block struct {
	first, lanes int  // lanes first … first+lanes-1 of the table
	width        int  // of the kernel that runs it
	shared       bool // all lanes have one trained row
}

// blocksOf cuts a table into blocks of the kernels' widths, the widest first, or of one lane
// where there are few. Lanes that share a trained row stay together where there are enough
// of them, for their trained rotations and derivatives are then computed once.
func blocksOf(b backends.Bindings, widths []int, out []block) []block {
	n, width := b.Len(), widths[0]
	runs := 0
	for i := 0; i < n; i += runOf(b, i) {
		runs++
	}
	mixed := runs > 0 && n >= width && n/runs < width // short runs: mix rows in a block
	out = out[:0]
	for i := 0; i < n; {
		end := n
		if !mixed {
			end = i + runOf(b, i)
		}
		for i < end {
			k := block{first: i, lanes: min(end-i, width), width: width, shared: true}
			for _, w := range widths { // the narrowest that holds the lanes
				if k.lanes <= w {
					k.width = w
				}
			}
			if 4*k.lanes < k.width || k.lanes == 1 {
				k.lanes, k.width = 1, 1
			}
			for l := 1; l < k.lanes; l++ {
				k.shared = k.shared && b.Lane(i+l).Trained == b.Lane(i).Trained
			}
			out = append(out, k)
			i += k.lanes
		}
	}
	return out
}

// runOf counts the lanes from i on that share a trained row.
func runOf(b backends.Bindings, i int) int {
	if b.Lanes == nil {
		return len(b.Data) - i%len(b.Data)
	}
	j := i + 1
	for j < len(b.Lanes) && b.Lanes[j].Trained == b.Lanes[i].Trained {
		j++
	}
	return j - i
}

// workspace is what one worker needs to run blocks.
type workspace struct {
	psi, lambda []float64
	law         []float64 // logical order, width lanes a state
	coefs       []float64
	bunched     []float64 // as the kernel takes them
	own         []half
	out         [3 * maxBunch * maxLanes]float64
}

func (p *program) newWorkspace(width int) *workspace {
	return &workspace{
		law: make([]float64, width<<p.n), coefs: make([]float64, 4*width*len(p.ops)),
		own: make([]half, width*len(p.plan.angles[byLane])),
	}
}

// room returns a slice of n values, the one given where it is large enough.
func room[T any](have []T, n int) []T {
	if cap(have) < n {
		return make([]T, n)
	}
	return have[:n]
}

// forward runs a block from |0…0>, op by op, and leaves its state in psi.
func (p *program) forward(kern kernel, k block, w *workspace, psi []float64) {
	p.start(kern, k.width, w.coefs, psi)
	p.apply(kern, k, w, psi, p.product, len(p.ops))
}

// start writes the product state that the leading ops make of |0…0>.
func (p *program) start(kern rowKernel, width int, coefs, psi []float64) {
	for l := range width {
		psi[l], psi[width+l] = 1, 0
	}
	// Qubit 0 is the most significant bit: doubling the filled part from the
	// last qubit on puts each new qubit above the ones before.
	filled := 1
	for q := p.n - 1; q >= 0; q-- {
		c := p.column(q, coefs, width)
		if c == nil {
			clear(psi[2*width*filled:][:2*width*filled])
			filled *= 2
			continue
		}
		kern.grow(psi, filled, c)
		filled *= 2
	}
}

// column returns the SU(2)s of the leading op on qubit q, nil where there is
// none.
func (p *program) column(q int, coefs []float64, width int) []float64 {
	for i := range p.product {
		if p.ops[i].qubit == q {
			return coefs[4*width*i:][:4*width]
		}
	}
	return nil
}

// measure writes the observable of a block's lanes to their rows of values.
func (p *program) measure(kern rowKernel, o backends.Observable, k block, w *workspace, psi, values []float64) {
	width, size := k.width, 1<<p.n
	law := w.law[:width*size]
	kern.norms(law, psi, p.outcome)
	if o == backends.Probabilities {
		for l := range k.lanes {
			row := values[(k.first+l)*size:][:size]
			for y := range row {
				row[y] = law[width*y+l]
			}
		}
		return
	}
	// <Z_q>, last qubit first: differences of neighbours, then sums of them.
	for q := p.n - 1; q >= 0; q-- {
		size /= 2
		z := w.out[:width]
		kern.fold(law, size, z)
		for l := range k.lanes {
			values[(k.first+l)*p.n+q] = z[l]
		}
	}
}

// costate writes λ = W ψ, W diagonal with the upstream derivative of each
// outcome, so that dE = 2 Re<λ|dψ>.
func (p *program) costate(kern rowKernel, o backends.Observable, k block, w *workspace, psi, lambda, upstream []float64) {
	width, size := k.width, 1<<p.n
	table := w.law[:width*size]
	for l := range width {
		at := k.first + min(l, k.lanes-1)
		if o == backends.Probabilities {
			row := upstream[at*size:][:size]
			for y := range row {
				table[width*y+l] = row[y]
			}
		}
	}
	if o == backends.ExpectationZ {
		// The sum of ±g_q, doubling from qubit 0 down.
		clear(table[:width])
		for q, filled := 0, 1; q < p.n; q, filled = q+1, 2*filled {
			g := w.out[:width]
			for l := range g {
				g[l] = upstream[(k.first+min(l, k.lanes-1))*p.n+q]
			}
			kern.unfold(table, filled, g)
		}
	}
	kern.weigh(lambda, psi, table, p.outcome)
}

// sweep is a backward sweep of one block.
type sweep struct {
	bindings backends.Bindings
	block    block
	trigs    *trigs
	// slot returns the gradient row of a lane's trained row, nil: not wanted.
	slot func(lane int) []float64
	data []float64 // derivatives by the data, a row a lane; nil: not wanted
}

// turner is a kernel with a program's bunches for it.
type turner struct {
	kernel
	bunches []bunch
}

// bind appends the coefficients of the bunches behind the leading product.
func (t *turner) bind(p *program, coefs, c []float64) []float64 {
	size := 4 * t.lanes()
	for i := range t.bunches {
		if b := &t.bunches[i]; b.first >= p.product {
			c = t.coefs(b, coefs[size*b.first:][:size*b.count], c)
		}
	}
	return c
}

// forward runs a block from |0…0> and leaves its state, but for a phase of each lane, in psi. c
// are the coefficients of the bunches.
func (t *turner) forward(p *program, k block, w *workspace, c, psi []float64) {
	p.start(t, k.width, w.coefs, psi)
	for i := range t.bunches {
		if b := &t.bunches[i]; b.first >= p.product {
			t.turn(psi, b, c)
			c = c[t.size(b):]
		}
	}
}

// backward undoes a block and adds the derivative with respect to each trained
// symbol to its slot, and with respect to the data of each lane to data. It
// leaves psi and lambda spoilt. The leading ops commute and nothing comes before them: their
// components are read without undoing.
func (t *turner) backward(p *program, s *sweep, w *workspace, keep *kept, lambda []float64) {
	c := keep.bunched
	for i := len(t.bunches) - 1; i >= 0; i-- {
		b := &t.bunches[i]
		size := 3 * t.lanes()
		out := w.out[:size*b.count]
		clear(out)
		if b.first < p.product {
			t.overlap(keep.state, lambda, b, out)
		} else {
			at := len(c) - t.size(b)
			t.unturn(keep.state, lambda, b, c[at:], out)
			c = c[:at]
		}
		for j := b.count - 1; j >= 0; j-- {
			p.plan.ops[b.first+j].collect(s, out[size*j:][:size], keep.own)
		}
	}
}

// collect turns the components of an op, width values of each, into derivatives of its
// angles. own holds the sines of the lanes' own angles.
func (op *opPlan) collect(s *sweep, out []float64, own []half) {
	width := s.block.width
	if s.data == nil && s.block.shared && op.shared {
		first := s.bindings.Lane(s.block.first)
		t, grad := s.trigs.trained[first.Trained], s.slot(s.block.first)
		if grad == nil {
			return
		}
		var v [3]float64
		for a := range v {
			for l := range s.block.lanes {
				v[a] += out[a*width+l]
			}
		}
		for j := len(op.factors) - 1; j >= 0; j-- {
			f := &op.factors[j]
			for _, term := range f.expr.Terms {
				if term.Trained != ir.None {
					grad[term.Trained] += term.Coef * v[f.axis]
				}
			}
			if !f.deeperTrained {
				return
			}
			turnBack(&v, f.axis, t[f.angle])
		}
		return
	}
	for l := range s.block.lanes {
		lane := s.bindings.Lane(s.block.first + l)
		t, d := s.bindings.Trained[lane.Trained], s.bindings.Data[lane.Data]
		v := [3]float64{out[l], out[width+l], out[2*width+l]}
		gt := s.slot(s.block.first + l)
		var gd []float64
		if s.data != nil {
			gd = s.data[(s.block.first+l)*len(d):][:len(d)]
		}
		for j := len(op.factors) - 1; j >= 0; j-- {
			f := &op.factors[j]
			if f.trained || f.data && gd != nil {
				addTerms(f.expr, v[f.axis], t, d, gt, gd)
			}
			if !(f.deeperTrained && gt != nil) && !(f.deeperData && gd != nil) {
				break
			}
			switch f.kind {
			case byTrained:
				turnBack(&v, f.axis, s.trigs.trained[lane.Trained][f.angle])
			case byData:
				turnBack(&v, f.axis, s.trigs.data[lane.Data][f.angle])
			default:
				turnBack(&v, f.axis, own[f.angle*width+l])
			}
		}
	}
}

// turnBack turns the components from after a rotation to before it.
func turnBack(v *[3]float64, a axis, h half) {
	c, s := h.full()
	x, y := (a+1)%3, (a+2)%3
	v[x], v[y] = c*v[x]+s*v[y], c*v[y]-s*v[x]
}

// addTerms adds g times the derivative of an angle with respect to its symbols.
func addTerms(a ir.Angle, g float64, t, d, gt, gd []float64) {
	for _, term := range a.Terms {
		if term.Trained != ir.None && gt != nil {
			x := term.Coef * g
			if term.Data != ir.None {
				x *= d[term.Data]
			}
			gt[term.Trained] += x
		}
		if term.Data != ir.None && gd != nil {
			x := term.Coef * g
			if term.Trained != ir.None {
				x *= t[term.Trained]
			}
			gd[term.Data] += x
		}
	}
}
