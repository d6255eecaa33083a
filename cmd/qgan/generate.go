package main

import (
	"errors"

	"github.com/spf13/cobra"

	"qgan/backends/remote"
	"qgan/metrics/spikes"
	"qgan/training"
	"qgan/training/assess"
)

// newGenerateCmd makes `generate`.
func newGenerateCmd(a *app) *cobra.Command {
	var (
		samples int
		bins    int
		out     string
		format  string
		seed    uint64
		where   processorFlags
	)
	cmd := &cobra.Command{
		Use:   "generate RUN",
		Short: "Draw spike trains from a trained generator",
		Long: `Draw windows from a run's generator, each an independent draw: samples x timesteps
x neurons. The same parameters and seed give the same bytes. Standard output (-)
is CSV without path or date. --format spike-times writes the time of each spike, in the
middle of its bin, --format pynapple a TsGroup with an epoch for each sample. Beside
a file lies FILE.json, which says what its numbers are and where they come from.

A generator whose circuits are tied runs on: with --bins each sample is a recording of
so many bins. Where its memory reaches beyond the window, samples begin in silence
and their first 30 bins are left out.

With --backend noisy, or SERVICE:DEVICE for a cloud processor, each timestep's circuit is compiled for the device, scheduled,
and measured shot by shot. A latent vector serves
--shots-per-latent samples; of a generator with memory, samples with the same past
share a circuit. With --mitigate samples are drawn from the law nearest to what
is left when the readout errors are taken out.

Jobs at a service are in the ledger before they are sent (see submit); the same
command again takes up those that are there and pays for nothing twice.`,
		Example: `  qgan generate runs/retina --samples 1000 --out trains.npz
  qgan generate runs/retina --samples 297 --bins 953 --out recording.npz
  qgan generate runs/retina --samples 5 --out -
  qgan generate runs/retina --samples 1000 --format spike-times --out times.csv
  qgan generate runs/retina --backend noisy --device props_torino.json --out torino.npz`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if samples < 1 {
				return usagef("--samples %d: at least 1 is needed", samples)
			}
			form, err := spikes.FormatFor(format, out)
			if err != nil {
				return err
			}
			g, err := openModel(a, args[0])
			if err != nil {
				return err
			}
			if !cmd.Flags().Changed("seed") {
				seed = g.Config.Seed
			}
			switch {
			case bins == 0:
				bins = g.Config.Timesteps
			case bins < 0:
				return usagef("--bins %d: at least 1 is needed", bins)
			case !g.Config.Tied:
				return usagef("--bins %d: only samples of a generator with one circuit for all timesteps run on", bins).withHint("train it with --memory leaky --tied")
			}
			if total := float64(samples) * float64(bins); total > maxDrawn {
				return usagef("--samples %d --bins %d: at most %.0g bins are drawn at once", samples, bins, float64(maxDrawn))
			}
			on, err := where.open(cmd.Context(), a, cmd.Name(), cmd.Flags(), samples, seed)
			if err != nil {
				return err
			}
			if where.latents > 0 {
				where.perLatent = assess.PerLatent(samples, where.latents)
			}
			defer on.Close()
			r, meta, err := on.Draw(cmd.Context(), g, training.Sampling{Samples: samples, Bins: bins, PerLatent: where.perLatent, Seed: seed})
			if where.dry && errors.Is(err, remote.ErrDry) {
				a.note("%v", err)
				if g.Config.Memory != training.MemoryNone {
					a.note("that is the first of %d rounds: each bin's circuits follow from the bits before", g.Rounds(bins))
				}
				return nil
			}
			if err != nil {
				return err
			}
			if jobs, sent := meta.Extra["jobs"].([]string); sent {
				bill, err := on.Remote.Ledger.Bill(jobs...)
				if err != nil {
					return err
				}
				a.note("%s", bill)
			}
			if on != nil && g.Config.Ansatz().UsesLatent() {
				size, correlation := assess.Effective(r, where.perLatent)
				a.note("effective sample size %.0f of %d: spike counts of samples that share a latent vector correlate by %.2g", size, r.Repeats, correlation)
			}
			if out == "-" {
				return spikes.Write(a.out, r, form, meta)
			}
			if err := assess.WriteSamples(a.fs, out, r, form, meta); err != nil {
				return err
			}
			a.note("%d samples of %d bins x %d neurons in %s", samples, r.Bins, r.Neurons, out)
			return nil
		},
	}
	f := cmd.Flags()
	f.IntVar(&samples, "samples", 1000, "samples to draw")
	f.IntVar(&bins, "bins", 0, "bins of a sample, which then runs on as one recording (none: the run's timesteps)")
	f.StringVar(&out, "out", "-", "file: .npz, .npy, .csv or .mat; - is stdout (CSV)")
	f.StringVar(&format, "format", "windows", "what the file holds: windows, spike-times (.csv) or pynapple (.npz)")
	f.Uint64Var(&seed, "seed", 0, "seed of the draws (none: the run's)")
	where.add(f)
	where.addSending(f)
	return cmd
}

// maxDrawn bounds the bins of a draw, which is held in memory.
const maxDrawn = 1e9
