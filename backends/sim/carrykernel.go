package sim

import "math"

// sideLanes is the number of lanes of a block that is seen from the side. An amplitude is
// 8 real parts, then 8 imaginary parts; an operator of the lanes 8 of each of ar, ai, br,
// bi of [[a, -b*], [b, a*]].
const sideLanes = 8

type (
	sideNumbers   = [sideLanes]float64
	sideAmplitude = [2 * sideLanes]float64
	sideOperator  [4 * sideLanes]float64
)

// sideKernel walks over blocks of 2^carries amplitudes, or some times as many.
type sideKernel interface {
	// carry applies the map of one carry, whose bit in the index is given: with an
	// operator's column u of the carry below, which is 0 for the first, dst[c'] is the sum
	// over c of u[c xor c'] src[c].
	carry(dst, src []float64, bit int, u *sideOperator)
	// uncarry applies the transposed map, which is the same, to lambda in place and adds to
	// d what lambda says of the operator's elements 00, 10, 01 and 11, where src came in.
	uncarry(lambda, src []float64, bit int, u *sideOperator, d *sideElements)
	// choose writes the elements of an operator in the row that x says of each lane, 0 or 1,
	// and divide gives derivatives by them to that row, 0 to the other.
	choose(u *sideOperator, x *sideNumbers, e *[2]sideAmplitude)
	divide(d *[2]sideAmplitude, x *sideNumbers, parts *sideElements)
	// emit writes amplitudes times e of their last carry; unemit writes to d, for each of its
	// values, the sum of the products of lambda and src, and multiplies lambda likewise.
	emit(dst, src []float64, e *[2]sideAmplitude)
	unemit(lambda, src []float64, e, d *[2]sideAmplitude)
	// add adds amplitudes times e of their last carry to dst, and dot adds to d, for each of
	// its values, the sum of the products of a and b.
	add(dst, src []float64, e *[2]sideAmplitude)
	dot(a, b []float64, d *[2]sideAmplitude)
	// components writes Im tr(P U D'), P = X, Y, Z, of an operator U and the derivatives D
	// of ln psi by its elements: the derivative of ln p by x in exp(-i x P/2) U.
	components(u *sideOperator, d *sideElements, out *[3]sideNumbers)
	// rotate multiplies an operator from the left by a rotation, times by another operator.
	rotate(u *sideOperator, a axis, cs *sideAmplitude)
	times(u, v *sideOperator)
	// turnBack turns two components from after a rotation to before it.
	turnBack(x, y *sideNumbers, cs *sideAmplitude)
	// weight writes v† R v of a Hermitian matrix, of which it reads the lower triangle.
	weight(r, v []float64, p *sideNumbers)
	// halves writes the cosines and sines of half the angles, 8 and 8 numbers for 8.
	halves(angles, trig []float64)
	// brick takes the real walk over pairs of the brick, and unbrick takes the co-state
	// back and writes the derivatives by the pairs' angles.
	brick(trig, bits, tape []float64, pairs int)
	unbrick(trig, bits, tape []float64, lambda *sideAmplitude, d []float64, pairs int)
}

// sideElements are derivatives of ln psi by the elements of an operator: [2·column + row].
type sideElements [4]sideAmplitude

// amplitudeAt returns amplitude i of a block.
func amplitudeAt(v []float64, i int) *sideAmplitude {
	return (*sideAmplitude)(v[i*2*sideLanes:])
}

// column writes an operator's column: the elements of rows 0 and 1.
func (u *sideElements) column(op *sideOperator, k int) (zero, one *sideAmplitude) {
	const w = sideLanes
	zero, one = &u[0], &u[1]
	if k == 0 {
		*zero, *one = sideAmplitude(op[:2*w]), sideAmplitude(op[2*w:])
		return zero, one
	}
	for l := range w {
		zero[l], zero[w+l] = -op[2*w+l], op[3*w+l]
		one[l], one[w+l] = op[l], -op[w+l]
	}
	return zero, one
}

