package sim

import (
	"math"
	"math/rand/v2"
	"testing"

	"qgan/internal/stream"
)

// sideKernels are the kernels of this machine but for the plain one, and that as well.
func sideKernels(t testing.TB) map[string]sideKernel {
	t.Helper()
	out := map[string]sideKernel{}
	for _, name := range Kernels() {
		k, err := kernelNamed(name)
		if err != nil {
			t.Fatal(err)
		}
		out[name] = k.side
	}
	return out
}

func gauss(rng *rand.Rand, n int) []float64 {
	out := make([]float64, n)
	for i := range out {
		out[i] = rng.NormFloat64()
	}
	return out
}

// Each function of a kernel computes what the plain one does.
func TestSideKernels(t *testing.T) {
	const w = sideLanes
	for name, kern := range sideKernels(t) {
		rng := stream.New(1, "kernels")
		same := func(what string, run func(k sideKernel, v []float64), v []float64) {
			t.Helper()
			want, got := append([]float64(nil), v...), append([]float64(nil), v...)
			run(plainSide{}, want)
			run(kern, got)
			for i := range want {
				if math.Abs(got[i]-want[i]) > 1e-13*max(1, math.Abs(want[i])) {
					t.Errorf("%s, %s: number %d is %v, want %v", name, what, i, got[i], want[i])
					return
				}
			}
		}
		u := (*sideOperator)(gauss(rng, 4*w))
		v := (*sideOperator)(gauss(rng, 4*w))
		cs := (*sideAmplitude)(gauss(rng, 2*w))
		e := [2]sideAmplitude{*(*sideAmplitude)(gauss(rng, 2*w)), *(*sideAmplitude)(gauss(rng, 2*w))}
		for chains := 0; chains <= 5; chains++ {
			size := 2 * w << chains
			src := gauss(rng, size)
			for bit := range chains {
				same("carry", func(k sideKernel, v []float64) { k.carry(v, src, bit, u) }, make([]float64, size))
				same("carry in place", func(k sideKernel, v []float64) { k.carry(v, v, bit, u) }, src)
				same("uncarry", func(k sideKernel, v []float64) {
					var d sideElements
					k.uncarry(v[:size], src, bit, u, &d)
					for i := range d {
						copy(v[size+i*2*w:], d[i][:])
					}
				}, append(gauss(rng, size), make([]float64, 8*w)...))
			}
			same("emit", func(k sideKernel, v []float64) { k.emit(v, src, &e) }, make([]float64, size))
			same("add", func(k sideKernel, v []float64) { k.add(v, src, &e) }, gauss(rng, size))
			other := gauss(rng, size)
			same("dot", func(k sideKernel, v []float64) {
				d := [2]sideAmplitude{sideAmplitude(v[:2*w]), sideAmplitude(v[2*w:])}
				k.dot(src, other, &d)
				copy(v, d[0][:])
				copy(v[2*w:], d[1][:])
			}, gauss(rng, 4*w))
			matrix := gauss(rng, size<<chains)
			same("weight", func(k sideKernel, v []float64) { k.weight(matrix, src, (*sideNumbers)(v)) }, make([]float64, w))
			same("unemit", func(k sideKernel, v []float64) {
				var d [2]sideAmplitude
				k.unemit(v[:size], src, &e, &d)
				copy(v[size:], d[0][:])
				copy(v[size+2*w:], d[1][:])
			}, append(gauss(rng, size), make([]float64, 4*w)...))
		}
		x := (*sideNumbers)(gauss(rng, w))
		for l := range x {
			x[l] = float64(rng.IntN(2))
		}
		same("choose", func(k sideKernel, v []float64) {
			var e [2]sideAmplitude
			k.choose(u, x, &e)
			copy(v, e[0][:])
			copy(v[2*w:], e[1][:])
		}, make([]float64, 4*w))
		same("divide", func(k sideKernel, v []float64) {
			var parts sideElements
			k.divide(&e, x, &parts)
			for i := range parts {
				copy(v[i*2*w:], parts[i][:])
			}
		}, make([]float64, 8*w))
		elements := gauss(rng, 8*w)
		same("components", func(k sideKernel, v []float64) {
			var d sideElements
			for i := range d {
				d[i] = sideAmplitude(elements[2*w*i:])
			}
			var out [3]sideNumbers
			k.components(u, &d, &out)
			for i := range out {
				copy(v[i*w:], out[i][:])
			}
		}, make([]float64, 3*w))
		for _, a := range []axis{axisX, axisY, axisZ} {
			same("rotate", func(k sideKernel, v []float64) { k.rotate((*sideOperator)(v), a, cs) }, u[:])
		}
		same("times", func(k sideKernel, x []float64) { k.times((*sideOperator)(x), v) }, u[:])
		same("turnBack", func(k sideKernel, v []float64) { k.turnBack((*sideNumbers)(v), (*sideNumbers)(v[w:]), cs) }, gauss(rng, 2*w))
		for _, size := range []float64{1e-300, 1e-9, 1, 10, 1e4, 9e7, 1e9, 1e17, 1e300} {
			angles := gauss(rng, 5*w)
			for i := range angles {
				angles[i] *= size
			}
			copy(angles, []float64{0, math.Pi, -math.Pi, 2 * math.Pi, math.Pi / 2, math.Copysign(0, -1), 3 * math.Pi})
			same("halves", func(k sideKernel, v []float64) { k.halves(angles, v) }, make([]float64, 10*w))
		}
		const pairs = 3
		trig, bits := gauss(rng, pairs*brickTrig), make([]float64, (2*pairs+1)*w)
		for i := range bits {
			bits[i] = float64(rng.IntN(2))
		}
		tape := gauss(rng, (pairs+1)*brickTape)
		same("brick", func(k sideKernel, v []float64) { k.brick(trig, bits, v, pairs) }, tape)
		same("unbrick", func(k sideKernel, v []float64) {
			lambda := *(*sideAmplitude)(v)
			k.unbrick(trig, bits, tape, &lambda, v[2*w:], pairs)
			copy(v, lambda[:])
		}, append(gauss(rng, 2*w), make([]float64, pairs*brickAngle)...))
	}
}
