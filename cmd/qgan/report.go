package main

import (
	"context"
	"fmt"
	"io"
	"math"
	"path/filepath"

	"github.com/spf13/cobra"

	"qgan/internal/durable"
	"qgan/internal/stream"
	"qgan/metrics"
	"qgan/metrics/report"
	"qgan/metrics/spikes"
	"qgan/training"
)

// reportSamples is the number of windows drawn for the statistics of a report.
const reportSamples = 50000

// subject is what a report is about: a run, or a file of spike trains.
type subject struct {
	path    string
	model   *model // nil: a file
	exact   *training.LawEstimate
	law     lawJSON
	samples *spikes.Raster // of a file
}

// newReportCmd makes `report`.
func newReportCmd(a *app) *cobra.Command {
	var (
		out       string
		compare   []string
		data      dataFlags
		timesteps int
	)
	cmd := &cobra.Command{
		Use:   "report RUN|FILE...",
		Short: "Write figures and a page about runs or files of spike trains",
		Long: `Write a page (index.html, one file that needs no network) and figures as PNG and
SVG: what the numbers show in words, the law of windows, the distance over training,
rasters side by side, statistics, and statistics in time, beside the recording; in
time also beside models of independent bins, of a memory of one bin and of Gaussian
covariances, and the files of --compare. A FILE of spike trains, from anywhere, is
reported on as a run is, without what only a run has.

Several runs of the same windows of the same recording share a page. Runs of other
numbers of neurons or timesteps make a grid: a page about all, with the statistics by
window length side by side, and a folder with a page for each size.`,
		Example: `  qgan report runs/retina
  qgan report runs/a runs/b --out compared
  qgan report runs/n4-t1 runs/n4-t5 runs/n4-t10 --out grid
  qgan report trains.npz --data recording.mat --repeat-bins 953 --out trains-report
  qgan report runs/a --compare gaussian.mat --compare k_pairwise.mat`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			sizes, err := a.subjects(cmd, args, data, timesteps)
			if err != nil {
				return err
			}
			if out == "" {
				if out = filepath.Join(args[0], "report"); !isRun(a, args[0]) {
					return usagef("%s is a file", args[0]).withHint("say with --out where the report shall lie")
				}
			}
			if len(sizes) > 1 && len(compare) > 0 {
				return usagef("--compare is for windows of one size, the runs have %d", len(sizes))
			}
			for _, s := range sizes {
				if s.compared, err = loadCompared(a, s.rec, compare); err != nil {
					return err
				}
			}
			if len(sizes) == 1 {
				err = a.writeReport(cmd.Context(), out, sizes[0])
			} else {
				err = a.writeGrid(cmd.Context(), out, sizes)
			}
			if err != nil {
				return err
			}
			fmt.Fprintln(a.out, filepath.Join(out, "index.html"))
			return nil
		},
	}
	data.add(cmd, true)
	addCompare(cmd, &compare)
	cmd.Flags().IntVar(&timesteps, "timesteps", 0, "time bins of a window of a FILE (none: as its samples are long, at most 30)")
	cmd.Flags().StringVar(&out, "out", "", "directory to write (none: report in the first run)")
	return cmd
}

// sized are subjects of windows of one size of a recording.
type sized struct {
	rec       *metrics.Recording
	timesteps int
	seed      uint64
	subjects  []subject
	compared  []comparedFile
	brief     bool // few baselines, as at the end of training
}

