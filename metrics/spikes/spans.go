package spikes

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
)

// stretch is a span that can be used.
type stretch struct {
	span
	row  int     // its place in the file's table
	bins float64 // whole ones
}

// whole makes spans of trains whose end is not said. The recording, or each of its
// repeats, begins at 0, or with the bin of the first spike where that is before 0, and ends
// with the bin of the last. Where repeats of so many bins were asked for it ends with the
// last of them that is begun, unless that would add more silence than a Poisson process of
// the same rate has with a probability of 5 %.
func (f *file) whole(tr *trains, opt LoadOptions) {
	width := tr.width
	first, last := tr.ends()
	from := 0.0
	if first < 0 {
		from = math.Floor(first/width+edgeTolerance) * width
		what := "the recording"
		if tr.repeat != nil {
			what = "each repeat"
		}
		f.warn("times begin before 0: %s was taken to begin at %.6g s, with the first spike", what, from)
	}
	bins := math.Floor((last-from)/width+edgeTolerance) + 1
	asked := float64(opt.RepeatBins)
	if tr.repeat != nil && asked > 0 {
		if silence := asked - bins; silence > 0 && unlikely(len(tr.time), silence/bins) {
			f.warn("the last spike of any repeat is in bin %.0f of %.0f; what follows is silence that the option repeat-bins asks for", bins, asked)
		}
		tr.spans = []span{{from, from + asked*width}}
		return
	}
	if whole := math.Ceil(bins/max(asked, 1)) * asked; asked > 0 && opt.MaxGap == 0 && (whole == asked || !unlikely(len(tr.time), whole/bins-1)) {
		bins = whole
	}
	tr.spans, tr.pieces = []span{{from, from + bins*width}}, tr.repeat == nil
	if tr.pieces {
		f.warn("the recording's end is not said; it was taken to last %.6g s, by its last spike", bins*width)
	} else {
		f.warn("the ends of the repeats are not said; each was taken to last %.6g s, by the last spike of any", bins*width)
	}
}

// unlikely says whether so many spikes, spread evenly over a stretch of time, leave that
// part of the stretch silent with a probability below 5 %.
func unlikely(spikes int, part float64) bool {
	return spikes >= opinion && float64(spikes)*part > -math.Log(doubtful)
}

// split leaves silences of all units longer than gap seconds out of spans, which fall into
// pieces there: a piece ends with the bin of the last spike before a silence, and the next
// begins with the bin of the first spike after it.
func (f *file) split(tr *trains, gap float64) error {
	width := tr.width
	if !tr.pieces {
		return wrong("leave the option max-gap out; the option trials none leaves a table of trials out", "the recording has repeats already, which no silence cuts")
	}
	times := slices.Sorted(slices.Values(tr.time))
	var out []span
	before, after := 0.0, 0.0
	for _, s := range tr.spans {
		before += s.to - s.from
		bin := func(t float64) float64 { return math.Floor((t-s.from)/width + edgeTolerance) }
		i, _ := slices.BinarySearch(times, s.from-edgeTolerance*width)
		j, _ := slices.BinarySearch(times, s.to)
		inside := times[i:max(i, j)]
		if len(inside) == 0 {
			if s.to-s.from <= gap {
				out = append(out, s)
			}
			continue
		}
		piece := s
		if inside[0]-s.from > gap {
			piece.from = s.from + bin(inside[0])*width
		}
		for k := 1; k < len(inside); k++ {
			a, b := inside[k-1], inside[k]
			if b-a > gap && bin(b) > bin(a) {
				out = append(out, span{piece.from, s.from + (bin(a)+1)*width})
				piece.from = s.from + bin(b)*width
			}
		}
		if last := inside[len(inside)-1]; s.to-last > gap {
			piece.to = min(s.to, s.from+(bin(last)+1)*width)
		}
		out = append(out, piece)
	}
	for _, s := range out {
		after += s.to - s.from
	}
	if len(out) == 0 {
		return wrong("the option max-gap takes longer silences", "all of the recording is silence longer than %g s", gap)
	}
	if len(out) > len(tr.spans) || after < before {
		f.warn("silences of all units longer than %g s are no part of the recording, as asked: %.6g of %.6g s are left, in %s", gap, after, before, count(len(out), "piece"))
	}
	tr.spans = out
	return nil
}

