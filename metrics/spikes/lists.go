package spikes

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	"qgan/metrics/spikes/internal/npy"
	"qgan/metrics/spikes/internal/raw"
)

// holdsTimes says whether the lists of an array may be spike times: all are vectors of
// numbers, and one of them has several.
func (a *array) holdsTimes() (bool, error) {
	several := false
	all, err := a.flat()
	if err != nil {
		return false, err
	}
	for _, e := range all.lists {
		if !e.numeric || !e.isVector() && e.size() > 0 {
			return false, nil
		}
		several = several || e.size() > 1
	}
	return several, nil
}

// table is lists by unit and, where there are some, trial.
type table struct {
	units, trials int // trials 0: there are none
	lists         []*array
	names         []string // where the elements are, for messages
	byTrial       bool     // list (u, t) stands at t·units + u, otherwise at u·trials + t
}

func (t *table) at(unit, trial int) *array {
	if t.byTrial {
		return t.lists[trial*t.units+unit]
	}
	return t.lists[unit*max(1, t.trials)+trial]
}

// flat are the lists of an array: one a unit; or, of an array of two axes, units x trials;
// or, of lists of as many lists each, units and their trials.
func (a *array) flat() (*table, error) {
	all, err := a.lists()
	if err != nil {
		return nil, err
	}
	for len(all) == 1 && all[0].lists != nil { // a cell in a cell
		if a, all, err = inner(all[0]); err != nil {
			return nil, err
		}
	}
	var long []int
	for _, d := range a.dims {
		if d != 1 {
			long = append(long, d)
		}
	}
	if slices.ContainsFunc(all, func(e *array) bool { return e.lists != nil }) {
		if len(long) > 1 {
			return nil, fmt.Errorf("%s has lists of lists on %d axes", a.label(), len(long))
		}
		return nested(all)
	}
	switch len(long) {
	case 0, 1:
		return &table{units: len(all), lists: all}, nil
	case 2:
		return &table{units: long[0], trials: long[1], lists: all, byTrial: a.firstFastest}, nil
	}
	return nil, fmt.Errorf("%s has lists on %d axes (%s)", a.label(), len(long), npy.ShapeString(a.dims))
}

func inner(a *array) (*array, []*array, error) {
	all, err := a.lists()
	return a, all, err
}

// nested are lists of lists: units and their trials. An element without anything in it is
// a unit without spikes.
func nested(all []*array) (*table, error) {
	t := &table{units: len(all), trials: -1}
	var units [][]*array
	for _, e := range all {
		var trials []*array
		switch {
		case e.lists != nil:
			var err error
			if trials, err = e.lists(); err != nil {
				return nil, err
			}
			if t.trials >= 0 && len(trials) != t.trials {
				return nil, fmt.Errorf("%s has %d trials, those before have %d", e.label(), len(trials), t.trials)
			}
			t.trials = len(trials)
		case e.size() > 0:
			return nil, fmt.Errorf("%s is no cell, as the others are", e.label())
		}
		units = append(units, trials)
	}
	for i, trials := range units {
		if trials == nil {
			trials = slices.Repeat([]*array{all[i]}, t.trials)
		}
		t.lists = append(t.lists, trials...)
	}
	return t, nil
}

// openLists counts the lists of an array into bins.
func (f *file) openLists(a *array, opt LoadOptions, size int) error {
	t, err := a.flat()
	if err != nil {
		return &InputError{Err: err, Hint: "lists of spike times are one for each unit, or for each unit and trial"}
	}
	tr := &trains{units: a.units, time: []float64{}, unit: []int{}}
	if t.trials > 0 {
		tr.repeats, tr.repeat = t.trials, []int{}
	}
	var whole *array
	for u := range t.units {
		for trial := range max(1, t.trials) {
			e := t.at(u, trial)
			times, err := e.list()
			if err != nil {
				return err
			}
			if len(tr.time)+len(times) > 1<<20+4*size {
				return wrong("", "%s has more spikes than a file of %d bytes tells of", a.label(), size)
			}
			if e.whole && len(times) > 0 {
				whole = e
			}
			tr.time = append(tr.time, times...)
			tr.unit = append(tr.unit, slices.Repeat([]int{u}, len(times))...)
			if t.trials > 0 {
				tr.repeat = append(tr.repeat, slices.Repeat([]int{trial}, len(times))...)
			}
		}
	}
	if tr.units == nil {
		tr.units = f.unitNames(a, t.units)
	}
	if err := noRaster(a, t, tr); err != nil {
		return err
	}
	if whole != nil && opt.SamplingRate == 0 {
		rate, name := f.rate()
		if rate == 0 {
			return wrong("the option sampling-rate says how many samples a second has, such as 30000 (1000: they are milliseconds)", "%s holds whole numbers (%s), as numbers of samples are kept", whole.label(), whole.kind)
		}
		opt.SamplingRate = rate
		f.warn("times are numbers of samples, %g a second by %s", rate, name)
	}
	if t.trials > 0 && a.units == nil {
		f.warn("%s was taken as %d units x %d trials, with times from the beginning of each trial; transposed, it would be the other way round", a.label(), t.units, t.trials)
	}
	if err := f.bin(tr, opt, size); err != nil {
		return err
	}
	f.arrays[0].name = a.name
	return nil
}

