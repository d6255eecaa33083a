package sim

import (
	"math"

	"qgan/backends"
	"qgan/ir"
)

// block is a task: up to width lanes of a table of bindings, run side by side.
type block struct {
	first, lanes int // lanes first … first+lanes-1 of the table
	width        int // Lanes or 1
}

// blocksOf cuts a table into blocks. Lanes that share a trained row stay
// together where there are enough of them, for their trained rotations are then
// computed once.
func blocksOf(b backends.Bindings) []block {
	n := b.Len()
	var groups []int // lengths of runs of one trained row
	for i := 0; i < n; {
		j := i + 1
		for j < n && b.Lane(j).Trained == b.Lane(i).Trained {
			j++
		}
		groups = append(groups, j-i)
		i = j
	}
	if len(groups) > 0 && n >= 8 && n/len(groups) < 8 {
		groups = []int{n} // short runs: mix rows in a block
	}
	var out []block
	first := 0
	for _, g := range groups {
		for g > 0 {
			k := block{first: first, lanes: min(g, Lanes), width: Lanes}
			if g < 4 {
				k.lanes, k.width = 1, 1
			}
			out = append(out, k)
			first += k.lanes
			g -= k.lanes
		}
	}
	return out
}

// workspace is what one worker needs to run blocks.
type workspace struct {
	psi, lambda []float64
	law         []float64 // logical order, width lanes a state
	coefs       []coef
	pairs       []pair
}

func (p *program) newWorkspace() *workspace {
	size := 2 * Lanes << p.n
	w := &workspace{
		psi: make([]float64, size), lambda: make([]float64, size),
		law: make([]float64, Lanes<<p.n), coefs: make([]coef, len(p.ops)),
	}
	if p.n > maxListed {
		w.pairs = make([]pair, chunk)
	}
	return w
}

func kernelOf(width int) kernel {
	if width == 1 {
		return narrow{}
	}
	return wide{}
}

// trig returns cos and sin of half an angle.
func trig(angle float64) (c, s float64) {
	s, c = math.Sincos(angle / 2)
	return c, s
}

// bind computes every SU(2) of a block.
func (p *program) bind(b backends.Bindings, k block, coefs []coef) {
	lane := b.Lane(k.first)
	shared := true
	for l := 1; l < k.lanes; l++ {
		shared = shared && b.Lane(k.first+l).Trained == lane.Trained
	}
	for i := range p.ops {
		c := &coefs[i]
		for j, f := range p.ops[i].factors {
			if shared && f.dataFree() {
				cos, sin := trig(f.angle.Value(b.Trained[lane.Trained], nil))
				for l := range k.width {
					c.rotate(l, f.axis, cos, sin, j == 0)
				}
				continue
			}
			for l := range k.width {
				at := b.Lane(k.first + min(l, k.lanes-1)) // spare lanes repeat the last
				cos, sin := trig(f.angle.Value(b.Trained[at.Trained], b.Data[at.Data]))
				c.rotate(l, f.axis, cos, sin, j == 0)
			}
		}
	}
}

// rotate multiplies lane l by a rotation from the left, or starts with it.
func (u *coef) rotate(l int, a axis, c, s float64, first bool) {
	ar, ai, br, bi := 1.0, 0.0, 0.0, 0.0
	if !first {
		ar, ai, br, bi = u.ar[l], u.ai[l], u.br[l], u.bi[l]
	}
	switch a {
	case axisX: // [[c, -is], [-is, c]]
		u.ar[l], u.ai[l] = c*ar+s*bi, c*ai-s*br
		u.br[l], u.bi[l] = c*br+s*ai, c*bi-s*ar
	case axisY: // [[c, -s], [s, c]]
		u.ar[l], u.ai[l] = c*ar-s*br, c*ai-s*bi
		u.br[l], u.bi[l] = c*br+s*ar, c*bi+s*ai
	case axisZ: // [[c-is, 0], [0, c+is]]
		u.ar[l], u.ai[l] = c*ar+s*ai, c*ai-s*ar
		u.br[l], u.bi[l] = c*br-s*bi, c*bi+s*br
	}
}

// forward runs a block from |0…0> and leaves its state in psi.
func (p *program) forward(k block, w *workspace, psi []float64) {
	p.start(k, w.coefs, psi)
	kern := kernelOf(k.width)
	for i := p.product; i < len(p.ops); i++ {
		p.ops[i].pairing.each(p.n, w.pairs, func(pairs []pair) { kern.apply(psi, pairs, &w.coefs[i]) })
	}
}

