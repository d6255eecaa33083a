package assess

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"qgan/internal/stream"
	"qgan/metrics"
	"qgan/metrics/spikes"
	"qgan/training"
)

// Evaluation is what is known of a generator, or of spike trains, against the recording:
// the object of `evaluate --json`.
type Evaluation struct {
	Schema     string `json:"schema"`
	What       string `json:"what"` // the run or the file
	Data       string `json:"data"`
	DataSHA256 string `json:"data_sha256"`
	// Neurons are indices in the recording, Names what it calls them, where it does.
	Neurons []int    `json:"neurons"`
	Names   []string `json:"neuron_names,omitempty"`
	Seed    uint64   `json:"seed"`
	// Of a run: what its latent vector does, and its trained parameters.
	Latent     string           `json:"latent_scale,omitempty"`
	Parameters *training.Counts `json:"parameters,omitempty"`
	Chosen     *Chosen          `json:"chosen,omitempty"` // which of its parameters
	Law
	// Verdict says in sentences what Score shows: the referee's figures, by the repeats held
	// out or else by a half of all, which the notes of the score tell. Unjudged says why there
	// is none.
	Verdict         []string                 `json:"verdict,omitempty"`
	Score           *Scores                  `json:"score,omitempty"`
	Unjudged        string                   `json:"unjudged,omitempty"`
	Standing        Standing                 `json:"standing"` // whether it beats simple models
	Baselines       []metrics.BaselineResult `json:"baselines"`
	RatesHz         []float64                `json:"rates_hz"`
	Covariance      [][]float64              `json:"covariance"`
	KProbability    []float64                `json:"k_probability"`
	Autocorrelogram []float64                `json:"autocorrelogram"`
	Undefined       []int                    `json:"undefined"`
	// The recording's own figures, and what else was compared: the first file, and
	// all of them.
	Recording metrics.Summary  `json:"recording"`
	Compare   *metrics.Summary `json:"compare,omitempty"`
	CompareJS *float64         `json:"compare_js_nats,omitempty"`
	Compared  []Compared       `json:"compared,omitempty"`
	Time      Time             `json:"time"`
	Noise     *UnderNoise      `json:"noise,omitempty"` // of a noisy processor
	// States are the recording's most frequent windows and their probabilities.
	States []WindowState `json:"states"`
	// Statistics of single neurons and pairs in time, of what was drawn and of the
	// recording, and the errors as Spike-GAN adds them up.
	Spiking struct {
		Drawn     metrics.SpikingSummary `json:"drawn"`
		Recording metrics.SpikingSummary `json:"recording"`
	} `json:"spiking"`
	// Whole are intervals and counts of whole repeats.
	Whole  Whole                  `json:"whole_repeats"`
	Errors metrics.SpikeGANErrors `json:"spike_gan_errors"`
	// Estimate is what the drawn windows tell of their law, exact or not.
	Estimate metrics.SampleEstimate `json:"estimate"`
	// Drawn is the number of windows that the statistics come from.
	Drawn int `json:"drawn"`

	// Simulated says of a population how its circuits are simulated; empty of others.
	Simulated string `json:"simulated,omitempty"`

	// Brief leaves out of the text for people all but the verdict, the figures of the law and
	// the simple models.
	Brief bool `json:"-"`
	// Size counts a generator's parameters in words; empty of samples.
	Size string `json:"-"`
	// Labels are what the neurons are called: by their names, or else by their indices.
	Labels []string `json:"-"`
	// Timesteps is the length of the windows in bins, Entropy that of the recording's
	// law in nats.
	Timesteps int     `json:"-"`
	Entropy   float64 `json:"-"`
}

// WindowState is a window, timesteps apart, and how often it is seen: in the recording, in
// what was drawn and, where the law is exact, in the law.
type WindowState struct {
	Window    string   `json:"window"`
	Recording float64  `json:"recording"`
	Drawn     float64  `json:"drawn"`
	Law       *float64 `json:"law,omitempty"`
}

// Compared is a file that was put beside.
type Compared struct {
	File    string          `json:"file"`
	JS      float64         `json:"js_nats"` // plug-in, of its windows
	Summary metrics.Summary `json:"summary"`
}

// Choice says whether a generator's law is exact or drawn.
type Choice int

// The choices: drawn where Options say from how many windows and otherwise within reach;
// exact where that is within reach; drawn in any case; exact or an error.
const (
	ByWindows Choice = iota
	WithinReach
	Drawn
	Exact
)