// list reads a list of times.
func (a *array) list() ([]float64, error) {
	if a.size() == 0 {
		return nil, nil
	}
	return a.floats()
}

// noRaster refuses lists of zeros and ones, which are trains counted into bins already.
func noRaster(a *array, t *table, tr *trains) error {
	for _, e := range t.lists {
		if e.size() != t.lists[0].size() {
			return nil
		}
	}
	if len(tr.time) < 3*len(t.lists) || slices.ContainsFunc(tr.time, func(x float64) bool { return x != 0 && x != 1 }) {
		return nil
	}
	return wrong("in MATLAB: c = cellfun(@(x) double(x(:)), spikes(:)', 'UniformOutput', false); data = cell2mat(c); save('spikes.mat', 'data', '-v7')",
		"%s has lists of zeros and ones of one length, bins and not spike times", a.label())
}

// Names that people give to arrays, in lower case and without the characters between words.
var (
	timesNames = []string{"spiketimes", "spikestimes", "times", "timestamps", "time", "t", "spikesamples", "sampleindex", "spikeindexesseg0"}
	unitsNames = []string{"spikeclusters", "spikesclusters", "spiketemplates", "clusters", "cluster", "clusterids", "clusterid", "unitids", "unitid", "units", "unit",
		"ids", "id", "neuronids", "neurons", "neuron", "cells", "unitindex", "spikeunits", "senders", "spikelabelsseg0", "labels"}
	trialsNames = []string{"spiketrials", "trials", "trial", "trialids", "trialid", "trialindex", "repeats", "repeat", "sweeps", "sweep"}
	namesNames  = []string{"uid", "unitids", "unitid", "clusterids", "clusterid", "ids", "id", "keys", "units", "unitnames", "unitname", "names", "labels", "neuronids", "channels"}
	rateNames   = []string{"samplingrate", "samplerate", "samplingfrequency", "fs", "sr"}
)

// isCalled says whether an array has one of these names.
func (a *array) isCalled(names []string) bool {
	return slices.Contains(names, strings.NewReplacer("_", "", ".", "", "-", "", " ", "").Replace(strings.ToLower(a.base())))
}

// gather finds the vectors of a file that belong together.
func (f *file) gather() {
	f.ragged()
	f.pair()
}

// pair finds times of spikes and their units, two vectors of one length beside each other,
// and perhaps a third of their trials, and makes them lists; the times' name is the lists'.
func (f *file) pair() {
	for i, times := range f.arrays {
		if !times.numeric || !times.isVector() || times.size() < 2 || !times.isCalled(timesNames) {
			continue
		}
		beside := func(names []string) *array {
			for _, a := range f.arrays {
				if a != times && a.numeric && a.isVector() && a.size() == times.size() && a.parent() == times.parent() && a.isCalled(names) {
					return a
				}
			}
			return nil
		}
		if units := beside(unitsNames); units != nil {
			f.arrays[i] = paired(times, units, beside(trialsNames))
		}
	}
}

