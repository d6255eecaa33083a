package spikes

import (
	"fmt"
	"slices"
	"strings"

	"qgan/metrics/spikes/internal/hdf5"
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
		return f, f.openUnits(len(in.b), opt)
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

// holds lists the file's arrays for a hint.
func (f *file) holds() string {
	var all []string
	for _, a := range f.arrays {
		all = append(all, a.String())
	}
	return "the file holds " + list(all)
}
