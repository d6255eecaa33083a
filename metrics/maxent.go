package metrics

import (
	"errors"
	"fmt"
	"math"
	"math/bits"
	"slices"

	"gonum.org/v1/gonum/mat"
)

// MaxEntBits is the largest n·t for which maximum-entropy models are fitted:
// each Newton step sums over all 2^(nt) states.
const MaxEntBits = 20

const (
	maxEntTolerance  = 1e-10 // largest difference of a moment
	maxEntIterations = 200
)

// MaxEnt is a maximum-entropy law over all 2^(nt) windows,
//
//	P(x) = exp(sum over i of h_i s_i + sum over i<j of J_ij s_i s_j [+ V(K)]) / Z,
//
// with s = ±1 for the nt bits of a window (+1: silent) and K its number of
// spikes. Of all laws with the data's means, pair means [and spike-count law] it
// assumes least (Jaynes, Phys. Rev. 106, 620 (1957)), and it is the
// maximum-likelihood fit of its family.
//
// Where the data never show a pattern that a constraint counts (a neuron that
// never fires, a pair that never fires together, a number of spikes never
// seen), the fit has a field at infinity: the windows with that pattern have
// probability exactly 0, and the others are fitted among themselves.
type MaxEnt struct {
	name               string
	parameters         int
	neurons, timesteps int
	prob               []float64

	// Residual is the largest absolute difference between a constrained moment
	// of the model and of the data: E[s_i], E[s_i s_j] and P(K). It is at most
	// 1e-10 unless the fit stopped early, as it may where the data lie on the
	// edge of what such a law can have in a way that no single pattern shows.
	Residual float64
	// Iterations is the number of Newton steps taken, of both starts where the fit
	// was begun anew.
	Iterations int
}

// FitIsing fits the pairwise maximum-entropy (Ising) law to all means and pair
// means of the nt bits of the window (Schneidman, Berry, Segev, Bialek, Nature
// 440, 1007 (2006)). It has nt(nt+1)/2 parameters. It fails for n·t above
// [MaxEntBits].
func FitIsing(s *States) (*MaxEnt, error) {
	return fitMaxEnt("ising", s, false)
}

// FitKPairwise fits the Ising law with the law of the number K of spikes in the
// window as a further constraint (Tkačik et al., PLoS Comput. Biol. 10, e1003408
// (2014), there for windows of one bin). Of the nt+1 indicators of
// K, three directions are combinations of the pairwise terms (1, K and K²), so
// nt-2 are new: nt(nt+1)/2 + max(0, nt-2) parameters. It fails for n·t above
// [MaxEntBits].
func FitKPairwise(s *States) (*MaxEnt, error) {
	return fitMaxEnt("k-pairwise", s, true)
}

// Name is that of the fit: ising or k-pairwise.
func (m *MaxEnt) Name() string { return m.name }

// Parameters is the number of fields and couplings, with those of the spike count.
func (m *MaxEnt) Parameters() int { return m.parameters }

// LogProb is the logarithm of an entry of [MaxEnt.Table].
func (m *MaxEnt) LogProb(words []uint32) float64 {
	return math.Log(m.prob[stateIndex(words, m.neurons)])
}

// Table holds the probabilities of all 2^(nt) windows in the order of
// [States.Index]; the slice is the model's own.
func (m *MaxEnt) Table() []float64 { return m.prob }

// walsh replaces a, of length 2^b, by its Walsh-Hadamard transform
// sum over x of a(x) (-1)^popcount(x & A) for each A, in b·2^b additions.
// Applied to a law it gives the moments of all orders of the ±1 bits at once:
// entry A is E[product over i in A of s_i].
func walsh(a []float64) {
	h := 1
	// Two levels at a time, to go through memory half as often.
	for ; 4*h <= len(a); h *= 4 {
		for i := 0; i < len(a); i += 4 * h {
			a0, a1, a2, a3 := a[i:i+h], a[i+h:i+2*h], a[i+2*h:i+3*h], a[i+3*h:i+4*h]
			for j := range a0 {
				p, q, r, s := a0[j]+a1[j], a0[j]-a1[j], a2[j]+a3[j], a2[j]-a3[j]
				a0[j], a1[j], a2[j], a3[j] = p+r, q+s, p-r, q-s
			}
		}
	}
	if h < len(a) {
		a0, a1 := a[:h], a[h:2*h]
		for j := range a0 {
			a0[j], a1[j] = a0[j]+a1[j], a0[j]-a1[j]
		}
	}
}

