package metrics

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"qgan/metrics/spikes"
)

// Figures of a few numbers, worked out by hand: a divisor, a weight or a share that is a
// little off shows here, and in no average over many draws.

func TestRunningByHand(t *testing.T) {
	t.Parallel()
	for _, k := range []struct {
		of             []float64
		mean, variance float64
	}{{nil, 0, 0}, {[]float64{3}, 3, 0}, {[]float64{1, 2, 4}, 7. / 3, 7. / 3}, {[]float64{-1, 1}, 0, 2}} {
		var r running
		for _, x := range k.of {
			r.add(x)
		}
		near(t, fmt.Sprint("mean of ", k.of), r.mean, k.mean, 0, 1e-15)
		near(t, fmt.Sprint("deviation of ", k.of), r.deviation(), math.Sqrt(k.variance), 0, 1e-15)
	}
}

func TestQuantile(t *testing.T) {
	t.Parallel()
	for _, k := range []struct {
		of      []float64
		p, want float64
	}{
		{[]float64{7}, 0.3, 7}, {[]float64{1, 2, 4}, 0, 1}, {[]float64{1, 2, 4}, 0.5, 2}, {[]float64{1, 2, 4}, 1, 4}, {[]float64{1, 2, 4}, 0.75, 3},
		{[]float64{1, 3}, 0.5, 2}, {[]float64{1, 3}, 0.025, 1.05}, {[]float64{0, 10, 20, 30, 40}, 0.9, 36},
	} {
		near(t, fmt.Sprintf("quantile %g of %v", k.p, k.of), Quantile(k.of, k.p), k.want, 0, 1e-12)
	}
}

