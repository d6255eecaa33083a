package main

import (
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"qgan/internal/durable"
	"qgan/internal/named"
	"qgan/internal/stream"
	"qgan/ir"
	"qgan/ir/compile"
	"qgan/qasm"
)

// compileFlags are the flags of `compile`.
type compileFlags struct {
	circuitFlags
	device, layout, dd, dump, dialect, out string
	optimize, twirl                        int
	fold, asJSON                           bool
	seed                                   uint64
}

// compileReport is the object of `compile --json`.
type compileReport struct {
	Schema  string       `json:"schema"`
	Device  string       `json:"device"`
	SHA256  string       `json:"snapshot_sha256"`
	Circuit string       `json:"circuit"`
	Twirled []string     `json:"twirled,omitempty"`
	Stats   compileStats `json:"stats"`
	Layout  []int        `json:"layout"`
	Final   []int        `json:"final_layout"`
	BitMap  []int        `json:"bit_map"`
	Readout *readoutMap  `json:"readout_map"`
	Notes   []string     `json:"warnings"`
}

// compileStats are the figures of a compiled circuit.
type compileStats struct {
	TwoQubitGates int      `json:"two_qubit_gates"`
	TwoQubitDepth int      `json:"two_qubit_depth"`
	OneQubitGates int      `json:"one_qubit_gates"`
	VirtualZ      int      `json:"virtual_z"`
	Depth         int      `json:"depth"`
	Duration      *float64 `json:"duration_s"`
	Fidelity      float64  `json:"estimated_fidelity"`
	Seconds       float64  `json:"seconds"`
}

// readoutMap tells how outcomes are corrected: bit i is the sum modulo 2 of the
// bits sources[i], and of flip[i].
type readoutMap struct {
	Sources [][]int `json:"sources"`
	Flip    []bool  `json:"flip"`
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
			_, t, err := a.target(f.device)
			if err != nil {
				return err
			}
			c, err := a.compileInput(cmd, args[0], &f)
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
	flags.StringVar(&f.device, "device", "", "the device: a file of calibration data, files with commas between them, or the name of one that was fetched")
	flags.StringVar(&f.layout, "layout", "auto", "auto, or the physical qubit of each qubit of the circuit, as in 3,5,4")
	flags.IntVar(&f.optimize, "optimize", 2, "effort: 0 none, 1 cancellation, 2 consolidation of two-qubit gates too")
	flags.BoolVar(&f.fold, "fold-readout", false, "take the last cx, swap, x and diagonal gates out of the circuit and correct the outcomes instead")
	flags.StringVar(&f.dd, "dd", "none", "pulses on waiting qubits: none, xx or xy4; they imply delays")
	flags.IntVar(&f.twirl, "twirl", 0, "also write this many circuits with random Paulis around the two-qubit gates")
	flags.StringVar(&f.dump, "dump-passes", "", "write the circuit after each pass into this folder")
	flags.StringVar(&f.dialect, "dialect", "", "who reads the circuit: "+strings.Join(qasm.Dialects(), " or ")+" (none: the device's service, or qiskit where that can't read all of it)")
	f.add(flags, "timestep, counted from 0", "words before the timestep, as of export (none: silence)")
	flags.StringVar(&f.out, "out", "-", "file; - is stdout")
	flags.Uint64Var(&f.seed, "seed", 0, "seed of routing and twirling")
	flags.BoolVar(&f.asJSON, "json", false, "print a JSON object")
	return cmd
}

// compileInput is the circuit that is compiled: that of a program, or that of a
// run's timestep, measured at its end.
func (a *app) compileInput(cmd *cobra.Command, path string, f *compileFlags) (*ir.Circuit, error) {
	if isProgram(path) {
		return f.program(a, cmd, path)
	}
	m, err := openModel(a, path)
	if err != nil {
		return nil, err
	}
	c, err := f.trained(a, m)
	if err != nil {
		return nil, err
	}
	c.MeasureFirst(m.Config.Neurons)
	return c, nil
}