// maxEntFit is the state of one fit. Features are numbered: first the Walsh
// functions in masks (single bits, then pairs), then the indicators of K in ks.
type maxEntFit struct {
	size  int // bits of a window
	masks []uint32
	ks    []int
	kOf   []int // position in ks of a spike count, -1: no feature

	allowed []bool // windows with non-zero probability
	target  []float64
	free    []int // features that no combination of the others equals on the allowed windows

	theta   []float64
	prob    []float64 // law at theta
	moments []float64 // its Walsh transform
	kMoment [][]float64
	dual    float64 // ln Z - theta·target, convex in theta
}

func fitMaxEnt(name string, s *States, counts bool) (*MaxEnt, error) {
	n := s.Bits()
	if n > MaxEntBits {
		return nil, fmt.Errorf("fitting %s: n·t = %d bits, at most %d are possible because the fit sums over all 2^(nt) states", name, n, MaxEntBits)
	}
	if s.Total == 0 {
		return nil, fmt.Errorf("fitting %s: no windows", name)
	}
	m := &MaxEnt{name: name, neurons: s.Neurons, timesteps: s.Timesteps, parameters: maxEntParameters(name, n)}
	f, err := newMaxEntFit(s, counts)
	if err != nil {
		return nil, fmt.Errorf("fitting %s: %w", name, err)
	}
	m.Iterations = f.newton()
	m.Residual = f.residual(f.gradient())
	m.prob = f.prob
	if m.Residual > maxEntTolerance {
		// Once more from the uniform law, whose covariance has no rounding errors
		// to speak of; the better of the two counts.
		f.prob = make([]float64, len(m.prob))
		clear(f.theta)
		f.dual = f.law(f.theta, f.prob)
		m.Iterations += f.newton()
		if r := f.residual(f.gradient()); r < m.Residual {
			m.Residual, m.prob = r, f.prob
		}
	}
	return m, nil
}

func newMaxEntFit(s *States, counts bool) (*maxEntFit, error) {
	n := s.Bits()
	f := &maxEntFit{size: n, kOf: make([]int, n+1)}
	for i := range n {
		f.masks = append(f.masks, 1<<i)
	}
	for i := range n {
		for j := i + 1; j < n; j++ {
			f.masks = append(f.masks, 1<<i|1<<j)
		}
	}
	seen := make([]bool, n+1)
	for i := range s.Counts {
		seen[bits.OnesCount64(s.Index(i))] = true
	}
	for k := range f.kOf {
		f.kOf[k] = -1
		if counts && k >= 3 && seen[k] {
			f.kOf[k] = len(f.ks)
			f.ks = append(f.ks, k)
		}
	}
	if !counts {
		seen = nil
	}
	f.allowed = allowedStates(s, seen)

	data, err := s.Table()
	if err != nil {
		return nil, err
	}
	f.target = make([]float64, len(f.masks)+len(f.ks))
	for x, p := range data {
		if k := f.kOf[bits.OnesCount(uint(x))]; k >= 0 {
			f.target[len(f.masks)+k] += p
		}
	}
	walsh(data)
	for a, mask := range f.masks {
		f.target[a] = data[mask]
	}

	f.prob = make([]float64, len(data))
	f.moments = data
	f.kMoment = make([][]float64, len(f.ks))
	for k := range f.kMoment {
		f.kMoment[k] = make([]float64, 1+len(f.masks))
	}
	f.theta = make([]float64, len(f.target))
	uniform := f.law(f.theta, f.prob)
	f.gradient()
	f.free = independentFeatures(f.hessian())

	// Start from the independent law, whose field is ½ ln(P(s=1)/P(s=-1)), at the
	// fraction of it at which the dual is least. The whole is best unless windows
	// are forbidden: bits that then say the same each bring the field of all, whose
	// law is so nearly one window that its covariance is lost to rounding.
	for a := range n {
		if e := f.target[a]; e > -1 && e < 1 {
			f.theta[a] = (math.Log1p(e) - math.Log1p(-e)) / 2
		}
	}
	f.dual = f.law(f.theta, f.prob)
	// The dual is convex along a line, so the first rise ends the search.
	trial, next := make([]float64, len(f.theta)), make([]float64, len(f.prob))
	for range n {
		for a, v := range f.theta {
			trial[a] = v / 2
		}
		dual := f.law(trial, next)
		if !(dual < f.dual) {
			break
		}
		f.theta, trial = trial, f.theta
		f.prob, next = next, f.prob
		f.dual = dual
	}
	if f.dual > uniform {
		clear(f.theta)
		f.dual = f.law(f.theta, f.prob)
	}
	return f, nil
}