// element writes the operator's element in a row and column.
func element(op *sideOperator, row, column int) (e sideAmplitude) {
	const w = sideLanes
	at, re, im := 0, 1.0, 1.0
	switch {
	case row == 1 && column == 0:
		at = 2 * w
	case row == 0 && column == 1:
		at, re = 2*w, -1
	case row == 1:
		im = -1
	}
	for l := range w {
		e[l], e[w+l] = re*op[at+l], im*op[at+w+l]
	}
	return e
}

// plainSide is the kernel in plain Go.
type plainSide struct{}

// carryPairs calls use with the numbers of two amplitudes that differ in a carry, and the
// carry below.
func carryPairs(size, bit int, use func(i, j, below int)) {
	step := 1 << bit
	for base := 0; base < size; base += 2 * step {
		for i := base; i < base+step; i++ {
			below := 0
			if bit > 0 {
				below = i >> (bit - 1) & 1
			}
			use(i, i+step, below)
		}
	}
}

func (plainSide) carry(dst, src []float64, bit int, u *sideOperator) {
	const w = sideLanes
	var columns [2]sideElements
	columns[0].column(u, 0)
	columns[1].column(u, 1)
	carryPairs(len(src)/(2*w), bit, func(i, j, below int) {
		p, q := &columns[below][0], &columns[below][1]
		s, t := amplitudeAt(src, i), amplitudeAt(src, j)
		a, b := amplitudeAt(dst, i), amplitudeAt(dst, j)
		for l := range w {
			x0, y0, x1, y1 := s[l], s[w+l], t[l], t[w+l]
			a[l] = p[l]*x0 - p[w+l]*y0 + q[l]*x1 - q[w+l]*y1
			a[w+l] = p[l]*y0 + p[w+l]*x0 + q[l]*y1 + q[w+l]*x1
			b[l] = q[l]*x0 - q[w+l]*y0 + p[l]*x1 - p[w+l]*y1
			b[w+l] = q[l]*y0 + q[w+l]*x0 + p[l]*y1 + p[w+l]*x1
		}
	})
}

func (k plainSide) uncarry(lambda, src []float64, bit int, u *sideOperator, d *sideElements) {
	carryPairs(len(src)/(2*sideLanes), bit, func(i, j, below int) {
		p, q := &d[2*below], &d[2*below+1]
		s, t := amplitudeAt(src, i), amplitudeAt(src, j)
		a, b := amplitudeAt(lambda, i), amplitudeAt(lambda, j)
		addProduct(p, a, s)
		addProduct(p, b, t)
		addProduct(q, a, t)
		addProduct(q, b, s)
	})
	k.carry(lambda, lambda, bit, u)
}

// addProduct adds a·b to a sum.
func addProduct(sum, a, b *sideAmplitude) {
	const w = sideLanes
	for l := range w {
		sum[l] += a[l]*b[l] - a[w+l]*b[w+l]
		sum[w+l] += a[l]*b[w+l] + a[w+l]*b[l]
	}
}

// addScaled adds k·a to a sum, k real.
func addScaled(sum *sideAmplitude, k *sideNumbers, a *sideAmplitude) {
	const w = sideLanes
	for l := range w {
		sum[l] += k[l] * a[l]
		sum[w+l] += k[l] * a[w+l]
	}
}

// addReal adds the real part of a·b to a sum.
func addReal(sum *sideNumbers, a, b *sideAmplitude) {
	const w = sideLanes
	for l := range w {
		sum[l] += a[l]*b[l] - a[w+l]*b[w+l]
	}
}

func (plainSide) choose(u *sideOperator, x *sideNumbers, e *[2]sideAmplitude) {
	const w = sideLanes
	for l, x := range x {
		ar, ai, br, bi := u[l], u[w+l], u[2*w+l], u[3*w+l]
		e[0][l], e[0][w+l] = ar+x*(br-ar), ai+x*(bi-ai)
		e[1][l], e[1][w+l] = x*(ar+br)-br, bi-x*(ai+bi)
	}
}

func (plainSide) divide(d *[2]sideAmplitude, x *sideNumbers, parts *sideElements) {
	const w = sideLanes
	for k := range d {
		for i, v := range d[k] {
			one := x[i%w] * v
			parts[2*k][i], parts[2*k+1][i] = v-one, one
		}
	}
}

