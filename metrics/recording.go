package metrics

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"sync"

	"qgan/metrics/spikes"
)

// Part is a part of a recording's repeats.
type Part int

// The parts of a recording. Odd and Even are halves of all repeats, counted from 1.
const (
	All Part = iota
	Trained
	HeldOut // there may be none
	Odd
	Even
)

// String names the part in messages.
func (p Part) String() string {
	return [...]string{"all repeats", "the repeats trained on", "the repeats held out", "the odd repeats", "the even repeats"}[p]
}

// Recording is what models are fitted to and held against: the chosen neurons of all
// repeats, of those that models are trained on, and of those held out. The windows of a
// part are counted once and kept, so its laws are shared and must not be changed. It is
// safe for use by several goroutines.
type Recording struct {
	All   *spikes.Raster
	Train *spikes.Raster // All where no choice was made
	Held  *spikes.Raster // nil: no repeat is left
	// Neurons is the number of neurons of the whole recording, chosen or not.
	Neurons int
	// File is the absolute path; empty for the built-in recording and for rasters that
	// were made.
	File string

	halves func() [2]*spikes.Raster
	mu     sync.Mutex
	laws   map[lawKey]func() (*States, error)
	// perfect holds what perfect scores are made of, by the length of windows.
	perfect map[int]func() (perfectFit, error)
}

type lawKey struct {
	part      Part
	timesteps int
}

// RecordingOptions say how a recording is read and which part of it is used. The zero
// value is all of it, trained on as a whole.
type RecordingOptions struct {
	spikes.LoadOptions
	// Neurons chooses neurons in the words of [spikes.ParseNeurons].
	Neurons string
	// Indices are the chosen neurons, in place of Neurons; nil: Neurons says.
	Indices []int
	// Of is a file of spike trains whose neurons are chosen where neither says. Where it says
	// that its samples begin at a bin of the recording's repeats and are shorter, only their
	// bins are read.
	Of string
	// AtMost is how many neurons are chosen where nothing says which: the first so many,
	// or all where there are fewer. 0: all.
	AtMost int
	// Repeats chooses those to train on in the words of [spikes.ParseRepeats]; the
	// others are held out.
	Repeats string
}

// OptionError is a fault in an option or a setting, which it names in its first word:
// "neurons 9: …".
type OptionError struct {
	Option string // with its value where there is one: "neurons 9"
	Err    error
}

// Error names the option and says what is wrong with it.
func (e *OptionError) Error() string { return e.Option + ": " + e.Err.Error() }

// Unwrap returns what is wrong.
func (e *OptionError) Unwrap() error { return e.Err }

// BadInput reports that the fault is in what the user gave.
func (e *OptionError) BadInput() bool { return true }

// Named is the text with the option as show spells it, such as a flag with its dashes.
func (e *OptionError) Named(show func(name string) string) string {
	return show(e.Option) + ": " + spikes.Spelled(e.Err.Error(), show)
}

// ReadRecording reads a recording from a file, or the built-in one where the path is
// empty. What the reader dropped or assumed is in All.Source.Warnings. It fails for files
// that can't be read (see [spikes.Load]) and, with an *OptionError, for choices that the
// recording does not have.
func ReadRecording(path string, o RecordingOptions) (*Recording, error) {
	name, file := path, ""
	if path == "" {
		name = spikes.BuiltinName
	} else {
		var err error
		if file, err = filepath.Abs(path); err != nil {
			return nil, err
		}
	}
	raster, err := spikes.Load(name, o.LoadOptions)
	if err != nil {
		return nil, err
	}
	if raster.Repeats == 1 {
		raster.Source.Warnings = append(raster.Source.Warnings, "it is one long repeat, which has no halves; the option repeat-bins cuts it into repeats of so many bins")
	}
	var of *spikes.Raster
	if o.Of != "" {
		if of, err = loadSamples(o.Of, raster.BinWidth); err != nil {
			of, err = loadSamples(o.Of, raster.BinWidth, raster.Neurons)
		}
		if err == nil {
			raster = sameBins(raster, of)
		}
	}
	indices, err := o.choose(raster, of, err)
	if err != nil {
		return nil, err
	}
	all, err := raster.Select(indices)
	if err != nil {
		return nil, &OptionError{"neurons", err}
	}
	r, err := NewRecording(all, o.Repeats)
	if err != nil {
		return nil, err
	}
	r.Neurons, r.File = raster.Neurons, file
	return r, nil
}

// sameBins is a recording in the bins of a repeat that samples are of, where they say so.
func sameBins(recording, samples *spikes.Raster) *spikes.Raster {
	from := samples.Source.Begins
	if from == nil || samples.Bins == recording.Bins || *from+samples.Bins > recording.Bins {
		return recording
	}
	out := recording.Between(*from, samples.Bins)
	out.Source.Warnings = append(slices.Clone(out.Source.Warnings), fmt.Sprintf("only bins %d to %d of each repeat take part, which the samples are of", *from, *from+samples.Bins-1))
	return out
}

