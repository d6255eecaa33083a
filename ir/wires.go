package ir

import "slices"

// Wires returns what an operation is on, in a circuit of so many qubits: the qubits that it
// names, and behind all of them, bit b as qubits+b, the bits that it reads or writes; of a
// block those of everything within. Each stands there once, in the order in which it is met.
// Two operations that share no wire can change places, and whatever orders operations orders
// those that share one: a gate behind a condition on a bit comes after what was measured into
// it, and of two measurements into one bit the last stays the last.
func Wires(op Op, qubits int) []int {
	switch op := op.(type) { // most of them, which name nothing twice
	case *Apply:
		return op.Qubits
	case *Unitary:
		return op.Qubits
	case *Barrier:
		return op.Qubits
	case *Delay:
		return op.Qubits
	case *Opaque:
		return op.Qubits
	case *Reset:
		return []int{op.Qubit}
	case *Measure:
		if op.Bit < 0 {
			return []int{op.Qubit}
		}
		return []int{op.Qubit, qubits + op.Bit}
	}
	var out []int
	seen := map[int]bool{}
	add := func(list []int, offset int) {
		for _, i := range list {
			if !seen[i+offset] {
				seen[i+offset] = true
				out = append(out, i+offset)
			}
		}
	}
	add(BitsOf(op), qubits)
	for _, body := range Bodies(op) {
		for _, inner := range body {
			add(Wires(inner, qubits), 0)
		}
	}
	return out
}

// split parts wires into qubits and bits.
func split(wires []int, qubits int) (q, b []int) {
	for _, w := range wires {
		if w < qubits {
			q = append(q, w)
		} else {
			b = append(b, w-qubits)
		}
	}
	return q, b
}

// QubitsOf returns the qubits that an operation names; of a block those of everything within.
func QubitsOf(op Op) []int {
	const all = int(^uint(0)>>1) / 2
	q, _ := split(Wires(op, all), all)
	return q
}

// BitsOf returns the bits that an operation reads or writes itself, without its blocks, where
// it is a measurement, an assignment or classical control.
func BitsOf(op Op) []int {
	switch op := op.(type) {
	case *Measure:
		if op.Bit >= 0 {
			return []int{op.Bit}
		}
	case *Assign:
		return slices.Concat(op.Bits, CondBits(All(op.Values)))
	case *If:
		return CondBits(op.Cond)
	case *While:
		return CondBits(op.Cond)
	case *Switch:
		return op.Bits
	}
	return nil
}