// usable are the spans that can be used, in the order of time; those that can't are told
// by their place, with the reason. It fails where none can.
func (f *file) usable(tr *trains) ([]stretch, error) {
	width := tr.width
	spans := tr.spans
	if tr.repeat != nil && len(spans) == 1 {
		spans = slices.Repeat(spans, tr.repeats)
	}
	var all []stretch
	for i, s := range spans {
		all = append(all, stretch{s, i, math.Floor((s.to-s.from)/width + spanTolerance)})
	}
	if tr.repeat == nil {
		slices.SortStableFunc(all, func(a, b stretch) int { return cmp.Compare(a.from, b.from) })
	}
	_, last := tr.ends()
	length := 0.0
	for _, s := range all {
		if s.bins > 0 && s.from <= last {
			length += s.to - s.from
		}
	}
	var good []stretch
	var bad []string
	for _, s := range all {
		why := ""
		switch {
		case math.IsNaN(s.from) || math.IsInf(s.from, 0):
			why = "has no beginning"
		case math.IsNaN(s.to) || math.IsInf(s.to, 0):
			why = "has no end"
		case s.to <= s.from:
			why = "ends before it begins"
		case s.bins < 1:
			why = fmt.Sprintf("is shorter than a bin of %g s", width)
		case tr.repeat == nil && len(good) > 0 && s.from < good[len(good)-1].to-spanTolerance:
			why = fmt.Sprintf("overlaps %d", good[len(good)-1].row)
		case tr.repeat == nil && !tr.pieces && len(common([]span{s.span}, tr.invalid)) > 0:
			why = "holds invalid times"
		case tr.repeat == nil && !tr.pieces && tr.seen != nil && duration(without([]span{s.span}, tr.seen)) > spanTolerance:
			why = "was not observed by all units"
		case tr.repeat == nil && !tr.pieces && s.from > last && unlikely(len(tr.time), (s.to-last)/length):
			why = fmt.Sprintf("lies beyond the last spike, at %.6g s", last)
		}
		if why == "" {
			good = append(good, s)
		} else {
			bad = append(bad, fmt.Sprintf("%s %s", tr.called(s), why))
		}
	}
	hint := "the option trials none leaves the table of repeats out"
	if tr.repeat != nil || tr.pieces {
		hint = ""
	}
	if len(good) == 0 {
		if !slices.ContainsFunc(all, func(s stretch) bool { return !(s.to > s.from) || s.bins > 0 }) {
			hint = "the option bin-width takes narrower bins"
		}
		return nil, wrong(hint, "no repeat can be used: %s", some(bad, "; "))
	}
	if len(bad) > 0 {
		text := fmt.Sprintf("%d of %s left out: %s", len(bad), count(len(all), "repeat"), some(bad, "; "))
		if hint != "" {
			text += "; " + hint
		}
		f.warn("%s", text)
	}
	return good, nil
}

// called is how a message calls a span: by its place in the file's table and its ends, or
// its length where times count from the beginning of their repeat.
func (tr *trains) called(s stretch) string {
	if tr.repeat != nil {
		return fmt.Sprintf("%d (%.6g s)", s.row, s.to-s.from)
	}
	return fmt.Sprintf("%d (%.6g to %.6g s)", s.row, s.from, s.to)
}

// some joins the first few of a list.
func some(words []string, between string) string {
	const few = 6
	if len(words) > few+1 {
		words = append(words[:few:few], fmt.Sprintf("and %d more", len(words)-few))
	}
	return strings.Join(words, between)
}

// count says how many there are.
func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// laid says how stretches become repeats of so many bins.
type laid struct {
	bins    float64 // of a repeat
	repeats int
	first   []int // the first repeat that a stretch gives
	each    []int // how many repeats it gives
	// Of each spike: its stretch, -1 outside of all, and its bin from the stretch's
	// beginning.
	stretch []int
	bin     []float64
}

