package spikes

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"regexp"
	"strings"
)

// DefaultBinWidth is taken where neither the file nor the caller says how wide
// a time bin is: 20 ms, as in the salamander recordings.
const DefaultBinWidth = 0.02

// LoadOptions say what a file does not say of itself. The zero value reads a
// file as its content suggests.
type LoadOptions struct {
	// Variable names the array in a file that holds several.
	Variable string
	// Axes is the order of the array's axes, as ParseAxes reads it:
	// "repeats,bins,neurons" in any order, or "bins,neurons" and
	// "neurons,bins" for flat recordings.
	Axes string
	// RepeatBins cuts a flat recording, or each of its pieces, into repeats of that many
	// bins; what is left at the end is dropped with a warning. Of spike times with repeats
	// of their own it takes so many bins of each. 0: one single repeat, or those there are.
	RepeatBins int
	// BinWidth is the width of a time bin in seconds. 0: as the file says, or the
	// sidecar beside it, or else DefaultBinWidth.
	BinWidth float64
	// SamplingRate says, of spike times, that they are numbers of samples at that many
	// a second (1000: milliseconds). 0: they are as the file says, or seconds.
	SamplingRate float64
	// Trials says, of spike times, which table of intervals gives the repeats: "trials",
	// "epochs" or another of the file. "": as the file suggests. NoTrials: none does.
	Trials string
	// MaxGap says, of spike times, that silences of all units longer than so many seconds
	// are no part of the recording, which falls into pieces there. 0: all silence is.
	MaxGap float64
	// Fallback stands in for DefaultBinWidth; 0: it doesn't.
	Fallback float64
	// Neurons is how many are expected, as in samples of a recording: it settles which
	// axis of an array they are where nothing else says it. 0: any number.
	Neurons int

	// What the sidecar says: the width of a bin, and how many repeats, bins and neurons.
	beside float64
	shape  [3]int
}

// ofTimes names an option given that only spike times have; empty where there is none.
func (o LoadOptions) ofTimes() string {
	switch {
	case o.SamplingRate != 0:
		return "sampling-rate"
	case o.Trials != "":
		return "trials"
	case o.MaxGap != 0:
		return "max-gap"
	}
	return ""
}

// NoTrials is the choice of [LoadOptions.Trials] that leaves out every table.
const NoTrials = "none"

// width is the bin width in seconds, said being what the file says; 0: nothing says
// one.
func (o LoadOptions) width(said float64) float64 {
	return cmp.Or(o.BinWidth, said, o.beside, o.Fallback)
}

// InputError is what is wrong with a file of data, or with what was asked of
// it. It reads "path: what is wrong (hint)".
type InputError struct {
	Path string // as given
	Err  error  // what is wrong
	Hint string // what to do about it; may be empty
}

// Error is the path, what is wrong and, in parentheses, the hint.
func (e *InputError) Error() string {
	s := e.Err.Error()
	if e.Path != "" {
		s = e.Path + ": " + s
	}
	if e.Hint != "" {
		s += " (" + e.Hint + ")"
	}
	return s
}

// Named is the text of Error with options as show spells them; see [Spelled].
func (e *InputError) Named(show func(name string) string) string {
	own := InputError{Err: e.Err, Hint: e.Hint}
	s := Spelled(own.Error(), show)
	if e.Path != "" {
		s = e.Path + ": " + s
	}
	return s
}

// Spelled is a text of this package's, such as a warning of [Source], in which options
// ("the option bin-width") are spelled as show does, such as flags with their dashes.
func Spelled(text string, show func(name string) string) string {
	return option.ReplaceAllStringFunc(text, func(s string) string { return show(strings.TrimPrefix(s, theOption)) })
}

// theOption stands before the name of an option in texts.
const theOption = "the option "

var option = regexp.MustCompile(theOption + `[a-z]+(-[a-z]+)*`)

// BadInput reports that the fault is in what the user gave.
func (e *InputError) BadInput() bool { return true }

// Unwrap returns what is wrong.
func (e *InputError) Unwrap() error { return e.Err }

// wrong makes an InputError that still lacks its path.
func wrong(hint, format string, args ...any) *InputError {
	return &InputError{Err: fmt.Errorf(format, args...), Hint: hint}
}

