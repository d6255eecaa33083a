package assess

import (
	"context"
	"fmt"
	"math"
	"math/bits"
	"path/filepath"
	"slices"

	"qgan/internal/stream"
	"qgan/internal/words"
	"qgan/metrics"
	"qgan/metrics/report"
	"qgan/metrics/spikes"
	"qgan/training"
)

// reportSamples is the number of windows drawn for the statistics of a report.
const reportSamples = 50000

// mostReportBits bounds n·t for which a report fits all baselines: beyond, those of a
// table of all windows take minutes.
const mostReportBits = 16

// Subject is what a report is about: a generator with its law, or spike trains.
type Subject struct {
	Path      string     // of the run directory or the file
	Generator *Generator // nil: samples
	Law       Law        // of the generator; of samples what their windows tell of it
	Samples   *spikes.Raster
	Standing  Standing // beside simple models, as Input finds it
	Verdict   []string // of repeats that it was not fitted to, as Input finds it; nil: none
}

// Subjects are generators and spike trains of windows of one size of a recording, which
// share a page of a report.
type Subjects struct {
	Recording *metrics.Recording
	Timesteps int
	Seed      uint64
	Subjects  []Subject
	Beside    []Sample // in time
	Brief     bool     // few baselines, as at the end of training
}

// AddGenerator measures the law of a generator and adds it.
func (s *Subjects) AddGenerator(ctx context.Context, path string, g *Generator) error {
	law, err := g.Law(ctx, s.Recording, g.Config.Seed)
	if err != nil {
		return err
	}
	s.Subjects = append(s.Subjects, Subject{Path: path, Generator: g, Law: law})
	return nil
}

// rows are the figures of the generator's training; none of a generator of no run.
func (g *Generator) rows() ([]training.Row, error) {
	if g.Run == nil {
		return nil, nil
	}
	return g.Run.Rows()
}

// Input draws from the generators and computes all that a report shows.
func (s *Subjects) Input(ctx context.Context) (report.Input, error) {
	t, rec := s.Timesteps, s.Recording
	w, err := rec.Windows(metrics.Trained, t)
	if err != nil {
		return report.Input{}, err
	}
	in := report.Input{
		Title: s.title(),
		Lines: []string{
			fmt.Sprintf("recording: %s, sha256 %s", rec.Train.Source.Path, rec.Train.Source.SHA256),
			fmt.Sprintf("neurons %s, %s of %s", words.Names(rec.Train.Labels()), words.Count(rec.Train.Repeats, "repeat"), words.Count(rec.Train.Bins, "bin")),
		},
		Data: metrics.Summarize(w), DataWindows: w, BinWidth: rec.Train.BinWidth,
		HeldOut: rec.Held != nil, Parameters: s.parameterLines(),
	}
	if rec.Train.Neurons <= metrics.MaxCounted {
		if err := s.laws(&in); err != nil {
			return in, err
		}
	}
	if err := s.chance(&in); err != nil {
		return in, err
	}
	for i := range s.Subjects {
		if err := s.add(ctx, &in, &s.Subjects[i]); err != nil {
			return in, err
		}
	}
	if s.population() != nil {
		in.Lines = append(in.Lines, Simulated)
	}
	if err := s.judge(ctx, &in); err != nil {
		return in, err
	}
	return in, s.inTime(ctx, &in)
}

// Simulated says of the circuits of a population what no page or table may leave open.
const Simulated = "circuits of few layers along a chain are simulated easily, cell by cell, whatever their number: none of this needs a quantum processor"

// title says what is compared: windows, or whole repeats where all know the time in them.
func (s *Subjects) title() string {
	of := words.Count(s.Timesteps, "timestep")
	if len(s.Subjects) > 0 && !slices.ContainsFunc(s.Subjects, func(x Subject) bool { return !s.whole(x) }) {
		of = "whole repeats of " + words.Count(s.Recording.Train.Bins, "bin")
	}
	return fmt.Sprintf("Spike trains of %s, %s", words.Count(s.Recording.Train.Neurons, "neuron"), of)
}

// population is the configuration of the first population; nil: there is none.
func (s *Subjects) population() *training.Config {
	for _, x := range s.Subjects {
		if g := x.Generator; g != nil && g.Config.Populates() {
			return &g.Config
		}
	}
	return nil
}

