package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"qgan/backends"
	"qgan/backends/sim"
	"qgan/calibration"
	"qgan/ir"
	"qgan/training/lab"
)

// outcomes is the object of `run --json`.
type outcomes struct {
	Schema        string             `json:"schema"`
	BitOrder      string             `json:"bit_order"`
	Shots         int                `json:"shots"`
	Backend       string             `json:"backend,omitempty"`
	Method        string             `json:"method,omitempty"`   // of a noisy run
	Snapshot      string             `json:"snapshot,omitempty"` // hash of the calibration data
	Counts        map[string]int     `json:"counts,omitempty"`
	Probabilities map[string]float64 `json:"probabilities,omitempty"`
	*mitigated
}

// newRunCmd makes `run`.
func newRunCmd(a *app) *cobra.Command {
	var (
		shots  int
		exact  bool
		params []string
		seed   uint64
		asJSON bool
		table  bool
	)
	cmd := &cobra.Command{
		Use:   "run FILE.qasm",
		Short: "Run an OpenQASM program on the simulator",
		Long: `Run a program as it is written, without compiling it, and print what was measured:
bit 0, the first declared, comes first. Circuits that depend on their own outcomes
run shot by shot. A program without measurements is measured at its end.

With --backend noisy each operation is followed by the noise of a device or of a
noise model file (docs/formats.md), on the physical qubits: those that registers
$n name, otherwise qubit 0, 1, …. Every gate must be native on the device; idle time
is noisy only where a delay is written; qubits that nothing acts on are left out.

With --mitigate the readout errors are taken out of the counts: full (correlated ones
too), tensored (each bit on its own), m3 (within the words that were read) or twirl
(an x before some of the measurements, in some of the shots). They are those of the
device, or calibrated by --calibration-shots. What comes out are signed weights
that add up to 1, for expectations, and the law that is nearest to them.`,
		Example: `  qgan run bell.qasm --shots 1000
  qgan run bell.qasm --exact --json
  qgan run compiled.qasm --backend noisy --device props_torino.json --exact
  qgan run compiled.qasm --backend noisy --device props_torino.json --mitigate tensored
  qgan run ansatz.qasm --param theta=0.5`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			s := given(cmd.Flags())
			backend := backendOf(s)
			switch {
			case backend != "ideal" && backend != "noisy":
				return usagef("--backend %s: it can be ideal or noisy", backend)
			case table && backend != "noisy":
				return usagef("--noise-table needs --backend noisy")
			case exact && cmd.Flags().Changed("shots"):
				return usagef("--exact draws no shots: leave out --shots")
			case shots < 1 || shots > maxShots:
				return usagef("--shots %d: it can be 1 to %d", shots, maxShots)
			}
			correction, err := lab.Where{Settings: s, Shots: shots, Seed: seed}.Correction(backend)
			switch corrects := correction.Method != backends.MitigateNone; {
			case err != nil:
				return err
			case corrects && exact:
				return usagef("--mitigate corrects counts, and --exact draws none: leave out one of them").
					withHint("--readout-error none gives a device's law without readout errors")
			case corrects && table:
				return usagef("--noise-table runs nothing that could be mitigated")
			}
			var model *calibration.NoiseModel
			if backend == "noisy" {
				if model, err = a.lab(nil, cmd.Name()).NoiseModel(s); err != nil {
					return err
				}
			} else if err := s.WithoutNoise("noise-model", "device-noise", "readout-error"); err != nil {
				return err
			}
			c, err := a.circuitOf(args[0])
			if err != nil {
				return err
			}
			if c, err = bindParams(c, params); err != nil {
				return err
			}
			if model != nil {
				return a.runNoisy(cmd, args[0], c, model, noisyRun{shots: shots, exact: exact, seed: seed, table: table, asJSON: asJSON, correction: correction})
			}
			c = a.runnable(args[0], c)
			o := outcomes{Schema: "qgan.run-circuit/v1", BitOrder: "bit 0 first", Shots: shots}
			if exact {
				o.Shots = 0
				o.Probabilities, err = exactLaw(cmd.Context(), c)
			} else {
				o.Counts, err = sample(cmd, c, shots, seed)
			}
			if err != nil {
				return err
			}
			if asJSON {
				return a.printJSON(o)
			}
			return a.printOutcomes(o)
		},
	}
	f := cmd.Flags()
	f.String("backend", "ideal", "where it runs: ideal or noisy")
	addNoise(f)
	addMitigation(f)
	f.BoolVar(&table, "noise-table", false, "noisy: print the channels of each operation and run nothing")
	f.IntVar(&shots, "shots", 1024, "number of shots")
	f.BoolVar(&exact, "exact", false, "print exact probabilities instead of counts")
	f.StringArrayVar(&params, "param", nil, "value of an input, NAME=VALUE (can be repeated)")
	f.Uint64Var(&seed, "seed", 0, "seed of the shots")
	f.BoolVar(&asJSON, "json", false, "print one JSON object")
	return cmd
}