// options reads the flags.
func (f *compileFlags) options(a *app) (compile.Options, error) {
	o := compile.Options{FoldReadout: f.fold, Seed: f.seed}
	if f.device == "" {
		return o, usagef("--device is missing").withHint("give a file of calibration data, such as IBM's props_*.json")
	}
	if f.optimize < 0 || f.optimize >= len(levels) {
		return o, usagef("--optimize %d: it takes 0 to %d", f.optimize, len(levels)-1)
	}
	o.Level = levels[f.optimize]
	if f.dialect != "" && !slices.Contains(qasm.Dialects(), f.dialect) {
		return o, usagef("--dialect %s: it takes %s", f.dialect, named.OneOf(qasm.Dialects()))
	}
	switch f.dd {
	case "none":
	case string(compile.DecoupleXX), string(compile.DecoupleXY4):
		o.Decoupling = compile.Decoupling(f.dd)
	default:
		return o, usagef("--dd %s: it takes none, xx or xy4", f.dd)
	}
	if f.twirl < 0 || f.twirl > maxTwirls {
		return o, usagef("--twirl %d: it takes 0 to %d", f.twirl, maxTwirls)
	}
	if f.layout != "auto" {
		for _, word := range strings.Split(f.layout, ",") {
			q, err := strconv.Atoi(strings.TrimSpace(word))
			if err != nil {
				return o, usagef("--layout %s: %q is no number of a qubit", f.layout, word)
			}
			o.Layout = append(o.Layout, q)
		}
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

// writing says how a compiled circuit is written: in the dialect that was asked
// for, otherwise in that of the device's service. Where the service's can't hold
// the whole circuit, free symbols and delays included, it is qiskit.
func (a *app) writing(dialect string, t *compile.Target, c *ir.Circuit) qasm.Options {
	options := qasm.Options{Dialect: dialect}
	row, err := serviceOf(t.Service)
	if err == nil && row.Labels {
		options.Labels = t.Labels
	}
	if dialect != "" {
		return options
	}
	if err == nil {
		options.Dialect = row.Dialect
		notes, err := qasm.Check(c, options)
		if err == nil && len(notes) == 0 {
			return options
		}
		var why string
		if err != nil {
			why, _, _ = strings.Cut(err.Error(), "\n")
		} else {
			why = strings.Join(notes, "; ")
		}
		a.note("written for qiskit instead of %s: %s", options.Dialect, why)
	}
	options.Dialect = "qiskit"
	return options
}

// printCompiled writes the circuit and its figures.
func (a *app) printCompiled(f *compileFlags, t *compile.Target, r *compile.Result, took time.Duration) error {
	options := a.writing(f.dialect, t, r.Circuit)
	print := func(c *ir.Circuit) (string, error) {
		p, err := qasm.Print(c, options)
		if err != nil {
			return "", err
		}
		for _, n := range p.Notes {
			a.note("%s: %s", options.Dialect, n)
		}
		return p.Text, nil
	}
	text, err := print(r.Circuit)
	if err != nil {
		return err
	}
	var twirled []string
	rng := stream.New(f.seed, "twirl")
	for range f.twirl {
		c, err := r.Twirl(rng)
		if err != nil {
			return usagef("--twirl: %w", err)
		}
		s, err := print(c)
		if err != nil {
			return err
		}
		twirled = append(twirled, s)
	}
	for _, w := range r.Warnings {
		a.warn("%s", w)
	}
	report := compileReport{
		Schema: "qgan.compile/v1", Device: t.Name, SHA256: t.Snapshot, Circuit: text, Twirled: twirled,
		Stats: compileStats{TwoQubitGates: r.Stats.TwoQubitGates, TwoQubitDepth: r.Stats.TwoQubitDepth, OneQubitGates: r.Stats.OneQubitGates, VirtualZ: r.Stats.VirtualZ,
			Depth: r.Stats.Depth, Fidelity: r.Stats.Fidelity, Seconds: took.Seconds()},
		Layout: r.Layout, Final: r.Final, BitMap: r.BitMap, Notes: r.Warnings,
	}
	if r.Stats.Duration > 0 {
		report.Stats.Duration = &r.Stats.Duration
	}
	if r.Readout != nil {
		report.Readout = &readoutMap{r.Readout.Sources, r.Readout.Flip}
	}
	if report.Notes == nil {
		report.Notes = []string{}
	}
	if f.asJSON {
		return a.printJSON(report)
	}
	a.note("%s: %d two-qubit gates in depth %d, %d one-qubit gates, estimated fidelity %.3g, on the qubits %v",
		t.Name, r.Stats.TwoQubitGates, r.Stats.TwoQubitDepth, r.Stats.OneQubitGates, r.Stats.Fidelity, r.Layout)
	if r.Readout != nil {
		a.note("outcomes have to be corrected: --json tells the map")
	}
	if f.out == "-" {
		_, err := io.WriteString(a.out, text+strings.Join(twirled, ""))
		return err
	}
	for i, s := range append([]string{text}, twirled...) {
		path := f.out
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
