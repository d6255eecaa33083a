package assess

import (
	"context"
	"errors"
	"fmt"
	"math"

	"qgan/backends/sim"
	"qgan/metrics"
	"qgan/metrics/spikes"
	"qgan/training"
)

// Law holds the figures of a law of windows against its recording, a part of the objects
// of training and evaluation. A figure that is absent is nil.
type Law struct {
	JS      *float64 `json:"js_nats"` // to the repeats trained on
	JSBits  *float64 `json:"js_bits"`
	StdErr  *float64 `json:"js_stderr"`
	Method  string   `json:"method"` // exact, plugin or none
	Latents int      `json:"latents,omitempty"`
	Samples int      `json:"samples,omitempty"`
	HeldOut *float64 `json:"js_heldout_nats"` // to the repeats not trained on
	// The mean ln of the exact law's probability of the windows trained on and
	// held out, in nats a bin; of a population, of a bin given the bins before it.
	LogLikelihood        *float64 `json:"loglik_nats,omitempty"`
	LogLikelihoodHeldOut *float64 `json:"loglik_heldout_nats,omitempty"`
	Odd                  *float64 `json:"js_odd_nats"`
	Even                 *float64 `json:"js_even_nats"`
	// What a perfect model is expected to score, whose law is the recording's source, known
	// as the generator's is (exactly, or by as many draws): against the repeats trained on,
	// and those held out ([metrics.Recording.Perfect]).
	Perfect        *float64 `json:"perfect_nats"`
	PerfectHeldOut *float64 `json:"perfect_heldout_nats"`
	// Floor is the distance of the recording's halves from each other, which has the noise
	// of both: a model can score less.
	Floor    *float64 `json:"floor_nats"`
	Null     *float64 `json:"null_floor_nats"` // as many draws of the recording's own law
	LatentJS *float64 `json:"latent_js_nats"`  // between the laws of two fixed latent vectors
	PSilent  float64  `json:"p_silent"`
	Note     string   `json:"note,omitempty"`

	// Estimate is the exact law at the windows of all repeats; nil: there is none.
	Estimate *training.LawEstimate `json:"-"`
}

// The latent vectors of an exact law: as many as needed for an error below a
// tenth of the halves' divergence, within these bounds.
const (
	minLatents = 1 << 16
	maxLatents = 1 << 20
	minPasts   = 1 << 10 // of a generator whose samples run on, in place of latent vectors
)

// Law computes the figures of the exact law against the recording; where it is out of
// reach Method is "none" and Note says why. The average over latent vectors is taken until
// its error is below a tenth of the halves' divergence, or says that it isn't.
func (g *Generator) Law(ctx context.Context, rec *metrics.Recording, seed uint64) (Law, error) {
	t := g.Config.Timesteps
	var out Law
	if rec.Train.Neurons > metrics.MaxCounted {
		out.Method, out.Note = "none", uncounted(rec.Train.Neurons)
		return out, g.likelihoods(ctx, rec, &out)
	}
	train, err := rec.Law(metrics.Trained, t)
	if err != nil {
		return out, err
	}
	all, err := rec.Law(metrics.All, t)
	if err != nil {
		return out, err
	}
	floor := math.Inf(1)
	if x, err := rec.Floor(t); err == nil {
		out.Floor, floor = &x, x
	}
	if js, ok, err := g.latentDistance(ctx, seed); err != nil {
		return out, err
	} else if ok {
		out.LatentJS = &js
	}
	e, reached, err := g.exact(ctx, all, floor, seed)
	if errors.Is(err, training.ErrIntractable) {
		out.Method, out.Note = "none", err.Error()
		return out, g.likelihoods(ctx, rec, &out)
	}
	if err != nil {
		return out, err
	}
	if !reached {
		out.Note = fmt.Sprintf("the standard error is above a tenth of the halves' divergence after %d latent vectors", e.Latents)
	}
	q := train.Among(all, e.Seen)
	js := train.JSSeen(q)
	out.LogLikelihood = metrics.FiniteOrNil(train.LogLikelihoodSeen(q))
	out.JS, out.JSBits, out.StdErr = &js, metrics.FiniteOrNil(metrics.Bits(js)), &e.JSStdErr
	out.Method, out.Latents, out.PSilent = "exact", e.Latents, e.PSilent
	against := func(p metrics.Part) (js, logLikelihood *float64, err error) {
		s, err := rec.Law(p, t)
		if err != nil {
			return nil, nil, err
		}
		q := s.Among(all, e.Seen)
		return metrics.FiniteOrNil(s.JSSeen(q)), metrics.FiniteOrNil(s.LogLikelihoodSeen(q)), nil
	}
	if rec.Held != nil {
		if out.HeldOut, out.LogLikelihoodHeldOut, err = against(metrics.HeldOut); err != nil {
			return out, err
		}
	}
	if rec.All.Repeats > 1 {
		if out.Odd, _, err = against(metrics.Odd); err != nil {
			return out, err
		}
		if out.Even, _, err = against(metrics.Even); err != nil {
			return out, err
		}
	}
	out.Estimate = e
	if err := g.likelihoods(ctx, rec, &out); err != nil {
		return out, err
	}
	return out, out.expect(rec, t, math.Inf(1))
}

