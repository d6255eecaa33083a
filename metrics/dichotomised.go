package metrics

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"gonum.org/v1/gonum/integrate/quad"
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat/distuv"

	"qgan/metrics/spikes"
)

// DichotomisedGaussian is the process in which neuron i fires in bin k where a
// latent Gaussian is above 0,
//
//	x_i(k) = 1 if u_i(k) > 0,  u_i(k) ~ N(γ_i, 1),  cov(u_i(k), u_j(k+l)) = Λ_ij(l),
//
// with γ and Λ such that rates and covariances at the lags 0 to lags-1 are the
// data's: Φ(γ_i) = r_i and Φ2(γ_i, γ_j; Λ_ij(l)) = E[x_i(k) x_j(k+l)] (Macke,
// Berens, Ecker, Tolias, Bethge, Neural Computation 21, 397 (2009), sections 2.1
// and 2.3). It is the law of greatest entropy of neither the words nor the
// windows, but nearly so, and unlike those laws it is fitted and drawn for any
// number of neurons and lags.
//
// Latent covariances that no Gaussian has are replaced by near ones that one has,
// as in section 2.2 there; Moved says by how much. Beyond the fitted lags the
// latent process is autoregressive of order lags-1, the continuation of greatest
// entropy (Burg), so it can be drawn without end.
type DichotomisedGaussian struct {
	// Moved is the largest change of a latent correlation that made Λ positive
	// definite, 0 if none was needed.
	Moved float64

	neurons, lags int
	mean          []float64   // γ
	start         [][]float64 // rows of the Cholesky factor of Λ over the first bins
	past          [][]float64 // regression of a bin on the lags-1 before it
	noise         [][]float64 // rows of the Cholesky factor of what the past leaves open
}

// maxLatent is the largest number of latent variables, neurons x lags, that a fit
// takes: its time grows with the third power.
const maxLatent = 200

// pairMoments are the moments that the fit needs: the rates, and for each lag the
// probability that i fires and j fires a lag later, [i*neurons+j], with the
// number of bins that it comes from.
type pairMoments struct {
	rates []float64
	joint [][]float64
	bins  []int
}

func momentsOf(r *spikes.Raster, lags int) pairMoments {
	l := &layout{neurons: r.Neurons, maxLag: lags - 1}
	x := l.whole(r)
	m := pairMoments{rates: make([]float64, r.Neurons)}
	for i := range m.rates {
		m.rates[i] = float64(x.lags[0].first[i]) / float64(*x.lags[0].pairs)
	}
	for _, lag := range x.lags {
		joint := make([]float64, len(lag.joint))
		for k, c := range lag.joint {
			joint[k] = float64(c) / float64(*lag.pairs)
		}
		m.joint, m.bins = append(m.joint, joint), append(m.bins, *lag.pairs)
	}
	return m
}

// moments are those of windows, means over the places of a bin and of a pair of
// bins in a window. Counts are added up as whole numbers, so that a neuron which always
// fires has a rate of 1.
func (s *States) moments() pairMoments {
	n, t := s.Neurons, s.Timesteps
	var m pairMoments
	for lag := range t {
		first, joint := make([]int, n), make([]int, n*n)
		for x, c := range s.Counts {
			w := s.Window(x)
			for k := range t - lag {
				for i := range n {
					if w[k]>>(n-1-i)&1 == 0 {
						continue
					}
					first[i] += c
					for j := range n {
						if w[k+lag]>>(n-1-j)&1 == 1 {
							joint[i*n+j] += c
						}
					}
				}
			}
		}
		share := func(counts []int) []float64 {
			out := make([]float64, len(counts))
			for i, c := range counts {
				out[i] = float64(c) / float64(s.Total*(t-lag))
			}
			return out
		}
		if lag == 0 {
			m.rates = share(first)
		}
		m.joint, m.bins = append(m.joint, share(joint)), append(m.bins, s.Total)
	}
	return m
}

