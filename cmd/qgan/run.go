package main

import (
	"io"
	"strings"

	"github.com/spf13/cobra"

	"qgan/backends"
	"qgan/backends/exec"
	"qgan/backends/wide"
	"qgan/calibration"
	"qgan/internal/durable"
	"qgan/ir"
	"qgan/ir/compile"
	"qgan/training/lab"
)

// runFlags are the flags of `run`, beside those of noise and mitigation.
type runFlags struct {
	shots                int
	exact, table, asJSON bool
	state, compile       bool
	params               []string
	seed                 uint64
	method, expect, out  string
	bond                 int
}

// newRunCmd makes `run`.
func newRunCmd(a *app) *cobra.Command {
	var r runFlags
	cmd := &cobra.Command{
		Use:   "run FILE.qasm",
		Short: "Run an OpenQASM program on the simulator",
		Long: `Run a program as it is written, without compiling it, and print what was measured:
bit 0, the first declared, comes first. Shots part where a qubit is measured in the
middle, and --exact follows both outcomes. A program without measurements is measured
at its end.

Up to 26 qubits are held as a state vector. Circuits of Clifford gates (stabilizer) and
those with little entanglement (mps, matrix product states) have no such limit; --method
auto takes what fits. --expect gives the expectation value of a sum of Pauli strings,
such as "Z0 Z1 - 0.5 X2", with its error; --state the amplitudes; --shots-out the word
of every shot in its order.

With --backend noisy each operation is followed by the noise of a device or of a
noise model file (docs/formats.md), on the physical qubits: those that registers
$n name, otherwise qubit 0, 1, …. Every gate must be native on the device, which
--compile sees to; without it idle time is noisy only where a delay is written. Qubits
that nothing acts on are left out.

With --mitigate the readout errors are taken out of the counts: full (correlated ones
too), tensored (each bit on its own), m3 (within the words that were read) or twirl
(an x before some of the measurements, in some of the shots). They are those of the
device, or calibrated by --calibration-shots. What comes out are signed weights
that add up to 1, for expectations, and the law that is nearest to them.`,
		Example: `  qgan run bell.qasm --shots 1000
  qgan run bell.qasm --exact --json
  qgan run compiled.qasm --backend noisy --device props_torino.json --exact
  qgan run compiled.qasm --backend noisy --device props_torino.json --mitigate tensored
  qgan run bell.qasm --backend noisy --device props_torino.json --compile
  qgan run bell.qasm --expect "Z0 Z1 + 0.5 X0 X1" --shots 4000
  qgan run ghz1000.qasm --method stabilizer --shots-out words.txt
  qgan run ansatz.qasm --param theta=0.5`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return r.run(cmd, a, args[0]) },
	}
	f := cmd.Flags()
	f.String("backend", "ideal", "which simulator runs the circuit")
	addNoise(f)
	addMitigation(f)
	f.BoolVar(&r.table, "noise-table", false, "print the noise of each operation and run nothing")
	f.IntVar(&r.shots, "shots", 1024, "how many shots")
	f.BoolVar(&r.exact, "exact", false, "print exact probabilities instead of counts")
	f.StringVar(&r.method, "method", "auto", "how the circuit is simulated: by state, stabilizer or mps without noise, by density or trajectories with it")
	f.IntVar(&r.bond, "max-bond", wide.DefaultBond, "of mps: the most states of a bond; what is left out is told")
	f.StringVar(&r.expect, "expect", "", "print the expectation value of a sum of Pauli strings, such as \"Z0 Z1 - 0.5 X2\", instead")
	f.BoolVar(&r.state, "state", false, "print the amplitudes before the measurements instead, without noise")
	f.StringVar(&r.out, "shots-out", "", "also write the word of each shot into this file, a line a shot")
	f.BoolVar(&r.compile, "compile", false, "compile the circuit for --device first")
	addParams(f, &r.params)
	f.Uint64Var(&r.seed, "seed", 0, "seed of all shots")
	f.BoolVar(&r.asJSON, "json", false, "print one JSON object")
	return cmd
}