// tied says what ties the qubits of a population.
func tied(c training.Config) string {
	switch {
	case c.Product:
		return "product circuit"
	case c.Entangler == training.EntanglerPair:
		return "pair rotations"
	}
	return "chain of CNOTs"
}

// whole says whether samples of a subject are whole repeats of the recording, bin for bin:
// those of a generator that knows the time in one, and files as long.
func (s *Subjects) whole(x Subject) bool {
	train := s.Recording.Train
	if g := x.Generator; g != nil {
		return g.Config.Stimulus == training.StimulusRepeat && g.Config.StimulusBins == train.Bins
	}
	return train.Repeats > 1 && x.Samples.Bins == train.Bins && train.Bins > s.Timesteps
}

// laws adds the law of the recording's windows and simple models of it.
func (s *Subjects) laws(in *report.Input) error {
	t, rec := s.Timesteps, s.Recording
	var err error
	if in.States, err = rec.Law(metrics.Trained, t); err != nil {
		return err
	}
	opt := briefBaselines(t)
	if !s.Brief && in.States.Bits() <= mostReportBits {
		opt = metrics.BaselineOptions{Rand: stream.New(s.Seed, "report")}
	}
	if in.Baselines, err = rec.Baselines(t, opt); err != nil || rec.All.Repeats < 2 {
		return err
	}
	floor, err := rec.Floor(t)
	in.Floor = &floor
	return err
}

// judge judges all by the repeats held out, or else by every other one.
func (s *Subjects) judge(ctx context.Context, in *report.Input) error {
	config := s.population()
	if s.Brief {
		config = nil
	}
	o := verdictOptions(s.Recording, s.Seed, nil, config)
	o.Page, o.Config = true, config
	if !s.Brief {
		o.Resamples = 0 // as many as of a score
	}
	if len(s.Subjects) == 0 {
		return nil
	}
	j, err := newJudge(s.Recording, o)
	var all []contestant
	for i := 0; err == nil && i < len(s.Subjects); i++ {
		x, m := &s.Subjects[i], in.Models[i]
		var c contestant
		if x.Generator == nil {
			c, err = j.contestant(ctx, Subject{Path: m.Name, Samples: x.Samples})
		} else {
			c, err = j.drawn(ctx, m.Name, x.Generator, m.Samples, x.Law)
		}
		all = append(all, c)
	}
	var scores *Scores
	if err == nil {
		scores, err = j.judge(ctx, all)
	}
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil:
		in.Unjudged = err.Error()
		return nil
	}
	in.Scores = scores.page
	in.Scores.Lines = in.Scores.Lines[2:] // the page says which recording and which neurons
	for i := range s.Subjects {
		s.Subjects[i].Verdict = scores.Judged[i].Verdict
	}
	return nil
}

// mostIsingCells bounds the neurons of a report's Ising law of single bins.
const mostIsingCells = 12

// chance adds what statistics are held against: other repeats of the recording, and simple
// models' numbers of active neurons.
func (s *Subjects) chance(in *report.Input) error {
	var other *spikes.Raster
	switch rec := s.Recording; {
	case rec.Held != nil:
		other, in.HalfName = rec.Held, "repeats held out"
	case rec.All.Repeats > 1:
		_, other = rec.All.Halves()
		in.HalfName = "even repeats"
	}
	if other != nil {
		w, err := other.Windows(s.Timesteps)
		if err != nil {
			return err
		}
		half := metrics.Summarize(w)
		in.Half = &half
	}
	independent := []float64{1}
	for _, p := range in.Data.MeanPerBin {
		next := make([]float64, len(independent)+1)
		for k, q := range independent {
			next[k] += q * (1 - p)
			next[k+1] += q * p
		}
		independent = next
	}
	in.Populations = []report.Population{{Name: "independent", KProbability: independent}}
	if n := s.Recording.Train.Neurons; n > 1 && n <= mostIsingCells {
		law, err := s.Recording.Law(metrics.Trained, 1)
		if err != nil {
			return err
		}
		if ising, err := metrics.FitIsing(law); err == nil { // else there is none of this recording
			active := make([]float64, n+1)
			for w, p := range ising.Table() {
				active[bits.OnesCount(uint(w))] += p
			}
			in.Populations = append(in.Populations, report.Population{Name: "Ising of a bin", KProbability: active})
		}
	}
	return nil
}

