package sim

import (
	"fmt"
	"math"
	"math/bits"
	"math/cmplx"
	"slices"

	"qgan/calibration"
	"qgan/internal/parallel"
	"qgan/ir"
)

// MaxDensityQubits bounds the qubits of a density matrix: 4^12 numbers are
// 128 MiB.
const MaxDensityQubits = 12

// density is the density matrix of some qubits as the real vector of its Pauli
// components Tr(P rho). An index has a digit of base 4 for each qubit, its
// letter I, X, Y or Z, the first qubit the most significant. A channel is the
// real matrix of its action on the letters of its qubits.
//
// Operations on one qubit wait and fuse until something else touches the qubit;
// those on two wait in a queue from which passes over the vector are made.
type density struct {
	kernel  densityKernel
	workers int
	qubits  int
	r       []float64
	pending [][16]float64
	waiting []bool
	queue   []transfer
	buffers [][]float64
}

// transfer is a queued operation on one or two qubits.
type transfer struct {
	qubits []int
	m      []float64 // 4x4 or 16x16, row by row
	// source and factor give a matrix with at most one number in each row: row i
	// is factor[i] at column source[i].
	monomial bool
	source   [16]uint8
	factor   [16]float64
}

// newDensity returns |0…0><0…0|, whose components are 1 for I and Z everywhere.
func newDensity(n int, k densityKernel, workers int) *density {
	d := &density{kernel: k, workers: workers, qubits: n, r: make([]float64, 1<<(2*n)), pending: make([][16]float64, n), waiting: make([]bool, n)}
	for z := range uint64(1) << n {
		d.r[diagonalIndex(z)] = 1
	}
	return d
}

// diagonalIndex is the index of the string with Z where the bits of z are 1.
func diagonalIndex(z uint64) (i uint64) {
	for j := 0; z>>j != 0; j++ {
		i |= (z >> j & 1) * 3 << (2 * j)
	}
	return i
}

func (d *density) clone() *density {
	d.drain()
	c := *d
	c.r = slices.Clone(d.r)
	c.pending, c.waiting = slices.Clone(d.pending), slices.Clone(d.waiting)
	c.queue = nil
	return &c
}

// one applies a 4x4 matrix to the letters of a qubit.
func (d *density) one(q int, m *[16]float64) {
	if !d.waiting[q] {
		d.pending[q], d.waiting[q] = *m, true
		return
	}
	p := &d.pending[q]
	var out [16]float64
	for i := range 4 {
		for j := range 4 {
			out[4*i+j] = m[4*i]*p[j] + m[4*i+1]*p[4+j] + m[4*i+2]*p[8+j] + m[4*i+3]*p[12+j]
		}
	}
	*p = out
}

// two applies a 16x16 matrix to the letters of two qubits, the first the more
// significant.
func (d *density) two(a, b int, m []float64) {
	if k := len(d.queue); k > 0 && !d.waiting[a] && !d.waiting[b] && slices.Equal(d.queue[k-1].qubits, []int{a, b}) {
		d.queue[k-1] = newTransfer(a, b, multiply(m, d.queue[k-1].m, 16))
		return
	}
	d.flush(a)
	d.flush(b)
	d.queue = append(d.queue, newTransfer(a, b, m))
}

func multiply(a, b []float64, dim int) []float64 {
	out := make([]float64, dim*dim)
	for i := range dim {
		for k := range dim {
			if x := a[i*dim+k]; x != 0 {
				for j := range dim {
					out[i*dim+j] += x * b[k*dim+j]
				}
			}
		}
	}
	return out
}

// negligible is what rounding leaves of an element of a matrix that is 0.
const negligible = 1e-15

func newTransfer(a, b int, m []float64) transfer {
	t := transfer{qubits: []int{a, b}, m: m, monomial: true}
	for i := range 16 {
		found := false
		for j, x := range m[16*i:][:16] {
			if math.Abs(x) < negligible {
				continue
			}
			if found {
				t.monomial = false
			}
			found = true
			t.source[i], t.factor[i] = uint8(j), x
		}
	}
	return t
}

// flush queues what waits for a qubit.
func (d *density) flush(q int) {
	if d.waiting[q] {
		d.waiting[q] = false
		d.queue = append(d.queue, transfer{qubits: []int{q}, m: slices.Clone(d.pending[q][:])})
	}
}

// gate applies a unitary, or any other operator, with controls first.
func (d *density) gate(m ir.Matrix, qubits []int, controls int, open uint64) {
	switch k := len(qubits); {
	case k == 0:
	case k == 1:
		d.one(qubits[0], (*[16]float64)(calibration.Transfer(m.ControlledBy(controls, open))))
	case k == 2:
		d.two(qubits[0], qubits[1], calibration.Transfer(m.ControlledBy(controls, open)))
	default:
		d.wide(m, qubits, controls, open)
	}
}

