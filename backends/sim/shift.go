package sim

import (
	"math"
	"slices"

	"qgan/backends"
	"qgan/internal/parallel"
	"qgan/ir"
)

// The two circuits of a parameter-shift rule cost one: with R(a) = e^(-iaP/2) a rotation of
// the circuit, R(a ± π/2) = (R(a) ± R(a + π))/√2, so the states of both are sums of that of
// the circuit itself and of the one with a + π. The former serves all places that are
// shifted, and what comes before a shifted gate is taken over from it.

// shiftPair is two neighbouring lanes of a request, with a symbol at ±π/2 around the base.
type shiftPair struct{ base, symbol int }

// shiftPairs finds out whether all lanes are such pairs, and their bases; nil where not.
// The symbols must each stand in one angle alone, of a rotation.
func shiftPairs(c *ir.Circuit, b backends.Bindings) (bases [][]float64, pairs []shiftPair) {
	if len(c.Data) > 0 || len(c.Trained) < 2 || b.Len() < 8 || b.Len()%2 == 1 || !rotates(c) {
		return nil, nil
	}
	row := func(lane int) []float64 {
		trained, _ := b.Row(lane)
		return trained
	}
	// differ returns the only symbol in which rows differ, -1 where there are none or several.
	differ := func(x, y []float64) int {
		at := -1
		for j := range x {
			if x[j] != y[j] {
				if at >= 0 {
					return -1
				}
				at = j
			}
		}
		return at
	}
	symbols := make([]int, b.Len()/2)
	for k := range symbols {
		plus, minus := row(2*k), row(2*k+1)
		j := differ(plus, minus)
		if j < 0 || math.Abs(plus[j]-minus[j]-math.Pi) > 1e-9 {
			return nil, nil
		}
		symbols[k] = j
	}
	for k := 0; k < len(symbols); {
		// The value of the first pair's symbol is in any other pair of the same base.
		if k+1 == len(symbols) || symbols[k+1] == symbols[k] {
			return nil, nil
		}
		base := slices.Clone(row(2 * k))
		base[symbols[k]] = row(2 * (k + 1))[symbols[k]]
		first := k
		for ; k < len(symbols); k++ {
			j, plus := symbols[k], row(2*k)
			if math.Abs(plus[j]-base[j]-math.Pi/2) > 1e-9 {
				break
			}
			if at := differ(plus, base); at != j {
				break
			}
			pairs = append(pairs, shiftPair{len(bases), j})
		}
		if k-first < 2 {
			return nil, nil
		}
		bases = append(bases, base)
	}
	return bases, pairs
}

// rotates reports whether every trained symbol is the whole angle of one rotation about a
// Pauli operator, and of nothing else.
func rotates(c *ir.Circuit) bool {
	seen := make([]bool, len(c.Trained))
	for _, op := range c.Ops {
		a, ok := op.(*ir.Apply)
		if !ok {
			continue
		}
		for _, angle := range a.Angles {
			for _, t := range angle.Terms {
				single := a.Gate == ir.RX || a.Gate == ir.RY || a.Gate == ir.RZ
				if !single || a.Controls > 0 || t.Trained == ir.None || t.Data != ir.None || t.Coef != 1 || angle.Const != 0 || len(angle.Terms) > 1 || seen[t.Trained] {
					return false
				}
				seen[t.Trained] = true
			}
		}
	}
	return !slices.Contains(seen, false)
}

// shiftedLaws calls use with the laws of both circuits of each pair, on several workers;
// the slices are the worker's.
func (b *batch) shiftedLaws(bases [][]float64, pairs []shiftPair, use func(worker, pair int, plus, minus []float64)) {
	p := b.program
	run := b.keepBases(bases)
	width := b.kernel.lanes()
	blocks := shiftBlocks(pairs, width)
	size := 1 << p.n
	workers := min(workersOf(b.sim.Workers), len(blocks))
	for len(b.spaces) < workers {
		b.spaces = append(b.spaces, p.newWorkspace(b.kernels[0].lanes()))
	}
	laws := make([]float64, 2*size*workers)
	parallel.Each(len(blocks), workers, func(i, worker int) {
		w, k := b.spaces[worker], blocks[i]
		plus, minus := laws[2*size*worker:][:size], laws[2*size*worker+size:][:size]
		shifted := pairs[k.first:][:k.lanes]
		run.shifted(k, w, shifted)
		end := run.states[shifted[0].base][len(run.stops)-1]
		for l := range shifted {
			for x, y := range p.outcome {
				ar, ai, sr, si := end[2*x], end[2*x+1], w.psi[2*width*x+l], w.psi[2*width*x+width+l]
				same, cross := (ar*ar+ai*ai+sr*sr+si*si)/2, ar*sr+ai*si
				plus[y], minus[y] = same+cross, same-cross
			}
			use(worker, k.first+l, plus, minus)
		}
	})
}

