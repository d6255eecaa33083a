package spikes

import (
	"fmt"
	"slices"

	"qgan/metrics/spikes/internal/npy"
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
	byTrial       bool // list (u, t) stands at t·units + u, otherwise at u·trials + t
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
	if t.trials == 0 {
		if err := f.trialsBeside(a, t, tr); err != nil {
			return err
		}
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

// trialsBeside takes the repeats of spikes from lists of trials that lie beside those of
// the times and have as many elements each, as FieldTrip has them; the times then count
// from the beginning of each trial.
func (f *file) trialsBeside(a *array, t *table, tr *trains) error {
	for _, b := range f.arrays {
		if b == a || b.lists == nil || b.parent() != a.parent() || !b.isCalled(trialsNames) {
			continue
		}
		of, err := b.flat()
		if err != nil || of.trials > 0 || !slices.EqualFunc(of.lists, t.lists, func(x, y *array) bool { return x.numeric && x.size() == y.size() }) {
			continue
		}
		var numbers []float64
		for _, e := range of.lists {
			x, err := e.list()
			if err != nil {
				return err
			}
			numbers = append(numbers, x...)
		}
		rows, row, err := ranked(numbers, b.label())
		if err != nil {
			return err
		}
		tr.repeat, tr.repeats = row, len(rows)
		f.warn("the trials of %s are the repeats, and times count from their beginning", b.label())
		return nil
	}
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
