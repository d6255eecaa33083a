package main

import (
	"path/filepath"

	"github.com/spf13/cobra"

	"qgan/metrics/spikes"
	"qgan/training"
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
func (d *dataFlags) fromRun(cmd *cobra.Command, m training.Manifest) {
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

// recording is what a verb works on: the chosen neurons of all repeats, of
// those to train on, and of those held out (nil: none).
type recording struct {
	all, train, held *spikes.Raster
	neurons          int    // of the whole recording
	file             string // absolute path; empty for the built-in recording
}

// load reads the recording. neurons, where not nil, decides which neurons are
// taken; otherwise the flag does.
func (d *dataFlags) load(a *app, neurons []int) (*recording, error) {
	name := d.path
	if name == "" {
		name = spikes.BuiltinName
	}
	raster, err := spikes.Load(name, spikes.LoadOptions{Variable: d.variable, Axes: d.axes, RepeatBins: d.repeatBins, BinWidth: d.binWidth})
	if err != nil {
		return nil, err
	}
	for _, w := range raster.Source.Warnings {
		a.warn("%s: %s", name, w)
	}
	if neurons == nil {
		if neurons, err = spikes.ParseNeurons(d.neurons, raster.Neurons); err != nil {
			return nil, usagef("--neurons %s: %w", d.neurons, err)
		}
	}
	r := &recording{neurons: raster.Neurons}
	if d.path != "" {
		if r.file, err = filepath.Abs(d.path); err != nil {
			return nil, err
		}
	}
	if r.all, err = raster.Select(neurons); err != nil {
		return nil, usagef("--neurons: %w", err)
	}
	if d.trainRepeats == "" {
		r.train = r.all
		return r, nil
	}
	chosen, err := spikes.ParseRepeats(d.trainRepeats, raster.Repeats)
	if err != nil {
		return nil, usagef("--train-repeats %s: %w", d.trainRepeats, err)
	}
	taken := map[int]bool{}
	for _, i := range chosen {
		taken[i] = true
	}
	var rest []int
	for i := range raster.Repeats {
		if !taken[i] {
			rest = append(rest, i)
		}
	}
	if r.train, err = r.all.SelectRepeats(chosen, d.trainRepeats); err != nil {
		return nil, usagef("--train-repeats: %w", err)
	}
	if len(rest) > 0 {
		if r.held, err = r.all.SelectRepeats(rest, "not "+d.trainRepeats); err != nil {
			return nil, err
		}
	}
	return r, nil
}