func (plainSide) emit(dst, src []float64, e *[2]sideAmplitude) {
	n := len(src) / (2 * sideLanes)
	for c := range n {
		*amplitudeAt(dst, c) = product(&e[lastCarry(c, n)], amplitudeAt(src, c))
	}
}

func (plainSide) unemit(lambda, src []float64, e, d *[2]sideAmplitude) {
	*d = [2]sideAmplitude{}
	n := len(src) / (2 * sideLanes)
	for c := range n {
		k := lastCarry(c, n)
		at := amplitudeAt(lambda, c)
		addProduct(&d[k], at, amplitudeAt(src, c))
		*at = product(&e[k], at)
	}
}

func (plainSide) add(dst, src []float64, e *[2]sideAmplitude) {
	n := len(src) / (2 * sideLanes)
	for c := range n {
		addProduct(amplitudeAt(dst, c), &e[lastCarry(c, n)], amplitudeAt(src, c))
	}
}

func (plainSide) dot(a, b []float64, d *[2]sideAmplitude) {
	n := len(a) / (2 * sideLanes)
	for c := range n {
		addProduct(&d[lastCarry(c, n)], amplitudeAt(a, c), amplitudeAt(b, c))
	}
}

// lastCarry is the highest bit of an index below n.
func lastCarry(c, n int) int {
	if n == 1 {
		return 0
	}
	return 2 * c / n
}

// product returns a·b.
func product(a, b *sideAmplitude) (p sideAmplitude) {
	addProduct(&p, a, b)
	return p
}

func (plainSide) components(u *sideOperator, d *sideElements, out *[3]sideNumbers) {
	const w = sideLanes
	var g [2][2]sideAmplitude // U D'
	for i := range g {
		for k := range g[i] {
			for j := range 2 {
				e := element(u, i, j)
				addProduct(&g[i][k], &e, &d[2*j+k])
			}
		}
	}
	for l := range w {
		out[axisX][l] = g[0][1][w+l] + g[1][0][w+l]
		out[axisY][l] = g[0][1][l] - g[1][0][l]
		out[axisZ][l] = g[0][0][w+l] - g[1][1][w+l]
	}
}

func (u *sideOperator) at(l int) su2 {
	return su2{u[l], u[sideLanes+l], u[2*sideLanes+l], u[3*sideLanes+l]}
}

func (u *sideOperator) set(l int, v su2) {
	u[l], u[sideLanes+l], u[2*sideLanes+l], u[3*sideLanes+l] = v.ar, v.ai, v.br, v.bi
}

func (plainSide) rotate(u *sideOperator, a axis, cs *sideAmplitude) {
	for l := range sideLanes {
		u.set(l, u.at(l).rotated(a, half{cs[l], cs[sideLanes+l]}))
	}
}

func (plainSide) times(u, v *sideOperator) {
	for l := range sideLanes {
		u.set(l, v.at(l).after(u.at(l)))
	}
}

func (plainSide) turnBack(x, y *sideNumbers, cs *sideAmplitude) {
	for l := range sideLanes {
		c, s := half{cs[l], cs[sideLanes+l]}.full()
		x[l], y[l] = c*x[l]+s*y[l], c*y[l]-s*x[l]
	}
}

func (plainSide) weight(r, v []float64, p *sideNumbers) {
	const w = sideLanes
	*p = sideNumbers{}
	n := len(v) / (2 * w)
	for i := range n {
		a := amplitudeAt(v, i)
		var sum sideAmplitude
		for j := range i {
			addProduct(&sum, amplitudeAt(r, i*n+j), amplitudeAt(v, j))
		}
		d := amplitudeAt(r, i*n+i)
		for l := range w {
			p[l] += 2*(a[l]*sum[l]+a[w+l]*sum[w+l]) + d[l]*(a[l]*a[l]+a[w+l]*a[w+l])
		}
	}
}

func (plainSide) halves(angles, trig []float64) {
	for i := 0; i < len(angles); i += sideLanes {
		x, to := (*sideNumbers)(angles[i:]), (*sideAmplitude)(trig[2*i:])
		for l := range x {
			to[sideLanes+l], to[l] = math.Sincos(x[l] / 2)
		}
	}
}
