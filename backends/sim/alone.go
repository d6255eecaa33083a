package sim

import (
	"context"
	"math/bits"
	"slices"

	"qgan/backends"
)

// A program of one lane, or of so many qubits that lanes side by side would not stay in a
// cache, runs a lane at a time: state and co-state are cut into the blocks of passes, and a
// block of both is turned back as far as the pass goes before the next one. That takes the
// memory of two states, whatever the program's length.

// aloneBits is log2 of the amplitudes of a block: those of both states (512 KiB) stay in
// the second-level cache.
const aloneBits = 14

// pieceBits is log2 of the amplitudes whose outcomes and weights are made at a time.
const pieceBits = 12

// alone is a program with the memory to run one lane of it.
type alone struct {
	program     *program
	observable  backends.Observable
	frame       frame // at the end, in the order of bits that the blocks have
	there, back []leg
	columns     [][2]complex128
	at          []int    // the column of each leading op
	low         []uint32 // outcomes of the lowest physical indices, without the frame's flips
	psi         *register
	lambda      []float64
	seconds     [][]float64 // buffers for the co-state and for pieces, one a worker
	trigs       trigs
	coefs       []float64
	own         []half
	sums        []float64

	bindings backends.Bindings // of the last Forward
	kept     int               // the lane whose state psi is, or -1
}

// leg is a pass of the sweep with its turns, in an order in which they may be done.
type leg struct {
	pass
	turns []placed
	read  bool // there is nothing to undo
}

// placed is a fused SU(2) in the coordinates of a leg.
type placed struct {
	op   int
	v    uint64
	role local
	read bool // its components are read, and it is not undone
	twin bool // it is done together with the next one, which commutes

	c    [2]coefs    // of whole groups, for a base that gives the role 0, 1
	sets [2]blockSet // of pairs within groups, by the role
}

// spin is a fused SU(2) as the scheduler sees it.
type spin struct {
	op   int
	v    uint64
	role form
	read bool
}

func (s *spin) support() (flips, reads []uint64) { return []uint64{s.v}, []uint64{s.role.mask} }

// newAlone prepares a program of at least laneBits qubits.
func newAlone(p *program, o backends.Observable, k blockKernel, workers int) *alone {
	a := &alone{program: p, observable: o, kept: -1, seconds: make([][]float64, workers)}
	a.psi = newRegister(p.n, k, workers)
	a.columns = make([][2]complex128, p.n)
	move := p.reordered()
	a.frame = p.frame.clone()
	for q := range p.n {
		a.frame.r[q], a.frame.v[q] = move(a.frame.r[q]), move(a.frame.v[q])
	}
	var there, back []step
	for i, op := range p.ops {
		s := &spin{i, move(op.pairing.v), form{move(op.pairing.r), op.pairing.k}, i < p.product}
		if s.read {
			a.at = append(a.at, bits.TrailingZeros64(s.v))
		}
		back = append(back, s)
		if !s.read {
			there = append(there, s)
		}
	}
	for i, j := 0, len(back)-1; i < j; i, j = i+1, j-1 {
		back[i], back[j] = back[j], back[i]
	}
	a.there, a.back = legsOf(there, p.n), legsOf(back, p.n)
	a.low = a.frame.outcomes(min(pieceBits, p.n))
	first := a.low[0]
	for i := range a.low {
		a.low[i] ^= first
	}
	a.coefs = make([]float64, 4*len(p.ops))
	a.own = make([]half, len(p.plan.angles[byLane]))
	return a
}

// reordered returns a map of masks to another order of bits, in which the lowest are those
// that the fewest ops flip: pairs within a group, and blocks of many runs, cost more.
func (p *program) reordered() func(mask uint64) uint64 {
	flips, order := make([]int, p.n), make([]int, p.n)
	for i := range order {
		order[i] = i
	}
	for _, op := range p.ops {
		for i := range flips {
			flips[i] += int(op.pairing.v >> i & 1)
		}
	}
	slices.SortStableFunc(order, func(i, j int) int { return flips[i] - flips[j] })
	return func(mask uint64) (out uint64) {
		for to, from := range order {
			out |= mask >> from & 1 << to
		}
		return out
	}
}

