package sim

import (
	"math"

	"qgan/backends"
)

// A walk's states at a qubit lie in slots of a tape: what came in, what each carry's map
// made of it, and, where the qubit is the second of a pair of the brick, what the pair made
// of it. Without a brick the index of an amplitude is the carries, the first chain's the
// lowest bit. With one it is also y, the qubit's bit after the brick's first half, and
// between the two qubits of a pair the first one's y and, above it, its bit z before the
// brick:
//
//	in front of the pair      carries, y
//	between its two qubits    carries, y, z
//	after it                  carries, y of the second qubit
//
// Amplitudes are kept near 1 by powers of two, so that words of any probability have a
// logarithm.

// rescaled is the number of qubits after which amplitudes are brought near 1.
const rescaled = 16

// sideSpace is what one worker needs to walk.
type sideSpace struct {
	form   *sideForm
	kern   sideKernel
	size   int       // 2^carries
	slot   int       // numbers of a slot
	angles []float64 // of the lanes, 8 numbers each
	trig   []float64 // cosines and sines of their halves
	coefs  []float64 // operators
	bits   []float64 // the words: 1 or 0, 8 numbers a qubit
	tape   []float64
	scale  []sideNumbers // by which what goes out of a qubit was multiplied
	last   []float64     // what went out of the last qubit
	co     [2][]float64  // co-states
	log2   sideNumbers   // what the rescaling took out
	psi    sideAmplitude

	// Scratch of the kernel, which is not known when this is compiled.
	e, d       [2]sideAmplitude
	part       sideElements
	pairSum    sideNumbers
	components [3]sideNumbers
	env        *sideEnvironments

	operands sideOperands
	bound    *backends.Lane // of all lanes of the block that was bound for draws last
}

func (f *sideForm) newSpace(kern sideKernel) *sideSpace {
	s := &sideSpace{form: f, kern: kern, size: 1 << f.chains}
	s.angles = make([]float64, sideLanes*len(f.plan.angles))
	s.trig = make([]float64, 2*len(s.angles))
	s.scale = make([]sideNumbers, f.n+1)
	s.bits = make([]float64, sideLanes*(f.n+2))
	if f.real {
		if f.brick {
			s.tape = make([]float64, brickTape*(f.realPairs()+1))
		}
		return s
	}
	s.widen()
	return s
}

// widen makes room for the walk over complex amplitudes.
func (s *sideSpace) widen() {
	f := s.form
	s.slot = 2 * sideLanes * s.size
	if f.brick {
		s.slot *= 4
	}
	s.coefs = make([]float64, 4*sideLanes*(len(f.ops)+1))
	for l := range sideLanes {
		s.coefs[4*sideLanes*f.none()+l] = 1
	}
	s.tape = make([]float64, s.slot*(f.chains+2)*f.n)
	s.last = make([]float64, s.slot)
	s.co = [2][]float64{make([]float64, s.slot), make([]float64, s.slot)}
}

// bind computes the operators of a block's lanes.
func (s *sideSpace) bind(r *sideRows) {
	p := s.form.plan
	p.values(r, s.angles)
	s.kern.halves(s.angles, s.trig)
	s.operands.read(r)
	p.operators(s.kern, &s.operands, s.trig, s.coefs)
}

// bit returns a qubit's bits of the words.
func (s *sideSpace) bit(q int) *sideNumbers { return (*sideNumbers)(s.bits[q*sideLanes:]) }

// op returns the operator of that number.
func (s *sideSpace) op(i int) *sideOperator {
	return (*sideOperator)(s.coefs[4*sideLanes*i:])
}

// turn is the number of the operator of a layer on a qubit.
func (s *sideSpace) turn(layer, q int) int { return s.form.turns[layer*s.form.n+q] }

// at returns the first numbers of a slot: as many states as copies of the carries.
func (s *sideSpace) at(q, slot, copies int) []float64 {
	return s.tape[(q*(s.form.chains+2)+slot)*s.slot:][:copies*s.size*2*sideLanes]
}

// carries applies the maps of all carries at a qubit, whose state has that many copies, and
// returns what comes out.
func (s *sideSpace) carries(q, copies int) []float64 {
	for l := range s.form.chains {
		s.kern.carry(s.at(q, l+1, copies), s.at(q, l, copies), l, s.op(s.turn(l, q)))
	}
	return s.at(q, s.form.chains, copies)
}

// uncarries takes a co-state back through the maps of a qubit.
func (s *sideSpace) uncarries(lambda []float64, q, copies int, out []float64) {
	for l := s.form.chains - 1; l >= 0; l-- {
		i := s.turn(l, q)
		s.part = sideElements{}
		s.kern.uncarry(lambda, s.at(q, l, copies), l, s.op(i), &s.part)
		s.learn(i, out)
	}
}

