package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"qgan/backends"
	"qgan/backends/remote"
	"qgan/metrics/spikes"
	"qgan/training"
	"qgan/training/assess"
	"qgan/training/lab"
)

// generateFlags are the flags of `generate`.
type generateFlags struct {
	samples, bins int
	from          int
	out, format   string
	seed          uint64
	where         processorFlags
}

// newGenerateCmd makes `generate`.
func newGenerateCmd(a *app) *cobra.Command {
	var f generateFlags
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
and their first 30 bins are left out. One that knows the time in a repeat draws whole
repeats, or --bins from --from-bin on.

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
  qgan generate runs/movie --samples 148 --from-bin 100 --bins 50 --out windows.npz
  qgan generate runs/retina --samples 1000 --format spike-times --out times.csv
  qgan generate runs/retina --backend noisy --device props_torino.json --out torino.npz`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return f.run(cmd, a, args[0]) },
	}
	s := cmd.Flags()
	s.IntVar(&f.samples, "samples", 1000, "how many samples to draw")
	s.IntVar(&f.bins, "bins", 0, "length of a sample in bins, which then runs on as one recording (0: the run's timesteps)")
	s.IntVar(&f.from, "from-bin", 0, "bin of the repeat at which samples begin, of a generator that knows the time in the repeat")
	s.StringVarP(&f.out, "out", "o", "-", "file to write, .npz, .npy, .csv or .mat by its ending; - is standard output, as CSV")
	s.StringVar(&f.format, "format", "windows", "what the file holds: windows, spike times (.csv), or a TsGroup of pynapple (.npz)")
	s.Uint64Var(&f.seed, "seed", 0, "seed of all draws (0: the run's)")
	addParameters(s)
	f.where.add(s)
	f.where.addSending(s)
	return cmd
}

func (f *generateFlags) run(cmd *cobra.Command, a *app, dir string) error {
	if f.samples < 1 {
		return usagef("--samples %d: at least 1 is needed", f.samples)
	}
	form, err := spikes.FormatFor(f.format, f.out)
	if err != nil {
		return err
	}
	g, err := openModel(a, cmd, dir)
	if err != nil {
		return err
	}
	if !cmd.Flags().Changed("seed") {
		f.seed = g.Config.Seed
	}
	if err := f.length(g); err != nil {
		return err
	}
	if err := a.defaultBackend(cmd.Flags()); err != nil {
		return err
	}
	on, err := f.where.open(cmd.Context(), a, cmd.Name(), cmd.Flags(), f.samples, f.seed, g.Config.Ansatz().Qubits(), fmt.Sprint(g.Asked(), f.bins, f.where.latents, f.where.perLatent))
	if err != nil {
		return err
	}
	defer on.Close()
	if f.where.latents > 0 {
		f.where.perLatent = assess.PerLatent(f.samples, f.where.latents)
	}
	s := training.Sampling{Samples: f.samples, Bins: f.bins, From: f.from, PerLatent: f.where.perLatent, Seed: f.seed}
	if on != nil && on.Remote != nil && g.Remembers() {
		draft, err := on.Draft(cmd.Context(), g, s)
		if err != nil {
			return err
		}
		a.note("%s", draft)
	}
	r, meta, err := on.Draw(cmd.Context(), g, s)
	if f.where.remote.dry && errors.Is(err, remote.ErrDry) {
		a.note("%v", err)
		return nil
	}
	if err != nil {
		return err
	}
	if err := f.tellDrawn(a, g, on, r, meta); err != nil {
		return err
	}
	if f.out == "-" {
		return spikes.Write(a.out, r, form, meta)
	}
	if err := assess.WriteSamples(a.fs, f.out, r, form, meta); err != nil {
		return err
	}
	a.note("%s of %s x %s in %s", plural(f.samples, "sample"), plural(r.Bins, "bin"), plural(r.Neurons, "neuron"), f.out)
	return nil
}

// length settles how many bins a sample has: the run's, or more of a generator that runs on.
func (f *generateFlags) length(g *assess.Generator) error {
	switch known := g.Config.Stimulus == training.StimulusRepeat; {
	case f.from != 0 && !known:
		return usagef("--from-bin %d: the run's generator does not know the time in a repeat", f.from).withHint("train it with --stimulus repeat")
	case known && (f.from < 0 || f.from >= g.Config.StimulusBins):
		return usagef("--from-bin %d: a repeat has bins 0 to %d", f.from, g.Config.StimulusBins-1)
	case f.bins == 0 && known:
		f.bins = g.Config.StimulusBins - f.from
	case f.bins == 0:
		f.bins = g.Config.Timesteps
	case f.bins < 0:
		return usagef("--bins %d: at least 1 is needed", f.bins)
	case !g.Config.Tied:
		return usagef("--bins %d: only samples of a generator with one circuit for all timesteps run on", f.bins).withHint("train it with --memory leaky --tied")
	}
	if total := float64(f.samples) * float64(f.bins); total > maxDrawn {
		return usagef("--samples %d --bins %d: at most %.0g bins are drawn at once", f.samples, f.bins, float64(maxDrawn))
	}
	return nil
}

// tellDrawn says what samples of a processor cost, and how many independent ones they are worth.
func (f *generateFlags) tellDrawn(a *app, g *assess.Generator, on *lab.Processor, r *spikes.Raster, meta spikes.Meta) error {
	if jobs, sent := meta.Extra["jobs"].([]string); sent {
		bill, err := on.Remote.Ledger.Bill(jobs...)
		if err != nil {
			return err
		}
		a.note("%s", bill)
	}
	if on != nil && on.Correction.Method != backends.MitigateNone {
		if circuits, shots := meta.Extra["circuits"].(int), meta.Extra["shots"].(int); 2*circuits > shots {
			a.warn("--mitigate %s: %d shots were read of %d circuits, and it leaves a single shot as it was read", on.Correction.Method, shots, circuits)
		}
	}
	if on != nil && g.Config.Ansatz().UsesLatent() {
		size, correlation := assess.Effective(r, f.where.perLatent)
		a.note("effective sample size %.0f of %d: spike counts of samples that share a latent vector correlate by %.2g", size, r.Repeats, correlation)
	}
	return nil
}

// maxDrawn bounds the bins of a draw, which is held in memory.
const maxDrawn = 1e9
