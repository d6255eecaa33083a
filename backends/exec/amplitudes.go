package exec

import (
	"fmt"
	"io"
	"maps"
	"math/cmplx"
	"slices"

	"qgan/backends"
	"qgan/backends/sim"
	"qgan/internal/named"
	"qgan/internal/words"
	"qgan/ir"
)

// MaxAmplitudeQubits bounds the qubits of a state that is listed.
const MaxAmplitudeQubits = 20

// leastAmplitude is the absolute value below which an amplitude is not listed: what rounding
// makes of 0.
const leastAmplitude = 1e-12

// Amplitudes is the state vector that a circuit ends in, before its measurements.
type Amplitudes struct {
	Schema     string                `json:"schema"`
	QubitOrder string                `json:"qubit_order"`
	Qubits     int                   `json:"qubits"`
	Amplitudes map[string][2]float64 `json:"amplitudes"` // real and imaginary part by the basis state; those below 1e-12 are left out
}

// AmplitudesOf runs the gates of a circuit, measurements at its end left out, from |0…0>;
// the global phase is that of OpenQASM.
func AmplitudesOf(c *ir.Circuit) (*Amplitudes, error) {
	gates, ok := c.Gates()
	switch {
	case !ok:
		return nil, named.Inputf("{state}: the circuit measures, resets or branches before its end, so it has no single state")
	case c.Qubits > MaxAmplitudeQubits:
		return nil, named.Inputf("{state}: the circuit has %d qubits, a state of at most %d is listed", c.Qubits, MaxAmplitudeQubits)
	}
	state, err := new(sim.Simulator).State(gates, nil, nil)
	if err != nil {
		return nil, err
	}
	out := &Amplitudes{Schema: "qgan.state/v1", QubitOrder: "qubit 0 first", Qubits: c.Qubits, Amplitudes: map[string][2]float64{}}
	for x, a := range state.Amplitudes() {
		if cmplx.Abs(a) > leastAmplitude {
			out.Amplitudes[backends.Bits(uint64(x), c.Qubits)] = [2]float64{real(a), imag(a)}
		}
	}
	return out, nil
}

// WriteText writes the amplitudes and their probabilities for people.
func (s *Amplitudes) WriteText(w io.Writer) error {
	t := words.NewTable(w)
	t.Row("state", "real", "imaginary", "probability")
	for _, b := range slices.Sorted(maps.Keys(s.Amplitudes)) {
		a := s.Amplitudes[b]
		t.Row(b, fmt.Sprintf("%.10g", a[0]), fmt.Sprintf("%.10g", a[1]), fmt.Sprintf("%.10g", a[0]*a[0]+a[1]*a[1]))
	}
	return t.Flush()
}
