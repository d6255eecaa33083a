package main

import (
	"context"
	"errors"
	"fmt"
	"math"

	"qgan/backends/sim"
	"qgan/metrics"
	"qgan/metrics/spikes"
	"qgan/training"
	"qgan/training/runs"
)

// model is a trained generator of a run.
type model struct {
	run    *runs.Dir
	config training.Config
	gen    training.CircuitModel
	params []float64 // averaged
	step   int
	draws  int // latent vectors or pasts of an exact law; 0: as many as it takes
}

// openModel reads a run's newest checkpoint.
func openModel(a *app, dir string) (*model, error) {
	run, err := runs.Open(a.fs, dir)
	if err != nil {
		return nil, err
	}
	state, err := run.Latest()
	if err != nil {
		return nil, err
	}
	if state == nil {
		return nil, &runs.Error{Path: dir, Err: errors.New("the run has no checkpoint yet"), Hint: "`qgan train --resume` goes on with it"}
	}
	return newModel(run, run.Manifest.Config, state)
}

func newModel(run *runs.Dir, c training.Config, state *training.State) (*model, error) {
	gen, err := training.NewModel(c, &sim.Simulator{})
	if err != nil {
		return nil, err
	}
	if len(state.Average) != gen.Parameters() {
		return nil, &runs.Error{Path: run.Path, Err: fmt.Errorf("the checkpoint holds %d parameters, the configuration has %d", len(state.Average), gen.Parameters())}
	}
	return &model{run: run, config: c, gen: gen, params: state.Average, step: state.Step}, nil
}

// sizeText counts a generator's parameters and its critic's.
func sizeText(c training.Config) string {
	n := training.CountParameters(c)
	if c.Memory != training.MemoryNone {
		return fmt.Sprintf("%d angles and %d numbers of the memory, critic of %d weights; %s", n.Angles, n.Memory, n.Critic, latentText(c))
	}
	return fmt.Sprintf("%d angles and %d latent scales, critic of %d weights; latent scale %s", n.Angles, n.LatentScales, n.Critic, latentText(c))
}

// latentText says what the latent vector does, for tables and reports.
func latentText(c training.Config) string {
	switch {
	case c.Memory != training.MemoryNone:
		return "no latent vector: " + memoryText(c)
	case c.LatentTrained:
		return fmt.Sprintf("trained from %g, %s latent vector shared by the timesteps", c.LatentScale, c.Latent)
	case c.LatentScale == 0:
		return "0: the latent vector is not used"
	}
	return fmt.Sprintf("fixed at %g, %s latent vector shared by the timesteps", c.LatentScale, c.Latent)
}

// memoryText says what carries time in a generator with memory.
func memoryText(c training.Config) string {
	text := string(c.Memory) + " memory"
	if c.OwnBits > 0 {
		text += " with own bits of " + plural(c.OwnBits, "bin")
	}
	if c.Tied {
		text += ", one circuit for all timesteps"
	}
	if c.Past > 0 {
		return fmt.Sprintf("%s, of %d bins; samples run on", text, c.Past)
	}
	return text + ", begun anew with each window"
}

// The latent vectors of an exact law: as many as needed for an error below a
// tenth of the split-half floor, within these bounds.
const (
	minLatents = 1 << 16
	maxLatents = 1 << 20
	minPasts   = 1 << 10 // of a generator whose samples run on, in place of latent vectors
)

// exactLaw averages the law over fresh latent vectors until its standard error
// is below a tenth of the floor, and says whether it is.
func (m *model) exactLaw(ctx context.Context, s *metrics.States, floor float64, seed uint64) (e *training.LawEstimate, reached bool, err error) {
	draws := minLatents
	if m.config.Past > 0 {
		draws = minPasts
	}
	if m.draws > 0 {
		e, err := m.gen.EstimateLaw(ctx, m.params, s, m.draws, seed)
		return e, err == nil && e.JSStdErr <= floor/10, err
	}
	for ; ; draws *= 2 {
		next, err := m.gen.EstimateLaw(ctx, m.params, s, draws, seed)
		if errors.Is(err, training.ErrIntractable) && e != nil {
			return e, false, nil
		}
		if err != nil {
			return nil, false, err
		}
		e = next
		if e.JSStdErr <= floor/10 {
			return e, true, nil
		}
		if draws >= maxLatents {
			return e, false, nil
		}
	}
}

// on returns the estimate's probabilities at the windows of a part of the
// recording.
func on(e *training.LawEstimate, all, part *metrics.States) []float64 {
	q := make([]float64, part.Len())
	for i := range q {
		if k := all.Find(part.Window(i)); k >= 0 {
			q[i] = e.Seen[k]
		}
	}
	return q
}