// shiftBlocks cuts pairs into blocks of at most width lanes, each of one base.
func shiftBlocks(pairs []shiftPair, width int) []block {
	var blocks []block
	for first := 0; first < len(pairs); {
		lanes := 1
		for lanes < width && first+lanes < len(pairs) && pairs[first+lanes].base == pairs[first].base {
			lanes++
		}
		blocks = append(blocks, block{first: first, lanes: lanes, width: width})
		first += lanes
	}
	return blocks
}

// baseRun is what the circuits with a + π take over from those of their bases.
type baseRun struct {
	*batch
	opOf   []int         // the op of each trained symbol
	stops  []int         // ops before which a state is kept, and the end
	states [][][]float64 // of a base at a stop
	coefs  [][]float64   // of all ops of a base
}

// keepBases runs the bases. States are kept before the first op behind the product and
// then before every n-th one.
func (b *batch) keepBases(bases [][]float64) *baseRun {
	p := b.program
	run := &baseRun{batch: b, opOf: make([]int, len(p.circuit.Trained)), states: make([][][]float64, len(bases)), coefs: make([][]float64, len(bases))}
	for i, op := range p.ops {
		for _, f := range op.factors {
			for _, t := range f.angle.Terms {
				run.opOf[t.Trained] = i
			}
		}
	}
	for at := p.product; at < len(p.ops); at += max(1, p.n) {
		run.stops = append(run.stops, at)
	}
	run.stops = append(run.stops, len(p.ops))

	bind := backends.Bindings{Trained: bases}.Filled()
	p.plan.prepare(bind, &b.trigs)
	b.forward = false
	single := make([]block, len(bases))
	for i := range single {
		single[i] = block{first: i, lanes: 1, width: 1}
	}
	b.each(single, func(i int, w *workspace) {
		k := single[i]
		psi := make([]float64, 2<<p.n)
		p.plan.bind(bind, k, &b.trigs, w.coefs, w.own)
		p.start(plainRows(1), 1, w.coefs, psi)
		run.coefs[i] = slices.Clone(w.coefs[:4*len(p.ops)])
		for s, at := range run.stops {
			if s > 0 {
				p.apply(narrow{}, k, w, psi, run.stops[s-1], at)
			}
			run.states[i] = append(run.states[i], slices.Clone(psi))
		}
	})
	return run
}

// shifted leaves in w.psi the states of a block's circuits, each with π added to the angle
// of its symbol. They start from the last state of their base that comes before all of
// these symbols, or anew where one of them is in the product.
func (r *baseRun) shifted(k block, w *workspace, pairs []shiftPair) {
	p, base := r.program, pairs[0].base
	first := len(p.ops) // the first op with one of the symbols
	for _, pair := range pairs {
		first = min(first, r.opOf[pair.symbol])
	}
	stop, begin := 0, 0 // begin is the first op that is applied
	if first >= p.product {
		for stop+1 < len(r.stops) && r.stops[stop+1] <= first {
			stop++
		}
		begin = r.stops[stop]
	}
	for i := 4 * begin; i < 4*len(p.ops); i++ {
		for l := range k.width {
			w.coefs[k.width*i+l] = r.coefs[base][i]
		}
	}
	for l, pair := range pairs {
		at := r.opOf[pair.symbol]
		u := p.plan.turned(at, pair.symbol, r.trigs.trained[base])
		c := w.coefs[4*k.width*at:]
		c[l], c[k.width+l], c[2*k.width+l], c[3*k.width+l] = u.ar, u.ai, u.br, u.bi
	}
	w.psi = room(w.psi, 2*k.width<<p.n)
	if first < p.product {
		p.forward(r.kernel, k, w, w.psi)
		return
	}
	own := r.states[base][stop]
	for x := range 1 << p.n {
		to, re, im := w.psi[2*k.width*x:][:2*k.width], own[2*x], own[2*x+1]
		for l := range k.width {
			to[l], to[k.width+l] = re, im
		}
	}
	p.apply(r.kernel, k, w, w.psi, begin, len(p.ops))
}

// turned is an op's SU(2) for a row of sines of trained angles, with π added to the angle
// of one symbol.
func (p *plan) turned(op, symbol int, trained []half) su2 {
	u := su2{ar: 1}
	for _, f := range p.ops[op].factors {
		h := trained[f.angle]
		// Neighbouring rotations about the same axis are one, with the sum of their symbols.
		if slices.ContainsFunc(f.expr.Terms, func(t ir.Term) bool { return int(t.Trained) == symbol }) {
			h = half{-h.s, h.c}
		}
		u = u.rotated(f.axis, h)
	}
	return u
}

// apply applies the ops from one to before another.
func (p *program) apply(kern kernel, k block, w *workspace, psi []float64, from, to int) {
	for i := from; i < to; i++ {
		kern.apply(psi, p.ops[i].pairing.list, w.coefs[4*k.width*i:][:4*k.width])
	}
}
