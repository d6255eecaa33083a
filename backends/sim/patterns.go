package sim

import (
	"context"
	"errors"
	"slices"

	"qgan/internal/parallel"
)

// maxPatternQubits bounds the states that are run side by side.
const maxPatternQubits = maxListed

// patternProgram is a circuit of gates whose channels are mixtures of Pauli
// strings, ready for any binding and any number of shots.
type patternProgram struct {
	*program
	errors  *errorSampler
	readout *readout
}

// newPatternProgram returns nil for a circuit that is none of that kind.
func (p *noisyCircuit) newPatternProgram() (*patternProgram, error) {
	gates := *p.circuit
	gates.Ops = p.circuit.Ops[:len(p.circuit.Ops)-p.last]
	if gates.Qubits > maxPatternQubits {
		return nil, nil
	}
	for _, sites := range p.sites {
		for _, s := range sites {
			if !s.paulis {
				return nil, nil
			}
		}
	}
	t := &trace{fences: map[[2]int]bool{}}
	program, err := compileTraced(&gates, t, p.sites)
	var refused *NotUnitaryError
	if errors.As(err, &refused) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	program.tabulate()
	r, err := p.readoutOf(&todo{ops: p.circuit.Ops})
	return &patternProgram{program, newErrorSampler(t, program.n), r}, err
}

// patternShots is how many shots' errors are drawn before their patterns run.
const patternShots = 1 << 21

// patterns draws shots of a circuit of gates whose channels are mixtures of
// Pauli strings: errors are drawn first, and each distinct pattern of them is a
// lane of one program.
func (j *shotJob) patterns(ctx context.Context, p *patternProgram) ([]uint64, error) {
	k, err := kernelNamed(j.kernel)
	if err != nil {
		return nil, err
	}
	words := make([]uint64, j.shots)
	before := make([]bool, j.circuit.Bits)
	run := newPatternRun(p.program, k.narrowest(), j)
	for first := 0; first < j.shots; first += patternShots {
		outcomes := make([]uint32, min(patternShots, j.shots-first))
		part := uint64(first / patternShots)
		if err := run.all(ctx, p.errors.draw(len(outcomes), j.stream("errors", part)), outcomes); err != nil {
			return nil, err
		}
		for i, y := range outcomes {
			read := uint64(0)
			for _, q := range p.readout.qubits {
				read = read<<1 | uint64(y>>(p.n-1-q)&1)
			}
			words[first+i] = p.readout.word(before, read)
		}
	}
	p.readout.confuse(words, j.circuit.Bits, j.stream("readout"))
	return words, nil
}

// patternRun runs the patterns of one program under one binding.
type patternRun struct {
	*program
	kernel  kernel
	workers int
	factors [][]turned // of each op
	base    []su2      // the product of each op's factors
	starts  []int      // ops before which the error-free state is kept
	states  [][]float64
	final   []float64
}

// turned is a factor with its sine.
type turned struct {
	axis axis
	half half
}

// keptStates is about how many states of the error-free course are kept, from
// which patterns begin.
const keptStates = 12

func newPatternRun(p *program, k kernel, j *shotJob) *patternRun {
	r := &patternRun{program: p, kernel: k, workers: j.workers}
	for _, op := range p.ops {
		u := su2{ar: 1}
		var list []turned
		for _, f := range op.factors {
			t := turned{f.axis, halfOf(f.angle.Value(j.trained, j.data))}
			u = u.rotated(t.axis, t.half)
			list = append(list, t)
		}
		r.factors, r.base = append(r.factors, list), append(r.base, u)
	}
	psi := make([]float64, 2<<p.n)
	coefs := make([]float64, 4*len(p.ops))
	for i, u := range r.base {
		copy(coefs[4*i:], []float64{u.ar, u.ai, u.br, u.bi})
	}
	p.start(plainRows(1), 1, coefs, psi)
	every := max(1, (len(p.ops)-p.product)/keptStates)
	for i := p.product; i < len(p.ops); i++ {
		if (i-p.product)%every == 0 {
			r.starts, r.states = append(r.starts, i), append(r.states, slices.Clone(psi))
		}
		narrow{}.apply(psi, p.ops[i].pairing.list, coefs[4*i:][:4])
	}
	r.final = psi
	return r
}

