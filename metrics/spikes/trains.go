package spikes

import (
	"cmp"
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
}

// span is a stretch of time in seconds.
type span struct{ from, to float64 }

// Rounding of times: a spike closer than this to the end of its bin, in bins,
// belongs to the next one, as with Elephant's binning; a stretch of time that is
// longer than its bins by less than this has no further bin.
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
// Repeats have as many bins as the shortest; what lies beyond is dropped with a
// warning, like spikes outside of all repeats.
func (f *file) bin(tr *trains, opt LoadOptions, size int) error {
	width := opt.width(f.said)
	if width == 0 {
		width = DefaultBinWidth
		f.warn("spike times were counted in bins of %g s; the option bin-width says otherwise", width)
	}
	f.binned = width
	if len(tr.units) == 0 {
		return wrong("", "there are no units of spike times")
	}
	f.names = tr.names()
	if rate := opt.SamplingRate; rate > 0 {
		tr.scale(1 / rate)
	}
	if tr.spans == nil {
		f.whole(tr, opt)
	}
	if tr.repeat != nil && len(tr.spans) == 1 {
		tr.spans = slices.Repeat(tr.spans, tr.repeats)
	}
	f.cutAlready = tr.repeat != nil || !tr.pieces && len(tr.spans) > 1
	shortest, longest := math.Inf(1), 0.0
	for _, s := range tr.spans {
		if !(s.to > s.from) || math.IsInf(s.to-s.from, 0) {
			return wrong("each repeat needs an end behind its beginning", "a repeat from %g s to %g s", s.from, s.to)
		}
		bins := math.Ceil((s.to-s.from)/width - spanTolerance)
		shortest, longest = min(shortest, bins), max(longest, bins)
	}
	if shortest < longest {
		f.warn("repeats have %g to %g bins of %g s; %g are taken of each", shortest, longest, width, shortest)
	}
	if n := shortest * float64(len(tr.units)) * float64(len(tr.spans)); !(n <= most(size)) {
		return wrong("times are in seconds; the option bin-width takes wider bins", "%d repeats of %g bins of %g s of %d units are more than a file of %d bytes tells of",
			len(tr.spans), shortest, width, len(tr.units), size)
	}
	bins := int(max(1, shortest))
	cells := make([]byte, len(tr.spans)*bins*len(tr.units))
	outside, double := 0, 0
	for i, t := range tr.time {
		k := -1
		if tr.repeat != nil {
			k = tr.repeat[i]
		} else {
			// The last span that begins before the spike.
			j, found := slices.BinarySearchFunc(tr.spans, t+edgeTolerance*width, func(s span, t float64) int { return cmp.Compare(s.from, t) })
			if found {
				j++
			}
			k = j - 1
		}
		if k < 0 {
			outside++
			continue
		}
		b := math.Floor((t-tr.spans[k].from)/width + edgeTolerance)
		if !(b >= 0 && b < float64(bins)) {
			outside++
			continue
		}
		at := (k*bins+int(b))*len(tr.units) + tr.unit[i]
		if cells[at] == 1 {
			double++
		}
		cells[at] = 1
	}
	if outside > 0 {
		f.warn("%d of %d spikes lie outside of all repeats and were dropped", outside, len(tr.time))
	}
	if double > 0 {
		f.warn("%d of %d spikes share a bin with another of their unit; a bin holds 0 or 1", double, len(tr.time))
	}
	f.arrays = []*array{{
		kind: "spike times", numeric: true, dims: []int{len(tr.spans), bins, len(tr.units)},
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
	for i, s := range tr.spans {
		tr.spans[i] = span{s.from * by, s.to * by}
	}
}

// last is the time of the last spike, 0 where there is none.
func (tr *trains) last() float64 {
	t := 0.0
	for _, x := range tr.time {
		t = max(t, x)
	}
	return t
}

// whole makes the recording, or each of its repeats, end with the bin of the last spike,
// or with the last repeat that --repeat-bins would cut.
func (f *file) whole(tr *trains, opt LoadOptions) {
	w := cmp.Or(opt.width(f.said), DefaultBinWidth)
	if tr.repeat != nil && opt.RepeatBins > 0 {
		tr.spans = []span{{0, float64(opt.RepeatBins) * w}}
		return
	}
	bins := math.Floor(tr.last()/w+edgeTolerance) + 1
	if r := float64(opt.RepeatBins); r > 0 {
		bins = math.Ceil(bins/r) * r
	}
	tr.spans = []span{{0, bins * w}}
	f.warn("the recording's end is not said; it was taken to last %.6g s, by its last spike", bins*w)
}

// labels numbers names in the order of their numbers, where all are whole numbers,
// or else of the alphabet.
type labels struct {
	names []string
	index map[string]int
}

func newLabels(all map[string]bool) labels {
	l := labels{index: map[string]int{}}
	numbers := true
	for name := range all {
		_, err := strconv.Atoi(name)
		numbers = numbers && err == nil
		l.names = append(l.names, name)
	}
	slices.SortFunc(l.names, func(a, b string) int {
		if numbers {
			x, _ := strconv.Atoi(a)
			y, _ := strconv.Atoi(b)
			return cmp.Or(cmp.Compare(x, y), cmp.Compare(a, b))
		}
		return cmp.Compare(a, b)
	})
	for i, name := range l.names {
		l.index[name] = i
	}
	return l
}

// floats reads an array that must hold finite numbers along one axis.
func (a *array) floats() ([]float64, error) {
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
		if math.IsNaN(out[i]) || math.IsInf(out[i], 0) {
			return nil, fmt.Errorf("%s: element %d is %v", a.label(), i, out[i])
		}
	}
	return out, nil
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

// epochs makes spans of their ends, which must follow each other.
func epochs(from, to []float64) ([]span, error) {
	if len(from) != len(to) {
		return nil, fmt.Errorf("%d beginnings and %d ends of repeats", len(from), len(to))
	}
	var out []span
	for i := range from {
		out = append(out, span{from[i], to[i]})
	}
	slices.SortFunc(out, func(a, b span) int { return cmp.Compare(a.from, b.from) })
	for i := range out {
		if i > 0 && out[i].from < out[i-1].to-spanTolerance {
			return nil, fmt.Errorf("the repeat at %g s begins before the one at %g s has ended", out[i].from, out[i-1].from)
		}
	}
	return out, nil
}
