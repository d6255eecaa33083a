package spikes

import (
	"fmt"
	"math"
	"slices"
	"strconv"

	"qgan/metrics/spikes/internal/raw"
)

// trains are spike times, before they are counted into bins. It is what every format of
// spike times becomes. Times are seconds, or numbers of samples where the option
// sampling-rate is given: then all of them are, those of spans too.
type trains struct {
	units []string // names, in the order of the neurons
	// spans are the repeats, or pieces of the recording, each in the order of time; nil:
	// the end is not said, and the recording's or each repeat's bins reach to the last
	// spike.
	spans []span
	// pieces says that the spans are stretches in which was recorded, of any length, and
	// no repeats: the option repeat-bins cuts them.
	pieces bool
	// Of each spike: its time, its unit, and its repeat, whose span's beginning the time
	// counts from. Without repeat the spans tell them apart, in the recording's own time.
	time   []float64
	unit   []int
	repeat []int
	// repeats is how many repeats there are where repeat says them; spans may then be
	// one for all.
	repeats int
	// invalid are spans that are no part of the recording; seen, where it is not nil, those
	// in which all units were observed. Both are in the recording's own time and in order.
	invalid, seen []span
	// complete says that the file tells how long it is, as those written here do.
	complete bool

	width float64 // of a bin in seconds, as bin settled it
}

// span is a stretch of time in seconds.
type span struct{ from, to float64 }

// Rounding of times: a spike closer than this to the end of its bin, in bins,
// belongs to the next one, as with Elephant's binning; a stretch of time that is
// shorter than its bins by less than this has them all.
const (
	edgeTolerance = 1e-8
	spanTolerance = 1e-6
)

// most is the largest number of elements that spike times are binned to, for a file
// of so many bytes: bins are made of nothing, so a time of 1e12 s would fill the
// memory.
func most(size int) float64 { return 1<<24 + 4096*float64(size) }

// bin counts the spikes into bins of the width asked for, or else that of the file or
// its sidecar, or else DefaultBinWidth. A bin holds a 1 where there is at least one spike.
// Every repeat has the same number of whole bins, see [lay]. What was left out or assumed,
// and what doesn't look like a recording, is a warning.
func (f *file) bin(tr *trains, opt LoadOptions, size int) error {
	width := opt.width(f.said)
	if width == 0 {
		width = DefaultBinWidth
		f.warn("spike times were counted in bins of %g s; the option bin-width says otherwise", width)
	}
	f.binned, tr.width = width, width
	switch {
	case len(tr.units) == 0:
		return wrong("", "there are no units of spike times")
	case opt.Trials != "" && opt.Trials != NoTrials:
		return wrong("leave the option trials out", "the file has no table of intervals %q", opt.Trials)
	case opt.Trials == NoTrials && tr.repeat != nil:
		return wrong("leave the option trials out", "the times of each repeat count from its beginning, so that the repeats can't be left out")
	}
	f.names = tr.names()
	if rate := opt.SamplingRate; rate > 0 {
		tr.scale(1 / rate)
	}
	if tr.repeats == 1 && !slices.Contains(tr.repeat, -1) {
		tr.repeat = nil
	}
	if tr.repeat == nil && len(tr.spans) == 1 {
		tr.pieces = true
	}
	assumed := tr.spans == nil
	if assumed {
		f.whole(tr, opt)
	}
	if tr.pieces && len(tr.invalid) > 0 {
		left := without(tr.spans, tr.invalid)
		if gone := duration(tr.spans) - duration(left); gone > 0 {
			f.warn("invalid times are no part of the recording: %.6g of %.6g s", gone, duration(tr.spans))
		}
		tr.spans = left
	}
	if opt.MaxGap > 0 {
		if err := f.split(tr, opt.MaxGap); err != nil {
			return err
		}
	}
	all, err := f.usable(tr)
	if err != nil {
		return err
	}
	if !tr.complete && opt.beside == 0 {
		f.doubt(tr, all, opt, assumed)
	}
	l, err := f.lay(tr, all, opt.RepeatBins)
	if err != nil {
		return err
	}
	if n := float64(l.repeats) * l.bins * float64(len(tr.units)); !(n <= most(size)) {
		return wrong("times are in seconds unless the option sampling-rate says otherwise; the option bin-width takes wider bins, and the option max-gap leaves silences out",
			"%s of %.9g bins of %g s of %d units are more than a file of %d bytes tells of", count(l.repeats, "repeat"), l.bins, width, len(tr.units), size)
	}
	cells := make([]byte, l.repeats*int(l.bins)*len(tr.units))
	double := 0
	for i := range tr.time {
		if !l.in(i) {
			continue
		}
		at := l.row(i)*len(tr.units) + tr.unit[i]
		double += int(cells[at])
		cells[at] = 1
	}
	if double > 0 {
		f.warn("%d of %d spikes share a bin with another of their unit; a bin holds 0 or 1", double, len(tr.time))
	}
	f.arrays = []*array{{
		kind: "spike times", numeric: true, dims: []int{l.repeats, int(l.bins), len(tr.units)},
		axes: []string{AxisRepeats, AxisBins, AxisNeurons},
		read: func() (raw.Array, error) { return raw.Array{Kind: raw.Uint8, Bytes: cells}, nil },
	}}
	return nil
}

// names are the units', nil where they are numbered from 0 in their order.
func (tr *trains) names() []string {
	for i, name := range tr.units {
		if name != strconv.Itoa(i) {
			return tr.units
		}
	}
	return nil
}

// scale multiplies all times.
func (tr *trains) scale(by float64) {
	for i := range tr.time {
		tr.time[i] *= by
	}
	for _, spans := range []*[]span{&tr.spans, &tr.invalid, &tr.seen} {
		scaled := slices.Clone(*spans) // they may share one array
		for i, s := range scaled {
			scaled[i] = span{s.from * by, s.to * by}
		}
		*spans = scaled
	}
}

// ends are the times of the first and the last spike; 0 where there is none.
func (tr *trains) ends() (first, last float64) {
	if len(tr.time) == 0 {
		return 0, 0
	}
	return slices.Min(tr.time), slices.Max(tr.time)
}

// numbers reads an array of numbers, which may be NaN, one after the other.
func (a *array) numbers() ([]float64, error) {
	if !a.numeric {
		return nil, fmt.Errorf("%s holds %s, not numbers", a.label(), a.kind)
	}
	x, err := a.read()
	if err != nil {
		return nil, err
	}
	out := make([]float64, x.Len())
	for i := range out {
		out[i] = x.At(i)
	}
	return out, nil
}

// floats reads an array that must hold finite numbers.
func (a *array) floats() ([]float64, error) {
	out, err := a.numbers()
	for i, x := range out {
		if math.IsNaN(x) || math.IsInf(x, 0) {
			return nil, fmt.Errorf("%s: element %d is %v", a.label(), i, x)
		}
	}
	return out, err
}

// find returns the array of that name; nil: there is none.
func (f *file) find(name string) *array {
	for _, a := range f.arrays {
		if a.name == name {
			return a
		}
	}
	return nil
}

// columns reads arrays of the given names.
func (f *file) columns(names ...string) ([][]float64, error) {
	var out [][]float64
	for _, name := range names {
		a := f.find(name)
		if a == nil {
			return nil, fmt.Errorf("there is no array %q", name)
		}
		x, err := a.floats()
		if err != nil {
			return nil, err
		}
		out = append(out, x)
	}
	return out, nil
}
