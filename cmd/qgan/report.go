package main

import (
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"qgan/metrics"
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
	addParameters(cmd.Flags())
	addCompare(cmd, &compare)
	cmd.Flags().IntVar(&timesteps, "timesteps", 0, "length of a window of a FILE in bins (0: that of its samples, at most 30)")
	cmd.Flags().StringVarP(&out, "out", "o", "", "folder to write (none: report in the first run's folder)")
	return cmd
}

// subjects opens runs and files, those of equal windows together.
func (a *app) subjects(cmd *cobra.Command, args []string, timesteps int) (sizes assess.Sizes, err error) {
	flags := cmd.Flags()
	for _, path := range args {
		if info, err := a.fs.Stat(path); err == nil && !info.IsDir() {
			against := func() (*metrics.Recording, error) {
				return a.recording(given(flags), metrics.RecordingOptions{Of: path})
			}
			drawn, err := sizes.AddSamples(path, timesteps, against)
			if err != nil {
				return nil, err
			}
			a.warnOf(drawn)
			continue
		}
		g, err := openModel(a, cmd, path) // which has the words for what is not there, too
		if err != nil {
			return nil, err
		}
		if flags.Changed("neurons") || flags.Changed("timesteps") {
			return nil, usagef("--timesteps and --neurons are the run's own")
		}
		if err := sizes.AddRun(cmd.Context(), path, g, func() (*metrics.Recording, error) { return a.recordingOf(g, given(flags)) }); err != nil {
			return nil, err
		}
	}
	return sizes, nil
}