// blockSize is log2 of the amplitudes of a block: of the whole state where it is small, so
// that there is one pass, and otherwise of half of it at most, so that there are two tasks.
func blockSize(qubits int) int {
	if qubits < 12 {
		return qubits
	}
	return min(aloneBits, qubits-1)
}

// legsOf schedules steps and places them.
func legsOf(steps []step, qubits int) []leg {
	var out []leg
	for _, part := range schedule(steps, qubits, blockSize(qubits)) {
		l := leg{pass: newPass(part.inside, qubits), read: true}
		at := &localizer{space: part.inside}
		for _, s := range part.steps {
			s := s.(*spin)
			l.read = l.read && s.read
			l.turns = append(l.turns, placed{op: s.op, v: part.inside.coordinates(s.v), role: at.local(s.role), read: s.read})
		}
		for i := 0; i+1 < len(l.turns); i++ {
			if a, b := &l.turns[i], &l.turns[i+1]; a.whole() && b.whole() && !parity(a.role.here&b.v) && !parity(b.role.here&a.v) && a.v != b.v {
				a.twin = true
				i++
			}
		}
		out = append(out, l)
	}
	return out
}

// whole reports whether it is to be done on pairs of whole groups.
func (t *placed) whole() bool { return !t.read && t.v&(lanes-1) == 0 }

// bind writes the SU(2) as kernels take it.
func (t *placed) bind(u su2) {
	set := func(c *coefs, lane int, values ...float64) {
		for i, x := range values {
			c[i*lanes+lane] = x
		}
	}
	for k := range 2 {
		for lane := range lanes {
			one := parity(t.role.here&uint64(lane)) != (k == 1)
			switch w := u.flipped(); {
			case t.whole() && one:
				set(&t.c[k], lane, w.ar, w.ai, w.br, w.bi)
			case t.whole():
				set(&t.c[k], lane, u.ar, u.ai, u.br, u.bi)
			case one: // of the pair's second amplitude: a*, and b for the first
				set((*coefs)(&t.sets[k]), lane, u.ar, -u.ai, u.br, u.bi)
			default:
				set((*coefs)(&t.sets[k]), lane, u.ar, u.ai, -u.br, u.bi)
			}
		}
	}
}

// coefsAt returns the coefficients for a block's base.
func (t *placed) coefsAt(base uint64) *coefs {
	if t.role.at(base) {
		return &t.c[1]
	}
	return &t.c[0]
}

func (t *placed) pairs() pairs { return pairs{t.v >> laneBits, t.role.here >> laneBits} }

// move applies turn i, and its twin, to a block.
func (l *leg) move(k blockKernel, buf []float64, base uint64, i int) {
	t := &l.turns[i]
	switch {
	case t.read:
	case t.twin:
		next := &l.turns[i+1]
		k.double(buf, t.pairs(), next.pairs(), t.coefsAt(base), next.coefsAt(base))
	case t.whole():
		k.single(buf, t.pairs(), t.coefsAt(base))
	default:
		flip := uint64(0)
		if t.role.at(base) {
			flip = 1
		}
		masks := [1]uint64{t.role.here >> laneBits}
		k.choose(buf, t.v, masks[:], flip, t.sets[:], nil)
	}
}

// forward runs a block.
func (l *leg) forward(k blockKernel, psi, buf []float64, block int) {
	base := l.base(block)
	in := l.take(psi, buf, base)
	for i := 0; i < len(l.turns); i++ {
		l.move(k, in, base, i)
		if l.turns[i].twin {
			i++
		}
	}
	l.put(psi, in, base)
}

