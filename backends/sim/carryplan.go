package sim

import (
	"slices"

	"qgan/backends"
	"qgan/internal/parallel"
	"qgan/ir"
)

// sidePlan is how the operators of a form are computed for a block of lanes. An angle that
// data enter is taken lane by lane; rotations by other angles are fused to one operator for
// each trained row. Each angle with symbols is a place, of which Forward keeps the
// derivative of ln p in every lane.
type sidePlan struct {
	angles []sideAngle
	runs   [][]factor // rotations that no data enter, fused
	solos  []ir.Angle // those of them that derivatives are turned back through
	ops    []sideOp
	places []ir.Angle
}

// sideAngle is an angle of the lanes: what the trained row makes of it, and the terms with
// data.
type sideAngle struct {
	rest  ir.Angle
	terms []ir.Term
}

// sideOp is an operator: what it is a product of, first applied first, and its rotations
// from the last to the first as derivatives go through them.
type sideOp struct {
	items []sideItem
	back  []sideBack
}

// sideItem is a run, or a rotation by an angle of the lanes.
type sideItem struct {
	axis  axis
	angle int // index into angles; -1: a run
	run   int
}

// sideBack is a rotation whose derivative is wanted, or that lies behind one.
type sideBack struct {
	axis  axis
	place int  // -1: no symbol
	angle int  // index into angles, or
	solo  int  // into solos
	more  bool // rotations before it have places
}

// lane returns the number of an angle of the lanes.
func (p *sidePlan) lane(a ir.Angle) int {
	s := sideAngle{rest: ir.Const(a.Const)}
	for _, t := range a.Terms {
		if t.Data != ir.None {
			s.terms = append(s.terms, t)
		} else {
			s.rest.Terms = append(s.rest.Terms, t)
		}
	}
	p.angles = append(p.angles, s)
	return len(p.angles) - 1
}

// place returns the number of an angle's place, -1 without symbols.
func (p *sidePlan) place(a ir.Angle) int {
	if a.IsConst() {
		return -1
	}
	p.places = append(p.places, a)
	return len(p.places) - 1
}

// newSidePlan plans operators.
func newSidePlan(ops [][]factor) *sidePlan {
	p := &sidePlan{}
	for _, factors := range ops {
		var o sideOp
		seen := false
		for _, f := range factors {
			b := sideBack{axis: f.axis, place: p.place(f.angle), angle: -1, solo: -1, more: seen}
			if kindOf(f.angle) != byTrained {
				b.angle = p.lane(f.angle)
				o.items = append(o.items, sideItem{f.axis, b.angle, -1})
			} else {
				if b.more {
					b.solo = len(p.solos)
					p.solos = append(p.solos, f.angle)
				}
				if n := len(o.items); n == 0 || o.items[n-1].run < 0 {
					o.items = append(o.items, sideItem{angle: -1, run: len(p.runs)})
					p.runs = append(p.runs, nil)
				}
				r := len(p.runs) - 1
				p.runs[r] = append(p.runs[r], f)
			}
			seen = seen || b.place >= 0
			o.back = append(o.back, b)
		}
		slices.Reverse(o.back)
		p.ops = append(p.ops, o)
	}
	return p
}

// sideRow is what a trained row makes of a plan.
type sideRow struct {
	rest  []float64 // of each angle of the lanes
	runs  []su2
	solos []half
}

// rows computes what depends on trained rows alone.
func (p *sidePlan) rows(trained [][]float64, have []sideRow, workers int) []sideRow {
	have = slices.Grow(have[:0], len(trained))[:len(trained)]
	parallel.Each(len(trained), workers, func(i, _ int) {
		r, values := &have[i], trained[i]
		r.rest = slices.Grow(r.rest[:0], len(p.angles))[:len(p.angles)]
		for j := range p.angles {
			r.rest[j] = p.angles[j].rest.Value(values, nil)
		}
		r.runs = slices.Grow(r.runs[:0], len(p.runs))[:len(p.runs)]
		for j, run := range p.runs {
			u := su2{ar: 1}
			for _, f := range run {
				u = u.rotated(f.axis, halfOf(f.angle.Value(values, nil)))
			}
			r.runs[j] = u
		}
		r.solos = slices.Grow(r.solos[:0], len(p.solos))[:len(p.solos)]
		for j, a := range p.solos {
			r.solos[j] = halfOf(a.Value(values, nil))
		}
	})
	return have
}

// sideRows are the rows of a block's lanes; spare lanes repeat the last.
type sideRows struct {
	trained, data [sideLanes][]float64
	made          [sideLanes]*sideRow
	shared        bool // one trained row
}

func sideRowsOf(b backends.Bindings, k block, made []sideRow) (r sideRows) {
	r.shared = k.shared
	for l := range sideLanes {
		lane := b.Lane(k.first + min(l, k.lanes-1))
		r.trained[l], r.data[l], r.made[l] = b.Trained[lane.Trained], b.Data[lane.Data], &made[lane.Trained]
	}
	return r
}