// lawOf is a law of one bin, counts by the word.
func lawOf(t *testing.T, neurons int, counts ...int) *States {
	t.Helper()
	var words []uint32
	var seen []int
	for w, c := range counts {
		if c > 0 {
			words, seen = append(words, uint32(w)), append(seen, c)
		}
	}
	s, err := NewStates(neurons, 1, words, seen)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// js2 is the divergence of two laws of two states by its definition.
func js2(p, q float64) float64 {
	sum := 0.0
	for _, x := range [][2]float64{{p, q}, {1 - p, 1 - q}} {
		m := (x[0] + x[1]) / 2
		for _, v := range x {
			if v > 0 {
				sum += v / 2 * math.Log(v/m)
			}
		}
	}
	return sum
}

// Data that are 3/4 silent, draws of which half are.
func TestEstimateByHand(t *testing.T) {
	t.Parallel()
	data, drawn := lawOf(t, 1, 3, 1), lawOf(t, 1, 3, 3)
	e, err := EstimateJS(data, drawn, rand.New(rand.NewPCG(1, 2)), 2)
	if err != nil {
		t.Fatal(err)
	}
	// What the correction leaves of the divergence of six draws of the data, twice.
	left, rng := 0.0, rand.New(rand.NewPCG(1, 2))
	for range 2 {
		q := float64(data.draw(6, rng)[0]) / 6
		left += js2(0.75, q) / 2
		for _, x := range [][2]float64{{0.75, q}, {0.25, 1 - q}} {
			if x[1] > 0 {
				left -= x[0] * (1 - x[1]) / (x[0] + x[1]) / (4 * 6) / 2
			}
		}
	}
	// Of two resamples' scores a < b the deviation is (b-a)/√2, and the interval spans
	// 95 % of b-a, and half of what is left more.
	half := math.Hypot(0.475*math.Sqrt2*e.StdErr, left/2)
	for what, k := range map[string][2]float64{
		"JS":                       {e.JSNats, js2(0.75, 0.5)},
		"KL of draws to data":      {*e.KLNats, 0.5*math.Log(0.5/0.75) + 0.5*math.Log(0.5/0.25)},
		"total variation":          {e.TV, 0.25},
		"JS without its bias":      {e.Corrected, js2(0.75, 0.5) - (0.75*0.5/1.25+0.25*0.5/0.75)/(4*6) - left},
		"entropy":                  {e.EntropyNats, math.Ln2},
		"entropy without its bias": {e.EntropyMillerMadowNats, math.Ln2 + 1./12},
		"lower end":                {e.Interval[0], e.Corrected - half},
		"upper end":                {e.Interval[1], e.Corrected + half},
	} {
		near(t, what, k[0], k[1], 1e-12, 0)
	}
	if e.Samples != 6 || e.Seen != 2 || e.StdErr == 0 {
		t.Errorf("%+v", e)
	}
	if e, err = EstimateJS(lawOf(t, 1, 4), drawn, rand.New(rand.NewPCG(1, 2)), 2); err != nil || e.KLNats != nil {
		t.Errorf("the data lack a state: KL %v, %v", e.KLNats, err)
	}
	if e, err = EstimateJS(data, lawOf(t, 1, 1), rand.New(rand.NewPCG(1, 2)), 2); err != nil || e.Interval != nil {
		t.Errorf("a single draw: interval %v, %v", e.Interval, err)
	}
}

// Sixteen draws, half of them silent, of data that always are: resampled, k of them are
// not silent, k binomial. At most 3 are in 1.06 % of the resamples, at most 4 in 3.84 %,
// at most 5 in 10.5 %: the interval of 95 % runs from 4 to 12, one of 90 % from 5 to 11.
func TestIntervalByHand(t *testing.T) {
	t.Parallel()
	const n = 16
	e, err := EstimateJS(lawOf(t, 1, 1), lawOf(t, 1, n/2, n/2), rand.New(rand.NewPCG(3, 3)), 4000)
	if err != nil {
		t.Fatal(err)
	}
	score := func(k int) float64 { return js2(1, 1-float64(k)/n) }
	mean, square, share := 0.0, 0.0, math.Pow(2, -n)
	for k := range n + 1 {
		mean += share * score(k)
		square += share * score(k) * score(k)
		share *= float64(n-k) / float64(k+1)
	}
	sd := math.Sqrt(square - mean*mean)
	at := 5 * sd / math.Sqrt(4000) // of the resamples' mean
	near(t, "lower end", e.Interval[0]-e.Corrected, score(4)-mean, 0, at)
	near(t, "upper end", e.Interval[1]-e.Corrected, score(12)-mean, 0, at)
	near(t, "width", e.Interval[1]-e.Interval[0], score(12)-score(4), 1e-12, 0)
	near(t, "standard error", e.StdErr, sd, 0.05, 0)
	if wrong := score(11) - score(5); wrong > 0.95*(score(12)-score(4)) {
		t.Error("an interval of 90 % would be as wide")
	}
}

// One draw of a law of 3/4 and 1/4 scores as if the law were all one state or the other.
func TestNullFloorByHand(t *testing.T) {
	t.Parallel()
	law := lawOf(t, 1, 3, 1)
	rare, often := js2(0.75, 0), js2(0.75, 1)
	wantMean := 0.75*often + 0.25*rare
	wantSD := math.Sqrt(0.75*0.25) * (rare - often)
	mean, sd := NullFloor(law, 1, rand.New(rand.NewPCG(4, 4)), 20000)
	near(t, "mean", mean, wantMean, 0, 5*wantSD/math.Sqrt(20000))
	near(t, "deviation", sd, wantSD, 0.02, 0)
	// Two repeats have the deviation of two numbers, not of a whole.
	for seed := range uint64(50) {
		if mean, sd = NullFloor(law, 1, rand.New(rand.NewPCG(4, seed)), 2); sd != 0 {
			near(t, "deviation of two", sd, (rare-often)/math.Sqrt2, 1e-12, 0)
			near(t, "mean of two", mean, (rare+often)/2, 1e-12, 0)
			return
		}
	}
	t.Error("no two draws differ")
}

// Groups of unequal size.
func TestEffectiveSamplesByHand(t *testing.T) {
	t.Parallel()
	for _, k := range []struct {
		groups    [][]float64
		size, icc float64
	}{
		// n = 7 in 3 groups, m = (7 - 21/7)/2 = 2; MSB = 45/7, MSW = 22/4.
		{[][]float64{{1, 3}, {2, 4, 6, 8}, {5}}, 7. * 167 / 180, 13. / 167},
		// n = 5 in 2 groups, m = 5 - 13/5; MSB = 8/15, MSW = 2/9.
		{[][]float64{{0, 0, 1}, {1, 1}}, 5 / (1 + 1.4*7/19), 7. / 19},
		{[][]float64{{1, 1}, nil, {0, 0, 1}}, 5 / (1 + 1.4*7/19), 7. / 19},
		// Equal groups that differ less than their samples do: none is lost.
		{[][]float64{{0, 2}, {0, 2}}, 4, -1},
	} {
		size, icc := EffectiveSamples(k.groups)
		near(t, fmt.Sprintf("correlation of %v", k.groups), icc, k.icc, 1e-12, 0)
		near(t, fmt.Sprintf("size of %v", k.groups), size, k.size, 1e-12, 0)
	}
}

// Each part of a sample is drawn as often as the others: where a single repeat fires, in
// the first or in the last place, the share of silent windows varies as the number of
// times that this repeat is drawn.
func TestEachPartIsDrawn(t *testing.T) {
	t.Parallel()
	const repeats = 25
	data := spikes.NewRaster(2, 2, 1, 0)
	data.Set(0, 0, 0, true)
	data.Set(1, 1, 0, true)
	c, err := NewTimeComparer(data, []int{2})
	if err != nil {
		t.Fatal(err)
	}
	for fires := range repeats {
		sample := spikes.NewRaster(repeats, 2, 1, 0)
		sample.Set(fires, 0, 0, true)
		figures, err := c.Compare(sample, rand.New(rand.NewPCG(5, 5)))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range figures {
			if f.Name != pSilentName {
				continue
			}
			near(t, "P(silent)", *f.Value, 1-1./repeats, 1e-12, 0)
			// A binomial number of times, of 25 with 1/25 each; of 100 resamples the
			// deviation is off by a tenth or so.
			near(t, fmt.Sprintf("repeat %d fires: standard error", fires), *f.StdErr, math.Sqrt((1-1./repeats)/repeats)/math.Sqrt(repeats), 0.4, 0)
		}
	}
}

// unlike is a recording whose odd repeats fire more often than the even ones, and
// together, so that no half can stand in for the other or for the whole; activity scales
// the rates.
func unlike(repeats, bins, neurons int, activity float64) *spikes.Raster {
	rng := rand.New(rand.NewPCG(6, 6))
	r := spikes.NewRaster(repeats, bins, neurons, 0.02)
	for rep := range repeats {
		p, together := 0.1, 0.03
		if rep%2 == 0 { // the 1st, 3rd ...
			p, together = 0.2, 0.2
		}
		for b := range bins {
			all := rng.Float64() < activity*together
			for n := range neurons {
				r.Set(rep, b, n, all || rng.Float64() < activity*p)
			}
		}
	}
	return r
}

// lawJS is the divergence of a model to a law over all windows, by its definition, and
// the mean ln p of the law's windows by the bin.
func lawJS(s *States, m Model) (js, perBin float64) {
	for x := range 1 << s.Bits() {
		words := make([]uint32, s.Timesteps)
		for k := range words {
			words[k] = uint32(x>>(s.Neurons*(s.Timesteps-1-k))) & (1<<s.Neurons - 1)
		}
		p, q := 0.0, math.Exp(m.LogProb(words))
		if i := s.Find(words); i >= 0 {
			p = s.Prob(i)
			perBin += p * math.Log(q) / float64(s.Timesteps)
		}
		for _, v := range []float64{p, q} {
			if v > 0 {
				js += v / 2 * math.Log(2*v/(p+q))
			}
		}
	}
	return js, perBin
}

// Held out is: fitted to the odd repeats, measured against the even ones. Every other
// choice of halves has another figure.
func TestHeldOutByDefinition(t *testing.T) {
	t.Parallel()
	w, err := unlike(7, 300, 2, 1).Windows(3) // a Markov chain is no table here
	if err != nil {
		t.Fatal(err)
	}
	all, err := CountStates(w)
	if err != nil {
		t.Fatal(err)
	}
	odd, even, err := countHalves(w)
	if err != nil {
		t.Fatal(err)
	}
	// Four repeats are odd, three even.
	if odd.Total != 4*298 || even.Total != 3*298 || odd.PSilent() > 0.7*even.PSilent() {
		t.Fatalf("%d and %d windows, P(silent) %g and %g", odd.Total, even.Total, odd.PSilent(), even.PSilent())
	}
	results, err := Baselines(w, BaselineOptions{Rand: rand.New(rand.NewPCG(7, 7))})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range results {
		switch r.Name {
		case "split-half":
			js, err := JSStates(odd, even)
			if err != nil || *r.JS != js || *r.JSHeldOut != js || r.Parameters != 63 {
				t.Errorf("%+v, want %g, %v", r, js, err)
			}
			continue
		case gaussianName:
			checkGaussianHeldOut(t, r, all, odd, even)
			continue
		}
		fitted := func(s *States) Model {
			m, err := Fit(r.Name, s)
			if err != nil {
				t.Fatal(err)
			}
			return m
		}
		js, _ := lawJS(all, fitted(all))
		near(t, r.Name, *r.JS, js, 1e-7, 1e-12)
		held, perBin := lawJS(even, fitted(odd))
		near(t, r.Name+" held out", *r.JSHeldOut, held, 1e-7, 1e-12)
		switch {
		case math.IsInf(perBin, -1):
			if r.LogLikelihoodHeldOut != nil {
				t.Errorf("%s: ln p %g of windows that it lacks", r.Name, *r.LogLikelihoodHeldOut)
			}
		default:
			near(t, r.Name+" ln p", *r.LogLikelihoodHeldOut, perBin, 1e-7, 0)
		}
		if r.Name == "silent" || r.Name == "uniform" { // they are not fitted
			continue
		}
		for what, other := range map[string][2]*States{
			"the odd half fitted and measured": {odd, odd}, "halves the other way round": {even, odd},
			"the even half fitted and measured": {even, even}, "all fitted": {all, even}, "measured against all": {odd, all},
		} {
			if js, _ := lawJS(other[1], fitted(other[0])); math.Abs(js/held-1) < 0.02 {
				t.Errorf("%s: %s gives %g, as right as %g", r.Name, what, js, held)
			}
		}
	}
}

// checkGaussianHeldOut holds a law that is known by draws against a fit of the same half,
// whose draws are others.
func checkGaussianHeldOut(t *testing.T, r BaselineResult, all, odd, even *States) {
	t.Helper()
	rng := rand.New(rand.NewPCG(8, 8))
	drawn := func(fitted, to *States) float64 {
		g, err := fitGaussian(fitted.moments())
		if err != nil {
			t.Fatal(err)
		}
		s, err := CountStates(spikes.Windows{Raster: g.Draw(1<<16, 3, 0, rng), T: 3})
		if err != nil {
			t.Fatal(err)
		}
		js, err := JSStates(to, s)
		if err != nil {
			t.Fatal(err)
		}
		return js
	}
	near(t, r.Name, *r.JS, drawn(all, all), 0.15, 0)
	near(t, r.Name+" held out", *r.JSHeldOut, drawn(odd, even), 0.01, 0)
	for _, other := range [][2]*States{{odd, odd}, {even, odd}, {even, even}, {all, even}, {odd, all}} {
		if js := drawn(other[0], other[1]); math.Abs(js / *r.JSHeldOut - 1) < 0.02 {
			t.Errorf("another choice of halves gives %g beside %g", js, *r.JSHeldOut)
		}
	}
}

// The same of windows too long for a table: the figures are those of the fits, one after
// the other from the same stream.
func TestMonteCarloHeldOut(t *testing.T) {
	t.Parallel()
	w, err := unlike(5, 200, 4, 0.2).Windows(6) // 24 bits
	if err != nil {
		t.Fatal(err)
	}
	all, err := CountStates(w)
	if err != nil {
		t.Fatal(err)
	}
	odd, even, err := countHalves(w)
	if err != nil {
		t.Fatal(err)
	}
	effort := mcEffort{10, 50, 100}
	results, err := BaselinesOf(all, odd, even, BaselineOptions{Models: []string{"ising"}, Rand: rand.New(rand.NewPCG(9, 9)), effort: effort})
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(9, 9))
	m, err := fitMonteCarlo(all, false, rng, effort)
	if err != nil {
		t.Fatal(err)
	}
	h, err := fitMonteCarlo(odd, false, rng, effort)
	if err != nil {
		t.Fatal(err)
	}
	js, stderr := m.jsSeen(all)
	q := ProbSeen(h, even)
	r := results[0]
	for what, k := range map[string][2]float64{
		"JS": {*r.JS, js}, "its error": {*r.StdErr, stderr}, "residual": {*r.Residual, m.Residual}, "held out": {*r.JSHeldOut, even.JSSeen(q)},
		"ln p": {*r.LogLikelihoodHeldOut, even.LogLikelihoodSeen(q)},
	} {
		near(t, what, k[0], k[1], 0, 0)
	}
	if a, b := even.JSSeen(ProbSeen(m, even)), odd.JSSeen(ProbSeen(h, odd)); a == *r.JSHeldOut || b == *r.JSHeldOut {
		t.Errorf("fitted to all %g, against the odd half %g, beside %g", a, b, *r.JSHeldOut)
	}
}