// learn turns the derivatives by an operator's elements, in part, into those of its places.
func (s *sideSpace) learn(i int, out []float64) {
	if i == s.form.none() || len(s.form.plan.ops[i].back) == 0 {
		return
	}
	s.kern.components(s.op(i), &s.part, &s.components)
	s.form.plan.derivatives(s.kern, i, &s.operands, s.trig, &s.components, out)
}

// learnPair does likewise for a pair, whose derivative is in pairSum.
func (s *sideSpace) learnPair(i int, out []float64) {
	if i == s.form.none() {
		return
	}
	s.components[axisY] = s.pairSum
	s.form.plan.derivatives(s.kern, i, &s.operands, s.trig, &s.components, out)
}

// carried is the bit that comes out of the last chain in state c, 0 without chains.
func (s *sideSpace) carried(c int) int {
	if s.form.chains == 0 {
		return 0
	}
	return c >> (s.form.chains - 1) & 1
}

// walk computes the amplitude of the words in bits for the operators in coefs.
func (s *sideSpace) walk() {
	if s.form.real {
		s.walkReal()
		return
	}
	f := s.form
	s.log2 = sideNumbers{}
	first := s.at(0, 0, 1)
	if f.brick {
		first = s.at(0, 0, 2)
	}
	clear(first)
	for l := range sideLanes {
		first[l] = 1
	}
	if f.brick { // y of the first qubit is its bit of the word
		zero, one := amplitudeAt(first, 0), amplitudeAt(first, s.size)
		for l := range sideLanes {
			zero[l], one[l] = 1-s.bit(0)[l], s.bit(0)[l]
		}
	}
	for q := range f.n {
		out := s.last
		if q+1 < f.n {
			out = s.tape[(q+1)*(f.chains+2)*s.slot:]
		}
		s.through(q, out)
	}
	s.psi = sideAmplitude{}
	for c := range s.size {
		a := amplitudeAt(s.last, c)
		for k := range a {
			s.psi[k] += a[k]
		}
	}
}

// through takes the walk over one qubit.
func (s *sideSpace) through(q int, out []float64) {
	f := s.form
	switch {
	case !f.brick:
		v := s.carries(q, 1)
		out = out[:len(v)]
		s.emit(q, v, out)
	case q%2 == 0 && q+1 < f.n:
		v := s.carries(q, 2)
		s.expand(q, v, out[:2*len(v)])
		return
	case q%2 == 0:
		v := s.carries(q, 2)
		out = out[:len(v)/2]
		s.close(q, v, out)
	default:
		v := s.carries(q, 4)
		r := s.at(q, f.chains+1, 2)
		s.contract(q, v, r)
		if q+1 == f.n {
			out = out[:len(r)/2]
			s.pick(r, out)
		} else {
			out = out[:len(r)]
			s.link(q, r, out)
		}
	}
	if (q/2*2+2)%rescaled == 0 {
		s.rescale(q, out)
	}
}

// emit multiplies by the amplitude of the qubit's bit after the last carry.
func (s *sideSpace) emit(q int, v, out []float64) {
	s.kern.choose(s.op(s.turn(s.form.chains, q)), s.bit(q), &s.e)
	s.kern.emit(out, v, &s.e)
}

func (s *sideSpace) unemit(q int, lambda, v, out []float64) {
	i := s.turn(s.form.chains, q)
	s.kern.choose(s.op(i), s.bit(q), &s.e)
	s.kern.unemit(lambda, v, &s.e, &s.d)
	s.kern.divide(&s.d, s.bit(q), &s.part)
	s.learn(i, out)
}

// term is a product of an operator's element with an amplitude in the maps of the brick:
// the bit that the operator gives, and the numbers of the copies that go in and out.
type sideTerm struct {
	bit, in, out int
	weight       int // of weights: 1, or the pair's cosine, sine or -sine
}

// Weights of a sideTerm.
const (
	weightOne = iota
	weightCos
	weightSin
	weightMinusSin
)

// The maps of the brick, copies numbered y + 2z: between the qubits of a pair both bits of
// the first are known; after it z is summed over, where the rotation of the pair leaves
// both bits (y = z) or flips both; at the end of an odd number of qubits y is z.
var (
	expandTerms = []sideTerm{{0, 0, 0, weightOne}, {1, 0, 2, weightOne}, {0, 1, 1, weightOne}, {1, 1, 3, weightOne}}
	closeTerms  = []sideTerm{{0, 0, 0, weightOne}, {1, 1, 0, weightOne}}
	pairTerms   = []sideTerm{
		{0, 0, 0, weightCos}, {0, 3, 0, weightOne}, {1, 2, 0, weightMinusSin},
		{1, 3, 1, weightCos}, {1, 0, 1, weightOne}, {0, 1, 1, weightSin},
	}
)

