package main

import (
	"cmp"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"qgan/internal/durable"
	"qgan/internal/named"
	"qgan/ir"
	"qgan/ir/compile"
	"qgan/qasm"
)

// compileFlags are the flags of `compile`.
type compileFlags struct {
	circuitFlags
	device, basis, layout, dd, dump, dialect, out string
	optimize, twirl                               int
	fold, unitary, asJSON                         bool
	seed                                          uint64
	approximate                                   float64
}

// levels are the values of --optimize.
var levels = []compile.Level{compile.None, compile.Light, compile.Full}

// newCompileCmd makes `compile`.
func newCompileCmd(a *app) *cobra.Command {
	var f compileFlags
	cmd := &cobra.Command{
		Use:   "compile FILE.qasm|RUN",
		Short: "Compile a circuit for a device",
		Long: `Compile a program, or the trained circuit of one timestep of a run, for a device:
choose the qubits by its calibration data, write every gate in the device's own
gates, and print the circuit on the physical qubits; its figures go to stderr.`,
		Example: `  qgan compile runs/retina --device props_torino.json > step0.qasm
  qgan compile runs/retina --device props_torino.json --fold-readout --json
  qgan compile bell.qasm --device props_torino.json`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			options, err := f.options(a)
			if err != nil {
				return err
			}
			c, err := a.compileInput(cmd, args[0], &f)
			if err != nil {
				return err
			}
			t, err := f.target(a, c.Qubits)
			if err != nil {
				return err
			}
			began := time.Now()
			r, err := compile.Compile(c, t, options)
			if err != nil {
				return usagef("%w", err)
			}
			return a.printCompiled(&f, t, r, time.Since(began))
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&f.device, "device", "", "the processor: a file of calibration data, files with commas between them, or the name of a device that was fetched")
	flags.StringVar(&f.basis, "basis", "", "the gates of a target that stands for no device: every pair of qubits is coupled, a swap costs nothing")
	flags.StringVar(&f.layout, "layout", "auto", "the physical qubit of each qubit of the circuit, such as 3,5,4, or auto for the best ones")
	flags.IntVar(&f.optimize, "optimize", 2, "effort: 0 leaves the gates, 1 cancels those that undo each other, 2 also joins neighbours on a pair of qubits")
	flags.Float64Var(&f.approximate, "approximate", 0, "replace gates where that saves some and is off by at most this much (operator norm); the sum is told (0: never)")
	flags.BoolVar(&f.fold, "fold-readout", false, "leave out the last cx, swap, x and diagonal gates and correct the outcomes instead")
	flags.BoolVar(&f.unitary, "unitary", false, "keep the circuit for every state at its beginning, not for zeros alone")
	flags.StringVar(&f.dd, "dd", "none", "pulses that decouple waiting qubits, which also writes their delays")
	flags.IntVar(&f.twirl, "twirl", 0, "also write this many circuits with random Paulis around the two-qubit gates (0: none)")
	flags.StringVar(&f.dump, "dump-passes", "", "also write the circuit after each pass into this folder")
	flags.StringVar(&f.dialect, "dialect", "", "the form in which the circuit is written (none: that of the device's service, or qiskit where that can't read all of it)")
	f.add(flags, "of a run: the timestep, counted from 0", "of a run: the words before the timestep, the oldest first, such as 0100,0000 (none: silence)")
	flags.StringVarP(&f.out, "out", "o", "-", "file to write; - is standard output")
	flags.Uint64Var(&f.seed, "seed", 0, "seed of routing and of twirling")
	flags.BoolVar(&f.asJSON, "json", false, "print one JSON object")
	return cmd
}

// compileInput is the circuit that is compiled: that of a program, or that of a
// run's timestep, measured at its end.
func (a *app) compileInput(cmd *cobra.Command, path string, f *compileFlags) (*ir.Circuit, error) {
	if isProgram(path) {
		return f.program(a, cmd, path)
	}
	m, err := openModel(a, cmd, path)
	if err != nil {
		return nil, err
	}
	c, err := m.Trained(a.fs, f.Which)
	if err != nil {
		return nil, err
	}
	m.Measure(c)
	return c, nil
}

// target is what a circuit of n qubits is compiled for.
func (f *compileFlags) target(a *app, n int) (*compile.Target, error) {
	if f.basis == "" {
		_, t, err := a.target(f.device)
		return t, err
	}
	t, err := compile.AllToAll(n, strings.Split(f.basis, ","))
	if err != nil {
		return nil, usagef("--basis %s: %w", f.basis, err)
	}
	return t, nil
}