// with returns the SU(2) of an op with letters before some of its factors.
func (r *patternRun) with(op int32, at []absorbed) su2 {
	u := su2{ar: 1}
	for k, f := range r.factors[op] {
		for len(at) > 0 && at[0].slot.factor == int32(k) {
			if at[0].letter&2 != 0 {
				u = u.rotated(axisZ, half{0, 1}) // a rotation by π is the letter up to a phase
			}
			if at[0].letter&1 != 0 {
				u = u.rotated(axisX, half{0, 1})
			}
			at = at[1:]
		}
		u = u.rotated(f.axis, f.half)
	}
	return u
}

// all runs the patterns and writes the outcome of each shot, by logical state.
func (r *patternRun) all(ctx context.Context, list []pattern, outcomes []uint32) error {
	r.pick(&list[0], r.final, 0, 1, outcomes)
	list = list[1:]
	w := r.kernel.lanes()
	tasks := (len(list) + w - 1) / w
	spaces := make([]patternSpace, max(1, r.workers))
	parallel.Each(tasks, r.workers, func(task, worker int) {
		if ctx.Err() != nil {
			return
		}
		s := &spaces[worker]
		s.psi, s.coefs = room(s.psi, 2*w<<r.n), room(s.coefs, 4*w*len(r.ops))
		lanes := list[task*w : min((task+1)*w, len(list))]
		r.block(lanes, w, s)
		for l := range lanes {
			r.pick(&lanes[l], s.psi, l, w, outcomes)
		}
	})
	return ctx.Err()
}

type patternSpace struct{ psi, coefs []float64 }

// block runs up to width patterns side by side from the last kept state before
// the first error.
func (r *patternRun) block(lanes []pattern, width int, s *patternSpace) {
	first := int(lanes[0].at[0].slot.op)
	from := 0
	if k, _ := slices.BinarySearch(r.starts, first+1); k > 0 && first >= r.product {
		from = r.starts[k-1]
		for x, a := range r.states[k-1] {
			at := s.psi[width*x:][:width]
			for l := range at {
				at[l] = a
			}
		}
	}
	for i := from; i < len(r.ops); i++ {
		c, u := s.coefs[4*width*i:][:4*width], r.base[i]
		for l := range width {
			c[l], c[width+l], c[2*width+l], c[3*width+l] = u.ar, u.ai, u.br, u.bi
		}
	}
	for l := range lanes {
		for at := lanes[l].at; len(at) > 0; {
			op, n := at[0].slot.op, 1
			for n < len(at) && at[n].slot.op == op {
				n++
			}
			u := r.with(op, at[:n])
			c := s.coefs[4*width*int(op):][:4*width]
			c[l], c[width+l], c[2*width+l], c[3*width+l] = u.ar, u.ai, u.br, u.bi
			at = at[n:]
		}
	}
	if from == 0 {
		r.start(r.kernel, width, s.coefs, s.psi)
		from = r.product
	}
	for i := from; i < len(r.ops); i++ {
		r.kernel.apply(s.psi, r.ops[i].pairing.list, s.coefs[4*width*i:][:4*width])
	}
}

// pick draws the outcomes of a pattern's shots from one lane of a state.
func (r *patternRun) pick(p *pattern, psi []float64, lane, width int, outcomes []uint32) {
	if len(p.shots) == 0 {
		return
	}
	slices.SortFunc(p.shots, func(a, b patternShot) int {
		switch {
		case a.u < b.u:
			return -1
		case a.u > b.u:
			return 1
		}
		return a.number - b.number
	})
	sum, last, next := 0.0, 0, 0
	for x := range 1 << r.n {
		re, im := psi[2*width*x+lane], psi[2*width*x+width+lane]
		w := re*re + im*im
		if w == 0 {
			continue
		}
		sum, last = sum+w, x
		for next < len(p.shots) && p.shots[next].u < sum {
			outcomes[p.shots[next].number] = r.outcome[x] ^ p.shots[next].flip
			next++
		}
		if next == len(p.shots) {
			return
		}
	}
	for ; next < len(p.shots); next++ { // what rounding left
		outcomes[p.shots[next].number] = r.outcome[last] ^ p.shots[next].flip
	}
}