// transfer applies the transfer matrix of a channel on up to three qubits.
func (d *density) transfer(m []float64, qubits []int) {
	switch len(qubits) {
	case 1:
		d.one(qubits[0], (*[16]float64)(m))
	case 2:
		d.two(qubits[0], qubits[1], m)
	default:
		d.several(m, qubits)
	}
}

// several applies a matrix to the letters of any number of qubits.
func (d *density) several(m []float64, qubits []int) {
	d.drain()
	k := len(qubits)
	offset := make([]int, 1<<(2*k))
	for i := range offset {
		for j, q := range qubits {
			offset[i] |= i >> (2 * (k - 1 - j)) & 3 << (2 * (d.qubits - 1 - q))
		}
	}
	mask := offset[len(offset)-1]
	in := make([]float64, len(offset))
	for base := range d.r {
		if base&mask != 0 {
			continue
		}
		for i, o := range offset {
			in[i] = d.r[base|o]
		}
		for i, o := range offset {
			sum := 0.0
			for j, x := range in {
				sum += m[i*len(in)+j] * x
			}
			d.r[base|o] = sum
		}
	}
}

// wide applies an operator on three qubits or more, in the basis of the matrix
// elements <i|rho|j>, where a digit is the pair of a bit of i and one of j.
func (d *density) wide(m ir.Matrix, qubits []int, controls int, open uint64) {
	d.drain()
	rho := make([]complex128, len(d.r))
	for i, x := range d.r {
		rho[i] = complex(x, 0)
	}
	for q := range d.qubits {
		d.digits(rho, q, func(v *[4]complex128) {
			v[0], v[1], v[2], v[3] = (v[0]+v[3])/2, (v[1]-1i*v[2])/2, (v[1]+1i*v[2])/2, (v[0]-v[3])/2
		})
	}
	conj := ir.NewMatrix(m.Dim)
	for i, x := range m.A {
		conj.A[i] = cmplx.Conj(x)
	}
	for side, m := range []ir.Matrix{m, conj} {
		where, want := 0, 0
		var targets []int
		for i, q := range qubits {
			bit := 1 << (2*(d.qubits-1-q) + 1 - side)
			switch {
			case i >= controls:
				targets = append(targets, bit)
			case open>>i&1 == 1:
				where |= bit
			default:
				where, want = where|bit, want|bit
			}
		}
		applyWhere(rho, m, targets, where, want)
	}
	for q := range d.qubits {
		d.digits(rho, q, func(v *[4]complex128) {
			v[0], v[1], v[2], v[3] = v[0]+v[3], v[1]+v[2], 1i*(v[1]-v[2]), v[0]-v[3]
		})
	}
	for i, x := range rho {
		d.r[i] = real(x)
	}
}

// digits calls f with the four numbers that differ in the digit of a qubit.
func (d *density) digits(v []complex128, q int, f func(*[4]complex128)) {
	stride := 1 << (2 * (d.qubits - 1 - q))
	for base := range v {
		if base/stride&3 != 0 {
			continue
		}
		x := [4]complex128{v[base], v[base+stride], v[base+2*stride], v[base+3*stride]}
		f(&x)
		v[base], v[base+stride], v[base+2*stride], v[base+3*stride] = x[0], x[1], x[2], x[3]
	}
}

// applyWhere multiplies by a matrix on bits of the index, the first the most
// significant, where the bits of a mask have the wanted values.
func applyWhere(v []complex128, m ir.Matrix, targets []int, where, want int) {
	offset := make([]int, m.Dim)
	for i := range offset {
		for j, bit := range targets {
			if i>>(len(targets)-1-j)&1 == 1 {
				offset[i] |= bit
			}
		}
	}
	mask := offset[len(offset)-1]
	in := make([]complex128, m.Dim)
	for base := range v {
		if base&mask != 0 || base&where != want {
			continue
		}
		for i, o := range offset {
			in[i] = v[base|o]
		}
		for i, o := range offset {
			var sum complex128
			for j, x := range in {
				sum += m.A[i*m.Dim+j] * x
			}
			v[base|o] = sum
		}
	}
}

// read keeps what leads to a recorded bit, P(bit|0) and P(bit|1) given: the sum
// of both projections with these weights.
func (d *density) read(q int, given0, given1 float64) {
	sum, diff := (given0+given1)/2, (given0-given1)/2
	d.one(q, &[16]float64{0: sum, 3: diff, 12: diff, 15: sum})
}