// OutOfReach says why the exact law that was asked for is not to be had.
type OutOfReach struct{ Reason string }

// Error says that exactness was asked for, and why it is not to be had.
func (e *OutOfReach) Error() string { return "exact: " + e.Reason }

// Named is the text with the option as show spells it.
func (e *OutOfReach) Named(show func(name string) string) string {
	return show("exact") + ": " + e.Reason
}

// Options say how something is evaluated.
type Options struct {
	Windows int    // drawn from a generator; 0: UsualWindows, under noise NoisyWindows
	Law     Choice // of a generator
	Seed    uint64 // of all draws
	Compare []Sample
	Noise   *Noise // of a generator; nil: none
	// Baselines are those of [ScoreBaselines] that the verdict holds it against; nil: those
	// that take no time.
	Baselines []string
	// Windowed leaves out what takes whole repeats, of which a training has told already: the
	// verdict, and the likelihoods of bins given those before.
	Windowed bool
}

// UsualWindows are as many as are drawn without noise where nothing says how many.
const UsualWindows = 100000

// settled are the options with what they leave open.
func (o Options) settled() Options {
	if o.Law == ByWindows {
		o.Law = WithinReach
		if o.Windows > 0 {
			o.Law = Drawn
		}
	}
	if o.Windows == 0 {
		o.Windows = UsualWindows
		if o.Noise != nil {
			o.Windows = NoisyWindows
		}
	}
	return o
}

// Evaluate draws from the generator, measures its law, exact where that is within reach
// and wanted, and compares both with the recording. name is what the generator is called.
func (g *Generator) Evaluate(ctx context.Context, name string, rec *metrics.Recording, o Options) (*Evaluation, error) {
	o = o.settled()
	if err := (ScoreOptions{Baselines: o.Baselines}).known(); err != nil {
		return nil, err
	}
	n := training.CountParameters(g.Config)
	e := &Evaluation{What: name, Latent: Latent(g.Config), Parameters: &n, Chosen: &g.Chosen, Size: Size(g.Config)}
	if g.Config.Populates() {
		e.Simulated = Simulated
	}
	s := Sample{Name: name}
	var err error
	if o.Noise != nil {
		s.Raster, err = e.underNoise(ctx, g, rec, o)
	} else {
		if !o.Windowed {
			s.Likelihood = g.Likelihood()
		}
		s.Raster, err = g.Sample(ctx, nil, training.Sampling{Samples: o.Windows, Seed: o.Seed})
		switch {
		case err != nil:
		case o.Law != Drawn:
			err = e.exact(ctx, g, rec, o)
		case !o.Windowed:
			err = g.likelihoods(ctx, rec, &e.Law)
		}
	}
	if err != nil {
		return nil, err
	}
	return e, e.fill(ctx, s, rec, g.Config.Timesteps, o, &g.Config, func(j judge) (contestant, error) {
		if o.Noise != nil {
			return j.measured(name, g, s.Raster)
		}
		return j.drawn(ctx, name, g, s.Raster, e.Law)
	})
}

// EvaluateSamples compares spike trains with the recording, in windows of t bins.
func EvaluateSamples(ctx context.Context, s Sample, rec *metrics.Recording, t int, o Options) (*Evaluation, error) {
	if o.Law == Exact {
		return nil, &OutOfReach{"spike trains have no law of their own, only samples"}
	}
	if err := (ScoreOptions{Baselines: o.Baselines}).known(); err != nil {
		return nil, err
	}
	e := &Evaluation{What: s.Name}
	return e, e.fill(ctx, s, rec, t, o, nil, func(j judge) (contestant, error) { return j.contestant(ctx, Subject{Path: s.Name, Samples: s.Raster}) })
}

// exact takes over the figures of the exact law, or says why there are none.
func (e *Evaluation) exact(ctx context.Context, g *Generator, rec *metrics.Recording, o Options) error {
	law, err := g.Law(ctx, rec, o.Seed)
	switch {
	case err != nil:
		return err
	case law.Method == "exact":
		e.Law = law
	case o.Law == Exact:
		return &OutOfReach{law.Note}
	default:
		e.Note, e.LatentJS = law.Note, law.LatentJS
		e.LogLikelihood, e.LogLikelihoodHeldOut = law.LogLikelihood, law.LogLikelihoodHeldOut
	}
	return nil
}

