package sim

import (
	"math"
	"slices"

	"qgan/backends"
	"qgan/ir"
)

// angleKind says what an angle depends on, and so how often its sine is taken.
type angleKind uint8

const (
	byTrained angleKind = iota // constants and trained symbols: once a trained row
	byData                     // data symbols alone: once a data row
	byLane                     // both
)

func kindOf(a ir.Angle) angleKind {
	trained, data := false, false
	for _, t := range a.Terms {
		trained = trained || t.Trained != ir.None
		data = data || t.Data != ir.None
	}
	switch {
	case !data:
		return byTrained
	case !trained:
		return byData
	}
	return byLane
}

// plan is how a program's SU(2)s are computed for a table of bindings: distinct
// angles by kind, and each op as items.
type plan struct {
	angles [3][]ir.Angle // distinct angles of each kind
	ops    []opPlan
	runs   []run // of rotations that depend on the trained row alone
}

// opPlan is one fused SU(2): its items, first applied first, and its factors.
type opPlan struct {
	items   []item
	factors []factorPlan
	// shared: every derivative of the op by a trained symbol is the same
	// function of the lanes' summed components, so lanes are summed first.
	shared bool
}

// item is a run of trained rotations, or one rotation of another kind.
type item struct {
	run   int // index into runs, or -1
	axis  axis
	kind  angleKind
	angle int // index into angles[kind]
}

// run is a product of rotations that depend on the trained row alone.
type run []item

// factorPlan is a rotation as the backward sweep sees it.
type factorPlan struct {
	item
	expr ir.Angle
	// trained, data: the angle has such symbols; deeper: a rotation applied
	// before this one has symbols whose derivatives may be wanted.
	trained, data             bool
	deeperTrained, deeperData bool
}

func newPlan(ops []fused) *plan {
	p := &plan{}
	index := func(a ir.Angle) (angleKind, int) {
		k := kindOf(a)
		i := slices.IndexFunc(p.angles[k], a.Equal)
		if i < 0 {
			i = len(p.angles[k])
			p.angles[k] = append(p.angles[k], a)
		}
		return k, i
	}
	for _, op := range ops {
		var o opPlan
		o.shared = true
		below := factorPlan{}
		for _, f := range op.factors {
			k, i := index(f.angle)
			it := item{-1, f.axis, k, i}
			fp := factorPlan{item: it, expr: f.angle, deeperTrained: below.trained, deeperData: below.data}
			for _, t := range f.angle.Terms {
				fp.trained = fp.trained || t.Trained != ir.None
				fp.data = fp.data || t.Data != ir.None
			}
			// Summing lanes first needs that what is turned back through, and
			// what is differentiated, is the same in all lanes.
			if fp.trained && fp.data || below.trained && k != byTrained {
				o.shared = false
			}
			below.trained, below.data = below.trained || fp.trained, below.data || fp.data
			o.factors = append(o.factors, fp)
			if k != byTrained {
				o.items = append(o.items, it)
			} else if n := len(o.items); n > 0 && o.items[n-1].run >= 0 {
				r := o.items[n-1].run
				p.runs[r] = append(p.runs[r], it)
			} else {
				p.runs = append(p.runs, run{it})
				o.items = append(o.items, item{run: len(p.runs) - 1})
			}
		}
		p.ops = append(p.ops, o)
	}
	return p
}

// half is the cosine and the sine of half an angle.
type half struct{ c, s float64 }

func halfOf(angle float64) half {
	s, c := math.Sincos(angle / 2)
	return half{c, s}
}

// full returns the cosine and the sine of the angle.
func (h half) full() (c, s float64) { return h.c*h.c - h.s*h.s, 2 * h.c * h.s }

// su2 is one SU(2), [[a, -b*], [b, a*]].
type su2 struct{ ar, ai, br, bi float64 }

