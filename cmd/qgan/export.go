package main

import (
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"qgan/internal/durable"
	"qgan/ir"
	"qgan/qasm"
	"qgan/training/assess"
)

// circuitFlags say which circuit of a run is meant.
type circuitFlags struct {
	timestep     int
	latent, past string
	parametric   bool
}

// add declares the flags; what they say of the timestep and the past is the verb's own.
func (f *circuitFlags) add(s *pflag.FlagSet, timestep, past string) {
	s.IntVar(&f.timestep, "timestep", 0, timestep)
	s.StringVar(&f.latent, "latent-vector", "", "seed:N, or a file of numbers (JSON array, or one a line) (none: seed:0)")
	s.StringVar(&f.past, "past", "", past)
	addParameters(s)
	s.BoolVar(&f.parametric, "parametric", false, "keep the latent vector, or the angles of the encodings, as inputs")
}

// program reads the circuit of a program, for which the flags of a run, and the others
// named, mean nothing.
func (f *circuitFlags) program(a *app, cmd *cobra.Command, path string, others ...string) (*ir.Circuit, error) {
	if err := runFlagsOnly(cmd, path, append([]string{"timestep", "latent-vector", "past", "parametric", "parameters"}, others...)...); err != nil {
		return nil, err
	}
	return a.circuitOf(path)
}

// trained is the trained circuit of a run's timestep, without measurement, its inputs bound
// unless they are to stay open.
func (f *circuitFlags) trained(a *app, g *assess.Generator) (*ir.Circuit, error) {
	c, err := g.Circuit(f.timestep)
	if err != nil {
		return nil, err
	}
	if f.parametric {
		if f.latent != "" || f.past != "" {
			return nil, usagef("--parametric keeps the inputs open: leave out --latent-vector and --past")
		}
		return c, nil
	}
	inputs, err := f.inputs(a, g)
	if err != nil {
		return nil, err
	}
	return c.Bind(nil, inputs)
}

// inputs are the values of the circuit's data symbols: a latent vector, or the
// angles that the memory makes of a past.
func (f *circuitFlags) inputs(a *app, g *assess.Generator) ([]float64, error) {
	switch {
	case !g.Remembers() && f.past != "":
		return nil, usagef("--past %s: %w", f.past, assess.ErrNoMemory)
	case !g.Remembers():
		return f.latentVector(a, g)
	case f.latent != "":
		return nil, usagef("--latent-vector %s: the run's generator has a memory and no latent vector", f.latent).withHint("--past says what it remembers")
	}
	past, err := g.ParsePast(f.past)
	if err != nil {
		return nil, usagef("--past %s: %w", f.past, err)
	}
	return g.Remember(f.timestep, past)
}

// latentVector reads a latent vector from a file or draws one.
func (f *circuitFlags) latentVector(a *app, g *assess.Generator) ([]float64, error) {
	if f.latent == "" {
		return g.DrawLatent(0), nil
	}
	if number, ok := strings.CutPrefix(f.latent, "seed:"); ok {
		seed, err := strconv.ParseUint(number, 10, 64)
		if err != nil {
			return nil, usagef("--latent-vector %s: seed:N takes a whole number", f.latent)
		}
		return g.DrawLatent(seed), nil
	}
	text, err := a.fs.ReadFile(f.latent)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, usagef("--latent-vector %s: there is no such file", f.latent).withHint("seed:N draws one")
	}
	var z []float64
	if err == nil {
		z, err = g.ParseLatent(text)
	}
	if err != nil {
		return nil, usagef("--latent-vector %s: %w", f.latent, err)
	}
	return z, nil
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
  qgan export old.qasm --dialect braket`,
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
			if f.parametric && probabilities != "" {
				return usagef("--parametric keeps the inputs open: leave out --probabilities")
			}
			c, err := f.trained(a, m)
			if err != nil {
				return err
			}
			if probabilities != "" {
				law, err := m.WordLaw(cmd.Context(), c)
				if err != nil {
					return err
				}
				if err := a.writeProbabilities(probabilities, law); err != nil {
					return err
				}
			}
			c.MeasureFirst(m.Config.Neurons)
			return a.export(c, out, options)
		},
	}
	s := cmd.Flags()
	f.add(s, "timestep, counted from 0", "words before the timestep, the oldest first, a bit a neuron: 0100,0000 (none: silence)")
	s.StringVar(&options.Dialect, "dialect", "generic", "who reads it: "+strings.Join(qasm.Dialects(), ", "))
	s.BoolVar(&options.Tolerant, "tolerant", false, "write what the dialect has no words for as comments, for debugging")
	s.StringVar(&out, "out", "-", "file; - is stdout")
	s.StringVar(&probabilities, "probabilities", "", "also write the outcome probabilities to this JSON file")
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

// probabilitiesFile is the object of `export --probabilities`.
type probabilitiesFile struct {
	Schema        string             `json:"schema"`
	BitOrder      string             `json:"bit_order"`
	Probabilities map[string]float64 `json:"probabilities"`
}

func (a *app) writeProbabilities(path string, law map[string]float64) error {
	return durable.WriteFile(a.fs, path, func(w io.Writer) error {
		e := json.NewEncoder(w)
		e.SetIndent("", " ")
		return e.Encode(probabilitiesFile{"qgan.probabilities/v1", "bit 0 first", law})
	})
}
