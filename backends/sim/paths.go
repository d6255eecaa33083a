package sim

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

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
	err = e.follow(&path{register: r, fresh: true, bits: make([]bool, c.Bits), shots: shots, todo: &todo{ops: c.Ops}})
	if err != nil {
		return nil, fmt.Errorf("circuit %q: %w", c.Name, err)
	}
	return e.words, nil
}

// explorer follows the paths of a circuit's shots through its measurements.
type explorer struct {
	ctx           context.Context
	circuit       *ir.Circuit
	trained, data []float64
	rng           *rand.Rand
	words         []uint64
	waiting       int // copies of the state that wait
}

// path is what some of the shots have in common: a state, classical bits, and
// what is left to do.
type path struct {
	register *register
	fresh    bool // the state is still |0…0>
	bits     []bool
	shots    int
	todo     *todo
	steps    int
}

// todo is a stack of operations left, the innermost block first.
type todo struct {
	ops  []ir.Op
	next *todo
}

// follow runs a path to its end. Where its shots part, those that measure 0 are
// followed first on a copy.
func (e *explorer) follow(p *path) error {
	for {
		if err := e.ctx.Err(); err != nil {
			return err
		}
		gates := p.gates()
		if len(gates) > 0 {
			p.register.run(gates, e.trained, e.data, p.fresh)
			p.fresh = false
		}
		if p.todo == nil || p.measuresOnly() {
			e.end(p)
			return nil
		}
		op := p.todo.ops[0]
		p.todo.ops = p.todo.ops[1:]
		if p.steps++; p.steps > maxSteps {
			return fmt.Errorf("a shot ran %d operations without an end", maxSteps)
		}
		var err error
		switch op := op.(type) {
		case *ir.Measure:
			err = e.measure(p, op.Qubit, func(p *path, one bool) {
				if op.Bit >= 0 {
					p.bits[op.Bit] = one
				}
			})
		case *ir.Reset:
			err = e.measure(p, op.Qubit, func(p *path, one bool) {
				if one {
					p.register.frame.x(op.Qubit)
				}
			})
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
			err = fmt.Errorf("the simulator cannot run %T", op)
		}
		if err != nil {
			return err
		}
	}
}

// push puts a block before what is left to do.
func (p *path) push(ops []ir.Op) { p.todo = &todo{ops, p.todo} }

// gates takes the gates that come next, and drops blocks that are done.
func (p *path) gates() (gates []ir.Op) {
	for p.todo != nil {
		if len(p.todo.ops) == 0 {
			p.todo = p.todo.next
			continue
		}
		switch op := p.todo.ops[0].(type) {
		case *ir.Apply, *ir.Unitary:
			gates = append(gates, op)
		case *ir.Barrier, *ir.Delay:
		default:
			return gates
		}
		p.todo.ops = p.todo.ops[1:]
		p.steps++
	}
	return gates
}

// measuresOnly says that only measurements are left.
func (p *path) measuresOnly() bool {
	for t := p.todo; t != nil; t = t.next {
		for _, op := range t.ops {
			switch op.(type) {
			case *ir.Measure, *ir.Barrier, *ir.Delay:
			default:
				return false
			}
		}
	}
	return true
}

// measure parts the shots of a path by the outcome of a qubit and calls then
// for both parts.
func (e *explorer) measure(p *path, qubit int, then func(p *path, one bool)) error {
	value := p.register.frame.form(qubit)
	all, p1 := p.register.weight(nil), p.register.weight(&value)
	ones := 0
	for range p.shots {
		if e.rng.Float64()*all < p1 {
			ones++
		}
	}
	if zeros := p.shots - ones; zeros > 0 && ones > 0 {
		if bytes := 8 * len(p.register.amps) * (e.waiting + 1); bytes > maxPathBytes {
			return fmt.Errorf("shots part at %d measurements of %d qubits: the states that wait need more than %d GiB; measure fewer qubits in the middle, or reuse fewer", e.waiting+1, e.circuit.Qubits, maxPathBytes>>30)
		}
		other := *p
		other.register, other.bits, other.todo = p.register.clone(), slices.Clone(p.bits), p.todo.clone()
		other.shots = zeros
		other.register.project(value, false, 1/math.Sqrt(all-p1))
		then(&other, false)
		e.waiting++
		if err := e.follow(&other); err != nil {
			return err
		}
		e.waiting--
		p.shots = ones
	}
	norm := p1
	if ones == 0 {
		norm = all - p1
	}
	p.register.project(value, ones > 0, 1/math.Sqrt(norm))
	then(p, ones > 0)
	return nil
}

// clone copies the stack, for its slices are cut as operations are done.
func (t *todo) clone() *todo {
	if t == nil {
		return nil
	}
	return &todo{t.ops, t.next.clone()}
}

// end samples the measurements at the end of a path.
func (e *explorer) end(p *path) {
	from := make([]int, len(p.bits))
	for i := range from {
		from[i] = -1
	}
	measured := false
	for t := p.todo; t != nil; t = t.next {
		for _, op := range t.ops {
			if m, ok := op.(*ir.Measure); ok && m.Bit >= 0 {
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
	if !measured {
		e.add(word(nil), p.shots)
		return
	}
	p.register.sample(p.shots, e.rng, func(x uint64, n int) {
		e.add(word(func(q int) bool { return p.register.frame.value(q, x) }), n)
	})
}

func (e *explorer) add(word uint64, n int) {
	for range n {
		e.words = append(e.words, word)
	}
}
