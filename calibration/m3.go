package calibration

import (
	"fmt"
	"math"
	"math/bits"
)

// Solver is how the system of equations of M3 is solved.
type Solver string

// The solvers: by the inverse of the matrix, which tells exact variances; by GMRES
// with a Jacobi preconditioner, which tells a bound; or whichever fits the number of
// words.
const (
	AutoSolver      Solver = "auto"
	DirectSolver    Solver = "direct"
	IterativeSolver Solver = "iterative"
)

// M3Options say how M3 works. The zero value is the usual.
type M3Options struct {
	// Distance is the largest Hamming distance between words that are mistaken for
	// each other; 0 stands for min(bits, 3), -1 for all.
	Distance int
	Solver   Solver // "" stands for auto
	// Tolerance is the residual at which GMRES ends, relative to the right side; 0
	// stands for 1e-14. Where rounding does not allow it, a hundred times as much is
	// accepted.
	Tolerance float64
}

// Bounds of M3.
const (
	maxDirect  = 512     // words for which auto inverts the matrix
	maxInverse = 4096    // words for which the matrix can be inverted
	maxEntries = 1 << 26 // numbers of the reduced matrix

	maxSpreadBits = 4 // of a group whose calibration's own error is told
)

// M3 takes the readout errors out of a histogram within the words that were read
// (Nation, Kang, Sundaresan and Gambetta, PRX Quantum 2, 040326, 2021). With r and c
// words that were read, no further apart than the distance D,
//
//	Ã[r][c] = A[r][c] / Σ_{k read, d(k,c) ≤ D} A[k][c],   Ã w = f.
//
// Words that were not read get no weight, which is a bias where the shots are few
// against the words that occur. Overhead is ‖Ã⁻¹‖₁², which GMRES estimates from
// below (Higham 1988). Variances are those of w given which words were read; with GMRES
// each is Overhead/shots, a bound. See Inverse for what is refused.
func (c Confusion) M3(h Histogram, o M3Options) (*Quasi, error) {
	return Estimate{Confusion: c}.M3(h, o)
}

// M3 is that of Confusion, and adds to the variances, to first order, what the finite
// shots of the calibration make of them. The errors of different groups count as
// independent.
func (e Estimate) M3(h Histogram, o M3Options) (*Quasi, error) {
	c := e.Confusion
	words, f, shots, err := h.frequencies()
	if err != nil {
		return nil, err
	}
	switch {
	case h.Bits != c.Bits:
		return nil, invalid("words of %d bits with the confusion of %d", h.Bits, c.Bits)
	case o.Distance < -1:
		return nil, invalid("the distance %d: it can be 1 or more, 0 for 3, -1 for all", o.Distance)
	case o.Distance == 0:
		o.Distance = min(c.Bits, 3)
	case o.Distance == -1:
		o.Distance = c.Bits
	}
	if o.Tolerance == 0 {
		o.Tolerance = 1e-14
	}
	if err := c.invertible(); err != nil {
		return nil, err
	}
	direct := len(words) <= maxDirect
	switch o.Solver {
	case AutoSolver, "":
	case DirectSolver:
		if direct = true; len(words) > maxInverse {
			return nil, invalid("%d words were read, the matrix of at most %d is inverted: solve iteratively", len(words), maxInverse)
		}
	case IterativeSolver:
		direct = false
	default:
		return nil, invalid("solver %q: it can be %s, %s or %s", o.Solver, AutoSolver, DirectSolver, IterativeSolver)
	}
	reduced, err := c.reduced(words, o.Distance)
	if err != nil {
		return nil, err
	}
	q := &Quasi{Bits: c.Bits, Words: words}
	var solve func(f []float64) ([]float64, error)
	if direct {
		b, ok := invertMatrix(reduced.dense())
		gamma := oneNorm(b)
		if !ok || !(gamma <= 1/leastDeterminant) {
			return nil, c.reducedSingular(gamma)
		}
		q.Weights, q.Variances = make([]float64, len(words)), make([]float64, len(words))
		for i, row := range b {
			for j, x := range row {
				q.Weights[i] += x * f[j]
				q.Variances[i] += x * x * f[j]
			}
		}
		multinomial(q.Variances, q.Weights, shots)
		q.Overhead = gamma * gamma
		solve = func(f []float64) ([]float64, error) { return times(b, f), nil }
	} else {
		solver := reduced.gmres(o.Tolerance)
		solve = func(f []float64) ([]float64, error) { return solver.solve(f, false) }
		if q.Weights, err = solve(f); err != nil {
			return nil, err
		}
		gamma, err := solver.inverseNorm()
		if err != nil {
			return nil, err
		}
		if !(gamma <= 1/leastDeterminant) {
			return nil, c.reducedSingular(gamma)
		}
		q.Overhead, q.Bound = gamma*gamma, true
		for range words {
			q.Variances = append(q.Variances, q.Overhead/float64(shots))
		}
	}
	return q, e.addSpread(q, reduced, solve)
}

