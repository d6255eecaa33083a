package sim

import (
	"math"
	"math/bits"
)

// directQubits is the number of qubits up to which steps that are run once are
// applied as they are: preparing passes would take longer than running them.
const directQubits = 11

// direct applies steps one after the other.
func (r *register) direct(steps []step) {
	for _, s := range steps {
		switch s := s.(type) {
		case *rotation:
			r.directPairs(s.v, s.role, func(x, y int) {
				a, b := complex(r.amps[x], r.amps[x+lanes]), complex(r.amps[y], r.amps[y+lanes])
				u := s.u
				r.amps[x] = u.ar*real(a) - u.ai*imag(a) - u.br*real(b) - u.bi*imag(b)
				r.amps[x+lanes] = u.ar*imag(a) + u.ai*real(a) - u.br*imag(b) + u.bi*real(b)
				r.amps[y] = u.br*real(a) - u.bi*imag(a) + u.ar*real(b) + u.ai*imag(b)
				r.amps[y+lanes] = u.br*imag(a) + u.bi*real(a) + u.ar*imag(b) - u.ai*real(b)
			})
		case *turn:
			sin, cos := math.Sincos(s.angle / 2)
			for x := range 1 << r.qubits {
				i := -sin
				if bits.OnesCount64(s.mask&uint64(x))&1 == 1 {
					i = sin
				}
				at := offsetOf(x)
				re, im := r.amps[at], r.amps[at+lanes]
				r.amps[at], r.amps[at+lanes] = cos*re-i*im, cos*im+i*re
			}
		case *choice:
			r.directChoice(s)
		case *dense:
			r.directDense(s)
		}
	}
}

// directPairs calls f with the places of the amplitudes x and x xor v for every
// x whose role is 0.
func (r *register) directPairs(v uint64, role form, f func(x, y int)) {
	high := spaced(v)
	for j := range uint64(1) << (r.qubits - 1) {
		x := j + j&high
		if role.at(x) {
			x ^= v
		}
		f(offsetOf(int(x)), offsetOf(int(x^v)))
	}
}

// hold says that all forms are 1.
func hold(forms []form, x uint64) bool {
	for _, f := range forms {
		if !f.at(x) {
			return false
		}
	}
	return true
}

func (r *register) directChoice(s *choice) {
	block := func(x uint64) *[2][2]complex128 {
		number := 0
		for j, f := range s.index {
			if f.at(x) {
				number |= 1 << j
			}
		}
		return &s.blocks[number]
	}
	for x := range uint64(1) << r.qubits {
		if s.v != 0 && s.role.at(x) || !hold(s.where, x) {
			continue
		}
		b, at := block(x), offsetOf(int(x))
		a := complex(r.amps[at], r.amps[at+lanes])
		if s.v == 0 {
			a *= b[0][0]
			r.amps[at], r.amps[at+lanes] = real(a), imag(a)
			continue
		}
		to := offsetOf(int(x ^ s.v))
		c := complex(r.amps[to], r.amps[to+lanes])
		a, c = b[0][0]*a+b[0][1]*c, b[1][0]*a+b[1][1]*c
		r.amps[at], r.amps[at+lanes] = real(a), imag(a)
		r.amps[to], r.amps[to+lanes] = real(c), imag(c)
	}
}

func (r *register) directDense(s *dense) {
	k := len(s.flips)
	at := make([]int, 1<<k)
	in := make([]complex128, 1<<k)
	for x := range uint64(1) << r.qubits {
		first := hold(s.where, x)
		for _, f := range s.value {
			first = first && !f.at(x)
		}
		if !first {
			continue
		}
		for i := range at {
			y := x
			for j, v := range s.flips {
				if i>>(k-1-j)&1 == 1 {
					y ^= v
				}
			}
			at[i] = offsetOf(int(y))
			in[i] = complex(r.amps[at[i]], r.amps[at[i]+lanes])
		}
		for i, to := range at {
			var sum complex128
			for j, a := range in {
				sum += s.matrix.A[i<<k+j] * a
			}
			r.amps[to], r.amps[to+lanes] = real(sum), imag(sum)
		}
	}
}
