package spikes

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
)

// What makes spike times doubtful.
const (
	doubtful = 0.05 // a probability below which silence is told
	slowest  = 0.02 // mean rate of units in spikes/s below which times may not be seconds
	slower   = 1e-4 // and below which they may not be milliseconds
	fastest  = 2000 // and above which they may not be either
	opinion  = 10   // spikes from which on rates and silences say something
	breath   = 0.5  // seconds between any two spikes of a unit, which units that fire as often as they do don't keep
)

// doubt tells what does not look like a recording in seconds that was recorded all the
// time; nothing is changed. assumed says that nothing told where the recording ends.
func (f *file) doubt(tr *trains, all []stretch, opt LoadOptions, assumed bool) {
	if len(tr.time) == 0 {
		return
	}
	first, last := tr.ends()
	length := last - first
	if !assumed || tr.repeat != nil {
		length = 0
		for _, s := range all {
			length += s.to - s.from
		}
	}
	f.doubtUnit(tr, length, opt)
	if tr.repeat != nil {
		if assumed && tr.follow() {
			f.warn("the times of each repeat come after those of the one before: they look like the recording's own, not counted from the beginning of their repeat; the option trials none passes the repeats over")
		}
		return
	}
	if tr.pieces && (!assumed || opt.MaxGap > 0) {
		return // the file says what was recorded, or the caller
	}
	late := assumed && first > 1 && first > length/10
	if late {
		f.warn("the first spike is at %.6g s and the recording was taken to begin at 0: where nothing was recorded before, the option max-gap %g leaves out silences of all units that are longer", first, below(first/2))
	}
	f.doubtSilence(tr, all, late)
}

// doubtUnit tells rates that no neurons have, and times that are whole numbers.
func (f *file) doubtUnit(tr *trains, length float64, opt LoadOptions) {
	if len(tr.time) < opinion {
		return
	}
	rate := float64(len(tr.time)) / (float64(len(tr.units)) * length)
	fast := rate > fastest
	slow := rate < slowest || rate < 0.5 && tr.apart(rate)
	whole := opt.SamplingRate == 0 && !slices.ContainsFunc(tr.time, func(t float64) bool { return t != math.Trunc(t) })
	says := fmt.Sprintf("a unit has %.3g spikes/s in the mean", rate)
	switch {
	case opt.SamplingRate > 0 && (slow || fast):
		f.warn("%s: is the sampling rate %g Hz?", says, opt.SamplingRate)
	case slow && whole:
		f.warn("all times are whole numbers and %s: they look like milliseconds (the option sampling-rate 1000) or numbers of samples (the option sampling-rate with the recording's, such as 30000)", says)
	case slow && rate < slower:
		f.warn("%s: the times look like numbers of samples; the option sampling-rate says how many a second has, such as 30000", says)
	case slow:
		f.warn("%s: the times look like milliseconds; the option sampling-rate 1000 reads them so", says)
	case whole:
		f.warn("all times are whole numbers: where they are milliseconds or numbers of samples, and not seconds, the option sampling-rate says how many a second")
	case fast:
		f.warn("%s: are the times in seconds?", says)
	}
}

// apart says whether no unit fires twice within half a second although units at that rate
// would, five times at least, by chance: times in milliseconds are so.
func (tr *trains) apart(rate float64) bool {
	if float64(len(tr.time))*rate*breath < 5 {
		return false
	}
	order := make([]int, len(tr.time))
	for i := range order {
		order[i] = i
	}
	repeat := func(i int) int {
		if tr.repeat == nil {
			return 0
		}
		return tr.repeat[i]
	}
	slices.SortFunc(order, func(a, b int) int {
		return cmp.Or(cmp.Compare(tr.unit[a], tr.unit[b]), cmp.Compare(repeat(a), repeat(b)), cmp.Compare(tr.time[a], tr.time[b]))
	})
	for k := 1; k < len(order); k++ {
		if a, b := order[k-1], order[k]; tr.unit[a] == tr.unit[b] && repeat(a) == repeat(b) && tr.time[b]-tr.time[a] < breath {
			return false
		}
	}
	return true
}

