package main

import (
	"github.com/spf13/cobra"

	"qgan/metrics"
	"qgan/training/assess"
)

// newBaselineCmd makes `baseline`.
func newBaselineCmd(a *app) *cobra.Command {
	var (
		timesteps, iterations int
		seed                  uint64
		classical, asJSON     bool
		files                 []string
		split                 string
	)
	cmd := &cobra.Command{
		Use:   "baseline",
		Short: "Measure simple models against a recording",
		Long: `Fit simple models to the windows of a recording and print how far each is from it
(Jensen-Shannon divergence in nats): in sample, and fitted on the odd repeats and
measured on the even ones. The last row is the distance of the odd repeats to the
even ones, a reference that has the noise of both: a good model is nearer. The law of the dichotomised Gaussian is drawn,
which makes its distance larger by what as many draws of the recording's own have;
so are those of Ising and k-pairwise models of more than 20 bits, whose fits follow
a Monte Carlo chain.

With --classical three fully connected generators, of about as many parameters as
the paper's circuit has, of 4 and of 16 times as many, are trained by the same steps
as the circuits.

With --samples nothing is measured: a model of those that score knows is fitted to the
half of the repeats that --split says, and as many repeats as that half has are written
to a file, which score judges like any other.`,
		Example: `  qgan baseline --neurons 4
  qgan baseline --neurons 10 --samples psth=psth.npz --samples glm=glm.npz
  qgan baseline --data recording.mat --repeat-bins 953 --neurons 2 --timesteps 5
  qgan baseline --neurons 4 --classical`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			rec, err := a.recording(given(cmd.Flags()), metrics.RecordingOptions{AtMost: 4})
			if err != nil {
				return err
			}
			if len(files) > 0 {
				return a.writeBaselines(cmd, rec, files, assess.ScoreOptions{Split: split, Seed: seed, Iterations: iterations}, asJSON)
			}
			r, err := assess.MeasureBaselines(cmd.Context(), rec, timesteps, assess.BaselineOptions{
				Seed: seed, Classical: classical, Iterations: iterations, Begin: func(name string, k, n int) { a.pulse.Stage("model %d of %d: %s", k, n, name) },
				Training: func(name string, hidden int) { a.note("training %s, %s", name, plural(hidden, "hidden unit")) },
			})
			if err != nil {
				return err
			}
			return a.tell(asJSON, r)
		},
	}
	addData(cmd, true)
	cmd.Flags().IntVar(&timesteps, "timesteps", 1, "length of a window in bins")
	cmd.Flags().Uint64Var(&seed, "seed", 0, "seed of all draws")
	cmd.Flags().BoolVar(&classical, "classical", false, "train three fully connected generators too, which takes minutes")
	cmd.Flags().IntVar(&iterations, "iterations", 3000, "steps of each generator that is trained")
	cmd.Flags().StringArrayVar(&files, "samples", nil, "write samples of a baseline of score into a file and measure nothing (can be repeated)")
	addSplit(cmd.Flags(), &split)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object")
	return cmd
}

// writeBaselines fits baselines and writes samples of each.
func (a *app) writeBaselines(cmd *cobra.Command, rec *metrics.Recording, files []string, o assess.ScoreOptions, asJSON bool) error {
	if cmd.Flags().Changed("train-repeats") {
		return usagef("--train-repeats: with --samples all repeats take part").withHint("--split says which half a model is fitted to")
	}
	r, err := assess.WriteBaselines(cmd.Context(), a.fs, rec, files, o)
	if err != nil {
		return err
	}
	return a.tell(asJSON, r)
}