func (s *sideSpace) expand(q int, v, out []float64) { s.apply(expandTerms, q, s.form.none(), v, out) }
func (s *sideSpace) close(q int, v, out []float64)  { s.apply(closeTerms, q, s.form.none(), v, out) }
func (s *sideSpace) contract(q int, v, out []float64) {
	s.apply(pairTerms, q, s.form.pairs[q-1], v, out)
}

// weights returns the numbers that the terms of a pair are multiplied by, and their
// derivatives by t.
func (s *sideSpace) weights(pair int) (w, dw [4]sideNumbers) {
	u := s.op(pair)
	for l := range sideLanes {
		cos, sin := u[l], u[2*sideLanes+l]
		w[weightOne][l], w[weightCos][l], w[weightSin][l], w[weightMinusSin][l] = 1, cos, sin, -sin
		dw[weightCos][l], dw[weightSin][l], dw[weightMinusSin][l] = -sin, cos, -cos
	}
	return w, dw
}

// apply adds up the terms of a map, with the operator of the last layer on a qubit.
func (s *sideSpace) apply(terms []sideTerm, q, pair int, v, out []float64) {
	weights, _ := s.weights(pair)
	u := s.op(s.turn(s.form.chains, q))
	clear(out)
	for _, t := range terms {
		s.weighted(u, t.bit, &weights[t.weight])
		s.kern.add(s.copyOf(out, t.out), s.copyOf(v, t.in), &s.e)
	}
}

// copyOf returns one of the copies of the carries in a state.
func (s *sideSpace) copyOf(v []float64, i int) []float64 {
	length := 2 * sideLanes * s.size
	return v[i*length:][:length]
}

// weighted writes a row of an operator times a number to e.
func (s *sideSpace) weighted(u *sideOperator, row int, by *sideNumbers) {
	for k := range s.e {
		x := element(u, row, k)
		s.e[k] = sideAmplitude{}
		addScaled(&s.e[k], by, &x)
	}
}

// unapply takes a co-state back through a map, from lambda to to, and adds what it says of
// the operator and the pair.
func (s *sideSpace) unapply(terms []sideTerm, q, pair int, lambda, v, to, out []float64) {
	s.transposed(terms, q, pair, lambda, to)
	weights, slopes := s.weights(pair)
	i := s.turn(s.form.chains, q)
	s.part, s.pairSum = sideElements{}, sideNumbers{}
	for _, t := range terms {
		s.d = [2]sideAmplitude{}
		s.kern.dot(s.copyOf(lambda, t.out), s.copyOf(v, t.in), &s.d)
		s.weighted(s.op(i), t.bit, &slopes[t.weight])
		for k := range s.d {
			addScaled(&s.part[2*k+t.bit], &weights[t.weight], &s.d[k])
			addReal(&s.pairSum, &s.d[k], &s.e[k])
		}
	}
	s.learn(i, out)
	s.learnPair(pair, out)
}

// transposed applies the transposed map.
func (s *sideSpace) transposed(terms []sideTerm, q, pair int, lambda, to []float64) {
	weights, _ := s.weights(pair)
	u := s.op(s.turn(s.form.chains, q))
	clear(to)
	for _, t := range terms {
		s.weighted(u, t.bit, &weights[t.weight])
		s.kern.add(s.copyOf(to, t.in), s.copyOf(lambda, t.out), &s.e)
	}
}

// linked returns what the rotation of qubits q and q+1 in the brick's second half makes of
// y of q: [y of q+1][y of q], given the word's two bits.
func (s *sideSpace) linked(q int) (m, slope [2][2]sideNumbers) {
	u := s.op(s.form.pairs[q])
	for l := range sideLanes {
		cos, sin := u[l], u[2*sideLanes+l]
		a, b := s.bit(q)[l], s.bit(q + 1)[l]
		silent, both := (1-a)*(1-b), a*b
		m[0][0][l], m[1][1][l] = silent*cos+both*sin, both*cos-silent*sin
		m[1][0][l], m[0][1][l] = (1-a)*b, a*(1-b)
		slope[0][0][l], slope[1][1][l] = m[1][1][l], -m[0][0][l]
	}
	return m, slope
}

// link takes the walk from one pair of the brick's first half to the next.
func (s *sideSpace) link(q int, r, out []float64) {
	m, _ := s.linked(q)
	s.linkBy(&m, r, out)
}

