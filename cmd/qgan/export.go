package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"qgan/backends/sim"
	"qgan/internal/durable"
	"qgan/internal/stream"
	"qgan/ir"
	"qgan/qasm"
	"qgan/training"
)

// newExportCmd makes `export`.
func newExportCmd(a *app) *cobra.Command {
	var (
		timestep      int
		options       qasm.Options
		latent        string
		parametric    bool
		out           string
		probabilities string
	)
	cmd := &cobra.Command{
		Use:   "export RUN|FILE.qasm",
		Short: "Write a circuit as OpenQASM or in a service's form",
		Long: `Write the trained circuit of one timestep of a run, all neurons measured at its
end: bit i is neuron i. The latent vector is bound to numbers, or kept as inputs
with --parametric. A program in OpenQASM 3 or 2.0 (- is stdin) is converted.`,
		Example: `  qgan export runs/retina > step0.qasm
  qgan export runs/retina --timestep 2 --dialect qiskit --latent-vector seed:7
  qgan export old.qasm --dialect braket`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if isProgram(args[0]) {
				for _, flag := range []string{"timestep", "latent-vector", "parametric", "probabilities"} {
					if cmd.Flags().Changed(flag) {
						return usagef("--%s is for a run, %s is a program", flag, args[0])
					}
				}
				c, err := a.circuitOf(args[0])
				if err != nil {
					return err
				}
				return a.export(c, out, options)
			}
			m, err := openModel(a, args[0])
			if err != nil {
				return err
			}
			if timestep < 0 || timestep >= m.config.Timesteps {
				return usagef("--timestep %d: the run has timesteps 0 to %d", timestep, m.config.Timesteps-1)
			}
			if parametric && (latent != "" || probabilities != "") {
				return usagef("--parametric keeps the latent vector open: leave out --latent-vector and --probabilities")
			}
			c := m.gen.Ansatz().Circuit()
			c.Name = fmt.Sprintf("timestep %d", timestep)
			if c, err = c.Bind(m.gen.Timestep(m.params, timestep), nil); err != nil {
				return err
			}
			var z []float64
			if !parametric {
				if z, err = a.latentVector(latent, m.config); err != nil {
					return err
				}
				if c, err = c.Bind(nil, z); err != nil {
					return err
				}
			}
			if probabilities != "" {
				if err := a.writeProbabilities(probabilities, c); err != nil {
					return err
				}
			}
			c.MeasureAll()
			return a.export(c, out, options)
		},
	}
	f := cmd.Flags()
	f.IntVar(&timestep, "timestep", 0, "timestep, counted from 0")
	f.StringVar(&options.Dialect, "dialect", "generic", "who reads it: "+strings.Join(qasm.Dialects(), ", "))
	f.BoolVar(&options.Tolerant, "tolerant", false, "write what the dialect has no words for as comments, for debugging")
	f.StringVar(&latent, "latent-vector", "", "seed:N, or a file of numbers (JSON array, or one a line) (none: seed:0)")
	f.BoolVar(&parametric, "parametric", false, "keep the latent vector as inputs")
	f.StringVar(&out, "out", "-", "file; - is stdout")
	f.StringVar(&probabilities, "probabilities", "", "also write the outcome probabilities to this JSON file")
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

// latentVector reads a latent vector from a file or draws one.
func (a *app) latentVector(spec string, c training.Config) ([]float64, error) {
	if spec == "" {
		spec = "seed:0"
	}
	if number, ok := strings.CutPrefix(spec, "seed:"); ok {
		seed, err := strconv.ParseUint(number, 10, 64)
		if err != nil {
			return nil, usagef("--latent-vector %s: seed:N takes a whole number", spec)
		}
		return training.DrawLatents(c, 1, stream.New(seed, "export"))[0], nil
	}
	raw, err := a.fs.ReadFile(spec)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil, usagef("--latent-vector %s: there is no such file", spec).withHint("seed:N draws one")
		}
		return nil, usagef("--latent-vector %s: %w", spec, err)
	}
	var z []float64
	if err := json.Unmarshal(raw, &z); err != nil {
		z = nil
		for _, word := range strings.FieldsFunc(string(raw), func(r rune) bool { return strings.ContainsRune(" ,;\t\r\n", r) }) {
			x, err := strconv.ParseFloat(word, 64)
			if err != nil {
				return nil, usagef("--latent-vector %s: %q is no number", spec, word)
			}
			z = append(z, x)
		}
	}
	if n := c.Neurons; len(z) != n {
		return nil, usagef("--latent-vector %s: it holds %d numbers, the generator has %d neurons", spec, len(z), n)
	}
	return z, nil
}

// probabilitiesFile is the object of `export --probabilities`.
type probabilitiesFile struct {
	Schema        string             `json:"schema"`
	BitOrder      string             `json:"bit_order"`
	Probabilities map[string]float64 `json:"probabilities"`
}

func (a *app) writeProbabilities(path string, c *ir.Circuit) error {
	law, err := new(sim.Simulator).Law(c, nil, nil)
	if err != nil {
		return err
	}
	p := probabilitiesFile{"qgan.probabilities/v1", "bit 0 first", map[string]float64{}}
	for x, v := range law {
		p.Probabilities[fmt.Sprintf("%0*b", c.Qubits, x)] = v
	}
	return durable.WriteFile(a.fs, path, func(w io.Writer) error {
		e := json.NewEncoder(w)
		e.SetIndent("", " ")
		return e.Encode(p)
	})
}
