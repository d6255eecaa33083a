package calibration

import "math"

// Confusion is a processor's readout error: for groups of bits the
// column-stochastic matrix A[measured][prepared]. Bits in no group are read
// without error.
type Confusion struct {
	Bits   int
	Groups []ConfusionGroup
}

// ConfusionGroup is the readout error of some bits: A is 2^k x 2^k, and Bits[0]
// is the most significant bit of its indices.
type ConfusionGroup struct {
	Bits []int
	A    [][]float64
}

// Check reports groups whose bits are not there or in two of them, and matrices
// that are not 2^k x 2^k laws of their columns.
func (c Confusion) Check() error {
	seen := map[int]bool{}
	for _, g := range c.Groups {
		dim := 1 << len(g.Bits)
		for _, b := range g.Bits {
			if b < 0 || b >= c.Bits || seen[b] {
				return invalid("bit %d is in two groups or not among %d", b, c.Bits)
			}
			seen[b] = true
		}
		if len(g.A) != dim {
			return invalid("%d rows for %d bits, %d are needed", len(g.A), len(g.Bits), dim)
		}
		for prepared := range dim {
			sum := 0.0
			for measured, row := range g.A {
				if len(row) != dim {
					return invalid("row %d has %d numbers, %d are needed", measured+1, len(row), dim)
				}
				if !(row[prepared] >= 0 && row[prepared] <= 1) {
					return invalid("row %d, column %d is %v, which is no probability", measured+1, prepared+1, row[prepared])
				}
				sum += row[prepared]
			}
			if math.Abs(sum-1) > toleranceTP {
				return invalid("column %d adds up to %v, not to 1: rows are what was measured, columns what was prepared", prepared+1, sum)
			}
		}
	}
	return nil
}

// Apply returns the law of the bits as they are read, given the law of the bits
// as they are, both by state index, bit 0 the most significant.
func (c Confusion) Apply(law []float64) []float64 {
	out := append([]float64(nil), law...)
	for _, g := range c.Groups {
		k := len(g.Bits)
		off := make([]int, 1<<k)
		mask := 0
		for i := range off {
			for j, b := range g.Bits {
				if i>>(k-1-j)&1 == 1 {
					off[i] |= 1 << (c.Bits - 1 - b)
				}
			}
			mask |= off[i]
		}
		in := make([]float64, 1<<k)
		for x := range out {
			if x&mask != 0 {
				continue
			}
			for i, o := range off {
				in[i] = out[x|o]
			}
			for i, o := range off {
				s := 0.0
				for j, p := range in {
					s += g.A[i][j] * p
				}
				out[x|o] = s
			}
		}
	}
	return out
}
