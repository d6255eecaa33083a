package sim

import "slices"

// densityStep is a transfer in the coordinates of a block.
type densityStep struct {
	transfer
	strides [2]int
	offsets [16]int
	affine  bool // of one qubit: the first row is 1, 0, 0, 0
	unital  bool // and so is the first column

	// For registers of four numbers. Of one qubit the elements of the matrix, each four times,
	// or its columns where the stride is one; of a monomial matrix the factor of each row of
	// numbers that comes in, four times.
	table [64]float64
	// Where rows come from and where they go, in bytes, if the matrix only permutes them.
	from, to [16]uint64
	permutes bool
}

// densityKernel applies steps to blocks.
type densityKernel interface {
	single(s *densityStep, buf []float64)
	permute(s *densityStep, buf, spare []float64)
}

// plainDensity is the pure Go kernel.
type plainDensity struct{}

func newDensityStep(t transfer, order []int) densityStep {
	s := densityStep{transfer: t}
	for i, q := range t.qubits {
		s.strides[i] = 1 << (2 * (len(order) - 1 - slices.Index(order, q)))
	}
	if len(t.qubits) == 1 {
		m := t.m
		s.affine = m[0] == 1 && m[1] == 0 && m[2] == 0 && m[3] == 0
		s.unital = s.affine && m[4] == 0 && m[8] == 0 && m[12] == 0
		for i := range s.table {
			s.table[i] = m[i/4]
		}
		if s.strides[0] == 1 {
			for i := range m {
				s.table[i] = m[i%4*4+i/4]
			}
		}
		return s
	}
	for i := range s.offsets {
		s.offsets[i] = i>>2*s.strides[0] + i&3*s.strides[1]
	}
	taken := 0
	for i, from := range s.source {
		taken |= 1 << from
		s.from[i], s.to[from] = uint64(8*s.offsets[i]), uint64(8*s.offsets[i])
		for j := range 4 {
			s.table[4*int(from)+j] = s.factor[i]
		}
	}
	s.permutes = s.monomial && taken == 1<<16-1
	return s
}

// apply runs the step on a block; spare is as large.
func (s *densityStep) apply(k densityKernel, buf, spare []float64) {
	switch {
	case len(s.qubits) == 1:
		k.single(s, buf)
	case s.monomial:
		k.permute(s, buf, spare)
	default:
		s.mix(buf)
	}
}

func (plainDensity) single(s *densityStep, buf []float64) {
	n := s.strides[0]
	m := (*[16]float64)(s.m)
	for base := 0; base < len(buf); base += 4 * n {
		v0, v1, v2, v3 := buf[base:][:n], buf[base+n:][:n], buf[base+2*n:][:n], buf[base+3*n:][:n]
		switch {
		case s.unital:
			for j := range v0 {
				x, y, z := v1[j], v2[j], v3[j]
				v1[j] = m[5]*x + m[6]*y + m[7]*z
				v2[j] = m[9]*x + m[10]*y + m[11]*z
				v3[j] = m[13]*x + m[14]*y + m[15]*z
			}
		case s.affine:
			for j, w := range v0 {
				x, y, z := v1[j], v2[j], v3[j]
				v1[j] = m[4]*w + m[5]*x + m[6]*y + m[7]*z
				v2[j] = m[8]*w + m[9]*x + m[10]*y + m[11]*z
				v3[j] = m[12]*w + m[13]*x + m[14]*y + m[15]*z
			}
		default:
			for j, w := range v0 {
				x, y, z := v1[j], v2[j], v3[j]
				v0[j] = m[0]*w + m[1]*x + m[2]*y + m[3]*z
				v1[j] = m[4]*w + m[5]*x + m[6]*y + m[7]*z
				v2[j] = m[8]*w + m[9]*x + m[10]*y + m[11]*z
				v3[j] = m[12]*w + m[13]*x + m[14]*y + m[15]*z
			}
		}
	}
}

// pairs calls f with the base of each run of numbers that differ in neither of
// the two digits, and the length of the runs.
func (s *densityStep) pairs(size int, f func(base, run int)) {
	high, low := max(s.strides[0], s.strides[1]), min(s.strides[0], s.strides[1])
	for a := 0; a < size; a += 4 * high {
		for b := a; b < a+high; b += 4 * low {
			f(b, low)
		}
	}
}

// permute applies a matrix of one number a row.
func (plainDensity) permute(s *densityStep, buf, spare []float64) {
	s.pairs(len(buf), func(base, run int) {
		if run < 4 {
			for j := base; j < base+run; j++ {
				var in [16]float64
				for i, o := range s.offsets {
					in[i] = buf[j+o]
				}
				for i, o := range s.offsets {
					buf[j+o] = s.factor[i] * in[s.source[i]&15]
				}
			}
			return
		}
		for i, o := range s.offsets {
			copy(spare[i*run:][:run], buf[base+o:])
		}
		for i, o := range s.offsets {
			to, from, k := buf[base+o:][:run], spare[int(s.source[i])*run:][:run], s.factor[i]
			for j, x := range from {
				to[j] = k * x
			}
		}
	})
}

// mix applies any matrix on two qubits.
func (s *densityStep) mix(buf []float64) {
	s.pairs(len(buf), func(base, run int) {
		for j := base; j < base+run; j++ {
			var in [16]float64
			for i, o := range s.offsets {
				in[i] = buf[j+o]
			}
			for i, o := range s.offsets {
				row := (*[16]float64)(s.m[16*i:])
				sum := 0.0
				for l, x := range in {
					sum += row[l] * x
				}
				buf[j+o] = sum
			}
		}
	})
}
