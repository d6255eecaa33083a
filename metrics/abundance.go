package metrics

import (
	"fmt"
	"math"
	"math/rand/v2"
	"sync"

	"qgan/metrics/spikes"
)

// Abundances say how many states a law has of each probability, seen or not, as counts of
// draws tell of it. They are what the distance of a perfect model depends on.
//
// A state of probability p is drawn Poisson(S p) times in S draws. The numbers of states
// of each rate S p are fitted to the numbers of states that were drawn once, twice, …: the
// nonparametric maximum likelihood of a mixture of Poisson laws without its zeros (Norris
// and Pollock, Environmental and Ecological Statistics 5, 391 (1998); the question is that
// of Efron and Thisted, Biometrika 63, 435 (1976)). What was drawn often is taken as seen.
type Abundances struct {
	draws  float64
	states []abundance
}

// abundance is a number of states, not necessarily a whole one, that are expected so often
// in the draws that were counted.
type abundance struct{ number, rate float64 }

// The rates of the mixture: from so rare that most such states are unseen to those above
// what is counted as seen often, a seventh apart; and the steps of expectation and
// maximisation, after which the fits of the tests move no more.
const (
	rarestRate    = 0.02
	commonestRate = 200
	rateRatio     = 1.15
	seenOften     = 120
	abundanceFits = 2000
)

// FitAbundances fits the abundances to how often each state of a law was drawn; states that
// were not drawn, 0 or left out, change nothing.
func FitAbundances(counts []int) Abundances {
	var a Abundances
	times := make([]float64, seenOften+1) // states drawn so often
	rare := 0.0
	for _, c := range counts {
		a.draws += float64(c)
		switch {
		case c > seenOften:
			a.states = append(a.states, abundance{1, float64(c)})
		case c > 0:
			times[c]++
			rare++
		}
	}
	if rare == 0 {
		return a
	}
	var rates []float64
	for l := rarestRate; l < commonestRate; l *= rateRatio {
		rates = append(rates, l)
	}
	// The chance of being drawn k times, of a state of each rate that was drawn at all.
	chance := make([][]float64, len(times))
	for k := 1; k < len(times); k++ {
		if times[k] == 0 {
			continue
		}
		logFactorial, _ := math.Lgamma(float64(k + 1))
		for _, l := range rates {
			chance[k] = append(chance[k], math.Exp(float64(k)*math.Log(l)-l-logFactorial)/-math.Expm1(-l))
		}
	}
	seen := make([]float64, len(rates)) // states of each rate that were drawn
	for i := range seen {
		seen[i] = rare / float64(len(rates))
	}
	next := make([]float64, len(rates))
	for range abundanceFits {
		clear(next)
		for k, n := range times {
			if n == 0 {
				continue
			}
			all := 0.0
			for i, p := range chance[k] {
				all += seen[i] * p
			}
			for i, p := range chance[k] {
				next[i] += n * seen[i] * p / all
			}
		}
		seen, next = next, seen
	}
	for i, l := range rates {
		if seen[i] > 1e-9 {
			a.states = append(a.states, abundance{seen[i] / -math.Expm1(-l), l})
		}
	}
	return a
}

// ExpectedJS is the expected Jensen-Shannon divergence in nats between the relative
// frequencies of so many independent draws of the law and those of so many others;
// math.Inf(1) draws are the law itself. ExpectedJS(n, math.Inf(1)) is what a perfect model
// whose law is known scores against n windows.
func (a Abundances) ExpectedJS(draws, others float64) float64 {
	sum := 0.0
	for _, s := range a.states {
		p := s.rate / a.draws
		x, wx := frequencies(p, draws)
		y, wy := frequencies(p, others)
		js := 0.0
		for i := range x {
			for j := range y {
				js += wx[i] * wy[j] * jsTerm(x[i], y[j])
			}
		}
		sum += s.number * js
	}
	return sum
}

