package spikes

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"qgan/metrics/spikes/internal/matfile"
	"qgan/metrics/spikes/internal/npy"
)

// input is what a recording is read from.
type input struct {
	path  string // for messages
	b     []byte
	units []byte // of a couple of files, whose b are the times of spikes; nil otherwise
	dir   string // where a couple lies
}

// unpacked is the most that a file packed with gzip becomes, by its size.
func unpacked(size int) int { return 1<<28 + 64*size }

// unpack is what a file packed with gzip holds, up to a limit in bytes.
func unpack(b []byte, limit int) ([]byte, error) {
	if !bytes.HasPrefix(b, []byte("\x1f\x8b\x08")) {
		return b, nil
	}
	z, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		return nil, wrong("it may have been cut short on its way", "packed with gzip: %w", err)
	}
	out, err := io.ReadAll(io.LimitReader(z, int64(limit)+1))
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF):
		return nil, wrong("it may have been cut short on its way", "packed with gzip, and truncated")
	case err != nil:
		return nil, wrong("it may have been damaged on its way", "packed with gzip: %w", err)
	case len(out) > limit:
		return nil, wrong("gunzip unpacks it", "packed with gzip, %d bytes become more than %d", len(b), limit)
	}
	return out, nil
}

// reader reads a form of files, told by their content.
type reader struct {
	is   func(*input) bool
	open func(*input, LoadOptions) (*file, error)
}

// readers are tried in this order.
func readers() []reader {
	return []reader{
		{func(in *input) bool { return in.units != nil }, openCouple},
		{func(in *input) bool { return matfile.IsHDF5(in.b) }, openHDF5},
		{func(in *input) bool { return matfile.Is(in.b) }, openMAT},
		{func(in *input) bool { return bytes.HasPrefix(in.b, []byte(npy.Magic)) }, openNPY},
		{func(in *input) bool { return npy.IsZip(in.b) }, openNPZ},
		{func(in *input) bool { _, ok := textOf(in.b); return ok && stranger(in.b) == nil }, openText},
	}
}

const readable = "files that can be read: MATLAB (.mat), NWB, HDF5, .npy, .npz, folders of Phy, pynapple's, text of zeros and ones or of spike times"

// open reads the file.
func open(path string) (*input, error) {
	if path == "" {
		return nil, wrong("name a file", "no file is named")
	}
	in, err := read(path)
	var bad *InputError
	switch {
	case err == nil:
		return in, nil
	case errors.As(err, &bad):
		return nil, &InputError{path, bad.Err, bad.Hint}
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

// read reads a file, and the one beside it that belongs to it, or those in a folder.
func read(path string) (*input, error) {
	st, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if st.IsDir() {
		return openFolder(path)
	}
	dir, name := filepath.Split(path)
	if dir == "" {
		dir = "."
	}
	if slices.ContainsFunc(couples, func(c struct{ times, units string }) bool { return isPart(name, c.times) || isPart(name, c.units) }) {
		if times, units, err := couple(dir, name); err == nil && times != "" {
			return openCoupled(path, dir, times, units)
		}
	}
	b, err := os.ReadFile(path)
	return &input{path: path, b: b}, err
}

// raster reads the recording; its errors are *InputError with the path.
func (in *input) raster(opt LoadOptions) (*Raster, error) {
	r, err := in.decode(opt)
	if err != nil {
		var bad *InputError
		if !errors.As(err, &bad) {
			bad = &InputError{Err: err}
		}
		return nil, &InputError{in.path, bad.Err, strings.ReplaceAll(bad.Hint, "FILE", in.path)}
	}
	sum := sha256.New()
	sum.Write(in.b)
	sum.Write(in.units)
	r.Source.Path = in.path
	r.Source.SHA256 = hex.EncodeToString(sum.Sum(nil))
	return r, nil
}

func (in *input) decode(opt LoadOptions) (*Raster, error) {
	axes, err := opt.check()
	if err != nil {
		return nil, err
	}
	b, err := unpack(in.b, unpacked(len(in.b)))
	if err != nil {
		return nil, err
	}
	in = &input{in.path, b, in.units, in.dir}
	f, err := in.open(opt)
	if err != nil {
		return nil, err
	}
	if f.binned == 0 {
		a, err := f.choose(opt.Variable)
		if err != nil {
			return nil, err
		}
		if opt.SamplingRate > 0 && a.numeric && a.isVector() {
			a = single(a)
		}
		if name := opt.ofTimes(); a.numeric && name != "" {
			return nil, wrong("leave the option "+name+" out", "the file holds an array of bins, and the option %s is one of spike times", name)
		}
		if a.lists == nil {
			r, err := f.raster(a, axes, opt)
			if err != nil {
				return nil, err
			}
			r.Source.Variable = a.name
			return f.finish(r, opt), nil
		}
		if ok, err := a.holdsTimes(); !ok && err == nil {
			return nil, unreadable(a)
		}
		if err := f.openLists(a, opt, len(in.b)+len(in.units)); err != nil {
			return nil, err
		}
	}
	// Runs of before say these axes of spike times.
	if axes != nil && strings.Join(axes, ",") != timesAxes {
		return nil, wrong("leave the option axes out", "the file holds spike times, which have no order of axes")
	}
	counted := opt
	counted.RepeatBins = 0 // the repeats are cut
	r, err := f.raster(f.arrays[0], nil, counted)
	if err != nil {
		return nil, err
	}
	r.Source.Axes, r.Source.Variable = "", f.arrays[0].name
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
	if err := stranger(in.b); err != nil {
		return nil, err
	}
	return nil, wrong(readable, "the file's format is not known")
}

func openText(in *input, opt LoadOptions) (*file, error) {
	if opt.Variable != "" {
		return nil, wrong("leave the variable out", "the file is text and holds no variable %q", opt.Variable)
	}
	text, _ := textOf(in.b)
	if err := noTable(text); err != nil {
		return nil, err
	}
	if isTimes(text) {
		return readTimes(text, len(in.b), opt)
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
