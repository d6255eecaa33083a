package sim

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"qgan/backends"
	"qgan/ir"
)

// maxPathBytes bounds the copies of the state that wait while shots part.
const maxPathBytes = 4 << 30

// shots draws the words of a circuit's shots, bit 0 the most significant.
func (s *Simulator) shots(ctx context.Context, c *ir.Circuit, trained, data []float64, shots int, rng *rand.Rand) ([]uint64, error) {
	r, err := s.register(c)
	if err != nil {
		return nil, err
	}
	e := &explorer{ctx: ctx, circuit: c, trained: trained, data: data, rng: rng, words: make([]uint64, 0, shots)}
	err = e.follow(&path{register: r, fresh: true, bits: make([]bool, c.AllBits()), shots: shots, todo: &todo{ops: c.Ops}})
	if err != nil {
		return nil, fmt.Errorf("circuit %q: %w", c.Name, err)
	}
	return e.words, nil
}

// explorer follows the paths of a circuit's shots through its measurements and,
// with noise, its channels.
type explorer struct {
	ctx           context.Context
	circuit       *ir.Circuit
	trained, data []float64
	rng           *rand.Rand
	words         []uint64
	waiting       int                // copies of the state that wait
	noise         *noisyCircuit      // nil: none
	law           map[uint64]float64 // of words, where it is asked for instead of shots
	ends          int                // of paths, where the law is asked for
}

// path is what some of the shots have in common: a state, classical bits, and
// what is left to do.
type path struct {
	register *register
	fresh    bool    // the state is still |0…0>
	gates    []ir.Op // still to be applied to the state
	bits     []bool
	shots    int
	todo     *todo
	steps    int
}

// todo is a stack of operations left, the innermost block first, and of the
// channels that follow one of them.
type todo struct {
	ops   []ir.Op
	sites []site
	next  *todo
}

// follow runs a path to its end. Where its shots part, those that measure 0 are
// followed first on a copy.
func (e *explorer) follow(p *path) error {
	sites := e.noise.channels()
	for {
		if err := e.ctx.Err(); err != nil {
			return err
		}
		p.collect(sites)
		if p.todo != nil && len(p.todo.sites) > 0 {
			at := p.todo.sites[0]
			p.todo.sites = p.todo.sites[1:]
			if err := e.channel(p, at); err != nil {
				return err
			}
			continue
		}
		if p.todo == nil || p.todo.measuresOnly(sites) {
			e.settle(p)
			return e.end(p)
		}
		op := p.todo.ops[0]
		p.todo.ops = p.todo.ops[1:]
		if p.steps++; p.steps > maxSteps {
			return fmt.Errorf("a shot ran %d operations without an end", maxSteps)
		}
		if s := sites[op]; len(s) > 0 {
			p.todo = &todo{sites: s, next: p.todo}
		}
		var err error
		switch op := op.(type) {
		case *ir.Measure:
			err = e.measure(p, op.Qubit, func(p *path, one bool) error { return e.record(p, op, one) })
		case *ir.Reset:
			err = e.measure(p, op.Qubit, func(p *path, one bool) error {
				if one {
					p.register.frame.x(op.Qubit)
				}
				return nil
			})
		case *ir.Assign:
			op.Set(p.bits)
		case *ir.If:
			if op.Cond.Holds(p.bits) {
				p.push(op.Then)
			} else {
				p.push(op.Else)
			}
		case *ir.Switch:
			p.push(op.Pick(p.bits))
		case *ir.While:
			if op.Cond.Holds(p.bits) {
				p.push([]ir.Op{op})
				p.push(op.Body)
			}
		default:
			err = fmt.Errorf("the simulator cannot run %s", ir.NameOf(op))
		}
		if err != nil {
			return err
		}
	}
}

// push puts a block before what is left to do.
func (p *path) push(ops []ir.Op) { p.todo = &todo{ops: ops, next: p.todo} }

// collect takes the gates that come next, up to one that channels follow, and
// drops blocks that are done.
func (p *path) collect(sites map[ir.Op][]site) {
	for p.todo != nil {
		if len(p.todo.sites) > 0 {
			return
		}
		if len(p.todo.ops) == 0 {
			p.todo = p.todo.next
			continue
		}
		op := p.todo.ops[0]
		switch op.(type) {
		case *ir.Apply, *ir.Unitary:
			p.gates = append(p.gates, op)
		case *ir.Barrier, *ir.Delay:
		default:
			return
		}
		p.todo.ops = p.todo.ops[1:]
		p.steps++
		if s := sites[op]; len(s) > 0 {
			p.todo = &todo{sites: s, next: p.todo}
		}
	}
}

// settle applies the gates that wait.
func (e *explorer) settle(p *path) {
	if len(p.gates) > 0 {
		p.register.run(p.gates, e.trained, e.data, p.fresh)
		p.fresh, p.gates = false, nil
	}
}

// measuresOnly says that only measurements are left.
func (t *todo) measuresOnly(sites map[ir.Op][]site) bool {
	for ; t != nil; t = t.next {
		if len(t.sites) > 0 {
			return false
		}
		for _, op := range t.ops {
			switch op.(type) {
			case *ir.Measure, *ir.Barrier:
			case *ir.Delay:
				if len(sites[op]) > 0 {
					return false
				}
			default:
				return false
			}
		}
	}
	return true
}

