package training

import (
	"context"
	"math"

	"qgan/backends"
	"qgan/internal/stream"
	"qgan/ir"
	"qgan/metrics"
	"qgan/metrics/spikes"
)

// Model is a generator as those use it who do not train it, whatever carries its
// time.
type Model interface {
	// Parameters counts the trained parameters.
	Parameters() int
	// EstimateLaw returns the law at the windows of a recording, averaged over so
	// many latent vectors or pasts where it is not exact without; ErrIntractable
	// where that costs too much.
	EstimateLaw(ctx context.Context, params []float64, s *metrics.States, draws int, seed uint64) (*LawEstimate, error)
	// Draw draws samples of so many bins.
	Draw(ctx context.Context, params []float64, samples, bins int, binWidth float64, seed uint64) (*spikes.Raster, error)
	// Monitor returns what is cheap enough to be looked at while training.
	Monitor(ctx context.Context, params []float64, d *Data, seed uint64) (Glance, error)
}

// CircuitModel is a Model that is made of circuits.
type CircuitModel interface {
	Model
	// DrawShots draws samples by measuring circuits.
	DrawShots(ctx context.Context, params []float64, on Sampler, s Sampling) (*spikes.Raster, error)
	// Circuit returns the circuit of a timestep, counted from 0, its trained symbols bound.
	// Its data symbols are the latent vector's, a number a qubit, or the memory's angles;
	// they are there also where the latent scale is 0 and they have no effect. Nothing in
	// it is measured.
	Circuit(params []float64, timestep int) (*ir.Circuit, error)
}

// NewModel prepares the generator of a configuration on what gives its laws; it can be
// trained where that is a backends.Differentiator.
func NewModel(c Config, on backends.Solver) (CircuitModel, error) {
	switch {
	case c.Populates():
		return NewPopulation(c, on)
	case c.Memory != MemoryNone:
		return NewRecurrent(c, on)
	}
	g, err := NewPatch(c, on)
	if err != nil {
		return nil, err
	}
	return patchModel{mixtureModel{g, c}, g}, nil
}

// mixtureModel is any generator whose timesteps share a latent vector.
type mixtureModel struct {
	gen    Generator
	config Config
}

func (m mixtureModel) Parameters() int { return m.gen.Parameters() }

func (m mixtureModel) EstimateLaw(ctx context.Context, params []float64, s *metrics.States, latents int, seed uint64) (*LawEstimate, error) {
	return EstimateLaw(ctx, m.config, m.gen, params, s, latents, seed)
}

// Draw draws windows; bins is the number of timesteps.
func (m mixtureModel) Draw(ctx context.Context, params []float64, samples, bins int, binWidth float64, seed uint64) (*spikes.Raster, error) {
	if err := checkShape("bins of a window", bins, m.config.Timesteps); err != nil {
		return nil, err
	}
	return Draw(ctx, m.config, m.gen, params, samples, binWidth, seed)
}

// patchModel is the generator of circuits whose timesteps share a latent vector.
type patchModel struct {
	mixtureModel
	patch *Patch
}

// Circuit keeps the latent vector open.
func (m patchModel) Circuit(params []float64, timestep int) (*ir.Circuit, error) {
	return m.patch.ansatz.Circuit().Bind(m.patch.Timestep(params, timestep), nil)
}

const (
	monitorLatents = 1024
	monitorWork    = 2e8 // windows x timesteps x latent vectors of a monitored distance
)

func (m mixtureModel) Monitor(ctx context.Context, params []float64, d *Data, seed uint64) (Glance, error) {
	if float64(d.all.Len())*float64(d.all.Timesteps*monitorLatents) > monitorWork {
		p, err := m.silent(ctx, params, seed)
		return Glance{PSilent: p}, err
	}
	e, err := m.EstimateLaw(ctx, params, d.all, monitorLatents, seed)
	if err != nil {
		return Glance{}, err
	}
	return glanceAt(e, d, (*metrics.States).JSSeen), nil
}

// silent estimates P(silent window) from as many latent vectors as a step takes.
func (m mixtureModel) silent(ctx context.Context, params []float64, seed uint64) (float64, error) {
	c := m.config
	latents := DrawLatents(c, c.Batch, stream.New(seed, "monitor"))
	words := 1 << c.Neurons
	laws := make([]float64, c.Timesteps*len(latents)*words)
	if err := m.gen.Laws(ctx, params, latents, laws); err != nil {
		return math.NaN(), err
	}
	silent := 0.0
	for z := range latents {
		p := 1.0
		for k := range c.Timesteps {
			law := lawOf(laws, len(latents), words, k, z)
			c.Readout.drawn(law, c.Neurons)
			p *= law[0]
		}
		silent += p / float64(len(latents))
	}
	return silent, nil
}

// monitorRuns is the number of samples of P(silent) while training, monitorWindows
// the most windows of a monitored distance.
const (
	monitorRuns    = 256
	monitorWindows = 1 << 15
)

// Monitor estimates the divergence only where the memory begins anew with each window.
func (g *Recurrent) Monitor(ctx context.Context, params []float64, d *Data, seed uint64) (Glance, error) {
	if g.past == 0 && d.all.Len() <= monitorWindows {
		e, err := g.EstimateLaw(ctx, params, d.all, 1, seed)
		if err != nil {
			return Glance{}, err
		}
		return glanceAt(e, d, func(judge *metrics.States, q []float64) float64 { return -judge.LogLikelihoodSeen(q) }), nil
	}
	silent, err := g.silent(ctx, params, d.States.Timesteps, seed)
	if err != nil {
		return Glance{}, err
	}
	score, err := g.surprise(ctx, params, d.judge())
	return Glance{PSilent: silent, Score: metrics.FiniteOrNil(score)}, err
}

// silent is P(silent window), where samples run on that of a few of them.
func (g *Recurrent) silent(ctx context.Context, params []float64, t int, seed uint64) (float64, error) {
	if g.past == 0 {
		return g.silentGiven(ctx, params, t, nil)
	}
	r, err := g.Draw(ctx, params, monitorRuns, t, 0, seed)
	if err != nil {
		return 0, err
	}
	silent := 0
	for i := range r.Repeats {
		spikes := 0
		for k := range r.Bins {
			spikes += r.Active(i, k)
		}
		if spikes == 0 {
			silent++
		}
	}
	return float64(silent) / float64(r.Repeats), nil
}
