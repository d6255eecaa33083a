package exec

import (
	"context"
	"slices"

	"qgan/backends"
	"qgan/backends/sim"
	"qgan/backends/wide"
	"qgan/internal/named"
	"qgan/ir"
)

// Method names how a circuit is simulated.
type Method string

// The methods: of circuits without noise, then of circuits with noise.
const (
	MethodAuto         Method = "auto"
	MethodState        Method = "state"        // the state vector, or a circuit of few layers seen from the side
	MethodStabilizer   Method = "stabilizer"   // Clifford gates alone
	MethodMPS          Method = "mps"          // matrix product states
	MethodDensity      Method = "density"      // the density matrix
	MethodTrajectories Method = "trajectories" // shots that errors strike one by one
)

// Methods lists the methods, with noise or without.
func Methods(noisy bool) []Method {
	if noisy {
		return []Method{MethodAuto, MethodDensity, MethodTrajectories}
	}
	return []Method{MethodAuto, MethodState, MethodStabilizer, MethodMPS}
}

// stateQubits is the number of qubits up to which a Clifford circuit is run by its state
// vector all the same, when the method is chosen.
const stateQubits = 16

// chosen is the method of a circuit without noise.
func (m Measurement) chosen(c *ir.Circuit) (Method, error) {
	held := c.Qubits <= sim.MaxQubits && c.Bits <= 64
	clifford := new(wide.Stabilizer).Clifford(c, nil, nil)
	switch {
	case m.Method == MethodStabilizer:
		if clifford != nil {
			return "", named.Inputf("{method} stabilizer: %w", clifford)
		}
		return MethodStabilizer, nil
	case m.Method == MethodMPS && m.Shots == 0:
		return "", named.Inputf("{method} mps draws words and has no exact law").Hinted("use {shots}, or {expect} for exact expectation values")
	case m.Method == MethodMPS, m.Method == MethodState:
		return m.Method, nil
	case m.Method != MethodAuto && m.Method != "":
		return "", named.Inputf("{method} %s: without noise it can be %s", m.Method, named.OneOf(spelled(Methods(false))))
	case clifford == nil && (c.Qubits > stateQubits && m.Shots > 0 || !held):
		return MethodStabilizer, nil
	case held || m.Shots == 0:
		return MethodState, nil
	case seenFromTheSide(c):
		return MethodState, nil
	}
	return MethodMPS, nil
}

func spelled(methods []Method) (out []string) {
	for _, m := range methods {
		out = append(out, string(m))
	}
	return out
}

// seenFromTheSide says that the words of a circuit of any number of qubits can be drawn
// without its state.
func seenFromTheSide(c *ir.Circuit) bool {
	gates, ok := c.Gates()
	if !ok {
		return false
	}
	_, err := new(sim.Simulator).Words(gates)
	return err == nil
}

// ideal runs and reads a circuit without noise.
func (m Measurement) ideal(ctx context.Context, c *ir.Circuit, r *backends.Reading) error {
	method, err := m.chosen(c)
	if err != nil {
		return err
	}
	switch method {
	case MethodStabilizer:
		r.Method = string(method)
		return m.read(ctx, c, r, new(wide.Stabilizer), new(wide.Stabilizer))
	case MethodMPS:
		r.Method = string(method)
		s := &told{MPS: wide.MPS{MaxBond: m.MaxBond}}
		err := m.read(ctx, c, r, nil, s)
		r.Truncation = &s.truncation
		return err
	}
	if c.Qubits > sim.MaxQubits && m.Shots == 0 {
		return named.Inputf("the circuit uses %d qubits, the simulator holds at most %d", c.Qubits, sim.MaxQubits)
	}
	if c.Bits > 64 && c.Qubits <= sim.MaxQubits {
		return named.Inputf("the circuit has %d bits, of outcomes of a state vector at most 64 are held", c.Bits).Hinted("{method} mps holds any number")
	}
	return m.read(ctx, c, r, new(sim.Simulator), new(sim.Simulator))
}

// told is an MPS that keeps what it left out.
type told struct {
	wide.MPS
	truncation backends.Truncation
}

// Run draws shots.
func (t *told) Run(ctx context.Context, requests []backends.Request) ([]backends.Result, error) {
	results, truncation, err := t.RunTold(ctx, requests)
	t.truncation = truncation
	return results, err
}

// noisyMethod is the method of a circuit with noise.
func (m Measurement) noisyMethod(s *sim.Noisy, c *ir.Circuit) (sim.Method, error) {
	switch {
	case m.Method == MethodAuto || m.Method == "":
		return s.MethodOf(c, m.Shots)
	case !slices.Contains(Methods(true), m.Method):
		return "", named.Inputf("{method} %s: with noise it can be %s", m.Method, named.OneOf(spelled(Methods(true))))
	case m.Method == MethodTrajectories && m.Shots == 0:
		return "", named.Inputf("{method} trajectories draws shots and has no exact law").Hinted("leave out {exact}")
	case m.Method == MethodDensity && len(c.Used()) > sim.MaxDensityQubits:
		return "", named.Inputf("{method} density: %s uses %d qubits, a density matrix holds at most %d", m.Name, len(c.Used()), sim.MaxDensityQubits)
	}
	return sim.Method(m.Method), nil
}

// memory writes the words of all shots in their order.
func memory(o backends.Outcome, bits int) (out []string) {
	for _, w := range o.Words {
		out = append(out, backends.Bits(w, bits))
	}
	stride := (bits + 7) / 8
	for i := 0; i+stride <= len(o.Rows) && stride > 0; i += stride {
		out = append(out, backends.RowBits(o.Rows[i:i+stride], bits))
	}
	return out
}
