package training

import (
	"context"
	"encoding/binary"
	"math/rand/v2"

	"qgan/backends"
	"qgan/internal/stream"
	"qgan/ir"
	"qgan/metrics/spikes"
)

// Sampler measures circuits: what draws from a generator on noise or on a processor.
type Sampler interface {
	// Words returns so many outcomes of each lane, in random order; bit 0 is the most
	// significant. They are a function of the arguments on a simulator.
	Words(ctx context.Context, c *ir.Circuit, b backends.Bindings, shots []int, seed uint64) ([][]uint64, error)
}

// Sampling says what is drawn by shots.
type Sampling struct {
	Samples, Bins int
	// From is the bin of the repeat that samples of a generator that knows it begin at.
	From int
	// PerLatent counts the samples that share a latent vector: each vector is a circuit
	// of its own. Generators without one have one circuit a timestep or history.
	PerLatent int
	BinWidth  float64 // in seconds
	Seed      uint64
}

// measured is a generator's circuit with its neurons measured.
func measured(a ir.Ansatz) *ir.Circuit {
	c := a.Circuit()
	c.MeasureFirst(a.Neurons)
	return c
}

// DrawShots draws windows. Sample i has latent vector i mod their number; those of
// timesteps that share one are put together at random, as they are independent given it.
// Under readouts other than born the law that is drawn from is estimated from the shots
// of a latent vector.
func (m patchModel) DrawShots(ctx context.Context, params []float64, on Sampler, s Sampling) (*spikes.Raster, error) {
	c := m.config
	if err := checkShape("bins of a window", s.Bins, c.Timesteps); err != nil {
		return nil, err
	}
	z := DrawLatents(c, (s.Samples+s.PerLatent-1)/s.PerLatent, stream.New(s.Seed, "latents of shots"))
	shots := make([]int, c.Timesteps*len(z))
	for i := range shots {
		j := i % len(z)
		shots[i] = (s.Samples - j + len(z) - 1) / len(z)
	}
	words, err := on.Words(ctx, measured(m.patch.ansatz), m.patch.bindings(params, z), shots, s.Seed)
	if err != nil {
		return nil, err
	}
	for lane, w := range words {
		c.Readout.redraw(w, c.Neurons, stream.New(s.Seed, "readout", uint64(lane)))
	}
	out := spikes.NewRaster(s.Samples, s.Bins, c.Neurons, s.BinWidth)
	for i := range s.Samples {
		for k := range s.Bins {
			out.SetWord(i, k, uint32(words[k*len(z)+i%len(z)][i/len(z)]))
		}
	}
	return out, nil
}

// redraw draws words anew from what a readout makes of their frequencies.
func (r Readout) redraw(words []uint64, neurons int, rng *rand.Rand) {
	if r == Born {
		return
	}
	law := make([]float64, 1<<neurons)
	for _, w := range words {
		law[w] += 1 / float64(len(words))
	}
	r.drawn(law, neurons)
	for i := range words {
		words[i] = uint64(drawWord(law, rng))
	}
}

// DrawShots draws samples bin after bin. Samples with the same history share a circuit,
// which is bound with the angles that these measured words give.
func (g *Recurrent) DrawShots(ctx context.Context, params []float64, on Sampler, s Sampling) (*spikes.Raster, error) {
	skip := 0
	if g.past > 0 {
		skip = BurnIn
	}
	circuit := measured(g.ansatz)
	out := spikes.NewRaster(s.Samples, s.Bins, g.ansatz.Neurons, s.BinWidth)
	samples := make([][]uint32, s.Samples)
	lane := make([]int, s.Samples)
	for bin := range skip + s.Bins {
		var of []history
		var shots []int
		lanes := map[string]int{}
		for i, w := range samples {
			h := history{g.seen(w), g.circuit(bin)}
			key := wordsKey(h.past)
			at, ok := lanes[key]
			if !ok {
				at = len(of)
				lanes[key] = at
				of, shots = append(of, h), append(shots, 0)
			}
			lane[i] = at
			shots[at]++
		}
		words, err := on.Words(ctx, circuit, g.bind(params, of), shots, stream.New(s.Seed, "bin of shots", uint64(bin)).Uint64())
		if err != nil {
			return nil, err
		}
		for i, at := range lane {
			w := uint32(words[at][0])
			words[at] = words[at][1:]
			samples[i] = append(samples[i], w)
			if bin >= skip {
				out.SetWord(i, bin-skip, w)
			}
		}
	}
	return out, nil
}

// wordsKey is a text that tells words from others.
func wordsKey(words []uint32) string {
	var b []byte
	for _, w := range words {
		b = binary.LittleEndian.AppendUint32(b, w)
	}
	return string(b)
}