// paired makes lists of the times of spikes, of their units and, where they are not nil, of
// their trials, from whose beginning the times count then. What is wrong with them is told
// when the lists are read.
func paired(times, units, trials *array) *array {
	out := &array{name: times.name, kind: fmt.Sprintf("times, with %s", units.label()), dims: times.dims}
	if trials != nil {
		out.kind += fmt.Sprintf(" and %s", trials.label())
	}
	out.lists = sync.OnceValues(func() ([]*array, error) {
		t, err := times.read()
		if err != nil {
			return nil, err
		}
		ids, unit, err := units.numbered(t.Len())
		if err != nil {
			return nil, err
		}
		var rows []float64
		var row []int
		if trials != nil {
			if rows, row, err = trials.numbered(t.Len()); err != nil {
				return nil, err
			}
		}
		each := max(1, len(rows))
		if len(ids) > (1<<20+t.Len())/each {
			return nil, fmt.Errorf("%d units x %d trials of %d spikes", len(ids), each, t.Len())
		}
		bytes := make([][]byte, len(ids)*each)
		size := t.Kind.Size()
		for i, u := range unit {
			k := u * each
			if row != nil {
				k += row[i]
			}
			bytes[k] = append(bytes[k], t.Bytes[i*size:][:size]...)
		}
		out.dims = []int{len(ids)}
		var all, lists []*array
		for _, b := range bytes {
			all = append(all, part(times, times.name, raw.Array{Kind: t.Kind, Order: t.Order, Bytes: b}))
		}
		for u, id := range ids {
			out.units = append(out.units, shortest(id))
			if trials == nil {
				lists = append(lists, all[u])
				continue
			}
			of := all[u*each:][:each]
			lists = append(lists, &array{name: times.name, kind: "lists", dims: []int{each}, lists: func() ([]*array, error) { return of, nil }})
		}
		return lists, nil
	})
	return out
}

// numbered are the different whole numbers of an array of n, in order, and of each
// element which of them it is.
func (a *array) numbered(n int) (ids []float64, of []int, err error) {
	x, err := a.floats()
	switch {
	case err != nil:
		return nil, nil, err
	case len(x) != n:
		return nil, nil, fmt.Errorf("%d times of spikes, and %d numbers in %s", n, len(x), a.label())
	case !allWhole(x):
		return nil, nil, fmt.Errorf("%s holds numbers that are not whole, and no units or trials", a.label())
	}
	ids = slices.Compact(slices.Sorted(slices.Values(x)))
	for _, v := range x {
		k, _ := slices.BinarySearch(ids, v)
		of = append(of, k)
	}
	return ids, of, nil
}

// part is a list of numbers of an array.
func part(of *array, name string, x raw.Array) *array {
	return &array{
		name: name, kind: of.kind, whole: of.whole, numeric: true, dims: []int{x.Len()},
		read: func() (raw.Array, error) { return x, nil },
	}
}

// places are the arrays that say where the lists of another begin or end, by what stands
// behind its name.
var places = []struct {
	suffix string
	ends   func(x []float64, size int) []float64 // where the lists end; size: of the other array
}{
	{"_index", func(x []float64, size int) []float64 { // ends, as NWB has it, or else beginnings
		if n := len(x); n > 0 && x[0] == 0 && x[n-1] != float64(size) {
			return append(slices.Clone(x[1:]), float64(size))
		}
		return x
	}},
	{"_offsets", begun}, {"_indptr", begun}, {"_ptr", begun}, {"_splits", begun}, {"_starts", begun},
	{"_lengths", added}, {"_counts", added}, {"_sizes", added},
}

// begun are the ends of lists by where they begin; there may be one beginning more, the
// end of all.
func begun(x []float64, size int) []float64 {
	if n := len(x); n > 1 && x[n-1] == float64(size) {
		x = x[:n-1]
	}
	if len(x) == 0 || x[0] != 0 {
		return x
	}
	return append(slices.Clone(x[1:]), float64(size))
}

// added are the ends of lists by their lengths.
func added(x []float64, _ int) []float64 {
	out, sum := make([]float64, len(x)), 0.0
	for i, n := range x {
		sum += n
		out[i] = sum
	}
	return out
}

// ragged finds vectors beside which another says where each list of them begins or ends,
// and makes them lists.
func (f *file) ragged() {
	for i, a := range f.arrays {
		if !a.numeric || !a.isVector() {
			continue
		}
		for _, p := range places {
			if at := f.find(a.name + p.suffix); at != nil && at.numeric && at.isVector() {
				f.arrays[i] = split(a, at, p.ends)
				break
			}
		}
	}
}

