package main

import (
	"context"
	"fmt"
	"math"

	"github.com/spf13/cobra"

	"qgan/internal/stream"
	"qgan/metrics"
	"qgan/metrics/spikes"
	"qgan/training"
)

// baselineReport is the object of `baseline --json`.
type baselineReport struct {
	Schema     string                   `json:"schema"`
	Data       string                   `json:"data"`
	DataSHA256 string                   `json:"data_sha256"`
	Neurons    []int                    `json:"neurons"`
	Timesteps  int                      `json:"timesteps"`
	Windows    int                      `json:"windows"`
	Seen       int                      `json:"states_seen"`
	PSilent    float64                  `json:"p_silent"`
	Models     []metrics.BaselineResult `json:"models"`
}

// newBaselineCmd makes `baseline`.
func newBaselineCmd(a *app) *cobra.Command {
	var (
		data      dataFlags
		timesteps int
		seed      uint64
		classical classicalFlags
		asJSON    bool
	)
	cmd := &cobra.Command{
		Use:   "baseline",
		Short: "Measure simple models against a recording",
		Long: `Fit simple models to the windows of a recording and print how far each is from it
(Jensen-Shannon divergence in nats): in sample, and fitted on the odd repeats and
measured on the even ones. The last row is the distance of the odd repeats to the
even ones, the floor for any model. The law of the dichotomised Gaussian is drawn,
which makes its distance larger by what as many draws of the recording's own have;
so are those of Ising and k-pairwise models of more than 20 bits, whose fits follow
a Monte Carlo chain.

With --classical three fully connected generators, of about as many parameters as
the paper's circuit has, of 4 and of 16 times as many, are trained by the same steps
as the circuits.`,
		Example: `  qgan baseline --neurons 4
  qgan baseline --data recording.mat --repeat-bins 953 --neurons 2 --timesteps 5
  qgan baseline --neurons 4 --classical`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if data.neurons == "" {
				data.neurons = "4"
			}
			rec, err := data.load(a, nil)
			if err != nil {
				return err
			}
			if rec.Held != nil { // halves of what is trained on, as the models are fitted
				if rec, err = metrics.NewRecording(rec.Train, ""); err != nil {
					return err
				}
			}
			s, err := rec.Law(metrics.Trained, timesteps)
			if err != nil {
				return err
			}
			models, err := rec.Baselines(timesteps, metrics.BaselineOptions{Rand: stream.New(seed, "baseline")})
			if err != nil {
				return err
			}
			if classical.on {
				trained, err := classical.train(cmd.Context(), a, rec.Train, timesteps, seed)
				if err != nil {
					return err
				}
				models = append(models, trained...)
			}
			r := baselineReport{
				Schema: "qgan.baseline/v1", Data: rec.Train.Source.Path, DataSHA256: rec.Train.Source.SHA256,
				Neurons: rec.Train.Source.Neurons, Timesteps: timesteps, Windows: s.Total, Seen: s.Len(), PSilent: s.PSilent(), Models: models,
			}
			if asJSON {
				return a.printJSON(r)
			}
			fmt.Fprintf(a.out, "%s (sha256 %.12s), neurons %v, windows of %s: %d windows, %d of them distinct, %.4f silent\n\n",
				r.Data, r.DataSHA256, r.Neurons, plural(timesteps, "bin"), s.Total, s.Len(), s.PSilent())
			return a.printBaselines(models)
		},
	}
	data.add(cmd, true)
	cmd.Flags().IntVar(&timesteps, "timesteps", 1, "time bins of a window")
	cmd.Flags().Uint64Var(&seed, "seed", 0, "seed of the models that are drawn from")
	classical.add(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print a JSON object")
	return cmd
}

// classicalFlags are the flags of fully connected generators.
type classicalFlags struct {
	on         bool
	iterations int
}

func (f *classicalFlags) add(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&f.on, "classical", false, "train fully connected generators too")
	cmd.Flags().IntVar(&f.iterations, "iterations", 3000, "steps of each of them")
}

// train trains the generators of each size, on all repeats and, for the distance held
// out, on the odd ones.
func (f *classicalFlags) train(ctx context.Context, a *app, r *spikes.Raster, timesteps int, seed uint64) ([]metrics.BaselineResult, error) {
	c, err := training.ClassicalConfig(r.Neurons, timesteps, seed)
	if err != nil {
		return nil, err
	}
	c.Iterations = f.iterations
	if err := c.Check(); err != nil {
		return nil, usagef("--%w", err)
	}
	var out []metrics.BaselineResult
	for _, size := range training.ClassicalSizes {
		hidden := training.ClassicalHidden(r.Neurons, timesteps, size.Factor)
		a.note("training %s, %s", size.Name, plural(hidden, "hidden unit"))
		result, err := training.ClassicalResult(ctx, c, hidden, r, nil)
		if err != nil {
			return nil, err
		}
		result.Name, result.LogLikelihoodHeldOut = size.Name, nil
		if r.Repeats > 1 {
			odd, even := r.Halves()
			held, err := training.ClassicalResult(ctx, c, hidden, odd, even)
			if err != nil {
				return nil, err
			}
			result.JSHeldOut, result.LogLikelihoodHeldOut = held.JS, held.LogLikelihoodHeldOut
		}
		out = append(out, result)
	}
	return out, nil
}

// printBaselines prints a table of baselines.
func (a *app) printBaselines(models []metrics.BaselineResult) error {
	t := newTable(a.out)
	t.row("model", "parameters", "JS (nats)", "JS (bits)", "held out (nats)", "ln p held out (nats/bin)", "")
	for _, m := range models {
		bits := "–"
		if m.JS != nil {
			bits = fmt.Sprintf("%.3g", metrics.Bits(*m.JS))
		}
		parameters := fmt.Sprint(m.Parameters)
		if m.Parameters == math.MaxInt {
			parameters = "2^(n·t) - 1"
		}
		t.row(m.Name, parameters, text(m.JS, "%.3g"), bits, text(m.JSHeldOut, "%.3g"), text(m.LogLikelihoodHeldOut, "%.5f"), m.Note)
	}
	return t.flush()
}
