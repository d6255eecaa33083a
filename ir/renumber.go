package ir

import (
	"fmt"
	"math/big"
	"strconv"
	"strings"
)

// Renumber returns a copy of ops on other qubits and bits. A bit of -1 stays.
func Renumber(ops []Op, qubit, bit func(int) int) []Op {
	if ops == nil {
		return nil
	}
	out := make([]Op, len(ops))
	for i, op := range ops {
		switch op := op.(type) {
		case *Apply:
			k := *op
			k.Qubits = renumbered(op.Qubits, qubit)
			out[i] = &k
		case *Unitary:
			out[i] = &Unitary{op.Name, op.Matrix, renumbered(op.Qubits, qubit)}
		case *Measure:
			k := Measure{qubit(op.Qubit), op.Bit}
			if k.Bit >= 0 {
				k.Bit = bit(k.Bit)
			}
			out[i] = &k
		case *Reset:
			out[i] = &Reset{qubit(op.Qubit)}
		case *Barrier:
			out[i] = &Barrier{renumbered(op.Qubits, qubit)}
		case *Delay:
			out[i] = &Delay{op.Duration, op.Unit, renumbered(op.Qubits, qubit)}
		case *Opaque:
			out[i] = &Opaque{op.Kind, op.Text, renumbered(op.Qubits, qubit)}
		case *Assign:
			k := &Assign{Bits: renumbered(op.Bits, bit)}
			for _, v := range op.Values {
				k.Values = append(k.Values, renumberedCond(v, bit))
			}
			out[i] = k
		case *If:
			out[i] = &If{renumberedCond(op.Cond, bit), Renumber(op.Then, qubit, bit), Renumber(op.Else, qubit, bit)}
		case *While:
			out[i] = &While{renumberedCond(op.Cond, bit), Renumber(op.Body, qubit, bit)}
		case *Switch:
			k := &Switch{Bits: renumbered(op.Bits, bit), Default: Renumber(op.Default, qubit, bit)}
			for _, c := range op.Cases {
				k.Cases = append(k.Cases, Case{append([]*big.Int(nil), c.Values...), Renumber(c.Body, qubit, bit)})
			}
			out[i] = k
		}
	}
	return out
}

func renumbered(list []int, f func(int) int) []int {
	if list == nil {
		return nil
	}
	out := make([]int, len(list))
	for i, x := range list {
		out[i] = f(x)
	}
	return out
}

func renumberedCond(c Cond, bit func(int) int) Cond {
	several := func(cs []Cond) []Cond {
		out := make([]Cond, len(cs))
		for i, x := range cs {
			out[i] = renumberedCond(x, bit)
		}
		return out
	}
	switch c := c.(type) {
	case Compare:
		return Compare{renumbered(c.Bits, bit), c.Rel, c.Value}
	case All:
		return All(several(c))
	case Any:
		return Any(several(c))
	case Not:
		return Not{renumberedCond(c.Cond, bit)}
	}
	return c
}

// DropIdle returns the circuit without the qubits that no gate, measurement or
// reset acts on; barriers, delays and registers name what is left.
func DropIdle(c *Circuit) *Circuit {
	used := make([]bool, c.Qubits)
	Walk(c.Ops, func(op Op) error {
		for _, q := range ActsOn(op) {
			used[q] = true
		}
		return nil
	})
	to := make([]int, c.Qubits)
	n := 0
	for q, u := range used {
		if to[q] = -1; u {
			to[q] = n
			n++
		}
	}
	if n == c.Qubits {
		return c
	}
	out := *c
	out.Qubits = n
	out.QubitRegs = nil
	for _, r := range c.QubitRegs {
		if left := kept(renumbered(r.Indices, func(q int) int { return to[q] })); len(left) > 0 {
			out.QubitRegs = append(out.QubitRegs, Register{r.Name, left})
		}
	}
	out.Ops = Renumber(c.Ops, func(q int) int { return to[q] }, func(b int) int { return b })
	Walk(out.Ops, func(op Op) error {
		switch op := op.(type) {
		case *Barrier:
			op.Qubits = kept(op.Qubits)
		case *Delay:
			op.Qubits = kept(op.Qubits)
		case *Opaque:
			op.Qubits = kept(op.Qubits)
		}
		return nil
	})
	return &out
}

func kept(list []int) []int {
	out := list[:0]
	for _, i := range list {
		if i >= 0 {
			out = append(out, i)
		}
	}
	return out
}

// maxPhysical bounds the numbers of physical qubits.
const maxPhysical = 1 << 20

// Physical returns the circuit on physical qubits: where a register $n names a
// qubit, it becomes qubit n, any other keeps its number. Qubits between are
// idle. Two qubits of one number are an error.
func Physical(c *Circuit) (*Circuit, error) {
	to := make([]int, c.Qubits)
	for q := range to {
		to[q] = q
	}
	moved := false
	for _, r := range c.QubitRegs {
		digits, ok := strings.CutPrefix(r.Name, "$")
		if n, err := strconv.Atoi(digits); ok && err == nil && len(r.Indices) == 1 {
			if n < 0 || n > maxPhysical {
				return nil, fmt.Errorf("circuit %q: physical qubit %s is out of range", c.Name, r.Name)
			}
			to[r.Indices[0]] = n
			moved = moved || r.Indices[0] != n
		}
	}
	if !moved {
		return c, nil
	}
	out := *c
	out.Qubits, out.QubitRegs = 0, nil
	from := map[int]int{}
	for q, n := range to {
		if p, ok := from[n]; ok {
			return nil, fmt.Errorf("circuit %q: qubits %d and %d are both physical qubit %d: name all by $n or none", c.Name, p, q, n)
		}
		from[n] = q
		out.Qubits = max(out.Qubits, n+1)
	}
	out.Ops = Renumber(c.Ops, func(q int) int { return to[q] }, func(b int) int { return b })
	return &out, nil
}
