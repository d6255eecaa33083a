package sim

import (
	"math"
	"math/bits"
	"math/cmplx"
	"runtime"

	"qgan/internal/parallel"
	"qgan/ir"
)

// register is the state of one lane: amplitudes by physical index in groups of
// four, and the frame that tells what an index means.
type register struct {
	kernel  blockKernel
	workers int
	qubits  int // physical, at least laneBits
	frame   frame
	phase   float64 // global, radians
	amps    []float64
	dirty   bool        // amps hold an old state that has to be overwritten
	plain   bool        // steps are applied as they are (direct)
	buffers [][]float64 // one a worker
}

// newRegister returns |0…0> of n qubits.
func newRegister(n int, k blockKernel, workers int) *register {
	r := &register{kernel: k, workers: workers, qubits: max(n, laneBits)}
	r.frame = newFrame(r.qubits)
	r.frame.r, r.frame.v, r.frame.k = r.frame.r[:n], r.frame.v[:n], r.frame.k[:n]
	r.amps = make([]float64, 2<<r.qubits)
	r.amps[0] = 1
	return r
}

// reset names the state |0…0> again; run, told that it is fresh, writes it.
func (r *register) reset() {
	n := len(r.frame.k)
	f := newFrame(r.qubits)
	r.frame, r.phase, r.dirty = frame{f.r[:n], f.v[:n], f.k[:n]}, 0, true
}

// clone returns a copy that shares the workers' buffers, for one of the two is
// run at a time.
func (r *register) clone() *register {
	c := *r
	c.frame = r.frame.clone()
	c.amps = append([]float64(nil), r.amps...)
	return &c
}

// run applies gates: Apply, Unitary, Barrier and Delay. fresh says that the
// register is |0…0>, from which the first rotations make a product state.
func (r *register) run(ops []ir.Op, trained, data []float64, fresh bool) {
	l := newLowering(&r.frame, trained, data)
	for _, op := range ops {
		switch op := op.(type) {
		case *ir.Apply:
			l.apply(op)
		case *ir.Unitary:
			l.unitary(op)
		}
	}
	steps := l.finish()
	r.phase += l.phase
	if fresh {
		steps = r.start(steps)
	}
	r.apply(steps)
}

// apply runs steps in passes, or as they are.
func (r *register) apply(steps []step) {
	if r.plain {
		r.direct(steps)
		return
	}
	for _, part := range schedule(steps, r.qubits, blockBits) {
		p := newPass(part.inside, r.qubits)
		p.actions = (&localizer{space: part.inside}).actions(part.steps)
		r.each(p.blocks(), func(worker, block int) {
			p.do(r.kernel, r.amps, r.buffer(worker, 2<<p.size), block)
		})
	}
}

// each runs f for the tasks 0 … n-1 on the workers.
func (r *register) each(n int, f func(worker, task int)) {
	w := r.workers
	if n < 2 || len(r.amps) < 1<<13 {
		w = 1
	}
	for len(r.buffers) < w {
		r.buffers = append(r.buffers, nil)
	}
	parallel.Each(n, w, func(i, worker int) { f(worker, i) })
}

func (r *register) buffer(worker, size int) []float64 {
	r.buffers[worker] = room(r.buffers[worker], size)
	return r.buffers[worker]
}

// workersOf returns the number of goroutines for a setting, 0 standing for
// GOMAXPROCS.
func workersOf(setting int) int {
	if setting > 0 {
		return setting
	}
	return runtime.GOMAXPROCS(0)
}

// start writes the product state that rotations of single index bits make of
// |0…0>, where they come before anything that they don't commute with, and
// returns the other steps.
func (r *register) start(steps []step) (rest []step) {
	columns := make([][2]complex128, r.qubits)
	for i := range columns {
		columns[i] = [2]complex128{1, 0}
	}
	var late blocker
	done := uint64(0)
	for i, s := range steps {
		if late.full(r.qubits) {
			rest = append(rest, steps[i:]...)
			break
		}
		flips, reads := s.support()
		if a, ok := s.(*rotation); ok && a.v == a.role.mask && a.v&(a.v-1) == 0 && done&a.v == 0 && late.lets(flips, reads) {
			done |= a.v
			u := a.u
			if a.role.k {
				u = u.flipped()
			}
			columns[bits.TrailingZeros64(a.v)] = [2]complex128{complex(u.ar, u.ai), complex(u.br, u.bi)}
			continue
		}
		late.add(flips, reads)
		rest = append(rest, s)
	}
	if done != 0 || r.dirty {
		r.product(columns)
		r.dirty = false
	}
	return rest
}