// FitDichotomisedGaussian fits rates and the covariances at lags 0 to lags-1 of a
// raster. A pair's coincidences are counted as one more than they were, in so
// many more bins as independent neurons need for one: where they are few, and a
// count of none would say that the neurons exclude each other, the fit tends to
// independence.
//
// It fails for fewer than one lag, repeats of fewer bins, no bins at all, and
// more than 200 neurons x lags.
func FitDichotomisedGaussian(r *spikes.Raster, lags int) (*DichotomisedGaussian, error) {
	switch {
	case lags < 1 || lags > r.Bins:
		return nil, fmt.Errorf("fitting a dichotomised Gaussian: %d lags of repeats of %d bins", lags, r.Bins)
	case r.Repeats == 0 || r.Neurons == 0:
		return nil, errors.New("fitting a dichotomised Gaussian: the raster is empty")
	case r.Neurons*lags > maxLatent:
		return nil, fmt.Errorf("fitting a dichotomised Gaussian: %d neurons x %d lags, at most %d can be fitted: take fewer", r.Neurons, lags, maxLatent)
	}
	return fitGaussian(momentsOf(r, lags))
}

func fitGaussian(m pairMoments) (*DichotomisedGaussian, error) {
	n, lags := len(m.rates), len(m.joint)
	g := &DichotomisedGaussian{neurons: n, lags: lags, mean: make([]float64, n)}
	for i, r := range m.rates {
		g.mean[i] = distuv.UnitNormal.Quantile(r)
	}
	latent := newBlockToeplitz(n, lags)
	solver := newPlackett()
	for l := range lags {
		for i := range n {
			for j := range n {
				if l == 0 && j <= i {
					continue
				}
				chance := m.rates[i] * m.rates[j]
				if g.fixed(i) || g.fixed(j) {
					continue
				}
				p := (m.joint[l][i*n+j]*float64(m.bins[l]) + 1) / (float64(m.bins[l]) + 1/chance)
				latent.set(l, i, j, solver.correlation(g.mean[i], g.mean[j], p-chance))
			}
		}
	}
	full, moved := latent.positiveDefinite()
	g.Moved = moved
	if err := g.factorize(full); err != nil {
		return nil, err
	}
	return g, nil
}

// fixed says that a neuron never fires or always does, so that its latent
// variable has no say.
func (g *DichotomisedGaussian) fixed(i int) bool { return math.IsInf(g.mean[i], 0) }

// factorize prepares the draws: the first lags-1 bins together, then each bin
// given these before it.
func (g *DichotomisedGaussian) factorize(full *mat.SymDense) error {
	n, before := g.neurons, g.neurons*(g.lags-1)
	var chol mat.Cholesky
	if !chol.Factorize(full) {
		return errors.New("fitting a dichotomised Gaussian: the latent covariances are not positive definite")
	}
	var l mat.TriDense
	chol.LTo(&l)
	for i := range before + n {
		row := make([]float64, i+1)
		for j := range row {
			row[j] = l.At(i, j)
		}
		g.start = append(g.start, row)
	}
	// With L = [[P, 0], [B, N]] the last bin is B P⁻¹ (those before) + N ε, and the
	// rows of X = B P⁻¹ come by substitution from behind, X P = B.
	for _, row := range g.start[before:] {
		g.noise = append(g.noise, row[before:])
		x := slices.Clone(row[:before])
		for j := before - 1; j >= 0; j-- {
			x[j] /= g.start[j][j]
			for k := range j {
				x[k] -= x[j] * g.start[j][k]
			}
		}
		g.past = append(g.past, x)
	}
	return nil
}

// Name is dichotomised-gaussian.
func (g *DichotomisedGaussian) Name() string { return gaussianName }

const gaussianName = "dichotomised-gaussian"

// Parameters are the n rates, the n(n-1)/2 covariances of one bin, and the n²
// covariances of each lag.
func (g *DichotomisedGaussian) Parameters() int {
	n := g.neurons
	return n + n*(n-1)/2 + n*n*(g.lags-1)
}

