package calibration

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// Bounds of confusions that are inverted.
const (
	// leastDeterminant is the least 1 - P(1|0) - P(0|1) of a bit, and the inverse
	// of the largest one-norm of a group's inverse: below it, more than 10⁴ times
	// the shots would be needed.
	leastDeterminant = 0.01
	// MaxGroupBits bounds the bits whose confusion is one matrix that is inverted.
	MaxGroupBits = 10
)

// NotInvertible says that the readout errors of bits can't be undone.
type NotInvertible struct {
	Bits []int
	Why  string
}

// Error names the bits by their number.
func (e *NotInvertible) Error() string {
	return e.Describe(func(bit int) string { return fmt.Sprintf("bit %d", bit) })
}

// BadInput reports that other calibration data, or another method, have to be given.
func (e *NotInvertible) BadInput() bool { return true }

// Describe is the message with names of one's own for the bits.
func (e *NotInvertible) Describe(name func(bit int) string) string {
	names := make([]string, len(e.Bits))
	for i, b := range e.Bits {
		names[i] = name(b)
	}
	return "the readout of " + strings.Join(names, ", ") + " can't be undone: " + e.Why
}

// Estimate is a confusion with what is known of its own error.
type Estimate struct {
	Confusion
	// Shots holds, for each group, the shots that each column was measured with.
	// Nil: the confusion counts as exact.
	Shots [][]int
}

// StdErr returns the standard errors of a group's matrix, sqrt(a(1-a)/N) with N
// the shots of the column; 0 where the confusion counts as exact.
func (e Estimate) StdErr(group int) [][]float64 {
	a := e.Groups[group].A
	out := make([][]float64, len(a))
	for m := range a {
		out[m] = make([]float64, len(a))
		for c, x := range a[m] {
			if e.Shots != nil {
				out[m][c] = math.Sqrt(max(x*(1-x), 0) / float64(e.Shots[group][c]))
			}
		}
	}
	return out
}

// Tensored returns the confusion with each bit on its own: what a bit is read as,
// averaged evenly over what the others of its group were prepared as. Where the
// errors of bits are correlated this is what two circuits could tell of them.
func (c Confusion) Tensored() Confusion {
	out := Confusion{Bits: c.Bits}
	for _, g := range c.Groups {
		k := len(g.Bits)
		for j, bit := range g.Bits {
			a := [][]float64{{0, 0}, {0, 0}}
			for m, row := range g.A {
				for p, x := range row {
					a[m>>(k-1-j)&1][p>>(k-1-j)&1] += x / float64(int(1)<<(k-1))
				}
			}
			out.Groups = append(out.Groups, ConfusionGroup{[]int{bit}, a})
		}
	}
	return out
}

// Inverse returns the map from what was read to what was prepared, the inverse of
// each group's matrix, and its one-norm gamma; the columns of the inverse add up
// to 1, but are no laws. For bits on their own, with e0 = P(1|0) and e1 = P(0|1),
//
//	A⁻¹ = 1/(1-e0-e1) [[1-e1, -e1], [-e0, 1-e0]],  gamma = Π (1+|e0-e1|)/(1-e0-e1).
//
// A bit with e0+e1 of 1 tells nothing and one above it is read inverted: either is
// refused, as is a group whose inverse is too large, with a *NotInvertible.
func (c Confusion) Inverse() (inverse Confusion, gamma float64, err error) {
	if err := c.invertible(); err != nil {
		return Confusion{}, 0, err
	}
	inverse, gamma = Confusion{Bits: c.Bits}, 1
	for _, g := range c.Groups {
		if len(g.Bits) > MaxGroupBits {
			return Confusion{}, 0, invalid("the readout errors of %d bits are one matrix, one of at most %d is inverted", len(g.Bits), MaxGroupBits)
		}
		b, ok := invertMatrix(g.A)
		norm := oneNorm(b)
		if !ok || !(norm <= 1/leastDeterminant) {
			return Confusion{}, 0, &NotInvertible{g.Bits, fmt.Sprintf("their confusion matrix is singular or nearly so (the one-norm of its inverse is %.3g, at most %g is taken)", norm, 1/leastDeterminant)}
		}
		inverse.Groups = append(inverse.Groups, ConfusionGroup{g.Bits, b})
		gamma *= norm
	}
	return inverse, gamma, nil
}

// invertible refuses bits whose outcomes tell nothing or are inverted.
func (c Confusion) invertible() error {
	if err := c.Check(); err != nil {
		return err
	}
	for _, g := range c.Tensored().Groups {
		e0, e1 := g.A[1][0], g.A[0][1]
		figures := fmt.Sprintf("P(1|0) = %.4g and P(0|1) = %.4g add up to %.4g", e0, e1, e0+e1)
		switch det := 1 - e0 - e1; {
		case math.Abs(det) < leastDeterminant:
			return &NotInvertible{g.Bits, figures + ", so that the outcomes tell nothing"}
		case det < 0:
			return &NotInvertible{g.Bits, figures + ", more than 1: outcomes are inverted"}
		}
	}
	return nil
}

