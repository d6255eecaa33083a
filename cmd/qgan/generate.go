package main

import (
	"io"

	"github.com/spf13/cobra"

	"qgan/internal/durable"
	"qgan/metrics/spikes"
	"qgan/training"
)

// newGenerateCmd makes `generate`.
func newGenerateCmd(a *app) *cobra.Command {
	var (
		samples int
		out     string
		format  string
		seed    uint64
	)
	cmd := &cobra.Command{
		Use:   "generate RUN",
		Short: "Draw spike trains from a trained generator",
		Long: `Draw windows from a run's generator, each an independent draw: samples x timesteps
x neurons. The same parameters and seed give the same bytes. Standard output (-)
is CSV without path or date.`,
		Example: `  qgan generate runs/retina --samples 1000 --out trains.npz
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
			r, meta, err := m.draw(samples, seed)
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
			a.note("%d windows of %d bins x %d neurons in %s", samples, r.Bins, r.Neurons, out)
			return nil
		},
	}
	f := cmd.Flags()
	f.IntVar(&samples, "samples", 1000, "windows to draw")
	f.StringVar(&out, "out", "-", "file: .npz, .npy, .csv or .mat; - is stdout (CSV)")
	f.StringVar(&format, "format", "windows", "form of the file: windows")
	f.Uint64Var(&seed, "seed", 0, "seed of the draws (none: the run's)")
	return cmd
}

// draw draws windows and says where they come from.
func (m *model) draw(samples int, seed uint64) (*spikes.Raster, spikes.Meta, error) {
	man := m.run.Manifest
	r, err := training.Draw(m.config, m.gen, m.params, samples, man.Data.BinWidth, seed)
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
