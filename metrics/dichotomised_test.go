package metrics

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat/distuv"
	"pgregory.net/rapid"

	"qgan/metrics/spikes"
)

// jointByIntegral is P(u > -h, v > -k) of Gaussians of that correlation, by
// Simpson's rule over the first one's values.
func jointByIntegral(h, k, rho float64) float64 {
	const steps = 20000
	lo, hi := -h, math.Max(9, -h+1)
	dx := (hi - lo) / steps
	f := func(x float64) float64 {
		return distuv.UnitNormal.Prob(x) * distuv.UnitNormal.CDF((k+rho*x)/math.Sqrt(1-rho*rho))
	}
	sum := f(lo) + f(hi)
	for i := 1; i < steps; i++ {
		sum += f(lo+float64(i)*dx) * float64(2+2*(i%2))
	}
	return sum * dx / 3
}

func TestPlackett(t *testing.T) {
	t.Parallel()
	p := newPlackett()
	phi := distuv.UnitNormal.CDF
	for _, rho := range []float64{-0.95, -0.5, -0.01, 0, 0.3, 0.8, 0.95} {
		// At means of 0 the probability of a quadrant is known (Sheppard).
		near(t, fmt.Sprintf("quadrant, %g", rho), p.covariance(0, 0, math.Asin(rho)), math.Asin(rho)/(2*math.Pi), 0, 1e-14)
		for _, m := range [][2]float64{{-1.3, -1.3}, {-2.6, -1.8}, {-2.6, 0.4}, {0.7, 1.2}} {
			h, k := m[0], m[1]
			want := jointByIntegral(h, k, rho) - phi(h)*phi(k)
			near(t, fmt.Sprintf("means %v, correlation %g", m, rho), p.covariance(h, k, math.Asin(rho)), want, 1e-8, 1e-12)
			back := p.correlation(h, k, want)
			near(t, "and back", p.covariance(h, k, math.Asin(back)), want, 1e-6, 1e-10)
		}
	}
	// What no correlation gives takes the largest one.
	near(t, "beyond", p.correlation(-2, -2, 1), maxCorrelation, 0, 1e-9)
	near(t, "beyond", p.correlation(-2, -2, -1), -maxCorrelation, 0, 1e-9)
}

// The repair gives correlations of a stationary process that has them, and leaves
// alone what needs none.
func TestPositiveDefinite(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n, lags := rapid.IntRange(1, 4).Draw(t, "n"), rapid.IntRange(1, 5).Draw(t, "lags")
		size := rapid.SampledFrom([]float64{0.05, 0.4, 0.99}).Draw(t, "size")
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		b := newBlockToeplitz(n, lags)
		for l := range lags {
			for i := range n {
				for j := range n {
					if l > 0 || i < j {
						b.set(l, i, j, size*(2*rng.Float64()-1))
					}
				}
			}
		}
		m, moved := b.positiveDefinite()
		if least := leastEigenvalue(m); least < minEigenvalue*(1-1e-6) {
			t.Fatalf("least eigenvalue %g", least)
		}
		if d := cmp.Diff(m.RawSymmetric().Data, b.nearest(m).full().RawSymmetric().Data, cmpopts.EquateApprox(0, 1e-12)); d != "" {
			t.Fatalf("not stationary, or not 1 on the diagonal:\n%s", d)
		}
		if needed := leastEigenvalue(b.full()) < minEigenvalue; needed != (moved > 0) {
			t.Fatalf("moved by %g, needed: %t", moved, needed)
		}
	})
}

// Of 1 on the diagonal and 0.9, -0.9, 0.9 off it, the nearest correlations are
// known by symmetry: all of size 1/2 (up to the least eigenvalue).
func TestPositiveDefiniteByHand(t *testing.T) {
	t.Parallel()
	b := newBlockToeplitz(3, 1)
	b.set(0, 0, 1, 0.9)
	b.set(0, 1, 2, 0.9)
	b.set(0, 0, 2, -0.9)
	m, moved := b.positiveDefinite()
	want := mat.NewSymDense(3, []float64{1, 0.5, -0.5, 0.5, 1, 0.5, -0.5, 0.5, 1})
	if !mat.EqualApprox(want, m, 2e-4) {
		t.Errorf("got\n%v", mat.Formatted(m))
	}
	near(t, "moved", moved, 0.4, 0, 2e-4)
	// The example of Higham (2002): 1 beside the diagonal and 0 in the corner.
	b = newBlockToeplitz(3, 1)
	b.set(0, 0, 1, 1)
	b.set(0, 1, 2, 1)
	m, moved = b.positiveDefinite()
	want = mat.NewSymDense(3, []float64{1, 0.7607, 0.1573, 0.7607, 1, 0.7607, 0.1573, 0.7607, 1})
	if !mat.EqualApprox(want, m, 5e-4) {
		t.Errorf("got\n%v", mat.Formatted(m))
	}
	near(t, "moved", moved, 1-0.7607, 0, 5e-4)
}

