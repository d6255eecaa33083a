package assess

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"slices"

	"qgan/internal/durable"
	"qgan/internal/named"
	"qgan/internal/words"
	"qgan/metrics"
	"qgan/metrics/report"
	"qgan/training"
	"qgan/training/runs"
)

// Result is what a training ended with: the object of `train --json` and of a run's
// result.json.
type Result struct {
	Schema     string          `json:"schema"`
	Run        string          `json:"run"`
	Parameters training.Counts `json:"parameters"`
	Iterations int             `json:"iterations"`
	Seconds    float64         `json:"seconds"`
	Seed       uint64          `json:"seed"`
	Latent     string          `json:"latent_scale"`
	DataSHA256 string          `json:"data_sha256"`
	Neurons    []int           `json:"neurons"` // their indices in the recording
	Names      []string        `json:"neuron_names,omitempty"`
	// Gradient says how gradients were taken; what they measured in all.
	Gradient training.Gradient `json:"gradient"`
	Circuits int               `json:"total_circuits,omitempty"`
	Shots    int               `json:"total_shots,omitempty"`
	// Chosen says which parameters the figures are of.
	Chosen Chosen `json:"chosen"`
	// Verdict says in sentences what a referee sees on the repeats held out or, where none
	// are, on every other one, in sample.
	Verdict []string `json:"verdict,omitempty"`
	// Stages says in sentences what stages for samples that run freely added, or that they
	// were not kept.
	Stages []string `json:"stages,omitempty"`
	// Standing says whether they beat simple models.
	Standing Standing `json:"standing"`
	Law
}

// Sentences say how the training ended, for people; reported says that there is a report.
func (r *Result) Sentences(reported bool) []string {
	out := slices.Concat(r.Verdict, r.Stages)
	if r.JS != nil {
		out = append(out, fmt.Sprintf("JS %.3g%s nats to the recording (a perfect model: %s; its halves: %s), P(silent) %.4f",
			*r.JS, r.plusMinus(), words.Figure(r.Perfect, "%.3g"), words.Figure(r.Floor, "%.3g"), r.PSilent))
	}
	chosen := r.Chosen.String()
	if reported {
		chosen += "; the report is in " + filepath.Join(r.Run, "report")
	}
	return append(out, r.Standing.Sentence, chosen)
}

// ReportDir is where a run's report lies.
func ReportDir(run *runs.Dir) string { return filepath.Join(run.Path, "report") }

// mostReported bounds the neurons of a report at the end of a training: of more, the
// covariances of all pairs take longer than the training.
const mostReported = 64

// Reported says whether a training on a recording ends with a report: of many neurons it is
// asked for by itself.
func Reported(rec *metrics.Recording) bool { return rec.Train.Neurons <= mostReported }

// Ended says how a training ended.
type Ended struct {
	Seconds float64
	// PSilent is the last that was monitored; it stands where the exact law is out of
	// reach.
	PSilent float64
	// Keep writes the result and a report into the run directory; NoPage leaves the report out.
	Keep, NoPage bool
}

