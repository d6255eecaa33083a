package main

import (
	"errors"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"qgan/metrics"
	"qgan/metrics/spikes"
	"qgan/training/assess"
	"qgan/training/lab"
	"qgan/training/runs"
)

// addData registers the flags that say which recording a verb reads, and which part of it;
// neurons says whether the verb chooses neurons too.
func addData(cmd *cobra.Command, neurons bool) {
	f := cmd.Flags()
	f.String("data", "", "the recording: a file of MATLAB, NWB, HDF5, NumPy, scipy or pynapple, a text of 0 and 1 or of spike times, or a folder of Phy (none: the built-in recording)")
	f.String("var", "", "name of the array in a file that holds several")
	f.String("axes", "", "order of the array's axes, such as repeats,neurons,bins (none: as the file tells)")
	f.Int("repeat-bins", 0, "length of a repeat in bins, by which a flat recording or the trials of spike times are cut (0: as the file tells)")
	f.Float64("bin-width", 0, "width of the bins in which spike times are counted, in seconds (none: as the file tells, or 0.02)")
	f.Float64("sampling-rate", 0, "samples a second, where spike times are numbers of samples; 1000 for milliseconds (none: as the file tells, or times in seconds)")
	f.String("trials", "", "table of intervals that gives the repeats of spike times, such as trials or epochs, or the word none for no table (none: as the file suggests)")
	f.Float64("max-gap", 0, "silences of all units that last longer than this are no part of the recording, in seconds (0: all are)")
	f.String("train-repeats", "", "repeats to train on; the others are held out (none: all)")
	if neurons {
		f.String("neurons", "", "how many neurons, from the first on, or a list of their places from 0, such as 0,3,7 (none: the first 8, or 4 for several timesteps)")
	}
}

// recording reads what settings name and warns of what its reader assumed. o says which
// neurons are taken where no setting does.
func (a *app) recording(s lab.Settings, o metrics.RecordingOptions) (*metrics.Recording, error) {
	return a.warned(s.Recording(o))
}

// recordingOf reads the recording of a run, or another that settings name, and warns where
// it is not the one that the run was trained on.
func (a *app) recordingOf(g *assess.Generator, s lab.Settings) (*metrics.Recording, error) {
	rec, err := a.recording(s.LikeRun(g.Run.Manifest), metrics.RecordingOptions{Indices: g.Data.Neurons})
	if err == nil {
		if text := g.Stranger(rec); text != "" {
			a.warn("%s: %s", g.Run.Path, text)
		}
	}
	return rec, err
}

func (a *app) warned(rec *metrics.Recording, err error) (*metrics.Recording, error) {
	if err == nil {
		a.warnOf(rec.All)
	}
	return rec, err
}

// warnOf tells what was dropped or assumed when spike trains were read.
func (a *app) warnOf(r *spikes.Raster) {
	for _, w := range r.Source.Warnings {
		a.warn("%s: %s", r.Source.Path, spikes.Spelled(w, asFlag))
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

// openModel reads a run's newest checkpoint, with the parameters that the flags choose.
func openModel(a *app, cmd *cobra.Command, dir string) (*assess.Generator, error) {
	which, err := cmd.Flags().GetString("parameters")
	if err != nil {
		panic(err) // the verb has no such flag
	}
	if cmd.Flags().Changed("param") {
		return nil, usagef("--param is for a program, %s is a run", dir)
	}
	run, err := runs.Open(a.fs, dir)
	if err != nil {
		return nil, err
	}
	g, err := assess.Open(run)
	var e *runs.Error
	if errors.Is(err, assess.ErrNoCheckpoint) && errors.As(err, &e) {
		e.Hint = "`qgan train --resume` goes on with it"
	}
	if err != nil {
		return nil, err
	}
	return g.With(which)
}

// addParameters registers the flag that chooses the parameters of a run.
func addParameters(f *pflag.FlagSet) {
	f.String("parameters", assess.BestParameters, "which parameters of a run to take: the best of its training, or the last")
}

// addCompare registers the flag for files that are put beside.
func addCompare(cmd *cobra.Command, to *[]string) {
	cmd.Flags().StringArrayVar(to, "compare", nil, "another file of spike trains to compare with (can be repeated)")
}