// split makes lists of an array by the places where each of them ends.
func split(times, at *array, ends func([]float64, int) []float64) *array {
	out := &array{name: times.name, kind: fmt.Sprintf("lists, by %s", at.label()), dims: at.dims}
	out.lists = sync.OnceValues(func() ([]*array, error) {
		x, err := times.read()
		if err != nil {
			return nil, err
		}
		index, err := at.floats()
		if err != nil {
			return nil, err
		}
		to, err := ragged(ends(index, x.Len()), x.Len(), "number")
		if err != nil {
			return nil, fmt.Errorf("%s: %w", times.label(), err)
		}
		var all []*array
		from, size := 0, x.Kind.Size()
		for i, e := range to {
			all = append(all, part(times, fmt.Sprintf("%s{%d}", times.name, i+1), raw.Array{Kind: x.Kind, Order: x.Order, Bytes: x.Bytes[from*size : e*size]}))
			from = e
		}
		if from != x.Len() {
			return nil, fmt.Errorf("%d numbers of %s belong to no unit", x.Len()-from, times.label())
		}
		out.dims = []int{len(all)}
		return all, nil
	})
	return out
}

// vectors makes lists of the arrays of a file, or of a struct or group, where several are
// vectors of floating-point numbers that rise and the others are single numbers or texts:
// a list for each unit, by its name, or that of its group where all are called alike.
func vectors(name string, among []*array) *array {
	var found []*array
	bases := map[string]bool{}
	for _, a := range among {
		switch {
		case a.numeric && !a.whole && a.isVector() && a.size() > 1:
			x, err := a.floats()
			if err != nil || !rises(x) && !(len(x) == 2 && x[1] > x[0]) {
				return nil
			}
			found = append(found, a)
			bases[a.base()] = true
		case a.texts == nil && a.size() > 1:
			return nil
		}
	}
	byName := map[string]*array{}
	names := map[string]bool{}
	for _, a := range found {
		unit := a.base()
		if len(bases) == 1 {
			unit = (&array{name: a.parent()}).base()
		}
		byName[unit], names[unit] = a, true
	}
	if len(names) < 2 || len(names) < len(found) {
		return nil
	}
	out := &array{name: name, kind: "lists by name", dims: []int{len(names)}, units: newLabels(names).names}
	out.lists = func() ([]*array, error) {
		var all []*array
		for _, name := range out.units {
			all = append(all, byName[name])
		}
		return all, nil
	}
	return out
}

// unitNames are names of n units that lie beside an array: the only distinct texts or
// whole numbers of this length that are called so. Otherwise units are numbered.
func (f *file) unitNames(a *array, n int) []string {
	var found [][]string
	for _, b := range f.arrays {
		if b == a || b.parent() != a.parent() || !b.isCalled(namesNames) {
			continue
		}
		if names := b.words(); len(names) == n && distinct(names) {
			found = append(found, names)
		}
	}
	if len(found) == 1 {
		return found[0]
	}
	var out []string
	for i := range n {
		out = append(out, strconv.Itoa(i))
	}
	return out
}

// words are the elements of an array of texts or numbers, or of a cell of texts; nil where
// it has none, or is none.
func (a *array) words() []string {
	var out []string
	switch {
	case a == nil:
	case a.texts != nil:
		out, _ = a.texts()
	case a.lists != nil:
		all, err := a.lists()
		for _, e := range all {
			words := e.words()
			if err != nil || e.lists != nil || len(words) != 1 {
				return nil
			}
			out = append(out, words[0])
		}
	case a.numeric:
		x, err := a.numbers()
		if err != nil {
			return nil
		}
		for _, v := range x {
			out = append(out, shortest(v))
		}
	}
	return out
}

// rate is the number of samples a second that a file tells of, and where; 0: it doesn't.
func (f *file) rate() (float64, string) {
	if f.rated > 0 {
		return f.rated, f.ratedBy
	}
	for _, a := range f.arrays {
		if !a.numeric || a.size() != 1 || !a.isCalled(rateNames) {
			continue
		}
		if x, err := a.floats(); err == nil && x[0] > 0 {
			return x[0], a.label()
		}
	}
	return 0, ""
}

// single makes a vector the times of one neuron, unless it is one of zeros and ones.
func single(a *array) *array {
	x, err := a.read()
	if err != nil || !slices.ContainsFunc(x.Binary(), func(b byte) bool { return b > 1 }) {
		return a
	}
	return &array{name: a.name, kind: a.kind, dims: []int{1}, lists: func() ([]*array, error) { return []*array{a}, nil }}
}
