package metrics

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
)

// MonteCarloBits is the largest n·t for which maximum-entropy models are fitted by
// Monte Carlo.
const MonteCarloBits = 128

// Sizes of a fit by Monte Carlo.
const (
	mcChains  = 64
	mcGroups  = 8   // of chains, whose spread is the error
	mcLargest = 8.0 // of a parameter: a pair never seen has its coupling at infinity
)

// mcEffort says how much is drawn for a fit.
type mcEffort struct {
	sweeps int // of each chain for one estimate of the moments
	steps  int // of the fit, the parameters of whose second half are averaged
	final  int // sweeps of each chain for the law
}

var mcDefault = mcEffort{sweeps: 200, steps: 600, final: 4000}

// MonteCarloMaxEnt is a maximum-entropy law of windows too long for a table, with the
// constraints of [FitIsing] or [FitKPairwise]. Its parameters follow the moments of
// Markov chains (Gibbs sampling; Ackley, Hinton, Sejnowski, Cogn. Sci. 9, 147 (1985)),
// so moments and normalisation have an error. In the bits' x = 0, 1 it is
//
//	P(x) = exp(sum over i of h_i x_i + sum over i<j of J_ij x_i x_j [+ V(K)]) / Z.
type MonteCarloMaxEnt struct {
	name               string
	neurons, timesteps int
	size               int
	h                  []float64
	j                  []float64 // size x size, symmetric, 0 on the diagonal
	v                  []float64 // by the number of spikes; 0 for the Ising law

	logZ []float64 // of each group of chains
	// Residual is the largest difference of a constrained moment, E[x_i], E[x_i x_j] or
	// P(K), between the chains' and the data's.
	Residual float64
}

// mcChain is one Markov chain with the fields of its bits.
type mcChain struct {
	x     []bool
	field []float64 // h_i + sum over j of J_ij x_j
	on    []int     // the bits that are 1, in no order
	place []int     // in on
}

// mcMoments are sums over samples.
type mcMoments struct {
	single []float64
	pair   []float64 // size x size, i < j
	count  []float64
}

func newMoments(size int) *mcMoments {
	return &mcMoments{single: make([]float64, size), pair: make([]float64, size*size), count: make([]float64, size+1)}
}

func (m *mcMoments) add(on []int, weight float64) {
	m.count[len(on)] += weight
	for a, i := range on {
		m.single[i] += weight
		for _, k := range on[a+1:] {
			m.pair[min(i, k)*len(m.single)+max(i, k)] += weight
		}
	}
}

func (m *mcMoments) scale(by float64) {
	for _, x := range [][]float64{m.single, m.pair, m.count} {
		for i := range x {
			x[i] *= by
		}
	}
}

// bitsOn lists the bits of a window that are 1, the first timestep's first neuron 0.
func bitsOn(words []uint32, neurons int, out []int) []int {
	out = out[:0]
	for k, w := range words {
		for i := range neurons {
			if w>>(neurons-1-i)&1 == 1 {
				out = append(out, k*neurons+i)
			}
		}
	}
	return out
}

// FitMonteCarlo fits the Ising law or, with counts, the k-pairwise one. It fails for
// n·t above [MonteCarloBits] and where the chains hardly meet the data's windows,
// without which the law has no normalisation.
func FitMonteCarlo(s *States, counts bool, rng *rand.Rand) (*MonteCarloMaxEnt, error) {
	return fitMonteCarlo(s, counts, rng, mcDefault)
}