// add adds a generator or samples to the input.
func (s *Subjects) add(ctx context.Context, in *report.Input, x *Subject) error {
	if x.Generator == nil {
		return s.addSamples(in, x)
	}
	g := x.Generator
	r, err := g.Sample(ctx, nil, training.Sampling{Samples: reportSamples, Seed: g.Config.Seed})
	if err != nil {
		return err
	}
	drawn, err := r.Windows(s.Timesteps)
	if err != nil {
		return err
	}
	name := fmt.Sprintf("%s, seed %d", g.Config.Preset, g.Config.Seed)
	if g.Config.Populates() {
		name += ", " + tied(g.Config)
	} else if g.Config.KLoss != training.KOff {
		name += fmt.Sprintf(", K-loss %s", g.Config.KLoss)
	} else if len(s.Subjects) > 1 {
		name += ", standard loss"
	}
	for _, other := range in.Models {
		if other.Name == name {
			name += ", " + filepath.Base(x.Path)
			break
		}
	}
	line := fmt.Sprintf("%s: %s; %s; readout %s", name, x.Path, Size(g.Config), g.Config.Readout)
	if js := x.Law.LatentJS; js != nil && !g.Config.Populates() {
		line += fmt.Sprintf("; JS of two latent vectors %.3g nats", *js)
	}
	line += "; " + g.Chosen.String()
	if js := x.Law.HeldOut; js != nil {
		line += fmt.Sprintf("; JS to the repeats not trained on %.3g nats", *js)
	}
	in.Lines = append(in.Lines, line)
	rows, err := g.rows()
	if err != nil {
		return err
	}
	for _, text := range Added(rows, g.Chosen.Repeats) {
		in.Lines = append(in.Lines, name+": "+text)
	}
	if text := g.Stranger(s.Recording); text != "" {
		in.Lines = append(in.Lines, name+": "+text)
	}
	model := report.Model{Name: name, Summary: metrics.Summarize(drawn), Samples: r, Whole: s.whole(*x), Parameters: g.Model.Parameters(), HeldOutNats: x.Law.HeldOut, Perfect: x.Law.Perfect, PerfectHeldOut: x.Law.PerfectHeldOut}
	switch e := x.Law.Estimate; {
	case in.States == nil:
		model.JSReason = uncounted(s.Recording.Train.Neurons)
	case e != nil && x.Law.JS != nil:
		model.JSValid, model.JSNats, model.JSStdErr = true, *x.Law.JS, e.JSStdErr
		all, err := s.Recording.Law(metrics.All, s.Timesteps)
		if err != nil {
			return err
		}
		model.Seen = in.States.Among(all, e.Seen)
	default:
		if _, err := byDraws(&model, in.States, drawn, g.Config.Seed); err != nil {
			return err
		}
	}
	in.Models = append(in.Models, model)
	var curve []report.CurvePoint
	var points []report.TrainingPoint
	for _, row := range rows {
		if row.JSNats != nil {
			curve = append(curve, report.CurvePoint{Step: row.Step, JS: *row.JSNats})
		}
		points = append(points, report.TrainingPoint{
			Step: row.Step, Critic: row.CriticLoss, Generator: row.Generator, Wasserstein: row.Wasserstein, Count: row.Count, PSilent: row.PSilent, Score: row.Score,
		})
	}
	in.Curves, in.Training = append(in.Curves, curve), append(in.Training, points)
	return nil
}

// addSamples adds spike trains.
func (s *Subjects) addSamples(in *report.Input, x *Subject) error {
	drawn, err := windowsOf(x.Samples, s.Timesteps)
	if err != nil {
		return fmt.Errorf("%s: %w", x.Path, err)
	}
	if x.Samples.BinWidth == 0 {
		x.Samples.BinWidth = in.BinWidth
	}
	model := report.Model{Name: filepath.Base(x.Path), Summary: metrics.Summarize(drawn), Samples: x.Samples, Whole: s.whole(*x)}
	if in.States == nil {
		model.JSReason = uncounted(s.Recording.Train.Neurons)
		x.Law = Law{Method: "none", Note: model.JSReason, PSilent: model.Summary.PSilent}
	} else if err := s.lawOfDraws(in, x, &model, drawn); err != nil {
		return fmt.Errorf("%s: %w", x.Path, err)
	}
	in.Lines = append(in.Lines, fmt.Sprintf("%s: %s of %s", model.Name, words.Count(x.Samples.Repeats, "sample"), words.Count(x.Samples.Bins, "bin")))
	in.Models = append(in.Models, model)
	in.Curves, in.Training = append(in.Curves, nil), append(in.Training, nil)
	return nil
}

