//go:build amd64 && !purego

package sim

// sideAVX2 is the kernel of circuits seen from the side with registers of 4 lanes.
type sideAVX2 struct{}

// carryLoops cuts the pairs of amplitudes that differ in a carry into loops: inner pairs
// side by side, distance bytes apart, at outer places that are stride bytes apart; those
// with 1 for the carry below begin offset numbers on.
func carryLoops(length, bit int) (outer, stride, inner, distance uint64, offset int) {
	const amplitude = 2 * sideLanes
	distance = 8 * amplitude << bit
	inner = 1
	if bit > 0 {
		inner = 1 << (bit - 1)
	}
	return uint64(length / amplitude >> (bit + 1)), 2 * distance, inner, distance, int(inner) * amplitude
}

func (sideAVX2) carry(dst, src []float64, bit int, u *sideOperator) {
	outer, stride, inner, distance, offset := carryLoops(len(src), bit)
	carryAVX2(&dst[0], &src[0], outer, stride, inner, distance, &u[0], 0)
	if bit > 0 {
		carryAVX2(&dst[offset], &src[offset], outer, stride, inner, distance, &u[0], 1)
	}
}

func (sideAVX2) uncarry(lambda, src []float64, bit int, u *sideOperator, d *sideElements) {
	outer, stride, inner, distance, offset := carryLoops(len(src), bit)
	uncarryAVX2(&lambda[0], &src[0], outer, stride, inner, distance, &u[0], &d[0][0])
	if bit > 0 {
		var p sideElements
		p.column(u, 1)
		uncarryAVX2(&lambda[offset], &src[offset], outer, stride, inner, distance, &p[0][0], &d[2][0])
	}
}

func (sideAVX2) choose(u *sideOperator, x *sideNumbers, e *[2]sideAmplitude) {
	chooseRowAVX2(&u[0], &x[0], &e[0][0])
}

func (sideAVX2) divide(d *[2]sideAmplitude, x *sideNumbers, parts *sideElements) {
	divideRowAVX2(&d[0][0], &x[0], &parts[0][0])
}

func (sideAVX2) emit(dst, src []float64, e *[2]sideAmplitude) {
	n, half := emitLoops(len(src))
	scaleAVX2(&dst[0], &src[0], n, &e[0][0])
	if half > 0 {
		scaleAVX2(&dst[half], &src[half], n, &e[1][0])
	}
}

func (sideAVX2) unemit(lambda, src []float64, e, d *[2]sideAmplitude) {
	n, half := emitLoops(len(src))
	unscaleAVX2(&lambda[0], &src[0], n, &e[0][0], &d[0][0])
	if half > 0 {
		unscaleAVX2(&lambda[half], &src[half], n, &e[1][0], &d[1][0])
	}
}

func (sideAVX2) add(dst, src []float64, e *[2]sideAmplitude) {
	n, half := emitLoops(len(src))
	addScaledAVX2(&dst[0], &src[0], n, &e[0][0])
	if half > 0 {
		addScaledAVX2(&dst[half], &src[half], n, &e[1][0])
	}
}

func (sideAVX2) dot(a, b []float64, d *[2]sideAmplitude) {
	n, half := emitLoops(len(a))
	addDotAVX2(&a[0], &b[0], n, &d[0][0])
	if half > 0 {
		addDotAVX2(&a[half], &b[half], n, &d[1][0])
	}
}

// emitLoops counts the amplitudes with 0 for the last carry, and where those with 1 begin;
// 0 where there is no carry.
func emitLoops(length int) (n uint64, half int) {
	const amplitude = 2 * sideLanes
	if length == amplitude {
		return 1, 0
	}
	return uint64(length / (2 * amplitude)), length / 2
}

func (sideAVX2) components(u *sideOperator, d *sideElements, out *[3]sideNumbers) {
	componentsAVX2(&u[0], &d[0][0], &out[0][0])
}

func (sideAVX2) rotate(u *sideOperator, a axis, cs *sideAmplitude) {
	switch a {
	case axisX:
		rotateXAVX2(&u[0], &cs[0])
	case axisY:
		rotateYAVX2(&u[0], &cs[0])
	default:
		rotateZAVX2(&u[0], &cs[0])
	}
}

func (sideAVX2) times(u, v *sideOperator) { timesOperatorAVX2(&u[0], &v[0]) }

func (sideAVX2) turnBack(x, y *sideNumbers, cs *sideAmplitude) { turnBackAVX2(&x[0], &y[0], &cs[0]) }

func (sideAVX2) weight(r, v []float64, p *sideNumbers) {
	weightAVX2(&r[0], &v[0], uint64(len(v)/(2*sideLanes)), &p[0])
}

func (k sideAVX2) halves(angles, trig []float64) {
	if len(angles) == 0 {
		return
	}
	var most sideNumbers
	halvesAVX2(&angles[0], &trig[0], uint64(len(angles)/sideLanes), &most[0])
	for _, x := range most {
		if x > largestAngle/2 {
			plainSide{}.halves(angles, trig)
			return
		}
	}
}

// largestAngle is the angle up to which the kernels' sines are right.
const largestAngle = 1e8

func (sideAVX2) brick(trig, bits, tape []float64, pairs int) {
	brickAVX2(&trig[0], &bits[0], &tape[0], uint64(pairs))
}

func (sideAVX2) unbrick(trig, bits, tape []float64, lambda *sideAmplitude, d []float64, pairs int) {
	last := pairs - 1
	unbrickAVX2(&trig[last*brickTrig], &bits[last*brickBits], &tape[last*brickTape], &lambda[0], &d[last*brickAngle], uint64(pairs))
}