// product writes the tensor product of columns, column j for bit j.
func (r *register) product(columns [][2]complex128) {
	low := min(rowBits, r.qubits)
	kron := func(columns [][2]complex128) []complex128 {
		out := []complex128{1}
		for _, c := range columns {
			n := len(out)
			out = append(out, out...)
			for i := range n {
				out[i], out[n+i] = out[i]*c[0], out[i]*c[1]
			}
		}
		return out
	}
	row := make([]float64, 2<<low)
	for i, x := range kron(columns[:low]) {
		at := offsetOf(i)
		row[at], row[at+lanes] = real(x), imag(x)
	}
	// The rest in two halves, so that few numbers are kept.
	middle := (low + r.qubits) / 2
	first, second := kron(columns[low:middle]), kron(columns[middle:])
	r.each(len(second), func(_, i int) {
		for j, x := range first {
			to := r.amps[(i*len(first)+j)*len(row):][:len(row)]
			x *= second[i]
			copy(to, row)
			scale(to, x)
		}
	})
}

// scale multiplies amplitudes by a factor.
func scale(amps []float64, x complex128) {
	re, im := real(x), imag(x)
	for g := range uint64(len(amps) / (2 * lanes)) {
		a := group(amps, g)
		for l := range lanes {
			a[l], a[lanes+l] = re*a[l]-im*a[lanes+l], re*a[lanes+l]+im*a[l]
		}
	}
}

// weight adds |amplitude|² over the register, in parts of the same size that
// are added in their order; where f is given, over the indices where it is 1.
func (r *register) weight(f *form) float64 {
	const part = 1 << 12
	sums := make([]float64, (1<<r.qubits+part-1)/part)
	r.each(len(sums), func(_, i int) {
		sum := 0.0
		for x := i * part; x < min((i+1)*part, 1<<r.qubits); x += lanes {
			g := group(r.amps, uint64(x/lanes))
			for l := range lanes {
				if f == nil || f.at(uint64(x+l)) {
					sum += g[l]*g[l] + g[lanes+l]*g[lanes+l]
				}
			}
		}
		sums[i] = sum
	})
	total := 0.0
	for _, s := range sums {
		total += s
	}
	return total
}

// project keeps the amplitudes where f has the value, and scales them.
func (r *register) project(f form, value bool, by float64) {
	const part = 1 << 12
	r.each((1<<r.qubits+part-1)/part, func(_, i int) {
		for x := i * part; x < min((i+1)*part, 1<<r.qubits); x += lanes {
			g := group(r.amps, uint64(x/lanes))
			for l := range lanes {
				k := by
				if f.at(uint64(x+l)) != value {
					k = 0
				}
				g[l] *= k
				g[lanes+l] *= k
			}
		}
	})
}

// images calls f with the logical state of every physical index, in Gray-code
// order, for which one bit's images are enough.
func (r *register) images(f func(x, y uint64)) {
	x, y := uint64(0), r.frame.outcome(0)
	f(x, y)
	bit := make([]uint64, r.qubits)
	for j := range bit {
		bit[j] = r.frame.outcome(1<<j) ^ y
	}
	for i := uint64(1); i < 1<<r.qubits; i++ {
		j := bits.TrailingZeros64(i)
		x ^= 1 << j
		y ^= bit[j]
		f(x, y)
	}
}

// amplitude returns the amplitude of a logical state, global phase included.
// The vectors that flip one qubit each lead to it from the state at index 0.
func (r *register) amplitude(state uint64) complex128 {
	x := uint64(0)
	n := len(r.frame.k)
	for q, v := range r.frame.v {
		if r.frame.value(q, 0) != (state>>(n-1-q)&1 == 1) {
			x ^= v
		}
	}
	at := offsetOf(int(x))
	return r.factor() * complex(r.amps[at], r.amps[at+lanes])
}

// factor is the global phase.
func (r *register) factor() complex128 {
	return cmplx.Exp(complex(0, math.Remainder(r.phase, 2*math.Pi)))
}

// law returns the probabilities of measuring all qubits, by logical state.
func (r *register) law() []float64 {
	out := make([]float64, 1<<len(r.frame.k))
	r.images(func(x, y uint64) {
		at := offsetOf(int(x))
		re, im := r.amps[at], r.amps[at+lanes]
		out[y] += re*re + im*im // spare bits are 0: their terms add nothing
	})
	return out
}

// amplitudes returns the state vector by logical state, global phase included.
func (r *register) amplitudes() []complex128 {
	out := make([]complex128, 1<<len(r.frame.k))
	phase := r.factor()
	r.images(func(x, y uint64) {
		at := offsetOf(int(x))
		out[y] += phase * complex(r.amps[at], r.amps[at+lanes])
	})
	return out
}