// addSpread adds to the variances what the calibration makes of them. A number a of the
// column p of a group, for the outcome m, moves Ã[r][c] of the words c with p there by
// Ã[r][c] (δ(r has m there) - T)/a, with T the sum of Ã[k][c] over the words k with m
// there, and the weights by -Ã⁻¹ dÃ w; the numbers of a column are multinomial.
func (e Estimate) addSpread(q *Quasi, reduced *sparse, solve func(f []float64) ([]float64, error)) error {
	if e.Shots == nil {
		return nil
	}
	for g, group := range e.Groups {
		if len(group.Bits) > maxSpreadBits {
			return invalid("m3 with a calibration of %d bits together, of at most %d their own error is told: invert the whole instead", len(group.Bits), maxSpreadBits)
		}
		value := make([]int, len(q.Words)) // of the group's bits in each word
		for i, w := range q.Words {
			for _, b := range group.Bits {
				value[i] = value[i]<<1 | int(w>>(e.Bits-1-b)&1)
			}
		}
		for p := range group.A {
			mean, second := make([]float64, len(q.Words)), make([]float64, len(q.Words))
			for m, row := range group.A {
				a := row[p]
				if a == 0 {
					continue
				}
				move := make([]float64, len(q.Words))
				for c, w := range q.Weights {
					if value[c] != p {
						continue
					}
					rows, values := reduced.column(c)
					t := 0.0
					for i, r := range rows {
						if value[r] == m {
							t += values[i]
						}
					}
					for i, r := range rows {
						move[r] -= w * values[i] * t / a
						if value[r] == m {
							move[r] += w * values[i] / a
						}
					}
				}
				moved, err := solve(move)
				if err != nil {
					return err
				}
				for i, x := range moved {
					mean[i] += a * x
					second[i] += a * x * x
				}
			}
			multinomial(second, mean, e.Shots[g][p])
			for i, v := range second {
				q.Variances[i] += v
			}
		}
	}
	return nil
}

// times returns a matrix times a vector.
func times(a [][]float64, x []float64) []float64 {
	out := make([]float64, len(a))
	for i, row := range a {
		for j, v := range row {
			out[i] += v * x[j]
		}
	}
	return out
}

// reducedSingular names all bits, since none alone is at fault.
func (c Confusion) reducedSingular(gamma float64) error {
	all := &NotInvertible{Why: fmt.Sprintf("the matrix of the words that were read is singular or nearly so (the one-norm of its inverse is %.3g, at most %g is taken)", gamma, 1/leastDeterminant)}
	for _, g := range c.Groups {
		all.Bits = append(all.Bits, g.Bits...)
	}
	return all
}

// sparse is a square matrix by columns.
type sparse struct {
	start  []int // of each column in rows and values, and the end
	rows   []int32
	values []float64
}

