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
		dialect       string
		latent        string
		parametric    bool
		out           string
		probabilities string
	)
	cmd := &cobra.Command{
		Use:   "export RUN",
		Short: "Write the circuit of a timestep as OpenQASM",
		Long: `Write the trained circuit of one timestep as OpenQASM 3, all neurons measured at
its end: bit i is neuron i. The latent vector is bound to numbers, or kept as
inputs with --parametric.`,
		Example: `  qgan export runs/retina > step0.qasm
  qgan export runs/retina --timestep 2 --dialect qiskit --latent-vector seed:7`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			m, err := openModel(a, args[0])
			if err != nil {
				return err
			}
			if parametric && probabilities != "" {
				return usagef("--parametric keeps the latent vector open: leave out --probabilities")
			}
			c, err := a.timestepCircuit(m, timestep, latent, parametric)
			if err != nil {
				return err
			}
			if probabilities != "" {
				if err := a.writeProbabilities(probabilities, c); err != nil {
					return err
				}
			}
			c.MeasureAll()
			write := func(w io.Writer) error { return qasm.Write(w, c, qasm.Options{Dialect: dialect}) }
			if out == "-" {
				return write(a.out)
			}
			return durable.WriteFile(a.fs, out, write)
		},
	}
	f := cmd.Flags()
	f.IntVar(&timestep, "timestep", 0, "timestep, counted from 0")
	f.StringVar(&dialect, "dialect", "generic", "who reads it: "+strings.Join(qasm.Dialects(), " or "))
	f.StringVar(&latent, "latent-vector", "", "seed:N, or a file of numbers (JSON array, or one a line) (none: seed:0)")
	f.BoolVar(&parametric, "parametric", false, "keep the latent vector as inputs")
	f.StringVar(&out, "out", "-", "file; - is stdout")
	f.StringVar(&probabilities, "probabilities", "", "also write the outcome probabilities to this JSON file")
	return cmd
}

// timestepCircuit is the trained circuit of a timestep, without measurement, its
// latent vector bound unless it is to stay open.
func (a *app) timestepCircuit(m *model, timestep int, latent string, parametric bool) (*ir.Circuit, error) {
	if timestep < 0 || timestep >= m.config.Timesteps {
		return nil, usagef("--timestep %d: the run has timesteps 0 to %d", timestep, m.config.Timesteps-1)
	}
	if parametric && latent != "" {
		return nil, usagef("--parametric keeps the latent vector open: leave out --latent-vector")
	}
	c := m.gen.Ansatz().Circuit()
	c.Name = fmt.Sprintf("timestep %d", timestep)
	c, err := c.Bind(m.gen.Timestep(m.params, timestep), nil)
	if err != nil || parametric {
		return c, err
	}
	z, err := a.latentVector(latent, m.config)
	if err != nil {
		return nil, err
	}
	return c.Bind(nil, z)
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
