package metrics

import (
	"fmt"
	"math"
)

// Bits converts nats to bits: nats / ln 2.
func Bits(nats float64) float64 { return nats / math.Ln2 }

// saturated is the part of its largest value, ln 2, from which on a divergence tells laws
// apart no better.
const saturated = 0.9

// Saturated reports that a Jensen-Shannon divergence in nats is so near to the largest there
// is, ln 2, that a worse law would score no worse.
func Saturated(js float64) bool { return js > saturated*math.Ln2 }

// jsTerm is one state's share of the Jensen-Shannon divergence,
//
//	½ p ln(p/m) + ½ q ln(q/m),  m = (p+q)/2.
//
// With d = (p-q)/(p+q) it equals ½ m [(1+d) ln(1+d) + (1-d) ln(1-d)], whose
// bracket is the series sum over k ≥ 1 of d^2k / (k(2k-1)). The series keeps
// all digits for close laws, where the two logarithms cancel, and it makes every
// term non-negative.
func jsTerm(p, q float64) float64 {
	sum := p + q
	if sum <= 0 {
		return 0
	}
	d := (p - q) / sum
	d2 := d * d
	if d2 < 0.01 {
		return sum / 4 * d2 * (1 + d2*(1./6+d2*(1./15+d2*(1./28+d2*(1./45+d2*(1./66+d2/91))))))
	}
	var b float64
	if d > -1 {
		b += (1 + d) * math.Log1p(d)
	}
	if d < 1 {
		b += (1 - d) * math.Log1p(-d)
	}
	return sum / 4 * b
}

// JS is the Jensen-Shannon divergence of two laws given as tables over the same
// states, in nats:
//
//	JS = ½ KL(p‖m) + ½ KL(q‖m),  m = (p+q)/2
//
// (Lin, IEEE Trans. Inf. Theory 37, 145 (1991); equations 5-6 of
// arXiv:2409.09125). It is symmetric and lies between 0 and ln 2. JS panics if
// the tables differ in length.
func JS(p, q []float64) float64 {
	sameLength(p, q)
	var js float64
	for i := range p {
		js += jsTerm(p[i], q[i])
	}
	return js
}

// KL is the Kullback-Leibler divergence sum p ln(p/q) of two laws given as
// tables over the same states, in nats; +Inf where p has a state that q lacks.
// It panics if the tables differ in length.
func KL(p, q []float64) float64 {
	sameLength(p, q)
	var kl float64
	for i := range p {
		kl += klTerm(p[i], q[i])
	}
	return kl
}

func klTerm(p, q float64) float64 {
	switch {
	case p == 0:
		return 0
	case q == 0:
		return math.Inf(1)
	}
	return p * math.Log(p/q)
}

// TotalVariation is ½ sum |p - q| of two laws given as tables over the same
// states: the largest difference of the probabilities of any event. It panics if
// the tables differ in length.
func TotalVariation(p, q []float64) float64 {
	sameLength(p, q)
	var tv float64
	for i := range p {
		tv += math.Abs(p[i] - q[i])
	}
	return tv / 2
}

func sameLength(p, q []float64) {
	if len(p) != len(q) {
		panic(fmt.Sprintf("metrics: laws over %d and %d states", len(p), len(q)))
	}
}

// unseen is the model's probability of all windows that s does not hold; below
// zero only by rounding, hence the clamp.
func (s *States) unseen(q []float64) float64 {
	if len(q) != s.Len() {
		panic(fmt.Sprintf("metrics: %d model probabilities for %d seen windows", len(q), s.Len()))
	}
	// Neumaier's compensated sum: the difference to 1 is all that counts.
	sum, low := 0.0, 0.0
	for _, v := range q {
		t := sum + v
		if math.Abs(sum) >= math.Abs(v) {
			low += (sum - t) + v
		} else {
			low += (v - t) + sum
		}
		sum = t
	}
	return max(0, (1-sum)-low)
}

// JSSeen is the Jensen-Shannon divergence in nats of the empirical law to a
// model, q[i] being the model's probability of seen window i. It is exact
// although nothing is known of the other windows: there the data law is 0, so
// each contributes ½ q ln 2 and only their total counts,
//
//	JS = sum over seen x of [½ p ln(p/m) + ½ q ln(q/m)] + ½ ln 2 (1 - sum over seen x of q).
//
// It panics if q has not one entry for each seen window.
func (s *States) JSSeen(q []float64) float64 {
	js := math.Ln2 / 2 * s.unseen(q)
	for i, v := range q {
		js += jsTerm(s.Prob(i), v)
	}
	return js
}

// JSSeenGradient is the gradient of [States.JSSeen] by the entries of q, each
// taken as free and the probability of unseen windows as 1 - sum q:
//
//	dJS/dq_i = ½ ln(q_i/m_i) - ½ ln 2 = ½ ln(q_i/(p_i+q_i)),
//
// because the derivatives of p ln(p/m), q ln(q/m) and m cancel but for the
// logarithm. The standard error of a JS whose q is a mean over latent vectors
// follows by the delta method: it is that of the mean of sum_i g_i q_i(z).
//
// The derivative is -Inf where q_i = 0; the entry is then taken at the smallest
// positive number (about -372), so that its product with a q_i(z) that is always
// 0 is 0.
func (s *States) JSSeenGradient(q []float64) []float64 {
	s.unseen(q) // for its length check
	g := make([]float64, len(q))
	for i, v := range q {
		v = max(v, math.SmallestNonzeroFloat64)
		g[i] = (math.Log(v) - math.Log(s.Prob(i)+v)) / 2
	}
	return g
}

// KLSeen is KL(data‖model) = sum over seen x of p ln(p/q) in nats, q as in
// [States.JSSeen]; +Inf where the model lacks a seen window.
func (s *States) KLSeen(q []float64) float64 {
	s.unseen(q)
	var kl float64
	for i, v := range q {
		kl += klTerm(s.Prob(i), v)
	}
	return kl
}

// LogLikelihoodSeen is the mean over the windows of ln q, divided by their number
// of bins: the model's log-likelihood in nats a bin, q as in [States.JSSeen]; -Inf
// where the model lacks a seen window. It equals -(KLSeen + Entropy)/Timesteps.
func (s *States) LogLikelihoodSeen(q []float64) float64 {
	return -(s.KLSeen(q) + s.Entropy()) / float64(s.Timesteps)
}

// TVSeen is the total variation ½ sum over seen x |p - q| + ½ (1 - sum over
// seen x of q), q as in [States.JSSeen].
func (s *States) TVSeen(q []float64) float64 {
	tv := s.unseen(q)
	for i, v := range q {
		tv += math.Abs(s.Prob(i) - v)
	}
	return tv / 2
}

// JSStates is the Jensen-Shannon divergence of two empirical laws in nats. Both
// being samples, it is biased upwards by the sum of both [JSPluginBias].
// It fails if the laws are of windows of different shapes.
func JSStates(a, b *States) (float64, error) {
	q, err := b.on(a)
	if err != nil {
		return 0, fmt.Errorf("comparing laws: %w", err)
	}
	return a.JSSeen(q), nil
}

// on returns the probabilities that s gives to the windows of at.
func (s *States) on(at *States) ([]float64, error) {
	if err := sameShape(s, at); err != nil {
		return nil, err
	}
	q := make([]float64, at.Len())
	for i := range q {
		if k := s.Find(at.Window(i)); k >= 0 {
			q[i] = s.Prob(k)
		}
	}
	return q, nil
}