// independentFeatures returns the largest set of features, chosen by pivoting,
// whose covariance has full rank. h is the covariance under equal weights of all
// allowed windows, whose entries are ratios of small integers, so that dependent
// features stand out by many orders of magnitude. Forbidden windows make many
// features depend on others: a dead neuron makes its pairs constant.
func independentFeatures(h *mat.SymDense) []int {
	var at []int
	for a := range h.SymmetricDim() {
		if h.At(a, a) > 1e-12 {
			at = append(at, a)
		}
	}
	if len(at) == 0 {
		return nil
	}
	m := mat.NewSymDense(len(at), nil)
	for i, a := range at {
		for j := i; j < len(at); j++ {
			m.SetSym(i, j, h.At(a, at[j])/math.Sqrt(h.At(a, a)*h.At(at[j], at[j])))
		}
	}
	var chol mat.PivotedCholesky
	chol.Factorize(m, 1e-9)
	free := make([]int, chol.Rank())
	for i, pivot := range chol.ColumnPivots(nil)[:chol.Rank()] {
		free[i] = at[pivot]
	}
	slices.Sort(free)
	return free
}

// allowedStates marks the windows that show no pattern of two bits and no spike
// count (where seen is not nil) that the data never show. Counts are integers,
// so "never" is exact.
func allowedStates(s *States, seen []bool) []bool {
	n := s.Bits()
	// shown[v][i] has bit j set if bit i was seen with value v>>1 while bit j had
	// value v&1.
	var shown [4][MaxEntBits]uint32
	all := uint32(1)<<n - 1
	for i := range s.Counts {
		x := uint32(s.Index(i))
		for b := range n {
			v := x >> b & 1
			shown[v<<1|1][b] |= x
			shown[v<<1][b] |= all &^ x
		}
	}
	allowed := make([]bool, 1<<n)
	for i := range allowed {
		x := uint32(i)
		ok := seen == nil || seen[bits.OnesCount32(x)]
		for b := 0; ok && b < n; b++ {
			v := x >> b & 1
			ok = x&^shown[v<<1|1][b] == 0 && (all&^x)&^shown[v<<1][b] == 0
		}
		allowed[i] = ok
	}
	return allowed
}

// law computes the law of the given fields into p and returns the dual
// ln Z - theta·target.
func (f *maxEntFit) law(theta, p []float64) float64 {
	clear(p)
	for a, mask := range f.masks {
		p[mask] = theta[a]
	}
	walsh(p)
	top := math.Inf(-1)
	for x := range p {
		if k := f.kOf[bits.OnesCount(uint(x))]; k >= 0 {
			p[x] += theta[len(f.masks)+k]
		}
		if f.allowed[x] && p[x] > top {
			top = p[x]
		}
	}
	var z float64
	for x, e := range p {
		if f.allowed[x] {
			p[x] = math.Exp(e - top)
			z += p[x]
		} else {
			p[x] = 0
		}
	}
	for x := range p {
		p[x] /= z
	}
	dual := top + math.Log(z)
	for a, t := range theta {
		dual -= t * f.target[a]
	}
	return dual
}

// gradient computes the moments of the current law and returns their
// differences to the targets, the gradient of the dual.
func (f *maxEntFit) gradient() []float64 {
	copy(f.moments, f.prob)
	walsh(f.moments)
	f.countMoments()
	g := make([]float64, len(f.target))
	for a, mask := range f.masks {
		g[a] = f.moments[mask] - f.target[a]
	}
	for k := range f.ks {
		g[len(f.masks)+k] = f.kMoment[k][0] - f.target[len(f.masks)+k]
	}
	return g
}

// countMoments fills kMoment[k] with P(K = ks[k]) followed by
// E[s_A 1(K = ks[k])] for each mask. It sums the probabilities over the firing
// bits and pairs of each window and then changes from 0/1 to ±1 by
// s_i = 1 - 2 x_i and s_i s_j = 1 - 2 x_i - 2 x_j + 4 x_i x_j.
func (f *maxEntFit) countMoments() {
	if len(f.ks) == 0 {
		return
	}
	n := f.size
	for _, m := range f.kMoment {
		clear(m)
	}
	// The pair i<j is feature n + pairStart[i] + j.
	var pairStart [MaxEntBits]int
	for i, at := 0, 0; i < n; i++ {
		pairStart[i] = at - i - 1
		at += n - i - 1
	}
	var on [MaxEntBits]int
	for x, p := range f.prob {
		k := f.kOf[bits.OnesCount(uint(x))]
		if k < 0 || p == 0 {
			continue
		}
		m := f.kMoment[k]
		m[0] += p
		m = m[1:]
		active := on[:0]
		for y := uint(x); y != 0; y &= y - 1 {
			active = append(active, bits.TrailingZeros(y))
		}
		for a, i := range active {
			m[i] += p
			start := n + pairStart[i]
			for _, j := range active[a+1:] {
				m[start+j] += p
			}
		}
	}
	for _, m := range f.kMoment {
		p, x := m[0], m[1:]
		for i := range n {
			for j := i + 1; j < n; j++ {
				at := n + pairStart[i] + j
				x[at] = p - 2*x[i] - 2*x[j] + 4*x[at]
			}
		}
		for i := range n {
			x[i] = p - 2*x[i]
		}
	}
}