// values writes the angles of the lanes, 8 numbers each.
func (p *sidePlan) values(r *sideRows, out []float64) {
	for l := range sideLanes {
		data, rest := r.data[l], r.made[l].rest
		for j := range p.angles {
			a := &p.angles[j]
			x := rest[j]
			for i := range a.terms {
				t := &a.terms[i]
				k := t.Coef
				if t.Trained != ir.None {
					k *= r.trained[l][t.Trained]
				}
				x += k * data[t.Data]
			}
			out[j*sideLanes+l] = x
		}
	}
}

// sideOperands are the operators and sines of trained rows, side by side for the lanes of a
// block. They stay as long as blocks have the same row.
type sideOperands struct {
	of    *sideRow
	runs  []sideOperator
	solos []sideAmplitude
}

// read takes the rows of a block.
func (o *sideOperands) read(r *sideRows) {
	if r.shared && o.of == r.made[0] {
		return
	}
	o.of = nil
	if r.shared {
		o.of = r.made[0]
	}
	o.runs = slices.Grow(o.runs[:0], len(r.made[0].runs))[:len(r.made[0].runs)]
	o.solos = slices.Grow(o.solos[:0], len(r.made[0].solos))[:len(r.made[0].solos)]
	for l, row := range r.made {
		for i, u := range row.runs {
			o.runs[i].set(l, u)
		}
		for i, h := range row.solos {
			o.solos[i][l], o.solos[i][sideLanes+l] = h.c, h.s
		}
	}
}

// operators writes the operators from the angles' halves.
func (p *sidePlan) operators(kern sideKernel, o *sideOperands, trig, out []float64) {
	for i := range p.ops {
		u := (*sideOperator)(out[4*sideLanes*i:])
		for j, it := range p.ops[i].items {
			switch {
			case it.run >= 0 && j == 0:
				*u = o.runs[it.run]
			case it.run >= 0:
				kern.times(u, &o.runs[it.run])
			case j == 0:
				u.start(it.axis, amplitudeAt(trig, it.angle))
			default:
				kern.rotate(u, it.axis, amplitudeAt(trig, it.angle))
			}
		}
	}
}

// start writes a rotation.
func (u *sideOperator) start(a axis, cs *sideAmplitude) {
	*u = sideOperator{}
	copy(u[:sideLanes], cs[:sideLanes])
	at, sign := 3*sideLanes, -1.0 // X: b = -i sin
	switch a {
	case axisY:
		at, sign = 2*sideLanes, 1
	case axisZ:
		at = sideLanes
	}
	for l := range sideLanes {
		u[at+l] = sign * cs[sideLanes+l]
	}
}

// derivatives turns the components of an operator into those of its places: 8 numbers each.
func (p *sidePlan) derivatives(kern sideKernel, op int, o *sideOperands, trig []float64, v *[3]sideNumbers, out []float64) {
	for _, b := range p.ops[op].back {
		if b.place >= 0 {
			*(*sideNumbers)(out[sideLanes*b.place:]) = v[b.axis]
		}
		if !b.more {
			return
		}
		cs := (*sideAmplitude)(nil)
		if b.angle >= 0 {
			cs = amplitudeAt(trig, b.angle)
		} else {
			cs = &o.solos[b.solo]
		}
		kern.turnBack(&v[(b.axis+1)%3], &v[(b.axis+2)%3], cs)
	}
}

// collect adds the derivatives d of a block's places, times upstream, to the lanes' trained
// rows and data. slot returns the gradient row of a lane's trained row; nil: not wanted.
func (p *sidePlan) collect(k block, r *sideRows, d []float64, upstream *sideNumbers, slot func(l int) []float64, data []float64) {
	var rows, inputs [sideLanes][]float64
	for l := range k.lanes {
		if slot != nil {
			rows[l] = slot(l)
		}
		if data != nil {
			width := len(r.data[l])
			inputs[l] = data[(k.first+l)*width:][:width]
		}
	}
	for j := range p.places {
		g := (*sideNumbers)(d[sideLanes*j:])
		sum := 0.0
		for l := range g { // of spare lanes upstream is 0
			g[l] *= upstream[l]
			sum += g[l]
		}
		terms := p.places[j].Terms
		for i := range terms {
			t := &terms[i]
			trained, input := slot != nil && t.Trained != ir.None, data != nil && t.Data != ir.None
			if trained && t.Data == ir.None && r.shared {
				rows[0][t.Trained] += t.Coef * sum
				continue
			}
			for l := range k.lanes {
				x := t.Coef * g[l]
				if trained {
					by := 1.0
					if t.Data != ir.None {
						by = r.data[l][t.Data]
					}
					rows[l][t.Trained] += x * by
				}
				if input {
					if t.Trained != ir.None {
						x *= r.trained[l][t.Trained]
					}
					inputs[l][t.Data] += x
				}
			}
		}
	}
}