func (s *sideSpace) linkBy(m *[2][2]sideNumbers, r, out []float64) {
	clear(out)
	for to := range m {
		for from := range m[to] {
			for c := range s.size {
				addScaled(amplitudeAt(out, to*s.size+c), &m[to][from], amplitudeAt(r, from*s.size+c))
			}
		}
	}
}

func (s *sideSpace) unlink(q int, lambda, r, to, out []float64) {
	m, slope := s.linked(q)
	s.pairSum = sideNumbers{}
	clear(to)
	for y := range m {
		for in := range m[y] {
			for c := range s.size {
				co := amplitudeAt(lambda, y*s.size+c)
				addScaled(amplitudeAt(to, in*s.size+c), &m[y][in], co)
				var x sideAmplitude
				addScaled(&x, &slope[y][in], amplitudeAt(r, in*s.size+c))
				addReal(&s.pairSum, co, &x)
			}
		}
	}
	s.learnPair(s.form.pairs[q], out)
}

// pick ends the walk after a pair: y of the last qubit is its bit of the word.
func (s *sideSpace) pick(r, out []float64) {
	x := s.bit(s.form.n - 1)
	var not sideNumbers
	for l := range x {
		not[l] = 1 - x[l]
	}
	clear(out)
	for c := range s.size {
		addScaled(amplitudeAt(out, c), &not, amplitudeAt(r, c))
		addScaled(amplitudeAt(out, c), x, amplitudeAt(r, s.size+c))
	}
}

func (s *sideSpace) unpick(lambda, to []float64) {
	for c := range s.size {
		for l, x := range s.bit(s.form.n - 1) {
			for _, k := range []int{l, sideLanes + l} {
				amplitudeAt(to, c)[k] = (1 - x) * amplitudeAt(lambda, c)[k]
				amplitudeAt(to, s.size+c)[k] = x * amplitudeAt(lambda, c)[k]
			}
		}
	}
}

// logProbability returns ln p of lane l after a walk.
func (s *sideSpace) logProbability(l int) float64 {
	return 2 * (math.Log(math.Hypot(s.psi[l], s.psi[sideLanes+l])) + math.Ln2*s.log2[l])
}

// back walks from the last qubit to the first and writes the derivatives of ln p by the
// angle of each place: 8 numbers each.
func (s *sideSpace) back(out []float64) {
	if s.form.real {
		s.backReal(out)
		return
	}
	const w = sideLanes
	f := s.form
	lambda, other := s.co[0], s.co[1]
	for l := range w {
		re, im := s.psi[l], s.psi[w+l]
		norm := re*re + im*im
		if norm == 0 {
			re, im, norm = 0, 0, 1
		}
		for c := range s.size {
			a := amplitudeAt(lambda, c)
			a[l], a[w+l] = re/norm, -im/norm
		}
	}
	for q := f.n - 1; q >= 0; q-- {
		lambda, other = s.backThrough(q, lambda, other, out)
	}
}

// backThrough takes the co-state back over one qubit; it returns it and the other room.
func (s *sideSpace) backThrough(q int, lambda, other, out []float64) (co, free []float64) {
	const w = sideLanes
	f := s.form
	length := 2 * w * s.size
	if (q/2*2+2)%rescaled == 0 && !(f.brick && q%2 == 0 && q+1 < f.n) {
		for c := range len(lambda) / (2 * w) {
			a := amplitudeAt(lambda, c)
			for l, k := range s.scale[q] {
				a[l] *= k
				a[w+l] *= k
			}
		}
	}
	switch {
	case !f.brick:
		s.unemit(q, lambda[:length], s.at(q, f.chains, 1), out)
		s.uncarries(lambda[:length], q, 1, out)
		return lambda, other
	case q%2 == 0 && q+1 < f.n:
		s.unapply(expandTerms, q, f.none(), lambda[:4*length], s.at(q, f.chains, 2), other[:2*length], out)
		s.uncarries(other[:2*length], q, 2, out)
	case q%2 == 0:
		s.unapply(closeTerms, q, f.none(), lambda[:length], s.at(q, f.chains, 2), other[:2*length], out)
		s.uncarries(other[:2*length], q, 2, out)
	default:
		if q+1 == f.n {
			s.unpick(lambda[:length], other[:2*length])
		} else {
			s.unlink(q, lambda[:2*length], s.at(q, f.chains+1, 2), other[:2*length], out)
		}
		s.unapply(pairTerms, q, f.pairs[q-1], other[:2*length], s.at(q, f.chains, 4), lambda[:4*length], out)
		s.uncarries(lambda[:4*length], q, 4, out)
		return lambda, other
	}
	return other, lambda
}
