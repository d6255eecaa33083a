package sim

import (
	"math"
	"math/cmplx"
	"math/rand/v2"
	"slices"

	"qgan/calibration"
	"qgan/ir"
)

// channels returns the channels that follow each operation, nil without noise.
func (p *noisyCircuit) channels() map[ir.Op][]site {
	if p == nil {
		return nil
	}
	return p.sites
}

// channel parts the shots of a path by what a channel does. Those to which
// something rare happens are followed first, on copies; the path goes on with
// the rest.
func (e *explorer) channel(p *path, at site) error {
	switch {
	case at.Mixture != nil:
		return e.mixture(p, at)
	case len(at.kraus) == 1:
		p.gates = append(p.gates, &ir.Unitary{Name: at.Name, Matrix: at.kraus[0], Qubits: at.qubits})
		return nil
	}
	return e.jump(p, at)
}

// mixture draws the branches of a mixture, whose probabilities are fixed.
func (e *explorer) mixture(p *path, at site) error {
	weights := make([]float64, len(at.Mixture))
	for i, b := range at.Mixture {
		weights[i] = b.P
	}
	counts := multinomial(p.shots, weights, at.identity, e.rng)
	stay := largestOf(counts)
	for i, n := range counts {
		if n == 0 || i == stay {
			continue
		}
		other, err := e.part(p, n)
		if err != nil {
			return err
		}
		other.push(branchOps(at.Mixture[i].Steps, at.qubits))
		if err := e.aside(other); err != nil {
			return err
		}
	}
	if stay != at.identity {
		p.push(branchOps(at.Mixture[stay].Steps, at.qubits))
	}
	return nil
}

// branchOps are the operations of a branch of a mixture.
func branchOps(steps string, qubits []int) []ir.Op {
	var ops []ir.Op
	for i, letter := range steps {
		on := qubits[i : i+1]
		switch letter {
		case 'X':
			ops = append(ops, &ir.Apply{Gate: ir.X, Qubits: on})
		case 'Y':
			ops = append(ops, &ir.Apply{Gate: ir.Y, Qubits: on})
		case 'Z':
			ops = append(ops, &ir.Apply{Gate: ir.Z, Qubits: on})
		case '0', '1':
			ops = append(ops, &ir.Reset{Qubit: qubits[i]})
			if letter == '1' {
				ops = append(ops, &ir.Apply{Gate: ir.X, Qubits: on})
			}
		}
	}
	return ops
}

// jump draws among Kraus operators, whose probabilities |K psi|² depend on the
// state (Dalibard, Castin & Mølmer 1992). Where one of them, K0, is near the
// identity, 1-|K0 psi|² is at most kappa = 1 minus the least eigenvalue of K0†K0,
// whatever the state: so only a shot that passes a first draw with kappa looks at
// the state, and all others take K0, which waits with the gates.
func (e *explorer) jump(p *path, at site) error {
	passed := p.shots
	if at.hasUsual {
		if passed = binomial(p.shots, at.kappa, e.rng); passed == 0 {
			p.gates = append(p.gates, at.stay)
			return nil
		}
	}
	e.settle(p)
	weights := p.register.weightsOf(at)
	total := 0.0
	for _, w := range weights {
		total += w
	}
	var counts []int
	if at.hasUsual {
		others := slices.Clone(weights)
		others[at.usual] = 0
		other := total - weights[at.usual]
		jumps := binomial(passed, other/(at.kappa*total), e.rng)
		counts = multinomial(jumps, others, -1, e.rng)
		counts[at.usual] += p.shots - jumps
	} else {
		counts = multinomial(p.shots, weights, largestOf(weights), e.rng)
	}
	stay := largestOf(counts)
	for i, n := range counts {
		if n == 0 || i == stay {
			continue
		}
		other, err := e.part(p, n)
		if err != nil {
			return err
		}
		other.take(at, i, weights[i])
		if err := e.aside(other); err != nil {
			return err
		}
	}
	p.take(at, stay, weights[stay])
	return nil
}

// weightsOf returns |K psi|² for each Kraus operator.
func (r *register) weightsOf(at site) []float64 {
	weights := make([]float64, len(at.kraus))
	if at.diagonals != nil {
		value := r.frame.form(at.qubits[0])
		all, one := r.weight(nil), r.weight(&value)
		for i, w := range at.diagonals {
			weights[i] = max(0, w[0]*(all-one)+w[1]*one)
		}
		return weights
	}
	for i, k := range at.kraus {
		other := r.clone()
		other.operate(k, at.qubits)
		weights[i] = other.weight(nil)
	}
	return weights
}

// take applies a Kraus operator and brings the state back to length 1.
func (p *path) take(at site, i int, weight float64) {
	p.register.operate(at.kraus[i].Scale(complex(1/math.Sqrt(weight), 0)), at.qubits)
	p.fresh = false
}

// diagonals returns K†K of operators on one qubit where all of them are
// diagonal, as in relaxation, and nil otherwise.
func diagonals(kraus []ir.Matrix) [][2]float64 {
	var out [][2]float64
	for _, k := range kraus {
		if k.Dim != 2 {
			return nil
		}
		m := k.Adjoint().Mul(k)
		if m.At(0, 1) != 0 || m.At(1, 0) != 0 {
			return nil
		}
		out = append(out, [2]float64{real(m.At(0, 0)), real(m.At(1, 1))})
	}
	return out
}

