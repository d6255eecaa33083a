package calibration

import (
	"cmp"
	"fmt"
	"math"
	"slices"
)

// gmres solves systems of equations by GMRES, begun again after restart steps
// (Saad and Schultz 1986), with the matrix's diagonal as preconditioner on the
// right, so that the residual is that of the system itself.
type gmres struct {
	matrix    *sparse
	diagonal  []float64
	tolerance float64
}

const (
	gmresRestart = 40
	gmresSteps   = 1000
	gmresSlack   = 100 // times the tolerance is accepted where rounding allows no less
	normClimbs   = 8   // of inverseNorm
)

func (m *sparse) gmres(tolerance float64) *gmres { return &gmres{m, m.diagonal(), tolerance} }

// solve returns x with M x = b, or Mᵀ x = b.
func (g *gmres) solve(b []float64, transposed bool) ([]float64, error) {
	n := len(b)
	x := make([]float64, n)
	goal := g.tolerance * norm2(b)
	residual := make([]float64, n)
	left := math.Inf(1)
	for steps := 0; steps < gmresSteps; {
		g.matrix.apply(residual, x, transposed)
		for i := range residual {
			residual[i] = b[i] - residual[i]
		}
		size := norm2(residual)
		if size <= goal {
			return x, nil
		}
		if size >= left/2 && steps > 0 { // no further than rounding allows
			if size <= gmresSlack*goal {
				return x, nil
			}
			left = size
			break
		}
		left = size
		steps += g.cycle(x, residual, size, goal, transposed)
	}
	return nil, fmt.Errorf("GMRES has a residual of %.2g, %.2g is asked for: allow more, or solve directly", left, goal)
}

// cycle improves x by at most restart steps and counts them.
func (g *gmres) cycle(x, residual []float64, size, goal float64, transposed bool) int {
	n := len(x)
	basis := [][]float64{make([]float64, n)}
	for i := range residual {
		basis[0][i] = residual[i] / size
	}
	var columns [][]float64 // of the triangular factor
	var cos, sin []float64
	right := []float64{size}
	scaled := make([]float64, n)
	for k := 0; k < gmresRestart && math.Abs(right[k]) > goal; k++ {
		for i, v := range basis[k] {
			scaled[i] = v / g.diagonal[i]
		}
		next := make([]float64, n)
		g.matrix.apply(next, scaled, transposed)
		h := make([]float64, k+2)
		for j, v := range basis {
			for i := range v {
				h[j] += v[i] * next[i]
			}
			for i := range v {
				next[i] -= h[j] * v[i]
			}
		}
		h[k+1] = norm2(next)
		if h[k+1] > 0 {
			for i := range next {
				next[i] /= h[k+1]
			}
		}
		for j := range k {
			h[j], h[j+1] = cos[j]*h[j]+sin[j]*h[j+1], cos[j]*h[j+1]-sin[j]*h[j]
		}
		r := math.Hypot(h[k], h[k+1])
		if r == 0 {
			break
		}
		c, s := h[k]/r, h[k+1]/r
		cos, sin = append(cos, c), append(sin, s)
		h[k] = r
		right = append(right, -s*right[k])
		right[k] *= c
		columns, basis = append(columns, h), append(basis, next)
	}
	for k := len(columns) - 1; k >= 0; k-- {
		y := right[k] / columns[k][k]
		for j := range k {
			right[j] -= y * columns[k][j]
		}
		for i, v := range basis[k] {
			x[i] += y * v / g.diagonal[i]
		}
	}
	return max(len(columns), 1)
}

// inverseNorm estimates the one-norm of the inverse B from below, nearly always
// exactly: it climbs from a column j of B to the one for which sign(B e_j)ᵀ B is largest
// (Higham, ACM Trans. Math. Softw. 14, 381, 1988). The climbs begin at the columns of the
// least diagonal, not at the mean of all: since columns add up to 1, that is where
// climbing ends at once.
func (g *gmres) inverseNorm() (float64, error) {
	n := len(g.diagonal)
	begin := make([]int, n)
	for i := range begin {
		begin[i] = i
	}
	slices.SortStableFunc(begin, func(i, j int) int { return cmp.Compare(g.diagonal[i], g.diagonal[j]) })
	norm, tried := 0.0, make([]bool, n)
	unit, sign := make([]float64, n), make([]float64, n)
	for _, column := range begin[:min(n, normClimbs)] {
		for !tried[column] {
			tried[column] = true
			clear(unit)
			unit[column] = 1
			y, err := g.solve(unit, false)
			if err != nil {
				return 0, err
			}
			sum := 0.0
			for i, v := range y {
				sum += math.Abs(v)
				sign[i] = math.Copysign(1, v)
			}
			norm = max(norm, sum)
			z, err := g.solve(sign, true)
			if err != nil {
				return 0, err
			}
			for i, v := range z {
				if math.Abs(v) > math.Abs(z[column]) {
					column = i
				}
			}
		}
	}
	return norm, nil
}

func norm2(v []float64) float64 {
	sum := 0.0
	for _, x := range v {
		sum += x * x
	}
	return math.Sqrt(sum)
}