// options reads the flags.
func (f *compileFlags) options(a *app) (compile.Options, error) {
	o := compile.Options{FoldReadout: f.fold, Seed: f.seed, Approximate: f.approximate, Unitary: f.unitary}
	if (f.device == "") == (f.basis == "") {
		return o, usagef("compiling takes --device or --basis").withHint("give a file of calibration data, such as IBM's props_*.json, or gates, such as cx,rz,rx,ry")
	}
	if f.optimize < 0 || f.optimize >= len(levels) {
		return o, usagef("--optimize %d: it takes 0 to %d", f.optimize, len(levels)-1)
	}
	o.Level = levels[f.optimize]
	if !(f.approximate >= 0 && f.approximate < 1) || f.approximate > 0 && o.Level != compile.Full {
		return o, usagef("--approximate %v: it takes 0 to 1, and --optimize 2", f.approximate)
	}
	if f.dialect != "" && !slices.Contains(qasm.Dialects(), f.dialect) {
		return o, usagef("--dialect %s: it takes %s", f.dialect, named.OneOf(qasm.Dialects()))
	}
	if f.twirl < 0 || f.twirl > maxTwirls {
		return o, usagef("--twirl %d: it takes 0 to %d", f.twirl, maxTwirls)
	}
	var err error
	if o.Decoupling, err = compile.ParseDecoupling(f.dd); err != nil {
		return o, usagef("--dd %s: %w", f.dd, err)
	}
	if o.Layout, err = compile.ParseLayout(f.layout); err != nil {
		return o, usagef("--layout %s: %w", f.layout, err)
	}
	if f.dump != "" {
		if err := a.fs.MkdirAll(f.dump); err != nil {
			return o, usagef("--dump-passes: %w", err)
		}
		n := 0
		o.Dump = func(pass string, c *ir.Circuit) error {
			path := filepath.Join(f.dump, fmt.Sprintf("%02d-%s.txt", n, pass))
			n++
			return durable.WriteFile(a.fs, path, func(w io.Writer) error { _, err := io.WriteString(w, c.String()); return err })
		}
	}
	return o, nil
}

// maxTwirls bounds --twirl.
const maxTwirls = 1000

// writing says how a compiled circuit is written: in the dialect that was asked for,
// otherwise in that of the device's service, or in qiskit where that can't hold all of it.
func (a *app) writing(dialect string, t *compile.Target, c *ir.Circuit) qasm.Options {
	options := qasm.Options{Dialect: cmp.Or(dialect, "qiskit")}
	row, err := serviceOf(t.Service)
	if err != nil {
		return options
	}
	if row.Labels {
		options.Labels = t.Labels
	}
	if dialect != "" {
		return options
	}
	options.Dialect = row.Dialect
	fit, why := qasm.Fitting(c, options)
	if why != "" {
		a.note("written for %s instead of %s: %s", fit.Dialect, row.Dialect, why)
	}
	return fit
}

// printCompiled writes the circuit and its figures.
func (a *app) printCompiled(f *compileFlags, t *compile.Target, r *compile.Result, took time.Duration) error {
	twirled, err := r.Twirls(f.twirl, f.seed)
	if err != nil {
		return usagef("--twirl: %w", err)
	}
	options := a.writing(f.dialect, t, r.Circuit)
	var texts []string
	for _, c := range append([]*ir.Circuit{r.Circuit}, twirled...) {
		p, err := qasm.Print(c, options)
		if err != nil {
			return err
		}
		for _, n := range p.Notes {
			a.note("%s: %s", options.Dialect, n)
		}
		texts = append(texts, p.Text)
	}
	for _, w := range r.Warnings {
		a.warn("%s", w)
	}
	report := r.Report(took)
	report.Circuit, report.Twirled = texts[0], texts[1:]
	if f.asJSON {
		if f.out != "-" {
			if err := a.writeCompiled(f.out, texts); err != nil {
				return err
			}
		}
		return a.printJSON(report)
	}
	for _, remark := range r.Remarks() {
		a.note("%s", remark)
	}
	return a.writeCompiled(f.out, texts)
}

// writeCompiled writes a circuit, and its twirled forms beside it, to files or to stdout.
func (a *app) writeCompiled(out string, texts []string) error {
	if out == "-" {
		_, err := io.WriteString(a.out, strings.Join(texts, ""))
		return err
	}
	for i, s := range texts {
		path := out
		if i > 0 {
			ext := filepath.Ext(path)
			path = fmt.Sprintf("%s-twirl%d%s", strings.TrimSuffix(path, ext), i, ext)
		}
		if err := durable.WriteFile(a.fs, path, func(w io.Writer) error { _, err := io.WriteString(w, s); return err }); err != nil {
			return err
		}
	}
	return nil
}