// subjects opens runs and files, those of equal windows together in the order of the
// first of them.
func (a *app) subjects(cmd *cobra.Command, args []string, data dataFlags, timesteps int) ([]*sized, error) {
	var sizes []*sized
	for _, path := range args {
		if !isRun(a, path) {
			if _, err := a.fs.Stat(path); err != nil {
				_, err := openModel(a, path) // in the words for a missing run
				return nil, err
			}
			s, err := a.fileSubject(cmd, path, data, timesteps, sizes)
			if err != nil {
				return nil, err
			}
			if s != nil {
				sizes = append(sizes, s)
			}
			continue
		}
		if cmd.Flags().Changed("neurons") || cmd.Flags().Changed("timesteps") {
			return nil, usagef("--timesteps and --neurons are the run's own")
		}
		m, err := openModel(a, path)
		if err != nil {
			return nil, err
		}
		man := m.run.Manifest
		var in *sized
		for _, s := range sizes {
			first := s.subjects[0].model
			if first == nil {
				continue
			}
			x, y := first.run.Manifest, man
			if x.Data.SHA256 != y.Data.SHA256 {
				return nil, usagef("%s and %s are of other recordings, which no report holds side by side", first.run.Path, m.run.Path)
			}
			if x.Config.Timesteps == y.Config.Timesteps && fmt.Sprint(x.Data.Neurons) == fmt.Sprint(y.Data.Neurons) {
				in = s
			}
		}
		if in == nil {
			d := data
			d.fromRun(cmd, man)
			rec, err := d.load(a, man.Data.Neurons)
			if err != nil {
				return nil, err
			}
			in = &sized{rec: rec, timesteps: m.config.Timesteps, seed: m.config.Seed}
			sizes = append(sizes, in)
		}
		law, e, err := m.measure(cmd.Context(), in.rec, m.config.Seed)
		if err != nil {
			return nil, err
		}
		in.subjects = append(in.subjects, subject{path: path, model: m, law: law, exact: e})
	}
	for _, s := range sizes {
		if len(s.subjects) > report.MaxModels {
			return nil, usagef("%d runs and files of the same windows: at most %d can be told apart in one report", len(s.subjects), report.MaxModels)
		}
	}
	return sizes, nil
}

// fileSubject reads a file of spike trains. Beside a run it is taken for samples of its
// windows; otherwise the flags say what it is compared with, as of evaluate.
func (a *app) fileSubject(cmd *cobra.Command, path string, data dataFlags, timesteps int, sizes []*sized) (*sized, error) {
	drawn, err := a.loadSamples(path, data.binWidth)
	if err != nil {
		return nil, err
	}
	var s, added *sized
	if len(sizes) > 0 {
		s = sizes[0]
	} else {
		if !cmd.Flags().Changed("neurons") {
			data.neurons = fmt.Sprint(drawn.Neurons)
		}
		rec, err := data.load(a, nil)
		if err != nil {
			return nil, err
		}
		if timesteps == 0 {
			timesteps = min(drawn.Bins, longWindow, rec.Train.Bins)
		}
		s = &sized{rec: rec, timesteps: timesteps}
		added = s
	}
	if drawn, err = s.rec.Like(drawn, path); err != nil {
		return nil, err
	}
	s.subjects = append(s.subjects, subject{path: path, samples: drawn})
	return added, nil
}