// How says in words what the law's distance comes from: an exact average over so many
// latent vectors or pasts, or why none is needed, or windows that were drawn.
func (e *Evaluation) How() string {
	memory := e.Parameters != nil && e.Parameters.Memory+e.Parameters.Stimulus > 0
	switch {
	case e.Method == "plugin":
		floor := "–"
		if e.Null != nil {
			floor = fmt.Sprintf("%.3g", *e.Null)
		}
		return fmt.Sprintf("of %d drawn windows; as many of the recording's own law: %s", e.Samples, floor)
	case e.Latents == 1 && memory:
		return "exact; the memory begins anew with each window"
	case e.Latents == 1:
		return "exact; the latent vector is not used"
	case memory:
		return fmt.Sprintf("exact, %d pasts", e.Latents)
	}
	return fmt.Sprintf("exact, %d latent vectors", e.Latents)
}

// bootstrapDraws are the resamples of an error and the samples of a floor.
const bootstrapDraws = 40

// fill judges and measures, side by side. config is that of a generator, of says how it, or
// samples, are judged.
func (e *Evaluation) fill(ctx context.Context, drawn Sample, rec *metrics.Recording, t int, o Options, config *training.Config, of func(judge) (contestant, error)) error {
	if drawn.Raster.BinWidth == 0 {
		drawn.Raster.BinWidth = rec.Train.BinWidth
	}
	whole, wait := drawn.Raster, func() error { return nil }
	if !o.Windowed {
		wait = e.judge(ctx, rec, o, config, func(j judge) (contestant, error) {
			c, err := of(j)
			if err == nil {
				whole = c.Samples
			}
			return c, err
		})
	}
	err := e.measure(ctx, drawn, rec, t, o)
	e.Whole = wholeRepeats(rec.Train, whole)
	if err2 := wait(); err == nil {
		err = err2
	}
	if text := saturated(e.JS); text != "" {
		e.Verdict = append(e.Verdict, text)
	}
	return err
}

// measure computes all that is known of samples alone: statistics, what their law is
// estimated to be, baselines, what is put beside, and statistics in time. Where there is
// no exact law, the plug-in distance is the law's.
func (e *Evaluation) measure(ctx context.Context, drawn Sample, rec *metrics.Recording, t int, o Options) error {
	e.Schema, e.Seed, e.Timesteps = "qgan.evaluate/v1", o.Seed, t
	source := rec.Train.Source
	e.Data, e.DataSHA256, e.Neurons, e.Names, e.Labels = source.Path, source.SHA256, source.Neurons, source.Units, rec.Train.Labels()
	w, err := rec.Windows(metrics.Trained, t)
	if err != nil {
		return err
	}
	dw, err := windowsOf(drawn.Raster, t)
	if err != nil {
		return err
	}
	sum := metrics.Summarize(dw)
	e.RatesHz, e.Covariance, e.KProbability = sum.RatesHz, sum.Covariance, sum.KProbability
	e.Autocorrelogram, e.Undefined, e.Drawn = sum.Autocorrelogram, sum.Undefined, dw.Len()
	e.Recording = metrics.Summarize(w)
	e.Spiking.Drawn, e.Spiking.Recording = metrics.SummarizeSpiking(dw), metrics.SummarizeSpiking(w)
	if e.Errors, err = metrics.CompareSpikeGAN(rec.Train, drawn.Raster, t); err != nil {
		return err
	}
	if rec.Train.Neurons > metrics.MaxCounted {
		e.Method, e.Note, e.PSilent = "none", uncounted(rec.Train.Neurons), metrics.PSilent(dw)
		e.Baselines, e.States = []metrics.BaselineResult{}, []WindowState{}
	} else if err := e.fillLaws(rec, dw, o); err != nil {
		return err
	}
	if e.Time, err = InTime(ctx, rec, t, o.Seed, []Sample{drawn}, o.Compare); err != nil {
		return err
	}
	e.Standing, err = standing(rec, &e.Law, e.Baselines, e.Time.Results[0], e.Time.Results[1:])
	return err
}

// fillLaws computes what is known of the law of the drawn windows.
func (e *Evaluation) fillLaws(rec *metrics.Recording, dw spikes.Windows, o Options) error {
	t := e.Timesteps
	law, err := rec.Law(metrics.Trained, t)
	if err != nil {
		return err
	}
	dlaw, err := metrics.CountStates(dw)
	if err != nil {
		return err
	}
	e.Entropy = law.Entropy()
	if err := e.listStates(rec, law, dlaw); err != nil {
		return err
	}
	if e.Estimate, err = metrics.EstimateJS(law, dlaw, stream.New(o.Seed, "estimate"), bootstrapDraws); err != nil {
		return err
	}
	if e.Baselines, err = rec.Baselines(t, briefBaselines(t)); err != nil {
		return err
	}
	if e.Method != "exact" {
		if err := e.plugIn(rec, dlaw); err != nil {
			return err
		}
	}
	return e.compareWith(o.Compare, law)
}

