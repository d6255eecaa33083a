package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"qgan/backends"
	"qgan/backends/exec"
	"qgan/backends/sim"
	"qgan/calibration"
	"qgan/ir"
)

// noisyRun is what `run --backend noisy` is asked for.
type noisyRun struct {
	shots  int
	exact  bool
	seed   uint64
	table  bool
	asJSON bool

	correction exec.Correction
}

// runNoisy runs a program with noise and prints what was measured.
func (a *app) runNoisy(cmd *cobra.Command, path string, c *ir.Circuit, model *calibration.NoiseModel, r noisyRun) error {
	c, err := a.noisyCircuit(path, c)
	if err != nil {
		return err
	}
	used := c.Used()
	for _, w := range model.Oddities(used) {
		a.warn("%s: %s", model.Name, w)
	}
	if r.table {
		return noiseError(path, a.noiseTable(model, c, r.asJSON))
	}
	s := &sim.Noisy{Model: model}
	shots := r.shots
	if r.exact {
		shots = 0
		if len(used) > sim.MaxDensityQubits {
			return usagef("%s uses %d qubits, --exact holds the density matrix of at most %d", path, len(used), sim.MaxDensityQubits).
				withHint("use --shots, which follows trajectories")
		}
	}
	switch {
	case len(used) > sim.MaxQubits:
		return usagef("the circuit uses %d qubits, the simulator holds at most %d", len(used), sim.MaxQubits)
	case c.Bits > 64:
		return usagef("the circuit has %d bits, outcomes of at most 64 are held", c.Bits)
	}
	method, err := s.MethodOf(c, shots)
	if err != nil {
		return noiseError(path, err)
	}
	o := outcomes{Schema: "qgan.run-circuit/v1", BitOrder: "bit 0 first", Shots: shots, Backend: "noisy", Method: string(method), Snapshot: model.Snapshot}
	if r.exact {
		law, err := s.Law(cmd.Context(), c, nil, nil)
		if err != nil {
			return noiseError(path, err)
		}
		o.Probabilities = byWord(law)
	} else {
		request := backends.Request{
			Circuit: c, Shots: []int{shots}, Seed: r.seed,
			Mitigation: r.correction.Method,
		}
		s.Method = method // of the circuits that twirl and calibrate too
		runner := r.correction.OverNoisy(s)
		res, err := runner.Run(cmd.Context(), []backends.Request{request})
		if err != nil {
			return noiseError(path, err)
		}
		found := res[0].Outcomes[0]
		o.Counts = map[string]int{}
		for _, k := range found.Counts {
			if k.N > 0 {
				o.Counts[fmt.Sprintf("%0*b", c.Bits, k.Word)] = k.N
			}
		}
		if r.correction.Method != backends.MitigateNone {
			o.mitigated = mitigatedOf(found, c.Bits, string(r.correction.Method), runner.CalibrationShots)
		}
	}
	if r.asJSON {
		return a.printJSON(o)
	}
	return a.printOutcomes(o)
}