func fitMonteCarlo(s *States, counts bool, rng *rand.Rand, effort mcEffort) (*MonteCarloMaxEnt, error) {
	m := &MonteCarloMaxEnt{name: "ising", neurons: s.Neurons, timesteps: s.Timesteps, size: s.Bits()}
	if counts {
		m.name = "k-pairwise"
	}
	if m.size > MonteCarloBits {
		return nil, fmt.Errorf("fitting %s: n·t = %d bits, at most %d are possible", m.name, m.size, MonteCarloBits)
	}
	n := m.size
	target := newMoments(n)
	var on []int
	for i := range s.Counts {
		on = bitsOn(s.Window(i), s.Neurons, on)
		target.add(on, s.Prob(i))
	}
	least := 0.5 / float64(s.Total) // of a moment: half a window
	m.h, m.j, m.v = make([]float64, n), make([]float64, n*n), make([]float64, n+1)
	for i, p := range target.single {
		p = min(max(p, least), 1-least)
		m.h[i] = math.Log(p / (1 - p))
	}
	chains := make([]*mcChain, mcChains)
	for c := range chains {
		// A window of the data to begin with.
		chains[c] = m.newChain(bitsOn(s.Window(s.pick(rng)), s.Neurons, on))
	}
	sum := struct{ h, j, v []float64 }{make([]float64, n), make([]float64, n*n), make([]float64, n+1)}
	averaged := 0.0
	for step := range effort.steps {
		got := newMoments(n)
		for _, c := range chains {
			c.reset(m)
			for range effort.sweeps {
				c.sweep(m, rng)
				got.add(c.on, 1)
			}
		}
		got.scale(1 / float64(mcChains*effort.sweeps))
		// Newton's step of each parameter on its own, shorter and shorter.
		rate := 0.3 / (1 + float64(step)/100)
		move := func(theta *float64, want, have float64) {
			p := max(want, 4/float64(mcChains*effort.sweeps)) // rarer, and one sample would be a leap
			d := rate * (want - have) / (p * (1 - min(p, 0.5)))
			*theta = min(max(*theta+min(max(d, -1), 1), -mcLargest), mcLargest)
		}
		for i := range n {
			move(&m.h[i], target.single[i], got.single[i])
			for k := i + 1; k < n; k++ {
				move(&m.j[i*n+k], target.pair[i*n+k], got.pair[i*n+k])
				m.j[k*n+i] = m.j[i*n+k]
			}
		}
		if counts {
			// Of the n+1 numbers three are combinations of the others; left free, they
			// shorten the way.
			for k := range m.v {
				if target.count[k] > 0 || got.count[k] > 0 {
					move(&m.v[k], target.count[k], got.count[k])
				}
			}
		}
		if step >= effort.steps/2 {
			averaged++
			for _, x := range [][2][]float64{{sum.h, m.h}, {sum.j, m.j}, {sum.v, m.v}} {
				for i, t := range x[1] {
					x[0][i] += t
				}
			}
		}
	}
	for _, x := range [][2][]float64{{sum.h, m.h}, {sum.j, m.j}, {sum.v, m.v}} {
		for i, t := range x[0] {
			x[1][i] = t / averaged
		}
	}
	return m, m.normalise(s, target, chains, counts, rng, effort)
}

// pick is the number of a window drawn from the law.
func (s *States) pick(rng *rand.Rand) int {
	u := rng.IntN(s.Total)
	for i, c := range s.Counts {
		if u < c {
			return i
		}
		u -= c
	}
	return s.Len() - 1
}

// normalise finds Z from how much of the chains' time is spent at the data's windows,
// the sum of whose weights is known, and the error of the moments. That knows the
// probability of all other windows together, of which the divergence speaks, as well
// as counting can.
func (m *MonteCarloMaxEnt) normalise(s *States, target *mcMoments, chains []*mcChain, counts bool, rng *rand.Rand, effort mcEffort) error {
	energies := make([]float64, s.Len())
	var on []int
	for i := range energies {
		on = bitsOn(s.Window(i), s.Neurons, on)
		energies[i] = m.energy(on)
	}
	most := slices.Max(energies)
	weight := 0.0
	for _, e := range energies {
		weight += math.Exp(e - most)
	}
	got := newMoments(m.size)
	met := make([]float64, mcGroups)
	words := make([]uint32, s.Timesteps)
	for k, c := range chains {
		c.reset(m)
		for range effort.sweeps {
			c.sweep(m, rng)
		}
		for range effort.final {
			c.sweep(m, rng)
			got.add(c.on, 1)
			clear(words)
			for _, i := range c.on {
				words[i/s.Neurons] |= 1 << (s.Neurons - 1 - i%s.Neurons)
			}
			if s.Find(words) >= 0 {
				met[k%mcGroups]++
			}
		}
	}
	got.scale(1 / float64(mcChains*effort.final))
	for i, p := range got.single {
		m.Residual = max(m.Residual, math.Abs(p-target.single[i]))
	}
	for i, p := range got.pair {
		m.Residual = max(m.Residual, math.Abs(p-target.pair[i]))
	}
	for k, p := range got.count {
		if counts {
			m.Residual = max(m.Residual, math.Abs(p-target.count[k]))
		}
	}
	for _, x := range met {
		if x == 0 {
			return errors.New("the chains hardly meet the data's windows")
		}
		m.logZ = append(m.logZ, most+math.Log(weight)-math.Log(x/float64(mcChains/mcGroups*effort.final)))
	}
	return nil
}

