package exec

import (
	"context"
	"errors"
	"maps"
	"math"
	"slices"

	"qgan/backends"
	"qgan/backends/sim"
	"qgan/calibration"
	"qgan/internal/named"
	"qgan/ir"
)

// Simulable prepares a program's circuit for a simulator: without blocks in a vendor's
// words, with all qubits measured at the end where nothing is, and without the qubits that
// nothing acts on; physical puts it on the qubits of a device instead, of which those that
// are used are measured. Notes say what was done.
func Simulable(c *ir.Circuit, physical bool) (out *ir.Circuit, notes []string, err error) {
	own, vendor := c.WithoutOpaque()
	for _, k := range slices.Sorted(maps.Keys(vendor)) {
		notes = append(notes, k+" has no meaning for the simulator and is passed over")
	}
	measured := own.Reads()
	if !measured && own.Qubits == 0 {
		return nil, notes, errors.New("the program has no qubits and computes no bits: there is nothing to run")
	}
	if physical {
		if own, err = ir.Physical(own); err != nil || measured {
			return own, notes, err
		}
		out := *own
		out.MeasureUsed()
		return &out, append(notes, "nothing is measured, so all qubits that are used are, at the end"), nil
	}
	if !measured {
		notes = append(notes, "nothing is measured, so all qubits are, at the end")
		own.MeasureEach()
	}
	return ir.DropIdle(own), notes, nil
}

// Measurement says how a circuit is run and read on a simulator.
type Measurement struct {
	Name       string                  // of the circuit, in messages
	Model      *calibration.NoiseModel // nil: without noise
	Shots      int                     // 0: the exact law
	Seed       uint64
	Correction Correction // of readout errors, of shots with noise
	Method     Method     // empty: chosen by the circuit
	MaxBond    int        // of matrix product states; 0: wide.DefaultBond
	KeepOrder  bool       // keep the word of every shot
}

// Of runs a circuit as it is written. With noise its qubits are the model's. Errors of what
// is too large name the settings exact and shots.
func (m Measurement) Of(ctx context.Context, c *ir.Circuit) (*backends.Reading, error) {
	qubits := c.Qubits
	if m.Model != nil {
		qubits = len(c.Used())
	}
	switch {
	case m.Model != nil && m.Shots == 0 && qubits > sim.MaxDensityQubits:
		return nil, named.Inputf("%s uses %d qubits, {exact} holds the density matrix of at most %d", m.Name, qubits, sim.MaxDensityQubits).
			Hinted("use {shots}, which follows trajectories")
	case m.Model != nil && qubits > sim.MaxQubits:
		return nil, named.Inputf("the circuit uses %d qubits, the simulator holds at most %d", qubits, sim.MaxQubits)
	case m.Model != nil && c.Bits > 64:
		return nil, named.Inputf("the circuit has %d bits, outcomes of at most 64 are held", c.Bits)
	}
	r := backends.NewReading(m.Shots)
	r.Registers = backends.RegistersOf(c)
	var err error
	if m.Model != nil {
		err = m.noisy(ctx, c, &r)
	} else {
		err = m.ideal(ctx, c, &r)
	}
	if errors.Is(err, backends.ErrIntractable) {
		err = named.Inputf("{exact}: %w", err).Hinted("use {shots}, which draws words")
	}
	r.Split()
	return &r, err
}

// noisy reads a circuit with noise, by one method in all of its parts.
func (m Measurement) noisy(ctx context.Context, c *ir.Circuit, r *backends.Reading) error {
	s := &sim.Noisy{Model: m.Model}
	method, err := m.noisyMethod(s, c)
	if err != nil {
		return err
	}
	r.Backend, r.Method, r.Snapshot = "noisy", string(method), m.Model.Snapshot
	if m.Shots > 0 {
		s.Method = method // of the circuits that twirl and calibrate too
	}
	return m.read(ctx, c, r, s, m.Correction.OverNoisy(s))
}

// lawful is a simulator that knows exact laws.
type lawful interface {
	Law(ctx context.Context, c *ir.Circuit, trained, data []float64) (*backends.Law, error)
}

// read fills in the law or the counts.
func (m Measurement) read(ctx context.Context, c *ir.Circuit, r *backends.Reading, exact lawful, shots backends.Runner) error {
	if m.Shots == 0 {
		law, err := exact.Law(ctx, c, nil, nil)
		if err == nil {
			r.Probabilities = law.ByBits()
		}
		return err
	}
	results, err := shots.Run(ctx, []backends.Request{{Circuit: c, Shots: []int{m.Shots}, Seed: m.Seed, KeepOrder: m.KeepOrder, Mitigation: m.Correction.Method}})
	if err != nil {
		return err
	}
	o := results[0].Outcomes[0]
	r.Counts = o.ByBits(c.Bits)
	if m.KeepOrder {
		r.Memory = memory(o, c.Bits)
	}
	if by, ok := shots.(*Mitigated); ok && o.Weights != nil {
		r.Corrected = corrected(o, c.Bits)
		r.Mitigation, r.CalibrationShots = string(m.Correction.Method), by.CalibrationShots
	}
	return nil
}

// corrected tells an outcome's weights, and the law nearest to them, by the bits.
func corrected(o backends.Outcome, bits int) *backends.Corrected {
	m := &backends.Corrected{Overhead: o.Overhead, Quasi: map[string]float64{}, StdErr: map[string]float64{}, Nearest: map[string]float64{}}
	law, distance := calibration.NearestLaw(o.Weights)
	m.Distance = distance
	for i, c := range o.Counts {
		w := backends.Bits(c.Word, bits)
		m.Quasi[w], m.StdErr[w] = o.Weights[i], math.Sqrt(o.Variances[i])
		if law[i] > 0 {
			m.Nearest[w] = law[i]
		}
	}
	return m
}
