package assess

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strconv"
	"strings"

	"qgan/backends"
	"qgan/backends/sim"
	"qgan/internal/durable"
	"qgan/internal/named"
	"qgan/internal/stream"
	"qgan/ir"
	"qgan/training"
)

// Circuit is the trained circuit of a timestep, counted from 0, without measurement. Its
// inputs stay open: the latent vector, or of a generator with memory the angles of the
// encodings.
func (g *Generator) Circuit(timestep int) (*ir.Circuit, error) {
	last := g.Config.Timesteps - 1
	if g.Config.Stimulus == training.StimulusRepeat {
		last = g.Config.StimulusBins - 1
	}
	if timestep < 0 || timestep > last {
		return nil, named.Inputf("{timestep} %d: the run has timesteps 0 to %d", timestep, last)
	}
	c, err := g.Model.Circuit(g.Params, timestep)
	if err != nil {
		return nil, err
	}
	c.Name = fmt.Sprintf("timestep %d", timestep)
	return c, nil
}

// Which says in words which circuit of a generator is meant, and what its inputs are.
type Which struct {
	Timestep int // counted from 0; of a generator with a stimulus, the bin of the repeat
	// Latent is the latent vector: "seed:N" draws one, anything else is a file of numbers (see
	// [Generator.ParseLatent]); empty: seed:0. A generator with memory has none.
	Latent string
	// Past are the words before the timestep (see [Generator.ParsePast]) of a generator with
	// memory; empty: silence.
	Past string
	// Parametric keeps the inputs open.
	Parametric bool
}

// Trained is the trained circuit that is asked for, without measurement: Circuit with its
// inputs bound, unless they are to stay open. A file is read from fsys; nil: the machine's own.
func (g *Generator) Trained(fsys durable.FS, w Which) (*ir.Circuit, error) {
	c, err := g.Circuit(w.Timestep)
	switch {
	case err != nil:
		return nil, err
	case w.Parametric && (w.Latent != "" || w.Past != ""):
		return nil, named.Inputf("{parametric} keeps the inputs open: leave out {latent-vector} and {past}")
	case w.Parametric:
		return c, nil
	}
	inputs, err := g.inputs(durable.Or(fsys), w)
	if err != nil {
		return nil, err
	}
	return c.Bind(nil, inputs)
}

// inputs are the values of a circuit's data symbols: a latent vector, or the angles that the
// memory makes of a past.
func (g *Generator) inputs(fsys durable.FS, w Which) ([]float64, error) {
	switch {
	case !g.Remembers() && w.Past != "":
		return nil, named.Inputf("{past} %s: %w", w.Past, ErrNoMemory)
	case !g.Remembers():
		return g.latentVector(fsys, w.Latent)
	case w.Latent != "":
		return nil, named.Inputf("{latent-vector} %s: the run's generator has a memory and no latent vector", w.Latent).Hinted("{past} says what it remembers")
	}
	if p, ok := g.Model.(*training.Population); ok {
		past, err := g.parseRows(w.Past)
		if err != nil {
			return nil, named.Inputf("{past} %s: %w", w.Past, err)
		}
		return p.Inputs(g.Params, w.Timestep, past)
	}
	past, err := g.ParsePast(w.Past)
	if err != nil {
		return nil, named.Inputf("{past} %s: %w", w.Past, err)
	}
	return g.Remember(w.Timestep, past)
}

// latentVector draws a latent vector or reads it from a file.
func (g *Generator) latentVector(fsys durable.FS, text string) ([]float64, error) {
	if text == "" {
		return g.DrawLatent(0), nil
	}
	if number, ok := strings.CutPrefix(text, "seed:"); ok {
		seed, err := strconv.ParseUint(number, 10, 64)
		if err != nil {
			return nil, named.Inputf("{latent-vector} %s: seed:N takes a whole number", text)
		}
		return g.DrawLatent(seed), nil
	}
	numbers, err := fsys.ReadFile(text)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, named.Inputf("{latent-vector} %s: there is no such file", text).Hinted("seed:N draws one")
	}
	var z []float64
	if err == nil {
		z, err = g.ParseLatent(numbers)
	}
	if err != nil {
		return nil, named.Inputf("{latent-vector} %s: %w", text, err)
	}
	return z, nil
}

// ErrNoMemory says that a generator has a latent vector and no past.
var ErrNoMemory = errors.New("the run's generator has no memory")

