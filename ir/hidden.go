package ir

import (
	"math/big"
	"slices"
)

// DropUnread takes what no word depends on out of a circuit: assignments to hidden bits that
// nothing reads, and of measurements into such bits the outcome. Hidden bits that are left
// are numbered anew.
func (c *Circuit) DropUnread() {
	if c.Hidden == 0 {
		return
	}
	read := make([]bool, c.AllBits())
	for b := range c.Bits {
		read[b] = true
	}
	for changed := true; changed; {
		changed = false
		Walk(c.Ops, func(op Op) error {
			var bits []int
			switch op := op.(type) {
			case *Measure:
				return nil
			case *Assign:
				for i, b := range op.Bits {
					if read[b] {
						bits = append(bits, CondBits(op.Values[i])...)
					}
				}
			default:
				bits = BitsOf(op)
			}
			for _, b := range bits {
				changed = changed || !read[b]
				read[b] = true
			}
			return nil
		})
	}
	to := make([]int, len(read))
	next := c.Bits
	for b := range to {
		switch {
		case b < c.Bits:
			to[b] = b
		case read[b]:
			to[b] = next
			next++
		default:
			to[b] = -1
		}
	}
	c.Hidden = next - c.Bits
	c.Ops = dropUnread(Renumber(c.Ops, func(q int) int { return q }, func(b int) int { return to[b] }))
}

func dropUnread(ops []Op) []Op {
	if ops == nil {
		return nil
	}
	out := make([]Op, 0, len(ops))
	for _, op := range ops {
		if a, ok := op.(*Assign); ok {
			kept := &Assign{}
			for i, b := range a.Bits {
				if b >= 0 {
					kept.Bits, kept.Values = append(kept.Bits, b), append(kept.Values, a.Values[i])
				}
			}
			if len(kept.Bits) == 0 {
				continue
			}
			op = kept
		}
		bodies := Bodies(op)
		for i, body := range bodies {
			bodies[i] = dropUnread(body)
		}
		out = append(out, WithBodies(op, bodies))
	}
	return out
}

// Coalesce measures into a bit at once where a bit is measured for the sake of another, which
// is given its value, and nothing else reads it: as the result of a subroutine, or before the bit
// is measured anew.
func (c *Circuit) Coalesce() { c.Ops = c.coalesce(c.Ops) }

func (c *Circuit) coalesce(ops []Op) []Op {
	out := make([]Op, len(ops))
	for i, op := range ops {
		bodies := Bodies(op)
		for k, body := range bodies {
			bodies[k] = c.coalesce(body)
		}
		out[i] = WithBodies(op, bodies)
	}
	for j := 0; j < len(out); j++ {
		for again := true; again; {
			again = false
			a, ok := out[j].(*Assign)
			for k := 0; ok && k < len(a.Bits); k++ {
				if y, copies := copied(a.Values[k]); copies && y != a.Bits[k] && c.join(out, j, y, a.Bits[k]) {
					out[j] = &Assign{slices.Delete(slices.Clone(a.Bits), k, k+1), slices.Delete(slices.Clone(a.Values), k, k+1)}
					again = true
					break
				}
			}
		}
	}
	return slices.DeleteFunc(out, func(op Op) bool { a, ok := op.(*Assign); return ok && len(a.Bits) == 0 })
}

// copied returns the bit of which a condition is the value.
func copied(v Cond) (int, bool) {
	k, ok := v.(Compare)
	if !ok || len(k.Bits) != 1 || k.Rel != Equal || k.Value.Cmp(big.NewInt(1)) != 0 {
		return 0, false
	}
	return k.Bits[0], true
}

// join measures bit y, which the assignment at j gives to x, into x, and reports whether that
// is the same.
func (c *Circuit) join(ops []Op, j, y, x int) bool {
	if touches(ops[j], x).reads { // the assignment computes with what x was
		return false
	}
	// The measurement of y.
	i := j - 1
	for ; i >= 0; i-- {
		if m, ok := ops[i].(*Measure); ok && m.Bit == y {
			break
		}
		if w, r := touches(ops[i], x), touches(ops[i], y); w.writes || w.reads || r.writes {
			return false
		}
	}
	if i < 0 {
		return false
	}
	// Nothing else reads it before it is measured anew, or ever.
	if timesRead(ops[j].(*Assign).Values, y) != 1 {
		return false
	}
	for k := j + 1; ; k++ {
		if k == len(ops) {
			if y < c.Bits || readsOf(c.Ops, y) != 1 {
				return false
			}
			break
		}
		if m, ok := ops[k].(*Measure); ok && m.Bit == y {
			break
		}
		if of := touches(ops[k], y); of.writes || of.reads {
			return false
		}
	}
	for n := i + 1; n < j; n++ {
		if touches(ops[n], y).reads {
			return false
		}
	}
	ops[i] = &Measure{ops[i].(*Measure).Qubit, x}
	return true
}

// touch is what an operation does to a bit.
type touch struct{ reads, writes bool }

func touches(op Op, bit int) (t touch) {
	Walk([]Op{op}, func(op Op) error {
		switch op := op.(type) {
		case *Measure:
			t.writes = t.writes || op.Bit == bit
		case *Assign:
			t.writes = t.writes || slices.Contains(op.Bits, bit)
			t.reads = t.reads || slices.Contains(CondBits(All(op.Values)), bit)
		default:
			t.reads = t.reads || slices.Contains(BitsOf(op), bit)
		}
		return nil
	})
	return t
}

// timesRead counts the values that read a bit.
func timesRead(values []Cond, bit int) (n int) {
	for _, v := range values {
		if slices.Contains(CondBits(v), bit) {
			n++
		}
	}
	return n
}

// readsOf counts the operations that read a bit.
func readsOf(ops []Op, bit int) (n int) {
	Walk(ops, func(op Op) error {
		if a, ok := op.(*Assign); ok {
			if slices.Contains(CondBits(All(a.Values)), bit) {
				n++
			}
		} else if _, ok := op.(*Measure); !ok && slices.Contains(BitsOf(op), bit) {
			n++
		}
		return nil
	})
	return n
}