// plugIn takes the law's figures from drawn windows, beside their floor.
func (e *Evaluation) plugIn(rec *metrics.Recording, drawn *metrics.States) error {
	x := e.Estimate
	e.Method, e.Samples, e.PSilent = "plugin", drawn.Total, drawn.PSilent()
	e.JS, e.JSBits, e.StdErr, e.Null = &x.JSNats, metrics.FiniteOrNil(metrics.Bits(x.JSNats)), &x.StdErr, &x.NullFloor
	if err := e.expect(rec, drawn.Timesteps, float64(drawn.Total)); err != nil {
		return err
	}
	against := func(p metrics.Part) (*float64, error) {
		part, err := rec.Law(p, drawn.Timesteps)
		if err != nil {
			return nil, err
		}
		x, err := metrics.JSStates(part, drawn)
		return metrics.FiniteOrNil(x), err
	}
	var err error
	if rec.Held != nil {
		if e.HeldOut, err = against(metrics.HeldOut); err != nil {
			return err
		}
	}
	if rec.All.Repeats < 2 {
		return nil
	}
	floor, err := rec.Floor(drawn.Timesteps)
	if err != nil {
		return err
	}
	e.Floor = &floor
	if e.Odd, err = against(metrics.Odd); err != nil {
		return err
	}
	e.Even, err = against(metrics.Even)
	return err
}

// listedStates are the windows that are listed.
const listedStates = 64

// listStates lists the recording's most frequent windows.
func (e *Evaluation) listStates(rec *metrics.Recording, data, drawn *metrics.States) error {
	order := make([]int, data.Len())
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return data.Counts[b] - data.Counts[a] })
	var law []float64
	if e.Law.Estimate != nil {
		all, err := rec.Law(metrics.All, data.Timesteps)
		if err != nil {
			return err
		}
		law = data.Among(all, e.Law.Estimate.Seen)
	}
	e.States = []WindowState{}
	for _, i := range order[:min(listedStates, len(order))] {
		words := make([]string, data.Timesteps)
		for k, w := range data.Window(i) {
			words[k] = fmt.Sprintf("%0*b", data.Neurons, w)
		}
		x := WindowState{Window: strings.Join(words, "|"), Recording: data.Prob(i)}
		if k := drawn.Find(data.Window(i)); k >= 0 {
			x.Drawn = drawn.Prob(k)
		}
		if law != nil {
			x.Law = &law[i]
		}
		e.States = append(e.States, x)
	}
	return nil
}

// compareWith computes the statistics of what is put beside.
func (e *Evaluation) compareWith(beside []Sample, data *metrics.States) error {
	for _, s := range beside {
		w, law, err := windows(s.Raster, e.Timesteps)
		if err != nil {
			return fmt.Errorf("%s: %w", s.Name, err)
		}
		js, err := metrics.JSStates(data, law)
		if err != nil {
			return err
		}
		e.Compared = append(e.Compared, Compared{s.Name, js, metrics.Summarize(w)})
	}
	if len(e.Compared) > 0 {
		e.Compare, e.CompareJS = &e.Compared[0].Summary, &e.Compared[0].JS
	}
	return nil
}

// CovarianceError is the largest difference between the covariances of a pair of what was
// drawn and of the recording.
func (e *Evaluation) CovarianceError() float64 {
	worst := 0.0
	for i := range e.Covariance {
		for j := range i {
			worst = max(worst, math.Abs(e.Covariance[i][j]-e.Recording.Covariance[i][j]))
		}
	}
	return worst
}

// AutocorrelogramError is the sum over lags of the differences between what was drawn and
// the recording.
func (e *Evaluation) AutocorrelogramError() float64 {
	sum := 0.0
	for i, x := range e.Autocorrelogram {
		sum += math.Abs(x - e.Recording.Autocorrelogram[i])
	}
	return sum
}

// TimestepsOf is the length of window that samples are compared in where nothing says
// it: their own, at most [LongWindow] and at most so many bins.
func TimestepsOf(samples *spikes.Raster, most int) int {
	return min(samples.Bins, LongWindow, most)
}
