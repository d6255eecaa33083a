package assess

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"qgan/backends/sim"
	"qgan/internal/named"
	"qgan/internal/stream"
	"qgan/ir"
	"qgan/training"
)

// Circuit is the trained circuit of a timestep, counted from 0, without measurement. Its
// inputs stay open: the latent vector, or of a generator with memory the angles of the
// encodings.
func (g *Generator) Circuit(timestep int) (*ir.Circuit, error) {
	if timestep < 0 || timestep >= g.Config.Timesteps {
		return nil, named.Inputf("{timestep} %d: the run has timesteps 0 to %d", timestep, g.Config.Timesteps-1)
	}
	c, err := g.Model.Circuit(g.Params, timestep)
	if err != nil {
		return nil, err
	}
	c.Name = fmt.Sprintf("timestep %d", timestep)
	return c, nil
}

// ErrNoMemory says that a generator has a latent vector and no past.
var ErrNoMemory = errors.New("the run's generator has no memory")

// Remembers says whether the circuits' inputs are made of a past, and not a latent vector.
func (g *Generator) Remembers() bool { return g.Config.Memory != training.MemoryNone }

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

// WordLaw is the exact law of the neurons' words of a circuit with its inputs bound and
// without measurement, by the word's bits; all words are in it.
func (g *Generator) WordLaw(ctx context.Context, c *ir.Circuit) (map[string]float64, error) {
	measured := *c
	measured.Ops, measured.BitRegs = slices.Clip(c.Ops), slices.Clip(c.BitRegs)
	measured.MeasureFirst(g.Config.Neurons)
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
