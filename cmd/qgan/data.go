package main

import (
	"errors"

	"github.com/spf13/cobra"

	"qgan/metrics"
	"qgan/metrics/spikes"
	"qgan/training/assess"
	"qgan/training/runs"
)

// dataFlags say which recording a verb reads, and which part of it.
type dataFlags struct {
	path, variable, axes, trainRepeats, neurons string
	repeatBins                                  int
	binWidth                                    float64 // seconds; 0: as the file says
}

// add registers the flags; neurons says whether the verb chooses neurons too.
func (d *dataFlags) add(cmd *cobra.Command, neurons bool) {
	f := cmd.Flags()
	f.StringVar(&d.path, "data", "", "recording: MATLAB 5 or 7.3, NWB, npy, npz, pynapple TsGroup, CSV of 0 and 1 or of spike times (none: the built-in one)")
	f.StringVar(&d.variable, "var", "", "array in the file, where it holds several")
	f.StringVar(&d.axes, "axes", "", "order of the array's axes, such as repeats,neurons,bins or bins,neurons")
	f.IntVar(&d.repeatBins, "repeat-bins", 0, "cut a flat recording into repeats of so many bins")
	f.Float64Var(&d.binWidth, "bin-width", 0, "width of a time bin in seconds, which spike times are counted in (none: as the file says, or 0.02)")
	f.StringVar(&d.trainRepeats, "train-repeats", "", "repeats to train on: odd, even or a:b (none: all); the others are held out")
	if neurons {
		f.StringVar(&d.neurons, "neurons", "", "the first so many neurons (8), or a list (0,3,7)")
	}
}

// fromRun makes what a run's manifest says the default of every flag that was
// not given.
func (d *dataFlags) fromRun(cmd *cobra.Command, m runs.Manifest) {
	use := func(flag string, to *string, value string) {
		if !cmd.Flags().Changed(flag) {
			*to = value
		}
	}
	if !cmd.Flags().Changed("data") && m.Data.File != "" {
		d.path = m.Data.File
		use("var", &d.variable, m.Data.Variable)
		use("axes", &d.axes, m.Data.Axes)
		if !cmd.Flags().Changed("repeat-bins") {
			d.repeatBins = m.Data.RepeatBins
		}
		if !cmd.Flags().Changed("bin-width") {
			d.binWidth = m.Data.BinWidth
		}
	}
	use("train-repeats", &d.trainRepeats, m.Data.Repeats)
}

// load reads the recording and warns of what its reader assumed. neurons, where not nil,
// decides which neurons are taken; otherwise the flag does.
func (d *dataFlags) load(a *app, neurons []int) (*metrics.Recording, error) {
	rec, err := metrics.ReadRecording(d.path, metrics.RecordingOptions{
		LoadOptions: spikes.LoadOptions{Variable: d.variable, Axes: d.axes, RepeatBins: d.repeatBins, BinWidth: d.binWidth},
		Neurons:     d.neurons, Indices: neurons, Repeats: d.trainRepeats,
	})
	if err != nil {
		return nil, err
	}
	a.warnOf(rec.All)
	return rec, nil
}

// loadSamples reads spike trains from a file that says itself what it holds; where it
// doesn't say how wide its bins are, they are of that width (0: the usual).
func (a *app) loadSamples(path string, width float64) (*spikes.Raster, error) {
	samples, err := spikes.Load(path, spikes.LoadOptions{Fallback: width})
	if err != nil {
		return nil, err
	}
	a.warnOf(samples)
	return samples, nil
}

// warnOf tells what was dropped or assumed when spike trains were read.
func (a *app) warnOf(r *spikes.Raster) {
	for _, w := range r.Source.Warnings {
		a.warn("%s: %s", r.Source.Path, w)
	}
}

// loadBeside reads files that are put beside the recording.
func (a *app) loadBeside(rec *metrics.Recording, paths []string) ([]assess.Sample, error) {
	files, err := assess.ReadBeside(rec, paths...)
	for _, f := range files {
		a.warnOf(f.Raster)
	}
	return files, err
}

// isRun says whether an argument is a directory, or is not there at all and so
// better reported as a missing run.
func isRun(a *app, path string) bool {
	info, err := a.fs.Stat(path)
	return err == nil && info.IsDir()
}

// openModel reads a run's newest checkpoint.
func openModel(a *app, dir string) (*assess.Generator, error) {
	run, err := runs.Open(a.fs, dir)
	if err != nil {
		return nil, err
	}
	g, err := assess.Open(run)
	var e *runs.Error
	if errors.Is(err, assess.ErrNoCheckpoint) && errors.As(err, &e) {
		e.Hint = "`qgan train --resume` goes on with it"
	}
	return g, err
}

// addCompare registers the flag for files that are put beside.
func addCompare(cmd *cobra.Command, to *[]string) {
	cmd.Flags().StringArrayVar(to, "compare", nil, "another file of spike trains to put beside (can be repeated)")
}
