package training

import (
	"math"
	"math/bits"

	f64 "gonum.org/v1/gonum/floats"
)

// wordTable is the critic on all words of one timestep, the other timesteps given;
// a window of one timestep has all windows for its words. It belongs to one goroutine.
type wordTable struct {
	critic *Critic
	n      int
	h      []float64 // hidden units before the ReLU
	last   []float64 // rows of W of the last input, the one before, and their sum
	slopes []float64 // ½ sum_j v_j W_ij of each input, the last one first
	none   []float64 // a row of zeros
	values []float64 // of the 2^n words
	turned []float64 // inputs but the last two x hidden: sums of w·a over the words with that input, the last first
	sums   []float64 // over all words so far: of w·a; of it with the last input; with the one before; of w·max(0, h)
}

func newWordTable(c *Critic, n int) *wordTable {
	return &wordTable{
		critic: c, n: n, h: make([]float64, c.Hidden), last: make([]float64, 3*c.Hidden),
		slopes: make([]float64, n), none: make([]float64, c.Hidden), values: make([]float64, 1<<n),
		turned: make([]float64, n*c.Hidden), sums: make([]float64, 4*c.Hidden),
	}
}

// row is the row of W of a bit of timestep k's word.
func (t *wordTable) row(p []float64, k, bit int) []float64 {
	return t.critic.row(p, k*t.n+t.n-1-bit)
}

// pair fills last for timestep k.
func (t *wordTable) pair(k int) {
	c := t.critic
	a, b, both := t.last[:c.Hidden], t.last[c.Hidden:][:c.Hidden], t.last[2*c.Hidden:]
	copy(a, t.row(c.Params, k, 0))
	copy(b, t.row(c.Params, k, 1))
	for j := range both {
		both[j] = a[j] + b[j]
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
	for bit := range t.slopes {
		t.slopes[bit] = 0.5 * dot(v, t.row(c.Params, k, bit))
	}
	linear := c.Params[len(c.Params)-1] + 0.5*dot(v, t.h)
	if n == 1 {
		t.values[0] = linear + 0.5*dotAbs(v, t.h)
		f64.Add(t.h, t.row(c.Params, k, 0))
		t.values[1] = linear + t.slopes[0] + 0.5*dotAbs(v, t.h)
		return t.values
	}
	t.pair(k)
	inner := [4]float64{0, t.slopes[0], t.slopes[1], t.slopes[0] + t.slopes[1]}
	gray := 0
	move, sign := t.none, 1.0
	var sums [4]float64
	for i := range len(t.values) / 4 {
		if i > 0 {
			var bit int
			bit, sign = turn(&gray, i)
			move = t.row(c.Params, k, bit+2)
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

// turn moves a reflected Gray code to its place i and returns the bit that changes
// and 1 where it is set, -1 where it is cleared.
func turn(gray *int, i int) (bit int, sign float64) {
	bit = bits.TrailingZeros(uint(i))
	*gray ^= 1 << bit
	if *gray>>bit&1 == 0 {
		return bit, -1
	}
	return bit, 1
}

// addGradient adds sum_x weights[x]·dC(x)/dparameters over the words x of timestep k
// to grad, and returns sum_x weights[x]·C(x). With a_j(x) = 1 for the active units,
// the gradient by a row of W is v_j·sum w·a_j over the words with that input. The
// words follow the Gray code: an input that is turned on takes the sum over all
// words so far away and adds it when it is turned off, so four words cost the same
// for any number of inputs.
func (t *wordTable) addGradient(words []uint32, k int, weights, grad []float64) float64 {
	c, n := t.critic, t.n
	c.hiddenWords(words, n, k, t.h)
	clear(t.turned)
	clear(t.sums)
	all, first, second, active := t.sums[:c.Hidden], t.sums[c.Hidden:][:c.Hidden], t.sums[2*c.Hidden:][:c.Hidden], t.sums[3*c.Hidden:]
	total := 0.0
	for _, w := range weights {
		total += w
	}
	if n == 1 {
		t.addUnits(weights[0], all, active)
		f64.Add(t.h, t.row(c.Params, k, 0))
		t.addUnits(weights[1], first, active)
		f64.Add(all, first)
	} else {
		t.pair(k)
		gray := 0
		move, turned, sign := t.none, t.none, 1.0
		for i := range len(weights) / 4 {
			if i > 0 {
				var bit int
				bit, sign = turn(&gray, i)
				move, turned = t.row(c.Params, k, bit+2), t.turned[bit*c.Hidden:][:c.Hidden]
			}
			fourSums(t.h, move, t.last, turned, t.sums, (*[4]float64)(weights[4*gray:]), sign)
		}
		if n > 2 { // the Gray code ends with its highest bit alone
			f64.Add(t.turned[(n-3)*c.Hidden:][:c.Hidden], all)
		}
	}
	v, gb, gv := c.out(c.Params), c.bias(grad), c.out(grad)
	grad[len(grad)-1] += total
	f64.Add(gv, active)
	value := c.Params[len(c.Params)-1]*total + dot(v, active)
	f64.Mul(all, v)
	f64.Add(gb, all)
	for bit := range n {
		sum := first
		switch {
		case bit == 1:
			sum = second
		case bit > 1:
			sum = t.turned[(bit-2)*c.Hidden:][:c.Hidden]
		}
		f64.Mul(sum, v)
		f64.Add(t.row(grad, k, bit), sum)
	}
	for step, word := range words {
		if step == k {
			continue
		}
		for w := word; w != 0; w &= w - 1 {
			f64.Add(t.row(grad, step, bits.TrailingZeros32(w)), all)
		}
	}
	return value
}

// addUnits adds w·a to sum and w·max(0, h) to active.
func (t *wordTable) addUnits(w float64, sum, active []float64) {
	for j, h := range t.h {
		if h > 0 {
			sum[j] += w
			active[j] += w * h
		}
	}
}

// fourSumsGo is fourSums in plain Go.
func fourSumsGo(h, row, last, turned, sums []float64, weights *[4]float64, sign float64) {
	n := len(h)
	a, b, both := last[:n], last[n:][:n], last[2*n:][:n]
	all, first, second, active := sums[:n], sums[n:][:n], sums[2*n:][:n], sums[3*n:][:n]
	row, turned = row[:n], turned[:n]
	w := *weights
	for j, x := range h {
		x += sign * row[j]
		h[j] = x
		turned[j] -= sign * all[j]
		w0, r0 := unit(x, w[0])
		w1, r1 := unit(x+a[j], w[1])
		w2, r2 := unit(x+b[j], w[2])
		w3, r3 := unit(x+both[j], w[3])
		with, without := w1+w3, w0+w2
		first[j] += with
		second[j] += w2 + w3
		all[j] += with + without
		active[j] += (r0 + r1) + (r2 + r3)
	}
}

// unit returns w·a and w·max(0, h), a being 0 where h is negative and 1 else. Which
// it is can't be foreseen, so nothing branches.
func unit(h, w float64) (wa, wh float64) {
	negative := uint64(int64(math.Float64bits(h)) >> 63)
	wa = math.Float64frombits(math.Float64bits(w) &^ negative)
	return wa, wa * h
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
