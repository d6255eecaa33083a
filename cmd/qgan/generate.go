package main

import (
	"io"

	"github.com/spf13/cobra"

	"qgan/internal/durable"
	"qgan/metrics/spikes"
)

// newGenerateCmd makes `generate`.
func newGenerateCmd(a *app) *cobra.Command {
	var (
		samples int
		bins    int
		out     string
		format  string
		seed    uint64
	)
	cmd := &cobra.Command{
		Use:   "generate RUN",
		Short: "Draw spike trains from a trained generator",
		Long: `Draw windows from a run's generator, each an independent draw: samples x timesteps
x neurons. The same parameters and seed give the same bytes. Standard output (-)
is CSV without path or date.

A generator whose circuits are tied runs on: with --bins each sample is a recording of
so many bins. Where its memory reaches beyond the window, samples begin in silence
and their first 30 bins are left out.`,
		Example: `  qgan generate runs/retina --samples 1000 --out trains.npz
  qgan generate runs/retina --samples 297 --bins 953 --out recording.npz
  qgan generate runs/retina --samples 5 --out -`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if samples < 1 {
				return usagef("--samples %d: at least 1 is needed", samples)
			}
			if format != "windows" {
				return usagef("--format %s: it can be windows", format)
			}
			form, err := spikes.FormatOf(out)
			if err != nil {
				return err
			}
			m, err := openModel(a, args[0])
			if err != nil {
				return err
			}
			if !cmd.Flags().Changed("seed") {
				seed = m.config.Seed
			}
			switch {
			case bins == 0:
				bins = m.config.Timesteps
			case bins < 0:
				return usagef("--bins %d: at least 1 is needed", bins)
			case !m.config.Tied:
				return usagef("--bins %d: only samples of a generator with one circuit for all timesteps run on", bins).withHint("train it with --memory leaky --tied")
			}
			if total := float64(samples) * float64(bins); total > maxDrawn {
				return usagef("--samples %d --bins %d: at most %.0g bins are drawn at once", samples, bins, float64(maxDrawn))
			}
			r, meta, err := m.draw(samples, bins, seed)
			if err != nil {
				return err
			}
			if out == "-" {
				return spikes.Write(a.out, r, form, meta)
			}
			err = durable.WriteFile(a.fs, out, func(w io.Writer) error { return spikes.Write(w, r, form, meta) })
			if err != nil {
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
	f.StringVar(&format, "format", "windows", "form of the file: windows")
	f.Uint64Var(&seed, "seed", 0, "seed of the draws (none: the run's)")
	return cmd
}

// maxDrawn bounds the bins of a draw, which is held in memory.
const maxDrawn = 1e9

// draw draws samples and says where they come from.
func (m *model) draw(samples, bins int, seed uint64) (*spikes.Raster, spikes.Meta, error) {
	man := m.run.Manifest
	r, err := m.gen.Draw(m.params, samples, bins, man.Data.BinWidth, seed)
	if err != nil {
		return nil, spikes.Meta{}, err
	}
	neurons := man.Data.Neurons
	return r, spikes.Meta{
		Seed: seed, BinWidth: man.Data.BinWidth, LatentScale: latentText(m.config), Neurons: neurons,
		Model:    "qgan " + m.config.Preset + ", readout " + string(m.config.Readout),
		BitOrder: spikes.BitOrder,
		Extra:    map[string]any{"data_sha256": man.Data.SHA256, "step": m.step, "run_seed": m.config.Seed},
	}, nil
}

// sampleBins is how much longer than a window the samples are that statistics of a
// generator which runs on are taken of.
const sampleBins = 200

// sample draws about so many windows for statistics: independent ones, or all
// windows of recordings where the generator runs on.
func (m *model) sample(windows int, seed uint64) (*spikes.Raster, error) {
	bins := m.config.Timesteps
	if m.config.Past > 0 {
		bins += sampleBins
		windows = (windows + sampleBins) / (sampleBins + 1)
	}
	r, _, err := m.draw(windows, bins, seed)
	return r, err
}
