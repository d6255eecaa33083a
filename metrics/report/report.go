// Package report draws what a person looks at after a run: the law of windows,
// the distance over training, rasters and statistics beside the recording, as
// PNG and SVG and as one HTML page that needs no network.
//
// It computes no metric. The caller hands in an [Input] of figures that package
// metrics made, [Write] lays them out:
//
//	figure2             the states on a linear axis, the first four of them, and the distance over training
//	state_distribution  the most probable windows of the recording, each with its probability in every model
//	js_curve            distance against training step, with the baselines as lines
//	rasters             equal numbers of bins of the recording and of each model's draws
//	statistics          rates, covariances, k-probability and autocorrelogram
//	time                lag covariances, spikes in a window, silence and bursts
//	psth                rate against the time in a repeat
//	psth_cells          that of each neuron, of models with whole repeats
//	pairs               signal, noise and lagged correlations of pairs, of the same
//	training            losses, spikes and silence against training step
//	parameters          numbers of parameters against neurons
//
// [WriteGrid] puts runs of several sizes beside each other, [WriteStudy] makes the page of a
// study, and [WriteScore] that of what a referee of package score says of samples.
//
// What is missing from the input is left out or said in words in its place; the
// page says which. The same input gives the same bytes.
package report

import (
	"errors"
	"fmt"
	"io"
	"math"
	"path/filepath"
	"slices"
	"strconv"

	"qgan/metrics"
	"qgan/metrics/spikes"
)

// MaxModels is the number of models that one report compares: as many as the
// palette keeps apart.
const MaxModels = 4

// Model is one model beside the recording.
type Model struct {
	Name string // for example "deep, seed 1"
	// Summary holds the statistics of the drawn samples.
	Summary metrics.Summary
	// Time compares the samples with the recording in time; without figures and
	// summary there is nothing to show.
	Time metrics.TimeResult
	// Seen is the model's probability of each window of Input.States; nil where
	// the law is not known.
	Seen []float64
	// Samples are drawn windows, one a repeat, or joined one after the other in
	// longer repeats; nil: the model has no raster.
	Samples *spikes.Raster
	// Whole says that the samples are whole repeats, bin for bin those of the recording:
	// they are compared with it over the time in a repeat.
	Whole bool

	JSNats   float64 // Jensen-Shannon divergence of the law to the recording's, nats
	JSStdErr float64 // standard error of JSNats; 0: exact
	JSValid  bool    // whether JSNats is known
	JSReason string  // why not
	// HeldOutNats is the divergence to the repeats held out; nil: there are none, or it is
	// not known.
	HeldOutNats *float64
	// Perfect is what a perfect model is expected to score, known as this one's law is: in
	// JSNats and in HeldOutNats; nil: not known.
	Perfect, PerfectHeldOut *float64
	// Null is what as many draws of the recording's own law score, where the
	// divergence is that of draws; 0: it is that of the law.
	Null       float64
	Parameters int // trained ones; 0: not known
	// Standing says in a sentence whether the model is better than simple ones; empty: not
	// known.
	Standing string
}

// Population is a simple model's law of the number of active neurons of a bin.
type Population struct {
	Name         string
	KProbability []float64
}

// CurvePoint is the distance to the recording after a training step.
type CurvePoint struct {
	Step int
	JS   float64 // nats
}

// Input is all that a report shows. The zero value of a field says that there is
// nothing to show.
type Input struct {
	Title string
	Lines []string // facts printed under the title: data and hash, seed, latent scale ...

	States      *metrics.States // the recording's law of windows
	Data        metrics.Summary // the recording's statistics, over windows as long as the models'
	DataWindows spikes.Windows  // the recording
	// Half holds the same statistics of other repeats, or of half of them, which says how
	// far chance goes; HalfName says which. nil: not known.
	Half     *metrics.Summary
	HalfName string
	// Populations are simple models' laws of the number of active neurons.
	Populations []Population

	// DataTime holds the recording's statistics in time; nil: not known.
	DataTime *metrics.TimeSummary
	// References stand beside the models in time: the floor, simple models, files.
	References []metrics.TimeResult

	Models     []Model // at most MaxModels
	Curves     [][]CurvePoint
	Training   [][]TrainingPoint // of Models, in the same order
	Parameters []ParameterLine   // how models grow with the number of neurons
	HeldOut    bool              // repeats were held out
	Floor      *float64          // distance between the halves of the recording, nats
	Baselines  []metrics.BaselineResult
	BinWidth   float64 // seconds; 0: not known

	// Scores is the judgement of the models by repeats that they were not fitted to, in the
	// order of Models; nil: there is none, and Unjudged says why.
	Scores   *Scores
	Unjudged string
}

// Write writes the figures named above, each as .png and .svg, and the page index.html into the folder dir, which must
// exist. It returns the paths written, in order. The caller's write makes a file
// of what the function it is given writes; it decides how files come to be whole
// or not at all.
//
// Curves belong to Models in the same order. Write fails if there are more than
// [MaxModels] models, if shapes disagree, and where write does.
func Write(dir string, in Input, write func(path string, f func(io.Writer) error) error) ([]string, error) {
	if err := in.check(); err != nil {
		return nil, fmt.Errorf("report: %w", err)
	}
	in = in.cleaned()
	figs := in.figures()
	return writeAll(dir, &heading{title: in.Title, lines: in.Lines}, figs, func(w io.Writer) error { return in.page(w, figs) }, write)
}

