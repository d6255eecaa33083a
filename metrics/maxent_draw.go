package metrics

import "math/rand/v2"

// Sweeps of a chain before its first draw and from one draw to the next. Bits of spike
// trains are forgotten within a few sweeps.
const (
	mcBurn = 200
	mcThin = 5
)

// Draw draws windows by Markov chains, which begin in silence, and visits each: on are
// its bits that are 1, in no order, the first timestep's first neuron 0, and belong to the
// chain. Windows that follow each other are of different chains.
func (m *MonteCarloMaxEnt) Draw(windows int, rng *rand.Rand, visit func(window int, on []int)) {
	chains := make([]*mcChain, min(mcChains, max(1, windows)))
	for k := range chains {
		chains[k] = m.newChain(nil)
		chains[k].reset(m)
		for range mcBurn {
			chains[k].sweep(m, rng)
		}
	}
	for w := range windows {
		c := chains[w%len(chains)]
		for range mcThin {
			c.sweep(m, rng)
		}
		visit(w, c.on)
	}
}