const maxShots = 100_000_000

// runnable takes out what has no effect on the ideal simulator: qubits that
// nothing acts on, and blocks in a vendor's words. Where nothing is measured it
// measures all qubits.
func (a *app) runnable(path string, c *ir.Circuit) *ir.Circuit {
	out, measured := a.withoutVendor(path, c)
	if !measured {
		a.note("%s: nothing is measured, so all qubits are, at the end", path)
		out.Bits, out.BitRegs = 0, nil
		out.MeasureAll()
	}
	return ir.DropIdle(out)
}

// withoutVendor returns a copy of a circuit without blocks in a vendor's words,
// and whether it measures.
func (a *app) withoutVendor(path string, c *ir.Circuit) (out *ir.Circuit, measured bool) {
	own, vendor := c.WithoutOpaque()
	for _, k := range sortedKeys(vendor) {
		a.note("%s: %s has no meaning for the simulator and is passed over", path, k)
	}
	return own, own.Measures()
}

// exactLaw returns the exact probabilities of the outcomes of a circuit whose
// measurements all come last.
func exactLaw(ctx context.Context, c *ir.Circuit) (map[string]float64, error) {
	if c.Qubits > sim.MaxQubits {
		return nil, usagef("the circuit uses %d qubits, the simulator holds at most %d", c.Qubits, sim.MaxQubits)
	}
	law, err := new(sim.Simulator).Law(ctx, c, nil, nil)
	if errors.Is(err, sim.ErrNotTerminal) {
		return nil, usagef("--exact: %w", err).withHint("use --shots, which runs it shot by shot")
	}
	if err != nil {
		return nil, err
	}
	return byWord(law), nil
}

// byWord writes a law's words as bits.
func byWord(law *backends.Law) map[string]float64 {
	out := map[string]float64{}
	for i, w := range law.Words {
		if law.P[i] > 0 {
			out[fmt.Sprintf("%0*b", law.Bits, w)] = law.P[i]
		}
	}
	return out
}

// sample draws shots.
func sample(cmd *cobra.Command, c *ir.Circuit, shots int, seed uint64) (map[string]int, error) {
	switch {
	case c.Qubits > sim.MaxQubits:
		return nil, usagef("the circuit uses %d qubits, the simulator holds at most %d", c.Qubits, sim.MaxQubits)
	case c.Bits > 64:
		return nil, usagef("the circuit has %d bits, shots of at most 64 are counted", c.Bits)
	}
	res, err := new(sim.Simulator).Run(cmd.Context(), []backends.Request{{Circuit: c, Shots: []int{shots}, Seed: seed}})
	if err != nil {
		return nil, err
	}
	counts := map[string]int{}
	for _, k := range res[0].Outcomes[0].Counts {
		counts[fmt.Sprintf("%0*b", c.Bits, k.Word)] += k.N
	}
	return counts, nil
}

func (a *app) printOutcomes(o outcomes) error {
	if o.mitigated != nil {
		return a.printMitigated(o)
	}
	t := newTable(a.out)
	for _, w := range sortedKeys(o.Counts) {
		t.row(w, strconv.Itoa(o.Counts[w]))
	}
	for _, w := range sortedKeys(o.Probabilities) {
		t.row(w, strconv.FormatFloat(o.Probabilities[w], 'g', -1, 64))
	}
	return t.flush()
}