// writeAll writes the files of the figures that can be drawn, and the page, and returns
// their paths.
func writeAll(dir string, head *heading, figs []*figure, page func(io.Writer) error, write func(path string, f func(io.Writer) error) error) ([]string, error) {
	var paths []string
	put := func(name string, f func(io.Writer) error) error {
		path := filepath.Join(dir, name)
		if err := write(path, f); err != nil {
			return fmt.Errorf("report: %w", err)
		}
		paths = append(paths, path)
		return nil
	}
	for _, f := range figs {
		if f.missing != "" {
			continue
		}
		if err := put(f.name+".png", func(w io.Writer) error { return f.png(w, head) }); err != nil {
			return paths, err
		}
		if err := put(f.name+".svg", func(w io.Writer) error { return f.svg(w, head) }); err != nil {
			return paths, err
		}
	}
	err := put("index.html", page)
	return paths, err
}

// figures returns all figures, those that cannot be drawn with a reason.
func (in *Input) figures() []*figure {
	return slices.Concat(
		[]*figure{in.paperFigure(), in.stateFigure(), in.curveFigure(), in.rasterFigure(), in.statisticsFigure(), in.timeFigure(), in.psthFigure()},
		in.repeatFigures(),
		[]*figure{in.trainingFigure(), in.parametersFigure()},
	)
}

// check refuses what no layout can make sense of.
func (in *Input) check() error {
	if len(in.Models) > MaxModels {
		return fmt.Errorf("%d models: at most %d can be told apart in one report", len(in.Models), MaxModels)
	}
	if in.Scores != nil {
		if err := in.Scores.check(); err != nil {
			return err
		}
	}
	neurons, t := in.shape()
	for i, m := range in.Models {
		name := fmt.Sprintf("model %d (%q)", i+1, m.Name)
		if m.Seen != nil && (in.States == nil || len(m.Seen) != in.States.Len()) {
			return fmt.Errorf("%s: %d probabilities, which are not those of the recording's windows", name, len(m.Seen))
		}
		if s := m.Samples; s != nil && t > 0 && (s.Neurons != neurons || s.Bins < t) {
			return fmt.Errorf("%s: samples of %d neurons x %d bins beside a recording of %d neurons in windows of %d bins", name, s.Neurons, s.Bins, neurons, t)
		}
		if n := m.Summary.Neurons; n != 0 && in.Data.Neurons != 0 && n != in.Data.Neurons {
			return fmt.Errorf("%s: statistics of %d neurons beside %d of the recording", name, n, in.Data.Neurons)
		}
	}
	if err := in.checkWhole(); err != nil {
		return err
	}
	if in.States != nil && in.DataWindows.Raster != nil && (in.States.Neurons != neurons || in.States.Timesteps != t) {
		return errors.New("the law of windows and the recording differ in neurons or timesteps")
	}
	return nil
}

// shape returns the number of neurons and of bins of a window, 0 if not known.
func (in *Input) shape() (neurons, timesteps int) {
	switch {
	case in.DataWindows.Raster != nil:
		return in.DataWindows.Neurons, in.DataWindows.T
	case in.States != nil:
		return in.States.Neurons, in.States.Timesteps
	}
	return in.Data.Neurons, in.Data.Timesteps
}

// cleaned returns the input with all its texts fit for XML.
func (in Input) cleaned() Input {
	in.Title, in.Unjudged = clean(in.Title), clean(in.Unjudged)
	if in.Scores != nil {
		s := in.Scores.cleaned()
		in.Scores = &s
	}
	lines := make([]string, len(in.Lines))
	for i, l := range in.Lines {
		lines[i] = clean(l)
	}
	in.Lines = lines
	models := make([]Model, len(in.Models))
	copy(models, in.Models)
	for i := range models {
		m := &models[i]
		m.Name, m.JSReason = clean(m.Name), clean(m.JSReason)
		if m.Name == "" {
			m.Name = fmt.Sprintf("model %d", i+1)
		}
		if m.JSValid && !finite(m.JSNats) {
			m.JSValid, m.JSReason = false, "no finite value"
		}
	}
	in.Models = models
	references := make([]metrics.TimeResult, len(in.References))
	copy(references, in.References)
	for i := range references {
		references[i].Name = clean(references[i].Name)
	}
	in.References, in.HalfName = references, clean(in.HalfName)
	populations := make([]Population, len(in.Populations))
	for i, p := range in.Populations {
		populations[i] = Population{clean(p.Name), p.KProbability}
	}
	in.Populations = populations
	if in.Floor != nil && !finite(*in.Floor) {
		in.Floor = nil
	}
	return in
}

// jsText is the model's distance in nats with its standard error, or why there
// is none.
func (m *Model) jsText() string {
	switch {
	case m.JSValid:
		return withError(m.JSNats, m.JSStdErr) + " nats"
	case m.JSReason != "":
		return "not known (" + m.JSReason + ")"
	}
	return "not known"
}

// neuronNames are the neurons' names in the recording, or else their numbers, counted from
// 0.
func (in *Input) neuronNames() []string {
	n, _ := in.shape()
	if r := in.DataWindows.Raster; r != nil && r.Neurons == n {
		return r.Labels()
	}
	names := make([]string, n)
	for i := range names {
		names[i] = strconv.Itoa(i)
	}
	return names
}

// binText is the bin as a unit, "bins of 20 ms" or "bins".
func (in *Input) binText() string {
	if in.BinWidth > 0 && finite(in.BinWidth) {
		return fmt.Sprintf("bins of %.3g ms", 1000*in.BinWidth)
	}
	return "bins"
}

// finite reports whether a number can be drawn.
func finite(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }
