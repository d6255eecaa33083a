package assess

import (
	"context"
	"errors"

	"qgan/backends"
	"qgan/internal/stream"
	"qgan/metrics"
	"qgan/metrics/spikes"
	"qgan/training"
)

// Noise is a processor whose noise is known, so that laws under it are exact too.
type Noise struct {
	Processor
	// Laws are under all of the noise, WithoutReadout under that of the gates alone.
	Laws, WithoutReadout backends.Solver
	// Latents are the latent vectors of an exact law, and of samples; 0: 64, and as many
	// as PerLatent samples each need.
	Latents   int
	PerLatent int
}

// UnderNoise says what noise makes of a generator, a part of the object of an evaluation.
type UnderNoise struct {
	Model      string     `json:"model"`
	Snapshot   string     `json:"snapshot_sha256,omitempty"`
	Mitigation string     `json:"mitigation"`
	Laws       []NoisyLaw `json:"laws"`
}

// NoisyLaw is one law of the generator.
type NoisyLaw struct {
	Name    string   `json:"name"` // ideal, noisy, noisy-without-readout-errors, read, mitigated
	Method  string   `json:"method"`
	JS      *float64 `json:"js_nats"`
	StdErr  *float64 `json:"js_stderr"`
	Null    *float64 `json:"null_floor_nats"` // of drawn windows
	PSilent *float64 `json:"p_silent"`
	Windows int      `json:"windows,omitempty"` // drawn
	Note    string   `json:"note,omitempty"`
}

// NoisyWindows are as many as are drawn under noise where nothing says how many.
const NoisyWindows = 20000

// noisyLatents are those of an exact law under noise.
const noisyLatents = 64

// underNoise draws on the processor and puts the generator's laws with and without its
// noise side by side. Law is that under all noise where it is exact and the readout
// errors stay.
func (e *Evaluation) underNoise(ctx context.Context, g *Generator, rec *metrics.Recording, o Options) (*spikes.Raster, error) {
	n := o.Noise
	e.Noise = &UnderNoise{Model: n.Name, Snapshot: n.Snapshot, Mitigation: string(n.Mitigation)}
	var law Law // under all noise
	err := e.exactLaw(ctx, "ideal", g, rec, o.Seed, nil)
	if err != nil {
		return nil, err
	}
	draws, name := noisyLatents, ""
	if n.Latents > 0 {
		draws = n.Latents
	}
	for _, k := range []struct {
		name string
		on   backends.Solver
		to   *Law
	}{{"noisy", n.Laws, &law}, {"noisy-without-readout-errors", n.WithoutReadout, nil}} {
		name = k.name
		noisy, err2 := g.under(k.on, draws)
		if err = err2; err == nil {
			err = e.exactLaw(ctx, k.name, noisy, rec, o.Seed, k.to)
		}
		if err != nil {
			break
		}
	}
	if errors.Is(err, training.ErrIntractable) {
		e.Noise.Laws = append(e.Noise.Laws, NoisyLaw{Name: name, Method: "none", Note: err.Error()})
	} else if err != nil {
		return nil, err
	}
	if o.Law == Exact && law.Method != "exact" {
		return nil, &OutOfReach{e.Noise.Laws[len(e.Noise.Laws)-1].Note}
	}
	s := training.Sampling{Samples: o.Windows, PerLatent: n.PerLatent, Seed: o.Seed}
	if n.Latents > 0 {
		s.PerLatent = PerLatent(s.Samples, n.Latents)
	}
	drawn, err := e.drawnLaw(ctx, "read", g, backends.MitigateNone, rec, s, n)
	if err == nil && n.Mitigation != backends.MitigateNone {
		return e.drawnLaw(ctx, "mitigated", g, n.Mitigation, rec, s, n)
	}
	if law.Method == "exact" {
		e.Law = law
		e.Law.Estimate = nil // windows are listed with the ideal law's probabilities alone
	}
	return drawn, err
}

// exactLaw adds a row of an exact law, which it also writes to to where that is not nil.
func (e *Evaluation) exactLaw(ctx context.Context, name string, g *Generator, rec *metrics.Recording, seed uint64, to *Law) error {
	law, err := g.Law(ctx, rec, seed)
	if err != nil {
		return err
	}
	row := NoisyLaw{Name: name, Method: law.Method, JS: law.JS, StdErr: law.StdErr, Note: law.Note}
	if law.JS != nil {
		row.PSilent = &law.PSilent
	}
	e.Noise.Laws = append(e.Noise.Laws, row)
	if to != nil {
		*to = law
	}
	return nil
}

// drawnLaw draws on the processor and adds a row of the plug-in law.
func (e *Evaluation) drawnLaw(ctx context.Context, name string, g *Generator, with backends.Mitigation, rec *metrics.Recording, s training.Sampling, n *Noise) (*spikes.Raster, error) {
	on := n.Processor
	on.Mitigation = with
	drawn, err := g.Sample(ctx, &on, s)
	if err != nil {
		return nil, err
	}
	law, err := rec.Law(metrics.Trained, g.Config.Timesteps)
	if err != nil {
		return nil, err
	}
	_, dlaw, err := windows(drawn, g.Config.Timesteps)
	if err != nil {
		return nil, err
	}
	js, err := metrics.JSStates(law, dlaw)
	if err != nil {
		return nil, err
	}
	null, _ := metrics.NullFloor(law, dlaw.Total, stream.New(s.Seed, "null"), 20)
	e.Noise.Laws = append(e.Noise.Laws, NoisyLaw{Name: name, Method: "plugin", JS: &js, Null: &null, PSilent: metrics.FiniteOrNil(dlaw.PSilent()), Windows: dlaw.Total})
	return drawn, nil
}