// lay chooses the number of bins of a repeat. Stretches of equal length give a repeat each.
// Of others the length is taken, among their own, that keeps the most bins in all; of
// two that keep as many the shorter one, which has more repeats. Longer stretches are cut
// and shorter ones left out: time decides, not the spikes, which would choose the data by
// what they show. repeatBins, where it is not 0, is the length instead, and pieces give as
// many repeats as fit.
func (f *file) lay(tr *trains, all []stretch, repeatBins int) (*laid, error) {
	l := &laid{bins: float64(repeatBins)}
	inside := l.place(tr, all)
	var bins []float64
	for _, s := range all {
		bins = append(bins, s.bins)
	}
	slices.Sort(bins)
	switch longest := bins[len(bins)-1]; {
	case repeatBins == 0:
		l.bins = bestLength(bins)
	case l.bins > longest && len(all) > 1:
		return nil, wrong("give the bins of one repeat, at most all of them", "repeats of %d bins are longer than the longest there is (%g bins)", repeatBins, longest)
	case l.bins > longest:
		return nil, wrong("give the bins of one repeat, at most all of them", "repeats of %d bins are longer than the recording (%g bins)", repeatBins, longest)
	}
	kept := l.share(all, repeatBins > 0 && tr.pieces)
	if len(tr.time) > 0 && inside == 0 {
		first, last := tr.ends()
		return nil, wrong("are both in seconds? the option trials none leaves a table of repeats out",
			"not one of %d spikes lies in a repeat: spikes are from %.6g to %.6g s, repeats from %.6g to %.6g s", len(tr.time), first, last, all[0].from, all[len(all)-1].to)
	}
	if outside := len(tr.time) - inside; outside > 0 {
		f.warn("%d of %d spikes lie outside of all repeats and were dropped", outside, len(tr.time))
	}
	f.tellLengths(tr, all, l, repeatBins, inside-kept)
	return l, nil
}

// bestLength is the length that keeps the most bins of stretches so long, sorted.
func bestLength(bins []float64) float64 {
	best, most := 0.0, 0.0
	for i := len(bins) - 1; i >= 0; i-- {
		if n := bins[i] * float64(len(bins)-i); n >= most {
			best, most = bins[i], n
		}
	}
	return best
}

// place finds the stretch and the bin of each spike, and counts those that lie in one.
func (l *laid) place(tr *trains, all []stretch) (inside int) {
	l.stretch, l.bin = make([]int, len(tr.time)), make([]float64, len(tr.time))
	at := map[int]int{}
	for k, s := range all {
		at[s.row] = k
	}
	width := tr.width
	for i, t := range tr.time {
		k := -1
		if tr.repeat != nil {
			if j, ok := at[tr.repeat[i]]; ok {
				k = j
			}
		} else {
			// The last stretch that begins before the spike.
			j, found := slices.BinarySearchFunc(all, t+edgeTolerance*width, func(s stretch, t float64) int { return cmp.Compare(s.from, t) })
			if found {
				j++
			}
			k = j - 1
		}
		l.stretch[i] = -1
		if k < 0 {
			continue
		}
		b := math.Floor((t-all[k].from)/width + edgeTolerance)
		if b >= 0 && (b < all[k].bins || t < all[k].to) {
			l.stretch[i], l.bin[i] = k, b
			inside++
		}
	}
	return inside
}

// share gives each stretch its repeats, several where cut says so, and returns how many
// spikes are in them.
func (l *laid) share(all []stretch, cut bool) (kept int) {
	l.repeats, l.first, l.each = 0, make([]int, len(all)), make([]int, len(all))
	for k, s := range all {
		n := math.Floor(s.bins / l.bins)
		if !cut {
			n = min(n, 1)
		}
		l.first[k], l.each[k] = l.repeats, int(min(n, float64(math.MaxInt32-l.repeats)))
		l.repeats += l.each[k]
	}
	return l.kept()
}

// in says whether a spike is in a repeat.
func (l *laid) in(spike int) bool {
	k := l.stretch[spike]
	return k >= 0 && l.bin[spike] < l.bins*float64(l.each[k])
}

// row is the row, a bin of a repeat, of a spike that is in one.
func (l *laid) row(spike int) int {
	return l.first[l.stretch[spike]]*int(l.bins) + int(l.bin[spike])
}