// hessian is the covariance of the features under the current law. For two Walsh
// functions it is E[s_(A xor B)] - E[s_A] E[s_B].
func (f *maxEntFit) hessian() *mat.SymDense {
	w, d := len(f.masks), len(f.target)
	h := mat.NewSymDense(d, nil)
	for a, ma := range f.masks {
		for b := a; b < w; b++ {
			mb := f.masks[b]
			h.SetSym(a, b, f.moments[ma^mb]-f.moments[ma]*f.moments[mb])
		}
	}
	for k, m := range f.kMoment {
		for a, ma := range f.masks {
			h.SetSym(a, w+k, m[1+a]-m[0]*f.moments[ma])
		}
		for l := k; l < len(f.ks); l++ {
			v := -m[0] * f.kMoment[l][0]
			if l == k {
				v += m[0]
			}
			h.SetSym(w+k, w+l, v)
		}
	}
	return h
}

func (f *maxEntFit) residual(g []float64) float64 {
	var r float64
	for _, v := range g {
		r = max(r, math.Abs(v))
	}
	return r
}

// newton minimises the dual over the independent features by Newton's method
// with step halving. It returns the number of steps.
func (f *maxEntFit) newton() int {
	trial := make([]float64, len(f.theta))
	next := make([]float64, len(f.prob))
	best, lowest, since := math.Inf(1), math.Inf(1), 0
	for it := range maxEntIterations {
		g := f.gradient()
		r := f.residual(g)
		if r <= maxEntTolerance {
			return it
		}
		// On the edge of the family the fields grow without end; on their way the
		// residual rises now and then while the dual still falls.
		if r < 0.9*best || f.dual < lowest-1e-6 {
			best, lowest, since = min(r, best), f.dual, 0
		} else if since++; since > 10 {
			return it
		}
		h := f.hessian()
		accepted := false
		// A ridge that is no larger than the decomposition needs may leave a step
		// of rounding errors, along which the dual does not fall: it is raised.
		for ridge := 1e-15; ridge < 10 && !accepted; ridge *= 1e3 {
			var step []float64
			if step, ridge = f.newtonStep(g, h, ridge); step == nil {
				break
			}
			var slope float64
			for i, a := range f.free {
				slope += step[i] * g[a]
			}
			for scale := 1.0; scale > 1e-15; scale /= 2 {
				copy(trial, f.theta)
				for i, a := range f.free {
					trial[a] += scale * step[i]
				}
				dual := f.law(trial, next)
				// The slack is the rounding error of the dual, below which only the
				// gradient tells progress.
				if dual <= f.dual+1e-4*scale*slope+1e-13*math.Max(1, math.Abs(f.dual)) {
					f.theta, trial = trial, f.theta
					f.prob, next = next, f.prob
					f.dual = dual
					accepted = true
					break
				}
			}
		}
		if !accepted {
			return it
		}
	}
	return maxEntIterations
}

// newtonStep solves (H + ridge) step = -g over the free features, scaled to unit
// variance; the ridge is raised only where Cholesky's decomposition fails. It
// returns the step, nil if no ridge makes it solvable, and the ridge.
func (f *maxEntFit) newtonStep(g []float64, h *mat.SymDense, ridge float64) ([]float64, float64) {
	d := len(f.free)
	if d == 0 {
		return nil, ridge
	}
	scale := make([]float64, d)
	b := mat.NewVecDense(d, nil)
	for i, a := range f.free {
		scale[i] = 1 / math.Sqrt(max(h.At(a, a), 1e-18))
		b.SetVec(i, -g[a]*scale[i])
	}
	m := mat.NewSymDense(d, nil)
	for i, a := range f.free {
		for j := i; j < d; j++ {
			m.SetSym(i, j, h.At(a, f.free[j])*scale[i]*scale[j])
		}
	}
	var chol mat.Cholesky
	var x mat.VecDense
	for ; ridge < 10; ridge *= 10 {
		for i := range d {
			m.SetSym(i, i, 1+ridge)
		}
		if !chol.Factorize(m) {
			continue
		}
		var cond mat.Condition // near-singular: the step is used all the same
		if err := chol.SolveVecTo(&x, b); err != nil && !errors.As(err, &cond) {
			continue
		}
		step := make([]float64, d)
		finite := true
		for i := range step {
			step[i] = x.AtVec(i) * scale[i]
			finite = finite && !math.IsNaN(step[i]) && !math.IsInf(step[i], 0)
		}
		if finite {
			return step, ridge
		}
	}
	return nil, ridge
}
