package exec

import (
	"context"

	"qgan/backends"
	"qgan/backends/sim"
	"qgan/calibration"
	"qgan/ir"
	"qgan/ir/compile"
)

// Correction says how readout errors are taken out. The zero value leaves them in.
type Correction struct {
	Method backends.Mitigation
	// CalibrationShots are shared by the circuits that calibrate a readout; 0: the device's
	// figures are taken, or, to twirl, as many as a circuit has Shots.
	CalibrationShots int
	Shots            int
	Distance         int // of m3, see calibration.M3Options
	Seed             uint64
}

// over is the Mitigated of a runner whose readout errors and native operations are known.
func (c Correction) over(r backends.Runner, confusion func([]int) (calibration.Confusion, error), native func(ir.Op) error) *Mitigated {
	out := &Mitigated{
		Runner: r, Confusion: confusion, CalibrationShots: c.CalibrationShots, Seed: c.Seed,
		M3: calibration.M3Options{Distance: c.Distance}, Flip: NativeFlip(native),
	}
	if c.Method == backends.MitigateTwirl && c.CalibrationShots == 0 {
		out.CalibrationShots = c.Shots
	}
	return out
}

// OverNoisy takes readout errors out of what the noisy simulator reads.
func (c Correction) OverNoisy(s *sim.Noisy) *Mitigated {
	return c.over(s, s.Model.Confusion, func(op ir.Op) error {
		_, err := s.Model.After(op)
		return err
	})
}

// Processor is where circuits run with noise: compiled for a device, scheduled, so that
// waiting qubits decay, with their last gates folded into the readout, and corrected.
// Without a device, under a noise model of its own, they run as they are.
type Processor struct {
	Name       string
	Snapshot   string          // hash of the calibration data
	Target     *compile.Target // nil: none
	Model      *calibration.NoiseModel
	Correction Correction
}

// Simulated is a processor on the noisy simulator. target may be nil.
func Simulated(model *calibration.NoiseModel, target *compile.Target, c Correction) *Processor {
	return &Processor{Name: model.Name, Snapshot: model.Snapshot, Target: target, Model: model, Correction: c}
}

// Device is a processor as its calibration data describe it.
func Device(name string, s *calibration.Snapshot, c Correction) (*Processor, error) {
	target, err := compile.NewTarget(s)
	if err != nil {
		return nil, err
	}
	model, err := calibration.NewNoiseModel(s, calibration.NoiseOptions{})
	if err != nil {
		return nil, err
	}
	return &Processor{Name: name, Snapshot: target.Snapshot, Target: target, Model: model, Correction: c}, nil
}

// Simulator runs circuits of the processor on the noisy simulator.
func (p *Processor) Simulator() *Compiled {
	return p.compiled(p.Correction.OverNoisy(&sim.Noisy{Model: p.Model}))
}

// Over runs circuits of the device on what takes its native circuits.
func (p *Processor) Over(r backends.Runner) *Compiled {
	return p.compiled(p.Correction.over(r, p.Model.Confusion, p.Target.Native))
}

// Laws gives exact laws under a noise model: the processor's, or one with less noise.
func (p *Processor) Laws(model *calibration.NoiseModel) *Laws {
	return &Laws{Noisy: &sim.Noisy{Model: model}, Compiled: p.compiled(nil)}
}

func (p *Processor) compiled(r backends.Runner) *Compiled {
	return &Compiled{Runner: r, Target: p.Target, Options: compile.Options{FoldReadout: true, Schedule: p.Target != nil && p.Target.Timed()}}
}

// Idealised runs a device's circuits on a simulator, without the qubits that nothing
// happens to.
type Idealised struct{ backends.Runner }

// Run takes the qubits out that nothing acts on.
func (w Idealised) Run(ctx context.Context, requests []backends.Request) ([]backends.Result, error) {
	own := make([]backends.Request, len(requests))
	for i, q := range requests {
		c, err := ir.Physical(q.Circuit)
		if err != nil {
			return nil, err
		}
		own[i] = q
		own[i].Circuit = ir.DropIdle(c)
	}
	return w.Runner.Run(ctx, own)
}