// lawOfDraws takes the figures of spike trains' law from their windows.
func (s *Subjects) lawOfDraws(in *report.Input, x *Subject, m *report.Model, drawn spikes.Windows) error {
	law, err := byDraws(m, in.States, drawn, s.Seed)
	if err != nil {
		return err
	}
	x.Law = Law{JS: &m.JSNats, StdErr: &m.JSStdErr, Null: &m.Null, Floor: in.Floor, Method: "plugin"}
	if s.Recording.Held == nil {
		return nil
	}
	held, err := s.Recording.Law(metrics.HeldOut, s.Timesteps)
	if err != nil {
		return err
	}
	js, err := metrics.JSStates(held, law)
	x.Law.HeldOut, m.HeldOutNats = &js, &js
	return err
}

// byDraws takes the divergence from drawn windows, and returns their law.
func byDraws(m *report.Model, data *metrics.States, drawn spikes.Windows, seed uint64) (*metrics.States, error) {
	law, err := metrics.CountStates(drawn)
	if err != nil {
		return nil, err
	}
	e, err := metrics.EstimateJS(data, law, stream.New(seed, "estimate"), 20)
	if err != nil {
		return nil, err
	}
	m.JSValid, m.JSNats, m.JSStdErr, m.Null = true, e.JSNats, e.StdErr, e.NullFloor
	m.Seen = make([]float64, data.Len())
	for i := range m.Seen {
		if k := law.Find(data.Window(i)); k >= 0 {
			m.Seen[i] = law.Prob(k)
		}
	}
	return law, nil
}

// parameterLines count the parameters of generators, simple models and a neural net
// by the number of neurons.
func (s *Subjects) parameterLines() []report.ParameterLine {
	t := s.Timesteps
	lines := []report.ParameterLine{{Name: "the paper's circuits, 8nt"}, {Name: "Ising"}, {Name: "full table"}, {Name: "fully connected net, 64 hidden units"}}
	own := -1
	for i, x := range s.Subjects {
		if x.Generator != nil {
			own = i
			lines = append(lines, report.ParameterLine{Name: "this generator's settings"})
			break
		}
	}
	const most = 20
	for n := 1; n <= max(most, s.Recording.Train.Neurons); n++ {
		counts := []float64{
			float64(8 * n * t), float64(n*t*(n*t+1)) / 2, math.Pow(2, float64(n*t)) - 1,
			float64(training.NewFullyConnected(n, t, 64).Parameters()),
		}
		if own >= 0 {
			c := s.Subjects[own].Generator.Config
			c.Neurons = n
			p := training.CountParameters(c)
			counts = append(counts, float64(p.Generator()))
		}
		for i := range lines {
			lines[i].Neurons, lines[i].Count = append(lines[i].Neurons, n), append(lines[i].Count, counts[i])
		}
	}
	return lines
}

// inTime compares in time the samples of the report's models, simple models and what is
// put beside.
func (s *Subjects) inTime(ctx context.Context, in *report.Input) error {
	var samples []Sample
	for i, m := range in.Models {
		x := Sample{Name: m.Name, Raster: m.Samples}
		if g := s.Subjects[i].Generator; g != nil {
			x.Likelihood = g.Likelihood()
		}
		samples = append(samples, x)
	}
	time, err := InTime(ctx, s.Recording, s.Timesteps, s.Seed, samples, s.Beside)
	if err != nil {
		return err
	}
	for i := range in.Models {
		in.Models[i].Time = time.Results[i]
	}
	in.DataTime, in.References = &time.Recording, time.Results[len(in.Models):]
	for i := range s.Subjects {
		x := &s.Subjects[i]
		if x.Standing, err = standing(s.Recording, &x.Law, in.Baselines, time.Results[i], in.References); err != nil {
			return err
		}
		in.Models[i].Standing = x.Standing.Sentence
	}
	in.Lines = append(in.Lines, "statistics in time are compared with those of "+time.Against)
	for i := range in.References {
		in.References[i].Name = filepath.Base(in.References[i].Name)
	}
	return nil
}
