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
	"qgan/training/assess"
)

// newExportCmd makes `export`.
func newExportCmd(a *app) *cobra.Command {
	var (
		timestep      int
		options       qasm.Options
		latent        string
		past          string
		parametric    bool
		out           string
		probabilities string
	)
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
				if err := runFlagsOnly(cmd, args[0], "timestep", "latent-vector", "past", "parametric", "probabilities"); err != nil {
					return err
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
			if parametric && probabilities != "" {
				return usagef("--parametric keeps the inputs open: leave out --probabilities")
			}
			c, err := a.timestepCircuit(m, timestep, latent, past, parametric)
			if err != nil {
				return err
			}
			if probabilities != "" {
				if err := a.writeProbabilities(probabilities, c, m.Config.Neurons); err != nil {
					return err
				}
			}
			c.MeasureFirst(m.Config.Neurons)
			return a.export(c, out, options)
		},
	}
	f := cmd.Flags()
	f.IntVar(&timestep, "timestep", 0, "timestep, counted from 0")
	f.StringVar(&options.Dialect, "dialect", "generic", "who reads it: "+strings.Join(qasm.Dialects(), ", "))
	f.BoolVar(&options.Tolerant, "tolerant", false, "write what the dialect has no words for as comments, for debugging")
	f.StringVar(&latent, "latent-vector", "", "seed:N, or a file of numbers (JSON array, or one a line) (none: seed:0)")
	f.StringVar(&past, "past", "", "words before the timestep, the oldest first, a bit a neuron: 0100,0000 (none: silence)")
	f.BoolVar(&parametric, "parametric", false, "keep the latent vector, or the angles of the encodings, as inputs")
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

// inputs are the values of the circuit's data symbols: a latent vector, or the
// angles that the memory makes of a past.
func (a *app) inputs(m *assess.Generator, timestep int, latent, past string) ([]float64, error) {
	g, ok := m.Model.(*training.Recurrent)
	switch {
	case !ok && past != "":
		return nil, usagef("--past %s: the run's generator has no memory", past)
	case !ok:
		return a.latentVector(latent, m.Config)
	case latent != "":
		return nil, usagef("--latent-vector %s: the run's generator has a memory and no latent vector", latent).withHint("--past says what it remembers")
	}
	words, err := parseWords(past, m.Config.Neurons)
	if err != nil {
		return nil, usagef("--past %s: %w", past, err)
	}
	return g.Angles(m.Params, timestep, words)
}

// parseWords reads words of so many bits with commas between.
func parseWords(list string, bits int) ([]uint32, error) {
	var words []uint32
	for _, word := range strings.FieldsFunc(list, func(r rune) bool { return r == ',' }) {
		w, err := strconv.ParseUint(word, 2, 32)
		if err != nil || len(word) != bits {
			return nil, fmt.Errorf("%q is no word of %d bits", word, bits)
		}
		words = append(words, uint32(w))
	}
	return words, nil
}

// timestepCircuit is the trained circuit of a timestep, without measurement, its
// inputs bound unless they are to stay open.
func (a *app) timestepCircuit(m *assess.Generator, timestep int, latent, past string, parametric bool) (*ir.Circuit, error) {
	if timestep < 0 || timestep >= m.Config.Timesteps {
		return nil, usagef("--timestep %d: the run has timesteps 0 to %d", timestep, m.Config.Timesteps-1)
	}
	if parametric && (latent != "" || past != "") {
		return nil, usagef("--parametric keeps the inputs open: leave out --latent-vector and --past")
	}
	c, err := m.Model.Circuit(m.Params, timestep)
	if err != nil {
		return nil, err
	}
	c.Name = fmt.Sprintf("timestep %d", timestep)
	if parametric {
		return c, nil
	}
	inputs, err := a.inputs(m, timestep, latent, past)
	if err != nil {
		return nil, err
	}
	return c.Bind(nil, inputs)
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
	if n := c.Ansatz().Qubits(); len(z) != n {
		return nil, usagef("--latent-vector %s: it holds %d numbers, the generator has %d qubits", spec, len(z), n)
	}
	return z, nil
}

// probabilitiesFile is the object of `export --probabilities`.
type probabilitiesFile struct {
	Schema        string             `json:"schema"`
	BitOrder      string             `json:"bit_order"`
	Probabilities map[string]float64 `json:"probabilities"`
}

func (a *app) writeProbabilities(path string, c *ir.Circuit, neurons int) error {
	law, err := new(sim.Simulator).Probabilities(c, nil, nil)
	if err != nil {
		return err
	}
	p := probabilitiesFile{"qgan.probabilities/v1", "bit 0 first", map[string]float64{}}
	for x, v := range law { // summed over the qubits that are not measured, the last ones
		p.Probabilities[fmt.Sprintf("%0*b", neurons, x>>(c.Qubits-neurons))] += v
	}
	return durable.WriteFile(a.fs, path, func(w io.Writer) error {
		e := json.NewEncoder(w)
		e.SetIndent("", " ")
		return e.Encode(p)
	})
}
