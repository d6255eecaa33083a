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
// is given its value and keeps it: as the result of a subroutine, or before the bit is measured
// anew. What reads the bit in between reads the other one.
func (c *Circuit) Coalesce() { c.Ops = c.coalesce(c.Ops, true) }

func (c *Circuit) coalesce(ops []Op, top bool) []Op {
	out := make([]Op, len(ops))
	for i, op := range ops {
		bodies := Bodies(op)
		for k, body := range bodies {
			bodies[k] = c.coalesce(body, false)
		}
		out[i] = WithBodies(op, bodies)
	}
	for j := 0; j < len(out); j++ {
		for again := true; again; {
			again = false
			a, ok := out[j].(*Assign)
			for k := 0; ok && k < len(a.Bits); k++ {
				if y, copies := copied(a.Values[k]); copies && y != a.Bits[k] && c.join(out, j, y, a.Bits[k], top) {
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
func (c *Circuit) join(ops []Op, j, y, x int, top bool) bool {
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
	// Where y is written anew.
	k := j + 1
	over := false // x may not be y any more
	for ; k < len(ops); k++ {
		if m, ok := ops[k].(*Measure); ok && m.Bit == y {
			break
		}
		of := touches(ops[k], y)
		if of.writes || of.reads && over {
			return false
		}
		over = over || touches(ops[k], x).writes
	}
	if k == len(ops) && (y < c.Bits || !top) {
		if y < c.Bits || c.reads(y) != readsOf(ops[i+1:], y) {
			return false
		}
	}
	for n := i; n < k; n++ {
		if n == i {
			ops[n] = &Measure{ops[n].(*Measure).Qubit, x}
			continue
		}
		ops[n] = Renumber([]Op{ops[n]}, func(q int) int { return q }, func(b int) int {
			if b == y {
				return x
			}
			return b
		})[0]
	}
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

// reads counts the operations that read a bit.
func (c *Circuit) reads(bit int) int { return readsOf(c.Ops, bit) }

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