// part makes a copy of a path for some of its shots, which go another way.
func (e *explorer) part(p *path, shots int) (*path, error) {
	e.settle(p)
	if bytes := 8 * int64(len(p.register.amps)) * int64(e.waiting+1); bytes > maxPathBytes {
		return nil, fmt.Errorf("shots part %d times with %d qubits: the states that wait need more than %d GiB; measure fewer qubits in the middle, or reuse fewer", e.waiting+1, e.circuit.Qubits, maxPathBytes>>30)
	}
	other := *p
	other.register, other.bits, other.todo = p.register.clone(), slices.Clone(p.bits), p.todo.clone()
	other.shots = shots
	p.shots -= shots
	return &other, nil
}

// aside follows a copy while the path that it came from waits.
func (e *explorer) aside(p *path) error {
	e.waiting++
	defer func() { e.waiting-- }()
	return e.follow(p)
}

// measure parts the shots of a path by the outcome of a qubit and calls then
// for both parts.
func (e *explorer) measure(p *path, qubit int, then func(p *path, one bool) error) error {
	e.settle(p)
	value := p.register.frame.form(qubit)
	all, p1 := p.register.weight(nil), p.register.weight(&value)
	if e.law != nil {
		return e.both(p, value, all-p1, p1, then)
	}
	ones := 0
	for range p.shots {
		if e.rng.Float64()*all < p1 {
			ones++
		}
	}
	if zeros := p.shots - ones; zeros > 0 && ones > 0 {
		other, err := e.part(p, zeros)
		if err != nil {
			return err
		}
		other.register.project(value, false, 1/math.Sqrt(all-p1))
		if err := then(other, false); err != nil {
			return err
		}
		if err := e.aside(other); err != nil {
			return err
		}
	}
	norm := p1
	if ones == 0 {
		norm = all - p1
	}
	p.register.project(value, ones > 0, 1/math.Sqrt(norm))
	p.fresh = false
	return then(p, ones > 0)
}

// both follows what both outcomes of a measurement leave of the state, each with its weight.
func (e *explorer) both(p *path, value form, p0, p1 float64, then func(p *path, one bool) error) error {
	if p0 > leastWeight && p1 > leastWeight {
		other, err := e.part(p, 0)
		if err != nil {
			return err
		}
		other.register.project(value, false, 1)
		if err := then(other, false); err != nil {
			return err
		}
		if err := e.aside(other); err != nil {
			return err
		}
	}
	one := p1 > leastWeight
	p.register.project(value, one, 1)
	p.fresh = false
	return then(p, one)
}

// record writes the outcome of a measurement in the middle, with its readout
// error, by which the shots may part again.
func (e *explorer) record(p *path, m *ir.Measure, one bool) error {
	if m.Bit < 0 {
		return nil
	}
	p.bits[m.Bit] = one
	if e.noise == nil {
		return nil
	}
	p1, p0, err := e.noise.flips(m.Qubit)
	if err != nil {
		return err
	}
	flip := p1
	if one {
		flip = p0
	}
	wrong := binomial(p.shots, flip, e.rng)
	switch {
	case wrong == p.shots:
		p.bits[m.Bit] = !one
	case wrong > 0:
		other, err := e.part(p, wrong)
		if err != nil {
			return err
		}
		other.bits[m.Bit] = !one
		return e.aside(other)
	}
	return nil
}

// clone copies the stack, for its slices are cut as operations are done.
func (t *todo) clone() *todo {
	if t == nil {
		return nil
	}
	return &todo{t.ops, t.sites, t.next.clone()}
}

// end samples the measurements at the end of a path.
func (e *explorer) end(p *path) error {
	bits := e.circuit.Bits
	from := make([]int, bits)
	for i := range from {
		from[i] = -1
	}
	measured := false
	for t := p.todo; t != nil; t = t.next {
		for _, op := range t.ops {
			if m, ok := op.(*ir.Measure); ok && m.Bit >= 0 && m.Bit < bits {
				from[m.Bit], measured = m.Qubit, true
			}
		}
	}
	word := func(value func(qubit int) bool) (w uint64) {
		for bit, q := range from {
			w <<= 1
			if q >= 0 && value(q) || q < 0 && p.bits[bit] {
				w |= 1
			}
		}
		return w
	}
	if !measured && e.law == nil {
		e.add(word(nil), p.shots)
		return nil
	}
	if e.law != nil {
		return e.weigh(p, word)
	}
	first := len(e.words)
	p.register.sample(p.shots, e.rng, func(x uint64, n int) {
		e.add(word(func(q int) bool { return p.register.frame.value(q, x) }), n)
	})
	if e.noise == nil {
		return nil
	}
	r, err := e.noise.readoutOf(p.todo)
	if err != nil {
		return err
	}
	r.confuse(e.words[first:], bits, e.rng)
	return nil
}

// maxEnds bounds the paths of an exact law.
const maxEnds = 1 << 16

// weigh adds the law of the measurements at the end of a path.
func (e *explorer) weigh(p *path, word func(value func(qubit int) bool) uint64) error {
	if e.ends++; e.ends > maxEnds {
		return fmt.Errorf("its measurements part it into more than %d ways: %w", maxEnds, backends.ErrIntractable)
	}
	for x := range uint64(1) << p.register.qubits {
		if q := p.register.probability(int(x)); q > 0 {
			e.law[word(func(qubit int) bool { return p.register.frame.value(qubit, x) })] += q
		}
	}
	return nil
}

func (e *explorer) add(word uint64, n int) {
	for range n {
		e.words = append(e.words, word)
	}
}