// rotated multiplies by a rotation from the left.
func (u su2) rotated(a axis, h half) su2 {
	c, s := h.c, h.s
	switch a {
	case axisX: // [[c, -is], [-is, c]]
		return su2{c*u.ar + s*u.bi, c*u.ai - s*u.br, c*u.br + s*u.ai, c*u.bi - s*u.ar}
	case axisY: // [[c, -s], [s, c]]
		return su2{c*u.ar - s*u.br, c*u.ai - s*u.bi, c*u.br + s*u.ar, c*u.bi + s*u.ai}
	}
	// [[c-is, 0], [0, c+is]]
	return su2{c*u.ar + s*u.ai, c*u.ai - s*u.ar, c*u.br - s*u.bi, c*u.bi + s*u.br}
}

// after returns v·u, v applied after u.
func (v su2) after(u su2) su2 {
	return su2{
		v.ar*u.ar - v.ai*u.ai - v.br*u.br - v.bi*u.bi,
		v.ar*u.ai + v.ai*u.ar - v.br*u.bi + v.bi*u.br,
		v.br*u.ar - v.bi*u.ai + v.ar*u.br + v.ai*u.bi,
		v.br*u.ai + v.bi*u.ar + v.ar*u.bi - v.ai*u.br,
	}
}

// trigs holds the sines of a table of bindings, so that each is taken once.
type trigs struct {
	trained [][]half // a row of angles[byTrained] each
	data    [][]half
	runs    [][]su2 // the product of each run, a row each
}

// prepare fills the tables for the rows of b.
func (p *plan) prepare(b backends.Bindings, t *trigs) {
	t.trained = grow(t.trained, len(b.Trained), len(p.angles[byTrained]))
	t.runs = grow(t.runs, len(b.Trained), len(p.runs))
	for i, row := range b.Trained {
		for j, a := range p.angles[byTrained] {
			t.trained[i][j] = halfOf(a.Value(row, nil))
		}
		for j, r := range p.runs {
			u := su2{ar: 1}
			for _, it := range r {
				u = u.rotated(it.axis, t.trained[i][it.angle])
			}
			t.runs[i][j] = u
		}
	}
	t.data = grow(t.data, len(b.Data), len(p.angles[byData]))
	for i, row := range b.Data {
		for j, a := range p.angles[byData] {
			t.data[i][j] = halfOf(a.Value(nil, row))
		}
	}
}

// grow returns rows x width, using what is there.
func grow[T any](have [][]T, rows, width int) [][]T {
	for len(have) < rows {
		have = append(have, nil)
	}
	for i := range have[:rows] {
		if len(have[i]) != width {
			have[i] = make([]T, width)
		}
	}
	return have
}

// bind writes every SU(2) of a block to coefs (4·width values an op) and the
// sines of the lanes' own angles to own (width a distinct angle).
func (p *plan) bind(b backends.Bindings, k block, t *trigs, coefs []float64, own []half) {
	w := k.width
	for l := range w {
		lane := b.Lane(k.first + min(l, k.lanes-1)) // spare lanes repeat the last
		for j, a := range p.angles[byLane] {
			own[j*w+l] = halfOf(a.Value(b.Trained[lane.Trained], b.Data[lane.Data]))
		}
		runs, data := t.runs[lane.Trained], t.data[lane.Data]
		for i := range p.ops {
			var u su2
			for j, it := range p.ops[i].items {
				switch {
				case it.run >= 0 && j == 0:
					u = runs[it.run]
				case it.run >= 0:
					u = runs[it.run].after(u)
				default:
					h := half{}
					if it.kind == byData {
						h = data[it.angle]
					} else {
						h = own[it.angle*w+l]
					}
					if j == 0 {
						u = su2{ar: 1}
					}
					u = u.rotated(it.axis, h)
				}
			}
			c := coefs[4*w*i:]
			c[l], c[w+l], c[2*w+l], c[3*w+l] = u.ar, u.ai, u.br, u.bi
		}
	}
}
