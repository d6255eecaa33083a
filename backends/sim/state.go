package sim

import (
	"fmt"
	"math/rand/v2"

	"qgan/ir"
)

// State is the final state of a circuit of gates.
type State struct{ register *register }

// State runs a circuit without measurement, reset or classical control from
// |0…0>, for values of its symbols. The steps of the circuit are put into passes
// over the state in which blocks stay in the cache.
func (s *Simulator) State(c *ir.Circuit, trained, data []float64) (*State, error) {
	r, err := s.register(c)
	if err != nil {
		return nil, err
	}
	state := &State{r}
	return state, state.Run(c, trained, data)
}

// Run puts the state back to |0…0> and runs a circuit of as many qubits, in the
// memory that is there.
func (s *State) Run(c *ir.Circuit, trained, data []float64) error {
	if err := ir.Verify(c); err != nil {
		return err
	}
	r := s.register
	if c.Qubits != len(r.frame.k) {
		return fmt.Errorf("circuit %q has %d qubits, the state %d", c.Name, c.Qubits, len(r.frame.k))
	}
	for _, op := range c.Ops {
		switch op.(type) {
		case *ir.Apply, *ir.Unitary, *ir.Barrier, *ir.Delay:
		default:
			return &NotUnitaryError{c.Name, op}
		}
	}
	r.reset()
	r.run(c.Ops, trained, data, true)
	r.phase += c.Phase.Value(trained, data)
	return nil
}

// register returns |0…0> of a circuit's qubits.
func (s *Simulator) register(c *ir.Circuit) (*register, error) {
	k, err := kernelNamed(s.Kernel)
	if err != nil {
		return nil, err
	}
	if c.Qubits > MaxQubits {
		return nil, fmt.Errorf("circuit %q has %d qubits, the simulator holds at most %d", c.Name, c.Qubits, MaxQubits)
	}
	return newRegister(c.Qubits, k.block, workersOf(s.Workers)), nil
}

// Probabilities returns the law of measuring all qubits: 2^n values, qubit 0
// the most significant bit.
func (s *State) Probabilities() []float64 { return s.register.law() }

// Amplitudes returns the 2^n amplitudes, qubit 0 the most significant bit,
// global phase included.
func (s *State) Amplitudes() []complex128 { return s.register.amplitudes() }

// Amplitude returns the amplitude of one logical state.
func (s *State) Amplitude(state uint64) complex128 { return s.register.amplitude(state) }

// Norm returns the sum of the probabilities, 1 up to rounding.
func (s *State) Norm() float64 { return s.register.weight(nil) }

// Probabilities returns the outcome probabilities of measuring all qubits of a circuit of
// gates: 2^n values, qubit 0 the most significant bit.
func (s *Simulator) Probabilities(c *ir.Circuit, trained, data []float64) ([]float64, error) {
	state, err := s.State(c, trained, data)
	if err != nil {
		return nil, err
	}
	return state.Probabilities(), nil
}

// sample draws outcomes of measuring all qubits, as Sample does, and calls f
// with each physical index drawn and how often.
func (r *register) sample(shots int, rng *rand.Rand, f func(x uint64, n int)) {
	const part = 1 << 12
	size := 1 << r.qubits
	sums := make([]float64, (size+part-1)/part)
	r.each(len(sums), func(_, i int) {
		for x := i * part; x < min((i+1)*part, size); x++ {
			sums[i] += r.probability(x)
		}
	})
	total := 0.0
	for _, s := range sums {
		total += s
	}
	arrivals, next := spacings(shots, rng)
	scale := total / next
	before := 0.0 // the sum of the parts before
	for i, sum := range sums {
		inside := 0
		for inside < len(arrivals) && (arrivals[inside]*scale < before+sum || i == len(sums)-1) {
			inside++
		}
		if inside > 0 {
			r.samplePart(i*part, min((i+1)*part, size), arrivals[:inside], scale, before, f)
			arrivals = arrivals[inside:]
		}
		before += sum
	}
}

// samplePart draws the outcomes between two indices for arrivals in order.
func (r *register) samplePart(from, to int, arrivals []float64, scale, running float64, f func(x uint64, n int)) {
	last, n := -1, 0 // the index that the arrivals so far ended at
	x := from
	running += r.probability(x)
	for _, a := range arrivals {
		for a*scale >= running && x < to-1 {
			x++
			running += r.probability(x)
		}
		at := x
		for at > from && r.probability(at) == 0 { // rounding at the end of the part
			at--
		}
		if at != last && n > 0 {
			f(uint64(last), n)
			n = 0
		}
		last, n = at, n+1
	}
	f(uint64(last), n)
}

// probability returns |amplitude|² of a physical index.
func (r *register) probability(x int) float64 {
	at := offsetOf(x)
	re, im := r.amps[at], r.amps[at+lanes]
	return re*re + im*im
}
