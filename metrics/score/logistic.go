package score

import (
	"math"

	"gonum.org/v1/gonum/mat"
)

// sparse are the rows of a design of which most entries are 0.
type sparse struct {
	columns int
	start   []int // of each row in column and value, and their length
	column  []int32
	value   []float64
}

func (x *sparse) rows() int { return len(x.start) - 1 }

// logistic is a regression of zeros and ones on a design,
//
//	ln p(y) = y η - ln(1 + e^η),   η = β_0 + β_1 d + sum over columns x_k β_(k+2),
//
// with a drive d that has a coefficient of its own, or none. What is maximised is
// sum weight ln p - ½ sum ridge_k (β_k - prior_k)²: a Gaussian prior.
type logistic struct {
	x      *sparse
	y      []bool
	weight []float64 // of the rows; nil: 1
	drive  []float64 // nil: none
	skip   int       // a column that is left out; -1: none
	ridge  []float64 // of β
	prior  []float64 // of β, and the start
}

// flat is the share of the mean curvature below which a row's is left out: together they
// make steps longer by less than so much, and most rows of sparse spikes are of them.
const flat = 0.05

// fit is the maximum, by Newton's method with the step halved where it leads down. It
// stops when a step promises less than one part in 10^6 of the sum of weights.
func (m *logistic) fit() []float64 {
	beta := append([]float64(nil), m.prior...)
	total := float64(m.x.rows())
	if m.weight != nil {
		total = 0
		for _, w := range m.weight {
			total += w
		}
	}
	chance, others := make([]float64, m.x.rows()), make([]float64, m.x.rows())
	value, gradient := m.evaluate(beta, chance)
	for range 50 {
		step := m.newton(chance, gradient)
		gain := 0.0
		for k, s := range step {
			gain += s * gradient[k]
		}
		if !(gain > 1e-6*total) {
			break
		}
		next := make([]float64, len(beta))
		done := true
		for size := 1.0; size > 1e-3; size /= 2 {
			for k := range next {
				next[k] = beta[k] + size*step[k]
			}
			if v, g := m.evaluate(next, others); v > value {
				value, gradient, done = v, g, false
				chance, others = others, chance
				break
			}
		}
		if done {
			break
		}
		beta = next
	}
	return beta
}

// eta is the logit of a row.
func (m *logistic) eta(beta []float64, row int) float64 {
	e := beta[0]
	if m.drive != nil {
		e += beta[1] * m.drive[row]
	}
	for k := m.x.start[row]; k < m.x.start[row+1]; k++ {
		if c := int(m.x.column[k]); c != m.skip {
			e += m.x.value[k] * beta[c+2]
		}
	}
	return e
}

// softplus returns ln(1 + e^x) and its derivative 1/(1 + e^-x), without overflow.
func softplus(x float64) (value, derivative float64) {
	e := math.Exp(-math.Abs(x))
	if x < 0 {
		return math.Log1p(e), e / (1 + e)
	}
	return x + math.Log1p(e), 1 / (1 + e)
}

func sigmoid(x float64) float64 { return 1 / (1 + math.Exp(-x)) }

// evaluate returns what is maximised and its gradient, and puts the rows' probabilities into
// chance.
func (m *logistic) evaluate(beta, chance []float64) (value float64, gradient []float64) {
	gradient = make([]float64, len(beta))
	for k, b := range beta {
		d := b - m.prior[k]
		value -= m.ridge[k] * d * d / 2
		gradient[k] = -m.ridge[k] * d
	}
	for row := range m.x.rows() {
		w := 1.0
		if m.weight != nil {
			w = m.weight[row]
		}
		e := m.eta(beta, row)
		v, p := softplus(e)
		chance[row] = p
		residual := -p
		value -= w * v
		if m.y[row] {
			value += w * e
			residual++
		}
		residual *= w
		gradient[0] += residual
		if m.drive != nil {
			gradient[1] += residual * m.drive[row]
		}
		for k := m.x.start[row]; k < m.x.start[row+1]; k++ {
			if c := int(m.x.column[k]); c != m.skip {
				gradient[c+2] += residual * m.x.value[k]
			}
		}
	}
	return value, gradient
}

// newton is the step that a quadratic form with the curvature at these probabilities asks
// for.
func (m *logistic) newton(chance, gradient []float64) []float64 {
	n := len(gradient)
	h := make([]float64, n*n)
	columns, values := make([]int, 0, 64), make([]float64, 0, 64)
	curvature := func(row int) float64 {
		w := chance[row] * (1 - chance[row])
		if m.weight != nil {
			w *= m.weight[row]
		}
		return w
	}
	mean := 0.0
	for row := range chance {
		mean += curvature(row) / float64(len(chance))
	}
	for row := range chance {
		w := curvature(row)
		if w < flat*mean {
			continue
		}
		columns, values = append(columns[:0], 0), append(values[:0], 1)
		if m.drive != nil {
			columns, values = append(columns, 1), append(values, m.drive[row])
		}
		for k := m.x.start[row]; k < m.x.start[row+1]; k++ {
			if c := int(m.x.column[k]); c != m.skip {
				columns, values = append(columns, c+2), append(values, m.x.value[k])
			}
		}
		for a, i := range columns {
			out, v := h[i*n:(i+1)*n], w*values[a]
			for b, j := range columns[a:] {
				out[j] += v * values[a+b]
			}
		}
	}
	for k := range n {
		h[k*n+k] += max(m.ridge[k], 1e-9)
	}
	var chol mat.Cholesky
	if !chol.Factorize(mat.NewSymDense(n, h)) {
		return make([]float64, n)
	}
	step := mat.NewVecDense(n, nil)
	if err := chol.SolveVecTo(step, mat.NewVecDense(n, gradient)); err != nil {
		return make([]float64, n)
	}
	return step.RawVector().Data
}
