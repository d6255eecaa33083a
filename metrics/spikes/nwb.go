package spikes

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Where NWB keeps spike times, and the tables of intervals, such as that of trials.
const (
	nwbTimes     = "units/spike_times"
	nwbIndex     = "units/spike_times_index"
	nwbSeen      = "units/obs_intervals" // when units were observed: beginnings and ends
	nwbSeenIndex = "units/obs_intervals_index"
	nwbTables    = "intervals/"
	nwbStarts    = "/start_time"
	nwbStops     = "/stop_time"
	nwbTrials    = "trials"
	nwbInvalid   = "invalid_times" // a table of what must not be used
)

// nwbNames are the columns that can name units, the best first.
var nwbNames = []string{"units/unit_name", "units/cluster_name", "units/cluster_id", "units/id"}

// openUnits bins the table of units of an NWB file. Its table of trials, or the one
// asked for, gives the repeats; without one the recording is as long as all its units were
// observed, where that is said. Invalid times are no part of it.
func (f *file) openUnits(size int, opt LoadOptions) error {
	bad := func(table string, err error) error {
		return &InputError{Err: fmt.Errorf("table of %s: %w", table, err), Hint: "the file may have been damaged on its way; the option var reads another array of it"}
	}
	tr, err := f.units()
	if err != nil {
		return bad("units", err)
	}
	if tr.seen, err = f.observed(len(tr.units)); err != nil {
		return bad("units", err)
	}
	if tr.invalid, err = f.intervals(nwbInvalid); err != nil {
		return bad(nwbInvalid, err)
	}
	tr.invalid = joined(tr.invalid)
	var tables []string
	for _, a := range f.arrays {
		if name, ok := strings.CutPrefix(a.name, nwbTables); ok {
			if name, ok = strings.CutSuffix(name, nwbStarts); ok && name != nwbInvalid {
				tables = append(tables, name)
			}
		}
	}
	slices.SortFunc(tables, naturally)
	table := opt.Trials
	switch {
	case table == "" && slices.Contains(tables, nwbTrials):
		table = nwbTrials
	case table == "" && len(tables) > 0:
		f.warn("the file has no table of trials, but one of %s: the option trials %s makes its rows the repeats", list(tables), tables[0])
	case table == "" || table == NoTrials:
	case !slices.Contains(tables, table):
		hint := "leave the option trials out; the file has no table of intervals"
		if len(tables) > 0 {
			hint = "the file has tables of " + list(tables)
		}
		return wrong(hint, "there is no table of intervals %q", table)
	}
	if table != "" && table != NoTrials {
		if tr.spans, err = f.intervals(table); err != nil {
			return bad(table, err)
		}
	}
	if tr.spans == nil && tr.seen != nil {
		tr.spans, tr.pieces = tr.seen, true
	}
	opt.Trials = ""
	return f.bin(tr, opt, size)
}

// units reads the spike times of all units; row i of the index is the number of
// spikes of units 0 to i.
func (f *file) units() (*trains, error) {
	columns, err := f.columns(nwbTimes, nwbIndex)
	if err != nil {
		return nil, err
	}
	tr := &trains{time: columns[0], unit: make([]int, len(columns[0]))}
	ends, err := ragged(columns[1], len(tr.time), "spike")
	if err != nil {
		return nil, err
	}
	from := 0
	for i, to := range ends {
		for k := from; k < to; k++ {
			tr.unit[k] = i
		}
		tr.units = append(tr.units, strconv.Itoa(i))
		from = to
	}
	if from != len(tr.time) {
		return nil, fmt.Errorf("%d spikes of no unit", len(tr.time)-from)
	}
	for _, column := range nwbNames {
		if names := f.find(column).words(); len(names) == len(tr.units) && distinct(names) {
			tr.units = names
			break
		}
	}
	return tr, nil
}

// ragged checks the index of a column of lists: where the list of each row ends.
func ragged(index []float64, size int, what string) ([]int, error) {
	ends := make([]int, len(index))
	from := 0
	for i, x := range index {
		to := int(x)
		if x < float64(from) || x > float64(size) || float64(to) != x {
			return nil, fmt.Errorf("unit %d ends at %s %v, of %d", i, what, x, size)
		}
		ends[i], from = to, to
	}
	return ends, nil
}

// distinct says whether no name stands twice: otherwise nothing can be found by it.
func distinct(names []string) bool {
	sorted := slices.Sorted(slices.Values(names))
	return len(slices.Compact(sorted)) == len(names)
}

// intervals reads a table of intervals; nil where the file has none, or one without rows.
// Ends may be NaN.
func (f *file) intervals(table string) ([]span, error) {
	var ends [2][]float64
	for i, column := range []string{nwbStarts, nwbStops} {
		a := f.find(nwbTables + table + column)
		if a == nil {
			if i == 0 {
				return nil, nil
			}
			return nil, fmt.Errorf("there is no column %q", column[1:])
		}
		var err error
		if ends[i], err = a.numbers(); err != nil {
			return nil, err
		}
	}
	if len(ends[0]) != len(ends[1]) {
		return nil, fmt.Errorf("%d beginnings and %d ends", len(ends[0]), len(ends[1]))
	}
	var out []span
	for i := range ends[0] {
		out = append(out, span{ends[0][i], ends[1][i]})
	}
	return out, nil
}

// observed is when all units were, in order; nil where that isn't said. Units without
// intervals are taken to have been observed all the time.
func (f *file) observed(units int) ([]span, error) {
	a := f.find(nwbSeen)
	if a == nil {
		return nil, nil
	}
	flat, err := a.numbers()
	if err != nil {
		return nil, err
	}
	if len(flat)%2 != 0 {
		return nil, fmt.Errorf("%s holds %d numbers, which are no pairs of a beginning and an end", a.label(), len(flat))
	}
	var rows []span
	for i := 0; i < len(flat); i += 2 {
		rows = append(rows, span{flat[i], flat[i+1]})
	}
	of := [][]span{rows} // by unit
	if index := f.find(nwbSeenIndex); index != nil {
		x, err := index.floats()
		if err != nil {
			return nil, err
		}
		ends, err := ragged(x, len(rows), "interval")
		if err != nil {
			return nil, err
		}
		of = nil
		from := 0
		for _, to := range ends {
			of = append(of, rows[from:to])
			from = to
		}
	} else if len(rows) == units {
		of = nil
		for i := range rows {
			of = append(of, rows[i:i+1])
		}
	}
	var all, any []span
	for _, spans := range of {
		spans = joined(spans)
		switch {
		case len(spans) == 0:
		case any == nil:
			all, any = spans, spans
		default:
			all, any = common(all, spans), joined(append(slices.Clone(any), spans...))
		}
	}
	switch {
	case any != nil && len(all) == 0:
		f.warn("the units were never observed all at once: the intervals of observation are not used, and where a unit was not observed it counts as silent")
		return nil, nil
	case duration(all) < duration(any)-spanTolerance:
		f.warn("units were observed at different times: %.6g s of %.6g s are used, in which all of them were", duration(all), duration(any))
	}
	return all, nil
}
