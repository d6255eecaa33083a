package main

import (
	"io"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"qgan/internal/durable"
	"qgan/ir"
	"qgan/qasm"
	"qgan/training/assess"
)

// circuitFlags say which circuit of a run is meant.
type circuitFlags struct {
	assess.Which
	params []string // of a program
}

// add declares the flags; what they say of the timestep and the past is the verb's own.
func (f *circuitFlags) add(s *pflag.FlagSet, timestep, past string) {
	s.IntVar(&f.Timestep, "timestep", 0, timestep)
	s.StringVar(&f.Latent, "latent-vector", "", "the latent vector: drawn from a seed, or a file of numbers, as a JSON array or one a line (none: seed:0)")
	s.StringVar(&f.Past, "past", "", past)
	addParameters(s)
	addParams(s, &f.params)
	s.BoolVar(&f.Parametric, "parametric", false, "keep the latent vector, or the angles that depend on the past, as inputs of the circuit")
}

// program reads the circuit of a program, for which the flags of a run, and the others
// named, mean nothing.
func (f *circuitFlags) program(a *app, cmd *cobra.Command, path string, others ...string) (*ir.Circuit, error) {
	for _, flag := range append([]string{"timestep", "latent-vector", "past", "parametric", "parameters"}, others...) {
		if cmd.Flags().Changed(flag) {
			return nil, usagef("--%s is for a run, %s is a program", flag, path)
		}
	}
	return a.circuitOf(path, f.params, false)
}

// newExportCmd makes `export`.
func newExportCmd(a *app) *cobra.Command {
	var f circuitFlags
	var options qasm.Options
	var out, probabilities string
	cmd := &cobra.Command{
		Use:   "export RUN|FILE.qasm",
		Short: "Write a circuit as OpenQASM or in a service's form",
		Long: `Write the trained circuit of one timestep of a run, all neurons measured at its
end: bit i is neuron i. The latent vector is bound to numbers, or kept as inputs
with --parametric. Of a generator with memory the inputs are the angles of the
encodings, e_L_Q of layer L and qubit Q; --past says after which words they are
bound. A program in OpenQASM 3 or 2.0 (- is stdin) is converted.`,
		Example: `  qgan export runs/retina > step0.qasm
  qgan export runs/retina --timestep 2 --dialect qiskit --latent-vector seed:7
  qgan export runs/memory --timestep 2 --past 0100,0000
  qgan export old.qasm --dialect braket
  qgan export old.qasm --dialect qir --out old.ll`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if isProgram(args[0]) {
				c, err := f.program(a, cmd, args[0], "probabilities")
				if err != nil {
					return err
				}
				return a.export(c, out, options)
			}
			m, err := openModel(a, cmd, args[0])
			if err != nil {
				return err
			}
			if f.Parametric && probabilities != "" {
				return usagef("--parametric keeps the inputs open: leave out --probabilities")
			}
			c, err := m.Trained(a.fs, f.Which)
			if err != nil {
				return err
			}
			if probabilities != "" {
				law, err := m.WordLaw(cmd.Context(), c)
				if err != nil {
					return err
				}
				if err := assess.WriteLaw(a.fs, probabilities, law); err != nil {
					return err
				}
			}
			m.Measure(c)
			return a.export(c, out, options)
		},
	}
	s := cmd.Flags()
	f.add(s, "of a run: the timestep, counted from 0", "of a run: the words before the timestep, the oldest first, a bit a neuron, such as 0100,0000 (none: silence)")
	s.StringVar(&options.Dialect, "dialect", "generic", "the form in which the circuit is written")
	s.BoolVar(&options.Tolerant, "tolerant", false, "write what the dialect has no words for as comments, to look at")
	s.StringVarP(&out, "out", "o", "-", "file to write; - is standard output")
	s.StringVar(&probabilities, "probabilities", "", "also write the probabilities of the outcomes into this JSON file")
	return cmd
}

// export writes a circuit to a file or stdout.
func (a *app) export(c *ir.Circuit, out string, options qasm.Options) error {
	write := func(w io.Writer) error { return qasm.Write(w, c, options) }
	if out == "-" {
		return write(a.out)
	}
	return durable.WriteFile(a.fs, out, write)
}