// follow says whether each repeat's spikes come after all those of the one before.
func (tr *trains) follow() bool {
	type ends struct{ first, last float64 }
	of := make([]ends, tr.repeats)
	for i := range of {
		of[i] = ends{math.Inf(1), math.Inf(-1)}
	}
	for i, t := range tr.time {
		if tr.repeat[i] < 0 {
			continue
		}
		e := &of[tr.repeat[i]]
		e.first, e.last = min(e.first, t), max(e.last, t)
	}
	of = slices.DeleteFunc(of, func(e ends) bool { return e.first > e.last })
	for i := 1; i < len(of); i++ {
		if of[i].first <= of[i-1].last {
			return false
		}
	}
	return len(of) > 1 && len(tr.time) >= opinion
}

// doubtSilence tells silences of all units that a Poisson process of the same total rate
// has with a probability below 5 %: N spikes thrown into a time T leave a silence of g with
// a probability of at most (N+1)(1-g/T)^N, which is near N·exp(-Ng/T). Of several silences
// the longest is judged first and taken out of T. In a table of trials only
// trials without any spike are told, since within one the silence was recorded. late says
// that the silence before the first spike was told.
func (f *file) doubtSilence(tr *trains, all []stretch, late bool) {
	if len(tr.time) < opinion {
		return
	}
	times := slices.Sorted(slices.Values(tr.time))
	var gaps []span
	length, spikes, begun := 0.0, 0.0, false
	for _, s := range all {
		i, _ := slices.BinarySearch(times, s.from)
		j, _ := slices.BinarySearch(times, s.to)
		inside := times[i:max(i, j)]
		length += s.to - s.from
		spikes += float64(len(inside))
		if !tr.pieces {
			if len(inside) == 0 {
				gaps = append(gaps, s.span)
			}
			continue
		}
		last := s.from
		for _, t := range inside {
			if begun || !late {
				gaps = append(gaps, span{last, t})
			} else {
				length -= t - last
			}
			last, begun = t, true
		}
		gaps = append(gaps, span{last, s.to})
	}
	slices.SortFunc(gaps, func(a, b span) int { return cmp.Compare(b.to-b.from, a.to-a.from) })
	tries := float64(len(gaps))
	if !tr.pieces {
		tries = float64(len(all))
	}
	long := 0
	for long < len(gaps) && length > 0 {
		g := gaps[long].to - gaps[long].from
		if !(tries*math.Pow(max(0, 1-g/length), spikes) < doubtful) {
			break
		}
		length -= g
		long++
	}
	if long == 0 {
		return
	}
	longest := gaps[0]
	what := fmt.Sprintf("silences of all units, the longest of %.3g s from %.6g to %.6g s, are", longest.to-longest.from, longest.from, longest.to)
	if long == 1 {
		what = fmt.Sprintf("silence of all units, of %.3g s from %.6g to %.6g s, is", longest.to-longest.from, longest.from, longest.to)
	}
	if !tr.pieces {
		f.warn("%s of %d without any spike, from %.6g to %.6g s the first: units at their rates are hardly ever silent so long; was nothing recorded?",
			count(long, "repeat"), len(all), longest.from, longest.to)
		return
	}
	shortest := gaps[long-1].to - gaps[long-1].from
	f.warn("%d %s longer than units at their rates are silent by chance: where nothing was recorded, the option max-gap %g leaves them out", long, what, below(shortest))
}

// below is a number of two digits that is not above another.
func below(x float64) float64 {
	unit := math.Pow(10, math.Floor(math.Log10(x))-1)
	y := math.Floor(x/unit) * unit
	short, err := strconv.ParseFloat(strconv.FormatFloat(y, 'g', 2, 64), 64)
	if err != nil {
		return y
	}
	return short
}