// Load reads a recording from a file; see Decode for what files may hold. A folder of Phy
// or IBL, or one of its two files, stands for the times and the units of spikes that lie
// beside each other, and is hashed as both. The name BuiltinName stands for the built-in recording; a file of that name is
// reached as "./built-in". Every error is an *InputError.
func Load(path string, opt LoadOptions) (*Raster, error) {
	if path == BuiltinName {
		asked := opt
		asked.Fallback, asked.Neurons = 0, 0
		if asked != (LoadOptions{}) {
			return nil, &InputError{path, errors.New("the built-in recording has its variable, axes, repeats and bin width already"), "leave those options out, or name a file"}
		}
		return Builtin(), nil
	}
	in, err := open(path)
	if err != nil {
		return nil, err
	}
	d := beside(path)
	if opt.BinWidth == 0 {
		opt.beside = max(0, d.BinWidth)
	}
	copy(opt.shape[:], d.Shape)
	r, err := in.raster(opt)
	if err == nil {
		r.describe(d)
	}
	return r, err
}

// Decode reads a recording from a file's bytes; path is used in messages and
// in Source only. The format is told from the content, packed with gzip or not: MATLAB
// level 5, 4 and 7.3, other HDF5 files, .npy, .npz, or else text of zeros and ones, rows
// bins, columns neurons, separated by tabs, semicolons, commas or blanks, in UTF-8 or
// UTF-16. Text may have comment lines that begin with # and a header line; columns called
// sample (repeat, trial) and bin number the rows instead of being neurons, and so does one
// that rises evenly.
//
// Of several arrays the one called opt.Variable is taken, or the one inside the struct or
// group of that name, or else data, bint, spikes or samples. Its axes are opt.Axes, or
// what the file says, or else: repeats, neurons, bins for bint; repeats, bins, neurons for
// any other array of three axes; bins, neurons for one of two. What would give more
// neurons than bins is refused, unless so many are expected.
//
// Spike times are counted into bins of opt.BinWidth: the table of units of an NWB
// file, whose trials are the repeats; a TsGroup or Ts of pynapple, whose epochs are the
// pieces of the recording; cells of MATLAB and lists of HDF5, one for each unit or for each
// unit and trial; vectors of times and of units beside each other; a text with the columns
// unit, time (in seconds unless its name says otherwise) and perhaps repeat. A bin that
// holds several spikes is a 1, with a warning.
// Repeats have whole bins, all the same number: that which keeps the most bins of repeats
// of unequal length. What can't be used of a table of repeats is left out, with a warning
// that says why, and times that don't look like seconds, or like all that was recorded, have
// one too.
//
// Every error is an *InputError.
func Decode(path string, b []byte, opt LoadOptions) (*Raster, error) {
	return (&input{path: path, b: b}).raster(opt)
}

// timesAxes are the axes that spike times counted into bins have.
const timesAxes = AxisRepeats + "," + AxisBins + "," + AxisNeurons

// binWidth settles the raster's bin width between the caller, the file and the
// default.
func (f *file) binWidth(r *Raster, opt LoadOptions) {
	said := f.said
	for _, a := range f.arrays {
		if a.name != binWidthName || !a.numeric || a.size() != 1 {
			continue
		}
		if x, err := a.read(); err == nil && x.Len() == 1 {
			if w := x.At(0); w > 0 && !math.IsInf(w, 0) {
				said = w
			}
		}
	}
	r.BinWidth = cmp.Or(opt.width(said), DefaultBinWidth)
	if r.BinWidth > 1 {
		f.warn("bins are %g s wide; widths are in seconds, and %g ms are %g", r.BinWidth, r.BinWidth, r.BinWidth/1000)
	}
	if asked := opt.BinWidth; asked != 0 && said != 0 && asked != said {
		f.warn("bins of %g s are taken as asked, the file says %g s", asked, said)
	}
}

func (f *file) warn(format string, args ...any) {
	f.warnings = append(f.warnings, fmt.Sprintf(format, args...))
}

// list joins words as in "a, b and c".
func list(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " and " + words[len(words)-1]
}
