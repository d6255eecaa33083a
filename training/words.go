package training

import (
	"math"
	"math/bits"
)

// wordTable computes the critic's value of all words of one timestep, the other
// timesteps given. It belongs to one goroutine.
type wordTable struct {
	critic *Critic
	n      int
	h      []float64 // hidden units before the ReLU
	last   []float64 // rows of W of the last input, the one before, and their sum
	slopes []float64 // ½ sum_j v_j W_ij of each input, the last one first
	none   []float64 // a row of zeros
	values []float64 // of the 2^n words
}

func newWordTable(c *Critic, n int) *wordTable {
	return &wordTable{
		critic: c, n: n, h: make([]float64, c.Hidden), last: make([]float64, 3*c.Hidden),
		slopes: make([]float64, n), none: make([]float64, c.Hidden), values: make([]float64, 1<<n),
	}
}

// fill computes the values of timestep k for a window of words and returns
// them. Four words at a time differ in the last two inputs; from four to four,
// words follow the reflected Gray code, so that one row of W is added or taken
// away, and
//
//	sum_j v_j max(0, h_j) = ½ sum_j v_j h_j + ½ sum_j v_j |h_j|,
//
// whose first sum changes by a number known for each row.
func (t *wordTable) fill(words []uint32, k int) []float64 {
	c, n := t.critic, t.n
	c.hiddenWords(words, n, k, t.h)
	v := c.out(c.Params)
	row := func(bit int) []float64 { return c.row(c.Params, k*n+n-1-bit) } // of the word's bit
	for bit := range t.slopes {
		t.slopes[bit] = 0.5 * dot(v, row(bit))
	}
	linear := c.Params[len(c.Params)-1] + 0.5*dot(v, t.h)
	if n == 1 {
		t.values[0] = linear + 0.5*dotAbs(v, t.h)
		for j, w := range row(0) {
			t.h[j] += w
		}
		t.values[1] = linear + t.slopes[0] + 0.5*dotAbs(v, t.h)
		return t.values
	}
	a, b, both := t.last[:c.Hidden], t.last[c.Hidden:][:c.Hidden], t.last[2*c.Hidden:]
	copy(a, row(0))
	copy(b, row(1))
	for j := range both {
		both[j] = a[j] + b[j]
	}
	inner := [4]float64{0, t.slopes[0], t.slopes[1], t.slopes[0] + t.slopes[1]}
	gray := 0
	move, sign := t.none, 1.0
	var sums [4]float64
	for i := range len(t.values) / 4 {
		if i > 0 {
			bit := bits.TrailingZeros(uint(i))
			gray ^= 1 << bit
			sign = 1
			if gray>>bit&1 == 0 {
				sign = -1
			}
			move = row(bit + 2)
			linear += sign * t.slopes[bit+2]
		}
		four(t.h, move, t.last, v, sign, &sums)
		out := t.values[4*gray:][:4]
		for j := range out {
			out[j] = linear + inner[j] + 0.5*sums[j]
		}
	}
	return t.values
}

// fourGo is four in plain Go.
func fourGo(h, row, last, v []float64, sign float64, sums *[4]float64) {
	n := len(h)
	a, b, both := last[:n], last[n:][:n], last[2*n:][:n]
	row, v = row[:n], v[:n]
	var s0, s1, s2, s3 float64 // four sums, so that additions need not wait
	for j, x := range h {
		x += sign * row[j]
		h[j] = x
		s0 += v[j] * math.Abs(x)
		s1 += v[j] * math.Abs(x+a[j])
		s2 += v[j] * math.Abs(x+b[j])
		s3 += v[j] * math.Abs(x+both[j])
	}
	*sums = [4]float64{s0, s1, s2, s3}
}

func dot(a, b []float64) float64 {
	sum := 0.0
	for i, x := range a {
		sum += x * b[i]
	}
	return sum
}

// dotAbs is sum_j v_j |h_j|.
func dotAbs(v, h []float64) float64 {
	sum := 0.0
	for j, x := range h {
		sum += v[j] * math.Abs(x)
	}
	return sum
}
