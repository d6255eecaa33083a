package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"qgan/backends"
	"qgan/internal/stream"
	"qgan/metrics"
	"qgan/metrics/spikes"
	"qgan/training"
)

// noiseJSON says what noise makes of a generator.
type noiseJSON struct {
	Model      string     `json:"model"`
	Snapshot   string     `json:"snapshot_sha256,omitempty"`
	Mitigation string     `json:"mitigation"`
	Laws       []noiseLaw `json:"laws"`
}

// noiseLaw is one law of the generator.
type noiseLaw struct {
	Name    string   `json:"name"` // ideal, noisy, noisy-without-readout-errors, read, mitigated
	Method  string   `json:"method"`
	JS      *float64 `json:"js_nats"`
	StdErr  *float64 `json:"js_stderr"`
	Null    *float64 `json:"null_floor_nats"` // of drawn windows
	PSilent *float64 `json:"p_silent"`
	Windows int      `json:"windows,omitempty"` // drawn
	Note    string   `json:"note,omitempty"`
}

const (
	noisyWindows = 20000 // drawn by default
	noisyLatents = 64    // of an exact law with noise, where --latents does not say
)

// onNoise draws from a run's generator on a processor and compares its laws with and
// without noise.
func (f *evaluateFlags) onNoise(cmd *cobra.Command, m *model, on *processor, rec *metrics.Recording, e *evaluation) (*spikes.Raster, error) {
	if !cmd.Flags().Changed("samples") {
		f.samples = noisyWindows
	}
	e.Noise = &noiseJSON{Model: on.name, Snapshot: on.snapshot, Mitigation: string(on.mitigation)}
	exact := func(name string, m *model) (lawJSON, error) {
		law, _, err := m.measure(cmd.Context(), rec, f.seed)
		row := noiseLaw{Name: name, Method: law.Method, JS: law.JS, StdErr: law.StdErr, Note: law.Note}
		if err != nil {
			return law, err
		}
		if law.JS != nil {
			row.PSilent = &law.PSilent
		}
		e.Noise.Laws = append(e.Noise.Laws, row)
		return law, nil
	}
	if _, err := exact("ideal", m); err != nil {
		return nil, err
	}
	noisy, err := f.underNoise(m, on.laws(on.model))
	var law lawJSON
	if err == nil {
		law, err = exact("noisy", noisy)
	}
	if err == nil {
		if noisy, err = f.underNoise(m, on.laws(on.model.WithoutReadout())); err == nil {
			_, err = exact("noisy-without-readout-errors", noisy)
		}
	}
	if errors.Is(err, training.ErrIntractable) {
		e.Noise.Laws = append(e.Noise.Laws, noiseLaw{Name: "noisy", Method: "none", Note: err.Error()})
	} else if err != nil {
		return nil, noiseError(e.What, err)
	}
	if f.exact && law.Method != "exact" {
		return nil, exitf(exitFailure, "--exact: %s", e.Noise.Laws[len(e.Noise.Laws)-1].Note)
	}
	sampling := training.Sampling{Samples: f.samples, PerLatent: f.where.perLatent, Seed: f.seed}
	if f.where.latents > 0 {
		sampling.PerLatent = (f.samples + f.where.latents - 1) / f.where.latents
	}
	draw := func(name string, with backends.Mitigation) (*spikes.Raster, error) {
		own := *on
		own.mitigation = with
		drawn, err := m.sample(cmd.Context(), &own, sampling)
		if err != nil {
			return nil, noiseError(e.What, err)
		}
		row, err := drawnLaw(rec, drawn, m.config.Timesteps, f.seed)
		row.Name = name
		e.Noise.Laws = append(e.Noise.Laws, row)
		return drawn, err
	}
	drawn, err := draw("read", backends.MitigateNone)
	if err == nil && f.where.mitigate.wanted() {
		return draw("mitigated", on.mitigation)
	}
	if law.Method == "exact" {
		e.lawJSON = law
	}
	return drawn, err
}

// underNoise returns the model with circuits that run elsewhere.
func (f *evaluateFlags) underNoise(m *model, on backends.Solver) (*model, error) {
	gen, err := training.NewModel(m.config, on)
	if err != nil {
		return nil, err
	}
	out := *m
	out.gen, out.draws = gen, noisyLatents
	if f.where.latents > 0 {
		out.draws = f.where.latents
	}
	return &out, nil
}

// drawnLaw compares drawn windows with the recording's.
func drawnLaw(rec *metrics.Recording, drawn *spikes.Raster, t int, seed uint64) (noiseLaw, error) {
	s, err := rec.Law(metrics.Trained, t)
	if err != nil {
		return noiseLaw{}, err
	}
	_, ds, err := countWindows(drawn, t)
	if err != nil {
		return noiseLaw{}, err
	}
	js, err := metrics.JSStates(s, ds)
	if err != nil {
		return noiseLaw{}, err
	}
	null, _ := metrics.NullFloor(s, ds.Total, stream.New(seed, "null"), 20)
	return noiseLaw{Method: "plugin", JS: &js, Null: &null, PSilent: pointer(ds.PSilent()), Windows: ds.Total}, nil
}

// printNoise prints the laws side by side.
func (a *app) printNoise(n *noiseJSON) error {
	if n == nil {
		return nil
	}
	fmt.Fprintf(a.out, "\nOn %s, mitigation %s\n", n.Model, n.Mitigation)
	t := newTable(a.out)
	t.row("law", "JS (nats)", "± 1 s.e.", "floor of as many windows", "P(silent)", "")
	for _, l := range n.Laws {
		how := l.Method
		if l.Windows > 0 {
			how = fmt.Sprintf("%d windows drawn", l.Windows)
		}
		if l.Note != "" {
			how = l.Note
		}
		t.row(l.Name, text(l.JS, "%.4g"), text(l.StdErr, "%.1g"), text(l.Null, "%.3g"), text(l.PSilent, "%.5f"), how)
	}
	return t.flush()
}
