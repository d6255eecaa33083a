package wide

import (
	"cmp"
	"math"
	"math/cmplx"
	"slices"
)

// matrix is a complex matrix, column by column, which is how its columns are turned.
type matrix struct {
	rows, cols int
	a          []complex128
}

func newMatrix(rows, cols int) matrix { return matrix{rows, cols, make([]complex128, rows*cols)} }

// column returns a column in place.
func (m matrix) column(j int) []complex128 { return m.a[j*m.rows : (j+1)*m.rows] }

// adjoint returns the conjugate transpose.
func (m matrix) adjoint() matrix {
	out := newMatrix(m.cols, m.rows)
	for j := range m.cols {
		for i, x := range m.column(j) {
			out.a[i*m.cols+j] = cmplx.Conj(x)
		}
	}
	return out
}

// times returns m·b.
func (m matrix) times(b matrix) matrix {
	out := newMatrix(m.rows, b.cols)
	for j := range b.cols {
		to := out.column(j)
		for k, x := range b.column(j) {
			if x == 0 {
				continue
			}
			for i, y := range m.column(k) {
				to[i] += x * y
			}
		}
	}
	return out
}

// adjointTimes returns m†·b.
func (m matrix) adjointTimes(b matrix) matrix {
	out := newMatrix(m.cols, b.cols)
	for j := range b.cols {
		for i := range m.cols {
			out.a[j*m.cols+i] = dot(m.column(i), b.column(j))
		}
	}
	return out
}

// dot returns <a|b>.
func dot(a, b []complex128) complex128 {
	var re, im float64
	for i, x := range a {
		y := b[i]
		re += real(x)*real(y) + imag(x)*imag(y)
		im += real(x)*imag(y) - imag(x)*real(y)
	}
	return complex(re, im)
}

// norm2 returns <a|a>.
func norm2(a []complex128) (s float64) {
	for _, x := range a {
		s += real(x)*real(x) + imag(x)*imag(x)
	}
	return s
}

// split returns q with orthonormal columns and r with m = q·r, by Gram-Schmidt, twice;
// columns that depend on those before have no column of q.
func (m matrix) split() (q, r matrix) {
	const dependent = 1e-15
	q = matrix{rows: m.rows}
	rows := make([][]complex128, 0, min(m.rows, m.cols)) // of r
	scale := math.Sqrt(norm2(m.a))
	for j := range m.cols {
		v := slices.Clone(m.column(j))
		for range 2 {
			for k := range q.cols {
				d := dot(q.column(k), v)
				rows[k][j] += d
				for i, x := range q.column(k) {
					v[i] -= d * x
				}
			}
		}
		size := math.Sqrt(norm2(v))
		if size <= dependent*scale || q.cols == m.rows {
			continue
		}
		for i := range v {
			v[i] /= complex(size, 0)
		}
		q.a, q.cols = append(q.a, v...), q.cols+1
		row := make([]complex128, m.cols)
		row[j] = complex(size, 0)
		rows = append(rows, row)
	}
	r = newMatrix(q.cols, m.cols)
	for k, row := range rows {
		for j, x := range row {
			r.a[j*r.rows+k] = x
		}
	}
	return q, r
}

// singular turns the columns of m in place until they are orthogonal (one-sided Jacobi,
// Hestenes 1958), so that m becomes U·S, and returns their order by length, the longest
// first, and the squares of their lengths in it: the squares of the singular values.
func (m matrix) singular() (order []int, squares []float64) {
	const (
		orthogonal = 1e-15 // of the cosine of two columns
		sweeps     = 60
	)
	size := make([]float64, m.cols)
	for range sweeps {
		turned := false
		for j := range size {
			size[j] = norm2(m.column(j))
		}
		for p := range m.cols - 1 {
			for q := p + 1; q < m.cols; q++ {
				a, b := m.column(p), m.column(q)
				g := dot(a, b)
				length := cmplx.Abs(g)
				if length*length <= orthogonal*orthogonal*size[p]*size[q] || length == 0 {
					continue
				}
				turned = true
				// Of the plane of both columns, so that the first is the longer one.
				zeta := (size[q] - size[p]) / (2 * length)
				t := 1 / (math.Abs(zeta) + math.Sqrt(1+zeta*zeta))
				if zeta < 0 {
					t = -t
				}
				c := 1 / math.Sqrt(1+t*t)
				s := c * t
				turnColumns(a, b, c, s, cmplx.Conj(g)/complex(length, 0))
				size[p], size[q] = size[p]-t*length, size[q]+t*length
			}
		}
		if !turned {
			break
		}
	}
	for j := range size {
		order = append(order, j)
		size[j] = norm2(m.column(j))
	}
	slices.SortStableFunc(order, func(i, j int) int { return cmp.Compare(size[j], size[i]) })
	for _, j := range order {
		squares = append(squares, size[j])
	}
	return order, squares
}

// turnColumns replaces a and b by c·a - s·phase·b and s·a + c·phase·b.
func turnColumns(a, b []complex128, c, s float64, phase complex128) {
	pr, pi := real(phase), imag(phase)
	for i, x := range a {
		y := b[i]
		yr, yi := pr*real(y)-pi*imag(y), pr*imag(y)+pi*real(y)
		xr, xi := real(x), imag(x)
		a[i] = complex(c*xr-s*yr, c*xi-s*yi)
		b[i] = complex(s*xr+c*yr, s*xi+c*yi)
	}
}