// Draw draws a raster of so many repeats. Windows of up to as many bins as there
// are lags have the fitted covariances.
func (g *DichotomisedGaussian) Draw(repeats, bins int, binWidth float64, rng *rand.Rand) *spikes.Raster {
	r := spikes.NewRaster(repeats, bins, g.neurons, binWidth)
	r.Source.Path = g.Name()
	n, before := g.neurons, g.neurons*(g.lags-1)
	u := make([]float64, n*bins) // of a repeat, bin after bin
	eps := make([]float64, before+n)
	for rep := range repeats {
		for at := range u {
			k, i := at/n, at%n
			if k < g.lags {
				eps[at] = rng.NormFloat64()
				u[at] = dot(g.start[at], eps)
			} else {
				eps[i] = rng.NormFloat64()
				u[at] = dot(g.noise[i], eps) + dot(g.past[i], u[(k-g.lags+1)*n:])
			}
			if u[at]+g.mean[i] > 0 {
				r.Set(rep, k, i, true)
			}
		}
	}
	return r
}

// dot is the product of a and as many entries of b.
func dot(a, b []float64) float64 {
	var sum float64
	for k, v := range a {
		sum += v * b[k]
	}
	return sum
}

// plackett solves for the correlation of two Gaussians by Plackett's formula
// (Biometrika 41, 351, 1954), in the form of Drezner and Wesolowsky,
//
//	Φ2(h, k; sin θ) - Φ(h) Φ(k) = 1/2π ∫_0^θ exp(-(h² - 2hk sin s + k²) / (2 cos² s)) ds.
type plackett struct{ nodes, weights []float64 }

func newPlackett() plackett {
	const points = 48
	p := plackett{make([]float64, points), make([]float64, points)}
	quad.Legendre{}.FixedLocations(p.nodes, p.weights, 0, 1)
	return p
}

// covariance is Φ2(h, k; sin θ) - Φ(h) Φ(k).
func (p plackett) covariance(h, k, theta float64) float64 {
	var sum float64
	for i, x := range p.nodes {
		sin, cos := math.Sincos(theta * x)
		sum += p.weights[i] * math.Exp(-(h*h-2*h*k*sin+k*k)/(2*cos*cos))
	}
	return theta * sum / (2 * math.Pi)
}

// maxCorrelation keeps latent correlations away from ±1.
const maxCorrelation = 0.995

// correlation is the latent correlation of binary variables of that covariance,
// the nearest there is.
func (p plackett) correlation(h, k, covariance float64) float64 {
	lo, hi := -math.Asin(maxCorrelation), math.Asin(maxCorrelation)
	for hi-lo > 1e-12 {
		mid := (lo + hi) / 2
		if p.covariance(h, k, mid) < covariance {
			lo = mid
		} else {
			hi = mid
		}
	}
	return math.Sin((lo + hi) / 2)
}

// blockToeplitz are the correlations of a stationary process at lags 0 to lags-1:
// at[l][i*n+j] that of variable i and of variable j a lag later.
type blockToeplitz struct {
	n  int
	at [][]float64
}

func newBlockToeplitz(n, lags int) blockToeplitz {
	b := blockToeplitz{n, make([][]float64, lags)}
	for l := range b.at {
		b.at[l] = make([]float64, n*n)
	}
	for i := range n {
		b.at[0][i*n+i] = 1
	}
	return b
}

// set sets one correlation; at lag 0 both of the pair.
func (b blockToeplitz) set(lag, i, j int, v float64) {
	b.at[lag][i*b.n+j] = v
	if lag == 0 {
		b.at[lag][j*b.n+i] = v
	}
}

