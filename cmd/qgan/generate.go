package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"qgan/backends"
	"qgan/backends/ledger"
	"qgan/backends/remote"
	"qgan/internal/durable"
	"qgan/metrics/spikes"
	"qgan/training"
	"qgan/training/assess"
	"qgan/training/lab"
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
			form, err := outFormat(format, out)
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
			r, meta, err := a.draw(cmd.Context(), g, on, training.Sampling{Samples: samples, Bins: bins, PerLatent: where.perLatent, Seed: seed})
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
			if on != nil && g.Config.Ansatz().UsesLatent() {
				size, correlation := assess.Effective(r, where.perLatent)
				a.note("effective sample size %.0f of %d: spike counts of samples that share a latent vector correlate by %.2g", size, r.Repeats, correlation)
			}
			if out == "-" {
				return spikes.Write(a.out, r, form, meta)
			}
			if err := a.writeTrains(out, r, form, meta); err != nil {
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

// outFormat is the format of a file that is named and of what it shall hold.
func outFormat(format, out string) (spikes.Format, error) {
	switch f := spikes.Format(format); {
	case format == "windows":
		return spikes.FormatOf(out)
	case f != spikes.Times && f != spikes.Pynapple:
		return "", usagef("--format %s: it can be windows, spike-times or pynapple", format)
	case out == "-" && f == spikes.Times, strings.EqualFold(filepath.Ext(out), f.Extension()):
		return f, nil
	default:
		return "", usagef("--format %s --out %s: the file needs the extension %s", format, out, f.Extension())
	}
}

// writeTrains writes a file of spike trains, and its description beside.
func (a *app) writeTrains(path string, r *spikes.Raster, f spikes.Format, m spikes.Meta) error {
	err := durable.WriteFile(a.fs, path, func(w io.Writer) error { return spikes.Write(w, r, f, m) })
	if err != nil {
		return err
	}
	return durable.WriteFile(a.fs, spikes.SidecarPath(path), func(w io.Writer) error { return spikes.WriteSidecar(w, r, f, m) })
}

// maxDrawn bounds the bins of a draw, which is held in memory.
const maxDrawn = 1e9

// draw draws samples, by shots where there is a processor, and says what the jobs cost.
func (a *app) draw(ctx context.Context, g *assess.Generator, on *lab.Processor, s training.Sampling) (*spikes.Raster, spikes.Meta, error) {
	if on == nil {
		return g.Draw(ctx, nil, s)
	}
	sampler := on.Words()
	p := on.Assessed()
	p.Shots = func(backends.Mitigation) training.Sampler { return sampler }
	r, meta, err := g.Draw(ctx, &p, s)
	if err == nil && len(sampler.Jobs) > 0 {
		meta.Extra["jobs"] = sampler.Jobs
		err = a.noteJobs(on.Remote.Ledger, sampler.Jobs)
	}
	return r, meta, err
}

// noteJobs says what jobs words come from and what they cost.
func (a *app) noteJobs(l *ledger.Ledger, ids []string) error {
	circuits, shots, usd, estimated, unknown := 0, 0, 0.0, false, false
	for _, id := range ids {
		j, err := l.Job(id)
		if err != nil {
			return err
		}
		circuits, shots = circuits+j.Circuits, shots+j.Shots
		switch {
		case j.Cost != nil:
			usd += *j.Cost
		case j.Estimate != nil:
			usd, estimated = usd+*j.Estimate, true
		default:
			unknown = true
		}
	}
	cost := fmt.Sprintf("$%.2f", usd)
	if estimated {
		cost += " by estimate"
	}
	if unknown {
		cost += " and what has no known price"
	}
	a.note("%d jobs of %d circuits and %d shots: %s", len(ids), circuits, shots, cost)
	return nil
}