// reduced returns the confusion between words, within a distance, its columns
// scaled to add up to 1.
func (c Confusion) reduced(words []uint64, distance int) (*sparse, error) {
	// key[w][g] is the index of word w in the matrix of group g.
	key := make([][]uint16, len(words))
	touched := uint64(0) // the bits of groups
	for i, w := range words {
		key[i] = make([]uint16, len(c.Groups))
		for g, group := range c.Groups {
			for _, b := range group.Bits {
				at := c.Bits - 1 - b
				key[i][g] = key[i][g]<<1 | uint16(w>>at&1)
				touched |= 1 << at
			}
		}
	}
	m := &sparse{start: make([]int, 1, len(words)+1)}
	add := func(row, column int) {
		x := 1.0
		for g := range c.Groups {
			x *= c.Groups[g].A[key[row][g]][key[column][g]]
		}
		if x != 0 {
			m.rows, m.values = append(m.rows, int32(row)), append(m.values, x)
		}
	}
	flips := flipsWithin(touched, distance, len(words))
	index := map[uint64]int{}
	if flips != nil {
		for i, w := range words {
			index[w] = i
		}
	}
	for column, w := range words {
		if flips != nil {
			for _, flip := range flips {
				if row, ok := index[w^flip]; ok {
					add(row, column)
				}
			}
		} else {
			for row, v := range words {
				if flip := v ^ w; flip&^touched == 0 && bits.OnesCount64(flip) <= distance {
					add(row, column)
				}
			}
		}
		if len(m.rows) > maxEntries {
			return nil, invalid("the matrix of %d words within a distance of %d has more than %d numbers: take a smaller distance", len(words), distance, maxEntries)
		}
		own := m.values[m.start[column]:]
		sum := 0.0
		for _, x := range own {
			sum += x
		}
		if !(sum > 0) {
			return nil, invalid("the word %0*b was read, and neither it nor a word near it is read as any that was", c.Bits, w)
		}
		for i := range own {
			own[i] /= sum
		}
		m.start = append(m.start, len(m.rows))
	}
	return m, nil
}

// flipsWithin returns all ways to flip at most so many of the touched bits; nil
// where there are more than limit.
func flipsWithin(touched uint64, distance, limit int) []uint64 {
	flips := []uint64{0}
	for rest := touched; rest != 0; rest &= rest - 1 {
		low := rest & -rest
		for _, f := range flips {
			if bits.OnesCount64(f) < distance {
				flips = append(flips, f|low)
			}
		}
		if len(flips) > limit {
			return nil
		}
	}
	return flips
}

// column returns the rows and the values of a column.
func (m *sparse) column(c int) ([]int32, []float64) {
	return m.rows[m.start[c]:m.start[c+1]], m.values[m.start[c]:m.start[c+1]]
}

func (m *sparse) size() int { return len(m.start) - 1 }

func (m *sparse) dense() [][]float64 {
	out := make([][]float64, m.size())
	for i := range out {
		out[i] = make([]float64, m.size())
	}
	for c := range m.size() {
		for i := m.start[c]; i < m.start[c+1]; i++ {
			out[m.rows[i]][c] = m.values[i]
		}
	}
	return out
}

// apply sets y to the matrix, or its transpose, times x.
func (m *sparse) apply(y, x []float64, transposed bool) {
	clear(y)
	for c := range m.size() {
		if transposed {
			sum := 0.0
			for i := m.start[c]; i < m.start[c+1]; i++ {
				sum += m.values[i] * x[m.rows[i]]
			}
			y[c] = sum
			continue
		}
		for i := m.start[c]; i < m.start[c+1]; i++ {
			y[m.rows[i]] += m.values[i] * x[c]
		}
	}
}

// diagonal returns the diagonal, with 1 in place of 0.
func (m *sparse) diagonal() []float64 {
	d := make([]float64, m.size())
	for c := range d {
		d[c] = 1
		for i := m.start[c]; i < m.start[c+1]; i++ {
			if int(m.rows[i]) == c && math.Abs(m.values[i]) > 0 {
				d[c] = m.values[i]
			}
		}
	}
	return d
}