func (r *runFlags) run(cmd *cobra.Command, a *app, path string) error {
	model, correction, err := r.noise(cmd, a)
	if err != nil {
		return err
	}
	c, err := a.circuitOf(path, r.params, true)
	if err != nil {
		return err
	}
	ready, err := r.compiler(cmd, a)
	if err != nil {
		return err
	}
	m := exec.Measurement{
		Name: path, Model: model, Shots: r.shots, Seed: r.seed, Correction: correction,
		Method: exec.Method(r.method), MaxBond: r.bond, KeepOrder: r.out != "",
	}
	if r.exact {
		m.Shots = 0
	}
	switch {
	case r.state:
		s, err := exec.AmplitudesOf(c)
		if err != nil {
			return err
		}
		return a.tell(r.asJSON, s)
	case r.expect != "":
		sum, err := backends.ParsePauliSum(r.expect)
		if err != nil {
			return usagef("--expect: %w", err)
		}
		own, _ := c.WithoutOpaque()
		e, err := m.Expectation(cmd.Context(), own, sum, ready)
		if err != nil {
			return noiseError(path, err)
		}
		return a.tell(r.asJSON, e)
	}
	if ready != nil {
		if c, err = a.simulable(path, c, false); err == nil {
			c, err = ready(c)
		}
		if err != nil {
			return err
		}
	}
	if c, err = a.simulable(path, c, model != nil); err != nil {
		return err
	}
	if model != nil {
		for _, w := range model.Oddities(c.Used()) {
			a.warn("%s: %s", model.Name, w)
		}
		if r.table {
			table, err := model.Table(c)
			if err != nil {
				return noiseError(path, err)
			}
			return a.tell(r.asJSON, table)
		}
	}
	read, err := m.Of(cmd.Context(), c)
	if err != nil {
		return noiseError(path, err)
	}
	if r.out != "" {
		text := strings.Join(read.Memory, "\n") + "\n"
		if err := durable.WriteFile(a.fs, r.out, func(w io.Writer) error { _, err := io.WriteString(w, text); return err }); err != nil {
			return err
		}
	}
	return a.tell(r.asJSON, read)
}

// simulable prepares a circuit for a simulator and tells what was done.
func (a *app) simulable(path string, c *ir.Circuit, physical bool) (*ir.Circuit, error) {
	c, notes, err := exec.Simulable(c, physical)
	for _, n := range notes {
		a.note("%s: %s", path, n)
	}
	if err != nil {
		return nil, usagef("%s: %w", path, err)
	}
	return c, nil
}

// compiler compiles a program for the device, nil without --compile.
func (r *runFlags) compiler(cmd *cobra.Command, a *app) (func(*ir.Circuit) (*ir.Circuit, error), error) {
	if !r.compile {
		return nil, nil
	}
	device, _ := cmd.Flags().GetString("device")
	if device == "" {
		return nil, usagef("--compile needs --device, which tells the native gates").withHint("give a file of calibration data, such as IBM's props_*.json")
	}
	_, t, err := a.target(device)
	if err != nil {
		return nil, err
	}
	return func(c *ir.Circuit) (*ir.Circuit, error) {
		done, err := compile.Compile(c, t, compile.Options{Level: compile.Full, Seed: r.seed, Schedule: t.Timed()})
		if err != nil {
			return nil, usagef("--compile: %w", err)
		}
		a.note("compiled for %s: %s in depth %d", t.Name, plural(done.Stats.TwoQubitGates, "two-qubit gate"), done.Stats.TwoQubitDepth)
		return done.Circuit, nil
	}, nil
}

// noise is the noise model that the flags name, nil without noise, and how readout errors
// are taken out.
func (r *runFlags) noise(cmd *cobra.Command, a *app) (*calibration.NoiseModel, exec.Correction, error) {
	s := given(cmd.Flags())
	backend := backendOf(s)
	correction, err := lab.Where{Settings: s, Shots: r.shots, Seed: r.seed}.Correction(backend)
	corrects := correction.Method != backends.MitigateNone
	switch {
	case backend != "ideal" && backend != "noisy":
		err = usagef("--backend %s: it can be ideal or noisy", backend)
	case r.table && backend != "noisy":
		err = usagef("--noise-table needs --backend noisy")
	case r.compile && backend != "noisy":
		err = usagef("--compile needs --backend noisy: a circuit is compiled for a device's noise")
	case r.state && (r.exact || r.expect != "" || r.table || backend == "noisy" || r.out != ""):
		err = usagef("--state prints the amplitudes of a circuit without noise, and nothing else")
	case r.out != "" && (r.exact || r.expect != "" || r.table):
		err = usagef("--shots-out writes the shots of a circuit's own measurements: leave it out here")
	case r.expect != "" && r.table:
		err = usagef("--noise-table runs nothing: leave out --expect")
	case r.bond < 1:
		err = usagef("--max-bond %d: it must be at least 1", r.bond)
	case r.exact && cmd.Flags().Changed("shots"):
		err = usagef("--exact draws no shots: leave out --shots")
	case r.shots < 1 || r.shots > lab.MaxShots:
		err = usagef("--shots %d: it can be 1 to %d", r.shots, lab.MaxShots)
	case err != nil:
	case corrects && r.exact:
		err = usagef("--mitigate corrects counts, and --exact draws none: leave out one of them").
			withHint("--readout-error none gives a device's law without readout errors")
	case corrects && r.table:
		err = usagef("--noise-table runs nothing that could be mitigated")
	case backend == "ideal":
		err = s.WithoutNoise("noise-model", "device-noise", "readout-error")
	default:
		var model *calibration.NoiseModel
		model, err = a.lab(nil, cmd.Name()).NoiseModel(s)
		return model, correction, err
	}
	return nil, correction, err
}
