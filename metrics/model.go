package metrics

import (
	"math"
	"math/bits"
)

// Model is a law over windows of which every window's probability is known.
type Model interface {
	Name() string    // one of BaselineNames
	Parameters() int // free real parameters
	// LogProb is the natural logarithm of the probability of a window, given as
	// one word a timestep; -Inf where it is 0.
	LogProb(words []uint32) float64
}

// ProbSeen returns the model's probability of each seen window of s, as the
// distances over seen windows take it.
func ProbSeen(m Model, s *States) []float64 {
	q := make([]float64, s.Len())
	for i := range q {
		q[i] = math.Exp(m.LogProb(s.Window(i)))
	}
	return q
}

// Silent is the law that never fires: where a generator ends that has collapsed
// to the most frequent window. It has no parameters.
type Silent struct{}

// Name is what tables and files call the law.
func (Silent) Name() string { return "silent" }

// Parameters is 0.
func (Silent) Parameters() int { return 0 }

// LogProb is 0 for the silent window and -Inf for all others.
func (Silent) LogProb(words []uint32) float64 {
	for _, w := range words {
		if w != 0 {
			return math.Inf(-1)
		}
	}
	return 0
}

// Uniform is the law of fair coins, 2^-nt for every window: where a generator
// starts whose qubits are all in superposition. It has no parameters.
type Uniform struct{ Neurons int }

// Name is what tables and files call the law.
func (Uniform) Name() string { return "uniform" }

// Parameters is 0.
func (Uniform) Parameters() int { return 0 }

// LogProb is -nt ln 2.
func (u Uniform) LogProb(words []uint32) float64 {
	return -math.Ln2 * float64(u.Neurons*len(words))
}

// Independent lets each neuron fire at each timestep with its own probability,
// independently of all else: n·t parameters, the marginals of the window law.
type Independent struct {
	neurons int
	rate    []float64 // [timestep*neurons + neuron]
	on, off []float64 // ln rate, ln(1-rate)
}

// FitIndependent takes the n·t marginals of the law, the maximum-likelihood fit.
func FitIndependent(s *States) *Independent {
	m := &Independent{neurons: s.Neurons}
	fired := make([]int, s.Bits())
	for i, c := range s.Counts {
		for k, w := range s.Window(i) {
			for j := range s.Neurons {
				if w>>(s.Neurons-1-j)&1 == 1 {
					fired[k*s.Neurons+j] += c
				}
			}
		}
	}
	for _, f := range fired {
		p := float64(f) / float64(s.Total)
		m.rate = append(m.rate, p)
		m.on = append(m.on, math.Log(p))
		m.off = append(m.off, math.Log1p(-p))
	}
	return m
}

// Name is what tables and files call the law.
func (*Independent) Name() string { return "independent" }

// Parameters is the number of rates, nt.
func (m *Independent) Parameters() int { return len(m.rate) }

// Rate is the probability that a neuron fires at a timestep.
func (m *Independent) Rate(timestep, neuron int) float64 {
	return m.rate[timestep*m.neurons+neuron]
}

// LogProb is the sum of ln rate over the spikes and ln(1-rate) over the rest.
func (m *Independent) LogProb(words []uint32) float64 {
	var l float64
	for k, w := range words {
		for j := range m.neurons {
			if i := k*m.neurons + j; w>>(m.neurons-1-j)&1 == 1 {
				l += m.on[i]
			} else {
				l += m.off[i]
			}
		}
	}
	return l
}

// IndependentInTime has the data's exact law of each timestep and draws the
// timesteps independently: the best that a generator without memory and without
// a latent vector common to its timesteps can do. It has t(2^n - 1) parameters.
type IndependentInTime struct {
	neurons int
	steps   []map[uint32]float64 // ln probability of the words seen at a timestep
}

// FitIndependentInTime takes the t one-step laws of the window law.
func FitIndependentInTime(s *States) *IndependentInTime {
	m := &IndependentInTime{neurons: s.Neurons}
	for k := range s.Timesteps {
		m.steps = append(m.steps, logLaw(s.Step(k)))
	}
	return m
}

// logLaw is the logarithm of a law of windows of one bin.
func logLaw(s *States) map[uint32]float64 {
	l := make(map[uint32]float64, s.Len())
	for i, w := range s.Words {
		l[w] = math.Log(s.Prob(i))
	}
	return l
}

// Name is what tables and files call the law.
func (*IndependentInTime) Name() string { return "independent-in-time" }

// Parameters is 2^n - 1 for the law of each timestep.
func (m *IndependentInTime) Parameters() int {
	return len(m.steps) * (1<<m.neurons - 1)
}

// LogProb is the sum of the logarithms of the one-step probabilities.
func (m *IndependentInTime) LogProb(words []uint32) float64 {
	var l float64
	for k, w := range words {
		p, ok := m.steps[k][w]
		if !ok {
			return math.Inf(-1)
		}
		l += p
	}
	return l
}

// Markov is the first-order chain of words: the law of a window's first word,
// and one table of transitions for all timesteps. For windows of two bins it is
// the data law itself. It has 4^n - 1 parameters, 2^n - 1 for the first word and
// 2^n(2^n - 1) for the transitions (the former only, for windows of one bin).
type Markov struct {
	neurons, timesteps int
	first              map[uint32]float64    // ln probability
	next               map[[2]uint32]float64 // ln probability of the second word after the first
	followed           map[uint32]int        // times a word was followed by another
}

// FitMarkov takes the law of the first word and the transitions counted over all
// t-1 places of the window law, the maximum-likelihood fit. A word that the data
// show at the end of windows only is followed by all words with equal
// probability, so that the probabilities of all windows add up to 1.
func FitMarkov(s *States) *Markov {
	m := &Markov{neurons: s.Neurons, timesteps: s.Timesteps, first: logLaw(s.Step(0)), next: make(map[[2]uint32]float64)}
	from, pair := make(map[uint32]int), make(map[[2]uint32]int)
	m.followed = from
	for i, c := range s.Counts {
		w := s.Window(i)
		for k := 1; k < len(w); k++ {
			from[w[k-1]] += c
			pair[[2]uint32{w[k-1], w[k]}] += c
		}
	}
	for p, c := range pair {
		m.next[p] = math.Log(float64(c) / float64(from[p[0]]))
	}
	return m
}

// Name is what tables and files call the law.
func (*Markov) Name() string { return "markov" }

// Parameters is 2^n - 1 for one timestep, and 4^n - 1, a law of two words, for more.
func (m *Markov) Parameters() int {
	width := m.neurons
	if m.timesteps > 1 {
		width *= 2
	}
	if width >= bits.UintSize-1 { // it has no room
		return math.MaxInt
	}
	return 1<<width - 1
}

// LogProb is that of the first word plus those of the transitions.
func (m *Markov) LogProb(words []uint32) float64 {
	l, ok := m.first[words[0]]
	if !ok {
		return math.Inf(-1)
	}
	for k := 1; k < len(words); k++ {
		p, ok := m.next[[2]uint32{words[k-1], words[k]}]
		switch {
		case ok:
			l += p
		case m.followed[words[k-1]] == 0:
			l -= math.Ln2 * float64(m.neurons)
		default:
			return math.Inf(-1)
		}
	}
	return l
}
