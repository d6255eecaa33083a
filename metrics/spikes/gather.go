package spikes

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	"qgan/metrics/spikes/internal/raw"
)

// Names that people give to arrays, in lower case and without the characters between words.
var (
	timesNames = []string{"spiketimes", "spikestimes", "times", "timestamps", "time", "t", "spikesamples", "sampleindex", "spikeindexesseg0"}
	unitsNames = []string{"spikeclusters", "spikesclusters", "spiketemplates", "clusters", "cluster", "clusterids", "clusterid", "unitids", "unitid", "units", "unit",
		"ids", "id", "neuronids", "neurons", "neuron", "cells", "unitindex", "spikeunits", "senders", "spikelabelsseg0", "labels"}
	trialsNames = []string{"spiketrials", "trials", "trial", "trialids", "trialid", "trialindex", "repeats", "repeat", "sweeps", "sweep"}
	namesNames  = []string{"uid", "unitids", "unitid", "clusterids", "clusterid", "ids", "id", "keys", "units", "unitnames", "unitname", "names", "labels", "label", "neuronids", "channels"}
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
		ids, unit, err := units.ranks(t.Len())
		if err != nil {
			return nil, err
		}
		var rows []float64
		var row []int
		if trials != nil {
			if rows, row, err = trials.ranks(t.Len()); err != nil {
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

// ranks are the different whole numbers of an array of n, in order, and of each
// element which of them it is.
func (a *array) ranks(n int) (ids []float64, of []int, err error) {
	x, err := a.floats()
	if err == nil && len(x) != n {
		err = fmt.Errorf("%d times of spikes, and %d numbers in %s", n, len(x), a.label())
	}
	if err != nil {
		return nil, nil, err
	}
	return ranked(x, a.label())
}

// ranked are the different whole numbers of x, in order, and of each which of them it is.
func ranked(x []float64, label string) (ids []float64, of []int, err error) {
	if !allWhole(x) {
		return nil, nil, fmt.Errorf("%s holds numbers that are not whole, and no units or trials", label)
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