// backward writes the components Im<λ|P|ψ>, P = X, Y, Z, of each turn on a block to sums, 3
// values a turn, and undoes the turns there.
func (l *leg) backward(k blockKernel, psi, lambda, buf, second []float64, block int, sums []float64) {
	base := l.base(block)
	in, co := l.take(psi, buf, base), l.take(lambda, second, base)
	for i := 0; i < len(l.turns); i++ {
		l.turns[i].components(k, in, co, base, sums[3*i:][:3])
		first := i
		if l.turns[i].twin {
			i++
			l.turns[i].components(k, in, co, base, sums[3*i:][:3])
		}
		l.move(k, in, base, first)
		l.move(k, co, base, first)
	}
	if !l.read {
		l.put(psi, in, base)
		l.put(lambda, co, base)
	}
}

// components writes Im<λ|P|ψ> of the block, P = X, Y, Z.
func (t *placed) components(k blockKernel, psi, lambda []float64, base uint64, out []float64) {
	var sums [3 * lanes]float64
	k.components(psi, lambda, t.v, t.role.here>>laneBits, &sums)
	clear(out)
	for lane := range lanes {
		sign := 1.0
		if parity(t.role.here&uint64(lane)) != t.role.at(base) {
			sign = -1
		}
		out[0] += sums[lane]
		out[1] -= sign * sums[lanes+lane]
		out[2] += sign * sums[2*lanes+lane]
	}
}

// bind writes the SU(2)s of a lane.
func (a *alone) bind(b backends.Bindings, lane int) {
	p := a.program
	p.plan.bind(b, block{first: lane, lanes: 1, width: 1}, &a.trigs, a.coefs, a.own)
	of := func(op int) su2 {
		c := a.coefs[4*op:][:4]
		return su2{c[0], c[1], c[2], c[3]}
	}
	for i := range a.there {
		for j := range a.there[i].turns {
			t := &a.there[i].turns[j]
			t.bind(of(t.op))
		}
	}
	for i := range a.back {
		for j := range a.back[i].turns {
			t := &a.back[i].turns[j]
			u := of(t.op)
			t.bind(su2{u.ar, -u.ai, -u.br, -u.bi})
		}
	}
	for i := range a.columns {
		a.columns[i] = [2]complex128{1, 0}
	}
	for i := range p.product {
		u := of(i)
		a.columns[a.at[i]] = [2]complex128{complex(u.ar, u.ai), complex(u.br, u.bi)}
	}
}

// run leaves the state of a lane in psi.
func (a *alone) run(ctx context.Context, b backends.Bindings, lane int) error {
	a.kept = -1
	a.bind(b, lane)
	a.psi.product(a.columns)
	for i := range a.there {
		if err := ctx.Err(); err != nil {
			return err
		}
		l := &a.there[i]
		a.psi.each(l.blocks(), func(worker, block int) {
			l.forward(a.psi.kernel, a.psi.amps, a.psi.buffer(worker, 2<<l.size), block)
		})
	}
	a.kept = lane
	return nil
}

// values writes the observable of every lane, of which it keeps the last one's state.
func (a *alone) values(ctx context.Context, b backends.Bindings, values []float64) error {
	a.program.plan.prepare(b, &a.trigs)
	a.bindings = b
	width := a.observable.Width(a.program.n)
	for lane := range b.Len() {
		if err := a.run(ctx, b, lane); err != nil {
			return err
		}
		a.measure(values[lane*width:][:width])
	}
	return nil
}

// backward adds the gradients of the last values. Of several lanes it computes the states
// again.
func (a *alone) backward(ctx context.Context, upstream, trained, data []float64) error {
	b, p := a.bindings, a.program
	width, symbols := a.observable.Width(p.n), len(p.circuit.Trained)
	a.lambda = room(a.lambda, len(a.psi.amps))
	for i := range b.Len() {
		lane := b.Len() - 1 - i // the last one is there
		if a.kept != lane {
			if err := a.run(ctx, b, lane); err != nil {
				return err
			}
		}
		a.kept = -1
		a.costate(upstream[lane*width:][:width])
		if err := a.sweep(ctx, &sweep{
			bindings: b, block: block{first: lane, lanes: 1, width: 1, shared: true}, trigs: &a.trigs, data: data,
			slot: func(lane int) []float64 {
				if trained == nil {
					return nil
				}
				return trained[b.Lane(lane).Trained*symbols:][:symbols]
			},
		}); err != nil {
			return err
		}
	}
	return nil
}