// Finish measures the best generator of a run, given the last state of its training. fsys is the file system that
// the report is written to; nil: the machine's own.
func Finish(ctx context.Context, fsys runs.FS, run *runs.Dir, state *training.State, rec *metrics.Recording, e Ended) (*Result, error) {
	g, err := Of(run, state)
	if err != nil {
		return nil, err
	}
	c := g.Config
	law, err := g.Law(ctx, rec, c.Seed)
	if err != nil {
		return nil, err
	}
	rows, err := g.rows()
	if err != nil {
		return nil, err
	}
	if law.Method == "none" {
		law.PSilent = e.PSilent
		for _, row := range rows {
			if row.Step == g.Step && row.PSilent != nil {
				law.PSilent = *row.PSilent
			}
		}
	}
	r := &Result{
		Schema: "qgan.train/v1", Run: run.Path, Parameters: training.CountParameters(c), Iterations: state.Step, Seconds: e.Seconds,
		Seed: c.Seed, Latent: Latent(c), DataSHA256: rec.Train.Source.SHA256,
		Neurons: rec.Train.Source.Neurons, Names: rec.Train.Source.Units,
		Gradient: c.Gradient, Circuits: state.Used.Circuits, Shots: state.Used.Shots, Chosen: g.Chosen, Stages: Added(rows, g.Chosen.Repeats), Law: law,
	}
	if !Reported(rec) {
		baselines := metrics.TimeResult{Name: run.Path, LogLikelihood: law.LogLikelihood}
		if rec.Held != nil {
			baselines.LogLikelihood = law.LogLikelihoodHeldOut
		}
		if r.Standing, err = standing(rec, &law, nil, baselines, nil); err != nil || !e.Keep {
			return r, err
		}
		return r, run.WriteResult(r)
	}
	about := &Subjects{
		Recording: rec, Timesteps: c.Timesteps, Seed: c.Seed, Brief: true,
		Subjects: []Subject{{Path: run.Path, Generator: g, Law: law}},
	}
	in, err := about.Input(ctx)
	if err != nil {
		return nil, err
	}
	r.Standing, r.Verdict = about.Subjects[0].Standing, about.Subjects[0].Verdict
	if !e.Keep {
		return r, nil
	}
	if err := run.WriteResult(r); err != nil {
		return nil, err
	}
	if e.NoPage {
		return r, nil
	}
	return r, writePage(durable.Or(fsys), ReportDir(run), in)
}

// writePage writes one page and its figures.
func writePage(fsys runs.FS, dir string, in report.Input) error {
	return writeWhole(fsys, dir, func(put writer) error {
		_, err := report.Write(dir, in, put)
		return err
	})
}

// WriteReport writes figures and pages into a directory: one page about windows of one
// size, or a page about all sizes and a folder for each. fsys is the file system; nil:
// the machine's own.
func WriteReport(ctx context.Context, fsys runs.FS, dir string, sizes ...*Subjects) error {
	fsys = durable.Or(fsys)
	for _, s := range sizes {
		if len(s.Subjects) > report.MaxModels {
			return named.Inputf("%d runs and files of the same windows: at most %d can be told apart in one report", len(s.Subjects), report.MaxModels)
		}
	}
	var cells []report.GridCell
	for _, s := range sizes {
		in, err := s.Input(ctx)
		if err != nil {
			return err
		}
		part, name := dir, ""
		if len(sizes) > 1 {
			name = fmt.Sprintf("n%d-t%d", s.Recording.Train.Neurons, s.Timesteps)
			for i, c := range cells {
				if c.Link == name+"/index.html" {
					name = fmt.Sprintf("%s-%d", name, i+1) // other neurons
				}
			}
			part = filepath.Join(dir, name)
		}
		if err := writePage(fsys, part, in); err != nil {
			return err
		}
		cells = append(cells, report.GridCell{Input: in, Link: name + "/index.html"})
	}
	if len(sizes) == 1 {
		return nil
	}
	source := sizes[0].Recording.Train.Source
	lines := []string{fmt.Sprintf("recording: %s, sha256 %s", source.Path, source.SHA256)}
	return writeWhole(fsys, dir, func(put writer) error {
		_, err := report.WriteGrid(dir, fmt.Sprintf("Spike trains: %d sizes of windows", len(sizes)), lines, cells, put)
		return err
	})
}

// writer writes a file.
type writer = func(path string, write func(io.Writer) error) error

// writeWhole makes a directory and hands a writer of whole files to make.
func writeWhole(fsys runs.FS, dir string, make func(writer) error) error {
	if err := fsys.MkdirAll(dir); err != nil {
		return fmt.Errorf("making the report's directory: %w", err)
	}
	err := make(func(path string, f func(io.Writer) error) error { return durable.WriteFile(fsys, path, f) })
	if err != nil {
		return fmt.Errorf("writing the report in %s: %w", dir, err)
	}
	return nil
}
