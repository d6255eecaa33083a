package main

import (
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"qgan/metrics/report"
	"qgan/training/assess"
)

// newReportCmd makes `report`.
func newReportCmd(a *app) *cobra.Command {
	var (
		out       string
		compare   []string
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
			sizes, err := a.subjects(cmd, args, timesteps)
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
				if s.Beside, err = a.loadBeside(s.Recording, compare); err != nil {
					return err
				}
			}
			if err := assess.WriteReport(cmd.Context(), a.fs, out, sizes...); err != nil {
				return err
			}
			fmt.Fprintln(a.out, filepath.Join(out, "index.html"))
			return nil
		},
	}
	addData(cmd, true)
	addCompare(cmd, &compare)
	cmd.Flags().IntVar(&timesteps, "timesteps", 0, "time bins of a window of a FILE (none: as its samples are long, at most 30)")
	cmd.Flags().StringVar(&out, "out", "", "directory to write (none: report in the first run)")
	return cmd
}

// subjects opens runs and files, those of equal windows together in the order of the
// first of them.
func (a *app) subjects(cmd *cobra.Command, args []string, timesteps int) ([]*assess.Subjects, error) {
	var sizes []*assess.Subjects
	for _, path := range args {
		if !isRun(a, path) {
			if _, err := a.fs.Stat(path); err != nil {
				_, err := openModel(a, path) // in the words for a missing run
				return nil, err
			}
			s, err := a.fileSubject(cmd, path, timesteps, sizes)
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
		man := m.Run.Manifest
		var in *assess.Subjects
		for _, s := range sizes {
			first := s.Subjects[0].Generator
			if first == nil {
				continue
			}
			x, y := first.Run.Manifest, man
			if x.Data.SHA256 != y.Data.SHA256 {
				return nil, usagef("%s and %s are of other recordings, which no report holds side by side", first.Run.Path, m.Run.Path)
			}
			if x.Config.Timesteps == y.Config.Timesteps && fmt.Sprint(x.Data.Neurons) == fmt.Sprint(y.Data.Neurons) {
				in = s
			}
		}
		if in == nil {
			rec, err := a.recordingOf(man, given(cmd.Flags()))
			if err != nil {
				return nil, err
			}
			in = &assess.Subjects{Recording: rec, Timesteps: m.Config.Timesteps, Seed: m.Config.Seed}
			sizes = append(sizes, in)
		}
		if err := in.AddGenerator(cmd.Context(), path, m); err != nil {
			return nil, err
		}
	}
	for _, s := range sizes {
		if len(s.Subjects) > report.MaxModels {
			return nil, usagef("%d runs and files of the same windows: at most %d can be told apart in one report", len(s.Subjects), report.MaxModels)
		}
	}
	return sizes, nil
}

// fileSubject reads a file of spike trains. Beside a run it is taken for samples of its
// windows; otherwise the flags say what it is compared with, as of evaluate.
func (a *app) fileSubject(cmd *cobra.Command, path string, timesteps int, sizes []*assess.Subjects) (*assess.Subjects, error) {
	drawn, err := a.loadSamples(path, binWidth(cmd))
	if err != nil {
		return nil, err
	}
	var s, added *assess.Subjects
	if len(sizes) > 0 {
		s = sizes[0]
	} else {
		rec, err := a.recording(given(cmd.Flags()), fmt.Sprint(drawn.Neurons))
		if err != nil {
			return nil, err
		}
		if timesteps == 0 {
			timesteps = assess.TimestepsOf(drawn, rec.Train.Bins)
		}
		s = &assess.Subjects{Recording: rec, Timesteps: timesteps}
		added = s
	}
	if drawn, err = s.Recording.Like(drawn, path); err != nil {
		return nil, err
	}
	s.Subjects = append(s.Subjects, assess.Subject{Path: path, Samples: drawn})
	return added, nil
}