// reset puts a qubit into |0>.
func (d *density) reset(q int) { d.one(q, &[16]float64{0: 1, 12: 1}) }

// trace is the weight of the state.
func (d *density) trace() float64 {
	d.drain()
	return d.r[0]
}

// law returns the probabilities of measuring all qubits, of the weight of the
// state together: the Walsh-Hadamard transform of the components of I and Z.
func (d *density) law() []float64 {
	d.drain()
	out := make([]float64, 1<<d.qubits)
	for z := range out {
		out[z] = d.r[diagonalIndex(uint64(z))] / float64(len(out))
	}
	for h := 1; h < len(out); h *= 2 {
		for i := range out {
			if i&h == 0 {
				out[i], out[i|h] = out[i]+out[i|h], out[i]-out[i|h]
			}
		}
	}
	return out
}

// lowQubits are the last qubits, whose digits lie together in memory and are in
// every block; outerQubits bounds the others that a pass works on.
const (
	lowQubits   = 2
	outerQubits = 4
)

// drain runs everything that waits.
func (d *density) drain() {
	for q := range d.qubits {
		d.flush(q)
	}
	for len(d.queue) > 0 {
		var outer uint64 // qubits of the pass, beside the low ones
		var late uint64  // qubits that something left for later acts on
		var now, rest []transfer
		low := max(0, d.qubits-lowQubits)
		for _, t := range d.queue {
			touched, needs := uint64(0), outer
			for _, q := range t.qubits {
				touched |= 1 << q
				if q < low {
					needs |= 1 << q
				}
			}
			if touched&late == 0 && bits.OnesCount64(needs) <= outerQubits {
				outer = needs
				now = append(now, t)
			} else {
				late |= touched
				rest = append(rest, t)
			}
		}
		d.pass(now, outer, low)
		d.queue = rest
	}
}

// pass applies transfers to every block: the numbers that differ in the digits
// of the outer qubits and of those from low on.
func (d *density) pass(list []transfer, outer uint64, low int) {
	// More outer qubits make the runs longer where there is room.
	for q := low - 1; q >= 0 && bits.OnesCount64(outer) < outerQubits; q-- {
		outer |= 1 << q
	}
	var order, others []int // qubits of a block and of the blocks' number
	for q := range d.qubits {
		if q >= low || outer>>q&1 == 1 {
			order = append(order, q)
		} else {
			others = append(others, q)
		}
	}
	run := 1 << (2 * (d.qubits - low))
	starts := make([]int, 1<<(2*(len(order)-(d.qubits-low))))
	for i := range starts {
		for j := range len(order) - (d.qubits - low) {
			shift := 2 * (len(order) - (d.qubits - low) - 1 - j)
			starts[i] |= i >> shift & 3 << (2 * (d.qubits - 1 - order[j]))
		}
	}
	size := run * len(starts)
	steps := make([]densityStep, len(list))
	for i, t := range list {
		steps[i] = newDensityStep(t, order)
	}
	blocks := 1 << (2 * len(others))
	const together = 4 // neighbouring blocks share cache lines
	tasks := (blocks + together - 1) / together
	workers := d.workers
	if len(d.r) < 1<<12 {
		workers = 1
	}
	for len(d.buffers) < workers {
		d.buffers = append(d.buffers, nil)
	}
	parallel.Each(tasks, workers, func(task, worker int) {
		d.buffers[worker] = room(d.buffers[worker], 2*size)
		buf, spare := d.buffers[worker][:size], d.buffers[worker][size:2*size]
		for block := task * together; block < min((task+1)*together, blocks); block++ {
			base := 0
			for j, q := range others {
				base |= block >> (2 * (len(others) - 1 - j)) & 3 << (2 * (d.qubits - 1 - q))
			}
			for i, s := range starts {
				copy(buf[i*run:][:run], d.r[base+s:])
			}
			for i := range steps {
				steps[i].apply(d.kernel, buf, spare)
			}
			for i, s := range starts {
				copy(d.r[base+s:][:run], buf[i*run:])
			}
		}
	})
}

// clean takes what rounding has brought below 0 out of a law and makes it sum to
// 1. Less than -1e-9, or a sum that is further than that from 1, is no rounding.
func clean(law []float64) error {
	sum := 0.0
	for i, p := range law {
		if p < -1e-9 || p != p {
			return fmt.Errorf("the probability of outcome %d is %v", i, p)
		}
		law[i] = max(0, p)
		sum += law[i]
	}
	if math.Abs(sum-1) > 1e-9 {
		return fmt.Errorf("the probabilities add up to %v", sum)
	}
	for i := range law {
		law[i] /= sum
	}
	return nil
}
