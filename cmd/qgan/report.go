package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"

	"github.com/spf13/cobra"

	"qgan/internal/durable"
	"qgan/metrics"
	"qgan/metrics/report"
	"qgan/metrics/spikes"
	"qgan/training"
)

// reportSamples is the number of windows drawn for the statistics of a report.
const reportSamples = 50000

// newReportCmd makes `report`.
func newReportCmd(a *app) *cobra.Command {
	var (
		out     string
		compare []string
		data    dataFlags
	)
	cmd := &cobra.Command{
		Use:   "report RUN...",
		Short: "Write figures and a page about one run or several",
		Long: `Write a page (index.html, one file that needs no network) and figures as PNG and
SVG: the law of windows, the distance over training, rasters side by side,
statistics, and statistics in time, beside the recording; in time also beside models
of independent bins, of a memory of one bin and of Gaussian covariances, and the
files of --compare. Several runs must have the same neurons of the same recording
and the same number of timesteps.`,
		Example: `  qgan report runs/retina
  qgan report runs/a runs/b --out compared
  qgan report runs/a --compare gaussian.mat --compare k_pairwise.mat`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			var (
				models []*model
				laws   []lawJSON
				exact  []*training.LawEstimate
				rec    *recording
			)
			for _, dir := range args {
				m, err := openModel(a, dir)
				if err != nil {
					return err
				}
				man := m.run.Manifest
				if rec == nil {
					data.fromRun(cmd, man)
					if rec, err = data.load(a, man.Data.Neurons); err != nil {
						return err
					}
				} else if err := sameShape(models[0], m); err != nil {
					return err
				}
				law, e, err := m.measure(rec, m.config.Seed)
				if err != nil {
					return err
				}
				models, laws, exact = append(models, m), append(laws, law), append(exact, e)
			}
			files, err := rec.loadCompared(a, compare)
			if err != nil {
				return err
			}
			if out == "" {
				out = filepath.Join(args[0], "report")
			}
			if err := a.writeReport(out, models, exact, laws, rec, files); err != nil {
				return err
			}
			fmt.Fprintln(a.out, filepath.Join(out, "index.html"))
			return nil
		},
	}
	data.add(cmd, false)
	addCompare(cmd, &compare)
	cmd.Flags().StringVar(&out, "out", "", "directory to write (none: report in the first run)")
	return cmd
}

// plural counts things: "1 neuron", "2 neurons".
func plural(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

func sameShape(a, b *model) error {
	x, y := a.run.Manifest, b.run.Manifest
	if x.Config.Neurons != y.Config.Neurons || x.Config.Timesteps != y.Config.Timesteps ||
		x.Data.SHA256 != y.Data.SHA256 || fmt.Sprint(x.Data.Neurons) != fmt.Sprint(y.Data.Neurons) {
		return usagef("%s and %s are not of the same windows: recording, neurons and timesteps must be equal", a.run.Dir, b.run.Dir)
	}
	return nil
}

// writeReport draws from the models and writes figures and page into dir, the files
// beside.
func (a *app) writeReport(dir string, models []*model, exact []*training.LawEstimate, laws []lawJSON, rec *recording, files []comparedFile) error {
	t := models[0].config.Timesteps
	w, s, err := countWindows(rec.train, t)
	if err != nil {
		return err
	}
	baselines, err := rec.baselines(t, briefBaselines(s))
	if err != nil {
		return err
	}
	in := report.Input{
		Title: fmt.Sprintf("Spike trains of %s, %s", plural(models[0].config.Neurons, "neuron"), plural(t, "timestep")),
		Lines: []string{
			fmt.Sprintf("recording: %s, sha256 %s", rec.train.Source.Path, rec.train.Source.SHA256),
			fmt.Sprintf("neurons %v, %d repeats of %d bins", rec.train.Source.Neurons, rec.train.Repeats, rec.train.Bins),
		},
		States: s, Data: metrics.Summarize(w), DataWindows: w, Floor: laws[0].Floor, Baselines: baselines, BinWidth: rec.train.BinWidth,
	}
	for i, m := range models {
		r, err := m.sample(context.Background(), nil, training.Sampling{Samples: reportSamples, Seed: m.config.Seed})
		if err != nil {
			return err
		}
		drawn, err := r.Windows(t)
		if err != nil {
			return err
		}
		name := fmt.Sprintf("%s, seed %d", m.config.Preset, m.config.Seed)
		line := fmt.Sprintf("%s: %s; %s; readout %s", name, m.run.Dir, sizeText(m.config), m.config.Readout)
		if js := laws[i].LatentJS; js != nil {
			line += fmt.Sprintf("; JS of two latent vectors %.3g nats", *js)
		}
		if js := laws[i].HeldOut; js != nil {
			line += fmt.Sprintf("; JS to the repeats not trained on %.3g nats", *js)
		}
		in.Lines = append(in.Lines, line)
		model := report.Model{Name: name, Summary: metrics.Summarize(drawn), Samples: r}
		if e := exact[i]; e != nil && laws[i].JS != nil {
			model.JSValid, model.JSNats, model.JSStdErr = true, *laws[i].JS, e.JSStdErr
			_, all, err := countWindows(rec.all, t)
			if err != nil {
				return err
			}
			model.Seen = on(e, all, s)
		} else {
			model.JSReason = laws[i].Note
		}
		in.Models = append(in.Models, model)
		rows, err := m.run.Rows()
		if err != nil {
			return err
		}
		var curve []report.CurvePoint
		for _, row := range rows {
			if row.JSNats != nil {
				curve = append(curve, report.CurvePoint{Step: row.Step, JS: *row.JSNats})
			}
		}
		in.Curves = append(in.Curves, curve)
	}
	if err := reportTime(&in, models, rec, files); err != nil {
		return err
	}
	if err := a.fs.MkdirAll(dir); err != nil {
		return fmt.Errorf("making the report's directory: %w", err)
	}
	_, err = report.Write(dir, in, func(path string, f func(io.Writer) error) error {
		return durable.WriteFile(a.fs, path, f)
	})
	if err != nil {
		return errors.Join(fmt.Errorf("writing the report in %s", dir), err)
	}
	return nil
}

// reportTime compares in time the samples of the report's models, simple models and
// the files.
func reportTime(in *report.Input, models []*model, rec *recording, files []comparedFile) error {
	var samples []*spikes.Raster
	for _, m := range in.Models {
		samples = append(samples, m.Samples)
	}
	s, err := newTimeStudy(rec, models[0].config.Timesteps, models[0].config.Seed, samples...)
	if err != nil {
		return err
	}
	for i, m := range in.Models {
		if err := s.add(m.Name, m.Samples, models[i].likelihood()); err != nil {
			return err
		}
	}
	if err := s.addOthers(rec, files); err != nil {
		return err
	}
	for i := range in.Models {
		in.Models[i].Time = s.Results[i]
	}
	in.DataTime, in.References = &s.Recording, s.Results[len(in.Models):]
	in.Lines = append(in.Lines, "statistics in time are compared with those of "+s.Against)
	for i := range in.References {
		in.References[i].Name = filepath.Base(in.References[i].Name)
	}
	return nil
}