// each visits the entries on and over the diagonal of the matrix over all bins,
// with the value behind each.
func (b blockToeplitz) each(visit func(row, col int, v *float64)) {
	for first := range b.at {
		for l := range len(b.at) - first {
			for i := range b.n {
				for j := range b.n {
					if l > 0 || i <= j {
						visit(first*b.n+i, (first+l)*b.n+j, &b.at[l][i*b.n+j])
					}
				}
			}
		}
	}
}

func (b blockToeplitz) full() *mat.SymDense {
	m := mat.NewSymDense(b.n*len(b.at), nil)
	b.each(func(row, col int, v *float64) { m.SetSym(row, col, *v) })
	return m
}

// nearest are the correlations nearest to a matrix in Frobenius' norm: means over
// the bins, and 1 on the diagonal.
func (b blockToeplitz) nearest(m mat.Symmetric) blockToeplitz {
	out := newBlockToeplitz(b.n, len(b.at))
	for l := range out.at {
		clear(out.at[l])
	}
	out.each(func(row, col int, v *float64) { *v += m.At(row, col) })
	for l := range out.at {
		for i := range b.n {
			for j := range b.n {
				switch {
				case l == 0 && i == j:
					out.set(l, i, j, 1)
				case l > 0 || i < j:
					out.set(l, i, j, out.at[l][i*b.n+j]/float64(len(b.at)-l))
				}
			}
		}
	}
	return out
}

const (
	minEigenvalue = 1e-4
	repairSteps   = 60
)

// positiveDefinite is the matrix over all bins, moved to a near one that is
// positive definite where it is not: alternating projections with Dykstra's
// correction (Higham, IMA J. Numer. Anal. 22, 329, 2002) between the matrices of
// eigenvalues above a bound and those of stationary correlations. What the steps
// leave over is taken away by mixing with uncorrelated variables.
func (b blockToeplitz) positiveDefinite() (m *mat.SymDense, moved float64) {
	m = b.full()
	least := leastEigenvalue(m)
	if least >= minEigenvalue {
		return m, 0
	}
	near := b
	correction := mat.NewSymDense(m.SymmetricDim(), nil)
	for range repairSteps {
		y := minus(m, correction)
		x := raised(y, minEigenvalue)
		correction = minus(x, y)
		near = b.nearest(x)
		m = near.full()
	}
	if least = leastEigenvalue(m); least < minEigenvalue {
		// (1-w) least + w = minEigenvalue
		w := (minEigenvalue - least) / (1 - least)
		near.each(func(row, col int, v *float64) {
			if row != col {
				m.SetSym(row, col, (1-w)*m.At(row, col))
			}
		})
	}
	b.each(func(row, col int, v *float64) { moved = max(moved, math.Abs(*v-m.At(row, col))) })
	return m, moved
}

func minus(a, b *mat.SymDense) *mat.SymDense {
	var out mat.SymDense
	out.ScaleSym(-1, b)
	out.AddSym(a, &out)
	return &out
}

func leastEigenvalue(m mat.Symmetric) float64 {
	var e mat.EigenSym
	if !e.Factorize(m, false) {
		return math.Inf(-1)
	}
	return e.Values(nil)[0]
}

// raised is the nearest matrix whose eigenvalues are at least so large.
func raised(m mat.Symmetric, least float64) *mat.SymDense {
	var e mat.EigenSym
	if !e.Factorize(m, true) {
		panic("metrics: eigenvalues of a symmetric matrix were not found")
	}
	var v, scaled mat.Dense
	e.VectorsTo(&v)
	scaled.CloneFrom(&v)
	for j, x := range e.Values(nil) {
		for i := range scaled.RawMatrix().Rows {
			scaled.Set(i, j, scaled.At(i, j)*max(x, least))
		}
	}
	var full mat.Dense
	full.Mul(&scaled, v.T())
	out := mat.NewSymDense(m.SymmetricDim(), nil)
	for i := range m.SymmetricDim() {
		for j := range i + 1 {
			out.SetSym(i, j, (full.At(i, j)+full.At(j, i))/2)
		}
	}
	return out
}