// plural counts things: "1 neuron", "2 neurons".
func plural(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

// mostReportBits bounds n·t for which a report fits all baselines: beyond, those of a
// table of all windows take minutes.
const mostReportBits = 16

// writeReport writes figures and page about windows of one size into dir.
func (a *app) writeReport(ctx context.Context, dir string, s *sized) error {
	in, err := a.reportInput(ctx, s)
	if err != nil {
		return err
	}
	return a.write(dir, func(put func(string, func(io.Writer) error) error) error {
		_, err := report.Write(dir, in, put)
		return err
	})
}

// writeGrid writes a page about runs of several sizes, and a folder for each size.
func (a *app) writeGrid(ctx context.Context, dir string, sizes []*sized) error {
	var cells []report.GridCell
	for _, s := range sizes {
		in, err := a.reportInput(ctx, s)
		if err != nil {
			return err
		}
		name := fmt.Sprintf("n%d-t%d", s.rec.Train.Neurons, s.timesteps)
		for i, c := range cells {
			if c.Link == name+"/index.html" {
				name = fmt.Sprintf("%s-%d", name, i+1) // other neurons
			}
		}
		part := filepath.Join(dir, name)
		err = a.write(part, func(put func(string, func(io.Writer) error) error) error {
			_, err := report.Write(part, in, put)
			return err
		})
		if err != nil {
			return err
		}
		cells = append(cells, report.GridCell{Input: in, Link: name + "/index.html"})
	}
	source := sizes[0].rec.Train.Source
	lines := []string{fmt.Sprintf("recording: %s, sha256 %s", source.Path, source.SHA256)}
	return a.write(dir, func(put func(string, func(io.Writer) error) error) error {
		_, err := report.WriteGrid(dir, fmt.Sprintf("Spike trains: %d sizes of windows", len(sizes)), lines, cells, put)
		return err
	})
}

// write makes a directory and hands a writer of whole files to make.
func (a *app) write(dir string, make func(func(string, func(io.Writer) error) error) error) error {
	if err := a.fs.MkdirAll(dir); err != nil {
		return fmt.Errorf("making the report's directory: %w", err)
	}
	err := make(func(path string, f func(io.Writer) error) error { return durable.WriteFile(a.fs, path, f) })
	if err != nil {
		return fmt.Errorf("writing the report in %s: %w", dir, err)
	}
	return nil
}

// reportInput draws from the models and computes all that a report shows.
func (a *app) reportInput(ctx context.Context, s *sized) (report.Input, error) {
	t, rec := s.timesteps, s.rec
	w, err := rec.Windows(metrics.Trained, t)
	if err != nil {
		return report.Input{}, err
	}
	states, err := rec.Law(metrics.Trained, t)
	if err != nil {
		return report.Input{}, err
	}
	opt := briefBaselines(states)
	if !s.brief && states.Bits() <= mostReportBits {
		opt = metrics.BaselineOptions{Rand: stream.New(s.seed, "report")}
	}
	baselines, err := rec.Baselines(t, opt)
	if err != nil {
		return report.Input{}, err
	}
	in := report.Input{
		Title: fmt.Sprintf("Spike trains of %s, %s", plural(rec.Train.Neurons, "neuron"), plural(t, "timestep")),
		Lines: []string{
			fmt.Sprintf("recording: %s, sha256 %s", rec.Train.Source.Path, rec.Train.Source.SHA256),
			fmt.Sprintf("neurons %v, %d repeats of %d bins", rec.Train.Source.Neurons, rec.Train.Repeats, rec.Train.Bins),
		},
		States: states, Data: metrics.Summarize(w), DataWindows: w, Baselines: baselines, BinWidth: rec.Train.BinWidth,
		HeldOut: rec.Held != nil, Parameters: parameterLines(s),
	}
	if rec.All.Repeats > 1 {
		floor, err := rec.Floor(t)
		if err != nil {
			return in, err
		}
		in.Floor = &floor
	}
	for _, x := range s.subjects {
		if err := a.addSubject(&in, s, x, states); err != nil {
			return in, err
		}
	}
	return in, reportTime(ctx, &in, s)
}

// addSubject adds a run or a file to the input.
func (a *app) addSubject(in *report.Input, s *sized, x subject, states *metrics.States) error {
	if x.model == nil {
		return addFile(in, s, x, states)
	}
	m := x.model
	r, err := m.sample(context.Background(), nil, training.Sampling{Samples: reportSamples, Seed: m.config.Seed})
	if err != nil {
		return err
	}
	drawn, err := r.Windows(s.timesteps)
	if err != nil {
		return err
	}
	name := fmt.Sprintf("%s, seed %d", m.config.Preset, m.config.Seed)
	if m.config.KLoss != training.KOff {
		name += fmt.Sprintf(", K-loss %s", m.config.KLoss)
	} else if len(s.subjects) > 1 {
		name += ", standard loss"
	}
	for _, other := range in.Models {
		if other.Name == name {
			name += ", " + filepath.Base(x.path)
			break
		}
	}
	line := fmt.Sprintf("%s: %s; %s; readout %s", name, m.run.Path, sizeText(m.config), m.config.Readout)
	if js := x.law.LatentJS; js != nil {
		line += fmt.Sprintf("; JS of two latent vectors %.3g nats", *js)
	}
	if js := x.law.HeldOut; js != nil {
		line += fmt.Sprintf("; JS to the repeats not trained on %.3g nats", *js)
	}
	in.Lines = append(in.Lines, line)
	model := report.Model{Name: name, Summary: metrics.Summarize(drawn), Samples: r, Parameters: m.gen.Parameters()}
	switch e := x.exact; {
	case e != nil && x.law.JS != nil:
		model.JSValid, model.JSNats, model.JSStdErr = true, *x.law.JS, e.JSStdErr
		all, err := s.rec.Law(metrics.All, s.timesteps)
		if err != nil {
			return err
		}
		model.Seen = on(e, all, states)
	default:
		if err := byDraws(&model, states, drawn, m.config.Seed); err != nil {
			return err
		}
	}
	in.Models = append(in.Models, model)
	rows, err := m.run.Rows()
	if err != nil {
		return err
	}
	var curve []report.CurvePoint
	var points []report.TrainingPoint
	for _, row := range rows {
		if row.JSNats != nil {
			curve = append(curve, report.CurvePoint{Step: row.Step, JS: *row.JSNats})
		}
		points = append(points, report.TrainingPoint{
			Step: row.Step, Critic: row.CriticLoss, Generator: row.Generator, Wasserstein: row.Wasserstein, Count: row.Count, PSilent: row.PSilent,
		})
	}
	in.Curves, in.Training = append(in.Curves, curve), append(in.Training, points)
	return nil
}

// addFile adds a file's spike trains.
func addFile(in *report.Input, s *sized, x subject, states *metrics.States) error {
	drawn, err := x.samples.Windows(s.timesteps)
	if err != nil {
		return usagef("%s: %w", x.path, err)
	}
	if x.samples.BinWidth == 0 {
		x.samples.BinWidth = in.BinWidth
	}
	model := report.Model{Name: filepath.Base(x.path), Summary: metrics.Summarize(drawn), Samples: x.samples}
	if err := byDraws(&model, states, drawn, s.seed); err != nil {
		return err
	}
	in.Lines = append(in.Lines, fmt.Sprintf("%s: %s of %s", model.Name, plural(x.samples.Repeats, "sample"), plural(x.samples.Bins, "bin")))
	in.Models = append(in.Models, model)
	in.Curves, in.Training = append(in.Curves, nil), append(in.Training, nil)
	return nil
}

// byDraws takes the divergence from drawn windows.
func byDraws(m *report.Model, data *metrics.States, drawn spikes.Windows, seed uint64) error {
	law, err := metrics.CountStates(drawn)
	if err != nil {
		return err
	}
	e, err := metrics.EstimateJS(data, law, stream.New(seed, "estimate"), 20)
	if err != nil {
		return err
	}
	m.JSValid, m.JSNats, m.JSStdErr, m.Null = true, e.JSNats, e.StdErr, e.NullFloor
	m.Seen = make([]float64, data.Len())
	for i := range m.Seen {
		if k := law.Find(data.Window(i)); k >= 0 {
			m.Seen[i] = law.Prob(k)
		}
	}
	return nil
}

// parameterLines count the parameters of generators, simple models and a neural net
// by the number of neurons.
func parameterLines(s *sized) []report.ParameterLine {
	t := s.timesteps
	lines := []report.ParameterLine{{Name: "the paper's circuits, 8nt"}, {Name: "Ising"}, {Name: "full table"}, {Name: "fully connected net, 64 hidden units"}}
	own := -1
	for i, x := range s.subjects {
		if x.model != nil {
			own = i
			lines = append(lines, report.ParameterLine{Name: "this generator's settings"})
			break
		}
	}
	const most = 20
	for n := 1; n <= max(most, s.rec.Train.Neurons); n++ {
		counts := []float64{
			float64(8 * n * t), float64(n*t*(n*t+1)) / 2, math.Pow(2, float64(n*t)) - 1,
			float64(training.NewFullyConnected(n, t, 64).Parameters()),
		}
		if own >= 0 {
			c := s.subjects[own].model.config
			c.Neurons = n
			p := training.CountParameters(c)
			counts = append(counts, float64(p.Angles+p.LatentScales+p.Memory))
		}
		for i := range lines {
			lines[i].Neurons, lines[i].Count = append(lines[i].Neurons, n), append(lines[i].Count, counts[i])
		}
	}
	return lines
}

// reportTime compares in time the samples of the report's models, simple models and
// the files.
func reportTime(ctx context.Context, in *report.Input, s *sized) error {
	var samples []*spikes.Raster
	for _, m := range in.Models {
		samples = append(samples, m.Samples)
	}
	study, err := newTimeStudy(s.rec, s.timesteps, s.seed, samples...)
	if err != nil {
		return err
	}
	for i, m := range in.Models {
		var l likelihood
		if x := s.subjects[i].model; x != nil {
			l = x.likelihood(ctx)
		}
		if err := study.add(m.Name, m.Samples, l); err != nil {
			return err
		}
	}
	if err := study.addOthers(s.rec, s.compared); err != nil {
		return err
	}
	for i := range in.Models {
		in.Models[i].Time = study.Results[i]
	}
	in.DataTime, in.References = &study.Recording, study.Results[len(in.Models):]
	in.Lines = append(in.Lines, "statistics in time are compared with those of "+study.Against)
	for i := range in.References {
		in.References[i].Name = filepath.Base(in.References[i].Name)
	}
	return nil
}