// tellLengths tells what was cut and left out so that all repeats have as many bins, what
// it costs in spikes, and what the other choice would.
func (f *file) tellLengths(tr *trains, all []stretch, l *laid, repeatBins, lost int) {
	width, spikes := tr.width, len(tr.time)
	shortest, longest, total := all[0].bins, 0.0, 0.0
	var short []string
	for k, s := range all {
		shortest, longest, total = min(shortest, s.bins), max(longest, s.bins), total+s.bins
		if l.each[k] == 0 {
			short = append(short, tr.called(s))
		}
	}
	dropped := total - l.bins*float64(l.repeats)
	cost := fmt.Sprintf("%d of %d spikes", lost, spikes)
	switch {
	case dropped == 0:
		if lost > 0 {
			f.warn("repeats hold whole bins of %g s; what is left at their ends was dropped, with %s", width, cost)
		}
	case tr.pieces && len(all) == 1:
		f.warn("the last %.0f of %.0f bins were dropped, with %s: they do not fill a repeat of %.0f bins", dropped, total, cost, l.bins)
	case tr.pieces && repeatBins > 0:
		f.warn("%.0f of %.0f bins were dropped, with %s: the ends of %s do not fill a repeat of %.0f bins", dropped, total, cost, count(len(all), "piece"), l.bins)
	default:
		text := fmt.Sprintf("repeats have %.0f to %.0f bins of %g s: %.0f bins of each are taken", shortest, longest, width, l.bins)
		if shortest == longest {
			text = fmt.Sprintf("repeats have %.0f bins of %g s: %.0f bins of each are taken", longest, width, l.bins)
		}
		if len(short) > 0 {
			text += fmt.Sprintf(", and the shorter ones are left out: %s", some(short, ", "))
		}
		switch text += ", at the cost of " + cost; {
		case tr.pieces:
			text += "; the option repeat-bins cuts each piece into as many repeats as fit"
		case repeatBins == 0:
			text += l.other(all, shortest, longest, len(short), lost)
		}
		f.warn("%s", text)
	}
}

// other tells what it would cost to cut all to the shortest, or, where that was done, to
// leave out all but the longest.
func (l *laid) other(all []stretch, shortest, longest float64, short, lost int) string {
	o := *l
	if o.bins = shortest; short == 0 {
		o.bins = longest
	}
	lost += l.kept() - o.share(all, false)
	if short > 0 {
		return fmt.Sprintf("; the option repeat-bins %.0f cuts all %d instead, at the cost of %d", o.bins, len(all), lost)
	}
	return fmt.Sprintf("; the option repeat-bins %.0f keeps %d of %d instead, at the cost of %d", o.bins, o.repeats, len(all), lost)
}

// kept counts the spikes in repeats.
func (l *laid) kept() int {
	n := 0
	for i := range l.stretch {
		if l.in(i) {
			n++
		}
	}
	return n
}

// joined are spans in order, those that touch or overlap made one. What is no span, or has
// no end, is left out.
func joined(spans []span) []span {
	spans = slices.DeleteFunc(slices.Clone(spans), func(s span) bool { return !(s.from < s.to) || math.IsInf(s.to-s.from, 0) })
	slices.SortFunc(spans, func(a, b span) int { return cmp.Compare(a.from, b.from) })
	var out []span
	for _, s := range spans {
		if n := len(out); n > 0 && s.from <= out[n-1].to+spanTolerance {
			out[n-1].to = max(out[n-1].to, s.to)
		} else {
			out = append(out, s)
		}
	}
	return out
}

// common is what lies in spans of both lists, which are in order.
func common(a, b []span) []span {
	var out []span
	for len(a) > 0 && len(b) > 0 {
		if s := (span{max(a[0].from, b[0].from), min(a[0].to, b[0].to)}); s.to-s.from > spanTolerance {
			out = append(out, s)
		}
		if a[0].to < b[0].to {
			a = a[1:]
		} else {
			b = b[1:]
		}
	}
	return out
}

// without is what lies in spans of a and not of b; both are in order.
func without(a, b []span) []span {
	var out []span
	for _, s := range a {
		for _, hole := range b {
			if hole.to <= s.from || hole.from >= s.to {
				continue
			}
			if hole.from > s.from {
				out = append(out, span{s.from, hole.from})
			}
			s.from = hole.to
		}
		if s.to > s.from {
			out = append(out, s)
		}
	}
	return out
}

// duration is the length of all spans together.
func duration(spans []span) float64 {
	sum := 0.0
	for _, s := range spans {
		sum += s.to - s.from
	}
	return sum
}