// In time too the odd repeats are compared with the even ones, relative to these; models
// are fitted to the repeats given, and the data's likelihood is that of the others.
func TestTimeHalvesByDefinition(t *testing.T) {
	t.Parallel()
	r := unlike(5, 200, 2, 1)
	odd, even := r.Halves()
	rate := func(r *spikes.Raster, n int) (x float64) {
		for rep := range r.Repeats {
			for b := range r.Bins {
				x += bit(r, rep, b, n) / float64(r.Repeats*r.Bins)
			}
		}
		return x
	}
	wantRate := (math.Abs(rate(odd, 0)-rate(even, 0)) + math.Abs(rate(odd, 1)-rate(even, 1))) / (rate(even, 0) + rate(even, 1))
	for name, k := range map[string]struct{ data, fitted *spikes.Raster }{"in sample": {r, r}, "held out": {even, odd}} {
		c, err := NewTimeComparer(k.data, []int{2})
		if err != nil {
			t.Fatal(err)
		}
		results, err := c.TimeBaselines(k.fitted, rand.New(rand.NewPCG(10, 1)))
		if err != nil {
			t.Fatal(err)
		}
		for _, res := range results {
			for _, f := range res.Figures {
				if f.Name != "rate-error" {
					continue
				}
				switch {
				case res.Name == splitHalfName:
					near(t, name+": floor of rates", *f.Value, wantRate, 1e-12, 0)
				case name == "held out":
					near(t, name+": rates of "+res.Name, *f.Value, wantRate, 0.2, 0)
				default:
					near(t, name+": rates of "+res.Name, *f.Value, 0, 0, 0.16) // of 1,000 bins that hang together
				}
			}
		}
		for order, res := range results[1:3] {
			chain, err := FitChain(k.fitted, order)
			if err != nil {
				t.Fatal(err)
			}
			want, _ := chain.LogLikelihood(k.data)
			near(t, name+": ln p of "+res.Name, *res.LogLikelihood, want, 0, 0)
		}
	}
	if wantRate < 0.5 {
		t.Errorf("the halves are alike: %g", wantRate)
	}
}