// usualOf returns the operator on one qubit for which the least eigenvalue of K†K
// is greatest, and 1 minus that eigenvalue.
func usualOf(kraus []ir.Matrix) (at int, kappa float64) {
	best := -1.0
	for i, k := range kraus {
		m := k.Adjoint().Mul(k)
		half := (real(m.A[0]) - real(m.A[3])) / 2
		least := (real(m.A[0])+real(m.A[3]))/2 - math.Hypot(half, cmplx.Abs(m.A[1]))
		if least > best {
			at, best = i, least
		}
	}
	return at, 1 - best
}

// operate applies an operator that need not be unitary.
func (r *register) operate(m ir.Matrix, qubits []int) {
	l := newLowering(&r.frame, nil, nil)
	l.operator(m, qubits)
	r.apply(l.finish())
}

// operator lowers an operator that need not be unitary.
func (l *lowering) operator(m ir.Matrix, qubits []int) {
	flip, ok := blocksAlong(m)
	if !ok || len(qubits) > 1 {
		l.dense(m, qubits, nil)
		return
	}
	l.flush(qubits)
	if flip != 0 {
		l.choice(m, flip, qubits, nil)
		return
	}
	l.steps = append(l.steps, &choice{
		index:  []form{l.frame.form(qubits[0])},
		blocks: [][2][2]complex128{{{m.At(0, 0)}, {0, m.At(0, 0)}}, {{m.At(1, 1)}, {0, m.At(1, 1)}}},
	})
}

// unitary2 says that a 2x2 matrix is unitary up to rounding.
func unitary2(m ir.Matrix) bool {
	norm := func(x complex128) float64 { return real(x)*real(x) + imag(x)*imag(x) }
	const tol = 1e-12
	return math.Abs(norm(m.A[0])+norm(m.A[2])-1) < tol && math.Abs(norm(m.A[1])+norm(m.A[3])-1) < tol &&
		norm(cmplx.Conj(m.A[0])*m.A[1]+cmplx.Conj(m.A[2])*m.A[3]) < tol*tol
}

func largestOf[T int | float64](x []T) (at int) {
	for i := range x {
		if x[i] > x[at] {
			at = i
		}
	}
	return at
}

// binomial draws how many of n trials of probability p succeed, by the waits
// from one success to the next (Devroye 1986, ch. X.4.3), in time n·p.
func binomial(n int, p float64, rng *rand.Rand) int {
	switch {
	case p <= 0 || n == 0:
		return 0
	case p >= 1:
		return n
	case p > 0.5:
		return n - binomial(n, 1-p, rng)
	}
	k, scale := 0, math.Log1p(-p)
	for left := float64(n); ; k++ {
		if left -= math.Floor(-rng.ExpFloat64()/scale) + 1; left < 0 {
			return k
		}
	}
}

// multinomial draws how often each of some events happens in n trials, given
// their weights. Those that are not the common one are drawn in their order.
func multinomial(n int, weights []float64, common int, rng *rand.Rand) []int {
	counts := make([]int, len(weights))
	if n == 0 {
		return counts
	}
	total := 0.0
	for _, w := range weights {
		total += w
	}
	rest := total // of the events that are not drawn yet
	left := n
	for i, w := range weights {
		if i == common || w == 0 {
			continue
		}
		counts[i] = binomial(left, w/rest, rng)
		left -= counts[i]
		rest -= w
	}
	if common < 0 { // the last event that can happen takes what rounding left
		for i := len(weights) - 1; i >= 0; i-- {
			if weights[i] > 0 {
				common = i
				break
			}
		}
	}
	counts[common] += left
	return counts
}

// confuse draws the readout errors of words that were measured at the end.
func (r *readout) confuse(words []uint64, bits int, rng *rand.Rand) {
	for _, g := range r.confusion.Groups {
		newFlipper(g, r.bits, bits).apply(words, rng)
	}
}

// flipper draws the readout errors of one group of bits.
type flipper struct {
	at []int // of the group's bits in a word, the most significant first
	// sums[prepared] are the running sums of the probabilities of each outcome.
	sums [][]float64
}

// newFlipper is for words of so many bits, of which those of the group's
// confusion are at the places given.
func newFlipper(g calibration.ConfusionGroup, places []int, bits int) *flipper {
	f := &flipper{}
	for _, b := range g.Bits {
		f.at = append(f.at, bits-1-places[b])
	}
	for prepared := range g.A {
		sum := 0.0
		row := make([]float64, len(g.A))
		for measured := range g.A {
			sum += g.A[measured][prepared]
			row[measured] = sum
		}
		f.sums = append(f.sums, row)
	}
	return f
}

func (f *flipper) apply(words []uint64, rng *rand.Rand) {
	for i, w := range words {
		prepared := 0
		for _, at := range f.at {
			prepared = prepared<<1 | int(w>>at&1)
		}
		u, measured := rng.Float64(), 0
		row := f.sums[prepared]
		for measured < len(row)-1 && u >= row[measured] {
			measured++
		}
		for j, at := range f.at {
			bit := uint64(measured) >> (len(f.at) - 1 - j) & 1
			w = w&^(1<<at) | bit<<at
		}
		words[i] = w
	}
}