// countWindows counts the windows of a raster.
func countWindows(r *spikes.Raster, t int) (spikes.Windows, *metrics.States, error) {
	w, err := r.Windows(t)
	if err != nil {
		return w, nil, usagef("--timesteps: %w", err)
	}
	s, err := metrics.CountStates(w)
	return w, s, err
}

// briefBaselines are those that stand beside every figure. For windows of one
// bin, independence in time is no model but the recording's own law.
func briefBaselines(s *metrics.States) metrics.BaselineOptions {
	names := []string{"silent", "independent", "ising", "split-half"}
	if s.Timesteps > 1 {
		names = append(names, "independent-in-time")
	}
	return metrics.BaselineOptions{Models: names}
}

// lawJSON is the part of train's and evaluate's objects that speaks of the law.
type lawJSON struct {
	JS      *float64 `json:"js_nats"`
	JSBits  *float64 `json:"js_bits"`
	StdErr  *float64 `json:"js_stderr"`
	Method  string   `json:"method"` // exact, plugin or none
	Latents int      `json:"latents,omitempty"`
	Samples int      `json:"samples,omitempty"`
	HeldOut *float64 `json:"js_heldout_nats"` // to the repeats not trained on
	// The mean ln of the exact law's probability of the windows trained on and
	// held out, in nats a bin.
	LogLikelihood        *float64 `json:"loglik_nats,omitempty"`
	LogLikelihoodHeldOut *float64 `json:"loglik_heldout_nats,omitempty"`
	Odd                  *float64 `json:"js_odd_nats"`
	Even                 *float64 `json:"js_even_nats"`
	Floor                *float64 `json:"floor_nats"`      // split half of the recording
	Null                 *float64 `json:"null_floor_nats"` // as many draws of the recording's own law
	LatentJS             *float64 `json:"latent_js_nats"`  // between the laws of two fixed latent vectors
	PSilent              float64  `json:"p_silent"`
	Note                 string   `json:"note,omitempty"`
}

func pointer(x float64) *float64 {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return nil
	}
	return &x
}

// text prints a figure that may be absent.
func text(x *float64, format string) string {
	if x == nil {
		return "–"
	}
	return fmt.Sprintf(format, *x)
}

// latentDistance is [training.LatentDistance]; 0 for a generator without latent
// vector.
func (m *model) latentDistance(ctx context.Context, seed uint64) (js float64, ok bool, err error) {
	if !m.config.Ansatz().UsesLatent() {
		return 0, true, nil
	}
	g, err := training.NewPatch(m.config, &sim.Simulator{})
	if err != nil {
		return 0, false, err
	}
	return training.LatentDistance(ctx, m.config, g, m.params, seed)
}

// measure computes the exact law's figures against the recording; where that is
// out of reach it says so in Note.
func (m *model) measure(ctx context.Context, rec *metrics.Recording, seed uint64) (lawJSON, *training.LawEstimate, error) {
	t := m.config.Timesteps
	var out lawJSON
	train, err := rec.Law(metrics.Trained, t)
	if err != nil {
		return out, nil, err
	}
	all, err := rec.Law(metrics.All, t)
	if err != nil {
		return out, nil, err
	}
	floor := math.Inf(1)
	if x, err := rec.Floor(t); err == nil {
		out.Floor, floor = &x, x
	}
	if js, ok, err := m.latentDistance(ctx, seed); err != nil {
		return out, nil, err
	} else if ok {
		out.LatentJS = &js
	}
	e, reached, err := m.exactLaw(ctx, all, floor, seed)
	if errors.Is(err, training.ErrIntractable) {
		out.Method, out.Note = "none", err.Error()
		return out, nil, nil
	}
	if err != nil {
		return out, nil, err
	}
	if !reached {
		out.Note = fmt.Sprintf("the standard error is above a tenth of the split-half floor after %d latent vectors", e.Latents)
	}
	q := on(e, all, train)
	js := train.JSSeen(q)
	out.LogLikelihood = pointer(train.LogLikelihoodSeen(q))
	out.JS, out.JSBits, out.StdErr = &js, pointer(metrics.Bits(js)), &e.JSStdErr
	out.Method, out.Latents, out.PSilent = "exact", e.Latents, e.PSilent
	against := func(p metrics.Part) (js, logLikelihood *float64, err error) {
		s, err := rec.Law(p, t)
		if err != nil {
			return nil, nil, err
		}
		q := on(e, all, s)
		return pointer(s.JSSeen(q)), pointer(s.LogLikelihoodSeen(q)), nil
	}
	if rec.Held != nil {
		if out.HeldOut, out.LogLikelihoodHeldOut, err = against(metrics.HeldOut); err != nil {
			return out, nil, err
		}
	}
	if rec.All.Repeats > 1 {
		if out.Odd, _, err = against(metrics.Odd); err != nil {
			return out, nil, err
		}
		if out.Even, _, err = against(metrics.Even); err != nil {
			return out, nil, err
		}
	}
	return out, e, nil
}