// A pair counts as one coincidence more, in as many bins more as independence needs for one:
// what is independent stays so, and none in ten bins is one in twenty where a tenth of the
// bins is expected.
func TestAddedCoincidence(t *testing.T) {
	t.Parallel()
	for _, k := range []struct {
		joint float64
		bins  int
		want  float64 // chance of both
	}{{0.1, 10, 0.1}, {0.1, 100_000, 0.1}, {0, 10, 0.05}, {0.2, 10, 0.15}, {0, 90, 0.01}} {
		g, err := fitGaussian(pairMoments{rates: []float64{0.2, 0.5}, joint: [][]float64{{0.2, k.joint, k.joint, 0.5}}, bins: []int{k.bins}})
		if err != nil {
			t.Fatal(err)
		}
		latent := g.start[1][0] // of unit variances
		got := newPlackett().covariance(g.mean[0], g.mean[1], math.Asin(latent)) + 0.2*0.5
		near(t, fmt.Sprintf("chance of both, %g in %d bins", k.joint, k.bins), got, k.want, 0, 1e-9)
	}
}

// A law is drawn by a million windows, or by what two thousand million multiplications
// give where a window has more than 45 bits.
func TestGaussianDraws(t *testing.T) {
	t.Parallel()
	for bits, want := range map[int]int{1: 1 << 20, 45: 1 << 20, 46: 1014878, 64: 1 << 19, 128: 1 << 17, 200: 53687} {
		if got := drawsOfGaussian(bits); got != want {
			t.Errorf("windows of %d bits: %d draws, want %d", bits, got, want)
		}
	}
}

// Draws have the rates and covariances of what they are fitted to, in the first
// bins of a repeat and in the later ones.
func TestGaussianKeepsMoments(t *testing.T) {
	t.Parallel()
	const lags = 4
	data := firstNeurons(t, spikes.Builtin(), 6)
	g, err := FitDichotomisedGaussian(data, lags)
	if err != nil {
		t.Fatal(err)
	}
	if g.Moved != 0 {
		t.Logf("latent correlations moved by %g", g.Moved)
	}
	if want := 6 + 15 + 36*3; g.Parameters() != want {
		t.Errorf("%d parameters, want %d", g.Parameters(), want)
	}
	want := momentsOf(data, lags)
	for _, bins := range []int{lags, 40} {
		got := momentsOf(g.Draw(400_000/bins, bins, 0, rand.New(rand.NewPCG(10, 1))), lags)
		for i, r := range want.rates {
			near(t, fmt.Sprintf("rate %d", i), got.rates[i], r, 0, 5*math.Sqrt(3*r/400_000))
		}
		for l := range want.joint {
			for k, p := range want.joint[l] {
				// As many draws, and the one coincidence that the fit adds.
				near(t, fmt.Sprintf("%d bins, lag %d, pair %d", bins, l, k), got.joint[l][k], p, 0.02, 6*math.Sqrt((p+1e-5)/400_000)+1.0/float64(want.bins[l]))
			}
		}
	}
}

// Neurons that never fire or always do stay so; one lag makes bins independent.
func TestGaussianDegenerate(t *testing.T) {
	t.Parallel()
	r := spikes.NewRaster(5, 40, 3, 0.02)
	for rep := range r.Repeats {
		for b := range r.Bins {
			r.Set(rep, b, 1, true)
			r.Set(rep, b, 2, b%3 == 0)
		}
	}
	for _, lags := range []int{1, 5} {
		g, err := FitDichotomisedGaussian(r, lags)
		if err != nil {
			t.Fatal(err)
		}
		drawn := g.Draw(50, 40, 0.02, rand.New(rand.NewPCG(11, 1)))
		m := MeanFiringRate(drawn)
		if m[0] != 0 || m[1] != 50 || math.Abs(m[2]-50./3) > 3 {
			t.Errorf("%d lags: rates %v", lags, m)
		}
		if c := LagCovariance(drawn, 1)[2][2]; (lags > 1) != (c < -0.04) {
			t.Errorf("%d lags: autocovariance %g", lags, c)
		}
	}
	for what, fit := range map[string]func() (*DichotomisedGaussian, error){
		"no lag":        func() (*DichotomisedGaussian, error) { return FitDichotomisedGaussian(r, 0) },
		"too many lags": func() (*DichotomisedGaussian, error) { return FitDichotomisedGaussian(r, 41) },
		"too large": func() (*DichotomisedGaussian, error) {
			return FitDichotomisedGaussian(spikes.NewRaster(1, 90, 3, 0), 80)
		},
		"empty": func() (*DichotomisedGaussian, error) { return FitDichotomisedGaussian(spikes.NewRaster(0, 9, 3, 0), 1) },
	} {
		if _, err := fit(); err == nil {
			t.Errorf("%s: no error", what)
		}
	}
}

