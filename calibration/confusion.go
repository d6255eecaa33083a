package calibration

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

// Check ...
func (c Confusion) Check() error { return nil }

// Apply ...
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
