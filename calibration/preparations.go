package calibration

import (
	"math/bits"
	"slices"

	"qgan/ir"
)

// ReadoutCircuits prepares basis states and measures them, to calibrate a readout.
// Simulators and processors run the circuits in the same way.
type ReadoutCircuits struct {
	// Like is a circuit whose registers are taken over, so that qubits and bits are
	// those of the circuits whose outcomes are to be corrected.
	Like *ir.Circuit
	// Qubits and Bits are what is measured: Qubits[i] into Bits[i].
	Qubits, Bits []int
	// Flip returns what turns |0> to |1> on a qubit and back; nil: an x.
	Flip func(qubit int) []ir.Op
}

// Prepare returns the circuit that prepares a word, bit i of it (the first the most
// significant) on Qubits[i], and measures it.
func (r ReadoutCircuits) Prepare(word uint64) *ir.Circuit {
	c := *r.Like
	c.Name, c.Trained, c.Data, c.Phase, c.Ops = "readout", nil, nil, ir.Angle{}, nil
	for i, q := range r.Qubits {
		if word>>(len(r.Qubits)-1-i)&1 == 1 {
			c.Ops = append(c.Ops, r.Flips(q)...)
		}
	}
	for i, q := range r.Qubits {
		c.Ops = append(c.Ops, &ir.Measure{Qubit: q, Bit: r.Bits[i]})
	}
	return &c
}

// Flips returns the operations that flip a qubit.
func (r ReadoutCircuits) Flips(qubit int) []ir.Op {
	if r.Flip != nil {
		return r.Flip(qubit)
	}
	return []ir.Op{&ir.Apply{Gate: ir.X, Qubits: []int{qubit}}}
}

// TensoredWords lists the two words that tell the errors of each bit on its own.
func TensoredWords(n int) []uint64 { return []uint64{0, ones(n)} }

// FullWords lists all words, which tell the errors of all bits together.
func FullWords(n int) []uint64 {
	words := make([]uint64, 1<<n)
	for i := range words {
		words[i] = uint64(i)
	}
	return words
}

// BalancedWords lists words such that in any three bits each of the eight values
// occurs equally often: all words for up to five bits, 2^k for up to 2^(k-1). They
// are the masks that twirl a readout (errors then depend on what was prepared only
// where four bits do together), and preparing them tells each bit's errors averaged
// over what the others are.
//
// The words are a linear code: bit i of word x is the parity of x in the places of
// column i, and the columns are different numbers of odd weight, any three of which
// are independent.
func BalancedWords(n int) []uint64 {
	k := min(max(n, 1), 5)
	for 1<<(k-1) < n {
		k++
	}
	columns := make([]uint64, 0, 1<<(k-1))
	for x := range uint64(1) << k {
		if bits.OnesCount64(x)%2 == 1 {
			columns = append(columns, x)
		}
	}
	// Those of one bit come first, so that up to five columns are independent.
	slices.SortStableFunc(columns, func(a, b uint64) int { return bits.OnesCount64(a) - bits.OnesCount64(b) })
	words := make([]uint64, 1<<k)
	for x := range words {
		for i := range n {
			words[x] |= uint64(bits.OnesCount64(uint64(x)&columns[i])%2) << (n - 1 - i)
		}
	}
	return words
}

// ones has the lowest n bits set.
func ones(n int) uint64 { return ^uint64(0) >> (64 - n) }

// EstimateTensored estimates the errors of each bit on its own from the histograms
// of prepared words: P(1|0) is how often it was read as 1 among the shots in which it
// was prepared as 0. Each bit has to be prepared both ways.
func EstimateTensored(prepared []uint64, read []Histogram) (Estimate, error) {
	n, err := checkPrepared(prepared, read)
	if err != nil {
		return Estimate{}, err
	}
	e := Estimate{Confusion: Confusion{Bits: n}}
	for b := range n {
		at := n - 1 - b
		var count [2][2]int // measured, prepared
		for i, h := range read {
			for j, w := range h.Words {
				count[w>>at&1][prepared[i]>>at&1] += h.N[j]
			}
		}
		a, shots := [][]float64{{0, 0}, {0, 0}}, []int{0, 0}
		for p := range 2 {
			if shots[p] = count[0][p] + count[1][p]; shots[p] == 0 {
				return Estimate{}, invalid("bit %d was never prepared as %d", b, p)
			}
			for m := range 2 {
				a[m][p] = float64(count[m][p]) / float64(shots[p])
			}
		}
		e.Groups, e.Shots = append(e.Groups, ConfusionGroup{[]int{b}, a}), append(e.Shots, shots)
	}
	return e, nil
}

// EstimateFull estimates the errors of all bits together, one matrix whose column is
// the histogram of its word. All words have to be prepared, of at most MaxGroupBits.
func EstimateFull(prepared []uint64, read []Histogram) (Estimate, error) {
	n, err := checkPrepared(prepared, read)
	if err != nil {
		return Estimate{}, err
	}
	if n > MaxGroupBits {
		return Estimate{}, invalid("the errors of %d bits together need 2^%d circuits, they are estimated for at most %d bits", n, n, MaxGroupBits)
	}
	size := 1 << n
	a, shots, group := make([][]float64, size), make([]int, size), ConfusionGroup{}
	for i := range a {
		a[i] = make([]float64, size)
	}
	for i, h := range read {
		for j, w := range h.Words {
			a[w][prepared[i]] += float64(h.N[j])
			shots[prepared[i]] += h.N[j]
		}
	}
	for c, total := range shots {
		if total == 0 {
			return Estimate{}, invalid("the word %0*b was never prepared", n, c)
		}
		for m := range a {
			a[m][c] /= float64(total)
		}
	}
	for b := range n {
		group.Bits = append(group.Bits, b)
	}
	group.A = a
	return Estimate{Confusion{n, []ConfusionGroup{group}}, [][]int{shots}}, nil
}

// checkPrepared reports histograms that don't fit the prepared words, and returns
// their bits.
func checkPrepared(prepared []uint64, read []Histogram) (int, error) {
	if len(prepared) == 0 || len(prepared) != len(read) {
		return 0, invalid("%d histograms of %d prepared words", len(read), len(prepared))
	}
	n := read[0].Bits
	for i, h := range read {
		if h.Bits != n {
			return 0, invalid("histograms of %d and of %d bits", n, h.Bits)
		}
		if _, _, _, err := h.frequencies(); err != nil {
			return 0, err
		}
		if prepared[i]&^ones(n) != 0 {
			return 0, invalid("the prepared word %b has more than %d bits", prepared[i], n)
		}
	}
	return n, nil
}