// energy is the exponent of a window's probability.
func (m *MonteCarloMaxEnt) energy(on []int) float64 {
	e := m.v[len(on)]
	for a, i := range on {
		e += m.h[i]
		for _, k := range on[a+1:] {
			e += m.j[i*m.size+k]
		}
	}
	return e
}

// Name is that of the fit: ising or k-pairwise.
func (m *MonteCarloMaxEnt) Name() string { return m.name }

// Parameters is the number of fields and couplings, with those of the spike count.
func (m *MonteCarloMaxEnt) Parameters() int { return maxEntParameters(m.name, m.size) }

// LogProb takes the mean of the estimates of Z.
func (m *MonteCarloMaxEnt) LogProb(words []uint32) float64 {
	return m.energy(bitsOn(words, m.neurons, nil)) - m.meanLogZ()
}

// meanLogZ is that of the mean of 1/Z, which the chains' visits estimate.
func (m *MonteCarloMaxEnt) meanLogZ() float64 {
	sum := 0.0
	least := slices.Min(m.logZ)
	for _, z := range m.logZ {
		sum += math.Exp(least-z) / float64(len(m.logZ))
	}
	return least - math.Log(sum)
}

// jsSeen is the divergence of the data to the law and its standard error by the
// normalisation.
func (m *MonteCarloMaxEnt) jsSeen(s *States) (js, stderr float64) {
	q := ProbSeen(m, s)
	js = s.JSSeen(q)
	var spread running
	part := make([]float64, len(q))
	for _, z := range m.logZ {
		f := math.Exp(m.meanLogZ() - z)
		for i, p := range q {
			part[i] = p * f
		}
		spread.add(s.JSSeen(part))
	}
	return js, spread.deviation() / math.Sqrt(float64(len(m.logZ)))
}

func (m *MonteCarloMaxEnt) newChain(on []int) *mcChain {
	c := &mcChain{x: make([]bool, m.size), field: make([]float64, m.size), place: make([]int, m.size)}
	for _, i := range on {
		c.x[i] = true
		c.place[i] = len(c.on)
		c.on = append(c.on, i)
	}
	return c
}

// reset computes the fields anew, as the parameters have changed.
func (c *mcChain) reset(m *MonteCarloMaxEnt) {
	copy(c.field, m.h)
	for _, k := range c.on {
		for i, w := range m.j[k*m.size:][:m.size] {
			c.field[i] += w
		}
	}
}

// sweep draws each bit anew given the others.
func (c *mcChain) sweep(m *MonteCarloMaxEnt, rng *rand.Rand) {
	for i := range c.x {
		others := len(c.on)
		if c.x[i] {
			others--
		}
		f := c.field[i] + m.v[others+1] - m.v[others]
		if fires := fires(rng.Float64(), f); fires != c.x[i] {
			c.flip(m, i)
		}
	}
}

// fires reports that u is below 1/(1 + e^-f). For x > 0, e^x is more than its series up to
// x³, which settles most draws of bits that are rarely 1 without an exponential.
func fires(u, f float64) bool {
	if x := -f; x > 0 && u*(2+x*(1+x*(0.5+x/6))) >= 1 {
		return false
	}
	return u*(1+math.Exp(-f)) < 1
}

func (c *mcChain) flip(m *MonteCarloMaxEnt, i int) {
	sign := 1.0
	if c.x[i] {
		sign = -1
		last := c.on[len(c.on)-1]
		c.on[c.place[i]], c.place[last] = last, c.place[i]
		c.on = c.on[:len(c.on)-1]
	} else {
		c.place[i] = len(c.on)
		c.on = append(c.on, i)
	}
	c.x[i] = !c.x[i]
	for k, w := range m.j[i*m.size:][:m.size] {
		c.field[k] += sign * w
	}
}