// start writes the product state that the leading ops make of |0…0>.
func (p *program) start(k block, coefs []coef, psi []float64) {
	width := k.width
	column := make([]*coef, p.n) // first column of each qubit's SU(2); nil: |0>
	for i := range p.product {
		column[p.ops[i].qubit] = &coefs[i]
	}
	for l := range width {
		psi[l], psi[width+l] = 1, 0
	}
	// Qubit 0 is the most significant bit: doubling the filled part from the
	// last qubit on puts each new qubit above the ones before.
	filled := 1
	for q := p.n - 1; q >= 0; q-- {
		c := column[q]
		for x := range filled {
			lo := psi[2*width*x:][:2*width]
			hi := psi[2*width*(x+filled):][:2*width]
			if c == nil {
				clear(hi)
				continue
			}
			for l := range width {
				re, im := lo[l], lo[width+l]
				hi[l] = c.br[l]*re - c.bi[l]*im
				hi[width+l] = c.br[l]*im + c.bi[l]*re
				lo[l] = c.ar[l]*re - c.ai[l]*im
				lo[width+l] = c.ar[l]*im + c.ai[l]*re
			}
		}
		filled *= 2
	}
}

// measure writes the observable of a block's lanes to their rows of values.
func (p *program) measure(o backends.Observable, k block, w *workspace, psi, values []float64) {
	width, size := k.width, 1<<p.n
	law := w.law[:width*size]
	for x, y := range p.outcome {
		s := psi[2*width*x:][:2*width]
		d := law[width*int(y):][:width]
		for l := range d {
			d[l] = s[l]*s[l] + s[width+l]*s[width+l]
		}
	}
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
		var z [Lanes]float64
		size /= 2
		for y := range size {
			even, odd := law[2*width*y:][:width], law[(2*y+1)*width:][:width]
			sum := law[width*y:][:width]
			for l := range even {
				a, b := even[l], odd[l]
				z[l] += a - b
				sum[l] = a + b
			}
		}
		for l := range k.lanes {
			values[(k.first+l)*p.n+q] = z[l]
		}
	}
}

// costate writes λ = W ψ, W diagonal with the upstream derivative of each
// outcome, so that dE = 2 Re<λ|dψ>.
func (p *program) costate(o backends.Observable, k block, w *workspace, psi, lambda, upstream []float64) {
	width, size := k.width, 1<<p.n
	table := w.law[:width*size]
	for l := range width {
		at := k.first + min(l, k.lanes-1)
		if o == backends.Probabilities {
			row := upstream[at*size:][:size]
			for y := range row {
				table[width*y+l] = row[y]
			}
			continue
		}
		// The sum of ±g_q, doubling from qubit 0 down, backwards so that the
		// halves are read before they are overwritten.
		row := upstream[at*p.n:][:p.n]
		table[l] = 0
		for q, filled := 0, 1; q < p.n; q, filled = q+1, 2*filled {
			for y := filled - 1; y >= 0; y-- {
				base := table[width*y+l]
				table[width*(2*y)+l] = base + row[q]
				table[width*(2*y+1)+l] = base - row[q]
			}
		}
	}
	for x, y := range p.outcome {
		t := table[width*int(y):][:width]
		s, d := psi[2*width*x:][:2*width], lambda[2*width*x:][:2*width]
		for l := range t {
			d[l] = t[l] * s[l]
			d[width+l] = t[l] * s[width+l]
		}
	}
}

// backward undoes a block and adds the derivative with respect to each trained
// symbol to trained, one row a slot, and to data, one row a lane. It leaves psi
// and lambda spoilt.
func (p *program) backward(b backends.Bindings, k block, w *workspace, psi, lambda []float64, slot func(lane int) []float64, data []float64) {
	kern := kernelOf(k.width)
	symbols := len(p.circuit.Data)
	for i := len(p.ops) - 1; i >= 0; i-- {
		var c [3][Lanes]float64
		op := &p.ops[i]
		op.pairing.each(p.n, w.pairs, func(pairs []pair) {
			if i < p.product {
				// The leading ops commute and nothing comes before them: their
				// components are read without undoing.
				kern.overlap(psi, lambda, pairs, &c)
			} else {
				kern.undo(psi, lambda, pairs, &w.coefs[i], &c)
			}
		})
		for l := range k.lanes {
			lane := b.Lane(k.first + l)
			t, d := b.Trained[lane.Trained], b.Data[lane.Data]
			v := [3]float64{c[0][l], c[1][l], c[2][l]}
			gt := slot(k.first + l)
			var gd []float64
			if data != nil {
				gd = data[(k.first+l)*symbols:][:symbols]
			}
			for j := len(op.factors) - 1; j >= 0; j-- {
				f := &op.factors[j]
				collect(f.angle, v[f.axis], t, d, gt, gd)
				if j > 0 {
					// Turn the vector back through this rotation.
					s, c := math.Sincos(f.angle.Value(t, d))
					x, y := (f.axis+1)%3, (f.axis+2)%3
					v[x], v[y] = c*v[x]+s*v[y], c*v[y]-s*v[x]
				}
			}
		}
	}
}

// collect adds g times the derivative of an angle with respect to its symbols.
func collect(a ir.Angle, g float64, t, d, gt, gd []float64) {
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
