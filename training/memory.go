package training

import (
	"math"
	"math/bits"
	"math/rand/v2"
)

// Memory says what of the past enters the circuit of a timestep, as the angles
// of its encodings.
type Memory string

const (
	// MemoryNone: nothing; a latent vector shared by the timesteps carries time.
	MemoryNone Memory = "none"
	// MemoryBits: RX(w_{l,q} x_q(k-1)), each neuron's own bit of the step before.
	MemoryBits Memory = "bits"
	// MemoryLeaky: RX(A tanh(raw_{l,q}/A)) with A = π/2, where
	//
	//	raw_{l,q} = sum_j W_{l,q,j} T_{l,j},   T_{l,j}(k) = sum_{m≥1} d_{l,j}^(m-1) x_j(k-m),
	//
	// a trained mixture of leaky traces of all neurons' past bits. A trace's decay
	// is d = 1/(1+e^-a) with a trained. The bound keeps angles outside the range
	// seen in training from wrapping round. With Config.OwnBits, M, raw has a further term,
	//
	//	sum_{m=1..M} v_{l,q,m} x_q(k-m),
	//
	// so that a neuron can fire again more readily after some bins than after fewer, which
	// no sum of decaying traces of one layer has.
	MemoryLeaky Memory = "leaky"
)

// squash is A of MemoryLeaky.
const squash = math.Pi / 2

// squashSlope is the derivative of a squashed angle by what was squashed.
func squashSlope(angle float64) float64 {
	t := angle / squash
	return 1 - t*t
}

// memoryMap computes the angles of the encodings from the past. It is classical,
// and runs between two timesteps.
//
// Parameters of MemoryBits: w_{l,j} at l·neurons + j. Of MemoryLeaky: a_{l,j} there,
// then W_{l,q,j} at encodings·neurons + (l·qubits + q)·neurons + j, then, with own bits,
// v_{l,j,m} of the neurons' qubits, for each m in the order of a.
type memoryMap struct {
	kind                       Memory
	own                        int // so many steps back own bits have weights of their own
	encodings, qubits, neurons int
	depth                      int // bins of the past that are seen; 1 of MemoryBits
	// For each trace, d^(m-1) and its derivative by a, for m = 1 … depth.
	weights, slopes []float64
}

// parameters counts the trained numbers.
func (m *memoryMap) parameters() int {
	switch m.kind {
	case MemoryBits:
		return m.traces()
	case MemoryLeaky:
		return m.traces() + m.angles()*m.neurons + m.own*m.traces()
	}
	return 0
}

// ownWeights is the part of the parameters that belongs to the own bits.
func (m *memoryMap) ownWeights(params []float64) []float64 {
	return params[m.traces()+m.angles()*m.neurons:]
}

// ownWeight is the place of an own bit's weight at an encoding.
func (m *memoryMap) ownWeight(encoding, neuron, back int) int {
	return ((back-1)*m.encodings+encoding)*m.neurons + neuron
}

// traces counts the numbers that are kept of a past, angles those made of them.
func (m *memoryMap) traces() int { return m.encodings * m.neurons }
func (m *memoryMap) angles() int { return m.encodings * m.qubits }

// init draws the parameters: decays spread over the layers from 0.1 to 0.9,
// weights from N(0, 0.1²).
func (m *memoryMap) init(params []float64, rng *rand.Rand) {
	for i := range params {
		if m.kind == MemoryLeaky && i < m.traces() {
			d := 0.1 + 0.8*float64(i/m.neurons)/float64(max(1, m.encodings-1))
			params[i] = math.Log(d / (1 - d))
			continue
		}
		params[i] = 0.1 * rng.NormFloat64()
	}
}

// prepare computes what the parameters decide of all pasts.
func (m *memoryMap) prepare(params []float64) {
	size := m.traces() * m.depth
	if len(m.weights) != size {
		m.weights, m.slopes = make([]float64, size), make([]float64, size)
	}
	if m.kind != MemoryLeaky {
		return
	}
	for i := range m.traces() {
		d := 1 / (1 + math.Exp(-params[i]))
		weight, slope := m.weights[i*m.depth:][:m.depth], m.slopes[i*m.depth:][:m.depth]
		power := 1.0
		for k := range weight {
			weight[k] = power
			slope[k] = float64(k) * power * (1 - d) // d/da of d^k, as dd/da = d(1-d)
			power *= d
		}
	}
}

// each calls f for each spike of the last bins of a past, at most so many: its neuron,
// and how many bins it lies back. The last word of a past is the bin just before.
func (m *memoryMap) each(past []uint32, bins int, f func(neuron, back int)) {
	for back := 1; back <= min(bins, len(past)); back++ {
		for w := past[len(past)-back]; w != 0; w &= w - 1 {
			f(m.neurons-1-bits.TrailingZeros32(w), back)
		}
	}
}

// forward writes the traces and the angles of a past.
func (m *memoryMap) forward(params []float64, past []uint32, traces, angles []float64) {
	clear(traces)
	clear(angles)
	if m.kind == MemoryBits {
		m.each(past, m.depth, func(j, _ int) {
			for l := range m.encodings {
				traces[l*m.neurons+j] = 1
				angles[l*m.qubits+j] = params[l*m.neurons+j]
			}
		})
		return
	}
	m.each(past, m.depth, func(j, back int) {
		for l := range m.encodings {
			i := l*m.neurons + j
			traces[i] += m.weights[i*m.depth+back-1]
		}
	})
	mix, own := params[m.traces():], m.ownWeights(params)
	for i := range angles {
		l := i / m.qubits
		angles[i] = dot(traces[l*m.neurons:][:m.neurons], mix[i*m.neurons:][:m.neurons])
	}
	m.each(past, m.own, func(j, back int) {
		for l := range m.encodings {
			angles[l*m.qubits+j] += own[m.ownWeight(l, j, back)]
		}
	})
	for i, raw := range angles {
		if raw != 0 {
			angles[i] = squash * math.Tanh(raw/squash)
		}
	}
}

// backward takes the derivative of a scalar by the angles of a past and adds that
// by the parameters to grad. traces and angles are those of forward.
func (m *memoryMap) backward(params []float64, past []uint32, traces, angles, upstream, grad []float64) {
	if m.kind == MemoryBits {
		for l := range m.encodings {
			for j := range m.neurons {
				grad[l*m.neurons+j] += upstream[l*m.qubits+j] * traces[l*m.neurons+j]
			}
		}
		return
	}
	byTrace := make([]float64, m.traces())
	mix, to, own := params[m.traces():], grad[m.traces():], m.ownWeights(grad)
	for i, up := range upstream {
		up *= squashSlope(angles[i])
		l := i / m.qubits
		trace, back := traces[l*m.neurons:][:m.neurons], byTrace[l*m.neurons:][:m.neurons]
		row, gradRow := mix[i*m.neurons:][:m.neurons], to[i*m.neurons:][:m.neurons]
		for j, w := range row {
			gradRow[j] += up * trace[j]
			back[j] += up * w
		}
	}
	m.each(past, m.depth, func(j, back int) {
		for l := range m.encodings {
			i := l*m.neurons + j
			grad[i] += byTrace[i] * m.slopes[i*m.depth+back-1]
		}
	})
	m.each(past, m.own, func(j, back int) {
		for l := range m.encodings {
			i := l*m.qubits + j
			own[m.ownWeight(l, j, back)] += upstream[i] * squashSlope(angles[i])
		}
	})
}
