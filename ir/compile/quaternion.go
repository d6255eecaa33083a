package compile

import (
	"math"

	"qgan/ir"
)

// quaternion is an element of SU(2): w - i(x·X + y·Y + z·Z), of norm 1. It
// stands for a one-qubit gate up to global phase.
type quaternion struct{ w, x, y, z float64 }

var unit = quaternion{w: 1}

// mul returns the product a·b: b acts first.
func (a quaternion) mul(b quaternion) quaternion {
	return quaternion{
		a.w*b.w - a.x*b.x - a.y*b.y - a.z*b.z,
		a.w*b.x + a.x*b.w + a.y*b.z - a.z*b.y,
		a.w*b.y - a.x*b.z + a.y*b.w + a.z*b.x,
		a.w*b.z + a.x*b.y - a.y*b.x + a.z*b.w,
	}
}

// inverse undoes a.
func (a quaternion) inverse() quaternion { return quaternion{a.w, -a.x, -a.y, -a.z} }

// axis is a Pauli operator.
type axis uint8

const (
	axisX axis = iota
	axisY
	axisZ
)

// rotation is exp(-i·angle/2·P).
func rotation(p axis, angle float64) quaternion {
	s, c := math.Sincos(angle / 2)
	switch p {
	case axisX:
		return quaternion{w: c, x: s}
	case axisY:
		return quaternion{w: c, y: s}
	}
	return quaternion{w: c, z: s}
}

// quaternionOf takes a 2 x 2 unitary out of U(2), its global phase dropped.
func quaternionOf(m ir.Matrix) quaternion {
	a, b, c, d := m.At(0, 0), m.At(0, 1), m.At(1, 0), m.At(1, 1)
	// U = e^{iα}(w - iz, -y - ix; y - ix, w + iz): the sums below are each a
	// component times the phase. The largest one tells the phase.
	parts := [4]complex128{(a + d) / 2, (b + c) / 2 * 1i, (c - b) / 2, (a - d) / 2 * 1i}
	largest := 0
	for i, p := range parts {
		if abs2(p) > abs2(parts[largest]) {
			largest = i
		}
	}
	phase := parts[largest] / complex(math.Sqrt(abs2(parts[largest])), 0)
	conj := complex(real(phase), -imag(phase))
	q := quaternion{real(parts[0] * conj), real(parts[1] * conj), real(parts[2] * conj), real(parts[3] * conj)}
	norm := math.Sqrt(q.w*q.w + q.x*q.x + q.y*q.y + q.z*q.z)
	return quaternion{q.w / norm, q.x / norm, q.y / norm, q.z / norm}
}

// gateOf is a one-qubit gate of numbers, its global phase dropped.
func gateOf(a *ir.Apply) quaternion {
	switch a.Gate {
	case ir.RX:
		return rotation(axisX, a.Angles[0].Const)
	case ir.RY:
		return rotation(axisY, a.Angles[0].Const)
	case ir.RZ, ir.P:
		return rotation(axisZ, a.Angles[0].Const)
	}
	return quaternionOf(a.MatrixOf(nil, nil))
}

// matrix is the gate by rows.
func (a quaternion) matrix() [4]complex128 {
	return [4]complex128{complex(a.w, -a.z), complex(-a.y, -a.x), complex(a.y, -a.x), complex(a.w, a.z)}
}

func abs2(z complex128) float64 { return real(z)*real(z) + imag(z)*imag(z) }

// euler returns angles with Rz(phi)·Ry(theta)·Rz(lambda) = a up to sign,
// 0 <= theta <= π.
func (a quaternion) euler() (theta, phi, lambda float64) {
	theta = 2 * math.Atan2(math.Hypot(a.x, a.y), math.Hypot(a.w, a.z))
	sum, difference := math.Atan2(a.z, a.w), math.Atan2(-a.x, a.y)
	return theta, sum + difference, sum - difference
}

// tiny is the angle below which a rotation is none. It lies far below the
// 1e-9 to which circuits are compared and far above rounding errors.
const tiny = 1e-11

// size is the operator norm of the difference from the identity, up to global phase.
func (a quaternion) size() float64 {
	return 2 * math.Sin(math.Atan2(math.Hypot(math.Hypot(a.x, a.y), a.z), math.Abs(a.w))/2)
}

// diagonal reports whether a commutes with Z.
func (a quaternion) diagonal() bool { return math.Hypot(a.x, a.y) < tiny }

// flips reports whether a takes Z to -Z.
func (a quaternion) flips() bool { return math.Hypot(a.w, a.z) < tiny }

// wrap brings an angle into (-π, π].
func wrap(a float64) float64 {
	a = math.Remainder(a, 2*math.Pi)
	if a <= -math.Pi {
		a += 2 * math.Pi
	}
	return a
}
