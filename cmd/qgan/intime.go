package main

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"qgan/internal/stream"
	"qgan/metrics"
	"qgan/metrics/spikes"
	"qgan/training"
)

// timeJSON is the part of evaluate's object that speaks of statistics in time.
type timeJSON struct {
	Against   string               `json:"against"` // the repeats compared with
	Windows   []int                `json:"windows"` // lengths in bins
	Recording metrics.TimeSummary  `json:"recording"`
	Results   []metrics.TimeResult `json:"results"` // the samples, the floor, simple models, files compared
}

// timeWindows are the window lengths, beside that of the run, over which
// statistics in time are compared.
var timeWindows = [...]int{10, 30}

// longWindow is the longest window taken of itself where a file's repeats are
// longer.
const longWindow = 30

// addCompare registers the flag for files that are put beside.
func addCompare(cmd *cobra.Command, to *[]string) {
	cmd.Flags().StringArrayVar(to, "compare", nil, "another file of spike trains to put beside (can be repeated)")
}

// timeStudy compares samples with the recording in time.
type timeStudy struct {
	timeJSON
	comparer *metrics.TimeComparer
	data     *spikes.Raster // compared with
	seed     uint64
}

// likelihood is the mean logarithm of a generator's probability of each bin of a
// recording given those before.
type likelihood func(*spikes.Raster) (float64, error)

// likelihood is that of a generator with memory whose samples can run on; nil of
// any other.
func (m *model) likelihood(ctx context.Context) likelihood {
	g, ok := m.gen.(*training.Recurrent)
	if !ok || !m.config.Tied {
		return nil
	}
	return func(r *spikes.Raster) (float64, error) { return g.LogLikelihood(ctx, m.params, r) }
}

// newTimeStudy begins a comparison over windows of t bins, and the usual ones that
// fit the samples, with the repeats held out or else with all.
func newTimeStudy(rec *metrics.Recording, t int, seed uint64, samples ...*spikes.Raster) (*timeStudy, error) {
	s := &timeStudy{seed: seed}
	data := rec.Train
	s.Against = "the repeats trained on"
	if rec.Held != nil {
		data, s.Against = rec.Held, "the repeats held out"
	}
	s.data = data
	s.Windows = []int{t}
	for _, w := range timeWindows {
		fits := w <= data.Bins
		for _, r := range samples {
			fits = fits && w <= r.Bins
		}
		if fits && w != t {
			s.Windows = append(s.Windows, w)
		}
	}
	slices.Sort(s.Windows)
	var err error
	if s.comparer, err = metrics.NewTimeComparer(data, s.Windows); err != nil {
		return nil, err
	}
	s.Recording = s.comparer.Data()
	return s, nil
}

// add compares a sample and, where it is known, the likelihood of what made it.
func (s *timeStudy) add(name string, sample *spikes.Raster, l likelihood) error {
	r, err := s.comparer.Measure(name, sample, stream.New(s.seed, "time", uint64(len(s.Results))))
	if err != nil {
		return err
	}
	if l != nil {
		x, err := l(s.data)
		if err != nil {
			return err
		}
		r.LogLikelihood = pointer(x)
	}
	s.Results = append(s.Results, r)
	return nil
}

// addOthers says what the floor is, and compares simple models fitted to the repeats
// trained on and the files.
func (s *timeStudy) addOthers(rec *metrics.Recording, files []comparedFile) error {
	results, err := s.comparer.TimeBaselines(rec.Train, stream.New(s.seed, "time", uint64(len(s.Results))))
	if err != nil {
		return err
	}
	s.Results = append(s.Results, results...)
	for _, f := range files {
		if err := s.add(f.path, f.raster, nil); err != nil {
			return err
		}
	}
	return nil
}

// comparedFile is a file of spike trains of the chosen neurons.
type comparedFile struct {
	path   string
	raster *spikes.Raster
}

// loadCompared reads files that are put beside the recording.
func loadCompared(a *app, rec *metrics.Recording, paths []string) ([]comparedFile, error) {
	var files []comparedFile
	for _, path := range paths {
		raster, err := a.loadSamples(path, rec.All.BinWidth)
		if err != nil {
			return nil, err
		}
		if raster, err = rec.Like(raster, path); err != nil {
			return nil, err
		}
		files = append(files, comparedFile{path, raster})
	}
	return files, nil
}

// printedLags are the lags of which tables for people show the covariances; the
// JSON object has all.
var printedLags = [...]int{1, 2, 3, 5}

// printTime prints the figures, a line each, with a column for each sample.
func (a *app) printTime(s timeJSON) error {
	fmt.Fprintf(a.out, "\nStatistics in time, against %s\n", s.Against)
	t := newTable(a.out)
	head := []string{"figure", "recording"}
	for _, r := range s.Results {
		head = append(head, filepath.Base(r.Name))
	}
	t.row(head...)
	for i, f := range s.Results[0].Figures {
		if f.Lag > 0 && !slices.Contains(printedLags[:], f.Lag) {
			continue
		}
		row := []string{f.String(), text(f.Data, "%.4g")}
		known := false
		for _, r := range s.Results {
			row = append(row, withError(r.Figures[i]))
			known = known || r.Figures[i].Value != nil
		}
		if known {
			t.row(row...)
		}
	}
	likelihood, known := []string{"log-likelihood (nats/bin)", "–"}, false
	for _, r := range s.Results {
		likelihood = append(likelihood, text(r.LogLikelihood, "%.5f"))
		known = known || r.LogLikelihood != nil
	}
	if known {
		t.row(likelihood...)
	}
	if err := t.flush(); err != nil {
		return err
	}
	for _, r := range s.Results {
		if r.Note != "" {
			fmt.Fprintf(a.out, "%s: %s\n", r.Name, r.Note)
		}
	}
	return nil
}

func withError(f metrics.TimeFigure) string {
	if f.Value == nil || f.StdErr == nil {
		return text(f.Value, "%.3g")
	}
	return fmt.Sprintf("%.3g ± %.1g", *f.Value, *f.StdErr)
}
