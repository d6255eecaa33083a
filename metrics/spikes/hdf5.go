package spikes

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

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
		f.arrays = append(f.arrays, hdf5Array(h, d))
	}
	if f.find(nwbTimes) != nil && (opt.Variable == "" || opt.Variable == "units") {
		return f, f.openUnits(len(in.b), opt)
	}
	for _, path := range slices.Sorted(maps.Keys(h.Unread)) {
		what := h.Unread[path]
		f.arrays = append(f.arrays, &array{name: path, kind: "not read", problem: fmt.Errorf("%q is a %s", "/"+path, what)})
	}
	f.gather()
	return f, nil
}

// matlabNumbers are the classes of MATLAB that hold numbers, as 7.3 files name them. What
// an array of another class holds is not what it means.
var matlabNumbers = []string{"double", "single", "logical", "int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64"}

// hdf5Array is an array of an HDF5 file.
func hdf5Array(h *hdf5.File, d *hdf5.Dataset) *array {
	a := &array{name: d.Path, kind: d.Kind(), dims: d.Dims, problem: d.Numeric(), read: d.Read}
	a.numeric = a.problem == nil && (d.Class == "" || slices.Contains(matlabNumbers, d.Class))
	a.whole = a.numeric && strings.Contains(d.Kind(), "int")
	if h.MATLAB || d.Class != "" {
		a.dims = slices.Clone(d.Dims)
		slices.Reverse(a.dims)
		a.firstFastest, a.matlab = true, true
	}
	if d.Empty {
		a.dims = []int{0, 0}
	}
	switch {
	case a.problem == nil && d.Class == "char":
		a.texts = a.characters
	case a.problem == nil && !a.numeric:
		a.problem = fmt.Errorf("%s is of the class %s, not an array of real numbers", a.label(), d.Class)
	case d.Refers():
		a.lists = sync.OnceValues(func() ([]*array, error) {
			var out []*array
			all, err := d.Elements()
			for _, e := range all {
				out = append(out, hdf5Array(h, e))
			}
			return out, err
		})
	case d.IsText():
		a.texts = d.Texts
	}
	return a
}