// Remembers says whether the circuits' inputs are made of a past, and not a latent vector.
func (g *Generator) Remembers() bool {
	return g.Config.Memory != training.MemoryNone || g.Config.Populates()
}

// Remember returns the inputs of a timestep's circuit after the words of a past, the last
// one just before it. It fails with ErrNoMemory where the generator has none.
func (g *Generator) Remember(timestep int, past []uint32) ([]float64, error) {
	m, ok := g.Model.(*training.Recurrent)
	if !ok {
		return nil, ErrNoMemory
	}
	return m.Angles(g.Params, timestep, past)
}

// DrawLatent draws the latent vector of a seed, the inputs of any timestep's circuit.
func (g *Generator) DrawLatent(seed uint64) []float64 {
	return training.DrawLatents(g.Config, 1, stream.New(seed, "export"))[0]
}

// ParseLatent reads a latent vector of the generator: a JSON array, or numbers with blanks,
// commas or semicolons between.
func (g *Generator) ParseLatent(text []byte) ([]float64, error) {
	var z []float64
	if err := json.Unmarshal(text, &z); err != nil {
		z = nil
		for _, word := range strings.FieldsFunc(string(text), func(r rune) bool { return strings.ContainsRune(" ,;\t\r\n", r) }) {
			x, err := strconv.ParseFloat(word, 64)
			if err != nil {
				return nil, fmt.Errorf("%q is no number", word)
			}
			z = append(z, x)
		}
	}
	if n := g.Config.Ansatz().Qubits(); len(z) != n {
		return nil, fmt.Errorf("it holds %d numbers, the generator has %d qubits", len(z), n)
	}
	return z, nil
}

// ParsePast reads the words of a past, a bit a neuron, with commas between: 0100,0000.
func (g *Generator) ParsePast(list string) ([]uint32, error) {
	bits := g.Config.Neurons
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

// parseRows is ParsePast for any number of neurons.
func (g *Generator) parseRows(list string) ([][]uint64, error) {
	var rows [][]uint64
	for word := range strings.FieldsFuncSeq(list, func(r rune) bool { return r == ',' }) {
		if n := g.Config.Neurons; len(word) != n || strings.Trim(word, "01") != "" {
			return nil, fmt.Errorf("%q is no word of %d bits", word, n)
		}
		row := make([]uint64, backends.WordStride(len(word)))
		for i, c := range word {
			row[i/64] |= uint64(c-'0') << (63 - i%64)
		}
		rows = append(rows, row)
	}
	return rows, nil
}

// Measure adds to a circuit of the generator the measurement of its neurons, each into the
// bit of its number.
func (g *Generator) Measure(c *ir.Circuit) {
	if p, ok := g.Model.(*training.Population); ok {
		p.Measure(c)
		return
	}
	c.MeasureFirst(g.Config.Neurons)
}

// WordLaw is the exact law of the neurons' words of a circuit with its inputs bound and
// without measurement, by the word's bits; all words are in it.
func (g *Generator) WordLaw(ctx context.Context, c *ir.Circuit) (map[string]float64, error) {
	measured := *c
	measured.Ops, measured.BitRegs = slices.Clip(c.Ops), slices.Clip(c.BitRegs)
	g.Measure(&measured)
	law, err := new(sim.Simulator).Law(ctx, &measured, nil, nil)
	if err != nil {
		return nil, err
	}
	out := map[string]float64{}
	for word := range uint64(1) << law.Bits {
		out[fmt.Sprintf("%0*b", law.Bits, word)] = 0
	}
	for i, word := range law.Words {
		out[fmt.Sprintf("%0*b", law.Bits, word)] = law.P[i]
	}
	return out, nil
}

// WriteLaw writes a law of words, such as [Generator.WordLaw]'s, to a JSON file.
func WriteLaw(fsys durable.FS, path string, law map[string]float64) error {
	return durable.WriteFile(durable.Or(fsys), path, func(w io.Writer) error {
		e := json.NewEncoder(w)
		e.SetIndent("", " ")
		return e.Encode(struct {
			Schema        string             `json:"schema"`
			BitOrder      string             `json:"bit_order"`
			Probabilities map[string]float64 `json:"probabilities"`
		}{"qgan.probabilities/v1", "bit 0 first", law})
	})
}
