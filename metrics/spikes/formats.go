package spikes

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"strings"

	"qgan/metrics/spikes/internal/matfile"
	"qgan/metrics/spikes/internal/npy"
)

// input is what a recording is read from.
type input struct {
	path string // for messages
	b    []byte
}

// reader reads a form of files, told by their content.
type reader struct {
	is   func(*input) bool
	open func(*input, LoadOptions) (*file, error)
}

// readers are tried in this order.
func readers() []reader {
	return []reader{
		{func(in *input) bool { return matfile.IsHDF5(in.b) }, openHDF5},
		{func(in *input) bool { return matfile.Is(in.b) }, openMAT},
		{func(in *input) bool { return bytes.HasPrefix(in.b, []byte(npy.Magic)) }, openNPY},
		{func(in *input) bool { return npy.IsZip(in.b) }, openNPZ},
		{func(in *input) bool { _, ok := textOf(in.b); return ok }, openText},
	}
}

const readable = "files that can be read: MATLAB (.mat), NWB, .npy, .npz, pynapple's TsGroup, CSV of zeros and ones or of spike times"

// open reads the file.
func open(path string) (*input, error) {
	if path == "" {
		return nil, wrong("name a file", "no file is named")
	}
	st, err := os.Stat(path)
	if err == nil && st.IsDir() {
		return nil, &InputError{path, errors.New("is a folder, not a recording"), "name the file inside it"}
	}
	var b []byte
	if err == nil {
		b, err = os.ReadFile(path)
	}
	if err == nil {
		return &input{path: path, b: b}, nil
	}
	hint := ""
	switch {
	case errors.Is(err, fs.ErrNotExist):
		hint = "check the path; it is taken from the current folder"
	case errors.Is(err, fs.ErrPermission):
		hint = "make the file readable to you"
	}
	var pe *fs.PathError
	if errors.As(err, &pe) {
		err = pe.Err // the path stands in front already
	}
	return nil, &InputError{path, fmt.Errorf("cannot be read: %w", err), hint}
}

// raster reads the recording; its errors are *InputError with the path.
func (in *input) raster(opt LoadOptions) (*Raster, error) {
	r, err := in.decode(opt)
	if err != nil {
		var bad *InputError
		if !errors.As(err, &bad) {
			bad = &InputError{Err: err}
		}
		return nil, &InputError{in.path, bad.Err, bad.Hint}
	}
	sum := sha256.Sum256(in.b)
	r.Source.Path = in.path
	r.Source.SHA256 = hex.EncodeToString(sum[:])
	return r, nil
}

func (in *input) decode(opt LoadOptions) (*Raster, error) {
	axes, err := opt.check()
	if err != nil {
		return nil, err
	}
	f, err := in.open(opt)
	if err != nil {
		return nil, err
	}
	if f.binned == 0 {
		if name := opt.ofTimes(); name != "" {
			return nil, wrong("leave the option "+name+" out", "the file holds an array of bins, and the option %s is one of spike times", name)
		}
		a, err := f.choose(opt.Variable)
		if err != nil {
			return nil, err
		}
		r, err := f.raster(a, axes, opt.RepeatBins)
		if err != nil {
			return nil, err
		}
		r.Source.Variable = a.name
		return f.finish(r, opt), nil
	}
	// Runs of before say these axes of spike times.
	if axes != nil && strings.Join(axes, ",") != timesAxes {
		return nil, wrong("leave the option axes out", "the file holds spike times, which have no order of axes")
	}
	r, err := f.raster(f.arrays[0], nil, 0)
	if err != nil {
		return nil, err
	}
	r.Source.Axes = ""
	r.Source.SamplingRate, r.Source.Trials, r.Source.MaxGap = opt.SamplingRate, opt.Trials, opt.MaxGap
	return f.finish(r, opt), nil
}

// open makes arrays, or spike times counted into bins, of the bytes.
func (in *input) open(opt LoadOptions) (*file, error) {
	if len(in.b) == 0 {
		return nil, wrong(readable, "the file is empty")
	}
	for _, form := range readers() {
		if form.is(in) {
			return form.open(in, opt)
		}
	}
	return nil, wrong(readable, "the file's format is not known")
}

func openText(in *input, opt LoadOptions) (*file, error) {
	if opt.Variable != "" {
		return nil, wrong("leave the variable out", "the file is text and holds no variable %q", opt.Variable)
	}
	text, _ := textOf(in.b)
	if isTimes(text) {
		return readTimes(text, opt)
	}
	axes, err := opt.check()
	if err != nil {
		return nil, err
	}
	return readCSV(text, axes, opt.RepeatBins)
}

// check refuses options that no file can have, and returns the axes.
func (opt LoadOptions) check() ([]string, error) {
	if opt.RepeatBins < 0 {
		return nil, wrong("give the number of bins of one repeat", "repeats of %d bins", opt.RepeatBins)
	}
	for _, k := range []struct {
		value      float64
		what, unit string
	}{
		{opt.BinWidth, "bin width", "seconds"}, {opt.Fallback, "bin width", "seconds"},
		{opt.SamplingRate, "sampling rate", "samples a second"}, {opt.MaxGap, "longest gap", "seconds"},
	} {
		if k.value < 0 || math.IsNaN(k.value) || math.IsInf(k.value, 0) {
			return nil, wrong(fmt.Sprintf("give the %s in %s", k.what, k.unit), "a %s of %v %s", k.what, k.value, k.unit)
		}
	}
	if opt.Axes == "" {
		return nil, nil
	}
	return ParseAxes(opt.Axes)
}

// finish says what else is known of the raster.
func (f *file) finish(r *Raster, opt LoadOptions) *Raster {
	f.binWidth(r, opt)
	r.Source.RepeatBins = opt.RepeatBins
	if len(f.names) == r.Neurons && distinct(f.names) {
		r.Source.Units = f.names
	}
	if len(f.drawn) == r.Neurons {
		r.Source.Drawn = f.drawn
	}
	r.describe(f.described())
	r.Source.Warnings = f.warnings
	return r
}