// uncounted says why there is no law of windows.
func uncounted(neurons int) string {
	return fmt.Sprintf("the words of %d neurons are too many to be counted: there is no law of windows of more than %d", neurons, metrics.MaxCounted)
}

// likelihoods are, of a population, those of a bin given the bins before it.
func (g *Generator) likelihoods(ctx context.Context, rec *metrics.Recording, to *Law) error {
	if !g.Config.Populates() {
		return nil
	}
	for _, x := range []struct {
		r  *spikes.Raster
		to **float64
	}{{rec.Train, &to.LogLikelihood}, {rec.Held, &to.LogLikelihoodHeldOut}} {
		if *x.to = nil; x.r == nil {
			continue
		}
		ln, err := g.Likelihood()(ctx, x.r)
		if err != nil {
			return err
		}
		*x.to = metrics.FiniteOrNil(ln)
	}
	return nil
}

// expect fills in what a perfect model is expected to score that is known by so many
// windows; math.Inf(1): exactly.
func (l *Law) expect(rec *metrics.Recording, t int, draws float64) error {
	for _, x := range []struct {
		part metrics.Part
		to   **float64
	}{{metrics.Trained, &l.Perfect}, {metrics.HeldOut, &l.PerfectHeldOut}} {
		if rec.Raster(x.part) == nil {
			continue
		}
		js, err := rec.Perfect(x.part, t, draws)
		if err != nil {
			return err
		}
		*x.to = metrics.FiniteOrNil(js)
	}
	return nil
}

// exact averages the law over fresh latent vectors until its standard error is below a
// tenth of the halves' divergence, and says whether it is.
func (g *Generator) exact(ctx context.Context, s *metrics.States, floor float64, seed uint64) (e *training.LawEstimate, reached bool, err error) {
	draws := minLatents
	if g.Config.Past > 0 {
		draws = minPasts // a population's bins are counted with its pasts
	}
	if g.draws > 0 {
		e, err := g.Model.EstimateLaw(ctx, g.Params, s, g.draws, seed)
		return e, err == nil && e.JSStdErr <= floor/10, err
	}
	for ; ; draws *= 2 {
		next, err := g.Model.EstimateLaw(ctx, g.Params, s, draws, seed)
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

// latentDistance is [training.LatentDistance]; 0 for a generator without latent
// vector.
func (g *Generator) latentDistance(ctx context.Context, seed uint64) (js float64, ok bool, err error) {
	if !g.Config.Ansatz().UsesLatent() {
		return 0, true, nil
	}
	p, err := training.NewPatch(g.Config, &sim.Simulator{})
	if err != nil {
		return 0, false, err
	}
	return training.LatentDistance(ctx, g.Config, p, g.Params, seed)
}

// windowsOf returns the windows of drawn spike trains.
func windowsOf(r *spikes.Raster, t int) (spikes.Windows, error) {
	w, err := r.Windows(t)
	if err != nil {
		return w, &metrics.OptionError{Option: "timesteps", Err: err}
	}
	return w, nil
}

// windows returns the windows of drawn spike trains, and their law.
func windows(r *spikes.Raster, t int) (spikes.Windows, *metrics.States, error) {
	w, err := windowsOf(r, t)
	if err != nil {
		return w, nil, err
	}
	s, err := metrics.CountStates(w)
	return w, s, err
}
