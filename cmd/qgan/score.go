package main

import (
	"errors"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"qgan/internal/durable"
	"qgan/metrics"
	"qgan/metrics/report"
	"qgan/training/assess"
)

// newScoreCmd makes `score`.
func newScoreCmd(a *app) *cobra.Command {
	var (
		o         assess.ScoreOptions
		baselines string
		resamples int
		asJSON    bool
		out       string
	)
	cmd := &cobra.Command{
		Use:   "score RUN|FILE...",
		Short: "Judge generators or files of spike trains by held-out repeats",
		Long: `Judge spike trains of any generator, in a FILE or drawn from a RUN, by one half of a
recording, beside simple models that are fitted to the other half. A FILE holds whole
repeats, windows, or one long train, of the recording's neurons in its bins.

The verdict comes first. A row of the table is a figure: its value with the interval of
95 % (bootstrap over repeats), what the half that was not judged by scores in its place,
what samples of a perfect model are expected to score, how much worse than these the
value is (excess: in the distance to the bound that 2.5 % of perfect samples pass; above
2.5 it is no chance), and the best baseline.

Baselines that are trained, for minutes, are named by --baselines: product is the RUN's
own circuit without its CNOTs (of a FILE that of the preset deep), fully-connected-…
are the classical generators of baseline --classical.`,
		Example: `  qgan score trains.npz --data recording.mat --repeat-bins 953
  qgan score runs/retina trains.npz --split blocks-of-repeats
  qgan score trains.npz --data recording.mat --neurons 4 --baselines psth,glm --json
  qgan score runs/retina --baselines psth,product --iterations 1000`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			var err error
			if o.Baselines, err = baselineNames(baselines); err != nil {
				return err
			}
			switch {
			case resamples < 0:
				return usagef("--resamples %d: at least 0", resamples)
			case resamples == 0:
				o.Resamples = -1
			default:
				o.Resamples = resamples
			}
			rec, subjects, err := a.contestants(cmd, args)
			if err != nil {
				return err
			}
			if o.Page = out != ""; o.Page && len(subjects) > report.MaxModels {
				return usagef("--out: a page tells at most %d apart, not %d", report.MaxModels, len(subjects))
			}
			o.Progress = func(text string) { a.note("%s", text) }
			s, err := assess.Score(cmd.Context(), rec, subjects, o)
			if err != nil {
				return err
			}
			if o.Page {
				if err := durable.WriteFile(a.fs, out, s.WritePage); err != nil {
					return err
				}
			}
			return a.tell(asJSON, s)
		},
	}
	addData(cmd, true)
	addParameters(cmd.Flags())
	f := cmd.Flags()
	addSplit(f, &o.Split)
	f.StringVar(&baselines, "baselines", "all", "simple models to judge beside: quick ones, all that need no training, none, or a list")
	f.IntVar(&o.Iterations, "iterations", 0, "steps of baselines that are trained (0: the run's, or the preset's)")
	f.IntVar(&resamples, "resamples", 200, "draws of the bootstrap and of random halves; 0 leaves the intervals out")
	f.Uint64Var(&o.Seed, "seed", 0, "seed of all draws")
	f.StringVarP(&out, "out", "o", "", "also write this HTML page, with figures")
	f.BoolVar(&asJSON, "json", false, "print one JSON object")
	return cmd
}

// addSplit registers the flag that says how a recording is cut in two.
func addSplit(f *pflag.FlagSet, to *string) {
	f.StringVar(to, "split", "", "how the recording is cut into the half to fit and the half to judge (none: odd-even; blocks-of-time for a single repeat)")
}

// baselineNames reads a list of baselines; nil: all of them.
func baselineNames(list string) ([]string, error) {
	switch list {
	case "all":
		return nil, nil
	case "none":
		return []string{}, nil
	case "":
		return nil, usagef("--baselines: it is all, none or a list of names")
	}
	return strings.Split(list, ","), nil
}

// contestants opens runs and files, and the recording of the first of them.
func (a *app) contestants(cmd *cobra.Command, args []string) (rec *metrics.Recording, subjects []assess.Subject, err error) {
	if cmd.Flags().Changed("train-repeats") {
		return nil, nil, usagef("--train-repeats: all repeats take part").withHint("--split says which half judges")
	}
	s, run := given(cmd.Flags()), "" // whose neurons they are
	for _, path := range args {
		x := assess.Subject{Path: path}
		if isFile := !isRun(a, path); isFile {
			if rec == nil {
				if rec, err = a.recording(s, metrics.RecordingOptions{Of: path}); err != nil {
					return nil, nil, err
				}
			}
			if x.Samples, err = rec.Samples(path); err != nil {
				if wrong := (*metrics.NeuronsError)(nil); run != "" && errors.As(err, &wrong) {
					err = usagef("%v", err).withHint("the neurons are those of the run %s: score %s by itself, with --data and --neurons", run, path)
				}
				return nil, nil, err
			}
			a.warnOf(x.Samples)
		} else {
			if x.Generator, err = openModel(a, cmd, path); err != nil {
				return nil, nil, err
			}
			if cmd.Flags().Changed("neurons") {
				return nil, nil, usagef("--neurons: they are those of the run %s", path)
			}
			if rec == nil {
				run = path
				rec, err = a.recordingOf(x.Generator, s)
			} else if text := x.Generator.Stranger(rec); text != "" {
				a.warn("%s: %s", path, text)
			}
			if err != nil {
				return nil, nil, err
			}
		}
		subjects = append(subjects, x)
	}
	return rec, subjects, nil
}