// Moments of a law of windows are those of a raster of these windows.
func TestMomentsOfStates(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		steps := rapid.IntRange(1, 5).Draw(t, "timesteps")
		n := rapid.IntRange(1, 5).Draw(t, "neurons")
		r := randomRaster(rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1)), 30, steps, n, 0.4)
		s, err := CountStates(spikes.Windows{Raster: r, T: steps})
		if err != nil {
			t.Fatal(err)
		}
		want, got := momentsOf(r, steps), s.moments()
		if d := cmp.Diff(want.rates, got.rates, cmpopts.EquateApprox(0, 1e-12)); d != "" {
			t.Fatal(d)
		}
		if d := cmp.Diff(want.joint, got.joint, cmpopts.EquateApprox(0, 1e-12)); d != "" {
			t.Fatal(d)
		}
		if d := cmp.Diff(slices.Repeat([]int{s.Total}, steps), got.bins); d != "" {
			t.Fatal(d)
		}
	})
}

// A neuron that fires in every bin has a rate of 1, whatever the number of windows, and the
// model of its windows is fitted and always fires.
func TestConstantTrains(t *testing.T) {
	t.Parallel()
	for bins := 2; bins < 60; bins++ {
		r := spikes.NewRaster(1, bins, 3, 0.02)
		for b := range bins {
			r.Set(0, b, 0, true)
			r.Set(0, b, 1, b%4 == 0)
		}
		for steps := 1; steps <= min(bins, 7); steps++ {
			s, err := CountStates(spikes.Windows{Raster: r, T: steps})
			if err != nil {
				t.Fatal(err)
			}
			m := s.moments()
			if m.rates[0] != 1 || m.rates[2] != 0 || m.joint[steps-1][0] != 1 {
				t.Fatalf("%d bins, windows of %d: rates %v, joint %v", bins, steps, m.rates, m.joint)
			}
			if bins != 26 {
				continue
			}
			g, err := fitGaussian(m)
			if err != nil {
				t.Fatal(err)
			}
			if rates := MeanFiringRate(g.Draw(1, 50, 0.02, rand.New(rand.NewPCG(5, 1)))); rates[0] != 50 || rates[2] != 0 {
				t.Errorf("windows of %d: drawn rates %v", steps, rates)
			}
		}
	}
}

// In the table of baselines it stands with its draws: of two neurons it is the law
// itself, of more it is near the Ising model, whose moments it has.
func TestGaussianBaseline(t *testing.T) {
	t.Parallel()
	for _, y := range []struct {
		n, t int
		js   float64
	}{{2, 1, 1.1e-6}, {6, 1, 1.6e-4}, {4, 2, 3.3e-4}} {
		all, odd, even := loadFixture(t, y.n, y.t)
		opt := BaselineOptions{Models: []string{gaussianName}, Rand: rand.New(rand.NewPCG(12, 2))}
		results, err := BaselinesOf(all, odd, even, opt)
		if err != nil {
			t.Fatal(err)
		}
		r := results[0]
		if len(results) != 1 || r.Samples != gaussianDraws || r.Null == nil || r.JSHeldOut == nil || r.Note == "" {
			t.Fatalf("%+v", results)
		}
		if *r.JS > y.js+2**r.Null || *r.JSHeldOut < *r.Null {
			t.Errorf("n=%d,t=%d: JS %g, held out %g, of as many draws %g", y.n, y.t, *r.JS, *r.JSHeldOut, *r.Null)
		}
	}
}

// Another program's fit to the odd repeats of ten lags, with eigenvalues clipped,
// had these figures against the even ones. The repair here differs, so they
// agree in what the model can do, not in digits.
func TestPublishedGaussian(t *testing.T) {
	t.Parallel()
	for n, want := range map[int]map[string][2]float64{ // value, tolerance
		6:  {"ps10": {0.351, 0.012}, "K10": {0.171, 0.02}, "cov": {0.095, 0.04}, "ac10": {0.033, 0.04}},
		10: {"ps10": {0.226, 0.02}, "K10": {0.25, 0.035}, "cov": {0.12, 0.05}, "ac10": {0.045, 0.03}},
	} {
		odd, even := recording(t, n, 1).Halves()
		g, err := FitDichotomisedGaussian(odd, 10)
		if err != nil {
			t.Fatal(err)
		}
		if p := map[int]int{6: 345, 10: 955}[n]; g.Parameters() != p {
			t.Errorf("n=%d: %d parameters, want %d", n, g.Parameters(), p)
		}
		c, err := NewTimeComparer(even, []int{10})
		if err != nil {
			t.Fatal(err)
		}
		figures, err := c.Compare(g.Draw(600, 953, 0, rand.New(rand.NewPCG(13, 1))), rand.New(rand.NewPCG(13, 2)))
		if err != nil {
			t.Fatal(err)
		}
		seen := 0
		for _, f := range figures {
			if w, ok := want[f.column()]; ok {
				seen++
				near(t, fmt.Sprintf("n=%d %s", n, f.column()), *f.Value, w[0], 0, w[1])
			}
		}
		if seen != len(want) {
			t.Errorf("%d figures", seen)
		}
	}
}