// frequencies are the relative frequencies of a state of probability p in so many draws,
// with their probabilities: all that count where few are expected, or else the five points
// that a normal law is integrated on exactly to the ninth power.
func frequencies(p, draws float64) (values, weights []float64) {
	if math.IsInf(draws, 1) {
		return []float64{p}, []float64{1}
	}
	l := p * draws
	if l > 40 {
		points := [...]struct{ at, weight float64 }{
			{0, 0.53333333333333333}, {1.35562617997426587, 0.22207592200561264}, {-1.35562617997426587, 0.22207592200561264},
			{2.85697001387280566, 0.01125741132772069}, {-2.85697001387280566, 0.01125741132772069},
		}
		for _, q := range points {
			values, weights = append(values, (l+q.at*math.Sqrt(l))/draws), append(weights, q.weight)
		}
		return values, weights
	}
	w := math.Exp(-l)
	for k := 0; float64(k) < l+8*math.Sqrt(l)+12; k++ {
		values, weights = append(values, float64(k)/draws), append(weights, w)
		w *= l / float64(k+1)
	}
	return values, weights
}

// halvings are the random halves of a recording that a perfect score is scaled by.
const halvings = 8

// Perfect is the expected Jensen-Shannon divergence in nats that a perfect model scores
// against the windows of a part of the recording: a model whose law is the one that the
// recording was drawn from. draws are the windows that the model is known by; math.Inf(1)
// where its law is exact.
//
// It is [Abundances.ExpectedJS] of all repeats, times what halves of the repeats differ by
// over what halves of independent windows would: windows overlap and follow each other, so
// that fewer of them are independent. The halves are eight random ones of a fixed seed. A
// single repeat has no halves, and its windows count as independent.
//
// The distance of the odd from the even repeats ([Recording.Floor]) is larger: it has the
// noise of two halves, a perfect score that of one.
func (r *Recording) Perfect(p Part, t int, draws float64) (float64, error) {
	part, err := r.Law(p, t)
	if err != nil {
		return 0, err
	}
	r.mu.Lock()
	fit, ok := r.perfect[t]
	if !ok {
		fit = sync.OnceValues(func() (perfectFit, error) { return r.fitPerfect(t) })
		r.perfect[t] = fit
	}
	r.mu.Unlock()
	f, err := fit()
	if err != nil {
		return 0, fmt.Errorf("perfect score: %w", err)
	}
	return f.scale * f.ExpectedJS(float64(part.Total), draws), nil
}

// perfectFit is what [Recording.Perfect] keeps of windows of a length.
type perfectFit struct {
	Abundances
	scale float64
}

func (r *Recording) fitPerfect(t int) (perfectFit, error) {
	all, err := r.Law(All, t)
	if err != nil {
		return perfectFit{}, err
	}
	f := perfectFit{FitAbundances(all.Counts), 1}
	if r.All.Repeats > 1 {
		f.scale, err = f.overdispersion(r.All, t)
	}
	return f, err
}

// overdispersion is the mean divergence of random halves of the repeats over that of halves
// of independent windows.
func (a Abundances) overdispersion(r *spikes.Raster, t int) (float64, error) {
	rng := rand.New(rand.NewPCG(uint64(r.Repeats), uint64(t)))
	measured, expected := 0.0, 0.0
	for range halvings {
		order := rng.Perm(r.Repeats)
		var laws [2]*States
		for i, part := range [][]int{order[:r.Repeats/2], order[r.Repeats/2:]} {
			half, err := r.SelectRepeats(part, "half")
			if err != nil {
				return 0, err
			}
			w, err := half.Windows(t)
			if err != nil {
				return 0, err
			}
			if laws[i], err = CountStates(w); err != nil {
				return 0, err
			}
		}
		js, err := JSStates(laws[0], laws[1])
		if err != nil {
			return 0, err
		}
		measured += js
		expected += a.ExpectedJS(float64(laws[0].Total), float64(laws[1].Total))
	}
	if expected == 0 {
		return 1, nil
	}
	return measured / expected, nil
}