// Invert takes the readout errors out of a histogram as a whole, axis by axis:
// w = A⁻¹ f, over all words. The variances are exact for multinomial counts,
// (Σ_j (A⁻¹_ij)² f_j - w_i²)/shots with the frequencies in place of the
// probabilities. See Inverse for what is refused.
func (c Confusion) Invert(h Histogram) (*Quasi, error) { return Estimate{Confusion: c}.Invert(h) }

// Invert is that of Confusion, and adds to the variances, to first order, what the
// finite shots of the calibration make of them. The errors of different groups
// count as independent.
func (e Estimate) Invert(h Histogram) (*Quasi, error) {
	i, err := e.Inverter()
	if err != nil {
		return nil, err
	}
	return i.Invert(h)
}

// Inverter inverts many histograms with the matrices of one confusion.
type Inverter struct {
	inverse, squared Confusion
	gamma            float64
	spreads          []Confusion // of the calibration, one a group
}

// Inverter prepares what Invert needs of the confusion alone. See Inverse for what is
// refused.
func (e Estimate) Inverter() (*Inverter, error) {
	inverse, gamma, err := e.Inverse()
	if err != nil {
		return nil, err
	}
	i := &Inverter{inverse: inverse, squared: inverse.squared(), gamma: gamma}
	if e.Shots != nil {
		for g := range inverse.Groups {
			i.spreads = append(i.spreads, e.spread(g, inverse.Groups[g]))
		}
	}
	return i, nil
}

// Invert is Estimate.Invert.
func (i *Inverter) Invert(h Histogram) (*Quasi, error) {
	law, shots, err := h.law()
	if err != nil {
		return nil, err
	}
	if h.Bits != i.inverse.Bits {
		return nil, invalid("words of %d bits with the confusion of %d", h.Bits, i.inverse.Bits)
	}
	weights := i.inverse.Apply(law)
	variances := i.squared.Apply(law)
	multinomial(variances, weights, shots)
	if i.spreads != nil {
		squares := make([]float64, len(weights))
		for x, w := range weights {
			squares[x] = w * w
		}
		for _, s := range i.spreads {
			for x, v := range s.Apply(squares) {
				variances[x] += max(v, 0)
			}
		}
	}
	return quasiOf(h.Bits, weights, variances, i.gamma*i.gamma), nil
}

// spread returns the map from the squares of the weights to the variances that
// the calibration of one group makes of them. With B the inverse and column c
// measured with N shots, dw = -B dA w and Cov(dA_c) = (diag(a_c) - a_c a_cᵀ)/N, so
// the map is V[r][c] = (Σ_m B_rm² a_mc - δ_rc)/N.
func (e Estimate) spread(group int, inverse ConfusionGroup) Confusion {
	a, b := e.Groups[group].A, inverse.A
	v := make([][]float64, len(a))
	for r := range v {
		v[r] = make([]float64, len(a))
		for c := range v[r] {
			for m := range a {
				v[r][c] += b[r][m] * b[r][m] * a[m][c]
			}
			if r == c {
				v[r][c]--
			}
			v[r][c] /= float64(e.Shots[group][c])
		}
	}
	return Confusion{e.Bits, []ConfusionGroup{{inverse.Bits, v}}}
}

// squared squares each number of the groups' matrices, which squares those of
// their tensor product.
func (c Confusion) squared() Confusion {
	out := Confusion{Bits: c.Bits}
	for _, g := range c.Groups {
		a := make([][]float64, len(g.A))
		for i, row := range g.A {
			for _, x := range row {
				a[i] = append(a[i], x*x)
			}
		}
		out.Groups = append(out.Groups, ConfusionGroup{g.Bits, a})
	}
	return out
}

// invertMatrix inverts by Gauss and Jordan's elimination with row pivoting; ok is
// false where a pivot is 0.
func invertMatrix(a [][]float64) (inverse [][]float64, ok bool) {
	n := len(a)
	work := make([][]float64, n)
	for i, row := range a {
		work[i] = append(slices.Clone(row), make([]float64, n)...)
		work[i][n+i] = 1
	}
	for k := range n {
		pivot := k
		for i := k + 1; i < n; i++ {
			if math.Abs(work[i][k]) > math.Abs(work[pivot][k]) {
				pivot = i
			}
		}
		if work[pivot][k] == 0 {
			return nil, false
		}
		work[k], work[pivot] = work[pivot], work[k]
		head := work[k]
		scale := 1 / head[k]
		for j := k; j < 2*n; j++ {
			head[j] *= scale
		}
		for i, row := range work {
			x := row[k]
			if i == k || x == 0 {
				continue
			}
			for j := k; j < 2*n; j++ {
				row[j] -= x * head[j]
			}
		}
	}
	inverse = make([][]float64, n)
	for i, row := range work {
		inverse[i] = row[n:]
	}
	return inverse, true
}

// oneNorm returns the largest sum of absolute values of a column; +Inf of no
// matrix.
func oneNorm(a [][]float64) float64 {
	if len(a) == 0 {
		return math.Inf(1)
	}
	norm := 0.0
	for c := range a[0] {
		sum := 0.0
		for _, row := range a {
			sum += math.Abs(row[c])
		}
		norm = max(norm, sum)
	}
	return norm
}