// sweep turns both states back and adds derivatives.
func (a *alone) sweep(ctx context.Context, s *sweep) error {
	out := make([]float64, 3*len(a.program.ops))
	for i := range a.back {
		if err := ctx.Err(); err != nil {
			return err
		}
		l := &a.back[i]
		width := 3 * len(l.turns)
		a.sums = room(a.sums, width*l.blocks())
		a.psi.each(l.blocks(), func(worker, block int) {
			l.backward(a.psi.kernel, a.psi.amps, a.lambda, a.psi.buffer(worker, 2<<l.size), a.second(worker, 2<<l.size), block, a.sums[block*width:][:width])
		})
		for block := range l.blocks() { // in their order: the same bits always
			for j, t := range l.turns {
				for axis, x := range a.sums[block*width+3*j:][:3] {
					out[3*t.op+axis] += x
				}
			}
		}
	}
	for i := len(a.program.ops) - 1; i >= 0; i-- {
		a.program.plan.ops[i].collect(s, out[3*i:][:3], a.own)
	}
	return nil
}

// second returns a worker's second buffer.
func (a *alone) second(worker, size int) []float64 {
	a.seconds[worker] = room(a.seconds[worker], size)
	return a.seconds[worker]
}

// pieces calls f with each piece of the state, the outcome of its first index and room for a
// number an index, from the workers.
func (a *alone) pieces(f func(piece int, base uint64, first uint32, room []float64)) {
	a.psi.each(1<<a.program.n/len(a.low), func(worker, piece int) {
		base := uint64(piece * len(a.low))
		f(piece, base, uint32(a.frame.outcome(base)), a.second(worker, len(a.low)))
	})
}

// measure writes the observable of the state.
func (a *alone) measure(values []float64) {
	if a.observable == backends.Probabilities {
		a.pieces(func(_ int, base uint64, first uint32, _ []float64) {
			for i, y := range a.low {
				values[first^y] = a.psi.probability(int(base) + i)
			}
		})
		return
	}
	n, frame := a.program.n, &a.frame
	sums := make([]float64, 1<<n/len(a.low)*n)
	a.pieces(func(piece int, base uint64, _ uint32, p []float64) {
		for i := range p {
			p[i] = a.psi.probability(int(base) + i)
		}
		hadamard(p)
		for q := range n {
			z := p[frame.r[q]&uint64(len(p)-1)]
			if frame.value(q, base) {
				z = -z
			}
			sums[piece*n+q] = z
		}
	})
	clear(values)
	for i, z := range sums {
		values[i%n] += z
	}
}

// costate writes λ = W ψ, W diagonal with the upstream derivative of each outcome, so that
// dE = 2 Re<λ|dψ>.
func (a *alone) costate(upstream []float64) {
	n, frame := a.program.n, &a.frame
	a.pieces(func(_ int, base uint64, first uint32, w []float64) {
		if a.observable == backends.Probabilities {
			for i, y := range a.low {
				w[i] = upstream[first^y]
			}
		} else {
			clear(w)
			for q := range n {
				g := upstream[q]
				if frame.value(q, base) {
					g = -g
				}
				w[frame.r[q]&uint64(len(w)-1)] += g
			}
			hadamard(w)
		}
		for g := range uint64(len(w) / lanes) {
			from, to := group(a.psi.amps, base/lanes+g), group(a.lambda, base/lanes+g)
			for l, x := range w[g*lanes:][:lanes] {
				to[l], to[lanes+l] = x*from[l], x*from[lanes+l]
			}
		}
	})
}

// hadamard replaces 2^k numbers by their sums with the signs (-1)^parity(x·y).
func hadamard(t []float64) {
	for h := 1; h < len(t); h *= 2 {
		for i := 0; i < len(t); i += 2 * h {
			a, b := t[i:][:h], t[i+h:][:h]
			for j, x := range a {
				a[j], b[j] = x+b[j], x-b[j]
			}
		}
	}
}