// choose lists the chosen neurons of a whole recording. of are the samples of Of, failed is
// why they could not be read.
func (o RecordingOptions) choose(raster, of *spikes.Raster, failed error) ([]int, error) {
	switch {
	case o.Indices != nil:
		return o.Indices, nil
	case o.Neurons == "" && o.Of != "":
		if failed != nil {
			return nil, failed
		}
		return drawnOf(raster, of, o.Of)
	case o.Neurons == "" && o.AtMost > 0:
		o.Neurons = strconv.Itoa(min(o.AtMost, raster.Neurons))
	}
	indices, err := spikes.ParseNeurons(o.Neurons, raster.Neurons)
	if err != nil {
		if names := raster.Source.Units; names != nil {
			err = fmt.Errorf("%w; by their names they are, in this order, %s", err, listed(names))
		}
		return nil, &OptionError{"neurons " + o.Neurons, err}
	}
	return indices, nil
}

// NewRecording splits a raster into the repeats to train on, in the words of
// [spikes.ParseRepeats], and those held out. Without a choice all are trained on and none
// is held out. It fails with an *OptionError for a choice that there is not, and for one that
// leaves nothing of a single repeat.
func NewRecording(all *spikes.Raster, repeats string) (*Recording, error) {
	r := &Recording{All: all, Train: all, Neurons: all.Neurons, laws: map[lawKey]func() (*States, error){}, perfect: map[int]func() (perfectFit, error){}}
	r.halves = sync.OnceValue(func() [2]*spikes.Raster {
		odd, even := all.Halves()
		return [2]*spikes.Raster{odd, even}
	})
	if repeats == "" {
		return r, nil
	}
	chosen, err := spikes.ParseRepeats(repeats, all.Repeats)
	if err != nil {
		return nil, &OptionError{"train-repeats " + repeats, err}
	}
	var rest []int
	for i := range all.Repeats {
		if !slices.Contains(chosen, i) {
			rest = append(rest, i)
		}
	}
	if r.Train, err = all.SelectRepeats(chosen, repeats); err != nil {
		return nil, &OptionError{"train-repeats", err}
	}
	if len(rest) == 0 && all.Repeats == 1 {
		return nil, &OptionError{"train-repeats " + repeats, errors.New("the recording is one long repeat, and none is left to be held out; the option repeat-bins cuts it into repeats")}
	}
	if len(rest) > 0 {
		r.Held, err = all.SelectRepeats(rest, "not "+repeats)
	}
	return r, err
}

// Raster returns the spikes of a part; nil where there is none: nothing is held out, or
// a single repeat has no halves.
func (r *Recording) Raster(p Part) *spikes.Raster {
	switch {
	case p == All:
		return r.All
	case p == Trained:
		return r.Train
	case p == HeldOut:
		return r.Held
	case r.All.Repeats < 2:
		return nil
	case p == Odd:
		return r.halves()[0]
	}
	return r.halves()[1]
}

// Windows returns a part's windows of t bins. It fails with an *OptionError for a length
// that the repeats don't have, and where there is no such part.
func (r *Recording) Windows(p Part, t int) (spikes.Windows, error) {
	raster := r.Raster(p)
	if raster == nil {
		return spikes.Windows{}, fmt.Errorf("%s: %s has none", p, r.All.Source.Path)
	}
	w, err := raster.Windows(t)
	if err != nil {
		return w, &OptionError{"timesteps", err}
	}
	return w, nil
}

// Law returns the law of a part's windows of t bins, counted when it is first asked for.
// It fails as Windows and [CountStates] do, with an *OptionError where there are more neurons than can be counted.
func (r *Recording) Law(p Part, t int) (*States, error) {
	w, err := r.Windows(p, t)
	if err != nil {
		return nil, err
	}
	if p == Trained && r.Held == nil {
		p = All // a count does not depend on the order of the repeats
	}
	r.mu.Lock()
	count, ok := r.laws[lawKey{p, t}]
	if !ok {
		count = sync.OnceValues(func() (*States, error) {
			s, err := CountStates(w)
			if err != nil && w.Neurons > MaxCounted {
				return nil, &OptionError{"neurons", err}
			}
			return s, err
		})
		r.laws[lawKey{p, t}] = count
	}
	r.mu.Unlock()
	return count()
}

// Floor is [SplitHalf] of all repeats: the Jensen-Shannon divergence in nats between the
// odd and the even ones. It fails for a single repeat.
func (r *Recording) Floor(t int) (float64, error) {
	if r.All.Repeats < 2 {
		return 0, fmt.Errorf("split half: %s", oneRepeat)
	}
	odd, err := r.Law(Odd, t)
	if err != nil {
		return 0, fmt.Errorf("split half: %w", err)
	}
	even, err := r.Law(Even, t)
	if err != nil {
		return 0, fmt.Errorf("split half: %w", err)
	}
	return JSStates(odd, even)
}

// Baselines fits baseline models to the repeats trained on. Where others are held out
// they are what is measured against; otherwise models fitted to the odd half are measured
// against the even one.
func (r *Recording) Baselines(t int, opt BaselineOptions) ([]BaselineResult, error) {
	train, err := r.Law(Trained, t)
	if err != nil {
		return nil, err
	}
	fitted, against := train, HeldOut
	if r.Held == nil {
		if r.Raster(Odd) == nil {
			return BaselinesOf(train, nil, nil, opt)
		}
		if fitted, err = r.Law(Odd, t); err != nil {
			return nil, err
		}
		against = Even
	}
	held, err := r.Law(against, t)
	if err != nil {
		return nil, err
	}
	return BaselinesOf(train, fitted, held, opt)
}
