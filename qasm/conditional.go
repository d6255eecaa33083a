package qasm

import (
	"math/big"
	"slices"

	"qgan/ir"
)

// conditional lowers an if or switch to what OpenQASM 2 can say, if(c==n) before
// a single operation, c a whole register: for each value of the register, the
// operations that run then.
func (l *lowering) conditional(out []ir.Op, op ir.Op, read []int, name, where string) []ir.Op {
	if k, ok := op.(*ir.If); ok {
		if cond, ok := l.condition(k.Cond); ok && len(cond.atoms) == 0 { // known
			chosen := k.Then
			if cond.negated {
				chosen = k.Else
			}
			return append(out, l.inPlace(chosen, where)...)
		}
	}
	var values []*big.Int
	reg, ok := l.registerOf(read)
	if ok {
		values, ok = l.values(op, reg)
	}
	if !ok {
		l.refuse(where, "compare one register of at most 8 bits, or any one register with ==", "%s with this condition", name)
		return out
	}
	c := chooser{register: reg, bits: make([]bool, reg.first+reg.size)}
	first := len(out)
	for _, v := range values {
		reg.set(c.bits, v)
		chosen, ok := c.choose(nil, []ir.Op{op})
		if !ok {
			l.refuse(where, "let it read one register, and no bit that is measured before it there", "%s that holds a loop or another condition", name)
			return out
		}
		if !l.repeat(chosen, 1, where) {
			return out
		}
		for _, one := range l.inPlace(chosen, where) {
			if _, ok := one.(*ir.Barrier); ok {
				l.leaveOut("barrier")
				continue
			}
			out = append(out, &ir.If{Cond: ir.Compare{Bits: reg.indices(), Rel: ir.Equal, Value: v}, Then: []ir.Op{one}})
		}
	}
	for k := first; k < len(out)-1; k++ {
		if c.writes(out[k].(*ir.If).Then[0]) {
			l.refuse(where, "measure into another register", "%s that changes the register it reads", name)
			return out[:first]
		}
	}
	return out
}

// registerOf finds the register that holds all of the bits.
func (l *lowering) registerOf(bits []int) (register, bool) {
	i := slices.IndexFunc(l.bits, func(r register) bool {
		return !slices.ContainsFunc(bits, func(b int) bool { return !r.holds(b) })
	})
	if i < 0 {
		return register{}, false
	}
	return l.bits[i], true
}

// inPlace lowers operations that stand behind no condition of their own.
func (l *lowering) inPlace(ops []ir.Op, where string) []ir.Op {
	out, phase := l.ops(ops, where+" then")
	if !phase.IsZero() {
		l.phases = true
	}
	return out
}

// values returns the values of the register for which an if or switch may do
// something, false for too many.
func (l *lowering) values(op ir.Op, r register) ([]*big.Int, bool) {
	switch op := op.(type) {
	case *ir.If:
		cond, ok := l.condition(op.Cond)
		if ok && len(op.Else) == 0 && !cond.negated && len(cond.atoms) == 1 && r.is(cond.atoms[0].Bits) {
			return []*big.Int{cond.atoms[0].Value}, true
		}
	case *ir.Switch:
		if len(op.Default) == 0 && r.is(op.Bits) {
			var out []*big.Int
			for _, k := range op.Cases {
				for _, v := range k.Values {
					if v.Sign() >= 0 && v.BitLen() <= r.size {
						out = append(out, v)
					}
				}
			}
			return out, true
		}
	}
	return r.values()
}

// chooser finds the operations that run while a register holds what bits says.
type chooser struct {
	register register
	bits     []bool
	written  bool
}

// choose appends what runs of ops, false where the bits do not tell.
func (c *chooser) choose(out, ops []ir.Op) ([]ir.Op, bool) {
	for _, op := range ops {
		var read []int
		var body func() []ir.Op
		switch op := op.(type) {
		case *ir.While:
			return nil, false
		case *ir.If:
			read = ir.CondBits(op.Cond)
			body = func() []ir.Op {
				if op.Cond.Holds(c.bits) {
					return op.Then
				}
				return op.Else
			}
		case *ir.Switch:
			read, body = op.Bits, func() []ir.Op { return op.Pick(c.bits) }
		default:
			c.written = c.written || c.writes(op)
			out = append(out, op)
			continue
		}
		if slices.ContainsFunc(read, func(b int) bool { return c.written || !c.register.holds(b) }) {
			return nil, false
		}
		var ok bool
		if out, ok = c.choose(out, body()); !ok {
			return nil, false
		}
	}
	return out, true
}

// writes reports whether an operation measures into the register.
func (c *chooser) writes(op ir.Op) bool {
	m, ok := op.(*ir.Measure)
	return ok && c.register.holds(m.Bit)
}
