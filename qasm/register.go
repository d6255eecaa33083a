package qasm

import (
	"math/big"

	"qgan/ir"
)

// register is a declared register: size flat qubits or bits from first on.
type register struct {
	asked, name string
	first, size int
}

// is reports whether the register consists of these bits in this order.
func (r register) is(bits []int) bool {
	if len(bits) != r.size {
		return false
	}
	for i, b := range bits {
		if b != r.first+i {
			return false
		}
	}
	return true
}

func (r register) holds(bit int) bool { return bit >= r.first && bit < r.first+r.size }

func (r register) indices() []int {
	out := make([]int, r.size)
	for i := range out {
		out[i] = r.first + i
	}
	return out
}

// set gives the bits of the register the value of a number.
func (r register) set(bits []bool, v *big.Int) {
	for i := range r.size {
		bits[r.first+i] = v.Bit(i) == 1
	}
}

// values returns all values of a register of at most maxTreeBits bits.
func (r register) values() ([]*big.Int, bool) {
	if r.size > maxTreeBits {
		return nil, false
	}
	out := make([]*big.Int, 1<<r.size)
	for i := range out {
		out[i] = big.NewInt(int64(i))
	}
	return out, true
}

// registers chooses the registers to declare for n qubits or bits: those of the
// circuit that hold them one after the other, so that a reader counts them as
// the circuit does; otherwise a single one. Registers that overlap those chosen
// (aliases) are left out.
func registers(regs []ir.Register, n int, name string, one bool) []register {
	if n == 0 {
		return nil
	}
	var out []register
	next := 0
	for _, r := range regs {
		k := register{asked: r.Name, first: next, size: len(r.Indices)}
		if k.size > 0 && k.is(r.Indices) {
			out = append(out, k)
			next += k.size
		}
	}
	if next != n || one && len(out) > 1 {
		return []register{{asked: name, size: n}}
	}
	return out
}

// tiling returns the registers where they hold n qubits or bits one after the
// other, nil where they do not.
func tiling(regs []ir.Register, n int) []ir.Register {
	next := 0
	for _, r := range regs {
		for _, i := range r.Indices {
			if i != next {
				return nil
			}
			next++
		}
	}
	if next != n || n == 0 {
		return nil
	}
	return regs
}
