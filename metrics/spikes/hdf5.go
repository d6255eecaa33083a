package spikes

import (
	"fmt"
	"slices"
	"strings"

	"qgan/metrics/spikes/internal/hdf5"
)

// Where NWB keeps spike times and trials.
const (
	nwbTimes  = "units/spike_times"
	nwbIndex  = "units/spike_times_index"
	nwbStarts = "intervals/trials/start_time"
	nwbStops  = "intervals/trials/stop_time"
	nwbSeen   = "units/obs_intervals" // when units were observed: beginnings and ends
)

// openHDF5 opens a MATLAB 7.3 file, an NWB file or any other HDF5 file.
func openHDF5(in *input, opt LoadOptions) (*file, error) {
	h, err := hdf5.Open(in.b)
	if err != nil {
		return nil, &InputError{Err: fmt.Errorf("an HDF5 file (MATLAB 7.3, NWB) that can't be read: %w", err), Hint: "it may have been cut short on its way; in MATLAB, save with -v7"}
	}
	f := &file{}
	for _, d := range h.Datasets {
		a := &array{name: d.Path, kind: d.Kind(), dims: d.Dims, numeric: d.Numeric() == nil && d.Class != "char", read: d.Read}
		if h.MATLAB || d.Class != "" {
			a.dims = slices.Clone(d.Dims)
			slices.Reverse(a.dims)
			a.firstFastest, a.matlab = true, true
		}
		if d.Empty {
			a.dims = []int{0, 0}
		}
		// An NWB file is full of texts that describe it.
		if a.numeric || a.matlab || a.name == opt.Variable {
			f.arrays = append(f.arrays, a)
		}
	}
	if f.find(nwbTimes) != nil && (opt.Variable == "" || opt.Variable == "units") {
		return f, f.openUnits(in.b, opt)
	}
	why, asked := h.Unread[opt.Variable]
	switch {
	case asked && opt.Variable != "":
		return nil, wrong(f.holds(), "variable %q is a %s, not a full array of real numbers", opt.Variable, why)
	case len(f.arrays) == 0 && len(h.Unread) > 0:
		var all []string
		for path, what := range h.Unread {
			all = append(all, fmt.Sprintf("%s (%s)", "/"+path, what))
		}
		slices.Sort(all)
		return nil, wrong("a recording is an array of numbers with two or three axes, or a table of units of NWB", "no array of the file can be read: %s", clip([]byte(strings.Join(all, ", "))))
	}
	return f, nil
}

// openUnits bins the table of units of an NWB file. Its trials, where there are
// some, are the repeats; otherwise the recording lasts as long as its units were
// observed, where that is said.
func (f *file) openUnits(b []byte, opt LoadOptions) error {
	tr, err := f.units()
	if err != nil {
		return &InputError{Err: fmt.Errorf("table of units: %w", err), Hint: "the file may have been damaged on its way; the option var reads another array of it"}
	}
	if f.find(nwbStarts) != nil {
		ends, err := f.columns(nwbStarts, nwbStops)
		if err == nil {
			tr.spans, err = epochs(ends[0], ends[1])
		}
		if err != nil {
			return &InputError{Err: fmt.Errorf("table of trials: %w", err)}
		}
	}
	if a := f.find(nwbSeen); len(tr.spans) == 0 && a != nil {
		ends, err := a.floats()
		if err != nil {
			return &InputError{Err: fmt.Errorf("table of units: %w", err)}
		}
		if len(ends) > 0 {
			tr.spans = []span{{slices.Min(ends), slices.Max(ends)}}
		}
	}
	return f.bin(tr, opt, len(b))
}

// units reads the spike times of all units; row i of the index is the number of
// spikes of units 0 to i.
func (f *file) units() (*trains, error) {
	columns, err := f.columns(nwbTimes, nwbIndex)
	if err != nil {
		return nil, err
	}
	tr := &trains{time: columns[0], unit: make([]int, len(columns[0]))}
	from := 0
	for i, x := range columns[1] {
		to := int(x)
		if x < float64(from) || x > float64(len(tr.time)) || float64(to) != x {
			return nil, fmt.Errorf("unit %d ends at spike %v, of %d", i, x, len(tr.time))
		}
		for k := from; k < to; k++ {
			tr.unit[k] = i
		}
		tr.units = append(tr.units, fmt.Sprint(i))
		from = to
	}
	if from != len(tr.time) {
		return nil, fmt.Errorf("%d spikes of no unit", len(tr.time)-from)
	}
	return tr, nil
}

// holds lists the file's arrays for a hint.
func (f *file) holds() string {
	var all []string
	for _, a := range f.arrays {
		all = append(all, a.String())
	}
	return "the file holds " + list(all)
}
